//! What reports read: everything about one contact at once, so that they need no more memory than one contact takes; and the way
//! a call took through its flow.

use super::{Attempt, Contact, Payment, Promise, Ruling};
use crate::flow::program::FlowHash;
use crate::id::{CallId, CampaignId, ContactId, RulingId};
use crate::outcome::{Channel, HangupCause};
use crate::time::Wall;

/// Behind which contact a reader of ledgers stands. Those whose person nobody named come first, by id; then the others, person by
/// person: who is the same human is read in one piece, and counted without remembering who was seen before.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct LedgerPlace {
    person: Option<String>,
    contact: ContactId,
}

impl Default for LedgerPlace {
    /// Before all of them.
    fn default() -> LedgerPlace {
        LedgerPlace { person: None, contact: ContactId(0) }
    }
}

impl LedgerPlace {
    pub fn behind(contact: &Contact) -> LedgerPlace {
        LedgerPlace { person: contact.person.clone(), contact: contact.id }
    }

    /// The next one is this contact.
    pub fn before(contact: &Contact) -> LedgerPlace {
        LedgerPlace { person: contact.person.clone(), contact: ContactId(contact.id.0 - 1) }
    }

    pub fn person(&self) -> Option<&str> {
        self.person.as_deref()
    }

    pub fn contact(&self) -> ContactId {
        self.contact
    }
}

/// All that reports count of one contact.
#[derive(Debug, Clone, PartialEq)]
pub struct Ledger {
    pub contact: Contact,
    /// When each of its debts first came in, in their order.
    pub entered: Vec<Wall>,
    /// In order.
    pub campaigns: Vec<CampaignId>,
    /// Of all campaigns, in order of id.
    pub attempts: Vec<Attempt>,
    /// In order of id.
    pub promises: Vec<Promise>,
    /// In order of number.
    pub payments: Vec<Payment>,
}

/// A decision of policy that is kept, with whom it was about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptRuling {
    pub id: RulingId,
    pub campaign: CampaignId,
    /// The contact's own id in the creditor's books.
    pub external_id: String,
    pub creditor: String,
    pub channel: Channel,
    pub ruling: Ruling,
}

/// A call's way through its flow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallPath {
    pub call: CallId,
    pub flow: FlowHash,
    /// Entered, in order. Empty: nobody answered.
    pub nodes: Vec<String>,
    /// Why it ended; `None` while it is up, or when nothing is known of it.
    pub cause: Option<HangupCause>,
    pub finished: bool,
}

impl Ledger {
    /// What was paid towards each promise, in minor units, in their order: from its making until it was judged or the next took its
    /// place, never more than was promised. The first part of a plan takes first. No payment counts twice, those after `now` not yet.
    pub fn paid_towards(&self, now: Wall) -> Vec<i64> {
        let mut towards: Vec<i64> = Vec::with_capacity(self.promises.len());
        let mut next_made = None;
        for plan in self.promises.chunk_by(|a, b| a.attempt == b.attempt).rev() {
            let mut taken = 0;
            let mut parts = Vec::with_capacity(plan.len());
            for promise in plan {
                let ends = next_made.unwrap_or(promise.judge_at).min(promise.judge_at);
                let counts = |p: &&Payment| {
                    p.reversed_at.is_none()
                        && p.amount.currency == promise.amount.currency
                        && (promise.made_at..ends).contains(&p.paid_at)
                        && p.paid_at <= now
                };
                let paid: i64 = self.payments.iter().filter(counts).map(|p| p.amount.minor).sum();
                let part = (paid - taken).clamp(0, promise.amount.minor);
                taken += part;
                parts.push(part);
            }
            towards.extend(parts.into_iter().rev());
            next_made = plan.first().map(|first| first.made_at);
        }
        towards.reverse();
        towards
    }
}
