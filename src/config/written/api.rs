//! `api`: where programs tell of payments, and who may.

use std::net::SocketAddr;

use serde::Deserialize;
use serde_saphyr::Spanned;

use super::super::{ApiSettings, Secret, TOKEN_CHARS_MIN};
use super::{Checker, Text};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenApi {
    listen: Option<Text>,
    #[serde(default)]
    tokens: Vec<Text>,
    #[serde(default)]
    behind_tls_proxy: bool,
}

impl Checker<'_> {
    pub(super) fn api(&mut self, w: &Spanned<WrittenApi>) -> Option<ApiSettings> {
        let WrittenApi { listen, tokens, behind_tls_proxy } = &w.value;
        let usual = SocketAddr::from(([127, 0, 0, 1], 8080));
        let address = match listen {
            Some(w) => self.parsed::<SocketAddr>(w, "an address and a port", "write it as \"127.0.0.1:8080\""),
            None => Some(usual),
        };
        if let (Some(at), Some(w)) = (address, listen)
            && !at.ip().is_loopback()
            && !behind_tls_proxy
        {
            self.wrong(
                w,
                format!("tokens and payments would travel to {at} in plain text"),
                "listen on 127.0.0.1, or say `behind_tls_proxy: true` when only a proxy that speaks TLS can reach it",
            );
        }
        if tokens.is_empty() {
            let help =
                "give `tokens: [\"${env:RINGBACK_API_TOKEN}\"]` or `[\"file:PATH\"]`; `openssl rand -hex 32` makes one";
            self.wrong(w, "the API has no token, and answers nobody without one", help);
            return None;
        }
        // Every token is checked before the first failure counts, so that all of them are reported.
        let tokens: Vec<Option<Secret>> = tokens.iter().map(|w| self.token(w)).collect();
        Some(ApiSettings { listen: address?, tokens: tokens.into_iter().collect::<Option<_>>()? })
    }

    fn token(&mut self, w: &Text) -> Option<Secret> {
        let token = self.secret(w)?;
        let (length, fine) = (token.reveal().len(), token.reveal().bytes().all(|b| b.is_ascii_graphic()));
        if length < TOKEN_CHARS_MIN || !fine {
            let what = match fine {
                true => format!("a token of {length} characters can be guessed: expected at least {TOKEN_CHARS_MIN}"),
                false => "a token is sent in a header: expected plain letters without blanks, on one line".to_string(),
            };
            self.wrong(w, what, "`openssl rand -hex 32` makes one");
            return None;
        }
        Some(token)
    }
}
