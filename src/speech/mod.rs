//! Speech in words: a message's template, values and a language → the exact words and recordings to be heard.
//!
//! Pure. Makes no audio (that is `voice`), picks no voice. Numbers, money and dates become words here, since every
//! synthesizer reads them wrongly in Russian. Start at [`Template`] and [`Utterance`].

use std::time::Duration;

use jiff::civil::{Date, Time};

use crate::language::Language;
use crate::money::Money;

mod format;
mod lang;
mod say;
mod sentence;
mod text;

pub use format::FormatError;
pub use lang::{has_grammar, speakable};
pub use say::{NoGrammar, say, say_pieces};
pub use sentence::sentences;

/// About how long so many letters take to say: measured on both of our voices, 14 a second.
pub fn length_estimate(letters: usize) -> Duration {
    Duration::from_millis(letters as u64 * 1000 / 14)
}

/// A message's text, cut at its slots: `"You owe {contact.amount | money}."`
#[derive(Debug, Clone, PartialEq)]
pub struct Template(pub Vec<Piece>);

#[derive(Debug, Clone, PartialEq)]
pub enum Piece {
    Text(String),
    /// `slot` is an index chosen by the flow compiler; the value is given at rendering.
    Slot {
        slot: usize,
        format: Format,
    },
}

/// How a slot's value is spoken: the word after `|`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// Names and other text, as they stand.
    Plain,
    Money(Case),
    Date(Case),
    /// A cardinal; the gender in which "one" and "two" are said.
    Number(Gender),
    /// One by one, grouped as people say them.
    Digits,
    /// A time of day: hours and minutes.
    Time,
}

/// Grammatical case, for languages that have it. `Money` stands in the nominative and `Date` in the genitive unless the
/// template says otherwise: `{amount | money accusative}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Case {
    Nominative,
    Genitive,
    Dative,
    Accusative,
    Instrumental,
    Prepositional,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Gender {
    Masculine,
    Feminine,
    Neuter,
}

/// A value a slot can hold.
#[derive(Debug, Clone, PartialEq)]
pub enum Spoken {
    Text(String),
    Money(Money),
    Date(Date),
    Number(i64),
    Digits(String),
    Time(Time),
}

/// One stretch of audio: played whole, rendered once, cached by its content.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Utterance {
    pub language: Language,
    /// A file under `prompts/<language>/`, preferred when it exists.
    pub audio: Option<String>,
    /// Words only, ready for a synthesizer: no digits, no signs.
    pub text: String,
}
