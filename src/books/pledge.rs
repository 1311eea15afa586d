//! A contact's promises, looked back on: which were made in one call, and what became of them.

use super::{Promise, PromiseState};
use crate::money::Money;
use crate::time::Zone;

/// The promises call by call, oldest first. Each is one sum, or a plan of instalments.
pub fn pledges(promises: &[Promise]) -> impl DoubleEndedIterator<Item = &[Promise]> {
    promises.chunk_by(|a, b| a.attempt == b.attempt)
}

/// What became of all that was promised in one call. A plan is kept when every part was, or nothing is owed any more; it is broken
/// with its first part that is.
pub fn fate(parts: &[Promise]) -> PromiseState {
    use PromiseState as S;
    let any = |state: S| parts.iter().any(|p| p.state == state);
    let by_hand = parts.iter().any(|p| p.state == S::Withdrawn && p.withdrawn_at.is_some());
    match [S::Broken, S::PartlyKept, S::Open, S::Superseded].into_iter().find(|state| any(*state)) {
        Some(state) => state,
        None if by_hand => S::Withdrawn,
        None => S::Kept,
    }
}

/// All that was promised in one call; a call promises in one currency.
pub fn sum(parts: &[Promise]) -> Option<Money> {
    let minor = parts.iter().fold(0i64, |sum, part| sum.saturating_add(part.amount.minor));
    parts.first().map(|first| Money { minor, ..first.amount })
}

/// How many were broken, or kept in part only.
pub fn broken(promises: &[Promise]) -> u32 {
    let failed = |parts: &&[Promise]| matches!(fate(parts), PromiseState::Broken | PromiseState::PartlyKept);
    pledges(promises).filter(failed).count() as u32
}

/// The newest ones of which none was kept, oldest first. What was taken back by hand counts for nothing.
pub fn in_a_row(promises: &[Promise]) -> Vec<&[Promise]> {
    let bind = pledges(promises).rev().filter(|parts| fate(parts) != PromiseState::Withdrawn);
    let mut row: Vec<&[Promise]> = bind.take_while(|parts| fate(parts) != PromiseState::Kept).collect();
    row.reverse();
    row
}

/// Days from its making to its last part.
pub fn length_days(parts: &[Promise], zone: &Zone) -> u32 {
    let Some(last) = parts.last() else { return 0 };
    let days = last.made_at.date(zone).until(last.on).map_or(0, |span| span.get_days());
    u32::try_from(days).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::books::PromiseTerms;
    use crate::id::*;
    use crate::time::Wall;
    use PromiseState as S;

    /// Promises made on 2026-11-01, by call: their states, the parts of one call in brackets.
    fn made(calls: &[&[S]]) -> Vec<Promise> {
        let zone: Zone = "Europe/Moscow".parse().unwrap();
        let at: Wall = "2026-11-01T12:00+03:00".parse().unwrap();
        let mut promises = Vec::new();
        for (call, states) in calls.iter().enumerate() {
            for (n, state) in states.iter().enumerate() {
                let on = jiff::civil::date(2026, 11, 10).saturating_add(jiff::Span::new().months(n as i64));
                let part = PromiseTerms::default().part("100.00 RUB".parse().unwrap(), on, &zone);
                let attempt = AttemptId(call as i64 + 1);
                let id = PromiseId(promises.len() as i64 + 1);
                let made = Promise::new(id, ContactId(1), attempt, n as u32 + 1, states.len() as u32, &part, at);
                promises.push(Promise { state: *state, ..made });
            }
        }
        promises
    }

    #[test]
    fn a_plan_has_one_fate() {
        for (parts, expected) in [
            (&[S::Kept][..], S::Kept),
            (&[S::Open], S::Open),
            (&[S::Broken], S::Broken),
            (&[S::Kept, S::Open, S::Open], S::Open),
            (&[S::Kept, S::PartlyKept, S::Withdrawn], S::PartlyKept),
            (&[S::Broken, S::Withdrawn, S::Withdrawn], S::Broken),
            (&[S::Kept, S::Superseded], S::Superseded),
            // Nothing is owed any more, so the rest of the plan binds no longer.
            (&[S::Kept, S::Withdrawn], S::Kept),
        ] {
            assert_eq!(fate(&made(&[parts])), expected, "{parts:?}");
        }
        let mut by_hand = made(&[&[S::Withdrawn]]);
        by_hand[0].withdrawn_at = Some(by_hand[0].made_at);
        assert_eq!(fate(&by_hand), S::Withdrawn);
    }

    #[test]
    fn counted_by_calls() {
        let all = made(&[&[S::Broken], &[S::Kept], &[S::Kept, S::PartlyKept, S::Withdrawn], &[S::Open]]);
        assert_eq!(broken(&all), 2);
        assert_eq!(in_a_row(&all).iter().map(|parts| parts.len()).collect::<Vec<_>>(), [3, 1]);
        assert_eq!(sum(in_a_row(&all)[0]).unwrap().to_string(), "300.00 RUB");
        let zone = "Europe/Moscow".parse().unwrap();
        assert_eq!((length_days(&all[..1], &zone), length_days(&all[2..5], &zone)), (9, 70));
    }
}
