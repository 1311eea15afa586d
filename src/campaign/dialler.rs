//! How many calls to start for the agents of a queue, so that hardly anybody who answers finds none.
//!
//! **Progressive**: never more calls on their way than agents are free. **Predictive**: as many that, going as expected, no window of
//! an hour, 24 hours or 30 days comes to more than four fifths of the cap. With
//!
//! - `n` calls on their way, the new ones included; `p` the part of calls in which a person comes to want an agent, at the upper end
//!   of what was seen; `X` how many will, binomial in `n` and `p`;
//! - `f` agents free now, less those who wait in line already; `b` busy; `S` of these will be free by the time that a call needs to
//!   come so far, binomial in `b` and `1 - exp(-R/T)`, where `R` is that time and `T` the mean talk;
//! - `O(n) = E[(X - S - f)+]`, by the normal approximation: who will find nobody;
//! - `A` abandoned and `N` abandoned or connected, of a window;
//!
//! `n` is the largest with `O(n) <= 0.8·cap·E[X]·2` and, in each window, `A + O(n) <= 0.8·cap·(N + E[X])`. What has gone over leaves
//! `O = 0`, which is progressive; so do the first calls of an hour and of a campaign, before enough is known. Pure.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use crate::books::{AgentHour, AgentResult};
use crate::id::AttemptId;
use crate::ladder::{AgentPacing, PacingMode};
use crate::time::{Mono, Wall};

/// Of the cap, so much is aimed at: chance does the rest.
const AIM: f64 = 0.8;
/// Calls that were seen before it is believed how many come to want an agent, and how many of the last are looked at.
const SEEN_MIN: usize = 100;
const SEEN_MAX: usize = 400;
/// More calls on their way for one agent are never needed, however few answer.
const CALLS_AN_AGENT_MAX: u32 = 10;
/// Until one was measured: from the INVITE to a person who wants an agent.
const REACH_AT_FIRST: Duration = Duration::from_secs(15);
const MINUTE: i64 = 60_000_000;
const HOUR: i64 = 60 * MINUTE;

/// The agents of a queue at this moment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AgentsNow {
    /// Who could take a call, less the calls in line.
    pub free: u32,
    /// Who is rung or talks.
    pub busy: u32,
    pub talk_mean: Duration,
}

/// Who found an agent and who did not, in the last so many spans of time. Its sum is kept, since every call asks for it.
#[derive(Debug, Clone)]
struct Window {
    spans: i64,
    /// Oldest first, by number.
    counted: VecDeque<(i64, Rate)>,
    sum: Rate,
}

impl Window {
    fn of(spans: i64) -> Window {
        Window { spans, counted: VecDeque::new(), sum: Rate::default() }
    }

    fn add(&mut self, span: i64, more: Rate) {
        // A clock that is set back counts into the newest span: nothing is forgotten for it.
        let span = self.counted.back().map_or(span, |(last, _)| span.max(*last));
        while let Some((first, rate)) = self.counted.front().copied()
            && first <= span - self.spans
        {
            self.sum = self.sum.less(rate);
            self.counted.pop_front();
        }
        match self.counted.back_mut() {
            Some((last, rate)) if *last == span => *rate = rate.and(more),
            Some(_) | None => self.counted.push_back((span, more)),
        }
        self.sum = self.sum.and(more);
    }

    fn rate(&self, span: i64) -> Rate {
        let over = self.counted.iter().take_while(|(first, _)| *first <= span - self.spans);
        over.fold(self.sum, |sum, (_, rate)| sum.less(*rate))
    }
}

/// Of people who were to talk to an agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rate {
    pub connected: u64,
    pub abandoned: u64,
}

impl Rate {
    fn and(self, more: Rate) -> Rate {
        Rate { connected: self.connected + more.connected, abandoned: self.abandoned + more.abandoned }
    }

    fn less(self, part: Rate) -> Rate {
        Rate { connected: self.connected - part.connected, abandoned: self.abandoned - part.abandoned }
    }

    pub fn all(self) -> u64 {
        self.connected + self.abandoned
    }

    /// Abandoned, of all; of nobody, nobody.
    pub fn permille(self) -> f64 {
        if self.all() == 0 { 0.0 } else { self.abandoned as f64 * 1000.0 / self.all() as f64 }
    }
}

/// One campaign that is dialled for agents.
#[derive(Debug, Clone)]
pub struct Dialler {
    pacing: AgentPacing,
    hour: Window,
    day: Window,
    month: Window,
    /// Newest last: whether a call came to want an agent.
    seen: VecDeque<bool>,
    wanted_of_seen: usize,
    reach_mean: Duration,
    /// Calls on their way, and since when.
    on_their_way: BTreeMap<AttemptId, Mono>,
}

impl Dialler {
    /// `past`: this campaign's, of the last 30 days, oldest first.
    pub fn new(pacing: AgentPacing, past: &[AgentHour]) -> Dialler {
        let (mut day, mut month) = (Window::of(24), Window::of(30 * 24));
        for AgentHour { hour, connected, abandoned, .. } in past {
            let rate = Rate { connected: *connected, abandoned: *abandoned };
            day.add(*hour, rate);
            month.add(*hour, rate);
        }
        Dialler {
            pacing,
            hour: Window::of(60),
            day,
            month,
            seen: VecDeque::new(),
            wanted_of_seen: 0,
            reach_mean: REACH_AT_FIRST,
            on_their_way: BTreeMap::new(),
        }
    }

    pub fn pacing(&self) -> &AgentPacing {
        &self.pacing
    }

    pub fn on_their_way(&self) -> u32 {
        self.on_their_way.len() as u32
    }

    /// A call is being made.
    pub fn started(&mut self, now: Mono, attempt: AttemptId) {
        self.on_their_way.insert(attempt, now);
    }

    /// It was not made after all.
    pub fn taken_back(&mut self, attempt: AttemptId) {
        self.on_their_way.remove(&attempt);
    }

    /// It came to want an agent, or ended without. Counts once.
    pub fn came_to(&mut self, now: Mono, attempt: AttemptId, wants_agent: bool) {
        let Some(since) = self.on_their_way.remove(&attempt) else { return };
        if wants_agent {
            self.reach_mean = (self.reach_mean * 15 + now.since(since)) / 16;
        }
        self.seen.push_back(wants_agent);
        self.wanted_of_seen += usize::from(wants_agent);
        if self.seen.len() > SEEN_MAX {
            self.wanted_of_seen -= usize::from(self.seen.pop_front().expect("not empty"));
        }
    }

    /// Who wanted an agent was given one in time, or was not.
    pub fn met(&mut self, now: Wall, result: AgentResult) {
        let rate = match result {
            AgentResult::Connected => Rate { connected: 1, abandoned: 0 },
            AgentResult::Abandoned => Rate { connected: 0, abandoned: 1 },
        };
        self.hour.add(now.0.div_euclid(MINUTE), rate);
        self.day.add(now.0.div_euclid(HOUR), rate);
        self.month.add(now.0.div_euclid(HOUR), rate);
    }

    /// In the last hour, 24 hours and 30 days.
    pub fn rates(&self, now: Wall) -> [Rate; 3] {
        let (minute, hour) = (now.0.div_euclid(MINUTE), now.0.div_euclid(HOUR));
        [self.hour.rate(minute), self.day.rate(hour), self.month.rate(hour)]
    }

    /// How many calls may be started now; `on_their_way`: of all campaigns that are dialled for the same agents.
    pub fn room(&self, now: Wall, on_their_way: u32, agents: AgentsNow) -> u32 {
        self.most_on_their_way(now, agents).saturating_sub(on_their_way)
    }

    fn most_on_their_way(&self, now: Wall, agents: AgentsNow) -> u32 {
        let progressive = agents.free;
        if self.pacing.mode == PacingMode::Progressive || self.seen.len() < SEEN_MIN {
            return progressive;
        }
        let aim = AIM * f64::from(self.pacing.abandon_permille_max) / 1000.0;
        let seen = self.seen.len() as f64;
        let p = (self.wanted_of_seen as f64 + 1.0) / (seen + 2.0);
        let p = (p + (p * (1.0 - p) / seen).sqrt()).min(1.0);
        let talk = agents.talk_mean.as_secs_f64().max(1.0);
        let freed = 1.0 - (-self.reach_mean.as_secs_f64() / talk).exp();
        let (freed_mean, freed_variance) =
            (f64::from(agents.busy) * freed, f64::from(agents.busy) * freed * (1.0 - freed));
        let rates = self.rates(now);
        let fine = |n: u32| {
            let n = f64::from(n);
            let (wanting, variance) = (n * p, n * p * (1.0 - p) + freed_variance);
            let over = overflow(wanting - freed_mean - f64::from(agents.free), variance.sqrt());
            let fits = |rate: &Rate| rate.abandoned as f64 + over <= aim * (rate.all() as f64 + wanting);
            over <= 2.0 * aim * wanting && rates.iter().all(fits)
        };
        // More calls, more who find nobody: the largest that is fine is found by halving.
        let (mut good, mut bad) = (progressive, (agents.free + agents.busy) * CALLS_AN_AGENT_MAX + 1);
        while bad > good + 1 {
            let middle = good + (bad - good) / 2;
            if fine(middle) { good = middle } else { bad = middle }
        }
        good
    }
}

/// `E[(D)+]` of a normal `D` with this mean and deviation.
fn overflow(mean: f64, deviation: f64) -> f64 {
    if deviation < 1e-9 {
        return mean.max(0.0);
    }
    let z = mean / deviation;
    mean * below(z) + deviation * (-z * z / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt()
}

/// The part of a standard normal that lies below `z` (Abramowitz and Stegun 26.2.17, to 8e-8).
fn below(z: f64) -> f64 {
    let t = 1.0 / (1.0 + 0.231_641_9 * z.abs());
    let series = [0.319_381_530, -0.356_563_782, 1.781_477_937, -1.821_255_978, 1.330_274_429];
    let sum = series.iter().rev().fold(0.0, |sum, term| (sum + term) * t);
    let tail = (-z * z / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt() * sum;
    if z > 0.0 { 1.0 - tail } else { tail }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::rngs::StdRng;
    use rand::{RngExt, SeedableRng};
    use std::cmp::Reverse;
    use std::collections::BinaryHeap;

    fn pacing(mode: PacingMode) -> AgentPacing {
        AgentPacing { mode, queue: "desk".into(), abandon_permille_max: 25, connect_within: Duration::from_secs(2) }
    }

    #[test]
    fn the_normal_law() {
        for (z, expected) in [(0.0, 0.5), (1.0, 0.841_344_7), (-1.96, 0.024_997_9), (3.0, 0.998_650_1)] {
            assert!((below(z) - expected).abs() < 1e-6, "{z}");
        }
        // E[(D)+] of mean 0 is deviation/√(2π); far above zero it is the mean, far below nothing.
        assert!((overflow(0.0, 2.0) - 0.797_884_5).abs() < 1e-6);
        assert!((overflow(50.0, 1.0) - 50.0).abs() < 1e-6 && overflow(-50.0, 1.0) < 1e-6);
    }

    #[test]
    fn progressive_starts_no_more_calls_than_agents_are_free() {
        let dialler = Dialler::new(pacing(PacingMode::Progressive), &[]);
        let agents = AgentsNow { free: 3, busy: 20, talk_mean: Duration::from_secs(60) };
        assert_eq!([0, 2, 3, 5].map(|n| dialler.room(Wall(0), n, agents)), [3, 1, 0, 0]);
    }

    #[test]
    fn predictive_is_progressive_until_it_knows_and_when_it_has_gone_over() {
        let agents = AgentsNow { free: 10, busy: 30, talk_mean: Duration::from_secs(120) };
        let mut dialler = Dialler::new(pacing(PacingMode::Predictive), &[]);
        let teach = |dialler: &mut Dialler| {
            for n in 0..300 {
                dialler.started(Mono(0), AttemptId(n));
                dialler.came_to(Mono(12_000_000), AttemptId(n), n % 3 == 0);
                if n % 3 == 0 {
                    dialler.met(Wall(0), AgentResult::Connected);
                }
            }
        };
        assert_eq!(dialler.room(Wall(0), 0, agents), 10);
        teach(&mut dialler);
        let more = dialler.room(Wall(0), 0, agents);
        assert!((20..60).contains(&more), "three calls for a free agent, about: {more}");
        for _ in 0..3 {
            dialler.met(Wall(0), AgentResult::Abandoned);
        }
        assert_eq!(dialler.room(Wall(0), 0, agents), 10, "3 of 103");
        // What happened before the service was started again is known from the books.
        let past = AgentHour { campaign: crate::id::CampaignId(1), hour: -5, connected: 90, abandoned: 10 };
        let mut again = Dialler::new(pacing(PacingMode::Predictive), &[past]);
        teach(&mut again);
        assert_eq!(again.rates(Wall(0))[1], Rate { connected: 190, abandoned: 10 });
        assert_eq!(again.room(Wall(0), 0, agents), 10);
    }

    /// What a simulated campaign came to.
    #[derive(Debug)]
    struct Came {
        calls: u64,
        rate: Rate,
        /// Part of their working time that agents talked, in per cent.
        busy_percent: u64,
        /// The worst window of 24 hours and of 30 days, in permille, each of at least 500 people and after the first 1,000.
        worst: [f64; 2],
    }

    enum Comes {
        Wants,
        Nothing,
        Talked,
        Patience(u64),
    }

    /// `days` of eight hours with so many agents. People answer and talk at random, more or fewer of them in waves, so that what was
    /// seen is never quite what is.
    fn campaign(mode: PacingMode, agents: u32, days: i64, seed: u64) -> Came {
        let mut rng = StdRng::seed_from_u64(seed);
        let mut dialler = Dialler::new(pacing(mode), &[]);
        let mut came = Came { calls: 0, rate: Rate::default(), busy_percent: 0, worst: [0.0; 2] };
        let mut minutes: BTreeMap<i64, (u64, u64)> = BTreeMap::new();
        let (mut talked_ms, mut worked_ms) = (0u64, 0u64);
        let mut talk_mean = Duration::from_secs(180);
        for day in 0..days {
            let opens = day * 86_400_000;
            let closes = opens + 8 * 3_600_000;
            let mut queue: BinaryHeap<Reverse<(i64, u64)>> = BinaryHeap::new();
            let mut happens: BTreeMap<u64, (i64, Comes)> = BTreeMap::new();
            let (mut next, mut free, mut line): (u64, u32, VecDeque<u64>) = (0, agents, VecDeque::new());
            let mut at = opens;
            loop {
                let (wall, mono) = (Wall(at * 1000), Mono(at as u64 * 1000));
                let now = AgentsNow { free: free.saturating_sub(line.len() as u32), busy: agents - free, talk_mean };
                if at < closes {
                    for _ in 0..dialler.room(wall, dialler.on_their_way(), now) {
                        came.calls += 1;
                        let attempt = AttemptId(next as i64);
                        dialler.started(mono, attempt);
                        // From 15 to 45 per cent answer, in waves of three hours.
                        let answers = 0.30 + 0.15 * (at as f64 / 10_800_000.0 * std::f64::consts::TAU).sin();
                        let (wants, after) = match rng.random_bool(answers) {
                            true => (Comes::Wants, rng.random_range(4_000..22_000)),
                            false => (Comes::Nothing, rng.random_range(2_000..35_000)),
                        };
                        queue.push(Reverse((at + after, next)));
                        happens.insert(next, (at + after, wants));
                        next += 1;
                    }
                }
                let Some(Reverse((then, id))) = queue.pop() else { break };
                at = then;
                let (wall, mono) = (Wall(at * 1000), Mono(at as u64 * 1000));
                let mut met = |dialler: &mut Dialler, result| {
                    dialler.met(wall, result);
                    let counts = minutes.entry(at / 60_000).or_default();
                    match result {
                        AgentResult::Connected => {
                            (came.rate.connected, counts.0) = (came.rate.connected + 1, counts.0 + 1)
                        }
                        AgentResult::Abandoned => {
                            (came.rate.abandoned, counts.1) = (came.rate.abandoned + 1, counts.1 + 1)
                        }
                    }
                };
                match happens.remove(&id).expect("queued once").1 {
                    Comes::Nothing => dialler.came_to(mono, AttemptId(id as i64), false),
                    Comes::Wants => {
                        dialler.came_to(mono, AttemptId(id as i64), true);
                        line.push_back(id);
                        next += 1;
                        queue.push(Reverse((at + 2_000, next)));
                        happens.insert(next, (at + 2_000, Comes::Patience(id)));
                        next += 1;
                    }
                    Comes::Patience(who) => {
                        if let Some(place) = line.iter().position(|waits| *waits == who) {
                            line.remove(place);
                            met(&mut dialler, AgentResult::Abandoned);
                        }
                    }
                    Comes::Talked => free += 1,
                }
                while free > 0 && line.pop_front().is_some() {
                    free -= 1;
                    met(&mut dialler, AgentResult::Connected);
                    // Exponential, with at least ten seconds.
                    let talk = 10_000.0 - 110_000.0 * (1.0 - rng.random_range(0.0..1.0f64)).ln();
                    talked_ms += talk as u64;
                    talk_mean = (talk_mean * 7 + Duration::from_millis(talk as u64)) / 8;
                    queue.push(Reverse((at + talk as i64, next)));
                    happens.insert(next, (at + talk as i64, Comes::Talked));
                    next += 1;
                }
            }
            worked_ms += 8 * 3_600_000 * u64::from(agents);
        }
        came.busy_percent = talked_ms * 100 / worked_ms;
        let spans: Vec<(i64, (u64, u64))> = minutes.into_iter().collect();
        for (place, length) in [(0, 24 * 60), (1, 30 * 24 * 60)] {
            let (mut first, mut sum, mut before) = (0, Rate::default(), 0);
            for (minute, (connected, abandoned)) in &spans {
                sum = Rate { connected: sum.connected + connected, abandoned: sum.abandoned + abandoned };
                before += connected + abandoned;
                while spans[first].0 <= minute - length {
                    let (connected, abandoned) = spans[first].1;
                    sum = Rate { connected: sum.connected - connected, abandoned: sum.abandoned - abandoned };
                    first += 1;
                }
                if before > 1_000 && sum.all() >= 500 {
                    came.worst[place] = came.worst[place].max(sum.permille());
                }
            }
        }
        came
    }

    #[test]
    fn the_cap_holds_in_every_window_and_agents_are_busier() {
        let (agents, days, seed) = (40, 12, 2);
        let predictive = campaign(PacingMode::Predictive, agents, days, seed);
        let progressive = campaign(PacingMode::Progressive, agents, days, seed);
        assert!(predictive.calls > 100_000, "{predictive:?}");
        assert!(predictive.worst.iter().all(|worst| *worst <= 25.0), "{predictive:?}");
        assert_eq!(progressive.rate.abandoned, 0, "{progressive:?}");
        assert!(predictive.busy_percent >= progressive.busy_percent + 10, "{predictive:?} {progressive:?}");
    }

    /// US-T5 looks at any 30 days: a small house over two months, of which a hundred thousand calls come.
    #[test]
    fn the_cap_holds_in_every_thirty_days_of_a_small_house() {
        let came = campaign(PacingMode::Predictive, 8, 60, 6);
        assert!(came.calls > 80_000, "{came:?}");
        assert!(came.worst.iter().all(|worst| *worst <= 25.0) && came.worst[1] > 0.0, "{came:?}");
    }

    /// By hand: `cargo test --release --lib a_million_calls -- --ignored --nocapture`; `RINGBACK_CALLS=100000` for fewer.
    #[test]
    #[ignore = "a minute; by hand"]
    fn a_million_calls() {
        let calls =
            std::env::var("RINGBACK_CALLS").map_or(1_000_000, |calls| calls.parse().expect("a number of calls"));
        for (agents, days, seed) in [(100u32, 45, 4), (25, 120, 5)] {
            // Fewer calls are those of fewer agents: a window of 30 days must come to its end.
            let agents = (u64::from(agents) * calls).div_ceil(1_000_000) as u32;
            let came = campaign(PacingMode::Predictive, agents, days, seed);
            println!("{agents} agents, {days} days: {came:?}");
            assert!(came.calls >= calls * 9 / 10, "{came:?}");
            assert!(came.worst.iter().all(|worst| *worst <= 25.0), "{came:?}");
        }
    }
}
