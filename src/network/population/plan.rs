//! What those who pick up want, and which keys that takes in the shipped flows.

use jiff::ToSpan;
use jiff::civil::Date;
use rand::RngExt;
use rand::rngs::StdRng;

use super::Contact;
use crate::network::person::Turn;

/// What somebody who picks up wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Plan {
    PromiseWhole,
    PromiseHalf,
    PromiseInstalment,
    PromiseByDate,
    /// Knows the menu and does not listen to the end.
    PromiseInHaste,
    /// Takes the first day back and chooses another.
    PromiseOtherDay,
    ChangesTheirMind,
    Agent,
    AlreadyPaid,
    Refuses,
    Listens,
    WrongDigits,
    WillNotIdentify,
    ThirdPerson,
    WrongPerson,
    OptsOut,
    OptsOutByHotkey,
    HangsUpEarly,
    HangsUpOnTheDebt,
    SaysNothing,
}

impl Plan {
    /// `at_once`: reached by the first call, so that a day of the calendar named now will still be near.
    pub(super) fn drawn(rng: &mut StdRng, at_once: bool) -> Plan {
        const WEIGHTS: [(Plan, u32); 20] = [
            (Plan::PromiseWhole, 20),
            (Plan::PromiseHalf, 8),
            (Plan::PromiseInstalment, 6),
            (Plan::PromiseByDate, 6),
            (Plan::PromiseInHaste, 5),
            (Plan::PromiseOtherDay, 3),
            (Plan::ChangesTheirMind, 2),
            (Plan::Agent, 6),
            (Plan::AlreadyPaid, 6),
            (Plan::Refuses, 4),
            (Plan::Listens, 4),
            (Plan::WrongDigits, 3),
            (Plan::WillNotIdentify, 1),
            (Plan::ThirdPerson, 6),
            (Plan::WrongPerson, 3),
            (Plan::OptsOut, 2),
            (Plan::OptsOutByHotkey, 2),
            (Plan::HangsUpEarly, 7),
            (Plan::HangsUpOnTheDebt, 3),
            (Plan::SaysNothing, 5),
        ];
        let mut draw = rng.random_range(0..WEIGHTS.iter().map(|(_, w)| w).sum());
        let drawn = WEIGHTS.iter().find(|(_, weight)| {
            let hit = draw < *weight;
            draw = draw.saturating_sub(*weight);
            hit
        });
        match drawn.expect("the draw lies below the sum").0 {
            Plan::PromiseByDate if !at_once => Plan::PromiseWhole,
            plan => plan,
        }
    }

    /// Heard to its end within about a minute and a half.
    pub(super) fn is_short(self) -> bool {
        match self {
            Plan::PromiseHalf | Plan::PromiseInstalment | Plan::PromiseOtherDay => false,
            Plan::ChangesTheirMind | Plan::Refuses => false,
            Plan::PromiseWhole | Plan::PromiseByDate | Plan::PromiseInHaste | Plan::Agent | Plan::AlreadyPaid => true,
            Plan::Listens | Plan::WrongDigits | Plan::WillNotIdentify | Plan::ThirdPerson | Plan::WrongPerson => true,
            Plan::OptsOut | Plan::OptsOutByHotkey | Plan::HangsUpEarly | Plan::HangsUpOnTheDebt => true,
            Plan::SaysNothing => true,
        }
    }

    /// The keys for the shipped flows (`flows/*.yaml`), which share their menus up to the offer.
    pub(super) fn turns(self, rng: &mut StdRng, who: &Contact, today: Date) -> Vec<Turn> {
        let press = |keys: &str| Turn::Press(keys.to_string());
        let confirm = || Turn::Confirm("1".to_string());
        let me = [press("1"), press(&who.last4)];
        // The gentle reminder offers the whole sum only; a debt that is not yet late may become so while we wait.
        let ladder = who.due < today;
        let day = if rng.random_bool(0.5) { "1" } else { "2" };
        let wrong = if who.last4 == "0000" { "1111" } else { "0000" };
        let calendar = today + 6.days();
        let ddmm = format!("{:02}{:02}", calendar.day(), calendar.month());
        let after_me = |rest: Vec<Turn>| me.iter().cloned().chain(rest).collect();
        match self {
            Plan::PromiseHalf if ladder => after_me(vec![press("1"), press("2"), press("1"), press(day), confirm()]),
            Plan::PromiseInstalment if ladder => {
                after_me(vec![press("1"), press("2"), press("2"), press("1"), press(day), confirm()])
            }
            Plan::PromiseWhole | Plan::PromiseHalf | Plan::PromiseInstalment => {
                after_me(vec![press("1"), press("1"), press(day), confirm()])
            }
            Plan::PromiseByDate => after_me(vec![press("1"), press("1"), press(&ddmm), confirm()]),
            Plan::PromiseInHaste => {
                let barge = |keys: &str, after_ms| Turn::BargeIn { keys: keys.to_string(), after_ms };
                let identified = [barge("1", 2500), barge(&who.last4, 1200)];
                identified.into_iter().chain([press("1"), barge("1", 1500), press(day), confirm()]).collect()
            }
            Plan::PromiseOtherDay => {
                after_me(vec![press("1"), press("1"), press("1"), press("2"), press("2"), confirm()])
            }
            Plan::ChangesTheirMind => after_me(vec![
                press("1"),
                press("1"),
                press(day),
                Turn::Wait { ms: 5000 },
                Turn::HangUp { after_ms: 0 },
            ]),
            Plan::Agent => after_me(vec![press("2")]),
            Plan::AlreadyPaid => after_me(vec![press("3")]),
            Plan::Refuses if ladder => after_me(vec![press("1"), press("2"), press("2"), press("2")]),
            Plan::Refuses => after_me(vec![press("1"), press("2")]),
            Plan::Listens => me.to_vec(),
            Plan::WrongDigits => vec![press("1"), press(wrong), press(wrong)],
            Plan::WillNotIdentify => vec![press("1"), press("*")],
            Plan::ThirdPerson => vec![press("2")],
            Plan::WrongPerson => vec![press("3")],
            Plan::OptsOut => vec![press("9")],
            Plan::OptsOutByHotkey => after_me(vec![press("*9")]),
            Plan::HangsUpEarly => vec![Turn::HangUp { after_ms: rng.random_range(800..5000) }],
            Plan::HangsUpOnTheDebt => after_me(vec![Turn::HangUp { after_ms: 6000 }]),
            Plan::SaysNothing => Vec::new(),
        }
    }
}
