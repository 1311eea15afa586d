//! What every store does, told as short stories. Each runs on the memory store and on SQLite.

use ringback::flow::program::OptOutScope;
use ringback::outcome::{HangupCause, Verstat};
use ringback::store::{MemoryStore, StoreError};

use super::*;

both!(
    importing_twice_changes_nothing,
    a_changed_line_changes_the_contact,
    a_number_no_longer_listed_comes_back_as_it_was,
    campaigns_have_unique_names_and_pinned_flows,
    a_version_is_published_once_and_for_good,
    a_campaign_is_created_with_its_flows_or_not_at_all,
    a_campaign_moves_to_another_version_and_back,
    a_campaign_that_cannot_go_on_is_suspended,
    a_contact_is_enrolled_once,
    two_campaigns_do_not_work_on_one_contact,
    what_is_due_is_claimed_once_and_oldest_first,
    a_lease_that_ran_out_is_claimable_again,
    each_campaign_is_claimed_up_to_its_share,
    a_priority_is_kept,
    what_calls_cost_and_who_found_no_agent_is_counted,
    what_holds_dialling_is_told_anew,
    only_running_campaigns_are_dialled,
    a_call_from_dialling_to_promise,
    a_second_promise_in_one_call_is_refused,
    a_payment_in_part_and_its_reversal,
    several_debts_are_one_contact,
    a_promise_is_judged_when_its_grace_is_over,
    one_call_at_a_time_to_a_person_and_to_a_line,
    a_group_is_kept_whole_or_not_at_all,
    states_move_only_forward,
    a_policy_puts_off_what_was_claimed,
    one_open_attempt_by_channel,
    a_death_leaves_the_live_to_be_closed,
    a_payment_counts_once_and_stops_everything,
    a_payment_in_mid_call_closes_the_contact_at_its_end,
    stopping_cancels_what_is_not_in_the_air,
    opting_out_of_a_number_and_of_everything,
    messages_leave_through_the_outbox,
    the_worklist_and_the_history_tell_all,
    what_is_not_there,
    finished_needs_everything_closed,
    past_attempts_are_told_apart_by_campaign,
    a_call_that_came_in,
    a_number_that_is_not_to_be_called,
);

fn is_conflict<T: std::fmt::Debug>(result: Result<T, StoreError>) {
    assert!(matches!(result, Err(StoreError::Conflict(_))), "{result:?}");
}

fn is_not_found<T: std::fmt::Debug>(result: Result<T, StoreError>) {
    assert!(matches!(result, Err(StoreError::NotFound(_))), "{result:?}");
}

async fn claim(store: &impl Store, minute: i64) -> Vec<Claimed> {
    let all = [1, 2, 3].map(|n| (CampaignId(n), 100));
    store.claim_due(at(minute), at(minute + 5), &all).await.unwrap()
}

/// The first contact's attempt, in the air since minute 1, and the number dialled.
async fn one_in_the_air(store: &impl Store) -> (AttemptId, PhoneId) {
    running(store, 1).await;
    let claimed = claim(store, 0).await.remove(0);
    let (id, phone) = (claimed.attempt.id, claimed.standing.contact.phones[0].id);
    store.apply(&[live(id, phone, 1)]).await.unwrap();
    (id, phone)
}

async fn attempt(store: &impl Store, id: AttemptId) -> Attempt {
    store.attempts(None, AttemptId(id.0 - 1), 1).await.unwrap().remove(0)
}

async fn closed(store: &impl Store, external_id: &str) -> Vec<String> {
    store.history(external_id).await.unwrap().closed.into_iter().map(|(_, c)| c.reason).collect()
}

async fn importing_twice_changes_nothing(store: &impl Store) {
    let rows = [contact(1), contact(2)];
    let first = store.import(&rows, at(0)).await.unwrap();
    assert_eq!(first, ImportSummary { added: 2, ..ImportSummary::default() });
    let before = store.contacts(ContactId(0), 10).await.unwrap();
    let second = store.import(&rows, at(1)).await.unwrap();
    assert_eq!(second, ImportSummary { unchanged: 2, ..ImportSummary::default() });
    assert_eq!(store.contacts(ContactId(0), 10).await.unwrap(), before);
    assert_eq!(before[1].external_id, "K2");
    assert_eq!(before[1].phones.len(), 2);
    assert_eq!(before[1].fields["last4"], "0002");
    assert_eq!(before[1].amount().to_string(), "1234.50 RUB");
    assert_eq!(before[1].zone.name(), "Europe/Moscow");
    assert_eq!(store.contacts(ContactId(1), 10).await.unwrap(), before[1..]);
}

async fn a_changed_line_changes_the_contact(store: &impl Store) {
    store.import(&[contact(1)], at(0)).await.unwrap();
    pay(store, payment("P1", "K1", None, 1)).await.unwrap();
    let renamed = NewContact { name: "Анна".into(), email: None, ..contact(1) };
    assert_eq!(store.import(std::slice::from_ref(&renamed), at(2)).await.unwrap().changed, 1);
    let now = store.contacts(ContactId(0), 10).await.unwrap().remove(0);
    assert_eq!((now.name.as_str(), now.email.clone(), now.paid()), ("Анна", None, true), "the same debt stays paid");
    let next_bill = NewContact { debts: vec![debt(123_450, jiff::civil::date(2026, 12, 25))], ..renamed };
    assert_eq!(store.import(&[next_bill], at(3)).await.unwrap().changed, 1);
    assert!(!store.contacts(ContactId(0), 10).await.unwrap()[0].paid(), "another due date is another debt");
    let same_id_twice = [contact(7), NewContact { name: "B".into(), ..contact(7) }];
    let summary = store.import(&same_id_twice, at(4)).await.unwrap();
    assert_eq!(summary, ImportSummary { added: 1, changed: 1, ..ImportSummary::default() });
    assert_eq!(store.contacts(ContactId(1), 1).await.unwrap()[0].name, "B");
}

async fn a_number_no_longer_listed_comes_back_as_it_was(store: &impl Store) {
    store.import(&[contact(1)], at(0)).await.unwrap();
    let before = store.contacts(ContactId(0), 1).await.unwrap().remove(0);
    store.apply(&[Write::Phone { phone: before.phones[0].id, state: PhoneState::Wrong }]).await.unwrap();
    let one_number = NewContact { phones: contact(1).phones[1..].to_vec(), ..contact(1) };
    store.import(&[one_number], at(1)).await.unwrap();
    let without = store.contacts(ContactId(0), 1).await.unwrap().remove(0);
    assert_eq!(without.phones, before.phones[1..]);
    let mut swapped = contact(1);
    swapped.phones.reverse();
    store.import(&[swapped], at(2)).await.unwrap();
    let back = store.contacts(ContactId(0), 1).await.unwrap().remove(0);
    assert_eq!(back.phones[0], before.phones[1], "in the order of the line");
    assert_eq!((back.phones[1].id, back.phones[1].state), (before.phones[0].id, PhoneState::Wrong));
}

async fn campaigns_have_unique_names_and_pinned_flows(store: &impl Store) {
    let second = FlowVersion { hash: FlowHash("bb22".into()), version: 2, ..flow() };
    let id = store.create_campaign("november", "ladder: x", &[second.clone(), flow()], at(0)).await.unwrap();
    is_conflict(store.create_campaign("november", "ladder: y", &[], at(1)).await);
    let campaign = store.campaign("november").await.unwrap();
    assert_eq!(campaign.id, id);
    assert_eq!(campaign.state, CampaignState::Draft);
    assert_eq!(campaign.flows, [second, flow()]);
    assert_eq!((campaign.ladder.as_str(), campaign.created_at), ("ladder: x", at(0)));
    assert_eq!(store.campaigns().await.unwrap(), [campaign]);
}

/// Hash, version.
fn version(hash: &str, version: u32) -> FlowVersion {
    FlowVersion { hash: FlowHash(hash.into()), version, ..flow() }
}

async fn published(store: &impl Store) -> Vec<String> {
    let words = |p: PublishedFlow| format!("{} at {}", p.flow, p.published_at);
    store.published().await.unwrap().into_iter().map(words).collect()
}

async fn a_version_is_published_once_and_for_good(store: &impl Store) {
    assert_eq!(published(store).await, [""; 0]);
    let second = FlowVersion { source: "flow: reminder # of two".into(), ..version("bb22", 2) };
    assert_eq!(store.publish(&second, at(0)).await, Ok(Publication::New));
    assert_eq!(store.publish(&flow(), at(1)).await, Ok(Publication::New), "an earlier version may come later");
    assert_eq!(store.publish(&second, at(2)).await, Ok(Publication::Already(at(0))));
    let refused = store.publish(&version("cc33", 2), at(3)).await.unwrap_err();
    let says = "flow reminder version 2 is already published with another content (bb22); raise its `version:`";
    assert_eq!(refused, StoreError::Conflict(says.into()));
    let other = FlowVersion { name: "a_notice".into(), ..version("dd44", 2) };
    assert_eq!(store.publish(&other, at(4)).await, Ok(Publication::New));
    let all = [
        format!("a_notice v2 (dd44) at {}", at(4)),
        format!("reminder v1 (aa11) at {}", at(1)),
        format!("reminder v2 (bb22) at {}", at(0)),
    ];
    assert_eq!(published(store).await, all);
    assert_eq!(store.published().await.unwrap()[2].flow, second, "to the letter");
}

async fn a_campaign_is_created_with_its_flows_or_not_at_all(store: &impl Store) {
    store.publish(&flow(), at(0)).await.unwrap();
    let new = FlowVersion { name: "a_notice".into(), ..version("dd44", 1) };
    let clash = version("cc33", 1);
    is_conflict(store.create_campaign("c", "", &[new.clone(), clash], at(1)).await);
    is_not_found(store.campaign("c").await);
    assert_eq!(published(store).await, [format!("reminder v1 (aa11) at {}", at(0))], "not even the good one");
    store.create_campaign("c", "", &[new, flow()], at(2)).await.unwrap();
    let all = [format!("a_notice v1 (dd44) at {}", at(2)), format!("reminder v1 (aa11) at {}", at(0))];
    assert_eq!(published(store).await, all);
}

async fn a_campaign_moves_to_another_version_and_back(store: &impl Store) {
    let campaign = running(store, 2).await;
    let second = version("bb22", 2);
    store.publish(&second, at(0)).await.unwrap();
    assert_eq!(store.campaign("blast").await.unwrap().flows, [flow()], "publishing moves nobody");
    let claimed = claim(store, 0).await;
    let phone = |n: usize| claimed[n].standing.contact.phones[0].id;
    is_not_found(store.apply(&[live_with(AttemptId(1), phone(0), &second)]).await);
    store.apply(&[live(AttemptId(1), phone(0), 1)]).await.unwrap();

    assert_eq!(store.use_flow(campaign, &second.hash, at(1)).await, Ok(true));
    assert_eq!(store.use_flow(campaign, &second.hash, at(2)).await, Ok(false));
    let moved = store.campaign("blast").await.unwrap();
    assert_eq!((&moved.flows, &moved.earlier_flows), (&vec![second.clone()], &vec![flow()]));
    assert_eq!(moved.flow(&flow().hash), Some(&flow()), "attempts still name it");
    store.apply(&[live_with(AttemptId(2), phone(1), &second)]).await.unwrap();
    let flows: Vec<_> = store.attempts(None, AttemptId(0), 9).await.unwrap().into_iter().map(|a| a.flow).collect();
    assert_eq!(flows, [Some(flow().hash), Some(second.hash.clone())], "the one in the air ends as it began");

    assert_eq!(store.use_flow(campaign, &flow().hash, at(3)).await, Ok(true));
    let back = store.campaign("blast").await.unwrap();
    assert_eq!((back.flows, back.earlier_flows), (vec![flow()], vec![second.clone()]));
    let events = store.campaign_events(campaign).await.unwrap();
    let told: Vec<_> = events.iter().map(|e| (e.at, e.kind, e.detail.as_str())).collect();
    let kind = CampaignEventKind::FlowMoved;
    let there = (at(1), kind, "from reminder v1 (aa11) to reminder v2 (bb22)");
    assert_eq!(told, [there, (at(3), kind, "from reminder v2 (bb22) to reminder v1 (aa11)")]);

    let stranger = FlowVersion { name: "a_notice".into(), ..version("dd44", 1) };
    store.publish(&stranger, at(4)).await.unwrap();
    is_conflict(store.use_flow(campaign, &stranger.hash, at(4)).await);
    is_not_found(store.use_flow(campaign, &FlowHash("ee55".into()), at(4)).await);
    is_not_found(store.use_flow(CampaignId(9), &second.hash, at(4)).await);
    store.set_campaign_state(campaign, CampaignState::Stopped, at(5)).await.unwrap();
    is_conflict(store.use_flow(campaign, &second.hash, at(5)).await);
    assert_eq!(store.campaign_events(campaign).await.unwrap().len(), 2, "what was refused is no event");
}

async fn a_campaign_that_cannot_go_on_is_suspended(store: &impl Store) {
    let campaign = running(store, 1).await;
    let state = async || store.campaign("blast").await.unwrap().state;
    store.suspend_campaign(campaign, "it does not compile", at(1)).await.unwrap();
    assert_eq!(state().await, CampaignState::Paused);
    assert_eq!(claim(store, 1).await, []);
    let event =
        CampaignEvent { campaign, at: at(1), kind: CampaignEventKind::Suspended, detail: "it does not compile".into() };
    store.suspend_campaign(campaign, "again", at(2)).await.unwrap();
    assert_eq!(store.campaign_events(campaign).await.unwrap(), [event], "paused is paused");
    store.set_campaign_state(campaign, CampaignState::Running, at(3)).await.unwrap();
    assert_eq!(claim(store, 3).await.len(), 1);
    store.set_campaign_state(campaign, CampaignState::Stopped, at(4)).await.unwrap();
    store.suspend_campaign(campaign, "again", at(5)).await.unwrap();
    assert_eq!(state().await, CampaignState::Stopped, "stopped is for good");
    is_not_found(store.suspend_campaign(CampaignId(9), "x", at(6)).await);
}

async fn a_contact_is_enrolled_once(store: &impl Store) {
    let rows: Vec<NewContact> = (1..=5).map(contact).collect();
    store.import(&rows, at(0)).await.unwrap();
    let campaign = store.create_campaign("c", "", &[flow()], at(0)).await.unwrap();
    let fresh = store.not_enrolled(campaign, ContactId(1), 2).await.unwrap();
    assert_eq!(fresh.iter().map(|s| s.contact.id.0).collect::<Vec<_>>(), [2, 3]);
    let two = Enrolment { contact: ContactId(2), next: again(0) };
    let three = Enrolment { contact: ContactId(3), next: close("excluded") };
    store.enrol(campaign, &[two.clone(), three], at(1)).await.unwrap();
    let four = Enrolment { contact: ContactId(4), next: again(0) };
    is_conflict(store.enrol(campaign, &[four, two], at(2)).await);
    let fresh = store.not_enrolled(campaign, ContactId(0), 9).await.unwrap();
    assert_eq!(fresh.iter().map(|s| s.contact.id.0).collect::<Vec<_>>(), [1, 4, 5], "the batch was refused whole");
    assert_eq!(closed(store, "K3").await, ["excluded"]);
    assert_eq!(store.closings(Some(campaign)).await.unwrap(), [("excluded".into(), 1), ("open".into(), 1)]);
    assert_eq!(store.closings(None).await.unwrap().len(), 2);
    is_not_found(store.enrol(campaign, &[Enrolment { contact: ContactId(99), next: again(0) }], at(1)).await);
}

async fn two_campaigns_do_not_work_on_one_contact(store: &impl Store) {
    running(store, 1).await;
    let second = store.create_campaign("second", "", &[flow()], at(1)).await.unwrap();
    let sms = Next::Attempt(plan(Channel::Sms, at(1)));
    store.enrol(second, &[Enrolment { contact: ContactId(1), next: sms }], at(1)).await.unwrap();
    assert_eq!(closed(store, "K1").await, ["in_other_campaign"]);
    assert_eq!(store.attempts(Some(second), AttemptId(0), 9).await.unwrap(), []);
}

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

async fn a_priority_is_kept(store: &impl Store) {
    let campaign = running(store, 1).await;
    assert_eq!(store.campaign("blast").await.unwrap().priority, Priority::USUAL);
    store.set_priority(campaign, Priority::MOST).await.unwrap();
    assert_eq!(store.campaigns().await.unwrap()[0].priority, Priority::MOST);
    is_not_found(store.set_priority(CampaignId(9), Priority::MOST).await);
    store.set_campaign_state(campaign, CampaignState::Stopped, at(2)).await.unwrap();
    is_conflict(store.set_priority(campaign, Priority::LEAST).await);
}

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

async fn what_holds_dialling_is_told_anew(store: &impl Store) {
    let held = |about: &str, minute| Holding { about: about.into(), says: "is slow".into(), at: at(minute) };
    store.tell_holding(&[held("trunk b", 1), held("trunk a", 1)]).await.unwrap();
    assert_eq!(store.holding().await.unwrap(), [held("trunk a", 1), held("trunk b", 1)]);
    store.tell_holding(&[held("trunk b", 2)]).await.unwrap();
    assert_eq!(store.holding().await.unwrap(), [held("trunk b", 2)]);
    store.tell_holding(&[]).await.unwrap();
    assert_eq!(store.holding().await.unwrap(), []);
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

async fn only_running_campaigns_are_dialled(store: &impl Store) {
    let campaign = running(store, 1).await;
    assert_eq!(store.next_due().await.unwrap(), Some(at(0)));
    store.set_campaign_state(campaign, CampaignState::Paused, at(0)).await.unwrap();
    assert_eq!(store.next_due().await.unwrap(), None);
    assert_eq!(claim(store, 9).await, []);
    store.set_campaign_state(campaign, CampaignState::Running, at(0)).await.unwrap();
    assert_eq!(claim(store, -1).await, [], "not due yet");
    assert_eq!(claim(store, 9).await.len(), 1);
    assert_eq!(store.next_due().await.unwrap(), None, "claimed is not scheduled");
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

async fn a_payment_in_mid_call_closes_the_contact_at_its_end(store: &impl Store) {
    let (id, _) = one_in_the_air(store).await;
    pay(store, payment("P1", "K1", None, 2)).await.unwrap();
    assert_eq!(attempt(store, id).await.state, AttemptState::Live);
    store.apply(&[finish(id, Disposition::NoAnswer, 3, again(60))]).await.unwrap();
    assert_eq!(closed(store, "K1").await, ["paid"]);
    assert_eq!(store.next_due().await.unwrap(), None);
}

async fn stopping_cancels_what_is_not_in_the_air(store: &impl Store) {
    let campaign = running(store, 3).await;
    let claimed = store.claim_due(at(0), at(5), &[(CampaignId(1), 2)]).await.unwrap();
    store.apply(&[live(AttemptId(1), claimed[0].standing.contact.phones[0].id, 1)]).await.unwrap();
    store.set_campaign_state(campaign, CampaignState::Stopped, at(2)).await.unwrap();
    let states: Vec<AttemptState> =
        store.attempts(Some(campaign), AttemptId(0), 9).await.unwrap().iter().map(|a| a.state).collect();
    assert_eq!(states, [AttemptState::Live, AttemptState::Cancelled, AttemptState::Cancelled]);
    store.apply(&[finish(AttemptId(1), Disposition::Busy, 3, again(60))]).await.unwrap();
    assert_eq!(store.closings(Some(campaign)).await.unwrap(), [("stopped".into(), 3)]);
    is_conflict(store.set_campaign_state(campaign, CampaignState::Running, at(4)).await);
    store.set_campaign_state(campaign, CampaignState::Stopped, at(4)).await.unwrap();
    is_conflict(store.enrol(campaign, &[], at(5)).await);
}

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

async fn finished_needs_everything_closed(store: &impl Store) {
    let campaign = running(store, 1).await;
    is_conflict(store.set_campaign_state(campaign, CampaignState::Finished, at(1)).await);
    claim(store, 0).await;
    store.apply(&[finish(AttemptId(1), Disposition::Queued, 1, close("x"))]).await.unwrap();
    store.set_campaign_state(campaign, CampaignState::Finished, at(1)).await.unwrap();
    assert_eq!(store.campaign("blast").await.unwrap().state, CampaignState::Finished);
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
