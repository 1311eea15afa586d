//! Human agents: who of a queue is free, and who waits for them in which order. Pure.
//!
//! Knows addresses, who is rung or talks, and the line; rings nobody (the engine orders that). All agents of the config count as at
//! work; wrap-up, skills and states come later.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::time::Duration;

use crate::id::CallId;
use crate::policy::CallingWindow;
use crate::time::{Mono, Now, Zone};

/// How long a talk is taken to last before any was measured.
pub const TALK_AT_FIRST: Duration = Duration::from_secs(180);
/// An agent who did not pick up is left in peace for so long, and no call is rung to an empty chair again and again.
pub const AGENT_REST: Duration = Duration::from_secs(15);
/// How long one agent is rung before the next is tried.
pub const AGENT_RING_MAX: Duration = Duration::from_secs(20);
/// A talk moves the mean by one part of these.
pub const TALKS_IN_MEAN: u32 = 8;

/// The agents of a queue, and when it is open.
#[derive(Debug, Clone, PartialEq)]
pub struct Staffing {
    /// SIP URIs. One who works in several queues is one agent.
    pub agents: Vec<String>,
    /// `None`: always.
    pub hours: Option<(CallingWindow, Zone)>,
}

/// What follows from a change at the desk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeskOrder {
    /// Ring this agent, who is now held for the call.
    Ring { call: CallId, address: String },
    /// The call waits, at this place of its queue, from 1, for about so long.
    Queued { call: CallId, position: u32, wait: Duration },
    /// There is no such queue, or nobody works in it.
    Nobody { call: CallId },
    /// The queue is closed at this hour.
    Closed { call: CallId },
}

/// The agents of a queue at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Staffed {
    /// Who could take a call.
    pub free: u32,
    /// Who is rung or talks, in whatever queue.
    pub busy: u32,
    pub talk_mean: Duration,
}

/// The agents of all queues, the calls they hold, and the calls that wait for them.
#[derive(Debug, Default)]
pub struct Desk {
    agents: Vec<Agent>,
    queues: BTreeMap<String, Queue>,
    /// Higher priority first; of equal ones, who came first. A call stands in it at most once: it is as long as there are calls.
    line: Vec<Waiter>,
    joined: u64,
    /// When somebody in line may be rung for whom nobody was free, only resting.
    wakes_at: Option<Mono>,
}

#[derive(Debug)]
struct Agent {
    /// A SIP URI.
    address: String,
    held: Option<Held>,
    rests_until: Mono,
    /// How many calls were given to this agent: the least busy is taken first.
    given: u64,
}

/// The call an agent is rung for or talks in.
#[derive(Debug)]
struct Held {
    waiter: Waiter,
    answered_at: Option<Mono>,
}

#[derive(Debug)]
struct Queue {
    agents: Vec<usize>,
    hours: Option<(CallingWindow, Zone)>,
    talk_mean: Duration,
}

#[derive(Debug)]
struct Waiter {
    call: CallId,
    queue: String,
    priority: i64,
    /// In order of coming; kept when the call returns to the line.
    ticket: u64,
    /// The place it knows of.
    told: Option<u32>,
}

impl Agent {
    fn is_free(&self, now: Mono) -> bool {
        self.held.is_none() && self.rests_until <= now
    }
}

impl Desk {
    /// `queues` by name.
    pub fn new(queues: impl IntoIterator<Item = (String, Staffing)>) -> Desk {
        let mut desk = Desk::default();
        for (name, staffing) in queues {
            let agents = staffing.agents.into_iter().map(|address| desk.agent(address)).collect();
            desk.queues.insert(name, Queue { agents, hours: staffing.hours, talk_mean: TALK_AT_FIRST });
        }
        desk
    }

    fn agent(&mut self, address: String) -> usize {
        if let Some(known) = self.agents.iter().position(|a| a.address == address) {
            return known;
        }
        self.agents.push(Agent { address, held: None, rests_until: Mono::ZERO, given: 0 });
        self.agents.len() - 1
    }

    /// A call wants an agent of `queue`.
    #[must_use]
    pub fn join(&mut self, now: Now, queue: &str, call: CallId, priority: i64) -> Vec<DeskOrder> {
        let Some(wanted) = self.queues.get(queue).filter(|q| !q.agents.is_empty()) else {
            return vec![DeskOrder::Nobody { call }];
        };
        if let Some((window, zone)) = &wanted.hours
            && !window.contains(now.wall, zone, Duration::ZERO)
        {
            return vec![DeskOrder::Closed { call }];
        }
        self.joined += 1;
        let waiter = Waiter { call, queue: queue.to_string(), priority, ticket: self.joined, told: None };
        self.stand_in_line(waiter);
        self.settle(now.mono)
    }

    /// A call waits no longer.
    #[must_use]
    pub fn leave(&mut self, now: Mono, call: CallId) -> Vec<DeskOrder> {
        self.line.retain(|waiter| waiter.call != call);
        self.settle(now)
    }

    /// The agent who was rung for the call has picked up.
    pub fn answered(&mut self, now: Mono, call: CallId) {
        if let Some(held) = self.agents.iter_mut().filter_map(|a| a.held.as_mut()).find(|h| h.waiter.call == call) {
            held.answered_at = Some(now);
        }
    }

    /// The leg of the agent held for the call is over. `missed`: the agent did not pick up and the call still wants one, so that
    /// it stands where it stood.
    #[must_use]
    pub fn freed(&mut self, now: Mono, call: CallId, missed: bool) -> Vec<DeskOrder> {
        let held_for_it = |a: &&mut Agent| a.held.as_ref().is_some_and(|h| h.waiter.call == call);
        let Some(agent) = self.agents.iter_mut().find(held_for_it) else { return Vec::new() };
        let Held { waiter, answered_at } = agent.held.take().expect("found by it");
        if let (Some(answered_at), Some(queue)) = (answered_at, self.queues.get_mut(&waiter.queue)) {
            queue.talk_mean = (queue.talk_mean * (TALKS_IN_MEAN - 1) + now.since(answered_at)) / TALKS_IN_MEAN;
        }
        if missed {
            agent.rests_until = now + AGENT_REST;
            self.stand_in_line(waiter);
        }
        self.settle(now)
    }

    /// A rest may be over.
    #[must_use]
    pub fn ticked(&mut self, now: Mono) -> Vec<DeskOrder> {
        if self.wakes_at.is_none_or(|at| now < at) {
            return Vec::new();
        }
        self.settle(now)
    }

    /// When `ticked` may change something.
    pub fn deadline(&self) -> Option<Mono> {
        self.wakes_at
    }

    /// Who is at work in a queue at this moment; nobody outside its hours.
    pub fn staffed(&self, now: Now, queue: &str) -> Staffed {
        let Some(queue) = self.queues.get(queue) else { return Staffed::default() };
        let open = queue.hours.as_ref().is_none_or(|(window, zone)| window.contains(now.wall, zone, Duration::ZERO));
        let busy = queue.agents.iter().filter(|n| self.agents[**n].held.is_some()).count() as u32;
        let free = queue.agents.iter().filter(|n| open && self.agents[**n].is_free(now.mono)).count() as u32;
        Staffed { free, busy, talk_mean: queue.talk_mean }
    }

    /// When the next agent has rested who did not pick up.
    pub fn rested_at(&self, now: Mono) -> Option<Mono> {
        self.agents.iter().filter(|a| a.held.is_none() && a.rests_until > now).map(|a| a.rests_until).min()
    }

    /// How many agents a queue has, at work or not.
    pub fn agents_of(&self, queue: &str) -> usize {
        self.queues.get(queue).map_or(0, |queue| queue.agents.len())
    }

    /// The calls in line and their queues.
    pub fn waiting(&self) -> impl Iterator<Item = (CallId, &str)> {
        self.line.iter().map(|waiter| (waiter.call, waiter.queue.as_str()))
    }

    fn stand_in_line(&mut self, waiter: Waiter) {
        let place = |w: &Waiter| (Reverse(w.priority), w.ticket);
        let at = self.line.partition_point(|before| place(before) < place(&waiter));
        self.line.insert(at, waiter);
    }

    /// Gives free agents to those who wait, in their order, and tells the others where they stand now.
    fn settle(&mut self, now: Mono) -> Vec<DeskOrder> {
        let mut orders = Vec::new();
        let mut waiting = Vec::with_capacity(self.line.len());
        for waiter in self.line.drain(..) {
            let of_queue = &self.queues[&waiter.queue].agents;
            let free = of_queue.iter().copied().filter(|n| self.agents[*n].is_free(now));
            match free.min_by_key(|n| self.agents[*n].given) {
                Some(n) => {
                    let agent = &mut self.agents[n];
                    agent.given += 1;
                    orders.push(DeskOrder::Ring { call: waiter.call, address: agent.address.clone() });
                    agent.held = Some(Held { waiter, answered_at: None });
                }
                None => waiting.push(waiter),
            }
        }
        self.line = waiting;
        let resting =
            self.agents.iter().filter(|a| a.held.is_none() && a.rests_until > now).map(|a| a.rests_until).min();
        self.wakes_at = resting.filter(|_| !self.line.is_empty());
        let mut places: BTreeMap<&str, u32> = BTreeMap::new();
        for waiter in &mut self.line {
            let queue = &self.queues[&waiter.queue];
            let place = places.entry(waiter.queue.as_str()).or_default();
            *place += 1;
            if waiter.told.replace(*place) != Some(*place) {
                let wait = queue.talk_mean * *place / queue.agents.len() as u32;
                orders.push(DeskOrder::Queued { call: waiter.call, position: *place, wait });
            }
        }
        orders
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Hours;
    use crate::time::Wall;

    fn staffing(agents: &[&str]) -> Staffing {
        Staffing { agents: agents.iter().map(ToString::to_string).collect(), hours: None }
    }

    fn desk() -> Desk {
        let working = [jiff::civil::Weekday::Friday];
        let hours = (CallingWindow::on(&working, Hours::new(9 * 60, 18 * 60)), "Europe/Moscow".parse().unwrap());
        Desk::new([
            ("one".to_string(), staffing(&["a"])),
            ("two".to_string(), staffing(&["b", "c"])),
            // c works in both.
            ("both".to_string(), staffing(&["c"])),
            ("empty".to_string(), staffing(&[])),
            ("day".to_string(), Staffing { hours: Some(hours), ..staffing(&["d"]) }),
        ])
    }

    /// Each line: the second, what happens, and what follows. The desk begins on Friday 2026-11-20 at 17:59 in Moscow.
    fn check(lines: &[(u64, &str, &str)]) {
        let mut desk = desk();
        let begins: Wall = "2026-11-20T14:59Z".parse().unwrap();
        for (second, what, expected) in lines {
            let now = Now { mono: Mono(second * 1_000_000), wall: begins + Duration::from_secs(*second) };
            let words: Vec<&str> = what.split(' ').collect();
            let call = || CallId(words[0].parse().unwrap());
            let orders = match words.as_slice() {
                [_, "joins", queue] => desk.join(now, queue, call(), 0),
                [_, "joins", queue, priority] => desk.join(now, queue, call(), priority.parse().unwrap()),
                [_, "leaves"] => desk.leave(now.mono, call()),
                [_, "talks"] => {
                    desk.answered(now.mono, call());
                    Vec::new()
                }
                [_, "is", "over"] => desk.freed(now.mono, call(), false),
                [_, "is", "missed"] => desk.freed(now.mono, call(), true),
                ["time", "passes"] => desk.ticked(now.mono),
                other => panic!("nobody understands {other:?}"),
            };
            let shown: Vec<String> = orders
                .iter()
                .map(|order| match order {
                    DeskOrder::Ring { call, address } => format!("{call} rings {address}"),
                    DeskOrder::Queued { call, position, wait } => {
                        format!("{call} is {position} for {}s", wait.as_secs())
                    }
                    DeskOrder::Nobody { call } => format!("{call} has nobody"),
                    DeskOrder::Closed { call } => format!("{call} comes late"),
                })
                .collect();
            assert_eq!(shown.join(", "), *expected, "{second}: {what}");
        }
    }

    #[test]
    fn the_least_busy_free_agent_is_taken() {
        check(&[
            (0, "1 joins two", "1 rings b"),
            (0, "2 joins two", "2 rings c"),
            (1, "2 is over", ""),
            (1, "1 is over", ""),
            (2, "3 joins two", "3 rings b"),
            (2, "4 joins nowhere", "4 has nobody"),
            (2, "5 joins empty", "5 has nobody"),
        ]);
    }

    #[test]
    fn the_line_goes_by_priority_and_then_by_coming() {
        check(&[
            (0, "1 joins one", "1 rings a"),
            (0, "2 joins one", "2 is 1 for 180s"),
            (0, "3 joins one", "3 is 2 for 360s"),
            (0, "4 joins one 10", "4 is 1 for 180s, 2 is 2 for 360s, 3 is 3 for 540s"),
            (0, "5 joins one 10", "5 is 2 for 360s, 2 is 3 for 540s, 3 is 4 for 720s"),
            (1, "2 leaves", "3 is 3 for 540s"),
            (2, "2 leaves", ""),
            (3, "1 is over", "4 rings a, 5 is 1 for 180s, 3 is 2 for 360s"),
            (4, "4 is over", "5 rings a, 3 is 1 for 180s"),
            (5, "5 is over", "3 rings a"),
            (6, "3 is over", ""),
            (7, "3 is over", ""),
        ]);
    }

    #[test]
    fn the_wait_follows_how_long_talks_are() {
        check(&[
            (0, "1 joins one", "1 rings a"),
            (0, "1 talks", ""),
            // (7 × 180 + 20) / 8
            (20, "1 is over", ""),
            (20, "2 joins one", "2 rings a"),
            (20, "3 joins one", "3 is 1 for 160s"),
            // Two agents share the line.
            (20, "4 joins two", "4 rings b"),
            (20, "5 joins two", "5 rings c"),
            (20, "6 joins two", "6 is 1 for 90s"),
        ]);
    }

    #[test]
    fn who_does_not_pick_up_is_left_in_peace() {
        check(&[
            (0, "1 joins two", "1 rings b"),
            (20, "1 is missed", "1 rings c"),
            // b rests until 35; 1 keeps its place before who came later.
            (21, "2 joins two", "2 is 1 for 90s"),
            (30, "1 is missed", "1 is 1 for 90s, 2 is 2 for 180s"),
            (34, "time passes", ""),
            (35, "time passes", "1 rings b, 2 is 1 for 90s"),
            (45, "time passes", "2 rings c"),
        ]);
    }

    /// Whoever works in two queues is rung for one call at a time, and takes the first of both lines.
    #[test]
    fn one_agent_of_two_queues() {
        check(&[
            (0, "1 joins both", "1 rings c"),
            (0, "2 joins two", "2 rings b"),
            (0, "3 joins both", "3 is 1 for 180s"),
            (0, "4 joins two 5", "4 is 1 for 90s"),
            (9, "1 is over", "4 rings c"),
            (9, "4 is over", "3 rings c"),
        ]);
    }

    #[test]
    fn the_hours_of_a_queue() {
        check(&[
            (0, "1 joins day", "1 rings d"),
            (59, "2 joins day", "2 is 1 for 180s"),
            (60, "3 joins day", "3 comes late"),
            // Who waits already is not sent away.
            (61, "1 is over", "2 rings d"),
        ]);
    }
}
