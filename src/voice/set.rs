//! Which voice speaks what, and what is done to its sound.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use super::command::Espeak;
use super::finish::{finish, pause};
use super::http::{self, HttpVoice};
use super::openai;
use super::pico::Pico;
use super::ru_tts::RuTts;
use super::speakers::Speakers;
use super::{Voice, VoiceError};
use crate::config::voices::{self as settings, HttpRequest, Price, Speech, VoiceKind};
use crate::language::Language;
use crate::speech::Utterance;
use crate::time::Clock;

#[derive(Debug, Clone)]
pub struct VoiceOptions {
    /// Where the data of embedded voices are written (a few MB), and what paid voices have cost; made when missing.
    pub data: PathBuf,
    /// `libru_tts.so`, when it lies elsewhere than `.voices/` or beside the program.
    pub ru_tts: Option<PathBuf>,
    /// What the operator says of voices.
    pub speech: Speech,
    /// By which voices that fail rest, and months are counted.
    pub clock: Arc<Clock>,
}

impl VoiceOptions {
    /// The voices that come with the program, with their data in `data`.
    pub fn embedded(data: PathBuf) -> VoiceOptions {
        VoiceOptions { data, ru_tts: None, speech: Speech::default(), clock: Arc::new(Clock::system()) }
    }
}

/// A voice under the name that settings give it.
pub(super) struct Named {
    pub name: String,
    pub voice: Arc<dyn Voice>,
    /// It looks for the words as the flow has them, and so gets them unpronounced.
    pub as_written: bool,
    /// It speaks also where no speakers are named. Voices of the operator's that may cost money or time do not.
    pub unasked: bool,
}

/// The voices that are here, the preferred first.
#[derive(Clone)]
pub struct VoiceSet {
    voices: Arc<Vec<Named>>,
    speakers: Arc<Speakers>,
    /// Why a voice that is installed is not in the set.
    not_loaded: Vec<VoiceError>,
    problems: Vec<VoiceError>,
}

/// Telephone audio, and who spoke it.
#[derive(Debug, Clone, PartialEq)]
pub struct Rendered {
    pub pcm: Vec<i16>,
    /// Id of the voice.
    pub voice: String,
    /// The words that it was given.
    pub words: String,
}

impl VoiceSet {
    /// Loads what is here. A language without a voice is not an error yet: see [`VoiceSet::require`]; what the settings name
    /// and cannot be had is in [`VoiceSet::problems`].
    pub fn load(options: &VoiceOptions) -> VoiceSet {
        let mut voices = Vec::new();
        let (mut not_loaded, mut problems) = (Vec::new(), Vec::new());
        for (name, settings) in &options.speech.voices {
            match configured(name, settings, options) {
                Ok(named) => voices.push(named),
                Err(error) => problems.push(error),
            }
        }
        let mut add = |name: &str, voice: Result<Arc<dyn Voice>, VoiceError>| match voice {
            Ok(voice) => voices.push(Named { name: name.to_owned(), voice, as_written: false, unasked: true }),
            Err(error) => not_loaded.push(error),
        };
        add("pico", Pico::load(&options.data.join("pico")).map(|v| Arc::new(v) as Arc<dyn Voice>));
        let places = RuTts::places(options.ru_tts.as_deref());
        if let Some(library) = places.iter().find(|place| place.is_file()) {
            add("ru_tts", RuTts::load(library).map(|v| Arc::new(v) as Arc<dyn Voice>));
        } else if let Some(path) = &options.ru_tts {
            let why = "there is no such file. Build it: make setup".to_owned();
            add("ru_tts", Err(VoiceError::Load { voice: "ru_tts".to_owned(), path: path.clone(), why }));
        }
        if let Some(espeak) = Espeak::find() {
            add("espeak", Ok(Arc::new(espeak)));
        }
        let speakers = Speakers::of(&options.speech, &voices, &mut problems);
        VoiceSet { voices: Arc::new(voices), speakers: Arc::new(speakers), not_loaded, problems }
    }

    /// A set of one's own.
    pub fn of(voices: Vec<Arc<dyn Voice>>) -> VoiceSet {
        let named = |voice: Arc<dyn Voice>| {
            let name = voice.id().to_owned();
            Named { name, voice, as_written: false, unasked: true }
        };
        VoiceSet {
            voices: Arc::new(voices.into_iter().map(named).collect()),
            speakers: Arc::default(),
            not_loaded: Vec::new(),
            problems: Vec::new(),
        }
    }

    /// What the settings name and cannot be had: voices, speakers, dictionaries. To be shown, and put right, before anybody is
    /// called: calls would sound otherwise than their operator thinks.
    pub fn problems(&self) -> &[VoiceError] {
        &self.problems
    }

    /// Who speaks a language in this creditor's name, the preferred first. Not empty.
    fn speakers(&self, language: Language, creditor: &str) -> Result<Vec<&Named>, VoiceError> {
        let all: Vec<&Named> = match self.speakers.named(language, creditor) {
            Some(places) => places.iter().map(|at| &self.voices[*at]).collect(),
            None => self.voices.iter().filter(|named| named.unasked && named.voice.speaks(language)).collect(),
        };
        if all.is_empty() { Err(self.nobody_speaks(language)) } else { Ok(all) }
    }

    /// The words as this voice gets them.
    fn words<'a>(&self, utterance: &'a Utterance, named: &Named) -> Cow<'a, str> {
        let text = &utterance.said.text;
        if named.as_written {
            return Cow::Borrowed(text);
        }
        self.speakers.pronounce(utterance.language, &utterance.creditor, text)
    }

    /// Id of the voice that is asked first, and the words that it gets.
    pub fn asked<'a>(&self, utterance: &'a Utterance) -> Result<(&str, Cow<'a, str>), VoiceError> {
        let first = self.speakers(utterance.language, &utterance.creditor)?[0];
        Ok((first.voice.id(), self.words(utterance, first)))
    }

    /// That every one of these can be spoken; the error of the first that cannot says what to do.
    pub fn require(&self, languages: &[Language]) -> Result<(), VoiceError> {
        languages.iter().try_for_each(|language| self.speakers(*language, "").map(|_| ()))
    }

    fn nobody_speaks(&self, language: Language) -> VoiceError {
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
            let (voice, words) = ("silence".to_owned(), String::new());
            return Ok(Rendered { pcm: pause(said), voice, words });
        }
        let mut first = None;
        for named in self.speakers(*language, creditor)? {
            let (voice, words) = (&named.voice, self.words(utterance, named));
            match voice.render(*language, &words).and_then(|sound| finish(voice.id(), sound, said)) {
                Ok(pcm) => return Ok(Rendered { pcm, voice: voice.id().to_owned(), words: words.into_owned() }),
                Err(error) => {
                    match error {
                        // It has been said when the pause began; each message need not say it again.
                        VoiceError::Paused { .. } => tracing::debug!(%error, "the next voice is asked"),
                        _ => tracing::warn!(%error, "a voice failed; the next is asked"),
                    }
                    first.get_or_insert(error);
                }
            }
        }
        Err(first.expect("there is a voice, and it failed"))
    }

    /// What a recorded voice that is asked first lacks of an utterance, and which voice that is.
    pub fn missing(&self, _utterance: &Utterance) -> Option<(&str, BTreeSet<String>)> {
        None
    }

    /// Every voice: its name, its id, whether it speaks the language.
    pub fn names(&self) -> impl Iterator<Item = (&str, &str)> {
        self.voices.iter().map(|named| (named.name.as_str(), named.voice.id()))
    }
}

/// One of the operator's voices.
fn configured(name: &str, settings: &settings::Voice, options: &VoiceOptions) -> Result<Named, VoiceError> {
    let not_built = |what: &str, path: PathBuf| VoiceError::Load {
        voice: name.to_owned(),
        path,
        why: format!("voices of the kind `{what}` are not built into this program"),
    };
    let server = |id: String, request: &HttpRequest, price: &Price| {
        HttpVoice::new(name, id, request, price, settings, &options.data.join("spent"), &options.clock)
    };
    let voice: Arc<dyn Voice> = match &settings.kind {
        VoiceKind::Recorded { folder } => return Err(not_built("recorded", folder.clone())),
        VoiceKind::Rhvoice { library, .. } => return Err(not_built("rhvoice", library.clone().unwrap_or_default())),
        VoiceKind::Piper { model } => return Err(not_built("piper", model.clone())),
        VoiceKind::Command { program, .. } => return Err(not_built("command", program.clone())),
        VoiceKind::OpenAi { request, price } => {
            Arc::new(server(openai::id(request), &openai::request(request), price)?)
        }
        VoiceKind::Http { request, price } => Arc::new(server(http::id(name, request), request, price)?),
    };
    let recorded = matches!(settings.kind, VoiceKind::Recorded { .. });
    Ok(Named { name: name.to_owned(), voice, as_written: recorded, unasked: recorded })
}
