//! The books: the rows that are kept, the writes that change them, and a model of both in plain Rust.
//!
//! Pure. A database is one way to keep these books (`store`); the simulator keeps them in memory.

pub mod merge;
pub mod model;
pub mod rows;
mod standing;
mod table;
pub mod write;

pub use model::Model;
pub use rows::*;
pub use write::*;

/// Why the books refuse: what the caller can do about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BookError {
    /// Ask for something else.
    #[error("{0} is not there")]
    NotFound(String),
    /// The books say otherwise; nothing of the group was kept.
    #[error("{0}")]
    Conflict(String),
}
