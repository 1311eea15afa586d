//! What is heard in the place of a lost packet: the voice goes on for a little with the pitch it had, grows quieter, and ends in
//! silence; what comes after is faded in. The idea is ITU-T G.711 Appendix I's, without its delay of 3.75 ms.

use super::RATE;

const fn samples(ms_tenths: usize) -> usize {
    ms_tenths * RATE as usize / 10_000
}

/// Pitches looked for: 66 to 200 Hz. A higher one shows as two or three of its periods.
const LAG_MIN: usize = samples(50);
const LAG_MAX: usize = samples(150);
/// Of the recent past, what is compared with itself one lag before: 20 ms.
const COMPARED: usize = samples(200);
/// Periods that are repeated: one at first, then two, then three, so that no buzz is heard.
const PERIODS_MAX: usize = 3;
/// After so many samples one more period is taken.
const PERIOD_EVERY: usize = samples(100);
/// Kept of what was heard.
const HISTORY: usize = LAG_MAX * PERIODS_MAX + JOIN;
/// Two sounds are faded into each other over 4 ms.
const JOIN: usize = samples(40);
/// The sound goes on undiminished for 10 ms, and is gone after 60.
const FADE_FROM: usize = samples(100);
const FADE_TO: usize = samples(600);
/// Below this likeness it was no voice: then three periods are taken at once.
const LIKENESS_MIN: f32 = 0.5;

#[derive(Debug, Clone)]
pub struct Concealer {
    /// The newest last.
    history: [i16; HISTORY],
    /// Samples made up since the last that was heard, and the period they repeat.
    lost: usize,
    period: usize,
    /// Periods taken at first.
    first: usize,
    /// From the last sample heard to the first one made up, a step that is evened out.
    step: f32,
}

impl Default for Concealer {
    fn default() -> Concealer {
        Concealer { history: [0; HISTORY], lost: 0, period: LAG_MIN, first: 1, step: 0.0 }
    }
}

impl Concealer {
    /// Samples that came. After a loss their beginning is faded in, in place.
    pub fn heard(&mut self, pcm: &mut [i16]) {
        if self.lost > 0 {
            for (n, sample) in pcm.iter_mut().take(JOIN).enumerate() {
                let here = (n as f32 + 1.0) / (JOIN as f32 + 1.0);
                *sample = (f32::from(*sample) * here + self.made(self.lost + n) * (1.0 - here)).round() as i16;
            }
            self.lost = 0;
        }
        let kept = pcm.len().min(HISTORY);
        self.history.copy_within(kept.., 0);
        self.history[HISTORY - kept..].copy_from_slice(&pcm[pcm.len() - kept..]);
    }

    /// Fills `pcm` with what may have been in the packet that is missing.
    pub fn lost(&mut self, pcm: &mut [i16]) {
        if self.lost == 0 {
            self.find_period();
        }
        for (n, sample) in pcm.iter_mut().enumerate() {
            *sample = self.made(self.lost + n).round().clamp(-32_768.0, 32_767.0) as i16;
        }
        self.lost = self.lost.saturating_add(pcm.len());
    }

    /// Whether what is made up has become silence: noise of one's own may take its place.
    pub fn is_silent(&self) -> bool {
        self.lost >= FADE_TO
    }

    fn find_period(&mut self) {
        let recent = &self.history[HISTORY - COMPARED..];
        let mut best = (f32::MIN, LAG_MAX);
        for lag in LAG_MIN..=LAG_MAX {
            let before = &self.history[HISTORY - COMPARED - lag..][..COMPARED];
            let (mut product, mut energy) = (0i64, 0i64);
            for (&a, &b) in recent.iter().zip(before) {
                product += i64::from(i32::from(a) * i32::from(b));
                energy += i64::from(i32::from(b) * i32::from(b));
            }
            let likeness = product as f32 / (energy as f32 + 1.0).sqrt();
            if likeness > best.0 {
                best = (likeness, lag);
            }
        }
        let energy: i64 = recent.iter().map(|&s| i64::from(i32::from(s) * i32::from(s))).sum();
        self.period = best.1;
        self.first = if best.0 >= LIKENESS_MIN * (energy as f32 + 1.0).sqrt() { 1 } else { PERIODS_MAX };
        let at = |back: usize| f32::from(self.history[HISTORY - back]);
        self.step = at(1) - at(1 + self.first * self.period);
    }

    /// Sample `n` of what is made up.
    fn made(&self, n: usize) -> f32 {
        if n >= FADE_TO {
            return 0.0;
        }
        let periods = |n: usize| (self.first + n / PERIOD_EVERY).min(PERIODS_MAX);
        let mut sample = self.repeated(n, periods(n));
        // One period more is taken by fading from what was taken before.
        if n >= PERIOD_EVERY && n % PERIOD_EVERY < JOIN && periods(n) > periods(n - PERIOD_EVERY) {
            let new = (n % PERIOD_EVERY) as f32 / JOIN as f32;
            sample = sample * new + self.repeated(n, periods(n - PERIOD_EVERY)) * (1.0 - new);
        }
        if n < JOIN {
            sample += self.step * (1.0 - (n as f32 + 1.0) / (JOIN as f32 + 1.0));
        }
        let fade = (n.max(FADE_FROM) - FADE_FROM) as f32 / (FADE_TO - FADE_FROM) as f32;
        sample * (1.0 - fade)
    }

    /// The last `periods` periods, over and over, each end faded into the beginning.
    fn repeated(&self, n: usize, periods: usize) -> f32 {
        let length = self.period * periods;
        let (round, at) = (n / length, n % length);
        let history = |at: usize| f32::from(self.history[HISTORY - length + at]);
        // The first time round it follows what was heard; later its own end.
        if round > 0 && at < JOIN {
            let new = (at as f32 + 1.0) / (JOIN as f32 + 1.0);
            // What would follow the end is what was heard after the period before it: nothing more was. So the end is held by
            // the step to the beginning, which fades.
            let step = history(length - 1) - f32::from(self.history[HISTORY - length - 1]);
            return history(at) + step * (1.0 - new);
        }
        history(at)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{FRAME, level, tone};
    use super::*;

    /// What is heard of `pcm` when the frames of `lost` are missing.
    fn through(pcm: &[i16], lost: impl Fn(usize) -> bool) -> Vec<i16> {
        let mut concealer = Concealer::default();
        let mut out = Vec::new();
        for (n, frame) in pcm.chunks(FRAME).enumerate() {
            let mut frame = frame.to_vec();
            if lost(n) {
                concealer.lost(&mut frame);
            } else {
                concealer.heard(&mut frame);
            }
            out.extend(frame);
        }
        out
    }

    #[test]
    fn a_steady_voice_goes_on_as_if_nothing_were_lost() {
        // Harmonics of 125 Hz, as a vowel has them.
        let vowel: Vec<i16> = (0..4000)
            .map(|n| {
                (1..12)
                    .map(|h| 1500.0 / h as f64 * (std::f64::consts::TAU * 125.0 * f64::from(h * n) / 8000.0).sin())
                    .sum::<f64>() as i16
            })
            .collect();
        let heard = through(&vowel, |n| n == 10);
        let wrong: Vec<i16> = heard.iter().zip(&vowel).map(|(a, b)| a - b).collect();
        let (lost, before) = (level::rms(&wrong[1600..1840]), level::rms(&vowel));
        assert!(lost < before * 0.12, "off by {lost} of {before}");
        assert_eq!(heard[..1600], vowel[..1600], "what came is not touched");
        assert_eq!(heard[1800..], vowel[1800..], "but for the join");
    }

    #[test]
    fn no_clicks_anywhere_and_silence_in_the_end() {
        for seed in 0..20 {
            let voice = tone::babble(seed, 1000);
            let steepest =
                |pcm: &[i16]| pcm.windows(2).map(|w| (i32::from(w[0]) - i32::from(w[1])).abs()).max().unwrap();
            let heard = through(&voice, |n| [7, 8, 20, 21, 22, 23, 24, 25].contains(&n));
            assert!(
                steepest(&heard) < steepest(&voice) * 13 / 10,
                "seed {seed}: {} of {}",
                steepest(&heard),
                steepest(&voice)
            );
            assert!(heard[23 * FRAME + 10..26 * FRAME].iter().all(|s| *s == 0), "after 60 ms nothing is made up");
        }
    }

    #[test]
    fn extremes_do_no_harm() {
        for pcm in [vec![i16::MIN; 800], vec![i16::MAX; 800], [i16::MIN, i16::MAX].repeat(400), vec![0; 800], vec![]] {
            for length in [0, 1, 79, 480, 2000] {
                let mut concealer = Concealer::default();
                concealer.heard(&mut pcm.clone());
                concealer.lost(&mut vec![1; length]);
                concealer.heard(&mut [i16::MIN; 5]);
                concealer.lost(&mut vec![1; length]);
                concealer.lost(&mut vec![1; 960]);
                assert!(concealer.is_silent());
            }
        }
    }

    /// Mean distance of the spectra in dB, of 32 bands, over frames that sound.
    fn distance(a: &[i16], b: &[i16]) -> f64 {
        let bands = |frame: &[i16]| -> Vec<f64> {
            (1..=32)
                .map(|band| {
                    let turn = std::f64::consts::TAU * f64::from(band) * 100.0 / 8000.0;
                    let (mut re, mut im) = (0.0, 0.0);
                    for (n, s) in frame.iter().enumerate() {
                        let weight = 0.5 - 0.5 * (std::f64::consts::TAU * n as f64 / frame.len() as f64).cos();
                        re += weight * f64::from(*s) * (turn * n as f64).cos();
                        im += weight * f64::from(*s) * (turn * n as f64).sin();
                    }
                    // A floor: what nobody hears does not count.
                    10.0 * (re * re + im * im + 1e6).log10()
                })
                .collect()
        };
        // Every half frame, so that the seams are within.
        let frames = a
            .windows(FRAME)
            .step_by(FRAME / 2)
            .zip(b.windows(FRAME).step_by(FRAME / 2))
            .filter(|(a, _)| level::rms(a) > 300.0);
        let distances: Vec<f64> = frames
            .map(|(a, b)| (bands(a).iter().zip(bands(b)).map(|(a, b)| (a - b).powi(2)).sum::<f64>() / 32.0).sqrt())
            .collect();
        distances.iter().sum::<f64>() / distances.len() as f64
    }

    /// Against silence in the place of what is lost, and against the last packet once more.
    #[test]
    fn nearer_to_the_voice_than_repetition_and_silence() {
        let voice = tone::babble(11, 20_000);
        for percent in [5, 10, 20] {
            let lost = |n: usize| (n as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 33 & 0x7F < percent * 128 / 100;
            let mut silence = voice.clone();
            let mut repeated = voice.clone();
            for n in 1..voice.len() / FRAME {
                if lost(n) {
                    silence[n * FRAME..(n + 1) * FRAME].fill(0);
                    repeated.copy_within((n - 1) * FRAME..n * FRAME, n * FRAME);
                }
            }
            let made = distance(&voice, &through(&voice, lost));
            let (repeated, silence) = (distance(&voice, &repeated), distance(&voice, &silence));
            println!("{percent} % lost: {made:.2} dB off; repetition {repeated:.2}, silence {silence:.2}");
            assert!(made < repeated * 0.9 && made < silence * 0.6, "{percent} %: {made} {repeated} {silence}");
        }
    }
}
