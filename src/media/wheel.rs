//! Which legs are due at a beat: a wheel with as many places as the shortest round that every packet length divides.
//!
//! A beat looks at the legs that are due and at no other, whatever their packet lengths are; legs are spread over the beats, so
//! that packets leave evenly and not in one burst.

use std::time::Duration;

/// The finest step of a leg's time, and the period of the threads' timer.
pub const BEAT: Duration = Duration::from_millis(5);
/// Beats in a turn: 60 ms, which 10, 20 and 30 ms divide.
const TURN: usize = 12;

/// Beats from one visit of a leg to its next: 2, 4 or 6.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period(usize);

impl Period {
    pub const USUAL: Period = Period(4);

    /// Packets of this length need a visit so often, and one is due at every `n`th of them. Arrivals are looked after at least
    /// every 30 ms however long the packets are. `None`: no length of ours.
    pub fn of_packets(ptime_ms: u8) -> Option<(Period, u8)> {
        match ptime_ms {
            10 => Some((Period(2), 1)),
            20 => Some((Period(4), 1)),
            30 => Some((Period(6), 1)),
            40 => Some((Period(4), 2)),
            60 => Some((Period(4), 3)),
            _ => None,
        }
    }
}

/// Where in the turn a leg is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Phase {
    first: usize,
    period: Period,
}

#[derive(Debug, Default)]
pub struct Wheel {
    turn: [Vec<u32>; TURN],
}

impl Wheel {
    /// Takes the beat with the fewest legs.
    pub fn add(&mut self, place: u32, period: Period) -> Phase {
        let first = (0..period.0).min_by_key(|&n| self.turn[n].len()).expect("a period is no shorter than a beat");
        let phase = Phase { first, period };
        for due in phase.beats() {
            self.turn[due].push(place);
        }
        phase
    }

    pub fn remove(&mut self, place: u32, phase: Phase) {
        for due in phase.beats() {
            let at = self.turn[due].iter().position(|&p| p == place).expect("added with this phase");
            self.turn[due].swap_remove(at);
        }
    }

    /// The leg at this beat that is the `n`th to be visited.
    pub fn due(&self, beat: u64, n: usize) -> Option<u32> {
        self.turn[(beat % TURN as u64) as usize].get(n).copied()
    }
}

impl Phase {
    pub fn period(self) -> Period {
        self.period
    }

    fn beats(self) -> impl Iterator<Item = usize> {
        (self.first..TURN).step_by(self.period.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn visits(wheel: &Wheel, place: u32, beats: std::ops::Range<u64>) -> Vec<u64> {
        beats.filter(|&beat| (0..).map_while(|n| wheel.due(beat, n)).any(|p| p == place)).collect()
    }

    #[test]
    fn legs_are_visited_as_often_as_their_packets_need() {
        for (ptime_ms, beats, every) in [(10, 2, 1), (20, 4, 1), (30, 6, 1), (40, 4, 2), (60, 4, 3)] {
            let (period, nth) = Period::of_packets(ptime_ms).unwrap();
            let mut wheel = Wheel::default();
            wheel.add(7, Period::USUAL);
            let phase = wheel.add(8, period);
            let seen = visits(&wheel, 8, 0..48);
            assert!(seen.windows(2).all(|w| w[1] - w[0] == beats) && seen.len() as u64 == 48 / beats, "{ptime_ms}");
            assert_eq!((nth, beats * u64::from(nth) * 5), (every, u64::from(ptime_ms)));
            wheel.remove(8, phase);
            assert!(visits(&wheel, 8, 0..48).is_empty());
            assert_eq!(visits(&wheel, 7, 0..48).len(), 12, "the other stays");
        }
        assert_eq!(Period::of_packets(0), None);
        assert_eq!(Period::of_packets(25), None);
    }

    #[test]
    fn legs_are_spread_evenly() {
        let mut wheel = Wheel::default();
        for place in 0..1000 {
            wheel.add(place, Period::USUAL);
        }
        for beat in 0..12 {
            assert_eq!((0..).map_while(|n| wheel.due(beat, n)).count(), 250);
        }
    }
}
