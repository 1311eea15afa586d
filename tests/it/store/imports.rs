//! Imports as batches: what they count, what is kept of their faults, and how they are taken back.

use ringback::store::{MemoryStore, StoreError};

use super::*;

both!(
    a_batch_counts_its_lines_and_keeps_the_kinds_of_its_faults,
    trying_keeps_nothing,
    a_batch_that_is_not_under_way_takes_nothing,
    what_a_batch_added_goes_with_it,
    what_a_batch_changed_is_as_before,
    contacts_that_were_rung_or_paid_stay,
    a_later_batch_holds_what_it_changed,
    a_contact_that_is_planned_is_withdrawn_and_may_come_back,
    numbers_of_several_contacts_are_counted,
    a_suppressed_number_stays_so_when_its_contact_goes_and_comes,
    what_is_wanted_whole_is_dialled_when_it_is_finished,
);

fn file(n: u32) -> NewBatch {
    NewBatch { file: format!("{n}.csv"), sha256: format!("{n:064}"), settings: String::new(), whole: false }
}

fn part(batch: ImportBatchId, rows: Vec<NewContact>) -> ImportPart {
    let lines = (2..).take(rows.len()).collect();
    ImportPart { batch: Some(batch), rows, lines, ..ImportPart::default() }
}

/// A batch of these rows, begun at `minute`.
async fn imported(store: &impl Store, n: u32, rows: Vec<NewContact>, minute: i64) -> ImportBatchId {
    let batch = store.begin_import(&file(n), at(minute)).await.unwrap();
    store.import_part(part(batch, rows), at(minute)).await.unwrap();
    store.finish_import(batch, at(minute)).await.unwrap();
    batch
}

async fn all(store: &impl Store) -> Vec<Contact> {
    store.contacts(ContactId(0), 100).await.unwrap()
}

fn owing(n: u32, debt: &str, minor: i64) -> NewContact {
    let due = jiff::civil::date(2026, 11, 25);
    let debts = vec![NewDebt { external_id: debt.into(), amount: Money::new(minor, Currency::Rub), due }];
    NewContact { debts, ..contact(n) }
}

/// `deleted withdrawn restored`, and who stays, why.
fn told(undone: &Undone) -> String {
    let kept: Vec<String> = undone.kept_first.iter().map(|(contact, why)| format!(" {contact}:{why}")).collect();
    assert_eq!(undone.kept.values().sum::<u64>(), kept.len() as u64);
    format!("{} {} {}{}", undone.deleted, undone.withdrawn, undone.restored, kept.concat())
}

async fn a_batch_counts_its_lines_and_keeps_the_kinds_of_its_faults(store: &impl Store) {
    store.import(&[contact(2)], at(0)).await.unwrap();
    let batch = store.begin_import(&file(1), at(1)).await.unwrap();
    let fault = |line, field: &str, code| ImportReject { line, field: field.into(), code };
    let in_dollars =
        NewDebt { external_id: "D9".into(), amount: Money::new(5, Currency::Usd), ..contact(3).debts[0].clone() };
    let first = ImportPart {
        batch: Some(batch),
        rows: vec![contact(1), contact(2), owing(1, "D2", 700), NewContact { debts: vec![in_dollars], ..contact(2) }],
        lines: vec![2, 3, 6, 7],
        further: vec![2],
        repeated: 1,
        rejects: vec![
            fault(4, "phone", RejectCode::NumberFormat),
            fault(4, "amount", RejectCode::AmountFormat),
            fault(5, "phone", RejectCode::NumberFormat),
        ],
    };
    let summary = store.import_part(first, at(1)).await.unwrap();
    assert_eq!((summary.added, summary.changed, summary.unchanged, summary.further), (1, 0, 1, 1));
    assert_eq!(summary.refused.len(), 1, "debts of one contact are in one currency: {summary:?}");
    let renamed = NewContact { name: "Анна".into(), ..contact(2) };
    store.import_part(part(batch, vec![renamed]), at(1)).await.unwrap();
    assert_eq!(store.imports().await.unwrap()[0].finished_at, None);
    store.finish_import(batch, at(2)).await.unwrap();
    let batches = store.imports().await.unwrap();
    let counts = ImportCounts { lines: 8, added: 1, changed: 1, unchanged: 1, further: 1, repeated: 1, rejected: 3 };
    let expected = ImportBatch {
        id: batch,
        of: file(1),
        at: at(1),
        payments_before: 0,
        finished_at: Some(at(2)),
        undone_at: None,
        counts,
    };
    assert_eq!(batches, [expected]);
    let kinds = store.import_reject_kinds(batch).await.unwrap();
    let expected = [(RejectCode::NumberFormat, 2), (RejectCode::AmountFormat, 1), (RejectCode::CurrencyOfBooks, 1)];
    assert_eq!(kinds, expected);
    let rejects = store.import_rejects(batch, 1, 9).await.unwrap();
    let shown: Vec<String> = rejects.iter().map(|r| format!("{} {} {}", r.line, r.field, r.code)).collect();
    assert_eq!(shown, ["4 amount amount_format", "5 phone number_format", "7 currency currency_of_books"]);
    assert_eq!(store.import_rejects(batch, 0, 1).await.unwrap().len(), 1);
    let debts: Vec<String> =
        all(store).await[1].debts.iter().map(|d| format!("{} {}", d.external_id, d.amount)).collect();
    assert_eq!(debts.len(), 2, "{debts:?}");
}

async fn trying_keeps_nothing(store: &impl Store) {
    store.import(&[contact(1)], at(0)).await.unwrap();
    let before = all(store).await;
    let renamed = NewContact { name: "Анна".into(), ..contact(1) };
    let rows = vec![renamed, contact(2)];
    let tried = store.try_import(ImportPart { rows, ..ImportPart::default() }, at(1)).await.unwrap();
    assert_eq!((tried.added, tried.changed), (1, 1));
    assert_eq!(all(store).await, before);
    assert!(store.imports().await.unwrap().is_empty());
    store.import(&[contact(2)], at(2)).await.unwrap();
    assert_eq!(all(store).await.len(), 2);
}

async fn a_batch_that_is_not_under_way_takes_nothing(store: &impl Store) {
    let batch = imported(store, 1, vec![contact(1)], 0).await;
    for batch in [batch, ImportBatchId(99)] {
        let late = store.import_part(part(batch, vec![contact(2)]), at(1)).await;
        assert!(matches!(late, Err(StoreError::Conflict(_))), "{late:?}");
        assert!(matches!(store.finish_import(batch, at(1)).await, Err(StoreError::Conflict(_))));
    }
    assert_eq!(all(store).await.len(), 1);
    let missing = store.undo_import(ImportBatchId(99), at(1)).await;
    assert!(matches!(missing, Err(StoreError::NotFound(_))), "{missing:?}");
}

async fn what_a_batch_added_goes_with_it(store: &impl Store) {
    imported(store, 1, vec![contact(1)], 0).await;
    let before = all(store).await;
    let batch = imported(store, 2, vec![contact(2), owing(2, "D2", 700), contact(3)], 1).await;
    assert_eq!(all(store).await.len(), 3);
    assert_eq!(told(&store.undo_import(batch, at(2)).await.unwrap()), "2 0 0");
    assert_eq!(all(store).await, before);
    assert!(matches!(store.history("K2").await, Err(StoreError::NotFound(_))));
    let batches = store.imports().await.unwrap();
    assert_eq!(batches.iter().map(|b| b.undone_at).collect::<Vec<_>>(), [None, Some(at(2))]);
    let again = store.undo_import(batch, at(3)).await;
    assert!(matches!(again, Err(StoreError::Conflict(_))), "{again:?}");
    // What is gone may come again.
    imported(store, 3, vec![contact(2)], 4).await;
    assert_eq!(all(store).await.len(), 2);
}

async fn what_a_batch_changed_is_as_before(store: &impl Store) {
    store.import(&[contact(1), owing(2, "D1", 500), contact(3)], at(0)).await.unwrap();
    let paid = NewPayment { id: "P1".into(), contact: "K2".into(), debt: None, amount: None, paid_at: at(1) };
    store.pay(&[paid], at(1)).await.unwrap().remove(0).unwrap();
    let before = all(store).await;
    let moved = NewContact {
        name: "Анна".into(),
        email: None,
        zone: "Asia/Omsk".parse().unwrap(),
        person: Some("P7".into()),
        phones: vec!["+79990000000".parse().unwrap(), contact(1).phones[1].clone()],
        ..contact(1)
    };
    // Another bill, and another debt: nothing of them is paid.
    let rows = vec![moved, owing(2, "D1", 900), owing(2, "D2", 100), contact(3)];
    let batch = imported(store, 1, rows, 2).await;
    let counts = store.imports().await.unwrap()[0].counts;
    assert_eq!((counts.changed, counts.unchanged), (3, 1));
    let changed = all(store).await;
    assert_eq!(changed[1].debts.iter().map(|d| (d.amount.minor, d.paid)).collect::<Vec<_>>(), [(900, 0), (100, 0)]);
    assert_eq!(told(&store.undo_import(batch, at(3)).await.unwrap()), "0 0 2");
    assert_eq!(all(store).await, before);
}

async fn contacts_that_were_rung_or_paid_stay(store: &impl Store) {
    let batch = store.begin_import(&file(1), at(-20)).await.unwrap();
    store.import_part(part(batch, (1..=3).map(contact).collect()), at(-20)).await.unwrap();
    store.finish_import(batch, at(-20)).await.unwrap();
    running(store, 3).await;
    let first = store.claim_due(at(0), at(5), &[(CampaignId(1), 1)]).await.unwrap().remove(0);
    let (id, phone) = (first.attempt.id, first.standing.contact.phones[0].id);
    store.apply(&[live(id, phone, 1)]).await.unwrap();
    let paid = NewPayment { id: "P2".into(), contact: "K2".into(), debt: None, amount: None, paid_at: at(1) };
    store.pay(&[paid], at(1)).await.unwrap().remove(0).unwrap();
    assert_eq!(told(&store.undo_import(batch, at(2)).await.unwrap()), "0 1 0 K1:attempted K2:paid");
    // The call goes on.
    store.apply(&[finish(id, Disposition::Promised, 3, close("promised"))]).await.unwrap();
    assert!(
        store.claim_due(at(9), at(10), &[(CampaignId(1), 9)]).await.unwrap().is_empty(),
        "the third was planned and is not rung"
    );
}

async fn a_later_batch_holds_what_it_changed(store: &impl Store) {
    let first = imported(store, 1, vec![contact(1), contact(2)], 0).await;
    let renamed = NewContact { name: "Анна".into(), ..contact(1) };
    let second = imported(store, 2, vec![renamed.clone(), contact(2)], 1).await;
    let third = imported(store, 3, vec![NewContact { name: "Вера".into(), ..contact(1) }], 2).await;
    assert_eq!(told(&store.undo_import(second, at(3)).await.unwrap()), "0 0 0 K1:imported_since");
    assert_eq!(told(&store.undo_import(third, at(4)).await.unwrap()), "0 0 1");
    assert_eq!(all(store).await[0].name, "Анна", "as the second batch left it");
    // The second was taken back, and still holds what it could not give back.
    assert_eq!(told(&store.undo_import(first, at(5)).await.unwrap()), "1 0 0 K1:imported_since");
}

async fn a_contact_that_is_planned_is_withdrawn_and_may_come_back(store: &impl Store) {
    let batch = imported(store, 1, vec![contact(1), contact(2)], -20).await;
    let campaign = running(store, 1).await;
    let claimed = store.claim_due(at(0), at(5), &[(CampaignId(1), 9)]).await.unwrap().remove(0);
    let attempt = claimed.attempt.id;
    assert_eq!(told(&store.undo_import(batch, at(1)).await.unwrap()), "1 1 0");
    let phone = claimed.standing.contact.phones[0].id;
    let late = store.apply(&[live(attempt, phone, 2)]).await;
    assert!(matches!(late, Err(StoreError::Conflict(_))), "a claim from before rings nobody: {late:?}");
    let history = store.history("K1").await.unwrap();
    assert_eq!(history.closed[0].1.reason, Close::IMPORT_UNDONE);
    let other = store.create_campaign("other", "ladder: x", &[flow()], at(3)).await.unwrap();
    assert!(store.not_enrolled(other, ContactId(0), 9).await.unwrap().is_empty());
    let batch = [Enrolment { contact: ContactId(1), next: Next::Attempt(plan(Channel::Voice, at(3))) }];
    store.enrol(other, &batch, at(3)).await.unwrap();
    let history = store.history("K1").await.unwrap();
    assert_eq!(history.closed.len(), 2, "who has decided before finds it withdrawn: {history:?}");
    // It is imported again: the campaigns look at it anew.
    assert!(store.sleepers(at(9), 9).await.unwrap().is_empty());
    let again = imported(store, 2, vec![contact(1)], 4).await;
    assert_eq!(store.imports().await.unwrap()[1].counts.added, 1);
    let awake = store.sleepers(at(9), 9).await.unwrap();
    assert_eq!(awake.iter().map(|s| s.campaign).collect::<Vec<_>>(), [campaign], "the other one is not running");
    store
        .wake(campaign, &[Enrolment { contact: ContactId(1), next: Next::Attempt(plan(Channel::Voice, at(5))) }], at(5))
        .await
        .unwrap();
    assert_eq!(store.claim_due(at(6), at(9), &[(CampaignId(1), 9)]).await.unwrap().len(), 1);
    assert_eq!(told(&store.undo_import(again, at(7)).await.unwrap()), "0 1 0");
}

async fn numbers_of_several_contacts_are_counted(store: &impl Store) {
    let same = |n: u32| NewContact { phones: contact(1).phones, ..contact(n) };
    store.import(&[contact(1), same(2), contact(3)], at(0)).await.unwrap();
    assert_eq!(store.shared_numbers().await.unwrap(), 2);
    store.import(&[contact(2)], at(1)).await.unwrap();
    assert_eq!(store.shared_numbers().await.unwrap(), 0, "what is no longer listed does not count");
}

async fn a_suppressed_number_stays_so_when_its_contact_goes_and_comes(store: &impl Store) {
    let number = contact(1).phones[0].clone();
    let write = Write::SuppressNumber { number, reason: Disposition::OptedOut, at: at(0) };
    store.apply(&[write]).await.unwrap();
    for n in 1..=2 {
        let batch = imported(store, n, vec![contact(1)], 1).await;
        let suppressed = store.history("K1").await.unwrap().standing.suppressions;
        assert_eq!(suppressed.len(), 1, "{suppressed:?}");
        assert_eq!(told(&store.undo_import(batch, at(2)).await.unwrap()), "1 0 0");
    }
}

async fn what_is_wanted_whole_is_dialled_when_it_is_finished(store: &impl Store) {
    store.import(&[contact(1)], at(0)).await.unwrap();
    let campaign = store.create_campaign("a", "", &[], at(0)).await.unwrap();
    let whole = NewBatch { whole: true, ..file(1) };
    let batch = store.begin_import(&whole, at(1)).await.unwrap();
    store.import_part(part(batch, vec![contact(1), contact(2)]), at(1)).await.unwrap();
    let may_be_taken = async || {
        let page = store.not_enrolled(campaign, ContactId(0), 9).await.unwrap();
        page.iter().map(|standing| standing.contact.external_id.clone()).collect::<Vec<_>>()
    };
    assert_eq!(may_be_taken().await, ["K1"]);
    assert!(store.imports().await.unwrap()[0].broke_off_whole());
    store.finish_import(batch, at(2)).await.unwrap();
    assert_eq!(may_be_taken().await, ["K1", "K2"]);
    assert!(!store.imports().await.unwrap()[0].broke_off_whole());
    // One that breaks off goes altogether.
    let batch = store.begin_import(&NewBatch { whole: true, ..file(2) }, at(3)).await.unwrap();
    let renamed = NewContact { name: "Анна".into(), ..contact(1) };
    store.import_part(part(batch, vec![renamed, contact(3)]), at(3)).await.unwrap();
    assert_eq!(told(&store.undo_import(batch, at(4)).await.unwrap()), "1 0 1");
    assert!(all(store).await.iter().all(|contact| contact.name != "Анна" && contact.external_id != "K3"));
    assert!(!store.imports().await.unwrap()[1].broke_off_whole());
}
