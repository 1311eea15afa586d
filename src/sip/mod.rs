#![doc = include_str!("README.md")]

pub mod address;
pub mod auth;
pub mod body;
mod call;
mod callee;
mod caller;
pub mod carrier;
mod client;
pub mod config;
mod dialog;
pub mod digest;
mod early;
mod extension;
mod failover;
pub mod gate;
pub mod hop;
pub mod identity;
mod in_dialog;
mod info;
pub mod message;
pub mod order;
pub mod reason;
pub mod redirect;
pub mod register;
mod reliable;
mod reoffer;
mod salvage;
pub mod sdes;
pub mod sdp;
mod server;
pub mod session;
pub mod session_timer;
pub mod stream;
pub mod targets;
pub mod timing;
mod transfer;
pub mod user_agent;
mod within;

#[cfg(test)]
mod pair_tests;

pub use auth::{Credentials, Demand};
pub use carrier::{Carrier, Identity, NumberFormat, Prack, Registration};
pub use config::Config;
pub use gate::{Network, Rules, Strangers};
pub use hop::{ConnectionId, Contacts, Hop, Peer, Transport};
pub use identity::Caller;
pub use order::{Command, DialogId, Event, Input, Output, Referral, User};
pub use reason::Reason;
pub use register::Trouble;
pub use sdes::{MasterKey, Srtp, Suite};
pub use sdp::{Direction, Media};
pub use session::{Abilities, Encryption};
pub use session_timer::SessionTimes;
pub use timing::Timing;
pub use user_agent::UserAgent;
