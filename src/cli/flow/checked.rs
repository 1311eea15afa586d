//! Whether a flow is fit to be published: it compiles, and every test in it passes.

use std::fmt::{self, Write};
use std::sync::Arc;

use crate::books::FlowVersion;
use crate::call::rehearse::{Failure, rehearse};
use crate::diagnostic::render_all;
use crate::flow;
use crate::flow::program::Program;

/// What a look at one flow came to.
pub(in crate::cli) struct Checked {
    /// Everything to say about it: errors, warnings, failed tests with their transcripts. Empty when there is nothing.
    pub findings: String,
    pub verdict: Result<Fit, Unfit>,
}

#[derive(Debug)]
pub(in crate::cli) struct Fit {
    pub flow: FlowVersion,
    pub program: Arc<Program>,
    pub tests: usize,
    pub warnings: usize,
}

/// Why not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli) enum Unfit {
    Errors(usize),
    FailedTests { failed: usize, of: usize },
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unfit::Errors(1) => f.write_str("has 1 error"),
            Unfit::Errors(n) => write!(f, "has {n} errors"),
            Unfit::FailedTests { failed, of } => write!(f, "fails {failed} of its {of} tests"),
        }
    }
}

/// `file` is what the findings call it.
pub(in crate::cli) fn check(source: &str, file: &str) -> Checked {
    let compiled = flow::compile(source);
    let mut findings = render_all(&compiled.diagnostics, file, source);
    let errors = compiled.diagnostics.iter().filter(|d| d.is_error()).count();
    let Some(program) = compiled.program else {
        return Checked { findings, verdict: Err(Unfit::Errors(errors)) };
    };
    let flow = FlowVersion::of(&program, &compiled.source);
    let program = Arc::new(program);
    let mut failed = 0;
    for case in &compiled.tests {
        if let Err(failure) = rehearse(&program, case) {
            failed += 1;
            findings += &told(file, &case.name, &failure);
        }
    }
    let tests = compiled.tests.len();
    let verdict = match failed {
        0 => Ok(Fit { flow, program, tests, warnings: compiled.diagnostics.len() }),
        failed => Err(Unfit::FailedTests { failed, of: tests }),
    };
    Checked { findings, verdict }
}

fn told(file: &str, test: &str, failure: &Failure) -> String {
    let mut out = format!("{file}:{}:{}: test \"{test}\" fails\n", failure.span.line, failure.span.column);
    for (text, by) in [(&failure.message, "  "), (&failure.transcript, "  | ")] {
        for line in text.lines() {
            let _ = writeln!(out, "{by}{line}");
        }
    }
    out
}
