//! Digest authentication (RFC 2617, 7616, 8760): answering challenges as a caller, setting them as an answerer.
//! The arithmetic is `sipx-sip`'s; the rules of when are ours.

use std::time::Duration;

use sha2::{Digest, Sha256};
use sipx_sip::auth as wire;

use crate::secret::Secret;
use crate::time::Mono;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credentials {
    pub username: String,
    pub password: Secret,
}

/// A challenge that can be answered.
pub struct Challenge {
    wire: wire::Challenge,
    /// How often its nonce has been used.
    uses: u32,
}

impl Challenge {
    /// The strongest of the challenges that a 401 or 407 carries, as `(from_proxy, header value)`.
    pub fn strongest(values: &[(bool, Vec<u8>)], from_proxy: bool) -> Option<Challenge> {
        let readable = values.iter().filter(|(proxy, _)| *proxy == from_proxy);
        let readable = readable.filter_map(|(proxy, value)| wire::Challenge::parse(value, *proxy)).collect();
        wire::strongest(readable).map(|wire| Challenge { wire, uses: 0 })
    }

    pub fn from_proxy(&self) -> bool {
        self.wire.from_proxy
    }

    /// The nonce was too old; the password may still be right.
    pub fn is_stale(&self) -> bool {
        self.wire.stale
    }

    pub fn header_name(&self) -> &'static str {
        if self.wire.from_proxy { "Proxy-Authorization" } else { "Authorization" }
    }

    /// The header value that answers. Each use counts the nonce up (RFC 7616 §3.4).
    pub fn answer(&mut self, credentials: &Credentials, method: &str, uri: &str, cnonce: &str) -> String {
        self.uses += 1;
        let known = wire::Credentials::new(credentials.username.as_str(), credentials.password.reveal());
        wire::respond(&self.wire, &known, method, uri, self.uses, cnonce)
    }
}

/// What an answerer demands of those who call it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Demand {
    pub realm: String,
    pub credentials: Credentials,
}

/// How long a nonce is good for.
const NONCE_LIFE: Duration = Duration::from_secs(60);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Right,
    /// No answer to our challenge, or a wrong one.
    Wrong,
    /// Right, but for a nonce of the past.
    Stale,
}

impl Demand {
    /// The challenge: a nonce that says when it was made and that we made it, so that none need be kept.
    pub fn challenge(&self, now: Mono, secret: u64, stale: bool) -> String {
        let stale = if stale { ", stale=true" } else { "" };
        let nonce = nonce(now.0, secret);
        format!(r#"Digest realm="{}", nonce="{nonce}", algorithm=MD5, qop="auth"{stale}"#, self.realm)
    }

    /// Judges the credentials of one request.
    pub fn judge(&self, values: &[Vec<u8>], method: &str, now: Mono, secret: u64) -> Verdict {
        values.iter().filter_map(|v| self.judge_one(v, method, now, secret)).next().unwrap_or(Verdict::Wrong)
    }

    /// `None`: these credentials are not about our challenge.
    fn judge_one(&self, value: &[u8], method: &str, now: Mono, secret: u64) -> Option<Verdict> {
        let text = std::str::from_utf8(value).ok()?;
        let field = |name: &str| digest_field(text, name);
        if field("realm")? != self.realm || field("username")? != self.credentials.username {
            return None;
        }
        let given = field("nonce")?;
        let made = u64::from_str_radix(given.split_once('-')?.0, 16).ok()?;
        if given != nonce(made, secret) {
            return Some(Verdict::Wrong);
        }
        let challenge = wire::Challenge {
            realm: self.realm.clone(),
            nonce: given,
            opaque: None,
            algorithm: wire::Algorithm::Md5,
            qop_auth: field("qop").is_some(),
            stale: false,
            from_proxy: true,
        };
        let count = field("nc").and_then(|nc| u32::from_str_radix(&nc, 16).ok()).unwrap_or(0);
        let known = wire::Credentials::new(self.credentials.username.as_str(), self.credentials.password.reveal());
        let cnonce = field("cnonce").unwrap_or_default();
        let right = wire::respond(&challenge, &known, method, &field("uri")?, count, &cnonce);
        Some(match digest_field(&right, "response") == field("response") {
            false => Verdict::Wrong,
            true if now.since(Mono(made)) > NONCE_LIFE => Verdict::Stale,
            true => Verdict::Right,
        })
    }
}

fn nonce(made: u64, secret: u64) -> String {
    let hash = Sha256::digest(format!("{made}:{secret}").as_bytes());
    let mark = hash.iter().take(12).fold(String::new(), |s, b| s + &format!("{b:02x}"));
    format!("{made:x}-{mark}")
}

/// The value of `name=value` or `name="value"` among comma-separated fields.
fn digest_field(text: &str, name: &str) -> Option<String> {
    let rest = text.trim_start();
    let mut rest = rest.get(..7).filter(|s| s.eq_ignore_ascii_case("digest ")).and_then(|_| rest.get(7..))?;
    loop {
        rest = rest.trim_start_matches([' ', ',', '\t']);
        let (found, after) = rest.split_once('=')?;
        let after = after.trim_start();
        let (value, next) = match after.strip_prefix('"') {
            Some(quoted) => unquoted(quoted)?,
            None => {
                let end = after.find(',').unwrap_or(after.len());
                (after[..end].trim().to_owned(), &after[end..])
            }
        };
        if found.trim().eq_ignore_ascii_case(name) {
            return Some(value);
        }
        rest = next;
    }
}

/// Text up to the closing quote, without its backslashes, and what follows.
fn unquoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((value, &text[at + 1..])),
            '\\' => value.push(chars.next()?.1),
            c => value.push(c),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mufasa(password: &str) -> Credentials {
        Credentials { username: "Mufasa".into(), password: Secret::new(password) }
    }

    /// RFC 2617 §3.5 and RFC 7616 §3.9.1.
    #[test]
    fn the_examples_of_the_rfcs() {
        for (challenge, password, cnonce, response) in [
            (
                r#"Digest realm="testrealm@host.com", qop="auth,auth-int", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41""#,
                "Circle Of Life",
                "0a4f113b",
                "6629fae49393a05397450978507c4ef1",
            ),
            (
                r#"Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=MD5, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS""#,
                "Circle of Life",
                "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
                "8ca523f5e9506fed4657c9700eebdbec",
            ),
            (
                r#"Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=SHA-256, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS""#,
                "Circle of Life",
                "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
                "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1",
            ),
        ] {
            let values = [(false, challenge.as_bytes().to_vec())];
            let mut challenge = Challenge::strongest(&values, false).unwrap();
            let answer = challenge.answer(&mufasa(password), "GET", "/dir/index.html", cnonce);
            assert_eq!(digest_field(&answer, "response").as_deref(), Some(response), "{answer}");
            assert!(!answer.contains(password));
        }
    }

    #[test]
    fn a_demand_is_met_by_the_right_password_only() {
        let demand = Demand { realm: "net".into(), credentials: mufasa("right") };
        let now = Mono(5_000_000);
        let values = [(true, demand.challenge(now, 42, false).into_bytes())];
        for (password, secret, later, expected) in [
            ("right", 42, 1, Verdict::Right),
            ("right", 42, 61, Verdict::Stale),
            ("right", 43, 1, Verdict::Wrong),
            ("wrong", 42, 1, Verdict::Wrong),
        ] {
            let mut challenge = Challenge::strongest(&values, true).unwrap();
            let answer = challenge.answer(&mufasa(password), "INVITE", "sip:1@h", "c").into_bytes();
            let later = now + Duration::from_secs(later);
            assert_eq!(demand.judge(&[answer], "INVITE", later, secret), expected, "{password} {secret}");
        }
        for nonsense in ["", "Basic x", "Digest", "Digest =,=", "Digest realm=\"net", "Digest realm=\"net\\"] {
            assert_eq!(demand.judge(&[nonsense.into()], "INVITE", now, 42), Verdict::Wrong, "{nonsense}");
        }
    }

    #[test]
    fn no_debug_text_shows_a_password() {
        let demand = Demand { realm: "net".into(), credentials: mufasa("hidden") };
        assert!(!format!("{demand:?}").contains("hidden"));
    }

    #[test]
    fn the_strongest_challenge_is_answered() {
        let value =
            |algorithm: &str| (false, format!(r#"Digest realm="r", nonce="n", algorithm={algorithm}"#).into_bytes());
        let values = [value("MD5"), value("SHA-256"), value("UNHEARD")];
        assert_eq!(Challenge::strongest(&values, false).unwrap().wire.algorithm, wire::Algorithm::Sha256);
        assert!(Challenge::strongest(&values, true).is_none());
    }
}
