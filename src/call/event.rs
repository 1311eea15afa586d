//! Facts that a call is told. Past tense. The world's failures are among them; none is an error.

use std::time::Duration;

use super::balance::Balance;
use crate::id::{PlayId, RequestId, SaveId};
use crate::outcome::{AnsweredBy, HangupCause};

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The far end is being rung.
    Ringing,
    /// The client's leg never came up.
    Failed(HangupCause),
    /// The client's leg is up and audio can be heard.
    Answered,
    /// What listening to the line found. May come at any moment after `Answered`, and again: a person who went on for longer
    /// than people do and then waited for us, or one who comes on behind a screener.
    AnsweredBy(AnsweredBy),
    /// A machine's beep has ended, or its greeting has fallen silent for long enough: a message can be left now. Again, when
    /// it had gone on and beeped after all.
    Beeped,
    /// The telephone network said by a tone or an announcement that the call came to nothing: before the answer (early media)
    /// or after.
    Announced(HangupCause),
    /// The far end has put us on hold: it neither hears us nor waits for us. Before the answer: as soon as it comes.
    Held,
    /// It has come back.
    Resumed,
    /// One of `0`–`9 * # A`–`D`, at its press.
    Digit(char),
    /// The order to play has been carried out to its end (not when stopped).
    PlayEnded(PlayId),
    /// The fact is on disk. Told until `End`, also when the legs are down: it decides the disposition.
    Saved(SaveId),
    /// The fact could not be put on disk.
    SaveFailed(SaveId),
    /// The call waits in line for an agent: its place, from 1, and about how long it will take.
    Queued { position: u32, wait: Duration },
    /// The leg of a human agent, or of the other end of a transfer, is up; or the client is where they were sent.
    AgentAnswered,
    /// Nobody works in the queue, or none picked up.
    AgentUnavailable,
    /// The queue is closed at this hour.
    QueueClosed,
    /// The agent's leg, or that of a transfer, ended.
    AgentHungUp,
    /// The other end of a transfer never came up, or is not allowed; or the client was not sent there.
    TransferFailed(HangupCause),
    /// A service's reply.
    Replied { request: RequestId, status: u16, body: String },
    /// The service could not be asked, or is not allowed.
    RequestFailed(RequestId),
    /// The recording has ended: how long the client spoke, and the file, unless it could not be kept.
    Recorded { length: Duration, file: Option<String> },
    /// The client's leg ended.
    HungUp(HangupCause),
    /// All that is owed was paid while the call was in the air.
    Paid,
    /// A part of it was paid; the audio with the new sum is there.
    PaidPart(Balance),
    /// The engine wants the call to end: stop, or a shutdown whose patience ran out.
    Stopped,
    /// The time that [`deadline`](super::Call::deadline) named has come.
    Ticked,
}
