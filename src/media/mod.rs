#![doc = include_str!("README.md")]

mod bridge;
mod control;
mod ear;
mod keys;
mod leg;
mod message;
mod mouth;
mod pace;
mod pump;
mod scribe;
mod secure;
mod source;
mod sys;
mod tape;
mod wheel;

use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::mpsc::UnboundedSender;

pub use pace::PaceStats;
pub use secure::SrtpKeys;

use self::pace::Pace;
use self::pump::{Command, Post, Pump};
use crate::audio::listen::Country;
use crate::audio::{Clip, Codec, FRAME, tone};
use crate::id::{LegId, PlayId};
use crate::outcome::{AnsweredBy, HangupCause};
use crate::rtp::Quality;
use crate::rtp::digits::Tones;
use crate::time::{Clock, Mono};

#[derive(Debug, Clone, PartialEq)]
pub struct MediaEvent {
    pub leg: LegId,
    pub at: Mono,
    pub kind: MediaEventKind,
}

#[derive(Debug, Clone, PartialEq)]
pub enum MediaEventKind {
    /// The first audio packet of a leg left, this long after `connect` or the first `play`, whichever came later.
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
    /// The network said by a tone or an announcement that the call came to nothing.
    Announced(HangupCause),
    /// A message that was asked for is over. `length`: to the end of the last words; nothing said is none. `kept`: it is on disk.
    MessageTaken {
        length: Duration,
        kept: bool,
    },
    /// The far end has sent nothing for so long, neither audio nor reports, though it should. Told again after as long again.
    MediaSilent {
        lasted: Duration,
    },
    /// The leg is gone, and its recording, if there was one, is on disk. Nothing follows from this leg but a
    /// `MessageTaken` that the disk was still busy with.
    Closed {
        stats: MediaStats,
    },
}

/// One leg's audio in figures, from `open` to `close`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MediaStats {
    /// Packets sent, keys and silence included.
    pub sent: u64,
    /// Different packets received from the far end.
    pub received: u64,
    /// Of the far end's packets, those that never came.
    pub lost: u64,
    /// Came more than once.
    pub doubled: u64,
    /// Came after their place had been given up.
    pub late: u64,
    /// Came from somewhere else than the far end, before `connect`, or were no RTP.
    pub foreign: u64,
    /// From `connect` or the first `play`, whichever was later, to the first packet of it.
    pub first_packet_us: Option<u64>,
    /// What became of what the far end sent; `None`: nothing came. Arrivals are known to one visit, which blurs a jitter below 20 ms.
    pub heard: Option<Quality>,
    /// And of what we sent, by the far end's own reports (RTCP); `None`: it made none.
    pub said: Option<Quality>,
    /// The mean opinion score of the worse of the two, in hundredths: an estimate by ITU-T G.107.
    pub mos_centi: Option<u16>,
    pub recording: Recording,
}

/// What became of a leg's recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Recording {
    #[default]
    NotAsked,
    Written,
    /// The log says why.
    Failed,
}

/// Where to send a leg's audio, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Remote {
    pub addr: SocketAddr,
    /// Where its RTCP goes; `addr` itself: both on one port (RFC 5761).
    pub rtcp_addr: SocketAddr,
    pub codec: Codec,
    /// RTP payload type of the codec in what we send, and in what we are sent.
    pub payload: u8,
    pub payload_in: u8,
    /// RTP payload type of telephone-event (RFC 4733), when agreed. Without it keys are sent as tones.
    pub dtmf_payload: Option<u8>,
    pub dtmf_payload_in: Option<u8>,
    /// Of an event's duration.
    pub dtmf_clock_hz: u32,
    /// Audio in each packet that we send: 10, 20, 30, 40 or 60; another length is sent as 20. Opus is sent in packets of 20 always.
    pub ptime_ms: u8,
    /// The far end listens: it has not put us on hold.
    pub sends: bool,
    /// It is to speak; if not, its silence is none of our business.
    pub hears: bool,
    /// Whether keys are heard as tones in the audio, too. Listening for them costs more than all else that is done with a packet.
    pub tones: Tones,
    /// `Some`: everything is encrypted, and what is not is not heard.
    pub srtp: Option<SrtpKeys>,
}

impl Remote {
    /// As most calls are: 20 ms, both ways, RTCP one port above, the codec's usual payload type.
    pub fn plain(addr: SocketAddr, codec: Codec, dtmf_payload: Option<u8>) -> Remote {
        Remote {
            addr,
            rtcp_addr: SocketAddr::new(addr.ip(), addr.port().saturating_add(1)),
            codec,
            payload: codec.payload_type(),
            payload_in: codec.payload_type(),
            dtmf_payload,
            dtmf_payload_in: dtmf_payload,
            dtmf_clock_hz: 8000,
            ptime_ms: 20,
            sends: true,
            hears: true,
            tones: if dtmf_payload.is_some() { Tones::Never } else { Tones::UntilEvents },
            srtp: None,
        }
    }

    /// Of ours, in each packet that we send.
    fn samples(&self) -> usize {
        if self.codec.is_bytewise() { usize::from(self.ptime_ms) * FRAME / 20 } else { FRAME }
    }
}

/// What all legs have in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    pub threads: usize,
    /// UDP ports that legs may use, for a firewall that must know them: audio on the even ones, RTCP one above. `None`: any that
    /// the system gives.
    pub ports: Option<RangeInclusive<u16>>,
    /// `MediaSilent` after this much; `None`: never.
    pub silent_after: Option<Duration>,
    /// The first packet from anywhere decides where the far end is, and not only one from the host that it names: for far ends
    /// behind a NAT that name a private address. Anyone who guesses a port in time then is the far end.
    pub anywhere: bool,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings { threads: 1, ports: None, silent_after: Some(Duration::from_secs(30)), anywhere: false }
    }
}

/// A handle to the media threads; clones share them. When the last one is dropped, all legs close and the threads end.
///
/// Orders never wait: they are queued for the leg's thread and carried out within microseconds. An order for a leg that is not
/// open is ignored, since its leg may have closed a moment ago.
#[derive(Debug, Clone)]
pub struct Media(Arc<Threads>);

/// UDP ports that legs may use, for a firewall that must know them. Walked in turn, so that a port rests before it returns.
#[derive(Debug)]
struct Ports {
    range: RangeInclusive<u16>,
    next: AtomicUsize,
}

#[derive(Debug)]
struct Threads {
    /// `None`: any that the system gives.
    ports: Option<Ports>,
    posts: Vec<Arc<Post>>,
    joins: Mutex<Vec<std::thread::JoinHandle<()>>>,
    pace: Arc<Pace>,
    clock: Arc<Clock>,
}

impl Media {
    /// Starts `threads` media threads (at least one) and a scribe, which writes recordings.
    ///
    /// Errors when the system refuses a thread, a timer or an epoll set.
    pub fn start(threads: usize, clock: Arc<Clock>, events: UnboundedSender<MediaEvent>) -> io::Result<Media> {
        Media::start_with(Settings { threads, ..Settings::default() }, clock, events)
    }

    /// Like [`start`](Media::start), with all that can be set.
    pub fn start_with(settings: Settings, clock: Arc<Clock>, events: UnboundedSender<MediaEvent>) -> io::Result<Media> {
        let ports = settings.ports.clone().map(|range| Ports { range, next: AtomicUsize::new(0) });
        let (threads, settings) = (settings.threads, Arc::new(settings));
        let pace = Arc::new(Pace::default());
        let (scribe, scribe_thread) = scribe::start(events.clone(), clock.clone())?;
        let media = Threads {
            ports,
            posts: Vec::new(),
            joins: Mutex::new(Vec::new()),
            pace: pace.clone(),
            clock: clock.clone(),
        };
        // From here on a failure drops `media`, which ends the threads that were started.
        let mut media = media;
        for n in 0..threads.max(1) {
            let post = Arc::new(Post::new()?);
            let pump =
                Pump::new(post.clone(), clock.clone(), events.clone(), scribe.clone(), pace.clone(), settings.clone())?;
            let join = std::thread::Builder::new().name(format!("media-{n}")).spawn(move || pump.run())?;
            media.posts.push(post);
            media.joins.get_mut().expect("not shared yet").push(join);
        }
        // Last: it ends when the last pump has let go of it.
        media.joins.get_mut().expect("not shared yet").push(scribe_thread);
        Ok(Media(Arc::new(media)))
    }

    /// Opens a UDP socket for a leg on a free port of `bind_ip` and gives its address, for the SDP. A leg that was open under
    /// the same id is closed first.
    ///
    /// Errors when no port or file descriptor is left, or `bind_ip` is not this machine's.
    pub fn open(&self, leg: LegId, bind_ip: IpAddr) -> io::Result<SocketAddr> {
        let (socket, control) = match &self.0.ports {
            Some(ports) => ports.bind(bind_ip)?,
            None => pair(bind_ip).map_err(|e| {
                let what = format!(
                    "no UDP port for a leg's audio on {bind_ip}: {e}. Check that the address is this machine's, \
                     `ulimit -n` (two descriptors a leg) and net.ipv4.ip_local_port_range"
                );
                io::Error::new(e.kind(), what)
            })?,
        };
        socket.set_nonblocking(true)?;
        if let Some(control) = &control {
            control.set_nonblocking(true)?;
        }
        let addr = socket.local_addr()?;
        self.order(leg, Command::Open { leg, socket, control });
        Ok(addr)
    }

    /// The far end is known: silence is sent to it until something is played, and what it sends is heard.
    ///
    /// Its packets are taken from one port of its address (symmetric RTP), the named one rather than another; answers go to where
    /// they come from, and strangers are counted and not heard.
    pub fn connect(&self, leg: LegId, remote: Remote) {
        self.order(leg, Command::Connect { leg, remote, at: self.now() });
    }

    /// Plays the clips one after another without a gap, then says `PlayEnded`. What was being played is cut off.
    /// Before `connect`, waits for it.
    pub fn play(&self, leg: LegId, play: PlayId, clips: Vec<Arc<Clip>>) {
        self.order(leg, Command::Play { leg, play, clips, at: self.now() });
    }

    /// Falls silent at the next frame; no `PlayEnded` follows. Without effect if something else is being played.
    pub fn stop(&self, leg: LegId, play: PlayId) {
        self.order(leg, Command::Stop { leg, play });
    }

    /// Falls silent at the end of the clip that is being played, and says `PlayEnded` then. Without effect if something else
    /// is being played.
    pub fn stop_after_sentence(&self, leg: LegId, play: PlayId) {
        self.order(leg, Command::StopAfterSentence { leg, play });
    }

    /// Presses keys (`0`–`9 * # A`–`D`), 100 ms each with gaps of 60 ms, as events or, where none were agreed on, as tones. What is
    /// being played pauses meanwhile.
    pub fn press(&self, leg: LegId, keys: &str) {
        let tones = Arc::new(Clip::from_pcm(&tone::keys(keys)));
        self.order(leg, Command::Press { leg, keys: keys.into(), tones });
    }

    /// The number it leads to lies in this country: its network's tones, and how people answer there.
    pub fn listen_in(&self, leg: LegId, country: Arc<Country>) {
        self.order(leg, Command::ListenIn { leg, country });
    }

    /// The call rings and audio comes already: from now on, hears what the network says (`Announced`).
    pub fn listen_for_network(&self, leg: LegId) {
        self.order(leg, Command::ListenForNetwork { leg });
    }

    /// From now on, finds out who answered: `AnsweredBy`, and `Beeped` if it is a machine, or `Announced`.
    pub fn listen_for_machine(&self, leg: LegId) {
        self.order(leg, Command::ListenForMachine { leg });
    }

    /// From now on, says `SpeechStarted`, and `SpeechEnded` after `quiet_ms` of quiet.
    pub fn listen_for_speech(&self, leg: LegId, quiet_ms: u32) {
        self.order(leg, Command::ListenForSpeech { leg, quiet_ms });
    }

    /// Lets two legs of one call hear each other until either closes; what is played to one of them drowns the other out.
    /// Keys are reported, not relayed. Panics if the legs are of different calls.
    pub fn bridge(&self, a: LegId, b: LegId) {
        assert_eq!(a.call, b.call, "only legs of one call are joined: they live on one thread");
        self.order(a, Command::Bridge { a, b });
    }

    /// The signalling told of a key (SIP INFO). `Digit` follows unless the audio told of the same press.
    pub fn hear_key(&self, leg: LegId, key: char) {
        self.order(leg, Command::HearKey { leg, key, at: self.now() });
    }

    /// From now on, writes both directions to a WAV (8 kHz, 16 bits, stereo: left what is heard, right what is said), each at its
    /// place in time. Complete at `Closed`.
    pub fn tape(&self, leg: LegId, path: PathBuf) {
        self.order(leg, Command::Tape { leg, path, at: self.now() });
    }

    /// From now on, writes what the leg receives to a WAV (8 kHz, 16 bits, mono), silence in its place. Complete at `Closed`.
    pub fn record(&self, leg: LegId, path: PathBuf) {
        self.order(leg, Command::Record { leg, path, at: self.now() });
    }

    /// The same for the first so much of it.
    pub fn record_first(&self, leg: LegId, path: PathBuf, length: Duration) {
        self.order(leg, Command::RecordFirst { leg, path, length, at: self.now() });
    }

    /// From now on, writes what the far end says to a WAV (8 kHz, 16 bits, mono) and says `MessageTaken` once: when it has paused for
    /// `silence` after words, after `max`, at [`end_message`](Media::end_message) or when the leg closes. Where nothing was said, no
    /// file stays.
    pub fn take_message(&self, leg: LegId, path: PathBuf, max: Duration, silence: Duration) {
        self.order(leg, Command::TakeMessage { leg, path, max, silence, at: self.now() });
    }

    /// The message that is being taken is over.
    pub fn end_message(&self, leg: LegId) {
        self.order(leg, Command::EndMessage { leg, at: self.now() });
    }

    /// Falls silent, lets go of the port, and says `Closed` when all is done.
    pub fn close(&self, leg: LegId) {
        self.order(leg, Command::Close { leg });
    }

    /// How well the threads keep time, since the start or the last reset.
    pub fn stats(&self) -> PaceStats {
        self.0.pace.stats()
    }

    /// Counts anew from now.
    pub fn reset_stats(&self) {
        self.0.pace.reset();
    }

    fn now(&self) -> Mono {
        self.0.clock.mono()
    }

    /// The legs of a call share a thread, so that they can be joined.
    fn order(&self, leg: LegId, command: Command) {
        let posts = &self.0.posts;
        posts[leg.call.0.unsigned_abs() as usize % posts.len()].send(command);
    }
}

/// An even port for audio, any that the system gives, and the one above it for RTCP (RFC 3550 §11), if that is free.
fn pair(ip: IpAddr) -> io::Result<(UdpSocket, Option<UdpSocket>)> {
    /// Every other port is even: so many in a row are not odd.
    const TRIES_MAX: usize = 32;
    let mut last = None;
    for _ in 0..TRIES_MAX {
        let socket = UdpSocket::bind((ip, 0))?;
        let port = socket.local_addr()?.port();
        if port.is_multiple_of(2)
            && let Ok(control) = UdpSocket::bind((ip, port + 1))
        {
            return Ok((socket, Some(control)));
        }
        last = Some(socket);
    }
    Ok((last.expect("tried at least once"), None))
}

impl Ports {
    fn bind(&self, ip: IpAddr) -> io::Result<(UdpSocket, Option<UdpSocket>)> {
        let last = *self.range.end();
        // The even ones, counted from the first.
        let first = u32::from(*self.range.start()).next_multiple_of(2);
        let count = ((u32::from(last) + 2).saturating_sub(first) / 2) as usize;
        for _ in 0..count {
            let port = (first as usize + 2 * (self.next.fetch_add(1, Relaxed) % count)) as u16;
            match UdpSocket::bind((ip, port)) {
                Err(e) if e.kind() == io::ErrorKind::AddrInUse => {}
                Err(e) => {
                    let what = format!(
                        "no UDP port for a leg's audio on {ip}:{port}: {e}. Check that the address is this machine's and \
                         `ulimit -n` (two descriptors a leg)"
                    );
                    return Err(io::Error::new(e.kind(), what));
                }
                Ok(socket) => {
                    // Someone else's program may hold it; a call without reports is a call.
                    let control = port.checked_add(1).filter(|above| *above <= last);
                    return Ok((socket, control.and_then(|above| UdpSocket::bind((ip, above)).ok())));
                }
            }
        }
        let what = format!(
            "all {count} even UDP ports of {}-{last} on {ip} are taken, each by a leg or for 5 s after one. Widen \
             `ports` of `media` in the settings (two a call, and half as many again), or lower `channels_max` of the trunk",
            self.range.start()
        );
        Err(io::Error::new(io::ErrorKind::AddrInUse, what))
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        for post in &self.posts {
            post.send(Command::Quit);
        }
        for join in self.joins.get_mut().expect("no one panics while holding it").drain(..) {
            // A panicked thread has said so already.
            let _ = join.join();
        }
    }
}
