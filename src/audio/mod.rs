//! Audio as numbers: G.711, WAV, resampling, listening. Pure.

/// What goes over a leg. Telephone audio: 8 kHz, one channel, 20 ms frames of 160 samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Codec {
    /// G.711 A-law, RTP payload type 8.
    Pcma,
    /// G.711 µ-law, RTP payload type 0.
    Pcmu,
}

/// A stretch of telephone audio, encoded once for both codecs so that playing costs no work. Shared by `Arc`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clip {
    pub alaw: Box<[u8]>,
    pub ulaw: Box<[u8]>,
}
