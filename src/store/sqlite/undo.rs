//! Taking a batch back, a few thousand contacts a transaction. How each of them is taken back is [`Whereabouts`]' to say.

use super::super::{Result, StoreError};
use super::apply::to_json;
use super::import::{Before, Bulk};
use super::raw::{Row, damaged};
use crate::books::*;
use crate::id::ImportBatchId;
use crate::time::Wall;

/// Contacts in one transaction: bounds how long the others that write wait.
const CONTACTS_MAX: i64 = 2000;

/// How far a batch has been taken back.
#[derive(Debug, Default)]
pub(super) struct Undoing {
    /// Contacts that it changed are done; then come those that it added.
    changed_done: bool,
    last: i64,
    undone: Undone,
}

impl Bulk {
    /// The next contacts; `true` when there are no more.
    pub fn undo_some(&mut self, batch: ImportBatchId, at: Wall, undoing: &mut Undoing) -> Result<bool> {
        let begun = self.begun(batch)?;
        let added = undoing.changed_done;
        let sql = match added {
            false => {
                "SELECT contact, (SELECT external_id FROM contact WHERE id = contact) FROM import_change \
                 WHERE batch = ?1 AND contact > ?2 ORDER BY contact LIMIT ?3"
            }
            true => {
                "SELECT id, external_id FROM contact WHERE added_by = ?1 AND id > ?2 AND removed_at IS NULL \
                 ORDER BY id LIMIT ?3"
            }
        };
        let values = [batch.0.into(), undoing.last.into(), CONTACTS_MAX.into()];
        let contacts = self.rows(sql, &values, |r| Ok((r.integer(0), r.text(1)?.to_string())))?;
        let mut undone = undoing.undone.clone();
        self.transaction(true, |books| {
            for (contact, external_id) in &contacts {
                let how = books.whereabouts(*contact, batch, begun, added)?.take_back();
                match how {
                    TakeBack::Delete => books.delete(*contact)?,
                    TakeBack::Withdraw => books.withdraw(*contact, at)?,
                    TakeBack::Restore => books.restore(*contact, batch)?,
                    TakeBack::Keep(_) => {}
                }
                undone.count(external_id, how);
            }
            if contacts.is_empty() && added {
                books.run("UPDATE import_batch SET undone_at = ?2 WHERE id = ?1", &[batch.0.into(), at.0.into()])?;
            }
            Ok(())
        })?;
        undoing.undone = undone;
        match contacts.last() {
            Some((last, _)) => undoing.last = *last,
            None if added => return Ok(true),
            None => {
                undoing.changed_done = true;
                undoing.last = 0;
            }
        }
        Ok(false)
    }

    /// When the batch began, and the highest number of a payment then.
    fn begun(&mut self, batch: ImportBatchId) -> Result<(i64, i64)> {
        let sql = "SELECT at, payments_before, undone_at FROM import_batch WHERE id = ?1";
        let read = |r: &Row| Ok((r.integer(0), r.integer(1), r.integer_or_null(2)));
        match self.row(sql, &[batch.0.into()], read)? {
            None => Err(StoreError::NotFound(format!("import {batch}"))),
            Some((_, _, Some(_))) => Err(StoreError::Conflict(format!("import {batch} was taken back before"))),
            Some((at, payments, None)) => Ok((at, payments)),
        }
    }

    fn whereabouts(
        &mut self,
        contact: i64,
        batch: ImportBatchId,
        (at, payments): (i64, i64),
        added: bool,
    ) -> Result<Whereabouts> {
        let sql = match added {
            true => {
                "SELECT EXISTS (SELECT 1 FROM attempt WHERE contact = ?1 AND state IN ('live', 'finished')), \
                 EXISTS (SELECT 1 FROM payment WHERE contact = ?1), \
                 EXISTS (SELECT 1 FROM import_change WHERE contact = ?1 AND batch > ?2), \
                 EXISTS (SELECT 1 FROM campaign_contact WHERE contact = ?1)"
            }
            false => {
                "SELECT EXISTS (SELECT 1 FROM attempt a WHERE contact = ?1 AND (state = 'live' OR state = 'finished' AND \
                 (finished_at >= ?3 OR phone IS NOT NULL AND NOT EXISTS (SELECT 1 FROM import_change i, json_each(i.before, '$.phones') p \
                 WHERE i.batch = ?2 AND i.contact = ?1 AND p.value ->> 0 = a.phone)))), \
                 EXISTS (SELECT 1 FROM payment WHERE contact = ?1 AND number > ?4), \
                 EXISTS (SELECT 1 FROM import_change WHERE contact = ?1 AND batch > ?2) \
                 OR COALESCE((SELECT added_by FROM contact WHERE id = ?1), 0) > ?2, \
                 EXISTS (SELECT 1 FROM campaign_contact WHERE contact = ?1)"
            }
        };
        let values = [contact.into(), batch.0.into(), at.into(), payments.into()];
        let values = if added { &values[..2] } else { &values[..] };
        let found = self.row(sql, values, |r| {
            let [attempted, paid, imported_since, enrolled] = [0, 1, 2, 3].map(|column| r.integer(column) != 0);
            Ok(Whereabouts { added, attempted, paid, imported_since, enrolled })
        })?;
        Ok(found.expect("a row without a table"))
    }

    fn delete(&mut self, contact: i64) -> Result<()> {
        // Attempts' opt-outs there are none; what is left came with the number.
        self.run("DELETE FROM suppression WHERE contact = ?1", &[contact.into()])?;
        self.run("DELETE FROM phone WHERE contact = ?1", &[contact.into()])?;
        self.run("DELETE FROM debt WHERE contact = ?1", &[contact.into()])?;
        self.run("DELETE FROM contact WHERE id = ?1", &[contact.into()])?;
        Ok(())
    }

    fn withdraw(&mut self, contact: i64, at: Wall) -> Result<()> {
        self.cancel(contact, &Close::import_undone())?;
        self.run("UPDATE campaign_contact SET wake_at = NULL WHERE contact = ?1", &[contact.into()])?;
        self.run("UPDATE contact SET removed_at = ?2 WHERE id = ?1", &[contact.into(), at.0.into()])?;
        Ok(())
    }

    pub(super) fn cancel(&mut self, contact: i64, close: &Close) -> Result<()> {
        let sql = "UPDATE campaign_contact SET close_reason = ?2, close_why = ?3 WHERE contact = ?1 AND campaign IN \
             (SELECT campaign FROM attempt WHERE contact = ?1 AND state IN ('scheduled', 'claimed'))";
        self.run(sql, &[contact.into(), (&close.reason).into(), (&close.why).into()])?;
        let sql = "UPDATE attempt SET state = 'cancelled', lease_until = NULL \
             WHERE contact = ?1 AND state IN ('scheduled', 'claimed')";
        self.run(sql, &[contact.into()])?;
        Ok(())
    }

    fn restore(&mut self, contact: i64, batch: ImportBatchId) -> Result<()> {
        let sql = "SELECT before FROM import_change WHERE batch = ?1 AND contact = ?2";
        let before = self.row(sql, &[batch.0.into(), contact.into()], |r| {
            serde_json::from_str::<Before>(r.text(0)?).map_err(|e| damaged(0, e))
        })?;
        let Some(before) = before else { return Ok(()) };
        let fields = to_json(&before.fields);
        let sql = "UPDATE contact SET name = ?2, language = ?3, zone = ?4, email = ?5, creditor = ?6, fields = ?7, person = ?8, \
             zone_from = ?9 WHERE id = ?1";
        let values = [
            contact.into(),
            (&before.name).into(),
            (&before.language).into(),
            (&before.zone).into(),
            before.email.as_deref().into(),
            (&before.creditor).into(),
            fields.as_str().into(),
            before.person.as_deref().into(),
            (&before.zone_from).into(),
        ];
        self.run(sql, &values)?;
        let debts = to_json(&before.debts.iter().map(|d| d.0).collect::<Vec<_>>());
        let sql = "DELETE FROM debt WHERE contact = ?1 AND id NOT IN (SELECT value FROM json_each(?2))";
        self.run(sql, &[contact.into(), debts.as_str().into()])?;
        for (id, amount, currency, due, paid) in &before.debts {
            let sql = "UPDATE debt SET amount = ?2, currency = ?3, due = ?4, paid = ?5 WHERE id = ?1";
            self.run(sql, &[(*id).into(), (*amount).into(), currency.into(), due.into(), (*paid).into()])?;
        }
        let phones = to_json(&before.phones.iter().map(|p| p.0).collect::<Vec<_>>());
        let sql = "DELETE FROM suppression WHERE contact = ?1 AND phone NOT IN (SELECT value FROM json_each(?2))";
        self.run(sql, &[contact.into(), phones.as_str().into()])?;
        let sql = "DELETE FROM phone WHERE contact = ?1 AND id NOT IN (SELECT value FROM json_each(?2))";
        self.run(sql, &[contact.into(), phones.as_str().into()])?;
        for (id, position) in before.phones {
            self.run("UPDATE phone SET position = ?2 WHERE id = ?1", &[id.into(), position.into()])?;
        }
        self.run("DELETE FROM import_change WHERE batch = ?1 AND contact = ?2", &[batch.0.into(), contact.into()])?;
        let sql = concat!("SELECT ", owes_nothing!("?1"));
        if self.row(sql, &[contact.into()], |r| Ok(r.integer(0) != 0))? == Some(true) {
            self.cancel(contact, &Close::paid())?;
        }
        Ok(())
    }
}

impl Undoing {
    pub fn undone(self) -> Undone {
        self.undone
    }
}
