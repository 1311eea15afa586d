//! Flows: YAML a clerk can read → a [`Program`](program::Program) a call can run.
//!
//! Pure. Reads no files, asks no clock, plays no audio. Start at [`program`] for what comes out, [`compile`] for the way in.

mod bind;
mod check;
mod check_digit;
pub mod codes;
mod compile;
mod context;
pub mod expr;
pub mod graph;
mod message;
pub mod node;
pub mod program;
pub mod test;
mod test_section;
pub mod yaml;

pub use bind::{BindError, read_value};
pub use compile::{KEYS as FLOW_KEYS, SPEAKABLE, TYPES, compile};
pub use context::parse_duration;
pub use test_section::{EXPECTATIONS, STEPS};

use crate::diagnostic::Diagnostic;

/// What [`compile`] found out.
#[derive(Debug, Clone)]
pub struct Compiled {
    /// Present exactly when no diagnostic is an error.
    pub program: Option<program::Program>,
    /// Empty unless `program` is present.
    pub tests: Vec<test::TestCase>,
    /// Sorted by place.
    pub diagnostics: Vec<Diagnostic>,
}
