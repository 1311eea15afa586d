//! Typed ids: an attempt's number cannot be given where a contact's is wanted.

use std::fmt;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )*};
}

ids! {
    /// A row of `contact`: a person as one creditor's customer.
    ContactId,
    /// A row of `phone`: one of a contact's numbers.
    PhoneId,
    /// A row of `debt`.
    DebtId,
    /// A row of `campaign`.
    CampaignId,
    /// A row of `import_batch`: one file taken over.
    ImportBatchId,
    /// A row of `attempt`: one try to reach a contact on one channel.
    AttemptId,
    /// A row of `promise`.
    PromiseId,
    /// A row of `ruling`.
    RulingId,
    /// A row of `outbox`: one SMS or e-mail.
    OutboxId,
    /// A row of `worklist`: one contact waiting for a human.
    WorklistId,
    /// A row of `call` or of `inbound_call`. An attempt makes at most one call, so an outbound call carries the attempt's
    /// number; a call that came in has no attempt, and a number below zero.
    CallId,
    /// An order to save, given by a call; comes back in `Saved`. Unique within its call.
    SaveId,
    /// A question to a service, given by a call; comes back in `Replied`. Unique within its call.
    RequestId,
    /// An order to play, given by a call; comes back in `PlayEnded`. Unique within its call.
    PlayId,
}

impl CallId {
    pub fn of(attempt: AttemptId) -> CallId {
        CallId(attempt.0)
    }

    /// The attempt that makes this call. Of a call that came in, a number that no row has: for tables of work under way.
    pub fn attempt(self) -> AttemptId {
        AttemptId(self.0)
    }

    /// The `n`th call that came in, from 1.
    pub fn inbound(n: i64) -> CallId {
        debug_assert!(n > 0, "calls that came in are counted from 1");
        CallId(-n)
    }

    /// It came in: nobody was dialled for it.
    pub fn is_inbound(self) -> bool {
        self.0 < 0
    }
}

/// Which party of a call a leg connects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Party {
    Client,
    Agent,
}

/// One party's connection within a call: what a trunk dials and media plays to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LegId {
    pub call: CallId,
    pub party: Party,
}

impl LegId {
    pub fn client(call: CallId) -> LegId {
        LegId { call, party: Party::Client }
    }

    pub fn agent(call: CallId) -> LegId {
        LegId { call, party: Party::Agent }
    }
}
