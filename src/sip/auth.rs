//! Digest authentication (RFC 2617, 7616, 8760): answering challenges as a caller, setting them as an answerer.
//! The rules of when; the arithmetic is in `digest`.

use std::collections::HashMap;
use std::time::Duration;

use sha2::{Digest, Sha256};

use super::digest::{Algorithm, Qop, Sum, escaped, field, fields};
use crate::secret::Secret;
use crate::time::Mono;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credentials {
    pub username: String,
    pub password: Secret,
}

/// A challenge that can be answered.
pub struct Challenge {
    realm: String,
    nonce: String,
    opaque: Option<String>,
    algorithm: Algorithm,
    qop: Qop,
    stale: bool,
    from_proxy: bool,
    /// How often its nonce has been used.
    uses: u32,
    /// Ours of the first use, which a session keeps (RFC 7616 §3.4.2).
    session_cnonce: Option<String>,
}

impl Challenge {
    /// The strongest of the challenges that a 401 or 407 carries, as `(from_proxy, header value)`: an attacker who can write
    /// into a response could put a weaker one first (RFC 8760 §3).
    pub fn strongest(values: &[(bool, Vec<u8>)], from_proxy: bool) -> Option<Challenge> {
        let ours = values.iter().filter(|(proxy, _)| *proxy == from_proxy);
        let readable = ours.filter_map(|(_, value)| Challenge::read(value, from_proxy));
        // Of equals the first.
        readable.reduce(|best, next| if next.algorithm > best.algorithm { next } else { best })
    }

    /// `None`: not of the scheme Digest, or of a kind that is not known here. `userhash` is an offer that need not be taken.
    fn read(value: &[u8], from_proxy: bool) -> Option<Challenge> {
        let fields = fields(value)?;
        let algorithm = field(&fields, "algorithm").map_or(Some(Algorithm::MD5), Algorithm::parse)?;
        let offers = |offered: &str, qop: Qop| offered.split(',').any(|o| o.trim().eq_ignore_ascii_case(qop.as_str()));
        let qop = match field(&fields, "qop") {
            None => Qop::None,
            Some(offered) if offers(offered, Qop::Auth) => Qop::Auth,
            Some(offered) if offers(offered, Qop::AuthInt) => Qop::AuthInt,
            Some(_) => return None,
        };
        Some(Challenge {
            realm: field(&fields, "realm")?.to_owned(),
            nonce: field(&fields, "nonce")?.to_owned(),
            opaque: field(&fields, "opaque").map(str::to_owned),
            algorithm,
            qop,
            stale: field(&fields, "stale").is_some_and(|s| s.eq_ignore_ascii_case("true")),
            from_proxy,
            uses: 0,
            session_cnonce: None,
        })
    }

    pub fn realm(&self) -> &str {
        &self.realm
    }

    pub fn from_proxy(&self) -> bool {
        self.from_proxy
    }

    /// The nonce was too old; the password may still be right.
    pub fn is_stale(&self) -> bool {
        self.stale
    }

    pub fn header_name(&self) -> &'static str {
        if self.from_proxy { "Proxy-Authorization" } else { "Authorization" }
    }

    /// The header value that answers for a request without a body.
    pub fn answer(&mut self, credentials: &Credentials, method: &str, uri: &str, cnonce: &str) -> String {
        self.answer_with(credentials, method, uri, cnonce, b"")
    }

    /// The header value that answers. Each use counts the nonce up (RFC 7616 §3.4).
    pub fn answer_with(
        &mut self,
        credentials: &Credentials,
        method: &str,
        uri: &str,
        cnonce: &str,
        body: &[u8],
    ) -> String {
        self.uses += 1;
        let count = format!("{:08x}", self.uses);
        let session_cnonce = self.session_cnonce.get_or_insert_with(|| cnonce.to_owned());
        let sum = Sum {
            algorithm: self.algorithm,
            username: &credentials.username,
            realm: &self.realm,
            password: credentials.password.reveal(),
            nonce: &self.nonce,
            count: &count,
            cnonce,
            session_cnonce,
            qop: self.qop,
            method,
            uri,
            body,
        };
        let mut header = format!(
            r#"Digest username="{}", realm="{}", nonce="{}", uri="{}", response="{}", algorithm={}"#,
            escaped(&credentials.username),
            escaped(&self.realm),
            escaped(&self.nonce),
            escaped(uri),
            sum.response(),
            self.algorithm.as_str()
        );
        if self.qop != Qop::None {
            header += &format!(r#", qop={}, nc={count}, cnonce="{}""#, self.qop.as_str(), escaped(cnonce));
        }
        if let Some(opaque) = &self.opaque {
            header += &format!(r#", opaque="{}""#, escaped(opaque));
        }
        header
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
    /// The challenges, one for each algorithm: a nonce says when it was made and that we made it, so that none need be kept.
    /// MD5 stands first for those who read one only; who can choose takes the stronger.
    pub fn challenges(&self, now: Mono, secret: u64, stale: bool) -> [String; 2] {
        let stale = if stale { ", stale=true" } else { "" };
        let nonce = nonce(now.0, secret);
        [Algorithm::MD5, Algorithm::SHA_256].map(|algorithm| {
            let (realm, algorithm) = (escaped(&self.realm), algorithm.as_str());
            format!(r#"Digest realm="{realm}", nonce="{nonce}", algorithm={algorithm}, qop="auth"{stale}"#)
        })
    }

    /// Judges the credentials of one request.
    pub fn judge(&self, values: &[Vec<u8>], method: &str, now: Mono, secret: u64) -> Verdict {
        values.iter().filter_map(|v| self.judge_one(v, method, now, secret)).next().unwrap_or(Verdict::Wrong)
    }

    /// `None`: these credentials are not about our challenge.
    fn judge_one(&self, value: &[u8], method: &str, now: Mono, secret: u64) -> Option<Verdict> {
        let fields = fields(value)?;
        let field = |name: &str| field(&fields, name);
        if field("realm")? != self.realm || field("username")? != self.credentials.username {
            return None;
        }
        let given = field("nonce")?;
        let made = u64::from_str_radix(given.split_once('-')?.0, 16).ok()?;
        if given != nonce(made, secret) {
            return Some(Verdict::Wrong);
        }
        let algorithm = field("algorithm").map_or(Some(Algorithm::MD5), Algorithm::parse);
        let qop = match field("qop") {
            None => Some(Qop::None),
            Some(qop) if qop.eq_ignore_ascii_case("auth") => Some(Qop::Auth),
            // Not offered.
            Some(_) => None,
        };
        let (Some(algorithm), Some(qop)) = (algorithm, qop) else { return Some(Verdict::Wrong) };
        let cnonce = field("cnonce").unwrap_or_default();
        let sum = Sum {
            algorithm,
            username: &self.credentials.username,
            realm: &self.realm,
            password: self.credentials.password.reveal(),
            nonce: given,
            count: field("nc").unwrap_or_default(),
            cnonce,
            session_cnonce: cnonce,
            qop,
            method,
            uri: field("uri")?,
            body: b"",
        };
        Some(match Some(sum.response().as_str()) == field("response") {
            false => Verdict::Wrong,
            true if now.since(Mono(made)) > NONCE_LIFE => Verdict::Stale,
            true => Verdict::Right,
        })
    }
}

/// Nonces remembered, twice over: when the newer half is full, the older one is forgotten. A nonce lives for a minute.
const NONCES_MAX: usize = 8_192;

/// How far each nonce has been counted: credentials that were heard on the way cannot be used again (RFC 7616 §5.12).
#[derive(Debug, Default)]
pub struct Replays {
    young: HashMap<Box<str>, u32>,
    old: HashMap<Box<str>, u32>,
}

impl Replays {
    /// Whether credentials that [`Demand::judge`] found right have not been used before. Without a count: once.
    pub fn is_new(&mut self, values: &[Vec<u8>]) -> bool {
        let Some(fields) = values.iter().find_map(|v| fields(v)) else { return false };
        let Some(nonce) = field(&fields, "nonce") else { return false };
        let count = field(&fields, "nc").and_then(|nc| u32::from_str_radix(nc, 16).ok()).unwrap_or(1);
        let seen = self.young.get(nonce).or_else(|| self.old.get(nonce)).copied().unwrap_or(0);
        if count <= seen {
            return false;
        }
        if self.young.len() >= NONCES_MAX {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(nonce.into(), count);
        true
    }
}

fn nonce(made: u64, secret: u64) -> String {
    let hash = Sha256::digest(format!("{made}:{secret}").as_bytes());
    let mark = hash.iter().take(12).fold(String::new(), |s, b| s + &format!("{b:02x}"));
    format!("{made:x}-{mark}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mufasa(password: &str) -> Credentials {
        Credentials { username: "Mufasa".into(), password: Secret::new(password) }
    }

    fn response(answer: &str) -> String {
        field(&fields(answer.as_bytes()).unwrap(), "response").unwrap().to_owned()
    }

    #[test]
    fn answers() {
        let challenge = r#"Digest realm="testrealm@host.com", qop="auth,auth-int", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41", userhash=true, charset=UTF-8"#;
        let mut challenge = Challenge::strongest(&[(false, challenge.as_bytes().to_vec())], false).unwrap();
        let answer = challenge.answer(&mufasa("Circle Of Life"), "GET", "/dir/index.html", "0a4f113b");
        assert_eq!(response(&answer), "6629fae49393a05397450978507c4ef1");
        for words in ["qop=auth,", "nc=00000001", "opaque=\"5ccc069c403ebaf9f0171e9517f40e41\"", "algorithm=MD5"] {
            assert!(answer.contains(words), "{words}: {answer}");
        }
        assert!(!answer.contains("Circle"));
        let again = challenge.answer(&mufasa("Circle Of Life"), "GET", "/dir/index.html", "0a4f113b");
        assert!(again.contains("nc=00000002") && response(&again) != response(&answer));
    }

    #[test]
    fn a_session_keeps_its_first_nonce() {
        let value = br#"Digest realm="r", nonce="n", algorithm=SHA-256-sess, qop="auth""#.to_vec();
        let mut challenge = Challenge::strongest(&[(false, value)], false).unwrap();
        challenge.answer(&mufasa("p"), "REGISTER", "sip:r", "first");
        let answer = challenge.answer(&mufasa("p"), "REGISTER", "sip:r", "second");
        let sum = Sum {
            algorithm: Algorithm::parse("SHA-256-sess").unwrap(),
            username: "Mufasa",
            realm: "r",
            password: "p",
            nonce: "n",
            count: "00000002",
            cnonce: "second",
            session_cnonce: "first",
            qop: Qop::Auth,
            method: "REGISTER",
            uri: "sip:r",
            body: b"",
        };
        assert_eq!(response(&answer), sum.response());
    }

    #[test]
    fn a_body_is_covered_where_nothing_less_is_offered() {
        let value = br#"Digest realm="r", nonce="n", qop="auth-int""#.to_vec();
        let mut challenge = Challenge::strongest(&[(true, value)], true).unwrap();
        let with = challenge.answer_with(&mufasa("p"), "INVITE", "sip:r", "c", b"v=0\r\n");
        assert!(with.contains("qop=auth-int"), "{with}");
        challenge.uses = 0;
        assert_ne!(response(&with), response(&challenge.answer(&mufasa("p"), "INVITE", "sip:r", "c")));
    }

    #[test]
    fn what_is_heard_on_the_way_is_not_used_again() {
        let mut replays = Replays::default();
        let used = |nonce: &str, count: &str| vec![format!("Digest nonce=\"{nonce}\"{count}").into_bytes()];
        assert!(replays.is_new(&used("a", ", nc=00000001")));
        assert!(!replays.is_new(&used("a", ", nc=00000001")));
        assert!(replays.is_new(&used("a", ", nc=00000003")));
        assert!(!replays.is_new(&used("a", ", nc=00000002")));
        assert!(replays.is_new(&used("b", "")) && !replays.is_new(&used("b", "")));
        assert!(!replays.is_new(&[]));
        for i in 0..3 * NONCES_MAX {
            replays.is_new(&used(&i.to_string(), ", nc=00000001"));
            assert!(replays.young.len() + replays.old.len() <= 2 * NONCES_MAX);
        }
    }

    #[test]
    fn a_demand_is_met_by_the_right_password_only() {
        let demand = Demand { realm: "net".into(), credentials: mufasa("right") };
        let now = Mono(5_000_000);
        for values in demand.challenges(now, 42, false).map(|value| [(true, value.into_bytes())]) {
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
        assert_eq!(Challenge::strongest(&values, false).unwrap().algorithm, Algorithm::SHA_256);
        assert!(Challenge::strongest(&[(false, b"Basic realm=\"r\"".to_vec())], false).is_none());
        assert!(
            Challenge::strongest(&[(false, b"Digest realm=\"r\", nonce=n, qop=\"token\"".to_vec())], false).is_none()
        );
        assert!(Challenge::strongest(&values, true).is_none());
    }
}
