//! The writes of `books::Write` as statements. A group runs inside a transaction that the writer holds.

use sqlx::Row;

use super::super::{Result, StoreError};
use super::row;
use super::writer::Writer;
use crate::books::*;
use crate::flow::program::OptOutScope;
use crate::id::*;
use crate::outcome::Channel;
use crate::time::Wall;

impl Writer {
    pub async fn apply(&mut self, writes: &[Write]) -> Result<()> {
        let mut rest = writes;
        while let Some(write) = rest.first() {
            // A call's log comes in runs: one statement a run.
            let logged = rest.iter().map_while(|w| if let Write::Log(e) = w { Some(e) } else { None });
            let events: Vec<&CallEvent> = logged.collect();
            if events.is_empty() {
                self.write(write).await?;
                rest = &rest[1..];
            } else {
                self.log(&events).await?;
                rest = &rest[events.len()..];
            }
        }
        Ok(())
    }

    async fn write(&mut self, write: &Write) -> Result<()> {
        match write {
            Write::Log(event) => self.log(&[event]).await,
            Write::Live { attempt, phone, flow, at } => {
                let sql = "UPDATE attempt SET state = 'live', lease_until = NULL, phone = $2, flow = $3, live_at = $4 \
                     WHERE id = $1 AND state IN ('scheduled', 'claimed')";
                let query = sqlx::query(sql).bind(attempt.0).bind(phone.0).bind(flow.0.clone()).bind(at.0);
                if query.execute(&mut self.conn).await?.rows_affected() == 0 {
                    return self.refuse(*attempt, "scheduled or claimed").await;
                }
                let call = sqlx::query("INSERT INTO call (id, live_at) VALUES ($1, $2)");
                call.bind(CallId::of(*attempt).0).bind(at.0).execute(&mut self.conn).await?;
                Ok(())
            }
            Write::Reschedule { attempt, due_at, why } => {
                let sql = "UPDATE attempt SET state = 'scheduled', lease_until = NULL, due_at = $2, why = $3 \
                     WHERE id = $1 AND state = 'claimed'";
                let query = sqlx::query(sql).bind(attempt.0).bind(due_at.0).bind(why.clone());
                if query.execute(&mut self.conn).await?.rows_affected() == 0 {
                    return self.refuse(*attempt, "claimed").await;
                }
                Ok(())
            }
            Write::Promise { attempt, amount, on, at } => {
                let sql = r#"INSERT INTO promise (contact, attempt, amount, currency, "on", state, made_at)
                     SELECT contact, id, $2, $3, $4, 'open', $5 FROM attempt WHERE id = $1 AND state = 'live'"#;
                let query = sqlx::query(sql).bind(attempt.0).bind(amount.minor).bind(amount.currency.code());
                let query = query.bind(on.to_string()).bind(at.0);
                if query.execute(&mut self.conn).await?.rows_affected() == 0 {
                    return self.refuse(*attempt, "live").await;
                }
                Ok(())
            }
            Write::Suppress { attempt, scope, reason, at } => {
                let (contact, dialled) = self.contact_and_phone(*attempt).await?;
                let phone = match scope {
                    OptOutScope::Person => None,
                    OptOutScope::Number if dialled.is_none() => {
                        return Err(StoreError::Conflict(format!("attempt {attempt} dialled no number")));
                    }
                    OptOutScope::Number => dialled,
                };
                let sql = "INSERT INTO suppression (contact, phone, scope, reason, at) VALUES ($1, $2, $3, $4, $5) \
                     ON CONFLICT DO NOTHING";
                let query = sqlx::query(sql).bind(contact).bind(phone).bind(scope.as_str());
                query.bind(reason.as_str()).bind(at.0).execute(&mut self.conn).await?;
                Ok(())
            }
            Write::SuppressNumber { number, reason, at } => {
                let sql = "INSERT INTO suppressed_number (number, reason, at) VALUES ($1, $2, $3) \
                     ON CONFLICT (number) DO UPDATE SET reason = excluded.reason, at = excluded.at";
                let query = sqlx::query(sql).bind(number.full().to_string()).bind(reason.as_str()).bind(at.0);
                query.execute(&mut self.conn).await?;
                let sql = "INSERT INTO suppression (contact, phone, scope, reason, at) \
                     SELECT contact, id, 'number', $2, $3 FROM phone WHERE number = $1 ON CONFLICT DO NOTHING";
                let query = sqlx::query(sql).bind(number.full().to_string()).bind(reason.as_str()).bind(at.0);
                query.execute(&mut self.conn).await?;
                Ok(())
            }
            Write::Phone { phone, state } => {
                let query = sqlx::query("UPDATE phone SET state = $2 WHERE id = $1").bind(phone.0).bind(state.as_str());
                match query.execute(&mut self.conn).await?.rows_affected() {
                    0 => Err(StoreError::NotFound(format!("phone {phone}"))),
                    _ => Ok(()),
                }
            }
            Write::Message { attempt, channel, subject, body, at } => {
                self.message(*attempt, *channel, subject.as_deref(), body, *at).await
            }
            Write::Worklist { attempt, queue, reason, at } => {
                let sql = "INSERT INTO worklist (contact, attempt, queue, reason, at) \
                     SELECT contact, id, $2, $3, $4 FROM attempt WHERE id = $1";
                let query = sqlx::query(sql).bind(attempt.0).bind(queue.clone()).bind(reason.clone()).bind(at.0);
                match query.execute(&mut self.conn).await?.rows_affected() {
                    0 => Err(StoreError::NotFound(format!("attempt {attempt}"))),
                    _ => Ok(()),
                }
            }
            Write::Finish { attempt, outcome, at, next } => self.finish(*attempt, outcome, *at, next.clone()).await,
            Write::Cancel { attempt, at: _, why } => {
                let sql = "UPDATE attempt SET state = 'cancelled', lease_until = NULL \
                     WHERE id = $1 AND state IN ('scheduled', 'claimed') RETURNING campaign, contact";
                let moved = sqlx::query(sql).bind(attempt.0).fetch_all(&mut self.conn).await?;
                let Some(r) = moved.first() else {
                    return self.refuse(*attempt, "scheduled or claimed").await;
                };
                self.close(row::get(r, 0)?, row::get(r, 1)?, why).await
            }
            Write::InboundAnswered { call, did, caller, flow, at } => {
                let sql = "INSERT INTO inbound_call (id, did, caller, flow, answered_at) VALUES ($1, $2, $3, $4, $5)";
                let query = sqlx::query(sql).bind(call.0).bind(did.clone());
                let query = query.bind(caller.as_ref().map(|c| c.full().to_string())).bind(flow.clone()).bind(at.0);
                query.execute(&mut self.conn).await?;
                Ok(())
            }
            Write::InboundEnded { call, end } => {
                let sql = "UPDATE inbound_call SET ended_at = $2, disposition = $3, cause = $4, talk_ms = $5 \
                     WHERE id = $1 AND ended_at IS NULL";
                let query = sqlx::query(sql).bind(call.0).bind(end.at.0).bind(end.disposition.as_str());
                let query = query.bind(end.cause.map(|c| c.as_str()));
                if query.bind(i64::from(end.talk_ms)).execute(&mut self.conn).await?.rows_affected() > 0 {
                    return Ok(());
                }
                let there = sqlx::query("SELECT 1 FROM inbound_call WHERE id = $1").bind(call.0);
                match there.fetch_optional(&mut self.conn).await? {
                    Some(_) => Err(StoreError::Conflict(format!("call {call} has ended already"))),
                    None => Err(StoreError::NotFound(format!("call {call}"))),
                }
            }
        }
    }

    /// A run of lines, of one call or of several.
    async fn log(&mut self, events: &[&CallEvent]) -> Result<()> {
        let of_attempts = "INSERT INTO call_event (call, at, kind, detail) \
             SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3 FROM json_each($1)";
        let of_inbound = "INSERT INTO inbound_call_event (call, at, kind, detail) \
             SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3 FROM json_each($1)";
        for (inbound, sql) in [(false, of_attempts), (true, of_inbound)] {
            let these = events.iter().filter(|e| e.call.is_inbound() == inbound);
            let rows: Vec<_> = these.map(|e| (e.call.0, e.at.0, &e.kind, &e.detail)).collect();
            if !rows.is_empty() {
                sqlx::query(sql).bind(to_json(&rows)).execute(&mut self.conn).await?;
            }
        }
        Ok(())
    }

    async fn finish(&mut self, attempt: AttemptId, outcome: &Outcome, at: Wall, next: Next) -> Result<()> {
        let sql = "UPDATE attempt SET state = 'finished', lease_until = NULL, finished_at = $2, disposition = $3, \
             blame = $4, cause = $5, answered_by = $6, right_party = $7, ring_ms = $8, talk_ms = $9 \
             WHERE id = $1 AND state IN ('claimed', 'live') RETURNING campaign, contact, \
             (SELECT paid FROM debt WHERE debt.contact = attempt.contact), \
             (SELECT state FROM campaign WHERE campaign.id = attempt.campaign)";
        let moved = sqlx::query(sql)
            .bind(attempt.0)
            .bind(at.0)
            .bind(outcome.disposition.as_str())
            .bind(outcome.blame.as_str())
            .bind(outcome.cause.map(|c| c.as_str()))
            .bind(outcome.answered_by.map(|a| a.as_str()))
            .bind(outcome.right_party)
            .bind(i64::from(outcome.ring_ms))
            .bind(i64::from(outcome.talk_ms))
            .fetch_all(&mut self.conn)
            .await?;
        let Some(r) = moved.first() else {
            return self.refuse(attempt, "claimed or live").await;
        };
        let (campaign, contact): (i64, i64) = (row::get(r, 0)?, row::get(r, 1)?);
        match next.admitted(r.try_get(2)?, row::word(r, 3)?) {
            Next::Close(close) => self.close(campaign, contact, &close).await,
            Next::Attempt(plan) => {
                let sql = "INSERT INTO attempt \
                     (campaign, contact, channel, state, step, try_number, segment, due_at, why) \
                     VALUES ($1, $2, $3, 'scheduled', $4, $5, $6, $7, $8)";
                let query = sqlx::query(sql).bind(campaign).bind(contact).bind(plan.channel.as_str());
                let query = query.bind(i64::from(plan.step)).bind(i64::from(plan.try_number)).bind(plan.segment);
                query.bind(plan.due_at.0).bind(plan.why).execute(&mut self.conn).await?;
                Ok(())
            }
        }
    }

    async fn close(&mut self, campaign: i64, contact: i64, close: &Close) -> Result<()> {
        let sql = "UPDATE campaign_contact SET close_reason = $3, close_why = $4 WHERE campaign = $1 AND contact = $2";
        let query = sqlx::query(sql).bind(campaign).bind(contact).bind(close.reason.clone()).bind(close.why.clone());
        query.execute(&mut self.conn).await?;
        Ok(())
    }

    async fn message(
        &mut self,
        attempt: AttemptId,
        channel: Channel,
        subject: Option<&str>,
        body: &str,
        at: Wall,
    ) -> Result<()> {
        let sql = match channel {
            // The first good number that has not been opted out.
            Channel::Sms => {
                r#"INSERT INTO outbox (attempt, channel, "to", subject, body, state, tries, next_try_at)
                   SELECT a.id, $2, p.number, $3, $4, 'queued', 0, $5 FROM attempt a JOIN phone p ON p.contact = a.contact
                   WHERE a.id = $1 AND p.state = 'good' AND p.position IS NOT NULL
                   AND NOT EXISTS (SELECT 1 FROM suppression s WHERE s.contact = a.contact AND s.phone = p.id)
                   ORDER BY p.position LIMIT 1"#
            }
            Channel::Email => {
                r#"INSERT INTO outbox (attempt, channel, "to", subject, body, state, tries, next_try_at)
                   SELECT a.id, $2, c.email, $3, $4, 'queued', 0, $5 FROM attempt a JOIN contact c ON c.id = a.contact
                   WHERE a.id = $1 AND c.email IS NOT NULL"#
            }
            Channel::Voice | Channel::Human => return self.no_address(attempt, channel).await,
        };
        let query = sqlx::query(sql).bind(attempt.0).bind(channel.as_str()).bind(subject.map(str::to_string));
        match query.bind(body.to_string()).bind(at.0).execute(&mut self.conn).await?.rows_affected() {
            0 => self.no_address(attempt, channel).await,
            _ => Ok(()),
        }
    }

    async fn no_address(&mut self, attempt: AttemptId, channel: Channel) -> Result<()> {
        let (contact, _) = self.contact_and_phone(attempt).await?;
        Err(StoreError::Conflict(format!("contact {contact} has no address for {channel}")))
    }

    async fn contact_and_phone(&mut self, attempt: AttemptId) -> Result<(i64, Option<i64>)> {
        let found = sqlx::query("SELECT contact, phone FROM attempt WHERE id = $1").bind(attempt.0);
        match found.fetch_optional(&mut self.conn).await? {
            Some(r) => Ok((row::get(&r, 0)?, row::get(&r, 1)?)),
            None => Err(StoreError::NotFound(format!("attempt {attempt}"))),
        }
    }

    /// Says why an attempt could not be moved.
    async fn refuse(&mut self, attempt: AttemptId, wanted: &str) -> Result<()> {
        let found = sqlx::query("SELECT state FROM attempt WHERE id = $1").bind(attempt.0);
        match found.fetch_optional(&mut self.conn).await? {
            None => Err(StoreError::NotFound(format!("attempt {attempt}"))),
            Some(r) => {
                let state: AttemptState = row::word(&r, 0)?;
                Err(StoreError::Conflict(format!("attempt {attempt} is {state}, not {wanted}")))
            }
        }
    }
}

pub(super) fn to_json<T: serde::Serialize + ?Sized>(rows: &T) -> String {
    serde_json::to_string(rows).expect("texts and numbers can be written as JSON")
}
