//! Trunks over TCP, TLS and IPv6, and carriers that are found by name: real sockets on loopback.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair};
use tempfile::TempDir;
use tokio::net::UdpSocket;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::dns::{Entry, NameServer};
use crate::house::wait_until;
use ringback::audio::Codec;
use ringback::id::{CallId, LegId};
use ringback::outcome::HangupCause;
use ringback::time::Clock;
use ringback::trunk::answerer::{Answerer, AnswererEvent, AnswererEventKind as Heard};
use ringback::trunk::{
    PeerAddress, Settings, Timing, Tls, Transport, Trunk, TrunkConfig, TrunkEvent, TrunkEventKind as Told,
};

pub const LIMIT: Duration = Duration::from_secs(20);

/// Ten times as quick as RFC 3261: silence is known after 3.2 s, and the next place tried after 0.4 s.
pub fn quick() -> Timing {
    Timing { t1: Duration::from_millis(50), t2: Duration::from_millis(400), t4: Duration::from_millis(500) }
}

pub fn leg(n: i64) -> LegId {
    LegId::client(CallId(n))
}

pub fn audio(local: &str) -> SocketAddr {
    SocketAddr::new(local.parse().unwrap(), 4000)
}

pub fn config(peer: PeerAddress, bind: &str) -> TrunkConfig {
    TrunkConfig {
        name: "test".into(),
        peer,
        bind: bind.parse().unwrap(),
        username: None,
        password: None,
        caller_id: "+74950000000".into(),
        ring_ms_max: 10_000,
        options_interval: Duration::ZERO,
        inbound_after: None,
        settings: Settings::default(),
    }
}

pub struct Caller {
    pub trunk: Trunk,
    pub events: UnboundedReceiver<TrunkEvent>,
}

impl Caller {
    pub fn start(config: TrunkConfig) -> Caller {
        let (out, events) = unbounded_channel();
        let trunk = Trunk::start_timed(config, quick(), Arc::new(Clock::system()), out).unwrap();
        Caller { trunk, events }
    }

    pub async fn told(&mut self) -> TrunkEvent {
        tokio::time::timeout(LIMIT, self.events.recv()).await.expect("in time").expect("a trunk")
    }
}

struct Callee {
    answerer: Answerer,
    events: UnboundedReceiver<AnswererEvent>,
}

impl Callee {
    fn start(bind: &str, tls: Option<&Tls>) -> Callee {
        let (out, events) = unbounded_channel();
        let bind = bind.parse().unwrap();
        let answerer = Answerer::start_over(bind, tls, None, Arc::new(Clock::system()), out).unwrap();
        Callee { answerer, events }
    }

    async fn heard(&mut self) -> AnswererEvent {
        tokio::time::timeout(LIMIT, self.events.recv()).await.expect("in time").expect("an answerer")
    }
}

/// A call that the callee answers and hangs up, then one that the caller hangs up.
async fn two_calls(caller: &mut Caller, callee: &mut Callee, ip: &str) {
    for (n, by_callee) in [(1, true), (2, false)] {
        caller.trunk.dial(leg(n), "+79161234567", audio(ip));
        let incoming = callee.heard().await;
        let Heard::Incoming { media, .. } = &incoming.kind else { panic!("{incoming:?}") };
        assert_eq!(media.addr, audio(ip));
        callee.answerer.ring(incoming.dialog);
        assert_eq!(caller.told().await.kind, Told::Ringing);
        callee.answerer.answer(incoming.dialog, audio(ip), Codec::Pcma);
        let answered = caller.told().await;
        assert!(matches!(answered.kind, Told::Answered(m) if m.addr == audio(ip)), "{answered:?}");
        assert_eq!(callee.heard().await.kind, Heard::Acked);
        if by_callee {
            callee.answerer.hangup(incoming.dialog);
            assert_eq!(caller.told().await.kind, Told::Ended(HangupCause::RemoteHangup));
            assert_eq!(callee.heard().await.kind, Heard::Ended);
        } else {
            caller.trunk.hangup(leg(n));
            assert_eq!(caller.told().await.kind, Told::Ended(HangupCause::LocalHangup));
            assert_eq!(callee.heard().await.kind, Heard::Ended);
        }
    }
}

#[tokio::test]
async fn calls_over_udp_and_tcp_and_both_families() {
    for ip in ["127.0.0.1", "::1"] {
        for transport in [Transport::Udp, Transport::Tcp] {
            let bind = SocketAddr::new(ip.parse().unwrap(), 0).to_string();
            let mut callee = Callee::start(&bind, None);
            let peer = PeerAddress { transport: Some(transport), ..PeerAddress::at(callee.answerer.local_addr()) };
            let mut caller = Caller::start(config(peer, &bind));
            two_calls(&mut caller, &mut callee, ip).await;
            caller.trunk.stop().await;
        }
    }
}

/// An authority, and certificates that it has signed.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    folder: TempDir,
}

impl Authority {
    pub fn new() -> Authority {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("ca.pem"), params.self_signed(&key).unwrap().pem()).unwrap();
        Authority { issuer: Issuer::new(params, key), folder }
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Who is called `name`, and believes this authority.
    pub fn tls(&self, name: &str) -> Tls {
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        let key = KeyPair::generate().unwrap();
        let (certificate, key_file) = (self.file(&format!("{name}.pem")), self.file(&format!("{name}.key")));
        std::fs::write(&certificate, params.signed_by(&key, &self.issuer).unwrap().pem()).unwrap();
        std::fs::write(&key_file, key.serialize_pem()).unwrap();
        Tls { ca: Some(self.file("ca.pem")), certificate: Some(certificate), key: Some(key_file), server_name: None }
    }
}

#[tokio::test]
async fn calls_over_mutual_tls() {
    let authority = Authority::new();
    let mut callee = Callee::start("127.0.0.1:0", Some(&authority.tls("sip.carrier.test")));
    let at = PeerAddress { transport: Some(Transport::Tls), ..PeerAddress::at(callee.answerer.local_addr()) };
    let tls = Tls { server_name: Some("sip.carrier.test".into()), ..authority.tls("us.test") };
    let mut caller = Caller::start(config(PeerAddress { tls: Some(tls.clone()), ..at.clone() }, "127.0.0.1:0"));
    two_calls(&mut caller, &mut callee, "127.0.0.1").await;

    // Another name, another authority, no certificate of ours: no call, and the carrier's silence is the reason.
    let stranger = Authority::new();
    for wrong in [
        Tls { server_name: Some("sip.other.test".into()), ..tls.clone() },
        Tls { ca: Some(stranger.file("ca.pem")), ..tls.clone() },
        Tls { certificate: None, key: None, ..tls.clone() },
    ] {
        let mut caller = Caller::start(config(PeerAddress { tls: Some(wrong), ..at.clone() }, "127.0.0.1:0"));
        caller.trunk.dial(leg(1), "+79161234567", audio("127.0.0.1"));
        assert_eq!(caller.told().await.kind, Told::Failed { cause: HangupCause::TrunkSilent, status: None });
    }
    assert!(callee.events.try_recv().is_err(), "nothing reached the other side");

    let nowhere = Tls { ca: Some("no/such/file.pem".into()), ..tls };
    let failed = Trunk::start(
        config(PeerAddress { tls: Some(nowhere), ..at }, "127.0.0.1:0"),
        Arc::new(Clock::system()),
        unbounded_channel().0,
    );
    let failed = failed.err().expect("a file that is not there").to_string();
    assert!(failed.contains("no/such/file.pem"), "{failed}");
}

/// `sip.carrier.test`, served from two places: the first says nothing.
fn zone(silent: SocketAddr, good: SocketAddr, service: &'static str) -> Vec<Entry> {
    let srv = |priority, port, target| Entry::Service { name: service, priority, weight: 10, port, target, ttl: 1 };
    vec![
        srv(10, silent.port(), "a.carrier.test"),
        srv(20, good.port(), "b.carrier.test"),
        Entry::Address { name: "a.carrier.test", ip: silent.ip(), ttl: 1 },
        Entry::Address { name: "b.carrier.test", ip: good.ip(), ttl: 1 },
    ]
}

fn named(name_server: SocketAddr) -> PeerAddress {
    PeerAddress {
        host: "carrier.test".into(),
        port: None,
        name_servers: vec![name_server],
        ..PeerAddress::at(name_server)
    }
}

#[tokio::test]
async fn a_carrier_is_found_by_its_records_and_the_next_place_takes_the_call() {
    let mut callee = Callee::start("127.0.0.1:0", None);
    let silent = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let records = zone(silent.local_addr().unwrap(), callee.answerer.local_addr(), "_sip._udp.carrier.test");
    let names = NameServer::start("127.0.0.1:0".parse().unwrap(), records).await;
    let mut caller = Caller::start(config(named(names.addr), "127.0.0.1:0"));
    let mut health = caller.trunk.watch_health();
    // Without OPTIONS it counts as up from the start; that it is found is seen in the questions.
    tokio::time::timeout(LIMIT, health.wait_for(|h| h.up)).await.unwrap().unwrap();
    wait_until("the names to be asked for", LIMIT, async || (names.asked("b.carrier.test") > 0).then_some(())).await;
    two_calls(&mut caller, &mut callee, "127.0.0.1").await;
    let mut first = [0; 2000];
    let (length, _) = silent.recv_from(&mut first).await.unwrap();
    let invite = String::from_utf8_lossy(&first[..length]).into_owned();
    assert!(invite.starts_with("INVITE sip:+79161234567@carrier.test SIP/2.0\r\n"), "{invite}");
}

#[tokio::test]
async fn the_records_of_a_domain_choose_the_transport_and_grow_old() {
    let mut first = Callee::start("127.0.0.1:0", None);
    let mut second = Callee::start("127.0.0.1:0", None);
    let records = |addr: SocketAddr| {
        let udp = ("SIP+D2U", "_sip._udp.carrier.test", 20);
        let tcp = ("SIP+D2T", "_sip._tcp.carrier.test", 10);
        let pointer = |(service, replacement, order)| Entry::Pointer {
            name: "carrier.test",
            order,
            service,
            replacement,
            ttl: 1,
        };
        let mut zone = vec![pointer(udp), pointer(tcp)];
        let (name, target) = ("_sip._tcp.carrier.test", "b.carrier.test");
        zone.push(Entry::Service { name, priority: 1, weight: 1, port: addr.port(), target, ttl: 1 });
        zone.push(Entry::Address { name: "b.carrier.test", ip: addr.ip(), ttl: 1 });
        zone
    };
    let names = NameServer::start("127.0.0.1:0".parse().unwrap(), records(first.answerer.local_addr())).await;
    let mut caller = Caller::start(config(named(names.addr), "127.0.0.1:0"));
    wait_until("the names to be asked for", LIMIT, async || (names.asked("b.carrier.test") > 0).then_some(())).await;
    // Nothing but TCP is listed, so that a call that comes has come over TCP.
    two_calls(&mut caller, &mut first, "127.0.0.1").await;
    names.change(records(second.answerer.local_addr()));
    let asked = names.asked("b.carrier.test");
    wait_until("the names to be asked for", LIMIT, async || (names.asked("b.carrier.test") > asked + 1).then_some(()))
        .await;
    two_calls(&mut caller, &mut second, "127.0.0.1").await;
    // The name server goes; its last answer stays.
    drop(names);
    two_calls(&mut caller, &mut second, "127.0.0.1").await;
}

#[tokio::test]
async fn without_a_name_server_the_trunk_is_down_and_comes_up_with_it() {
    let mut callee = Callee::start("127.0.0.1:0", None);
    let held = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let at = held.local_addr().unwrap();
    let mut caller = Caller::start(config(named(at), "127.0.0.1:0"));
    let mut health = caller.trunk.watch_health();
    tokio::time::timeout(LIMIT, health.wait_for(|h| !h.up)).await.expect("known to be nowhere").unwrap();
    caller.trunk.dial(leg(9), "+79161234567", audio("127.0.0.1"));
    let failed = caller.told().await.kind;
    assert_eq!(failed, Told::Failed { cause: HangupCause::TrunkSilent, status: None });
    drop(held);
    let good = callee.answerer.local_addr();
    let names = NameServer::start(at, zone(good, good, "_sip._udp.carrier.test")).await;
    tokio::time::timeout(LIMIT, health.wait_for(|h| h.up)).await.expect("found").unwrap();
    two_calls(&mut caller, &mut callee, "127.0.0.1").await;
    assert!(names.asked("_sip._udp.carrier.test") > 0);
}
