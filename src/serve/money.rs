//! What the payment feed and the passing of days change while the engine runs: calls are told of payments, promises are judged, and
//! closed contacts are looked at again.

use std::collections::{BTreeMap, BTreeSet};

use crate::books::Enrolment;
use crate::campaign;
use crate::engine::{Engine, Input};
use crate::id::{CampaignId, ContactId};
use crate::store::{Store, StoreError};
use crate::time::Wall;

/// Of payments, promises and contacts, so many at a time; the rest at the next look.
const LOOK_MAX: u32 = 1_000;

/// How far the feed has been read.
pub(super) struct Money {
    number: i64,
}

impl Money {
    /// From now on: no call is up that an earlier payment could concern.
    pub async fn from_now(store: &impl Store) -> Result<Money, StoreError> {
        Ok(Money { number: store.last_payment().await? })
    }

    /// What the engine must be told.
    pub async fn look(&mut self, store: &impl Store, engine: &Engine, now: Wall) -> Result<Vec<Input>, StoreError> {
        let told = store.payments(self.number, LOOK_MAX).await?;
        self.number = told.last().map_or(self.number, |p| p.number);
        let paid = told.iter().filter(|p| p.reversed_at.is_none()).map(|p| p.contact);
        let mut inputs = Vec::new();
        for contact in paid.filter(|contact| engine.concerns(*contact)).collect::<BTreeSet<_>>() {
            let debts = store.contacts(ContactId(contact.0 - 1), 1).await?.into_iter().filter(|c| c.id == contact);
            inputs.extend(debts.map(|c| Input::Paid { contact, debts: c.debts }));
        }
        store.judge_promises(now, LOOK_MAX).await?;
        wake(store, engine, now).await?;
        Ok(inputs)
    }
}

async fn wake(store: &impl Store, engine: &Engine, now: Wall) -> Result<(), StoreError> {
    let mut batches: BTreeMap<CampaignId, Vec<Enrolment>> = BTreeMap::new();
    for sleeper in store.sleepers(now, LOOK_MAX).await? {
        // A campaign that does not run here is woken where it does.
        let Some(ladder) = engine.ladder(sleeper.campaign) else { continue };
        let next = campaign::plan_awake(ladder, &sleeper, now);
        let contact = sleeper.standing.contact.id;
        batches.entry(sleeper.campaign).or_default().push(Enrolment { contact, next });
    }
    for (campaign, batch) in batches {
        store.wake(campaign, &batch, now).await?;
    }
    Ok(())
}
