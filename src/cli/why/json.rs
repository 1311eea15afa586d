//! The same story for programs: times in UTC, no whole numbers.

use serde_json::{Value, json};

use crate::books::*;
use crate::ladder::Ladder;
use crate::policy;
use crate::time::Wall;

pub(super) fn story(history: &History, campaigns: &[Campaign], now: Wall) -> Value {
    let Standing { contact, suppressions, promises, .. } = &history.standing;
    let zones: Vec<String> = policy::candidates(contact).iter().map(ToString::to_string).collect();
    let debts = contact.debts.iter().map(|d| {
        json!({ "debt_id": d.external_id, "amount": d.amount.to_string(), "due": d.due.to_string(), "paid_minor": d.paid })
    });
    let numbers = contact.phones.iter().map(|p| json!({ "number": p.number.to_string(), "state": p.state.as_str() }));
    let suppressed = suppressions.iter().map(|s| {
        let number = contact.phones.iter().find(|p| Some(p.id) == s.phone).map(|p| p.number.to_string());
        json!({ "scope": s.scope.as_str(), "number": number, "reason": s.reason.as_str(), "at": s.at.to_string() })
    });
    let promised = promises.iter().map(|p| {
        json!({ "amount": p.amount.to_string(), "on": p.on.to_string(), "state": p.state.as_str(), "made_at": p.made_at.to_string() })
    });
    let involved = campaigns.iter().filter(|c| {
        history.attempts.iter().any(|a| a.campaign == c.id) || history.closed.iter().any(|(id, _)| *id == c.id)
    });
    json!({
        "contact_id": contact.external_id,
        "now": now.to_string(),
        "zone": contact.zone.name(),
        "zone_from": contact.zone_from.as_str(),
        "zones": zones,
        "debts": debts.collect::<Vec<_>>(),
        "numbers": numbers.collect::<Vec<_>>(),
        "suppressed": suppressed.collect::<Vec<_>>(),
        "promises": promised.collect::<Vec<_>>(),
        "campaigns": involved.map(|c| campaign(history, c)).collect::<Vec<_>>(),
    })
}

fn campaign(history: &History, campaign: &Campaign) -> Value {
    let ladder = crate::ladder::compile(&campaign.ladder).0;
    let attempts =
        history.attempts.iter().filter(|a| a.campaign == campaign.id).map(|a| attempt(history, a, ladder.as_ref()));
    let closed = history.closed.iter().find(|(id, _)| *id == campaign.id);
    let closed = closed.map(|(_, close)| {
        json!({ "reason": close.reason, "why": close.why, "wake_at": close.wake_at.map(|at| at.to_string()) })
    });
    json!({
        "campaign": campaign.name,
        "state": campaign.state.as_str(),
        "attempts": attempts.collect::<Vec<_>>(),
        "closed": closed,
    })
}

fn attempt(history: &History, attempt: &Attempt, ladder: Option<&Ladder>) -> Value {
    let rulings = history.rulings.iter().filter(|r| r.attempt == attempt.id).map(ruling);
    json!({
        "attempt": attempt.id.0,
        "channel": attempt.channel.as_str(),
        "step": super::step_number(ladder, attempt.plan.step),
        "try_number": attempt.plan.try_number,
        "segment": attempt.plan.segment,
        "state": attempt.state.as_str(),
        "due_at": attempt.plan.due_at.to_string(),
        "why": attempt.plan.why,
        "moved_reason": attempt.plan.moved.as_ref().map(|moved| &moved.reason),
        "moved_by": attempt.plan.moved.as_ref().and_then(|moved| moved.by.as_ref()),
        "ladder": attempt.led.as_ref().map(|led| &led.ladder),
        "contact_class": attempt.led.as_ref().and_then(|led| led.contact_class.as_ref()),
        "live_at": attempt.live_at.map(|at| at.to_string()),
        "finished_at": attempt.finished_at.map(|at| at.to_string()),
        "disposition": attempt.outcome.as_ref().map(|o| o.disposition.as_str()),
        "policy": attempt.policy,
        "rulings": rulings.collect::<Vec<_>>(),
        "visit": history.visits.iter().find(|v| v.attempt == attempt.id).map(visit),
    })
}

fn visit(visit: &VisitReport) -> Value {
    json!({ "outcome": visit.outcome.as_str(), "visited_at": visit.visited_at.to_string(), "note": visit.note })
}

fn ruling(ruling: &Ruling) -> Value {
    json!({
        "at": ruling.at.to_string(),
        "verdict": ruling.verdict.as_str(),
        "reason": ruling.reason,
        "made_by": ruling.made_by,
        "until": ruling.until.map(|at| at.to_string()),
        "policy": ruling.policy,
    })
}
