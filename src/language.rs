//! A language by its ISO 639-1 code.

use std::fmt;

/// Two lower-case letters: `ru`, `en`. Which languages can be spoken is for `speech` to say.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Language([u8; 2]);

impl Language {
    pub const RU: Language = Language(*b"ru");
    pub const EN: Language = Language(*b"en");

    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.0).expect("two ASCII letters")
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a language is two lower-case letters, for example ru or en")]
pub struct LanguageError;

impl std::str::FromStr for Language {
    type Err = LanguageError;
    fn from_str(s: &str) -> Result<Language, LanguageError> {
        match s.as_bytes() {
            [a, b] if a.is_ascii_lowercase() && b.is_ascii_lowercase() => Ok(Language([*a, *b])),
            _ => Err(LanguageError),
        }
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Debug for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}
