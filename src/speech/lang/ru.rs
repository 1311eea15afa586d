//! Russian. Numbers decline by case and gender and govern what they count; everything here follows from that.
//!
//! Choices: 1000 is «одна тысяча»; zero is «ноль», with genitive plural after it; a year is «тысяча девятьсот …» without
//! «одна», as people say it; 2000 is «двухтысячного». Accusatives are of things, not of beings (money, days).

use jiff::civil::{Date, Weekday};

use super::super::{Case, Gender, Measure};
use super::{Counted, Grammar, of_sign, thousands};
use crate::money::{Currency, Money};

pub(in crate::speech) struct Russian;

/// In the order of [`Forms`].
const CASES: [Case; 6] =
    [Case::Nominative, Case::Genitive, Case::Dative, Case::Accusative, Case::Instrumental, Case::Prepositional];

impl Grammar for Russian {
    fn cases(&self) -> &'static [Case] {
        &CASES
    }

    fn cardinal(&self, n: i64, gender: Gender, case: Case) -> String {
        cardinal(n, gender, case)
    }

    fn ordinal(&self, n: i64, gender: Gender, case: Case) -> String {
        signed(n, |n| ordinal(n, endings(gender, case)))
    }

    fn money(&self, money: Money, case: Case) -> String {
        let (unit, sub_unit) = currency(money.currency);
        let (major, minor) = (money.minor.unsigned_abs() / 100, money.minor.unsigned_abs() % 100);
        let mut words = Vec::new();
        if money.minor < 0 {
            words.push("минус".to_owned());
        }
        if major > 0 || minor == 0 {
            words.push(counted(major, unit, case));
        }
        if minor > 0 {
            words.push(counted(minor, sub_unit, case));
        }
        words.join(" ")
    }

    fn count(&self, n: i64, measure: Measure, case: Case) -> String {
        signed(n, |n| counted(n, noun(measure), case))
    }

    fn date(&self, date: Date, with_year: bool, case: Option<Case>) -> String {
        let day = ordinal(date.day() as u64, NEUTER[case.unwrap_or(Case::Genitive) as usize]);
        let month = MONTHS[date.month() as usize - 1];
        if !with_year {
            return format!("{day} {month}");
        }
        format!("{day} {month} {} года", ordinal(date.year() as u64, NEUTER[Case::Genitive as usize]))
    }

    fn weekday(&self, weekday: Weekday, case: Option<Case>) -> &'static str {
        WEEKDAYS[weekday.to_monday_zero_offset() as usize][case.unwrap_or(Case::Nominative) as usize]
    }

    fn near(&self, date: Date) -> String {
        let weekday = date.weekday();
        // «во вторник», before two consonants.
        let preposition = if weekday == Weekday::Tuesday { "во" } else { "в" };
        let day = ordinal(date.day() as u64, NEUTER[Case::Genitive as usize]);
        format!("{preposition} {} {day}", self.weekday(weekday, Some(Case::Accusative)))
    }

    fn around(&self, days: i64) -> Option<&'static str> {
        match days {
            -2 => Some("позавчера"),
            -1 => Some("вчера"),
            0 => Some("сегодня"),
            1 => Some("завтра"),
            2 => Some("послезавтра"),
            _ => None,
        }
    }

    fn telephone_group(&self, digits: &str) -> String {
        // «двенадцать тридцать четыре»: nobody says thousands in a telephone number.
        if let (4, Some((first, second))) = (digits.len(), digits.split_at_checked(2)) {
            return format!("{} {}", self.telephone_group(first), self.telephone_group(second));
        }
        let zeros = digits.bytes().take_while(|b| *b == b'0').count();
        let mut words = vec![ZERO[0].to_owned(); zeros];
        if let Ok(n @ 1..) = digits[zeros..].parse() {
            words.push(unsigned(n, Gender::Masculine, Case::Nominative));
        }
        words.join(" ")
    }

    fn digit(&self, digit: u8) -> &'static str {
        if digit == 0 { "ноль" } else { SMALL[digit as usize - 1][0] }
    }

    fn decimal(&self, whole: i64, fraction: &str) -> String {
        // «целая» and «десятая» are feminine adjectives: singular after one, genitive plural after all else.
        let agree = |n: u64, one: &'static str, many: &'static str| if plural(n) == Plural::One { one } else { many };
        let wholes = agree(whole.unsigned_abs(), "целая", "целых");
        let whole = cardinal(whole, Gender::Feminine, Case::Nominative);
        let parts: u64 = fraction.parse().unwrap_or(0);
        let names = match fraction.len() {
            1 => agree(parts, "десятая", "десятых"),
            2 => agree(parts, "сотая", "сотых"),
            3 => agree(parts, "тысячная", "тысячных"),
            _ => {
                let digits: Vec<&str> = fraction.bytes().map(|b| self.digit(b - b'0')).collect();
                return format!("{whole} {wholes} {}", digits.join(" "));
            }
        };
        format!("{whole} {wholes} {} {names}", cardinal(parts as i64, Gender::Feminine, Case::Nominative))
    }

    fn before_word(&self, n: i64, word: &str) -> Option<String> {
        let of_date = (1..=31).contains(&n) && MONTHS.contains(&word) || (1000..=9999).contains(&n) && word == "года";
        of_date.then(|| ordinal(n.unsigned_abs(), NEUTER[Case::Genitive as usize]))
    }

    fn written_ordinal(&self, n: i64, ending: &str) -> Option<String> {
        let n = u64::try_from(n).ok()?;
        // Not all are ordinals: «3-х дней», «10-ти дней», «40-ка».
        let case = match ending {
            "х" | "ти" | "ми" | "ка" | "та" => Some(Case::Genitive),
            "мя" | "тью" => Some(Case::Instrumental),
            _ => None,
        };
        if let Some(words) = case.map(|case| unsigned(n, Gender::Masculine, case)).filter(|w| w.ends_with(ending)) {
            return Some(words);
        }
        let endings = match ending {
            "й" | "ый" | "ий" => MASCULINE,
            "я" | "ая" | "ья" => FEMININE,
            "ю" | "ую" | "ью" => FEMININE_ACCUSATIVE,
            // «на 1-ой линии»; «2-ой» is the masculine as well, and sounds the same.
            "ой" | "ей" | "ьей" => FEMININE_OBLIQUE,
            "е" | "ое" | "ье" => NEUTER[Case::Nominative as usize],
            "го" | "ого" | "его" | "ьего" => NEUTER[Case::Genitive as usize],
            "му" | "ому" | "ему" | "ьему" => NEUTER[Case::Dative as usize],
            "ым" | "им" | "ьим" => NEUTER[Case::Instrumental as usize],
            // Of «первым» and «первом» the more frequent: «на 1-м этаже», «во 2-м квартале».
            "м" | "ом" | "ем" | "ьем" => NEUTER[Case::Prepositional as usize],
            "ые" | "ие" | "ьи" => ["ые", "ые", "ьи"],
            "х" | "ых" | "их" | "ьих" => ["ых", "ых", "ьих"],
            "ми" | "ыми" | "ими" | "ьими" => ["ыми", "ыми", "ьими"],
            // «4-значный», «30-дневного».
            word if (1..1000).contains(&n) && is_adjective(word) => {
                return Some(if n == 1 { format!("одно{word}") } else { format!("{}{word}", compound(n)) });
            }
            _ => return None,
        };
        Some(ordinal(n, endings))
    }

    fn clock(&self, hour: i64, minute: i64, case: Option<Case>) -> String {
        let Some(case) = case else {
            let cardinal = |n| cardinal(n, Gender::Masculine, Case::Nominative);
            return match minute {
                0 => format!("{} ноль ноль", cardinal(hour)),
                1..=9 => format!("{} ноль {}", cardinal(hour), cardinal(minute)),
                _ => format!("{} {}", cardinal(hour), cardinal(minute)),
            };
        };
        let hours = self.count(hour, Measure::Hours, case);
        if minute == 0 { hours } else { format!("{hours} {}", self.count(minute, Measure::Minutes, case)) }
    }

    fn sign(&self, sign: char, counted: Counted) -> Option<&'static str> {
        let noun = match sign {
            '%' => noun(Measure::Percent),
            '°' => &DEGREE,
            '№' => return Some("номер"),
            // Keys are named to be pressed: «нажмите звёздочку».
            '*' => return Some("звёздочку"),
            '#' => return Some("решётку"),
            '+' => return Some("плюс"),
            '&' => return Some("и"),
            '@' => return Some("собака"),
            '−' => return Some("минус"),
            other => currency(of_sign(other)?).0,
        };
        Some(match counted {
            Counted::Whole(n) => noun.after(n.unsigned_abs(), Case::Nominative),
            Counted::Decimal => noun.singular[Case::Genitive as usize],
            Counted::Nothing => noun.plural[Case::Genitive as usize],
        })
    }
}

/// Forms in the order of [`Case`]: nominative, genitive, dative, accusative, instrumental, prepositional.
type Forms = [&'static str; 6];

struct Noun {
    gender: Gender,
    singular: Forms,
    plural: Forms,
    /// After two, three and four in the nominative and accusative; genitive singular, but for adjectives used as nouns
    /// («два злотых»).
    few: &'static str,
}

/// Which form a number calls for.
#[derive(PartialEq, Eq)]
enum Plural {
    One,
    Few,
    Many,
}

fn plural(n: u64) -> Plural {
    match (n % 10, n % 100) {
        (_, 11..=14) => Plural::Many,
        (1, _) => Plural::One,
        (2..=4, _) => Plural::Few,
        _ => Plural::Many,
    }
}

impl Noun {
    /// The form of the noun after `n`, when number and noun together stand in `case`.
    fn after(&self, n: u64, case: Case) -> &'static str {
        let direct = matches!(case, Case::Nominative | Case::Accusative);
        // Zero, тысяча and миллион are nouns themselves and govern the genitive: «к одной тысяче рублей».
        if n.is_multiple_of(1000) {
            return self.plural[Case::Genitive as usize];
        }
        match plural(n) {
            Plural::One => self.singular[case as usize],
            Plural::Few if direct => self.few,
            Plural::Many if direct => self.plural[Case::Genitive as usize],
            Plural::Few | Plural::Many => self.plural[case as usize],
        }
    }
}

/// A number and what it counts, both in `case`.
fn counted(n: u64, noun: &Noun, case: Case) -> String {
    format!("{} {}", unsigned(n, noun.gender, case), noun.after(n, case))
}

fn cardinal(n: i64, gender: Gender, case: Case) -> String {
    signed(n, |n| unsigned(n, gender, case))
}

/// «минус» before what is said of the number without its sign.
fn signed(n: i64, words: impl Fn(u64) -> String) -> String {
    let words = words(n.unsigned_abs());
    if n < 0 { format!("минус {words}") } else { words }
}

fn unsigned(n: u64, gender: Gender, case: Case) -> String {
    if n == 0 {
        return ZERO[case as usize].to_owned();
    }
    let mut words = Vec::new();
    for (power, group) in thousands(n) {
        match power {
            0 => hundreds(group, gender, case, &mut words),
            _ => {
                let noun = &POWERS[power as usize - 1];
                hundreds(group, noun.gender, case, &mut words);
                words.push(noun.after(group, case));
            }
        }
    }
    words.join(" ")
}

/// 1–999.
fn hundreds(n: u64, gender: Gender, case: Case, words: &mut Vec<&'static str>) {
    let (hundred, ten, one) = (n / 100, n / 10 % 10, n % 10);
    if hundred > 0 {
        words.push(HUNDREDS[hundred as usize - 1][case as usize]);
    }
    if ten > 1 {
        words.push(TENS[ten as usize - 2][case as usize]);
    }
    match (if ten == 1 { 10 + one } else { one }, gender) {
        (0, _) => {}
        (1, Gender::Feminine) => words.push(ONE_FEMININE[case as usize]),
        (1, Gender::Neuter) => words.push(ONE_NEUTER[case as usize]),
        (2, Gender::Feminine) => words.push(TWO_FEMININE[case as usize]),
        (small, _) => words.push(SMALL[small as usize - 1][case as usize]),
    }
}

/// A whole word with the ending of an adjective, such as «дневный»; what is shorter is an ending itself.
fn is_adjective(word: &str) -> bool {
    const ENDINGS: [&str; 23] = [
        "ый", "ий", "ой", "ая", "яя", "ое", "ее", "ые", "ие", "ого", "его", "ому", "ему", "ым", "им", "ом", "ем", "ую",
        "юю", "ей", "ых", "их", "ми",
    ];
    word.chars().count() > 4 && ENDINGS.iter().any(|ending| word.ends_with(ending))
}

/// Endings of an ordinal: as a rule (пятый), stressed (второй), of «третий».
type Endings = [&'static str; 3];

const MASCULINE: Endings = ["ый", "ой", "ий"];
const FEMININE: Endings = ["ая", "ая", "ья"];
const FEMININE_ACCUSATIVE: Endings = ["ую", "ую", "ью"];
/// By [`Case`]: days («двадцать пятое»); from the genitive on, masculine as well (years: «седьмого года»).
const NEUTER: [Endings; 6] = [
    ["ое", "ое", "ье"],
    ["ого", "ого", "ьего"],
    ["ому", "ому", "ьему"],
    ["ое", "ое", "ье"],
    ["ым", "ым", "ьим"],
    ["ом", "ом", "ьем"],
];

const FEMININE_OBLIQUE: Endings = ["ой", "ой", "ьей"];

fn endings(gender: Gender, case: Case) -> Endings {
    match (gender, case) {
        // Of things: «на второй день», as in the nominative.
        (Gender::Masculine, Case::Nominative | Case::Accusative) => MASCULINE,
        (Gender::Feminine, Case::Nominative) => FEMININE,
        (Gender::Feminine, Case::Accusative) => FEMININE_ACCUSATIVE,
        (Gender::Feminine, _) => FEMININE_OBLIQUE,
        (Gender::Masculine | Gender::Neuter, case) => NEUTER[case as usize],
    }
}

/// Only the last word of an ordinal is one; the words before it are a cardinal that does not decline: «две тысячи
/// двадцать седьмого».
fn ordinal(n: u64, [hard, stressed, soft]: Endings) -> String {
    if n == 0 {
        return format!("нулев{stressed}");
    }
    // 5 000 000 → «пятимиллионный»: the lowest group of three digits makes the last word.
    let mut power = 0;
    let mut unit = 1;
    while (n / unit).is_multiple_of(1000) {
        power += 1;
        unit *= 1000;
    }
    let group = n / unit % 1000;
    let before = |rest: u64| match rest {
        0 => String::new(),
        // A year: «тысяча девятьсот …», without «одна».
        1000 => "тысяча ".to_owned(),
        1001..2000 => format!("тысяча {} ", unsigned(rest - 1000, Gender::Masculine, Case::Nominative)),
        _ => format!("{} ", unsigned(rest, Gender::Masculine, Case::Nominative)),
    };
    if power > 0 {
        let before = before(n - group * unit);
        return format!("{before}{}{}{hard}", compound(group), ORDINAL_POWERS[power - 1]);
    }
    let last = match (group % 100, group % 10) {
        (0, _) => group,
        (1..=20, _) => group % 100,
        (tens, 0) => tens,
        (_, one) => one,
    };
    let ending = match last {
        3 => soft,
        2 | 6 | 7 | 8 | 40 => stressed,
        _ => hard,
    };
    format!("{}{}{ending}", before(n - last), ordinal_stem(last))
}

const ORDINAL_POWERS: [&str; 6] = ["тысячн", "миллионн", "миллиардн", "триллионн", "квадриллионн", "квинтиллионн"];

/// 1–999 as the beginning of one word, in the genitive: «двадцатипятитысячный», but «стотысячный», «девяностотысячный»,
/// «двадцатиоднотысячный».
fn compound(n: u64) -> String {
    if n == 1 {
        return String::new();
    }
    let genitive = |forms: &Forms| forms[Case::Genitive as usize];
    let mut word = String::new();
    let (hundred, ten, one) = (n / 100, n / 10 % 10, n % 10);
    match hundred {
        0 => {}
        1 => word.push_str("сто"),
        _ => word.push_str(genitive(&HUNDREDS[hundred as usize - 1])),
    }
    match ten {
        0 | 1 => {}
        9 => word.push_str("девяносто"),
        _ => word.push_str(genitive(&TENS[ten as usize - 2])),
    }
    match if ten == 1 { 10 + one } else { one } {
        0 => {}
        1 => word.push_str("одно"),
        small => word.push_str(genitive(&SMALL[small as usize - 1])),
    }
    word
}

/// 1–20, whole tens to 90, whole hundreds to 900.
fn ordinal_stem(n: u64) -> String {
    const SMALL: [&str; 20] = [
        "перв",
        "втор",
        "трет",
        "четвёрт",
        "пят",
        "шест",
        "седьм",
        "восьм",
        "девят",
        "десят",
        "одиннадцат",
        "двенадцат",
        "тринадцат",
        "четырнадцат",
        "пятнадцат",
        "шестнадцат",
        "семнадцат",
        "восемнадцат",
        "девятнадцат",
        "двадцат",
    ];
    const TENS: [&str; 7] = ["тридцат", "сороков", "пятидесят", "шестидесят", "семидесят", "восьмидесят", "девяност"];
    match n {
        1..=20 => SMALL[n as usize - 1].to_owned(),
        21..=99 => TENS[n as usize / 10 - 3].to_owned(),
        100 => "сот".to_owned(),
        _ => format!("{}сот", PREFIXES[n as usize / 100 - 2]),
    }
}

/// Two to nine within one word: «двухсотый», «трёхтысячный».
const PREFIXES: [&str; 8] = ["двух", "трёх", "четырёх", "пяти", "шести", "семи", "восьми", "девяти"];

const MONTHS: [&str; 12] = [
    "января",
    "февраля",
    "марта",
    "апреля",
    "мая",
    "июня",
    "июля",
    "августа",
    "сентября",
    "октября",
    "ноября",
    "декабря",
];

/// From Monday.
const WEEKDAYS: [Forms; 7] = [
    ["понедельник", "понедельника", "понедельнику", "понедельник", "понедельником", "понедельнике"],
    ["вторник", "вторника", "вторнику", "вторник", "вторником", "вторнике"],
    ["среда", "среды", "среде", "среду", "средой", "среде"],
    ["четверг", "четверга", "четвергу", "четверг", "четвергом", "четверге"],
    ["пятница", "пятницы", "пятнице", "пятницу", "пятницей", "пятнице"],
    ["суббота", "субботы", "субботе", "субботу", "субботой", "субботе"],
    ["воскресенье", "воскресенья", "воскресенью", "воскресенье", "воскресеньем", "воскресенье"],
];

const ZERO: Forms = ["ноль", "ноля", "нолю", "ноль", "нолём", "ноле"];
const ONE_FEMININE: Forms = ["одна", "одной", "одной", "одну", "одной", "одной"];
const ONE_NEUTER: Forms = ["одно", "одного", "одному", "одно", "одним", "одном"];
const TWO_FEMININE: Forms = ["две", "двух", "двум", "две", "двумя", "двух"];

/// 1–19, masculine.
const SMALL: [Forms; 19] = [
    ["один", "одного", "одному", "один", "одним", "одном"],
    ["два", "двух", "двум", "два", "двумя", "двух"],
    ["три", "трёх", "трём", "три", "тремя", "трёх"],
    ["четыре", "четырёх", "четырём", "четыре", "четырьмя", "четырёх"],
    ["пять", "пяти", "пяти", "пять", "пятью", "пяти"],
    ["шесть", "шести", "шести", "шесть", "шестью", "шести"],
    ["семь", "семи", "семи", "семь", "семью", "семи"],
    ["восемь", "восьми", "восьми", "восемь", "восемью", "восьми"],
    ["девять", "девяти", "девяти", "девять", "девятью", "девяти"],
    ["десять", "десяти", "десяти", "десять", "десятью", "десяти"],
    ["одиннадцать", "одиннадцати", "одиннадцати", "одиннадцать", "одиннадцатью", "одиннадцати"],
    ["двенадцать", "двенадцати", "двенадцати", "двенадцать", "двенадцатью", "двенадцати"],
    ["тринадцать", "тринадцати", "тринадцати", "тринадцать", "тринадцатью", "тринадцати"],
    ["четырнадцать", "четырнадцати", "четырнадцати", "четырнадцать", "четырнадцатью", "четырнадцати"],
    ["пятнадцать", "пятнадцати", "пятнадцати", "пятнадцать", "пятнадцатью", "пятнадцати"],
    ["шестнадцать", "шестнадцати", "шестнадцати", "шестнадцать", "шестнадцатью", "шестнадцати"],
    ["семнадцать", "семнадцати", "семнадцати", "семнадцать", "семнадцатью", "семнадцати"],
    ["восемнадцать", "восемнадцати", "восемнадцати", "восемнадцать", "восемнадцатью", "восемнадцати"],
    ["девятнадцать", "девятнадцати", "девятнадцати", "девятнадцать", "девятнадцатью", "девятнадцати"],
];

/// 20–90.
const TENS: [Forms; 8] = [
    ["двадцать", "двадцати", "двадцати", "двадцать", "двадцатью", "двадцати"],
    ["тридцать", "тридцати", "тридцати", "тридцать", "тридцатью", "тридцати"],
    ["сорок", "сорока", "сорока", "сорок", "сорока", "сорока"],
    ["пятьдесят", "пятидесяти", "пятидесяти", "пятьдесят", "пятьюдесятью", "пятидесяти"],
    ["шестьдесят", "шестидесяти", "шестидесяти", "шестьдесят", "шестьюдесятью", "шестидесяти"],
    ["семьдесят", "семидесяти", "семидесяти", "семьдесят", "семьюдесятью", "семидесяти"],
    ["восемьдесят", "восьмидесяти", "восьмидесяти", "восемьдесят", "восемьюдесятью", "восьмидесяти"],
    ["девяносто", "девяноста", "девяноста", "девяносто", "девяноста", "девяноста"],
];

/// 100–900.
const HUNDREDS: [Forms; 9] = [
    ["сто", "ста", "ста", "сто", "ста", "ста"],
    ["двести", "двухсот", "двумстам", "двести", "двумястами", "двухстах"],
    ["триста", "трёхсот", "трёмстам", "триста", "тремястами", "трёхстах"],
    ["четыреста", "четырёхсот", "четырёмстам", "четыреста", "четырьмястами", "четырёхстах"],
    ["пятьсот", "пятисот", "пятистам", "пятьсот", "пятьюстами", "пятистах"],
    ["шестьсот", "шестисот", "шестистам", "шестьсот", "шестьюстами", "шестистах"],
    ["семьсот", "семисот", "семистам", "семьсот", "семьюстами", "семистах"],
    ["восемьсот", "восьмисот", "восьмистам", "восемьсот", "восемьюстами", "восьмистах"],
    ["девятьсот", "девятисот", "девятистам", "девятьсот", "девятьюстами", "девятистах"],
];

/// A masculine noun on a hard consonant (миллион, доллар), built from its stem at compile time.
macro_rules! hard_masculine {
    ($stem:literal, $after:literal) => {
        Noun {
            gender: Gender::Masculine,
            singular: [
                concat!($stem, $after),
                concat!($stem, "а", $after),
                concat!($stem, "у", $after),
                concat!($stem, $after),
                concat!($stem, "ом", $after),
                concat!($stem, "е", $after),
            ],
            plural: [
                concat!($stem, "ы", $after),
                concat!($stem, "ов", $after),
                concat!($stem, "ам", $after),
                concat!($stem, "ы", $after),
                concat!($stem, "ами", $after),
                concat!($stem, "ах", $after),
            ],
            few: concat!($stem, "а", $after),
        }
    };
    ($stem:literal) => {
        hard_masculine!($stem, "")
    };
}

/// A feminine noun on «-а» (секунда).
macro_rules! hard_feminine {
    ($stem:literal) => {
        Noun {
            gender: Gender::Feminine,
            singular: [
                concat!($stem, "а"),
                concat!($stem, "ы"),
                concat!($stem, "е"),
                concat!($stem, "у"),
                concat!($stem, "ой"),
                concat!($stem, "е"),
            ],
            plural: [
                concat!($stem, "ы"),
                $stem,
                concat!($stem, "ам"),
                concat!($stem, "ы"),
                concat!($stem, "ами"),
                concat!($stem, "ах"),
            ],
            few: concat!($stem, "ы"),
        }
    };
}

/// A thousand and its powers, to 10^18: an `i64` goes no further.
static POWERS: [Noun; 6] = [
    Noun {
        gender: Gender::Feminine,
        singular: ["тысяча", "тысячи", "тысяче", "тысячу", "тысячей", "тысяче"],
        plural: ["тысячи", "тысяч", "тысячам", "тысячи", "тысячами", "тысячах"],
        few: "тысячи",
    },
    hard_masculine!("миллион"),
    hard_masculine!("миллиард"),
    hard_masculine!("триллион"),
    hard_masculine!("квадриллион"),
    hard_masculine!("квинтиллион"),
];

fn noun(measure: Measure) -> &'static Noun {
    static SECOND: Noun = hard_feminine!("секунд");
    static MINUTE: Noun = hard_feminine!("минут");
    static HOUR: Noun = Noun {
        gender: Gender::Masculine,
        singular: ["час", "часа", "часу", "час", "часом", "часе"],
        plural: ["часы", "часов", "часам", "часы", "часами", "часах"],
        few: "часа",
    };
    static DAY: Noun = Noun {
        gender: Gender::Masculine,
        singular: ["день", "дня", "дню", "день", "днём", "дне"],
        plural: ["дни", "дней", "дням", "дни", "днями", "днях"],
        few: "дня",
    };
    static WEEK: Noun = Noun {
        gender: Gender::Feminine,
        singular: ["неделя", "недели", "неделе", "неделю", "неделей", "неделе"],
        plural: ["недели", "недель", "неделям", "недели", "неделями", "неделях"],
        few: "недели",
    };
    static MONTH: Noun = Noun {
        gender: Gender::Masculine,
        singular: ["месяц", "месяца", "месяцу", "месяц", "месяцем", "месяце"],
        plural: ["месяцы", "месяцев", "месяцам", "месяцы", "месяцами", "месяцах"],
        few: "месяца",
    };
    /// «пять лет», but «пяти годам».
    static YEAR: Noun = Noun {
        gender: Gender::Masculine,
        singular: ["год", "года", "году", "год", "годом", "годе"],
        plural: ["годы", "лет", "годам", "годы", "годами", "годах"],
        few: "года",
    };
    static PERCENT: Noun = hard_masculine!("процент");
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

static DEGREE: Noun = hard_masculine!("градус");

const fn indeclinable(word: &'static str) -> Noun {
    Noun { gender: Gender::Masculine, singular: [word; 6], plural: [word; 6], few: word }
}

/// Unit and sub-unit.
fn currency(currency: Currency) -> (&'static Noun, &'static Noun) {
    static RUBLE: Noun = Noun {
        gender: Gender::Masculine,
        singular: ["рубль", "рубля", "рублю", "рубль", "рублём", "рубле"],
        plural: ["рубли", "рублей", "рублям", "рубли", "рублями", "рублях"],
        few: "рубля",
    };
    static KOPECK: Noun = Noun {
        gender: Gender::Feminine,
        singular: ["копейка", "копейки", "копейке", "копейку", "копейкой", "копейке"],
        plural: ["копейки", "копеек", "копейкам", "копейки", "копейками", "копейках"],
        few: "копейки",
    };
    static DOLLAR: Noun = hard_masculine!("доллар");
    static CENT: Noun = hard_masculine!("цент");
    static EURO: Noun = indeclinable("евро");
    static POUND: Noun = hard_masculine!("фунт", " стерлингов");
    static PENNY: Noun = hard_masculine!("пенс");
    static TENGE: Noun = indeclinable("тенге");
    static TIYN: Noun = hard_masculine!("тиын");
    static HRYVNIA: Noun = Noun {
        gender: Gender::Feminine,
        singular: ["гривна", "гривны", "гривне", "гривну", "гривной", "гривне"],
        plural: ["гривны", "гривен", "гривнам", "гривны", "гривнами", "гривнах"],
        few: "гривны",
    };
    static ZLOTY: Noun = Noun {
        gender: Gender::Masculine,
        singular: ["злотый", "злотого", "злотому", "злотый", "злотым", "злотом"],
        plural: ["злотые", "злотых", "злотым", "злотые", "злотыми", "злотых"],
        few: "злотых",
    };
    static GROSZ: Noun = Noun {
        gender: Gender::Masculine,
        singular: ["грош", "гроша", "грошу", "грош", "грошом", "гроше"],
        plural: ["гроши", "грошей", "грошам", "гроши", "грошами", "грошах"],
        few: "гроша",
    };
    static LIRA: Noun = Noun {
        gender: Gender::Feminine,
        singular: ["лира", "лиры", "лире", "лиру", "лирой", "лире"],
        plural: ["лиры", "лир", "лирам", "лиры", "лирами", "лирах"],
        few: "лиры",
    };
    static KURUS: Noun = Noun {
        gender: Gender::Masculine,
        singular: ["куруш", "куруша", "курушу", "куруш", "курушем", "куруше"],
        plural: ["куруши", "курушей", "курушам", "куруши", "курушами", "курушах"],
        few: "куруша",
    };
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
