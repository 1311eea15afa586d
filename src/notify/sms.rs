//! SMS by an HTTP gateway: one POST of JSON a message. Nearly every provider has such a door, or a small adapter to it.

use serde_json::json;

use super::Delivery;
use crate::books::OutboxMessage;
use crate::config::SmsGateway;

/// What is read of an answer; only the beginning is kept, for the error.
const ANSWER_BYTES_MAX: u64 = 16 * 1024;

#[derive(Clone)]
pub(super) struct Sms {
    agent: ureq::Agent,
    gateway: SmsGateway,
}

impl Sms {
    pub(super) fn new(gateway: &SmsGateway) -> Sms {
        let agent = ureq::Agent::config_builder()
            .timeout_global(Some(gateway.timeout))
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .proxy(None)
            .user_agent(concat!("ringback/", env!("CARGO_PKG_VERSION")))
            .build()
            .new_agent();
        Sms { agent, gateway: gateway.clone() }
    }

    pub(super) async fn deliver(&self, message: &OutboxMessage) -> Delivery {
        let (sms, message) = (self.clone(), message.clone());
        let posted = tokio::task::spawn_blocking(move || sms.post(&message)).await;
        posted.unwrap_or_else(|e| Delivery::Later(format!("the sending thread ended: {e}")))
    }

    fn post(&self, message: &OutboxMessage) -> Delivery {
        let id = message.id.to_string();
        let body = json!({ "to": message.to, "text": message.body, "from": self.gateway.from, "id": id });
        let mut request = self.agent.post(&self.gateway.url).header("Idempotency-Key", &id);
        if let Some(token) = &self.gateway.token {
            request = request.header("Authorization", format!("Bearer {}", token.reveal()));
        }
        let mut response = match request.send_json(body) {
            Ok(response) => response,
            Err(e) => return Delivery::Later(e.to_string()),
        };
        let status = response.status().as_u16();
        let answer = response.body_mut().with_config().limit(ANSWER_BYTES_MAX).read_to_string();
        let error = || format!("the gateway answered {status}: {}", answer.as_deref().unwrap_or("").trim());
        match status {
            200..=299 => Delivery::Sent,
            // About us or about now (who are you, no such page, slow down), not about this message.
            401 | 402 | 403 | 404 | 405 | 407 | 408 | 425 | 429 => Delivery::Later(error()),
            400..=499 => Delivery::Refused(error()),
            300..=399 => {
                Delivery::Later(format!("the gateway redirects ({status}); set the final address in the config"))
            }
            _ => Delivery::Later(error()),
        }
    }
}
