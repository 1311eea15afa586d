//! What a leg puts on the line and how it takes what comes: packet lengths, codecs, reports, silence, floods. The far end is a bare
//! socket of the test's own.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use ringback::audio::{Clip, Codec, Decoder, tone, wav};
use ringback::id::{CallId, LegId, PlayId};
use ringback::media::{Media, MediaEvent, MediaEventKind as Kind, MediaStats, Recording, Remote, Settings, SrtpKeys};
use ringback::rtp::rtcp::{self, Block, Said, Sent};
use ringback::rtp::{Header, Packet};
use ringback::time::Clock;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

const LIMIT: Duration = Duration::from_secs(20);

/// A leg of ours and the socket that it talks to.
struct Line {
    media: Media,
    events: UnboundedReceiver<MediaEvent>,
    clock: Arc<Clock>,
    leg: LegId,
    here: SocketAddr,
    far: UdpSocket,
    /// The far end's own stream: its next sequence number.
    sequence: u16,
}

impl Line {
    fn open(settings: Settings, remote: impl FnOnce(SocketAddr) -> Remote) -> Line {
        let (to, events) = unbounded_channel();
        let clock = Arc::new(Clock::system());
        let media = Media::start_with(settings, clock.clone(), to).unwrap();
        let leg = LegId::client(CallId(1));
        let far = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        far.set_read_timeout(Some(LIMIT)).unwrap();
        let here = media.open(leg, Ipv4Addr::LOCALHOST.into()).unwrap();
        media.connect(leg, remote(far.local_addr().unwrap()));
        Line { media, events, clock, leg, here, far, sequence: 0 }
    }

    fn play(&self, pcm: &[i16]) {
        self.media.play(self.leg, PlayId(1), vec![Arc::new(Clip::from_pcm(pcm))]);
    }

    /// The next packet of ours: its header and payload.
    fn packet(&self) -> (Header, Vec<u8>) {
        let mut bytes = [0; 1500];
        let (length, from) = self.far.recv_from(&mut bytes).expect("audio comes");
        assert_eq!(from, self.here);
        let packet = Packet::parse(&bytes[..length]).unwrap();
        (packet.header, packet.payload.to_vec())
    }

    /// A packet of the far end's, of 20 ms, from this socket.
    fn say(&mut self, from: &UdpSocket, payload_type: u8, ssrc: u32, payload: &[u8]) {
        let mut bytes = vec![0; 12 + payload.len()];
        let timestamp = u32::from(self.sequence) * 160;
        let header = Header { payload_type, marker: false, sequence: self.sequence, timestamp, ssrc };
        header.write(payload, &mut bytes);
        from.send_to(&bytes, self.here).unwrap();
        self.sequence = self.sequence.wrapping_add(1);
    }

    async fn until<T>(&mut self, want: impl Fn(&Kind) -> Option<T>) -> T {
        loop {
            let event = tokio::time::timeout(LIMIT, self.events.recv()).await.expect("it is told in time").unwrap();
            if let Some(found) = want(&event.kind) {
                return found;
            }
        }
    }

    async fn closed(&mut self) -> MediaStats {
        self.media.close(self.leg);
        self.until(|k| if let Kind::Closed { stats } = k { Some(*stats) } else { None }).await
    }
}

fn plain(addr: SocketAddr) -> Remote {
    Remote::plain(addr, Codec::Pcma, Some(101))
}

#[tokio::test]
async fn packets_are_as_long_as_was_agreed() {
    // codec, agreed ms → payload bytes (`None`: the codec decides), ticks from packet to packet
    for (codec, ptime_ms, bytes, ticks) in [
        (Codec::Pcma, 10, Some(80), 80),
        (Codec::Pcmu, 20, Some(160), 160),
        (Codec::Pcma, 30, Some(240), 240),
        (Codec::G722, 40, Some(320), 320),
        (Codec::Pcma, 60, Some(480), 480),
        (Codec::Opus, 20, None, 960),
        // What nobody agrees on.
        (Codec::Pcma, 25, Some(160), 160),
    ] {
        let mut line =
            Line::open(Settings::default(), |addr| Remote { ptime_ms, ..Remote::plain(addr, codec, Some(101)) });
        let words = tone::sine(440.0, 600, 9000);
        line.play(&words);
        let mut decoder = Decoder::new(codec);
        let mut heard = Vec::new();
        let began = line.clock.now().mono;
        let (first, mut payload) = line.packet();
        // RFC 3711 §3.3.1: a packet lost before the first wrap must not be taken for one after it.
        assert!(first.sequence < 0x8000, "{}", first.sequence);
        let mut last = first;
        let mut count = 1;
        loop {
            let mut pcm = [0; 960];
            let samples = decoder.decode(&payload, &mut pcm);
            heard.extend(&pcm[..samples]);
            if heard.len() >= 3840 {
                break;
            }
            let (header, next) = line.packet();
            assert_eq!(header.payload_type, codec.payload_type());
            assert_eq!(header.sequence, last.sequence.wrapping_add(1));
            assert_eq!(header.timestamp.wrapping_sub(last.timestamp), ticks, "{codec:?} {ptime_ms}");
            assert!(bytes.is_none_or(|bytes| next.len() == bytes), "{codec:?} {ptime_ms}: {}", next.len());
            (last, payload, count) = (header, next, count + 1);
        }
        let lasted = line.clock.now().mono.since(began).as_millis() as u64;
        let spoken = u64::from(ticks) * 1000 / u64::from(codec.clock()) * (count - 1);
        assert!(lasted + 60 >= spoken && lasted < spoken + 400, "{codec:?} {ptime_ms}: {spoken} ms took {lasted}");
        assert!(is_tone(&heard[800..3600], 440.0), "{codec:?} {ptime_ms}");
        line.closed().await;
    }
}

/// Whether nearly all energy is at this frequency.
fn is_tone(pcm: &[i16], hz: f64) -> bool {
    let (mut re, mut im, mut energy) = (0.0, 0.0, 0.0);
    for (n, &s) in pcm.iter().enumerate() {
        let (s, at) = (f64::from(s), std::f64::consts::TAU * hz * n as f64 / 8000.0);
        (re, im, energy) = (re + s * at.cos(), im + s * at.sin(), energy + s * s);
    }
    2.0 * (re * re + im * im) / pcm.len() as f64 > 0.9 * energy && energy > 1e6
}

#[tokio::test]
async fn packets_of_any_length_and_codec_are_heard() {
    let folder = tempfile::tempdir().unwrap();
    for (n, (codec, samples)) in [
        (Codec::Pcma, 80),
        (Codec::Pcmu, 240),
        (Codec::Pcma, 960),
        (Codec::G722, 160),
        (Codec::Opus, 160),
        (Codec::Opus, 480),
    ]
    .into_iter()
    .enumerate()
    {
        let mut line = Line::open(Settings::default(), |addr| Remote::plain(addr, codec, None));
        let path = folder.path().join(format!("{n}.wav"));
        line.media.record(line.leg, path.clone());
        let mut encoder = ringback::audio::Encoder::new(codec);
        let words = tone::sine(440.0, 960, 9000);
        let mut timestamp = u32::MAX - 1000;
        let began = line.clock.now().mono;
        for (sequence, piece) in words.chunks_exact(samples).enumerate() {
            let mut payload = [0; 960];
            // Encoders take 60 ms at most; longer packets are of codecs that may be joined.
            let length: usize = if codec.is_bytewise() {
                piece.chunks(480).zip(payload.chunks_mut(480)).map(|(pcm, to)| encoder.encode(pcm, to)).sum()
            } else {
                encoder.encode(piece, &mut payload)
            };
            let header = Header {
                payload_type: codec.payload_type(),
                marker: false,
                sequence: sequence as u16,
                timestamp,
                ssrc: 7,
            };
            let mut bytes = vec![0; 12 + length];
            header.write(&payload[..length], &mut bytes);
            line.far.send_to(&bytes, line.here).unwrap();
            timestamp = timestamp.wrapping_add(codec.ticks(samples as u32));
            // Our own packets tell the time.
            let due = began + Duration::from_millis((sequence * samples) as u64 / 8);
            while line.clock.now().mono < due {
                drop(line.packet());
            }
        }
        // Its own packets say that the last has been read: a visit reads before it sends.
        (0..10).for_each(|_| drop(line.packet()));
        let stats = line.closed().await;
        assert_eq!(stats.received, (words.len() / samples) as u64, "{codec:?} {samples}");
        let heard = wav::read(std::fs::File::open(Path::new(&path)).unwrap()).unwrap();
        let from = heard.iter().position(|s| s.abs() > 2000).expect("something is heard") + 400;
        assert!(is_tone(&heard[from..from + 6000], 440.0), "{codec:?} {samples}");
    }
}

#[tokio::test]
async fn reports_are_made_and_heard() {
    let reports = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    reports.set_read_timeout(Some(LIMIT)).unwrap();
    let rtcp_addr = reports.local_addr().unwrap();
    let mut line = Line::open(Settings::default(), |addr| Remote { rtcp_addr, ..plain(addr) });
    let (ours, _) = line.packet();
    let far = line.far.try_clone().unwrap();
    // Ten of theirs, two of them lost on the way.
    for n in 0..10 {
        if n == 3 || n == 6 {
            line.sequence += 1;
        }
        line.say(&far, 8, 77, &[0xD5; 160]);
    }
    let mut bytes = [0; 1500];
    let (length, from) = reports.recv_from(&mut bytes).expect("a report within some seconds");
    assert_eq!(from, SocketAddr::new(line.here.ip(), line.here.port() + 1));
    let mut said = Vec::new();
    rtcp::read(&bytes[..length], |s| said.push(s)).unwrap();
    let [Said::Sent { by, sent }, Said::Heard { block, .. }] = said[..] else { panic!("{said:?}") };
    assert_eq!((by, block.ssrc, block.lost, block.highest), (ours.ssrc, 77, 2, 11), "{said:?}");
    assert!(sent.packets > 50 && sent.octets == sent.packets * 160, "{sent:?}");
    // An answer: a tenth of ours was lost; 250 ms lay between their hearing and their saying.
    let mut buffer = [0; rtcp::PACKET_MAX];
    let block = Block {
        ssrc: ours.ssrc,
        fraction_lost: 25,
        lost: (sent.packets / 10) as i32,
        highest: 0,
        jitter: 160,
        last_report: (sent.ntp >> 16) as u32,
        delay: 0,
    };
    let theirs = Sent { ntp: 1 << 40, timestamp: 0, packets: 10, octets: 1600 };
    let length = rtcp::write(77, Some(&theirs), Some(&block), b"far", false, &mut buffer);
    reports.send_to(&buffer[..length], from).unwrap();
    // A stranger's report is none.
    let stranger = UdpSocket::bind("127.0.0.2:0").unwrap();
    let worse = Block { lost: 1 << 20, ..block };
    let length = rtcp::write(77, None, Some(&worse), b"far", false, &mut buffer);
    stranger.send_to(&buffer[..length], from).unwrap();
    (0..5).for_each(|_| drop(line.packet()));
    let stats = line.closed().await;
    let (heard, said) = (stats.heard.unwrap(), stats.said.expect("they said something"));
    assert_eq!((heard.loss_permille, stats.foreign), (166, 1), "{stats:?}");
    assert!((80..=100).contains(&said.loss_permille) && said.jitter_ms == 20, "{said:?}");
    assert!(said.round_trip_ms.is_some_and(|ms| ms < 1000), "{said:?}");
    assert!(stats.mos_centi.is_some_and(|mos| (150..330).contains(&mos)), "{stats:?}");
    // A goodbye, from whom it is.
    let mut goodbye = false;
    while !goodbye {
        let (length, _) = reports.recv_from(&mut bytes).expect("a goodbye");
        rtcp::read(&bytes[..length], |s| goodbye |= s == Said::Goodbye { by: ours.ssrc }).unwrap();
    }
}

#[tokio::test]
async fn reports_on_the_port_of_the_audio() {
    let mut line = Line::open(Settings::default(), |addr| Remote { rtcp_addr: addr, ..plain(addr) });
    let far = line.far.try_clone().unwrap();
    let mut bytes = [0; 1500];
    loop {
        let (length, _) = far.recv_from(&mut bytes).expect("audio and, within some seconds, a report");
        if rtcp::is_rtcp(&bytes[..length]) {
            break;
        }
    }
    let mut buffer = [0; rtcp::PACKET_MAX];
    let length = rtcp::write(77, None, None, b"far", false, &mut buffer);
    far.send_to(&buffer[..length], line.here).unwrap();
    (0..20).for_each(|_| drop(far.recv_from(&mut bytes)));
    assert_eq!(line.closed().await.foreign, 0);
}

#[tokio::test]
async fn a_far_end_that_says_nothing_is_told_of() {
    let settings = || Settings { silent_after: Some(Duration::from_millis(700)), ..Settings::default() };
    let mut line = Line::open(settings(), plain);
    let far = line.far.try_clone().unwrap();
    // While it speaks, nothing is told.
    let began = line.clock.now().mono;
    for _ in 0..50 {
        line.say(&far, 8, 7, &[0xD5; 160]);
        drop(line.packet());
    }
    let spoke = line.clock.now().mono.since(began);
    let silent = |k: &Kind| if let Kind::MediaSilent { lasted } = k { Some(*lasted) } else { None };
    let lasted = line.until(silent).await;
    let told = line.clock.now().mono.since(began);
    assert!(lasted >= Duration::from_millis(700) && told >= spoke + Duration::from_millis(600), "{lasted:?} {told:?}");
    line.closed().await;
    // One that we hold may be silent for as long as it likes.
    let mut held = Line::open(settings(), |addr| Remote { hears: false, ..plain(addr) });
    (0..75).for_each(|_| drop(held.packet()));
    held.media.close(held.leg);
    let mut told = false;
    while let Some(event) = tokio::time::timeout(LIMIT, held.events.recv()).await.unwrap() {
        told |= silent(&event.kind).is_some();
        if let Kind::Closed { .. } = event.kind {
            break;
        }
    }
    assert!(!told);
}

#[tokio::test]
async fn a_far_end_that_holds_us_hears_nothing_and_misses_nothing() {
    let mut line = Line::open(Settings::default(), |addr| Remote { sends: false, ..plain(addr) });
    line.play(&tone::sine(440.0, 200, 9000));
    // Half a second in which nothing may come.
    line.far.set_read_timeout(Some(Duration::from_millis(500))).unwrap();
    assert!(line.far.recv(&mut [0; 200]).is_err());
    line.far.set_read_timeout(Some(LIMIT)).unwrap();
    let back = plain(line.far.local_addr().unwrap());
    line.media.connect(line.leg, back);
    let mut heard = Vec::new();
    let mut decoder = Decoder::new(Codec::Pcma);
    while heard.len() < 1600 {
        let mut pcm = [0; 160];
        decoder.decode(&line.packet().1, &mut pcm);
        heard.extend(pcm);
    }
    assert!(is_tone(&heard[160..1440], 440.0));
    line.until(|k| (*k == Kind::PlayEnded(PlayId(1))).then_some(())).await;
    line.closed().await;
}

#[tokio::test]
async fn a_flood_and_giants_delay_nobody() {
    let mut line = Line::open(Settings::default(), plain);
    let stranger = UdpSocket::bind((Ipv4Addr::new(127, 0, 0, 3), 0)).unwrap();
    let far = line.far.try_clone().unwrap();
    let giant = vec![0x80; 65_000];
    let (mut last, mut late) = (line.clock.now().mono, 0);
    for n in 0..100 {
        for _ in 0..50 {
            let _ = stranger.send_to(if n % 10 == 0 { &giant } else { &giant[..200] }, line.here);
        }
        far.send_to(&giant, line.here).unwrap();
        line.say(&far, 8, 7, &[0xD5; 160]);
        drop(line.packet());
        let now = line.clock.now().mono;
        late += usize::from(now.since(last) > Duration::from_millis(60));
        last = now;
    }
    let stats = line.closed().await;
    assert!(stats.foreign > 500, "{stats:?}");
    assert!(late <= 10, "{late} of 100 packets came late");
}

#[tokio::test]
async fn who_comes_later_from_elsewhere_is_a_stranger_until_the_first_is_silent() {
    let mut line = Line::open(Settings::default(), |addr| plain(SocketAddr::new(addr.ip(), 9)));
    let far = line.far.try_clone().unwrap();
    let other = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    // Behind a NAT: another port of the host that was named.
    line.say(&far, 8, 7, &[0xD5; 160]);
    drop(line.packet());
    for _ in 0..20 {
        line.say(&far, 8, 7, &[0xD5; 160]);
        line.say(&other, 8, 8, &[0x55; 160]);
        drop(line.packet());
    }
    // Silence, while the other goes on: it is the far end now, and spoken to.
    other.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
    let mut moved = false;
    for _ in 0..200 {
        line.say(&other, 8, 8, &[0xD5; 160]);
        moved |= other.recv(&mut [0; 200]).is_ok();
        if moved {
            break;
        }
    }
    assert!(moved);
    let stats = line.closed().await;
    assert!(stats.foreign >= 20 && stats.received >= 21, "{stats:?}");
}

#[tokio::test]
async fn a_call_on_tape_has_both_sides_in_place() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("call.wav");
    let mut line = Line::open(Settings::default(), plain);
    line.media.tape(line.leg, path.clone());
    let far = line.far.try_clone().unwrap();
    let law = Codec::Pcma.law().unwrap();
    let theirs: Vec<u8> = tone::sine(1000.0, 600, 9000).into_iter().map(|s| law.encode(s)).collect();
    line.play(&tone::sine(440.0, 600, 9000));
    for (n, piece) in theirs.chunks(160).enumerate() {
        drop(line.packet());
        // A fifth is lost.
        if n % 5 == 4 {
            line.sequence += 1;
        } else {
            line.say(&far, 8, 7, piece);
        }
    }
    (0..10).for_each(|_| drop(line.packet()));
    let stats = line.closed().await;
    assert_eq!((stats.recording, stats.lost), (Recording::Written, 5), "{stats:?}");
    let mut reader = hound::WavReader::open(&path).unwrap();
    assert_eq!((reader.spec().channels, reader.spec().sample_rate), (2, 8000));
    let samples: Vec<i16> = reader.samples::<i16>().map(Result::unwrap).collect();
    let [heard, said] = [0, 1].map(|side| samples.iter().skip(side).step_by(2).copied().collect::<Vec<i16>>());
    assert!(heard.len() >= 6000, "{} samples", heard.len());
    let begin = |pcm: &[i16]| pcm.iter().position(|s| s.abs() > 2000).expect("something sounds");
    let (left, right) = (begin(&heard), begin(&said));
    assert!(is_tone(&said[right..right + 4000], 440.0));
    // Ours came to them, and theirs back, within two or three packets.
    assert!(left.abs_diff(right) < 800, "{left} {right}");
    // Every fifth packet of theirs is a silence of its own length.
    let quiet = heard[left..left + 4700].chunks(20).filter(|c| c.iter().all(|s| *s == 0)).count();
    assert!((35..=48).contains(&quiet), "{quiet} of 235 pieces of 2.5 ms are silent; a fifth is 47");
}

#[tokio::test]
async fn encrypted_audio_goes_both_ways_and_nothing_else_is_heard() {
    use ringback::rtp::srtp::{Opener, Sealer, Suite};
    for suite in [Suite::AesCm128HmacSha1_80, Suite::AesCm128HmacSha1_32] {
        let keys = SrtpKeys { suite, ours: [7; 30], theirs: [9; 30] };
        assert!(!format!("{keys:?}").contains('7'), "keys are not shown");
        let mut line = Line::open(Settings::default(), |addr| Remote { srtp: Some(keys), ..plain(addr) });
        line.play(&tone::sine(440.0, 400, 9000));
        let (mut opener, mut sealer) = (Opener::new(suite, &keys.ours), Sealer::new(suite, &keys.theirs));
        let mut heard = Vec::new();
        let mut decoder = Decoder::new(Codec::Pcma);
        let mut last = Vec::new();
        for n in 0..25u16 {
            let mut bytes = [0; 1500];
            let (length, _) = line.far.recv_from(&mut bytes).unwrap();
            let length = opener.rtp(&mut bytes[..length]).expect("sealed with our key");
            let mut pcm = [0; 160];
            decoder.decode(Packet::parse(&bytes[..length]).unwrap().payload, &mut pcm);
            heard.extend(pcm);
            // Theirs: one in the clear, one sealed, and that again (a replay).
            let header = Header { payload_type: 8, marker: false, sequence: n, timestamp: u32::from(n) * 160, ssrc: 7 };
            let mut out = [0xD5; 200];
            header.write(&[0xD5; 160], &mut out);
            line.far.send_to(&out[..172], line.here).unwrap();
            let sealed = sealer.rtp(&mut out, 172).unwrap();
            line.far.send_to(&out[..sealed], line.here).unwrap();
            last = out[..sealed].to_vec();
        }
        line.far.send_to(&last, line.here).unwrap();
        (0..10).for_each(|_| drop(line.far.recv(&mut [0; 200])));
        assert!(is_tone(&heard[160..3040], 440.0), "{suite:?}");
        let stats = line.closed().await;
        assert_eq!((stats.received, stats.foreign), (25, 26), "{suite:?}: {stats:?}");
    }
}

#[tokio::test]
async fn keys_told_in_several_ways_count_once() {
    // Events agreed on: each press comes as an event, and SIP INFO tells of it, too.
    let mut line = Line::open(Settings::default(), plain);
    let far = line.far.try_clone().unwrap();
    for key in ['1', '2', '2'] {
        let code = key as u8 - b'0';
        let timestamp = u32::from(line.sequence) * 160;
        for end in [0u8, 0, 0x80, 0x80] {
            let header = Header { payload_type: 101, marker: end == 0, sequence: line.sequence, timestamp, ssrc: 7 };
            let mut bytes = [0; 16];
            header.write(&[code, end | 10, 1, 64], &mut bytes);
            far.send_to(&bytes, line.here).unwrap();
            line.sequence += 1;
        }
        line.until(|k| (*k == Kind::Digit(key)).then_some(())).await;
        line.media.hear_key(line.leg, key);
    }
    // None agreed on: tones, and nothing else, sound both ways.
    let mut tones = Line::open(Settings::default(), |addr| Remote::plain(addr, Codec::Pcmu, None));
    tones.media.press(tones.leg, "59#");
    let mut detector = ringback::audio::dtmf::DtmfDetector::default();
    let (mut pressed, mut heard) = (String::new(), String::new());
    for _ in 0..50 {
        let (header, payload) = tones.packet();
        let mut pcm = [0; 160];
        Decoder::new(Codec::Pcmu).decode(&payload, &mut pcm);
        pressed.extend(detector.hear(&pcm));
        // And back to where they came from.
        let far = tones.far.try_clone().unwrap();
        tones.sequence = header.sequence;
        tones.say(&far, 0, 7, &payload);
    }
    while heard.len() < 3 {
        heard.push(tones.until(|k| if let Kind::Digit(key) = k { Some(*key) } else { None }).await);
    }
    assert_eq!((pressed.as_str(), heard.as_str()), ("59#", "59#"));
    // The INFOs brought nothing.
    line.media.close(line.leg);
    while let Some(event) = tokio::time::timeout(LIMIT, line.events.recv()).await.unwrap() {
        match event.kind {
            Kind::Digit(key) => panic!("{key} twice"),
            Kind::Closed { .. } => break,
            _ => {}
        }
    }
}

#[tokio::test]
async fn what_is_lost_on_the_way_to_a_bridge_is_made_up_for_the_other() {
    let mut line = Line::open(Settings::default(), plain);
    let agent = LegId::agent(CallId(1));
    let desk = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    desk.set_read_timeout(Some(LIMIT)).unwrap();
    line.media.open(agent, Ipv4Addr::LOCALHOST.into()).unwrap();
    line.media.connect(agent, Remote::plain(desk.local_addr().unwrap(), Codec::G722, Some(101)));
    line.media.bridge(line.leg, agent);
    let far = line.far.try_clone().unwrap();
    let law = Codec::Pcma.law().unwrap();
    let words: Vec<u8> = tone::sine(200.0, 2000, 9000).into_iter().map(|s| law.encode(s)).collect();
    let mut decoder = Decoder::new(Codec::G722);
    let mut heard = Vec::new();
    let mut hear = |heard: &mut Vec<i16>| {
        let mut bytes = [0; 1500];
        let (length, _) = desk.recv_from(&mut bytes).expect("the desk is spoken to");
        let mut pcm = [0; 960];
        let samples = decoder.decode(Packet::parse(&bytes[..length]).unwrap().payload, &mut pcm);
        heard.extend(&pcm[..samples]);
    };
    for (n, piece) in words.chunks(160).enumerate() {
        drop(line.packet());
        hear(&mut heard);
        if n % 10 == 6 {
            line.sequence += 1;
        } else {
            line.say(&far, 8, 7, piece);
        }
    }
    (0..25).for_each(|_| hear(&mut heard));
    let begin = heard.iter().position(|s| s.abs() > 2000).expect("something is heard");
    let end = heard.iter().rposition(|s| s.abs() > 2000).unwrap();
    let lasted = (end - begin) / 8;
    // Nothing is left out: as long as it was said, give or take what a busy machine tears.
    assert!((1900..2200).contains(&lasted), "{lasted} ms");
    let silent = heard[begin..end].chunks(160).filter(|c| c.iter().all(|s| s.abs() < 500)).count();
    assert!(silent <= 4, "{silent} of 100 packets are silent; ten were lost");
    line.closed().await;
}
