//! The books in one SQLite file. One writes at a time, a few read; writes that arrive together share a commit.
//!
//! WAL with `synchronous = FULL`: what a call returned from is on disk. Start at `apply.rs` for the writes
//! of calls, `writer.rs` for the other transactions, `read.rs` for the queries; the schema lies in `migrations/sqlite`.

/// What SQL asks where `Contact::paid` is meant: of the contact whose id this is.
macro_rules! owes_nothing {
    ($contact:literal) => {
        concat!("NOT EXISTS (SELECT 1 FROM debt d WHERE d.contact = ", $contact, " AND d.paid < d.amount)")
    };
}

mod apply;
mod campaign;
mod error;
mod flow;
mod hashing;
mod import;
mod ladder;
mod ledger;
mod lines;
mod money;
mod person;
mod raw;
mod read;
mod reader;
mod row;
mod undo;
mod writer;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, SqlSafeStr, SqlitePool};
use tokio::sync::{Mutex, mpsc, oneshot};

use self::apply::{Group, Pen};
use self::import::{Bulk, Opening};
use self::reader::Readers;
use self::undo::Undoing;
use self::writer::Writer;
use super::{Result, Store, StoreError};
use crate::books::*;
use crate::flow::program::FlowHash;
use crate::id::*;
use crate::phone::PhoneNumber;
use crate::time::Wall;

/// What an operator may turn.
#[derive(Debug, Clone)]
pub struct SqliteOptions {
    /// How long a write waits for another process that writes before it is `Unavailable`.
    pub busy_timeout: Duration,
    /// The file may grow to this many pages of 4 KiB; beyond them it counts as a full disk.
    pub pages_max: Option<u32>,
}

impl Default for SqliteOptions {
    fn default() -> SqliteOptions {
        SqliteOptions { busy_timeout: Duration::from_secs(5), pages_max: None }
    }
}

const READERS_MAX: u32 = 4;
/// Groups waiting for the writer; a caller beyond it waits for room.
const QUEUE_MAX: usize = 1024;

#[derive(Debug, Clone)]
pub struct SqliteStore {
    readers: SqlitePool,
    /// For reports and exports.
    reports: Arc<Readers>,
    writer: Arc<Mutex<Writer>>,
    groups: mpsc::Sender<Group>,
    /// The connection that imports, while there is something to import. Used by who holds the writer.
    bulk: Arc<std::sync::Mutex<Option<Bulk>>>,
    opening: Arc<Opening>,
    counters: Arc<Counting>,
}

/// What the connection that writes has done since it was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counters {
    /// Committed, each on disk.
    pub transactions: u64,
    /// Inside and around them.
    pub statements: u64,
}

#[derive(Debug, Default)]
struct Counting {
    transactions: AtomicU64,
    statements: AtomicU64,
}

impl SqliteStore {
    /// Opens the file, creates it when it is missing, and brings its schema up to date. Within a tokio runtime.
    pub async fn open(path: impl AsRef<Path>) -> Result<SqliteStore> {
        SqliteStore::open_with(path, SqliteOptions::default()).await
    }

    /// What has been written through this store.
    pub fn counters(&self) -> Counters {
        let Counting { transactions, statements } = &*self.counters;
        Counters { transactions: transactions.load(Relaxed), statements: statements.load(Relaxed) }
    }

    pub async fn open_with(path: impl AsRef<Path>, chosen: SqliteOptions) -> Result<SqliteStore> {
        let path = path.as_ref();
        let mut options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(chosen.busy_timeout)
            // What is deleted or replaced is overwritten: erased is erased. Little is ever deleted.
            .pragma("secure_delete", "ON")
            .disable_statement_logging();
        if let Some(pages) = chosen.pages_max {
            options = options.pragma("max_page_count", pages.to_string());
        }
        let opening = |e: StoreError| match e {
            StoreError::Unavailable(why) => StoreError::Unavailable(format!("{}: {why}", path.display())),
            other @ (StoreError::NotFound(_) | StoreError::Conflict(_)) => other,
        };
        let key = bring_up_to_date(&options).await.map_err(opening)?;
        let connection = options.connect().await.map_err(|e| opening(e.into()))?;
        let readers = SqlitePoolOptions::new()
            .max_connections(READERS_MAX)
            .connect_with(options.read_only(true))
            .await
            .map_err(|e| opening(e.into()))?;
        let counters = Arc::<Counting>::default();
        let writer = Arc::new(Mutex::new(Writer::new(connection, counters.clone())));
        let (groups, queue) = mpsc::channel(QUEUE_MAX);
        let connection = raw::Connection::open(path, &chosen).map_err(opening)?;
        let reports = Arc::new(Readers::new(path.to_path_buf(), chosen.clone()));
        let bulk = Opening { path: path.to_path_buf(), options: chosen, counters: counters.clone(), key: key.clone() };
        let pen = Pen::new(connection, counters.clone(), key);
        let (others, runtime) = (Arc::clone(&writer), tokio::runtime::Handle::current());
        let thread = std::thread::Builder::new().name("books".into());
        let committing = thread.spawn(move || apply::commit_groups(pen, &others, &runtime, queue));
        committing.map_err(|e| StoreError::Unavailable(format!("no thread for the database: {e}")))?;
        Ok(SqliteStore { readers, reports, writer, groups, bulk: Arc::default(), opening: Arc::new(bulk), counters })
    }

    /// On a thread that may wait, with nobody else writing. A caller that gives up does not stop it halfway.
    async fn in_bulk<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Bulk) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let mut writer = Arc::clone(&self.writer).lock_owned().await;
        // What a caller that gave up in the middle has left holds the lock.
        if writer.in_transaction() {
            writer.rollback().await;
        }
        let (bulk, opening) = (Arc::clone(&self.bulk), Arc::clone(&self.opening));
        let done = tokio::task::spawn_blocking(move || {
            let mut bulk = bulk.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            let open = match bulk.take() {
                Some(open) => open,
                None => opening.open()?,
            };
            let result = work(bulk.insert(open));
            drop(writer);
            result
        });
        done.await.map_err(|e| StoreError::Unavailable(format!("the import's thread broke off: {e}")))?
    }

    /// Gives back what the import's connection holds in memory.
    fn close_bulk(&self) {
        self.bulk.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
    }
}

/// Tables that are built again lose the rows that point at them for a moment, so their keys are checked at the end.
async fn bring_up_to_date(options: &SqliteConnectOptions) -> Result<SuppressionKey> {
    let mut connection = options.clone().foreign_keys(false).connect().await?;
    migrator().run(&mut connection).await.map_err(|e| StoreError::Unavailable(e.to_string()))?;
    let key = hashing::move_over(&mut connection).await?;
    let astray = sqlx::query("PRAGMA foreign_key_check").fetch_optional(&mut connection).await?;
    if let Some(astray) = astray {
        let table: String = row::get(&astray, 0)?;
        return Err(StoreError::Unavailable(format!("a row of `{table}` points at one that is not there")));
    }
    sqlx::Connection::close(connection).await?;
    Ok(key)
}

fn migrator() -> Migrator {
    let all = [
        (1, "books", include_str!("../../../migrations/sqlite/0001_books.sql")),
        (2, "flow versions", include_str!("../../../migrations/sqlite/0002_flow_versions.sql")),
        (3, "inbound calls", include_str!("../../../migrations/sqlite/0003_inbound_calls.sql")),
        (4, "what calls tell", include_str!("../../../migrations/sqlite/0004_what_calls_tell.sql")),
        (5, "debts, promises, payments", include_str!("../../../migrations/sqlite/0005_debts_promises_payments.sql")),
        (7, "policy", include_str!("../../../migrations/sqlite/0007_policy.sql")),
        (8, "import batches", include_str!("../../../migrations/sqlite/0008_import_batches.sql")),
        (9, "pacing", include_str!("../../../migrations/sqlite/0009_pacing.sql")),
        (10, "reports", include_str!("../../../migrations/sqlite/0010_reports.sql")),
        (11, "persons", include_str!("../../../migrations/sqlite/0011_persons.sql")),
        (13, "ladder versions", include_str!("../../../migrations/sqlite/0013_ladder_versions.sql")),
        (14, "whole imports", include_str!("../../../migrations/sqlite/0014_whole_imports.sql")),
        (16, "numbers shown", include_str!("../../../migrations/sqlite/0016_numbers_shown.sql")),
    ];
    let migration = |(number, name, sql): (i64, &'static str, &'static str)| {
        Migration::new(number, name.into(), MigrationType::Simple, sql.into_sql_str(), false)
    };
    Migrator::with_migrations(all.map(migration).to_vec())
}

impl Store for SqliteStore {
    async fn import(&self, rows: &[NewContact], at: Wall) -> Result<ImportSummary> {
        let part = ImportPart { rows: rows.to_vec(), ..ImportPart::default() };
        self.import_part(part, at).await
    }

    async fn import_part(&self, part: ImportPart, at: Wall) -> Result<ImportSummary> {
        self.in_bulk(move |bulk| bulk.import(&part, at, true)).await
    }

    async fn try_import(&self, part: ImportPart, at: Wall) -> Result<ImportSummary> {
        let part = ImportPart { batch: None, ..part };
        self.in_bulk(move |bulk| bulk.import(&part, at, false)).await
    }

    async fn begin_import(&self, of: &NewBatch, at: Wall) -> Result<ImportBatchId> {
        let of = of.clone();
        self.in_bulk(move |bulk| bulk.begin_import(&of, at)).await
    }

    async fn finish_import(&self, batch: ImportBatchId, at: Wall) -> Result<()> {
        self.in_bulk(move |bulk| bulk.finish_import(batch, at)).await?;
        self.close_bulk();
        Ok(())
    }

    async fn imports(&self) -> Result<Vec<ImportBatch>> {
        read::imports(&self.readers).await
    }

    async fn import_rejects(&self, batch: ImportBatchId, skip: u64, limit: u32) -> Result<Vec<ImportReject>> {
        read::import_rejects(&self.readers, batch, skip, limit).await
    }

    async fn import_reject_kinds(&self, batch: ImportBatchId) -> Result<Vec<(RejectCode, u64)>> {
        read::import_reject_kinds(&self.readers, batch).await
    }

    async fn shared_numbers(&self) -> Result<u64> {
        read::shared_numbers(&self.readers).await
    }

    async fn undo_import(&self, batch: ImportBatchId, at: Wall) -> Result<Undone> {
        let mut undoing = Undoing::default();
        loop {
            // Others write between two steps.
            let step = move |bulk: &mut Bulk| {
                let mut undoing = undoing;
                bulk.undo_some(batch, at, &mut undoing).map(|done| (undoing, done))
            };
            let (so_far, done) = self.in_bulk(step).await?;
            undoing = so_far;
            if done {
                self.close_bulk();
                return Ok(undoing.undone());
            }
        }
    }

    async fn publish(&self, flow: &FlowVersion, at: Wall) -> Result<Publication> {
        self.writer.lock().await.publish(flow, at).await
    }

    async fn published(&self) -> Result<Vec<PublishedFlow>> {
        flow::published(&self.readers).await
    }

    async fn publish_ladder(&self, ladder: &LadderVersion, at: Wall) -> Result<Publication> {
        self.writer.lock().await.publish_ladder(ladder, at).await
    }

    async fn published_ladders(&self) -> Result<Vec<PublishedLadder>> {
        ladder::published(&self.readers).await
    }

    async fn use_ladder(&self, id: CampaignId, ladder: &str, detail: &str, at: Wall) -> Result<bool> {
        self.writer.lock().await.use_ladder(id, ladder, detail, at).await
    }

    async fn campaign_rejects(&self, campaign: CampaignId) -> Result<Vec<(RejectCode, u64)>> {
        read::campaign_rejects(&self.readers, campaign).await
    }

    async fn create_campaign(&self, name: &str, ladder: &str, flows: &[FlowVersion], at: Wall) -> Result<CampaignId> {
        self.writer.lock().await.create_campaign(name, ladder, flows, at).await
    }

    async fn campaigns(&self) -> Result<Vec<Campaign>> {
        read::campaigns(&self.readers).await
    }

    async fn campaign(&self, name: &str) -> Result<Campaign> {
        let found = self.campaigns().await?.into_iter().find(|c| c.name == name);
        found.ok_or_else(|| StoreError::NotFound(format!("campaign `{name}`")))
    }

    async fn set_campaign_state(&self, id: CampaignId, state: CampaignState, _at: Wall) -> Result<()> {
        self.writer.lock().await.set_campaign_state(id, state).await
    }

    async fn suspend_campaign(&self, id: CampaignId, why: &str, at: Wall) -> Result<()> {
        self.writer.lock().await.suspend_campaign(id, why, at).await
    }

    async fn use_flow(&self, id: CampaignId, flow: &FlowHash, at: Wall) -> Result<bool> {
        self.writer.lock().await.use_flow(id, flow, at).await
    }

    async fn campaign_events(&self, id: CampaignId) -> Result<Vec<CampaignEvent>> {
        flow::campaign_events(&self.readers, id).await
    }

    async fn not_enrolled(&self, campaign: CampaignId, after: ContactId, limit: u32) -> Result<Vec<Standing>> {
        read::not_enrolled(&self.readers, campaign, after, limit).await
    }

    async fn enrol(&self, campaign: CampaignId, batch: &[Enrolment], _at: Wall) -> Result<()> {
        self.writer.lock().await.enrol(campaign, batch).await
    }

    async fn set_priority(&self, id: CampaignId, priority: Priority) -> Result<()> {
        self.writer.lock().await.set_priority(id, priority).await
    }

    async fn tell_holding(&self, holding: &[Holding]) -> Result<()> {
        self.writer.lock().await.tell_holding(holding).await
    }

    async fn holding(&self) -> Result<Vec<Holding>> {
        read::holding(&self.readers).await
    }

    async fn spent(&self, since: Wall) -> Result<Vec<Spent>> {
        read::spent(&self.readers, since).await
    }

    async fn agent_hours(&self, since: Wall) -> Result<Vec<AgentHour>> {
        read::agent_hours(&self.readers, since).await
    }

    async fn claim_due(&self, now: Wall, lease_until: Wall, wanted: &[(CampaignId, u32)]) -> Result<Vec<Claimed>> {
        let attempts = self.writer.lock().await.claim_due(now, lease_until, wanted).await?;
        read::with_standing(&self.readers, attempts).await
    }

    async fn next_due(&self) -> Result<Option<Wall>> {
        read::next_due(&self.readers).await
    }

    async fn recover(&self) -> Result<Vec<Claimed>> {
        let attempts = self.writer.lock().await.recover().await?;
        read::with_standing(&self.readers, attempts).await
    }

    async fn apply(&self, group: &[Write]) -> Result<()> {
        let (done, answer) = oneshot::channel();
        let gone = || StoreError::Unavailable("the writer has ended".into());
        self.groups.send(Group { writes: group.to_vec(), done }).await.map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }

    async fn pay(&self, payments: &[NewPayment], at: Wall) -> Result<Vec<Result<Paid>>> {
        self.writer.lock().await.pay(payments, at).await
    }

    async fn pay_all(&self, payments: &[NewPayment], at: Wall) -> Result<Vec<Result<Paid>>> {
        self.writer.lock().await.pay_all(payments, at).await
    }

    async fn account(&self, of: AccountOf<'_>) -> Result<Account> {
        money::account_of(&self.readers, of).await
    }

    async fn reverse(&self, payment_id: &str, at: Wall) -> Result<bool> {
        self.writer.lock().await.reverse(payment_id, at).await
    }

    async fn payments(&self, after: i64, limit: u32) -> Result<Vec<Payment>> {
        read::payments(&self.readers, after, limit).await
    }

    async fn last_payment(&self) -> Result<i64> {
        read::last_payment(&self.readers).await
    }

    async fn judge_promises(&self, now: Wall, limit: u32) -> Result<u64> {
        // Mostly there is none, which a reader finds out without waiting for the writer.
        if !read::promise_due(&self.readers, now).await? {
            return Ok(0);
        }
        self.writer.lock().await.judge_promises(now, limit).await
    }

    async fn withdraw_promise(&self, id: PromiseId, at: Wall) -> Result<()> {
        self.writer.lock().await.withdraw_promise(id, at).await
    }

    async fn sleepers(&self, now: Wall, limit: u32) -> Result<Vec<Sleeper>> {
        read::sleepers(&self.readers, now, limit).await
    }

    async fn wake(&self, campaign: CampaignId, batch: &[Enrolment], _at: Wall) -> Result<()> {
        self.writer.lock().await.wake(campaign, batch).await
    }

    async fn outbox_due(&self, now: Wall, limit: u32) -> Result<Vec<OutboxMessage>> {
        read::outbox_due(&self.readers, now, limit).await
    }

    async fn outbox_sent(&self, id: OutboxId, at: Wall) -> Result<()> {
        self.writer.lock().await.outbox_sent(id, at).await
    }

    async fn outbox_failed(&self, id: OutboxId, error: &str, next_try_at: Option<Wall>) -> Result<()> {
        self.writer.lock().await.outbox_failed(id, error, next_try_at).await
    }

    async fn history(&self, external_id: &str) -> Result<History> {
        read::history(&self.readers, external_id).await
    }

    async fn attempts(&self, campaign: Option<CampaignId>, after: AttemptId, limit: u32) -> Result<Vec<Attempt>> {
        read::attempts(&self.readers, campaign, after, limit).await
    }

    async fn open_attempts(&self, campaign: CampaignId, after: AttemptId, limit: u32) -> Result<Vec<Claimed>> {
        let attempts = read::open_attempts(&self.readers, campaign, after, limit).await?;
        read::with_standing(&self.readers, attempts).await
    }

    async fn visits_to_report(&self, contact: Option<ContactId>, after: AttemptId, limit: u32) -> Result<Vec<Claimed>> {
        let attempts = read::visits_to_report(&self.readers, contact, after, limit).await?;
        read::with_standing(&self.readers, attempts).await
    }

    async fn contacts(&self, after: ContactId, limit: u32) -> Result<Vec<Contact>> {
        read::contacts(&self.readers, after, limit).await
    }

    async fn ledgers(&self, campaign: Option<CampaignId>, after: &LedgerPlace, limit: u32) -> Result<Vec<Ledger>> {
        ledger::ledgers(&self.reports, campaign, after, limit).await
    }

    async fn call_paths(&self, campaign: Option<CampaignId>, after: CallId, limit: u32) -> Result<Vec<CallPath>> {
        ledger::call_paths(&self.reports, campaign, after, limit).await
    }

    async fn promises(&self) -> Result<Vec<Promise>> {
        read::promises(&self.readers).await
    }

    async fn worklist(&self) -> Result<Vec<WorklistEntry>> {
        read::worklist(&self.readers).await
    }

    async fn outbox(&self) -> Result<Vec<OutboxMessage>> {
        read::outbox(&self.readers).await
    }

    async fn call_events(&self, call: CallId) -> Result<Vec<CallEvent>> {
        read::call_events(&self.readers, call).await
    }

    async fn inbound_calls(&self, before: Option<CallId>, limit: u32) -> Result<Vec<InboundCall>> {
        read::inbound_calls(&self.readers, before, limit).await
    }

    async fn inbound_calls_up(&self) -> Result<Vec<CallId>> {
        read::inbound_calls_up(&self.readers).await
    }

    async fn keepings(&self, whom: &Whom) -> Result<Vec<Keeping>> {
        person::keepings(&self.readers, whom).await
    }

    async fn forget(&self, what: &Forget, at: Wall) -> Result<Forgotten> {
        let what = what.clone();
        self.in_bulk(move |bulk| bulk.forget(&what, at)).await
    }

    async fn inbound_of(&self, contacts: &[ContactId]) -> Result<InboundOf> {
        person::inbound_of(&self.readers, contacts).await
    }

    async fn forget_inbound(&self, calls: &[CallId]) -> Result<Forgotten> {
        let calls = calls.to_vec();
        self.in_bulk(move |bulk| bulk.forget_inbound(&calls)).await
    }

    async fn earlier(&self, contact: ContactId) -> Result<Vec<Earlier>> {
        person::earlier(&self.readers, contact).await
    }

    async fn forget_traces(&self) -> Result<()> {
        self.in_bulk(Bulk::checkpoint).await?;
        self.close_bulk();
        Ok(())
    }

    async fn tell_purge(&self, told: &PurgeReport) -> Result<()> {
        let told = told.clone();
        self.in_bulk(move |bulk| bulk.tell_purge(&told)).await
    }

    async fn purges(&self, limit: u32) -> Result<Vec<PurgeReport>> {
        person::purges(&self.readers, limit).await
    }

    async fn suppressed_number(&self, number: &PhoneNumber) -> Result<Option<SuppressedNumber>> {
        read::suppressed_number(&self.readers, self.opening.key.number(number)).await
    }

    async fn suppressed_numbers(&self, after: Option<&SuppressionHash>, limit: u32) -> Result<Vec<SuppressedNumber>> {
        read::suppressed_numbers(&self.readers, after, limit).await
    }

    async fn released_numbers(&self) -> Result<Vec<ReleasedNumber>> {
        read::released_numbers(&self.readers).await
    }

    async fn kept_rulings(&self, campaign: Option<CampaignId>, after: RulingId, limit: u32) -> Result<Vec<KeptRuling>> {
        ledger::kept_rulings(&self.reports, campaign, after, limit).await
    }

    async fn rulings(&self, campaign: CampaignId) -> Result<Vec<RulingCount>> {
        read::rulings(&self.readers, campaign).await
    }

    async fn closings(&self, campaign: Option<CampaignId>) -> Result<Vec<(String, u64)>> {
        read::closings(&self.readers, campaign).await
    }
}
