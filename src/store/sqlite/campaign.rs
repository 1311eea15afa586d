//! What a campaign and the outbox write besides the groups: each its own transaction.

use std::collections::HashMap;

use super::super::{Result, StoreError};
use super::apply::to_json;
use super::writer::Writer;
use super::{read, row};
use crate::books::*;
use crate::id::*;
use crate::time::Wall;

impl Writer {
    pub async fn create_campaign(
        &mut self,
        name: &str,
        ladder: &str,
        flows: &[FlowVersion],
        at: Wall,
    ) -> Result<CampaignId> {
        self.begin().await?;
        let result = self.insert_campaign(name, ladder, flows, at).await;
        self.end(result).await
    }

    async fn insert_campaign(
        &mut self,
        name: &str,
        ladder: &str,
        flows: &[FlowVersion],
        at: Wall,
    ) -> Result<CampaignId> {
        let sql = "INSERT INTO campaign (name, state, ladder, created_at) VALUES ($1, 'draft', $2, $3) \
             ON CONFLICT (name) DO NOTHING RETURNING id";
        let query = sqlx::query(sql).bind(name.to_string()).bind(ladder.to_string()).bind(at.0);
        let inserted = query.fetch_all(self.conn()).await?;
        let id: i64 = match inserted.first() {
            Some(r) => row::get(r, 0)?,
            None => return Err(StoreError::Conflict(format!("a campaign named `{name}` is already there"))),
        };
        for (position, flow) in flows.iter().enumerate() {
            self.insert_published(flow, at).await?;
            let sql = "INSERT INTO campaign_flow (campaign, flow, position) VALUES ($1, $2, $3)";
            let query = sqlx::query(sql).bind(id).bind(flow.hash.0.clone()).bind(position as i64);
            query.execute(self.conn()).await?;
        }
        Ok(CampaignId(id))
    }

    pub async fn set_campaign_state(&mut self, id: CampaignId, state: CampaignState) -> Result<()> {
        self.begin().await?;
        let result = self.move_campaign(id, state).await;
        self.end(result).await
    }

    async fn move_campaign(&mut self, id: CampaignId, state: CampaignState) -> Result<()> {
        let before = self.campaign_state(id).await?;
        if before == state {
            return Ok(());
        }
        if before == CampaignState::Stopped {
            return Err(StoreError::Conflict(format!("campaign {id} was stopped, which is for good")));
        }
        if state == CampaignState::Finished {
            let sql = "SELECT COUNT(*) FROM attempt WHERE campaign = $1 AND state IN ('scheduled', 'claimed', 'live')";
            let open: i64 = row::get(&sqlx::query(sql).bind(id.0).fetch_one(self.conn()).await?, 0)?;
            if open > 0 {
                return Err(StoreError::Conflict(format!("campaign {id} still has {open} open attempts")));
            }
        }
        let query = sqlx::query("UPDATE campaign SET state = $2 WHERE id = $1").bind(id.0).bind(state.as_str());
        query.execute(self.conn()).await?;
        if state == CampaignState::Stopped {
            let close = Close::stopped();
            let sql = "UPDATE campaign_contact SET close_reason = $2, close_why = $3 WHERE campaign = $1 AND contact IN \
                 (SELECT contact FROM attempt WHERE campaign = $1 AND state IN ('scheduled', 'claimed'))";
            sqlx::query(sql).bind(id.0).bind(close.reason).bind(close.why).execute(self.conn()).await?;
            let sql = "UPDATE attempt SET state = 'cancelled', lease_until = NULL \
                 WHERE campaign = $1 AND state IN ('scheduled', 'claimed')";
            sqlx::query(sql).bind(id.0).execute(self.conn()).await?;
        }
        Ok(())
    }

    pub(super) async fn campaign_state(&mut self, id: CampaignId) -> Result<CampaignState> {
        let found = sqlx::query("SELECT state FROM campaign WHERE id = $1").bind(id.0);
        match found.fetch_optional(self.conn()).await? {
            Some(r) => row::word(&r, 0),
            None => Err(StoreError::NotFound(format!("campaign {id}"))),
        }
    }

    pub async fn enrol(&mut self, campaign: CampaignId, batch: &[Enrolment]) -> Result<()> {
        self.begin().await?;
        let result = self.insert_enrolments(campaign, batch).await;
        self.end(result).await
    }

    async fn insert_enrolments(&mut self, campaign: CampaignId, batch: &[Enrolment]) -> Result<()> {
        let state = self.campaign_state(campaign).await?;
        if matches!(state, CampaignState::Stopped | CampaignState::Finished) {
            return Err(StoreError::Conflict(format!("campaign {campaign} is {state}")));
        }
        let ids = read::json(batch.iter().map(|e| e.contact.0));
        let sql = concat!(
            "SELECT c.id, ",
            owes_nothing!("c.id"),
            ", EXISTS (SELECT 1 FROM campaign_contact e WHERE e.campaign = $2 AND e.contact = c.id), \
             EXISTS (SELECT 1 FROM attempt a WHERE a.contact = c.id AND a.state IN ('scheduled', 'claimed', 'live')), \
             c.removed_at IS NOT NULL FROM contact c WHERE c.id IN (SELECT value FROM json_each($1))"
        );
        let found = sqlx::query(sql).bind(ids).bind(campaign.0).fetch_all(self.conn()).await?;
        let mut known: HashMap<i64, (bool, bool, bool, bool)> = found
            .iter()
            .map(|r| Ok((row::get(r, 0)?, (row::get(r, 1)?, row::get(r, 2)?, row::get(r, 3)?, row::get(r, 4)?))))
            .collect::<Result<_>>()?;
        let mut closes = Vec::new();
        let mut plans = Vec::new();
        for enrolment in batch {
            let contact = enrolment.contact;
            let Some((paid, enrolled, elsewhere, removed)) = known.get_mut(&contact.0) else {
                return Err(StoreError::NotFound(format!("contact {contact}")));
            };
            let (paid, elsewhere, removed) = (*paid, *elsewhere, *removed);
            if std::mem::replace(enrolled, true) {
                return Err(StoreError::Conflict(format!("contact {contact} is already in campaign {campaign}")));
            }
            let next = match enrolment.next.clone().admitted(paid, state) {
                Next::Attempt(_) if removed => Next::Close(Close::import_undone()),
                Next::Attempt(_) if elsewhere => Next::Close(Close::in_other_campaign()),
                next @ (Next::Attempt(_) | Next::Close(_)) => next,
            };
            match next {
                Next::Close(close) => {
                    closes.push((contact.0, Some(close.reason), Some(close.why), close.wake_at.map(|at| at.0)))
                }
                Next::Attempt(p) => {
                    closes.push((contact.0, None, None, None));
                    let channel = p.channel.as_str();
                    let (reason, by) = p.moved.map_or((None, None), |m| (Some(m.reason), m.by));
                    plans.push((contact.0, channel, p.step, p.try_number, p.segment, p.due_at.0, p.why, reason, by));
                }
            }
        }
        let sql = "INSERT INTO campaign_contact (campaign, contact, close_reason, close_why, wake_at) \
             SELECT $1, value ->> 0, value ->> 1, value ->> 2, value ->> 3 FROM json_each($2)";
        sqlx::query(sql).bind(campaign.0).bind(to_json(&closes)).execute(self.conn()).await?;
        let sql = "INSERT INTO attempt (campaign, contact, channel, state, step, try_number, segment, due_at, why, moved_reason, moved_by) \
             SELECT $1, value ->> 0, value ->> 1, 'scheduled', value ->> 2, value ->> 3, value ->> 4, value ->> 5, \
             value ->> 6, value ->> 7, value ->> 8 FROM json_each($2)";
        sqlx::query(sql).bind(campaign.0).bind(to_json(&plans)).execute(self.conn()).await?;
        Ok(())
    }

    pub async fn claim_due(
        &mut self,
        now: Wall,
        lease_until: Wall,
        wanted: &[(CampaignId, u32)],
    ) -> Result<Vec<Attempt>> {
        self.begin().await?;
        let result = self.claim_each(now, lease_until, wanted).await;
        let mut claimed: Vec<Attempt> = self.end(result).await?;
        claimed.sort_by_key(|a| (a.plan.due_at, a.id));
        Ok(claimed)
    }

    async fn claim_each(&mut self, now: Wall, lease_until: Wall, wanted: &[(CampaignId, u32)]) -> Result<Vec<Attempt>> {
        // A statement a campaign: nobody can come between the choice and the claim.
        let sql = format!(
            "UPDATE attempt SET state = 'claimed', lease_until = $2 WHERE id IN (SELECT a.id FROM attempt a \
             WHERE a.campaign = $4 AND a.state IN ('scheduled', 'claimed') \
             AND (a.state = 'scheduled' OR a.lease_until <= $1) AND a.due_at <= $1 \
             AND (SELECT state FROM campaign WHERE id = $4) = 'running' \
             ORDER BY a.due_at, a.id LIMIT $3) RETURNING {}",
            row::ATTEMPT
        );
        let mut claimed = Vec::new();
        for (campaign, limit) in wanted {
            let query = sqlx::query(sqlx::AssertSqlSafe(sql.clone())).bind(now.0).bind(lease_until.0);
            let found = query.bind(i64::from(*limit)).bind(campaign.0).fetch_all(self.conn()).await?;
            for row in &found {
                claimed.push(row::attempt(row)?);
            }
        }
        Ok(claimed)
    }

    pub async fn set_priority(&mut self, id: CampaignId, priority: Priority) -> Result<()> {
        self.begin().await?;
        let result = self.weigh(id, priority).await;
        self.end(result).await
    }

    async fn weigh(&mut self, id: CampaignId, priority: Priority) -> Result<()> {
        if self.campaign_state(id).await? == CampaignState::Stopped {
            return Err(StoreError::Conflict(format!("campaign {id} was stopped, which is for good")));
        }
        let query = sqlx::query("UPDATE campaign SET priority = $2 WHERE id = $1").bind(id.0);
        query.bind(i64::from(priority.weight())).execute(self.conn()).await?;
        Ok(())
    }

    pub async fn tell_holding(&mut self, holding: &[Holding]) -> Result<()> {
        self.begin().await?;
        let result = self.replace_holding(holding).await;
        self.end(result).await
    }

    async fn replace_holding(&mut self, holding: &[Holding]) -> Result<()> {
        sqlx::query("DELETE FROM holding").execute(self.conn()).await?;
        for told in holding {
            let query = sqlx::query("INSERT INTO holding (about, says, at) VALUES ($1, $2, $3)");
            query.bind(told.about.clone()).bind(told.says.clone()).bind(told.at.0).execute(self.conn()).await?;
        }
        Ok(())
    }

    pub async fn recover(&mut self) -> Result<Vec<Attempt>> {
        self.begin().await?;
        let result = self.unclaim().await;
        self.end(result).await
    }

    async fn unclaim(&mut self) -> Result<Vec<Attempt>> {
        let sql = "UPDATE attempt SET state = 'scheduled', lease_until = NULL WHERE state = 'claimed'";
        sqlx::query(sql).execute(self.conn()).await?;
        let sql = format!("SELECT {} FROM attempt WHERE state = 'live' ORDER BY id", row::ATTEMPT);
        let live = sqlx::query(sqlx::AssertSqlSafe(sql)).fetch_all(self.conn()).await?;
        live.iter().map(row::attempt).collect()
    }

    pub async fn outbox_sent(&mut self, id: OutboxId, at: Wall) -> Result<()> {
        self.begin().await?;
        let sql =
            "UPDATE outbox SET state = 'sent', tries = tries + 1, sent_at = $2 WHERE id = $1 AND state = 'queued'";
        let query = sqlx::query(sql).bind(id.0).bind(at.0);
        let result = query.execute(self.conn()).await.map_err(StoreError::from);
        let result = self.was_queued(id, result.map(|r| r.rows_affected())).await;
        self.end(result).await
    }

    pub async fn outbox_failed(&mut self, id: OutboxId, error: &str, next_try_at: Option<Wall>) -> Result<()> {
        self.begin().await?;
        let sql = "UPDATE outbox SET state = $2, tries = tries + 1, last_error = $3, \
             next_try_at = COALESCE($4, next_try_at) WHERE id = $1 AND state = 'queued'";
        let state = if next_try_at.is_some() { OutboxState::Queued } else { OutboxState::Failed };
        let query = sqlx::query(sql).bind(id.0).bind(state.as_str()).bind(error.to_string());
        let result = query.bind(next_try_at.map(|at| at.0)).execute(self.conn()).await.map_err(StoreError::from);
        let result = self.was_queued(id, result.map(|r| r.rows_affected())).await;
        self.end(result).await
    }

    async fn was_queued(&mut self, id: OutboxId, affected: Result<u64>) -> Result<()> {
        if affected? > 0 {
            return Ok(());
        }
        let found = sqlx::query("SELECT state FROM outbox WHERE id = $1").bind(id.0);
        match found.fetch_optional(self.conn()).await? {
            None => Err(StoreError::NotFound(format!("message {id}"))),
            Some(r) => Err(StoreError::Conflict(format!("message {id} is {}", row::word::<OutboxState>(&r, 0)?))),
        }
    }
}
