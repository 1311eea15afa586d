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
    let spent = store.spent(now).await?;
    let agents = store.agent_hours(Wall(now.0 - 30 * 24 * HOUR)).await?;
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
        writeln!(out, "{}: {}; priority {}; attempts: {counts}", campaign.name, campaign.state, campaign.priority)?;
        writeln!(out, "  ladder {}", ladder(&campaign))?;
        flows(&campaign, &published, out)?;
        for spent in spent.iter().filter(|spent| spent.campaign == campaign.id) {
            writeln!(out, "  its calls have cost {}", spent.total)?;
        }
        let met = |since: Wall| {
            let hours = agents.iter().filter(|h| h.campaign == campaign.id && h.hour >= since.0.div_euclid(HOUR));
            hours.fold((0, 0), |sum, h| (sum.0 + h.connected, sum.1 + h.abandoned))
        };
        let month = met(Wall(now.0 - 30 * 24 * HOUR));
        if month != (0, 0) {
            let day = met(Wall(now.0 - 24 * HOUR));
            writeln!(out, "  found no agent: {} in 24 hours, {} in 30 days", rate(day), rate(month))?;
        }
        for event in store.campaign_events(campaign.id).await? {
            let what = match event.kind {
                CampaignEventKind::FlowMoved => "moved",
                CampaignEventKind::LadderMoved => "ladder moved",
                CampaignEventKind::Suspended => "paused by the program:",
            };
            writeln!(out, "  {}: {what} {}", minute(event.at), event.detail.trim_end().replace('\n', "\n    "))?;
        }
    }
    for held in super::held(&store.holding().await?, name, now) {
        writeln!(out, "{held}")?;
    }
    match next {
        Some(due) if due <= now => writeln!(out, "attempts are due now")?,
        Some(due) => writeln!(out, "next attempt is due at {due}")?,
        None => {}
    }
    Ok(())
}

const HOUR: i64 = 3_600_000_000;

/// `3 of 120 (2.5 %)`, of people who were to talk to an agent.
fn rate((connected, abandoned): (u64, u64)) -> String {
    let all = connected + abandoned;
    let permille = (abandoned * 1000).checked_div(all).unwrap_or(0);
    format!("{abandoned} of {all} ({}.{} %)", permille / 10, permille % 10)
}

/// Its name, version and content.
fn ladder(campaign: &Campaign) -> String {
    let hash = crate::ladder::hash(&campaign.ladder);
    match crate::ladder::compile(&campaign.ladder).0 {
        Some(ladder) => ladder.edition(),
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
