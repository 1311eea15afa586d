//! One conversation: a [`Program`](crate::flow::program::Program) being run with one person.
//!
//! Pure: facts in ([`Event`]), orders out ([`Action`]). Knows no SIP, no campaign, no database, no clock.

pub mod action;
pub mod event;

pub use action::Action;
pub use event::Event;
