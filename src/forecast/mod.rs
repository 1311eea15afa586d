#![doc = include_str!("README.md")]

mod dice;
mod history;
mod json;
mod learn;
mod list;
mod outlook;
mod people;
mod play;
mod prices;
mod queue;
mod rung;
mod shut;
#[cfg(test)]
mod tests;
mod text;

pub use history::TooMuch;
pub use learn::{Learning, TooFew};
pub use list::{Counted, List};
pub use outlook::{Day, End, Need, Outlook, Segment, Sums};
pub use people::{DEFAULT, People, Seconds, Shares};
pub use play::{Lines, Made, Scene, play, watched};
pub use prices::{Cost, Price, Priced, Prices};
