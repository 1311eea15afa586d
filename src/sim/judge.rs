//! The judge: looks at what was ordered and at the books, and says when a promise of `product.md` was broken.
//! Shares no code with policy or ladder; it counts for itself.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::civil::Weekday;

use super::ledger::Ledger;
use crate::books::{Contact, Standing};
use crate::id::*;
use crate::time::{Mono, Wall};

/// A broken promise, with the way to see it again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    pub seed: u64,
    pub at: String,
    pub what: String,
    /// The last things that happened, oldest first.
    pub trace: Vec<String>,
}

impl std::fmt::Display for Violation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "seed {} at {}: {}", self.seed, self.at, self.what)?;
        for line in &self.trace {
            writeln!(f, "    {line}")?;
        }
        write!(f, "  again with: ringback simulate --seed {}", self.seed)
    }
}

#[derive(Debug, Default)]
pub(super) struct Judge {
    /// Survives crashes of the engine: the judge is the world's, not ours.
    dialled: BTreeSet<AttemptId>,
    rings: BTreeMap<ContactId, Vec<Wall>>,
    ringing: BTreeMap<ContactId, CallId>,
    /// Those of them that nobody has picked up yet.
    unanswered: BTreeSet<CallId>,
    /// Who has asked not to be called, whatever the books say of it.
    opted_out: BTreeSet<(ContactId, Option<PhoneId>)>,
    pub ledger: Ledger,
    /// Agents who are rung or talk, for which call, and whether they have picked up.
    busy: BTreeMap<String, (CallId, bool)>,
    /// When agents last did not pick up.
    missed: BTreeMap<String, Mono>,
}

/// Nobody may be rung before or after these hours of their own day, whatever a ladder says (policy pack `default`).
const EARLIEST_HOUR: i8 = 8;
const LATEST_HOUR: i8 = 22;
/// An agent who did not pick up may be left in peace for so long; a little more, since timers are late.
const REST_MAX: Duration = Duration::from_millis(15_050);
/// The shipped ladder's cap, on calls that rang somebody; the judge reads it from here, not from the ladder.
const RINGS_A_DAY_MAX: usize = 3;

impl Judge {
    pub fn dialled(&mut self, attempt: AttemptId, standing: &Standing, number: &str, now: Wall) -> Result<(), String> {
        let contact = &standing.contact;
        if !self.dialled.insert(attempt) {
            return Err(format!("attempt {attempt} was dialled twice"));
        }
        if let Some(call) = self.ringing.insert(contact.id, CallId::of(attempt)) {
            return Err(format!("contact {} was dialled while call {call} was in the air", contact.external_id));
        }
        self.hours(contact, now)?;
        if self.ledger.owes(contact.id) <= 0 {
            return Err(format!("contact {} was dialled after paying", contact.external_id));
        }
        if self.ledger.promise_is_open(contact.id, now) {
            return Err(format!("contact {} was dialled while a promise is open", contact.external_id));
        }
        self.unanswered.insert(CallId::of(attempt));
        let phone = contact.phones.iter().find(|p| p.number.full() == number);
        let Some(phone) = phone else {
            return Err(format!("a number was dialled that contact {} does not have", contact.external_id));
        };
        let opted_out = |phone| self.opted_out.contains(&(contact.id, phone));
        if opted_out(None) || opted_out(Some(phone.id)) {
            return Err(format!("contact {} was dialled after opting out", contact.external_id));
        }
        Ok(())
    }

    /// The dialled call reached the contact's line: it rang there, or was busy.
    pub fn rang(&mut self, contact: &Contact, now: Wall) -> Result<(), String> {
        let today = now.date(&contact.zone);
        let rings = self.rings.entry(contact.id).or_default();
        rings.push(now);
        let count = rings.iter().filter(|at| at.date(&contact.zone) == today).count();
        if count > RINGS_A_DAY_MAX {
            return Err(format!("contact {} was rung {count} times on {today}", contact.external_id));
        }
        Ok(())
    }

    fn hours(&self, contact: &Contact, now: Wall) -> Result<(), String> {
        let local = now.in_zone(&contact.zone);
        let (earliest, latest) = match local.weekday() {
            Weekday::Saturday | Weekday::Sunday => (EARLIEST_HOUR + 1, LATEST_HOUR - 2),
            _ => (EARLIEST_HOUR, LATEST_HOUR),
        };
        if (earliest..latest).contains(&local.hour()) {
            return Ok(());
        }
        Err(format!("contact {} was dialled at {} their time", contact.external_id, local.strftime("%a %H:%M")))
    }

    pub fn opts_out(&mut self, contact: ContactId, phone: Option<PhoneId>) {
        self.opted_out.insert((contact, phone));
    }

    /// Whoever was told that they are called no more stands in the books as such.
    pub fn knows_opt_outs(&self, contact: ContactId, standing: &Standing) -> Result<(), String> {
        let asked = self.opted_out.range((contact, None)..(ContactId(contact.0 + 1), None)).map(|(_, phone)| *phone);
        let known = |phone: &Option<PhoneId>| standing.suppressions.iter().any(|s| s.phone == *phone);
        match asked.into_iter().find(|phone| !known(phone)) {
            Some(_) => Err(format!("contact {contact} was told that it is called no more, and the books do not know")),
            None => Ok(()),
        }
    }

    pub fn answered(&mut self, call: CallId) {
        self.unanswered.remove(&call);
    }

    /// The call that rings at the contact's now.
    pub fn rings_unanswered(&self, contact: ContactId) -> Option<CallId> {
        self.ringing.get(&contact).copied().filter(|call| self.unanswered.contains(call))
    }

    pub fn over(&mut self, call: CallId) {
        self.unanswered.remove(&call);
        self.ringing.retain(|_, ringing| *ringing != call);
    }

    /// The process died and all its sockets with it.
    pub fn crashed(&mut self) {
        self.ringing.clear();
        self.unanswered.clear();
        self.busy.clear();
        self.missed.clear();
    }

    pub fn agent_rung(&mut self, address: &str, call: CallId) -> Result<(), String> {
        match self.busy.insert(address.to_string(), (call, false)) {
            Some((other, _)) => Err(format!("{address} was rung for call {call} while busy with call {other}")),
            None => Ok(()),
        }
    }

    pub fn agent_talks(&mut self, call: CallId) {
        for (_, talks) in self.busy.values_mut().filter(|(busy_with, _)| *busy_with == call) {
            *talks = true;
        }
    }

    pub fn agent_over(&mut self, call: CallId, now: Mono) {
        let over = self.busy.extract_if(.., |_, (busy_with, _)| *busy_with == call);
        for (address, (_, talked)) in over {
            if !talked {
                self.missed.insert(address, now);
            }
        }
    }

    /// Nobody waits while an agent is free.
    pub fn in_line(&self, waiting: usize, agents: &[&str], now: Mono) -> Result<(), String> {
        let rests = |agent: &str| self.missed.get(agent).is_some_and(|at| now <= *at + REST_MAX);
        match agents.iter().find(|agent| !self.busy.contains_key(**agent) && !rests(agent)) {
            Some(agent) if waiting > 0 => Err(format!("{waiting} calls wait in line while {agent} is free")),
            Some(_) | None => Ok(()),
        }
    }
}
