#![doc = include_str!("README.md")]

mod courier;
mod email;
mod letter;
pub mod sink;
mod sms;

pub use courier::{Courier, Delivery, Sent, TRIES_MAX, next_try_after};
