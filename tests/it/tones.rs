//! Keys as tones against the world: hours of recorded speech in five languages, in which there is none, and `multimon-ng`, which
//! has its own idea of a key.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use ringback::audio::dtmf::DtmfDetector;
use ringback::audio::{FRAME, RATE, g711::Law, resample, wav};

const SPEECH: &str = "/usr/share/asterisk/sounds";
const LANGUAGES: [&str; 5] = ["en_US", "es_MX", "fr_CA", "it_IT", "ru_RU"];
const HZ: [[f64; 4]; 2] = [[697.0, 770.0, 852.0, 941.0], [1209.0, 1336.0, 1477.0, 1633.0]];
const KEYS: &str = "123A456B789C*0#D";

fn keys(pcm: &[i16]) -> String {
    let mut detector = DtmfDetector::default();
    pcm.as_chunks::<FRAME>().0.iter().filter_map(|frame| detector.hear(frame)).collect()
}

fn wav_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            wav_files(&path, found);
        } else if path.extension().is_some_and(|e| e == "wav") {
            found.push(path);
        }
    }
}

/// Every recorded prompt of Debian's `asterisk-core-sounds-*-wav` (setup/sounds.sh), as it is, through A-law, and
/// louder: no key is in any of them.
#[test]
fn hours_of_speech_hold_no_key() {
    let mut files = Vec::new();
    wav_files(Path::new(SPEECH), &mut files);
    let there = |language: &str| files.iter().any(|f| f.to_string_lossy().contains(language));
    let missing: Vec<&str> = LANGUAGES.into_iter().filter(|language| !there(language)).collect();
    if !missing.is_empty() {
        println!("skipped: no recordings of {missing:?} in {SPEECH}; setup/sounds.sh installs them");
        return;
    }
    // As it is, through A-law, and much louder through A-law.
    let hear = |file: &PathBuf| -> (usize, Vec<String>) {
        let pcm = wav::read(std::fs::File::open(file).unwrap()).unwrap();
        let coded = |gain: f32| -> Vec<i16> {
            pcm.iter().map(|&s| Law::A.decode(Law::A.encode((f32::from(s) * gain) as i16))).collect()
        };
        let ways = [("as it is", pcm.clone()), ("A-law", coded(1.0)), ("A-law, +8 dB", coded(2.5))];
        let told = ways.iter().map(|(how, pcm)| (how, keys(pcm))).filter(|(_, keys)| !keys.is_empty());
        (pcm.len(), told.map(|(how, keys)| format!("{} ({how}): {keys}", file.display())).collect())
    };
    let halves = files.split_at(files.len() / 2);
    let (one, two): (Vec<_>, Vec<_>) = std::thread::scope(|scope| {
        let other = scope.spawn(|| halves.1.iter().map(hear).collect());
        (halves.0.iter().map(hear).collect(), other.join().unwrap())
    });
    let samples: usize = one.iter().chain(&two).map(|(samples, _)| samples).sum();
    let found: Vec<String> = one.into_iter().chain(two).flat_map(|(_, found)| found).collect();
    let hours = samples as f64 / f64::from(RATE) / 3600.0;
    println!("{} recordings, {hours:.2} hours, three ways each: {} with keys", files.len(), found.len());
    assert!(hours > 2.0, "only {hours:.2} hours of speech");
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// Keys one after another at `rate` samples a second. `loud`: amplitudes of row and column.
fn tones(keys: &str, rate: u32, loud: [f64; 2], on_ms: u32, off_ms: u32) -> Vec<i16> {
    let samples = |ms: u32| rate * ms / 1000;
    let mut pcm = vec![0; samples(100) as usize];
    for key in keys.chars() {
        let at = KEYS.find(key).unwrap();
        let hz = [HZ[0][at / 4], HZ[1][at % 4]];
        pcm.extend((0..samples(on_ms)).map(|n| {
            let wave = |i: usize| loud[i] * (std::f64::consts::TAU * hz[i] * f64::from(n) / f64::from(rate)).sin();
            (wave(0) + wave(1)) as i16
        }));
        pcm.extend(vec![0; samples(off_ms) as usize]);
    }
    pcm.extend(vec![0; samples(100) as usize]);
    pcm
}

/// The same files to both judges.
#[test]
fn multimon_hears_the_same_keys() {
    /// What `multimon-ng` wants.
    const MULTIMON_RATE: u32 = 22_050;
    if Command::new("multimon-ng").arg("-h").stdout(Stdio::null()).stderr(Stdio::null()).status().is_err() {
        println!("skipped: no multimon-ng; setup/sounds.sh installs it");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    for (name, loud, on_ms, off_ms) in [
        ("loud", [8000.0, 8000.0], 100, 100),
        ("quiet", [800.0, 800.0], 100, 100),
        ("column louder by 4 dB", [4000.0, 6340.0], 100, 100),
        ("row louder by 3 dB", [8000.0, 5660.0], 100, 100),
        ("quick", [6000.0, 6000.0], 70, 70),
    ] {
        let sent = "0123456789*#ABCD5500";
        let pcm = tones(sent, MULTIMON_RATE, loud, on_ms, off_ms);
        let path = folder.path().join("keys.raw");
        std::fs::write(&path, pcm.iter().flat_map(|s| s.to_le_bytes()).collect::<Vec<_>>()).unwrap();
        let theirs = Command::new("multimon-ng").args(["-q", "-a", "DTMF", "-t", "raw"]).arg(&path).output().unwrap();
        let theirs: String = String::from_utf8_lossy(&theirs.stdout)
            .lines()
            .filter_map(|line| line.strip_prefix("DTMF: ")?.chars().next())
            .collect();
        // It writes the star and the hash by their other names.
        let theirs = theirs.replace('E', "*").replace('F', "#");
        let ours = keys(&resample::to_telephone(&pcm, MULTIMON_RATE));
        assert_eq!((ours.as_str(), theirs.as_str()), (sent, sent), "{name}: ours, theirs");
    }
}
