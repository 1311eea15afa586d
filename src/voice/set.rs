//! Which voice speaks what, and what is done to its sound.

use std::path::PathBuf;
use std::sync::Arc;

use super::command::Program;
use super::finish::{finish, silence};
use super::pico::Pico;
use super::rhvoice::Rhvoice;
use super::ru_tts::RuTts;
use super::{Voice, VoiceError};
use crate::config::voices::{self, Speech, VoiceKind};
use crate::language::Language;
use crate::speech::Utterance;

#[derive(Debug, Clone)]
pub struct VoiceOptions {
    /// Where the data of embedded voices are written (a few MB); made when missing.
    pub data: PathBuf,
    /// `libru_tts.so`, when it lies elsewhere than `.voices/` or beside the program.
    pub ru_tts: Option<PathBuf>,
    /// What the operator says of voices.
    pub speech: Speech,
}

impl VoiceOptions {
    /// The voices that come with the program, with their data in `data`.
    pub fn embedded(data: PathBuf) -> VoiceOptions {
        VoiceOptions { data, ru_tts: None, speech: Speech::default() }
    }
}

/// `None`: the kind is not made here.
fn from_settings(settings: &voices::Voice) -> Option<Result<Arc<dyn Voice>, VoiceError>> {
    fn shared<V: Voice + 'static>(voice: Result<V, VoiceError>) -> Option<Result<Arc<dyn Voice>, VoiceError>> {
        Some(voice.map(|voice| Arc::new(voice) as Arc<dyn Voice>))
    }
    match &settings.kind {
        VoiceKind::Command { program, arguments } => shared(Program::from_settings(settings, program, arguments)),
        VoiceKind::Rhvoice { voice, library, data } => {
            shared(Rhvoice::from_settings(settings, voice, library.as_deref(), data.as_deref()))
        }
        #[cfg(feature = "piper")]
        VoiceKind::Piper { model } => shared(super::piper::Piper::from_settings(settings, model)),
        #[cfg(not(feature = "piper"))]
        VoiceKind::Piper { model } => {
            let why = "this program was built without Piper. Build it with `--features piper`, or let Piper's own program \
                       speak: a voice of the kind `command`";
            Some(Err(VoiceError::Load { voice: "piper".to_owned(), path: model.clone(), why: why.to_owned() }))
        }
        VoiceKind::Recorded { .. } | VoiceKind::OpenAi { .. } | VoiceKind::Http { .. } => None,
    }
}

struct Named {
    name: String,
    voice: Arc<dyn Voice>,
}

/// The voices that are here, the preferred first.
#[derive(Clone)]
pub struct VoiceSet {
    voices: Arc<Vec<Named>>,
    /// Why a voice that is installed is not in the set.
    not_loaded: Vec<VoiceError>,
}

/// Telephone audio, and who spoke it.
#[derive(Debug, Clone, PartialEq)]
pub struct Rendered {
    pub pcm: Vec<i16>,
    /// Id of the voice.
    pub voice: String,
}

impl VoiceSet {
    /// Loads what is here. A language without a voice is not an error yet: see [`VoiceSet::require`].
    pub fn load(options: &VoiceOptions) -> VoiceSet {
        let mut voices = Vec::new();
        let mut not_loaded = Vec::new();
        let mut add = |name: &str, voice: Result<Arc<dyn Voice>, VoiceError>| match voice {
            Ok(voice) => voices.push(Named { name: name.to_owned(), voice }),
            Err(error) => not_loaded.push(error),
        };
        for (name, settings) in &options.speech.voices {
            if let Some(voice) = from_settings(settings) {
                add(name, voice);
            }
        }
        add("pico", Pico::load(&options.data.join("pico")).map(|v| Arc::new(v) as Arc<dyn Voice>));
        let places = RuTts::places(options.ru_tts.as_deref());
        if let Some(library) = places.iter().find(|place| place.is_file()) {
            add("ru_tts", RuTts::load(library).map(|v| Arc::new(v) as Arc<dyn Voice>));
        } else if let Some(path) = &options.ru_tts {
            let why = "there is no such file. Build it: make setup".to_owned();
            add("ru_tts", Err(VoiceError::Load { voice: "ru_tts".to_owned(), path: path.clone(), why }));
        }
        if let Some(espeak) = Program::espeak() {
            add("espeak", Ok(Arc::new(espeak)));
        }
        VoiceSet { voices: Arc::new(voices), not_loaded }
    }

    /// A set of one's own.
    pub fn of(voices: Vec<Arc<dyn Voice>>) -> VoiceSet {
        let named = voices.into_iter().map(|voice| Named { name: voice.id().to_owned(), voice }).collect();
        VoiceSet { voices: Arc::new(named), not_loaded: Vec::new() }
    }

    /// Who speaks a language in this creditor's name, the preferred first. Not empty.
    fn speakers(&self, language: Language, _creditor: &str) -> Result<Vec<&dyn Voice>, VoiceError> {
        let all: Vec<&dyn Voice> =
            self.voices.iter().map(|named| named.voice.as_ref()).filter(|v| v.speaks(language)).collect();
        if all.is_empty() { Err(self.missing(language)) } else { Ok(all) }
    }

    /// Id of the voice that is asked first.
    pub fn id(&self, utterance: &Utterance) -> Result<&str, VoiceError> {
        Ok(self.speakers(utterance.language, &utterance.creditor)?[0].id())
    }

    /// That every one of these can be spoken; the error of the first that cannot says what to do.
    pub fn require(&self, languages: &[Language]) -> Result<(), VoiceError> {
        languages.iter().try_for_each(|language| self.speakers(*language, "").map(|_| ()))
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

    /// Telephone audio: 8 kHz, at the loudness common to all voices, with the pause that the last mark asks for. When the
    /// preferred voice fails, the next speaks.
    pub fn render(&self, utterance: &Utterance) -> Result<Rendered, VoiceError> {
        let Utterance { language, creditor, said, .. } = utterance;
        if said.text.is_empty() {
            return Ok(Rendered { pcm: silence(said.break_ms), voice: "silence".to_owned() });
        }
        let mut first = None;
        for voice in self.speakers(*language, creditor)? {
            match voice.render(*language, &said.text).and_then(|sound| finish(voice.id(), sound, said)) {
                Ok(pcm) => return Ok(Rendered { pcm, voice: voice.id().to_owned() }),
                Err(error) => {
                    tracing::warn!(%error, "a voice failed; the next is asked");
                    first.get_or_insert(error);
                }
            }
        }
        Err(first.expect("there is a voice, and it failed"))
    }

    /// Why voices that are installed, or named in the settings, are not in the set.
    pub fn not_loaded(&self) -> &[VoiceError] {
        &self.not_loaded
    }

    /// Every voice: its name, its id, whether it speaks the language.
    pub fn names(&self) -> impl Iterator<Item = (&str, &str)> {
        self.voices.iter().map(|named| (named.name.as_str(), named.voice.id()))
    }
}
