//! Levels and edges of a piece of audio: voices differ by 10 dB between engines, and each brings its own silence.

use super::FRAME;

/// The loudness that all our audio is brought to: RMS of its sounding parts, −20 dB of full scale.
pub const TARGET_RMS: f32 = 3277.0;
/// No sample is raised above this: −1 dB of full scale.
pub const PEAK_MAX: f32 = 29_200.0;
/// Frames quieter than this are not counted as sound: about −50 dB.
const SOUNDING_RMS: f32 = 104.0;
/// Never amplify more than this: beyond it, it is noise that grows. 24 dB.
const GAIN_MAX: f32 = 16.0;

pub fn rms(pcm: &[i16]) -> f32 {
    if pcm.is_empty() {
        return 0.0;
    }
    let energy: i64 = pcm.iter().map(|&s| i64::from(s) * i64::from(s)).sum();
    (energy as f32 / pcm.len() as f32).sqrt()
}

/// RMS of the frames that sound; zero if none does.
pub fn sounding_rms(pcm: &[i16]) -> f32 {
    let mut energy = 0.0;
    let mut frames = 0;
    for frame in pcm.chunks(FRAME).map(rms).filter(|&r| r >= SOUNDING_RMS) {
        energy += frame * frame;
        frames += 1;
    }
    if frames == 0 { 0.0 } else { (energy / frames as f32).sqrt() }
}

/// Brings the sounding parts to `target_rms` with one gain for the whole piece, lowered where a peak would pass
/// [`PEAK_MAX`], so that nothing clips. Silence stays as it is.
pub fn level(pcm: &mut [i16], target_rms: f32) {
    let now = sounding_rms(pcm);
    let peak = pcm.iter().map(|s| s.unsigned_abs()).max().unwrap_or(0);
    if now == 0.0 || peak == 0 {
        return;
    }
    let gain = (target_rms / now).min(GAIN_MAX).min(PEAK_MAX / f32::from(peak));
    for sample in pcm {
        *sample = (f32::from(*sample) * gain).round() as i16;
    }
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

#[cfg(test)]
mod tests {
    use super::super::tone;
    use super::*;

    #[test]
    fn quiet_and_loud_come_out_alike_and_nothing_clips() {
        for amplitude in [300, 1500, 8000, 32_000] {
            let mut pcm = tone::sine(440.0, 500, amplitude);
            pcm.extend(vec![0; 4000]);
            level(&mut pcm, TARGET_RMS);
            let now = sounding_rms(&pcm);
            assert!((now - TARGET_RMS).abs() < 60.0, "amplitude {amplitude}: {now}");
        }
        // One click forbids raising the rest as far as asked.
        let mut pcm = tone::sine(440.0, 500, 1000);
        pcm[2000] = 20_000;
        level(&mut pcm, TARGET_RMS);
        assert!(f32::from(pcm[2000]) <= PEAK_MAX);
        let mut silence = vec![0i16; 800];
        level(&mut silence, TARGET_RMS);
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
}
