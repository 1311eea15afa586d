//! The switch: joins the exchange, which decides, to SIP, RTP and the log, which do.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Write};
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::exchange::{CallRecord, Exchange, Fact, Order};
use super::person::Person;
use super::sounds::Sounds;
use crate::audio::Codec;
use crate::id::{CallId, LegId, PlayId};
use crate::media::{Media, MediaEvent, MediaEventKind};
use crate::time::Clock;
use crate::trunk::RemoteMedia;
use crate::trunk::answerer::{Answerer, AnswererEvent, AnswererEventKind, Credentials, DialogId};

/// Quiet for this long, and a person takes the voice to have finished. Longer than a pause between two sentences.
const QUIET_MS: u32 = 700;
/// One thread is enough for some thousand people.
const MEDIA_THREADS: usize = 1;
/// Nothing due: look again after this long.
const IDLE: Duration = Duration::from_secs(3600);

/// A running network. Ends when stopped or dropped.
pub struct Switch {
    sip: SocketAddr,
    stop: oneshot::Sender<()>,
    task: JoinHandle<io::Result<()>>,
}

/// Where the network lives.
#[derive(Debug)]
pub struct Place {
    pub bind: IpAddr,
    /// Gets `network.jsonl` and `heard/*.wav`; is created.
    pub out: PathBuf,
    /// Callers must show these.
    pub digest: Option<Credentials>,
}

impl Switch {
    /// Within a tokio runtime.
    ///
    /// # Errors
    /// The folder cannot be written, or no socket or thread is to be had.
    pub fn start(people: Vec<Person>, sounds: Sounds, place: Place) -> io::Result<Switch> {
        let heard = place.out.join("heard");
        std::fs::create_dir_all(&heard)?;
        let log = File::create(place.out.join("network.jsonl"))?;
        let clock = Arc::new(Clock::system());
        let (to_sip, sip_events) = unbounded_channel();
        let (to_media, media_events) = unbounded_channel();
        let media = Media::start(MEDIA_THREADS, clock.clone(), to_media)?;
        let answerer = Answerer::start((place.bind, 0).into(), place.digest, clock.clone(), to_sip)?;
        let sip = answerer.local_addr();
        let (stop, stopped) = oneshot::channel();
        let works = Works {
            exchange: Exchange::new(people),
            offers: HashMap::new(),
            plays: 0,
            sounds,
            answerer,
            media,
            clock,
            bind: place.bind,
            heard,
            log,
        };
        Ok(Switch { sip, stop, task: tokio::spawn(works.run(sip_events, media_events, stopped)) })
    }

    /// Where calls are taken.
    pub fn sip(&self) -> SocketAddr {
        self.sip
    }

    /// Hangs up on everybody; the log is complete when this returns.
    ///
    /// # Errors
    /// The log could not be written.
    pub async fn stop(self) -> io::Result<()> {
        let _ = self.stop.send(());
        self.task.await.map_err(io::Error::other)?
    }
}

struct Works {
    exchange: Exchange,
    /// What each open call offered; its audio goes there. `None`: it waits for our offer.
    offers: HashMap<u64, Option<RemoteMedia>>,
    plays: i64,
    sounds: Sounds,
    answerer: Answerer,
    media: Media,
    clock: Arc<Clock>,
    bind: IpAddr,
    heard: PathBuf,
    log: File,
}

fn leg(id: u64) -> LegId {
    LegId::client(CallId(id as i64))
}

impl Works {
    async fn run(
        mut self,
        mut sip_events: UnboundedReceiver<AnswererEvent>,
        mut media_events: UnboundedReceiver<MediaEvent>,
        mut stopped: oneshot::Receiver<()>,
    ) -> io::Result<()> {
        loop {
            let now = self.clock.now().mono;
            let wait = self.exchange.deadline().map_or(IDLE, |at| at.since(now));
            tokio::select! {
                _ = &mut stopped => break,
                event = sip_events.recv() => match event {
                    Some(event) => self.sip(event)?,
                    None => break,
                },
                event = media_events.recv() => match event {
                    Some(event) => self.heard(&event)?,
                    None => break,
                },
                () = tokio::time::sleep(wait) => {
                    for (id, order) in self.exchange.tick(self.clock.now().mono) {
                        self.carry_out(id, order)?;
                    }
                }
            }
        }
        // Every call that is up gets its BYE and its line in the log.
        let answerer = self.answerer.clone();
        let stopping = tokio::spawn(async move { answerer.stop().await });
        while let Some(event) = sip_events.recv().await {
            self.sip(event)?;
            if self.exchange.lines_open() == 0 {
                break;
            }
        }
        for (id, order) in self.exchange.switch_off(self.clock.now().mono) {
            self.carry_out(id, order)?;
        }
        stopping.await.map_err(io::Error::other)
    }

    fn sip(&mut self, event: AnswererEvent) -> io::Result<()> {
        let id = event.dialog.0;
        let fact = match event.kind {
            AnswererEventKind::Incoming { to_user, from_user, media } => {
                self.offers.insert(id, Some(media));
                Fact::Incoming { to: to_user.full().to_string(), from: from_user.full().to_string() }
            }
            AnswererEventKind::IncomingWithoutOffer { to_user, from_user } => {
                self.offers.insert(id, None);
                Fact::Incoming { to: to_user.full().to_string(), from: from_user.full().to_string() }
            }
            AnswererEventKind::Moved(media) => {
                self.media.connect(leg(id), media.into());
                return Ok(());
            }
            AnswererEventKind::Acked | AnswererEventKind::Digit(_) => return Ok(()),
            AnswererEventKind::Cancelled => Fact::Cancelled,
            AnswererEventKind::Ended => Fact::Ended,
        };
        self.tell(id, fact)
    }

    fn heard(&mut self, event: &MediaEvent) -> io::Result<()> {
        let fact = match event.kind {
            MediaEventKind::SpeechStarted => Fact::VoiceStarted,
            MediaEventKind::SpeechEnded => Fact::VoiceEnded,
            MediaEventKind::FirstPacket { .. }
            | MediaEventKind::PlayEnded(_)
            | MediaEventKind::Digit(_)
            | MediaEventKind::AnsweredBy(_)
            | MediaEventKind::Beeped
            | MediaEventKind::Announced(_)
            | MediaEventKind::MessageTaken { .. }
            | MediaEventKind::MediaSilent { .. }
            | MediaEventKind::Closed { .. } => return Ok(()),
        };
        self.tell(event.leg.call.0 as u64, fact)
    }

    fn tell(&mut self, id: u64, fact: Fact) -> io::Result<()> {
        for order in self.exchange.handle(self.clock.now().mono, id, fact) {
            self.carry_out(id, order)?;
        }
        Ok(())
    }

    fn carry_out(&mut self, id: u64, order: Order) -> io::Result<()> {
        let dialog = DialogId(id);
        match order {
            Order::Ring => self.answerer.ring(dialog),
            Order::Ignore => self.answerer.ignore(dialog),
            Order::Reject(status) => self.answerer.reject(dialog, status),
            Order::Answer { wav } => self.answer(id, wav)?,
            Order::Say { language, sounds } => {
                self.plays += 1;
                self.media.play(leg(id), PlayId(self.plays), self.sounds.clips(&language, &sounds));
            }
            Order::Press(keys) => self.media.press(leg(id), &keys),
            Order::Hangup => self.answerer.hangup(dialog),
            Order::Done(record) => {
                self.media.close(leg(id));
                self.offers.remove(&id);
                self.write(&record)?;
            }
        }
        Ok(())
    }

    fn answer(&mut self, id: u64, wav: Option<String>) -> io::Result<()> {
        let Some(offer) = self.offers.get(&id).copied() else { return Ok(()) };
        match self.media.open(leg(id), self.bind) {
            Ok(local) => {
                if let Some(wav) = wav {
                    self.media.record(leg(id), self.heard.join(wav));
                }
                self.media.listen_for_speech(leg(id), QUIET_MS);
                if let Some(offer) = &offer {
                    self.media.connect(leg(id), (*offer).into());
                }
                self.answerer.answer(DialogId(id), local, offer.map_or(Codec::Pcma, |offer| offer.codec));
                Ok(())
            }
            Err(e) => {
                tracing::error!("a call is refused: {e}");
                self.answerer.reject(DialogId(id), 503);
                self.tell(id, Fact::Ended)
            }
        }
    }

    /// Line by line, unbuffered: whoever reads the log after the network was killed finds every call that had ended.
    fn write(&mut self, record: &CallRecord) -> io::Result<()> {
        let mut line = serde_json::to_string(record)?;
        line.push('\n');
        self.log.write_all(line.as_bytes())
    }
}

/// Reads the log of a network.
///
/// # Errors
/// It cannot be read, or a line is no record.
pub fn read_log(out: &Path) -> io::Result<Vec<CallRecord>> {
    let text = std::fs::read_to_string(out.join("network.jsonl"))?;
    text.lines().map(|line| serde_json::from_str(line).map_err(io::Error::other)).collect()
}
