//! The queries. Lists of ids go in as one JSON array, so that the number of statements does not grow with the rows.

use std::collections::BTreeMap;

use sqlx::sqlite::SqliteRow;
use sqlx::{AssertSqlSafe, SqliteConnection, SqlitePool};

use super::super::{Result, StoreError};
use super::row;
use crate::books::merge::KnownContact;
use crate::books::*;
use crate::id::*;
use crate::time::Wall;

pub(super) const CONTACT: &str = "SELECT c.id, c.external_id, c.name, c.language, c.zone, c.email, c.creditor, c.fields, c.person, c.zone_from FROM contact c";
const MESSAGE: &str =
    r#"SELECT id, attempt, channel, "to", subject, body, state, tries, next_try_at, last_error FROM outbox"#;
pub(super) const PROMISE: &str = r#"SELECT contact, id, attempt, part, parts, amount, currency, "on", least, judge_at, state, made_at, withdrawn_at FROM promise"#;
pub(super) const PAYMENT: &str = "SELECT id, number, contact, debt, amount, currency, paid_at, at, reversed_at, \
    (SELECT json_group_array(json_array(debt, amount)) FROM payment_part WHERE payment_part.payment = payment.id) FROM payment";

pub(super) fn rows<T>(found: Vec<SqliteRow>, decode: impl Fn(&SqliteRow) -> Result<T>) -> Result<Vec<T>> {
    found.iter().map(decode).collect()
}

pub(super) fn json(ids: impl IntoIterator<Item = i64>) -> String {
    serde_json::Value::from_iter(ids).to_string()
}

pub(super) async fn campaigns(pool: &SqlitePool) -> Result<Vec<Campaign>> {
    let mut snapshot = pool.begin().await?;
    let campaigns = sqlx::query("SELECT id, name, state, ladder, created_at, priority FROM campaign ORDER BY id")
        .fetch_all(&mut *snapshot)
        .await?;
    let flows = sqlx::query(
        "SELECT cf.campaign, f.hash, f.name, f.version, f.source, cf.left_at FROM campaign_flow cf \
         JOIN flow_version f ON f.hash = cf.flow \
         ORDER BY cf.campaign, CASE WHEN cf.left_at IS NULL THEN cf.position END, f.name, f.version, f.hash",
    )
    .fetch_all(&mut *snapshot)
    .await?;
    let mut campaigns = rows(campaigns, |r| {
        Ok(Campaign {
            id: CampaignId(row::get(r, 0)?),
            name: row::get(r, 1)?,
            state: row::word(r, 2)?,
            priority: row::priority(r, 5)?,
            ladder: row::get(r, 3)?,
            flows: Vec::new(),
            earlier_flows: Vec::new(),
            created_at: Wall(row::get(r, 4)?),
        })
    })?;
    for r in &flows {
        let (id, flow) = (CampaignId(row::get(r, 0)?), row::flow_version(r, 1)?);
        let left = row::get::<Option<i64>>(r, 5)?.is_some();
        if let Some(campaign) = campaigns.iter_mut().find(|c| c.id == id) {
            if left { &mut campaign.earlier_flows } else { &mut campaign.flows }.push(flow);
        }
    }
    Ok(campaigns)
}

pub(super) async fn not_enrolled(
    pool: &SqlitePool,
    campaign: CampaignId,
    after: ContactId,
    limit: u32,
) -> Result<Vec<Standing>> {
    let mut snapshot = pool.begin().await?;
    if sqlx::query("SELECT 1 FROM campaign WHERE id = $1")
        .bind(campaign.0)
        .fetch_optional(&mut *snapshot)
        .await?
        .is_none()
    {
        return Err(StoreError::NotFound(format!("campaign {campaign}")));
    }
    let ids = sqlx::query(
        "SELECT id FROM contact WHERE id > $1 AND NOT EXISTS \
         (SELECT 1 FROM campaign_contact e WHERE e.campaign = $2 AND e.contact = contact.id) AND removed_at IS NULL AND NOT EXISTS \
         (SELECT 1 FROM import_batch b WHERE b.id = contact.added_by AND b.whole AND b.finished_at IS NULL) ORDER BY id LIMIT $3",
    )
    .bind(after.0)
    .bind(campaign.0)
    .bind(i64::from(limit))
    .fetch_all(&mut *snapshot)
    .await?;
    let ids: Vec<ContactId> = rows(ids, |r| Ok(ContactId(row::get(r, 0)?)))?;
    let found = standings(&mut snapshot, &ids).await?;
    Ok(found.into_values().map(|(standing, _)| standing).collect())
}

pub(super) async fn with_standing(pool: &SqlitePool, attempts: Vec<Attempt>) -> Result<Vec<Claimed>> {
    if attempts.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<ContactId> = attempts.iter().map(|a| a.contact).collect();
    let mut snapshot = pool.begin().await?;
    let found = standings(&mut snapshot, &ids).await?;
    let claimed = attempts.into_iter().filter_map(|attempt| {
        let (mut standing, campaigns) = found.get(&attempt.contact)?.clone();
        standing.past_here = here(&standing, &campaigns, attempt.campaign);
        Some(Claimed { attempt, standing })
    });
    Ok(claimed.collect())
}

/// The contact's own attempts of one campaign.
fn here(standing: &Standing, campaigns: &[CampaignId], campaign: CampaignId) -> Vec<PastAttempt> {
    let here = |(past, of): &(&PastAttempt, &CampaignId)| past.whose == Whose::Contact && **of == campaign;
    standing.past.iter().zip(campaigns).filter(here).map(|(past, _)| past.clone()).collect()
}

/// Seven statements for any number of contacts, and two more when any of them shares a number or its person with others. With each, the campaign of each of its past attempts.
async fn standings(
    conn: &mut SqliteConnection,
    ids: &[ContactId],
) -> Result<BTreeMap<ContactId, (Standing, Vec<CampaignId>)>> {
    let ids = json(ids.iter().map(|id| id.0));
    let mut found = BTreeMap::new();
    let contacts = format!("{CONTACT} WHERE c.id IN (SELECT value FROM json_each($1)) ORDER BY c.id");
    let contacts = sqlx::query(AssertSqlSafe(contacts)).bind(&ids).fetch_all(&mut *conn).await?;
    for KnownContact { contact, .. } in with_rows(conn, contacts).await? {
        let id = contact.id;
        let (past, past_here, suppressions, promises) = Default::default();
        found.insert(id, (Standing { contact, past, past_here, suppressions, promises }, Vec::new()));
    }
    let past = format!(
        "SELECT {} FROM attempt WHERE contact IN (SELECT value FROM json_each($1)) AND state = 'finished' \
         ORDER BY COALESCE(live_at, finished_at), id",
        row::ATTEMPT
    );
    let mut histories: BTreeMap<ContactId, Vec<(PastAttempt, CampaignId, AttemptId)>> = BTreeMap::new();
    for r in &sqlx::query(AssertSqlSafe(past)).bind(&ids).fetch_all(&mut *conn).await? {
        let attempt = row::attempt(r)?;
        if let Some(past) = attempt.past() {
            histories.entry(attempt.contact).or_default().push((past, attempt.campaign, attempt.id));
        }
    }
    for (asked, past, campaign, id) in beside(conn, &ids, &found).await? {
        histories.entry(asked).or_default().push((past, campaign, id));
    }
    for (contact, mut history) in histories {
        history.sort_by_key(|(past, _, id)| (past.at, *id));
        if let Some((standing, campaigns)) = found.get_mut(&contact) {
            *campaigns = history.iter().map(|(_, campaign, _)| *campaign).collect();
            standing.past = history.into_iter().map(|(past, _, _)| past).collect();
        }
    }
    // First the person's own, by number.
    let suppressions = "SELECT contact, phone, scope, reason, at, 0, COALESCE(phone, 0) FROM suppression \
         WHERE contact IN (SELECT value FROM json_each($1)) \
         UNION ALL SELECT c.id, NULL, s.scope, s.reason, s.at, o.id, 0 FROM contact c \
         JOIN contact o ON o.person = c.person AND o.id <> c.id JOIN suppression s ON s.contact = o.id \
         WHERE c.id IN (SELECT value FROM json_each($1)) AND s.phone IS NULL ORDER BY 6, 7";
    for r in &sqlx::query(suppressions).bind(&ids).fetch_all(&mut *conn).await? {
        let suppression = row::suppression(r)?;
        if let Some((standing, _)) = found.get_mut(&suppression.contact) {
            standing.suppressions.push(suppression);
        }
    }
    let promises = format!("{PROMISE} WHERE contact IN (SELECT value FROM json_each($1)) ORDER BY id");
    for r in &sqlx::query(AssertSqlSafe(promises)).bind(&ids).fetch_all(&mut *conn).await? {
        let promise = row::promise(r)?;
        if let Some((standing, _)) = found.get_mut(&promise.contact) {
            standing.promises.push(promise);
        }
    }
    Ok(found)
}

/// Attempts that were made to the same humans as other creditors' customers, and to the same numbers for somebody else: by
/// which of `ids` each is to be heeded.
async fn beside(
    conn: &mut SqliteConnection,
    ids: &str,
    found: &BTreeMap<ContactId, (Standing, Vec<CampaignId>)>,
) -> Result<Vec<(ContactId, PastAttempt, CampaignId, AttemptId)>> {
    let mut seen: BTreeMap<(AttemptId, ContactId), (Whose, Option<PhoneId>)> = BTreeMap::new();
    let lines = "SELECT p.contact, p.id, a.id FROM phone p JOIN attempt a ON a.number = p.number AND a.contact <> p.contact \
         WHERE p.contact IN (SELECT value FROM json_each($1)) AND p.position IS NOT NULL AND a.state = 'finished'";
    for r in &sqlx::query(lines).bind(ids.to_string()).fetch_all(&mut *conn).await? {
        let (asked, attempt) = (ContactId(row::get(r, 0)?), AttemptId(row::get(r, 2)?));
        seen.insert((attempt, asked), (Whose::Line, Some(PhoneId(row::get(r, 1)?))));
    }
    if found.values().any(|(standing, _)| standing.contact.person.is_some()) {
        let persons = "SELECT c.id, a.id FROM contact c JOIN contact o ON o.person = c.person AND o.id <> c.id \
             JOIN attempt a ON a.contact = o.id WHERE c.id IN (SELECT value FROM json_each($1)) AND a.state = 'finished'";
        for r in &sqlx::query(persons).bind(ids.to_string()).fetch_all(&mut *conn).await? {
            let (asked, attempt) = (ContactId(row::get(r, 0)?), AttemptId(row::get(r, 1)?));
            seen.entry((attempt, asked)).or_insert((Whose::Person, None)).0 = Whose::Person;
        }
    }
    if seen.is_empty() {
        return Ok(Vec::new());
    }
    let sql = format!("SELECT {} FROM attempt WHERE id IN (SELECT value FROM json_each($1))", row::ATTEMPT);
    let attempts = json(seen.keys().map(|(attempt, _)| attempt.0));
    let mut beside = Vec::new();
    for r in &sqlx::query(AssertSqlSafe(sql)).bind(attempts).fetch_all(&mut *conn).await? {
        let attempt = row::attempt(r)?;
        let of = seen.range((attempt.id, ContactId(0))..=(attempt.id, ContactId(i64::MAX)));
        for ((_, asked), (whose, phone)) in of {
            let past = attempt.past().map(|past| PastAttempt { whose: *whose, phone: *phone, ..past });
            beside.extend(past.map(|past| (*asked, past, attempt.campaign, attempt.id)));
        }
    }
    Ok(beside)
}

/// The rows of a `CONTACT` query in order of id, with their debts and their numbers, listed and unlisted.
pub(super) async fn with_rows(conn: &mut SqliteConnection, found: Vec<SqliteRow>) -> Result<Vec<KnownContact>> {
    let mut known = rows(found, |r| Ok(KnownContact { contact: row::contact(r)?, unlisted: Vec::new() }))?;
    if known.is_empty() {
        return Ok(known);
    }
    let ids = json(known.iter().map(|k| k.contact.id.0));
    let sql = "SELECT contact, id, external_id, amount, currency, due, paid FROM debt \
         WHERE contact IN (SELECT value FROM json_each($1)) ORDER BY contact, id";
    for r in &sqlx::query(sql).bind(&ids).fetch_all(&mut *conn).await? {
        let (owner, debt) = row::debt(r)?;
        if let Ok(at) = known.binary_search_by_key(&owner, |k| k.contact.id) {
            known[at].contact.debts.push(debt);
        }
    }
    // Of who is erased, rows without a number are left.
    let sql = "SELECT contact, id, number, state, position FROM phone \
         WHERE contact IN (SELECT value FROM json_each($1)) AND number LIKE '+%' ORDER BY contact, position, id";
    for r in &sqlx::query(sql).bind(ids).fetch_all(conn).await? {
        let (owner, phone, listed) = row::phone(r)?;
        if let Ok(at) = known.binary_search_by_key(&owner, |k| k.contact.id) {
            let KnownContact { contact, unlisted } = &mut known[at];
            if listed { contact.phones.push(phone) } else { unlisted.push(phone) }
        }
    }
    Ok(known)
}

/// In a transaction of the caller's.
pub(super) async fn known_by_id(conn: &mut SqliteConnection, id: ContactId) -> Result<Option<KnownContact>> {
    let contact = format!("{CONTACT} WHERE c.id = $1");
    let found = sqlx::query(AssertSqlSafe(contact)).bind(id.0).fetch_all(&mut *conn).await?;
    Ok(with_rows(conn, found).await?.pop())
}

pub(super) async fn sleepers(pool: &SqlitePool, now: Wall, limit: u32) -> Result<Vec<Sleeper>> {
    let mut snapshot = pool.begin().await?;
    let sql = "SELECT campaign, contact, close_reason, close_why, wake_at, \
         (SELECT MAX(id) FROM attempt a WHERE a.campaign = e.campaign AND a.contact = e.contact) FROM campaign_contact e \
         WHERE wake_at <= $1 AND (SELECT state FROM campaign WHERE id = e.campaign) = 'running' \
         ORDER BY wake_at, campaign, contact LIMIT $2";
    let found = sqlx::query(sql).bind(now.0).bind(i64::from(limit)).fetch_all(&mut *snapshot).await?;
    let mut attempts = Vec::new();
    for r in &found {
        attempts.extend(row::get::<Option<i64>>(r, 5)?);
    }
    let sql = format!("SELECT {} FROM attempt WHERE id IN (SELECT value FROM json_each($1))", row::ATTEMPT);
    let last = sqlx::query(AssertSqlSafe(sql)).bind(json(attempts)).fetch_all(&mut *snapshot).await?;
    let plans: BTreeMap<AttemptId, Plan> = rows(last, row::attempt)?.into_iter().map(|a| (a.id, a.plan)).collect();
    let ids: Vec<ContactId> = found.iter().map(|r| Ok(ContactId(row::get(r, 1)?))).collect::<Result<_>>()?;
    let standings = standings(&mut snapshot, &ids).await?;
    let sleeper = |r: &SqliteRow| {
        let (campaign, contact) = (CampaignId(row::get(r, 0)?), ContactId(row::get(r, 1)?));
        let closed = row::close(r, 2)?;
        let last = row::get::<Option<i64>>(r, 5)?.and_then(|id| plans.get(&AttemptId(id)).cloned());
        Ok(standings.get(&contact).map(|(standing, campaigns)| {
            let mut standing = standing.clone();
            standing.past_here = here(&standing, campaigns, campaign);
            Sleeper { campaign, standing, last, closed }
        }))
    };
    Ok(rows(found, sleeper)?.into_iter().flatten().collect())
}

pub(super) async fn contacts(pool: &SqlitePool, after: ContactId, limit: u32) -> Result<Vec<Contact>> {
    let mut snapshot = pool.begin().await?;
    let contacts = format!("{CONTACT} WHERE c.id > $1 ORDER BY c.id LIMIT $2");
    let contacts = sqlx::query(AssertSqlSafe(contacts)).bind(after.0).bind(i64::from(limit));
    let contacts = contacts.fetch_all(&mut *snapshot).await?;
    let known = with_rows(&mut snapshot, contacts).await?;
    Ok(known.into_iter().map(|k| k.contact).collect())
}

pub(super) async fn next_due(pool: &SqlitePool) -> Result<Option<Wall>> {
    let first = sqlx::query(
        "SELECT MIN((SELECT due_at FROM attempt WHERE campaign = c.id AND state IN ('scheduled', 'claimed') \
         AND state = 'scheduled' ORDER BY due_at LIMIT 1)) FROM campaign c WHERE c.state = 'running'",
    )
    .fetch_one(pool)
    .await?;
    Ok(row::get::<Option<i64>>(&first, 0)?.map(Wall))
}

pub(super) async fn spent(pool: &SqlitePool, since: Wall) -> Result<Vec<Spent>> {
    let found = sqlx::query(
        "SELECT campaign, cost_currency, SUM(cost_micros), SUM(CASE WHEN finished_at >= $1 THEN cost_micros ELSE 0 END) \
         FROM attempt WHERE cost_micros IS NOT NULL GROUP BY campaign, cost_currency ORDER BY campaign, cost_currency",
    )
    .bind(since.0)
    .fetch_all(pool)
    .await?;
    rows(found, |r| {
        let currency = row::word(r, 1)?;
        let cost = |column| Ok::<_, StoreError>(Cost::new(row::get(r, column)?, currency));
        Ok(Spent { campaign: CampaignId(row::get(r, 0)?), total: cost(2)?, since: cost(3)? })
    })
}

pub(super) async fn agent_hours(pool: &SqlitePool, since: Wall) -> Result<Vec<AgentHour>> {
    let found = sqlx::query(
        "SELECT campaign, finished_at / 3600000000 AS hour, SUM(agent = 'connected'), SUM(agent = 'abandoned') \
         FROM attempt WHERE agent IS NOT NULL AND finished_at >= $1 GROUP BY campaign, hour ORDER BY campaign, hour",
    )
    .bind(since.0)
    .fetch_all(pool)
    .await?;
    rows(found, |r| {
        Ok(AgentHour {
            campaign: CampaignId(row::get(r, 0)?),
            hour: row::get(r, 1)?,
            connected: row::number(r, 2)?,
            abandoned: row::number(r, 3)?,
        })
    })
}

pub(super) async fn holding(pool: &SqlitePool) -> Result<Vec<Holding>> {
    let found = sqlx::query("SELECT about, says, at FROM holding ORDER BY about").fetch_all(pool).await?;
    rows(found, |r| Ok(Holding { about: row::get(r, 0)?, says: row::get(r, 1)?, at: Wall(row::get(r, 2)?) }))
}

pub(super) async fn attempts(
    pool: &SqlitePool,
    campaign: Option<CampaignId>,
    after: AttemptId,
    limit: u32,
) -> Result<Vec<Attempt>> {
    let of_campaign = if campaign.is_some() { "AND campaign = $3" } else { "" };
    let sql = format!("SELECT {} FROM attempt WHERE id > $1 {of_campaign} ORDER BY id LIMIT $2", row::ATTEMPT);
    let mut query = sqlx::query(AssertSqlSafe(sql)).bind(after.0).bind(i64::from(limit));
    if let Some(campaign) = campaign {
        query = query.bind(campaign.0);
    }
    rows(query.fetch_all(pool).await?, row::attempt)
}

pub(super) async fn open_attempts(
    pool: &SqlitePool,
    campaign: CampaignId,
    after: AttemptId,
    limit: u32,
) -> Result<Vec<Attempt>> {
    let sql = format!(
        "SELECT {} FROM attempt WHERE campaign = $1 AND id > $2 AND state IN ('scheduled', 'claimed', 'live') \
         ORDER BY id LIMIT $3",
        row::ATTEMPT
    );
    let query = sqlx::query(AssertSqlSafe(sql)).bind(campaign.0).bind(after.0).bind(i64::from(limit));
    rows(query.fetch_all(pool).await?, row::attempt)
}

pub(super) async fn visits_to_report(
    pool: &SqlitePool,
    contact: Option<ContactId>,
    after: AttemptId,
    limit: u32,
) -> Result<Vec<Attempt>> {
    let sql = format!(
        "SELECT {} FROM attempt WHERE channel = 'visit' AND state = 'finished' AND disposition = 'handed_over' \
         AND ($1 IS NULL OR contact = $1) AND id > $2 \
         AND NOT EXISTS (SELECT 1 FROM visit_report v WHERE v.attempt = attempt.id) ORDER BY id LIMIT $3",
        row::ATTEMPT
    );
    let query = sqlx::query(AssertSqlSafe(sql)).bind(contact.map(|c| c.0)).bind(after.0).bind(i64::from(limit));
    rows(query.fetch_all(pool).await?, row::attempt)
}

pub(super) async fn history(pool: &SqlitePool, external_id: &str) -> Result<History> {
    let mut snapshot = pool.begin().await?;
    let id = sqlx::query("SELECT id FROM contact WHERE external_id = $1")
        .bind(external_id.to_string())
        .fetch_optional(&mut *snapshot)
        .await?;
    let id = match id {
        Some(r) => ContactId(row::get(&r, 0)?),
        None => return Err(StoreError::NotFound(format!("contact `{external_id}`"))),
    };
    let standing = standings(&mut snapshot, &[id]).await?.remove(&id);
    let (standing, _) = standing.ok_or_else(|| StoreError::NotFound(format!("contact `{external_id}`")))?;
    let attempts = format!("SELECT {} FROM attempt WHERE contact = $1 ORDER BY id", row::ATTEMPT);
    let attempts = sqlx::query(AssertSqlSafe(attempts)).bind(id.0).fetch_all(&mut *snapshot).await?;
    let closed = sqlx::query(
        "SELECT campaign, close_reason, close_why, wake_at FROM campaign_contact \
         WHERE contact = $1 AND close_reason IS NOT NULL ORDER BY campaign",
    )
    .bind(id.0)
    .fetch_all(&mut *snapshot)
    .await?;
    let worklist = "SELECT id, contact, attempt, queue, reason, at FROM worklist WHERE contact = $1 ORDER BY id";
    let worklist = sqlx::query(worklist).bind(id.0).fetch_all(&mut *snapshot).await?;
    let outbox = format!("{MESSAGE} WHERE attempt IN (SELECT id FROM attempt WHERE contact = $1) ORDER BY id");
    let outbox = sqlx::query(AssertSqlSafe(outbox)).bind(id.0).fetch_all(&mut *snapshot).await?;
    let rulings = "SELECT attempt, at, verdict, reason, made_by, until, policy FROM ruling \
         WHERE attempt IN (SELECT id FROM attempt WHERE contact = $1) ORDER BY id";
    let rulings = sqlx::query(rulings).bind(id.0).fetch_all(&mut *snapshot).await?;
    let visits = "SELECT attempt, outcome, visited_at, note, at FROM visit_report \
         WHERE attempt IN (SELECT id FROM attempt WHERE contact = $1) ORDER BY attempt";
    let visits = sqlx::query(visits).bind(id.0).fetch_all(&mut *snapshot).await?;
    Ok(History {
        visits: rows(visits, row::visit_report)?,
        rulings: rows(rulings, row::ruling)?,
        standing,
        attempts: rows(attempts, row::attempt)?,
        closed: rows(closed, |r| Ok((CampaignId(row::get(r, 0)?), row::close(r, 1)?)))?,
        worklist: rows(worklist, row::worklist_entry)?,
        outbox: rows(outbox, row::message)?,
    })
}

pub(super) async fn last_payment(pool: &SqlitePool) -> Result<i64> {
    let found = sqlx::query("SELECT COALESCE(MAX(number), 0) FROM payment").fetch_one(pool).await?;
    row::get(&found, 0)
}

pub(super) async fn promise_due(pool: &SqlitePool, now: Wall) -> Result<bool> {
    let sql = "SELECT 1 FROM promise WHERE state = 'open' AND judge_at <= $1 LIMIT 1";
    Ok(sqlx::query(sql).bind(now.0).fetch_optional(pool).await?.is_some())
}

pub(super) async fn payments(pool: &SqlitePool, after: i64, limit: u32) -> Result<Vec<Payment>> {
    let sql = format!("{PAYMENT} WHERE number > $1 ORDER BY number LIMIT $2");
    let query = sqlx::query(AssertSqlSafe(sql)).bind(after).bind(i64::from(limit));
    rows(query.fetch_all(pool).await?, row::payment)
}

pub(super) async fn promises(pool: &SqlitePool) -> Result<Vec<Promise>> {
    rows(sqlx::query(AssertSqlSafe(format!("{PROMISE} ORDER BY id"))).fetch_all(pool).await?, row::promise)
}

pub(super) async fn worklist(pool: &SqlitePool) -> Result<Vec<WorklistEntry>> {
    let sql = "SELECT id, contact, attempt, queue, reason, at FROM worklist ORDER BY id";
    rows(sqlx::query(sql).fetch_all(pool).await?, row::worklist_entry)
}

pub(super) async fn outbox(pool: &SqlitePool) -> Result<Vec<OutboxMessage>> {
    rows(sqlx::query(AssertSqlSafe(format!("{MESSAGE} ORDER BY id"))).fetch_all(pool).await?, row::message)
}

pub(super) async fn outbox_due(pool: &SqlitePool, now: Wall, limit: u32) -> Result<Vec<OutboxMessage>> {
    let sql = format!("{MESSAGE} WHERE state = 'queued' AND next_try_at <= $1 ORDER BY next_try_at, id LIMIT $2");
    let query = sqlx::query(AssertSqlSafe(sql)).bind(now.0).bind(i64::from(limit));
    rows(query.fetch_all(pool).await?, row::message)
}

pub(super) async fn call_events(pool: &SqlitePool, call: CallId) -> Result<Vec<CallEvent>> {
    let sql = match call.is_inbound() {
        false => "SELECT call, at, kind, detail FROM call_event WHERE call = $1 ORDER BY id",
        true => "SELECT call, at, kind, detail FROM inbound_call_event WHERE call = $1 ORDER BY id",
    };
    rows(sqlx::query(sql).bind(call.0).fetch_all(pool).await?, row::call_event)
}

pub(super) async fn inbound_calls(pool: &SqlitePool, before: Option<CallId>, limit: u32) -> Result<Vec<InboundCall>> {
    // The newest has the lowest number.
    let sql = format!("SELECT {} FROM inbound_call WHERE id > $1 ORDER BY id LIMIT $2", row::INBOUND_CALL);
    let query = sqlx::query(AssertSqlSafe(sql)).bind(before.map_or(i64::MIN, |id| id.0)).bind(i64::from(limit));
    rows(query.fetch_all(pool).await?, row::inbound_call)
}

pub(super) async fn inbound_calls_up(pool: &SqlitePool) -> Result<Vec<CallId>> {
    // As the index `inbound_call_up` has it.
    let found = sqlx::query("SELECT id FROM inbound_call WHERE ended_at IS NULL ORDER BY id").fetch_all(pool).await?;
    rows(found, |r| Ok(CallId(row::get(r, 0)?)))
}

pub(super) async fn closings(pool: &SqlitePool, campaign: Option<CampaignId>) -> Result<Vec<(String, u64)>> {
    let sql = "SELECT COALESCE(close_reason, 'open'), COUNT(*) FROM campaign_contact \
         WHERE $1 IS NULL OR campaign = $1 GROUP BY 1 ORDER BY 1";
    let found = sqlx::query(sql).bind(campaign.map(|c| c.0)).fetch_all(pool).await?;
    rows(found, |r| Ok((row::get(r, 0)?, row::number(r, 1)?)))
}

pub(super) async fn suppressed_numbers(
    pool: &SqlitePool,
    after: Option<&SuppressionHash>,
    limit: u32,
) -> Result<Vec<SuppressedNumber>> {
    let sql = "SELECT hash, reason, at FROM suppressed_number WHERE hash > $1 ORDER BY hash LIMIT $2";
    let after = after.map_or("", SuppressionHash::full).to_string();
    rows(sqlx::query(sql).bind(after).bind(i64::from(limit)).fetch_all(pool).await?, row::suppressed_number)
}

pub(super) async fn suppressed_number(pool: &SqlitePool, hash: SuppressionHash) -> Result<Option<SuppressedNumber>> {
    let sql = "SELECT hash, reason, at FROM suppressed_number WHERE hash = $1";
    let found = sqlx::query(sql).bind(hash.full().to_string()).fetch_optional(pool).await?;
    found.as_ref().map(row::suppressed_number).transpose()
}

pub(super) async fn released_numbers(pool: &SqlitePool) -> Result<Vec<ReleasedNumber>> {
    let sql = "SELECT hash, reason, since, why, at FROM released_number ORDER BY id";
    rows(sqlx::query(sql).fetch_all(pool).await?, |r| {
        let (since, at) = (Wall(row::get(r, 2)?), Wall(row::get(r, 4)?));
        Ok(ReleasedNumber { hash: row::word(r, 0)?, reason: row::word(r, 1)?, since, why: row::get(r, 3)?, at })
    })
}

pub(super) async fn rulings(pool: &SqlitePool, campaign: CampaignId) -> Result<Vec<RulingCount>> {
    let sql = "SELECT verdict, reason, made_by, COUNT(*) FROM ruling \
         WHERE verdict <> 'allowed' AND attempt IN (SELECT id FROM attempt WHERE campaign = $1) \
         GROUP BY 1, 2, 3 ORDER BY 1, 2, 3";
    rows(sqlx::query(sql).bind(campaign.0).fetch_all(pool).await?, |r| {
        let (verdict, reason, made_by) = (row::word(r, 0)?, row::get(r, 1)?, row::get(r, 2)?);
        Ok(RulingCount { verdict, reason, made_by, times: row::number(r, 3)? })
    })
}

pub(super) async fn imports(pool: &SqlitePool) -> Result<Vec<ImportBatch>> {
    let sql = "SELECT id, file, sha256, settings, at, payments_before, finished_at, undone_at, lines, added, changed, unchanged, further, repeated, \
         rejected, whole FROM import_batch ORDER BY id";
    rows(sqlx::query(sql).fetch_all(pool).await?, row::import_batch)
}

pub(super) async fn import_rejects(
    pool: &SqlitePool,
    batch: ImportBatchId,
    skip: u64,
    limit: u32,
) -> Result<Vec<ImportReject>> {
    let sql = "SELECT line, field, code FROM import_reject WHERE batch = $1 ORDER BY id LIMIT $2 OFFSET $3";
    let query = sqlx::query(sql).bind(batch.0).bind(i64::from(limit)).bind(i64::try_from(skip).unwrap_or(i64::MAX));
    let reject =
        |r: &SqliteRow| Ok(ImportReject { line: row::number(r, 0)?, field: row::get(r, 1)?, code: row::word(r, 2)? });
    rows(query.fetch_all(pool).await?, reject)
}

pub(super) async fn campaign_rejects(pool: &SqlitePool, campaign: CampaignId) -> Result<Vec<(RejectCode, u64)>> {
    let sql = "SELECT code, COUNT(*) FROM import_reject WHERE batch IN (SELECT id FROM import_batch \
         WHERE undone_at IS NULL AND (\
         EXISTS (SELECT 1 FROM campaign_contact e JOIN contact c ON c.id = e.contact \
             WHERE e.campaign = $1 AND c.added_by = import_batch.id) \
         OR EXISTS (SELECT 1 FROM import_change i JOIN campaign_contact e ON e.contact = i.contact AND e.campaign = $1 \
             WHERE i.batch = import_batch.id))) \
         GROUP BY code ORDER BY 2 DESC, 1";
    let kind = |r: &SqliteRow| Ok((row::word(r, 0)?, row::number(r, 1)?));
    rows(sqlx::query(sql).bind(campaign.0).fetch_all(pool).await?, kind)
}

pub(super) async fn import_reject_kinds(pool: &SqlitePool, batch: ImportBatchId) -> Result<Vec<(RejectCode, u64)>> {
    let sql = "SELECT code, COUNT(*) FROM import_reject WHERE batch = $1 GROUP BY code ORDER BY 2 DESC, 1";
    rows(sqlx::query(sql).bind(batch.0).fetch_all(pool).await?, |r| Ok((row::word(r, 0)?, row::number(r, 1)?)))
}

pub(super) async fn shared_numbers(pool: &SqlitePool) -> Result<u64> {
    let sql = "SELECT COUNT(*) FROM (SELECT 1 FROM phone WHERE position IS NOT NULL \
         GROUP BY number HAVING MIN(contact) <> MAX(contact))";
    row::number(&sqlx::query(sql).fetch_one(pool).await?, 0)
}
