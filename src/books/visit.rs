//! What came of a visit, as a clerk reports it.

use crate::id::AttemptId;
use crate::time::Wall;

crate::words! {
    /// What was found at the door.
    pub enum VisitOutcome {
        NobodyHome = "nobody_home",
        /// The house or the yard could not be entered.
        NoAccess = "no_access",
        /// Somebody else opened; nothing of the debt was said.
        ThirdParty = "third_party",
        /// The person was spoken to, and nothing came of it.
        Met = "met",
        Promised = "promised",
        AlreadyPaid = "already_paid",
        Disputed = "disputed",
        Refused = "refused",
        /// The person does not live there any more.
        Moved = "moved",
    }
}

/// Once a visit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VisitReport {
    pub attempt: AttemptId,
    pub outcome: VisitOutcome,
    /// When somebody was there.
    pub visited_at: Wall,
    /// In the clerk's words; may be empty.
    pub note: String,
    /// When it was entered.
    pub at: Wall,
}
