//! The rules, in order. The first that denies is the answer.

use std::sync::Arc;
use std::time::Duration;

use super::facts::{Stop, postal_address};
use super::gap::{After, Gap};
use super::phones::{person_suppressed, phone_to_dial};
use super::rules::{By, Rules};
use crate::books::{PastAttempt, PromiseState, Standing, Whose};
use crate::outcome::{Channel, Disposition};
use crate::time::Wall;

/// May this contact be reached by this channel at this instant?
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    pub standing: &'a Standing,
    pub channel: Channel,
    pub purpose: Purpose,
    pub now: Wall,
    pub rules: &'a Rules,
}

/// What a contact is made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Purpose {
    /// To ask for money.
    #[default]
    Demand,
    /// To remind of an open promise: the one thing that is allowed while there is one.
    Reminder,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    Allow,
    Deny {
        /// One word, stable; listed in the README.
        rule: &'static str,
        /// The id of who makes this rule, as its pack has it (`RU-1`), or `ladder`; `None`: every installation keeps it.
        by: Option<Arc<str>>,
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
        Decision::Deny { rule, by: None, until, why: why.into() }
    }

    fn deny_by(rule: &'static str, by: &Arc<str>, until: Option<Wall>, why: String) -> Decision {
        Decision::Deny { rule, by: Some(by.clone()), until, why: format!("{why} ({by})") }
    }
}

pub fn decide(question: &Question) -> Decision {
    let denials = [person, disputed, stops, address, says_paid, calling_window, caps, gap];
    denials.iter().find_map(|rule| rule(question)).unwrap_or(Decision::Allow)
}

fn person(q: &Question) -> Option<Decision> {
    if person_suppressed(q.standing) {
        return Some(Decision::deny("suppressed_person", None, "the person has asked not to be contacted"));
    }
    if q.standing.contact.paid() {
        return Some(Decision::deny("paid", None, "the debt is paid"));
    }
    let promise = q.standing.promises.iter().find(|p| p.state == PromiseState::Open)?;
    if q.purpose == Purpose::Reminder {
        return None;
    }
    let why = format!("a promise to pay {} on {} is open", promise.amount, promise.on);
    Some(Decision::deny("open_promise", None, why))
}

/// A debt in dispute is for a human to settle; nothing automatic goes out until then.
fn disputed(q: &Question) -> Option<Decision> {
    let of_this = |p: &&PastAttempt| p.whose == Whose::Contact;
    let disputed = q.standing.past.iter().filter(of_this).any(|p| p.disposition == Disposition::Disputed);
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
        Channel::Letter | Channel::Visit if postal_address(&q.standing.contact).is_none() => {
            Some(Decision::deny("no_address", None, "the contact has no postal address"))
        }
        Channel::Voice | Channel::Sms | Channel::Email | Channel::Letter | Channel::Human | Channel::Visit => None,
    }
}

/// What is known of the person. What a rule must know and nobody has noted counts against a contact.
fn stops(q: &Question) -> Option<Decision> {
    q.rules.stops.iter().find_map(|stop| {
        let why = || stop.rule.holds(&q.standing.contact);
        match stop.rule {
            Stop::Consent if q.channel == Channel::Voice => {
                Some(Decision::NeedsHuman { rule: "no_consent", why: format!("{} ({})", why()?, stop.by) })
            }
            // By post and by a human's own decision only.
            Stop::Refused if !matches!(q.channel, Channel::Human | Channel::Letter) => {
                Some(Decision::NeedsHuman { rule: "refused_contact", why: format!("{} ({})", why()?, stop.by) })
            }
            Stop::Consent | Stop::Refused => None,
            Stop::Protected => Some(Decision::deny_by("protected", &stop.by, None, why()?)),
            Stop::Collector => Some(Decision::deny_by("collector", &stop.by, None, why()?)),
        }
    })
}

fn says_paid(q: &Question) -> Option<Decision> {
    let why = "the person said it is paid; the payment is given time to arrive";
    gaps(q, "says_paid", |gap| gap.after == After::SaysPaid, |_| why.into())
}

fn calling_window(q: &Question) -> Option<Decision> {
    let zone = &q.standing.contact.zone;
    q.rules.hours.iter().find_map(|hours| {
        let window = &hours.rule.window;
        let guard = match q.channel {
            Channel::Voice => hours.rule.guard,
            Channel::Sms | Channel::Email => Duration::ZERO,
            Channel::Letter | Channel::Human | Channel::Visit => return None,
        };
        if window.contains(q.now, zone, guard) {
            return None;
        }
        let there = q.now.in_zone(zone);
        let mut why = format!(
            "it is {} {} in {zone}; the calling window is {}",
            there.strftime("%a"),
            there.strftime("%H:%M"),
            window.day_in_words(there.date())
        );
        if !guard.is_zero() && window.contains(q.now, zone, Duration::ZERO) {
            why.push_str(&format!(", and the last {} minutes are kept free", guard.as_secs() / 60));
        }
        Some(Decision::deny_by("calling_window", &hours.by, window.next(q.now, zone, guard), why))
    })
}

fn caps(q: &Question) -> Option<Decision> {
    let past = &q.standing.past;
    let zone = &q.standing.contact.zone;
    q.rules.caps.iter().filter(|cap| cap.rule.of.binds(q.channel)).find_map(|By { by, rule: cap }| {
        let until = cap.full(past, q.now, zone)?;
        let used = cap.used(past, q.now, zone);
        Some(Decision::deny_by("cap", by, until, format!("the cap of {cap} is reached: {used} so far")))
    })
}

fn gap(q: &Question) -> Option<Decision> {
    let why = |gap: &Gap| match gap.after {
        After::Talk => format!("the last talk was less than {gap} ago, the day of it included"),
        After::Machine => format!("a machine answered less than {gap} ago"),
        After::Call | After::SaysPaid => format!("the last call was less than {gap} ago"),
    };
    gaps(q, "gap", |gap| gap.after != After::SaysPaid, why)
}

fn gaps(q: &Question, rule: &'static str, of: fn(&Gap) -> bool, why: impl Fn(&Gap) -> String) -> Option<Decision> {
    let asked = q.rules.gaps.iter().filter(|gap| of(&gap.rule) && gap.rule.binds(q.channel));
    asked
        .filter_map(|gap| Some((gap, gap.rule.until(&q.standing.past, q.now, &q.standing.contact.zone)?)))
        .max_by_key(|(_, until)| *until)
        .map(|(gap, until)| Decision::deny_by(rule, &gap.by, Some(until), why(&gap.rule)))
}
