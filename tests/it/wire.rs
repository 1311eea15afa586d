//! A bad network between two sockets of this machine: loses, doubles, delays and reorders datagrams, by seed.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use ringback::time::{Clock, Mono};

/// What happens to datagrams, each way the same.
#[derive(Debug, Clone, Copy, Default)]
pub struct Faults {
    /// Of a thousand.
    pub lost: u32,
    pub doubled: u32,
    /// Each is delayed by 0 to this, evenly; whoever is delayed by less overtakes.
    pub jitter_ms: u64,
    /// From this datagram on, RTP has another SSRC, other sequence numbers and another clock: a gateway that changed over.
    pub new_source_after: Option<u64>,
}

/// Ends when dropped.
pub struct Wire {
    /// Where the one side sends, and hears the other from.
    pub near: SocketAddr,
    /// The same for the other side.
    pub far: SocketAddr,
    figures: Arc<Figures>,
    stop: Arc<AtomicBool>,
    thread: Option<std::thread::JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Figures {
    carried: AtomicU64,
    lost: AtomicU64,
    doubled: AtomicU64,
}

impl Wire {
    /// Between `one` and `other`; each must send to this wire's end of its own: `one` to `near`, `other` to `far`.
    pub fn between(one: SocketAddr, other: SocketAddr, faults: Faults, seed: u64) -> Wire {
        let ends = [one, other].map(|addr| {
            let socket = UdpSocket::bind((addr.ip(), 0)).expect("a port on loopback");
            socket.set_nonblocking(true).expect("a socket of ours");
            socket
        });
        let [near, far] = [&ends[0], &ends[1]].map(|s| s.local_addr().expect("bound"));
        let figures = Arc::new(Figures::default());
        let stop = Arc::new(AtomicBool::new(false));
        let carrier = Carrier {
            ends,
            peers: [one, other],
            faults,
            dice: StdRng::seed_from_u64(seed),
            under_way: BinaryHeap::new(),
            counted: [0; 2],
            figures: figures.clone(),
        };
        let stopped = stop.clone();
        let thread = std::thread::spawn(move || carrier.run(&stopped));
        Wire { near, far, figures, stop, thread: Some(thread) }
    }

    /// Datagrams delivered, lost, doubled.
    pub fn figures(&self) -> (u64, u64, u64) {
        (self.figures.carried.load(Relaxed), self.figures.lost.load(Relaxed), self.figures.doubled.load(Relaxed))
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.stop.store(true, Relaxed);
        let _ = self.thread.take().map(std::thread::JoinHandle::join);
    }
}

/// When it is due, in which order it came, from which end it leaves, and what it is.
type UnderWay = (Mono, u64, usize, Vec<u8>);

struct Carrier {
    ends: [UdpSocket; 2],
    peers: [SocketAddr; 2],
    faults: Faults,
    dice: StdRng,
    under_way: BinaryHeap<Reverse<UnderWay>>,
    counted: [u64; 2],
    figures: Arc<Figures>,
}

impl Carrier {
    fn run(mut self, stopped: &AtomicBool) {
        let clock = Clock::system();
        let mut buffer = [0; 65_536];
        let mut arrival = 0;
        while !stopped.load(Relaxed) {
            let now = clock.now().mono;
            for from in 0..2 {
                while let Ok((length, source)) = self.ends[from].recv_from(&mut buffer) {
                    if source != self.peers[from] {
                        continue;
                    }
                    let mut packet = buffer[..length].to_vec();
                    self.counted[from] += 1;
                    if self.faults.new_source_after.is_some_and(|after| self.counted[from] > after) {
                        change_source(&mut packet);
                    }
                    let copies = match self.dice.random_range(0..1000) {
                        n if n < self.faults.lost => 0,
                        n if n < self.faults.lost + self.faults.doubled => 2,
                        _ => 1,
                    };
                    match copies {
                        0 => self.figures.lost.fetch_add(1, Relaxed),
                        2 => self.figures.doubled.fetch_add(1, Relaxed),
                        _ => 0,
                    };
                    for _ in 0..copies {
                        let late_us = self.dice.random_range(0..=self.faults.jitter_ms * 1000);
                        arrival += 1;
                        let due = now + Duration::from_micros(late_us);
                        self.under_way.push(Reverse((due, arrival, 1 - from, packet.clone())));
                    }
                }
            }
            let now = clock.now().mono;
            while self.under_way.peek().is_some_and(|Reverse((due, ..))| *due <= now) {
                let Some(Reverse((_, _, to, packet))) = self.under_way.pop() else { break };
                // The far socket may be closed already; then the network has lost it.
                let _ = self.ends[to].send_to(&packet, self.peers[to]);
                self.figures.carried.fetch_add(1, Relaxed);
            }
            let wait_ms =
                self.under_way.peek().map_or(20, |Reverse((due, ..))| due.since(now).as_millis().min(20) as i32);
            self.wait(wait_ms.max(1));
        }
    }

    /// Until something arrives, at the longest so many milliseconds.
    fn wait(&self, ms: i32) {
        let mut fds = [&self.ends[0], &self.ends[1]].map(|s| libc::pollfd {
            fd: s.as_raw_fd(),
            events: libc::POLLIN,
            revents: 0,
        });
        // SAFETY: the array lives across the call and has the length given; its descriptors are this carrier's own.
        unsafe { libc::poll(fds.as_mut_ptr(), 2, ms) };
    }
}

/// RFC 3550 §5.1: sequence number, timestamp and SSRC as of another sender.
fn change_source(packet: &mut [u8]) {
    if packet.len() < 12 || packet[0] >> 6 != 2 || (200..=207).contains(&packet[1]) {
        return;
    }
    for (byte, mask) in packet[2..12].iter_mut().zip([0x5a, 0x00, 0x33, 0x00, 0, 0, 0xff, 0x0f, 0xf0, 0x55]) {
        *byte ^= mask;
    }
}
