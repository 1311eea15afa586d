//! The word after `|` in a slot, as it is written: `money`, `money accusative`, `number feminine`, `digits`.

use std::fmt;
use std::str::FromStr;

use super::{Case, Format, Gender};

/// What was written is no format.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no way to speak a value: expected `money`, `date` (with a case if need be: nominative, genitive, dative, \
     accusative, instrumental, prepositional), `number` (masculine, feminine, neuter), `digits`, `time`, or nothing"
)]
pub struct FormatError(pub String);

const CASES: [(&str, Case); 6] = [
    ("nominative", Case::Nominative),
    ("genitive", Case::Genitive),
    ("dative", Case::Dative),
    ("accusative", Case::Accusative),
    ("instrumental", Case::Instrumental),
    ("prepositional", Case::Prepositional),
];

const GENDERS: [(&str, Gender); 3] =
    [("masculine", Gender::Masculine), ("feminine", Gender::Feminine), ("neuter", Gender::Neuter)];

fn named<T: Copy>(word: Option<&str>, table: &[(&str, T)], absent: T) -> Option<T> {
    match word {
        None => Some(absent),
        Some(word) => table.iter().find(|(name, _)| *name == word).map(|(_, value)| *value),
    }
}

fn name<T: PartialEq>(value: T, table: &[(&'static str, T)]) -> &'static str {
    table.iter().find(|(_, v)| *v == value).map(|(name, _)| *name).expect("each is in its table")
}

impl FromStr for Format {
    type Err = FormatError;

    fn from_str(s: &str) -> Result<Format, FormatError> {
        let mut words = s.split_whitespace();
        let (kind, how, rest) = (words.next(), words.next(), words.next());
        let format = match (kind, rest) {
            (None, _) => Some(Format::Plain),
            (_, Some(_)) => None,
            (Some("money"), _) => named(how, &CASES, Case::Nominative).map(Format::Money),
            (Some("date"), _) => named(how, &CASES, Case::Genitive).map(Format::Date),
            (Some("number"), _) => named(how, &GENDERS, Gender::Masculine).map(Format::Number),
            (Some("digits"), _) if how.is_none() => Some(Format::Digits),
            (Some("plain"), _) if how.is_none() => Some(Format::Plain),
            (Some("time"), _) if how.is_none() => Some(Format::Time),
            _ => None,
        };
        format.ok_or_else(|| FormatError(s.trim().to_owned()))
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Format::Plain => f.write_str("plain"),
            Format::Money(case) => write!(f, "money {}", name(case, &CASES)),
            Format::Date(case) => write!(f, "date {}", name(case, &CASES)),
            Format::Number(gender) => write!(f, "number {}", name(gender, &GENDERS)),
            Format::Digits => f.write_str("digits"),
            Format::Time => f.write_str("time"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn written_and_read() {
        for (written, format) in [
            ("", Some(Format::Plain)),
            ("money", Some(Format::Money(Case::Nominative))),
            (" money  accusative ", Some(Format::Money(Case::Accusative))),
            ("date", Some(Format::Date(Case::Genitive))),
            ("date nominative", Some(Format::Date(Case::Nominative))),
            ("number", Some(Format::Number(Gender::Masculine))),
            ("number feminine", Some(Format::Number(Gender::Feminine))),
            ("digits", Some(Format::Digits)),
            ("time", Some(Format::Time)),
            ("digits dative", None),
            ("number dative", None),
            ("money accusative please", None),
            ("monye", None),
        ] {
            assert_eq!(written.parse::<Format>().ok(), format, "{written:?}");
            if let Some(format) = format {
                assert_eq!(format.to_string().parse(), Ok(format));
            }
        }
    }
}
