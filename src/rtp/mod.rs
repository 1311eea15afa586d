#![doc = include_str!("README.md")]

pub mod dtmf;
pub mod packet;
pub mod reorder;
pub mod sender;
pub mod srtp;

pub use dtmf::{KeyListener, KeySender};
pub use packet::{Header, Packet, RtpError};
pub use reorder::{Reception, Reorder};
pub use sender::Sender;
