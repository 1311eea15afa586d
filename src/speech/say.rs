//! Templates and values into words.

use jiff::civil::Date;

use super::lang::{Grammar, grammar};
use super::text::{bare, tidy, written};
use super::{Case, Format, Gender, Piece, Spoken, Template};
use crate::language::Language;

/// Why a template cannot be said. The flow compiler rules the first and the third out; the second is a missing optional
/// field whose message nobody guarded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoGrammar {
    #[error("numbers, money and dates of the language `{0}` cannot be spoken: it has no file in src/speech/lang")]
    Language(Language),
    #[error("slot {slot} has no value")]
    Missing { slot: usize },
    #[error("slot {slot} cannot be spoken as `{format}`: its value is {value}")]
    Mismatch { slot: usize, format: Format, value: &'static str },
}

/// The whole message in words only: no digits, no signs. `today` decides whether a date's year is said.
/// A message without slots or digits can be said in any language.
pub fn say(
    template: &Template,
    value: impl Fn(usize) -> Option<Spoken>,
    language: Language,
    today: Date,
) -> Result<String, NoGrammar> {
    let mut words = String::new();
    for piece in &template.0 {
        match piece {
            Piece::Text(text) => words.push_str(&written(text, language)?),
            Piece::Slot { slot, format } => {
                let spoken = value(*slot).ok_or(NoGrammar::Missing { slot: *slot })?;
                let units = units(*slot, &spoken, *format, language, today)?;
                words.push_str(&match *format {
                    Format::Digits => grouped(&units),
                    _ => units.concat(),
                });
            }
        }
    }
    Ok(tidy(&words))
}

/// The same message as strings to be rendered apart and played without a gap: one per stretch of text, one per value, one
/// per digit of digits. So a value that is only known in the call can be ready before it.
pub fn say_pieces(
    template: &Template,
    value: impl Fn(usize) -> Option<Spoken>,
    language: Language,
    today: Date,
) -> Result<Vec<String>, NoGrammar> {
    let mut pieces = Vec::new();
    for piece in &template.0 {
        match piece {
            Piece::Text(text) => pieces.push(bare(&written(text, language)?)),
            Piece::Slot { slot, format } => {
                let spoken = value(*slot).ok_or(NoGrammar::Missing { slot: *slot })?;
                let units = units(*slot, &spoken, *format, language, today)?;
                pieces.extend(units.iter().map(|unit| bare(unit)));
            }
        }
    }
    pieces.retain(|piece| !piece.is_empty());
    Ok(pieces)
}

/// The value in words; digits are one unit each, all else is one unit.
fn units(
    slot: usize,
    spoken: &Spoken,
    format: Format,
    language: Language,
    today: Date,
) -> Result<Vec<String>, NoGrammar> {
    let mismatch = |value| NoGrammar::Mismatch { slot, format, value };
    if let (Format::Plain, Spoken::Text(text)) = (format, spoken) {
        return Ok(vec![written(text, language)?]);
    }
    let grammar = grammar(language).ok_or(NoGrammar::Language(language))?;
    let one = |words: String| Ok(vec![words]);
    match (format, spoken) {
        (Format::Plain, Spoken::Money(m)) => one(grammar.money(*m, Case::Nominative)),
        (Format::Plain, Spoken::Number(n)) => one(grammar.cardinal(*n, Gender::Masculine)),
        (Format::Plain, Spoken::Date(d)) => {
            date(grammar, *d, Case::Genitive, today).ok_or(mismatch(YEAR)).and_then(one)
        }
        (Format::Plain | Format::Digits, Spoken::Digits(digits)) => Ok(one_by_one(digits, grammar)),
        (Format::Digits, Spoken::Text(text)) if is_digits(text) => Ok(one_by_one(text, grammar)),
        (Format::Digits, Spoken::Number(n @ 0..)) => Ok(one_by_one(&n.to_string(), grammar)),
        (Format::Number(gender), Spoken::Number(n)) => one(grammar.cardinal(*n, gender)),
        (Format::Number(gender), Spoken::Text(digits) | Spoken::Digits(digits)) if is_digits(digits) => {
            digits.parse().map(|n| vec![grammar.cardinal(n, gender)]).map_err(|_| mismatch("too large a number"))
        }
        (Format::Money(case), Spoken::Money(m)) => one(grammar.money(*m, case)),
        (Format::Date(case), Spoken::Date(d)) => date(grammar, *d, case, today).ok_or(mismatch(YEAR)).and_then(one),
        (Format::Plain | Format::Time, Spoken::Time(t)) => {
            one(grammar.clock(i64::from(t.hour()), i64::from(t.minute())))
        }
        (_, Spoken::Time(_)) => Err(mismatch("a time of day")),
        (_, Spoken::Text(_)) => Err(mismatch("text")),
        (_, Spoken::Money(_)) => Err(mismatch("money")),
        (_, Spoken::Date(_)) => Err(mismatch("a date")),
        (_, Spoken::Number(_)) => Err(mismatch("a number")),
        (_, Spoken::Digits(_)) => Err(mismatch("digits")),
    }
}

const YEAR: &str = "a date before the year one";

fn date(grammar: &dyn Grammar, date: Date, case: Case, today: Date) -> Option<String> {
    grammar.date(date, case, today)
}

fn is_digits(s: &str) -> bool {
    !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit())
}

/// Spaces and dashes between the digits are not said.
fn one_by_one(digits: &str, grammar: &dyn Grammar) -> Vec<String> {
    digits.bytes().filter(u8::is_ascii_digit).map(|b| grammar.digit(b - b'0').to_owned()).collect()
}

/// More than four digits get commas, so that a voice makes pauses as people do: in threes, with a rest of four as two
/// pairs.
fn grouped(digits: &[String]) -> String {
    if digits.len() <= 4 {
        return digits.join(" ");
    }
    let mut groups = Vec::new();
    let mut rest = digits;
    while !rest.is_empty() {
        let take = if matches!(rest.len(), 2 | 4) { 2 } else { rest.len().min(3) };
        groups.push(rest[..take].join(" "));
        rest = &rest[take..];
    }
    groups.join(", ")
}
