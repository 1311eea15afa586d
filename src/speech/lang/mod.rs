//! The languages that can be spoken: one file each, data and grammar together. To add one, see `speech/README.md`.

use jiff::civil::{Date, Weekday};

use super::{Case, DateStyle, Format, Gender, Measure};
use crate::language::Language;
use crate::money::{Currency, Money};

mod de;
mod en;
mod es;
mod fr;
mod kk;
mod pl;
mod ru;
mod tr;
mod uk;

/// What a language must know. Everything returned is words: no digits, no signs, single spaces.
///
/// Cases that the language does not have are never asked for: see [`Grammar::cases`].
pub(super) trait Grammar: Sync {
    /// The cases of the language. Empty: it has none, and whatever case is asked for, the form is the same.
    fn cases(&self) -> &'static [Case];

    /// `gender` is that of the thing counted. Any `n`.
    fn cardinal(&self, n: i64, gender: Gender, case: Case) -> String;

    /// `gender` is that of the thing numbered. Any `n`, zero and negative too.
    fn ordinal(&self, n: i64, gender: Gender, case: Case) -> String;

    /// Zero sub-units are not said; nor are zero units beside sub-units.
    fn money(&self, money: Money, case: Case) -> String;

    /// A number of days, hours, per cent, with the noun in the form that the number asks for. Any `n`.
    fn count(&self, n: i64, measure: Measure, case: Case) -> String;

    /// Day and month, and the year when `year`; years 1 to 9999. Without a case: as a date is usually given.
    fn date(&self, date: Date, year: bool, case: Option<Case>) -> String;

    /// The day of the week that stands before a date. Without a case: as it is usually given.
    fn weekday(&self, weekday: Weekday, case: Option<Case>) -> &'static str;

    /// The day of the week and the date.
    fn with_weekday(&self, date: Date, year: bool, case: Option<Case>) -> String {
        format!("{}, {}", self.weekday(date.weekday(), case), self.date(date, year, case))
    }

    /// A date that answers "when", where that takes more than the date: «am fünfundzwanzigsten November».
    fn on_day(&self, date: Date, year: bool) -> String {
        self.date(date, year, None)
    }

    /// A day of the coming week, of which the month need not be said: "Wednesday the third", «в среду третьего». Answers
    /// "when".
    fn near(&self, date: Date) -> String;

    /// A day so many days from today for which there is a word: 0 today, 1 tomorrow, −1 yesterday.
    fn around(&self, days: i64) -> Option<&'static str>;

    /// 0–9, by itself.
    fn digit(&self, digit: u8) -> &'static str;

    /// How one group of two to four digits of a telephone number is read, where that is not one by one: «шестьдесят семь».
    fn telephone_group(&self, digits: &str) -> String {
        let digits: Vec<&str> = digits.bytes().map(|b| self.digit(b - b'0')).collect();
        digits.join(" ")
    }

    /// The mark that people write between the thousands of a number, beside spaces: "12,345". Where it is `None`, a comma
    /// and a point before three digits begin a fraction.
    fn thousands_mark(&self) -> Option<char> {
        None
    }

    /// `3.5` in a text: the whole part and the digits after the point (at least one).
    fn decimal(&self, whole: i64, fraction: &str) -> String;

    /// `31 декабря`, `2026 года` in a text: a day before its month and a year before its word, in the form in which a date is usually
    /// given. `word` is lower case. `None`: the word says nothing of the number's form.
    fn before_word(&self, _n: i64, _word: &str) -> Option<String> {
        None
    }

    /// `25th`, `25-го` in a text: a number with the letters written after it, in lower case. `None`: they make no ordinal,
    /// nor any other word of the language (`4-значный`).
    fn written_ordinal(&self, n: i64, ending: &str) -> Option<String>;

    /// `1'e` in a text: what was just said of a number or sign, with the case or the like that the letters after the apostrophe
    /// stand for («bire»). `None`: the language does not write so, or the letters stand for something else.
    fn suffixed(&self, _words: &str, _letters: &str) -> Option<String> {
        None
    }

    /// Hour 0–23, minute 0–59. Without a case: as a clock is read.
    fn clock(&self, hour: i64, minute: i64, case: Option<Case>) -> String;

    /// `pm`, `a.m.` in a text, written after a time of twelve hours: whether it is the second half of the day, and how many
    /// characters it is, with the spaces before it. `after` is all that follows the time. `None`: nothing of it is written.
    fn half_of_day(&self, _after: &[char]) -> Option<(bool, usize)> {
        None
    }

    /// Whole seconds in days, hours, minutes and seconds, of which zeros are not said.
    fn duration(&self, seconds: i64, case: Case) -> String {
        let parts = [(86_400, Measure::Days), (3_600, Measure::Hours), (60, Measure::Minutes), (1, Measure::Seconds)];
        let mut rest = seconds;
        let mut words = Vec::new();
        for (length, measure) in parts {
            // Only the first says that it is less than zero.
            let n = if words.is_empty() { rest / length } else { (rest / length).abs() };
            rest %= length;
            if n != 0 {
                words.push(self.count(n, measure, case));
            }
        }
        if words.is_empty() { self.count(0, Measure::Seconds, case) } else { words.join(" ") }
    }

    /// A sign in a text, such as `%`, `#` or the minus `−`; `None`: the sign is not said. `counted` is the number it belongs
    /// to.
    fn sign(&self, sign: char, counted: Counted) -> Option<&'static str>;
}

/// The number beside a sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Counted {
    Nothing,
    Whole(i64),
    Decimal,
}

/// The currency that a sign in a text stands for. Złoty have no sign of their own.
pub(super) fn of_sign(sign: char) -> Option<Currency> {
    match sign {
        '₽' => Some(Currency::Rub),
        '$' => Some(Currency::Usd),
        '€' => Some(Currency::Eur),
        '£' => Some(Currency::Gbp),
        '₸' => Some(Currency::Kzt),
        '₴' => Some(Currency::Uah),
        '₺' => Some(Currency::Try),
        _ => None,
    }
}

/// Every language that has a grammar, by code.
const GRAMMARS: &[(&str, &dyn Grammar)] = &[
    ("de", &de::German),
    ("en", &en::English),
    ("es", &es::Spanish),
    ("fr", &fr::French),
    ("kk", &kk::Kazakh),
    ("pl", &pl::Polish),
    ("ru", &ru::Russian),
    ("tr", &tr::Turkish),
    ("uk", &uk::Ukrainian),
];

pub(super) fn grammar(language: Language) -> Option<&'static dyn Grammar> {
    GRAMMARS.iter().find(|(code, _)| *code == language.code()).map(|(_, grammar)| *grammar)
}

/// The languages whose numbers, money and dates can be said.
pub fn languages() -> impl Iterator<Item = Language> {
    GRAMMARS.iter().map(|(code, _)| code.parse().expect("codes are two letters"))
}

/// Why no value of a format can be said in a language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoForm {
    #[error("numbers, money and dates of the language `{0}` cannot be spoken: it has no file in src/speech/lang")]
    Language(Language),
    #[error("the language `{0}` has no {1} case")]
    Case(Language, Case),
}

/// That every value of this format can be said in this language. `Plain` text can be said in any: it stands as written.
pub fn has_grammar(language: Language, format: Format) -> Result<(), NoForm> {
    let case = match format {
        Format::Plain => return Ok(()),
        Format::Digits | Format::Phone | Format::Date(DateStyle::Relative, _) => None,
        Format::Money(case) | Format::Number(_, case) | Format::Ordinal(_, case) => Some(case),
        Format::Count(_, case) | Format::Duration(case) => Some(case),
        Format::Date(_, case) | Format::Time(case) => case,
    };
    let grammar = grammar(language).ok_or(NoForm::Language(language))?;
    match case {
        Some(case) if !grammar.cases().is_empty() && !grammar.cases().contains(&case) => {
            Err(NoForm::Case(language, case))
        }
        _ => Ok(()),
    }
}

/// Groups of three digits of `n`, the highest first, with the power of a thousand each stands for.
fn thousands(mut n: u64) -> Vec<(u32, u64)> {
    let mut groups = Vec::new();
    let mut power = 0;
    while n > 0 {
        groups.push((power, n % 1000));
        n /= 1000;
        power += 1;
    }
    groups.reverse();
    groups.retain(|(_, group)| *group > 0);
    groups
}
