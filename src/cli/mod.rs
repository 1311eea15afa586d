//! See README.

pub mod import;
pub mod report;
pub mod why;
