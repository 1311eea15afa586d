//! Turkish. One suffix on the last word of a phrase puts the whole phrase into a case: «bin iki yüz lira elli kuruşu».
//! What is counted stands in the singular, and there is no gender; everything here is vowel harmony and its neighbours.
//!
//! Choices: number words apart, as is taught («iki yüz otuz dört»); one thousand is «bin»; below zero is «eksi», also
//! before «yüzde». Euro is «euro» («avro» is the dictionary's word), the pound «sterlin». Suffixes of months are joined as
//! they are spoken, without the apostrophe of print («on yedi Aralığa», in print «17 Aralık'a»). A date without a case is
//! in the nominative; with a weekday before it the suffix still stands at its end only. The clock has twenty-four hours
//! without «saat», which a text brings itself: «dokuz», «dokuz sıfır beş», «on dört otuz»; 00:00 is «gece yarısı», the hour
//! after it «sıfır sıfır …». In a text `%5` is «yüzde beş»; the foreign `5%` is «beş bölü yüz», since «beş yüzde» would be
//! "in five hundred".

use jiff::civil::{Date, Weekday};

use super::super::{Case, Gender, Measure};
use super::{Counted, Grammar, of_sign, thousands};
use crate::money::{Currency, Money};

pub(in crate::speech) struct Turkish;

const CASES: [Case; 7] = [
    Case::Nominative,
    Case::Genitive,
    Case::Dative,
    Case::Accusative,
    Case::Instrumental,
    Case::Prepositional,
    Case::Ablative,
];

impl Grammar for Turkish {
    fn cases(&self) -> &'static [Case] {
        &CASES
    }

    fn cardinal(&self, n: i64, _: Gender, case: Case) -> String {
        inflect(signed(n, unsigned), case)
    }

    fn ordinal(&self, n: i64, _: Gender, case: Case) -> String {
        inflect(signed(n, ordinal), case)
    }

    fn money(&self, money: Money, case: Case) -> String {
        let (unit, sub_unit) = currency(money.currency);
        let (major, minor) = (money.minor.unsigned_abs() / 100, money.minor.unsigned_abs() % 100);
        let words = match (major, minor) {
            (_, 0) => counted(major, unit),
            (0, _) => counted(minor, sub_unit),
            (_, _) => format!("{} {}", counted(major, unit), counted(minor, sub_unit)),
        };
        inflect(if money.minor < 0 { format!("eksi {words}") } else { words }, case)
    }

    fn count(&self, n: i64, measure: Measure, case: Case) -> String {
        let words = signed(n, |n| match noun(measure) {
            Some(noun) => counted(n, noun),
            None => format!("yüzde {}", unsigned(n)),
        });
        inflect(words, case)
    }

    fn date(&self, date: Date, with_year: bool, case: Option<Case>) -> String {
        let mut words = counted(date.day().unsigned_abs().into(), MONTHS[date.month() as usize - 1]);
        if with_year {
            words = format!("{words} {}", unsigned(date.year().unsigned_abs().into()));
        }
        inflect(words, case.unwrap_or(Case::Nominative))
    }

    /// Stands before the date, whose last word has the suffix of both.
    fn weekday(&self, weekday: Weekday, _: Option<Case>) -> &'static str {
        WEEKDAYS[weekday.to_monday_zero_offset() as usize]
    }

    /// «ayın yirmi beşi Çarşamba günü».
    fn near(&self, date: Date) -> String {
        let day = suffixed(unsigned(date.day().unsigned_abs().into()), "sI", "I");
        format!("ayın {day} {} günü", self.weekday(date.weekday(), None))
    }

    fn around(&self, days: i64) -> Option<&'static str> {
        match days {
            -2 => Some("evvelsi gün"),
            -1 => Some("dün"),
            0 => Some("bugün"),
            1 => Some("yarın"),
            2 => Some("öbür gün"),
            _ => None,
        }
    }

    fn telephone_group(&self, digits: &str) -> String {
        zeros_and_number(digits)
    }

    fn digit(&self, digit: u8) -> &'static str {
        if digit == 0 { ZERO } else { SMALL[digit as usize - 1] }
    }

    fn thousands_mark(&self) -> Option<char> {
        Some('.')
    }

    fn decimal(&self, whole: i64, fraction: &str) -> String {
        let fraction = if fraction.trim_start_matches('0').len() <= 3 {
            zeros_and_number(fraction)
        } else {
            let digits: Vec<&str> = fraction.bytes().map(|b| self.digit(b - b'0')).collect();
            digits.join(" ")
        };
        format!("{} virgül {fraction}", signed(whole, unsigned))
    }

    /// `25inci`, `3üncü`; also with a case: `3üncüye`.
    fn written_ordinal(&self, n: i64, ending: &str) -> Option<String> {
        let n = u64::try_from(n).ok()?;
        let after_vowel = ending.strip_prefix(['ı', 'i', 'u', 'ü']).unwrap_or(ending);
        if !after_vowel.starts_with("nc") {
            return None;
        }
        CASES.into_iter().map(|case| inflect(ordinal(n), case)).find(|words| words.ends_with(ending))
    }

    fn suffixed(&self, words: &str, letters: &str) -> Option<String> {
        // The vowels that the words ask for, also where others were written («₺'yi»).
        let fold = |c| match c {
            'a' | 'e' => 'A',
            'ı' | 'i' | 'u' | 'ü' => 'I',
            't' => 'd',
            other => other,
        };
        let letters: String = letters.chars().map(fold).collect();
        let (words, rest) = match letters.strip_prefix("IncI").or(letters.strip_prefix("ncI")) {
            Some("") => return Some(suffixed(words.to_owned(), "ncI", "IncI")),
            Some(rest) => (suffixed(words.to_owned(), "ncI", "IncI"), rest),
            None => (words.to_owned(), letters.as_str()),
        };
        let case = match rest {
            "In" | "nIn" => Case::Genitive,
            "A" | "yA" => Case::Dative,
            "I" | "yI" => Case::Accusative,
            "lA" | "ylA" => Case::Instrumental,
            "dA" => Case::Prepositional,
            "dAn" => Case::Ablative,
            _ => return None,
        };
        Some(inflect(words, case))
    }

    fn clock(&self, hour: i64, minute: i64, case: Option<Case>) -> String {
        let case = case.unwrap_or(Case::Nominative);
        if (hour, minute) == (0, 0) {
            return match case {
                Case::Nominative => "gece yarısı".to_owned(),
                Case::Instrumental => "gece yarısıyla".to_owned(),
                // A noun that belongs to another has an n before its cases.
                Case::Genitive => "gece yarısının".to_owned(),
                Case::Dative => "gece yarısına".to_owned(),
                Case::Accusative => "gece yarısını".to_owned(),
                Case::Prepositional => "gece yarısında".to_owned(),
                Case::Ablative => "gece yarısından".to_owned(),
            };
        }
        let hours = if hour == 0 { format!("{ZERO} {ZERO}") } else { unsigned(hour.unsigned_abs()) };
        let words = match minute {
            0 => hours,
            1..=9 => format!("{hours} {ZERO} {}", unsigned(minute.unsigned_abs())),
            _ => format!("{hours} {}", unsigned(minute.unsigned_abs())),
        };
        inflect(words, case)
    }

    /// Only the last of the parts has the suffix.
    fn duration(&self, seconds: i64, case: Case) -> String {
        let parts = [(86_400, "gün"), (3_600, "saat"), (60, "dakika"), (1, "saniye")];
        let words = signed(seconds, |mut rest| {
            let mut words = Vec::new();
            for (length, noun) in parts {
                let n = rest / length;
                rest %= length;
                if n > 0 {
                    words.push(counted(n, noun));
                }
            }
            if words.is_empty() { counted(0, "saniye") } else { words.join(" ") }
        });
        inflect(words, case)
    }

    fn sign(&self, sign: char, counted: Counted) -> Option<&'static str> {
        Some(match sign {
            '%' if counted == Counted::Nothing => "yüzde",
            '%' => "bölü yüz",
            '№' => "numara",
            // Keys are named before the word for a key: «yıldız tuşuna basın».
            '*' => "yıldız",
            '#' => "kare",
            '+' => "artı",
            '&' => "ve",
            '@' => "et",
            '°' => "derece",
            other => currency(of_sign(other)?).0,
        })
    }
}

/// «eksi» before what is said of the number without its sign.
fn signed(n: i64, words: impl Fn(u64) -> String) -> String {
    let words = words(n.unsigned_abs());
    if n < 0 { format!("eksi {words}") } else { words }
}

fn counted(n: u64, noun: &str) -> String {
    format!("{} {noun}", unsigned(n))
}

fn unsigned(n: u64) -> String {
    const POWERS: [&str; 6] = ["bin", "milyon", "milyar", "trilyon", "katrilyon", "kentilyon"];
    if n == 0 {
        return ZERO.to_owned();
    }
    let mut words = Vec::new();
    for (power, group) in thousands(n) {
        // «bin», but «bir milyon».
        if (power, group) != (1, 1) {
            hundreds(group, &mut words);
        }
        if power > 0 {
            words.push(POWERS[power as usize - 1]);
        }
    }
    words.join(" ")
}

/// 1–999.
fn hundreds(n: u64, words: &mut Vec<&'static str>) {
    let (hundred, ten, one) = (n / 100, n / 10 % 10, n % 10);
    if hundred > 1 {
        words.push(SMALL[hundred as usize - 1]);
    }
    if hundred > 0 {
        words.push("yüz");
    }
    if ten > 0 {
        words.push(TENS[ten as usize - 1]);
    }
    if one > 0 {
        words.push(SMALL[one as usize - 1]);
    }
}

fn ordinal(n: u64) -> String {
    suffixed(unsigned(n), "ncI", "IncI")
}

/// Digits of a telephone or after a point: zeros before it one by one, then a number.
fn zeros_and_number(digits: &str) -> String {
    let zeros = digits.bytes().take_while(|b| *b == b'0').count();
    let mut words = vec![ZERO.to_owned(); zeros];
    if let Ok(n @ 1..) = digits[zeros..].parse() {
        words.push(unsigned(n));
    }
    words.join(" ")
}

/// The phrase in a case: a suffix on its last word.
fn inflect(words: String, case: Case) -> String {
    let (after_vowel, after_consonant) = match case {
        Case::Nominative => return words,
        Case::Genitive => ("nIn", "In"),
        Case::Dative => ("yA", "A"),
        Case::Accusative => ("yI", "I"),
        Case::Instrumental => ("ylA", "lA"),
        Case::Prepositional => ("dA", "DA"),
        Case::Ablative => ("dAn", "DAn"),
    };
    suffixed(words, after_vowel, after_consonant)
}

/// Puts a suffix on the last word. In it `A` is a or e, `I` one of ı i u ü, `D` d or t, whatever the sounds before it ask for.
fn suffixed(words: String, after_vowel: &str, after_consonant: &str) -> String {
    /// Words that end softly when a vowel follows.
    const SOFTENED: [(&str, &str); 4] = [("dört", "dörd"), ("kopek", "kopeğ"), ("Ocak", "Ocağ"), ("Aralık", "Aralığ")];
    let is_vowel = |c: char| "aeıioöuü".contains(c);
    let ends_in = |of: fn(char) -> bool| words.chars().next_back().is_some_and(of);
    let suffix = if words.chars().next_back().is_some_and(is_vowel) { after_vowel } else { after_consonant };
    let voiceless = ends_in(|c| "fstkçşhp".contains(c));
    // «saat» sounds clear at its end: «saati», «saate».
    let mut vowel = match words.ends_with("saat") {
        true => 'e',
        false => words.chars().rev().find(|c| is_vowel(*c)).unwrap_or('e'),
    };
    let mut suffixed = words;
    if suffix.starts_with(['A', 'I'])
        && let Some((hard, soft)) = SOFTENED.iter().find(|(hard, _)| suffixed.ends_with(hard))
    {
        suffixed.truncate(suffixed.len() - hard.len());
        suffixed.push_str(soft);
    }
    for sound in suffix.chars() {
        let sound = match sound {
            'A' if "aıou".contains(vowel) => 'a',
            'A' => 'e',
            'I' => match vowel {
                'a' | 'ı' => 'ı',
                'o' | 'u' => 'u',
                'ö' | 'ü' => 'ü',
                _ => 'i',
            },
            'D' if voiceless => 't',
            'D' => 'd',
            other => other,
        };
        if is_vowel(sound) {
            vowel = sound;
        }
        suffixed.push(sound);
    }
    suffixed
}

/// Per cent has none: «yüzde» stands before the number.
fn noun(measure: Measure) -> Option<&'static str> {
    match measure {
        Measure::Seconds => Some("saniye"),
        Measure::Minutes => Some("dakika"),
        Measure::Hours => Some("saat"),
        Measure::Days => Some("gün"),
        Measure::Weeks => Some("hafta"),
        Measure::Months => Some("ay"),
        Measure::Years => Some("yıl"),
        Measure::Percent => None,
    }
}

/// Unit and sub-unit.
fn currency(currency: Currency) -> (&'static str, &'static str) {
    match currency {
        Currency::Rub => ("ruble", "kopek"),
        Currency::Usd => ("dolar", "sent"),
        Currency::Eur => ("euro", "sent"),
        Currency::Gbp => ("sterlin", "peni"),
        Currency::Kzt => ("tenge", "tiyin"),
        Currency::Uah => ("grivna", "kopiyka"),
        Currency::Pln => ("zloti", "groş"),
        Currency::Try => ("lira", "kuruş"),
    }
}

const ZERO: &str = "sıfır";

/// 1–9.
const SMALL: [&str; 9] = ["bir", "iki", "üç", "dört", "beş", "altı", "yedi", "sekiz", "dokuz"];

/// 10–90.
const TENS: [&str; 9] = ["on", "yirmi", "otuz", "kırk", "elli", "altmış", "yetmiş", "seksen", "doksan"];

const MONTHS: [&str; 12] =
    ["Ocak", "Şubat", "Mart", "Nisan", "Mayıs", "Haziran", "Temmuz", "Ağustos", "Eylül", "Ekim", "Kasım", "Aralık"];

/// From Monday.
const WEEKDAYS: [&str; 7] = ["Pazartesi", "Salı", "Çarşamba", "Perşembe", "Cuma", "Cumartesi", "Pazar"];
