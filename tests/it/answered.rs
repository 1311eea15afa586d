//! Who answered, on clips made from recorded voices. `src/audio/listen/README.md` says what was measured.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use ringback::audio::listen::known::Recording;
use ringback::audio::listen::trial::{Trial, course, print, trial};
use ringback::audio::listen::{Countries, fit, greeting};

use crate::clips::{Clip, SCREENERS, Voice, clip, country, voice, voices};

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
    let others: Vec<&Voice> = voices.iter().collect();
    let countries = Countries::shipped();
    for voice in &voices {
        let country = countries.named(country(&voice.language)).expect("the shipped settings have it");
        let [mut right, mut lost, mut people, mut all] = [0u64; 4];
        for (label, seeds) in [
            ("human", 0..CLIPS),
            ("machine", CLIPS..2 * CLIPS),
            ("fax", 200..210),
            ("network", 300..310),
            ("silence", 400..410),
        ] {
            for seed in seeds {
                let Some(clip) = clip(label, voice, &others, seed) else { continue };
                let trial = trial(&clip.pcm, &country);
                if trial.verdict.word() != wanted(label) {
                    println!("{}", told(&clip, &trial));
                }
                all += 1;
                right += u64::from(trial.verdict.word() == wanted(label));
                let is_human = label == "human";
                people += u64::from(is_human);
                lost += u64::from(is_human && !matches!(trial.verdict.word(), "human" | "unknown"));
            }
        }
        println!("{}: {right} of {all} right, {lost} of {people} people lost", voice.speaker);
        assert!(right * 100 >= all * 92, "{}: {right} of {all} right", voice.speaker);
        assert!(lost * 100 <= people * 5, "{}: {lost} of {people} people lost", voice.speaker);
    }
}

fn wanted(label: &str) -> &str {
    if label == "silence" { "unknown" } else { label }
}

fn told(clip: &Clip, trial: &Trial) -> String {
    let Clip { label, language, speaker, how, line, onset_ms, .. } = clip;
    let word = trial.verdict.word();
    format!("{language} {speaker}, {label}: {how} at {onset_ms} ms, {line}: {word} at {} ms", trial.at_ms)
}

/// What a speaker is there for.
#[derive(Clone, Copy, PartialEq)]
enum Part {
    /// The net learns from them.
    Fit,
    /// The thresholds are chosen on them, and so was whatever else was tried.
    Choose,
    /// Looked at once, for the figures.
    Held,
}

/// By name, so that a speaker of two languages is in one part.
fn part(speaker: &str) -> Part {
    const HELD: [&str; 31] = [
        "allison-en",
        "allison-es",
        "armelle",
        "espeak-de-f4",
        "espeak-de-m7",
        "espeak-es-f2",
        "espeak-es-m3",
        "espeak-it-f4",
        "espeak-it-m1",
        "espeak-pl-f5",
        "espeak-pl-m1",
        "fillets-nl-v",
        "klettres-de",
        "klettres-en_GB",
        "klettres-es",
        "klettres-fr",
        "klettres-hu",
        "klettres-it",
        "klettres-nl",
        "klettres-ru",
        "ktuberling-ca",
        "ktuberling-da",
        "ktuberling-lt",
        "ktuberling-uk",
        "menardi",
        "rhvoice-artemiy",
        "rhvoice-bdl",
        "rhvoice-elena",
        "rhvoice-natalia",
        "rhvoice-tatiana",
        "rhvoice-yuriy",
    ];
    const CHOOSE: [&str; 24] = [
        "esco",
        "espeak-de-f5",
        "espeak-de-m1",
        "espeak-es-m1",
        "espeak-it-f2",
        "espeak-it-m7",
        "espeak-pl-f2",
        "fillets-cs-v",
        "june",
        "klettres-en",
        "klettres-he",
        "klettres-lt",
        "klettres-ml",
        "klettres-pt_BR",
        "klettres-uk",
        "ktuberling-de",
        "ktuberling-fr",
        "ktuberling-nn",
        "rhvoice-aleksandr",
        "rhvoice-clb",
        "rhvoice-irina",
        "rhvoice-marianna",
        "rhvoice-pavel",
        "rhvoice-victoria",
    ];
    match () {
        () if HELD.contains(&speaker) => Part::Held,
        () if CHOOSE.contains(&speaker) => Part::Choose,
        () => Part::Fit,
    }
}

/// Languages that are measured by themselves; of the others a quarter as many clips are made.
const LANGUAGES: [&str; 10] = ["cs", "de", "en", "es", "fr", "it", "nl", "pl", "ru", "uk"];

/// Clips of one part: in each language `per` machines, twice as many people, and some of all else. Games and spelling books
/// are people only: nobody greets callers in letters.
fn made(folder: &Path, which: Part, per: u64) -> Vec<Clip> {
    let all = voices(folder);
    let mine: Vec<&Voice> = all.iter().filter(|v| part(&v.speaker) == which && v.sayings.len() >= 8).collect();
    let mut by_language: BTreeMap<&str, Vec<&Voice>> = BTreeMap::new();
    for voice in &mine {
        by_language.entry(&voice.language).or_default().push(voice);
    }
    let is_prompted = |v: &Voice| !v.speaker.starts_with("klettres") && !v.speaker.starts_with("ktuberling");
    let mut jobs: Vec<(&'static str, &Voice, u64)> = Vec::new();
    for (language, voices) in &by_language {
        let per = if LANGUAGES.contains(language) { per } else { per / 4 };
        let prompted: Vec<&Voice> = voices.iter().copied().filter(|v| is_prompted(v)).collect();
        for (label, count) in [
            ("human", per * 2),
            ("machine", per),
            ("fax", per / 8),
            ("network", per / 6),
            ("silence", per / 8),
            ("screening", per / 8),
        ] {
            let long = |v: &Voice| v.sayings.iter().filter(|s| s.pcm.len() > 2300 * 8).count() >= 4;
            let fits = |v: &&Voice| match label {
                "machine" => is_prompted(v) && long(v),
                "screening" => SCREENERS.iter().any(|name| v.says(name).is_some()),
                _ => true,
            };
            let speakers: Vec<&Voice> = voices.iter().copied().filter(fits).collect();
            for n in 0..count {
                // Every second person is somebody whose voice machines have too: the voice must not tell them apart.
                let among = if label == "human" && n % 2 == 0 && !prompted.is_empty() { &prompted } else { &speakers };
                let Some(voice) = among.get(n as usize / 2 % among.len().max(1)) else { break };
                let name = voice.speaker.bytes().fold(7u64, |h, b| h.wrapping_mul(31).wrapping_add(b.into()));
                jobs.push((label, voice, name << 24 ^ n << 4 ^ label.len() as u64));
            }
        }
    }
    in_two(&jobs, |(label, voice, seed)| clip(label, voice, &mine, *seed)).into_iter().flatten().collect()
}

fn in_two<T: Sync, U: Send>(items: &[T], work: impl Fn(&T) -> U + Sync) -> Vec<U> {
    let (one, other) = items.split_at(items.len() / 2);
    std::thread::scope(|scope| {
        let other = scope.spawn(|| other.iter().map(&work).collect::<Vec<U>>());
        let mut done: Vec<U> = one.iter().map(&work).collect();
        done.extend(other.join().expect("it works"));
        done
    })
}

fn folder() -> PathBuf {
    let default = || Path::new(env!("CARGO_MANIFEST_DIR")).join("target/answers").into_os_string();
    let folder = PathBuf::from(std::env::var_os("RINGBACK_VOICES").unwrap_or_else(default));
    assert!(folder.is_dir(), "no voices in {}: `sh setup/answers.sh` brings them", folder.display());
    folder
}

/// Screeners of all voices are known, from clean copies.
fn taught(folder: &Path, countries: &Countries) -> Countries {
    let mut known = Vec::new();
    for voice in voices(folder) {
        for name in SCREENERS {
            let says = "screening".parse().expect("a word of ours");
            let print = voice.says(name).and_then(print);
            known.extend(print.map(|print| Recording { name: name.into(), says, print }));
        }
    }
    countries.knowing(known)
}

/// The figures of the README:
/// `sh setup/answers.sh && cargo test --release --test it answered::figures -- --ignored --nocapture`.
/// `PART=choose`: on the speakers that thresholds were chosen on; `PER`: machines a language.
#[test]
#[ignore = "wants voices (setup/answers.sh) and minutes"]
fn figures() {
    let folder = folder();
    let which = match std::env::var("PART").as_deref() {
        Ok("fit") => Part::Fit,
        Ok("choose") => Part::Choose,
        _ => Part::Held,
    };
    let per = std::env::var("PER").ok().map_or(160, |n| n.parse().expect("a number"));
    let clips = made(&folder, which, per);
    let countries = taught(&folder, &Countries::shipped());
    let trials = in_two(&clips, |clip| {
        trial(&clip.pcm, &countries.named(country(&clip.language)).expect("the shipped settings have it"))
    });
    println!("{}", reported(&clips, &trials));
}

fn reported(clips: &[Clip], trials: &[Trial]) -> String {
    const LABELS: [&str; 6] = ["human", "machine", "fax", "network", "screening", "unknown"];
    let mut out = String::new();
    let mut matrix: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    // all, right, people, people lost
    let mut languages: BTreeMap<&str, [usize; 4]> = BTreeMap::new();
    let (mut first_sound, mut answer, mut turned) = (Vec::new(), Vec::new(), 0);
    for (clip, trial) in clips.iter().zip(trials) {
        let (label, word) = (wanted(clip.label), trial.verdict.word());
        let is_human = clip.label == "human";
        let lost = is_human && !matches!(word, "human" | "unknown");
        let language = if LANGUAGES.contains(&clip.language.as_str()) { clip.language.as_str() } else { "others" };
        *matrix.entry((label, word)).or_default() += 1;
        let counts = [1, usize::from(word == label), usize::from(is_human), usize::from(lost)];
        for (sum, count) in languages.entry("all").or_default().iter_mut().zip(counts) {
            *sum += count;
        }
        for (sum, count) in languages.entry(language).or_default().iter_mut().zip(counts) {
            *sum += count;
        }
        turned += usize::from(is_human && trial.turned_from.is_some());
        if matches!(clip.label, "human" | "machine") {
            first_sound.push(trial.at_ms.saturating_sub(clip.onset_ms));
            answer.push(trial.at_ms);
        }
        if word != label {
            let _ = writeln!(out, "{}", told(clip, trial));
        }
    }
    let _ = writeln!(out, "\n{:10}{}", "label", LABELS.map(|label| format!("{label:>10}")).concat());
    for label in LABELS {
        let cells = LABELS.map(|word| format!("{:>10}", matrix.get(&(label, word)).copied().unwrap_or(0)));
        let _ = writeln!(out, "{label:10}{}", cells.concat());
    }
    for (language, [all, right, people, lost]) in languages {
        let percent = |n: usize, of: usize| n as f64 * 100.0 / of.max(1) as f64;
        let (right, lost) = (percent(right, all), percent(lost, people));
        let _ = writeln!(out, "{language:8} {all:5} clips, {right:.1} % right, {lost:.1} % of people lost");
    }
    for (since, times) in [("the first sound", &mut first_sound), ("the answer", &mut answer)] {
        times.sort_unstable();
        let at = |percent: usize| times.get(times.len() * percent / 100).copied().unwrap_or(0);
        let [half, most, nearly] = [50, 90, 95].map(at);
        let _ = writeln!(out, "since {since}: {half} ms (half), {most} ms (90 %), {nearly} ms (95 %)");
    }
    let _ = writeln!(out, "{turned} people were first taken for a machine");
    out
}

/// The shipped model, fitted anew and printed, once for each price of a second of waiting in `SECONDS` (0.01):
/// `cargo test --release --test it answered::fitted -- --ignored --nocapture`.
#[test]
#[ignore = "wants voices (setup/answers.sh) and minutes"]
fn fitted() {
    let folder = folder();
    let countries = Countries::shipped();
    let courses = |which: Part, per: u64| {
        let mut clips = made(&folder, which, per);
        clips.retain(|clip| matches!(clip.label, "human" | "machine"));
        let course = |clip: &Clip| {
            let country = countries.named(country(&clip.language)).expect("the shipped settings have it");
            course(&clip.pcm, &country, clip.label == "human")
        };
        in_two(&clips, course).into_iter().flatten().collect::<Vec<_>>()
    };
    let shipped = countries.of_number("").model.clone();
    let model = greeting::Model { net: fit::net(&courses(Part::Fit, 300)), ..shipped };
    let chosen_on = courses(Part::Choose, 160);
    let seconds = std::env::var("SECONDS").unwrap_or_else(|_| fit::SECOND.to_string());
    for second in seconds.split(',') {
        let model = fit::thresholds(&chosen_on, &model, second.parse().expect("a number"));
        println!("# a second of waiting costs {second} mistakes\n{}", fit::written(&model));
    }
}
