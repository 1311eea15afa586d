//! Sounds made of numbers: tones of the network, beeps, and noise that is shaped like speech. 8 kHz.

use std::f64::consts::TAU;

use super::RATE;

/// `amplitude` is the peak, up to 32767.
pub fn sine(hz: f64, length_ms: u32, amplitude: i16) -> Vec<i16> {
    (0..samples(length_ms))
        .map(|n| (f64::from(amplitude) * (TAU * hz * n as f64 / f64::from(RATE)).sin()).round() as i16)
        .collect()
}

pub fn silence(length_ms: u32) -> Vec<i16> {
    vec![0; samples(length_ms)]
}

/// An answering machine's beep: 1 kHz for 400 ms.
pub fn beep() -> Vec<i16> {
    sine(1000.0, 400, 8000)
}

/// The tone after which a caller is recorded: 1 kHz for 250 ms.
pub fn speak_now() -> Vec<i16> {
    sine(1000.0, 250, 8000)
}

/// One period of the ringing tone heard by a caller in Europe and Russia: 425 Hz, 1 s on, 4 s off.
pub fn ringback() -> Vec<i16> {
    [sine(425.0, 1000, 5000), silence(4000)].concat()
}

/// One period of the busy tone: 425 Hz, 0.35 s on, 0.35 s off.
pub fn busy() -> Vec<i16> {
    [sine(425.0, 350, 5000), silence(350)].concat()
}

/// Keys as tones (ITU-T Q.23), each 100 ms long and followed by 60 ms of silence: −9 dBm0 each, the upper one 1 dB louder. What is
/// no key is left out.
pub fn keys(keys: &str) -> Vec<i16> {
    const ROWS: [f64; 4] = [697.0, 770.0, 852.0, 941.0];
    const COLUMNS: [f64; 4] = [1209.0, 1336.0, 1477.0, 1633.0];
    let place = |key: char| "123A456B789C*0#D".find(key.to_ascii_uppercase());
    let press = |at: usize| {
        let both = sine(ROWS[at / 4], 100, 8100).into_iter().zip(sine(COLUMNS[at % 4], 100, 9100));
        both.map(|(low, high)| low + high).chain(silence(60))
    };
    keys.chars().filter_map(place).flat_map(press).collect()
}

/// Steady noise of this RMS, the same for the same seed.
pub fn noise(seed: u64, length_ms: u32, rms: i16) -> Vec<i16> {
    let mut dice = Dice(seed);
    // A uniform distribution over ±a has an RMS of a/√3.
    (0..samples(length_ms)).map(|_| (dice.next() * f64::from(rms) * 3f64.sqrt()).round() as i16).collect()
}

/// Nobody's words in the shape of speech: syllables of 120 to 260 ms, buzzing at a voice's pitch and hissing a little,
/// with short dips between them. Sounds throughout `length_ms`; the same for the same seed.
pub fn babble(seed: u64, length_ms: u32) -> Vec<i16> {
    let mut dice = Dice(seed ^ 0x5EED);
    let total = samples(length_ms);
    let mut out = Vec::with_capacity(total);
    let mut phase = 0.0;
    while out.len() < total {
        let length = samples(190) + (dice.next() * samples(70) as f64) as usize;
        let pitch = 140.0 + 40.0 * dice.next();
        let peak = 6000.0 + 2000.0 * dice.next();
        for n in 0..length.min(total - out.len()) {
            let envelope = (std::f64::consts::PI * (n as f64 + 0.5) / length as f64).sin().powf(0.6);
            phase += pitch / f64::from(RATE);
            let voiced: f64 = (1..=12).map(|h| (TAU * phase * f64::from(h)).sin() / f64::from(h).sqrt()).sum();
            out.push((peak * envelope * (voiced * 0.3 + dice.next() * 0.15)).clamp(-32_000.0, 32_000.0) as i16);
        }
    }
    out
}

fn samples(length_ms: u32) -> usize {
    length_ms as usize * RATE as usize / 1000
}

/// Seeded numbers in −1..1 (splitmix64): enough for noise, and needs no crate.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^= z >> 31;
        (z >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    }
}

#[cfg(test)]
mod tests {
    use super::super::level::rms;
    use super::*;

    #[test]
    fn keys_are_heard_as_keys() {
        let mut detector = super::super::dtmf::DtmfDetector::default();
        let pcm = [silence(100), keys("0123456789*#ABCDx"), silence(100)].concat();
        let heard: String = pcm.as_chunks::<160>().0.iter().filter_map(|frame| detector.hear(frame)).collect();
        assert_eq!(heard, "0123456789*#ABCD");
    }

    #[test]
    fn lengths_and_levels() {
        assert_eq!(beep().len(), 3200);
        assert_eq!(ringback().len(), 40_000);
        assert!((rms(&sine(440.0, 1000, 10_000)) - 7071.0).abs() < 5.0);
        assert!((rms(&noise(1, 1000, 300)) - 300.0).abs() < 10.0);
        assert_eq!(babble(7, 1000).len(), 8000);
        assert!(rms(&babble(7, 1000)) > 1000.0);
        assert_eq!(babble(7, 500), babble(7, 500));
        assert_ne!(babble(7, 500), babble(8, 500));
    }
}
