//! Makes the first seconds of calls out of recordings: who answers, how, over which line. Everything is drawn from a seed.
//!
//! The voices are people's and machines' own; when they speak, how loud, over which noise, codec and loss is made up here.

use std::path::{Path, PathBuf};

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use ringback::audio::g711::Law;
use ringback::audio::{FRAME, RATE, level, tone, wav};

/// One speaker's recordings, sorted by name.
pub struct Voice {
    pub language: String,
    pub speaker: String,
    pub sayings: Vec<Saying>,
}

pub struct Saying {
    pub name: String,
    pub pcm: Vec<i16>,
}

pub struct Clip {
    /// `human`, `machine`, `fax`, `screening`, `network`, `silence`.
    pub label: &'static str,
    pub language: String,
    pub speaker: String,
    /// How it was made.
    pub how: &'static str,
    /// Over which line: `-23 dBm0, 14 dB over a street, PCMA, 2 % lost`.
    pub line: String,
    pub pcm: Vec<i16>,
    /// Until somebody or something is heard.
    pub onset_ms: u32,
}

/// Not counting silence at both ends.
const RECORDING_MAX: usize = 12 * RATE as usize;

/// `folder/LANGUAGE/SPEAKER/*.wav`.
pub fn voices(folder: &Path) -> Vec<Voice> {
    let mut voices = Vec::new();
    for language in folders(folder) {
        for speaker in folders(&language) {
            voices.extend(voice(&name(&language), &name(&speaker), &speaker));
        }
    }
    voices
}

/// One folder of one speaker, `None` without recordings.
pub fn voice(language: &str, speaker: &str, folder: &Path) -> Option<Voice> {
    let mut files: Vec<PathBuf> =
        entries(folder).into_iter().filter(|p| p.extension().is_some_and(|e| e == "wav")).collect();
    files.sort();
    let sayings = files.iter().filter_map(|file| {
        let pcm = wav::read(std::io::BufReader::new(std::fs::File::open(file).ok()?)).ok()?;
        let pcm = trimmed(&pcm).to_vec();
        (1_600..RECORDING_MAX).contains(&pcm.len()).then(|| Saying { name: name(file), pcm })
    });
    let sayings: Vec<Saying> = sayings.collect();
    (!sayings.is_empty()).then(|| Voice { language: language.into(), speaker: speaker.into(), sayings })
}

/// From the first sound to the last: pauses are drawn here, and a room behind the last word would lengthen them.
fn trimmed(pcm: &[i16]) -> &[i16] {
    let frames = pcm.as_chunks::<FRAME>().0;
    let loudest = frames.iter().map(|f| level::rms(f)).fold(0.0, f32::max);
    let sounds = |f: &[i16; FRAME]| level::rms(f) > (loudest * 0.05).max(30.0);
    let (Some(first), Some(last)) = (frames.iter().position(sounds), frames.iter().rposition(sounds)) else {
        return &[];
    };
    &pcm[first.saturating_sub(1) * FRAME..((last + 2) * FRAME).min(pcm.len())]
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut all: Vec<PathBuf> = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|e| e.path()).collect();
    all.sort();
    all
}

fn folders(folder: &Path) -> Vec<PathBuf> {
    entries(folder).into_iter().filter(|p| p.is_dir()).collect()
}

fn name(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

impl Voice {
    /// A saying between these lengths in milliseconds.
    fn saying(&self, rng: &mut StdRng, from: u32, to: u32) -> Option<&[i16]> {
        let fits: Vec<&Saying> = self
            .sayings
            .iter()
            .filter(|s| (from..to).contains(&ms(&s.pcm)) && !SCREENERS.iter().any(|name| s.name.ends_with(name)))
            .collect();
        fits.choose(rng).map(|s| s.pcm.as_slice())
    }

    pub fn says(&self, name: &str) -> Option<&[i16]> {
        self.sayings.iter().find(|s| s.name.ends_with(name)).map(|s| s.pcm.as_slice())
    }
}

fn ms(pcm: &[i16]) -> u32 {
    (pcm.len() / 8) as u32
}

const LENGTH_MS: u32 = 12_000;

/// What is said on a line, before the line does its worst.
struct Line {
    pcm: Vec<i16>,
}

impl Line {
    fn quiet(&mut self, ms: u32) -> &mut Line {
        self.pcm.extend(tone::silence(ms));
        self
    }

    /// At one loudness, whoever speaks.
    fn say(&mut self, pcm: &[i16]) -> &mut Line {
        let loud = speech_rms(pcm).max(1.0);
        self.pcm.extend(pcm.iter().map(|&s| (f32::from(s) * 2600.0 / loud).clamp(-32_000.0, 32_000.0) as i16));
        self
    }

    fn tone(&mut self, hz: f64, ms: u32) -> &mut Line {
        self.pcm.extend(tone::sine(hz, ms, 4000));
        self
    }
}

/// Of the louder half of its frames.
fn speech_rms(pcm: &[i16]) -> f32 {
    let mut frames: Vec<f32> = pcm.as_chunks::<FRAME>().0.iter().map(|f| level::rms(f)).collect();
    frames.sort_by(f32::total_cmp);
    let loud = &frames[frames.len() / 2..];
    (loud.iter().map(|r| r * r).sum::<f32>() / loud.len().max(1) as f32).sqrt()
}

/// A clip of this label with this voice; `None` when it has nothing fitting to say. `others` murmur behind.
pub fn clip(label: &'static str, voice: &Voice, others: &[&Voice], seed: u64) -> Option<Clip> {
    let mut rng = StdRng::seed_from_u64(seed);
    let rng = &mut rng;
    let mut line = Line { pcm: Vec::new() };
    let onset = match rng.random_range(0..100) {
        0..6 => rng.random_range(1_500..2_800),
        _ => rng.random_range(120..1_100),
    };
    line.quiet(onset);
    let how = match label {
        "human" => human(&mut line, voice, rng)?,
        "machine" => machine(&mut line, voice, rng)?,
        "fax" => fax(&mut line, rng),
        "network" => network(&mut line, voice, rng),
        "screening" => screening(&mut line, voice)?,
        _ => {
            line.pcm.clear();
            "nothing"
        }
    };
    let speaks = line.pcm.len();
    line.quiet(LENGTH_MS.saturating_sub(ms(&line.pcm)));
    line.pcm.truncate(LENGTH_MS as usize * 8);
    let (pcm, over) = over_line(&line.pcm, speaks > 0, others, rng);
    Some(Clip {
        label,
        language: voice.language.clone(),
        speaker: voice.speaker.clone(),
        how,
        line: over,
        pcm,
        onset_ms: onset,
    })
}

fn human(line: &mut Line, voice: &Voice, rng: &mut StdRng) -> Option<&'static str> {
    let word = voice.saying(rng, 200, 1_300)?.to_vec();
    Some(match rng.random_range(0..100) {
        0..15 => {
            line.say(&word).quiet(rng.random_range(1_300..2_200)).say(&word);
            "a word, and again"
        }
        15..28 => {
            let second = voice.saying(rng, 200, 900)?;
            line.say(&word).quiet(rng.random_range(80..380)).say(second);
            "two words"
        }
        28..33 => {
            // Breath: noise well below the voice.
            let breath = tone::noise(rng.random(), rng.random_range(150..400), 350);
            line.pcm.extend(breath);
            line.quiet(rng.random_range(100..400)).say(&word);
            "breath, then a word"
        }
        33..36 => {
            line.say(voice.saying(rng, 1_400, 3_400).unwrap_or(&word));
            "a receptionist"
        }
        _ => {
            line.say(&word);
            "a word"
        }
    })
}

fn machine(line: &mut Line, voice: &Voice, rng: &mut StdRng) -> Option<&'static str> {
    let mut how = "a greeting";
    match rng.random_range(0..100) {
        0..12 => {
            line.say(voice.saying(rng, 900, 2_000)?).quiet(rng.random_range(60..450));
            beep(line, rng);
            return Some("a short greeting and a beep");
        }
        12..20 => {
            for _ in 0..rng.random_range(6..14) {
                let note = 220.0 * 2f64.powf(f64::from(rng.random_range(0..24)) / 12.0);
                let length = rng.random_range(140..420);
                let chord: Vec<i16> = tone::sine(note, length, 2200)
                    .iter()
                    .zip(tone::sine(note * 1.5, length, 1500))
                    .zip(tone::sine(note * 2.01, length, 800))
                    .map(|((a, b), c)| a + b + c)
                    .collect();
                line.pcm.extend(chord);
            }
            how = "music, then a greeting";
        }
        20..32 => {
            if let Some(word) = voice.saying(rng, 250, 900) {
                line.say(word).quiet(rng.random_range(200..550));
                how = "a word, a pause, a greeting";
            }
        }
        _ => {}
    }
    let end = line.pcm.len() + rng.random_range(3_000..8_000) * 8;
    line.say(voice.saying(rng, 2_300, 12_000)?);
    while line.pcm.len() < end {
        let more = voice.saying(rng, 900, 6_000)?;
        line.quiet(rng.random_range(250..800)).say(more);
    }
    if rng.random_bool(0.85) {
        line.quiet(rng.random_range(100..1_000));
        beep(line, rng);
    }
    Some(how)
}

fn beep(line: &mut Line, rng: &mut StdRng) {
    let length = rng.random_range(120..900);
    let hz = f64::from(rng.random_range(500..1_700));
    line.tone(hz, length);
}

fn fax(line: &mut Line, rng: &mut StdRng) -> &'static str {
    if rng.random_bool(0.7) {
        line.tone(2100.0, rng.random_range(2_600..4_000));
        return "a fax that answers";
    }
    for _ in 0..3 {
        line.tone(1100.0, 500).quiet(3_000);
    }
    "a fax that calls"
}

/// Country of a clip in this language: its tones.
pub fn country(language: &str) -> &'static str {
    match language {
        "en" => "us",
        "uk" => "ua",
        "kk" => "kz",
        "ru" => "ru",
        "de" => "de",
        "es" => "es",
        "fr" => "fr",
        "it" => "it",
        "pl" => "pl",
        "tr" => "tr",
        _ => "any",
    }
}

fn network(line: &mut Line, voice: &Voice, rng: &mut StdRng) -> &'static str {
    let cadence = |line: &mut Line, hz: (f64, f64), on: u32, off: u32| {
        for _ in 0..14 {
            let second = if hz.1 > 0.0 { tone::sine(hz.1, on, 2000) } else { tone::silence(on) };
            line.pcm.extend(tone::sine(hz.0, on, 2500).iter().zip(second).map(|(a, b)| a + b));
            line.quiet(off);
        }
    };
    let (hz, busy, congestion) = match country(&voice.language) {
        "us" => ((480.0, 620.0), 500, 250),
        "fr" => ((440.0, 0.0), 500, 250),
        "es" => ((425.0, 0.0), 200, 200),
        "tr" => ((450.0, 0.0), 500, 200),
        "de" => ((425.0, 0.0), 480, 240),
        "it" => ((425.0, 0.0), 500, 200),
        "ru" | "kz" => ((425.0, 0.0), 400, 200),
        _ => ((425.0, 0.0), 500, 250),
    };
    match rng.random_range(0..4) {
        0 => {
            cadence(line, hz, busy, busy);
            "busy"
        }
        1 => {
            cadence(line, hz, congestion, congestion);
            "congestion"
        }
        _ => {
            let us = country(&voice.language) == "us";
            let tones: [(f64, u32); 3] = match (us, rng.random_range(0..2)) {
                (true, 0) => [(913.8, 276), (1370.6, 276), (1776.7, 380)],
                (true, _) => [(985.2, 380), (1370.6, 276), (1776.7, 380)],
                (false, _) => [(950.0, 330), (1400.0, 330), (1800.0, 330)],
            };
            for (hz, length) in tones {
                line.tone(hz, length);
            }
            line.quiet(300);
            if let Some(words) = voice.saying(rng, 2_000, 6_000) {
                line.say(words);
            }
            "special information tones"
        }
    }
}

/// The recordings of Asterisk's privacy manager, which ask for a name.
pub const SCREENERS: [&str; 3] = ["priv-recordintro", "privacy-unident", "privacy-prompt"];

fn screening(line: &mut Line, voice: &Voice) -> Option<&'static str> {
    let asked = SCREENERS.iter().find_map(|name| voice.says(name))?;
    line.say(asked);
    Some("asks for a name")
}

/// Level, noise, codec and loss.
fn over_line(pcm: &[i16], speaks: bool, others: &[&Voice], rng: &mut StdRng) -> (Vec<i16>, String) {
    // 0 dBm0 is 3.17 dB below the loudest sine (ITU-T G.711).
    let dbm0 = rng.random_range(-35.0..-10.0f32);
    let rms = 22_700.0 * 10f32.powf((dbm0 - 3.17) / 20.0);
    let snr = rng.random_range(10.0..40.0f32);
    let noise_rms = rms * 10f32.powf(-snr / 20.0);
    let gain = rms / 2600.0;
    let length = ms(pcm);
    let mut over = "noise";
    let noise: Vec<f32> = match rng.random_range(0..10) {
        // A street: low, and swelling.
        0..3 => {
            over = "a street";
            let mut low = 0.0;
            let swell = rng.random_range(0.3..1.2);
            let white = tone::noise(rng.random(), length, 3000);
            let street = white.iter().enumerate().map(|(n, &s)| {
                low += 0.12 * (f32::from(s) - low);
                let swelling = 1.0 + 0.4 * (n as f32 / 8000.0 * swell * std::f32::consts::TAU).sin();
                low * swelling / 760.0
            });
            street.collect()
        }
        // Another voice, a child or a television, farther away.
        3..5 if speaks && !others.is_empty() => {
            over = "voices";
            let mut murmur = Vec::new();
            while murmur.len() < pcm.len() {
                let other = others.choose(rng).expect("there are some");
                let saying = other.sayings.choose(rng).expect("a voice says something");
                let loud = speech_rms(&saying.pcm).max(1.0);
                murmur.extend(saying.pcm.iter().map(|&s| f32::from(s) / loud * 0.6));
            }
            murmur
        }
        _ => tone::noise(rng.random(), length, 3000).iter().map(|&s| f32::from(s) / 3000.0).collect(),
    };
    let noise_rms = if speaks { noise_rms } else { noise_rms.min(900.0) };
    let law = if rng.random_bool(0.7) { Law::A } else { Law::Mu };
    let loss = if rng.random_bool(0.3) { rng.random_range(0.005..0.05) } else { 0.0 };
    let mut out: Vec<i16> = pcm
        .iter()
        .zip(noise)
        .map(|(&s, n)| law.decode(law.encode((f32::from(s) * gain + n * noise_rms).clamp(-32_000.0, 32_000.0) as i16)))
        .collect();
    for frame in out.as_chunks_mut::<FRAME>().0 {
        if rng.random_bool(loss) {
            frame.fill(0);
        }
    }
    (out, format!("{dbm0:.0} dBm0, {snr:.0} dB over {over}, {law:?}, {:.0} % lost", loss * 100.0))
}
