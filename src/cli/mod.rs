//! See README.

pub mod import;
