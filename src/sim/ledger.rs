//! The judge's own account of who owes what and who promised what, kept by the calendar and by counting everything over each time.
//! Shares no code with the books' [`Account`](crate::books::Account); it is what that is held against.

use std::collections::BTreeMap;

use jiff::ToSpan;
use jiff::civil::Date;

use crate::books::{Contact, Promise};
use crate::id::*;
use crate::time::{Wall, Zone};

/// What the shipped ladder holds promises to; the judge reads it from here, not from the ladder.
const GRACE_DAYS: i32 = 2;

#[derive(Debug, Default)]
pub(super) struct Ledger {
    owed: BTreeMap<ContactId, (i64, Zone)>,
    payments: BTreeMap<String, Told>,
    /// In the order in which they were made; the parts of one call stand together.
    promises: BTreeMap<ContactId, Vec<Made>>,
}

#[derive(Debug)]
struct Told {
    contact: ContactId,
    minor: i64,
    paid_at: Wall,
    reversed: bool,
}

#[derive(Debug, Clone)]
struct Made {
    attempt: AttemptId,
    minor: i64,
    on: Date,
    at: Wall,
}

impl Ledger {
    pub fn opens(&mut self, contact: &Contact) {
        let owed = contact.debts.iter().map(|d| d.amount.minor).sum();
        self.owed.insert(contact.id, (owed, contact.zone.clone()));
    }

    /// In minor units.
    pub fn owes(&self, contact: ContactId) -> i64 {
        let paid = self.payments.values().filter(|p| p.contact == contact && !p.reversed).map(|p| p.minor);
        self.owed.get(&contact).map_or(0, |(owed, _)| *owed) - paid.sum::<i64>()
    }

    pub fn pays(&mut self, id: &str, contact: ContactId, minor: i64, paid_at: Wall) {
        self.payments.entry(id.to_string()).or_insert(Told { contact, minor, paid_at, reversed: false });
    }

    pub fn reverses(&mut self, id: &str) -> Option<ContactId> {
        let payment = self.payments.get_mut(id)?;
        payment.reversed = true;
        Some(payment.contact)
    }

    pub fn promises(&mut self, contact: ContactId, attempt: AttemptId, minor: i64, on: Date, at: Wall) {
        self.promises.entry(contact).or_default().push(Made { attempt, minor, on, at });
    }

    pub fn promise_is_open(&self, contact: ContactId, now: Wall) -> bool {
        self.states(contact, now).contains(&"open")
    }

    /// What each of the contact's promises has come to.
    pub fn states(&self, contact: ContactId, now: Wall) -> Vec<&'static str> {
        let Some(made) = self.promises.get(&contact) else { return Vec::new() };
        let zone = &self.owed[&contact].1;
        let last_day = |p: &Made| p.on.saturating_add(GRACE_DAYS.days());
        let mut states: Vec<&'static str> = Vec::new();
        for (n, promise) in made.iter().enumerate() {
            let next = made[n..].iter().find(|p| p.attempt != promise.attempt).map(|p| p.at);
            let counts = |p: &&Told| {
                p.contact == contact
                    && !p.reversed
                    && promise.at <= p.paid_at
                    && p.paid_at <= now
                    && p.paid_at.date(zone) <= last_day(promise)
                    && next.is_none_or(|next| p.paid_at < next)
            };
            let paid: i64 = self.payments.values().filter(counts).map(|p| p.minor).sum();
            // A twentieth may be lacking.
            let enough = |p: &Made| p.minor - p.minor / 20;
            let earlier = made[..n].iter().zip(&states).filter(|(p, _)| p.attempt == promise.attempt);
            let (before, failed) = earlier.fold((0, false), |(sum, failed), (p, state)| {
                (sum + enough(p), failed || matches!(*state, "broken" | "partly_kept"))
            });
            let over = now.date(zone) > last_day(promise);
            states.push(if paid - before >= enough(promise) {
                "kept"
            } else if failed {
                "withdrawn"
            } else if next.is_some_and(|next| next.date(zone) <= last_day(promise)) {
                "superseded"
            } else if over && self.owes(contact) <= 0 {
                "withdrawn"
            } else if !over {
                "open"
            } else if paid > before {
                "partly_kept"
            } else {
                "broken"
            });
        }
        states
    }

    /// Holds the books' promises of a contact against this account.
    pub fn agrees(&self, contact: ContactId, books: &[Promise], now: Wall) -> Result<(), String> {
        let ours = self.states(contact, now);
        let theirs: Vec<&str> = books.iter().map(|p| p.state.as_str()).collect();
        match ours == theirs {
            true => Ok(()),
            false => Err(format!("contact {contact}: the books call its promises {theirs:?}, they are {ours:?}")),
        }
    }
}
