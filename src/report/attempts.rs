//! Attempts as CSV, a line at a time; the columns are those of the books.

use super::csv;
use crate::books::{Attempt, CallQuality, Contact};
use crate::time::Wall;

pub fn header() -> String {
    csv::line([
        "attempt",
        "campaign",
        "contact_id",
        "channel",
        "state",
        "segment",
        "step",
        "try_number",
        "due_at",
        "live_at",
        "finished_at",
        "phone",
        "flow",
        "disposition",
        "class",
        "blame",
        "cause",
        "answered_by",
        "right_party",
        "ring_ms",
        "talk_ms",
        "mos_centi",
        "heard_loss_permille",
        "heard_jitter_ms",
        "said_loss_permille",
        "said_jitter_ms",
        "round_trip_ms",
        "why",
    ])
}

/// `full_numbers`: else the middle of a number is hidden.
pub fn line(attempt: &Attempt, campaign: &str, contact: &Contact, full_numbers: bool) -> String {
    let phone = attempt.phone.and_then(|id| contact.phones.iter().find(|p| p.id == id));
    let phone = phone.map(|p| if full_numbers { p.number.full().to_string() } else { p.number.to_string() });
    let at = |wall: Option<Wall>| wall.map(|w| w.to_string()).unwrap_or_default();
    let outcome = attempt.outcome.as_ref();
    let of_outcome = |text: Option<&'static str>| text.unwrap_or_default().to_string();
    let number = |n: Option<u32>| n.map(|n| n.to_string()).unwrap_or_default();
    let of_quality = |figure: fn(&CallQuality) -> Option<u16>| {
        attempt.quality.as_ref().and_then(figure).map(|n| n.to_string()).unwrap_or_default()
    };
    let cells = [
        attempt.id.to_string(),
        campaign.to_string(),
        contact.external_id.clone(),
        attempt.channel.to_string(),
        attempt.state.to_string(),
        attempt.plan.segment.clone(),
        attempt.plan.step.to_string(),
        attempt.plan.try_number.to_string(),
        at(Some(attempt.plan.due_at)),
        at(attempt.live_at),
        at(attempt.finished_at),
        phone.unwrap_or_default(),
        attempt.flow.as_ref().map(|f| f.to_string()).unwrap_or_default(),
        of_outcome(outcome.map(|o| o.disposition.as_str())),
        of_outcome(outcome.map(|o| o.disposition.class().as_str())),
        of_outcome(outcome.map(|o| o.blame.as_str())),
        of_outcome(outcome.and_then(|o| o.cause).map(|c| c.as_str())),
        of_outcome(outcome.and_then(|o| o.answered_by).map(|a| a.as_str())),
        outcome.map(|o| o.right_party.to_string()).unwrap_or_default(),
        number(outcome.map(|o| o.ring_ms)),
        number(outcome.map(|o| o.talk_ms)),
        of_quality(|q| Some(q.mos_centi)),
        of_quality(|q| q.heard_loss_permille),
        of_quality(|q| q.heard_jitter_ms),
        of_quality(|q| q.said_loss_permille),
        of_quality(|q| q.said_jitter_ms),
        of_quality(|q| q.round_trip_ms),
        attempt.plan.why.clone(),
    ];
    csv::line(cells.iter().map(String::as_str))
}
