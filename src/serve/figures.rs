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
    /// From a key's first packet to the order that plays the prompt it led to; its first packet leaves with the leg's next
    /// 20 ms frame. Keys that lead to no prompt at once (the first of four digits) are not counted.
    pub key_to_prompt: Spread,
    /// At the moment of most calls in the air.
    pub memory: Option<Memory>,
    /// Utterances that were not ready when they were to be played.
    pub rendered_late: u64,
    /// Audio of the calls that are over: packets sent, received, and those of the far ends that never came.
    pub rtp_sent: u64,
    pub rtp_received: u64,
    pub rtp_lost: u64,
}

/// The process's memory, in bytes.
#[derive(Debug, Clone, Copy)]
pub struct Memory {
    pub in_air: usize,
    pub resident: u64,
    /// Resident before the first call.
    pub before: u64,
    /// Held by rendered prompts.
    pub prompts: u64,
}

impl Memory {
    /// What is neither start-up nor prompts, shared out over the calls.
    pub fn per_call(&self) -> u64 {
        self.resident.saturating_sub(self.before + self.prompts) / self.in_air.max(1) as u64
    }
}

impl Figures {
    /// Looks at the process's resident memory (Linux; elsewhere nothing is recorded).
    pub fn look_at_memory(&mut self, in_air: usize, prompts: u64) {
        let Some(resident) = resident_bytes() else { return };
        let before = self.memory.map_or(resident, |memory| memory.before);
        if self.memory.is_none_or(|memory| in_air > memory.in_air) {
            self.memory = Some(Memory { in_air, resident, before, prompts });
        }
    }
}

/// `/proc/self/statm`: the second number counts resident pages.
fn resident_bytes() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = text.split_whitespace().nth(1)?.parse().ok()?;
    Some(pages * 4096)
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
