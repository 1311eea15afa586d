//! Fits the weights of a greeting's model to clips whose answer is known, and chooses how sure it must be.
//!
//! A clip is a course: what was known at each tenth of a second. The weights are those of a logistic regression over all
//! those moments, found by Newton's method; the thresholds are tried out on the courses themselves.

use super::greeting::{Evidence, Model, NAMES};

/// Moments of a clip: evidence, and milliseconds since the answer. And whether a person answered.
#[derive(Debug, Clone)]
pub struct Course {
    pub human: bool,
    pub moments: Vec<(u32, Evidence)>,
}

const ROUNDS_MAX: usize = 60;
/// Keeps weights small that the clips say little about.
const RIDGE: f64 = 1.0;
const N: usize = NAMES.len();

/// The weights under which the courses are likeliest. Every clip counts the same, however long.
pub fn weights(courses: &[Course]) -> Evidence {
    let mut weights = [0f64; N];
    for _ in 0..ROUNDS_MAX {
        let mut slope = [0f64; N];
        let mut bend = [[0f64; N]; N];
        for course in courses {
            let share = 10.0 / course.moments.len().max(1) as f64;
            for (_, evidence) in &course.moments {
                let sum: f64 = weights.iter().zip(evidence).map(|(w, x)| w * f64::from(*x)).sum();
                let p = 1.0 / (1.0 + (-sum).exp());
                let error = f64::from(u8::from(course.human)) - p;
                let certain = (p * (1.0 - p)).max(1e-6);
                for i in 0..N {
                    slope[i] += share * error * f64::from(evidence[i]);
                    for j in 0..=i {
                        bend[i][j] += share * certain * f64::from(evidence[i]) * f64::from(evidence[j]);
                    }
                }
            }
        }
        for i in 0..N {
            slope[i] -= RIDGE * weights[i];
            bend[i][i] += RIDGE;
            let (above, from_here) = bend.split_at_mut(i);
            for (row, value) in above.iter_mut().zip(from_here[0]) {
                row[i] = value;
            }
        }
        let step = solved(bend, slope);
        let largest = step.iter().fold(0f64, |most, s| most.max(s.abs()));
        // Newton's method oversteps far from the goal.
        let shorter = (2.0 / largest).min(1.0);
        for (weight, step) in weights.iter_mut().zip(step) {
            *weight += step * shorter;
        }
        if largest < 1e-4 {
            break;
        }
    }
    weights.map(|w| (w * 1000.0).round() as f32 / 1000.0)
}

/// Gauss's elimination with the largest pivot.
fn solved(mut a: [[f64; N]; N], mut b: [f64; N]) -> [f64; N] {
    for column in 0..N {
        let pivot = (column..N).max_by(|&i, &j| a[i][column].abs().total_cmp(&a[j][column].abs())).unwrap_or(column);
        a.swap(column, pivot);
        b.swap(column, pivot);
        for row in column + 1..N {
            let factor = a[row][column] / a[column][column];
            let upper = a[column];
            for (x, y) in a[row].iter_mut().zip(upper).skip(column) {
                *x -= factor * y;
            }
            b[row] -= factor * b[column];
        }
    }
    for row in (0..N).rev() {
        let known: f64 = (row + 1..N).map(|k| a[row][k] * b[k]).sum();
        b[row] = (b[row] - known) / a[row][row];
    }
    b
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

pub fn run(model: &Model, course: &Course) -> Outcome {
    let mut machine: Option<u32> = None;
    for (at, evidence) in &course.moments {
        match machine {
            None if *at > model.decide_by_ms => return Outcome::Undecided,
            None => match model.judge(evidence) {
                Some(true) => return Outcome::Decided { human: true, at_ms: *at, turned: false },
                Some(false) => machine = Some(*at),
                None => {}
            },
            Some(_) if model.is_human_after_all(evidence) => {
                return Outcome::Decided { human: true, at_ms: *at, turned: true };
            }
            Some(_) => {}
        }
    }
    machine.map_or(Outcome::Undecided, |at_ms| Outcome::Decided { human: false, at_ms, turned: false })
}

/// The thresholds under which mistakes and waiting cost least.
pub fn thresholds(courses: &[Course], model: &Model) -> Model {
    let mut best = (f64::MAX, model.clone());
    for human_at in [0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95] {
        for machine_at in [0.01, 0.02, 0.03, 0.05, 0.08, 0.12, 0.16, 0.2, 0.25, 0.3] {
            for after_all in [0.5, 0.7, 0.85, 0.95, 0.99] {
                let tried = Model { human_at, machine_at, human_after_all_at: after_all, ..model.clone() };
                let cost: f64 = courses.iter().map(|course| cost(course.human, run(&tried, course))).sum();
                if cost < best.0 {
                    best = (cost, tried);
                }
            }
        }
    }
    best.1
}

/// In mistakes: a person lost counts as two.
fn cost(human: bool, outcome: Outcome) -> f64 {
    match outcome {
        Outcome::Decided { human: found, at_ms, turned } if found == human => {
            f64::from(at_ms) / 1000.0 * SECOND + if turned { TURNED } else { 0.0 }
        }
        Outcome::Decided { .. } if human => 2.0,
        Outcome::Decided { .. } => 1.0,
        Outcome::Undecided => 0.5,
    }
}

/// A second of waiting.
const SECOND: f64 = 0.03;
/// A person who hears the greeting break off and begin anew.
const TURNED: f64 = 0.3;
