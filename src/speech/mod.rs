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
pub mod markup;
mod say;
mod telephone;
mod text;
pub mod vocabulary;

pub use format::{CASES, FORMATS, FormatError, GENDERS};
pub use lang::{NoForm, has_grammar, languages};
pub use say::{NoGrammar, Said, ValueSpan, say, say_pieces, say_sentences, say_whole};
pub use text::is_mark;

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
    /// A value that stands in the text itself: `<say-as interpret-as="digits">4321</say-as>`.
    Literal {
        value: Spoken,
        format: Format,
    },
    /// From here on, until the next.
    Manner(Manner),
    /// Silence beside what the marks ask for, in milliseconds.
    Break(u16),
}

/// How a stretch is spoken, against the voice's own way. The small part of SSML 1.1 that a telephone can carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Manner {
    /// 50..=200; 100 is the voice's own.
    pub rate_percent: u16,
    /// 50..=200; 100 is the voice's own.
    pub pitch_percent: u16,
    /// −20..=6, against the loudness common to all.
    pub volume_db: i8,
}

impl Default for Manner {
    fn default() -> Manner {
        Manner { rate_percent: 100, pitch_percent: 100, volume_db: 0 }
    }
}

/// How a slot's value is spoken: the word after `|`. Not every language has every case: see [`has_grammar`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// Names and other text, as they stand.
    Plain,
    Money(Case),
    /// Without a case: the form in which the language usually gives a date («двадцать пятого ноября»).
    Date(DateStyle, Option<Case>),
    /// A cardinal; the gender in which "one" and "two" are said.
    Number(Gender, Case),
    Ordinal(Gender, Case),
    /// A number of days, hours, per cent, with the noun: «двадцать один день».
    Count(Measure, Case),
    /// A number of seconds, in hours, minutes and seconds.
    Duration(Case),
    /// One by one, grouped as people say them.
    Digits,
    /// A telephone number, grouped and read as people of the language do.
    Phone,
    /// A time of day: hours and minutes. Without a case: as a clock is read.
    Time(Option<Case>),
}

/// Which words a date is given in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DateStyle {
    /// Day and month; the year too when it is not this year.
    Day,
    /// With the day of the week before it.
    Weekday,
    /// Today, tomorrow, Wednesday the third; farther away as `Day`. Answers "when".
    Relative,
}

/// What can be counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Measure {
    Seconds,
    Minutes,
    Hours,
    Days,
    Weeks,
    Months,
    Years,
    Percent,
}

/// Grammatical case, for languages that have it. `Money` stands in the nominative unless the template says otherwise:
/// `{amount | money accusative}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Case {
    Nominative,
    Genitive,
    Dative,
    Accusative,
    Instrumental,
    /// Also called locative.
    Prepositional,
    Ablative,
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
    /// In whose name we call: creditors may have voices of their own.
    pub creditor: String,
    /// A file under `prompts/<language>/`, preferred when it exists.
    pub audio: Option<String>,
    pub said: Said,
}

impl Utterance {
    /// Words for a synthesizer, in nobody's name.
    pub fn new(language: Language, text: impl Into<String>) -> Utterance {
        Utterance { language, creditor: String::new(), audio: None, said: Said::plain(text) }
    }
}
