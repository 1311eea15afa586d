//! French, as in France: «soixante-dix», «quatre-vingts», «quatre-vingt-dix».
//!
//! Choices: the spelling before 1990 («vingt et un», hyphens only below a hundred), since it parts the words as they are
//! heard; «deuxième», not «second». What is counted is singular below two («zéro euro»), and has «de» after a whole million
//! («un million d'euros»). Sub-units follow after «et». Cents of the dollar are «centimes» too: «deux cents» would be two
//! hundred. «livre sterling» and «livre turque» in full, since both are «livre».
//!
//! A date is said without its article, as it stands after «le», «du», «au»: «vingt-cinq novembre», «premier décembre», with
//! «deux mille vingt-sept» after it. The clock has 24 hours, with «midi» and «minuit» for the two whole hours. Telephone
//! numbers are read in numbers of two digits, and so are digits after the point. Cases do not exist; the neuter is the
//! masculine.

use jiff::civil::{Date, Weekday};

use super::super::{Case, Gender, Measure};
use super::{Counted, Grammar, of_sign, thousands};
use crate::money::{Currency, Money};

pub(in crate::speech) struct French;

impl Grammar for French {
    fn cases(&self) -> &'static [Case] {
        &[]
    }

    fn cardinal(&self, n: i64, gender: Gender, _: Case) -> String {
        signed(n, |n| unsigned(n, gender))
    }

    fn ordinal(&self, n: i64, gender: Gender, _: Case) -> String {
        signed(n, |n| ordinal(n, gender))
    }

    fn money(&self, money: Money, _: Case) -> String {
        let (unit, sub_unit) = currency(money.currency);
        let (major, minor) = (money.minor.unsigned_abs() / 100, money.minor.unsigned_abs() % 100);
        let words = match (major, minor) {
            (_, 0) => counted(major, unit),
            (0, _) => counted(minor, sub_unit),
            (_, _) => format!("{} et {}", counted(major, unit), counted(minor, sub_unit)),
        };
        if money.minor < 0 { format!("moins {words}") } else { words }
    }

    fn count(&self, n: i64, measure: Measure, _: Case) -> String {
        signed(n, |n| counted(n, noun(measure)))
    }

    fn date(&self, date: Date, with_year: bool, _: Option<Case>) -> String {
        let day = day(date);
        let month = MONTHS[date.month() as usize - 1];
        if !with_year {
            return format!("{day} {month}");
        }
        // A year is a number in a row, and its «cent» and «vingt» have no plural: «mille neuf cent».
        format!("{day} {month} {}", without_plural(&unsigned(date.year() as u64, Gender::Masculine)))
    }

    fn weekday(&self, weekday: Weekday, _: Option<Case>) -> &'static str {
        WEEKDAYS[weekday.to_monday_zero_offset() as usize]
    }

    fn with_weekday(&self, date: Date, with_year: bool, case: Option<Case>) -> String {
        format!("{} {}", self.weekday(date.weekday(), case), self.date(date, with_year, case))
    }

    fn on_day(&self, date: Date, with_year: bool) -> String {
        format!("le {}", self.date(date, with_year, None))
    }

    fn near(&self, date: Date) -> String {
        format!("{} {}", self.weekday(date.weekday(), None), day(date))
    }

    fn around(&self, days: i64) -> Option<&'static str> {
        match days {
            -2 => Some("avant-hier"),
            -1 => Some("hier"),
            0 => Some("aujourd'hui"),
            1 => Some("demain"),
            2 => Some("après-demain"),
            _ => None,
        }
    }

    fn digit(&self, digit: u8) -> &'static str {
        if digit == 0 { ZERO } else { SMALL[digit as usize - 1] }
    }

    fn telephone_group(&self, digits: &str) -> String {
        match digits.split_at_checked(2) {
            // Four are two pairs.
            Some((first, second)) if second.len() == 2 => format!("{} {}", run(first), run(second)),
            _ => run(digits),
        }
    }

    fn decimal(&self, whole: i64, fraction: &str) -> String {
        format!("{} virgule {}", signed(whole, |n| unsigned(n, Gender::Masculine)), run(fraction))
    }

    fn written_ordinal(&self, n: i64, ending: &str) -> Option<String> {
        let n = u64::try_from(n).ok()?;
        match (n, ending) {
            (1, "er") => Some(ordinal(n, Gender::Masculine)),
            (1, "re" | "ère" | "ere") => Some(ordinal(n, Gender::Feminine)),
            (2, "nd" | "d") => Some("second".to_owned()),
            (2, "nde" | "de") => Some("seconde".to_owned()),
            (2.., "e" | "è" | "ème" | "eme" | "ième" | "ieme") => Some(ordinal(n, Gender::Masculine)),
            // No ordinal, but written the same way: "9h", "9h30".
            (0..=24, "h") => Some(counted(n, &HOUR)),
            _ => None,
        }
    }

    fn clock(&self, hour: i64, minute: i64, _: Option<Case>) -> String {
        match (hour, minute) {
            (0, 0) => "minuit".to_owned(),
            (12, 0) => "midi".to_owned(),
            (_, 0) => counted(hour as u64, &HOUR),
            // Minutes are feminine: «une heure une».
            _ => format!("{} {}", counted(hour as u64, &HOUR), unsigned(minute as u64, Gender::Feminine)),
        }
    }

    fn sign(&self, sign: char, counted: Counted) -> Option<&'static str> {
        let noun = match sign {
            '%' => noun(Measure::Percent),
            '№' => return Some("numéro"),
            '*' => return Some("étoile"),
            '#' => return Some("dièse"),
            '+' => return Some("plus"),
            '&' => return Some("et"),
            '@' => return Some("arobase"),
            '°' => return Some("degrés"),
            other => currency(of_sign(other)?).0,
        };
        Some(match counted {
            Counted::Whole(n) => noun.after(n.unsigned_abs()),
            Counted::Decimal | Counted::Nothing => noun.many,
        })
    }
}

struct Noun {
    gender: Gender,
    one: &'static str,
    many: &'static str,
    /// After a whole million.
    of_many: &'static str,
}

impl Noun {
    fn after(&self, n: u64) -> &'static str {
        match n {
            0 | 1 => self.one,
            _ if n.is_multiple_of(1_000_000) => self.of_many,
            _ => self.many,
        }
    }
}

fn counted(n: u64, noun: &Noun) -> String {
    format!("{} {}", unsigned(n, noun.gender), noun.after(n))
}

/// «moins» before what is said of the number without its sign.
fn signed(n: i64, words: impl Fn(u64) -> String) -> String {
    let words = words(n.unsigned_abs());
    if n < 0 { format!("moins {words}") } else { words }
}

fn unsigned(n: u64, gender: Gender) -> String {
    if n == 0 {
        return ZERO.to_owned();
    }
    let mut words = Vec::new();
    for (power, group) in thousands(n) {
        match (power, group) {
            (0, _) => words.push(hundreds(group, gender)),
            (1, 1) => words.push("mille".to_owned()),
            // «mille» is a number, before which «cent» and «vingt» have no plural; «million» is a noun.
            (1, _) => words.push(format!("{} mille", without_plural(&hundreds(group, Gender::Masculine)))),
            (_, _) => {
                let ending = if group == 1 { "" } else { "s" };
                words.push(format!("{} {}{ending}", hundreds(group, Gender::Masculine), POWERS[power as usize - 2]));
            }
        }
    }
    words.join(" ")
}

/// 1–999. «cent» and «quatre-vingt» that end it are in the plural.
fn hundreds(n: u64, gender: Gender) -> String {
    let hundred = match n / 100 {
        0 => return tens(n, gender),
        1 => "cent".to_owned(),
        hundred => format!("{} cent", SMALL[hundred as usize - 1]),
    };
    match n % 100 {
        0 if n == 100 => hundred,
        0 => format!("{hundred}s"),
        rest => format!("{hundred} {}", tens(rest, gender)),
    }
}

/// 1–99.
fn tens(n: u64, gender: Gender) -> String {
    // Seventy is sixty and ten, ninety eighty and ten.
    let (ten, rest) = match (n / 10, n % 10) {
        (0 | 1, _) => (0, n),
        (ten @ (7 | 9), rest) => (ten - 1, rest + 10),
        (ten, rest) => (ten, rest),
    };
    let small = match (rest, gender) {
        (0, _) => "",
        (1, Gender::Feminine) => "une",
        _ => SMALL[rest as usize - 1],
    };
    match (ten, rest) {
        (0, _) => small.to_owned(),
        (8, 0) => "quatre-vingts".to_owned(),
        (8, _) => format!("quatre-vingt-{small}"),
        (_, 0) => TENS[ten as usize - 2].to_owned(),
        (_, 1 | 11) => format!("{} et {small}", TENS[ten as usize - 2]),
        _ => format!("{}-{small}", TENS[ten as usize - 2]),
    }
}

/// «deux cent», «quatre-vingt»: as they stand before another number, and where a number tells a place in a row.
fn without_plural(words: &str) -> &str {
    match words.strip_suffix('s') {
        Some(singular) if singular.ends_with("cent") || singular.ends_with("vingt") => singular,
        _ => words,
    }
}

/// A cardinal whose last word is an ordinal.
fn ordinal(n: u64, gender: Gender) -> String {
    match (n, gender) {
        (0, _) => return "zéroième".to_owned(),
        (1, Gender::Feminine) => return "première".to_owned(),
        (1, _) => return "premier".to_owned(),
        _ => {}
    }
    let cardinal = unsigned(n, Gender::Masculine);
    // «millionième», without «un».
    let cardinal = match cardinal.strip_prefix("un ") {
        Some(power) if POWERS.contains(&power) => power,
        _ => cardinal.as_str(),
    };
    let at = cardinal.rfind([' ', '-']).map_or(0, |at| at + 1);
    let (before, last) = cardinal.split_at(at);
    let stem = match last {
        "trois" => last,
        "cinq" => "cinqu",
        "neuf" => "neuv",
        _ => last.trim_end_matches(['e', 's']),
    };
    match before.strip_suffix(' ') {
        Some(before) => format!("{} {stem}ième", without_plural(before)),
        None => format!("{before}{stem}ième"),
    }
}

/// Digits in a row as one number, of which leading zeros are said one by one; more than three one by one.
fn run(digits: &str) -> String {
    let zeros = digits.bytes().take_while(|b| *b == b'0').count();
    let mut words = vec![ZERO.to_owned(); zeros];
    match digits[zeros..].parse() {
        Ok(n @ 1..1000) => words.push(unsigned(n, Gender::Masculine)),
        _ => words.extend(digits[zeros..].bytes().map(|b| French.digit(b - b'0').to_owned())),
    }
    words.join(" ")
}

/// The first of a month is an ordinal, all others are not.
fn day(date: Date) -> String {
    match date.day() {
        1 => ordinal(1, Gender::Masculine),
        day => unsigned(day as u64, Gender::Masculine),
    }
}

const ZERO: &str = "zéro";

/// 1–19.
const SMALL: [&str; 19] = [
    "un", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf", "dix", "onze", "douze", "treize",
    "quatorze", "quinze", "seize", "dix-sept", "dix-huit", "dix-neuf",
];

/// 20–60.
const TENS: [&str; 5] = ["vingt", "trente", "quarante", "cinquante", "soixante"];

/// From 10^6 on, by thousands.
const POWERS: [&str; 5] = ["million", "milliard", "billion", "billiard", "trillion"];

const MONTHS: [&str; 12] = [
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
];

/// From Monday.
const WEEKDAYS: [&str; 7] = ["lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"];

const fn masculine(one: &'static str, many: &'static str, of_many: &'static str) -> Noun {
    Noun { gender: Gender::Masculine, one, many, of_many }
}

const fn feminine(one: &'static str, many: &'static str, of_many: &'static str) -> Noun {
    Noun { gender: Gender::Feminine, one, many, of_many }
}

static HOUR: Noun = feminine("heure", "heures", "d'heures");

fn noun(measure: Measure) -> &'static Noun {
    static SECOND: Noun = feminine("seconde", "secondes", "de secondes");
    static MINUTE: Noun = feminine("minute", "minutes", "de minutes");
    static DAY: Noun = masculine("jour", "jours", "de jours");
    static WEEK: Noun = feminine("semaine", "semaines", "de semaines");
    static MONTH: Noun = masculine("mois", "mois", "de mois");
    static YEAR: Noun = masculine("an", "ans", "d'ans");
    static PERCENT: Noun = masculine("pour cent", "pour cent", "pour cent");
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
    static RUBLE: Noun = masculine("rouble", "roubles", "de roubles");
    static KOPECK: Noun = masculine("kopeck", "kopecks", "de kopecks");
    static DOLLAR: Noun = masculine("dollar", "dollars", "de dollars");
    static CENTIME: Noun = masculine("centime", "centimes", "de centimes");
    static EURO: Noun = masculine("euro", "euros", "d'euros");
    static POUND: Noun = feminine("livre sterling", "livres sterling", "de livres sterling");
    static PENNY: Noun = masculine("penny", "pence", "de pence");
    static TENGE: Noun = masculine("tenge", "tenges", "de tenges");
    static TIYN: Noun = masculine("tiyn", "tiyns", "de tiyns");
    static HRYVNIA: Noun = feminine("hryvnia", "hryvnias", "de hryvnias");
    static ZLOTY: Noun = masculine("zloty", "zlotys", "de zlotys");
    static GROSZ: Noun = masculine("grosz", "groszy", "de groszy");
    static LIRA: Noun = feminine("livre turque", "livres turques", "de livres turques");
    static KURUS: Noun = masculine("kourouch", "kourouch", "de kourouch");
    match currency {
        Currency::Rub => (&RUBLE, &KOPECK),
        Currency::Usd => (&DOLLAR, &CENTIME),
        Currency::Eur => (&EURO, &CENTIME),
        Currency::Gbp => (&POUND, &PENNY),
        Currency::Kzt => (&TENGE, &TIYN),
        Currency::Uah => (&HRYVNIA, &KOPECK),
        Currency::Pln => (&ZLOTY, &GROSZ),
        Currency::Try => (&LIRA, &KURUS),
    }
}
