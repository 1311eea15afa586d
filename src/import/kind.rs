//! What a file is a list of: its columns with a meaning, and those it must have.

use super::Defaults;

/// Contacts, payments, or reports of visits.
#[derive(Debug)]
pub(super) struct Kind {
    /// Columns with a meaning of their own, in the order of the documentation.
    pub known: &'static [&'static str],
    /// Those that must be there; with what may stand for one.
    pub required: &'static [Required],
    /// Columns that hold days.
    pub days: &'static [&'static str],
    /// The column by which lines belong together.
    pub together: Option<&'static str>,
    /// Further columns are kept as fields; else they mean nothing.
    pub keeps_further: bool,
    pub example: &'static str,
}

type Required = (&'static str, Option<fn(&Defaults) -> bool>);

/// Numbers are tried in this order, those of `phones` last.
pub(super) static CONTACTS: Kind = Kind {
    known: &[
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
    ],
    required: &[
        ("contact_id", None),
        ("name", None),
        ("phone", None),
        ("language", Some(|defaults| defaults.language.is_some())),
        ("creditor", Some(|defaults| defaults.creditor.is_some())),
        ("amount", None),
        ("currency", Some(|defaults| defaults.currency.is_some())),
        ("due", None),
    ],
    days: &["due", "refused_on"],
    together: Some("contact_id"),
    keeps_further: true,
    example: "contact_id,name,phone,zone,amount,currency,due",
};

pub(super) static PAYMENTS: Kind = Kind {
    known: &["payment_id", "contact_id", "debt_id", "amount", "currency", "paid_at", "reversed"],
    required: &[
        ("payment_id", None),
        ("contact_id", None),
        ("amount", None),
        ("currency", Some(|defaults| defaults.currency.is_some())),
    ],
    days: &["paid_at"],
    together: None,
    keeps_further: false,
    example: "payment_id,contact_id,amount,currency,paid_at",
};

pub(super) static VISITS: Kind = Kind {
    known: &["contact_id", "outcome", "visited_at", "note", "amount", "currency", "on"],
    required: &[("contact_id", None), ("outcome", None)],
    days: &["visited_at", "on"],
    together: None,
    keeps_further: false,
    example: "contact_id,outcome,visited_at,note",
};
