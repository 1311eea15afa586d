//! The books in memory: the [`Model`] behind the same door as a database.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{Result, Store};
use crate::books::*;
use crate::flow::program::FlowHash;
use crate::id::*;
use crate::phone::PhoneNumber;
use crate::time::Wall;

#[derive(Debug, Default)]
pub struct MemoryStore {
    model: Mutex<Model>,
}

impl MemoryStore {
    pub fn new() -> MemoryStore {
        MemoryStore::default()
    }

    /// The model itself, for checks. Hold it shortly.
    pub fn model(&self) -> MutexGuard<'_, Model> {
        self.model.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for MemoryStore {
    async fn import(&self, rows: &[NewContact], at: Wall) -> Result<ImportSummary> {
        Ok(self.model().import(rows, at))
    }

    async fn import_part(&self, part: ImportPart, at: Wall) -> Result<ImportSummary> {
        Ok(self.model().import_part(&part, at)?)
    }

    async fn try_import(&self, part: ImportPart, at: Wall) -> Result<ImportSummary> {
        Ok(self.model().try_import(&part, at))
    }

    async fn begin_import(&self, of: &NewBatch, at: Wall) -> Result<ImportBatchId> {
        Ok(self.model().begin_import(of, at))
    }

    async fn finish_import(&self, batch: ImportBatchId, at: Wall) -> Result<()> {
        Ok(self.model().finish_import(batch, at)?)
    }

    async fn imports(&self) -> Result<Vec<ImportBatch>> {
        Ok(self.model().imports())
    }

    async fn import_rejects(&self, batch: ImportBatchId, skip: u64, limit: u32) -> Result<Vec<ImportReject>> {
        Ok(self.model().import_rejects(batch, skip, limit))
    }

    async fn import_reject_kinds(&self, batch: ImportBatchId) -> Result<Vec<(RejectCode, u64)>> {
        Ok(self.model().import_reject_kinds(batch))
    }

    async fn shared_numbers(&self) -> Result<u64> {
        Ok(self.model().shared_numbers())
    }

    async fn undo_import(&self, batch: ImportBatchId, at: Wall) -> Result<Undone> {
        Ok(self.model().undo_import(batch, at)?)
    }

    async fn publish(&self, flow: &FlowVersion, at: Wall) -> Result<Publication> {
        Ok(self.model().publish(flow, at)?)
    }

    async fn published(&self) -> Result<Vec<PublishedFlow>> {
        Ok(self.model().published())
    }

    async fn publish_ladder(&self, ladder: &LadderVersion, at: Wall) -> Result<Publication> {
        Ok(self.model().publish_ladder(ladder, at)?)
    }

    async fn published_ladders(&self) -> Result<Vec<PublishedLadder>> {
        Ok(self.model().published_ladders())
    }

    async fn use_ladder(&self, id: CampaignId, ladder: &str, detail: &str, at: Wall) -> Result<bool> {
        Ok(self.model().use_ladder(id, ladder, detail, at)?)
    }

    async fn campaign_rejects(&self, campaign: CampaignId) -> Result<Vec<(RejectCode, u64)>> {
        Ok(self.model().campaign_rejects(campaign))
    }

    async fn create_campaign(&self, name: &str, ladder: &str, flows: &[FlowVersion], at: Wall) -> Result<CampaignId> {
        Ok(self.model().create_campaign(name, ladder, flows, at)?)
    }

    async fn campaigns(&self) -> Result<Vec<Campaign>> {
        Ok(self.model().campaigns())
    }

    async fn campaign(&self, name: &str) -> Result<Campaign> {
        Ok(self.model().campaign(name)?)
    }

    async fn set_campaign_state(&self, id: CampaignId, state: CampaignState, at: Wall) -> Result<()> {
        Ok(self.model().set_campaign_state(id, state, at)?)
    }

    async fn suspend_campaign(&self, id: CampaignId, why: &str, at: Wall) -> Result<()> {
        Ok(self.model().suspend_campaign(id, why, at)?)
    }

    async fn use_flow(&self, id: CampaignId, flow: &FlowHash, at: Wall) -> Result<bool> {
        Ok(self.model().use_flow(id, flow, at)?)
    }

    async fn campaign_events(&self, id: CampaignId) -> Result<Vec<CampaignEvent>> {
        Ok(self.model().campaign_events(id))
    }

    async fn not_enrolled(&self, campaign: CampaignId, after: ContactId, limit: u32) -> Result<Vec<Standing>> {
        Ok(self.model().not_enrolled(campaign, after, limit)?)
    }

    async fn enrol(&self, campaign: CampaignId, batch: &[Enrolment], at: Wall) -> Result<()> {
        Ok(self.model().enrol(campaign, batch, at)?)
    }

    async fn set_priority(&self, id: CampaignId, priority: Priority) -> Result<()> {
        Ok(self.model().set_priority(id, priority)?)
    }

    async fn tell_holding(&self, holding: &[Holding]) -> Result<()> {
        self.model().tell_holding(holding);
        Ok(())
    }

    async fn holding(&self) -> Result<Vec<Holding>> {
        Ok(self.model().holding())
    }

    async fn spent(&self, since: Wall) -> Result<Vec<Spent>> {
        Ok(self.model().spent(since))
    }

    async fn agent_hours(&self, since: Wall) -> Result<Vec<AgentHour>> {
        Ok(self.model().agent_hours(since))
    }

    async fn claim_due(&self, now: Wall, lease_until: Wall, wanted: &[(CampaignId, u32)]) -> Result<Vec<Claimed>> {
        Ok(self.model().claim_due(now, lease_until, wanted))
    }

    async fn next_due(&self) -> Result<Option<Wall>> {
        Ok(self.model().next_due())
    }

    async fn recover(&self) -> Result<Vec<Claimed>> {
        Ok(self.model().recover())
    }

    async fn apply(&self, group: &[Write]) -> Result<()> {
        Ok(self.model().apply(group)?)
    }

    async fn pay(&self, payments: &[NewPayment], at: Wall) -> Result<Vec<Result<Paid>>> {
        let mut model = self.model();
        Ok(payments.iter().map(|new| Ok(model.pay(new, at)?)).collect())
    }

    async fn pay_all(&self, payments: &[NewPayment], at: Wall) -> Result<Vec<Result<Paid>>> {
        Ok(self.model().pay_all(payments, at).into_iter().map(|paid| Ok(paid?)).collect())
    }

    async fn account(&self, of: AccountOf<'_>) -> Result<Account> {
        Ok(self.model().account_of(of)?)
    }

    async fn reverse(&self, payment_id: &str, at: Wall) -> Result<bool> {
        Ok(self.model().reverse(payment_id, at)?)
    }

    async fn payments(&self, after: i64, limit: u32) -> Result<Vec<Payment>> {
        Ok(self.model().payments(after, limit))
    }

    async fn last_payment(&self) -> Result<i64> {
        Ok(self.model().last_payment())
    }

    async fn judge_promises(&self, now: Wall, limit: u32) -> Result<u64> {
        Ok(self.model().judge_promises(now, limit)?)
    }

    async fn withdraw_promise(&self, id: PromiseId, at: Wall) -> Result<()> {
        Ok(self.model().withdraw_promise(id, at)?)
    }

    async fn sleepers(&self, now: Wall, limit: u32) -> Result<Vec<Sleeper>> {
        Ok(self.model().sleepers(now, limit))
    }

    async fn wake(&self, campaign: CampaignId, batch: &[Enrolment], at: Wall) -> Result<()> {
        Ok(self.model().wake(campaign, batch, at)?)
    }

    async fn outbox_due(&self, now: Wall, limit: u32) -> Result<Vec<OutboxMessage>> {
        Ok(self.model().outbox_due(now, limit))
    }

    async fn outbox_sent(&self, id: OutboxId, at: Wall) -> Result<()> {
        Ok(self.model().outbox_sent(id, at)?)
    }

    async fn outbox_failed(&self, id: OutboxId, error: &str, next_try_at: Option<Wall>) -> Result<()> {
        Ok(self.model().outbox_failed(id, error, next_try_at)?)
    }

    async fn history(&self, external_id: &str) -> Result<History> {
        Ok(self.model().history(external_id)?)
    }

    async fn attempts(&self, campaign: Option<CampaignId>, after: AttemptId, limit: u32) -> Result<Vec<Attempt>> {
        Ok(self.model().attempts(campaign, after, limit))
    }

    async fn open_attempts(&self, campaign: CampaignId, after: AttemptId, limit: u32) -> Result<Vec<Claimed>> {
        Ok(self.model().open_attempts(campaign, after, limit))
    }

    async fn visits_to_report(&self, contact: Option<ContactId>, after: AttemptId, limit: u32) -> Result<Vec<Claimed>> {
        Ok(self.model().visits_to_report(contact, after, limit))
    }

    async fn contacts(&self, after: ContactId, limit: u32) -> Result<Vec<Contact>> {
        Ok(self.model().contacts(after, limit))
    }

    async fn ledgers(&self, campaign: Option<CampaignId>, after: &LedgerPlace, limit: u32) -> Result<Vec<Ledger>> {
        Ok(self.model().ledgers(campaign, after, limit))
    }

    async fn call_paths(&self, campaign: Option<CampaignId>, after: CallId, limit: u32) -> Result<Vec<CallPath>> {
        Ok(self.model().call_paths(campaign, after, limit))
    }

    async fn promises(&self) -> Result<Vec<Promise>> {
        Ok(self.model().promises())
    }

    async fn worklist(&self) -> Result<Vec<WorklistEntry>> {
        Ok(self.model().worklist())
    }

    async fn outbox(&self) -> Result<Vec<OutboxMessage>> {
        Ok(self.model().outbox())
    }

    async fn call_events(&self, call: CallId) -> Result<Vec<CallEvent>> {
        Ok(self.model().call_events(call))
    }

    async fn inbound_calls(&self, before: Option<CallId>, limit: u32) -> Result<Vec<InboundCall>> {
        Ok(self.model().inbound_calls(before, limit))
    }

    async fn inbound_calls_up(&self) -> Result<Vec<CallId>> {
        Ok(self.model().inbound_calls_up())
    }

    async fn keepings(&self, whom: &Whom) -> Result<Vec<Keeping>> {
        Ok(self.model().keepings(whom))
    }

    async fn forget(&self, what: &Forget, at: Wall) -> Result<Forgotten> {
        Ok(self.model().forget(what, at)?)
    }

    async fn inbound_of(&self, contacts: &[ContactId]) -> Result<InboundOf> {
        Ok(self.model().inbound_of(contacts))
    }

    async fn forget_inbound(&self, calls: &[CallId]) -> Result<Forgotten> {
        Ok(self.model().forget_inbound(calls)?)
    }

    async fn earlier(&self, contact: ContactId) -> Result<Vec<Earlier>> {
        Ok(self.model().earlier(contact))
    }

    /// There are no files.
    async fn forget_traces(&self) -> Result<()> {
        Ok(())
    }

    async fn tell_purge(&self, told: &PurgeReport) -> Result<()> {
        self.model().tell_purge(told);
        Ok(())
    }

    async fn purges(&self, limit: u32) -> Result<Vec<PurgeReport>> {
        Ok(self.model().purges(limit))
    }

    async fn suppressed_number(&self, number: &PhoneNumber) -> Result<Option<SuppressedNumber>> {
        Ok(self.model().suppressed_number(number))
    }

    async fn suppressed_numbers(&self, after: Option<&SuppressionHash>, limit: u32) -> Result<Vec<SuppressedNumber>> {
        Ok(self.model().suppressed_numbers(after, limit))
    }

    async fn released_numbers(&self) -> Result<Vec<ReleasedNumber>> {
        Ok(self.model().released_numbers())
    }

    async fn rulings(&self, campaign: CampaignId) -> Result<Vec<RulingCount>> {
        Ok(self.model().rulings(campaign))
    }

    async fn kept_rulings(&self, campaign: Option<CampaignId>, after: RulingId, limit: u32) -> Result<Vec<KeptRuling>> {
        Ok(self.model().kept_rulings(campaign, after, limit))
    }

    async fn closings(&self, campaign: Option<CampaignId>) -> Result<Vec<(String, u64)>> {
        Ok(self.model().closings(campaign))
    }
}
