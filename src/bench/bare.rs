//! The ceiling: the same packets without an engine. A loop that sets up calls by sending fixed texts, or sends and takes the
//! audio of so many calls with a system call each, and does nothing else.

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, UdpSocket};
use std::os::fd::AsRawFd;
use std::time::Duration;

use anyhow::{Context, bail};
use serde::{Deserialize, Serialize};

use super::seen::Seen;
use super::sys::{own_cpu_us, wait, widen};
use super::wording::{Kind, Wording};
use crate::time::Clock;

/// What `ringback bench-bare` is told.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The far end.
    #[arg(long)]
    peer: SocketAddrV4,
    /// Calls in all.
    #[arg(long)]
    calls: usize,
    /// Calls being set up at once.
    #[arg(long, default_value_t = 100)]
    window: usize,
    /// How long all of them carry audio. 0: none does, and each is ended as soon as it is up.
    #[arg(long, default_value_t = 0)]
    audio_s: u64,
}

/// What the loop did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Bare {
    pub calls: usize,
    /// From the first INVITE to the last BYE, or while the audio flowed.
    pub took_us: u64,
    pub cpu_us: u64,
    pub sent: u64,
    pub received: u64,
}

/// A ceiling with what the far end saw of it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Ceiling {
    pub bare: Bare,
    pub far_end: Seen,
}

/// A call set up with nothing but texts.
struct Call {
    audio: Option<UdpSocket>,
    to: Option<SocketAddrV4>,
    /// Its 200 has come; the far end repeats it when we are slow.
    up: bool,
}

/// Nothing has come for so long: a message was lost, and this loop repeats none.
const PATIENCE: Duration = Duration::from_secs(5);
const FRAME_US: u64 = 20_000;
/// Frames are sent in so many parts, as the engine's media threads do.
const PARTS: u64 = 20;

fn invite(n: usize, own: SocketAddr, peer: SocketAddrV4, port: u16) -> String {
    let body = format!(
        "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio {port} RTP/AVP 8 101\r\n\
         a=rtpmap:8 PCMA/8000\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=ptime:20\r\n"
    );
    format!(
        "INVITE sip:+7000{n:07}@{peer} SIP/2.0\r\nVia: SIP/2.0/UDP {own};branch=z9hG4bKi{n};rport\r\nMax-Forwards: 70\r\n\
         From: <sip:bare@{own}>;tag=f{n}\r\nTo: <sip:+7000{n:07}@{peer}>\r\nCall-ID: bare-{n}\r\nCSeq: 1 INVITE\r\n\
         Contact: <sip:bare@{own}>\r\nContent-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

fn request(method: &str, cseq: u32, n: &str, own: SocketAddr, to: &str, peer: SocketAddrV4) -> String {
    format!(
        "{method} sip:far@{peer} SIP/2.0\r\nVia: SIP/2.0/UDP {own};branch=z9hG4bK{method}{n};rport\r\nMax-Forwards: 70\r\n\
         From: <sip:bare@{own}>;tag=f{n}\r\nTo: {to}\r\nCall-ID: bare-{n}\r\nCSeq: {cseq} {method}\r\nContent-Length: 0\r\n\r\n"
    )
}

/// Prints [`Bare`] as JSON.
pub fn run(args: &Args) -> anyhow::Result<()> {
    if let Err(why) = crate::serve::descriptors::raise(if args.audio_s > 0 { args.calls as u32 } else { 1 }) {
        eprintln!("{why}");
    }
    let clock = Clock::system();
    let sip = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).context("no port for SIP")?;
    sip.connect(args.peer)?;
    sip.set_nonblocking(true)?;
    widen(&sip)?;
    let own = sip.local_addr()?;
    let with_audio = args.audio_s > 0;
    let mut calls: Vec<Call> = Vec::with_capacity(args.calls);
    let mut tags: HashMap<usize, String> = HashMap::new();
    let (mut begun, mut up, mut over) = (0, 0, 0);
    let (mut sent, mut received) = (0u64, 0u64);
    let mut buffer = [0; 4096];
    let (began, cpu_began) = (clock.now().mono, own_cpu_us());
    let mut heard_at = began;
    let mut took_us = 0;
    let mut cpu_us = 0;
    let mut ending = false;
    while over < args.calls {
        let open = if with_audio { begun - up } else { begun - over };
        let until = (begun + args.window.saturating_sub(open)).min(args.calls);
        for n in begun..until {
            let audio = if with_audio { Some(UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?) } else { None };
            let port = audio.as_ref().map_or(Ok(4000), |s| s.local_addr().map(|a| a.port()))?;
            if let Some(socket) = &audio {
                socket.set_nonblocking(true)?;
            }
            calls.push(Call { audio, to: None, up: false });
            sip.send(invite(n, own, args.peer, port).as_bytes())?;
            sent += 1;
        }
        begun = until;
        wait(sip.as_raw_fd(), sip.as_raw_fd(), 100);
        while let Ok(length) = sip.recv(&mut buffer) {
            received += 1;
            heard_at = clock.now().mono;
            let Some(message) = Wording::read(&buffer[..length]) else { continue };
            let Some(number) = message.call_id.strip_prefix("bare-") else { continue };
            match (message.kind, message.method()) {
                (Kind::Response(200), "INVITE") => {
                    let n: usize = number.parse().context("a call of ours")?;
                    if std::mem::replace(&mut calls.get_mut(n).context("a call of ours")?.up, true) {
                        continue;
                    }
                    sip.send(request("ACK", 1, number, own, message.to, args.peer).as_bytes())?;
                    sent += 1;
                    up += 1;
                    if with_audio {
                        tags.insert(n, message.to.to_string());
                        calls[n].to = message.audio().map(|(to, _)| to);
                    } else {
                        sip.send(request("BYE", 2, number, own, message.to, args.peer).as_bytes())?;
                        sent += 1;
                    }
                }
                (Kind::Response(200), "BYE") => over += 1,
                _ => {}
            }
        }
        if with_audio && up == args.calls && !ending {
            let (from, cpu_from) = (clock.now().mono, own_cpu_us());
            let (packets_out, packets_in) = carry(&calls, &clock, Duration::from_secs(args.audio_s))?;
            took_us = clock.now().mono.since(from).as_micros() as u64;
            cpu_us = own_cpu_us() - cpu_from;
            (sent, received) = (packets_out, packets_in);
            ending = true;
            heard_at = clock.now().mono;
            for (n, tag) in &tags {
                sip.send(request("BYE", 2, &n.to_string(), own, tag, args.peer).as_bytes())?;
                // So many at once would not fit into the far end's buffer.
                if n % 64 == 0 {
                    std::thread::park_timeout(Duration::from_millis(1));
                }
            }
        }
        if clock.now().mono.since(heard_at) > PATIENCE {
            bail!("{over} of {} calls are over, and nothing more comes", args.calls);
        }
    }
    if !with_audio {
        took_us = clock.now().mono.since(began).as_micros() as u64;
        cpu_us = own_cpu_us() - cpu_began;
    }
    println!("{}", serde_json::to_string(&Bare { calls: args.calls, took_us, cpu_us, sent, received })?);
    Ok(())
}

/// Sends a packet a call every 20 ms and takes what has come, a system call each.
fn carry(calls: &[Call], clock: &Clock, length: Duration) -> anyhow::Result<(u64, u64)> {
    let ready: Vec<(&UdpSocket, SocketAddrV4)> =
        calls.iter().filter_map(|call| Some((call.audio.as_ref()?, call.to?))).collect();
    let mut packet = [0x55u8; 172];
    packet[..12].copy_from_slice(&[0x80, 8, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4]);
    let mut buffer = [0; 512];
    let (mut sent, mut received) = (0, 0);
    let began = clock.now().mono;
    let parts = length.as_micros() as u64 * PARTS / FRAME_US;
    for part in 0..parts {
        let due = Duration::from_micros(part * FRAME_US / PARTS);
        let early = due.saturating_sub(clock.now().mono.since(began));
        if !early.is_zero() {
            std::thread::park_timeout(early);
        }
        let frame = (part / PARTS) as u32;
        packet[2..4].copy_from_slice(&(frame as u16).to_be_bytes());
        packet[4..8].copy_from_slice(&(frame * 160).to_be_bytes());
        for (socket, to) in ready.iter().skip((part % PARTS) as usize).step_by(PARTS as usize) {
            sent += u64::from(socket.send_to(&packet, to).is_ok());
            // One comes for each that goes; a second one when it is late.
            for _ in 0..2 {
                match socket.recv(&mut buffer) {
                    Ok(_) => received += 1,
                    Err(_) => break,
                }
            }
        }
    }
    Ok((sent, received))
}
