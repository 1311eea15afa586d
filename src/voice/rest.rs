//! When a voice that fails is left alone for a while, so that a dead server does not cost each message its timeout.

use std::time::Duration;

use crate::time::Mono;

/// Failures in a row after which a voice rests.
const FAILURES_MAX: u32 = 3;
/// How long it rests.
pub(super) const REST: Duration = Duration::from_secs(30);

#[derive(Debug, Default)]
pub(super) struct Rest {
    failures: u32,
    until: Option<Mono>,
}

impl Rest {
    /// Whether it may be asked now. After a rest one asks, and the others wait for what becomes of it.
    pub fn may_ask(&mut self, now: Mono) -> bool {
        match self.until {
            Some(until) if now < until => false,
            Some(_) => {
                self.until = Some(now + REST);
                true
            }
            None => true,
        }
    }

    pub fn worked(&mut self) {
        *self = Rest::default();
    }

    /// Whether its rest begins with this failure.
    pub fn failed(&mut self, now: Mono) -> bool {
        self.failures = self.failures.saturating_add(1);
        let rests = self.failures >= FAILURES_MAX;
        if rests {
            self.until = Some(now + REST);
        }
        rests
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// (what happens, at which second, and whether it may be asked then; for a failure, whether a rest begins)
    #[test]
    fn three_failures_and_a_rest() {
        let mut rest = Rest::default();
        for (at, what, expected) in [
            (0, "ask", true),
            (0, "fail", false),
            (1, "fail", false),
            (1, "work", true),
            (2, "fail", false),
            (2, "fail", false),
            (2, "ask", true),
            (3, "fail", true),
            (3, "ask", false),
            (32, "ask", false),
            // One tries; while it does, nobody else.
            (33, "ask", true),
            (34, "ask", false),
            (35, "fail", true),
            (64, "ask", false),
            (65, "ask", true),
            (66, "work", true),
            (66, "ask", true),
            (66, "ask", true),
            (66, "fail", false),
        ] {
            let now = Mono::ZERO + Duration::from_secs(at);
            let found = match what {
                "ask" => rest.may_ask(now),
                "fail" => rest.failed(now),
                _ => {
                    rest.worked();
                    true
                }
            };
            assert_eq!(found, expected, "{what} at {at}");
        }
    }
}
