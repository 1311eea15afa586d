//! Columns → values. A column that holds what we never wrote makes the database unavailable, with its place named.

use std::ffi::c_int;
use std::fmt::Display;
use std::str::FromStr;

use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::super::{Result, StoreError};
use super::raw;
use crate::books::*;
use crate::flow::program::FlowHash;
use crate::id::*;
use crate::money::Money;
use crate::time::Wall;

pub(super) const ATTEMPT: &str = "id, campaign, contact, channel, state, step, try_number, segment, due_at, why, \
    phone, flow, live_at, finished_at, disposition, blame, cause, answered_by, right_party, ring_ms, talk_ms, \
    mos_centi, heard_loss_permille, heard_jitter_ms, said_loss_permille, said_jitter_ms, round_trip_ms, node, policy, \
    trunk, cost_micros, cost_currency, agent, caller_id, \
    ladder, contact_class, moved_reason, moved_by";

fn damaged(column: usize, why: impl Display) -> StoreError {
    StoreError::Unavailable(format!("column {column} of a row cannot be read: {why}"))
}

/// A row, by whichever way it was read: sqlx's, or SQLite's own functions, which take a quarter of the time where rows are many.
pub(super) trait Columns {
    fn integer(&self, column: usize) -> Result<Option<i64>>;
    fn text(&self, column: usize) -> Result<Option<&str>>;
}

impl Columns for SqliteRow {
    fn integer(&self, column: usize) -> Result<Option<i64>> {
        self.try_get(column).map_err(|e| damaged(column, e))
    }

    fn text(&self, column: usize) -> Result<Option<&str>> {
        self.try_get(column).map_err(|e| damaged(column, e))
    }
}

impl Columns for raw::Row<'_> {
    fn integer(&self, column: usize) -> Result<Option<i64>> {
        Ok(self.integer_or_null(column as c_int))
    }

    fn text(&self, column: usize) -> Result<Option<&str>> {
        self.text_or_null(column as c_int)
    }
}

/// What a column's value is taken as.
pub(super) trait Taken<'r>: Sized {
    fn from(row: &'r impl Columns, column: usize) -> Result<Self>;
}

impl Taken<'_> for Option<i64> {
    fn from(row: &impl Columns, column: usize) -> Result<Option<i64>> {
        row.integer(column)
    }
}

impl<'r> Taken<'r> for Option<&'r str> {
    fn from(row: &'r impl Columns, column: usize) -> Result<Option<&'r str>> {
        row.text(column)
    }
}

impl Taken<'_> for Option<String> {
    fn from(row: &impl Columns, column: usize) -> Result<Option<String>> {
        Ok(row.text(column)?.map(str::to_string))
    }
}

impl Taken<'_> for i64 {
    fn from(row: &impl Columns, column: usize) -> Result<i64> {
        row.integer(column)?.ok_or_else(|| damaged(column, "it is empty"))
    }
}

impl Taken<'_> for bool {
    fn from(row: &impl Columns, column: usize) -> Result<bool> {
        get::<i64>(row, column).map(|n| n != 0)
    }
}

impl<'r> Taken<'r> for &'r str {
    fn from(row: &'r impl Columns, column: usize) -> Result<&'r str> {
        row.text(column)?.ok_or_else(|| damaged(column, "it is empty"))
    }
}

impl Taken<'_> for String {
    fn from(row: &impl Columns, column: usize) -> Result<String> {
        get::<&str>(row, column).map(str::to_string)
    }
}

pub(super) fn get<'r, T: Taken<'r>>(row: &'r impl Columns, column: usize) -> Result<T> {
    T::from(row, column)
}

/// A text column that holds a word or a value written by `Display`.
pub(super) fn word<T: FromStr<Err: Display>>(row: &impl Columns, column: usize) -> Result<T> {
    get::<&str>(row, column)?.parse().map_err(|e| damaged(column, e))
}

pub(super) fn word_or_null<T: FromStr<Err: Display>>(row: &impl Columns, column: usize) -> Result<Option<T>> {
    get::<Option<&str>>(row, column)?.map(|s| s.parse().map_err(|e| damaged(column, e))).transpose()
}

pub(super) fn number<T: TryFrom<i64, Error: Display>>(row: &impl Columns, column: usize) -> Result<T> {
    get::<i64>(row, column)?.try_into().map_err(|e| damaged(column, e))
}

fn number_or_null<T: TryFrom<i64, Error: Display>>(row: &impl Columns, column: usize) -> Result<Option<T>> {
    get::<Option<i64>>(row, column)?.map(|n| n.try_into().map_err(|e| damaged(column, e))).transpose()
}

fn money(row: &impl Columns, amount: usize, currency: usize) -> Result<Money> {
    Ok(Money::new(get(row, amount)?, word(row, currency)?))
}

/// [`ATTEMPT`]'s columns, in its order.
pub(super) fn attempt(row: &impl Columns) -> Result<Attempt> {
    let channel = word(row, 3)?;
    let outcome = match word_or_null(row, 14)? {
        None => None,
        Some(disposition) => Some(Outcome {
            disposition,
            blame: word(row, 15)?,
            cause: word_or_null(row, 16)?,
            answered_by: word_or_null(row, 17)?,
            right_party: get(row, 18)?,
            ring_ms: number(row, 19)?,
            talk_ms: number(row, 20)?,
            node: get(row, 27)?,
        }),
    };
    Ok(Attempt {
        id: AttemptId(get(row, 0)?),
        campaign: CampaignId(get(row, 1)?),
        contact: ContactId(get(row, 2)?),
        channel,
        state: word(row, 4)?,
        plan: Plan {
            channel,
            step: number(row, 5)?,
            try_number: number(row, 6)?,
            segment: get(row, 7)?,
            due_at: Wall(get(row, 8)?),
            why: get(row, 9)?,
            moved: get::<Option<String>>(row, 36)?
                .map(|reason| Ok::<_, StoreError>(Moved { reason, by: get(row, 37)? }))
                .transpose()?,
        },
        phone: get::<Option<i64>>(row, 10)?.map(PhoneId),
        flow: get::<Option<String>>(row, 11)?.map(FlowHash),
        live_at: get::<Option<i64>>(row, 12)?.map(Wall),
        finished_at: get::<Option<i64>>(row, 13)?.map(Wall),
        outcome,
        quality: quality(row, 21)?,
        policy: get(row, 28)?,
        caller_id: word_or_null(row, 33)?,
        trunk: get(row, 29)?,
        cost: match (get::<Option<i64>>(row, 30)?, word_or_null(row, 31)?) {
            (Some(micros), Some(currency)) => Some(Cost::new(micros, currency)),
            _ => None,
        },
        agent: word_or_null(row, 32)?,
        led: match get(row, 34)? {
            Some(ladder) => Some(Led { ladder, contact_class: get(row, 35)? }),
            None => None,
        },
    })
}

pub(super) fn visit_report(row: &impl Columns) -> Result<VisitReport> {
    Ok(VisitReport {
        attempt: AttemptId(get(row, 0)?),
        outcome: word(row, 1)?,
        visited_at: Wall(get(row, 2)?),
        note: get(row, 3)?,
        at: Wall(get(row, 4)?),
    })
}

pub(super) fn priority(row: &impl Columns, column: usize) -> Result<Priority> {
    Priority::new(number(row, column)?).ok_or_else(|| damaged(column, "it is no priority"))
}

/// Six columns from `first` on.
fn quality(row: &impl Columns, first: usize) -> Result<Option<CallQuality>> {
    let Some(mos_centi) = number_or_null(row, first)? else { return Ok(None) };
    Ok(Some(CallQuality {
        mos_centi,
        heard_loss_permille: number_or_null(row, first + 1)?,
        heard_jitter_ms: number_or_null(row, first + 2)?,
        said_loss_permille: number_or_null(row, first + 3)?,
        said_jitter_ms: number_or_null(row, first + 4)?,
        round_trip_ms: number_or_null(row, first + 5)?,
    }))
}

/// `id, external_id, name, language, zone, email, creditor, fields, person, zone_from`; phones and debts come apart.
pub(super) fn contact(row: &impl Columns) -> Result<Contact> {
    Ok(Contact {
        id: ContactId(get(row, 0)?),
        external_id: get(row, 1)?,
        person: get(row, 8)?,
        name: get(row, 2)?,
        language: word(row, 3)?,
        zone: word(row, 4)?,
        zone_from: word(row, 9)?,
        email: get(row, 5)?,
        creditor: get(row, 6)?,
        phones: Vec::new(),
        debts: Vec::new(),
        fields: serde_json::from_str(get(row, 7)?).map_err(|e| damaged(7, e))?,
    })
}

/// `close_reason, close_why, wake_at` of a closed contact, from column `first` on.
pub(super) fn close(row: &impl Columns, first: usize) -> Result<Close> {
    let wake_at = get::<Option<i64>>(row, first + 2)?.map(Wall);
    Ok(Close { reason: get(row, first)?, why: get(row, first + 1)?, wake_at })
}

/// `attempt, at, verdict, reason, made_by, until, policy`.
pub(super) fn ruling(row: &impl Columns) -> Result<Ruling> {
    Ok(Ruling {
        attempt: AttemptId(get(row, 0)?),
        at: Wall(get(row, 1)?),
        verdict: word(row, 2)?,
        reason: get(row, 3)?,
        made_by: get(row, 4)?,
        until: get::<Option<i64>>(row, 5)?.map(Wall),
        policy: get(row, 6)?,
    })
}

/// `contact, id, number, state, position`.
pub(super) fn phone(row: &impl Columns) -> Result<(ContactId, Phone, bool)> {
    let phone = Phone { id: PhoneId(get(row, 1)?), number: word(row, 2)?, state: word(row, 3)? };
    Ok((ContactId(get(row, 0)?), phone, get::<Option<i64>>(row, 4)?.is_some()))
}

/// `contact, id, external_id, amount, currency, due, paid`.
pub(super) fn debt(row: &impl Columns) -> Result<(ContactId, Debt)> {
    let debt = Debt {
        id: DebtId(get(row, 1)?),
        external_id: get(row, 2)?,
        amount: money(row, 3, 4)?,
        due: word(row, 5)?,
        paid: get(row, 6)?,
    };
    Ok((ContactId(get(row, 0)?), debt))
}

/// `contact, id, attempt, part, parts, amount, currency, on, least, judge_at, state, made_at, withdrawn_at`.
pub(super) fn promise(row: &impl Columns) -> Result<Promise> {
    let amount = money(row, 5, 6)?;
    Ok(Promise {
        contact: ContactId(get(row, 0)?),
        id: PromiseId(get(row, 1)?),
        attempt: AttemptId(get(row, 2)?),
        part: number(row, 3)?,
        parts: number(row, 4)?,
        amount,
        on: word(row, 7)?,
        least: Money::new(get(row, 8)?, amount.currency),
        judge_at: Wall(get(row, 9)?),
        state: word(row, 10)?,
        made_at: Wall(get(row, 11)?),
        withdrawn_at: get::<Option<i64>>(row, 12)?.map(Wall),
    })
}

/// `id, number, contact, debt, amount, currency, paid_at, at, reversed_at`, and its parts as JSON: `[[debt, amount], …]`.
pub(super) fn payment(row: &impl Columns) -> Result<Payment> {
    let parts: Vec<(i64, i64)> = serde_json::from_str(get(row, 9)?).map_err(|e| damaged(9, e))?;
    Ok(Payment {
        id: get(row, 0)?,
        number: get(row, 1)?,
        contact: ContactId(get(row, 2)?),
        debt: get(row, 3)?,
        amount: money(row, 4, 5)?,
        paid_at: Wall(get(row, 6)?),
        at: Wall(get(row, 7)?),
        reversed_at: get::<Option<i64>>(row, 8)?.map(Wall),
        parts: parts.into_iter().map(|(debt, minor)| PaymentPart { debt: DebtId(debt), minor }).collect(),
    })
}

/// `id, file, sha256, settings, at, payments_before, finished_at, undone_at`, and the counts in their order.
pub(super) fn import_batch(row: &impl Columns) -> Result<ImportBatch> {
    Ok(ImportBatch {
        id: ImportBatchId(get(row, 0)?),
        of: NewBatch { file: get(row, 1)?, sha256: get(row, 2)?, settings: get(row, 3)?, whole: get(row, 15)? },
        at: Wall(get(row, 4)?),
        payments_before: get(row, 5)?,
        finished_at: get::<Option<i64>>(row, 6)?.map(Wall),
        undone_at: get::<Option<i64>>(row, 7)?.map(Wall),
        counts: ImportCounts {
            lines: number(row, 8)?,
            added: number(row, 9)?,
            changed: number(row, 10)?,
            unchanged: number(row, 11)?,
            further: number(row, 12)?,
            repeated: number(row, 13)?,
            rejected: number(row, 14)?,
        },
    })
}

/// `hash, reason, at`.
pub(super) fn suppressed_number(row: &SqliteRow) -> Result<SuppressedNumber> {
    Ok(SuppressedNumber { hash: word(row, 0)?, reason: word(row, 1)?, at: Wall(get(row, 2)?) })
}

/// `contact, phone, scope, reason, at`.
pub(super) fn suppression(row: &impl Columns) -> Result<Suppression> {
    Ok(Suppression {
        contact: ContactId(get(row, 0)?),
        phone: get::<Option<i64>>(row, 1)?.map(PhoneId),
        scope: word(row, 2)?,
        reason: word(row, 3)?,
        at: Wall(get(row, 4)?),
    })
}

/// `id, attempt, channel, to, subject, body, state, tries, next_try_at, last_error`.
pub(super) fn message(row: &impl Columns) -> Result<OutboxMessage> {
    Ok(OutboxMessage {
        id: OutboxId(get(row, 0)?),
        attempt: AttemptId(get(row, 1)?),
        channel: word(row, 2)?,
        to: get(row, 3)?,
        subject: get(row, 4)?,
        body: get(row, 5)?,
        state: word(row, 6)?,
        tries: number(row, 7)?,
        next_try_at: Wall(get(row, 8)?),
        last_error: get(row, 9)?,
    })
}

/// `id, contact, attempt, queue, reason, at`.
pub(super) fn worklist_entry(row: &impl Columns) -> Result<WorklistEntry> {
    Ok(WorklistEntry {
        id: WorklistId(get(row, 0)?),
        contact: ContactId(get(row, 1)?),
        attempt: AttemptId(get(row, 2)?),
        queue: get(row, 3)?,
        reason: get(row, 4)?,
        at: Wall(get(row, 5)?),
    })
}

/// `call, at, kind, detail`.
pub(super) fn call_event(row: &impl Columns) -> Result<CallEvent> {
    Ok(CallEvent { call: CallId(get(row, 0)?), at: Wall(get(row, 1)?), kind: get(row, 2)?, detail: get(row, 3)? })
}

pub(super) const INBOUND_CALL: &str = "id, did, caller, verstat, diverted_from, flow, answered_at, ended_at, disposition, cause, talk_ms, \
    mos_centi, heard_loss_permille, heard_jitter_ms, said_loss_permille, said_jitter_ms, round_trip_ms";

/// [`INBOUND_CALL`]'s columns, in its order.
pub(super) fn inbound_call(row: &impl Columns) -> Result<InboundCall> {
    let ended = match get::<Option<i64>>(row, 7)? {
        None => None,
        Some(at) => Some(InboundEnd {
            at: Wall(at),
            disposition: word(row, 8)?,
            cause: word_or_null(row, 9)?,
            talk_ms: number(row, 10)?,
        }),
    };
    Ok(InboundCall {
        id: CallId(get(row, 0)?),
        did: get(row, 1)?,
        caller: Caller {
            number: word_or_null(row, 2)?,
            verstat: word_or_null(row, 3)?,
            diverted_from: word_or_null(row, 4)?,
        },
        flow: get(row, 5)?,
        answered_at: Wall(get(row, 6)?),
        ended,
        quality: quality(row, 11)?,
    })
}

/// `hash, name, version, source`, from column `first` on.
pub(super) fn flow_version(row: &impl Columns, first: usize) -> Result<FlowVersion> {
    Ok(FlowVersion {
        hash: FlowHash(get(row, first)?),
        name: get(row, first + 1)?,
        version: number(row, first + 2)?,
        source: get(row, first + 3)?,
    })
}

/// `campaign, at, kind, detail`.
pub(super) fn campaign_event(row: &impl Columns) -> Result<CampaignEvent> {
    Ok(CampaignEvent {
        campaign: CampaignId(get(row, 0)?),
        at: Wall(get(row, 1)?),
        kind: word(row, 2)?,
        detail: get(row, 3)?,
    })
}
