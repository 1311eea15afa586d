//! What the engine is told and what it orders.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::books::{AgentHour, Caller, Claimed, Debt, Priority, Write};
use crate::call::action::Question;
use crate::campaign::TrunkId;
use crate::flow::program::Program;
use crate::id::*;
use crate::ladder::Ladder;
use crate::language::Language;
use crate::outcome::{AnsweredBy, HangupCause};
use crate::speech::Utterance;
use crate::time::{Wall, Zone};

/// A campaign ready to run: its ladder and flows, compiled from the pinned sources.
#[derive(Debug, Clone)]
pub struct CampaignPlan {
    pub id: CampaignId,
    pub name: String,
    /// Its weight when lines are shared.
    pub priority: Priority,
    pub ladder: Arc<Ladder>,
    /// By flow name.
    pub programs: BTreeMap<String, Arc<Program>>,
}

/// A number that is answered, and what answers: a flow that asks for no contact.
#[derive(Debug, Clone)]
pub struct Line {
    /// Digits with or without `+`; `None`: any number.
    pub did: Option<String>,
    pub program: Arc<Program>,
    /// In whose name it speaks.
    pub company: String,
    pub language: Language,
    /// Whose day "today" is.
    pub zone: Zone,
    /// Calls on this line at once.
    pub calls_max: u32,
}

/// Why a call that is offered is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// No line has this number.
    NoSuchLine,
    /// All channels of the line are taken.
    Full,
    /// We are going down, or the database is not there, or the audio could not be made.
    Unavailable,
}

/// An order to write, given by the engine; comes back in `Stored`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OrderId(pub u64);

/// Facts. Past tense.
#[derive(Debug, Clone)]
pub enum Input {
    /// The plan is known; attempts are made only while it is running.
    CampaignLoaded {
        plan: CampaignPlan,
        running: bool,
    },
    /// Paused, stopped or finished: no new attempts. Calls in the air end by themselves.
    CampaignHalted(CampaignId),
    /// Who found an agent and who did not, before this service was started. Before `CampaignLoaded`.
    AgentHours(Vec<AgentHour>),
    /// What an earlier process left in the air, its outcome unknown. After `CampaignLoaded`.
    Recovered(Vec<Claimed>),
    /// Answer to `Claim`.
    Claimed {
        attempts: Vec<Claimed>,
        next_due: Option<Wall>,
    },
    /// Answer to `Claim`: the store could not.
    ClaimFailed(String),
    /// Answer to `Prepare`: all audio is there, or why not.
    Prepared {
        attempt: AttemptId,
        result: Result<(), String>,
    },
    /// Answer to `Write`.
    Stored {
        order: OrderId,
        result: Result<(), StoreFailure>,
    },
    Leg {
        leg: LegId,
        event: LegEvent,
    },
    /// The lines that are answered, in order of trial. Once, before any `Offered`.
    LinesLoaded(Vec<Line>),
    /// Somebody rings us. `leg`: the client's leg of a new call, below zero.
    Offered {
        leg: LegId,
        /// The number dialled, as the trunk gave it.
        did: String,
        caller: Caller,
    },
    /// Answer to `Request`: the status and the body, or `None` when there is no reply.
    Replied {
        call: CallId,
        request: RequestId,
        reply: Option<(u16, String)>,
    },
    /// The contact paid something: what they owe by now. Told of whom [`Engine::concerns`](super::Engine::concerns) names.
    Paid {
        contact: ContactId,
        debts: Vec<Debt>,
    },
    /// A carrier answers our keep-alives again, or no longer does.
    TrunkUp {
        trunk: TrunkId,
        up: bool,
    },
    /// Dial nobody new; let the calls in the air end.
    Drained,
    /// Patience has run out: end the calls in the air.
    Stopped,
    /// A deadline has come.
    Ticked,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreFailure {
    /// The books refused; nothing of the group was kept.
    Conflict(String),
    /// The disk or database is not there; nothing of the group was kept.
    Unavailable(String),
}

/// What trunk and media report about one leg.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LegEvent {
    Ringing,
    Answered,
    Failed(HangupCause),
    /// The carrier would not take the call, and said so before any phone rang: another carrier may be asked.
    Refused(HangupCause),
    Ended(HangupCause),
    /// The far end is where it was sent, or has gone there and does not say how it fares.
    Referred,
    /// It would not go there, or nobody was there.
    ReferFailed(HangupCause),
    /// The far end has put us on hold.
    Held,
    /// It has taken us back, or never had.
    Resumed,
    Digit(char),
    PlayEnded(PlayId),
    AnsweredBy(AnsweredBy),
    Beeped,
    /// The network said by a tone or an announcement that the call came to nothing.
    Announced(HangupCause),
    /// A message was taken: how long the words are, and the file's name unless it could not be kept.
    Recorded {
        length: Duration,
        file: Option<String>,
    },
}

/// Orders. Imperative.
#[derive(Debug, Clone, PartialEq)]
pub enum Output {
    /// Lease due attempts, of each campaign up to so many.
    Claim {
        wanted: Vec<(CampaignId, u32)>,
    },
    /// Have all of this audio ready. Of a call that came in: [`CallId::attempt`].
    Prepare {
        attempt: AttemptId,
        utterances: Vec<Utterance>,
    },
    /// Tell who rings us that it rings.
    Ring {
        leg: LegId,
    },
    /// Take the call that was offered; it is on disk by now. `Answered` follows when the caller knows.
    Answer {
        leg: LegId,
    },
    /// Do not take it; nothing more is heard of it.
    Refuse {
        leg: LegId,
        why: Refusal,
    },
    /// One transaction.
    Write {
        order: OrderId,
        group: Vec<Write>,
    },
    /// Send the INVITE. For a client's leg the attempt is live on disk by now.
    Dial {
        leg: LegId,
        to: Destination,
        trunk: TrunkId,
    },
    /// The program itself cannot go on with this campaign: pause it in the books, with the reason.
    Suspend {
        campaign: CampaignId,
        why: String,
    },
    Play {
        leg: LegId,
        play: PlayId,
        utterances: Vec<Utterance>,
    },
    StopPlay {
        leg: LegId,
        play: PlayId,
    },
    /// Fall silent behind the sentence that is being said; `PlayEnded` follows.
    EndPlay {
        leg: LegId,
        play: PlayId,
    },
    /// Ask a service, if the config allows it.
    Request {
        call: CallId,
        request: RequestId,
        question: Question,
    },
    /// Beep, then record what is said: at most `max`, until a pause of `silence` after words. Say `Recorded`.
    Record {
        leg: LegId,
        /// Which message of its call, from 1.
        number: u32,
        max: Duration,
        silence: Duration,
    },
    /// The message is over; `Recorded` follows.
    StopRecording {
        leg: LegId,
    },
    /// Send the leg's far end there (REFER). Say `Referred` or `ReferFailed`.
    Refer {
        leg: LegId,
        to: Destination,
    },
    /// Join the client's and the agent's audio.
    Bridge {
        call: CallId,
    },
    /// CANCEL or BYE, whichever fits.
    Hangup {
        leg: LegId,
    },
    /// The call is over, or will not be made: give back its ports and its audio.
    Close {
        call: CallId,
    },
    /// For the operator's log and screen.
    Warn(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Destination {
    Number(crate::phone::PhoneNumber),
    /// The SIP URI of an agent, or of whom a call is given to.
    Agent(String),
}
