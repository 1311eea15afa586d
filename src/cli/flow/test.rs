//! `ringback flow test`: the tests in flows, and what they cover.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use super::files::{flow_files, read};
use crate::call::rehearse::{Covered, rehearse};
use crate::diagnostic::render_all;
use crate::flow::program::{Program, StepId};
use crate::flow::test::TestCase;
use crate::flow::{self, Compiled};

/// `false` when a test fails or a flow does not compile.
pub(super) fn test(paths: &[PathBuf], out: &mut impl Write) -> anyhow::Result<bool> {
    let mut score = Score::default();
    for file in flow_files(paths)? {
        let source = read(&file)?;
        let file = file.display().to_string();
        match flow::compile(&source) {
            Compiled { program: Some(program), tests, .. } => test_flow(&file, program, &tests, &mut score, out)?,
            Compiled { program: None, diagnostics, .. } => {
                score.broken += 1;
                write!(out, "{}", render_all(&diagnostics, &file, &source))?;
            }
        }
    }
    let Score { passed, failed, broken } = score;
    let broken_words = if broken > 0 { format!("; {broken} of the flows do not compile") } else { String::new() };
    writeln!(out, "{} tests: {passed} ok, {failed} FAILED{broken_words}", passed + failed)?;
    Ok(failed == 0 && broken == 0)
}

fn test_flow(
    file: &str,
    program: Program,
    tests: &[TestCase],
    score: &mut Score,
    out: &mut impl Write,
) -> anyhow::Result<()> {
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
    writeln!(out, "  {}", coverage(&program, &covered.nodes))?;
    Ok(())
}

/// `21 of 23 nodes entered; never: agent, talked`
fn coverage(program: &Program, entered: &BTreeSet<StepId>) -> String {
    let never: Vec<&str> = (0u32..)
        .zip(&program.steps)
        .filter(|(index, _)| !entered.contains(&StepId(*index)))
        .map(|(_, named)| named.name.as_str())
        .collect();
    let counted = format!("{} of {} nodes entered", program.steps.len() - never.len(), program.steps.len());
    if never.is_empty() { counted } else { format!("{counted}; never: {}", never.join(", ")) }
}

#[derive(Default)]
struct Score {
    passed: usize,
    failed: usize,
    /// Flows that do not compile.
    broken: usize,
}

fn indented(text: &str, by: &str) -> String {
    text.lines().map(|line| format!("{by}{line}\n")).collect()
}
