//! One leg's RTCP (RFC 3550 §6): reports sent and heard, and what they tell of the way to the far end.

use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

use super::Remote;
use crate::rtp::rtcp::{self, Said, Sent};
use crate::rtp::{Arrivals, Quality};
use crate::time::Mono;

/// Between two reports, on average (§6.2: the least for few parties); each waits for half to one and a half of it.
const INTERVAL: Duration = Duration::from_secs(5);
/// The first one comes in half the time (§6.2).
const FIRST: Duration = Duration::from_millis(2500);
/// A round trip above this is a report that answers to something else.
const ROUND_TRIP_MAX: u32 = 10 << 16;
/// A name for this call alone (RFC 7022 §4.2), so that nobody is followed by it.
const NAME: usize = 16;

/// The media thread's clock as reports want it: seconds since 1900 in the upper half. Set once, so that nothing jumps when the
/// wall's clock is moved.
#[derive(Debug, Clone, Copy)]
pub struct Ntp {
    /// At [`Mono::ZERO`], in microseconds since 1970.
    zero_us: u64,
}

impl Ntp {
    pub fn starting_at(wall_us: i64, mono: Mono) -> Ntp {
        Ntp { zero_us: (wall_us.max(0) as u64).saturating_sub(mono.0) }
    }

    fn at(self, now: Mono) -> u64 {
        const FROM_1900_TO_1970_S: u64 = 2_208_988_800;
        let us = self.zero_us + now.0;
        ((us / 1_000_000 + FROM_1900_TO_1970_S) << 32) | (((us % 1_000_000) << 32) / 1_000_000)
    }

    /// The middle 32 bits, in which round trips are counted.
    fn middle(self, now: Mono) -> u32 {
        (self.at(now) >> 16) as u32
    }
}

#[derive(Debug)]
pub struct Control {
    /// The port above the audio's. `None`: none was free, or the far end wants all on one port (RFC 5761).
    pub socket: Option<UdpSocket>,
    name: [u8; NAME],
    /// Where reports go.
    to: Option<SocketAddr>,
    due: Mono,
    /// The last sender report heard, and when.
    last: Option<(u32, Mono)>,
    /// Said of our stream: packets lost since the beginning, of so many; jitter in RTP ticks.
    reported: Option<(u32, u32, u32)>,
    /// Sum and number, in 65536ths of a second.
    round_trips: (u64, u32),
}

/// What a report says of our own stream.
#[derive(Debug, Clone, Copy)]
pub struct Spoken {
    pub ssrc: u32,
    pub timestamp: u32,
    pub packets: u64,
    pub octets: u64,
}

impl Control {
    pub fn new(socket: Option<UdpSocket>) -> Control {
        let name = std::array::from_fn(|_| b"abcdefghijklmnopqrstuvwxyz012345"[usize::from(rand::random::<u8>()) % 32]);
        Control { socket, name, to: None, due: Mono(u64::MAX), last: None, reported: None, round_trips: (0, 0) }
    }

    pub fn connect(&mut self, remote: &Remote, now: Mono) {
        if self.to.is_none() {
            self.due = now + FIRST.mul_f64(0.5 + rand::random::<f64>());
        }
        self.to = Some(remote.rtcp_addr);
    }

    pub fn is_due(&self, now: Mono) -> bool {
        now >= self.due
    }

    /// Where reports go and come from. A far end behind a NAT is answered where it speaks from.
    pub fn admits(&mut self, from: SocketAddr, audio: SocketAddr) -> bool {
        let known = self.to.is_some_and(|to| to == from || to.ip() == from.ip()) || from.ip() == audio.ip();
        if known && self.to.is_some() {
            self.to = Some(from);
        }
        known
    }

    /// A datagram of reports. False if it was none. `ours`: our stream, and how many packets of it there are.
    pub fn hear(&mut self, bytes: &[u8], now: Mono, ntp: Ntp, ours: &Spoken) -> bool {
        let read = rtcp::read(bytes, |said| match said {
            Said::Sent { sent, .. } => self.last = Some(((sent.ntp >> 16) as u32, now)),
            Said::Heard { block, .. } if block.ssrc == ours.ssrc => {
                let packets = u32::try_from(ours.packets).unwrap_or(u32::MAX);
                self.reported = Some((block.lost.max(0) as u32, packets, block.jitter));
                let round_trip = ntp.middle(now).wrapping_sub(block.last_report).wrapping_sub(block.delay);
                // Clocks count in steps: a hair less than nothing is nothing.
                let round_trip = if round_trip as i32 >= -66 { (round_trip as i32).max(0) as u32 } else { u32::MAX };
                if block.last_report != 0 && round_trip <= ROUND_TRIP_MAX {
                    self.round_trips = (self.round_trips.0 + u64::from(round_trip), self.round_trips.1 + 1);
                }
            }
            Said::Heard { .. } | Said::Goodbye { .. } => {}
        });
        read.is_ok()
    }

    pub fn round_trip_ms(&self) -> Option<u16> {
        let (sum, count) = self.round_trips;
        sum.checked_div(count.into()).map(|mean| ((mean * 1000) >> 16) as u16)
    }

    /// What became of our own stream, as the far end tells.
    pub fn said(&self, clock_hz: u32) -> Option<Quality> {
        let (lost, packets, jitter) = self.reported?;
        Some(Quality {
            loss_permille: (u64::from(lost) * 1000).checked_div(packets.into()).unwrap_or(0).min(1000) as u16,
            jitter_ms: jitter_ms(jitter, clock_hz),
            round_trip_ms: self.round_trip_ms(),
        })
    }

    /// Writes the report that is due, or the last one; gives its length and where it goes.
    pub fn report(
        &mut self,
        now: Mono,
        ntp: Ntp,
        ours: &Spoken,
        arrivals: &mut Arrivals,
        leaving: bool,
        buffer: &mut [u8; rtcp::PACKET_MAX],
    ) -> Option<(usize, SocketAddr)> {
        self.due = now + INTERVAL.mul_f64(0.5 + rand::random::<f64>());
        let to = self.to.filter(|to| !to.ip().is_unspecified() && to.port() != 0)?;
        let sent = Sent {
            ntp: ntp.at(now),
            timestamp: ours.timestamp,
            packets: ours.packets as u32,
            octets: ours.octets as u32,
        };
        let block = arrivals.report().map(|mut block| {
            if let Some((middle, at)) = self.last {
                block.last_report = middle;
                block.delay = (now.since(at).as_micros() as u64 * 65_536 / 1_000_000) as u32;
            }
            block
        });
        let sent = (ours.packets > 0).then_some(&sent);
        Some((rtcp::write(ours.ssrc, sent, block.as_ref(), &self.name, leaving, buffer), to))
    }
}

pub fn jitter_ms(ticks: u32, clock_hz: u32) -> u16 {
    u16::try_from(u64::from(ticks) * 1000 / u64::from(clock_hz.max(1))).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::Codec;
    use crate::rtp::Header;

    /// Two ends that report to each other over a way of 40 ms there and back, the second losing every tenth packet of the first.
    #[test]
    fn two_ends_learn_what_lies_between_them() {
        let ntp = Ntp::starting_at(1_700_000_000_000_000, Mono::ZERO);
        let remote = Remote::plain(([10, 0, 0, 1], 4000).into(), Codec::Pcma, None);
        let (mut one, mut other) = (Control::new(None), Control::new(None));
        one.connect(&remote, Mono::ZERO);
        other.connect(&remote, Mono::ZERO);
        assert!(!one.is_due(Mono(1_000_000)) && one.is_due(Mono(3_750_000)));
        let spoken = |ssrc, packets| Spoken { ssrc, timestamp: 0, packets, octets: packets * 160 };
        let mut arrivals = Arrivals::default();
        for n in (0..1000u16).filter(|n| n % 10 != 5) {
            let header = Header { payload_type: 8, marker: false, sequence: n, timestamp: u32::from(n) * 160, ssrc: 1 };
            arrivals.note(&header, Some(u32::from(n) * 160));
        }
        let mut buffer = [0; rtcp::PACKET_MAX];
        let at = |ms: u64| Mono(20_000_000 + ms * 1000);
        let (length, to) =
            one.report(at(0), ntp, &spoken(1, 1000), &mut Arrivals::default(), false, &mut buffer).unwrap();
        assert_eq!(to, "10.0.0.1:4001".parse().unwrap());
        assert!(other.hear(&buffer[..length], at(20), ntp, &spoken(2, 0)));
        let (length, _) = other.report(at(320), ntp, &spoken(2, 0), &mut arrivals, false, &mut buffer).unwrap();
        assert!(one.hear(&buffer[..length], at(340), ntp, &spoken(1, 1000)));
        let said = one.said(8000).unwrap();
        assert_eq!((said.loss_permille, said.jitter_ms), (100, 0));
        assert!(said.round_trip_ms.is_some_and(|ms| (39..=40).contains(&ms)), "{said:?}");
        assert_eq!(other.said(8000), None, "nobody said anything of it");
        assert!(!one.hear(&[0x80, 200, 0, 9], at(400), ntp, &spoken(1, 1000)));
    }

    #[test]
    fn seconds_since_1900() {
        let ntp = Ntp::starting_at(500_000, Mono(0));
        assert_eq!(ntp.at(Mono(1_000_000)), (2_208_988_801 << 32) | (1 << 31));
    }
}
