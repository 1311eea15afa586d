//! A creditor's CSV → contacts, and rejects that say line, field and reason.
//!
//! Reads a stream, a batch at a time; keeps nothing but the ids it has seen. Knows no store. Start at [`ContactReader`].

mod amount;
mod encoding;
mod header;
mod line;
mod payment;
mod row;

use std::collections::HashMap;
use std::fmt;
use std::io::BufRead;

pub use encoding::{Encoding, decoded};
pub use header::HeaderError;
pub use payment::{PaymentBatch, PaymentReader};

use crate::books::NewContact;
use crate::language::Language;
use crate::money::Currency;
use crate::policy::Claimant;
use crate::time::Zone;
use header::Header;
use line::{Line, LineReader};

/// What is said of a file beside it: what a contact gets where it has no such column, or an empty cell in it.
#[derive(Debug, Clone, Default)]
pub struct Defaults {
    /// Names of columns in the file, and what they are called here.
    pub columns: Vec<(String, String)>,
    pub language: Option<Language>,
    pub zone: Option<Zone>,
    pub creditor: Option<String>,
    pub currency: Option<Currency>,
    /// Who claims the debt.
    pub claimant: Option<Claimant>,
}

/// One fault of one line. The line is not imported; the others are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reject {
    /// Counts from 1, the header included.
    pub line: u64,
    /// The column; empty when the fault is the line's.
    pub field: String,
    /// As it stood, cut to a screen's width.
    pub value: String,
    /// What is wrong, and what was expected.
    pub why: String,
}

impl fmt::Display for Reject {
    /// Without the value of a phone column: screens and logs show no whole numbers.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}", self.line)?;
        if !self.field.is_empty() {
            write!(f, ", {}", self.field)?;
        }
        if !self.value.is_empty() && !self.field.starts_with("phone") {
            write!(f, " `{}`", self.value)?;
        }
        write!(f, ": {}", self.why)
    }
}

/// What some lines came to.
#[derive(Debug, Default)]
pub struct Batch {
    pub contacts: Vec<NewContact>,
    /// Where each of them stood.
    pub lines: Vec<u64>,
    /// Several of one line stand together.
    pub rejects: Vec<Reject>,
    pub lines_rejected: u64,
}

/// Reads contacts from CSV: UTF-8, `,` `;` or tab, one contact a line, quoted cells as in RFC 4180 but never over two
/// lines (an unclosed quote then costs one line, not the rest of the file).
#[derive(Debug)]
pub struct ContactReader<R> {
    lines: LineReader<R>,
    header: Header,
    defaults: Defaults,
    zones: row::Zones,
    /// Accepted contacts and their debts, and where they stood.
    seen: HashMap<(Box<str>, Box<str>), u64>,
}

impl<R: BufRead> ContactReader<R> {
    /// Reads the header.
    pub fn new(reader: R, defaults: Defaults) -> Result<ContactReader<R>, HeaderError> {
        let mut lines = LineReader::new(reader);
        let first = lines.next().transpose().map_err(HeaderError::Io)?.ok_or(HeaderError::Empty)?;
        let header = Header::parse(&first, &defaults)?;
        Ok(ContactReader { lines, header, defaults, zones: row::Zones::default(), seen: HashMap::new() })
    }

    /// Columns beyond the known ones; they become the contact's fields.
    pub fn further_columns(&self) -> Vec<&str> {
        self.header.further.iter().map(|(_, name)| name.as_str()).collect()
    }

    /// The next `lines` lines; `None` at the end of the file.
    pub fn batch(&mut self, lines: usize) -> std::io::Result<Option<Batch>> {
        let mut batch = Batch::default();
        let mut read = 0;
        while read < lines {
            let Some(line) = self.lines.next().transpose()? else { break };
            read += 1;
            match self.contact(&line) {
                Ok(Some(contact)) => {
                    for debt in &contact.debts {
                        self.seen.insert(row::key(&contact.external_id, &debt.external_id), line.number);
                    }
                    batch.lines.push(line.number);
                    batch.contacts.push(contact);
                }
                Ok(None) => {}
                Err(rejects) => {
                    batch.rejects.extend(rejects);
                    batch.lines_rejected += 1;
                }
            }
        }
        Ok((read > 0).then_some(batch))
    }

    /// `None`: an empty line.
    fn contact(&mut self, line: &Line) -> Result<Option<NewContact>, Vec<Reject>> {
        let of_line = |why: String| vec![Reject { line: line.number, field: String::new(), value: String::new(), why }];
        let text = line.text().map_err(|why| of_line(why.to_string()))?;
        if text.trim().is_empty() {
            return Ok(None);
        }
        let cells = line::split(text, self.header.separator).map_err(|e| of_line(e.to_string()))?;
        let expected = self.header.columns;
        if cells.len() != expected {
            let few = if cells.len() < expected { "few" } else { "many" };
            return Err(of_line(format!(
                "too {few} fields: expected {expected} as in the header, found {}",
                cells.len()
            )));
        }
        if cells.iter().all(|c| c.trim().is_empty()) {
            return Ok(None);
        }
        row::contact(&cells, line.number, &self.header, &self.defaults, &mut self.zones, &self.seen).map(Some)
    }
}

/// All at once, for files that are known to be small.
pub fn read(reader: impl BufRead, defaults: Defaults) -> Result<Batch, HeaderError> {
    let mut contacts = ContactReader::new(reader, defaults)?;
    let mut all = Batch::default();
    while let Some(batch) = contacts.batch(1000).map_err(HeaderError::Io)? {
        all.contacts.extend(batch.contacts);
        all.lines.extend(batch.lines);
        all.rejects.extend(batch.rejects);
        all.lines_rejected += batch.lines_rejected;
    }
    Ok(all)
}
