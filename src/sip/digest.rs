//! The arithmetic of digest authentication (RFC 7616 and 8760; RFC 2617 and 2069 for those who still speak them), and its
//! fields.

use md5::Md5;
use sha2::{Digest, Sha256, Sha512_256};

/// Fields of one header that are read.
const FIELDS_MAX: usize = 32;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Hash {
    Md5,
    Sha256,
    Sha512_256,
}

/// Ordered by strength.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Algorithm {
    pub hash: Hash,
    /// The password is bound to the nonces of the session (§3.4.2).
    pub session: bool,
}

const NAMES: [(&str, Hash, bool); 6] = [
    ("MD5", Hash::Md5, false),
    ("MD5-sess", Hash::Md5, true),
    ("SHA-256", Hash::Sha256, false),
    ("SHA-256-sess", Hash::Sha256, true),
    ("SHA-512-256", Hash::Sha512_256, false),
    ("SHA-512-256-sess", Hash::Sha512_256, true),
];

impl Algorithm {
    pub const MD5: Algorithm = Algorithm { hash: Hash::Md5, session: false };
    pub const SHA_256: Algorithm = Algorithm { hash: Hash::Sha256, session: false };

    /// `None`: not one that is known here.
    pub fn parse(text: &str) -> Option<Algorithm> {
        let found = NAMES.iter().find(|(name, ..)| name.eq_ignore_ascii_case(text));
        found.map(|(_, hash, session)| Algorithm { hash: *hash, session: *session })
    }

    pub fn as_str(self) -> &'static str {
        let found = NAMES.iter().find(|(_, hash, session)| (*hash, *session) == (self.hash, self.session));
        found.map_or("MD5", |(name, ..)| name)
    }

    pub fn hash(self, bytes: &[u8]) -> String {
        match self.hash {
            Hash::Md5 => hex(&Md5::digest(bytes)),
            Hash::Sha256 => hex(&Sha256::digest(bytes)),
            Hash::Sha512_256 => hex(&Sha512_256::digest(bytes)),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |text, byte| text + &format!("{byte:02x}"))
}

/// Quality of protection: what is covered beside the password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Qop {
    /// Neither a count nor a nonce of the client's (RFC 2069).
    None,
    /// Method and URI.
    Auth,
    /// And the body.
    AuthInt,
}

impl Qop {
    pub fn as_str(self) -> &'static str {
        match self {
            Qop::None => "",
            Qop::Auth => "auth",
            Qop::AuthInt => "auth-int",
        }
    }
}

/// All that goes into one response.
pub struct Sum<'a> {
    pub algorithm: Algorithm,
    pub username: &'a str,
    pub realm: &'a str,
    pub password: &'a str,
    pub nonce: &'a str,
    /// As written: eight hexadecimal digits.
    pub count: &'a str,
    pub cnonce: &'a str,
    /// The client's nonce that the session began with.
    pub session_cnonce: &'a str,
    pub qop: Qop,
    pub method: &'a str,
    pub uri: &'a str,
    pub body: &'a [u8],
}

impl Sum<'_> {
    pub fn response(&self) -> String {
        let hash = |text: String| self.algorithm.hash(text.as_bytes());
        let mut secret = hash(format!("{}:{}:{}", self.username, self.realm, self.password));
        if self.algorithm.session {
            secret = hash(format!("{secret}:{}:{}", self.nonce, self.session_cnonce));
        }
        let asked = match self.qop {
            Qop::None | Qop::Auth => hash(format!("{}:{}", self.method, self.uri)),
            Qop::AuthInt => hash(format!("{}:{}:{}", self.method, self.uri, self.algorithm.hash(self.body))),
        };
        match self.qop {
            Qop::None => hash(format!("{secret}:{}:{asked}", self.nonce)),
            qop => {
                let (nonce, count, cnonce) = (self.nonce, self.count, self.cnonce);
                hash(format!("{secret}:{nonce}:{count}:{cnonce}:{}:{asked}", qop.as_str()))
            }
        }
    }
}

/// The fields of a header of the scheme Digest, names in lower case. `None`: another scheme, or text that never ends its quotes.
pub fn fields(value: &[u8]) -> Option<Vec<(String, String)>> {
    let text = std::str::from_utf8(value).ok()?.trim_start();
    let mut rest = text.get(..7).filter(|s| s.eq_ignore_ascii_case("digest ")).and_then(|_| text.get(7..))?;
    let mut fields = Vec::new();
    while fields.len() < FIELDS_MAX {
        rest = rest.trim_start_matches([' ', ',', '\t', '\r', '\n']);
        let Some((name, after)) = rest.split_once('=') else { break };
        let after = after.trim_start();
        let (value, next) = match after.strip_prefix('"') {
            Some(quoted) => unquoted(quoted)?,
            None => {
                let end = after.find(',').unwrap_or(after.len());
                (after[..end].trim().to_owned(), &after[end..])
            }
        };
        fields.push((name.trim().to_ascii_lowercase(), value));
        rest = next;
    }
    Some(fields)
}

pub fn field<'a>(fields: &'a [(String, String)], name: &str) -> Option<&'a str> {
    fields.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
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

/// For between quotes.
pub fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 2617 §3.5 and RFC 7616 §3.9.1; the others were calculated with hashlib of CPython.
    #[test]
    fn the_vectors() {
        let mufasa = |algorithm, password, nonce, cnonce| Sum {
            algorithm,
            username: "Mufasa",
            realm: "http-auth@example.org",
            password,
            nonce,
            count: "00000001",
            cnonce,
            session_cnonce: cnonce,
            qop: Qop::Auth,
            method: "GET",
            uri: "/dir/index.html",
            body: b"",
        };
        let nonce = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v";
        let cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";
        let with = |algorithm: &str, qop, body| Sum {
            qop,
            body,
            ..mufasa(Algorithm::parse(algorithm).unwrap(), "Circle of Life", nonce, cnonce)
        };
        let old = Sum {
            realm: "testrealm@host.com",
            ..mufasa(Algorithm::MD5, "Circle Of Life", "dcd98b7102dd2f0e8b11d0f600bfb0c093", "0a4f113b")
        };
        let doe = Sum {
            algorithm: Algorithm::parse("sha-512-256").unwrap(),
            username: "Jäsøn Doe",
            realm: "api@example.org",
            password: "Secret, or not?",
            nonce: "5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK",
            cnonce: "NTg6RKcb9boFIAS3KrFK9BGeh+niz/sm",
            uri: "/doe.json",
            ..mufasa(Algorithm::MD5, "", "", "")
        };
        for (sum, expected) in [
            (old, "6629fae49393a05397450978507c4ef1"),
            (with("MD5", Qop::Auth, b""), "8ca523f5e9506fed4657c9700eebdbec"),
            (with("SHA-256", Qop::Auth, b""), "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
            (doe, "7a4e1192babbba02e91182d2895bfdbf7adafc6e48d4e517ca301974843d840c"),
            (with("MD5", Qop::None, b""), "7b2cc3b30e75b4777ea31027084363fd"),
            (with("MD5-sess", Qop::Auth, b""), "e783283f46242139c486a698fec7211d"),
            (with("SHA-256-sess", Qop::Auth, b""), "2fd51b3a77ad75bad6afad6003e818d767133c46d9e2749e7f5232ae1ea3efd7"),
            (with("MD5", Qop::AuthInt, b"v=0\r\n"), "d1b8e2ac3f6782372de4bf3d8735b406"),
            (
                with("SHA-256", Qop::AuthInt, b"v=0\r\n"),
                "385d2de062660ced11876f42d9497c69cacf5caaf3d951dd424aee9f7157d563",
            ),
        ] {
            assert_eq!(sum.response(), expected, "{} {}", sum.algorithm.as_str(), sum.qop.as_str());
        }
    }

    #[test]
    fn fields_as_written() {
        let read = fields(br#"DIGEST realm="a, \"b\"" , qop="auth,auth-int",nc=00000001,  Stale = TRUE, x"#).unwrap();
        for (name, value) in [("realm", "a, \"b\""), ("qop", "auth,auth-int"), ("nc", "00000001"), ("stale", "TRUE")] {
            assert_eq!(field(&read, name), Some(value));
        }
        assert_eq!(field(&read, "x"), None);
        for nonsense in ["", "Basic x=y", "Digest", "Digest realm=\"net", "Digest realm=\"net\\"] {
            assert!(fields(nonsense.as_bytes()).is_none(), "{nonsense}");
        }
        assert_eq!(fields(b"Digest =,=,=").map(|f| f.len()), Some(3));
        assert_eq!(Algorithm::parse("UNHEARD"), None);
        assert!(Algorithm::MD5 < Algorithm::SHA_256);
    }
}
