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
    /// A row of `contact`: one person.
    ContactId,
    /// A row of `phone`: one of a contact's numbers.
    PhoneId,
    /// A row of `campaign`.
    CampaignId,
    /// A row of `attempt`: one try to reach a contact on one channel.
    AttemptId,
    /// A row of `promise`.
    PromiseId,
    /// A row of `outbox`: one SMS or e-mail.
    OutboxId,
    /// A row of `worklist`: one contact waiting for a human.
    WorklistId,
    /// A row of `call`. An attempt makes at most one call, so an outbound call carries the attempt's number.
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

    pub fn attempt(self) -> AttemptId {
        AttemptId(self.0)
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
