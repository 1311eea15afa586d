//! The ladder's answer, moved to when it is lawful.

use std::time::Duration;

use crate::books::{Close, Contact, Moved, Next, Plan, Ruling, Sleeper, Standing, Verdict, VisitOutcome, Write};
use crate::id::AttemptId;
use crate::ladder::Ladder;
use crate::outcome::Disposition;
use crate::policy::{Decision, Found, Purpose, Question, Rules, decide, search};
use crate::time::Wall;

/// What a contact that joins a campaign now gets first.
pub fn plan_first(ladder: &Ladder, standing: &Standing, now: Wall) -> Next {
    lawful(ladder, standing, ladder.first(standing, now))
}

/// What follows `finished`, which ended with `disposition` and is the newest of `standing.past_here`.
pub fn plan_next(ladder: &Ladder, standing: &Standing, finished: &Plan, disposition: Disposition, now: Wall) -> Next {
    lawful(ladder, standing, ladder.next(standing, finished, disposition, now))
}

/// What follows the report of the visit `visit`, which is the newest of its step in `standing.past_here`.
pub fn plan_visited(ladder: &Ladder, standing: &Standing, visit: &Plan, outcome: VisitOutcome, now: Wall) -> Next {
    lawful(ladder, standing, ladder.visited(standing, visit, outcome, now))
}

/// What a closed contact gets that is looked at again.
pub fn plan_awake(ladder: &Ladder, sleeper: &Sleeper, now: Wall) -> Next {
    let Sleeper { standing, closed, last, .. } = sleeper;
    lawful(ladder, standing, ladder.awake(standing, closed, last.as_ref(), now))
}

/// What becomes of a planned attempt that is due but not allowed now ([`decide_now`] said so): the same attempt later, the
/// next step that can be made, or the contact's close. Comes back unchanged, due now, when it is allowed after all.
pub fn plan_again(ladder: &Ladder, standing: &Standing, plan: &Plan, now: Wall) -> Next {
    lawful(ladder, standing, Next::Attempt(Plan { due_at: plan.due_at.max(now), ..plan.clone() }))
}

/// What becomes of an attempt whose turn has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Turn {
    /// It is made now.
    Go,
    NotNow {
        decision: Decision,
        then: Then,
    },
}

/// What becomes of an attempt that is not made now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Then {
    /// The same attempt, later than now.
    Later {
        due_at: Wall,
        why: String,
    },
    /// Another step of the ladder in its place.
    Instead(Plan),
    /// Nobody is contacted by a machine any more; a human is told why.
    ForHuman(Close),
    Close(Close),
}

/// Policy decides again, at the moment of acting.
pub fn turn(ladder: &Ladder, standing: &Standing, plan: &Plan, now: Wall) -> Turn {
    let decision = decide_now(ladder, standing, plan, now);
    let then = match &decision {
        Decision::Allow => return Turn::Go,
        Decision::NeedsHuman { rule, why } => Then::ForHuman(Close::new(rule, why.clone())),
        Decision::Deny { .. } => match plan_again(ladder, standing, plan, now) {
            Next::Attempt(again) if again.channel == plan.channel && again.step == plan.step => {
                // Never at the same instant again, or we would turn on the spot.
                Then::Later { due_at: again.due_at.max(now + Duration::from_secs(1)), why: again.why }
            }
            Next::Attempt(instead) => Then::Instead(instead),
            Next::Close(close) => Then::Close(close),
        },
    };
    Turn::NotNow { decision, then }
}

/// May it be done now? Asked again at the moment of dialling, since the books have moved since it was planned.
pub fn decide_now(ladder: &Ladder, standing: &Standing, plan: &Plan, now: Wall) -> Decision {
    if ladder.is_reminder(plan) && !ladder.reminds_in_time(standing, now) {
        let why = "there is no open promise to remind of, or its day has passed".into();
        return Decision::Deny { rule: "no_promise", by: None, until: None, why };
    }
    decide(&question(ladder, standing, plan, now))
}

fn question<'a>(ladder: &'a Ladder, standing: &'a Standing, plan: &Plan, now: Wall) -> Question<'a> {
    let purpose = if ladder.is_reminder(plan) { Purpose::Reminder } else { Purpose::Demand };
    Question { standing, channel: plan.channel, purpose, now, rules: &ladder.rules }
}

/// What was decided, for the books.
pub fn ruling(
    attempt: AttemptId,
    rules: &Rules,
    contact: &Contact,
    decision: &Decision,
    verdict: Verdict,
    at: Wall,
) -> Write {
    let (reason, made_by, until) = match decision {
        Decision::Allow => (None, None, None),
        Decision::NeedsHuman { rule, .. } => (Some(rule.to_string()), None, None),
        Decision::Deny { rule, by, until, .. } => {
            (Some(rule.to_string()), by.as_ref().map(|by| by.to_string()), *until)
        }
    };
    Write::Ruling(Ruling { attempt, at, verdict, reason, made_by, until, policy: rules.policy(contact) })
}

/// Moves `next` to the first lawful instant; passes over steps that will never have one. When no step is left because only a human
/// may act and the ladder hands over to none, the contact is closed with that reason.
fn lawful(ladder: &Ladder, standing: &Standing, next: Next) -> Next {
    let mut next = next;
    let mut for_a_human: Option<Close> = None;
    // Each turn goes at least one step up the ladder, or back to it from a reminder that comes to nothing.
    for _ in 0..=ladder.steps.len() {
        let plan = match (next, &for_a_human) {
            // Why the attempt before it was moved is not why this one is.
            (Next::Attempt(plan), _) => Plan { moved: None, ..plan },
            (Next::Close(close), Some(human)) if close.reason == LADDER_ENDED => return Next::Close(human.clone()),
            (close, _) => return close,
        };
        let reminds = ladder.is_reminder(&plan);
        if reminds && !ladder.reminds_in_time(standing, plan.due_at) {
            let closed = Close::new("promised", "a promise was made");
            next = ladder.awake(standing, &closed, Some(&plan), plan.due_at);
            continue;
        }
        let question = question(ladder, standing, &plan, plan.due_at);
        let decision = match search(&question, plan.due_at) {
            Ok(Found { denied: None, .. }) => return Next::Attempt(plan),
            Ok(Found { at, .. }) if reminds && !ladder.reminds_in_time(standing, at) => {
                return ladder.not_reminded(standing, plan.due_at, "no hour before the promised day is allowed");
            }
            Ok(Found { at, denied: Some(denied) }) => return Next::Attempt(moved(plan, standing, at, &denied)),
            Err(Decision::Deny { why, .. } | Decision::NeedsHuman { why, .. }) if reminds => {
                return ladder.not_reminded(standing, plan.due_at, &why);
            }
            Err(decision) => decision,
        };
        if let Decision::NeedsHuman { rule, why } = &decision {
            for_a_human.get_or_insert_with(|| Close::new(rule, why.clone()));
        }
        next = match never(&decision) {
            Never::Contact(close) => Next::Close(close),
            Never::Channel(why) => {
                let number = ladder.number(plan.step as usize);
                let why = format!("step {number} ({}) cannot be made: {why}", plan.channel);
                // The ladder's waits go on counting from where the step would have been.
                ladder.after_step(standing, &plan, plan.due_at, why)
            }
        };
    }
    Next::Close(Close::new(LADDER_ENDED, "no step of the ladder can be made"))
}

fn moved(plan: Plan, standing: &Standing, at: Wall, denied: &Decision) -> Plan {
    let (why, rule, by) = match denied {
        Decision::Deny { rule, by, why, .. } => (why.as_str(), *rule, by.as_ref().map(|by| by.to_string())),
        Decision::NeedsHuman { rule, why } => (why.as_str(), *rule, None),
        Decision::Allow => return plan,
    };
    let there = at.in_zone(&standing.contact.zone);
    let why = format!("{}; moved to {}: {why}", plan.why, there.strftime("%a %Y-%m-%d %H:%M"));
    Plan { due_at: at, why, moved: Some(Moved { reason: rule.to_string(), by }), ..plan }
}

/// As the ladder closes it.
const LADDER_ENDED: &str = "ladder_ended";

enum Never {
    /// By no channel.
    Contact(Close),
    /// Not by this one.
    Channel(String),
}

fn never(decision: &Decision) -> Never {
    match decision {
        Decision::Allow => Never::Channel("nothing stands in the way".into()),
        Decision::NeedsHuman { why, .. } => Never::Channel(why.clone()),
        Decision::Deny { rule, why, .. } => {
            let reason = match *rule {
                "paid" => "paid",
                "open_promise" => "promised",
                "suppressed_person" => "opted_out",
                "protected" | "collector" => "excluded",
                _ => return Never::Channel(why.clone()),
            };
            Never::Contact(Close::new(reason, why.clone()))
        }
    }
}
