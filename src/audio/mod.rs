#![doc = include_str!("README.md")]

mod clip;
pub mod comfort;
pub mod g711;
pub mod level;
pub mod listen;
pub mod resample;
pub mod stretch;
pub mod tone;
pub mod wav;

pub use clip::Clip;
pub use listen::{Heard, Listener};

/// Samples a second of everything that goes over a leg.
pub const RATE: u32 = 8000;
/// Samples in one packet: 20 ms.
pub const FRAME: usize = 160;

/// What goes over a leg. Telephone audio: 8 kHz, one channel, 20 ms frames of 160 samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Codec {
    /// G.711 A-law, RTP payload type 8.
    Pcma,
    /// G.711 µ-law, RTP payload type 0.
    Pcmu,
}

impl Codec {
    /// The static RTP payload type (RFC 3551 §6).
    pub fn payload_type(self) -> u8 {
        match self {
            Codec::Pcma => 8,
            Codec::Pcmu => 0,
        }
    }

    pub fn of_payload_type(payload_type: u8) -> Option<Codec> {
        match payload_type {
            8 => Some(Codec::Pcma),
            0 => Some(Codec::Pcmu),
            _ => None,
        }
    }

    /// The byte that is heard as nothing.
    pub fn silence(self) -> u8 {
        match self {
            Codec::Pcma => 0xD5,
            Codec::Pcmu => 0xFF,
        }
    }

    pub fn encode(self, sample: i16) -> u8 {
        match self {
            Codec::Pcma => g711::alaw_encode(sample),
            Codec::Pcmu => g711::ulaw_encode(sample),
        }
    }

    pub fn decode(self, byte: u8) -> i16 {
        match self {
            Codec::Pcma => g711::alaw_decode(byte),
            Codec::Pcmu => g711::ulaw_decode(byte),
        }
    }

    /// The same sound in the other codec (ITU-T G.711 §3.4 by way of the decision values).
    pub fn transcode(self, to: Codec, byte: u8) -> u8 {
        if self == to { byte } else { to.encode(self.decode(byte)) }
    }
}
