//! Running counts since the engine started: what the progress line shows. Reports count rows instead.

use std::collections::BTreeMap;

use crate::money::{Currency, Money};
use crate::outcome::Disposition;

#[derive(Debug, Clone, Default)]
pub struct Tally {
    /// Legs to clients that were ordered.
    pub dialled: u64,
    pub answered: u64,
    /// Calls that came in and were answered.
    pub came_in: u64,
    pub in_air_max: usize,
    pub promises: u64,
    pub promised: BTreeMap<Currency, i64>,
    pub agents_talked: u64,
    /// People who were to talk to an agent and found none in time.
    pub abandoned: u64,
    pub messages: u64,
    pub handed_over: u64,
    /// Put off by policy at the moment of dialling.
    pub put_off: u64,
    /// Calls that went over another trunk after the first had refused them.
    pub failed_over: u64,
    /// Failures that are ours: audio, store, panics.
    pub errors: u64,
    pub ended: BTreeMap<Disposition, u64>,
}

impl Tally {
    /// One promise, of so many parts.
    pub(super) fn promise(&mut self, parts: impl Iterator<Item = Money>) {
        self.promises += 1;
        for amount in parts {
            *self.promised.entry(amount.currency).or_default() += amount.minor;
        }
    }

    pub(super) fn end(&mut self, disposition: Disposition) {
        *self.ended.entry(disposition).or_default() += 1;
    }
}
