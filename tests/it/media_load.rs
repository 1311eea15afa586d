//! What a media thread costs and how evenly it sends: a load from outside, pinned to the other core, and stamps by the kernel.
//!
//! `LEGS=3000 DURATION_S=10 cargo test --release --test it media_load:: -- --ignored --nocapture`

#![expect(clippy::disallowed_methods, reason = "a load keeps its own time, and a measurement lasts")]

use std::io;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use ringback::audio::{Clip, Codec, tone};
use ringback::id::{CallId, LegId, PlayId};
use ringback::media::{Media, MediaEvent, MediaEventKind as Kind, Remote};
use ringback::time::Clock;
use tokio::sync::mpsc::unbounded_channel;

use crate::house::wait_for;

const LIMIT: Duration = Duration::from_secs(20);

/// The far end's sockets; legs share them, as calls share a carrier's gateway.
const SOCKETS: usize = 64;
const BATCH: usize = 64;
/// Datagrams of the far end leave every millisecond, a twentieth of the legs at a time.
const SLICES: usize = 20;
const RTP: usize = 172;
/// The goal: so many of a thousand packets follow the one before within 40 ms.
const GAP_US_MAX: u64 = 40_000;

fn pin(core: usize) {
    // SAFETY: the set is ours and lives through the call; 0 is the calling thread.
    unsafe {
        let mut set: libc::cpu_set_t = std::mem::zeroed();
        libc::CPU_SET(core, &mut set);
        libc::sched_setaffinity(0, size_of_val(&set), &set);
    }
}

/// Nanoseconds on the processor, of this process's thread of that name.
fn thread_cpu_ns(name: &str) -> u64 {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap().map(|entry| entry.unwrap().path());
    let read = |path: std::path::PathBuf| std::fs::read_to_string(path).unwrap_or_default();
    let task = tasks.into_iter().find(|task| read(task.join("comm")).trim() == name).expect("the thread runs");
    read(task.join("schedstat")).split(' ').next().unwrap().parse().unwrap()
}

fn resident() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    statm.split(' ').nth(1).unwrap().parse::<u64>().unwrap() * 4096
}

/// The far end: sends 50 packets a second to every leg, and notes when each of theirs arrives.
struct FarEnd {
    sockets: Vec<UdpSocket>,
}

/// What came in, by leg.
#[derive(Default, Clone)]
struct Heard {
    packets: u64,
    last_us: u64,
    sequence: Option<u16>,
    lost: u64,
}

struct Tally {
    heard: Vec<Heard>,
    /// Microseconds between a packet and the one before, of all legs.
    gaps: Vec<u32>,
    sent: u64,
}

impl FarEnd {
    fn open() -> FarEnd {
        let open = |_| {
            let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
            let socket = socket2::Socket::from(socket);
            socket.set_recv_buffer_size(4 << 20).unwrap();
            socket.set_nonblocking(true).unwrap();
            let on: libc::c_int = 1;
            // SAFETY: `on` lives through the call.
            let set = unsafe {
                let at = (&raw const on).cast();
                libc::setsockopt(
                    socket.as_raw_fd(),
                    libc::SOL_SOCKET,
                    libc::SO_TIMESTAMPNS,
                    at,
                    size_of_val(&on) as u32,
                )
            };
            assert_eq!(set, 0);
            socket.into()
        };
        FarEnd { sockets: (0..SOCKETS).map(open).collect() }
    }

    fn run(self, legs: Vec<SocketAddr>, stop: &AtomicBool, counting: &AtomicBool, clock: &Clock) -> Tally {
        let by_port: std::collections::HashMap<u16, usize> =
            legs.iter().enumerate().map(|(n, addr)| (addr.port(), n)).collect();
        let mut tally = Tally { heard: vec![Heard::default(); legs.len()], gaps: Vec::new(), sent: 0 };
        let mut packet = vec![0xD5u8; RTP];
        packet[0] = 0x80;
        packet[1] = 8;
        let began = clock.now().mono;
        let mut turn = 0u64;
        while !stop.load(Relaxed) {
            let due = began + Duration::from_millis(turn);
            if let wait @ 1.. = due.since(clock.now().mono).as_micros() as u64 {
                std::thread::sleep(Duration::from_micros(wait));
            }
            let (frame, slice) = (turn / SLICES as u64, turn as usize % SLICES);
            packet[2..4].copy_from_slice(&(frame as u16).to_be_bytes());
            packet[4..8].copy_from_slice(&(frame as u32 * 160).to_be_bytes());
            for n in (slice..legs.len()).step_by(SLICES) {
                packet[8..12].copy_from_slice(&(n as u32 + 1).to_be_bytes());
                let sent = self.sockets[n % SOCKETS].send_to(&packet, legs[n]).is_ok();
                tally.sent += u64::from(sent && counting.load(Relaxed));
            }
            if turn.is_multiple_of(4) {
                for socket in &self.sockets {
                    self.read(socket, &by_port, counting.load(Relaxed), &mut tally);
                }
            }
            turn += 1;
        }
        tally
    }

    fn read(
        &self,
        socket: &UdpSocket,
        by_port: &std::collections::HashMap<u16, usize>,
        counting: bool,
        tally: &mut Tally,
    ) {
        let mut bytes = [[0u8; 200]; BATCH];
        let mut control = [[0u64; 8]; BATCH];
        // SAFETY: all zeroes are valid for these plain structures.
        let mut names: [libc::sockaddr_in; BATCH] = unsafe { std::mem::zeroed() };
        let mut parts: [libc::iovec; BATCH] = unsafe { std::mem::zeroed() };
        loop {
            // SAFETY: as above.
            let mut heads: [libc::mmsghdr; BATCH] = unsafe { std::mem::zeroed() };
            for n in 0..BATCH {
                parts[n] = libc::iovec { iov_base: bytes[n].as_mut_ptr().cast(), iov_len: bytes[n].len() };
                let head = &mut heads[n].msg_hdr;
                head.msg_name = (&raw mut names[n]).cast();
                head.msg_namelen = size_of::<libc::sockaddr_in>() as u32;
                head.msg_iov = &raw mut parts[n];
                head.msg_iovlen = 1;
                head.msg_control = control[n].as_mut_ptr().cast();
                head.msg_controllen = size_of_val(&control[n]) as _;
            }
            // SAFETY: every pointer above outlives the call.
            let got = unsafe {
                libc::recvmmsg(
                    socket.as_raw_fd(),
                    heads.as_mut_ptr(),
                    BATCH as u32,
                    libc::MSG_DONTWAIT,
                    std::ptr::null_mut(),
                )
            };
            if got <= 0 {
                let why = io::Error::last_os_error().kind();
                assert!(got == 0 || why == io::ErrorKind::WouldBlock, "{why:?}");
                return;
            }
            for n in 0..got as usize {
                let Some(&leg) = by_port.get(&u16::from_be(names[n].sin_port)) else { continue };
                // cmsghdr (16 bytes), then a timespec.
                let at_us = control[n][2] * 1_000_000 + control[n][3] / 1000;
                let heard = &mut tally.heard[leg];
                let sequence = u16::from_be_bytes([bytes[n][2], bytes[n][3]]);
                if counting {
                    heard.packets += 1;
                    if let Some(before) = heard.sequence {
                        tally.gaps.push((at_us - heard.last_us) as u32);
                        heard.lost += u64::from(sequence.wrapping_sub(before).wrapping_sub(1));
                    }
                }
                (heard.sequence, heard.last_us) = (Some(sequence), at_us);
            }
            if (got as usize) < BATCH {
                return;
            }
        }
    }
}

#[test]
#[ignore = "a measurement"]
fn cost_of_a_leg() {
    let env = |name: &str, usual: u64| std::env::var(name).map_or(usual, |v| v.parse().unwrap());
    let seconds = env("DURATION_S", 5);
    let all = std::env::var("LEGS").unwrap_or("500,1000,2000,3000".into());
    for legs in all.split(',').map(|n| n.parse::<i64>().unwrap()) {
        pin(0);
        let (to, mut events) = unbounded_channel::<MediaEvent>();
        let clock = Arc::new(Clock::system());
        let media = Media::start(1, clock.clone(), to).unwrap();
        let words = Arc::new(Clip::from_pcm(&tone::babble(1, 60_000)));
        let leg = |n: i64| LegId::client(CallId(n));
        let memory = resident();
        let far = FarEnd::open();
        let mut addrs = Vec::new();
        for n in 0..legs {
            addrs.push(media.open(leg(n), Ipv4Addr::LOCALHOST.into()).unwrap());
            let addr = far.sockets[n as usize % SOCKETS].local_addr().unwrap();
            media.connect(leg(n), Remote::plain(addr, Codec::Pcma, Some(101)));
            media.play(leg(n), PlayId(1), vec![words.clone()]);
        }
        let (stop, counting) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
        let far = {
            let (stop, counting, clock) = (stop.clone(), counting.clone(), clock.clone());
            std::thread::spawn(move || {
                pin(1);
                far.run(addrs, &stop, &counting, &clock)
            })
        };
        let lasts = |what: &str, duration: Duration| {
            let until = clock.now().mono + duration;
            wait_for(what, duration + LIMIT, || (clock.now().mono >= until).then_some(()));
        };
        lasts("the legs to be at their pace", Duration::from_secs(2));
        let memory = resident().saturating_sub(memory) / legs as u64;
        media.reset_stats();
        let (cpu, began) = (thread_cpu_ns("media-0"), clock.now().mono);
        counting.store(true, Relaxed);
        lasts("the end of what is counted", Duration::from_secs(seconds));
        counting.store(false, Relaxed);
        let (cpu, lasted) = (thread_cpu_ns("media-0") - cpu, clock.now().mono.since(began));
        let pace = media.stats();
        stop.store(true, Relaxed);
        let mut tally = far.join().unwrap();
        let (mut received, mut lost) = (0, 0);
        (0..legs).for_each(|n| media.close(leg(n)));
        for _ in 0..legs {
            loop {
                if let Kind::Closed { stats } = events.blocking_recv().unwrap().kind {
                    received += stats.received;
                    lost += stats.lost + stats.late;
                    break;
                }
            }
        }
        tally.gaps.sort_unstable();
        let gap = |part: f64| f64::from(tally.gaps[((tally.gaps.len() - 1) as f64 * part) as usize]) / 1000.0;
        let good = tally.gaps.partition_point(|&us| u64::from(us) <= GAP_US_MAX);
        let frames = lasted.as_secs_f64() * 50.0 * legs as f64;
        println!(
            "{legs} legs: {:.2} µs a leg and frame, {:.0} % of the core; gaps p50 {:.1} p99 {:.1} p99.9 {:.1} max {:.1} ms, {:.3} % \
             within 40 ms; sent {} of {frames:.0}, lost on the way to us {lost} of {received}; from us {}; served p99 {} max {} µs, \
             frames skipped {}; {memory} bytes a leg",
            cpu as f64 / 1000.0 / frames,
            cpu as f64 / lasted.as_nanos() as f64 * 100.0,
            gap(0.5),
            gap(0.99),
            gap(0.999),
            gap(1.0),
            good as f64 * 100.0 / tally.gaps.len() as f64,
            tally.heard.iter().map(|h| h.packets).sum::<u64>(),
            tally.heard.iter().map(|h| h.lost).sum::<u64>(),
            pace.served_p99_us,
            pace.served_max_us,
            pace.frames_skipped,
        );
    }
}
