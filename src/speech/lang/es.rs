//! Spanish.
//!
//! Choices: numbers are said alone («uno», «veintiuno») and agree when the noun is known («un euro», «veintiuna libras»,
//! «doscientas mil horas»); neuter is as masculine. Above a million the long scale: «mil millones», «billón». Cents are
//! joined with «con». Ordinals are one word to 29th («vigesimoprimero»), of two words above. A date stands with its article
//! and answers "when" («el veinticinco de noviembre»; write «vence {date}», «hasta {date}», never «antes del»); the first
//! of a month is «primero». The clock has 24 hours and no article («a las {time}», «de 9:00 a 17:30»); one at night is
//! «una de la madrugada». A decimal point is «coma». `#` is «almohadilla». Cases do not exist.

use jiff::civil::{Date, Weekday};

use super::super::{Case, Gender, Measure};
use super::{Counted, Grammar, of_sign};
use crate::money::{Currency, Money};

pub(in crate::speech) struct Spanish;

impl Grammar for Spanish {
    fn cases(&self) -> &'static [Case] {
        &[]
    }

    fn cardinal(&self, n: i64, gender: Gender, _: Case) -> String {
        signed(n, |n| unsigned(n, if gender == Gender::Feminine { Form::Feminine } else { Form::Alone }))
    }

    fn ordinal(&self, n: i64, gender: Gender, _: Case) -> String {
        signed(n, |n| ordinal(n, ending(gender)))
    }

    fn money(&self, money: Money, _: Case) -> String {
        let (unit, sub_unit) = currency(money.currency);
        let (major, minor) = (money.minor.unsigned_abs() / 100, money.minor.unsigned_abs() % 100);
        let words = match (major, minor) {
            (_, 0) => counted(major, unit),
            (0, _) => counted(minor, sub_unit),
            (_, _) => format!("{} con {}", counted(major, unit), counted(minor, sub_unit)),
        };
        if money.minor < 0 { format!("menos {words}") } else { words }
    }

    fn count(&self, n: i64, measure: Measure, _: Case) -> String {
        signed(n, |n| counted(n, noun(measure)))
    }

    fn date(&self, date: Date, with_year: bool, _: Option<Case>) -> String {
        let day = day(date.day() as u64);
        let month = MONTHS[date.month() as usize - 1];
        if !with_year {
            return format!("el {day} de {month}");
        }
        // A year of few digits would be taken for something else.
        let of = if date.year() < 1000 { "del año" } else { "de" };
        format!("el {day} de {month} {of} {}", unsigned(date.year() as u64, Form::Alone))
    }

    fn weekday(&self, weekday: Weekday, _: Option<Case>) -> &'static str {
        WEEKDAYS[weekday.to_monday_zero_offset() as usize]
    }

    fn near(&self, date: Date) -> String {
        format!("{} {}", self.weekday(date.weekday(), None), day(date.day() as u64))
    }

    fn around(&self, days: i64) -> Option<&'static str> {
        match days {
            -2 => Some("anteayer"),
            -1 => Some("ayer"),
            0 => Some("hoy"),
            1 => Some("mañana"),
            2 => Some("pasado mañana"),
            _ => None,
        }
    }

    fn digit(&self, digit: u8) -> &'static str {
        if digit == 0 { "cero" } else { SMALL[digit as usize - 1] }
    }

    /// Pairs are read as numbers, longer groups digit by digit: «seis uno dos, treinta y cuatro, cincuenta y seis».
    fn telephone_group(&self, digits: &str) -> String {
        match digits.parse() {
            Ok(n @ 10..=99) if digits.len() == 2 => unsigned(n, Form::Alone),
            _ => one_by_one(digits),
        }
    }

    /// One or two digits after the point are read as a number: «tres coma catorce».
    fn thousands_mark(&self) -> Option<char> {
        Some('.')
    }

    fn decimal(&self, whole: i64, fraction: &str) -> String {
        let fraction = match fraction.parse() {
            Ok(n @ 10..=99) if fraction.len() == 2 => unsigned(n, Form::Alone),
            _ => one_by_one(fraction),
        };
        format!("{} coma {fraction}", signed(whole, |n| unsigned(n, Form::Alone)))
    }

    /// «1º», «2ª», and as it is typed without those signs: «1o», «2da», «3er», «7mo».
    fn written_ordinal(&self, n: i64, written: &str) -> Option<String> {
        let n = u64::try_from(n).ok().filter(|n| *n > 0)?;
        match written {
            "º" => Some(ordinal(n, 'o')),
            "ª" => Some(ordinal(n, 'a')),
            // «primer», «tercer»: the only ones that lose their vowel.
            "er" => Some(ordinal(n, 'o')).filter(|word| word.ends_with("ero")).map(|mut word| {
                word.pop();
                word
            }),
            _ => ['o', 'a'].map(|ending| ordinal(n, ending)).into_iter().find(|word| word.ends_with(written)),
        }
    }

    fn clock(&self, hour: i64, minute: i64, _: Option<Case>) -> String {
        let hours = unsigned(hour.unsigned_abs(), Form::Feminine);
        let time = match minute {
            0 if hour == 1 => hours,
            0 => format!("{hours} horas"),
            1..=9 => format!("{hours} cero {}", unsigned(minute.unsigned_abs(), Form::Alone)),
            _ => format!("{hours} {}", unsigned(minute.unsigned_abs(), Form::Alone)),
        };
        // «una hora» is how long something takes, and «la una» alone is taken for 13:00.
        if hour == 1 { format!("{time} de la madrugada") } else { time }
    }

    fn sign(&self, sign: char, counted: Counted) -> Option<&'static str> {
        let noun = match sign {
            '%' => noun(Measure::Percent),
            '№' => return Some("número"),
            '*' => return Some("asterisco"),
            '#' => return Some("almohadilla"),
            '+' => return Some("más"),
            '&' => return Some("y"),
            '@' => return Some("arroba"),
            '°' => return Some("grados"),
            other => currency(of_sign(other)?).0,
        };
        Some(if counted == Counted::Whole(1) { noun.one } else { noun.many })
    }
}

/// In what form a number stands: «uno», «un euro», «una libra». Hundreds agree too: «doscientas libras».
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Alone,
    Masculine,
    Feminine,
}

struct Noun {
    /// Of the number before it.
    form: Form,
    one: &'static str,
    many: &'static str,
}

const fn masculine(one: &'static str, many: &'static str) -> Noun {
    Noun { form: Form::Masculine, one, many }
}

const fn feminine(one: &'static str, many: &'static str) -> Noun {
    Noun { form: Form::Feminine, one, many }
}

/// «menos» before what is said of the number without its sign.
fn signed(n: i64, words: impl Fn(u64) -> String) -> String {
    let words = words(n.unsigned_abs());
    if n < 0 { format!("menos {words}") } else { words }
}

fn one_by_one(digits: &str) -> String {
    let digits: Vec<&str> = digits.bytes().map(|b| Spanish.digit(b - b'0')).collect();
    digits.join(" ")
}

fn counted(n: u64, noun: &Noun) -> String {
    let number = unsigned(n, noun.form);
    let word = if n == 1 { noun.one } else { noun.many };
    // «un millón de euros», but «un millón cien euros».
    let of = if n > 0 && n.is_multiple_of(MILLION) && noun.form != Form::Alone { "de " } else { "" };
    format!("{number} {of}{word}")
}

const MILLION: u64 = 1_000_000;

/// Powers of a million below an `i64`'s bound, with what is 1 of it and what is more: the highest first.
const POWERS: [(u64, &str, &str); 3] = [
    (MILLION * MILLION * MILLION, "trillón", "trillones"),
    (MILLION * MILLION, "billón", "billones"),
    (MILLION, "millón", "millones"),
];

fn unsigned(n: u64, form: Form) -> String {
    if n == 0 {
        return "cero".to_owned();
    }
    let mut words = Vec::new();
    for (power, one, many) in POWERS {
        let group = n / power % MILLION;
        if group > 0 {
            // A million is masculine, whatever there are millions of.
            below_million(group, Form::Masculine, &mut words);
            words.push(if group == 1 { one } else { many });
        }
    }
    below_million(n % MILLION, form, &mut words);
    words.join(" ")
}

/// 0–999 999; zero is not said.
fn below_million(n: u64, form: Form, words: &mut Vec<&'static str>) {
    let (thousands, rest) = (n / 1000, n % 1000);
    if thousands > 1 {
        below_thousand(thousands, if form == Form::Alone { Form::Masculine } else { form }, words);
    }
    if thousands > 0 {
        words.push("mil");
    }
    below_thousand(rest, form, words);
}

/// 0–999; zero is not said.
fn below_thousand(n: u64, form: Form, words: &mut Vec<&'static str>) {
    let (hundred, rest) = (n / 100, n % 100);
    match hundred {
        0 => {}
        1 => words.push(if rest == 0 { "cien" } else { "ciento" }),
        _ if form == Form::Feminine => words.push(HUNDREDS_FEMININE[hundred as usize - 2]),
        _ => words.push(HUNDREDS[hundred as usize - 2]),
    }
    let one = |n: u64| match (n, form) {
        (1, Form::Masculine) => "un",
        (1, Form::Feminine) => "una",
        (21, Form::Masculine) => "veintiún",
        (21, Form::Feminine) => "veintiuna",
        _ => SMALL[n as usize - 1],
    };
    match (rest / 10, rest % 10) {
        (0, 0) => {}
        (0..=2, _) => words.push(one(rest)),
        (ten, 0) => words.push(TENS[ten as usize - 3]),
        (ten, last) => words.extend([TENS[ten as usize - 3], "y", one(last)]),
    }
}

/// Of a month.
fn day(day: u64) -> String {
    if day == 1 { "primero".to_owned() } else { unsigned(day, Form::Alone) }
}

fn ending(gender: Gender) -> char {
    if gender == Gender::Feminine { 'a' } else { 'o' }
}

/// Every word of an ordinal is one, and all agree: «centésima vigesimoprimera».
fn ordinal(n: u64, ending: char) -> String {
    if n == 0 {
        return "cero".to_owned();
    }
    let mut words = Vec::new();
    for ((power, _, _), stem) in POWERS.into_iter().zip(["trillonésim", "billonésim", "millonésim"]) {
        match n / power % MILLION {
            0 => {}
            group => words.push(format!("{}{stem}{ending}", compound(group))),
        }
    }
    match n % MILLION / 1000 {
        0 => {}
        group => words.push(format!("{}milésim{ending}", compound(group))),
    }
    let (hundred, rest) = ((n / 100 % 10) as usize, (n % 100) as usize);
    if hundred > 0 {
        words.push(format!("{}{ending}", ORDINAL_HUNDREDS[hundred - 1]));
    }
    match (rest / 10, rest % 10) {
        (0, 0) => {}
        (0, _) | (1, 0..=2) => words.push(format!("{}{ending}", ORDINALS[rest - 1])),
        // One vowel of the two: «decimoctavo».
        (1, 8) => words.push(format!("decimoctav{ending}")),
        (1, one) => words.push(format!("decimo{}{ending}", ORDINALS[one - 1])),
        (2, 8) => words.push(format!("vigesimoctav{ending}")),
        (2, one @ 1..) => words.push(format!("vigesimo{}{ending}", ORDINALS[one - 1])),
        (ten, one) => {
            words.push(format!("{}{ending}", ORDINAL_TENS[ten - 2]));
            if one > 0 {
                words.push(format!("{}{ending}", ORDINALS[one - 1]));
            }
        }
    }
    words.join(" ")
}

/// How many thousands or millions, as the beginning of one word: «dosmilésimo», «treintaiunmilésimo». Only the end of a
/// word bears an accent.
fn compound(n: u64) -> String {
    if n == 1 {
        return String::new();
    }
    unsigned(n, Form::Masculine)
        .replace(" y ", "i")
        .replace(' ', "")
        .replace('é', "e")
        .replace('ó', "o")
        .replace('ú', "u")
}

/// 1st–12th, without the ending.
const ORDINALS: [&str; 12] = [
    "primer",
    "segund",
    "tercer",
    "cuart",
    "quint",
    "sext",
    "séptim",
    "octav",
    "noven",
    "décim",
    "undécim",
    "duodécim",
];

/// 20th–90th.
const ORDINAL_TENS: [&str; 8] =
    ["vigésim", "trigésim", "cuadragésim", "quincuagésim", "sexagésim", "septuagésim", "octogésim", "nonagésim"];

/// 100th–900th.
const ORDINAL_HUNDREDS: [&str; 9] = [
    "centésim",
    "ducentésim",
    "tricentésim",
    "cuadringentésim",
    "quingentésim",
    "sexcentésim",
    "septingentésim",
    "octingentésim",
    "noningentésim",
];

fn noun(measure: Measure) -> &'static Noun {
    static SECOND: Noun = masculine("segundo", "segundos");
    static MINUTE: Noun = masculine("minuto", "minutos");
    static HOUR: Noun = feminine("hora", "horas");
    static DAY: Noun = masculine("día", "días");
    static WEEK: Noun = feminine("semana", "semanas");
    static MONTH: Noun = masculine("mes", "meses");
    static YEAR: Noun = masculine("año", "años");
    /// The number is not shortened before it: «uno por ciento».
    static PERCENT: Noun = Noun { form: Form::Alone, one: "por ciento", many: "por ciento" };
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
    static RUBLE: Noun = masculine("rublo", "rublos");
    static KOPECK: Noun = masculine("kopek", "kopeks");
    static DOLLAR: Noun = masculine("dólar", "dólares");
    static CENTAVO: Noun = masculine("centavo", "centavos");
    static EURO: Noun = masculine("euro", "euros");
    static CENT: Noun = masculine("céntimo", "céntimos");
    static POUND: Noun = feminine("libra", "libras");
    static PENNY: Noun = masculine("penique", "peniques");
    static TENGE: Noun = masculine("tenge", "tenges");
    static TIYN: Noun = masculine("tiyn", "tiyns");
    static HRYVNIA: Noun = feminine("grivna", "grivnas");
    static KOPIYKA: Noun = feminine("kopiyka", "kopiykas");
    static ZLOTY: Noun = masculine("esloti", "eslotis");
    static GROSZ: Noun = masculine("grosz", "groszy");
    static LIRA: Noun = feminine("lira", "liras");
    static KURUS: Noun = masculine("kurus", "kurus");
    match currency {
        Currency::Rub => (&RUBLE, &KOPECK),
        Currency::Usd => (&DOLLAR, &CENTAVO),
        Currency::Eur => (&EURO, &CENT),
        Currency::Gbp => (&POUND, &PENNY),
        Currency::Kzt => (&TENGE, &TIYN),
        Currency::Uah => (&HRYVNIA, &KOPIYKA),
        Currency::Pln => (&ZLOTY, &GROSZ),
        Currency::Try => (&LIRA, &KURUS),
    }
}

/// 1–29, alone.
const SMALL: [&str; 29] = [
    "uno",
    "dos",
    "tres",
    "cuatro",
    "cinco",
    "seis",
    "siete",
    "ocho",
    "nueve",
    "diez",
    "once",
    "doce",
    "trece",
    "catorce",
    "quince",
    "dieciséis",
    "diecisiete",
    "dieciocho",
    "diecinueve",
    "veinte",
    "veintiuno",
    "veintidós",
    "veintitrés",
    "veinticuatro",
    "veinticinco",
    "veintiséis",
    "veintisiete",
    "veintiocho",
    "veintinueve",
];

/// 30–90.
const TENS: [&str; 7] = ["treinta", "cuarenta", "cincuenta", "sesenta", "setenta", "ochenta", "noventa"];

/// 200–900.
const HUNDREDS: [&str; 8] = [
    "doscientos",
    "trescientos",
    "cuatrocientos",
    "quinientos",
    "seiscientos",
    "setecientos",
    "ochocientos",
    "novecientos",
];

const HUNDREDS_FEMININE: [&str; 8] = [
    "doscientas",
    "trescientas",
    "cuatrocientas",
    "quinientas",
    "seiscientas",
    "setecientas",
    "ochocientas",
    "novecientas",
];

const MONTHS: [&str; 12] = [
    "enero",
    "febrero",
    "marzo",
    "abril",
    "mayo",
    "junio",
    "julio",
    "agosto",
    "septiembre",
    "octubre",
    "noviembre",
    "diciembre",
];

/// From Monday, as they answer "when".
const WEEKDAYS: [&str; 7] =
    ["el lunes", "el martes", "el miércoles", "el jueves", "el viernes", "el sábado", "el domingo"];
