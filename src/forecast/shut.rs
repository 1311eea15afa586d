//! Until when it is shut for people of whom the same is asked. With far too few lines, whoever was not called is put off again and again
//! at each closing hour: the answer is the same for all of them, and is asked for once.
//!
//! Exact, since no instant between the question and the answer of [`search`] is allowed: who can be contacted at the instant that was
//! found can be contacted at none before it, whatever was tried.

use std::collections::HashMap;

use super::list::{List, Number, seconds};
use crate::books::{PhoneState, Plan, Standing, ZoneFrom};
use crate::campaign::decide_now;
use crate::ladder::Ladder;
use crate::outcome::Channel;
use crate::policy::{Decision, Found, Purpose, Question, search};
use crate::time::Wall;

/// All of a person that hours depend on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Asked {
    shared: u32,
    channel: Channel,
    /// Where numbers tell of a place: [`NUMBERS_MAX`] of them, by the digits that do, each with whether it is another's.
    numbers: [u16; NUMBERS_MAX],
}

/// Of people with more numbers than these, each is asked about alone.
const NUMBERS_MAX: usize = 4;
/// Zones are told by so many digits at most; `policy` holds its data to it.
const PLACE_DIGITS: u32 = 4;
const SOMEBODY_ELSES: u16 = 1 << 14;

#[derive(Debug, Clone, Copy)]
struct Closed {
    from: Wall,
    until: Wall,
}

#[derive(Debug, Default)]
pub(super) struct Shut {
    known: HashMap<Asked, Closed>,
    #[cfg(test)]
    pub always_asks: bool,
}

impl Shut {
    /// When the attempt that is due now can be made instead: `None`, when that must be asked as always.
    pub fn until(&self, list: &mut List, person: u32, ladder: &Ladder, plan: &Plan, now: Wall) -> Option<Wall> {
        #[cfg(test)]
        if self.always_asks {
            return None;
        }
        let closed = self.known.get(&asked(list, person, ladder, plan)?)?;
        if now < closed.from || closed.until <= now {
            return None;
        }
        let fresh = list.people[person as usize].history.len == 0 && !list.further.contains_key(&person);
        // With a past, caps and gaps may last longer than the night.
        (fresh || decide_now(ladder, list.standing(person), plan, closed.until) == Decision::Allow)
            .then_some(closed.until)
    }

    /// The person was put off: perhaps because it is shut for all such people.
    pub fn learn(&mut self, list: &mut List, person: u32, ladder: &Ladder, plan: &Plan, now: Wall) {
        let Some(asked) = asked(list, person, ladder, plan) else { return };
        let Standing { past, past_here, suppressions, promises, .. } = list.standing(person);
        past.clear();
        past_here.clear();
        suppressions.clear();
        promises.clear();
        let standing = &list.shared[list.people[person as usize].shared as usize];
        let (channel, purpose, rules) = (plan.channel, Purpose::Demand, &ladder.rules);
        let question = Question { standing, channel, purpose, now, rules };
        if let Ok(Found { at, denied: Some(_) }) = search(&question, now) {
            self.known.insert(asked, Closed { from: now, until: at });
        }
    }
}

/// `None`: it depends on more.
fn asked(list: &List, person: u32, ladder: &Ladder, plan: &Plan) -> Option<Asked> {
    let p = &list.people[person as usize];
    // A reminder may come too late, and one who owes nothing is not put off.
    if ladder.is_reminder(plan) || p.owes_minor <= 0 {
        return None;
    }
    let numbers = &list.phones[p.phones as usize..p.phones as usize + usize::from(p.phones_len)];
    let dials = matches!(plan.channel, Channel::Voice | Channel::Sms);
    if dials && !numbers.iter().any(|number| number.state == PhoneState::Good) {
        return None;
    }
    let mut places = [0; NUMBERS_MAX];
    let given = list.shared[p.shared as usize].contact.zone_from == ZoneFrom::Given;
    if !given || ladder.rules.hours.iter().any(|hours| hours.rule.numbers_too) {
        if numbers.len() > NUMBERS_MAX {
            return None;
        }
        places.iter_mut().zip(numbers).for_each(|(place, number)| *place = told_by(number));
    }
    Some(Asked { shared: p.shared, channel: plan.channel, numbers: places })
}

/// The digits that tell of a place; never 0.
fn told_by(Number { digits, state, .. }: &Number) -> u16 {
    let mut first = *digits;
    while first >= 10u64.pow(PLACE_DIGITS) {
        first /= 10;
    }
    let first = u16::try_from(first).expect("four digits");
    if *state == PhoneState::Wrong { first | SOMEBODY_ELSES } else { first }
}

/// As the planner puts it off: never to the same instant.
pub(super) fn due_s(until: Wall, now: Wall) -> Result<u32, super::TooMuch> {
    seconds(until.max(now + std::time::Duration::from_secs(1)))
}
