//! Where the books are kept: SQLite on disk, or memory. An edge: it waits, it decides nothing.

use std::future::Future;

pub mod memory;
mod refusal;
pub mod sqlite;

pub use memory::MemoryStore;
pub use refusal::refusal;
pub use sqlite::{Counters, SqliteOptions, SqliteStore};

pub use crate::books::{History, ImportSummary};

use crate::books::*;
use crate::flow::program::FlowHash;
use crate::id::*;
use crate::phone::PhoneNumber;
use crate::time::Wall;

/// What a caller can do about a failure.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Ask for something else.
    #[error("{0} is not there")]
    NotFound(String),
    /// The books say otherwise: the write was refused, nothing of its group was kept.
    #[error("{0}")]
    Conflict(String),
    /// Full disk, locked or lost database: stop dialling, try later. Nothing of the group was kept.
    #[error("the database is not available: {0}")]
    Unavailable(String),
}

impl From<BookError> for StoreError {
    fn from(e: BookError) -> StoreError {
        match e {
            BookError::NotFound(what) => StoreError::NotFound(what),
            BookError::Conflict(why) => StoreError::Conflict(why),
        }
    }
}

pub type Result<T> = std::result::Result<T, StoreError>;

pub trait Store: Send + Sync + 'static {
    /// Upserts by `external_id`. The same rows again change nothing.
    fn import(&self, rows: &[NewContact], at: Wall) -> impl Future<Output = Result<ImportSummary>> + Send;

    /// Some lines of a file, in one transaction, counted in their batch.
    fn import_part(&self, part: ImportPart, at: Wall) -> impl Future<Output = Result<ImportSummary>> + Send;
    /// What importing them would come to; the books stay as they are.
    fn try_import(&self, part: ImportPart, at: Wall) -> impl Future<Output = Result<ImportSummary>> + Send;
    /// A file is about to be taken over.
    fn begin_import(&self, of: &NewBatch, at: Wall) -> impl Future<Output = Result<ImportBatchId>> + Send;
    /// All of it is in the books.
    fn finish_import(&self, batch: ImportBatchId, at: Wall) -> impl Future<Output = Result<()>> + Send;
    /// Oldest first.
    fn imports(&self) -> impl Future<Output = Result<Vec<ImportBatch>>> + Send;
    /// A batch's faults in the order they were found, without the first `skip`.
    fn import_rejects(
        &self,
        batch: ImportBatchId,
        skip: u64,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<ImportReject>>> + Send;
    /// How many faults of which kind, the most frequent first.
    fn import_reject_kinds(&self, batch: ImportBatchId) -> impl Future<Output = Result<Vec<(RejectCode, u64)>>> + Send;
    /// How many numbers several contacts have now.
    fn shared_numbers(&self) -> impl Future<Output = Result<u64>> + Send;
    /// Takes a batch back: contacts that it added go, those that it changed get their values of before, and those with which the
    /// books have moved on stay. See [`Whereabouts`]. Breaks off between contacts; done again, it goes on.
    fn undo_import(&self, batch: ImportBatchId, at: Wall) -> impl Future<Output = Result<Undone>> + Send;

    /// Keeps a flow for good under its name, version and hash. A conflict when the name and version are published with
    /// another content.
    fn publish(&self, flow: &FlowVersion, at: Wall) -> impl Future<Output = Result<Publication>> + Send;
    /// All of them, by name, version and when.
    fn published(&self) -> impl Future<Output = Result<Vec<PublishedFlow>>> + Send;

    /// As [`Store::publish`], for a ladder that has a version.
    fn publish_ladder(&self, ladder: &LadderVersion, at: Wall) -> impl Future<Output = Result<Publication>> + Send;
    /// All of them, by name and version.
    fn published_ladders(&self) -> impl Future<Output = Result<Vec<PublishedLadder>>> + Send;
    /// What comes next for the campaign's contacts is said by this ladder from now on; an event says so in the words of `detail`. `false`:
    /// it was already. Whether the campaign's attempts can go on with it, the caller has found out.
    fn use_ladder(
        &self,
        id: CampaignId,
        ladder: &str,
        detail: &str,
        at: Wall,
    ) -> impl Future<Output = Result<bool>> + Send;
    /// Faults of lines in the files that brought or changed contacts of this campaign, by kind, the most frequent first. What was taken
    /// back counts no more.
    fn campaign_rejects(&self, campaign: CampaignId) -> impl Future<Output = Result<Vec<(RejectCode, u64)>>> + Send;

    /// Pins the flows to it; those not published yet are published, or the campaign is refused.
    fn create_campaign(
        &self,
        name: &str,
        ladder: &str,
        flows: &[FlowVersion],
        at: Wall,
    ) -> impl Future<Output = Result<CampaignId>> + Send;
    fn campaigns(&self) -> impl Future<Output = Result<Vec<Campaign>>> + Send;
    fn campaign(&self, name: &str) -> impl Future<Output = Result<Campaign>> + Send;
    /// `Stopped` also cancels the campaign's scheduled attempts.
    fn set_campaign_state(
        &self,
        id: CampaignId,
        state: CampaignState,
        at: Wall,
    ) -> impl Future<Output = Result<()>> + Send;

    /// Running → paused, and an event that says why: the program itself cannot go on with it. Other states stay.
    fn suspend_campaign(&self, id: CampaignId, why: &str, at: Wall) -> impl Future<Output = Result<()>> + Send;
    /// Calls dialled from now on use this published version in place of the one of the same name that is pinned; an
    /// event says so. `false`: they did already.
    fn use_flow(&self, id: CampaignId, flow: &FlowHash, at: Wall) -> impl Future<Output = Result<bool>> + Send;
    /// Oldest first.
    fn campaign_events(&self, id: CampaignId) -> impl Future<Output = Result<Vec<CampaignEvent>>> + Send;

    /// Contacts with id > `after` not yet in the campaign, in order of id.
    fn not_enrolled(
        &self,
        campaign: CampaignId,
        after: ContactId,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<Standing>>> + Send;
    fn enrol(&self, campaign: CampaignId, batch: &[Enrolment], at: Wall) -> impl Future<Output = Result<()>> + Send;

    /// The campaign's weight when lines are shared. A conflict when it was stopped.
    fn set_priority(&self, id: CampaignId, priority: Priority) -> impl Future<Output = Result<()>> + Send;

    /// What slows or stops dialling now, in place of all that was said before.
    fn tell_holding(&self, holding: &[Holding]) -> impl Future<Output = Result<()>> + Send;
    /// As last said, by what it is about.
    fn holding(&self) -> impl Future<Output = Result<Vec<Holding>>> + Send;
    /// What calls have cost, by campaign and currency; `since`: those that ended then or later.
    fn spent(&self, since: Wall) -> impl Future<Output = Result<Vec<Spent>>> + Send;
    /// Who found an agent and who did not, by campaign and hour, of calls that ended at `since` or later.
    fn agent_hours(&self, since: Wall) -> impl Future<Output = Result<Vec<AgentHour>>> + Send;

    /// Of each campaign that is named and runs, at most so many of its due attempts, its oldest; each is leased to the caller
    /// until `lease_until`. All of them together, oldest first. A lease that has run out makes a claimed attempt claimable
    /// again; a live one never is.
    fn claim_due(
        &self,
        now: Wall,
        lease_until: Wall,
        wanted: &[(CampaignId, u32)],
    ) -> impl Future<Output = Result<Vec<Claimed>>> + Send;
    /// When the earliest scheduled attempt of a running campaign is due.
    fn next_due(&self) -> impl Future<Output = Result<Option<Wall>>> + Send;
    /// What a process that died left behind: claimed attempts go back to scheduled; live ones are returned, to be
    /// closed as `unknown_outcome` by the caller.
    fn recover(&self) -> impl Future<Output = Result<Vec<Claimed>>> + Send;

    /// All of the group or none of it, on disk when it returns.
    fn apply(&self, group: &[Write]) -> impl Future<Output = Result<()>> + Send;

    /// Books payments: each, or none of it, with what it does to debts, promises and open attempts. A payment id counts once.
    fn pay(&self, payments: &[NewPayment], at: Wall) -> impl Future<Output = Result<Vec<Result<Paid>>>> + Send;
    /// Books all of them or none: with one refusal the books stay as they were, and the other answers say what would have been.
    fn pay_all(&self, payments: &[NewPayment], at: Wall) -> impl Future<Output = Result<Vec<Result<Paid>>>> + Send;
    /// What a contact owes, has promised and paid.
    fn account(&self, of: AccountOf<'_>) -> impl Future<Output = Result<Account>> + Send;
    /// Takes a payment back; what it paid is owed again. `false`: it was reversed before.
    fn reverse(&self, payment_id: &str, at: Wall) -> impl Future<Output = Result<bool>> + Send;
    /// With number > `after`, in order of number: what has become known since, reversals included.
    fn payments(&self, after: i64, limit: u32) -> impl Future<Output = Result<Vec<Payment>>> + Send;
    /// The highest number of them; 0 without any.
    fn last_payment(&self) -> impl Future<Output = Result<i64>> + Send;
    /// Judges open promises whose time has come, at most `limit`. Returns how many.
    fn judge_promises(&self, now: Wall, limit: u32) -> impl Future<Output = Result<u64>> + Send;
    /// By hand: an open promise binds no more.
    fn withdraw_promise(&self, id: PromiseId, at: Wall) -> impl Future<Output = Result<()>> + Send;
    /// Closed contacts of running campaigns that are to be looked at again, the longest overdue first.
    fn sleepers(&self, now: Wall, limit: u32) -> impl Future<Output = Result<Vec<Sleeper>>> + Send;
    /// What sleepers get. One that is open again, or that another campaign works on, gets no attempt.
    fn wake(&self, campaign: CampaignId, batch: &[Enrolment], at: Wall) -> impl Future<Output = Result<()>> + Send;

    fn outbox_due(&self, now: Wall, limit: u32) -> impl Future<Output = Result<Vec<OutboxMessage>>> + Send;
    fn outbox_sent(&self, id: OutboxId, at: Wall) -> impl Future<Output = Result<()>> + Send;
    /// `next_try_at: None` gives the message up as failed.
    fn outbox_failed(
        &self,
        id: OutboxId,
        error: &str,
        next_try_at: Option<Wall>,
    ) -> impl Future<Output = Result<()>> + Send;

    fn history(&self, external_id: &str) -> impl Future<Output = Result<History>> + Send;
    /// With id > `after`, in order of id.
    fn attempts(
        &self,
        campaign: Option<CampaignId>,
        after: AttemptId,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<Attempt>>> + Send;
    /// The campaign's scheduled, claimed and live attempts with id > `after`, in order of id, each with its contact's standing.
    fn open_attempts(
        &self,
        campaign: CampaignId,
        after: AttemptId,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<Claimed>>> + Send;
    /// Visits that were given out and not reported, with id > `after`, in order of id, each with its contact's standing.
    fn visits_to_report(
        &self,
        contact: Option<ContactId>,
        after: AttemptId,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<Claimed>>> + Send;
    fn contacts(&self, after: ContactId, limit: u32) -> impl Future<Output = Result<Vec<Contact>>> + Send;
    /// What reports count, a contact at a time: those behind `after`, of the campaign or all, the contacts of a person in one piece.
    fn ledgers(
        &self,
        campaign: Option<CampaignId>,
        after: &LedgerPlace,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<Ledger>>> + Send;
    /// Calls dialled with id > `after`, in order of id.
    fn call_paths(
        &self,
        campaign: Option<CampaignId>,
        after: CallId,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<CallPath>>> + Send;
    fn promises(&self) -> impl Future<Output = Result<Vec<Promise>>> + Send;
    fn worklist(&self) -> impl Future<Output = Result<Vec<WorklistEntry>>> + Send;
    fn outbox(&self) -> impl Future<Output = Result<Vec<OutboxMessage>>> + Send;
    fn call_events(&self, call: CallId) -> impl Future<Output = Result<Vec<CallEvent>>> + Send;
    /// Calls that came in, newest first: those before `before` only, at most `limit`.
    fn inbound_calls(
        &self,
        before: Option<CallId>,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<InboundCall>>> + Send;
    /// Those of them that have not ended, newest first.
    fn inbound_calls_up(&self) -> impl Future<Output = Result<Vec<CallId>>> + Send;
    /// What is kept of people, a contact at a time, as far as it decides what may go.
    fn keepings(&self, whom: &Whom) -> impl Future<Output = Result<Vec<Keeping>>> + Send;
    /// Deletes what it names of one contact, all or nothing. A conflict while a call with it is up.
    fn forget(&self, what: &Forget, at: Wall) -> impl Future<Output = Result<Forgotten>> + Send;
    /// Calls that came in from numbers of these contacts.
    fn inbound_of(&self, contacts: &[ContactId]) -> impl Future<Output = Result<InboundOf>> + Send;
    /// Who rang, and the logs. A conflict while one of them is up.
    fn forget_inbound(&self, calls: &[CallId]) -> impl Future<Output = Result<Forgotten>> + Send;
    /// Values of a contact that imports replaced, oldest first.
    fn earlier(&self, contact: ContactId) -> impl Future<Output = Result<Vec<Earlier>>> + Send;
    /// What was deleted is no longer in files beside the books, either.
    fn forget_traces(&self) -> impl Future<Output = Result<()>> + Send;
    fn tell_purge(&self, told: &PurgeReport) -> impl Future<Output = Result<()>> + Send;
    /// Newest first.
    fn purges(&self, limit: u32) -> impl Future<Output = Result<Vec<PurgeReport>>> + Send;
    /// Numbers not to be called, whoever has them: those with a hash > `after`, in order of hash.
    fn suppressed_numbers(
        &self,
        after: Option<&SuppressionHash>,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<SuppressedNumber>>> + Send;
    /// Whether this one is on the list.
    fn suppressed_number(&self, number: &PhoneNumber) -> impl Future<Output = Result<Option<SuppressedNumber>>> + Send;
    /// Those that were taken off that list, in the order in which they were.
    fn released_numbers(&self) -> impl Future<Output = Result<Vec<ReleasedNumber>>> + Send;
    /// How often policy did not simply let the attempts of a campaign go, by verdict, reason and who makes the rule.
    fn rulings(&self, campaign: CampaignId) -> impl Future<Output = Result<Vec<RulingCount>>> + Send;
    /// These decisions themselves: those with id > `after`, in order of id, of the campaign or all.
    fn kept_rulings(
        &self,
        campaign: Option<CampaignId>,
        after: RulingId,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<KeptRuling>>> + Send;
    /// How many contacts the campaign (or all of them) closed, by reason; `open` counts those it still works on.
    fn closings(&self, campaign: Option<CampaignId>) -> impl Future<Output = Result<Vec<(String, u64)>>> + Send;
}
