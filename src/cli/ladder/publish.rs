//! `ringback ladder publish | versions`: ladders kept for good, by name, version and content.

use std::io::Write;
use std::path::{Path, PathBuf};

use super::{files, read};
use crate::books::{Campaign, CampaignState, LadderVersion, Publication, PublishedLadder};
use crate::campaign::rehearse::rehearse;
use crate::cli::flow::minute;
use crate::diagnostic::render_all;
use crate::ladder::{Compiled, Ladder, compile_with_tests};
use crate::store::{Store, StoreError};
use crate::time::Wall;

/// A ladder that compiles and whose tests pass.
pub(in crate::cli) struct Fit {
    pub ladder: Ladder,
    pub tests: usize,
    /// Diagnostics that are no errors, as text.
    pub findings: String,
}

/// # Errors
/// What is wrong with it, in full.
pub(in crate::cli) fn fit(source: &str, file: &str) -> Result<Fit, String> {
    let Compiled { ladder, tests, diagnostics } = compile_with_tests(source);
    let findings = render_all(&diagnostics, file, source);
    let Some(ladder) = ladder else { return Err(format!("{findings}it has errors")) };
    let failed = tests.iter().filter_map(|test| rehearse(&ladder, test).err().map(|failure| (test, failure)));
    let failed: Vec<String> =
        failed.map(|(test, failure)| format!("test \"{}\" fails: {}\n", test.name, failure.message)).collect();
    match failed.len() {
        0 => Ok(Fit { ladder, tests: tests.len(), findings }),
        n => Err(format!("{findings}{}it fails {n} of its {} tests", failed.concat(), tests.len())),
    }
}

/// As it is published; `None`: it has no `version`, and is told apart by its content alone.
pub(in crate::cli) fn version_of(ladder: &Ladder, source: &str) -> Option<LadderVersion> {
    let (hash, name) = (ladder.hash.clone(), ladder.name.clone());
    ladder.version.map(|version| LadderVersion { hash, name, version, source: source.to_string() })
}

pub(super) async fn publish(
    store: &impl Store,
    paths: &[PathBuf],
    now: Wall,
    out: &mut impl Write,
) -> anyhow::Result<bool> {
    let (mut new, mut already, mut refused) = (0, 0, 0);
    for path in files(paths, "ladder")? {
        match publish_one(store, &path, now, out).await? {
            Some(Publication::New) => new += 1,
            Some(Publication::Already(_)) => already += 1,
            None => refused += 1,
        }
    }
    writeln!(out, "{new} published, {already} already there, {refused} refused")?;
    Ok(refused == 0)
}

/// `None`: it is not published; why has been said.
async fn publish_one(
    store: &impl Store,
    path: &Path,
    now: Wall,
    out: &mut impl Write,
) -> anyhow::Result<Option<Publication>> {
    let (file, source) = (path.display(), read(path)?);
    let fit = match fit(&source, &file.to_string()) {
        Ok(fit) => fit,
        Err(why) => {
            writeln!(out, "{file}: NOT published: {why}")?;
            return Ok(None);
        }
    };
    write!(out, "{}", fit.findings)?;
    let Some(version) = version_of(&fit.ladder, &source) else {
        writeln!(out, "{file}: NOT published: it has no version; write `version: 1` below `ladder:`")?;
        return Ok(None);
    };
    match store.publish_ladder(&version, now).await {
        Ok(Publication::New) => {
            writeln!(out, "{file}: published {version}; tests that pass: {}", fit.tests)?;
            for campaign in goes_by(&version.name, &store.campaigns().await?).filter(|(_, hash)| *hash != version.hash)
            {
                let (name, hash) = (&campaign.0.name, campaign.1);
                writeln!(
                    out,
                    "  note: campaign {name} goes by {hash}; `ringback campaign use-ladder {name} FILE` moves it"
                )?;
            }
            Ok(Some(Publication::New))
        }
        Ok(Publication::Already(at)) => {
            writeln!(out, "{file}: already published {version}, {}", minute(at))?;
            Ok(Some(Publication::Already(at)))
        }
        Err(StoreError::Conflict(why)) => {
            writeln!(out, "{file}: NOT published: {why}")?;
            Ok(None)
        }
        Err(e @ (StoreError::NotFound(_) | StoreError::Unavailable(_))) => Err(e.into()),
    }
}

/// Campaigns that are not over and whose ladder has this name, with its hash.
fn goes_by<'c>(name: &str, campaigns: &'c [Campaign]) -> impl Iterator<Item = (&'c Campaign, String)> {
    let going = campaigns.iter().filter(|c| match c.state {
        CampaignState::Draft | CampaignState::Running | CampaignState::Paused => true,
        CampaignState::Stopped | CampaignState::Finished => false,
    });
    let name = name.to_string();
    going.filter_map(move |c| {
        let ladder = crate::ladder::compile(&c.ladder).0.filter(|ladder| ladder.name == name)?;
        Some((c, ladder.hash))
    })
}

pub(super) async fn versions(store: &impl Store, out: &mut impl Write) -> anyhow::Result<bool> {
    let published = store.published_ladders().await?;
    if published.is_empty() {
        writeln!(out, "no ladder is published yet; `ringback ladder publish FILES` publishes them")?;
    }
    let campaigns = store.campaigns().await?;
    for PublishedLadder { ladder, published_at } in &published {
        let users: Vec<String> = goes_by(&ladder.name, &campaigns)
            .filter(|(_, hash)| *hash == ladder.hash)
            .map(|(campaign, _)| format!("{} ({})", campaign.name, campaign.state))
            .collect();
        let used = if users.is_empty() { String::new() } else { format!("; used by {}", users.join(", ")) };
        writeln!(out, "{ladder}, published {}{used}", minute(*published_at))?;
    }
    Ok(true)
}
