//! A contact's account: what is owed, what was promised, what was paid. One rule for every store.
//!
//! A promise's state is a function of the account and the time, whatever the order in which its facts became known: a payment told
//! late counts from the day it was made, and one that is reversed counts no more.

use super::{BookError, Contact, Debt, Payment, PaymentPart, Promise, PromiseState};
use crate::id::ContactId;
use crate::money::Money;
use crate::time::{Wall, Zone};

/// What a promise is held to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PromiseTerms {
    /// Days after the promised one on which a payment still keeps it: banks book late.
    pub grace_days: u32,
    /// How much of the amount may be lacking, in thousandths of it; ≤ 999.
    pub tolerance_permille: u32,
}

impl Default for PromiseTerms {
    /// Two days and a twentieth.
    fn default() -> PromiseTerms {
        PromiseTerms { grace_days: 2, tolerance_permille: 50 }
    }
}

/// One promised sum with its day; a plan of instalments is several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PromisePart {
    pub amount: Money,
    pub on: jiff::civil::Date,
    /// From which sum on it counts as kept.
    pub least: Money,
    /// The first instant after the last day of grace.
    pub judge_at: Wall,
}

impl PromiseTerms {
    pub fn part(&self, amount: Money, on: jiff::civil::Date, zone: &Zone) -> PromisePart {
        let lacking = i128::from(amount.minor) * i128::from(self.tolerance_permille.min(999)) / 1000;
        let least = Money::new(amount.minor - lacking as i64, amount.currency);
        PromisePart { amount, on, least, judge_at: Wall::day_after(on, self.grace_days, zone) }
    }
}

/// A payment, or its part, as a feed tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPayment {
    /// The feed's own; the same id again counts once.
    pub id: String,
    /// The contact's `contact_id`.
    pub contact: String,
    /// The `debt_id` it is for; `None`: the debt that is due first, then the next.
    pub debt: Option<String>,
    /// `None`: all that is owed.
    pub amount: Option<Money>,
    /// When the person paid.
    pub paid_at: Wall,
}

/// What a payment came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Paid {
    /// `false`: it was known already, and nothing changed.
    pub new: bool,
    pub settled: bool,
    /// What is owed after it.
    pub left: Money,
}

/// Whose account is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountOf<'a> {
    /// Of the contact with this `contact_id`.
    Contact(&'a str),
    /// Of the contact who paid this payment.
    Payment(&'a str),
}

#[derive(Debug, Clone, PartialEq)]
pub struct Account {
    pub contact: Contact,
    /// In order of id.
    pub promises: Vec<Promise>,
    pub payments: Vec<Payment>,
}

impl Account {
    /// Books a payment, all of it: what is paid beyond what is owed stays with the debt it was for. The promises are judged anew.
    pub fn pay(&mut self, new: &NewPayment, number: i64, at: Wall) -> Result<(), BookError> {
        if let Some(refusal) = self.refusal(new) {
            return Err(BookError::Conflict(format!("payment {}: {}", new.id, refusal.why)));
        }
        let amount = new.amount.unwrap_or_else(|| self.contact.amount());
        let debts = &mut self.contact.debts;
        let mut order: Vec<usize> = (0..debts.len()).collect();
        order.sort_by_key(|n| (debts[*n].due, debts[*n].id));
        if let Some(named) = &new.debt {
            order.retain(|n| debts[*n].external_id == *named);
        }
        let mut left = amount.minor;
        let mut parts: Vec<PaymentPart> = Vec::new();
        for (nth, n) in order.iter().enumerate() {
            let debt = &mut debts[*n];
            let is_last = nth + 1 == order.len();
            let part = if is_last { left } else { debt.open_minor().clamp(0, left) };
            if part > 0 {
                debt.paid += part;
                left -= part;
                parts.push(PaymentPart { debt: debt.id, minor: part });
            }
        }
        parts.sort_by_key(|part| part.debt);
        self.payments.push(Payment {
            id: new.id.clone(),
            number,
            contact: self.contact.id,
            debt: new.debt.clone(),
            amount,
            paid_at: new.paid_at,
            at,
            reversed_at: None,
            parts,
        });
        self.judge(at);
        Ok(())
    }

    pub fn paid(&self, new: bool) -> Paid {
        Paid { new, settled: self.contact.paid(), left: self.contact.amount() }
    }

    /// Takes a payment back. `false`: it was reversed before.
    pub fn reverse(&mut self, id: &str, number: i64, at: Wall) -> Result<bool, BookError> {
        let payment = self.payments.iter_mut().find(|p| p.id == id);
        let payment = payment.ok_or_else(|| BookError::NotFound(format!("payment `{id}`")))?;
        if payment.reversed_at.is_some() {
            return Ok(false);
        }
        payment.reversed_at = Some(at);
        payment.number = number;
        for part in &payment.parts {
            for debt in self.contact.debts.iter_mut().filter(|d| d.id == part.debt) {
                debt.paid -= part.minor;
            }
        }
        self.judge(at);
        Ok(true)
    }

    /// Judges every promise at `now`. What was withdrawn by hand stays so.
    pub fn judge(&mut self, now: Wall) {
        let owes = !self.contact.paid();
        let payments = &self.payments;
        // From the newest call to the oldest: each promise ends where the next begins.
        let mut next_made = None;
        for plan in self.promises.chunk_by_mut(|a, b| a.attempt == b.attempt).rev() {
            let mut before = 0;
            let mut failed = false;
            for promise in plan.iter_mut() {
                let superseded_at = next_made.filter(|made| *made < promise.judge_at);
                let ends = superseded_at.unwrap_or(promise.judge_at);
                let paid = paid_before(payments, promise, ends, now) - before;
                before += promise.least.minor;
                if promise.withdrawn_at.is_some() {
                    continue;
                }
                promise.state = if paid >= promise.least.minor {
                    PromiseState::Kept
                } else if failed {
                    // A plan ends with its first failure.
                    PromiseState::Withdrawn
                } else if superseded_at.is_some() {
                    PromiseState::Superseded
                } else if now >= promise.judge_at && !owes {
                    // Who owes nothing any more has nothing to keep.
                    PromiseState::Withdrawn
                } else if now < promise.judge_at {
                    PromiseState::Open
                } else if paid > 0 {
                    PromiseState::PartlyKept
                } else {
                    PromiseState::Broken
                };
                failed |= matches!(promise.state, PromiseState::Broken | PromiseState::PartlyKept);
            }
            next_made = plan.first().map(|first| first.made_at);
        }
    }
}

/// In the promise's currency, from its making on, before `ends`, as far as it has happened.
fn paid_before(payments: &[Payment], promise: &Promise, ends: Wall, now: Wall) -> i64 {
    let counts = |p: &&Payment| {
        p.reversed_at.is_none()
            && p.amount.currency == promise.amount.currency
            && p.paid_at >= promise.made_at
            && p.paid_at < ends
            && p.paid_at <= now
    };
    payments.iter().filter(counts).map(|p| p.amount.minor).sum()
}

impl Payment {
    /// Whether `new` says of the same id what is known already. An amount left out says nothing.
    pub fn is_told_again(&self, new: &NewPayment, contact: ContactId) -> bool {
        self.contact == contact && self.debt == new.debt && new.amount.is_none_or(|amount| amount == self.amount)
    }

    pub fn told_otherwise(&self) -> String {
        let Payment { id, amount, .. } = self;
        format!("payment `{id}` is known as {amount}, for another contact, debt or sum; payment ids count once")
    }
}

impl Debt {
    /// What is still owed, in minor units; below zero when more was paid.
    pub fn open_minor(&self) -> i64 {
        self.amount.minor.saturating_sub(self.paid)
    }

    pub fn is_paid(&self) -> bool {
        self.open_minor() <= 0
    }
}

impl Contact {
    /// What is owed in all, never below zero: what was paid too much for one debt is not taken off another.
    pub fn amount(&self) -> Money {
        let currency = self.debts.first().map_or(crate::money::Currency::Eur, |d| d.amount.currency);
        Money::new(self.debts.iter().map(|d| d.open_minor().max(0)).sum(), currency)
    }

    /// When the oldest open debt is or was due; of a contact that owes nothing, the newest.
    pub fn due(&self) -> jiff::civil::Date {
        let open = self.debts.iter().filter(|d| !d.is_paid()).map(|d| d.due).min();
        open.or_else(|| self.debts.iter().map(|d| d.due).max()).unwrap_or(jiff::civil::Date::MAX)
    }

    /// Nothing is owed.
    pub fn paid(&self) -> bool {
        self.debts.iter().all(Debt::is_paid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::*;
    use crate::money::Currency;
    use crate::policy::world::standing;

    fn rub(minor: i64) -> Money {
        Money::new(minor, Currency::Rub)
    }

    fn wall(written: &str) -> Wall {
        written.parse().unwrap()
    }

    /// Two debts in Moscow, 1,000.00 due on 1 November and 500.00 due on 1 October.
    fn account() -> Account {
        let mut contact = standing("Europe/Moscow").contact;
        let debt = |id, external: &str, minor, due: &str| Debt {
            id: DebtId(id),
            external_id: external.into(),
            amount: rub(minor),
            due: due.parse().unwrap(),
            paid: 0,
        };
        contact.debts = vec![debt(1, "water", 100_000, "2026-11-01"), debt(2, "heat", 50_000, "2026-10-01")];
        Account { contact, promises: Vec::new(), payments: Vec::new() }
    }

    impl Account {
        fn promises(&mut self, attempt: i64, at: &str, parts: &[(i64, &str)]) {
            for (n, (minor, on)) in parts.iter().enumerate() {
                let part = PromiseTerms::default().part(rub(*minor), on.parse().unwrap(), &self.contact.zone);
                let id = PromiseId(self.promises.len() as i64 + 1);
                let (part_number, parts) = (n as u32 + 1, parts.len() as u32);
                let (contact, attempt) = (self.contact.id, AttemptId(attempt));
                self.promises.push(Promise::new(id, contact, attempt, part_number, parts, &part, wall(at)));
            }
        }

        fn pays(&mut self, id: &str, minor: Option<i64>, paid: &str, told: &str) -> Result<(), BookError> {
            let number = self.payments.len() as i64 + 1;
            let amount = minor.map(rub);
            let (id, contact) = (id.to_string(), "c1".to_string());
            self.pay(&NewPayment { id, contact, debt: None, amount, paid_at: wall(paid) }, number, wall(told))
        }

        fn states(&mut self, now: &str) -> String {
            self.judge(wall(now));
            self.promises.iter().map(|p| p.state.as_str()).collect::<Vec<_>>().join(" ")
        }

        fn open(&self) -> String {
            self.contact
                .debts
                .iter()
                .map(|d| format!("{}:{}", d.external_id, d.open_minor()))
                .collect::<Vec<_>>()
                .join(" ")
        }
    }

    #[test]
    fn the_debt_due_first_is_paid_first_and_nothing_is_lost() {
        let mut account = account();
        assert_eq!(
            (account.contact.amount(), account.contact.due().to_string().as_str()),
            (rub(150_000), "2026-10-01")
        );
        account.pays("a", Some(60_000), "2026-11-02T10:00Z", "2026-11-02T10:00Z").unwrap();
        assert_eq!(account.open(), "water:90000 heat:0");
        assert_eq!(account.contact.due().to_string(), "2026-11-01");
        account.pays("b", Some(100_000), "2026-11-03T10:00Z", "2026-11-03T10:00Z").unwrap();
        assert_eq!((account.open().as_str(), account.contact.paid()), ("water:-10000 heat:0", true));
        assert!(account.pays("c", None, "2026-11-03T10:00Z", "2026-11-03T10:00Z").is_err(), "nothing is owed");
        assert!(account.reverse("a", 9, wall("2026-11-04T10:00Z")).unwrap());
        assert_eq!((account.open().as_str(), account.contact.amount()), ("water:0 heat:50000", rub(50_000)));
        assert!(!account.reverse("a", 10, wall("2026-11-05T10:00Z")).unwrap(), "once");
    }

    #[test]
    fn a_promise_is_judged_in_the_contacts_zone_after_the_days_of_grace() {
        // 20 November and two days of grace: the 22nd ends at 21:00 UTC in Moscow.
        let paid = [
            (None, "2026-11-22T20:59Z", "open"),
            (None, "2026-11-22T21:00Z", "broken"),
            (Some((47_499, "2026-11-20T10:00Z")), "2026-11-22T21:00Z", "partly_kept"),
            (Some((47_500, "2026-11-20T10:00Z")), "2026-11-20T10:00Z", "kept"),
            (Some((50_000, "2026-11-22T20:59Z")), "2026-11-25T10:00Z", "kept"),
            (Some((50_000, "2026-11-22T21:00Z")), "2026-11-25T10:00Z", "broken"),
            // Before the promise: it is what the promise was made about.
            (Some((50_000, "2026-11-18T09:59Z")), "2026-11-25T10:00Z", "broken"),
        ];
        for (payment, now, state) in paid {
            let mut account = account();
            account.promises(1, "2026-11-18T10:00Z", &[(50_000, "2026-11-20")]);
            if let Some((minor, at)) = payment {
                account.pays("p", Some(minor), at, at).unwrap();
            }
            assert_eq!(account.states(now), state, "{payment:?} at {now}");
        }
    }

    #[test]
    fn a_payment_told_late_keeps_it_and_one_reversed_breaks_it() {
        let mut account = account();
        account.promises(1, "2026-11-18T10:00Z", &[(50_000, "2026-11-20")]);
        assert_eq!(account.states("2026-11-23T10:00Z"), "broken");
        account.pays("p", Some(50_000), "2026-11-20T08:00Z", "2026-11-24T10:00Z").unwrap();
        assert_eq!(account.states("2026-11-24T10:00Z"), "kept");
        account.reverse("p", 2, wall("2026-11-25T10:00Z")).unwrap();
        assert_eq!(account.states("2026-11-25T10:00Z"), "broken");
    }

    #[test]
    fn a_plan_ends_with_its_first_failure() {
        let plan = [(40_000, "2026-11-20"), (40_000, "2026-12-01"), (40_000, "2026-12-11")];
        let mut account = account();
        account.promises(1, "2026-11-18T10:00Z", &plan);
        account.pays("a", Some(39_000), "2026-11-20T08:00Z", "2026-11-20T08:00Z").unwrap();
        assert_eq!(account.states("2026-11-23T10:00Z"), "kept open open");
        // 38,000 of each is enough, so the second lacks nothing yet and then 37,000.
        assert_eq!(account.states("2026-12-04T10:00Z"), "kept partly_kept withdrawn");
        account.pays("b", Some(37_000), "2026-11-30T08:00Z", "2026-12-05T08:00Z").unwrap();
        assert_eq!(account.states("2026-12-05T10:00Z"), "kept kept open");
    }

    #[test]
    fn a_later_promise_takes_the_place_of_one_that_is_open() {
        let mut account = account();
        account.promises(1, "2026-11-18T10:00Z", &[(50_000, "2026-11-25")]);
        account.promises(2, "2026-11-20T10:00Z", &[(30_000, "2026-11-24")]);
        assert_eq!(account.states("2026-11-20T10:00Z"), "superseded open");
        account.pays("a", Some(50_000), "2026-11-21T08:00Z", "2026-11-21T08:00Z").unwrap();
        assert_eq!(account.states("2026-11-21T10:00Z"), "superseded kept", "no payment counts for two");
        let mut account = self::account();
        account.promises(1, "2026-11-18T10:00Z", &[(50_000, "2026-11-25")]);
        account.pays("a", Some(50_000), "2026-11-19T08:00Z", "2026-11-19T08:00Z").unwrap();
        account.promises(2, "2026-11-20T10:00Z", &[(30_000, "2026-11-24")]);
        assert_eq!(account.states("2026-11-20T10:00Z"), "kept open");
        account.reverse("a", 2, wall("2026-11-21T10:00Z")).unwrap();
        assert_eq!(account.states("2026-11-21T10:00Z"), "superseded open", "it does not open again beside the other");
    }

    #[test]
    fn who_owes_nothing_any_more_has_broken_nothing() {
        let mut account = account();
        account.promises(1, "2026-11-18T10:00Z", &[(50_000, "2026-11-20")]);
        account.contact.debts.iter_mut().for_each(|d| d.amount = rub(0));
        assert_eq!(account.states("2026-11-23T10:00Z"), "withdrawn");
    }
}
