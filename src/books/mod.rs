//! The books: the rows that are kept, the writes that change them, and a model of both in plain Rust.
//!
//! Pure. A database is one way to keep these books (`store`); the simulator keeps them in memory.

pub mod account;
mod batch;
pub mod flow_version;
mod ladder_version;
mod ledger;
pub mod merge;
pub mod model;
pub mod person;
pub mod pledge;
mod refusal;
pub mod rows;
mod standing;
mod suppression;
mod table;
pub mod visit;
mod write;

use crate::id::{AttemptId, CampaignId};

pub use account::{Account, AccountOf, NewPayment, Paid, PromisePart, PromiseTerms};
pub use batch::{
    ImportBatch, ImportCounts, ImportPart, ImportReject, Kept, NewBatch, RejectCode, TakeBack, Undone, Whereabouts,
};
pub use flow_version::{FlowRef, FlowRefError, FlowVersion, NotPublished, Publication, PublishedFlow, Which};
pub use ladder_version::{LadderVersion, Led, Moved, PublishedLadder};
pub use ledger::{CallPath, KeptRuling, Ledger, LedgerPlace};
pub use model::Model;
pub use person::{Earlier, Forget, Forgotten, InboundOf, Keeping, KeptCall, KeptMessage, PurgeReport, Whom};
pub use refusal::{Difference, Refusal};
pub use rows::*;
pub use suppression::{ReleasedNumber, SuppressedNumber, SuppressionHash, SuppressionKey};
pub use visit::{VisitOutcome, VisitReport};
pub use write::*;

pub use crate::price::Cost;

impl BookError {
    /// One name and version has one content, for good.
    pub fn other_content(there: &FlowVersion) -> BookError {
        let FlowVersion { name, version, hash, .. } = there;
        BookError::Conflict(format!(
            "flow {name} version {version} is already published with another content ({hash}); raise its `version:`"
        ))
    }

    pub fn no_visit(attempt: AttemptId) -> BookError {
        BookError::Conflict(format!("attempt {attempt} is no visit that waits for a report"))
    }

    pub fn uses_no_flow(campaign: CampaignId, flow: &FlowVersion) -> BookError {
        BookError::Conflict(format!("campaign {campaign} uses no flow named {}", flow.name))
    }
}

/// Why the books refuse: what the caller can do about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BookError {
    /// Ask for something else.
    #[error("{0} is not there")]
    NotFound(String),
    /// The books say otherwise; nothing of the group was kept.
    #[error("{0}")]
    Conflict(String),
}
