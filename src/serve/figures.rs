//! What a run measured about itself.

use std::time::Duration;

/// Durations in 1 ms buckets up to two seconds, so that percentiles cost no memory.
#[derive(Debug, Clone)]
pub struct Spread {
    buckets: Vec<u64>,
    count: u64,
    max: Duration,
}

const BUCKETS: usize = 2_000;

impl Default for Spread {
    fn default() -> Spread {
        Spread { buckets: vec![0; BUCKETS + 1], count: 0, max: Duration::ZERO }
    }
}

impl Spread {
    pub fn add(&mut self, d: Duration) {
        self.buckets[(d.as_millis() as usize).min(BUCKETS)] += 1;
        self.count += 1;
        self.max = self.max.max(d);
    }

    pub fn count(&self) -> u64 {
        self.count
    }

    pub fn max(&self) -> Duration {
        self.max
    }

    /// Upper edge, in whole milliseconds, of the bucket that holds the `percent`-th percentile; 0 when empty.
    pub fn percentile_ms(&self, percent: u64) -> u64 {
        let wanted = (self.count * percent).div_ceil(100);
        let mut seen = 0;
        for (ms, n) in self.buckets.iter().enumerate() {
            seen += n;
            if seen >= wanted && *n > 0 {
                return ms as u64 + 1;
            }
        }
        0
    }
}

#[derive(Debug, Clone, Default)]
pub struct Figures {
    /// From reading the 200 to the first audio packet having been sent.
    pub answer_to_audio: Spread,
    /// From a key's first packet to the first packet of the prompt it led to.
    pub key_to_prompt: Spread,
    /// Utterances that were not ready when they were to be played.
    pub rendered_late: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles() {
        let mut spread = Spread::default();
        assert_eq!(spread.percentile_ms(99), 0);
        for ms in 0..100 {
            spread.add(Duration::from_millis(ms));
        }
        assert_eq!((spread.percentile_ms(50), spread.percentile_ms(99)), (50, 99));
        spread.add(Duration::from_secs(60));
        assert_eq!((spread.percentile_ms(100), spread.max()), (2001, Duration::from_secs(60)));
    }
}
