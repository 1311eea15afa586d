//! One press may be told three times: by RFC 4733 events, by SIP INFO, and as a tone in the audio. Here it counts once, whichever
//! comes first, and two presses of one key stay two.
//!
//! Each way of telling is exact by itself: [`KeyListener`](super::KeyListener), the transactions of SIP and
//! [`DtmfDetector`](crate::audio::dtmf::DtmfDetector) give each press once. So a report belongs to a press that is known already
//! if the same key was told, lately, by another way and not yet by this one; otherwise it is a press of its own.

use std::time::Duration;

use crate::time::Mono;

/// How a press was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// RFC 4733, in the audio stream.
    Event,
    /// SIP INFO with `application/dtmf-relay` or `application/dtmf`.
    Info,
    /// In the audio itself.
    Tone,
}

/// Whether tones in the audio count as keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tones {
    Never,
    /// Until the call's first event. A far end that sends events sends them for every key; a tone that comes alone after that
    /// is a voice, or somebody's music.
    #[default]
    UntilEvents,
    Always,
}

/// The tone and the event of one press come this close together: a gateway needs up to 100 ms to know a tone, and the network
/// may hold one of them back.
const IN_AUDIO: Duration = Duration::from_millis(400);
/// INFO goes another way, through proxies, and may be sent when the key is let go, or again when it was lost (RFC 3261 §17: after
/// half a second, then one).
const BY_SIGNALLING: Duration = Duration::from_millis(2500);
/// Presses remembered. Nobody presses more in the longest of the windows.
const REMEMBERED: usize = 32;

#[derive(Debug, Clone, Copy)]
struct Press {
    key: char,
    at: Mono,
    /// By which ways it has been told: Event, Info, Tone.
    told: [bool; 3],
}

/// The keys of one call.
#[derive(Debug)]
pub struct Digits {
    tones: Tones,
    events_seen: bool,
    presses: [Option<Press>; REMEMBERED],
    next: usize,
    /// Tones that no other way confirmed, after events had come.
    pub tones_alone: u32,
}

impl Digits {
    pub fn new(tones: Tones) -> Digits {
        Digits { tones, events_seen: false, presses: [None; REMEMBERED], next: 0, tones_alone: 0 }
    }

    /// Whether a detector of tones has anything to add: without it, it need not run.
    pub fn wants_tones(&self) -> bool {
        match self.tones {
            Tones::Never => false,
            Tones::UntilEvents => !self.events_seen,
            Tones::Always => true,
        }
    }

    /// A press, told in this way. Gives the key if it was not told before.
    pub fn hear(&mut self, now: Mono, way: Way, key: char) -> Option<char> {
        self.events_seen |= way == Way::Event;
        let key = key.to_ascii_uppercase();
        if way == Way::Tone && self.tones == Tones::Never {
            return None;
        }
        // The oldest first: each way keeps the order of the presses.
        let known =
            self.presses.iter_mut().flatten().filter(|press| press.is(now, way, key)).min_by_key(|press| press.at);
        if let Some(press) = known {
            press.told[way as usize] = true;
            return None;
        }
        if way == Way::Tone && !self.wants_tones() {
            self.tones_alone = self.tones_alone.saturating_add(1);
            return None;
        }
        let mut told = [false; 3];
        told[way as usize] = true;
        self.presses[self.next] = Some(Press { key, at: now, told });
        self.next = (self.next + 1) % REMEMBERED;
        Some(key)
    }
}

impl Press {
    /// Whether this report may be of this press.
    fn is(&self, now: Mono, way: Way, key: char) -> bool {
        // Between an INFO and anything else lies the signalling; so it does when only INFO told of it until now.
        let only_info = self.told == [false, true, false];
        let window = if way == Way::Info || only_info { BY_SIGNALLING } else { IN_AUDIO };
        self.key == key && !self.told[way as usize] && now.since(self.at) <= window
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reports: `e`vent, `i`nfo or `t`one, key, time in ms. → keys with the times at which they were told.
    fn check(name: &str, tones: Tones, reports: &str, expected: &str) {
        let mut digits = Digits::new(tones);
        let mut told = Vec::new();
        for report in reports.split_whitespace() {
            let (what, at) = report.split_once('@').unwrap();
            let way = match &what[..1] {
                "e" => Way::Event,
                "i" => Way::Info,
                _ => Way::Tone,
            };
            let key = what[1..].parse().unwrap();
            let now = Mono(at.parse::<u64>().unwrap() * 1000);
            told.extend(digits.hear(now, way, key).map(|key| format!("{key}@{at}")));
        }
        assert_eq!(told.join(" "), expected, "{name}");
    }

    #[test]
    #[rustfmt::skip]
    fn one_press_is_one() {
        use Tones::*;
        check("event alone",                 UntilEvents, "e5@0",                                  "5@0");
        check("info alone",                  UntilEvents, "i5@0",                                  "5@0");
        check("tone alone",                  UntilEvents, "t5@0",                                  "5@0");
        check("all three",                   UntilEvents, "e5@0 t5@50 i5@200",                     "5@0");
        check("all three, always",           Always,      "e5@0 t5@50 i5@200",                     "5@0");
        check("tone first",                  UntilEvents, "t5@0 e5@20 i5@90",                      "5@0");
        check("info first",                  UntilEvents, "i5@0 e5@30 t5@80",                      "5@0");
        check("info late",                   UntilEvents, "e5@0 i5@2400",                          "5@0");
        check("event late, after the info",  UntilEvents, "i5@0 e5@900",                           "5@0");
        check("event late, after the tone",  UntilEvents, "t5@0 e5@390",                           "5@0");
        check("letters in either case",      UntilEvents, "ea@0 iA@20",                            "A@0");
    }

    #[test]
    #[rustfmt::skip]
    fn two_presses_are_two() {
        use Tones::*;
        check("events",                      UntilEvents, "e5@0 e5@160",                           "5@0 5@160");
        check("infos",                       UntilEvents, "i5@0 i5@160",                           "5@0 5@160");
        check("tones",                       UntilEvents, "t5@0 t5@100",                           "5@0 5@100");
        check("all three of both",           Always,      "e5@0 t5@50 e5@160 i5@190 t5@210 i5@350", "5@0 5@160");
        check("infos behind both events",    UntilEvents, "e5@0 e5@160 i5@900 i5@1100",            "5@0 5@160");
        check("slow infos, a key a second",  UntilEvents, "e5@0 e5@1000 i5@1200 e5@2000 i5@2200 i5@3200", "5@0 5@1000 5@2000");
        check("one info is missing",         UntilEvents, "e5@0 e5@160 i5@900 e5@3000 i5@3200",    "5@0 5@160 5@3000");
        check("one tone is missing",         Always,      "e5@0 e5@160 t5@210",                    "5@0 5@160");
        check("one event is missing",        UntilEvents, "e5@0 i5@100 i5@400",                    "5@0 5@400");
        check("tones before events",         UntilEvents, "t5@0 t5@100 e5@110 e5@200",             "5@0 5@100");
        check("different keys",              UntilEvents, "e1@0 t1@50 e2@160 t2@210 i1@300 i2@350", "1@0 2@160");
        check("long after",                  UntilEvents, "e5@0 i5@2600",                          "5@0 5@2600");
    }

    #[test]
    #[rustfmt::skip]
    fn when_tones_count() {
        use Tones::*;
        check("never",                       Never,       "t5@0 t6@100 e7@200",                    "7@200");
        check("not after the first event",   UntilEvents, "t1@0 e2@1000 t3@2000 t2@1050",          "1@0 2@1000");
        check("always",                      Always,      "t1@0 e2@1000 t3@2000",                  "1@0 2@1000 3@2000");
        check("still beside info",           UntilEvents, "i1@0 t2@1000",                          "1@0 2@1000");
        let mut digits = Digits::new(UntilEvents);
        assert!(digits.wants_tones());
        digits.hear(Mono(0), Way::Event, '1');
        digits.hear(Mono(50_000), Way::Tone, '1');
        digits.hear(Mono(900_000), Way::Tone, '7');
        assert_eq!((digits.wants_tones(), digits.tones_alone), (false, 1));
        assert!(!Digits::new(Never).wants_tones() && Digits::new(Always).wants_tones());
    }

    #[test]
    fn a_thousand_presses_told_three_times_each() {
        // A key every 150 to 250 ms, in few different keys; the tone 50 ms later, INFO up to 2 s later, in order.
        let mut reports: Vec<(u64, Way, char)> = Vec::new();
        let mut expected = String::new();
        let mut at = 0;
        for n in 0u64..1000 {
            let dice = n.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32;
            at += 150 + dice % 100;
            let key = char::from(b"112"[(dice >> 8) as usize % 3]);
            expected.push(key);
            reports.extend([(at, Way::Event, key), (at + 50, Way::Tone, key), (at + 1900, Way::Info, key)]);
        }
        reports.sort_by_key(|(at, way, _)| (*at, *way as u8));
        let mut digits = Digits::new(Tones::Always);
        let told: String =
            reports.iter().filter_map(|&(at, way, key)| digits.hear(Mono(at * 1000), way, key)).collect();
        assert_eq!(told, expected);
    }
}
