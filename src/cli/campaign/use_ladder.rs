//! `ringback campaign use-ladder`: another version of its ladder for a campaign that goes on.

use std::io::Write;
use std::path::Path;

use anyhow::{Context, bail};

use super::sources;
use crate::books::{Campaign, CampaignState};
use crate::cli::ladder::version_of;
use crate::config::Config;
use crate::ladder::{self, Ladder};
use crate::serve;
use crate::store::Store;
use crate::time::Wall;

pub(super) async fn run(
    store: &impl Store,
    config: &Config,
    name: &str,
    file: &Path,
    now: Wall,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let campaign = store.campaign(name).await?;
    let (source, new) = sources::read_ladder(file)?;
    let before = ladder::compile(&campaign.ladder).0;
    if let Some(before) = &before {
        let lacks = goes_on(before, &new);
        if !lacks.is_empty() {
            bail!(
                "campaign {name} cannot go on with this ladder, since its attempts name their steps and segments by those that it began \
                 with; create another campaign\n  {}",
                lacks.join("\n  ")
            );
        }
    }
    let programs = serve::load_plan(&Campaign { ladder: source.clone(), ..campaign.clone() })?.programs;
    if let Some(flow) = new.flows().into_iter().find(|flow| !programs.contains_key(*flow)) {
        let has: Vec<&str> = programs.keys().map(String::as_str).collect();
        bail!(
            "the ladder names the flow {flow}, and campaign {name} has {} only; create another campaign",
            has.join(", ")
        );
    }
    let programs: Vec<_> = programs.into_values().collect();
    sources::nodes_are_there(&new, &programs)?;
    sources::lawful(config, &new, &programs)?;
    if let Some(version) = version_of(&new, &source) {
        store.publish_ladder(&version, now).await?;
    }
    let was = before.map_or_else(|| format!("({})", ladder::hash(&campaign.ladder)), |before| before.edition());
    let (is, detail) = (new.edition(), format!("from {was} to {}", new.edition()));
    let moved =
        store.use_ladder(campaign.id, &source, &detail, now).await.with_context(|| format!("campaign {name}"))?;
    if !moved {
        writeln!(out, "campaign {name} goes by {is} already")?;
        return Ok(());
    }
    writeln!(out, "campaign {name} is moved from {was} to {is}")?;
    writeln!(
        out,
        "what comes next for its contacts is the new ladder's to say (`ringback serve` sees it within a second); attempts that are \
         planned stay planned"
    )?;
    if campaign.state == CampaignState::Paused {
        writeln!(out, "the campaign is paused; `ringback campaign start {name}` goes on")?;
    }
    Ok(())
}

/// Why attempts of `before` would mean something else in `after`: steps are named by their place in the list of all, segments by name.
fn goes_on(before: &Ladder, after: &Ladder) -> Vec<String> {
    let mut lacks = Vec::new();
    if before.name != after.name {
        lacks.push(format!("it is called {}, not {}", after.name, before.name));
    }
    let shape = |ladder: &Ladder| {
        let steps = ladder.steps.iter().map(|step| format!("{} {}", step.does.channel(), step.name));
        steps.collect::<Vec<_>>()
    };
    if before.lists != after.lists || shape(before) != shape(after) {
        let told = |ladder: &Ladder| shape(ladder).join(", ");
        lacks.push(format!("its steps are: {}; those of the campaign are: {}", told(after), told(before)));
    }
    for segment in before.segments.iter().filter(|s| !after.segments.iter().any(|other| other.name == s.name)) {
        lacks.push(format!("it has no segment {}", segment.name));
    }
    lacks
}

#[cfg(test)]
mod tests {
    use super::*;

    const LADDER: &str = "\
ladder: small
version: 1
languages: [en]
segments:
  early: { when: days_overdue < 10, flow: reminder }
  late: { when: days_overdue >= 10, flow: reminder }
window: { days: daily, from: \"09:00\", to: \"20:00\", zone: contact }
steps:
  - voice: segment.flow
    retry: { no_answer: [1d] }
  - human: desk
    after: 3d
";

    #[test]
    fn what_a_campaign_can_go_on_with() {
        let read =
            |source: &str| ladder::compile(source).0.unwrap_or_else(|| panic!("{:?}", ladder::compile(source).1));
        for (from, to, lacks) in [
            ("[1d]", "[2d, 2d]", ""),
            ("after: 3d", "after: 1d", ""),
            ("days_overdue < 10", "days_overdue < 5", ""),
            ("ladder: small", "ladder: other", "it is called other, not small"),
            (
                "  - human: desk\n    after: 3d\n",
                "",
                "its steps are: voice voice; those of the campaign are: voice voice, human human",
            ),
            (
                "  - voice",
                "  - human: desk\n    name: desk_first\n  - voice",
                "its steps are: human desk_first, voice voice",
            ),
            ("  late:", "  later:", "it has no segment late"),
        ] {
            assert!(LADDER.contains(from), "{from}");
            let found = goes_on(&read(LADDER), &read(&LADDER.replacen(from, to, 1))).join("; ");
            assert!(if lacks.is_empty() { found.is_empty() } else { found.contains(lacks) }, "{to}: {found}");
        }
    }
}
