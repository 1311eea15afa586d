//! What a campaign's open attempts wait for, counted: why nothing is dialled, if nothing is, and from when on something will be.

use std::collections::HashMap;
use std::sync::Arc;

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
    /// One word: a rule of policy, or `due`, `later`, `claimed`, `live`.
    pub reason: &'static str,
    /// Who makes the rule.
    pub made_by: Option<Arc<str>>,
    /// Behind a number: `wait for 09:00 in their zone (RU-1)`.
    pub what: String,
    /// When the first of them is free of it; `None`: never by itself, or now.
    pub first: Option<Wall>,
}

/// Counts while attempts stream by.
#[derive(Debug, Default)]
pub struct Waiting {
    reasons: HashMap<String, Reason>,
}

impl Waiting {
    /// One open attempt and its contact.
    pub fn add(&mut self, ladder: &Ladder, attempt: &Attempt, standing: &Standing, now: Wall) {
        let mut reason = reason(ladder, attempt, standing, now);
        if self.reasons.len() >= REASONS_MAX && !self.reasons.contains_key(&reason.what) {
            reason = Reason { what: "wait for other things".into(), reason: "other", made_by: None, ..reason };
        }
        let first = reason.first;
        let counted = self.reasons.entry(reason.what.clone()).or_insert(reason);
        counted.contacts += 1;
        counted.first = [counted.first, first].into_iter().flatten().min();
    }

    /// The most frequent first.
    pub fn reasons(self) -> Vec<Reason> {
        let mut reasons: Vec<Reason> = self.reasons.into_values().collect();
        reasons.sort_by(|a, b| b.contacts.cmp(&a.contacts).then_with(|| a.what.cmp(&b.what)));
        reasons
    }
}

/// Of nobody yet.
fn reason(ladder: &Ladder, attempt: &Attempt, standing: &Standing, now: Wall) -> Reason {
    let none = |reason, what: String, first| Reason { contacts: 0, reason, made_by: None, what, first };
    let channel = attempt.plan.channel;
    match attempt.state {
        AttemptState::Live => return none("live", "are being talked to, or rung, now".into(), None),
        AttemptState::Claimed => return none("claimed", "are about to be contacted".into(), None),
        AttemptState::Scheduled | AttemptState::Finished | AttemptState::Cancelled => {}
    }
    let due = attempt.plan.due_at;
    match decide_now(ladder, standing, &attempt.plan, now) {
        Decision::Allow if due <= now => none("due", format!("are due for {} now", a(channel)), None),
        Decision::Allow => none("later", format!("wait for {}, as the ladder says", a(channel)), Some(due)),
        Decision::NeedsHuman { rule, .. } => none(rule, format!("go to a human: {}", words(rule)), None),
        Decision::Deny { rule, by, until, .. } => {
            let named = by.as_ref().map(|by| format!(" ({by})")).unwrap_or_default();
            let what = match (rule, until) {
                ("calling_window", Some(until)) => {
                    format!("wait for {} in their zone", until.in_zone(&standing.contact.zone).strftime("%H:%M"))
                }
                _ => words(rule).to_string(),
            };
            let first = until.map(|until| until.max(due));
            Reason { contacts: 0, reason: rule, made_by: by, what: format!("{what}{named}"), first }
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
        "no_zone" => "have no time zone that we know",
        "no_address" => "have no postal address",
        "no_email" => "have no e-mail address",
        "disputed" => "dispute the debt",
        "no_consent" => "have not consented to a recorded voice",
        "refused_contact" => "have refused contact",
        "protected" => "are protected",
        "collector" => "owe for housing or utilities to who may not collect it",
        other => other,
    }
}
