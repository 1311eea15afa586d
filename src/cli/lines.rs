//! The lines that the config names: their flows, read and held against what a line can give.

use anyhow::{Context, bail};

use super::flow::{checked, files};
use crate::config::Config;
use crate::engine::{Line, unfit};
use crate::serve::{Unmet, unmet};

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
        let program = checked.verdict.map_err(|why| anyhow::anyhow!("{file} {why}; it cannot answer a line"))?.program;
        let Unmet { forbidden, missing } = unmet(config, [&program]);
        missing.iter().for_each(|what| tracing::warn!("{what}"));
        let mut unfit = unfit(&program);
        unfit.extend(forbidden);
        if !unfit.is_empty() {
            bail!("{file} cannot answer a line:\n  {}", unfit.join("\n  "));
        }
        lines.push(Line {
            did: line.did.clone(),
            program,
            company: line.company.clone(),
            language: line.language,
            zone: line.zone.clone(),
            calls_max: line.calls_max,
        });
    }
    Ok(lines)
}
