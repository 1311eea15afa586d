//! Hears keys as tones (ITU-T Q.23), for far ends and gateways that do not send them as events.
//!
//! Every 10 ms a window of 20 ms is held against the eight frequencies at once. A key is three windows in a row in which one tone
//! of each group stands out, both hold nearly all the energy there is, neither swells nor fades, and both keep their frequency:
//! the turn of their phases from window to window tells it to a Hertz, which the window alone cannot. Voices fail at that.
//!
//! The thresholds are the constants below. The tables in the tests say what they lead to: Q.24's and the usual test plans.

use std::f32::consts::TAU;
use std::sync::LazyLock;

use super::{FRAME, RATE};

const ROWS: [f32; 4] = [697.0, 770.0, 852.0, 941.0];
const COLUMNS: [f32; 4] = [1209.0, 1336.0, 1477.0, 1633.0];
const KEYS: [[char; 4]; 4] = [['1', '2', '3', 'A'], ['4', '5', '6', 'B'], ['7', '8', '9', 'C'], ['*', '0', '#', 'D']];

/// Samples of a window, and from one to the next.
const WINDOW: usize = FRAME;
const HOP: usize = WINDOW / 2;

/// The quieter tone of a key has at least this RMS: −41 dBm0.
const TONE_RMS_MIN: f32 = 140.0;
/// Neither group is louder than the other by more than 9.5 dB. Q.24 has administrations from 4 to 10.
const TWIST_MAX: f32 = 9.0;
/// The other tones of a group lie this far below the loudest: 6 dB.
const OTHERS_MAX: f32 = 0.25;
/// Of the energy that is no dial tone, what the two tones explain at least: they are 5 dB above all else.
const SHARE_MIN: f32 = 0.76;
/// Off the nominal frequency: 1.5 % must be taken, 3.5 % must not.
const DETUNED_MAX: f32 = 0.025;
/// From one window to the next a tone's frequency stays the same, but for noise.
const DRIFT_HZ_MAX: f32 = 12.0;
/// Of three windows the weakest has this part of the strongest's power, so that less than 24 ms of tone are none.
const STEADY_MIN: f32 = 0.6;
/// While a key is down, a window belongs to it if it has this part of its power.
const HOLDS_MIN: f32 = 0.2;
/// Windows that make a key: 40 ms of tone hold three, wherever they begin.
const WINDOWS_DOWN: u8 = 3;
/// Windows without it that end it: 40 ms of pause hold three, an interruption of 10 ms only two.
const WINDOWS_UP: u8 = 3;
/// The power of a sine of RMS one in a window: (Σ weights / 2)² × 2.
const UNIT: f32 = (WINDOW as f32 / 4.0) * (WINDOW as f32 / 4.0) * 2.0;
/// Σ weights², by which a window's energy is measured.
const WEIGHT: f32 = WINDOW as f32 * 3.0 / 8.0;
/// Dial tones of the world: beside them keys must be heard.
const DIAL_HZ: [f32; 4] = [350.0, 400.0, 425.0, 450.0];

/// Eight values side by side: rows, then columns.
type Lanes = [f32; 8];

/// Each sample's weight (Hann), and by it the cosines and sines of the eight frequencies.
struct Bank {
    weights: [f32; WINDOW],
    waves: [[Lanes; 2]; WINDOW],
    /// The same for dial tones: four cosines, four sines.
    dial: [Lanes; WINDOW],
    /// How far each frequency turns in a hop: cosine, sine.
    turn: [(f32, f32); 8],
}

static BANK: LazyLock<Box<Bank>> = LazyLock::new(|| {
    let mut bank = Box::new(Bank {
        weights: [0.0; WINDOW],
        waves: [[[0.0; 8]; 2]; WINDOW],
        dial: [[0.0; 8]; WINDOW],
        turn: [(0.0, 0.0); 8],
    });
    let hz = |lane: usize| if lane < 4 { ROWS[lane] } else { COLUMNS[lane - 4] };
    for n in 0..WINDOW {
        let weight = 0.5 - 0.5 * (TAU * (n as f32 + 0.5) / WINDOW as f32).cos();
        bank.weights[n] = weight;
        for lane in 0..8 {
            let (sin, cos) = phase(hz(lane), n).sin_cos();
            bank.waves[n][0][lane] = weight * cos;
            bank.waves[n][1][lane] = weight * sin;
        }
        for (lane, hz) in DIAL_HZ.into_iter().enumerate() {
            let (sin, cos) = phase(hz, n).sin_cos();
            bank.dial[n][lane] = weight * cos;
            bank.dial[n][lane + 4] = weight * sin;
        }
    }
    for lane in 0..8 {
        let (sin, cos) = phase(hz(lane), HOP).sin_cos();
        bank.turn[lane] = (cos, sin);
    }
    bank
});

/// Of a wave at this sample, without the loss of large angles.
fn phase(hz: f32, n: usize) -> f32 {
    (f64::from(hz) * n as f64 / f64::from(RATE)).fract() as f32 * TAU
}

#[derive(Debug, Clone)]
pub struct DtmfDetector {
    /// The second half of the last frame.
    before: [i16; HOP],
    /// The last window's amplitudes, if it was looked at.
    last: Option<[Lanes; 2]>,
    /// A key that may be: its windows so far.
    candidate: Option<Candidate>,
    /// The key that is down, its loudest power, and windows without it.
    down: Option<(u8, f32, u8)>,
}

#[derive(Debug, Clone, Copy)]
struct Candidate {
    key: u8,
    windows: u8,
    weakest: f32,
    strongest: f32,
    /// How far row and column are off, once two windows tell.
    off: Option<[f32; 2]>,
}

impl Default for DtmfDetector {
    fn default() -> DtmfDetector {
        DtmfDetector { before: [0; HOP], last: None, candidate: None, down: None }
    }
}

impl DtmfDetector {
    /// The next 20 ms. Gives a key once, when it has been down for 30 to 50 ms.
    ///
    /// At most one key can come of a frame: two of them need 25 ms each.
    pub fn hear(&mut self, frame: &[i16; FRAME]) -> Option<char> {
        let (first, second) = frame.split_at(HOP);
        let idle = self.candidate.is_none() && self.down.is_none();
        if idle && is_quiet(&self.before) && is_quiet(first) && is_quiet(second) {
            self.before.copy_from_slice(second);
            self.last = None;
            return None;
        }
        let mut window = [0f32; WINDOW];
        let fill = |window: &mut [f32; WINDOW], samples: [&[i16]; 2]| {
            let (one, two) = window.split_at_mut(HOP);
            one.iter_mut().zip(samples[0]).for_each(|(to, from)| *to = f32::from(*from));
            two.iter_mut().zip(samples[1]).for_each(|(to, from)| *to = f32::from(*from));
        };
        fill(&mut window, [&self.before, first]);
        let one = self.window(&window);
        fill(&mut window, [first, second]);
        let two = self.window(&window);
        self.before.copy_from_slice(second);
        one.or(two)
    }

    /// The key that is being held, if one was told and has not been let go.
    pub fn down(&self) -> Option<char> {
        self.down.map(|(key, ..)| char_of(key))
    }

    fn window(&mut self, samples: &[f32; WINDOW]) -> Option<char> {
        let waves = amplitudes(samples);
        let last = self.last.replace(waves);
        let tones = Tones::of(&waves);
        self.hold(tones.as_ref());
        let Some(tones) = tones.filter(|tones| tones.explain(samples)) else {
            self.candidate = None;
            return None;
        };
        let off = last.and_then(|last| tones.off(&waves, &last));
        let candidate = match (self.candidate, off) {
            (Some(before), Some(off)) if before.key == tones.key && before.keeps(off) => Candidate {
                key: tones.key,
                windows: before.windows.saturating_add(1),
                weakest: before.weakest.min(tones.weaker),
                strongest: before.strongest.max(tones.weaker),
                off: Some(off),
            },
            _ => Candidate { key: tones.key, windows: 1, weakest: tones.weaker, strongest: tones.weaker, off: None },
        };
        // The edge of a tone is too weak for it: the count begins after it.
        let steady = candidate.weakest >= candidate.strongest * STEADY_MIN;
        self.candidate = Some(if steady {
            candidate
        } else {
            Candidate { windows: 1, weakest: tones.weaker, strongest: tones.weaker, ..candidate }
        });
        let already = self.down.is_some_and(|(key, ..)| key == tones.key);
        if steady && candidate.windows >= WINDOWS_DOWN && !already {
            self.down = Some((tones.key, tones.weaker, 0));
            return Some(char_of(tones.key));
        }
        None
    }

    /// Whether the key that is down still is.
    fn hold(&mut self, tones: Option<&Tones>) {
        let Some((key, power, without)) = &mut self.down else { return };
        match tones {
            Some(tones) if tones.key == *key && tones.weaker >= *power * HOLDS_MIN => {
                *power = power.max(tones.weaker);
                *without = 0;
            }
            _ => *without += 1,
        }
        if *without >= WINDOWS_UP {
            self.down = None;
        }
    }
}

impl Candidate {
    /// The tones are where they belong and where they were.
    fn keeps(&self, off: [f32; 2]) -> bool {
        let (row, column) = (usize::from(self.key >> 2), usize::from(self.key & 3));
        off[0].abs() <= ROWS[row] * DETUNED_MAX
            && off[1].abs() <= COLUMNS[column] * DETUNED_MAX
            && self
                .off
                .is_none_or(|was| (was[0] - off[0]).abs() <= DRIFT_HZ_MAX && (was[1] - off[1]).abs() <= DRIFT_HZ_MAX)
    }
}

/// The tone of each group that stands out.
struct Tones {
    /// Row × 4 + column.
    key: u8,
    power: [f32; 2],
    weaker: f32,
}

impl Tones {
    fn of(waves: &[Lanes; 2]) -> Option<Tones> {
        let mut powers = [0.0; 8];
        for (lane, power) in powers.iter_mut().enumerate() {
            *power = waves[0][lane] * waves[0][lane] + waves[1][lane] * waves[1][lane];
        }
        let (rows, columns) = powers.split_at(4);
        let (row, column) = (loudest(rows)?, loudest(columns)?);
        let power = [rows[row], columns[column]];
        let weaker = power[0].min(power[1]);
        let fits = weaker >= TONE_RMS_MIN * TONE_RMS_MIN * UNIT && power[0].max(power[1]) <= weaker * TWIST_MAX;
        fits.then_some(Tones { key: (row * 4 + column) as u8, power, weaker })
    }

    /// Whether there is little else in the window.
    fn explain(&self, samples: &[f32; WINDOW]) -> bool {
        let bank = &*BANK;
        let mut lanes = [0f32; 8];
        for (samples, weights) in samples.as_chunks::<8>().0.iter().zip(bank.weights.as_chunks::<8>().0) {
            for lane in 0..8 {
                let sample = samples[lane] * weights[lane];
                lanes[lane] += sample * sample;
            }
        }
        let energy = lanes.iter().sum::<f32>() / WEIGHT;
        let tones = (self.power[0] + self.power[1]) / UNIT;
        if tones >= energy * SHARE_MIN {
            return true;
        }
        // A dial tone may be the rest. What is loud enough to hide a voice in it is no dial tone.
        let dial = dial_power(samples);
        dial <= tones * 4.0 && tones >= (energy - dial) * SHARE_MIN
    }

    /// By how many Hertz row and column are off, by how they have turned since the last window.
    fn off(&self, waves: &[Lanes; 2], last: &[Lanes; 2]) -> Option<[f32; 2]> {
        let (row, column) = (usize::from(self.key >> 2), 4 + usize::from(self.key & 3));
        let off = |lane: usize| {
            // Sines are summed with a plus, so that the phase runs backwards.
            let (re, im) = (waves[0][lane], -waves[1][lane]);
            let (last_re, last_im) = (last[0][lane], -last[1][lane]);
            let (turned_re, turned_im) = (re * last_re + im * last_im, im * last_re - re * last_im);
            let (cos, sin) = BANK.turn[lane];
            let angle = (turned_im * cos - turned_re * sin).atan2(turned_re * cos + turned_im * sin);
            angle / TAU * (RATE as f32 / HOP as f32)
        };
        Some([off(row), off(column)])
    }
}

/// The loudest of four, if it stands out.
fn loudest(powers: &[f32]) -> Option<usize> {
    let (at, most) = powers.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1))?;
    let alone = powers.iter().enumerate().all(|(n, power)| n == at || *power <= most * OTHERS_MAX);
    alone.then_some(at)
}

fn char_of(key: u8) -> char {
    KEYS[usize::from(key >> 2 & 3)][usize::from(key & 3)]
}

/// No room for two tones in it.
fn is_quiet(samples: &[i16]) -> bool {
    let mut lanes = [0i64; 8];
    for samples in samples.as_chunks::<8>().0 {
        for lane in 0..8 {
            lanes[lane] += i64::from(i32::from(samples[lane]) * i32::from(samples[lane]));
        }
    }
    (lanes.iter().sum::<i64>() as f32) < TONE_RMS_MIN * TONE_RMS_MIN * samples.len() as f32
}

fn amplitudes(samples: &[f32; WINDOW]) -> [Lanes; 2] {
    let mut sums = [[0f32; 8]; 2];
    for (sample, waves) in samples.iter().zip(&BANK.waves) {
        for lane in 0..8 {
            sums[0][lane] += sample * waves[0][lane];
            sums[1][lane] += sample * waves[1][lane];
        }
    }
    sums
}

/// Mean square of a dial tone in the window: one frequency around 425 Hz, and 350 Hz beside it.
fn dial_power(samples: &[f32; WINDOW]) -> f32 {
    let mut sums = [0f32; 8];
    for (sample, waves) in samples.iter().zip(&BANK.dial) {
        for lane in 0..8 {
            sums[lane] += sample * waves[lane];
        }
    }
    let [low, others @ ..] = [0, 1, 2, 3].map(|n| (sums[n] * sums[n] + sums[n + 4] * sums[n + 4]) / UNIT);
    low + others.into_iter().fold(0.0, f32::max)
}

#[cfg(test)]
mod tests {
    use super::super::{g711::Law, tone};
    use super::*;

    /// Amplitude of a sine of so many dBm0: A-law is full at +3.14 (ITU-T G.711), which makes 22,379 of 0.
    fn amplitude(dbm0: f64) -> f64 {
        22_379.0 * 10f64.powf(dbm0 / 20.0)
    }

    #[derive(Clone, Copy)]
    struct Press {
        key: char,
        /// Of the row, and by how much the column is louder.
        dbm0: f64,
        twist_db: f64,
        /// Off the nominal frequency, both.
        off_percent: [f64; 2],
        on_ms: f64,
        off_ms: f64,
    }

    const PRESS: Press =
        Press { key: '5', dbm0: -10.0, twist_db: 0.0, off_percent: [0.0; 2], on_ms: 50.0, off_ms: 50.0 };

    fn tones(press: Press, phase: f64) -> Vec<f64> {
        let at = KEYS.iter().flatten().position(|k| *k == press.key).unwrap();
        let hz = [
            f64::from(ROWS[at / 4]) * (1.0 + press.off_percent[0] / 100.0),
            f64::from(COLUMNS[at % 4]) * (1.0 + press.off_percent[1] / 100.0),
        ];
        let loud = [amplitude(press.dbm0), amplitude(press.dbm0 + press.twist_db)];
        let samples = |ms: f64| (ms * 8.0).round() as usize;
        let on = (0..samples(press.on_ms)).map(|n| {
            let turn = |i: usize| loud[i] * (std::f64::consts::TAU * (hz[i] * n as f64 / 8000.0 + phase)).sin();
            turn(0) + turn(1)
        });
        on.chain(std::iter::repeat_n(0.0, samples(press.off_ms))).collect()
    }

    /// Seeded, so that a failure comes again.
    struct Dice(u64);

    impl Dice {
        /// Evenly in −1..1.
        fn next(&mut self) -> f64 {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (self.0 >> 11) as f64 / (1u64 << 52) as f64 - 1.0
        }

        fn gauss(&mut self) -> f64 {
            (0..12).map(|_| self.next()).sum::<f64>() / 2.0
        }
    }

    fn heard(wave: &[f64]) -> String {
        let pcm: Vec<i16> = wave.iter().map(|s| Law::A.decode(Law::A.encode(*s as i16))).collect();
        keys(&pcm)
    }

    fn keys(pcm: &[i16]) -> String {
        let mut detector = DtmfDetector::default();
        pcm.as_chunks::<FRAME>().0.iter().filter_map(|frame| detector.hear(frame)).collect()
    }

    /// How many of `presses` of every key are heard at all alignments to our windows; others than the true key count as −1000.
    fn count(press: Press, presses: usize, mut line: impl FnMut(&mut [f64])) -> i64 {
        let mut right = 0;
        for (n, key) in KEYS.iter().flatten().enumerate() {
            let mut wave = vec![0.0; 37 + n];
            for k in 0..presses {
                // 7 samples more each time: every place within a hop is come to.
                wave.extend(vec![0.0; k * 7 % 80]);
                wave.extend(tones(Press { key: *key, ..press }, k as f64 * 0.13));
            }
            wave.extend([0.0; 800]);
            line(&mut wave);
            right += heard(&wave).chars().map(|c| if c == *key { 1 } else { -1000 }).sum::<i64>();
        }
        right
    }

    #[test]
    fn every_key_at_every_level_and_twist() {
        for dbm0 in [-3.0, -6.0, -12.0, -18.0, -24.0, -30.0, -36.0] {
            for twist_db in [-8.0, -4.0, 0.0, 4.0, 8.0] {
                // What A-law cannot hold is not sent.
                if dbm0 + f64::max(twist_db, 0.0) > -3.0 || dbm0 + f64::min(twist_db, 0.0) < -36.0 {
                    continue;
                }
                let press = Press { dbm0, twist_db, ..PRESS };
                assert_eq!(count(press, 24, |_| {}), 16 * 24, "{dbm0} dBm0, twist {twist_db} dB");
            }
        }
    }

    #[test]
    fn twists_and_levels_that_are_none() {
        for press in [
            Press { twist_db: 12.0, dbm0: -20.0, ..PRESS },
            Press { twist_db: -12.0, ..PRESS },
            Press { dbm0: -46.0, ..PRESS },
        ] {
            assert_eq!(count(press, 24, |_| {}), 0, "{} dBm0, twist {} dB", press.dbm0, press.twist_db);
        }
    }

    /// Q.24: what must be a key, and what must not.
    #[test]
    fn lengths_and_pauses() {
        for (on_ms, off_ms, expected) in [
            (40.0, 40.0, 1.0),
            (40.0, 200.0, 1.0),
            (45.0, 45.0, 1.0),
            (65.0, 40.0, 1.0),
            (500.0, 40.0, 1.0),
            (23.0, 60.0, 0.0),
            (20.0, 60.0, 0.0),
            (10.0, 60.0, 0.0),
        ] {
            let press = Press { on_ms, off_ms, ..PRESS };
            assert_eq!(count(press, 40, |_| {}), (16.0 * 40.0 * expected) as i64, "{on_ms} ms, pause of {off_ms} ms");
        }
        // Interrupted for 10 ms it is one key.
        for at in 0..80 {
            let mut wave = vec![0.0; at];
            wave.extend(tones(Press { on_ms: 200.0, off_ms: 60.0, ..PRESS }, 0.0));
            wave[at + 800..at + 880].fill(0.0);
            assert_eq!(heard(&wave), "5", "{at}");
        }
    }

    #[test]
    fn frequencies_off() {
        for (off, expected) in [(1.5, 1), (3.5, 0), (4.5, 0), (6.0, 0)] {
            for signs in
                [[1.0, 1.0], [-1.0, -1.0], [1.0, -1.0], [-1.0, 1.0], [1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]]
            {
                let press = Press { off_percent: signs.map(|s| s * off), on_ms: 60.0, ..PRESS };
                assert_eq!(count(press, 24, |_| {}), 16 * 24 * expected, "{off} % off by {signs:?}");
            }
        }
    }

    #[test]
    fn through_noise() {
        // Signal to noise in dB, of both tones against noise of the whole band; presses of 50 ms that may be missed, of 100.
        for (snr_db, missed) in [(24.0, 0.0), (18.0, 0.0), (15.0, 0.1), (12.0, 0.5)] {
            for twist_db in [0.0, 4.0, -6.0] {
                let press = Press { dbm0: -16.0, twist_db, ..PRESS };
                let power = (amplitude(-16.0).powi(2) + amplitude(-16.0 + twist_db).powi(2)) / 2.0;
                let noise = (power / 10f64.powf(snr_db / 10.0)).sqrt();
                let mut dice = Dice(7);
                let right = count(press, 100, |wave| wave.iter_mut().for_each(|s| *s += noise * dice.gauss()));
                let least = 1600 - (16.0 * missed) as i64;
                assert!((least..=1600).contains(&right), "{snr_db} dB, twist {twist_db}: {right} of 1600");
            }
        }
    }

    #[test]
    fn beside_a_dial_tone() {
        for dial in [&[350.0, 440.0][..], &[425.0], &[400.0, 450.0]] {
            for below_db in [0.0, 3.0, 6.0] {
                let press = Press { dbm0: -12.0, ..PRESS };
                let loud = amplitude(-12.0 - below_db);
                let right = count(press, 24, |wave| {
                    for (n, s) in wave.iter_mut().enumerate() {
                        *s += dial
                            .iter()
                            .map(|hz| loud * (std::f64::consts::TAU * hz * n as f64 / 8000.0).sin())
                            .sum::<f64>();
                    }
                });
                assert_eq!(right, 16 * 24, "{dial:?}, {below_db} dB below the key");
            }
        }
    }

    #[test]
    fn keys_in_a_row() {
        let all = "0123456789*#ABCD5551";
        let wave: Vec<f64> = all.chars().flat_map(|key| tones(Press { key, ..PRESS }, 0.3)).collect();
        assert_eq!(heard(&wave), all);
        // Rolled from one to the next without a pause.
        let wave: Vec<f64> =
            "1478".chars().flat_map(|key| tones(Press { key, on_ms: 80.0, off_ms: 0.0, ..PRESS }, 0.0)).collect();
        assert_eq!(heard(&[wave, vec![0.0; 800]].concat()), "1478");
        let mut detector = DtmfDetector::default();
        let held: Vec<i16> =
            tones(Press { on_ms: 400.0, off_ms: 100.0, ..PRESS }, 0.0).iter().map(|s| *s as i16).collect();
        let mut line = String::new();
        for frame in held.as_chunks::<FRAME>().0 {
            line += &match (detector.hear(frame), detector.down()) {
                (Some(key), _) => format!("+{key}"),
                (None, Some(_)) => "=".to_owned(),
                (None, None) => ".".to_owned(),
            };
        }
        assert_eq!(line, ".+5===================....");
    }

    #[test]
    fn what_is_no_key() {
        let mut pcm = tone::babble(1, 60_000);
        pcm.extend(tone::noise(2, 60_000, 3000));
        for hz in (300..3400).step_by(7) {
            pcm.extend(tone::sine(f64::from(hz), 80, 8000));
        }
        pcm.extend(tone::ringback());
        pcm.extend([i16::MIN; 1600]);
        pcm.extend([i16::MIN, i16::MAX].repeat(800));
        // Two tones of one group; a key with a third tone as loud.
        for (hz, other, third) in
            [(697.0, 852.0, 0.0), (1209.0, 1477.0, 0.0), (770.0, 1336.0, 1000.0), (770.0, 1336.0, 2600.0)]
        {
            for n in 0..1600 {
                let at = std::f64::consts::TAU * f64::from(n) / 8000.0;
                pcm.push((5000.0 * ((hz * at).sin() + (other * at).sin() + (third * at).sin())) as i16);
            }
        }
        assert_eq!(keys(&pcm), "");
    }

    /// Costs, on demand: `cargo test --release --lib -- --ignored --nocapture cost_of`.
    #[test]
    #[ignore = "prints figures"]
    fn cost_of_a_frame() {
        let wave = tones(Press { on_ms: 60_000.0, off_ms: 0.0, ..PRESS }, 0.0);
        let key: Vec<i16> = wave.iter().map(|s| *s as i16).collect();
        for (what, pcm) in
            [("silence", tone::noise(1, 60_000, 26)), ("speech", tone::babble(1, 60_000)), ("a key", key)]
        {
            let mut detector = DtmfDetector::default();
            let frames = pcm.as_chunks::<FRAME>().0;
            let clock = crate::time::Clock::system();
            let began = clock.now().mono;
            let found = frames.iter().filter_map(|frame| detector.hear(frame)).count();
            println!(
                "{what}: {:.3} µs a frame ({found} keys)",
                clock.now().mono.since(began).as_secs_f64() * 1e6 / frames.len() as f64
            );
        }
    }
}
