//! Attempts on their way to being dialled: claimed, their audio made or being made, in order, by campaign and by the trunks that may
//! carry them, so that a full trunk holds up nobody who goes another way.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use crate::books::Claimed;
use crate::call;
use crate::campaign::Route;
use crate::flow::program::{ContactValues, Program};
use crate::id::*;
use crate::phone::PhoneNumber;

/// An attempt on its way to being dialled.
pub(super) struct Waiting {
    pub claimed: Claimed,
    pub program: Arc<Program>,
    pub values: ContactValues,
    pub context: call::Context,
    pub phone: PhoneId,
    pub number: PhoneNumber,
    /// The trunks that may carry it.
    pub route: Route,
    /// The write that makes it live has been asked for.
    pub going_live: bool,
    /// The debt was paid meanwhile.
    pub paid: bool,
}

impl Waiting {
    pub fn id(&self) -> AttemptId {
        self.claimed.attempt.id
    }

    pub fn campaign(&self) -> CampaignId {
        self.claimed.attempt.campaign
    }
}

#[derive(Default)]
pub(super) struct WaitingRoom {
    all: BTreeMap<AttemptId, Waiting>,
    held: BTreeMap<CampaignId, usize>,
    /// Those whose audio is there, in order of coming.
    ready: BTreeMap<CampaignId, BTreeMap<Route, VecDeque<AttemptId>>>,
}

impl WaitingRoom {
    pub fn insert(&mut self, waiting: Waiting) {
        *self.held.entry(waiting.campaign()).or_default() += 1;
        if let Some(before) = self.all.insert(waiting.id(), waiting) {
            // Its lease ran out while it waited, and it was claimed again.
            self.count_off(before.campaign());
        }
    }

    pub fn remove(&mut self, attempt: AttemptId) -> Option<Waiting> {
        let waiting = self.all.remove(&attempt)?;
        self.count_off(waiting.campaign());
        self.not_ready(&waiting);
        Some(waiting)
    }

    fn count_off(&mut self, campaign: CampaignId) {
        if let Some(held) = self.held.get_mut(&campaign) {
            *held = held.saturating_sub(1);
        }
    }

    fn not_ready(&mut self, waiting: &Waiting) {
        let Some(queues) = self.ready.get_mut(&waiting.campaign()) else { return };
        if let Some(queue) = queues.get_mut(&waiting.route) {
            queue.retain(|id| *id != waiting.id());
            if queue.is_empty() {
                queues.remove(&waiting.route);
            }
        }
    }

    pub fn get(&self, attempt: AttemptId) -> Option<&Waiting> {
        self.all.get(&attempt)
    }

    pub fn get_mut(&mut self, attempt: AttemptId) -> Option<&mut Waiting> {
        self.all.get_mut(&attempt)
    }

    pub fn values(&self) -> impl Iterator<Item = &Waiting> {
        self.all.values()
    }

    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut Waiting> {
        self.all.values_mut()
    }

    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// How many of a campaign's attempts are here.
    pub fn held(&self, campaign: CampaignId) -> usize {
        self.held.get(&campaign).copied().unwrap_or_default()
    }

    /// Its audio is there: behind the others, or before them when it was there already.
    pub fn ready(&mut self, attempt: AttemptId, first: bool) {
        let Some(waiting) = self.all.get(&attempt) else { return };
        let queue = self.ready.entry(waiting.campaign()).or_default().entry(waiting.route.clone()).or_default();
        if !queue.contains(&attempt) {
            if first { queue.push_front(attempt) } else { queue.push_back(attempt) }
        }
    }

    /// Campaigns with somebody to dial.
    pub fn wanting(&self) -> Vec<CampaignId> {
        self.ready.iter().filter(|(_, queues)| !queues.is_empty()).map(|(id, _)| *id).collect()
    }

    /// The ways that those of a campaign go who can be dialled.
    pub fn routes(&self, campaign: CampaignId) -> Vec<Route> {
        self.ready.get(&campaign).map(|queues| queues.keys().cloned().collect()).unwrap_or_default()
    }

    /// The first of a campaign who goes this way; no longer ready.
    pub fn pop(&mut self, campaign: CampaignId, route: &Route) -> Option<AttemptId> {
        let queues = self.ready.get_mut(&campaign)?;
        let queue = queues.get_mut(route)?;
        let attempt = queue.pop_front();
        if queue.is_empty() {
            queues.remove(route);
        }
        attempt
    }
}
