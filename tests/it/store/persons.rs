//! People who are not to be called, and people who are forgotten: what the books do, and what a list kept in clear becomes.

use ringback::store::{MemoryStore, StoreError};
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, SqlSafeStr};

use super::*;

both!(
    a_contact_is_forgotten_once,
    what_is_named_goes_and_no_more,
    who_is_forgotten_takes_nobody_along,
    all_2_who_opts_out_meanwhile_is_not_rung,
);

fn whole(contact: i64) -> Forget {
    Forget { whole: true, ..Forget::nothing(ContactId(contact)) }
}

async fn a_contact_is_forgotten_once(store: &impl Store) {
    running(store, 2).await;
    let gone = store.forget(&whole(1), at(1)).await.unwrap();
    assert_eq!((gone.contacts, gone.debts, gone.numbers), (1, 1, 2));
    assert!(matches!(store.forget(&whole(1), at(2)).await, Err(StoreError::NotFound(_))));
    assert!(matches!(store.forget(&whole(9), at(2)).await, Err(StoreError::NotFound(_))));
    let left = store.keepings(&Whom::After(ContactId(0), 9)).await.unwrap();
    assert_eq!(left.iter().map(|k| k.contact.0).collect::<Vec<_>>(), [2]);
    // What was planned is not, and no campaign takes the rest for somebody new.
    let states: Vec<AttemptState> =
        store.attempts(None, AttemptId(0), 9).await.unwrap().iter().map(|a| a.state).collect();
    assert_eq!(states, [AttemptState::Cancelled, AttemptState::Scheduled]);
    let other = store.create_campaign("other", "ladder: x", &[flow()], at(2)).await.unwrap();
    let fresh = store.not_enrolled(other, ContactId(0), 9).await.unwrap();
    assert_eq!(fresh.iter().map(|s| s.contact.id.0).collect::<Vec<_>>(), [2]);
    // The creditor sends the line again: somebody new, who may be called, since nobody asked for anything.
    assert_eq!(store.import(&[contact(1)], at(3)).await.unwrap().added, 1);
    assert_eq!(store.history("K1").await.unwrap().standing.suppressions, []);
}

async fn what_is_named_goes_and_no_more(store: &impl Store) {
    running(store, 2).await;
    for claimed in store.claim_due(at(0), at(5), &[(CampaignId(1), 9)]).await.unwrap() {
        let (id, phone) = (claimed.attempt.id, claimed.standing.contact.phones[0].id);
        let body = "b".to_string();
        let message = Write::Message { attempt: id, channel: Channel::Sms, subject: None, body, at: at(1) };
        store.apply(&[live(id, phone, 1), log(id, 1, "said"), log(id, 2, "pressed"), message]).await.unwrap();
        let up = store.forget(&whole(claimed.attempt.contact.0), at(2)).await;
        assert!(matches!(up, Err(StoreError::Conflict(_))), "{up:?}");
        store.apply(&[finish(id, Disposition::Informed, 2, close("ladder_ended"))]).await.unwrap();
    }
    let first = async || store.keepings(&Whom::Contact("K1".into())).await.unwrap().remove(0);
    let kept = first().await;
    assert_eq!((kept.calls.len(), kept.calls[0].details, kept.messages.len()), (1, true, 1));
    assert_eq!((kept.entered_at, kept.last_activity, kept.settled_at), (at(-10), at(2), None));
    // Another contact's call and message are nobody's to name.
    let calls = vec![CallId(1), CallId(2)];
    let gone = store.forget(&Forget { calls, ..Forget::nothing(ContactId(1)) }, at(3)).await.unwrap();
    assert_eq!((gone.calls, gone.log_lines, gone.messages), (1, 2, 0));
    let messages = vec![OutboxId(1), OutboxId(2)];
    let gone = store.forget(&Forget { messages, ..Forget::nothing(ContactId(1)) }, at(3)).await.unwrap();
    assert_eq!((gone.calls, gone.log_lines, gone.messages), (0, 0, 1));
    assert_eq!(store.call_events(CallId(2)).await.unwrap().len(), 2);
    let kept = first().await;
    assert_eq!((kept.calls[0].details, kept.messages.len()), (false, 0));
    assert_eq!(store.outbox_due(at(9), 9).await.unwrap().len(), 1, "what has no text is not sent");
    pay(store, payment("P1", "K1", None, 7)).await.unwrap();
    assert_eq!((first().await.settled_at, first().await.last_activity), (Some(at(7)), at(7)));
}

async fn who_is_forgotten_takes_nobody_along(store: &impl Store) {
    let sharing = NewContact { phones: contact(1).phones, ..contact(2) };
    store.import(&[contact(1), sharing], at(0)).await.unwrap();
    store.forget(&Forget { asked: true, ..whole(1) }, at(1)).await.unwrap();
    // The number is on the list, whoever has it; the person is somebody else.
    let standing = store.history("K2").await.unwrap().standing;
    assert_eq!(standing.suppressions.len(), 2, "{:?}", standing.suppressions);
    assert!(standing.suppressions.iter().all(|s| s.phone.is_some()));
    assert_eq!(standing.contact.phones.len(), 2);
    assert_eq!(standing.contact.email.as_deref(), Some("k2@example.org"));
}

/// Claimed, and put on the list before the call goes out: the transaction that would make it live asks again.
async fn all_2_who_opts_out_meanwhile_is_not_rung(store: &impl Store) {
    let person = |n| NewContact { person: Some("P1".into()), ..contact(n) };
    store.import(&[contact(1), person(2), person(3)], at(-20)).await.unwrap();
    running(store, 1).await;
    let batch = [2, 3].map(|n| Enrolment { contact: ContactId(n), next: Next::Attempt(plan(Channel::Voice, at(0))) });
    store.enrol(CampaignId(1), &batch, at(-5)).await.unwrap();
    let claimed = store.claim_due(at(0), at(5), &[(CampaignId(1), 9)]).await.unwrap();
    let phones: Vec<PhoneId> = claimed.iter().map(|c| c.standing.contact.phones[0].id).collect();
    let number = contact(1).phones[0].clone();
    store.apply(&[Write::SuppressNumber { number, reason: Disposition::OptedOut, at: at(1) }]).await.unwrap();
    let refused = store.apply(&[live(AttemptId(1), phones[0], 1)]).await;
    assert!(matches!(refused, Err(StoreError::Conflict(_))), "{refused:?}");
    let other = claimed[0].standing.contact.phones[1].id;
    store.apply(&[live(AttemptId(1), other, 1)]).await.unwrap();
    // The person said it to another creditor.
    let (attempt, scope) = (AttemptId(3), ringback::flow::program::OptOutScope::Person);
    store.apply(&[Write::Suppress { attempt, scope, reason: Disposition::OptedOut, at: at(1) }]).await.unwrap();
    let refused = store.apply(&[live(AttemptId(2), phones[1], 1)]).await;
    assert!(matches!(refused, Err(StoreError::Conflict(_))), "{refused:?}");
}

/// Numbers as the tenth edition kept them.
const IN_CLEAR: &str = "
    INSERT INTO suppressed_number VALUES ('+79160000001', 'opted_out', 10), ('+79160000002', 'wrong_number', 20);
    INSERT INTO released_number (number, reason, since, why, at) VALUES ('+79160000003', 'opted_out', 5, 'a mix-up', 6);";

const EDITIONS: [(i64, &str); 9] = [
    (1, include_str!("../../../migrations/sqlite/0001_books.sql")),
    (2, include_str!("../../../migrations/sqlite/0002_flow_versions.sql")),
    (3, include_str!("../../../migrations/sqlite/0003_inbound_calls.sql")),
    (4, include_str!("../../../migrations/sqlite/0004_what_calls_tell.sql")),
    (5, include_str!("../../../migrations/sqlite/0005_debts_promises_payments.sql")),
    (7, include_str!("../../../migrations/sqlite/0007_policy.sql")),
    (8, include_str!("../../../migrations/sqlite/0008_import_batches.sql")),
    (9, include_str!("../../../migrations/sqlite/0009_pacing.sql")),
    (10, include_str!("../../../migrations/sqlite/0010_reports.sql")),
];

/// The bytes of the database and of its log of writes.
fn bytes(place: &Place) -> Vec<u8> {
    let name = |suffix: &str| PathBuf::from(format!("{}{suffix}", place.file().display()));
    ["", "-wal"].iter().flat_map(|suffix| std::fs::read(name(suffix)).unwrap_or_default()).collect()
}

fn has(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

#[tokio::test]
async fn all_2_a_list_in_clear_is_moved_over() {
    let place = Place::new();
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(place.file()).create_if_missing(true);
    // As the store does it.
    let options = options.foreign_keys(false);
    let mut old = options.journal_mode(sqlx::sqlite::SqliteJournalMode::Wal).connect().await.unwrap();
    let migration = |(number, sql): (i64, &'static str)| {
        Migration::new(number, "an edition".into(), MigrationType::Simple, sql.into_sql_str(), false)
    };
    Migrator::with_migrations(EDITIONS.map(migration).to_vec()).run(&mut old).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(IN_CLEAR)).execute(&mut old).await.unwrap();
    old.close().await.unwrap();
    assert!(has(&bytes(&place), "+79160000001") && has(&bytes(&place), "+79160000003"));

    let store = open(&place.file()).await;
    let number = |n: u32| format!("+7916000000{n}").parse::<ringback::phone::PhoneNumber>().unwrap();
    let listed = store.suppressed_number(&number(1)).await.unwrap().unwrap();
    assert_eq!((listed.reason, listed.at), (Disposition::OptedOut, Wall(10)));
    let listed = store.suppressed_number(&number(2)).await.unwrap().unwrap();
    assert_eq!((listed.reason, listed.at), (Disposition::WrongNumber, Wall(20)));
    assert_eq!(store.suppressed_number(&number(3)).await.unwrap(), None);
    let released = store.released_numbers().await.unwrap().remove(0);
    assert_eq!((released.since, released.at, released.why.as_str()), (Wall(5), Wall(6), "a mix-up"));
    for n in 1..=3 {
        assert!(!has(&bytes(&place), number(n).full()), "{n} is there in clear");
    }
    // Whoever comes with one of them is not called on it; taken off the list, they are. Opened again, all is the same.
    store.import(&[contact(1), contact(2), contact(3)], at(0)).await.unwrap();
    let suppressed =
        async |store: &SqliteStore, n: u32| store.history(&format!("K{n}")).await.unwrap().standing.suppressions.len();
    assert_eq!([suppressed(&store, 1).await, suppressed(&store, 2).await, suppressed(&store, 3).await], [1, 1, 0]);
    drop(store);
    let store = open(&place.file()).await;
    let release = Write::ReleaseNumber { number: number(1), why: "asked for it".into(), at: at(1) };
    store.apply(&[release]).await.unwrap();
    assert_eq!([suppressed(&store, 1).await, suppressed(&store, 2).await], [0, 1]);
    assert_eq!(store.suppressed_numbers(None, 9).await.unwrap(), [listed]);
}

#[tokio::test]
async fn each_installation_has_its_own_key_for_good() {
    let (one, two) = (Place::new(), Place::new());
    let number = contact(1).phones[0].clone();
    let mut hashes = Vec::new();
    for place in [&one, &two, &one] {
        let store = open(&place.file()).await;
        let write = Write::SuppressNumber { number: number.clone(), reason: Disposition::OptedOut, at: at(0) };
        store.apply(&[write]).await.unwrap();
        hashes.push(store.suppressed_number(&number).await.unwrap().unwrap().hash);
    }
    assert_ne!(hashes[0], hashes[1]);
    assert_eq!(hashes[0], hashes[2]);
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(one.file()).foreign_keys(true);
    let mut other = options.connect().await.unwrap();
    for lie in [
        "UPDATE suppression_key SET key = lower(hex(randomblob(32)))",
        "DELETE FROM suppression_key",
        "INSERT INTO suppression_key VALUES (2, lower(hex(randomblob(32))))",
    ] {
        assert!(sqlx::query(lie).execute(&mut other).await.is_err(), "{lie}");
    }
    other.close().await.unwrap();
}
