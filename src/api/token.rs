//! Who may ask: those who send a token, as `Authorization: Bearer …` (RFC 6750 §2.1).

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use ring::hmac;
use ring::rand::SystemRandom;

use crate::secret::Secret;

/// Not the tokens themselves but their HMACs under a key that lives as long as this: comparing those takes the same time wherever
/// they differ, and tells nothing of how long a token is.
pub(super) struct Tokens {
    key: hmac::Key,
    tags: Vec<hmac::Tag>,
}

impl Tokens {
    /// `None`: the system gives no random numbers.
    pub fn new(tokens: &[Secret]) -> Option<Tokens> {
        let key = hmac::Key::generate(hmac::HMAC_SHA256, &SystemRandom::new()).ok()?;
        let tags = tokens.iter().map(|token| hmac::sign(&key, token.reveal().as_bytes())).collect();
        Some(Tokens { key, tags })
    }

    pub fn let_in(&self, headers: &HeaderMap) -> bool {
        let mut sent = headers.get_all(AUTHORIZATION).iter();
        // Two such headers are one too many: a proxy might have looked at the other.
        let (Some(value), None) = (sent.next(), sent.next()) else { return false };
        let scheme_and_token = value.as_bytes().split_at_checked("Bearer ".len());
        let Some((scheme, token)) = scheme_and_token else { return false };
        // Every one is held against it, whichever fits.
        let fits = self.tags.iter().map(|tag| hmac::verify(&self.key, token, tag.as_ref()).is_ok());
        let known = fits.fold(false, |known, fits| known | fits);
        scheme.eq_ignore_ascii_case(b"Bearer ") && known
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_token_lets_in() {
        let tokens = Tokens::new(&[Secret::new("first-token"), Secret::new("second-token")]).unwrap();
        for (sent, fits) in [
            (&["Bearer first-token"][..], true),
            (&["bearer second-token"], true),
            (&["Bearer first-toke"], false),
            (&["Bearer first-token "], false),
            (&["Bearer "], false),
            (&["Basic first-token"], false),
            (&["first-token"], false),
            (&["Bearer first-token", "Bearer first-token"], false),
            (&[], false),
        ] {
            let mut headers = HeaderMap::new();
            for value in sent {
                headers.append(AUTHORIZATION, value.parse().unwrap());
            }
            assert_eq!(tokens.let_in(&headers), fits, "{sent:?}");
        }
    }
}
