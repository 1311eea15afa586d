//! What a play comes to: figures by day, hour and segment, and where everybody stands at its end.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::list::Counted;
use crate::campaign::AgentRate;
use crate::money::Currency;
use crate::outcome::Disposition;
use crate::price::Bill;
use crate::time::{Wall, Zone};

/// Sums of money, by currency, in minor units.
pub type Sums = BTreeMap<Currency, i64>;

#[derive(Debug, Clone, PartialEq)]
pub struct Outlook {
    pub people_model: String,
    pub seed: u64,
    pub start: Wall,
    /// So many times 24 hours were played.
    pub days_played: u32,
    /// Days and hours are those of this zone, in which most of the people live.
    pub zone: Zone,
    /// All contacts: those excluded, and those to be contacted.
    pub contacts: Counted,
    /// By reason, with the words for one of them.
    pub excluded: BTreeMap<String, (Counted, String)>,
    /// An attempt is planned for them when the play begins.
    pub callable: Counted,
    /// Have promised before the play, and are looked at again when the promise is due.
    pub asleep: Counted,
    pub days: Vec<Day>,
    /// By segment and currency of the debt.
    pub segments: BTreeMap<(String, Currency), Segment>,
    /// Attempts on all channels, by what they came to.
    pub endings: BTreeMap<Disposition, u64>,
    /// Where everybody stands at the end. Paid is paid, whatever the campaign had closed the contact for.
    pub ends: BTreeMap<End, Counted>,
    /// The last contact was made then, if nobody is open any more.
    pub finished_at: Option<Wall>,
    /// By then everybody had been tried once, or had paid before that; `None`: not within these days.
    pub all_tried_at: Option<Wall>,
    /// Still wait for their first attempt.
    pub not_tried: u64,
    pub channels_in_use_max: u32,
    pub cost: Option<Bill>,
    /// Of a ladder that is paced for agents.
    pub agents: Option<AgentsMet>,
    /// Contacts that paid a part only, and what: in `paid_sum` of the days, but not among those who have paid.
    pub parts_paid: u64,
    pub parts_paid_sum: Sums,
    /// The money for the campaign was spent: when, and what `serve` would say. Nothing was made after it.
    pub stopped: Option<(Wall, String)>,
}

/// Who picked up and was to talk to an agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentsMet {
    pub queue: String,
    pub agents: u32,
    pub connected: u64,
    pub abandoned: u64,
    /// The agents', of all together.
    pub talk_s: u64,
}

impl AgentsMet {
    /// Of all of them, in thousandths.
    pub fn abandoned_permille(&self) -> f64 {
        let rate = AgentRate { connected: self.connected, abandoned: self.abandoned };
        rate.permille()
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Day {
    pub date: Date,
    /// Calls begun, by hour.
    pub calls: [u32; 24],
    /// Seconds that lines were in use for these calls, by the hour of their beginning.
    pub line_s: [u64; 24],
    pub picked_up: u64,
    pub right_party: u64,
    pub promises: u64,
    pub promised: Sums,
    /// Paid while the promise was open.
    pub kept: u64,
    /// Judged as broken, after the days of grace.
    pub broken: u64,
    pub messages: u64,
    pub to_humans: u64,
    /// Contacts whose payment came.
    pub paid: u64,
    pub paid_sum: Sums,
    /// Attempts that were due and had to wait for another day or hour, for lack of lines, a closed window, or a cap.
    pub put_off: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Segment {
    pub contacts: u64,
    pub owed_minor: i64,
    pub calls: u64,
    pub right_party: u64,
    pub promises: u64,
    pub promised_minor: i64,
    pub kept: u64,
    pub paid: u64,
    pub paid_minor: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum End {
    Paid,
    /// A promise is open.
    Promised,
    /// Not contacted any more, by reason.
    Closed(String),
    /// More is to come.
    Open,
}

impl Day {
    pub(super) fn of(date: Date) -> Day {
        Day {
            date,
            calls: [0; 24],
            line_s: [0; 24],
            picked_up: 0,
            right_party: 0,
            promises: 0,
            promised: Sums::new(),
            kept: 0,
            broken: 0,
            messages: 0,
            to_humans: 0,
            paid: 0,
            paid_sum: Sums::new(),
            put_off: 0,
        }
    }

    pub fn calls(&self) -> u64 {
        self.calls.iter().map(|n| u64::from(*n)).sum()
    }

    /// Lines that make all calls of the day before its last calling hour ends, if none may be begun before it is due: `line_s`
    /// and `calls` are those of a day with lines without end.
    pub fn lines_needed(&self) -> Need {
        let Some(last) = self.calls.iter().rposition(|n| *n > 0) else { return Need::default() };
        let mut need = Need::default();
        let (mut calls, mut line_s) = (0u64, 0u64);
        // What falls due from some hour on must be done between then and the end.
        for hour in (0..=last).rev() {
            calls += u64::from(self.calls[hour]);
            line_s += self.line_s[hour];
            let seconds = 3600 * (last - hour + 1) as u64;
            need.channels = need.channels.max(line_s.div_ceil(seconds));
            need.cps_milli = need.cps_milli.max((1000 * calls).div_ceil(seconds));
        }
        need
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
pub struct Need {
    pub channels: u64,
    /// Calls a second, in thousandths.
    pub cps_milli: u64,
}

impl Need {
    #[must_use]
    pub fn max(self, other: Need) -> Need {
        Need { channels: self.channels.max(other.channels), cps_milli: self.cps_milli.max(other.cps_milli) }
    }
}

impl Outlook {
    pub fn calls(&self) -> u64 {
        self.days.iter().map(Day::calls).sum()
    }

    /// Contacts at the end, in all: as many as there were.
    pub fn accounted_for(&self) -> u64 {
        self.ends.values().map(|c| c.contacts).sum::<u64>()
            + self.excluded.values().map(|(c, _)| c.contacts).sum::<u64>()
    }

    pub fn lines_needed(&self) -> Need {
        self.days.iter().map(Day::lines_needed).fold(Need::default(), Need::max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// calls due by hour, each of 60 s → channels and calls a second
    #[test]
    fn lines() {
        for (calls, channels, cps_milli) in [
            (&[(9, 3600)][..], 60, 1000),
            // Ten hours for what is due at nine, if the last is due at eighteen.
            (&[(9, 36_000), (18, 1)], 61, 1001),
            // The evening alone wants more.
            (&[(9, 3600), (18, 36_000)], 600, 10_000),
            (&[], 0, 0),
        ] {
            let mut day = Day::of("2026-11-20".parse().unwrap());
            for (hour, n) in calls {
                day.calls[*hour] = *n;
                day.line_s[*hour] = 60 * u64::from(*n);
            }
            assert_eq!(day.lines_needed(), Need { channels, cps_milli }, "{calls:?}");
        }
    }
}
