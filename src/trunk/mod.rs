#![doc = include_str!("README.md")]

pub mod answerer;
mod connection;
mod locator;
#[cfg(test)]
mod loopback_tests;
mod port;
mod stir;
mod streams;
mod tls;
pub mod trace;

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::watch;

use crate::audio::Codec;
use crate::id::{CallId, LegId};
use crate::outcome::HangupCause;
use crate::sip::{self, Command, DialogId, Event, User};
use crate::time::{Clock, Mono};
use port::{Opening, Port};

pub use crate::secret::Secret;
/// Where to send a leg's audio, and how: what offer and answer agreed on.
pub use crate::sip::Media as RemoteMedia;
pub use crate::sip::Timing;
pub use crate::sip::Transport;
pub use connection::Keep;
pub use locator::PeerAddress;
pub use stir::{Attestation, Signer, StirError};
pub use tls::Tls;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrunkEvent {
    pub leg: LegId,
    /// When the packet was read.
    pub at: Mono,
    pub kind: TrunkEventKind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TrunkEventKind {
    /// 180 or 183.
    Ringing,
    /// Something can be heard before anybody has answered: an announcement, ringback, music. Told again when it changes.
    EarlyMedia(RemoteMedia),
    /// 200 to our INVITE; the ACK is on its way.
    Answered(RemoteMedia),
    /// The far end moved its audio, put us on hold or took us off it: what is agreed from now on.
    Moved(RemoteMedia),
    /// What became of the far end that we sent to somebody.
    Referred(sip::Referral),
    /// A key by SIP INFO.
    Digit { digit: char, duration_ms: Option<u32> },
    /// The leg never came up. `status`: the SIP status, when there was one.
    Failed { cause: HangupCause, status: Option<u16> },
    /// The leg was up and has ended.
    Ended(HangupCause),
    /// Somebody rings us; `leg` is new. To be rung, answered or refused; the caller gives up as `Failed`, and `Answered` comes
    /// when it knows of our answer. `did`: the number dialled; `from`: who rings, by themselves; `caller`: by the carrier. All may be anything.
    Offered { did: User, from: User, caller: sip::Caller },
}

/// How to reach one carrier.
#[derive(Debug, Clone)]
pub struct TrunkConfig {
    /// For logs.
    pub name: String,
    /// Whom calls go through: an address (`addr.into()`), or a name with its transport.
    pub peer: PeerAddress,
    /// Where to listen; port 0: any free one. With an unspecified address (0.0.0.0), the address that the system would
    /// use towards `peer` is the one written into messages.
    pub bind: SocketAddr,
    pub username: Option<String>,
    pub password: Option<Secret>,
    /// The user part of From: the number that is shown to those we call.
    pub caller_id: String,
    /// How long a call may ring, from the first 180 or 183, before it is taken back as `no_answer`; nothing rings for so long, 60 s at most: the same.
    pub ring_ms_max: u64,
    /// How often the peer is asked (OPTIONS) whether it is there; zero: never, and it counts as up.
    pub options_interval: Duration,
    /// Calls that come in are offered, numbered from the one after this. `None`: they are refused.
    pub inbound_after: Option<InboundNumbers>,
    pub settings: Settings,
}

/// The numbers that calls which come in are given, over all trunks: each one once.
#[derive(Debug, Clone)]
pub struct InboundNumbers(Arc<AtomicI64>);

impl InboundNumbers {
    pub fn after(last: i64) -> InboundNumbers {
        InboundNumbers(Arc::new(AtomicI64::new(last)))
    }

    fn next(&self) -> i64 {
        self.0.fetch_add(1, Ordering::Relaxed) + 1
    }
}

/// How the carrier wants it, and who else may ask us for anything.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    pub carrier: sip::Carrier,
    pub abilities: sip::Abilities,
    /// The carrier is told where we are, for each account; calls go out while the first one holds. None: it knows.
    pub registrations: Vec<sip::Registration>,
    /// Peers beside the trunk's own, and what strangers get.
    pub gate: sip::Rules,
    /// Signs the number shown (STIR/SHAKEN).
    pub signer: Option<Arc<Signer>>,
    /// Keeps the messages.
    pub trace: Option<trace::Trace>,
}

/// Whether the peer answers. Down until it has been heard from for the first time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TrunkHealth {
    pub up: bool,
    pub since: Mono,
    /// Why it is down, when it is our registration that is missing: the first, when there are several.
    pub unregistered: Option<sip::Trouble>,
}

/// A handle to the task that holds the sockets. When the last handle is dropped, the trunk stops as by [`Trunk::stop`].
#[derive(Clone)]
pub struct Trunk {
    orders: UnboundedSender<Order>,
    health: watch::Receiver<TrunkHealth>,
    local_addr: SocketAddr,
    task: Arc<Mutex<Option<tokio::task::JoinHandle<()>>>>,
}

enum Order {
    Dial { leg: LegId, to: String, local_media: SocketAddr },
    Hangup { leg: LegId },
    Refer { leg: LegId, to: String },
    Ring { leg: LegId },
    Answer { leg: LegId, local_media: SocketAddr },
    Refuse { leg: LegId, status: u16 },
    Stop,
}

/// How long stopping waits for the answers to CANCEL and BYE.
const STOP_PATIENCE: Duration = Duration::from_secs(3);

impl Trunk {
    /// Binds the sockets and starts the task; within a tokio runtime. Errors: the address cannot be bound, or a certificate
    /// cannot be used.
    pub fn start(config: TrunkConfig, clock: Arc<Clock>, events: UnboundedSender<TrunkEvent>) -> io::Result<Trunk> {
        Trunk::start_timed(config, Timing::default(), clock, events)
    }

    /// As [`Trunk::start`], with other timers than RFC 3261's: a silent peer is known as such after 64 × T1.
    pub fn start_timed(
        config: TrunkConfig,
        timing: Timing,
        clock: Arc<Clock>,
        events: UnboundedSender<TrunkEvent>,
    ) -> io::Result<Trunk> {
        let credentials = config.username.clone().zip(config.password.clone());
        let credentials = credentials.map(|(username, password)| sip::Credentials { username, password });
        // Without an account of its own, the trunk calls by the first that is registered.
        let first = config.settings.registrations.first().and_then(|r| r.account.clone());
        let credentials = credentials.or(first);
        let opening = Opening { bind: config.bind, carrier: Some(&config.peer), tls: None };
        let mut port = Port::open(opening, clock.clone(), |c| {
            c.credentials = credentials;
            c.timing = timing;
            c.options_interval = config.options_interval;
            c.abilities = Arc::new(config.settings.abilities.clone());
            let carrier = &config.settings.carrier;
            c.session_times = carrier.session_timer.map(|interval| sip::SessionTimes {
                expires_s: interval.as_secs() as u32,
                ..sip::SessionTimes::default()
            });
            c.reliable = carrier.prack != sip::Prack::Off;
            c.carrier = carrier.clone();
            c.registrations = config.settings.registrations.clone();
            let mut gate = config.settings.gate.clone();
            // Those that a name server tells of are let in when they are known.
            gate.peers.extend(config.peer.fixed().map(|hop| sip::Network::from(hop.addr.ip())));
            c.gate = Some(gate);
        })?;
        port.trace = config.settings.trace.clone();
        let local_addr = port.local_addr();
        let health = TrunkHealth {
            up: config.options_interval.is_zero() && config.settings.registrations.is_empty(),
            since: clock.now().mono,
            unregistered: None,
        };
        let (health_out, health) = watch::channel(health);
        let (orders, inbox) = unbounded_channel();
        let task = Task {
            config,
            port,
            events,
            health: health_out,
            legs: HashMap::new(),
            dialogs: HashMap::new(),
            offered: HashMap::new(),
        };
        let task = Arc::new(Mutex::new(Some(tokio::spawn(task.run(inbox)))));
        Ok(Trunk { orders, health, local_addr, task })
    }

    /// Calls `to`, the user part of a number in E.164 or a full `sip:` URI. What becomes of it is told in events; the
    /// last is `Failed` or `Ended`. A leg that is up already is not dialled again.
    pub fn dial(&self, leg: LegId, to: &str, local_media: SocketAddr) {
        // The task outlives every handle unless it was stopped; then there is nobody to dial, and nothing to tell.
        let _ = self.orders.send(Order::Dial { leg, to: to.to_owned(), local_media });
    }

    /// 180 to who rings us.
    pub fn ring(&self, leg: LegId) {
        let _ = self.orders.send(Order::Ring { leg });
    }

    /// 200 to who rings us: we hear at `local_media`. `Answered` or `Failed` follows.
    pub fn answer(&self, leg: LegId, local_media: SocketAddr) {
        let _ = self.orders.send(Order::Answer { leg, local_media });
    }

    /// A final failure, 300 to 699, to who rings us. No event follows.
    pub fn refuse(&self, leg: LegId, status: u16) {
        let _ = self.orders.send(Order::Refuse { leg, status });
    }

    /// CANCEL or BYE, as fits; of an unknown or ended leg, nothing.
    pub fn hangup(&self, leg: LegId) {
        let _ = self.orders.send(Order::Hangup { leg });
    }

    /// Sends the far end to `to`, as in [`Trunk::dial`]. `Referred` says how it went; the leg stays until somebody ends it.
    pub fn refer(&self, leg: LegId, to: &str) {
        let _ = self.orders.send(Order::Refer { leg, to: to.to_owned() });
    }

    pub fn health(&self) -> TrunkHealth {
        *self.health.borrow()
    }

    /// For waiting until the health changes.
    pub fn watch_health(&self) -> watch::Receiver<TrunkHealth> {
        self.health.clone()
    }

    pub fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// Ends all legs, waits for the far ends to agree, for 3 s at the most, and closes the socket. Every leg has had its last
    /// event when this returns.
    pub async fn stop(&self) {
        let _ = self.orders.send(Order::Stop);
        let task = self.task.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(task) = task
            && let Err(error) = task.await
        {
            tracing::error!(%error, "the trunk's task ended badly");
        }
    }
}

struct Task {
    config: TrunkConfig,
    port: Port,
    events: UnboundedSender<TrunkEvent>,
    health: watch::Sender<TrunkHealth>,
    legs: HashMap<LegId, DialogId>,
    dialogs: HashMap<DialogId, LegId>,
    /// What callers offer who have not heard our answer; `None`: they wait for our offer.
    offered: HashMap<LegId, Option<RemoteMedia>>,
}

impl Task {
    async fn run(mut self, mut inbox: UnboundedReceiver<Order>) {
        loop {
            let told = tokio::select! {
                () = self.port.ready() => self.port.turn(),
                order = inbox.recv() => match order {
                    Some(Order::Dial { leg, to, local_media }) => self.dial(leg, to, local_media),
                    Some(Order::Hangup { leg }) => self.of(leg, |dialog| Command::Hangup { dialog }),
                    Some(Order::Refer { leg, to }) => {
                        self.of(leg, |dialog| Command::Refer { dialog, to, replaces: None })
                    }
                    Some(Order::Ring { leg }) => self.of(leg, |dialog| Command::Ring { dialog }),
                    Some(Order::Answer { leg, local_media: media }) => match self.offered.get(&leg) {
                        Some(offer) => {
                            let codec = offer.map_or(Codec::Pcma, |offer| offer.codec);
                            self.of(leg, |dialog| Command::Answer { dialog, media, codec })
                        }
                        None => Vec::new(),
                    },
                    Some(Order::Refuse { leg, status }) => {
                        let told = self.of(leg, |dialog| Command::Reject { dialog, status });
                        self.forget(leg);
                        told
                    }
                    Some(Order::Stop) | None => break,
                },
            };
            self.tell(told);
        }
        let told = self.port.order(Command::Close);
        self.tell(told);
        let patience = tokio::time::sleep(STOP_PATIENCE);
        tokio::pin!(patience);
        while self.port.is_busy() {
            let told = tokio::select! {
                () = self.port.ready() => self.port.turn(),
                () = &mut patience => break,
            };
            self.tell(told);
        }
        // A far end that says nothing keeps nobody waiting: the leg is over for us.
        let at = self.port.now();
        for (_, leg) in self.dialogs.drain() {
            let kind = TrunkEventKind::Failed { cause: HangupCause::Cancelled, status: None };
            let _ = self.events.send(TrunkEvent { leg, at, kind });
        }
    }

    /// An order about a leg that is still there.
    fn of(&mut self, leg: LegId, order: impl FnOnce(DialogId) -> Command) -> Vec<(Mono, Event)> {
        match self.legs.get(&leg) {
            Some(&dialog) => self.port.order(order(dialog)),
            None => Vec::new(),
        }
    }

    fn forget(&mut self, leg: LegId) {
        self.offered.remove(&leg);
        if let Some(dialog) = self.legs.remove(&leg) {
            self.dialogs.remove(&dialog);
        }
    }

    /// A new leg for who rings us; `None` when nobody is answered here.
    fn came_in(&mut self, dialog: DialogId, media: Option<RemoteMedia>) -> Option<LegId> {
        let number = self.config.inbound_after.as_ref()?.next();
        let leg = LegId::client(CallId::inbound(number));
        self.legs.insert(leg, dialog);
        self.dialogs.insert(dialog, leg);
        self.offered.insert(leg, media);
        self.port.name(dialog, leg.call.0);
        Some(leg)
    }

    fn dial(&mut self, leg: LegId, to: String, media: SocketAddr) -> Vec<(Mono, Event)> {
        if self.legs.contains_key(&leg) {
            tracing::warn!(
                trunk = self.config.name,
                call = leg.call.0,
                "a leg was dialled twice; the second is ignored"
            );
            return Vec::new();
        }
        let dialog = self.port.reserve();
        self.legs.insert(leg, dialog);
        self.dialogs.insert(dialog, leg);
        let (from, ring_ms_max) = (self.config.caller_id.clone(), self.config.ring_ms_max);
        let signer = self.config.settings.signer.as_ref();
        if let Some(identity) = signer.and_then(|s| s.identity(&from, &to, self.port.wall(), rand::random())) {
            self.port.vouch(dialog, identity);
        }
        let told = self.port.order(Command::Dial { dialog, to, from, media, ring_ms_max });
        self.port.name(dialog, leg.call.0);
        told
    }

    fn tell(&mut self, told: Vec<(Mono, Event)>) {
        for (at, event) in told {
            let (dialog, kind) = match event {
                Event::Ringing { dialog } => (dialog, TrunkEventKind::Ringing),
                Event::EarlyMedia { dialog, media } => (dialog, TrunkEventKind::EarlyMedia(media)),
                Event::MediaChanged { dialog, media } => {
                    let leg = self.dialogs.get(&dialog);
                    if let Some(offered) = leg.and_then(|leg| self.offered.get_mut(leg)) {
                        // The answer to our offer, ahead of the caller's ACK.
                        *offered = Some(media);
                        continue;
                    }
                    (dialog, TrunkEventKind::Moved(media))
                }
                Event::Digit { dialog, digit, duration_ms } => (dialog, TrunkEventKind::Digit { digit, duration_ms }),
                Event::Answered { dialog, media } => (dialog, TrunkEventKind::Answered(media)),
                Event::Failed { dialog, cause, status } => (dialog, TrunkEventKind::Failed { cause, status }),
                Event::Ended { dialog, cause } => (dialog, TrunkEventKind::Ended(cause)),
                Event::PeerUp | Event::PeerDown => {
                    let up = event == Event::PeerUp;
                    tracing::info!(trunk = self.config.name, up, "the trunk's health changed");
                    self.health.send_modify(|health| (health.up, health.since) = (up, at));
                    continue;
                }
                Event::Registered { which, is, trouble } => {
                    // As they are counted in the settings; a user name may be a telephone number.
                    let (trunk, number) = (&self.config.name, which + 1);
                    match trouble {
                        Some(trouble) => tracing::warn!(
                            trunk,
                            registration = number,
                            ?trouble,
                            "not registered at the carrier; {}; tried again, more and more slowly",
                            trouble.advice()
                        ),
                        None => tracing::info!(trunk, registration = number, is, "registered at the carrier"),
                    }
                    if which == 0 {
                        self.health.send_modify(|health| health.unregistered = trouble.filter(|_| !is));
                    }
                    continue;
                }
                Event::Incoming { dialog, to_user: did, from_user: from, media, replaces: _ } => {
                    let caller = self.port.caller(dialog);
                    if self.came_in(dialog, media).is_none() {
                        self.port.order(Command::Reject { dialog, status: 480 });
                    }
                    (dialog, TrunkEventKind::Offered { did, from, caller })
                }
                Event::Acked { dialog } => {
                    let offer = self.dialogs.get(&dialog).and_then(|leg| self.offered.remove(leg));
                    let Some(Some(remote)) = offer else { continue };
                    (dialog, TrunkEventKind::Answered(remote))
                }
                Event::Cancelled { dialog } => {
                    let cause = HangupCause::RemoteHangup;
                    (dialog, TrunkEventKind::Failed { cause, status: None })
                }
                Event::Referred { dialog, outcome } => (dialog, TrunkEventKind::Referred(outcome)),
                // Neither do we hold anybody through a trunk, nor let ourselves be sent.
                Event::OfferRefused { .. } | Event::ReferAsked { .. } => continue,
            };
            let Some(&leg) = self.dialogs.get(&dialog) else { continue };
            if matches!(kind, TrunkEventKind::Failed { .. } | TrunkEventKind::Ended(_)) {
                self.forget(leg);
            }
            // The listener may be gone while we are still hanging up; then nobody needs to know.
            let _ = self.events.send(TrunkEvent { leg, at, kind });
        }
    }
}
