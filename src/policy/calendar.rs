//! Days on which people are off work, by country: data in `calendars.yaml`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use jiff::ToSpan;
use jiff::civil::{Date, Weekday};
use serde::Deserialize;

const SHIPPED: &str = include_str!("calendars.yaml");
/// Worked out at the start, once.
const YEARS: std::ops::RangeInclusive<i16> = 2020..=2069;

#[derive(Debug, PartialEq, Eq)]
pub struct Calendar {
    pub name: String,
    /// Sorted.
    off: Vec<Date>,
    known_until: i16,
}

static CALENDARS: LazyLock<Vec<Calendar>> = LazyLock::new(|| {
    let written: BTreeMap<String, Written> = serde_saphyr::from_str(SHIPPED).expect("shipped, and held by a test");
    written.into_iter().map(|(name, written)| written.worked_out(name)).collect()
});

impl Calendar {
    pub fn named(name: &str) -> Option<&'static Calendar> {
        CALENDARS.iter().find(|c| c.name == name)
    }

    /// A weekend is not asked about: packs name its hours by weekday. Of years that nobody has entered yet, every day is.
    pub fn is_off(&self, date: Date) -> bool {
        !self.knows(date) || self.off.binary_search(&date).is_ok()
    }

    /// Whether the days off of that year have been entered.
    pub fn knows(&self, date: Date) -> bool {
        YEARS.contains(&date.year()) && date.year() <= self.known_until
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    /// `MM-DD`.
    #[serde(default)]
    fixed: Vec<String>,
    #[serde(default)]
    substitute: bool,
    #[serde(default)]
    easter: Vec<i32>,
    #[serde(default)]
    nth: Vec<String>,
    #[serde(default)]
    moved: Vec<Date>,
    known_until: Option<i16>,
}

impl Written {
    fn worked_out(self, name: String) -> Calendar {
        let mut off = self.moved;
        for year in YEARS {
            let mut days: Vec<Date> = self.fixed.iter().map(|day| fixed(year, day)).collect();
            days.extend(self.easter.iter().map(|offset| easter(year).saturating_add(offset.days())));
            days.extend(self.nth.iter().map(|words| nth(year, words)));
            days.sort();
            if self.substitute {
                for day in days.clone() {
                    if is_weekend(day) {
                        let free = |d: &Date| !is_weekend(*d) && !days.contains(d);
                        let next = day.series(1.day()).find(free).expect("a week has working days");
                        days.push(next);
                    }
                }
            }
            off.extend(days);
        }
        off.sort();
        off.dedup();
        Calendar { name, off, known_until: self.known_until.unwrap_or(*YEARS.end()) }
    }
}

fn is_weekend(date: Date) -> bool {
    matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday)
}

fn fixed(year: i16, day: &str) -> Date {
    format!("{year}-{day}").parse().expect("shipped, and held by a test")
}

/// `-1 mon 05`: the last Monday of May.
fn nth(year: i16, words: &str) -> Date {
    let words: Vec<&str> = words.split(' ').collect();
    let [n, day, month] = words[..] else { panic!("shipped, and held by a test: {words:?}") };
    let weekday = super::window::DAYS
        .iter()
        .position(|d| *d == day)
        .and_then(|at| Weekday::from_monday_zero_offset(at as i8).ok())
        .expect("shipped, and held by a test");
    let first = fixed(year, &format!("{month}-01"));
    first.nth_weekday_of_month(n.parse().expect("shipped, and held by a test"), weekday).expect("every month has it")
}

/// The Gregorian computus in the form of Meeus, Jones and Butcher.
fn easter(year: i16) -> Date {
    let y = i32::from(year);
    let (a, b, c) = (y % 19, y / 100, y % 100);
    let (d, e) = (b / 4, b % 4);
    let g = (8 * b + 13) / 25;
    let h = (19 * a + b - d - g + 15) % 30;
    let (i, k) = (c / 4, c % 4);
    let l = (32 + 2 * e + 2 * i - h - k) % 7;
    let m = (a + 11 * h + 19 * l) / 433;
    let month = (h + l - 7 * m + 90) / 25;
    let day = (h + l - 7 * m + 33 * month + 19) % 32;
    Date::new(year, month as i8, day as i8).expect("Easter is in March or April")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_off() {
        for (calendar, day, off) in [
            ("ru", "2026-05-01", true),
            ("ru", "2026-05-04", false),
            ("ru", "2026-05-11", true),
            ("ru", "2026-01-09", true),
            ("ru", "2026-01-12", false),
            ("ru", "2025-12-31", true),
            ("ru", "2027-03-02", true),
            ("uk", "2026-04-03", true),
            ("uk", "2026-04-06", true),
            ("uk", "2026-05-04", true),
            ("uk", "2026-05-25", true),
            ("uk", "2026-08-31", true),
            ("uk", "2026-12-25", true),
            ("uk", "2026-12-28", true),
            ("uk", "2026-12-29", false),
            ("uk", "2022-12-27", true),
            ("uk", "2021-12-27", true),
            ("uk", "2021-12-28", true),
            ("uk", "2038-04-26", true),
        ] {
            let calendar = Calendar::named(calendar).unwrap();
            assert_eq!(calendar.is_off(day.parse().unwrap()), off, "{} {day}", calendar.name);
        }
        assert!(!Calendar::named("ru").unwrap().knows("2027-03-02".parse().unwrap()));
    }
}
