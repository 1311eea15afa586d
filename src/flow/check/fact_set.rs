//! Facts as bits: a large flow joins them a hundred thousand times.

use crate::flow::context::VARIABLES_MAX;
use crate::flow::graph::Fact;
use crate::flow::sections::FIELDS_MAX;

/// Facts without a field or a variable have the first numbers.
const OWN: usize = 8;
const WORDS: usize = (OWN + FIELDS_MAX + VARIABLES_MAX).div_ceil(64);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Facts([u64; WORDS]);

impl Facts {
    pub fn extend(&mut self, facts: impl IntoIterator<Item = Fact>) {
        for fact in facts {
            let n = number(fact);
            self.0[n / 64] |= 1 << (n % 64);
        }
    }

    pub fn contains(&self, fact: &Fact) -> bool {
        let n = number(*fact);
        self.0[n / 64] & (1 << (n % 64)) != 0
    }

    /// What both know.
    pub fn common(&self, other: &Facts) -> Facts {
        Facts(std::array::from_fn(|n| self.0[n] & other.0[n]))
    }
}

fn number(fact: Fact) -> usize {
    match fact {
        Fact::Verified => 0,
        Fact::PromiseRecorded => 1,
        Fact::OptedOut => 2,
        Fact::Talked => 3,
        Fact::Has(field) => OWN + field.0 as usize,
        Fact::Set(variable) => OWN + FIELDS_MAX + variable.0 as usize,
    }
}
