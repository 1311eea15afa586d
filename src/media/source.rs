//! Whose packets are a call's: symmetric RTP, locked to one source.
//!
//! Many far ends sit behind a NAT and send from elsewhere than they say; so the first that speaks from the agreed host is locked to,
//! and answers go there. Who comes later from elsewhere is a stranger, until the one we know has fallen silent.

use std::net::SocketAddr;
use std::time::Duration;

use crate::time::Mono;

/// Another port of the same host is believed after this much silence if it goes on with the same stream (its SSRC, which nobody
/// guesses): a NAT on the way has forgotten it and found it a new port.
const MOVED: Duration = Duration::from_millis(200);
/// And after this much if it is another stream: the far end's audio comes from another machine now.
const REPLACED: Duration = Duration::from_secs(1);

#[derive(Debug, Clone, Copy)]
pub struct Source {
    /// What the SDP says.
    named: SocketAddr,
    /// The first from anywhere is believed: the far end is behind a NAT and names a private address.
    anywhere: bool,
    locked: Option<Locked>,
}

#[derive(Debug, Clone, Copy)]
struct Locked {
    addr: SocketAddr,
    ssrc: u32,
    heard: Mono,
}

impl Source {
    pub fn new(named: SocketAddr, anywhere: bool) -> Source {
        Source { named, anywhere, locked: None }
    }

    /// The SDP says something new. Who is spoken with goes on being heard if it is as was said before, or is said now.
    pub fn rename(&mut self, named: SocketAddr) {
        if named != self.named {
            self.locked = self.locked.filter(|l| l.addr == named);
            self.named = named;
        }
    }

    /// Where to send.
    pub fn addr(&self) -> SocketAddr {
        self.locked.map_or(self.named, |l| l.addr)
    }

    /// Whether a packet of this stream from there is the far end's. The named address always is; it takes over from any other.
    pub fn admits(&mut self, from: SocketAddr, ssrc: u32, now: Mono) -> bool {
        if let Some(locked) = &mut self.locked {
            if locked.addr == from {
                (locked.ssrc, locked.heard) = (ssrc, now);
                return true;
            }
            let silent = now.since(locked.heard);
            let believed = silent >= if locked.ssrc == ssrc { MOVED } else { REPLACED };
            if from != self.named && !(believed && self.may_be(from)) {
                return false;
            }
        } else if !self.may_be(from) {
            return false;
        }
        self.locked = Some(Locked { addr: from, ssrc, heard: now });
        true
    }

    fn may_be(&self, from: SocketAddr) -> bool {
        self.anywhere || from.ip() == self.named.ip()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Packets as `ms addr ssrc`, and whether each is taken.
    fn check(name: &str, anywhere: bool, packets: &[(&str, bool)]) {
        let mut source = Source::new("10.0.0.1:4000".parse().unwrap(), anywhere);
        for (text, taken) in packets {
            let [ms, addr, ssrc] = text.split(' ').collect::<Vec<_>>()[..] else { panic!("{text}") };
            let now = Mono(ms.parse::<u64>().unwrap() * 1000);
            assert_eq!(source.admits(addr.parse().unwrap(), ssrc.parse().unwrap(), now), *taken, "{name}: {text}");
        }
    }

    #[test]
    #[rustfmt::skip]
    fn whose_packets_are_taken() {
        let check_named = |name, packets: &[_]| check(name, false, packets);
        check_named("the named one",                  &[("0 10.0.0.1:4000 7", true), ("20 10.0.0.1:4000 7", true)]);
        check_named("another port of its host",       &[("0 10.0.0.1:5000 7", true), ("20 10.0.0.1:5000 7", true)]);
        check_named("not a second other port",        &[("0 10.0.0.1:5000 7", true), ("20 10.0.0.1:6000 8", false), ("20 10.0.0.1:5000 7", true)]);
        check_named("nor one that knows the stream",  &[("0 10.0.0.1:5000 7", true), ("20 10.0.0.1:6000 7", false)]);
        check_named("another host never",             &[("0 10.0.0.2:4000 7", false), ("20 10.0.0.1:4000 7", true), ("40 10.0.0.2:4000 7", false), ("9000 10.0.0.2:4000 8", false)]);
        check_named("the named one takes over again", &[("0 10.0.0.1:5000 7", true), ("20 10.0.0.1:4000 8", true), ("40 10.0.0.1:5000 7", false)]);
        check_named("its own stream begins anew",     &[("0 10.0.0.1:4000 7", true), ("20 10.0.0.1:4000 8", true)]);
        check_named("a NAT forgets the port",         &[("0 10.0.0.1:5000 7", true), ("150 10.0.0.1:6000 7", false), ("250 10.0.0.1:6000 7", true), ("270 10.0.0.1:5000 7", false)]);
        check_named("the machine is replaced",        &[("0 10.0.0.1:5000 7", true), ("500 10.0.0.1:6000 8", false), ("1100 10.0.0.1:6000 8", true)]);
        let check_any = |name, packets: &[_]| check(name, true, packets);
        check_any("the first of all",                 &[("0 10.9.9.9:1024 7", true), ("20 10.9.9.9:1024 7", true), ("40 10.8.8.8:1024 8", false)]);
        check_any("a new one after silence",          &[("0 10.9.9.9:1024 7", true), ("1500 10.8.8.8:1024 8", true)]);
    }

    #[test]
    fn answers_go_to_where_packets_come_from() {
        let [named, other, new] = ["10.0.0.1:4000", "10.0.0.1:5000", "10.0.0.7:4000"].map(|a| a.parse().unwrap());
        let mut source = Source::new(named, false);
        assert_eq!(source.addr(), named);
        source.admits(other, 7, Mono::ZERO);
        assert_eq!(source.addr(), other);
        source.rename(named);
        assert_eq!(source.addr(), other, "the same again changes nothing");
        source.rename(new);
        assert_eq!(source.addr(), new);
        assert!(!source.admits(other, 7, Mono::ZERO));
    }
}
