//! Calls, made and taken: what they write, and that nobody is rung twice at once.

use super::*;

both!(
    what_calls_cost_and_who_found_no_agent_is_counted,
    a_call_from_dialling_to_promise,
    a_second_promise_in_one_call_is_refused,
    one_call_at_a_time_to_a_person_and_to_a_line,
    a_group_is_kept_whole_or_not_at_all,
    what_is_not_there,
    a_call_that_came_in,
);

async fn what_calls_cost_and_who_found_no_agent_is_counted(store: &impl Store) {
    let campaign = running(store, 4).await;
    let carried = |n: i64, micros: Option<i64>, currency, agent| Write::Carried {
        attempt: AttemptId(n),
        trunk: Some("main".into()),
        caller_id: None,
        cost: micros.map(|micros| Cost::new(micros, currency)),
        agent,
    };
    is_not_found(store.apply(&[carried(1, Some(1), Currency::Rub, None)]).await);
    let (met, missed) = (Some(AgentResult::Connected), Some(AgentResult::Abandoned));
    for (claimed, (minute, micros, currency, agent)) in claim(store, 0).await.into_iter().zip([
        (10, Some(250_000), Currency::Rub, met),
        (70, Some(1_450_000), Currency::Rub, missed),
        (80, Some(4_500), Currency::Usd, met),
        (90, None, Currency::Rub, None),
    ]) {
        let id = claimed.attempt.id;
        let phone = claimed.standing.contact.phones[0].id;
        store.apply(&[live(id, phone, 1)]).await.unwrap();
        let ends = finish(id, Disposition::Informed, minute, close("ladder_ended"));
        store.apply(&[carried(id.0, micros, currency, agent), ends]).await.unwrap();
    }
    let cost = Cost::new;
    let spent = [
        Spent { campaign, total: cost(1_700_000, Currency::Rub), since: cost(1_450_000, Currency::Rub) },
        Spent { campaign, total: cost(4_500, Currency::Usd), since: cost(4_500, Currency::Usd) },
    ];
    assert_eq!(store.spent(at(70)).await.unwrap(), spent);
    let hour = at(0).0 / 3_600_000_000;
    let later = AgentHour { campaign, hour: hour + 1, connected: 1, abandoned: 1 };
    assert_eq!(
        store.agent_hours(at(0)).await.unwrap(),
        [AgentHour { campaign, hour, connected: 1, abandoned: 0 }, later]
    );
    assert_eq!(store.agent_hours(at(70)).await.unwrap(), [later]);
    let first = attempt(store, AttemptId(1)).await;
    assert_eq!(
        (first.trunk.as_deref(), first.cost, first.agent),
        (Some("main"), Some(cost(250_000, Currency::Rub)), met)
    );
}

async fn a_call_from_dialling_to_promise(store: &impl Store) {
    let (id, phone) = one_in_the_air(store).await;
    let there = attempt(store, id).await;
    assert_eq!(
        (there.state, there.phone, there.flow, there.live_at),
        (AttemptState::Live, Some(phone), Some(flow().hash), Some(at(1)))
    );
    store.apply(&[log(id, 1, "answered"), log(id, 2, "entered")]).await.unwrap();
    store.apply(&[promise(id, 2)]).await.unwrap();
    store.apply(&[log(id, 3, "hung_up"), finish(id, Disposition::Promised, 3, close("promised"))]).await.unwrap();
    let done = attempt(store, id).await;
    assert_eq!((done.state, done.finished_at), (AttemptState::Finished, Some(at(3))));
    assert_eq!(done.outcome, Some(outcome(Disposition::Promised)));
    let events = store.call_events(CallId::of(id)).await.unwrap();
    assert_eq!(events.iter().map(|e| e.kind.as_str()).collect::<Vec<_>>(), ["answered", "entered", "hung_up"]);
    let promises = store.promises().await.unwrap();
    assert_eq!(promises.len(), 1);
    assert_eq!((promises[0].amount.minor, promises[0].state, promises[0].attempt), (50_000, PromiseState::Open, id));
    assert_eq!(closed(store, "K1").await, ["promised"]);
}

async fn a_second_promise_in_one_call_is_refused(store: &impl Store) {
    let (id, _) = one_in_the_air(store).await;
    let nothing = Write::Promise { attempt: id, parts: vec![part(0)], at: at(1) };
    is_conflict(store.apply(&[nothing]).await);
    store.apply(&[promise(id, 2)]).await.unwrap();
    is_conflict(store.apply(&[promise(id, 2)]).await);
    assert_eq!(store.promises().await.unwrap().len(), 1);
}

async fn a_group_is_kept_whole_or_not_at_all(store: &impl Store) {
    let (id, phone) = one_in_the_air(store).await;
    let bad = Write::Phone { phone, state: PhoneState::Bad };
    let group = [log(id, 1, "a"), promise(id, 2), bad, finish(id, Disposition::Busy, 3, again(9)), promise(id, 3)];
    is_conflict(store.apply(&group).await);
    assert_eq!(store.call_events(CallId::of(id)).await.unwrap(), []);
    assert_eq!(store.promises().await.unwrap(), []);
    assert_eq!(attempt(store, id).await.state, AttemptState::Live);
    assert_eq!(store.contacts(ContactId(0), 1).await.unwrap()[0].phones[0].state, PhoneState::Good);
    assert_eq!(store.attempts(None, AttemptId(0), 9).await.unwrap().len(), 1);
    store.apply(&group[..4]).await.unwrap();
    assert_eq!(store.attempts(None, AttemptId(0), 9).await.unwrap().len(), 2);
}

async fn one_call_at_a_time_to_a_person_and_to_a_line(store: &impl Store) {
    let mut rows: Vec<NewContact> = (1..=4).map(contact).collect();
    rows[1].person = Some("Anna".into());
    rows[2].person = Some("Anna".into());
    rows[3].phones = rows[0].phones.clone();
    store.import(&rows, at(-10)).await.unwrap();
    running(store, 4).await;
    store.import(&rows, at(-7)).await.unwrap();
    let claimed = claim(store, 0).await;
    let phone = |n: usize| claimed[n].standing.contact.phones[0].id;
    let same_line = store.contacts(ContactId(3), 1).await.unwrap()[0].phones[0].id;
    store.apply(&[live(AttemptId(1), phone(0), 1)]).await.unwrap();
    is_conflict(store.apply(&[live(AttemptId(4), same_line, 1)]).await);
    store.apply(&[live(AttemptId(2), phone(1), 1)]).await.unwrap();
    is_conflict(store.apply(&[live(AttemptId(3), phone(2), 1)]).await);
    store.apply(&[finish(AttemptId(1), Disposition::Busy, 2, close("x"))]).await.unwrap();
    store.apply(&[finish(AttemptId(2), Disposition::Refused, 2, close("x"))]).await.unwrap();
    let whose = async |contact: &str| {
        let past = store.history(contact).await.unwrap().standing.past;
        past.iter().map(|p| format!("{} {}", p.whose, p.disposition)).collect::<Vec<_>>()
    };
    assert_eq!(whose("K4").await, ["line busy"]);
    assert_eq!(whose("K3").await, ["person refused"]);
    assert_eq!(whose("K1").await, ["contact busy"]);
    store.apply(&[live(AttemptId(4), same_line, 3)]).await.unwrap();
}

async fn what_is_not_there(store: &impl Store) {
    running(store, 2).await;
    let claimed = claim(store, 0).await;
    is_not_found(store.campaign("nobody").await);
    is_not_found(store.set_campaign_state(CampaignId(9), CampaignState::Running, at(0)).await);
    is_not_found(store.not_enrolled(CampaignId(9), ContactId(0), 1).await);
    is_not_found(store.enrol(CampaignId(9), &[], at(0)).await);
    is_not_found(store.history("nobody").await);
    is_not_found(store.apply(&[promise(AttemptId(9), 1)]).await);
    is_not_found(store.apply(&[Write::Phone { phone: PhoneId(99), state: PhoneState::Bad }]).await);
    is_not_found(store.apply(&[log(AttemptId(9), 1, "x")]).await);
    is_not_found(store.apply(&[live(AttemptId(1), claimed[1].standing.contact.phones[0].id, 1)]).await);
    let other_flow = FlowHash("cc33".into());
    let phone = claimed[0].standing.contact.phones[0].id;
    is_not_found(
        store
            .apply(&[Write::Live {
                attempt: AttemptId(1),
                phone,
                flow: other_flow,
                policy: "default 1#0".into(),
                caller_id: shown(),
                at: at(1),
            }])
            .await,
    );
    assert_eq!(attempt(store, AttemptId(1)).await.state, AttemptState::Claimed);
    store.apply(&[]).await.unwrap();
    assert_eq!(store.call_events(CallId(1)).await.unwrap(), []);
}

async fn a_call_that_came_in(store: &impl Store) {
    let answered = |n: i64, caller: Option<&str>| Write::InboundAnswered {
        call: CallId::inbound(n),
        did: "+74950000000".into(),
        caller: Caller {
            number: caller.map(|number| number.parse().unwrap()),
            verstat: caller.map(|_| Verstat::Failed),
            diverted_from: caller.map(|_| contact(2).phones[0].clone()),
        },
        flow: "front_desk@1".into(),
        at: at(n),
    };
    let line = |n: i64| {
        Write::Log(CallEvent { call: CallId::inbound(n), at: at(n), kind: "answered".into(), detail: String::new() })
    };
    let end = InboundEnd {
        at: at(9),
        disposition: Disposition::Informed,
        cause: Some(HangupCause::RemoteHangup),
        talk_ms: 12_345,
    };
    let ended = |n: i64| Write::InboundEnded { call: CallId::inbound(n), end };
    // Nothing is said or ended of a call that is not in the books.
    assert!(matches!(store.apply(&[line(1)]).await, Err(StoreError::NotFound(_))));
    assert!(matches!(store.apply(&[ended(1)]).await, Err(StoreError::NotFound(_))));
    store.apply(&[answered(1, Some("+79160000001")), line(1)]).await.unwrap();
    store.apply(&[answered(2, None)]).await.unwrap();
    assert!(matches!(store.apply(&[answered(1, None)]).await, Err(StoreError::Conflict(_))));
    let heard = |n: i64| Write::Quality { call: CallId::inbound(n), quality: quality(3) };
    assert!(matches!(store.apply(&[heard(3)]).await, Err(StoreError::NotFound(_))));
    store.apply(&[line(1), heard(1), ended(1)]).await.unwrap();
    assert!(matches!(store.apply(&[ended(1)]).await, Err(StoreError::Conflict(_))));

    let calls = store.inbound_calls(None, 10).await.unwrap();
    let told: Vec<_> = calls.iter().map(|c| (c.id, c.caller.number.is_some(), c.ended)).collect();
    assert_eq!(told, [(CallId(-2), false, None), (CallId(-1), true, Some(end))]);
    assert_eq!((calls[0].quality, calls[1].quality), (None, Some(quality(3))));
    let by = &calls[1].caller;
    assert_eq!((by.verstat, &by.diverted_from), (Some(Verstat::Failed), &Some(contact(2).phones[0].clone())));
    assert_eq!(store.inbound_calls_up().await.unwrap(), [CallId(-2)]);
    assert_eq!(store.inbound_calls(Some(CallId(-2)), 10).await.unwrap(), calls[1..]);
    assert_eq!(store.inbound_calls(None, 1).await.unwrap(), calls[..1]);
    assert_eq!(store.call_events(CallId(-1)).await.unwrap().len(), 2);
    assert_eq!(store.call_events(CallId(1)).await.unwrap(), []);
}
