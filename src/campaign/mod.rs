#![doc = include_str!("README.md")]

mod budget;
mod dialler;
mod pacer;
mod plan;
pub mod rehearse;
mod shares;
#[cfg(test)]
mod tests;
mod trunks;
mod waiting;

pub use budget::{Budget, CampaignBudget, Exhausted, Spending};
pub use dialler::{AgentsNow, Dialler, Rate as AgentRate};
pub use pacer::{Pace, Pacer};
pub use plan::{Then, Turn, decide_now, plan_again, plan_awake, plan_first, plan_next, plan_visited, ruling, turn};
pub use shares::{Shares, divide};
pub use trunks::{Carried, Route, TrunkId, TrunkPlan, Trunks};
pub use waiting::{Reason, Waiting};
