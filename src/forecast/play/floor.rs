//! The agents of a queue, for whose calls a ladder is paced: the engine's own dialler says how many calls are begun, and who picks up finds
//! an agent in time or is abandoned.
//!
//! Whoever picks up wants an agent, but for machines and those who hang up early. What the agent comes to is not played: the call ends as
//! `transferred`, as the books have it.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::time::Duration;

use super::super::dice::Dice;
use super::super::list::wall;
use super::super::rung::Rung;
use super::Dialled;
use crate::agent::{TALK_AT_FIRST, TALKS_IN_MEAN};
use crate::books::{AgentHour, AgentResult};
use crate::campaign::{AgentsNow, Dialler};
use crate::id::AttemptId;
use crate::ladder::AgentPacing;
use crate::outcome::{AnsweredBy, Disposition};
use crate::policy::CallingWindow;
use crate::time::{Mono, Zone};

/// Who is at work for a ladder that is paced for agents.
#[derive(Debug, Clone, PartialEq)]
pub struct Agents {
    pub count: u32,
    /// `None`: always.
    pub hours: Option<(CallingWindow, Zone)>,
    /// Of the last 30 days, oldest first: the caps look back on them.
    pub past: Vec<AgentHour>,
}

/// What comes of who wanted an agent.
pub(super) struct Met {
    pub result: AgentResult,
    /// Waited, and talked.
    pub talk_s: u32,
    /// Of it, the agent's.
    pub agent_s: u32,
}

pub(super) struct Floor<'a> {
    agents: &'a Agents,
    dialler: Dialler,
    within_s: u32,
    /// When each of them is free, the first on top.
    free_at_s: BinaryHeap<Reverse<u32>>,
    talk_mean: Duration,
    /// What a call comes to on the way, by second and number: who wants an agent, or that it ended without.
    coming: BTreeMap<(u32, i64), Option<Dialled>>,
}

fn mono(now_s: u32) -> Mono {
    Mono(u64::from(now_s) * 1_000_000)
}

impl<'a> Floor<'a> {
    pub fn new(pacing: &AgentPacing, agents: &'a Agents, start_s: u32) -> Floor<'a> {
        Floor {
            agents,
            dialler: Dialler::new(pacing.clone(), &agents.past),
            within_s: pacing.connect_within.as_secs() as u32,
            free_at_s: (0..agents.count).map(|_| Reverse(start_s)).collect(),
            talk_mean: TALK_AT_FIRST,
            coming: BTreeMap::new(),
        }
    }

    /// How many calls may be begun.
    pub fn room(&self, now_s: u32) -> u32 {
        let now = wall(now_s);
        let open = self.agents.hours.as_ref().is_none_or(|(window, zone)| window.contains(now, zone, Duration::ZERO));
        let busy = self.free_at_s.iter().filter(|Reverse(at)| *at > now_s).count() as u32;
        let free = if open { self.agents.count - busy } else { 0 };
        let agents = AgentsNow { free, busy, talk_mean: self.talk_mean };
        self.dialler.room(now, self.dialler.on_their_way(), agents)
    }

    pub fn wants(rung: &Rung) -> bool {
        rung.answered_by == Some(AnsweredBy::Human) && rung.disposition != Disposition::HungUpEarly
    }

    /// A call is begun; whoever picks up wants an agent then.
    pub fn began(&mut self, dialled: &Dialled) {
        self.dialler.started(mono(dialled.began_s), AttemptId(dialled.number));
        let Rung { ring_s, talk_s, .. } = dialled.rung;
        let (after_s, wants) = match Floor::wants(&dialled.rung) {
            true => (ring_s, Some(*dialled)),
            false => (ring_s + talk_s, None),
        };
        self.coming.insert((dialled.began_s + after_s.max(1), dialled.number), wants);
    }

    pub fn next_s(&self) -> Option<u32> {
        self.coming.first_key_value().map(|((at_s, _), _)| *at_s)
    }

    /// The next who wants an agent by now, and when they picked up.
    pub fn pass_to(&mut self, now_s: u32) -> Option<(u32, Dialled)> {
        while let Some(entry) = self.coming.first_entry()
            && entry.key().0 <= now_s
        {
            let ((at_s, number), wants) = entry.remove_entry();
            self.dialler.came_to(mono(at_s), AttemptId(number), wants.is_some());
            if let Some(dialled) = wants {
                return Some((at_s, dialled));
            }
        }
        None
    }

    pub fn meet(&mut self, at_s: u32, mean_s: u32, dice: &mut Dice) -> Met {
        let Some(Reverse(free_s)) = self.free_at_s.peek().copied().filter(|Reverse(s)| *s <= at_s + self.within_s)
        else {
            self.dialler.met(wall(at_s), AgentResult::Abandoned);
            return Met { result: AgentResult::Abandoned, talk_s: self.within_s, agent_s: 0 };
        };
        self.free_at_s.pop();
        let (begins_s, agent_s) = (free_s.max(at_s), dice.around(mean_s).max(1));
        self.free_at_s.push(Reverse(begins_s + agent_s));
        self.dialler.met(wall(at_s), AgentResult::Connected);
        // As the desk does it, but when the talk begins.
        let talked = Duration::from_secs(agent_s.into());
        self.talk_mean = (self.talk_mean * (TALKS_IN_MEAN - 1) + talked) / TALKS_IN_MEAN;
        Met { result: AgentResult::Connected, talk_s: begins_s - at_s + agent_s, agent_s }
    }
}
