//! Keys: from single presses to an entry, and from an entry to a day.

use jiff::civil::{Date, Time};

use crate::phone::PhoneNumber;

/// What keys may form an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Shape<'a> {
    /// One of these strings of keys.
    OneOf(Vec<&'a str>),
    /// `end` ends an entry shorter than `max`, the other of `#` and `*` cancels.
    Digits { min: usize, max: usize, end: char },
    /// Whole units; behind `*`, unless it ends, two digits of hundredths.
    Amount { end: char },
    /// 1, 2, DDMM or DDMMYYYY.
    Day { end: char },
}

/// What an entry has come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reading {
    /// Not yet known: keys so far.
    More(String),
    Done(String),
    Cancelled,
    NoMatch,
}

/// An entry after one more key.
pub(super) fn read_key(shape: &Shape, entry: &str, key: char) -> Reading {
    let with_key = format!("{entry}{key}");
    match shape {
        Shape::OneOf(choices) => {
            let longer = choices.iter().any(|c| c.len() > with_key.len() && c.starts_with(&with_key));
            match choices.contains(&with_key.as_str()) {
                _ if longer => Reading::More(with_key),
                true => Reading::Done(with_key),
                false => Reading::NoMatch,
            }
        }
        Shape::Digits { end, .. } | Shape::Amount { end } | Shape::Day { end } if key == *end => {
            read_silence(shape, entry)
        }
        Shape::Amount { .. } if key == '*' && !entry.is_empty() => match entry.contains('*') {
            true => Reading::NoMatch,
            false => Reading::More(with_key),
        },
        Shape::Digits { .. } | Shape::Amount { .. } | Shape::Day { .. } if matches!(key, '*' | '#') => {
            Reading::Cancelled
        }
        Shape::Digits { max, .. } if with_key.len() >= *max => Reading::Done(with_key),
        Shape::Amount { .. } if with_key.len() >= AMOUNT_KEYS_MAX => Reading::Done(with_key),
        Shape::Day { .. } if with_key.len() >= 8 => Reading::Done(with_key),
        Shape::Digits { .. } | Shape::Amount { .. } | Shape::Day { .. } => Reading::More(with_key),
    }
}

/// An entry after which no more keys came.
pub(super) fn read_silence(shape: &Shape, entry: &str) -> Reading {
    let whole = match shape {
        Shape::OneOf(choices) => choices.contains(&entry),
        Shape::Digits { min, max, .. } => (*min..=*max).contains(&entry.len()) && !entry.is_empty(),
        Shape::Amount { .. } => read_amount(entry).is_some(),
        Shape::Day { .. } => matches!(entry.len(), 1 | 4 | 8),
    };
    if whole { Reading::Done(entry.to_string()) } else { Reading::NoMatch }
}

/// Longest amount that is keyed, with its point.
const AMOUNT_KEYS_MAX: usize = 12;

/// An entry of [`Shape::Amount`] in hundredths: `1500`, `1500*5`, `1500*50`.
pub(super) fn read_amount(entry: &str) -> Option<i64> {
    let (whole, part) = entry.split_once('*').unwrap_or((entry, ""));
    let hundredths = match part.len() {
        0 => 0,
        1 => part.parse::<i64>().ok()? * 10,
        2 => part.parse().ok()?,
        _ => return None,
    };
    whole.parse::<i64>().ok()?.checked_mul(100)?.checked_add(hundredths)
}

/// HHMM.
pub(super) fn read_time(entry: &str) -> Option<Time> {
    let number = |part: Option<&str>| part?.parse().ok();
    Time::new(number(entry.get(..2))?, number(entry.get(2..))?, 0, 0).ok()
}

/// A number in E.164 as it is keyed: with its country code, or as at home, with or without the prefix (0, in some countries
/// 8) that is dialled before it there. Longer than ten digits and beginning with the country code, it has one.
pub(super) fn read_phone(entry: &str, country: &str) -> Option<String> {
    let national = match entry.strip_prefix("00") {
        Some(international) => return valid(format!("+{international}")),
        None => entry,
    };
    if national.len() > 10 && national.starts_with(country) {
        return valid(format!("+{national}"));
    }
    let own = match national.strip_prefix('0') {
        Some(own) => own,
        None if country == "7" && national.len() == 11 => national.strip_prefix('8')?,
        None => national,
    };
    valid(format!("+{country}{own}"))
}

fn valid(number: String) -> Option<String> {
    number.parse::<PhoneNumber>().ok().map(|number| number.full().to_string())
}

/// Which days may be named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct DayLimits {
    pub today: Date,
    /// Days from today, 0 = today only.
    pub ahead: u32,
    /// Monday–Friday only.
    pub workdays: bool,
}

/// The day that an entry of [`Shape::Day`] names, when there is such a day and it lies within the limits.
/// DDMM without a year is the next such day from today on.
pub(super) fn read_day(entry: &str, limits: DayLimits) -> Option<Date> {
    let number = |s: &str| s.parse::<i16>().ok();
    let day = match entry.len() {
        1 if entry == "1" => limits.today,
        1 if entry == "2" => limits.today.tomorrow().ok()?,
        4 => {
            let (day, month) = (number(&entry[..2])? as i8, number(&entry[2..])? as i8);
            let this_year = Date::new(limits.today.year(), month, day).ok().filter(|d| *d >= limits.today);
            this_year.or_else(|| Date::new(limits.today.year() + 1, month, day).ok())?
        }
        8 => Date::new(number(&entry[4..])?, number(&entry[2..4])? as i8, number(&entry[..2])? as i8).ok()?,
        _ => return None,
    };
    let ahead = day.since(limits.today).ok()?.get_days();
    let is_workday = day.weekday().to_monday_one_offset() <= 5;
    let allowed = (0..=i64::from(limits.ahead)).contains(&i64::from(ahead)) && (is_workday || !limits.workdays);
    allowed.then_some(day)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Keys as pressed, `_` for the silence after them.
    fn check(shape: Shape, keys: &str, expected: Reading) {
        let mut reading = Reading::More(String::new());
        for key in keys.chars() {
            let Reading::More(entry) = &reading else { panic!("{keys}: over before {key}: {reading:?}") };
            reading = if key == '_' { read_silence(&shape, entry) } else { read_key(&shape, entry, key) };
        }
        assert_eq!(reading, expected, "{shape:?} {keys}");
    }

    #[test]
    fn entries() {
        use Reading::*;
        let done = |s: &str| Done(s.to_string());
        let menu = || Shape::OneOf(vec!["1", "2", "*", "*9", "10"]);
        check(menu(), "2", done("2"));
        check(menu(), "1", More("1".into()));
        check(menu(), "1_", done("1"));
        check(menu(), "10", done("10"));
        check(menu(), "12", NoMatch);
        check(menu(), "3", NoMatch);
        check(menu(), "*_", done("*"));
        check(menu(), "*9", done("*9"));
        let four = || Shape::Digits { min: 4, max: 4, end: '#' };
        check(four(), "4321", done("4321"));
        check(four(), "432_", NoMatch);
        check(four(), "432#", NoMatch);
        check(four(), "43*", Cancelled);
        let some = || Shape::Digits { min: 1, max: 6, end: '#' };
        check(some(), "12#", done("12"));
        check(some(), "12_", done("12"));
        check(some(), "#", NoMatch);
        check(some(), "123456", done("123456"));
        check(Shape::Day { end: '#' }, "1", More("1".into()));
        check(Shape::Day { end: '#' }, "1#", done("1"));
        check(Shape::Day { end: '#' }, "2_", done("2"));
        check(Shape::Day { end: '#' }, "2511_", done("2511"));
        check(Shape::Day { end: '#' }, "25112026", done("25112026"));
        check(Shape::Day { end: '#' }, "251_", NoMatch);
        check(Shape::Day { end: '#' }, "*", Cancelled);
    }

    #[test]
    fn amounts_times_and_numbers() {
        use Reading::*;
        let amount = || Shape::Amount { end: '#' };
        check(amount(), "1500#", Done("1500".into()));
        check(amount(), "1500*50#", Done("1500*50".into()));
        check(amount(), "1500*5_", Done("1500*5".into()));
        check(amount(), "*", Cancelled);
        check(amount(), "15**", NoMatch);
        check(amount(), "15*555#", NoMatch);
        check(Shape::Amount { end: '*' }, "1500*", Done("1500".into()));
        check(Shape::Amount { end: '*' }, "15#", Cancelled);
        for (entry, hundredths) in [("15", Some(1500)), ("15*5", Some(1550)), ("15*05", Some(1505)), ("*5", None)] {
            assert_eq!(read_amount(entry), hundredths, "{entry}");
        }
        for (entry, time) in [("0930", Some("09:30:00")), ("2400", None), ("1260", None), ("930", None)] {
            assert_eq!(read_time(entry).map(|t| t.to_string()).as_deref(), time, "{entry}");
        }
        for (entry, country, number) in [
            ("9161234567", "7", Some("+79161234567")),
            ("89161234567", "7", Some("+79161234567")),
            ("79161234567", "7", Some("+79161234567")),
            ("0079161234567", "7", Some("+79161234567")),
            ("02079460000", "44", Some("+442079460000")),
            ("442079460000", "44", Some("+442079460000")),
            ("5551234567", "1", Some("+15551234567")),
            ("123", "7", None),
        ] {
            assert_eq!(read_phone(entry, country).as_deref(), number, "{entry} in +{country}");
        }
    }

    #[test]
    fn days() {
        // 2026-11-20 is a Friday.
        for (entry, ahead, workdays, expected) in [
            ("1", 7, true, Some("2026-11-20")),
            ("2", 7, true, None),
            ("2", 7, false, Some("2026-11-21")),
            ("2", 0, false, None),
            ("3", 7, false, None),
            ("2311", 7, true, Some("2026-11-23")),
            ("2711", 7, true, Some("2026-11-27")),
            ("2811", 7, false, None),
            ("1911", 400, false, Some("2027-11-19")),
            ("1911", 30, false, None),
            ("0101", 60, false, Some("2027-01-01")),
            ("3102", 400, false, None),
            ("0000", 400, false, None),
            ("9999", 400, false, None),
            ("25112026", 7, true, Some("2026-11-25")),
            ("25112025", 7, true, None),
            ("25119999", 7, true, None),
        ] {
            let limits = DayLimits { today: "2026-11-20".parse().unwrap(), ahead, workdays };
            assert_eq!(read_day(entry, limits).map(|d| d.to_string()).as_deref(), expected, "{entry} {limits:?}");
        }
    }
}
