//! Keys: from single presses to an entry, and from an entry to a day.

use jiff::civil::Date;

/// What keys may form an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Shape<'a> {
    /// One of these strings of keys.
    OneOf(Vec<&'a str>),
    /// `#` ends an entry shorter than `max`, `*` cancels.
    Digits { min: usize, max: usize },
    /// 1, 2, DDMM or DDMMYYYY; `#` ends, `*` cancels.
    Day,
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
        Shape::Digits { .. } | Shape::Day if key == '*' => Reading::Cancelled,
        Shape::Digits { .. } | Shape::Day if key == '#' => read_silence(shape, entry),
        Shape::Digits { max, .. } if with_key.len() >= *max => Reading::Done(with_key),
        Shape::Day if with_key.len() >= 8 => Reading::Done(with_key),
        Shape::Digits { .. } | Shape::Day => Reading::More(with_key),
    }
}

/// An entry after which no more keys came.
pub(super) fn read_silence(shape: &Shape, entry: &str) -> Reading {
    let whole = match shape {
        Shape::OneOf(choices) => choices.contains(&entry),
        Shape::Digits { min, max } => (*min..=*max).contains(&entry.len()) && !entry.is_empty(),
        Shape::Day => matches!(entry.len(), 1 | 4 | 8),
    };
    if whole { Reading::Done(entry.to_string()) } else { Reading::NoMatch }
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
        let four = || Shape::Digits { min: 4, max: 4 };
        check(four(), "4321", done("4321"));
        check(four(), "432_", NoMatch);
        check(four(), "432#", NoMatch);
        check(four(), "43*", Cancelled);
        let some = || Shape::Digits { min: 1, max: 6 };
        check(some(), "12#", done("12"));
        check(some(), "12_", done("12"));
        check(some(), "#", NoMatch);
        check(some(), "123456", done("123456"));
        check(Shape::Day, "1", More("1".into()));
        check(Shape::Day, "1#", done("1"));
        check(Shape::Day, "2_", done("2"));
        check(Shape::Day, "2511_", done("2511"));
        check(Shape::Day, "25112026", done("25112026"));
        check(Shape::Day, "251_", NoMatch);
        check(Shape::Day, "*", Cancelled);
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
