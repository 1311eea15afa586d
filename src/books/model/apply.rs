//! The writes, one by one, in a transaction.

use super::*;
use crate::flow::program::OptOutScope;
use crate::phone::PhoneNumber;

fn not_listed(number: &PhoneNumber) -> BookError {
    BookError::NotFound(format!("{number} on the list of suppressed numbers"))
}

impl Model {
    /// All of the group or none of it.
    pub fn apply(&mut self, group: &[Write]) -> Result<()> {
        self.transaction(|books| group.iter().try_for_each(|write| books.write(write)))
    }

    fn write(&mut self, write: &Write) -> Result<()> {
        match write {
            Write::Live { attempt, phone, flow, policy, caller_id, at } => {
                let attempt = self.in_state(*attempt, &[AttemptState::Scheduled, AttemptState::Claimed])?;
                self.may_be_called(&attempt, *phone)?;
                let Some(number) = self.number_of(attempt.contact, *phone) else {
                    return Err(BookError::NotFound(format!("phone {phone} of contact {}", attempt.contact)));
                };
                self.is_free(&attempt, &number)?;
                // An earlier version too: the campaign may be moved between this decision and the row.
                if self.campaign_by_id(attempt.campaign)?.flow(flow).is_none() {
                    return Err(BookError::NotFound(format!("flow {flow} of campaign {}", attempt.campaign)));
                }
                self.leases.remove(&attempt.id);
                self.lines.put((number.full().to_string(), attempt.id), ());
                self.put_attempt(Attempt {
                    state: AttemptState::Live,
                    phone: Some(*phone),
                    flow: Some(flow.clone()),
                    live_at: Some(*at),
                    policy: Some(policy.clone()),
                    caller_id: Some(caller_id.clone()),
                    ..attempt
                });
                Ok(())
            }
            Write::Ruling(ruling) => {
                self.known_attempt(ruling.attempt)?;
                let number = self.rulings.last().map_or(1, |last| last + 1);
                self.rulings.put(number, ruling.clone());
                Ok(())
            }
            Write::Reschedule { attempt, due_at, why } => {
                let mut attempt = self.in_state(*attempt, &[AttemptState::Claimed])?;
                self.leases.remove(&attempt.id);
                attempt.plan.due_at = *due_at;
                attempt.plan.why.clone_from(why);
                self.put_attempt(Attempt { state: AttemptState::Scheduled, ..attempt });
                Ok(())
            }
            Write::Log(event) if event.call.is_inbound() => {
                if !self.inbound.has(&event.call) {
                    return Err(BookError::NotFound(format!("call {}", event.call)));
                }
                self.append(event);
                Ok(())
            }
            Write::Log(event) => {
                let attempt = self.known_attempt(event.call.attempt())?;
                if attempt.live_at.is_none() {
                    return Err(BookError::NotFound(format!("call {}", event.call)));
                }
                let contact = attempt.contact;
                self.touched.insert(contact);
                self.append(event);
                Ok(())
            }
            Write::Quality { call, quality } if call.is_inbound() => {
                let row = self.inbound.get(call).ok_or_else(|| BookError::NotFound(format!("call {call}")))?;
                let row = InboundCall { quality: Some(*quality), ..row.clone() };
                self.inbound.put(*call, row);
                Ok(())
            }
            Write::Quality { call, quality } => {
                let attempt = self.known_attempt(call.attempt())?.clone();
                if attempt.live_at.is_none() {
                    return Err(BookError::NotFound(format!("call {call}")));
                }
                // No move from state to state, and nothing that is looked up by.
                self.touched.insert(attempt.contact);
                self.attempts.put(attempt.id, Attempt { quality: Some(*quality), ..attempt });
                Ok(())
            }
            Write::Led { attempt, led } => {
                let attempt = self.known_attempt(*attempt)?.clone();
                self.touched.insert(attempt.contact);
                self.attempts.put(attempt.id, Attempt { led: Some(led.clone()), ..attempt });
                Ok(())
            }
            Write::Visited { report, next } => {
                let attempt = self.known_attempt(report.attempt)?.clone();
                if !self.waits_for_report(&attempt) {
                    return Err(BookError::no_visit(attempt.id));
                }
                self.touched.insert(attempt.contact);
                self.visits.put(attempt.id, report.clone());
                let (campaign, contact) = (attempt.campaign, attempt.contact);
                let waits = |close: &Option<Close>| close.as_ref().is_some_and(|c| c.reason == Close::VISITING);
                if !self.enrolled.get(&(campaign, contact)).is_some_and(waits) {
                    return Ok(());
                }
                let (paid, state) = (self.known(contact)?.contact.paid(), self.campaign_by_id(campaign)?.state);
                let elsewhere = Channel::ALL.iter().any(|c| self.open.has(&(contact, *c)));
                match next.clone().admitted(paid, state) {
                    Next::Attempt(_) if elsewhere => self.close(campaign, contact, Close::in_other_campaign()),
                    Next::Attempt(plan) => {
                        self.unsleep(campaign, contact);
                        return self.schedule(campaign, contact, plan);
                    }
                    Next::Close(close) => self.close(campaign, contact, close),
                }
                Ok(())
            }
            Write::Carried { attempt, trunk, caller_id, cost, agent } => {
                let attempt = self.known_attempt(*attempt)?.clone();
                if attempt.live_at.is_none() {
                    return Err(BookError::NotFound(format!("call {}", attempt.id)));
                }
                self.touched.insert(attempt.contact);
                let (trunk, cost, agent) = (trunk.clone(), *cost, *agent);
                let caller_id = caller_id.clone().or(attempt.caller_id);
                self.attempts.put(attempt.id, Attempt { trunk, caller_id, cost, agent, ..attempt });
                Ok(())
            }
            Write::Promise { attempt, parts, at } => {
                let visited = self.visits.get(attempt).is_some_and(|v| v.outcome == VisitOutcome::Promised);
                let attempt = match visited {
                    true => self.known_attempt(*attempt)?.clone(),
                    false => self.in_state(*attempt, &[AttemptState::Live])?,
                };
                if let Some(none) = parts.iter().find(|p| p.amount.minor <= 0) {
                    return Err(BookError::Conflict(format!("a promise of {} is none", none.amount)));
                }
                let open: Vec<Promise> =
                    self.promises_of(attempt.contact).filter(|p| p.state == PromiseState::Open).cloned().collect();
                for earlier in open {
                    self.promises.put(earlier.id, Promise { state: PromiseState::Superseded, ..earlier });
                }
                if self.promises_of(attempt.contact).any(|p| p.attempt == attempt.id) {
                    return Err(BookError::Conflict(format!("attempt {} has made a promise already", attempt.id)));
                }
                for (n, part) in parts.iter().enumerate() {
                    let id = PromiseId(self.promises.last().map_or(1, |p| p.0 + 1));
                    let (number, count) = (n as u32 + 1, parts.len() as u32);
                    let promise = Promise::new(id, attempt.contact, attempt.id, number, count, part, *at);
                    self.promises_of.put((attempt.contact, id), ());
                    self.promises.put(id, promise);
                }
                self.touched.insert(attempt.contact);
                Ok(())
            }
            Write::Suppress { attempt, scope, reason, at } => {
                let attempt = self.known_attempt(*attempt)?.clone();
                let phone = match scope {
                    OptOutScope::Person => None,
                    OptOutScope::Number => match attempt.phone {
                        Some(phone) => Some(phone),
                        None => return Err(BookError::Conflict(format!("attempt {} dialled no number", attempt.id))),
                    },
                };
                let contact = attempt.contact;
                self.suppress(Suppression { contact, phone, scope: *scope, reason: *reason, at: *at });
                Ok(())
            }
            Write::SuppressNumber { number, reason, at } => {
                self.suppressed_numbers.put(SuppressionKey::OF_MEMORY.number(number), (*reason, *at));
                let of_number = |known: &KnownContact| known.phones().find(|p| p.number == *number).map(|p| p.id);
                let theirs: Vec<(ContactId, PhoneId)> =
                    self.contacts.range(..).filter_map(|(id, known)| Some((*id, of_number(known)?))).collect();
                for (contact, phone) in theirs {
                    self.suppress_phone(contact, phone, *reason, *at);
                }
                Ok(())
            }
            Write::ReleaseNumber { number, why, at } => {
                let hash = SuppressionKey::OF_MEMORY.number(number);
                let (reason, since) = *self.suppressed_numbers.get(&hash).ok_or_else(|| not_listed(number))?;
                self.suppressed_numbers.remove(&hash);
                let of_number = |known: &KnownContact| known.phones().find(|p| p.number == *number).map(|p| p.id);
                let theirs: Vec<(ContactId, Option<PhoneId>)> =
                    self.contacts.range(..).filter_map(|(id, known)| Some((*id, Some(of_number(known)?)))).collect();
                for key in theirs {
                    self.touched.insert(key.0);
                    self.suppressions.remove(&key);
                }
                let released = ReleasedNumber { hash, reason, since, why: why.clone(), at: *at };
                let count = self.released.last().map_or(1, |last| last + 1);
                self.released.put(count, released);
                Ok(())
            }
            Write::Phone { phone, state } => {
                let owner = self.phone_owners.get(phone).copied();
                let owner = owner.ok_or_else(|| BookError::NotFound(format!("phone {phone}")))?;
                let mut known = self.known(owner)?.clone();
                for row in known.contact.phones.iter_mut().chain(&mut known.unlisted).filter(|p| p.id == *phone) {
                    row.state = *state;
                }
                self.contacts.put(owner, known);
                Ok(())
            }
            Write::Message { attempt, channel, subject, body, at } => {
                let attempt = self.known_attempt(*attempt)?.clone();
                let to = self.address(attempt.contact, *channel)?;
                let id = OutboxId(self.outbox.last().map_or(1, |m| m.0 + 1));
                let message = OutboxMessage {
                    id,
                    attempt: attempt.id,
                    channel: *channel,
                    to,
                    subject: subject.clone(),
                    body: body.clone(),
                    state: OutboxState::Queued,
                    tries: 0,
                    next_try_at: *at,
                    last_error: None,
                };
                self.outbox_queued.put((*at, id), ());
                self.outbox.put(id, message);
                Ok(())
            }
            Write::Worklist { attempt, queue, reason, at } => {
                let attempt = self.known_attempt(*attempt)?;
                let id = WorklistId(self.worklist.last().map_or(1, |w| w.0 + 1));
                let entry = WorklistEntry {
                    id,
                    contact: attempt.contact,
                    attempt: attempt.id,
                    queue: queue.clone(),
                    reason: reason.clone(),
                    at: *at,
                };
                self.worklist.put(id, entry);
                Ok(())
            }
            Write::Finish { attempt, outcome, at, next } => {
                let attempt = self.in_state(*attempt, &[AttemptState::Claimed, AttemptState::Live])?;
                let (campaign, contact) = (attempt.campaign, attempt.contact);
                self.leases.remove(&attempt.id);
                self.put_attempt(Attempt {
                    state: AttemptState::Finished,
                    finished_at: Some(*at),
                    outcome: Some(outcome.clone()),
                    ..attempt
                });
                let paid = self.known(contact)?.contact.paid();
                let state = self.campaign_by_id(campaign)?.state;
                match next.clone().admitted(paid, state) {
                    Next::Attempt(plan) => self.schedule(campaign, contact, plan),
                    Next::Close(close) => {
                        self.close(campaign, contact, close);
                        Ok(())
                    }
                }
            }
            Write::Cancel { attempt, at: _, why } => {
                let attempt = self.in_state(*attempt, &[AttemptState::Scheduled, AttemptState::Claimed])?;
                let paid = self.known(attempt.contact)?.contact.paid();
                self.cancel_unless_live(attempt.id, why.clone().as_paid(paid));
                Ok(())
            }
            Write::InboundAnswered { call, did, caller, flow, at } => {
                if !call.is_inbound() {
                    return Err(BookError::Conflict(format!("call {call} did not come in")));
                }
                if self.inbound.has(call) {
                    return Err(BookError::Conflict(format!("call {call} is in the books already")));
                }
                let (did, caller, flow) = (did.clone(), caller.clone(), flow.clone());
                let row = InboundCall { id: *call, did, caller, flow, answered_at: *at, ended: None, quality: None };
                self.inbound.put(*call, row);
                Ok(())
            }
            Write::InboundEnded { call, end } => {
                let row = self.inbound.get(call).ok_or_else(|| BookError::NotFound(format!("call {call}")))?;
                if row.ended.is_some() {
                    return Err(BookError::Conflict(format!("call {call} has ended already")));
                }
                let row = InboundCall { ended: Some(*end), ..row.clone() };
                self.inbound.put(*call, row);
                Ok(())
            }
        }
    }

    /// Who has opted out since it was claimed is not rung.
    fn may_be_called(&self, attempt: &Attempt, phone: PhoneId) -> Result<()> {
        let contact = attempt.contact;
        let mut persons = self.same_person(&self.known(contact)?.contact);
        persons.push(contact);
        let not = persons.iter().any(|id| self.suppressions.has(&(*id, None)))
            || self.suppressions.has(&(contact, Some(phone)));
        match not {
            true => Err(BookError::Conflict(format!("attempt {} is to somebody who is not to be called", attempt.id))),
            false => Ok(()),
        }
    }

    /// One call at a time to a person and to a line.
    fn is_free(&self, attempt: &Attempt, number: &PhoneNumber) -> Result<()> {
        let contact = &self.known(attempt.contact)?.contact;
        let persons = self.same_person(contact);
        let busy = self.live.keys().map(|id| self.attempt(*id)).find(|other| {
            let line = other.phone.and_then(|phone| self.number_of(other.contact, phone));
            persons.contains(&other.contact) || line.as_ref() == Some(number)
        });
        match busy {
            Some(other) => Err(BookError::Conflict(format!("attempt {} is on that line, or to that person", other.id))),
            None => Ok(()),
        }
    }

    /// Once: what was said first stands.
    pub(super) fn suppress(&mut self, suppression: Suppression) {
        let key = (suppression.contact, suppression.phone);
        if !self.suppressions.has(&key) {
            self.touched.insert(suppression.contact);
            self.suppressions.put(key, suppression);
        }
    }

    pub(super) fn suppress_phone(&mut self, contact: ContactId, phone: PhoneId, reason: Disposition, at: Wall) {
        self.suppress(Suppression { contact, phone: Some(phone), scope: OptOutScope::Number, reason, at });
    }

    /// The next line of a call's log.
    fn append(&mut self, event: &CallEvent) {
        let last = self.events.range((event.call, 0)..=(event.call, u32::MAX)).next_back();
        let number = last.map_or(0, |((_, n), _)| n + 1);
        self.events.put((event.call, number), event.clone());
    }

    /// Writes the contact's next attempt in the campaign.
    pub(super) fn schedule(&mut self, campaign: CampaignId, contact: ContactId, plan: Plan) -> Result<()> {
        if let Some(open) = self.open.get(&(contact, plan.channel)) {
            let channel = plan.channel;
            return Err(BookError::Conflict(format!("contact {contact} has attempt {open} open by {channel}")));
        }
        let id = AttemptId(self.attempts.last().map_or(1, |a| a.0 + 1));
        self.attempts_of.put((contact, id), ());
        self.enrolled.put((campaign, contact), None);
        self.put_attempt(Attempt {
            id,
            campaign,
            contact,
            channel: plan.channel,
            state: AttemptState::Scheduled,
            plan,
            phone: None,
            flow: None,
            live_at: None,
            quality: None,
            caller_id: None,
            trunk: None,
            cost: None,
            agent: None,
            finished_at: None,
            outcome: None,
            policy: None,
            led: None,
        });
        Ok(())
    }

    pub(super) fn close(&mut self, campaign: CampaignId, contact: ContactId, close: Close) {
        self.touched.insert(contact);
        self.unsleep(campaign, contact);
        if let Some(at) = close.wake_at {
            self.sleepers.put((at, campaign, contact), ());
        }
        self.enrolled.put((campaign, contact), Some(close));
    }

    /// A live call ends by itself; what is scheduled or claimed will not be dialled.
    pub(super) fn cancel_unless_live(&mut self, id: AttemptId, why: Close) {
        let attempt = self.attempt(id).clone();
        match attempt.state {
            AttemptState::Scheduled | AttemptState::Claimed => {
                self.close(attempt.campaign, attempt.contact, why);
                self.leases.remove(&id);
                self.put_attempt(Attempt { state: AttemptState::Cancelled, ..attempt });
            }
            AttemptState::Live | AttemptState::Finished | AttemptState::Cancelled => {}
        }
    }

    /// The one place where an attempt changes: keeps the indexes, and refuses a move the states do not have.
    pub(super) fn put_attempt(&mut self, attempt: Attempt) {
        use AttemptState::*;
        if let Some(before) = self.attempts.get(&attempt.id) {
            let moves = (before.state, attempt.state);
            let allowed = match moves {
                (Scheduled, Claimed | Live | Cancelled) => true,
                (Claimed, Claimed | Scheduled | Live | Finished | Cancelled) => true,
                (Live, Finished) => true,
                (Scheduled | Live | Finished | Cancelled, _) => false,
            };
            assert!(allowed, "attempt {} cannot go from {} to {}", attempt.id, moves.0, moves.1);
            let key = (before.campaign, before.plan.due_at, attempt.id);
            self.due.remove(&key);
        }
        let id = attempt.id;
        match attempt.state {
            Scheduled | Claimed => self.due.put((attempt.campaign, attempt.plan.due_at, id), ()),
            Live => self.live.put(id, ()),
            Finished | Cancelled => self.live.remove(&id),
        }
        if attempt.state.is_open() {
            self.open.put((attempt.contact, attempt.channel), id);
        } else {
            self.open.remove(&(attempt.contact, attempt.channel));
        }
        self.touched.insert(attempt.contact);
        self.attempts.put(id, attempt);
    }

    /// The contact's first good number that has not been opted out, or its e-mail.
    fn address(&self, contact: ContactId, channel: Channel) -> Result<String> {
        let known = &self.known(contact)?.contact;
        let to = match channel {
            Channel::Sms => {
                let mut good = known.phones.iter().filter(|p| p.state == PhoneState::Good);
                good.find(|p| !self.suppressions.has(&(contact, Some(p.id)))).map(|p| p.number.full().to_string())
            }
            Channel::Email => known.email.clone(),
            Channel::Letter => known.fields.get("address").filter(|a| !a.trim().is_empty()).cloned(),
            Channel::Voice | Channel::Human | Channel::Visit => None,
        };
        to.ok_or_else(|| BookError::Conflict(format!("contact {contact} has no address for {channel}")))
    }

    fn known_attempt(&self, id: AttemptId) -> Result<&Attempt> {
        self.attempts.get(&id).ok_or_else(|| BookError::NotFound(format!("attempt {id}")))
    }

    fn in_state(&self, id: AttemptId, allowed: &[AttemptState]) -> Result<Attempt> {
        let attempt = self.known_attempt(id)?;
        if allowed.contains(&attempt.state) {
            return Ok(attempt.clone());
        }
        let allowed: Vec<&str> = allowed.iter().map(|s| s.as_str()).collect();
        Err(BookError::Conflict(format!("attempt {id} is {}, not {}", attempt.state, allowed.join(" or "))))
    }
}
