//! The courier: from the outbox to the servers, and back to the outbox with the result.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;

use super::email::Email;
use super::letter::Letters;
use super::sms::Sms;
use crate::books::OutboxMessage;
use crate::config;
use crate::outcome::Channel;
use crate::store::{Store, StoreError};
use crate::time::Wall;

/// After this many tries a message is given up as failed.
pub const TRIES_MAX: u32 = 6;
/// Messages on their way at once.
const CONCURRENT_MAX: usize = 8;
/// Messages taken from the outbox in one run.
const BATCH_MAX: u32 = 200;
/// What is kept of an error; servers may answer with pages.
const ERROR_CHARS_MAX: usize = 300;

/// What became of one try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivery {
    /// The server has taken it over.
    Sent,
    /// The message itself was refused; the same again would be refused again.
    Refused(String),
    /// Not now: no connection, timeout, a busy server, or our own settings are wrong.
    Later(String),
}

/// Counts of one run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sent {
    pub sent: u32,
    /// Put back, to be tried later.
    pub retried: u32,
    /// Given up.
    pub failed: u32,
}

/// Sends what lies in the outbox. Cheap to clone; clones share connections.
#[derive(Clone)]
pub struct Courier {
    channels: Arc<Channels>,
}

struct Channels {
    email: Option<Email>,
    sms: Option<Sms>,
    letters: Option<Letters>,
}

/// How long to wait after the `tries`-th failed try (from 1); `None` gives up.
pub fn next_try_after(tries: u32) -> Option<Duration> {
    const MINUTES: [u64; (TRIES_MAX - 1) as usize] = [1, 5, 30, 120, 480];
    let nth = tries.max(1) as usize - 1;
    MINUTES.get(nth).map(|m| Duration::from_secs(60 * m))
}

impl Courier {
    /// A channel without settings sends nothing; its messages wait for `TRIES_MAX` tries and fail.
    ///
    /// # Errors
    /// TLS settings that cannot be used.
    pub fn new(smtp: Option<&config::Smtp>, sms: Option<&config::SmsGateway>) -> Result<Courier, String> {
        let email = smtp.map(Email::new).transpose()?;
        Ok(Courier { channels: Arc::new(Channels { email, sms: sms.map(Sms::new), letters: None }) })
    }

    /// Letters go into this folder, in this form.
    #[must_use]
    pub fn with_letters(self, folder: PathBuf, form: config::LetterForm) -> Courier {
        let Channels { email, sms, .. } = Arc::into_inner(self.channels).expect("not shared before it is used");
        Courier { channels: Arc::new(Channels { email, sms, letters: Some(Letters::new(folder, form)) }) }
    }

    /// One try with one message. Touches no database.
    pub async fn deliver(&self, message: &OutboxMessage, now: Wall) -> Delivery {
        match message.channel {
            Channel::Email => match &self.channels.email {
                Some(email) => email.deliver(message, now).await,
                None => Delivery::Later("the config has no `smtp` section".to_string()),
            },
            Channel::Sms => match &self.channels.sms {
                Some(sms) => sms.deliver(message).await,
                None => Delivery::Later("the config has no `sms` section".to_string()),
            },
            Channel::Letter => match &self.channels.letters {
                Some(letters) => letters.deliver(message).await,
                None => Delivery::Later("there is no folder for letters".to_string()),
            },
            Channel::Voice | Channel::Human | Channel::Visit => {
                Delivery::Refused(format!("a message cannot leave by `{}`", message.channel))
            }
        }
    }

    /// Sends what is due now, at most `BATCH_MAX` messages, and marks each in the outbox. Call it again while it sends
    /// something. Must not run twice at once on one database: `&mut self` is there to say so.
    ///
    /// # Errors
    /// The first failure of the store. Messages already handed over and not marked will be sent again.
    pub async fn run_once(&mut self, store: &impl Store, now: Wall) -> Result<Sent, StoreError> {
        let mut waiting = store.outbox_due(now, BATCH_MAX).await?.into_iter();
        let mut flying = JoinSet::new();
        let mut counts = Sent::default();
        let mut broken = None;
        loop {
            // A store that fails gets no more work: what cannot be marked is not sent.
            while flying.len() < CONCURRENT_MAX && broken.is_none() {
                let Some(message) = waiting.next() else { break };
                let courier = self.clone();
                flying.spawn(async move {
                    let delivery = courier.deliver(&message, now).await;
                    (message, delivery)
                });
            }
            let Some(done) = flying.join_next().await else { break };
            let (message, delivery) = done.expect("a delivery neither panics nor is aborted");
            if let Err(e) = mark(store, &message, delivery, now, &mut counts).await {
                broken.get_or_insert(e);
            }
        }
        broken.map_or(Ok(counts), Err)
    }
}

async fn mark(
    store: &impl Store,
    message: &OutboxMessage,
    delivery: Delivery,
    now: Wall,
    counts: &mut Sent,
) -> Result<(), StoreError> {
    let (error, next_try_at) = match delivery {
        Delivery::Sent => {
            counts.sent += 1;
            return store.outbox_sent(message.id, now).await;
        }
        Delivery::Refused(error) => (error, None),
        Delivery::Later(error) => (error, next_try_after(message.tries + 1).map(|delay| now + delay)),
    };
    match next_try_at {
        Some(_) => counts.retried += 1,
        None => counts.failed += 1,
    }
    // The error may quote the address, so the log gets only the number of the row that holds it.
    tracing::warn!(outbox = message.id.0, channel = %message.channel, given_up = next_try_at.is_none(), "not sent");
    let error: String = error.chars().take(ERROR_CHARS_MAX).collect();
    store.outbox_failed(message.id, &error, next_try_at).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_grow_and_end() {
        let delays: Vec<Option<u64>> = (1..=7).map(|t| next_try_after(t).map(|d| d.as_secs() / 60)).collect();
        assert_eq!(delays, [Some(1), Some(5), Some(30), Some(120), Some(480), None, None]);
    }
}
