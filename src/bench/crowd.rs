//! Made-up people by the million: who owes whom how much since when, and where they live. The same for the same number.

use std::collections::BTreeMap;

use crate::books::{NewContact, NewDebt, Standing, ZoneFrom};
use crate::language::Language;
use crate::money::{Currency, Money};
use crate::time::{Wall, Zone};

/// Of a hundred people, so many live there: about as people live in Russia.
const ZONES: [(&str, u64); 8] = [
    ("Europe/Kaliningrad", 1),
    ("Europe/Moscow", 65),
    ("Europe/Samara", 4),
    ("Asia/Yekaterinburg", 14),
    ("Asia/Omsk", 2),
    ("Asia/Krasnoyarsk", 8),
    ("Asia/Irkutsk", 3),
    ("Asia/Vladivostok", 3),
];

pub struct Crowd {
    zones: Vec<Zone>,
    start: Wall,
}

fn mixed(n: u64) -> u64 {
    let n = (n ^ (n >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    (n ^ (n >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53) ^ n
}

impl Crowd {
    pub fn new(start: Wall) -> Crowd {
        Crowd { zones: ZONES.iter().map(|(name, _)| name.parse().expect("a zone")).collect(), start }
    }

    /// The `n`th person.
    pub fn person(&self, n: u64) -> NewContact {
        let dice = mixed(n + 1);
        let roll = |shift: u32, below: u64| (dice >> shift) % below;
        let mut place = roll(0, 100);
        let zone = ZONES.iter().position(|(_, share)| match place.checked_sub(*share) {
            Some(rest) => {
                place = rest;
                false
            }
            None => true,
        });
        let zone = self.zones[zone.unwrap_or(0)].clone();
        let overdue = roll(8, 150) as i32 - 5;
        let due = self.start.date(&zone).saturating_sub(jiff::Span::new().days(overdue));
        let mut phones = vec![format!("+7900{n:07}").parse().expect("a number")];
        if roll(20, 5) == 0 {
            phones.push(format!("+7901{n:07}").parse().expect("a number"));
        }
        NewContact {
            external_id: format!("c{n}"),
            name: "Анна".into(),
            language: Language::RU,
            zone,
            zone_from: ZoneFrom::Given,
            email: (roll(24, 10) < 4).then(|| format!("c{n}@example.org")),
            creditor: format!("Водоканал {}", roll(28, 20)),
            phones,
            person: None,
            debts: vec![NewDebt {
                external_id: String::new(),
                amount: Money::new(10_000 + roll(30, 2_000_000) as i64, Currency::Rub),
                due,
            }],
            fields: BTreeMap::from([
                ("last4".to_string(), format!("{:04}", roll(40, 10_000))),
                ("service".to_string(), "water".to_string()),
            ]),
        }
    }

    /// …as the books would give them, with nothing in the past.
    pub fn standing(&self, n: u64) -> Standing {
        self.person(n).unseen(n as i64 + 1)
    }
}
