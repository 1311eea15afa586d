//! Ukrainian. Numbers decline by case and gender and govern what they count; everything here follows from that.
//!
//! Choices: the apostrophe is U+0027, as the text stage writes it; zero is «нуль», with genitive plural after it; 1000 is
//! «одна тисяча», but a year is «тисяча дев'ятсот …» and 2000 is «двохтисячного»; two to four take the nominative plural
//! («два злоті»); «п'ятьма», «п'ятьмастами» and not «п'ятьома», «п'ятьомастами»; «однієї» and not «одної»; the locative is
//! «одному», «першому» and not «однім», «першім». Accusatives are of things, not of beings. A date without a case is in the
//! genitive, which answers "when"; «у середу», since what stands before is not known. A time is the hour as an ordinal of
//! «година» with bare minutes («чотирнадцята тридцять», «о чотирнадцятій тридцять»), the whole hour with its noun
//! («дев'ята година»); only the hour declines. Decimals are «три цілих і п'ять десятих». Currencies: «рубль», «тенге»,
//! «тиїн», «гріш, грошів»; «євро» is masculine. `@` is «равлик».

use jiff::civil::{Date, Weekday};

use super::super::{Case, Gender, Measure};
use super::{Counted, Grammar, of_sign, thousands};
use crate::money::{Currency, Money};

pub(in crate::speech) struct Ukrainian;

/// In the order of [`Forms`].
const CASES: [Case; 6] =
    [Case::Nominative, Case::Genitive, Case::Dative, Case::Accusative, Case::Instrumental, Case::Prepositional];

impl Grammar for Ukrainian {
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
            words.push("мінус".to_owned());
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
        let day = ordinal(date.day() as u64, endings(Gender::Neuter, case.unwrap_or(Case::Genitive)));
        let month = MONTHS[date.month() as usize - 1];
        if !with_year {
            return format!("{day} {month}");
        }
        let year = ordinal(date.year().unsigned_abs() as u64, endings(Gender::Masculine, Case::Genitive));
        format!("{day} {month} {year} року")
    }

    fn weekday(&self, weekday: Weekday, case: Option<Case>) -> &'static str {
        WEEKDAYS[weekday.to_monday_zero_offset() as usize][case.unwrap_or(Case::Nominative) as usize]
    }

    fn near(&self, date: Date) -> String {
        let day = ordinal(date.day() as u64, endings(Gender::Neuter, Case::Genitive));
        format!("у {} {day}", self.weekday(date.weekday(), Some(Case::Accusative)))
    }

    fn around(&self, days: i64) -> Option<&'static str> {
        match days {
            -2 => Some("позавчора"),
            -1 => Some("вчора"),
            0 => Some("сьогодні"),
            1 => Some("завтра"),
            2 => Some("післязавтра"),
            _ => None,
        }
    }

    fn telephone_group(&self, digits: &str) -> String {
        let zeros = digits.bytes().take_while(|b| *b == b'0').count();
        let mut words = vec![ZERO[0].to_owned(); zeros];
        if let Ok(n @ 1..) = digits[zeros..].parse() {
            words.push(unsigned(n, Gender::Masculine, Case::Nominative));
        }
        words.join(" ")
    }

    fn digit(&self, digit: u8) -> &'static str {
        if digit == 0 { ZERO[0] } else { SMALL[digit as usize - 1][0] }
    }

    fn decimal(&self, whole: i64, fraction: &str) -> String {
        // «ціла» and «десята» are feminine adjectives: singular after one, genitive plural after all else.
        let agree = |n: u64, one: &'static str, many: &'static str| if plural(n) == Plural::One { one } else { many };
        let wholes = agree(whole.unsigned_abs(), "ціла", "цілих");
        let whole = cardinal(whole, Gender::Feminine, Case::Nominative);
        let parts: u64 = fraction.parse().unwrap_or(0);
        let names = match fraction.len() {
            1 => agree(parts, "десята", "десятих"),
            2 => agree(parts, "сота", "сотих"),
            3 => agree(parts, "тисячна", "тисячних"),
            _ => {
                let digits: Vec<&str> = fraction.bytes().map(|b| self.digit(b - b'0')).collect();
                return format!("{whole} {wholes} {}", digits.join(" "));
            }
        };
        format!("{whole} {wholes} і {} {names}", unsigned(parts, Gender::Feminine, Case::Nominative))
    }

    /// «25-го», «1-ша», «2-гу», «3-тє», «80-х». A single «а» is none: it is mostly the letter of a house, «10а».
    fn before_word(&self, n: i64, word: &str) -> Option<String> {
        let of_date = (1..=31).contains(&n) && MONTHS.contains(&word) || (1000..=9999).contains(&n) && word == "року";
        of_date.then(|| ordinal(n.unsigned_abs(), endings(Gender::Neuter, Case::Genitive)))
    }

    fn written_ordinal(&self, n: i64, ending: &str) -> Option<String> {
        let n = u64::try_from(n).ok()?;
        let endings = match ending {
            "а" => return None,
            "ій" if n % 10 != 3 || n % 100 == 13 => endings(Gender::Feminine, Case::Dative),
            _ if ending.ends_with('й') => endings(Gender::Masculine, Case::Nominative),
            _ if ending.ends_with(['а', 'я']) => endings(Gender::Feminine, Case::Nominative),
            _ if ending.ends_with(['е', 'є']) => endings(Gender::Neuter, Case::Nominative),
            _ if ending.ends_with("го") => endings(Gender::Masculine, Case::Genitive),
            _ if ending.ends_with("му") => endings(Gender::Masculine, Case::Dative),
            "ю" | "ою" | "ьою" => endings(Gender::Feminine, Case::Instrumental),
            _ if ending.ends_with(['у', 'ю']) => endings(Gender::Feminine, Case::Accusative),
            _ if ending.ends_with('м') => endings(Gender::Masculine, Case::Instrumental),
            _ if ending.ends_with('ї') => endings(Gender::Feminine, Case::Genitive),
            _ if ending.ends_with('х') => ["их", "іх"],
            _ => return None,
        };
        Some(ordinal(n, endings)).filter(|word| word.ends_with(ending))
    }

    fn clock(&self, hour: i64, minute: i64, case: Option<Case>) -> String {
        let case = case.unwrap_or(Case::Nominative);
        let hours = ordinal(hour.unsigned_abs(), endings(Gender::Feminine, case));
        let minutes = cardinal(minute, Gender::Feminine, Case::Nominative);
        match minute {
            0 => format!("{hours} {}", noun(Measure::Hours).singular[case as usize]),
            1..=9 => format!("{hours} нуль {minutes}"),
            _ => format!("{hours} {minutes}"),
        }
    }

    fn sign(&self, sign: char, counted: Counted) -> Option<&'static str> {
        let noun = match sign {
            '%' => noun(Measure::Percent),
            '№' => return Some("номер"),
            // Keys are named to be pressed: «натисніть зірочку».
            '*' => return Some("зірочку"),
            '#' => return Some("решітку"),
            '+' => return Some("плюс"),
            '&' => return Some("і"),
            '@' => return Some("равлик"),
            '°' => return Some("градусів"),
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
        // Zero, тисяча and мільйон are nouns themselves and govern the genitive: «двом тисячам гривень».
        if n.is_multiple_of(1000) {
            return self.plural[Case::Genitive as usize];
        }
        match plural(n) {
            Plural::One => self.singular[case as usize],
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

/// «мінус» before what is said of the number without its sign.
fn signed(n: i64, words: impl Fn(u64) -> String) -> String {
    let words = words(n.unsigned_abs());
    if n < 0 { format!("мінус {words}") } else { words }
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

/// Endings of an ordinal: as a rule (п'ятий) and of «третій».
type Endings = [&'static str; 2];

fn endings(gender: Gender, case: Case) -> Endings {
    match (gender, case) {
        // Of things: «на другий день», as in the nominative.
        (Gender::Masculine, Case::Nominative | Case::Accusative) => ["ий", "ій"],
        (Gender::Neuter, Case::Nominative | Case::Accusative) => ["е", "є"],
        (Gender::Feminine, Case::Nominative) => ["а", "я"],
        (Gender::Feminine, Case::Accusative) => ["у", "ю"],
        (Gender::Feminine, Case::Genitive) => ["ої", "ьої"],
        (Gender::Feminine, Case::Instrumental) => ["ою", "ьою"],
        (Gender::Feminine, _) => ["ій", "ій"],
        (Gender::Masculine | Gender::Neuter, Case::Genitive) => ["ого", "ього"],
        (Gender::Masculine | Gender::Neuter, Case::Instrumental) => ["им", "ім"],
        (Gender::Masculine | Gender::Neuter, _) => ["ому", "ьому"],
    }
}

/// Only the last word of an ordinal is one; the words before it are a cardinal that does not decline: «дві тисячі двадцять
/// сьомого».
fn ordinal(n: u64, [hard, soft]: Endings) -> String {
    if n == 0 {
        return format!("нульов{hard}");
    }
    // 5 000 000 → «п'ятимільйонний»: the lowest group of three digits makes the last word.
    let mut power = 0;
    let mut unit = 1;
    while (n / unit).is_multiple_of(1000) {
        power += 1;
        unit *= 1000;
    }
    let group = n / unit % 1000;
    let before = |rest: u64| match rest {
        0 => String::new(),
        // A year: «тисяча дев'ятсот …», without «одна».
        1000 => "тисяча ".to_owned(),
        1001..2000 => format!("тисяча {} ", unsigned(rest - 1000, Gender::Masculine, Case::Nominative)),
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
    let ending = if last == 3 { soft } else { hard };
    format!("{}{}{ending}", before(n - last), ordinal_stem(last))
}

const ORDINAL_POWERS: [&str; 6] = ["тисячн", "мільйонн", "мільярдн", "трильйонн", "квадрильйонн", "квінтильйонн"];

/// 1–999 as the beginning of one word, in the genitive: «двадцятип'ятитисячний», but «стотисячний»,
/// «дев'яностотисячний», «двадцятиоднотисячний».
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
        9 => word.push_str("дев'яносто"),
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
        "перш",
        "друг",
        "трет",
        "четверт",
        "п'ят",
        "шост",
        "сьом",
        "восьм",
        "дев'ят",
        "десят",
        "одинадцят",
        "дванадцят",
        "тринадцят",
        "чотирнадцят",
        "п'ятнадцят",
        "шістнадцят",
        "сімнадцят",
        "вісімнадцят",
        "дев'ятнадцят",
        "двадцят",
    ];
    const TENS: [&str; 7] = ["тридцят", "сороков", "п'ятдесят", "шістдесят", "сімдесят", "вісімдесят", "дев'яност"];
    match n {
        1..=20 => SMALL[n as usize - 1].to_owned(),
        21..=99 => TENS[n as usize / 10 - 3].to_owned(),
        100 => "сот".to_owned(),
        // «двохсотий», of the genitive «двохсот».
        _ => HUNDREDS[n as usize / 100 - 1][Case::Genitive as usize].to_owned(),
    }
}

const MONTHS: [&str; 12] = [
    "січня",
    "лютого",
    "березня",
    "квітня",
    "травня",
    "червня",
    "липня",
    "серпня",
    "вересня",
    "жовтня",
    "листопада",
    "грудня",
];

/// From Monday.
const WEEKDAYS: [Forms; 7] = [
    ["понеділок", "понеділка", "понеділку", "понеділок", "понеділком", "понеділку"],
    ["вівторок", "вівторка", "вівторку", "вівторок", "вівторком", "вівторку"],
    ["середа", "середи", "середі", "середу", "середою", "середі"],
    ["четвер", "четверга", "четвергу", "четвер", "четвергом", "четвергу"],
    ["п'ятниця", "п'ятниці", "п'ятниці", "п'ятницю", "п'ятницею", "п'ятниці"],
    ["субота", "суботи", "суботі", "суботу", "суботою", "суботі"],
    ["неділя", "неділі", "неділі", "неділю", "неділею", "неділі"],
];

const ZERO: Forms = ["нуль", "нуля", "нулю", "нуль", "нулем", "нулі"];
const ONE_FEMININE: Forms = ["одна", "однієї", "одній", "одну", "однією", "одній"];
const ONE_NEUTER: Forms = ["одне", "одного", "одному", "одне", "одним", "одному"];
const TWO_FEMININE: Forms = ["дві", "двох", "двом", "дві", "двома", "двох"];

/// 1–19, masculine.
const SMALL: [Forms; 19] = [
    ["один", "одного", "одному", "один", "одним", "одному"],
    ["два", "двох", "двом", "два", "двома", "двох"],
    ["три", "трьох", "трьом", "три", "трьома", "трьох"],
    ["чотири", "чотирьох", "чотирьом", "чотири", "чотирма", "чотирьох"],
    ["п'ять", "п'яти", "п'яти", "п'ять", "п'ятьма", "п'яти"],
    ["шість", "шести", "шести", "шість", "шістьма", "шести"],
    ["сім", "семи", "семи", "сім", "сьома", "семи"],
    ["вісім", "восьми", "восьми", "вісім", "вісьма", "восьми"],
    ["дев'ять", "дев'яти", "дев'яти", "дев'ять", "дев'ятьма", "дев'яти"],
    ["десять", "десяти", "десяти", "десять", "десятьма", "десяти"],
    ["одинадцять", "одинадцяти", "одинадцяти", "одинадцять", "одинадцятьма", "одинадцяти"],
    ["дванадцять", "дванадцяти", "дванадцяти", "дванадцять", "дванадцятьма", "дванадцяти"],
    ["тринадцять", "тринадцяти", "тринадцяти", "тринадцять", "тринадцятьма", "тринадцяти"],
    ["чотирнадцять", "чотирнадцяти", "чотирнадцяти", "чотирнадцять", "чотирнадцятьма", "чотирнадцяти"],
    ["п'ятнадцять", "п'ятнадцяти", "п'ятнадцяти", "п'ятнадцять", "п'ятнадцятьма", "п'ятнадцяти"],
    ["шістнадцять", "шістнадцяти", "шістнадцяти", "шістнадцять", "шістнадцятьма", "шістнадцяти"],
    ["сімнадцять", "сімнадцяти", "сімнадцяти", "сімнадцять", "сімнадцятьма", "сімнадцяти"],
    ["вісімнадцять", "вісімнадцяти", "вісімнадцяти", "вісімнадцять", "вісімнадцятьма", "вісімнадцяти"],
    ["дев'ятнадцять", "дев'ятнадцяти", "дев'ятнадцяти", "дев'ятнадцять", "дев'ятнадцятьма", "дев'ятнадцяти"],
];

/// 20–90.
const TENS: [Forms; 8] = [
    ["двадцять", "двадцяти", "двадцяти", "двадцять", "двадцятьма", "двадцяти"],
    ["тридцять", "тридцяти", "тридцяти", "тридцять", "тридцятьма", "тридцяти"],
    ["сорок", "сорока", "сорока", "сорок", "сорока", "сорока"],
    ["п'ятдесят", "п'ятдесяти", "п'ятдесяти", "п'ятдесят", "п'ятдесятьма", "п'ятдесяти"],
    ["шістдесят", "шістдесяти", "шістдесяти", "шістдесят", "шістдесятьма", "шістдесяти"],
    ["сімдесят", "сімдесяти", "сімдесяти", "сімдесят", "сімдесятьма", "сімдесяти"],
    ["вісімдесят", "вісімдесяти", "вісімдесяти", "вісімдесят", "вісімдесятьма", "вісімдесяти"],
    ["дев'яносто", "дев'яноста", "дев'яноста", "дев'яносто", "дев'яноста", "дев'яноста"],
];

/// 100–900.
const HUNDREDS: [Forms; 9] = [
    ["сто", "ста", "ста", "сто", "ста", "ста"],
    ["двісті", "двохсот", "двомстам", "двісті", "двомастами", "двохстах"],
    ["триста", "трьохсот", "трьомстам", "триста", "трьомастами", "трьохстах"],
    ["чотириста", "чотирьохсот", "чотирьомстам", "чотириста", "чотирмастами", "чотирьохстах"],
    ["п'ятсот", "п'ятисот", "п'ятистам", "п'ятсот", "п'ятьмастами", "п'ятистах"],
    ["шістсот", "шестисот", "шестистам", "шістсот", "шістьмастами", "шестистах"],
    ["сімсот", "семисот", "семистам", "сімсот", "сьомастами", "семистах"],
    ["вісімсот", "восьмисот", "восьмистам", "вісімсот", "вісьмастами", "восьмистах"],
    ["дев'ятсот", "дев'ятисот", "дев'ятистам", "дев'ятсот", "дев'ятьмастами", "дев'ятистах"],
];

/// A masculine noun on a hard consonant (мільйон, долар), built from its stem at compile time.
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
                concat!($stem, "і", $after),
            ],
            plural: [
                concat!($stem, "и", $after),
                concat!($stem, "ів", $after),
                concat!($stem, "ам", $after),
                concat!($stem, "и", $after),
                concat!($stem, "ами", $after),
                concat!($stem, "ах", $after),
            ],
        }
    };
    ($stem:literal) => {
        hard_masculine!($stem, "")
    };
}

/// A feminine noun on «-а» (хвилина).
macro_rules! hard_feminine {
    ($stem:literal) => {
        Noun {
            gender: Gender::Feminine,
            singular: [
                concat!($stem, "а"),
                concat!($stem, "и"),
                concat!($stem, "і"),
                concat!($stem, "у"),
                concat!($stem, "ою"),
                concat!($stem, "і"),
            ],
            plural: [
                concat!($stem, "и"),
                $stem,
                concat!($stem, "ам"),
                concat!($stem, "и"),
                concat!($stem, "ами"),
                concat!($stem, "ах"),
            ],
        }
    };
}

/// A thousand and its powers, to 10^18: an `i64` goes no further.
static POWERS: [Noun; 6] = [
    Noun {
        gender: Gender::Feminine,
        singular: ["тисяча", "тисячі", "тисячі", "тисячу", "тисячею", "тисячі"],
        plural: ["тисячі", "тисяч", "тисячам", "тисячі", "тисячами", "тисячах"],
    },
    hard_masculine!("мільйон"),
    hard_masculine!("мільярд"),
    hard_masculine!("трильйон"),
    hard_masculine!("квадрильйон"),
    hard_masculine!("квінтильйон"),
];

fn noun(measure: Measure) -> &'static Noun {
    static SECOND: Noun = hard_feminine!("секунд");
    static MINUTE: Noun = hard_feminine!("хвилин");
    static HOUR: Noun = hard_feminine!("годин");
    static DAY: Noun = Noun {
        gender: Gender::Masculine,
        singular: ["день", "дня", "дню", "день", "днем", "дні"],
        plural: ["дні", "днів", "дням", "дні", "днями", "днях"],
    };
    static WEEK: Noun = Noun {
        gender: Gender::Masculine,
        singular: ["тиждень", "тижня", "тижню", "тиждень", "тижнем", "тижні"],
        plural: ["тижні", "тижнів", "тижням", "тижні", "тижнями", "тижнях"],
    };
    static MONTH: Noun = Noun {
        gender: Gender::Masculine,
        singular: ["місяць", "місяця", "місяцю", "місяць", "місяцем", "місяці"],
        plural: ["місяці", "місяців", "місяцям", "місяці", "місяцями", "місяцях"],
    };
    static YEAR: Noun = Noun {
        gender: Gender::Masculine,
        singular: ["рік", "року", "року", "рік", "роком", "році"],
        plural: ["роки", "років", "рокам", "роки", "роками", "роках"],
    };
    static PERCENT: Noun = Noun {
        gender: Gender::Masculine,
        singular: ["відсоток", "відсотка", "відсотку", "відсоток", "відсотком", "відсотку"],
        plural: ["відсотки", "відсотків", "відсоткам", "відсотки", "відсотками", "відсотках"],
    };
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

const fn indeclinable(word: &'static str) -> Noun {
    Noun { gender: Gender::Masculine, singular: [word; 6], plural: [word; 6] }
}

/// Unit and sub-unit.
fn currency(currency: Currency) -> (&'static Noun, &'static Noun) {
    static RUBLE: Noun = Noun {
        gender: Gender::Masculine,
        singular: ["рубль", "рубля", "рублю", "рубль", "рублем", "рублі"],
        plural: ["рублі", "рублів", "рублям", "рублі", "рублями", "рублях"],
    };
    static KOPECK: Noun = Noun {
        gender: Gender::Feminine,
        singular: ["копійка", "копійки", "копійці", "копійку", "копійкою", "копійці"],
        plural: ["копійки", "копійок", "копійкам", "копійки", "копійками", "копійках"],
    };
    static DOLLAR: Noun = hard_masculine!("долар");
    static CENT: Noun = hard_masculine!("цент");
    static EURO: Noun = indeclinable("євро");
    static POUND: Noun = hard_masculine!("фунт", " стерлінгів");
    static PENNY: Noun = hard_masculine!("пенс");
    static TENGE: Noun = indeclinable("тенге");
    static TIYN: Noun = hard_masculine!("тиїн");
    static HRYVNIA: Noun = Noun {
        gender: Gender::Feminine,
        singular: ["гривня", "гривні", "гривні", "гривню", "гривнею", "гривні"],
        plural: ["гривні", "гривень", "гривням", "гривні", "гривнями", "гривнях"],
    };
    static ZLOTY: Noun = Noun {
        gender: Gender::Masculine,
        singular: ["злотий", "злотого", "злотому", "злотий", "злотим", "злотому"],
        plural: ["злоті", "злотих", "злотим", "злоті", "злотими", "злотих"],
    };
    /// The coins are «грошів»; «грошей» is money.
    static GROSZ: Noun = Noun {
        gender: Gender::Masculine,
        singular: ["гріш", "гроша", "грошу", "гріш", "грошем", "гроші"],
        plural: ["гроші", "грошів", "грошам", "гроші", "грошами", "грошах"],
    };
    static LIRA: Noun = hard_feminine!("лір");
    static KURUS: Noun = Noun {
        gender: Gender::Masculine,
        singular: ["куруш", "куруша", "курушу", "куруш", "курушем", "куруші"],
        plural: ["куруші", "курушів", "курушам", "куруші", "курушами", "курушах"],
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
