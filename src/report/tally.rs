//! Counts while contacts stream by; keeps figures, never rows.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::dimension::{Dimension, Key, made_at};
use super::figures::{Figures, Stage, reached_them, stages, was_made};
use super::{Names, Report, Sums};
use crate::books::{Attempt, Ledger, Payment, Promise, PromiseState};
use crate::id::CampaignId;
use crate::time::{Wall, Zone};

/// Days, both included, each judged in the contact's zone.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Period {
    pub from: Option<Date>,
    pub to: Option<Date>,
}

impl Period {
    pub fn has(&self, day: Date) -> bool {
        self.from.is_none_or(|from| day >= from) && self.to.is_none_or(|to| day <= to)
    }

    fn has_instant(&self, at: Wall, zone: &Zone) -> bool {
        // A calendar is asked only where there is a question.
        *self == Period::default() || self.has(at.date(zone))
    }
}

/// What a report is asked.
#[derive(Debug, Clone, Default)]
pub struct Question {
    pub campaign: Option<CampaignId>,
    pub period: Period,
    /// Each of them breaks the figures down by one dimension or several.
    pub by: Vec<Vec<Dimension>>,
    /// Payments after it have not come yet.
    pub now: Wall,
    pub names: Names,
}

/// Contacts come in the order of `LedgerPlace`: those of one person one after another.
#[derive(Debug)]
pub struct Tally {
    question: Question,
    report: Report,
    /// Not counted yet: more contacts of the same person may come.
    person: Option<Human>,
}

/// What one contact, or one person, adds to a cell once, however many attempts it had there.
#[derive(Debug, Default)]
struct Seen {
    made: bool,
    stages: [bool; Stage::ALL.len()],
}

impl Seen {
    fn join(&mut self, other: &Seen) {
        self.made |= other.made;
        self.stages.iter_mut().zip(other.stages).for_each(|(mine, theirs)| *mine |= theirs);
    }

    fn reached(&self) -> impl Iterator<Item = Stage> {
        Stage::ALL.iter().copied().filter(|stage| self.stages[*stage as usize])
    }
}

/// All contacts so far of one person.
#[derive(Debug)]
struct Human {
    /// `None`: nobody has said who else they are.
    id: Option<String>,
    enrolled: bool,
    /// In the order of the report's cells.
    seen: Vec<BTreeMap<Key, Seen>>,
}

impl Tally {
    pub fn new(question: Question) -> Tally {
        let mut report = Report { period: question.period, ..Report::default() };
        // The whole first, as a breakdown by nothing.
        report.cells = std::iter::once(Vec::new())
            .chain(question.by.iter().cloned())
            .map(|dimensions| (dimensions, BTreeMap::new()))
            .collect();
        Tally { question, report, person: None }
    }

    pub fn add<'l>(&mut self, ledger: &'l Ledger) {
        let Question { campaign, period, now, names, .. } = &self.question;
        let contact = &ledger.contact;
        let enrolled = campaign.map_or(!ledger.campaigns.is_empty(), |c| ledger.campaigns.contains(&c));
        if enrolled {
            self.report.enrolled += 1;
            self.report.owed.add(contact.amount());
        }
        let in_scope = |a: &Attempt| campaign.is_none_or(|c| a.campaign == c);
        let towards = ledger.paid_towards(*now);
        let place = |attempt: &'l Attempt| {
            let parts = ledger.promises.iter().zip(&towards).filter(|(p, _)| p.attempt == attempt.id);
            Place { attempt, parts: parts.map(|(promise, paid)| (promise, *paid)).collect() }
        };
        let places: Vec<Place> = ledger.attempts.iter().map(place).collect();
        let mut cells: Vec<BTreeMap<Key, Seen>> = self.report.cells.iter().map(|_| BTreeMap::new()).collect();
        for place in places.iter().filter(|p| in_scope(p.attempt)) {
            let attempt = place.attempt;
            let in_period = period.has_instant(made_at(attempt), &contact.zone);
            if in_period {
                self.report.count(attempt);
            }
            let due: Vec<&(&Promise, i64)> = place.parts.iter().filter(|(p, _)| period.has(p.on)).collect();
            let counts = in_period && was_made(attempt);
            if !counts && due.is_empty() {
                continue;
            }
            let stages = stages(attempt, !place.parts.is_empty(), place.kept());
            for ((dimensions, figures), seen) in self.report.cells.iter_mut().zip(&mut cells) {
                let key: Key = dimensions.iter().map(|d| d.value(contact, Some(attempt), names)).collect();
                if !figures.contains_key(&key) {
                    figures.insert(key.clone(), Figures::default());
                }
                let figures = figures.get_mut(&key).expect("inserted above");
                for (promise, paid) in &due {
                    figures.due.add(promise.state, promise.amount, *paid);
                }
                if counts {
                    figures.add(attempt, &stages);
                    for (promise, paid) in &place.parts {
                        figures.made.add(promise.state, promise.amount, *paid);
                    }
                    let seen = seen.entry(key).or_default();
                    seen.made = true;
                    stages.iter().for_each(|stage| seen.stages[*stage as usize] = true);
                }
            }
        }
        for payment in ledger.payments.iter().filter(|p| p.reversed_at.is_none() && p.paid_at <= *now) {
            if !enrolled || !period.has_instant(payment.paid_at, &contact.zone) {
                continue;
            }
            let prompted =
                places.iter().filter(|p| p.prompted(payment)).max_by_key(|p| (made_at(p.attempt), p.attempt.id));
            let attempt = prompted.map(|p| p.attempt);
            if attempt.is_some_and(|a| !in_scope(a)) {
                continue;
            }
            for (dimensions, figures) in &mut self.report.cells {
                let key: Key = dimensions.iter().map(|d| d.value(contact, attempt, names)).collect();
                let figures = figures.entry(key).or_default();
                let (count, sums) = match attempt {
                    Some(_) => (&mut figures.payments, &mut figures.collected),
                    None => (&mut figures.unprompted_payments, &mut figures.unprompted),
                };
                *count += 1;
                sums.add(payment.amount);
            }
        }
        let owed = contact.amount();
        let at_start = owed_at_start(ledger, period, *now);
        for ((_, figures), seen) in self.report.cells.iter_mut().zip(&cells) {
            for (key, seen) in seen {
                let figures = figures.get_mut(key).expect("seen while it was counted");
                figures.contacts += u64::from(seen.made);
                figures.owed_at_start.join(&at_start);
                for stage in seen.reached() {
                    let reached = figures.reached(stage);
                    reached.contacts += 1;
                    reached.owed.add(owed);
                }
            }
        }
        self.meet(Human { id: contact.person.clone(), enrolled, seen: cells });
    }

    /// The same person as just now, or another one.
    fn meet(&mut self, next: Human) {
        match &mut self.person {
            Some(person) if next.id.is_some() && person.id == next.id => {
                person.enrolled |= next.enrolled;
                for (mine, theirs) in person.seen.iter_mut().zip(next.seen) {
                    theirs.into_iter().for_each(|(key, seen)| mine.entry(key).or_default().join(&seen));
                }
            }
            _ => {
                self.count_person();
                self.person = Some(next);
            }
        }
    }

    fn count_person(&mut self) {
        let Some(person) = self.person.take() else { return };
        self.report.persons += u64::from(person.enrolled);
        for ((_, figures), seen) in self.report.cells.iter_mut().zip(person.seen) {
            for (key, seen) in seen {
                let figures = figures.get_mut(&key).expect("seen while it was counted");
                figures.persons += u64::from(seen.made);
                seen.reached().for_each(|stage| figures.reached(stage).persons += 1);
            }
        }
    }

    pub fn report(mut self) -> Report {
        self.count_person();
        self.report
    }
}

/// What is owed now and what has been paid since the period began.
fn owed_at_start(ledger: &Ledger, period: &Period, now: Wall) -> Sums {
    let mut sums = Sums::default();
    sums.add(ledger.contact.amount());
    let since = Period { to: None, ..*period };
    for payment in ledger.payments.iter().filter(|p| p.reversed_at.is_none() && p.paid_at <= now) {
        if since.has_instant(payment.paid_at, &ledger.contact.zone) {
            sums.add(payment.amount);
        }
    }
    sums
}

/// An attempt with the parts of its promise, and what was paid towards each.
struct Place<'l> {
    attempt: &'l Attempt,
    parts: Vec<(&'l Promise, i64)>,
}

impl Place<'_> {
    fn kept(&self) -> bool {
        !self.parts.is_empty() && self.parts.iter().all(|(p, _)| p.state == PromiseState::Kept)
    }

    fn prompted(&self, payment: &Payment) -> bool {
        was_made(self.attempt)
            && made_at(self.attempt) <= payment.paid_at
            && reached_them(self.attempt, !self.parts.is_empty())
    }
}
