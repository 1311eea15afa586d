#![doc = include_str!("README.md")]

pub mod arrivals;
pub mod digits;
pub mod dtmf;
pub mod jitter;
pub mod packet;
pub mod quality;
pub mod reorder;
pub mod rtcp;
pub mod sender;
pub mod srtp;

pub use arrivals::Arrivals;
pub use digits::Digits;
pub use dtmf::{KeyListener, KeySender};
pub use jitter::{JitterBuffer, Piece};
pub use packet::{Header, Packet, RtpError};
pub use quality::Quality;
pub use reorder::{Reception, Reorder};
pub use sender::Sender;
