//! Flows: YAML a clerk can read → a [`Program`](program::Program) a call can run.
//!
//! Pure. Reads no files, asks no clock, plays no audio. Start at [`program`] for what comes out, `compile` for the way in.

pub mod expr;
pub mod program;
