//! What is heard when nobody speaks: a breath of noise, so that the line does not seem dead. About −62 dB of full scale, below
//! every threshold by which speech is told from silence.

use std::sync::LazyLock;

use super::{Codec, FRAME, RATE, tone};

/// RMS of the noise.
const LEVEL: i16 = 26;

/// One second, which is repeated: nobody hears that of noise so quiet.
static NOISE: LazyLock<Vec<i16>> = LazyLock::new(|| tone::noise(62, 1000, LEVEL));

struct Loops {
    alaw: Vec<u8>,
    ulaw: Vec<u8>,
}

static LOOPS: LazyLock<Loops> = LazyLock::new(|| {
    let encode = |codec: Codec| NOISE.iter().map(|&s| codec.encode(s)).collect();
    Loops { alaw: encode(Codec::Pcma), ulaw: encode(Codec::Pcmu) }
});

/// So many samples of it.
pub fn pcm(samples: usize) -> Vec<i16> {
    NOISE.iter().copied().cycle().take(samples).collect()
}

/// The 20 ms at this RTP timestamp.
pub fn frame(codec: Codec, timestamp: u32) -> &'static [u8] {
    const FRAMES: usize = RATE as usize / FRAME;
    let at = timestamp as usize / FRAME % FRAMES * FRAME;
    let noise = match codec {
        Codec::Pcma => &LOOPS.alaw,
        Codec::Pcmu => &LOOPS.ulaw,
    };
    &noise[at..at + FRAME]
}

#[cfg(test)]
mod tests {
    use super::super::{Listener, level};
    use super::*;

    #[test]
    fn quiet_and_never_taken_for_speech() {
        for codec in [Codec::Pcma, Codec::Pcmu] {
            let mut heard = Vec::new();
            for n in 0..500 {
                heard.extend(frame(codec, n * FRAME as u32).iter().map(|&b| codec.decode(b)));
            }
            let db = 20.0 * (level::rms(&heard) / 32_768.0).log10();
            assert!((-65.0..-58.0).contains(&db), "{codec:?}: {db}");
            let mut listener = Listener::new(300);
            let events = heard.chunks(FRAME).filter_map(|frame| listener.hear(frame.try_into().expect("whole frames")));
            assert_eq!(events.collect::<Vec<_>>(), [], "{codec:?}");
        }
        assert_eq!(pcm(20_000).len(), 20_000);
        assert_eq!(frame(Codec::Pcma, u32::MAX).len(), FRAME);
    }
}
