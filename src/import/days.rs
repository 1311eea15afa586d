//! Days as people and their spreadsheets write them.

use jiff::civil::Date;

use crate::books::RejectCode;

crate::words! {
    /// In which order a day, a month and a year are written.
    pub enum DayOrder {
        Dmy = "dmy",
        Mdy = "mdy",
        Ymd = "ymd",
    }
}

/// Days outside of these years are slips of the hand.
const YEARS: std::ops::RangeInclusive<i16> = 1990..=2100;

/// Months by their first letters, in the languages spoken here, in every case that stands behind a day. The longest counts.
const MONTHS: [&[&str]; 12] = [
    &["янв", "jan", "ene", "січ", "қаң", "sty", "oca", "jän"],
    &["фев", "feb", "fév", "лют", "ақп", "lut", "şub", "fev"],
    &["мар", "mar", "mär", "бер", "нау"],
    &["апр", "apr", "avr", "abr", "кві", "сәу", "kwi", "nis"],
    &["мая", "май", "may", "mai", "тра", "мам", "maj"],
    &["июн", "jun", "juin", "чер", "мау", "cze", "haz"],
    &["июл", "jul", "juil", "лип", "шіл", "lip", "tem"],
    &["авг", "aug", "aoû", "ago", "сер", "там", "sie", "ağu", "aou"],
    &["сен", "sep", "вер", "қыр", "wrz", "eyl"],
    &["окт", "oct", "okt", "жов", "қаз", "paź", "eki", "paz"],
    &["ноя", "nov", "лис", "қар", "lis", "kas"],
    &["дек", "dec", "dez", "dic", "déc", "гру", "жел", "gru", "ara"],
];

/// Why a cell is no day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoDay {
    Format,
    /// Day and month may be exchanged.
    Ambiguous,
    OutOfRange,
}

impl NoDay {
    pub fn code(self) -> RejectCode {
        match self {
            NoDay::Format => RejectCode::DayFormat,
            NoDay::Ambiguous => RejectCode::DayAmbiguous,
            NoDay::OutOfRange => RejectCode::DayOutOfRange,
        }
    }
}

impl std::fmt::Display for NoDay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            NoDay::Format => "not a day: expected one such as 2026-11-25 or 25.11.2026",
            NoDay::Ambiguous => {
                "day and month may be exchanged, and no line of the file tells: say which comes first, --dates dmy or --dates mdy"
            }
            NoDay::OutOfRange => "the year is out of reason: expected 1990 to 2100",
        })
    }
}

/// `2026-11-25`, `25.11.2026`, `25/11/2026`, `25 ноября 2026`, `November 25, 2026`, a spreadsheet's number of a day; midnight behind
/// it is passed over. With dots the day comes first unless `order` says otherwise.
pub(super) fn day(text: &str, order: Option<DayOrder>) -> Result<Date, NoDay> {
    let text = without_midnight(text.trim());
    let found = match numbers(text) {
        Some((parts, mark)) => by_numbers(parts, mark, order)?,
        None if text.bytes().all(|b| b.is_ascii_digit()) => serial(text).ok_or(NoDay::Format)?,
        None => by_words(text).ok_or(NoDay::Format)?,
    };
    if YEARS.contains(&found.year()) { Ok(found) } else { Err(NoDay::OutOfRange) }
}

/// Which order the cell proves; `None` where it proves none.
pub(super) fn proves(text: &str) -> Option<DayOrder> {
    let (parts, mark) = numbers(without_midnight(text.trim()))?;
    let [(first, _), (second, _), (_, 4)] = parts else { return None };
    match (mark, first, second) {
        ('.', ..) => None,
        (_, 13..=31, 1..=12) => Some(DayOrder::Dmy),
        (_, 1..=12, 13..=31) => Some(DayOrder::Mdy),
        (_, _, _) => None,
    }
}

fn without_midnight(text: &str) -> &str {
    match text.split_once([' ', 'T']) {
        Some((day, time))
            if matches!(time.trim(), "0:00" | "00:00" | "0:00:00" | "00:00:00" | "00:00:00.000" | "00:00:00Z") =>
        {
            day
        }
        Some(_) | None => text,
    }
}

/// Three numbers with one mark between them; each with its digits.
fn numbers(text: &str) -> Option<([(i16, usize); 3], char)> {
    let mark = text.chars().find(|c| matches!(c, '.' | '/' | '-'))?;
    let mut parts = text.split(mark);
    let mut next = || {
        let part = parts.next()?.trim();
        let fits = (1..=4).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
        Some((part.parse().ok().filter(|_| fits)?, part.len()))
    };
    let three = [next()?, next()?, next()?];
    parts.next().is_none().then_some((three, mark))
}

fn by_numbers(parts: [(i16, usize); 3], mark: char, order: Option<DayOrder>) -> Result<Date, NoDay> {
    let date = |year: i16, month: i16, day: i16| {
        let (month, day) =
            (i8::try_from(month).map_err(|_| NoDay::Format)?, i8::try_from(day).map_err(|_| NoDay::Format)?);
        Date::new(year, month, day).map_err(|_| NoDay::Format)
    };
    let [(a, first), (b, second), (c, third)] = parts;
    match (first, second, third) {
        (4, 1..=2, 1..=2) => date(a, b, c),
        (1..=2, 1..=2, 4) => match (order, mark) {
            (Some(DayOrder::Dmy), _) | (None, '.') => date(c, b, a),
            (Some(DayOrder::Mdy), _) => date(c, a, b),
            (Some(DayOrder::Ymd), _) => Err(NoDay::Format),
            (None, _) if a == b => date(c, b, a),
            (None, _) if a > 12 => date(c, b, a),
            (None, _) if b > 12 => date(c, a, b),
            (None, _) => Err(NoDay::Ambiguous),
        },
        (_, _, _) => Err(NoDay::Format),
    }
}

/// Days since 1899-12-30, which is how spreadsheets count; five digits are 1927 to 2173.
fn serial(text: &str) -> Option<Date> {
    let days: i64 = text.parse().ok().filter(|_| text.len() == 5)?;
    jiff::civil::date(1899, 12, 30).checked_add(jiff::Span::new().days(days)).ok()
}

/// A day, a month's name and a year, the day or the month first.
fn by_words(text: &str) -> Option<Date> {
    let lower = text.to_lowercase();
    let mut words = lower.split(|c: char| c.is_whitespace() || matches!(c, ',' | '.')).filter(|w| !w.is_empty());
    let mut next = || words.find(|word| *word != "de");
    let (first, second, year) = (next()?, next()?, next()?);
    if next().is_some_and(|word| !matches!(word, "г" | "года" | "р" | "року" | "ж" | "r")) {
        return None;
    }
    let (day, month) = if first.starts_with(|c: char| c.is_ascii_digit()) { (first, second) } else { (second, first) };
    let day: i8 = day.trim_end_matches(|c: char| c.is_alphabetic() && c.is_ascii()).parse().ok()?;
    let starts = |names: &[&str]| names.iter().filter(|n| month.starts_with(**n)).map(|n| n.len()).max();
    let (_, month) = (1..).zip(MONTHS).filter_map(|(number, names)| Some((starts(names)?, number))).max()?;
    Date::new(year.parse().ok().filter(|_| year.len() == 4)?, month, day).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days() {
        use DayOrder::{Dmy, Mdy, Ymd};
        for (written, order, expected) in [
            ("2026-11-25", None, Ok("2026-11-25")),
            ("2026/11/25", None, Ok("2026-11-25")),
            ("2026-11-25", Some(Dmy), Ok("2026-11-25")),
            ("25.11.2026", None, Ok("2026-11-25")),
            ("1.2.2026", None, Ok("2026-02-01")),
            ("1.2.2026", Some(Mdy), Ok("2026-01-02")),
            ("25.11.2026 0:00:00", None, Ok("2026-11-25")),
            ("2026-11-25T00:00:00", None, Ok("2026-11-25")),
            ("2026-11-25 10:30", None, Err(NoDay::Format)),
            ("31.02.2026", None, Err(NoDay::Format)),
            ("25.11.26", None, Err(NoDay::Format)),
            ("25/11/2026", None, Ok("2026-11-25")),
            ("11/25/2026", None, Ok("2026-11-25")),
            ("05/11/2026", None, Err(NoDay::Ambiguous)),
            ("05-11-2026", None, Err(NoDay::Ambiguous)),
            ("05/05/2026", None, Ok("2026-05-05")),
            ("05/11/2026", Some(Dmy), Ok("2026-11-05")),
            ("05/11/2026", Some(Mdy), Ok("2026-05-11")),
            ("05/11/2026", Some(Ymd), Err(NoDay::Format)),
            ("25/11/2026", Some(Mdy), Err(NoDay::Format)),
            ("25 ноября 2026", None, Ok("2026-11-25")),
            ("25 Ноября 2026 г.", None, Ok("2026-11-25")),
            ("1 мая 2026 года", None, Ok("2026-05-01")),
            ("1 марта 2026", None, Ok("2026-03-01")),
            ("25 листопада 2026 року", None, Ok("2026-11-25")),
            ("25 lipca 2026", None, Ok("2026-07-25")),
            ("25 listopada 2026", None, Ok("2026-11-25")),
            ("25. Dezember 2026", None, Ok("2026-12-25")),
            ("25 de mayo de 2026", None, Ok("2026-05-25")),
            ("25 août 2026", None, Ok("2026-08-25")),
            ("25 juillet 2026", None, Ok("2026-07-25")),
            ("25 Kasım 2026", None, Ok("2026-11-25")),
            ("25 қараша 2026", None, Ok("2026-11-25")),
            ("November 25th, 2026", None, Ok("2026-11-25")),
            ("25 Nov 2026", None, Ok("2026-11-25")),
            ("25 brumaire 2026", None, Err(NoDay::Format)),
            ("46351", None, Ok("2026-11-25")),
            ("4635", None, Err(NoDay::Format)),
            ("0226-11-25", None, Err(NoDay::OutOfRange)),
            ("tomorrow", None, Err(NoDay::Format)),
            ("", None, Err(NoDay::Format)),
        ] {
            let found = day(written, order).map(|d| d.to_string());
            assert_eq!(found.as_deref().map_err(|e| *e), expected, "{written} {order:?}");
        }
        for (written, order) in [
            ("25/11/2026", Some(Dmy)),
            ("11/25/2026", Some(Mdy)),
            ("05/11/2026", None),
            ("25.11.2026", None),
            ("2026/11/25", None),
            ("", None),
        ] {
            assert_eq!(proves(written), order, "{written}");
        }
    }
}
