#![doc = include_str!("README.md")]

pub mod address;
pub mod auth;
pub mod body;
mod callee;
mod caller;
pub mod carrier;
mod client;
mod dialog;
pub mod digest;
mod failover;
pub mod gate;
pub mod hop;
pub mod identity;
mod in_dialog;
pub mod message;
pub mod reason;
mod salvage;
pub mod sdes;
pub mod sdp;
mod server;
pub mod session;
pub mod stream;
pub mod targets;
pub mod timing;
pub mod user_agent;

#[cfg(test)]
mod pair_tests;

pub use auth::{Credentials, Demand};
pub use carrier::{Carrier, Dtmf, Identity, NumberFormat, Prack, Registration};
pub use gate::{Network, Rules, Strangers};
pub use hop::{ConnectionId, Contacts, Hop, Peer, Transport};
pub use identity::{Caller, Verstat};
pub use reason::Reason;
pub use sdes::{MasterKey, Srtp, Suite};
pub use sdp::{Direction, Media};
pub use session::{Abilities, Encryption};
pub use timing::Timing;
pub use user_agent::{Command, Config, DialogId, Event, Input, Output, User, UserAgent};
