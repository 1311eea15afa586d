//! The rows: what is kept about contacts, attempts, promises and messages. Field names are column names.

use std::collections::BTreeMap;
use std::fmt;

use jiff::civil::Date;

use super::account::PromisePart;
use super::flow_version::FlowVersion;
use super::ladder_version::{Led, Moved};
use super::visit::VisitReport;
use super::write::Close;
use crate::flow::program::{FlowHash, OptOutScope};
use crate::id::*;
use crate::language::Language;
use crate::money::Money;
use crate::outcome::{AnsweredBy, Blame, Channel, Disposition, HangupCause, Verstat};
use crate::phone::PhoneNumber;
use crate::price::Cost;
use crate::time::{Wall, Zone};

/// A person as one creditor's customer: with all that is owed to that creditor, in one currency.
#[derive(Debug, Clone, PartialEq)]
pub struct Contact {
    pub id: ContactId,
    /// The creditor's own key: the CSV's `contact_id`. Unique.
    pub external_id: String,
    /// The CSV's `person_id`: contacts that share it are one human, the customer of several creditors.
    pub person: Option<String>,
    pub name: String,
    pub language: Language,
    /// The zone that dates and times are told in. Whether calling windows are judged in it alone, `zone_from` says.
    pub zone: Zone,
    pub zone_from: ZoneFrom,
    pub email: Option<String>,
    /// In whose name we call; spoken as `{company}`.
    pub creditor: String,
    pub phones: Vec<Phone>,
    /// At least one.
    pub debts: Vec<Debt>,
    /// Further columns of the CSV, by header; typed by the flow's contact schema when a campaign is created.
    pub fields: BTreeMap<String, String>,
}

crate::words! {
    /// How a contact's zone is known.
    pub enum ZoneFrom {
        /// The creditor says so.
        Given = "given",
        /// Their region or postcode lies in it, and perhaps in others too.
        Region = "region",
        /// One of those that their numbers allow; UTC, when these allow none.
        Number = "number",
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct Phone {
    pub id: PhoneId,
    pub number: PhoneNumber,
    pub state: PhoneState,
}

crate::words! {
    pub enum PhoneState {
        Good = "good",
        /// `invalid_number`, `out_of_service`.
        Bad = "bad",
        /// Somebody else's.
        Wrong = "wrong",
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct Debt {
    pub id: DebtId,
    /// The CSV's `debt_id`; empty for a contact's only debt. Unique within the contact.
    pub external_id: String,
    /// As the creditor last stated it.
    pub amount: Money,
    pub due: Date,
    /// Since then, by the payment feed, in minor units of that currency; what was reversed is taken off.
    pub paid: i64,
}

/// A contact as imported, before it has ids.
#[derive(Debug, Clone, PartialEq)]
pub struct NewContact {
    pub external_id: String,
    pub person: Option<String>,
    pub name: String,
    pub language: Language,
    pub zone: Zone,
    pub zone_from: ZoneFrom,
    pub email: Option<String>,
    pub creditor: String,
    pub phones: Vec<PhoneNumber>,
    /// At least one, all in one currency.
    pub debts: Vec<NewDebt>,
    pub fields: BTreeMap<String, String>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct NewDebt {
    pub external_id: String,
    pub amount: Money,
    pub due: Date,
}

crate::words! {
    pub enum CampaignState {
        Draft = "draft",
        Running = "running",
        Paused = "paused",
        /// By hand; open attempts are cancelled.
        Stopped = "stopped",
        /// No open attempt is left.
        Finished = "finished",
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct Campaign {
    pub id: CampaignId,
    /// Unique.
    pub name: String,
    pub state: CampaignState,
    /// Its weight when lines are shared with other campaigns.
    pub priority: Priority,
    /// The ladder's YAML, as it was when the campaign was created.
    pub ladder: String,
    /// The flows it runs, one a name, pinned.
    pub flows: Vec<FlowVersion>,
    /// Versions it was moved away from, by name, version and hash; attempts made with them still name them.
    pub earlier_flows: Vec<FlowVersion>,
    pub created_at: Wall,
}

/// The weight of a campaign when several want the same lines, 1 to 10: one of 10 is given twice the lines of one of 5.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Priority(u8);

impl Priority {
    pub const LEAST: Priority = Priority(1);
    pub const USUAL: Priority = Priority(5);
    pub const MOST: Priority = Priority(10);

    /// `None`: not from 1 to 10.
    pub fn new(weight: u8) -> Option<Priority> {
        (Priority::LEAST.0..=Priority::MOST.0).contains(&weight).then_some(Priority(weight))
    }

    pub fn weight(self) -> u8 {
        self.0
    }
}

impl fmt::Display for Priority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::str::FromStr for Priority {
    type Err = String;
    fn from_str(s: &str) -> Result<Priority, String> {
        let priority = s.parse().ok().and_then(Priority::new);
        priority.ok_or_else(|| format!("`{s}` is no priority: a whole number from 1 (least) to 10 (most); 5 is usual"))
    }
}

impl Campaign {
    /// A flow that it runs, or ran when some attempt was made.
    pub fn flow(&self, hash: &FlowHash) -> Option<&FlowVersion> {
        self.flows.iter().chain(&self.earlier_flows).find(|f| f.hash == *hash)
    }
}

crate::words! {
    pub enum CampaignEventKind {
        /// By hand: calls from then on use another version of a flow.
        FlowMoved = "flow_moved",
        /// By hand: what comes next for its contacts is another version of the ladder's to say.
        LadderMoved = "ladder_moved",
        /// By the program: what is pinned no longer compiles, so the campaign was paused.
        Suspended = "suspended",
    }
}

/// What happened to a campaign besides the states it is moved to by hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CampaignEvent {
    pub campaign: CampaignId,
    pub at: Wall,
    pub kind: CampaignEventKind,
    /// Plain words.
    pub detail: String,
}

crate::words! {
    pub enum AttemptState {
        Scheduled = "scheduled",
        Claimed = "claimed",
        Live = "live",
        Finished = "finished",
        Cancelled = "cancelled",
    }
}

/// One try to reach a contact on one channel. The attempt is the job: there is no queue beside it.
#[derive(Debug, Clone, PartialEq)]
pub struct Attempt {
    pub id: AttemptId,
    pub campaign: CampaignId,
    pub contact: ContactId,
    pub channel: Channel,
    pub state: AttemptState,
    pub plan: Plan,
    /// Which number was dialled; set when live.
    pub phone: Option<PhoneId>,
    pub flow: Option<FlowHash>,
    pub live_at: Option<Wall>,
    pub finished_at: Option<Wall>,
    /// Present exactly when `state` is `finished`.
    pub outcome: Option<Outcome>,
    pub quality: Option<CallQuality>,
    /// The packs, with version and hash, under which it was let go live.
    pub policy: Option<String>,
    /// By which ladder; set when it is made.
    pub led: Option<Led>,
    /// The number that the person saw: of the trunk that carried it, or refused it last. Set when live; `None` too for what was dialled
    /// before these books kept it.
    pub caller_id: Option<PhoneNumber>,
    /// Which trunk carried it, or refused it last. With the outcome; `None` for what is no call, and before.
    pub trunk: Option<String>,
    /// What it cost by the trunk's tariff; `None`: no tariff.
    pub cost: Option<Cost>,
    /// Of a person who was given an agent, or was to be: how that went.
    pub agent: Option<AgentResult>,
}

crate::words! {
    /// What policy made of an attempt whose turn had come.
    pub enum Verdict {
        /// A message was sent, or a human was given the contact. Calls that went live say so themselves.
        Allowed = "allowed",
        /// The same attempt, later.
        PutOff = "put_off",
        /// Another step of the ladder in its place.
        Replaced = "replaced",
        /// Only a human may go on.
        ToHuman = "to_human",
        /// Nothing more.
        Closed = "closed",
    }
}

/// How often policy decided so in a campaign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RulingCount {
    pub verdict: Verdict,
    pub reason: String,
    pub made_by: Option<String>,
    pub times: u64,
}

/// A decision of policy at an attempt's turn, kept for audit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ruling {
    pub attempt: AttemptId,
    pub at: Wall,
    pub verdict: Verdict,
    /// The rule's one word. `None` exactly for `allowed`.
    pub reason: Option<String>,
    /// Who makes the rule: an id of a pack (`RU-1`), or `ladder`. `None`: every installation keeps it.
    pub made_by: Option<String>,
    pub until: Option<Wall>,
    /// The packs, with version and hash.
    pub policy: String,
}

crate::words! {
    /// What became of a person's wish for an agent, in a campaign that is dialled for agents.
    pub enum AgentResult {
        Connected = "connected",
        /// No agent was there in time. Counts against the cap of abandoned calls.
        Abandoned = "abandoned",
    }
}

/// What a campaign's calls have cost, by currency: in all, and since an instant that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spent {
    pub campaign: CampaignId,
    pub total: Cost,
    pub since: Cost,
}

/// How many people of a campaign who were to talk to an agent did, and how many found none, in one hour since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AgentHour {
    pub campaign: CampaignId,
    pub hour: i64,
    pub connected: u64,
    pub abandoned: u64,
}

/// What slows or stops dialling, as the running service last said: of a trunk, a campaign or the whole service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holding {
    /// `trunk main`, `campaign winter`, `service`. Unique.
    pub about: String,
    /// Plain words: what, why, until when.
    pub says: String,
    pub at: Wall,
}

/// How a call's audio went over the network, both ways. Known when its leg has been closed, before or after the outcome; never,
/// when nothing was heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallQuality {
    /// The mean opinion score of the worse way, in hundredths, 100 to 450: an estimate by ITU-T G.107.
    pub mos_centi: u16,
    /// Of what the far end sent.
    pub heard_loss_permille: Option<u16>,
    pub heard_jitter_ms: Option<u16>,
    /// Of what we sent, when the far end has reported on it.
    pub said_loss_permille: Option<u16>,
    pub said_jitter_ms: Option<u16>,
    pub round_trip_ms: Option<u16>,
}

impl fmt::Display for CallQuality {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MOS {}.{:02}", self.mos_centi / 100, self.mos_centi % 100)?;
        for (way, loss, jitter) in [
            ("heard", self.heard_loss_permille, self.heard_jitter_ms),
            ("said", self.said_loss_permille, self.said_jitter_ms),
        ] {
            if let (Some(loss), Some(jitter)) = (loss, jitter) {
                write!(f, ", {way} {}.{} % lost and {jitter} ms jitter", loss / 10, loss % 10)?;
            }
        }
        self.round_trip_ms.map_or(Ok(()), |ms| write!(f, ", {ms} ms there and back"))
    }
}

/// What the ladder decided about an attempt when it wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    pub channel: Channel,
    /// Index of the ladder's step.
    pub step: u32,
    /// Which try of this step, from 1.
    pub try_number: u32,
    /// Name of the segment the contact was in.
    pub segment: String,
    pub due_at: Wall,
    /// Plain words: why now, who says so. What `ringback why` prints.
    pub why: String,
    /// It is planned later than the ladder says.
    pub moved: Option<Moved>,
}

impl AttemptState {
    /// scheduled, claimed or live: the contact is not done with it.
    pub fn is_open(self) -> bool {
        match self {
            AttemptState::Scheduled | AttemptState::Claimed | AttemptState::Live => true,
            AttemptState::Finished | AttemptState::Cancelled => false,
        }
    }
}

impl Attempt {
    /// As policy and ladder look back on it; `None` while it is open or when it was cancelled.
    pub fn past(&self) -> Option<PastAttempt> {
        let outcome = self.outcome.as_ref()?;
        Some(PastAttempt {
            whose: Whose::Contact,
            channel: self.channel,
            step: self.plan.step,
            try_number: self.plan.try_number,
            at: self.live_at.or(self.finished_at)?,
            phone: self.phone,
            disposition: outcome.disposition,
            blame: outcome.blame,
            answered_by: outcome.answered_by,
            right_party: outcome.right_party,
            node: outcome.node.clone(),
            abandoned_at: self.finished_at.filter(|_| self.agent == Some(AgentResult::Abandoned)),
        })
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    pub disposition: Disposition,
    pub blame: Blame,
    pub cause: Option<HangupCause>,
    pub answered_by: Option<AnsweredBy>,
    pub right_party: bool,
    /// From INVITE to answer or failure.
    pub ring_ms: u32,
    pub talk_ms: u32,
    /// The flow's node where the call ended.
    pub node: Option<String>,
}

/// A finished or open attempt as policy and ladder look back on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastAttempt {
    pub whose: Whose,
    pub channel: Channel,
    pub step: u32,
    pub try_number: u32,
    /// When it was dialled or sent; the instant that caps count.
    pub at: Wall,
    /// Which of the contact's numbers was dialled, whoever was wanted.
    pub phone: Option<PhoneId>,
    pub disposition: Disposition,
    pub blame: Blame,
    /// `None`: nobody and nothing picked up.
    pub answered_by: Option<AnsweredBy>,
    pub right_party: bool,
    /// The flow's node where the call ended.
    pub node: Option<String>,
    /// When the call ended, if its person was to talk to an agent and found none.
    pub abandoned_at: Option<Wall>,
}

crate::words! {
    /// Whom an attempt was made to, seen from a contact.
    pub enum Whose {
        /// This contact.
        Contact = "contact",
        /// The same human as another creditor's customer.
        Person = "person",
        /// Somebody else who has one of the contact's numbers.
        Line = "line",
    }
}

crate::words! {
    pub enum PromiseState {
        Open = "open",
        /// Enough was paid in time.
        Kept = "kept",
        /// Something was paid in time, and not enough.
        PartlyKept = "partly_kept",
        Broken = "broken",
        /// Another promise took its place.
        Superseded = "superseded",
        /// It binds no more: taken back by hand, the plan failed before, or nothing is owed any more.
        Withdrawn = "withdrawn",
    }
}

/// A sum promised for a day; one of `parts` in a plan of instalments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Promise {
    pub id: PromiseId,
    pub contact: ContactId,
    /// The call in which it was made: the evidence.
    pub attempt: AttemptId,
    /// From 1.
    pub part: u32,
    pub parts: u32,
    pub amount: Money,
    pub on: Date,
    /// From which sum on it counts as kept.
    pub least: Money,
    /// The first instant after the last day of grace, in the contact's zone.
    pub judge_at: Wall,
    pub state: PromiseState,
    pub made_at: Wall,
    /// By hand.
    pub withdrawn_at: Option<Wall>,
}

impl Promise {
    pub fn new(
        id: PromiseId,
        contact: ContactId,
        attempt: AttemptId,
        part: u32,
        parts: u32,
        of: &PromisePart,
        at: Wall,
    ) -> Promise {
        let PromisePart { amount, on, least, judge_at } = *of;
        let state = PromiseState::Open;
        Promise {
            id,
            contact,
            attempt,
            part,
            parts,
            amount,
            on,
            least,
            judge_at,
            state,
            made_at: at,
            withdrawn_at: None,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payment {
    /// The feed's own.
    pub id: String,
    /// The order in which payments and their reversals became known; a reversal takes a new one.
    pub number: i64,
    pub contact: ContactId,
    /// The `debt_id` that it named.
    pub debt: Option<String>,
    pub amount: Money,
    /// When the person paid.
    pub paid_at: Wall,
    /// When we were told.
    pub at: Wall,
    pub reversed_at: Option<Wall>,
    /// To which debts it went.
    pub parts: Vec<PaymentPart>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PaymentPart {
    pub debt: DebtId,
    /// In minor units; above zero.
    pub minor: i64,
}

/// Do not contact: why. Holds for every campaign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suppression {
    pub contact: ContactId,
    /// `None`: the person on every number and channel.
    pub phone: Option<PhoneId>,
    pub scope: OptOutScope,
    pub reason: Disposition,
    pub at: Wall,
}

/// Everything that policy and ladder ask about one contact in one campaign.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing {
    pub contact: Contact,
    /// Of all campaigns, of everybody in [`Whose`], oldest first; finished attempts only.
    pub past: Vec<PastAttempt>,
    /// Of this campaign only: `past` indexes are not needed by callers that walk one ladder.
    pub past_here: Vec<PastAttempt>,
    pub suppressions: Vec<Suppression>,
    pub promises: Vec<Promise>,
}

/// An attempt that the engine holds the lease of, with all it needs to decide about it.
#[derive(Debug, Clone, PartialEq)]
pub struct Claimed {
    pub attempt: Attempt,
    pub standing: Standing,
}

crate::words! {
    pub enum OutboxState {
        Queued = "queued",
        Sent = "sent",
        /// Given up after all tries; the contact is not told.
        Failed = "failed",
    }
}

/// One SMS or e-mail, written in the transaction that decided on it, sent at least once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxMessage {
    pub id: OutboxId,
    pub attempt: AttemptId,
    /// `Sms` or `Email`.
    pub channel: Channel,
    /// E.164 number or e-mail address.
    pub to: String,
    pub subject: Option<String>,
    pub body: String,
    pub state: OutboxState,
    pub tries: u32,
    pub next_try_at: Wall,
    pub last_error: Option<String>,
}

/// A contact waiting for a human.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorklistEntry {
    pub id: WorklistId,
    pub contact: ContactId,
    pub attempt: AttemptId,
    pub queue: String,
    /// Plain words for the agent: why this contact is here.
    pub reason: String,
    pub at: Wall,
}

/// A line of a call's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallEvent {
    pub call: CallId,
    pub at: Wall,
    /// One word: `entered`, `said`, `pressed`…
    pub kind: String,
    pub detail: String,
}

/// A call that came in. It has no attempt: nobody was to be reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InboundCall {
    pub id: CallId,
    /// The number that was dialled, as the trunk gave it.
    pub did: String,
    pub caller: Caller,
    /// The flow's name and version.
    pub flow: String,
    pub answered_at: Wall,
    /// `None` while it is up.
    pub ended: Option<InboundEnd>,
    pub quality: Option<CallQuality>,
}

/// What is said of who rings. Hints, never proofs: whoever rings can have the number say anything.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Caller {
    /// The carrier's word before the caller's own. `None`: withheld, or no number. The column `caller`.
    pub number: Option<PhoneNumber>,
    /// Whether the network in between has verified the number. `None`: it does not say.
    pub verstat: Option<Verstat>,
    /// Whom they had rung before the call was sent on to us.
    pub diverted_from: Option<PhoneNumber>,
}

/// When and how a call that came in ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InboundEnd {
    pub at: Wall,
    pub disposition: Disposition,
    pub cause: Option<HangupCause>,
    pub talk_ms: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ImportSummary {
    pub added: u64,
    pub changed: u64,
    pub unchanged: u64,
    /// Rows that the part given names as further debts.
    pub further: u64,
    /// (index in the rows given, why): what contradicts the books. The other rows are kept.
    pub refused: Vec<(usize, String)>,
}

/// A contact that is closed in a campaign and is to be looked at again.
#[derive(Debug, Clone, PartialEq)]
pub struct Sleeper {
    pub campaign: CampaignId,
    pub standing: Standing,
    /// The plan of its last attempt there.
    pub last: Option<Plan>,
    /// Why it was closed.
    pub closed: Close,
}

/// One contact's history, for `ringback why`.
#[derive(Debug, Clone, PartialEq)]
pub struct History {
    /// Its `past_here` is empty: no single campaign is asked about.
    pub standing: Standing,
    /// Of every campaign, in order of id, open ones included.
    pub attempts: Vec<Attempt>,
    /// (campaign, why it closed), for campaigns that are done with the contact.
    pub closed: Vec<(CampaignId, Close)>,
    pub worklist: Vec<WorklistEntry>,
    pub outbox: Vec<OutboxMessage>,
    /// In the order in which they were made.
    pub rulings: Vec<Ruling>,
    /// In order of the visits.
    pub visits: Vec<VisitReport>,
}
