//! From a call that broke a law to the shortest one that still does.

use std::sync::Arc;

use super::caller::again;
use super::laws::Broken;
use crate::flow::program::Program;
use crate::flow::test::{Step, TestCase};

/// Calls made to find a shorter one.
const TRIES_MAX: usize = 2_000;

/// Leaves out steps, then keys, then optional values of the contact, as long as the same law stays broken.
pub(super) fn shrink(program: &Arc<Program>, case: TestCase, broken: &Broken) -> TestCase {
    let mut shrinking = Shrinking { program, broken, best: case, tries: 0 };
    while shrinking.steps() || shrinking.keys() || shrinking.contact() {}
    shrinking.best
}

struct Shrinking<'a> {
    program: &'a Arc<Program>,
    broken: &'a Broken,
    best: TestCase,
    tries: usize,
}

impl Shrinking<'_> {
    fn keep(&mut self, candidate: TestCase) -> bool {
        self.tries += 1;
        let broken = (self.tries <= TRIES_MAX).then(|| again(self.program, &candidate)).flatten();
        let same = broken.is_some_and(|found| found.law == self.broken.law && found.message == self.broken.message);
        if same {
            self.best = candidate;
        }
        same
    }

    /// Runs of steps, the longest first.
    fn steps(&mut self) -> bool {
        let mut shorter = false;
        let mut run = self.best.steps.len();
        while run > 0 {
            let mut from = 0;
            while from + run <= self.best.steps.len() {
                let mut candidate = self.best.clone();
                candidate.steps.drain(from..from + run);
                match self.keep(candidate) {
                    true => shorter = true,
                    false => from += 1,
                }
            }
            run /= 2;
        }
        shorter
    }

    fn keys(&mut self) -> bool {
        let mut shorter = false;
        for n in 0..self.best.steps.len() {
            let mut from = 0;
            loop {
                let mut candidate = self.best.clone();
                let (Step::Keys(keys) | Step::KeysAhead(keys)) = &mut candidate.steps[n].step else { break };
                if from >= keys.len() || keys.len() == 1 {
                    break;
                }
                keys.remove(from);
                match self.keep(candidate) {
                    true => shorter = true,
                    false => from += 1,
                }
            }
        }
        shorter
    }

    fn contact(&mut self) -> bool {
        let mut shorter = false;
        for (n, field) in self.program.clone().contact.iter().enumerate() {
            if field.optional && self.best.contact.0[n].is_some() {
                let mut candidate = self.best.clone();
                candidate.contact.0[n] = None;
                shorter |= self.keep(candidate);
            }
        }
        shorter
    }
}
