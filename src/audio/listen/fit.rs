//! Fits the net of a greeting's model to clips whose answer is known, and chooses how sure it must be.
//!
//! A clip is a course: what was known every 60 ms. The net learns the odds of a person at all those moments, by gradient
//! descent (Adam) from a fixed seed; the thresholds are tried out on courses, better others than those it learnt from.

use std::fmt::Write as _;

use super::greeting::{Evidence, HIDDEN, INPUTS, Model, NAMES, Net, bent, waits};

/// Moments of a clip: evidence, and milliseconds since the answer. And whether a person answered.
#[derive(Debug, Clone)]
pub struct Course {
    pub human: bool,
    pub moments: Vec<(u32, Evidence)>,
}

const ROUNDS: usize = 25;
const BATCH: usize = 256;
/// How far a step goes at the beginning, and how fast weights are forgotten that the clips say little about.
const STEP: f32 = 0.004;
const DECAY: f32 = 0.15;
const WEIGHTS: usize = HIDDEN * (INPUTS + 1) + HIDDEN + 1;
const OUT: usize = HIDDEN * (INPUTS + 1);

/// The net under which the courses are likeliest. Every clip counts the same, however long.
pub fn net(courses: &[Course]) -> Net {
    let all = || courses.iter().flat_map(|c| c.moments.iter().map(|(_, evidence)| evidence));
    let count = all().count().max(1) as f32;
    let mean: Evidence = std::array::from_fn(|n| all().map(|e| e[n]).sum::<f32>() / count);
    let spread: Evidence =
        std::array::from_fn(|n| (all().map(|e| (e[n] - mean[n]).powi(2)).sum::<f32>() / count).sqrt().max(1e-3));
    let samples: Vec<(Evidence, f32, f32)> = courses
        .iter()
        .flat_map(|course| {
            let share = 30.0 / course.moments.len().max(10) as f32;
            let human = f32::from(u8::from(course.human));
            course
                .moments
                .iter()
                .map(move |(_, e)| (std::array::from_fn(|n| (e[n] - mean[n]) / spread[n]), human, share))
        })
        .collect();
    let mut dice = Dice(1);
    let mut w: [f32; WEIGHTS] = std::array::from_fn(|_| dice.next() * 0.35);
    let (mut first, mut second) = ([0f32; WEIGHTS], [0f32; WEIGHTS]);
    let steps = ROUNDS * samples.len().div_ceil(BATCH);
    for step in 0..steps {
        let mut slope = [0f32; WEIGHTS];
        for _ in 0..BATCH {
            let (x, human, share) = &samples[dice.below(samples.len())];
            descend(&w, x, *human, *share, &mut slope);
        }
        let pace = STEP * 0.5 * (1.0 + (std::f32::consts::PI * step as f32 / steps as f32).cos());
        let (past, past_square) = (1.0 - 0.9f32.powi(step as i32 + 1), 1.0 - 0.999f32.powi(step as i32 + 1));
        for n in 0..WEIGHTS {
            let g = slope[n] / BATCH as f32;
            first[n] += 0.1 * (g - first[n]);
            second[n] += 0.001 * (g * g - second[n]);
            w[n] -= pace * (first[n] / past / ((second[n] / past_square).sqrt() + 1e-7)) + pace * DECAY * w[n];
        }
    }
    // The inputs come as they are: their mean and spread go into the first weights.
    let short = |w: f32| (w * 10_000.0).round() / 10_000.0;
    let hidden = std::array::from_fn(|h| {
        let row = &w[h * (INPUTS + 1)..];
        std::array::from_fn(|n| {
            if n < INPUTS {
                return short(row[n] / spread[n]);
            }
            short(row[INPUTS] - (0..INPUTS).map(|n| row[n] * mean[n] / spread[n]).sum::<f32>())
        })
    });
    Net { hidden, out: std::array::from_fn(|h| short(w[OUT + h])) }
}

/// Adds to `slope` how the error of one moment changes with each weight.
fn descend(w: &[f32; WEIGHTS], x: &Evidence, human: f32, share: f32, slope: &mut [f32; WEIGHTS]) {
    let mut sums = [0f32; HIDDEN];
    let mut odds = w[OUT + HIDDEN];
    for (h, sum) in sums.iter_mut().enumerate() {
        let row = &w[h * (INPUTS + 1)..(h + 1) * (INPUTS + 1)];
        *sum = row[INPUTS] + row.iter().zip(x).map(|(w, x)| w * x).sum::<f32>();
        odds += w[OUT + h] * bent(*sum);
    }
    let error = (1.0 / (1.0 + (-odds).exp()) - human) * share;
    slope[OUT + HIDDEN] += error;
    for (h, sum) in sums.into_iter().enumerate() {
        slope[OUT + h] += error * bent(sum);
        let back = error * w[OUT + h] / (1.0 + sum.abs()).powi(2);
        let row = &mut slope[h * (INPUTS + 1)..(h + 1) * (INPUTS + 1)];
        for (slope, x) in row.iter_mut().zip(x) {
            *slope += back * x;
        }
        row[INPUTS] += back;
    }
}

/// Seeded numbers (splitmix64): the same clips give the same net.
struct Dice(u64);

impl Dice {
    fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// In −1..1.
    fn next(&mut self) -> f32 {
        (self.bits() >> 40) as f32 / (1u32 << 23) as f32 - 1.0
    }

    fn below(&mut self, n: usize) -> usize {
        (self.bits() % n as u64) as usize
    }
}

/// What a course comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// A person or not, at this time; and whether it was taken for a machine before.
    Decided {
        human: bool,
        at_ms: u32,
        turned: bool,
    },
    Undecided,
}

/// `humans`: the probability of a person at each moment.
fn run(model: &Model, course: &Course, humans: &[f32]) -> Outcome {
    let mut machine: Option<u32> = None;
    for ((at, evidence), human) in course.moments.iter().zip(humans) {
        match machine {
            None if *at > model.decide_by_ms => return Outcome::Undecided,
            None => match model.judge_by(evidence, *human) {
                Some(true) => return Outcome::Decided { human: true, at_ms: *at, turned: false },
                Some(false) => machine = Some(*at),
                None => {}
            },
            Some(_) if waits(evidence) && *human >= model.human_after_all_at => {
                return Outcome::Decided { human: true, at_ms: *at, turned: true };
            }
            Some(_) => {}
        }
    }
    machine.map_or(Outcome::Undecided, |at_ms| Outcome::Decided { human: false, at_ms, turned: false })
}

/// The thresholds under which mistakes and waiting cost least; what a second of waiting costs, in mistakes.
pub fn thresholds(courses: &[Course], model: &Model, second: f64) -> Model {
    let humans: Vec<Vec<f32>> =
        courses.iter().map(|c| c.moments.iter().map(|(_, evidence)| model.human(evidence)).collect()).collect();
    let costs = |tried: &Model| -> f64 {
        courses.iter().zip(&humans).map(|(c, humans)| cost(c, run(tried, c, humans), second)).sum()
    };
    let mut best = (costs(model), model.clone());
    // One after another, each where the others stand; again until nothing changes.
    for _ in 0..6 {
        let before = best.0;
        for (name, values) in TRIED {
            for value in *values {
                let mut tried = best.1.clone();
                match name {
                    Threshold::Human => tried.human_at = *value,
                    Threshold::Machine => tried.machine_at = *value,
                    Threshold::HurriedHuman => tried.hurried_human_at = *value,
                    Threshold::HurriedMachine => tried.hurried_machine_at = *value,
                    Threshold::AfterAll => tried.human_after_all_at = *value,
                }
                let cost = costs(&tried);
                if cost < best.0 {
                    best = (cost, tried);
                }
            }
        }
        if best.0 == before {
            break;
        }
    }
    best.1
}

#[derive(Debug, Clone, Copy)]
enum Threshold {
    Human,
    Machine,
    HurriedHuman,
    HurriedMachine,
    AfterAll,
}

const TRIED: &[(Threshold, &[f32])] = &[
    (Threshold::Human, &[0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.93, 0.95, 0.97, 0.98, 0.99, 0.993, 0.996]),
    (Threshold::Machine, &[0.005, 0.01, 0.02, 0.03, 0.05, 0.08, 0.12, 0.16, 0.2, 0.25, 0.3, 0.4]),
    (Threshold::HurriedHuman, &[0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.97, 0.98, 0.99]),
    (Threshold::HurriedMachine, &[0.03, 0.05, 0.08, 0.12, 0.16, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7]),
    (Threshold::AfterAll, &[0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.97, 0.98, 0.99, 0.995]),
];

/// In mistakes: a person lost counts as two.
fn cost(course: &Course, outcome: Outcome, second: f64) -> f64 {
    let began = course.moments.first().map_or(0, |(at, _)| *at);
    match outcome {
        Outcome::Decided { human: found, at_ms, turned } if found == course.human => {
            let waited = f64::from(at_ms.saturating_sub(began)) / 1000.0;
            waited * second + (waited - 1.8).max(0.0) * LATE * second + if turned { TURNED } else { 0.0 }
        }
        Outcome::Decided { .. } if course.human => 2.0,
        Outcome::Decided { .. } => 1.0,
        Outcome::Undecided => 0.7,
    }
}

/// `model:` of a settings file.
pub fn written(model: &Model) -> String {
    let percent = |p: f32| (p * 1000.0).round() / 10.0;
    let row = |numbers: &[f32]| numbers.iter().map(f32::to_string).collect::<Vec<_>>().join(", ");
    let mut out = format!(
        "model:\n  human_at: {}\n  machine_at: {}\n  hurried_human_at: {}\n  hurried_machine_at: {}\n  hurry_ms: {}\n  \
         human_after_all_at: {}\n  decide_by_ms: {}\n  weighs: [{}]\n  hidden:\n",
        percent(model.human_at),
        percent(model.machine_at),
        percent(model.hurried_human_at),
        percent(model.hurried_machine_at),
        model.hurry_ms,
        percent(model.human_after_all_at),
        model.decide_by_ms,
        NAMES.join(", ")
    );
    for hidden in &model.net.hidden {
        let _ = writeln!(out, "    - [{}]", row(hidden));
    }
    let _ = writeln!(out, "  out: [{}]", row(&model.net.out));
    out
}

/// A second of waiting behind the second one costs so much more.
const LATE: f64 = 4.0;
/// What waiting costs where nobody says otherwise.
pub const SECOND: f64 = 0.01;
/// A person who hears the greeting break off and begin anew.
const TURNED: f64 = 0.1;
