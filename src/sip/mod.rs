#![doc = include_str!("README.md")]

pub mod address;
pub mod auth;
pub mod body;
mod callee;
mod caller;
mod client;
mod dialog;
pub mod hop;
mod in_dialog;
pub mod message;
mod salvage;
pub mod sdes;
pub mod sdp;
mod server;
pub mod session;
pub mod timing;
pub mod user_agent;

#[cfg(test)]
mod pair_tests;

pub use auth::{Credentials, Demand};
pub use hop::{ConnectionId, Contacts, Hop, Peer, Transport};
pub use sdes::{MasterKey, Srtp, Suite};
pub use sdp::{Direction, Media};
pub use session::{Abilities, Encryption};
pub use timing::Timing;
pub use user_agent::{Command, Config, DialogId, Event, Input, Output, User, UserAgent};
