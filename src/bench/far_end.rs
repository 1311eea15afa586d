//! The far end of very many calls, in a process of its own: answers, talks, presses a key, and measures what it hears by the
//! kernel's time of arrival. One thread, one loop.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, UdpSocket};
use std::os::fd::AsRawFd;

use anyhow::Context;

use super::line::{Line, State, Sums};
use super::seen::{Glance, Seen};
use super::sys::{BATCH, Inbox, Outgoing, audio_socket, own_cpu_us, pin, read_now, send_all, wait, widen};
use super::wording::{Kind, Wording, session};
use crate::time::Clock;

/// Each of our ports is the far end of so many calls. They send together, so that one system call sends for all.
const CALLS_PER_PORT: usize = 16;
/// For the limit of open files; calls share ports, so that it is far beyond what is needed.
const CALLS_MAX: u32 = 2_000;
/// Ports take turns: each is served once in 20 ms.
const TURNS: u64 = 20;
/// SIP messages read before the ports are looked at again.
const MESSAGES_MAX: usize = 64;
/// Batches read from one port at a turn: 32 ms' worth of a port whose calls send every 20 ms, many times over.
const BATCHES_MAX: usize = 8;
/// RFC 3261 §13.3.1.4: the 200 is repeated until its ACK.
const REPEAT_US: u64 = 500_000;
const REPEATS_MAX: u8 = 7;
/// After BYE, how long packets that are on their way are waited for.
const LEAVING_US: u64 = 60_000;
/// How often OPTIONS is sent while the engine starts.
const PROBE_US: u64 = 1_000;

/// What `ringback bench-far-end` is told.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// How long a call rings.
    #[arg(long, default_value_t = 0)]
    ring_ms: u64,
    /// Whether the far end talks.
    #[arg(long)]
    talk: bool,
    /// The core to stay on.
    #[arg(long)]
    core: Option<usize>,
}

enum Due {
    Answer(usize),
    /// Send the 200 again, for the so-manieth time.
    Repeat(usize, u8),
    Press(usize),
    Close(usize),
}

struct Port {
    socket: UdpSocket,
    addr: SocketAddrV4,
    calls: Vec<usize>,
    /// Packets lost for want of room.
    dropped: u32,
}

struct FarEnd {
    ring_us: u64,
    talk: bool,
    clock: Clock,
    sip: UdpSocket,
    contact: String,
    lines: Vec<Option<Line>>,
    free: Vec<usize>,
    by_call_id: HashMap<Box<str>, usize>,
    /// By our port's place and the engine's port.
    by_audio: HashMap<(usize, u16), usize>,
    ports: Vec<Port>,
    due: BinaryHeap<Reverse<(u64, u64)>>,
    dues: HashMap<u64, Due>,
    next_due: u64,
    sums: Sums,
    glance: Glance,
    seen: Seen,
    offered_at_us: Vec<u64>,
    /// The engine is asked for a sign of life until it gives one.
    probing: Option<(SocketAddr, u64)>,
    reply: Vec<u8>,
    inbox: Inbox,
}

/// Runs until stdin closes. Prints its address as a line of JSON, then an answer to each order read from stdin: `probe
/// ADDRESS` (when OPTIONS was answered), `press MS` (a key in every call, spread over so long), `look` ([`Glance`]); at the end,
/// [`Seen`].
pub fn run(args: &Args) -> anyhow::Result<()> {
    if let Some(core) = args.core {
        pin(core).with_context(|| format!("cannot stay on core {core}"))?;
    }
    if let Err(why) = crate::serve::descriptors::raise(CALLS_MAX) {
        eprintln!("{why}");
    }
    let sip = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).context("no port for SIP")?;
    sip.set_nonblocking(true)?;
    widen(&sip)?;
    let addr = sip.local_addr()?;
    println!("{}", serde_json::json!({ "sip": addr }));
    std::io::stdout().flush()?;
    let mut far_end = FarEnd {
        ring_us: args.ring_ms * 1000,
        talk: args.talk,
        clock: Clock::system(),
        sip,
        contact: format!("Contact: <sip:far@{addr}>\r\n"),
        lines: Vec::new(),
        free: Vec::new(),
        by_call_id: HashMap::new(),
        by_audio: HashMap::new(),
        ports: Vec::new(),
        due: BinaryHeap::new(),
        dues: HashMap::new(),
        next_due: 0,
        sums: Sums::default(),
        glance: Glance::default(),
        seen: Seen::default(),
        offered_at_us: Vec::new(),
        probing: None,
        reply: Vec::new(),
        inbox: Inbox::default(),
    };
    far_end.serve()?;
    println!("{}", serde_json::to_string(&far_end.conclude())?);
    Ok(())
}

impl FarEnd {
    /// Microseconds since 1970: the clock by which the kernel stamps packets.
    fn now_us(&self) -> u64 {
        u64::try_from(self.clock.now().wall.0).unwrap_or(0)
    }

    fn serve(&mut self) -> anyhow::Result<()> {
        let mut orders = Vec::new();
        let mut served_ms = self.now_us() / 1000;
        loop {
            wait(self.sip.as_raw_fd(), libc::STDIN_FILENO, 1);
            self.take_messages();
            let now = self.now_us();
            while let Some(Reverse((at, id))) = self.due.peek().copied()
                && at <= now
            {
                self.due.pop();
                if let Some(due) = self.dues.remove(&id) {
                    self.come_due(now, due);
                }
            }
            // A late turn serves each port once: what was not sent in time is sent by the turns that follow.
            let turns = (now / 1000).saturating_sub(served_ms).min(TURNS);
            served_ms = now / 1000;
            for turn in served_ms - turns..served_ms {
                for port in (0..self.ports.len()).filter(|port| *port as u64 % TURNS == turn % TURNS) {
                    self.talk(port, now);
                    self.listen(port);
                }
            }
            self.probe(now);
            match read_now(libc::STDIN_FILENO) {
                Some(bytes) if bytes.is_empty() => return Ok(()),
                Some(bytes) => orders.extend(bytes),
                None => {}
            }
            while let Some(end) = orders.iter().position(|b| *b == b'\n') {
                let order = String::from_utf8_lossy(&orders[..end]).into_owned();
                orders.drain(..=end);
                self.obey(now, &order)?;
            }
        }
    }

    fn obey(&mut self, now: u64, order: &str) -> anyhow::Result<()> {
        match order.split_once(' ').unwrap_or((order, "")) {
            ("look", _) => println!("{}", serde_json::to_string(&self.glance)?),
            ("press", ms) => {
                let spread = ms.parse::<u64>().context("press MS")? * 1000;
                let up: Vec<usize> = (0..self.lines.len())
                    .filter(|n| self.lines[*n].as_ref().is_some_and(|line| line.state == State::Up))
                    .collect();
                for (n, line) in up.iter().enumerate() {
                    self.plan(now + spread * n as u64 / up.len() as u64, Due::Press(*line));
                }
                println!("{}", up.len());
            }
            ("probe", to) => self.probing = Some((to.parse().context("probe ADDRESS")?, now)),
            (other, _) => anyhow::bail!("no such order: {other}"),
        }
        std::io::stdout().flush()?;
        Ok(())
    }

    fn plan(&mut self, at: u64, due: Due) {
        self.next_due += 1;
        self.due.push(Reverse((at, self.next_due)));
        self.dues.insert(self.next_due, due);
    }

    fn come_due(&mut self, now: u64, due: Due) {
        match due {
            Due::Answer(n) => self.answer(now, n, 0),
            Due::Repeat(n, times) => {
                if self.lines[n].as_ref().is_some_and(|line| line.state == State::Answering) {
                    if times >= REPEATS_MAX {
                        self.leave(now, n, true);
                    } else {
                        self.answer(now, n, times);
                    }
                }
            }
            Due::Press(n) => {
                if let Some(line) = self.lines[n].as_mut().filter(|line| line.state == State::Up) {
                    line.press();
                }
            }
            Due::Close(n) => self.close(n),
        }
    }

    fn send(&mut self, to: SocketAddr, bytes: &[u8]) {
        // A full buffer loses it, as a network would: it is asked for again.
        self.seen.messages += u64::from(self.sip.send_to(bytes, to).is_ok());
    }

    fn answer(&mut self, now: u64, n: usize, times: u8) {
        let Some(line) = self.lines[n].as_mut().filter(|l| matches!(l.state, State::Ringing | State::Answering)) else {
            return;
        };
        if times == 0 {
            line.state = State::Answering;
            line.answered_at_us = now;
        }
        let (to, bytes) = (line.reply_to, line.answer.clone());
        self.send(to, &bytes);
        self.plan(now + REPEAT_US, Due::Repeat(n, times + 1));
    }

    fn take_messages(&mut self) {
        let mut buffer = [0; 4096];
        for _ in 0..MESSAGES_MAX {
            // An error is an empty socket, or an ICMP answer to something sent.
            let Ok((length, from)) = self.sip.recv_from(&mut buffer) else { return };
            self.seen.messages += 1;
            let now = self.now_us();
            if let Some(message) = Wording::read(&buffer[..length]) {
                self.message(now, &message, from);
            }
        }
    }

    fn message(&mut self, now: u64, message: &Wording, from: SocketAddr) {
        let known = self.by_call_id.get(message.call_id).copied();
        let mut reply = std::mem::take(&mut self.reply);
        match (message.kind, known) {
            (Kind::Request("INVITE"), None) => self.invited(now, message, from, &mut reply),
            (Kind::Request("INVITE"), Some(n)) => {
                // Repeated: it has not heard us.
                if let Some(line) = self.lines[n].as_ref().filter(|line| line.state == State::Answering) {
                    let bytes = line.answer.clone();
                    self.send(from, &bytes);
                }
            }
            (Kind::Request("ACK"), Some(n)) => {
                if let Some(line) = self.lines[n].as_mut().filter(|line| line.state == State::Answering) {
                    line.state = State::Up;
                    self.glance.up += 1;
                    self.seen.answered += 1;
                    let place = line.port;
                    if self.talk {
                        self.ports[place].calls.push(n);
                    }
                }
            }
            (Kind::Request("ACK"), None) => {}
            (Kind::Request("BYE" | "CANCEL"), _) => {
                message.response("200 OK", "far", "", "", &mut reply);
                self.send(from, &reply);
                if let Some(n) = known {
                    let up = self.lines[n].as_ref().is_some_and(|line| line.state == State::Up);
                    self.leave(now, n, !up);
                }
            }
            (Kind::Request("OPTIONS"), _) => {
                message.response("200 OK", "far", "", "", &mut reply);
                self.send(from, &reply);
            }
            (Kind::Request(_), _) => {
                message.response("501 Not Implemented", "far", "", "", &mut reply);
                self.send(from, &reply);
            }
            (Kind::Response(_), _) => {
                if message.method() == "OPTIONS" && self.probing.take().is_some() {
                    println!("{now}");
                    let _ = std::io::stdout().flush();
                }
            }
        }
        self.reply = reply;
    }

    fn invited(&mut self, now: u64, invite: &Wording, from: SocketAddr, reply: &mut Vec<u8>) {
        let Some((audio, events)) = invite.audio() else {
            invite.response("488 Not Acceptable Here", "far", "", "", reply);
            self.send(from, reply);
            return;
        };
        self.seen.offered += 1;
        self.glance.offered += 1;
        self.offered_at_us.push(now);
        let place = self.free.pop().unwrap_or_else(|| {
            self.lines.push(None);
            self.lines.len() - 1
        });
        let port = place / CALLS_PER_PORT;
        while self.ports.len() <= port {
            match audio_socket(Ipv4Addr::LOCALHOST) {
                Ok(socket) => {
                    let addr = match socket.local_addr() {
                        Ok(SocketAddr::V4(addr)) => addr,
                        _ => unreachable!("bound to an IPv4 address above"),
                    };
                    self.ports.push(Port { socket, addr, calls: Vec::new(), dropped: 0 });
                }
                Err(error) => {
                    eprintln!("the far end has no port left: {error}");
                    self.free.push(place);
                    invite.response("503 Service Unavailable", "far", "", "", reply);
                    self.send(from, reply);
                    return;
                }
            }
        }
        let mut line = Line::new(invite.call_id, from, audio, events, port);
        let tag = format!("far{place}");
        let body = session(self.ports[port].addr, events);
        let more = format!("{}Content-Type: application/sdp\r\n", self.contact);
        invite.response("200 OK", &tag, &more, &body, &mut line.answer);
        invite.response("180 Ringing", &tag, &self.contact, "", reply);
        self.send(from, reply);
        self.by_call_id.insert(invite.call_id.into(), place);
        self.by_audio.insert((port, audio.port()), place);
        self.lines[place] = Some(line);
        if self.ring_us == 0 {
            self.answer(now, place, 0);
        } else {
            self.plan(now + self.ring_us, Due::Answer(place));
        }
    }

    fn leave(&mut self, now: u64, n: usize, failed: bool) {
        let Some(line) = self.lines[n].as_mut() else { return };
        match line.state {
            State::Leaving { .. } => return,
            State::Up => self.glance.up -= 1,
            State::Ringing | State::Answering => {}
        }
        line.state = State::Leaving { failed };
        let port = line.port;
        self.ports[port].calls.retain(|call| *call != n);
        self.plan(now + LEAVING_US, Due::Close(n));
    }

    fn close(&mut self, n: usize) {
        let Some(line) = self.lines[n].take() else { return };
        line.close(&mut self.sums);
        let failed = !matches!(line.state, State::Leaving { failed: false });
        self.seen.failed += u64::from(failed);
        self.seen.completed += u64::from(!failed);
        self.glance.over += 1;
        self.by_call_id.remove(&line.call_id);
        let key = (line.port, line.audio.port());
        if self.by_audio.get(&key) == Some(&n) {
            self.by_audio.remove(&key);
        }
        self.free.push(n);
    }

    fn talk(&mut self, port: usize, now: u64) {
        let Port { socket, calls, .. } = &self.ports[port];
        if calls.is_empty() {
            return;
        }
        let mut events = [[0; 4]; CALLS_PER_PORT];
        let mut packets: Vec<Outgoing> = Vec::with_capacity(CALLS_PER_PORT);
        for (call, event) in calls.iter().zip(&mut events) {
            if let Some(line) = &mut self.lines[*call] {
                packets.push(line.frame(now, event, &mut self.sums));
            }
        }
        let (wanted, sent) = (packets.len(), send_all(socket, &mut packets));
        self.seen.dropped += (wanted - sent) as u64;
    }

    fn listen(&mut self, port: usize) {
        for _ in 0..BATCHES_MAX {
            let got = self.inbox.receive(&self.ports[port].socket);
            for n in 0..got {
                let (bytes, from, at_ns) = self.inbox.datagram(n);
                match self.by_audio.get(&(port, from)).and_then(|line| self.lines[*line].as_mut()) {
                    Some(line) => line.hear(bytes, at_ns / 1000, &mut self.sums),
                    None => self.seen.stray += 1,
                }
            }
            if got < BATCH {
                break;
            }
        }
        // Counted from the socket's beginning.
        let dropped = self.inbox.take_dropped();
        self.ports[port].dropped = self.ports[port].dropped.max(dropped);
    }

    fn probe(&mut self, now: u64) {
        let Some((to, at)) = self.probing.filter(|(_, at)| *at <= now) else { return };
        let addr = self.sip.local_addr().map_or_else(|_| String::new(), |addr| addr.to_string());
        let text = format!(
            "OPTIONS sip:{to} SIP/2.0\r\nVia: SIP/2.0/UDP {addr};branch=z9hG4bKprobe{now};rport\r\nMax-Forwards: 70\r\n\
             From: <sip:far@{addr}>;tag=probe\r\nTo: <sip:{to}>\r\nCall-ID: probe-{now}\r\nCSeq: 1 OPTIONS\r\n\
             Contact: <sip:far@{addr}>\r\nContent-Length: 0\r\n\r\n"
        );
        // Nobody listens there yet, usually.
        let _ = self.sip.send_to(text.as_bytes(), to);
        self.probing = Some((to, at.max(now) + PROBE_US));
    }

    fn conclude(mut self) -> Seen {
        for port in 0..self.ports.len() {
            self.listen(port);
        }
        for n in 0..self.lines.len() {
            self.close(n);
        }
        self.seen.dropped += self.ports.iter().map(|port| u64::from(port.dropped)).sum::<u64>();
        self.offered_at_us.sort_unstable();
        let at = &self.offered_at_us;
        let within = |from: usize, to: usize| (at[to] - at[from]).max(1);
        let (offered_in_us, rate) = match at.len() {
            0 | 1 => (0, 0.0),
            n => {
                let (from, to) = (n / 10, n - 1 - n / 10);
                let rate = (to - from) as f64 * 1e6 / within(from, to) as f64;
                (within(0, n - 1), rate)
            }
        };
        let Sums { received, lost, sent, late, keyed, gaps, pacing, first_packet, key_to_prompt } = self.sums;
        Seen {
            offered_in_us,
            rate,
            received,
            lost,
            sent,
            late,
            keyed,
            gaps: gaps.spread(),
            pacing: pacing.spread(),
            first_packet: first_packet.spread(),
            key_to_prompt: key_to_prompt.spread(),
            cpu_us: own_cpu_us(),
            ..self.seen
        }
    }
}

/// The address that a far end prints.
#[derive(Debug, serde::Deserialize)]
pub struct Address {
    pub sip: SocketAddr,
}
