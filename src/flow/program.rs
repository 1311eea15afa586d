//! What a flow compiles to: a graph of [`Step`]s over typed fields and variables, with every name resolved, every
//! outcome routed and every message checked. A call runs a [`Program`]; it can meet no flow error while it does.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use super::expr::{Expr, Type, Value};
use super::node::Kind;
use crate::language::Language;
use crate::outcome::Disposition;
use crate::speech::Template;

/// SHA-256 over the flow's source text, in hex. Calls and attempts are pinned to it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FlowHash(pub String);

impl fmt::Display for FlowHash {
    /// The first twelve digits: enough to tell versions apart.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0[..12.min(self.0.len())])
    }
}

/// Index into [`Program::steps`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StepId(pub u32);
/// Index into [`Program::messages`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageId(pub u32);
/// Index into [`Program::contact`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FieldId(pub u32);
/// Index into [`Program::variables`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VarId(pub u32);

#[derive(Debug, Clone)]
pub struct Program {
    pub name: String,
    pub version: u32,
    pub hash: FlowHash,
    /// First is the fallback for a contact whose language is not among them.
    pub languages: Vec<Language>,
    /// The typed schema: what a contact must bring.
    pub contact: Vec<Field>,
    pub variables: Vec<Variable>,
    pub messages: Vec<Message>,
    pub steps: Vec<NamedStep>,
    pub start: StepId,
    /// Where a call goes when a machine answers. `None`: hang up without a word, disposition `machine`.
    pub on_machine: Option<StepId>,
    /// Heard at any moment of the call once it is answered: keys → step.
    pub hotkeys: Vec<(String, StepId)>,
}

#[derive(Debug, Clone)]
pub struct Field {
    pub name: String,
    pub ty: Type,
    pub optional: bool,
    /// May be spoken only after `verify`, never on the machine path.
    pub protected: bool,
}

#[derive(Debug, Clone)]
pub struct Variable {
    pub name: String,
    pub ty: Type,
    /// Every value the variable can hold in a call, so that all of its audio is ready before the call is dialled.
    pub domain: Domain,
}

/// The values a variable can take, as known before the call.
#[derive(Debug, Clone)]
pub enum Domain {
    /// One of these expressions over contact fields (`set` assigns nothing else).
    OneOf(Vec<Expr>),
    /// A day from today to this many days ahead (`collect: date`, promise dates).
    DaysAhead(u32),
    /// Keyed digits; spoken one by one.
    Digits,
    /// The amounts of a promise's offers.
    OfferAmounts(StepId),
}

#[derive(Debug, Clone)]
pub struct Message {
    pub name: String,
    /// One for each of [`Program::languages`].
    pub takes: BTreeMap<Language, Take>,
}

/// A message in one language.
#[derive(Debug, Clone)]
pub struct Take {
    /// File under `prompts/<language>/` to play when it is there; the template is its transcript and fallback.
    pub audio: Option<String>,
    /// Slots name entries of [`Take::slots`].
    pub template: Template,
    /// What each slot of the template evaluates, by slot index.
    pub slots: Vec<Expr>,
    /// A slot depends on what happens in the call: the message is rendered piece by piece, not as a whole sentence.
    pub in_pieces: bool,
}

/// A node as the call meets it.
#[derive(Debug, Clone)]
pub struct NamedStep {
    pub name: String,
    pub kind: &'static Kind,
    pub step: Step,
    /// Every way out of the step. An outcome that falls back to another has its own entry.
    pub routes: Vec<(Via, StepId)>,
    /// All that may be heard while the step runs.
    pub says: Vec<MessageId>,
}

/// The way by which a step is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Via {
    /// One of the outcomes of the step's [`Kind`].
    Outcome(&'static str),
    /// Index into [`Menu::keys`] or [`Reason::keys`].
    Key(u16),
    /// Index into the cases of a branch.
    Case(u16),
}

impl NamedStep {
    /// Where it leads. The compiler has routed every way.
    ///
    /// # Panics
    /// When a step of this kind cannot be left so.
    pub fn to(&self, via: Via) -> StepId {
        match self.routes.iter().find(|(way, _)| *way == via) {
            Some((_, to)) => *to,
            None => panic!("{} ({}) cannot be left by {via:?}", self.name, self.kind.name),
        }
    }

    /// The way in words: a key, an outcome, a condition as it is written.
    pub fn way(&self, via: Via) -> &str {
        match (via, &self.step) {
            (Via::Outcome(name), _) => name,
            (Via::Key(n), Step::Menu(menu)) => &menu.keys[n as usize],
            (Via::Case(n), Step::Branch { cases }) => &cases[n as usize].text,
            (Via::Key(_) | Via::Case(_), step) => panic!("{step:?} cannot be left by {via:?}"),
        }
    }
}

#[derive(Debug, Clone)]
pub enum Step {
    Say {
        messages: Vec<MessageId>,
        interruptible: bool,
    },
    Menu(Menu),
    Collect(Collect),
    Verify(Verify),
    Promise(Promise),
    /// Cases in order; the first that is true is taken.
    Branch {
        cases: Vec<Case>,
    },
    /// Assigned in order.
    Set {
        assign: Vec<(VarId, Expr)>,
    },
    Queue(Queue),
    /// Subject is for e-mail only.
    Notify {
        by: NotifyBy,
        subject: Option<MessageId>,
        message: MessageId,
    },
    OptOut {
        scope: OptOutScope,
    },
    /// Says `messages` (may be empty), hangs up, and closes the attempt with `result`.
    End {
        messages: Vec<MessageId>,
        result: Disposition,
    },
}

#[derive(Debug, Clone)]
pub struct Case {
    pub when: Expr,
    /// As written.
    pub text: String,
}

/// How keys are taken, common to all steps that listen.
#[derive(Debug, Clone)]
pub struct Listen {
    /// A key stops the prompt.
    pub barge_in: bool,
    /// Keys pressed before this step are kept and used; `false`: thrown away on entry.
    pub type_ahead: bool,
    /// From the end of the prompt to the first key.
    pub first_key: Duration,
    /// Between keys of one entry.
    pub gap: Duration,
    /// Prompt + wait is repeated at most this often in all (no-input and no-match count alike). ≥ 1.
    pub tries: u32,
}

#[derive(Debug, Clone)]
pub struct Menu {
    /// One per try; the last is repeated.
    pub prompts: Vec<MessageId>,
    pub listen: Listen,
    /// Single keys `0`–`9 * #`, or longer (`*9`).
    pub keys: Vec<String>,
    /// Said before the next try after a key not listed.
    pub no_match: Option<MessageId>,
    /// Said before the next try after silence.
    pub no_input: Option<MessageId>,
}

#[derive(Debug, Clone)]
pub struct Collect {
    pub what: Collected,
    pub prompts: Vec<MessageId>,
    pub listen: Listen,
    pub into: VarId,
    /// Said to read the value back: "1 yes, 2 again". `None`: taken as keyed.
    pub confirm: Option<MessageId>,
    pub no_match: Option<MessageId>,
    pub no_input: Option<MessageId>,
}

#[derive(Debug, Clone)]
pub enum Collected {
    /// `min..=max` digits; `#` ends an entry shorter than `max`.
    Digits { min: u32, max: u32 },
    /// 1 = today, 2 = tomorrow, or DDMM (DDMMYYYY); within `ahead` days from today; with `workdays`, Monday–Friday only.
    Date { ahead: u32, workdays: bool },
}

/// Right-party proof: the keyed digits must equal a contact field.
#[derive(Debug, Clone)]
pub struct Verify {
    pub prompts: Vec<MessageId>,
    pub listen: Listen,
    /// A `digits(n)` field (last digits of the contract), or a `date` field keyed as DDMM (birthday).
    /// A contact whose optional field is empty goes to `failed` unheard.
    pub against: FieldId,
    /// Said after a wrong entry, before the next try. Never says what was wrong.
    pub wrong: Option<MessageId>,
}

/// The ladder of demands: offers in order, each said and asked; the accepted one gets a date, is read back, confirmed
/// and saved. Keys at an offer: 1 = yes, 2 = no (next offer). At the date: as `collect date`. At confirmation:
/// 1 = yes, 2 = change (back to the date).
#[derive(Debug, Clone)]
pub struct Promise {
    /// The sum the shares are taken of.
    pub of: Expr,
    /// At least one.
    pub offers: Vec<Offer>,
    pub listen: Listen,
    /// Asks for the day. One per try.
    pub ask_date: Vec<MessageId>,
    /// Reads amount and day back and asks for 1 or 2; its slots use `amount` and `on`.
    pub confirm: Option<MessageId>,
    /// Said after a day outside the limits.
    pub bad_date: Option<MessageId>,
    pub workdays: bool,
    /// Set when an offer is accepted.
    pub amount: VarId,
    /// Set when a day is taken.
    pub on: VarId,
}

#[derive(Debug, Clone)]
pub struct Offer {
    pub share: Share,
    /// Latest day of payment, days from today.
    pub within: u32,
    /// Said for this offer; slots may use the promise's `amount`.
    pub message: MessageId,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Share {
    Full,
    Half,
    /// The first of `n` equal parts. n ≥ 2.
    Instalment(u32),
}

#[derive(Debug, Clone)]
pub struct Queue {
    /// Name of a queue in the config.
    pub queue: String,
    /// Said before ringing the agent.
    pub message: Option<MessageId>,
    pub timeout: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotifyBy {
    Sms,
    Email,
}

crate::words! {
    /// What an opt-out closes.
    pub enum OptOutScope {
        /// This number, for every campaign.
        Number = "number",
        /// The person on every number and channel.
        Person = "person",
    }
}

/// A contact's values, one per [`Program::contact`] field; `None` only where the field is optional.
#[derive(Debug, Clone, PartialEq)]
pub struct ContactValues(pub Vec<Option<Value>>);

impl Program {
    pub fn step(&self, id: StepId) -> &NamedStep {
        &self.steps[id.0 as usize]
    }

    pub fn message(&self, id: MessageId) -> &Message {
        &self.messages[id.0 as usize]
    }

    /// The contact's language when the flow has it, else the flow's first.
    pub fn language_for(&self, wanted: Language) -> Language {
        if self.languages.contains(&wanted) { wanted } else { self.languages[0] }
    }
}
