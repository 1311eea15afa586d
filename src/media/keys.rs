//! Keys that a leg hears, however they are told: as events, as tones in the audio, by the signalling. Each press counts once.

use super::Remote;
use crate::audio::FRAME;
use crate::audio::dtmf::DtmfDetector;
use crate::rtp::digits::{Digits, Tones, Way};
use crate::rtp::{KeyListener, Packet};
use crate::time::Mono;

#[derive(Debug, Default)]
pub struct Keys {
    events: KeyListener,
    /// Zero: nothing agreed yet.
    clock_hz: u32,
    /// Made when the first key comes, or tones are to be heard: most calls have few keys and many packets.
    told: Option<Box<Told>>,
}

#[derive(Debug)]
struct Told {
    digits: Digits,
    detector: DtmfDetector,
    frame: [i16; FRAME],
    filled: usize,
}

impl Told {
    fn new(tones: Tones) -> Box<Told> {
        Box::new(Told { digits: Digits::new(tones), detector: DtmfDetector::default(), frame: [0; FRAME], filled: 0 })
    }
}

impl Keys {
    pub fn connect(&mut self, remote: &Remote) {
        // Another clock is another count; what was pressed before is forgotten with it.
        if self.clock_hz != remote.dtmf_clock_hz {
            self.clock_hz = remote.dtmf_clock_hz;
            self.events = KeyListener::new(remote.dtmf_clock_hz);
        }
        if self.told.is_none() && remote.tones != Tones::Never {
            self.told = Some(Told::new(remote.tones));
        }
    }

    /// Whether the audio is to be given to [`tone`](Keys::tone).
    pub fn wants_tones(&self) -> bool {
        self.told.as_ref().is_some_and(|told| told.digits.wants_tones())
    }

    /// A packet of telephone-event.
    pub fn event(&mut self, now: Mono, packet: &Packet<'_>) -> Option<char> {
        let key = self.events.hear(packet)?;
        self.hear(now, Way::Event, key)
    }

    /// A press that is known from elsewhere.
    pub fn hear(&mut self, now: Mono, way: Way, key: char) -> Option<char> {
        self.told.get_or_insert_with(|| Told::new(Tones::Never)).digits.hear(now, way, key)
    }

    /// Audio, in which a key may sound.
    pub fn tone(&mut self, now: Mono, mut pcm: &[i16], mut tell: impl FnMut(char)) {
        let Some(told) = &mut self.told else { return };
        while !pcm.is_empty() {
            let (next, rest) = pcm.split_at(pcm.len().min(FRAME - told.filled));
            told.frame[told.filled..told.filled + next.len()].copy_from_slice(next);
            told.filled += next.len();
            pcm = rest;
            if told.filled == FRAME {
                told.filled = 0;
                let key = told.detector.hear(&told.frame);
                if let Some(key) = key.and_then(|key| told.digits.hear(now, Way::Tone, key)) {
                    tell(key);
                }
            }
        }
    }
}
