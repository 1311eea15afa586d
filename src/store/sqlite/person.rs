//! One person's rows: what is kept of them, and how it goes. What is deleted is overwritten in the file, too.

use std::collections::BTreeMap;

use sqlx::{SqliteConnection, SqlitePool};

use super::super::{Result, StoreError};
use super::import::Bulk;
use super::raw::Value;
use super::{read, row};
use crate::books::person::{COARSE_US, erased_key};
use crate::books::*;
use crate::id::*;
use crate::outcome::{Channel, Disposition};
use crate::phone::PhoneNumber;
use crate::time::Wall;

impl Bulk {
    /// One contact, in one transaction.
    pub fn forget(&mut self, what: &Forget, at: Wall) -> Result<Forgotten> {
        self.transaction(true, |books| books.forget_contact(what, at))
    }

    fn forget_contact(&mut self, what: &Forget, at: Wall) -> Result<Forgotten> {
        let contact = what.contact.0;
        let sql = "SELECT external_id, person FROM contact WHERE id = ?1 AND erased_at IS NULL";
        let keys =
            self.row(sql, &[contact.into()], |r| Ok((r.text(0)?.to_string(), r.text_or_null(1)?.map(str::to_string))))?;
        let Some((external_id, person)) = keys else {
            return Err(StoreError::NotFound(format!("contact {contact}")));
        };
        let sql = "SELECT id FROM attempt WHERE contact = ?1 AND state = 'live'";
        if let Some(attempt) = self.row(sql, &[contact.into()], |r| Ok(r.integer(0)))? {
            return Err(StoreError::Conflict(format!("call {attempt} with contact {contact} is up")));
        }
        let persons = self.key.persons(&external_id, person.as_deref());
        if what.asked {
            self.suppress_all(contact, &persons, at)?;
        }
        if what.whole {
            self.carry_over(contact, person.as_deref(), &persons)?;
        }
        if what.asked || what.whole {
            self.stop(contact, at)?;
        }
        let (mut calls, mut messages) = (what.calls.clone(), what.messages.clone());
        if what.whole {
            let sql = "SELECT id FROM attempt WHERE contact = ?1";
            calls = self.rows(sql, &[contact.into()], |r| Ok(CallId(r.integer(0))))?;
            let sql = "SELECT id FROM outbox WHERE attempt IN (SELECT id FROM attempt WHERE contact = ?1)";
            messages = self.rows(sql, &[contact.into()], |r| Ok(OutboxId(r.integer(0))))?;
        }
        let mut gone = Forgotten::default();
        self.forget_calls(contact, &calls, &mut gone)?;
        self.forget_messages(contact, &messages, &mut gone)?;
        if what.details {
            self.run("UPDATE contact SET email = NULL, fields = '{}' WHERE id = ?1", &[contact.into()])?;
        }
        if what.whole {
            self.leave_counts(contact, at, &mut gone)?;
        }
        Ok(gone)
    }

    /// Nobody contacts the person again, under these keys or on these numbers, whoever has them.
    fn suppress_all(&mut self, contact: i64, persons: &[SuppressionHash], at: Wall) -> Result<()> {
        let reason = Disposition::OptedOut.as_str();
        for number in self.numbers(contact)? {
            let hash = self.key.number(&number);
            let sql = "INSERT INTO suppressed_number (hash, reason, at) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
            self.run(sql, &[hash.full().into(), reason.into(), at.0.into()])?;
            let sql = "INSERT INTO suppression (contact, phone, scope, reason, at) \
                 SELECT contact, id, 'number', ?2, ?3 FROM phone WHERE number = ?1 ON CONFLICT DO NOTHING";
            self.run(sql, &[number.full().into(), reason.into(), at.0.into()])?;
        }
        let sql =
            "INSERT INTO suppression (contact, scope, reason, at) VALUES (?1, 'person', ?2, ?3) ON CONFLICT DO NOTHING";
        self.run(sql, &[contact.into(), reason.into(), at.0.into()])?;
        for hash in persons {
            let sql = "INSERT INTO suppressed_person (hash, reason, at) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
            self.run(sql, &[hash.full().into(), reason.into(), at.0.into()])?;
        }
        Ok(())
    }

    /// What hangs on the contact goes with it, and stays on the list.
    fn carry_over(&mut self, contact: i64, person: Option<&str>, persons: &[SuppressionHash]) -> Result<()> {
        let sql = "SELECT p.number, s.reason, s.at FROM suppression s LEFT JOIN phone p ON p.id = s.phone WHERE s.contact = ?1";
        let rows = self.rows(sql, &[contact.into()], |r| {
            let number = r.text_or_null(0)?.map(|number| number.parse::<PhoneNumber>());
            Ok((number.transpose().map_err(|e| super::raw::damaged(0, e))?, r.text(1)?.to_string(), r.integer(2)))
        })?;
        for (number, reason, at) in rows {
            let whole_person = number.is_none();
            let (sql, hashes) = match number {
                Some(number) => (
                    "INSERT INTO suppressed_number (hash, reason, at) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
                    vec![self.key.number(&number)],
                ),
                None => (
                    "INSERT INTO suppressed_person (hash, reason, at) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
                    persons.to_vec(),
                ),
            };
            for hash in hashes {
                self.run(sql, &[hash.full().into(), (&reason).into(), at.into()])?;
            }
            if whole_person {
                // As other creditors' customer, too.
                let sql = "INSERT INTO suppression (contact, scope, reason, at) \
                     SELECT id, 'person', ?2, ?3 FROM contact WHERE person = ?1 AND id <> ?4 ON CONFLICT DO NOTHING";
                self.run(sql, &[person.into(), (&reason).into(), at.into(), contact.into()])?;
            }
        }
        Ok(())
    }

    fn numbers(&mut self, contact: i64) -> Result<Vec<PhoneNumber>> {
        self.rows("SELECT number FROM phone WHERE contact = ?1 ORDER BY id", &[contact.into()], |r| r.word(0))
    }

    /// Nothing is planned any more, and no campaign takes or wakes the contact.
    fn stop(&mut self, contact: i64, at: Wall) -> Result<()> {
        self.cancel(contact, &Close::erased())?;
        self.run("UPDATE campaign_contact SET wake_at = NULL WHERE contact = ?1", &[contact.into()])?;
        let sql = "UPDATE promise SET state = 'withdrawn', withdrawn_at = ?2 WHERE contact = ?1 AND state = 'open'";
        self.run(sql, &[contact.into(), at.0.into()])?;
        let sql = "UPDATE contact SET removed_at = COALESCE(removed_at, ?2), erase_asked_at = COALESCE(erase_asked_at, ?2) \
             WHERE id = ?1";
        self.run(sql, &[contact.into(), at.0.into()]).map(drop)
    }

    fn forget_calls(&mut self, contact: i64, calls: &[CallId], gone: &mut Forgotten) -> Result<()> {
        let ids = read::json(calls.iter().map(|call| call.0));
        let sql = "UPDATE attempt SET number = '' WHERE contact = ?1 AND id IN (SELECT value FROM json_each(?2)) AND number <> ''";
        gone.calls += self.run(sql, &[contact.into(), ids.as_str().into()])?;
        let sql = "UPDATE attempt SET person = NULL WHERE contact = ?1 AND id IN (SELECT value FROM json_each(?2))";
        self.run(sql, &[contact.into(), ids.as_str().into()])?;
        let sql =
            "INSERT INTO erasing SELECT id FROM attempt WHERE contact = ?1 AND id IN (SELECT value FROM json_each(?2))";
        self.run(sql, &[contact.into(), ids.as_str().into()])?;
        gone.log_lines += self.run("DELETE FROM call_event WHERE call IN (SELECT call FROM erasing)", &[])?;
        self.run("DELETE FROM erasing", &[]).map(drop)
    }

    fn forget_messages(&mut self, contact: i64, messages: &[OutboxId], gone: &mut Forgotten) -> Result<()> {
        let ids = read::json(messages.iter().map(|message| message.0));
        let sql = r#"UPDATE outbox SET "to" = '', subject = NULL, body = '', last_error = NULL,
             state = CASE WHEN state = 'queued' THEN 'failed' ELSE state END
             WHERE id IN (SELECT value FROM json_each(?2)) AND attempt IN (SELECT id FROM attempt WHERE contact = ?1)
             AND ("to" <> '' OR body <> '')"#;
        gone.messages += self.run(sql, &[contact.into(), ids.as_str().into()])?;
        Ok(())
    }

    /// As `books::person` has it. Keys of payments are pointed at by their parts, so both change before anybody checks.
    fn leave_counts(&mut self, contact: i64, at: Wall, gone: &mut Forgotten) -> Result<()> {
        self.run("PRAGMA defer_foreign_keys = ON", &[])?;
        let one: [Value; 1] = [contact.into()];
        gone.contacts += 1;
        self.run("DELETE FROM suppression WHERE contact = ?1", &one)?;
        self.run("DELETE FROM worklist WHERE contact = ?1", &one)?;
        self.run("DELETE FROM import_change WHERE contact = ?1", &one)?;
        // Attempts point at the rows of numbers; what has no + is read as no number.
        let sql = "UPDATE phone SET number = 'erased ' || id, state = 'bad', position = NULL WHERE contact = ?1";
        gone.numbers += self.run(sql, &one)?;
        gone.debts += self.run("UPDATE debt SET external_id = ' erased ' || id WHERE contact = ?1", &one)?;
        let sql = "UPDATE payment_part SET payment = \
             (SELECT ' erased ' || number FROM payment WHERE payment.id = payment_part.payment) \
             WHERE payment IN (SELECT id FROM payment WHERE contact = ?1)";
        self.run(sql, &one)?;
        self.run("UPDATE payment SET id = ' erased ' || number, debt = NULL WHERE contact = ?1", &one)?;
        let both: [Value; 2] = [contact.into(), COARSE_US.into()];
        self.run("UPDATE promise SET made_at = made_at - made_at % ?2 WHERE contact = ?1", &both)?;
        self.run("INSERT INTO erasing SELECT id FROM attempt WHERE contact = ?1 AND channel = 'visit'", &one)?;
        let sql = "UPDATE visit_report SET note = '', visited_at = visited_at - visited_at % ?1, at = at - at % ?1 \
             WHERE attempt IN (SELECT call FROM erasing)";
        self.run(sql, &[COARSE_US.into()])?;
        self.run("DELETE FROM erasing", &[])?;
        let sql = "UPDATE attempt SET why = '', due_at = due_at - due_at % ?2, live_at = live_at - live_at % ?2, \
             finished_at = finished_at - finished_at % ?2 WHERE contact = ?1";
        self.run(sql, &both)?;
        let sql =
            "UPDATE call SET live_at = live_at - live_at % ?2 WHERE id IN (SELECT id FROM attempt WHERE contact = ?1)";
        self.run(sql, &both)?;
        let sql = "UPDATE campaign_contact SET close_why = ?2 WHERE contact = ?1 AND close_reason IS NOT NULL";
        self.run(sql, &[contact.into(), (&Close::erased().why).into()])?;
        let sql = "UPDATE contact SET external_id = ?2, person = NULL, name = '', email = NULL, fields = '{}', added_by = NULL, \
             erased_at = ?3 WHERE id = ?1";
        let key = erased_key(contact);
        self.run(sql, &[contact.into(), (&key).into(), at.0.into()]).map(drop)
    }

    pub fn forget_inbound(&mut self, calls: &[CallId]) -> Result<Forgotten> {
        self.transaction(true, |books| {
            let ids = read::json(calls.iter().map(|call| call.0));
            let ids: [Value; 1] = [ids.as_str().into()];
            let sql = "SELECT id FROM inbound_call WHERE id IN (SELECT value FROM json_each(?1)) AND ended_at IS NULL";
            if let Some(call) = books.row(sql, &ids, |r| Ok(r.integer(0)))? {
                return Err(StoreError::Conflict(format!("call {call} is up")));
            }
            let sql = "SELECT COUNT(*) FROM inbound_call WHERE id IN (SELECT value FROM json_each(?1)) AND (caller IS NOT NULL \
                 OR diverted_from IS NOT NULL OR EXISTS (SELECT 1 FROM inbound_call_event e WHERE e.call = inbound_call.id))";
            let there = books.row(sql, &ids, |r| Ok(r.integer(0)))?.unwrap_or(0);
            let sql = "UPDATE inbound_call SET caller = NULL, verstat = NULL, diverted_from = NULL \
                 WHERE id IN (SELECT value FROM json_each(?1))";
            books.run(sql, &ids)?;
            books.run("INSERT INTO erasing SELECT value FROM json_each(?1)", &ids)?;
            let sql = "DELETE FROM inbound_call_event WHERE call IN (SELECT call FROM erasing)";
            let log_lines = books.run(sql, &[])?;
            books.run("DELETE FROM erasing", &[])?;
            Ok(Forgotten { inbound_calls: there.unsigned_abs(), log_lines, ..Forgotten::default() })
        })
    }

    pub fn tell_purge(&mut self, told: &PurgeReport) -> Result<()> {
        let sql = "INSERT INTO purge (at, report) VALUES (?1, ?2)";
        self.transaction(true, |books| books.run(sql, &[told.at.0.into(), (&told.report).into()]).map(drop))
    }

    /// What was written before is in the file alone, and no longer in the log of writes beside it; as far as nobody reads there.
    pub fn checkpoint(&mut self) -> Result<()> {
        self.run("PRAGMA wal_checkpoint(TRUNCATE)", &[]).map(drop)
    }
}

/// Nine statements for any number of contacts.
pub(super) async fn keepings(pool: &SqlitePool, whom: &Whom) -> Result<Vec<Keeping>> {
    let mut snapshot = pool.begin().await?;
    let ids = match whom {
        Whom::After(after, limit) => {
            let sql = "SELECT id FROM contact WHERE id > $1 AND erased_at IS NULL ORDER BY id LIMIT $2";
            sqlx::query(sql).bind(after.0).bind(i64::from(*limit)).fetch_all(&mut *snapshot).await?
        }
        Whom::Contact(external_id) => {
            let sql = "SELECT o.id FROM contact c JOIN contact o ON o.id = c.id OR o.person = c.person \
                 WHERE c.external_id = $1 AND c.erased_at IS NULL ORDER BY o.id";
            sqlx::query(sql).bind(external_id.clone()).fetch_all(&mut *snapshot).await?
        }
        Whom::Person(person) => {
            let sql = "SELECT id FROM contact WHERE person = $1 ORDER BY id";
            sqlx::query(sql).bind(person.clone()).fetch_all(&mut *snapshot).await?
        }
    };
    let mut page = Vec::with_capacity(ids.len());
    for r in &ids {
        page.push(row::get::<i64>(r, 0)?);
    }
    of_contacts(&mut snapshot, &read::json(page)).await
}

async fn of_contacts(conn: &mut SqliteConnection, ids: &str) -> Result<Vec<Keeping>> {
    let among = "IN (SELECT value FROM json_each($1))";
    let sql = format!(
        "SELECT id, external_id, person, zone, erase_asked_at, removed_at FROM contact WHERE id {among} ORDER BY id"
    );
    let mut found: BTreeMap<i64, Draft> = BTreeMap::new();
    for r in &sqlx::query(sqlx::AssertSqlSafe(sql)).bind(ids).fetch_all(&mut *conn).await? {
        let id = row::get(r, 0)?;
        let keeping = Keeping {
            contact: ContactId(id),
            external_id: row::get(r, 1)?,
            person: row::get(r, 2)?,
            zone: row::word(r, 3)?,
            numbers: Vec::new(),
            campaigns: Vec::new(),
            entered_at: Wall(i64::MAX),
            settled_at: None,
            last_activity: Wall(i64::MIN),
            erase_asked_at: row::get::<Option<i64>>(r, 4)?.map(Wall),
            live: false,
            calls: Vec::new(),
            messages: Vec::new(),
        };
        let removed_at = row::get::<Option<i64>>(r, 5)?.map(Wall);
        found.insert(id, Draft { keeping, removed_at, unsettled: false, paid_at: None });
    }
    let all = |select: &str, order: &str| {
        sqlx::AssertSqlSafe(format!("{select} WHERE contact {among} ORDER BY contact, {order}"))
    };
    for r in &sqlx::query(all("SELECT contact, entered_at, paid < amount FROM debt", "id"))
        .bind(ids)
        .fetch_all(&mut *conn)
        .await?
    {
        let Some(draft) = found.get_mut(&row::get(r, 0)?) else { continue };
        draft.keeping.entered_at = draft.keeping.entered_at.min(Wall(row::get(r, 1)?));
        draft.unsettled |= row::get::<bool>(r, 2)?;
    }
    for r in &sqlx::query(all("SELECT contact, number FROM phone", "id")).bind(ids).fetch_all(&mut *conn).await? {
        if let Some(draft) = found.get_mut(&row::get(r, 0)?) {
            draft.keeping.numbers.push(row::word(r, 1)?);
        }
    }
    let campaigns = all("SELECT contact, campaign FROM campaign_contact", "campaign");
    for r in &sqlx::query(campaigns).bind(ids).fetch_all(&mut *conn).await? {
        if let Some(draft) = found.get_mut(&row::get(r, 0)?) {
            draft.keeping.campaigns.push(CampaignId(row::get(r, 1)?));
        }
    }
    let attempts = all("SELECT contact, id, state, live_at, finished_at, answered_by, number FROM attempt", "id");
    for r in &sqlx::query(attempts).bind(ids).fetch_all(&mut *conn).await? {
        let Some(draft) = found.get_mut(&row::get(r, 0)?) else { continue };
        let state: AttemptState = row::word(r, 2)?;
        draft.unsettled |= state.is_open();
        draft.keeping.live |= state == AttemptState::Live;
        let Some(at) = row::get::<Option<i64>>(r, 4)?.map(Wall) else { continue };
        draft.happened(at);
        if row::get::<Option<i64>>(r, 3)?.is_some() {
            let details = row::get::<Option<&str>>(r, 6)?.is_some_and(|number| !number.is_empty());
            let reached = KeptCall::reached(row::word_or_null(r, 5)?);
            draft.keeping.calls.push(KeptCall { call: CallId(row::get(r, 1)?), at, reached, details });
        }
    }
    let visits = format!(
        "SELECT a.contact, v.at FROM visit_report v JOIN attempt a ON a.id = v.attempt WHERE a.contact {among}"
    );
    for r in &sqlx::query(sqlx::AssertSqlSafe(visits)).bind(ids).fetch_all(&mut *conn).await? {
        let Some(draft) = found.get_mut(&row::get(r, 0)?) else { continue };
        draft.happened(Wall(row::get(r, 1)?));
    }
    let payments = all("SELECT contact, at, reversed_at FROM payment", "number");
    for r in &sqlx::query(payments).bind(ids).fetch_all(&mut *conn).await? {
        let Some(draft) = found.get_mut(&row::get(r, 0)?) else { continue };
        let (at, reversed_at) = (Wall(row::get(r, 1)?), row::get::<Option<i64>>(r, 2)?.map(Wall));
        draft.happened(reversed_at.unwrap_or(at));
        if reversed_at.is_none() {
            draft.paid_at = draft.paid_at.max(Some(at));
        }
    }
    let promises = all("SELECT contact, made_at, state FROM promise", "id");
    for r in &sqlx::query(promises).bind(ids).fetch_all(&mut *conn).await? {
        let Some(draft) = found.get_mut(&row::get(r, 0)?) else { continue };
        draft.happened(Wall(row::get(r, 1)?));
        draft.unsettled |= row::word::<PromiseState>(r, 2)? == PromiseState::Open;
    }
    let messages = format!(
        "SELECT a.contact, o.id, o.attempt, o.channel, COALESCE(a.finished_at, a.due_at) FROM outbox o \
         JOIN attempt a ON a.id = o.attempt WHERE a.contact {among} AND (o.\"to\" <> '' OR o.body <> '') ORDER BY o.id"
    );
    for r in &sqlx::query(sqlx::AssertSqlSafe(messages)).bind(ids).fetch_all(&mut *conn).await? {
        let Some(draft) = found.get_mut(&row::get(r, 0)?) else { continue };
        let (id, attempt, channel) =
            (OutboxId(row::get(r, 1)?), AttemptId(row::get(r, 2)?), row::word::<Channel>(r, 3)?);
        draft.keeping.messages.push(KeptMessage { id, attempt, channel, at: Wall(row::get(r, 4)?) });
    }
    Ok(found.into_values().map(Draft::done).collect())
}

/// What is read in pieces.
struct Draft {
    keeping: Keeping,
    removed_at: Option<Wall>,
    unsettled: bool,
    paid_at: Option<Wall>,
}

impl Draft {
    fn happened(&mut self, at: Wall) {
        self.keeping.last_activity = self.keeping.last_activity.max(at);
    }

    fn done(self) -> Keeping {
        let Draft { mut keeping, removed_at, unsettled, paid_at } = self;
        keeping.last_activity = keeping.last_activity.max(keeping.entered_at);
        let settled_at = (!unsettled).then(|| paid_at.unwrap_or(keeping.entered_at));
        keeping.settled_at = removed_at.or(settled_at);
        keeping
    }
}

pub(super) async fn inbound_of(pool: &SqlitePool, contacts: &[ContactId]) -> Result<InboundOf> {
    let sql = "SELECT i.id, EXISTS (SELECT 1 FROM phone p WHERE p.number IN (i.caller, i.diverted_from) \
         AND p.contact NOT IN (SELECT value FROM json_each($1))) FROM inbound_call i \
         WHERE i.caller IN (SELECT number FROM phone WHERE contact IN (SELECT value FROM json_each($1))) \
         OR i.diverted_from IN (SELECT number FROM phone WHERE contact IN (SELECT value FROM json_each($1))) ORDER BY i.id";
    let mut of = InboundOf::default();
    for r in &sqlx::query(sql).bind(read::json(contacts.iter().map(|c| c.0))).fetch_all(pool).await? {
        if row::get::<bool>(r, 1)? { of.shared += 1 } else { of.theirs.push(CallId(row::get(r, 0)?)) }
    }
    Ok(of)
}

pub(super) async fn earlier(pool: &SqlitePool, contact: ContactId) -> Result<Vec<Earlier>> {
    let sql = "SELECT batch, before FROM import_change WHERE contact = $1 ORDER BY batch";
    read::rows(sqlx::query(sql).bind(contact.0).fetch_all(pool).await?, |r| {
        Ok(Earlier { batch: ImportBatchId(row::get(r, 0)?), values: row::get(r, 1)? })
    })
}

pub(super) async fn purges(pool: &SqlitePool, limit: u32) -> Result<Vec<PurgeReport>> {
    let sql = "SELECT at, report FROM purge ORDER BY id DESC LIMIT $1";
    read::rows(sqlx::query(sql).bind(i64::from(limit)).fetch_all(pool).await?, |r| {
        Ok(PurgeReport { at: Wall(row::get(r, 0)?), report: row::get(r, 1)? })
    })
}
