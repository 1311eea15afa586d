//! What a flow compiles to: a graph of [`Step`]s over typed fields and variables, with every name resolved, every
//! outcome routed and every message checked. A call runs a [`Program`]; it can meet no flow error while it does.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use jiff::civil::Time;

use super::expr::{Expr, Type, Value};
use super::node::Kind;
use crate::language::Language;
use crate::outcome::{Disposition, NonPaymentReason};
use crate::speech::{self, Piece, Template};

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
    /// What the step `start` says, without a key that could cut it short.
    pub discloses: Vec<Disclosure>,
    /// Where a call goes when a machine answers. `None`: hang up without a word, disposition `machine`.
    pub on_machine: Option<StepId>,
    /// What is said to a call screener, before a person comes on. `None`: a screener is taken for a machine.
    pub on_screening: Option<MessageId>,
    pub machine: MachineManner,
    /// Heard at any moment of the call once it is answered: keys → step.
    pub hotkeys: Vec<(String, StepId)>,
}

crate::words! {
    /// What a flow says of itself with its first words.
    pub enum Disclosure {
        Robot = "robot",
        Creditor = "creditor",
        Recording = "recording",
    }
}

impl Disclosure {
    pub fn in_words(self) -> &'static str {
        match self {
            Disclosure::Robot => "that a robot speaks",
            Disclosure::Creditor => "for whom it calls",
            Disclosure::Recording => "that the call is recorded",
        }
    }
}

/// How a call goes over to the path of `on_machine`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MachineManner {
    pub stop: MachineStop,
    /// How long its greeting is waited out at most; then we speak: its beep was not heard.
    pub beep_wait: Duration,
}

impl Default for MachineManner {
    fn default() -> MachineManner {
        MachineManner { stop: MachineStop::AtOnce, beep_wait: BEEP_WAIT }
    }
}

/// Where the words to a person break off when a machine turns out to hear them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MachineStop {
    AtOnce,
    /// Should it be a person after all, they have heard no broken word.
    Sentence,
}

/// [`MachineManner::beep_wait`] of a flow that does not say. Most greetings are shorter.
pub const BEEP_WAIT: Duration = Duration::from_secs(15);

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
    /// May be spoken only after `verify`, whatever it was computed from.
    pub protected: bool,
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
    /// A whole number between these two.
    Numbers(i64, i64),
    /// The amounts of a promise's offers.
    OfferAmounts(StepId),
    /// Too many to be made ready before the call: an amount that is keyed, the reply of a service. Made when they are known.
    Unknown,
}

#[derive(Debug, Clone)]
pub struct Message {
    pub name: String,
    /// One for each of [`Program::languages`].
    pub takes: BTreeMap<Language, Take>,
    /// Its words are ours, around parts that the flow names; `None`: they are the flow's.
    pub made: Option<Made>,
}

/// What a message with our words is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Made {
    /// Left on a machine: who rang and how to ring back, and nothing else (12 CFR 1006.2(j)).
    LimitedContent,
    /// To one who was to talk to an agent and finds none: who rang, and how to decline further calls.
    Abandoned,
}

impl Message {
    /// About how long it takes to say, in the language in which it takes longest. A slot counts as a few words.
    pub fn length_estimate(&self) -> Duration {
        const SLOT_LETTERS: usize = 25;
        let letters = |take: &Take| {
            let of = |piece: &Piece| match piece {
                Piece::Text(text) => text.chars().count(),
                Piece::Slot { .. } | Piece::Literal { .. } => SLOT_LETTERS,
                // A second for each 14 letters.
                Piece::Break(ms) => usize::from(*ms) * 14 / 1000,
                Piece::Manner(_) => 0,
            };
            take.template.0.iter().map(of).sum::<usize>()
        };
        speech::length_estimate(self.takes.values().map(letters).max().unwrap_or_default())
    }
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
    pub render: Render,
}

/// In which stretches a message is made. More that is shared between calls costs less; less cut up sounds better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Render {
    /// At once. One melody, and the whole of it anew for each contact.
    Whole,
    /// Sentence by sentence: what all contacts share is made once.
    Sentences,
    /// Each value apart from the text around it. Always so where a slot depends on what happens in the call.
    Pieces,
}

/// As `render` in a flow writes them.
pub const RENDERS: [(&str, Render); 3] =
    [("whole", Render::Whole), ("sentences", Render::Sentences), ("pieces", Render::Pieces)];

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

    /// The way as the flow writes it: an outcome without a route of its own goes where another does, and is that one.
    pub fn written_way(&self, via: Via) -> Via {
        let Via::Outcome(name) = via else { return via };
        let other = self.kind.outcomes.iter().find(|o| o.name == name).and_then(|o| o.or).map(Via::Outcome);
        other.filter(|other| self.to(*other) == self.to(via)).unwrap_or(via)
    }

    /// The way in words: a key, an outcome, a condition as it is written.
    pub fn way(&self, via: Via) -> &str {
        match (via, &self.step) {
            (Via::Outcome(name), _) => name,
            (Via::Key(n), Step::Menu(menu)) => &menu.keys[n as usize],
            (Via::Key(n), Step::Reason(reason)) => &reason.keys[n as usize].0,
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
    Reason(Reason),
    Request(Request),
    Queue(Queue),
    Transfer(Transfer),
    Record(Record),
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
    /// From the end of the prompt to the last key of one entry.
    pub whole: Duration,
    /// Entries stand in no log.
    pub secret: bool,
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
    /// `#` or `*`; the other one cancels.
    pub end_key: char,
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
    /// `min..=max` digits; the end key ends an entry shorter than `max`. The last one may have to prove the others.
    Digits { min: u32, max: u32, check: Option<CheckDigit> },
    /// A whole number, both ends included.
    Number { min: i64, max: i64 },
    /// Money in the currency of `max`, keyed in whole units; `*` is the point. At least `min`, or the smallest coin.
    Amount { min: Option<Expr>, max: Expr },
    /// 1 = today, 2 = tomorrow, or DDMM (DDMMYYYY); within `ahead` days from today; with `workdays`, Monday–Friday only.
    Date { ahead: u32, workdays: bool },
    /// HHMM, both ends included.
    Time { from: Time, to: Time },
    /// A telephone number: national, or international without its `+`.
    Phone {
        /// The calling code (ITU-T E.164) of a national number, digits only.
        country: String,
    },
}

crate::words! {
    /// How the last digits of an entry prove the others.
    pub enum CheckDigit {
        /// ISO/IEC 7812-1 annex B: payment cards, many account numbers.
        Luhn = "luhn",
        /// ISO/IEC 7064 MOD 11,10: one digit.
        Mod11 = "mod_11_10",
        /// ISO/IEC 7064 MOD 97-10: two digits.
        Mod97 = "mod_97_10",
    }
}

/// Why a bill was not paid, by key.
#[derive(Debug, Clone)]
pub struct Reason {
    /// One per try; the last is repeated.
    pub prompts: Vec<MessageId>,
    pub listen: Listen,
    pub keys: Vec<(String, NonPaymentReason)>,
    pub no_match: Option<MessageId>,
    pub no_input: Option<MessageId>,
}

/// A question to a service over HTTP.
#[derive(Debug, Clone)]
pub struct Request {
    pub method: Method,
    /// Absolute; `https`, or `http` to this machine.
    pub url: String,
    /// Sent as an object of JSON (POST) or as the query (GET).
    pub send: Vec<(String, Expr)>,
    /// What the reply's object of JSON must have.
    pub reply: Vec<ReplyField>,
    /// Said before asking.
    pub message: Option<MessageId>,
    /// How long the reply is waited for, in silence.
    pub wait: Duration,
}

#[derive(Debug, Clone)]
pub struct ReplyField {
    pub field: Field,
    /// Set when the reply came and was as declared.
    pub into: VarId,
}

crate::words! {
    /// RFC 9110 §9.3.
    pub enum Method {
        Get = "get",
        Post = "post",
    }
}

/// The call is given to a number or a SIP address.
#[derive(Debug, Clone)]
pub struct Transfer {
    pub to: TransferTo,
    pub by: TransferBy,
    /// Said before ringing.
    pub message: Option<MessageId>,
    pub timeout: Duration,
}

crate::words! {
    /// How a call is given away.
    pub enum TransferBy {
        /// We call the other end and join the two; the flow goes on when they have talked.
        Bridge = "bridge",
        /// The client's telephone, or the carrier for it, is sent there (REFER, RFC 3515): our part ends.
        Refer = "refer",
    }
}

#[derive(Debug, Clone)]
pub enum TransferTo {
    /// `+…` (E.164) or `sip:…`.
    Fixed(String),
    /// An expression of type phone.
    Phone(Expr),
}

/// A voice message of the person.
#[derive(Debug, Clone)]
pub struct Record {
    /// Said before the beep.
    pub message: MessageId,
    /// Longest message.
    pub max: Duration,
    /// A pause this long ends it.
    pub silence: Duration,
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
    /// Set when an offer is accepted; of a plan, one part but the last.
    pub amount: VarId,
    /// Set when a day is taken; of a plan, the first.
    pub on: VarId,
    /// Present when an offer is a plan; set when a day is taken, for every offer.
    pub plan: Option<PlanVariables>,
}

/// What a plan's read-back says beside the first part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlanVariables {
    /// How many; of an offer that is no plan, 1.
    pub parts: VarId,
    pub last_amount: VarId,
    pub last_on: VarId,
}

#[derive(Debug, Clone)]
pub struct Offer {
    pub share: Share,
    /// Latest day of payment, days from today.
    pub within: u32,
    /// Said for this offer; slots may use the promise's `amount`.
    pub message: MessageId,
    /// An instalment that is a plan: all its parts are promised, so far from each other. `None`: what is promised is one sum.
    pub every: Option<Every>,
    /// Reads back this offer, instead of the promise's own.
    pub confirm: Option<MessageId>,
}

/// From one part of a plan to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Every {
    Days(u32),
    /// The same day of the next month, or its last.
    Month,
}

impl Every {
    /// The day of the part of this index, 0 being the first's.
    pub fn after(self, first: jiff::civil::Date, index: u32) -> jiff::civil::Date {
        let span = match self {
            Every::Days(days) => jiff::Span::new().days(i64::from(days) * i64::from(index)),
            Every::Month => jiff::Span::new().months(i64::from(index)),
        };
        first.saturating_add(span)
    }

    /// At most so many days from the first part to the one of this index.
    pub fn days_max(self, index: u32) -> u32 {
        match self {
            Every::Days(days) => days * index,
            Every::Month => 31 * index,
        }
    }
}

/// Which promises a campaign takes. The default: all that the flow offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PromiseBounds {
    /// None at all.
    pub none: bool,
    /// Most days from today to the payment; of a plan, to its first part.
    pub within_days: Option<u32>,
    /// Most days from today to the last part.
    pub last_within_days: Option<u32>,
    /// The least that all parts together come to, in thousandths of the sum that is asked for.
    pub least_permille: u32,
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
    /// From the entry of the step to an agent's answer.
    pub timeout: Duration,
    /// Who waits for an agent is served in this order, highest first. Evaluates to a number or to money.
    pub priority: Option<Expr>,
    /// Said while waiting, at once when nobody is free and then `every`; may use `position` and `wait`.
    pub waiting: Option<MessageId>,
    pub every: Duration,
    /// Pressed while waiting: leave the queue, be called back.
    pub call_back: Option<String>,
    /// From 1; at most [`POSITION_MAX`] is told.
    pub position: VarId,
    /// Whole minutes, at least 1; at most [`WAIT_MINUTES_MAX`] is told.
    pub wait: VarId,
}

/// From the answer, or from the end of a talk with an agent, to our hanging up.
pub const CALL_LENGTH_MAX: Duration = Duration::from_secs(10 * 60);

pub const POSITION_MAX: i64 = 20;
pub const WAIT_MINUTES_MAX: i64 = 30;

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

    /// What a machine may be left, once each.
    pub fn left_on_machines(&self) -> Vec<&Message> {
        let mut said = BTreeSet::new();
        let mut seen = BTreeSet::new();
        let mut to_see: Vec<StepId> = self.on_machine.into_iter().collect();
        while let Some(id) = to_see.pop() {
            if seen.insert(id) {
                let named = self.step(id);
                said.extend(named.says.iter().copied());
                to_see.extend(named.routes.iter().map(|(_, to)| *to));
            }
        }
        said.into_iter().map(|id| self.message(id)).collect()
    }

    /// Whether a person hears at once, on every way from this step, who rang and how to decline further calls.
    pub fn tells_who_rang(&self, from: StepId) -> bool {
        let mut seen = BTreeSet::new();
        let mut to_see = vec![from];
        while let Some(id) = to_see.pop() {
            if !seen.insert(id) {
                continue;
            }
            let named = self.step(id);
            match named.says.first() {
                // What is asked of them, they must listen to; this they must only hear.
                Some(first) => {
                    let at_once = matches!(named.step, Step::Say { .. } | Step::End { .. });
                    if !at_once || self.message(*first).made != Some(Made::Abandoned) {
                        return false;
                    }
                }
                // Silence while a service is asked, or the end without a word.
                None if named.routes.is_empty() || matches!(named.step, Step::Request(_)) => return false,
                None => to_see.extend(named.routes.iter().map(|(_, to)| *to)),
            }
        }
        true
    }

    /// The first step that asks for an entry which nobody may keep.
    pub fn takes_secrets(&self) -> Option<&NamedStep> {
        self.steps.iter().find(|named| matches!(&named.step, Step::Collect(collect) if collect.listen.secret))
    }

    /// The contact's language when the flow has it, else the flow's first.
    pub fn language_for(&self, wanted: Language) -> Language {
        if self.languages.contains(&wanted) { wanted } else { self.languages[0] }
    }
}
