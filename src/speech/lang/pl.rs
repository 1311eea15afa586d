//! Polish. Every part of a number declines («dwóm tysiącom pięciuset złotym»); only «jeden» at the end of a longer one does
//! not, and asks for the plural: «dwadzieścia jeden złotych».
//!
//! Choices: a thousand and a million are said without «jeden»; zero is «zero» and governs the genitive; instrumentals are
//! «pięcioma», «dwiema» (feminine), «stu». Accusatives are of things; coins that are declined like beings are («jednego
//! dolara»), but «jeden złoty», «jeden grosz». Euro and tenge are neuter. A date without a case stands in the genitive
//! («dwudziestego piątego listopada»), the day of the week before it in the nominative; a date in another case is that of
//! the day (masculine). The clock has 24 hours, as ordinals, without a case in the form after «o», «od», «do», «po»
//! («dziewiątej zero pięć»); midnight is «północ». A decimal point is «przecinek».

use jiff::civil::{Date, Weekday};

use super::super::{Case, Gender, Measure};
use super::{Counted, Grammar, of_sign, thousands};
use crate::money::{Currency, Money};

pub(in crate::speech) struct Polish;

/// In the order of [`Forms`].
const CASES: [Case; 6] =
    [Case::Nominative, Case::Genitive, Case::Dative, Case::Accusative, Case::Instrumental, Case::Prepositional];

impl Grammar for Polish {
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
            words.push("minus".to_owned());
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
        let day = ordinal(date.day() as u64, endings(Gender::Masculine, case.unwrap_or(Case::Genitive)));
        let month = MONTHS[date.month() as usize - 1];
        if !with_year {
            return format!("{day} {month}");
        }
        let year = ordinal(date.year() as u64, endings(Gender::Masculine, Case::Genitive));
        format!("{day} {month} {year} roku")
    }

    fn weekday(&self, weekday: Weekday, case: Option<Case>) -> &'static str {
        WEEKDAYS[weekday.to_monday_zero_offset() as usize][case.unwrap_or(Case::Nominative) as usize]
    }

    fn near(&self, date: Date) -> String {
        let weekday = date.weekday();
        // «we wtorek», before two consonants.
        let preposition = if weekday == Weekday::Tuesday { "we" } else { "w" };
        let day = ordinal(date.day() as u64, endings(Gender::Masculine, Case::Genitive));
        format!("{preposition} {} {day}", self.weekday(weekday, Some(Case::Accusative)))
    }

    fn around(&self, days: i64) -> Option<&'static str> {
        match days {
            -2 => Some("przedwczoraj"),
            -1 => Some("wczoraj"),
            0 => Some("dzisiaj"),
            1 => Some("jutro"),
            2 => Some("pojutrze"),
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
        match digit {
            0 => ZERO[0],
            1..=4 => ONE_TO_FOUR[digit as usize - 1][0],
            _ => FROM_FIVE[digit as usize - 5][0],
        }
    }

    /// One or two digits after the point are read as a number: «trzy przecinek czternaście».
    fn decimal(&self, whole: i64, fraction: &str) -> String {
        let fraction = match fraction.parse() {
            Ok(n @ 10..=99) if fraction.len() == 2 => cardinal(n, Gender::Masculine, Case::Nominative),
            _ => fraction.bytes().map(|b| self.digit(b - b'0')).collect::<Vec<_>>().join(" "),
        };
        format!("{} przecinek {fraction}", cardinal(whole, Gender::Masculine, Case::Nominative))
    }

    /// The last letters of any form of the ordinal: «1-szy», «5-tej», «25-go».
    fn before_word(&self, n: i64, word: &str) -> Option<String> {
        let of_date = (1..=31).contains(&n) && MONTHS.contains(&word) || (1000..=9999).contains(&n) && word == "roku";
        of_date.then(|| ordinal(n.unsigned_abs(), endings(Gender::Masculine, Case::Genitive)))
    }

    fn written_ordinal(&self, n: i64, ending: &str) -> Option<String> {
        let n = u64::try_from(n).ok()?;
        if ending.chars().count() < 2 {
            return None;
        }
        let forms = [Gender::Masculine, Gender::Feminine, Gender::Neuter]
            .into_iter()
            .flat_map(|gender| CASES.map(|case| ordinal(n, endings(gender, case))));
        forms.into_iter().find(|word| word.ends_with(ending))
    }

    fn clock(&self, hour: i64, minute: i64, case: Option<Case>) -> String {
        let case = case.unwrap_or(Case::Genitive);
        let hours = match (hour, minute) {
            (0, 0) => return MIDNIGHT[case as usize].to_owned(),
            (0, _) => ZERO[0].to_owned(),
            _ => ordinal(hour.unsigned_abs(), endings(Gender::Feminine, case)),
        };
        match minute {
            0 => hours,
            1..=9 => format!("{hours} zero {}", cardinal(minute, Gender::Masculine, Case::Nominative)),
            _ => format!("{hours} {}", cardinal(minute, Gender::Feminine, Case::Nominative)),
        }
    }

    fn sign(&self, sign: char, counted: Counted) -> Option<&'static str> {
        let noun = match sign {
            // The same after every number: «jeden procent», «dwa procent», «trzy przecinek pięć procent».
            '%' => return Some("procent"),
            '№' => return Some("numer"),
            // Keys are named to be pressed: «naciśnij gwiazdkę».
            '*' => return Some("gwiazdkę"),
            '#' => return Some("krzyżyk"),
            '+' => return Some("plus"),
            '&' => return Some("i"),
            '@' => return Some("małpa"),
            '°' => return Some("stopni"),
            other => currency(of_sign(other)?).0,
        };
        Some(match counted {
            Counted::Whole(n) => noun.after(n.unsigned_abs(), Case::Nominative),
            Counted::Decimal => noun.singular[Case::Genitive as usize],
            Counted::Nothing => noun.plural[Case::Genitive as usize],
        })
    }
}

/// Forms in the order of [`Case`]: nominative, genitive, dative, accusative, instrumental, locative.
type Forms = [&'static str; 6];

struct Noun {
    gender: Gender,
    singular: Forms,
    plural: Forms,
}

impl Noun {
    /// The form of the noun after `n`, when number and noun together stand in `case`.
    fn after(&self, n: u64, case: Case) -> &'static str {
        // Zero, tysiąc and milion are nouns themselves and govern the genitive: «tysiącowi złotych».
        if n.is_multiple_of(1000) {
            return self.plural[Case::Genitive as usize];
        }
        let direct = matches!(case, Case::Nominative | Case::Accusative);
        match (n, n % 100, n % 10) {
            (1, _, _) => self.singular[case as usize],
            (_, 12..=14, _) if direct => self.plural[Case::Genitive as usize],
            (_, _, 2..=4) => self.plural[case as usize],
            _ if direct => self.plural[Case::Genitive as usize],
            _ => self.plural[case as usize],
        }
    }
}

/// A number and what it counts, both in `case`.
fn counted(n: u64, noun: &Noun, case: Case) -> String {
    let word = noun.after(n, case);
    // «jednego dolara»: a masculine whose accusative is the genitive asks for the same of «jeden».
    let like_a_being = word == noun.singular[Case::Genitive as usize] && noun.gender == Gender::Masculine;
    if n == 1 && case == Case::Accusative && like_a_being {
        return format!("{} {word}", ONE_TO_FOUR[0][Case::Genitive as usize]);
    }
    format!("{} {word}", unsigned(n, noun.gender, case))
}

fn cardinal(n: i64, gender: Gender, case: Case) -> String {
    signed(n, |n| unsigned(n, gender, case))
}

/// «minus» before what is said of the number without its sign.
fn signed(n: i64, words: impl Fn(u64) -> String) -> String {
    let words = words(n.unsigned_abs());
    if n < 0 { format!("minus {words}") } else { words }
}

fn unsigned(n: u64, gender: Gender, case: Case) -> String {
    match (n, gender) {
        (0, _) => return ZERO[case as usize].to_owned(),
        // Alone it agrees; «dwadzieścia jeden» has one form for all.
        (1, Gender::Masculine) => return ONE_TO_FOUR[0][case as usize].to_owned(),
        (1, Gender::Feminine) => return ONE_FEMININE[case as usize].to_owned(),
        (1, Gender::Neuter) => return ONE_NEUTER[case as usize].to_owned(),
        _ => {}
    }
    let mut words = Vec::new();
    for (power, group) in thousands(n) {
        match power {
            0 => hundreds(group, gender, case, &mut words),
            _ => {
                if group > 1 {
                    hundreds(group, Gender::Masculine, case, &mut words);
                }
                words.push(POWERS[power as usize - 1].after(group, case));
            }
        }
    }
    words.join(" ")
}

/// 1–999, as a part of a number of which it is not all when it is 1.
fn hundreds(n: u64, gender: Gender, case: Case, words: &mut Vec<&'static str>) {
    let (hundred, ten, one) = (n / 100, n / 10 % 10, n % 10);
    let of = |forms: &[&'static str; 3]| match case {
        Case::Nominative | Case::Accusative => forms[0],
        Case::Instrumental => forms[2],
        _ => forms[1],
    };
    if hundred > 0 {
        words.push(of(&HUNDREDS[hundred as usize - 1]));
    }
    if ten > 1 {
        words.push(of(&TENS[ten as usize - 2]));
    }
    match (if ten == 1 { 10 + one } else { one }, gender) {
        (0, _) => {}
        (1, _) => words.push(ONE_TO_FOUR[0][0]),
        (2, Gender::Feminine) => words.push(TWO_FEMININE[case as usize]),
        (small @ 2..=4, _) => words.push(ONE_TO_FOUR[small as usize - 1][case as usize]),
        (small, _) => words.push(of(&FROM_FIVE[small as usize - 5])),
    }
}

/// Endings of an ordinal: as a rule (piąty), of «drugi», of «trzeci».
type Endings = [&'static str; 3];

fn endings(gender: Gender, case: Case) -> Endings {
    match (gender, case) {
        // Of things: «na drugi dzień», as in the nominative.
        (Gender::Masculine, Case::Nominative | Case::Accusative) => ["y", "i", "i"],
        (Gender::Neuter, Case::Nominative | Case::Accusative) => ["e", "ie", "ie"],
        (Gender::Feminine, Case::Nominative) => ["a", "a", "ia"],
        (Gender::Feminine, Case::Accusative | Case::Instrumental) => ["ą", "ą", "ią"],
        (Gender::Feminine, _) => ["ej", "iej", "iej"],
        (_, Case::Genitive) => ["ego", "iego", "iego"],
        (_, Case::Dative) => ["emu", "iemu", "iemu"],
        _ => ["ym", "im", "im"],
    }
}

/// Only tens and ones are ordinals, both of them; the words before them are a cardinal that does not decline: «dwa tysiące
/// dwudziestego szóstego».
fn ordinal(n: u64, endings: Endings) -> String {
    let [hard, after_g, soft] = endings;
    if n == 0 {
        return format!("zerow{hard}");
    }
    let before = |rest: u64| match rest {
        0 => String::new(),
        _ => format!("{} ", unsigned(rest, Gender::Masculine, Case::Nominative)),
    };
    let (hundred, ten, one) = ((n / 100 % 10) as usize, (n / 10 % 10) as usize, (n % 10) as usize);
    let stem = |small: usize| {
        let ending = match small {
            2 => after_g,
            3 => soft,
            _ => hard,
        };
        format!("{}{ending}", ORDINALS[small - 1])
    };
    match (hundred, ten, one) {
        // 5 000 000 → «pięciomilionowy»: the lowest group of three digits makes the last word.
        (0, 0, 0) => {
            let mut power = 0;
            let mut unit = 1;
            while (n / unit).is_multiple_of(1000) {
                power += 1;
                unit *= 1000;
            }
            let group = n / unit % 1000;
            format!("{}{}{}{hard}", before(n - group * unit), compound(group), ORDINAL_POWERS[power - 1])
        }
        (_, 0, 0) => format!("{}{}{hard}", before(n - n % 1000), ORDINAL_HUNDREDS[hundred - 1]),
        (_, 0 | 1, _) => format!("{}{}", before(n - n % 100), stem(ten * 10 + one)),
        (_, _, 0) => format!("{}{}{hard}", before(n - n % 100), ORDINAL_TENS[ten - 2]),
        _ => format!("{}{}{hard} {}", before(n - n % 100), ORDINAL_TENS[ten - 2], stem(one)),
    }
}

const ORDINAL_POWERS: [&str; 6] = ["tysięczn", "milionow", "miliardow", "bilionow", "biliardow", "trylionow"];

/// 1–999 as the beginning of one word: «dwudziestopięciotysięczny», «stutysięczny».
fn compound(n: u64) -> String {
    if n == 1 {
        return String::new();
    }
    let (hundred, ten, one) = (n / 100, n / 10 % 10, n % 10);
    let mut word = String::new();
    match hundred {
        0 => {}
        // «stu», «dwustu», but «pięćset».
        1..=4 => word.push_str(HUNDREDS[hundred as usize - 1][1]),
        _ => word.push_str(HUNDREDS[hundred as usize - 1][0]),
    }
    let with_o = |oblique: &'static str| format!("{}o", oblique.strip_suffix('u').unwrap_or(oblique));
    if ten > 1 {
        word.push_str(&with_o(TENS[ten as usize - 2][1]));
    }
    match if ten == 1 { 10 + one } else { one } {
        0 => {}
        small @ 1..=4 => word.push_str(["jedno", "dwu", "trzy", "cztero"][small as usize - 1]),
        small => word.push_str(&with_o(FROM_FIVE[small as usize - 5][1])),
    }
    word
}

/// 1st–19th, without the ending.
const ORDINALS: [&str; 19] = [
    "pierwsz",
    "drug",
    "trzec",
    "czwart",
    "piąt",
    "szóst",
    "siódm",
    "ósm",
    "dziewiąt",
    "dziesiąt",
    "jedenast",
    "dwunast",
    "trzynast",
    "czternast",
    "piętnast",
    "szesnast",
    "siedemnast",
    "osiemnast",
    "dziewiętnast",
];

/// 20th–90th.
const ORDINAL_TENS: [&str; 8] = [
    "dwudziest",
    "trzydziest",
    "czterdziest",
    "pięćdziesiąt",
    "sześćdziesiąt",
    "siedemdziesiąt",
    "osiemdziesiąt",
    "dziewięćdziesiąt",
];

/// 100th–900th.
const ORDINAL_HUNDREDS: [&str; 9] = [
    "setn",
    "dwusetn",
    "trzechsetn",
    "czterechsetn",
    "pięćsetn",
    "sześćsetn",
    "siedemsetn",
    "osiemsetn",
    "dziewięćsetn",
];

/// In the genitive, as after a day.
const MONTHS: [&str; 12] = [
    "stycznia",
    "lutego",
    "marca",
    "kwietnia",
    "maja",
    "czerwca",
    "lipca",
    "sierpnia",
    "września",
    "października",
    "listopada",
    "grudnia",
];

/// From Monday.
const WEEKDAYS: [Forms; 7] = [
    ["poniedziałek", "poniedziałku", "poniedziałkowi", "poniedziałek", "poniedziałkiem", "poniedziałku"],
    ["wtorek", "wtorku", "wtorkowi", "wtorek", "wtorkiem", "wtorku"],
    ["środa", "środy", "środzie", "środę", "środą", "środzie"],
    ["czwartek", "czwartku", "czwartkowi", "czwartek", "czwartkiem", "czwartku"],
    ["piątek", "piątku", "piątkowi", "piątek", "piątkiem", "piątku"],
    ["sobota", "soboty", "sobocie", "sobotę", "sobotą", "sobocie"],
    ["niedziela", "niedzieli", "niedzieli", "niedzielę", "niedzielą", "niedzieli"],
];

const MIDNIGHT: Forms = ["północ", "północy", "północy", "północ", "północą", "północy"];

const ZERO: Forms = ["zero", "zera", "zeru", "zero", "zerem", "zerze"];
const ONE_FEMININE: Forms = ["jedna", "jednej", "jednej", "jedną", "jedną", "jednej"];
const ONE_NEUTER: Forms = ["jedno", "jednego", "jednemu", "jedno", "jednym", "jednym"];
const TWO_FEMININE: Forms = ["dwie", "dwóch", "dwóm", "dwie", "dwiema", "dwóch"];

/// 1–4, masculine.
const ONE_TO_FOUR: [Forms; 4] = [
    ["jeden", "jednego", "jednemu", "jeden", "jednym", "jednym"],
    ["dwa", "dwóch", "dwóm", "dwa", "dwoma", "dwóch"],
    ["trzy", "trzech", "trzem", "trzy", "trzema", "trzech"],
    ["cztery", "czterech", "czterem", "cztery", "czterema", "czterech"],
];

/// 5–19: nominative and accusative; genitive, dative and locative; instrumental.
const FROM_FIVE: [[&str; 3]; 15] = [
    ["pięć", "pięciu", "pięcioma"],
    ["sześć", "sześciu", "sześcioma"],
    ["siedem", "siedmiu", "siedmioma"],
    ["osiem", "ośmiu", "ośmioma"],
    ["dziewięć", "dziewięciu", "dziewięcioma"],
    ["dziesięć", "dziesięciu", "dziesięcioma"],
    ["jedenaście", "jedenastu", "jedenastoma"],
    ["dwanaście", "dwunastu", "dwunastoma"],
    ["trzynaście", "trzynastu", "trzynastoma"],
    ["czternaście", "czternastu", "czternastoma"],
    ["piętnaście", "piętnastu", "piętnastoma"],
    ["szesnaście", "szesnastu", "szesnastoma"],
    ["siedemnaście", "siedemnastu", "siedemnastoma"],
    ["osiemnaście", "osiemnastu", "osiemnastoma"],
    ["dziewiętnaście", "dziewiętnastu", "dziewiętnastoma"],
];

/// 20–90, in the order of [`FROM_FIVE`].
const TENS: [[&str; 3]; 8] = [
    ["dwadzieścia", "dwudziestu", "dwudziestoma"],
    ["trzydzieści", "trzydziestu", "trzydziestoma"],
    ["czterdzieści", "czterdziestu", "czterdziestoma"],
    ["pięćdziesiąt", "pięćdziesięciu", "pięćdziesięcioma"],
    ["sześćdziesiąt", "sześćdziesięciu", "sześćdziesięcioma"],
    ["siedemdziesiąt", "siedemdziesięciu", "siedemdziesięcioma"],
    ["osiemdziesiąt", "osiemdziesięciu", "osiemdziesięcioma"],
    ["dziewięćdziesiąt", "dziewięćdziesięciu", "dziewięćdziesięcioma"],
];

/// 100–900, in the order of [`FROM_FIVE`].
const HUNDREDS: [[&str; 3]; 9] = [
    ["sto", "stu", "stu"],
    ["dwieście", "dwustu", "dwustu"],
    ["trzysta", "trzystu", "trzystu"],
    ["czterysta", "czterystu", "czterystu"],
    ["pięćset", "pięciuset", "pięciuset"],
    ["sześćset", "sześciuset", "sześciuset"],
    ["siedemset", "siedmiuset", "siedmiuset"],
    ["osiemset", "ośmiuset", "ośmiuset"],
    ["dziewięćset", "dziewięciuset", "dziewięciuset"],
];

/// A masculine noun with the plural in «-y», «-ów» (milion, dolar), built from its stem at compile time: its accusative
/// and its locative are given.
macro_rules! masculine {
    ($stem:literal, $accusative:literal, $locative:literal) => {
        Noun {
            gender: Gender::Masculine,
            singular: [$stem, concat!($stem, "a"), concat!($stem, "owi"), $accusative, concat!($stem, "em"), $locative],
            plural: [
                concat!($stem, "y"),
                concat!($stem, "ów"),
                concat!($stem, "om"),
                concat!($stem, "y"),
                concat!($stem, "ami"),
                concat!($stem, "ach"),
            ],
        }
    };
}

/// A feminine noun on a hard consonant and «-a» (minuta): its dative and locative, and the genitive plural, are given.
macro_rules! feminine {
    ($stem:literal, $dative:literal, $many:literal) => {
        feminine!($stem, "y", $dative, $many)
    };
    ($stem:literal, $y:literal, $dative:literal, $many:literal) => {
        Noun {
            gender: Gender::Feminine,
            singular: [
                concat!($stem, "a"),
                concat!($stem, $y),
                $dative,
                concat!($stem, "ę"),
                concat!($stem, "ą"),
                $dative,
            ],
            plural: [
                concat!($stem, $y),
                $many,
                concat!($stem, "om"),
                concat!($stem, $y),
                concat!($stem, "ami"),
                concat!($stem, "ach"),
            ],
        }
    };
}

/// A thousand and its powers, to 10^18: an `i64` goes no further.
static POWERS: [Noun; 6] = [
    Noun {
        gender: Gender::Masculine,
        singular: ["tysiąc", "tysiąca", "tysiącowi", "tysiąc", "tysiącem", "tysiącu"],
        plural: ["tysiące", "tysięcy", "tysiącom", "tysiące", "tysiącami", "tysiącach"],
    },
    masculine!("milion", "milion", "milionie"),
    masculine!("miliard", "miliard", "miliardzie"),
    masculine!("bilion", "bilion", "bilionie"),
    masculine!("biliard", "biliard", "biliardzie"),
    masculine!("trylion", "trylion", "trylionie"),
];

fn noun(measure: Measure) -> &'static Noun {
    static SECOND: Noun = feminine!("sekund", "sekundzie", "sekund");
    static MINUTE: Noun = feminine!("minut", "minucie", "minut");
    static HOUR: Noun = feminine!("godzin", "godzinie", "godzin");
    static DAY: Noun = Noun {
        gender: Gender::Masculine,
        singular: ["dzień", "dnia", "dniowi", "dzień", "dniem", "dniu"],
        plural: ["dni", "dni", "dniom", "dni", "dniami", "dniach"],
    };
    static WEEK: Noun = Noun {
        gender: Gender::Masculine,
        singular: ["tydzień", "tygodnia", "tygodniowi", "tydzień", "tygodniem", "tygodniu"],
        plural: ["tygodnie", "tygodni", "tygodniom", "tygodnie", "tygodniami", "tygodniach"],
    };
    static MONTH: Noun = Noun {
        gender: Gender::Masculine,
        singular: ["miesiąc", "miesiąca", "miesiącowi", "miesiąc", "miesiącem", "miesiącu"],
        plural: ["miesiące", "miesięcy", "miesiącom", "miesiące", "miesiącami", "miesiącach"],
    };
    static YEAR: Noun = Noun {
        gender: Gender::Masculine,
        singular: ["rok", "roku", "rokowi", "rok", "rokiem", "roku"],
        plural: ["lata", "lat", "latom", "lata", "latami", "latach"],
    };
    /// «dwa procent», but «dwóm procentom».
    static PERCENT: Noun = Noun {
        gender: Gender::Masculine,
        singular: ["procent", "procentu", "procentowi", "procent", "procentem", "procencie"],
        plural: ["procent", "procent", "procentom", "procent", "procentami", "procentach"],
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
    Noun { gender: Gender::Neuter, singular: [word; 6], plural: [word; 6] }
}

/// Unit and sub-unit.
fn currency(currency: Currency) -> (&'static Noun, &'static Noun) {
    static RUBLE: Noun = Noun {
        gender: Gender::Masculine,
        singular: ["rubel", "rubla", "rublowi", "rubla", "rublem", "rublu"],
        plural: ["ruble", "rubli", "rublom", "ruble", "rublami", "rublach"],
    };
    static KOPECK: Noun = feminine!("kopiejk", "i", "kopiejce", "kopiejek");
    static DOLLAR: Noun = masculine!("dolar", "dolara", "dolarze");
    static CENT: Noun = masculine!("cent", "centa", "cencie");
    static EURO: Noun = indeclinable("euro");
    static POUND: Noun = masculine!("funt", "funta", "funcie");
    static PENNY: Noun = masculine!("pens", "pensa", "pensie");
    static TENGE: Noun = indeclinable("tenge");
    static TIYN: Noun = masculine!("tiyn", "tiyna", "tiynie");
    static HRYVNIA: Noun = feminine!("hrywn", "hrywnie", "hrywien");
    static ZLOTY: Noun = Noun {
        gender: Gender::Masculine,
        singular: ["złoty", "złotego", "złotemu", "złoty", "złotym", "złotym"],
        plural: ["złote", "złotych", "złotym", "złote", "złotymi", "złotych"],
    };
    static GROSZ: Noun = Noun {
        gender: Gender::Masculine,
        singular: ["grosz", "grosza", "groszowi", "grosz", "groszem", "groszu"],
        plural: ["grosze", "groszy", "groszom", "grosze", "groszami", "groszach"],
    };
    static LIRA: Noun = feminine!("lir", "lirze", "lir");
    static KURUS: Noun = Noun {
        gender: Gender::Masculine,
        singular: ["kurusz", "kurusza", "kuruszowi", "kurusza", "kuruszem", "kuruszu"],
        plural: ["kurusze", "kuruszy", "kuruszom", "kurusze", "kuruszami", "kuruszach"],
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
