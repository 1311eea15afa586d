//! Piper: neural voices, one model a voice and a language, run in this process by `rten`. The model reads phonemes, which the
//! program espeak-ng (GPL, its own process) makes of the words. Behind the cargo feature `piper`.
//!
//! The model draws random numbers for a livelier voice: the same text sounds a little different each time.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rten::{Model, NodeId, RunOptions, ThreadPool, Value, ValueOrView};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::{Sound, Voice, VoiceError, command};
use crate::config::voices;
use crate::language::Language;
use crate::time::{Clock, Mono};

/// Between sentences, which are given to the model one by one: its cost grows with the square of their length.
const PAUSE_MS: usize = 250;
/// Phonemes of one sentence; half a minute of speech. A longer one is cut there.
const PHONEMES_MAX: usize = 600;
/// Loudest sample of what is made.
const PEAK: f32 = 30_000.0;

/// `<model>.onnx.json`, as far as it is needed.
#[derive(Deserialize)]
struct Settings {
    audio: Audio,
    espeak: Espeak,
    inference: Inference,
    phoneme_id_map: HashMap<String, Vec<i32>>,
    #[serde(default)]
    num_speakers: u32,
}

#[derive(Deserialize)]
struct Audio {
    sample_rate: u32,
}

#[derive(Deserialize)]
struct Espeak {
    voice: String,
}

#[derive(Deserialize)]
struct Inference {
    noise_scale: f32,
    length_scale: f32,
    noise_w: f32,
}

pub(super) struct Piper {
    model: Model,
    inputs: Inputs,
    output: NodeId,
    settings: Settings,
    /// Makes phonemes.
    espeak: PathBuf,
    language: Language,
    timeout: Duration,
    id: String,
}

struct Inputs {
    phonemes: NodeId,
    length: NodeId,
    scales: NodeId,
    /// Of a model of several speakers; the first speaks.
    speaker: Option<NodeId>,
}

impl Piper {
    pub fn from_settings(voice: &voices::Voice, model: &Path) -> Result<Piper, VoiceError> {
        Piper::load(voice, model).map_err(|why| VoiceError::Load {
            voice: "piper".to_owned(),
            path: model.to_owned(),
            why,
        })
    }

    fn load(voice: &voices::Voice, path: &Path) -> Result<Piper, String> {
        let told = path.with_added_extension("json");
        let json = std::fs::read(&told).map_err(|e| format!("{}: {e}", told.display()))?;
        let settings: Settings = serde_json::from_slice(&json).map_err(|e| format!("{}: {e}", told.display()))?;
        let spoken = settings.espeak.voice.split(['-', '_']).next().unwrap_or_default();
        let language = match voice.languages[..] {
            [language] if language.code() == spoken => language,
            _ => return Err(format!("it speaks `{spoken}` and nothing else")),
        };
        if !(4000..=192_000).contains(&settings.audio.sample_rate) {
            return Err(format!("{}: {} samples a second", told.display(), settings.audio.sample_rate));
        }
        let espeak = command::find(Path::new("espeak-ng"))
            .ok_or("it needs the program espeak-ng, which makes phonemes of words: install espeak-ng")?;
        let version = command::version(&espeak).unwrap_or_default();
        let bytes = std::fs::read(path).map_err(|e| e.to_string())?;
        let sum = Sha256::new().chain_update(&json).chain_update(&bytes).chain_update(version).finalize();
        let model = Model::load(bytes).map_err(|e| format!("it is no model that can be run: {e}"))?;
        let node =
            |name: &str| model.find_node(name).ok_or(format!("the model has no `{name}`: is it one of Piper's?"));
        let inputs = Inputs {
            phonemes: node("input")?,
            length: node("input_lengths")?,
            scales: node("scales")?,
            speaker: model.find_node("sid").filter(|_| settings.num_speakers > 1),
        };
        let [output] = model.output_ids() else { return Err("the model has not one output".to_owned()) };
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        let id = format!("piper-{name}-{:02x}{:02x}{:02x}{:02x}", sum[0], sum[1], sum[2], sum[3]);
        Ok(Piper { output: *output, inputs, model, settings, espeak, language, timeout: voice.timeout, id })
    }

    fn speak(&self, text: &str) -> Result<Sound, String> {
        let clock = Clock::system();
        let rate = self.settings.audio.sample_rate;
        let mut pcm: Vec<f32> = Vec::new();
        for sentence in self.phonemes(text)? {
            if clock.now().mono.since(Mono::ZERO) > self.timeout {
                return Err("no answer in time".to_owned());
            }
            if !pcm.is_empty() {
                pcm.resize(pcm.len() + PAUSE_MS * rate as usize / 1000, 0.0);
            }
            pcm.extend(self.run(numbers(&self.settings.phoneme_id_map, &sentence))?);
        }
        let peak = pcm.iter().fold(0.01f32, |peak, sample| peak.max(sample.abs()));
        Ok(Sound { pcm: pcm.iter().map(|sample| (sample * PEAK / peak) as i16).collect(), rate })
    }

    /// Of each sentence.
    fn phonemes(&self, text: &str) -> Result<Vec<String>, String> {
        let clauses = clauses(&text.replace('\u{301}', ""));
        // An empty line ends a clause for espeak-ng; so does a mark, but of it nothing is heard.
        let words: Vec<&str> = clauses.iter().map(|(words, _)| words.as_str()).collect();
        let arguments = ["-q", "--ipa", "-v", &self.settings.espeak.voice, "--stdin"];
        let (output, status) =
            command::run(&self.espeak, arguments, words.join("\n\n"), self.timeout).map_err(|e| e.to_string())?;
        if !status.success() {
            return Err(format!("espeak-ng ended with {status}"));
        }
        let output = String::from_utf8_lossy(&output);
        Ok(sentences(&clauses, &output.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>()))
    }

    fn run(&self, numbers: Vec<i32>) -> Result<Vec<f32>, String> {
        let Inference { noise_scale, length_scale, noise_w } = self.settings.inference;
        let shaped = |e: &dyn std::fmt::Display| e.to_string();
        let count = numbers.len();
        let phonemes = Value::from_shape([1, count], numbers).map_err(|e| shaped(&e))?;
        let length = Value::from_shape([1], vec![count as i32]).map_err(|e| shaped(&e))?;
        let scales = Value::from_shape([3], vec![noise_scale, length_scale, noise_w]).map_err(|e| shaped(&e))?;
        let mut inputs: Vec<(NodeId, ValueOrView)> = vec![
            (self.inputs.phonemes, phonemes.into()),
            (self.inputs.length, length.into()),
            (self.inputs.scales, scales.into()),
        ];
        if let Some(speaker) = self.inputs.speaker {
            inputs.push((speaker, Value::from_shape([1], vec![0i32]).map_err(|e| shaped(&e))?.into()));
        }
        // Its own thread, and no more: calls in progress need the other cores.
        let options = RunOptions::default().with_thread_pool(Some(Arc::new(ThreadPool::with_num_threads(1))));
        let [output] = self.model.run_n(inputs, [self.output], Some(options)).map_err(|e| e.to_string())?;
        let (_, samples) = output.into_shape_vec::<f32, 4>().map_err(|e| shaped(&e))?;
        Ok(samples)
    }
}

/// Words, and the mark that ends them.
fn clauses(text: &str) -> Vec<(String, char)> {
    let mut found = Vec::new();
    let mut words = String::new();
    for c in text.chars().chain(['.']) {
        match c {
            '.' | '!' | '?' | ',' | ':' | ';' => {
                if words.contains(char::is_alphanumeric) {
                    found.push((std::mem::take(&mut words).trim().to_owned(), c));
                } else if let Some((_, mark)) = found.last_mut().filter(|(_, mark)| !ends(*mark) && ends(c)) {
                    *mark = c;
                }
                words.clear();
            }
            // As a comma is, below: espeak-ng takes it for one.
            '—' | '–' if words.contains(char::is_alphanumeric) => {
                found.push((std::mem::take(&mut words).trim().to_owned(), ','));
            }
            '—' | '–' => words.clear(),
            c if c.is_control() => words.push(' '),
            c => words.push(c),
        }
    }
    found
}

fn ends(mark: char) -> bool {
    matches!(mark, '.' | '!' | '?')
}

/// One line of phonemes a clause, with the marks put back, since the model was taught with them.
fn sentences(clauses: &[(String, char)], lines: &[&str]) -> Vec<String> {
    if clauses.len() != lines.len() {
        // It cut a clause that was long.
        return lines.iter().map(|line| format!("{line}.")).collect();
    }
    let mut sentences = vec![String::new()];
    for ((_, mark), line) in clauses.iter().zip(lines) {
        let last = sentences.last_mut().expect("there is one from the beginning");
        if !last.is_empty() {
            last.push(' ');
        }
        last.push_str(line);
        last.push(*mark);
        if ends(*mark) {
            sentences.push(String::new());
        }
    }
    sentences.retain(|sentence| !sentence.is_empty());
    sentences
}

/// The phonemes as the model reads them: a beginning, a pad after each, an end. What it does not know is left out, and so is
/// what espeak-ng says of a change of language: `(en)`.
fn numbers(map: &HashMap<String, Vec<i32>>, sentence: &str) -> Vec<i32> {
    let mut out = Vec::new();
    let mut push = |phoneme: &str| match map.get(phoneme) {
        Some(numbers) => {
            out.extend(numbers);
            true
        }
        None => false,
    };
    push("^");
    push("_");
    let mut aside = false;
    let mut buffer = [0; 4];
    for c in sentence.chars().take(PHONEMES_MAX) {
        match c {
            '(' => aside = true,
            ')' => aside = false,
            _ if aside => {}
            // The models were taught with marks apart from their letters.
            c => {
                let apart = match c {
                    'ç' => Some(["c", "\u{327}"]),
                    'ã' => Some(["a", "\u{303}"]),
                    'ẽ' => Some(["e", "\u{303}"]),
                    'ĩ' => Some(["i", "\u{303}"]),
                    'õ' => Some(["o", "\u{303}"]),
                    'ũ' => Some(["u", "\u{303}"]),
                    _ => None,
                };
                for phoneme in apart.as_ref().map_or(&[c.encode_utf8(&mut buffer) as &str][..], |parts| &parts[..]) {
                    if push(phoneme) {
                        push("_");
                    }
                }
            }
        }
    }
    push("$");
    out
}

impl Voice for Piper {
    fn id(&self) -> &str {
        &self.id
    }

    fn speaks(&self, language: Language) -> bool {
        language == self.language
    }

    fn render(&self, _: Language, text: &str) -> Result<Sound, VoiceError> {
        self.speak(text).map_err(|why| VoiceError::failed(&self.id, text, why))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_put_back() {
        let clauses = clauses("Hello, you owe: one. Pay now?! Then stop...");
        let lines = ["a", "b", "c", "d", "e"];
        assert_eq!(sentences(&clauses, &lines), ["a, b: c.", "d?", "e."]);
        assert_eq!(sentences(&clauses, &lines[..2]), ["a.", "b."]);
        assert!(super::clauses("...").is_empty());
    }

    #[test]
    fn phonemes_are_numbered() {
        let map: HashMap<String, Vec<i32>> = [("^", 1), ("_", 0), ("$", 2), ("a", 14), ("c", 16), ("\u{327}", 140)]
            .map(|(k, v)| (k.to_owned(), vec![v]))
            .into();
        assert_eq!(numbers(&map, "a(en)☃ç"), [1, 0, 14, 0, 16, 0, 140, 0, 2]);
    }
}
