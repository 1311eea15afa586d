#![doc = include_str!("README.md")]

mod calendar;
mod cap;
mod decide;
mod earliest;
mod facts;
mod gap;
#[cfg(test)]
mod laws;
mod pack;
mod phones;
mod rules;
#[cfg(test)]
pub(crate) mod slow;
#[cfg(test)]
mod tests;
mod window;
#[cfg(test)]
pub(crate) mod world;

pub use cap::{Cap, CapFault, Counted, Period};
pub use decide::{Decision, Question, decide};
pub use earliest::{Found, SEARCH_DAYS_MAX, earliest, search};
pub use facts::{Claimant, Fact, Protected, postal_address};
pub use pack::Pack;
pub use phones::{phone_to_dial, phones_to_dial};
pub use rules::Rules;
pub use window::{CallingWindow, DAYS, DaysFault, Hours, WEEK, days};
