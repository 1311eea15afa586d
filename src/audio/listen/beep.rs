//! A machine's beep: a tone with nothing like it before and quiet behind it.
//!
//! Beeps are of any pitch. What tells them from speech is their purity, from music, keys and the network's tones that they
//! stand alone; and it takes a little quiet behind them to know that.

use super::country::Country;
use super::frames;
use super::tones::Tone;

const BEEP_HZ: std::ops::RangeInclusive<f32> = 380.0..=2150.0;
/// No beep is longer.
const LENGTH_MAX: u32 = frames(2100);
/// A tone no longer than this must begin and end in a quiet well below it: a voice may hold a note so long.
const SHORT_MAX: u32 = frames(160);
/// Below this it is believed only behind a greeting: a letter that is spelt can be as pure.
const SURE_MIN: u32 = frames(60);
/// Another tone nearer than this makes both a melody, keys or a cadence.
const ALONE: u32 = frames(1200);
/// A shorter or much softer one (10 dB) is the chance of a voice.
const NEIGHBOUR_MIN: u32 = frames(80);
const NEIGHBOUR_ENERGY: f32 = 0.1;
/// Quiet behind it.
const QUIET_BEHIND: u32 = frames(240);
/// Behind one whose pitch is the network's: the next of a busy line would have come.
const QUIET_BEHIND_NETWORK: u32 = frames(1100);
/// Ringing is longer in most countries, and never a beep.
const NETWORK_LENGTH_MAX: u32 = frames(900);
/// Quiet: 6 dB below the beep.
const BELOW: f32 = 0.25;
/// The two tones of a key (ITU-T Q.23).
const LOW_KEYS_HZ: std::ops::RangeInclusive<f32> = 680.0..=960.0;
const HIGH_KEYS_HZ: std::ops::RangeInclusive<f32> = 1180.0..=1660.0;
/// A calling fax: 1100 ± 38 Hz for half a second, every 3.5 s (ITU-T T.30).
const CALLING_FAX_HZ: std::ops::RangeInclusive<f32> = 1060.0..=1140.0;
const CALLING_FAX: std::ops::RangeInclusive<u32> = frames(400)..=frames(620);
const CALLING_FAX_EVERY: std::ops::RangeInclusive<u32> = frames(3000)..=frames(4000);
/// Its second tone is over by then, seen from the beginning of the first.
const FAX_DUE: u32 = frames(4300);
/// The quiet behind what may be its first.
const QUIET_BEHIND_FAX: u32 = frames(3700);
/// Frames whose energy is remembered, to see what stood before a tone.
const BEFORE: usize = 8;

#[derive(Debug, Clone, Default)]
pub struct Beeps {
    /// A tone that may have been one, and the quiet it still needs behind it.
    candidate: Option<(Tone, u32)>,
    last: Option<Tone>,
    /// When the last tone began that may be a calling fax's.
    fax: Option<u32>,
    is_calling_fax: bool,
    energies: [f32; BEFORE],
}

impl Beeps {
    pub fn is_waiting(&self) -> bool {
        self.candidate.is_some()
    }

    /// What may have been the first tone of a calling fax: the next is not over yet.
    pub fn is_fax_due(&self, now: u32) -> bool {
        self.fax.is_some_and(|at| now - at <= FAX_DUE)
    }

    pub fn is_calling_fax(&self) -> bool {
        self.is_calling_fax
    }

    /// A frame: the tone that has ended before it, the one that sounds, its energy, whether it is loud. `spoke`: somebody has been
    /// speaking on this line. True: a beep has ended a little ago.
    #[allow(clippy::too_many_arguments)]
    pub fn hear(
        &mut self,
        now: u32,
        ended: Option<&Tone>,
        current: Option<&Tone>,
        energy: f32,
        loud: bool,
        spoke: bool,
        country: &Country,
    ) -> bool {
        if let Some(tone) = ended {
            self.candidate = self.may_be(now, tone, spoke, country);
            if tone.length >= NEIGHBOUR_MIN {
                self.last = Some(*tone);
            }
        }
        self.energies.rotate_left(1);
        self.energies[BEFORE - 1] = energy;
        let Some((tone, needed)) = self.candidate else { return false };
        let another = current.is_some_and(|c| c.began > tone.end());
        // The frame in which it breaks off still holds some of it.
        let sounds = now > tone.end() + 1 && loud && energy > tone.energy * BELOW;
        if another || sounds {
            self.candidate = None;
            return false;
        }
        let over = now >= tone.end() + needed;
        if over {
            self.candidate = None;
        }
        over
    }

    fn may_be(&mut self, now: u32, tone: &Tone, spoke: bool, country: &Country) -> Option<(Tone, u32)> {
        let is_key = tone.second > 0.0 && LOW_KEYS_HZ.contains(&tone.hz) && HIGH_KEYS_HZ.contains(&tone.second);
        let alone = self
            .last
            .is_none_or(|last| tone.began >= last.end() + ALONE || last.energy < tone.energy * NEIGHBOUR_ENERGY);
        let faxes = tone.second == 0.0 && CALLING_FAX_HZ.contains(&tone.hz) && CALLING_FAX.contains(&tone.length);
        if faxes {
            self.is_calling_fax |= self.fax.is_some_and(|at| CALLING_FAX_EVERY.contains(&(tone.began - at)));
            self.fax = Some(tone.began).filter(|_| !spoke);
        }
        // Frames since the one before it, as far as they are remembered.
        let ago = (now - tone.began + 2) as usize;
        let before = BEFORE.checked_sub(ago).map_or(0.0, |n| self.energies[n]);
        let long_or_clear = tone.length > SHORT_MAX || before < tone.energy * BELOW;
        let chance = tone.length < SURE_MIN && !spoke;
        if chance || is_key || !alone || !long_or_clear || tone.length > LENGTH_MAX || !BEEP_HZ.contains(&tone.hz) {
            return None;
        }
        if country.is_of_network(tone) {
            return (tone.length <= NETWORK_LENGTH_MAX).then_some((*tone, QUIET_BEHIND_NETWORK));
        }
        let needed = if faxes && !spoke { QUIET_BEHIND_FAX } else { QUIET_BEHIND };
        Some((*tone, needed))
    }
}
