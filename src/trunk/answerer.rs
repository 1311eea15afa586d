//! The other side of a trunk: takes calls. What picks up, and when, is decided by whoever listens to its events.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::RemoteMedia;
use super::Tls;
use super::port::{Opening, Port};
use crate::audio::Codec;
use crate::sip::{Command, Demand, Event};
use crate::time::{Clock, Mono};

pub use crate::secret::Secret;
pub use crate::sip::{Credentials, DialogId, User};

/// The protection space that callers are asked to show credentials for.
const REALM: &str = "ringback";

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswererEvent {
    pub dialog: DialogId,
    /// When the packet was read.
    pub at: Mono,
    pub kind: AnswererEventKind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AnswererEventKind {
    /// A call. Unless ordered otherwise within 200 ms, the caller hears 100. `media`: what it offers.
    Incoming { to_user: User, from_user: User, media: RemoteMedia },
    /// A call that waits for our offer; what comes of that, `Moved` tells before `Acked`.
    IncomingWithoutOffer { to_user: User, from_user: User },
    /// The caller knows of our answer.
    Acked,
    /// The caller moved its audio, put us on hold or took us back: what is agreed from now on.
    Moved(RemoteMedia),
    /// A key by SIP INFO.
    Digit(char),
    /// The caller gave up before we answered, or was not answered for three minutes. The last event of a call.
    Cancelled,
    /// A call that was answered is over. The last event of a call.
    Ended,
}

/// A handle to the task that holds the socket; the task stops when the last handle is dropped.
#[derive(Clone)]
pub struct Answerer {
    orders: UnboundedSender<Order>,
    local_addr: SocketAddr,
    task: Arc<Mutex<Option<tokio::task::JoinHandle<()>>>>,
}

enum Order {
    Call(Command),
    Stop,
}

/// How long stopping waits for the answers to BYE.
const STOP_PATIENCE: Duration = Duration::from_secs(1);

impl Answerer {
    /// Listens over UDP and TCP and starts the task; within a tokio runtime. `digest`: callers must show these (407).
    /// `bind` must name an address, not 0.0.0.0; port 0 is any free one. Errors: it cannot be bound.
    pub fn start(
        bind: SocketAddr,
        digest: Option<Credentials>,
        clock: Arc<Clock>,
        events: UnboundedSender<AnswererEvent>,
    ) -> io::Result<Answerer> {
        Answerer::start_over(bind, None, digest, clock, events)
    }

    /// As [`Answerer::start`]; with `tls`, over TLS and nothing else.
    pub fn start_over(
        bind: SocketAddr,
        tls: Option<&Tls>,
        digest: Option<Credentials>,
        clock: Arc<Clock>,
        events: UnboundedSender<AnswererEvent>,
    ) -> io::Result<Answerer> {
        let demand = digest.map(|credentials| Demand { realm: REALM.into(), credentials });
        let port = Port::open(Opening { bind, carrier: None, tls }, clock, |c| c.demand = demand)?;
        let local_addr = port.local_addr();
        let (orders, inbox) = unbounded_channel();
        let task = Arc::new(Mutex::new(Some(tokio::spawn(run(port, inbox, events)))));
        Ok(Answerer { orders, local_addr, task })
    }

    pub fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// 180.
    pub fn ring(&self, dialog: DialogId) {
        self.order(Command::Ring { dialog });
    }

    /// 183 with our side: the caller hears us before the answer. What `answer` says later of address and codec is then known.
    pub fn progress(&self, dialog: DialogId, local_media: SocketAddr, codec: Codec) {
        self.order(Command::Progress { dialog, media: local_media, codec });
    }

    /// 200: we hear at `local_media` and speak `codec`, which the caller must have offered (else it gets 488).
    pub fn answer(&self, dialog: DialogId, local_media: SocketAddr, codec: Codec) {
        self.order(Command::Answer { dialog, media: local_media, codec });
    }

    /// A final failure, 300 to 699. No event follows.
    pub fn reject(&self, dialog: DialogId, status: u16) {
        self.order(Command::Reject { dialog, status });
    }

    /// Never says anything to this INVITE. No event follows. To be ordered within 200 ms of `Incoming`.
    pub fn ignore(&self, dialog: DialogId) {
        self.order(Command::Ignore { dialog });
    }

    /// BYE (`Ended` follows), or 480 to a call not answered yet (no event follows).
    pub fn hangup(&self, dialog: DialogId) {
        self.order(Command::Hangup { dialog });
    }

    /// Ends all calls, waits for the callers to agree, for 1 s at the most, and closes the socket.
    pub async fn stop(&self) {
        let _ = self.orders.send(Order::Stop);
        let task = self.task.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(task) = task
            && let Err(error) = task.await
        {
            tracing::error!(%error, "the answerer's task ended badly");
        }
    }

    fn order(&self, command: Command) {
        // After `stop` there is no call left to give orders about.
        let _ = self.orders.send(Order::Call(command));
    }
}

async fn run(mut port: Port, mut inbox: UnboundedReceiver<Order>, events: UnboundedSender<AnswererEvent>) {
    loop {
        let told = tokio::select! {
            () = port.ready() => port.turn(),
            order = inbox.recv() => match order {
                Some(Order::Call(command)) => port.order(command),
                Some(Order::Stop) | None => break,
            },
        };
        tell(&events, told);
    }
    let told = port.order(Command::Close);
    tell(&events, told);
    let patience = tokio::time::sleep(STOP_PATIENCE);
    tokio::pin!(patience);
    while port.calls_open() > 0 {
        let told = tokio::select! {
            () = port.ready() => port.turn(),
            () = &mut patience => break,
        };
        tell(&events, told);
    }
}

fn tell(events: &UnboundedSender<AnswererEvent>, told: Vec<(Mono, Event)>) {
    for (at, event) in told {
        let (dialog, kind) = match event {
            Event::Incoming { dialog, to_user, from_user, media, replaces: _ } => {
                let kind = match media {
                    Some(media) => AnswererEventKind::Incoming { to_user, from_user, media },
                    None => AnswererEventKind::IncomingWithoutOffer { to_user, from_user },
                };
                (dialog, kind)
            }
            Event::MediaChanged { dialog, media } => (dialog, AnswererEventKind::Moved(media)),
            Event::Digit { dialog, digit, .. } => (dialog, AnswererEventKind::Digit(digit)),
            Event::Acked { dialog } => (dialog, AnswererEventKind::Acked),
            Event::Cancelled { dialog } => (dialog, AnswererEventKind::Cancelled),
            Event::Ended { dialog, .. } => (dialog, AnswererEventKind::Ended),
            // An answerer makes no calls, has no peer, asks nothing of its callers and lets none send it away.
            Event::Ringing { .. }
            | Event::Answered { .. }
            | Event::Failed { .. }
            | Event::EarlyMedia { .. }
            | Event::OfferRefused { .. }
            | Event::Referred { .. }
            | Event::ReferAsked { .. }
            | Event::PeerUp
            | Event::PeerDown
            | Event::Registered { .. } => continue,
        };
        // The listener may be gone while we are still hanging up.
        let _ = events.send(AnswererEvent { dialog, at, kind });
    }
}
