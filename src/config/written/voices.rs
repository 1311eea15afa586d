//! The sections `voices` and `speech` as written, and their checks.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde::Deserialize;
use serde_saphyr::Spanned;

use super::{Checker, Number, Text, span};
use crate::config::voices::{Body, CreditorSpeech, HttpRequest, OpenAiRequest, Price, Reply, Speech, Voice, VoiceKind};
use crate::config::{Origin, Secret};
use crate::diagnostic::{Diagnostic, Span};
use crate::language::Language;
use crate::money::Money;

/// The voices that come with the program.
const EMBEDDED: [&str; 3] = ["pico", "ru_tts", "espeak"];
/// What makes a voice what it is; each has exactly one.
const KINDS: &str = "recorded, rhvoice, piper, command, openai, http";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenVoice {
    recorded: Option<Text>,
    rhvoice: Option<Text>,
    piper: Option<Text>,
    command: Option<Spanned<Vec<Text>>>,
    openai: Option<Text>,
    http: Option<Text>,
    library: Option<Text>,
    data: Option<Text>,
    model: Option<Text>,
    voice: Option<Text>,
    authorization: Option<Text>,
    headers: Option<Spanned<BTreeMap<String, Text>>>,
    form: Option<Spanned<BTreeMap<String, String>>>,
    json: Option<Spanned<serde_json::Value>>,
    xml: Option<Text>,
    reply: Option<Spanned<WrittenReply>>,
    languages: Spanned<Vec<Text>>,
    timeout_s: Option<Number>,
    retries: Option<Number>,
    price_per_million: Option<Text>,
    month_max: Option<Text>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum WrittenReply {
    Wav,
    Pcm(Number),
    Base64(Text),
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenSpeech {
    #[serde(default)]
    speakers: Speakers,
    #[serde(default)]
    pronunciation: BTreeMap<String, Text>,
    #[serde(default)]
    creditors: BTreeMap<String, WrittenCreditor>,
}

type Speakers = BTreeMap<String, Spanned<Vec<Text>>>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenCreditor {
    #[serde(default)]
    speakers: Speakers,
    #[serde(default)]
    pronunciation: BTreeMap<String, Text>,
}

/// What each configured voice speaks, also one that is wrong in something else: its speakers are not wrong with it.
type Named = BTreeMap<String, Vec<Language>>;

impl Checker<'_> {
    pub(super) fn speech(
        &mut self,
        voices: BTreeMap<String, Spanned<WrittenVoice>>,
        w: WrittenSpeech,
    ) -> Option<Speech> {
        let (mut read, mut named) = (Vec::new(), Named::new());
        for (name, written) in voices {
            let at = span(&written);
            self.voice_name(&name, at);
            let languages = self.languages(&written.value.languages);
            named.insert(name.clone(), languages.clone());
            read.push(self.voice(&name, at, languages, written.value).map(|voice| (name, voice)));
        }
        let speakers = self.speakers(w.speakers, &named);
        let pronunciation = self.pronunciation(w.pronunciation);
        let mut creditors = BTreeMap::new();
        for (name, creditor) in w.creditors {
            let speakers = self.speakers(creditor.speakers, &named);
            let pronunciation = self.pronunciation(creditor.pronunciation);
            creditors.insert(name, CreditorSpeech { speakers, pronunciation });
        }
        let voices: Option<BTreeMap<String, Voice>> = read.into_iter().collect();
        Some(Speech { voices: voices?, speakers, pronunciation, creditors })
    }

    /// Plain, since files are named by it: what it has cost, for one.
    fn voice_name(&mut self, name: &str, at: Span) {
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b'-');
        if name.is_empty() || name.len() > 64 || !name.bytes().all(plain) {
            let d = Diagnostic::error("C003", at, format!("`{name}` is no name for a voice"));
            self.found.push(d.help("write up to 64 of a-z, 0-9, _ and -, such as anna"));
        }
        if EMBEDDED.contains(&name) {
            let d = Diagnostic::error("C006", at, format!("`{name}` is a voice that comes with the program"));
            self.found.push(d.help("give yours another name"));
        }
    }

    fn languages(&mut self, w: &Spanned<Vec<Text>>) -> Vec<Language> {
        if w.value.is_empty() {
            self.wrong(w, "a voice speaks at least one language", "list their codes: [ru, en]");
        }
        let languages: BTreeSet<Language> = w
            .value
            .iter()
            .filter_map(|code| self.parsed(code, "a language", "write its code of two letters: ru"))
            .collect();
        languages.into_iter().collect()
    }

    fn voice(&mut self, name: &str, at: Span, languages: Vec<Language>, mut w: WrittenVoice) -> Option<Voice> {
        let kinds = [
            w.recorded.is_some(),
            w.rhvoice.is_some(),
            w.piper.is_some(),
            w.command.is_some(),
            w.openai.is_some(),
            w.http.is_some(),
        ];
        if kinds.iter().filter(|is_there| **is_there).count() != 1 {
            let d = Diagnostic::error("C003", at, format!("the voice `{name}` has not exactly one kind"));
            self.found.push(d.help(format!("give it one of: {KINDS}")));
            return None;
        }
        let timeout = self.seconds(w.timeout_s.take().as_ref(), 10.0, 1.0, 120.0);
        let retries = w.retries.take().map_or(Some(2.0), |r| self.whole(&r, 0.0, 5.0));
        let kind = self.voice_kind(at, &mut w);
        for (key, at) in w.left() {
            let d = Diagnostic::error("C003", at, format!("`{key}` means nothing for the voice `{name}`"));
            self.found.push(d.help("it belongs to voices of another kind: take the line away"));
        }
        Some(Voice { kind: kind?, languages, timeout: timeout?, retries: retries? as u32 })
    }

    /// Takes what belongs to the kind out of `w`.
    fn voice_kind(&mut self, at: Span, w: &mut WrittenVoice) -> Option<VoiceKind> {
        if let Some(folder) = w.recorded.take() {
            return Some(VoiceKind::Recorded { folder: self.path(&folder) });
        }
        if let Some(voice) = w.rhvoice.take() {
            let (library, data) = (w.library.take(), w.data.take());
            let [library, data] = [library, data].map(|path| path.map(|p| self.path(&p)));
            return Some(VoiceKind::Rhvoice { voice: voice.value, library, data });
        }
        if let Some(model) = w.piper.take() {
            return Some(VoiceKind::Piper { model: self.path(&model) });
        }
        if let Some(command) = w.command.take() {
            let Some((program, arguments)) = command.value.split_first().filter(|(p, _)| !p.value.is_empty()) else {
                self.wrong(&command, "no program is named", "write it as [espeak-ng, --stdin, --stdout]");
                return None;
            };
            // A bare name is looked for on PATH, a path begins in the folder of the settings.
            let path = if program.value.contains('/') { self.path(program) } else { PathBuf::from(&program.value) };
            let arguments = arguments.iter().map(|a| a.value.clone()).collect();
            return Some(VoiceKind::Command { program: path, arguments });
        }
        let price = self.price(w.price_per_million.take(), w.month_max.take());
        if let Some(url) = w.openai.take() {
            let url = self.private_url(&url);
            let mut needed = |written: Option<Text>, key: &str| {
                if written.is_none() {
                    let d = Diagnostic::error("C003", at, format!("`{key}` is missing"));
                    self.found.push(d.help("name it as the server does: `model: tts-1, voice: alloy`"));
                }
                written.map(|w| w.value)
            };
            let (model, voice) = (needed(w.model.take(), "model"), needed(w.voice.take(), "voice"));
            let authorization = w.authorization.take().map_or(Some(None), |a| self.header_value(&a, true).map(Some));
            let request = OpenAiRequest { url: url?, model: model?, voice: voice?, authorization: authorization? };
            return Some(VoiceKind::OpenAi { request, price: price? });
        }
        let url = w.http.take().map(|url| self.private_url(&url))?;
        let headers = w.headers.take().map_or(Some(Vec::new()), |h| self.headers(h.value));
        let body = self.body(at, w.form.take(), w.json.take(), w.xml.take());
        let reply = w.reply.take().map_or(Some(Reply::Wav), |reply| self.reply(&reply));
        let request = HttpRequest { url: url?, headers: headers?, body: body?, reply: reply? };
        Some(VoiceKind::Http { request, price: price? })
    }

    /// An address to which words may be sent: nobody between us and the server may read along.
    fn private_url(&mut self, w: &Text) -> Option<String> {
        let url = &w.value;
        let Some(origin) = Origin::of(url).filter(|_| !url.contains(['{', '}', ' '])) else {
            self.wrong(w, format!("`{url}` is not an HTTP address"), "write it as \"https://host/path\"");
            return None;
        };
        if !origin.is_private() {
            self.wrong(w, "what is said would travel in plain text", "use https:// for a server on another machine");
            return None;
        }
        let query = url.split_once('?').map_or("", |(_, query)| query).to_lowercase();
        if query.split('&').any(|pair| is_secret_name(pair.split('=').next().unwrap_or(""))) {
            let d = Diagnostic::error("C004", span(w), "a secret does not stand in an address");
            self.found
                .push(d.help("send it in `headers`, as \"${env:NAME}\", and change it if others have seen the file"));
            return None;
        }
        Some(url.clone())
    }

    fn headers(&mut self, w: BTreeMap<String, Text>) -> Option<Vec<(String, Secret)>> {
        let headers: Vec<Option<(String, Secret)>> = w
            .into_iter()
            .map(|(name, value)| {
                let token = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
                if name.is_empty() || !name.bytes().all(token) {
                    self.wrong(&value, format!("`{name}` is no name of a header"), "write it as Authorization");
                    return None;
                }
                let secret = is_secret_name(&name.to_lowercase());
                Some((name, self.header_value(&value, secret)?))
            })
            .collect();
        headers.into_iter().collect()
    }

    pub(super) fn header_value(&mut self, w: &Text, must_be_secret: bool) -> Option<Secret> {
        let names_a_place = w.value.starts_with("${env:") || w.value.starts_with("file:");
        let value = if must_be_secret || names_a_place { self.secret(w)? } else { Secret::new(w.value.clone()) };
        if !value.reveal().bytes().all(|b| b == b' ' || b.is_ascii_graphic()) {
            let help = "it is the whole value of the header, on one line: `Bearer …`";
            self.wrong(w, "this cannot be sent: a header holds one line of plain letters", help);
            return None;
        }
        Some(value)
    }

    fn body(
        &mut self,
        at: Span,
        form: Option<Spanned<BTreeMap<String, String>>>,
        json: Option<Spanned<serde_json::Value>>,
        xml: Option<Text>,
    ) -> Option<Body> {
        let (body, at) = match (form, json, xml) {
            (Some(form), None, None) => (Body::Form(form.value.clone().into_iter().collect()), span(&form)),
            (None, Some(json), None) => (Body::Json(self.json(&json)?), span(&json)),
            (None, None, Some(xml)) => (Body::Xml(xml.value.clone()), span(&xml)),
            (None, None, None) => {
                let d = Diagnostic::error("C003", at, "nothing is said of what is sent");
                self.found.push(d.help("give one of `form`, `json`, `xml`, with {text} in it"));
                return None;
            }
            _ => {
                let d = Diagnostic::error("C003", at, "a request has one body");
                self.found.push(d.help("give one of `form`, `json`, `xml`"));
                return None;
            }
        };
        let has_text = match &body {
            Body::Form(pairs) => pairs.iter().any(|(_, value)| value.contains("{text}")),
            Body::Json(text) | Body::Xml(text) => text.contains("{text}"),
        };
        if !has_text {
            let d = Diagnostic::error("C003", at, "{text} is missing: the server would not hear what to say");
            self.found.push(d.help("put \"{text}\" where the words belong; {language} is the language's code"));
            return None;
        }
        Some(body)
    }

    /// Written as YAML, or as a text that is JSON.
    fn json(&mut self, w: &Spanned<serde_json::Value>) -> Option<String> {
        let value = match &w.value {
            serde_json::Value::String(text) => serde_json::from_str(text).ok(),
            value => Some(value.clone()),
        };
        let object = value.filter(serde_json::Value::is_object);
        if object.is_none() {
            self.wrong(w, "this is not a JSON object", "write it as { input: \"{text}\" } or '{\"input\":\"{text}\"}'");
        }
        object.map(|object| object.to_string())
    }

    fn reply(&mut self, w: &Spanned<WrittenReply>) -> Option<Reply> {
        match &w.value {
            WrittenReply::Wav => Some(Reply::Wav),
            WrittenReply::Pcm(rate) => self.whole(rate, 4000.0, 192_000.0).map(|rate| Reply::Pcm(rate as u32)),
            WrittenReply::Base64(key) => {
                let fine = key.value.split('.').all(|part| !part.is_empty());
                if !fine {
                    self.wrong(key, format!("`{}` is no key", key.value), "write it as audioContent or result.audio");
                }
                fine.then(|| Reply::Base64(key.value.clone()))
            }
        }
    }

    fn price(&mut self, per_million: Option<Text>, month_max: Option<Text>) -> Option<Price> {
        let mut money = |w: &Option<Text>| {
            let Some(w) = w else { return Some(None) };
            let money = self.parsed::<Money>(w, "an amount of money", "write it as \"15.00 USD\"")?;
            if money.minor <= 0 {
                self.wrong(w, "more than nothing is expected", "take the line away if nothing is to be counted");
                return None;
            }
            Some(Some(money))
        };
        let price = Price { per_million: money(&per_million)?, month_max: money(&month_max)? };
        match (price.per_million, price.month_max, &month_max) {
            (None, Some(_), Some(w)) => {
                self.wrong(
                    w,
                    "`month_max` cannot be kept without a price",
                    "add `price_per_million`, for a million letters",
                );
                None
            }
            (Some(per), Some(max), Some(w)) if per.currency != max.currency => {
                self.wrong(w, "the price is in another currency", format!("write it in {}", per.currency));
                None
            }
            _ => Some(price),
        }
    }

    fn speakers(&mut self, w: Speakers, named: &Named) -> BTreeMap<Language, Vec<String>> {
        let mut speakers = BTreeMap::new();
        for (code, list) in w {
            let Some(language) = self.language(&code, span(&list)) else { continue };
            if list.value.is_empty() {
                self.wrong(&list, format!("nobody would speak `{code}`"), "name a voice, or take the line away");
            }
            let mut seen = BTreeSet::new();
            for name in &list.value {
                self.speaker(name, language, named);
                if !seen.insert(&name.value) {
                    let message = format!("`{}` is named twice", name.value);
                    self.found.push(Diagnostic::error("C006", span(name), message).help("a voice is asked once"));
                }
            }
            speakers.insert(language, list.value.iter().map(|name| name.value.clone()).collect());
        }
        speakers
    }

    fn speaker(&mut self, w: &Text, language: Language, named: &Named) {
        let name = &w.value;
        let (message, help) = match named.get(name) {
            Some(languages) if languages.contains(&language) => return,
            Some(_) => (
                format!("the voice `{name}` is not asked to speak `{language}`"),
                format!("add {language} to its `languages`, or take it away here"),
            ),
            None if EMBEDDED.contains(&name.as_str()) => return,
            None => {
                let known: Vec<&str> = named.keys().map(String::as_str).chain(EMBEDDED).collect();
                (format!("no voice is named `{name}`"), format!("there are: {}", known.join(", ")))
            }
        };
        self.found.push(Diagnostic::error("C008", span(w), message).help(help));
    }

    fn pronunciation(&mut self, w: BTreeMap<String, Text>) -> BTreeMap<Language, PathBuf> {
        let read = |(code, path): (String, Text)| Some((self.language(&code, span(&path))?, self.path(&path)));
        w.into_iter().filter_map(read).collect()
    }

    fn language(&mut self, code: &str, at: Span) -> Option<Language> {
        let language = code.parse().ok();
        if language.is_none() {
            let d = Diagnostic::error("C003", at, format!("expected a language, found `{code}`"));
            self.found.push(d.help("write its code of two letters: ru"));
        }
        language
    }
}

impl WrittenVoice {
    /// What was written and not taken.
    fn left(&self) -> Vec<(&'static str, Span)> {
        fn at<T>(written: &Option<Spanned<T>>) -> Option<Span> {
            written.as_ref().map(span)
        }
        let keys = [
            ("library", at(&self.library)),
            ("data", at(&self.data)),
            ("model", at(&self.model)),
            ("voice", at(&self.voice)),
            ("authorization", at(&self.authorization)),
            ("headers", at(&self.headers)),
            ("form", at(&self.form)),
            ("json", at(&self.json)),
            ("xml", at(&self.xml)),
            ("reply", at(&self.reply)),
            ("price_per_million", at(&self.price_per_million)),
            ("month_max", at(&self.month_max)),
        ];
        keys.into_iter().filter_map(|(key, at)| Some((key, at?))).collect()
    }
}

/// Whether what stands under this name (in lower case, perhaps misspelt) is a secret.
pub(super) fn is_secret_name(name: &str) -> bool {
    ["password", "token", "authori", "key", "secret", "cookie", "credential"].iter().any(|word| name.contains(word))
}
