//! The word after `|` in a slot, as it is written: `money`, `money accusative`, `number feminine dative`, `date weekday`.

use std::fmt;
use std::str::FromStr;

use super::{Case, DateStyle, Format, Gender, Measure};

/// What was written is no format.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{written}` is no way to speak a value: instead of `{wrong}` expected {}", expected.join(", "))]
pub struct FormatError {
    /// All that was written.
    pub written: String,
    /// The first word that does not belong.
    pub wrong: String,
    /// What may stand there; "nothing" when nothing may.
    pub expected: Vec<&'static str>,
}

/// The first words.
pub const FORMATS: [&str; 17] = [
    "plain", "money", "date", "time", "number", "ordinal", "digits", "phone", "duration", "seconds", "minutes",
    "hours", "days", "weeks", "months", "years", "percent",
];

pub const CASES: [(&str, Case); 8] = [
    ("nominative", Case::Nominative),
    ("genitive", Case::Genitive),
    ("dative", Case::Dative),
    ("accusative", Case::Accusative),
    ("instrumental", Case::Instrumental),
    ("prepositional", Case::Prepositional),
    ("locative", Case::Prepositional),
    ("ablative", Case::Ablative),
];

pub const GENDERS: [(&str, Gender); 3] =
    [("masculine", Gender::Masculine), ("feminine", Gender::Feminine), ("neuter", Gender::Neuter)];

const STYLES: [(&str, DateStyle); 2] = [("weekday", DateStyle::Weekday), ("relative", DateStyle::Relative)];

const MEASURES: [(&str, Measure); 8] = [
    ("seconds", Measure::Seconds),
    ("minutes", Measure::Minutes),
    ("hours", Measure::Hours),
    ("days", Measure::Days),
    ("weeks", Measure::Weeks),
    ("months", Measure::Months),
    ("years", Measure::Years),
    ("percent", Measure::Percent),
];

fn find<T: Copy>(word: &str, table: &[(&str, T)]) -> Option<T> {
    table.iter().find(|(name, _)| *name == word).map(|(_, value)| *value)
}

fn name<T: PartialEq>(value: T, table: &[(&'static str, T)]) -> &'static str {
    table.iter().find(|(_, v)| *v == value).map(|(name, _)| *name).expect("each is in its table")
}

/// The words after the first, taken off one by one.
struct Words<'w> {
    rest: Vec<&'w str>,
    /// What might have stood where the next word stands.
    expected: Vec<&'static str>,
}

impl Words<'_> {
    fn take<T: Copy>(&mut self, table: &[(&'static str, T)]) -> Option<T> {
        match self.rest.first().and_then(|word| find(word, table)) {
            Some(value) => {
                self.rest.remove(0);
                self.expected.clear();
                Some(value)
            }
            None => {
                self.expected.extend(table.iter().map(|(name, _)| *name));
                None
            }
        }
    }

    fn case(&mut self) -> Option<Case> {
        self.take(&CASES)
    }
}

impl FromStr for Format {
    type Err = FormatError;

    /// Nothing is `plain`. A gender or a style stands before a case.
    fn from_str(s: &str) -> Result<Format, FormatError> {
        let mut all = s.split_whitespace();
        let kind = all.next().unwrap_or("plain");
        let mut words = Words { rest: all.collect(), expected: Vec::new() };
        let error = |wrong: &str, expected: Vec<&'static str>| FormatError {
            written: s.trim().to_owned(),
            wrong: wrong.to_owned(),
            expected: if expected.is_empty() { vec!["nothing"] } else { expected },
        };
        let nominative = |case: Option<Case>| case.unwrap_or(Case::Nominative);
        let format = match kind {
            "plain" => Format::Plain,
            "digits" => Format::Digits,
            "phone" => Format::Phone,
            "money" => Format::Money(nominative(words.case())),
            "date" => match words.take(&STYLES) {
                Some(DateStyle::Relative) => Format::Date(DateStyle::Relative, None),
                style => Format::Date(style.unwrap_or(DateStyle::Day), words.case()),
            },
            "time" => Format::Time(words.case()),
            "number" | "ordinal" => {
                let gender = words.take(&GENDERS).unwrap_or(Gender::Masculine);
                let case = nominative(words.case());
                if kind == "number" { Format::Number(gender, case) } else { Format::Ordinal(gender, case) }
            }
            "duration" => Format::Duration(nominative(words.case())),
            other => match find(other, &MEASURES) {
                Some(measure) => Format::Count(measure, nominative(words.case())),
                None => return Err(error(other, FORMATS.to_vec())),
            },
        };
        match words.rest.first() {
            None => Ok(format),
            Some(wrong) => Err(error(wrong, words.expected)),
        }
    }
}

/// As short as it can be written.
impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mut gender, mut style, mut case) = (Gender::Masculine, DateStyle::Day, None);
        let kind = match *self {
            Format::Plain => "plain",
            Format::Digits => "digits",
            Format::Phone => "phone",
            Format::Money(c) => {
                case = Some(c).filter(|c| *c != Case::Nominative);
                "money"
            }
            Format::Date(s, c) => {
                (style, case) = (s, c);
                "date"
            }
            Format::Time(c) => {
                case = c;
                "time"
            }
            Format::Number(g, c) | Format::Ordinal(g, c) => {
                (gender, case) = (g, Some(c).filter(|c| *c != Case::Nominative));
                if matches!(self, Format::Number(..)) { "number" } else { "ordinal" }
            }
            Format::Count(measure, c) => {
                case = Some(c).filter(|c| *c != Case::Nominative);
                name(measure, &MEASURES)
            }
            Format::Duration(c) => {
                case = Some(c).filter(|c| *c != Case::Nominative);
                "duration"
            }
        };
        f.write_str(kind)?;
        if gender != Gender::Masculine {
            write!(f, " {}", name(gender, &GENDERS))?;
        }
        if style != DateStyle::Day {
            write!(f, " {}", name(style, &STYLES))?;
        }
        case.map_or(Ok(()), |case| write!(f, " {}", name(case, &CASES)))
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(name(*self, &CASES))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn written_and_read() {
        for (written, format) in [
            ("", Ok(Format::Plain)),
            ("money", Ok(Format::Money(Case::Nominative))),
            (" money  accusative ", Ok(Format::Money(Case::Accusative))),
            ("date", Ok(Format::Date(DateStyle::Day, None))),
            ("date nominative", Ok(Format::Date(DateStyle::Day, Some(Case::Nominative)))),
            ("date weekday accusative", Ok(Format::Date(DateStyle::Weekday, Some(Case::Accusative)))),
            ("date relative", Ok(Format::Date(DateStyle::Relative, None))),
            ("date locative", Ok(Format::Date(DateStyle::Day, Some(Case::Prepositional)))),
            ("number", Ok(Format::Number(Gender::Masculine, Case::Nominative))),
            ("number feminine", Ok(Format::Number(Gender::Feminine, Case::Nominative))),
            ("number dative", Ok(Format::Number(Gender::Masculine, Case::Dative))),
            ("ordinal neuter genitive", Ok(Format::Ordinal(Gender::Neuter, Case::Genitive))),
            ("days", Ok(Format::Count(Measure::Days, Case::Nominative))),
            ("percent dative", Ok(Format::Count(Measure::Percent, Case::Dative))),
            ("duration", Ok(Format::Duration(Case::Nominative))),
            ("digits", Ok(Format::Digits)),
            ("phone", Ok(Format::Phone)),
            ("time", Ok(Format::Time(None))),
            ("time genitive", Ok(Format::Time(Some(Case::Genitive)))),
            ("digits dative", Err("instead of `dative` expected nothing")),
            ("date relative dative", Err("instead of `dative` expected nothing")),
            ("date dative weekday", Err("instead of `weekday` expected nothing")),
            ("money accusative please", Err("instead of `please` expected nothing")),
            ("number feminin", Err("instead of `feminin` expected masculine, feminine, neuter, nominative")),
            ("number feminine datve", Err("instead of `datve` expected nominative, genitive")),
            ("monye", Err("instead of `monye` expected plain, money, date")),
        ] {
            match (written.parse::<Format>(), format) {
                (Ok(found), Ok(format)) => {
                    assert_eq!(found, format, "{written:?}");
                    assert_eq!(format.to_string().parse(), Ok(format));
                }
                (Err(error), Err(expected)) => assert!(error.to_string().contains(expected), "{written:?}: {error}"),
                (found, format) => panic!("{written:?}: {found:?}, expected {format:?}"),
            }
        }
        for word in FORMATS {
            assert_eq!(word.parse::<Format>().expect(word).to_string(), word);
        }
    }
}
