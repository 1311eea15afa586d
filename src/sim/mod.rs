//! A made-up world around the real engine: people, lines, faults and crashes in virtual time, all from one seed.
//!
//! Pure. The engine, its campaigns, policy and calls are the ones that `serve` runs; the books are the plain-Rust model.
//! After every step a judge that shares no code with policy looks at what was ordered. Start at [`run`].

mod judge;
mod ledger;
mod people;
mod plant;
mod world;

use std::sync::Arc;

use crate::flow::program::Program;
use crate::ladder::Ladder;
use crate::time::Wall;

pub use judge::Violation;
pub use plant::Plant;

/// What a simulated campaign is made of.
#[derive(Debug, Clone)]
pub struct Scene {
    pub ladder: Arc<Ladder>,
    pub ladder_source: String,
    pub programs: Vec<(Arc<Program>, String)>,
    pub start: Wall,
    pub contacts: u32,
    /// Virtual days after which the world stops.
    pub days: u32,
    /// Kinds of trouble; each seed switches a random half of them off.
    pub troubles: Troubles,
    /// A fault that the judge is to find.
    pub plant: Option<Plant>,
}

#[derive(Debug, Clone, Copy)]
pub struct Troubles {
    pub crashes: bool,
    pub store_failures: bool,
    pub slow_store: bool,
    pub congestion: bool,
    pub payments: bool,
    pub pauses: bool,
    /// The campaign is moved to another version of a flow.
    pub moves: bool,
}

impl Troubles {
    pub const ALL: Troubles = Troubles {
        crashes: true,
        store_failures: true,
        slow_store: true,
        congestion: true,
        payments: true,
        pauses: true,
        moves: true,
    };
}

/// What happened in one world; the same seed gives the same summary.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    pub steps: u64,
    pub dialled: u64,
    pub answered: u64,
    /// Calls that went over another trunk after the first had refused them.
    pub failed_over: u64,
    pub promises: u64,
    /// Times that "recorded" was ordered to be spoken.
    pub said_recorded: u64,
    pub crashes: u64,
    pub unknown_outcomes: u64,
    pub payments: u64,
    pub reversals: u64,
    /// Of promises, at the end.
    pub kept: u64,
    pub broken: u64,
    /// Contacts that were closed and got another attempt.
    pub woken: u64,
    pub moves: u64,
    /// Calls dialled with a version that the campaign was moved to.
    pub dialled_after_move: u64,
    pub messages: u64,
    pub handed_over: u64,
    pub closed: u64,
    pub agents_talked: u64,
    /// Calls that waited for an agent at once.
    pub in_line_max: u64,
}

/// Lives the scene through once. A violation names the seed, the moment and the last orders.
pub fn run(scene: &Scene, seed: u64) -> Result<Summary, Violation> {
    world::World::new(scene, seed).live()
}

impl Summary {
    pub fn add(&mut self, other: &Summary) {
        let Summary {
            steps,
            dialled,
            answered,
            failed_over,
            promises,
            said_recorded,
            crashes,
            unknown_outcomes,
            payments,
            reversals,
            kept,
            broken,
            woken,
            moves,
            dialled_after_move,
            messages,
            handed_over,
            closed,
            agents_talked,
            in_line_max,
        } = other;
        self.steps += steps;
        self.dialled += dialled;
        self.answered += answered;
        self.failed_over += failed_over;
        self.promises += promises;
        self.said_recorded += said_recorded;
        self.crashes += crashes;
        self.unknown_outcomes += unknown_outcomes;
        self.payments += payments;
        self.reversals += reversals;
        self.kept += kept;
        self.broken += broken;
        self.woken += woken;
        self.moves += moves;
        self.dialled_after_move += dialled_after_move;
        self.messages += messages;
        self.handed_over += handed_over;
        self.closed += closed;
        self.agents_talked += agents_talked;
        self.in_line_max = self.in_line_max.max(*in_line_max);
    }
}
