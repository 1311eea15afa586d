//! The receiving side of one RTP stream: puts packets in order within a small window, drops doubles and latecomers,
//! and counts what never came. Packets in order pass at once; nothing waits on a clock.

use super::packet::{Header, Packet};

/// Packets held back while one before them is missing: 60 ms of 20 ms packets.
pub const HELD_MAX: usize = 3;
/// Longest payload taken: 120 ms of G.711.
pub const PAYLOAD_MAX: usize = 960;
/// A jump in sequence numbers beyond this is a stream that began anew (RFC 3550 §A.1, MAX_DROPOUT in spirit).
const JUMP_MAX: i16 = 1000;
/// A packet this far behind is a stream that began anew, not a latecomer (MAX_MISORDER).
const BEHIND_MAX: i16 = 100;

/// What came of the packets of one leg.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Reception {
    /// Different packets that arrived.
    pub received: u64,
    /// Never arrived, though later ones did.
    pub lost: u64,
    /// Arrived more than once.
    pub doubled: u64,
    /// Arrived after their place had been given up.
    pub late: u64,
}

/// A packet in its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InOrder<'a> {
    pub payload_type: u8,
    pub timestamp: u32,
    pub payload: &'a [u8],
}

#[derive(Debug, Clone)]
struct Held {
    sequence: u16,
    payload_type: u8,
    timestamp: u32,
    length: usize,
    payload: [u8; PAYLOAD_MAX],
}

#[derive(Debug, Default)]
pub struct Reorder {
    /// Of the packet that would come next, and of which source.
    expected: Option<(u32, u16)>,
    /// Bit n: the packet `n + 1` before the expected one has arrived.
    arrived: u64,
    /// Places passed since the stream began; what lies before was never expected, and not counted as lost.
    passed: u64,
    /// Made at the first gap and kept, so that a healthy stream costs nothing and a sick one allocates once.
    held: Vec<Held>,
    reception: Reception,
}

impl Reorder {
    pub fn reception(&self) -> Reception {
        self.reception
    }

    /// Gives to `deliver` what is now in order: nothing, this packet, or this and those that waited for it.
    /// Payloads over [`PAYLOAD_MAX`] are cut.
    pub fn push(&mut self, packet: &Packet<'_>, mut deliver: impl FnMut(InOrder<'_>)) {
        let (ssrc, sequence) = (packet.header.ssrc, packet.header.sequence);
        let expected = match self.expected {
            Some((source, expected)) if source == ssrc => expected,
            _ => {
                self.release(&mut deliver);
                self.begin(ssrc, sequence)
            }
        };
        let mut ahead = sequence.wrapping_sub(expected) as i16;
        if !(-BEHIND_MAX..=JUMP_MAX).contains(&ahead) {
            self.release(&mut deliver);
            self.begin(ssrc, sequence);
            ahead = 0;
        }
        if ahead < 0 {
            return self.behind(-ahead as u16);
        }
        if ahead == 0 {
            self.pass(true);
            self.reception.received += 1;
            deliver(in_order(packet));
            return self.follow(&mut deliver);
        }
        if self.held.iter().any(|h| h.sequence == sequence) {
            self.reception.doubled += 1;
            return;
        }
        self.reception.received += 1;
        self.hold(packet);
        if self.held.len() > HELD_MAX {
            self.give_up(&mut deliver);
        }
    }

    /// The missing ones are not waited for any longer: nothing has come for a while.
    pub fn flush(&mut self, mut deliver: impl FnMut(InOrder<'_>)) {
        self.release(&mut deliver);
    }

    pub fn is_waiting(&self) -> bool {
        !self.held.is_empty()
    }

    fn begin(&mut self, ssrc: u32, sequence: u16) -> u16 {
        self.expected = Some((ssrc, sequence));
        self.arrived = 0;
        self.passed = 0;
        sequence
    }

    /// A packet whose place has passed: a double, or one that had been counted as lost.
    fn behind(&mut self, by: u16) {
        let bit = 1u64.checked_shl(u32::from(by) - 1).unwrap_or(0);
        if self.arrived & bit != 0 {
            self.reception.doubled += 1;
            return;
        }
        self.arrived |= bit;
        self.reception.received += 1;
        self.reception.late += 1;
        if u64::from(by) <= self.passed {
            self.reception.lost = self.reception.lost.saturating_sub(1);
        }
    }

    fn pass(&mut self, here: bool) {
        let (_, expected) = self.expected.as_mut().expect("a stream has begun");
        *expected = expected.wrapping_add(1);
        self.arrived = self.arrived << 1 | u64::from(here);
        self.passed += 1;
    }

    fn hold(&mut self, packet: &Packet<'_>) {
        self.held.reserve(HELD_MAX + 1);
        let length = packet.payload.len().min(PAYLOAD_MAX);
        let mut payload = [0; PAYLOAD_MAX];
        payload[..length].copy_from_slice(&packet.payload[..length]);
        let Header { payload_type, sequence, timestamp, .. } = packet.header;
        self.held.push(Held { sequence, payload_type, timestamp, length, payload });
    }

    /// Delivers those held that are next.
    fn follow(&mut self, deliver: &mut impl FnMut(InOrder<'_>)) {
        while let Some((_, expected)) = self.expected
            && let Some(at) = self.held.iter().position(|h| h.sequence == expected)
        {
            self.pass(true);
            let held = self.held.swap_remove(at);
            deliver(InOrder {
                payload_type: held.payload_type,
                timestamp: held.timestamp,
                payload: &held.payload[..held.length],
            });
        }
    }

    /// Skips to the first one held and delivers from there.
    fn give_up(&mut self, deliver: &mut impl FnMut(InOrder<'_>)) {
        let Some((_, expected)) = self.expected else { return };
        let Some(skipped) = self.held.iter().map(|h| h.sequence.wrapping_sub(expected)).min() else { return };
        for _ in 0..skipped {
            self.pass(false);
        }
        self.reception.lost += u64::from(skipped);
        self.follow(deliver);
    }

    fn release(&mut self, deliver: &mut impl FnMut(InOrder<'_>)) {
        while !self.held.is_empty() {
            self.give_up(deliver);
        }
    }
}

fn in_order<'a>(packet: &Packet<'a>) -> InOrder<'a> {
    let length = packet.payload.len().min(PAYLOAD_MAX);
    InOrder {
        payload_type: packet.header.payload_type,
        timestamp: packet.header.timestamp,
        payload: &packet.payload[..length],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Arrivals (sequence numbers) → deliveries; `|` flushes.
    fn check(name: &str, arrivals: &str, deliveries: &str, reception: (u64, u64, u64, u64)) {
        let mut reorder = Reorder::default();
        let mut out = Vec::new();
        for word in arrivals.split_whitespace() {
            if word == "|" {
                reorder.flush(|p| out.push(p.timestamp.to_string()));
                continue;
            }
            // `b5`: number 5 of another source.
            let (ssrc, number) = word.strip_prefix('b').map_or((1, word), |n| (2, n));
            let sequence: u16 = number.parse().unwrap();
            let header = Header { payload_type: 8, marker: false, sequence, timestamp: sequence.into(), ssrc };
            reorder.push(&Packet { header, payload: &[1] }, |p| out.push(p.timestamp.to_string()));
        }
        assert_eq!(out.join(" "), deliveries, "{name}");
        let Reception { received, lost, doubled, late } = reorder.reception();
        assert_eq!((received, lost, doubled, late), reception, "{name}: received, lost, doubled, late");
    }

    #[test]
    #[rustfmt::skip]
    fn orders() {
        check("in order",          "1 2 3 4",               "1 2 3 4",             (4, 0, 0, 0));
        check("a swap",            "1 3 2 4",               "1 2 3 4",             (4, 0, 0, 0));
        check("backwards",         "1 4 3 2 5",             "1 2 3 4 5",           (5, 0, 0, 0));
        check("one lost",          "1 3 4 5 6 7",           "1 3 4 5 6 7",         (6, 1, 0, 0));
        check("one lost, waiting", "1 3 4",                 "1",                   (3, 0, 0, 0));
        check("one lost, flushed", "1 3 4 |",               "1 3 4",               (3, 1, 0, 0));
        check("comes too late",    "1 3 4 5 6 2 7",         "1 3 4 5 6 7",         (7, 0, 0, 1));
        check("late and doubled",  "1 3 4 5 6 2 2 7",       "1 3 4 5 6 7",         (7, 0, 1, 1));
        check("doubles",           "1 1 2 2 1 3",           "1 2 3",               (3, 0, 3, 0));
        check("held doubles",      "1 3 3 2",               "1 2 3",               (3, 0, 1, 0));
        check("two gaps",          "1 3 5 7 9 11",          "1 3 5",               (6, 2, 0, 0));
        check("wraps",             "65534 0 65535 1",       "65534 65535 0 1",     (4, 0, 0, 0));
        check("starts anew",       "5 6 40000 40001",       "5 6 40000 40001",     (4, 0, 0, 0));
        check("before the first",  "5 7 8 9 10 3",          "5 7 8 9 10",          (6, 1, 0, 1));
        check("another source",    "5 6 8 b9 b10",          "5 6 8 9 10",          (5, 1, 0, 0));
    }

    proptest::proptest! {
        /// Whatever comes: nothing is delivered twice or out of order, and every packet is accounted for.
        #[test]
        fn delivers_in_order_and_counts_all(arrivals in proptest::collection::vec(0u16..60, 0..200)) {
            let mut reorder = Reorder::default();
            let mut out = Vec::new();
            for &n in &arrivals {
                let header = Header { payload_type: 8, marker: false, sequence: n, timestamp: n.into(), ssrc: 1 };
                reorder.push(&Packet { header, payload: &[] }, |p| out.push(p.timestamp));
            }
            reorder.flush(|p| out.push(p.timestamp));
            assert!(out.is_sorted_by(|a, b| a < b), "{out:?}");
            let r = reorder.reception();
            assert_eq!(r.received + r.doubled, arrivals.len() as u64);
            // Those before the very first arrival were never expected; all later ones came in time, late, or not.
            assert_eq!(r.received - r.late, out.len() as u64);
        }
    }
}
