//! How periodic a frame is: a voice repeats itself 75 to 360 times a second, noise of whatever colour does not.
//!
//! The autocorrelation at the periods of voices, out of the roots of the powers from 190 to 1,300 Hz: roots, since a street's
//! rumble would otherwise pass for one long wave.

use std::f32::consts::TAU;
use std::sync::LazyLock;

use super::spectrum::{BINS, WINDOW};

const FROM: usize = 6;
const BANDS: usize = 36;
/// Periods in samples, every second one.
const SHORTEST: usize = 22;
const PERIODS: usize = 43;

static WAVES: LazyLock<[[f32; BANDS]; PERIODS]> = LazyLock::new(|| {
    std::array::from_fn(|n| {
        let period = (SHORTEST + 2 * n) as f32;
        std::array::from_fn(|bin| (TAU * period * (FROM + bin) as f32 / WINDOW as f32).cos())
    })
});

/// From 0, noise, to 1.
pub fn of(power: &[f32; BINS]) -> f32 {
    let mut roots = [0.0; BANDS];
    for (root, power) in roots.iter_mut().zip(&power[FROM..]) {
        *root = power.sqrt();
    }
    let all: f32 = roots.iter().sum();
    if all <= 0.0 {
        return 0.0;
    }
    let mut most = 0f32;
    for wave in WAVES.iter() {
        let mut parts = [0f32; 4];
        for (roots, waves) in roots.as_chunks::<4>().0.iter().zip(wave.as_chunks::<4>().0) {
            for n in 0..4 {
                parts[n] += roots[n] * waves[n];
            }
        }
        most = most.max(parts.iter().sum());
    }
    most / all
}
