//! Which packs hold for whom: those of the ladders of the campaigns that a contact is in.

use std::collections::BTreeMap;

use crate::id::CampaignId;
use crate::ladder;
use crate::policy::Rules;
use crate::store::{Result, Store};

/// The rules of every campaign that there is or was.
#[derive(Debug)]
pub struct House {
    /// `None`: its ladder does not compile with this version, so nobody knows what its packs hold.
    campaigns: BTreeMap<CampaignId, (String, Option<Rules>)>,
}

impl House {
    pub async fn load(store: &impl Store) -> Result<House> {
        let rules = |written: &str| ladder::compile(written).0.map(|ladder| ladder.rules);
        let campaigns = store.campaigns().await?.into_iter();
        Ok(House { campaigns: campaigns.map(|c| (c.id, (c.name, rules(&c.ladder)))).collect() })
    }

    /// What holds for who is in these campaigns; for who is in none, and for calls that came in, what holds for anybody here.
    /// `Err`: the name of a campaign of which nobody knows what it holds, so that nothing of its contacts may be deleted.
    pub fn rules(&self, campaigns: &[CampaignId]) -> std::result::Result<Rules, String> {
        let all = campaigns.is_empty();
        let mut rules = Rules::outermost();
        for (id, (name, of)) in &self.campaigns {
            if all || campaigns.contains(id) {
                rules = rules.and(of.as_ref().ok_or_else(|| name.clone())?);
            }
        }
        Ok(rules)
    }

    /// Whether any pack here says how long something is kept.
    pub fn says_anything(&self) -> bool {
        self.campaigns.values().any(|(_, rules)| rules.as_ref().is_none_or(|rules| rules.retained().next().is_some()))
    }
}
