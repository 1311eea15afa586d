//! What a receiver knows of one stream for its reports (RFC 3550 §6.4.1, §A.3, §A.8): how much came of what was sent, and how
//! unevenly.

use super::packet::Header;
use super::rtcp::Block;

/// A jump in sequence numbers beyond this is a stream that began anew (§A.1, MAX_DROPOUT).
const DROPOUT_MAX: u16 = 3000;
/// A packet this far behind too (§A.1, MAX_MISORDER).
const MISORDER_MAX: u16 = 100;

#[derive(Debug, Clone, Copy, Default)]
pub struct Arrivals {
    /// `None` before the first packet.
    stream: Option<Stream>,
    /// In RTP ticks, 16 times.
    jitter_16: u32,
}

#[derive(Debug, Clone, Copy)]
struct Stream {
    ssrc: u32,
    /// The first sequence number.
    base: u32,
    /// The highest, wraps counted above it.
    highest: u32,
    received: u32,
    /// At the last report.
    reported: (u32, u32),
    /// Arrival minus timestamp, of the packet before.
    transit: Option<u32>,
}

impl Arrivals {
    /// A packet came. `at`: when, in ticks of the stream's clock. `None`: its timestamp says nothing about when it was sent (an
    /// event's is when the press began).
    pub fn note(&mut self, header: &Header, at: Option<u32>) {
        let sequence = header.sequence;
        let stream = match &mut self.stream {
            Some(stream) if stream.ssrc == header.ssrc => stream,
            _ => self.begin(header),
        };
        let ahead = sequence.wrapping_sub(stream.highest as u16);
        let stream = if ahead < DROPOUT_MAX {
            stream.highest = stream.highest.wrapping_add(u32::from(ahead));
            stream
        } else if ahead < MISORDER_MAX.wrapping_neg() {
            self.begin(header)
        } else {
            stream
        };
        stream.received += 1;
        let Some(at) = at else { return };
        let transit = at.wrapping_sub(header.timestamp);
        let before = stream.transit.replace(transit);
        if let Some(before) = before {
            let d = (transit.wrapping_sub(before) as i32).unsigned_abs();
            // A jump of the timestamps (a new source behind the same mixer) is no jitter: more than a second at 48 kHz.
            if d < 48_000 {
                self.jitter_16 = (self.jitter_16 + d).saturating_sub((self.jitter_16 + 8) >> 4);
            }
        }
    }

    fn begin(&mut self, header: &Header) -> &mut Stream {
        let base = u32::from(header.sequence);
        self.stream.insert(Stream {
            ssrc: header.ssrc,
            base,
            highest: base,
            received: 0,
            reported: (0, 0),
            transit: None,
        })
    }

    /// In RTP ticks.
    pub fn jitter(&self) -> u32 {
        self.jitter_16 >> 4
    }

    /// For the next report; `None` while nothing has come. `last_report` and `delay` are the caller's to fill.
    pub fn report(&mut self) -> Option<Block> {
        let jitter = self.jitter();
        let stream = self.stream.as_mut()?;
        let (expected, received) = (stream.expected(), stream.received);
        let (before_expected, before_received) = std::mem::replace(&mut stream.reported, (expected, received));
        let expected_now = expected.wrapping_sub(before_expected);
        let lost_now = i64::from(expected_now) - i64::from(received.wrapping_sub(before_received));
        let fraction = if expected_now == 0 || lost_now <= 0 { 0 } else { (lost_now << 8) / i64::from(expected_now) };
        Some(Block {
            ssrc: stream.ssrc,
            fraction_lost: fraction.min(255) as u8,
            lost: (i64::from(expected) - i64::from(received)).clamp(-(1 << 23), (1 << 23) - 1) as i32,
            highest: stream.highest,
            jitter,
            last_report: 0,
            delay: 0,
        })
    }
}

impl Stream {
    fn expected(&self) -> u32 {
        self.highest.wrapping_sub(self.base).wrapping_add(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(ssrc: u32, sequence: u16) -> Header {
        Header { payload_type: 8, marker: false, sequence, timestamp: u32::from(sequence) * 160, ssrc }
    }

    /// Arrivals (sequence numbers; `b5`: of another source; `|` reports) → lost, fraction in 256ths at the last report.
    fn check(name: &str, arrivals: &str, expected: (i32, u8)) {
        let mut heard = Arrivals::default();
        let mut block = Block::default();
        for word in arrivals.split_whitespace() {
            if word == "|" {
                block = heard.report().unwrap();
                continue;
            }
            let (ssrc, number) = word.strip_prefix('b').map_or((1, word), |n| (2, n));
            heard.note(&header(ssrc, number.parse().unwrap()), None);
        }
        let block = heard.report().map_or(block, |b| if arrivals.ends_with('|') { block } else { b });
        assert_eq!((block.lost, block.fraction_lost), expected, "{name}");
    }

    #[test]
    #[rustfmt::skip]
    fn losses() {
        check("none",                  "1 2 3 4",            (0, 0));
        check("one of four",           "1 2 4",              (1, 64));
        check("before a report",       "1 2 4 | 5 6 7 8 |",  (1, 0));
        check("overtaken",             "1 3 2 4",            (0, 0));
        check("doubled",               "1 1 2 2",            (-2, 0));
        check("wraps",                 "65534 65535 0 2",    (1, 51));
        check("another source",        "1 2 4 b70 b71",      (0, 0));
        check("starts anew",           "1 2 9000 9001",      (0, 0));
    }

    #[test]
    fn wraps_are_counted() {
        let mut heard = Arrivals::default();
        for n in 65_000u32..140_000 {
            heard.note(&header(1, n as u16), None);
        }
        let block = heard.report().unwrap();
        assert_eq!((block.highest, block.lost), (139_999, 0));
        assert_eq!(Arrivals::default().report(), None);
    }

    #[test]
    fn jitter_is_the_mean_of_the_differences() {
        // Every other packet 10 ms late: each differs by 80 ticks from the one before.
        let mut heard = Arrivals::default();
        for n in 0..500u16 {
            heard.note(&header(1, n), Some(u32::from(n) * 160 + u32::from(n % 2) * 80));
        }
        assert!((75..=80).contains(&heard.jitter()), "{}", heard.jitter());
        // Evenly sent is none at all, whatever the delay and the first timestamp are.
        let mut even = Arrivals::default();
        (0..500u16).for_each(|n| even.note(&header(1, n), Some(u32::from(n) * 160 + 77_777)));
        assert_eq!(even.jitter(), 0);
    }
}
