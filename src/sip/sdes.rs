//! Keys for encrypted audio as SDP carries them: `a=crypto` (RFC 4568). Only as safe as the signalling that carries them,
//! so that TLS belongs under it. Keys are never logged: `Debug` hides them.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Master key and salt together (RFC 4568 §6.1): 16 and 14 bytes.
pub const KEY_BYTES: usize = 30;

/// Lines read of one stream; more are not looked at.
pub const CRYPTOS_MAX: usize = 8;

/// How packets are encrypted and sealed (RFC 4568 §6.2). Both encrypt alike; the seal has 80 or 32 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Suite {
    AesCm128HmacSha1_80,
    AesCm128HmacSha1_32,
}

impl Suite {
    /// In the order in which they are offered.
    pub const ALL: [Suite; 2] = [Suite::AesCm128HmacSha1_80, Suite::AesCm128HmacSha1_32];

    pub fn as_str(self) -> &'static str {
        match self {
            Suite::AesCm128HmacSha1_80 => "AES_CM_128_HMAC_SHA1_80",
            Suite::AesCm128HmacSha1_32 => "AES_CM_128_HMAC_SHA1_32",
        }
    }
}

/// Master key and master salt, in this order.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct MasterKey([u8; KEY_BYTES]);

impl MasterKey {
    pub fn new(bytes: [u8; KEY_BYTES]) -> MasterKey {
        MasterKey(bytes)
    }

    /// The key itself. Rare and easy to search for.
    pub fn reveal(&self) -> &[u8; KEY_BYTES] {
        &self.0
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("•••")
    }
}

/// What encrypts a call's audio: each side chooses the key for what it sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Srtp {
    pub suite: Suite,
    /// For what we send.
    pub ours: MasterKey,
    /// For what we are sent.
    pub theirs: MasterKey,
}

/// One `a=crypto` line that can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Crypto {
    /// Names the line, so that the answer can say which was chosen.
    pub tag: u32,
    pub suite: Suite,
    pub key: MasterKey,
}

impl Crypto {
    /// The value of `a=crypto:`. `None` for what cannot be kept to: other suites, a second key, an MKI (it would stand
    /// in every packet), parameters that switch something off. A lifetime is read over: a call ends before 2^31 packets.
    pub fn parse(value: &str) -> Option<Crypto> {
        let mut words = value.split_ascii_whitespace();
        let tag = words.next()?;
        let tag = tag.parse().ok().filter(|_| tag.len() <= 9 && tag.bytes().all(|b| b.is_ascii_digit()))?;
        let suite = words.next()?;
        let suite = Suite::ALL.into_iter().find(|s| s.as_str().eq_ignore_ascii_case(suite))?;
        let (method, key) = words.next()?.split_once(':')?;
        if !method.eq_ignore_ascii_case("inline") || key.contains(';') {
            return None;
        }
        let mut parts = key.split('|');
        let key = STANDARD.decode(parts.next()?).ok()?.try_into().ok()?;
        // Of lifetime and MKI only the latter has a colon (§6.1).
        if parts.any(|part| part.contains(':')) {
            return None;
        }
        // The size of the replay window is our own affair (§6.3.7); any other parameter must be obeyed or refused.
        words.all(|p| p.get(..4).is_some_and(|name| name.eq_ignore_ascii_case("WSH="))).then_some(())?;
        Some(Crypto { tag, suite, key: MasterKey(key) })
    }
}

/// The line as it is written, and the only `Display` of a key: it belongs into SDP and nowhere else.
impl fmt::Display for Crypto {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a=crypto:{} {} inline:{}", self.tag, self.suite.as_str(), STANDARD.encode(self.key.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The key of RFC 4568 §6.1.
    const INLINE: &str = "inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz";

    #[test]
    fn lines() {
        for (value, expected) in [
            (format!("1 AES_CM_128_HMAC_SHA1_80 {INLINE}"), Some((1, Suite::AesCm128HmacSha1_80))),
            (format!("23 aes_cm_128_hmac_sha1_32 {INLINE}|2^20 WSH=64"), Some((23, Suite::AesCm128HmacSha1_32))),
            (format!("1 AES_CM_128_HMAC_SHA1_80 {INLINE}|2^20|1:4"), None),
            (format!("1 AES_CM_128_HMAC_SHA1_80 {INLINE} UNENCRYPTED_SRTP"), None),
            (format!("1 AES_CM_128_HMAC_SHA1_80 {INLINE};{INLINE}"), None),
            (format!("1 F8_128_HMAC_SHA1_80 {INLINE}"), None),
            (format!("+1 AES_CM_128_HMAC_SHA1_80 {INLINE}"), None),
            ("1 AES_CM_128_HMAC_SHA1_80 inline:AAAA".into(), None),
            ("1 AES_CM_128_HMAC_SHA1_80 inline:ééé".into(), None),
            ("1 AES_CM_128_HMAC_SHA1_80".into(), None),
            (String::new(), None),
        ] {
            assert_eq!(Crypto::parse(&value).map(|c| (c.tag, c.suite)), expected, "{value}");
        }
    }

    #[test]
    fn a_key_is_written_into_sdp_and_nowhere_else() {
        let line = format!("7 AES_CM_128_HMAC_SHA1_80 {INLINE}");
        let crypto = Crypto::parse(&line).unwrap();
        assert_eq!(crypto.to_string(), format!("a=crypto:{line}"));
        assert_eq!(&crypto.key.reveal()[..4], b"YS__");
        let shown = format!("{crypto:?} {:?}", Srtp { suite: crypto.suite, ours: crypto.key, theirs: crypto.key });
        assert!(!shown.contains("89") && shown.contains("•••"), "{shown}");
    }
}
