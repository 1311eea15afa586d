//! Attempts and promises → figures. Pure.
pub mod csv;
