//! Recordings that are known: a call screener's question, an operator's announcement, a mailbox's own words. They are the
//! same sound every time, so they are recognized by it, not by their meaning.
//!
//! A print is one word of 16 bits a frame: for each pair of neighbouring bands of the spectrum, whether the difference of their
//! energies grew within 60 ms (after Haitsma and Kalker, 2002). Loudness, codec and noise change few of the bits.

use super::spectrum::BINS;
use crate::outcome::{AnsweredBy, HangupCause};

/// Three seconds are kept.
pub const WORDS_MAX: usize = 150;
/// A shorter print would be found by chance: 1.2 s.
pub const WORDS_MIN: usize = 60;
/// Looked for each time so many more words have come.
const WORDS_STEP: usize = 30;
/// The beginning of the sound is found this many frames early or late.
const SHIFT_MAX: usize = 8;
/// Of all bits, those that may differ. Two different recordings differ in one half; noise of 10 dB changes a quarter.
const DIFFERENT_MAX: f32 = 0.33;
/// Recordings that one installation can know.
pub const RECORDINGS_MAX: usize = 500;

const BANDS: usize = 17;
/// Bands grow with the frequency, as the ear's do: from 300 to 2,900 Hz, in bins.
const EDGES: [usize; BANDS + 1] = [9, 11, 13, 15, 17, 20, 23, 26, 30, 34, 39, 44, 50, 56, 63, 71, 81, 92];
/// Energies are summed over so many frames, against the shift of the frames' edges.
const SUMMED: usize = 3;
/// And compared with those so many frames ago.
const AGO: usize = 3;
const HISTORY: usize = SUMMED + AGO;

/// What a recording says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Says {
    Answer(AnsweredBy),
    Announces(HangupCause),
}

impl std::fmt::Display for Says {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Says::Answer(who) => who.fmt(f),
            Says::Announces(cause) => cause.fmt(f),
        }
    }
}

impl std::str::FromStr for Says {
    type Err = String;
    fn from_str(s: &str) -> Result<Says, String> {
        use HangupCause as C;
        const ANSWERS: [AnsweredBy; 2] = [AnsweredBy::Screening, AnsweredBy::Machine];
        const CAUSES: [HangupCause; 5] = [C::OutOfService, C::InvalidNumber, C::NoAnswer, C::Busy, C::Congestion];
        let answers = ANSWERS.into_iter().map(Says::Answer);
        let all: Vec<Says> = answers.chain(CAUSES.into_iter().map(Says::Announces)).collect();
        all.iter().copied().find(|says| says.to_string() == s).ok_or_else(|| {
            let words: Vec<String> = all.iter().map(ToString::to_string).collect();
            format!("`{s}` is none of {}", words.join(", "))
        })
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct Recording {
    pub name: String,
    pub says: Says,
    /// From its first sound on; between [`WORDS_MIN`] and [`WORDS_MAX`] words.
    pub print: Vec<u16>,
}

/// Hexadecimal, four digits a word.
pub fn read_print(text: &str) -> Option<Vec<u16>> {
    let digits: Vec<u8> = text.bytes().filter(|b| !b.is_ascii_whitespace()).collect();
    let (words, []) = digits.as_chunks::<4>() else { return None };
    let words: Option<Vec<u16>> =
        words.iter().map(|w| u16::from_str_radix(std::str::from_utf8(w).ok()?, 16).ok()).collect();
    words.filter(|words| (WORDS_MIN..=WORDS_MAX).contains(&words.len()))
}

pub fn write_print(print: &[u16]) -> String {
    print.iter().map(|word| format!("{word:04x}")).collect()
}

/// The print of what is being heard.
#[derive(Debug, Clone)]
pub struct Print {
    history: [[f32; BANDS]; HISTORY],
    /// Room for the words before the greeting's beginning was known.
    words: [u16; WORDS_MAX + SHIFT_MAX],
    length: usize,
}

impl Default for Print {
    fn default() -> Print {
        Print { history: [[0.0; BANDS]; HISTORY], words: [0; WORDS_MAX + SHIFT_MAX], length: 0 }
    }
}

impl Print {
    /// `begun`: the greeting has begun; until then only its beginning is kept.
    pub fn hear(&mut self, power: &[f32; BINS], begun: bool) {
        self.history.rotate_left(1);
        let bands = &mut self.history[HISTORY - 1];
        for (band, edge) in bands.iter_mut().zip(EDGES.windows(2)) {
            *band = power[edge[0]..edge[1]].iter().sum();
        }
        let sum = |from: usize, band: usize| (from..from + SUMMED).map(|n| self.history[n][band]).sum::<f32>();
        let difference = |from: usize, band: usize| sum(from, band) - sum(from, band + 1);
        let mut word = 0;
        for band in 0..BANDS - 1 {
            word = word << 1 | u16::from(difference(AGO, band) > difference(0, band));
        }
        if !begun && self.length == SHIFT_MAX {
            self.words.copy_within(1..SHIFT_MAX, 0);
            self.length -= 1;
        }
        if let Some(slot) = self.words.get_mut(self.length) {
            *slot = word;
            self.length += 1;
        }
    }

    pub fn words(&self) -> &[u16] {
        &self.words[..self.length]
    }

    pub fn is_full(&self) -> bool {
        self.length == self.words.len()
    }

    /// The recording this is, when the time has come to look again.
    pub fn find<'r>(&self, recordings: &'r [Recording]) -> Option<&'r Recording> {
        let heard = self.length.checked_sub(SHIFT_MAX).filter(|n| *n >= WORDS_MIN && n % WORDS_STEP == 0)?;
        recordings.iter().find(|recording| {
            let length = heard.min(recording.print.len());
            let print = &recording.print[..length];
            (0..=SHIFT_MAX).any(|shift| is_same(&self.words[shift..], print) || is_same(&self.words, &print[shift..]))
        })
    }
}

fn is_same(words: &[u16], print: &[u16]) -> bool {
    let length = words.len().min(print.len());
    let different: u32 = words.iter().zip(print).map(|(a, b)| (a ^ b).count_ones()).sum();
    length >= WORDS_MIN - SHIFT_MAX && (different as f32) < DIFFERENT_MAX * (16 * length) as f32
}
