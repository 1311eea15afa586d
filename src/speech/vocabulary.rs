//! The words that a language needs for all values of a format: what has to be recorded for a voice made of recordings.
//!
//! Found by saying the values, not by a second list: what a grammar can say is what the list holds.

use std::collections::BTreeMap;

use jiff::civil::{Date, Time, date};

use super::lang::NoForm;
use super::say::words_of;
use super::{Format, Spoken};
use crate::language::Language;
use crate::money::{Currency, Money};

/// Where in a sentence a word can stand, in so far as its melody hangs on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Places {
    /// Before other words of the same value.
    pub inside: bool,
    /// As the last of the value.
    pub last: bool,
}

/// How large the values may be.
#[derive(Debug, Clone, Copy)]
pub struct Extent<'e> {
    /// Whole units of money, and numbers; up to 9·10^16.
    pub number_max: u64,
    pub currencies: &'e [Currency],
    /// Years of dates, beside those near `today`.
    pub today: Date,
}

/// Every word that some value of this format is said with, and where it can stand.
///
/// # Errors
/// When the language has no grammar, or no such case.
pub fn vocabulary(language: Language, format: Format, extent: &Extent<'_>) -> Result<BTreeMap<String, Places>, NoForm> {
    super::has_grammar(language, format)?;
    let mut found: BTreeMap<String, Places> = BTreeMap::new();
    let mut take = |spoken: Spoken| {
        let Some(said) = words_of(&spoken, format, language, extent.today) else { return };
        let mut words = said.split(is_between).filter(|w| !w.is_empty()).peekable();
        while let Some(word) = words.next() {
            let places = found.entry(word.to_lowercase()).or_default();
            if words.peek().is_some() { places.inside = true } else { places.last = true }
        }
    };
    let numbers = || numbers(extent.number_max);
    match format {
        Format::Plain => {}
        Format::Money(_) => {
            for currency in extent.currencies {
                for n in numbers() {
                    take(Spoken::Money(Money::new((n * 100) as i64, *currency)));
                }
                for minor in 1..100 {
                    // The unit in each of its forms before sub-units.
                    for major in [0, 1, 2, 5, 1000] {
                        take(Spoken::Money(Money::new(major * 100 + minor, *currency)));
                    }
                }
            }
        }
        Format::Number(..) | Format::Ordinal(..) | Format::Count(..) | Format::Duration(_) => {
            numbers().for_each(|n| take(Spoken::Number(n as i64)));
        }
        Format::Date(..) => days(extent.today).for_each(|day| take(Spoken::Date(day))),
        Format::Time(_) => {
            for (hour, minute) in (0..24).flat_map(|hour| (0..60).map(move |minute| (hour, minute))) {
                take(Spoken::Time(Time::constant(hour, minute, 0, 0)));
            }
        }
        Format::Digits => ["0123456789", "9876543210"].iter().for_each(|d| take(Spoken::Digits((*d).to_owned()))),
        Format::Phone => {
            for n in 0..1000 {
                for country in ["+7", "+380", "+90", "+33"] {
                    take(Spoken::Digits(format!("{country}{n:03}{n:03}{:02}{:02}", n % 100, n / 10)));
                }
            }
        }
    }
    Ok(found)
}

/// What stands between words, and what joins two in one: «двадцать-пять».
pub fn is_between(c: char) -> bool {
    !(c.is_alphabetic() || c == '\'' || c == '\u{301}')
}

/// All that are said with one group of three digits, for each group; and what joins two groups.
fn numbers(max: u64) -> impl Iterator<Item = u64> {
    let groups = (0..=6).map(|power| 1000u64.pow(power)).take_while(move |unit| *unit <= max);
    groups.flat_map(move |unit| {
        let alone = (0..1000).map(move |n| n * unit);
        let joined = (1..1000).map(move |n| n * unit + unit / 1000 * 111 + 1);
        alone.chain(joined).filter(move |n| *n <= max)
    })
}

/// Each day of this year, of the one before it and of the two after it, and the leap day.
fn days(today: Date) -> impl Iterator<Item = Date> {
    let first = date(today.year() - 1, 1, 1);
    (0..4 * 366).filter_map(move |days| first.checked_add(jiff::Span::new().days(days)).ok()).chain([date(2028, 2, 29)])
}

#[cfg(test)]
mod tests {
    use super::super::{Case, DateStyle};
    use super::*;

    #[test]
    fn all_that_a_sum_can_be_said_with() {
        let extent = Extent { number_max: 999_999, currencies: &[Currency::Rub], today: date(2026, 11, 20) };
        let words = vocabulary(Language::RU, Format::Money(Case::Nominative), &extent).unwrap();
        for (word, inside, last) in [
            ("двести", true, false),
            ("одна", true, false),
            ("рублей", true, true),
            ("рубль", true, true),
            ("копейки", false, true),
            ("тысячи", true, false),
            ("ноль", true, false),
        ] {
            assert_eq!(words.get(word), Some(&Places { inside, last }), "{word}");
        }
        assert!(!words.contains_key("миллион") && !words.contains_key("доллар"));
        // 39 numbers (with «ноль», «одна», «две»), the thousands, the roubles, the kopecks.
        assert_eq!(words.len(), 48, "{words:?}");
        let dates = vocabulary(Language::RU, Format::Date(DateStyle::Day, None), &extent).unwrap();
        assert!(dates.contains_key("февраля") && dates.contains_key("тридцатого") && dates.contains_key("года"));
        assert!(vocabulary(Language::RU, Format::Money(Case::Ablative), &extent).is_err());
    }
}
