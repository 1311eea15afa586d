//! Published ladders, and which of them a campaign goes by.

use sqlx::SqlitePool;
use sqlx::sqlite::SqliteRow;

use super::super::{Result, StoreError};
use super::row;
use super::writer::Writer;
use crate::books::*;
use crate::id::CampaignId;
use crate::time::Wall;

const LADDER: &str = "SELECT hash, name, version, source, published_at FROM ladder_version";

fn published_ladder(r: &SqliteRow) -> Result<PublishedLadder> {
    let (hash, name) = (row::get(r, 0)?, row::get(r, 1)?);
    let ladder = LadderVersion { hash, name, version: row::number(r, 2)?, source: row::get(r, 3)? };
    Ok(PublishedLadder { ladder, published_at: Wall(row::get(r, 4)?) })
}

impl Writer {
    pub async fn publish_ladder(&mut self, ladder: &LadderVersion, at: Wall) -> Result<Publication> {
        self.begin().await?;
        let result = self.insert_ladder(ladder, at).await;
        self.end(result).await
    }

    async fn insert_ladder(&mut self, ladder: &LadderVersion, at: Wall) -> Result<Publication> {
        let sql = format!("{LADDER} WHERE hash = $1 OR (name = $2 AND version = $3) ORDER BY hash = $1 DESC LIMIT 1");
        let query = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(ladder.hash.clone()).bind(ladder.name.clone());
        if let Some(r) = query.bind(i64::from(ladder.version)).fetch_optional(self.conn()).await? {
            let there = published_ladder(&r)?;
            return match there.ladder.hash == ladder.hash {
                true => Ok(Publication::Already(there.published_at)),
                false => Err(there.ladder.other_content().into()),
            };
        }
        let sql = "INSERT INTO ladder_version (hash, name, version, source, published_at) VALUES ($1, $2, $3, $4, $5)";
        let query = sqlx::query(sql).bind(ladder.hash.clone()).bind(ladder.name.clone());
        let query = query.bind(i64::from(ladder.version)).bind(ladder.source.clone()).bind(at.0);
        query.execute(self.conn()).await?;
        Ok(Publication::New)
    }

    pub async fn use_ladder(&mut self, id: CampaignId, ladder: &str, detail: &str, at: Wall) -> Result<bool> {
        self.begin().await?;
        let result = self.move_ladder(id, ladder, detail, at).await;
        self.end(result).await
    }

    async fn move_ladder(&mut self, id: CampaignId, ladder: &str, detail: &str, at: Wall) -> Result<bool> {
        if self.campaign_state(id).await? == CampaignState::Stopped {
            return Err(StoreError::Conflict(format!("campaign {id} was stopped, which is for good")));
        }
        let moved = sqlx::query("UPDATE campaign SET ladder = $2 WHERE id = $1 AND ladder <> $2");
        let moved = moved.bind(id.0).bind(ladder.to_string()).execute(self.conn()).await?;
        if moved.rows_affected() == 0 {
            return Ok(false);
        }
        let (kind, detail) = (CampaignEventKind::LadderMoved, detail.to_string());
        self.note(CampaignEvent { campaign: id, at, kind, detail }).await?;
        Ok(true)
    }
}

pub(super) async fn published(pool: &SqlitePool) -> Result<Vec<PublishedLadder>> {
    let sql = sqlx::AssertSqlSafe(format!("{LADDER} ORDER BY name, version"));
    sqlx::query(sql).fetch_all(pool).await?.iter().map(published_ladder).collect()
}
