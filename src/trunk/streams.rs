//! The TCP and TLS connections of one port: which there are, which leads where, and when a new one may be tried. One to a
//! place, in use both ways as long as it stands (RFC 5923).

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use super::connection::{self, Incoming, Keep, Outgoing, QUEUE_MAX, Setting};
use super::tls::Sides;
use crate::sip::{ConnectionId, Hop, Transport};
use crate::time::{Clock, Mono};

/// Connections opened by others, at once; more are closed as they come.
const GUESTS_MAX: usize = 256;

/// Messages that have come and wait to be read.
const INCOMING_MAX: usize = 4_096;

/// After a failed attempt the next one waits, each time twice as long.
const BACK_OFF_MIN: Duration = Duration::from_millis(500);
const BACK_OFF_MAX: Duration = Duration::from_secs(30);

/// Bytes that were sent and not acknowledged for so long end the connection: the way there is cut (RFC 5482).
const UNACKED_MAX: Duration = Duration::from_secs(10);

type Place = (Transport, SocketAddr);

struct Live {
    hop: Hop,
    ours: bool,
    /// A message has come over it.
    heard: bool,
    out: mpsc::Sender<Outgoing>,
    task: AbortHandle,
}

impl Drop for Live {
    fn drop(&mut self) {
        self.task.abort();
    }
}

#[derive(Clone, Copy)]
struct BackOff {
    until: Mono,
    wait: Duration,
}

/// A connection that somebody has opened to us.
struct Guest {
    hop: Hop,
    out: mpsc::Sender<Outgoing>,
    task: AbortHandle,
}

pub(super) struct Streams {
    live: HashMap<ConnectionId, Live>,
    by_place: HashMap<Place, ConnectionId>,
    back_off: HashMap<Place, BackOff>,
    tls: Option<Sides>,
    bind: SocketAddr,
    keep: Keep,
    clock: Arc<Clock>,
    ids: Arc<AtomicU64>,
    incoming: mpsc::Receiver<Incoming>,
    to_incoming: mpsc::Sender<Incoming>,
    guests: mpsc::Receiver<Guest>,
    to_guests: mpsc::Sender<Guest>,
    listeners: Vec<AbortHandle>,
}

impl Streams {
    /// `bind`: the address that connections are opened from; its port is not used.
    pub fn new(bind: SocketAddr, tls: Option<Sides>, keep: Keep, clock: Arc<Clock>) -> Streams {
        let (to_incoming, incoming) = mpsc::channel(INCOMING_MAX);
        let (to_guests, guests) = mpsc::channel(16);
        Streams {
            live: HashMap::new(),
            by_place: HashMap::new(),
            back_off: HashMap::new(),
            tls,
            bind,
            keep,
            clock,
            ids: Arc::new(AtomicU64::new(1)),
            incoming,
            to_incoming,
            guests,
            to_guests,
            listeners: Vec::new(),
        }
    }

    /// Takes connections too. `acceptor`: over TLS.
    pub fn listen(&mut self, listener: TcpListener, acceptor: Option<TlsAcceptor>) {
        let (ids, clock, incoming) = (self.ids.clone(), self.clock.clone(), self.to_incoming.clone());
        let (guests, keep) = (self.to_guests.clone(), self.keep);
        let task = tokio::spawn(async move {
            loop {
                let (stream, addr) = match listener.accept().await {
                    Ok(accepted) => accepted,
                    Err(error) => {
                        // Out of file descriptors, most likely; some calls will end.
                        tracing::warn!(%error, "a connection cannot be taken");
                        tokio::time::sleep(BACK_OFF_MIN).await;
                        continue;
                    }
                };
                let transport = if acceptor.is_some() { Transport::Tls } else { Transport::Tcp };
                let connection = Some(ConnectionId(ids.fetch_add(1, Ordering::Relaxed)));
                let hop = Hop { connection, ..Hop::new(transport, canonical(addr)) };
                let setting = Setting { hop, keep, ours: false, clock: clock.clone(), incoming: incoming.clone() };
                let (out, outbox) = mpsc::channel(QUEUE_MAX);
                let (acceptor, weak) = (acceptor.clone(), out.downgrade());
                // It waits for the port to know it, so that nothing comes from a connection nobody has heard of.
                let (known, is_known) = tokio::sync::oneshot::channel::<()>();
                let task = tokio::spawn(async move {
                    let why = match is_known.await {
                        Ok(()) => converse_as_host(stream, acceptor, &setting, outbox, weak).await,
                        Err(_) => return,
                    };
                    let _ = setting.incoming.send(Incoming::Gone { hop: setting.hop, why }).await;
                });
                if guests.send(Guest { hop, out, task: task.abort_handle() }).await.is_err() {
                    return;
                }
                let _ = known.send(());
            }
        });
        self.listeners.push(task.abort_handle());
    }

    /// Waits for the next thing that has come. May be dropped at any time.
    pub async fn next(&mut self) -> Incoming {
        loop {
            tokio::select! {
                biased;
                Some(guest) = self.guests.recv() => self.admit(guest),
                Some(incoming) = self.incoming.recv() => return incoming,
                else => std::future::pending().await,
            }
        }
    }

    /// What has come already.
    pub fn try_next(&mut self) -> Option<Incoming> {
        while let Ok(guest) = self.guests.try_recv() {
            self.admit(guest);
        }
        self.incoming.try_recv().ok()
    }

    fn admit(&mut self, Guest { hop, out, task }: Guest) {
        let live = Live { hop, ours: false, heard: false, out, task };
        if self.live.values().filter(|l| !l.ours).count() >= GUESTS_MAX {
            tracing::warn!(peer = %hop.addr, "too many connections; this one is closed");
            return;
        }
        if let Some(id) = hop.connection {
            self.live.insert(id, live);
        }
    }

    /// Queues a message. `false`: there is no way, or the peer does not read.
    pub fn send(&mut self, now: Mono, to: Hop, bytes: Vec<u8>) -> bool {
        let known = to.connection.filter(|id| self.live.contains_key(id));
        let known = known.or_else(|| self.by_place.get(&(to.transport, to.addr)).copied());
        let Some(id) = known.or_else(|| self.open(now, to)) else { return false };
        let Some(live) = self.live.get(&id) else { return false };
        if live.out.try_send(Outgoing::Message(bytes)).is_err() {
            tracing::warn!(peer = %live.hop.addr, "a connection is given up: the peer does not read");
            self.forget(id);
            return false;
        }
        true
    }

    /// Closes a connection when everything queued has been written.
    pub fn close(&mut self, connection: Option<ConnectionId>) {
        if let Some(live) = connection.and_then(|id| self.live.get(&id)) {
            let _ = live.out.try_send(Outgoing::Close);
        }
    }

    /// Drops the connection to a place that does not answer. Says which it was.
    pub fn abandon(&mut self, hop: Hop) -> Option<Hop> {
        let id = self.by_place.get(&(hop.transport, hop.addr)).copied()?;
        tracing::warn!(peer = %hop.addr, "a connection is given up: nothing is answered over it");
        self.forget(id);
        Some(Hop { connection: Some(id), ..hop })
    }

    /// A connection has ended. `hop`: as it said itself.
    pub fn on_gone(&mut self, now: Mono, hop: Hop) {
        let Some(id) = hop.connection else { return };
        let place = (hop.transport, hop.addr);
        // One that has worked may be opened again at once: something may hang on it, such as a telephone that rings.
        if self.live.get(&id).is_some_and(|l| l.ours && !l.heard) {
            let wait = self.back_off.get(&place).map_or(BACK_OFF_MIN, |b| (b.wait * 2).min(BACK_OFF_MAX));
            self.back_off.insert(place, BackOff { until: now + wait, wait });
        }
        self.forget(id);
    }

    /// Something has come over it, so that it works.
    pub fn on_heard(&mut self, hop: Hop) {
        if let Some(live) = hop.connection.and_then(|id| self.live.get_mut(&id))
            && !std::mem::replace(&mut live.heard, true)
        {
            self.back_off.remove(&(hop.transport, hop.addr));
        }
    }

    fn forget(&mut self, id: ConnectionId) {
        if let Some(live) = self.live.remove(&id) {
            self.by_place.retain(|_, known| *known != id);
            drop(live);
        }
    }

    fn open(&mut self, now: Mono, to: Hop) -> Option<ConnectionId> {
        let place = (to.transport, to.addr);
        if self.back_off.get(&place).is_some_and(|b| b.until > now) {
            return None;
        }
        let tls = match to.transport {
            Transport::Udp => return None,
            Transport::Tcp => None,
            Transport::Tls => Some(self.tls.clone()?),
        };
        let id = ConnectionId(self.ids.fetch_add(1, Ordering::Relaxed));
        let hop = Hop { connection: Some(id), ..to };
        let (keep, clock, incoming) = (self.keep, self.clock.clone(), self.to_incoming.clone());
        let setting = Setting { hop, keep, ours: true, clock, incoming };
        let (out, outbox) = mpsc::channel(QUEUE_MAX);
        let (bind, weak) = (self.bind, out.downgrade());
        let task = tokio::spawn(async move {
            let why = converse_as_visitor(bind, tls, &setting, outbox, weak).await;
            let _ = setting.incoming.send(Incoming::Gone { hop: setting.hop, why }).await;
        });
        self.live.insert(id, Live { hop, ours: true, heard: false, out, task: task.abort_handle() });
        self.by_place.insert(place, id);
        Some(id)
    }
}

impl Drop for Streams {
    fn drop(&mut self) {
        for listener in &self.listeners {
            listener.abort();
        }
    }
}

async fn converse_as_visitor(
    bind: SocketAddr,
    tls: Option<Sides>,
    setting: &Setting,
    outbox: mpsc::Receiver<Outgoing>,
    to_self: mpsc::WeakSender<Outgoing>,
) -> String {
    let connected = timeout(setting.keep.connect, connect(bind, setting.hop.addr)).await;
    let stream = match connected {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => return format!("cannot be connected to: {error}"),
        Err(_) => return "cannot be connected to: no answer".into(),
    };
    match tls {
        None => connection::run(stream, setting, outbox, to_self).await,
        Some(sides) => {
            let hands = sides.connector.connect(sides.server_name.clone(), stream);
            let with = format!("TLS with {:?}", sides.server_name);
            converse_behind(hands, &with, setting, outbox, to_self).await
        }
    }
}

async fn converse_as_host(
    stream: TcpStream,
    acceptor: Option<TlsAcceptor>,
    setting: &Setting,
    outbox: mpsc::Receiver<Outgoing>,
    to_self: mpsc::WeakSender<Outgoing>,
) -> String {
    tune(&stream);
    match acceptor {
        None => connection::run(stream, setting, outbox, to_self).await,
        Some(acceptor) => converse_behind(acceptor.accept(stream), "TLS", setting, outbox, to_self).await,
    }
}

/// When hands have been shaken, at either end; `what`: the words for that.
async fn converse_behind<S: AsyncRead + AsyncWrite + Unpin>(
    hands: impl Future<Output = io::Result<S>>,
    what: &str,
    setting: &Setting,
    outbox: mpsc::Receiver<Outgoing>,
    to_self: mpsc::WeakSender<Outgoing>,
) -> String {
    match timeout(setting.keep.connect, hands).await {
        Ok(Ok(stream)) => connection::run(stream, setting, outbox, to_self).await,
        Ok(Err(error)) => format!("{what} failed: {error}"),
        Err(_) => format!("{what} failed: no answer"),
    }
}

async fn connect(bind: SocketAddr, to: SocketAddr) -> io::Result<TcpStream> {
    let socket = if to.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    if !bind.ip().is_unspecified() && bind.is_ipv4() == to.is_ipv4() {
        socket.bind(SocketAddr::new(bind.ip(), 0))?;
    }
    let stream = socket.connect(to).await?;
    tune(&stream);
    Ok(stream)
}

/// Small messages leave at once, and a way that is cut is noticed. Systems that know no such options do without.
fn tune(stream: &TcpStream) {
    let _ = stream.set_nodelay(true);
    let socket = SockRef::from(stream);
    let keepalive = TcpKeepalive::new().with_time(Duration::from_secs(30)).with_interval(Duration::from_secs(5));
    let _ = socket.set_tcp_keepalive(&keepalive.with_retries(3));
    let _ = socket.set_tcp_user_timeout(Some(UNACKED_MAX));
}

/// An IPv4 address that came through a socket for both families is one (RFC 4291 §2.5.5.2).
pub(super) fn canonical(addr: SocketAddr) -> SocketAddr {
    SocketAddr::new(addr.ip().to_canonical(), addr.port())
}
