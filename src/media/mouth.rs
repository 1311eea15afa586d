//! What a leg sends: keys first, then what is played, then what is relayed to it, else comfort noise. One frame every 20 ms.

use std::collections::VecDeque;
use std::sync::Arc;

use super::Remote;
use crate::audio::{Clip, Codec, Coded, Encoder, FRAME, RATE, comfort};
use crate::id::PlayId;
use crate::rtp::dtmf::{KeySender, KeyTick};
use crate::rtp::{Sender, packet};
use crate::time::Mono;

/// Longest payload we send: 60 ms, a byte a sample.
const PAYLOAD_MAX: usize = 480;
/// Left free behind a packet, for what encryption adds.
const ROOM: usize = 16;

#[derive(Debug)]
pub struct Mouth {
    sender: Sender,
    keys: KeySender,
    playing: Option<Playing>,
    /// Keys as tones, where no events were agreed on.
    tones: Option<Box<Playing>>,
    pub relay: Option<Relay>,
}

#[derive(Debug)]
struct Playing {
    play: PlayId,
    clips: Vec<Arc<Clip>>,
    /// The clip being played and the sample reached in it.
    clip: usize,
    at: usize,
    ordered_at: Mono,
}

/// What a frame's sending brought about.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Uttered {
    /// The last frame of this had been sent when this frame was due.
    pub ended: Option<PlayId>,
    /// The frame held audio of a play, ordered at this time.
    pub played: Option<Mono>,
}

impl Mouth {
    pub fn new(sender: Sender) -> Mouth {
        Mouth { sender, keys: KeySender::default(), playing: None, tones: None, relay: None }
    }

    pub fn connect(&mut self, remote: &Remote) {
        let ptime_ms = remote.samples() as u32 * 1000 / RATE;
        self.keys.retime(ptime_ms, remote.dtmf_clock_hz);
    }

    pub fn play(&mut self, play: PlayId, clips: Vec<Arc<Clip>>, ordered_at: Mono) {
        self.playing = Some(Playing { play, clips, clip: 0, at: 0, ordered_at });
        self.sender.begin_spurt();
    }

    pub fn stop(&mut self, play: PlayId) {
        self.playing.take_if(|p| p.play == play);
    }

    /// Goes on to the end of the clip that is being played.
    pub fn stop_after_clip(&mut self, play: PlayId) {
        if let Some(playing) = self.playing.as_mut().filter(|p| p.play == play) {
            let said = if playing.at > 0 || playing.clip == 0 { playing.clip + 1 } else { playing.clip };
            playing.clips.truncate(said);
        }
    }

    pub fn press(&mut self, keys: &str) {
        self.keys.push(keys);
    }

    /// Keys as tones, after those that are still sounding.
    pub fn sound(&mut self, keys: Arc<Clip>) {
        let nothing =
            || Box::new(Playing { play: PlayId(0), clips: Vec::new(), clip: 0, at: 0, ordered_at: Mono::ZERO });
        self.tones.get_or_insert_with(nothing).clips.push(keys);
    }

    pub fn is_playing(&self) -> bool {
        self.playing.is_some()
    }

    pub fn sender(&self) -> &Sender {
        &self.sender
    }

    /// Frames of 20 ms whose time has passed unsent.
    pub fn skip(&mut self, frames: u64, codec: Codec) {
        self.pass((frames as u32).wrapping_mul(codec.ticks(FRAME as u32)));
    }

    /// So many ticks go by in silence.
    pub fn pass(&mut self, ticks: u32) {
        self.sender.pass(ticks);
        self.sender.begin_spurt();
    }

    /// Hands the next packet's time to `send`: one packet, or two while a key's end is repeated. Each comes in a buffer with room
    /// behind it, and with its length.
    pub fn frame(&mut self, remote: &Remote, mut send: impl FnMut(&mut [u8], usize)) -> Uttered {
        let mut buffer = [0; packet::HEADER + PAYLOAD_MAX + ROOM];
        let codec = remote.codec;
        let samples = remote.samples();
        let ticks = codec.ticks(samples as u32);
        let mut uttered = Uttered::default();
        let key = match remote.dtmf_payload {
            Some(payload_type) if !self.keys.is_idle() => match self.keys.tick(self.sender.timestamp()) {
                KeyTick::Packet(key) => {
                    let length = self.sender.event(payload_type, key.marker, key.timestamp, &key.payload, &mut buffer);
                    send(&mut buffer, length);
                    if key.replaces_audio {
                        self.sender.pass(ticks);
                        return uttered;
                    }
                    true
                }
                KeyTick::Gap => true,
                KeyTick::Idle => false,
            },
            Some(_) | None => false,
        };
        let payload = &mut buffer[packet::HEADER..packet::HEADER + PAYLOAD_MAX];
        let spoken = if key { None } else { self.speak(codec, &mut payload[..samples], &mut uttered) };
        let length = spoken.unwrap_or_else(|| hush(codec, self.sender.timestamp(), &mut payload[..samples]));
        self.sender.audio(remote.payload, ticks, &mut buffer);
        send(&mut buffer, packet::HEADER + length);
        uttered
    }

    /// Bytes of the payload; `None`: nothing to say.
    fn speak(&mut self, codec: Codec, payload: &mut [u8], uttered: &mut Uttered) -> Option<usize> {
        if let Some(tones) = &mut self.tones {
            if let Some(length) = tones.fill(codec, self.sender.timestamp(), payload) {
                return Some(length);
            }
            self.tones = None;
        }
        if let Some(playing) = &mut self.playing {
            if let Some(length) = playing.fill(codec, self.sender.timestamp(), payload) {
                uttered.played = Some(playing.ordered_at);
                return Some(length);
            }
            uttered.ended = Some(playing.play);
            self.playing = None;
        }
        self.relay.as_mut()?.take(codec, payload)
    }
}

/// Fills with comfort noise; gives the payload's bytes.
fn hush(codec: Codec, timestamp: u32, payload: &mut [u8]) -> usize {
    let whole = comfort::frame(codec, timestamp);
    if payload.len() == FRAME {
        payload[..whole.len()].copy_from_slice(whole);
        return whole.len();
    }
    comfort::fill(codec, timestamp, payload);
    payload.len()
}

impl Playing {
    /// Bytes of the payload; `None`: there was nothing left.
    fn fill(&mut self, codec: Codec, timestamp: u32, payload: &mut [u8]) -> Option<usize> {
        let mut filled = 0;
        while filled < payload.len()
            && let Some(clip) = self.clips.get(self.clip)
        {
            let rest = match clip.coded(codec) {
                Coded::Bytes(bytes) => &bytes[self.at..],
                Coded::Packets(packets) => {
                    let Some(packet) = packets.get(self.at / FRAME) else {
                        (self.clip, self.at) = (self.clip + 1, 0);
                        continue;
                    };
                    self.at += FRAME;
                    payload[..packet.len()].copy_from_slice(packet);
                    return Some(packet.len());
                }
            };
            let n = rest.len().min(payload.len() - filled);
            payload[filled..filled + n].copy_from_slice(&rest[..n]);
            filled += n;
            self.at += n;
            if n == rest.len() {
                self.clip += 1;
                self.at = 0;
            }
        }
        if filled == 0 {
            return None;
        }
        if filled < payload.len() {
            comfort::fill(codec, timestamp.wrapping_add(filled as u32), &mut payload[filled..]);
        }
        Some(payload.len())
    }
}

/// Audio on its way from the other leg of a bridge: evens out the two legs' different beats.
#[derive(Debug)]
pub struct Relay {
    waiting: VecDeque<i16>,
    /// Enough has been gathered to bear a late packet.
    flowing: bool,
    /// For this leg's codec.
    encoder: Option<(Codec, Encoder)>,
}

/// Gathered before sending: 40 ms, and no less than a packet.
const RELAY_FIRST: usize = 2 * FRAME;
/// The most that waits: 160 ms. Beyond it the clocks differ, and the oldest is dropped down to `RELAY_FIRST`.
const RELAY_MAX: usize = 8 * FRAME;

impl Relay {
    pub fn new() -> Relay {
        Relay { waiting: VecDeque::with_capacity(RELAY_MAX), flowing: false, encoder: None }
    }

    pub fn push(&mut self, pcm: &[i16]) {
        if self.waiting.len() + pcm.len() > RELAY_MAX {
            let kept = RELAY_FIRST.min(self.waiting.len());
            self.waiting.drain(..self.waiting.len() - kept);
        }
        self.waiting.extend(pcm.iter().take(RELAY_MAX - self.waiting.len()));
    }

    /// A packet of what there is, the rest silence; its bytes. `None`: nothing is ready.
    fn take(&mut self, codec: Codec, payload: &mut [u8]) -> Option<usize> {
        self.flowing |= self.waiting.len() >= RELAY_FIRST.max(payload.len());
        if !self.flowing {
            return None;
        }
        let mut pcm = [0; PAYLOAD_MAX];
        let pcm = &mut pcm[..payload.len()];
        let ready = self.waiting.len().min(pcm.len());
        pcm.iter_mut().zip(self.waiting.drain(..ready)).for_each(|(to, from)| *to = from);
        self.flowing = !self.waiting.is_empty();
        let encoder = match &mut self.encoder {
            Some((of, encoder)) if *of == codec => encoder,
            other => &mut other.insert((codec, Encoder::new(codec))).1,
        };
        Some(encoder.encode(pcm, payload))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rtp::Packet;

    fn remote(codec: Codec) -> Remote {
        Remote::plain(([127, 0, 0, 1], 9).into(), codec, Some(101))
    }

    fn mouth() -> Mouth {
        Mouth::new(Sender::new(1, 0, 0))
    }

    fn clip(samples: usize, byte: u8) -> Arc<Clip> {
        Arc::new(Clip::from_laws(vec![byte; samples].into(), vec![byte; samples].into()))
    }

    /// The packets of `frames` frames: payload type, timestamp, marker, runs of payload bytes.
    fn line(mouth: &mut Mouth, frames: usize) -> Vec<String> {
        let mut out = Vec::new();
        for _ in 0..frames {
            let mut packets = Vec::new();
            let uttered = mouth.frame(&remote(Codec::Pcma), |buffer, length| {
                let p = Packet::parse(&buffer[..length]).unwrap();
                let mut runs = Vec::new();
                // Comfort noise is shown as silence.
                let hush = comfort::frame(Codec::Pcma, p.header.timestamp);
                let shown: Vec<u8> =
                    p.payload.iter().zip(hush).map(|(byte, hush)| if byte == hush { 0xD5 } else { *byte }).collect();
                for run in shown.chunk_by(|a, b| a == b) {
                    runs.push(format!("{:02X}x{}", run[0], run.len()));
                }
                let marker = if p.header.marker { " M" } else { "" };
                let what = if p.header.payload_type == 101 { "key".to_owned() } else { runs.join(" ") };
                packets.push(format!("{}{marker} {what}", p.header.timestamp));
            });
            out.extend(packets);
            out.extend(uttered.ended.map(|p| format!("ended {p}")));
        }
        out
    }

    #[test]
    fn clips_follow_without_a_gap_then_silence() {
        let mut mouth = mouth();
        mouth.play(PlayId(1), vec![clip(200, 1), clip(0, 9), clip(130, 2)], Mono::ZERO);
        assert_eq!(
            line(&mut mouth, 4),
            ["0 M 01x160", "160 01x40 02x120", "320 02x10 D5x150", "480 D5x160", "ended 1"]
        );
    }

    #[test]
    fn nothing_to_play_ends_at_once() {
        let mut mouth = mouth();
        mouth.play(PlayId(1), vec![], Mono::ZERO);
        assert_eq!(line(&mut mouth, 2), ["0 M D5x160", "ended 1", "160 D5x160"]);
    }

    #[test]
    fn a_stop_falls_silent_and_a_stale_one_does_nothing() {
        let mut mouth = mouth();
        mouth.play(PlayId(2), vec![clip(900, 1)], Mono::ZERO);
        line(&mut mouth, 1);
        mouth.stop(PlayId(1));
        assert_eq!(line(&mut mouth, 1), ["160 01x160"]);
        mouth.stop(PlayId(2));
        assert_eq!(line(&mut mouth, 2), ["320 D5x160", "480 D5x160"]);
    }

    #[test]
    fn a_key_takes_the_audios_place_and_the_play_goes_on_after_it() {
        let mut mouth = mouth();
        mouth.play(PlayId(1), vec![clip(320, 1)], Mono::ZERO);
        line(&mut mouth, 1);
        mouth.press("5");
        let expected = [
            "160 M key",
            "160 key",
            "160 key",
            "160 key",
            "160 key",
            "160 key",
            "960 D5x160",
            "160 key",
            "1120 D5x160",
            "1280 D5x160",
            "1440 01x160",
            "1600 D5x160",
            "ended 1",
        ];
        assert_eq!(line(&mut mouth, 10), expected);
    }

    #[test]
    fn a_relay_gathers_first_and_stays_bounded() {
        let mut mouth = mouth();
        mouth.relay = Some(Relay::new());
        let push = |mouth: &mut Mouth, byte| {
            mouth.relay.as_mut().unwrap().push(&[Codec::Pcma.law().unwrap().decode(byte); FRAME])
        };
        push(&mut mouth, 1);
        assert_eq!(line(&mut mouth, 1), ["0 M D5x160"]);
        push(&mut mouth, 2);
        assert_eq!(line(&mut mouth, 3), ["160 01x160", "320 02x160", "480 D5x160"]);
        for byte in 10..30 {
            push(&mut mouth, byte);
        }
        assert!(mouth.relay.as_ref().unwrap().waiting.len() <= RELAY_MAX);
        assert_eq!(mouth.relay.as_ref().unwrap().waiting.back(), Some(&Codec::Pcma.law().unwrap().decode(29)));
    }
}
