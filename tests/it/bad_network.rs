//! Calls over bad networks: keys, words and endings at loss, doubling, jitter, reordering and a change of source.

use std::net::{IpAddr, Ipv4Addr, UdpSocket};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use ringback::audio::{Clip, Codec, g711::Law, tone, wav};
use ringback::id::{CallId, LegId, PlayId};
use ringback::media::{Media, MediaEvent, MediaEventKind, MediaStats, Remote};
use ringback::outcome::HangupCause;
use ringback::time::Clock;
use ringback::trunk::answerer::{Answerer, AnswererEvent, AnswererEventKind as Answers};
use ringback::trunk::{Timing, TrunkEventKind as Told};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::sipp::{LEG, line};
use crate::wire::{Faults, Wire};

const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const LIMIT: Duration = Duration::from_secs(60);

struct Side {
    media: Media,
    events: UnboundedReceiver<MediaEvent>,
}

impl Side {
    fn new() -> Side {
        let (out, events) = unbounded_channel();
        Side { media: Media::start(1, Arc::new(Clock::system()), out).expect("media"), events }
    }

    async fn next(&mut self) -> MediaEvent {
        tokio::time::timeout(LIMIT, self.events.recv()).await.expect("an event in time").expect("media")
    }

    async fn closed(&mut self, leg: LegId) -> MediaStats {
        self.media.close(leg);
        loop {
            let event = self.next().await;
            if let (MediaEventKind::Closed { stats }, true) = (event.kind, event.leg == leg) {
                return stats;
            }
        }
    }
}

fn leg(call: i64) -> LegId {
    LegId::client(CallId(call))
}

/// One leg on each side, with a wire between.
fn join(us: &Side, them: &Side, leg: LegId, faults: Faults, seed: u64) -> Wire {
    let [here, there] = [us, them].map(|side| side.media.open(leg, LOOPBACK).expect("a port"));
    let wire = Wire::between(here, there, faults, seed);
    us.media.connect(leg, Remote::plain(wire.near, Codec::Pcma, Some(101)));
    them.media.connect(leg, Remote::plain(wire.far, Codec::Pcma, Some(101)));
    wire
}

/// Ten thousand keys at 5 % lost, 5 % doubled, a jitter of two packets; both ways at once. None lost, none doubled, none out of
/// its order.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_over_a_bad_wire() {
    const LEGS: i64 = 72;
    const KEYS: &str = "0123456789*#ABCD11223344556677889900A*B#CDD##*987654321002468A#C13579BD";
    let (mut us, mut them) = (Side::new(), Side::new());
    let faults = Faults { lost: 50, doubled: 50, jitter_ms: 40, ..Faults::default() };
    let wires: Vec<Wire> = (0..LEGS).map(|call| join(&us, &them, leg(call), faults, call as u64)).collect();
    for call in 0..LEGS {
        us.media.press(leg(call), KEYS);
        them.media.press(leg(call), KEYS);
    }
    for side in [&mut us, &mut them] {
        let mut heard = vec![String::new(); LEGS as usize];
        while heard.iter().any(|keys| keys.len() < KEYS.len()) {
            let event = side.next().await;
            if let MediaEventKind::Digit(key) = event.kind {
                heard[event.leg.call.0 as usize].push(key);
            }
        }
        for call in 0..LEGS {
            side.media.close(leg(call));
        }
        // Whatever was doubled would have come by now.
        let mut open = LEGS;
        while open > 0 {
            match side.next().await.kind {
                MediaEventKind::Digit(key) => panic!("{key} was heard once too often"),
                MediaEventKind::Closed { .. } => open -= 1,
                _ => {}
            }
        }
        assert!(heard.iter().all(|keys| keys == KEYS), "{heard:?}");
    }
    let (carried, lost, doubled) =
        wires.iter().map(Wire::figures).fold((0, 0, 0), |a, b| (a.0 + b.0, a.1 + b.1, a.2 + b.2));
    println!(
        "{} keys, 0 lost, 0 doubled; {carried} packets carried, {lost} lost, {doubled} doubled",
        2 * LEGS * KEYS.len() as i64
    );
    assert!(lost * 1000 > carried * 30 && doubled * 1000 > carried * 30, "the wire was not bad");
}

/// What was heard of a prompt, in frames of 20 ms that are not silence and are the same to the byte.
struct Heard {
    in_place: usize,
    anywhere: usize,
    /// Of so many.
    frames: usize,
    /// At the hearing end; `sent` is the speaking end's.
    stats: MediaStats,
}

async fn prompt_over(faults: Faults, seed: u64) -> Heard {
    let (mut us, mut them) = (Side::new(), Side::new());
    let leg = leg(1);
    let wire = join(&us, &them, leg, faults, seed);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("heard.wav");
    them.media.record(leg, file.clone());
    let words = tone::babble(seed, 4000);
    us.media.play(leg, PlayId(1), vec![Arc::new(Clip::from_pcm(&words))]);
    while us.next().await.kind != MediaEventKind::PlayEnded(PlayId(1)) {}
    // A key behind the words: when it has arrived, so have they.
    us.media.press(leg, "#");
    while them.next().await.kind != MediaEventKind::Digit('#') {}
    let stats = them.closed(leg).await;
    let stats = MediaStats { sent: us.closed(leg).await.sent, ..stats };
    drop(wire);
    let heard = wav::read(std::fs::File::open(file).expect("a recording")).expect("it is one");
    let sent: Vec<i16> = words.iter().map(|s| Law::A.decode(Law::A.encode(*s))).collect();
    let frames: Vec<&[i16]> = sent.chunks_exact(160).filter(|f| f.iter().any(|s| s.abs() > 500)).collect();
    // Where most frames agree the recording began.
    let mut votes = std::collections::HashMap::<isize, usize>::new();
    for (n, frame) in sent.chunks_exact(160).enumerate().filter(|(_, f)| f.iter().any(|s| s.abs() > 500)) {
        for at in heard.windows(160).enumerate().filter(|(_, w)| w == &frame).map(|(at, _)| at) {
            *votes.entry(at as isize - n as isize * 160).or_default() += 1;
        }
    }
    let in_place = votes.values().copied().max().unwrap_or(0);
    Heard { in_place, anywhere: votes.values().sum(), frames: frames.len(), stats }
}

/// Of the frames of a prompt, how many thousandths arrive where they belong; the rest is filled up, and moves nothing. And
/// what the call's estimate of its own quality says, in hundredths of MOS.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn prompts_over_bad_wires() {
    let rows = [
        ("a good wire", Faults::default(), 990, 430..=450),
        ("5 % lost, 2 % doubled", Faults { lost: 50, doubled: 20, ..Faults::default() }, 900, 350..=425),
        ("20 % lost, 5 % doubled", Faults { lost: 200, doubled: 50, ..Faults::default() }, 700, 200..=320),
        ("40 ms of jitter", Faults { jitter_ms: 40, ..Faults::default() }, 970, 430..=450),
        ("200 ms of jitter", Faults { jitter_ms: 200, ..Faults::default() }, 450, 150..=400),
        ("both", Faults { lost: 200, doubled: 50, jitter_ms: 200, ..Faults::default() }, 350, 100..=300),
    ];
    let all =
        rows.map(|(name, faults, least, mos)| async move { (name, faults, least, mos, prompt_over(faults, 7).await) });
    for (name, faults, least, mos, heard) in futures_all(all).await {
        let Heard { in_place, anywhere, frames, stats } = heard;
        println!("{name}: {in_place} of {frames} frames in place; {stats:?}");
        assert!(in_place * 1000 >= frames * least, "{name}: {in_place} of {frames}");
        assert_eq!(in_place, anywhere, "{name}: words were moved");
        assert!(stats.mos_centi.is_some_and(|seen| mos.contains(&seen)), "{name}: not {mos:?}: {stats:?}");
        if faults.lost > 0 {
            let share = stats.lost * 1000 / stats.sent;
            // Of 200 packets and a few, so many by chance once in a thousand runs.
            assert!((u64::from(faults.lost) / 5..u64::from(faults.lost) * 2).contains(&share), "{name}: {stats:?}");
        }
    }
}

/// All of them at once.
async fn futures_all<T: Send + 'static>(
    all: impl IntoIterator<Item = impl Future<Output = T> + Send + 'static>,
) -> Vec<T> {
    let tasks: Vec<_> = all.into_iter().map(tokio::spawn).collect();
    let mut results = Vec::new();
    for task in tasks {
        results.push(task.await.unwrap_or_else(|e| std::panic::resume_unwind(e.into_panic())));
    }
    results
}

/// A gateway changes over in the middle: another SSRC, other sequence numbers, another clock. Nothing is cut off by it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_source_changes_in_mid_prompt() {
    let faults = Faults { new_source_after: Some(100), ..Faults::default() };
    let heard = prompt_over(faults, 3).await;
    assert!(heard.anywhere * 1000 >= heard.frames * 970, "{} of {} frames", heard.anywhere, heard.frames);
}

/// The largest datagrams there are, rubbish and well-formed, at every port of a call that is up: it stays whole, and whoever
/// sent them gets back less than that.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn datagrams_of_64_kb() {
    let (mut us, mut them) = (Side::new(), Side::new());
    let (out, mut offered) = unbounded_channel::<AnswererEvent>();
    let clock = Arc::new(Clock::system());
    let answerer = Answerer::start((LOOPBACK, 0).into(), None, clock, out).expect("a socket on loopback");
    let mut line = line(answerer.local_addr(), |_| {}, Timing::default());
    let [ours, theirs] = [&us, &them].map(|side| side.media.open(LEG, LOOPBACK).expect("a port"));
    line.trunk.dial(LEG, "+79161234567", ours);
    let dialog = offered.recv().await.expect("a call").dialog;
    answerer.answer(dialog, theirs, Codec::Pcma);
    let Told::Answered(remote) = line.next().await else { panic!("answered") };
    us.media.connect(LEG, Remote::from(remote));
    them.media.connect(LEG, Remote::plain(ours, Codec::Pcma, Some(101)));

    let stranger = UdpSocket::bind((LOOPBACK, 0)).expect("a port");
    stranger.set_nonblocking(true).expect("a socket of ours");
    let head = "INVITE sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP h;rport;branch=z9hG4bKbig\r\nFrom: <sip:a@b>;tag=1\r\n\
                To: <sip:a@b>\r\nCall-ID: big\r\nCSeq: 1 INVITE\r\nMax-Forwards: 70\r\n";
    let most = 65_507;
    let rubbish = vec![b'A'; most];
    let long_header = format!("{head}X: {}\r\n\r\n", "y".repeat(60_000)).into_bytes();
    let many_headers = format!("{head}{}\r\n", "X: y\r\n".repeat(10_000)).into_bytes();
    let long_body = format!("{head}Content-Length: 60000\r\n\r\n{}", "z".repeat(60_000)).into_bytes();
    let mut audio = vec![0; most];
    audio[..2].copy_from_slice(&[0x80, 8]);
    let mut sent = 0;
    for to in [answerer.local_addr(), line.trunk.local_addr(), ours, theirs] {
        for bytes in [&rubbish, &long_header, &many_headers, &long_body, &audio] {
            sent += stranger.send_to(bytes, to).expect("loopback takes it");
        }
    }
    us.media.press(LEG, "159#");
    them.media.press(LEG, "2580");
    for (side, expected) in [(&mut us, "2580"), (&mut them, "159#")] {
        let mut keys = String::new();
        while keys.len() < 4 {
            if let MediaEventKind::Digit(key) = side.next().await.kind {
                keys.push(key);
            }
        }
        assert_eq!(keys, expected);
    }
    line.trunk.hangup(LEG);
    assert_eq!(line.next().await, Told::Ended(HangupCause::LocalHangup));
    let mut buffer = vec![0; most];
    let mut back = 0;
    while let Ok(length) = stranger.recv(&mut buffer) {
        back += length;
    }
    assert!(back < sent / 20, "{back} bytes came back for {sent}");
    line.trunk.stop().await;
    answerer.stop().await;
}

/// In a network namespace of its own whose packet filter loses a fifth of all datagrams, signalling and audio alike.
#[test]
fn calls_in_a_network_that_loses_a_fifth() {
    // SAFETY: reads a number of this process; cannot fail.
    let root = unsafe { libc::geteuid() } == 0;
    let rules = "ip link set lo up && nft add table inet bad && \
                 nft add chain inet bad in '{ type filter hook input priority 0; }' && \
                 nft add rule inet bad in meta l4proto udp numgen random mod 100 '<' 20 counter drop";
    let there = |script: &str| Command::new("unshare").args(["-n", "sh", "-c", script]).output();
    let able = root && there(rules).is_ok_and(|output| output.status.success());
    if !able {
        eprintln!(
            "skipped: needs the super-user, unshare, ip and nft (`make setup-test`), and a kernel that lets them"
        );
        return;
    }
    let this = std::env::current_exe().expect("this test");
    let script = format!(
        "{rules} && '{}' --exact bad_network::inside_a_network_that_loses_a_fifth --ignored --nocapture && \
         nft list ruleset",
        this.display()
    );
    let output = there(&script).expect("a shell");
    let (said, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && said.contains("1 passed"), "{said}\n{errors}");
    println!("{said}");
    let dropped = said.split("counter packets ").nth(1).and_then(|rest| rest.split(' ').next()?.parse::<u64>().ok());
    assert!(dropped.is_some_and(|packets| packets > 500), "the network was not bad: {said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "run by calls_in_a_network_that_loses_a_fifth, in its namespace"]
async fn inside_a_network_that_loses_a_fifth() {
    const CALLS: i64 = 24;
    const KEYS: &str = "159#";
    let (mut us, mut them) = (Side::new(), Side::new());
    let (out, mut offered) = unbounded_channel::<AnswererEvent>();
    let answerer =
        Answerer::start((LOOPBACK, 0).into(), None, Arc::new(Clock::system()), out).expect("a socket on loopback");
    let mut line = line(answerer.local_addr(), |config| config.ring_ms_max = 40_000, Timing::default());
    for call in 0..CALLS {
        // The number tells the other side which call it is.
        let local = us.media.open(leg(call), LOOPBACK).expect("a port");
        line.trunk.dial(leg(call), &format!("+7916000{call:04}"), local);
    }
    let mut dialogs = std::collections::HashMap::new();
    let (mut ours, mut theirs) = (vec![String::new(); CALLS as usize], vec![String::new(); CALLS as usize]);
    let mut ends = Vec::new();
    while ends.len() < CALLS as usize {
        let event = async {
            tokio::select! {
                Some(event) = line.events.recv() => match event.kind {
                    Told::Ringing => {}
                    Told::Answered(media) => {
                        let remote = Remote::from(media);
                        us.media.connect(event.leg, remote);
                        us.media.press(event.leg, KEYS);
                    }
                    Told::Ended(cause) => ends.push((event.leg.call.0, cause)),
                    other => panic!("call {}: {other:?}", event.leg.call.0),
                },
                Some(event) = offered.recv() => match event.kind {
                    Answers::Incoming { to_user, media, .. } => {
                        let call: i64 = to_user.full()[8..].parse().expect("the number that was dialled");
                        dialogs.insert(call, event.dialog);
                        let local = them.media.open(leg(call), LOOPBACK).expect("a port");
                        answerer.ring(event.dialog);
                        answerer.answer(event.dialog, local, media.codec);
                        let remote = Remote::from(media);
                        them.media.connect(leg(call), remote);
                    }
                    // Not before: until the answer has come through, nobody listens.
                    Answers::Acked => {
                        let call = dialogs.iter().find(|(_, dialog)| **dialog == event.dialog).expect("offered").0;
                        them.media.press(leg(*call), KEYS);
                    }
                    Answers::IncomingWithoutOffer { .. } | Answers::Moved(_) | Answers::Digit(_) => {}
                    Answers::Cancelled | Answers::Ended => {}
                },
                Some(event) = us.events.recv() => if let MediaEventKind::Digit(key) = event.kind {
                    ours[event.leg.call.0 as usize].push(key);
                    return Some(event.leg);
                },
                Some(event) = them.events.recv() => if let MediaEventKind::Digit(key) = event.kind {
                    theirs[event.leg.call.0 as usize].push(key);
                    return Some(event.leg);
                },
            }
            None
        };
        let Ok(next) = tokio::time::timeout(LIMIT, event).await else {
            panic!("nothing happens any more; ended: {ends:?}; keys: {ours:?} {theirs:?}")
        };
        let Some(leg) = next else { continue };
        let call = leg.call.0 as usize;
        if ours[call].len() == KEYS.len() && theirs[call].len() == KEYS.len() {
            // One half of the calls is hung up by us, the other by them.
            if call.is_multiple_of(2) {
                line.trunk.hangup(leg);
            } else {
                answerer.hangup(dialogs[&leg.call.0]);
            }
        }
    }
    assert!(ours.iter().chain(&theirs).all(|keys| keys == KEYS), "{ours:?} {theirs:?}");
    for (call, cause) in ends {
        let expected = if call % 2 == 0 { HangupCause::LocalHangup } else { HangupCause::RemoteHangup };
        assert_eq!(cause, expected, "call {call}");
    }
    line.trunk.stop().await;
    answerer.stop().await;
}
