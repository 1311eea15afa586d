//! From a campaign's rows to something that runs: its pinned ladder and flows, compiled again.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::books::Campaign;
use crate::diagnostic::render_all;
use crate::engine::CampaignPlan;
use crate::{flow, ladder};

/// The sources were checked when the campaign was created, so this is a newer program that no longer takes them.
#[derive(Debug, thiserror::Error)]
#[error("campaign {campaign} does not compile with this version of ringback:\n{report}")]
pub struct PlanError {
    campaign: String,
    report: String,
}

pub fn load(campaign: &Campaign) -> Result<CampaignPlan, PlanError> {
    let wrong = |report: String| PlanError { campaign: campaign.name.clone(), report };
    let (compiled, diagnostics) = ladder::compile(&campaign.ladder);
    let ladder = compiled.ok_or_else(|| wrong(render_all(&diagnostics, "ladder", &campaign.ladder)))?;
    let mut programs = BTreeMap::new();
    for version in &campaign.flows {
        let compiled = flow::compile(&version.source);
        let program =
            compiled.program.ok_or_else(|| wrong(render_all(&compiled.diagnostics, &version.name, &version.source)))?;
        programs.insert(version.name.clone(), Arc::new(program));
    }
    Ok(CampaignPlan { id: campaign.id, name: campaign.name.clone(), ladder: Arc::new(ladder), programs })
}
