//! All that `decide` holds a contact against: the rules of packs and a ladder's own, side by side. All of them hold.

use std::sync::Arc;
use std::time::Duration;

use jiff::civil::Weekday;

use super::cap::{Cap, Counted, Each, Period};
use super::demands::Demand;
use super::facts::Stop;
use super::gap::{After, Gap, Length};
use super::pack::Pack;
use super::scope::Exempt;
use super::window::{CallingWindow, Hours};
use crate::books::{Contact, PastAttempt};
use crate::time::{Wall, Zone};

/// A rule, and the id of who makes it: `RU-1`, or `ladder`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct By<T> {
    pub by: Arc<str>,
    pub rule: T,
    /// For whom it does not hold.
    pub unless: Arc<[Exempt]>,
}

impl<T> By<T> {
    /// For everybody.
    pub fn always(by: &Arc<str>, rule: T) -> By<T> {
        By { by: by.clone(), rule, unless: Arc::default() }
    }

    pub fn holds(&self, contact: &Contact) -> bool {
        !self.unless.iter().any(|exempt| exempt.covers(contact))
    }
}

/// A pack that holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackLine {
    /// Name, version and hash: `ru.credit 2024-02-01#1f3a09bc`.
    pub line: String,
    /// For whom it does not.
    pub unless: Arc<[Exempt]>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Opening {
    pub window: CallingWindow,
    /// A call begins no later than this before the window closes, so that its ring ends inside.
    pub guard: Duration,
    /// It must be open in the places that area codes name, too.
    pub numbers_too: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    pub packs: Vec<PackLine>,
    pub hours: Vec<By<Opening>>,
    pub caps: Vec<By<Cap>>,
    pub gaps: Vec<By<Gap>>,
    pub stops: Vec<By<Stop>>,
    /// Of the installation, the flows and the messages; `decide` does not ask them.
    pub demands: Vec<By<Demand>>,
    /// An agent is kept free for each call: the ladder dials progressively.
    pub agent_kept: bool,
}

const LADDER: &str = "ladder";
const WORKDAYS: [Weekday; 5] =
    [Weekday::Monday, Weekday::Tuesday, Weekday::Wednesday, Weekday::Thursday, Weekday::Friday];

impl Rules {
    pub fn none() -> Rules {
        let (packs, hours, caps, gaps, stops, demands, agent_kept) = Default::default();
        Rules { packs, hours, caps, gaps, stops, demands, agent_kept }
    }

    /// The pack `default`, which no ladder can widen.
    pub fn outermost() -> Rules {
        Pack::outermost().rules.clone()
    }

    /// A ladder's own.
    pub fn of_ladder(window: CallingWindow, caps: Vec<Cap>, gap: Option<Duration>) -> Rules {
        let by: Arc<str> = LADDER.into();
        let gap = gap.map(|gap| By::always(&by, Gap::after(After::Call, Length::For(gap))));
        Rules {
            hours: vec![By::always(&by, Opening { window, guard: Duration::ZERO, numbers_too: false })],
            caps: caps.into_iter().map(|cap| By::always(&by, cap)).collect(),
            gaps: gap.into_iter().collect(),
            ..Rules::none()
        }
    }

    /// The hours of a ladder that names none: Monday to Saturday 09:00–20:00.
    pub fn usual_window() -> CallingWindow {
        let mut window = CallingWindow::on(&WORKDAYS, Hours::new(9 * 60, 20 * 60));
        window.days[5] = Some(Hours::new(9 * 60, 20 * 60));
        window
    }

    /// The caps of a ladder that names none: three calls a day.
    pub fn usual_caps() -> Vec<Cap> {
        vec![Cap { most: 3, of: Counted::Calls, per: Period::Day, each: Each::Person }]
    }

    /// The packs in one line, as it is kept with attempts to this contact; one that is not for them says who makes that exception.
    pub fn policy(&self, contact: &Contact) -> String {
        let line = |pack: &PackLine| match pack.unless.iter().find(|exempt| exempt.covers(contact)) {
            Some(exempt) => format!("{} not for this debt ({})", pack.line, exempt.by),
            None => pack.line.clone(),
        };
        self.packs.iter().map(line).collect::<Vec<_>>().join(", ")
    }

    /// Both hold. A call keeps the longest guard of all from every closing.
    #[must_use]
    pub fn and(mut self, other: &Rules) -> Rules {
        fn add<T: Clone + PartialEq>(to: &mut Vec<By<T>>, from: &[By<T>]) {
            for by in from {
                // What holds for everybody makes the same rule with exceptions needless, not the other way round.
                if !to
                    .iter()
                    .any(|known| known.rule == by.rule && (known.unless.is_empty() || known.unless == by.unless))
                {
                    to.push(by.clone());
                }
            }
        }
        self.packs.extend(other.packs.iter().filter(|p| !self.packs.contains(p)).cloned().collect::<Vec<_>>());
        add(&mut self.hours, &other.hours);
        add(&mut self.caps, &other.caps);
        add(&mut self.gaps, &other.gaps);
        add(&mut self.stops, &other.stops);
        add(&mut self.demands, &other.demands);
        self.agent_kept |= other.agent_kept;
        let guard = self.guard();
        self.hours.iter_mut().for_each(|h| h.rule.guard = guard);
        self
    }

    pub fn guard(&self) -> Duration {
        self.hours.iter().map(|h| h.rule.guard).max().unwrap_or_default()
    }

    /// When all are open in a week without a holiday.
    pub fn week(&self) -> CallingWindow {
        let all = CallingWindow { days: [Some(Hours::new(0, 1440)); 7], holidays: None };
        self.hours.iter().fold(all, |all, hours| all.intersect(&hours.rule.window))
    }

    /// The least that is counted so of a person.
    pub fn cap(&self, of: Counted, per: Period) -> Option<Cap> {
        let same = |c: &Cap| c.of == of && c.per == per && c.each == Each::Person;
        self.caps.iter().map(|c| c.rule).filter(same).min_by_key(|c| c.most)
    }

    /// The longest time between the beginnings of two calls that does not depend on how the first ended.
    pub fn gap_min(&self) -> Duration {
        let between = self.gaps.iter().filter_map(|gap| match gap.rule {
            Gap { after: After::Call, least: Length::For(least), .. } => Some(least),
            Gap { .. } => None,
        });
        between.max().unwrap_or_default()
    }

    /// How long a person who said that it is paid is left alone, `now` being when they said so unless `past` knows better. `None`: no
    /// rule asks for it.
    pub fn says_paid_until(&self, past: &[PastAttempt], now: Wall, zone: &Zone) -> Option<Wall> {
        let gaps = self.gaps.iter().map(|gap| gap.rule).filter(|gap| gap.after == After::SaysPaid);
        gaps.map(|gap| gap.until(past, now, zone).unwrap_or_else(|| gap.end(now, zone))).max()
    }

    /// Until when it still holds, if it does.
    pub fn says_paid_still(&self, past: &[PastAttempt], now: Wall, zone: &Zone) -> Option<Wall> {
        let gaps = self.gaps.iter().map(|gap| gap.rule).filter(|gap| gap.after == After::SaysPaid);
        gaps.filter_map(|gap| gap.until(past, now, zone)).max()
    }

    pub(super) fn count(&self) -> usize {
        self.hours.len() + self.caps.len() + self.gaps.len() + self.stops.len() + self.demands.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ladder_cannot_widen() {
        let caps = vec![
            Cap { most: 99, of: Counted::Talks, per: Period::Day, each: Each::Person },
            Cap { most: 5, of: Counted::Calls, per: Period::Week, each: Each::Person },
        ];
        let window = CallingWindow::on(&[Weekday::Sunday], Hours::new(0, 1440));
        let rules = Rules::of_ladder(window, caps, Some(Duration::ZERO)).and(&Rules::outermost());
        assert_eq!(rules.week().days[6], Some(Hours::new(540, 1200)));
        assert_eq!(rules.week().days[0], None);
        assert_eq!(rules.guard(), Duration::from_secs(300));
        assert_eq!(rules.cap(Counted::Talks, Period::Day).map(|c| c.most), Some(1));
        assert_eq!(rules.cap(Counted::Calls, Period::Week).map(|c| c.most), Some(5));
        assert_eq!(rules.gap_min(), Duration::from_secs(600));
        assert_eq!(rules.clone().and(&Rules::outermost()), rules, "the same twice is the same");
    }
}
