//! A time zone, and its clock changes worked out once: policy asks for days and openings many times for each attempt.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, LazyLock, RwLock};

use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};

use crate::time::Wall;

/// A time zone, named as in the IANA database (`Europe/Moscow`).
#[derive(Clone)]
pub struct Zone(Arc<Known>);

struct Known {
    tz: TimeZone,
    /// From when on which offset, oldest first; the first is before all clocks.
    changes: Vec<(Wall, Offset)>,
}

/// Clock changes are worked out from the first to the last of these years; others are looked up.
const YEARS: (i16, i16) = (1990, 2070);
/// No zone is further from UTC than this.
const OFFSET_MAX_US: i64 = 26 * 3_600_000_000;

/// By name, as asked for.
static KNOWN: LazyLock<RwLock<HashMap<String, Zone>>> = LazyLock::new(Default::default);
static UTC: LazyLock<Zone> = LazyLock::new(|| Zone::of(TimeZone::UTC));

impl Zone {
    pub fn utc() -> Zone {
        UTC.clone()
    }

    pub fn name(&self) -> &str {
        self.0.tz.iana_name().unwrap_or("UTC")
    }

    pub fn tz(&self) -> &TimeZone {
        &self.0.tz
    }

    pub fn offset_at(&self, at: Wall) -> Offset {
        match self.span(at) {
            Some((_, offset, _)) => offset,
            None => self.0.tz.to_offset(at.timestamp()),
        }
    }

    /// The instant at which clocks show `civil`, when no clock change is near. `None`: look closer.
    pub fn far_from_changes(&self, civil: DateTime) -> Option<Wall> {
        let shown = Wall::from(Offset::UTC.to_timestamp(civil).ok()?);
        let (from, offset, to) = self.span(shown)?;
        let near = shown.0.saturating_sub(from.0) <= OFFSET_MAX_US || to.0.saturating_sub(shown.0) <= OFFSET_MAX_US;
        (!near).then(|| Wall(shown.0 - i64::from(offset.seconds()) * 1_000_000))
    }

    /// The stretch of equal offset that holds `at`: from, offset, to. `None`: outside of [`YEARS`].
    fn span(&self, at: Wall) -> Option<(Wall, Offset, Wall)> {
        let changes = &self.0.changes;
        let next = changes.partition_point(|(from, _)| *from <= at);
        let (from, offset) = *changes.get(next.checked_sub(1)?)?;
        Some((from, offset, changes.get(next)?.0))
    }

    fn of(tz: TimeZone) -> Zone {
        let year = |year: i16| {
            let first = jiff::civil::date(year, 1, 1).at(0, 0, 0, 0);
            Offset::UTC.to_timestamp(first).expect("within the calendar")
        };
        let (from, to) = (year(YEARS.0), year(YEARS.1));
        let mut changes = vec![(Wall::from(from), tz.to_offset(from))];
        let within = tz.following(from).take_while(|change| change.timestamp() < to);
        changes.extend(within.map(|change| (Wall::from(change.timestamp()), change.offset())));
        // Closes the last stretch.
        changes.push((Wall::from(to), tz.to_offset(to)));
        Zone(Arc::new(Known { tz, changes }))
    }
}

impl std::str::FromStr for Zone {
    type Err = jiff::Error;
    fn from_str(name: &str) -> Result<Zone, jiff::Error> {
        // What a panicking thread has left here is whole: only finished zones are put in.
        if let Some(zone) = KNOWN.read().unwrap_or_else(|e| e.into_inner()).get(name) {
            return Ok(zone.clone());
        }
        let zone = Zone::of(TimeZone::get(name)?);
        KNOWN.write().unwrap_or_else(|e| e.into_inner()).insert(name.to_string(), zone.clone());
        Ok(zone)
    }
}

impl PartialEq for Zone {
    fn eq(&self, other: &Zone) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0.tz == other.0.tz
    }
}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Zone({})", self.name())
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Against the library's own answers, around every clock change and at the ends of what is worked out.
    #[test]
    fn the_same_as_without_the_table() {
        let mut near = 0;
        for name in [
            "Europe/Moscow",
            "Europe/Berlin",
            "America/New_York",
            "America/St_Johns",
            "America/Havana",
            "Asia/Beirut",
            "Asia/Kathmandu",
            "Australia/Lord_Howe",
            "Africa/Casablanca",
            "Pacific/Apia",
            "UTC",
        ] {
            let zone: Zone = name.parse().unwrap();
            let changes = zone.0.changes.clone();
            for (change, _) in &changes {
                for hours in [-60, -27, -25, -13, -3, -1, 0, 1, 3, 13, 25, 27, 60] {
                    for us in [-1, 0, 1] {
                        let at = Wall(change.0 + hours * 3_600_000_000 + us);
                        assert_eq!(zone.offset_at(at), zone.tz().to_offset(at.timestamp()), "{name} {at}");
                        assert_eq!(at.date(&zone), at.in_zone(&zone).date(), "{name} {at}");
                        let civil = Offset::UTC.to_datetime(at.timestamp());
                        match zone.far_from_changes(civil) {
                            Some(found) => {
                                let looked_up = zone.tz().to_ambiguous_timestamp(civil);
                                assert_eq!(found.timestamp(), looked_up.unambiguous().unwrap(), "{name} {civil}");
                            }
                            None => near += 1,
                        }
                    }
                }
            }
        }
        assert!(near > 1000, "{near}");
    }

    #[test]
    fn an_unknown_zone_is_an_error() {
        assert!("Europe/Moskow".parse::<Zone>().is_err());
        assert_eq!("Europe/Moscow".parse::<Zone>().unwrap(), "Europe/Moscow".parse::<Zone>().unwrap());
        assert_ne!("Europe/Moscow".parse::<Zone>().unwrap(), Zone::utc());
    }
}
