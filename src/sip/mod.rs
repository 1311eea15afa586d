#![doc = include_str!("README.md")]

pub mod address;
pub mod auth;
mod callee;
mod caller;
mod client;
mod dialog;
pub mod hop;
mod in_dialog;
pub mod message;
pub mod sdp;
mod server;
pub mod timing;
pub mod user_agent;

#[cfg(test)]
mod pair_tests;

pub use auth::{Credentials, Demand};
pub use hop::{ConnectionId, Contacts, Hop, Peer, Transport};
pub use sdp::Media;
pub use timing::Timing;
pub use user_agent::{Command, Config, DialogId, Event, Input, Output, User, UserAgent};
