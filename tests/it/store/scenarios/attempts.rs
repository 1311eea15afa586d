//! Attempts: claimed, put off, never moved back.

use super::*;

both!(
    what_is_due_is_claimed_once_and_oldest_first,
    a_lease_that_ran_out_is_claimable_again,
    each_campaign_is_claimed_up_to_its_share,
    states_move_only_forward,
    a_policy_puts_off_what_was_claimed,
    one_open_attempt_by_channel,
    a_death_leaves_the_live_to_be_closed,
    past_attempts_are_told_apart_by_campaign,
);

async fn what_is_due_is_claimed_once_and_oldest_first(store: &impl Store) {
    running(store, 3).await;
    let first = store.claim_due(at(0), at(5), &[(CampaignId(1), 2)]).await.unwrap();
    assert_eq!(first.iter().map(|c| c.attempt.id.0).collect::<Vec<_>>(), [1, 2]);
    assert!(first.iter().all(|c| c.attempt.state == AttemptState::Claimed));
    assert_eq!(first[0].standing.contact.external_id, "K1");
    store.apply(&[Write::Reschedule { attempt: AttemptId(1), due_at: at(-3), why: "x".into() }]).await.unwrap();
    let second = claim(store, 0).await;
    assert_eq!(second.iter().map(|c| c.attempt.id.0).collect::<Vec<_>>(), [1, 3], "by due time, then id");
    assert_eq!(claim(store, 1).await, []);
}

/// Two running campaigns: the first with contacts 1 to 4, the second with 5 to 8, due later.
async fn two_campaigns(store: &impl Store) -> [CampaignId; 2] {
    let first = running(store, 4).await;
    let rows: Vec<NewContact> = (5..=8).map(contact).collect();
    store.import(&rows, at(-6)).await.unwrap();
    let second = store.create_campaign("second", "", &[flow()], at(-6)).await.unwrap();
    let batch: Vec<Enrolment> = (5..=8).map(|n| Enrolment { contact: ContactId(n), next: again(1) }).collect();
    store.enrol(second, &batch, at(-6)).await.unwrap();
    store.set_campaign_state(second, CampaignState::Running, at(-5)).await.unwrap();
    [first, second]
}

async fn each_campaign_is_claimed_up_to_its_share(store: &impl Store) {
    let [first, second] = two_campaigns(store).await;
    let ids = |claimed: Vec<Claimed>| claimed.iter().map(|c| c.attempt.id.0).collect::<Vec<_>>();
    let claimed = store.claim_due(at(2), at(5), &[(second, 2), (first, 1)]).await.unwrap();
    assert_eq!(ids(claimed), [1, 5, 6], "by due time: an older campaign does not push the other aside");
    assert_eq!(ids(store.claim_due(at(2), at(5), &[(second, 9)]).await.unwrap()), [7, 8]);
    assert_eq!(ids(store.claim_due(at(2), at(5), &[]).await.unwrap()), [0i64; 0]);
    assert_eq!(store.next_due().await.unwrap(), Some(at(0)));
    store.set_campaign_state(first, CampaignState::Paused, at(3)).await.unwrap();
    assert_eq!(ids(store.claim_due(at(4), at(9), &[(first, 9), (CampaignId(77), 9)]).await.unwrap()), [0i64; 0]);
    assert_eq!(store.next_due().await.unwrap(), None, "all of the second are claimed");
}

async fn a_lease_that_ran_out_is_claimable_again(store: &impl Store) {
    running(store, 2).await;
    let claimed = claim(store, 0).await;
    let phone = claimed[0].standing.contact.phones[0].id;
    store.apply(&[live(claimed[0].attempt.id, phone, 1)]).await.unwrap();
    assert_eq!(claim(store, 4).await, []);
    let again = claim(store, 5).await;
    assert_eq!(again.iter().map(|c| c.attempt.id.0).collect::<Vec<_>>(), [2], "the live one never is");
}

async fn states_move_only_forward(store: &impl Store) {
    running(store, 1).await;
    let id = AttemptId(1);
    is_conflict(store.apply(&[finish(id, Disposition::Busy, 1, again(9))]).await); // scheduled: nobody holds it
    is_conflict(store.apply(&[promise(id, 1)]).await);
    is_not_found(store.apply(&[log(id, 1, "x")]).await); // no call yet
    let reschedule = Write::Reschedule { attempt: id, due_at: at(9), why: String::new() };
    is_conflict(store.apply(std::slice::from_ref(&reschedule)).await);
    let phone = claim(store, 0).await[0].standing.contact.phones[1].id;
    store.apply(&[live(id, phone, 1)]).await.unwrap();
    is_conflict(store.apply(&[live(id, phone, 1)]).await); // dialled once
    is_conflict(store.apply(std::slice::from_ref(&reschedule)).await);
    let cancel = Write::Cancel { attempt: id, at: at(1), why: Close::paid() };
    is_conflict(store.apply(std::slice::from_ref(&cancel)).await);
    store.apply(&[finish(id, Disposition::Busy, 2, close("x"))]).await.unwrap();
    is_conflict(store.apply(&[finish(id, Disposition::Promised, 3, close("y"))]).await); // final
    is_conflict(store.apply(&[cancel]).await);
    is_conflict(store.apply(&[live(id, phone, 4)]).await);
    store.apply(&[log(id, 4, "late")]).await.unwrap();
}

async fn a_policy_puts_off_what_was_claimed(store: &impl Store) {
    running(store, 1).await;
    claim(store, 0).await;
    let write = Write::Reschedule { attempt: AttemptId(1), due_at: at(60), why: "outside its hours".into() };
    store.apply(&[write]).await.unwrap();
    let put_off = attempt(store, AttemptId(1)).await;
    assert_eq!((put_off.state, put_off.plan.due_at), (AttemptState::Scheduled, at(60)));
    assert_eq!(put_off.plan.why, "outside its hours");
    assert_eq!(store.next_due().await.unwrap(), Some(at(60)));
    assert_eq!(claim(store, 30).await, []);
    claim(store, 60).await;
    store.apply(&[Write::Cancel { attempt: AttemptId(1), at: at(61), why: Close::new("disputed", "") }]).await.unwrap();
    assert_eq!(attempt(store, AttemptId(1)).await.state, AttemptState::Cancelled);
    assert_eq!(closed(store, "K1").await, ["disputed"]);
}

async fn one_open_attempt_by_channel(store: &impl Store) {
    // The next attempt replaces the finished one; the plan's own channel counts.
    let (id, _) = one_in_the_air(store).await;
    let next = Next::Attempt(plan(Channel::Email, at(5)));
    store.apply(&[finish(id, Disposition::NoAnswer, 2, next)]).await.unwrap();
    let attempts = store.attempts(None, AttemptId(0), 9).await.unwrap();
    let open: Vec<Channel> = attempts.iter().filter(|a| a.state.is_open()).map(|a| a.channel).collect();
    assert_eq!(open, [Channel::Email]);
}

async fn a_death_leaves_the_live_to_be_closed(store: &impl Store) {
    running(store, 3).await;
    let claimed = claim(store, 0).await;
    store.apply(&[live(AttemptId(2), claimed[1].standing.contact.phones[0].id, 1)]).await.unwrap();
    let left = store.recover().await.unwrap();
    assert_eq!(left.iter().map(|c| c.attempt.id.0).collect::<Vec<_>>(), [2]);
    assert_eq!(left[0].standing.contact.external_id, "K2");
    store.apply(&[finish(AttemptId(2), Disposition::UnknownOutcome, 2, again(90))]).await.unwrap();
    assert_eq!(store.recover().await.unwrap(), []);
    let free = claim(store, 2).await;
    assert_eq!(free.iter().map(|c| c.attempt.id.0).collect::<Vec<_>>(), [1, 3], "claimed ones were given back");
}

async fn past_attempts_are_told_apart_by_campaign(store: &impl Store) {
    let (id, _) = one_in_the_air(store).await;
    store.apply(&[finish(id, Disposition::NoAnswer, 2, close("ladder_ended"))]).await.unwrap();
    let second = store.create_campaign("second", "", &[flow()], at(3)).await.unwrap();
    let fresh = store.not_enrolled(second, ContactId(0), 9).await.unwrap();
    assert_eq!((fresh[0].past.len(), fresh[0].past_here.len()), (1, 0));
    store.enrol(second, &[Enrolment { contact: ContactId(1), next: again(4) }], at(3)).await.unwrap();
    store.set_campaign_state(second, CampaignState::Running, at(3)).await.unwrap();
    let claimed = claim(store, 4).await.remove(0);
    assert_eq!((claimed.standing.past.len(), claimed.standing.past_here.len()), (1, 0));
}
