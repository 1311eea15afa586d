//! A contact's promises, looked back on: which were made in one call, and what became of them.

use crate::books::{Promise, PromiseState};
use crate::time::Zone;

/// What became of the promise of one call: of a sum, or of a plan of instalments as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    Open,
    /// Every part; or nothing is owed any more.
    Kept,
    /// Something came of the part that failed.
    PartlyKept,
    Broken,
    /// Another promise took its place.
    Superseded,
    /// By hand.
    Withdrawn,
}

/// The promises call by call, oldest first.
pub fn pledges(promises: &[Promise]) -> impl DoubleEndedIterator<Item = &[Promise]> {
    promises.chunk_by(|a, b| a.attempt == b.attempt)
}

pub fn fate(parts: &[Promise]) -> Fate {
    let any = |state: PromiseState| parts.iter().any(|p| p.state == state);
    let by_hand = parts.iter().any(|p| p.state == PromiseState::Withdrawn && p.withdrawn_at.is_some());
    match () {
        () if any(PromiseState::Broken) => Fate::Broken,
        () if any(PromiseState::PartlyKept) => Fate::PartlyKept,
        () if any(PromiseState::Open) => Fate::Open,
        () if any(PromiseState::Superseded) => Fate::Superseded,
        () if by_hand => Fate::Withdrawn,
        () => Fate::Kept,
    }
}

/// How many were broken or kept in part only.
pub fn broken(promises: &[Promise]) -> u32 {
    pledges(promises).filter(|parts| matches!(fate(parts), Fate::Broken | Fate::PartlyKept)).count() as u32
}

/// The newest ones of which none was kept, oldest first. What was taken back by hand counts for nothing.
pub fn in_a_row(promises: &[Promise]) -> Vec<&[Promise]> {
    let bind = pledges(promises).rev().filter(|parts| fate(parts) != Fate::Withdrawn);
    let mut row: Vec<&[Promise]> = bind.take_while(|parts| fate(parts) != Fate::Kept).collect();
    row.reverse();
    row
}

/// Days from its making to its last part.
pub fn length_days(parts: &[Promise], zone: &Zone) -> u32 {
    let Some(last) = parts.last() else { return 0 };
    let days = super::segment::days_between(last.made_at.date(zone), last.on);
    u32::try_from(days).unwrap_or(0)
}
