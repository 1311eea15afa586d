//! `ringback campaign use-flow`: another version of a flow for the calls dialled from now on.

use std::io::Write;

use anyhow::{Context, bail};

use super::sources::compiles;
use crate::books::{CampaignState, FlowRef};
use crate::flow;
use crate::flow::program::Program;
use crate::store::Store;
use crate::time::Wall;

pub(super) async fn run(
    store: &impl Store,
    name: &str,
    wanted: &FlowRef,
    now: Wall,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let campaign = store.campaign(name).await?;
    let Some(before) = campaign.flows.iter().find(|f| f.name == wanted.name) else {
        let uses: Vec<&str> = campaign.flows.iter().map(|f| f.name.as_str()).collect();
        bail!("campaign {name} uses no flow named {}; it uses {}", wanted.name, uses.join(", "));
    };
    let published = store.published().await?;
    let new = &wanted.find(&published)?.flow;
    let program = compiles(new)?;
    let moved = store.use_flow(campaign.id, &new.hash, now).await.with_context(|| format!("campaign {name}"))?;
    if !moved {
        writeln!(out, "campaign {name} uses {new} already")?;
        return Ok(());
    }
    writeln!(out, "campaign {name} is moved from {before} to {new}")?;
    writeln!(
        out,
        "calls dialled from now on use it (`ringback serve` sees it within a second); those in the air end as they began"
    )?;
    for field in asked_anew(flow::compile(&before.source).program.as_ref(), &program) {
        writeln!(
            out,
            "note: {new} needs `{field}`, which {before} did not: contacts without it are not called any more"
        )?;
    }
    if campaign.state == CampaignState::Paused {
        writeln!(out, "the campaign is paused; `ringback campaign start {name}` goes on")?;
    }
    Ok(())
}

/// Fields that a contact must bring now and did not have to before.
fn asked_anew(before: Option<&Program>, after: &Program) -> Vec<String> {
    let needed = |program: &Program| -> Vec<String> {
        program.contact.iter().filter(|f| !f.optional).map(|f| f.name.clone()).collect()
    };
    let before = before.map(needed).unwrap_or_default();
    needed(after).into_iter().filter(|field| !before.contains(field)).collect()
}
