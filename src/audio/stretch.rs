//! Slower, faster, higher and lower: the same voice at another pace (WSOLA: waveform similarity overlap-add) or pitch.

use super::{RATE, resample};

/// Two periods of the lowest voice: 30 ms.
const WINDOW: usize = RATE as usize * 30 / 1000;
const STEP: usize = WINDOW / 2;
/// How far a window may be moved to fit what went before: 8 ms, more than half a period of the lowest voice.
const SEEK: usize = RATE as usize * 8 / 1000;

/// `percent` of the pace: 200 takes half as long. 50 to 200; at 100 nothing is changed.
pub fn pace(pcm: &[i16], percent: u16) -> Vec<i16> {
    if percent == 100 || pcm.len() <= WINDOW + SEEK {
        return pcm.to_vec();
    }
    let percent = usize::from(percent.clamp(50, 200));
    let length = pcm.len() * 100 / percent;
    let mut sum = vec![0f32; length + WINDOW];
    let mut weights = vec![0f32; length + WINDOW];
    let hann = |n: usize| (0.5 - 0.5 * (std::f32::consts::TAU * (n as f32 + 0.5) / WINDOW as f32).cos()).max(1e-3);
    let mut natural = 0;
    for at in (0..length).step_by(STEP) {
        let wanted = (at * percent / 100).min(pcm.len() - WINDOW);
        // What would follow the window before, if nothing were stretched: the next one should look like it.
        let from = if at == 0 { 0 } else { best(pcm, natural, wanted) };
        for n in 0..WINDOW {
            sum[at + n] += hann(n) * f32::from(pcm[from + n]);
            weights[at + n] += hann(n);
        }
        natural = (from + STEP).min(pcm.len() - WINDOW);
    }
    sum.iter().zip(&weights).take(length).map(|(s, w)| (s / w).round() as i16).collect()
}

/// Where near `wanted` the sound is most like that at `natural`.
fn best(pcm: &[i16], natural: usize, wanted: usize) -> usize {
    let reference = &pcm[natural..natural + WINDOW];
    let likeness = |from: usize| {
        let (mut product, mut energy) = (0f32, 1f32);
        // Every second sample tells as much, for half the work.
        for n in (0..WINDOW).step_by(2) {
            let sample = f32::from(pcm[from + n]);
            product += sample * f32::from(reference[n]);
            energy += sample * sample;
        }
        product / energy.sqrt()
    };
    let (from, to) = (wanted.saturating_sub(SEEK), (wanted + SEEK).min(pcm.len() - WINDOW));
    (from..=to).max_by(|a, b| likeness(*a).total_cmp(&likeness(*b))).unwrap_or(wanted)
}

/// `percent` of the pitch, in the same time. 50 to 200; at 100 nothing is changed.
pub fn pitch(pcm: &[i16], percent: u16) -> Vec<i16> {
    if percent == 100 {
        return pcm.to_vec();
    }
    let percent = percent.clamp(50, 200);
    // Played faster it is higher, and shorter by as much.
    let higher = resample::to_telephone(pcm, RATE / 100 * u32::from(percent));
    pace(&higher, (10_000 / u32::from(percent)) as u16)
}

#[cfg(test)]
mod tests {
    use super::super::{level, tone};
    use super::*;

    /// How often a second the wave goes up through zero.
    fn hertz(pcm: &[i16]) -> f64 {
        let middle = &pcm[pcm.len() / 4..pcm.len() * 3 / 4];
        let ups = middle.windows(2).filter(|w| w[0] < 0 && w[1] >= 0).count();
        ups as f64 * f64::from(RATE) / middle.len() as f64
    }

    #[test]
    fn another_pace_is_another_length_at_the_same_pitch() {
        let pcm = tone::sine(200.0, 2000, 8000);
        for percent in [50, 64, 80, 90, 100, 110, 125, 160, 200] {
            let out = pace(&pcm, percent);
            let expected = pcm.len() * 100 / usize::from(percent);
            assert_eq!(out.len(), expected, "{percent} %");
            assert!((hertz(&out) - 200.0).abs() < 4.0, "{percent} %: {} Hz", hertz(&out));
            assert!((level::rms(&out) / level::rms(&pcm) - 1.0).abs() < 0.05, "{percent} %: louder or quieter");
            // No window is joined with a click: the wave moves no faster than a sine does.
            let steepest = out.windows(2).map(|w| (i32::from(w[0]) - i32::from(w[1])).abs()).max().unwrap();
            assert!(steepest < 2500, "{percent} %: a step of {steepest}");
        }
    }

    #[test]
    fn another_pitch_takes_the_same_time() {
        let pcm = tone::sine(200.0, 2000, 8000);
        for percent in [70, 85, 118, 140] {
            let out = pitch(&pcm, percent);
            let expected = 2.0 * f64::from(percent);
            assert!((hertz(&out) - expected).abs() < 5.0, "{percent} %: {} Hz", hertz(&out));
            assert!(out.len().abs_diff(pcm.len()) < pcm.len() / 50, "{percent} %: {}", out.len());
        }
    }

    #[test]
    fn short_and_strange_sounds_come_back() {
        for length in [0, 1, WINDOW - 1, WINDOW + SEEK, WINDOW + SEEK + 1, 1000] {
            for percent in [0, 50, 99, 200, 65_535] {
                pace(&vec![100; length], percent);
                pitch(&vec![100; length], percent);
            }
        }
    }
}
