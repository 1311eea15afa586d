//! E-mail by SMTP (RFC 5321), through `lettre`, which keeps connections open and builds the headers, so that no text of
//! ours can end one header and begin another.

use std::time::{Duration, SystemTime};

use lettre::message::Mailbox;
use lettre::message::header::ContentType;
use lettre::transport::smtp::PoolConfig;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::{Address, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};

use super::Delivery;
use crate::books::OutboxMessage;
use crate::config::{Smtp, TlsMode};
use crate::time::Wall;

const CONNECTIONS_MAX: u32 = 4;
const IDLE_S_MAX: u64 = 30;

pub(super) struct Email {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    reply_to: Option<Mailbox>,
    timeout: Duration,
}

impl Email {
    pub(super) fn new(smtp: &Smtp) -> Result<Email, String> {
        let tls = || TlsParameters::new(smtp.host.clone()).map_err(|e| format!("TLS to {}: {e}", smtp.host));
        let tls = match smtp.tls {
            TlsMode::None => Tls::None,
            TlsMode::Starttls => Tls::Required(tls()?),
            TlsMode::Tls => Tls::Wrapper(tls()?),
        };
        let pool = PoolConfig::new().max_size(CONNECTIONS_MAX).idle_timeout(Duration::from_secs(IDLE_S_MAX));
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(smtp.host.clone())
            .port(smtp.port)
            .tls(tls)
            .timeout(Some(smtp.timeout))
            .pool_config(pool);
        if let (Some(username), Some(password)) = (&smtp.username, &smtp.password) {
            builder = builder.credentials(Credentials::new(username.clone(), password.reveal().to_string()));
        }
        Ok(Email {
            transport: builder.build(),
            from: smtp.from.clone(),
            reply_to: smtp.reply_to.clone(),
            timeout: smtp.timeout,
        })
    }

    pub(super) async fn deliver(&self, message: &OutboxMessage, now: Wall) -> Delivery {
        let message = match self.message(message, now) {
            Ok(message) => message,
            Err(refusal) => return Delivery::Refused(refusal),
        };
        // Each reply may take `timeout`; a server that dribbles replies is held to a few of them in all.
        match tokio::time::timeout(self.timeout * 3, self.transport.send(message)).await {
            Ok(Ok(_)) => Delivery::Sent,
            Ok(Err(e)) if e.status().is_some_and(|code| is_final(u16::from(code))) => Delivery::Refused(chain(&e)),
            Ok(Err(e)) => Delivery::Later(chain(&e)),
            Err(_) => Delivery::Later(format!("the SMTP server took longer than {} s", self.timeout.as_secs() * 3)),
        }
    }

    fn message(&self, message: &OutboxMessage, now: Wall) -> Result<Message, String> {
        // `Address` and not `Mailbox`: an outbox row holds an address, and "Name <address>" there is a mistake.
        let to: Address = message.to.parse().map_err(|e| format!("not an e-mail address: {e}"))?;
        let date = SystemTime::UNIX_EPOCH + Duration::from_micros(now.0.max(0) as u64);
        let id = format!("<outbox-{}.attempt-{}@{}>", message.id, message.attempt, self.from.email.domain());
        let mut builder = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(message.subject.clone().unwrap_or_default())
            .date(date)
            .message_id(Some(id))
            .header(ContentType::TEXT_PLAIN);
        if let Some(reply_to) = &self.reply_to {
            builder = builder.reply_to(reply_to.clone());
        }
        builder.body(message.body.clone()).map_err(|e| format!("cannot be written as an e-mail: {e}"))
    }
}

/// Replies that are about this message or its receiver (RFC 5321 §4.2.3). The other 5xx, such as 535 (wrong password) or
/// 530 (must log in first), are about us, and giving up every message for a wrong password would lose them all.
fn is_final(code: u16) -> bool {
    matches!(code, 550..=556)
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(e) = source {
        let inner = e.to_string();
        if !text.contains(&inner) {
            text = format!("{text}: {inner}");
        }
        source = e.source();
    }
    text
}
