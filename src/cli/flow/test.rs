//! `ringback flow test`: the tests in flows, and what they cover.

use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use super::files::{flow_files, read};
use crate::call::rehearse::{Covered, rehearse};
use crate::diagnostic::render_all;
use crate::flow::program::Program;
use crate::flow::test::TestCase;
use crate::flow::{self, Compiled};
use crate::workshop::coverage::Coverage;

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Files, or folders whose *.yaml are taken.
    #[arg(required = true)]
    pub(super) paths: Vec<PathBuf>,
    /// Fail unless the tests enter every node, or take every way out of every node.
    #[arg(long, value_enum)]
    pub(super) require: Option<Require>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Require {
    Nodes,
    Ways,
}

/// `false` when a test fails, a flow does not compile, or the tests cover less than is required.
pub(super) fn test(arguments: &Arguments, out: &mut impl Write) -> anyhow::Result<bool> {
    let mut score = Score::default();
    for file in flow_files(&arguments.paths)? {
        let source = read(&file)?;
        let file = file.display().to_string();
        match flow::compile(&source) {
            Compiled { program: Some(program), tests, .. } => {
                let coverage = test_flow(&file, program, &tests, &mut score, out)?;
                let enough = match arguments.require {
                    None => true,
                    Some(Require::Nodes) => coverage.all_nodes(),
                    Some(Require::Ways) => coverage.all_ways(),
                };
                if !enough {
                    score.uncovered += 1;
                    writeln!(out, "  FAILED  the tests do not cover what is required")?;
                }
            }
            Compiled { subflow: Some(name), .. } => {
                writeln!(out, "{file}: {name} is a sub-flow; the flows that call it test it")?;
            }
            Compiled { program: None, diagnostics, .. } => {
                score.broken += 1;
                write!(out, "{}", render_all(&diagnostics, &file, &source))?;
            }
        }
    }
    let Score { passed, failed, broken, uncovered } = score;
    let also =
        |count: usize, what: &str| if count > 0 { format!("; {count} of the flows {what}") } else { String::new() };
    let (broken_words, uncovered_words) = (also(broken, "do not compile"), also(uncovered, "are not covered"));
    writeln!(out, "{} tests: {passed} ok, {failed} FAILED{broken_words}{uncovered_words}", passed + failed)?;
    Ok(failed == 0 && broken == 0 && uncovered == 0)
}

fn test_flow(
    file: &str,
    program: Program,
    tests: &[TestCase],
    score: &mut Score,
    out: &mut impl Write,
) -> anyhow::Result<Coverage> {
    let program = Arc::new(program);
    writeln!(out, "{file}: {} version {}", program.name, program.version)?;
    let mut covered = Covered::default();
    for case in tests {
        match rehearse(&program, case) {
            Ok(rehearsal) => {
                score.passed += 1;
                covered.join(&rehearsal.covered);
                writeln!(out, "  ok      {}", case.name)?;
            }
            Err(failure) => {
                score.failed += 1;
                covered.join(&failure.covered);
                let (line, column) = (failure.span.line, failure.span.column);
                writeln!(out, "  FAILED  {}\n    {file}:{line}:{column}", case.name)?;
                let (message, transcript) = (&failure.message, &failure.transcript);
                write!(out, "{}{}", indented(message, "    "), indented(transcript, "    | "))?;
            }
        }
    }
    let coverage = Coverage::of(&program, &covered);
    writeln!(out, "  {coverage}")?;
    Ok(coverage)
}

#[derive(Default)]
struct Score {
    passed: usize,
    failed: usize,
    /// Flows that do not compile.
    broken: usize,
    /// Flows whose tests leave out what is required.
    uncovered: usize,
}

fn indented(text: &str, by: &str) -> String {
    text.lines().map(|line| format!("{by}{line}\n")).collect()
}
