//! What a campaign's open attempts wait for, counted: why nothing is dialled, if nothing is, and from when on something will be.

use std::collections::HashMap;

use super::plan::decide_now;
use crate::books::{Attempt, AttemptState, Standing};
use crate::ladder::Ladder;
use crate::outcome::Channel;
use crate::policy::Decision;
use crate::time::Wall;

/// Reasons told apart at most; nobody reads more.
const REASONS_MAX: usize = 200;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    pub contacts: u64,
    /// Behind a number: `wait for 09:00 in their zone (RU-1)`.
    pub what: String,
    /// When the first of them is free of it; `None`: never by itself, or now.
    pub first: Option<Wall>,
}

/// Counts while attempts stream by.
#[derive(Debug, Default)]
pub struct Waiting {
    reasons: HashMap<String, (u64, Option<Wall>)>,
}

impl Waiting {
    /// One open attempt and its contact.
    pub fn add(&mut self, ladder: &Ladder, attempt: &Attempt, standing: &Standing, now: Wall) {
        let (what, first) = reason(ladder, attempt, standing, now);
        let known = self.reasons.len() < REASONS_MAX || self.reasons.contains_key(&what);
        let (count, earliest) =
            self.reasons.entry(if known { what } else { "wait for other things".into() }).or_default();
        *count += 1;
        *earliest = [*earliest, first].into_iter().flatten().min();
    }

    /// The most frequent first.
    pub fn reasons(self) -> Vec<Reason> {
        let reason = |(what, (contacts, first))| Reason { contacts, what, first };
        let mut reasons: Vec<Reason> = self.reasons.into_iter().map(reason).collect();
        reasons.sort_by(|a, b| b.contacts.cmp(&a.contacts).then_with(|| a.what.cmp(&b.what)));
        reasons
    }
}

fn reason(ladder: &Ladder, attempt: &Attempt, standing: &Standing, now: Wall) -> (String, Option<Wall>) {
    let channel = attempt.plan.channel;
    match attempt.state {
        AttemptState::Live => return ("are being talked to, or rung, now".into(), None),
        AttemptState::Claimed => return ("are about to be contacted".into(), None),
        AttemptState::Scheduled | AttemptState::Finished | AttemptState::Cancelled => {}
    }
    let due = attempt.plan.due_at;
    match decide_now(ladder, standing, &attempt.plan, now) {
        Decision::Allow if due <= now => (format!("are due for {} now", a(channel)), None),
        Decision::Allow => (format!("wait for {}, as the ladder says", a(channel)), Some(due)),
        Decision::NeedsHuman { rule, .. } => (format!("go to a human: {}", words(rule)), None),
        Decision::Deny { rule, by, until, .. } => {
            let by = by.map(|by| format!(" ({by})")).unwrap_or_default();
            let first = until.map(|until| until.max(due));
            let what = match (rule, until) {
                ("calling_window", Some(until)) => {
                    format!("wait for {} in their zone", until.in_zone(&standing.contact.zone).strftime("%H:%M"))
                }
                _ => words(rule).to_string(),
            };
            (format!("{what}{by}"), first)
        }
    }
}

fn a(channel: Channel) -> &'static str {
    match channel {
        Channel::Voice => "a call",
        Channel::Sms => "an SMS",
        Channel::Email => "an e-mail",
        Channel::Letter => "a letter",
        Channel::Human => "a human",
        Channel::Visit => "a visit",
    }
}

/// A rule of policy, of several people.
fn words(rule: &str) -> &str {
    match rule {
        "calling_window" => "are never in the calling window",
        "cap" => "have reached a cap",
        "gap" => "were contacted a short while ago",
        "says_paid" => "say that they have paid",
        "suppressed_person" => "have asked not to be contacted",
        "paid" => "have paid",
        "open_promise" => "have promised to pay",
        "no_number" => "have no number that may be dialled",
        "no_email" => "have no e-mail address",
        "disputed" => "dispute the debt",
        "no_consent" => "have not consented to a recorded voice",
        "refused_contact" => "have refused contact",
        "protected" => "are protected",
        "collector" => "owe for housing or utilities to who may not collect it",
        other => other,
    }
}
