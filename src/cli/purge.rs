//! `ringback purge`: what is over is deleted; `serve` does the same once a day.

use std::io::Write;
use std::path::Path;

use crate::keeping;
use crate::store::Store;

#[derive(clap::Args)]
pub struct Arguments {
    /// Only tell what would be deleted, and what is held by which law until when.
    #[arg(long)]
    dry_run: bool,
    /// Delete nothing; tell what the last purges did, newest first.
    #[arg(long, conflicts_with = "dry_run")]
    reports: bool,
}

/// Reports that are shown.
const SHOWN_MAX: u32 = 30;

pub async fn run(config: &Path, arguments: &Arguments) -> anyhow::Result<()> {
    let (config, store, clock) = super::open(config).await?;
    let out = &mut std::io::stdout();
    if arguments.reports {
        for told in store.purges(SHOWN_MAX).await? {
            writeln!(out, "{}\n{}", told.at, told.report)?;
        }
        return Ok(());
    }
    let purged = keeping::purge(&*store, &super::folders(&config), clock.now().wall, arguments.dry_run).await?;
    write!(out, "{purged}")?;
    Ok(())
}
