//! Reports of visits: `contact_id, outcome`, and if they are there `visited_at`, `note`, `amount`, `currency`, `on`. From a file as people
//! keep them.

use std::io;

use jiff::civil::Date;

use super::days;
use super::header::Header;
use super::kind::VISITS;
use super::line::Line;
use super::payment::{ID_CHARS_MAX, Written, instant, sum};
use super::row::{shown, text_fault};
use super::{Defaults, HeaderError, Lines, Reject, Survey};
use crate::books::{RejectCode, VisitOutcome};
use crate::money::Money;
use crate::time::Wall;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VisitLine {
    /// The contact's `contact_id`.
    pub contact: String,
    pub outcome: VisitOutcome,
    pub visited_at: Wall,
    pub note: String,
    pub promised: Option<(Money, Date)>,
}

/// The number of a line, and its report or all that is wrong with it.
pub type NumberedVisit = (u64, Result<VisitLine, Vec<Reject>>);

/// Longest note, in characters.
const NOTE_CHARS_MAX: usize = 2_000;

/// Reads reports from lines, in the forms that contacts and payments are read in.
pub struct VisitReader<'r> {
    lines: Lines<'r>,
    header: Header,
    written: Written,
    now: Wall,
}

impl<'r> VisitReader<'r> {
    /// Reads the header. `now`: when a line does not say when somebody was there.
    pub(super) fn of_lines(
        mut lines: Lines<'r>,
        defaults: &Defaults,
        survey: Option<&Survey>,
        now: Wall,
    ) -> Result<VisitReader<'r>, HeaderError> {
        let header = Header::first(&mut lines, &VISITS, defaults)?;
        Ok(VisitReader { lines, header, written: Written::by_hand(defaults, survey), now })
    }

    /// Columns that mean nothing here.
    pub fn further_columns(&self) -> Vec<&str> {
        self.header.further.iter().map(|(_, name)| name.as_str()).collect()
    }

    /// The next line that is not empty.
    pub fn line(&mut self) -> io::Result<Option<NumberedVisit>> {
        while let Some(line) = self.lines.next().transpose()? {
            match self.read(&line) {
                Ok(None) => {}
                Ok(Some(read)) => return Ok(Some((line.number, Ok(read)))),
                Err(rejects) => return Ok(Some((line.number, Err(rejects)))),
            }
        }
        Ok(None)
    }

    fn read(&self, line: &Line) -> Result<Option<VisitLine>, Vec<Reject>> {
        let cells = self.header.cells(line).map_err(|reject| vec![reject])?;
        if cells.is_empty() {
            return Ok(None);
        }
        let cell = |column: &'static str| self.header.cell(column, &cells);
        let mut rejects = Vec::new();
        let mut reject = |field: &'static str, code, why: String| {
            rejects.push(Reject { line: line.number, field: field.into(), value: shown(cell(field)), code, why });
        };
        let empty = || (RejectCode::Empty, "is empty: expected a value".to_string());
        let text = |column, most, needed: bool| match cell(column) {
            "" if needed => Err(empty()),
            text => text_fault(text, most).map_or_else(|| Ok(text.to_string()), Err),
        };
        let contact = text("contact_id", ID_CHARS_MAX, true).map_err(|(code, why)| reject("contact_id", code, why));
        let note = text("note", NOTE_CHARS_MAX, false).map_err(|(code, why)| reject("note", code, why));
        let outcome = cell("outcome").parse::<VisitOutcome>().map_err(|_| {
            let known: Vec<&str> = VisitOutcome::ALL.iter().map(|outcome| outcome.as_str()).collect();
            reject("outcome", RejectCode::VisitOutcome, format!("expected one of {}", known.join(", ")));
        });
        let visited_at = match cell("visited_at") {
            "" => Ok(self.now),
            written => instant(written, &self.written).map_err(|(code, why)| reject("visited_at", code, why)),
        };
        let promised = match (cell("amount"), cell("on")) {
            ("", "") => Ok(None),
            _ => {
                let amount =
                    self.written.currency(cell("currency")).map_err(|(code, why)| reject("currency", code, why));
                let amount = amount.and_then(|currency| {
                    sum(cell("amount"), &self.written, currency).map_err(|(code, why)| reject("amount", code, why))
                });
                let on = self.day(cell("on")).map_err(|(code, why)| reject("on", code, why));
                amount.and_then(|amount| Ok(Some((amount, on?))))
            }
        };
        match (contact, outcome, visited_at, note, promised) {
            (Ok(contact), Ok(outcome), Ok(visited_at), Ok(note), Ok(promised)) => {
                Ok(Some(VisitLine { contact, outcome, visited_at, note, promised }))
            }
            _ => Err(rejects),
        }
    }

    fn day(&self, written: &str) -> Result<Date, (RejectCode, String)> {
        if written.is_empty() {
            return Err((
                RejectCode::Empty,
                "is empty, and `amount` is not: expected the day that was promised".into(),
            ));
        }
        days::day(written, self.written.dates()).map_err(|e| (e.code(), e.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::line::LineReader;

    #[test]
    fn reports_with_every_fault() {
        let file = "contact_id,outcome,visited_at,note,amount,currency,on\n\
            c1,nobody_home,2026-11-20T18:00+03:00,\"a dog, and nobody\",,,\n\
            c2,promised,20.11.2026,,1 234.50,RUB,01.12.2026\n\
            \n\
            ,met,,,,,\n\
            c3,away,,,,,\n\
            c4,met,soon,,,,\n\
            c5,promised,,,10,RUB,\n\
            c6,promised,,,,RUB,2026-12-01\n\
            c7,promised,,,10,,2026-12-01\n\
            c8,promised,,,ten,RUB,2026-12-01\n\
            c9,met\n\
            ,away,soon,,ten,RUB,never\n";
        let now: Wall = "2026-11-26T10:00Z".parse().unwrap();
        let lines = Box::new(LineReader::new(file.as_bytes()));
        let mut reader = VisitReader::of_lines(lines, &Defaults::default(), None, now).unwrap();
        let mut shown = Vec::new();
        while let Some((number, line)) = reader.line().unwrap() {
            match line {
                Ok(l) => {
                    let promised = l.promised.map(|(amount, on)| format!(" {amount} on {on}")).unwrap_or_default();
                    let at = l.visited_at.timestamp();
                    shown.push(format!("{number} {} {} {at} {}{promised}", l.contact, l.outcome, l.note));
                }
                Err(rejects) => shown.extend(rejects.iter().map(|r| format!("{number} {} {}", r.field, r.code))),
            }
        }
        let expected = [
            "2 c1 nobody_home 2026-11-20T15:00:00Z a dog, and nobody",
            "3 c2 promised 2026-11-20T12:00:00Z  1234.50 RUB on 2026-12-01",
            "5 contact_id empty",
            "6 outcome visit_outcome",
            "7 visited_at day_format",
            "8 on empty",
            "9 amount empty",
            "10 currency empty",
            "11 amount amount_format",
            "12  cell_count",
            "13 contact_id empty",
            "13 outcome visit_outcome",
            "13 visited_at day_format",
            "13 amount amount_format",
            "13 on day_format",
        ];
        assert_eq!(shown, expected);
    }
}
