//! Debts by the day or week they first came in: what share of them was paid how soon.

use std::collections::BTreeMap;

use jiff::ToSpan;
use jiff::civil::{Date, Weekday};

use super::Sums;
use crate::books::Ledger;
use crate::money::Money;
use crate::time::Wall;

crate::words! {
    /// How long a cohort takes to come in.
    pub enum Every {
        Day = "day",
        /// From Monday on.
        Week = "week",
    }
}

/// Looked at so many days after a debt came in.
pub const AFTER_DAYS: [i32; 3] = [7, 14, 30];

/// Debts that came in on one day, or in one week.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cohort {
    pub debts: u64,
    /// What was to be paid of them: what is open now, and what has been paid since they came in.
    pub owed: Sums,
    /// By [`AFTER_DAYS`].
    pub after: [Paid; AFTER_DAYS.len()],
}

/// What was paid of a cohort within some days.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Paid {
    /// All that was to be paid of them.
    pub debts: u64,
    pub paid: Sums,
}

#[derive(Debug, Clone)]
pub struct Cohorts {
    pub every: Every,
    now: Wall,
    /// The day of each contact's calendar that is over latest.
    today: Option<Date>,
    /// By the first day.
    pub by_day: BTreeMap<Date, Cohort>,
}

impl Cohorts {
    pub fn new(every: Every, now: Wall) -> Cohorts {
        Cohorts { every, now, today: None, by_day: BTreeMap::new() }
    }

    pub fn add(&mut self, ledger: &Ledger) {
        let zone = &ledger.contact.zone;
        // The earliest of all calendars: a day counts as over when it is over for everybody.
        let today = self.now.date(zone);
        self.today = Some(self.today.map_or(today, |t| t.min(today)));
        let counting = || ledger.payments.iter().filter(|p| p.reversed_at.is_none() && p.paid_at <= self.now);
        for (debt, entered) in ledger.contact.debts.iter().zip(&ledger.entered) {
            let day = entered.date(zone);
            // Bills before this one, of the same debt, are paid with it: what was paid of them came in with it too.
            let paid = |until: Option<Date>| -> i64 {
                let parts = counting().filter(|p| until.is_none_or(|until| p.paid_at.date(zone) <= until));
                parts.flat_map(|p| &p.parts).filter(|part| part.debt == debt.id).map(|part| part.minor).sum()
            };
            let owed = debt.open_minor().max(0) + paid(None);
            let cohort = self.by_day.entry(self.every.first(day)).or_default();
            cohort.debts += 1;
            cohort.owed.add(Money { minor: owed, ..debt.amount });
            for (days, after) in AFTER_DAYS.iter().zip(&mut cohort.after) {
                let paid = paid(Some(day.saturating_add(days.days())));
                after.debts += u64::from(paid >= owed);
                after.paid.add(Money { minor: paid, ..debt.amount });
            }
        }
    }

    /// Whether so many days are over for each debt of the cohort that begins on `first`: before, its figures still grow.
    pub fn is_over(&self, first: Date, days: i32) -> bool {
        let last = match self.every {
            Every::Day => first,
            Every::Week => first.saturating_add(6.days()),
        };
        self.today.is_some_and(|today| last.saturating_add(days.days()) < today)
    }
}

impl Every {
    fn first(self, day: Date) -> Date {
        match self {
            Every::Day => day,
            Every::Week if day.weekday() == Weekday::Monday => day,
            Every::Week => day.nth_weekday(-1, Weekday::Monday).unwrap_or(day),
        }
    }
}
