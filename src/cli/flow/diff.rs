//! `ringback flow diff`: what a client would hear or press differently.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use super::files::{flow_files, read};
use crate::books::{FlowRef, Which};
use crate::cli;
use crate::diagnostic::render_all;
use crate::flow::program::Program;
use crate::flow::{self, Compiled};
use crate::store::Store;
use crate::workshop::diff;

/// `false` when there is a difference. Each side is a file, or else a published flow; without `new`, `old` is the new one and
/// is compared with the published flow of its name.
pub(super) fn diff(config: &Path, old: &str, new: Option<&str>, out: &mut impl Write) -> anyhow::Result<bool> {
    let (old, new) = match new {
        Some(new) => (side(config, old)?, side(config, new)?),
        None => {
            let new = program(Path::new(old))?;
            let name = new.name.clone();
            (published(config, &FlowRef { name, which: Which::Latest })?, new)
        }
    };
    let changes = diff::words(&old, &new);
    write!(out, "{}", diff::text(&changes))?;
    Ok(changes.is_empty())
}

fn side(config: &Path, what: &str) -> anyhow::Result<Program> {
    let file = Path::new(what);
    if file.exists() {
        return program(file);
    }
    let reference: FlowRef =
        what.parse().with_context(|| format!("there is no file `{what}`, and it names no published flow"))?;
    published(config, &reference)
}

fn published(config: &Path, reference: &FlowRef) -> anyhow::Result<Program> {
    let published = cli::runtime()?.block_on(async {
        let (_, store, _) = cli::open(config).await?;
        anyhow::Ok(store.published().await?)
    })?;
    let version = reference.find(&published)?.flow.clone();
    match flow::compile(&version.source) {
        Compiled { program: Some(program), .. } => Ok(program),
        Compiled { program: None, diagnostics, .. } => {
            let wrong = render_all(&diagnostics, &version.to_string(), &version.source);
            bail!("{version} does not compile with this version of ringback\n{wrong}")
        }
    }
}

/// The flow in this file.
///
/// # Errors
/// What the compiler finds wrong with it.
/// The flows of files, or of folders whose *.yaml are taken.
pub(in crate::cli) fn programs(paths: &[PathBuf]) -> anyhow::Result<Vec<Program>> {
    flow_files(paths)?.iter().map(|file| program(file)).collect()
}

pub(super) fn program(file: &Path) -> anyhow::Result<Program> {
    let source = read(file)?;
    match flow::compile(&source) {
        Compiled { program: Some(program), .. } => Ok(program),
        Compiled { program: None, subflow: Some(_), .. } => bail!(part_of_others(file)),
        Compiled { program: None, subflow: None, diagnostics, .. } => {
            let wrong = render_all(&diagnostics, &file.display().to_string(), &source);
            bail!("{} does not compile\n{wrong}", file.display())
        }
    }
}

/// A sub-flow has neither a beginning nor clients of its own.
pub(super) fn part_of_others(file: &Path) -> String {
    format!("{} is a sub-flow: it is looked at as a part of the flows that call it", file.display())
}
