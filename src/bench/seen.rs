//! What the outside receiver measured, and durations as they are kept everywhere here.

use serde::{Deserialize, Serialize};

/// Durations in microseconds, in buckets of a sixteenth of an octave: percentiles within 6 %, at no cost of memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Times {
    buckets: Vec<u64>,
    count: u64,
    max_us: u64,
}

const PER_OCTAVE: u32 = 16;
const OCTAVES: u32 = 32;

impl Default for Times {
    fn default() -> Times {
        Times { buckets: vec![0; (PER_OCTAVE * OCTAVES) as usize], count: 0, max_us: 0 }
    }
}

fn bucket(us: u64) -> usize {
    if us < u64::from(PER_OCTAVE) {
        return us as usize;
    }
    let octave = us.ilog2() - PER_OCTAVE.ilog2();
    ((octave + 1) * PER_OCTAVE) as usize + (us >> octave) as usize - PER_OCTAVE as usize
}

/// The last microsecond of a bucket.
fn upper(bucket: usize) -> u64 {
    let (octave, place) = (bucket as u32 / PER_OCTAVE, u64::from(bucket as u32 % PER_OCTAVE));
    match octave {
        0 => place,
        _ => ((u64::from(PER_OCTAVE) + place + 1) << (octave - 1)) - 1,
    }
}

impl Times {
    pub fn add(&mut self, us: u64) {
        let last = self.buckets.len() - 1;
        self.buckets[bucket(us).min(last)] += 1;
        self.count += 1;
        self.max_us = self.max_us.max(us);
    }

    /// The upper end of the bucket in which this many of a million lie.
    fn percentile(&self, millionth: u64) -> u64 {
        let wanted = u128::from(self.count) * u128::from(millionth);
        let mut seen = 0;
        for (n, count) in self.buckets.iter().enumerate() {
            seen += u128::from(*count) * 1_000_000;
            if *count > 0 && seen >= wanted {
                return upper(n).min(self.max_us);
            }
        }
        self.max_us
    }

    pub fn spread(&self) -> Spread {
        Spread {
            count: self.count,
            p50_us: self.percentile(500_000),
            p99_us: self.percentile(990_000),
            p999_us: self.percentile(999_000),
            max_us: self.max_us,
        }
    }
}

/// Of some durations: how many, and how long.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spread {
    pub count: u64,
    pub p50_us: u64,
    pub p99_us: u64,
    pub p999_us: u64,
    pub max_us: u64,
}

/// Where the calls stand now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Glance {
    /// INVITEs taken.
    pub offered: u64,
    /// Acknowledged, and not over.
    pub up: u64,
    pub over: u64,
}

/// The far end's book, of one run.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Seen {
    pub offered: u64,
    pub answered: u64,
    /// Ended by the engine's BYE, after it had been acknowledged.
    pub completed: u64,
    /// Calls that the engine took back, never acknowledged, or left open to the end.
    pub failed: u64,
    /// Calls in which the whole key was sent, and something was said after it.
    pub keyed: u64,
    /// SIP messages received and sent.
    pub messages: u64,
    /// From the first INVITE to the last, in microseconds.
    pub offered_in_us: u64,
    /// The rate in the middle four fifths of the INVITEs, a second.
    pub rate: f64,
    /// Packets from the engine.
    pub received: u64,
    /// Of the engine's packets, those that never came, by their sequence numbers.
    pub lost: u64,
    /// Packets that came to a port after its call was over, from a call that is not there.
    pub stray: u64,
    /// Packets sent to the engine.
    pub sent: u64,
    /// Lost by this end for want of room: the load generator was the bottleneck, and the run does not count.
    pub dropped: u64,
    /// Packets that came more than 40 ms after the one before.
    pub late: u64,
    /// Between two packets of a call, per packet.
    pub gaps: Spread,
    /// How far a gap is from 20 ms.
    pub pacing: Spread,
    /// From sending the 200 to the first packet of the prompt.
    pub first_packet: Spread,
    /// From the key's first packet to the first packet of what is said next: in all, so its silence too.
    pub key_to_prompt: Spread,
    /// This process's own CPU time, in microseconds.
    pub cpu_us: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_cover_without_gaps() {
        let mut last = 0;
        for us in 0..300_000 {
            let b = bucket(us);
            assert!(b == last || b == last + 1, "{us}: {b} after {last}");
            assert!(us <= upper(b) && (b == 0 || us > upper(b - 1)), "{us} in {b}");
            last = b;
        }
    }

    #[test]
    fn percentiles() {
        let mut times = Times::default();
        for us in 1..=10_000 {
            times.add(us);
        }
        let s = times.spread();
        assert_eq!((s.count, s.max_us), (10_000, 10_000));
        assert!((5_000..=5_350).contains(&s.p50_us), "{s:?}");
        assert!((9_900..=10_000).contains(&s.p99_us), "{s:?}");
        assert_eq!(Times::default().spread(), Spread::default());
    }
}
