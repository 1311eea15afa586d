//! The books in plain Rust: the model every store is held against, and what the simulator keeps its books in.
//!
//! Sync and pure. Each operation is all or nothing. Start here for the reads and the campaign's own operations;
//! [`apply`](Model::apply) lies in `apply.rs`, flows and the states of campaigns in `campaign.rs`, the invariants in
//! `check.rs`.

mod apply;
mod campaign;
mod check;
mod import;
mod money;
mod person;

use std::collections::{BTreeMap, BTreeSet};

use super::merge::{KnownContact, NextIds};
use super::table::{Journal, Table};
use super::*;
use crate::flow::program::FlowHash;
use crate::id::*;
use crate::outcome::{Channel, Disposition};
use crate::phone::PhoneNumber;
use crate::time::Wall;

pub type Result<T> = std::result::Result<T, BookError>;

#[derive(Debug, Default)]
pub struct Model {
    contacts: Table<ContactId, KnownContact>,
    imports: Table<ImportBatchId, ImportBatch>,
    import_rejects: Table<(ImportBatchId, u64), ImportReject>,
    /// What contacts were before a batch changed them.
    import_changes: Table<(ImportBatchId, ContactId), KnownContact>,
    added_by: Table<ContactId, ImportBatchId>,
    /// Taken back with their batch: no campaign takes them.
    removed: Table<ContactId, Wall>,
    /// Somebody asked to erase them.
    erase_asked: Table<ContactId, Wall>,
    /// Only counts and sums are left.
    erased: Table<ContactId, Wall>,
    purges: Table<i64, PurgeReport>,
    external_ids: Table<String, ContactId>,
    phone_owners: Table<PhoneId, ContactId>,
    campaigns: Table<CampaignId, Campaign>,
    campaign_events: Table<(CampaignId, u32), CampaignEvent>,
    published: Table<FlowHash, PublishedFlow>,
    visits: Table<AttemptId, VisitReport>,
    /// By hash.
    ladders: Table<String, PublishedLadder>,
    /// `None`: the campaign still has an open attempt for the contact.
    enrolled: Table<(CampaignId, ContactId), Option<Close>>,
    attempts: Table<AttemptId, Attempt>,
    leases: Table<AttemptId, Wall>,
    events: Table<(CallId, u32), CallEvent>,
    inbound: Table<CallId, InboundCall>,
    promises: Table<PromiseId, Promise>,
    suppressions: Table<(ContactId, Option<PhoneId>), Suppression>,
    /// Numbers not to be called, whoever has them.
    suppressed_numbers: Table<SuppressionHash, (Disposition, Wall)>,
    /// People not to be contacted, known by a contact's key or by their own, who are in the books no more.
    suppressed_persons: Table<SuppressionHash, (Disposition, Wall)>,
    released: Table<i64, ReleasedNumber>,
    outbox: Table<OutboxId, OutboxMessage>,
    worklist: Table<WorklistId, WorklistEntry>,
    /// By what it is about.
    holding: Table<String, Holding>,
    payments: Table<String, Payment>,
    payments_of: Table<(ContactId, String), ()>,
    /// When each first came in.
    debts_entered: Table<DebtId, Wall>,
    /// When closed contacts are to be looked at again.
    sleepers: Table<(Wall, CampaignId, ContactId), ()>,
    persons: Table<(String, ContactId), ()>,
    lines: Table<(String, AttemptId), ()>,
    // Indexes
    attempts_of: Table<(ContactId, AttemptId), ()>,
    open: Table<(ContactId, Channel), AttemptId>,
    /// Scheduled and claimed, by campaign and due time.
    due: Table<(CampaignId, Wall, AttemptId), ()>,
    live: Table<AttemptId, ()>,
    rulings: Table<i64, Ruling>,
    promises_of: Table<(ContactId, PromiseId), ()>,
    outbox_queued: Table<(Wall, OutboxId), ()>,
    /// Contacts changed since the last check.
    touched: BTreeSet<ContactId>,
}

impl Model {
    pub fn new() -> Model {
        Model::default()
    }

    /// Contacts with id > `after` not yet in the campaign, in order of id.
    pub fn not_enrolled(&self, campaign: CampaignId, after: ContactId, limit: u32) -> Result<Vec<Standing>> {
        self.campaign_by_id(campaign)?;
        let later = self.contacts.range(ContactId(after.0 + 1)..).map(|(id, _)| *id);
        let broke_off = |id: &ContactId| {
            let batch = self.added_by.get(id).and_then(|batch| self.imports.get(batch));
            batch.is_some_and(|batch| batch.of.whole && batch.finished_at.is_none())
        };
        let fresh = later
            .filter(|id| !self.enrolled.has(&(campaign, *id)) && !self.removed.has(id) && !broke_off(id))
            .take(limit as usize);
        Ok(fresh.map(|id| self.standing(id, Some(campaign))).collect())
    }

    /// Refused for a contact already in the campaign. One that another campaign is working on is closed at once.
    pub fn enrol(&mut self, campaign: CampaignId, batch: &[Enrolment], _at: Wall) -> Result<()> {
        self.transaction(|books| {
            let state = books.campaign_by_id(campaign)?.state;
            if matches!(state, CampaignState::Stopped | CampaignState::Finished) {
                return Err(BookError::Conflict(format!("campaign {campaign} is {state}")));
            }
            for enrolment in batch {
                let contact = enrolment.contact;
                let paid = books.known(contact)?.contact.paid();
                if books.enrolled.has(&(campaign, contact)) {
                    return Err(BookError::Conflict(format!("contact {contact} is already in campaign {campaign}")));
                }
                let elsewhere = Channel::ALL.iter().any(|c| books.open.has(&(contact, *c)));
                match enrolment.next.clone().admitted(paid, state) {
                    Next::Attempt(_) if books.removed.has(&contact) => {
                        books.close(campaign, contact, Close::import_undone());
                    }
                    Next::Attempt(_) if elsewhere => books.close(campaign, contact, Close::in_other_campaign()),
                    Next::Attempt(plan) => books.schedule(campaign, contact, plan)?,
                    Next::Close(close) => books.close(campaign, contact, close),
                }
            }
            Ok(())
        })
    }

    /// Of each campaign that is named and runs, at most so many attempts that are due, its oldest, leased until `lease_until`.
    /// All of them together, oldest first.
    pub fn claim_due(&mut self, now: Wall, lease_until: Wall, wanted: &[(CampaignId, u32)]) -> Vec<Claimed> {
        let mut claimed: Vec<(Wall, AttemptId)> = Vec::new();
        for (campaign, limit) in wanted {
            if self.campaigns.get(campaign).is_none_or(|c| c.state != CampaignState::Running) {
                continue;
            }
            let until = (*campaign, now, AttemptId(i64::MAX));
            let due = self.due.range((*campaign, Wall(i64::MIN), AttemptId(i64::MIN))..=until);
            let claimable = due
                .map(|((_, at, id), ())| (*at, *id))
                .filter(|(_, id)| self.leases.get(id).is_none_or(|lease| *lease <= now));
            claimed.extend(claimable.take(*limit as usize));
        }
        claimed.sort_unstable();
        let claimed: Vec<AttemptId> = claimed.into_iter().map(|(_, id)| id).collect();
        for id in &claimed {
            let attempt = self.attempt(*id).clone();
            self.leases.put(*id, lease_until);
            self.put_attempt(Attempt { state: AttemptState::Claimed, ..attempt });
        }
        self.commit();
        claimed.into_iter().map(|id| self.claimed(id)).collect()
    }

    /// When the earliest scheduled attempt of a running campaign is due.
    pub fn next_due(&self) -> Option<Wall> {
        let running = self.campaigns.values().filter(|c| c.state == CampaignState::Running);
        let first = |c: &Campaign| {
            let (from, to) = ((c.id, Wall(i64::MIN), AttemptId(i64::MIN)), (c.id, Wall(i64::MAX), AttemptId(i64::MAX)));
            let mut due = self.due.range(from..=to).map(|((_, at, id), ())| (*at, *id));
            due.find(|(_, id)| self.attempt(*id).state == AttemptState::Scheduled).map(|(at, _)| at)
        };
        running.filter_map(first).min()
    }

    /// What a process that died left behind: claimed attempts go back to scheduled, live ones are returned.
    pub fn recover(&mut self) -> Vec<Claimed> {
        let leased: Vec<AttemptId> = self.leases.keys().copied().collect();
        for id in leased {
            let attempt = self.attempt(id).clone();
            self.leases.remove(&id);
            self.put_attempt(Attempt { state: AttemptState::Scheduled, ..attempt });
        }
        self.commit();
        self.live.keys().map(|id| self.claimed(*id)).collect()
    }

    pub fn outbox_due(&self, now: Wall, limit: u32) -> Vec<OutboxMessage> {
        let due = self.outbox_queued.range(..=(now, OutboxId(i64::MAX))).take(limit as usize);
        due.filter_map(|((_, id), ())| self.outbox.get(id)).cloned().collect()
    }

    pub fn outbox_sent(&mut self, id: OutboxId, _at: Wall) -> Result<()> {
        let message = self.queued_message(id)?;
        self.outbox_queued.remove(&(message.next_try_at, id));
        self.outbox.put(id, OutboxMessage { state: OutboxState::Sent, tries: message.tries + 1, ..message });
        self.commit();
        Ok(())
    }

    /// `next_try_at: None` gives the message up as failed.
    pub fn outbox_failed(&mut self, id: OutboxId, error: &str, next_try_at: Option<Wall>) -> Result<()> {
        let mut message = self.queued_message(id)?;
        self.outbox_queued.remove(&(message.next_try_at, id));
        message.tries += 1;
        message.last_error = Some(error.into());
        match next_try_at {
            Some(at) => {
                message.next_try_at = at;
                self.outbox_queued.put((at, id), ());
            }
            None => message.state = OutboxState::Failed,
        }
        self.outbox.put(id, message);
        self.commit();
        Ok(())
    }

    pub fn history(&self, external_id: &str) -> Result<History> {
        let contact = self.contact_id(external_id)?;
        let attempts: Vec<Attempt> = self.attempts_of(contact).cloned().collect();
        let mine = |id: AttemptId| attempts.iter().any(|a| a.id == id);
        let closed = self.campaigns.keys().filter_map(|campaign| {
            let close = self.enrolled.get(&(*campaign, contact))?.clone()?;
            Some((*campaign, close))
        });
        Ok(History {
            standing: self.standing(contact, None),
            closed: closed.collect(),
            worklist: self.worklist.values().filter(|w| w.contact == contact).cloned().collect(),
            outbox: self.outbox.values().filter(|m| mine(m.attempt)).cloned().collect(),
            rulings: self.rulings.values().filter(|r| mine(r.attempt)).cloned().collect(),
            visits: self.visits.values().filter(|v| mine(v.attempt)).cloned().collect(),
            attempts,
        })
    }

    /// With id > `after`, in order of id.
    pub fn attempts(&self, campaign: Option<CampaignId>, after: AttemptId, limit: u32) -> Vec<Attempt> {
        let later = self.attempts.range(AttemptId(after.0 + 1)..).map(|(_, a)| a);
        later.filter(|a| campaign.is_none_or(|c| a.campaign == c)).take(limit as usize).cloned().collect()
    }

    /// The campaign's scheduled, claimed and live ones with id > `after`.
    pub fn open_attempts(&self, campaign: CampaignId, after: AttemptId, limit: u32) -> Vec<Claimed> {
        let later = self.attempts.range(AttemptId(after.0 + 1)..).map(|(_, a)| a);
        let open = later.filter(|a| a.campaign == campaign && a.state.is_open()).take(limit as usize);
        open.map(|a| self.claimed(a.id)).collect()
    }

    /// Visits that were given out and not reported, with id > `after`, in order of id.
    pub fn visits_to_report(&self, contact: Option<ContactId>, after: AttemptId, limit: u32) -> Vec<Claimed> {
        let later = self.attempts.range(AttemptId(after.0 + 1)..).map(|(_, a)| a);
        let waits = later.filter(|a| contact.is_none_or(|c| a.contact == c) && self.waits_for_report(a));
        waits.take(limit as usize).map(|a| self.claimed(a.id)).collect()
    }

    fn waits_for_report(&self, attempt: &Attempt) -> bool {
        let given_out = attempt.outcome.as_ref().is_some_and(|o| o.disposition == Disposition::HandedOver);
        attempt.channel == Channel::Visit && given_out && !self.visits.has(&attempt.id)
    }

    pub fn contacts(&self, after: ContactId, limit: u32) -> Vec<Contact> {
        let later = self.contacts.range(ContactId(after.0 + 1)..).take(limit as usize);
        later.map(|(_, known)| known.contact.clone()).collect()
    }

    /// Contacts behind `after`, in the order of [`LedgerPlace`]: of the campaign, or all.
    pub fn ledgers(&self, campaign: Option<CampaignId>, after: &LedgerPlace, limit: u32) -> Vec<Ledger> {
        let of_campaign = |id: &ContactId| campaign.is_none_or(|c| self.enrolled.has(&(c, *id)));
        let mut wanted: Vec<_> = self
            .contacts
            .range(..)
            .filter(|(id, _)| of_campaign(id))
            .map(|(id, known)| (LedgerPlace::behind(&known.contact), id, known))
            .filter(|(place, _, _)| place > after)
            .collect();
        wanted.sort_by(|(a, _, _), (b, _, _)| a.cmp(b));
        wanted.into_iter().take(limit as usize).map(|(_, id, known)| self.ledger(*id, known)).collect()
    }

    fn ledger(&self, id: ContactId, known: &KnownContact) -> Ledger {
        let contact = known.contact.clone();
        let of = self.payments_of.range((id, String::new())..(ContactId(id.0 + 1), String::new()));
        let mut payments: Vec<Payment> = of.filter_map(|((_, id), ())| self.payments.get(id)).cloned().collect();
        payments.sort_by_key(|p| p.number);
        let entered = |debt: &Debt| *self.debts_entered.get(&debt.id).expect("written with the debt");
        Ledger {
            entered: contact.debts.iter().map(entered).collect(),
            campaigns: self.campaigns.keys().copied().filter(|c| self.enrolled.has(&(*c, id))).collect(),
            attempts: self.attempts_of(id).cloned().collect(),
            promises: self.promises_of(id).cloned().collect(),
            payments,
            contact,
        }
    }

    /// Calls dialled with id > `after`, in order of id.
    pub fn call_paths(&self, campaign: Option<CampaignId>, after: CallId, limit: u32) -> Vec<CallPath> {
        let later = self.attempts.range(AttemptId(after.0 + 1)..).map(|(_, a)| a);
        let of_campaign = later.filter(|a| campaign.is_none_or(|c| a.campaign == c));
        let path = |attempt: &Attempt| {
            let call = CallId::of(attempt.id);
            let lines = self.events.range((call, 0)..=(call, u32::MAX)).map(|(_, event)| event);
            Some(CallPath {
                call,
                flow: attempt.flow.clone()?,
                nodes: lines.filter(|e| e.kind == "entered").map(|e| e.detail.clone()).collect(),
                cause: attempt.outcome.as_ref().and_then(|o| o.cause),
                finished: attempt.outcome.is_some(),
            })
        };
        of_campaign.filter_map(path).take(limit as usize).collect()
    }

    pub fn payments(&self, after: i64, limit: u32) -> Vec<Payment> {
        let mut payments: Vec<Payment> = self.payments.values().filter(|p| p.number > after).cloned().collect();
        payments.sort_by_key(|p| p.number);
        payments.truncate(limit as usize);
        payments
    }

    pub fn promises(&self) -> Vec<Promise> {
        self.promises.values().cloned().collect()
    }

    pub fn worklist(&self) -> Vec<WorklistEntry> {
        self.worklist.values().cloned().collect()
    }

    pub fn outbox(&self) -> Vec<OutboxMessage> {
        self.outbox.values().cloned().collect()
    }

    pub fn call_events(&self, call: CallId) -> Vec<CallEvent> {
        self.events.range((call, 0)..=(call, u32::MAX)).map(|(_, e)| e.clone()).collect()
    }

    /// Calls that came in, newest first, those before `before` only.
    pub fn inbound_calls(&self, before: Option<CallId>, limit: u32) -> Vec<InboundCall> {
        // The newest has the lowest number.
        let first = before.map_or(CallId(i64::MIN), |id| CallId(id.0 + 1));
        self.inbound.range(first..).map(|(_, call)| call.clone()).take(limit as usize).collect()
    }

    /// Those that have not ended, newest first.
    pub fn inbound_calls_up(&self) -> Vec<CallId> {
        self.inbound.values().filter(|call| call.ended.is_none()).map(|call| call.id).collect()
    }

    /// How many contacts the campaign (or all of them) closed, by reason; `open` counts those it still works on.
    pub fn closings(&self, campaign: Option<CampaignId>) -> Vec<(String, u64)> {
        let mut counts: BTreeMap<String, u64> = BTreeMap::new();
        for ((of, _), close) in self.enrolled.range(..) {
            if campaign.is_none_or(|c| c == *of) {
                *counts.entry(close.as_ref().map_or("open".into(), |c| c.reason.clone())).or_default() += 1;
            }
        }
        counts.into_iter().collect()
    }

    /// With hashes > `after`, in order of hash.
    pub fn suppressed_numbers(&self, after: Option<&SuppressionHash>, limit: u32) -> Vec<SuppressedNumber> {
        let later = self.suppressed_numbers.range(..).filter(|(hash, _)| after.is_none_or(|after| *hash > after));
        let row = |(hash, (reason, at)): (&SuppressionHash, &(Disposition, Wall))| {
            let hash = hash.clone();
            SuppressedNumber { hash, reason: *reason, at: *at }
        };
        later.take(limit as usize).map(row).collect()
    }

    pub fn suppressed_number(&self, number: &PhoneNumber) -> Option<SuppressedNumber> {
        let hash = SuppressionKey::OF_MEMORY.number(number);
        let (reason, at) = *self.suppressed_numbers.get(&hash)?;
        Some(SuppressedNumber { hash, reason, at })
    }

    /// How often policy did not simply let the campaign's attempts go; in the order of verdict, reason and rule as words.
    pub fn rulings(&self, campaign: CampaignId) -> Vec<RulingCount> {
        let mut counts: BTreeMap<(&str, &str, Option<&str>), (Verdict, u64)> = BTreeMap::new();
        for ruling in self.rulings.values() {
            let here = self.attempts.get(&ruling.attempt).is_some_and(|a| a.campaign == campaign);
            if let Some(reason) = ruling.reason.as_deref().filter(|_| here) {
                let key = (ruling.verdict.as_str(), reason, ruling.made_by.as_deref());
                counts.entry(key).or_insert((ruling.verdict, 0)).1 += 1;
            }
        }
        let row = |((_, reason, made_by), (verdict, times)): ((&str, &str, Option<&str>), (Verdict, u64))| {
            RulingCount { verdict, reason: reason.to_string(), made_by: made_by.map(str::to_string), times }
        };
        counts.into_iter().map(row).collect()
    }

    /// Rulings with id > `after`, in order of id: of the campaign's attempts, or all.
    pub fn kept_rulings(&self, campaign: Option<CampaignId>, after: RulingId, limit: u32) -> Vec<KeptRuling> {
        let row = |(id, ruling): (&i64, &Ruling)| {
            let attempt = self.attempts.get(&ruling.attempt).filter(|a| campaign.is_none_or(|c| a.campaign == c))?;
            let contact = &self.contacts.get(&attempt.contact)?.contact;
            Some(KeptRuling {
                id: RulingId(*id),
                campaign: attempt.campaign,
                external_id: contact.external_id.clone(),
                creditor: contact.creditor.clone(),
                channel: attempt.channel,
                ruling: ruling.clone(),
            })
        };
        self.rulings.range(after.0 + 1..).filter_map(row).take(limit as usize).collect()
    }

    pub fn released_numbers(&self) -> Vec<ReleasedNumber> {
        self.released.values().cloned().collect()
    }

    /// Everything that policy and ladder ask about one contact. Panics for a contact that is not there.
    pub fn standing(&self, contact: ContactId, campaign: Option<CampaignId>) -> Standing {
        let known = self.contacts.get(&contact).expect("a contact the caller knows of").contact.clone();
        let mut past: Vec<(PastAttempt, CampaignId, AttemptId)> =
            self.attempts_of(contact).filter_map(|a| Some((a.past()?, a.campaign, a.id))).collect();
        for (whose, attempt) in self.attempts_beside(&known) {
            let number = attempt.phone.and_then(|phone| self.number_of(attempt.contact, phone));
            let phone = known.phones.iter().find(|p| Some(&p.number) == number.as_ref()).map(|p| p.id);
            past.extend(attempt.past().map(|p| (PastAttempt { whose, phone, ..p }, attempt.campaign, attempt.id)));
        }
        past.sort_by_key(|(p, _, id)| (p.at, *id));
        let own = |p: &PastAttempt, c: CampaignId| p.whose == Whose::Contact && Some(c) == campaign;
        let here = past.iter().filter(|(p, c, _)| own(p, *c)).map(|(p, _, _)| p.clone());
        let same_person = self.same_person(&known);
        let theirs = same_person.iter().flat_map(|other| self.suppressions_of(*other)).filter(|s| s.phone.is_none());
        let theirs: Vec<Suppression> = theirs.map(|s| Suppression { contact, ..s.clone() }).collect();
        let suppressions = self.suppressions.range((contact, None)..(ContactId(contact.0 + 1), None));
        Standing {
            contact: known,
            past_here: here.collect(),
            past: past.into_iter().map(|(p, _, _)| p).collect(),
            suppressions: suppressions.map(|(_, s)| s.clone()).chain(theirs).collect(),
            promises: self.promises_of(contact).cloned().collect(),
        }
    }

    /// The contacts that are the same human, without itself.
    fn same_person(&self, contact: &Contact) -> Vec<ContactId> {
        let Some(person) = &contact.person else { return Vec::new() };
        let of = self.persons.range((person.clone(), ContactId(0))..=(person.clone(), ContactId(i64::MAX)));
        of.map(|((_, id), ())| *id).filter(|id| *id != contact.id).collect()
    }

    /// Attempts to the same human or line that are not the contact's own.
    fn attempts_beside(&self, contact: &Contact) -> Vec<(Whose, &Attempt)> {
        let persons = self.same_person(contact);
        let theirs = persons.iter().flat_map(|id| self.attempts_of(*id)).map(|a| (Whose::Person, a));
        let lines = contact.phones.iter().flat_map(|phone| {
            let number = phone.number.full().to_string();
            self.lines.range((number.clone(), AttemptId(0))..=(number, AttemptId(i64::MAX)))
        });
        let lines = lines.map(|((_, id), ())| self.attempt(*id));
        let others = lines.filter(|a| a.contact != contact.id && !persons.contains(&a.contact));
        theirs.chain(others.map(|a| (Whose::Line, a))).collect()
    }

    fn number_of(&self, contact: ContactId, phone: PhoneId) -> Option<PhoneNumber> {
        let known = self.contacts.get(&contact)?;
        known.phones().find(|p| p.id == phone).map(|p| p.number.clone())
    }

    /// An attempt's state and its contact's standing; `None` when there is no such attempt.
    pub fn attempt_standing(&self, id: AttemptId) -> Option<(AttemptState, Standing)> {
        let attempt = self.attempts.get(&id)?;
        Some((attempt.state, self.standing(attempt.contact, Some(attempt.campaign))))
    }

    /// How many of a campaign's contacts still have an open attempt, and how many are closed.
    pub fn open_and_closed(&self, campaign: CampaignId) -> (u64, u64) {
        let last = (campaign, ContactId(i64::MAX));
        let states = self.enrolled.range((campaign, ContactId(0))..=last);
        states.fold((0, 0), |(open, closed), (_, state)| match state {
            None => (open + 1, closed),
            Some(_) => (open, closed + 1),
        })
    }

    fn claimed(&self, id: AttemptId) -> Claimed {
        let attempt = self.attempt(id).clone();
        let standing = self.standing(attempt.contact, Some(attempt.campaign));
        Claimed { attempt, standing }
    }

    /// An attempt that an index names.
    fn attempt(&self, id: AttemptId) -> &Attempt {
        self.attempts.get(&id).expect("indexes name attempts that are there")
    }

    fn attempts_of(&self, contact: ContactId) -> impl Iterator<Item = &Attempt> {
        let of = self.attempts_of.range((contact, AttemptId(0))..=(contact, AttemptId(i64::MAX)));
        of.map(|((_, id), ())| self.attempt(*id))
    }

    fn promises_of(&self, contact: ContactId) -> impl Iterator<Item = &Promise> {
        let of = self.promises_of.range((contact, PromiseId(0))..=(contact, PromiseId(i64::MAX)));
        of.filter_map(|((_, id), ())| self.promises.get(id))
    }

    fn campaign_by_id(&self, id: CampaignId) -> Result<&Campaign> {
        self.campaigns.get(&id).ok_or_else(|| BookError::NotFound(format!("campaign {id}")))
    }

    fn known(&self, id: ContactId) -> Result<&KnownContact> {
        self.contacts.get(&id).ok_or_else(|| BookError::NotFound(format!("contact {id}")))
    }

    fn contact_id(&self, external_id: &str) -> Result<ContactId> {
        let id = self.external_ids.get(&external_id.to_string()).copied();
        id.ok_or_else(|| BookError::NotFound(format!("contact `{external_id}`")))
    }

    fn queued_message(&self, id: OutboxId) -> Result<OutboxMessage> {
        let message = self.outbox.get(&id).ok_or_else(|| BookError::NotFound(format!("message {id}")))?;
        match message.state {
            OutboxState::Queued => Ok(message.clone()),
            state @ (OutboxState::Sent | OutboxState::Failed) => {
                Err(BookError::Conflict(format!("message {id} is {state}")))
            }
        }
    }

    fn transaction<T>(&mut self, run: impl FnOnce(&mut Model) -> Result<T>) -> Result<T> {
        let result = run(self);
        match result {
            Ok(_) => self.commit(),
            Err(_) => self.tables().into_iter().for_each(|t| t.rollback()),
        }
        result
    }

    fn commit(&mut self) {
        self.tables().into_iter().for_each(|t| t.commit());
    }

    fn tables(&mut self) -> [&mut dyn Journal; 42] {
        [
            &mut self.contacts,
            &mut self.imports,
            &mut self.import_rejects,
            &mut self.import_changes,
            &mut self.added_by,
            &mut self.removed,
            &mut self.erase_asked,
            &mut self.erased,
            &mut self.purges,
            &mut self.external_ids,
            &mut self.phone_owners,
            &mut self.campaigns,
            &mut self.campaign_events,
            &mut self.published,
            &mut self.ladders,
            &mut self.visits,
            &mut self.enrolled,
            &mut self.attempts,
            &mut self.leases,
            &mut self.events,
            &mut self.inbound,
            &mut self.promises,
            &mut self.suppressions,
            &mut self.suppressed_numbers,
            &mut self.suppressed_persons,
            &mut self.released,
            &mut self.outbox,
            &mut self.worklist,
            &mut self.payments,
            &mut self.holding,
            &mut self.payments_of,
            &mut self.debts_entered,
            &mut self.sleepers,
            &mut self.persons,
            &mut self.lines,
            &mut self.attempts_of,
            &mut self.open,
            &mut self.due,
            &mut self.live,
            &mut self.rulings,
            &mut self.promises_of,
            &mut self.outbox_queued,
        ]
    }
}
