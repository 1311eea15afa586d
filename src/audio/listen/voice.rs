//! Stretches of sound, clicks left out and dips between syllables bridged.

use super::frames;

/// Shorter sounds are clicks: of 40 ms, which the window of the spectrum makes 60 of.
const SPEECH_MIN: u32 = frames(80);
/// Dips between syllables.
const DIP_MAX: u32 = frames(100);

#[derive(Debug, Clone, Default)]
pub struct Voice {
    pub on: bool,
    /// The frame at which the present or last stretch began.
    pub began: u32,
    /// Its last loud frame.
    pub last: u32,
    /// Loud frames in a row.
    run: u32,
}

impl Voice {
    pub fn hear(&mut self, now: u32, loud: bool) {
        self.run = if loud { self.run + 1 } else { 0 };
        if !self.on && self.run >= SPEECH_MIN {
            self.on = true;
            self.began = now + 1 - self.run;
        }
        if self.on && loud {
            self.last = now;
        }
        self.on &= self.pause(now) <= DIP_MAX;
    }

    /// What was taken for a voice was noise.
    pub fn forget(&mut self) {
        (self.on, self.run) = (false, 0);
    }

    /// Frames since the last loud one.
    pub fn pause(&self, now: u32) -> u32 {
        now - self.last
    }
}
