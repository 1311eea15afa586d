//! See README.

pub mod flow;
pub mod import;
pub mod say;
