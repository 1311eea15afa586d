//! What reports read, a page of contacts or calls at a time.

use std::collections::BTreeMap;

use sqlx::{AssertSqlSafe, SqlitePool};

use super::super::Result;
use super::{read, row};
use crate::books::*;
use crate::flow::program::FlowHash;
use crate::id::*;
use crate::time::Wall;

/// Eight statements for any number of contacts.
pub(super) async fn ledgers(
    pool: &SqlitePool,
    campaign: Option<CampaignId>,
    after: ContactId,
    limit: u32,
) -> Result<Vec<Ledger>> {
    let mut snapshot = pool.begin().await?;
    let sql = match campaign {
        None => "SELECT id FROM contact WHERE id > $1 ORDER BY id LIMIT $2",
        Some(_) => {
            "SELECT contact FROM campaign_contact WHERE campaign = $3 AND contact > $1 ORDER BY contact LIMIT $2"
        }
    };
    let mut query = sqlx::query(sql).bind(after.0).bind(i64::from(limit));
    if let Some(campaign) = campaign {
        query = query.bind(campaign.0);
    }
    let mut page = Vec::new();
    for r in &query.fetch_all(&mut *snapshot).await? {
        page.push(row::get::<i64>(r, 0)?);
    }
    let ids = read::json(page.iter().copied());
    let of = |select: &str, order: &str| {
        AssertSqlSafe(format!("{select} WHERE contact IN (SELECT value FROM json_each($1)) ORDER BY contact, {order}"))
    };

    let contacts = format!("{} WHERE c.id IN (SELECT value FROM json_each($1)) ORDER BY c.id", read::CONTACT);
    let contacts = sqlx::query(AssertSqlSafe(contacts)).bind(&ids).fetch_all(&mut *snapshot).await?;
    let known = read::with_rows(&mut snapshot, contacts).await?;
    let mut ledgers: Vec<Ledger> = Vec::with_capacity(known.len());
    for known in known {
        let (entered, campaigns, attempts, promises, payments) = Default::default();
        ledgers.push(Ledger { contact: known.contact, entered, campaigns, attempts, promises, payments });
    }
    let place: BTreeMap<ContactId, usize> = ledgers.iter().enumerate().map(|(n, l)| (l.contact.id, n)).collect();

    let debts = of("SELECT contact, entered_at FROM debt", "id");
    for r in &sqlx::query(debts).bind(&ids).fetch_all(&mut *snapshot).await? {
        let (contact, at) = (ContactId(row::get(r, 0)?), Wall(row::get(r, 1)?));
        ledgers[place[&contact]].entered.push(at);
    }
    // By campaign, as the primary key has them.
    let enrolled = "SELECT contact, campaign FROM campaign_contact WHERE campaign IN (SELECT id FROM campaign) \
         AND contact IN (SELECT value FROM json_each($1)) ORDER BY campaign";
    for r in &sqlx::query(enrolled).bind(&ids).fetch_all(&mut *snapshot).await? {
        let (contact, campaign) = (ContactId(row::get(r, 0)?), CampaignId(row::get(r, 1)?));
        ledgers[place[&contact]].campaigns.push(campaign);
    }
    let attempts = of(&format!("SELECT {} FROM attempt", row::ATTEMPT), "id");
    for r in &sqlx::query(attempts).bind(&ids).fetch_all(&mut *snapshot).await? {
        let attempt = row::attempt(r)?;
        ledgers[place[&attempt.contact]].attempts.push(attempt);
    }
    for r in &sqlx::query(of(read::PROMISE, "id")).bind(&ids).fetch_all(&mut *snapshot).await? {
        let promise = row::promise(r)?;
        ledgers[place[&promise.contact]].promises.push(promise);
    }
    for r in &sqlx::query(of(read::PAYMENT, "number")).bind(&ids).fetch_all(&mut *snapshot).await? {
        let payment = row::payment(r)?;
        ledgers[place[&payment.contact]].payments.push(payment);
    }
    Ok(ledgers)
}

pub(super) async fn call_paths(
    pool: &SqlitePool,
    campaign: Option<CampaignId>,
    after: CallId,
    limit: u32,
) -> Result<Vec<CallPath>> {
    let mut snapshot = pool.begin().await?;
    let of_campaign = if campaign.is_some() { "AND a.campaign = $3" } else { "" };
    let sql = format!(
        "SELECT a.id, a.flow, a.cause, a.state = 'finished' FROM call c JOIN attempt a ON a.id = c.id \
         WHERE c.id > $1 AND a.live_at IS NOT NULL {of_campaign} ORDER BY c.id LIMIT $2"
    );
    let mut query = sqlx::query(AssertSqlSafe(sql)).bind(after.0).bind(i64::from(limit));
    if let Some(campaign) = campaign {
        query = query.bind(campaign.0);
    }
    let found = query.fetch_all(&mut *snapshot).await?;
    let mut paths = read::rows(found, |r| {
        Ok(CallPath {
            call: CallId(row::get(r, 0)?),
            flow: FlowHash(row::get(r, 1)?),
            nodes: Vec::new(),
            cause: row::word_or_null(r, 2)?,
            finished: row::get(r, 3)?,
        })
    })?;
    let calls = read::json(paths.iter().map(|p| p.call.0));
    let sql = "SELECT call, detail FROM call_event WHERE call IN (SELECT value FROM json_each($1)) AND kind = 'entered' \
         ORDER BY call, id";
    for r in &sqlx::query(sql).bind(calls).fetch_all(&mut *snapshot).await? {
        let call = CallId(row::get(r, 0)?);
        if let Ok(at) = paths.binary_search_by_key(&call, |p| p.call) {
            paths[at].nodes.push(row::get(r, 1)?);
        }
    }
    Ok(paths)
}
