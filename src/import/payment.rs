//! Payments: `payment_id, contact_id, amount`, and if they are there `currency`, `debt_id`, `paid_at`, `reversed`. From a file as
//! people keep them, or from the fields of a program.

use std::io;

use jiff::civil::{Date, Time};

use super::amount;
use super::days::{self, DayOrder};
use super::header::Header;
use super::kind::PAYMENTS;
use super::line::{Line, LineReader};
use super::row::{shown, text_fault};
use super::{Decimal, Defaults, HeaderError, Lines, Reject, Survey};
use crate::books::{NewPayment, RejectCode};
use crate::money::{Currency, Money};
use crate::time::{Wall, Zone};

pub(super) const ID_CHARS_MAX: usize = 64;
/// A bank's own, which is longer than ours.
const PAYMENT_ID_CHARS_MAX: usize = 128;
/// A day's noon, and clocks that are not quite right, lie ahead of us.
const AHEAD_MAX: std::time::Duration = std::time::Duration::from_secs(86_400);

/// What some lines came to. `lines` holds the line of each payment.
#[derive(Debug, Default)]
pub struct PaymentBatch {
    pub payments: Vec<NewPayment>,
    pub lines: Vec<u64>,
    /// Payments to be taken back: line and id.
    pub reversed: Vec<(u64, String)>,
    /// Several of one line stand together.
    pub rejects: Vec<Reject>,
    pub lines_rejected: u64,
}

/// One fault of one payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    pub field: &'static str,
    /// As it stood, cut to a screen's width.
    pub value: String,
    pub code: RejectCode,
    /// What is wrong, and what was expected.
    pub why: String,
}

/// How amounts and times are written.
#[derive(Debug, Clone)]
pub enum Written {
    /// By people and their spreadsheets.
    ByHand {
        decimal: Option<Decimal>,
        dates: Option<DayOrder>,
        /// Whose clock a time without an offset is, and whose noon a day.
        zone: Option<Zone>,
        /// Where none is written.
        currency: Option<Currency>,
    },
    /// By programs: `1234.50`, `2026-11-25`, `2026-11-25T10:00:00+03:00`.
    Exactly,
}

impl Written {
    pub(super) fn by_hand(defaults: &Defaults, survey: Option<&Survey>) -> Written {
        Written::ByHand {
            decimal: defaults.decimal,
            dates: defaults.dates.or(survey.and_then(|survey| survey.order)),
            zone: defaults.zone.clone(),
            currency: defaults.currency,
        }
    }

    /// Of the cell `code`.
    pub(super) fn currency(&self, code: &str) -> Result<Currency, (RejectCode, String)> {
        match (code, self) {
            ("", Written::ByHand { currency: Some(currency), .. }) => Ok(*currency),
            ("", Written::ByHand { currency: None, .. }) => {
                Err((RejectCode::Empty, "is empty, and no --currency is given".into()))
            }
            ("", Written::Exactly) => Err((RejectCode::Empty, "is empty: expected a currency such as RUB".into())),
            (code, _) => code.parse::<Currency>().map_err(|e| (RejectCode::Currency, e.to_string())),
        }
    }

    pub(super) fn dates(&self) -> Option<DayOrder> {
        match self {
            Written::ByHand { dates, .. } => *dates,
            Written::Exactly => None,
        }
    }
}

/// Of its fields, each trimmed and empty where it is left out; `now` when it was paid if they do not say. The second value: it is
/// taken back.
///
/// # Errors
/// All that is wrong with it.
pub fn payment<'c>(
    field: impl Fn(&'static str) -> &'c str,
    written: &Written,
    now: Wall,
) -> Result<(NewPayment, bool), Vec<Fault>> {
    let mut faults = Vec::new();
    let mut fault = |field, value: &str, code, why: String| {
        faults.push(Fault { field, value: shown(value), code, why });
    };
    let mut id = |name: &'static str, chars_max: usize, needed: bool| {
        let value = field(name);
        if value.is_empty() && needed {
            fault(name, value, RejectCode::Empty, "is empty: expected a value".to_string());
        } else if let Some((code, why)) = text_fault(value, chars_max) {
            fault(name, value, code, why);
        }
        value.to_string()
    };
    let payment = id("payment_id", PAYMENT_ID_CHARS_MAX, true);
    let contact = id("contact_id", ID_CHARS_MAX, true);
    let debt = Some(id("debt_id", ID_CHARS_MAX, false)).filter(|debt| !debt.is_empty());
    let reversed = match field("reversed") {
        "" | "no" => false,
        "yes" => true,
        other => {
            fault("reversed", other, RejectCode::PaymentReversed, "expected yes or no".into());
            false
        }
    };
    let currency = written.currency(field("currency"));
    let currency = currency.map_err(|(code, why)| fault("currency", field("currency"), code, why)).ok();
    let text = field("amount");
    // Judged even where the currency is wrong: all faults at once.
    let amount = match sum(text, written, currency.unwrap_or(Currency::Rub)) {
        Ok(amount) => Some(amount),
        Err((code, why)) => {
            fault("amount", text, code, why);
            None
        }
    };
    let text = field("paid_at");
    let paid_at = if text.is_empty() { Ok(now) } else { instant(text, written) };
    let paid_at = paid_at.and_then(|at| {
        let ahead = "lies ahead: expected when it was paid";
        if at <= now + AHEAD_MAX { Ok(at) } else { Err((RejectCode::InFuture, ahead.to_string())) }
    });
    let paid_at = paid_at.map_err(|(code, why)| fault("paid_at", text, code, why)).unwrap_or(now);
    match (faults.is_empty(), amount) {
        (true, amount @ Some(_)) => Ok((NewPayment { id: payment, contact, debt, amount, paid_at }, reversed)),
        (_, _) => Err(faults),
    }
}

pub(super) fn sum(text: &str, written: &Written, currency: Currency) -> Result<Money, (RejectCode, String)> {
    if text.is_empty() {
        return Err((RejectCode::Empty, "is empty: expected a value".into()));
    }
    let plain = match written {
        Written::ByHand { decimal, .. } => amount::plain(text, *decimal)?,
        Written::Exactly => text.into(),
    };
    let sum = Money::parse(&plain, currency).map_err(|e| (RejectCode::AmountFormat, e.to_string()))?;
    if sum.minor <= 0 {
        let why = format!("{sum} is no payment: expected a sum above zero; money that goes back is `reversed`");
        return Err((RejectCode::AmountNotAboveZero, why));
    }
    Ok(sum)
}

/// An instant with its offset; a day: its noon, in UTC when no zone is known, which is that day in nearly every zone; a day and a time,
/// when a zone is known.
pub(super) fn instant(text: &str, written: &Written) -> Result<Wall, (RejectCode, String)> {
    let wanted = || {
        let why = "expected a day such as 2026-11-25 or an instant such as 2026-11-25T10:00+03:00";
        (RejectCode::DayFormat, why.to_string())
    };
    if let Ok(instant) = text.parse::<Wall>() {
        return Ok(instant);
    }
    let (dates, zone) = match written {
        Written::Exactly => {
            let day = text.parse::<Date>().ok().filter(|_| text.len() == 10).ok_or_else(wanted)?;
            return noon(day, &Zone::utc()).ok_or_else(wanted);
        }
        Written::ByHand { dates, zone, .. } => (*dates, zone.as_ref()),
    };
    let day = |text: &str| {
        days::day(text, dates).map_err(|e| match e {
            days::NoDay::Format => wanted(),
            days::NoDay::Ambiguous | days::NoDay::OutOfRange => (e.code(), e.to_string()),
        })
    };
    // `2026` behind a month is a year, and would be a time without its colon.
    let clock = |time: &str| time.trim().parse::<Time>().ok().filter(|_| time.contains(':'));
    match text.rsplit_once(['T', ' ']).and_then(|(day, time)| Some((day, clock(time)?))) {
        Some((date, time)) if time != Time::midnight() => {
            let date = day(date.trim_end_matches(','))?;
            let Some(zone) = zone else {
                let why = "a time without its offset: expected one such as 2026-11-25T10:00+03:00, or say whose clock it is: \
                    --zone Europe/Moscow";
                return Err((RejectCode::DayFormat, why.to_string()));
            };
            at(date, time, zone).ok_or_else(wanted)
        }
        Some(_) | None => noon(day(text)?, zone.unwrap_or(&Zone::utc())).ok_or_else(wanted),
    }
}

fn noon(day: Date, zone: &Zone) -> Option<Wall> {
    at(day, jiff::civil::time(12, 0, 0, 0), zone)
}

fn at(day: Date, time: Time, zone: &Zone) -> Option<Wall> {
    Some(Wall::from(&day.to_datetime(time).to_zoned(zone.tz().clone()).ok()?))
}

/// Reads payments from lines, in the forms that contacts are read in.
pub struct PaymentReader<'r> {
    lines: Lines<'r>,
    header: Header,
    written: Written,
    now: Wall,
}

impl<'r> PaymentReader<'r> {
    /// Reads the header. `now`: when a line does not say when it was paid.
    pub fn new(
        reader: impl io::BufRead + Send + 'r,
        defaults: &Defaults,
        now: Wall,
    ) -> Result<PaymentReader<'r>, HeaderError> {
        PaymentReader::of_lines(Box::new(LineReader::new(reader)), defaults, None, now)
    }

    pub(super) fn of_lines(
        mut lines: Lines<'r>,
        defaults: &Defaults,
        survey: Option<&Survey>,
        now: Wall,
    ) -> Result<PaymentReader<'r>, HeaderError> {
        let header = Header::first(&mut lines, &PAYMENTS, defaults)?;
        Ok(PaymentReader { lines, header, written: Written::by_hand(defaults, survey), now })
    }

    /// Columns that mean nothing here.
    pub fn further_columns(&self) -> Vec<&str> {
        self.header.further.iter().map(|(_, name)| name.as_str()).collect()
    }

    /// The next `lines` lines; `None` at the end of the file. A reversal ends a batch, so that the order of the file stands.
    pub fn batch(&mut self, lines: usize) -> io::Result<Option<PaymentBatch>> {
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
                Err(rejects) => {
                    batch.rejects.extend(rejects);
                    batch.lines_rejected += 1;
                }
            }
        }
        Ok((read > 0).then_some(batch))
    }

    /// `None`: an empty line.
    fn payment(&self, line: &Line) -> Result<Option<(NewPayment, bool)>, Vec<Reject>> {
        let cells = self.header.cells(line).map_err(|reject| vec![reject])?;
        if cells.is_empty() {
            return Ok(None);
        }
        let number = line.number;
        let read = payment(|name| self.header.cell(name, &cells), &self.written, self.now);
        read.map(Some).map_err(|faults| {
            let reject =
                |Fault { field, value, code, why }| Reject { line: number, field: field.into(), value, code, why };
            faults.into_iter().map(reject).collect()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Wall {
        "2026-11-26T10:00Z".parse().unwrap()
    }

    fn as_text(mut reader: PaymentReader<'_>) -> Vec<String> {
        let mut found = Vec::new();
        while let Some(batch) = reader.batch(100).unwrap() {
            for (line, p) in batch.lines.iter().zip(&batch.payments) {
                let debt = p.debt.as_ref().map(|debt| format!(" {debt}")).unwrap_or_default();
                let at = p.paid_at.timestamp();
                found.push(format!("{line} {} {}{debt} {} {at}", p.id, p.contact, p.amount.unwrap()));
            }
            found.extend(batch.reversed.iter().map(|(line, id)| format!("{line} takes {id} back")));
            found.extend(batch.rejects.iter().map(|r| format!("{} {} {}", r.line, r.field, r.code)));
        }
        found
    }

    #[test]
    fn a_feed_with_every_fault() {
        let feed = "payment_id;contact_id;amount;currency;paid_at;reversed\n\
            p1;c1;1 234,50;RUB;2026-11-20;\n\
            p2;c2;10;RUB;2026-11-20T10:00+03:00;no\n\
            p3;c3;;RUB;;\n\
            p4;c4;10;XXX;;\n\
            p1;c1;1 234,50;RUB;;yes\n\
            p5;c5;10;RUB;yesterday;\n\
            p6;c6;10\n\
            ;c7;-5;RUB;20.11.2062;maybe\n\
            Итого;;1 274,50;;;\n";
        let expected = [
            "2 p1 c1 1234.50 RUB 2026-11-20T12:00:00Z",
            "3 p2 c2 10.00 RUB 2026-11-20T07:00:00Z",
            "6 takes p1 back",
            "4 amount empty",
            "5 currency currency",
            "7 paid_at day_format",
            "8  cell_count",
            "9 payment_id empty",
            "9 reversed payment_reversed",
            "9 amount amount_not_above_zero",
            "9 paid_at in_future",
            "10 payment_id total",
        ];
        assert_eq!(as_text(PaymentReader::new(feed.as_bytes(), &Defaults::default(), now()).unwrap()), expected);
        for (header, says) in [
            ("contact_id,amount\n", "the header lacks `payment_id`, `currency` (or give a default"),
            ("payment_id,contact_id,amount,currency,revesed\n", "`revesed` means nothing here: is `reversed` meant?"),
            ("Реестр платежей\n\npayment_id,contact_id,amount,currency\n", "Line 3 looks like the header"),
            ("\n\n", "the file is empty"),
        ] {
            let wrong = PaymentReader::new(header.as_bytes(), &Defaults::default(), now()).err().unwrap().to_string();
            assert!(wrong.contains(says), "{header}: {wrong}");
        }
    }

    #[test]
    fn what_is_said_beside_the_file_holds_for_payments_too() {
        let feed = "Реестр за ноябрь;;;;\n\
            Номер\u{a0}платежа;Договор;Сумма;Дата;Комментарий\n\
            17;c1;1.234,50;11/20/2026 14:30;спасибо\n\
            18;c1;5;20 ноября 2026;\n";
        let rename = |theirs: &str, ours: &str| (theirs.to_string(), ours.to_string());
        let defaults = Defaults {
            columns: vec![
                rename("Номер платежа", "payment_id"),
                rename("Договор", "contact_id"),
                rename("Сумма", "amount"),
                rename("Дата", "paid_at"),
            ],
            currency: Some(Currency::Rub),
            zone: Some("Europe/Moscow".parse().unwrap()),
            dates: Some(DayOrder::Mdy),
            header_line: Some(2),
            ..Defaults::default()
        };
        let reader = PaymentReader::new(feed.as_bytes(), &defaults, now()).unwrap();
        assert_eq!(reader.further_columns(), ["Комментарий"]);
        let expected = ["3 17 c1 1234.50 RUB 2026-11-20T11:30:00Z", "4 18 c1 5.00 RUB 2026-11-20T09:00:00Z"];
        assert_eq!(as_text(reader), expected);
        let no_zone = Defaults { zone: None, ..defaults };
        let expected = ["4 18 c1 5.00 RUB 2026-11-20T12:00:00Z", "3 paid_at day_format"];
        assert_eq!(as_text(PaymentReader::new(feed.as_bytes(), &no_zone, now()).unwrap()), expected);
    }

    #[test]
    fn programs_write_exactly() {
        for (amount, at, expected) in [
            ("1234.50", "2026-11-25", "1234.50 RUB 2026-11-25T12:00:00Z"),
            ("5", "2026-11-25T10:00:00+03:00", "5.00 RUB 2026-11-25T07:00:00Z"),
            ("5", "", "5.00 RUB 2026-11-26T10:00:00Z"),
            ("1 234,50", "25.11.2026", "amount amount_format, paid_at day_format"),
            ("1,234", "2026-11-25T10:00:00", "amount amount_format, paid_at day_format"),
            ("0.00", "46351", "amount amount_not_above_zero, paid_at day_format"),
        ] {
            let field = |name: &'static str| match name {
                "payment_id" => "p1",
                "contact_id" => "c1",
                "amount" => amount,
                "currency" => "RUB",
                "paid_at" => at,
                _ => "",
            };
            let found = match payment(field, &Written::Exactly, now()) {
                Ok((new, _)) => format!("{} {}", new.amount.unwrap(), new.paid_at.timestamp()),
                Err(faults) => faults.iter().map(|f| format!("{} {}", f.field, f.code)).collect::<Vec<_>>().join(", "),
            };
            assert_eq!(found, expected, "{amount} {at}");
        }
    }
}
