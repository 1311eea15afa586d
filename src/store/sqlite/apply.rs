//! The writes of `books::Write` as statements, and the thread that lets groups share a commit.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::{Mutex, mpsc, oneshot};

use super::super::{Result, StoreError};
use super::raw::{Connection, Row, Value};
use super::writer::Writer;
use super::{Counting, lines};
use crate::books::*;
use crate::flow::program::{FlowHash, OptOutScope};
use crate::id::*;
use crate::outcome::Channel;
use crate::phone::PhoneNumber;
use crate::time::Wall;

/// Groups in one commit: bounds how long the other writers wait.
const GROUPS_MAX: usize = 256;
/// While groups come faster than commits, a commit waits for so long for more to share it.
const GATHER: Duration = Duration::from_millis(2);

/// An attempt is finished, from one of these states, with what more is known of it; gives what the next row hangs on.
macro_rules! finish {
    ($more:literal, $states:literal) => {
        concat!(
            "UPDATE attempt SET state = 'finished', lease_until = NULL, finished_at = ?2, disposition = ?3, \
             blame = ?4, cause = ?5, answered_by = ?6, right_party = ?7, ring_ms = ?8, talk_ms = ?9, node = ?10",
            $more,
            " WHERE id = ?1 AND state IN (",
            $states,
            ") RETURNING campaign, contact, ",
            owes_nothing!("attempt.contact"),
            ", (SELECT state FROM campaign WHERE campaign.id = attempt.campaign)"
        )
    };
}

/// Writes that belong together, and whom to tell.
#[derive(Debug)]
pub(super) struct Group {
    pub writes: Vec<Write>,
    pub done: oneshot::Sender<Result<()>>,
}

/// The connection on which groups are written.
pub(super) struct Pen {
    conn: Connection,
    counters: Arc<Counting>,
    /// Of the list of those who are not to be called.
    key: SuppressionKey,
}

/// Takes what has gathered while the last commit was on its way to the disk, and commits it as one. On a thread of its own; ends
/// with the store. `writer`: the other connection that writes. Who holds it may write, so that neither waits for the other's lock
/// in SQLite, which is a matter of sleeping and trying again.
pub(super) fn commit_groups(mut pen: Pen, writer: &Mutex<Writer>, runtime: &Handle, mut queue: mpsc::Receiver<Group>) {
    let mut groups = Vec::new();
    let mut busy = false;
    while queue.blocking_recv_many(&mut groups, GROUPS_MAX) > 0 {
        if busy && groups.len() < GROUPS_MAX {
            std::thread::park_timeout(GATHER);
            while groups.len() < GROUPS_MAX
                && let Ok(group) = queue.try_recv()
            {
                groups.push(group);
            }
        }
        busy = groups.len() > 1;
        let mut writer = writer.blocking_lock();
        // What a caller that gave up in the middle has left holds the lock.
        if writer.in_transaction() {
            runtime.block_on(writer.rollback());
        }
        let results = pen.apply_groups(&groups);
        drop(writer);
        match results {
            Ok(results) => {
                for (group, result) in groups.drain(..).zip(results) {
                    // A caller that no longer waits does not take its write back.
                    let _ = group.done.send(result);
                }
            }
            Err(e) => groups.drain(..).for_each(|group| drop(group.done.send(Err(e.clone())))),
        }
    }
}

impl Pen {
    pub fn new(conn: Connection, counters: Arc<Counting>, key: SuppressionKey) -> Pen {
        Pen { conn, counters, key }
    }

    fn run(&mut self, sql: &'static str, values: &[Value]) -> Result<u64> {
        self.counters.statements.fetch_add(1, Relaxed);
        self.conn.run(sql, values)
    }

    fn row<T>(
        &mut self,
        sql: &'static str,
        values: &[Value],
        read: impl FnOnce(&Row) -> Result<T>,
    ) -> Result<Option<T>> {
        self.counters.statements.fetch_add(1, Relaxed);
        self.conn.row(sql, values, read)
    }

    /// One transaction for all; each group stands or falls alone, unless the database itself fails.
    fn apply_groups(&mut self, groups: &[Group]) -> Result<Vec<Result<()>>> {
        // Takes the write lock at once: a lock taken halfway could be refused halfway.
        self.run("BEGIN IMMEDIATE", &[])?;
        let results = self.apply_all(groups).and_then(|results| self.run("COMMIT", &[]).map(|_| results));
        match &results {
            Ok(_) => {
                self.counters.transactions.fetch_add(1, Relaxed);
            }
            // SQLite may have rolled back by itself (full disk); then this fails, and nothing is left to undo.
            Err(_) => drop(self.run("ROLLBACK", &[])),
        }
        results
    }

    /// Refusals are rare, so first without savepoints; when there is one, all are taken back and applied again, each in its own.
    fn apply_all(&mut self, groups: &[Group]) -> Result<Vec<Result<()>>> {
        match groups.iter().try_for_each(|group| self.apply(&group.writes)) {
            Ok(()) => Ok(groups.iter().map(|_| Ok(())).collect()),
            Err(e @ StoreError::Unavailable(_)) => Err(e),
            Err(StoreError::Conflict(_) | StoreError::NotFound(_)) => {
                self.run("ROLLBACK", &[])?;
                self.run("BEGIN IMMEDIATE", &[])?;
                self.apply_each(groups)
            }
        }
    }

    fn apply_each(&mut self, groups: &[Group]) -> Result<Vec<Result<()>>> {
        let mut results = Vec::with_capacity(groups.len());
        for group in groups {
            self.run("SAVEPOINT one_group", &[])?;
            let result = self.apply(&group.writes);
            match &result {
                Err(StoreError::Unavailable(_)) => return result.map(|()| Vec::new()),
                Err(StoreError::Conflict(_) | StoreError::NotFound(_)) => drop(self.run("ROLLBACK TO one_group", &[])?),
                Ok(()) => {}
            }
            self.run("RELEASE one_group", &[])?;
            results.push(result);
        }
        Ok(results)
    }

    /// One write after another; what goes to the same place together takes one statement.
    fn apply(&mut self, mut writes: &[Write]) -> Result<()> {
        loop {
            writes = match writes {
                [] => return Ok(()),
                [Write::Log(first), rest @ ..] => {
                    let lines = lines::together(first, rest);
                    self.run(lines.sql, &lines.values)?;
                    &writes[lines.count..]
                }
                [
                    Write::Carried { attempt: carried, trunk, caller_id, cost, agent },
                    Write::Finish { attempt, outcome, at, next },
                    rest @ ..,
                ] if carried == attempt => {
                    let how = Carriage::of(trunk, caller_id, *cost, *agent);
                    self.finish(*attempt, outcome, Some(how), *at, next.clone())?;
                    rest
                }
                [
                    Write::Led { attempt: made, led },
                    Write::Live { attempt, phone, flow, policy, caller_id, at },
                    rest @ ..,
                ] if made == attempt => {
                    self.live(*attempt, Some(led), *phone, flow, policy, caller_id, *at)?;
                    rest
                }
                [write, rest @ ..] => {
                    self.write(write)?;
                    rest
                }
            }
        }
    }

    /// Who has opted out since it was claimed is not rung. A phone that is not there fails by its foreign key. That nobody else is on
    /// the line, or with the person, the unique indexes see to.
    #[expect(clippy::too_many_arguments, reason = "the columns of one row")]
    fn live(
        &mut self,
        attempt: AttemptId,
        led: Option<&Led>,
        phone: PhoneId,
        flow: &FlowHash,
        policy: &str,
        shown: &PhoneNumber,
        at: Wall,
    ) -> Result<()> {
        let sql = "UPDATE attempt SET state = 'live', lease_until = NULL, phone = ?2, flow = ?3, live_at = ?4, policy = ?5, \
             caller_id = ?6, ladder = COALESCE(?7, ladder), contact_class = IIF(?7 IS NULL, contact_class, ?8), \
             number = COALESCE((SELECT p.number FROM phone p WHERE p.id = ?2 AND p.contact = attempt.contact), ''), \
             person = (SELECT person FROM contact WHERE id = attempt.contact) \
             WHERE id = ?1 AND state IN ('scheduled', 'claimed') \
             AND NOT EXISTS (SELECT 1 FROM suppression s WHERE s.contact = attempt.contact AND (s.phone IS NULL OR s.phone = ?2)) \
             AND NOT EXISTS (SELECT 1 FROM contact c JOIN contact o ON o.person = c.person JOIN suppression s ON s.contact = o.id \
             WHERE c.id = attempt.contact AND s.phone IS NULL)";
        let values = [
            attempt.0.into(),
            phone.0.into(),
            (&flow.0).into(),
            at.0.into(),
            policy.into(),
            shown.full().into(),
            led.map(|led| led.ladder.as_str()).into(),
            led.and_then(|led| led.contact_class.as_deref()).into(),
        ];
        if self.run(sql, &values)? == 0 {
            return self.refuse(attempt, "scheduled or claimed, with somebody who may be called");
        }
        self.run("INSERT INTO call (id, live_at) VALUES (?1, ?2)", &[CallId::of(attempt).0.into(), at.0.into()])
            .map(drop)
    }

    fn write(&mut self, write: &Write) -> Result<()> {
        match write {
            Write::Log(_) => unreachable!("lines are taken together, above"),
            Write::Live { attempt, phone, flow, policy, caller_id, at } => {
                self.live(*attempt, None, *phone, flow, policy, caller_id, *at)
            }
            Write::Ruling(Ruling { attempt, at, verdict, reason, made_by, until, policy }) => {
                let sql = "INSERT INTO ruling (attempt, at, verdict, reason, made_by, until, policy) \
                     SELECT id, ?2, ?3, ?4, ?5, ?6, ?7 FROM attempt WHERE id = ?1";
                let values = [
                    attempt.0.into(),
                    at.0.into(),
                    verdict.as_str().into(),
                    reason.as_deref().into(),
                    made_by.as_deref().into(),
                    until.map(|until| until.0).into(),
                    policy.into(),
                ];
                match self.run(sql, &values)? {
                    0 => Err(StoreError::NotFound(format!("attempt {attempt}"))),
                    _ => Ok(()),
                }
            }
            Write::Reschedule { attempt, due_at, why } => {
                let sql = "UPDATE attempt SET state = 'scheduled', lease_until = NULL, due_at = ?2, why = ?3 \
                     WHERE id = ?1 AND state = 'claimed'";
                match self.run(sql, &[attempt.0.into(), due_at.0.into(), why.into()])? {
                    0 => self.refuse(*attempt, "claimed"),
                    _ => Ok(()),
                }
            }
            Write::Promise { attempt, parts, at } => self.promise(*attempt, parts, *at),
            Write::Suppress { attempt, scope, reason, at } => {
                let (contact, dialled) = self.contact_and_phone(*attempt)?;
                let phone = match scope {
                    OptOutScope::Person => None,
                    OptOutScope::Number if dialled.is_none() => {
                        return Err(StoreError::Conflict(format!("attempt {attempt} dialled no number")));
                    }
                    OptOutScope::Number => dialled,
                };
                let sql = "INSERT INTO suppression (contact, phone, scope, reason, at) VALUES (?1, ?2, ?3, ?4, ?5) \
                     ON CONFLICT DO NOTHING";
                let (scope, reason) = (scope.as_str(), reason.as_str());
                self.run(sql, &[contact.into(), phone.into(), scope.into(), reason.into(), at.0.into()]).map(drop)
            }
            Write::SuppressNumber { number, reason, at } => {
                let hash = self.key.number(number);
                let values = [hash.full().into(), reason.as_str().into(), at.0.into()];
                let sql = "INSERT INTO suppressed_number (hash, reason, at) VALUES (?1, ?2, ?3) \
                     ON CONFLICT (hash) DO UPDATE SET reason = excluded.reason, at = excluded.at";
                self.run(sql, &values)?;
                let values = [number.full().into(), reason.as_str().into(), at.0.into()];
                let sql = "INSERT INTO suppression (contact, phone, scope, reason, at) \
                     SELECT contact, id, 'number', ?2, ?3 FROM phone WHERE number = ?1 ON CONFLICT DO NOTHING";
                self.run(sql, &values).map(drop)
            }
            Write::ReleaseNumber { number, why, at } => {
                let hash = self.key.number(number);
                let values = [hash.full().into(), why.into(), at.0.into()];
                let sql = "INSERT INTO released_number (hash, reason, since, why, at) \
                     SELECT hash, reason, at, ?2, ?3 FROM suppressed_number WHERE hash = ?1";
                if self.run(sql, &values)? == 0 {
                    return Err(StoreError::NotFound(format!("{number} on the list of suppressed numbers")));
                }
                self.run("DELETE FROM suppressed_number WHERE hash = ?1", &values[..1])?;
                let sql = "DELETE FROM suppression WHERE phone IN (SELECT id FROM phone WHERE number = ?1)";
                self.run(sql, &[number.full().into()]).map(drop)
            }
            Write::Phone { phone, state } => {
                let sql = "UPDATE phone SET state = ?2 WHERE id = ?1";
                match self.run(sql, &[phone.0.into(), state.as_str().into()])? {
                    0 => Err(StoreError::NotFound(format!("phone {phone}"))),
                    _ => Ok(()),
                }
            }
            Write::Message { attempt, channel, subject, body, at } => {
                self.message(*attempt, *channel, subject.as_deref(), body, *at)
            }
            Write::Worklist { attempt, queue, reason, at } => {
                let sql = "INSERT INTO worklist (contact, attempt, queue, reason, at) \
                     SELECT contact, id, ?2, ?3, ?4 FROM attempt WHERE id = ?1";
                match self.run(sql, &[attempt.0.into(), queue.into(), reason.into(), at.0.into()])? {
                    0 => Err(StoreError::NotFound(format!("attempt {attempt}"))),
                    _ => Ok(()),
                }
            }
            Write::Finish { attempt, outcome, at, next } => self.finish(*attempt, outcome, None, *at, next.clone()),
            Write::Cancel { attempt, at: _, why } => {
                let sql = concat!(
                    "UPDATE attempt SET state = 'cancelled', lease_until = NULL \
                     WHERE id = ?1 AND state IN ('scheduled', 'claimed') RETURNING campaign, contact, ",
                    owes_nothing!("attempt.contact")
                );
                let moved =
                    self.row(sql, &[attempt.0.into()], |r| Ok((r.integer(0), r.integer(1), r.integer(2) != 0)))?;
                match moved {
                    Some((campaign, contact, paid)) => self.close(campaign, contact, &why.clone().as_paid(paid)),
                    None => self.refuse(*attempt, "scheduled or claimed"),
                }
            }
            Write::InboundAnswered { call, did, caller, flow, at } => {
                let sql = "INSERT INTO inbound_call (id, did, caller, verstat, diverted_from, flow, answered_at) \
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
                let values = [
                    call.0.into(),
                    did.into(),
                    caller.number.as_ref().map(PhoneNumber::full).into(),
                    caller.verstat.map(|v| v.as_str()).into(),
                    caller.diverted_from.as_ref().map(PhoneNumber::full).into(),
                    flow.into(),
                    at.0.into(),
                ];
                self.run(sql, &values).map(drop)
            }
            Write::Quality { call, quality } => {
                let sql = match call.is_inbound() {
                    false => {
                        "UPDATE attempt SET mos_centi = ?2, heard_loss_permille = ?3, heard_jitter_ms = ?4, \
                         said_loss_permille = ?5, said_jitter_ms = ?6, round_trip_ms = ?7 \
                         WHERE id = ?1 AND live_at IS NOT NULL"
                    }
                    true => {
                        "UPDATE inbound_call SET mos_centi = ?2, heard_loss_permille = ?3, heard_jitter_ms = ?4, \
                         said_loss_permille = ?5, said_jitter_ms = ?6, round_trip_ms = ?7 WHERE id = ?1"
                    }
                };
                let number = |n: Option<u16>| n.map(u32::from).into();
                let values = [
                    call.0.into(),
                    number(Some(quality.mos_centi)),
                    number(quality.heard_loss_permille),
                    number(quality.heard_jitter_ms),
                    number(quality.said_loss_permille),
                    number(quality.said_jitter_ms),
                    number(quality.round_trip_ms),
                ];
                match self.run(sql, &values)? {
                    0 => Err(StoreError::NotFound(format!("call {call}"))),
                    _ => Ok(()),
                }
            }
            Write::Led { attempt, led: Led { ladder, contact_class } } => {
                let sql = "UPDATE attempt SET ladder = ?2, contact_class = ?3 WHERE id = ?1";
                match self.run(sql, &[attempt.0.into(), ladder.into(), contact_class.as_deref().into()])? {
                    0 => Err(StoreError::NotFound(format!("attempt {attempt}"))),
                    _ => Ok(()),
                }
            }
            Write::Visited { report, next } => self.visited(report, next),
            Write::Carried { attempt, trunk, caller_id, cost, agent } => {
                self.carried(*attempt, Carriage::of(trunk, caller_id, *cost, *agent))
            }
            Write::InboundEnded { call, end } => {
                let sql = "UPDATE inbound_call SET ended_at = ?2, disposition = ?3, cause = ?4, talk_ms = ?5 \
                     WHERE id = ?1 AND ended_at IS NULL";
                let (disposition, cause) = (end.disposition.as_str(), end.cause.map(|c| c.as_str()));
                let values = [call.0.into(), end.at.0.into(), disposition.into(), cause.into(), end.talk_ms.into()];
                if self.run(sql, &values)? > 0 {
                    return Ok(());
                }
                match self.row("SELECT 1 FROM inbound_call WHERE id = ?1", &[call.0.into()], |_| Ok(()))? {
                    Some(()) => Err(StoreError::Conflict(format!("call {call} has ended already"))),
                    None => Err(StoreError::NotFound(format!("call {call}"))),
                }
            }
        }
    }

    fn carried(&mut self, attempt: AttemptId, how: Carriage) -> Result<()> {
        let sql = "UPDATE attempt SET trunk = ?2, caller_id = COALESCE(?3, caller_id), cost_micros = ?4, \
             cost_currency = ?5, agent = ?6 WHERE id = ?1 AND live_at IS NOT NULL";
        let [trunk, shown, micros, currency, agent] = how.values();
        match self.run(sql, &[attempt.0.into(), trunk, shown, micros, currency, agent])? {
            0 => Err(StoreError::NotFound(format!("call {attempt}"))),
            _ => Ok(()),
        }
    }

    /// `how`: how the call was carried, where that is written of it as well.
    fn finish(
        &mut self,
        attempt: AttemptId,
        outcome: &Outcome,
        how: Option<Carriage>,
        at: Wall,
        next: Next,
    ) -> Result<()> {
        let mut values: Vec<Value> = vec![
            attempt.0.into(),
            at.0.into(),
            outcome.disposition.as_str().into(),
            outcome.blame.as_str().into(),
            outcome.cause.map(|c| c.as_str()).into(),
            outcome.answered_by.map(|a| a.as_str()).into(),
            outcome.right_party.into(),
            outcome.ring_ms.into(),
            outcome.talk_ms.into(),
            outcome.node.as_deref().into(),
        ];
        let sql = match how {
            None => finish!("", "'claimed', 'live'"),
            Some(how) => {
                values.extend(how.values());
                finish!(
                    ", trunk = ?11, caller_id = COALESCE(?12, caller_id), cost_micros = ?13, cost_currency = ?14, \
                     agent = ?15",
                    "'live'"
                )
            }
        };
        let moved = self.row(sql, &values, |r| {
            let state: CampaignState = r.word(3)?;
            Ok((r.integer(0), r.integer(1), r.integer(2) != 0, state))
        })?;
        let Some((campaign, contact, paid, state)) = moved else {
            return match how {
                // By itself each says what is wrong with it.
                Some(how) => self.carried(attempt, how).and_then(|()| self.finish(attempt, outcome, None, at, next)),
                None => self.refuse(attempt, "claimed or live"),
            };
        };
        match next.admitted(paid, state) {
            Next::Close(close) => self.close(campaign, contact, &close),
            Next::Attempt(plan) => self.schedule(campaign, contact, &plan),
        }
    }

    fn schedule(&mut self, campaign: i64, contact: i64, plan: &Plan) -> Result<()> {
        let moved = plan.moved.as_ref();
        let values = [
            campaign.into(),
            contact.into(),
            plan.channel.as_str().into(),
            i64::from(plan.step).into(),
            i64::from(plan.try_number).into(),
            (&plan.segment).into(),
            plan.due_at.0.into(),
            (&plan.why).into(),
            moved.map(|m| m.reason.as_str()).into(),
            moved.and_then(|m| m.by.as_deref()).into(),
        ];
        self.run(SCHEDULE, &values).map(drop)
    }

    /// The report, and what comes next for a contact that is still waiting for it.
    fn visited(&mut self, report: &VisitReport, next: &Next) -> Result<()> {
        let VisitReport { attempt, outcome, visited_at, note, at } = report;
        let sql = "INSERT INTO visit_report (attempt, outcome, visited_at, note, at) \
             SELECT id, ?2, ?3, ?4, ?5 FROM attempt WHERE id = ?1 AND channel = 'visit' AND state = 'finished' \
             AND disposition = 'handed_over' AND NOT EXISTS (SELECT 1 FROM visit_report v WHERE v.attempt = ?1)";
        let values = [attempt.0.into(), outcome.as_str().into(), visited_at.0.into(), note.into(), at.0.into()];
        if self.run(sql, &values)? == 0 {
            let known = self.row("SELECT 1 FROM attempt WHERE id = ?1", &[attempt.0.into()], |_| Ok(()))?;
            return match known {
                Some(()) => Err(BookError::no_visit(*attempt).into()),
                None => Err(StoreError::NotFound(format!("attempt {attempt}"))),
            };
        }
        if *outcome == VisitOutcome::Promised {
            // A promise names the conversation in which it was made: this one was had at the door.
            let sql = "INSERT INTO call (id, live_at) VALUES (?1, ?2)";
            self.run(sql, &[CallId::of(*attempt).0.into(), visited_at.0.into()])?;
        }
        let sql = concat!(
            "SELECT e.campaign, e.contact, ",
            owes_nothing!("e.contact"),
            ", (SELECT state FROM campaign WHERE campaign.id = e.campaign), \
             EXISTS (SELECT 1 FROM attempt o WHERE o.contact = e.contact AND o.state IN ('scheduled', 'claimed', 'live')) \
             FROM campaign_contact e JOIN attempt a ON a.campaign = e.campaign AND a.contact = e.contact \
             WHERE a.id = ?1 AND e.close_reason = 'visiting'"
        );
        let waits = self.row(sql, &[attempt.0.into()], |r| {
            let state: CampaignState = r.word(3)?;
            Ok((r.integer(0), r.integer(1), r.integer(2) != 0, state, r.integer(4) != 0))
        })?;
        let Some((campaign, contact, paid, state, elsewhere)) = waits else { return Ok(()) };
        match next.clone().admitted(paid, state) {
            Next::Attempt(_) if elsewhere => self.close(campaign, contact, &Close::in_other_campaign()),
            Next::Attempt(plan) => {
                let open = "UPDATE campaign_contact SET close_reason = NULL, close_why = NULL, wake_at = NULL \
                     WHERE campaign = ?1 AND contact = ?2";
                self.run(open, &[campaign.into(), contact.into()])?;
                self.schedule(campaign, contact, &plan)
            }
            Next::Close(close) => self.close(campaign, contact, &close),
        }
    }

    fn promise(&mut self, attempt: AttemptId, parts: &[PromisePart], at: Wall) -> Result<()> {
        // An earlier one is superseded; in the same call it is a conflict, by the index.
        let sql = "UPDATE promise SET state = 'superseded' \
             WHERE contact = (SELECT contact FROM attempt WHERE id = ?1) AND state = 'open' AND attempt <> ?1";
        self.run(sql, &[attempt.0.into()])?;
        let rows: Vec<_> = parts
            .iter()
            .map(|part| {
                let (currency, on) = (part.amount.currency.code(), part.on.to_string());
                (part.amount.minor, currency, on, part.least.minor, part.judge_at.0)
            })
            .collect();
        let sql = r#"INSERT INTO promise
             (contact, attempt, part, parts, amount, currency, "on", least, judge_at, state, made_at)
             SELECT a.contact, a.id, p.key + 1, ?3, p.value ->> 0, p.value ->> 1, p.value ->> 2, p.value ->> 3, p.value ->> 4,
             'open', ?4 FROM attempt a, json_each(?2) p WHERE a.id = ?1 AND (a.state = 'live' OR EXISTS
             (SELECT 1 FROM visit_report v WHERE v.attempt = ?1 AND v.outcome = 'promised')) ORDER BY p.key"#;
        let (rows, count) = (to_json(&rows), parts.len() as u32);
        match self.run(sql, &[attempt.0.into(), (&rows).into(), count.into(), at.0.into()])? {
            0 => self.refuse(attempt, "live"),
            _ => Ok(()),
        }
    }

    fn close(&mut self, campaign: i64, contact: i64, close: &Close) -> Result<()> {
        let sql = "UPDATE campaign_contact SET close_reason = ?3, close_why = ?4, wake_at = ?5 \
             WHERE campaign = ?1 AND contact = ?2";
        let wake_at = close.wake_at.map(|at| at.0);
        let values = [campaign.into(), contact.into(), (&close.reason).into(), (&close.why).into(), wake_at.into()];
        self.run(sql, &values).map(drop)
    }

    fn message(
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
                   SELECT a.id, ?2, p.number, ?3, ?4, 'queued', 0, ?5 FROM attempt a JOIN phone p ON p.contact = a.contact
                   WHERE a.id = ?1 AND p.state = 'good' AND p.position IS NOT NULL
                   AND NOT EXISTS (SELECT 1 FROM suppression s WHERE s.contact = a.contact AND s.phone = p.id)
                   ORDER BY p.position LIMIT 1"#
            }
            Channel::Email => {
                r#"INSERT INTO outbox (attempt, channel, "to", subject, body, state, tries, next_try_at)
                   SELECT a.id, ?2, c.email, ?3, ?4, 'queued', 0, ?5 FROM attempt a JOIN contact c ON c.id = a.contact
                   WHERE a.id = ?1 AND c.email IS NOT NULL"#
            }
            Channel::Letter => {
                r#"INSERT INTO outbox (attempt, channel, "to", subject, body, state, tries, next_try_at)
                   SELECT a.id, ?2, c.fields ->> 'address', ?3, ?4, 'queued', 0, ?5
                   FROM attempt a JOIN contact c ON c.id = a.contact
                   WHERE a.id = ?1 AND TRIM(c.fields ->> 'address') <> ''"#
            }
            Channel::Voice | Channel::Human | Channel::Visit => return self.no_address(attempt, channel),
        };
        match self.run(sql, &[attempt.0.into(), channel.as_str().into(), subject.into(), body.into(), at.0.into()])? {
            0 => self.no_address(attempt, channel),
            _ => Ok(()),
        }
    }

    fn no_address(&mut self, attempt: AttemptId, channel: Channel) -> Result<()> {
        let (contact, _) = self.contact_and_phone(attempt)?;
        Err(StoreError::Conflict(format!("contact {contact} has no address for {channel}")))
    }

    fn contact_and_phone(&mut self, attempt: AttemptId) -> Result<(i64, Option<i64>)> {
        let sql = "SELECT contact, phone FROM attempt WHERE id = ?1";
        let found = self.row(sql, &[attempt.0.into()], |r| Ok((r.integer(0), r.integer_or_null(1))))?;
        found.ok_or_else(|| StoreError::NotFound(format!("attempt {attempt}")))
    }

    /// Says why an attempt could not be moved.
    fn refuse(&mut self, attempt: AttemptId, wanted: &str) -> Result<()> {
        let sql = "SELECT state FROM attempt WHERE id = ?1";
        match self.row(sql, &[attempt.0.into()], |r| r.word::<AttemptState>(0))? {
            None => Err(StoreError::NotFound(format!("attempt {attempt}"))),
            Some(state) => Err(StoreError::Conflict(format!("attempt {attempt} is {state}, not {wanted}"))),
        }
    }
}

/// How a call was carried.
#[derive(Debug, Clone, Copy)]
struct Carriage<'w> {
    trunk: Option<&'w str>,
    caller_id: Option<&'w str>,
    cost: Option<Cost>,
    agent: Option<AgentResult>,
}

impl<'w> Carriage<'w> {
    fn of(
        trunk: &'w Option<String>,
        caller_id: &'w Option<PhoneNumber>,
        cost: Option<Cost>,
        agent: Option<AgentResult>,
    ) -> Carriage<'w> {
        let caller_id = caller_id.as_ref().map(PhoneNumber::full);
        Carriage { trunk: trunk.as_deref(), caller_id, cost, agent }
    }

    /// Trunk, number shown, cost, its currency, agent.
    fn values(self) -> [Value<'w>; 5] {
        let (micros, currency) = (self.cost.map(|c| c.micros), self.cost.map(|c| c.currency.code()));
        let agent = self.agent.map(|a| a.as_str());
        [self.trunk.into(), self.caller_id.into(), micros.into(), currency.into(), agent.into()]
    }
}

/// Campaign, contact, channel, step, try, segment, due time, why, for which rule it was moved and whose that is.
pub(super) const SCHEDULE: &str = "INSERT INTO attempt \
     (campaign, contact, channel, state, step, try_number, segment, due_at, why, moved_reason, moved_by) \
     VALUES (?1, ?2, ?3, 'scheduled', ?4, ?5, ?6, ?7, ?8, ?9, ?10)";

pub(super) fn to_json<T: serde::Serialize + ?Sized>(rows: &T) -> String {
    serde_json::to_string(rows).expect("texts and numbers can be written as JSON")
}
