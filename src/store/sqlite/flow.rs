//! Published flows, and which version of them a campaign runs.

use sqlx::SqlitePool;

use super::super::{Result, StoreError};
use super::row;
use super::writer::Writer;
use crate::books::*;
use crate::flow::program::FlowHash;
use crate::id::CampaignId;
use crate::time::Wall;

impl Writer {
    pub async fn publish(&mut self, flow: &FlowVersion, at: Wall) -> Result<Publication> {
        self.begin().await?;
        let result = self.insert_published(flow, at).await;
        self.end(result).await
    }

    /// Within a transaction.
    pub(super) async fn insert_published(&mut self, flow: &FlowVersion, at: Wall) -> Result<Publication> {
        let there = sqlx::query("SELECT published_at FROM flow_version WHERE hash = $1").bind(flow.hash.0.clone());
        if let Some(r) = there.fetch_optional(self.conn()).await? {
            return Ok(Publication::Already(Wall(row::get(&r, 0)?)));
        }
        let other = "SELECT hash, name, version, source FROM flow_version WHERE name = $1 AND version = $2 LIMIT 1";
        let other = sqlx::query(other).bind(flow.name.clone()).bind(i64::from(flow.version));
        if let Some(r) = other.fetch_optional(self.conn()).await? {
            return Err(BookError::other_content(&row::flow_version(&r, 0)?).into());
        }
        let sql = "INSERT INTO flow_version (hash, name, version, source, published_at) VALUES ($1, $2, $3, $4, $5)";
        let query = sqlx::query(sql).bind(flow.hash.0.clone()).bind(flow.name.clone());
        let query = query.bind(i64::from(flow.version)).bind(flow.source.clone()).bind(at.0);
        query.execute(self.conn()).await?;
        Ok(Publication::New)
    }

    pub async fn use_flow(&mut self, id: CampaignId, flow: &FlowHash, at: Wall) -> Result<bool> {
        self.begin().await?;
        let result = self.move_flow(id, flow, at).await;
        self.end(result).await
    }

    async fn move_flow(&mut self, id: CampaignId, flow: &FlowHash, at: Wall) -> Result<bool> {
        let new = sqlx::query("SELECT hash, name, version, source FROM flow_version WHERE hash = $1");
        let new = match new.bind(flow.0.clone()).fetch_optional(self.conn()).await? {
            Some(r) => row::flow_version(&r, 0)?,
            None => return Err(StoreError::NotFound(format!("a published flow {flow}"))),
        };
        if self.campaign_state(id).await? == CampaignState::Stopped {
            return Err(StoreError::Conflict(format!("campaign {id} was stopped, which is for good")));
        }
        let sql = "SELECT f.hash, f.name, f.version, f.source, cf.position FROM campaign_flow cf \
             JOIN flow_version f ON f.hash = cf.flow WHERE cf.campaign = $1 AND f.name = $2 AND cf.left_at IS NULL";
        let pinned = sqlx::query(sql).bind(id.0).bind(new.name.clone()).fetch_optional(self.conn()).await?;
        let Some(r) = pinned else { return Err(BookError::uses_no_flow(id, &new).into()) };
        let (pinned, position): (FlowVersion, i64) = (row::flow_version(&r, 0)?, row::get(&r, 4)?);
        if pinned.hash == new.hash {
            return Ok(false);
        }
        let left = sqlx::query("UPDATE campaign_flow SET left_at = $3 WHERE campaign = $1 AND flow = $2");
        left.bind(id.0).bind(pinned.hash.0.clone()).bind(at.0).execute(self.conn()).await?;
        // It may be a version that the campaign was moved away from before.
        let sql = "INSERT INTO campaign_flow (campaign, flow, position) VALUES ($1, $2, $3) \
             ON CONFLICT (campaign, flow) DO UPDATE SET left_at = NULL, position = excluded.position";
        let taken = sqlx::query(sql).bind(id.0).bind(new.hash.0.clone()).bind(position);
        taken.execute(self.conn()).await?;
        let detail = format!("from {pinned} to {new}");
        self.note(CampaignEvent { campaign: id, at, kind: CampaignEventKind::FlowMoved, detail }).await?;
        Ok(true)
    }

    pub async fn suspend_campaign(&mut self, id: CampaignId, why: &str, at: Wall) -> Result<()> {
        self.begin().await?;
        let result = self.pause_for(id, why, at).await;
        self.end(result).await
    }

    async fn pause_for(&mut self, id: CampaignId, why: &str, at: Wall) -> Result<()> {
        if self.campaign_state(id).await? != CampaignState::Running {
            return Ok(());
        }
        let paused = sqlx::query("UPDATE campaign SET state = $2 WHERE id = $1").bind(id.0);
        paused.bind(CampaignState::Paused.as_str()).execute(self.conn()).await?;
        let kind = CampaignEventKind::Suspended;
        self.note(CampaignEvent { campaign: id, at, kind, detail: why.into() }).await
    }

    pub(super) async fn note(&mut self, event: CampaignEvent) -> Result<()> {
        let sql = "INSERT INTO campaign_event (campaign, at, kind, detail) VALUES ($1, $2, $3, $4)";
        let query = sqlx::query(sql).bind(event.campaign.0).bind(event.at.0).bind(event.kind.as_str());
        query.bind(event.detail).execute(self.conn()).await?;
        Ok(())
    }
}

pub(super) async fn published(pool: &SqlitePool) -> Result<Vec<PublishedFlow>> {
    let sql = "SELECT hash, name, version, source, published_at FROM flow_version \
         ORDER BY name, version, published_at, hash";
    let found = sqlx::query(sql).fetch_all(pool).await?;
    let published = found.iter().map(|r| {
        let flow = row::flow_version(r, 0)?;
        Ok(PublishedFlow { flow, published_at: Wall(row::get(r, 4)?) })
    });
    published.collect()
}

pub(super) async fn campaign_events(pool: &SqlitePool, id: CampaignId) -> Result<Vec<CampaignEvent>> {
    let sql = "SELECT campaign, at, kind, detail FROM campaign_event WHERE campaign = $1 ORDER BY id";
    let found = sqlx::query(sql).bind(id.0).fetch_all(pool).await?;
    found.iter().map(row::campaign_event).collect()
}
