//! What a leg hears: packets in order, keys, speech and who answered, and a recording.

use std::sync::Arc;

use super::keys::Keys;
use super::message::Message;
use super::scribe::Recorder;
use super::tape::Tape;
use super::{MediaEventKind, Remote};
use crate::audio::listen::Country;
use crate::audio::{Codec, Decoder, FRAME, Heard, Listener, coder};
use crate::rtp::digits::Way;
use crate::rtp::reorder::InOrder;
use crate::rtp::{Arrivals, Packet, Reception, Reorder};
use crate::time::Mono;

/// Frames without audio after which the line counts as quiet: a far end may send nothing when nobody speaks.
const QUIET_FRAMES: u32 = 4;
const FRAME_MS: u128 = 20;
/// Quiet that is told to the listener at most, when a pause shows in the timestamps.
const PAUSE_FRAMES_MAX: u32 = 250;
/// Quiet before `SpeechEnded`, until someone asks for another.
const QUIET_MS: u32 = 800;

#[derive(Debug, Default)]
pub struct Ear {
    reorder: Reorder,
    arrivals: Arrivals,
    sound: Sound,
}

/// What is done with audio once it is in order.
#[derive(Debug, Default)]
struct Sound {
    keys: Keys,
    listening: Option<Box<Listening>>,
    recorder: Option<Recorder>,
    tape: Option<Box<Tape>>,
    message: Option<Box<Message>>,
    decoder: Option<(Codec, Decoder)>,
    time: Time,
    /// When audio came, or was first waited for.
    heard: Option<Mono>,
    /// Quiet frames told since.
    quiet_told: u32,
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

    /// Both directions of the call.
    pub fn tape(&mut self) -> &mut Option<Box<Tape>> {
        &mut self.sound.tape
    }

    /// The one that was being taken, if any, is given back.
    pub fn take_message(&mut self, message: Option<Message>) -> Option<Box<Message>> {
        std::mem::replace(&mut self.sound.message, message.map(Box::new))
    }

    /// A message that has come to its end.
    pub fn message_over(&mut self, now: Mono) -> Option<Box<Message>> {
        self.sound.message.take_if(|message| message.is_over(now))
    }

    pub fn listen_in(&mut self, country: Arc<Country>) {
        self.sound.listening().listener.set_country(country);
    }

    pub fn listen_for_network(&mut self) {
        let listening = self.sound.listening();
        listening.machine = true;
        listening.listener.listen_to_network();
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

    pub fn connect(&mut self, remote: &Remote) {
        self.sound.keys.connect(remote);
    }

    /// A key that the signalling tells of.
    pub fn key(&mut self, now: Mono, key: char) -> Option<MediaEventKind> {
        self.sound.keys.hear(now, Way::Info, key).map(MediaEventKind::Digit)
    }

    pub fn arrivals(&self) -> &Arrivals {
        &self.arrivals
    }

    pub fn arrivals_mut(&mut self) -> &mut Arrivals {
        &mut self.arrivals
    }

    pub fn packet(&mut self, now: Mono, packet: &Packet<'_>, remote: &Remote, facts: &mut Vec<MediaEventKind>) {
        let payload_type = packet.header.payload_type;
        // By RFC 3264 the number is that of our description; some send by that of their own.
        if [remote.dtmf_payload_in, remote.dtmf_payload].contains(&Some(payload_type)) {
            // At arrival, ahead of what is missing before it: a key must not wait.
            facts.extend(self.sound.keys.event(now, packet).map(MediaEventKind::Digit));
        }
        let at = (payload_type == remote.payload_in).then(|| ticks(now, remote.codec.clock()));
        self.arrivals.note(&packet.header, at);
        let sound = &mut self.sound;
        self.reorder.push(packet, |piece| sound.hear(now, piece, remote, facts));
    }

    pub fn tick(&mut self, now: Mono, remote: &Remote, facts: &mut Vec<MediaEventKind>) {
        let since = *self.sound.heard.get_or_insert(now);
        let quiet = (now.since(since).as_millis() / FRAME_MS) as u32;
        if quiet < QUIET_FRAMES {
            return;
        }
        if self.reorder.is_waiting() {
            let sound = &mut self.sound;
            self.reorder.flush(|piece| sound.hear(now, piece, remote, facts));
            return;
        }
        let frames = quiet - self.sound.quiet_told.min(quiet);
        self.sound.quiet_told = quiet;
        // After a long stop of this thread; the far end was quiet or not, nobody knows.
        let frames = frames.min(PAUSE_FRAMES_MAX);
        if let Some(listening) = self.sound.listening.as_mut().filter(|_| frames > 0) {
            listening.fall_quiet(frames, facts);
        }
        if let Some(message) = self.sound.message.as_mut().filter(|_| frames > 0) {
            message.quiet(now, frames);
        }
    }
}

/// The clock as a stream with this one would count.
fn ticks(now: Mono, clock_hz: u32) -> u32 {
    (u128::from(now.0) * u128::from(clock_hz) / 1_000_000) as u32
}

impl Sound {
    fn listening(&mut self) -> &mut Listening {
        self.listening.get_or_insert_with(|| Box::new(Listening { speech: false, ..Listening::for_speech(QUIET_MS) }))
    }

    fn hear(&mut self, now: Mono, piece: InOrder<'_>, remote: &Remote, facts: &mut Vec<MediaEventKind>) {
        // Events and comfort noise hold no samples; their time shows in the next packet's timestamp. The other law of G.711 is
        // understood even if it was not agreed on: some far ends mix them up.
        let law = || Codec::of_payload_type(piece.payload_type).filter(|codec| codec.law().is_some());
        let codec = if piece.payload_type == remote.payload_in { Some(remote.codec) } else { law() };
        let Some(codec) = codec else { return };
        self.heard = Some(now);
        self.quiet_told = 0;
        let tones = self.keys.wants_tones();
        let wanted = tones || self.recorder.is_some() || self.message.is_some() || self.listening.is_some();
        if !wanted && self.tape.is_none() {
            return;
        }
        let timestamp = self.time.samples(codec, piece.timestamp);
        let decoder = match &mut self.decoder {
            Some((of, decoder)) if *of == codec => decoder,
            other => &mut other.insert((codec, Decoder::new(codec))).1,
        };
        let mut pcm = [0; coder::PACKET_SAMPLES_MAX];
        let samples = decoder.decode(piece.payload, &mut pcm);
        let pcm = &pcm[..samples];
        if tones {
            self.keys.tone(now, pcm, |key| facts.push(MediaEventKind::Digit(key)));
        }
        if let Some(tape) = &mut self.tape {
            tape.hear(now, timestamp, pcm);
        }
        if let Some(recorder) = &mut self.recorder {
            recorder.hear(now, timestamp, pcm);
        }
        if let Some(message) = &mut self.message {
            message.hear(now, timestamp, pcm);
        }
        if let Some(listening) = &mut self.listening {
            listening.hear(timestamp, pcm, facts);
        }
    }
}

/// The far end's timestamps, counted on in samples whatever its clock is; a wrap of the one leaves no trace in the other.
#[derive(Debug, Default)]
struct Time {
    /// The last timestamp, and all ticks since the first.
    last: Option<(u32, u64)>,
}

impl Time {
    fn samples(&mut self, codec: Codec, timestamp: u32) -> u32 {
        let (before, ticks) = self.last.unwrap_or((timestamp, 1 << 40));
        let ticks = ticks.wrapping_add_signed(i64::from(timestamp.wrapping_sub(before) as i32));
        self.last = Some((timestamp, ticks));
        (ticks / u64::from(codec.ticks(1))) as u32
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

    pub fn hear(&mut self, timestamp: u32, mut pcm: &[i16], facts: &mut Vec<MediaEventKind>) {
        if let Some(next) = self.next {
            let pause = timestamp.wrapping_sub(next) as i32;
            let frames = pause.max(0) as u32 / FRAME as u32;
            // A larger step is a new count.
            if frames <= PAUSE_FRAMES_MAX {
                self.quiet(frames.saturating_sub(self.quiet_told), facts);
            }
        }
        self.quiet_told = 0;
        self.next = Some(timestamp.wrapping_add(pcm.len() as u32));
        while !pcm.is_empty() {
            let (now, rest) = pcm.split_at(pcm.len().min(FRAME - self.filled));
            self.frame[self.filled..self.filled + now.len()].copy_from_slice(now);
            self.filled += now.len();
            pcm = rest;
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
            Some(Heard::Announced(cause)) if self.machine => Some(MediaEventKind::Announced(cause)),
            Some(Heard::SpeechStarted | Heard::SpeechEnded | Heard::AnsweredBy(_)) | None => None,
            Some(Heard::Beeped | Heard::Announced(_)) => None,
        });
    }
}
