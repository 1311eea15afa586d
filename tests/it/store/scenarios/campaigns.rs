//! Campaigns, the flows that they are pinned to, and whom they work on.

use super::*;

both!(
    campaigns_have_unique_names_and_pinned_flows,
    a_version_is_published_once_and_for_good,
    a_campaign_is_created_with_its_flows_or_not_at_all,
    a_campaign_moves_to_another_version_and_back,
    a_campaign_that_cannot_go_on_is_suspended,
    a_contact_is_enrolled_once,
    two_campaigns_do_not_work_on_one_contact,
    a_priority_is_kept,
    what_holds_dialling_is_told_anew,
    only_running_campaigns_are_dialled,
    stopping_cancels_what_is_not_in_the_air,
    finished_needs_everything_closed,
);

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

async fn a_priority_is_kept(store: &impl Store) {
    let campaign = running(store, 1).await;
    assert_eq!(store.campaign("blast").await.unwrap().priority, Priority::USUAL);
    store.set_priority(campaign, Priority::MOST).await.unwrap();
    assert_eq!(store.campaigns().await.unwrap()[0].priority, Priority::MOST);
    is_not_found(store.set_priority(CampaignId(9), Priority::MOST).await);
    store.set_campaign_state(campaign, CampaignState::Stopped, at(2)).await.unwrap();
    is_conflict(store.set_priority(campaign, Priority::LEAST).await);
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

async fn finished_needs_everything_closed(store: &impl Store) {
    let campaign = running(store, 1).await;
    is_conflict(store.set_campaign_state(campaign, CampaignState::Finished, at(1)).await);
    claim(store, 0).await;
    store.apply(&[finish(AttemptId(1), Disposition::Queued, 1, close("x"))]).await.unwrap();
    store.set_campaign_state(campaign, CampaignState::Finished, at(1)).await.unwrap();
    assert_eq!(store.campaign("blast").await.unwrap().state, CampaignState::Finished);
}
