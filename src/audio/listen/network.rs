//! What the telephone network says by tones: special information tones (ITU-T E.180/Q.35), busy, congestion, and a tone that
//! never ends. What each means to the call is a [`HangupCause`].

use super::country::{Country, Pattern};
use super::tones::{Tone, seconds};
use super::{frames, ms};
use crate::outcome::HangupCause;

/// Tones remembered.
const KEPT: usize = 4;
/// A cadence is believed after so many periods.
const PERIODS: usize = 3;
/// Measured in frames of 20 ms, with windows of 32 ms.
const LENGTH_OFF_MS: u32 = 45;
/// Of a busy line or one that is congested, not of one that rings.
const PERIOD_MAX: u32 = frames(1500);
/// Between the tones of special information.
const SIT_GAP_MAX: u32 = frames(80);
const SIT_LENGTH_MIN: u32 = frames(200);
/// North America tells its causes apart by short (276 ms) and long (380 ms) tones.
const SIT_LONG: f32 = 0.328;
/// A tone that sounds for so long does not end: dial tone, or number unobtainable.
pub const ENDLESS: u32 = frames(2600);

#[derive(Debug, Clone, Default)]
pub struct Network {
    /// The last tones, the newest last.
    tones: [Option<Tone>; KEPT],
}

impl Network {
    /// A tone has ended.
    pub fn hear(&mut self, tone: Tone, country: &Country) -> Option<HangupCause> {
        self.tones.rotate_left(1);
        self.tones[KEPT - 1] = Some(tone);
        let [_, a, b, c] = self.tones;
        special_information(&[a?, b?, c?]).or_else(|| self.cadence(country))
    }

    /// Two tones of the network in the same measure: a third is due.
    pub fn is_due(&self, now: u32, country: &Country) -> bool {
        let [_, _, Some(a), Some(b)] = self.tones else { return false };
        let same = b.is_near(a.hz, a.second, 15.0) && ms(a.length.abs_diff(b.length)) <= LENGTH_OFF_MS;
        let period = b.began - a.began;
        same && !b.sweeps && country.is_of_network(&b) && period <= PERIOD_MAX && now <= b.end() + period
    }

    /// A tone goes on.
    pub fn sounds(&self, tone: &Tone, country: &Country) -> Option<HangupCause> {
        if tone.length != ENDLESS || tone.sweeps || !country.is_of_network(tone) {
            return None;
        }
        let unobtainable = country.unobtainable.iter().any(|p| p.is_pitch(tone));
        Some(if unobtainable { HangupCause::InvalidNumber } else { HangupCause::Congestion })
    }

    fn cadence(&self, country: &Country) -> Option<HangupCause> {
        let run: Run = Run::of(&self.tones[KEPT - PERIODS..])?;
        let first = run.0[0];
        if !country.is_of_network(&first) || run.0.iter().any(|t| t.sweeps || !t.is_near(first.hz, first.second, 15.0))
        {
            return None;
        }
        let on = run.0.map(|t| ms(t.length));
        let off = [run.0[1].began - run.0[0].end(), run.0[2].began - run.0[1].end()].map(ms);
        let fits = |pattern: &&Pattern| pattern.is_pitch(&first) && pattern.fits(&on, &off, LENGTH_OFF_MS);
        let busy = country.busy.iter().find(fits).map(|p| p.off_by(&on, &off));
        let congestion = country.congestion.iter().find(fits).map(|p| p.off_by(&on, &off));
        match (busy, congestion) {
            (Some(busy), Some(congestion)) if congestion < busy => Some(HangupCause::Congestion),
            (Some(_), _) => Some(HangupCause::Busy),
            (None, Some(_)) => Some(HangupCause::Congestion),
            (None, None) => None,
        }
    }
}

/// Three periods.
struct Run([Tone; PERIODS]);

impl Run {
    fn of(tones: &[Option<Tone>]) -> Option<Run> {
        Some(Run([tones[0]?, tones[1]?, tones[2]?]))
    }
}

/// Three tones, each higher than the one before. The ITU's are 950, 1400 and 1800 Hz and mean that the call failed; North
/// America's (Telcordia GR-1162) say why by the pitch and length of the first two.
fn special_information([a, b, c]: &[Tone; 3]) -> Option<HangupCause> {
    let follows = |x: &Tone, y: &Tone| y.began.saturating_sub(x.end()) <= SIT_GAP_MAX;
    let long_enough = [a, b, c].iter().all(|t| t.length >= SIT_LENGTH_MIN && t.second == 0.0 && !t.sweeps);
    let pitches =
        (880.0..=1020.0).contains(&a.hz) && (1330.0..=1465.0).contains(&b.hz) && (1730.0..=1850.0).contains(&c.hz);
    if !(long_enough && pitches && follows(a, b) && follows(b, c)) {
        return None;
    }
    let high = |hz: f32, low: f32, high: f32| hz > (low + high) / 2.0;
    let is_itu = (935.0..=965.0).contains(&a.hz) || (1392.0..=1408.0).contains(&b.hz) || c.hz > 1790.0;
    if is_itu {
        return Some(HangupCause::OutOfService);
    }
    let long = |t: &Tone| seconds(t.length) > SIT_LONG;
    Some(match (high(a.hz, 913.8, 985.2), long(a), high(b.hz, 1370.6, 1428.5), long(b)) {
        // Vacant code.
        (true, true, false, false) => HangupCause::InvalidNumber,
        // Intercept: changed or disconnected.
        (false, false, false, false) => HangupCause::OutOfService,
        // Reorder (short, long), no circuit (long, long).
        (_, false, _, true) | (_, true, _, true) => HangupCause::Congestion,
        _ => HangupCause::OutOfService,
    })
}
