use std::sync::OnceLock;
use std::time::Duration;

use super::g711::Law;
use super::{Codec, Decoder, Encoder, FRAME, RATE};

/// A stretch of telephone audio, encoded once so that playing costs no work. Shared by `Arc`.
///
/// Both laws of G.711 are made with the clip. G.722 and Opus are made from the A-law samples (38 dB above their noise) when they
/// are first asked for, and kept: see [`prepare`](Clip::prepare).
#[derive(Clone)]
pub struct Clip {
    pub alaw: Box<[u8]>,
    pub ulaw: Box<[u8]>,
    g722: OnceLock<Box<[u8]>>,
    opus: OnceLock<Packets>,
}

/// A clip as one codec sends it.
#[derive(Debug, Clone, Copy)]
pub enum Coded<'a> {
    /// One byte a sample: any stretch of them is a payload.
    Bytes(&'a [u8]),
    /// One packet for each 20 ms, as they are.
    Packets(&'a Packets),
}

/// Packets of 20 ms, one after another.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Packets {
    bytes: Box<[u8]>,
    /// Where each packet ends.
    ends: Box<[u32]>,
}

impl Packets {
    /// Encodes `pcm`, the last packet filled up with silence.
    pub fn encode(codec: Codec, pcm: impl Iterator<Item = i16>) -> Packets {
        let mut encoder = Encoder::new(codec);
        let (mut bytes, mut ends) = (Vec::new(), Vec::new());
        let (mut frame, mut filled) = ([0; FRAME], 0);
        let mut payload = [0; PACKET_BYTES_MAX];
        let mut add = |frame: &[i16; FRAME]| {
            let length = encoder.encode(frame, &mut payload);
            bytes.extend(&payload[..length]);
            ends.push(bytes.len() as u32);
        };
        for sample in pcm {
            frame[filled] = sample;
            filled += 1;
            if filled == FRAME {
                add(&frame);
                filled = 0;
            }
        }
        if filled > 0 {
            frame[filled..].fill(0);
            add(&frame);
        }
        Packets { bytes: bytes.into(), ends: ends.into() }
    }

    pub fn get(&self, n: usize) -> Option<&[u8]> {
        let end = *self.ends.get(n)?;
        let begin = if n == 0 { 0 } else { self.ends[n - 1] };
        Some(&self.bytes[begin as usize..end as usize])
    }

    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.len()).map_while(|n| self.get(n))
    }

    pub fn len(&self) -> usize {
        self.ends.len()
    }

    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }
}

/// Of 20 ms in any codec: a byte a sample at most.
const PACKET_BYTES_MAX: usize = FRAME;

impl Clip {
    /// `pcm`: 8 kHz, one channel. See [`resample`](super::resample) for other rates.
    pub fn from_pcm(pcm: &[i16]) -> Clip {
        let coded = |law: Law| pcm.iter().map(|&s| law.encode(s)).collect();
        Clip::from_laws(coded(Law::A), coded(Law::Mu))
    }

    /// From samples that are coded already. Both are the same sound, and of one length.
    pub fn from_laws(alaw: Box<[u8]>, ulaw: Box<[u8]>) -> Clip {
        debug_assert_eq!(alaw.len(), ulaw.len(), "both laws of one sound");
        Clip { alaw, ulaw, g722: OnceLock::new(), opus: OnceLock::new() }
    }

    pub fn silence(length: Duration) -> Clip {
        Clip::from_pcm(&vec![0; samples_in(length)])
    }

    /// As `codec` sends it. Encodes on the first call: see [`prepare`](Clip::prepare).
    pub fn coded(&self, codec: Codec) -> Coded<'_> {
        match codec {
            Codec::Pcma => Coded::Bytes(&self.alaw),
            Codec::Pcmu => Coded::Bytes(&self.ulaw),
            Codec::G722 => Coded::Bytes(self.g722.get_or_init(|| {
                let mut encoder = super::g722::Encoder::default();
                self.samples().map(|sample| encoder.encode(sample)).collect()
            })),
            Codec::Opus => Coded::Packets(self.opus.get_or_init(|| Packets::encode(Codec::Opus, self.samples()))),
        }
    }

    /// Encodes for `codec` if that was not yet done. A second takes half a millisecond for G.722 and 13 for Opus: a thread that
    /// sends packets is to find it done.
    pub fn prepare(&self, codec: Codec) {
        self.coded(codec);
    }

    /// Whether [`coded`](Clip::coded) costs nothing.
    pub fn is_prepared(&self, codec: Codec) -> bool {
        match codec {
            Codec::Pcma | Codec::Pcmu => true,
            Codec::G722 => self.g722.get().is_some(),
            Codec::Opus => self.opus.get().is_some(),
        }
    }

    fn samples(&self) -> impl Iterator<Item = i16> {
        self.alaw.iter().map(|&byte| Law::A.decode(byte))
    }

    /// What the far end hears when this is played in `codec`.
    pub fn decode(&self, codec: Codec) -> Vec<i16> {
        let mut decoder = Decoder::new(codec);
        let mut frame = [0; FRAME];
        let mut heard = Vec::with_capacity(self.len() + FRAME);
        let mut hear = |payload: &[u8]| {
            let samples = decoder.decode(payload, &mut frame);
            heard.extend_from_slice(&frame[..samples]);
        };
        match self.coded(codec) {
            Coded::Bytes(bytes) => bytes.chunks(FRAME).for_each(&mut hear),
            Coded::Packets(packets) => packets.iter().for_each(&mut hear),
        }
        heard
    }

    /// Samples, at 8 kHz.
    pub fn len(&self) -> usize {
        self.alaw.len()
    }

    pub fn is_empty(&self) -> bool {
        self.alaw.is_empty()
    }

    pub fn duration(&self) -> Duration {
        Duration::from_micros(self.len() as u64 * 1_000_000 / RATE as u64)
    }
}

/// The same sound, whatever has been made of it since.
impl PartialEq for Clip {
    fn eq(&self, other: &Clip) -> bool {
        self.alaw == other.alaw && self.ulaw == other.ulaw
    }
}

impl Eq for Clip {}

impl std::fmt::Debug for Clip {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Clip({:?})", self.duration())
    }
}

pub(crate) fn samples_in(length: Duration) -> usize {
    (length.as_micros() as u64 * RATE as u64 / 1_000_000) as usize
}

#[cfg(test)]
mod tests {
    use super::super::{level, tone};
    use super::*;

    #[test]
    fn a_second_is_eight_thousand_samples() {
        let clip = Clip::silence(Duration::from_secs(1));
        assert_eq!((clip.len(), clip.duration()), (8000, Duration::from_secs(1)));
        assert!(clip.alaw.iter().all(|&b| b == 0xD5) && clip.ulaw.iter().all(|&b| b == 0xFF));
    }

    #[test]
    fn each_codec_once_and_of_the_same_length() {
        let pcm = tone::babble(4, 1010);
        let clip = Clip::from_pcm(&pcm);
        assert!(clip.is_prepared(Codec::Pcma) && !clip.is_prepared(Codec::G722) && !clip.is_prepared(Codec::Opus));
        for codec in Codec::ALL {
            match clip.coded(codec) {
                Coded::Bytes(bytes) => assert_eq!(bytes.len(), pcm.len(), "{codec:?}"),
                Coded::Packets(packets) => {
                    assert_eq!((packets.len(), packets.get(51)), (51, None), "the last one filled up")
                }
            }
            assert!(clip.is_prepared(codec));
            let heard = clip.decode(codec);
            let (before, after) = (level::rms(&pcm), level::rms(&heard));
            assert!((after / before - 1.0).abs() < 0.1, "{codec:?}: {before} became {after}");
        }
        assert_eq!(clip, Clip::from_pcm(&pcm), "what was made of it does not count");
        assert_eq!(format!("{clip:?}"), "Clip(1.01s)");
    }
}
