//! Made-up people for the tests of policy, ladder and campaign.

use std::collections::BTreeMap;

use crate::books::*;
use crate::id::*;
use crate::language::Language;
use crate::money::{Currency, Money};
use crate::outcome::{Channel, Disposition};
use crate::time::Wall;

/// One number, one e-mail address, 1,234.50 roubles due on 2026-11-01, nothing in the past.
pub fn standing(zone: &str) -> Standing {
    let contact = Contact {
        id: ContactId(1),
        external_id: "c1".into(),
        person: None,
        name: "Анна".into(),
        language: Language::RU,
        zone: zone.parse().unwrap(),
        zone_from: ZoneFrom::Given,
        email: Some("anna@example.test".into()),
        creditor: "Горводоканал".into(),
        phones: vec![phone(1, "+79161234567")],
        debts: vec![Debt {
            id: DebtId(1),
            external_id: String::new(),
            amount: Money::new(123_450, Currency::Rub),
            due: "2026-11-01".parse().unwrap(),
            paid: 0,
        }],
        fields: BTreeMap::new(),
    };
    Standing { contact, past: Vec::new(), past_here: Vec::new(), suppressions: Vec::new(), promises: Vec::new() }
}

pub fn phone(id: i64, number: &str) -> Phone {
    Phone { id: PhoneId(id), number: number.parse().unwrap(), state: PhoneState::Good }
}

pub fn wall(written: &str) -> Wall {
    written.parse().unwrap()
}

impl Standing {
    /// Ends an attempt of this campaign.
    pub fn tried(&mut self, plan: &Plan, at: Wall, disposition: Disposition) {
        let past = PastAttempt {
            whose: Whose::Contact,
            channel: plan.channel,
            step: plan.step,
            try_number: plan.try_number,
            at,
            phone: super::phone_to_dial(self).map(|p| p.id),
            disposition,
            blame: disposition.blame(),
            answered_by: None,
            right_party: false,
            node: None,
            abandoned_at: None,
        };
        self.past.push(past.clone());
        self.past_here.push(past);
    }

    /// An attempt of another campaign.
    pub fn tried_elsewhere(&mut self, channel: Channel, at: Wall, disposition: Disposition) {
        self.past.push(PastAttempt {
            whose: Whose::Contact,
            channel,
            step: 0,
            try_number: 1,
            at,
            phone: None,
            disposition,
            blame: disposition.blame(),
            answered_by: None,
            right_party: false,
            node: None,
            abandoned_at: None,
        });
    }

    pub fn promised(&mut self, state: PromiseState) {
        let part =
            PromiseTerms::default().part(self.contact.amount(), "2026-11-25".parse().unwrap(), &self.contact.zone);
        let promise = Promise::new(PromiseId(1), self.contact.id, AttemptId(1), 1, 1, &part, Wall(0));
        self.promises.push(Promise { state, ..promise });
    }

    pub fn pays_all(&mut self) {
        self.contact.debts.iter_mut().for_each(|debt| debt.paid = debt.amount.minor);
    }

    pub fn suppressed(&mut self, phone: Option<i64>) {
        self.suppressions.push(Suppression {
            contact: self.contact.id,
            phone: phone.map(PhoneId),
            scope: match phone {
                Some(_) => crate::flow::program::OptOutScope::Number,
                None => crate::flow::program::OptOutScope::Person,
            },
            reason: Disposition::OptedOut,
            at: Wall(0),
        });
    }
}

/// A small generator: the same numbers for the same seed on every machine and with every version of every crate.
pub struct Dice(pub u64);

impl Dice {
    /// 0 ≤ x < `below`.
    pub fn roll(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % below
    }

    pub fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.roll(of.len() as u64) as usize]
    }
}
