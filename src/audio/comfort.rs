//! What is heard when nobody speaks: a breath of noise, so that the line does not seem dead. About −62 dB of full scale, below
//! every threshold by which speech is told from silence.

use std::sync::LazyLock;

use super::clip::{Clip, Coded};
use super::{Codec, FRAME, RATE, tone};

/// RMS of the noise.
const LEVEL: i16 = 26;

/// One second, which is repeated: nobody hears that of noise so quiet.
static NOISE: LazyLock<Clip> = LazyLock::new(|| Clip::from_pcm(&tone::noise(62, 1000, LEVEL)));
const FRAMES: usize = RATE as usize / FRAME;

/// So many samples of it.
pub fn pcm(samples: usize) -> Vec<i16> {
    tone::noise(62, 1000, LEVEL).into_iter().cycle().take(samples).collect()
}

/// The 20 ms at this RTP timestamp. The first call for a codec encodes the second.
pub fn frame(codec: Codec, timestamp: u32) -> &'static [u8] {
    let n = codec.samples(timestamp) as usize / FRAME % FRAMES;
    match NOISE.coded(codec) {
        Coded::Bytes(bytes) => &bytes[n * FRAME..(n + 1) * FRAME],
        Coded::Packets(packets) => packets.get(n).expect("a second has fifty packets"),
    }
}

/// Fills a payload of any length, for codecs of one byte a sample; a packet of Opus comes whole, from [`frame`].
pub fn fill(codec: Codec, timestamp: u32, payload: &mut [u8]) {
    if let Coded::Bytes(bytes) = NOISE.coded(codec) {
        let from = bytes.iter().cycle().skip(codec.samples(timestamp) as usize % bytes.len());
        payload.iter_mut().zip(from).for_each(|(to, from)| *to = *from);
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Decoder, Listener, level};
    use super::*;

    #[test]
    fn quiet_and_never_taken_for_speech() {
        for codec in Codec::ALL {
            let mut decoder = Decoder::new(codec);
            let mut heard = Vec::new();
            for n in 0..500 {
                let mut pcm = [0; FRAME];
                assert_eq!(decoder.decode(frame(codec, n * codec.ticks(FRAME as u32)), &mut pcm), FRAME);
                heard.extend(pcm);
            }
            let db = 20.0 * (level::rms(&heard) / 32_768.0).log10();
            assert!((-66.0..-58.0).contains(&db), "{codec:?}: {db}");
            let mut listener = Listener::new(300);
            let events = heard.chunks(FRAME).filter_map(|frame| listener.hear(frame.try_into().expect("whole frames")));
            assert_eq!(events.collect::<Vec<_>>(), [], "{codec:?}");
        }
        assert_eq!(pcm(20_000).len(), 20_000);
        assert_eq!(frame(Codec::Pcma, u32::MAX).len(), FRAME);
    }

    #[test]
    fn any_length_goes_round() {
        let mut long = [0; 480];
        fill(Codec::Pcmu, 7920, &mut long);
        assert_eq!(long[..80], frame(Codec::Pcmu, 7840)[80..]);
        assert_eq!(long[80..240], *frame(Codec::Pcmu, 0));
    }
}
