//! What a leg sends: keys first, then what is played, then what is relayed to it, else comfort noise. One frame every 20 ms.

use std::collections::VecDeque;
use std::sync::Arc;

use super::Remote;
use crate::audio::{Clip, Codec, Coded, FRAME, comfort};
use crate::id::PlayId;
use crate::rtp::dtmf::{KeySender, KeyTick};
use crate::rtp::{Sender, packet};
use crate::time::Mono;

#[derive(Debug)]
pub struct Mouth {
    sender: Sender,
    keys: KeySender,
    playing: Option<Playing>,
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
        Mouth { sender, keys: KeySender::default(), playing: None, relay: None }
    }

    pub fn play(&mut self, play: PlayId, clips: Vec<Arc<Clip>>, ordered_at: Mono) {
        self.playing = Some(Playing { play, clips, clip: 0, at: 0, ordered_at });
        self.sender.begin_spurt();
    }

    pub fn stop(&mut self, play: PlayId) {
        self.playing.take_if(|p| p.play == play);
    }

    pub fn press(&mut self, keys: &str) {
        self.keys.push(keys);
    }

    pub fn is_playing(&self) -> bool {
        self.playing.is_some()
    }

    /// Frames whose time has passed unsent.
    pub fn skip(&mut self, frames: u64) {
        self.sender.pass((frames as u32).wrapping_mul(FRAME as u32));
        self.sender.begin_spurt();
    }

    /// Hands the next 20 ms to `send`: one packet, or two while a key's end is repeated.
    pub fn frame(&mut self, remote: &Remote, mut send: impl FnMut(&[u8])) -> Uttered {
        let mut buffer = [0; packet::HEADER + FRAME];
        let mut payload = [0; FRAME];
        comfort::fill(remote.codec, self.sender.timestamp(), &mut payload);
        let mut uttered = Uttered::default();
        let key = match remote.dtmf_payload {
            Some(payload_type) => match self.keys.tick(self.sender.timestamp()) {
                KeyTick::Packet(key) => {
                    let length = self.sender.event(payload_type, key.marker, key.timestamp, &key.payload, &mut buffer);
                    send(&buffer[..length]);
                    if key.replaces_audio {
                        self.sender.pass(FRAME as u32);
                        return uttered;
                    }
                    true
                }
                KeyTick::Gap => true,
                KeyTick::Idle => false,
            },
            None => false,
        };
        if !key {
            uttered = self.fill(remote.codec, &mut payload);
        }
        let length = self.sender.audio(remote.codec.payload_type(), &payload, &mut buffer);
        send(&buffer[..length]);
        uttered
    }

    /// `payload` comes full of comfort noise.
    fn fill(&mut self, codec: Codec, payload: &mut [u8; FRAME]) -> Uttered {
        let mut uttered = Uttered::default();
        if let Some(playing) = &mut self.playing {
            if playing.fill(codec, payload) {
                uttered.played = Some(playing.ordered_at);
                return uttered;
            }
            uttered.ended = Some(playing.play);
            self.playing = None;
        }
        if let Some(relay) = &mut self.relay {
            relay.take(payload);
        }
        uttered
    }
}

impl Playing {
    /// False when there was nothing left.
    fn fill(&mut self, codec: Codec, payload: &mut [u8; FRAME]) -> bool {
        let mut filled = 0;
        while filled < FRAME
            && let Some(clip) = self.clips.get(self.clip)
        {
            // Packets of Opus are not yet played.
            let bytes = match clip.coded(codec) {
                Coded::Bytes(bytes) => bytes,
                Coded::Packets(_) => &[],
            };
            let rest = &bytes[self.at..];
            let n = rest.len().min(FRAME - filled);
            payload[filled..filled + n].copy_from_slice(&rest[..n]);
            filled += n;
            self.at += n;
            if n == rest.len() {
                self.clip += 1;
                self.at = 0;
            }
        }
        filled > 0
    }
}

/// Audio on its way from the other leg of a bridge, in this leg's codec: evens out the two legs' different beats.
#[derive(Debug)]
pub struct Relay {
    waiting: VecDeque<u8>,
    /// Enough has been gathered to bear a late packet.
    flowing: bool,
}

/// Gathered before sending: 40 ms.
const RELAY_FIRST: usize = 2 * FRAME;
/// The most that waits: 160 ms. Beyond it the clocks differ, and the oldest is dropped down to `RELAY_FIRST`.
const RELAY_MAX: usize = 8 * FRAME;

impl Relay {
    pub fn new() -> Relay {
        Relay { waiting: VecDeque::with_capacity(RELAY_MAX), flowing: false }
    }

    pub fn push(&mut self, audio: &[u8]) {
        if self.waiting.len() + audio.len() > RELAY_MAX {
            let kept = RELAY_FIRST.min(self.waiting.len());
            self.waiting.drain(..self.waiting.len() - kept);
        }
        self.waiting.extend(audio.iter().take(RELAY_MAX - self.waiting.len()));
    }

    /// Fills what it can; the rest stays silent.
    fn take(&mut self, payload: &mut [u8; FRAME]) {
        self.flowing |= self.waiting.len() >= RELAY_FIRST;
        if !self.flowing {
            return;
        }
        for (to, from) in payload.iter_mut().zip(self.waiting.drain(..FRAME.min(self.waiting.len()))) {
            *to = from;
        }
        self.flowing = !self.waiting.is_empty();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rtp::Packet;

    fn remote(codec: Codec) -> Remote {
        Remote { addr: ([127, 0, 0, 1], 9).into(), codec, dtmf_payload: Some(101) }
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
            let uttered = mouth.frame(&remote(Codec::Pcma), |bytes| {
                let p = Packet::parse(bytes).unwrap();
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
        let push = |mouth: &mut Mouth, byte| mouth.relay.as_mut().unwrap().push(&[byte; FRAME]);
        push(&mut mouth, 1);
        assert_eq!(line(&mut mouth, 1), ["0 M D5x160"]);
        push(&mut mouth, 2);
        assert_eq!(line(&mut mouth, 3), ["160 01x160", "320 02x160", "480 D5x160"]);
        for byte in 10..30 {
            push(&mut mouth, byte);
        }
        assert!(mouth.relay.as_ref().unwrap().waiting.len() <= RELAY_MAX);
        assert_eq!(mouth.relay.as_ref().unwrap().waiting.back(), Some(&29));
    }
}
