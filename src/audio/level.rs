//! Loudness and edges of a piece of audio: voices differ by 10 dB between engines, and each brings its own silence.
//!
//! Loudness is ITU-R BS.1770-4's (K-weighting, blocks of 400 ms, two gates), of one channel at 8 kHz. A word is shorter than a
//! block: it is measured as one block, which is the nearest that the recommendation comes to it.

use std::f64::consts::PI;
use std::sync::LazyLock;

use super::{FRAME, RATE};

/// The loudness that all our audio is brought to.
pub const TARGET_LUFS: f64 = -19.0;
/// No sample passes this: −1 dB of full scale.
pub const PEAK_MAX: f32 = 29_200.0;
/// Frames quieter than this are not counted as sound: about −50 dB.
const SOUNDING_RMS: f32 = 104.0;
/// Never amplify more than this: beyond it, it is noise that grows. 30 dB.
const GAIN_MAX: f64 = 31.6;

pub fn rms(pcm: &[i16]) -> f32 {
    if pcm.is_empty() {
        return 0.0;
    }
    let energy: i64 = pcm.iter().map(|&s| i64::from(s) * i64::from(s)).sum();
    (energy as f32 / pcm.len() as f32).sqrt()
}

/// A filter of the second order, by its transfer function.
struct Biquad {
    b: [f64; 3],
    a: [f64; 2],
}

/// The two filters of BS.1770-4 annex 1: the head's shelf, and the high pass. The recommendation gives them for 48 kHz; these are
/// the same analogue filters, taken to 8 kHz by the bilinear transform.
static K_WEIGHTING: LazyLock<[Biquad; 2]> = LazyLock::new(|| {
    let warped = |hz: f64| (PI * hz / f64::from(RATE)).tan();
    let (k, q) = (warped(1_681.974_450_955_53), 0.707_175_236_955_42);
    let high = 10f64.powf(3.999_843_853_973_35 / 20.0);
    let band = high.powf(0.499_666_774_155);
    let norm = 1.0 + k / q + k * k;
    let shelf = Biquad {
        b: [(high + band * k / q + k * k) / norm, 2.0 * (k * k - high) / norm, (high - band * k / q + k * k) / norm],
        a: [2.0 * (k * k - 1.0) / norm, (1.0 - k / q + k * k) / norm],
    };
    let (k, q) = (warped(38.135_470_876_02), 0.500_327_037_323_87);
    let norm = 1.0 + k / q + k * k;
    let high_pass = Biquad { b: [1.0, -2.0, 1.0], a: [2.0 * (k * k - 1.0) / norm, (1.0 - k / q + k * k) / norm] };
    [shelf, high_pass]
});

fn k_weighted(pcm: &[i16]) -> Vec<f64> {
    let mut samples: Vec<f64> = pcm.iter().map(|&s| f64::from(s) / 32_768.0).collect();
    for Biquad { b, a } in K_WEIGHTING.iter() {
        let (mut z1, mut z2) = (0.0, 0.0);
        for sample in &mut samples {
            let x = *sample;
            let y = b[0] * x + z1;
            z1 = b[1] * x - a[0] * y + z2;
            z2 = b[2] * x - a[1] * y;
            *sample = y;
        }
    }
    samples
}

/// Loudness in LUFS; `None` for silence.
pub fn loudness(pcm: &[i16]) -> Option<f64> {
    const BLOCK: usize = RATE as usize * 400 / 1000;
    const STEP: usize = BLOCK / 4;
    const ABSOLUTE_GATE: f64 = -70.0;
    const RELATIVE_GATE: f64 = -10.0;
    let of_power = |power: f64| -0.691 + 10.0 * power.log10();
    let weighted = k_weighted(pcm);
    let mean = |block: &[f64]| block.iter().map(|s| s * s).sum::<f64>() / block.len() as f64;
    let blocks: Vec<f64> = match weighted.len() {
        0 => return None,
        1..=BLOCK => vec![mean(&weighted)],
        _ => weighted.windows(BLOCK).step_by(STEP).map(mean).collect(),
    };
    let gated = |gate: f64| {
        let over: Vec<f64> = blocks.iter().copied().filter(|power| of_power(*power) > gate).collect();
        (!over.is_empty()).then(|| over.iter().sum::<f64>() / over.len() as f64)
    };
    let relative = of_power(gated(ABSOLUTE_GATE)?) + RELATIVE_GATE;
    gated(relative.max(ABSOLUTE_GATE)).map(of_power)
}

/// Brings the piece to a loudness with one gain for the whole of it. Peaks that would pass [`PEAK_MAX`] are bent down smoothly, so
/// that nothing clips and nothing stays quiet for one loud consonant. Silence stays as it is.
pub fn level(pcm: &mut [i16], target_lufs: f64) {
    // Bending takes a little off the loudness; a second round puts it back.
    for _ in 0..2 {
        let Some(now) = loudness(pcm) else { return };
        gain(pcm, decibels(target_lufs - now).min(GAIN_MAX));
    }
}

pub fn decibels(db: f64) -> f64 {
    10f64.powf(db / 20.0)
}

/// Louder or quieter by a factor, without clipping: see [`level`].
pub fn gain(pcm: &mut [i16], factor: f64) {
    let wanted: Vec<f32> = pcm.iter().map(|&s| f32::from(s) * factor as f32).collect();
    let limit = limits(&wanted);
    for ((sample, wanted), limit) in pcm.iter_mut().zip(wanted).zip(limit) {
        *sample = (wanted * limit).round() as i16;
    }
}

/// For each sample the factor, at most one, that keeps it below [`PEAK_MAX`]: it falls over 5 ms before a peak and rises over
/// 5 ms after it, so that no edge is heard.
fn limits(samples: &[f32]) -> Vec<f32> {
    const REACH: usize = RATE as usize * 5 / 1000;
    let mut limits = vec![1f32; samples.len()];
    for (at, peak) in samples.iter().map(|s| s.abs()).enumerate().filter(|(_, peak)| *peak > PEAK_MAX) {
        let floor = PEAK_MAX / peak;
        let (from, to) = (at.saturating_sub(REACH), (at + REACH + 1).min(samples.len()));
        for (near, limit) in limits[from..to].iter_mut().enumerate() {
            let distance = (from + near).abs_diff(at) as f32 / REACH as f32;
            let rise = (1.0 - (std::f32::consts::PI * distance).cos()) / 2.0;
            *limit = limit.min(floor + (1.0 - floor) * rise);
        }
    }
    limits
}

/// The piece without the silence before and after it, keeping `keep` samples of either.
pub fn trim(pcm: &[i16], keep: usize) -> &[i16] {
    /// Short enough not to cut a consonant's onset: 5 ms.
    const STEP: usize = FRAME / 4;
    let sounds = |piece: &[i16]| rms(piece) >= SOUNDING_RMS;
    let Some(first) = pcm.chunks(STEP).position(sounds) else { return &[] };
    let last = pcm.chunks(STEP).rposition(sounds).expect("there is a first");
    &pcm[(first * STEP).saturating_sub(keep)..((last + 1) * STEP + keep).min(pcm.len())]
}

/// Both ends grow out of silence and go back into it within 5 ms: pieces are joined without a click.
pub fn fade(pcm: &mut [i16]) {
    let length = (RATE as usize * 5 / 1000).min(pcm.len() / 2);
    let weight = |n: usize| (1.0 - (PI * (n as f64 + 0.5) / length as f64).cos()) / 2.0;
    let last = pcm.len().saturating_sub(1);
    for n in 0..length {
        for at in [n, last - n] {
            pcm[at] = (f64::from(pcm[at]) * weight(n)).round() as i16;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tone;
    use super::*;

    /// ITU-R BS.1770-4: a sine of 997 Hz at full scale in one channel is −3.01 LUFS. (At 8 kHz the shelf is a little off.)
    #[test]
    fn a_sine_is_as_loud_as_the_recommendation_says() {
        for (peak, expected) in [(32_767, -3.01), (3277, -23.01), (328, -43.01)] {
            let found = loudness(&tone::sine(997.0, 3000, peak)).unwrap();
            assert!((found - expected).abs() < 0.1, "peak {peak}: {found}");
        }
        assert_eq!(loudness(&[0; 8000]), None);
        assert_eq!(loudness(&[]), None);
    }

    /// Pauses do not make speech quieter: blocks 10 LU below the rest are not counted.
    #[test]
    fn pauses_are_not_counted() {
        let speech = tone::babble(1, 2000);
        let alone = loudness(&speech).unwrap();
        let with_pauses = [speech.clone(), tone::silence(2000), speech, tone::silence(3000)].concat();
        assert!((loudness(&with_pauses).unwrap() - alone).abs() < 0.6);
    }

    #[test]
    fn quiet_and_loud_come_out_alike_and_nothing_clips() {
        for amplitude in [300, 1500, 8000, 32_000] {
            let mut pcm = tone::sine(440.0, 500, amplitude);
            pcm.extend(vec![0; 4000]);
            level(&mut pcm, TARGET_LUFS);
            let now = loudness(&pcm).unwrap();
            assert!((now - TARGET_LUFS).abs() < 0.2, "amplitude {amplitude}: {now}");
        }
        // One click does not keep the rest quiet.
        let mut pcm = tone::sine(440.0, 1500, 1000);
        pcm[2000] = 20_000;
        level(&mut pcm, TARGET_LUFS);
        assert!(f32::from(pcm[2000]) <= PEAK_MAX);
        let now = loudness(&pcm).unwrap();
        assert!((now - TARGET_LUFS).abs() < 0.3, "{now}");
        let mut silence = vec![0i16; 800];
        level(&mut silence, TARGET_LUFS);
        assert_eq!(silence, vec![0; 800]);
    }

    #[test]
    fn trims_both_ends() {
        let sound = tone::sine(440.0, 100, 8000);
        let mut pcm = vec![0; 1600];
        pcm.extend(&sound);
        pcm.extend(vec![0; 3200]);
        assert_eq!(trim(&pcm, 0).len(), 800);
        assert_eq!(trim(&pcm, 160).len(), 800 + 320);
        assert_eq!(trim(&pcm, 100_000).len(), pcm.len());
        assert_eq!(trim(&vec![3; 5000], 160).len(), 0);
        assert_eq!(trim(&[], 160).len(), 0);
    }

    #[test]
    fn ends_fade() {
        let mut pcm = vec![10_000i16; 400];
        fade(&mut pcm);
        assert!(pcm[0] < 100 && pcm[399] < 100 && pcm[40] == 10_000 && pcm[359] == 10_000);
        assert!(pcm.windows(2).all(|w| (w[0] - w[1]).abs() < 500));
        for length in 0..5 {
            fade(&mut vec![10_000; length]);
        }
    }
}
