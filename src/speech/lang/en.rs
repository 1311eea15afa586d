//! English.
//!
//! Choices: no "and" inside a number ("two hundred five"), so that the one "and" of an amount parts the cents; dates as
//! "the twenty-fifth of November", with the year after it when it is not this year's ("the third of May twenty
//! twenty-seven"). Cases do not exist.

use jiff::civil::Date;

use super::super::{Case, Gender};
use super::{Counted, Grammar, thousands};
use crate::money::{Currency, Money};

pub(in crate::speech) struct English;

impl Grammar for English {
    fn cardinal(&self, n: i64, _: Gender) -> String {
        let words = unsigned(n.unsigned_abs());
        if n < 0 { format!("minus {words}") } else { words }
    }

    fn money(&self, money: Money, _: Case) -> String {
        let (unit, sub_unit) = currency(money.currency);
        let (major, minor) = (money.minor.unsigned_abs() / 100, money.minor.unsigned_abs() % 100);
        let counted =
            |n: u64, (one, many): (&str, &str)| format!("{} {}", unsigned(n), if n == 1 { one } else { many });
        let words = match (major, minor) {
            (_, 0) => counted(major, unit),
            (0, _) => counted(minor, sub_unit),
            (_, _) => format!("{} and {}", counted(major, unit), counted(minor, sub_unit)),
        };
        if money.minor < 0 { format!("minus {words}") } else { words }
    }

    fn date(&self, date: Date, _: Case, today: Date) -> Option<String> {
        let day = ordinal(date.day() as u64);
        let month = MONTHS[date.month() as usize - 1];
        if date.year() == today.year() {
            return Some(format!("the {day} of {month}"));
        }
        let spoken_year = u64::try_from(date.year()).ok().filter(|y| *y > 0).map(year)?;
        Some(format!("the {day} of {month} {spoken_year}"))
    }

    fn digit(&self, digit: u8) -> &'static str {
        if digit == 0 { "zero" } else { SMALL[digit as usize - 1] }
    }

    fn decimal(&self, whole: i64, fraction: &str) -> String {
        let digits: Vec<&str> = fraction.bytes().map(|b| self.digit(b - b'0')).collect();
        format!("{} point {}", self.cardinal(whole, Gender::Neuter), digits.join(" "))
    }

    fn ordinal(&self, n: i64, ending: &str) -> Option<String> {
        let n = u64::try_from(n).ok().filter(|n| *n > 0)?;
        matches!(ending, "st" | "nd" | "rd" | "th").then(|| ordinal(n))
    }

    fn clock(&self, hour: i64, minute: i64) -> String {
        let hour = self.cardinal(hour, Gender::Neuter);
        match minute {
            0 => format!("{hour} o'clock"),
            1..=9 => format!("{hour} oh {}", unsigned(minute as u64)),
            _ => format!("{hour} {}", unsigned(minute as u64)),
        }
    }

    fn sign(&self, sign: char, counted: Counted) -> Option<&'static str> {
        let (one, many) = match sign {
            '$' => currency(Currency::Usd).0,
            '€' => currency(Currency::Eur).0,
            '£' => currency(Currency::Gbp).0,
            '₽' => currency(Currency::Rub).0,
            '₸' => currency(Currency::Kzt).0,
            '₴' => currency(Currency::Uah).0,
            '₺' => currency(Currency::Try).0,
            '%' => return Some("percent"),
            '№' => return Some("number"),
            '*' => return Some("star"),
            '#' => return Some("hash"),
            '+' => return Some("plus"),
            '&' => return Some("and"),
            '@' => return Some("at"),
            '°' => return Some("degrees"),
            _ => return None,
        };
        Some(if counted == Counted::Whole(1) { one } else { many })
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

/// 1 and above: a cardinal whose last word is an ordinal.
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
