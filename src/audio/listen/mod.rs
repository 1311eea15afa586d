#![doc = include_str!("README.md")]

pub mod beep;
pub mod country;
pub mod fit;
mod floor;
pub mod greeting;
pub mod known;
mod network;
mod periodic;
mod spectrum;
mod tones;
pub mod trial;
mod voice;

use std::collections::VecDeque;
use std::sync::Arc;

use super::{FRAME, RATE, level};
use crate::outcome::{AnsweredBy, HangupCause};
use beep::Beeps;
pub use country::{Countries, Country};
use floor::{Floor, Level, SOUND_MIN};
use greeting::{Evidence, Greeting, Moment};
use known::{Print, Says};
use network::Network;
use spectrum::Spectrum;
use tones::Tones;
use voice::{Sound, Voice};

/// What was heard, at the end of the frame in which it became certain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    SpeechStarted,
    /// There has been quiet for as long as was asked for.
    SpeechEnded,
    /// After [`Listener::decide_who_answered`]. Again, when it turns out otherwise: a person after all behind `Machine`, a
    /// person or a machine behind `Screening`.
    AnsweredBy(AnsweredBy),
    /// After `AnsweredBy(Machine)` or `AnsweredBy(Screening)`: its beep has ended, or it has been silent for two seconds. Again,
    /// when it went on and beeped after all.
    Beeped,
    /// The network said that the call came to nothing, before the answer or after.
    Announced(HangupCause),
}

const FRAME_MS: u32 = FRAME as u32 * 1000 / RATE;
const fn frames(ms: u32) -> u32 {
    ms / FRAME_MS
}
const fn ms(frames: u32) -> u32 {
    frames * FRAME_MS
}

/// The decision waits so much longer for a sound that goes on.
const SOUNDING_MORE_MS: u32 = 1500;
/// A machine that says nothing for so long is recording, beep or no beep.
const SILENT_MACHINE: u32 = frames(2000);
/// A machine can turn out to be a person this long after it was answered.
const HUMAN_AFTER_ALL_MAX: u32 = frames(8000);
/// A beep, or more of the greeting, is listened for so long behind the first beep.
const BEEP_AGAIN_MAX: u32 = frames(15_000);
/// A greeting that goes on behind a pause, not a cough.
const GOES_ON: u32 = frames(1000);
/// The answering tone of a fax (ITU-T T.30: 2100 ± 15 Hz, 2.6 to 4 s), told from a beep by its length.
const FAX_HZ: std::ops::RangeInclusive<f32> = 2075.0..=2125.0;
const FAX_MIN: u32 = frames(1000);

#[derive(Debug, Clone)]
pub struct Listener {
    country: Arc<Country>,
    /// Frames heard.
    now: u32,
    floor: Floor,
    spectrum: Spectrum,
    tones: Tones,
    /// Frames in a row of this tone: no speech from its third on.
    beeps: Beeps,
    network: Network,
    voice: Voice,
    /// What of it is nearly as loud as the loudest.
    near: Voice,
    greeting: Greeting,
    moment: Moment,
    /// Lost frames in a row, and the level before them.
    lost: u32,
    heard_rms: f32,
    print: Print,
    /// The loudest frame of the greeting, but for the last few, and those.
    murmur: f32,
    rising: [f32; RISING],
    /// Frames of quiet before `SpeechEnded`.
    quiet: u32,
    /// `SpeechStarted` was said and `SpeechEnded` was not.
    speaking: bool,
    decision: Decision,
    /// Found in one frame, told one a frame.
    waiting: VecDeque<Heard>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Decision {
    NotAsked,
    /// Not answered yet: only the network is listened to.
    Ringing,
    /// Since this frame. `screened`: a screener has asked its question, and a person or a machine comes on.
    Open {
        since: u32,
        screened: bool,
    },
    /// A machine or a screener; the end of its greeting is awaited. The frame of the last sound.
    AwaitingBeep {
        since: u32,
        sound: u32,
        who: AnsweredBy,
    },
    /// Its message is being left, since this frame. Frames of voice heard meanwhile, and whether a pause was taken for its end.
    Recording {
        since: u32,
        voice: u32,
        paused: bool,
    },
    Done,
}

impl Listener {
    /// `quiet_ms`: quiet after speech before `SpeechEnded`.
    pub fn new(quiet_ms: u32) -> Listener {
        Listener::in_country(quiet_ms, Countries::shipped().of_number(""))
    }

    pub fn in_country(quiet_ms: u32, country: Arc<Country>) -> Listener {
        Listener {
            country,
            now: 0,
            floor: Floor::default(),
            spectrum: Spectrum::default(),
            tones: Tones::default(),
            beeps: Beeps::default(),
            network: Network::default(),
            voice: Voice::default(),
            near: Voice::default(),
            greeting: Greeting::default(),
            moment: Moment::default(),
            lost: 0,
            heard_rms: 0.0,
            print: Print::default(),
            murmur: 0.0,
            rising: [0.0; RISING],
            quiet: frames(quiet_ms).max(1),
            speaking: false,
            decision: Decision::NotAsked,
            waiting: VecDeque::with_capacity(4),
        }
    }

    pub fn set_quiet_ms(&mut self, quiet_ms: u32) {
        self.quiet = frames(quiet_ms).max(1);
    }

    pub fn set_country(&mut self, country: Arc<Country>) {
        self.country = country;
    }

    /// The call rings, and audio comes already (RFC 3960): only the network can speak.
    pub fn listen_to_network(&mut self) {
        self.decision = Decision::Ringing;
    }

    /// The call was answered now: find out by whom.
    pub fn decide_who_answered(&mut self) {
        self.begin(false);
    }

    fn begin(&mut self, screened: bool) {
        self.decision = Decision::Open { since: self.now, screened };
        self.greeting = Greeting::new(self.now);
        self.print = Print::default();
        self.murmur = 0.0;
        self.beeps = Beeps::default();
    }

    /// What the greeting comes to until now, while it still matters. For fitting the model to clips.
    pub fn evidence(&self) -> Option<Evidence> {
        match self.decision {
            // What is perhaps a beep is waited out, and tells more than the greeting.
            _ if self.tones.is_sounding() || self.beeps.is_waiting() => None,
            Decision::Open { .. } => self.greeting.evidence(self.now),
            Decision::AwaitingBeep { who: AnsweredBy::Machine, .. } => self.greeting.evidence(self.now),
            Decision::NotAsked | Decision::Ringing | Decision::AwaitingBeep { .. } => None,
            Decision::Recording { .. } | Decision::Done => None,
        }
    }

    /// What a recording that begins now sounds like, up to three seconds of it.
    pub fn print(&self) -> &[u16] {
        self.print.words()
    }

    /// The next 20 ms of a recording whose print is to be taken. After [`Listener::decide_who_answered`].
    pub fn hear_print(&mut self, frame: &[i16; FRAME]) {
        self.now += 1;
        let power = self.spectrum.of(frame);
        let level = self.floor.hear(spectrum::band_rms(&power), false, false);
        let sound = if level == Level::Loud { Sound::Loud { periodic: 1.0, clear: true } } else { Sound::Quiet };
        self.voice.hear(self.now, sound);
        self.greeting.hear(self.now, &self.voice, &self.near, self.moment);
        self.print.hear(&power, self.greeting.has_begun());
    }

    /// The next 20 ms.
    pub fn hear(&mut self, frame: &[i16; FRAME]) -> Option<Heard> {
        self.now += 1;
        // The spectrum costs five times the rest, and once it is decided nobody asks for it.
        let power = match self.decision {
            Decision::NotAsked | Decision::Done => None,
            Decision::Ringing | Decision::Open { .. } | Decision::AwaitingBeep { .. } | Decision::Recording { .. } => {
                Some(self.spectrum.of(frame))
            }
        };
        let mut rms = power.as_ref().map_or_else(|| level::rms(frame), spectrum::band_rms);
        // A lost packet is told by nothing at all in it, and the window behind it holds only a part.
        let nothing = frame.iter().all(|s| s.unsigned_abs() <= 8);
        let was_lost = self.lost > 0;
        self.lost = if nothing { self.lost + 1 } else { 0 };
        let torn = (nothing || was_lost) && self.lost <= LOST_MAX && self.heard_rms > 30.0;
        if torn {
            rms = self.heard_rms;
        }
        self.heard_rms = rms;
        let pitch = power
            .as_ref()
            .filter(|_| rms > SOUND_MIN && !torn)
            .and_then(|power| tones::pitch(power).or_else(|| tones::pitch_of_network(power, &self.country)));
        let periodic = power.as_ref().map_or(1.0, |power| if rms > SOUND_MIN { periodic::of(power) } else { 0.0 });
        let level = self.floor.hear(rms, pitch.is_some(), power.is_some() && periodic >= PERIODIC);
        let ended = if torn { None } else { self.tones.hear(self.now, pitch.filter(|_| level != Level::Quiet)) };
        let is_tone = self.tones.is_sounding();
        if level == Level::Steady {
            self.voice.forget();
            if self.now.saturating_sub(self.greeting.began().unwrap_or(0)) <= NOISE_SHOWN {
                self.greeting.forget();
            }
        }
        let sound = match level {
            _ if torn || is_tone => Sound::Unknown,
            Level::Loud => Sound::Loud { periodic, clear: rms > self.floor.noise() * CLEAR },
            Level::Quiet | Level::Steady => Sound::Quiet,
        };
        let near = if sound != Sound::Unknown && rms < self.floor.peak() * NEAR { Sound::Quiet } else { sound };
        self.moment = Moment { rms, is_tone, is_voice: level == Level::Loud && !torn };
        self.voice.hear(self.now, sound);
        self.near.hear(self.now, near);
        self.nearer(rms);
        self.follow_speech();
        if let Some(power) = &power {
            self.decide(power, ended, level);
        }
        self.waiting.pop_front()
    }

    /// Behind a murmur far from the telephone, whoever answers begins anew.
    fn nearer(&mut self, rms: f32) {
        // A word rises for some frames: it is held against what was before it.
        self.rising.rotate_left(1);
        self.rising[RISING - 1] = rms;
        if !self.voice.on {
            return;
        }
        if self.greeting.has_begun() && self.murmur > 0.0 && rms > NEARER * self.murmur {
            self.greeting.forget();
            self.voice.began = self.now;
            self.near.began = self.now;
            self.murmur = rms;
        }
        self.murmur = self.murmur.max(self.rising[0]);
    }

    fn follow_speech(&mut self) {
        if self.voice.on && !self.speaking {
            self.speaking = true;
            self.waiting.push_back(Heard::SpeechStarted);
        } else if self.speaking && self.voice.pause(self.now) >= self.quiet {
            self.speaking = false;
            self.waiting.push_back(Heard::SpeechEnded);
        }
    }

    fn decide(&mut self, power: &[f32; spectrum::BINS], ended: Option<tones::Tone>, level: Level) {
        let said = match (ended, self.tones.current()) {
            (Some(tone), _) => self.network.hear(tone, &self.country),
            (None, Some(tone)) => self.network.sounds(tone, &self.country),
            (None, None) => None,
        };
        let answered = !matches!(self.decision, Decision::Ringing);
        let energy = power[4..].iter().sum();
        let spoke = self.greeting.length_ms() >= 1000;
        let beeped = answered
            && self.beeps.hear(
                self.now,
                ended.as_ref(),
                self.tones.current(),
                energy,
                level == Level::Loud,
                spoke,
                &self.country,
            );
        if let (Some(cause), Decision::Ringing | Decision::Open { .. } | Decision::AwaitingBeep { .. }) =
            (said, self.decision)
        {
            self.waiting.push_back(Heard::Announced(cause));
            self.decision = Decision::Done;
            return;
        }
        match self.decision {
            Decision::NotAsked | Decision::Done => {}
            Decision::Ringing => {
                self.greeting.hear(self.now, &self.voice, &self.near, self.moment);
                self.known(power);
            }
            Decision::Open { since, screened } => self.open(power, since, screened, beeped),
            Decision::AwaitingBeep { since, sound, who } => self.await_beep(power, since, sound, who, beeped),
            Decision::Recording { since, voice, paused } => self.hear_on(since, voice, paused, beeped),
        }
    }

    /// A recording that is known. True: it decided.
    fn known(&mut self, power: &[f32; spectrum::BINS]) -> bool {
        if self.print.is_full() {
            return false;
        }
        self.print.hear(power, self.greeting.has_begun());
        let Some(says) = self.print.find(&self.country.recordings).map(|r| r.says) else { return false };
        match says {
            Says::Announces(cause) => {
                self.waiting.push_back(Heard::Announced(cause));
                self.decision = Decision::Done;
            }
            Says::Answer(who) if self.decision != Decision::Ringing => self.answered_by(who),
            Says::Answer(_) => return false,
        }
        true
    }

    fn answered_by(&mut self, who: AnsweredBy) {
        self.waiting.push_back(Heard::AnsweredBy(who));
        let since = match self.decision {
            Decision::Open { since, .. } | Decision::AwaitingBeep { since, .. } => since,
            Decision::NotAsked | Decision::Ringing | Decision::Recording { .. } | Decision::Done => self.now,
        };
        self.decision = match who {
            AnsweredBy::Machine | AnsweredBy::Screening => Decision::AwaitingBeep { since, sound: self.now, who },
            AnsweredBy::Human | AnsweredBy::Fax | AnsweredBy::Unknown => Decision::Done,
        };
    }

    fn open(&mut self, power: &[f32; spectrum::BINS], since: u32, screened: bool, beeped: bool) {
        self.greeting.hear(self.now, &self.voice, &self.near, self.moment);
        if self.known(power) {
            return;
        }
        if self.is_fax() {
            return self.answered_by(AnsweredBy::Fax);
        }
        if beeped {
            self.answered_by(AnsweredBy::Machine);
            return self.beeped(false);
        }
        // A tone may be a beep, a fax or a busy line that is not sure yet.
        if self.tones.is_sounding()
            || self.beeps.is_waiting()
            || self.beeps.is_fax_due(self.now)
            || self.network.is_due(self.now, &self.country)
        {
            return;
        }
        // Nor is a voice cut short that has only begun.
        let sounding = self.voice.on || self.tones.is_sounding();
        let late_by = ms(self.now - since).saturating_sub(self.country.model.decide_by_ms);
        let too_late = late_by > if sounding { SOUNDING_MORE_MS } else { 0 } && !screened;
        match self.greeting.evidence(self.now).and_then(|evidence| self.country.model.judge(&evidence)) {
            Some(true) => self.answered_by(AnsweredBy::Human),
            Some(false) => self.answered_by(AnsweredBy::Machine),
            None if too_late => self.answered_by(AnsweredBy::Unknown),
            None => {}
        }
    }

    fn is_fax(&self) -> bool {
        let answering = |tone: &tones::Tone| FAX_HZ.contains(&tone.hz) && tone.second == 0.0 && tone.length >= FAX_MIN;
        self.tones.current().is_some_and(answering) || self.beeps.is_calling_fax()
    }

    fn await_beep(&mut self, power: &[f32; spectrum::BINS], since: u32, sound: u32, who: AnsweredBy, beeped: bool) {
        let sounding = self.voice.on || self.tones.current().is_some();
        let sound = if sounding { self.now } else { sound };
        self.decision = Decision::AwaitingBeep { since, sound, who };
        self.greeting.hear(self.now, &self.voice, &self.near, self.moment);
        if who == AnsweredBy::Machine && self.known(power) {
            return;
        }
        if self.is_fax() {
            return self.answered_by(AnsweredBy::Fax);
        }
        if beeped {
            return self.beeped(false);
        }
        let waits = self.beeps.is_waiting() || self.tones.is_sounding();
        let after_all =
            self.greeting.evidence(self.now).is_some_and(|evidence| self.country.model.is_human_after_all(&evidence));
        if who == AnsweredBy::Machine && self.now - since <= HUMAN_AFTER_ALL_MAX && after_all && !waits {
            return self.answered_by(AnsweredBy::Human);
        }
        if self.now - sound >= SILENT_MACHINE && !waits {
            self.beeped(true);
        }
    }

    fn beeped(&mut self, paused: bool) {
        self.waiting.push_back(Heard::Beeped);
        if let Decision::AwaitingBeep { who: AnsweredBy::Screening, .. } = self.decision {
            return self.begin(true);
        }
        self.decision = Decision::Recording { since: self.now, voice: 0, paused };
    }

    /// Behind the first beep: a second one, or a greeting that went on behind its pause and has ended now.
    fn hear_on(&mut self, since: u32, voice: u32, paused: bool, beeped: bool) {
        let voice = voice + u32::from(self.voice.on);
        let went_on = paused && voice >= GOES_ON && self.voice.pause(self.now) >= SILENT_MACHINE;
        self.decision = match (beeped || went_on, self.now - since >= BEEP_AGAIN_MAX) {
            (true, _) => {
                self.waiting.push_back(Heard::Beeped);
                Decision::Recording { since: self.now, voice: 0, paused: false }
            }
            (false, true) => Decision::Done,
            (false, false) => Decision::Recording { since, voice, paused },
        };
    }
}

/// Frames in which a word rises to its loudness.
const RISING: usize = frames(140) as usize;
/// What is so much louder than all before it is nearer to the telephone: 10 dB.
const NEARER: f32 = 3.2;
/// What is nearly as loud as the loudest: 8 dB below it, or less.
const NEAR: f32 = 0.4;
/// So far above the noise there is no noise, however it swells: 16 dB.
const CLEAR: f32 = 6.3;
/// More periodic than noise ever is: one frame in a thousand of it is so.
const PERIODIC: f32 = 0.35;
/// More than so many frames without a sound are silence, not a loss.
const LOST_MAX: u32 = frames(80);
/// What has been heard for no longer when it turns out to be steady noise was nothing but that noise.
const NOISE_SHOWN: u32 = frames(500);

#[cfg(test)]
mod tests;
