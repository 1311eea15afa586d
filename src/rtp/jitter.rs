//! A received stream played again at an even pace: packets wait for as long as the network's unevenness asks for, and no longer.
//!
//! [`Reorder`](super::Reorder) passes packets on as they come, for those who listen; this is for what is played on to another
//! person. The delay is where 97 of 100 packets have come in time, between 20 and 200 ms; it grows at once when packets come
//! too late, and otherwise changes where nobody hears it: in pauses.

use super::packet::Packet;
use crate::time::Mono;

/// The least and the most that packets wait.
pub const DELAY_MS_MIN: u32 = 20;
pub const DELAY_MS_MAX: u32 = 200;
/// Before anything is known of the network.
const DELAY_MS_FIRST: u32 = 40;
/// Packets held: 200 ms of the shortest, 10 ms, and as much again for bursts.
const SLOTS: usize = 40;
/// Of the lateness of packets, in steps of 5 ms.
const STEP_US: i64 = 5000;
const STEPS: usize = 60;
/// Of the packets, this part is to come in time.
const IN_TIME: f32 = 0.97;
/// What each packet leaves of those before it: 250 packets, five seconds, count.
const KEPT: f32 = 0.996;
/// The quickest packet of the last while is the measure of lateness: two halves of 5 s, so that drifting clocks do no harm.
const HALF_US: u64 = 5_000_000;
/// A timestamp this far from what was expected begins a new count.
const JUMP_S: i64 = 3;
/// Pieces that are made up in a row; after that the far end is silent.
const LOST_IN_A_ROW_MAX: u32 = 6;
/// Payloads beyond are none of ours: 60 ms of G.711, or a packet of Opus.
const PAYLOAD_MAX: usize = 1275;

/// What to play next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece<'a> {
    Packet {
        payload_type: u8,
        timestamp: u32,
        payload: &'a [u8],
    },
    /// It did not come, or not yet: make it up.
    Lost,
    /// Nothing was sent, or nothing has begun: silence.
    Quiet,
}

/// What became of the packets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct JitterStats {
    pub played: u64,
    /// Places that had to be made up.
    pub lost: u64,
    /// Came after their place had been played.
    pub late: u64,
    pub doubled: u64,
    /// Thrown away to shorten the delay, or because there was no room.
    pub dropped: u64,
    /// Pieces of silence put in to lengthen it.
    pub stretched: u64,
    /// The stream began anew: another source, or a jump in time.
    pub restarts: u64,
}

#[derive(Debug, Default)]
struct Slot {
    used: bool,
    /// Counted on from the stream's beginning, without wrapping.
    time: i64,
    sequence: u16,
    payload_type: u8,
    timestamp: u32,
    /// Keeps its room, so that packets allocate no more once the first have gone round.
    payload: Vec<u8>,
}

#[derive(Debug)]
pub struct JitterBuffer {
    clock_hz: i64,
    slots: [Slot; SLOTS],
    source: Option<u32>,
    /// The newest timestamp, as sent and unwrapped.
    newest: Option<(u32, i64)>,
    /// What is played next, and the number of the packet before it.
    next: Option<i64>,
    before: Option<u16>,
    /// When the first packet came.
    began: Mono,
    /// Of a packet, in timestamps.
    ticks: i64,
    late: Lateness,
    lost_in_a_row: u32,
    stats: JitterStats,
}

impl JitterBuffer {
    /// `clock_hz`: RTP timestamps a second.
    pub fn new(clock_hz: u32) -> JitterBuffer {
        JitterBuffer {
            clock_hz: i64::from(clock_hz.max(1000)),
            slots: std::array::from_fn(|_| Slot::default()),
            source: None,
            newest: None,
            next: None,
            before: None,
            began: Mono::ZERO,
            ticks: i64::from(clock_hz.max(1000)) / 50,
            late: Lateness::default(),
            lost_in_a_row: 0,
            stats: JitterStats::default(),
        }
    }

    pub fn stats(&self) -> JitterStats {
        self.stats
    }

    /// How long packets are to wait at present.
    pub fn delay_ms(&self) -> u32 {
        self.late.wanted_ms()
    }

    /// `ticks`: what the packet holds, in timestamps; it tells how far apart packets are. Payloads over 1275 bytes are dropped.
    pub fn push(&mut self, now: Mono, packet: &Packet<'_>, ticks: u32) {
        let header = &packet.header;
        if packet.payload.len() > PAYLOAD_MAX || ticks == 0 {
            self.stats.dropped += 1;
            return;
        }
        let time = match self.newest {
            Some((timestamp, time)) => time + i64::from(header.timestamp.wrapping_sub(timestamp) as i32),
            None => 0,
        };
        let jump = self.newest.is_some_and(|(_, newest)| (time - newest).abs() > JUMP_S * self.clock_hz);
        let time = if self.source != Some(header.ssrc) || jump {
            self.restart(now, header.ssrc);
            0
        } else {
            time
        };
        if self.newest.is_none_or(|(_, newest)| time >= newest) {
            self.newest = Some((header.timestamp, time));
        }
        self.ticks = i64::from(ticks);
        let sent_us = time * 1_000_000 / self.clock_hz;
        self.late.note(now, sent_us);
        if self.next.is_some_and(|next| time < next) {
            // A double of what was played is no latecomer, but too old to tell: both came for nothing.
            self.stats.late += 1;
            return;
        }
        if self.slots.iter().any(|slot| slot.used && slot.time == time) {
            self.stats.doubled += 1;
            return;
        }
        if self.next.is_none() && self.oldest().is_none() {
            self.began = now;
        }
        let free = self.slots.iter().position(|slot| !slot.used);
        let place = free.unwrap_or_else(|| {
            // A burst: the oldest is worth least.
            self.stats.dropped += 1;
            (0..SLOTS).min_by_key(|&n| self.slots[n].time).unwrap_or(0)
        });
        let slot = &mut self.slots[place];
        slot.used = true;
        (slot.time, slot.sequence, slot.payload_type) = (time, header.sequence, header.payload_type);
        slot.timestamp = header.timestamp;
        slot.payload.clear();
        slot.payload.extend_from_slice(packet.payload);
    }

    /// The next piece, as long as a packet: called when what was pulled before has been played. `quiet`: what was played last
    /// was near silence, so that a piece more or less is not heard.
    pub fn pull(&mut self, now: Mono, quiet: bool) -> Piece<'_> {
        let wanted_us = i64::from(self.late.wanted_ms()) * 1000;
        let oldest = self.oldest();
        let Some(next) = self.next else {
            // The first packet waits for as long as is wanted, so that those behind it may come late.
            match oldest {
                Some(place) if now.since(self.began).as_micros() as i64 >= wanted_us => {
                    self.next = Some(self.slots[place].time);
                    return self.play(place);
                }
                _ => return Piece::Quiet,
            }
        };
        // How long a packet sent without delay would now have waited.
        let waited_us = now.0 as i64 - next * 1_000_000 / self.clock_hz - self.late.quickest_us();
        let piece_us = self.ticks * 1_000_000 / self.clock_hz;
        let Some(place) = oldest else { return self.starve(next, waited_us < wanted_us) };
        if quiet && waited_us + piece_us <= wanted_us {
            self.stats.stretched += 1;
            return Piece::Quiet;
        }
        let time = self.slots[place].time;
        let too_long = waited_us > i64::from(DELAY_MS_MAX) * 1000 + piece_us;
        if time == next && (too_long || quiet && waited_us >= wanted_us + piece_us) {
            // One less; the one behind it, if there is any, is played in its place.
            self.slots[place].used = false;
            self.before = Some(self.slots[place].sequence);
            self.stats.dropped += 1;
            self.next = Some(next + self.ticks);
            return match self.oldest() {
                Some(place) if self.slots[place].time <= next + self.ticks => self.play(place),
                _ => Piece::Quiet,
            };
        }
        // Packets that overlap, or do not lie on the grid, are played as they come.
        if time < next + self.ticks {
            return self.play(place);
        }
        // A gap. If no number is missing in it, nothing was sent: the far end paused.
        self.next = Some(next + self.ticks);
        if self.before.is_some_and(|before| before.wrapping_add(1) == self.slots[place].sequence) {
            self.lost_in_a_row = 0;
            return Piece::Quiet;
        }
        self.make_up()
    }

    /// Nothing is there. If it may still come in time, its place waits.
    fn starve(&mut self, next: i64, may_come: bool) -> Piece<'_> {
        if !may_come {
            self.next = Some(next + self.ticks);
        } else {
            self.stats.stretched += 1;
        }
        if self.lost_in_a_row >= LOST_IN_A_ROW_MAX {
            // It has stopped sending. What comes next begins with a delay of its own.
            self.next = None;
            self.before = None;
            return Piece::Quiet;
        }
        self.make_up()
    }

    fn make_up(&mut self) -> Piece<'_> {
        self.lost_in_a_row += 1;
        if self.lost_in_a_row > LOST_IN_A_ROW_MAX {
            return Piece::Quiet;
        }
        self.stats.lost += 1;
        Piece::Lost
    }

    fn play(&mut self, place: usize) -> Piece<'_> {
        let slot = &mut self.slots[place];
        slot.used = false;
        self.next = Some(slot.time + self.ticks);
        self.before = Some(slot.sequence);
        self.lost_in_a_row = 0;
        self.stats.played += 1;
        Piece::Packet { payload_type: slot.payload_type, timestamp: slot.timestamp, payload: &slot.payload }
    }

    fn oldest(&self) -> Option<usize> {
        (0..SLOTS).filter(|&n| self.slots[n].used).min_by_key(|&n| self.slots[n].time)
    }

    fn restart(&mut self, now: Mono, ssrc: u32) {
        if self.source.is_some() {
            self.stats.restarts += 1;
        }
        let held = self.slots.iter().filter(|slot| slot.used).count();
        self.stats.dropped += held as u64;
        self.slots.iter_mut().for_each(|slot| slot.used = false);
        self.source = Some(ssrc);
        self.newest = None;
        self.next = None;
        self.before = None;
        self.began = now;
        self.lost_in_a_row = 0;
        self.late.restart();
    }
}

/// How late packets come, against the quickest.
#[derive(Debug)]
struct Lateness {
    /// How many came so late, the recent ones counting most.
    steps: [f32; STEPS],
    /// Arrival less sending of the quickest packet, of the last half and of this one.
    quickest: [i64; 2],
    half_began: Option<Mono>,
    wanted_ms: u32,
}

impl Default for Lateness {
    fn default() -> Lateness {
        Lateness { steps: [0.0; STEPS], quickest: [i64::MAX; 2], half_began: None, wanted_ms: DELAY_MS_FIRST }
    }
}

impl Lateness {
    /// The clock of the far end is another; what was learnt of the network stays.
    fn restart(&mut self) {
        self.quickest = [i64::MAX; 2];
        self.half_began = None;
    }

    fn note(&mut self, now: Mono, sent_us: i64) {
        let transit = now.0 as i64 - sent_us;
        let began = *self.half_began.get_or_insert(now);
        if now.since(began).as_micros() as u64 >= HALF_US {
            self.quickest = [self.quickest[1], i64::MAX];
            self.half_began = Some(now);
        }
        self.quickest[1] = self.quickest[1].min(transit);
        let late_us = transit - self.quickest_us();
        let step = usize::try_from(late_us / STEP_US).unwrap_or(0).min(STEPS - 1);
        self.steps.iter_mut().for_each(|count| *count *= KEPT);
        self.steps[step] += 1.0;
        let total: f32 = self.steps.iter().sum();
        let mut sum = 0.0;
        let enough = self.steps.iter().position(|count| {
            sum += count;
            sum >= total * IN_TIME
        });
        // To the upper edge of the step, and one more for our own unevenness.
        let wanted_ms = (enough.unwrap_or(STEPS) as u32 + 2) * (STEP_US / 1000) as u32;
        self.wanted_ms = wanted_ms.clamp(DELAY_MS_MIN, DELAY_MS_MAX);
    }

    fn quickest_us(&self) -> i64 {
        match self.quickest[0].min(self.quickest[1]) {
            i64::MAX => 0,
            quickest => quickest,
        }
    }

    fn wanted_ms(&self) -> u32 {
        self.wanted_ms
    }
}

#[cfg(test)]
mod tests {
    use super::super::Header;
    use super::*;

    /// What a network does to one packet.
    #[derive(Clone, Copy)]
    enum Fate {
        /// Comes so many milliseconds after it was sent.
        After(u32),
        Lost,
        /// Comes twice, 5 ms apart.
        Doubled,
        /// The far end had nothing to say, and sent nothing.
        Unsent,
    }

    struct Dice(u64);

    impl Dice {
        fn below(&mut self, n: u32) -> u32 {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            ((self.0 >> 33) % u64::from(n)) as u32
        }
    }

    struct Outcome {
        stats: JitterStats,
        /// P for a packet, L for what was made up, a point for silence.
        line: String,
        /// From sending to playing, ms: of every packet played.
        delays: Vec<u64>,
    }

    /// Sends `packets` of 20 ms, far clock running `ppm` too fast, to a player whose ticks fall 7 ms beside the sender's.
    fn run(packets: u32, ppm: i64, quiet: impl Fn(u64) -> bool, mut fate: impl FnMut(u32) -> Fate) -> Outcome {
        let mut arrivals: Vec<(u64, u16, u32, u64)> = Vec::new();
        let mut sequence = 65_500u16;
        let mut last_us = 0;
        for n in 0..packets {
            let sent_us = (i64::from(n) * 20_000 * (1_000_000 - ppm) / 1_000_000) as u64;
            last_us = sent_us;
            let timestamp = n.wrapping_mul(160).wrapping_sub(5000);
            let mut arrive = |ms: u32| arrivals.push((sent_us + u64::from(ms) * 1000, sequence, timestamp, sent_us));
            match fate(n) {
                Fate::After(ms) => arrive(ms),
                Fate::Doubled => {
                    arrive(10);
                    arrive(15);
                }
                Fate::Lost => {}
                Fate::Unsent => continue,
            }
            sequence = sequence.wrapping_add(1);
        }
        arrivals.sort_by_key(|arrival| arrival.0);
        let mut arrivals = arrivals.into_iter().peekable();
        let mut buffer = JitterBuffer::new(8000);
        let (mut line, mut delays) = (String::new(), Vec::new());
        let mut now = 7000;
        let mut last_played = None;
        while now < last_us + 400_000 {
            while let Some((at, sequence, timestamp, sent_us)) = arrivals.next_if(|arrival| arrival.0 <= now) {
                let header = Header { payload_type: 8, marker: false, sequence, timestamp, ssrc: 1 };
                buffer.push(Mono(at), &Packet { header, payload: &sent_us.to_be_bytes() }, 160);
            }
            line.push(match buffer.pull(Mono(now), quiet(now)) {
                Piece::Packet { payload, .. } => {
                    let sent_us = u64::from_be_bytes(payload.try_into().unwrap());
                    assert!(last_played.is_none_or(|last| last < sent_us), "out of order, or twice");
                    last_played = Some(sent_us);
                    delays.push((now - sent_us) / 1000);
                    'P'
                }
                Piece::Lost => 'L',
                Piece::Quiet => '.',
            });
            now += 20_000;
        }
        Outcome { stats: buffer.stats(), line, delays }
    }

    /// The longest delay that 95 of 100 packets do not pass, of the last half.
    fn delay_p95(delays: &[u64]) -> u64 {
        let mut half = delays[delays.len() / 2..].to_vec();
        half.sort_unstable();
        half[half.len() * 95 / 100]
    }

    #[test]
    fn networks() {
        const PACKETS: u32 = 3000;
        let mut dice = Dice(3);
        let mut check = |name: &str,
                         made_up: std::ops::RangeInclusive<u64>,
                         delay_ms: u64,
                         fate: &mut dyn FnMut(u32, &mut Dice) -> Fate| {
            // A pause of 200 ms every two seconds.
            let out = run(PACKETS, 0, |now| now % 2_000_000 < 200_000, |n| fate(n, &mut dice));
            // What is made up after the last packet is none of the network's.
            let lost = out.line.trim_end_matches(['L', '.']).matches('L').count() as u64;
            let p95 = delay_p95(&out.delays);
            println!("{name}: made up {lost}, {p95} ms, {:?}", out.stats);
            assert!(made_up.contains(&lost), "{name}: {lost} made up, {:?}", out.stats);
            assert!(p95 <= delay_ms, "{name}: {p95} ms");
            assert!(
                out.stats.played + out.stats.dropped + out.stats.late <= u64::from(PACKETS),
                "{name}: {:?}",
                out.stats
            );
        };
        check("even", 0..=0, 50, &mut |_, _| Fate::After(10));
        check("even and far away", 0..=0, 340, &mut |_, _| Fate::After(300));
        check("a little uneven", 0..=15, 70, &mut |_, dice| Fate::After(10 + dice.below(20)));
        check("uneven", 0..=100, 110, &mut |_, dice| Fate::After(10 + dice.below(60)));
        check("very uneven, as packets cross", 0..=160, 240, &mut |_, dice| Fate::After(10 + dice.below(180)));
        check("one in 50 comes 100 ms later", 0..=90, 140, &mut |_, dice| {
            Fate::After(if dice.below(50) == 0 { 110 } else { 10 })
        });
        check("5 % lost", 110..=190, 50, &mut |_, dice| if dice.below(20) == 0 { Fate::Lost } else { Fate::After(10) });
        check("20 % lost, uneven", 520..=760, 110, &mut |_, dice| {
            if dice.below(5) == 0 { Fate::Lost } else { Fate::After(10 + dice.below(50)) }
        });
        check("all doubled", 0..=0, 50, &mut |_, _| Fate::Doubled);
        check("a second without any", 0..=12, 50, &mut |n, _| {
            if (1000..1050).contains(&n) { Fate::Lost } else { Fate::After(10) }
        });
        check("pauses unsent", 0..=250, 60, &mut |n, _| if n % 100 < 50 { Fate::Unsent } else { Fate::After(10) });
    }

    #[test]
    fn the_delay_follows_the_network_both_ways() {
        let mut dice = Dice(5);
        let out = run(
            6000,
            0,
            |now| now % 1_000_000 < 100_000,
            |n| match n {
                2000..3000 => Fate::After(10 + dice.below(120)),
                _ => Fate::After(10),
            },
        );
        let between = |from: usize, to: usize| {
            let mut part = out.delays[from..to].to_vec();
            part.sort_unstable();
            part[part.len() / 2]
        };
        let (before, during, after) = (between(1000, 1900), between(2500, 2900), between(4500, 5500));
        assert!(before <= 50 && (90..=200).contains(&during) && after <= 60, "{before} {during} {after} ms");
        assert!(out.stats.stretched > 0 && out.stats.dropped > 0, "{:?}", out.stats);
    }

    #[test]
    fn clocks_that_drift_apart_neither_starve_nor_swell_it() {
        for ppm in [-300, 300] {
            // Ten minutes: 180 ms apart in the end.
            let out = run(30_000, ppm, |now| now % 3_000_000 < 300_000, |_| Fate::After(10));
            assert!(delay_p95(&out.delays) <= 60, "{ppm}: {} ms, {:?}", delay_p95(&out.delays), out.stats);
            assert!(out.stats.lost + out.stats.late <= 30, "{ppm}: {:?}", out.stats);
        }
    }

    #[test]
    fn gaps_are_told_apart() {
        let line = |fate: &dyn Fn(u32) -> Fate| run(12, 0, |_| false, fate).line;
        assert_eq!(&line(&|_| Fate::After(0))[..16], ".PPPPPPPPPPPPLLL");
        let lost = line(&|n| if n == 5 { Fate::Lost } else { Fate::After(0) });
        assert_eq!(&lost[..13], ".PPPPPLPPPPPP");
        let paused = line(&|n| if (5..8).contains(&n) { Fate::Unsent } else { Fate::After(0) });
        assert_eq!(paused.matches('P').count(), 9, "{paused}");
        assert!(paused.ends_with('.'), "in the end nothing is made up: {paused}");
    }

    #[test]
    fn another_source_and_another_count_begin_anew() {
        let mut buffer = JitterBuffer::new(8000);
        let mut played = Vec::new();
        for n in 0..300u32 {
            let now = Mono(u64::from(n) * 20_000);
            let (ssrc, timestamp) = match n {
                0..100 => (1, n * 160),
                100..200 => (2, 77_000 + n * 160),
                _ => (2, 3_000_000_000u32.wrapping_add(n * 160)),
            };
            let header = Header { payload_type: 0, marker: false, sequence: n as u16, timestamp, ssrc };
            buffer.push(now, &Packet { header, payload: &[n as u8] }, 160);
            if let Piece::Packet { payload, .. } = buffer.pull(now, false) {
                played.push(payload[0]);
            }
        }
        assert_eq!(buffer.stats().restarts, 2);
        assert!(played.len() > 285, "{} of 300, {:?}", played.len(), buffer.stats());
    }

    proptest::proptest! {
        /// Whatever comes in whatever order: nothing twice, all accounted for, and it never holds more than its room.
        #[test]
        fn any_packets(arrivals in proptest::collection::vec((0u16..300, 0u32.., 0u32..3, 1u32..2000, 0u64..60_000), 0..300)) {
            let mut buffer = JitterBuffer::new(8000);
            let (mut now, pushed) = (0, arrivals.len() as u64);
            for (sequence, jump, ssrc, ticks, pause) in arrivals {
                let timestamp = (u32::from(sequence) * 160).wrapping_add(if jump % 10 == 0 { jump } else { 0 });
                let header = Header { payload_type: 8, marker: false, sequence, timestamp, ssrc };
                buffer.push(Mono(now), &Packet { header, payload: &[1; 20] }, ticks);
                now += pause;
                buffer.pull(Mono(now), pause % 2 == 0);
            }
            let held = buffer.slots.iter().filter(|slot| slot.used).count() as u64;
            let s = buffer.stats();
            assert_eq!(s.played + s.late + s.doubled + s.dropped + held, pushed);
        }
    }
}
