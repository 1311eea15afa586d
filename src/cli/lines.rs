//! The lines that the config names: their flows, read and held against what a line can give.

use anyhow::{Context, bail};

use super::flow::{checked, files};
use crate::config::Config;
use crate::engine::{Line, unfit};
use crate::{flow, serve};
use std::sync::Arc;

/// All of them, in order.
///
/// # Errors
/// A flow that cannot be read, has errors or failing tests, or wants a contact or what the config does not give.
pub(super) fn load(config: &Config) -> anyhow::Result<Vec<Line>> {
    let mut lines = Vec::new();
    for line in &config.lines {
        let file = line.flow.display().to_string();
        let source = files::read(&line.flow).context("a line of the config names a flow")?;
        let checked = checked::check(&source, &file);
        eprint!("{}", checked.findings);
        let version = checked.verdict.map_err(|why| anyhow::anyhow!("{file} {why}; it cannot answer a line"))?.flow;
        let program = flow::compile(&version.source).program.context("a flow that was checked compiles")?;
        let mut unfit = unfit(&program);
        for unmet in serve::unmet(config, &program) {
            if unmet.forbidden {
                unfit.push(unmet.what);
            } else {
                tracing::warn!("{}", unmet.what);
            }
        }
        if !unfit.is_empty() {
            bail!("{file} cannot answer a line:\n  {}", unfit.join("\n  "));
        }
        lines.push(Line {
            did: line.did.clone(),
            program: Arc::new(program),
            company: line.company.clone(),
            language: line.language,
            zone: line.zone.clone(),
            calls_max: line.calls_max,
        });
    }
    Ok(lines)
}
