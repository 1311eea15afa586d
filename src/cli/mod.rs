//! See README.

pub mod flow;
