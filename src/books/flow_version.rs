//! Published flows: what is kept of a version, how one is named by hand, and which one a name means.

use std::fmt;
use std::str::FromStr;

use crate::diagnostic::did_you_mean;
use crate::flow::program::{FlowHash, Program};
use crate::time::Wall;

/// A flow as it was published. Never changed; another content is another version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlowVersion {
    pub hash: FlowHash,
    pub name: String,
    pub version: u32,
    /// What `flow::compile` takes, whole: nothing beside it is needed to run the flow again.
    pub source: String,
}

impl FlowVersion {
    /// The one place where the text to be kept is chosen: compiled again, it gives a program of the same hash.
    pub fn of(program: &Program, source: &str) -> FlowVersion {
        FlowVersion {
            hash: program.hash.clone(),
            name: program.name.clone(),
            version: program.version,
            source: source.to_string(),
        }
    }
}

impl fmt::Display for FlowVersion {
    /// `overdue_reminder v3 (1a2b3c4d5e6f)`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} v{} ({})", self.name, self.version, self.hash)
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedFlow {
    pub flow: FlowVersion,
    pub published_at: Wall,
}

/// What publishing came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Publication {
    New,
    /// The same content was published before, then.
    Already(Wall),
}

/// A published flow as it is named by hand: `overdue_reminder`, `overdue_reminder@3`, `overdue_reminder#1a2b3c`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlowRef {
    pub name: String,
    pub which: Which,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Which {
    /// The highest version.
    Latest,
    Version(u32),
    /// The beginning of a hash, at least [`HASH_DIGITS_MIN`] digits, in lower case.
    Hash(String),
}

/// Fewer digits of a hash are too easily somebody else's.
pub const HASH_DIGITS_MIN: usize = 4;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` names no version of a flow; write NAME, NAME@VERSION or NAME#HASH (at least four digits of it)")]
pub struct FlowRefError(String);

impl FromStr for FlowRef {
    type Err = FlowRefError;

    fn from_str(written: &str) -> Result<FlowRef, FlowRefError> {
        let wrong = || FlowRefError(written.to_string());
        let (name, which) = if let Some((name, version)) = written.split_once('@') {
            (name, Which::Version(version.parse().ok().filter(|v| *v >= 1).ok_or_else(wrong)?))
        } else if let Some((name, digits)) = written.split_once('#') {
            let good = digits.len() >= HASH_DIGITS_MIN && digits.chars().all(|c| c.is_ascii_hexdigit());
            (name, Which::Hash(good.then(|| digits.to_ascii_lowercase()).ok_or_else(wrong)?))
        } else {
            (written, Which::Latest)
        };
        if name.is_empty() {
            return Err(wrong());
        }
        Ok(FlowRef { name: name.to_string(), which })
    }
}

/// Why a [`FlowRef`] means no published flow, or more than one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotPublished {
    #[error("no flow `{name}` is published{}", similar.as_ref().map(|s| format!("; did you mean `{s}`?")).unwrap_or_default())]
    Name { name: String, similar: Option<String> },
    #[error("flow {name} has no published version {version}; there are {there}")]
    Version { name: String, version: u32, there: String },
    #[error("no published version of flow {name} has a hash that begins with {digits}")]
    Hash { name: String, digits: String },
    #[error("that may be any of {candidates}; write more digits of the hash, as NAME#HASH")]
    Several { candidates: String },
}

impl FlowRef {
    /// # Errors
    /// No published flow is meant, or more than one.
    pub fn find<'a>(&self, published: &'a [PublishedFlow]) -> Result<&'a PublishedFlow, NotPublished> {
        let name = self.name.clone();
        let mut named: Vec<&PublishedFlow> = published.iter().filter(|p| p.flow.name == name).collect();
        named.sort_by_key(|p| (p.flow.version, p.published_at));
        let Some(latest) = named.last().copied() else {
            let names = published.iter().map(|p| p.flow.name.as_str());
            let similar = did_you_mean(&name, names).map(str::to_string);
            return Err(NotPublished::Name { name, similar });
        };
        let meant: Vec<&PublishedFlow> = match &self.which {
            Which::Latest => vec![latest],
            Which::Version(version) => named.iter().copied().filter(|p| p.flow.version == *version).collect(),
            Which::Hash(digits) => {
                named.iter().copied().filter(|p| p.flow.hash.0.starts_with(digits.as_str())).collect()
            }
        };
        match (meant.as_slice(), &self.which) {
            ([one], _) => Ok(one),
            ([], Which::Hash(digits)) => Err(NotPublished::Hash { name, digits: digits.clone() }),
            ([], Which::Version(version)) => {
                let mut versions: Vec<String> = named.iter().map(|p| p.flow.version.to_string()).collect();
                versions.dedup();
                Err(NotPublished::Version { name, version: *version, there: versions.join(", ") })
            }
            ([], Which::Latest) => Err(NotPublished::Name { name, similar: None }),
            (several, _) => {
                let candidates: Vec<String> = several.iter().map(|p| p.flow.to_string()).collect();
                Err(NotPublished::Several { candidates: candidates.join(", ") })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// name, version, hash
    fn published(rows: &[(&str, u32, &str)]) -> Vec<PublishedFlow> {
        let flow = |(n, (name, version, hash)): (usize, &(&str, u32, &str))| PublishedFlow {
            flow: FlowVersion {
                hash: FlowHash((*hash).into()),
                name: (*name).into(),
                version: *version,
                source: String::new(),
            },
            published_at: Wall(n as i64),
        };
        rows.iter().enumerate().map(flow).collect()
    }

    #[test]
    fn which_version_a_name_means() {
        // Two contents of version 2: books that an earlier program kept.
        let there = [
            ("bill", 2, "aaaa1111"),
            ("bill", 10, "bbbb2222"),
            ("bill", 9, "cccc3333"),
            ("bill", 2, "aaaa4444"),
            ("other", 1, "dddd"),
        ];
        for (written, found) in [
            ("bill", "bill v10 (bbbb2222)"),
            ("bill@9", "bill v9 (cccc3333)"),
            ("bill#aaaa4", "bill v2 (aaaa4444)"),
            ("bill#CCCC", "bill v9 (cccc3333)"),
            ("bill@2", "that may be any of bill v2 (aaaa1111), bill v2 (aaaa4444)"),
            ("bill#aaaa", "that may be any of"),
            ("bill@3", "flow bill has no published version 3; there are 2, 9, 10"),
            ("bill#dddd", "no published version of flow bill has a hash that begins with dddd"),
            ("bil", "no flow `bil` is published; did you mean `bill`?"),
            ("reminder", "no flow `reminder` is published"),
            ("bill@", "`bill@` names no version of a flow"),
            ("bill@0", "names no version"),
            ("bill#abc", "names no version"),
            ("bill#wxyz", "names no version"),
            ("@1", "names no version"),
            ("", "names no version"),
        ] {
            let published = published(&there);
            let said = match written.parse::<FlowRef>() {
                Ok(flow) => flow.find(&published).map_or_else(|e| e.to_string(), |p| p.flow.to_string()),
                Err(e) => e.to_string(),
            };
            assert!(said.contains(found), "{written}: expected `{found}`, found `{said}`");
        }
    }
}
