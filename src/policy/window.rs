//! The hours in which a contact may be called, by weekday, in the contact's own zone.

use std::fmt;
use std::time::Duration;

use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::tz::AmbiguousOffset;

use super::calendar::Calendar;
use crate::time::{Wall, Zone};

/// Minutes after midnight on the clock on the wall: `from` inclusive, `to` exclusive, at most 1440 (24:00).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hours {
    pub from: u16,
    pub to: u16,
}

impl Hours {
    pub const fn new(from: u16, to: u16) -> Hours {
        Hours { from, to }
    }

    fn intersect(self, other: Hours) -> Option<Hours> {
        let both = Hours { from: self.from.max(other.from), to: self.to.min(other.to) };
        (both.from < both.to).then_some(both)
    }
}

impl fmt::Display for Hours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}–{:02}:{:02}", self.from / 60, self.from % 60, self.to / 60, self.to % 60)
    }
}

/// One stretch of hours a weekday at most; `None`: closed all day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallingWindow {
    /// Monday first.
    pub days: [Option<Hours>; 7],
    pub holidays: Option<Holidays>,
}

/// On days off the weekday's hours hold only as far as these do; `None`: closed. A working day in place of a day off keeps its
/// weekday's hours: the stricter reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Holidays {
    pub calendar: &'static Calendar,
    pub hours: Option<Hours>,
}

pub static WEEK: [Weekday; 7] = [
    Weekday::Monday,
    Weekday::Tuesday,
    Weekday::Wednesday,
    Weekday::Thursday,
    Weekday::Friday,
    Weekday::Saturday,
    Weekday::Sunday,
];
/// As days are written.
pub const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// What is wrong with days as written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DaysFault<'w> {
    NoDay(&'w str),
    /// Over the end of a week, which begins on Monday.
    Backwards,
}

/// `mon`, `mon-fri`, `daily`.
pub fn days(written: &str) -> Result<&'static [Weekday], DaysFault<'_>> {
    let (first, last) = match written.split_once('-') {
        Some((first, last)) => (first.trim(), last.trim()),
        None if written == "daily" => ("mon", "sun"),
        None => (written, written),
    };
    let at = |word| DAYS.iter().position(|d| *d == word).ok_or(DaysFault::NoDay(word));
    let (first, last) = (at(first)?, at(last)?);
    WEEK.get(first..=last).ok_or(DaysFault::Backwards)
}

const DAY_NAMES: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

impl CallingWindow {
    pub const CLOSED: CallingWindow = CallingWindow { days: [None; 7], holidays: None };

    /// The same hours on each of `days`.
    pub fn on(days: &[Weekday], hours: Hours) -> CallingWindow {
        let mut window = CallingWindow::CLOSED;
        for day in days {
            window.days[day.to_monday_zero_offset() as usize] = Some(hours);
        }
        window
    }

    /// Open in both, in a week without a holiday.
    #[must_use]
    pub fn intersect(&self, other: &CallingWindow) -> CallingWindow {
        let mut days = [None; 7];
        for (i, day) in days.iter_mut().enumerate() {
            *day = self.days[i].zip(other.days[i]).and_then(|(a, b)| a.intersect(b));
        }
        CallingWindow { days, holidays: None }
    }

    pub fn never_open(&self) -> bool {
        self.days.iter().all(Option::is_none)
    }

    pub fn hours_on(&self, date: Date) -> Option<Hours> {
        let hours = self.days[date.weekday().to_monday_zero_offset() as usize]?;
        match self.holidays.filter(|h| h.calendar.is_off(date)) {
            Some(holidays) => hours.intersect(holidays.hours?),
            None => Some(hours),
        }
    }

    /// When a contact of `guard` length may begin on `date`: from the first instant to the last, both included.
    /// `None`: not on that day.
    ///
    /// Where a clock change repeats or drops an hour, the stricter reading holds: it opens at the second of two equal
    /// times and closes at the first; a time that is left out stands for the instant of the change. A window that lies
    /// wholly within a repeated hour is closed that day.
    pub fn opening(&self, date: Date, zone: &Zone, guard: Duration) -> Option<(Wall, Wall)> {
        let hours = self.hours_on(date)?;
        let opens = instant(date, hours.from, zone, Edge::Opens)?;
        let closes = instant(date, hours.to, zone, Edge::Closes)?;
        // `to` is exclusive: what takes no time must still begin before it.
        let last = closes - guard.max(Duration::from_micros(1));
        (opens <= last).then_some((opens, last))
    }

    /// The first instant at or after `from` at which a contact of `guard` length may begin. `None`: not within a
    /// fortnight, that is, never.
    pub fn next(&self, from: Wall, zone: &Zone, guard: Duration) -> Option<Wall> {
        // Two weeks: a weekly window may be shut on its one day by a clock change.
        const DAYS_MAX: usize = 15;
        let mut date = from.date(zone);
        for _ in 0..DAYS_MAX {
            if let Some((first, last)) = self.opening(date, zone, guard)
                && from <= last
            {
                return Some(from.max(first));
            }
            date = date.tomorrow().ok()?;
        }
        None
    }

    /// The first instant at or after `from` at which it is open in every zone. `None`: not as far ahead as anybody looks.
    pub fn next_in_all(&self, from: Wall, zones: &[Zone], guard: Duration) -> Option<Wall> {
        let end = from + Duration::from_secs(super::SEARCH_DAYS_MAX * 86_400);
        let mut at = from;
        // Each turn goes to the next opening of some zone, of which a day has one each.
        while at <= end {
            let mut next = at;
            for zone in zones {
                next = next.max(self.next(next, zone, guard)?);
            }
            if next == at {
                return Some(at);
            }
            at = next;
        }
        None
    }

    pub fn contains(&self, at: Wall, zone: &Zone, guard: Duration) -> bool {
        self.opening(at.date(zone), zone, guard).is_some_and(|(first, last)| first <= at && at <= last)
    }

    /// The hours of that day in words: `Mon 09:00–20:00`, `Sun closed`.
    pub fn day_in_words(&self, date: Date) -> String {
        let day = DAY_NAMES[date.weekday().to_monday_zero_offset() as usize];
        let off = match self.holidays.filter(|h| h.calendar.is_off(date)) {
            Some(h) if h.calendar.knows(date) => " (a day off)",
            Some(_) => " (days off of that year are not known yet)",
            None => "",
        };
        match self.hours_on(date) {
            Some(hours) => format!("{day} {hours}{off}"),
            None => format!("{day} closed{off}"),
        }
    }
}

#[derive(Clone, Copy)]
enum Edge {
    Opens,
    Closes,
}

/// The instant at which clocks on the wall show `minutes` after midnight of `date`.
fn instant(date: Date, minutes: u16, zone: &Zone, edge: Edge) -> Option<Wall> {
    let civil: DateTime = if minutes >= 1440 {
        date.tomorrow().ok()?.to_datetime(Time::midnight())
    } else {
        date.at((minutes / 60) as i8, (minutes % 60) as i8, 0, 0)
    };
    start_of(civil, zone, edge)
}

fn start_of(civil: DateTime, zone: &Zone, edge: Edge) -> Option<Wall> {
    if let Some(found) = zone.far_from_changes(civil) {
        return Some(found);
    }
    let ambiguous = zone.tz().to_ambiguous_timestamp(civil);
    let found = match (ambiguous.offset(), edge) {
        (AmbiguousOffset::Unambiguous { .. }, _) => ambiguous.unambiguous().ok()?,
        (AmbiguousOffset::Fold { .. }, Edge::Opens) => ambiguous.later().ok()?,
        (AmbiguousOffset::Fold { .. }, Edge::Closes) => ambiguous.earlier().ok()?,
        (AmbiguousOffset::Gap { .. }, _) => {
            let before = ambiguous.earlier().ok()?;
            zone.tz().following(before).next()?.timestamp()
        }
    };
    Some(found.into())
}

/// The first instant of `date` in `zone`.
pub(super) fn day_start(date: Date, zone: &Zone) -> Option<Wall> {
    // Where midnight comes twice, the day begins at the first.
    start_of(date.to_datetime(Time::midnight()), zone, Edge::Closes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// zone, hours, date → first and last instant at which a call guarded by five minutes may begin.
    #[test]
    fn openings() {
        for (zone, from, to, date, expected) in [
            ("Europe/Kaliningrad", 480, 1320, "2026-11-20", "2026-11-20T06:00:00Z 2026-11-20T19:55:00Z"),
            ("Asia/Kamchatka", 480, 1320, "2026-11-20", "2026-11-19T20:00:00Z 2026-11-20T09:55:00Z"),
            // Berlin: 02:00 becomes 03:00 on 29 March 2026, 03:00 becomes 02:00 on 25 October 2026.
            ("Europe/Berlin", 150, 600, "2026-03-29", "2026-03-29T01:00:00Z 2026-03-29T07:55:00Z"),
            ("Europe/Berlin", 60, 150, "2026-03-29", "2026-03-29T00:00:00Z 2026-03-29T00:55:00Z"),
            ("Europe/Berlin", 150, 600, "2026-10-25", "2026-10-25T01:30:00Z 2026-10-25T08:55:00Z"),
            ("Europe/Berlin", 60, 150, "2026-10-25", "2026-10-24T23:00:00Z 2026-10-25T00:25:00Z"),
            ("Europe/Berlin", 130, 170, "2026-10-25", "closed"),
            ("Europe/Berlin", 0, 1440, "2026-10-25", "2026-10-24T22:00:00Z 2026-10-25T22:55:00Z"),
            // Beirut skips midnight itself; Samoa skipped a whole day.
            ("Asia/Beirut", 0, 60, "2026-03-29", "closed"),
            ("Asia/Beirut", 0, 600, "2026-03-29", "2026-03-28T22:00:00Z 2026-03-29T06:55:00Z"),
            ("Pacific/Apia", 480, 1320, "2011-12-30", "closed"),
            ("UTC", 600, 604, "2026-11-20", "closed"),
            ("UTC", 600, 605, "2026-11-20", "2026-11-20T10:00:00Z 2026-11-20T10:00:00Z"),
        ] {
            let window = CallingWindow::on(&WEEK, Hours::new(from, to));
            let zone_: Zone = zone.parse().unwrap();
            let found = window.opening(date.parse().unwrap(), &zone_, Duration::from_secs(300));
            let shown = found.map_or("closed".into(), |(a, b)| format!("{a} {b}"));
            assert_eq!(shown, expected, "{zone} {from} {to} {date}");
        }
    }

    #[test]
    fn the_end_itself_is_outside_even_without_a_guard() {
        let window = CallingWindow::on(&WEEK, Hours::new(600, 605));
        let at = |s: &str| window.contains(s.parse().unwrap(), &Zone::utc(), Duration::ZERO);
        assert!(at("2026-11-20T10:04:59.999999Z") && !at("2026-11-20T10:05Z") && !at("2026-11-20T09:59:59.999999Z"));
    }

    #[test]
    fn intersection_is_the_strictest() {
        let a = CallingWindow::on(&WEEK[..5], Hours::new(540, 1200));
        let b = CallingWindow::on(&WEEK[3..], Hours::new(480, 600));
        let both = a.intersect(&b);
        assert_eq!(both.days[3], Some(Hours::new(540, 600)));
        assert_eq!(both.days.iter().flatten().count(), 2);
        assert!(a.intersect(&CallingWindow::on(&WEEK, Hours::new(1200, 1300))).never_open());
    }
}
