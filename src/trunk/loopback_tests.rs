//! A trunk and an answerer on two sockets of this machine.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::answerer::{Answerer, AnswererEvent, AnswererEventKind as Heard, Credentials};
use super::{Secret, Settings, Trunk, TrunkConfig, TrunkEvent, TrunkEventKind as Told};
use crate::audio::Codec;
use crate::id::{CallId, LegId};
use crate::outcome::HangupCause;
use crate::time::Clock;

const LIMIT: Duration = Duration::from_secs(20);

fn loopback() -> SocketAddr {
    "127.0.0.1:0".parse().unwrap()
}

fn audio() -> SocketAddr {
    "127.0.0.1:4000".parse().unwrap()
}

fn leg(n: i64) -> LegId {
    LegId::client(CallId(n))
}

fn credentials() -> Credentials {
    Credentials { username: "trunk".into(), password: Secret::new("right") }
}

struct Pair {
    trunk: Trunk,
    told: UnboundedReceiver<TrunkEvent>,
    answerer: Answerer,
    heard: UnboundedReceiver<AnswererEvent>,
}

fn pair(password: Option<&str>, options_interval: Duration) -> Pair {
    let clock = Arc::new(Clock::system());
    let (out, heard) = unbounded_channel();
    let digest = password.map(|_| credentials());
    let answerer = Answerer::start(loopback(), digest, clock.clone(), out).unwrap();
    let (out, told) = unbounded_channel();
    let config = TrunkConfig {
        name: "test".into(),
        peer: answerer.local_addr().into(),
        bind: loopback(),
        username: password.map(|_| "trunk".into()),
        password: password.map(Secret::new),
        caller_id: "+74950000000".into(),
        ring_ms_max: 10_000,
        options_interval,
        inbound_after: None,
        settings: Settings::default(),
    };
    let trunk = Trunk::start(config, clock, out).unwrap();
    Pair { trunk, told, answerer, heard }
}

impl Pair {
    async fn told(&mut self) -> TrunkEvent {
        tokio::time::timeout(LIMIT, self.told.recv()).await.expect("in time").expect("a trunk")
    }

    async fn heard(&mut self) -> AnswererEvent {
        tokio::time::timeout(LIMIT, self.heard.recv()).await.expect("in time").expect("an answerer")
    }
}

#[tokio::test]
async fn a_call_with_a_password() {
    let mut p = pair(Some("right"), Duration::ZERO);
    let (ours, theirs): (SocketAddr, SocketAddr) =
        ("127.0.0.1:4000".parse().unwrap(), "127.0.0.1:5000".parse().unwrap());
    p.trunk.dial(leg(1), "+79161234567", ours);
    let incoming = p.heard().await;
    let Heard::Incoming { to_user, from_user, media } = incoming.kind else { panic!("{incoming:?}") };
    assert_eq!((to_user.full(), from_user.full()), ("+79161234567", "+74950000000"));
    assert_eq!((media.addr, media.codec, media.dtmf_payload), (ours, Codec::Pcma, Some(101)));
    p.answerer.ring(incoming.dialog);
    assert_eq!(p.told().await.kind, Told::Ringing);
    p.answerer.answer(incoming.dialog, theirs, Codec::Pcmu);
    let Told::Answered(media) = p.told().await.kind else { panic!("not answered") };
    assert_eq!((media.addr, media.codec, media.dtmf_payload), (theirs, Codec::Pcmu, Some(101)));
    assert_eq!(p.heard().await.kind, Heard::Acked);
    p.answerer.hangup(incoming.dialog);
    assert_eq!(p.told().await.kind, Told::Ended(HangupCause::RemoteHangup));
    assert_eq!(p.heard().await.kind, Heard::Ended);
    p.trunk.stop().await;
    p.answerer.stop().await;
}

#[tokio::test]
async fn a_wrong_password_is_refused() {
    let mut p = pair(Some("wrong"), Duration::ZERO);
    p.trunk.dial(leg(1), "+79161234567", audio());
    let refused = Told::Failed { cause: HangupCause::TrunkRefused, status: Some(407) };
    assert_eq!(p.told().await.kind, refused);
}

#[tokio::test]
async fn health_follows_the_peer() {
    let mut p = pair(None, Duration::from_millis(50));
    let mut health = p.trunk.watch_health();
    assert!(tokio::time::timeout(LIMIT, health.wait_for(|h| h.up)).await.is_ok());
    assert!(p.trunk.health().up);
    // A call that nobody ever answers does not keep the trunk from stopping.
    p.trunk.dial(leg(1), "+79161234567", audio());
    let incoming = p.heard().await;
    p.answerer.ignore(incoming.dialog);
    p.trunk.stop().await;
    assert_eq!(p.told().await.kind, Told::Failed { cause: HangupCause::Cancelled, status: None });
    assert!(p.told.recv().await.is_none(), "the task is gone");
}

#[tokio::test]
async fn what_cannot_be_dialled_fails() {
    let mut p = pair(None, Duration::ZERO);
    p.trunk.dial(leg(1), "1\r\nX: y", audio());
    assert_eq!(p.told().await.kind, Told::Failed { cause: HangupCause::InvalidNumber, status: None });
    p.trunk.dial(leg(2), "sip:bob@example.com", audio());
    let incoming = p.heard().await;
    assert!(matches!(&incoming.kind, Heard::Incoming { to_user, .. } if to_user.full() == "bob"));
    p.trunk.hangup(leg(2));
    assert_eq!(p.heard().await.kind, Heard::Cancelled);
    assert_eq!(p.told().await.kind, Told::Failed { cause: HangupCause::Cancelled, status: Some(487) });
}

/// Run by hand: `cargo test --lib trunk::loopback_tests::measure -- --ignored --nocapture`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement, not a check"]
async fn measure() {
    let calls = 5_000;
    let window = 200;
    let clock = Clock::system();
    let mut p = pair(None, Duration::ZERO);
    let (mut begun, mut over, mut answered) = (0, 0, 0);
    let before = clock.now().mono;
    while over < calls {
        while begun < calls && begun - over < window {
            p.trunk.dial(leg(begun), "+79161234567", audio());
            begun += 1;
        }
        tokio::select! {
            Some(event) = p.heard.recv() => if let Heard::Incoming { .. } = event.kind {
                p.answerer.answer(event.dialog, "127.0.0.1:5000".parse().unwrap(), Codec::Pcma);
            },
            Some(event) = p.told.recv() => match event.kind {
                Told::Answered(_) => {
                    answered += 1;
                    p.trunk.hangup(event.leg);
                }
                Told::Ringing | Told::EarlyMedia(_) | Told::Moved(_) | Told::Referred(_) | Told::Digit { .. } => {}
                Told::Offered { .. } => {}
                Told::Failed { .. } | Told::Ended(_) => over += 1,
            },
        }
    }
    let took = clock.now().mono.since(before);
    println!(
        "{calls} calls, {window} at once, {answered} answered: {took:?}, {:.0} a second",
        calls as f64 / took.as_secs_f64()
    );
    assert_eq!(answered, calls);
}
