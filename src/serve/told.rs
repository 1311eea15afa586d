//! What slows or stops dialling, told to the books, where other processes read it, and to the log.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::books::Holding;
use crate::store::Store;
use crate::time::{Mono, Now};

/// What has not changed but for its seconds is told again this often, so that a reader can see that the service lives.
const AGAIN: Duration = Duration::from_secs(5);

#[derive(Debug, Default)]
pub(super) struct Told {
    /// By what it is about, as last written.
    said: BTreeMap<String, String>,
    at: Option<Mono>,
}

impl Told {
    pub async fn tell(&mut self, store: &impl Store, holding: &[Holding], now: Now) {
        let known = |h: &Holding| self.said.get(&h.about).is_some_and(|said| sense(said) == sense(&h.says));
        let same = holding.len() == self.said.len() && holding.iter().all(known);
        let lately = self.at.is_some_and(|at| now.mono.since(at) < AGAIN);
        if same && (holding.is_empty() || lately) && self.at.is_some() {
            return;
        }
        for held in holding.iter().filter(|held| !known(held)) {
            tracing::info!(about = %held.about, "{}", held.says);
        }
        for about in self.said.keys().filter(|about| !holding.iter().any(|held| held.about == **about)) {
            tracing::info!(%about, "no longer held");
        }
        match store.tell_holding(holding).await {
            Ok(()) => {
                self.said = holding.iter().map(|held| (held.about.clone(), held.says.clone())).collect();
                self.at = Some(now.mono);
            }
            // Told again at the next look; a database that is not there stops dialling by itself.
            Err(error) => tracing::debug!(%error, "what holds dialling could not be written"),
        }
    }
}

/// Without its figures: a rate that recovers, seconds that pass.
fn sense(says: &str) -> String {
    says.chars().filter(|c| !c.is_ascii_digit()).collect()
}
