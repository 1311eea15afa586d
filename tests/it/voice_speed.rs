//! How fast each voice is: `cargo test --release --features piper --test it voice_speed -- --ignored --nocapture`.

use std::time::Duration;

use ringback::audio::RATE;
use ringback::speech::Utterance;
use ringback::voice::{VoiceOptions, VoiceSet};

use crate::voices_installed::{MESSAGES, espeak, language, message, piper, rhvoice, with_voice};

/// CPU time of this process and of the programs it has run.
fn cpu() -> Duration {
    [libc::RUSAGE_SELF, libc::RUSAGE_CHILDREN]
        .map(|whose| {
            // SAFETY: plain numbers, for which zeros are a value; the kernel fills them in.
            let usage = unsafe {
                let mut usage: libc::rusage = std::mem::zeroed();
                libc::getrusage(whose, &mut usage);
                usage
            };
            let time = |t: libc::timeval| Duration::new(t.tv_sec as u64, t.tv_usec as u32 * 1000);
            time(usage.ru_utime) + time(usage.ru_stime)
        })
        .iter()
        .sum()
}

fn measure(voices: &VoiceSet, code: &str) {
    const BATCH: Duration = Duration::from_millis(1500);
    let utterance = Utterance::new(language(code), message(code));
    let first = voices.render(&utterance).unwrap();
    let seconds = first.pcm.len() as f64 / f64::from(RATE);
    let began = cpu();
    let mut count = 0u32;
    while count < 3 || cpu() - began < BATCH {
        assert_eq!(voices.render(&utterance).unwrap().voice, first.voice);
        count += 1;
    }
    let each = (cpu() - began).as_secs_f64() / f64::from(count);
    println!("| {} | {code} | {seconds:.1} | {:.1} | {:.4} |", first.voice, each * 1000.0, each / seconds);
}

/// CPU seconds per second of audio, with resampling to 8 kHz and levelling, one text at a time.
#[test]
#[ignore = "it measures; nothing can fail"]
fn a_table_of_voices() {
    let folder = tempfile::tempdir().unwrap();
    println!("| voice | language | audio, s | CPU ms a text | RTF |\n|---|---|---|---|---|");
    let embedded = VoiceSet::load(&VoiceOptions::embedded(folder.path().join("voices")));
    for code in ["en", "de", "es", "fr", "it", "ru"] {
        measure(&embedded, code);
    }
    let all: Vec<&str> = MESSAGES.iter().map(|(code, _)| *code).collect();
    for (kind, codes) in [
        (espeak(), &all[..]),
        (rhvoice("elena"), &["ru"]),
        (rhvoice("aleksandr-hq"), &["ru"]),
        (rhvoice("clb"), &["en"]),
        (rhvoice("natalia"), &["uk"]),
        (piper(), &["en"]),
    ] {
        match with_voice(folder.path(), kind, codes) {
            Ok(voices) => codes.iter().for_each(|code| measure(&voices, code)),
            Err(why) => println!("not here: {why}"),
        }
    }
}
