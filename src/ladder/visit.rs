//! Visits: how often, at which hours, and what follows the report of one.
//!
//! A visit is a task for somebody who goes there. The contact is closed as `visiting` until the report is entered, or until it is overdue.

use super::reader::Reader;
use super::retry_table::{day_part, delays};
use super::spread::DayPart;
use super::{Delay, Does, Ladder, StopOn, codes};
use crate::books::{Close, Next, Plan, Standing, VisitOutcome};
use crate::flow::yaml::Map;
use crate::outcome::{Channel, Disposition};
use crate::time::Wall;

/// Nobody goes to the same door more often for one step.
const VISITS_MAX: u32 = 10;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visits {
    /// Of one step in all. ≥ 1.
    pub max: u32,
    /// After which outcome another visit is made. The k-th visit is followed by the k-th delay, or by the last there is.
    pub retry: Vec<(VisitOutcome, Vec<Delay>)>,
    /// The visits after the first are made in these parts of the day, one after another and over again.
    pub spread: Vec<DayPart>,
    /// A visit that is not reported by then counts as one of which nothing came.
    pub report_within: Delay,
}

impl Default for Visits {
    /// One visit; when more are allowed, two days apart, at other hours.
    fn default() -> Visits {
        let again = |outcome, days| (outcome, vec![Delay::days(days)]);
        Visits {
            max: 1,
            retry: vec![
                again(VisitOutcome::NobodyHome, 2),
                again(VisitOutcome::NoAccess, 2),
                again(VisitOutcome::ThirdParty, 3),
            ],
            spread: vec![DayPart::Evening, DayPart::Weekend, DayPart::Morning],
            report_within: Delay::days(14),
        }
    }
}

/// `visits_max:`, `retry:`, `spread:` and `report_within:` of a visit step.
pub fn visits(reader: &mut Reader, step: &Map) -> Visits {
    let mut visits = Visits::default();
    if let Some(entry) = step.get("visits_max") {
        visits.max = reader.number(&entry.value, "`visits_max`", 1, VISITS_MAX).unwrap_or(1);
    }
    if let Some(entry) = step.get("retry")
        && let Some(table) = reader.map(&entry.value, "retry")
    {
        visits.retry.clear();
        for entry in &table.entries {
            let outcome = entry.key.parse::<VisitOutcome>().ok().filter(|outcome| !ends(*outcome));
            let Some(outcome) = outcome else {
                let known: Vec<&str> = VisitOutcome::ALL.iter().filter(|o| !ends(**o)).map(|o| o.as_str()).collect();
                reader.unknown(codes::UNKNOWN_ENDING, entry.key_span, "outcome of a visit", &entry.key, &known);
                continue;
            };
            visits.retry.push((outcome, delays(reader, &entry.value)));
        }
    }
    if let Some(entry) = step.get("spread") {
        visits.spread = reader.items(&entry.value).into_iter().filter_map(|node| day_part(reader, node)).collect();
    }
    if let Some(entry) = step.get("report_within") {
        visits.report_within = reader.delay(&entry.value, "`report_within`").unwrap_or(visits.report_within);
    }
    visits
}

/// Outcomes that no further visit follows.
fn ends(outcome: VisitOutcome) -> bool {
    match outcome {
        VisitOutcome::NobodyHome | VisitOutcome::NoAccess | VisitOutcome::ThirdParty | VisitOutcome::Met => false,
        VisitOutcome::Promised | VisitOutcome::AlreadyPaid | VisitOutcome::Disputed => true,
        VisitOutcome::Refused | VisitOutcome::Moved => true,
    }
}

impl Ladder {
    fn visits(&self, plan: &Plan) -> Visits {
        match self.steps.get(plan.step as usize).map(|step| &step.does) {
            Some(Does::Visit { visits, .. }) => visits.clone(),
            Some(_) | None => Visits::default(),
        }
    }

    /// The visit `plan` has become somebody's task.
    pub(super) fn visiting(&self, standing: &Standing, plan: &Plan, now: Wall) -> Close {
        let until = self.visits(plan).report_within.after(now, &standing.contact.zone);
        Close::new(Close::VISITING, "a visit is to be made; its report says what comes next").until(Some(until))
    }

    /// What follows the report of the visit `plan`, which is the newest of its step in `standing.past_here`. A promise is among the standing's.
    pub fn visited(&self, standing: &Standing, plan: &Plan, outcome: VisitOutcome, now: Wall) -> Next {
        if let Some(close) = self.stands_closed(standing, now) {
            return Next::Close(close);
        }
        let closes = |disposition| {
            let mut told = standing.clone();
            if let Some(newest) = told.past.iter_mut().rev().find(|past| past.channel == Channel::Visit) {
                newest.disposition = disposition;
            }
            self.closes(&told, disposition, now)
        };
        let close = match outcome {
            VisitOutcome::Promised => closes(Disposition::Promised),
            VisitOutcome::AlreadyPaid => closes(Disposition::AlreadyPaid),
            VisitOutcome::Disputed => closes(Disposition::Disputed),
            VisitOutcome::Refused if self.stop_on.contains(&StopOn::Refused) => closes(Disposition::Refused),
            VisitOutcome::Refused | VisitOutcome::Moved | VisitOutcome::NobodyHome | VisitOutcome::NoAccess => None,
            VisitOutcome::ThirdParty | VisitOutcome::Met => None,
        };
        if let Some(close) = close {
            return Next::Close(close);
        }
        let visits = self.visits(plan);
        let of_step = |past: &&crate::books::PastAttempt| past.step == plan.step && past.channel == Channel::Visit;
        let made = standing.past_here.iter().filter(of_step).count().max(1) as u32;
        let number = self.number(plan.step as usize);
        let delays =
            visits.retry.iter().find(|(on, _)| *on == outcome).map_or(&[][..], |(_, delays)| delays.as_slice());
        let Some(delay) = delays.get(made as usize - 1).or(delays.last()) else {
            return self.after_step(standing, plan, now, format!("step {number} ended: the visit came to {outcome}"));
        };
        if made >= visits.max {
            let why = format!("step {number} ended after {made} of {} visits, the last: {outcome}", visits.max);
            return self.after_step(standing, plan, now, why);
        }
        let due_at = delay.after(now, &standing.contact.zone);
        let why = format!("visit {} of {} after {outcome}, {delay} later", made + 1, visits.max);
        let part = (!visits.spread.is_empty()).then(|| visits.spread[(made as usize - 1) % visits.spread.len()]);
        let in_part = part.and_then(|part| Some((part.from(due_at, &self.rules, &standing.contact.zone)?, part)));
        let (due_at, why) = match in_part {
            Some((at, part)) => (at, format!("{why}, {}", part.in_words())),
            None => (due_at, why),
        };
        Next::Attempt(Plan { try_number: plan.try_number + 1, due_at, why, moved: None, ..plan.clone() })
    }
}
