//! The request that servers of the OpenAI shape take, commercial and one's own: an HTTP voice whose template is known.

use serde_json::json;
use sha2::{Digest, Sha256};

use super::http::server;
use crate::config::voices::{Body, HttpRequest, OpenAiRequest, Reply};

pub(super) fn request(of: &OpenAiRequest) -> HttpRequest {
    let OpenAiRequest { url, model, voice, authorization } = of;
    let body = json!({"model": model, "voice": voice, "input": "{text}", "response_format": "wav"});
    HttpRequest {
        url: url.clone(),
        headers: authorization.iter().map(|secret| ("Authorization".to_owned(), secret.clone())).collect(),
        body: Body::Json(body.to_string()),
        reply: Reply::Wav,
    }
}

/// Names kind, model, voice and server, and tells addresses of one server apart.
pub(super) fn id(of: &OpenAiRequest) -> String {
    let sum = Sha256::digest(of.url.as_bytes());
    format!("openai {} {} {} {:02x}{:02x}{:02x}", of.model, of.voice, server(&of.url), sum[0], sum[1], sum[2])
}
