#![doc = include_str!("README.md")]

mod pacer;
mod plan;
pub mod rehearse;
#[cfg(test)]
mod tests;
mod waiting;

pub use pacer::{Pace, Pacer};
pub use plan::{decide_now, plan_again, plan_awake, plan_first, plan_next, ruling};
pub use waiting::{Reason, Waiting};
