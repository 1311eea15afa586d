//! What one leg of a bridge hears, made even for the other to say: late packets are waited for as the network demands, and lost ones
//! are made up.

use std::time::Duration;

use super::Remote;
use crate::audio::conceal::Concealer;
use crate::audio::{Codec, Decoder, FRAME, RATE, coder};
use crate::rtp::{JitterBuffer, Packet, Piece};
use crate::time::Mono;

/// Below this peak, a little more or less silence is not heard.
const QUIET_PEAK: u16 = 200;
/// Pieces made up for at one visit after a late one; beyond it the time is given up.
const BEHIND_MAX: usize = 10;

#[derive(Debug)]
pub struct Bridge {
    jitter: JitterBuffer,
    decoder: (Codec, Decoder),
    concealer: Concealer,
    /// Samples in the far end's packets.
    piece: usize,
    /// What was pulled has been played until then. `None`: nothing was pulled yet.
    played: Option<Mono>,
    quiet: bool,
}

impl Bridge {
    pub fn new(codec: Codec) -> Bridge {
        Bridge {
            jitter: JitterBuffer::new(codec.clock()),
            decoder: (codec, Decoder::new(codec)),
            concealer: Concealer::default(),
            piece: FRAME,
            played: None,
            quiet: true,
        }
    }

    pub fn hear(&mut self, now: Mono, packet: &Packet<'_>, remote: &Remote) {
        if packet.header.payload_type != remote.payload_in {
            return;
        }
        if self.decoder.0 != remote.codec {
            *self = Bridge::new(remote.codec);
        }
        // A byte is a sample, but for Opus: its packets are taken to be of the usual length until one has been decoded.
        if remote.codec.is_bytewise() {
            self.piece = packet.payload.len().clamp(1, coder::PACKET_SAMPLES_MAX);
        }
        self.jitter.push(now, packet, remote.codec.ticks(self.piece as u32));
    }

    /// What is to be said by now, after `out`.
    pub fn play(&mut self, now: Mono, out: &mut Vec<i16>) {
        for _ in 0..BEHIND_MAX {
            if self.played.is_some_and(|played| now < played) {
                return;
            }
            let mut pcm = [0; coder::PACKET_SAMPLES_MAX];
            let length = match self.jitter.pull(now, self.quiet) {
                Piece::Packet { payload, .. } => {
                    let length = self.decoder.1.decode(payload, &mut pcm);
                    self.concealer.heard(&mut pcm[..length]);
                    if length > 0 {
                        self.piece = length;
                    }
                    length
                }
                Piece::Lost => {
                    if !self.decoder.1.conceal(&mut pcm[..self.piece]) {
                        self.concealer.lost(&mut pcm[..self.piece]);
                    }
                    self.piece
                }
                // Before the first packet there is nothing to keep in step with.
                Piece::Quiet if self.played.is_none() => return,
                Piece::Quiet => self.piece,
            };
            let length = length.max(1);
            self.quiet = pcm[..length].iter().all(|s| s.unsigned_abs() < QUIET_PEAK);
            out.extend(&pcm[..length]);
            let lasts = Duration::from_micros(length as u64 * 1_000_000 / u64::from(RATE));
            self.played = Some(self.played.unwrap_or(now) + lasts);
        }
        self.played = Some(now);
    }
}
