//! Who answered, on clips made from the recordings that are installed. `src/audio/listen/README.md` says what was measured on more.

use std::path::Path;

use ringback::audio::listen::Countries;
use ringback::audio::listen::trial::trial;

use crate::clips::{Clip, Voice, clip, country, voice};

/// Debian's `asterisk-core-sounds-*-wav`: one speaker each.
const SPEAKERS: [(&str, &str); 5] = [
    ("ru", "ru_RU_f_IvrvoiceRU"),
    ("en", "en_US_f_Allison"),
    ("es", "es_MX_f_Allison"),
    ("fr", "fr_CA_f_June"),
    ("it", "it_IT_m_Carlo"),
];
const CLIPS: u64 = 60;

#[test]
fn people_and_machines_are_told_apart() {
    let sounds = Path::new("/usr/share/asterisk/sounds");
    let found = |(language, speaker): &(&str, &str)| voice(language, speaker, &sounds.join(speaker));
    let voices: Vec<Voice> = SPEAKERS.iter().filter_map(found).collect();
    for (language, _) in SPEAKERS.iter().filter(|(_, s)| voices.iter().all(|v| v.speaker != *s)) {
        println!("skipped: no recordings in `{language}`: apt-get install asterisk-core-sounds-{language}-wav");
    }
    // Others, as folder/LANGUAGE/SPEAKER/*.wav.
    let more = std::env::var_os("RINGBACK_VOICES").map(|folder| crate::clips::voices(Path::new(&folder)));
    let voices: Vec<Voice> = voices.into_iter().chain(more.into_iter().flatten()).collect();
    let others: Vec<&Voice> = voices.iter().collect();
    let countries = Countries::shipped();
    for voice in &voices {
        let country = countries.named(country(&voice.language)).expect("the shipped settings have it");
        let [mut right, mut lost, mut people, mut all] = [0u64; 4];
        for (label, seeds) in [("human", 0..CLIPS), ("machine", CLIPS..2 * CLIPS), ("fax", 200..210)] {
            for seed in seeds {
                let Some(clip) = clip(label, voice, &others, seed) else { continue };
                let trial = trial(&clip.pcm, &country);
                if trial.verdict.word() != label {
                    let Clip { label, language, speaker, how, line, onset_ms, .. } = &clip;
                    let word = trial.verdict.word();
                    println!(
                        "{language} {speaker}, {label}: {how} at {onset_ms} ms, {line}: {word} at {} ms",
                        trial.at_ms
                    );
                }
                all += 1;
                right += u64::from(trial.verdict.word() == label);
                let is_human = label == "human";
                people += u64::from(is_human);
                lost += u64::from(is_human && !matches!(trial.verdict.word(), "human" | "unknown"));
            }
        }
        println!("{}: {right} of {all} right, {lost} of {people} people lost", voice.speaker);
        assert!(right * 100 >= all * 88, "{}: {right} of {all} right", voice.speaker);
        assert!(lost * 100 <= people * 8, "{}: {lost} of {people} people lost", voice.speaker);
    }
}
