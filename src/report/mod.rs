//! Contacts with their attempts, promises and payments → figures. Reads rows, never logs; totals equal the sum of their parts, and
//! [`Report::check`] proves it.
//!
//! Pure. Start at [`Tally`]: ask it a [`Question`], give it every contact's ledger, then take [`Tally::report`]. [`rates`] says what
//! each percentage is a part of.

pub mod attempts;
mod charge;
pub mod cohort;
pub mod csv;
mod dimension;
pub mod drop_off;
pub mod export;
mod figures;
pub mod json;
pub mod parquet;
pub mod rates;
mod sums;
pub mod table;
mod tally;
#[cfg(test)]
mod tests;
pub mod text;

use std::collections::{BTreeMap, HashMap};

pub use charge::charge;
pub use dimension::{Dimension, Key, Value};
pub use figures::{Effort, Figures, Pledged, Promises, Reached, Stage};
pub use sums::{Sum, Sums};
pub use tally::{Period, Question, Tally};

use crate::books::{Attempt, AttemptState};
use crate::flow::program::FlowHash;
use crate::id::CampaignId;
use crate::outcome::{Blame, Channel, Disposition};

/// What flow versions and campaigns are called on paper.
#[derive(Debug, Clone, Default)]
pub struct Names {
    pub flows: HashMap<FlowHash, String>,
    pub campaigns: HashMap<CampaignId, String>,
}

impl Names {
    /// A flow without a name goes by its hash.
    pub fn flow(&self, hash: &FlowHash) -> String {
        self.flows.get(hash).cloned().unwrap_or_else(|| hash.to_string())
    }

    pub fn campaign(&self, id: CampaignId) -> String {
        self.campaigns.get(&id).cloned().unwrap_or_else(|| id.to_string())
    }
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    pub period: Period,
    /// Contacts of the campaign, with an attempt or without; without a campaign, of any.
    pub enrolled: u64,
    /// Different people among them: contacts with the same `person_id` are one, those without it are one each.
    pub persons: u64,
    /// What these owe now.
    pub owed: Sums,
    /// All attempts of the period, by state; those that were not made count on the day they were to be.
    pub states: BTreeMap<AttemptState, u64>,
    /// Finished attempts: what they came to, and whose doing it was.
    pub dispositions: BTreeMap<(Disposition, Blame), u64>,
    /// Finished attempts.
    pub by_channel: BTreeMap<Channel, u64>,
    /// First the whole, broken down by nothing; then what was asked for.
    pub cells: Vec<(Vec<Dimension>, BTreeMap<Key, Figures>)>,
}

impl Report {
    /// Of everything together.
    pub fn total(&self) -> &Figures {
        static NOTHING: std::sync::LazyLock<Figures> = std::sync::LazyLock::new(Figures::default);
        self.cells.first().and_then(|(_, cells)| cells.values().next()).unwrap_or(&NOTHING)
    }

    /// The breakdowns that were asked for.
    pub fn parts(&self) -> &[(Vec<Dimension>, BTreeMap<Key, Figures>)] {
        self.cells.get(1..).unwrap_or_default()
    }

    pub fn part(&self, dimension: Dimension, value: &Value) -> Option<&Figures> {
        let (_, cells) = self.parts().iter().find(|(by, _)| *by == [dimension])?;
        cells.get(std::slice::from_ref(value))
    }

    fn count(&mut self, attempt: &Attempt) {
        *self.states.entry(attempt.state).or_default() += 1;
        if let Some(outcome) = &attempt.outcome {
            *self.dispositions.entry((outcome.disposition, outcome.blame)).or_default() += 1;
            *self.by_channel.entry(attempt.channel).or_default() += 1;
        }
    }

    /// That the parts add up to the whole, and no stage is larger than the one before it.
    pub fn check(&self) -> Result<(), String> {
        let total = self.total();
        for (by, cells) in self.parts() {
            let what: Vec<&str> = by.iter().map(|d| d.as_str()).collect();
            if let Some(wrong) = total.is_not_the_sum_of(cells.values()) {
                return Err(format!("{wrong}: the parts by {} do not add up to the whole", what.join(", ")));
            }
        }
        for figures in self.cells.iter().flat_map(|(_, cells)| cells.values()) {
            figures.check()?;
        }
        let finished = self.states.get(&AttemptState::Finished).copied().unwrap_or(0);
        let disposed: u64 = self.dispositions.values().sum();
        let channels: u64 = self.by_channel.values().sum();
        if disposed != finished || channels != finished {
            return Err(format!(
                "{finished} attempts are finished, {disposed} have a disposition, {channels} a channel"
            ));
        }
        let live = self.states.get(&AttemptState::Live).copied().unwrap_or(0);
        if total.attempts > finished + live {
            return Err(format!("{} attempts were made, {finished} are finished and {live} live", total.attempts));
        }
        Ok(())
    }
}
