//! One call as the far end knows it: what it says, and what it hears.

use std::net::{SocketAddr, SocketAddrV4};
use std::sync::LazyLock;

use super::seen::Times;
use super::sys::Outgoing;
use crate::audio::{Codec, Encoder, FRAME, comfort, tone};

/// Of a frame, in microseconds.
pub const FRAME_US: u64 = 20_000;
/// A packet this long after the one before is late: what a telephone's buffer is usually made for.
const LATE_US: u64 = 40_000;
const HELLO_FRAMES: usize = 30;
/// After "hello" a person waits. Long enough for the engine to know that it was one.
const PAUSE_FRAMES: usize = 75;
const TALK_FRAMES: usize = 250;
/// RFC 4733: a key is held for so many frames, and its end is said three times.
const KEY_FRAMES: u8 = 5;
const KEY_ENDS: u8 = 3;
/// What the far end presses.
const KEY: u8 = 1;
/// A frame with so many loud samples is no silence.
const LOUD_SAMPLES: usize = 20;

/// What the far end says, in A-law: a word, a pause, then it talks all the time.
static SPEECH: LazyLock<Vec<[u8; FRAME]>> = LazyLock::new(|| {
    let mut frames = Vec::new();
    let spoken = tone::babble(7, (TALK_FRAMES * 20) as u32);
    let mut payload = vec![0; spoken.len()];
    Encoder::new(Codec::Pcma).encode(&spoken, &mut payload);
    let word = |at: usize| <[u8; FRAME]>::try_from(&payload[at * FRAME..][..FRAME]).expect("a frame");
    frames.extend((0..HELLO_FRAMES).map(word));
    for n in 0..PAUSE_FRAMES {
        let quiet = comfort::frame(Codec::Pcma, (n * FRAME) as u32);
        frames.push(quiet.try_into().expect("a frame"));
    }
    frames.extend((0..TALK_FRAMES).map(word));
    frames
});

fn speech(frame: usize) -> &'static [u8] {
    let beginning = HELLO_FRAMES + PAUSE_FRAMES;
    &SPEECH[if frame < beginning { frame } else { beginning + (frame - beginning) % TALK_FRAMES }]
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Ringing,
    /// The 200 is out.
    Answering,
    Up,
    /// Over; what is still on its way is waited for.
    Leaving {
        failed: bool,
    },
}

#[derive(Debug)]
pub struct Line {
    pub call_id: Box<str>,
    pub state: State,
    /// What was said last, repeated when the engine repeats its INVITE.
    pub answer: Vec<u8>,
    pub reply_to: SocketAddr,
    /// Of our sockets, the one of this call.
    pub port: usize,
    pub audio: SocketAddrV4,
    events: Option<u8>,
    ssrc: u32,
    sequence: u16,
    frames: usize,
    /// Frames since the key went down.
    key: Option<u8>,
    key_at_us: Option<u64>,
    key_answered: bool,
    pub answered_at_us: u64,
    prompt_heard: bool,
    hearing: Hearing,
}

/// The engine's stream.
#[derive(Debug, Clone, Copy, Default)]
struct Hearing {
    first: u16,
    /// Of the newest packet, counted from the first.
    newest: i64,
    count: i64,
    at_us: u64,
}

/// What all calls' packets add up to.
#[derive(Debug, Default)]
pub struct Sums {
    pub received: u64,
    pub lost: u64,
    pub sent: u64,
    pub late: u64,
    pub keyed: u64,
    pub gaps: Times,
    pub pacing: Times,
    pub first_packet: Times,
    pub key_to_prompt: Times,
}

impl Line {
    pub fn new(call_id: &str, reply_to: SocketAddr, audio: SocketAddrV4, events: Option<u8>, port: usize) -> Line {
        Line {
            call_id: call_id.into(),
            state: State::Ringing,
            answer: Vec::new(),
            reply_to,
            port,
            audio,
            events,
            ssrc: rand::random(),
            sequence: rand::random(),
            frames: 0,
            key: None,
            key_at_us: None,
            key_answered: false,
            answered_at_us: 0,
            prompt_heard: false,
            hearing: Hearing::default(),
        }
    }

    /// The key goes down with the next frame.
    pub fn press(&mut self) {
        if self.key_at_us.is_none() && self.events.is_some() {
            self.key = Some(0);
        }
    }

    /// The next 20 ms of what the far end says.
    pub fn frame<'a>(&mut self, now_us: u64, event: &'a mut [u8; 4], sums: &mut Sums) -> Outgoing<'a> {
        let timestamp = (self.frames * FRAME) as u32;
        let (payload_type, marker, timestamp, payload): (u8, bool, u32, &'a [u8]) = match (self.key, self.events) {
            (Some(tick), Some(payload_type)) => {
                if tick == 0 {
                    self.key_at_us = Some(now_us);
                }
                let ended = tick >= KEY_FRAMES;
                let held = u16::from(tick + 1).min(u16::from(KEY_FRAMES)) * FRAME as u16;
                let [high, low] = held.to_be_bytes();
                *event = [KEY, if ended { 0x80 } else { 0 } | 10, high, low];
                self.key = Some(tick + 1).filter(|t| *t < KEY_FRAMES + KEY_ENDS);
                (payload_type, tick == 0, timestamp - u32::from(tick) * FRAME as u32, event)
            }
            _ => (8, self.frames == 0, timestamp, speech(self.frames)),
        };
        let mut header = [0x80, payload_type | u8::from(marker) << 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        header[2..4].copy_from_slice(&self.sequence.to_be_bytes());
        header[4..8].copy_from_slice(&timestamp.to_be_bytes());
        header[8..12].copy_from_slice(&self.ssrc.to_be_bytes());
        self.sequence = self.sequence.wrapping_add(1);
        self.frames += 1;
        sums.sent += 1;
        Outgoing { to: self.audio, header, payload }
    }

    /// A packet of the engine's, taken by the kernel at this time.
    pub fn hear(&mut self, bytes: &[u8], at_us: u64, sums: &mut Sums) {
        let Some((header, payload)) = bytes.split_at_checked(12) else { return };
        let sequence = u16::from_be_bytes([header[2], header[3]]);
        let hearing = &mut self.hearing;
        sums.received += 1;
        if hearing.count == 0 {
            *hearing = Hearing { first: sequence, newest: 0, count: 1, at_us };
        } else {
            let newest = hearing.first.wrapping_add(hearing.newest as u16);
            let step = i64::from(sequence.wrapping_sub(newest) as i16);
            hearing.count += 1;
            if step > 0 {
                hearing.newest += step;
                let gap = at_us.saturating_sub(hearing.at_us);
                hearing.at_us = at_us;
                sums.gaps.add(gap);
                sums.pacing.add(gap.abs_diff(FRAME_US * step as u64));
                sums.late += u64::from(gap > LATE_US);
            }
        }
        let loud = payload.iter().filter(|b| (**b ^ 0x55) & 0x70 >= 0x30).count() >= LOUD_SAMPLES;
        if !loud {
            return;
        }
        if !self.prompt_heard {
            self.prompt_heard = true;
            sums.first_packet.add(at_us.saturating_sub(self.answered_at_us));
        }
        // What is said next begins a talk spurt (RFC 3551 §4.1).
        if let Some(pressed) = self.key_at_us.filter(|pressed| at_us > *pressed)
            && header[1] & 0x80 != 0
            && !self.key_answered
        {
            self.key_answered = true;
            sums.keyed += 1;
            sums.key_to_prompt.add(at_us - pressed);
        }
    }

    /// All that was sent has come, or never will.
    pub fn close(&self, sums: &mut Sums) {
        if self.hearing.count > 0 {
            sums.lost += u64::try_from(self.hearing.newest + 1 - self.hearing.count).unwrap_or(0);
        }
    }
}
