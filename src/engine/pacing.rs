//! How fast each campaign is dialled beside what trunks and money allow: not faster than its agents can take the calls.

use super::Engine;
use crate::id::CampaignId;
use crate::time::{Mono, Now};

impl Engine {
    /// May a call of this campaign be started now, as far as its agents are concerned?
    pub(super) fn may_start(&self, _now: Now, campaign: CampaignId) -> bool {
        self.runs(campaign)
    }

    /// So many attempts of the campaign are kept claimed at most.
    pub(super) fn claimed_most(&self, _campaign: CampaignId) -> usize {
        usize::MAX
    }

    /// When the next call can be started, for reasons of pace.
    pub(super) fn starts_at(&mut self, now: Now) -> Option<Mono> {
        if self.store_rests_until.is_some() {
            return None;
        }
        let mut first: Option<Mono> = None;
        for id in self.waiting.wanting() {
            if !self.may_start(now, id) {
                continue;
            }
            for route in self.waiting.routes(id) {
                first = first.into_iter().chain(self.trunks.next_at(now.mono, &route)).min();
            }
        }
        first
    }
}
