//! From a campaign's rows to something that runs: its pinned ladder and flows, compiled again; and what has changed
//! about the campaigns since the last look.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::books::{Campaign, CampaignState, Priority};
use crate::diagnostic::render_all;
use crate::engine::{CampaignPlan, Input};
use crate::flow::program::FlowHash;
use crate::id::CampaignId;
use crate::store::{Store, StoreError};
use crate::time::Wall;
use crate::{flow, ladder};

/// The sources were checked when they were pinned, so this is another version of the program, which does not take them.
#[derive(Debug, thiserror::Error)]
#[error(
    "what campaign {campaign} is pinned to does not compile with this version of ringback:\n{report}\
     publish a version of the flow that compiles, then `ringback campaign use-flow {campaign} FLOW@VERSION` and \
     `ringback campaign start {campaign}`; for a ladder, `ringback campaign use-ladder {campaign} FILE`"
)]
pub struct PlanError {
    campaign: String,
    report: String,
    /// The ladder with those flows that do compile: enough to close what an earlier process left in the air.
    rest: Option<Box<CampaignPlan>>,
}

pub fn load(campaign: &Campaign) -> Result<CampaignPlan, PlanError> {
    let (ladder, diagnostics) = ladder::compile(&campaign.ladder);
    let Some(ladder) = ladder else {
        let report = render_all(&diagnostics, "ladder", &campaign.ladder);
        return Err(PlanError { campaign: campaign.name.clone(), report, rest: None });
    };
    let mut programs = BTreeMap::new();
    let mut report = String::new();
    for version in &campaign.flows {
        let compiled = flow::compile(&version.source);
        match compiled.program {
            Some(program) => {
                programs.insert(version.name.clone(), Arc::new(program));
            }
            None => report += &render_all(&compiled.diagnostics, &version.to_string(), &version.source),
        }
    }
    let (name, priority) = (campaign.name.clone(), campaign.priority);
    let plan = CampaignPlan { id: campaign.id, name, priority, ladder: Arc::new(ladder), programs };
    if report.is_empty() {
        Ok(plan)
    } else {
        Err(PlanError { campaign: campaign.name.clone(), report, rest: Some(Box::new(plan)) })
    }
}

/// The campaigns as they were at the last look: an operator changes them from another process.
#[derive(Debug, Default)]
pub(super) struct Seen(BTreeMap<CampaignId, (CampaignState, Priority, Vec<FlowHash>, String)>);

impl Seen {
    /// What the engine must know of campaigns that are new, in another state, or moved to another version of a flow or the ladder.
    /// A campaign that no longer compiles is paused, in the books too; the others go on.
    pub async fn changes<S: Store>(&mut self, store: &S, now: Wall) -> Result<Vec<Input>, StoreError> {
        let mut inputs = Vec::new();
        for campaign in store.campaigns().await? {
            let flows: Vec<FlowHash> = campaign.flows.iter().map(|f| f.hash.clone()).collect();
            let (id, state) = (campaign.id, campaign.state);
            let is = (state, campaign.priority, flows, campaign.ladder.clone());
            if self.0.get(&id) == Some(&is) {
                continue;
            }
            match state {
                CampaignState::Running | CampaignState::Paused => {
                    let (plan, state) = match load(&campaign) {
                        Ok(plan) => (Some(plan), state),
                        Err(error) => {
                            tracing::error!(campaign = %campaign.name, "{error}");
                            store.suspend_campaign(id, &error.to_string(), now).await?;
                            (error.rest.map(|plan| *plan), CampaignState::Paused)
                        }
                    };
                    let pinned: Vec<String> = campaign.flows.iter().map(ToString::to_string).collect();
                    tracing::info!(campaign = %campaign.name, %state, "flows: {}", pinned.join(", "));
                    let running = state == CampaignState::Running;
                    if !running {
                        inputs.push(Input::CampaignHalted(id));
                    }
                    inputs.extend(plan.map(|plan| Input::CampaignLoaded { plan, running }));
                    self.0.insert(id, (state, is.1, is.2, is.3));
                }
                CampaignState::Draft | CampaignState::Stopped | CampaignState::Finished => {
                    inputs.push(Input::CampaignHalted(id));
                    self.0.insert(id, is);
                }
            }
        }
        Ok(inputs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::books::{CampaignEventKind, FlowVersion};
    use crate::store::MemoryStore;

    const LADDER: &str = include_str!("../../flows/ladders/utility_overdue.yaml");

    /// A shipped flow, as a version of which there is a program; or one that no program takes.
    fn version(name: &str, hash: &str, compiles: bool) -> FlowVersion {
        let source = match name {
            "gentle_reminder" => include_str!("../../flows/gentle_reminder.yaml"),
            _ => include_str!("../../flows/overdue_reminder.yaml"),
        };
        let source = if compiles { source.to_string() } else { source.replace("nodes:", "knots:") };
        FlowVersion { hash: FlowHash(hash.into()), name: name.into(), version: hash.len() as u32, source }
    }

    /// What the engine is told, a line each, with the flows that are loaded.
    fn words(inputs: &[Input]) -> Vec<String> {
        let word = |input: &Input| match input {
            Input::CampaignLoaded { plan, running } => {
                let programs: Vec<&str> = plan.programs.keys().map(String::as_str).collect();
                format!("{} {}: {}", plan.id, if *running { "runs" } else { "rests" }, programs.join(" "))
            }
            Input::CampaignHalted(id) => format!("{id} halted"),
            other => panic!("{other:?}"),
        };
        inputs.iter().map(word).collect()
    }

    #[tokio::test]
    async fn a_campaign_that_no_longer_compiles_is_paused_and_the_others_go_on() {
        let (store, now) = (MemoryStore::new(), Wall(0));
        let gentle = version("gentle_reminder", "a", true);
        let broken = [gentle.clone(), version("overdue_reminder", "b", false)];
        let good = [gentle, version("overdue_reminder", "cc", true)];
        for (name, flows) in [("broken", &broken), ("good", &good)] {
            let id = store.create_campaign(name, LADDER, flows, now).await.unwrap();
            store.set_campaign_state(id, CampaignState::Running, now).await.unwrap();
        }
        let mut seen = Seen::default();
        let both = "2 runs: gentle_reminder overdue_reminder";
        let found = seen.changes(&store, now).await.unwrap();
        assert_eq!(words(&found), ["1 halted", "1 rests: gentle_reminder", both]);
        assert_eq!(words(&seen.changes(&store, now).await.unwrap()), [""; 0], "nothing new");
        let state = async |name: &str| store.campaign(name).await.unwrap().state;
        assert_eq!((state("broken").await, state("good").await), (CampaignState::Paused, CampaignState::Running));
        let events = store.campaign_events(CampaignId(1)).await.unwrap();
        assert_eq!(events.iter().map(|e| e.kind).collect::<Vec<_>>(), [CampaignEventKind::Suspended]);
        for says in ["overdue_reminder v1 (b):", "error[F006]", "ringback campaign use-flow broken FLOW@VERSION"] {
            assert!(events[0].detail.contains(says), "{says} is not in\n{}", events[0].detail);
        }

        // The way out: another version, then `start`.
        store.use_flow(CampaignId(1), &FlowHash("cc".into()), now).await.unwrap();
        let rests = "1 rests: gentle_reminder overdue_reminder";
        assert_eq!(words(&seen.changes(&store, now).await.unwrap()), ["1 halted", rests]);
        store.set_campaign_state(CampaignId(1), CampaignState::Running, now).await.unwrap();
        let runs = "1 runs: gentle_reminder overdue_reminder";
        assert_eq!(words(&seen.changes(&store, now).await.unwrap()), [runs]);
    }

    #[tokio::test]
    async fn a_running_campaign_that_is_moved_is_loaded_anew_without_a_halt() {
        let (store, now) = (MemoryStore::new(), Wall(0));
        let first = [version("gentle_reminder", "a", true), version("overdue_reminder", "b", true)];
        let id = store.create_campaign("c", LADDER, &first, now).await.unwrap();
        store.set_campaign_state(id, CampaignState::Running, now).await.unwrap();
        let mut seen = Seen::default();
        let runs = "1 runs: gentle_reminder overdue_reminder";
        assert_eq!(words(&seen.changes(&store, now).await.unwrap()), [runs]);
        store.publish(&version("overdue_reminder", "cc", true), now).await.unwrap();
        assert_eq!(words(&seen.changes(&store, now).await.unwrap()), [""; 0], "publishing moves no campaign");
        store.use_flow(id, &FlowHash("cc".into()), now).await.unwrap();
        assert_eq!(words(&seen.changes(&store, now).await.unwrap()), [runs]);
    }
}
