//! Tones: the frames that hold one or two pure frequencies, and from them events with a length.
//!
//! A tone is told from a voice by how little else the spectrum holds and by how steadily it stands or sweeps.

use super::super::FRAME;
use super::country::Country;
use super::frames;
use super::spectrum::{BIN_HZ, BINS};

/// Where tones are looked for: from 300 to 2,200 Hz. The telephone network's and beeps lie there.
const LOWEST_BIN: usize = 10;
const HIGHEST_BIN: usize = 70;
/// Below it lies mains hum, which no telephone passes.
const BAND_FROM: usize = 4;
/// Of the energy of the band, what the peaks of a tone hold: no less over noise 9 dB below it.
const PURE: f32 = 0.88;
/// Below 750 Hz lie the first resonances of a voice, and a vowel may be as pure as that.
const PURE_LOW: f32 = 0.95;
const LOW_BIN: usize = (750.0 / BIN_HZ) as usize;
/// At the pitch of the network, this near it.
const PURE_NETWORK: f32 = 0.8;
const NETWORK_HZ: f32 = 10.0;
/// Bins on either side of a peak that are its own: what the window smears, and what a sweep passes in 32 ms.
const PEAK_BINS: usize = 3;
/// The weaker of two tones, of the stronger's energy: 8 dB.
const SECOND_MIN: f32 = 0.15;
/// What the next peak may hold of a tone's energy. Noise is flat; a vowel has harmonics: 15 dB.
const NEXT_MAX: f32 = 0.03;
/// Two tones whose pitches stand like this are the harmonics of a voice.
const HARMONIC: std::ops::RangeInclusive<f32> = 1.94..=2.06;
/// Two frequencies nearer to each other are one peak.
const APART: usize = 5;
/// Between two frames of a tone that stands.
const STANDS_HZ: f32 = 7.0;
/// Of one that sweeps, always in the same direction.
const SWEEPS_HZ: f32 = 160.0;
/// The energy of the same tone swells or fades by so much from frame to frame, its first and last frames apart: 2.4 dB.
const SWELL: f32 = 1.75;

/// One frame's tone; `second` is zero when there is one frequency only.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pitch {
    pub hz: f32,
    pub second: f32,
    pub energy: f32,
}

pub fn pitch(power: &[f32; BINS]) -> Option<Pitch> {
    let total: f32 = power[BAND_FROM..BINS - 8].iter().sum();
    if total <= 0.0 {
        return None;
    }
    let first = peak(power, [None, None])?;
    let one = energy(power, first);
    let second = peak(power, [Some(first), None])?;
    let two = energy(power, second);
    let pure = if first < LOW_BIN { PURE_LOW } else { PURE };
    if one >= pure * total {
        return (two <= NEXT_MAX * one).then(|| Pitch { hz: hz(power, first), second: 0.0, energy: one });
    }
    if two < SECOND_MIN * one || one + two < PURE * total {
        return None;
    }
    let third = peak(power, [Some(first), Some(second)]).map_or(0.0, |third| energy(power, third));
    let (a, b) = (hz(power, first), hz(power, second));
    let (low, high) = (a.min(b), a.max(b));
    let pure = third <= NEXT_MAX * (one + two) && !HARMONIC.contains(&(high / low));
    pure.then_some(Pitch { hz: low, second: high, energy: one + two })
}

/// The same at the pitches of the country's network, which may lie deeper in noise: the cadence must show it then.
pub fn pitch_of_network(power: &[f32; BINS], country: &Country) -> Option<Pitch> {
    let total: f32 = power[BAND_FROM..BINS - 8].iter().sum();
    let first = peak(power, [None, None])?;
    let one = energy(power, first);
    let near = |hz: f32, wanted: f32| (hz - wanted).abs() <= NETWORK_HZ;
    if one >= PURE_NETWORK * total {
        let hz = hz(power, first);
        return country.pitches().any(|p| p.second == 0.0 && near(hz, p.hz)).then_some(Pitch {
            hz,
            second: 0.0,
            energy: one,
        });
    }
    let second = peak(power, [Some(first), None])?;
    let two = energy(power, second);
    if two < SECOND_MIN * one || one + two < PURE_NETWORK * total {
        return None;
    }
    let (a, b) = (hz(power, first), hz(power, second));
    let (low, high) = (a.min(b), a.max(b));
    let is_near = country.pitches().any(|p| near(low, p.hz) && near(high, p.second));
    is_near.then_some(Pitch { hz: low, second: high, energy: one + two })
}

/// The highest bin, away from other peaks.
fn peak(power: &[f32; BINS], others: [Option<usize>; 2]) -> Option<usize> {
    let away = |bin: usize| others.iter().flatten().all(|other| bin.abs_diff(*other) >= APART);
    let mut best: Option<usize> = None;
    for bin in LOWEST_BIN..=HIGHEST_BIN {
        let is_peak = power[bin] >= power[bin - 1] && power[bin] >= power[bin + 1];
        if is_peak && away(bin) && best.is_none_or(|b| power[bin] > power[b]) {
            best = Some(bin);
        }
    }
    best
}

fn energy(power: &[f32; BINS], bin: usize) -> f32 {
    power[bin - PEAK_BINS..=bin + PEAK_BINS].iter().sum()
}

/// Between the bins, by the parabola through the logarithms of three.
fn hz(power: &[f32; BINS], bin: usize) -> f32 {
    let [a, b, c] = [power[bin - 1], power[bin], power[bin + 1]].map(|p| p.max(1e-9).ln());
    let bend = a - 2.0 * b + c;
    let off = if bend.abs() < 1e-6 { 0.0 } else { (0.5 * (a - c) / bend).clamp(-0.5, 0.5) };
    (bin as f32 + off) * BIN_HZ
}

/// A tone that has ended, or that still sounds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tone {
    /// The frame at which it began, and the number of frames it lasted.
    pub began: u32,
    pub length: u32,
    /// Where it stood in the middle; where it began and ended, if it swept.
    pub hz: f32,
    pub second: f32,
    pub from: f32,
    /// It swept over more than a beep's unsteadiness.
    pub sweeps: bool,
    pub energy: f32,
}

impl Tone {
    pub fn is_near(&self, hz: f32, second: f32, within: f32) -> bool {
        (self.hz - hz).abs() <= within && (self.second - second).abs() <= within
    }

    pub fn end(&self) -> u32 {
        self.began + self.length
    }
}

/// Follows the tone of a line from frame to frame.
#[derive(Debug, Clone, Default)]
pub struct Tones {
    current: Option<Tone>,
    last: Option<Pitch>,
    /// Frames in which the window held only a part of the tone, or noise broke it.
    missed: u32,
    rising: Option<bool>,
}

/// A break within a tone: a lost packet.
const MISSED_MAX: u32 = 2;
/// The first and last window of a tone hold its edges and are not pure: a tone of 60 ms may leave two that are.
pub const TONE_MIN: u32 = frames(40);

impl Tones {
    /// The tone that sounds, if there is one.
    pub fn current(&self) -> Option<&Tone> {
        self.current.as_ref().filter(|tone| tone.length >= TONE_MIN)
    }

    /// Perhaps a tone: two frames of it. Long enough not to be taken for speech.
    pub fn is_sounding(&self) -> bool {
        self.current.as_ref().is_some_and(|tone| tone.length >= 2)
    }

    /// One frame: its tone, if it is one. Gives back a tone that has ended with the frame before.
    pub fn hear(&mut self, now: u32, pitch: Option<Pitch>) -> Option<Tone> {
        let (Some(p), Some(last), Some(tone)) = (pitch, self.last, &mut self.current) else {
            return match (pitch, self.current) {
                (Some(p), _) => {
                    let ended = self.end();
                    self.begin(now, p);
                    ended
                }
                (None, Some(_)) if self.missed < MISSED_MAX => {
                    self.missed += 1;
                    None
                }
                (None, _) => self.end(),
            };
        };
        let step = p.hz - last.hz;
        let swells = p.energy <= last.energy * SWELL && last.energy <= p.energy * SWELL;
        // The first window is filled in part, and its peak is broad.
        let young = tone.length < 2;
        let two = (p.second - last.second).abs() <= STANDS_HZ * 1.5 || young && p.second > 0.0 && last.second > 0.0;
        let stands = step.abs() <= if young { 3.0 * STANDS_HZ } else { STANDS_HZ } && two;
        let sweeps = p.second == 0.0
            && last.second == 0.0
            && step.abs() <= SWEEPS_HZ
            && step.abs() > STANDS_HZ / 2.0
            && self.rising.is_none_or(|rising| rising == (step > 0.0));
        let goes_on =
            (stands && (!tone.sweeps || sweeps) || sweeps && (tone.sweeps || tone.length <= 3)) && (swells || young);
        if !goes_on {
            let ended = self.end();
            self.begin(now, p);
            return ended;
        }
        if sweeps && !stands {
            tone.sweeps = true;
            self.rising = Some(step > 0.0);
        }
        tone.length = now + 1 - tone.began;
        // The middle of it is the surest.
        if tone.length <= 4 || p.energy > tone.energy || tone.sweeps {
            (tone.hz, tone.second) = (p.hz, p.second);
        }
        tone.energy = tone.energy.max(p.energy);
        self.missed = 0;
        self.last = Some(p);
        None
    }

    fn begin(&mut self, now: u32, p: Pitch) {
        self.missed = 0;
        self.rising = None;
        self.last = Some(p);
        self.current = Some(Tone {
            began: now,
            length: 1,
            hz: p.hz,
            second: p.second,
            from: p.hz,
            sweeps: false,
            energy: p.energy,
        });
    }

    fn end(&mut self) -> Option<Tone> {
        self.last = None;
        self.rising = None;
        self.missed = 0;
        self.current.take().filter(|tone| tone.length >= TONE_MIN)
    }
}

/// Frames of a line that is heard but not looked at.
pub const fn seconds(frames: u32) -> f32 {
    frames as f32 * FRAME as f32 / super::super::RATE as f32
}
