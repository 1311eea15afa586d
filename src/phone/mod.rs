//! A telephone number in E.164. Its `Display` hides the middle: a whole number in a log is a bug.

mod plan;

use std::fmt;

pub use crate::number_type::{Barred, NumberRules, NumberType};
pub use plan::Country;

/// `+` and 7 to 15 digits (ITU-T E.164). Shown as `+7916•••4567`; whole only by [`PhoneNumber::full`].
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PhoneNumber(String);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PhoneError {
    #[error("a number begins with + and the country code, for example +79161234567")]
    NoPlus,
    #[error("a number has 7 to 15 digits after the +")]
    Length,
    #[error("a number holds only digits after the +; spaces, brackets and hyphens are allowed between them")]
    Character,
    #[error("emergency and short numbers are never dialled")]
    Short,
    #[error("a number of +{0} has not so many digits")]
    Country(&'static str),
}

impl PhoneNumber {
    /// The whole number, for dialling and storing. Rare and easy to search for.
    pub fn full(&self) -> &str {
        &self.0
    }
}

impl std::str::FromStr for PhoneNumber {
    type Err = PhoneError;
    fn from_str(s: &str) -> Result<PhoneNumber, PhoneError> {
        let s = s.trim();
        if s.len() <= 4 && !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit()) {
            return Err(PhoneError::Short);
        }
        let rest = s.strip_prefix('+').ok_or(PhoneError::NoPlus)?;
        let mut number = String::from("+");
        for c in rest.chars() {
            match c {
                '0'..='9' => number.push(c),
                ' ' | '(' | ')' | '-' | '\u{a0}' | '\u{2009}' | '\u{2011}' | '\u{2013}' | '\u{202f}' => {}
                _ => return Err(PhoneError::Character),
            }
        }
        if !(8..=16).contains(&number.len()) || number.starts_with("+0") {
            return Err(PhoneError::Length);
        }
        Ok(PhoneNumber(number))
    }
}

impl fmt::Display for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = 5.min(self.0.len() - 4);
        let tail = if self.0.len() >= 11 { 4 } else { 2 };
        write!(f, "{}•••{}", &self.0[..shown], &self.0[self.0.len() - tail..])
    }
}

impl fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        for (written, expected) in [
            ("+79161234567", Ok("+79161234567")),
            (" +7 (916) 123-45-67 ", Ok("+79161234567")),
            ("+7\u{a0}916\u{202f}123\u{2011}45\u{2013}67", Ok("+79161234567")),
            ("79161234567", Err(PhoneError::NoPlus)),
            ("112", Err(PhoneError::Short)),
            ("+123", Err(PhoneError::Length)),
            ("+0123456789", Err(PhoneError::Length)),
            ("+7916123456789012", Err(PhoneError::Length)),
            ("+7916abc4567", Err(PhoneError::Character)),
            ("", Err(PhoneError::NoPlus)),
        ] {
            let parsed = written.parse::<PhoneNumber>();
            assert_eq!(parsed.as_ref().map(PhoneNumber::full), expected.as_ref().map(|s| *s), "{written:?}");
        }
    }

    #[test]
    fn shown_without_its_middle() {
        let number: PhoneNumber = "+79161234567".parse().unwrap();
        assert_eq!(format!("{number} {number:?}"), "+7916•••4567 +7916•••4567");
        assert_eq!("+1234567".parse::<PhoneNumber>().unwrap().to_string(), "+123•••67");
    }
}
