//! Both directions of a leg on one tape: left what is heard, right what is said, sample by sample beside each other. What was lost
//! or never said is silence of the same length.

use std::path::PathBuf;
use std::time::Duration;

use super::MediaStats;
use super::scribe::Scribe;
use crate::audio::{Codec, Decoder, RATE, coder};
use crate::id::LegId;
use crate::time::Mono;

/// Kept back before it is written, so that what comes late finds its place: 2 s, 64 kB.
const WINDOW: usize = 2 * RATE as usize;
/// Handed to the scribe at once.
const PIECE: usize = RATE as usize;
/// A step in timestamps of more than this is a new count, not a pause.
const PAUSE_MAX: Duration = Duration::from_secs(20);
/// A step back within this is a packet out of order or doubled.
const BACK_MAX: Duration = Duration::from_secs(1);
/// Nobody can have said more than the time that has passed, but for this: packets ahead of their time, drifting clocks.
const AHEAD_MAX: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub struct Tape {
    scribe: Scribe,
    id: u64,
    broken: bool,
    began: Mono,
    /// Samples handed over; the window begins there.
    base: u64,
    /// Left and right in turn.
    window: Vec<i16>,
    heard: Track,
    said: Track,
    /// Of what we say: the samples are not at hand, the payload is.
    decoder: Option<(Codec, Decoder)>,
    /// Ticks counted on, so that a wrap leaves no trace.
    ticks: Option<(u32, u64)>,
}

/// Where one direction stands: its next timestamp and the place of it.
#[derive(Debug, Default)]
struct Track(Option<(u32, u64)>);

impl Track {
    fn place(&mut self, elapsed: u64, timestamp: u32, length: usize) -> u64 {
        let place = match self.0 {
            Some((expected, next)) => {
                let step = i64::from(timestamp.wrapping_sub(expected) as i32);
                let stepped = next.saturating_add_signed(step);
                let usual = (-(samples(BACK_MAX) as i64)..=samples(PAUSE_MAX) as i64).contains(&step);
                if usual && stepped <= elapsed + samples(AHEAD_MAX) { stepped } else { elapsed.max(next) }
            }
            None => elapsed,
        };
        let end = (timestamp.wrapping_add(length as u32), place + length as u64);
        // A latecomer does not turn the tape back.
        if self.0.is_none_or(|(_, next)| end.1 > next) {
            self.0 = Some(end);
        }
        place
    }
}

impl Tape {
    pub fn begin(scribe: &Scribe, path: PathBuf, at: Mono) -> Tape {
        let (id, begun) = scribe.begin_stereo(path);
        Tape {
            scribe: scribe.clone(),
            id,
            broken: !begun,
            began: at,
            base: 0,
            window: vec![0; 2 * WINDOW],
            heard: Track::default(),
            said: Track::default(),
            decoder: None,
            ticks: None,
        }
    }

    /// `timestamp`: in samples.
    pub fn hear(&mut self, now: Mono, timestamp: u32, pcm: &[i16]) {
        let place = self.heard.place(samples(now.since(self.began)), timestamp, pcm.len());
        self.put(place, 0, pcm);
    }

    /// A packet of ours. `timestamp`: in ticks of its codec.
    pub fn say(&mut self, now: Mono, codec: Codec, timestamp: u32, payload: &[u8]) {
        let (before, ticks) = self.ticks.unwrap_or((timestamp, 1 << 40));
        let ticks = ticks.wrapping_add_signed(i64::from(timestamp.wrapping_sub(before) as i32));
        self.ticks = Some((timestamp, ticks));
        let decoder = match &mut self.decoder {
            Some((of, decoder)) if *of == codec => decoder,
            other => &mut other.insert((codec, Decoder::new(codec))).1,
        };
        let mut pcm = [0; coder::PACKET_SAMPLES_MAX];
        let length = decoder.decode(payload, &mut pcm);
        let timestamp = (ticks / u64::from(codec.ticks(1))) as u32;
        let place = self.said.place(samples(now.since(self.began)), timestamp, length);
        self.put(place, 1, &pcm[..length]);
    }

    fn put(&mut self, place: u64, side: usize, pcm: &[i16]) {
        self.roll(place + pcm.len() as u64);
        for (at, &sample) in (place..).zip(pcm) {
            // What comes after its place was written is lost, as a packet is that comes too late.
            if let Some(at) = at.checked_sub(self.base) {
                self.window[2 * at as usize + side] = sample;
            }
        }
    }

    /// Makes room up to this sample.
    fn roll(&mut self, end: u64) {
        while end > self.base + WINDOW as u64 {
            self.hand_over(PIECE);
        }
    }

    fn hand_over(&mut self, length: usize) {
        let piece = self.window[..2 * length].to_vec();
        self.window.copy_within(2 * length.., 0);
        self.window[2 * (WINDOW - length)..].fill(0);
        self.base += length as u64;
        if !self.scribe.write(self.id, piece) && !self.broken {
            self.broken = true;
            tracing::warn!("the disk is too slow for the recordings; one is given up");
        }
    }

    /// Silence to the end; then `Closed`, if its figures are given, when all is on disk.
    pub fn finish(mut self, now: Mono, leg: LegId, closed: Option<MediaStats>) {
        let end = samples(now.since(self.began));
        self.roll(end);
        let left = end.saturating_sub(self.base).min(WINDOW as u64) as usize;
        self.hand_over(left);
        self.scribe.end_stereo(self.id, self.broken, leg, closed);
    }
}

fn samples(length: Duration) -> u64 {
    length.as_micros() as u64 * u64::from(RATE) / 1_000_000
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Packets of 20 ms as (ms of arrival, timestamp) → where each is put, in ms.
    fn check(name: &str, packets: &[(u64, u32)], expected: &[u64]) {
        let mut track = Track::default();
        let places: Vec<u64> = packets.iter().map(|&(ms, timestamp)| track.place(ms * 8, timestamp, 160) / 8).collect();
        assert_eq!(places, expected, "{name}");
    }

    #[test]
    #[rustfmt::skip]
    fn everything_has_its_place() {
        check("as it comes",          &[(40, 0), (60, 160), (80, 320)],                     &[40, 60, 80]);
        check("one lost",             &[(40, 0), (80, 320)],                                &[40, 80]);
        check("late by 200 ms",       &[(40, 0), (260, 160), (261, 320), (262, 480)],       &[40, 60, 80, 100]);
        check("overtaken",            &[(40, 0), (60, 320), (80, 160), (100, 480)],         &[40, 80, 60, 100]);
        check("a pause of a second",  &[(40, 0), (1060, 8160)],                             &[40, 1060]);
        check("a new count",          &[(40, 0), (60, 160), (80, 900_000), (100, 900_160)], &[40, 60, 80, 100]);
        check("a wrap",               &[(40, u32::MAX - 159), (60, 0), (80, 160)],          &[40, 60, 80]);
        check("far ahead of time",    &[(40, 0), (60, 100_000)],                            &[40, 60]);
    }
}
