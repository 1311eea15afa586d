//! German. A number below a million is one word; only "one", and "two" and "three" in the genitive, decline.
//!
//! Choices: «einhundert», «eintausend» in quantities, but «hundert», «tausend» at the beginning of years and ordinals, as
//! people say them. A number by itself is said with «eins», and that is what the nominative masculine gives, since
//! numerals in texts stand in it («drücken Sie eins»); «ein» before a noun is the nominative neuter, and before a masculine
//! noun sounds the same. A larger number that ends in one does not decline and has a plural after it («einhundertein
//! Tage»); «eine Million ein Tag» does. Units of money and per cent stay in the singular («zwei Euro»). Where a number
//! cannot show the genitive, the dative takes its place («innerhalb zweier Tage», but «innerhalb fünf Tagen»).
//!
//! Ordinals have the endings they have after «der, die, das». A date without a case is what stands after «am», «zum», «vom»:
//! «fünfundzwanzigsten November»; with a case it brings its article: «der fünfundzwanzigste November», so that it can follow
//! a day of the week. The clock has 24 hours and does not decline. Digits, of telephone numbers too, are said one by
//! one: in «fünfunddreißig» the last comes first, and whoever writes along writes it wrongly.

use jiff::civil::{Date, Weekday};

use super::super::{Case, Gender, Measure};
use super::{Counted, Grammar, of_sign, thousands};
use crate::money::{Currency, Money};

pub(in crate::speech) struct German;

/// In the order of [`Forms`].
const CASES: [Case; 4] = [Case::Nominative, Case::Genitive, Case::Dative, Case::Accusative];

const MILLION: u64 = 1_000_000;

impl Grammar for German {
    fn cases(&self) -> &'static [Case] {
        &CASES
    }

    fn cardinal(&self, n: i64, gender: Gender, case: Case) -> String {
        let one = match (gender, case) {
            (Gender::Masculine, Case::Nominative) => COUNTING_ONE,
            _ => one(gender, case),
        };
        signed(n, |n| unsigned(n, one, case))
    }

    fn ordinal(&self, n: i64, gender: Gender, case: Case) -> String {
        signed(n, |n| ordinal(n, gender, case))
    }

    fn money(&self, money: Money, case: Case) -> String {
        let (unit, sub_unit) = currency(money.currency);
        let (major, minor) = (money.minor.unsigned_abs() / 100, money.minor.unsigned_abs() % 100);
        let words = match (major, minor) {
            (_, 0) => counted(major, unit, case),
            (0, _) => counted(minor, sub_unit, case),
            (_, _) => format!("{} und {}", counted(major, unit, case), counted(minor, sub_unit, case)),
        };
        if money.minor < 0 { format!("minus {words}") } else { words }
    }

    fn count(&self, n: i64, measure: Measure, case: Case) -> String {
        signed(n, |n| counted(n, noun(measure), case))
    }

    fn date(&self, date: Date, with_year: bool, case: Option<Case>) -> String {
        let day = ordinal(date.day() as u64, Gender::Masculine, case.unwrap_or(Case::Dative));
        let month = MONTHS[date.month() as usize - 1];
        let mut words = match case {
            Some(case) => format!("{} {day} {month}", ARTICLE[case as usize]),
            None => format!("{day} {month}"),
        };
        if with_year {
            words.push(' ');
            words.push_str(&year(date.year() as u64));
        }
        words
    }

    fn weekday(&self, weekday: Weekday, case: Option<Case>) -> &'static str {
        let [usual, genitive] = WEEKDAYS[weekday.to_monday_zero_offset() as usize];
        if case == Some(Case::Genitive) { genitive } else { usual }
    }

    fn on_day(&self, date: Date, with_year: bool) -> String {
        format!("am {}", self.date(date, with_year, None))
    }

    fn near(&self, date: Date) -> String {
        let day = ordinal(date.day() as u64, Gender::Masculine, Case::Dative);
        format!("am {}, dem {day}", self.weekday(date.weekday(), None))
    }

    fn around(&self, days: i64) -> Option<&'static str> {
        match days {
            -2 => Some("vorgestern"),
            -1 => Some("gestern"),
            0 => Some("heute"),
            1 => Some("morgen"),
            2 => Some("übermorgen"),
            _ => None,
        }
    }

    fn digit(&self, digit: u8) -> &'static str {
        match digit {
            0 => ZERO,
            1 => COUNTING_ONE,
            _ => SMALL[digit as usize - 1],
        }
    }

    fn thousands_mark(&self) -> Option<char> {
        Some('.')
    }

    fn decimal(&self, whole: i64, fraction: &str) -> String {
        let digits: Vec<&str> = fraction.bytes().map(|b| self.digit(b - b'0')).collect();
        format!("{} Komma {}", signed(whole, counting), digits.join(" "))
    }

    fn written_ordinal(&self, _: i64, _: &str) -> Option<String> {
        // "25.": a mark, not letters.
        None
    }

    fn clock(&self, hour: i64, minute: i64, _: Option<Case>) -> String {
        let hour = unsigned(hour as u64, one(Gender::Neuter, Case::Nominative), Case::Nominative);
        if minute == 0 { format!("{hour} Uhr") } else { format!("{hour} Uhr {}", counting(minute as u64)) }
    }

    fn sign(&self, sign: char, _: Counted) -> Option<&'static str> {
        // Nominatives, in which one and many are the same.
        let noun = match sign {
            '%' => noun(Measure::Percent),
            '№' => return Some("Nummer"),
            '§' => return Some("Paragraf"),
            '*' => return Some("Stern"),
            '#' => return Some("Raute"),
            '+' => return Some("plus"),
            '&' => return Some("und"),
            '@' => return Some("at"),
            '°' => return Some("Grad"),
            other => currency(of_sign(other)?).0,
        };
        Some(noun.plural[Case::Nominative as usize])
    }
}

/// Forms in the order of [`Case`]: nominative, genitive, dative, accusative.
type Forms = [&'static str; 4];

struct Noun {
    gender: Gender,
    singular: Forms,
    plural: Forms,
}

impl Noun {
    /// The form of the noun after `n`, when number and noun together stand in `case`.
    fn after(&self, n: u64, case: Case) -> &'static str {
        if n % MILLION == 1 {
            return self.singular[case as usize];
        }
        let case = if case == Case::Genitive && !shows_genitive(n) { Case::Dative } else { case };
        self.plural[case as usize]
    }
}

/// That the first word of `n` has a genitive: «zweier», «einer Million».
fn shows_genitive(n: u64) -> bool {
    match thousands(n / MILLION).first() {
        Some((_, group)) => (1..=3).contains(group),
        None => (1..=3).contains(&n),
    }
}

/// A number and what it counts, both in `case`.
fn counted(n: u64, noun: &Noun, case: Case) -> String {
    let number = unsigned(n, one(noun.gender, case), case);
    // «einhunderteins» by itself, «einhundertein Euro» before a noun.
    let number = number.strip_suffix("eins").map_or(number.clone(), |stem| format!("{stem}ein"));
    format!("{number} {}", noun.after(n, case))
}

/// "minus" before what is said of the number without its sign.
fn signed(n: i64, words: impl Fn(u64) -> String) -> String {
    let words = words(n.unsigned_abs());
    if n < 0 { format!("minus {words}") } else { words }
}

/// A number by itself.
fn counting(n: u64) -> String {
    unsigned(n, COUNTING_ONE, Case::Nominative)
}

/// `one_alone` is the word for a one that does not stand within a longer word.
fn unsigned(n: u64, one_alone: &str, case: Case) -> String {
    if n == 0 {
        return ZERO.to_owned();
    }
    let mut words = Vec::new();
    for (power, group) in thousands(n / MILLION) {
        let (singular, plural) = POWERS[power as usize];
        words.push(match group {
            1 => one(Gender::Feminine, case).to_owned(),
            2 | 3 if case == Case::Genitive && words.is_empty() => genitive(group).to_owned(),
            _ => hundreds(group, COUNTING_ONE),
        });
        words.push(if group == 1 { singular } else { plural }.to_owned());
    }
    match n % MILLION {
        0 => {}
        1 => words.push(one_alone.to_owned()),
        rest @ (2 | 3) if case == Case::Genitive && words.is_empty() => words.push(genitive(rest).to_owned()),
        rest => words.push(below_million(rest)),
    }
    words.join(" ")
}

/// 1–999 999, as one word.
fn below_million(n: u64) -> String {
    let rest = hundreds(n % 1000, COUNTING_ONE);
    match n / 1000 {
        0 => rest,
        thousand => format!("{}tausend{rest}", hundreds(thousand, "ein")),
    }
}

/// 0–999; nothing for zero. `one` is the word for a one at the end.
fn hundreds(n: u64, one: &str) -> String {
    let hundred = match n / 100 {
        0 => String::new(),
        hundred => format!("{}hundert", SMALL[hundred as usize - 1]),
    };
    match (n / 10 % 10, n % 10) {
        (0, 0) => hundred,
        (0, 1) => format!("{hundred}{one}"),
        (0 | 1, _) => format!("{hundred}{}", SMALL[n as usize % 100 - 1]),
        (ten, 0) => format!("{hundred}{}", TENS[ten as usize - 2]),
        (ten, digit) => format!("{hundred}{}und{}", SMALL[digit as usize - 1], TENS[ten as usize - 2]),
    }
}

/// Two or three; no other number has a genitive of its own.
fn genitive(n: u64) -> &'static str {
    if n == 2 { "zweier" } else { "dreier" }
}

/// "One" before a noun.
fn one(gender: Gender, case: Case) -> &'static str {
    let forms: Forms = match gender {
        Gender::Masculine => ["ein", "eines", "einem", "einen"],
        Gender::Feminine => ["eine", "einer", "einer", "eine"],
        Gender::Neuter => ["ein", "eines", "einem", "ein"],
    };
    forms[case as usize]
}

/// With the ending it has after «der, die, das».
fn ordinal(n: u64, gender: Gender, case: Case) -> String {
    let ending = match (gender, case) {
        (_, Case::Nominative) | (Gender::Feminine | Gender::Neuter, Case::Accusative) => "e",
        _ => "en",
    };
    format!("{}{ending}", ordinal_stem(n))
}

/// Only the last word of an ordinal is one: «eine Million zweit-».
fn ordinal_stem(n: u64) -> String {
    if n == 0 {
        return "nullt".to_owned();
    }
    let (before, last) = match n % MILLION {
        // 5 000 000 → «fünfmillionst-»: the lowest group of three digits makes the last word.
        0 => {
            let (mut power, mut unit) = (0, MILLION);
            while (n / unit).is_multiple_of(1000) {
                power += 1;
                unit *= 1000;
            }
            let group = n / unit % 1000;
            let times = if group == 1 { String::new() } else { hundreds(group, "ein") };
            (n - group * unit, format!("{times}{}st", ORDINAL_POWERS[power]))
        }
        rest => {
            let small = rest % 100;
            let ending = match small {
                1 => "erst".to_owned(),
                3 => "dritt".to_owned(),
                7 => "siebt".to_owned(),
                8 => "acht".to_owned(),
                2..=19 => format!("{}t", SMALL[small as usize - 1]),
                _ => format!("{}st", hundreds(small, COUNTING_ONE)),
            };
            (n - rest, format!("{}{ending}", below_million(rest - small)))
        }
    };
    if before == 0 { without_one(last) } else { format!("{} {last}", counting(before)) }
}

/// 1–9999: «neunzehnhundertneunundneunzig», «zweitausendfünf».
fn year(year: u64) -> String {
    match year {
        1100..2000 => format!("{}hundert{}", hundreds(year / 100, COUNTING_ONE), hundreds(year % 100, COUNTING_ONE)),
        _ => without_one(counting(year)),
    }
}

/// «hundert…», «tausend…» instead of «einhundert…», «eintausend…».
fn without_one(word: String) -> String {
    match word.strip_prefix("ein") {
        Some(rest) if rest.starts_with("hundert") || rest.starts_with("tausend") => rest.to_owned(),
        _ => word,
    }
}

const ZERO: &str = "null";

/// One by itself.
const COUNTING_ONE: &str = "eins";

/// 1–19, as they stand within a word.
const SMALL: [&str; 19] = [
    "ein",
    "zwei",
    "drei",
    "vier",
    "fünf",
    "sechs",
    "sieben",
    "acht",
    "neun",
    "zehn",
    "elf",
    "zwölf",
    "dreizehn",
    "vierzehn",
    "fünfzehn",
    "sechzehn",
    "siebzehn",
    "achtzehn",
    "neunzehn",
];

/// 20–90.
const TENS: [&str; 8] = ["zwanzig", "dreißig", "vierzig", "fünfzig", "sechzig", "siebzig", "achtzig", "neunzig"];

/// One and many, from 10^6 on by thousands. All are feminine, and do not decline otherwise.
const POWERS: [(&str, &str); 5] = [
    ("Million", "Millionen"),
    ("Milliarde", "Milliarden"),
    ("Billion", "Billionen"),
    ("Billiarde", "Billiarden"),
    ("Trillion", "Trillionen"),
];

const ORDINAL_POWERS: [&str; 5] = ["million", "milliard", "billion", "billiard", "trillion"];

/// Of days, which are masculine.
const ARTICLE: Forms = ["der", "des", "dem", "den"];

const MONTHS: [&str; 12] = [
    "Januar",
    "Februar",
    "März",
    "April",
    "Mai",
    "Juni",
    "Juli",
    "August",
    "September",
    "Oktober",
    "November",
    "Dezember",
];

/// From Monday: the usual form and the genitive.
const WEEKDAYS: [[&str; 2]; 7] = [
    ["Montag", "Montags"],
    ["Dienstag", "Dienstags"],
    ["Mittwoch", "Mittwochs"],
    ["Donnerstag", "Donnerstags"],
    ["Freitag", "Freitags"],
    ["Samstag", "Samstags"],
    ["Sonntag", "Sonntags"],
];

/// «Minute»: all of the singular is one form, all of the plural another.
const fn feminine(one: &'static str, many: &'static str) -> Noun {
    Noun { gender: Gender::Feminine, singular: [one; 4], plural: [many; 4] }
}

/// «Euro»: as it is after any number, but for the genitive of one.
const fn unit(gender: Gender, form: &'static str, genitive: &'static str) -> Noun {
    Noun { gender, singular: [form, genitive, form, form], plural: [form; 4] }
}

/// «Penny»: masculine, with a plural that does not decline.
const fn masculine(one: &'static str, genitive: &'static str, many: &'static str) -> Noun {
    Noun { gender: Gender::Masculine, singular: [one, genitive, one, one], plural: [many; 4] }
}

fn noun(measure: Measure) -> &'static Noun {
    static SECOND: Noun = feminine("Sekunde", "Sekunden");
    static MINUTE: Noun = feminine("Minute", "Minuten");
    static HOUR: Noun = feminine("Stunde", "Stunden");
    static DAY: Noun = Noun {
        gender: Gender::Masculine,
        singular: ["Tag", "Tages", "Tag", "Tag"],
        plural: ["Tage", "Tage", "Tagen", "Tage"],
    };
    static WEEK: Noun = feminine("Woche", "Wochen");
    static MONTH: Noun = Noun {
        gender: Gender::Masculine,
        singular: ["Monat", "Monats", "Monat", "Monat"],
        plural: ["Monate", "Monate", "Monaten", "Monate"],
    };
    static YEAR: Noun = Noun {
        gender: Gender::Neuter,
        singular: ["Jahr", "Jahres", "Jahr", "Jahr"],
        plural: ["Jahre", "Jahre", "Jahren", "Jahre"],
    };
    static PERCENT: Noun = unit(Gender::Neuter, "Prozent", "Prozents");
    match measure {
        Measure::Seconds => &SECOND,
        Measure::Minutes => &MINUTE,
        Measure::Hours => &HOUR,
        Measure::Days => &DAY,
        Measure::Weeks => &WEEK,
        Measure::Months => &MONTH,
        Measure::Years => &YEAR,
        Measure::Percent => &PERCENT,
    }
}

/// Unit and sub-unit.
fn currency(currency: Currency) -> (&'static Noun, &'static Noun) {
    static RUBLE: Noun = unit(Gender::Masculine, "Rubel", "Rubels");
    static KOPECK: Noun = feminine("Kopeke", "Kopeken");
    static DOLLAR: Noun = unit(Gender::Masculine, "Dollar", "Dollars");
    static CENT: Noun = unit(Gender::Masculine, "Cent", "Cents");
    static EURO: Noun = unit(Gender::Masculine, "Euro", "Euros");
    static POUND: Noun = unit(Gender::Neuter, "Pfund", "Pfunds");
    static PENNY: Noun = masculine("Penny", "Pennys", "Pence");
    static TENGE: Noun = unit(Gender::Masculine, "Tenge", "Tenge");
    static TIYN: Noun = unit(Gender::Masculine, "Tiyn", "Tiyn");
    static HRYVNIA: Noun = unit(Gender::Feminine, "Hrywnja", "Hrywnja");
    static ZLOTY: Noun = unit(Gender::Masculine, "Zloty", "Zlotys");
    static GROSZ: Noun = masculine("Grosz", "Grosz", "Groszy");
    static LIRA: Noun = unit(Gender::Feminine, "Lira", "Lira");
    static KURUS: Noun = unit(Gender::Masculine, "Kurusch", "Kurusch");
    match currency {
        Currency::Rub => (&RUBLE, &KOPECK),
        Currency::Usd => (&DOLLAR, &CENT),
        Currency::Eur => (&EURO, &CENT),
        Currency::Gbp => (&POUND, &PENNY),
        Currency::Kzt => (&TENGE, &TIYN),
        Currency::Uah => (&HRYVNIA, &KOPECK),
        Currency::Pln => (&ZLOTY, &GROSZ),
        Currency::Try => (&LIRA, &KURUS),
    }
}
