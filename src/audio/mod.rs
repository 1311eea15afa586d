#![doc = include_str!("README.md")]

mod clip;
pub mod cn;
mod codec;
pub mod coder;
pub mod comfort;
pub mod conceal;
pub mod dtmf;
pub mod g711;
pub mod g722;
pub mod level;
pub mod listen;
pub mod opus;
pub mod resample;
pub mod stretch;
pub mod tone;
pub mod wav;

pub use clip::{Clip, Coded, Packets};
pub use codec::Codec;
pub use coder::{Decoder, Encoder};
pub use listen::{Heard, Listener};

/// Samples a second of everything that goes over a leg.
pub const RATE: u32 = 8000;
/// Samples in one packet: 20 ms.
pub const FRAME: usize = 160;
