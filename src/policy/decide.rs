//! The rules, in order. The first that denies is the answer.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::sync::Arc;
use std::time::Duration;

use super::cap::{Cap, Each};
use super::facts::{Stop, postal_address};
use super::gap::{After, Gap};
use super::phones::{person_suppressed, phone_to_dial, phones_to_ring};
use super::rules::{By, Rules};
use super::zones::{candidates, candidates_and_numbers};
use crate::books::{PastAttempt, Phone, PromiseState, Standing, Whose};
use crate::id::PhoneId;
use crate::outcome::{Channel, Disposition};
use crate::time::{Wall, Zone};

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

/// A question, and what several rules ask of it.
pub(super) struct Asked<'a> {
    q: Question<'a>,
    /// Where the contact may be: the hours must be lawful in all of them, and of calendars the strictest holds.
    zones: OnceCell<Cow<'a, [Zone]>>,
}

impl<'a> std::ops::Deref for Asked<'a> {
    type Target = Question<'a>;
    fn deref(&self) -> &Question<'a> {
        &self.q
    }
}

impl Asked<'_> {
    fn zones(&self) -> &[Zone] {
        self.zones.get_or_init(|| candidates(&self.q.standing.contact))
    }

    /// Those that hold for this contact.
    fn holding<'r, T>(&self, rules: &'r [By<T>]) -> impl Iterator<Item = &'r By<T>> {
        let contact = &self.q.standing.contact;
        rules.iter().filter(move |by| by.holds(contact))
    }
}

type Denial = fn(&Asked) -> Option<Decision>;

/// Each with the words of its row in the README, which tests leave out one by one.
pub(super) const DENIALS: [(&str, Denial); 9] = [
    ("person", person),
    ("disputed", disputed),
    ("stops", stops),
    ("address", address),
    ("says_paid", says_paid),
    ("no_zone", no_zone),
    ("calling_window", calling_window),
    ("cap", caps),
    ("gap", gap),
];

pub fn decide(question: &Question) -> Decision {
    decide_without(question, "")
}

/// Without one of [`DENIALS`]: a planted fault, for tests of the tests. An empty name leaves out none.
pub(super) fn decide_without(question: &Question, left_out: &str) -> Decision {
    let asked = Asked { q: *question, zones: OnceCell::new() };
    let rules = DENIALS.iter().filter(|(name, _)| *name != left_out);
    rules.into_iter().find_map(|(_, rule)| rule(&asked)).unwrap_or(Decision::Allow)
}

fn person(q: &Asked) -> Option<Decision> {
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
fn disputed(q: &Asked) -> Option<Decision> {
    let of_this = |p: &&PastAttempt| p.whose == Whose::Contact;
    let disputed = q.standing.past.iter().filter(of_this).any(|p| p.disposition == Disposition::Disputed);
    (disputed && q.channel != Channel::Human)
        .then(|| Decision::NeedsHuman { rule: "disputed", why: "the person disputes the debt".into() })
}

fn address(q: &Asked) -> Option<Decision> {
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
fn stops(q: &Asked) -> Option<Decision> {
    q.holding(&q.rules.stops).find_map(|stop| {
        let why = || stop.rule.holds(&q.standing.contact);
        match stop.rule {
            // Landlines are left, if there are any.
            Stop::Consent if q.channel == Channel::Voice && phones_to_ring(q.rules, q.standing).next().is_some() => {
                None
            }
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

fn says_paid(q: &Asked) -> Option<Decision> {
    let why = "the person said it is paid; the payment is given time to arrive";
    gaps(q, "says_paid", |gap| gap.after == After::SaysPaid, |_| why.into())
}

/// Nobody can say where the contact is, so no hour is known to be lawful.
fn no_zone(q: &Asked) -> Option<Decision> {
    let timed = matches!(q.channel, Channel::Voice | Channel::Sms | Channel::Email);
    (timed && q.zones().is_empty()).then(|| Decision::NeedsHuman {
        rule: "no_zone",
        why: "the contact's time zone is not known, and no number of theirs tells it".into(),
    })
}

fn calling_window(q: &Asked) -> Option<Decision> {
    q.holding(&q.rules.hours).find_map(|hours| {
        let window = &hours.rule.window;
        let guard = match q.channel {
            Channel::Voice => hours.rule.guard,
            Channel::Sms | Channel::Email => Duration::ZERO,
            Channel::Letter | Channel::Human | Channel::Visit => return None,
        };
        let numbers_too;
        let zones = if hours.rule.numbers_too {
            numbers_too = candidates_and_numbers(&q.standing.contact);
            &numbers_too
        } else {
            q.zones()
        };
        let zone = zones.iter().find(|zone| !window.contains(q.now, zone, guard))?;
        let until = window.next_in_all(q.now, zones, guard);
        if until.is_none() && zones.len() > 1 && zones.iter().all(|z| window.next(q.now, z, guard).is_some()) {
            let why = format!(
                "the contact may be in any of {} time zones, and no hour is lawful in all of them ({})",
                zones.len(),
                hours.by
            );
            return Some(Decision::NeedsHuman { rule: "no_zone", why });
        }
        let there = q.now.in_zone(zone);
        let may_be = if zones.len() > 1 { "may be" } else { "is" };
        let mut why = format!(
            "it {may_be} {} {} in {zone}; the calling window is {}",
            there.strftime("%a"),
            there.strftime("%H:%M"),
            window.day_in_words(there.date())
        );
        if !guard.is_zero() && window.contains(q.now, zone, Duration::ZERO) {
            why.push_str(&format!(", and the last {} minutes are kept free", guard.as_secs() / 60));
        }
        Some(Decision::deny_by("calling_window", &hours.by, until, why))
    })
}

fn caps(q: &Asked) -> Option<Decision> {
    let bound = || q.holding(&q.rules.caps).filter(|cap| cap.rule.of.binds(q.channel));
    let full = |cap: &By<Cap>, on, until: Option<Wall>| {
        let used = q.zones().iter().map(|zone| cap.rule.used(&q.standing.past, on, q.now, zone)).max();
        let why = format!("the cap of {} is reached: {} so far", cap.rule, used.unwrap_or_default());
        Decision::deny_by("cap", &cap.by, until, why)
    };
    let of_all = bound().filter(|cap| cap.rule.each != Each::Number);
    if let Some((cap, until)) = of_all.filter_map(|cap| Some((cap, full_until(&cap.rule, q, None)?))).next() {
        return Some(full(cap, None, until));
    }
    let of_number = || bound().filter(|cap| cap.rule.each == Each::Number);
    of_number().next()?;
    // A number has room when all its caps have; the contact, when some number has.
    let last = |phone: &Phone| {
        let on = Some(phone.id);
        let each = of_number().filter_map(|cap| Some((cap, on, full_until(&cap.rule, q, on)?)));
        each.max_by_key(|(_, _, until)| never_last(*until))
    };
    let numbers: Option<Vec<_>> = phones_to_ring(q.rules, q.standing).map(last).collect();
    let (cap, on, until) = numbers?.into_iter().min_by_key(|(_, _, until)| never_last(*until))?;
    Some(full(cap, on, until))
}

/// Of several zones' calendars the last to have room counts.
fn full_until(cap: &Cap, q: &Asked, on: Option<PhoneId>) -> Option<Option<Wall>> {
    let until = |zone| cap.full(&q.standing.past, on, q.now, zone);
    q.zones().iter().filter_map(until).max_by_key(|until| never_last(*until))
}

fn never_last(until: Option<Wall>) -> Wall {
    until.unwrap_or(Wall(i64::MAX))
}

fn gap(q: &Asked) -> Option<Decision> {
    let why = |gap: &Gap| match gap.after {
        After::Talk => format!("the last talk was less than {gap} ago, the day of it included"),
        After::Machine => format!("a machine answered less than {gap} ago"),
        After::Abandoned => format!("the last call found no agent, less than {gap} ago"),
        After::Call | After::SaysPaid => format!("the last call was less than {gap} ago"),
    };
    gaps(q, "gap", |gap| gap.after != After::SaysPaid, why)
}

fn gaps(q: &Asked, rule: &'static str, of: fn(&Gap) -> bool, why: impl Fn(&Gap) -> String) -> Option<Decision> {
    let binds = |gap: &Gap| of(gap) && gap.binds(q.channel, q.rules.agent_kept);
    let asked = || q.holding(&q.rules.gaps).filter(|gap| binds(&gap.rule));
    let end_at = |at: Wall| {
        let ends = asked().flat_map(|gap| {
            let until = move |zone| Some((gap, gap.rule.until(&q.standing.past, at, zone)?));
            q.zones().iter().filter_map(until)
        });
        ends.max_by_key(|(_, until)| *until)
    };
    let (gap, mut until) = end_at(q.now)?;
    // Where one ends, another may cover: each turn takes in at least one more attempt of the past.
    for _ in 0..=q.standing.past.len() * asked().count() * q.zones().len() {
        let Some((_, further)) = end_at(until) else { break };
        until = further;
    }
    Some(Decision::deny_by(rule, &gap.by, Some(until), why(&gap.rule)))
}
