//! See README.

pub mod import;
pub mod say;
