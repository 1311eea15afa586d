//! How somebody answers, as numbers, and how likely a person does so.
//!
//! A human says a short word and waits; a machine talks on. The numbers are lengths of sound and pauses, taken twice: of all
//! that stands out of the noise, and of what is nearly as loud as the loudest, so that neither a murmur behind a voice nor a soft
//! syllable decides alone. A small net weighs them. Its weights are data, fitted to clips ([`super::fit`]).

use super::tones::seconds;
use super::voice::Voice;
use super::{frames, ms};

/// A shorter quiet belongs to the flow of speech.
const PAUSE_MIN: u32 = frames(200);

/// What the model weighs: seconds, counts, powers of ten.
pub const NAMES: &[&str] = &[
    // From the greeting's first sound to its last; since the last; the first stretch, to its first pause; the last stretch.
    "length",
    "pause",
    "first",
    "stretch",
    // Pauses of 0.2 s and more within the greeting: how many, and the longest.
    "pauses",
    "longest_pause",
    // The same, of what is nearly as loud as the loudest.
    "near_length",
    "near_pause",
    "near_first",
    "near_stretch",
    "near_pauses",
    "near_longest_pause",
    // Of the last tenth of a second of sound, against the loudest.
    "fades",
    // Syllables, and tones within.
    "syllables",
    "tones",
];

pub const INPUTS: usize = NAMES.len();
pub const HIDDEN: usize = 16;
pub type Evidence = [f32; INPUTS];

/// Where the model's lengths stand in the evidence.
const LENGTH: usize = 0;
const PAUSE: usize = 1;

/// A net of one hidden layer. Each row: what the inputs count, then what is added.
#[derive(Debug, Clone, PartialEq)]
pub struct Net {
    pub hidden: [[f32; INPUTS + 1]; HIDDEN],
    pub out: [f32; HIDDEN + 1],
}

impl Net {
    /// The logarithm of the odds of a person.
    pub fn weigh(&self, evidence: &Evidence) -> f32 {
        let mut sum = self.out[HIDDEN];
        for (row, out) in self.hidden.iter().zip(&self.out) {
            let x = row[INPUTS] + row.iter().zip(evidence).map(|(w, x)| w * x).sum::<f32>();
            sum += out * bent(x);
        }
        sum
    }
}

/// Between −1 and 1, and cheap.
pub fn bent(x: f32) -> f32 {
    x / (1.0 + x.abs())
}

#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    /// From this probability on it is a person, up to the other a machine.
    pub human_at: f32,
    pub machine_at: f32,
    /// The same once `hurry_ms` have passed since the first sound; in between, in between.
    pub hurried_human_at: f32,
    pub hurried_machine_at: f32,
    pub hurry_ms: u32,
    /// What was taken for a machine is a person after all.
    pub human_after_all_at: f32,
    /// By then the answer is given: `unknown` if need be.
    pub decide_by_ms: u32,
    pub net: Net,
}

/// Nobody is known for a person before they have been quiet for so long: seconds.
const HUMAN_PAUSE_MIN: f32 = 0.3;
/// Nobody is known for a machine before they have spoken for so long: seconds. People give their name and firm.
const MACHINE_LENGTH_MIN: f32 = 1.3;
/// A greeting longer than this is no person's who waits for an answer, and a pause shorter than this no waiting: seconds.
const AFTER_ALL_LENGTH_MAX: f32 = 3.8;
const AFTER_ALL_PAUSE_MIN: f32 = 0.7;
/// So long behind `hurry_ms` both odds are even: seconds.
const EVEN_BEHIND: f32 = 1.0;
/// Nobody hurries before: seconds.
const HURRY_FROM: f32 = 0.8;

impl Model {
    /// A person (true), a machine (false), or not sure yet.
    pub fn judge(&self, evidence: &Evidence) -> Option<bool> {
        self.judge_by(evidence, self.human(evidence))
    }

    /// The same, when the probability is known.
    pub fn judge_by(&self, evidence: &Evidence, human: f32) -> Option<bool> {
        let passed = evidence[LENGTH] + evidence[PAUSE];
        let hurry_s = (self.hurry_ms as f32 / 1000.0 - HURRY_FROM).max(0.01);
        let hurry = ((passed - HURRY_FROM) / hurry_s).clamp(0.0, 1.0);
        // And whoever still hangs in the balance later is what is likelier.
        let late = ((passed - self.hurry_ms as f32 / 1000.0) / EVEN_BEHIND).clamp(0.0, 1.0);
        let at = |first: f32, hurried: f32| {
            let at = first + hurry * (hurried - first);
            at + late * (0.5 - at)
        };
        let human_at = at(self.human_at, self.hurried_human_at);
        let machine_at = at(self.machine_at, self.hurried_machine_at);
        match evidence[PAUSE] >= HUMAN_PAUSE_MIN {
            true if human >= human_at => Some(true),
            _ if human <= machine_at && evidence[LENGTH] >= MACHINE_LENGTH_MIN => Some(false),
            _ => None,
        }
    }

    /// What was taken for a machine is a person: it has said no more than people do, and waits.
    pub fn is_human_after_all(&self, evidence: &Evidence) -> bool {
        waits(evidence) && self.human(evidence) >= self.human_after_all_at
    }

    /// The probability of a person.
    pub fn human(&self, evidence: &Evidence) -> f32 {
        1.0 / (1.0 + (-self.net.weigh(evidence)).exp())
    }
}

/// Said no more than people do, and quiet for longer than speech is.
pub fn waits(evidence: &Evidence) -> bool {
    evidence[LENGTH] <= AFTER_ALL_LENGTH_MAX && evidence[PAUSE] >= AFTER_ALL_PAUSE_MIN
}

/// Stretches and pauses as far as they have been heard.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Track {
    began: Option<u32>,
    /// The last loud frame before the pause that is running.
    last: u32,
    first: Option<u32>,
    stretch: u32,
    pauses: u32,
    longest: u32,
    speaking: bool,
}

impl Track {
    fn hear(&mut self, now: u32, voice: &Voice) {
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
        if !self.speaking {
            let pause = voice.began.saturating_sub(self.last);
            if began < voice.began && pause >= PAUSE_MIN {
                self.pauses += 1;
                self.longest = self.longest.max(pause);
                self.stretch = voice.began;
            } else if began >= voice.began {
                self.stretch = voice.began;
            }
        }
        self.speaking = true;
        self.last = voice.last;
    }

    fn length(&self) -> u32 {
        self.began.map_or(0, |began| self.last + 1 - began.min(self.last))
    }

    fn numbers(&self, now: u32) -> [f32; 6] {
        if self.began.is_none() {
            return [0.0; 6];
        }
        let length = seconds(self.length()).min(4.0);
        let stretch = seconds(self.last + 1 - self.stretch.min(self.last)).min(2.5);
        [
            length,
            seconds(now.saturating_sub(self.last)).min(2.0),
            self.first.map_or(length, seconds).min(2.0),
            stretch,
            self.pauses.min(4) as f32,
            seconds(self.longest).min(1.5),
        ]
    }
}

/// A greeting as far as it has been heard.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Greeting {
    /// The frame at which the line was answered.
    since: u32,
    all: Track,
    near: Track,
    loudest: f32,
    /// The level of late, while it sounds.
    late: f32,
    /// Frames of tones.
    tones: u32,
    /// The top of this syllable or the bottom behind the last, and their number.
    turn: f32,
    falls: bool,
    syllables: u32,
}

/// A syllable ends this far below its top, and another begins this far above the dip: 4 dB.
const DIP: f32 = 0.63;

/// A frame as the greeting is told of it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Moment {
    pub rms: f32,
    pub is_tone: bool,
    pub is_voice: bool,
}

impl Greeting {
    pub fn new(since: u32) -> Greeting {
        Greeting { since, ..Greeting::default() }
    }

    pub fn has_begun(&self) -> bool {
        self.all.began.is_some()
    }

    pub fn began(&self) -> Option<u32> {
        self.all.began
    }

    /// `voice` stands out of the noise, `near` is nearly as loud as the loudest.
    pub fn hear(&mut self, now: u32, voice: &Voice, near: &Voice, moment: Moment) {
        self.all.hear(now, voice);
        self.near.hear(now, near);
        self.tones += u32::from(moment.is_tone);
        if !voice.on || !moment.is_voice {
            return;
        }
        self.loudest = self.loudest.max(moment.rms);
        self.late += 0.3 * (moment.rms - self.late);
        if self.falls {
            self.turn = self.turn.min(self.late);
            if self.late * DIP > self.turn {
                (self.falls, self.turn) = (false, self.late);
                self.syllables += 1;
            }
        } else {
            self.turn = self.turn.max(self.late);
            if self.late < self.turn * DIP {
                (self.falls, self.turn) = (true, self.late);
            }
        }
    }

    /// What was heard until now was noise.
    pub fn forget(&mut self) {
        *self = Greeting::new(self.since);
    }

    pub fn length_ms(&self) -> u32 {
        ms(self.all.length())
    }

    /// `None` before the first sound.
    pub fn evidence(&self, now: u32) -> Option<Evidence> {
        self.all.began?;
        let [length, pause, first, stretch, pauses, longest] = self.all.numbers(now);
        let near = self.near.numbers(now);
        Some([
            length,
            pause,
            first,
            stretch,
            pauses,
            longest,
            near[0],
            near[1],
            near[2],
            near[3],
            near[4],
            near[5],
            (self.late / self.loudest.max(1.0)).min(1.0),
            (self.syllables.min(16) as f32) / 4.0,
            seconds(self.tones).min(2.0),
        ])
    }
}
