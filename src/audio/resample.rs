//! Any rate → 8 kHz, band-limited: what lies above the telephone's 4 kHz is removed, not folded down into the voice.

use super::RATE;

/// Zero crossings of the sinc on each side: more is a steeper edge and more work.
const HALF_CROSSINGS: f64 = 32.0;
/// Kaiser window: about 80 dB down in the stop band.
const KAISER_BETA: f64 = 8.0;
/// The pass band ends here, as a part of half the lower rate, and leaves the rest to the filter's edge: full up to 3.36 kHz, nothing from 4.0.
const PASS: f64 = 0.92;

/// `pcm` at `rate` samples a second → the same sound at 8 kHz. Keeps the length in time to within a sample.
///
/// `rate` of zero gives nothing.
pub fn to_telephone(pcm: &[i16], rate: u32) -> Vec<i16> {
    if rate == RATE {
        return pcm.to_vec();
    }
    if rate == 0 || pcm.is_empty() {
        return Vec::new();
    }
    let filter = Filter::new(rate);
    let length = (pcm.len() as u64 * RATE as u64).div_ceil(rate as u64) as usize;
    // Beyond the ends there is silence.
    let silence = vec![0f32; filter.reach];
    let samples: Vec<f32> = pcm.iter().map(|&s| f32::from(s)).collect();
    let padded = [silence.as_slice(), &samples, &silence, &[0.0]].concat();
    (0..length).map(|n| filter.sample(&padded, n)).collect()
}

/// The windowed sinc, tabulated at every position that an output sample can take between two input samples.
struct Filter {
    /// Output samples per input samples, in lowest terms: `up` phases, `down` steps.
    up: usize,
    down: usize,
    /// Input samples looked at on each side.
    reach: usize,
    /// `up` rows of `2 × reach` weights, each row summing to one.
    weights: Vec<f32>,
}

impl Filter {
    fn new(rate: u32) -> Filter {
        let divisor = gcd(rate, RATE);
        let (up, down) = ((RATE / divisor) as usize, (rate / divisor) as usize);
        // Cycles per input sample at which the pass band ends.
        let cutoff = PASS * f64::from(RATE.min(rate)) / f64::from(rate) / 2.0;
        let half_width = HALF_CROSSINGS / (2.0 * cutoff);
        let reach = half_width.ceil() as usize;
        let mut weights = Vec::with_capacity(up * 2 * reach);
        for phase in 0..up {
            let fraction = phase as f64 / up as f64;
            let row: Vec<f64> = (0..2 * reach)
                .map(|k| {
                    let distance = k as f64 - (reach as f64 - 1.0) - fraction;
                    sinc(2.0 * cutoff * distance) * kaiser(distance / half_width)
                })
                .collect();
            let sum: f64 = row.iter().sum();
            weights.extend(row.iter().map(|w| (w / sum) as f32));
        }
        Filter { up, down, reach, weights }
    }

    /// `padded` has `reach` samples of silence before the sound and after it.
    fn sample(&self, padded: &[f32], n: usize) -> i16 {
        let position = n * self.down;
        let (whole, phase) = (position / self.up, position % self.up);
        let row = &self.weights[phase * 2 * self.reach..][..2 * self.reach];
        let sum = dot(&padded[whole + 1..][..2 * self.reach], row);
        sum.round().clamp(f32::from(i16::MIN), f32::from(i16::MAX)) as i16
    }
}

/// The sum of products, in eight lanes, so that the machine adds eight at once: half of all work of a quick voice is here.
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let (a, a_rest) = a.as_chunks::<8>();
    let (b, b_rest) = b.as_chunks::<8>();
    let mut lanes = [0f32; 8];
    for (a, b) in a.iter().zip(b) {
        for lane in 0..8 {
            lanes[lane] += a[lane] * b[lane];
        }
    }
    lanes.iter().sum::<f32>() + a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum::<f32>()
}

fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { gcd(b, a % b) }
}

fn sinc(x: f64) -> f64 {
    if x == 0.0 { 1.0 } else { (std::f64::consts::PI * x).sin() / (std::f64::consts::PI * x) }
}

/// `x` in −1..=1; zero outside.
fn kaiser(x: f64) -> f64 {
    if x.abs() >= 1.0 { 0.0 } else { bessel_i0(KAISER_BETA * (1.0 - x * x).sqrt()) / bessel_i0(KAISER_BETA) }
}

/// The modified Bessel function of the first kind, order zero, by its power series.
fn bessel_i0(x: f64) -> f64 {
    let (mut sum, mut term) = (1.0, 1.0);
    for k in 1..40 {
        term *= (x / 2.0 / f64::from(k)).powi(2);
        sum += term;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sine(rate: u32, hz: f64, seconds: f64) -> Vec<i16> {
        (0..(f64::from(rate) * seconds) as usize)
            .map(|n| (10_000.0 * (std::f64::consts::TAU * hz * n as f64 / f64::from(rate)).sin()) as i16)
            .collect()
    }

    fn rms(pcm: &[i16]) -> f64 {
        (pcm.iter().map(|&s| f64::from(s).powi(2)).sum::<f64>() / pcm.len() as f64).sqrt()
    }

    #[test]
    fn keeps_the_voice_and_removes_what_would_fold() {
        for rate in [10_000, 11_025, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000] {
            for hz in [100.0, 440.0, 1000.0, 3000.0, 3400.0] {
                let heard = to_telephone(&sine(rate, hz, 0.5), rate);
                assert_eq!(heard.len(), 4000, "{rate}");
                let expected = sine(RATE, hz, 0.5);
                let wrong: Vec<i16> =
                    heard[400..3600].iter().zip(&expected[400..3600]).map(|(&a, &b)| a.saturating_sub(b)).collect();
                assert!(rms(&wrong) < 60.0, "{rate} Hz, tone of {hz}: off by {:.0} of 7071", rms(&wrong));
            }
            for hz in [4400.0, 4900.0, 7000.0, 10_000.0, 20_000.0] {
                if hz < f64::from(rate) / 2.0 {
                    let heard = to_telephone(&sine(rate, hz, 0.5), rate);
                    assert!(rms(&heard[400..3600]) < 10.0, "{rate} Hz lets {hz} through: {:.0}", rms(&heard));
                }
            }
        }
    }

    #[test]
    fn goes_up_as_well_and_bears_odd_input() {
        assert_eq!(to_telephone(&sine(6000, 440.0, 0.5), 6000).len(), 4000);
        assert!(to_telephone(&[], 16_000).is_empty());
        assert!(to_telephone(&[1, 2, 3], 0).is_empty());
        assert_eq!(to_telephone(&[5; 3], 48_000).len(), 1);
        assert_eq!(to_telephone(&[5, 6], 8000), [5, 6]);
    }
}
