#![doc = include_str!("README.md")]

mod cap;
mod decide;
mod earliest;
mod pack;
mod phones;
#[cfg(test)]
mod slow;
#[cfg(test)]
mod tests;
mod window;
#[cfg(test)]
pub(crate) mod world;

pub use cap::{Cap, Counted, Period};
pub use decide::{Decision, Question, decide};
pub use earliest::{SEARCH_DAYS_MAX, earliest};
pub use pack::Rules;
pub use phones::{phone_to_dial, phones_to_dial};
pub use window::{CallingWindow, Hours};
