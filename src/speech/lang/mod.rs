//! The languages that can be spoken: one file each, data and grammar together. To add one, see `speech/README.md`.

use jiff::civil::Date;

use super::{Case, Format, Gender};
use crate::language::Language;
use crate::money::Money;

mod en;
mod ru;

/// What a language must know. Everything returned is words: no digits, no signs.
pub(super) trait Grammar: Sync {
    /// In the nominative; `gender` is that of the thing counted.
    fn cardinal(&self, n: i64, gender: Gender) -> String;

    /// Zero sub-units are not said; nor are zero units beside sub-units.
    fn money(&self, money: Money, case: Case) -> String;

    /// The year is said when it is not today's. `None` for years before 1.
    fn date(&self, date: Date, case: Case, today: Date) -> Option<String>;

    /// 0–9, by itself.
    fn digit(&self, digit: u8) -> &'static str;

    /// `3.5` in a text: the whole part and the digits after the point (at least one).
    fn decimal(&self, whole: i64, fraction: &str) -> String;

    /// `25th`, `25-го` in a text: a number with the letters written after it. `None`: they make no ordinal.
    fn ordinal(&self, n: i64, ending: &str) -> Option<String>;

    /// `9:05` in a text. Hour 0–23, minute 0–59.
    fn clock(&self, hour: i64, minute: i64) -> String;

    /// A sign in a text, such as `%` or `#`; `None`: the sign is not said. `counted` is the number it belongs to.
    fn sign(&self, sign: char, counted: Counted) -> Option<&'static str>;
}

/// The number beside a sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Counted {
    Nothing,
    Whole(i64),
    Decimal,
}

pub(super) fn grammar(language: Language) -> Option<&'static dyn Grammar> {
    match language.code() {
        "en" => Some(&en::English),
        "ru" => Some(&ru::Russian),
        _ => None,
    }
}

/// Whether this language's numbers, money and dates can be said.
pub fn speakable(language: Language) -> bool {
    grammar(language).is_some()
}

/// Whether a slot of this format can be said in this language. `Plain` text can be said in any: it stands as written.
pub fn has_grammar(language: Language, format: Format) -> bool {
    match format {
        Format::Plain => true,
        Format::Money(_) | Format::Date(_) | Format::Number(_) | Format::Digits | Format::Time => speakable(language),
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
