//! The spectrum of the last 32 ms, in steps of 31.25 Hz: a Fourier transform of 256 real samples as one of 128 complex ones.

use std::f32::consts::{PI, TAU};
use std::sync::LazyLock;

use super::super::{FRAME, RATE};

/// Samples looked at: the frame and the end of the one before.
pub const WINDOW: usize = 256;
const HALF: usize = WINDOW / 2;
const KEPT: usize = WINDOW - FRAME;
pub const BINS: usize = HALF;
pub const BIN_HZ: f32 = RATE as f32 / WINDOW as f32;

struct Tables {
    /// Hann.
    window: [f32; WINDOW],
    order: [u8; HALF],
    /// By stage one after another: the roots of 2, 4, … 128.
    cos: [f32; HALF],
    sin: [f32; HALF],
    /// The roots of 256, to part the two halves.
    part_cos: [f32; HALF],
    part_sin: [f32; HALF],
}

static TABLES: LazyLock<Tables> = LazyLock::new(|| {
    let mut tables = Tables {
        window: std::array::from_fn(|n| 0.5 - 0.5 * (TAU * (n as f32 + 0.5) / WINDOW as f32).cos()),
        order: std::array::from_fn(|n| (n as u8).reverse_bits() >> 1),
        cos: [0.0; HALF],
        sin: [0.0; HALF],
        part_cos: std::array::from_fn(|k| (PI * k as f32 / HALF as f32).cos()),
        part_sin: std::array::from_fn(|k| -(PI * k as f32 / HALF as f32).sin()),
    };
    let mut at = 0;
    let mut half = 1;
    while half < HALF {
        for k in 0..half {
            let angle = -PI * k as f32 / half as f32;
            (tables.cos[at], tables.sin[at]) = (angle.cos(), angle.sin());
            at += 1;
        }
        half *= 2;
    }
    tables
});

#[derive(Debug, Clone)]
pub struct Spectrum {
    before: [f32; KEPT],
}

impl Default for Spectrum {
    fn default() -> Spectrum {
        Spectrum { before: [0.0; KEPT] }
    }
}

impl Spectrum {
    /// Remembers the frame without looking at it.
    pub fn pass(&mut self, frame: &[i16; FRAME]) {
        for (kept, &sample) in self.before.iter_mut().zip(&frame[FRAME - KEPT..]) {
            *kept = f32::from(sample);
        }
    }

    /// The power by bin.
    pub fn of(&mut self, frame: &[i16; FRAME]) -> [f32; BINS] {
        // A far end that sends nothing is heard as silence, which has no spectrum to work out.
        if frame.iter().all(|s| *s == 0) && self.before.iter().all(|s| *s == 0.0) {
            return [0.0; BINS];
        }
        let tables = &*TABLES;
        let mut x = [0.0; WINDOW];
        x[..KEPT].copy_from_slice(&self.before);
        for (to, &sample) in x[KEPT..].iter_mut().zip(frame) {
            *to = f32::from(sample);
        }
        self.pass(frame);
        for (sample, weight) in x.iter_mut().zip(&tables.window) {
            *sample *= weight;
        }
        let (mut re, mut im) = ([0.0; HALF], [0.0; HALF]);
        for (n, &from) in tables.order.iter().enumerate() {
            re[n] = x[2 * from as usize];
            im[n] = x[2 * from as usize + 1];
        }
        let (mut half, mut at) = (1, 0);
        while half < HALF {
            let (cos, sin) = (&tables.cos[at..at + half], &tables.sin[at..at + half]);
            for (re, im) in re.chunks_exact_mut(2 * half).zip(im.chunks_exact_mut(2 * half)) {
                let ((re_a, re_b), (im_a, im_b)) = (re.split_at_mut(half), im.split_at_mut(half));
                for k in 0..half {
                    let r = re_b[k] * cos[k] - im_b[k] * sin[k];
                    let i = re_b[k] * sin[k] + im_b[k] * cos[k];
                    (re_b[k], im_b[k]) = (re_a[k] - r, im_a[k] - i);
                    re_a[k] += r;
                    im_a[k] += i;
                }
            }
            at += half;
            half *= 2;
        }
        let mut power = [0.0; BINS];
        power[0] = (re[0] + im[0]).powi(2);
        for k in 1..HALF {
            let (a, b) = (re[k], re[HALF - k]);
            let (c, d) = (im[k], im[HALF - k]);
            let (even_re, even_im) = ((a + b) * 0.5, (c - d) * 0.5);
            let (odd_re, odd_im) = ((c + d) * 0.5, (b - a) * 0.5);
            let (cos, sin) = (tables.part_cos[k], tables.part_sin[k]);
            let re = even_re + odd_re * cos - odd_im * sin;
            let im = even_im + odd_re * sin + odd_im * cos;
            power[k] = re * re + im * im;
        }
        power
    }
}

/// The RMS of what lies in the telephone's band, 250 to 3,400 Hz: a street's rumble is no voice.
pub fn band_rms(power: &[f32; BINS]) -> f32 {
    // Parseval, for a Hann window, whose mean square is 3/8, and half of the spectrum.
    const SCALE: f32 = 0.375 / 2.0 * (WINDOW * WINDOW) as f32;
    (power[BAND_FROM..BAND_TO].iter().sum::<f32>() / SCALE).sqrt()
}

const BAND_FROM: usize = (250.0 / BIN_HZ) as usize;
const BAND_TO: usize = (3_400.0 / BIN_HZ) as usize;

#[cfg(test)]
mod tests {
    use super::super::super::tone;
    use super::*;

    #[test]
    fn a_sine_is_in_its_bin_and_the_power_is_that_of_the_samples() {
        for bin in [10, 32, 64, 100] {
            let pcm = tone::sine(f64::from(bin) * f64::from(BIN_HZ), 60, 8000);
            let mut spectrum = Spectrum::default();
            let frames = pcm.as_chunks::<FRAME>().0;
            spectrum.pass(&frames[0]);
            let power = spectrum.of(&frames[1]);
            let near: f32 = power[bin as usize - 1..=bin as usize + 1].iter().sum();
            assert!(near > 0.999 * power.iter().sum::<f32>(), "{bin}");
            // Parseval: a Hann window keeps 3/8 of the power; the negative frequencies hold the other half.
            let expected = 0.375 * 8000f32.powi(2) / 2.0 * (WINDOW * WINDOW) as f32 / 2.0;
            assert!((near / expected - 1.0).abs() < 0.02, "{bin}: {near} of {expected}");
        }
    }
}
