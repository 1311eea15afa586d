//! Reports of visits from CSV: `contact_id, outcome`, and if they are there `visited_at`, `note`, `amount`, `currency`, `on`.

use std::io::BufRead;

use jiff::civil::Date;

use super::HeaderError;
use super::line::{Line, LineReader};
use super::payment::{SEPARATORS, instant};
use crate::books::VisitOutcome;
use crate::money::{Currency, Money};
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

const COLUMNS: [&str; 7] = ["contact_id", "outcome", "visited_at", "note", "amount", "currency", "on"];
const NEEDED: [&str; 2] = ["contact_id", "outcome"];
/// Longest note, in characters.
const NOTE_MAX: usize = 2_000;

#[derive(Debug)]
pub struct VisitReader<R> {
    lines: LineReader<R>,
    separator: char,
    /// Where each of [`COLUMNS`] stands.
    at: [Option<usize>; COLUMNS.len()],
    columns: usize,
    now: Wall,
}

impl<R: BufRead> VisitReader<R> {
    /// Reads the header. `now`: when a line does not say when somebody was there.
    pub fn new(reader: R, now: Wall) -> Result<VisitReader<R>, HeaderError> {
        let mut lines = LineReader::new(reader);
        let first = lines.next().transpose().map_err(HeaderError::Io)?.ok_or(HeaderError::Empty)?;
        let text = first.text().map_err(|_| HeaderError::Encoding)?;
        let separator = SEPARATORS.into_iter().max_by_key(|s| text.matches(*s).count()).expect("there are three");
        let names = first.cells(separator, 0).map_err(|e| HeaderError::Line(e.to_string()))?;
        let at = COLUMNS.map(|column| names.iter().position(|name| name.trim().eq_ignore_ascii_case(column)));
        let lacking: Vec<&str> =
            COLUMNS.into_iter().zip(at).filter(|(c, at)| NEEDED.contains(c) && at.is_none()).map(|(c, _)| c).collect();
        if !lacking.is_empty() {
            let (lacking, all) = (lacking.join(", "), COLUMNS.join(", "));
            return Err(HeaderError::Line(format!("it lacks {lacking}; a file of visit reports has {all}")));
        }
        Ok(VisitReader { lines, separator, at, columns: names.len(), now })
    }

    /// The next line that is not empty with its number, or what is wrong with it.
    pub fn line(&mut self) -> std::io::Result<Option<(u64, Result<VisitLine, String>)>> {
        while let Some(line) = self.lines.next().transpose()? {
            match self.read(&line) {
                Ok(None) => {}
                Ok(Some(read)) => return Ok(Some((line.number, Ok(read)))),
                Err(why) => return Ok(Some((line.number, Err(why)))),
            }
        }
        Ok(None)
    }

    fn read(&self, line: &Line) -> Result<Option<VisitLine>, String> {
        let cells = line.cells(self.separator, self.columns).map_err(|e| e.to_string())?;
        if cells.is_empty() {
            return Ok(None);
        }
        if cells.len() != self.columns {
            return Err(format!("expected {} fields as in the header, found {}", self.columns, cells.len()));
        }
        let cell = |column: &str| {
            let nth = COLUMNS.iter().position(|c| *c == column).expect("a known column");
            self.at[nth].map_or("", |at| cells[at].trim())
        };
        let contact = cell("contact_id").to_string();
        if contact.is_empty() {
            return Err("contact_id: is empty: expected a value".into());
        }
        let known: Vec<&str> = VisitOutcome::ALL.iter().map(|outcome| outcome.as_str()).collect();
        let outcome = cell("outcome");
        let outcome = outcome
            .parse::<VisitOutcome>()
            .map_err(|_| format!("outcome: `{}`: expected one of {}", super::row::shown(outcome), known.join(", ")))?;
        let visited_at = match cell("visited_at") {
            "" => self.now,
            text => instant(text).map_err(|why| format!("visited_at: {why}"))?,
        };
        let note = cell("note").to_string();
        if note.chars().count() > NOTE_MAX {
            return Err(format!("note: longer than {NOTE_MAX} characters"));
        }
        let promised = match (cell("amount"), cell("on")) {
            ("", "") => None,
            ("", _) => return Err("amount: is empty, and `on` is not: expected what was promised".into()),
            (_, "") => return Err("on: is empty, and `amount` is not: expected the day that was promised".into()),
            (amount, on) => {
                let currency = cell("currency").parse::<Currency>().map_err(|e| format!("currency: {e}"))?;
                let plain = super::amount::plain(amount, None).map_err(|(_, why)| format!("amount: {why}"))?;
                let amount = Money::parse(&plain, currency).map_err(|e| format!("amount: {e}"))?;
                let on = on.parse::<Date>().map_err(|_| "on: expected a day such as 2026-11-25".to_string())?;
                Some((amount, on))
            }
        };
        Ok(Some(VisitLine { contact, outcome, visited_at, note, promised }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_with_every_fault() {
        let file = "contact_id,outcome,visited_at,note,amount,currency,on\n\
            c1,nobody_home,2026-11-20T18:00+03:00,\"a dog, and nobody\",,,\n\
            c2,promised,2026-11-20,,1 234.50,RUB,2026-12-01\n\
            \n\
            ,met,,,,,\n\
            c3,away,,,,,\n\
            c4,met,soon,,,,\n\
            c5,promised,,,10,RUB,\n\
            c6,promised,,,,RUB,2026-12-01\n\
            c7,promised,,,10,,2026-12-01\n\
            c8,promised,,,ten,RUB,2026-12-01\n\
            c9,met\n";
        let now: Wall = "2026-11-26T10:00Z".parse().unwrap();
        let mut reader = VisitReader::new(file.as_bytes(), now).unwrap();
        let mut shown = Vec::new();
        while let Some((number, line)) = reader.line().unwrap() {
            shown.push(match line {
                Ok(l) => {
                    let promised = l.promised.map(|(amount, on)| format!(" {amount} on {on}")).unwrap_or_default();
                    format!("{number} {} {} {} {}{promised}", l.contact, l.outcome, l.visited_at.timestamp(), l.note)
                }
                Err(why) => format!("{number} {}", why.split(':').next().unwrap_or_default()),
            });
        }
        let expected = [
            "2 c1 nobody_home 2026-11-20T15:00:00Z a dog, and nobody",
            "3 c2 promised 2026-11-20T12:00:00Z  1234.50 RUB on 2026-12-01",
            "5 contact_id",
            "6 outcome",
            "7 visited_at",
            "8 on",
            "9 amount",
            "10 currency",
            "11 amount",
            "12 expected 7 fields as in the header, found 2",
        ];
        assert_eq!(shown, expected);
        let without = VisitReader::new("contact_id\n".as_bytes(), now).unwrap_err();
        assert!(without.to_string().contains("it lacks outcome"), "{without}");
    }
}
