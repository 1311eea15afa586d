//! The search for the first lawful instant.

use std::time::Duration;

use super::decide::{Decision, Question, decide};
use crate::time::Wall;

/// How far ahead `earliest` looks.
pub const SEARCH_DAYS_MAX: u64 = 60;

/// The first instant at or after `from` at which every rule allows (`question.now` is not asked), or the decision that
/// stands in the way for good, or for longer than [`SEARCH_DAYS_MAX`].
///
/// Exact, because each rule says exactly until when it denies: no instant between can be allowed.
pub fn earliest(question: &Question, from: Wall) -> Result<Wall, Decision> {
    let end = from + Duration::from_secs(SEARCH_DAYS_MAX * 86_400);
    let mut now = from;
    loop {
        let decision = decide(&Question { now, ..*question });
        match decision {
            Decision::Allow => return Ok(now),
            Decision::Deny { until: Some(until), .. } if until <= end => {
                // A rule that denies until now denies nothing; without this the loop would not end.
                assert!(until > now, "a rule denies until an instant after the question's");
                now = until;
            }
            Decision::Deny { .. } | Decision::NeedsHuman { .. } => return Err(decision),
        }
    }
}
