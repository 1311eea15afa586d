//! The sockets of one end and the user agent behind them: datagrams, streams, and where the peer is.

use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket as StdSocket};
use std::sync::Arc;
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::{TcpListener, UdpSocket};
use tokio::sync::mpsc;

use super::connection::Incoming;
use super::locator::{self, Located, PeerAddress};
use super::streams::{Streams, canonical};
use super::tls::Tls;
use super::trace::{Record, Trace, Way};
use crate::sip::{Caller, Command, Config, Contacts, DialogId, Event, Hop, Input, Output, Peer, Transport, UserAgent};
use crate::time::{Clock, Mono, Wall};

/// The default of about 200 kB drops packets when some hundred calls begin at once.
const RECEIVE_BUFFER: usize = 4 << 20;

/// New calls begun before timers and orders are looked at again.
const MESSAGES_MAX: usize = 64;

/// Messages read meanwhile: what belongs to calls that are there already is answered as it is read, ahead of new calls.
const READ_MAX: usize = 1_024;

/// New calls that wait for their turn. Who comes when so many wait is told at once to come later.
const WAITING_MAX: usize = 512;

/// Free ports tried until one is free for UDP and TCP alike.
const PORTS_TRIED: usize = 32;

/// RFC 3261 §18.1.1: a larger request goes over TCP, when nothing is known about the way.
const DATAGRAM_BYTES_MAX: usize = 1_300;

/// What a port listens to, and whom it talks to.
pub(super) struct Opening<'a> {
    pub bind: SocketAddr,
    pub carrier: Option<&'a PeerAddress>,
    /// Where there is no carrier to name them.
    pub tls: Option<&'a Tls>,
}

pub(super) struct Port {
    /// None on a trunk that speaks TLS only.
    datagrams: Option<UdpSocket>,
    streams: Streams,
    located: Option<mpsc::Receiver<Located>>,
    local_addr: SocketAddr,
    /// `bind` left our own address open.
    open_addr: bool,
    agent: UserAgent,
    clock: Arc<Clock>,
    buffer: Box<[u8]>,
    /// Taken by `ready`, for `turn` to work with.
    arrived: Option<Arrived>,
    /// Since when datagrams have been waiting; `None`: all have been read.
    waiting_since: Option<Mono>,
    /// New calls, and who takes one of them back, in the order in which they came.
    waiting: VecDeque<Waiting>,
    /// Where messages are kept.
    pub trace: Option<Trace>,
}

struct Waiting {
    since: Mono,
    from: Hop,
    bytes: Vec<u8>,
}

enum Arrived {
    Stream(Incoming),
    Place(Located),
}

impl Port {
    /// Within a tokio runtime. Errors: an address cannot be bound, a certificate cannot be used; the text says which.
    pub fn open(opening: Opening, clock: Arc<Clock>, configure: impl FnOnce(&mut Config)) -> io::Result<Port> {
        let Opening { bind, carrier, tls } = opening;
        let secure_only = carrier.is_some_and(|c| c.transport == Some(Transport::Tls)) || tls.is_some();
        let tls = tls.or(carrier.and_then(|c| c.tls.as_ref()));
        let host = carrier.map_or("localhost", |c| c.host.as_str());
        let sides = tls.map(|tls| tls.load(host)).transpose()?;
        if secure_only && sides.is_none() {
            return Err(io::Error::other("a trunk over TLS needs a section `tls`"));
        }
        let acceptor = sides.as_ref().and_then(|s| s.acceptor.clone());
        let keep = carrier.map(|c| c.keep).unwrap_or_default();
        let mut streams = Streams::new(bind, sides, keep, clock.clone());
        let (datagrams, mut local_addr) = if secure_only {
            match acceptor {
                Some(acceptor) => {
                    let listener = listen(bind)?;
                    let addr = listener.local_addr()?;
                    streams.listen(listener, Some(acceptor));
                    (None, addr)
                }
                // Nobody can connect to us; the carrier speaks to us down the connection that we open.
                None => {
                    let port = if bind.port() == 0 { Transport::Tls.default_port() } else { bind.port() };
                    (None, SocketAddr::new(bind.ip(), port))
                }
            }
        } else {
            let (socket, listener) = listen_both(bind)?;
            let addr = socket.local_addr()?;
            streams.listen(listener, None);
            (Some(socket), addr)
        };
        let fixed = carrier.and_then(PeerAddress::fixed);
        let open_addr = local_addr.ip().is_unspecified();
        if let (true, Some(towards)) = (open_addr, fixed) {
            local_addr.set_ip(own_ip(local_addr.ip(), towards.addr)?);
        }
        let mut config = Config::new(local_addr, rand::random());
        config.datagram_bytes_max = DATAGRAM_BYTES_MAX;
        let mut located = None;
        if let Some(carrier) = carrier {
            config.peer = fixed.map(|hop| Peer { host: carrier.name(), hop });
            if fixed.is_none() {
                config.domain = Some(carrier.name());
                let (told, receiver) = mpsc::channel(1);
                tokio::spawn(locator::watch(carrier.clone(), bind.is_ipv4(), told));
                located = Some(receiver);
            }
        }
        configure(&mut config);
        let agent = UserAgent::new(clock.mono(), config);
        let buffer = vec![0; 65_536].into_boxed_slice();
        Ok(Port {
            datagrams,
            streams,
            located,
            local_addr,
            open_addr,
            agent,
            clock,
            buffer,
            arrived: None,
            waiting_since: None,
            waiting: VecDeque::new(),
            trace: None,
        })
    }

    pub fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    pub fn now(&self) -> Mono {
        self.clock.mono()
    }

    pub fn calls_open(&self) -> usize {
        self.agent.calls_open()
    }

    /// Says in the trace whose call a dialog is.
    pub fn name(&self, dialog: DialogId, call: i64) {
        if let (Some(trace), Some(call_id)) = (&self.trace, self.agent.call_id(dialog)) {
            trace.note(Record { call, ..self.record(Way::Named, Hop::udp(self.local_addr), call_id.as_bytes()) });
        }
    }

    fn note(&self, way: Way, hop: Hop, bytes: &[u8]) {
        if let Some(trace) = &self.trace {
            trace.note(self.record(way, hop, bytes));
        }
    }

    fn record(&self, way: Way, hop: Hop, bytes: &[u8]) -> Record {
        let (at, local) = (self.wall(), self.local_addr);
        Record { at, way, transport: hop.transport, local, peer: hop.addr, call: 0, bytes: bytes.to_vec() }
    }

    pub fn wall(&self) -> Wall {
        self.clock.now().wall
    }

    /// As [`UserAgent::is_busy`].
    pub fn is_busy(&self) -> bool {
        self.agent.is_busy()
    }

    /// What is told of who rings, beside From.
    pub fn caller(&self, dialog: DialogId) -> Caller {
        self.agent.caller(dialog).cloned().unwrap_or_default()
    }

    /// As [`UserAgent::vouch`].
    pub fn vouch(&mut self, dialog: DialogId, identity: String) {
        self.agent.vouch(dialog, identity);
    }

    pub fn reserve(&mut self) -> DialogId {
        self.agent.reserve()
    }

    /// Waits until [`Port::turn`] has something to do. May be dropped at any time.
    pub async fn ready(&mut self) {
        if self.arrived.is_some() {
            return;
        }
        if !self.waiting.is_empty() {
            // Others on this thread have their turn all the same.
            return tokio::task::yield_now().await;
        }
        let wait = self.agent.deadline().map(|at| at.since(self.now()).max(Duration::from_micros(1)));
        let datagrams = &self.datagrams;
        let readable = async {
            match datagrams {
                // A wake-up without cause costs one empty turn; an error shows again when reading.
                Some(socket) => drop(socket.readable().await),
                None => std::future::pending().await,
            }
        };
        let located = &mut self.located;
        let place = async {
            match located {
                Some(receiver) => match receiver.recv().await {
                    Some(place) => place,
                    None => std::future::pending().await,
                },
                None => std::future::pending().await,
            }
        };
        let due = async {
            match wait {
                Some(wait) => tokio::time::sleep(wait).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = readable => {}
            incoming = self.streams.next() => self.arrived = Some(Arrived::Stream(incoming)),
            place = place => self.arrived = Some(Arrived::Place(place)),
            () = due => {}
        }
    }

    /// Reads what has come and lets timers fire.
    pub fn turn(&mut self) -> Vec<(Mono, Event)> {
        let began = self.clock.now().mono;
        let late = self.agent.deadline().map_or(Duration::ZERO, |due| began.since(due));
        let waiting = self.waiting_since.map_or(Duration::ZERO, |since| began.since(since));
        let lag = late.max(waiting);
        self.agent.lags(lag);
        // Until a turn finds the queue empty, packets have been waiting at least since this one.
        self.waiting_since.get_or_insert(began);
        let mut told = Vec::new();
        match self.arrived.take() {
            Some(Arrived::Place(place)) => self.on_located(place, &mut told),
            Some(Arrived::Stream(incoming)) => self.on_incoming(incoming, &mut told),
            None => {}
        }
        for _ in 0..READ_MAX {
            let Some(incoming) = self.streams.try_next() else { break };
            self.on_incoming(incoming, &mut told);
        }
        self.read_datagrams(&mut told);
        for _ in 0..MESSAGES_MAX {
            let Some(Waiting { since, from, bytes }) = self.waiting.pop_front() else { break };
            let now = self.clock.mono();
            self.agent.lags(lag.max(now.since(since)));
            self.hand_on(now, from, &bytes, &mut told);
        }
        let now = self.clock.mono();
        if self.agent.deadline().is_some_and(|at| at <= now) {
            let outputs = self.agent.handle(now, Input::Ticked);
            self.carry_out(now, outputs, &mut told);
        }
        told
    }

    fn read_datagrams(&mut self, told: &mut Vec<(Mono, Event)>) {
        for _ in 0..READ_MAX {
            let Some(socket) = &self.datagrams else {
                self.waiting_since = None;
                return;
            };
            match socket.try_recv_from(&mut self.buffer) {
                Ok((length, from)) => {
                    let buffer = std::mem::take(&mut self.buffer);
                    self.take(Hop::udp(canonical(from)), &buffer[..length], told);
                    self.buffer = buffer;
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.waiting_since = None;
                    return;
                }
                // ICMP of an earlier packet, for instance: its transaction times out by itself.
                Err(error) => {
                    tracing::debug!(%error, "receiving SIP");
                    return;
                }
            }
        }
    }

    /// A message that has been read: handed on at once, unless it is about a new call.
    fn take(&mut self, from: Hop, bytes: &[u8], told: &mut Vec<(Mono, Event)>) {
        let now = self.clock.mono();
        self.note(Way::In, from, bytes);
        let invites = is_new_call(bytes);
        // Who takes back a call that still waits must not overtake it.
        let withdraws = bytes.starts_with(b"CANCEL ") && !self.waiting.is_empty();
        if (invites && self.waiting.len() < WAITING_MAX) || (withdraws && self.waiting.len() < 2 * WAITING_MAX) {
            self.waiting.push_back(Waiting { since: now, from, bytes: bytes.to_vec() });
            return;
        }
        if invites {
            // As late as can be: it is refused before it costs anything.
            self.agent.lags(Duration::MAX);
        }
        self.hand_on(now, from, bytes, told);
    }

    fn hand_on(&mut self, now: Mono, from: Hop, bytes: &[u8], told: &mut Vec<(Mono, Event)>) {
        let outputs = self.agent.handle(now, Input::Message { from, bytes });
        self.carry_out(now, outputs, told);
    }

    fn on_incoming(&mut self, incoming: Incoming, told: &mut Vec<(Mono, Event)>) {
        let now = self.clock.mono();
        let outputs = match &incoming {
            Incoming::Message { from, bytes } => {
                self.streams.on_heard(*from);
                self.take(*from, bytes, told);
                Vec::new()
            }
            Incoming::Unframed { from, status, head } => {
                self.agent.handle(now, Input::Unframed { from: *from, status: *status, head })
            }
            Incoming::Gone { hop, why } => {
                tracing::info!(peer = %hop.addr, transport = hop.transport.as_str(), why, "a connection has ended");
                self.streams.on_gone(now, *hop);
                self.agent.handle(now, Input::Unreachable { hop: *hop })
            }
        };
        self.carry_out(now, outputs, told);
        if let Incoming::Unframed { from, .. } = incoming {
            self.streams.close(from.connection);
        }
    }

    fn on_located(&mut self, place: Located, told: &mut Vec<(Mono, Event)>) {
        let targets = place.unwrap_or_default();
        if let (true, Some(first)) = (self.open_addr, targets.first()) {
            match own_ip(self.local_addr.ip(), first.hop.addr) {
                Ok(ip) => {
                    self.local_addr.set_ip(ip);
                    self.open_addr = false;
                    self.agent.set_contacts(Contacts::all(self.local_addr));
                }
                Err(error) => tracing::warn!(%error, peer = %first.hop.addr, "no way to the carrier"),
            }
        }
        let now = self.clock.mono();
        let outputs = self.agent.handle(now, Input::Located { targets });
        self.carry_out(now, outputs, told);
    }

    pub fn order(&mut self, command: Command) -> Vec<(Mono, Event)> {
        let now = self.clock.mono();
        let outputs = self.agent.handle(now, Input::Command(command));
        let mut told = Vec::new();
        self.carry_out(now, outputs, &mut told);
        told
    }

    fn carry_out(&mut self, now: Mono, outputs: Vec<Output>, told: &mut Vec<(Mono, Event)>) {
        // A message that cannot be sent has consequences, and those may be messages; each target is tried once for a call,
        // so that this ends.
        let mut outputs = VecDeque::from(outputs);
        loop {
            while let Some(hop) = self.agent.take_abandoned() {
                if let Some(hop) = self.streams.abandon(hop) {
                    outputs.extend(self.agent.handle(now, Input::Unreachable { hop }));
                }
            }
            let Some(output) = outputs.pop_front() else { return };
            match output {
                Output::Send { to, bytes } => {
                    if !self.send(now, to, bytes) {
                        outputs
                            .extend(self.agent.handle(now, Input::Unreachable { hop: Hop { connection: None, ..to } }));
                    }
                }
                Output::Event(event) => told.push((now, event)),
            }
        }
    }

    /// `false`: there is no way there.
    fn send(&mut self, now: Mono, to: Hop, bytes: Vec<u8>) -> bool {
        self.note(Way::Out, to, &bytes);
        match (to.transport, &self.datagrams) {
            (Transport::Udp, Some(socket)) => match socket.try_send_to(&bytes, to.addr) {
                Ok(_) => true,
                // As if the network had lost it: the transaction sends it again.
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => true,
                Err(error) => {
                    tracing::debug!(%error, peer = %to.addr, "sending SIP");
                    false
                }
            },
            (Transport::Udp, None) => false,
            (Transport::Tcp | Transport::Tls, _) => self.streams.send(now, to, bytes),
        }
    }
}

/// Whether this asks for a call that is not there yet. Only the start line and To are looked at: it is asked of every message,
/// before anything is known of it. What cannot be read like this is not kept waiting.
fn is_new_call(bytes: &[u8]) -> bool {
    if !bytes.starts_with(b"INVITE ") {
        return false;
    }
    let lines = bytes.split(|b| *b == b'\n').skip(1).map(<[u8]>::trim_ascii).take_while(|line| !line.is_empty());
    let to = lines.filter_map(|line| {
        let colon = line.iter().position(|b| *b == b':')?;
        let name = line[..colon].trim_ascii();
        (name.eq_ignore_ascii_case(b"To") || name.eq_ignore_ascii_case(b"t")).then(|| &line[colon + 1..])
    });
    !to.take(1).any(|value| value.windows(5).any(|w| w.eq_ignore_ascii_case(b";tag=")))
}

/// Our own address, as the system would use it towards `to`.
fn own_ip(unspecified: IpAddr, to: SocketAddr) -> io::Result<IpAddr> {
    let probe = StdSocket::bind(SocketAddr::new(unspecified, 0))?;
    probe.connect(to)?;
    Ok(probe.local_addr()?.ip())
}

fn taken(what: &str, addr: SocketAddr, error: &io::Error) -> io::Error {
    let hint = match error.kind() {
        io::ErrorKind::AddrInUse => ": another program listens there; `bind` another port, or 0 for any free one",
        io::ErrorKind::AddrNotAvailable => ": this machine has no such address; `bind` one of its own, or 0.0.0.0",
        io::ErrorKind::PermissionDenied => ": ports below 1024 need a privilege; `bind` a higher one",
        _ => "",
    };
    io::Error::new(error.kind(), format!("{what} {addr} cannot be bound ({error}){hint}"))
}

fn datagrams(bind: SocketAddr) -> io::Result<UdpSocket> {
    let open = || {
        let socket = Socket::new(Domain::for_address(bind), Type::DGRAM, Some(Protocol::UDP))?;
        socket.set_recv_buffer_size(RECEIVE_BUFFER)?;
        socket.set_nonblocking(true)?;
        socket.bind(&bind.into())?;
        UdpSocket::from_std(socket.into())
    };
    open().map_err(|e| taken("UDP", bind, &e))
}

fn listen(bind: SocketAddr) -> io::Result<TcpListener> {
    let open = || {
        let socket = Socket::new(Domain::for_address(bind), Type::STREAM, Some(Protocol::TCP))?;
        // A port whose last connections are still dying is ours all the same.
        socket.set_reuse_address(true)?;
        socket.set_nonblocking(true)?;
        socket.bind(&bind.into())?;
        socket.listen(128)?;
        TcpListener::from_std(socket.into())
    };
    open().map_err(|e| taken("TCP", bind, &e))
}

/// UDP and TCP on the same port (RFC 3261 §18.2.1).
fn listen_both(bind: SocketAddr) -> io::Result<(UdpSocket, TcpListener)> {
    let mut tried = 0;
    loop {
        let socket = datagrams(bind)?;
        match listen(socket.local_addr()?) {
            Ok(listener) => return Ok((socket, listener)),
            Err(_) if bind.port() == 0 && tried < PORTS_TRIED => tried += 1,
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_calls_are_told_from_those_that_are_there() {
        for (message, expected) in [
            ("INVITE sip:a@b SIP/2.0\r\nFrom: <sip:c@d>;tag=1\r\nTo: <sip:a@b>\r\n\r\n", true),
            ("INVITE sip:a@b SIP/2.0\r\nTo: <sip:a@b>;tag=2\r\n\r\n", false),
            ("INVITE sip:a@b SIP/2.0\nt :<sip:a@b>;TAG=2\n\n", false),
            // A tag of somebody else's, or behind the header.
            ("INVITE sip:a@b SIP/2.0\r\nTo: <sip:a@b>\r\nX: ;tag=3\r\n\r\nTo: x;tag=4\r\n", true),
            ("INVITE sip:a@b SIP/2.0\r\n", true),
            ("BYE sip:a@b SIP/2.0\r\nTo: <sip:a@b>;tag=2\r\n\r\n", false),
            ("SIP/2.0 200 OK\r\nCSeq: 1 INVITE\r\n\r\n", false),
            ("", false),
        ] {
            assert_eq!(is_new_call(message.as_bytes()), expected, "{message}");
        }
    }
}
