//! Timers as values: how long, how often, and who is due next (RFC 3261 §17, table 4).

use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;
use std::time::Duration;

use crate::time::Mono;

/// RFC 3261 §17.1.1.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// Round trip estimate: the first retransmission comes after it.
    pub t1: Duration,
    /// Retransmissions of anything but INVITE come no slower than this.
    pub t2: Duration,
    /// How long a message lives in the network.
    pub t4: Duration,
}

impl Default for Timing {
    fn default() -> Timing {
        Timing { t1: Duration::from_millis(500), t2: Duration::from_secs(4), t4: Duration::from_secs(5) }
    }
}

impl Timing {
    /// Timers B, D, F, H, J, L and M over UDP.
    pub fn patience(&self) -> Duration {
        self.t1 * 64
    }
}

/// A retransmission to come, and the wait that led to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resend {
    pub at: Mono,
    interval: Duration,
    /// `None`: doubles for ever (timer A); `Some`: doubles up to this (timers E, G).
    cap: Option<Duration>,
}

impl Resend {
    pub fn starting(now: Mono, interval: Duration, cap: Option<Duration>) -> Resend {
        Resend { at: now + interval, interval, cap }
    }

    /// The one after this, counted from `now` so that a late wake-up sends once and not in a burst.
    pub fn next(self, now: Mono) -> Resend {
        let doubled = self.interval * 2;
        let interval = self.cap.map_or(doubled, |cap| doubled.min(cap));
        Resend { at: now + interval, interval, cap: self.cap }
    }
}

/// Who is due when. Each owner has at most one time.
#[derive(Debug)]
pub struct Agenda<K> {
    order: BTreeSet<(Mono, K)>,
    times: HashMap<K, Mono>,
}

impl<K> Default for Agenda<K> {
    fn default() -> Agenda<K> {
        Agenda { order: BTreeSet::new(), times: HashMap::new() }
    }
}

impl<K: Copy + Ord + Hash> Agenda<K> {
    pub fn set(&mut self, owner: K, at: Option<Mono>) {
        let before = match at {
            Some(at) => self.times.insert(owner, at),
            None => self.times.remove(&owner),
        };
        if before == at {
            return;
        }
        if let Some(before) = before {
            self.order.remove(&(before, owner));
        }
        if let Some(at) = at {
            self.order.insert((at, owner));
        }
    }

    pub fn first(&self) -> Option<Mono> {
        self.order.first().map(|(at, _)| *at)
    }

    /// Takes one owner whose time has come; it has no time until set again.
    pub fn take_due(&mut self, now: Mono) -> Option<K> {
        let (at, owner) = *self.order.first()?;
        if at > now {
            return None;
        }
        self.set(owner, None);
        Some(owner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schedule(cap: Option<Duration>, until_ms: u64) -> Vec<u64> {
        let t1 = Duration::from_millis(500);
        let mut resend = Resend::starting(Mono::ZERO, t1, cap);
        let mut at = Vec::new();
        while resend.at.0 / 1000 < until_ms {
            at.push(resend.at.0 / 1000);
            resend = resend.next(resend.at);
        }
        at
    }

    #[test]
    fn an_invite_doubles_and_others_stop_at_t2() {
        assert_eq!(schedule(None, 32_000), [500, 1500, 3500, 7500, 15500, 31500]);
        let t2 = Some(Duration::from_secs(4));
        assert_eq!(schedule(t2, 32_000), [500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500, 31500]);
    }

    #[test]
    fn an_owner_has_one_time() {
        let mut agenda = Agenda::default();
        agenda.set('a', Some(Mono(5)));
        agenda.set('b', Some(Mono(3)));
        agenda.set('a', Some(Mono(1)));
        assert_eq!((agenda.first(), agenda.take_due(Mono(0))), (Some(Mono(1)), None));
        assert_eq!((agenda.take_due(Mono(9)), agenda.take_due(Mono(9))), (Some('a'), Some('b')));
        agenda.set('a', None);
        assert_eq!(agenda.first(), None);
    }
}
