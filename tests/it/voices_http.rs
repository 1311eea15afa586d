//! Voices that are servers, over real HTTP on loopback: what is sent, what comes back as sound, what a failure costs, and what is
//! never told.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use ringback::audio::{RATE, tone, wav};
use ringback::config::Secret;
use ringback::config::voices::{
    Body, CreditorSpeech, HttpRequest, OpenAiRequest, Price, Reply, Speech, Voice as Settings, VoiceKind,
};
use ringback::language::Language;
use ringback::money::{Currency, Money};
use ringback::speech::Utterance;
use ringback::time::Clock;
use ringback::voice::{CacheOptions, PromptCache, Recorded, VoiceError, VoiceOptions, VoiceSet};

const KEY: &str = "Bearer s3cret-key";
/// Said by nobody else, so that it is found wherever it leaks.
const TEXT: &str = "Анна & Co, долг \"пять\"";

/// Half a second that no voice of the program makes.
fn tone_wav() -> Vec<u8> {
    let mut file = std::io::Cursor::new(Vec::new());
    wav::write(&mut file, &tone::sine(440.0, 500, 6000)).unwrap();
    file.into_inner()
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let triple = |three: &[u8]| {
        let bits = three.iter().fold(0u32, |bits, b| bits << 8 | u32::from(*b)) << (8 * (3 - three.len()));
        let letter = |n: usize| char::from(LETTERS[(bits >> (18 - 6 * n)) as usize & 63]);
        (0..4).map(|n| if n <= three.len() { letter(n) } else { '=' }).collect::<String>()
    };
    bytes.chunks(3).map(triple).collect()
}

/// How a server behaves, by the path that it is asked for and by how often it was asked before.
fn answer(path: &str, before: usize) -> Vec<u8> {
    let whole = |status: &str, headers: &str, body: &[u8]| {
        let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n{headers}Connection: close\r\n\r\n", body.len());
        [head.as_bytes(), body].concat()
    };
    let good = || whole("200 OK", "", &tone_wav());
    match path {
        "/wav" => good(),
        // As a stream is written: no length of the whole, and lengths in the WAV that mean nothing.
        "/stream" => {
            let mut sound = tone_wav();
            sound[4..8].fill(0xFF);
            sound[40..44].fill(0xFF);
            [&b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"[..], &sound].concat()
        }
        "/pcm" => whole("200 OK", "Content-Type: application/octet-stream\r\n", &tone_wav()[44..]),
        "/google" => {
            let body = format!(r#"{{"result":{{"audioContent":"{}"}}}}"#, base64(&tone_wav()));
            whole("200 OK", "Content-Type: application/json\r\n", body.as_bytes())
        }
        "/google-empty" => whole("200 OK", "", br#"{"result":{}}"#),
        "/google-broken" => whole("200 OK", "", br#"{"result":{"audioContent":"\u0444"}}"#),
        "/text" => whole("200 OK", "Content-Type: text/html\r\n", b"<html>sign in</html>"),
        "/empty" => whole("200 OK", "", b""),
        "/mp3" => whole("200 OK", "Content-Type: audio/mpeg\r\n", b"ID3\x04 and so on"),
        "/huge" => whole("200 OK", "", &vec![0; (16 << 20) + 1]),
        "/echo" => whole("400 Bad Request", "", TEXT.as_bytes()),
        "/key" => whole("401 Unauthorized", "", KEY.as_bytes()),
        "/moved" => whole("307 Temporary Redirect", "Location: /wav\r\n", b""),
        "/rubbish" => b"I am no web server\r\n".to_vec(),
        "/cut" => b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nRIFF".to_vec(),
        "/down" => whole("503 Service Unavailable", "", b""),
        "/busy-once" if before == 0 => whole("429 Too Many Requests", "Retry-After: 0\r\n", b""),
        "/down-once" if before == 0 => whole("502 Bad Gateway", "", b""),
        "/busy-once" | "/down-once" => good(),
        "/busy" => whole("429 Too Many Requests", "Retry-After: 3600\r\n", b""),
        // Begins and never goes on.
        "/slow" => b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nRIFF".to_vec(),
        other => panic!("nobody asks for {other}"),
    }
}

/// What one request held: its first line, its headers in lower case, its body.
#[derive(Debug)]
struct Asked {
    line: String,
    headers: BTreeMap<String, String>,
    body: String,
}

struct Server {
    at: SocketAddr,
    asked: Receiver<Asked>,
}

impl Server {
    fn start() -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let at = listener.local_addr().unwrap();
        let (told, asked) = channel();
        std::thread::spawn(move || {
            let mut before: BTreeMap<String, usize> = BTreeMap::new();
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let mut reader = BufReader::new(stream.try_clone().unwrap());
                let (mut line, mut headers) = (String::new(), BTreeMap::new());
                reader.read_line(&mut line).unwrap();
                loop {
                    let mut header = String::new();
                    reader.read_line(&mut header).unwrap();
                    let Some((name, value)) = header.trim().split_once(": ") else { break };
                    headers.insert(name.to_ascii_lowercase(), value.to_string());
                }
                let mut body = vec![0; headers["content-length"].parse().unwrap()];
                reader.read_exact(&mut body).unwrap();
                let path = line.split(' ').nth(1).unwrap().to_string();
                let body = String::from_utf8(body).unwrap();
                if told.send(Asked { line: line.trim().to_string(), headers, body }).is_err() {
                    return;
                }
                let times = before.entry(path.clone()).or_default();
                // The other side may have gone: too long, or too late.
                let _ = stream.write_all(&answer(&path, *times));
                *times += 1;
                if path == "/slow" {
                    // Until the other side gives up.
                    let _ = stream.read(&mut [0]);
                }
            }
        });
        Server { at, asked }
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.at)
    }

    fn openai(&self, path: &str) -> Settings {
        let request = OpenAiRequest {
            url: self.url(path),
            model: "tts-1".into(),
            voice: "alloy".into(),
            authorization: Some(Secret::new(KEY)),
        };
        settings(VoiceKind::OpenAi { request, price: Price::default() })
    }

    fn http(&self, path: &str, body: Body, reply: Reply) -> Settings {
        let headers = vec![("Authorization".to_string(), Secret::new(KEY))];
        let request = HttpRequest { url: self.url(path), headers, body, reply };
        settings(VoiceKind::Http { request, price: Price::default() })
    }

    fn times_asked(&self) -> usize {
        self.asked.try_iter().count()
    }
}

fn settings(kind: VoiceKind) -> Settings {
    Settings { kind, languages: vec![Language::RU], timeout: Duration::from_secs(10), retries: 2 }
}

/// A set in which only these speak Russian, in this order.
fn set(data: &Path, voices: &[(&str, Settings)]) -> VoiceSet {
    let named = voices.iter().map(|(name, settings)| (name.to_string(), settings.clone()));
    let names = voices.iter().map(|(name, _)| name.to_string()).collect();
    let speakers = BTreeMap::from([(Language::RU, names)]);
    load(data, Speech { voices: named.collect(), speakers, ..Speech::default() }, "2026-11-30T10:00Z")
}

fn load(data: &Path, speech: Speech, at: &str) -> VoiceSet {
    let clock = Arc::new(Clock::starting_at(at.parse().unwrap()));
    let set = VoiceSet::load(&VoiceOptions { speech, clock, ..VoiceOptions::embedded(data.to_owned()) });
    assert_eq!(set.problems(), []);
    set
}

fn russian(text: &str) -> Utterance {
    Utterance::new(Language::RU, text)
}

fn is_the_tone(pcm: &[i16]) -> bool {
    // Half a second, and the pause after words without a mark.
    let length_ms = pcm.len() * 1000 / RATE as usize;
    (540..580).contains(&length_ms)
}

#[test]
fn what_is_sent_and_what_is_heard() {
    let server = Server::start();
    let folder = tempfile::tempdir().unwrap();
    let form = Body::Form(vec![("text".into(), "{text}".into()), ("lang".into(), "{language}-RU".into())]);
    let google = Body::Json(r#"{"input":{"text":"{text}"},"voice":{"languageCode":"{language}-RU"}}"#.into());
    let xml = Body::Xml("<speak xml:lang='{language}'>{text}</speak>".into());
    let json = r#"{"input":{"text":"Анна & Co, долг \"пять\""},"voice":{"languageCode":"ru-RU"}}"#;
    let openai = r#"{"input":"Анна & Co, долг \"пять\"","model":"tts-1","response_format":"wav","voice":"alloy"}"#;
    let escaped =
        "text=%D0%90%D0%BD%D0%BD%D0%B0+%26+Co%2C+%D0%B4%D0%BE%D0%BB%D0%B3+%22%D0%BF%D1%8F%D1%82%D1%8C%22&lang=ru-RU";
    let ssml = "<speak xml:lang='ru'>Анна &amp; Co, долг &quot;пять&quot;</speak>";
    for (settings, kind, body) in [
        (server.openai("/wav"), "application/json", openai),
        (server.openai("/stream"), "application/json", openai),
        (server.http("/pcm", form.clone(), Reply::Pcm(8000)), "application/x-www-form-urlencoded", escaped),
        // It sends more than it was asked for; what it sends is known by itself.
        (server.http("/wav", form, Reply::Pcm(16_000)), "application/x-www-form-urlencoded", escaped),
        (server.http("/google", google, Reply::Base64("result.audioContent".into())), "application/json", json),
        (server.http("/wav", xml, Reply::Wav), "application/ssml+xml", ssml),
    ] {
        let set = set(folder.path(), &[("own", settings)]);
        let rendered = set.render(&russian(TEXT)).unwrap();
        assert!(is_the_tone(&rendered.pcm), "{body}: {} samples", rendered.pcm.len());
        let asked = server.asked.try_recv().unwrap();
        assert!(asked.line.starts_with("POST /"), "{}", asked.line);
        assert_eq!((asked.headers["content-type"].as_str(), asked.body.as_str()), (kind, body));
        assert_eq!(asked.headers["authorization"], KEY);
        assert!(
            !rendered.voice.contains("s3cret") && rendered.voice.contains("http://127.0.0.1"),
            "{}",
            rendered.voice
        );
    }
    assert_eq!(server.times_asked(), 0, "each once");
}

/// Each failure has its words and its number of tries, and holds neither the text nor the key; and the next voice speaks.
#[test]
fn failures_and_who_speaks_then() {
    let server = Server::start();
    let folder = tempfile::tempdir().unwrap();
    let json = || Body::Json(r#"{"t":"{text}"}"#.into());
    let base64 = || Reply::Base64("result.audioContent".into());
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut nobody = server.openai("/wav");
    if let VoiceKind::OpenAi { request, .. } = &mut nobody.kind {
        request.url = format!("http://{closed}/wav");
    }
    let slow = Settings { timeout: Duration::from_millis(400), ..server.openai("/slow") };
    for (settings, tries, words) in [
        (server.openai("/empty"), 1, "of its reply: it is no WAV"),
        (server.openai("/mp3"), 1, "of its reply: it is no WAV"),
        (server.openai("/huge"), 1, "longer than 16777216 bytes"),
        (server.openai("/echo"), 1, "the server answers 400"),
        (server.openai("/key"), 1, "the server answers 401: see whether its key is right"),
        (server.openai("/moved"), 1, "the server answers 307: it wants to be asked elsewhere"),
        (server.openai("/rubbish"), 1, "not HTTP as it should be"),
        (server.openai("/cut"), 3, "the connection broke"),
        (server.openai("/down"), 3, "the server answers 503"),
        // It asks for more time than there is.
        (server.openai("/busy"), 1, "the server answers 429: it is asked too often"),
        (slow, 1, "no answer within 0.4 s"),
        (nobody, 0, "the server takes no connection"),
        (server.http("/text", json(), Reply::Pcm(8000)), 1, "its reply is text"),
        (server.http("/text", json(), base64()), 1, "its reply is no JSON"),
        (server.http("/google-empty", json(), base64()), 1, "no text under `result.audioContent`"),
        (server.http("/google-broken", json(), base64()), 1, "not base64"),
    ] {
        let error = set(folder.path(), &[("own", settings.clone())]).render(&russian(TEXT)).unwrap_err();
        let text = format!("{error} {error:?}");
        assert!(text.contains(words), "{words}: {text}");
        assert!(!text.contains("Анна") && !text.contains("s3cret") && !text.contains("sign in"), "{text}");
        assert_eq!(server.times_asked(), tries, "{words}");
        let next = set(folder.path(), &[("own", settings), ("next", server.openai("/wav"))]);
        let rendered = next.render(&russian(TEXT)).unwrap();
        assert!(rendered.voice.starts_with("openai tts-1 alloy"), "{words}: {}", rendered.voice);
        assert!(is_the_tone(&rendered.pcm));
        assert_eq!(server.times_asked(), tries + 1, "{words}");
    }
}

#[test]
fn what_passes_is_tried_again() {
    let server = Server::start();
    let folder = tempfile::tempdir().unwrap();
    for path in ["/busy-once", "/down-once"] {
        let set = set(folder.path(), &[("own", server.openai(path))]);
        assert!(is_the_tone(&set.render(&russian(TEXT)).unwrap().pcm), "{path}");
        assert_eq!(server.times_asked(), 2, "{path}");
        let once = Settings { retries: 0, ..server.openai("/down") };
        set.render(&russian(TEXT)).unwrap();
        self::set(folder.path(), &[("own", once)]).render(&russian(TEXT)).unwrap_err();
        assert_eq!(server.times_asked(), 2, "{path}: once each");
    }
}

#[test]
fn a_server_that_is_down_rests() {
    let server = Server::start();
    let folder = tempfile::tempdir().unwrap();
    let down = Settings { retries: 0, ..server.openai("/down") };
    let voices = set(folder.path(), &[("down", down), ("up", server.openai("/wav"))]);
    for asked in [2, 2, 2, 1, 1] {
        voices.render(&russian(TEXT)).unwrap();
        assert_eq!(server.times_asked(), asked);
    }
    // A server that refuses a text is not down.
    let voices = set(folder.path(), &[("echo", server.openai("/echo"))]);
    for _ in 0..5 {
        assert!(matches!(voices.render(&russian(TEXT)), Err(VoiceError::Failed { .. })));
        assert_eq!(server.times_asked(), 1);
    }
}

/// A thousand letters cost a kopeck and a half, three are allowed: also over a new start, and not for what was refused.
#[test]
fn a_month_is_paid_for_once() {
    let server = Server::start();
    let folder = tempfile::tempdir().unwrap();
    let money = |minor| Some(Money::new(minor, Currency::Rub));
    let paid = |path: &str| {
        let mut settings = Settings { retries: 0, ..server.openai(path) };
        if let VoiceKind::OpenAi { price, .. } = &mut settings.kind {
            *price = Price { per_million: money(1500), month_max: money(3) };
        }
        settings
    };
    let long = russian(&"да ".repeat(300));
    set(folder.path(), &[("paid", paid("/key"))]).render(&long).unwrap_err();
    for _ in 0..2 {
        set(folder.path(), &[("paid", paid("/wav"))]).render(&long).unwrap();
    }
    assert_eq!(server.times_asked(), 3);
    let voices = set(folder.path(), &[("paid", paid("/wav"))]);
    let error = voices.render(&long).unwrap_err().to_string();
    assert!(error.contains("0.03 RUB are spent"), "{error}");
    assert!(error.contains("speaks again from 2026-12-01"), "{error}");
    assert!(!error.contains("да "), "{error}");
    assert_eq!(server.times_asked(), 0, "a server was asked for what may not be paid");
    let next = set(folder.path(), &[("paid", paid("/wav")), ("free", server.openai("/stream"))]);
    next.render(&long).unwrap();
    assert_eq!(server.asked.try_recv().unwrap().line, "POST /stream HTTP/1.1");
    // Each try that may have been billed counts: here the answer broke off.
    let other = tempfile::tempdir().unwrap();
    for _ in 0..2 {
        set(other.path(), &[("paid", paid("/cut"))]).render(&long).unwrap_err();
    }
    let error = set(other.path(), &[("paid", paid("/cut"))]).render(&long).unwrap_err();
    assert!(matches!(error, VoiceError::Paused { .. }), "{error}");
}

/// Who speaks and how names are said, by creditor; the cache knows one clip from the other.
#[test]
fn creditors_have_their_own_voices_and_words() {
    let server = Server::start();
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, words: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, words).unwrap();
        path
    };
    let all = file("all.csv", "word,say\nСНТ,эс эн тэ\nводоканал,водокана\u{301}л\n");
    let own = file("own.csv", "word,say\nСНТ,товарищество\n");
    let kind = |path| server.openai(path);
    let speech = Speech {
        voices: BTreeMap::from([("a".into(), kind("/wav")), ("b".into(), kind("/stream"))]),
        speakers: BTreeMap::from([(Language::RU, vec!["a".into()])]),
        pronunciation: BTreeMap::from([(Language::RU, all)]),
        creditors: BTreeMap::from([(
            "Ромашка".into(),
            CreditorSpeech {
                speakers: BTreeMap::from([(Language::RU, vec!["b".into()])]),
                pronunciation: BTreeMap::from([(Language::RU, own.clone())]),
            },
        )]),
    };
    let open = || {
        let voices = load(folder.path(), speech.clone(), "2026-11-30T10:00Z");
        let clock = Arc::new(Clock::system());
        PromptCache::open(&folder.path().join("cache"), voices, Recorded::default(), CacheOptions::default(), clock)
            .unwrap()
    };
    let said = |creditor: &str| Utterance { creditor: creditor.into(), ..russian("СНТ, Водоканал") };
    let cache = open();
    for (creditor, path, words) in
        [("Ромашка", "/stream", "товарищество, водокана\u{301}л"), ("", "/wav", "эс эн тэ, водокана\u{301}л")]
    {
        cache.ready(&[said(creditor)]).unwrap();
        let asked = server.asked.try_recv().unwrap();
        assert_eq!(asked.line, format!("POST {path} HTTP/1.1"));
        assert!(asked.body.contains(words), "{}", asked.body);
    }
    // As the one above: the same voice, the same words.
    cache.ready(&[said("Лютик"), said("Ромашка"), said("")]).unwrap();
    assert_eq!(server.times_asked(), 0);
    drop(cache);
    std::fs::write(&own, "word,say\nСНТ,сад\n").unwrap();
    open().ready(&[said("Ромашка"), said("")]).unwrap();
    assert!(server.asked.try_recv().unwrap().body.contains("сад, водокана"), "a new dictionary makes a new clip");
    assert_eq!(server.times_asked(), 0, "and the others are kept");
}

/// What the settings name and is not here is told, each with what to do.
#[test]
fn problems_are_told_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let csv = folder.path().join("ru.csv");
    std::fs::write(&csv, "word,say\nСНТ,\n").unwrap();
    let piper = VoiceKind::Piper { model: folder.path().join("none.onnx") };
    let speech = Speech {
        voices: BTreeMap::from([("amy".into(), settings(piper))]),
        speakers: BTreeMap::from([
            (Language::RU, vec!["amy".into(), "pico".into()]),
            (Language::EN, vec!["nobody".into(), "pico".into()]),
        ]),
        pronunciation: BTreeMap::from([(Language::RU, csv)]),
        creditors: BTreeMap::new(),
    };
    let set = VoiceSet::load(&VoiceOptions { speech, ..VoiceOptions::embedded(folder.path().to_owned()) });
    let problems: Vec<String> = set.problems().iter().map(ToString::to_string).collect();
    for words in [
        "the voice `amy` cannot be loaded from ",
        "the voice `pico`: it is named to speak `ru`, and does not speak it",
        "the voice `nobody`: it is named to speak `en`, and is not here",
        "ru.csv:2: nothing that can be said",
    ] {
        assert!(problems.iter().any(|p| p.contains(words)), "{words}: {problems:#?}");
    }
    assert_eq!(problems.len(), 4, "{problems:#?}");
    // Nobody else takes the place of those who are named.
    let error = set.require(&[Language::RU]).unwrap_err();
    assert!(matches!(error, VoiceError::NoVoice { .. }), "{error}");
    set.require(&[Language::EN]).unwrap();
}
