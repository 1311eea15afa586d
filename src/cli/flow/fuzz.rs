//! `ringback flow fuzz`: random callers of flows.

use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use super::files::{flow_files, read};
use crate::diagnostic::render_all;
use crate::flow::{self, Compiled};
use crate::time::Clock;
use crate::workshop::coverage::Coverage;
use crate::workshop::fuzz::{Fuzzed, fuzz};
use crate::workshop::test_entry::entry;

#[derive(Debug, clap::Args)]
pub struct FuzzArgs {
    /// Files, or folders whose *.yaml are taken.
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// The same seed makes the same calls.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Calls to each flow.
    #[arg(long, default_value_t = 10_000)]
    calls: u64,
}

/// `false` when a flow does not compile or a call broke a law.
pub(super) fn run(args: &FuzzArgs, out: &mut impl Write) -> anyhow::Result<bool> {
    // A call that panics is found and told of; what it says while it is made shorter, a thousand times, nobody wants to read.
    std::panic::set_hook(Box::new(|_| {}));
    let told = try_all(args, out);
    drop(std::panic::take_hook());
    told
}

fn try_all(args: &FuzzArgs, out: &mut impl Write) -> anyhow::Result<bool> {
    let mut well = true;
    let clock = Clock::system();
    for path in flow_files(&args.paths)? {
        let source = read(&path)?;
        let file = path.display().to_string();
        let program = match flow::compile(&source) {
            Compiled { program: Some(program), .. } => Arc::new(program),
            Compiled { program: None, diagnostics, .. } => {
                write!(out, "{}", render_all(&diagnostics, &file, &source))?;
                well = false;
                continue;
            }
        };
        writeln!(out, "{file}: {} version {}", program.name, program.version)?;
        let before = clock.now().mono;
        let Fuzzed { calls, covered, broken } = fuzz(&program, args.seed, args.calls);
        let took = clock.now().mono.since(before).as_secs_f64();
        let rate = calls as f64 / took.max(0.001);
        writeln!(
            out,
            "  {calls} calls from seed {}, {rate:.0} a second\n  {}",
            args.seed,
            Coverage::of(&program, &covered)
        )?;
        if let Some(found) = broken {
            well = false;
            let (law, detail) = (found.broken.law, &found.broken.detail);
            writeln!(out, "  BROKEN: {law}: {detail}")?;
            writeln!(out, "  Again: ringback flow fuzz {file} --seed {} --calls 1", found.seed)?;
            writeln!(out, "  As a test, to stand under `tests:` until it passes:\n{}", entry(&program, &found.test))?;
        }
    }
    Ok(well)
}
