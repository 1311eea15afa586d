//! Keys as events (RFC 4733): sending a press, and hearing each press exactly once.

use std::collections::VecDeque;

use super::packet::Packet;
use crate::audio::RATE;

/// How long a key is held.
const HELD_MS: u32 = 100;
/// The pause after it, at least.
const GAP_MS: u32 = 60;
/// The end is sent three times in all (RFC 4733 §2.5.1.4), on successive ticks so that one burst of loss does not take all.
const ENDS: u32 = 3;
/// Keys waiting to be sent; more are refused.
const QUEUE_MAX: usize = 256;
/// Power of the tone, −dBm0.
const VOLUME: u8 = 10;
const END: u8 = 0x80;

const KEYS: &[u8; 16] = b"0123456789*#ABCD";

/// RFC 4733 §3.2: the event's code. `None` for what is no key.
pub fn code_of(key: char) -> Option<u8> {
    KEYS.iter().position(|&k| char::from(k) == key.to_ascii_uppercase()).map(|at| at as u8)
}

pub fn key_of(code: u8) -> Option<char> {
    KEYS.get(usize::from(code)).map(|&k| char::from(k))
}

/// What a tick has to send for the keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyPacket {
    pub payload: [u8; 4],
    pub marker: bool,
    /// When the press began.
    pub timestamp: u32,
    /// The event is sent instead of audio. Otherwise it goes along with a frame of silence.
    pub replaces_audio: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyTick {
    /// No key is being sent; the frame is free.
    Idle,
    /// The pause between two keys: silence.
    Gap,
    Packet(KeyPacket),
}

/// Presses keys, one tick of the stream's packet time at a time.
#[derive(Debug)]
pub struct KeySender {
    waiting: VecDeque<u8>,
    /// Ticks since the press of `code` at `timestamp` began.
    pressed: Option<(u8, u32, u32)>,
    /// RTP timestamps of one tick.
    tick: u32,
    /// Ticks that a key is held, and from one press to the next.
    held: u32,
    period: u32,
}

impl Default for KeySender {
    /// For packets of 20 ms and a clock of 8 kHz.
    fn default() -> KeySender {
        KeySender::new(20, RATE)
    }
}

impl KeySender {
    /// `ptime_ms`: from one tick to the next, 1 to 1000. `clock_hz`: of the stream that the events go in (RFC 4733 §2.1: the
    /// same for both); 48,000 beside Opus.
    pub fn new(ptime_ms: u32, clock_hz: u32) -> KeySender {
        let ptime_ms = ptime_ms.clamp(1, 1000);
        let held = HELD_MS.div_ceil(ptime_ms);
        let period = held + GAP_MS.div_ceil(ptime_ms).max(ENDS);
        KeySender { waiting: VecDeque::new(), pressed: None, tick: ptime_ms * clock_hz / 1000, held, period }
    }

    /// Packets are of another length from now on; keys that wait are kept.
    pub fn retime(&mut self, ptime_ms: u32, clock_hz: u32) {
        let KeySender { tick, held, period, .. } = KeySender::new(ptime_ms, clock_hz);
        (self.tick, self.held, self.period) = (tick, held, period);
    }

    /// What is no key is skipped, and so is what the queue cannot take; gives how many were taken.
    pub fn push(&mut self, keys: &str) -> usize {
        let free = QUEUE_MAX - self.waiting.len();
        let before = self.waiting.len();
        self.waiting.extend(keys.chars().filter_map(code_of).take(free));
        self.waiting.len() - before
    }

    pub fn is_idle(&self) -> bool {
        self.pressed.is_none() && self.waiting.is_empty()
    }

    /// `timestamp`: the stream's time at this tick.
    pub fn tick(&mut self, timestamp: u32) -> KeyTick {
        let (code, began, ticks) = match self.pressed {
            Some(press) => press,
            None => match self.waiting.pop_front() {
                Some(code) => (code, timestamp, 0),
                None => return KeyTick::Idle,
            },
        };
        self.pressed = (ticks + 1 < self.period).then_some((code, began, ticks + 1));
        if ticks >= self.held + ENDS - 1 {
            return KeyTick::Gap;
        }
        let duration = self.tick.saturating_mul(self.held.min(ticks + 1)).min(u16::MAX.into()) as u16;
        let end = if ticks + 1 >= self.held { END } else { 0 };
        let [high, low] = duration.to_be_bytes();
        KeyTick::Packet(KeyPacket {
            payload: [code, end | VOLUME, high, low],
            marker: ticks == 0,
            timestamp: began,
            replaces_audio: ticks < self.held,
        })
    }
}

/// Presses remembered, so that a late packet of one does not count as another.
const REMEMBERED: usize = 8;
/// A packet so far behind the newest is of a count that began anew, not a latecomer.
const BEHIND_MAX: i16 = 100;
/// A press of the same key that begins sooner after the one before is the same press, told with a clock that runs on:
/// 20 ms. Nobody lifts a finger in less than 40 (ITU-T Q.24).
const SLACK_MS: u32 = 20;

#[derive(Debug, Clone, Copy)]
struct Press {
    ssrc: u32,
    code: u8,
    /// When it began.
    timestamp: u32,
    /// RTP timestamps from its beginning to the last that is known of it.
    length: u32,
    /// An end was heard, in the packet of this number.
    ended: Option<u16>,
}

/// Hears keys: each press once, at its first packet, however many packets are lost, doubled or overtaken, and however badly the
/// far end keeps its clock.
#[derive(Debug)]
pub struct KeyListener {
    presses: [Option<Press>; REMEMBERED],
    next: usize,
    /// Source and number of the newest packet.
    newest: Option<(u32, u16)>,
    slack: u32,
}

impl Default for KeyListener {
    fn default() -> KeyListener {
        KeyListener::new(RATE)
    }
}

impl KeyListener {
    /// `clock_hz`: of the stream.
    pub fn new(clock_hz: u32) -> KeyListener {
        KeyListener { presses: [None; REMEMBERED], next: 0, newest: None, slack: SLACK_MS * (clock_hz / 1000) }
    }

    /// A packet of the telephone-event payload type. Gives the key if this is the first packet of its press.
    ///
    /// Keys alone are heard: codes from 16 on are flash hooks and tones (RFC 4733 §3). The volume is not looked at, since
    /// gateways write nonsense there; nor is the reserved bit (§2.3.3). More events in one packet than the first are old ones
    /// (RFC 2198), told before.
    pub fn hear(&mut self, packet: &Packet<'_>) -> Option<char> {
        let [code, flags, high, low] = *packet.payload.first_chunk::<4>()?;
        let key = key_of(code)?;
        let (ssrc, sequence) = (packet.header.ssrc, packet.header.sequence);
        let ahead = match self.newest {
            Some((newest_ssrc, newest)) if newest_ssrc == ssrc => sequence.wrapping_sub(newest) as i16,
            _ => 1,
        };
        let late = (-BEHIND_MAX..=0).contains(&ahead);
        if !late {
            self.newest = Some((ssrc, sequence));
        }
        let heard = Heard { packet, code, end: flags & END != 0, duration: u16::from_be_bytes([high, low]).into() };
        let slack = self.slack;
        if let Some(press) = self.presses.iter_mut().flatten().find(|press| press.is(&heard, late, slack)) {
            press.go_on(&heard);
            return None;
        }
        if late && self.overtaken(&heard) {
            return None;
        }
        self.presses[self.next] = Some(Press {
            ssrc,
            code,
            timestamp: packet.header.timestamp,
            length: heard.duration,
            ended: heard.end.then_some(sequence),
        });
        self.next = (self.next + 1) % REMEMBERED;
        Some(key)
    }

    /// Older than everything remembered: its press was reported, and forgotten.
    fn overtaken(&self, heard: &Heard<'_>) -> bool {
        let header = &heard.packet.header;
        let mut same = self.presses.iter().flatten().filter(|p| p.ssrc == header.ssrc).peekable();
        self.presses.iter().all(Option::is_some)
            && same.peek().is_some()
            && same.all(|p| (header.timestamp.wrapping_sub(p.timestamp) as i32) < 0)
    }
}

/// One packet, as far as keys go.
struct Heard<'a> {
    packet: &'a Packet<'a>,
    code: u8,
    end: bool,
    duration: u32,
}

impl Press {
    /// Whether this packet tells of this press.
    fn is(&self, heard: &Heard<'_>, late: bool, slack: u32) -> bool {
        let header = &heard.packet.header;
        if self.ssrc != header.ssrc || self.code != heard.code {
            return false;
        }
        let since = header.timestamp.wrapping_sub(self.timestamp);
        if since == 0 {
            // Senders without a clock write the same time for every press: a new one shows by its marker after the end.
            let anew = header.marker && !late && self.ended.is_some_and(|end| end != header.sequence);
            return !anew;
        }
        // What begins before this one is over is the same. So is a press of more than 65535 samples, which goes on as a new
        // event where the old one ended (RFC 4733 §2.5.1.3), and one whose sender moves its beginning along with its length.
        since <= self.length + slack && !(header.marker && since > self.length)
    }

    fn go_on(&mut self, heard: &Heard<'_>) {
        let header = &heard.packet.header;
        let since = header.timestamp.wrapping_sub(self.timestamp);
        // Of a segment that begins where this one ended, its own length counts as well; of a beginning that is moved, it
        // would count twice.
        let segment = self.length >= u32::from(u16::MAX) && since >= u32::from(u16::MAX);
        let length = if since == 0 || !segment { heard.duration.max(since) } else { since + heard.duration };
        self.length = self.length.max(length);
        if heard.end {
            self.ended = Some(header.sequence);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Header;
    use super::*;

    /// An event packet: sequence number, timestamp, marker, payload.
    #[derive(Debug, Clone, Copy, PartialEq)]
    struct Event(u16, u32, bool, [u8; 4]);

    /// Every event packet of these keys in order.
    fn packets(keys: &str) -> Vec<Event> {
        let mut sender = KeySender::default();
        assert_eq!(sender.push(keys), keys.len());
        let mut out = Vec::new();
        let mut timestamp = 1000;
        while !sender.is_idle() {
            if let KeyTick::Packet(p) = sender.tick(timestamp) {
                out.push(Event(out.len() as u16, p.timestamp, p.marker, p.payload));
            }
            timestamp += 160;
        }
        out
    }

    fn hear(listener: &mut KeyListener, ssrc: u32, Event(sequence, timestamp, marker, payload): Event) -> Option<char> {
        let header = Header { payload_type: 101, marker, sequence, timestamp, ssrc };
        listener.hear(&Packet { header, payload: &payload })
    }

    fn heard(packets: &[Event]) -> String {
        let mut listener = KeyListener::default();
        packets.iter().filter_map(|&event| hear(&mut listener, 1, event)).collect()
    }

    #[test]
    fn a_press_on_the_line() {
        // ptime, clock, what is sent: code@time:duration, M marker, E end, + beside audio.
        for (ptime_ms, clock_hz, expected) in [
            (20, 8000, "7@0:160M 7@0:320 7@0:480 7@0:640 7@0:800E 7@0:800E+ 7@0:800E+ gap 7@1280:160M"),
            (
                10,
                8000,
                "7@0:80M 7@0:160 7@0:240 7@0:320 7@0:400 7@0:480 7@0:560 7@0:640 7@0:720 7@0:800E 7@0:800E+ 7@0:800E+ gap gap gap gap 7@1280:80M",
            ),
            (30, 8000, "7@0:240M 7@0:480 7@0:720 7@0:960E 7@0:960E+ 7@0:960E+ gap 7@1680:240M"),
            (60, 8000, "7@0:480M 7@0:960E 7@0:960E+ 7@0:960E+ gap 7@2400:480M"),
            (20, 48_000, "7@0:960M 7@0:1920 7@0:2880 7@0:3840 7@0:4800E 7@0:4800E+ 7@0:4800E+ gap 7@7680:960M"),
        ] {
            let mut sender = KeySender::new(ptime_ms, clock_hz);
            sender.push("77");
            let mut line = Vec::new();
            for tick in 0.. {
                line.push(match sender.tick(tick * ptime_ms * clock_hz / 1000) {
                    KeyTick::Idle => "idle".to_owned(),
                    KeyTick::Gap => "gap".to_owned(),
                    KeyTick::Packet(p) => {
                        let duration = u16::from_be_bytes([p.payload[2], p.payload[3]]);
                        let flags = [(p.marker, "M"), (p.payload[1] & END != 0, "E"), (!p.replaces_audio, "+")]
                            .map(|(on, s)| if on { s } else { "" });
                        format!("{}@{}:{duration}{}", p.payload[0], p.timestamp, flags.concat())
                    }
                });
                if tick > 0 && line.last().unwrap().ends_with('M') {
                    break;
                }
            }
            assert_eq!(line.join(" "), expected, "{ptime_ms} ms, {clock_hz} Hz");
        }
    }

    #[test]
    fn every_key_once() {
        let keys = "0123456789*#ABCD";
        assert_eq!(heard(&packets(keys)), keys);
        assert_eq!(heard(&packets("7777")), "7777");
        assert_eq!(KeySender::default().push("1x 2ю"), 2);
        assert_eq!(KeySender::default().push(&"1".repeat(1000)), QUEUE_MAX);
    }

    #[test]
    fn through_a_bad_line() {
        for (keys, other) in [("12", "2"), ("11", "1")] {
            let sent = packets(keys);
            let (one, two) = sent.split_at(7);
            #[rustfmt::skip]
            let cases: Vec<(&str, Vec<_>, &str)> = vec![
                ("ends lost",             [&one[..4], &two[..4]].concat(), keys),
                ("starts lost",           [&one[3..], &two[3..]].concat(), keys),
                ("only ends arrive",      [&one[6..], &two[6..]].concat(), keys),
                ("only middles arrive",   vec![one[2], two[3]], keys),
                ("all doubled",           sent.iter().flat_map(|p| [*p, *p]).collect(), keys),
                ("all tripled",           sent.iter().flat_map(|p| [*p, *p, *p]).collect(), keys),
                ("backwards within each", one.iter().rev().chain(two.iter().rev()).copied().collect(), keys),
                ("an end comes late",     [&one[..6], two, &one[6..]].concat(), keys),
                ("a start comes late",    [&one[1..], two, &one[..1]].concat(), keys),
                ("the whole comes twice", [&sent[..], &sent[..]].concat(), keys),
                ("one press lost whole",  two.to_vec(), other),
                ("each end overtakes the next start", [&one[..5], &two[..2], &one[5..], &two[2..]].concat(), keys),
            ];
            for (name, packets, expected) in cases {
                assert_eq!(heard(&packets), expected, "{keys}: {name}");
            }
        }
    }

    /// What senders get wrong. A word is one packet: code@time:duration, M marker, E end; numbers count up.
    #[test]
    fn senders_with_bad_clocks() {
        #[rustfmt::skip]
        let cases = [
            ("no duration at all",           "5@0:0M 5@0:0 5@0:0E 5@0:0E 6@1280:0M 6@1280:0E", "56"),
            ("no duration, same key again",  "5@0:0M 5@0:0 5@0:0E 5@1280:0M 5@1280:0E", "55"),
            ("durations in milliseconds",    "5@0:20M 5@0:40 5@0:100E 5@0:100E 5@1280:20M 5@1280:100E", "55"),
            ("the beginning moves along",    "5@0:160M 5@160:320 5@320:480 5@480:640 5@640:800E 5@640:800E 5@640:800E", "5"),
            ("it moves through the ends",    "5@0:160M 5@160:320 5@320:480 5@480:640E 5@640:640E 5@800:640E", "5"),
            ("it moves, and the key again",  "5@0:160M 5@160:320 5@320:480E 5@480:480E 5@640:480E 5@1280:160M 5@1440:320E", "55"),
            ("it moves, and one is lost",    "5@0:160M 5@320:480 5@480:640E 5@480:640E", "5"),
            ("one time for all presses",     "5@0:160M 5@0:320 5@0:800E 5@0:800E 5@0:160M 5@0:800E 6@0:160M 6@0:800E", "556"),
            ("marker on every packet",       "5@0:160M 5@0:320M 5@0:800EM 6@1280:160M 6@1280:800EM", "56"),
            ("no marker ever",               "5@0:160 5@0:800E 5@0:800E 5@1280:160 5@1280:800E", "55"),
            ("a press cut by the next",      "5@0:160M 5@0:320 6@400:160M 6@400:320", "56"),
            ("no end, then the same key",    "5@0:160M 5@0:320 5@1280:160M 5@1280:320", "55"),
            ("time begins anew",             "1@9000:800EM 2@10280:800EM 3@11560:800EM 4@12840:800EM 5@14120:800EM 6@15400:800EM 7@16680:800EM 8@17960:800EM 9@100:800EM 0@1380:800EM", "1234567890"),
            ("time wraps within a press",    "5@4294967200:160M 5@4294967200:320 5@4294967200:800E 5@1184:160M 5@1184:800E", "55"),
        ];
        for (name, line, expected) in cases {
            let events = line.split(' ').enumerate().map(|(n, word)| {
                let (code, rest) = word.split_once('@').unwrap();
                let (time, rest) = rest.split_once(':').unwrap();
                let digits = rest.trim_end_matches(['M', 'E']);
                let [high, low] = digits.parse::<u16>().unwrap().to_be_bytes();
                let flags = if rest.contains('E') { END | 10 } else { 10 };
                let payload = [code.parse().unwrap(), flags, high, low];
                Event(n as u16, time.parse().unwrap(), rest.contains('M'), payload)
            });
            assert_eq!(heard(&events.collect::<Vec<_>>()), expected, "{name}");
        }
    }

    #[test]
    fn a_very_long_press_is_one() {
        // 25 s: three segments of 65535 and a bit, updated every 20 ms.
        let mut events = Vec::new();
        for n in 0..1250u32 {
            let (segment, within) = (n * 160 / 65_535, n * 160 % 65_535);
            let begins = 1000 + segment * 65_535;
            // The last of a segment is said to be full.
            let duration = if (n + 1) * 160 / 65_535 > segment { 65_535 } else { within + 160 };
            let [high, low] = (duration as u16).to_be_bytes();
            events.push(Event(n as u16, begins, n == 0, [5, 10, high, low]));
        }
        assert_eq!(heard(&events), "5");
        let some: Vec<_> = events.iter().copied().filter(|e| e.0 % 7 != 3).collect();
        assert_eq!(heard(&some), "5", "with packets lost");
        let Event(sequence, begins, ..) = *events.last().unwrap();
        events.push(Event(sequence + 1, begins + 20_000, true, [5, 10, 0, 160]));
        assert_eq!(heard(&events), "55", "and once more");
    }

    #[test]
    fn what_is_no_key_is_nothing() {
        assert_eq!(heard(&[Event(1, 0, true, [16, 10, 0, 160]), Event(2, 5, true, [255, 0x8A, 0, 160])]), "");
        let header = Header { payload_type: 101, marker: false, sequence: 0, timestamp: 0, ssrc: 1 };
        assert_eq!(KeyListener::default().hear(&Packet { header, payload: &[1, 2] }), None);
        // Volume and the reserved bit mean nothing to us; a redundant block behind the event neither.
        assert_eq!(heard(&[Event(1, 0, true, [3, 0x7F, 0, 160]), Event(2, 0, true, [3, 0x40, 0, 160])]), "3");
        let packet = Packet { header, payload: &[4, 10, 0, 160, 9, 10, 0, 160] };
        assert_eq!(KeyListener::default().hear(&packet), Some('4'));
    }

    #[test]
    fn another_source_presses_anew() {
        let mut listener = KeyListener::default();
        let event = |n| Event(n, 1000, true, [5, 10, 0, 160]);
        assert_eq!([1, 1, 2, 2].map(|ssrc| hear(&mut listener, ssrc, event(1))), [Some('5'), None, Some('5'), None]);
    }

    #[test]
    fn long_after_still_no_doubles() {
        let keys = "123456789012345678901234567890";
        let mut sent = packets(keys);
        for n in [0, 3, 6] {
            // 8 presses back and more.
            let late = sent[sent.len() - 91 + n];
            sent.push(late);
        }
        assert_eq!(heard(&sent), keys);
    }

    /// Seeded dice: splitmix64.
    struct Dice(u64);

    impl Dice {
        fn percent(&mut self) -> u64 {
            self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            (z ^ (z >> 31)) % 100
        }
    }

    #[test]
    fn ten_thousand_presses_through_loss_and_disorder() {
        for (seed, ptime_ms, loss, swapped) in
            [(1, 20, 5, 0), (2, 20, 5, 2), (3, 10, 5, 2), (4, 60, 5, 2), (5, 20, 20, 5)]
        {
            let mut dice = Dice(seed);
            // Few different keys, so that the same one often comes twice in a row.
            let keys: String = (0..10_000).map(|_| char::from(b"0012345"[dice.percent() as usize % 7])).collect();
            let (mut sender, mut listener) = (KeySender::new(ptime_ms, 8000), KeyListener::default());
            let (mut rest, mut told) = (keys.as_str(), String::new());
            let (mut sequence, mut timestamp) = (60_000u16, u32::MAX - 100_000);
            let mut held: Option<(u32, Event)> = None;
            while !rest.is_empty() || !sender.is_idle() {
                rest = &rest[sender.push(rest)..];
                // Packets of audio take numbers as well.
                sequence = sequence.wrapping_add(1);
                if let KeyTick::Packet(p) = sender.tick(timestamp) {
                    let event = Event(sequence, p.timestamp, p.marker, p.payload);
                    if dice.percent() < loss {
                    } else if held.is_none() && dice.percent() < swapped {
                        // Overtaken by what is sent in the next 20 to 100 ms.
                        held = Some((dice.percent() as u32 % 5 + 1, event));
                    } else {
                        told.extend(hear(&mut listener, 9, event));
                    }
                }
                if let Some((ticks, event)) = &mut held {
                    *ticks -= 1;
                    if *ticks == 0 {
                        told.extend(hear(&mut listener, 9, *event));
                        held = None;
                    }
                }
                timestamp = timestamp.wrapping_add(ptime_ms * 8);
            }
            let differ = told.chars().zip(keys.chars()).position(|(a, b)| a != b);
            assert_eq!((told.len(), differ), (keys.len(), None), "{ptime_ms} ms, {loss} % lost, {swapped} % late");
        }
    }
}
