//! Kazakh, in Cyrillic script. Case is a suffix on the last word of the phrase, whose sounds choose its form; nothing else
//! declines, and there is neither gender nor a plural after numbers.
//!
//! Choices: 100 is «жүз», 1000 «бір мың», but an ordinal and so a year begins with «мың»; the year stands before the day
//! («екі мың жиырма жетінші жылғы бірінші қаңтар»). A date without a case is in the nominative, alone or before «күні»; the
//! deadline is `dative` with «дейін» after it, "when" is `locative`. A time without a case is as a clock shows it («тоғыз
//! нөл нөл»), to stand after «сағат»; in a case it brings that word with it («сағат он төрт отызда», «сағат тоғыздан»).
//! Decimals are «үш бүтін оннан бес». Kopecks of every country are «тиын». The key `#` is «тор», the sign `@` «айқұлақ».

use jiff::civil::{Date, Weekday};

use super::super::{Case, Gender, Measure};
use super::{Counted, Grammar, of_sign, thousands};
use crate::money::{Currency, Money};

pub(in crate::speech) struct Kazakh;

const CASES: [Case; 7] = [
    Case::Nominative,
    Case::Genitive,
    Case::Dative,
    Case::Accusative,
    Case::Prepositional,
    Case::Ablative,
    Case::Instrumental,
];

impl Grammar for Kazakh {
    fn cases(&self) -> &'static [Case] {
        &CASES
    }

    fn cardinal(&self, n: i64, _: Gender, case: Case) -> String {
        declined(signed(n, unsigned), case)
    }

    fn ordinal(&self, n: i64, _: Gender, case: Case) -> String {
        declined(signed(n, ordinal), case)
    }

    fn money(&self, money: Money, case: Case) -> String {
        let (unit, sub_unit) = currency(money.currency);
        let (major, minor) = (money.minor.unsigned_abs() / 100, money.minor.unsigned_abs() % 100);
        let words = match (major, minor) {
            (_, 0) => format!("{} {unit}", unsigned(major)),
            (0, _) => format!("{} {sub_unit}", unsigned(minor)),
            (_, _) => format!("{} {unit} {} {sub_unit}", unsigned(major), unsigned(minor)),
        };
        declined(if money.minor < 0 { format!("минус {words}") } else { words }, case)
    }

    fn count(&self, n: i64, measure: Measure, case: Case) -> String {
        declined(format!("{} {}", signed(n, unsigned), noun(measure)), case)
    }

    fn date(&self, date: Date, with_year: bool, case: Option<Case>) -> String {
        let day = format!("{} {}", ordinal(date.day() as u64), MONTHS[date.month() as usize - 1]);
        let day = declined(day, case.unwrap_or(Case::Nominative));
        if !with_year {
            return day;
        }
        format!("{} жылғы {day}", ordinal(date.year().unsigned_abs() as u64))
    }

    fn weekday(&self, weekday: Weekday, case: Option<Case>) -> &'static str {
        WEEKDAYS[weekday.to_monday_zero_offset() as usize][case.unwrap_or(Case::Nominative) as usize]
    }

    /// «сәрсенбі күні жиырма бесінде»: the day of the month is the month's, so it is possessed.
    fn near(&self, date: Date) -> String {
        let day = unsigned(date.day() as u64);
        let ending = own_ending(&day, Case::Prepositional);
        format!("{} күні {}{ending}", self.weekday(date.weekday(), None), before_vowel(&day))
    }

    fn around(&self, days: i64) -> Option<&'static str> {
        match days {
            -2 => Some("алдыңғы күні"),
            -1 => Some("кеше"),
            0 => Some("бүгін"),
            1 => Some("ертең"),
            2 => Some("бүрсігүні"),
            _ => None,
        }
    }

    fn telephone_group(&self, digits: &str) -> String {
        let zeros = digits.bytes().take_while(|b| *b == b'0').count();
        let mut words = vec![ZERO.to_owned(); zeros];
        if let Ok(n @ 1..) = digits[zeros..].parse() {
            words.push(unsigned(n));
        }
        words.join(" ")
    }

    fn digit(&self, digit: u8) -> &'static str {
        if digit == 0 { ZERO } else { ONES[digit as usize - 1] }
    }

    fn decimal(&self, whole: i64, fraction: &str) -> String {
        let whole = signed(whole, unsigned);
        let parts: u64 = fraction.parse().unwrap_or(0);
        let of = match fraction.len() {
            1 => "оннан",
            2 => "жүзден",
            3 => "мыңнан",
            _ => {
                let digits: Vec<&str> = fraction.bytes().map(|b| self.digit(b - b'0')).collect();
                return format!("{whole} бүтін {}", digits.join(" "));
            }
        };
        format!("{whole} бүтін {of} {}", unsigned(parts))
    }

    /// «3-ші» is an ordinal; so is the number before a whole word, «5-қабат» («бесінші қабат»), since that dash means
    /// nothing else. A case («10-ға», «25-іне») belongs to the cardinal; where it is written with the wrong vowel or
    /// consonant, it is said with the right one.
    fn written_ordinal(&self, n: i64, ending: &str) -> Option<String> {
        const MARKS: [&str; 7] = ["інші", "ыншы", "сыншы", "нші", "ншы", "ші", "шы"];
        let n = u64::try_from(n).ok()?;
        let number = unsigned(n);
        for rest in MARKS.iter().filter_map(|mark| ending.strip_prefix(mark)) {
            if rest.is_empty() {
                return Some(ordinal(n));
            }
            if let Some(case) = written_case(rest) {
                return Some(declined(ordinal(n), case));
            }
        }
        if let Some(case) = written_case(ending) {
            return Some(declined(number, case));
        }
        if CASES.iter().any(|case| own_ending(&number, *case) == ending) {
            return Some(format!("{}{ending}", before_vowel(&number)));
        }
        // «2026-дағы»: "that is in".
        if let "дағы" | "дегі" | "тағы" | "тегі" = ending {
            let within = declined(number, Case::Prepositional);
            return Some(format!("{within}{}", if is_back(&within) { "ғы" } else { "гі" }));
        }
        let lower_case = |c: char| c.is_lowercase() && !c.is_ascii();
        let short = matches!(ending, "үй" | "бап" | "топ" | "том");
        let word = short || ending.chars().count() >= 4 && ending.chars().all(lower_case);
        let money = Currency::ALL.iter().any(|c| ending.starts_with(currency(*c).0) || ending.starts_with(TIYN));
        (word && !money).then(|| format!("{} {ending}", ordinal(n)))
    }

    fn clock(&self, hour: i64, minute: i64, case: Option<Case>) -> String {
        let (hours, minutes) = (signed(hour, unsigned), signed(minute, unsigned));
        let time = match minute {
            0 if case.is_some() => hours,
            0 => format!("{hours} нөл нөл"),
            1..=9 => format!("{hours} нөл {minutes}"),
            _ => format!("{hours} {minutes}"),
        };
        match case {
            None => time,
            Some(case) => declined(format!("сағат {time}"), case),
        }
    }

    /// As by default, but only the last word is declined.
    fn duration(&self, seconds: i64, case: Case) -> String {
        let n = seconds.unsigned_abs();
        let parts = [
            (n / 86_400, Measure::Days),
            (n / 3_600 % 24, Measure::Hours),
            (n / 60 % 60, Measure::Minutes),
            (n % 60, Measure::Seconds),
        ];
        let said = parts.iter().filter(|(n, _)| *n > 0);
        let said: Vec<String> = said.map(|(n, measure)| format!("{} {}", unsigned(*n), noun(*measure))).collect();
        let words = said.join(" ");
        match seconds {
            0 => self.count(0, Measure::Seconds, case),
            ..0 => declined(format!("минус {words}"), case),
            _ => declined(words, case),
        }
    }

    fn sign(&self, sign: char, _: Counted) -> Option<&'static str> {
        Some(match sign {
            '%' => noun(Measure::Percent),
            '№' => "нөмір",
            // Keys are named to be pressed: «жұлдызшаны басыңыз».
            '*' => "жұлдызшаны",
            '#' => "торды",
            '+' => "плюс",
            '&' => "және",
            '@' => "айқұлақ",
            '°' => "градус",
            other => currency(of_sign(other)?).0,
        })
    }
}

/// The last sound of a word, as far as suffixes care.
enum Sound {
    Vowel,
    Nasal,
    /// р, л, й, and у, which is half a vowel.
    Liquid,
    /// з, ж.
    Voiced,
    /// Those written б, в, г, д at the end of loans too: they are heard as п, ф, к, т.
    Voiceless,
}

fn last_sound(word: &str) -> Sound {
    match word.chars().next_back() {
        Some('а' | 'ә' | 'е' | 'і' | 'ы' | 'о' | 'ө' | 'ұ' | 'ү') => Sound::Vowel,
        Some('м' | 'н' | 'ң') => Sound::Nasal,
        Some('р' | 'л' | 'й' | 'у' | 'ь') => Sound::Liquid,
        Some('з' | 'ж') => Sound::Voiced,
        _ => Sound::Voiceless,
    }
}

/// Whether the last syllable has a back vowel, so that suffixes have one («отыз»: «отызға», but «сегіз»: «сегізге»).
fn is_back(word: &str) -> bool {
    for (from_end, c) in word.chars().rev().enumerate() {
        match c {
            'а' | 'о' | 'ұ' | 'ы' => return true,
            // Back in loans («минут»); the last of «елу» follows the vowel before it.
            'у' if from_end > 0 => return true,
            'ә' | 'ө' | 'ү' | 'і' | 'е' | 'и' | 'ь' => return false,
            _ => {}
        }
    }
    false
}

/// The words in `case`: its suffix on the last of them.
fn declined(mut words: String, case: Case) -> String {
    use Sound::{Liquid, Nasal, Voiced, Voiceless, Vowel};
    let (back, front) = match (case, last_sound(&words)) {
        (Case::Nominative, _) => ("", ""),
        (Case::Genitive, Vowel | Nasal) => ("ның", "нің"),
        (Case::Genitive, Liquid | Voiced) => ("дың", "дің"),
        (Case::Genitive, Voiceless) => ("тың", "тің"),
        (Case::Dative, Voiceless) => ("қа", "ке"),
        (Case::Dative, _) => ("ға", "ге"),
        (Case::Accusative, Vowel) => ("ны", "ні"),
        (Case::Accusative, Voiceless) => ("ты", "ті"),
        (Case::Accusative, _) => ("ды", "ді"),
        (Case::Prepositional, Voiceless) => ("та", "те"),
        (Case::Prepositional, _) => ("да", "де"),
        (Case::Ablative, Nasal) => ("нан", "нен"),
        (Case::Ablative, Voiceless) => ("тан", "тен"),
        (Case::Ablative, _) => ("дан", "ден"),
        // The only one that knows no harmony.
        (Case::Instrumental, Voiced) => ("бен", "бен"),
        (Case::Instrumental, Voiceless) => ("пен", "пен"),
        (Case::Instrumental, _) => ("мен", "мен"),
    };
    words.push_str(if is_back(&words) { back } else { front });
    words
}

/// The case whose suffix this is in one of its forms.
fn written_case(suffix: &str) -> Option<Case> {
    match suffix {
        "ның" | "нің" | "дың" | "дің" | "тың" | "тің" => Some(Case::Genitive),
        "ға" | "ге" | "қа" | "ке" => Some(Case::Dative),
        "ны" | "ні" | "ды" | "ді" | "ты" | "ті" => Some(Case::Accusative),
        "да" | "де" | "та" | "те" => Some(Case::Prepositional),
        "дан" | "ден" | "тан" | "тен" | "нан" | "нен" => Some(Case::Ablative),
        "мен" | "бен" | "пен" => Some(Case::Instrumental),
        _ => None,
    }
}

/// What a number ends in that belongs to something, in `case`: «айдың жиырма бесінде».
fn own_ending(number: &str, case: Case) -> String {
    let (back, front) = match case {
        Case::Nominative => ("", ""),
        Case::Genitive => ("ның", "нің"),
        Case::Dative => ("на", "не"),
        Case::Accusative => ("н", "н"),
        Case::Prepositional => ("нда", "нде"),
        Case::Ablative => ("нан", "нен"),
        Case::Instrumental => ("мен", "мен"),
    };
    let after_vowel = if let Sound::Vowel = last_sound(number) { "с" } else { "" };
    if is_back(number) { format!("{after_vowel}ы{back}") } else { format!("{after_vowel}і{front}") }
}

/// «қырық» loses its last vowel before another.
fn before_vowel(number: &str) -> String {
    match number.strip_suffix("қырық") {
        Some(before) => format!("{before}қырқ"),
        None => number.to_owned(),
    }
}

/// «минус» before what is said of the number without its sign.
fn signed(n: i64, words: impl Fn(u64) -> String) -> String {
    let words = words(n.unsigned_abs());
    if n < 0 { format!("минус {words}") } else { words }
}

fn unsigned(n: u64) -> String {
    const POWERS: [&str; 6] = ["мың", "миллион", "миллиард", "триллион", "квадриллион", "квинтиллион"];
    if n == 0 {
        return ZERO.to_owned();
    }
    let mut words = Vec::new();
    for (power, group) in thousands(n) {
        let (hundred, ten, one) = (group as usize / 100, group as usize / 10 % 10, group as usize % 10);
        if hundred > 1 {
            words.push(ONES[hundred - 1]);
        }
        if hundred > 0 {
            words.push("жүз");
        }
        if ten > 0 {
            words.push(TENS[ten - 1]);
        }
        if one > 0 {
            words.push(ONES[one - 1]);
        }
        if power > 0 {
            words.push(POWERS[power as usize - 1]);
        }
    }
    words.join(" ")
}

/// A cardinal with the suffix of ordinals on its last word.
fn ordinal(n: u64) -> String {
    let cardinal = unsigned(n);
    // «мыңыншы», «миллионыншы», «мың тоғыз жүз …»: without «бір».
    let is_power = (1..=6).any(|power| n == 1000_u64.pow(power));
    let cardinal = match cardinal.strip_prefix("бір ") {
        Some(rest) if is_power || (1000..2000).contains(&n) => rest,
        _ => &cardinal,
    };
    let suffix = match (last_sound(cardinal), is_back(cardinal)) {
        // Beside the rule.
        _ if cardinal.ends_with("жиырма") => "сыншы",
        (Sound::Vowel, true) => "ншы",
        (Sound::Vowel, false) => "нші",
        (_, true) => "ыншы",
        (_, false) => "інші",
    };
    format!("{}{suffix}", before_vowel(cardinal))
}

fn noun(measure: Measure) -> &'static str {
    match measure {
        Measure::Seconds => "секунд",
        Measure::Minutes => "минут",
        Measure::Hours => "сағат",
        Measure::Days => "күн",
        Measure::Weeks => "апта",
        Measure::Months => "ай",
        Measure::Years => "жыл",
        Measure::Percent => "пайыз",
    }
}

/// Unit and sub-unit.
fn currency(currency: Currency) -> (&'static str, &'static str) {
    match currency {
        Currency::Rub => ("рубль", TIYN),
        Currency::Usd => ("доллар", "цент"),
        Currency::Eur => ("еуро", "цент"),
        Currency::Gbp => ("фунт стерлинг", "пенс"),
        Currency::Kzt => ("теңге", TIYN),
        Currency::Uah => ("гривна", TIYN),
        Currency::Pln => ("злотый", "грош"),
        Currency::Try => ("лира", "куруш"),
    }
}

const TIYN: &str = "тиын";

const ZERO: &str = "нөл";

/// 1–9.
const ONES: [&str; 9] = ["бір", "екі", "үш", "төрт", "бес", "алты", "жеті", "сегіз", "тоғыз"];

/// 10–90.
const TENS: [&str; 9] = ["он", "жиырма", "отыз", "қырық", "елу", "алпыс", "жетпіс", "сексен", "тоқсан"];

const MONTHS: [&str; 12] = [
    "қаңтар",
    "ақпан",
    "наурыз",
    "сәуір",
    "мамыр",
    "маусым",
    "шілде",
    "тамыз",
    "қыркүйек",
    "қазан",
    "қараша",
    "желтоқсан",
];

/// A day of the week in every case, in the order of [`Case`]; all but «жұма» end in a front vowel.
macro_rules! front {
    ($word:literal) => {
        [
            $word,
            concat!($word, "нің"),
            concat!($word, "ге"),
            concat!($word, "ні"),
            concat!($word, "мен"),
            concat!($word, "де"),
            concat!($word, "ден"),
        ]
    };
}

/// From Monday.
const WEEKDAYS: [[&str; 7]; 7] = [
    front!("дүйсенбі"),
    front!("сейсенбі"),
    front!("сәрсенбі"),
    front!("бейсенбі"),
    ["жұма", "жұманың", "жұмаға", "жұманы", "жұмамен", "жұмада", "жұмадан"],
    front!("сенбі"),
    front!("жексенбі"),
];
