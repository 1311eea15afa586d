//! The first line: which columns there are, and which separator.

use std::borrow::Cow;

use super::Defaults;
use super::line::{self, Line};
use crate::diagnostic::did_you_mean;

/// Columns with a meaning of their own, in the order of the documentation. Numbers are tried in this order, those of `phones` last.
pub(super) const KNOWN: [&str; 21] = [
    "contact_id",
    "person_id",
    "debt_id",
    "name",
    "phone",
    "phone2",
    "phone3",
    "phone4",
    "phone5",
    "phone6",
    "phone7",
    "phone8",
    "phone9",
    "phones",
    "email",
    "language",
    "zone",
    "creditor",
    "amount",
    "currency",
    "due",
];
pub(super) const SEPARATORS: [char; 4] = [',', ';', '\t', '|'];
const COLUMNS_MAX: usize = 64;

#[derive(Debug, thiserror::Error)]
pub enum HeaderError {
    #[error("the file cannot be read")]
    Io(#[source] std::io::Error),
    #[error("the file is empty: expected a header such as contact_id,name,phone,zone,amount,currency,due")]
    Empty,
    #[error(
        "the header is not UTF-8: save the file as `CSV UTF-8`, or say what it is: --encoding windows-1251, utf-16le"
    )]
    Encoding,
    #[error("the header cannot be read: {0}")]
    Line(String),
    #[error("the column `{0}` stands in the header twice")]
    Twice(String),
    #[error("--column or the mapping names `{0}`, which the header does not have")]
    NotThere(String),
    #[error("the header has more than {COLUMNS_MAX} columns")]
    TooMany,
    #[error("the header lacks {}", list(.0))]
    Missing(Vec<Missing>),
}

/// A required column that is not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    pub name: &'static str,
    /// A column of the file that may be meant.
    pub instead: Option<String>,
    /// A default for all contacts would do as well.
    pub or_default: bool,
}

fn list(missing: &[Missing]) -> String {
    let each = missing.iter().map(|m| {
        let instead = m.instead.as_ref().map(|i| format!(" (`{i}` is there: is it meant?)")).unwrap_or_default();
        let default = if m.or_default { " (or give a default for all contacts)" } else { "" };
        format!("`{}`{instead}{default}", m.name)
    });
    each.collect::<Vec<_>>().join(", ")
}

#[derive(Debug)]
pub(super) struct Header {
    pub separator: char,
    /// Cells that every line must have.
    pub columns: usize,
    /// Where each of [`KNOWN`] stands.
    known: [Option<usize>; KNOWN.len()],
    /// Other columns that have a name: they become fields.
    pub further: Vec<(usize, String)>,
}

impl Header {
    /// Of the first line.
    pub fn first(
        lines: &mut dyn Iterator<Item = std::io::Result<Line>>,
        defaults: &Defaults,
    ) -> Result<Header, HeaderError> {
        let first = lines.next().transpose().map_err(HeaderError::Io)?.ok_or(HeaderError::Empty)?;
        Header::parse(&first, defaults)
    }

    fn parse(line: &Line, defaults: &Defaults) -> Result<Header, HeaderError> {
        let text = line.text().map_err(|e| match e {
            line::LineError::Encoding => HeaderError::Encoding,
            other => HeaderError::Line(other.to_string()),
        })?;
        // UTF-16 without a byte order mark is valid UTF-8 full of NULs.
        if text.contains('\0') {
            return Err(HeaderError::Encoding);
        }
        let frequent = SEPARATORS.into_iter().rev().max_by_key(|s| text.matches(*s).count());
        let separator = defaults.separator.or(frequent).unwrap_or(',');
        let cells = line.cells(separator, 0).map_err(|e| HeaderError::Line(e.to_string()))?;
        if cells.is_empty() {
            return Err(HeaderError::Empty);
        }
        if cells.len() > COLUMNS_MAX {
            return Err(HeaderError::TooMany);
        }
        let mut header = Header { separator, columns: cells.len(), known: [None; KNOWN.len()], further: Vec::new() };
        let named = defaults.columns.iter().map(|(theirs, _)| theirs).chain(&defaults.ignored);
        if let Some(name) = named.into_iter().find(|theirs| cells.iter().all(|c| c.trim() != *theirs)) {
            return Err(HeaderError::NotThere(name.clone()));
        }
        for (at, cell) in cells.iter().enumerate() {
            let name = cell.trim();
            if defaults.ignored.iter().any(|ignored| ignored == name) {
                continue;
            }
            let ours = defaults.columns.iter().find(|(theirs, _)| theirs == name);
            let name = ours.map_or(name, |(_, ours)| ours);
            let lower = name.to_lowercase();
            if let Some(known) = KNOWN.iter().position(|k| *k == lower) {
                if header.known[known].replace(at).is_some() {
                    return Err(HeaderError::Twice(lower));
                }
            } else if !name.is_empty() {
                if header.further.iter().any(|(_, n)| n == name) {
                    return Err(HeaderError::Twice(name.into()));
                }
                header.further.push((at, name.into()));
            }
        }
        header.all_there(defaults)?;
        Ok(header)
    }

    /// Where the column stands. `name` is one of [`KNOWN`].
    pub fn at(&self, name: &str) -> Option<usize> {
        KNOWN.iter().position(|k| *k == name).and_then(|known| self.known[known])
    }

    /// What a column is called here; `None` for one without a name, or that is passed over.
    pub fn name(&self, at: usize) -> Option<&str> {
        let known = self.known.iter().position(|k| *k == Some(at)).map(|known| KNOWN[known]);
        known.or_else(|| self.further.iter().find(|(place, _)| *place == at).map(|(_, name)| name.as_str()))
    }

    /// A line's cell under the column, trimmed; empty where there is no such column.
    pub fn cell<'c>(&self, name: &str, cells: &'c [Cow<'_, str>]) -> &'c str {
        let further = || self.further.iter().find(|(_, n)| n == name).map(|(at, _)| *at);
        self.at(name).or_else(further).and_then(|at| cells.get(at)).map_or("", |cell| cell.trim())
    }

    /// Where numbers stand.
    pub fn phones(&self) -> impl Iterator<Item = (&'static str, usize)> {
        let known = KNOWN.iter().zip(self.known).filter(|(name, _)| name.starts_with("phone"));
        known.filter_map(|(name, at)| Some((*name, at?)))
    }

    fn all_there(&self, defaults: &Defaults) -> Result<(), HeaderError> {
        let required = [
            ("contact_id", false, false),
            ("name", false, false),
            ("phone", self.phones().next().is_some(), false),
            ("language", defaults.language.is_some(), true),
            ("creditor", defaults.creditor.is_some(), true),
            ("amount", false, false),
            ("currency", defaults.currency.is_some(), true),
            ("due", false, false),
        ];
        let missing = required.into_iter().filter(|(name, given, _)| self.at(name).is_none() && !given);
        let missing: Vec<Missing> = missing
            .map(|(name, _, or_default)| {
                let instead = did_you_mean(name, self.further.iter().map(|(_, n)| n.as_str())).map(str::to_string);
                Missing { name, instead, or_default }
            })
            .collect();
        if missing.is_empty() { Ok(()) } else { Err(HeaderError::Missing(missing)) }
    }
}
