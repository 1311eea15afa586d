//! One person's rows as far as their keeping goes: what there is, what is to go, and what went.
//!
//! Who is erased leaves a row of counts and sums, so that reports stay true: attempts with their outcomes, promises, payments and debts
//! without a name, a key, a number, an address, a word that was said or written, or an exact time.

use super::merge::KnownContact;
use super::rows::{Promise, PromiseState};
use super::write::Close;
use crate::id::*;
use crate::outcome::{AnsweredBy, Channel};
use crate::phone::PhoneNumber;
use crate::time::{Wall, Zone};

/// Whose rows are asked for. Those erased already are nobody's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whom {
    /// Contacts with a greater id, in order of id, at most so many.
    After(ContactId, u32),
    /// By the creditor's key; with all contacts that are the same human.
    Contact(String),
    /// All contacts with this `person_id`.
    Person(String),
}

/// What is kept of one contact, as far as it decides what may go, and when.
#[derive(Debug, Clone, PartialEq)]
pub struct Keeping {
    pub contact: ContactId,
    pub external_id: String,
    pub person: Option<String>,
    pub zone: Zone,
    /// Listed and unlisted.
    pub numbers: Vec<PhoneNumber>,
    /// In order.
    pub campaigns: Vec<CampaignId>,
    /// When its first debt came in.
    pub entered_at: Wall,
    /// Since when nothing is owed, planned or promised; `None`: something is. An import taken back settles what it brought.
    pub settled_at: Option<Wall>,
    /// The last that happened about its debts: an attempt ended, a promise, a payment.
    pub last_activity: Wall,
    pub erase_asked_at: Option<Wall>,
    /// A call with it is up.
    pub live: bool,
    /// Ended, in order of id.
    pub calls: Vec<KeptCall>,
    /// Whose text is kept, in order of id.
    pub messages: Vec<KeptMessage>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeptCall {
    pub call: CallId,
    /// When it ended.
    pub at: Wall,
    /// Neither a machine nor a fax.
    pub reached: bool,
    /// Its log and the number dialled are kept.
    pub details: bool,
}

impl KeptCall {
    pub fn reached(answered_by: Option<AnsweredBy>) -> bool {
        !matches!(answered_by, Some(AnsweredBy::Machine | AnsweredBy::Fax))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeptMessage {
    pub id: OutboxId,
    pub attempt: AttemptId,
    pub channel: Channel,
    /// When its attempt ended, or was planned for.
    pub at: Wall,
}

/// What of a contact is to go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forget {
    pub contact: ContactId,
    /// Their logs and the numbers dialled.
    pub calls: Vec<CallId>,
    /// Their addresses, subjects and texts; what is queued is not sent.
    pub messages: Vec<OutboxId>,
    /// The person asked. Nobody contacts them again, under these keys or on these numbers; what is planned is cancelled.
    pub asked: bool,
    /// The e-mail address and the further columns.
    pub details: bool,
    /// All there is: only counts and sums stay. With it go all calls and messages, named or not.
    pub whole: bool,
}

impl Forget {
    pub fn nothing(contact: ContactId) -> Forget {
        let (calls, messages) = Default::default();
        Forget { contact, calls, messages, asked: false, details: false, whole: false }
    }

    pub fn is_nothing(&self) -> bool {
        *self == Forget::nothing(self.contact)
    }
}

/// What went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Forgotten {
    pub contacts: u64,
    pub debts: u64,
    pub numbers: u64,
    /// Whose log or number went.
    pub calls: u64,
    pub log_lines: u64,
    pub messages: u64,
    /// Calls that came in, whose caller or log went.
    pub inbound_calls: u64,
}

impl Forgotten {
    pub fn add(&mut self, more: Forgotten) {
        self.contacts += more.contacts;
        self.debts += more.debts;
        self.numbers += more.numbers;
        self.calls += more.calls;
        self.log_lines += more.log_lines;
        self.messages += more.messages;
        self.inbound_calls += more.inbound_calls;
    }
}

/// Calls that came in from numbers of some contacts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct InboundOf {
    /// From numbers that are nobody else's. Newest first.
    pub theirs: Vec<CallId>,
    /// From numbers that other people have, too: nobody can say whose calls they were.
    pub shared: u64,
}

/// Values of a contact that an import replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Earlier {
    /// The import that replaced them.
    pub batch: ImportBatchId,
    /// As JSON.
    pub values: String,
}

/// A day's purge, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PurgeReport {
    pub at: Wall,
    pub report: String,
}

impl Close {
    pub const ERASED: &str = "erased";

    pub fn erased() -> Close {
        Close::new(Close::ERASED, "the person asked to be erased")
    }
}

/// Times of who is erased are cut to the quarter of an hour: nobody finds the call again in a carrier's records by its second, and the
/// hour and the day stay right in every zone, since all are whole quarters from UTC.
pub const COARSE_US: i64 = 15 * 60 * 1_000_000;

pub fn coarse(at: Wall) -> Wall {
    Wall(at.0 - at.0.rem_euclid(COARSE_US))
}

/// What stands in place of a key. No import and no feed has it: they trim what they read.
pub fn erased_key(id: i64) -> String {
    format!(" erased {id}")
}

/// What stays of a contact.
pub fn erased(known: &KnownContact) -> KnownContact {
    let mut contact = known.contact.clone();
    contact.external_id = erased_key(contact.id.0);
    contact.person = None;
    contact.name = String::new();
    contact.email = None;
    contact.phones.clear();
    contact.fields.clear();
    for debt in &mut contact.debts {
        debt.external_id = erased_key(debt.id.0);
    }
    KnownContact { contact, unlisted: Vec::new() }
}

/// As it stays of one whose person is erased.
pub fn erased_promise(promise: &Promise) -> Promise {
    Promise { made_at: coarse(promise.made_at), ..promise.clone() }
}

/// An open one binds no more.
pub fn withdrawn(promise: &Promise, at: Wall) -> Option<Promise> {
    let open = promise.state == PromiseState::Open;
    open.then(|| Promise { state: PromiseState::Withdrawn, withdrawn_at: Some(at), ..promise.clone() })
}
