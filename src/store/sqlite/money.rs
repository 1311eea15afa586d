//! Payments, what they do to debts and promises, and contacts that are looked at again. What an account comes to is
//! [`Account`]'s to say; here it is read, and written back.

use std::collections::BTreeMap;

use sqlx::{AssertSqlSafe, SqliteConnection, SqlitePool};

use super::super::{Result, StoreError};
use super::apply::{SCHEDULE, to_json};
use super::writer::Writer;
use super::{read, row};
use crate::books::*;
use crate::id::*;
use crate::time::Wall;

/// Closed for a reason that a payment may change; as [`Close::hangs_on_money`] says.
const HANGS_ON_MONEY: &str = "close_reason IN ('paid', 'promised', 'already_paid')";

/// As readers find it, in one snapshot.
pub(super) async fn account_of(pool: &SqlitePool, of: AccountOf<'_>) -> Result<Account> {
    let mut snapshot = pool.begin().await?;
    let (sql, id, what) = match of {
        AccountOf::Contact(id) => ("SELECT id FROM contact WHERE external_id = $1", id, "contact"),
        AccountOf::Payment(id) => ("SELECT contact FROM payment WHERE id = $1", id, "payment"),
    };
    match sqlx::query(sql).bind(id.to_string()).fetch_optional(&mut *snapshot).await? {
        Some(r) => account(&mut snapshot, ContactId(row::get(&r, 0)?)).await,
        None => Err(StoreError::NotFound(format!("{what} `{id}`"))),
    }
}

async fn account(conn: &mut SqliteConnection, contact: ContactId) -> Result<Account> {
    let known = read::known_by_id(conn, contact).await?;
    let known = known.ok_or_else(|| StoreError::NotFound(format!("contact {contact}")))?;
    let sql = format!("{} WHERE contact = $1 ORDER BY id", read::PROMISE);
    let promises = sqlx::query(AssertSqlSafe(sql)).bind(contact.0).fetch_all(&mut *conn).await?;
    let sql = format!("{} WHERE contact = $1 ORDER BY at, id", read::PAYMENT);
    let payments = sqlx::query(AssertSqlSafe(sql)).bind(contact.0).fetch_all(&mut *conn).await?;
    let promises = promises.iter().map(row::promise).collect::<Result<_>>()?;
    let payments = payments.iter().map(row::payment).collect::<Result<_>>()?;
    Ok(Account { contact: known.contact, promises, payments })
}

impl Writer {
    /// All in one transaction; each of them is booked, or refused by itself.
    pub async fn pay(&mut self, payments: &[NewPayment], at: Wall) -> Result<Vec<Result<Paid>>> {
        self.begin().await?;
        let result = self.insert_payments(payments, at).await;
        self.end(result).await
    }

    /// All of them in one transaction, or none.
    pub async fn pay_all(&mut self, payments: &[NewPayment], at: Wall) -> Result<Vec<Result<Paid>>> {
        self.begin().await?;
        match self.insert_payments(payments, at).await {
            Ok(answers) if answers.iter().any(Result::is_err) => {
                self.rollback().await;
                Ok(answers)
            }
            result => self.end(result).await,
        }
    }

    async fn insert_payments(&mut self, payments: &[NewPayment], at: Wall) -> Result<Vec<Result<Paid>>> {
        let mut results = Vec::with_capacity(payments.len());
        for new in payments {
            // Nothing is written before the account has said yes.
            match self.insert_payment(new, at).await {
                Err(StoreError::Unavailable(why)) => return Err(StoreError::Unavailable(why)),
                result => results.push(result),
            }
        }
        Ok(results)
    }

    async fn insert_payment(&mut self, new: &NewPayment, at: Wall) -> Result<Paid> {
        let found = sqlx::query("SELECT id FROM contact WHERE external_id = $1").bind(new.contact.clone());
        let contact = match found.fetch_optional(self.conn()).await? {
            Some(r) => ContactId(row::get(&r, 0)?),
            None => return Err(StoreError::NotFound(format!("contact `{}`", new.contact))),
        };
        let mut account = self.account(contact).await?;
        let sql = format!("{} WHERE id = $1", read::PAYMENT);
        let known = sqlx::query(AssertSqlSafe(sql)).bind(new.id.clone()).fetch_optional(self.conn()).await?;
        if let Some(known) = known.map(|r| row::payment(&r)).transpose()? {
            return match known.is_told_again(new, contact) {
                true => Ok(account.paid(false)),
                false => Err(StoreError::Conflict(known.told_otherwise())),
            };
        }
        let number = self.payment_number().await?;
        account.pay(new, number, at)?;
        self.keep(&account, Some(number), at).await?;
        Ok(account.paid(true))
    }

    pub async fn reverse(&mut self, payment_id: &str, at: Wall) -> Result<bool> {
        self.begin().await?;
        let result = self.take_back(payment_id, at).await;
        self.end(result).await
    }

    async fn take_back(&mut self, payment_id: &str, at: Wall) -> Result<bool> {
        let found = sqlx::query("SELECT contact FROM payment WHERE id = $1").bind(payment_id.to_string());
        let contact = match found.fetch_optional(self.conn()).await? {
            Some(r) => ContactId(row::get(&r, 0)?),
            None => return Err(StoreError::NotFound(format!("payment `{payment_id}`"))),
        };
        let mut account = self.account(contact).await?;
        let number = self.payment_number().await?;
        if !account.reverse(payment_id, number, at)? {
            return Ok(false);
        }
        self.keep(&account, Some(number), at).await?;
        Ok(true)
    }

    pub async fn judge_promises(&mut self, now: Wall, limit: u32) -> Result<u64> {
        self.begin().await?;
        let result = self.judge_due(now, limit).await;
        self.end(result).await
    }

    async fn judge_due(&mut self, now: Wall, limit: u32) -> Result<u64> {
        let sql = "SELECT contact FROM promise WHERE state = 'open' AND judge_at <= $1 ORDER BY judge_at, id LIMIT $2";
        let found = sqlx::query(sql).bind(now.0).bind(i64::from(limit)).fetch_all(self.conn()).await?;
        let mut contacts: Vec<i64> = found.iter().map(|r| row::get(r, 0)).collect::<Result<_>>()?;
        let count = contacts.len() as u64;
        contacts.sort_unstable();
        contacts.dedup();
        for contact in contacts {
            let mut account = self.account(ContactId(contact)).await?;
            account.judge(now);
            self.keep(&account, None, now).await?;
        }
        Ok(count)
    }

    pub async fn withdraw_promise(&mut self, id: PromiseId, at: Wall) -> Result<()> {
        self.begin().await?;
        let result = self.close_promise(id, at).await;
        self.end(result).await
    }

    async fn close_promise(&mut self, id: PromiseId, at: Wall) -> Result<()> {
        let sql = "UPDATE promise SET state = 'withdrawn', withdrawn_at = $2 WHERE id = $1 AND state = 'open' RETURNING contact";
        if let Some(r) = sqlx::query(sql).bind(id.0).bind(at.0).fetch_optional(self.conn()).await? {
            return self.wake_for_money(ContactId(row::get(&r, 0)?), at).await;
        }
        let found = sqlx::query("SELECT state FROM promise WHERE id = $1").bind(id.0);
        match found.fetch_optional(self.conn()).await? {
            None => Err(StoreError::NotFound(format!("promise {id}"))),
            Some(r) => Err(StoreError::Conflict(format!("promise {id} is {}", row::word::<PromiseState>(&r, 0)?))),
        }
    }

    async fn payment_number(&mut self) -> Result<i64> {
        let found = sqlx::query("SELECT COALESCE(MAX(number), 0) + 1 FROM payment").fetch_one(self.conn()).await?;
        row::get(&found, 0)
    }

    async fn account(&mut self, contact: ContactId) -> Result<Account> {
        account(self.conn(), contact).await
    }

    /// Writes back what has changed of an account; `number`: of its payments, the one that came or was taken back has it. Its contact is
    /// looked at again wherever it is closed for a reason of money, and what is open is cancelled when nothing is owed.
    async fn keep(&mut self, account: &Account, number: Option<i64>, at: Wall) -> Result<()> {
        let contact = account.contact.id;
        let debts: BTreeMap<i64, i64> = account.contact.debts.iter().map(|d| (d.id.0, d.paid)).collect();
        let sql = "UPDATE debt SET paid = $2 ->> CAST(id AS TEXT) \
             WHERE contact = $1 AND paid <> $2 ->> CAST(id AS TEXT)";
        sqlx::query(sql).bind(contact.0).bind(to_json(&debts)).execute(self.conn()).await?;
        let states: BTreeMap<i64, &str> = account.promises.iter().map(|p| (p.id.0, p.state.as_str())).collect();
        let sql = "UPDATE promise SET state = $2 ->> CAST(id AS TEXT) \
             WHERE contact = $1 AND state <> $2 ->> CAST(id AS TEXT)";
        sqlx::query(sql).bind(contact.0).bind(to_json(&states)).execute(self.conn()).await?;
        let changed = || account.payments.iter().filter(|p| Some(p.number) == number);
        let payments: Vec<_> = changed()
            .map(|p| {
                let (minor, currency) = (p.amount.minor, p.amount.currency.code());
                (&p.id, p.number, &p.debt, minor, currency, p.paid_at.0, p.at.0, p.reversed_at.map(|at| at.0))
            })
            .collect();
        let sql = "INSERT INTO payment (id, number, contact, debt, amount, currency, paid_at, at, reversed_at) \
             SELECT value ->> 0, value ->> 1, $1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, \
             value ->> 7 FROM json_each($2) WHERE true \
             ON CONFLICT (id) DO UPDATE SET number = excluded.number, reversed_at = excluded.reversed_at";
        sqlx::query(sql).bind(contact.0).bind(to_json(&payments)).execute(self.conn()).await?;
        let parts = changed().flat_map(|p| p.parts.iter().map(|part| (&p.id, part.debt.0, part.minor)));
        let parts: Vec<_> = parts.collect();
        let sql = "INSERT INTO payment_part (payment, debt, amount) \
             SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each($1) WHERE true ON CONFLICT DO NOTHING";
        sqlx::query(sql).bind(to_json(&parts)).execute(self.conn()).await?;
        self.wake_for_money(contact, at).await?;
        if account.contact.paid() {
            let close = Close::paid();
            let sql = "UPDATE campaign_contact SET close_reason = $2, close_why = $3 WHERE contact = $1 AND campaign IN \
                 (SELECT campaign FROM attempt WHERE contact = $1 AND state IN ('scheduled', 'claimed'))";
            sqlx::query(sql).bind(contact.0).bind(close.reason).bind(close.why).execute(self.conn()).await?;
            let sql = "UPDATE attempt SET state = 'cancelled', lease_until = NULL \
                 WHERE contact = $1 AND state IN ('scheduled', 'claimed')";
            sqlx::query(sql).bind(contact.0).execute(self.conn()).await?;
        }
        Ok(())
    }

    async fn wake_for_money(&mut self, contact: ContactId, at: Wall) -> Result<()> {
        let sql = format!("UPDATE campaign_contact SET wake_at = $2 WHERE contact = $1 AND {HANGS_ON_MONEY}");
        sqlx::query(AssertSqlSafe(sql)).bind(contact.0).bind(at.0).execute(self.conn()).await?;
        Ok(())
    }

    pub async fn wake(&mut self, campaign: CampaignId, batch: &[Enrolment]) -> Result<()> {
        self.begin().await?;
        let result = self.wake_each(campaign, batch).await;
        self.end(result).await
    }

    async fn wake_each(&mut self, campaign: CampaignId, batch: &[Enrolment]) -> Result<()> {
        let state = self.campaign_state(campaign).await?;
        for Enrolment { contact, next } in batch {
            let sql = concat!(
                "SELECT close_reason IS NOT NULL, ",
                owes_nothing!("$2"),
                ", EXISTS (SELECT 1 FROM attempt a WHERE a.contact = $2 AND a.state IN ('scheduled', 'claimed', 'live')) \
                 FROM campaign_contact WHERE campaign = $1 AND contact = $2"
            );
            let found = sqlx::query(sql).bind(campaign.0).bind(contact.0).fetch_optional(self.conn()).await?;
            let Some(r) = found else { continue };
            let (closed, paid, elsewhere): (bool, bool, bool) = (row::get(&r, 0)?, row::get(&r, 1)?, row::get(&r, 2)?);
            if !closed {
                continue;
            }
            let next = match next.clone().admitted(paid, state) {
                Next::Attempt(_) if elsewhere => Next::Close(Close::in_other_campaign()),
                next @ (Next::Attempt(_) | Next::Close(_)) => next,
            };
            let (close, plan) = match next {
                Next::Close(close) => (Some(close), None),
                Next::Attempt(plan) => (None, Some(plan)),
            };
            let sql = "UPDATE campaign_contact SET close_reason = $3, close_why = $4, wake_at = $5 \
                 WHERE campaign = $1 AND contact = $2";
            let query = sqlx::query(sql).bind(campaign.0).bind(contact.0);
            let query = match close {
                Some(close) => query.bind(Some(close.reason)).bind(Some(close.why)).bind(close.wake_at.map(|at| at.0)),
                None => query.bind(None::<String>).bind(None::<String>).bind(None::<i64>),
            };
            query.execute(self.conn()).await?;
            if let Some(p) = plan {
                let query = sqlx::query(SCHEDULE).bind(campaign.0).bind(contact.0).bind(p.channel.as_str());
                let query = query.bind(i64::from(p.step)).bind(i64::from(p.try_number)).bind(p.segment);
                let moved = p.moved.map_or((None, None), |m| (Some(m.reason), m.by));
                let query = query.bind(p.due_at.0).bind(p.why).bind(moved.0).bind(moved.1);
                query.execute(self.conn()).await?;
            }
        }
        Ok(())
    }
}
