//! When a place of the peer does not answer, refuses for now or cannot be reached: the next one (RFC 3263 §4.3), within the
//! set-up of the same call; and whether the peer as a whole is there.

use std::net::SocketAddr;
use std::time::Duration;

use super::call::{Call, State};
use super::client::{ClientKey, Owner};
use super::hop::{Hop, Peer, Transport};
use super::message::Response;
use super::order::DialogId;
use super::targets::{REST, REST_MAX, Resting, TARGETS_MAX, TRIED_MAX, Target};
use super::user_agent::{Due, UserAgent};
use crate::outcome::HangupCause;
use crate::time::Mono;

/// A place that has said nothing for so many times T1 is given up for the next one, when there is one; timer B, eight times
/// as long, would cost the call (RFC 3263 §4.3 leaves the time open).
const SILENT_T1S: u32 = 8;

/// After a lost connection, OPTIONS goes out so soon.
const ASK_AGAIN: Duration = Duration::from_secs(1);

/// What an INVITE has been through on its way out.
#[derive(Debug, Default)]
pub(super) struct Journey {
    /// Places that failed.
    tried: Vec<Hop>,
    /// Too large for a datagram, so that it went over TCP instead.
    moved: bool,
}

impl UserAgent {
    /// A name server has said where the peer is; an empty list: it knows of none any more.
    pub(super) fn on_located(&mut self, targets: Vec<Target>) {
        if let (Some(gate), Some(rules)) = (&mut self.gate, &self.config.gate) {
            let found = targets.iter().map(|target| target.hop.addr.ip().into());
            gate.set_peers(rules.peers.iter().copied().chain(found).collect());
        }
        self.targets.replace(targets);
        let here = self.config.peer.as_ref().map(|peer| peer.hop);
        let hop = match here {
            Some(hop) if self.targets.holds(hop) => Some(hop),
            _ => self.targets.pick(self.now, &mut self.rng, &[]),
        };
        let host = self.config.domain.clone().or_else(|| self.config.peer.take().map(|peer| peer.host));
        self.config.peer = host.zip(hop).map(|(host, hop)| Peer { host, hop });
        if here != hop && hop.is_some() && !self.config.options_interval.is_zero() && !self.closed {
            self.agenda.set(Due::Keepalive, Some(self.now));
        }
        if hop.is_none() {
            self.peer_is(false);
        } else if self.config.options_interval.is_zero() {
            self.peer_is(true);
        }
    }

    /// Where a new call goes; else why there is none.
    pub(super) fn way_out(&mut self) -> Result<Hop, (HangupCause, Option<u16>)> {
        match self.targets.pick(self.now, &mut self.rng, &[]) {
            Some(hop) => Ok(hop),
            // They asked to be left alone, and no answer would be another one than that.
            None if !self.targets.is_empty() => Err((HangupCause::Congestion, Some(503))),
            // Nobody knows where the carrier is.
            None if self.config.domain.is_some() => Err((HangupCause::TrunkSilent, None)),
            None => Err((HangupCause::SystemError, None)),
        }
    }

    /// How long this INVITE may stay without any answer, when it could go elsewhere then.
    pub(super) fn patience_with(&mut self, id: DialogId) -> Option<Mono> {
        let Some(Call { state: State::Inviting(inviting), .. }) = self.calls.get(&id) else { return None };
        let (to, journey) = (inviting.to, &inviting.journey);
        if self.targets.len() < 2 || journey.tried.len() + 1 >= TRIED_MAX {
            return None;
        }
        let mut tried = journey.tried.clone();
        tried.push(to);
        self.targets.pick(self.now, &mut self.rng, &tried).map(|_| self.now + self.config.timing.t1 * SILENT_T1S)
    }

    /// RFC 3261 §18.1.1: whether a request of this size goes over TCP instead.
    pub(super) fn is_too_large(&self, bytes: usize, to: Hop) -> bool {
        to.transport == Transport::Udp
            && bytes > self.config.datagram_bytes_max
            && !self.datagrams_only.contains(&to.addr)
    }

    /// The same call to the same place over TCP, or to the next place. `false`: there is none, or an answer came already.
    pub(super) fn fail_over(&mut self, id: DialogId) -> bool {
        let Some(Call { state: State::Inviting(inviting), .. }) = self.calls.get_mut(&id) else { return false };
        if inviting.heard || inviting.given_up.is_some() || self.closed {
            return false;
        }
        let next = if std::mem::take(&mut inviting.journey.moved) {
            // §18.1.1: who does not speak TCP gets the large datagram after all.
            let to = Hop::udp(inviting.to.addr);
            remember(&mut self.datagrams_only, to.addr);
            to
        } else {
            inviting.journey.tried.push(inviting.to);
            if inviting.journey.tried.len() >= TRIED_MAX {
                return false;
            }
            let Some(next) = self.targets.pick(self.now, &mut self.rng, &inviting.journey.tried) else { return false };
            next
        };
        self.redirect(id, next);
        true
    }

    /// An INVITE that was too large for a datagram.
    pub(super) fn move_to_tcp(&mut self, id: DialogId, to: Hop) {
        if let Some(Call { state: State::Inviting(inviting), dialog, .. }) = self.calls.get_mut(&id) {
            inviting.journey.moved = true;
            // The number was not used.
            dialog.seq -= 1;
        }
        self.redirect(id, Hop::new(Transport::Tcp, to.addr));
    }

    fn redirect(&mut self, id: DialogId, to: Hop) {
        if let Some(Call { state: State::Inviting(inviting), dialog, .. }) = self.calls.get_mut(&id) {
            inviting.to = to;
            dialog.peer = to;
            self.send_invite(id);
        }
    }

    /// A place said nothing to an INVITE.
    pub(super) fn on_silence(&mut self, id: DialogId) {
        if let Some(Call { state: State::Inviting(inviting), .. }) = self.calls.get(&id)
            && !inviting.heard
            && !inviting.journey.moved
        {
            let hop = inviting.to;
            self.targets.rest(hop, Resting::Last(self.now + REST));
            self.abandon(Some(hop));
        }
    }

    /// A place said 503: the call goes to the next one. With Retry-After, nothing more is sent to this one until then
    /// (§21.5.4).
    pub(super) fn fail_over_load(&mut self, id: DialogId, response: &Response) -> bool {
        let Some(Call { state: State::Inviting(inviting), .. }) = self.calls.get_mut(&id) else { return false };
        // The 100 before it was about the load there, not about the call.
        inviting.heard = inviting.rung;
        inviting.journey.moved = false;
        let hop = inviting.to;
        if let Some(seconds) = response.retry_after_s.filter(|s| *s > 0) {
            let rest = Duration::from_secs(seconds.into()).min(REST_MAX);
            self.targets.rest(hop, Resting::Closed(self.now + rest));
            if let Some(until) = self.targets.closed_until(self.now) {
                self.agenda.set(Due::Reopening, Some(until));
                self.peer_is(false);
            }
        }
        self.fail_over(id)
    }

    pub(super) fn give_up_at(&mut self, key: ClientKey, at: Option<Mono>) {
        if let (Some(at), Some(tx)) = (at, self.clients.get_mut(&key)) {
            tx.give_up_at(at);
            let due = tx.due();
            self.agenda.set(Due::Client(key), due);
        }
    }

    /// Those who asked to be left alone have been.
    pub(super) fn on_reopening(&mut self) {
        if self.closed {
            return;
        }
        if self.config.options_interval.is_zero() {
            self.peer_is(true);
        } else {
            self.agenda.set(Due::Keepalive, Some(self.now));
        }
    }

    /// The edge cannot reach `hop`, or has lost the connection to it: whoever waits for an answer from there waits in vain
    /// (§8.1.3.1, §18.4).
    pub(super) fn on_unreachable(&mut self, hop: Hop) {
        let mut waiting: Vec<_> =
            self.clients.iter().filter(|(_, tx)| tx.waits_for(hop)).map(|(key, tx)| (*key, tx.owner)).collect();
        waiting.sort_by_key(|(key, _)| *key);
        for (key, owner) in waiting {
            if let Owner::Invite(id) = owner {
                self.hang_up_lost(id);
            }
            if let Some(tx) = self.clients.get_mut(&key) {
                tx.give_up(self.now);
                self.on_client_time(key);
            }
        }
        // Whether it comes back is wanted sooner than at the next OPTIONS; how often it is connected to, the edge bounds.
        let watched = self.config.peer.as_ref().is_some_and(|peer| peer.hop.leads_to(hop));
        if watched && !self.config.options_interval.is_zero() && !self.closed && !self.asking {
            self.agenda.set(Due::Keepalive, Some(self.now + ASK_AGAIN));
        }
    }

    /// A telephone may be ringing behind a lost connection; by a new one it is told to stop.
    fn hang_up_lost(&mut self, id: DialogId) {
        if let Some(Call { state: State::Inviting(inviting), .. }) = self.calls.get(&id)
            && inviting.heard
        {
            self.send_cancel(id);
        }
    }

    /// The place that was asked (OPTIONS) says nothing, or that it takes no calls: the next one is asked. The peer is down
    /// when none is left.
    pub(super) fn on_options_silent(&mut self) {
        self.asking = false;
        let Some(peer) = &mut self.config.peer else { return };
        let hop = peer.hop;
        self.targets.rest(hop, Resting::Last(self.now + REST));
        self.silent.push(hop);
        let next = self.targets.pick(self.now, &mut self.rng, &self.silent);
        match next.filter(|_| self.silent.len() < TARGETS_MAX && !self.closed) {
            Some(next) => {
                peer.hop = next;
                self.agenda.set(Due::Keepalive, Some(self.now));
            }
            None => {
                self.silent.clear();
                if let Some(next) = self.targets.pick(self.now, &mut self.rng, &[]) {
                    peer.hop = next;
                }
                self.peer_is(false);
            }
        }
    }

    pub(super) fn abandon(&mut self, hop: Option<Hop>) {
        self.abandoned.extend(hop.filter(|hop| hop.transport.is_reliable() && !self.abandoned.contains(hop)));
    }

    pub(super) fn on_options_heard(&mut self) {
        self.asking = false;
        self.silent.clear();
        if let Some(peer) = &self.config.peer {
            self.targets.wake(peer.hop);
        }
        if self.targets.closed_until(self.now).is_none() {
            self.peer_is(true);
        }
    }
}

/// Notes a place that does not speak TCP; the oldest is forgotten for the newest.
fn remember(list: &mut Vec<SocketAddr>, addr: SocketAddr) {
    if list.len() >= TARGETS_MAX {
        list.remove(0);
    }
    list.push(addr);
}

#[cfg(test)]
mod tests {
    use super::super::config::Config;
    use super::super::order::{Command, Event, Input, Output};
    use super::*;

    fn place(n: u8) -> Hop {
        Hop::udp(([10, 0, 0, n], 5060).into())
    }

    struct World {
        agent: UserAgent,
        now: Mono,
        sent: Vec<(Mono, Hop, String)>,
        told: Vec<(Mono, Event)>,
    }

    impl World {
        /// A caller of `sip.example`, which two places serve.
        fn new(configure: impl Fn(&mut Config)) -> World {
            let mut config = Config::new(([10, 0, 0, 99], 5060).into(), [7; 32]);
            config.domain = Some("sip.example".into());
            configure(&mut config);
            let agent = UserAgent::new(Mono::ZERO, config);
            let mut world = World { agent, now: Mono::ZERO, sent: Vec::new(), told: Vec::new() };
            world.locate(&[place(1), place(2)]);
            world
        }

        fn locate(&mut self, hops: &[Hop]) {
            let targets = hops.iter().zip(1..).map(|(hop, priority)| Target { priority, weight: 0, hop: *hop });
            self.feed(Input::Located { targets: targets.collect() });
        }

        fn feed(&mut self, input: Input) {
            for output in self.agent.handle(self.now, input) {
                match output {
                    Output::Send { to, bytes } => {
                        self.sent.push((self.now, to, String::from_utf8(bytes).unwrap()));
                    }
                    Output::Event(event) => self.told.push((self.now, event)),
                }
            }
        }

        fn dial(&mut self) -> DialogId {
            let dialog = self.agent.reserve();
            let (to, from) = ("+79161234567".into(), "+74950000000".into());
            let media = ([10, 0, 0, 99], 4000).into();
            self.feed(Input::Command(Command::Dial { dialog, to, from, media, ring_ms_max: 60_000 }));
            dialog
        }

        fn run_to(&mut self, at: Mono) {
            while let Some(due) = self.agent.deadline().filter(|due| *due <= at) {
                self.now = self.now.max(due);
                self.feed(Input::Ticked);
            }
            self.now = at;
        }

        /// The place where the last INVITE went answers it.
        fn answer(&mut self, status: u16, more: &str) {
            let invite = self.sent.iter().rev().find(|(_, _, text)| text.starts_with("INVITE ")).unwrap();
            let (hop, text) = (invite.1, &invite.2);
            let line = |name: &str| text.lines().find(|l| l.starts_with(name)).unwrap().to_owned();
            let via = line("Via: ").replace("rport", "rport=5060");
            let body =
                "v=0\r\no=- 1 1 IN IP4 10.0.0.1\r\ns=-\r\nc=IN IP4 10.0.0.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\n";
            let body = if status == 200 { body } else { "" };
            let answer = format!(
                "SIP/2.0 {status} x\r\n{via}\r\n{}\r\n{};tag=t\r\n{}\r\n{}\r\n{more}Content-Length: {}\r\n\r\n{body}",
                line("From: "),
                line("To: "),
                line("Call-ID: "),
                line("CSeq: "),
                body.len()
            );
            self.feed(Input::Message { from: hop, bytes: answer.as_bytes() });
        }

        /// `0 INVITE 10.0.0.1 UDP`: milliseconds, method, place; without repetitions.
        fn requests(&self) -> Vec<String> {
            let mut seen = Vec::new();
            for (at, hop, text) in &self.sent {
                let via = text.lines().find(|l| l.starts_with("Via")).unwrap_or("");
                if !seen.iter().any(|(known, _): &(String, String)| known == &format!("{via}{}", &text[..5])) {
                    let method = text.split(' ').next().unwrap();
                    let line = format!("{} {method} {} {}", at.0 / 1000, hop.addr.ip(), hop.transport.as_str());
                    seen.push((format!("{via}{}", &text[..5]), line));
                }
            }
            seen.into_iter().map(|(_, line)| line).collect()
        }

        fn last(&self) -> Event {
            self.told.last().unwrap().1.clone()
        }
    }

    fn seconds(s: u64) -> Mono {
        Mono(s * 1_000_000)
    }

    #[test]
    fn a_silent_place_costs_four_seconds_and_not_the_call() {
        let mut world = World::new(|_| {});
        let dialog = world.dial();
        assert!(world.sent[0].2.starts_with("INVITE sip:+79161234567@sip.example SIP/2.0"), "{}", world.sent[0].2);
        world.run_to(seconds(5));
        assert_eq!(world.requests(), ["0 INVITE 10.0.0.1 UDP", "4000 INVITE 10.0.0.2 UDP"]);
        world.answer(200, "");
        assert!(matches!(world.last(), Event::Answered { dialog: d, .. } if d == dialog));
        // The next call begins with the place that works, and the first one has its turn again when it has rested.
        world.sent.clear();
        world.dial();
        world.answer(486, "");
        world.run_to(seconds(40));
        world.dial();
        let invites: Vec<_> = world.requests().into_iter().filter(|l| l.contains("INVITE")).collect();
        assert_eq!(invites, ["5000 INVITE 10.0.0.2 UDP", "40000 INVITE 10.0.0.1 UDP"]);
    }

    #[test]
    fn when_no_place_answers_the_trunk_is_silent() {
        let mut world = World::new(|_| {});
        let dialog = world.dial();
        world.run_to(seconds(60));
        assert_eq!(world.requests(), ["0 INVITE 10.0.0.1 UDP", "4000 INVITE 10.0.0.2 UDP"]);
        let failed = Event::Failed { dialog, cause: HangupCause::TrunkSilent, status: None };
        assert_eq!(world.told, [(Mono::ZERO, Event::PeerUp), (seconds(36), failed)]);
        // An answer that comes after all would still be let go of; then nothing is kept.
        world.run_to(seconds(68));
        assert_eq!(world.agent.deadline(), None);
    }

    #[test]
    fn overload_is_respected() {
        let mut world = World::new(|_| {});
        world.dial();
        world.answer(503, "Retry-After: 20 (busy)\r\n");
        assert_eq!(world.requests(), ["0 INVITE 10.0.0.1 UDP", "0 ACK 10.0.0.1 UDP", "0 INVITE 10.0.0.2 UDP"]);
        world.answer(503, "Retry-After: 10\r\n");
        let refused = |dialog| Event::Failed { dialog, cause: HangupCause::Congestion, status: Some(503) };
        let first = DialogId(1);
        assert_eq!(world.told[1..], [(Mono::ZERO, Event::PeerDown), (Mono::ZERO, refused(first))]);
        // Meanwhile not a packet is sent.
        world.run_to(seconds(9));
        world.sent.clear();
        let second = world.dial();
        assert_eq!((world.last(), world.sent.len()), (refused(second), 0));
        world.run_to(seconds(10));
        assert_eq!(world.last(), Event::PeerUp);
        world.dial();
        assert_eq!(world.requests(), ["10000 INVITE 10.0.0.2 UDP"]);
    }

    #[test]
    fn a_503_without_a_time_moves_the_call_only() {
        let mut world = World::new(|_| {});
        let dialog = world.dial();
        world.answer(503, "");
        world.answer(503, "");
        assert_eq!(world.last(), Event::Failed { dialog, cause: HangupCause::Congestion, status: Some(503) });
        world.sent.clear();
        world.dial();
        assert_eq!(world.requests(), ["0 INVITE 10.0.0.1 UDP"]);
    }

    #[test]
    fn a_lost_connection_moves_a_call_that_was_not_heard_of_and_ends_one_that_rings() {
        let over = |n| Hop { transport: Transport::Tcp, ..place(n) };
        let mut world = World::new(|_| {});
        world.locate(&[over(1), over(2)]);
        let dialog = world.dial();
        world.feed(Input::Unreachable { hop: over(1) });
        assert_eq!(world.requests(), ["0 INVITE 10.0.0.1 TCP", "0 INVITE 10.0.0.2 TCP"]);
        world.answer(180, "");
        world.run_to(seconds(3));
        world.feed(Input::Unreachable { hop: over(2) });
        assert_eq!(world.last(), Event::Failed { dialog, cause: HangupCause::TrunkSilent, status: None });
        assert_eq!(world.requests()[2..], ["3000 CANCEL 10.0.0.2 TCP"], "nobody's telephone is left ringing");
        // A call that is up does not care.
        world.run_to(seconds(60));
        world.dial();
        world.answer(200, "");
        world.feed(Input::Unreachable { hop: over(1) });
        world.feed(Input::Unreachable { hop: over(2) });
        assert!(matches!(world.last(), Event::Answered { .. }));
        assert_eq!(world.agent.calls_open(), 1);
    }

    #[test]
    fn what_is_too_large_for_a_datagram_goes_over_tcp_if_that_is_spoken() {
        let mut world = World::new(|c| c.datagram_bytes_max = 300);
        world.dial();
        world.feed(Input::Unreachable { hop: Hop { transport: Transport::Tcp, ..place(1) } });
        assert_eq!(world.requests(), ["0 INVITE 10.0.0.1 TCP", "0 INVITE 10.0.0.1 UDP"]);
        assert!(world.sent[0].2.contains("Via: SIP/2.0/TCP 10.0.0.99:5060;"), "{}", world.sent[0].2);
        assert!(world.sent[0].2.contains("CSeq: 1 INVITE"), "{}", world.sent[0].2);
        // It is remembered.
        world.sent.clear();
        world.dial();
        assert_eq!(world.requests(), ["0 INVITE 10.0.0.1 UDP"]);
    }

    #[test]
    fn without_a_name_server_the_trunk_is_down_until_there_is_one() {
        let mut world = World::new(|_| {});
        world.locate(&[]);
        let dialog = world.dial();
        let silent = Event::Failed { dialog, cause: HangupCause::TrunkSilent, status: None };
        assert_eq!(
            world.told.iter().map(|(_, e)| e.clone()).collect::<Vec<_>>(),
            [Event::PeerUp, Event::PeerDown, silent]
        );
        assert!(world.sent.is_empty());
        world.locate(&[place(3)]);
        assert_eq!(world.last(), Event::PeerUp);
        world.dial();
        assert_eq!(world.requests(), ["0 INVITE 10.0.0.3 UDP"]);
    }

    #[test]
    fn the_peer_is_down_when_all_its_places_are() {
        let mut world = World::new(|c| c.options_interval = Duration::from_secs(30));
        world.run_to(seconds(31));
        assert_eq!(world.told, [], "the first place is still being asked");
        world.run_to(seconds(70));
        let asked = world.requests();
        assert_eq!(asked[..2], ["0 OPTIONS 10.0.0.1 UDP", "32000 OPTIONS 10.0.0.2 UDP"], "{asked:?}");
        assert_eq!(world.told, [(seconds(64), Event::PeerDown)]);
    }
}
