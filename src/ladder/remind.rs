//! `promise: { remind: … }`: the message on the day before a promised part falls due.

use jiff::ToSpan;
use jiff::civil::Time;

use super::reader::Reader;
use super::steps::message_named;
use super::{Delay, Does, Ladder, Message, MessageIndex, Step, codes};
use crate::books::{Close, Next, Plan, Promise, PromiseState, Standing};
use crate::diagnostic::{Diagnostic, Span};
use crate::flow::yaml::Map;
use crate::outcome::{Channel, Disposition};
use crate::time::{Wall, Zone};

/// The reminder before a promised part falls due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Remind {
    /// Its place in [`Ladder::steps`]; it stands in no list.
    pub step: usize,
    /// Days before the promised one.
    pub days_before: u32,
    /// Where the contact is.
    pub at: Time,
}

/// More would be no reminder but a new demand.
const DAYS_BEFORE_MAX: u32 = 7;

impl Remind {
    /// When a part is reminded of, in the contact's zone.
    pub fn instant(&self, part: &Promise, zone: &Zone) -> Option<Wall> {
        let day = part.on.checked_sub(i64::from(self.days_before).days()).ok()?;
        day.to_datetime(self.at).to_zoned(zone.tz().clone()).ok().map(|at| Wall::from(&at))
    }

    /// The part that is to be reminded of next, and when. Each is reminded of once, by the campaign in which it was promised, unless
    /// it was promised later than that.
    fn next<'s>(&self, standing: &'s Standing, now: Wall) -> Option<(&'s Promise, Wall)> {
        let zone = &standing.contact.zone;
        if !standing.past_here.iter().any(|p| p.disposition == Disposition::Promised) {
            return None;
        }
        let reminded = |since: Wall| standing.past_here.iter().any(|p| self.is(p.step as usize) && p.at >= since);
        let open = standing.promises.iter().filter(|p| p.state == PromiseState::Open);
        open.filter(|part| now < end_of(part, zone))
            .filter_map(|part| Some((part, self.instant(part, zone)?)))
            .find(|(part, at)| part.made_at < *at && !reminded(*at))
    }

    fn is(&self, step: usize) -> bool {
        self.step == step
    }
}

/// From then on it is too late to remind of it.
fn end_of(part: &Promise, zone: &Zone) -> Wall {
    Wall::day_after(part.on, 0, zone)
}

impl Ladder {
    pub fn is_reminder(&self, plan: &Plan) -> bool {
        self.remind.is_some_and(|remind| remind.is(plan.step as usize))
    }

    /// The reminder that is due, if one is.
    pub(super) fn reminder(&self, standing: &Standing, segment: &str, now: Wall) -> Option<Plan> {
        let remind = self.remind?;
        let (part, at) = remind.next(standing, now).filter(|(_, at)| *at <= now)?;
        let channel = self.steps[remind.step].does.channel();
        super::next::lacks(standing, channel).is_none().then(|| Plan {
            channel,
            step: remind.step as u32,
            try_number: 1,
            segment: segment.into(),
            due_at: at.max(now),
            why: format!("a reminder of the promise to pay {} on {}", part.amount, part.on),
            moved: None,
        })
    }

    /// Whether a reminder that was planned may be made at `at`: its promise is open, and its day has not passed.
    pub fn reminds_in_time(&self, standing: &Standing, at: Wall) -> bool {
        self.remind.is_some_and(|remind| remind.next(standing, at).is_some_and(|(_, due)| due <= at))
    }

    /// What the open promise says of the contact: closed until it is to be reminded of, or judged.
    pub(super) fn while_open(&self, standing: &Standing, now: Wall) -> Option<Close> {
        let promise = standing.promises.iter().find(|p| p.state == PromiseState::Open)?;
        let why = format!("a promise to pay {} on {} is open", promise.amount, promise.on);
        let reminder = self.remind.and_then(|remind| remind.next(standing, now)).map(|(_, at)| at);
        // One that is due and was not made just now cannot be made: no address, no hour of the day left.
        let reminder = reminder.filter(|at| *at > now);
        let judged = standing.promises.iter().filter(|p| p.state == PromiseState::Open).map(|p| p.judge_at);
        let wake = reminder.into_iter().chain(judged).min();
        Some(Close::new("promised", why).until(wake))
    }

    /// A reminder that cannot be made in time: the contact sleeps on.
    pub fn not_reminded(&self, standing: &Standing, at: Wall, why: &str) -> Next {
        let close = self
            .while_open(standing, at)
            .unwrap_or_else(|| Close::new("promised", "a promise was made").until(Some(at)));
        Next::Close(Close { why: format!("{}; no reminder: {why}", close.why), ..close })
    }
}

/// `remind: { by: sms, message: promise_reminder, before: 1d, at: "10:00" }`, and the step that makes it.
pub fn remind(reader: &mut Reader, top: &Map, messages: &[Message]) -> Option<(Step, Span, u32, Time)> {
    let entry = top.get("promise")?.value.map()?.get("remind")?;
    let map = reader.map(&entry.value, "remind")?;
    reader.known_keys(map, "key of remind", &["by", "message", "subject", "before", "at"]);
    let by = reader.required(map, "by", "remind", entry.key_span).and_then(|n| Some((reader.text(n, "`by`")?, n.span)));
    let message = reader.required(map, "message", "remind", entry.key_span);
    let message = message.and_then(|n| message_named(reader, n, messages));
    let subject = map.get("subject").and_then(|e| message_named(reader, &e.value, messages));
    let before = map.get("before").map_or(Some(Delay::days(1)), |e| reader.delay(&e.value, "`before`"))?;
    if before.seconds != 0 || !(1..=DAYS_BEFORE_MAX).contains(&before.days) {
        let span = map.get("before").map_or(entry.key_span, |e| e.value.span);
        let found = format!("`before` is whole days, from 1 to {DAYS_BEFORE_MAX}");
        reader.error(codes::MALFORMED, span, found, "for example 1d");
        return None;
    }
    let at = map.get("at").map_or(Some(600), |e| super::rules::time(reader, &e.value))?;
    let (by, message) = (by?, message?);
    let does = match (by.0.as_str(), subject) {
        ("sms", None) => Does::Sms { message },
        ("sms", Some(_)) => {
            reader.report(Diagnostic::error(codes::UNKNOWN_KEY, entry.key_span, "an SMS has no `subject`"));
            return None;
        }
        ("email", Some(subject)) => Does::Email { subject, body: message },
        ("email", None) => {
            reader.report(Diagnostic::error(codes::MISSING_KEY, entry.key_span, "an e-mail needs `subject`"));
            return None;
        }
        (other, _) => {
            reader.unknown(codes::MALFORMED, by.1, "channel of a reminder", other, &["sms", "email"]);
            return None;
        }
    };
    let time = Time::new((at / 60 % 24) as i8, (at % 60) as i8, 0, 0).ok()?;
    Some((Step { name: "remind".into(), after: Delay::ZERO, does }, entry.key_span, before.days, time))
}

/// Messages and channel of a step, for the checks.
impl Does {
    pub fn writes(&self) -> Vec<MessageIndex> {
        match self {
            Does::Sms { message } | Does::Letter { message } => vec![*message],
            Does::Email { subject, body } => vec![*subject, *body],
            Does::Voice { .. } | Does::Human { .. } | Does::Visit { .. } => Vec::new(),
        }
    }

    /// Whether it is for a person, and nothing automatic comes after it.
    pub fn hands_over(&self) -> bool {
        matches!(self.channel(), Channel::Human)
    }
}
