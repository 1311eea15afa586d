//! The books: the rows that are kept, the writes that change them, and a model of both in plain Rust.
//!
//! Pure. A database is one way to keep these books (`store`); the simulator keeps them in memory.

pub mod rows;
pub mod write;

pub use rows::*;
pub use write::*;
