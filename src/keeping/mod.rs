#![doc = include_str!("README.md")]

mod erase;
mod export;
mod files;
mod house;
mod inbound;
mod plan;
mod purge;
#[cfg(test)]
mod tests;

pub use erase::{EraseError, Erasure, erase};
pub use export::{Exported, export};
pub use files::Folders;
pub use house::House;
pub use purge::{Daily, Purged, purge};

/// Nouns of reports, with their plurals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Thing {
    Recording,
    Call,
    Message,
    Contact,
}

impl Thing {
    fn count(self, n: u64) -> String {
        let (one, many) = match self {
            Thing::Recording => ("recording", "recordings"),
            Thing::Call => ("call's log and number", "calls' logs and numbers"),
            Thing::Message => ("message", "messages"),
            Thing::Contact => ("contact", "contacts"),
        };
        format!("{n} {}", if n == 1 { one } else { many })
    }
}
