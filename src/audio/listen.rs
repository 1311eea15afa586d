//! Hears what kind of sound a line carries: speech and its end, a beep, and from these who picked up. By energy and the
//! shape of a tone only; it understands no words.
//!
//! A human says a short word and waits for an answer; a machine talks on, or beeps. In between nobody can know, and the
//! answer is `Unknown`.

use std::collections::VecDeque;

use super::{FRAME, RATE, level};
use crate::outcome::AnsweredBy;

/// What was heard, at the end of the frame in which it became certain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    SpeechStarted,
    /// There has been quiet for as long as was asked for.
    SpeechEnded,
    /// Once, after [`Listener::decide_who_answered`].
    AnsweredBy(AnsweredBy),
    /// After `AnsweredBy(Machine)`, once: its beep has ended, or it has been silent for two seconds.
    Beeped,
}

const FRAME_MS: u32 = FRAME as u32 * 1000 / RATE;
const fn frames(ms: u32) -> u32 {
    ms / FRAME_MS
}

/// Below this RMS nothing counts as sound: −49 dB of full scale.
const SOUND_MIN: f32 = 120.0;
/// Sound is this much louder than the line's noise: 8 dB.
const OVER_FLOOR: f32 = 2.5;
/// The noise is not believed to be louder than this, else a loud voice would pass for it.
const FLOOR_MAX: f32 = 300.0;

/// Shorter sounds are clicks.
const SPEECH_MIN: u32 = frames(60);
/// Dips between syllables.
const DIP_MAX: u32 = frames(100);

/// A greeting that goes on for longer is a machine's.
const GREETING_LONG: u32 = frames(2400);
/// A greeting below this, followed by `PAUSE_SHORT`, is a human's.
const GREETING_SHORT: u32 = frames(1800);
/// Announcements pause for 550 to 650 ms between their sentences (measured on a synthetic voice): 600 took "I am sorry." for
/// a human. Better to answer a human 200 ms later than to name a debt to a machine.
const PAUSE_SHORT: u32 = frames(800);
/// After a greeting of middling length: a human has waited for so long, a machine goes on before.
const PAUSE_MIDDLING: u32 = frames(1200);
/// By now the answer must be given.
const DECISION_MAX: u32 = frames(4500);
/// A machine that says nothing for so long is recording, beep or no beep.
const SILENT_MACHINE: u32 = frames(2000);

/// A steady tone of this length is a beep: 150 ms hold seven whole frames.
const BEEP_MIN: u32 = frames(150);
const BEEP_HZ: std::ops::RangeInclusive<f32> = 390.0..=2130.0;
/// Between two frames of one tone.
const BEEP_DRIFT_HZ: f32 = 25.0;
const BEEP_SWELL: f32 = 1.5;
/// Of the energy, what a pure tone may leave unexplained.
const TONE_RESIDUE: f32 = 0.04;
/// The answering tone of a fax (ITU-T T.30: 2100 ± 15 Hz, 2.6 to 4 s), told from a beep by its length.
const FAX_HZ: std::ops::RangeInclusive<f32> = 2075.0..=2125.0;
const FAX_MIN: u32 = frames(1000);

#[derive(Debug, Clone)]
pub struct Listener {
    /// Frames heard.
    now: u32,
    floor: Floor,
    tone: Tone,
    voice: Voice,
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
    /// Since this frame; the greeting began at that one.
    Open {
        since: u32,
        greeting: Option<u32>,
    },
    /// A machine; its beep is awaited. The frame of the last sound.
    AwaitingBeep {
        sound: u32,
    },
    Done,
}

impl Listener {
    /// `quiet_ms`: quiet after speech before `SpeechEnded`.
    pub fn new(quiet_ms: u32) -> Listener {
        Listener {
            now: 0,
            floor: Floor::default(),
            tone: Tone::default(),
            voice: Voice::default(),
            quiet: frames(quiet_ms).max(1),
            speaking: false,
            decision: Decision::NotAsked,
            waiting: VecDeque::with_capacity(4),
        }
    }

    pub fn set_quiet_ms(&mut self, quiet_ms: u32) {
        self.quiet = frames(quiet_ms).max(1);
    }

    /// The call was answered now: find out by whom.
    pub fn decide_who_answered(&mut self) {
        self.decision = Decision::Open { since: self.now, greeting: None };
    }

    /// The next 20 ms.
    pub fn hear(&mut self, frame: &[i16; FRAME]) -> Option<Heard> {
        self.now += 1;
        let rms = level::rms(frame);
        let loud = rms > (self.floor.hear(rms) * OVER_FLOOR).max(SOUND_MIN);
        let beep = self.tone.hear(frame, rms, loud);
        // A tone is no speech from its second frame on.
        self.voice.hear(self.now, loud && self.tone.steady < 2);
        self.follow_speech();
        self.decide(beep);
        self.waiting.pop_front()
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

    fn decide(&mut self, beep: Beep) {
        match self.decision {
            Decision::NotAsked | Decision::Done => {}
            Decision::Open { since, greeting } => {
                let greeting = greeting.or(self.voice.on.then_some(self.voice.began));
                self.decision = Decision::Open { since, greeting };
                if let Some(who) = self.who(since, greeting, beep) {
                    self.waiting.push_back(Heard::AnsweredBy(who));
                    self.decision = match who {
                        AnsweredBy::Machine if beep == Beep::Ended => {
                            self.waiting.push_back(Heard::Beeped);
                            Decision::Done
                        }
                        AnsweredBy::Machine => Decision::AwaitingBeep { sound: self.now },
                        AnsweredBy::Human | AnsweredBy::Fax | AnsweredBy::Unknown => Decision::Done,
                    };
                }
            }
            Decision::AwaitingBeep { sound } => {
                let sounding = self.voice.on || matches!(beep, Beep::On | Beep::FaxLike | Beep::Fax);
                let sound = if sounding { self.now } else { sound };
                self.decision = Decision::AwaitingBeep { sound };
                if beep == Beep::Ended || self.now - sound >= SILENT_MACHINE {
                    self.waiting.push_back(Heard::Beeped);
                    self.decision = Decision::Done;
                }
            }
        }
    }

    fn who(&self, since: u32, greeting: Option<u32>, beep: Beep) -> Option<AnsweredBy> {
        match beep {
            Beep::Fax => return Some(AnsweredBy::Fax),
            Beep::On | Beep::Ended => return Some(AnsweredBy::Machine),
            // Perhaps a fax: its length will tell.
            Beep::FaxLike => return None,
            Beep::None => {}
        }
        let too_long = self.now - since >= DECISION_MAX;
        let Some(greeting) = greeting else { return too_long.then_some(AnsweredBy::Unknown) };
        let length = self.voice.last + 1 - greeting.min(self.voice.last);
        let pause = self.voice.pause(self.now);
        if length > GREETING_LONG {
            Some(AnsweredBy::Machine)
        } else if length < GREETING_SHORT && pause >= PAUSE_SHORT || pause >= PAUSE_MIDDLING {
            Some(AnsweredBy::Human)
        } else {
            too_long.then_some(AnsweredBy::Unknown)
        }
    }
}

/// The line's noise: the quietest frame of the last two seconds.
#[derive(Debug, Clone)]
struct Floor {
    /// The quietest frame of each quarter of a second.
    quietest: [f32; 8],
    at: usize,
    heard: u32,
}

impl Default for Floor {
    fn default() -> Floor {
        Floor { quietest: [f32::MAX; 8], at: 0, heard: 0 }
    }
}

impl Floor {
    fn hear(&mut self, rms: f32) -> f32 {
        if self.heard == frames(250) {
            self.heard = 0;
            self.at = (self.at + 1) % self.quietest.len();
            self.quietest[self.at] = f32::MAX;
        }
        self.heard += 1;
        self.quietest[self.at] = self.quietest[self.at].min(rms);
        self.quietest.iter().copied().fold(FLOOR_MAX, f32::min)
    }
}

/// Stretches of sound, clicks left out and dips between syllables bridged.
#[derive(Debug, Clone, Default)]
struct Voice {
    on: bool,
    /// The frame at which the present or last stretch began.
    began: u32,
    /// Its last loud frame.
    last: u32,
    /// Loud frames in a row.
    run: u32,
}

impl Voice {
    fn hear(&mut self, now: u32, loud: bool) {
        self.run = if loud { self.run + 1 } else { 0 };
        if !self.on && self.run >= SPEECH_MIN {
            self.on = true;
            self.began = now + 1 - self.run;
        }
        if self.on && loud {
            self.last = now;
        }
        self.on &= self.pause(now) <= DIP_MAX;
    }

    /// Frames since the last loud one.
    fn pause(&self, now: u32) -> u32 {
        now - self.last
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Beep {
    None,
    /// It has lasted long enough to be one.
    On,
    /// A beep or the beginning of a fax.
    FaxLike,
    Fax,
    Ended,
}

/// A steady, pure tone.
#[derive(Debug, Clone, Default)]
struct Tone {
    hz: f32,
    rms: f32,
    /// Frames in a row of this tone.
    steady: u32,
    was_beep: bool,
}

impl Tone {
    fn hear(&mut self, frame: &[i16; FRAME], rms: f32, loud: bool) -> Beep {
        match tone_hz(frame).filter(|hz| loud && BEEP_HZ.contains(hz)) {
            Some(hz) => {
                let same = (hz - self.hz).abs() <= BEEP_DRIFT_HZ
                    && rms <= self.rms * BEEP_SWELL
                    && rms * BEEP_SWELL >= self.rms;
                self.steady = if same { self.steady + 1 } else { 1 };
                (self.hz, self.rms) = (hz, rms);
            }
            None => self.steady = 0,
        }
        let before = std::mem::replace(&mut self.was_beep, self.steady >= BEEP_MIN);
        match (self.was_beep, FAX_HZ.contains(&self.hz)) {
            (false, _) if before => Beep::Ended,
            (false, _) => Beep::None,
            (true, true) if self.steady >= FAX_MIN => Beep::Fax,
            (true, true) => Beep::FaxLike,
            (true, false) => Beep::On,
        }
    }
}

/// The frequency, if the frame is one pure tone.
///
/// Of a sine, `x[n−1] + x[n+1] = 2 cos(ω) · x[n]` at every sample; the factor is fitted, and what it leaves unexplained
/// tells a tone from everything else.
fn tone_hz(frame: &[i16; FRAME]) -> Option<f32> {
    let x = frame.map(f32::from);
    let (mut cross, mut energy) = (0.0, 0.0);
    for w in x.windows(3) {
        cross += w[1] * (w[0] + w[2]);
        energy += w[1] * w[1];
    }
    if energy == 0.0 {
        return None;
    }
    let factor = cross / energy;
    let residue: f32 = x.windows(3).map(|w| (w[0] + w[2] - factor * w[1]).powi(2)).sum();
    let pure = residue <= TONE_RESIDUE * energy && factor.abs() < 2.0;
    pure.then(|| (factor / 2.0).acos() * RATE as f32 / std::f32::consts::TAU)
}

#[cfg(test)]
mod tests {
    use super::super::{g711::Law, tone};
    use super::*;

    /// A line written as its parts: `babble:1200 quiet:700 tone1000:400 click:20`, in milliseconds, over noise of this RMS,
    /// through A-law as on a real line.
    fn line(text: &str, noise: i16) -> Vec<i16> {
        let mut pcm = Vec::new();
        for (n, word) in text.split_whitespace().enumerate() {
            let (what, ms) = word.split_once(':').unwrap();
            let ms = ms.parse().unwrap();
            pcm.extend(match what {
                "babble" => tone::babble(n as u64 + 1, ms),
                "quiet" => tone::silence(ms),
                "click" => tone::noise(3, ms, 9000),
                "hiss" => tone::noise(4, ms, 600),
                _ => tone::sine(what.strip_prefix("tone").unwrap().parse().unwrap(), ms, 6000),
            });
        }
        let under = tone::noise(99, (pcm.len() / 8) as u32, noise);
        pcm.iter().zip(under).map(|(&s, n)| Law::A.decode(Law::A.encode(s.saturating_add(n)))).collect()
    }

    /// What is heard, with its time in milliseconds.
    fn heard(text: &str, noise: i16) -> Vec<(u32, Heard)> {
        let mut listener = Listener::new(400);
        listener.decide_who_answered();
        let mut out = Vec::new();
        for (n, frame) in line(text, noise).as_chunks::<FRAME>().0.iter().enumerate() {
            out.extend(listener.hear(frame).map(|h| ((n as u32 + 1) * FRAME_MS, h)));
        }
        out
    }

    /// Who answered and when the message may be left: `human by 1300`, `machine by 2700, beeped by 5000`.
    fn check(text: &str, expected: &str) {
        for noise in [0, 30, 90] {
            let mut found = String::new();
            for (at, what) in heard(text, noise) {
                match what {
                    Heard::AnsweredBy(who) => found += &format!("{who} {at} "),
                    Heard::Beeped => found += &format!("beeped {at} "),
                    Heard::SpeechStarted | Heard::SpeechEnded => {}
                }
            }
            let (mut want, mut got) = (expected.split_whitespace(), found.split_whitespace());
            loop {
                let (word, at) = match ((want.next(), want.next()), (got.next(), got.next())) {
                    ((None, _), (None, _)) => break,
                    ((Some(word), Some(range)), (Some(w), Some(at))) if w == word => (range, at),
                    _ => panic!("`{text}` over noise of {noise}: expected `{expected}`, heard `{found}`"),
                };
                let (from, to) = word.split_once('-').unwrap();
                let at: u32 = at.parse().unwrap();
                assert!(
                    (from.parse().unwrap()..=to.parse().unwrap()).contains(&at),
                    "`{text}` over noise of {noise}: expected `{expected}`, heard `{found}`"
                );
            }
        }
    }

    #[test]
    #[rustfmt::skip]
    fn who_answered() {
        // a short word, then waiting
        check("quiet:500 babble:600 quiet:3000",                         "human 1800-2100");
        check("babble:400 quiet:3000",                                   "human 1160-1400");
        check("quiet:1500 babble:1500 quiet:3000",                       "human 3700-4100");
        check("quiet:300 babble:500 quiet:300 babble:600 quiet:3000",    "human 2400-2700");
        check("babble:2000 quiet:3000",                                  "human 3100-3400");
        // talks on
        check("quiet:400 babble:800 quiet:660 babble:5000 quiet:2500",   "machine 2700-3100 beeped 8700-9100");
        check("quiet:400 babble:6000 quiet:3000",                        "machine 2700-3100 beeped 8200-8700");
        check("babble:6000 quiet:500 tone1000:400 quiet:1000",           "machine 2300-2700 beeped 6850-7000");
        check("babble:1500 quiet:400 babble:4000 tone440:800 quiet:500", "machine 2300-2700 beeped 6650-6800");
        check("babble:2100 quiet:900 babble:3000 quiet:2500",            "machine 3000-3300 beeped 7900-8300");
        // beeps at once
        check("quiet:300 tone1400:300 quiet:3000",                       "machine 400-560 beeped 580-700");
        check("babble:500 quiet:200 tone800:200 quiet:3000",             "machine 800-920 beeped 880-1000");
        check("quiet:200 tone2100:400 quiet:2000",                       "machine 580-700 beeped 600-720");
        // a fax
        check("quiet:1000 tone2100:3000 quiet:1000",                     "fax 2000-2100");
        // nobody knows
        check("quiet:6000",                                              "unknown 4480-4520");
        check("quiet:4200 babble:1000 quiet:500",                        "unknown 4480-4520");
        check("quiet:1000 click:20 quiet:1000 click:40 quiet:4000",      "unknown 4480-4520");
        check("hiss:6000",                                               "unknown 4480-4520");
        check("quiet:500 tone1000:60 quiet:6000",                        "unknown 4480-4520");
    }

    #[test]
    fn speech_starts_and_ends() {
        for noise in [0, 30, 90] {
            let times: Vec<_> =
                heard("quiet:1000 babble:2000 quiet:300 babble:1000 quiet:1000 babble:500 quiet:1000", noise)
                    .into_iter()
                    .filter(|(_, h)| matches!(h, Heard::SpeechStarted | Heard::SpeechEnded))
                    .collect();
            let [
                (a, Heard::SpeechStarted),
                (b, Heard::SpeechEnded),
                (c, Heard::SpeechStarted),
                (d, Heard::SpeechEnded),
            ] = times[..]
            else {
                panic!("over noise of {noise}: {times:?}")
            };
            assert!((1040..=1160).contains(&a) && (4640..=4760).contains(&b), "{times:?}");
            assert!((5340..=5460).contains(&c) && (6140..=6260).contains(&d), "{times:?}");
        }
    }

    #[test]
    fn a_tone_is_measured() {
        for hz in [400.0, 425.0, 1000.0, 1400.0, 2000.0, 2100.0] {
            let frame = line(&format!("tone{hz}:20"), 10);
            let found = tone_hz(frame.as_chunks().0.first().unwrap()).unwrap();
            assert!((found - hz as f32).abs() < 5.0, "{hz}: {found}");
        }
        for no_tone in ["babble:20", "hiss:20", "quiet:20"] {
            let frame = line(no_tone, 30);
            assert_eq!(tone_hz(frame.as_chunks().0.first().unwrap()), None, "{no_tone}");
        }
    }
}
