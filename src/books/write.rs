//! The writes: every change to the books, as a value. A store applies a group of them in one transaction; the memory
//! model applies the same values in plain Rust, so that both can be held to one suite.

use super::account::PromisePart;
use super::ladder_version::Led;
use super::rows::{
    AgentResult, CallEvent, CallQuality, Caller, CampaignState, InboundEnd, Outcome, PhoneState, Plan, Ruling,
};
use super::visit::VisitReport;
use crate::flow::program::{FlowHash, OptOutScope};
use crate::id::*;
use crate::outcome::{Channel, Disposition};
use crate::phone::PhoneNumber;
use crate::price::Cost;
use crate::time::Wall;

#[derive(Debug, Clone, PartialEq)]
pub enum Write {
    /// scheduled | claimed → live, with a row in `call`. Must be on disk before the INVITE leaves.
    Live {
        attempt: AttemptId,
        phone: PhoneId,
        flow: FlowHash,
        /// The packs, with version and hash, that allow it.
        policy: String,
        /// The number shown by the trunk that it goes over first.
        caller_id: PhoneNumber,
        at: Wall,
    },
    /// What policy decided otherwise, beside the write that follows from it.
    Ruling(Ruling),
    /// claimed → scheduled, at a later time, with the reason policy gave.
    Reschedule {
        attempt: AttemptId,
        due_at: Wall,
        why: String,
    },
    /// How the audio of a call went that was live or came in; the last word counts.
    Quality {
        call: CallId,
        quality: CallQuality,
    },
    /// Which ladder says that an attempt is made, and what it makes of the contact. Together with the write that makes it.
    Led {
        attempt: AttemptId,
        led: Led,
    },
    /// Which trunk carried a call that was live, what it cost, and whether an agent was there in time; the last word counts.
    Carried {
        attempt: AttemptId,
        /// `None`: nobody knows, since the process died that did.
        trunk: Option<String>,
        /// The number that this trunk showed; `None`: the one that was kept when the call went live stays.
        caller_id: Option<PhoneNumber>,
        cost: Option<Cost>,
        agent: Option<AgentResult>,
    },
    /// Appends to a call's log.
    Log(CallEvent),
    /// What came of a visit, once, and what comes next for its contact, if that is still waiting for it.
    Visited {
        report: VisitReport,
        next: Next,
    },
    /// A promise pressed and confirmed, or reported of a visit, in one part or several, earliest first. An earlier open one is superseded.
    Promise {
        attempt: AttemptId,
        /// At least one.
        parts: Vec<PromisePart>,
        at: Wall,
    },
    Suppress {
        attempt: AttemptId,
        scope: OptOutScope,
        reason: Disposition,
        at: Wall,
    },
    /// This number is not to be called, whoever has it now or will be imported with it: said by somebody who rang us.
    SuppressNumber {
        number: PhoneNumber,
        reason: Disposition,
        at: Wall,
    },
    /// By hand: the number may be called again. What persons have said for themselves, on every number, stays.
    ReleaseNumber {
        number: PhoneNumber,
        /// Plain words.
        why: String,
        at: Wall,
    },
    Phone {
        phone: PhoneId,
        state: PhoneState,
    },
    /// Into the outbox. `to` is taken from the contact: its first good number, or its e-mail.
    Message {
        attempt: AttemptId,
        channel: Channel,
        subject: Option<String>,
        body: String,
        at: Wall,
    },
    /// Into the human worklist.
    Worklist {
        attempt: AttemptId,
        queue: String,
        reason: String,
        at: Wall,
    },
    /// → finished, from claimed or live, and what comes next for the contact in this campaign.
    Finish {
        attempt: AttemptId,
        outcome: Outcome,
        at: Wall,
        next: Next,
    },
    /// scheduled | claimed → cancelled, and the contact is closed in its campaign.
    Cancel {
        attempt: AttemptId,
        at: Wall,
        why: Close,
    },
    /// A call that came in is about to be answered. `call` is new and below zero.
    InboundAnswered {
        call: CallId,
        did: String,
        caller: Caller,
        /// The flow's name and version.
        flow: String,
        at: Wall,
    },
    /// How it ended; once.
    InboundEnded {
        call: CallId,
        end: InboundEnd,
    },
}

/// What comes after an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    Attempt(Plan),
    Close(Close),
}

/// Why a contact needs nothing more from its campaign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Close {
    /// One word: `promised`, `paid`, `opted_out`, `wrong_number`, `disputed`, `handed_over`, `ladder_ended`, `no_number`, `excluded`…
    pub reason: String,
    /// Plain words for `ringback why`.
    pub why: String,
    /// When the contact is to be looked at again all the same: a promise is to be reminded of, or judged. Asking for it early
    /// changes nothing.
    pub wake_at: Option<Wall>,
}

/// What a contact gets in a campaign when it joins or is woken: an attempt, or why there is none.
#[derive(Debug, Clone, PartialEq)]
pub struct Enrolment {
    pub contact: ContactId,
    pub next: Next,
}

impl Next {
    /// What is really written when the books have moved on since the caller decided: a payment or a stop that came in
    /// between closes the contact instead of scheduling it.
    pub fn admitted(self, paid: bool, campaign: CampaignState) -> Next {
        match self {
            Next::Attempt(_) if paid => Next::Close(Close::paid()),
            Next::Attempt(_) if campaign == CampaignState::Stopped => Next::Close(Close::stopped()),
            // A payment was taken back between the decision and the write.
            Next::Close(close) => Next::Close(close.as_paid(paid)),
            next @ Next::Attempt(_) => next,
        }
    }
}

impl Close {
    pub fn new(reason: &str, why: impl Into<String>) -> Close {
        Close { reason: reason.into(), why: why.into(), wake_at: None }
    }

    pub fn until(self, wake_at: Option<Wall>) -> Close {
        Close { wake_at, ..self }
    }

    /// As it is written for a contact that owes nothing, or does: who was closed as having paid and owes again is looked at at once.
    pub fn as_paid(self, paid: bool) -> Close {
        let outdated = self.reason == "paid" && !paid;
        if outdated { self.until(Some(Wall(0))) } else { self }
    }

    /// Whether a payment, or its reversal, may change that the contact is closed.
    pub fn hangs_on_money(reason: &str) -> bool {
        matches!(reason, "paid" | "promised" | "already_paid")
    }

    pub fn paid() -> Close {
        Close::new("paid", "the debt was paid")
    }

    /// A visit is to be made, and its report says what comes next.
    pub const VISITING: &str = "visiting";
    pub const IMPORT_UNDONE: &str = "import_undone";

    pub fn import_undone() -> Close {
        Close::new(Close::IMPORT_UNDONE, "the import that brought the contact was taken back")
    }

    pub fn stopped() -> Close {
        Close::new("stopped", "the campaign was stopped by hand")
    }

    /// A person is worked by one campaign at a time, so that no two ring them.
    pub fn in_other_campaign() -> Close {
        Close::new("in_other_campaign", "another campaign was working on this contact when this one began")
    }
}
