//! Keys as events (RFC 4733): sending a press, and hearing each press exactly once.

use std::collections::VecDeque;

use super::packet::Packet;
use crate::audio::FRAME;

/// Ticks of 20 ms that a key is held: 100 ms.
const HELD: u8 = 5;
/// The end is sent three times in all (RFC 4733 §2.5.1.4), on successive ticks so that one burst of loss does not take all.
const ENDS: u8 = 3;
/// Ticks from one press to the next: 100 ms held and 60 ms of gap.
const PERIOD: u8 = 8;
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

/// Presses keys, one tick of 20 ms at a time.
#[derive(Debug, Default)]
pub struct KeySender {
    waiting: VecDeque<u8>,
    /// Ticks since the press of `code` at `timestamp` began.
    pressed: Option<(u8, u32, u8)>,
}

impl KeySender {
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
        self.pressed = (ticks + 1 < PERIOD).then_some((code, began, ticks + 1));
        if ticks >= HELD + ENDS - 1 {
            return KeyTick::Gap;
        }
        let duration = u16::from(HELD.min(ticks + 1)) * FRAME as u16;
        let end = if ticks + 1 >= HELD { END } else { 0 };
        let [high, low] = duration.to_be_bytes();
        KeyTick::Packet(KeyPacket {
            payload: [code, end | VOLUME, high, low],
            marker: ticks == 0,
            timestamp: began,
            replaces_audio: ticks < HELD,
        })
    }
}

/// Presses remembered, so that a late packet of one does not count as another.
const REMEMBERED: usize = 8;

#[derive(Debug, Clone, Copy)]
struct Press {
    ssrc: u32,
    timestamp: u32,
    code: u8,
    /// The longest duration heard.
    duration: u16,
}

/// Hears keys: each press once, at its first packet, however many packets are lost, doubled or overtaken.
#[derive(Debug, Default)]
pub struct KeyListener {
    presses: [Option<Press>; REMEMBERED],
    next: usize,
}

impl KeyListener {
    /// A packet of the telephone-event payload type. Gives the key if this is the first packet of its press.
    pub fn hear(&mut self, packet: &Packet<'_>) -> Option<char> {
        let [code, _, high, low] = *packet.payload.first_chunk::<4>()?;
        let key = key_of(code)?;
        let heard = Press {
            ssrc: packet.header.ssrc,
            timestamp: packet.header.timestamp,
            code,
            duration: u16::from_be_bytes([high, low]),
        };
        for press in self.presses.iter_mut().flatten() {
            if press.ssrc == heard.ssrc && press.timestamp == heard.timestamp {
                press.duration = press.duration.max(heard.duration);
                return None;
            }
        }
        let goes_on = self.goes_on(&heard);
        let overtaken = self.overtaken(&heard);
        if !overtaken {
            self.presses[self.next] = Some(heard);
            self.next = (self.next + 1) % REMEMBERED;
        }
        (!goes_on && !overtaken).then_some(key)
    }

    /// RFC 4733 §2.5.1.3: a press longer than 65535 samples goes on as a new event that begins where the old one ended.
    fn goes_on(&self, heard: &Press) -> bool {
        self.presses.iter().flatten().any(|p| {
            p.ssrc == heard.ssrc
                && p.code == heard.code
                && p.duration == u16::MAX
                && heard.timestamp.wrapping_sub(p.timestamp) == u32::from(u16::MAX)
        })
    }

    /// Older than everything remembered: its press was reported, and forgotten.
    fn overtaken(&self, heard: &Press) -> bool {
        let mut same = self.presses.iter().flatten().filter(|p| p.ssrc == heard.ssrc).peekable();
        self.presses.iter().all(Option::is_some)
            && same.peek().is_some()
            && same.all(|p| (heard.timestamp.wrapping_sub(p.timestamp) as i32) < 0)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Header;
    use super::*;

    /// Every event packet of these keys: timestamp and payload, in order.
    fn packets(keys: &str) -> Vec<(u32, [u8; 4])> {
        let mut sender = KeySender::default();
        assert_eq!(sender.push(keys), keys.len());
        let mut out = Vec::new();
        let mut timestamp = 1000;
        while !sender.is_idle() {
            if let KeyTick::Packet(p) = sender.tick(timestamp) {
                out.push((p.timestamp, p.payload));
            }
            timestamp += 160;
        }
        out
    }

    fn heard(packets: &[(u32, [u8; 4])]) -> String {
        let mut listener = KeyListener::default();
        let hear = |&(timestamp, payload): &(u32, [u8; 4])| {
            let header = Header { payload_type: 101, marker: false, sequence: 0, timestamp, ssrc: 1 };
            listener.hear(&Packet { header, payload: &payload })
        };
        packets.iter().filter_map(hear).collect()
    }

    #[test]
    fn a_press_on_the_line() {
        let mut sender = KeySender::default();
        sender.push("7");
        let mut line = String::new();
        for tick in 0..10 {
            line += &match sender.tick(tick * 160) {
                KeyTick::Idle => "idle ".to_owned(),
                KeyTick::Gap => "gap ".to_owned(),
                KeyTick::Packet(p) => {
                    let duration = u16::from_be_bytes([p.payload[2], p.payload[3]]);
                    let flags = [(p.marker, "M"), (p.payload[1] & END != 0, "E"), (!p.replaces_audio, "+")]
                        .map(|(on, s)| if on { s } else { "" });
                    format!("{}@{}:{duration}{} ", p.payload[0], p.timestamp, flags.concat())
                }
            };
        }
        assert_eq!(line, "7@0:160M 7@0:320 7@0:480 7@0:640 7@0:800E 7@0:800E+ 7@0:800E+ gap idle idle ");
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
        let sent = packets("12");
        let (one, two) = sent.split_at(7);
        #[rustfmt::skip]
        let cases: Vec<(&str, Vec<_>, &str)> = vec![
            ("ends lost",             [&one[..4], &two[..4]].concat(), "12"),
            ("only ends arrive",      [&one[6..], &two[6..]].concat(), "12"),
            ("only middles arrive",   vec![one[2], two[3]], "12"),
            ("all doubled",           sent.iter().flat_map(|p| [*p, *p]).collect(), "12"),
            ("backwards within each", one.iter().rev().chain(two.iter().rev()).copied().collect(), "12"),
            ("an end comes late",     [&one[..6], two, &one[6..]].concat(), "12"),
            ("the whole comes twice", [&sent[..], &sent[..]].concat(), "12"),
            ("one press lost whole",  two.to_vec(), "2"),
        ];
        for (name, packets, expected) in cases {
            assert_eq!(heard(&packets), expected, "{name}");
        }
    }

    #[test]
    fn a_very_long_press_is_one() {
        let long: Vec<_> =
            [(1000, 0xFF, 0xFF), (66_535, 0, 160), (66_535, 1, 0)].map(|(t, h, l)| (t, [5, 10, h, l])).into();
        assert_eq!(heard(&long), "5");
    }

    #[test]
    fn what_is_no_key_is_nothing() {
        assert_eq!(heard(&[(0, [16, 10, 0, 160]), (5, [255, 0x8A, 0, 160])]), "");
        let header = Header { payload_type: 101, marker: false, sequence: 0, timestamp: 0, ssrc: 1 };
        assert_eq!(KeyListener::default().hear(&Packet { header, payload: &[1, 2] }), None);
    }

    #[test]
    fn long_after_still_no_doubles() {
        let keys = "123456789012345678901234567890";
        let mut sent = packets(keys);
        let late = sent[6];
        sent.push(late);
        assert_eq!(heard(&sent), keys);
    }
}
