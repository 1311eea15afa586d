//! Payments, what they do to debts and promises, and contacts that are looked at again.

use super::*;

impl Model {
    /// Books each payment or none of it: see [`Account::pay`]. Open attempts of a contact that then owes nothing are cancelled.
    pub fn pay(&mut self, new: &NewPayment, at: Wall) -> Result<Paid> {
        self.transaction(|books| books.book(new, at))
    }

    /// Books all of them, or none: with one refusal the books stay as they were.
    pub fn pay_all(&mut self, payments: &[NewPayment], at: Wall) -> Vec<Result<Paid>> {
        let touched = self.touched.clone();
        // Nothing of a payment is written before the account has said yes, so that a refused one leaves nothing to the next.
        let answers: Vec<Result<Paid>> = payments.iter().map(|new| self.book(new, at)).collect();
        match answers.iter().all(Result::is_ok) {
            true => self.commit(),
            false => {
                self.tables().into_iter().for_each(|t| t.rollback());
                self.touched = touched;
            }
        }
        answers
    }

    fn book(&mut self, new: &NewPayment, at: Wall) -> Result<Paid> {
        let contact = self.contact_id(&new.contact)?;
        let mut account = self.account(contact)?;
        if let Some(known) = self.payments.get(&new.id) {
            return match known.is_told_again(new, contact) {
                true => Ok(account.paid(false)),
                false => Err(BookError::Conflict(known.told_otherwise())),
            };
        }
        account.pay(new, self.payment_number(), at)?;
        self.keep(&account, at)?;
        Ok(account.paid(true))
    }

    pub fn account_of(&self, of: AccountOf<'_>) -> Result<Account> {
        let contact = match of {
            AccountOf::Contact(external_id) => self.contact_id(external_id)?,
            AccountOf::Payment(id) => {
                let payment = self.payments.get(&id.to_string());
                payment.ok_or_else(|| BookError::NotFound(format!("payment `{id}`")))?.contact
            }
        };
        self.account(contact)
    }

    /// Takes a payment back: what it paid is owed again, and promises are judged without it. `false`: it was reversed before.
    pub fn reverse(&mut self, payment_id: &str, at: Wall) -> Result<bool> {
        self.transaction(|books| {
            let payment = books.payments.get(&payment_id.to_string());
            let contact = payment.ok_or_else(|| BookError::NotFound(format!("payment `{payment_id}`")))?.contact;
            let mut account = books.account(contact)?;
            if !account.reverse(payment_id, books.payment_number(), at)? {
                return Ok(false);
            }
            books.keep(&account, at)?;
            Ok(true)
        })
    }

    pub fn last_payment(&self) -> i64 {
        self.payments.values().map(|p| p.number).max().unwrap_or(0)
    }

    /// Judges the open promises whose time has come. Returns how many there were.
    pub fn judge_promises(&mut self, now: Wall, limit: u32) -> Result<u64> {
        self.transaction(|books| {
            let due = |p: &&Promise| p.state == PromiseState::Open && p.judge_at <= now;
            let mut promises: Vec<&Promise> = books.promises.values().filter(due).collect();
            promises.sort_by_key(|p| (p.judge_at, p.id));
            promises.truncate(limit as usize);
            let contacts: BTreeSet<ContactId> = promises.iter().map(|p| p.contact).collect();
            let count = promises.len() as u64;
            for contact in contacts {
                let mut account = books.account(contact)?;
                account.judge(now);
                books.keep(&account, now)?;
            }
            Ok(count)
        })
    }

    /// By hand: the promise binds no more.
    pub fn withdraw_promise(&mut self, id: PromiseId, at: Wall) -> Result<()> {
        self.transaction(|books| {
            let promise = books.promises.get(&id).ok_or_else(|| BookError::NotFound(format!("promise {id}")))?.clone();
            if promise.state != PromiseState::Open {
                return Err(BookError::Conflict(format!("promise {id} is {}", promise.state)));
            }
            let contact = promise.contact;
            let state = PromiseState::Withdrawn;
            books.promises.put(id, Promise { state, withdrawn_at: Some(at), ..promise });
            books.wake_for_money(contact, at);
            books.touched.insert(contact);
            Ok(())
        })
    }

    /// Closed contacts of running campaigns that are to be looked at again, the longest overdue first.
    pub fn sleepers(&self, now: Wall, limit: u32) -> Vec<Sleeper> {
        let last = (now, CampaignId(i64::MAX), ContactId(i64::MAX));
        let due = self.sleepers.range(..=last).map(|((_, campaign, contact), ())| (*campaign, *contact));
        let running = |(id, _): &(CampaignId, ContactId)| {
            self.campaigns.get(id).is_some_and(|c| c.state == CampaignState::Running)
        };
        let due = due.filter(running).take(limit as usize);
        due.filter_map(|(campaign, contact)| {
            let closed = self.enrolled.get(&(campaign, contact))?.clone()?;
            let last = self.attempts_of(contact).filter(|a| a.campaign == campaign).last().map(|a| a.plan.clone());
            Some(Sleeper { campaign, standing: self.standing(contact, Some(campaign)), last, closed })
        })
        .collect()
    }

    /// What sleepers get: an attempt, or another close. One that has been woken meanwhile, or that another campaign works on, stays as
    /// it is.
    pub fn wake(&mut self, campaign: CampaignId, batch: &[Enrolment], _at: Wall) -> Result<()> {
        self.transaction(|books| {
            let state = books.campaign_by_id(campaign)?.state;
            for Enrolment { contact, next } in batch {
                if !matches!(books.enrolled.get(&(campaign, *contact)), Some(Some(_))) {
                    continue;
                }
                let paid = books.known(*contact)?.contact.paid();
                let elsewhere = Channel::ALL.iter().any(|c| books.open.has(&(*contact, *c)));
                match next.clone().admitted(paid, state) {
                    Next::Attempt(_) if elsewhere => books.close(campaign, *contact, Close::in_other_campaign()),
                    Next::Attempt(plan) => {
                        books.unsleep(campaign, *contact);
                        books.schedule(campaign, *contact, plan)?;
                    }
                    Next::Close(close) => books.close(campaign, *contact, close),
                }
            }
            Ok(())
        })
    }

    pub(super) fn account(&self, contact: ContactId) -> Result<Account> {
        let payments = self.payments_of.range((contact, String::new())..(ContactId(contact.0 + 1), String::new()));
        let mut payments: Vec<Payment> = payments.filter_map(|((_, id), ())| self.payments.get(id)).cloned().collect();
        payments.sort_by(|a, b| (a.at, &a.id).cmp(&(b.at, &b.id)));
        let promises = self.promises_of(contact).cloned().collect();
        Ok(Account { contact: self.known(contact)?.contact.clone(), promises, payments })
    }

    fn payment_number(&self) -> i64 {
        self.last_payment() + 1
    }

    /// Writes an account back. Its contact is looked at again wherever it is closed for a reason of money.
    fn keep(&mut self, account: &Account, at: Wall) -> Result<()> {
        let contact = account.contact.id;
        let mut known = self.known(contact)?.clone();
        known.contact.debts.clone_from(&account.contact.debts);
        self.contacts.put(contact, known);
        self.touched.insert(contact);
        for promise in &account.promises {
            self.promises.put(promise.id, promise.clone());
        }
        for payment in &account.payments {
            self.payments_of.put((contact, payment.id.clone()), ());
            self.payments.put(payment.id.clone(), payment.clone());
        }
        self.wake_for_money(contact, at);
        if account.contact.paid() {
            let open: Vec<AttemptId> = self.attempts_of(contact).filter(|a| a.state.is_open()).map(|a| a.id).collect();
            for attempt in open {
                self.cancel_unless_live(attempt, Close::paid());
            }
        }
        Ok(())
    }

    fn wake_for_money(&mut self, contact: ContactId, at: Wall) {
        let campaigns: Vec<CampaignId> = self.campaigns.keys().copied().collect();
        for campaign in campaigns {
            if let Some(Some(close)) = self.enrolled.get(&(campaign, contact))
                && Close::hangs_on_money(&close.reason)
            {
                let close = close.clone().until(Some(at));
                self.close(campaign, contact, close);
            }
        }
    }

    pub(super) fn unsleep(&mut self, campaign: CampaignId, contact: ContactId) {
        if let Some(Some(Close { wake_at: Some(at), .. })) = self.enrolled.get(&(campaign, contact)) {
            let key = (*at, campaign, contact);
            self.sleepers.remove(&key);
        }
    }
}
