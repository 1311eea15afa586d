//! What a campaign is pinned to when it is created: a ladder and the flows that it names.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, bail};

use crate::books::{FlowRef, FlowVersion, Which};
use crate::cli::flow::checked::{Fit, check};
use crate::config::Config;
use crate::diagnostic::{did_you_mean, render_all};
use crate::flow::program::{Program, Step, StepId, Via};
use crate::ladder::{self, Ladder};
use crate::serve::{self, Unmet, unmet};
use crate::store::Store;
use crate::{cli, flow};

/// A ladder and the flows it names, read and found good.
pub(in crate::cli) struct Sources {
    pub ladder: String,
    pub flows: Vec<FlowVersion>,
    /// The same, compiled.
    programs: Vec<Arc<Program>>,
}

impl Sources {
    /// Flows that are published: the latest version of each, unless `chosen` names another.
    pub async fn published(store: &impl Store, ladder_path: &Path, chosen: &[FlowRef]) -> anyhow::Result<Sources> {
        let (source, ladder) = read_ladder(ladder_path)?;
        let names = ladder.flows();
        if let Some(stray) = chosen.iter().find(|c| !names.contains(&c.name.as_str())) {
            bail!("--flow {}: the ladder names no such flow; it names {}", stray.name, names.join(", "));
        }
        let published = store.published().await?;
        let (mut flows, mut programs) = (Vec::new(), Vec::new());
        for name in names {
            let latest = || FlowRef { name: name.to_string(), which: Which::Latest };
            let wanted = chosen.iter().find(|c| c.name == name).cloned().unwrap_or_else(latest);
            let found = wanted.find(&published).with_context(|| {
                format!(
                    "the ladder names the flow {name}; `ringback flow publish FILE` publishes it, or give its folder \
                     with --flows"
                )
            })?;
            programs.push(Arc::new(compiles(&found.flow)?));
            flows.push(found.flow.clone());
        }
        nodes_are_there(&ladder, &programs)?;
        let sources = Sources { ladder: source, flows, programs };
        sources.never_silent(&ladder)?;
        Ok(sources)
    }

    /// Flows as they lie in a folder, found fit to be published.
    pub fn read(ladder_path: &Path, flows_dir: &Path) -> anyhow::Result<Sources> {
        let (source, ladder) = read_ladder(ladder_path)?;
        let (mut flows, mut programs) = (Vec::new(), Vec::new());
        for name in ladder.flows() {
            let path = flows_dir.join(format!("{name}.yaml"));
            let flow_source =
                cli::flow::files::read(&path).with_context(|| format!("the ladder names the flow {name}"))?;
            let Fit { flow, program, .. } = fit(name, &flow_source, &path.display().to_string())?;
            flows.push(flow);
            programs.push(program);
        }
        nodes_are_there(&ladder, &programs)?;
        let sources = Sources { ladder: source, flows, programs };
        sources.never_silent(&ladder)?;
        Ok(sources)
    }

    /// Who is dialled for an agent and finds none must hear something: nobody is left in silence (UK-1, US-T5).
    fn never_silent(&self, ladder: &Ladder) -> anyhow::Result<()> {
        let Some(pacing) = &ladder.pacing else { return Ok(()) };
        let mut silent = Vec::new();
        let mut asks = false;
        for program in &self.programs {
            for named in &program.steps {
                let Step::Queue(queue) = &named.step else { continue };
                if queue.queue != pacing.queue {
                    continue;
                }
                asks = true;
                let ways = named.routes.iter().filter(|(via, _)| matches!(via, Via::Outcome("no_agent" | "no_time")));
                if ways.clone().any(|(_, to)| ends_silent(program, *to)) {
                    silent
                        .push(format!("flow {}, node {}: who finds no agent hears nothing", program.name, named.name));
                }
            }
        }
        if !silent.is_empty() {
            bail!("route `no_agent` to a node that says so; no campaign was created\n  {}", silent.join("\n  "));
        }
        if !asks {
            let queue = &pacing.queue;
            bail!("`pacing` is for the queue {queue}, and no flow of the ladder asks for it; no campaign was created");
        }
        Ok(())
    }

    /// A flow that wants what the config does not give is told now, not when somebody is on the line; one that wants what
    /// the config forbids is refused.
    pub fn held_against(&self, config: &Config) -> anyhow::Result<()> {
        let Unmet { forbidden, missing } = unmet(config, &self.programs);
        missing.iter().for_each(|what| eprintln!("warning: {what}"));
        let (ladder, _) = ladder::compile(&self.ladder);
        if let Some(ladder) = ladder {
            lawful(config, &ladder, &self.programs)?;
        }
        if !forbidden.is_empty() {
            let what = forbidden.join("\n  ");
            bail!("the config does not give what the flows want; no campaign was created\n  {what}");
        }
        Ok(())
    }

    /// From texts instead of files; `flows` by name.
    pub fn shipped(ladder_source: &str, flows: &BTreeMap<&str, &str>) -> anyhow::Result<Sources> {
        let ladder = checked_ladder(ladder_source, "the shipped ladder")?;
        let (mut versions, mut programs) = (Vec::new(), Vec::new());
        for name in ladder.flows() {
            let source = flows.get(name).with_context(|| format!("the shipped ladder names the flow {name}"))?;
            let Fit { flow, program, .. } = fit(name, source, name)?;
            versions.push(flow);
            programs.push(program);
        }
        Ok(Sources { ladder: ladder_source.to_string(), flows: versions, programs })
    }
}

/// What the ladder's packs demand beside hours and counts must be there, or nobody is called.
pub(super) fn lawful(config: &Config, ladder: &Ladder, programs: &[Arc<Program>]) -> anyhow::Result<()> {
    let what = serve::unlawful(config, ladder, programs.iter().map(AsRef::as_ref));
    if !what.is_empty() {
        bail!("the rules that the ladder names under `policy` are not kept:\n  {}", what.join("\n  "));
    }
    Ok(())
}

/// The ladder's compiler does not know the flows that it names.
pub(super) fn nodes_are_there(ladder: &Ladder, programs: &[Arc<Program>]) -> anyhow::Result<()> {
    for (node, flows) in ladder.nodes_named() {
        let of = || programs.iter().filter(|program| flows.contains(&program.name.as_str()));
        let mut nodes = of().flat_map(|program| program.steps.iter().map(|step| step.name.as_str()));
        if !nodes.any(|known| known == node) {
            let near = of().flat_map(|program| program.steps.iter().map(|step| step.name.as_str()));
            let hint = did_you_mean(node, near).map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
            let flows = flows.join(", ");
            bail!("the ladder retries hung_up_early at `{node}`, and no node of {flows} is called so{hint}");
        }
    }
    Ok(())
}

/// Whether some way from this node on says nothing.
fn ends_silent(program: &Program, from: StepId) -> bool {
    let mut seen = BTreeSet::new();
    let mut to_see = vec![from];
    while let Some(id) = to_see.pop() {
        let named = program.step(id);
        if !named.says.is_empty() || !seen.insert(id) {
            continue;
        }
        if named.routes.is_empty() {
            return true;
        }
        to_see.extend(named.routes.iter().map(|(_, to)| *to));
    }
    false
}

pub(super) fn read_ladder(path: &Path) -> anyhow::Result<(String, Ladder)> {
    let source = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let ladder = checked_ladder(&source, &path.display().to_string())?;
    Ok((source, ladder))
}

fn checked_ladder(source: &str, file: &str) -> anyhow::Result<Ladder> {
    let fit = cli::ladder::fit(source, file).map_err(|why| anyhow::anyhow!("{file}: {why}; nothing was changed"))?;
    eprint!("{}", fit.findings);
    Ok(fit.ladder)
}

/// A flow with errors or failing tests cannot be pinned.
fn fit(name: &str, source: &str, file: &str) -> anyhow::Result<Fit> {
    let checked = check(source, file);
    eprint!("{}", checked.findings);
    let fit = checked.verdict.map_err(|why| anyhow::anyhow!("{file} {why}; no campaign was created"))?;
    if fit.flow.name != name {
        bail!("{file} holds the flow {}, not {name} as the ladder names it; no campaign was created", fit.flow.name);
    }
    Ok(fit)
}

/// It did when it was published; this program may be another.
pub(super) fn compiles(version: &FlowVersion) -> anyhow::Result<flow::program::Program> {
    let compiled = flow::compile(&version.source);
    let findings = || render_all(&compiled.diagnostics, &version.to_string(), &version.source);
    compiled.program.clone().with_context(|| {
        format!("{version} does not compile with this version of ringback; publish one that does\n{}", findings())
    })
}
