//! Whom a call may go to, and what it may cost: the operator's limits at the moment of dialling.

use super::{Engine, Limits, Output};
use crate::books::{Claimed, Holding, Write};
use crate::campaign::{Exhausted, Route, TrunkId, Trunks};
use crate::id::CampaignId;
use crate::phone::{Barred, PhoneNumber};
use crate::time::Now;

impl Limits {
    /// The trunks that a client's number may be dialled over.
    ///
    /// # Errors
    /// Why it may not be dialled.
    pub fn way_to(&self, trunks: &Trunks, number: &PhoneNumber) -> Result<Route, Barred> {
        if !self.may_dial(number.full()) {
            let why = format!("{number} begins with none of the config's allow_prefixes");
            return Err(Barred { reason: "not_allowed", why });
        }
        trunks.route(number)
    }
}

impl Engine {
    /// Is there money for a call over the first of these trunks?
    pub(super) fn may_spend(
        &mut self,
        now: Now,
        campaign: CampaignId,
        number: &PhoneNumber,
        over: &[TrunkId],
    ) -> Result<(), Exhausted> {
        let Some(spending) = &mut self.spending else { return Ok(()) };
        let price = over.first().and_then(|trunk| self.trunks.price(*trunk, number)).map_or(0, |price| price.micros);
        let Some(running) = self.campaigns.get_mut(&campaign) else { return Ok(()) };
        let result = spending.may(now.wall, campaign, &running.plan.name, price);
        running.exhausted = result.clone().err();
        result
    }

    /// What a call cost whose end nobody saw: as much as the dearest trunk that may have carried it takes for a first minute.
    pub(super) fn unknown_cost(&mut self, now: Now, claimed: &Claimed) -> Vec<Write> {
        let attempt = &claimed.attempt;
        let phone = claimed.standing.contact.phones.iter().find(|p| Some(p.id) == attempt.phone);
        let Some(cost) = phone.and_then(|phone| self.trunks.dearest(&phone.number)) else { return Vec::new() };
        if let Some(spending) = &mut self.spending {
            spending.spend(now.wall, attempt.campaign, cost);
        }
        let (trunk, caller_id) = (None, None);
        vec![Write::Carried { attempt: attempt.id, trunk, caller_id, cost: Some(cost), agent: None }]
    }

    /// The attempt waits for the next day's money; without one, the campaign is paused until somebody raises its limit.
    pub(super) fn put_off_for_money(&mut self, claimed: Claimed, exhausted: Exhausted, out: &mut Vec<Output>) {
        let (attempt, campaign) = (claimed.attempt.id, claimed.attempt.campaign);
        let Exhausted { why, until } = exhausted;
        self.tally.put_off += 1;
        let due_at = until.unwrap_or(claimed.attempt.plan.due_at);
        let because = match until {
            Some(_) => why.clone(),
            None => claimed.attempt.plan.why,
        };
        self.write_surely(vec![Write::Reschedule { attempt, due_at, why: because }], None, out);
        if until.is_none() && self.runs(campaign) {
            out.push(Output::Suspend { campaign, why });
            self.halt(campaign, out);
        }
    }

    /// Campaigns that are not dialled, or not as fast as they could be, and why.
    pub(super) fn campaigns_held(&self, now: Now, holding: &mut Vec<Holding>) {
        for running in self.campaigns.values() {
            let about = format!("campaign {}", running.plan.name);
            let spent = running.exhausted.as_ref().filter(|e| e.until.is_none_or(|until| now.wall < until));
            if let Some(Exhausted { why, .. }) = spent {
                holding.push(Holding { about, says: format!("is not dialled: {why}"), at: now.wall });
            }
        }
    }
}
