#![doc = include_str!("README.md")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::call::action::Question;
use crate::config::{Origin, Secret, Service};
use crate::flow::program::Method;
use crate::time::Clock;

/// Questions that are out at once.
pub const AT_ONCE_MAX: usize = 32;
/// The longest reply.
pub const REPLY_BYTES_MAX: u64 = 64 * 1024;

/// What a service answered. The body of a refusal is not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    pub status: u16,
    pub body: String,
}

#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    #[error("{0} is not allowed: name it under `requests` in the config")]
    NotAllowed(String),
    #[error("{AT_ONCE_MAX} other questions are out and none was answered in time")]
    NoRoom,
    #[error("the service could not be asked, or did not answer as it should: {0}")]
    Failed(String),
    #[error("the reply is longer than {REPLY_BYTES_MAX} bytes")]
    TooLong,
    #[error("the reply is not UTF-8")]
    NotText,
}

/// The services that may be asked. Clones share their connections.
#[derive(Clone)]
pub struct Services {
    agent: ureq::Agent,
    clock: Arc<Clock>,
    allowed: Arc<BTreeMap<Origin, Option<Secret>>>,
    room: Arc<Semaphore>,
    /// Those that are not allowed and that the log has named: it says so once.
    refused: Arc<Mutex<BTreeSet<String>>>,
}

impl Services {
    pub fn new(allowed: &[Service], clock: Arc<Clock>) -> Services {
        let agent = ureq::Agent::config_builder()
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .proxy(None)
            .user_agent(concat!("ringback/", env!("CARGO_PKG_VERSION")))
            .build()
            .new_agent();
        Services {
            agent,
            clock,
            allowed: Arc::new(allowed.iter().map(|s| (s.origin.clone(), s.authorization.clone())).collect()),
            room: Arc::new(Semaphore::new(AT_ONCE_MAX)),
            refused: Arc::default(),
        }
    }

    /// Asks and waits, `question.wait` in all at the most. Within a tokio runtime.
    ///
    /// # Errors
    /// The server is not allowed or cannot be asked, or its reply is too long, too late or not text. The log has been told.
    pub async fn ask(&self, question: Question) -> Result<Reply, RequestError> {
        let origin = Origin::of(&question.url);
        let asked = match origin.as_ref().and_then(|origin| Some((origin, self.allowed.get(origin)?.clone()))) {
            Some((_, authorization)) => self.ask_allowed(question, authorization).await,
            None => {
                let server =
                    origin.as_ref().map_or_else(|| "an address without a server".to_string(), Origin::to_string);
                Err(RequestError::NotAllowed(server))
            }
        };
        match &asked {
            Err(error @ RequestError::NotAllowed(server)) => {
                let new = self.refused.lock().unwrap_or_else(PoisonError::into_inner).insert(server.clone());
                if new {
                    tracing::warn!("a flow's question was not asked: {error}");
                }
            }
            Err(error) => {
                let server = origin.map_or(String::new(), |o| o.to_string());
                tracing::warn!(server, %error, "a flow's question has no reply");
            }
            Ok(_) => {}
        }
        asked
    }

    async fn ask_allowed(&self, question: Question, authorization: Option<Secret>) -> Result<Reply, RequestError> {
        let asked_at = self.clock.now().mono;
        let permit = timeout(question.wait, self.room.clone().acquire_owned()).await;
        let Ok(Ok(permit)) = permit else { return Err(RequestError::NoRoom) };
        let left = question.wait.saturating_sub(self.clock.now().mono.since(asked_at));
        if left.is_zero() {
            return Err(RequestError::NoRoom);
        }
        let agent = self.agent.clone();
        let asking = tokio::task::spawn_blocking(move || {
            let reply = exchange(&agent, &question, authorization.as_ref(), left);
            drop(permit);
            reply
        });
        asking.await.unwrap_or_else(|e| Err(RequestError::Failed(format!("the asking thread ended: {e}"))))
    }
}

fn exchange(
    agent: &ureq::Agent,
    question: &Question,
    authorization: Option<&Secret>,
    wait: Duration,
) -> Result<Reply, RequestError> {
    let failed = |e: ureq::Error| RequestError::Failed(why(&e));
    let authorization = authorization.map(Secret::reveal);
    let response = match question.method {
        Method::Get => {
            let mut request = agent.get(&question.url).config().timeout_global(Some(wait)).build();
            for (name, value) in &question.send {
                let value = value.as_str().map_or_else(|| value.to_string(), str::to_string);
                request = request.query(name, value);
            }
            if let Some(secret) = authorization {
                request = request.header("Authorization", secret);
            }
            request.header("Accept", "application/json").call()
        }
        Method::Post => {
            let mut request = agent.post(&question.url).config().timeout_global(Some(wait)).build();
            if let Some(secret) = authorization {
                request = request.header("Authorization", secret);
            }
            // Whole, so that its length is told: not every service takes a body in chunks.
            let body = serde_json::Value::Object(question.send.clone()).to_string();
            request.header("Accept", "application/json").header("Content-Type", "application/json").send(&body)
        }
    };
    let mut response = response.map_err(failed)?;
    let status = response.status().as_u16();
    if !(200..300).contains(&status) {
        return Ok(Reply { status, body: String::new() });
    }
    let bytes = response.body_mut().with_config().limit(REPLY_BYTES_MAX + 1).read_to_vec();
    let bytes = bytes.map_err(|e| match e {
        ureq::Error::BodyExceedsLimit(_) => RequestError::TooLong,
        e => failed(e),
    })?;
    if bytes.len() as u64 > REPLY_BYTES_MAX {
        return Err(RequestError::TooLong);
    }
    let body = String::from_utf8(bytes).map_err(|_| RequestError::NotText)?;
    Ok(Reply { status, body })
}

/// In words that hold nothing of the address: a GET has what it sends in it.
fn why(error: &ureq::Error) -> String {
    match error {
        ureq::Error::BadUri(_) => "the address is malformed".to_string(),
        other => other.to_string(),
    }
}
