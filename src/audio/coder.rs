//! Samples to payloads and back, for one direction of one leg. G.722 and Opus remember what went before: an encoder belongs to
//! one stream, and a decoder is told when a packet is missing.

use super::g711::Law;
use super::{Codec, g722, opus};

/// Samples in the longest packet that is decoded: 120 ms (RFC 7587 §4.2).
pub const PACKET_SAMPLES_MAX: usize = 960;

#[derive(Debug)]
pub struct Encoder(How<g722::Encoder, opus::Encoder>);

#[derive(Debug)]
pub struct Decoder(How<g722::Decoder, opus::Decoder>);

/// The states are large and rare: a leg with G.711 does not carry their room.
#[derive(Debug)]
enum How<G722, Opus> {
    Law(Law),
    G722(Box<G722>),
    Opus(Opus),
}

impl Encoder {
    pub fn new(codec: Codec) -> Encoder {
        Encoder(match codec {
            Codec::Pcma => How::Law(Law::A),
            Codec::Pcmu => How::Law(Law::Mu),
            Codec::G722 => How::G722(Box::default()),
            Codec::Opus => How::Opus(opus::Encoder::new()),
        })
    }

    /// The payload of one packet into `payload`; gives its bytes. A byte a sample are enough room for every codec.
    ///
    /// Opus wants 10, 20, 40 or 60 ms at once; another length, or too little room, gives 0: nothing can be sent.
    pub fn encode(&mut self, pcm: &[i16], payload: &mut [u8]) -> usize {
        match &mut self.0 {
            How::Law(law) => {
                payload.iter_mut().zip(pcm).for_each(|(byte, sample)| *byte = law.encode(*sample));
                pcm.len().min(payload.len())
            }
            How::G722(encoder) => {
                payload.iter_mut().zip(pcm).for_each(|(byte, sample)| *byte = encoder.encode(*sample));
                pcm.len().min(payload.len())
            }
            How::Opus(encoder) => encoder.encode(pcm, payload),
        }
    }
}

impl Decoder {
    pub fn new(codec: Codec) -> Decoder {
        Decoder(match codec {
            Codec::Pcma => How::Law(Law::A),
            Codec::Pcmu => How::Law(Law::Mu),
            Codec::G722 => How::G722(Box::default()),
            Codec::Opus => How::Opus(opus::Decoder::new()),
        })
    }

    /// The samples of one packet into `pcm`; gives their number. More than `pcm` holds is cut for G.711 and G.722, and refused by
    /// Opus; [`PACKET_SAMPLES_MAX`] is enough for all that RTP brings us. What is no packet gives 0.
    pub fn decode(&mut self, payload: &[u8], pcm: &mut [i16]) -> usize {
        match &mut self.0 {
            How::Law(law) => {
                pcm.iter_mut().zip(payload).for_each(|(sample, byte)| *sample = law.decode(*byte));
                pcm.len().min(payload.len())
            }
            How::G722(decoder) => {
                pcm.iter_mut().zip(payload).for_each(|(sample, byte)| *sample = decoder.decode(*byte));
                pcm.len().min(payload.len())
            }
            How::Opus(decoder) => decoder.decode(payload, pcm),
        }
    }

    /// A packet is missing: what the codec itself makes up for it, as many samples as `pcm` holds. Gives false when the codec knows
    /// nothing of it (G.711, G.722): then it is [`conceal`](super::conceal)'s to fill.
    pub fn conceal(&mut self, pcm: &mut [i16]) -> bool {
        match &mut self.0 {
            How::Law(_) | How::G722(_) => false,
            How::Opus(decoder) => decoder.conceal(pcm),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{FRAME, tone};
    use super::*;

    /// Signal to noise in dB, the coded one allowed to come later by what fits best, up to `delay_max` samples.
    fn snr_db(sent: &[i16], heard: &[i16], delay_max: usize) -> f64 {
        let at = |delay: usize| {
            let pairs = sent.iter().zip(&heard[delay..]).skip(400);
            let (mut signal, mut noise) = (1.0, 1.0);
            for (&s, &h) in pairs {
                signal += f64::from(s).powi(2);
                noise += (f64::from(s) - f64::from(h)).powi(2);
            }
            10.0 * f64::log10(signal / noise)
        };
        (0..=delay_max).map(at).fold(f64::MIN, f64::max)
    }

    fn through(codec: Codec, pcm: &[i16], packet: usize) -> Vec<i16> {
        let (mut encoder, mut decoder) = (Encoder::new(codec), Decoder::new(codec));
        let mut heard = Vec::new();
        let (mut payload, mut back) = ([0; 480], [0; PACKET_SAMPLES_MAX]);
        for piece in pcm.chunks_exact(packet) {
            let length = encoder.encode(piece, &mut payload);
            assert!(length > 0, "{codec:?}");
            let samples = decoder.decode(&payload[..length], &mut back);
            assert_eq!(samples, packet, "{codec:?}");
            heard.extend(&back[..samples]);
        }
        heard
    }

    #[test]
    fn what_is_said_is_heard() {
        // Babble of harmonics up to 2 kHz, and a tone. Opus at 20 kbit/s is no waveform codec: it is held to less.
        for packet in [80, 160, 320, 480] {
            for (codec, babble_db, tone_db) in [
                (Codec::Pcma, 30.0, 30.0),
                (Codec::Pcmu, 30.0, 30.0),
                (Codec::G722, 25.0, 30.0),
                (Codec::Opus, 5.0, 15.0),
            ] {
                for (what, pcm, least) in
                    [("babble", tone::babble(3, 1920), babble_db), ("tone", tone::sine(1000.0, 1920, 8000), tone_db)]
                {
                    let db = snr_db(&pcm, &through(codec, &pcm, packet), 120);
                    println!("{codec:?}, {packet} samples, {what}: {db:.1} dB");
                    assert!(db > least, "{codec:?}, packets of {packet}: {what} at {db:.1} dB");
                }
            }
        }
    }

    #[test]
    fn lengths_that_do_not_fit_give_nothing_or_less() {
        for codec in Codec::ALL {
            let (mut encoder, mut decoder) = (Encoder::new(codec), Decoder::new(codec));
            assert_eq!(encoder.encode(&[], &mut [0; 10]), 0, "{codec:?}");
            assert_eq!(encoder.encode(&[0; FRAME], &mut []), 0, "{codec:?}");
            assert_eq!(decoder.decode(&[], &mut [0; PACKET_SAMPLES_MAX]), 0, "{codec:?}");
            assert!(decoder.decode(&[0xFF; 2000], &mut [0; PACKET_SAMPLES_MAX]) <= PACKET_SAMPLES_MAX, "{codec:?}");
            assert_eq!(decoder.decode(&[1; 20], &mut []), 0, "{codec:?}");
        }
        assert_eq!(Encoder::new(Codec::Opus).encode(&[0; 100], &mut [0; 100]), 0);
        assert_eq!(Encoder::new(Codec::Pcma).encode(&[0; 100], &mut [0; 200]), 100);
    }

    #[test]
    fn only_opus_conceals_by_itself() {
        let pcm = tone::babble(5, 400);
        for codec in Codec::ALL {
            let (mut encoder, mut decoder) = (Encoder::new(codec), Decoder::new(codec));
            let (mut payload, mut back) = ([0; 480], [0; FRAME]);
            for piece in pcm.chunks_exact(FRAME) {
                let length = encoder.encode(piece, &mut payload);
                decoder.decode(&payload[..length], &mut back);
            }
            let mut made = [0; FRAME];
            assert_eq!(decoder.conceal(&mut made), codec == Codec::Opus);
            assert_eq!(super::super::level::rms(&made) > 300.0, codec == Codec::Opus);
        }
    }

    /// Costs, on demand: `cargo test --release --lib -- --ignored --nocapture cost_of`.
    #[test]
    #[ignore = "prints figures"]
    fn cost_of_coding() {
        use super::super::conceal::Concealer;
        let pcm = tone::babble(1, 20_000);
        let frames = pcm.as_chunks::<FRAME>().0;
        let clock = crate::time::Clock::system();
        let now = || clock.now().mono;
        let us = |began: crate::time::Mono| now().since(began).as_secs_f64() * 1e6 / frames.len() as f64;
        for codec in Codec::ALL {
            let (mut encoder, mut decoder) = (Encoder::new(codec), Decoder::new(codec));
            let began = now();
            let mut line = Vec::new();
            for frame in frames {
                let mut payload = [0; FRAME];
                let length = encoder.encode(frame, &mut payload);
                line.push((payload, length));
            }
            let encoding = us(began);
            let began = now();
            let mut back = [0; FRAME];
            let mut samples = 0;
            for (payload, length) in &line {
                samples += decoder.decode(&payload[..*length], &mut back);
            }
            println!("{codec:?}: {encoding:.2} µs to encode 20 ms, {:.2} to decode ({samples} samples)", us(began));
        }
        let mut concealer = Concealer::default();
        let began = now();
        for (n, frame) in frames.iter().enumerate() {
            let mut frame = *frame;
            if n % 2 == 0 { concealer.heard(&mut frame) } else { concealer.lost(&mut frame) }
        }
        println!("concealment, every second packet lost: {:.2} µs a frame", us(began));
    }
}
