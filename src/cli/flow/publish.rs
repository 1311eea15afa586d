//! `ringback flow publish`: keeps flows for good, each file for itself.

use std::io::Write;
use std::path::PathBuf;

use super::checked::{Checked, check};
use super::files::{flow_files, read};
use crate::books::{CampaignState, FlowRef, FlowVersion, Publication, Which};
use crate::store::{Store, StoreError};
use crate::time::Wall;

/// `false` when a flow was refused; those that are fit are published all the same.
pub(super) async fn publish(
    store: &impl Store,
    paths: &[PathBuf],
    now: Wall,
    out: &mut impl Write,
) -> anyhow::Result<bool> {
    let (mut new, mut already, mut refused) = (0, 0, 0);
    for path in flow_files(paths)? {
        let (source, file) = (read(&path)?, path.display());
        let Checked { findings, verdict } = check(&source, &file.to_string());
        write!(out, "{findings}")?;
        let fit = match verdict {
            Ok(fit) => fit,
            Err(why) => {
                refused += 1;
                writeln!(out, "{file}: NOT published: it {why}")?;
                continue;
            }
        };
        let flow = &fit.flow;
        match store.publish(flow, now).await {
            Ok(Publication::New) => {
                new += 1;
                let tests = match fit.tests {
                    0 => "it has no tests".to_string(),
                    1 => "its test passes".to_string(),
                    n => format!("its {n} tests pass"),
                };
                let warnings = match fit.warnings {
                    0 => String::new(),
                    1 => ", 1 warning".to_string(),
                    n => format!(", {n} warnings"),
                };
                writeln!(out, "{file}: published {flow}; {tests}{warnings}")?;
                what_stays(store, flow, out).await?;
            }
            Ok(Publication::Already(at)) => {
                already += 1;
                writeln!(out, "{file}: already published {flow}, {}", super::minute(at))?;
            }
            Err(StoreError::Conflict(why)) => {
                refused += 1;
                writeln!(out, "{file}: NOT published: {why}")?;
            }
            Err(e @ (StoreError::NotFound(_) | StoreError::Unavailable(_))) => return Err(e.into()),
        }
    }
    writeln!(out, "{new} published, {already} already there, {refused} refused")?;
    Ok(refused == 0)
}

/// Publishing moves nobody: what still uses other versions, and how to move it.
async fn what_stays(store: &impl Store, flow: &FlowVersion, out: &mut impl Write) -> anyhow::Result<()> {
    let (name, version) = (&flow.name, flow.version);
    let published = store.published().await?;
    if let Ok(latest) = (FlowRef { name: name.clone(), which: Which::Latest }).find(&published)
        && latest.flow.version > version
    {
        writeln!(out, "  note: {} is newer; new campaigns take that one", latest.flow)?;
    }
    for campaign in store.campaigns().await? {
        let goes_on = match campaign.state {
            CampaignState::Draft | CampaignState::Running | CampaignState::Paused => true,
            CampaignState::Stopped | CampaignState::Finished => false,
        };
        if let Some(pinned) = campaign.flows.iter().find(|f| goes_on && f.name == *name && f.hash != flow.hash) {
            let campaign = &campaign.name;
            writeln!(
                out,
                "  campaign {campaign} stays with v{}; `ringback campaign use-flow {campaign} {name}@{version}` moves it",
                pinned.version
            )?;
        }
    }
    Ok(())
}
