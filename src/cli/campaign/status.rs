//! `ringback campaign status`: where every campaign stands, with which flows, and what happened to it.

use std::collections::BTreeMap;
use std::io::Write;

use super::PAGE;
use crate::books::{Campaign, CampaignEventKind, CampaignState, FlowRef, PublishedFlow, Which};
use crate::cli::flow::minute;
use crate::id::AttemptId;
use crate::store::Store;
use crate::time::Wall;

pub(super) async fn run(store: &impl Store, name: Option<&str>, now: Wall, out: &mut impl Write) -> anyhow::Result<()> {
    let campaigns = match name {
        Some(name) => vec![store.campaign(name).await?],
        None => store.campaigns().await?,
    };
    if campaigns.is_empty() {
        writeln!(out, "no campaign yet; `ringback campaign create` makes one")?;
    }
    let published = store.published().await?;
    let next = store.next_due().await?;
    for campaign in campaigns {
        let mut states: BTreeMap<&str, u64> = BTreeMap::new();
        let mut after = AttemptId(0);
        loop {
            let page = store.attempts(Some(campaign.id), after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = last.id;
            for attempt in &page {
                *states.entry(attempt.state.as_str()).or_default() += 1;
            }
        }
        let counts: Vec<String> = states.iter().map(|(state, n)| format!("{n} {state}")).collect();
        let counts = if counts.is_empty() { "none yet".to_string() } else { counts.join(", ") };
        writeln!(out, "{}: {}; attempts: {counts}", campaign.name, campaign.state)?;
        writeln!(out, "  ladder {}", ladder(&campaign))?;
        flows(&campaign, &published, out)?;
        for event in store.campaign_events(campaign.id).await? {
            let what = match event.kind {
                CampaignEventKind::FlowMoved => "moved",
                CampaignEventKind::Suspended => "paused by the program:",
            };
            writeln!(out, "  {}: {what} {}", minute(event.at), event.detail.trim_end().replace('\n', "\n    "))?;
        }
    }
    match next {
        Some(due) if due <= now => writeln!(out, "attempts are due now")?,
        Some(due) => writeln!(out, "next attempt is due at {due}")?,
        None => {}
    }
    Ok(())
}

/// Its name and content.
fn ladder(campaign: &Campaign) -> String {
    let hash = crate::ladder::hash(&campaign.ladder);
    match crate::ladder::compile(&campaign.ladder).0 {
        Some(ladder) => format!("{} ({hash})", ladder.name),
        None => format!("({hash}), which this version of ringback does not take"),
    }
}

/// What is pinned, and where there is something newer to move to.
fn flows(campaign: &Campaign, published: &[PublishedFlow], out: &mut impl Write) -> anyhow::Result<()> {
    let goes_on = match campaign.state {
        CampaignState::Draft | CampaignState::Running | CampaignState::Paused | CampaignState::Finished => true,
        CampaignState::Stopped => false,
    };
    for flow in &campaign.flows {
        let latest = FlowRef { name: flow.name.clone(), which: Which::Latest }.find(published).ok();
        let newer = latest.filter(|l| goes_on && l.flow.version > flow.version).map(|l| {
            let (name, version) = (&l.flow.name, l.flow.version);
            format!("; v{version} is published: `ringback campaign use-flow {} {name}@{version}`", campaign.name)
        });
        writeln!(out, "  flow {flow}{}", newer.unwrap_or_default())?;
    }
    for flow in &campaign.earlier_flows {
        writeln!(out, "  earlier: {flow}")?;
    }
    Ok(())
}
