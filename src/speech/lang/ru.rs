//! Russian. Numbers decline by case and gender and govern what they count; everything here follows from that.
//!
//! Choices: 1000 is «одна тысяча»; zero is «ноль», with genitive plural after it; a year is «тысяча девятьсот …» without
//! «одна», as people say it; 2000 is «двухтысячного». Accusatives are of things, not of beings (money, days).

use jiff::civil::Date;

use super::super::{Case, Gender};
use super::{Counted, Grammar, thousands};
use crate::money::{Currency, Money};

pub(in crate::speech) struct Russian;

impl Grammar for Russian {
    fn cardinal(&self, n: i64, gender: Gender) -> String {
        cardinal(n, gender, Case::Nominative)
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

    fn date(&self, date: Date, case: Case, today: Date) -> Option<String> {
        let day = ordinal(date.day() as u64, NEUTER[case as usize]);
        let month = MONTHS[date.month() as usize - 1];
        if date.year() == today.year() {
            return Some(format!("{day} {month}"));
        }
        let year = u64::try_from(date.year()).ok().filter(|y| *y > 0)?;
        Some(format!("{day} {month} {} года", ordinal(year, NEUTER[Case::Genitive as usize])))
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

    fn ordinal(&self, n: i64, ending: &str) -> Option<String> {
        let n = u64::try_from(n).ok().filter(|n| (1..10_000).contains(n))?;
        let endings = match ending {
            "й" | "ый" | "ий" | "ой" => MASCULINE,
            "я" | "ая" | "ья" => FEMININE,
            "ю" | "ую" | "ью" => ["ую", "ую", "ью"],
            "е" | "ое" | "ье" => NEUTER[Case::Nominative as usize],
            "го" | "ого" => NEUTER[Case::Genitive as usize],
            "му" | "ому" => NEUTER[Case::Dative as usize],
            "м" | "ым" | "им" => NEUTER[Case::Instrumental as usize],
            "ом" => NEUTER[Case::Prepositional as usize],
            "х" | "ых" | "их" => ["ых", "ых", "ьих"],
            _ => return None,
        };
        Some(ordinal(n, endings))
    }

    fn clock(&self, hour: i64, minute: i64) -> String {
        let cardinal = |n| cardinal(n, Gender::Masculine, Case::Nominative);
        match minute {
            0 => format!("{} ноль ноль", cardinal(hour)),
            1..=9 => format!("{} ноль {}", cardinal(hour), cardinal(minute)),
            _ => format!("{} {}", cardinal(hour), cardinal(minute)),
        }
    }

    fn sign(&self, sign: char, counted: Counted) -> Option<&'static str> {
        let noun = match sign {
            '%' => &PERCENT,
            '₽' => currency(Currency::Rub).0,
            '$' => currency(Currency::Usd).0,
            '€' => currency(Currency::Eur).0,
            '£' => currency(Currency::Gbp).0,
            '₸' => currency(Currency::Kzt).0,
            '₴' => currency(Currency::Uah).0,
            '₺' => currency(Currency::Try).0,
            '№' => return Some("номер"),
            // Keys are named to be pressed: «нажмите звёздочку».
            '*' => return Some("звёздочку"),
            '#' => return Some("решётку"),
            '+' => return Some("плюс"),
            '&' => return Some("и"),
            '@' => return Some("собака"),
            '°' => return Some("градусов"),
            _ => return None,
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
    let words = unsigned(n.unsigned_abs(), gender, case);
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

/// Endings of an ordinal: as a rule (пятый), stressed (второй), of «третий».
type Endings = [&'static str; 3];

const MASCULINE: Endings = ["ый", "ой", "ий"];
const FEMININE: Endings = ["ая", "ая", "ья"];
/// By [`Case`]: days («двадцать пятое»); from the genitive on, masculine as well (years: «седьмого года»).
const NEUTER: [Endings; 6] = [
    ["ое", "ое", "ье"],
    ["ого", "ого", "ьего"],
    ["ому", "ому", "ьему"],
    ["ое", "ое", "ье"],
    ["ым", "ым", "ьим"],
    ["ом", "ом", "ьем"],
];

/// 1–9999. Only the last word of an ordinal is one; the words before it are a cardinal that does not decline: «две тысячи
/// двадцать седьмого».
fn ordinal(n: u64, [hard, stressed, soft]: Endings) -> String {
    let (thousand, rest) = (n / 1000, n % 1000);
    if rest == 0 {
        let prefix = if thousand == 1 { "" } else { PREFIXES[thousand as usize - 2] };
        return format!("{prefix}тысячн{hard}");
    }
    let mut words: Vec<String> = Vec::new();
    match thousand {
        0 => {}
        1 => words.push("тысяча".to_owned()),
        _ => words.push(unsigned(thousand * 1000, Gender::Masculine, Case::Nominative)),
    }
    let last = match (rest % 100, rest % 10) {
        (0, _) => rest,
        (1..=20, _) => rest % 100,
        (tens, 0) => tens,
        (_, one) => one,
    };
    if rest > last {
        words.push(unsigned(rest - last, Gender::Masculine, Case::Nominative));
    }
    let ending = match last {
        3 => soft,
        2 | 6 | 7 | 8 | 40 => stressed,
        _ => hard,
    };
    words.push(format!("{}{ending}", ordinal_stem(last)));
    words.join(" ")
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

static PERCENT: Noun = hard_masculine!("процент");

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
