//! Where a peer may be reached, and which place comes first (RFC 3263 §4, RFC 2782). What a name server said goes in, the
//! next place to try comes out; the asking itself is done by `trunk`.

use std::time::Duration;

use rand::Rng;

use super::hop::{Hop, Transport};
use crate::time::Mono;

/// Places kept of one peer; the best ones, when a name server tells more.
pub const TARGETS_MAX: usize = 16;

/// Places tried for one call.
pub const TRIED_MAX: usize = 4;

/// How long a place that did not answer, or could not be reached, is tried after the others (RFC 3263 §4.3).
pub const REST: Duration = Duration::from_secs(30);

/// Nobody is believed who wants to be left alone for longer (Retry-After).
pub const REST_MAX: Duration = Duration::from_secs(10 * 60);

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Target {
    /// Lower is tried first: that of the SRV record, below the order of the NAPTR records.
    pub priority: u32,
    /// The share of calls within a priority.
    pub weight: u16,
    pub hop: Hop,
}

impl Target {
    pub fn only(hop: Hop) -> Target {
        Target { priority: 0, weight: 0, hop }
    }
}

/// Why a place is not to be asked for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resting {
    /// It is tried after all others.
    Last(Mono),
    /// It asked for it (503 with Retry-After, RFC 3261 §21.5.4): it is not tried at all.
    Closed(Mono),
}

#[derive(Debug, Default)]
pub struct Targets {
    list: Vec<(Target, Option<Resting>)>,
}

impl Targets {
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// What a name server says now. A place that is known already keeps its rest.
    pub fn replace(&mut self, mut targets: Vec<Target>) {
        targets.sort();
        targets.dedup_by_key(|t| t.hop);
        targets.truncate(TARGETS_MAX);
        let resting = |hop: Hop| self.list.iter().find(|(t, _)| t.hop.leads_to(hop)).and_then(|(_, resting)| *resting);
        self.list = targets.into_iter().map(|t| (t, resting(t.hop))).collect();
    }

    pub fn holds(&self, hop: Hop) -> bool {
        self.list.iter().any(|(t, _)| t.hop.leads_to(hop))
    }

    pub fn rest(&mut self, hop: Hop, resting: Resting) {
        for (target, was) in &mut self.list {
            if target.hop.leads_to(hop) {
                *was = Some(resting);
            }
        }
    }

    /// It has answered.
    pub fn wake(&mut self, hop: Hop) {
        for (target, resting) in &mut self.list {
            // Who asked to be left alone may well answer an OPTIONS.
            if target.hop.leads_to(hop) && matches!(resting, Some(Resting::Last(_))) {
                *resting = None;
            }
        }
    }

    /// The next place to try: the lowest priority, by lot within it; those that rest come last, those that are closed not
    /// at all. `None`: every place has been tried, or wants to be left alone.
    pub fn pick(&mut self, now: Mono, rng: &mut impl Rng, tried: &[Hop]) -> Option<Hop> {
        for (_, resting) in &mut self.list {
            if let Some(Resting::Last(until) | Resting::Closed(until)) = *resting
                && until <= now
            {
                *resting = None;
            }
        }
        let candidates = || {
            let open = self.list.iter().filter(|(_, resting)| !matches!(resting, Some(Resting::Closed(_))));
            open.filter(|(t, _)| !tried.iter().any(|hop| hop.leads_to(t.hop)))
        };
        let class = |(target, resting): &(Target, Option<Resting>)| (resting.is_some(), target.priority);
        let best = candidates().map(class).min()?;
        let equals = || candidates().filter(|c| class(c) == best);
        // RFC 2782: a weight of 0 has a very small chance beside others.
        let total: u64 = equals().map(|(t, _)| u64::from(t.weight) * 100 + 1).sum();
        let mut lot = rng.next_u64() % total.max(1);
        for (target, _) in equals() {
            let share = u64::from(target.weight) * 100 + 1;
            if lot < share {
                return Some(target.hop);
            }
            lot -= share;
        }
        None
    }

    /// When the first of them may be asked again; `None` unless all are closed.
    pub fn closed_until(&self, now: Mono) -> Option<Mono> {
        let mut first: Option<Mono> = None;
        for (_, resting) in &self.list {
            match resting {
                Some(Resting::Closed(until)) if *until > now => first = Some(first.map_or(*until, |f| f.min(*until))),
                _ => return None,
            }
        }
        first
    }
}

/// A NAPTR record that leads to an SRV name (flag `s`, RFC 3263 §4.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Naptr {
    pub order: u16,
    pub preference: u16,
    /// `SIP+D2U`, `SIP+D2T`, `SIPS+D2T`.
    pub service: String,
    pub replacement: String,
}

/// What NAPTR records say, best first: the transports we speak and the SRV names that hold their places.
pub fn by_naptr(mut records: Vec<Naptr>, spoken: &[Transport]) -> Vec<(Transport, String)> {
    records.sort_by_key(|r| (r.order, r.preference));
    let transport = |service: &str| match service.to_ascii_uppercase().as_str() {
        "SIP+D2U" => Some(Transport::Udp),
        "SIP+D2T" => Some(Transport::Tcp),
        "SIPS+D2T" => Some(Transport::Tls),
        _ => None,
    };
    let known = records.into_iter().filter_map(|r| Some((transport(&r.service)?, r.replacement)));
    known.filter(|(transport, _)| spoken.contains(transport)).collect()
}

/// Where the places of `host` over one transport are listed.
pub fn srv_name(host: &str, transport: Transport) -> String {
    let service = match transport {
        Transport::Udp => "_sip._udp",
        Transport::Tcp => "_sip._tcp",
        Transport::Tls => "_sips._tcp",
    };
    format!("{service}.{}", host.trim_end_matches('.'))
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    use super::*;

    fn hop(n: u8) -> Hop {
        Hop::udp(([10, 0, 0, n], 5060).into())
    }

    fn targets(of: &[(u8, u32, u16)]) -> Targets {
        let mut targets = Targets::default();
        targets.replace(
            of.iter()
                .map(|(n, priority, weight)| Target { priority: *priority, weight: *weight, hop: hop(*n) })
                .collect(),
        );
        targets
    }

    /// How often each place came first in 10,000 calls.
    fn shares(targets: &mut Targets, now: Mono) -> Vec<u32> {
        let mut rng = StdRng::seed_from_u64(7);
        let mut counts = vec![0; 5];
        for _ in 0..10_000 {
            if let Some(hop) = targets.pick(now, &mut rng, &[]) {
                counts[usize::from(match hop.addr {
                    std::net::SocketAddr::V4(a) => a.ip().octets()[3],
                    _ => 0,
                })] += 1;
            }
        }
        counts
    }

    #[test]
    fn priorities_come_before_weights() {
        let counts = shares(&mut targets(&[(1, 20, 100), (2, 10, 75), (3, 10, 25), (4, 10, 0)]), Mono::ZERO);
        assert_eq!(counts[1], 0, "a higher priority is for when the lower ones fail");
        assert!((7_200..7_800).contains(&counts[2]) && (2_200..2_800).contains(&counts[3]), "{counts:?}");
        assert!(counts[4] < 50, "{counts:?}");
        let even = shares(&mut targets(&[(1, 1, 0), (2, 1, 0)]), Mono::ZERO);
        assert!((4_700..5_300).contains(&even[1]), "{even:?}");
    }

    #[test]
    fn the_next_place_is_one_not_tried() {
        let mut rng = StdRng::seed_from_u64(1);
        let mut of = targets(&[(1, 1, 0), (2, 2, 0), (3, 3, 0)]);
        let mut tried = Vec::new();
        while let Some(next) = of.pick(Mono::ZERO, &mut rng, &tried) {
            tried.push(next);
        }
        assert_eq!(tried, [hop(1), hop(2), hop(3)]);
    }

    #[test]
    fn who_failed_comes_last_and_who_asked_for_rest_gets_it() {
        let mut of = targets(&[(1, 1, 0), (2, 2, 0)]);
        of.rest(hop(1), Resting::Last(Mono(1_000)));
        assert_eq!(shares(&mut of, Mono(999))[1..3], [0, 10_000]);
        assert_eq!(shares(&mut of, Mono(1_000))[1..3], [10_000, 0], "it has rested");
        of.rest(hop(1), Resting::Last(Mono(9_000)));
        of.rest(hop(2), Resting::Closed(Mono(5_000)));
        assert_eq!(shares(&mut of, Mono(2_000))[1..3], [10_000, 0], "rather one that failed than one that is closed");
        assert_eq!(of.closed_until(Mono(2_000)), None);
        of.rest(hop(1), Resting::Closed(Mono(4_000)));
        assert_eq!(
            (shares(&mut of, Mono(2_000))[1..3].to_vec(), of.closed_until(Mono(2_000))),
            (vec![0, 0], Some(Mono(4_000)))
        );
        // A new answer of the name server changes nothing about that.
        of.replace(vec![Target::only(hop(1)), Target::only(hop(2))]);
        assert_eq!(of.closed_until(Mono(2_000)), Some(Mono(4_000)));
    }

    #[test]
    fn naptr_records() {
        let record = |order, preference, service: &str, replacement: &str| Naptr {
            order,
            preference,
            service: service.into(),
            replacement: replacement.into(),
        };
        let records = vec![
            record(50, 50, "SIPS+D2T", "_sips._tcp.a"),
            record(90, 50, "SIP+D2T", "_sip._tcp.a"),
            record(90, 10, "sip+d2u", "_sip._udp.a"),
            record(10, 10, "E2U+sip", "nobody"),
        ];
        let plain = [Transport::Udp, Transport::Tcp];
        let expected = vec![(Transport::Udp, "_sip._udp.a".to_owned()), (Transport::Tcp, "_sip._tcp.a".to_owned())];
        assert_eq!(by_naptr(records.clone(), &plain), expected);
        assert_eq!(by_naptr(records, &Transport::ALL)[0].0, Transport::Tls);
        assert_eq!(srv_name("sip.carrier.example.", Transport::Tls), "_sips._tcp.sip.carrier.example");
    }
}
