//! `ringback flow check`: everything that is wrong with flows.

use std::io::Write;
use std::path::PathBuf;

use super::files::{flow_files, read};
use crate::diagnostic::{Diagnostic, render_all};
use crate::flow;
use crate::flow::program::Program;

/// `false` when a flow has an error.
pub(super) fn check(paths: &[PathBuf], out: &mut impl Write) -> anyhow::Result<bool> {
    let mut counts = Counts::default();
    for file in flow_files(paths)? {
        let source = read(&file)?;
        let compiled = flow::compile(&source);
        counts.add(&compiled.diagnostics);
        let file = file.display();
        write!(out, "{}", render_all(&compiled.diagnostics, &file.to_string(), &source))?;
        if let Some(Program { name, version, steps, .. }) = &compiled.program {
            let (nodes, tests) = (steps.len(), compiled.tests.len());
            writeln!(out, "{file}: {name} version {version} ({nodes} nodes, {tests} tests)")?;
        }
    }
    writeln!(out, "{} errors, {} warnings", counts.errors, counts.warnings)?;
    Ok(counts.errors == 0)
}

#[derive(Default)]
struct Counts {
    errors: usize,
    warnings: usize,
}

impl Counts {
    fn add(&mut self, diagnostics: &[Diagnostic]) {
        let errors = diagnostics.iter().filter(|d| d.is_error()).count();
        self.errors += errors;
        self.warnings += diagnostics.len() - errors;
    }
}
