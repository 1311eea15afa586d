//! How numbers and people stand on the list of those who are not to be called: as keyed hashes (HMAC-SHA-256), which tell whether
//! somebody is on the list and not who is.
//!
//! What that is worth. Telephone numbers are few: whoever has the key tries all of them in hours. The key lies in the database, so a hash
//! does not hide a number from who has the whole database. It hides it from all others: the list may be looked at, printed and copied, and
//! an erased person's number stands nowhere to be read or found by accident. Beside the database, a key that is lost would take the whole
//! list with it, and those who asked to be left alone would be called again.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::outcome::Disposition;
use crate::phone::PhoneNumber;
use crate::time::Wall;

/// 32 bytes, made once an installation and never changed: with another key, nobody is on the list.
#[derive(Clone, PartialEq, Eq)]
pub struct SuppressionKey([u8; 32]);

/// 64 hexadecimal digits. Shown as the first twelve, which name a line of the list.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SuppressionHash(String);

impl SuppressionKey {
    /// Of books in memory, which nobody else can read and which are gone with the process.
    pub const OF_MEMORY: SuppressionKey = SuppressionKey([7; 32]);

    /// As the database has it. `None`: not 64 hexadecimal digits.
    pub fn from_hex(hex: &str) -> Option<SuppressionKey> {
        let mut key = [0; 32];
        if hex.len() != 64 || !hex.is_ascii() {
            return None;
        }
        for (n, byte) in key.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&hex[2 * n..2 * n + 2], 16).ok()?;
        }
        Some(SuppressionKey(key))
    }

    pub fn number(&self, number: &PhoneNumber) -> SuppressionHash {
        self.hash("number", number.full())
    }

    /// `external_id`: the creditor's own key, the CSV's `contact_id`.
    pub fn contact(&self, external_id: &str) -> SuppressionHash {
        self.hash("contact", external_id)
    }

    /// The CSV's `person_id`.
    pub fn person(&self, person: &str) -> SuppressionHash {
        self.hash("person", person)
    }

    /// By which of the list's lines somebody may be known.
    pub fn persons(&self, external_id: &str, person: Option<&str>) -> Vec<SuppressionHash> {
        std::iter::once(self.contact(external_id)).chain(person.map(|person| self.person(person))).collect()
    }

    /// Each kind of name has its own hashes: a contact that is called like a person is not taken for it.
    fn hash(&self, kind: &str, name: &str) -> SuppressionHash {
        let mut mac: Hmac<Sha256> = Hmac::new_from_slice(&self.0).expect("HMAC takes keys of any length");
        mac.update(kind.as_bytes());
        mac.update(&[0]);
        mac.update(name.as_bytes());
        let bytes = mac.finalize().into_bytes();
        let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).expect("four bits");
        SuppressionHash(bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect())
    }
}

impl fmt::Debug for SuppressionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SuppressionKey(•••)")
    }
}

impl SuppressionHash {
    /// All of it, for storing.
    pub fn full(&self) -> &str {
        &self.0
    }
}

impl std::str::FromStr for SuppressionHash {
    type Err = String;
    fn from_str(s: &str) -> Result<SuppressionHash, String> {
        let whole = s.len() == 64 && s.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        whole.then(|| SuppressionHash(s.into())).ok_or_else(|| "expected 64 hexadecimal digits".into())
    }
}

impl fmt::Display for SuppressionHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0[..12])
    }
}

impl fmt::Debug for SuppressionHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A number not to be called, whoever has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SuppressedNumber {
    pub hash: SuppressionHash,
    pub reason: Disposition,
    pub at: Wall,
}

/// One that was, and was taken off the list by hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReleasedNumber {
    pub hash: SuppressionHash,
    /// Why it was listed, and since when.
    pub reason: Disposition,
    pub since: Wall,
    /// Why it no longer is, in plain words.
    pub why: String,
    pub at: Wall,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_of_its_kind_its_key_and_its_name() {
        let number: PhoneNumber = "+79161234567".parse().unwrap();
        let (a, b) = (SuppressionKey::OF_MEMORY, SuppressionKey::from_hex(&"0f".repeat(32)).unwrap());
        assert_eq!(a.number(&number), a.number(&number));
        assert_ne!(a.number(&number), b.number(&number));
        assert_ne!(a.contact("K1"), a.person("K1"));
        // HMAC-SHA-256 of "number\0+79161234567", by Python's `hmac`.
        let known = "fe2798060ca55ba24af5dff909e8006a04085712f7a7cf360200c9f5811f2984";
        assert_eq!(b.number(&number).full(), known);
        assert_eq!(known.parse(), Ok(b.number(&number)));
        assert_eq!(format!("{} {b:?}", b.number(&number)), format!("{} SuppressionKey(•••)", &known[..12]));
        for wrong in ["", "0f", &"0g".repeat(32), &"é".repeat(32)] {
            assert!(SuppressionKey::from_hex(wrong).is_none() && wrong.parse::<SuppressionHash>().is_err(), "{wrong}");
        }
    }
}
