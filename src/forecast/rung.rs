//! What comes of one call, by the model of people.

use super::dice::Dice;
use super::people::People;
use crate::outcome::{AnsweredBy, Disposition, DispositionClass};

/// What is lasting about one number of one person.
#[derive(Debug, Clone, Copy)]
pub(super) struct Called {
    pub never_picks_up: bool,
    pub dead: bool,
    pub wrong: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rung {
    pub disposition: Disposition,
    pub answered_by: Option<AnsweredBy>,
    pub ring_s: u32,
    pub talk_s: u32,
}

impl Rung {
    pub fn right_party(self) -> bool {
        matches!(self.disposition.class(), DispositionClass::RightParty | DispositionClass::OptOut)
    }
}

/// `day`: 0 Monday to Friday, 1 Saturday, 2 Sunday, as in [`People::pick_up`]; `leaves_voicemail`: where a machine answers.
pub(super) fn rung(
    people: &People,
    dice: &mut Dice,
    called: Called,
    day: usize,
    hour: usize,
    leaves_voicemail: bool,
) -> Rung {
    let seconds = &people.seconds;
    if called.dead {
        return Rung { disposition: Disposition::InvalidNumber, answered_by: None, ring_s: 1, talk_s: 0 };
    }
    if called.never_picks_up || !dice.chance(people.pick_up[day][hour]) {
        let disposition = people.not_picked_up.pick(dice);
        let ring_s = match disposition {
            Disposition::NoAnswer | Disposition::UnknownOutcome => dice.around(seconds.ring_unanswered),
            Disposition::Rejected => dice.around(seconds.ring_answered),
            _ => 1,
        };
        return Rung { disposition, answered_by: None, ring_s, talk_s: 0 };
    }
    let ring_s = dice.around(seconds.ring_answered);
    if dice.chance(people.machine) {
        let disposition = if leaves_voicemail { Disposition::VoicemailLeft } else { Disposition::Machine };
        return Rung {
            disposition,
            answered_by: Some(AnsweredBy::Machine),
            ring_s,
            talk_s: dice.around(seconds.machine),
        };
    }
    let disposition = match people.person.pick(dice) {
        // Who verifies themselves on somebody else's number?
        _ if called.wrong => Disposition::WrongNumber,
        disposition => disposition,
    };
    let talk_s = match disposition {
        Disposition::HungUpEarly => seconds.hung_up_early,
        Disposition::Promised => seconds.promised,
        _ => seconds.person,
    };
    Rung { disposition, answered_by: Some(AnsweredBy::Human), ring_s, talk_s: dice.around(talk_s) }
}
