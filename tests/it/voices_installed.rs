//! Engines as they are installed: each speaks each of its languages. What is not installed is named and passed over; Pico is in
//! the binary, and never passed over.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ringback::audio::{RATE, level};
use ringback::config::voices::{self, Speech, VoiceKind};
use ringback::language::Language;
use ringback::speech::Utterance;
use ringback::voice::{Rendered, VoiceOptions, VoiceSet};

/// One message in each language.
pub const MESSAGES: [(&str, &str); 7] = [
    (
        "en",
        "Hello! You owe one thousand two hundred thirty-two dollars and one cent for electricity, due the twenty-fifth of \
         November. To promise to pay, press one.",
    ),
    (
        "de",
        "Guten Tag! Sie schulden für Strom eintausendzweihundertzweiunddreißig Euro, fällig am fünfundzwanzigsten November. \
         Möchten Sie heute zahlen, drücken Sie die Eins.",
    ),
    (
        "es",
        "¡Buenos días! Usted debe mil doscientos treinta y dos euros por la electricidad, hasta el veinticinco de noviembre. \
         ¿Pagará mañana? Pulse uno.",
    ),
    (
        "fr",
        "Bonjour ! Vous devez mille deux cent trente-deux euros pour l’électricité, à régler avant le vingt-cinq novembre. \
         Pour payer aujourd’hui, appuyez sur un.",
    ),
    (
        "it",
        "Buongiorno! Lei deve milleduecentotrentadue euro per l'elettricità, entro il venticinque novembre. Per pagare oggi, \
         prema uno: è più facile.",
    ),
    (
        "ru",
        "Здравствуйте! Ваша задолженность за электроэнергию одна тысяча двести тридцать два рубля одна копейка, срок оплаты \
         двадцать пятого ноября. Чтобы оплатить сегодня, нажмите один.",
    ),
    (
        "uk",
        "Добрий день! Ваша заборгованість за електроенергію одна тисяча двісті тридцять дві гривні, термін оплати двадцять \
         п'ятого листопада. Щоб оплатити сьогодні, натисніть один.",
    ),
];

pub fn message(language: &str) -> &'static str {
    MESSAGES.iter().find(|(code, _)| *code == language).expect("one for each language").1
}

pub fn language(code: &str) -> Language {
    code.parse().expect("two letters")
}

/// The voices of the program, with one from settings before them. `Err`: why that one is not there.
pub fn with_voice(folder: &Path, kind: VoiceKind, languages: &[&str]) -> Result<VoiceSet, String> {
    let languages: Vec<Language> = languages.iter().map(|code| language(code)).collect();
    let speakers = languages.iter().map(|language| (*language, vec!["tried".to_owned()])).collect();
    let voice = voices::Voice { kind, languages, timeout: Duration::from_secs(60), retries: 0 };
    let voices = BTreeMap::from([("tried".to_owned(), voice)]);
    let speech = Speech { voices, speakers, ..Speech::default() };
    let set = VoiceSet::load(&VoiceOptions { speech, ..VoiceOptions::embedded(folder.join("voices")) });
    if set.problems().is_empty() {
        Ok(set)
    } else {
        Err(set.problems().iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))
    }
}

pub fn espeak() -> VoiceKind {
    let arguments = ["-v", "{language}", "-s", "160", "--stdin", "--stdout"].map(str::to_owned).to_vec();
    VoiceKind::Command { program: "espeak-ng".into(), arguments }
}

pub fn rhvoice(voice: &str) -> VoiceKind {
    VoiceKind::Rhvoice { voice: voice.to_owned(), library: None, data: None }
}

/// The model that `setup/more_voices.sh` brings.
pub fn piper() -> VoiceKind {
    let model = Path::new(env!("CARGO_MANIFEST_DIR")).join(".voices/piper/en_US-joe-medium.onnx");
    VoiceKind::Piper { model }
}

/// The voice of the settings, when it is installed.
fn installed(folder: &Path, kind: VoiceKind, languages: &[&str], install: &str) -> Option<VoiceSet> {
    with_voice(folder, kind, languages)
        .inspect_err(|why| println!("SKIPPED, a voice is not installed ({install}): {why}"))
        .ok()
}

fn spoken(voices: &VoiceSet, code: &str, text: &str) -> Rendered {
    voices.render(&Utterance::new(language(code), text)).unwrap_or_else(|e| panic!("{code}: {e}"))
}

/// Speech, of a length that people speak at, at one loudness; by this voice, not by one that helped out.
fn sounds_like_speech(voices: &VoiceSet, id: &str, code: &str) {
    let text = message(code);
    let Rendered { pcm, voice, .. } = spoken(voices, code, text);
    assert!(voice.starts_with(id), "{code}: {voice} spoke in place of {id}");
    let seconds = pcm.len() as f32 / RATE as f32;
    let letters = text.chars().filter(|c| c.is_alphabetic()).count() as f32;
    assert!((8.0..22.0).contains(&(letters / seconds)), "{code}, {voice}: {letters} letters in {seconds} s");
    let db = level::loudness(&pcm).expect("it sounds") - level::TARGET_LUFS;
    assert!(db.abs() < 0.5, "{code}, {voice}: {db:+.1} dB from the common loudness");
    assert!(spoken(voices, code, &[text; 2].join(" ")).pcm.len() > pcm.len() * 3 / 2, "{code}, {voice}: cut short");
    // Odd texts are spoken or refused; nothing hangs or falls.
    for odd in [
        "...",
        "😀",
        "<speak>",
        "a\u{301}\u{301}",
        "+++",
        "\u{7}",
        "Щукин Smith Müller",
        "%s %n",
        "\\audio=\"/etc/passwd\"",
    ] {
        let _ = voices.render(&Utterance::new(language(code), odd));
    }
}

/// From several threads, each text is what one thread alone gets.
fn threads_do_not_meet(voices: &VoiceSet, texts: &[(&str, &str)]) {
    let alone: Vec<Rendered> = texts.iter().map(|(code, text)| spoken(voices, code, text)).collect();
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let alone = &alone;
            scope.spawn(move || {
                for n in 0..4 {
                    let at = (thread + n) % texts.len();
                    let (code, text) = texts[at];
                    assert!(spoken(voices, code, text) == alone[at], "{code}: {text}");
                }
            });
        }
    });
}

#[test]
fn pico_speaks_five_languages() {
    let folder = tempfile::tempdir().unwrap();
    let voices = VoiceSet::load(&VoiceOptions::embedded(folder.path().to_owned()));
    for code in ["en", "de", "es", "fr", "it"] {
        sounds_like_speech(&voices, "pico-", code);
    }
    threads_do_not_meet(&voices, &MESSAGES[..5]);
    // The letters of each language are heard as themselves.
    for (code, text, without) in [
        ("de", "schön", "schon"),
        ("de", "Müller", "Muller"),
        ("de", "Straße", "Strae"),
        ("es", "año", "ano"),
        ("fr", "payé", "paye"),
        ("fr", "garçon", "garcon"),
        ("fr", "cœur", "cur"),
        ("it", "città", "citta"),
        ("it", "perché", "perche"),
    ] {
        assert_ne!(spoken(&voices, code, text).pcm, spoken(&voices, code, without).pcm, "{code}: {text}");
    }
    // Quotation marks and the signs that open a Spanish question are not read out.
    for (code, text, plain) in [
        ("es", "¿Pagará mañana?", "Pagará mañana?"),
        ("de", "Firma „Müller“.", "Firma Müller ."),
        ("fr", "l’électricité", "l'électricité"),
        ("fr", "œuvre", "oeuvre"),
    ] {
        let (marked, plain) = (spoken(&voices, code, text).pcm.len(), spoken(&voices, code, plain).pcm.len());
        assert!(marked.abs_diff(plain) < RATE as usize / 4, "{code}: {text}: {marked} and {plain} samples");
    }
}

/// By settings; without settings it is asked for languages that nothing else speaks.
#[test]
fn espeak_is_a_command() {
    let folder = tempfile::tempdir().unwrap();
    let codes = ["en", "de", "es", "fr", "it", "ru", "uk"];
    let Some(voices) = installed(folder.path(), espeak(), &codes, "make setup-test") else { return };
    for code in codes {
        sounds_like_speech(&voices, "espeak-ng-", code);
    }
    threads_do_not_meet(&voices, &MESSAGES[4..]);
    let plain = VoiceSet::load(&VoiceOptions::embedded(folder.path().join("voices")));
    assert!(spoken(&plain, "uk", message("uk")).voice.starts_with("espeak-ng-1"), "found by itself");
    assert_ne!(spoken(&plain, "en", "one").voice, spoken(&voices, "en", "one").voice);
}

#[test]
fn rhvoice_speaks_by_name() {
    let folder = tempfile::tempdir().unwrap();
    const INSTALL: &str = "make more-voices";
    for (name, code) in [("Elena", "ru"), ("irina", "ru"), ("aleksandr", "ru"), ("clb", "en"), ("natalia", "uk")] {
        let Some(voices) = installed(folder.path(), rhvoice(name), &[code], INSTALL) else { continue };
        sounds_like_speech(&voices, &format!("rhvoice-1.8.0-{}", name.to_lowercase()), code);
        let [one, two] = if code == "en" { ["one", "two"] } else { ["один", "два"] };
        threads_do_not_meet(&voices, &[(code, message(code)), (code, one), (code, two)]);
    }
    let Some(voices) = installed(folder.path(), rhvoice("elena"), &["ru"], INSTALL) else { return };
    let [first, last] = ["за\u{301}мок.", "замо\u{301}к."].map(|text| spoken(&voices, "ru", text).pcm);
    assert_ne!(first, last, "the sign of stress is obeyed");
    for (name, code, why) in
        [("nobody", "ru", "no such voice is installed; these are: "), ("elena", "en", "it speaks `ru`")]
    {
        let error = with_voice(folder.path(), rhvoice(name), &[code]).err().expect(name);
        assert!(error.contains(why), "{error}");
    }
    let elsewhere =
        VoiceKind::Rhvoice { voice: "elena".to_owned(), library: None, data: Some(PathBuf::from("/nowhere")) };
    let error = with_voice(folder.path(), elsewhere, &["ru"]).err().expect("there is no such folder");
    assert!(error.contains("there is no folder /nowhere"), "{error}");
}

#[cfg(feature = "piper")]
#[test]
fn piper_speaks_english() {
    let folder = tempfile::tempdir().unwrap();
    let Some(voices) = installed(folder.path(), piper(), &["en"], "make more-voices") else { return };
    sounds_like_speech(&voices, "piper-en_US-joe-medium-", "en");
    let error = with_voice(folder.path(), piper(), &["ru"]).err().expect("another language");
    assert!(error.contains("it speaks `en` and nothing else"), "{error}");
    // Threads get speech of the same length, more or less: it draws random numbers.
    let alone = spoken(&voices, "en", message("en")).pcm.len();
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                let length = spoken(&voices, "en", message("en")).pcm.len();
                assert!(length.abs_diff(alone) < alone / 5, "{length} and {alone} samples");
            });
        }
    });
}

#[cfg(not(feature = "piper"))]
#[test]
fn without_the_feature_piper_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let error = with_voice(folder.path(), piper(), &["en"]).err().expect("it is not in this build");
    assert!(error.contains("--features piper") && error.contains("`command`"), "{error}");
}
