//! Rules as data, and the outermost rules that no ladder can widen.

use std::time::Duration;

use jiff::civil::Weekday;

use super::cap::{Cap, Counted, Period};
use super::window::{CallingWindow, Hours};

/// All that `decide` holds a contact against.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    pub window: CallingWindow,
    /// A call begins no later than this before the window closes, so that its ring ends inside.
    pub guard: Duration,
    /// All of them hold.
    pub caps: Vec<Cap>,
    /// Between the beginnings of two calls.
    pub gap_min: Duration,
    /// No contact for this long after the person said "I have paid": time for the payment to arrive.
    pub says_paid_pause: Duration,
}

const WORKDAYS: [Weekday; 5] =
    [Weekday::Monday, Weekday::Tuesday, Weekday::Wednesday, Weekday::Thursday, Weekday::Friday];

impl Rules {
    /// The pack `default`: 08:00–22:00 on weekdays and 09:00–20:00 at weekends, one talk and two messages a day. The hours
    /// and daily counts are those of Russian 230-FZ article 7, the strictest whole set we know; its weekly and monthly
    /// counts are left to the ladder's `caps`.
    pub fn outermost() -> Rules {
        let mut window = CallingWindow::on(&WORKDAYS, Hours::new(8 * 60, 22 * 60));
        window.days[5] = Some(Hours::new(9 * 60, 20 * 60));
        window.days[6] = Some(Hours::new(9 * 60, 20 * 60));
        let cap = |most, of, per| Cap { most, of, per };
        Rules {
            window,
            guard: Duration::from_secs(5 * 60),
            caps: vec![cap(1, Counted::Talks, Period::Day), cap(2, Counted::Messages, Period::Day)],
            gap_min: Duration::from_secs(10 * 60),
            says_paid_pause: Duration::from_secs(7 * 86_400),
        }
    }

    /// What a ladder has when it says nothing: Monday to Saturday 09:00–20:00, three calls a day.
    pub fn usual() -> Rules {
        let mut window = CallingWindow::on(&WORKDAYS, Hours::new(9 * 60, 20 * 60));
        window.days[5] = Some(Hours::new(9 * 60, 20 * 60));
        let caps = vec![Cap { most: 3, of: Counted::Calls, per: Period::Day }];
        Rules { window, caps, ..Rules::outermost() }.strictest(&Rules::outermost())
    }

    /// Both hold.
    #[must_use]
    pub fn strictest(&self, other: &Rules) -> Rules {
        let mut caps = self.caps.clone();
        for cap in &other.caps {
            match caps.iter_mut().find(|c| c.of == cap.of && c.per == cap.per) {
                Some(same) => same.most = same.most.min(cap.most),
                None => caps.push(*cap),
            }
        }
        Rules {
            window: self.window.intersect(&other.window),
            guard: self.guard.max(other.guard),
            caps,
            gap_min: self.gap_min.max(other.gap_min),
            says_paid_pause: self.says_paid_pause.max(other.says_paid_pause),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ladder_cannot_widen() {
        let wide = Rules {
            window: CallingWindow::on(&[Weekday::Sunday], Hours::new(0, 1440)),
            guard: Duration::ZERO,
            caps: vec![
                Cap { most: 99, of: Counted::Talks, per: Period::Day },
                Cap { most: 5, of: Counted::Calls, per: Period::Week },
            ],
            gap_min: Duration::ZERO,
            says_paid_pause: Duration::ZERO,
        };
        let rules = wide.strictest(&Rules::outermost());
        assert_eq!(rules.window.days[6], Some(Hours::new(540, 1200)));
        assert_eq!(rules.window.days[0], None);
        assert_eq!(rules.guard, Duration::from_secs(300));
        assert!(rules.caps.contains(&Cap { most: 1, of: Counted::Talks, per: Period::Day }));
        assert!(rules.caps.contains(&Cap { most: 5, of: Counted::Calls, per: Period::Week }));
        assert_eq!(rules.caps.len(), 3);
    }
}
