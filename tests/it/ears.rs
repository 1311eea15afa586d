//! Independent ears: what is spoken is heard back, from the telephone's 8 kHz and G.711, by somebody who was not told.
//!
//! English by a speech recogniser (Whisper tiny.en); Russian, for which none is to be had, by the nearest human recording of each
//! word. `setup/ears.sh` brings both. How the judges work: `tests/speech/judges`.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use jiff::civil::date;
use ringback::audio::wav;
use ringback::language::Language;
use ringback::money::{Currency, Money};
use ringback::speech::{Format, Piece, Spoken, Template, Utterance, say};
use ringback::voice::{VoiceOptions, VoiceSet};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// What the judge prints of these lines; `None` where it was not set up (x86-64 only).
fn judge(script: &str, arguments: &[&str], lines: &[String]) -> Option<String> {
    let ears = Path::new(ROOT).join("target/peers/ears");
    if !ears.join("ears.version").is_file() {
        println!("skipped: no ears in {}; `sh setup/ears.sh` brings them", ears.display());
        return None;
    }
    let mut child = Command::new("python3")
        .arg(Path::new(ROOT).join("tests/speech/judges").join(script))
        .args(arguments)
        .env("PYTHONPATH", &ears)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3 is there: the set-up wanted it");
    let text = lines.join("\n") + "\n";
    let mut stdin = child.stdin.take().expect("piped");
    let writer = std::thread::spawn(move || stdin.write_all(text.as_bytes()));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{script} ended with {}:\n{said}", output.status);
    println!("{said}");
    Some(said)
}

fn voices(folder: &Path) -> VoiceSet {
    VoiceSet::load(&VoiceOptions::embedded(folder.join("voices")))
}

fn spoken(voices: &VoiceSet, language: Language, text: &str, to: PathBuf) -> String {
    let pcm = voices.render(&Utterance::new(language, text)).unwrap().pcm;
    wav::write(std::fs::File::create(&to).unwrap(), &pcm).unwrap();
    to.display().to_string()
}

/// The number before a phrase: `3.2` of "word error rate: 3.2 % of …".
fn figure(report: &str, line: &str, at: usize) -> f64 {
    let line = report.lines().find(|l| l.starts_with(line)).unwrap_or_else(|| panic!("no line `{line}`:\n{report}"));
    let numbers = line.split_whitespace().filter_map(|word| word.trim_matches([',', '%']).parse::<f64>().ok());
    numbers.into_iter().nth(at).unwrap_or_else(|| panic!("no number {at} in `{line}`"))
}

/// Sums and dates of all shapes, the same each time.
#[test]
fn english_is_heard_back() {
    let folder = tempfile::tempdir().unwrap();
    let voices = voices(folder.path());
    let mut lines = Vec::new();
    for n in 0..48i64 {
        let whole = [1, 5, 12, 21, 60, 99, 101, 250, 731, 1000, 1234, 19_999][n as usize % 12];
        let cents = [0, 50, 1, 11, 99, 0, 21, 5][n as usize % 8];
        let currency = [Currency::Usd, Currency::Eur, Currency::Usd][n as usize % 3];
        let amount = Spoken::Money(Money::new((whole + n) * 100 + cents, currency));
        let day = date(2026, (n % 12 + 1) as i8, ((n * 7) % 28 + 1) as i8);
        let words = |value: Spoken, format: &str| {
            let format: Format = format.parse().unwrap();
            let template = Template(vec![Piece::Literal { value, format }]);
            say(&template, |_| None, Language::EN, date(2026, 11, 20)).unwrap()
        };
        let (amount, day) = (words(amount, "money"), words(Spoken::Date(day), "date"));
        let text = format!("You owe {amount}, due {day}.");
        let path = spoken(&voices, Language::EN, &text, folder.path().join(format!("{n}.wav")));
        lines.push(format!("{path}\tYou owe [{amount}], due [{day}]."));
    }
    let Some(report) = judge("hear_en.py", &[], &lines) else { return };
    // Measured with this set: 8.5 % and 83 of 96; most misses are "You owe" and a number before "euros".
    assert!(figure(&report, "word error rate:", 0) <= 12.0);
    let (right, of) = (figure(&report, "values heard right", 0), figure(&report, "values heard right", 1));
    assert!(right / of >= 0.8, "{right} of {of} sums and dates were heard right");
}

/// Numbers, months, days of the week, ordinals.
#[test]
fn russian_is_nearest_to_the_same_human_word() {
    let Some(listed) = judge("hear_ru.py", &["--words"], &[]) else { return };
    let words: Vec<&str> = listed.split_whitespace().collect();
    let folder = tempfile::tempdir().unwrap();
    let voices = voices(folder.path());
    let lines: Vec<String> = words
        .iter()
        .enumerate()
        .map(|(n, word)| {
            let path = spoken(&voices, Language::RU, word, folder.path().join(format!("{n}.wav")));
            format!("{path}\t{word}")
        })
        .collect();
    let Some(report) = judge("hear_ru.py", &[], &lines) else { return };
    let last = report.lines().last().unwrap();
    let nearest: usize = last.split(' ').next().and_then(|n| n.parse().ok()).unwrap_or_else(|| panic!("{last}"));
    assert!(words.len() >= 70 && nearest >= 60, "only {nearest} of {} words are nearest to themselves", words.len());
}
