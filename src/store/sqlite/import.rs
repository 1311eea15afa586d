//! Contacts in bulk: a row costs a few prepared statements on a connection of its own, called on the thread that waits for it.
//! A contact that is new to the books is written without having been looked for. All rows of a part are one transaction.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use serde::{Deserialize, Serialize};

use super::super::{Result, StoreError};
use super::apply::to_json;
use super::raw::{Connection, Row, Value};
use super::{Counting, SqliteOptions, row};
use crate::books::merge::{KnownContact, NextIds};
use crate::books::*;
use crate::id::*;
use crate::phone::PhoneNumber;
use crate::time::Wall;

/// Every index is touched all over; pages that fall out of the cache would be read again for each part.
const CACHE_KB: u32 = 64 * 1024;

/// How the connection is opened when there is something to import; closed with the import, and its memory with it.
#[derive(Debug)]
pub(super) struct Opening {
    pub path: PathBuf,
    pub options: SqliteOptions,
    pub counters: Arc<Counting>,
    /// Of the list of those who are not to be called.
    pub key: SuppressionKey,
}

impl Opening {
    pub fn open(&self) -> Result<Bulk> {
        let mut conn = Connection::open(&self.path, &self.options)?;
        conn.cache_kb(CACHE_KB)?;
        let (counters, key) = (Arc::clone(&self.counters), self.key.clone());
        Ok(Bulk { conn, counters, key, listed: false })
    }
}

/// The connection that imports.
pub(super) struct Bulk {
    conn: Connection,
    counters: Arc<Counting>,
    pub(super) key: SuppressionKey,
    /// Somebody is on the list: else nobody is looked for there.
    listed: bool,
}

/// A contact that is there already.
pub(super) struct There {
    known: KnownContact,
    added_by: Option<i64>,
    /// Taken back with its batch.
    removed: bool,
}

/// What a contact was before a batch changed it: the column `import_change.before`. Numbers by their row, with their place.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Before {
    pub person: Option<String>,
    pub name: String,
    pub language: String,
    pub zone: String,
    pub zone_from: String,
    pub email: Option<String>,
    pub creditor: String,
    pub fields: BTreeMap<String, String>,
    pub phones: Vec<(i64, Option<i64>)>,
    /// Row, amount, currency, due, paid.
    pub debts: Vec<(i64, i64, String, String, i64)>,
}

impl Before {
    fn of(known: &KnownContact) -> Before {
        let c = &known.contact;
        let listed = (0..).zip(&c.phones).map(|(position, p)| (p.id.0, Some(position)));
        let debt = |d: &Debt| (d.id.0, d.amount.minor, d.amount.currency.code().to_string(), d.due.to_string(), d.paid);
        Before {
            person: c.person.clone(),
            name: c.name.clone(),
            language: c.language.code().to_string(),
            zone: c.zone.name().to_string(),
            zone_from: c.zone_from.as_str().to_string(),
            email: c.email.clone(),
            creditor: c.creditor.clone(),
            fields: c.fields.clone(),
            phones: listed.chain(known.unlisted.iter().map(|p| (p.id.0, None))).collect(),
            debts: c.debts.iter().map(debt).collect(),
        }
    }
}

impl std::fmt::Debug for Bulk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Bulk").finish_non_exhaustive()
    }
}

impl Bulk {
    pub(super) fn run(&mut self, sql: &'static str, values: &[Value]) -> Result<u64> {
        self.counters.statements.fetch_add(1, Relaxed);
        self.conn.run(sql, values)
    }

    pub(super) fn row<T>(
        &mut self,
        sql: &'static str,
        values: &[Value],
        read: impl FnOnce(&Row) -> Result<T>,
    ) -> Result<Option<T>> {
        self.counters.statements.fetch_add(1, Relaxed);
        self.conn.row(sql, values, read)
    }

    pub(super) fn rows<T>(
        &mut self,
        sql: &'static str,
        values: &[Value],
        mut read: impl FnMut(&Row) -> Result<T>,
    ) -> Result<Vec<T>> {
        self.counters.statements.fetch_add(1, Relaxed);
        let mut found = Vec::new();
        self.conn.rows(sql, values, |row| {
            found.push(read(row)?);
            Ok(())
        })?;
        Ok(found)
    }

    /// All of it or nothing; nothing either when it is not to be kept.
    pub(super) fn transaction<T>(&mut self, keep: bool, run: impl FnOnce(&mut Bulk) -> Result<T>) -> Result<T> {
        self.run("BEGIN IMMEDIATE", &[])?;
        let end = if keep { "COMMIT" } else { "ROLLBACK" };
        let result = run(self).and_then(|value| self.run(end, &[]).map(|_| value));
        match &result {
            Ok(_) => {
                self.counters.transactions.fetch_add(u64::from(keep), Relaxed);
            }
            // SQLite may have rolled back by itself (full disk); then this fails, and nothing is left to undo.
            Err(_) => drop(self.run("ROLLBACK", &[])),
        }
        result
    }

    pub fn import(&mut self, part: &ImportPart, at: Wall, keep: bool) -> Result<ImportSummary> {
        self.transaction(keep, |books| books.import_rows(part, at))
    }

    fn import_rows(&mut self, part: &ImportPart, at: Wall) -> Result<ImportSummary> {
        if let Some(batch) = part.batch {
            let sql = "SELECT 1 FROM import_batch WHERE id = ?1 AND finished_at IS NULL";
            let under_way = self.row(sql, &[batch.0.into()], |_| Ok(()))?;
            under_way.ok_or_else(|| StoreError::Conflict(format!("import {batch} is not under way")))?;
        }
        let sql = "SELECT EXISTS (SELECT 1 FROM suppressed_number) OR EXISTS (SELECT 1 FROM suppressed_person)";
        self.listed = self.row(sql, &[], |r| Ok(r.integer(0) != 0))? == Some(true);
        let mut summary = ImportSummary::default();
        for (n, row) in part.rows.iter().enumerate() {
            let further = part.further.binary_search(&n).is_ok();
            let count = match self.import_row(row, part.batch, at)? {
                Taken::Refused(why) => {
                    summary.refused.push((n, why));
                    continue;
                }
                _ if further => &mut summary.further,
                Taken::Added => &mut summary.added,
                Taken::Changed => &mut summary.changed,
                Taken::Unchanged => &mut summary.unchanged,
            };
            *count += 1;
        }
        if let Some(batch) = part.batch {
            self.keep_of(batch, part, &summary)?;
        }
        Ok(summary)
    }

    fn import_row(&mut self, row: &NewContact, batch: Option<ImportBatchId>, at: Wall) -> Result<Taken> {
        let fields = to_json(&row.fields);
        let sql = "INSERT INTO contact (external_id, name, language, zone, email, creditor, fields, person, imported_at, added_by, \
             zone_from) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) ON CONFLICT (external_id) DO NOTHING";
        let values = [
            (&row.external_id).into(),
            (&row.name).into(),
            row.language.code().into(),
            row.zone.name().into(),
            row.email.as_deref().into(),
            (&row.creditor).into(),
            fields.as_str().into(),
            row.person.as_deref().into(),
            at.0.into(),
            batch.map(|b| b.0).into(),
            row.zone_from.as_str().into(),
        ];
        if self.run(sql, &values)? == 0 {
            return self.merge(row, batch, at);
        }
        let contact = self.conn.last_id();
        for NewDebt { external_id, amount, due } in &row.debts {
            let sql = "INSERT INTO debt (contact, external_id, amount, currency, due) VALUES (?1, ?2, ?3, ?4, ?5) \
                 ON CONFLICT (contact, external_id) DO UPDATE SET amount = excluded.amount, currency = excluded.currency, \
                 due = excluded.due";
            let due = due.to_string();
            let (minor, currency) = (amount.minor, amount.currency.code());
            self.run(sql, &[contact.into(), external_id.into(), minor.into(), currency.into(), due.as_str().into()])?;
        }
        let mut position = 0;
        for (n, number) in row.phones.iter().enumerate() {
            if row.phones[..n].contains(number) {
                continue; // listed twice in one line
            }
            let sql = "INSERT INTO phone (contact, number, state, position) VALUES (?1, ?2, 'good', ?3)";
            self.run(sql, &[contact.into(), number.full().into(), Value::Integer(position)])?;
            self.suppress_number(number, contact, self.conn.last_id())?;
            position += 1;
        }
        self.suppress_person(row, contact)?;
        Ok(Taken::Added)
    }

    /// A row of a contact that is there.
    fn merge(&mut self, row: &NewContact, batch: Option<ImportBatchId>, at: Wall) -> Result<Taken> {
        let There { mut known, added_by, removed } = self.known(&row.external_id)?;
        let sql = "SELECT (SELECT COALESCE(MAX(id), 0) + 1 FROM phone), (SELECT COALESCE(MAX(id), 0) + 1 FROM debt)";
        let ids = self.row(sql, &[], |r| Ok(NextIds { phone: PhoneId(r.integer(0)), debt: DebtId(r.integer(1)) }))?;
        let mut ids = ids.expect("a row without a table");
        let ids_before = ids.phone.0;
        let before = Before::of(&known);
        let changed = match known.merge(row, &mut ids) {
            Ok(changed) => changed,
            Err(why) => return Ok(Taken::Refused(why)),
        };
        let id = known.contact.id;
        if changed {
            let theirs = batch.filter(|b| !removed && added_by != Some(b.0));
            if let Some(batch) = theirs {
                // What it was before the first of the batch's lines.
                let sql =
                    "INSERT INTO import_change (batch, contact, before) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
                self.run(sql, &[batch.0.into(), id.0.into(), to_json(&before).as_str().into()])?;
            }
            self.update(&known, PhoneId(ids_before), at)?;
            self.suppress_person(row, id.0)?;
        }
        if removed {
            let sql = "UPDATE contact SET removed_at = NULL, added_by = ?2 WHERE id = ?1";
            self.run(sql, &[id.0.into(), batch.map(|b| b.0).into()])?;
            let sql = "UPDATE campaign_contact SET wake_at = ?2 WHERE contact = ?1 AND close_reason = ?3";
            self.run(sql, &[id.0.into(), at.0.into(), Close::IMPORT_UNDONE.into()])?;
            return Ok(Taken::Added);
        }
        Ok(if changed { Taken::Changed } else { Taken::Unchanged })
    }

    fn known(&mut self, external_id: &str) -> Result<There> {
        let sql = "SELECT c.id, c.external_id, c.name, c.language, c.zone, c.email, c.creditor, c.fields, c.person, \
             c.zone_from, c.added_by, c.removed_at IS NOT NULL FROM contact c WHERE c.external_id = ?1";
        let found = self.row(sql, &[external_id.into()], |r| {
            let known = KnownContact { contact: row::contact(r)?, unlisted: Vec::new() };
            Ok(There { known, added_by: r.integer_or_null(10), removed: r.integer(11) != 0 })
        });
        let mut there = found?.expect("it was in the way of a new row");
        let id = there.known.contact.id;
        let sql =
            "SELECT contact, id, external_id, amount, currency, due, paid FROM debt WHERE contact = ?1 ORDER BY id";
        there.known.contact.debts = self.rows(sql, &[id.0.into()], |r| Ok(row::debt(r)?.1))?;
        let sql = "SELECT contact, id, number, state, position FROM phone WHERE contact = ?1 ORDER BY position, id";
        let phones = self.rows(sql, &[id.0.into()], |r| row::phone(r).map(|(_, phone, listed)| (phone, listed)))?;
        let KnownContact { contact, unlisted } = &mut there.known;
        for (phone, listed) in phones {
            if listed { contact.phones.push(phone) } else { unlisted.push(phone) }
        }
        Ok(there)
    }

    /// The number that has come to a contact may be on the list.
    fn suppress_number(&mut self, number: &PhoneNumber, contact: i64, phone: i64) -> Result<()> {
        if !self.listed {
            return Ok(());
        }
        let sql = "INSERT INTO suppression (contact, phone, scope, reason, at) \
             SELECT ?1, ?2, 'number', reason, at FROM suppressed_number WHERE hash = ?3 ON CONFLICT DO NOTHING";
        let hash = self.key.number(number);
        self.run(sql, &[contact.into(), phone.into(), hash.full().into()]).map(drop)
    }

    /// Somebody who was in the books before may be on it, too.
    fn suppress_person(&mut self, row: &NewContact, contact: i64) -> Result<()> {
        if !self.listed {
            return Ok(());
        }
        for hash in self.key.persons(&row.external_id, row.person.as_deref()) {
            let sql = "INSERT INTO suppression (contact, scope, reason, at) \
                 SELECT ?1, 'person', reason, at FROM suppressed_person WHERE hash = ?2 ON CONFLICT DO NOTHING";
            self.run(sql, &[contact.into(), hash.full().into()])?;
        }
        Ok(())
    }

    /// `first_new`: numbers from this row on have come with the line.
    fn update(&mut self, known: &KnownContact, first_new: PhoneId, at: Wall) -> Result<()> {
        let c = &known.contact;
        let fields = to_json(&c.fields);
        let sql = "UPDATE contact SET name = ?2, language = ?3, zone = ?4, email = ?5, creditor = ?6, fields = ?7, person = ?8, \
             imported_at = ?9, zone_from = ?10 WHERE id = ?1";
        let values = [
            c.id.0.into(),
            (&c.name).into(),
            c.language.code().into(),
            c.zone.name().into(),
            c.email.as_deref().into(),
            (&c.creditor).into(),
            fields.as_str().into(),
            c.person.as_deref().into(),
            at.0.into(),
            c.zone_from.as_str().into(),
        ];
        self.run(sql, &values)?;
        for d in &c.debts {
            let sql = "INSERT INTO debt (id, contact, external_id, amount, currency, due, paid) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (id) DO UPDATE SET amount = excluded.amount, \
                 currency = excluded.currency, due = excluded.due, paid = excluded.paid";
            let due = d.due.to_string();
            let values = [
                d.id.0.into(),
                c.id.0.into(),
                (&d.external_id).into(),
                d.amount.minor.into(),
                d.amount.currency.code().into(),
                due.as_str().into(),
                d.paid.into(),
            ];
            self.run(sql, &values)?;
        }
        let listed = (0..).zip(&c.phones).map(|(position, phone)| (phone, Some(position)));
        for (phone, position) in listed.chain(known.unlisted.iter().map(|phone| (phone, None::<i64>))) {
            let sql = "INSERT INTO phone (id, contact, number, state, position) VALUES (?1, ?2, ?3, ?4, ?5) \
                 ON CONFLICT (id) DO UPDATE SET position = excluded.position";
            let (number, state) = (phone.number.full(), phone.state.as_str());
            self.run(sql, &[phone.id.0.into(), c.id.0.into(), number.into(), state.into(), position.into()])?;
            if phone.id >= first_new {
                self.suppress_number(&phone.number, c.id.0, phone.id.0)?;
            }
        }
        Ok(())
    }

    /// The part's faults, and what it came to.
    fn keep_of(&mut self, batch: ImportBatchId, part: &ImportPart, summary: &ImportSummary) -> Result<()> {
        let refused = summary.refused.iter().map(|(n, _)| ImportReject::of_books(part.lines[*n]));
        for reject in part.rejects.iter().cloned().chain(refused) {
            let sql = "INSERT INTO import_reject (batch, line, field, code) VALUES (?1, ?2, ?3, ?4)";
            let line = i64::try_from(reject.line).unwrap_or(i64::MAX);
            self.run(sql, &[batch.0.into(), line.into(), (&reject.field).into(), reject.code.as_str().into()])?;
        }
        let counts = part.counts(summary);
        let sql = "UPDATE import_batch SET lines = lines + ?2, added = added + ?3, changed = changed + ?4, \
             unchanged = unchanged + ?5, further = further + ?6, repeated = repeated + ?7, rejected = rejected + ?8 \
             WHERE id = ?1";
        let number = |n: u64| Value::Integer(i64::try_from(n).unwrap_or(i64::MAX));
        let ImportCounts { lines, added, changed, unchanged, further, repeated, rejected } = counts;
        let [lines, added, changed, unchanged, further, repeated, rejected] =
            [lines, added, changed, unchanged, further, repeated, rejected].map(number);
        let values = [batch.0.into(), lines, added, changed, unchanged, further, repeated, rejected];
        self.run(sql, &values).map(drop)
    }

    pub fn begin_import(&mut self, of: &NewBatch, at: Wall) -> Result<ImportBatchId> {
        let sql = "INSERT INTO import_batch (file, sha256, settings, at, whole, payments_before) \
             VALUES (?1, ?2, ?3, ?4, ?5, (SELECT COALESCE(MAX(number), 0) FROM payment))";
        let NewBatch { file, sha256, settings, whole } = of;
        let values = [file.into(), sha256.into(), settings.into(), at.0.into(), i64::from(*whole).into()];
        self.transaction(true, |books| {
            books.run(sql, &values)?;
            Ok(ImportBatchId(books.conn.last_id()))
        })
    }

    pub fn finish_import(&mut self, batch: ImportBatchId, at: Wall) -> Result<()> {
        let sql = "UPDATE import_batch SET finished_at = ?2 WHERE id = ?1 AND finished_at IS NULL";
        self.transaction(true, |books| match books.run(sql, &[batch.0.into(), at.0.into()])? {
            0 => Err(StoreError::Conflict(format!("import {batch} is not under way"))),
            _ => Ok(()),
        })
    }
}

/// What became of a row.
enum Taken {
    Added,
    Changed,
    Unchanged,
    Refused(String),
}
