//! A voice that is a server, asked over HTTP as a template says (`openai.rs` has the one of the OpenAI shape).
//!
//! What is said goes to the server and nowhere else: no error and no log holds the words, the reply or a secret.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use base64::Engine;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::ledger::{Ledger, LedgerError};
use super::rest::{REST, Rest};
use super::template::Template;
use super::{Sound, Voice, VoiceError, wav_reply};
use crate::config::voices::{HttpRequest, Price, Reply, Voice as Settings};
use crate::config::{Origin, Secret};
use crate::language::Language;
use crate::time::{Clock, Mono};

/// More than two minutes at 48 kHz: a message is never near it.
const REPLY_BYTES_MAX: u64 = 16 << 20;
/// Before the first new try; twice as long before each further one.
const PAUSE: Duration = Duration::from_millis(200);

pub(super) struct HttpVoice {
    id: String,
    languages: Vec<Language>,
    agent: ureq::Agent,
    url: String,
    headers: Vec<(String, Secret)>,
    template: Template,
    reply: Reply,
    /// For one text, with all its tries.
    timeout: Duration,
    retries: u32,
    ledger: Option<Ledger>,
    /// That the month's money is used up has been said.
    told: AtomicBool,
    rest: Mutex<Rest>,
    clock: Arc<Clock>,
}

/// Why one try gave no sound.
struct Failure {
    why: String,
    again: Again,
    /// Nothing was made, so that nothing can have been billed.
    free: bool,
    /// The server works, and refuses this text.
    of_text: bool,
}

enum Again {
    No,
    Soon,
    After(Duration),
}

impl HttpVoice {
    /// `settings` are of a voice that is asked by `request`. What it costs is written into the folder `spent`.
    pub fn new(
        name: &str,
        id: String,
        request: &HttpRequest,
        price: &Price,
        settings: &Settings,
        spent: &Path,
        clock: &Arc<Clock>,
    ) -> Result<HttpVoice, VoiceError> {
        let ledger = Ledger::open(spent, name, price)?;
        let template = Template::new(&request.body).map_err(|why| VoiceError::Speaker { voice: id.clone(), why })?;
        let agent = ureq::Agent::config_builder()
            // A redirect could lead the words to anywhere.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .proxy(None)
            .user_agent(concat!("ringback/", env!("CARGO_PKG_VERSION")))
            .build()
            .new_agent();
        Ok(HttpVoice {
            id,
            languages: settings.languages.clone(),
            agent,
            url: request.url.clone(),
            headers: request.headers.clone(),
            template,
            reply: request.reply.clone(),
            timeout: settings.timeout,
            retries: settings.retries,
            ledger,
            told: AtomicBool::new(false),
            rest: Mutex::default(),
            clock: Arc::clone(clock),
        })
    }

    fn rest(&self) -> MutexGuard<'_, Rest> {
        self.rest.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn paused(&self, why: String) -> VoiceError {
        VoiceError::Paused { voice: self.id.clone(), why }
    }

    /// Tries until there is sound, or no time or hope left.
    fn ask(&self, language: Language, text: &str) -> Result<Sound, VoiceError> {
        let began = self.clock.now().mono;
        let body = self.template.fill(text, language);
        let mut tries_left = self.retries;
        let mut pause = PAUSE;
        loop {
            let failure = match self.try_once(text, &body, began, tries_left)? {
                Ok(sound) => {
                    self.rest().worked();
                    return Ok(sound);
                }
                Err(failure) => failure,
            };
            let wait = match failure.again {
                Again::No => None,
                Again::Soon => Some(pause),
                Again::After(wait) => Some(wait),
            };
            match wait.filter(|wait| tries_left > 0 && *wait < self.left(began)) {
                Some(wait) => sleep(wait),
                None => {
                    self.count(&failure);
                    return Err(VoiceError::failed(&self.id, text, failure.why));
                }
            }
            tries_left -= 1;
            pause *= 2;
        }
    }

    fn count(&self, failure: &Failure) {
        if failure.of_text {
            self.rest().worked();
        } else if self.rest().failed(self.clock.now().mono) {
            let seconds = REST.as_secs();
            tracing::warn!(
                voice = self.id,
                why = failure.why,
                "a voice failed again and again; it rests for {seconds} s"
            );
        }
    }

    /// What is left of the time for this text.
    fn left(&self, began: Mono) -> Duration {
        self.timeout.saturating_sub(self.clock.now().mono.since(began))
    }

    fn try_once(
        &self,
        text: &str,
        body: &str,
        began: Mono,
        tries_left: u32,
    ) -> Result<Result<Sound, Failure>, VoiceError> {
        let reserved = match &self.ledger {
            None => None,
            Some(ledger) => Some((ledger, self.reserve(ledger, text)?)),
        };
        let tried = self.exchange(body, began, tries_left);
        if let (Some((ledger, reserved)), Err(Failure { free: true, .. })) = (reserved, &tried) {
            ledger.give_back(reserved);
        }
        Ok(tried)
    }

    fn reserve(&self, ledger: &Ledger, text: &str) -> Result<super::ledger::Reserved, VoiceError> {
        let reserved = ledger.reserve(text.chars().count(), self.clock.now().wall);
        match reserved {
            Ok(reserved) => {
                self.told.store(false, Ordering::Relaxed);
                Ok(reserved)
            }
            Err(error @ LedgerError::UsedUp { .. }) => {
                if !self.told.swap(true, Ordering::Relaxed) {
                    tracing::warn!(voice = self.id, %error, "a paid voice is not asked");
                }
                Err(self.paused(error.to_string()))
            }
            Err(error @ LedgerError::Unwritten { .. }) => Err(VoiceError::failed(&self.id, text, error)),
        }
    }

    fn exchange(&self, body: &str, began: Mono, tries_left: u32) -> Result<Sound, Failure> {
        let left = self.left(began);
        // A server that does not take the connection leaves time for the other tries.
        let connect = left / (tries_left + 1);
        let config = self.agent.post(&self.url).config();
        let mut request = config.timeout_global(Some(left)).timeout_connect(Some(connect)).build();
        if !self.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
            request = request.header("Content-Type", self.template.content_type());
        }
        for (name, value) in &self.headers {
            request = request.header(name, value.reveal());
        }
        let mut response = request.send(body).map_err(|e| self.no_answer(&e))?;
        let status = response.status().as_u16();
        if !(200..300).contains(&status) {
            let after = response.headers().get("retry-after").and_then(|v| v.to_str().ok()?.trim().parse().ok());
            return Err(refused(status, after.map(Duration::from_secs)));
        }
        let kind = response.headers().get("content-type").and_then(|v| v.to_str().ok()).unwrap_or("").to_owned();
        let bytes = response.body_mut().with_config().limit(REPLY_BYTES_MAX).read_to_vec();
        let bytes = bytes.map_err(|e| self.no_answer(&e))?;
        heard(&self.reply, &kind, &bytes).map_err(|why| Failure { why, again: Again::No, free: false, of_text: false })
    }

    fn no_answer(&self, error: &ureq::Error) -> Failure {
        use ureq::{Error, Timeout};
        let soon = |why: &str, free| Failure { why: why.to_owned(), again: Again::Soon, free, of_text: false };
        match error {
            Error::Timeout(Timeout::Connect | Timeout::Resolve) => soon("the server takes no connection", true),
            Error::Timeout(_) => soon(&format!("no answer within {} s", self.timeout.as_secs_f32()), false),
            Error::HostNotFound => soon("the server's name is not known", true),
            Error::ConnectionFailed => soon("the server takes no connection", true),
            Error::Io(e) if e.kind() == std::io::ErrorKind::ConnectionRefused => {
                soon("the server takes no connection", true)
            }
            Error::Io(e) => soon(&format!("the connection broke: {}", e.kind()), false),
            Error::BodyExceedsLimit(_) => Failure {
                why: format!("its reply is longer than {REPLY_BYTES_MAX} bytes"),
                again: Again::No,
                free: false,
                of_text: false,
            },
            Error::Rustls(e) => {
                Failure { why: format!("no secure connection: {e}"), again: Again::No, free: true, of_text: false }
            }
            // In words of our own: theirs may hold what the server sent, or the address.
            _ => Failure {
                why: "what it answers is not HTTP as it should be".to_owned(),
                again: Again::No,
                free: false,
                of_text: false,
            },
        }
    }
}

impl Voice for HttpVoice {
    fn id(&self) -> &str {
        &self.id
    }

    fn speaks(&self, language: Language) -> bool {
        self.languages.contains(&language)
    }

    fn render(&self, language: Language, text: &str) -> Result<Sound, VoiceError> {
        if !self.rest().may_ask(self.clock.now().mono) {
            return Err(self.paused(format!("it failed again and again, and rests for {} s", REST.as_secs())));
        }
        self.ask(language, text)
    }
}

/// Names kind, voice and server. The address and the body decide how it sounds; headers hold secrets, and stay out.
pub(super) fn id(name: &str, request: &HttpRequest) -> String {
    let HttpRequest { url, headers: _, body, reply } = request;
    let sum = Sha256::digest(format!("{url} {body:?} {reply:?}"));
    let sum = u32::from_be_bytes([sum[0], sum[1], sum[2], sum[3]]);
    format!("http {name} {} {sum:08x}", server(url))
}

/// The server without the path: the path may be long, and the query is nobody's business.
pub(super) fn server(url: &str) -> String {
    Origin::of(url).map_or_else(|| "nowhere".to_owned(), |origin| origin.to_string())
}

/// The wait of a worker thread for a server's better time; a few hundred milliseconds, and never beyond the voice's timeout.
#[allow(clippy::disallowed_methods)] // nothing would wake it earlier
fn sleep(wait: Duration) {
    std::thread::sleep(wait);
}

fn refused(status: u16, after: Option<Duration>) -> Failure {
    let what_to_do = match status {
        300..=399 => ": it wants to be asked elsewhere; name that address in the settings",
        401 | 403 => ": see whether its key is right",
        402 => ": it wants money",
        404 | 405 => ": see whether its address is right",
        429 => ": it is asked too often",
        _ => "",
    };
    let again = match (status, after) {
        (429 | 503, Some(after)) => Again::After(after),
        (408 | 429 | 500..=599, _) => Again::Soon,
        _ => Again::No,
    };
    Failure {
        why: format!("the server answers {status}{what_to_do}"),
        again,
        free: true,
        of_text: matches!(status, 400 | 413 | 422),
    }
}

/// The sound in a reply, or why there is none; `kind` is what the server says that it is.
fn heard(reply: &Reply, kind: &str, bytes: &[u8]) -> Result<Sound, String> {
    match reply {
        Reply::Wav => wav_reply::sound(bytes).map_err(|why| format!("of its reply: {why}")),
        Reply::Pcm(_) if bytes.starts_with(b"RIFF") => wav_reply::sound(bytes),
        // Text would be heard as noise.
        Reply::Pcm(_) if kind.starts_with("text/") || kind.starts_with("application/json") => {
            Err("its reply is text, and not sound".to_owned())
        }
        Reply::Pcm(rate) => Ok(Sound { pcm: wav_reply::samples(bytes), rate: *rate }),
        Reply::Base64(key) => {
            let value: Value = serde_json::from_slice(bytes).map_err(|_| "its reply is no JSON".to_owned())?;
            let found = key.split('.').try_fold(&value, |value, part| value.get(part)).and_then(Value::as_str);
            let text = found.ok_or_else(|| format!("its reply has no text under `{key}`"))?;
            let wav = base64::engine::general_purpose::STANDARD.decode(text);
            let wav = wav.map_err(|_| format!("what its reply has under `{key}` is not base64"))?;
            wav_reply::sound(&wav).map_err(|why| format!("of its reply under `{key}`: {why}"))
        }
    }
}
