//! How fast one trunk may be dialled: never more channels or calls per second than agreed, less while it fails.

use std::collections::VecDeque;
use std::fmt;
use std::time::Duration;

use crate::outcome::{Disposition, DispositionClass};
use crate::time::Mono;

/// Of the last [`LOOKED_AT`] calls, so many trunk failures halve the rate.
const FAILURES_TO_SLOW: usize = 4;
const LOOKED_AT: usize = 16;
/// So many calls in a row to which the trunk answered nothing at all, and dialling stops.
const FAILURES_TO_STOP: u32 = 8;
/// While stopped by failures, one call this often asks whether the trunk is back.
const PROBE_EVERY: Duration = Duration::from_secs(30);
/// The rate never falls below this part of the agreed one.
const SLOWEST_PERMILLE: u64 = 50;
/// How often, and by which part of the agreed rate, it recovers.
const RECOVER_EVERY: Duration = Duration::from_secs(5);
const RECOVER_PERMILLE: u64 = 100;
/// Where it begins when the trunk is back.
const BACK_PERMILLE: u64 = 250;
/// Tokens saved up at most, as time at full rate: what one late turn of the loop may catch up with.
const BURST: Duration = Duration::from_millis(100);
const SECOND: Duration = Duration::from_secs(1);

/// One trunk's pace. Ask [`room`](Pacer::room), report each [`started`](Pacer::started) and [`ended`](Pacer::ended) call.
#[derive(Debug, Clone)]
pub struct Pacer {
    channels_max: u32,
    cps_max: u32,
    in_the_air: u32,
    /// A call costs [`TOKEN`].
    tokens: u64,
    filled_at: Mono,
    rate_permille: u64,
    recovered_at: Mono,
    /// Of the last second, so that no second ever holds more than `cps_max`, whatever the tokens say.
    starts: VecDeque<Mono>,
    /// Newest last; true: the trunk failed.
    results: VecDeque<bool>,
    silent_in_a_row: u32,
    down: Option<Down>,
    slow_because: Option<String>,
}

#[derive(Debug, Clone)]
struct Down {
    why: String,
    /// `None`: told so from outside, who will also tell when it is back.
    probe_at: Option<Mono>,
}

/// One call, in millionths of a call.
const TOKEN: u64 = 1_000_000;

/// What a pacer does at the moment, for a person to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pace {
    Full,
    /// At so many thousandths of the agreed rate. `full_in`: if nothing fails meanwhile.
    Slowed {
        permille: u32,
        cps_max: u32,
        why: String,
        full_in: Duration,
    },
    Down {
        why: String,
    },
}

impl fmt::Display for Pace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Pace::Full => f.write_str("dials at full rate"),
            Pace::Slowed { permille, cps_max, why, full_in } => {
                let rate = u64::from(*permille) * u64::from(*cps_max);
                let (whole, part) = (rate / 1000, rate % 1000 / 100);
                write!(f, "dials {whole}.{part} of {cps_max} calls a second: {why}; ")?;
                write!(f, "full again in about {} s", full_in.as_secs().max(1))
            }
            Pace::Down { why } => write!(f, "is not dialled: {why}"),
        }
    }
}

impl Pacer {
    pub fn new(channels_max: u32, cps_max: u32, now: Mono) -> Pacer {
        Pacer {
            channels_max,
            cps_max,
            in_the_air: 0,
            tokens: TOKEN,
            filled_at: now,
            rate_permille: 1000,
            recovered_at: now,
            starts: VecDeque::new(),
            results: VecDeque::new(),
            silent_in_a_row: 0,
            down: None,
            slow_because: None,
        }
    }

    pub fn in_the_air(&self) -> u32 {
        self.in_the_air
    }

    /// How many calls may be started at `now`.
    pub fn room(&mut self, now: Mono) -> u32 {
        self.pass_to(now);
        let channels = self.channels_max.saturating_sub(self.in_the_air);
        match &self.down {
            Some(Down { probe_at: Some(at), .. }) if *at <= now => channels.min(1),
            Some(_) => 0,
            None => {
                let second = self.cps_max.saturating_sub(self.starts.len() as u32);
                channels.min(second).min((self.tokens / TOKEN) as u32)
            }
        }
    }

    /// The next instant at which it is worth asking again, when there is no room for reasons of pace; `None` when only an
    /// ended call or a trunk that comes back can make room.
    pub fn next_at(&mut self, now: Mono) -> Option<Mono> {
        if self.room(now) > 0 {
            return Some(now);
        }
        if let Some(down) = &self.down {
            return down.probe_at.filter(|_| self.in_the_air < self.channels_max);
        }
        if self.in_the_air >= self.channels_max || self.cps_max == 0 {
            return None;
        }
        let lacking = TOKEN.saturating_sub(self.tokens);
        let by_token =
            now + Duration::from_micros((lacking * 1000).div_ceil(u64::from(self.cps_max) * self.rate_permille));
        let by_second = match self.starts.front() {
            Some(first) if self.starts.len() as u32 >= self.cps_max => *first + SECOND,
            Some(_) | None => now,
        };
        Some(by_token.max(by_second))
    }

    /// A call has left.
    pub fn started(&mut self, now: Mono) {
        self.pass_to(now);
        self.in_the_air += 1;
        self.tokens = self.tokens.saturating_sub(TOKEN);
        self.starts.push_back(now);
        if let Some(Down { probe_at: Some(at), .. }) = &mut self.down {
            *at = now + PROBE_EVERY;
        }
    }

    /// A call is over, and its channel is free.
    pub fn ended(&mut self, now: Mono, disposition: Disposition) {
        self.pass_to(now);
        self.in_the_air = self.in_the_air.saturating_sub(1);
        if disposition == Disposition::TrunkDown {
            self.silent_in_a_row += 1;
            self.failed(now, disposition);
        } else if disposition == Disposition::Congestion {
            // It answers, if only to refuse.
            self.silent_in_a_row = 0;
            self.failed(now, disposition);
        } else if disposition.class() != DispositionClass::Technical {
            // What is left of technical endings is our own doing and says nothing about the trunk.
            self.silent_in_a_row = 0;
            self.result(false);
            if matches!(self.down, Some(Down { probe_at: Some(_), .. })) {
                self.back(now, "a probing call went through");
            }
        }
    }

    /// Told from outside (keep-alive unanswered, registration lost, database unavailable): no calls until
    /// [`up`](Pacer::up).
    pub fn down(&mut self, why: impl Into<String>) {
        self.down = Some(Down { why: why.into(), probe_at: None });
    }

    /// The trunk is back; begins slowly.
    pub fn up(&mut self, now: Mono) {
        if self.down.is_some() {
            self.pass_to(now);
            self.back(now, "the trunk is back");
        }
    }

    pub fn pace(&mut self, now: Mono) -> Pace {
        self.pass_to(now);
        match (&self.down, &self.slow_because) {
            (Some(down), _) => Pace::Down { why: down.why.clone() },
            (None, Some(why)) => {
                let steps = (1000 - self.rate_permille).div_ceil(RECOVER_PERMILLE) as u32;
                let full_in = (RECOVER_EVERY * steps).saturating_sub(now.since(self.recovered_at));
                let permille = self.rate_permille as u32;
                Pace::Slowed { permille, cps_max: self.cps_max, why: why.clone(), full_in }
            }
            (None, None) => Pace::Full,
        }
    }

    fn failed(&mut self, now: Mono, disposition: Disposition) {
        self.result(true);
        if self.silent_in_a_row >= FAILURES_TO_STOP {
            let why = format!("stopped: {} calls in a row ended with {disposition}", self.silent_in_a_row);
            let known = matches!(self.down, Some(Down { probe_at: None, .. }));
            if !known {
                self.down = Some(Down { why, probe_at: Some(now + PROBE_EVERY) });
            }
            return;
        }
        let failures = self.results.iter().filter(|failed| **failed).count();
        if failures >= FAILURES_TO_SLOW {
            self.rate_permille = (self.rate_permille / 2).max(SLOWEST_PERMILLE);
            self.recovered_at = now;
            let seen = self.results.len();
            self.slow_because =
                Some(format!("{failures} of the last {seen} calls failed in the trunk, the last: {disposition}"));
            // Judged again only by calls that follow.
            self.results.clear();
            // What was saved up at the old rate is not spent at the new.
            self.tokens = self.tokens.min(TOKEN);
        }
    }

    fn result(&mut self, failed: bool) {
        self.results.push_back(failed);
        if self.results.len() > LOOKED_AT {
            self.results.pop_front();
        }
    }

    fn back(&mut self, now: Mono, why: &str) {
        self.down = None;
        self.silent_in_a_row = 0;
        self.results.clear();
        self.rate_permille = BACK_PERMILLE;
        self.recovered_at = now;
        self.tokens = self.tokens.min(TOKEN);
        self.slow_because = Some(why.into());
    }

    /// Fills tokens, forgets starts older than a second, recovers.
    fn pass_to(&mut self, now: Mono) {
        let passed = now.since(self.filled_at).min(SECOND);
        let rate = u64::from(self.cps_max) * self.rate_permille;
        let saved_max = (u64::from(self.cps_max) * BURST.as_micros() as u64).max(TOKEN);
        self.tokens = (self.tokens + passed.as_micros() as u64 * rate / 1000).min(saved_max);
        self.filled_at = self.filled_at.max(now);
        while self.starts.front().is_some_and(|start| now.since(*start) >= SECOND) {
            self.starts.pop_front();
        }
        while self.rate_permille < 1000 && self.down.is_none() && now.since(self.recovered_at) >= RECOVER_EVERY {
            self.recovered_at = self.recovered_at + RECOVER_EVERY;
            self.rate_permille = (self.rate_permille + RECOVER_PERMILLE).min(1000);
            if self.rate_permille == 1000 {
                self.slow_because = None;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> Mono {
        Mono::ZERO + Duration::from_millis(ms)
    }

    /// Dials whenever there is room, every millisecond; each call lasts `call_ms`. Gives the instants of the starts.
    fn dial(pacer: &mut Pacer, from_ms: u64, to_ms: u64, call_ms: u64, ends: Disposition) -> Vec<u64> {
        let mut starts = Vec::new();
        let mut over: VecDeque<u64> = VecDeque::new();
        for ms in from_ms..to_ms {
            while over.front().is_some_and(|end| *end <= ms) {
                over.pop_front();
                pacer.ended(at(ms), ends);
            }
            for _ in 0..pacer.room(at(ms)) {
                pacer.started(at(ms));
                starts.push(ms);
                over.push_back(ms + call_ms);
            }
            assert!(pacer.in_the_air() <= pacer.channels_max);
        }
        for _ in over {
            pacer.ended(at(to_ms), ends);
        }
        starts
    }

    fn most_in_a_second(starts: &[u64]) -> usize {
        (0..starts.len()).map(|i| starts[i..].iter().take_while(|s| **s < starts[i] + 1000).count()).max().unwrap_or(0)
    }

    /// channels, calls per second, length of a call → starts in ten seconds
    #[test]
    fn neither_limit_is_passed_and_both_are_used() {
        for (channels, cps, call_ms, expected) in [
            (1000, 1, 10, 10..=10),
            (1000, 7, 10, 69..=70),
            (1000, 50, 10, 495..=500),
            (10, 50, 1000, 95..=100),
            (0, 50, 10, 0..=0),
            (10, 0, 10, 0..=0),
        ] {
            let mut pacer = Pacer::new(channels, cps, at(0));
            let starts = dial(&mut pacer, 0, 10_000, call_ms, Disposition::NoAnswer);
            assert!(expected.contains(&starts.len()), "{channels} {cps}: {}", starts.len());
            assert!(most_in_a_second(&starts) <= cps as usize, "{cps}");
            assert_eq!(pacer.pace(at(10_000)), Pace::Full);
        }
    }

    #[test]
    fn next_at_is_when_there_is_room() {
        let mut pacer = Pacer::new(5, 3, at(0));
        for _ in 0..40 {
            let now = pacer.filled_at;
            let Some(next) = pacer.next_at(now) else {
                pacer.ended(now, Disposition::Busy);
                continue;
            };
            if next > now {
                assert_eq!(pacer.clone().room(Mono(next.0 - 1)), 0);
            }
            assert!(pacer.room(next) > 0, "{next:?}");
            pacer.started(next);
        }
    }

    #[test]
    fn congestion_slows_and_time_heals() {
        let mut pacer = Pacer::new(1000, 40, at(0));
        let starts = dial(&mut pacer, 0, 3000, 20, Disposition::Congestion);
        assert!(starts.len() < 40, "{}", starts.len());
        let told = pacer.pace(at(3000)).to_string();
        let expected = "dials 2.4 of 40 calls a second: 4 of the last 4 calls failed in the trunk, the last: congestion; \
                        full again in about 48 s";
        assert_eq!(told, expected);
        let starts = dial(&mut pacer, 3000, 63_000, 20, Disposition::NoAnswer);
        let (first, last) =
            (starts.iter().filter(|s| **s < 8000).count(), starts.iter().filter(|s| **s >= 58_000).count());
        assert!(first < 30 && (195..=200).contains(&last), "{first} {last}");
        assert_eq!(pacer.pace(at(63_000)), Pace::Full);
    }

    #[test]
    fn a_few_failures_among_many_calls_change_nothing() {
        let mut pacer = Pacer::new(1000, 40, at(0));
        for i in 0..100 {
            pacer.started(at(i * 100));
            pacer.ended(at(i * 100), if i % 6 == 0 { Disposition::Congestion } else { Disposition::Informed });
        }
        assert_eq!(pacer.pace(at(10_000)), Pace::Full);
    }

    #[test]
    fn a_silent_trunk_is_left_alone_but_asked() {
        let mut pacer = Pacer::new(1000, 40, at(0));
        let starts = dial(&mut pacer, 0, 300_000, 20, Disposition::TrunkDown);
        assert!(starts.len() < 30, "{}", starts.len());
        let told = pacer.pace(at(300_000)).to_string();
        assert_eq!(told, "is not dialled: stopped: 17 calls in a row ended with trunk_down");
        dial(&mut pacer, 300_000, 330_100, 20, Disposition::Busy);
        assert!(matches!(pacer.pace(at(330_100)), Pace::Slowed { .. }), "{:?}", pacer.pace(at(330_100)));
    }

    #[test]
    fn down_and_up_as_told() {
        let mut pacer = Pacer::new(10, 10, at(0));
        pacer.down("OPTIONS unanswered");
        assert_eq!((pacer.room(at(500_000)), pacer.next_at(at(500_000))), (0, None));
        assert_eq!(pacer.pace(at(500_000)), Pace::Down { why: "OPTIONS unanswered".into() });
        pacer.up(at(500_000));
        assert_eq!(pacer.room(at(500_000)), 1);
        let told = pacer.pace(at(510_000)).to_string();
        assert_eq!(told, "dials 4.5 of 10 calls a second: the trunk is back; full again in about 30 s");
    }
}
