//! Attempts as rows; the columns are those of the books.

use super::Names;
use super::export::{Cell, Type, instant_or_none, number, number_or_none, text, text_or_none};
use crate::books::{Attempt, CallQuality, Ledger};

pub(super) const COLUMNS: [(&str, Type); 40] = [
    ("attempt", Type::Integer),
    ("campaign", Type::Text),
    ("contact_id", Type::Text),
    ("creditor", Type::Text),
    ("channel", Type::Text),
    ("state", Type::Text),
    ("segment", Type::Text),
    ("step", Type::Integer),
    ("try_number", Type::Integer),
    ("due_at", Type::Instant),
    ("live_at", Type::Instant),
    ("finished_at", Type::Instant),
    ("phone", Type::Text),
    ("flow", Type::Text),
    ("disposition", Type::Text),
    ("class", Type::Text),
    ("blame", Type::Text),
    ("cause", Type::Text),
    ("answered_by", Type::Text),
    ("right_party", Type::Bool),
    ("ring_ms", Type::Integer),
    ("talk_ms", Type::Integer),
    ("node", Type::Text),
    ("mos_centi", Type::Integer),
    ("heard_loss_permille", Type::Integer),
    ("heard_jitter_ms", Type::Integer),
    ("said_loss_permille", Type::Integer),
    ("said_jitter_ms", Type::Integer),
    ("round_trip_ms", Type::Integer),
    ("trunk", Type::Text),
    ("caller_id", Type::Text),
    ("cost_micros", Type::Integer),
    ("cost_currency", Type::Text),
    ("agent", Type::Text),
    ("policy", Type::Text),
    ("ladder", Type::Text),
    ("contact_class", Type::Text),
    ("moved_reason", Type::Text),
    ("moved_by", Type::Text),
    ("why", Type::Text),
];

/// `full`: else the middle of a number is hidden.
pub(super) fn rows(ledger: &Ledger, names: &Names, full: bool) -> Vec<Vec<Cell>> {
    ledger.attempts.iter().map(|attempt| row(attempt, ledger, names, full)).collect()
}

fn row(attempt: &Attempt, ledger: &Ledger, names: &Names, full: bool) -> Vec<Cell> {
    let contact = &ledger.contact;
    let phone = attempt.phone.and_then(|id| contact.phones.iter().find(|p| p.id == id));
    let phone = phone.map(|p| if full { p.number.full().to_string() } else { p.number.to_string() });
    let outcome = attempt.outcome.as_ref();
    let quality = |figure: fn(&CallQuality) -> Option<u16>| number_or_none(attempt.quality.as_ref().and_then(figure));
    vec![
        number(attempt.id.0),
        text(names.campaign(attempt.campaign)),
        text(&contact.external_id),
        text(&contact.creditor),
        text(attempt.channel.as_str()),
        text(attempt.state.as_str()),
        text(&attempt.plan.segment),
        number(attempt.plan.step),
        number(attempt.plan.try_number),
        Cell::Instant(attempt.plan.due_at),
        instant_or_none(attempt.live_at),
        instant_or_none(attempt.finished_at),
        text_or_none(phone),
        text_or_none(attempt.flow.as_ref().map(|f| f.to_string())),
        text_or_none(outcome.map(|o| o.disposition.as_str())),
        text_or_none(outcome.map(|o| o.disposition.class().as_str())),
        text_or_none(outcome.map(|o| o.blame.as_str())),
        text_or_none(outcome.and_then(|o| o.cause).map(|c| c.as_str())),
        text_or_none(outcome.and_then(|o| o.answered_by).map(|a| a.as_str())),
        outcome.map_or(Cell::None, |o| Cell::Bool(o.right_party)),
        number_or_none(outcome.map(|o| o.ring_ms)),
        number_or_none(outcome.map(|o| o.talk_ms)),
        text_or_none(outcome.and_then(|o| o.node.as_deref())),
        quality(|q| Some(q.mos_centi)),
        quality(|q| q.heard_loss_permille),
        quality(|q| q.heard_jitter_ms),
        quality(|q| q.said_loss_permille),
        quality(|q| q.said_jitter_ms),
        quality(|q| q.round_trip_ms),
        text_or_none(attempt.trunk.as_deref()),
        // Ours, and no secret.
        text_or_none(attempt.caller_id.as_ref().map(|number| number.full())),
        number_or_none(attempt.cost.map(|c| c.micros)),
        text_or_none(attempt.cost.map(|c| c.currency.code())),
        text_or_none(attempt.agent.map(|a| a.as_str())),
        text_or_none(attempt.policy.as_deref()),
        text_or_none(attempt.led.as_ref().map(|led| led.ladder.as_str())),
        text_or_none(attempt.led.as_ref().and_then(|led| led.contact_class.as_deref())),
        text_or_none(attempt.plan.moved.as_ref().map(|moved| moved.reason.as_str())),
        text_or_none(attempt.plan.moved.as_ref().and_then(|moved| moved.by.as_deref())),
        text(&attempt.plan.why),
    ]
}
