//! What a leg hears: packets in order, keys, speech and who answered, a recording, and what is to be relayed.

use super::MediaEventKind;
use super::message::Message;
use super::scribe::Recorder;
use crate::audio::{Codec, FRAME, Heard, Listener, g711::Law};
use crate::rtp::reorder::InOrder;
use crate::rtp::{KeyListener, Packet, Reception, Reorder};
use crate::time::Mono;

/// Ticks without audio after which the line counts as quiet: a far end may send nothing when nobody speaks.
const QUIET_TICKS: u32 = 4;
/// Quiet that is told to the listener at most, when a pause shows in the timestamps.
const PAUSE_FRAMES_MAX: u32 = 250;
/// Quiet before `SpeechEnded`, until someone asks for another.
const QUIET_MS: u32 = 800;

#[derive(Debug, Default)]
pub struct Ear {
    reorder: Reorder,
    keys: KeyListener,
    sound: Sound,
}

/// What is done with audio once it is in order.
#[derive(Debug, Default)]
struct Sound {
    listening: Option<Box<Listening>>,
    recorder: Option<Recorder>,
    message: Option<Box<Message>>,
    quiet_ticks: u32,
}

#[derive(Debug)]
pub struct Listening {
    listener: Listener,
    /// What its hearer wants to be told.
    speech: bool,
    machine: bool,
    frame: [i16; FRAME],
    filled: usize,
    /// The far end's next timestamp.
    next: Option<u32>,
    /// Quiet frames told since its last audio.
    quiet_told: u32,
}

impl Ear {
    pub fn reception(&self) -> Reception {
        self.reorder.reception()
    }

    pub fn record(&mut self, recorder: Recorder) -> Option<Recorder> {
        self.sound.recorder.replace(recorder)
    }

    pub fn take_recorder(&mut self) -> Option<Recorder> {
        self.sound.recorder.take()
    }

    /// The one that was being taken, if any, is given back.
    pub fn take_message(&mut self, message: Option<Message>) -> Option<Box<Message>> {
        std::mem::replace(&mut self.sound.message, message.map(Box::new))
    }

    /// A message that has come to its end.
    pub fn message_over(&mut self, now: Mono) -> Option<Box<Message>> {
        self.sound.message.take_if(|message| message.is_over(now))
    }

    pub fn listen_for_machine(&mut self) {
        let listening = self.sound.listening();
        listening.machine = true;
        listening.listener.decide_who_answered();
    }

    pub fn listen_for_speech(&mut self, quiet_ms: u32) {
        let listening = self.sound.listening();
        listening.speech = true;
        listening.listener.set_quiet_ms(quiet_ms);
    }

    /// `relay`: gets the audio in this law.
    pub fn packet(
        &mut self,
        now: Mono,
        packet: &Packet<'_>,
        dtmf_payload: Option<u8>,
        mut relay: Option<(Law, &mut Vec<u8>)>,
        facts: &mut Vec<MediaEventKind>,
    ) {
        if Some(packet.header.payload_type) == dtmf_payload {
            // At arrival, ahead of what is missing before it: a key must not wait.
            facts.extend(self.keys.hear(packet).map(MediaEventKind::Digit));
        }
        let sound = &mut self.sound;
        self.reorder.push(packet, |piece| sound.hear(now, piece, relay.as_mut(), facts));
    }

    pub fn tick(&mut self, now: Mono, facts: &mut Vec<MediaEventKind>) {
        self.sound.quiet_ticks = self.sound.quiet_ticks.saturating_add(1);
        if self.sound.quiet_ticks < QUIET_TICKS {
            return;
        }
        if self.reorder.is_waiting() {
            let sound = &mut self.sound;
            self.reorder.flush(|piece| sound.hear(now, piece, None, facts));
            return;
        }
        let frames = if self.sound.quiet_ticks == QUIET_TICKS { QUIET_TICKS } else { 1 };
        if let Some(listening) = &mut self.sound.listening {
            listening.fall_quiet(frames, facts);
        }
        if let Some(message) = &mut self.sound.message {
            message.quiet(now, frames);
        }
    }
}

impl Sound {
    fn listening(&mut self) -> &mut Listening {
        self.listening.get_or_insert_with(|| Box::new(Listening { speech: false, ..Listening::for_speech(QUIET_MS) }))
    }

    fn hear(
        &mut self,
        now: Mono,
        piece: InOrder<'_>,
        relay: Option<&mut (Law, &mut Vec<u8>)>,
        facts: &mut Vec<MediaEventKind>,
    ) {
        // Events and comfort noise (payload type 13) hold no samples; their time shows in the next packet's timestamp.
        let Some(law) = Codec::of_payload_type(piece.payload_type).and_then(Codec::law) else { return };
        self.quiet_ticks = 0;
        if let Some(recorder) = &mut self.recorder {
            recorder.hear(now, piece.timestamp, law, piece.payload);
        }
        if let Some(message) = &mut self.message {
            message.hear(now, piece.timestamp, law, piece.payload);
        }
        if let Some((to, audio)) = relay {
            audio.extend(piece.payload.iter().map(|&byte| law.transcode(*to, byte)));
        }
        if let Some(listening) = &mut self.listening {
            listening.hear(piece.timestamp, law, piece.payload, facts);
        }
    }
}

impl Listening {
    pub fn for_speech(quiet_ms: u32) -> Listening {
        Listening {
            listener: Listener::new(quiet_ms),
            speech: true,
            machine: false,
            frame: [0; FRAME],
            filled: 0,
            next: None,
            quiet_told: 0,
        }
    }

    /// No audio came for so many frames.
    pub fn fall_quiet(&mut self, frames: u32, facts: &mut Vec<MediaEventKind>) {
        self.quiet(frames, facts);
        self.quiet_told += frames;
    }

    pub fn hear(&mut self, timestamp: u32, law: Law, payload: &[u8], facts: &mut Vec<MediaEventKind>) {
        if let Some(next) = self.next {
            let pause = timestamp.wrapping_sub(next) as i32;
            let frames = pause.max(0) as u32 / FRAME as u32;
            // A larger step is a new count.
            if frames <= PAUSE_FRAMES_MAX {
                self.quiet(frames.saturating_sub(self.quiet_told), facts);
            }
        }
        self.quiet_told = 0;
        self.next = Some(timestamp.wrapping_add(payload.len() as u32));
        for &byte in payload {
            self.frame[self.filled] = law.decode(byte);
            self.filled += 1;
            if self.filled == FRAME {
                self.filled = 0;
                let heard = self.listener.hear(&self.frame);
                self.tell(heard, facts);
            }
        }
    }

    fn quiet(&mut self, frames: u32, facts: &mut Vec<MediaEventKind>) {
        for _ in 0..frames {
            let heard = self.listener.hear(&[0; FRAME]);
            self.tell(heard, facts);
        }
    }

    fn tell(&self, heard: Option<Heard>, facts: &mut Vec<MediaEventKind>) {
        facts.extend(match heard {
            Some(Heard::SpeechStarted) if self.speech => Some(MediaEventKind::SpeechStarted),
            Some(Heard::SpeechEnded) if self.speech => Some(MediaEventKind::SpeechEnded),
            Some(Heard::AnsweredBy(who)) if self.machine => Some(MediaEventKind::AnsweredBy(who)),
            Some(Heard::Beeped) if self.machine => Some(MediaEventKind::Beeped),
            Some(Heard::SpeechStarted | Heard::SpeechEnded | Heard::AnsweredBy(_) | Heard::Beeped) | None => None,
        });
    }
}
