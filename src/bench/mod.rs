#![doc = include_str!("README.md")]

mod bare;
mod books;
mod crowd;
mod dry_run;
mod far_end;
mod figures;
mod house;
mod import;
mod line;
mod measure;
mod process;
mod reports;
mod seen;
mod sheet;
mod sys;
mod wording;

use std::path::PathBuf;

use anyhow::Context;

pub use self::bare::Args as BareArgs;
pub use self::books::Args as BooksArgs;
pub use self::dry_run::Args as DryRunArgs;
pub use self::far_end::Args as FarEndArgs;
pub use self::figures::Figures;
pub use self::reports::Args as ReportsArgs;

use self::house::Cores;
use self::measure::Bench;

/// What `ringback bench` is told.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Small numbers, under 30 seconds: to see that everything works, not how fast.
    #[arg(long)]
    quick: bool,
    /// Installations are made and unmade in here; the database lies there, so name a folder on the disk to be measured.
    #[arg(long, default_value = "bench-run")]
    dir: PathBuf,
    /// All figures, as JSON, into this file.
    #[arg(long)]
    json: Option<PathBuf>,
    /// What is measured, all of it by default.
    #[arg(long, value_delimiter = ',')]
    only: Vec<Part>,
    /// Calls at once, step by step; ends at the first step that is not held.
    #[arg(long, value_delimiter = ',', default_value = "100,500,1000,2000,3000,4000")]
    calls: Vec<usize>,
    /// Calls set up a second, step by step; ends at the first step that is not reached. At most 1000.
    #[arg(long, value_delimiter = ',', default_value = "50,100,200,400,800,1000")]
    rates: Vec<usize>,
    /// People in the list of the dry run, in the books and in the reports.
    #[arg(long, default_value_t = 1_000_000)]
    contacts: u64,
    /// Lines of the list that is imported.
    #[arg(long, default_value_t = 1_000_000)]
    lines: u64,
    /// Another build of this program, measured in its place by this one.
    #[arg(long)]
    program: Option<PathBuf>,
    /// The core that the engine stays on, by default the machine's last.
    #[arg(long)]
    engine_core: Option<usize>,
    /// The core that the far end stays on, by default the machine's first.
    #[arg(long)]
    far_end_core: Option<usize>,
}

/// A part of the measurement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Part {
    /// Memory and the time to start.
    Idle,
    /// Calls set up a second.
    Rate,
    /// Calls at once.
    Calls,
    /// What a bare loop can do.
    Ceiling,
    /// Thirty days of a list of made-up people, played.
    DryRun,
    /// What is due next in books of as many people, and what an attempt writes.
    Books,
    /// Reports and exports of a year's books of as many people, five calls each.
    Reports,
    /// Contacts imported from a list: time and memory.
    Import,
}

/// Measures, shows each step as it ends, and the table at the end.
///
/// # Errors
/// A process that does not start, a folder that cannot be written, an engine that fails. A step whose calls fail is no error: it is
/// where the limit lies.
pub fn run(args: &Args) -> anyhow::Result<()> {
    let available = sys::cores();
    let (engine, far_end) = match available[..] {
        [first, .., last] => (Some(last), Some(first)),
        _ => {
            eprintln!("one core only: engine and far end share it, and the figures are those of both");
            (None, None)
        }
    };
    let cores = Cores { engine: args.engine_core.or(engine), far_end: args.far_end_core.or(far_end) };
    let program = match &args.program {
        Some(program) => program.clone(),
        None => std::env::current_exe().context("cannot find this program's own file")?,
    };
    let mut bench = Bench::new(&args.dir, &program, cores, args.quick)?;
    let wanted = |part: Part| args.only.is_empty() || args.only.contains(&part);
    let (calls, rates): (&[usize], &[usize]) = if args.quick { (&[10], &[10]) } else { (&args.calls, &args.rates) };
    if wanted(Part::Idle) {
        bench.idle()?;
    }
    if wanted(Part::Rate) {
        bench.rates(rates)?;
    }
    if wanted(Part::Calls) {
        bench.calls(calls)?;
    }
    if wanted(Part::Ceiling) {
        bench.ceiling()?;
    }
    if wanted(Part::DryRun) {
        bench.dry_run(args.contacts)?;
    }
    if wanted(Part::Books) {
        bench.books(args.contacts)?;
    }
    if wanted(Part::Reports) {
        bench.reports(args.contacts)?;
    }
    if wanted(Part::Import) {
        bench.import(if args.quick { 2_000 } else { args.lines })?;
    }
    let figures = bench.close()?;
    println!("\n{figures}");
    if let Some(path) = &args.json {
        let text = serde_json::to_string_pretty(&figures)?;
        std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

/// The far end's process; `ringback bench` starts it.
pub fn run_far_end(args: &FarEndArgs) -> anyhow::Result<()> {
    far_end::run(args)
}

/// The bare loop's process; `ringback bench` starts it.
pub fn run_bare(args: &BareArgs) -> anyhow::Result<()> {
    bare::run(args)
}

/// The dry run's process; `ringback bench` starts it.
pub fn run_dry_run(args: &DryRunArgs) -> anyhow::Result<()> {
    dry_run::run(args)
}

/// The process that reports about large books; `ringback bench` starts it.
pub fn run_reports(args: &ReportsArgs) -> anyhow::Result<()> {
    reports::run(args)
}

/// The process that keeps large books; `ringback bench` starts it.
pub fn run_books(args: &BooksArgs) -> anyhow::Result<()> {
    books::run(args)
}
