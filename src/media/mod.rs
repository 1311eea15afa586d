//! Media: the threads that send and receive RTP every 20 ms. An edge: audio never goes further in than this;
//! what the engine learns is facts.

use crate::id::{LegId, PlayId};
use crate::outcome::AnsweredBy;
use crate::time::Mono;

#[derive(Debug, Clone, PartialEq)]
pub struct MediaEvent {
    pub leg: LegId,
    pub at: Mono,
    pub kind: MediaEventKind,
}

#[derive(Debug, Clone, PartialEq)]
pub enum MediaEventKind {
    /// The first audio packet of a leg left, this long after `connect`.
    FirstPacket {
        after_us: u64,
    },
    PlayEnded(PlayId),
    /// An RFC 4733 key, once per press, at its first packet.
    Digit(char),
    /// The far end began to make sound.
    SpeechStarted,
    /// The far end has been quiet for long enough to be waiting for us.
    SpeechEnded,
    AnsweredBy(AnsweredBy),
    /// A machine's beep ended, or its greeting fell silent.
    Beeped,
}
