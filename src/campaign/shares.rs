//! Lines shared between campaigns in proportion to their priorities: who of those that want one is next.
//!
//! Weighted fair queueing over line time. Each campaign has a clock that runs faster the less it weighs; a call moves it on by how
//! long its line is expected to be taken, and by the rest when it ends. Next is whose clock is furthest behind. Who wants nothing
//! is passed over, so that no line stands idle while anybody wants it; who comes back has at most [`CREDIT`] to catch up with.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::books::Priority;
use crate::id::CampaignId;

/// How long a call is taken to hold its line before any was measured.
const CALL_AT_FIRST: Duration = Duration::from_secs(30);
/// A call moves the mean by one part of these.
const CALLS_IN_MEAN: u32 = 16;
/// Line time that a campaign which wanted nothing for a while may catch up with.
const CREDIT: Duration = Duration::from_secs(120);
/// A microsecond of line time moves the clock of weight `w` by this ÷ `w`: every weight divides it.
const SCALE: i128 = 2520;

/// What was charged for a call when it began; given back at its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Charge {
    campaign: CampaignId,
    expected: Duration,
}

#[derive(Debug, Clone, Default)]
pub struct Shares {
    campaigns: BTreeMap<CampaignId, Share>,
    /// The clock of whoever was served last: where one that comes back begins.
    clock: i128,
}

#[derive(Debug, Clone)]
struct Share {
    priority: Priority,
    clock: i128,
    call_mean: Duration,
    wants: bool,
}

impl Share {
    fn ticks(&self, length: Duration) -> i128 {
        length.as_micros() as i128 * SCALE / i128::from(self.priority.weight())
    }
}

impl Shares {
    /// The campaign weighs so much from now on.
    pub fn set(&mut self, campaign: CampaignId, priority: Priority) {
        let clock = self.clock;
        let new = Share { priority, clock, call_mean: CALL_AT_FIRST, wants: false };
        self.campaigns.entry(campaign).or_insert(new).priority = priority;
    }

    pub fn priority(&self, campaign: CampaignId) -> Priority {
        self.campaigns.get(&campaign).map_or(Priority::USUAL, |share| share.priority)
    }

    /// Those that want a line, the one whose turn it is first. Of equal ones, the heavier.
    pub fn order(&mut self, wanting: &[CampaignId]) -> Vec<CampaignId> {
        let floor = self.clock;
        for (id, share) in &mut self.campaigns {
            let wants = wanting.contains(id);
            if wants && !share.wants {
                share.clock = share.clock.max(floor - share.ticks(CREDIT));
            }
            share.wants = wants;
        }
        let mut order: Vec<CampaignId> = wanting.iter().copied().filter(|id| self.campaigns.contains_key(id)).collect();
        order.sort_by_key(|id| {
            let share = &self.campaigns[id];
            (share.clock, std::cmp::Reverse(share.priority), *id)
        });
        order
    }

    /// A call of the campaign takes a line.
    pub fn started(&mut self, campaign: CampaignId) -> Charge {
        let Some(share) = self.campaigns.get_mut(&campaign) else {
            return Charge { campaign, expected: Duration::ZERO };
        };
        self.clock = self.clock.max(share.clock);
        let expected = share.call_mean;
        share.clock += share.ticks(expected);
        Charge { campaign, expected }
    }

    /// It has given the line back, which it had for so long.
    pub fn ended(&mut self, charge: Charge, lasted: Duration) {
        let Some(share) = self.campaigns.get_mut(&charge.campaign) else { return };
        share.clock += share.ticks(lasted) - share.ticks(charge.expected);
        share.call_mean = (share.call_mean * (CALLS_IN_MEAN - 1) + lasted) / CALLS_IN_MEAN;
    }
}

/// How many of `room` places each of those that want some gets: by weight, and what one leaves goes to the others. `most`: what
/// each can use.
pub fn divide(room: usize, wanting: &[(CampaignId, Priority, usize)]) -> Vec<(CampaignId, usize)> {
    let mut given: Vec<(CampaignId, usize)> = wanting.iter().map(|(id, ..)| (*id, 0)).collect();
    let mut left = room;
    // Each turn but the last satisfies somebody wholly.
    loop {
        let hungry: Vec<usize> = (0..wanting.len()).filter(|n| given[*n].1 < wanting[*n].2).collect();
        let weights: usize = hungry.iter().map(|n| usize::from(wanting[*n].1.weight())).sum();
        if left == 0 || weights == 0 {
            return given;
        }
        let turn = left;
        let mut sated = false;
        for n in &hungry {
            let share = (turn * usize::from(wanting[*n].1.weight())) / weights;
            let takes = share.min(wanting[*n].2 - given[*n].1).min(left);
            given[*n].1 += takes;
            left -= takes;
            sated |= given[*n].1 == wanting[*n].2;
        }
        if !sated {
            // What no whole share is left of: one each, the heaviest first.
            let mut rest = hungry;
            rest.sort_by_key(|n| (std::cmp::Reverse(wanting[*n].1), *n));
            rest.into_iter().take(left).for_each(|n| given[n].1 += 1);
            return given;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rand::rngs::StdRng;
    use rand::{RngExt, SeedableRng};
    use std::cmp::Reverse;
    use std::collections::BinaryHeap;

    /// A campaign of the simulated hour: its weight, how long its calls hold a line on average, and when it has work to do.
    #[derive(Debug, Clone)]
    struct Load {
        weight: u8,
        call_s: u64,
        /// Seconds of the hour; `0..3600`: always.
        works: std::ops::Range<u64>,
    }

    fn always(weight: u8, call_s: u64) -> Load {
        Load { weight, call_s, works: 0..3600 }
    }

    /// An hour on `lines` lines, each given away when it becomes free. Line seconds by campaign, of those from `from` to `to`.
    fn hour(lines: usize, loads: &[Load], seed: u64, from: u64, to: u64) -> Vec<f64> {
        let mut rng = StdRng::seed_from_u64(seed);
        let mut shares = Shares::default();
        let id = |n: usize| CampaignId(n as i64 + 1);
        for (n, load) in loads.iter().enumerate() {
            shares.set(id(n), Priority::new(load.weight).unwrap());
        }
        let mut used = vec![0.0; loads.len()];
        let mut busy: BinaryHeap<Reverse<(u64, u64, usize, usize)>> = BinaryHeap::new();
        let mut charges: Vec<Option<(Charge, u64)>> = Vec::new();
        let mut free = lines;
        for ms in (0..3_600_000).step_by(20) {
            while let Some(Reverse((end, began, n, charge))) = busy.peek().copied()
                && end <= ms
            {
                busy.pop();
                free += 1;
                let (charge, _) = charges[charge].take().expect("ended once");
                shares.ended(charge, Duration::from_millis(end - began));
                let (a, b) = (began.max(from * 1000), end.min(to * 1000));
                used[n] += b.saturating_sub(a) as f64 / 1000.0;
            }
            let wanting: Vec<usize> = (0..loads.len()).filter(|n| loads[*n].works.contains(&(ms / 1000))).collect();
            while free > 0 && !wanting.is_empty() {
                let ids: Vec<CampaignId> = wanting.iter().map(|n| id(*n)).collect();
                let next = shares.order(&ids)[0];
                let n = (next.0 - 1) as usize;
                charges.push(Some((shares.started(next), ms)));
                // From a tenth to nearly twice the mean.
                let length = loads[n].call_s * 1000 * rng.random_range(100..1900) / 1000;
                busy.push(Reverse((ms + length.max(20), ms, n, charges.len() - 1)));
                free -= 1;
            }
            // Work-conserving: no line is free while anybody wants one.
            assert!(free == 0 || wanting.is_empty());
        }
        used
    }

    fn shares_of(used: &[f64]) -> Vec<f64> {
        let all: f64 = used.iter().sum();
        used.iter().map(|u| u / all).collect()
    }

    /// lines, campaigns → each one's part of the line time, in per cent
    #[test]
    fn an_hour_of_calls() {
        for (lines, loads, expected) in [
            (100, vec![always(5, 40), always(5, 40)], vec![50.0, 50.0]),
            (100, vec![always(1, 40), always(9, 40)], vec![10.0, 90.0]),
            // It is lines that are shared, not calls: who talks longer makes fewer.
            (100, vec![always(5, 10), always(5, 120)], vec![50.0, 50.0]),
            (5, vec![always(1, 30), always(9, 30)], vec![10.0, 90.0]),
            (1, vec![always(2, 15), always(3, 15)], vec![40.0, 60.0]),
            (40, vec![always(10, 30), always(5, 60), always(1, 20), always(4, 30)], vec![50.0, 25.0, 5.0, 20.0]),
        ] {
            let got = shares_of(&hour(lines, &loads, 7, 0, 3600));
            for (got, expected) in got.iter().zip(&expected) {
                assert!((got * 100.0 - expected).abs() < 2.0, "{lines} {loads:?}: {got}");
            }
        }
    }

    #[test]
    fn what_one_leaves_goes_to_the_others_and_nobody_saves_up() {
        let late = Load { weight: 10, call_s: 30, works: 1800..3600 };
        let loads = [always(1, 30), late];
        let first = shares_of(&hour(20, &loads, 3, 0, 1800));
        assert!((first[0] - 1.0).abs() < 0.01, "alone, it has all lines: {first:?}");
        // When the other comes it takes over its share, and no more: what it did not use before is not owed to it.
        let second = shares_of(&hour(20, &loads, 3, 2000, 3600));
        assert!((second[1] - 10.0 / 11.0).abs() < 0.03, "{second:?}");
    }

    #[test]
    fn a_changed_priority_holds_from_then_on() {
        let mut shares = Shares::default();
        let (a, b) = (CampaignId(1), CampaignId(2));
        shares.set(a, Priority::USUAL);
        shares.set(b, Priority::USUAL);
        let count = |shares: &mut Shares| {
            let mut of_a = 0;
            for _ in 0..1000 {
                let next = shares.order(&[a, b])[0];
                let charge = shares.started(next);
                shares.ended(charge, Duration::from_secs(30));
                of_a += u32::from(next == a);
            }
            of_a
        };
        assert!((495..=505).contains(&count(&mut shares)));
        shares.set(a, Priority::LEAST);
        shares.set(b, Priority::new(9).unwrap());
        assert!((95..=105).contains(&count(&mut shares)));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        /// Any weights, lengths of calls and numbers of lines: each gets its part of an hour within three per cent of the whole,
        /// nobody starves, and no line stands idle (asserted in `hour`).
        #[test]
        fn parts_follow_weights(
            loads in prop::collection::vec((1u8..=10, 5u64..60), 2..6),
            lines in 4usize..60,
            seed in any::<u64>(),
        ) {
            let loads: Vec<Load> = loads.into_iter().map(|(weight, call_s)| always(weight, call_s)).collect();
            let weights: f64 = loads.iter().map(|l| f64::from(l.weight)).sum();
            let got = shares_of(&hour(lines, &loads, seed, 0, 3600));
            for (load, got) in loads.iter().zip(got) {
                let due = f64::from(load.weight) / weights;
                prop_assert!((got - due).abs() < 0.03, "{loads:?} on {lines} lines: {got} instead of {due}");
                prop_assert!(got > 0.0);
            }
        }

        #[test]
        fn division_is_whole_and_by_weight(
            room in 0usize..600,
            wanting in prop::collection::vec((1u8..=10, 0usize..300), 1..8),
        ) {
            let wanting: Vec<_> = wanting
                .iter()
                .enumerate()
                .map(|(n, (weight, most))| (CampaignId(n as i64), Priority::new(*weight).unwrap(), *most))
                .collect();
            let given = divide(room, &wanting);
            let all: usize = given.iter().map(|(_, n)| n).sum();
            prop_assert_eq!(all, room.min(wanting.iter().map(|w| w.2).sum()));
            for ((_, given), (_, _, most)) in given.iter().zip(&wanting) {
                prop_assert!(given <= most);
            }
        }
    }

    #[test]
    fn division() {
        let p = |n| Priority::new(n).unwrap();
        let (a, b, c) = (CampaignId(1), CampaignId(2), CampaignId(3));
        assert_eq!(divide(100, &[(a, p(1), 500), (b, p(9), 500)]), [(a, 10), (b, 90)]);
        // b can use five only.
        assert_eq!(divide(100, &[(a, p(1), 500), (b, p(9), 5)]), [(a, 95), (b, 5)]);
        assert_eq!(divide(100, &[(a, p(1), 5), (b, p(1), 5)]), [(a, 5), (b, 5)]);
        assert_eq!(divide(2, &[(a, p(1), 9), (b, p(1), 9), (c, p(10), 9)]), [(a, 0), (b, 0), (c, 2)]);
    }
}
