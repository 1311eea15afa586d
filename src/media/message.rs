//! A message that the far end leaves: recorded until it pauses for long enough, or for as long as it may.

use std::time::Duration;

use super::MediaEventKind;
use super::ear::Listening;
use super::scribe::Recorder;
use crate::id::LegId;
use crate::time::Mono;

#[derive(Debug)]
pub struct Message {
    recorder: Recorder,
    listening: Listening,
    began: Mono,
    max: Duration,
    silence: Duration,
    speaking: bool,
    /// From the beginning to the end of the last words.
    spoken: Duration,
    over: bool,
    /// Used again and again, so that no packet allocates.
    facts: Vec<MediaEventKind>,
}

impl Message {
    /// `silence`: the pause after words that ends the message.
    pub fn begin(recorder: Recorder, at: Mono, max: Duration, silence: Duration) -> Message {
        let quiet_ms = u32::try_from(silence.as_millis()).unwrap_or(u32::MAX);
        Message {
            recorder,
            listening: Listening::for_speech(quiet_ms),
            began: at,
            max,
            silence,
            speaking: false,
            spoken: Duration::ZERO,
            over: false,
            facts: Vec::new(),
        }
    }

    pub fn hear(&mut self, now: Mono, timestamp: u32, pcm: &[i16]) {
        self.recorder.hear(now, timestamp, pcm);
        self.listening.hear(timestamp, pcm, &mut self.facts);
        self.understand(now);
    }

    /// Nothing came for so many frames.
    pub fn quiet(&mut self, now: Mono, frames: u32) {
        self.listening.fall_quiet(frames, &mut self.facts);
        self.understand(now);
    }

    fn understand(&mut self, now: Mono) {
        for fact in self.facts.drain(..) {
            match fact {
                MediaEventKind::SpeechStarted => self.speaking = true,
                MediaEventKind::SpeechEnded => {
                    self.speaking = false;
                    self.spoken = now.since(self.began).saturating_sub(self.silence);
                    self.over = true;
                }
                _ => {}
            }
        }
    }

    pub fn is_over(&self, now: Mono) -> bool {
        self.over || now.since(self.began) >= self.max
    }

    /// `MessageTaken` follows when it is on disk.
    pub fn finish(self, now: Mono, leg: LegId) {
        let spoken = if self.speaking { now.since(self.began).min(self.max) } else { self.spoken };
        self.recorder.finish_message(now, leg, spoken);
    }
}
