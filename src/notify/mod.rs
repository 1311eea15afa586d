#![doc = include_str!("README.md")]

mod courier;
mod email;
pub mod sink;
mod sms;

pub use courier::{Courier, Delivery, Sent, TRIES_MAX, next_try_after};
