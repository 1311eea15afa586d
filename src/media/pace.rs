//! How well the threads keep time: a histogram of atomics, written without locks or allocation.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// Four buckets an octave, from 1 µs to about 16 s.
const BUCKETS: usize = 96;

#[derive(Debug)]
struct Histogram([AtomicU64; BUCKETS]);

impl Default for Histogram {
    fn default() -> Histogram {
        Histogram(std::array::from_fn(|_| AtomicU64::new(0)))
    }
}

impl Histogram {
    fn add(&self, us: u64) {
        self.0[bucket(us)].fetch_add(1, Relaxed);
    }

    /// The upper end of the bucket in which this part of the values, 0..=1, lies.
    fn quantile(&self, part: f64) -> u64 {
        let counts: Vec<u64> = self.0.iter().map(|c| c.load(Relaxed)).collect();
        let total: u64 = counts.iter().sum();
        let mut left = (total as f64 * part).ceil() as u64;
        if total == 0 {
            return 0;
        }
        for (n, count) in counts.iter().enumerate() {
            left = left.saturating_sub(*count);
            if left == 0 {
                return upper(n);
            }
        }
        upper(BUCKETS - 1)
    }
}

fn bucket(us: u64) -> usize {
    if us < 4 {
        return us as usize;
    }
    let octave = us.ilog2() as usize;
    ((octave - 1) * 4 + (us >> (octave - 2) & 3) as usize).min(BUCKETS - 1)
}

fn upper(bucket: usize) -> u64 {
    if bucket < 4 {
        return bucket as u64;
    }
    let octave = bucket / 4 + 1;
    ((4 + (bucket % 4) as u64 + 1) << (octave - 2)) - 1
}

#[derive(Debug, Default)]
pub struct Pace {
    late: Histogram,
    served: Histogram,
    late_max_us: AtomicU64,
    served_max_us: AtomicU64,
    ticks: AtomicU64,
    skipped: AtomicU64,
    legs: AtomicU64,
    sent: AtomicU64,
    received: AtomicU64,
}

/// Of all threads together, since the start or the last reset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PaceStats {
    /// Open now.
    pub legs: u64,
    /// Turns of 5 ms, of all threads; a leg sends in every fourth.
    pub ticks: u64,
    /// Frames of 20 ms given up, since their thread came more than 200 ms late.
    pub frames_skipped: u64,
    /// From the moment a tick was due to the moment its thread woke. Quantiles are exact to a quarter.
    pub late_p50_us: u64,
    pub late_p99_us: u64,
    pub late_max_us: u64,
    /// From the moment a tick was due to the moment its last packet had been handed to the system.
    pub served_p50_us: u64,
    pub served_p99_us: u64,
    pub served_max_us: u64,
    /// Packets.
    pub sent: u64,
    pub received: u64,
}

impl Pace {
    pub fn tick(&self, late: Duration, served: Duration, sent: u64, received: u64) {
        let (late, served) = (late.as_micros() as u64, served.as_micros() as u64);
        self.late.add(late);
        self.served.add(served);
        self.late_max_us.fetch_max(late, Relaxed);
        self.served_max_us.fetch_max(served, Relaxed);
        self.ticks.fetch_add(1, Relaxed);
        self.sent.fetch_add(sent, Relaxed);
        self.received.fetch_add(received, Relaxed);
    }

    pub fn skip(&self, frames: u64) {
        self.skipped.fetch_add(frames, Relaxed);
    }

    pub fn leg_opened(&self) {
        self.legs.fetch_add(1, Relaxed);
    }

    pub fn leg_closed(&self) {
        self.legs.fetch_sub(1, Relaxed);
    }

    /// Counts anew; legs that are open stay counted.
    pub fn reset(&self) {
        let counters = [&self.late_max_us, &self.served_max_us, &self.ticks, &self.skipped, &self.sent, &self.received];
        for counter in self.late.0.iter().chain(&self.served.0).chain(counters) {
            counter.store(0, Relaxed);
        }
    }

    pub fn stats(&self) -> PaceStats {
        let (late_max_us, served_max_us) = (self.late_max_us.load(Relaxed), self.served_max_us.load(Relaxed));
        PaceStats {
            legs: self.legs.load(Relaxed),
            ticks: self.ticks.load(Relaxed),
            frames_skipped: self.skipped.load(Relaxed),
            late_p50_us: self.late.quantile(0.5).min(late_max_us),
            late_p99_us: self.late.quantile(0.99).min(late_max_us),
            late_max_us,
            served_p50_us: self.served.quantile(0.5).min(served_max_us),
            served_p99_us: self.served.quantile(0.99).min(served_max_us),
            served_max_us,
            sent: self.sent.load(Relaxed),
            received: self.received.load(Relaxed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_cover_without_gaps() {
        let mut last = 0;
        for us in 0..100_000 {
            let b = bucket(us);
            assert!(b == last || b == last + 1, "{us}");
            assert!(us <= upper(b) && (b == 0 || us > upper(b - 1)), "{us} in {b}");
            last = b;
        }
        assert_eq!(bucket(u64::MAX), BUCKETS - 1);
    }

    #[test]
    fn quantiles() {
        let pace = Pace::default();
        for us in 1..=1000 {
            pace.tick(Duration::from_micros(us), Duration::from_micros(2 * us), 3, 2);
        }
        let stats = pace.stats();
        assert!((500..=640).contains(&stats.late_p50_us), "{stats:?}");
        assert!((990..=1280).contains(&stats.late_p99_us), "{stats:?}");
        assert_eq!((stats.late_max_us, stats.served_max_us, stats.sent, stats.received), (1000, 2000, 3000, 2000));
        assert_eq!(Pace::default().stats(), PaceStats::default());
    }
}
