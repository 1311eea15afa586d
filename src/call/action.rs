//! Orders that a call gives. Imperative. Orders that have an answer carry an id.

use std::time::Duration;

use jiff::civil::Date;

use crate::flow::program::{NotifyBy, OptOutScope};
use crate::id::{PlayId, SaveId};
use crate::money::Money;
use crate::outcome::{AnsweredBy, Disposition, HangupCause};
use crate::speech::Utterance;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Play these one after another, without a gap, to the client.
    Play { play: PlayId, utterances: Vec<Utterance> },
    /// Fall silent at once; no `PlayEnded` follows.
    StopPlay { play: PlayId },
    /// Put the fact on disk and say so with `Saved`.
    Save { save: SaveId, fact: Fact },
    /// Stop ringing the agent, or end the agent's leg; the client's stays up.
    ReleaseAgent,
    /// Ring a human of this queue, for at most this long, and say `AgentAnswered` or `AgentUnavailable`.
    RingAgent { queue: String, timeout: Duration },
    /// Join the client's and the agent's audio.
    Bridge,
    /// End all legs that are up. `End` follows at once, or when the saves that are out have been answered.
    Hangup,
    /// For the call's log (`call_event`).
    Note(Note),
    /// The call is over; nothing follows. Exactly once in a call.
    End(Ending),
}

/// What must survive a crash, the moment it happens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact {
    Promise { amount: Money, on: Date },
    OptOut { scope: OptOutScope },
    Message { by: NotifyBy, subject: Option<String>, body: String },
}

/// A line of the call's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Note {
    Answered,
    AnsweredBy(AnsweredBy),
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
        amount: Money,
        on: Date,
    },
    OptedOut,
    AgentRung {
        queue: String,
    },
    AgentAnswered,
    AgentUnavailable,
    HungUp(HangupCause),
}

/// How the call ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ending {
    pub disposition: Disposition,
    pub answered_by: Option<AnsweredBy>,
    /// A verification succeeded.
    pub right_party: bool,
    pub cause: HangupCause,
    /// Names of the nodes entered, in order.
    pub path: Vec<String>,
    pub talk: Duration,
}
