//! What is agreed in the SDP and carried by RTP. All are telephone audio to us, 8 kHz and one channel; a codec only says how
//! samples become bytes, and what RTP counts.

use super::g711::Law;

/// A coding of the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Codec {
    /// G.711 A-law, RTP payload type 8.
    Pcma,
    /// G.711 µ-law, RTP payload type 0.
    Pcmu,
    /// G.722 at 64 kbit/s, RTP payload type 9. A byte holds two samples of 16 kHz, which is one of ours.
    G722,
    /// Opus (RFC 7587), with a payload type agreed by each call.
    Opus,
}

impl Codec {
    pub const ALL: [Codec; 4] = [Codec::Pcma, Codec::Pcmu, Codec::G722, Codec::Opus];

    /// The static RTP payload type (RFC 3551 §6), or for Opus, which has none, the one that we offer. An answer or an offer of
    /// the far end may name another: what was agreed counts.
    pub const fn payload_type(self) -> u8 {
        match self {
            Codec::Pcma => 8,
            Codec::Pcmu => 0,
            Codec::G722 => 9,
            Codec::Opus => 111,
        }
    }

    /// By the static types only: a dynamic one means what its `a=rtpmap` says.
    pub const fn of_payload_type(payload_type: u8) -> Option<Codec> {
        match payload_type {
            8 => Some(Codec::Pcma),
            0 => Some(Codec::Pcmu),
            9 => Some(Codec::G722),
            _ => None,
        }
    }

    /// RTP timestamps a second. G.722 counts 8,000 though it samples 16,000: an error of long ago that is kept for the sake
    /// of all who had followed it (RFC 3551 §4.5.2).
    pub const fn clock(self) -> u32 {
        match self {
            Codec::Pcma | Codec::Pcmu | Codec::G722 => 8000,
            Codec::Opus => 48_000,
        }
    }

    /// RTP ticks in so many samples of ours.
    pub const fn ticks(self, samples: u32) -> u32 {
        samples.wrapping_mul(self.clock() / super::RATE)
    }

    /// Samples of ours in so many RTP ticks.
    pub const fn samples(self, ticks: u32) -> u32 {
        ticks / (self.clock() / super::RATE)
    }

    /// Bytes of a packet of so many milliseconds. `None`: packets differ in length.
    pub const fn frame_bytes(self, ptime_ms: u32) -> Option<usize> {
        match self {
            Codec::Pcma | Codec::Pcmu | Codec::G722 => Some(ptime_ms as usize * super::RATE as usize / 1000),
            Codec::Opus => None,
        }
    }

    /// Whether a packet may be cut and joined at any byte: one byte is one sample of ours.
    pub const fn is_bytewise(self) -> bool {
        self.frame_bytes(20).is_some()
    }

    /// G.711's law, for which a sample is a byte and no state is kept.
    pub const fn law(self) -> Option<Law> {
        match self {
            Codec::Pcma => Some(Law::A),
            Codec::Pcmu => Some(Law::Mu),
            Codec::G722 | Codec::Opus => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_for_rtp() {
        // codec, payload type, 20 ms in ticks, bytes of 10 ms and of 60 ms
        for (codec, payload_type, ticks, bytes) in [
            (Codec::Pcma, 8, 160, Some((80, 480))),
            (Codec::Pcmu, 0, 160, Some((80, 480))),
            (Codec::G722, 9, 160, Some((80, 480))),
            (Codec::Opus, 111, 960, None),
        ] {
            assert_eq!((codec.payload_type(), codec.ticks(160)), (payload_type, ticks), "{codec:?}");
            assert_eq!(codec.frame_bytes(10).zip(codec.frame_bytes(60)), bytes, "{codec:?}");
            assert_eq!(codec.samples(codec.ticks(800)), 800, "{codec:?}");
        }
        assert_eq!([0, 8, 9, 111, 13].map(Codec::of_payload_type)[3..], [None, None]);
    }
}
