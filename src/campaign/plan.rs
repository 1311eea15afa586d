//! The ladder's answer, moved to when it is lawful.

use std::time::Duration;

use crate::books::{Close, Next, Plan, Sleeper, Standing};
use crate::ladder::Ladder;
use crate::outcome::{Channel, Disposition};
use crate::policy::{Decision, Found, Question, decide, search};
use crate::time::Wall;

/// What a contact that joins a campaign now gets first.
pub fn plan_first(ladder: &Ladder, standing: &Standing, now: Wall) -> Next {
    lawful(ladder, standing, ladder.first(standing, now))
}

/// What follows `finished`, which ended with `disposition` and is the newest of `standing.past_here`.
pub fn plan_next(ladder: &Ladder, standing: &Standing, finished: &Plan, disposition: Disposition, now: Wall) -> Next {
    lawful(ladder, standing, ladder.next(standing, finished, disposition, now))
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
    /// The same attempt, later than now.
    Later {
        due_at: Wall,
        why: String,
    },
    /// This one is not made; another step of the ladder is.
    Instead(Plan),
    /// Nobody is contacted by a machine any more; a human is told why.
    ForHuman(Close),
    Close(Close),
}

/// Policy decides again, at the moment of acting.
pub fn turn(ladder: &Ladder, standing: &Standing, plan: &Plan, now: Wall) -> Turn {
    match decide_now(ladder, standing, plan.channel, now) {
        Decision::Allow => return Turn::Go,
        Decision::NeedsHuman { rule, why } => return Turn::ForHuman(Close::new(rule, why)),
        Decision::Deny { .. } => {}
    }
    match plan_again(ladder, standing, plan, now) {
        Next::Attempt(again) if again.channel == plan.channel && again.step == plan.step => {
            // Never at the same instant again, or we would turn on the spot.
            Turn::Later { due_at: again.due_at.max(now + Duration::from_secs(1)), why: again.why }
        }
        Next::Attempt(instead) => Turn::Instead(instead),
        Next::Close(close) => Turn::Close(close),
    }
}

/// May it be done now? Asked again at the moment of dialling, since the books have moved since it was planned.
pub fn decide_now(ladder: &Ladder, standing: &Standing, channel: Channel, now: Wall) -> Decision {
    decide(&Question { standing, channel, now, rules: &ladder.rules })
}

/// Moves `next` to the first lawful instant; passes over steps that will never have one. When no step is left because only a human
/// may act and the ladder hands over to none, the contact is closed with that reason.
fn lawful(ladder: &Ladder, standing: &Standing, next: Next) -> Next {
    let mut next = next;
    let mut for_a_human: Option<Close> = None;
    // Each turn goes at least one step up the ladder.
    for _ in 0..=ladder.steps.len() {
        let plan = match (next, &for_a_human) {
            (Next::Attempt(plan), _) => plan,
            (Next::Close(close), Some(human)) if close.reason == LADDER_ENDED => return Next::Close(human.clone()),
            (close, _) => return close,
        };
        let question = Question { standing, channel: plan.channel, now: plan.due_at, rules: &ladder.rules };
        let decision = match search(&question, plan.due_at) {
            Ok(Found { denied: None, .. }) => return Next::Attempt(plan),
            Ok(Found { at, denied: Some(denied) }) => return Next::Attempt(moved(plan, standing, at, &denied)),
            Err(decision) => decision,
        };
        if let Decision::NeedsHuman { rule, why } = &decision {
            for_a_human.get_or_insert_with(|| Close::new(rule, why.clone()));
        }
        next = match never(&decision) {
            Never::Contact(close) => Next::Close(close),
            Never::Channel(why) => {
                let why = format!("step {} ({}) cannot be made: {why}", plan.step + 1, plan.channel);
                // The ladder's waits go on counting from where the step would have been.
                ladder.after_step(standing, &plan, plan.due_at, why)
            }
        };
    }
    Next::Close(Close::new(LADDER_ENDED, "no step of the ladder can be made"))
}

fn moved(plan: Plan, standing: &Standing, at: Wall, denied: &Decision) -> Plan {
    let why = match denied {
        Decision::Deny { why, .. } | Decision::NeedsHuman { why, .. } => why.as_str(),
        Decision::Allow => "",
    };
    let there = at.in_zone(&standing.contact.zone);
    let why = format!("{}; moved to {}: {why}", plan.why, there.strftime("%a %Y-%m-%d %H:%M"));
    Plan { due_at: at, why, ..plan }
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
