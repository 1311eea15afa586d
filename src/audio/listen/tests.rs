use super::super::{g711::Law, tone};
use super::*;

/// A line written as its parts: `babble:1200 quiet:700 tone1000:400 click:20`, in milliseconds, over noise of this RMS,
/// through A-law as on a real line.
fn line(text: &str, noise: i16) -> Vec<i16> {
    let mut pcm = Vec::new();
    for (n, word) in text.split_whitespace().enumerate() {
        let (what, ms) = word.split_once(':').unwrap();
        let ms = ms.parse().unwrap();
        pcm.extend(match what {
            "babble" => tone::babble(n as u64 + 1, ms),
            "quiet" => tone::silence(ms),
            "click" => tone::noise(3, ms, 9000),
            "hiss" => tone::noise(4, ms, 600),
            _ if what.starts_with("tones") => {
                let (a, b) = what.strip_prefix("tones").unwrap().split_once('+').unwrap();
                let second = tone::sine(b.parse().unwrap(), ms, 4000);
                tone::sine(a.parse().unwrap(), ms, 4000).iter().zip(second).map(|(a, b)| a + b).collect()
            }
            _ if what.starts_with("sweep") => {
                let (from, to) = what.strip_prefix("sweep").unwrap().split_once('-').unwrap();
                let (from, to): (f64, f64) = (from.parse().unwrap(), to.parse().unwrap());
                let (mut phase, samples) = (0.0f64, ms as usize * 8);
                let sweep = (0..samples).map(|n| {
                    phase += std::f64::consts::TAU * (from + (to - from) * n as f64 / samples as f64) / 8000.0;
                    (6000.0 * phase.sin()) as i16
                });
                sweep.collect()
            }
            _ if what.starts_with("soft") => tone::sine(what.strip_prefix("soft").unwrap().parse().unwrap(), ms, 1040),
            _ => tone::sine(what.strip_prefix("tone").unwrap().parse().unwrap(), ms, 6000),
        });
    }
    let under = tone::noise(99, (pcm.len() / 8) as u32, noise);
    pcm.iter().zip(under).map(|(&s, n)| Law::A.decode(Law::A.encode(s.saturating_add(n)))).collect()
}

/// What is heard, with its time in milliseconds.
fn heard(text: &str, noise: i16) -> Vec<(u32, Heard)> {
    let mut listener = Listener::new(400);
    listener.decide_who_answered();
    let mut out = Vec::new();
    for (n, frame) in line(text, noise).as_chunks::<FRAME>().0.iter().enumerate() {
        out.extend(listener.hear(frame).map(|h| ((n as u32 + 1) * FRAME_MS, h)));
    }
    out
}

/// Who answered and when the message may be left: `human by 1300`, `machine by 2700, beeped by 5000`.
fn check(text: &str, expected: &str) {
    for noise in [0, 30, 90] {
        let mut found = String::new();
        for (at, what) in heard(text, noise) {
            match what {
                Heard::AnsweredBy(who) => found += &format!("{who} {at} "),
                Heard::Beeped => found += &format!("beeped {at} "),
                Heard::Announced(cause) => found += &format!("{cause} {at} "),
                Heard::SpeechStarted | Heard::SpeechEnded => {}
            }
        }
        let (mut want, mut got) = (expected.split_whitespace(), found.split_whitespace());
        loop {
            let (word, at) = match ((want.next(), want.next()), (got.next(), got.next())) {
                ((None, _), (None, _)) => break,
                ((Some(word), Some(range)), (Some(w), Some(at))) if w == word => (range, at),
                _ => panic!("`{text}` over noise of {noise}: expected `{expected}`, heard `{found}`"),
            };
            let (from, to) = word.split_once('-').unwrap();
            let at: u32 = at.parse().unwrap();
            assert!(
                (from.parse().unwrap()..=to.parse().unwrap()).contains(&at),
                "`{text}` over noise of {noise}: expected `{expected}`, heard `{found}`"
            );
        }
    }
}

#[test]
#[rustfmt::skip]
fn who_answered() {
    // a short word, then waiting
    check("quiet:500 babble:600 quiet:3000",                         "human 1700-2400");
    check("babble:400 quiet:3000",                                   "human 900-1600");
    // more than a word, then waiting: taken for a machine at first
    check("quiet:300 babble:500 quiet:300 babble:600 quiet:3000",    "machine 1600-1800 human 2300-2700");
    check("babble:2000 quiet:3000",                                  "machine 1380-1900 human 3000-4000");
    // talks on
    check("quiet:400 babble:800 quiet:660 babble:5000 quiet:2500",   "machine 2000-4000 beeped 8600-9200");
    check("quiet:400 babble:6000 quiet:3000",                        "machine 1700-2500 beeped 8200-8700");
    check("babble:6000 quiet:500 tone1000:400 quiet:1000",           "machine 1380-2100 beeped 7100-7300");
    check("babble:1500 quiet:400 babble:4000 tone640:800 quiet:500", "machine 1380-2300 beeped 6900-7100");
    check("babble:2100 quiet:900 babble:3000 quiet:2500",            "machine 1380-2100 beeped 7900-8300");
    // beeps at once
    check("quiet:300 tone1400:300 quiet:3000",                       "machine 700-960 beeped 720-980");
    check("babble:500 quiet:200 tone800:200 quiet:3000",             "machine 1000-1260 beeped 1020-1280");
    check("quiet:200 tone2000:400 quiet:2000",                       "machine 700-960 beeped 720-980");
    // a fax
    check("quiet:1000 tone2100:3000 quiet:1000",                     "fax 2000-2100");
    // calls late, so that its second tone comes behind the time by which it should be decided
    check("quiet:1500 tone1100:500 quiet:3000 tone1100:500 quiet:1000", "fax 5400-5700");
    // a word with dips, and a deep voice's: no more than a fifth of a second of sound together
    check("quiet:500 babble:130 quiet:60 babble:120 quiet:3000",     "human 1100-2200");
    // nobody knows
    check("quiet:6000",                                              "unknown 4480-4520");
    check("quiet:1000 click:20 quiet:1000 click:40 quiet:4000",      "unknown 4480-4520");
    check("hiss:6000",                                               "unknown 4480-4520");
}

#[test]
fn noise_with_lost_packets_is_no_voice() {
    for every in [7, 17, 50] {
        let mut pcm = line("hiss:6000", 0);
        pcm.as_chunks_mut::<FRAME>().0.iter_mut().step_by(every).for_each(|frame| frame.fill(0));
        let trial = trial::trial(&pcm, &Countries::shipped().of_number(""));
        assert_eq!(trial.verdict.word(), "unknown", "one packet of {every} lost");
    }
}

#[test]
fn speech_starts_and_ends() {
    for noise in [0, 30, 90] {
        let times: Vec<_> =
            heard("quiet:1000 babble:2000 quiet:300 babble:1000 quiet:1000 babble:500 quiet:1000", noise)
                .into_iter()
                .filter(|(_, h)| matches!(h, Heard::SpeechStarted | Heard::SpeechEnded))
                .collect();
        let [(a, Heard::SpeechStarted), (b, Heard::SpeechEnded), (c, Heard::SpeechStarted), (d, Heard::SpeechEnded)] =
            times[..]
        else {
            panic!("over noise of {noise}: {times:?}")
        };
        assert!((1040..=1160).contains(&a) && (4640..=4760).contains(&b), "{times:?}");
        assert!((5340..=5460).contains(&c) && (6140..=6260).contains(&d), "{times:?}");
    }
}

/// A beep is heard to its end in a line of these parts, or none at all.
fn beeps(text: &str, expected: bool) {
    for noise in [0, 30] {
        let heard = heard(text, noise);
        let beeped = heard.iter().find(|(_, what)| *what == Heard::Beeped);
        // Two seconds of quiet behind a greeting are as good as a beep, but come later.
        let by_tone = beeped.is_some_and(|(at, _)| *at < 3500);
        assert_eq!(by_tone, expected, "`{text}` over noise of {noise}: {heard:?}");
    }
}

#[test]
fn beeps_of_every_kind() {
    for hz in [400, 600, 850, 1000, 1100, 1400, 2000] {
        // The first half second is a word, so that 1100 Hz is no fax.
        for ms in [60, 100, 250, 800] {
            beeps(&format!("babble:1100 quiet:200 tone{hz}:{ms} quiet:3000"), true);
        }
    }
    beeps("quiet:300 tone1000:1500 quiet:3000", true);
    // two frequencies; a sweep upwards, downwards; soft: 30 dB below full scale
    beeps("quiet:300 tones700+1130:300 quiet:3000", true);
    beeps("quiet:300 sweep600-1500:400 quiet:3000", true);
    beeps("quiet:300 sweep1500-700:400 quiet:3000", true);
    beeps("quiet:300 soft1000:300 quiet:3000", true);
}

#[test]
fn what_is_no_beep() {
    // the network's tones, keys, a melody, a click
    beeps("quiet:300 tone425:1000 quiet:4000 tone425:1000 quiet:3000", false);
    beeps("quiet:300 tone425:350 quiet:350 tone425:350 quiet:350 tone425:350 quiet:350", false);
    beeps("quiet:300 tones440+480:2000 quiet:4000", false);
    beeps("quiet:300 tones697+1209:100 quiet:60 tones770+1336:100 quiet:2000", false);
    beeps("quiet:300 tones941+1477:200 quiet:2500", false);
    beeps("quiet:300 tone523:250 tone659:250 tone784:250 tone1046:250 tone784:250 quiet:1500", false);
    beeps("quiet:300 tone523:200 quiet:200 tone659:200 quiet:200 tone784:200 quiet:200 tone523:200 quiet:100", false);
    beeps("quiet:1000 click:20 quiet:1500", false);
    beeps("babble:2900", false);
}

#[test]
#[rustfmt::skip]
fn the_network_speaks() {
    // ITU: out of service. North America: intercept, vacant code, reorder.
    check("quiet:300 tone950:330 tone1400:330 tone1800:330 quiet:300 babble:4000",        "out_of_service 1260-1480");
    check("quiet:300 tone913.8:276 tone1370.6:276 tone1776.7:380 quiet:300 babble:4000",  "out_of_service 1200-1420");
    check("quiet:300 tone985.2:380 tone1370.6:276 tone1776.7:380 quiet:300 babble:4000",  "invalid_number 1300-1520");
    check("quiet:300 tone913.8:276 tone1428.5:380 tone1776.7:380 quiet:300 babble:4000",  "congestion 1300-1520");
    check("tone425:500 quiet:500 tone425:500 quiet:500 tone425:500 quiet:500 tone425:500","busy 2500-2640");
    check("tone425:250 quiet:250 tone425:250 quiet:250 tone425:250 quiet:250 tone425:250","congestion 1250-1400");
    check("tones480+620:500 quiet:500 tones480+620:500 quiet:500 tones480+620:500 quiet:500","busy 2500-2640");
    check("tone425:4000",                                                                 "congestion 2580-2700");
    check("quiet:500 tone1100:500 quiet:3000 tone1100:500 quiet:1000",                    "fax 4300-4700");
}

#[test]
fn before_the_answer_only_the_network_is_heard() {
    let mut listener = Listener::new(400);
    listener.listen_to_network();
    let pcm = line("babble:3000 quiet:500 tone1000:300 quiet:500 tone950:330 tone1400:330 tone1800:330 quiet:500", 0);
    let heard: Vec<Heard> = pcm.as_chunks().0.iter().filter_map(|frame| listener.hear(frame)).collect();
    let answers: Vec<&Heard> =
        heard.iter().filter(|h| !matches!(h, Heard::SpeechStarted | Heard::SpeechEnded)).collect();
    assert_eq!(answers, [&Heard::Announced(HangupCause::OutOfService)]);
}

#[test]
fn shipped_settings_are_read_and_mistakes_are_named() {
    let countries = Countries::read(country::SHIPPED).unwrap();
    for (number, name) in
        [("+79161234567", "ru"), ("+77011234567", "kz"), ("+4930123", "de"), ("+999", "any"), ("", "any")]
    {
        assert_eq!(countries.of_number(number).name, name, "{number}");
    }
    for (from, to, says) in [
        ("human_at:", "human_at: 800 #", "no percentage"),
        ("weighs: [length,", "weighs: [lenght,", "weighs length, pause"),
        ("  out: [", "  out: [1, ", "`out` has 17"),
        ("hurry_ms: ", "hurry_ms: 1", "hurry_ms"),
        ("425 800 3200", "425 800", "is no tone"),
        ("prefixes: [\"49\"]", "prefixes: [\"+49\"]", "1 to 7 digits"),
        ("prefixes: [\"49\"]", "prefixes: [\"48\"]", "another country's too"),
        ("    dial:", "    dail:", "dail"),
    ] {
        let broken = country::SHIPPED.replacen(from, to, 1);
        let error = Countries::read(&broken).unwrap_err();
        assert!(error.contains(says), "{from} → {to}: {error}");
    }
}

/// Another loudness, codec, noise, and the beginning found a little later: the same recording, and no other.
#[test]
fn a_known_recording_is_recognized() {
    let recording = tone::babble(77, 4000);
    let print = trial::print(&recording).unwrap();
    assert_eq!(known::read_print(&known::write_print(&print)), Some(print.clone()));
    let mut country = (*Countries::shipped().of_number("")).clone();
    country.recordings = [known::Recording { name: "who".into(), says: "screening".parse().unwrap(), print }].into();
    let country = Arc::new(country);
    let run = |pcm: &[i16], gain: f32, noise: i16| {
        let mut line = tone::silence(410);
        line.extend(pcm.iter().map(|&s| (f32::from(s) * gain) as i16));
        line.extend(tone::silence(1000));
        let under = tone::noise(5, (line.len() / 8) as u32, noise);
        let line: Vec<i16> =
            line.iter().zip(under).map(|(&s, n)| Law::Mu.decode(Law::Mu.encode(s.saturating_add(n)))).collect();
        trial::trial(&line, &country).verdict.word()
    };
    for (gain, noise) in [(1.0, 0), (0.3, 20), (1.5, 200)] {
        assert_eq!(run(&recording, gain, noise), "screening", "{gain} {noise}");
    }
    for other in 100..120 {
        assert_eq!(run(&tone::babble(other, 4000), 1.0, 30), "machine", "{other}");
    }
}
