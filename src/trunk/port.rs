//! One UDP socket and the user agent behind it.

use std::io;
use std::net::{SocketAddr, UdpSocket as StdSocket};
use std::sync::Arc;
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::UdpSocket;

use crate::sip::{Command, Config, DialogId, Event, Hop, Input, Output, UserAgent};
use crate::time::{Clock, Mono};

/// The default of about 200 kB drops packets when some hundred calls begin at once.
const RECEIVE_BUFFER: usize = 4 << 20;

/// Packets read before timers and orders are looked at again.
const PACKETS_MAX: usize = 64;

pub(super) struct Port {
    socket: UdpSocket,
    local_addr: SocketAddr,
    agent: UserAgent,
    clock: Arc<Clock>,
    buffer: Box<[u8]>,
}

impl Port {
    /// `towards`: whom it will talk to, to find out our own address when `bind` leaves it open.
    pub fn open(
        bind: SocketAddr,
        towards: Option<SocketAddr>,
        clock: Arc<Clock>,
        configure: impl FnOnce(&mut Config),
    ) -> io::Result<Port> {
        let socket = Socket::new(Domain::for_address(bind), Type::DGRAM, Some(Protocol::UDP))?;
        socket.set_recv_buffer_size(RECEIVE_BUFFER)?;
        socket.set_nonblocking(true)?;
        socket.bind(&bind.into())?;
        let socket = UdpSocket::from_std(socket.into())?;
        let mut local_addr = socket.local_addr()?;
        if let (true, Some(towards)) = (local_addr.ip().is_unspecified(), towards) {
            let probe = StdSocket::bind(SocketAddr::new(local_addr.ip(), 0))?;
            probe.connect(towards)?;
            local_addr.set_ip(probe.local_addr()?.ip());
        }
        let mut config = Config::new(local_addr, rand::random());
        configure(&mut config);
        let agent = UserAgent::new(clock.now().mono, config);
        let buffer = vec![0; 65_536].into_boxed_slice();
        Ok(Port { socket, local_addr, agent, clock, buffer })
    }

    pub fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    pub fn now(&self) -> Mono {
        self.clock.now().mono
    }

    pub fn calls_open(&self) -> usize {
        self.agent.calls_open()
    }

    pub fn reserve(&mut self) -> DialogId {
        self.agent.reserve()
    }

    /// Waits until [`Port::turn`] has something to do. May be dropped at any time.
    pub async fn ready(&self) {
        let readable = self.socket.readable();
        match self.agent.deadline() {
            // A wake-up without cause costs one empty turn; an error shows again when reading.
            None => drop(readable.await),
            Some(at) => drop(tokio::time::timeout(at.since(self.now()).max(Duration::from_micros(1)), readable).await),
        }
    }

    /// Reads what has come and lets timers fire.
    pub fn turn(&mut self) -> Vec<(Mono, Event)> {
        let mut told = Vec::new();
        for _ in 0..PACKETS_MAX {
            match self.socket.try_recv_from(&mut self.buffer) {
                Ok((length, from)) => {
                    let now = self.clock.now().mono;
                    let outputs =
                        self.agent.handle(now, Input::Message { from: Hop::udp(from), bytes: &self.buffer[..length] });
                    self.carry_out(now, outputs, &mut told);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                // ICMP of an earlier packet, for instance: its transaction times out by itself.
                Err(error) => {
                    tracing::debug!(%error, "receiving SIP");
                    break;
                }
            }
        }
        let now = self.clock.now().mono;
        if self.agent.deadline().is_some_and(|at| at <= now) {
            let outputs = self.agent.handle(now, Input::Ticked);
            self.carry_out(now, outputs, &mut told);
        }
        told
    }

    pub fn order(&mut self, command: Command) -> Vec<(Mono, Event)> {
        let now = self.clock.now().mono;
        let outputs = self.agent.handle(now, Input::Command(command));
        let mut told = Vec::new();
        self.carry_out(now, outputs, &mut told);
        told
    }

    fn carry_out(&self, now: Mono, outputs: Vec<Output>, told: &mut Vec<(Mono, Event)>) {
        for output in outputs {
            match output {
                Output::Send { to, bytes } => {
                    if let Err(error) = self.socket.try_send_to(&bytes, to.addr) {
                        // As if the network had lost it: the transaction sends it again.
                        tracing::debug!(%error, "sending SIP");
                    }
                }
                Output::Event(event) => told.push((now, event)),
            }
        }
    }
}
