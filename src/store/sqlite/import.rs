//! Contacts in bulk: a few statements for each thousand lines, all lines in one transaction.

use std::collections::{BTreeSet, HashMap};

use super::super::Result;
use super::apply::to_json;
use super::writer::Writer;
use super::{read, row};
use crate::books::merge::{KnownContact, NextIds};
use crate::books::*;
use crate::id::*;
use crate::time::Wall;

const CHUNK: usize = 1000;

impl Writer {
    pub async fn import(&mut self, rows: &[NewContact], at: Wall) -> Result<ImportSummary> {
        self.begin().await?;
        let result = self.import_chunks(rows, at).await;
        self.end(result).await
    }

    async fn import_chunks(&mut self, rows: &[NewContact], at: Wall) -> Result<ImportSummary> {
        let sql = "SELECT (SELECT COALESCE(MAX(id), 0) FROM contact), (SELECT COALESCE(MAX(id), 0) + 1 FROM phone), \
             (SELECT COALESCE(MAX(id), 0) + 1 FROM debt)";
        let last = sqlx::query(sql).fetch_one(self.conn()).await?;
        let mut ids = NextIds { phone: PhoneId(row::get(&last, 1)?), debt: DebtId(row::get(&last, 2)?) };
        let mut last: i64 = row::get(&last, 0)?;
        let mut summary = ImportSummary::default();
        for (nth, chunk) in rows.chunks(CHUNK).enumerate() {
            let external_ids: Vec<&str> = chunk.iter().map(|r| r.external_id.as_str()).collect();
            let known = read::known(self.conn(), &to_json(&external_ids)).await?;
            let mut known: HashMap<String, KnownContact> =
                known.into_iter().map(|k| (k.contact.external_id.clone(), k)).collect();
            let mut changed = BTreeSet::new();
            for (n, line) in chunk.iter().enumerate() {
                match known.get_mut(&line.external_id) {
                    Some(before) => match before.merge(line, &mut ids) {
                        Ok(true) => {
                            changed.insert((before.contact.id, line.external_id.as_str()));
                            summary.changed += 1;
                        }
                        Ok(false) => summary.unchanged += 1,
                        Err(why) => summary.refused.push((nth * CHUNK + n, why)),
                    },
                    None => {
                        last += 1;
                        let id = ContactId(last);
                        known.insert(line.external_id.clone(), KnownContact::new(id, line, &mut ids));
                        changed.insert((id, line.external_id.as_str()));
                        summary.added += 1;
                    }
                }
            }
            let changed: Vec<&KnownContact> = changed.iter().map(|(_, key)| &known[*key]).collect();
            self.upsert_contacts(&changed, at).await?;
        }
        Ok(summary)
    }

    async fn upsert_contacts(&mut self, contacts: &[&KnownContact], at: Wall) -> Result<()> {
        if contacts.is_empty() {
            return Ok(());
        }
        let rows: Vec<_> = contacts
            .iter()
            .map(|k| &k.contact)
            .map(|c| {
                let fields = to_json(&c.fields);
                let (language, zone) = (c.language.code(), c.zone.name());
                let zone_from = c.zone_from.as_str();
                (c.id.0, &c.external_id, &c.name, language, zone, &c.email, &c.creditor, fields, &c.person, zone_from)
            })
            .collect();
        // `WHERE true` tells the parser that ON CONFLICT is not a join's ON.
        let sql = "INSERT INTO contact (id, external_id, name, language, zone, email, creditor, fields, person, \
             zone_from, imported_at) SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, \
             value ->> 7, value ->> 8, value ->> 9, $2 FROM json_each($1) WHERE true ON CONFLICT (id) DO UPDATE SET name = excluded.name, \
             language = excluded.language, zone = excluded.zone, zone_from = excluded.zone_from, email = excluded.email, \
             creditor = excluded.creditor, fields = excluded.fields, person = excluded.person, imported_at = excluded.imported_at";
        sqlx::query(sql).bind(to_json(&rows)).bind(at.0).execute(self.conn()).await?;

        let debts = contacts.iter().flat_map(|k| k.contact.debts.iter().map(|d| (k.contact.id.0, d)));
        let debts = debts.map(|(contact, d)| {
            (d.id.0, contact, &d.external_id, d.amount.minor, d.amount.currency.code(), d.due.to_string(), d.paid)
        });
        let debts: Vec<_> = debts.collect();
        let sql = "INSERT INTO debt (id, contact, external_id, amount, currency, due, paid) \
             SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6 \
             FROM json_each($1) WHERE true ON CONFLICT (id) DO UPDATE SET amount = excluded.amount, \
             currency = excluded.currency, due = excluded.due, paid = excluded.paid";
        sqlx::query(sql).bind(to_json(&debts)).execute(self.conn()).await?;

        let phones = contacts.iter().flat_map(|k| {
            let listed = k.contact.phones.iter().enumerate().map(|(position, p)| (p, Some(position)));
            let unlisted = k.unlisted.iter().map(|p| (p, None));
            listed
                .chain(unlisted)
                .map(|(p, position)| (p.id.0, k.contact.id.0, p.number.full(), p.state.as_str(), position))
        });
        let phones: Vec<_> = phones.collect();
        let sql = "INSERT INTO phone (id, contact, number, state, position) \
             SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4 FROM json_each($1) WHERE true \
             ON CONFLICT (id) DO UPDATE SET position = excluded.position";
        sqlx::query(sql).bind(to_json(&phones)).execute(self.conn()).await?;
        Ok(())
    }
}
