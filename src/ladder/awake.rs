//! Contacts that are closed for a time: why, until when, and how the ladder goes on with them.

use super::{Goto, Ladder};
use crate::books::{Close, Next, Plan, Promise, PromiseState, Standing, pledge};
use crate::flow::program::OptOutScope;
use crate::outcome::Disposition;
use crate::time::Wall;

impl Ladder {
    /// What the books already say, whatever the ladder says.
    pub(super) fn stands_closed(&self, standing: &Standing, now: Wall) -> Option<Close> {
        if standing.contact.paid() {
            return Some(Close::new("paid", "the debt is paid"));
        }
        if standing.suppressions.iter().any(|s| s.phone.is_none() || s.scope == OptOutScope::Person) {
            return Some(Close::new("opted_out", "the person asked not to be contacted"));
        }
        self.while_open(standing, now)
    }

    /// How long who says that it is paid is left alone.
    pub(super) fn claim_until(&self, standing: &Standing, now: Wall) -> Option<Wall> {
        self.rules.says_paid_until(&standing.past, now, &standing.contact.zone)
    }

    /// What a contact gets that was closed and is to be looked at again: a promise is to be reminded of, or was judged; a payment has
    /// come or was taken back; who says that it is paid has been left alone long enough. `last`: the plan of its last attempt here.
    pub fn awake(&self, standing: &Standing, closed: &Close, last: Option<&Plan>, now: Wall) -> Next {
        if let Some(close) = self.stands_closed(standing, now) {
            let segment = last.map_or("", |last| last.segment.as_str());
            let reminder = (close.reason == "promised").then(|| self.reminder(standing, segment, now)).flatten();
            return reminder.map_or(Next::Close(close), Next::Attempt);
        }
        let Some(stood) = last.and_then(|last| self.stood(standing, last)) else { return self.first(standing, now) };
        match closed.reason.as_str() {
            "promised" => self.after_promise(standing, &stood, now),
            "already_paid" => self.after_claim(standing, &stood, now),
            "paid" => self.after_reversal(standing, &stood, now),
            Close::VISITING => self.after_step(standing, &stood, now, "no report of the visit has come".to_string()),
            // It was taken back before anybody had been rung, and has been imported again.
            Close::IMPORT_UNDONE => self.first(standing, now),
            _ => Next::Close(closed.clone().until(None)),
        }
    }

    /// Where the ladder stood: a reminder is none of its steps.
    fn stood(&self, standing: &Standing, last: &Plan) -> Option<Plan> {
        if !self.is_reminder(last) {
            return Some(last.clone());
        }
        let before = standing.past_here.iter().rev().find(|p| self.remind.is_none_or(|r| r.step != p.step as usize))?;
        let (channel, step, try_number) = (before.channel, before.step, before.try_number);
        Some(Plan { channel, step, try_number, ..last.clone() })
    }

    fn after_promise(&self, standing: &Standing, stood: &Plan, now: Wall) -> Next {
        let Some(parts) = pledge::pledges(&standing.promises).next_back() else {
            return self.go_on(standing, &Goto::NEXT, stood, now, "no promise is left".into());
        };
        let promise = words(parts);
        let times = pledge::broken(&standing.promises);
        let broken = || &self.on_broken_promise[(times.max(1) as usize).min(self.on_broken_promise.len()) - 1];
        let (goto, why) = match pledge::fate(parts) {
            PromiseState::Kept => {
                let left = standing.contact.amount();
                (&self.on_kept_promise, format!("{promise} was kept; {left} is still owed"))
            }
            PromiseState::Broken => (broken(), format!("{promise} was broken, broken promise number {times}")),
            PromiseState::PartlyKept => {
                (broken(), format!("{promise} was kept only in part, broken promise number {times}"))
            }
            PromiseState::Withdrawn | PromiseState::Superseded | PromiseState::Open => {
                (&Goto::NEXT, format!("{promise} was withdrawn"))
            }
        };
        self.go_on(standing, goto, stood, now, why)
    }

    fn after_claim(&self, standing: &Standing, stood: &Plan, now: Wall) -> Next {
        match self.rules.says_paid_still(&standing.past, now, &standing.contact.zone) {
            Some(until) => {
                let why = "the person says it is paid; the payment feed will tell";
                Next::Close(Close::new("already_paid", why).until(Some(until)))
            }
            None => {
                let why = "the person said it is paid, and no payment has come".to_string();
                self.go_on(standing, &Goto::NEXT, stood, now, why)
            }
        }
    }

    /// The ladder goes on where it was when the payment came.
    fn after_reversal(&self, standing: &Standing, stood: &Plan, now: Wall) -> Next {
        let same = |p: &&crate::books::PastAttempt| {
            p.step == stood.step && p.channel == stood.channel && p.try_number == stood.try_number
        };
        match standing.past_here.iter().rev().find(same).map(|p| p.disposition) {
            // It was cancelled when the payment came.
            None => {
                let why = format!("a payment was taken back, so it goes on; before: {}", stood.why);
                Next::Attempt(Plan { due_at: stood.due_at.max(now), why, ..stood.clone() })
            }
            Some(Disposition::Promised) => self.after_promise(standing, stood, now),
            Some(Disposition::AlreadyPaid) => self.after_claim(standing, stood, now),
            Some(disposition) => self.next(standing, stood, disposition, now),
        }
    }
}

/// `the promise of 500.00 RUB on 2026-11-25`, `the plan of 3 parts, the last of them 500.00 RUB on 2027-01-25`.
fn words(parts: &[Promise]) -> String {
    match parts {
        [] => "the promise".into(),
        [only] => format!("the promise of {} on {}", only.amount, only.on),
        [.., last] => {
            format!("the plan of {} parts, the last of them {} on {}", parts.len(), last.amount, last.on)
        }
    }
}
