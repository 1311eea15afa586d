//! Batches: what one file brought into the books, what of it was rejected, and what taking it back comes to.

use std::collections::BTreeMap;

use super::rows::{ImportSummary, NewContact};
use crate::id::ImportBatchId;
use crate::time::Wall;

/// A file about to be taken over.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NewBatch {
    /// Its name, without folders.
    pub file: String,
    /// Of its bytes, as 64 hexadecimal digits.
    pub sha256: String,
    /// Of what was said of it beside it (mapping, defaults), likewise: the same bytes read otherwise are another import.
    pub settings: String,
    /// All of it is wanted, or nothing: until it is finished no campaign takes what it added.
    pub whole: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportBatch {
    pub id: ImportBatchId,
    pub of: NewBatch,
    pub at: Wall,
    /// The highest number of a payment when it began: those above it came since.
    pub payments_before: i64,
    /// `None`: it broke off, and what came before is in the books.
    pub finished_at: Option<Wall>,
    pub undone_at: Option<Wall>,
    pub counts: ImportCounts,
}

impl ImportBatch {
    /// What of it is in the books is to go: all of it was wanted, and it broke off.
    pub fn broke_off_whole(&self) -> bool {
        self.of.whole && self.finished_at.is_none() && self.undone_at.is_none()
    }
}

/// In lines, unless it says otherwise. `lines` is the sum of the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ImportCounts {
    /// Without the header and empty ones.
    pub lines: u64,
    /// Contacts.
    pub added: u64,
    /// Contacts.
    pub changed: u64,
    /// Contacts that were so in the books.
    pub unchanged: u64,
    /// Further debts of contacts that the file names before.
    pub further: u64,
    /// The same as a line before.
    pub repeated: u64,
    pub rejected: u64,
}

impl ImportCounts {
    pub fn add(&mut self, more: &ImportCounts) {
        self.lines += more.lines;
        self.added += more.added;
        self.changed += more.changed;
        self.unchanged += more.unchanged;
        self.further += more.further;
        self.repeated += more.repeated;
        self.rejected += more.rejected;
    }
}

/// Some lines of a file, taken over together or not at all.
#[derive(Debug, Clone, Default)]
pub struct ImportPart {
    /// `None`: of no file; nothing is kept to take it back by.
    pub batch: Option<ImportBatchId>,
    pub rows: Vec<NewContact>,
    /// Where each row stood; empty when `batch` is `None`.
    pub lines: Vec<u64>,
    /// Which rows (by index, ascending) are further debts of a contact that the file has named before.
    pub further: Vec<usize>,
    /// Lines that were the same as one before.
    pub repeated: u64,
    /// Faults of lines that are not among the rows, several of a line together.
    pub rejects: Vec<ImportReject>,
}

impl ImportPart {
    /// What its lines came to, with what the books said of its rows.
    pub fn counts(&self, summary: &ImportSummary) -> ImportCounts {
        let ImportSummary { added, changed, unchanged, further, refused } = summary;
        let (added, changed, unchanged, further, repeated) = (*added, *changed, *unchanged, *further, self.repeated);
        let rejected = self.lines_rejected() + refused.len() as u64;
        let lines = added + changed + unchanged + further + repeated + rejected;
        ImportCounts { lines, added, changed, unchanged, further, repeated, rejected }
    }

    /// Lines that were rejected before they came here.
    pub fn lines_rejected(&self) -> u64 {
        self.rejects.chunk_by(|a, b| a.line == b.line).count() as u64
    }
}

/// A fault of a line as it is kept: without any value of it, since values are about people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportReject {
    /// Counts from 1, the header included.
    pub line: u64,
    /// The column as called here; empty: the whole line.
    pub field: String,
    pub code: RejectCode,
}

impl ImportReject {
    /// What contradicts the books.
    pub fn of_books(line: u64) -> ImportReject {
        ImportReject { line, field: "currency".into(), code: RejectCode::CurrencyOfBooks }
    }
}

crate::words! {
    /// The kind of a fault.
    pub enum RejectCode {
        Encoding = "encoding",
        LineTooLong = "line_too_long",
        Quotes = "quotes",
        CellCount = "cell_count",
        Empty = "empty",
        TooLong = "too_long",
        ControlCharacter = "control_character",
        ContactDiffers = "contact_differs",
        DebtDiffers = "debt_differs",
        NumberFormat = "number_format",
        NumberShort = "number_short",
        NumberPremium = "number_premium",
        NumberUnassigned = "number_unassigned",
        Email = "email",
        Language = "language",
        Zone = "zone",
        Currency = "currency",
        CurrencyOfBooks = "currency_of_books",
        AmountFormat = "amount_format",
        AmountAmbiguous = "amount_ambiguous",
        AmountNotAboveZero = "amount_not_above_zero",
        DayFormat = "day_format",
        DayAmbiguous = "day_ambiguous",
        DayOutOfRange = "day_out_of_range",
        Fact = "fact",
        PaymentReversed = "payment_reversed",
        ContactUnknown = "contact_unknown",
        DebtUnknown = "debt_unknown",
        PaymentDiffers = "payment_differs",
        PaymentUnknown = "payment_unknown",
        PaymentField = "payment_field",
        InFuture = "in_future",
        NumberShortened = "number_shortened",
        Total = "total",
        VisitOutcome = "visit_outcome",
        VisitRefused = "visit_refused",
    }
}

impl RejectCode {
    /// In plain words, the same for all lines.
    pub fn why(self) -> &'static str {
        match self {
            RejectCode::Encoding => "letters that are none in the file's encoding",
            RejectCode::LineTooLong => "a line longer than 64 KiB",
            RejectCode::Quotes => "quotes that do not open and close as in RFC 4180",
            RejectCode::CellCount => "more or fewer cells than the header has",
            RejectCode::Empty => "an empty cell that must hold a value",
            RejectCode::TooLong => "a value longer than its column takes",
            RejectCode::ControlCharacter => "a control character in a value",
            RejectCode::ContactDiffers => "a contact whose lines contradict each other",
            RejectCode::DebtDiffers => "a debt with two different lines",
            RejectCode::NumberFormat => "no telephone number",
            RejectCode::NumberShort => "an emergency or short number",
            RejectCode::NumberPremium => "a premium-rate, shared-cost, personal or pager number",
            RejectCode::NumberUnassigned => "a number with too many or few digits for its country",
            RejectCode::Email => "no e-mail address",
            RejectCode::Language => "no language",
            RejectCode::Zone => "no time zone",
            RejectCode::Currency => "no currency that is known here",
            RejectCode::CurrencyOfBooks => "another currency than the contact's debts in the books",
            RejectCode::AmountFormat => "no amount",
            RejectCode::AmountAmbiguous => "an amount that may be a thousand or one",
            RejectCode::AmountNotAboveZero => "nothing owed",
            RejectCode::DayFormat => "no day",
            RejectCode::DayAmbiguous => "a day whose day and month may be exchanged",
            RejectCode::DayOutOfRange => "a year out of reason",
            RejectCode::Fact => "a value that its column does not know",
            RejectCode::PaymentReversed => "neither paid nor taken back",
            RejectCode::ContactUnknown => "a contact that is not in the books",
            RejectCode::DebtUnknown => "a debt that its contact does not have",
            RejectCode::PaymentDiffers => "a payment that was told before otherwise",
            RejectCode::PaymentUnknown => "a payment that is not in the books",
            RejectCode::PaymentField => "a field that no payment has, or not of this kind",
            RejectCode::InFuture => "a day that has not come",
            RejectCode::NumberShortened => "a number that a spreadsheet has shortened",
            RejectCode::Total => "a line of totals",
            RejectCode::VisitOutcome => "nothing that a visit comes to",
            RejectCode::VisitRefused => "a report that no visit waits for, or a promise that the ladder does not take",
        }
    }
}

crate::words! {
    /// Why a contact is not taken back with the batch.
    pub enum Kept {
        /// An attempt was made to it since.
        Attempted = "attempted",
        /// Something was paid since.
        Paid = "paid",
        /// A later batch changed it.
        ImportedSince = "imported_since",
    }
}

/// What decides how a contact of a batch is taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Whereabouts {
    /// The batch added it; else the batch changed it.
    pub added: bool,
    /// An attempt to it has ended, or is in the air: at all if the batch added it, else since the batch began or to a number that
    /// the batch brought.
    pub attempted: bool,
    /// A payment to it was told, or taken back, likewise.
    pub paid: bool,
    pub imported_since: bool,
    /// A campaign has it.
    pub enrolled: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TakeBack {
    /// Nothing points at it.
    Delete,
    /// What is planned is cancelled, and no campaign takes it any more.
    Withdraw,
    /// Its values of before the batch.
    Restore,
    Keep(Kept),
}

impl Whereabouts {
    pub fn take_back(self) -> TakeBack {
        let Whereabouts { added, attempted, paid, imported_since, enrolled } = self;
        if imported_since {
            TakeBack::Keep(Kept::ImportedSince)
        } else if attempted {
            TakeBack::Keep(Kept::Attempted)
        } else if paid {
            TakeBack::Keep(Kept::Paid)
        } else if !added {
            TakeBack::Restore
        } else if enrolled {
            TakeBack::Withdraw
        } else {
            TakeBack::Delete
        }
    }
}

/// What taking a batch back came to, in contacts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Undone {
    pub deleted: u64,
    pub withdrawn: u64,
    pub restored: u64,
    pub kept: BTreeMap<Kept, u64>,
    /// The first of the kept ones, by `contact_id`; at most [`Undone::SHOWN_MAX`].
    pub kept_first: Vec<(String, Kept)>,
}

impl Undone {
    pub const SHOWN_MAX: usize = 10;

    pub fn count(&mut self, external_id: &str, how: TakeBack) {
        match how {
            TakeBack::Delete => self.deleted += 1,
            TakeBack::Withdraw => self.withdrawn += 1,
            TakeBack::Restore => self.restored += 1,
            TakeBack::Keep(why) => {
                *self.kept.entry(why).or_default() += 1;
                if self.kept_first.len() < Undone::SHOWN_MAX {
                    self.kept_first.push((external_id.to_string(), why));
                }
            }
        }
    }
}
