//! One party's audio: a socket, a mouth and an ear.

use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

use super::bridge::Bridge;
use super::control::{Control, Ntp, Spoken, jitter_ms};
use super::ear::Ear;
use super::mouth::{Mouth, Uttered};
use super::secure::Secure;
use super::source::Source;
use super::wheel::{Period, Phase};
use super::{MediaEventKind, MediaStats, Remote};
use crate::id::LegId;
use crate::rtp::packet::HEADER;
use crate::rtp::srtp::RTCP_ROOM;
use crate::rtp::{Packet, Quality, Sender, rtcp};
use crate::time::{Clock, Mono};

/// The longest datagram that is looked at; telephone audio is far shorter. A buffer of [`DATAGRAM_BUFFER`] bytes shows a longer one.
pub const DATAGRAM_MAX: usize = 1500;
pub const DATAGRAM_BUFFER: usize = DATAGRAM_MAX + 1;
/// Datagrams read at one visit, so that a flood of one call costs the others little: far more than a telephone sends in 20 ms.
const READ_MAX: u64 = 8;
/// Visits from one thorough look for arrivals to the next, for a leg at which nothing was amiss.
const THOROUGH_EVERY: u8 = 8;
/// After so many visits that found nothing, only every other one looks: a far end that sends nothing would cost a fourth of what one
/// costs that does. What it says first is heard 20 ms later then.
const SILENT_VISITS: u8 = 8;

/// What a leg needs of its thread at each visit.
#[derive(Debug, Clone, Copy)]
pub struct Turn<'a> {
    pub now: Mono,
    pub clock: &'a Clock,
    pub ntp: Ntp,
    /// A far end that says nothing for so long is told of. `None`: never.
    pub silent_after: Option<Duration>,
}

#[derive(Debug)]
pub struct Leg {
    pub id: LegId,
    pub socket: UdpSocket,
    pub phase: Phase,
    pub mouth: Mouth,
    pub ear: Ear,
    pub connection: Option<Connection>,
    /// The other leg of a bridge, by its place in the pump.
    pub bridged: Option<usize>,
    /// What is heard, for that leg to say.
    pub bridge: Option<Box<Bridge>>,
    /// More than one datagram may be waiting: the last visit found none in time, or several.
    behind: bool,
    /// Visits in a row that found nothing.
    empty: u8,
    visits: u8,
    /// Visits until the next packet.
    wait: u8,
    sent: u64,
    octets: u64,
    foreign: u64,
    first_packet_us: Option<u64>,
    /// A frame went out before its tick, which passes without one.
    ahead: bool,
    /// When the far end gave a sign of life, by audio or by a report; after `MediaSilent`, when that was told.
    alive: Mono,
    control: Box<Control>,
    /// Everything is encrypted.
    secure: Option<Box<Secure>>,
}

#[derive(Debug, Clone, Copy)]
pub struct Connection {
    pub remote: Remote,
    since: Mono,
    /// Whose packets are taken.
    source: Source,
    /// Visits from one packet to the next.
    every: u8,
}

impl Leg {
    /// `control`: the socket for reports, if there is one.
    pub fn new(id: LegId, socket: UdpSocket, control: Option<UdpSocket>, phase: Phase) -> Leg {
        // RFC 3550 §5.1: unguessable beginnings; RFC 3711 §3.3.1: the number in the lower half.
        let sender = Sender::new(rand::random(), rand::random::<u16>() >> 1, rand::random());
        Leg {
            id,
            socket,
            phase,
            mouth: Mouth::new(sender),
            ear: Ear::default(),
            connection: None,
            bridged: None,
            bridge: None,
            behind: true,
            empty: 0,
            visits: 0,
            wait: 0,
            sent: 0,
            octets: 0,
            foreign: 0,
            first_packet_us: None,
            ahead: false,
            alive: Mono::ZERO,
            control: Box::new(Control::new(control)),
            secure: None,
        }
    }

    /// Gives how often the leg is to be visited from now on. Packets of another length than ours are sent at 20 ms.
    pub fn connect(&mut self, mut remote: Remote, at: Mono, anywhere: bool) -> Period {
        let (period, every) = Period::of_packets(remote.ptime_ms).unwrap_or((Period::USUAL, 1));
        remote.ptime_ms = if Period::of_packets(remote.ptime_ms).is_some() { remote.ptime_ms } else { 20 };
        self.connection = Some(match self.connection {
            // Asked again (a re-INVITE): the address may have changed, the stream goes on.
            Some(Connection { since, mut source, .. }) => {
                source.rename(remote.addr);
                Connection { remote, since, source, every }
            }
            None => Connection { remote, since: at, source: Source::new(remote.addr, anywhere), every },
        });
        match (&mut self.secure, remote.srtp) {
            (Some(secure), Some(keys)) => secure.rekey(keys),
            (secure, keys) => *secure = keys.map(|keys| Box::new(Secure::new(keys))),
        }
        self.mouth.connect(&remote);
        self.ear.connect(&remote);
        self.wait = 0;
        self.alive = at;
        self.control.connect(&remote, at);
        if remote.rtcp_addr == remote.addr {
            self.control.socket = None;
        }
        period
    }

    pub fn stats(&self) -> MediaStats {
        let heard = self.ear.reception();
        let remote = self.connection.map(|c| c.remote);
        let clock_hz = remote.map_or(8000, |r| r.codec.clock());
        let arrivals = self.ear.arrivals();
        // What came too late is as good as lost to whoever listens, and a double makes up for nothing; RTCP's own loss
        // (RFC 3550 §6.4.1) counts otherwise.
        let unheard = (heard.lost + heard.late) * 1000 / (heard.received + heard.lost).max(1);
        let of_heard = Quality {
            loss_permille: unheard.min(1000) as u16,
            jitter_ms: jitter_ms(arrivals.jitter(), clock_hz),
            round_trip_ms: self.control.round_trip_ms(),
        };
        let said = self.control.said(clock_hz);
        let heard_of = (heard.received > 0).then_some(of_heard);
        let worst = remote.and_then(|r| {
            let score = |q: Quality| (q.mos_centi(r.codec, r.ptime_ms), q);
            heard_of.into_iter().chain(said).map(score).min_by_key(|(mos, _)| *mos)
        });
        MediaStats {
            sent: self.sent,
            received: heard.received,
            lost: heard.lost,
            doubled: heard.doubled,
            late: heard.late,
            foreign: self.foreign,
            first_packet_us: self.first_packet_us,
            heard: heard_of,
            said,
            mos_centi: worst.map(|(mos, _)| mos),
            recording: Default::default(),
        }
    }

    /// The first frame of the first play need not wait for the tick. If ticks have been at work before, the next one is left
    /// out, so that the stream does not run ahead of time.
    pub fn hasten(&mut self, clock: &Clock, facts: &mut Vec<MediaEventKind>) {
        if self.connection.is_some() && self.mouth.is_playing() && self.first_packet_us.is_none() && !self.ahead {
            self.ahead = self.sent > 0;
            self.frame(clock, facts);
        }
    }

    /// Time has come for what is due: what the ear waits for, a packet, a report.
    pub fn tick(&mut self, turn: &Turn<'_>, facts: &mut Vec<MediaEventKind>) {
        let Some(Connection { remote, every, .. }) = &self.connection else { return };
        self.ear.tick(turn.now, remote, facts);
        if let Some(message) = self.ear.message_over(turn.now) {
            message.finish(turn.now, self.id);
        }
        if self.wait == 0 {
            self.wait = *every;
            if !std::mem::take(&mut self.ahead) {
                self.frame(turn.clock, facts);
            }
        }
        self.wait -= 1;
        if self.visits.is_multiple_of(32) {
            self.rest(turn, facts);
        }
    }

    /// What need not be looked at more often than twice a second.
    fn rest(&mut self, turn: &Turn<'_>, facts: &mut Vec<MediaEventKind>) {
        if self.control.is_due(turn.now) {
            self.report(turn.now, turn.ntp, false);
        }
        let hears = self.connection.is_some_and(|c| c.remote.hears);
        if let Some(silent_after) = turn.silent_after.filter(|_| hears)
            && turn.now.since(self.alive) >= silent_after
        {
            facts.push(MediaEventKind::MediaSilent { lasted: turn.now.since(self.alive) });
            self.alive = turn.now;
        }
    }

    fn frame(&mut self, clock: &Clock, facts: &mut Vec<MediaEventKind>) {
        let Some(Connection { remote, since, source, .. }) = &self.connection else { return };
        if !remote.sends {
            // The far end holds us: nobody listens, and what is played waits.
            return self.mouth.pass(remote.codec.ticks(remote.samples() as u32));
        }
        let (to, since) = (source.addr(), *since);
        let (socket, sent, octets) = (&self.socket, &mut self.sent, &mut self.octets);
        let (secure, tape, codec, payload_type) = (&mut self.secure, self.ear.tape(), remote.codec, remote.payload);
        let Uttered { ended, played } = self.mouth.frame(remote, |buffer, length| {
            if let Some(tape) = tape.as_mut().filter(|_| buffer[1] & 0x7F == payload_type) {
                let timestamp = u32::from_be_bytes([buffer[4], buffer[5], buffer[6], buffer[7]]);
                tape.say(clock.mono(), codec, timestamp, &buffer[HEADER..length]);
            }
            *octets += (length - HEADER) as u64;
            let length = match secure {
                Some(secure) => match secure.sealer.rtp(buffer, length) {
                    Ok(length) => length,
                    // Never in the clear instead.
                    Err(_) => return,
                },
                None => length,
            };
            // A full buffer or an unreachable far end: the packet is lost as on any line, and the hangup comes by SIP.
            let out = socket.send_to(&buffer[..length], to).is_ok();
            *sent += u64::from(out);
        });
        if let Some(ordered_at) = played
            && self.first_packet_us.is_none()
        {
            let after_us = clock.mono().since(ordered_at.max(since)).as_micros() as u64;
            self.first_packet_us = Some(after_us);
            facts.push(MediaEventKind::FirstPacket { after_us });
        }
        facts.extend(ended.map(MediaEventKind::PlayEnded));
    }

    /// Frames of 20 ms whose time has passed unsent.
    pub fn skip(&mut self, frames: u64) {
        if let Some(connection) = &self.connection {
            self.mouth.skip(frames, connection.remote.codec);
        }
    }

    pub fn sent(&self) -> u64 {
        self.sent
    }

    fn spoken(&self) -> Spoken {
        let sender = self.mouth.sender();
        let (ssrc, timestamp) = (sender.ssrc(), sender.timestamp());
        Spoken { ssrc, timestamp, packets: self.sent, octets: self.octets }
    }

    /// Sends a report; `leaving`: with a goodbye.
    pub fn report(&mut self, now: Mono, ntp: Ntp, leaving: bool) {
        let mut buffer = [0; rtcp::PACKET_MAX];
        let ours = self.spoken();
        let arrivals = self.ear.arrivals_mut();
        let Some((mut length, to)) = self.control.report(now, ntp, &ours, arrivals, leaving, &mut buffer) else {
            return;
        };
        let mut sealed = [0; rtcp::PACKET_MAX + RTCP_ROOM];
        sealed[..length].copy_from_slice(&buffer[..length]);
        if let Some(secure) = &mut self.secure {
            match secure.sealer.rtcp(&mut sealed, length) {
                Ok(longer) => length = longer,
                Err(_) => return,
            }
        }
        let socket = self.control.socket.as_ref().unwrap_or(&self.socket);
        // Lost like any report; the next one says more.
        let _ = socket.send_to(&sealed[..length], to);
    }

    pub fn into_sockets(self) -> (UdpSocket, Option<UdpSocket>) {
        (self.socket, self.control.socket)
    }

    /// Reads what has come to the port for reports.
    pub fn receive_reports(&mut self, turn: &Turn<'_>, datagram: &mut [u8]) {
        for _ in 0..READ_MAX {
            let Some(socket) = &self.control.socket else { return };
            match socket.recv_from(datagram) {
                Ok((length, from)) => self.take_report(turn, &mut datagram[..length], from),
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => return,
                // An ICMP answer to a report: the far end has no port for them.
                Err(_) => {}
            }
        }
    }

    fn take_report(&mut self, turn: &Turn<'_>, bytes: &mut [u8], from: SocketAddr) {
        let ours = self.spoken();
        let length = match &mut self.secure {
            Some(secure) => secure.opener.rtcp(bytes).unwrap_or(0),
            None => bytes.len(),
        };
        let bytes = &bytes[..length];
        let audio = self.connection.as_ref().map(|c| c.source.addr());
        let known =
            length > 0 && audio.is_some_and(|audio| self.control.admits(from, audio)) && bytes.len() <= DATAGRAM_MAX;
        if known && self.control.hear(bytes, turn.now, turn.ntp, &ours) {
            self.alive = turn.now;
        } else {
            self.foreign += 1;
        }
    }

    /// Reads what has arrived, and gives how many datagrams that were.
    ///
    /// Of a stream that flows evenly one datagram is waiting at each visit, and looking whether there is another is left to
    /// every few visits: it would cost a fourth of the reading itself.
    pub fn receive(&mut self, turn: &Turn<'_>, datagram: &mut [u8], facts: &mut Vec<MediaEventKind>) -> u64 {
        self.visits = self.visits.wrapping_add(1);
        if self.empty >= SILENT_VISITS && !self.visits.is_multiple_of(2) {
            return 0;
        }
        let mut thorough = self.behind || self.visits.is_multiple_of(THOROUGH_EVERY);
        let mut read = 0;
        while read < READ_MAX {
            match self.socket.recv_from(datagram) {
                Ok((length, from)) => {
                    read += 1;
                    // Keys come in bursts: beside the audio, and their end three times.
                    thorough |= self.take(turn, &mut datagram[..length], from, facts);
                    if !thorough {
                        self.empty = 0;
                        return read;
                    }
                }
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => break,
                // An ICMP answer to something sent: nothing to read, and the next may be waiting behind it.
                Err(_) => read += 1,
            }
        }
        self.empty = if read == 0 { self.empty.saturating_add(1) } else { 0 };
        self.behind = read != 1;
        read
    }

    /// One datagram. True if it was more, or less, than audio.
    fn take(&mut self, turn: &Turn<'_>, bytes: &mut [u8], from: SocketAddr, facts: &mut Vec<MediaEventKind>) -> bool {
        if rtcp::is_rtcp(bytes) {
            self.take_report(turn, bytes, from);
            return true;
        }
        let connection = self.connection.as_mut().filter(|_| bytes.len() <= DATAGRAM_MAX);
        let opened = match &mut self.secure {
            Some(secure) if connection.is_some() => secure.opener.rtp(bytes).unwrap_or(0),
            Some(_) | None => bytes.len(),
        };
        let bytes = &bytes[..opened];
        let Some((connection, packet)) = connection.zip(Packet::parse(bytes).ok()) else {
            self.foreign += 1;
            return true;
        };
        if !connection.source.admits(from, packet.header.ssrc, turn.now) {
            self.foreign += 1;
            return true;
        }
        self.alive = turn.now;
        if let Some(bridge) = &mut self.bridge {
            bridge.hear(turn.now, &packet, &connection.remote);
        }
        self.ear.packet(turn.now, &packet, &connection.remote, facts);
        packet.header.payload_type != connection.remote.payload_in
    }
}
