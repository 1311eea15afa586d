//! The header line: which columns there are, which separator, and which line it is.

use std::borrow::Cow;

use super::kind::Kind;
use super::line::{self, Line};
use super::row::shown;
use super::{Defaults, Reject};
use crate::books::RejectCode;
use crate::diagnostic::did_you_mean;

pub(super) const SEPARATORS: [char; 4] = [',', ';', '\t', '|'];
const COLUMNS_MAX: usize = 64;
/// So many lines are looked at for a header that is not the first line.
const LOOKED_AT_MAX: usize = 30;

#[derive(Debug, thiserror::Error)]
pub enum HeaderError {
    #[error("the file cannot be read")]
    Io(#[source] std::io::Error),
    #[error("the file is empty: expected a header such as {0}")]
    Empty(&'static str),
    #[error("the file has no line {0}, where its header was said to be")]
    NoLine(u64),
    #[error("line {0}, where the header was said to be, is empty")]
    EmptyLine(u64),
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
    #[error(
        "the column `{found}` means nothing here: is `{meant}` meant? Name it so, or leave it out: --ignore {found}"
    )]
    Meant { found: String, meant: &'static str },
    /// What stands above the list is taken for its header.
    #[error("{because}. Line {line} looks like the header: if it is, say so: --header-line {line}")]
    Below { because: Box<HeaderError>, line: u64 },
}

/// A required column that is not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    pub name: &'static str,
    /// A column of the file that may be meant.
    pub instead: Option<String>,
    /// A default for all lines would do as well.
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
    pub kind: &'static Kind,
    pub separator: char,
    /// Cells that every line must have.
    pub columns: usize,
    /// Where each of the kind's known columns stands.
    known: Vec<Option<usize>>,
    /// Other columns that have a name: of contacts, they become fields.
    pub further: Vec<(usize, String)>,
    /// Columns without a name: an editor's empty ones, or what is left of merged cells.
    pub nameless: Vec<usize>,
}

type Lines<'l> = dyn Iterator<Item = std::io::Result<Line>> + 'l;

impl Header {
    /// Of the line that `defaults` says, else of the first that is not empty.
    pub fn first(lines: &mut Lines<'_>, kind: &'static Kind, defaults: &Defaults) -> Result<Header, HeaderError> {
        let (line, said) = Header::line(lines, kind, defaults)?;
        let parsed = Header::parse(&line, kind, defaults);
        let because = match parsed {
            Err(e @ (HeaderError::Missing(_) | HeaderError::NotThere(_))) if !said => e,
            parsed => return parsed,
        };
        let below = lines.take(LOOKED_AT_MAX).filter_map(Result::ok);
        let of = signs(&line, kind, defaults);
        let below: Vec<(Signs, u64)> = below.map(|line| (signs(&line, kind, defaults), line.number)).collect();
        let names = below.iter().map(|(signs, _)| signs.names).max().filter(|names| *names > of.names.max(1));
        let looks_so = |found: &Signs| match names {
            Some(most) => found.names == most,
            // A title fills a cell or two, a header many.
            None => of.full <= 2 && found.full > 3,
        };
        match below.iter().find(|(signs, _)| looks_so(signs)) {
            Some((_, line)) => Err(HeaderError::Below { because: Box::new(because), line: *line }),
            None => Err(because),
        }
    }

    /// The header's line, and whether it was said which it is.
    fn line(lines: &mut Lines<'_>, kind: &'static Kind, defaults: &Defaults) -> Result<(Line, bool), HeaderError> {
        for line in lines {
            let line = line.map_err(HeaderError::Io)?;
            match defaults.header_line {
                Some(at) if line.number < at => {}
                // A workbook's empty rows do not come.
                Some(at) if line.number > at => return Err(HeaderError::EmptyLine(at)),
                Some(_) => return Ok((line, true)),
                None if line.is_empty() => {}
                None => return Ok((line, false)),
            }
        }
        Err(defaults.header_line.map_or(HeaderError::Empty(kind.example), HeaderError::NoLine))
    }

    fn parse(line: &Line, kind: &'static Kind, defaults: &Defaults) -> Result<Header, HeaderError> {
        let text = line.text().map_err(|e| match e {
            line::LineError::Encoding => HeaderError::Encoding,
            other => HeaderError::Line(other.to_string()),
        })?;
        // UTF-16 without a byte order mark is valid UTF-8 full of NULs.
        if text.contains('\0') {
            return Err(HeaderError::Encoding);
        }
        let separator = separator(text, defaults);
        let cells = line.cells(separator, 0).map_err(|e| HeaderError::Line(e.to_string()))?;
        if cells.is_empty() {
            return Err(HeaderError::EmptyLine(line.number));
        }
        if cells.len() > COLUMNS_MAX {
            return Err(HeaderError::TooMany);
        }
        let names: Vec<String> = cells.iter().map(|cell| plain(cell)).collect();
        let known = vec![None; kind.known.len()];
        let (further, nameless) = Default::default();
        let mut header = Header { kind, separator, columns: cells.len(), known, further, nameless };
        let said = defaults.columns.iter().map(|(theirs, _)| theirs).chain(&defaults.ignored);
        if let Some(name) = said.into_iter().find(|theirs| !names.contains(&plain(theirs))) {
            return Err(HeaderError::NotThere(name.clone()));
        }
        for (at, name) in names.iter().enumerate() {
            if name.is_empty() {
                header.nameless.push(at);
                continue;
            }
            if defaults.ignored.iter().any(|ignored| plain(ignored) == *name) {
                continue;
            }
            let ours = defaults.columns.iter().find(|(theirs, _)| plain(theirs) == *name);
            let name = ours.map_or(name, |(_, ours)| ours);
            let lower = name.to_lowercase();
            if let Some(known) = kind.known.iter().position(|k| *k == lower) {
                if header.known[known].replace(at).is_some() {
                    return Err(HeaderError::Twice(lower));
                }
            } else {
                if header.further.iter().any(|(_, n)| n == name) {
                    return Err(HeaderError::Twice(name.into()));
                }
                header.further.push((at, name.into()));
            }
        }
        header.all_there(defaults)?;
        header.nothing_meant()?;
        Ok(header)
    }

    /// Where the column stands. `name` is one of the kind's known ones.
    pub fn at(&self, name: &str) -> Option<usize> {
        self.kind.known.iter().position(|k| *k == name).and_then(|known| self.known[known])
    }

    /// Where the column stands, one with a meaning or another.
    pub fn place(&self, name: &str) -> Option<usize> {
        let further = || self.further.iter().find(|(_, n)| n == name).map(|(at, _)| *at);
        self.at(name).or_else(further)
    }

    /// What a column is called here; `None` for one without a name, or that is passed over.
    pub fn name(&self, at: usize) -> Option<&str> {
        let known = self.known.iter().position(|k| *k == Some(at)).map(|known| self.kind.known[known]);
        known.or_else(|| self.further.iter().find(|(place, _)| *place == at).map(|(_, name)| name.as_str()))
    }

    /// A line's cell under the column, trimmed; empty where there is no such column.
    pub fn cell<'c>(&self, name: &str, cells: &'c [Cow<'_, str>]) -> &'c str {
        self.place(name).and_then(|at| cells.get(at)).map_or("", |cell| cell.trim())
    }

    /// A line's cells, as many as the header has; none of an empty line.
    pub fn cells<'l>(&self, line: &'l Line) -> Result<Vec<Cow<'l, str>>, Reject> {
        let reject = |field: &str, value: &str, code, why: String| {
            let (field, value) = (field.to_string(), shown(value));
            Reject { line: line.number, field, value, code, why }
        };
        let mut cells =
            line.cells(self.separator, self.columns).map_err(|e| reject("", "", e.code(), e.to_string()))?;
        let (expected, found) = (self.columns, cells.len());
        if let Some((at, total)) = total(&cells, expected) {
            let why =
                "a line of totals, by its first word: it is passed over; delete it to have no rejects".to_string();
            return Err(reject(self.name(at).unwrap_or_default(), total, RejectCode::Total, why));
        }
        // A spreadsheet's cells beyond the header are somebody's notes when they are empty only.
        let beyond = cells.iter().skip(expected).all(|c| c.trim().is_empty());
        if found != 0 && found != expected && !(line.is_sheet() && beyond) {
            let few = if found < expected { "few" } else { "many" };
            let why = format!("too {few} fields: expected {expected} as in the header, found {found}");
            return Err(reject("", "", RejectCode::CellCount, why));
        }
        cells.truncate(expected);
        Ok(cells)
    }

    /// Where numbers stand.
    pub fn phones(&self) -> impl Iterator<Item = (&'static str, usize)> {
        let known = self.kind.known.iter().zip(&self.known).filter(|(name, _)| name.starts_with("phone"));
        known.filter_map(|(name, at)| Some((*name, (*at)?)))
    }

    fn all_there(&self, defaults: &Defaults) -> Result<(), HeaderError> {
        let given = |name: &str, default: Option<fn(&Defaults) -> bool>| {
            self.at(name).is_some()
                || name == "phone" && self.phones().next().is_some()
                || default.is_some_and(|default| default(defaults))
        };
        let missing = self.kind.required.iter().filter(|(name, default)| !given(name, *default));
        let missing: Vec<Missing> = missing
            .map(|(name, default)| {
                let instead = did_you_mean(name, self.further.iter().map(|(_, n)| n.as_str())).map(str::to_string);
                Missing { name, instead, or_default: default.is_some() }
            })
            .collect();
        if missing.is_empty() { Ok(()) } else { Err(HeaderError::Missing(missing)) }
    }

    /// Where further columns mean nothing, one that nearly has the name of another that is not there is a slip of the hand.
    fn nothing_meant(&self) -> Result<(), HeaderError> {
        if self.kind.keeps_further {
            return Ok(());
        }
        let absent: Vec<&'static str> =
            self.kind.known.iter().copied().filter(|name| self.at(name).is_none()).collect();
        let near = |found: &str| did_you_mean(&found.to_lowercase(), absent.iter().copied());
        match self.further.iter().find_map(|(_, found)| Some((found, near(found)?))) {
            Some((found, meant)) => {
                let meant = absent.iter().find(|name| **name == meant).expect("one of them");
                Err(HeaderError::Meant { found: found.clone(), meant })
            }
            None => Ok(()),
        }
    }
}

/// First words of a line of totals, in the languages spoken here.
const TOTALS: [&str; 19] = [
    "итог",
    "итого",
    "всего",
    "total",
    "totals",
    "subtotal",
    "sum",
    "summe",
    "gesamt",
    "gesamtsumme",
    "suma",
    "razem",
    "ogółem",
    "разом",
    "усього",
    "всього",
    "барлығы",
    "жиыны",
    "toplam",
];

/// The first cell that is not empty, when it begins a line of totals: most other cells are empty.
fn total<'c>(cells: &'c [Cow<'_, str>], columns: usize) -> Option<(usize, &'c str)> {
    let mut full = cells.iter().enumerate().filter(|(_, cell)| !cell.trim().is_empty());
    let (at, first) = full.next()?;
    let word = first.trim().to_lowercase();
    let word = word.split(|c: char| !c.is_alphabetic()).next()?;
    let few = 2 * (1 + full.count()) <= columns;
    (few && TOTALS.contains(&word)).then_some((at, first.trim()))
}

/// As headers are compared: without breaks and double blanks, which merged cells and narrow columns bring.
fn plain(name: &str) -> String {
    name.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn separator(text: &str, defaults: &Defaults) -> char {
    let frequent = SEPARATORS.into_iter().rev().max_by_key(|s| text.matches(*s).count());
    defaults.separator.or(frequent).unwrap_or(',')
}

/// What speaks for a line to be the header.
#[derive(Default)]
struct Signs {
    /// Cells that are names of columns, by the kind or by what was said beside the file.
    names: usize,
    /// Cells with something in them.
    full: usize,
}

fn signs(line: &Line, kind: &Kind, defaults: &Defaults) -> Signs {
    let Ok(text) = line.text() else { return Signs::default() };
    let Ok(cells) = line.cells(separator(text, defaults), 0) else { return Signs::default() };
    let said = |name: &str| defaults.columns.iter().any(|(theirs, _)| plain(theirs) == name);
    let cells: Vec<String> = cells.iter().map(|cell| plain(cell)).filter(|cell| !cell.is_empty()).collect();
    let names = cells.iter().filter(|name| said(name) || kind.known.contains(&name.to_lowercase().as_str()));
    Signs { names: names.count(), full: cells.len() }
}
