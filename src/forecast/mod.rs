#![doc = include_str!("README.md")]

mod beside;
mod dice;
mod history;
mod json;
mod learn;
#[cfg(test)]
mod limits_tests;
mod list;
mod outlook;
mod people;
mod play;
mod queue;
mod rung;
mod shut;
#[cfg(test)]
mod tests;
mod text;

pub use history::TooMuch;
pub use learn::{Learning, TooFew};
pub use list::{Counted, List};
pub use outlook::{AgentsMet, Day, End, Need, Outlook, Segment, Sums};
pub use people::{DEFAULT, People, Seconds, Shares};
pub use play::{Agents, Dialled, Lines, Made, Purse, Scene, play, watched};
pub use rung::Rung;
