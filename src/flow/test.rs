//! The `tests:` section of a flow, as plain data: a call told from the client's side, and what must come of it.
//! Who runs it is `call::rehearse`; every name in it is resolved here, so a runner meets no unknown message or node.

use std::time::Duration;

use jiff::civil::Date;

use super::program::{ContactValues, MessageId, OptOutScope, Program, StepId};
pub use super::test_section::{STEPS, read_step};
use crate::diagnostic::Span;
use crate::language::Language;
use crate::money::Money;
use crate::outcome::{AnsweredBy, Disposition, HangupCause, NonPaymentReason};
use crate::time::Wall;

#[derive(Debug, Clone, PartialEq)]
pub struct TestCase {
    pub name: String,
    /// The place of the name.
    pub span: Span,
    /// Bound to the flow's contact schema.
    pub contact: ContactValues,
    /// One of the flow's languages.
    pub language: Language,
    /// The creditor; `company:` of the test, or `Example`.
    pub company: String,
    /// When the call is dialled. Default `2026-11-20T10:00+03:00`.
    pub now: Wall,
    /// The calendar day of `now`, in the offset it was written with.
    pub today: Date,
    /// The contact's `due`, when the flow's schema has a date of that name.
    pub due: Option<Date>,
    pub steps: Vec<TestStep>,
    pub expect: Expect,
}

#[derive(Debug, Clone, PartialEq)]
pub struct TestStep {
    pub step: Step,
    pub span: Span,
}

/// One thing that happens, or one thing that must have been heard. In the order of the call.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// `answer`: the leg is up.
    Answer,
    /// `human`, `machine`, `fax`, `screening`: what listening to the line found.
    Found(AnsweredBy),
    /// `out_of_service`: the network says so, by a tone or an announcement.
    Announced(HangupCause),
    /// `beep`: the machine's greeting has ended.
    Beep,
    /// `keys 4321`: pressed one after another, at the moment the call waits for them (or over a prompt that may be
    /// interrupted).
    Keys(String),
    /// `keys_ahead 14321`: pressed at once, whether or not the call waits for keys: over the words (barge-in) and before
    /// the question they answer (type-ahead).
    KeysAhead(String),
    /// `silence`: nothing is pressed until the wait that is running has ended.
    Silence,
    /// `wait 3s`: virtual time passes.
    Wait(Duration),
    /// `hears greet`, `hears "one thousand"`: heard since the previous `hears`, or since the beginning.
    Hears(Heard),
    /// `not hears debt`: not heard so far.
    NotHears(Heard),
    /// `hangs_up`
    HangsUp,
    /// `agent_answers`
    AgentAnswers,
    /// `no_agent`
    NoAgent,
    /// `agent_hangs_up`
    AgentHangsUp,
    /// `third_person`: somebody else has picked up. Nothing protected may be heard in this call, and nobody is verified.
    ThirdPerson,
    /// `in_line 3`: all agents are busy, and the call waits at this place.
    InLine(u32),
    /// `queue_closed`
    QueueClosed,
    /// `transfer_busy`, `transfer_unanswered`, `transfer_fails`: nobody comes to the other end of a transfer.
    TransferFails(HangupCause),
    /// `replies {"amount": "10.00 RUB"}`, or as a map: `{ replies: { amount: 10.00 RUB } }`. JSON.
    Replies(String),
    /// `request_fails`: the service cannot be asked.
    RequestFails,
    /// `no_reply`: nothing comes from the service in time.
    NoReply,
    /// `speaks 5s`: into the recording.
    Speaks(Duration),
    /// `save_fails`: the next order to save fails. Without it every save succeeds at once.
    SaveFails,
    /// `paid`: the debt was paid while the call was in the air.
    Paid,
    /// `paid 50.00 RUB`: a part of it was.
    PaidPart(Money),
    /// `stopped`: the engine wants the call to end.
    Stopped,
    /// `busy`, `no_answer`, `rejects`: the leg never came up.
    Fails(HangupCause),
}

impl Step {
    /// As it is written in a test: [`read_step`] reads it back.
    pub fn words(&self, program: &Program) -> String {
        match self {
            Step::Answer => "answer".into(),
            // Listening that found nothing out is no step; a call treats it as a human.
            Step::Found(AnsweredBy::Human | AnsweredBy::Unknown) => "human".into(),
            Step::Found(AnsweredBy::Machine) => "machine".into(),
            Step::Found(AnsweredBy::Fax) => "fax".into(),
            Step::Found(AnsweredBy::Screening) => "screening".into(),
            // A test has one word for all of them: what follows differs in nothing but the word.
            Step::Announced(_) => "out_of_service".into(),
            Step::Beep => "beep".into(),
            Step::Keys(keys) => format!("keys {keys}"),
            Step::KeysAhead(keys) => format!("keys_ahead {keys}"),
            Step::Silence => "silence".into(),
            Step::Wait(time) if time.subsec_millis() == 0 => format!("wait {}s", time.as_secs()),
            Step::Wait(time) => format!("wait {}ms", time.as_millis()),
            Step::Hears(heard) => format!("hears {}", heard.words(program)),
            Step::NotHears(heard) => format!("not hears {}", heard.words(program)),
            Step::HangsUp => "hangs_up".into(),
            Step::AgentAnswers => "agent_answers".into(),
            Step::NoAgent => "no_agent".into(),
            Step::AgentHangsUp => "agent_hangs_up".into(),
            Step::ThirdPerson => "third_person".into(),
            Step::InLine(position) => format!("in_line {position}"),
            Step::QueueClosed => "queue_closed".into(),
            Step::TransferFails(HangupCause::Busy) => "transfer_busy".into(),
            Step::TransferFails(HangupCause::NoAnswer) => "transfer_unanswered".into(),
            Step::TransferFails(_) => "transfer_fails".into(),
            Step::Replies(json) => format!("replies {json}"),
            Step::RequestFails => "request_fails".into(),
            Step::NoReply => "no_reply".into(),
            Step::Speaks(time) => format!("speaks {}s", time.as_secs()),
            Step::SaveFails => "save_fails".into(),
            Step::Paid => "paid".into(),
            Step::PaidPart(sum) => format!("paid {sum}"),
            Step::Stopped => "stopped".into(),
            Step::Fails(HangupCause::Busy) => "busy".into(),
            Step::Fails(HangupCause::Rejected) => "rejects".into(),
            // The other ways of not coming up cannot be written in a test.
            Step::Fails(_) => "no_answer".into(),
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub enum Heard {
    /// A message, by name in the file.
    Message(MessageId),
    /// Words of the spoken text: a quoted string. Compared without regard to case.
    Text(String),
}

impl Heard {
    /// As it is written in a test.
    pub fn words(&self, program: &Program) -> String {
        match self {
            Heard::Message(id) => program.message(*id).name.clone(),
            Heard::Text(text) => format!("\"{text}\""),
        }
    }
}

/// What must come of the call. `None` and empty: not asked.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Expect {
    pub result: Option<Disposition>,
    pub promise: Option<ExpectPromise>,
    /// The nodes entered, in order, all of them.
    pub path: Option<Vec<StepId>>,
    pub hears: Vec<Heard>,
    pub never_hears: Vec<Heard>,
    pub right_party: Option<bool>,
    /// `opt_out: number`: an opt-out of this scope was saved.
    pub opt_out: Option<OptOutScope>,
    /// The language that was spoken.
    pub language: Option<Language>,
    /// Why the bill was not paid, as it was said.
    pub reason: Option<NonPaymentReason>,
    /// `at_most: 90s`: how long the call may take, its words estimated.
    pub at_most: Option<Duration>,
    /// The place of `expect:`.
    pub span: Span,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExpectPromise {
    /// `promise: none`
    Nothing,
    /// The parts, in order; usually one.
    Saved(Vec<(Money, Date)>),
}
