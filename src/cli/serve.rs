//! `ringback serve`.

use std::path::Path;

use anyhow::Context;

use crate::books::CampaignState;
use crate::serve::{self, Edges, Manner, Progress, Signals};
use crate::store::Store;

/// A line of progress goes to the log this often, in seconds of running time.
const LOG_EVERY_S: u64 = 10;

/// On one line.
pub(super) fn words(holding: &[crate::books::Holding]) -> String {
    holding.iter().map(|held| format!("{} {}", held.about, held.says)).collect::<Vec<_>>().join("; ")
}

pub async fn run(config: &Path) -> anyhow::Result<()> {
    let signals = Signals::new().context("cannot listen for signals")?;
    let (config, store, clock) = super::open(config).await?;
    super::import::mend(&config, &*store, clock.now().wall, &mut std::io::stderr()).await?;
    let prompts = super::prompts(&config, &clock)?;
    // What campaigns had pinned that are over meanwhile.
    let campaigns = store.campaigns().await?;
    let going_on = campaigns.iter().filter(|c| !matches!(c.state, CampaignState::Stopped | CampaignState::Finished));
    prompts.unpin_all_but(going_on.map(|campaign| campaign.name.as_str()))?;
    let counted = store.clone();
    let lines = super::lines::load(&config)?;
    let edges = Edges { store, clock, prompts, courier: super::courier(&config)?, signals, lines };
    let mut logged = None;
    let show = |progress: &Progress| {
        let second = progress.now.mono.0 / 1_000_000;
        if logged.is_none_or(|at| second >= at + LOG_EVERY_S) {
            logged = Some(second);
            let tally = progress.tally;
            tracing::info!(
                in_air = progress.in_air,
                dialled = tally.dialled,
                answered = tally.answered,
                promises = tally.promises,
                errors = tally.errors,
                holding = words(&progress.holding),
                "progress"
            );
        }
    };
    let ended = serve::run(&config, edges, Manner::default(), show).await?;
    let (tally, figures, written) = (&ended.tally, &ended.figures, counted.counters());
    tracing::info!(
        dialled = tally.dialled,
        promises = tally.promises,
        errors = tally.errors,
        transactions = written.transactions,
        statements = written.statements,
        rtp_sent = figures.rtp_sent,
        rtp_received = figures.rtp_received,
        rtp_lost = figures.rtp_lost,
        "stopped"
    );
    Ok(())
}
