//! Made-up people and lines: what happens when somebody is rung.

use std::time::Duration;

use rand::RngExt;
use rand::rngs::StdRng;

use crate::books::{NewContact, NewDebt, ZoneFrom};
use crate::language::Language;
use crate::money::{Currency, Money};
use crate::outcome::HangupCause;
use crate::time::{Wall, Zone};

/// What becomes of one dialled leg.
#[derive(Debug, Clone)]
pub(super) enum Line {
    /// The final failure, after this long.
    Fails(HangupCause, Duration),
    /// A person with a temper picks up.
    Human {
        ring: Duration,
        temper: Temper,
    },
    Machine {
        ring: Duration,
        beeps: bool,
    },
}

impl Line {
    /// Whether anything happens at the contact's end; a refusal within the carrier's network disturbs nobody.
    pub fn reaches_the_contact(&self) -> bool {
        match self {
            Line::Fails(cause, _) => matches!(cause, HangupCause::Busy | HangupCause::NoAnswer),
            Line::Human { .. } | Line::Machine { .. } => true,
        }
    }
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Temper {
    /// Presses what leads on: 1, the right digits, 1…
    Willing,
    /// Presses anything.
    Wild,
    /// Never presses.
    Silent,
    /// Presses 9 or *9 soon.
    OptsOut,
    /// Hangs up at a random moment.
    Curt,
}

pub(super) fn line(rng: &mut StdRng, congestion: bool) -> Line {
    let ring = Duration::from_millis(rng.random_range(800..25_000));
    if congestion && rng.random_bool(0.3) {
        return Line::Fails(HangupCause::Congestion, Duration::from_millis(rng.random_range(20..400)));
    }
    match rng.random_range(0..100) {
        0..12 => Line::Fails(HangupCause::Busy, Duration::from_millis(300)),
        12..30 => Line::Fails(HangupCause::NoAnswer, Duration::from_secs(30)),
        30..33 => Line::Fails(HangupCause::InvalidNumber, Duration::from_millis(200)),
        33..35 => Line::Fails(HangupCause::OutOfService, Duration::from_millis(900)),
        35..36 => Line::Fails(HangupCause::TrunkSilent, Duration::from_secs(32)),
        36..48 => Line::Machine { ring, beeps: rng.random_bool(0.8) },
        48..70 => Line::Human { ring, temper: Temper::Willing },
        70..82 => Line::Human { ring, temper: Temper::Wild },
        82..88 => Line::Human { ring, temper: Temper::Silent },
        88..92 => Line::Human { ring, temper: Temper::OptsOut },
        _ => Line::Human { ring, temper: Temper::Curt },
    }
}

/// What a person does once a prompt has begun or ended.
pub(super) enum Reaction {
    Press(String),
    HangUp,
    Nothing,
}

pub(super) fn react(rng: &mut StdRng, temper: Temper, last4: &str, turn: u32) -> Reaction {
    match temper {
        Temper::Willing => match turn {
            0 => Reaction::Press("1".to_string()),
            1 => Reaction::Press(last4.to_string()),
            _ if rng.random_bool(0.1) => Reaction::Press("2".to_string()),
            _ => Reaction::Press("1".to_string()),
        },
        Temper::Wild => {
            let length = rng.random_range(1..6);
            let keys = b"0123456789*#";
            Reaction::Press((0..length).map(|_| keys[rng.random_range(0..keys.len())] as char).collect())
        }
        Temper::Silent => Reaction::Nothing,
        Temper::OptsOut if turn < 2 && rng.random_bool(0.5) => Reaction::Press("1".to_string()),
        Temper::OptsOut => Reaction::Press(if rng.random_bool(0.5) { "9" } else { "*9" }.to_string()),
        Temper::Curt if rng.random_bool(0.5) => Reaction::HangUp,
        Temper::Curt => Reaction::Press("1".to_string()),
    }
}

const ZONES: [&str; 6] = [
    "Europe/Kaliningrad",
    "Europe/Moscow",
    "Asia/Yekaterinburg",
    "Asia/Kamchatka",
    "Europe/London",
    "America/New_York",
];

pub(super) fn contact(rng: &mut StdRng, n: u32, start: Wall) -> NewContact {
    let zone: Zone = ZONES[rng.random_range(0..ZONES.len())].parse().expect("a known zone");
    let russian = !matches!(zone.name(), "Europe/London" | "America/New_York");
    let due =
        start.date(&zone).checked_add(jiff::Span::new().days(rng.random_range(-120..6))).expect("in the calendar");
    let mut phones = vec![format!("+7900{n:07}").parse().expect("a number")];
    if rng.random_bool(0.2) {
        phones.push(format!("+7901{n:07}").parse().expect("a number"));
    }
    let fields = [("last4", format!("{:04}", rng.random_range(0..10_000))), ("service", "water".to_string())];
    NewContact {
        external_id: format!("c{n}"),
        name: if russian { "Анна" } else { "Anna" }.to_string(),
        language: if russian { Language::RU } else { Language::EN },
        zone,
        zone_from: ZoneFrom::Given,
        email: rng.random_bool(0.7).then(|| format!("c{n}@example.org")),
        creditor: if russian { "Водоканал" } else { "City Water" }.to_string(),
        phones,
        person: None,
        debts: vec![NewDebt {
            external_id: String::new(),
            amount: Money::new(rng.random_range(1..5_000_000), if russian { Currency::Rub } else { Currency::Gbp }),
            due,
        }],
        fields: fields.into_iter().map(|(k, v)| (k.to_string(), v)).collect(),
    }
}
