//! What the line sounds like when nobody speaks, and whether a frame stands out of it.

use super::frames;

/// Below this RMS nothing counts as sound: −57 dB of full scale, 23 dB below the softest voices on telephones.
pub const SOUND_MIN: f32 = 45.0;
/// Sound is this much louder than the quietest frame of the last two seconds: 8 dB.
const OVER_QUIETEST: f32 = 2.5;
/// Sound is this much louder than noise that is known to be steady: 5 dB.
const OVER_STEADY: f32 = 1.8;
/// What is periodic as a voice is need not stand out so far.
const PERIODIC: f32 = 0.62;
/// A quietest frame louder than this is a voice's until it has shown itself steady.
const QUIETEST_MAX: f32 = 300.0;
/// Loud noise is taken for noise only as long as it is steady: a third of a second within 5 dB is no speech.
const STEADY: usize = frames(320) as usize;
const STEADY_RATIO: f32 = 1.8;
/// It was quieter than that a little ago: then it is a vowel that is held.
const QUIETER: f32 = 2.2;
/// Nothing louder is noise, however steady: −12 dB of full scale.
const STEADY_MAX: f32 = 8000.0;

/// What is so far below the loudest frame is somebody else's voice, or an echo: 15 dB.
const FAR: f32 = 0.18;
/// The loudest frame counts for half as much three seconds later.
const FORGETS: f32 = 0.9954;
/// So many frames without any sound were not lost, but silent.
const NOTHING: u32 = frames(80);

#[derive(Debug, Clone)]
pub struct Floor {
    /// The quietest frame of each quarter of a second.
    quietest: [f32; 8],
    at: usize,
    heard: u32,
    /// Frames in a row without any sound at all.
    nothing: u32,
    recent: [f32; STEADY],
    next: usize,
    /// The loudest frame, slowly forgotten.
    peak: f32,
    /// The level of noise that was steady, and still is about so.
    steady: f32,
    /// The quietest of late.
    least: f32,
}

/// How a frame stands to the noise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    Quiet,
    Loud,
    /// Loud, and it has turned out that all of it, a third of a second back, is steady noise.
    Steady,
}

impl Default for Floor {
    fn default() -> Floor {
        Floor {
            quietest: [f32::MAX; 8],
            at: 0,
            heard: 0,
            nothing: 0,
            recent: [0.0; STEADY],
            next: 0,
            peak: 0.0,
            steady: 0.0,
            least: 0.0,
        }
    }
}

impl Floor {
    /// The noise, as far as it is known.
    pub fn noise(&self) -> f32 {
        self.least.max(self.steady)
    }

    /// The loudest frame of late.
    pub fn peak(&self) -> f32 {
        self.peak
    }

    /// `pure`, `periodic`: the frame is a tone or of a voice, which may be steady too, and are no noise.
    pub fn hear(&mut self, rms: f32, pure: bool, periodic: bool) -> Level {
        if self.heard == frames(250) {
            self.heard = 0;
            self.at = (self.at + 1) % self.quietest.len();
            self.quietest[self.at] = f32::MAX;
        }
        self.heard += 1;
        // A lost packet is no quiet line; a line of true silence is.
        self.nothing = if rms < 1.0 { self.nothing + 1 } else { 0 };
        if rms >= 1.0 || self.nothing >= NOTHING {
            self.quietest[self.at] = self.quietest[self.at].min(rms);
        }
        let least = self.quietest.iter().copied().fold(f32::MAX, f32::min);
        self.least = least;
        let quietest = least.min(QUIETEST_MAX);
        self.recent[self.next] = if pure || periodic { 0.0 } else { rms };
        self.next = (self.next + 1) % STEADY;
        let (low, high) = self.recent.iter().fold((f32::MAX, 0f32), |(low, high), &r| (low.min(r), high.max(r)));
        let is_steady = low > 0.0 && high <= low * STEADY_RATIO && high < STEADY_MAX && high <= least * QUIETER;
        if is_steady {
            self.steady = self.recent.iter().sum::<f32>() / STEADY as f32;
        } else if rms < self.steady * 0.6 {
            // The noise is gone, or was less than it seemed.
            self.steady = rms;
        }
        self.peak = if pure { self.peak } else { (self.peak * FORGETS).max(rms) };
        let far = self.peak * FAR;
        let before = (quietest * OVER_QUIETEST).max(SOUND_MIN).max(far);
        let over = if self.steady > quietest { (self.steady * OVER_STEADY).max(SOUND_MIN).max(far) } else { before };
        let over = if periodic { over * PERIODIC } else { over };
        match (rms > over, is_steady && rms > before) {
            (true, _) => Level::Loud,
            (false, true) => Level::Steady,
            (false, false) => Level::Quiet,
        }
    }
}
