//! What every store does, told as short stories, a file a subject. Each runs on the memory store and on SQLite.

mod attempts;
mod calls;
mod campaigns;
mod contacts;
mod messages;
mod money;

use super::*;
use ringback::flow::program::OptOutScope;
use ringback::outcome::{HangupCause, Verstat};
use ringback::store::{MemoryStore, StoreError};

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
