//! A wait as a ladder writes it: `10m`, `2h`, `1d`, `1d12h`.

use std::fmt;
use std::time::Duration;

use jiff::ToSpan;

use crate::time::{Wall, Zone};

/// Days are calendar days of the contact's zone (the same time on a later day, whatever the clocks did between);
/// the rest is time that passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Delay {
    pub days: u32,
    pub seconds: u32,
}

/// A wait longer than this is a slip of the hand.
const DAYS_MAX: u32 = 366;

impl Delay {
    pub const ZERO: Delay = Delay { days: 0, seconds: 0 };

    pub const fn minutes(minutes: u32) -> Delay {
        Delay { days: 0, seconds: minutes * 60 }
    }

    pub const fn days(days: u32) -> Delay {
        Delay { days, seconds: 0 }
    }

    pub fn after(self, from: Wall, zone: &Zone) -> Wall {
        let day = match self.days {
            0 => from,
            days => from.in_zone(zone).checked_add(i64::from(days).days()).map_or(from, |z| Wall::from(&z)),
        };
        day + Duration::from_secs(u64::from(self.seconds))
    }

    /// Shorter than a calendar day.
    pub fn within_a_day(self) -> bool {
        self.days == 0 && self.seconds < 86_400
    }
}

impl Ord for Delay {
    /// By length, a day taken as 24 hours.
    fn cmp(&self, other: &Delay) -> std::cmp::Ordering {
        let length = |d: &Delay| (u64::from(d.days) * 86_400 + u64::from(d.seconds), d.days);
        length(self).cmp(&length(other))
    }
}

impl PartialOrd for Delay {
    fn partial_cmp(&self, other: &Delay) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl std::str::FromStr for Delay {
    type Err = String;
    fn from_str(s: &str) -> Result<Delay, String> {
        let wanted =
            || format!("`{s}` is not a delay; expected days, hours, minutes or seconds, for example 10m, 2h, 1d12h");
        let mut delay = Delay::ZERO;
        let mut rest = s;
        if rest.is_empty() {
            return Err(wanted());
        }
        while !rest.is_empty() {
            let end = rest.find(|c: char| !c.is_ascii_digit()).ok_or_else(wanted)?;
            let count: u32 = rest[..end].parse().map_err(|_| wanted())?;
            let unit = rest[end..].chars().next().ok_or_else(wanted)?;
            let seconds = match unit {
                'd' => {
                    delay.days = delay.days.saturating_add(count);
                    0
                }
                'h' => count.saturating_mul(3600),
                'm' => count.saturating_mul(60),
                's' => count,
                _ => return Err(wanted()),
            };
            delay.seconds = delay.seconds.saturating_add(seconds);
            rest = &rest[end + unit.len_utf8()..];
        }
        if delay.days > DAYS_MAX || delay.seconds > DAYS_MAX * 86_400 {
            return Err(format!("`{s}` is longer than a year"));
        }
        Ok(delay)
    }
}

impl fmt::Display for Delay {
    /// In words: `1 day 12 hours`, `10 minutes`; nothing is `at once`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Delay::ZERO {
            return f.write_str("at once");
        }
        let (hours, minutes, seconds) = (self.seconds / 3600, self.seconds / 60 % 60, self.seconds % 60);
        let parts: Vec<String> = [(self.days, "day"), (hours, "hour"), (minutes, "minute"), (seconds, "second")]
            .into_iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, unit)| format!("{count} {unit}{}", if count == 1 { "" } else { "s" }))
            .collect();
        f.write_str(&parts.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn written_and_shown() {
        for (written, shown) in [
            ("10m", "10 minutes"),
            ("1h", "1 hour"),
            ("2d", "2 days"),
            ("1d12h", "1 day 12 hours"),
            ("90s", "1 minute 30 seconds"),
            ("0m", "at once"),
        ] {
            assert_eq!(written.parse::<Delay>().unwrap().to_string(), shown);
        }
        for wrong in ["", "10", "m", "1w", "1,5h", "-1h", "999d", "99999999999h", "1ч"] {
            assert!(wrong.parse::<Delay>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_day_is_the_same_time_tomorrow() {
        let berlin: Zone = "Europe/Berlin".parse().unwrap();
        let from: Wall = "2026-10-24T10:00+02:00".parse().unwrap();
        assert_eq!(Delay::days(1).after(from, &berlin), "2026-10-25T10:00+01:00".parse().unwrap());
        assert_eq!(Delay::minutes(24 * 60).after(from, &berlin), "2026-10-25T09:00+01:00".parse().unwrap());
    }
}
