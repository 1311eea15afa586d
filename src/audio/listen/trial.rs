//! A clip run through a listener: what came of it, or what the model was given to weigh. For `ringback amd` and the tests.

use std::sync::Arc;

use super::fit::Course;
use super::greeting::Evidence;
use super::{Country, FRAME_MS, Heard, Listener, known};
use crate::audio::FRAME;
use crate::outcome::{AnsweredBy, HangupCause};

/// Frames between two looks at the evidence.
const LOOK_EVERY: usize = 3;
/// What comes so long behind the first sound is not looked at.
const COURSE_MS: u32 = 4500;

/// What a clip came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Answer(AnsweredBy),
    Announced(HangupCause),
}

impl Verdict {
    /// The word a clip is labelled with; all that the network can say is one.
    pub fn word(self) -> &'static str {
        match self {
            Verdict::Answer(who) => who.as_str(),
            Verdict::Announced(_) => "network",
        }
    }
}

/// Of what clips can be labelled.
pub const LABELS: [&str; 6] = ["human", "machine", "fax", "screening", "network", "unknown"];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trial {
    pub verdict: Verdict,
    /// From the answer.
    pub at_ms: u32,
    /// When it was first taken for something else.
    pub turned_from: Option<AnsweredBy>,
    pub beeped_ms: Option<u32>,
}

/// The clip begins at the answer, 8 kHz. Where it ends undecided, that is `unknown`.
pub fn trial(pcm: &[i16], country: &Arc<Country>) -> Trial {
    let mut listener = Listener::in_country(800, country.clone());
    listener.decide_who_answered();
    let end = (pcm.len() / FRAME) as u32 * FRAME_MS;
    let mut trial =
        Trial { verdict: Verdict::Answer(AnsweredBy::Unknown), at_ms: end, turned_from: None, beeped_ms: None };
    let mut first = None;
    for (n, frame) in pcm.as_chunks::<FRAME>().0.iter().enumerate() {
        let at_ms = (n as u32 + 1) * FRAME_MS;
        match listener.hear(frame) {
            // What comes behind a screener is another answer.
            Some(Heard::AnsweredBy(_)) if first == Some(AnsweredBy::Screening) => {}
            Some(Heard::AnsweredBy(who)) => {
                trial = Trial { verdict: Verdict::Answer(who), at_ms, turned_from: first, ..trial };
                first = Some(who);
            }
            Some(Heard::Announced(cause)) => {
                return Trial { verdict: Verdict::Announced(cause), at_ms, turned_from: first, ..trial };
            }
            Some(Heard::Beeped) if trial.beeped_ms.is_none() => trial.beeped_ms = Some(at_ms),
            Some(Heard::Beeped | Heard::SpeechStarted | Heard::SpeechEnded) | None => {}
        }
    }
    trial
}

/// What the model is given of a clip, for [`super::fit`]. `None`: nothing was heard of it.
pub fn course(pcm: &[i16], country: &Country, human: bool) -> Option<Course> {
    // Probabilities lie between 0 and 1: it never decides.
    let mut undecided = country.clone();
    let model = &mut undecided.model;
    (model.human_at, model.hurried_human_at, model.machine_at, model.hurried_machine_at) = (2.0, 2.0, -1.0, -1.0);
    (model.hurry_ms, model.decide_by_ms) = (u32::MAX / 2, u32::MAX / 2);
    let mut listener = Listener::in_country(800, Arc::new(undecided));
    listener.decide_who_answered();
    let mut moments: Vec<(u32, Evidence)> = Vec::new();
    for (n, frame) in pcm.as_chunks::<FRAME>().0.iter().enumerate() {
        listener.hear(frame);
        let at = (n as u32 + 1) * FRAME_MS;
        if moments.first().is_some_and(|(first, _)| at > first + COURSE_MS) {
            break;
        }
        if n % LOOK_EVERY == LOOK_EVERY - 1
            && let Some(evidence) = listener.evidence()
        {
            moments.push((at, evidence));
        }
    }
    (!moments.is_empty()).then_some(Course { human, moments })
}

/// The print of a recording, from its first sound. `None`: it is shorter than a print must be.
pub fn print(pcm: &[i16]) -> Option<Vec<u16>> {
    let mut listener = Listener::new(800);
    listener.decide_who_answered();
    // A little quiet first: the beginning of a sound shows against it.
    let quiet = [[0; FRAME]; 20];
    for frame in quiet.iter().chain(pcm.as_chunks::<FRAME>().0) {
        listener.hear_print(frame);
    }
    let words = listener.print();
    let print = &words[..words.len().min(known::WORDS_MAX)];
    (print.len() >= known::WORDS_MIN).then(|| print.to_vec())
}
