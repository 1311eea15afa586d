//! The voices that an operator names, and which of them speaks when.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use super::Secret;
use crate::language::Language;
use crate::money::Money;

/// Who speaks, and how names are pronounced. Everything may be left out: then recordings come first, and the voices that come
/// with the program (`pico`, `ru_tts`, `espeak`) speak what they can.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Speech {
    /// By name.
    pub voices: BTreeMap<String, Voice>,
    /// Names of voices by language, the preferred first; the next speaks when one fails.
    pub speakers: BTreeMap<Language, Vec<String>>,
    /// Pronunciation dictionaries (CSV: `word,say`) by language.
    pub pronunciation: BTreeMap<Language, PathBuf>,
    /// What differs for a creditor, by the name under which the calls are made.
    pub creditors: BTreeMap<String, CreditorSpeech>,
}

/// What differs for one creditor; a language that is not named is as for all.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CreditorSpeech {
    pub speakers: BTreeMap<Language, Vec<String>>,
    /// Read after the language's own: a word that stands in both is said as here.
    pub pronunciation: BTreeMap<Language, PathBuf>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Voice {
    pub kind: VoiceKind,
    /// What it is asked to speak. Never empty.
    pub languages: Vec<Language>,
    /// For one text; 1..=120 s. A voice that takes longer has failed.
    pub timeout: Duration,
    /// After a failure that may pass (a timeout, a 5xx, a 429), 0..=5.
    pub retries: u32,
}

#[derive(Debug, Clone, PartialEq)]
pub enum VoiceKind {
    /// A folder of recorded fragments and messages: `fragments.csv` and WAVs, one folder a language below it.
    Recorded { folder: PathBuf },
    /// The library RHVoice, where it is installed; `voice` is one of its voices, such as `elena`.
    Rhvoice { voice: String, library: Option<PathBuf>, data: Option<PathBuf> },
    /// A neural model of Piper (`.onnx` with its `.onnx.json`), run in this process. Needs the cargo feature `piper`.
    Piper { model: PathBuf },
    /// A program that reads words from its standard input and writes a WAV to its standard output. `{language}` in an argument
    /// is the language's code.
    Command { program: PathBuf, arguments: Vec<String> },
    /// A server of the OpenAI shape: `POST url` with `{model, voice, input, response_format: "wav"}`.
    OpenAi { request: OpenAiRequest, price: Price },
    /// Any other server: what is sent and what comes back are templates.
    Http { request: HttpRequest, price: Price },
}

#[derive(Debug, Clone, PartialEq)]
pub struct OpenAiRequest {
    /// `https://…`, or `http://…` within one machine.
    pub url: String,
    pub model: String,
    /// As the server names it.
    pub voice: String,
    /// The whole value of the `Authorization` header.
    pub authorization: Option<Secret>,
}

/// A request in which `{text}` and `{language}` stand for what is to be said; each is escaped for the place where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct HttpRequest {
    /// `https://…`, or `http://…` within one machine.
    pub url: String,
    pub headers: Vec<(String, Secret)>,
    pub body: Body,
    pub reply: Reply,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Body {
    /// JSON; `{text}` stands inside a string.
    Json(String),
    /// `application/x-www-form-urlencoded`, by name.
    Form(Vec<(String, String)>),
    /// XML such as SSML; `{text}` is escaped for it.
    Xml(String),
}

/// How the audio comes back.
#[derive(Debug, Clone, PartialEq)]
pub enum Reply {
    Wav,
    /// Signed 16-bit little-endian samples, one channel, at this rate.
    Pcm(u32),
    /// JSON that holds a WAV in base64 under this key; `a.b` is a key within a key.
    Base64(String),
}

/// What a voice costs, and how much of it is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Price {
    /// For a million letters.
    pub per_million: Option<Money>,
    /// In one calendar month (UTC); beyond it the voice has failed, and the next speaks.
    pub month_max: Option<Money>,
}
