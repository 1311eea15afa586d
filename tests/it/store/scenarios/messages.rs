//! What leaves by other channels, who is left in peace, and what is told of a contact.

use super::*;

both!(
    opting_out_of_a_number_and_of_everything,
    messages_leave_through_the_outbox,
    the_worklist_and_the_history_tell_all,
    a_number_that_is_not_to_be_called,
);

async fn opting_out_of_a_number_and_of_everything(store: &impl Store) {
    let (id, phone) = one_in_the_air(store).await;
    let out = |scope| Write::Suppress { attempt: id, scope, reason: Disposition::OptedOut, at: at(2) };
    store.apply(&[out(OptOutScope::Number), out(OptOutScope::Number)]).await.unwrap();
    store.apply(&[out(OptOutScope::Person)]).await.unwrap();
    let suppressions = store.history("K1").await.unwrap().standing.suppressions;
    assert_eq!(suppressions.iter().map(|s| s.phone).collect::<Vec<_>>(), [None, Some(phone)]);
    assert_eq!(suppressions[1].reason, Disposition::OptedOut);
    store.apply(&[finish(id, Disposition::OptedOut, 3, Next::Attempt(plan(Channel::Sms, at(4))))]).await.unwrap();
    let undialled =
        Write::Suppress { attempt: AttemptId(2), scope: OptOutScope::Number, reason: Disposition::OptedOut, at: at(4) };
    is_conflict(store.apply(&[undialled]).await);
    let sms =
        Write::Message { attempt: AttemptId(2), channel: Channel::Sms, subject: None, body: "x".into(), at: at(4) };
    store.apply(&[sms]).await.unwrap();
    assert_eq!(store.outbox().await.unwrap()[0].to, "+74950000001", "not to the number that opted out");
}

async fn messages_leave_through_the_outbox(store: &impl Store) {
    running(store, 1).await;
    store.import(&[NewContact { email: None, ..contact(2) }], at(0)).await.unwrap();
    claim(store, 0).await;
    let message = |channel| Write::Message {
        attempt: AttemptId(1),
        channel,
        subject: Some("Счёт".into()),
        body: "Здравствуйте".into(),
        at: at(1),
    };
    store.apply(&[message(Channel::Sms), message(Channel::Email)]).await.unwrap();
    is_conflict(store.apply(&[message(Channel::Human)]).await);
    store.apply(&[finish(AttemptId(1), Disposition::Queued, 1, close("ladder_ended"))]).await.unwrap();
    let due = store.outbox_due(at(1), 10).await.unwrap();
    assert_eq!(due.iter().map(|m| m.to.as_str()).collect::<Vec<_>>(), ["+79160000001", "k1@example.org"]);
    assert_eq!(store.outbox_due(at(0), 10).await.unwrap(), []);
    let (sms, email) = (due[0].id, due[1].id);
    store.outbox_sent(sms, at(2)).await.unwrap();
    is_conflict(store.outbox_sent(sms, at(2)).await);
    store.outbox_failed(email, "421 later", Some(at(30))).await.unwrap();
    assert_eq!(store.outbox_due(at(29), 10).await.unwrap(), []);
    let again = store.outbox_due(at(30), 10).await.unwrap();
    assert_eq!((again[0].tries, again[0].last_error.as_deref()), (1, Some("421 later")));
    store.outbox_failed(email, "550 unknown", None).await.unwrap();
    let states: Vec<(OutboxState, u32)> = store.outbox().await.unwrap().iter().map(|m| (m.state, m.tries)).collect();
    assert_eq!(states, [(OutboxState::Sent, 1), (OutboxState::Failed, 2)]);
    assert_eq!(store.outbox_due(at(99), 10).await.unwrap(), []);
    is_not_found(store.outbox_sent(OutboxId(77), at(2)).await);
    let second = store.create_campaign("second", "", &[flow()], at(3)).await.unwrap();
    let email = Next::Attempt(plan(Channel::Email, at(3)));
    store.enrol(second, &[Enrolment { contact: ContactId(2), next: email }], at(3)).await.unwrap();
    let no_address =
        Write::Message { attempt: AttemptId(2), channel: Channel::Email, subject: None, body: "x".into(), at: at(3) };
    is_conflict(store.apply(&[no_address]).await);
}

async fn the_worklist_and_the_history_tell_all(store: &impl Store) {
    let (id, _) = one_in_the_air(store).await;
    let human = Next::Attempt(plan(Channel::Human, at(5)));
    store.apply(&[finish(id, Disposition::Refused, 2, human)]).await.unwrap();
    let claimed = claim(store, 5).await.remove(0);
    assert_eq!(claimed.standing.past[0].disposition, Disposition::Refused);
    assert_eq!(claimed.standing.past[0].at, at(1), "the instant of dialling");
    assert_eq!(claimed.standing.past_here, claimed.standing.past);
    let human = claimed.attempt.id;
    let entry = Write::Worklist { attempt: human, queue: "collections".into(), reason: "refused".into(), at: at(5) };
    store.apply(&[entry, finish(human, Disposition::HandedOver, 5, close("handed_over"))]).await.unwrap();
    let history = store.history("K1").await.unwrap();
    assert_eq!(history.worklist, store.worklist().await.unwrap());
    assert_eq!(history.worklist[0].queue, "collections");
    assert_eq!(history.attempts.len(), 2);
    assert_eq!(history.standing.past.len(), 2);
    assert_eq!(history.closed[0].1, Close::new("handed_over", "said the test"));
}

async fn a_number_that_is_not_to_be_called(store: &impl Store) {
    running(store, 2).await;
    let theirs = |n: u32| contact(n).phones[0].clone();
    let stop = |n: u32| Write::SuppressNumber { number: theirs(n), reason: Disposition::OptedOut, at: at(3) };
    let suppressed = async |n: u32| {
        let history = store.history(&format!("K{n}")).await.unwrap();
        let numbers = history.standing.suppressions.iter().map(|s| (s.phone.is_some(), s.scope, s.at));
        numbers.collect::<Vec<_>>()
    };
    store.apply(&[stop(1), stop(1), stop(3)]).await.unwrap();
    let once = vec![(true, OptOutScope::Number, at(3))];
    assert_eq!(suppressed(1).await, once);
    assert_eq!(suppressed(2).await, []);
    // Somebody who comes with that number later is not called on it either.
    store.import(&[contact(3)], at(4)).await.unwrap();
    assert_eq!(suppressed(3).await, once);
}
