//! Stretches of somebody's voice: clicks left out, dips between syllables bridged, and noise however loud, since it does not
//! repeat itself as a voice does.

use super::frames;

/// Shorter sounds are clicks: of 40 ms, which the window of the spectrum makes 60 of.
const SPEECH_MIN: u32 = frames(80);
/// Dips between syllables.
const DIP_MAX: u32 = frames(100);
/// Loud frames remembered, against dips within a short word.
const RUN_MAX: u32 = frames(200);
/// A hiss so long before or behind the last frame that was periodic belongs to it: `s`, `sch`.
const HISS_BEFORE: u32 = frames(240);
const HISS_MAX: u32 = frames(180);
/// How periodic noise is at most, nine frames of ten; and by how much in all a voice must be more.
const NOISE: f32 = 0.26;
const EXCESS_MIN: f32 = 0.14;
const EXCESS_MAX: f32 = 0.6;
/// A frame far above the noise counts for so much, however hoarse or deep the voice: below 80 Hz the window holds too few periods.
const CLEAR: f32 = 0.035;
/// A quiet frame takes so much of it.
const QUIET: f32 = 0.02;
/// One frame that is more periodic than noise.
const PERIODIC: f32 = 0.3;

/// What a frame is to a voice.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Sound {
    Quiet,
    /// How periodic; `clear`: louder than the noise ever swells.
    Loud {
        periodic: f32,
        clear: bool,
    },
    /// It tells nothing: a lost packet, perhaps a tone.
    Unknown,
}

#[derive(Debug, Clone, Default)]
pub struct Voice {
    pub on: bool,
    /// The frame at which the present or last stretch began.
    pub began: u32,
    /// Its last loud frame.
    pub last: u32,
    /// Loud frames a little back, and the first of them.
    run: u32,
    onset: u32,
    /// By how much it was more periodic than noise, since this frame.
    excess: f32,
    excess_since: u32,
    last_periodic: u32,
}

impl Voice {
    pub fn hear(&mut self, now: u32, sound: Sound) {
        match sound {
            Sound::Loud { periodic, clear } => self.loud(now, periodic, clear),
            Sound::Quiet => {
                self.run = self.run.saturating_sub(1);
                self.excess = (self.excess - QUIET).max(0.0);
            }
            Sound::Unknown => {}
        }
        self.on &= self.pause(now) <= DIP_MAX;
    }

    fn loud(&mut self, now: u32, periodic: f32, clear: bool) {
        if self.run == 0 {
            self.onset = now;
        }
        self.run = (self.run + 1).min(RUN_MAX);
        if self.excess <= 0.0 {
            self.excess_since = now;
        }
        let least = if clear { CLEAR } else { f32::MIN };
        self.excess = (self.excess + (periodic - NOISE).max(least)).clamp(0.0, EXCESS_MAX);
        if periodic >= PERIODIC {
            self.last_periodic = now;
        }
        if !self.on && self.run >= SPEECH_MIN && self.excess >= EXCESS_MIN {
            self.on = true;
            self.began = self.onset.max(self.excess_since.saturating_sub(HISS_BEFORE));
            self.last = now;
        }
        if self.on && (clear || now - self.last_periodic <= HISS_MAX) {
            self.last = now;
        }
    }

    /// What was taken for a voice was noise.
    pub fn forget(&mut self) {
        (self.on, self.run, self.excess) = (false, 0, 0.0);
    }

    /// Frames since the last loud one.
    pub fn pause(&self, now: u32) -> u32 {
        now - self.last
    }
}
