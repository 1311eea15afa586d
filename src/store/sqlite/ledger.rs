//! What reports and exports read, a page of contacts, calls or rulings at a time.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use super::super::Result;
use super::raw::{Connection, Value};
use super::reader::Readers;
use super::{read, row};
use crate::books::*;
use crate::flow::program::FlowHash;
use crate::id::*;
use crate::time::Wall;

/// Those whose person nobody named, in order of id.
const WITHOUT_PERSON: &str = "SELECT id FROM contact WHERE person IS NULL AND id > ?1 ORDER BY id LIMIT ?2";
const WITHOUT_PERSON_OF: &str = "SELECT e.contact FROM campaign_contact e JOIN contact c ON c.id = e.contact \
     WHERE e.campaign = ?3 AND e.contact > ?1 AND c.person IS NULL ORDER BY e.contact LIMIT ?2";
/// The others, person by person, as their index has them.
const BY_PERSON: &str = "SELECT id FROM contact WHERE person IS NOT NULL AND (person, id) > (?4, ?1) \
     ORDER BY person, id LIMIT ?2";
const BY_PERSON_OF: &str = "SELECT c.id FROM contact c WHERE c.person IS NOT NULL AND (c.person, c.id) > (?4, ?1) \
     AND EXISTS (SELECT 1 FROM campaign_contact e WHERE e.campaign = ?3 AND e.contact = c.id) \
     ORDER BY c.person, c.id LIMIT ?2";

/// Of the contacts in a JSON array of ids.
fn of(select: &str, order: &str) -> String {
    format!("{select} WHERE contact IN (SELECT value FROM json_each(?1)) ORDER BY contact, {order}")
}

static CONTACTS: LazyLock<String> =
    LazyLock::new(|| format!("{} WHERE c.id IN (SELECT value FROM json_each(?1))", read::CONTACT));
static DEBTS: LazyLock<String> =
    LazyLock::new(|| of("SELECT contact, id, external_id, amount, currency, due, paid, entered_at FROM debt", "id"));
/// Of who is erased, rows without a number are left.
const PHONES: &str = "SELECT contact, id, number, state, position FROM phone \
     WHERE contact IN (SELECT value FROM json_each(?1)) AND number LIKE '+%' ORDER BY contact, position, id";
static ATTEMPTS: LazyLock<String> = LazyLock::new(|| of(&format!("SELECT {} FROM attempt", row::ATTEMPT), "id"));
static PROMISES: LazyLock<String> = LazyLock::new(|| of(read::PROMISE, "id"));
static PAYMENTS: LazyLock<String> = LazyLock::new(|| of(read::PAYMENT, "number"));
/// By campaign, as the primary key has them.
const ENROLLED: &str = "SELECT contact, campaign FROM campaign_contact WHERE campaign IN (SELECT id FROM campaign) \
     AND contact IN (SELECT value FROM json_each(?1)) ORDER BY campaign";

/// The contacts behind `after`, in the order of [`LedgerPlace`].
fn page(conn: &mut Connection, campaign: Option<CampaignId>, after: &LedgerPlace, limit: u32) -> Result<Vec<i64>> {
    let mut page: Vec<i64> = Vec::new();
    let campaign: Option<i64> = campaign.map(|c| c.0);
    if after.person().is_none() {
        let sql = if campaign.is_some() { WITHOUT_PERSON_OF } else { WITHOUT_PERSON };
        let values = [after.contact().0.into(), limit.into(), campaign.into()];
        conn.rows(sql, &values[..if campaign.is_some() { 3 } else { 2 }], |r| {
            page.push(row::get(r, 0)?);
            Ok(())
        })?;
    }
    let more = i64::from(limit) - page.len() as i64;
    if more > 0 {
        let sql = if campaign.is_some() { BY_PERSON_OF } else { BY_PERSON };
        // Ids begin with 1, so that nobody is left out before the first person.
        let (person, contact) = after.person().map_or(("", 0), |person| (person, after.contact().0));
        let values = [contact.into(), more.into(), campaign.into(), person.into()];
        conn.rows(sql, &values, |r| {
            page.push(row::get(r, 0)?);
            Ok(())
        })?;
    }
    Ok(page)
}

pub(super) async fn ledgers(
    readers: &Arc<Readers>,
    campaign: Option<CampaignId>,
    after: &LedgerPlace,
    limit: u32,
) -> Result<Vec<Ledger>> {
    let after = after.clone();
    readers.read(move |conn| ledgers_of(conn, campaign, &after, limit)).await
}

/// Eight or nine statements for any number of contacts.
fn ledgers_of(
    conn: &mut Connection,
    campaign: Option<CampaignId>,
    after: &LedgerPlace,
    limit: u32,
) -> Result<Vec<Ledger>> {
    let page = page(conn, campaign, after, limit)?;
    let ids = read::json(page.iter().copied());
    let ids: [Value; 1] = [(&ids).into()];
    let place: HashMap<i64, usize> = page.iter().enumerate().map(|(n, id)| (*id, n)).collect();

    let mut found: Vec<Option<Ledger>> = page.iter().map(|_| None).collect();
    conn.rows(&CONTACTS, &ids, |r| {
        let contact = row::contact(r)?;
        let (entered, campaigns, attempts, promises, payments) = Default::default();
        let at = place[&contact.id.0];
        found[at] = Some(Ledger { contact, entered, campaigns, attempts, promises, payments });
        Ok(())
    })?;
    let mut ledgers: Vec<Ledger> = found.into_iter().map(|l| l.expect("its id was read just now")).collect();
    conn.rows(&DEBTS, &ids, |r| {
        let (contact, debt) = row::debt(r)?;
        let ledger = &mut ledgers[place[&contact.0]];
        ledger.contact.debts.push(debt);
        ledger.entered.push(Wall(row::get(r, 7)?));
        Ok(())
    })?;
    conn.rows(PHONES, &ids, |r| {
        let (contact, phone, listed) = row::phone(r)?;
        if listed {
            ledgers[place[&contact.0]].contact.phones.push(phone);
        }
        Ok(())
    })?;
    conn.rows(ENROLLED, &ids, |r| {
        ledgers[place[&row::get::<i64>(r, 0)?]].campaigns.push(CampaignId(row::get(r, 1)?));
        Ok(())
    })?;
    conn.rows(&ATTEMPTS, &ids, |r| {
        let attempt = row::attempt(r)?;
        ledgers[place[&attempt.contact.0]].attempts.push(attempt);
        Ok(())
    })?;
    conn.rows(&PROMISES, &ids, |r| {
        let promise = row::promise(r)?;
        ledgers[place[&promise.contact.0]].promises.push(promise);
        Ok(())
    })?;
    conn.rows(&PAYMENTS, &ids, |r| {
        let payment = row::payment(r)?;
        ledgers[place[&payment.contact.0]].payments.push(payment);
        Ok(())
    })?;
    Ok(ledgers)
}

const CALLS: &str = "SELECT a.id, a.flow, a.cause, a.state = 'finished' FROM call c JOIN attempt a ON a.id = c.id \
     WHERE c.id > ?1 ORDER BY c.id LIMIT ?2";
const CALLS_OF: &str = "SELECT a.id, a.flow, a.cause, a.state = 'finished' FROM call c JOIN attempt a ON a.id = c.id \
     WHERE c.id > ?1 AND a.campaign = ?3 ORDER BY c.id LIMIT ?2";
const NODES: &str = "SELECT call, detail FROM call_event WHERE call IN (SELECT value FROM json_each(?1)) \
     AND kind = 'entered' ORDER BY call, id";

pub(super) async fn call_paths(
    readers: &Arc<Readers>,
    campaign: Option<CampaignId>,
    after: CallId,
    limit: u32,
) -> Result<Vec<CallPath>> {
    readers.read(move |conn| call_paths_of(conn, campaign, after, limit)).await
}

fn call_paths_of(
    conn: &mut Connection,
    campaign: Option<CampaignId>,
    after: CallId,
    limit: u32,
) -> Result<Vec<CallPath>> {
    let mut values: Vec<Value> = vec![after.0.into(), limit.into()];
    values.extend(campaign.map(|campaign| Value::from(campaign.0)));
    let mut paths: Vec<CallPath> = Vec::new();
    conn.rows(if campaign.is_some() { CALLS_OF } else { CALLS }, &values, |r| {
        paths.push(CallPath {
            call: CallId(row::get(r, 0)?),
            flow: FlowHash(row::get(r, 1)?),
            nodes: Vec::new(),
            cause: row::word_or_null(r, 2)?,
            finished: row::get(r, 3)?,
        });
        Ok(())
    })?;
    let calls = read::json(paths.iter().map(|p| p.call.0));
    conn.rows(NODES, &[(&calls).into()], |r| {
        let call = CallId(row::get(r, 0)?);
        if let Ok(at) = paths.binary_search_by_key(&call, |p| p.call) {
            paths[at].nodes.push(row::get(r, 1)?);
        }
        Ok(())
    })?;
    Ok(paths)
}

const RULINGS: &str = "SELECT r.attempt, r.at, r.verdict, r.reason, r.made_by, r.until, r.policy, r.id, a.campaign, a.channel, \
     c.external_id, c.creditor FROM ruling r CROSS JOIN attempt a ON a.id = r.attempt \
     CROSS JOIN contact c ON c.id = a.contact \
     WHERE r.id > ?1 AND (?3 IS NULL OR a.campaign = ?3) ORDER BY r.id LIMIT ?2";

pub(super) async fn kept_rulings(
    readers: &Arc<Readers>,
    campaign: Option<CampaignId>,
    after: RulingId,
    limit: u32,
) -> Result<Vec<KeptRuling>> {
    readers.read(move |conn| kept_rulings_of(conn, campaign, after, limit)).await
}

fn kept_rulings_of(
    conn: &mut Connection,
    campaign: Option<CampaignId>,
    after: RulingId,
    limit: u32,
) -> Result<Vec<KeptRuling>> {
    let mut kept = Vec::new();
    conn.rows(RULINGS, &[after.0.into(), limit.into(), campaign.map(|c| c.0).into()], |r| {
        kept.push(KeptRuling {
            id: RulingId(row::get(r, 7)?),
            campaign: CampaignId(row::get(r, 8)?),
            external_id: row::get(r, 10)?,
            creditor: row::get(r, 11)?,
            channel: row::word(r, 9)?,
            ruling: row::ruling(r)?,
        });
        Ok(())
    })?;
    Ok(kept)
}
