#![doc = include_str!("README.md")]

mod courier;
mod email;
mod letter;
mod letter_pdf;
mod letter_sheet;
mod letter_text;
pub mod sink;
mod sms;

pub use courier::{Courier, Delivery, Sent, TRIES_MAX, next_try_after};
