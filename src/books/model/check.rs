//! The invariants that a contact's rows keep, whatever happens to them.

use super::*;

impl Model {
    /// Holds every contact touched since the last check against the invariants. Cheap enough for every step.
    pub fn check(&mut self) -> std::result::Result<(), String> {
        let touched = std::mem::take(&mut self.touched);
        touched.into_iter().try_for_each(|contact| self.check_contact(contact))
    }

    /// Holds all contacts against the invariants.
    pub fn check_all(&self) -> std::result::Result<(), String> {
        self.contacts.keys().try_for_each(|contact| self.check_contact(*contact))
    }

    fn check_contact(&self, contact: ContactId) -> std::result::Result<(), String> {
        let wrong = |what: String| Err(format!("contact {contact}: {what}"));
        let Some(known) = self.contacts.get(&contact) else {
            return wrong("is not in the books".into());
        };
        let mut open_channels = BTreeSet::new();
        let mut open_campaigns = BTreeSet::new();
        for attempt in self.attempts_of(contact) {
            if let Some(what) = self.fault_of(attempt, known) {
                return wrong(format!("attempt {} is {}, but {what}", attempt.id, attempt.state));
            }
            if attempt.state.is_open() {
                if !open_channels.insert(attempt.channel) {
                    return wrong(format!("two attempts are open by {}", attempt.channel));
                }
                if !open_campaigns.insert(attempt.campaign) {
                    return wrong(format!("two attempts are open in campaign {}", attempt.campaign));
                }
                if self.open.get(&(contact, attempt.channel)) != Some(&attempt.id) {
                    return wrong(format!("attempt {} is open and not indexed so", attempt.id));
                }
            }
        }
        for campaign in self.campaigns.keys() {
            let open = open_campaigns.contains(campaign);
            match self.enrolled.get(&(*campaign, contact)) {
                Some(Some(close)) if open => {
                    return wrong(format!("closed as {} in campaign {campaign}, yet an attempt is open", close.reason));
                }
                Some(None) if !open => {
                    return wrong(format!("campaign {campaign} is not done with it, yet no attempt is open"));
                }
                None if open => return wrong(format!("not in campaign {campaign}, which has an attempt open")),
                Some(_) | None => {}
            }
        }
        let open: BTreeSet<AttemptId> =
            self.promises_of(contact).filter(|p| p.state == PromiseState::Open).map(|p| p.attempt).collect();
        if open.len() > 1 {
            return wrong("promises of two calls are open".into());
        }
        let payments: i64 = self.payments_of(contact).flat_map(|p| &p.parts).map(|part| part.minor).sum();
        let told: i64 = self.payments_of(contact).map(|p| p.amount.minor).sum();
        if payments != told {
            return wrong(format!("payments of {told} went to debts as {payments}"));
        }
        for promise in self.promises_of(contact) {
            let of = self.attempts.get(&promise.attempt);
            if !of.is_some_and(|a| a.contact == contact && a.live_at.is_some()) {
                return wrong(format!("promise {} was made in no call with it", promise.id));
            }
        }
        if self.suppressions_of(contact).any(|s| s.phone.is_some_and(|p| known.phones().all(|k| k.id != p))) {
            return wrong("a number of somebody else is suppressed for it".into());
        }
        Ok(())
    }

    pub(super) fn payments_of(&self, contact: ContactId) -> impl Iterator<Item = &Payment> {
        let of = self.payments_of.range((contact, String::new())..(ContactId(contact.0 + 1), String::new()));
        of.filter_map(|((_, id), ())| self.payments.get(id))
    }

    pub(super) fn suppressions_of(&self, contact: ContactId) -> impl Iterator<Item = &Suppression> {
        self.suppressions.range((contact, None)..(ContactId(contact.0 + 1), None)).map(|(_, s)| s)
    }

    /// What about an attempt's own row is not as its state says.
    fn fault_of(&self, attempt: &Attempt, known: &KnownContact) -> Option<String> {
        let state = attempt.state;
        let dialled = attempt.live_at.is_some();
        let due = self.due.has(&(attempt.campaign, attempt.plan.due_at, attempt.id));
        let stopped = self.campaigns.get(&attempt.campaign).is_none_or(|c| c.state == CampaignState::Stopped);
        let faults = [
            (attempt.channel != attempt.plan.channel, "its plan is for another channel"),
            ((state == AttemptState::Finished) != attempt.outcome.is_some(), "finished goes with an outcome"),
            ((state == AttemptState::Finished) != attempt.finished_at.is_some(), "finished goes with finished_at"),
            (attempt.phone.is_some() != dialled, "a number goes with live_at"),
            (attempt.flow.is_some() != dialled, "a flow goes with live_at"),
            (state == AttemptState::Live && !dialled, "it has no live_at"),
            (dialled && !matches!(state, AttemptState::Live | AttemptState::Finished), "it was dialled"),
            ((state == AttemptState::Claimed) != self.leases.has(&attempt.id), "claimed goes with a lease"),
            ((state == AttemptState::Live) != self.live.has(&attempt.id), "it is not indexed so"),
            (matches!(state, AttemptState::Scheduled | AttemptState::Claimed) != due, "its due time is not indexed so"),
            (due && known.contact.paid(), "the debt is paid"),
            (due && stopped, "its campaign is stopped"),
            (
                attempt.phone.is_some_and(|phone| known.phones().all(|p| p.id != phone))
                    && !self.erased.has(&known.contact.id),
                "the number dialled is not the contact's",
            ),
            (!dialled && !self.call_events(CallId::of(attempt.id)).is_empty(), "it has events of a call never made"),
        ];
        faults.iter().find(|(wrong, _)| *wrong).map(|(_, what)| (*what).to_string())
    }
}
