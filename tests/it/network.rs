//! The built-in telephone network, called over real SIP and RTP from sockets of our own.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use ringback::audio::{Clip, tone};
use ringback::id::{CallId, LegId, PlayId};
use ringback::language::Language;
use ringback::media::{Media, MediaEvent, MediaEventKind, Remote};
use ringback::network::exchange::EndedBy;
use ringback::network::person::{Behaviour, Person, Turn};
use ringback::network::sounds::Sounds;
use ringback::network::switch::{Place, Switch, read_log};
use ringback::outcome::{AnsweredBy, HangupCause};
use ringback::time::Clock;
use ringback::trunk::answerer::{Credentials, Secret};
use ringback::trunk::{Trunk, TrunkConfig, TrunkEvent, TrunkEventKind};
use ringback::voice::{VoiceOptions, VoiceSet};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
/// The slowest thing waited for is a machine's greeting, some 6 s.
const PATIENCE: Duration = Duration::from_secs(20);

fn person(number: &str, behaviour: Behaviour) -> Person {
    Person { number: number.into(), language: "ru".into(), calls: vec![behaviour], record: true }
}

fn human(turns: Vec<Turn>) -> Behaviour {
    Behaviour::Human { ring_ms: 100, think_ms: 100, turns }
}

fn town(dir: &Path, people: Vec<Person>) -> Switch {
    let digest = Credentials { username: "ringback".into(), password: Secret::new("s3cret") };
    let place = Place { bind: LOOPBACK, out: dir.to_path_buf(), digest: Some(digest) };
    Switch::start(people, Sounds::murmured(), place).unwrap()
}

/// A caller with one call at a time.
struct Caller {
    trunk: Trunk,
    media: Media,
    trunk_events: UnboundedReceiver<TrunkEvent>,
    media_events: UnboundedReceiver<MediaEvent>,
    calls: i64,
    plays: i64,
}

impl Caller {
    fn new(peer: SocketAddr) -> Caller {
        let clock = Arc::new(Clock::system());
        let (to_trunk, trunk_events) = unbounded_channel();
        let (to_media, media_events) = unbounded_channel();
        let config = TrunkConfig {
            name: "test".into(),
            peer: peer.into(),
            bind: (LOOPBACK, 0).into(),
            username: Some("ringback".into()),
            password: Some(Secret::new("s3cret")),
            caller_id: "+74950000000".into(),
            ring_ms_max: 1500,
            options_interval: Duration::ZERO,
            inbound_after: None,
            settings: Default::default(),
        };
        let media = Media::start(1, clock.clone(), to_media).unwrap();
        let trunk = Trunk::start(config, clock, to_trunk).unwrap();
        Caller { trunk, media, trunk_events, media_events, calls: 0, plays: 0 }
    }

    fn leg(&self) -> LegId {
        LegId::client(CallId(self.calls))
    }

    /// Dials; comes back when the call is up (`Ok`, with audio both ways) or has failed.
    async fn dial(&mut self, number: &str) -> Result<(), (HangupCause, Option<u16>)> {
        self.calls += 1;
        let leg = self.leg();
        let local = self.media.open(leg, LOOPBACK).unwrap();
        self.trunk.dial(leg, number, local);
        loop {
            match self.trunk_event().await {
                TrunkEventKind::Ringing
                | TrunkEventKind::EarlyMedia(_)
                | TrunkEventKind::Moved(_)
                | TrunkEventKind::Referred(_)
                | TrunkEventKind::Digit { .. } => {}
                TrunkEventKind::Answered(remote) => {
                    self.media.listen_for_machine(leg);
                    let remote = Remote::from(remote);
                    self.media.connect(leg, remote);
                    return Ok(());
                }
                TrunkEventKind::Failed { cause, status } => {
                    self.media.close(leg);
                    return Err((cause, status));
                }
                TrunkEventKind::Ended(cause) => panic!("ended before it was up: {cause}"),
                TrunkEventKind::Offered { .. } => panic!("nobody rings us"),
            }
        }
    }

    async fn trunk_event(&mut self) -> TrunkEventKind {
        tokio::time::timeout(PATIENCE, self.trunk_events.recv()).await.expect("nothing from the trunk").unwrap().kind
    }

    /// The first that `wanted` finds something in.
    async fn media_event<T>(&mut self, wanted: impl Fn(&MediaEventKind) -> Option<T>) -> T {
        let leg = self.leg();
        let events = &mut self.media_events;
        let waiting = async {
            loop {
                let event = events.recv().await.unwrap();
                if let Some(found) = Some(&event).filter(|e| e.leg == leg).and_then(|e| wanted(&e.kind)) {
                    return found;
                }
            }
        };
        tokio::time::timeout(PATIENCE, waiting).await.expect("nothing from media")
    }

    /// Speaks for a second.
    fn speak(&mut self) {
        self.plays += 1;
        let clip = Arc::new(Clip::from_pcm(&tone::babble(self.plays as u64, 1000)));
        self.media.play(self.leg(), PlayId(self.plays), vec![clip]);
    }

    async fn keys(&mut self, count: usize) -> String {
        let mut keys = String::new();
        for _ in 0..count {
            keys.push(self.media_event(|e| if let MediaEventKind::Digit(d) = e { Some(*d) } else { None }).await);
        }
        keys
    }

    async fn answered_by(&mut self) -> AnsweredBy {
        self.media_event(|e| if let MediaEventKind::AnsweredBy(by) = e { Some(*by) } else { None }).await
    }

    async fn hang_up(&mut self) -> HangupCause {
        self.trunk.hangup(self.leg());
        self.ended().await
    }

    async fn ended(&mut self) -> HangupCause {
        let TrunkEventKind::Ended(cause) = self.trunk_event().await else { panic!("the call is not over") };
        self.media.close(self.leg());
        cause
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_cannot_be_reached() {
    let dir = tempfile::tempdir().unwrap();
    let people = vec![
        person("+70000000001", Behaviour::Busy),
        person("+70000000002", Behaviour::NoAnswer),
        person("+70000000003", Behaviour::Unknown),
        person("+70000000004", Behaviour::OutOfService),
        person("+70000000005", Behaviour::Congestion),
        person("+70000000006", Behaviour::Declines),
    ];
    let switch = town(dir.path(), people);
    let mut caller = Caller::new(switch.sip());
    for (number, cause, status) in [
        ("+70000000001", HangupCause::Busy, Some(486)),
        ("+70000000002", HangupCause::NoAnswer, Some(487)),
        ("+70000000003", HangupCause::InvalidNumber, Some(404)),
        ("+70000000004", HangupCause::OutOfService, Some(410)),
        ("+70000000005", HangupCause::Congestion, Some(503)),
        ("+70000000006", HangupCause::Rejected, Some(603)),
        ("+70000000099", HangupCause::InvalidNumber, Some(404)),
    ] {
        let (seen, seen_status) = caller.dial(number).await.unwrap_err();
        assert_eq!(seen, cause, "{number}");
        assert!(seen_status == status || cause == HangupCause::NoAnswer, "{number}: {seen_status:?}");
    }
    caller.trunk.stop().await;
    switch.stop().await.unwrap();
    let log = read_log(dir.path()).unwrap();
    let words: Vec<&str> = log.iter().map(|r| r.behaviour.as_str()).collect();
    assert_eq!(words, ["busy", "no_answer", "unknown", "out_of_service", "congestion", "declines", "stranger"]);
    assert!(log.iter().all(|r| !r.answered && r.from == "+74950000000" && r.wav.is_none()), "{log:?}");
    assert!(log[1].cancelled && log[1].status.is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_listens_presses_and_promises() {
    let dir = tempfile::tempdir().unwrap();
    let turns = vec![Turn::Press("1".into()), Turn::Press("4321".into()), Turn::Confirm("1".into())];
    let switch = town(dir.path(), vec![person("+70000000001", human(turns))]);
    let mut caller = Caller::new(switch.sip());

    caller.dial("+70000000001").await.unwrap();
    for expected in ["1", "4321", "1"] {
        caller.speak();
        assert_eq!(caller.keys(expected.len()).await, expected);
    }
    caller.speak();
    caller.media_event(|e| matches!(e, MediaEventKind::PlayEnded(_)).then_some(())).await;
    assert_eq!(caller.hang_up().await, HangupCause::LocalHangup);

    caller.trunk.stop().await;
    switch.stop().await.unwrap();
    let log = read_log(dir.path()).unwrap();
    assert_eq!(log.len(), 1);
    assert!(log[0].promise_confirmed && log[0].confirm_pressed && log[0].heard_a_voice, "{:?}", log[0]);
    assert_eq!((log[0].keys.as_str(), log[0].ended_by), ("1 4321 1", EndedBy::Caller));
    let wav = dir.path().join("heard").join(log[0].wav.as_ref().unwrap());
    let samples: Vec<i16> = hound::WavReader::open(wav).unwrap().into_samples().map(|s| s.unwrap()).collect();
    let loud = samples.iter().filter(|s| s.unsigned_abs() > 1000).count();
    assert!(samples.len() > 8000 * 4 && loud > 8000, "{} samples, {loud} loud", samples.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_machines_and_agents_murmur_like_what_they_are() {
    tell_apart(&Sounds::murmured(), "ru").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_machines_and_agents_speak_like_what_they_are() {
    let data = tempfile::tempdir().unwrap();
    let voices = VoiceSet::load(&VoiceOptions::embedded(data.path().to_path_buf()));
    voices.require(&[Language::EN]).unwrap();
    let sounds = Sounds::spoken(&voices);
    tell_apart(&sounds, "en").await;
    // Without `make setup` there is no Russian voice, and they murmur as above.
    if voices.require(&[Language::RU]).is_ok() {
        tell_apart(&sounds, "ru").await;
    }
}

/// The caller's own ears tell a human from a machine, and hear the beep.
async fn tell_apart(sounds: &Sounds, language: &str) {
    let dir = tempfile::tempdir().unwrap();
    let speaks = |number, behaviour| Person { language: language.into(), ..person(number, behaviour) };
    let people = vec![
        speaks("+70000000001", human(vec![Turn::HangUp { after_ms: 6000 }])),
        speaks("+70000000002", Behaviour::Machine { ring_ms: 100 }),
        speaks("agent1", Behaviour::Agent { ring_ms: 100, talk_ms: 1500 }),
    ];
    let place = Place { bind: LOOPBACK, out: dir.path().to_path_buf(), digest: None };
    let switch = Switch::start(people, sounds.clone(), place).unwrap();
    let mut caller = Caller::new(switch.sip());

    caller.dial("+70000000001").await.unwrap();
    assert_eq!(caller.answered_by().await, AnsweredBy::Human, "{language}");
    assert_eq!(caller.ended().await, HangupCause::RemoteHangup);

    caller.dial("+70000000002").await.unwrap();
    assert_eq!(caller.answered_by().await, AnsweredBy::Machine, "{language}");
    caller.media_event(|e| matches!(e, MediaEventKind::Beeped).then_some(())).await;
    caller.hang_up().await;

    let agent = format!("sip:agent1@{}", switch.sip());
    caller.dial(&agent).await.unwrap();
    assert_eq!(caller.ended().await, HangupCause::RemoteHangup);

    caller.trunk.stop().await;
    switch.stop().await.unwrap();
    let log = read_log(dir.path()).unwrap();
    let ends: Vec<_> = log.iter().map(|r| (r.behaviour.as_str(), r.ended_by)).collect();
    assert_eq!(ends, [("human", EndedBy::Person), ("machine", EndedBy::Caller), ("agent", EndedBy::Person)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_barge_in_cuts_into_the_voice() {
    let dir = tempfile::tempdir().unwrap();
    let barge = Turn::BargeIn { keys: "*9".into(), after_ms: 200 };
    let switch = town(dir.path(), vec![person("+70000000001", human(vec![barge]))]);
    let mut caller = Caller::new(switch.sip());
    caller.dial("+70000000001").await.unwrap();
    let clip = Arc::new(Clip::from_pcm(&tone::babble(1, 9000)));
    caller.media.play(caller.leg(), PlayId(1), vec![clip]);
    assert_eq!(caller.keys(2).await, "*9", "before nine seconds have been spoken");
    caller.hang_up().await;
    caller.trunk.stop().await;
    // Stopping twice over is fine, and the call has its line.
    switch.stop().await.unwrap();
    assert_eq!(read_log(dir.path()).unwrap().len(), 1);
}
