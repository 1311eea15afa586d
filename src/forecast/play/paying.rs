//! Who pays without having promised, and who pays but a part.

use super::super::dice::Dice;
use super::super::list::wall;
use super::{A_DAY_S, OF_PARTS, OF_PERSON, Play};
use crate::books::{Payment, PaymentPart};
use crate::id::{ContactId, DebtId};
use crate::money::Money;

impl Play<'_> {
    /// Some pay at some time, called or not.
    pub(super) fn payments_without_promise(&mut self) {
        // Of all, how many have not paid after so many days: no logarithms, which differ between machines.
        let mut left = vec![1.0f64];
        for day in 0..self.scene.days as usize {
            left.push(left[day] * (1.0 - self.scene.people.payment_a_day));
        }
        for (n, p) in self.list.people.iter_mut().enumerate() {
            let mut dice = Dice::of(self.scene.seed, n as u64, OF_PERSON - 1);
            let share = dice.share();
            let days = left.partition_point(|left| *left > share);
            if days < left.len() {
                p.pays_s = self.start_s + (days as u32 - 1) * A_DAY_S + dice.between(0, A_DAY_S - 1);
            }
        }
    }

    /// What has been paid by now was but a part, for some: they owe the rest, and pay no second part.
    pub(super) fn pay_part(&mut self, person: u32, now_s: u32) {
        let people = self.scene.people;
        let p = &self.list.people[person as usize];
        let paid_s = p.pays_s;
        if people.part_payments == 0.0 || paid_s > now_s || p.owes_minor <= 1 {
            return;
        }
        let further = self.list.further.get(&person);
        let again = further.is_some_and(|further| further.part_paid.is_some());
        if again || !Dice::of(self.scene.seed, u64::from(person), OF_PARTS).chance(people.part_payments) {
            return;
        }
        let owed = self.list.owed(p);
        let minor = ((owed.minor as f64 * people.part_of_debt).round() as i64).clamp(1, owed.minor - 1);
        let p = &mut self.list.people[person as usize];
        p.owes_minor -= minor;
        p.pays_s = super::super::list::NEVER;
        self.list.further.entry(person).or_default().part_paid = Some((paid_s, minor));
        let (day, _) = self.day_and_hour(paid_s);
        *self.outlook.days[day as usize].paid_sum.entry(owed.currency).or_default() += minor;
        self.outlook.parts_paid += 1;
        *self.outlook.parts_paid_sum.entry(owed.currency).or_default() += minor;
        if self.list.people[person as usize].planned {
            self.segment(person).paid_minor += minor;
        }
    }

    /// As the books would hold it.
    pub(super) fn part_paid(&self, person: u32) -> Option<Payment> {
        let (paid_s, minor) = self.list.further.get(&person)?.part_paid?;
        let currency = self.list.owed(&self.list.people[person as usize]).currency;
        let at = wall(paid_s);
        Some(Payment {
            id: String::new(),
            number: 1,
            contact: ContactId(0),
            debt: None,
            amount: Money::new(minor, currency),
            paid_at: at,
            at,
            reversed_at: None,
            parts: vec![PaymentPart { debt: DebtId(0), minor }],
        })
    }
}
