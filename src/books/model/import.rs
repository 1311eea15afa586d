//! Imports: rows in parts of a batch, and a batch taken back.

use super::*;
use crate::flow::program::OptOutScope;

/// What became of a row.
enum Taken {
    Added,
    Changed,
    Unchanged,
    Refused(String),
}

impl Model {
    /// Upserts by `external_id`. The same rows again change nothing.
    pub fn import(&mut self, rows: &[NewContact], at: Wall) -> ImportSummary {
        let summary = self.import_rows(rows, &[], None, at);
        self.commit();
        summary
    }

    /// Some lines of a batch.
    pub fn import_part(&mut self, part: &ImportPart, at: Wall) -> Result<ImportSummary> {
        let under_way = part.batch.map(|batch| self.under_way(batch)).transpose()?;
        self.transaction(|books| {
            let summary = books.import_rows(&part.rows, &part.further, part.batch, at);
            let Some(mut row) = under_way else { return Ok(summary) };
            let batch = row.id;
            let refused = summary.refused.iter().map(|(n, _)| ImportReject::of_books(part.lines[*n]));
            for reject in part.rejects.iter().cloned().chain(refused) {
                let of = books.import_rejects.range((batch, 0)..=(batch, u64::MAX)).next_back();
                let number = of.map_or(0, |((_, n), _)| n + 1);
                books.import_rejects.put((batch, number), reject);
            }
            row.counts.add(&part.counts(&summary));
            books.imports.put(batch, row);
            Ok(summary)
        })
    }

    /// What importing them would come to.
    pub fn try_import(&mut self, part: &ImportPart, at: Wall) -> ImportSummary {
        let touched = self.touched.clone();
        let summary = self.import_rows(&part.rows, &part.further, None, at);
        self.tables().into_iter().for_each(|t| t.rollback());
        self.touched = touched;
        summary
    }

    pub fn begin_import(&mut self, of: &NewBatch, at: Wall) -> ImportBatchId {
        let id = ImportBatchId(self.imports.last().map_or(1, |b| b.0 + 1));
        let (of, counts, payments_before) = (of.clone(), ImportCounts::default(), self.last_payment());
        let row = ImportBatch { id, of, at, payments_before, finished_at: None, undone_at: None, counts };
        self.imports.put(id, row);
        self.commit();
        id
    }

    pub fn finish_import(&mut self, batch: ImportBatchId, at: Wall) -> Result<()> {
        let row = self.under_way(batch)?;
        self.imports.put(batch, ImportBatch { finished_at: Some(at), ..row });
        self.commit();
        Ok(())
    }

    pub fn imports(&self) -> Vec<ImportBatch> {
        self.imports.values().cloned().collect()
    }

    pub fn import_rejects(&self, batch: ImportBatchId, skip: u64, limit: u32) -> Vec<ImportReject> {
        let rejects = self.import_rejects.range((batch, skip)..=(batch, u64::MAX));
        rejects.take(limit as usize).map(|(_, reject)| reject.clone()).collect()
    }

    pub fn import_reject_kinds(&self, batch: ImportBatchId) -> Vec<(RejectCode, u64)> {
        let mut kinds: BTreeMap<&str, (RejectCode, u64)> = BTreeMap::new();
        for (_, reject) in self.import_rejects.range((batch, 0)..=(batch, u64::MAX)) {
            kinds.entry(reject.code.as_str()).or_insert((reject.code, 0)).1 += 1;
        }
        let mut kinds: Vec<(RejectCode, u64)> = kinds.into_values().collect();
        kinds.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        kinds
    }

    pub fn shared_numbers(&self) -> u64 {
        let mut owners: BTreeMap<&str, BTreeSet<ContactId>> = BTreeMap::new();
        for known in self.contacts.values() {
            for phone in &known.contact.phones {
                owners.entry(phone.number.full()).or_default().insert(known.contact.id);
            }
        }
        owners.values().filter(|contacts| contacts.len() > 1).count() as u64
    }

    /// Takes a batch back: see [`Whereabouts`].
    pub fn undo_import(&mut self, batch: ImportBatchId, at: Wall) -> Result<Undone> {
        self.transaction(|books| {
            let row = books.imports.get(&batch).cloned();
            let row = row.ok_or_else(|| BookError::NotFound(format!("import {batch}")))?;
            if row.undone_at.is_some() {
                return Err(BookError::Conflict(format!("import {batch} was taken back before")));
            }
            let changes = books.import_changes.range((batch, ContactId(0))..=(batch, ContactId(i64::MAX)));
            let changed: Vec<ContactId> = changes.map(|((_, contact), _)| *contact).collect();
            let added = books.added_by.range(..).filter(|(id, of)| **of == batch && !books.removed.has(id));
            let added: Vec<ContactId> = added.map(|(id, _)| *id).collect();
            let all = changed.into_iter().map(|id| (id, false)).chain(added.into_iter().map(|id| (id, true)));
            let mut undone = Undone::default();
            for (contact, added) in all {
                let external_id = books.known(contact)?.contact.external_id.clone();
                let how = books.whereabouts(contact, &row, added).take_back();
                match how {
                    TakeBack::Delete => books.delete(contact),
                    TakeBack::Withdraw => books.withdraw(contact, at),
                    TakeBack::Restore => books.restore(contact, batch)?,
                    TakeBack::Keep(_) => {}
                }
                undone.count(&external_id, how);
            }
            books.imports.put(batch, ImportBatch { undone_at: Some(at), ..row });
            Ok(undone)
        })
    }

    fn import_rows(
        &mut self,
        rows: &[NewContact],
        further: &[usize],
        batch: Option<ImportBatchId>,
        at: Wall,
    ) -> ImportSummary {
        let mut summary = ImportSummary::default();
        let debts = self.contacts.values().flat_map(|k| k.contact.debts.iter().map(|d| d.id.0)).max().unwrap_or(0);
        let phones = self.phone_owners.last().map_or(0, |p| p.0);
        let mut ids = NextIds { phone: PhoneId(phones + 1), debt: DebtId(debts + 1) };
        for (n, row) in rows.iter().enumerate() {
            let count = match self.import_row(row, &mut ids, batch, at) {
                Taken::Refused(why) => {
                    summary.refused.push((n, why));
                    continue;
                }
                _ if further.binary_search(&n).is_ok() => &mut summary.further,
                Taken::Added => &mut summary.added,
                Taken::Changed => &mut summary.changed,
                Taken::Unchanged => &mut summary.unchanged,
            };
            *count += 1;
        }
        summary
    }

    fn import_row(&mut self, row: &NewContact, ids: &mut NextIds, batch: Option<ImportBatchId>, at: Wall) -> Taken {
        let Some(id) = self.external_ids.get(&row.external_id).copied() else {
            let id = ContactId(self.contacts.last().map_or(1, |c| c.0 + 1));
            self.external_ids.put(row.external_id.clone(), id);
            if let Some(batch) = batch {
                self.added_by.put(id, batch);
            }
            let known = KnownContact::new(id, row, ids);
            self.enter_debts(&known, at);
            self.put_contact(known);
            self.suppress_if_listed(id, row);
            return Taken::Added;
        };
        let before = self.contacts.get(&id).expect("an external id names a contact").clone();
        let mut known = before.clone();
        let changed = match known.merge(row, ids) {
            Ok(changed) => changed,
            Err(why) => return Taken::Refused(why),
        };
        let removed = self.removed.has(&id);
        if changed {
            let theirs = batch.filter(|b| !removed && self.added_by.get(&id) != Some(b));
            if let Some(batch) = theirs.filter(|b| !self.import_changes.has(&(*b, id))) {
                self.import_changes.put((batch, id), before);
            }
        }
        self.enter_debts(&known, at);
        self.put_contact(known);
        if changed {
            self.suppress_if_listed(id, row);
        }
        if removed {
            self.removed.remove(&id);
            match batch {
                Some(batch) => self.added_by.put(id, batch),
                None => self.added_by.remove(&id),
            }
            self.wake_undone(id, at);
            return Taken::Added;
        }
        if changed { Taken::Changed } else { Taken::Unchanged }
    }

    /// Somebody who was in the books before, and is not to be contacted.
    fn suppress_if_listed(&mut self, contact: ContactId, row: &NewContact) {
        if self.suppressed_persons.last().is_none() {
            return;
        }
        for hash in SuppressionKey::OF_MEMORY.persons(&row.external_id, row.person.as_deref()) {
            if let Some(&(reason, at)) = self.suppressed_persons.get(&hash) {
                self.suppress(Suppression { contact, phone: None, scope: OptOutScope::Person, reason, at });
            }
        }
    }

    /// What is owed from now on, for those debts that were not before.
    fn enter_debts(&mut self, known: &KnownContact, at: Wall) {
        for debt in &known.contact.debts {
            if !self.debts_entered.has(&debt.id) {
                self.debts_entered.put(debt.id, at);
            }
        }
    }

    fn forget_debts(&mut self, contact: ContactId, kept: &[Debt]) {
        let before = self.contacts.get(&contact).map(|k| k.contact.debts.clone()).unwrap_or_default();
        for debt in before.iter().filter(|debt| kept.iter().all(|k| k.id != debt.id)) {
            self.debts_entered.remove(&debt.id);
        }
    }

    /// A contact as it is from now on, and what is looked up by it.
    fn put_contact(&mut self, known: KnownContact) {
        let id = known.contact.id;
        self.forget_debts(id, &known.contact.debts);
        for phone in known.phones() {
            let is_new = !self.phone_owners.has(&phone.id);
            self.phone_owners.put(phone.id, id);
            // Most lists are empty, and a hash is dearer than a look.
            if is_new
                && self.suppressed_numbers.last().is_some()
                && let Some(row) = self.suppressed_number(&phone.number)
            {
                self.suppress_phone(id, phone.id, row.reason, row.at);
            }
        }
        self.touched.insert(id);
        if let Some(before) = self.contacts.get(&id).and_then(|k| k.contact.person.clone()) {
            self.persons.remove(&(before, id));
        }
        if let Some(person) = &known.contact.person {
            self.persons.put((person.clone(), id), ());
        }
        self.contacts.put(id, known);
    }

    fn under_way(&self, batch: ImportBatchId) -> Result<ImportBatch> {
        let row = self.imports.get(&batch).filter(|b| b.finished_at.is_none());
        row.cloned().ok_or_else(|| BookError::Conflict(format!("import {batch} is not under way")))
    }

    fn whereabouts(&self, contact: ContactId, batch: &ImportBatch, added: bool) -> Whereabouts {
        let later = |of: &ImportBatchId| *of > batch.id;
        let changed_since = self.import_changes.keys().any(|(of, id)| *id == contact && later(of));
        let before = self.import_changes.get(&(batch.id, contact));
        let new = |phone: PhoneId| before.is_some_and(|b| b.phones().all(|p| p.id != phone));
        Whereabouts {
            added,
            attempted: self.attempts_of(contact).any(|a| match a.state {
                AttemptState::Live => true,
                AttemptState::Finished => {
                    added || a.finished_at.is_some_and(|at| at >= batch.at) || a.phone.is_some_and(new)
                }
                AttemptState::Scheduled | AttemptState::Claimed | AttemptState::Cancelled => false,
            }),
            paid: self.payments_of(contact).any(|p| added || p.number > batch.payments_before),
            imported_since: changed_since || self.added_by.get(&contact).is_some_and(later),
            enrolled: self.campaigns.keys().any(|campaign| self.enrolled.has(&(*campaign, contact))),
        }
    }

    fn delete(&mut self, contact: ContactId) {
        let known = self.contacts.get(&contact).expect("a contact of the batch").clone();
        self.drop_phones(contact, known.phones().map(|p| p.id).collect());
        if let Some(person) = &known.contact.person {
            self.persons.remove(&(person.clone(), contact));
        }
        self.suppressions.remove(&(contact, None));
        self.forget_debts(contact, &[]);
        self.external_ids.remove(&known.contact.external_id);
        self.added_by.remove(&contact);
        self.contacts.remove(&contact);
        self.touched.remove(&contact);
    }

    fn drop_phones(&mut self, contact: ContactId, phones: Vec<PhoneId>) {
        for phone in phones {
            self.phone_owners.remove(&phone);
            self.suppressions.remove(&(contact, Some(phone)));
        }
    }

    fn withdraw(&mut self, contact: ContactId, at: Wall) {
        self.cancel_open(contact, &Close::import_undone());
        let asleep = self.sleepers.keys().filter(|(_, _, id)| *id == contact);
        let campaigns: Vec<CampaignId> = asleep.map(|(_, campaign, _)| *campaign).collect();
        for campaign in campaigns {
            if let Some(Some(close)) = self.enrolled.get(&(campaign, contact)).cloned() {
                self.close(campaign, contact, close.until(None));
            }
        }
        self.removed.put(contact, at);
    }

    pub(super) fn cancel_open(&mut self, contact: ContactId, close: &Close) {
        let open: Vec<AttemptId> = self.attempts_of(contact).filter(|a| a.state.is_open()).map(|a| a.id).collect();
        for attempt in open {
            self.cancel_unless_live(attempt, close.clone());
        }
    }

    /// It is imported again: the campaigns that had it look at it again.
    fn wake_undone(&mut self, contact: ContactId, at: Wall) {
        let campaigns: Vec<CampaignId> = self.campaigns.keys().copied().collect();
        for campaign in campaigns {
            let closed = self.enrolled.get(&(campaign, contact)).cloned().flatten();
            if let Some(close) = closed.filter(|c| c.reason == Close::IMPORT_UNDONE) {
                self.close(campaign, contact, close.until(Some(at)));
            }
        }
    }

    fn restore(&mut self, contact: ContactId, batch: ImportBatchId) -> Result<()> {
        let Some(mut before) = self.import_changes.get(&(batch, contact)).cloned() else { return Ok(()) };
        let now = self.known(contact)?.clone();
        let KnownContact { contact: restored, unlisted } = &mut before;
        for phone in restored.phones.iter_mut().chain(unlisted) {
            // What was learnt of the number stays.
            if let Some(same) = now.phones().find(|p| p.id == phone.id) {
                phone.state = same.state;
            }
        }
        let new: Vec<PhoneId> = now.phones().map(|p| p.id).filter(|id| before.phones().all(|p| p.id != *id)).collect();
        self.drop_phones(contact, new);
        let paid = before.contact.paid();
        self.put_contact(before);
        self.import_changes.remove(&(batch, contact));
        if paid {
            self.cancel_open(contact, &Close::paid());
        }
        Ok(())
    }
}
