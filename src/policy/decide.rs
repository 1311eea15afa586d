//! The rules, in order. The first that denies is the answer.

use std::time::Duration;

use super::cap::Counted;
use super::pack::Rules;
use super::phones::{person_suppressed, phone_to_dial};
use crate::books::{PromiseState, Standing};
use crate::outcome::{Channel, Disposition};
use crate::time::Wall;

/// May this contact be reached by this channel at this instant?
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    pub standing: &'a Standing,
    pub channel: Channel,
    pub now: Wall,
    pub rules: &'a Rules,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    Allow,
    Deny {
        /// One word, stable; listed in the README.
        rule: &'static str,
        /// The earliest instant at which *this rule* no longer denies; `None`: it always will.
        until: Option<Wall>,
        /// Plain words, for `ringback why`.
        why: String,
    },
    /// No automatic contact may be made; a human may look at it.
    NeedsHuman {
        rule: &'static str,
        why: String,
    },
}

impl Decision {
    pub fn allows(&self) -> bool {
        *self == Decision::Allow
    }

    fn deny(rule: &'static str, until: Option<Wall>, why: impl Into<String>) -> Decision {
        Decision::Deny { rule, until, why: why.into() }
    }
}

pub fn decide(question: &Question) -> Decision {
    let denials = [person, disputed, address, says_paid, calling_window, caps, gap];
    denials.iter().find_map(|rule| rule(question)).unwrap_or(Decision::Allow)
}

fn person(q: &Question) -> Option<Decision> {
    if person_suppressed(q.standing) {
        return Some(Decision::deny("suppressed_person", None, "the person has asked not to be contacted"));
    }
    if q.standing.contact.debt.paid {
        return Some(Decision::deny("paid", None, "the debt is paid"));
    }
    let promise = q.standing.promises.iter().find(|p| p.state == PromiseState::Open)?;
    let why = format!("a promise to pay {} on {} is open", promise.amount, promise.on);
    Some(Decision::deny("open_promise", None, why))
}

/// A debt in dispute is for a human to settle; nothing automatic goes out until then.
fn disputed(q: &Question) -> Option<Decision> {
    let disputed = q.standing.past.iter().any(|p| p.disposition == Disposition::Disputed);
    (disputed && q.channel != Channel::Human)
        .then(|| Decision::NeedsHuman { rule: "disputed", why: "the person disputes the debt".into() })
}

fn address(q: &Question) -> Option<Decision> {
    match q.channel {
        Channel::Voice | Channel::Sms if phone_to_dial(q.standing).is_none() => Some(Decision::deny(
            "no_number",
            None,
            if q.standing.contact.phones.is_empty() {
                "the contact has no number"
            } else {
                "every number is bad, somebody else's or suppressed"
            },
        )),
        Channel::Email if q.standing.contact.email.is_none() => {
            Some(Decision::deny("no_email", None, "the contact has no e-mail address"))
        }
        Channel::Voice | Channel::Sms | Channel::Email | Channel::Human => None,
    }
}

fn says_paid(q: &Question) -> Option<Decision> {
    let said = q.standing.past.iter().filter(|p| p.disposition == Disposition::AlreadyPaid).map(|p| p.at);
    let until = latest_end(said, q.rules.says_paid_pause, q.now)?;
    Some(Decision::deny("says_paid", Some(until), "the person said it is paid; the payment is given time to arrive"))
}

fn calling_window(q: &Question) -> Option<Decision> {
    let guard = match q.channel {
        Channel::Voice => q.rules.guard,
        Channel::Sms | Channel::Email => Duration::ZERO,
        Channel::Human => return None,
    };
    let zone = &q.standing.contact.zone;
    if q.rules.window.contains(q.now, zone, guard) {
        return None;
    }
    let there = q.now.in_zone(zone);
    let mut why = format!(
        "it is {} {} in {zone}; the calling window is {}",
        there.strftime("%a"),
        there.strftime("%H:%M"),
        q.rules.window.day_in_words(there.date())
    );
    if !guard.is_zero() && q.rules.window.contains(q.now, zone, Duration::ZERO) {
        why.push_str(&format!(", and the last {} minutes are kept free", guard.as_secs() / 60));
    }
    Some(Decision::deny("calling_window", q.rules.window.next(q.now, zone, guard), why))
}

fn caps(q: &Question) -> Option<Decision> {
    let past = &q.standing.past;
    let zone = &q.standing.contact.zone;
    q.rules.caps.iter().filter(|cap| cap.of.binds(q.channel)).find_map(|cap| {
        let until = cap.full(past, q.now, zone)?;
        let used = cap.used(past, q.now, zone);
        Some(Decision::deny("cap", until, format!("the cap of {cap} is reached: {used} so far")))
    })
}

fn gap(q: &Question) -> Option<Decision> {
    if q.channel != Channel::Voice {
        return None;
    }
    let calls = q.standing.past.iter().filter(|p| Counted::Calls.counts(p)).map(|p| p.at);
    let until = latest_end(calls, q.rules.gap_min, q.now)?;
    let minutes = q.rules.gap_min.as_secs().div_ceil(60);
    Some(Decision::deny("gap", Some(until), format!("the last call was less than {minutes} minutes ago")))
}

/// When the stretches of `length` that begin at `starts` and cover `now` without a break come to their end.
/// `None`: none covers `now`.
fn latest_end(starts: impl Iterator<Item = Wall>, length: Duration, now: Wall) -> Option<Wall> {
    let mut starts: Vec<Wall> = starts.collect();
    starts.sort();
    let end = starts.into_iter().fold(now, |end, start| if start <= end { end.max(start + length) } else { end });
    (end > now).then_some(end)
}
