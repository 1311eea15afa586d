//! One media thread: one timer and all its legs.
//!
//! The timer beats every 5 ms. At each beat some of the legs, a quarter when packets are of 20 ms, are visited: what has arrived
//! for a leg is read, and its frame is sent. So packets leave spread out and not in one burst, and a leg's memory and its socket's
//! are fetched once for both. Sockets are not watched: a call has one packet waiting at nearly every visit, so that asking the
//! socket costs less than asking which sockets to ask (epoll took 0.8 µs of 6.2 a visit).

use std::collections::{HashMap, VecDeque};
use std::io;
use std::net::UdpSocket;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::mpsc::UnboundedSender;

use super::bridge::Bridge;
use super::control::Ntp;
use super::leg::{DATAGRAM_BUFFER, Leg, Turn};
use super::message::Message;
use super::mouth::Relay;
use super::pace::Pace;
use super::scribe::{Recorder, Scribe};
use super::sys::{Bell, Epoll, Timer, hurry};
use super::tape::Tape;
use super::wheel::{BEAT, Period, Wheel};
use super::{MediaEvent, MediaEventKind, Remote, Settings};
use crate::audio::listen::Country;
use crate::audio::{Clip, Codec};
use crate::id::{LegId, PlayId};
use crate::time::{Clock, Mono};

/// Beats that a late thread makes up for at once: 200 ms, what a telephone's jitter buffer can take. Beyond it, time is given up:
/// the far end hears a pause, and every word.
const CATCH_UP_MAX: u64 = 40;
/// Time is given up by whole frames of 20 ms.
const FRAME_BEATS: u64 = 4;
/// Legs visited between two readings of the clock: a packet's arrival is known to 50 µs or so.
const CLOCK_EVERY: usize = 8;
/// A closed leg's port is not used again for this long: what its far end still sends must not be heard in another call.
const PORT_REST: Duration = Duration::from_secs(5);
/// Ports resting at most.
const RESTING_MAX: usize = 1024;

const BELL: u64 = u64::MAX;
const TIMER: u64 = u64::MAX - 1;

#[derive(Debug)]
pub enum Command {
    /// `control`: the port above `socket`'s, for RTCP, if it was free.
    Open {
        leg: LegId,
        socket: UdpSocket,
        control: Option<UdpSocket>,
    },
    Connect {
        leg: LegId,
        remote: Remote,
        at: Mono,
    },
    Play {
        leg: LegId,
        play: PlayId,
        clips: Vec<Arc<Clip>>,
        at: Mono,
    },
    Stop {
        leg: LegId,
        play: PlayId,
    },
    StopAfterSentence {
        leg: LegId,
        play: PlayId,
    },
    Press {
        leg: LegId,
        keys: Box<str>,
        tones: Arc<Clip>,
    },
    HearKey {
        leg: LegId,
        key: char,
        at: Mono,
    },
    Tape {
        leg: LegId,
        path: PathBuf,
        at: Mono,
    },
    ListenIn {
        leg: LegId,
        country: Arc<Country>,
    },
    ListenForNetwork {
        leg: LegId,
    },
    ListenForMachine {
        leg: LegId,
    },
    ListenForSpeech {
        leg: LegId,
        quiet_ms: u32,
    },
    Bridge {
        a: LegId,
        b: LegId,
    },
    Record {
        leg: LegId,
        path: PathBuf,
        at: Mono,
    },
    RecordFirst {
        leg: LegId,
        path: PathBuf,
        length: Duration,
        at: Mono,
    },
    TakeMessage {
        leg: LegId,
        path: PathBuf,
        max: Duration,
        silence: Duration,
        at: Mono,
    },
    EndMessage {
        leg: LegId,
        at: Mono,
    },
    Close {
        leg: LegId,
    },
    Quit,
}

/// Where orders for one thread are put.
#[derive(Debug)]
pub struct Post {
    waiting: Mutex<Vec<Command>>,
    bell: Bell,
}

impl Post {
    pub fn new() -> io::Result<Post> {
        Ok(Post { waiting: Mutex::default(), bell: Bell::new()? })
    }

    pub fn send(&self, command: Command) {
        let mut waiting = self.waiting.lock().expect("no one panics while holding it");
        waiting.push(command);
        // The first rings; the others are found with it.
        if waiting.len() == 1 {
            self.bell.ring();
        }
    }

    /// Swaps the waiting orders for `emptied`.
    fn take(&self, emptied: &mut Vec<Command>) {
        self.bell.hush();
        std::mem::swap(&mut *self.waiting.lock().expect("no one panics while holding it"), emptied);
    }
}

pub struct Pump {
    post: Arc<Post>,
    clock: Arc<Clock>,
    events: UnboundedSender<MediaEvent>,
    scribe: Scribe,
    pace: Arc<Pace>,
    /// The bell and the timer.
    epoll: Epoll,
    /// By place, which is what the wheel and the other leg of a bridge know them by.
    legs: Vec<Option<Box<Leg>>>,
    free: Vec<usize>,
    wheel: Wheel,
    places: HashMap<LegId, usize>,
    resting: VecDeque<(Mono, UdpSocket)>,
    settings: Arc<Settings>,
    ntp: Ntp,
    heard: Heard,
}

/// What one leg's visit brings, used again and again, so that no packet allocates.
#[derive(Default)]
struct Heard {
    facts: Vec<MediaEventKind>,
    relayed: Vec<i16>,
}

impl Pump {
    pub fn new(
        post: Arc<Post>,
        clock: Arc<Clock>,
        events: UnboundedSender<MediaEvent>,
        scribe: Scribe,
        pace: Arc<Pace>,
        settings: Arc<Settings>,
    ) -> io::Result<Pump> {
        let started = clock.now();
        let ntp = Ntp::starting_at(started.wall.0, started.mono);
        let epoll = Epoll::new()?;
        epoll.add(&post.bell, BELL)?;
        Ok(Pump {
            post,
            clock,
            events,
            scribe,
            pace,
            epoll,
            legs: Vec::new(),
            free: Vec::new(),
            wheel: Wheel::default(),
            places: HashMap::new(),
            resting: VecDeque::new(),
            settings,
            ntp,
            heard: Heard::default(),
        })
    }

    pub fn run(mut self) {
        hurry();
        if let Err(why) = self.turn_for_ever() {
            tracing::error!(%why, "a media thread has failed; its calls are without audio. Restart the program");
        }
        self.close_all();
    }

    fn turn_for_ever(&mut self) -> io::Result<()> {
        let mut events = Epoll::no_events();
        let mut orders = Vec::new();
        let mut datagram = [0; DATAGRAM_BUFFER];
        let mut beat = Beat::start(&self.clock)?;
        self.epoll.add(&beat.timer, TIMER)?;
        loop {
            let n = self.epoll.wait(&mut events)?;
            for event in &events[..n] {
                if event.u64 == BELL {
                    self.post.take(&mut orders);
                    if !self.carry_out_all(&mut orders) {
                        return Ok(());
                    }
                } else if event.u64 == TIMER {
                    self.beat(&mut beat, &mut datagram);
                } else if let Some(Some(leg)) = self.legs.get_mut(event.u64 as usize) {
                    // Of a leg that closed a moment ago the place may be another's, who then has nothing to read.
                    let turn = turn(&self.clock, self.ntp, &self.settings);
                    leg.receive_reports(&turn, &mut datagram);
                }
            }
        }
    }

    /// False when it is time to go.
    fn carry_out_all(&mut self, orders: &mut Vec<Command>) -> bool {
        for order in orders.drain(..) {
            if let Command::Quit = order {
                return false;
            }
            let played = match &order {
                Command::Connect { leg, .. } | Command::Play { leg, .. } => Some(*leg),
                _ => None,
            };
            self.carry_out(order);
            if let Some(place) = played.and_then(|leg| self.places.get(&leg)) {
                let leg = self.legs[*place].as_mut().expect("a place that is named is taken");
                leg.hasten(&self.clock, &mut self.heard.facts);
                tell(&self.events, &self.clock, leg.id, &mut self.heard.facts);
            }
        }
        true
    }

    fn carry_out(&mut self, order: Command) {
        match order {
            Command::Open { leg, socket, control } => self.open(leg, socket, control),
            Command::Close { leg } => self.close(leg),
            Command::Bridge { a, b } => self.bridge(a, b),
            Command::Connect { leg, remote, at } => self.connect(leg, remote, at),
            Command::Play { leg, play, clips, at } => self.with(leg, |l| l.mouth.play(play, clips, at)),
            Command::Stop { leg, play } => self.with(leg, |l| l.mouth.stop(play)),
            Command::StopAfterSentence { leg, play } => self.with(leg, |l| l.mouth.stop_after_clip(play)),
            Command::Press { leg, keys, tones } => self.with(leg, |l| {
                let events = l.connection.as_ref().is_none_or(|c| c.remote.dtmf_payload.is_some());
                if events { l.mouth.press(&keys) } else { l.mouth.sound(tones) }
            }),
            Command::HearKey { leg, key, at } => {
                let mut heard = None;
                self.with(leg, |l| heard = l.ear.key(at, key));
                self.heard.facts.extend(heard);
                tell(&self.events, &self.clock, leg, &mut self.heard.facts);
            }
            Command::Tape { leg, path, at } => {
                let scribe = self.scribe.clone();
                self.with(leg, |l| *l.ear.tape() = Some(Box::new(Tape::begin(&scribe, path, at))));
            }
            Command::ListenIn { leg, country } => self.with(leg, |l| l.ear.listen_in(country)),
            Command::ListenForNetwork { leg } => self.with(leg, |l| l.ear.listen_for_network()),
            Command::ListenForMachine { leg } => self.with(leg, |l| l.ear.listen_for_machine()),
            Command::ListenForSpeech { leg, quiet_ms } => self.with(leg, |l| l.ear.listen_for_speech(quiet_ms)),
            Command::RecordFirst { leg, path, length, at } => {
                let scribe = self.scribe.clone();
                self.with(leg, |l| l.ear.record(Recorder::begin(&scribe, path, at).first(length)));
            }
            Command::Record { leg, path, at } => {
                let scribe = self.scribe.clone();
                self.with(leg, |l| l.ear.record(Recorder::begin(&scribe, path, at)));
            }
            Command::TakeMessage { leg, path, max, silence, at } => {
                let scribe = self.scribe.clone();
                self.with(leg, |l| {
                    let message = Message::begin(Recorder::begin(&scribe, path, at), at, max, silence);
                    if let Some(before) = l.ear.take_message(Some(message)) {
                        before.finish(at, leg);
                    }
                });
            }
            Command::EndMessage { leg, at } => self.with(leg, |l| {
                if let Some(message) = l.ear.take_message(None) {
                    message.finish(at, leg);
                }
            }),
            Command::Quit => {}
        }
    }

    /// An order for a leg that has closed is no error: the two crossed.
    fn with<T>(&mut self, leg: LegId, f: impl FnOnce(&mut Leg) -> T) {
        if let Some(&place) = self.places.get(&leg)
            && let Some(leg) = &mut self.legs[place]
        {
            f(leg);
        }
    }

    fn open(&mut self, id: LegId, socket: UdpSocket, control: Option<UdpSocket>) {
        self.close(id);
        let place = self.free.pop().unwrap_or_else(|| {
            self.legs.push(None);
            self.legs.len() - 1
        });
        let phase = self.wheel.add(place as u32, Period::USUAL);
        // Reports are few, and when they come matters: they wake the thread.
        if let Some(Err(why)) = control.as_ref().map(|control| self.epoll.add(control, place as u64)) {
            tracing::error!(call = %id.call, %why, "a leg's reports cannot be heard: the system refuses to watch its socket");
        }
        self.legs[place] = Some(Box::new(Leg::new(id, socket, control, phase)));
        self.places.insert(id, place);
        self.pace.leg_opened();
    }

    fn close(&mut self, id: LegId) {
        let Some(place) = self.places.remove(&id) else { return };
        self.part(place);
        let mut leg = self.legs[place].take().expect("a place that is named is taken");
        self.wheel.remove(place as u32, leg.phase);
        self.free.push(place);
        let now = self.clock.mono();
        let stats = leg.stats();
        if let Some(message) = leg.ear.take_message(None) {
            message.finish(now, id);
        }
        leg.report(now, self.ntp, true);
        match (leg.ear.tape().take(), leg.ear.take_recorder()) {
            (Some(tape), None) => tape.finish(now, id, Some(stats)),
            (tape, Some(recorder)) => {
                // In this order: what is told at last is told when all is on disk.
                if let Some(tape) = tape {
                    tape.finish(now, id, None);
                }
                recorder.finish(now, id, stats);
            }
            (None, None) => {
                self.heard.facts.push(MediaEventKind::Closed { stats });
                tell(&self.events, &self.clock, id, &mut self.heard.facts);
            }
        }
        let (socket, control) = leg.into_sockets();
        self.rest(now, socket);
        if let Some(control) = control {
            // Fails only for a descriptor that is not in the set, and then there is nothing to take out.
            let _ = self.epoll.remove(&control);
            self.rest(now, control);
        }
        self.pace.leg_closed();
    }

    /// Keeps the port, deaf, until the far end has surely fallen silent.
    fn rest(&mut self, now: Mono, socket: UdpSocket) {
        // Joined to itself it takes nothing from anyone else, so that nothing piles up in it.
        if let Ok(own) = socket.local_addr() {
            let _ = socket.connect(own);
        }
        if self.resting.len() >= RESTING_MAX {
            self.resting.pop_front();
        }
        self.resting.push_back((now + PORT_REST, socket));
    }

    fn connect(&mut self, id: LegId, remote: Remote, at: Mono) {
        let Some(&place) = self.places.get(&id) else { return };
        let leg = self.legs[place].as_mut().expect("a place that is named is taken");
        let period = leg.connect(remote, at, self.settings.anywhere);
        if period != leg.phase.period() {
            self.wheel.remove(place as u32, leg.phase);
            leg.phase = self.wheel.add(place as u32, period);
        }
    }

    fn bridge(&mut self, a: LegId, b: LegId) {
        let (Some(&a), Some(&b)) = (self.places.get(&a), self.places.get(&b)) else { return };
        self.part(a);
        self.part(b);
        for (one, other) in [(a, b), (b, a)] {
            if let Some(leg) = &mut self.legs[one] {
                leg.bridged = Some(other);
                let codec = leg.connection.as_ref().map_or(Codec::Pcma, |c| c.remote.codec);
                leg.bridge = Some(Box::new(Bridge::new(codec)));
                leg.mouth.relay = Some(Relay::new());
            }
        }
    }

    /// Ends the bridge that this leg is in, if any.
    fn part(&mut self, place: usize) {
        let other = self.legs[place].as_ref().and_then(|leg| leg.bridged);
        for place in other.into_iter().chain([place]) {
            if let Some(leg) = &mut self.legs[place] {
                leg.bridged = None;
                leg.bridge = None;
                leg.mouth.relay = None;
            }
        }
    }

    fn close_all(&mut self) {
        let open: Vec<LegId> = self.places.keys().copied().collect();
        for leg in open {
            self.close(leg);
        }
    }

    fn beat(&mut self, beat: &mut Beat, datagram: &mut [u8]) {
        let due = beat.due();
        let (first, passed) = beat.passed();
        if passed == 0 {
            return;
        }
        let woken = self.clock.mono();
        let frames_skipped = passed.saturating_sub(CATCH_UP_MAX).div_ceil(FRAME_BEATS);
        if frames_skipped > 0 {
            self.pace.skip(frames_skipped);
            self.legs.iter_mut().flatten().for_each(|leg| leg.skip(frames_skipped));
        }
        let mut turn = turn(&self.clock, self.ntp, &self.settings);
        let (mut sent, mut received) = (0, 0);
        for n in first..first + passed - frames_skipped * FRAME_BEATS {
            let mut visited = 0;
            while let Some(place) = self.wheel.due(n, visited) {
                visited += 1;
                if visited % CLOCK_EVERY == 0 {
                    turn.now = turn.clock.mono();
                }
                let (out, back) = visit(&mut self.legs, place as usize, &turn, datagram, &mut self.heard, &self.events);
                (sent, received) = (sent + out, received + back);
            }
        }
        while self.resting.pop_front_if(|(until, _)| *until <= woken).is_some() {}
        self.pace.tick(woken.since(due), self.clock.mono().since(due), sent, received);
    }
}

fn turn<'a>(clock: &'a Clock, ntp: Ntp, settings: &Settings) -> Turn<'a> {
    Turn { now: clock.mono(), clock, ntp, silent_after: settings.silent_after }
}

/// One leg's turn: what has arrived, then what is to be said. Gives packets sent and datagrams read.
fn visit(
    legs: &mut [Option<Box<Leg>>],
    place: usize,
    turn: &Turn<'_>,
    datagram: &mut [u8],
    heard: &mut Heard,
    events: &UnboundedSender<MediaEvent>,
) -> (u64, u64) {
    let Some(leg) = &mut legs[place] else { return (0, 0) };
    let (sent, id, other) = (leg.sent(), leg.id, leg.bridged);
    let read = leg.receive(turn, datagram, &mut heard.facts);
    if let Some(bridge) = &mut leg.bridge {
        bridge.play(turn.now, &mut heard.relayed);
    }
    leg.tick(turn, &mut heard.facts);
    let sent = leg.sent() - sent;
    tell(events, turn.clock, id, &mut heard.facts);
    if !heard.relayed.is_empty() {
        let other = other.and_then(|other| legs[other].as_mut());
        if let Some(relay) = other.and_then(|other| other.mouth.relay.as_mut()) {
            relay.push(&heard.relayed);
        }
        heard.relayed.clear();
    }
    (sent, read)
}

fn tell(events: &UnboundedSender<MediaEvent>, clock: &Clock, leg: LegId, facts: &mut Vec<MediaEventKind>) {
    if facts.is_empty() {
        return;
    }
    let at = clock.mono();
    for kind in facts.drain(..) {
        // Nobody listens any more when the program ends.
        let _ = events.send(MediaEvent { leg, at, kind });
    }
}

/// The beat, on absolute time.
struct Beat {
    timer: Timer,
    started: Mono,
    passed: u64,
}

impl Beat {
    fn start(clock: &Clock) -> io::Result<Beat> {
        Ok(Beat { started: clock.mono(), timer: Timer::every(BEAT)?, passed: 0 })
    }

    /// When the next beat not yet taken is due.
    fn due(&self) -> Mono {
        Mono(self.started.0 + (self.passed + 1) * BEAT.as_micros() as u64)
    }

    /// The number of the first beat not yet taken, and how many have passed.
    fn passed(&mut self) -> (u64, u64) {
        let first = self.passed;
        let passed = self.timer.passed();
        self.passed += passed;
        (first, passed)
    }
}
