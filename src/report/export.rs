//! What can be exported, row by row. Columns are those of the books; what says who somebody is only when asked for in full.

use jiff::civil::Date;

use super::{Names, attempts, csv};
use crate::books::{Contact, KeptRuling, Ledger, Ruling};
use crate::time::Wall;

crate::words! {
    pub enum Rows {
        Attempts = "attempts",
        /// Each part of a plan is a row.
        Promises = "promises",
        Payments = "payments",
        /// A row a debt.
        Contacts = "contacts",
        /// What policy decided when an attempt's turn came and it was not simply dialled. Calls that it let go are attempts, with the
        /// same `policy`.
        Rulings = "rulings",
    }
}

crate::words! {
    /// How a column is to be read.
    pub enum Type {
        Text = "text",
        Integer = "integer",
        /// Microseconds since 1970 in UTC; as CSV, RFC 3339.
        Instant = "instant",
        /// A calendar's day.
        Date = "date",
        /// Minor units; as CSV, with a point.
        Amount = "amount",
        Bool = "bool",
    }
}

/// What stands in a row.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    None,
    Text(String),
    Integer(i64),
    Instant(Wall),
    Date(Date),
    Amount(i64),
    Bool(bool),
}

impl Cell {
    pub fn csv(&self) -> String {
        match self {
            Cell::None => String::new(),
            Cell::Text(text) => text.clone(),
            Cell::Integer(n) => n.to_string(),
            Cell::Instant(at) => at.to_string(),
            Cell::Date(day) => day.to_string(),
            Cell::Amount(minor) => {
                let sign = if *minor < 0 { "-" } else { "" };
                format!("{sign}{}.{:02}", minor.unsigned_abs() / 100, minor.unsigned_abs() % 100)
            }
            Cell::Bool(b) => b.to_string(),
        }
    }
}

pub(super) fn text(text: impl Into<String>) -> Cell {
    Cell::Text(text.into())
}

pub(super) fn text_or_none(text: Option<impl Into<String>>) -> Cell {
    text.map_or(Cell::None, |t| Cell::Text(t.into()))
}

pub(super) fn number(n: impl Into<i64>) -> Cell {
    Cell::Integer(n.into())
}

pub(super) fn number_or_none(n: Option<impl Into<i64>>) -> Cell {
    n.map_or(Cell::None, |n| Cell::Integer(n.into()))
}

pub(super) fn instant_or_none(at: Option<Wall>) -> Cell {
    at.map_or(Cell::None, Cell::Instant)
}

impl Rows {
    /// Name and type, in order.
    pub fn columns(self) -> Vec<(&'static str, Type)> {
        match self {
            Rows::Attempts => attempts::COLUMNS.to_vec(),
            Rows::Promises => vec![
                ("promise", Type::Integer),
                ("contact_id", Type::Text),
                ("creditor", Type::Text),
                ("attempt", Type::Integer),
                ("campaign", Type::Text),
                ("part", Type::Integer),
                ("parts", Type::Integer),
                ("amount", Type::Amount),
                ("least", Type::Amount),
                ("currency", Type::Text),
                ("on", Type::Date),
                ("made_at", Type::Instant),
                ("judge_at", Type::Instant),
                ("state", Type::Text),
                ("withdrawn_at", Type::Instant),
                ("paid_towards", Type::Amount),
            ],
            Rows::Payments => vec![
                ("payment", Type::Text),
                ("contact_id", Type::Text),
                ("creditor", Type::Text),
                ("debt_id", Type::Text),
                ("amount", Type::Amount),
                ("currency", Type::Text),
                ("paid_at", Type::Instant),
                ("told_at", Type::Instant),
                ("reversed_at", Type::Instant),
            ],
            Rows::Contacts => vec![
                ("contact_id", Type::Text),
                ("person_id", Type::Text),
                ("name", Type::Text),
                ("language", Type::Text),
                ("zone", Type::Text),
                ("email", Type::Text),
                ("creditor", Type::Text),
                ("phone", Type::Text),
                ("debt_id", Type::Text),
                ("amount", Type::Amount),
                ("paid", Type::Amount),
                ("currency", Type::Text),
                ("due", Type::Date),
                ("entered_at", Type::Instant),
                ("fields", Type::Text),
            ],
            Rows::Rulings => vec![
                ("ruling", Type::Integer),
                ("attempt", Type::Integer),
                ("campaign", Type::Text),
                ("contact_id", Type::Text),
                ("creditor", Type::Text),
                ("channel", Type::Text),
                ("at", Type::Instant),
                ("verdict", Type::Text),
                ("reason", Type::Text),
                ("made_by", Type::Text),
                ("until", Type::Instant),
                ("policy", Type::Text),
            ],
        }
    }

    pub fn header(self) -> String {
        csv::line(self.columns().iter().map(|(name, _)| *name))
    }

    /// A contact's rows; of rulings, which come by themselves, none: see [`ruling`]. `full`: with whole numbers, names, addresses and further columns.
    pub fn rows(self, ledger: &Ledger, names: &Names, full: bool, now: Wall) -> Vec<Vec<Cell>> {
        match self {
            Rows::Attempts => attempts::rows(ledger, names, full),
            Rows::Promises => promises(ledger, names, now),
            Rows::Payments => payments(ledger),
            Rows::Contacts => contacts(ledger, full),
            Rows::Rulings => Vec::new(),
        }
    }
}

/// A row of [`Rows::Rulings`].
pub fn ruling(kept: &KeptRuling, names: &Names) -> Vec<Cell> {
    let KeptRuling { id, campaign, external_id, creditor, channel, ruling } = kept;
    let Ruling { attempt, at, verdict, reason, made_by, until, policy } = ruling;
    vec![
        number(id.0),
        number(attempt.0),
        text(names.campaign(*campaign)),
        text(external_id),
        text(creditor),
        text(channel.as_str()),
        Cell::Instant(*at),
        text(verdict.as_str()),
        text_or_none(reason.as_deref()),
        text_or_none(made_by.as_deref()),
        instant_or_none(*until),
        text(policy),
    ]
}

fn promises(ledger: &Ledger, names: &Names, now: Wall) -> Vec<Vec<Cell>> {
    let contact = &ledger.contact;
    let campaign = |attempt| ledger.attempts.iter().find(|a| a.id == attempt).map(|a| names.campaign(a.campaign));
    let row = |(p, paid): (&crate::books::Promise, i64)| {
        vec![
            number(p.id.0),
            text(&contact.external_id),
            text(&contact.creditor),
            number(p.attempt.0),
            text_or_none(campaign(p.attempt)),
            number(p.part),
            number(p.parts),
            Cell::Amount(p.amount.minor),
            Cell::Amount(p.least.minor),
            text(p.amount.currency.code()),
            Cell::Date(p.on),
            Cell::Instant(p.made_at),
            Cell::Instant(p.judge_at),
            text(p.state.as_str()),
            instant_or_none(p.withdrawn_at),
            Cell::Amount(paid),
        ]
    };
    ledger.promises.iter().zip(ledger.paid_towards(now)).map(row).collect()
}

fn payments(ledger: &Ledger) -> Vec<Vec<Cell>> {
    let contact = &ledger.contact;
    let row = |p: &crate::books::Payment| {
        vec![
            text(&p.id),
            text(&contact.external_id),
            text(&contact.creditor),
            text_or_none(p.debt.as_deref()),
            Cell::Amount(p.amount.minor),
            text(p.amount.currency.code()),
            Cell::Instant(p.paid_at),
            Cell::Instant(p.at),
            instant_or_none(p.reversed_at),
        ]
    };
    ledger.payments.iter().map(row).collect()
}

fn contacts(ledger: &Ledger, full: bool) -> Vec<Vec<Cell>> {
    let Contact { external_id, person, name, language, zone, email, creditor, phones, debts, fields, .. } =
        &ledger.contact;
    let phones: Vec<String> =
        phones.iter().map(|p| if full { p.number.full().to_string() } else { p.number.to_string() }).collect();
    let private = |value: Option<&str>| text_or_none(value.filter(|_| full));
    let fields = serde_json::to_string(fields).unwrap_or_default();
    let row = |(debt, entered): (&crate::books::Debt, &Wall)| {
        vec![
            text(external_id),
            private(person.as_deref()),
            private(Some(name)),
            text(language.code()),
            text(zone.name()),
            private(email.as_deref()),
            text(creditor),
            text(phones.join(" ")),
            text(&debt.external_id),
            Cell::Amount(debt.amount.minor),
            Cell::Amount(debt.paid),
            text(debt.amount.currency.code()),
            Cell::Date(debt.due),
            Cell::Instant(*entered),
            private(Some(&fields)),
        ]
    };
    debts.iter().zip(&ledger.entered).map(row).collect()
}
