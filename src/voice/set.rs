//! Which voice speaks which language.

use std::path::PathBuf;
use std::sync::Arc;

use super::command::Espeak;
use super::pico::Pico;
use super::ru_tts::RuTts;
use super::{Sound, Voice, VoiceError};
use crate::audio::{RATE, level, resample};
use crate::language::Language;

/// Kept of an engine's own silence before the first sound, so that its onset stays soft: 10 ms.
const KEEP: usize = RATE as usize / 100;

#[derive(Debug, Clone)]
pub struct VoiceOptions {
    /// Where the data of embedded voices are written (a few MB); made when missing.
    pub data: PathBuf,
    /// `libru_tts.so`, when it lies elsewhere than `.voices/` or beside the program.
    pub ru_tts: Option<PathBuf>,
}

/// The voices that are here, the preferred first.
#[derive(Clone)]
pub struct VoiceSet {
    voices: Vec<Arc<dyn Voice>>,
    /// Why a voice that is installed is not in the set.
    not_loaded: Vec<VoiceError>,
}

impl VoiceSet {
    /// Loads what is here. A language without a voice is not an error yet: see [`VoiceSet::require`].
    pub fn load(options: &VoiceOptions) -> VoiceSet {
        let mut set = VoiceSet { voices: Vec::new(), not_loaded: Vec::new() };
        set.add(Pico::load(&options.data.join("pico")));
        let places = RuTts::places(options.ru_tts.as_deref());
        if let Some(library) = places.iter().find(|place| place.is_file()) {
            set.add(RuTts::load(library));
        } else if let Some(path) = &options.ru_tts {
            let why = "there is no such file. Build it: make setup".to_owned();
            set.not_loaded.push(VoiceError::Load { voice: "ru_tts".to_owned(), path: path.clone(), why });
        }
        if let Some(espeak) = Espeak::find() {
            set.voices.push(Arc::new(espeak));
        }
        set
    }

    /// A set of one's own.
    pub fn of(voices: Vec<Arc<dyn Voice>>) -> VoiceSet {
        VoiceSet { voices, not_loaded: Vec::new() }
    }

    fn add<V: Voice + 'static>(&mut self, voice: Result<V, VoiceError>) {
        match voice {
            Ok(voice) => self.voices.push(Arc::new(voice)),
            Err(error) => self.not_loaded.push(error),
        }
    }

    /// The voice of a language.
    pub fn voice(&self, language: Language) -> Result<&dyn Voice, VoiceError> {
        match self.voices.iter().find(|v| v.speaks(language)) {
            Some(voice) => Ok(voice.as_ref()),
            None => Err(self.missing(language)),
        }
    }

    /// That every one of these can be spoken; the error of the first that cannot says what to do.
    pub fn require(&self, languages: &[Language]) -> Result<(), VoiceError> {
        languages.iter().try_for_each(|language| self.voice(*language).map(|_| ()))
    }

    fn missing(&self, language: Language) -> VoiceError {
        let broken: Vec<String> = self.not_loaded.iter().map(|e| format!("; {e}")).collect();
        let what_to_do = match language {
            Language::RU => {
                "run `make setup`, which builds ru_tts into .voices/ of the folder the program is started in (or set \
                 RINGBACK_RU_TTS to libru_tts.so), or install espeak-ng"
            }
            _ => "install espeak-ng, which speaks about a hundred languages",
        };
        VoiceError::NoVoice { language, what_to_do: format!("{what_to_do}{}", broken.concat()) }
    }

    /// Telephone audio: 8 kHz, at the loudness common to all voices, with the pause that `text`'s last mark asks for.
    pub fn render(&self, language: Language, text: &str) -> Result<Vec<i16>, VoiceError> {
        let voice = self.voice(language)?;
        let Sound { pcm, rate } = voice.render(language, text)?;
        let pcm = resample::to_telephone(&pcm, rate);
        let mut pcm = level::trim(&pcm, KEEP).to_vec();
        if pcm.is_empty() && text.contains(char::is_alphabetic) {
            return Err(VoiceError::failed(voice.id(), text, "it made no sound"));
        }
        level::level(&mut pcm, level::TARGET_RMS);
        pcm.resize(pcm.len() + pause_after(text), 0);
        Ok(pcm)
    }
}

/// Samples of silence after an utterance. Engines differ in this, and pieces of a sentence are played without a gap, so
/// their own silence is cut and ours put in its place.
fn pause_after(text: &str) -> usize {
    let pause_ms = match text.chars().next_back() {
        Some('.' | '!' | '?') => 350,
        Some(',' | ':' | ';') => 180,
        _ => 70,
    };
    pause_ms * RATE as usize / 1000
}
