//! Payments, debts and promises.

use super::*;

both!(
    a_payment_in_part_and_its_reversal,
    several_debts_are_one_contact,
    a_promise_is_judged_when_its_grace_is_over,
    a_payment_counts_once_and_stops_everything,
    a_payment_in_mid_call_closes_the_contact_at_its_end,
);

async fn a_payment_counts_once_and_stops_everything(store: &impl Store) {
    running(store, 2).await;
    let claimed = claim(store, 0).await;
    store
        .apply(&[live(AttemptId(1), claimed[0].standing.contact.phones[0].id, 1), promise(AttemptId(1), 2)])
        .await
        .unwrap();
    store.apply(&[finish(AttemptId(1), Disposition::Promised, 2, again(60))]).await.unwrap();
    assert!(pay(store, payment("P1", "K1", None, 3)).await.unwrap().new);
    assert!(!pay(store, payment("P1", "K1", None, 4)).await.unwrap().new);
    let history = store.history("K1").await.unwrap();
    assert!(history.standing.contact.paid());
    assert_eq!(history.standing.promises[0].state, PromiseState::Kept);
    assert_eq!(history.attempts[1].state, AttemptState::Cancelled);
    assert_eq!(closed(store, "K1").await, ["paid"]);
    assert!(pay(store, payment("P2", "K2", None, 3)).await.unwrap().settled);
    is_conflict(store.apply(&[live(AttemptId(2), claimed[1].standing.contact.phones[0].id, 5)]).await);
    is_not_found(pay(store, payment("P3", "K9", None, 3)).await);
    is_conflict(pay(store, payment("P1", "K2", None, 3)).await);
}

async fn a_payment_in_part_and_its_reversal(store: &impl Store) {
    running(store, 1).await;
    let paid = pay(store, payment("P1", "K1", Some(23_450), 1)).await.unwrap();
    assert_eq!((paid.new, paid.settled, paid.left.minor), (true, false, 100_000));
    assert_eq!(attempt(store, AttemptId(1)).await.state, AttemptState::Scheduled, "the rest is still owed");
    is_conflict(pay(store, payment("P1", "K1", Some(23_451), 1)).await);
    is_conflict(pay(store, payment("P2", "K1", Some(0), 1)).await);
    is_conflict(pay(store, NewPayment { debt: Some("heat".into()), ..payment("P2", "K1", None, 1) }).await);
    assert!(pay(store, payment("P3", "K1", None, 2)).await.unwrap().settled);
    assert_eq!(attempt(store, AttemptId(1)).await.state, AttemptState::Cancelled);
    assert_eq!(closed(store, "K1").await, ["paid"]);
    assert_eq!(store.sleepers(at(9), 9).await.unwrap(), [], "nothing is left to look at");
    let known = store.last_payment().await.unwrap();
    assert!(store.reverse("P3", at(3)).await.unwrap());
    assert!(!store.reverse("P3", at(4)).await.unwrap());
    is_not_found(store.reverse("P9", at(4)).await);
    let told = store.payments(known, 9).await.unwrap();
    assert_eq!(told.iter().map(|p| (p.id.as_str(), p.reversed_at)).collect::<Vec<_>>(), [("P3", Some(at(3)))]);
    let sleeper = store.sleepers(at(3), 9).await.unwrap().remove(0);
    assert_eq!((sleeper.closed.reason.as_str(), sleeper.standing.contact.amount().minor), ("paid", 100_000));
    let batch = [Enrolment { contact: ContactId(1), next: again(5) }];
    store.wake(sleeper.campaign, &batch, at(4)).await.unwrap();
    store.wake(sleeper.campaign, &batch, at(4)).await.unwrap();
    assert_eq!(store.sleepers(at(9), 9).await.unwrap(), [], "it is awake");
    assert_eq!(store.next_due().await.unwrap(), Some(at(5)));
}

async fn several_debts_are_one_contact(store: &impl Store) {
    let heat = NewDebt { external_id: "heat".into(), ..debt(10_000, jiff::civil::date(2026, 10, 1)) };
    let water = NewDebt { external_id: "water".into(), ..debt(5_000, jiff::civil::date(2026, 11, 1)) };
    let lines = [heat, water].map(|d| NewContact { debts: vec![d], ..contact(1) });
    assert_eq!(store.import(&lines, at(0)).await.unwrap().changed, 1);
    let owed = |c: &Contact| (c.amount().minor, c.due().to_string());
    let found = store.contacts(ContactId(0), 1).await.unwrap().remove(0);
    assert_eq!(owed(&found), (15_000, "2026-10-01".into()));
    pay(store, payment("P1", "K1", Some(12_000), 1)).await.unwrap();
    let found = store.contacts(ContactId(0), 1).await.unwrap().remove(0);
    assert_eq!(owed(&found), (3_000, "2026-11-01".into()));
    let dollars = NewDebt { amount: Money::new(1, Currency::Usd), ..debt(1, jiff::civil::date(2026, 11, 1)) };
    let summary = store.import(&[NewContact { debts: vec![dollars], ..contact(1) }, contact(2)], at(2)).await.unwrap();
    assert_eq!((summary.added, summary.refused.len(), summary.refused[0].0), (1, 1, 0), "the other line is kept");
}

async fn a_promise_is_judged_when_its_grace_is_over(store: &impl Store) {
    let (id, _) = one_in_the_air(store).await;
    store.apply(&[promise(id, 2)]).await.unwrap();
    let sleeps = Close::new("promised", "until the 27th").until(Some(part(50_000).judge_at));
    store.apply(&[finish(id, Disposition::Promised, 3, Next::Close(sleeps))]).await.unwrap();
    let judged = part(50_000).judge_at;
    let before = Wall(judged.0 - 1);
    assert_eq!(store.judge_promises(before, 9).await.unwrap(), 0);
    assert_eq!(store.sleepers(before, 9).await.unwrap(), []);
    assert_eq!(store.judge_promises(judged, 9).await.unwrap(), 1);
    assert_eq!(store.promises().await.unwrap()[0].state, PromiseState::Broken);
    let sleeper = store.sleepers(judged, 9).await.unwrap().remove(0);
    assert_eq!(sleeper.last.map(|plan| plan.step), Some(0));
    // The bank tells late of what was paid in time.
    pay(store, payment("P1", "K1", Some(50_000), 60)).await.unwrap();
    assert_eq!(store.promises().await.unwrap()[0].state, PromiseState::Kept);
    is_conflict(store.withdraw_promise(PromiseId(1), judged).await);
}

async fn a_payment_in_mid_call_closes_the_contact_at_its_end(store: &impl Store) {
    let (id, _) = one_in_the_air(store).await;
    pay(store, payment("P1", "K1", None, 2)).await.unwrap();
    assert_eq!(attempt(store, id).await.state, AttemptState::Live);
    store.apply(&[finish(id, Disposition::NoAnswer, 3, again(60))]).await.unwrap();
    assert_eq!(closed(store, "K1").await, ["paid"]);
    assert_eq!(store.next_due().await.unwrap(), None);
}
