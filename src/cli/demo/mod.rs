//! `ringback demo`: the whole main job on one machine. The same import, campaign, engine, SIP, RTP, voices and store as a
//! real installation, against a telephone network of made-up people that runs as its own process. Only the clock is
//! special: when nothing is due and nothing is in the air, it moves to the next due moment.

mod exhibits;
mod judge;
mod screen;
mod stage;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;

use super::{campaign, export, import, report};
use crate::serve::{self, Edges, Manner};
use crate::store::SqliteStore;
use crate::time::{Clock, Wall};

#[derive(clap::Args)]
pub struct Arguments {
    /// How many people are rung.
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=6_000))]
    contacts: u32,
    /// Who they are; the same seed makes the same people.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Where everything is written. Made anew.
    #[arg(long, default_value = "demo")]
    dir: PathBuf,
    /// Keep the audio of every call and print what was said.
    #[arg(long)]
    listen: bool,
    /// Calls in the air at once.
    #[arg(long, default_value_t = 600)]
    channels_max: u32,
    /// Calls begun a second.
    #[arg(long, default_value_t = 60)]
    cps_max: u32,
}

/// A Tuesday: 9:30 in New York, 14:30 in London, 17:30 in Moscow. The same story every time.
const BEGINS: &str = "2026-11-24T14:30Z";

const LADDER: &str = include_str!("ladder.yaml");

pub async fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let begins: Wall = BEGINS.parse().expect("a fixed instant");
    let clock = Arc::new(Clock::starting_at(begins));
    let began = clock.now();

    println!("Ringback demo: {} made-up people, seed {}\n", arguments.contacts, arguments.seed);
    let mut stage = stage::set(arguments, begins).await?;
    println!("  telephone network: {} (its own process)", stage.sip);

    let store = SqliteStore::open(&stage.config.database).await.context("cannot open the demo's database")?;
    let store = Arc::new(store);
    let options = import::Options::plain(stage.dir.join("contacts.csv"));
    println!();
    import::run(&*store, &options, begins, &mut std::io::stdout()).await?;

    let sources = campaign::Sources::shipped(LADDER, &super::init::shipped_flows())?;
    campaign::create(&*store, "demo", &sources, begins).await?;
    let taken = campaign::start(&*store, &serve::numbers(&stage.config), "demo", begins).await?;
    println!("campaign `demo`: {taken}");

    let edges = Edges {
        lines: Vec::new(),
        store: store.clone(),
        clock: clock.clone(),
        prompts: super::prompts(&stage.config, &clock)?,
        courier: super::courier(&stage.config)?,
        signals: serve::Signals::new()?,
    };
    let mut screen = screen::Screen::new(begins);
    let manner = Manner { skip_idle: true, until_done: true };
    let ended = serve::run(&stage.config, edges, manner, |progress| screen.show(progress)).await?;
    screen.done();

    let network = stage.close().await?;
    let now = clock.now();
    report::run(&*store, &report::Options::default(), now.wall, &mut std::io::stdout()).await?;
    let options = export::Options {
        rows: crate::report::export::Rows::Attempts,
        campaign: None,
        file: stage.dir.join("attempts.csv"),
        format: None,
        full: false,
    };
    export::run(&*store, &options, now.wall, &mut std::io::stdout()).await?;
    exhibits::messages(&*store, &stage.dir).await?;
    let shown = exhibits::calls(&*store, &stage.dir, &network, arguments.listen).await?;
    let verdict = judge::compare(&*store, &network).await?;
    println!("{verdict}");
    println!(
        "{:.0} s by the clock on the wall of this room, {:.1} days by the demo's; \
         at most {} calls in the air at once",
        now.mono.since(began.mono).as_secs_f64(),
        now.wall.since(begins).as_secs_f64() / 86_400.0,
        ended.tally.in_air_max,
    );
    let figures = &ended.figures;
    println!(
        "answer to first audio packet: p50 {} ms, p99 {} ms ({} calls); key to next prompt: p50 {} ms, p99 {} ms ({} keys); \
         prompts made late: {}",
        figures.answer_to_audio.percentile_ms(50),
        figures.answer_to_audio.percentile_ms(99),
        figures.answer_to_audio.count(),
        figures.key_to_prompt.percentile_ms(50),
        figures.key_to_prompt.percentile_ms(99),
        figures.key_to_prompt.count(),
        figures.rendered_late,
    );
    if let Some(memory) = figures.memory {
        println!(
            "memory with {} calls in the air: {:.0} MB, of them {:.0} MB before the first call and {:.0} MB prompts; {:.0} kB a call",
            memory.in_air,
            memory.resident as f64 / 1e6,
            memory.before as f64 / 1e6,
            memory.prompts as f64 / 1e6,
            memory.per_call() as f64 / 1e3
        );
    }
    println!("\nLook at:\n{shown}");
    println!(
        "  ringback --config {0}/ringback.yaml why C-00001   (any contact of {0}/contacts.csv)",
        stage.dir.display()
    );
    Ok(if verdict.agrees() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
