//! Orders that a call gives. Imperative. Orders that have an answer carry an id.

use std::time::Duration;

use jiff::civil::Date;

use crate::flow::program::{Method, NotifyBy, OptOutScope};
use crate::id::{PlayId, RequestId, SaveId};
use crate::money::Money;
use crate::outcome::{AnsweredBy, Disposition, HangupCause, NonPaymentReason};
use crate::speech::Utterance;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Play these one after another, without a gap, to the client.
    Play { play: PlayId, utterances: Vec<Utterance> },
    /// Fall silent at once; no `PlayEnded` follows.
    StopPlay { play: PlayId },
    /// Fall silent behind the sentence that is being said, and say `PlayEnded` then.
    EndPlay { play: PlayId },
    /// Put the fact on disk and say so with `Saved`.
    Save { save: SaveId, fact: Fact },
    /// Stop ringing the agent, or end the agent's leg; the client's stays up.
    ReleaseAgent,
    /// Ring a human of this queue, or put the call in line behind those of higher priority (or of the same and earlier), for
    /// at most this long. Say `Queued` when it waits in line and whenever its place changes, then `AgentAnswered`,
    /// `AgentUnavailable` or `QueueClosed`.
    RingAgent { queue: String, priority: i64, timeout: Duration },
    /// Ring this number (`+…`) or SIP address as the call's other party, if the config allows it, for at most this long, and
    /// say `AgentAnswered` or `TransferFailed`. `ReleaseAgent` takes it back.
    Transfer { to: String, timeout: Duration },
    /// Send the client there instead, if the config allows it, and say `AgentAnswered` when they are or `TransferFailed`.
    Refer { to: String, timeout: Duration },
    /// Join the client's and the other party's audio.
    Bridge,
    /// Beep, then record what the client says: at most `max`, until a pause of `silence`, or `StopRecording`. Say `Recorded`.
    Record { max: Duration, silence: Duration },
    /// End the recording that is running; `Recorded` follows.
    StopRecording,
    /// Ask a service that the config allows, and say `Replied` or `RequestFailed`.
    Request { request: RequestId, question: Question },
    /// End all legs that are up. `End` follows at once, or when the saves that are out have been answered.
    Hangup,
    /// For the call's log (`call_event`).
    Note(Note),
    /// The call is over; nothing follows. Exactly once in a call.
    End(Ending),
}

/// A question over HTTP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    pub method: Method,
    pub url: String,
    /// Named values, for an object of JSON or a query.
    pub send: serde_json::Map<String, serde_json::Value>,
    /// How long the call waits for the reply; later is too late.
    pub wait: Duration,
}

/// A sum promised for a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Promised {
    pub amount: Money,
    pub on: Date,
}

impl std::fmt::Display for Promised {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} on {}", self.amount, self.on)
    }
}

/// `33.34 USD on 2026-12-18, 33.33 USD on 2027-01-18`.
pub fn promised_in_words(parts: &[Promised]) -> String {
    parts.iter().map(Promised::to_string).collect::<Vec<_>>().join(", ")
}

/// What must survive a crash, the moment it happens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact {
    /// In one part or several, earliest first; at least one.
    Promise {
        parts: Vec<Promised>,
    },
    OptOut {
        scope: OptOutScope,
    },
    Message {
        by: NotifyBy,
        subject: Option<String>,
        body: String,
    },
}

/// A line of the call's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Note {
    Answered,
    AnsweredBy(AnsweredBy),
    /// The network said why the call comes to nothing.
    Announced(HangupCause),
    /// The machine's greeting had not ended: its message is said again from the beginning.
    SaidAgain,
    /// Entered a node, by name.
    Entered(String),
    /// Message names and the words ordered to be heard.
    Said {
        messages: Vec<String>,
        text: String,
    },
    /// The words were cut off by a key or by a machine.
    Interrupted,
    /// A key that led somewhere; digits of a verification are `•`.
    Pressed(String),
    NoInput,
    NoMatch,
    Verified,
    VerifyFailed,
    Promised {
        parts: Vec<Promised>,
    },
    OptedOut,
    Reason(NonPaymentReason),
    AgentRung {
        queue: String,
    },
    /// In line for an agent, at this place.
    Queued {
        position: u32,
    },
    QueueClosed,
    /// Asked to be called back instead of waiting.
    CalledBack,
    /// The other end as it may be shown.
    TransferRung {
        to: String,
    },
    TransferFailed(HangupCause),
    Requested {
        url: String,
    },
    /// The reply came; whether it was as declared.
    Replied {
        good: bool,
    },
    /// A service that could not be asked, or did not reply in time.
    RequestFailed,
    /// The client's message: its length, and its file unless it could not be kept.
    Recorded {
        length: Duration,
        file: Option<String>,
    },
    AgentAnswered,
    AgentUnavailable,
    /// The far end put us on hold.
    Held,
    /// It came back.
    Resumed,
    HungUp(HangupCause),
    /// A part of the debt was paid meanwhile.
    PaidPart {
        left: Money,
    },
}

/// How the call ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ending {
    pub disposition: Disposition,
    pub answered_by: Option<AnsweredBy>,
    /// A verification succeeded.
    pub right_party: bool,
    /// Why the bill was not paid, if it was said.
    pub reason: Option<NonPaymentReason>,
    pub cause: HangupCause,
    /// Names of the nodes entered, in order.
    pub path: Vec<String>,
    pub talk: Duration,
}
