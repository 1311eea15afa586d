//! A model of people from the books: what became of the attempts that were made.

use std::collections::{HashMap, HashSet};

use jiff::civil::Weekday;

use super::people::{NOT_PICKED_UP, PERSON, People, Shares};
use crate::books::{Attempt, Promise, PromiseState};
use crate::id::PhoneId;
use crate::outcome::{AnsweredBy, Channel, Disposition, DispositionClass};
use crate::time::{Wall, Zone};

/// Counts while attempts stream by.
#[derive(Debug, Default)]
pub struct Learning {
    /// Calls to numbers that work, and those picked up, as in [`People::pick_up`].
    hours: [[(u32, u32); 24]; 3],
    endings: HashMap<Disposition, u32>,
    dialled: HashSet<PhoneId>,
    dead: HashSet<PhoneId>,
    wrong: HashSet<PhoneId>,
    machines: u32,
    persons: u32,
    kept: u32,
    broken: u32,
    /// Seconds and calls, in the order of [`super::Seconds`].
    seconds: [(u64, u64); 6],
}

/// Fewer tell nothing.
pub const CALLS_MIN: u32 = 500;
/// As many calls as this the default's hour counts for, raised or lowered to how often people pick up here in all.
const WEIGHT: f64 = 30.0;
/// Promises that have come to their end, to tell how many are kept.
const PROMISES_MIN: u32 = 30;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the books hold {0} calls that rang; at least {CALLS_MIN} are needed to learn from. Use `--people default` or a file"
)]
pub struct TooFew(u32);

/// As in [`People::pick_up`].
pub(super) fn day_and_hour(at: Wall, zone: &Zone) -> (usize, usize) {
    let there = zone.offset_at(at).to_datetime(at.timestamp());
    let day = match there.weekday() {
        Weekday::Saturday => 1,
        Weekday::Sunday => 2,
        _ => 0,
    };
    (day, there.hour() as usize)
}

impl Learning {
    /// `zone`: the contact's.
    pub fn add(&mut self, attempt: &Attempt, zone: &Zone) {
        let (Some(outcome), Some(at), Channel::Voice) = (&attempt.outcome, attempt.live_at, attempt.channel) else {
            return;
        };
        let disposition = outcome.disposition;
        self.dialled.extend(attempt.phone);
        if disposition.class() == DispositionClass::Number {
            self.dead.extend(attempt.phone);
            return;
        }
        // What was taken back or broke on our side says nothing of people.
        if matches!(disposition, Disposition::Cancelled | Disposition::SystemError) {
            return;
        }
        *self.endings.entry(disposition).or_default() += 1;
        let (day, hour) = day_and_hour(at, zone);
        let picked_up = outcome.answered_by.is_some();
        self.hours[day][hour].0 += 1;
        self.hours[day][hour].1 += u32::from(picked_up);
        let machine =
            disposition.class() == DispositionClass::Machine || outcome.answered_by == Some(AnsweredBy::Machine);
        let mut lasted = |kind: usize, ms: u32| {
            self.seconds[kind].0 += u64::from(ms);
            self.seconds[kind].1 += 1;
        };
        match (picked_up, machine) {
            (false, _) if disposition == Disposition::NoAnswer => lasted(0, outcome.ring_ms),
            (false, _) => {}
            (true, machine) => {
                lasted(1, outcome.ring_ms);
                let kind = match disposition {
                    _ if machine => 2,
                    Disposition::HungUpEarly => 3,
                    Disposition::Promised => 5,
                    _ => 4,
                };
                lasted(kind, outcome.talk_ms);
                self.machines += u32::from(machine);
                self.persons += u32::from(!machine);
            }
        }
        if disposition == Disposition::WrongNumber {
            self.wrong.extend(attempt.phone);
        }
    }

    pub fn promise(&mut self, promise: &Promise) {
        match promise.state {
            PromiseState::Kept => self.kept += 1,
            PromiseState::Broken | PromiseState::PartlyKept => self.broken += 1,
            PromiseState::Open | PromiseState::Superseded | PromiseState::Withdrawn => {}
        }
    }

    /// What the books do not tell (payments without a promise, how many never pick up apart from how often) is as in `base`.
    ///
    /// # Errors
    /// Too few calls.
    pub fn people(&self, base: &People) -> Result<People, TooFew> {
        let (calls, picked_up) =
            self.hours.iter().flatten().fold((0, 0), |(calls, up), hour| (calls + hour.0, up + hour.1));
        if calls < CALLS_MIN {
            return Err(TooFew(calls));
        }
        // What the base would have expected of the same calls.
        let mut expected = 0.0;
        for (day, hours) in self.hours.iter().enumerate() {
            for (hour, (calls, _)) in hours.iter().enumerate() {
                expected += base.pick_up[day][hour] * f64::from(*calls);
            }
        }
        let ratio = if expected > 0.0 { f64::from(picked_up) / expected } else { 1.0 };
        let mut pick_up = base.pick_up;
        for (day, hours) in self.hours.iter().enumerate() {
            for (hour, (calls, up)) in hours.iter().enumerate() {
                let before = (base.pick_up[day][hour] * ratio).min(1.0);
                pick_up[day][hour] = (f64::from(*up) + WEIGHT * before) / (f64::from(*calls) + WEIGHT);
            }
        }
        let part =
            |part: u32, whole: u32, usual: f64| if whole > 0 { f64::from(part) / f64::from(whole) } else { usual };
        let of = |known: &[Disposition]| {
            let counts = known.iter().map(|d| (*d, f64::from(self.endings.get(d).copied().unwrap_or(0))));
            Shares::of(counts)
        };
        let numbers = self.dialled.len() as u32;
        let ended = self.kept + self.broken;
        let mut seconds = base.seconds;
        let fields = [
            &mut seconds.ring_unanswered,
            &mut seconds.ring_answered,
            &mut seconds.machine,
            &mut seconds.hung_up_early,
            &mut seconds.person,
            &mut seconds.promised,
        ];
        for (field, (ms, calls)) in fields.into_iter().zip(self.seconds) {
            if let Some(mean) = (ms + 500 * calls).checked_div(1000 * calls) {
                *field = mean as u32;
            }
        }
        Ok(People {
            name: format!("books ({calls} calls)"),
            never_pick_up: 0.0,
            pick_up,
            dead_numbers: part(self.dead.len() as u32, numbers, base.dead_numbers),
            wrong_numbers: part(self.wrong.len() as u32, numbers, base.wrong_numbers),
            not_picked_up: of(&NOT_PICKED_UP).unwrap_or_else(|| base.not_picked_up.clone()),
            machine: part(self.machines, self.machines + self.persons, base.machine),
            person: of(&PERSON).unwrap_or_else(|| base.person.clone()),
            promise_kept: if ended >= PROMISES_MIN {
                part(self.kept, ended, base.promise_kept)
            } else {
                base.promise_kept
            },
            seconds,
            ..base.clone()
        })
    }
}
