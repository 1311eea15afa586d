//! What only a database can meet: a crash, a full disk, another process that holds the lock, a file that is none.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use ringback::store::{SqliteOptions, StoreError};
use ringback::time::Clock;
use sqlx::{ConnectOptions, Connection};

use super::*;

fn impatient() -> SqliteOptions {
    SqliteOptions { busy_timeout: Duration::from_millis(20), ..SqliteOptions::default() }
}

fn says<T: std::fmt::Debug>(result: Result<T, StoreError>, what: &str) {
    match result {
        Err(e @ StoreError::Unavailable(_)) => assert!(e.to_string().contains(what), "{e}"),
        other => panic!("expected Unavailable with `{what}`, found {other:?}"),
    }
}

/// What a crash would leave: the files as they are on disk at this moment.
fn crash_copy(from: &Path, to: &Path) {
    for suffix in ["", "-wal"] {
        let name = |path: &Path| PathBuf::from(format!("{}{suffix}", path.display()));
        if name(from).exists() {
            std::fs::copy(name(from), name(to)).unwrap();
        }
    }
}

async fn everything(store: &impl Store) -> (Vec<Contact>, Vec<Attempt>, Vec<Promise>, Vec<Campaign>, Vec<CallEvent>) {
    (
        store.contacts(ContactId(0), 1_000_000).await.unwrap(),
        store.attempts(None, AttemptId(0), 1_000_000).await.unwrap(),
        store.promises().await.unwrap(),
        store.campaigns().await.unwrap(),
        store.call_events(CallId(1)).await.unwrap(),
    )
}

#[tokio::test]
async fn what_was_acknowledged_survives_a_crash() {
    let place = Place::new();
    let copy = Place::new();
    let store = open(&place.file()).await;
    running(&store, 3).await;
    let claimed = store.claim_due(at(0), at(5), &[(CampaignId(1), 1)]).await.unwrap().remove(0);
    let phone = claimed.standing.contact.phones[0].id;
    store.apply(&[live(AttemptId(1), phone, 1), log(AttemptId(1), 1, "answered")]).await.unwrap();
    store.apply(&[promise(AttemptId(1), 2)]).await.unwrap();
    crash_copy(&place.file(), &copy.file());
    let after = open(&copy.file()).await;
    assert_eq!(everything(&after).await, everything(&store).await);
    assert_eq!(after.promises().await.unwrap().len(), 1);
    let left = after.recover().await.unwrap();
    assert_eq!(left.iter().map(|c| c.attempt.id).collect::<Vec<_>>(), [AttemptId(1)]);
}

#[tokio::test]
async fn opening_again_finds_the_same() {
    let place = Place::new();
    let store = open(&place.file()).await;
    running(&store, 2).await;
    let before = everything(&store).await;
    drop(store);
    assert_eq!(everything(&open(&place.file()).await).await, before);
}

#[tokio::test]
async fn a_full_disk_is_said_and_loses_nothing() {
    let place = Place::new();
    drop(open(&place.file()).await);
    let small = SqliteOptions { pages_max: Some(80), ..SqliteOptions::default() };
    let store = SqliteStore::open_with(place.file(), small).await.unwrap();
    running(&store, 2).await;
    let phone = store.claim_due(at(0), at(5), &[(CampaignId(1), 9)]).await.unwrap()[0].standing.contact.phones[0].id;
    store.apply(&[live(AttemptId(1), phone, 1)]).await.unwrap();
    let mut kept = 0;
    let long = "x".repeat(1000);
    let full = loop {
        let event = CallEvent { call: CallId(1), at: at(1), kind: "said".into(), detail: long.clone() };
        match store.apply(&[Write::Log(event)]).await {
            Ok(()) => kept += 1,
            Err(e) => break e,
        }
        assert!(kept < 10_000, "the disk never filled");
    };
    says::<()>(Err(full), "the disk is full");
    // Together with others, and by other ways in: the same answer each time.
    let event = CallEvent { call: CallId(1), at: at(1), kind: "said".into(), detail: long.repeat(20) };
    let group = [Write::Log(event)];
    let (a, b) = tokio::join!(store.apply(&group), store.apply(&group));
    says(a, "the disk is full");
    says(b, "the disk is full");
    let many: Vec<NewContact> = (100..1000).map(contact).collect();
    says(store.import(&many, at(2)).await, "the disk is full");
    let before = everything(&store).await;
    assert_eq!(before.4.len(), kept, "what was refused is not there, what was acknowledged is");
    drop(store);
    let roomy = open(&place.file()).await;
    assert_eq!(everything(&roomy).await, before);
    roomy.apply(&[promise(AttemptId(1), 3)]).await.unwrap();
}

/// Groups that share a commit: those that the books refuse hurt no other, and cost no statement where none is refused.
#[tokio::test]
async fn a_refused_group_does_not_hurt_those_beside_it() {
    let place = Place::new();
    let store = open(&place.file()).await;
    running(&store, 40).await;
    let claimed = store.claim_due(at(0), at(5), &[(CampaignId(1), 40)]).await.unwrap();
    let mut groups = Vec::new();
    for (n, claimed) in claimed.iter().enumerate() {
        let (id, phone) = (claimed.attempt.id, claimed.standing.contact.phones[0].id);
        groups.push((vec![live(id, phone, 1), log(id, 1, "answered")], true));
        if n % 8 == 3 {
            // Nobody is called twice at once: its log line is not kept either.
            groups.push((vec![log(id, 2, "never"), live(id, phone, 2)], false));
        }
    }
    let mut all = tokio::task::JoinSet::new();
    for (group, kept) in groups {
        let store = store.clone();
        all.spawn(async move { (store.apply(&group).await, kept) });
    }
    while let Some(done) = all.join_next().await {
        let (result, kept) = done.unwrap();
        assert_eq!(result.is_ok(), kept, "{result:?}");
    }
    for claimed in &claimed {
        let events = store.call_events(CallId::of(claimed.attempt.id)).await.unwrap();
        assert_eq!(events.iter().map(|e| e.kind.as_str()).collect::<Vec<_>>(), ["answered"]);
    }
    let before = store.counters();
    let id = claimed[0].attempt.id;
    store.apply(&[finish(id, Disposition::NoAnswer, 3, close("ladder_ended"))]).await.unwrap();
    assert_eq!(store.counters().statements - before.statements, 4, "begin, two of the finish, commit");
    assert!(store.apply(&[finish(id, Disposition::NoAnswer, 3, close("ladder_ended"))]).await.is_err());
}

#[tokio::test]
async fn a_locked_database_is_said_and_recovers() {
    let place = Place::new();
    let store = SqliteStore::open_with(place.file(), impatient()).await.unwrap();
    running(&store, 1).await;
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(place.file());
    let mut other = options.connect().await.unwrap();
    sqlx::query("BEGIN EXCLUSIVE").execute(&mut other).await.unwrap();
    let locked = "another process holds the database locked";
    says(store.claim_due(at(0), at(5), &[(CampaignId(1), 9)]).await, locked);
    says(store.apply(&[log(AttemptId(1), 1, "x")]).await, locked);
    says(store.import(&[contact(9)], at(1)).await, locked);
    assert_eq!(store.attempts(None, AttemptId(0), 9).await.unwrap().len(), 1, "reading goes on");
    sqlx::query("ROLLBACK").execute(&mut other).await.unwrap();
    assert_eq!(store.claim_due(at(0), at(5), &[(CampaignId(1), 9)]).await.unwrap().len(), 1);
    other.close().await.unwrap();
}

#[tokio::test]
async fn no_database_there() {
    let place = Place::new();
    says(SqliteStore::open(place.file().join("no/such/folder")).await.map(drop), "cannot be opened");
    std::fs::write(place.file(), "not a database, but long enough to have a header of one hundred bytes".repeat(9))
        .unwrap();
    says(SqliteStore::open(place.file()).await.map(drop), "is no database");
}

/// Books of the first edition: a campaign in mid-run, and two contents of one version, which were taken then.
const FIRST_EDITION: &str = "
    INSERT INTO contact VALUES (1, 'K1', 'A', 'ru', 'UTC', NULL, 'W', '{}', 0);
    INSERT INTO debt VALUES (1, 100, 'RUB', '2026-11-25', 0);
    INSERT INTO phone VALUES (1, 1, '+79160000001', 'good', 0);
    INSERT INTO campaign VALUES (1, 'old', 'running', 'ladder: x', 70), (2, 'older', 'stopped', 'ladder: x', 60);
    INSERT INTO flow_version VALUES ('aa11', 'reminder', 1, 'flow: reminder'), ('bb22', 'reminder', 1, 'flow: other');
    INSERT INTO campaign_flow VALUES (1, 'aa11', 0), (2, 'aa11', 0), (2, 'bb22', 1);
    INSERT INTO campaign_contact VALUES (1, 1, NULL, NULL);
    INSERT INTO attempt (campaign, contact, channel, state, step, try_number, segment, due_at, why, phone, flow, live_at)
    VALUES (1, 1, 'voice', 'live', 0, 1, 's', 0, 'w', 1, 'aa11', 80);
    INSERT INTO call VALUES (1, 80);
    INSERT INTO call_event (call, at, kind, detail) VALUES (1, 81, 'answered', '');
    INSERT INTO promise (contact, attempt, amount, currency, \"on\", state, made_at)
    VALUES (1, 1, 50000, 'RUB', '2026-11-25', 'open', 90);
    INSERT INTO outbox (attempt, channel, \"to\", body, state, tries, next_try_at)
    VALUES (1, 'sms', '+79161234567', 'b', 'queued', 0, 95);
    INSERT INTO contact (external_id, name, language, zone, creditor, fields, imported_at)
    VALUES ('K2', 'P', 'ru', 'Europe/Moscow', 'V', '{}', 0);
    INSERT INTO debt VALUES (2, 7700, 'RUB', '2026-11-20', 1);
    INSERT INTO payment VALUES ('P1', 2, 100);";

#[tokio::test]
async fn books_of_the_first_edition_are_kept() {
    use sqlx::migrate::{Migration, MigrationType, Migrator};
    use sqlx::{AssertSqlSafe, SqlSafeStr};

    let place = Place::new();
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(place.file()).create_if_missing(true);
    let mut old = options.connect().await.unwrap();
    let books = include_str!("../../../migrations/sqlite/0001_books.sql").into_sql_str();
    let first = Migration::new(1, "books".into(), MigrationType::Simple, books, false);
    Migrator::with_migrations(vec![first]).run(&mut old).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(FIRST_EDITION)).execute(&mut old).await.unwrap();
    old.close().await.unwrap();

    let store = open(&place.file()).await;
    let campaign = store.campaign("old").await.unwrap();
    assert_eq!((campaign.flows.as_slice(), campaign.earlier_flows.as_slice()), ([flow()].as_slice(), [].as_slice()));
    let published = store.published().await.unwrap();
    let words: Vec<String> = published.iter().map(|p| format!("{} at {}", p.flow, p.published_at.0)).collect();
    assert_eq!(words, ["reminder v1 (aa11) at 60", "reminder v1 (bb22) at 60"], "since they were first pinned");
    assert!(matches!(
        store.publish(&FlowVersion { hash: FlowHash("cc33".into()), ..flow() }, at(0)).await,
        Err(StoreError::Conflict(_))
    ));
    assert_eq!(store.publish(&flow(), at(0)).await, Ok(Publication::Already(Wall(60))));
    let second = FlowVersion { hash: FlowHash("dd44".into()), version: 2, ..flow() };
    store.publish(&second, at(0)).await.unwrap();
    assert_eq!(store.use_flow(campaign.id, &second.hash, at(1)).await, Ok(true));
    let left = store.recover().await.unwrap();
    assert_eq!(left[0].attempt.flow, Some(flow().hash), "what was in the air is still known by its flow");

    // Debts, promises and payments as the fifth migration has them.
    let contacts = store.contacts(ContactId(0), 9).await.unwrap();
    let owed: Vec<String> = contacts.iter().map(|c| format!("{} of {}", c.amount(), c.debts[0].amount)).collect();
    assert_eq!(owed[1], "0.00 RUB of 77.00 RUB");
    let promise = store.promises().await.unwrap().remove(0);
    assert_eq!((promise.state, promise.part, promise.parts), (PromiseState::Open, 1, 1));
    assert_eq!(promise.least, promise.amount);
    assert!(promise.judge_at > "2026-11-27T00:00Z".parse().unwrap(), "its day and the grace are over");
    let payment = store.payments(0, 9).await.unwrap().remove(0);
    assert_eq!((payment.amount.to_string().as_str(), payment.paid_at), ("77.00 RUB", Wall(100)));
    assert!(store.reverse("P1", at(2)).await.unwrap());
    assert_eq!(store.contacts(ContactId(1), 1).await.unwrap()[0].amount().to_string(), "77.00 RUB");
    assert_eq!(store.outbox().await.unwrap().len(), 1);
    assert_eq!(store.call_events(CallId(1)).await.unwrap().len(), 1);
}

#[tokio::test]
async fn the_schema_refuses_what_cannot_be_true() {
    let place = Place::new();
    let store = open(&place.file()).await;
    running(&store, 1).await;
    let phone = store.claim_due(at(0), at(5), &[(CampaignId(1), 9)]).await.unwrap()[0].standing.contact.phones[0].id;
    store.apply(&[live(AttemptId(1), phone, 1), log(AttemptId(1), 1, "x"), promise(AttemptId(1), 1)]).await.unwrap();
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(place.file()).foreign_keys(true);
    let mut other = options.connect().await.unwrap();
    for (lie, refused_by) in [
        ("UPDATE attempt SET state = 'scheduled'", "does not move so"),
        ("UPDATE attempt SET state = 'finished'", "CHECK"),
        ("UPDATE attempt SET disposition = 'busy'", "CHECK"),
        ("UPDATE attempt SET phone = 99", "FOREIGN KEY"),
        ("UPDATE attempt SET flow = 'none'", "FOREIGN KEY"),
        ("UPDATE attempt SET channel = 'fax'", "CHECK"),
        ("DELETE FROM attempt", "never deleted"),
        ("UPDATE call_event SET kind = 'y'", "append-only"),
        ("DELETE FROM call_event", "append-only"),
        ("UPDATE flow_version SET source = 'x'", "never changed"),
        ("DELETE FROM flow_version", "never deleted"),
        (
            "INSERT INTO flow_version (hash, name, version, source) VALUES ('cc33', 'reminder', 1, '')",
            "published with another content",
        ),
        ("DELETE FROM campaign_flow", "FOREIGN KEY"),
        ("INSERT INTO campaign_event (campaign, at, kind, detail) VALUES (1, 0, 'lost', '')", "CHECK"),
        (
            "INSERT INTO attempt (campaign, contact, channel, state, step, try_number, segment, due_at, why) \
             VALUES (1, 1, 'voice', 'scheduled', 0, 1, '', 0, '')",
            "UNIQUE",
        ),
        (
            "INSERT INTO promise (contact, attempt, part, parts, amount, currency, \"on\", least, judge_at, state, made_at) \
             VALUES (1, 1, 1, 1, 5, 'RUB', '2026-11-25', 5, 0, 'open', 0)",
            "UNIQUE",
        ),
        ("UPDATE promise SET least = amount + 1", "CHECK"),
        ("UPDATE promise SET state = 'late'", "CHECK"),
        ("INSERT INTO call (id, live_at) VALUES (1, 0)", "UNIQUE"),
    ] {
        let refused = sqlx::query(lie).execute(&mut other).await.map(drop).unwrap_err().to_string();
        assert!(refused.contains(refused_by), "{lie}: {refused}");
    }
    other.close().await.unwrap();
}

#[tokio::test]
async fn groups_that_share_a_commit_stand_or_fall_alone() {
    let place = Place::new();
    let store = Arc::new(open(&place.file()).await);
    running(&*store, 20).await;
    let claimed = store.claim_due(at(0), at(5), &[(CampaignId(1), 20)]).await.unwrap();
    let tasks: Vec<_> = claimed
        .into_iter()
        .map(|c| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                let (id, phone) = (c.attempt.id, c.standing.contact.phones[0].id);
                let mut group = vec![live(id, phone, 1), promise(id, 1)];
                if id.0 % 3 == 0 {
                    group.push(promise(id, 2)); // a second open promise
                }
                (id, store.apply(&group).await)
            })
        })
        .collect();
    for task in tasks {
        let (id, result) = task.await.unwrap();
        match id.0 % 3 {
            0 => assert!(matches!(result, Err(StoreError::Conflict(_))), "{id}: {result:?}"),
            _ => assert_eq!(result, Ok(()), "{id}"),
        }
    }
    assert_eq!(store.promises().await.unwrap().len(), 14);
    let live = store.attempts(None, AttemptId(0), 99).await.unwrap();
    assert_eq!(live.iter().filter(|a| a.state == AttemptState::Live).count(), 14);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_that_claim_from_one_file_never_share_an_attempt() {
    let place = Place::new();
    let first = open(&place.file()).await;
    running(&first, 200).await;
    let second = open(&place.file()).await;
    let claims: Vec<_> = [first, second]
        .into_iter()
        .map(|store| {
            tokio::spawn(async move {
                let mut mine = Vec::new();
                loop {
                    let claimed = store.claim_due(at(0), at(5), &[(CampaignId(1), 3)]).await.unwrap();
                    if claimed.is_empty() {
                        return mine;
                    }
                    mine.extend(claimed.into_iter().map(|c| c.attempt.id));
                }
            })
        })
        .collect();
    let mut all = Vec::new();
    for claim in claims {
        all.extend(claim.await.unwrap());
    }
    all.sort();
    assert_eq!(all, (1..=200).map(AttemptId).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_caller_that_gives_up_in_the_middle_leaves_nothing_half_done() {
    let place = Place::new();
    let store = open(&place.file()).await;
    let rows: Vec<NewContact> = (0..3000).map(contact).collect();
    for patience in 1..40 {
        // Polled so many times, then dropped: somewhere within its transaction.
        let mut import = Box::pin(store.import(&rows, at(0)));
        for _ in 0..patience {
            if poll_once(import.as_mut()).await {
                break;
            }
        }
    }
    store.import(&[contact(9999)], at(0)).await.unwrap();
    let there = store.contacts(ContactId(0), 9999).await.unwrap().len();
    assert!(there == 1 || there == 3001, "{there}");
}

/// Polls once, lets others run, and says whether it was done.
async fn poll_once<F: Future>(mut future: std::pin::Pin<&mut F>) -> bool {
    let done = std::future::poll_fn(|cx| std::task::Poll::Ready(future.as_mut().poll(cx).is_ready())).await;
    tokio::task::yield_now().await;
    done
}

/// Prints figures; run with `cargo test --test it dialling_speed -- --ignored --nocapture`.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement"]
async fn dialling_speed() {
    const CONTACTS: u32 = 4000;
    for at_once in [1, 16, 64, 256] {
        let place = Place::new();
        let store = Arc::new(open(&place.file()).await);
        running(&*store, CONTACTS).await;
        let clock = Clock::system();
        let before = clock.now().mono;
        let mut done = 0;
        loop {
            let claimed = store.claim_due(at(0), at(5), &[(CampaignId(1), at_once)]).await.unwrap();
            if claimed.is_empty() || done >= 256 * at_once.min(8) {
                break;
            }
            let calls = claimed.into_iter().map(|c| {
                let store = Arc::clone(&store);
                tokio::spawn(async move {
                    let (id, phone) = (c.attempt.id, c.standing.contact.phones[0].id);
                    store.apply(&[live(id, phone, 1)]).await.unwrap();
                    store.apply(&[log(id, 1, "answered"), log(id, 1, "entered"), log(id, 1, "said")]).await.unwrap();
                    store.apply(&[promise(id, 1)]).await.unwrap();
                    let end = finish(id, Disposition::Promised, 2, close("promised"));
                    store.apply(&[log(id, 2, "pressed"), log(id, 2, "hung_up"), end]).await.unwrap();
                })
            });
            let calls: Vec<_> = calls.collect();
            done += calls.len() as u32;
            for call in calls {
                call.await.unwrap();
            }
        }
        let took = clock.now().mono.since(before).as_secs_f64();
        println!("{at_once} at once: {:.0} attempts a second, each four groups on disk", f64::from(done) / took);
    }
}
