//! What comes next for a contact: the first attempt, a retry, the next step, or the end. Every answer says why.

use super::retry::{Answer, Retry, RetryOn, TECHNICAL, answer};
use super::spread::spreads;
use super::{Delay, Does, FlowOf, Ladder, Segment, StopOn};
use crate::books::{Close, Next, PastAttempt, Plan, PromiseState, Standing};
use crate::flow::program::OptOutScope;
use crate::outcome::{Blame, Channel, Disposition, DispositionClass};
use crate::policy::{phones_to_dial, postal_address};
use crate::time::Wall;

impl Ladder {
    /// The first attempt for a contact that joins now, or why there is none. Windows and caps are not asked here.
    pub fn first(&self, standing: &Standing, now: Wall) -> Next {
        if let Some(close) = stands_closed(standing) {
            return Next::Close(close);
        }
        match self.segment_for(standing, now) {
            Some(segment) => self.step_from(standing, 0, &segment.name, now, format!("segment {}", segment.name)),
            None => {
                let days = days_overdue(standing, now);
                let names: Vec<&str> = self.segments.iter().map(|s| s.name.as_str()).collect();
                let why = format!(
                    "in no segment of {}: {days} days overdue, none of {} takes it",
                    self.name,
                    names.join(", ")
                );
                close("excluded", why)
            }
        }
    }

    /// What follows the attempt `finished`, which ended with `disposition` and is the newest of `standing.past_here`.
    pub fn next(&self, standing: &Standing, finished: &Plan, disposition: Disposition, now: Wall) -> Next {
        if let Some(close) = self.closes(standing, disposition).or_else(|| stands_closed(standing)) {
            return Next::Close(close);
        }
        let step = finished.step as usize;
        let usual = Retry::default();
        let retry = match self.steps.get(step).map(|s| &s.does) {
            Some(Does::Voice { retry, .. }) => retry,
            Some(Does::Sms { .. } | Does::Email { .. } | Does::Human { .. }) | None => &usual,
        };
        let past = PastTries::of(standing, finished, disposition);
        match answer(disposition) {
            // A message of unknown fate may have been sent; it is not sent twice.
            Answer::Retry(on) if on != RetryOn::Technical && finished.channel != Channel::Voice => {
                let why = format!("step {} ended: {disposition}", step + 1);
                self.after_step(standing, finished, now, why)
            }
            Answer::Retry(on) => self.retry(standing, finished, disposition, retry, on, &past, now),
            Answer::NextNumber => self.next_number(standing, finished, disposition, now),
            Answer::NextStep => {
                self.after_step(standing, finished, now, format!("step {} ended: {disposition}", step + 1))
            }
            // `closes` has answered these already.
            Answer::Close => close(disposition.as_str(), format!("ended: {disposition}")),
        }
    }

    /// What a contact gets that was closed and is to be looked at again: its promise may be due, a payment may have come or been
    /// taken back. `last`: the plan of its last attempt here.
    pub fn awake(&self, standing: &Standing, closed: &Close, last: Option<&Plan>, now: Wall) -> Next {
        if let Some(close) = stands_closed(standing) {
            return Next::Close(close);
        }
        let Some(last) = last else { return self.first(standing, now) };
        let newest = standing
            .promises
            .iter()
            .rev()
            .find(|p| matches!(p.state, PromiseState::Kept | PromiseState::PartlyKept | PromiseState::Broken));
        match (closed.reason.as_str(), newest) {
            ("promised", Some(promise)) if promise.state == PromiseState::Kept => {
                let left = standing.contact.amount();
                let why = format!("the promise of {} on {} was kept; {left} is still owed", promise.amount, promise.on);
                let segment = self.segment_for(standing, now).map_or(last.segment.as_str(), |s| s.name.as_str());
                self.step_from(standing, 0, segment, now, why)
            }
            ("promised", Some(promise)) => {
                let why = format!("the promise of {} on {} is {}", promise.amount, promise.on, promise.state);
                self.after_step(standing, last, now, why)
            }
            ("paid", _) => {
                let why = "a payment was taken back; the step goes on".to_string();
                Next::Attempt(Plan { try_number: last.try_number + 1, due_at: now, why, ..last.clone() })
            }
            (_, _) => Next::Close(closed.clone().until(None)),
        }
    }

    /// The step that follows the one `plan` is of: for an attempt that can never be made.
    pub fn after_step(&self, standing: &Standing, plan: &Plan, now: Wall, why: String) -> Next {
        self.step_from(standing, plan.step as usize + 1, &plan.segment, now, why)
    }

    /// The flow that `plan` runs; `None` for steps that are not calls.
    pub fn flow_of(&self, plan: &Plan) -> Option<&str> {
        match &self.steps.get(plan.step as usize)?.does {
            Does::Voice { flow: FlowOf::Named(name), .. } => Some(name),
            Does::Voice { flow: FlowOf::Segment, .. } => {
                self.segments.iter().find(|s| s.name == plan.segment).map(|s| s.flow.as_str())
            }
            Does::Sms { .. } | Does::Email { .. } | Does::Human { .. } => None,
        }
    }

    /// The queue of the worklist that `plan` hands the contact to.
    pub fn queue_of(&self, plan: &Plan) -> Option<&str> {
        match &self.steps.get(plan.step as usize)?.does {
            Does::Human { queue } => Some(queue),
            Does::Voice { .. } | Does::Sms { .. } | Does::Email { .. } => None,
        }
    }

    /// Whether a machine that answers `plan`'s call is left the flow's voicemail.
    pub fn leaves_voicemail(&self, plan: &Plan) -> bool {
        match self.steps.get(plan.step as usize).map(|s| &s.does) {
            Some(Does::Voice { retry, .. }) => retry.leave_voicemail,
            Some(Does::Sms { .. } | Does::Email { .. } | Does::Human { .. }) | None => false,
        }
    }

    /// Every flow the ladder may run, once each: what a campaign must pin.
    pub fn flows(&self) -> Vec<&str> {
        let named = self.steps.iter().filter_map(|s| match &s.does {
            Does::Voice { flow: FlowOf::Named(name), .. } => Some(name.as_str()),
            Does::Voice { .. } | Does::Sms { .. } | Does::Email { .. } | Does::Human { .. } => None,
        });
        let mut flows: Vec<&str> = Vec::new();
        for flow in self.segments.iter().map(|s| s.flow.as_str()).chain(named) {
            if !flows.contains(&flow) {
                flows.push(flow);
            }
        }
        flows
    }

    pub fn segment_for(&self, standing: &Standing, now: Wall) -> Option<&Segment> {
        self.segments.iter().find(|s| super::segment::holds(&s.when, &standing.contact, now))
    }

    #[allow(clippy::too_many_arguments)] // one decision with all it rests on; a struct would name nothing
    fn retry(
        &self,
        standing: &Standing,
        finished: &Plan,
        disposition: Disposition,
        retry: &Retry,
        on: RetryOn,
        past: &PastTries,
        now: Wall,
    ) -> Next {
        let step = finished.step + 1;
        // A message or a hand-over has no table of its own; only failures of ours bring one here.
        let delays = match (finished.channel, retry.delays(on)) {
            (Channel::Voice, delays) => delays,
            (Channel::Sms | Channel::Email | Channel::Letter | Channel::Human | Channel::Visit, _) => &TECHNICAL,
        };
        let so_far = past.count(on);
        if on != RetryOn::Technical && past.made() >= retry.attempts_max {
            let why = format!(
                "step {step} ended after {} of {} tries, the last: {disposition}",
                past.made(),
                retry.attempts_max
            );
            return self.after_step(standing, finished, now, why);
        }
        let Some(kth) = delays.get(so_far.saturating_sub(1) as usize) else {
            let why = match delays.len() {
                0 => format!("step {step} does not retry after {disposition}"),
                n => format!("step {step} ended: {so_far} times {on}, and {n} retries are all it has for that"),
            };
            return self.after_step(standing, finished, now, why);
        };
        // Not redialled blindly: the call may have been heard, so it waits the longest.
        let delay = match disposition {
            Disposition::UnknownOutcome => delays.iter().max().unwrap_or(kth),
            _ => kth,
        };
        let why = match on {
            RetryOn::Technical => {
                format!("technical retry {so_far} of {} after {disposition}, {delay} later", delays.len())
            }
            _ if !past.newest_counts() => format!("again after {disposition} by a network, {delay} later"),
            _ => format!("try {} of {} after {disposition}, {delay} later", past.made() + 1, retry.attempts_max),
        };
        let due_at = delay.after(now, &standing.contact.zone);
        let (due_at, why) = self.spread(retry, on, past.made(), due_at, why, standing);
        Next::Attempt(Plan { try_number: finished.try_number + 1, due_at, why, ..finished.clone() })
    }

    /// The retry behind the `made`-th try, in its part of the day.
    fn spread(
        &self,
        retry: &Retry,
        on: RetryOn,
        made: u32,
        due_at: Wall,
        why: String,
        standing: &Standing,
    ) -> (Wall, String) {
        let part = match retry.spread.len() {
            0 => return (due_at, why),
            _ if !spreads(on) => return (due_at, why),
            parts => retry.spread[made.saturating_sub(1) as usize % parts],
        };
        match part.from(due_at, &self.rules, &standing.contact.zone) {
            Some(at) => (at, format!("{why}, {}", part.in_words())),
            None => (due_at, why),
        }
    }

    fn next_number(&self, standing: &Standing, finished: &Plan, disposition: Disposition, now: Wall) -> Next {
        let used = standing.past_here.last().and_then(|p| p.phone);
        let left = phones_to_dial(standing).filter(|p| Some(p.id) != used).count();
        if left == 0 {
            let why = format!("step {} ended: {disposition}, and no other good number is left", finished.step + 1);
            return self.after_step(standing, finished, now, why);
        }
        let why = format!("the next number at once after {disposition}");
        Next::Attempt(Plan { try_number: finished.try_number + 1, due_at: now, why, ..finished.clone() })
    }

    /// The first step from `step` on that this contact can be reached by.
    fn step_from(&self, standing: &Standing, step: usize, segment: &str, now: Wall, why: String) -> Next {
        let mut why = why;
        let mut wait_until = now;
        for (index, step) in self.steps.iter().enumerate().skip(step) {
            wait_until = step.after.after(wait_until, &standing.contact.zone);
            let channel = step.does.channel();
            if let Some(lack) = lacks(standing, channel) {
                why = format!("{why}; step {} ({channel}) skipped: {lack}", index + 1);
                continue;
            }
            let later = if step.after == Delay::ZERO { String::new() } else { format!(", {} later", step.after) };
            return Next::Attempt(Plan {
                channel,
                step: index as u32,
                try_number: 1,
                segment: segment.into(),
                due_at: wait_until,
                why: format!("{why}; step {} of {}: {channel}{later}", index + 1, self.steps.len()),
            });
        }
        let unreachable = [Channel::Voice, Channel::Email].iter().all(|c| lacks(standing, *c).is_some());
        match unreachable {
            true => close("no_number", format!("{why}; the contact has no good number and no e-mail")),
            false => close("ladder_ended", format!("{why}; the ladder has no further step")),
        }
    }

    /// Whether an ending closes the contact in its campaign.
    fn closes(&self, standing: &Standing, disposition: Disposition) -> Option<Close> {
        use Disposition as D;
        let stop = |stop: StopOn| StopOn::ALWAYS.contains(&stop) || self.stop_on.contains(&stop);
        let (reason, why) = match disposition {
            // A promise that is open says itself until when.
            D::Promised => {
                return stands_closed(standing).or_else(|| Some(Close::new("promised", "a promise to pay was made")));
            }
            D::AlreadyPaid => ("already_paid", "the person says it is paid; the payment feed will tell"),
            D::Disputed => ("disputed", "the person disputes the debt"),
            D::OptedOut => ("opted_out", "the person asked not to be contacted"),
            D::WrongNumber => ("wrong_number", "the number is somebody else's"),
            D::Transferred => ("handed_over", "the person talked to a human agent"),
            D::HandedOver => ("handed_over", "handed to the human worklist"),
            D::Refused if stop(StopOn::Refused) => ("refused", "the person refused to pay"),
            D::Informed if stop(StopOn::Informed) => ("informed", "the person has heard the message"),
            D::CallbackRequested if stop(StopOn::CallbackRequested) => {
                ("callback_requested", "the person asked to be called back by a human")
            }
            D::Congestion | D::TrunkDown | D::UnknownOutcome | D::SystemError | D::Cancelled => return None,
            D::InvalidNumber | D::OutOfService | D::NoAnswer | D::Busy | D::Rejected => return None,
            D::HungUpEarly | D::NoInput | D::Machine | D::VoicemailLeft | D::Fax => return None,
            D::ThirdParty | D::NotVerified | D::Refused | D::Informed => return None,
            D::CallbackRequested | D::Queued => return None,
        };
        Some(Close::new(reason, why))
    }
}

/// The finished tries of one step, the newest included.
struct PastTries {
    endings: Vec<(Disposition, Blame)>,
}

impl PastTries {
    fn of(standing: &Standing, finished: &Plan, disposition: Disposition) -> PastTries {
        let of_step = |p: &&PastAttempt| p.step == finished.step && p.channel == finished.channel;
        let mut endings: Vec<(Disposition, Blame)> =
            standing.past_here.iter().filter(of_step).map(|p| (p.disposition, p.blame)).collect();
        // The finished attempt should be there already; when it is not, it must still be counted.
        let there = standing.past_here.iter().filter(of_step).any(|p| p.try_number == finished.try_number);
        if !there {
            endings.push((disposition, disposition.blame()));
        }
        PastTries { endings }
    }

    fn count(&self, on: RetryOn) -> u32 {
        self.endings.iter().filter(|(d, _)| answer(*d) == Answer::Retry(on)).count() as u32
    }

    /// Tries that count against `attempts_max`: the person was called, or may have been.
    fn made(&self) -> u32 {
        self.endings.iter().filter(|ending| counts(ending)).count() as u32
    }

    /// Whether the newest is one of them.
    fn newest_counts(&self) -> bool {
        self.endings.last().is_some_and(counts)
    }
}

/// A number that a network refuses is none of its owner's doing: the delays bound how often it is tried, not `attempts_max`.
fn counts((disposition, blame): &(Disposition, Blame)) -> bool {
    let technical = answer(*disposition) == Answer::Retry(RetryOn::Technical);
    !technical && disposition.class() != DispositionClass::Number && *blame != Blame::Carrier
}

/// What the books already say, whatever the ladder says.
fn stands_closed(standing: &Standing) -> Option<Close> {
    let close = |reason: &str, why: String| Some(Close::new(reason, why));
    if standing.contact.paid() {
        return close("paid", "the debt is paid".into());
    }
    if let Some(promise) = standing.promises.iter().find(|p| p.state == PromiseState::Open) {
        let why = format!("a promise to pay {} on {} is open", promise.amount, promise.on);
        return Some(Close::new("promised", why).until(Some(promise.judge_at)));
    }
    if standing.suppressions.iter().any(|s| s.phone.is_none() || s.scope == OptOutScope::Person) {
        return close("opted_out", "the person asked not to be contacted".into());
    }
    None
}

/// Why a contact cannot be reached by a channel at all.
fn lacks(standing: &Standing, channel: Channel) -> Option<&'static str> {
    match channel {
        Channel::Voice | Channel::Sms if phones_to_dial(standing).next().is_none() => Some("no good number"),
        Channel::Email if standing.contact.email.is_none() => Some("no e-mail address"),
        Channel::Letter if postal_address(&standing.contact).is_none() => Some("no postal address"),
        Channel::Visit if postal_address(&standing.contact).is_none() => Some("no postal address"),
        Channel::Voice | Channel::Sms | Channel::Email => None,
        Channel::Letter | Channel::Human | Channel::Visit => None,
    }
}

fn days_overdue(standing: &Standing, now: Wall) -> i64 {
    let today = now.date(&standing.contact.zone);
    super::segment::days_between(standing.contact.due(), today)
}

fn close(reason: &str, why: String) -> Next {
    Next::Close(Close::new(reason, why))
}
