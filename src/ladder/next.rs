//! What comes next for a contact: the first attempt, a retry, the next step, or the end. Every answer says why.

use super::retry::{Answer, Retry, RetryOn, TECHNICAL, answer};
use super::spread::spreads;
use super::{Delay, Does, FlowOf, Goto, Ladder, Segment, StopOn, Target};
use crate::books::{Close, Next, PastAttempt, Plan, Standing};
use crate::outcome::{Blame, Channel, Disposition, DispositionClass};
use crate::policy::{phones_to_dial, postal_address};
use crate::time::Wall;

impl Ladder {
    /// The first attempt for a contact that joins now, or why there is none. Windows and caps are not asked here.
    pub fn first(&self, standing: &Standing, now: Wall) -> Next {
        if let Some(close) = self.stands_closed(standing, now) {
            return Next::Close(close);
        }
        let found = match self.found(standing, now) {
            Ok(found) => found,
            Err(close) => return Next::Close(close),
        };
        let (segment, class) = found;
        let why = match class {
            Some(class) => format!("segment {}, class {class}", segment.name),
            None => format!("segment {}", segment.name),
        };
        self.step_from(standing, segment, self.lists[segment.list].start, None, now, why)
    }

    /// What follows the attempt `finished`, which ended with `disposition` and is the newest of `standing.past_here`.
    pub fn next(&self, standing: &Standing, finished: &Plan, disposition: Disposition, now: Wall) -> Next {
        let given_out = finished.channel == Channel::Visit && disposition == Disposition::HandedOver;
        let closes = if given_out { None } else { self.closes(standing, disposition, now) };
        if let Some(close) = closes.or_else(|| self.stands_closed(standing, now)) {
            return Next::Close(close);
        }
        if given_out {
            return Next::Close(self.visiting(standing, finished, now));
        }
        if self.is_reminder(finished) {
            return self.awake(standing, &Close::new("promised", "a promise was made"), Some(finished), now);
        }
        let step = finished.step as usize;
        let number = self.number(step);
        let usual = Retry::default();
        let retry = match self.steps.get(step).map(|s| &s.does) {
            Some(Does::Voice { retry, .. }) => retry,
            Some(_) | None => &usual,
        };
        let past = PastTries::of(standing, finished, disposition);
        match answer(disposition) {
            // A message of unknown fate may have been sent; it is not sent twice.
            Answer::Retry(on) if on != RetryOn::Technical && finished.channel != Channel::Voice => {
                let why = format!("step {number} ended: {disposition}");
                self.after_step(standing, finished, now, why)
            }
            Answer::Retry(on) => self.retry(standing, finished, disposition, retry, on, &past, now),
            Answer::NextNumber => self.next_number(standing, finished, disposition, now),
            Answer::NextStep => self.after_step(standing, finished, now, format!("step {number} ended: {disposition}")),
            // `closes` has answered these already.
            Answer::Close => close(disposition.as_str(), format!("ended: {disposition}")),
        }
    }

    /// The step that follows the one `plan` is of: for an attempt that can never be made.
    pub fn after_step(&self, standing: &Standing, plan: &Plan, now: Wall, why: String) -> Next {
        self.go_on(standing, &Goto::NEXT, plan, now, why)
    }

    /// The step that `goto` names, seen from `from`, in the segment that takes the contact on that day: debts grow older and are paid
    /// in part, so it is looked up anew. A segment with other steps begins with its first.
    pub(super) fn go_on(&self, standing: &Standing, goto: &Goto, from: &Plan, now: Wall, why: String) -> Next {
        let (segment, _) = match self.found(standing, now) {
            Ok(found) => found,
            Err(close) => return Next::Close(Close { why: format!("{why}; {}", close.why), ..close }),
        };
        let why = match segment.name == from.segment {
            true => why,
            false => format!("{why}; now in segment {}", segment.name),
        };
        let list = self.lists[segment.list].clone();
        let step = match &goto.to {
            Target::Next if list.contains(&(from.step as usize)) => from.step as usize + 1,
            Target::Next | Target::First => list.start,
            Target::Step(name) => list
                .clone()
                .find(|step| self.steps[*step].name == *name)
                .expect("the compiler looked for it in every segment"),
        };
        self.step_from(standing, segment, step, goto.after, now, why)
    }

    /// The place of a step in its list, from 1: what people call its number.
    pub fn number(&self, step: usize) -> usize {
        self.lists.iter().find(|list| list.contains(&step)).map_or(step, |list| step - list.start) + 1
    }

    /// Segment and class of the contact, or that it is in none.
    fn found(&self, standing: &Standing, now: Wall) -> Result<(&Segment, Option<&str>), Close> {
        let found = match self.look_up(standing, now) {
            Ok(found) => found,
            Err(why) => return Err(Close::new("excluded", why)),
        };
        if let Some(segment) = found.segment {
            return Ok((segment, found.class));
        }
        let days = days_overdue(standing, now);
        let names: Vec<&str> = self.segments.iter().map(|s| s.name.as_str()).collect();
        let class = found.class.map(|class| format!(", class {class}")).unwrap_or_default();
        let why = format!(
            "in no segment of {}: {days} days overdue{class}, none of {} takes it",
            self.name,
            names.join(", ")
        );
        Err(Close::new("excluded", why))
    }

    /// The flow that `plan` runs; `None` for steps that are not calls.
    pub fn flow_of(&self, plan: &Plan) -> Option<&str> {
        match &self.steps.get(plan.step as usize)?.does {
            Does::Voice { flow: FlowOf::Named(name), .. } => Some(name),
            Does::Voice { flow: FlowOf::Segment, .. } => {
                self.segments.iter().find(|s| s.name == plan.segment).map(|s| s.flow.as_str())
            }
            Does::Sms { .. } | Does::Email { .. } | Does::Letter { .. } | Does::Human { .. } | Does::Visit { .. } => {
                None
            }
        }
    }

    /// The queue of the worklist that `plan` hands the contact to.
    pub fn queue_of(&self, plan: &Plan) -> Option<&str> {
        match &self.steps.get(plan.step as usize)?.does {
            Does::Human { queue } | Does::Visit { queue, .. } => Some(queue),
            Does::Voice { .. } | Does::Sms { .. } | Does::Email { .. } | Does::Letter { .. } => None,
        }
    }

    /// What the agent is told about the contact that `plan` hands over: why, how and where.
    pub fn brief(&self, plan: &Plan, standing: &Standing) -> String {
        let mut brief = plan.why.clone();
        if plan.channel == Channel::Visit
            && let Some(address) = postal_address(&standing.contact)
        {
            brief.push_str(&format!("\naddress: {address}"));
        }
        let segment = self.segments.iter().find(|s| s.name == plan.segment);
        if let Some(tone) = segment.and_then(|s| s.tone.as_ref()) {
            brief.push_str(&format!("\ntone: {tone}"));
        }
        if let Some(script) = segment.and_then(|s| s.agent_script.as_ref()) {
            brief.push_str(&format!("\nscript: {script}"));
        }
        brief
    }

    /// Whether a machine that answers `plan`'s call is left the flow's voicemail.
    pub fn leaves_voicemail(&self, plan: &Plan) -> bool {
        match self.steps.get(plan.step as usize).map(|s| &s.does) {
            Some(Does::Voice { retry, .. }) => retry.leave_voicemail,
            Some(_) | None => false,
        }
    }

    /// Whether some step leaves the flow's voicemail.
    pub fn ever_leaves_voicemail(&self) -> bool {
        self.steps.iter().any(|step| matches!(&step.does, Does::Voice { retry, .. } if retry.leave_voicemail))
    }

    /// Every flow the ladder may run, once each: what a campaign must pin.
    pub fn flows(&self) -> Vec<&str> {
        let named = self.steps.iter().filter_map(|s| match &s.does {
            Does::Voice { flow: FlowOf::Named(name), .. } => Some(name.as_str()),
            _ => None,
        });
        let mut flows: Vec<&str> = Vec::new();
        for flow in self.segments.iter().map(|s| s.flow.as_str()).chain(named) {
            if !flows.contains(&flow) {
                flows.push(flow);
            }
        }
        flows
    }

    /// The nodes that `hung_up_early` names, each with the flows of which one must have it.
    pub fn nodes_named(&self) -> Vec<(&str, Vec<&str>)> {
        let mut named = Vec::new();
        for (index, step) in self.steps.iter().enumerate() {
            let Does::Voice { flow, retry } = &step.does else { continue };
            let flows: Vec<&str> = match flow {
                FlowOf::Named(name) => vec![name],
                FlowOf::Segment => {
                    let here = |segment: &&Segment| self.lists[segment.list].contains(&index);
                    self.segments.iter().filter(here).map(|segment| segment.flow.as_str()).collect()
                }
            };
            // A list that no segment takes runs no flow.
            if !flows.is_empty() {
                named.extend(retry.hung_up_at.iter().map(|(node, _)| (node.as_str(), flows.clone())));
            }
        }
        named
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
        let step = self.number(finished.step as usize);
        // A message or a hand-over has no table of its own; only failures of ours bring one here.
        let (delays, node) = match (finished.channel, retry.delays_at(on, past.node())) {
            (Channel::Voice, found) => found,
            (Channel::Sms | Channel::Email | Channel::Letter | Channel::Human | Channel::Visit, _) => {
                (&TECHNICAL[..], None)
            }
        };
        let so_far = past.count(retry, on, node);
        let ending = match node {
            Some(node) => format!("{on} at {node}"),
            None => on.to_string(),
        };
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
                n => format!("step {step} ended: {so_far} times {ending}, and {n} retries are all it has for that"),
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
            _ => {
                let at = node.map(|node| format!(" at {node}")).unwrap_or_default();
                format!("try {} of {} after {disposition}{at}, {delay} later", past.made() + 1, retry.attempts_max)
            }
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
            let why = format!(
                "step {} ended: {disposition}, and no other good number is left",
                self.number(finished.step as usize)
            );
            return self.after_step(standing, finished, now, why);
        }
        let why = format!("the next number at once after {disposition}");
        Next::Attempt(Plan { try_number: finished.try_number + 1, due_at: now, why, ..finished.clone() })
    }

    /// The first step of the segment's list from `step` on that this contact can be reached by. `after` is waited instead of the first
    /// one's own.
    fn step_from(
        &self,
        standing: &Standing,
        segment: &Segment,
        step: usize,
        after: Option<Delay>,
        now: Wall,
        why: String,
    ) -> Next {
        let mut why = why;
        let mut wait_until = now;
        let list = self.lists[segment.list].clone();
        let first = step;
        for index in first..list.end {
            let (step, number) = (&self.steps[index], index - list.start + 1);
            let after = after.filter(|_| index == first).unwrap_or(step.after);
            wait_until = after.after(wait_until, &standing.contact.zone);
            let channel = step.does.channel();
            if let Some(lack) = lacks(standing, channel) {
                why = format!("{why}; step {number} ({channel}) skipped: {lack}");
                continue;
            }
            let later = if after == Delay::ZERO { String::new() } else { format!(", {after} later") };
            return Next::Attempt(Plan {
                channel,
                step: index as u32,
                try_number: 1,
                segment: segment.name.clone(),
                due_at: wait_until,
                why: format!("{why}; step {number} of {}: {channel}{later}", list.len()),
                moved: None,
            });
        }
        let unreachable = [Channel::Voice, Channel::Email].iter().all(|c| lacks(standing, *c).is_some());
        match unreachable {
            true => close("no_number", format!("{why}; the contact has no good number and no e-mail")),
            false => close("ladder_ended", format!("{why}; the ladder has no further step")),
        }
    }

    /// Whether an ending closes the contact in its campaign.
    pub(super) fn closes(&self, standing: &Standing, disposition: Disposition, now: Wall) -> Option<Close> {
        use Disposition as D;
        let stop = |stop: StopOn| StopOn::ALWAYS.contains(&stop) || self.stop_on.contains(&stop);
        let (reason, why) = match disposition {
            // A promise that is open says itself until when.
            D::Promised => {
                let made = || Close::new("promised", "a promise to pay was made");
                return Some(self.stands_closed(standing, now).unwrap_or_else(made));
            }
            D::AlreadyPaid => {
                let close = Close::new("already_paid", "the person says it is paid; the payment feed will tell");
                return Some(close.until(self.claim_until(standing, now)));
            }
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
            D::HungUpEarly | D::NoInput | D::Machine | D::VoicemailLeft | D::VoicemailCut | D::Fax => return None,
            D::ThirdParty | D::NotVerified | D::Refused | D::Informed => return None,
            D::CallbackRequested | D::Queued => return None,
        };
        Some(Close::new(reason, why))
    }
}

/// The finished tries of one step, the newest included.
struct PastTries {
    endings: Vec<Ended>,
}

struct Ended {
    disposition: Disposition,
    blame: Blame,
    node: Option<String>,
}

impl PastTries {
    fn of(standing: &Standing, finished: &Plan, disposition: Disposition) -> PastTries {
        let of_step = |p: &&PastAttempt| p.step == finished.step && p.channel == finished.channel;
        let ended = |p: &PastAttempt| Ended { disposition: p.disposition, blame: p.blame, node: p.node.clone() };
        let mut endings: Vec<Ended> = standing.past_here.iter().filter(of_step).map(ended).collect();
        // The finished attempt should be there already; when it is not, it must still be counted.
        let there = standing.past_here.iter().filter(of_step).any(|p| p.try_number == finished.try_number);
        if !there {
            endings.push(Ended { disposition, blame: disposition.blame(), node: None });
        }
        PastTries { endings }
    }

    /// Where in the flow the newest ended.
    fn node(&self) -> Option<&str> {
        self.endings.last()?.node.as_deref()
    }

    /// Endings of this kind for which the same delays hold.
    fn count(&self, retry: &Retry, on: RetryOn, node: Option<&str>) -> u32 {
        let same = |ended: &&Ended| {
            answer(ended.disposition) == Answer::Retry(on) && retry.delays_at(on, ended.node.as_deref()).1 == node
        };
        self.endings.iter().filter(same).count() as u32
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
fn counts(Ended { disposition, blame, .. }: &Ended) -> bool {
    let technical = answer(*disposition) == Answer::Retry(RetryOn::Technical);
    !technical && disposition.class() != DispositionClass::Number && *blame != Blame::Carrier
}

/// Why a contact cannot be reached by a channel at all.
pub(super) fn lacks(standing: &Standing, channel: Channel) -> Option<&'static str> {
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
