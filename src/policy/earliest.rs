//! The search for the first lawful instant.

use std::time::Duration;

use super::decide::{Decision, Question, decide};
use crate::time::Wall;

/// How far ahead `earliest` looks.
pub const SEARCH_DAYS_MAX: u64 = 60;

/// Where the search ends, and what it met first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    pub at: Wall,
    /// What denied `from`; `None`: nothing, and `at` is `from`.
    pub denied: Option<Decision>,
}

/// The first instant at or after `from` at which every rule allows (`question.now` is not asked), or the decision that
/// stands in the way for good, or for longer than [`SEARCH_DAYS_MAX`].
///
/// Exact, because each rule says exactly until when it denies: no instant between can be allowed.
pub fn earliest(question: &Question, from: Wall) -> Result<Wall, Decision> {
    search(question, from).map(|found| found.at)
}

/// [`earliest`], with what denied first: nobody need decide again to say so.
pub fn search(question: &Question, from: Wall) -> Result<Found, Decision> {
    let end = from + Duration::from_secs(SEARCH_DAYS_MAX * 86_400);
    let mut now = from;
    let mut denied = None;
    loop {
        let decision = decide(&Question { now, ..*question });
        match decision {
            Decision::Allow => return Ok(Found { at: now, denied }),
            Decision::Deny { until: Some(until), .. } if until <= end => {
                // A rule that denies until now denies nothing; without this the loop would not end.
                assert!(until > now, "a rule denies until an instant after the question's");
                now = until;
                denied.get_or_insert(decision);
            }
            Decision::Deny { .. } | Decision::NeedsHuman { .. } => return Err(decision),
        }
    }
}
