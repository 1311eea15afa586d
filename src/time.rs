//! Two times. [`Mono`] measures durations and drives call timers; [`Wall`] is an instant that calendars are asked about.
//! [`Clock`] is the only place in the program that reads a clock; everything else is handed a [`Now`].

use std::fmt;
use std::ops::{Add, Sub};
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use jiff::{Timestamp, Zoned};

pub use crate::zone::Zone;

/// Microseconds on a clock that never goes back; zero is the start of the process, or of the simulation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Mono(pub u64);

impl Mono {
    pub const ZERO: Mono = Mono(0);

    /// Time passed since `earlier`; zero if `earlier` lies ahead.
    pub fn since(self, earlier: Mono) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0))
    }
}

impl Add<Duration> for Mono {
    type Output = Mono;
    fn add(self, d: Duration) -> Mono {
        Mono(self.0 + d.as_micros() as u64)
    }
}

/// An instant: microseconds since 1970-01-01T00:00Z. Stored as such in every `*_at` column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Wall(pub i64);

impl Wall {
    /// Panics outside the years −9999..=9999, which no clock of ours reaches.
    pub fn timestamp(self) -> Timestamp {
        Timestamp::from_microsecond(self.0).expect("an instant within the calendar")
    }

    pub fn in_zone(self, zone: &Zone) -> Zoned {
        self.timestamp().to_zoned(zone.tz().clone())
    }

    /// The calendar day in `zone`.
    pub fn date(self, zone: &Zone) -> jiff::civil::Date {
        zone.offset_at(self).to_datetime(self.timestamp()).date()
    }

    /// The first instant in `zone` of the day that follows `days` full days after `day`: when `days` days of grace are over.
    pub fn day_after(day: jiff::civil::Date, days: u32, zone: &Zone) -> Wall {
        let after = jiff::Span::new().try_days(i64::from(days) + 1).and_then(|span| day.checked_add(span));
        let first = after.and_then(|day| day.to_zoned(zone.tz().clone()));
        // Past the end of the calendar, where nobody waits any more.
        first.map_or(Wall(i64::MAX), |zoned| Wall::from(&zoned))
    }

    /// Time passed since `earlier`; zero if `earlier` lies ahead.
    pub fn since(self, earlier: Wall) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0).max(0) as u64)
    }
}

impl From<Timestamp> for Wall {
    fn from(t: Timestamp) -> Wall {
        Wall(t.as_microsecond())
    }
}

impl From<&Zoned> for Wall {
    fn from(z: &Zoned) -> Wall {
        z.timestamp().into()
    }
}

impl std::str::FromStr for Wall {
    type Err = jiff::Error;
    /// RFC 3339 with seconds optional: `2026-11-20T10:00+03:00`.
    fn from_str(s: &str) -> Result<Wall, jiff::Error> {
        Ok(s.parse::<Timestamp>()?.into())
    }
}

impl Add<Duration> for Wall {
    type Output = Wall;
    fn add(self, d: Duration) -> Wall {
        Wall(self.0 + d.as_micros() as i64)
    }
}

impl Sub<Duration> for Wall {
    type Output = Wall;
    fn sub(self, d: Duration) -> Wall {
        Wall(self.0 - d.as_micros() as i64)
    }
}

impl fmt::Display for Wall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.timestamp().fmt(f)
    }
}

/// Both times, read together once a turn of the loop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    pub mono: Mono,
    pub wall: Wall,
}

/// The reader of clocks. Its wall clock can be moved forward: a demo jumps over the hours in which nothing is due.
#[derive(Debug)]
pub struct Clock {
    started: std::time::Instant,
    /// Added to the system's wall clock, in microseconds.
    wall_offset_us: AtomicI64,
}

impl Clock {
    #[allow(clippy::disallowed_methods)] // the one place that may
    pub fn system() -> Clock {
        Clock { started: std::time::Instant::now(), wall_offset_us: AtomicI64::new(0) }
    }

    /// A clock whose wall shows `wall` at this moment and goes on from there.
    pub fn starting_at(wall: Wall) -> Clock {
        let clock = Clock::system();
        clock.jump_to(wall);
        clock
    }

    #[allow(clippy::disallowed_methods)]
    pub fn now(&self) -> Now {
        let mono = self.mono();
        let wall = Timestamp::now().as_microsecond() + self.wall_offset_us.load(Ordering::Relaxed);
        Now { mono, wall: Wall(wall) }
    }

    /// [`Now::mono`] alone: half the work, for media threads.
    #[allow(clippy::disallowed_methods)]
    pub fn mono(&self) -> Mono {
        Mono(self.started.elapsed().as_micros() as u64)
    }

    /// Moves the wall clock to `wall`; `Mono` goes on undisturbed.
    pub fn jump_to(&self, wall: Wall) {
        self.wall_offset_us.fetch_add(wall.0 - self.now().wall.0, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_jump_moves_the_wall_and_leaves_mono() {
        let to: Wall = "2026-11-20T10:00+03:00".parse().unwrap();
        let clock = Clock::starting_at(to);
        let now = clock.now();
        assert!(now.wall >= to && now.wall < to + Duration::from_secs(5), "{}", now.wall);
        assert!(now.mono < Mono::ZERO + Duration::from_secs(5));
    }

    #[test]
    fn a_day_is_the_day_of_the_zone() {
        let wall: Wall = "2026-11-20T22:30Z".parse().unwrap();
        let moscow: Zone = "Europe/Moscow".parse().unwrap();
        assert_eq!(wall.date(&moscow).to_string(), "2026-11-21");
        assert_eq!(wall.date(&Zone::utc()).to_string(), "2026-11-20");
    }
}
