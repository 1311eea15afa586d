//! One media thread: one epoll loop, one timer, all its legs.
//!
//! The timer beats every 5 ms. At each beat a quarter of the legs sends its 20 ms frame, so that packets leave spread out and not
//! in one burst, and what has arrived is read. Packets do not wake the thread: woken by each, it spent twice the time.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::net::UdpSocket;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::mpsc::UnboundedSender;

use super::leg::Leg;
use super::message::Message;
use super::mouth::Relay;
use super::pace::Pace;
use super::scribe::{Recorder, Scribe};
use super::sys::{Bell, EVENTS_MAX, Epoll, Events, Timer, hurry};
use super::{MediaEvent, MediaEventKind, Remote};
use crate::audio::Clip;
use crate::id::{LegId, PlayId};
use crate::time::{Clock, Mono};

const BEAT: Duration = Duration::from_millis(5);
/// Beats in a frame; a leg sends in one of them.
const BEATS: u64 = 4;
/// Beats that a late thread makes up for at once: 200 ms, what a telephone's jitter buffer can take. Beyond it, time is given up:
/// the far end hears a pause, and every word.
const CATCH_UP_MAX: u64 = 10 * BEATS;
/// Datagrams read a beat, so that a flood delays the next one by little: some 20 ms' worth of 2,000 legs.
const READ_MAX: usize = 2000;
/// A closed leg's port is not used again for this long: what its far end still sends must not be heard in another call.
const PORT_REST: Duration = Duration::from_secs(5);
/// Ports resting at most.
const RESTING_MAX: usize = 1024;
/// A datagram; longer ones are no telephone audio.
const DATAGRAM_MAX: usize = 1500;

const BELL: u64 = u64::MAX;
const TIMER: u64 = u64::MAX - 1;

#[derive(Debug)]
pub enum Command {
    Open { leg: LegId, socket: UdpSocket },
    Connect { leg: LegId, remote: Remote, at: Mono },
    Play { leg: LegId, play: PlayId, clips: Vec<Arc<Clip>>, at: Mono },
    Stop { leg: LegId, play: PlayId },
    Press { leg: LegId, keys: Box<str> },
    ListenForMachine { leg: LegId },
    ListenForSpeech { leg: LegId, quiet_ms: u32 },
    Bridge { a: LegId, b: LegId },
    Record { leg: LegId, path: PathBuf, at: Mono },
    TakeMessage { leg: LegId, path: PathBuf, max: Duration, silence: Duration, at: Mono },
    EndMessage { leg: LegId, at: Mono },
    Close { leg: LegId },
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
    /// The legs' sockets.
    sockets: Epoll,
    /// A leg's place is its epoll token; the generation in the upper half tells it from one that was there before.
    legs: Vec<Place>,
    free: Vec<usize>,
    places: HashMap<LegId, usize>,
    resting: VecDeque<(Mono, UdpSocket)>,
    /// Used again and again, so that no packet allocates.
    facts: Vec<MediaEventKind>,
    relayed: Vec<u8>,
}

#[derive(Default)]
struct Place {
    generation: u32,
    leg: Option<Box<Leg>>,
}

impl Pump {
    pub fn new(
        post: Arc<Post>,
        clock: Arc<Clock>,
        events: UnboundedSender<MediaEvent>,
        scribe: Scribe,
        pace: Arc<Pace>,
    ) -> io::Result<Pump> {
        let epoll = Epoll::new()?;
        epoll.add(&post.bell, BELL)?;
        Ok(Pump {
            post,
            clock,
            events,
            scribe,
            pace,
            epoll,
            sockets: Epoll::new()?,
            legs: Vec::new(),
            free: Vec::new(),
            places: HashMap::new(),
            resting: VecDeque::new(),
            facts: Vec::new(),
            relayed: Vec::new(),
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
        let mut arrivals = Epoll::no_events();
        let mut datagram = [0; DATAGRAM_MAX];
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
                } else {
                    let passed = self.beat(&mut beat);
                    self.receive_all(passed, &mut arrivals, &mut datagram)?;
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
                let leg = self.legs[*place].leg.as_mut().expect("a place that is named is taken");
                leg.hasten(&self.clock, &mut self.facts);
                tell(&self.events, &self.clock, leg.id, &mut self.facts);
            }
        }
        true
    }

    fn carry_out(&mut self, order: Command) {
        match order {
            Command::Open { leg, socket } => self.open(leg, socket),
            Command::Close { leg } => self.close(leg),
            Command::Bridge { a, b } => self.bridge(a, b),
            Command::Connect { leg, remote, at } => self.with(leg, |l| l.connect(remote, at)),
            Command::Play { leg, play, clips, at } => self.with(leg, |l| l.mouth.play(play, clips, at)),
            Command::Stop { leg, play } => self.with(leg, |l| l.mouth.stop(play)),
            Command::Press { leg, keys } => self.with(leg, |l| l.mouth.press(&keys)),
            Command::ListenForMachine { leg } => self.with(leg, |l| l.ear.listen_for_machine()),
            Command::ListenForSpeech { leg, quiet_ms } => self.with(leg, |l| l.ear.listen_for_speech(quiet_ms)),
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
            && let Some(leg) = &mut self.legs[place].leg
        {
            f(leg);
        }
    }

    fn open(&mut self, id: LegId, socket: UdpSocket) {
        self.close(id);
        let place = self.free.pop().unwrap_or_else(|| {
            self.legs.push(Place::default());
            self.legs.len() - 1
        });
        let token = u64::from(self.legs[place].generation) << 32 | place as u64;
        if let Err(why) = self.sockets.add(&socket, token) {
            tracing::error!(call = %id.call, %why, "a leg cannot be heard: the system refuses to watch its socket");
        }
        self.legs[place].leg = Some(Box::new(Leg::new(id, socket)));
        self.places.insert(id, place);
        self.pace.leg_opened();
    }

    fn close(&mut self, id: LegId) {
        let Some(place) = self.places.remove(&id) else { return };
        self.part(place);
        let mut leg = self.legs[place].leg.take().expect("a place that is named is taken");
        self.legs[place].generation = self.legs[place].generation.wrapping_add(1) & 0x7FFF_FFFF;
        self.free.push(place);
        let now = self.clock.now().mono;
        let stats = leg.stats();
        if let Some(message) = leg.ear.take_message(None) {
            message.finish(now, id);
        }
        match leg.ear.take_recorder() {
            Some(recorder) => recorder.finish(now, id, stats),
            None => {
                self.facts.push(MediaEventKind::Closed { stats });
                tell(&self.events, &self.clock, id, &mut self.facts);
            }
        }
        self.rest(now, leg.socket);
        self.pace.leg_closed();
    }

    /// Keeps the port, deaf, until the far end has surely fallen silent.
    fn rest(&mut self, now: Mono, socket: UdpSocket) {
        // Fails only for a descriptor that is not in the set, and then there is nothing to take out.
        let _ = self.sockets.remove(&socket);
        // Joined to itself it takes nothing from anyone else, so that nothing piles up in it.
        if let Ok(own) = socket.local_addr() {
            let _ = socket.connect(own);
        }
        if self.resting.len() >= RESTING_MAX {
            self.resting.pop_front();
        }
        self.resting.push_back((now + PORT_REST, socket));
    }

    fn bridge(&mut self, a: LegId, b: LegId) {
        let (Some(&a), Some(&b)) = (self.places.get(&a), self.places.get(&b)) else { return };
        self.part(a);
        self.part(b);
        for (one, other) in [(a, b), (b, a)] {
            if let Some(leg) = &mut self.legs[one].leg {
                leg.bridged = Some(other);
                leg.mouth.relay = Some(Relay::new());
            }
        }
    }

    /// Ends the bridge that this leg is in, if any.
    fn part(&mut self, place: usize) {
        let other = self.legs[place].leg.as_ref().and_then(|leg| leg.bridged);
        for place in other.into_iter().chain([place]) {
            if let Some(leg) = &mut self.legs[place].leg {
                leg.bridged = None;
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

    /// Gives how many beats have passed.
    fn beat(&mut self, beat: &mut Beat) -> u64 {
        let due = beat.due();
        let (first, passed) = beat.passed();
        if passed == 0 {
            return 0;
        }
        let now = self.clock.now().mono;
        let frames_skipped = passed.saturating_sub(CATCH_UP_MAX).div_ceil(BEATS);
        if frames_skipped > 0 {
            self.pace.skip(frames_skipped);
            self.legs.iter_mut().filter_map(|p| p.leg.as_mut()).for_each(|leg| leg.mouth.skip(frames_skipped));
        }
        let mut sent = 0;
        for n in first..first + passed - frames_skipped * BEATS {
            for leg in self.legs.iter_mut().skip((n % BEATS) as usize).step_by(BEATS as usize) {
                let Some(leg) = &mut leg.leg else { continue };
                let before = leg.sent();
                leg.tick(now, &self.clock, &mut self.facts);
                sent += leg.sent() - before;
                tell(&self.events, &self.clock, leg.id, &mut self.facts);
            }
        }
        while self.resting.pop_front_if(|(until, _)| *until <= now).is_some() {}
        self.pace.tick(now.since(due), self.clock.now().mono.since(due), sent);
        passed
    }

    fn receive_all(&mut self, beats: u64, arrivals: &mut Events, datagram: &mut [u8; DATAGRAM_MAX]) -> io::Result<()> {
        let mut read = 0;
        while read < READ_MAX.saturating_mul(beats as usize) {
            let n = self.sockets.ready(arrivals)?;
            for arrival in &arrivals[..n] {
                self.receive(arrival.u64, datagram);
            }
            read += n;
            if n < EVENTS_MAX {
                break;
            }
        }
        Ok(())
    }

    /// One datagram; if more wait for this leg, the next beat finds them.
    fn receive(&mut self, token: u64, datagram: &mut [u8; DATAGRAM_MAX]) {
        let (place, generation) = ((token & 0xFFFF_FFFF) as usize, (token >> 32) as u32);
        let target = match self.legs.get(place) {
            Some(Place { generation: g, leg: Some(leg) }) if *g == generation => leg.bridged,
            _ => return,
        };
        let codec = target
            .and_then(|other| self.legs[other].leg.as_ref())
            .and_then(|other| other.connection)
            .map(|c| c.remote.codec);
        let leg = self.legs[place].leg.as_mut().expect("looked at above");
        // An error is an ICMP answer to something sent: nothing to read.
        let Ok((length, from)) = leg.socket.recv_from(datagram) else { return };
        self.pace.receive(1);
        let Some(packet) = leg.admit(&datagram[..length], from) else { return };
        let now = self.clock.now().mono;
        let dtmf_payload = leg.connection.and_then(|c| c.remote.dtmf_payload);
        let relay = codec.map(|c| (c, &mut self.relayed));
        leg.ear.packet(now, &packet, dtmf_payload, relay, &mut self.facts);
        tell(&self.events, &self.clock, leg.id, &mut self.facts);
        if !self.relayed.is_empty() {
            if let Some(relay) =
                target.and_then(|other| self.legs[other].leg.as_mut()).and_then(|other| other.mouth.relay.as_mut())
            {
                relay.push(&self.relayed);
            }
            self.relayed.clear();
        }
    }
}

fn tell(events: &UnboundedSender<MediaEvent>, clock: &Clock, leg: LegId, facts: &mut Vec<MediaEventKind>) {
    if facts.is_empty() {
        return;
    }
    let at = clock.now().mono;
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
        Ok(Beat { started: clock.now().mono, timer: Timer::every(BEAT)?, passed: 0 })
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
