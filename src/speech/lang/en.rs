//! English.
//!
//! Choices: no "and" inside a number ("two hundred five"), so that the one "and" of an amount parts the cents; dates as
//! "the twenty-fifth of November", with the year after it when it is not this year's ("the third of May twenty
//! twenty-seven"); the clock has twelve hours, with the part of the day in words, since "a.m." is read in many ways. Cases
//! do not exist.

use jiff::civil::{Date, Weekday};

use super::super::{Case, Gender, Measure};
use super::{Counted, Grammar, of_sign, thousands};
use crate::money::{Currency, Money};

pub(in crate::speech) struct English;

impl Grammar for English {
    fn cases(&self) -> &'static [Case] {
        &[]
    }

    fn cardinal(&self, n: i64, _: Gender, _: Case) -> String {
        signed(n, unsigned)
    }

    fn ordinal(&self, n: i64, _: Gender, _: Case) -> String {
        signed(n, ordinal)
    }

    fn money(&self, money: Money, _: Case) -> String {
        let (unit, sub_unit) = currency(money.currency);
        let (major, minor) = (money.minor.unsigned_abs() / 100, money.minor.unsigned_abs() % 100);
        let words = match (major, minor) {
            (_, 0) => counted(major, unit),
            (0, _) => counted(minor, sub_unit),
            (_, _) => format!("{} and {}", counted(major, unit), counted(minor, sub_unit)),
        };
        if money.minor < 0 { format!("minus {words}") } else { words }
    }

    fn count(&self, n: i64, measure: Measure, _: Case) -> String {
        signed(n, |n| counted(n, noun(measure)))
    }

    fn date(&self, date: Date, with_year: bool, _: Option<Case>) -> String {
        let day = ordinal(date.day() as u64);
        let month = MONTHS[date.month() as usize - 1];
        if !with_year {
            return format!("the {day} of {month}");
        }
        format!("the {day} of {month} {}", year(date.year() as u64))
    }

    fn weekday(&self, weekday: Weekday, _: Option<Case>) -> &'static str {
        WEEKDAYS[weekday.to_monday_zero_offset() as usize]
    }

    fn near(&self, date: Date) -> String {
        format!("{} the {}", self.weekday(date.weekday(), None), ordinal(date.day() as u64))
    }

    fn around(&self, days: i64) -> Option<&'static str> {
        match days {
            -1 => Some("yesterday"),
            0 => Some("today"),
            1 => Some("tomorrow"),
            _ => None,
        }
    }

    fn digit(&self, digit: u8) -> &'static str {
        if digit == 0 { "zero" } else { SMALL[digit as usize - 1] }
    }

    fn thousands_mark(&self) -> Option<char> {
        Some(',')
    }

    fn decimal(&self, whole: i64, fraction: &str) -> String {
        let digits: Vec<&str> = fraction.bytes().map(|b| self.digit(b - b'0')).collect();
        format!("{} point {}", signed(whole, unsigned), digits.join(" "))
    }

    fn written_ordinal(&self, n: i64, ending: &str) -> Option<String> {
        let n = u64::try_from(n).ok()?;
        matches!(ending, "st" | "nd" | "rd" | "th").then(|| ordinal(n))
    }

    fn clock(&self, hour: i64, minute: i64, _: Option<Case>) -> String {
        match (hour, minute) {
            (0, 0) => return "midnight".to_owned(),
            (12, 0) => return "noon".to_owned(),
            _ => {}
        }
        let on_the_dial = unsigned(if hour % 12 == 0 { 12 } else { hour as u64 % 12 });
        let time = match minute {
            0 => on_the_dial,
            1..=9 => format!("{on_the_dial} oh {}", unsigned(minute as u64)),
            _ => format!("{on_the_dial} {}", unsigned(minute as u64)),
        };
        let part = match hour {
            0 | 21.. => "at night",
            1..12 => "in the morning",
            12..18 => "in the afternoon",
            _ => "in the evening",
        };
        format!("{time} {part}")
    }

    fn half_of_day(&self, after: &[char]) -> Option<(bool, usize)> {
        let spaces = after.iter().take_while(|c| c.is_whitespace()).count();
        let word = &after[spaces..];
        let end = word.iter().take_while(|c| c.is_alphanumeric() || **c == '.').count();
        let end = word[..end].iter().rposition(|c| *c != '.')? + 1;
        let dotted = word[..end].contains(&'.');
        let letters = word[..end].iter().filter(|c| **c != '.').collect::<String>().to_lowercase();
        let second = match letters.as_str() {
            "am" => false,
            "pm" => true,
            // "12:00 noon", "12 midnight".
            "midnight" if !dotted => false,
            "noon" if !dotted => true,
            _ => return None,
        };
        // The last dot of "p.m." may end the sentence too.
        let closing = usize::from(dotted && word.get(end) == Some(&'.') && !sentence_ends(&word[end + 1..]));
        Some((second, spaces + end + closing))
    }

    fn sign(&self, sign: char, counted: Counted) -> Option<&'static str> {
        let (one, many) = match sign {
            '°' => ("degree", "degrees"),
            '%' => return Some("percent"),
            '№' => return Some("number"),
            '*' => return Some("star"),
            '#' => return Some("hash"),
            '+' => return Some("plus"),
            '&' => return Some("and"),
            '@' => return Some("at"),
            '−' => return Some("minus"),
            other => currency(of_sign(other)?).0,
        };
        Some(if counted == Counted::Whole(1) { one } else { many })
    }
}

/// Whether a sentence ends before `after`, when the dot there may be that of "p.m.": at the end of the text, and before a
/// capital letter, but not in "9 a.m. Monday".
fn sentence_ends(after: &[char]) -> bool {
    let word: String = after.iter().skip_while(|c| c.is_whitespace()).take_while(|c| c.is_alphabetic()).collect();
    let capital = after.first().is_some_and(|c| c.is_whitespace()) && word.starts_with(char::is_uppercase);
    after.is_empty() || capital && !WEEKDAYS.contains(&word.as_str()) && !MONTHS.contains(&word.as_str())
}

/// "minus" before what is said of the number without its sign.
fn signed(n: i64, words: impl Fn(u64) -> String) -> String {
    let words = words(n.unsigned_abs());
    if n < 0 { format!("minus {words}") } else { words }
}

fn counted(n: u64, (one, many): (&str, &str)) -> String {
    format!("{} {}", unsigned(n), if n == 1 { one } else { many })
}

/// One and many.
fn noun(measure: Measure) -> (&'static str, &'static str) {
    match measure {
        Measure::Seconds => ("second", "seconds"),
        Measure::Minutes => ("minute", "minutes"),
        Measure::Hours => ("hour", "hours"),
        Measure::Days => ("day", "days"),
        Measure::Weeks => ("week", "weeks"),
        Measure::Months => ("month", "months"),
        Measure::Years => ("year", "years"),
        Measure::Percent => ("percent", "percent"),
    }
}

fn unsigned(n: u64) -> String {
    const POWERS: [&str; 6] = ["thousand", "million", "billion", "trillion", "quadrillion", "quintillion"];
    if n == 0 {
        return "zero".to_owned();
    }
    let mut words = Vec::new();
    for (power, group) in thousands(n) {
        words.push(hundreds(group));
        if power > 0 {
            words.push(POWERS[power as usize - 1].to_owned());
        }
    }
    words.join(" ")
}

/// 1–999.
fn hundreds(n: u64) -> String {
    match (n / 100, n % 100) {
        (0, rest) => tens(rest),
        (hundred, 0) => format!("{} hundred", SMALL[hundred as usize - 1]),
        (hundred, rest) => format!("{} hundred {}", SMALL[hundred as usize - 1], tens(rest)),
    }
}

/// 1–99.
fn tens(n: u64) -> String {
    match (n / 10, n % 10) {
        (0 | 1, _) => SMALL[n as usize - 1].to_owned(),
        (ten, 0) => TENS[ten as usize - 2].to_owned(),
        (ten, one) => format!("{}-{}", TENS[ten as usize - 2], SMALL[one as usize - 1]),
    }
}

/// A cardinal whose last word is an ordinal.
fn ordinal(n: u64) -> String {
    let cardinal = unsigned(n);
    let at = cardinal.rfind([' ', '-']).map_or(0, |at| at + 1);
    let (before, last) = cardinal.split_at(at);
    let last = match last {
        "one" => "first".to_owned(),
        "two" => "second".to_owned(),
        "three" => "third".to_owned(),
        "five" => "fifth".to_owned(),
        "eight" => "eighth".to_owned(),
        "nine" => "ninth".to_owned(),
        "twelve" => "twelfth".to_owned(),
        ty => match ty.strip_suffix('y') {
            Some(stem) => format!("{stem}ieth"),
            None => format!("{ty}th"),
        },
    };
    format!("{before}{last}")
}

/// 1–9999, in pairs as people say it: "nineteen ninety-nine", "nineteen oh five", "two thousand five".
fn year(year: u64) -> String {
    match (year / 100, year % 100) {
        (0..10, _) => unsigned(year),
        (century, 0..10) if century % 10 == 0 => unsigned(year),
        (century, 0) => format!("{} hundred", tens(century)),
        (century, rest @ 1..10) => format!("{} oh {}", tens(century), tens(rest)),
        (century, rest) => format!("{} {}", tens(century), tens(rest)),
    }
}

/// Unit and sub-unit; one and many of each.
fn currency(currency: Currency) -> ((&'static str, &'static str), (&'static str, &'static str)) {
    match currency {
        Currency::Rub => (("ruble", "rubles"), ("kopeck", "kopecks")),
        Currency::Usd => (("dollar", "dollars"), ("cent", "cents")),
        Currency::Eur => (("euro", "euros"), ("cent", "cents")),
        Currency::Gbp => (("pound", "pounds"), ("penny", "pence")),
        Currency::Kzt => (("tenge", "tenge"), ("tiyn", "tiyn")),
        Currency::Uah => (("hryvnia", "hryvnias"), ("kopiyka", "kopiykas")),
        Currency::Pln => (("zloty", "zlotys"), ("grosz", "groszy")),
        Currency::Try => (("lira", "liras"), ("kurush", "kurush")),
    }
}

/// 1–19.
const SMALL: [&str; 19] = [
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
];

/// 20–90.
const TENS: [&str; 8] = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// From Monday.
const WEEKDAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
