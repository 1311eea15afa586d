//! Random callers of a flow, and the laws that none of them may see broken.
//!
//! The compiler proves much of this before; here it is tried out, in calls, by other means: what a client heard is
//! compared, not what a slot depends on.

mod caller;
mod laws;
mod shrink;

use std::sync::Arc;

use rand::SeedableRng;
use rand::rngs::StdRng;

pub use laws::{Broken, Law};

use crate::call::rehearse::Covered;
use crate::diagnostic::Span;
use crate::flow::program::Program;
use crate::flow::test::{Expect, Heard, TestCase};
use crate::outcome::Disposition;

/// What came of the calls.
#[derive(Debug)]
pub struct Fuzzed {
    /// Calls made: all that were asked for, or fewer when one broke a law.
    pub calls: u64,
    pub covered: Covered,
    pub broken: Option<Found>,
}

/// A call that broke a law.
#[derive(Debug)]
pub struct Found {
    /// This seed with one call makes it again.
    pub seed: u64,
    pub broken: Broken,
    /// The fewest steps that still break the law, and what should have come of them.
    pub test: TestCase,
}

/// Makes this many calls, one after another, until one breaks a law. The same seed makes the same calls.
pub fn fuzz(program: &Arc<Program>, seed: u64, calls: u64) -> Fuzzed {
    let mut covered = Covered::default();
    for n in 0..calls {
        let seed = seed.wrapping_add(n);
        let call = caller::call(program, &mut StdRng::seed_from_u64(seed));
        covered.join(&call.covered);
        if let Some(broken) = call.broken {
            let test = test(program, shrink::shrink(program, call.case, &broken), &broken, seed);
            return Fuzzed { calls: n + 1, covered, broken: Some(Found { seed, broken, test }) };
        }
    }
    Fuzzed { calls, covered, broken: None }
}

fn test(program: &Program, case: TestCase, broken: &Broken, seed: u64) -> TestCase {
    let message = |name: &String| {
        let at = program.messages.iter().position(|message| message.name == *name)?;
        Some(Heard::Message(crate::flow::program::MessageId(at as u32)))
    };
    let never_hears: Vec<Heard> = broken.message.iter().filter_map(message).collect();
    // A test expects something; where it is not known what should have been, a human has to say.
    let result = broken.result.or(never_hears.is_empty().then_some(Disposition::Informed));
    let expect = Expect { never_hears, result, span: Span::default(), ..Expect::default() };
    TestCase { name: format!("{} (seed {seed})", broken.law.about()), expect, ..case }
}
