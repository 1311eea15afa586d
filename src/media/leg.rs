//! One party's audio: a socket, a mouth and an ear.

use std::io;
use std::net::{SocketAddr, UdpSocket};

use super::ear::Ear;
use super::mouth::{Mouth, Uttered};
use super::wheel::Phase;
use super::{MediaEventKind, MediaStats, Remote};
use crate::audio::{Codec, g711::Law};
use crate::id::LegId;
use crate::rtp::{Packet, Sender};
use crate::time::{Clock, Mono};

/// The longest datagram that is looked at; telephone audio is far shorter. A buffer of [`DATAGRAM_BUFFER`] bytes shows a longer one.
pub const DATAGRAM_MAX: usize = 1500;
pub const DATAGRAM_BUFFER: usize = DATAGRAM_MAX + 1;
/// Datagrams read at one visit, so that a flood of one call costs the others little: far more than a telephone sends in 20 ms.
const READ_MAX: u64 = 8;
/// Visits from one thorough look for arrivals to the next, for a leg at which nothing was amiss.
const THOROUGH_EVERY: u8 = 8;

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
    /// The codec in which the other leg of a bridge wants what is heard here.
    pub relay_to: Option<Codec>,
    /// More than one datagram may be waiting: the last visit found none in time, or several.
    behind: bool,
    visits: u8,
    sent: u64,
    foreign: u64,
    first_packet_us: Option<u64>,
    /// A frame went out before its tick, which passes without one.
    ahead: bool,
}

#[derive(Debug, Clone, Copy)]
pub struct Connection {
    pub remote: Remote,
    since: Mono,
    /// Where the far end's packets come from (symmetric RTP).
    latched: Option<SocketAddr>,
}

impl Leg {
    pub fn new(id: LegId, socket: UdpSocket, phase: Phase) -> Leg {
        // RFC 3550 §5.1: unguessable beginnings.
        let sender = Sender::new(rand::random(), rand::random(), rand::random());
        Leg {
            id,
            socket,
            phase,
            mouth: Mouth::new(sender),
            ear: Ear::default(),
            connection: None,
            bridged: None,
            relay_to: None,
            behind: true,
            visits: 0,
            sent: 0,
            foreign: 0,
            first_packet_us: None,
            ahead: false,
        }
    }

    pub fn connect(&mut self, remote: Remote, at: Mono) {
        // Asked again (a re-INVITE): the address may have changed, the stream goes on.
        let since = self.connection.map_or(at, |c| c.since);
        self.connection = Some(Connection { remote, since, latched: None });
    }

    pub fn stats(&self) -> MediaStats {
        let heard = self.ear.reception();
        MediaStats {
            sent: self.sent,
            received: heard.received,
            lost: heard.lost,
            doubled: heard.doubled,
            late: heard.late,
            foreign: self.foreign,
            first_packet_us: self.first_packet_us,
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

    /// Time has come for the next frame.
    pub fn tick(&mut self, now: Mono, clock: &Clock, facts: &mut Vec<MediaEventKind>) {
        if self.connection.is_none() {
            return;
        }
        self.ear.tick(now, facts);
        if let Some(message) = self.ear.message_over(now) {
            message.finish(now, self.id);
        }
        if !std::mem::take(&mut self.ahead) {
            self.frame(clock, facts);
        }
    }

    fn frame(&mut self, clock: &Clock, facts: &mut Vec<MediaEventKind>) {
        let Some(Connection { remote, since, latched }) = self.connection else { return };
        let to = latched.unwrap_or(remote.addr);
        let (socket, sent) = (&self.socket, &mut self.sent);
        let Uttered { ended, played } = self.mouth.frame(&remote, |packet| {
            // A full buffer or an unreachable far end: the packet is lost as on any line, and the hangup comes by SIP.
            *sent += u64::from(socket.send_to(packet, to).is_ok());
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

    pub fn sent(&self) -> u64 {
        self.sent
    }

    /// Reads what has arrived, and gives how many datagrams that were. `relay`: gets the audio in this law.
    ///
    /// Of a stream that flows evenly one datagram is waiting at each visit, and looking whether there is another is left to
    /// every few visits: it would cost a fourth of the reading itself.
    pub fn receive(
        &mut self,
        now: Mono,
        datagram: &mut [u8],
        mut relay: Option<(Law, &mut Vec<u8>)>,
        facts: &mut Vec<MediaEventKind>,
    ) -> u64 {
        self.visits = self.visits.wrapping_add(1);
        let mut thorough = self.behind || self.visits.is_multiple_of(THOROUGH_EVERY);
        let mut read = 0;
        while read < READ_MAX {
            match self.socket.recv_from(datagram) {
                Ok((length, from)) => {
                    read += 1;
                    let relay = relay.as_mut().map(|(law, audio)| (*law, &mut **audio));
                    // Keys come in bursts: beside the audio, and their end three times.
                    thorough |= self.take(now, &datagram[..length], from, relay, facts);
                    if !thorough {
                        return read;
                    }
                }
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => break,
                // An ICMP answer to something sent: nothing to read, and the next may be waiting behind it.
                Err(_) => read += 1,
            }
        }
        self.behind = read != 1;
        read
    }

    /// One datagram. True if it was more, or less, than audio.
    fn take(
        &mut self,
        now: Mono,
        bytes: &[u8],
        from: SocketAddr,
        relay: Option<(Law, &mut Vec<u8>)>,
        facts: &mut Vec<MediaEventKind>,
    ) -> bool {
        let connection = self.connection.as_mut().filter(|_| bytes.len() <= DATAGRAM_MAX);
        let packet = Packet::parse(bytes).ok().zip(connection.and_then(|c| c.admits(from).then_some(c)));
        let Some((packet, connection)) = packet else {
            self.foreign += 1;
            return true;
        };
        let Remote { codec, dtmf_payload, .. } = connection.remote;
        self.ear.packet(now, &packet, dtmf_payload, relay, facts);
        packet.header.payload_type != codec.payload_type()
    }
}

impl Connection {
    /// The address named in the SDP always; until it has spoken, the first other port of the same host (a NAT on the way).
    fn admits(&mut self, from: SocketAddr) -> bool {
        let named = self.remote.addr;
        if from == named {
            self.latched = Some(from);
            return true;
        }
        from.ip() == named.ip() && *self.latched.get_or_insert(from) == from
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whose_packets_are_taken() {
        let at = |s: &str| s.parse::<SocketAddr>().unwrap();
        #[rustfmt::skip]
        let cases: &[(&str, &[(&str, bool)])] = &[
            ("the named one",                  &[("10.0.0.1:4000", true), ("10.0.0.1:4000", true)]),
            ("another port of its host",       &[("10.0.0.1:5000", true), ("10.0.0.1:5000", true)]),
            ("not a second other port",        &[("10.0.0.1:5000", true), ("10.0.0.1:6000", false), ("10.0.0.1:5000", true)]),
            ("another host never",             &[("10.0.0.2:4000", false), ("10.0.0.1:4000", true), ("10.0.0.2:4000", false)]),
            ("the named one takes over again", &[("10.0.0.1:5000", true), ("10.0.0.1:4000", true), ("10.0.0.1:5000", false)]),
        ];
        for (name, packets) in cases {
            let remote = Remote { addr: at("10.0.0.1:4000"), codec: Codec::Pcma, dtmf_payload: None };
            let mut connection = Connection { remote, since: Mono::ZERO, latched: None };
            for (from, taken) in *packets {
                assert_eq!(connection.admits(at(from)), *taken, "{name}: {from}");
            }
        }
    }
}
