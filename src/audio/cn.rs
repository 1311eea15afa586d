//! Comfort noise as payload (RFC 3389): a level and, if the far end says it, a coarse spectrum, from which noise is made until
//! speech comes again.

use super::level;

/// Coefficients of the spectrum that are read; more say nothing that is heard (§3.2 leaves the number to both sides).
pub const ORDER_MAX: usize = 12;
/// Those that we send.
const ORDER: usize = 4;
/// Steps of a coefficient: §3.2.
const STEP: f32 = 258.0 / 32_768.0;
const MIDDLE: i16 = 127;
/// RMS of the loudest square wave, which is 0 dBov.
const FULL: f32 = 32_768.0;
/// The quietest level that can be said: −127 dBov.
const QUIETEST: u8 = 127;

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ComfortNoise {
    /// So many dB below overload.
    pub level_dbov: u8,
    /// Reflection coefficients within ±1; those that were not given are 0.
    reflection: [f32; ORDER_MAX],
}

impl ComfortNoise {
    /// White noise of this level.
    pub fn white(level_dbov: u8) -> ComfortNoise {
        ComfortNoise { level_dbov: level_dbov.min(QUIETEST), reflection: [0.0; ORDER_MAX] }
    }

    /// `None`: an empty payload. The upper bit of the level is not looked at (§3.1: it is 0).
    pub fn read(payload: &[u8]) -> Option<ComfortNoise> {
        let (level, spectrum) = payload.split_first()?;
        let mut noise = ComfortNoise::white(level & 0x7F);
        for (k, &byte) in noise.reflection.iter_mut().zip(spectrum) {
            // 255 means nothing; the spectrum ends before it.
            if byte == u8::MAX {
                break;
            }
            *k = f32::from(i16::from(byte) - MIDDLE) * STEP;
        }
        Some(noise)
    }

    /// Writes what fits; gives the number of bytes: one, or one and the coefficients up to the last that is not 0.
    pub fn write(&self, payload: &mut [u8]) -> usize {
        let order = self.reflection.iter().rposition(|k| *k != 0.0).map_or(0, |last| last + 1);
        let bytes = self.reflection[..order].iter().map(|k| ((k / STEP).round() as i16 + MIDDLE).clamp(0, 254) as u8);
        payload.iter_mut().zip(std::iter::once(self.level_dbov).chain(bytes)).map(|(to, byte)| *to = byte).count()
    }

    /// What kind of noise this is.
    pub fn of(pcm: &[i16]) -> ComfortNoise {
        let rms = level::rms(pcm);
        if rms < 1.0 {
            return ComfortNoise::white(QUIETEST);
        }
        let mut noise = ComfortNoise::white((-20.0 * (rms / FULL).log10()).round().clamp(0.0, 127.0) as u8);
        let mut r = [0f32; ORDER + 1];
        for (lag, r) in r.iter_mut().enumerate().take(pcm.len()) {
            *r = pcm[lag..].iter().zip(pcm).map(|(a, b)| f32::from(*a) * f32::from(*b)).sum();
        }
        // Levinson and Durbin's recursion; a trace of white noise keeps it from the edge.
        let (mut a, mut error) = ([0f32; ORDER + 1], r[0] * 1.0001);
        for i in 1..=ORDER {
            let sum: f32 = r[i] + (1..i).map(|j| a[j] * r[i - j]).sum::<f32>();
            let k = (-sum / error).clamp(-0.99, 0.99);
            let before = a;
            for j in 1..i {
                a[j] = before[j] + k * before[i - j];
            }
            a[i] = k;
            error *= 1.0 - k * k;
            noise.reflection[i - 1] = k;
        }
        noise
    }

    fn rms(&self) -> f32 {
        FULL * 10f32.powf(-f32::from(self.level_dbov) / 20.0)
    }
}

/// Makes it.
#[derive(Debug, Clone)]
pub struct NoiseGenerator {
    noise: ComfortNoise,
    /// RMS of the white noise that the filter makes into what is wanted.
    drive: f32,
    /// The filter's backward waves.
    waves: [f32; ORDER_MAX + 1],
    dice: u32,
}

impl NoiseGenerator {
    /// `seed`: so that two lines do not hiss alike.
    pub fn new(noise: ComfortNoise, seed: u32) -> NoiseGenerator {
        let mut generator = NoiseGenerator { noise, drive: 0.0, waves: [0.0; ORDER_MAX + 1], dice: seed | 1 };
        generator.change(noise);
        generator
    }

    /// Goes on with another noise, without a click.
    pub fn change(&mut self, noise: ComfortNoise) {
        self.noise = noise;
        // Each stage of the lattice amplifies by 1 / (1 − k²).
        let gain: f32 = noise.reflection.iter().map(|k| 1.0 - k * k).product();
        self.drive = noise.rms() * gain.sqrt();
    }

    pub fn fill(&mut self, pcm: &mut [i16]) {
        for sample in pcm {
            // xorshift; evenly in ±√3, which has an RMS of one.
            self.dice ^= self.dice << 13;
            self.dice ^= self.dice >> 17;
            self.dice ^= self.dice << 5;
            let white = (self.dice as f32 / u32::MAX as f32 - 0.5) * 2.0 * 3f32.sqrt();
            let mut forward = white * self.drive;
            for i in (0..ORDER_MAX).rev() {
                let k = self.noise.reflection[i];
                forward -= k * self.waves[i];
                self.waves[i + 1] = self.waves[i] + k * forward;
            }
            self.waves[0] = forward;
            *sample = forward.round().clamp(-32_768.0, 32_767.0) as i16;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tone;
    use super::*;

    fn made(noise: ComfortNoise) -> Vec<i16> {
        let mut pcm = vec![0; 16_000];
        NoiseGenerator::new(noise, 7).fill(&mut pcm);
        pcm
    }

    fn db(pcm: &[i16]) -> f32 {
        -20.0 * (level::rms(pcm) / FULL).log10()
    }

    #[test]
    fn levels() {
        for said in [20, 30, 45, 60, 70] {
            let heard = db(&made(ComfortNoise::read(&[said]).unwrap()));
            assert!((heard - f32::from(said)).abs() < 1.0, "{said} dBov said, {heard} heard");
        }
        assert!(made(ComfortNoise::read(&[127]).unwrap()).iter().all(|s| *s == 0));
        assert_eq!(ComfortNoise::read(&[]), None);
    }

    #[test]
    fn the_spectrum_is_said_and_made_again() {
        // Low rumble, high hiss, and white: neighbouring samples tell.
        let white = tone::noise(5, 2000, 500);
        let low: Vec<i16> =
            white.windows(8).map(|w| (w.iter().map(|s| i32::from(*s)).sum::<i32>() / 3) as i16).collect();
        let high: Vec<i16> = white.windows(2).map(|w| w[1] / 2 - w[0] / 2).collect();
        for (what, pcm) in [("low", low), ("high", high), ("white", white)] {
            let slope = |pcm: &[i16]| {
                let pairs = pcm.windows(2).map(|w| f64::from(w[0]) * f64::from(w[1])).sum::<f64>();
                pairs / pcm.iter().map(|s| f64::from(*s).powi(2)).sum::<f64>()
            };
            let mut payload = [0; 20];
            let length = ComfortNoise::of(&pcm).write(&mut payload);
            assert!(length <= 1 + ORDER, "{what}");
            let again = made(ComfortNoise::read(&payload[..length]).unwrap());
            assert!((db(&again) - db(&pcm)).abs() < 1.5, "{what}: {} dBov became {}", db(&pcm), db(&again));
            assert!((slope(&again) - slope(&pcm)).abs() < 0.1, "{what}: {} became {}", slope(&pcm), slope(&again));
        }
    }

    #[test]
    fn what_is_written_is_read_and_rubbish_is_borne() {
        for payload in
            [&[45][..], &[45, 100], &[30, 127, 127, 200], &[0, 0, 254, 0, 254, 0, 254, 0, 254, 0, 254, 0, 254]]
        {
            let noise = ComfortNoise::read(payload).unwrap();
            let mut again = [0; 20];
            let length = noise.write(&mut again);
            assert_eq!(&again[..length], payload);
            // Filters at the edge of what they may be stay within it.
            made(noise);
        }
        assert_eq!(ComfortNoise::read(&[0xAD, 255, 3]), Some(ComfortNoise::white(45)));
        assert_eq!(ComfortNoise::read(&[9; 500]).unwrap().write(&mut [0; 3]), 3);
        assert_eq!(ComfortNoise::of(&[]), ComfortNoise::white(127));
        assert_eq!(ComfortNoise::of(&[0; 160]), ComfortNoise::white(127));
        ComfortNoise::of(&[i16::MIN; 3]);
    }
}
