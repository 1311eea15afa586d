//! One function a parser: bytes that a stranger may send. Each holds more than that nothing panics: what is read can be written
//! and is read as the same again, nothing grows beyond its bound, and no answer is much larger than what asked for it.
//!
//! Plain functions of bytes, so that a coverage-guided fuzzer drives the same ones (`fuzz/`).

use ringback::audio::cn::{self, ComfortNoise, NoiseGenerator};
use ringback::audio::{Codec, Decoder, coder, wav};
use ringback::rtp::rtcp::{self, Said};
use ringback::rtp::srtp::{self, Opener, Sealer};
use ringback::rtp::{Header, JitterBuffer, KeyListener, Packet, Piece, Reorder, packet, reorder};
use ringback::secret::Secret;
use ringback::sip::address::{self, Address, Contact};
use ringback::sip::auth::Challenge;
use ringback::sip::message::{Malformed, Message, Writer, parse};
use ringback::sip::sdp::Description;
use ringback::sip::stream::{Frame, Framer};
use ringback::sip::{Config, Credentials, Demand, Hop, Input, Output, Reason, Transport, UserAgent};
use ringback::time::Mono;

pub type Target = fn(&[u8]);

/// By the name of the file of its seeds, `tests/fuzz/NAME.txt`.
pub const TARGETS: &[(&str, Target)] = &[
    ("message", message),
    ("agent", agent),
    ("stream", stream),
    ("address", uri),
    ("sdp", sdp),
    ("digest", digest),
    ("rtp", rtp),
    ("rtcp", rtcp),
    ("keys", keys),
    ("order", order),
    ("srtp", srtp),
    ("audio", audio),
];

/// An answer copies lines of its question; this is what it adds at most.
const ANSWER_ADDS: usize = 400;
/// A user agent adds its own headers, and in a 200 a session description.
const AGENT_ADDS: usize = 2000;

fn source() -> Hop {
    Hop::udp(([192, 0, 2, 1], 5060).into())
}

pub fn message(bytes: &[u8]) {
    match parse(bytes, source()) {
        Ok(Message::Request(request)) => {
            assert!(request.bytes <= bytes.len());
            let answer = Writer::response(200, &request.echo, "ours").finish(None);
            assert!(answer.len() <= bytes.len() + ANSWER_ADDS, "{} bytes for {}", answer.len(), bytes.len());
            let Ok(Message::Response(response)) = parse(&answer, source()) else {
                // With a second Via it is not for us (RFC 3261 §8.1.3.3).
                let vias = answer.split(|b| *b == b'\n').filter(|line| line.starts_with(b"Via: "));
                if vias.flat_map(|line| line.split(|b| *b == b',')).count() > 1 {
                    return;
                }
                panic!("our answer is not readable: {}", answer.escape_ascii());
            };
            let (asked, told) = (&request.head, &response.head);
            assert_eq!(response.status, 200);
            assert_eq!((&asked.call_id, asked.cseq, &asked.branch), (&told.call_id, told.cseq, &told.branch));
            assert_eq!(asked.from.uri, told.from.uri);
            match &asked.to.tag {
                Some(tag) => assert_eq!(told.to.tag.as_ref(), Some(tag)),
                // A tag of theirs that is no token stands before ours, and neither is read.
                None => assert!(told.to.tag.as_deref().is_none_or(|tag| tag == "ours")),
            }
        }
        Ok(Message::Response(response)) => assert!((100..=699).contains(&response.status)),
        Err(Malformed::Answer { status, echo }) => {
            assert!((400..=699).contains(&status));
            let answer = Writer::response(status, &echo, "ours").finish(None);
            assert!(answer.len() <= bytes.len() + ANSWER_ADDS, "{} bytes for {}", answer.len(), bytes.len());
        }
        Err(Malformed::Noise) => {}
    }
    Reason::read(&[bytes.to_vec()]);
}

/// A whole user agent, asked by a stranger: what it sends back is not worth sending for (RFC 3261 §26.3.2.4).
pub fn agent(bytes: &[u8]) {
    let mut agent = UserAgent::new(Mono::ZERO, Config::new(source().addr, [1; 32]));
    let mut sent = 0;
    for output in agent.handle(Mono(1), Input::Message { from: source(), bytes }) {
        if let Output::Send { bytes: answer, .. } = output {
            sent += 1;
            assert!(answer.len() <= bytes.len() + AGENT_ADDS, "{} bytes for {}", answer.len(), bytes.len());
        }
    }
    assert!(sent <= 2, "{sent} messages for one");
}

/// Messages are cut out of a stream the same way however its bytes arrive.
pub fn stream(bytes: &[u8]) {
    let framed = |piece: usize| {
        let mut framer = Framer::default();
        let mut frames = Vec::new();
        for piece in bytes.chunks(piece) {
            framer.push(Mono(1), piece);
            loop {
                match framer.next_frame() {
                    Ok(Some(Frame::Message(message))) => frames.push(message.to_vec()),
                    Ok(Some(Frame::Ping | Frame::Pong)) => frames.push(Vec::new()),
                    Ok(None) => break,
                    Err(_) => return (frames, true),
                }
            }
        }
        (frames, false)
    };
    let whole = framed(bytes.len().max(1));
    assert!(whole.0.iter().map(Vec::len).sum::<usize>() <= bytes.len());
    for piece in [1 + bytes.len() % 7, 100] {
        assert_eq!(framed(piece), whole, "in pieces of {piece}");
    }
}

pub fn uri(bytes: &[u8]) {
    for address in Address::parse_list(bytes).into_iter().flatten().chain(Address::parse(bytes)) {
        assert!(address.uri.len() <= bytes.len());
        assert!(address.uri.bytes().all(|b| (0x21..0x7f).contains(&b)), "{:?}", address.uri);
        let tag = address.tag.as_deref().map_or(String::new(), |tag| format!(";tag={tag}"));
        let written = format!("<{}>{tag}", address.uri);
        let again = Address::parse(written.as_bytes()).unwrap_or_else(|| panic!("{written:?} is not read again"));
        assert_eq!((&again.uri, &again.tag), (&address.uri, &address.tag));
        address::user(&address.uri);
        address::is_loose(&address.uri);
        address::hop(&address.uri, Transport::Udp);
    }
    for contact in Contact::parse_list(bytes) {
        assert!(contact.q <= 1000 && contact.uri.len() <= bytes.len());
    }
    let text = String::from_utf8_lossy(bytes);
    if let Some(dialled) = address::dialled(&text, "192.0.2.1") {
        assert!(dialled.bytes().all(|b| (0x21..0x7f).contains(&b)), "{dialled:?}");
    }
    address::user(&text);
    address::hop(&text, Transport::Tcp);
}

pub fn sdp(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let Ok(description) = Description::parse(&text) else { return };
    assert!(description.audio().next().is_some());
    for stream in &description.streams {
        assert!(!stream.refusal.contains(['\r', '\n']), "{:?}", stream.refusal);
        assert!(stream.refusal.len() <= 4 * 64 + 8);
        let refused = format!("v=0\r\nc=IN IP4 192.0.2.1\r\nm={}\r\n", stream.refusal);
        assert!(Description::parse(&refused).is_err(), "port 0 is refused: {:?}", stream.refusal);
    }
    for (_, audio) in description.audio() {
        assert!(!audio.formats.is_empty() && audio.formats.len() <= 128);
        assert!(audio.formats.iter().all(|f| f.payload < 128));
        for crypto in &audio.cryptos {
            let line = crypto.to_string();
            let value = line.strip_prefix("a=crypto:").expect("a whole line");
            assert_eq!(ringback::sip::sdes::Crypto::parse(value).as_ref(), Some(crypto));
        }
    }
}

/// The value of a header line, which holds no line break; one that did would be written with spaces (`Writer::line`).
pub fn digest(bytes: &[u8]) {
    let bytes: &[u8] = &bytes.iter().map(|b| if matches!(b, b'\r' | b'\n') { b' ' } else { *b }).collect::<Vec<_>>();
    let credentials = Credentials { username: "ringback".into(), password: Secret::new("secret".to_owned()) };
    if let Some(mut challenge) = Challenge::strongest(&[(false, bytes.to_vec())], false) {
        let realm = challenge.realm().to_owned();
        let answer = challenge.answer(&credentials, "INVITE", "sip:a@192.0.2.1", "0123");
        assert!(!answer.contains(['\r', '\n']), "{answer:?}");
        assert!(answer.len() <= 2 * bytes.len() + ANSWER_ADDS);
        // Whoever set this challenge finds its fields in our answer; ours was not its nonce.
        let demand = Demand { realm, credentials: credentials.clone() };
        let verdict = demand.judge(&[answer.into_bytes()], "INVITE", Mono(1), 7);
        assert_eq!(verdict, ringback::sip::auth::Verdict::Wrong);
    }
    let demand = Demand { realm: "ringback".into(), credentials };
    let verdict = demand.judge(&[bytes.to_vec()], "INVITE", Mono(1), 0x5EED_5EED_5EED);
    assert_eq!(verdict, ringback::sip::auth::Verdict::Wrong, "nobody guesses a nonce");
}

pub fn rtp(bytes: &[u8]) {
    let Ok(packet) = Packet::parse(bytes) else { return };
    assert!(packet.payload.len() + packet::HEADER <= bytes.len());
    let mut buffer = vec![0; packet::HEADER + packet.payload.len()];
    let length = packet.header.write(packet.payload, &mut buffer);
    assert_eq!(length, buffer.len());
    assert_eq!(Packet::parse(&buffer), Ok(packet), "written and read again");
}

pub fn rtcp(bytes: &[u8]) {
    let mut told = Vec::new();
    let _ = rtcp::read(bytes, |said| told.push(said));
    // A goodbye names a source by four bytes: nothing tells more for less.
    assert!(told.len() <= bytes.len() / 4);
    for said in told {
        let mut buffer = [0; rtcp::PACKET_MAX];
        let (expected, length) = match &said {
            Said::Sent { by, sent } => (said, rtcp::write(*by, Some(sent), None, b"", false, &mut buffer)),
            Said::Heard { by, block } => {
                (said, rtcp::write(*by, None, Some(block), &[b'n'; rtcp::NAME_MAX], false, &mut buffer))
            }
            Said::Goodbye { by } => (said, rtcp::write(*by, None, None, b"name", true, &mut buffer)),
        };
        let mut again = Vec::new();
        assert_eq!(rtcp::read(&buffer[..length], |said| again.push(said)), Ok(()));
        assert_eq!(again, [expected], "written and read again");
    }
}

/// Bytes taken as a train of packets: eight each for number, time, flags and event.
fn train(bytes: &[u8]) -> impl Iterator<Item = (Header, &[u8])> {
    bytes.chunks_exact(8).scan((0u16, 0u32), |(sequence, timestamp), chunk| {
        // Small steps mostly, wide ones now and then.
        let wide = chunk[0] & 0xE0 == 0xE0;
        let step = if wide { u16::from_be_bytes([chunk[1], chunk[2]]) } else { u16::from(chunk[1] % 4) };
        *sequence = sequence.wrapping_add(step);
        *timestamp = timestamp.wrapping_add(if wide { u32::from(step) << 16 } else { u32::from(chunk[2]) * 20 });
        let header = Header {
            payload_type: 101,
            marker: chunk[0] & 1 == 1,
            sequence: *sequence,
            timestamp: *timestamp,
            ssrc: u32::from(chunk[3] & 1),
        };
        Some((header, &chunk[4..]))
    })
}

pub fn keys(bytes: &[u8]) {
    let mut listener = KeyListener::default();
    let mut known = Vec::new();
    for (header, payload) in train(bytes) {
        let packet = Packet { header, payload };
        if let Some(key) = listener.hear(&packet) {
            assert!("0123456789*#ABCD".contains(key));
            known.push(header);
        }
        assert_eq!(listener.hear(&packet), None, "the same packet twice is one press");
    }
    assert!(known.len() <= bytes.len() / 8);
    listener.hear(&Packet {
        header: Header { payload_type: 101, marker: true, sequence: 1, timestamp: 1, ssrc: 1 },
        payload: bytes,
    });
}

pub fn order(bytes: &[u8]) {
    let (mut reorder, mut jitter) = (Reorder::default(), JitterBuffer::new(8000));
    let (mut delivered, mut pushed) = (0u64, 0u64);
    for (n, (header, payload)) in train(bytes).enumerate() {
        let packet = Packet { header, payload };
        reorder.push(&packet, |piece| {
            assert!(piece.payload.len() <= reorder::PAYLOAD_MAX);
            delivered += 1;
        });
        pushed += 1;
        let now = Mono(n as u64 * 20_000 + u64::from(payload[0]) * 100);
        jitter.push(now, &packet, u32::from(payload[1]) * 4);
        if let Piece::Packet { payload, .. } = jitter.pull(now, payload[2] & 1 == 0) {
            assert!(payload.len() <= 4);
        }
    }
    reorder.flush(|_| delivered += 1);
    let reception = reorder.reception();
    assert_eq!(reception.received + reception.doubled, pushed);
    assert!(delivered <= pushed && jitter.stats().played <= pushed);
    assert!((20..=200).contains(&jitter.delay_ms()));
}

pub fn srtp(bytes: &[u8]) {
    for suite in [srtp::Suite::AesCm128HmacSha1_80, srtp::Suite::AesCm128HmacSha1_32] {
        let mut opener = Opener::new(suite, &[7; srtp::KEY_BYTES]);
        let mut copy = bytes.to_vec();
        assert!(opener.rtp(&mut copy).is_err() && opener.rtcp(&mut copy).is_err(), "nobody guesses a seal");
        assert_eq!(copy, bytes, "what is refused is not touched");
        let mut sealer = Sealer::new(suite, &[7; srtp::KEY_BYTES]);
        let mut buffer = [bytes, &[0; srtp::RTCP_ROOM]].concat();
        if let Ok(length) = sealer.rtp(&mut buffer, bytes.len()) {
            assert!(length <= bytes.len() + srtp::RTP_ROOM);
            assert_eq!(opener.rtp(&mut buffer[..length]), Ok(bytes.len()));
            assert_eq!(buffer[..bytes.len()], *bytes);
        }
        let mut buffer = [bytes, &[0; srtp::RTCP_ROOM]].concat();
        if let Ok(length) = sealer.rtcp(&mut buffer, bytes.len()) {
            assert_eq!(length, bytes.len() + srtp::RTCP_ROOM);
            assert_eq!(opener.rtcp(&mut buffer[..length]), Ok(bytes.len()));
            assert_eq!(buffer[..bytes.len()], *bytes);
        }
    }
}

pub fn audio(bytes: &[u8]) {
    for codec in Codec::ALL {
        let mut decoder = Decoder::new(codec);
        let mut pcm = [0; coder::PACKET_SAMPLES_MAX];
        // As two packets, so that the second meets a state.
        let (one, two) = bytes.split_at(bytes.len() / 2);
        for payload in [one, two] {
            assert!(decoder.decode(payload, &mut pcm) <= pcm.len());
        }
        decoder.conceal(&mut pcm[..160]);
    }
    if let Some(noise) = ComfortNoise::read(bytes) {
        let mut payload = [0; 64];
        let length = noise.write(&mut payload);
        assert!(length <= 1 + cn::ORDER_MAX && length <= bytes.len());
        assert_eq!(ComfortNoise::read(&payload[..length]), Some(noise), "written and read again");
        NoiseGenerator::new(noise, 1).fill(&mut [0; 160]);
    }
    let _ = wav::read(bytes);
}
