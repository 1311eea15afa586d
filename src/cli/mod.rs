//! See README.

pub mod flow;
pub mod import;
pub mod report;
pub mod say;
pub mod why;
