//! See README.
pub mod say;
