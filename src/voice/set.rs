//! Which voice speaks what, and what is done to its sound.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use super::command::Program;
use super::finish::{audible, finish, pause, spoken_so};
use super::fragments::{Covers, Fragments};
use super::http::{self, HttpVoice};
use super::openai;
use super::pico::Pico;
use super::rhvoice::Rhvoice;
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

/// Makes sound of words.
pub(super) enum Speaker {
    Engine(Arc<dyn Voice>),
    /// Says what was recorded, and leaves the rest of a stretch to the next.
    Recorded(Fragments),
}

impl Speaker {
    pub fn id(&self) -> &str {
        match self {
            Speaker::Engine(voice) => voice.id(),
            Speaker::Recorded(fragments) => fragments.id(),
        }
    }

    pub fn speaks(&self, language: Language) -> bool {
        match self {
            Speaker::Engine(voice) => voice.speaks(language),
            Speaker::Recorded(fragments) => fragments.speaks(language),
        }
    }
}

/// A voice under the name that settings give it.
pub(super) struct Named {
    pub name: String,
    pub speaker: Speaker,
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
    /// The place of the one voice that may speak.
    only: Option<usize>,
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
            Ok(voice) => {
                voices.push(Named { name: name.to_owned(), speaker: Speaker::Engine(voice), unasked: true });
            }
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
        if let Some(espeak) = Program::espeak() {
            add("espeak", Ok(Arc::new(espeak)));
        }
        let speakers = Speakers::of(&options.speech, &voices, &mut problems);
        VoiceSet { voices: Arc::new(voices), speakers: Arc::new(speakers), not_loaded, problems, only: None }
    }

    /// A set of one's own.
    pub fn of(voices: Vec<Arc<dyn Voice>>) -> VoiceSet {
        let named = |voice: Arc<dyn Voice>| {
            let name = voice.id().to_owned();
            Named { name, speaker: Speaker::Engine(voice), unasked: true }
        };
        VoiceSet {
            voices: Arc::new(voices.into_iter().map(named).collect()),
            speakers: Arc::default(),
            not_loaded: Vec::new(),
            problems: Vec::new(),
            only: None,
        }
    }

    /// This voice and no other, whatever speakers are named.
    pub fn only(&self, name: &str) -> Result<VoiceSet, VoiceError> {
        let Some(at) = self.voices.iter().position(|named| named.name == name) else {
            let here: Vec<&str> = self.voices.iter().map(|named| named.name.as_str()).collect();
            let why = format!("there is no voice of this name here; there are: {}", here.join(", "));
            return Err(VoiceError::Speaker { voice: name.to_owned(), why });
        };
        Ok(VoiceSet { only: Some(at), ..self.clone() })
    }

    /// What the settings name and cannot be had: voices, speakers, dictionaries. To be shown, and put right, before anybody is
    /// called: calls would sound otherwise than their operator thinks.
    pub fn problems(&self) -> &[VoiceError] {
        &self.problems
    }

    /// Who speaks a language in this creditor's name, the preferred first. Not empty.
    fn speakers(&self, language: Language, creditor: &str) -> Result<Vec<&Named>, VoiceError> {
        if let Some(only) = self.only.map(|at| &self.voices[at]) {
            return if only.speaker.speaks(language) { Ok(vec![only]) } else { Err(self.nobody_speaks(language)) };
        }
        let all: Vec<&Named> = match self.speakers.named(language, creditor) {
            Some(places) => places.iter().map(|at| &self.voices[*at]).collect(),
            None => self.voices.iter().filter(|named| named.unasked && named.speaker.speaks(language)).collect(),
        };
        if all.is_empty() { Err(self.nobody_speaks(language)) } else { Ok(all) }
    }

    /// The words as engines get them.
    fn words<'a>(&self, utterance: &Utterance, text: &'a str) -> Cow<'a, str> {
        self.speakers.pronounce(utterance.language, &utterance.creditor, text)
    }

    /// Who speaks when all goes well, and the words that are given.
    pub fn asked(&self, utterance: &Utterance) -> Result<(String, String), VoiceError> {
        let Utterance { language, creditor, said, .. } = utterance;
        if said.text.is_empty() {
            return Ok((SILENCE.to_owned(), String::new()));
        }
        let speakers = self.speakers(*language, creditor)?;
        let words = || self.words(utterance, &said.text).into_owned();
        for (at, named) in speakers.iter().enumerate() {
            match &named.speaker {
                Speaker::Engine(voice) => return Ok((voice.id().to_owned(), words())),
                Speaker::Recorded(fragments) => match fragments.covers(*language, said) {
                    Covers::All => return Ok((fragments.id().to_owned(), said.text.clone())),
                    Covers::Some => {
                        if let Some(other) = engines(&speakers[at + 1..]).next() {
                            return Ok((joined(fragments, &[other.id()]), both(&said.text, &words())));
                        }
                    }
                    Covers::Nothing => {}
                },
            }
        }
        Err(self.nobody_speaks(*language))
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
            let (voice, words) = (SILENCE.to_owned(), String::new());
            return Ok(Rendered { pcm: pause(said), voice, words });
        }
        let speakers = self.speakers(*language, creditor)?;
        let mut first = None;
        for (at, named) in speakers.iter().enumerate() {
            let rendered = match &named.speaker {
                Speaker::Engine(voice) => self.spoken(voice.as_ref(), utterance).map(Some),
                Speaker::Recorded(fragments) => self.recorded(fragments, &speakers[at + 1..], utterance),
            };
            match rendered {
                Ok(Some(rendered)) => return Ok(rendered),
                Ok(None) => {}
                Err(error) => {
                    tell(&error);
                    first.get_or_insert(error);
                }
            }
        }
        Err(first.unwrap_or_else(|| self.nobody_speaks(*language)))
    }

    fn spoken(&self, voice: &dyn Voice, utterance: &Utterance) -> Result<Rendered, VoiceError> {
        let words = self.words(utterance, &utterance.said.text);
        let sound = voice.render(utterance.language, &words)?;
        let pcm = finish(voice.id(), sound, &utterance.said)?;
        Ok(Rendered { pcm, voice: voice.id().to_owned(), words: words.into_owned() })
    }

    /// Recordings, and what they lack by the first of the others that can. `None`: nothing of it is recorded.
    fn recorded(
        &self,
        fragments: &Fragments,
        others: &[&Named],
        utterance: &Utterance,
    ) -> Result<Option<Rendered>, VoiceError> {
        let Utterance { language, said, .. } = utterance;
        let mut helpers: Vec<&str> = Vec::new();
        let other = |gap: &str| {
            let words = self.words(utterance, gap);
            let mut first = None;
            for voice in engines(others) {
                match voice.render(*language, &words).and_then(|sound| audible(voice.id(), sound, gap)) {
                    Ok(pcm) => {
                        if !helpers.contains(&voice.id()) {
                            helpers.push(voice.id());
                        }
                        return Ok(pcm);
                    }
                    Err(error) => {
                        tell(&error);
                        first.get_or_insert(error);
                    }
                }
            }
            let why = "it has no recording of some of the words, and no other voice is named after it";
            Err(first.unwrap_or_else(|| VoiceError::failed(fragments.id(), gap, why)))
        };
        let Some(mut pcm) = fragments.render(*language, said, other)? else { return Ok(None) };
        spoken_so(&mut pcm, said.manner);
        pcm.extend(pause(said));
        let (voice, words) = if helpers.is_empty() {
            (fragments.id().to_owned(), said.text.clone())
        } else {
            (joined(fragments, &helpers), both(&said.text, &self.words(utterance, &said.text)))
        };
        Ok(Some(Rendered { pcm, voice, words }))
    }

    /// The recorded voice that is asked first, if it is one: its name, its recordings, and the name of the engine that says
    /// what it lacks.
    pub fn recorded_first(&self, language: Language, creditor: &str) -> Option<(&str, &Fragments, Option<&str>)> {
        let speakers = self.speakers(language, creditor).ok()?;
        let (first, others) = speakers.split_first()?;
        let Speaker::Recorded(fragments) = &first.speaker else { return None };
        let other = others.iter().find(|named| matches!(named.speaker, Speaker::Engine(_)));
        Some((&first.name, fragments, other.map(|named| named.name.as_str())))
    }

    /// What a recorded voice that is asked first lacks of an utterance, and which voice that is. `None`: nothing, or no such
    /// voice is asked.
    pub fn missing(&self, utterance: &Utterance) -> Option<(&str, BTreeSet<String>)> {
        let first = *self.speakers(utterance.language, &utterance.creditor).ok()?.first()?;
        let Speaker::Recorded(fragments) = &first.speaker else { return None };
        let words = fragments.missing(utterance.language, &utterance.said);
        (!words.is_empty()).then_some((first.name.as_str(), words))
    }

    /// Every voice: its name, its id, and which of these languages it speaks.
    pub fn list<'s>(&'s self, languages: &'s [Language]) -> impl Iterator<Item = (&'s str, &'s str, Vec<Language>)> {
        self.voices.iter().map(|named| {
            let speaks = languages.iter().copied().filter(|language| named.speaker.speaks(*language));
            (named.name.as_str(), named.speaker.id(), speaks.collect())
        })
    }
}

/// One of the operator's voices.
fn configured(name: &str, settings: &settings::Voice, options: &VoiceOptions) -> Result<Named, VoiceError> {
    let server = |id: String, request: &HttpRequest, price: &Price| {
        HttpVoice::new(name, id, request, price, settings, &options.data.join("spent"), &options.clock)
    };
    let voice: Arc<dyn Voice> = match &settings.kind {
        VoiceKind::Recorded { folder } => {
            let speaker = Speaker::Recorded(Fragments::load(name, folder)?);
            return Ok(Named { name: name.to_owned(), speaker, unasked: true });
        }
        VoiceKind::Rhvoice { voice, library, data } => {
            Arc::new(Rhvoice::from_settings(settings, voice, library.as_deref(), data.as_deref())?)
        }
        #[cfg(feature = "piper")]
        VoiceKind::Piper { model } => Arc::new(super::piper::Piper::from_settings(settings, model)?),
        #[cfg(not(feature = "piper"))]
        VoiceKind::Piper { model } => {
            let why = "this program was built without Piper. Build it with `--features piper`, or let Piper's own program \
                       speak: a voice of the kind `command`";
            return Err(VoiceError::Load { voice: name.to_owned(), path: model.clone(), why: why.to_owned() });
        }
        VoiceKind::Command { program, arguments } => Arc::new(Program::from_settings(settings, program, arguments)?),
        VoiceKind::OpenAi { request, price } => {
            Arc::new(server(openai::id(request), &openai::request(request), price)?)
        }
        VoiceKind::Http { request, price } => Arc::new(server(http::id(name, request), request, price)?),
    };
    Ok(Named { name: name.to_owned(), speaker: Speaker::Engine(voice), unasked: false })
}

/// Who speaks where nothing is said.
const SILENCE: &str = "silence";

fn engines<'v>(speakers: &'v [&'v Named]) -> impl Iterator<Item = &'v dyn Voice> {
    speakers.iter().filter_map(|named| match &named.speaker {
        Speaker::Engine(voice) => Some(voice.as_ref()),
        Speaker::Recorded(_) => None,
    })
}

/// Several voices in one stretch, under one name.
fn joined(fragments: &Fragments, others: &[&str]) -> String {
    format!("{}+{}", fragments.id(), others.join("+"))
}

/// What recordings are looked for by, and what the other voice gets.
fn both(text: &str, words: &str) -> String {
    format!("{text}\n{words}")
}

fn tell(error: &VoiceError) {
    match error {
        // It has been said when the pause began; each message need not say it again.
        VoiceError::Paused { .. } => tracing::debug!(%error, "the next voice is asked"),
        _ => tracing::warn!(%error, "a voice failed; the next is asked"),
    }
}
