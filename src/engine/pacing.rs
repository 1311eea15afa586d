//! How fast each campaign is dialled beside what trunks and money allow: not faster than its agents can take the calls.

use super::{Engine, Output};
use crate::books::{AgentHour, AgentResult, Holding};
use crate::call::Event;
use crate::campaign::{AgentsNow, Dialler};
use crate::id::*;
use crate::ladder::PacingMode;
use crate::time::{Mono, Now};

impl Engine {
    /// What was before this service was started.
    pub(super) fn agent_hours(&mut self, hours: Vec<AgentHour>) {
        for hour in hours {
            self.agent_past.entry(hour.campaign).or_default().push(hour);
        }
    }

    /// The campaign was loaded: is it dialled for agents?
    pub(super) fn pace_for_agents(&mut self, campaign: CampaignId) {
        let Some(pacing) = self.plan(campaign).and_then(|plan| plan.ladder.pacing.clone()) else { return };
        let past = self.agent_past.remove(&campaign).unwrap_or_default();
        // Loaded again, it goes on with what it knows: a ladder is pinned.
        self.diallers.entry(campaign).or_insert_with(|| Dialler::new(pacing, &past));
    }

    fn agents_now(&self, now: Now, queue: &str) -> AgentsNow {
        let staffed = self.desk.staffed(now, queue);
        let in_line = self.desk.waiting().filter(|(_, waits_in)| *waits_in == queue).count() as u32;
        AgentsNow { free: staffed.free.saturating_sub(in_line), busy: staffed.busy, talk_mean: staffed.talk_mean }
    }

    /// May a call of this campaign be started now, as far as its agents are concerned?
    pub(super) fn may_start(&self, now: Now, campaign: CampaignId) -> bool {
        self.runs(campaign) && self.diallers.get(&campaign).is_none_or(|dialler| self.room_for_agents(now, dialler) > 0)
    }

    fn room_for_agents(&self, now: Now, dialler: &Dialler) -> u32 {
        let queue = &dialler.pacing().queue;
        let same = self.diallers.values().filter(|other| other.pacing().queue == *queue);
        let on_their_way = same.map(Dialler::on_their_way).sum();
        dialler.room(now.wall, on_their_way, self.agents_now(now, queue))
    }

    /// So many attempts of the campaign are kept claimed at most: what its agents can use soon.
    pub(super) fn claimed_most(&self, campaign: CampaignId) -> usize {
        match self.diallers.get(&campaign) {
            None => usize::MAX,
            Some(dialler) => {
                let calls = match dialler.pacing().mode {
                    PacingMode::Progressive => 1,
                    PacingMode::Predictive => 3,
                };
                (self.desk.agents_of(&dialler.pacing().queue) * calls).max(1)
            }
        }
    }

    /// When the next call can be started, for reasons of pace.
    pub(super) fn starts_at(&mut self, now: Now) -> Option<Mono> {
        if self.store_rests_until.is_some() {
            return None;
        }
        let mut first: Option<Mono> = None;
        for id in self.waiting.wanting() {
            if !self.may_start(now, id) {
                // An agent who did not pick up is at work again after a rest.
                first = first.into_iter().chain(self.desk.rested_at(now.mono)).min();
                continue;
            }
            for route in self.waiting.routes(id) {
                first = first.into_iter().chain(self.trunks.next_at(now.mono, &route)).min();
            }
        }
        first
    }

    /// A call of a campaign that is dialled for the agents of this queue wants one: it has only so long.
    pub(super) fn wants_agent(&mut self, now: Now, id: CallId, queue: &str) {
        let Some(campaign) = self.calls.get(id).and_then(|live| live.campaign()) else { return };
        let Some(dialler) = self.diallers.get_mut(&campaign).filter(|d| d.pacing().queue == queue) else { return };
        dialler.came_to(now.mono, id.attempt(), true);
        let until = now.mono + dialler.pacing().connect_within;
        if let Some(live) = self.calls.get_mut(id)
            && live.agent.is_none()
        {
            live.agent_until = Some(until);
        }
    }

    /// It was given one.
    pub(super) fn met_agent(&mut self, now: Now, id: CallId) {
        self.agent_came(now, id, AgentResult::Connected);
    }

    /// `false`: it was not to be given one by any time, or that is settled.
    fn agent_came(&mut self, now: Now, id: CallId, result: AgentResult) -> bool {
        let Some(live) = self.calls.get_mut(id).filter(|live| live.agent_until.is_some()) else { return false };
        live.agent_until = None;
        live.agent = Some(result);
        if let Some(dialler) = live.campaign().and_then(|campaign| self.diallers.get_mut(&campaign)) {
            dialler.met(now.wall, result);
        }
        true
    }

    /// Who has waited for as long as a person may is told by the flow that nobody is there, instead of hearing silence.
    pub(super) fn turn_abandoned(&mut self, now: Now, out: &mut Vec<Output>) {
        for id in self.calls.due(now.mono) {
            let late = |live: &super::talking::LiveCall| live.agent_until.is_some_and(|until| until <= now.mono);
            if self.calls.get(id).is_some_and(late) && self.agent_came(now, id, AgentResult::Abandoned) {
                self.tally.abandoned += 1;
                self.release_other_end(now, id, out);
                self.tell(now, id, Event::AgentUnavailable, out);
            }
        }
    }

    /// Campaigns that are not dialled faster for want of agents.
    pub(super) fn agents_lacking(&self, now: Now, holding: &mut Vec<Holding>) {
        for (id, dialler) in &self.diallers {
            let Some(running) = self.campaigns.get(id).filter(|running| running.running) else { continue };
            let queue = &dialler.pacing().queue;
            let agents = self.agents_now(now, queue);
            let [_, day, month] = dialler.rates(now.wall);
            let cap = f64::from(dialler.pacing().abandon_permille_max);
            let says = if agents.free + agents.busy == 0 {
                format!("waits for agents: nobody is at work in the queue {queue}")
            } else if dialler.pacing().mode == PacingMode::Predictive
                && day.permille().max(month.permille()) > cap * 0.8
            {
                format!(
                    "dials one call for each free agent: {:.1} % of its people found no agent in 24 hours, {:.1} % in 30 days; the cap is {:.1} %",
                    day.permille() / 10.0,
                    month.permille() / 10.0,
                    cap / 10.0
                )
            } else {
                continue;
            };
            holding.push(Holding { about: format!("campaign {}", running.plan.name), says, at: now.wall });
        }
    }
}
