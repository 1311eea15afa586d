//! Who may ask us for anything: a request outside a call is let in from configured peers only. Strangers get silence, or
//! 403 when the operator wants that; those who try often, or look like scanners, are not even read for a while. Too much
//! work at once is refused with 503, so that the calls in progress stay whole.
//!
//! Responses, and requests of a known call or transaction, never come here. All memory is bounded.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Duration;

use crate::time::Mono;

/// One address or a range of them, `203.0.113.0/24`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    addr: IpAddr,
    bits: u8,
}

impl Network {
    pub fn contains(&self, ip: IpAddr) -> bool {
        let matching = |a: &[u8], b: &[u8]| {
            let whole = usize::from(self.bits / 8);
            let mask = !(0xFF_u8.checked_shr(u32::from(self.bits % 8)).unwrap_or(0));
            a[..whole] == b[..whole] && (self.bits.is_multiple_of(8) || a[whole] & mask == b[whole] & mask)
        };
        match (self.addr, ip.to_canonical()) {
            (IpAddr::V4(net), IpAddr::V4(ip)) => matching(&net.octets(), &ip.octets()),
            (IpAddr::V6(net), IpAddr::V6(ip)) => matching(&net.octets(), &ip.octets()),
            _ => false,
        }
    }
}

impl From<IpAddr> for Network {
    fn from(ip: IpAddr) -> Network {
        let addr = ip.to_canonical();
        Network { addr, bits: if addr.is_ipv4() { 32 } else { 128 } }
    }
}

impl std::str::FromStr for Network {
    type Err = ();
    fn from_str(text: &str) -> Result<Network, ()> {
        let (addr, bits) = text.split_once('/').map_or((text, None), |(addr, bits)| (addr, Some(bits)));
        let whole = Network::from(addr.parse::<IpAddr>().map_err(|_| ())?);
        let Some(bits) = bits else { return Ok(whole) };
        let digits = bits.len() <= 3 && bits.bytes().all(|b| b.is_ascii_digit());
        let bits = bits.parse::<u8>().ok().filter(|b| digits && *b <= whole.bits).ok_or(())?;
        Ok(Network { bits, ..whole })
    }
}

/// What those get who are no peer of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Strangers {
    /// Nothing at all, as if nobody lived here.
    #[default]
    Silence,
    /// 403, as often as [`ANSWERS_PER_S`] allows and never in more bytes than they sent.
    Forbidden,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rules {
    pub peers: Vec<Network>,
    pub strangers: Strangers,
}

/// How much there is to do, as its own agent and the loop around it see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Load {
    /// Calls offered to us that nobody has answered yet.
    pub pending: usize,
    /// How late the loop is: from the moment something was due to the moment it was done.
    pub lag: Duration,
}

/// A request outside every call.
pub struct Asked<'a> {
    pub from: IpAddr,
    pub invite: bool,
    /// User-Agent and the like, in which scanners give their names.
    pub names: &'a [&'a [u8]],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Pass,
    Silence,
    /// Refused. Only within [`Gate::may_answer`].
    Forbidden,
    /// 503 with Retry-After.
    Busy {
        retry_after_s: u32,
    },
}

/// Offered calls at once, and how late the loop may be, before new calls are refused.
pub const PENDING_MAX: usize = 500;
pub const LAG_MAX: Duration = Duration::from_millis(500);
/// Refusing goes on until the loop is this punctual again, so that it does not flicker.
const LAG_FINE: Duration = Duration::from_millis(100);
const RETRY_AFTER_S: u32 = 5;

/// Requests a second that one peer may send outside its calls, and that many more at once.
pub const PEER_REQUESTS_PER_S: u32 = 2_000;
/// Answers a second that one stranger gets, and all strangers together.
pub const ANSWERS_PER_S: u32 = 1;
pub const ANSWERS_TO_ALL_PER_S: u32 = 50;
/// So many tries of a stranger, or failed ones of a peer, within [`TRIES_WITHIN`], and it is banned.
pub const TRIES_MAX: u32 = 20;
pub const TRIES_WITHIN: Duration = Duration::from_secs(60);
pub const BANNED_FOR: Duration = Duration::from_secs(600);
/// Sources remembered, twice over: when the newer half is full, the older one is forgotten.
pub const SOURCES_MAX: usize = 4_096;

/// How tools that look for telephones to misuse call themselves, in lower case.
const SCANNERS: [&str; 12] = [
    "friendly-scanner",
    "friendly-request",
    "sipvicious",
    "sundayddr",
    "sip-scan",
    "sipscan",
    "sipcli",
    "sipsak",
    "pplsip",
    "iwar",
    "smap",
    "vaxsipuseragent",
];

/// So many a second, and as many saved up.
#[derive(Debug, Clone, Copy)]
struct Bucket {
    millis: u64,
    filled: Mono,
}

impl Bucket {
    fn full(per_s: u32, now: Mono) -> Bucket {
        Bucket { millis: u64::from(per_s) * 1_000, filled: now }
    }

    fn take(&mut self, per_s: u32, now: Mono) -> bool {
        let per_s = u64::from(per_s);
        let passed = now.since(self.filled).as_millis().min(1_000_000) as u64;
        // What is less than a thousandth is not lost: the time it was filled moves by whole milliseconds only.
        self.filled = self.filled + Duration::from_millis(passed);
        self.millis = (self.millis + passed * per_s).min(per_s * 1_000);
        let enough = self.millis >= 1_000;
        if enough {
            self.millis -= 1_000;
        }
        enough
    }
}

#[derive(Debug, Clone, Copy)]
struct Source {
    requests: Bucket,
    answers: Bucket,
    tries: u32,
    since: Mono,
    banned: Option<Mono>,
}

pub struct Gate {
    rules: Rules,
    young: HashMap<IpAddr, Source>,
    old: HashMap<IpAddr, Source>,
    answers: Bucket,
    shedding: bool,
    /// Requests turned away since the beginning, for the figures.
    turned_away: u64,
}

impl Gate {
    pub fn new(rules: Rules, now: Mono) -> Gate {
        let answers = Bucket::full(ANSWERS_TO_ALL_PER_S, now);
        Gate { rules, young: HashMap::new(), old: HashMap::new(), answers, shedding: false, turned_away: 0 }
    }

    /// The peers' addresses may change while we run: a name is looked up again.
    pub fn set_peers(&mut self, peers: Vec<Network>) {
        self.rules.peers = peers;
    }

    pub fn turned_away(&self) -> u64 {
        self.turned_away
    }

    pub fn is_peer(&self, ip: IpAddr) -> bool {
        self.rules.peers.iter().any(|network| network.contains(ip))
    }

    /// Asked before a packet is read.
    pub fn is_banned(&self, now: Mono, ip: IpAddr) -> bool {
        let ip = source(ip);
        let known = self.young.get(&ip).or_else(|| self.old.get(&ip));
        known.and_then(|s| s.banned).is_some_and(|until| now < until)
    }

    pub fn judge(&mut self, now: Mono, asked: &Asked, load: Load) -> Verdict {
        self.shedding = load.pending >= PENDING_MAX || load.lag > if self.shedding { LAG_FINE } else { LAG_MAX };
        let verdict = self.verdict(now, asked);
        self.turned_away += u64::from(verdict != Verdict::Pass);
        verdict
    }

    fn verdict(&mut self, now: Mono, asked: &Asked) -> Verdict {
        if self.is_peer(asked.from) {
            let in_time = self.source(now, asked.from).requests.take(PEER_REQUESTS_PER_S, now);
            return match in_time && !(asked.invite && self.shedding) {
                true => Verdict::Pass,
                false => Verdict::Busy { retry_after_s: RETRY_AFTER_S },
            };
        }
        if asked.names.iter().any(|name| is_scanner(name)) {
            self.source(now, asked.from).banned = Some(now + BANNED_FOR);
            return Verdict::Silence;
        }
        self.failed(now, asked.from);
        match self.rules.strangers {
            Strangers::Forbidden if !self.is_banned(now, asked.from) && !self.shedding => Verdict::Forbidden,
            _ => Verdict::Silence,
        }
    }

    /// A try that came to nothing: a wrong password, bytes that are no message, a stranger's request.
    pub fn failed(&mut self, now: Mono, ip: IpAddr) {
        let source = self.source(now, ip);
        if now.since(source.since) > TRIES_WITHIN {
            (source.tries, source.since) = (0, now);
        }
        source.tries += 1;
        if source.tries >= TRIES_MAX {
            source.banned = Some(now + BANNED_FOR);
        }
    }

    /// Whether a source whose address nobody has verified is told something: not more bytes than it sent, so that we are
    /// no amplifier, and not often.
    pub fn may_answer(&mut self, now: Mono, ip: IpAddr, asked_bytes: usize, answer_bytes: usize) -> bool {
        if self.is_peer(ip) {
            return true;
        }
        let short = answer_bytes <= asked_bytes;
        self.rules.strangers == Strangers::Forbidden
            && short
            && !self.is_banned(now, ip)
            && self.source(now, ip).answers.take(ANSWERS_PER_S, now)
            && self.answers.take(ANSWERS_TO_ALL_PER_S, now)
    }

    fn source(&mut self, now: Mono, ip: IpAddr) -> &mut Source {
        let ip = source(ip);
        if !self.young.contains_key(&ip) && self.young.len() >= SOURCES_MAX {
            self.old = std::mem::take(&mut self.young);
        }
        let old = &mut self.old;
        self.young.entry(ip).or_insert_with(|| {
            old.remove(&ip).unwrap_or(Source {
                requests: Bucket::full(PEER_REQUESTS_PER_S, now),
                answers: Bucket::full(ANSWERS_PER_S, now),
                tries: 0,
                since: now,
                banned: None,
            })
        })
    }

    /// Sources remembered.
    pub fn remembered(&self) -> usize {
        self.young.len() + self.old.len()
    }
}

/// One household in IPv6 has a /64 of addresses to come from.
fn source(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V6(ip) => {
            let mut octets = ip.octets();
            octets[8..].fill(0);
            IpAddr::from(octets)
        }
        v4 => v4,
    }
}

fn is_scanner(name: &[u8]) -> bool {
    let name = name.to_ascii_lowercase();
    SCANNERS.iter().any(|scanner| name.windows(scanner.len()).any(|w| w == scanner.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PEER: &str = "203.0.113.7";
    const STRANGER: &str = "198.51.100.9";

    fn gate(strangers: Strangers) -> Gate {
        Gate::new(Rules { peers: vec!["203.0.113.0/24".parse().unwrap()], strangers }, Mono::ZERO)
    }

    fn at(ms: u64) -> Mono {
        Mono(ms * 1_000)
    }

    fn ask(gate: &mut Gate, now: Mono, from: &str, name: &str, load: Load) -> Verdict {
        let names: [&[u8]; 1] = [name.as_bytes()];
        gate.judge(now, &Asked { from: from.parse().unwrap(), invite: true, names: &names }, load)
    }

    #[test]
    fn networks() {
        for (network, inside, outside) in [
            ("203.0.113.7", "203.0.113.7", "203.0.113.8"),
            ("203.0.113.0/24", "203.0.113.255", "203.0.114.0"),
            ("203.0.113.128/25", "203.0.113.200", "203.0.113.127"),
            ("0.0.0.0/0", "8.8.8.8", "2001:db8::1"),
            ("10.0.0.0/9", "10.127.0.1", "10.128.0.1"),
            ("2001:db8::/33", "2001:db8:7fff::1", "2001:db8:8000::1"),
            ("203.0.113.7", "::ffff:203.0.113.7", "::1"),
        ] {
            let network: Network = network.parse().unwrap();
            assert!(network.contains(inside.parse().unwrap()), "{network:?} {inside}");
            assert!(!network.contains(outside.parse().unwrap()), "{network:?} {outside}");
        }
        for wrong in ["", "carrier", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/+8", "10.0.0/8", "::/129"] {
            assert!(wrong.parse::<Network>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn who_gets_in() {
        let calm = Load::default();
        for (strangers, from, name, expected) in [
            (Strangers::Silence, PEER, "Asterisk", Verdict::Pass),
            // A carrier that hands on what a scanner sent is not banned for it.
            (Strangers::Silence, PEER, "friendly-scanner", Verdict::Pass),
            (Strangers::Silence, STRANGER, "Asterisk", Verdict::Silence),
            (Strangers::Forbidden, STRANGER, "Asterisk", Verdict::Forbidden),
            (Strangers::Forbidden, STRANGER, "Friendly-Scanner", Verdict::Silence),
            (Strangers::Forbidden, STRANGER, "\"sipvicious\"<sip:100@1.1.1.1>;tag=3", Verdict::Silence),
        ] {
            let mut gate = gate(strangers);
            assert_eq!(ask(&mut gate, at(0), from, name, calm), expected, "{from} {name}");
        }
    }

    #[test]
    fn scanners_and_those_who_try_often_are_not_read_for_a_while() {
        let mut gate = gate(Strangers::Forbidden);
        let stranger = STRANGER.parse().unwrap();
        ask(&mut gate, at(0), STRANGER, "sipcli/v1.8", Load::default());
        assert!(gate.is_banned(at(1), stranger) && gate.is_banned(at(599_999), stranger));
        assert!(!gate.is_banned(at(600_000), stranger));

        let other: IpAddr = "198.51.100.10".parse().unwrap();
        // Once in 4 s is bearable: 15 in a minute.
        for i in 0..60 {
            ask(&mut gate, at(i * 4_000), "198.51.100.10", "x", Load::default());
        }
        assert!(!gate.is_banned(at(240_000), other));
        for i in 0..u64::from(TRIES_MAX) {
            ask(&mut gate, at(300_000 + i), "198.51.100.10", "x", Load::default());
        }
        assert!(gate.is_banned(at(300_100), other));
        assert_eq!(ask(&mut gate, at(300_200), "198.51.100.10", "x", Load::default()), Verdict::Silence);
    }

    #[test]
    fn nobody_is_made_an_amplifier() {
        let mut gate = gate(Strangers::Forbidden);
        let stranger: IpAddr = STRANGER.parse().unwrap();
        assert!(!gate.may_answer(at(0), stranger, 300, 301), "longer than the question");
        assert!(gate.may_answer(at(0), stranger, 300, 300));
        assert!(!gate.may_answer(at(500), stranger, 300, 300), "twice in a second");
        assert!(gate.may_answer(at(1_000), stranger, 300, 300));
        // Spoofed sources, each once: all of them together get no more than the bound.
        let told = (0..=255).filter(|i| gate.may_answer(at(1_001), IpAddr::from([192, 0, 2, *i]), 300, 300)).count();
        assert!(told <= ANSWERS_TO_ALL_PER_S as usize, "{told}");
        assert!(gate.may_answer(at(1_001), PEER.parse().unwrap(), 1, 1_000), "a peer is always told");
        assert!(!super::tests::gate(Strangers::Silence).may_answer(at(0), stranger, 300, 10));
    }

    #[test]
    fn too_much_work_is_refused_and_not_flickering() {
        let mut gate = gate(Strangers::Silence);
        let lag = |ms| Load { lag: Duration::from_millis(ms), pending: 0 };
        let busy = Verdict::Busy { retry_after_s: RETRY_AFTER_S };
        for (load, expected) in [
            (lag(400), Verdict::Pass),
            (lag(501), busy),
            (lag(400), busy),
            (lag(100), Verdict::Pass),
            (lag(400), Verdict::Pass),
            (Load { pending: PENDING_MAX, lag: Duration::ZERO }, busy),
            (Load { pending: PENDING_MAX - 1, lag: Duration::ZERO }, Verdict::Pass),
        ] {
            assert_eq!(ask(&mut gate, at(0), PEER, "", load), expected, "{load:?}");
        }
        // OPTIONS is answered all the same: the peer asks whether we are there.
        let options = Asked { from: PEER.parse().unwrap(), invite: false, names: &[] };
        assert_eq!(gate.judge(at(0), &options, lag(501)), Verdict::Pass);
    }

    #[test]
    fn a_peer_has_its_rate() {
        let mut gate = gate(Strangers::Silence);
        let passed = |gate: &mut Gate, ms: u64| {
            (0..5_000).filter(|_| ask(gate, at(ms), PEER, "", Load::default()) == Verdict::Pass).count()
        };
        assert_eq!(passed(&mut gate, 0), 2_000);
        assert_eq!(passed(&mut gate, 100), 200);
        assert_eq!(passed(&mut gate, 10_100), 2_000);
    }

    #[test]
    fn memory_is_bounded() {
        let mut gate = gate(Strangers::Silence);
        for i in 0..100_000_u32 {
            let from = IpAddr::from(i.to_be_bytes());
            gate.judge(at(0), &Asked { from, invite: true, names: &[] }, Load::default());
            assert!(gate.remembered() <= 2 * SOURCES_MAX);
        }
        // Neighbours in IPv6 are one source.
        for i in 0..u16::from(u8::MAX) {
            let from = format!("2001:db8::{i:x}").parse().unwrap();
            gate.judge(at(0), &Asked { from, invite: true, names: &[] }, Load::default());
        }
        assert!(gate.is_banned(at(1), "2001:db8::ffff".parse().unwrap()));
    }
}
