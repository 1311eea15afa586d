//! How somebody answers, as numbers, and how likely a person does so.
//!
//! A human says a short word and waits; a machine talks on. The numbers are lengths of sound and pauses; a logistic model
//! weighs them. Its weights are data, fitted to clips ([`super::fit`]).

use super::tones::seconds;
use super::voice::Voice;
use super::{frames, ms};

/// A shorter quiet belongs to the flow of speech.
const PAUSE_MIN: u32 = frames(200);

/// What the model weighs: seconds and counts. Of those with a number, what goes beyond so many seconds.
pub const NAMES: &[&str] = &[
    "bias",
    // From the greeting's first sound to its last.
    "length",
    "length_over_0.6",
    "length_over_1.2",
    "length_over_1.8",
    "length_over_2.4",
    // Since the last sound.
    "pause",
    "pause_over_0.3",
    "pause_over_0.6",
    "pause_over_0.9",
    // The same, as far as the greeting was shorter than 1.2 s.
    "pause_after_short",
    // The first stretch of sound, to its first pause.
    "first",
    "first_over_0.7",
    // Pauses of 0.2 s and more within the greeting: how many, and the longest.
    "pauses",
    "longest_pause",
    // From the answer to the first sound.
    "onset",
];

pub type Evidence = [f32; NAMES.len()];

#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    /// From this probability on it is a person, up to the other a machine.
    pub human_at: f32,
    pub machine_at: f32,
    /// What was taken for a machine is a person after all.
    pub human_after_all_at: f32,
    /// By then the answer is given: `unknown` if need be.
    pub decide_by_ms: u32,
    pub weights: Evidence,
}

/// Where the model's lengths stand in the evidence.
const LENGTH: usize = 1;
const PAUSE: usize = 6;
/// Nobody is known for a person before they have been quiet for so long: seconds.
const HUMAN_PAUSE_MIN: f32 = 0.35;
/// Nobody is known for a machine before they have spoken for so long: seconds. People give their name and firm.
const MACHINE_LENGTH_MIN: f32 = 1.4;
/// A greeting longer than this is no person's who waits for an answer, and a pause shorter than this no waiting: seconds.
const AFTER_ALL_LENGTH_MAX: f32 = 3.8;
const AFTER_ALL_PAUSE_MIN: f32 = 1.1;

impl Model {
    /// A person (true), a machine (false), or not sure yet.
    pub fn judge(&self, evidence: &Evidence) -> Option<bool> {
        let human = self.human(evidence);
        match evidence[PAUSE] >= HUMAN_PAUSE_MIN {
            true if human >= self.human_at => Some(true),
            _ if human <= self.machine_at && evidence[LENGTH] >= MACHINE_LENGTH_MIN => Some(false),
            _ => None,
        }
    }

    /// What was taken for a machine is a person: it has said no more than people do, and waits.
    pub fn is_human_after_all(&self, evidence: &Evidence) -> bool {
        evidence[LENGTH] <= AFTER_ALL_LENGTH_MAX
            && evidence[PAUSE] >= AFTER_ALL_PAUSE_MIN
            && self.human(evidence) >= self.human_after_all_at
    }

    /// The probability of a person.
    pub fn human(&self, evidence: &Evidence) -> f32 {
        let sum: f32 = self.weights.iter().zip(evidence).map(|(w, x)| w * x).sum();
        1.0 / (1.0 + (-sum).exp())
    }
}

/// A greeting as far as it has been heard.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Greeting {
    /// The frame at which the line was answered, and that of the first sound.
    since: u32,
    began: Option<u32>,
    /// The last loud frame before the pause that is running.
    last: u32,
    first: Option<u32>,
    pauses: u32,
    longest: u32,
    speaking: bool,
}

impl Greeting {
    pub fn new(since: u32) -> Greeting {
        Greeting { since, ..Greeting::default() }
    }

    pub fn has_begun(&self) -> bool {
        self.began.is_some()
    }

    pub fn began(&self) -> Option<u32> {
        self.began
    }

    pub fn hear(&mut self, now: u32, voice: &Voice) {
        if !voice.on {
            self.speaking = false;
            if let Some(began) = self.began
                && voice.pause(now) >= PAUSE_MIN
            {
                self.first.get_or_insert(self.last + 1 - began.min(self.last));
            }
            return;
        }
        let began = *self.began.get_or_insert(voice.began);
        if !self.speaking && began < voice.began {
            let pause = voice.began.saturating_sub(self.last);
            if pause >= PAUSE_MIN {
                self.pauses += 1;
                self.longest = self.longest.max(pause);
            }
        }
        self.speaking = true;
        self.last = voice.last;
    }

    /// What was heard until now was noise.
    pub fn forget(&mut self) {
        *self = Greeting::new(self.since);
    }

    pub fn length_ms(&self) -> u32 {
        self.began.map_or(0, |began| ms(self.last + 1 - began.min(self.last)))
    }

    /// `None` before the first sound.
    pub fn evidence(&self, now: u32) -> Option<Evidence> {
        let began = self.began?;
        let length = seconds(self.last + 1 - began.min(self.last)).min(4.0);
        let pause = seconds(now.saturating_sub(self.last)).min(2.0);
        let first = self.first.map_or(length, seconds).min(2.0);
        let over = |x: f32, edge: f32| (x - edge).max(0.0);
        Some([
            1.0,
            length,
            over(length, 0.6),
            over(length, 1.2),
            over(length, 1.8),
            over(length, 2.4),
            pause,
            over(pause, 0.3),
            over(pause, 0.6),
            over(pause, 0.9),
            pause * over(1.2, length),
            first,
            over(first, 0.7),
            self.pauses.min(4) as f32,
            seconds(self.longest).min(1.5),
            seconds(began.saturating_sub(self.since)).min(3.0),
        ])
    }
}
