use std::time::Duration;

use super::{Codec, RATE, g711};

/// A stretch of telephone audio, encoded once for both codecs so that playing costs no work. Shared by `Arc`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clip {
    pub alaw: Box<[u8]>,
    pub ulaw: Box<[u8]>,
}

impl Clip {
    /// `pcm`: 8 kHz, one channel. See [`resample`](super::resample) for other rates.
    pub fn from_pcm(pcm: &[i16]) -> Clip {
        Clip {
            alaw: pcm.iter().map(|&s| g711::alaw_encode(s)).collect(),
            ulaw: pcm.iter().map(|&s| g711::ulaw_encode(s)).collect(),
        }
    }

    pub fn silence(length: Duration) -> Clip {
        Clip::from_pcm(&vec![0; samples_in(length)])
    }

    pub fn bytes(&self, codec: Codec) -> &[u8] {
        match codec {
            Codec::Pcma => &self.alaw,
            Codec::Pcmu => &self.ulaw,
        }
    }

    /// What the far end hears when this is played in `codec`.
    pub fn decode(&self, codec: Codec) -> Vec<i16> {
        self.bytes(codec).iter().map(|&b| codec.decode(b)).collect()
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

pub(crate) fn samples_in(length: Duration) -> usize {
    (length.as_micros() as u64 * RATE as u64 / 1_000_000) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_is_eight_thousand_samples() {
        let clip = Clip::silence(Duration::from_secs(1));
        assert_eq!((clip.len(), clip.duration()), (8000, Duration::from_secs(1)));
        assert!(clip.alaw.iter().all(|&b| b == 0xD5) && clip.ulaw.iter().all(|&b| b == 0xFF));
    }
}
