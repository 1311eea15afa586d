//! A creditor's file → contacts, and rejects that say line, field and reason.
//!
//! Reads CSV and XLSX as a stream, a batch at a time. Knows no store. Start at [`ContactReader`]; how a file is opened is
//! [`Source`]'s to say.

mod amount;
mod days;
mod encoding;
mod header;
mod kind;
mod line;
mod mapping;
mod payment;
mod row;
mod seen;
mod sheet;
mod source;
mod visit;

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, BufRead};

pub use amount::Decimal;
pub use days::DayOrder;
pub use encoding::{Encoding, decoded};
pub use header::HeaderError;
pub use mapping::{Mapping, mapping};
pub use payment::{Fault, PaymentBatch, PaymentReader, Written, payment};
pub use row::shown;
pub use seen::Survey;
pub use source::Source;
pub use visit::{VisitLine, VisitReader};

use crate::books::{ImportReject, NewContact, RejectCode};
use crate::language::Language;
use crate::money::Currency;
use crate::phone::Country;
use crate::time::Zone;
use header::Header;
use kind::CONTACTS;
use line::{Line, LineReader};
use seen::{Seen, Verdict};

/// What is said of a file beside it.
#[derive(Debug, Clone, Default)]
pub struct Defaults {
    /// Names of columns in the file, and what they are called here.
    pub columns: Vec<(String, String)>,
    /// Columns of the file that are passed over.
    pub ignored: Vec<String>,
    /// What a contact gets where the file has no such column, or an empty cell in it.
    pub language: Option<Language>,
    pub zone: Option<Zone>,
    pub creditor: Option<String>,
    pub currency: Option<Currency>,
    /// Likewise, of the columns that policy reads.
    pub constants: BTreeMap<String, String>,
    /// In which order days are written; `None`: as the file proves.
    pub dates: Option<DayOrder>,
    /// `None`: as each amount shows.
    pub decimal: Option<Decimal>,
    /// Where numbers without `+` are at home; `None`: there are none.
    pub country: Option<Country>,
    /// `None`: found from the header.
    pub separator: Option<char>,
    /// Where the header stands, from 1; `None`: on the first line that is not empty.
    pub header_line: Option<u64>,
}

type Lines<'r> = Box<dyn Iterator<Item = io::Result<Line>> + Send + 'r>;

/// One fault of one line. The line is not imported; the others are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reject {
    /// Counts from 1, the header included.
    pub line: u64,
    /// The column; empty when the fault is the line's.
    pub field: String,
    /// As it stood, cut to a screen's width.
    pub value: String,
    pub code: RejectCode,
    /// What is wrong, and what was expected.
    pub why: String,
}

impl Reject {
    /// Without anybody's values, to be kept.
    pub fn kept(&self) -> ImportReject {
        ImportReject { line: self.line, field: self.field.clone(), code: self.code }
    }
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
    /// Which of them (by index) are further debts of a contact that the file has named before.
    pub further: Vec<usize>,
    /// Lines that say the same as one before.
    pub repeated: u64,
    /// Several of one line stand together.
    pub rejects: Vec<Reject>,
    pub lines_rejected: u64,
}

/// Reads contacts from lines: `,` `;` tab or `|`, a contact's debt a line, quoted cells as in RFC 4180 but never over two
/// lines (an unclosed quote then costs one line, not the rest of the file).
pub struct ContactReader<'r> {
    lines: Lines<'r>,
    header: Header,
    defaults: Defaults,
    zones: row::Zones,
    seen: Seen,
    /// Lines with something under a column that has no name, by column.
    nameless: BTreeMap<usize, u64>,
}

impl<'r> ContactReader<'r> {
    /// Reads the header. Keeps the ids of all contacts, so that lines of one contact are known; after a [`Survey`] of the file those
    /// with several lines only.
    pub fn new(reader: impl BufRead + Send + 'r, defaults: Defaults) -> Result<ContactReader<'r>, HeaderError> {
        ContactReader::of_lines(Box::new(LineReader::new(reader)), defaults, None)
    }

    fn of_lines(
        mut lines: Lines<'r>,
        mut defaults: Defaults,
        survey: Option<Survey>,
    ) -> Result<ContactReader<'r>, HeaderError> {
        let header = Header::first(&mut lines, &CONTACTS, &defaults)?;
        defaults.dates = defaults.dates.or(survey.as_ref().and_then(|survey| survey.order));
        let (zones, seen, nameless) = (row::Zones::default(), Seen::new(survey), BTreeMap::new());
        Ok(ContactReader { lines, header, defaults, zones, seen, nameless })
    }

    /// Columns without a name under which something stands that is not kept, and on how many lines so far. From 1.
    pub fn nameless(&self) -> impl Iterator<Item = (usize, u64)> {
        self.nameless.iter().map(|(at, lines)| (at + 1, *lines))
    }

    /// Columns beyond the known ones; they become the contact's fields.
    pub fn further_columns(&self) -> Vec<&str> {
        self.header.further.iter().map(|(_, name)| name.as_str()).collect()
    }

    /// The next `lines` lines; `None` at the end of the file.
    pub fn batch(&mut self, lines: usize) -> io::Result<Option<Batch>> {
        let mut batch = Batch::default();
        let mut read = 0;
        while read < lines {
            let Some(line) = self.lines.next().transpose()? else { break };
            read += 1;
            match self.contact(&line) {
                Ok(None) => {}
                Ok(Some((_, Verdict::Repeated))) => batch.repeated += 1,
                Ok(Some((contact, verdict))) => {
                    if verdict == Verdict::Further {
                        batch.further.push(batch.contacts.len());
                    }
                    batch.lines.push(line.number);
                    batch.contacts.push(contact);
                }
                Err(rejects) => {
                    batch.rejects.extend(rejects);
                    batch.lines_rejected += 1;
                }
            }
        }
        Ok((read > 0).then_some(batch))
    }

    /// `None`: an empty line.
    fn contact(&mut self, line: &Line) -> Result<Option<(NewContact, Verdict)>, Vec<Reject>> {
        let number = line.number;
        let cells = self.header.cells(line).map_err(|reject| vec![reject])?;
        if cells.is_empty() {
            return Ok(None);
        }
        let cells = &cells[..];
        for at in self.header.nameless.iter().filter(|at| !cells[**at].trim().is_empty()) {
            *self.nameless.entry(*at).or_default() += 1;
        }
        let contact = row::contact(cells, number, &self.header, &self.defaults, &mut self.zones)?;
        let debt = contact.debts.first().map_or("", |debt| debt.external_id.as_str());
        match self.seen.judge(&contact.external_id, debt, number, cells, &self.header) {
            Verdict::Contradicts(code, field, why) => {
                let value = row::shown(self.header.cell(&field, cells));
                Err(vec![Reject { line: number, field, value, code, why }])
            }
            verdict @ (Verdict::First | Verdict::Further | Verdict::Repeated) => Ok(Some((contact, verdict))),
        }
    }
}

/// All at once, for files that are known to be small.
pub fn read<'r>(reader: impl BufRead + Send + 'r, defaults: Defaults) -> Result<Batch, HeaderError> {
    let mut contacts = ContactReader::new(reader, defaults)?;
    let mut all = Batch::default();
    while let Some(batch) = contacts.batch(1000).map_err(HeaderError::Io)? {
        let before = all.contacts.len();
        all.further.extend(batch.further.iter().map(|n| before + n));
        all.contacts.extend(batch.contacts);
        all.lines.extend(batch.lines);
        all.repeated += batch.repeated;
        all.rejects.extend(batch.rejects);
        all.lines_rejected += batch.lines_rejected;
    }
    Ok(all)
}
