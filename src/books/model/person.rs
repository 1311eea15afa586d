//! One person's rows: what is kept of them, and how it goes.

use super::*;
use crate::books::person::{coarse, erased, erased_key, erased_promise, withdrawn};
use crate::flow::program::OptOutScope;

impl Model {
    pub fn keepings(&self, whom: &Whom) -> Vec<Keeping> {
        let there = |id: &ContactId| !self.erased.has(id);
        let ids: Vec<ContactId> = match whom {
            Whom::After(after, limit) => {
                let later = self.contacts.range(ContactId(after.0 + 1)..).map(|(id, _)| *id);
                later.filter(there).take(*limit as usize).collect()
            }
            Whom::Contact(external_id) => {
                let Some(id) = self.external_ids.get(external_id).copied().filter(there) else { return Vec::new() };
                let known = self.contacts.get(&id).expect("an external id names a contact");
                let mut ids = self.same_person(&known.contact);
                ids.push(id);
                ids.sort_unstable();
                ids
            }
            Whom::Person(person) => {
                let of = self.persons.range((person.clone(), ContactId(0))..=(person.clone(), ContactId(i64::MAX)));
                of.map(|((_, id), ())| *id).collect()
            }
        };
        ids.into_iter().map(|id| self.keeping(id)).collect()
    }

    fn keeping(&self, id: ContactId) -> Keeping {
        let known = self.contacts.get(&id).expect("a contact the caller knows of");
        let contact = &known.contact;
        let mut numbers: Vec<&Phone> = known.phones().collect();
        numbers.sort_by_key(|phone| phone.id);
        let entered =
            contact.debts.iter().map(|debt| *self.debts_entered.get(&debt.id).expect("written with the debt"));
        let entered_at = entered.min().expect("at least one debt");
        let payments: Vec<&Payment> = self.payments_of(id).collect();
        let promises: Vec<&Promise> = self.promises_of(id).collect();
        let unsettled = !contact.paid()
            || self.attempts_of(id).any(|a| a.state.is_open())
            || promises.iter().any(|p| p.state == PromiseState::Open);
        let paid_at = payments.iter().filter(|p| p.reversed_at.is_none()).map(|p| p.at).max();
        let settled_at = (!unsettled).then(|| paid_at.unwrap_or(entered_at));
        let happened = self.attempts_of(id).filter_map(|a| a.finished_at);
        let happened = happened.chain(payments.iter().map(|p| p.reversed_at.unwrap_or(p.at)));
        let happened = happened.chain(promises.iter().map(|p| p.made_at));
        let visits = self.attempts_of(id).filter_map(|a| self.visits.get(&a.id));
        let happened = happened.chain(visits.map(|report| report.at));
        let call = |a: &Attempt| {
            let (at, call) = (a.finished_at.filter(|_| a.live_at.is_some())?, CallId::of(a.id));
            let details = self.lines.keys().any(|(_, attempt)| *attempt == a.id);
            let answered_by = a.outcome.as_ref().and_then(|o| o.answered_by);
            Some(KeptCall { call, at, reached: KeptCall::reached(answered_by), details })
        };
        let messages = self.outbox.values().filter(|m| !m.to.is_empty() || !m.body.is_empty());
        let messages = messages.filter_map(|m| {
            let attempt = self.attempts.get(&m.attempt).filter(|a| a.contact == id)?;
            let at = attempt.finished_at.unwrap_or(attempt.plan.due_at);
            Some(KeptMessage { id: m.id, attempt: m.attempt, channel: m.channel, at })
        });
        Keeping {
            contact: id,
            external_id: contact.external_id.clone(),
            person: contact.person.clone(),
            zone: contact.zone.clone(),
            numbers: numbers.into_iter().map(|phone| phone.number.clone()).collect(),
            campaigns: self.campaigns.keys().copied().filter(|c| self.enrolled.has(&(*c, id))).collect(),
            entered_at,
            settled_at: self.removed.get(&id).copied().or(settled_at),
            last_activity: happened.fold(entered_at, Wall::max),
            erase_asked_at: self.erase_asked.get(&id).copied(),
            live: self.attempts_of(id).any(|a| a.state == AttemptState::Live),
            calls: self.attempts_of(id).filter_map(call).collect(),
            messages: messages.collect(),
        }
    }

    /// One contact, all of it or nothing.
    pub fn forget(&mut self, what: &Forget, at: Wall) -> Result<Forgotten> {
        self.transaction(|books| books.forget_contact(what, at))
    }

    fn forget_contact(&mut self, what: &Forget, at: Wall) -> Result<Forgotten> {
        let contact = what.contact;
        let known = self.known(contact)?.clone();
        if self.erased.has(&contact) {
            return Err(BookError::NotFound(format!("contact {contact}")));
        }
        if let Some(live) = self.attempts_of(contact).find(|a| a.state == AttemptState::Live) {
            return Err(BookError::Conflict(format!("call {} with contact {contact} is up", live.id)));
        }
        let persons = SuppressionKey::OF_MEMORY.persons(&known.contact.external_id, known.contact.person.as_deref());
        if what.asked {
            let opted_out = (Disposition::OptedOut, at);
            for phone in known.phones() {
                self.list_number(SuppressionKey::OF_MEMORY.number(&phone.number), opted_out);
                let of_number = |known: &KnownContact| known.phones().find(|p| p.number == phone.number).map(|p| p.id);
                let theirs: Vec<(ContactId, PhoneId)> =
                    self.contacts.range(..).filter_map(|(id, known)| Some((*id, of_number(known)?))).collect();
                for (contact, phone) in theirs {
                    self.suppress_phone(contact, phone, Disposition::OptedOut, at);
                }
            }
            let (scope, reason) = (OptOutScope::Person, Disposition::OptedOut);
            self.suppress(Suppression { contact, phone: None, scope, reason, at });
            persons.iter().for_each(|hash| self.list_person(hash.clone(), opted_out));
        }
        if what.whole {
            let theirs: Vec<Suppression> = self.suppressions_of(contact).cloned().collect();
            for Suppression { phone, reason, at, .. } in theirs {
                match phone.and_then(|phone| self.number_of(contact, phone)) {
                    Some(number) => self.list_number(SuppressionKey::OF_MEMORY.number(&number), (reason, at)),
                    None => {
                        persons.iter().for_each(|hash| self.list_person(hash.clone(), (reason, at)));
                        // As other creditors' customer, too.
                        for other in self.same_person(&known.contact) {
                            let scope = OptOutScope::Person;
                            self.suppress(Suppression { contact: other, phone: None, scope, reason, at });
                        }
                    }
                }
            }
        }
        if what.asked || what.whole {
            self.stop_for_good(contact, at);
        }
        let (mut calls, mut messages) = (what.calls.clone(), what.messages.clone());
        if what.whole {
            calls = self.attempts_of(contact).map(|a| CallId::of(a.id)).collect();
            messages = self.outbox.keys().copied().collect();
        }
        let mut gone = Forgotten::default();
        for call in calls {
            self.forget_call(contact, call, &mut gone);
        }
        for message in messages {
            self.forget_message(contact, message, &mut gone);
        }
        if what.details {
            let mut known = self.known(contact)?.clone();
            known.contact.email = None;
            known.contact.fields.clear();
            self.contacts.put(contact, known);
        }
        if what.whole {
            self.leave_counts(&known, at, &mut gone);
        }
        self.touched.insert(contact);
        Ok(gone)
    }

    /// What was said first stands.
    fn list_number(&mut self, hash: SuppressionHash, row: (Disposition, Wall)) {
        if !self.suppressed_numbers.has(&hash) {
            self.suppressed_numbers.put(hash, row);
        }
    }

    fn list_person(&mut self, hash: SuppressionHash, row: (Disposition, Wall)) {
        if !self.suppressed_persons.has(&hash) {
            self.suppressed_persons.put(hash, row);
        }
    }

    fn stop_for_good(&mut self, contact: ContactId, at: Wall) {
        self.cancel_open(contact, &Close::erased());
        let campaigns: Vec<CampaignId> = self.campaigns.keys().copied().collect();
        for campaign in campaigns {
            if let Some(Some(close)) = self.enrolled.get(&(campaign, contact)).cloned() {
                self.close(campaign, contact, close.until(None));
            }
        }
        let open: Vec<Promise> = self.promises_of(contact).filter_map(|p| withdrawn(p, at)).collect();
        for promise in open {
            self.promises.put(promise.id, promise);
        }
        if !self.removed.has(&contact) {
            self.removed.put(contact, at);
        }
        if !self.erase_asked.has(&contact) {
            self.erase_asked.put(contact, at);
        }
    }

    fn forget_call(&mut self, contact: ContactId, call: CallId, gone: &mut Forgotten) {
        if self.attempts.get(&call.attempt()).is_none_or(|a| a.contact != contact) {
            return;
        }
        let lines: Vec<(String, AttemptId)> =
            self.lines.keys().filter(|(_, attempt)| *attempt == call.attempt()).cloned().collect();
        gone.calls += lines.len() as u64;
        lines.iter().for_each(|line| self.lines.remove(line));
        gone.log_lines += self.forget_log(call);
    }

    fn forget_log(&mut self, call: CallId) -> u64 {
        let log: Vec<(CallId, u32)> = self.events.range((call, 0)..=(call, u32::MAX)).map(|(key, _)| *key).collect();
        log.iter().for_each(|key| self.events.remove(key));
        log.len() as u64
    }

    fn forget_message(&mut self, contact: ContactId, id: OutboxId, gone: &mut Forgotten) {
        let Some(message) = self.outbox.get(&id).cloned() else { return };
        let theirs = self.attempts.get(&message.attempt).is_some_and(|a| a.contact == contact);
        if !theirs || message.to.is_empty() && message.body.is_empty() {
            return;
        }
        gone.messages += 1;
        self.outbox_queued.remove(&(message.next_try_at, id));
        let state = if message.state == OutboxState::Queued { OutboxState::Failed } else { message.state };
        let (to, subject, body, last_error) = Default::default();
        self.outbox.put(id, OutboxMessage { to, subject, body, last_error, state, ..message });
    }

    fn leave_counts(&mut self, known: &KnownContact, at: Wall, gone: &mut Forgotten) {
        let contact = known.contact.id;
        gone.contacts += 1;
        gone.numbers += known.phones().count() as u64;
        gone.debts += known.contact.debts.len() as u64;
        let suppressions: Vec<Option<PhoneId>> = self.suppressions_of(contact).map(|s| s.phone).collect();
        suppressions.into_iter().for_each(|phone| self.suppressions.remove(&(contact, phone)));
        let worklist: Vec<WorklistId> = self.worklist.values().filter(|w| w.contact == contact).map(|w| w.id).collect();
        worklist.iter().for_each(|id| self.worklist.remove(id));
        let changes: Vec<(ImportBatchId, ContactId)> =
            self.import_changes.keys().filter(|(_, id)| *id == contact).copied().collect();
        changes.iter().for_each(|key| self.import_changes.remove(key));
        let payments: Vec<Payment> = self.payments_of(contact).cloned().collect();
        for payment in payments {
            self.payments.remove(&payment.id);
            self.payments_of.remove(&(contact, payment.id.clone()));
            let id = erased_key(payment.number);
            self.payments_of.put((contact, id.clone()), ());
            self.payments.put(id.clone(), Payment { id, debt: None, ..payment });
        }
        let promises: Vec<Promise> = self.promises_of(contact).map(erased_promise).collect();
        promises.into_iter().for_each(|promise| self.promises.put(promise.id, promise));
        let attempts: Vec<Attempt> = self.attempts_of(contact).cloned().collect();
        for attempt in attempts {
            if let Some(report) = self.visits.get(&attempt.id).cloned() {
                let (visited_at, at) = (coarse(report.visited_at), coarse(report.at));
                self.visits.put(attempt.id, VisitReport { note: String::new(), visited_at, at, ..report });
            }
            let plan = Plan { why: String::new(), due_at: coarse(attempt.plan.due_at), ..attempt.plan };
            let (live_at, finished_at) = (attempt.live_at.map(coarse), attempt.finished_at.map(coarse));
            // All of them are final, so that nothing is looked up by what changes.
            self.attempts.put(attempt.id, Attempt { plan, live_at, finished_at, ..attempt });
        }
        let campaigns: Vec<CampaignId> = self.campaigns.keys().copied().collect();
        for campaign in campaigns {
            if let Some(Some(close)) = self.enrolled.get(&(campaign, contact)).cloned() {
                self.close(campaign, contact, Close { why: Close::erased().why, ..close });
            }
        }
        if let Some(person) = &known.contact.person {
            self.persons.remove(&(person.clone(), contact));
        }
        self.external_ids.remove(&known.contact.external_id);
        self.added_by.remove(&contact);
        let left = erased(known);
        self.external_ids.put(left.contact.external_id.clone(), contact);
        self.contacts.put(contact, left);
        self.erased.put(contact, at);
    }

    pub fn forget_inbound(&mut self, calls: &[CallId]) -> Result<Forgotten> {
        self.transaction(|books| {
            let mut gone = Forgotten::default();
            for call in calls {
                let Some(row) = books.inbound.get(call).cloned() else { continue };
                if row.ended.is_none() {
                    return Err(BookError::Conflict(format!("call {call} is up")));
                }
                let lines = books.forget_log(*call);
                let there = lines > 0 || row.caller.number.is_some() || row.caller.diverted_from.is_some();
                gone.log_lines += lines;
                gone.inbound_calls += u64::from(there);
                books.inbound.put(*call, InboundCall { caller: Caller::default(), ..row });
            }
            Ok(gone)
        })
    }

    /// Calls that came in from numbers of these contacts.
    pub fn inbound_of(&self, contacts: &[ContactId]) -> InboundOf {
        let has = |contact: &ContactId, number: &PhoneNumber| {
            self.contacts.get(contact).is_some_and(|known| known.phones().any(|p| p.number == *number))
        };
        let mut of = InboundOf::default();
        for call in self.inbound.values() {
            let numbers: Vec<&PhoneNumber> =
                [&call.caller.number, &call.caller.diverted_from].into_iter().flatten().collect();
            if !numbers.iter().any(|number| contacts.iter().any(|contact| has(contact, number))) {
                continue;
            }
            let mut others = self.contacts.keys().filter(|id| !contacts.contains(id));
            match others.any(|other| numbers.iter().any(|number| has(other, number))) {
                true => of.shared += 1,
                false => of.theirs.push(call.id),
            }
        }
        of
    }

    /// As JSON, without its numbers: those stay with the contact.
    pub fn earlier(&self, contact: ContactId) -> Vec<Earlier> {
        let of = self.import_changes.range(..).filter(|((_, id), _)| *id == contact);
        of.map(|((batch, _), KnownContact { contact: c, .. })| {
            let values = serde_json::json!({
                "person": c.person, "name": c.name, "email": c.email, "creditor": c.creditor, "fields": c.fields,
            });
            Earlier { batch: *batch, values: values.to_string() }
        })
        .collect()
    }

    pub fn tell_purge(&mut self, told: &PurgeReport) {
        let number = self.purges.last().map_or(1, |last| last + 1);
        self.purges.put(number, told.clone());
        self.commit();
    }

    /// Newest first.
    pub fn purges(&self, limit: u32) -> Vec<PurgeReport> {
        let all: Vec<&PurgeReport> = self.purges.values().collect();
        all.into_iter().rev().take(limit as usize).cloned().collect()
    }
}
