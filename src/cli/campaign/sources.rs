//! What a campaign is pinned to when it is created: a ladder and the flows that it names.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, bail};

use crate::books::{FlowRef, FlowVersion, Which};
use crate::cli::flow::checked::{Fit, check};
use crate::config::Config;
use crate::diagnostic::{did_you_mean, render_all};
use crate::flow::program::{Program, Step};
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
        asked_for(&ladder, &sources.programs)?;
        never_silent(&ladder, &sources.programs)?;
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
        asked_for(&ladder, &sources.programs)?;
        never_silent(&ladder, &sources.programs)?;
        Ok(sources)
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

/// Agents that calls are started for are asked for by some flow.
fn asked_for(ladder: &Ladder, programs: &[Arc<Program>]) -> anyhow::Result<()> {
    let Some(pacing) = &ladder.pacing else { return Ok(()) };
    let mut steps = programs.iter().flat_map(|program| &program.steps);
    if !steps.any(|named| matches!(&named.step, Step::Queue(queue) if queue.queue == pacing.queue)) {
        let queue = &pacing.queue;
        bail!("`pacing` is for the queue {queue}, and no flow of the ladder asks for it; no campaign was created");
    }
    Ok(())
}

/// Who is dialled for an agent and finds none hears at once who rang: nobody is left in silence (UK-1, UK-2, US-T5).
pub(super) fn never_silent(ladder: &Ladder, programs: &[Arc<Program>]) -> anyhow::Result<()> {
    let silent = serve::silent(ladder, programs.iter().map(AsRef::as_ref));
    if !silent.is_empty() {
        bail!(
            "who finds no agent must hear at once who rang and how to decline further calls (UK-2, US-T5): route `no_agent` to a `say` or \
             `end` whose first message is made with `abandoned: {{ caller: …, decline: … }}`\n  {}",
            silent.join("\n  ")
        );
    }
    Ok(())
}

/// What held when the campaign was created must hold for the version to which it is moved.
pub(super) async fn lawful_after_move(
    config: &Config,
    store: &impl Store,
    name: &str,
    wanted: &FlowRef,
) -> anyhow::Result<()> {
    let campaign = store.campaign(name).await?;
    let published = store.published().await?;
    // What is not there is told by who moves it.
    let (Ok(found), (Some(ladder), _)) = (wanted.find(&published), ladder::compile(&campaign.ladder)) else {
        return Ok(());
    };
    let programs = [Arc::new(compiles(&found.flow)?)];
    never_silent(&ladder, &programs)?;
    let Unmet { forbidden, .. } = unmet(config, &programs);
    if !forbidden.is_empty() {
        bail!(
            "the config does not give what the flow wants; the campaign stays as it is\n  {}",
            forbidden.join("\n  ")
        );
    }
    lawful(config, &ladder, &programs)
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

#[cfg(test)]
mod tests {
    use super::*;

    const LADDER: &str = "ladder: l\npacing: { mode: predictive, queue: desk }\nsegments:\n  all: { when: days_overdue > -1000, flow: f }\nsteps:\n  - voice: segment.flow\n";

    /// Where `no_agent` leads, and what that says → whether a campaign may be.
    #[test]
    fn uk_2_no_campaign_without_the_message() {
        for (no_agent, more, expected) in [
            ("nobody", "", true),
            ("over", "", true),
            ("later", "  later: { branch: [{ when: contact.amount > 5 GBP, to: nobody }], else: over }\n", true),
            ("bye", "", false),
            ("late", "  late: { say: [own, nobody], end: informed }\n", false),
            ("later", "  later: { branch: [{ when: contact.amount > 5 GBP, to: nobody }], else: bye }\n", false),
            ("silent", "  silent: { end: informed }\n", false),
            ("ask", "  ask: { menu: nobody, keys: { \"9\": stop }, exhausted: bye }\n", false),
        ] {
            let flow = format!(
                "flow: f\nversion: 1\nlanguages: [en]\ncontact: {{ amount: money }}\nmessages:\n  \
                 own: {{ en: \"Goodbye. To stop these calls, press 9.\" }}\n  \
                 nobody: {{ abandoned: {{ caller: \"{{company}}\", decline: \"+442079460000\" }} }}\nstart: agent\n\
                 hotkeys: {{ \"*9\": stop }}\nnodes:\n  agent: {{ queue: desk, answered: talked, no_agent: {no_agent} }}\n  \
                 nobody: {{ say: nobody, next: bye }}\n  over: {{ say: nobody, end: informed }}\n  \
                 bye: {{ say: own, end: informed }}\n  talked: {{ end: transferred }}\n  \
                 stop: {{ opt_out: number, next: stopped }}\n  stopped: {{ say: own, end: opted_out }}\n{more}"
            );
            let compiled = flow::compile(&flow);
            let program = compiled.program.unwrap_or_else(|| panic!("{:?}", compiled.diagnostics));
            let ladder = ladder::compile(LADDER).0.unwrap();
            let result = never_silent(&ladder, &[Arc::new(program)]);
            assert_eq!(result.is_ok(), expected, "{no_agent} {more}: {result:?}");
        }
    }
}
