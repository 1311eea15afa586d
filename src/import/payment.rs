//! Payments from CSV: `payment_id, contact_id, amount`, and if they are there `currency`, `debt_id`, `paid_at`, `reversed`.

use std::io::BufRead;

use jiff::civil::Date;

use super::line::{Line, LineReader};
use super::{HeaderError, Reject};
use crate::books::{NewPayment, RejectCode};
use crate::money::{Currency, Money};
use crate::time::{Wall, Zone};

/// What some lines came to. `lines` holds the line of each payment.
#[derive(Debug, Default)]
pub struct PaymentBatch {
    pub payments: Vec<NewPayment>,
    pub lines: Vec<u64>,
    /// Payments to be taken back: line and id.
    pub reversed: Vec<(u64, String)>,
    pub rejects: Vec<Reject>,
    pub lines_rejected: u64,
}

const COLUMNS: [&str; 7] = ["payment_id", "contact_id", "debt_id", "amount", "currency", "paid_at", "reversed"];
const NEEDED: [&str; 3] = ["payment_id", "contact_id", "amount"];
pub(super) const SEPARATORS: [char; 3] = [';', '\t', ','];

#[derive(Debug)]
pub struct PaymentReader<R> {
    lines: LineReader<R>,
    separator: char,
    /// Where each of [`COLUMNS`] stands.
    at: [Option<usize>; COLUMNS.len()],
    columns: usize,
    currency: Option<Currency>,
    now: Wall,
}

impl<R: BufRead> PaymentReader<R> {
    /// Reads the header. `currency`: for lines without one. `now`: when a line does not say when it was paid.
    pub fn new(reader: R, currency: Option<Currency>, now: Wall) -> Result<PaymentReader<R>, HeaderError> {
        let mut lines = LineReader::new(reader);
        let first = lines.next().transpose().map_err(HeaderError::Io)?.ok_or(HeaderError::Empty)?;
        let text = first.text().map_err(|_| HeaderError::Encoding)?;
        let separator = SEPARATORS.into_iter().max_by_key(|s| text.matches(*s).count()).expect("there are three");
        let names = first.cells(separator, 0).map_err(|e| HeaderError::Line(e.to_string()))?;
        let at = COLUMNS.map(|column| names.iter().position(|name| name.trim().eq_ignore_ascii_case(column)));
        let lacking: Vec<&str> = NEEDED
            .into_iter()
            .filter(|c| at[COLUMNS.iter().position(|k| k == c).expect("needed ones are known")].is_none())
            .collect();
        if !lacking.is_empty() {
            return Err(HeaderError::Line(format!(
                "it lacks {}; a feed of payments has {}",
                lacking.join(", "),
                COLUMNS.join(", ")
            )));
        }
        let columns = names.len();
        Ok(PaymentReader { lines, separator, at, columns, currency, now })
    }

    /// The next `lines` lines; `None` at the end of the file. A reversal ends a batch, so that the order of the file stands.
    pub fn batch(&mut self, lines: usize) -> std::io::Result<Option<PaymentBatch>> {
        let mut batch = PaymentBatch::default();
        let mut read = 0;
        while read < lines {
            let Some(line) = self.lines.next().transpose()? else { break };
            read += 1;
            match self.payment(&line) {
                Ok(None) => {}
                Ok(Some((new, false))) => {
                    batch.lines.push(line.number);
                    batch.payments.push(new);
                }
                Ok(Some((new, true))) => {
                    batch.reversed.push((line.number, new.id));
                    break;
                }
                Err(reject) => {
                    batch.rejects.push(reject);
                    batch.lines_rejected += 1;
                }
            }
        }
        Ok((read > 0).then_some(batch))
    }

    fn payment(&self, line: &Line) -> Result<Option<(NewPayment, bool)>, Reject> {
        let reject = |field: &str, value: &str, code: RejectCode, why: String| Reject {
            line: line.number,
            field: field.into(),
            value: super::row::shown(value),
            code,
            why,
        };
        let cells = line.cells(self.separator, self.columns).map_err(|e| reject("", "", e.code(), e.to_string()))?;
        if cells.is_empty() {
            return Ok(None);
        }
        if cells.len() != self.columns {
            let why = format!("expected {} fields as in the header, found {}", self.columns, cells.len());
            return Err(reject("", "", RejectCode::CellCount, why));
        }
        let cell = |column: &str| {
            let nth = COLUMNS.iter().position(|c| *c == column).expect("a known column");
            self.at[nth].map_or("", |at| cells[at].trim())
        };
        let needed = |column: &'static str| match cell(column) {
            "" => Err(reject(column, "", RejectCode::Empty, "is empty: expected a value".into())),
            value => Ok(value.to_string()),
        };
        let (id, contact) = (needed("payment_id")?, needed("contact_id")?);
        let reversed = match cell("reversed") {
            "" | "no" => false,
            "yes" => true,
            other => return Err(reject("reversed", other, RejectCode::PaymentReversed, "expected yes or no".into())),
        };
        let currency = match (cell("currency"), self.currency) {
            ("", Some(currency)) => currency,
            ("", None) => {
                return Err(reject("currency", "", RejectCode::Empty, "is empty, and no --currency is given".into()));
            }
            (code, _) => code
                .parse()
                .map_err(|e: crate::money::MoneyError| reject("currency", code, RejectCode::Currency, e.to_string()))?,
        };
        let written = needed("amount")?;
        let plain =
            super::amount::plain(&written, None).map_err(|(code, why)| reject("amount", &written, code, why))?;
        let amount = Money::parse(&plain, currency)
            .map_err(|e| reject("amount", &written, RejectCode::AmountFormat, e.to_string()))?;
        let paid_at = match cell("paid_at") {
            "" => self.now,
            text => instant(text).map_err(|why| reject("paid_at", text, RejectCode::DayFormat, why))?,
        };
        let debt = Some(cell("debt_id").to_string()).filter(|debt| !debt.is_empty());
        Ok(Some((NewPayment { id, contact, debt, amount: Some(amount), paid_at }, reversed)))
    }
}

/// An instant with its offset, or a day: its noon in UTC, which is that day in nearly every zone.
pub(super) fn instant(text: &str) -> Result<Wall, String> {
    let wanted = "expected a day such as 2026-11-25 or an instant such as 2026-11-25T10:00+03:00";
    match text.parse::<Date>() {
        Ok(day) if text.len() == 10 => {
            let utc: Zone = "UTC".parse().map_err(|_| wanted.to_string())?;
            Ok(Wall(Wall::day_after(day, 0, &utc).0 - 12 * 3_600_000_000))
        }
        Ok(_) | Err(_) => text.parse().map_err(|_| wanted.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_feed_with_every_fault() {
        let feed = "payment_id;contact_id;amount;currency;paid_at;reversed\n\
            p1;c1;1 234,50;RUB;2026-11-20;\n\
            p2;c2;10;RUB;2026-11-20T10:00+03:00;no\n\
            p3;c3;;RUB;;\n\
            p4;c4;10;XXX;;\n\
            p1;c1;1 234,50;RUB;;yes\n\
            p5;c5;10;RUB;yesterday;\n\
            p6;c6;10\n";
        let now: Wall = "2026-11-26T10:00Z".parse().unwrap();
        let mut reader = PaymentReader::new(feed.as_bytes(), None, now).unwrap();
        let mut shown = Vec::new();
        while let Some(batch) = reader.batch(100).unwrap() {
            for (line, p) in batch.lines.iter().zip(&batch.payments) {
                shown.push(format!("{line} {} {} {} {}", p.id, p.contact, p.amount.unwrap(), p.paid_at.timestamp()));
            }
            shown.extend(batch.reversed.iter().map(|(line, id)| format!("{line} takes {id} back")));
            shown.extend(batch.rejects.iter().map(|r| format!("{} {}", r.line, r.field)));
        }
        let expected = [
            "2 p1 c1 1234.50 RUB 2026-11-20T12:00:00Z",
            "3 p2 c2 10.00 RUB 2026-11-20T07:00:00Z",
            "6 takes p1 back",
            "4 amount",
            "5 currency",
            "7 paid_at",
            "8 ",
        ];
        assert_eq!(shown, expected);
        let without = PaymentReader::new("contact_id,amount\n".as_bytes(), None, now).unwrap_err();
        assert!(without.to_string().contains("payment_id"), "{without}");
    }
}
