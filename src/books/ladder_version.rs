//! Published ladders: what is kept of a version. As with flows, one name and version has one content, for good.

use std::fmt;

use super::BookError;
use crate::time::Wall;

/// A ladder as it was published. A ladder without a `version` is pinned to its campaign by its content alone, and is not here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LadderVersion {
    /// Of the source.
    pub hash: String,
    pub name: String,
    /// From 1.
    pub version: u32,
    pub source: String,
}

impl fmt::Display for LadderVersion {
    /// `utility_overdue v3 (1a2b3c4d5e6f)`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} v{} ({})", self.name, self.version, self.hash)
    }
}

impl LadderVersion {
    /// This one is published, and another content was to be.
    pub fn other_content(&self) -> BookError {
        let LadderVersion { name, version, hash, .. } = self;
        BookError::Conflict(format!(
            "ladder {name} version {version} is already published with another content ({hash}); raise its `version:`"
        ))
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedLadder {
    pub ladder: LadderVersion,
    pub published_at: Wall,
}

/// What a ladder made of a contact when an attempt was made: reports tell apart by what held then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Led {
    /// Name, version and hash.
    pub ladder: String,
    /// One of the ladder's classes; `None`: it has none that takes the contact.
    pub contact_class: Option<String>,
}

/// Why an attempt is planned later than the ladder says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    /// The rule's one word, as of a [`Ruling`](super::Ruling).
    pub reason: String,
    /// The id of a law, or `ladder`. `None`: every installation keeps it.
    pub by: Option<String>,
}
