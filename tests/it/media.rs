//! Audio over real sockets on loopback: two `Media`, one for us and one for the far end.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use ringback::audio::{Clip, Codec, g711::Law, tone, wav};
use ringback::id::{CallId, LegId, PlayId};
use ringback::media::{Media, MediaEvent, MediaEventKind as Kind, MediaStats, Recording, Remote, Settings};
use ringback::outcome::AnsweredBy;
use ringback::time::Clock;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

const HOME: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const LIMIT: Duration = Duration::from_secs(20);

/// One end: its media and what they tell.
struct Side {
    media: Media,
    events: UnboundedReceiver<MediaEvent>,
    seen: Vec<MediaEvent>,
    clock: Arc<Clock>,
}

impl Side {
    fn start() -> Side {
        let (to, events) = unbounded_channel();
        let clock = Arc::new(Clock::system());
        Side { media: Media::start(1, clock.clone(), to).unwrap(), events, seen: Vec::new(), clock }
    }

    fn open(&self, leg: LegId) -> SocketAddr {
        self.media.open(leg, HOME).unwrap()
    }

    /// Waits for a fact of this leg that has not been waited for before; facts of other legs are kept for later.
    async fn until<T>(&mut self, leg: LegId, want: impl Fn(&Kind) -> Option<T>) -> T {
        let is = |e: &MediaEvent| (e.leg == leg).then(|| want(&e.kind)).flatten();
        if let Some(at) = self.seen.iter().position(|e| is(e).is_some()) {
            return is(&self.seen.remove(at)).unwrap();
        }
        loop {
            let event = tokio::time::timeout(LIMIT, self.events.recv()).await;
            let event = event.unwrap_or_else(|_| panic!("not within {LIMIT:?}; seen: {:?}", self.seen)).unwrap();
            match is(&event) {
                Some(found) => return found,
                None => self.seen.push(event),
            }
        }
    }

    async fn ended(&mut self, leg: LegId, play: PlayId) {
        self.until(leg, |k| (*k == Kind::PlayEnded(play)).then_some(())).await;
    }

    async fn closed(&mut self, leg: LegId) -> MediaStats {
        self.media.close(leg);
        self.until(leg, |k| if let Kind::Closed { stats } = k { Some(*stats) } else { None }).await
    }

    /// The next `n` keys of this leg.
    async fn keys(&mut self, leg: LegId, n: usize) -> String {
        let mut keys = String::new();
        while keys.len() < n {
            keys.push(self.until(leg, |k| if let Kind::Digit(key) = k { Some(*key) } else { None }).await);
        }
        keys
    }

    fn heard(&self, leg: LegId, kind: &Kind) -> bool {
        self.seen.iter().any(|e| e.leg == leg && e.kind == *kind)
    }
}

fn leg(call: i64) -> LegId {
    LegId::client(CallId(call))
}

fn remote(addr: SocketAddr, codec: Codec) -> Remote {
    Remote::plain(addr, codec, Some(101))
}

/// Opens and connects one leg on each side.
fn join(us: &Side, them: &Side, leg: LegId, codec: Codec) {
    let (here, there) = (us.open(leg), them.open(leg));
    us.media.connect(leg, remote(there, codec));
    them.media.connect(leg, remote(here, codec));
}

fn clip(pcm: &[i16]) -> Arc<Clip> {
    Arc::new(Clip::from_pcm(pcm))
}

fn read(path: &Path) -> Vec<i16> {
    wav::read(std::fs::File::open(path).unwrap()).unwrap()
}

fn find(whole: &[i16], part: &[i16]) -> Option<usize> {
    whole.windows(part.len()).position(|w| w == part)
}

/// Where nothing sounds but comfort noise.
fn is_silent(pcm: &[i16]) -> bool {
    pcm.iter().all(|s| s.abs() <= 64)
}

#[tokio::test]
async fn a_clip_arrives_to_the_sample() {
    for (call, codec) in [(1, Codec::Pcma), (2, Codec::Pcmu)] {
        // A machine that stops our thread for 200 ms makes a pause in the words, as it should; then they are said again.
        let mut tries = 0;
        while !clip_arrives(call, codec).await {
            tries += 1;
            assert!(tries < 5, "the machine is too busy to test on");
        }
    }
}

/// False if the machine did not let us send in time.
async fn clip_arrives(call: i64, codec: Codec) -> bool {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("heard.wav");
    let (mut us, mut them) = (Side::start(), Side::start());
    let pieces = [tone::babble(1, 700), tone::sine(440.0, 333, 9000), tone::babble(2, 501)];
    let leg = leg(call);
    join(&us, &them, leg, codec);
    let began = them.clock.now().mono;
    them.media.record(leg, path.clone());
    us.media.play(leg, PlayId(7), pieces.iter().map(|p| clip(p)).collect());
    us.ended(leg, PlayId(7)).await;
    us.media.press(leg, "#");
    assert_eq!(them.keys(leg, 1).await, "#");
    let stats = them.closed(leg).await;
    let lasted = them.clock.now().mono.since(began).as_millis() as i64;
    let sent = us.closed(leg).await;
    if us.media.stats().frames_skipped > 0 {
        return false;
    }
    assert_eq!(stats.recording, Recording::Written);
    assert_eq!((stats.lost, stats.doubled, stats.late), (0, 0, 0), "{stats:?}");
    assert!(sent.sent >= stats.received && sent.first_packet_us.is_some(), "{sent:?} {stats:?}");
    let heard = read(&path);
    let expected: Vec<i16> = clip(&pieces.concat()).decode(codec);
    let at = find(&heard, &expected).unwrap_or_else(|| panic!("{codec:?}: the clip is not in {} samples", heard.len()));
    assert!(is_silent(&heard[..at]) && is_silent(&heard[at + expected.len()..]));
    let length = heard.len() as i64 / 8;
    assert!((length - lasted).abs() < 200, "recorded {length} ms of {lasted}");
    true
}

#[tokio::test]
async fn keys_survive_a_bad_line() {
    const SEEDS: i64 = 16;
    const KEYS: &str = "0123456789*#ABCD11";
    let (mut us, mut them) = (Side::start(), Side::start());
    let mut lines = Vec::new();
    for seed in 1..=SEEDS {
        let leg = leg(seed);
        let (here, there) = (us.open(leg), them.open(leg));
        let line = BadLine::between(here, there, seed as u64);
        us.media.connect(leg, remote(line.addr, Codec::Pcma));
        them.media.connect(leg, remote(line.addr, Codec::Pcma));
        us.media.press(leg, KEYS);
        lines.push(line);
    }
    for seed in 1..=SEEDS {
        assert_eq!(them.keys(leg(seed), KEYS.len()).await, KEYS, "seed {seed}");
    }
    let mut total = MediaStats::default();
    for seed in 1..=SEEDS {
        us.closed(leg(seed)).await;
        let stats = them.closed(leg(seed)).await;
        total.received += stats.received;
        total.lost += stats.lost;
        total.doubled += stats.doubled;
    }
    let left: Vec<_> = them.seen.iter().filter(|e| matches!(e.kind, Kind::Digit(_))).collect();
    assert!(left.is_empty(), "keys that nobody pressed: {left:?}");
    assert!(total.lost > 0 && total.doubled > 0, "the line was not bad: {total:?}");
    println!("{} keys, 0 lost, 0 doubled; packets: {total:?}", SEEDS as usize * KEYS.len());
}

/// Carries packets from one leg to the other: 5 % are dropped, 5 % doubled, 5 % overtaken by the next, as its seed decides.
struct BadLine {
    addr: SocketAddr,
    stop: Arc<std::sync::atomic::AtomicBool>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl BadLine {
    fn between(from: SocketAddr, to: SocketAddr, seed: u64) -> BadLine {
        use std::sync::atomic::Ordering::Relaxed;
        let socket = UdpSocket::bind((HOME, 0)).unwrap();
        socket.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
        let addr = socket.local_addr().unwrap();
        let stop = Arc::new(std::sync::atomic::AtomicBool::new(false));
        let stopped = stop.clone();
        let thread = std::thread::spawn(move || {
            let mut dice = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15);
            let mut held: Option<Vec<u8>> = None;
            let mut buffer = [0; 1500];
            while !stopped.load(Relaxed) {
                let Ok((n, source)) = socket.recv_from(&mut buffer) else { continue };
                if source != from {
                    continue;
                }
                dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                let packet = buffer[..n].to_vec();
                let mut out = Vec::new();
                match dice >> 33 & 0xFF {
                    0..13 => {}
                    13..26 => out.extend([packet.clone(), packet]),
                    26..39 if held.is_none() => held = Some(packet),
                    _ => {
                        out.push(packet);
                        out.extend(held.take());
                    }
                }
                for packet in out {
                    socket.send_to(&packet, to).unwrap();
                }
            }
        });
        BadLine { addr, stop, thread: Some(thread) }
    }
}

impl Drop for BadLine {
    fn drop(&mut self) {
        self.stop.store(true, std::sync::atomic::Ordering::Relaxed);
        self.thread.take().unwrap().join().unwrap();
    }
}

#[tokio::test]
async fn the_first_packet_leaves_at_once() {
    const LEGS: i64 = 50;
    let (mut us, them) = (Side::start(), Side::start());
    let greeting = clip(&tone::babble(1, 300));
    for call in 1..=LEGS {
        join(&us, &them, leg(call), Codec::Pcma);
        us.media.play(leg(call), PlayId(1), vec![greeting.clone()]);
    }
    let mut after = Vec::new();
    for call in 1..=LEGS {
        after.push(
            us.until(leg(call), |k| if let Kind::FirstPacket { after_us } = k { Some(*after_us) } else { None }).await,
        );
        us.ended(leg(call), PlayId(1)).await;
    }
    after.sort_unstable();
    let [p50, p99, max] = [0.5, 0.99, 1.0].map(|q| after[((after.len() - 1) as f64 * q) as usize]);
    println!("first packet after connect and play, {LEGS} legs at once: p50 {p50} µs, p99 {p99} µs, max {max} µs");
    println!("{:?}", us.media.stats());
    // One frame is 20 ms; a busy machine is given two more.
    assert!(max < 60_000, "{after:?}");
}

#[tokio::test]
async fn a_stop_cuts_and_says_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cut.wav");
    let (mut us, mut them) = (Side::start(), Side::start());
    let leg = leg(1);
    join(&us, &them, leg, Codec::Pcma);
    them.media.record(leg, path.clone());
    us.media.play(leg, PlayId(1), vec![clip(&tone::sine(440.0, 10_000, 9000))]);
    us.until(leg, |k| matches!(k, Kind::FirstPacket { .. }).then_some(())).await;
    us.media.stop(leg, PlayId(1));
    us.media.play(leg, PlayId(2), vec![clip(&tone::silence(300)), clip(&tone::sine(700.0, 100, 9000))]);
    us.ended(leg, PlayId(2)).await;
    us.closed(leg).await;
    them.closed(leg).await;
    assert!(!us.heard(leg, &Kind::PlayEnded(PlayId(1))));
    let heard = read(&path);
    let sounding = heard.iter().filter(|s| s.abs() > 8).count();
    assert!((800..4800).contains(&sounding), "{sounding} samples sound; 10 s would be 80,000");
}

#[tokio::test]
async fn a_bridge_lets_both_hear_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let (mut us, mut them) = (Side::start(), Side::start());
    let (client, agent) = (LegId::client(CallId(1)), LegId::agent(CallId(1)));
    join(&us, &them, client, Codec::Pcma);
    join(&us, &them, agent, Codec::Pcmu);
    us.media.bridge(client, agent);
    let path = |leg: LegId| -> PathBuf { folder.path().join(format!("{:?}.wav", leg.party)) };
    let said = [(client, tone::babble(5, 1500), Codec::Pcma), (agent, tone::babble(6, 1500), Codec::Pcmu)];
    for (leg, words, _) in &said {
        them.media.record(*leg, path(*leg));
        them.media.play(*leg, PlayId(1), vec![clip(words)]);
    }
    for (leg, ..) in &said {
        them.ended(*leg, PlayId(1)).await;
    }
    them.media.press(client, "0");
    assert_eq!(us.keys(client, 1).await, "0");
    // Closing one leaves the other up, in silence.
    us.closed(agent).await;
    us.media.play(client, PlayId(2), vec![clip(&tone::silence(60))]);
    us.ended(client, PlayId(2)).await;
    us.closed(client).await;
    for (one, other) in [(0, 1), (1, 0)] {
        let (_, words, from) = &said[one];
        let (listener, _, to) = &said[other];
        let to = to.law().unwrap();
        them.closed(*listener).await;
        let heard = read(&path(*listener));
        let recode = |&sample: &i16| to.decode(to.encode(sample));
        let expected: Vec<i16> = clip(words).decode(*from).iter().map(recode).collect();
        // A loaded machine may tear the relay's stream; half a second whole is proof enough.
        let whole = expected.windows(4000).step_by(400).any(|part| find(&heard, part).is_some());
        assert!(whole, "{listener:?} did not hear the other");
    }
}

#[tokio::test]
async fn strangers_and_the_past_are_not_heard() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("strangers.wav");
    let (mut us, them) = (Side::start(), Side::start());
    let (old, new) = (leg(1), leg(2));
    join(&us, &them, old, Codec::Pcma);
    them.media.play(old, PlayId(1), vec![clip(&tone::babble(1, 5000))]);
    let was = us.open(leg(3));
    us.closed(leg(3)).await;
    us.closed(old).await;
    // The far end has not heard that the old call is over and talks on: its port is not given to anyone yet.
    assert_eq!(UdpSocket::bind(was).unwrap_err().kind(), std::io::ErrorKind::AddrInUse);
    let stranger = UdpSocket::bind("127.0.0.2:0").unwrap();
    let here = us.open(new);
    let there = them.open(new);
    us.media.connect(new, remote(there, Codec::Pcma));
    us.media.record(new, path.clone());
    let mut loud = vec![0x80, 8, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1];
    loud.extend([0x2A; 160]);
    for _ in 0..20 {
        stranger.send_to(&loud, here).unwrap();
    }
    stranger.send_to(b"no RTP at all", here).unwrap();
    them.media.connect(new, remote(here, Codec::Pcma));
    them.media.press(new, "1");
    assert_eq!(us.keys(new, 1).await, "1");
    let stats = us.closed(new).await;
    assert_eq!(stats.foreign, 21, "{stats:?}");
    assert!(is_silent(&read(&path)));
}

/// One packet as a foreign telephone might send it.
fn packet(sequence: u16, timestamp: u32, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0x80, 8];
    bytes.extend(sequence.to_be_bytes());
    bytes.extend(timestamp.to_be_bytes());
    bytes.extend([0, 0, 0, 9]);
    bytes.extend(payload);
    bytes
}

#[tokio::test]
async fn a_recording_follows_the_timestamps() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("foreign.wav");
    let mut us = Side::start();
    let leg = leg(1);
    let phone = UdpSocket::bind((HOME, 0)).unwrap();
    let here = us.open(leg);
    us.media.connect(leg, remote(phone.local_addr().unwrap(), Codec::Pcma));
    us.media.record(leg, path.clone());
    // Packets of 30 ms; one doubled, two swapped, one lost, one late, and 300 ms in which the phone sent nothing.
    let voice: Vec<u8> = tone::babble(1, 600).iter().map(|&s| Law::A.encode(s)).collect();
    let pieces: Vec<&[u8]> = voice.chunks(240).collect();
    let sent = |n: u16| packet(n, u32::from(n) * 240 + if n < 10 { 0 } else { 2400 }, pieces[n as usize]);
    for n in [0, 1, 1, 3, 2, 4, 6, 7, 8, 9, 5, 10, 11, 12, 13, 14, 16, 17, 18, 19] {
        phone.send_to(&sent(n), here).unwrap();
    }
    phone.send_to(&[0x80, 101, 0, 20, 0, 0, 0, 1, 0, 0, 0, 9, 4, 0x8A, 3, 32], here).unwrap();
    assert_eq!(us.keys(leg, 1).await, "4");
    let stats = us.closed(leg).await;
    assert_eq!((stats.received, stats.lost, stats.doubled, stats.late), (20, 1, 1, 1), "{stats:?}");
    let mut expected: Vec<i16> = voice.iter().map(|&b| Law::A.decode(b)).collect();
    // 5 came when 6 to 9 had already filled the window; 15 never came.
    expected[5 * 240..6 * 240].fill(0);
    expected[15 * 240..16 * 240].fill(0);
    expected.splice(2400..2400, [0; 2400]);
    assert!(find(&read(&path), &expected).is_some());
}

#[tokio::test]
async fn ports_of_a_range_run_out_with_a_clear_word() {
    let (to, _events) = unbounded_channel();
    // A range of five that are free now: three are even, if the first is.
    let first = UdpSocket::bind((HOME, 0)).unwrap().local_addr().unwrap().port().min(65_000) & !1;
    let ports = Some(first..=first + 4);
    let media = Media::start_with(Settings { ports, ..Settings::default() }, Arc::new(Clock::system()), to).unwrap();
    let mut opened = 0;
    let error = loop {
        match media.open(leg(opened), HOME) {
            Ok(addr) => assert!((first..=first + 4).contains(&addr.port()) && addr.port().is_multiple_of(2), "{addr}"),
            Err(e) => break e,
        }
        opened += 1;
    };
    // Another program may hold some of them.
    assert!(opened <= 3);
    assert!(error.to_string().contains(&format!("all 3 even UDP ports of {first}-{}", first + 4)), "{error}");
}

#[tokio::test]
async fn who_answered_is_heard() {
    let (mut us, mut them) = (Side::start(), Side::start());
    let (human, machine) = (leg(1), leg(2));
    for leg in [human, machine] {
        join(&us, &them, leg, Codec::Pcma);
        us.media.listen_for_machine(leg);
    }
    us.media.listen_for_speech(human, 300);
    them.media.play(human, PlayId(1), vec![clip(&tone::babble(1, 600))]);
    let greeting = [tone::babble(2, 3500), tone::silence(200), tone::beep()].concat();
    them.media.play(machine, PlayId(1), vec![clip(&greeting)]);
    us.until(human, |k| (*k == Kind::SpeechStarted).then_some(())).await;
    us.until(human, |k| (*k == Kind::SpeechEnded).then_some(())).await;
    us.until(human, |k| (*k == Kind::AnsweredBy(AnsweredBy::Human)).then_some(())).await;
    us.until(machine, |k| (*k == Kind::AnsweredBy(AnsweredBy::Machine)).then_some(())).await;
    us.until(machine, |k| (*k == Kind::Beeped).then_some(())).await;
    them.ended(machine, PlayId(1)).await;
    // Nobody asked about speech here.
    assert!(!us.heard(machine, &Kind::SpeechStarted));
}

#[tokio::test]
async fn a_recording_that_cannot_be_written_does_not_harm_the_call() {
    let (mut us, them) = (Side::start(), Side::start());
    let leg = leg(1);
    join(&us, &them, leg, Codec::Pcma);
    us.media.record(leg, PathBuf::from("/nowhere/at/all.wav"));
    us.media.play(leg, PlayId(1), vec![clip(&tone::babble(1, 100))]);
    us.ended(leg, PlayId(1)).await;
    assert_eq!(us.closed(leg).await.recording, Recording::Failed);
}

#[tokio::test]
async fn dropping_the_handle_closes_all() {
    let Side { media, mut events, .. } = Side::start();
    for call in 1..=3 {
        media.open(leg(call), HOME).unwrap();
    }
    assert!(media.open(leg(9), "192.0.2.1".parse().unwrap()).unwrap_err().to_string().contains("no UDP port"));
    drop(media);
    let mut closed = 0;
    while let Some(event) = tokio::time::timeout(LIMIT, events.recv()).await.unwrap() {
        closed += usize::from(matches!(event.kind, Kind::Closed { .. }));
    }
    assert_eq!(closed, 3);
}

/// How many legs a thread holds, and what each costs. Run alone:
/// `LEGS=1000 cargo test --test it media::figures -- --ignored --nocapture`.
#[tokio::test]
#[ignore = "a measurement"]
async fn figures() {
    let words = clip(&tone::babble(1, 3000));
    for legs in std::env::var("LEGS").map_or(vec![100, 500, 1000], |l| vec![l.parse().unwrap()]) {
        let (mut us, them) = (Side::start(), Side::start());
        let memory = resident();
        for call in 1..=legs {
            join(&us, &them, leg(call), Codec::Pcma);
        }
        for call in 1..=legs {
            us.media.play(leg(call), PlayId(1), vec![words.clone()]);
        }
        us.until(leg(legs), |k| matches!(k, Kind::FirstPacket { .. }).then_some(())).await;
        us.media.reset_stats();
        let cpu = cpu_us();
        let began = us.clock.now().mono;
        us.ended(leg(1), PlayId(1)).await;
        let lasted = us.clock.now().mono.since(began);
        let (cpu, after) = (cpu_us() - cpu, us.media.stats());
        let packets = after.sent + after.received;
        println!(
            "{legs} legs on one thread, both ways, and as many on their peer's: late p50 {} p99 {} max {} µs; served p50 {} p99 {} max {} µs; \
             frames skipped {}; {packets} packets in {lasted:?}; CPU {:.2} µs a packet sent or received; memory {} bytes a leg",
            after.late_p50_us,
            after.late_p99_us,
            after.late_max_us,
            after.served_p50_us,
            after.served_p99_us,
            after.served_max_us,
            after.frames_skipped,
            cpu as f64 / (2 * packets) as f64,
            resident().saturating_sub(memory) / (2 * legs as u64),
        );
    }
}

/// How soon after the answer the first packet of a prompt leaves, when 500 calls are answered within one second, each with a clip of
/// its own. Run alone: `cargo test --release --test it media::five_hundred -- --ignored --nocapture`.
#[tokio::test]
#[ignore = "a measurement"]
async fn five_hundred_answered_in_a_second() {
    const CALLS: i64 = 500;
    let (mut us, them) = (Side::start(), Side::start());
    let clips: Vec<Arc<Clip>> = (0..CALLS).map(|n| clip(&tone::babble(n as u64, 3000))).collect();
    let ports: Vec<(SocketAddr, SocketAddr)> = (0..CALLS).map(|n| (us.open(leg(n)), them.open(leg(n)))).collect();
    let mut beat = tokio::time::interval(Duration::from_millis(2));
    let began = us.clock.now().mono;
    for (n, (here, there)) in ports.into_iter().enumerate() {
        beat.tick().await;
        them.media.connect(leg(n as i64), remote(here, Codec::Pcma));
        us.media.connect(leg(n as i64), remote(there, Codec::Pcma));
        us.media.play(leg(n as i64), PlayId(1), vec![clips[n].clone()]);
    }
    let within = us.clock.now().mono.since(began);
    let mut first = Vec::new();
    for n in 0..CALLS {
        let after = |k: &Kind| if let Kind::FirstPacket { after_us } = k { Some(*after_us) } else { None };
        first.push(us.until(leg(n), after).await);
    }
    first.sort_unstable();
    let at = |part: usize| first[(first.len() - 1) * part / 100] as f64 / 1000.0;
    println!(
        "{CALLS} calls answered within {within:?}: first packet of the prompt after p50 {:.1} p99 {:.1} max {:.1} ms; frames skipped {}",
        at(50),
        at(99),
        at(100),
        us.media.stats().frames_skipped
    );
}

fn resident() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    statm.split(' ').nth(1).unwrap().parse::<u64>().unwrap() * 4096
}

/// CPU of the whole process, user and system.
fn cpu_us() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    // utime and stime, in ticks of 10 ms.
    (fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()) * 10_000
}

/// ITU-T G.191's sweep over all 65,536 samples, both laws, both ways.
#[test]
fn g711_agrees_with_the_itu_bit_for_bit() {
    let folder = std::env::var_os("RINGBACK_MATERIAL")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/material"), PathBuf::from);
    let archive = folder.join("itu-g711-vectors.tar.xz");
    if !archive.exists() {
        println!("skipped: no ITU vectors at {}", archive.display());
        return;
    }
    let words = |name: &str| -> Vec<i16> {
        let tar =
            std::process::Command::new("tar").arg("-xJOf").arg(&archive).arg(format!("stl/{name}")).output().unwrap();
        assert!(tar.status.success(), "tar and xz are needed to read {}", archive.display());
        tar.stdout.as_chunks().0.iter().map(|&b| i16::from_le_bytes(b)).collect()
    };
    let source = words("sweep.src");
    assert_eq!(source.len(), 65_536);
    for (law, coded, decoded) in [(Law::A, "sweep-r.a", "sweep-r.rea"), (Law::Mu, "sweep-r.u", "sweep-r.reu")] {
        let (coded, decoded) = (words(coded), words(decoded));
        for ((&sample, &byte), &back) in source.iter().zip(&coded).zip(&decoded) {
            assert_eq!(i16::from(law.encode(sample)), byte, "{law:?} of {sample}");
            assert_eq!(law.decode(byte as u8), back, "{law:?} of byte {byte}");
        }
    }
}

/// What the far end does after the beep, and what becomes of the message: (what it says in ms, the greatest length, how we end it,
/// the length told in ms, at least and at most; `None`: nothing is kept)
#[tokio::test]
async fn messages_are_taken_until_they_end() {
    #[derive(Clone, Copy)]
    enum By {
        Itself,
        Order,
        Closing,
    }
    let folder = tempfile::tempdir().unwrap();
    let (mut us, them) = (Side::start(), Side::start());
    for (call, says_ms, max_ms, by, expected) in [
        (60, 1_000, 10_000, By::Itself, Some(800..1_300)),
        (61, 0, 900, By::Itself, None),
        (62, 8_000, 1_500, By::Itself, Some(1_400..1_600)),
        (63, 8_000, 10_000, By::Order, Some(400..2_000)),
        (64, 8_000, 10_000, By::Closing, Some(400..2_000)),
        (65, 0, 10_000, By::Order, None),
    ] {
        let leg = leg(call);
        join(&us, &them, leg, Codec::Pcma);
        let path = folder.path().join(format!("{call}-1.wav"));
        us.media.listen_for_speech(leg, 300);
        us.media.take_message(leg, path.clone(), Duration::from_millis(max_ms), Duration::from_millis(600));
        let words = tone::babble(call as u64, says_ms);
        if says_ms > 0 {
            them.media.play(leg, PlayId(1), vec![clip(&words)]);
            us.until(leg, |k| (*k == Kind::SpeechStarted).then_some(())).await;
        }
        if says_ms > 5_000 && max_ms > 5_000 {
            // Our own half a second is over: some of theirs has surely been said.
            us.media.play(leg, PlayId(2), vec![clip(&tone::silence(500))]);
            us.ended(leg, PlayId(2)).await;
        }
        match by {
            By::Itself => {}
            By::Order => us.media.end_message(leg),
            By::Closing => us.media.close(leg),
        }
        let taken = |k: &Kind| match k {
            Kind::MessageTaken { length, kept } => Some((*length, *kept)),
            _ => None,
        };
        let (length, kept) = us.until(leg, taken).await;
        let Some(expected) = expected else {
            assert_eq!((length, kept, path.exists()), (Duration::ZERO, false, false), "message {call}");
            continue;
        };
        assert!(kept && expected.contains(&length.as_millis()), "message {call}: {length:?}");
        let pcm = read(&path);
        assert!(pcm.len() as u128 / 8 >= length.as_millis(), "message {call}: {} samples", pcm.len());
        assert!(!is_silent(&pcm), "message {call} holds nothing");
    }
}

#[tokio::test]
async fn a_message_that_cannot_be_written_is_told_so() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("recordings"), "a file where a folder should be").unwrap();
    let (mut us, them) = (Side::start(), Side::start());
    let leg = leg(70);
    join(&us, &them, leg, Codec::Pcmu);
    us.media.listen_for_speech(leg, 300);
    let path = folder.path().join("recordings").join("70-1.wav");
    us.media.take_message(leg, path, Duration::from_secs(10), Duration::from_millis(400));
    them.media.play(leg, PlayId(1), vec![clip(&tone::babble(70, 700))]);
    let kept =
        us.until(leg, |k| if let Kind::MessageTaken { length, kept } = k { Some((*length, *kept)) } else { None });
    let (length, kept) = kept.await;
    assert!(!kept && !length.is_zero(), "{length:?}");
}
