//! `ringback flow check`: everything that is wrong with flows.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::files::{flow_and_library_files, read};
use super::watch;
use crate::call::rehearse::{Covered, rehearse};
use crate::diagnostic::{Diagnostic, render_all};
use crate::flow::program::Program;
use crate::flow::{self, Compiled, codes};
use crate::workshop::coverage::Coverage;
use crate::workshop::report::{self, Checked, Summary};

#[derive(Debug, Default, clap::Args)]
pub struct Arguments {
    /// Files, or folders whose *.yaml are taken.
    #[arg(required = true)]
    pub(super) paths: Vec<PathBuf>,
    /// For people; as one JSON object; or as SARIF 2.1.0, for code hosts and editors.
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
    /// Exit with 1 for warnings too.
    #[arg(long)]
    pub(super) deny_warnings: bool,
    /// Check again whenever a file changes, appears or goes, until interrupted.
    #[arg(long, conflicts_with_all = ["format", "deny_warnings"])]
    pub(super) watch: bool,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Format {
    #[default]
    Text,
    Json,
    Sarif,
}

/// `false` when a flow has an error, or a warning that is denied.
pub(super) fn check(arguments: &Arguments, out: &mut impl Write) -> anyhow::Result<bool> {
    if arguments.watch {
        watch::watch(&arguments.paths, out)?;
        return Ok(true);
    }
    let summary = match arguments.format {
        Format::Text => check_text(&arguments.paths, out)?,
        Format::Json | Format::Sarif => {
            let mut checked = Vec::new();
            for file in flow_and_library_files(&arguments.paths)? {
                let source = read(&file)?;
                let diagnostics = found(&source).diagnostics;
                checked.push(Checked { file: seen_from_here(&file), source, diagnostics });
            }
            let render = if arguments.format == Format::Json { report::json } else { report::sarif };
            write!(out, "{}", render(&checked))?;
            Summary::of(&checked)
        }
    };
    Ok(summary.errors == 0 && (summary.warnings == 0 || !arguments.deny_warnings))
}

/// What is wrong with each flow, a line on each that is sound, and the count.
pub(super) fn check_text(paths: &[PathBuf], out: &mut impl Write) -> anyhow::Result<Summary> {
    let mut summary = Summary::default();
    for file in flow_and_library_files(paths)? {
        let source = read(&file)?;
        let compiled = found(&source);
        let errors = compiled.diagnostics.iter().filter(|d| d.is_error()).count();
        summary.files += 1;
        summary.errors += errors;
        summary.warnings += compiled.diagnostics.len() - errors;
        let file = file.display();
        write!(out, "{}", render_all(&compiled.diagnostics, &file.to_string(), &source))?;
        if let Some(Program { name, version, steps, .. }) = &compiled.program {
            let (nodes, tests) = (steps.len(), compiled.tests.len());
            writeln!(out, "{file}: {name} version {version} ({nodes} nodes, {tests} tests)")?;
        } else if let Some(name) = compiled.subflow.filter(|_| errors == 0) {
            writeln!(out, "{file}: {name} (a sub-flow)")?;
        }
    }
    writeln!(out, "{} errors, {} warnings", summary.errors, summary.warnings)?;
    Ok(summary)
}

/// What the compiler finds, and the nodes that no test of the flow enters. A flow without tests is left in peace.
fn found(source: &str) -> Compiled {
    let mut compiled = flow::compile(source);
    let Some(program) = compiled.program.clone().filter(|_| !compiled.tests.is_empty()) else { return compiled };
    let program = Arc::new(program);
    let mut covered = Covered::default();
    for case in &compiled.tests {
        match rehearse(&program, case) {
            Ok(rehearsal) => covered.join(&rehearsal.covered),
            Err(failure) => covered.join(&failure.covered),
        }
    }
    let never = Coverage::of(&program, &covered).nodes_never;
    if never.is_empty() {
        return compiled;
    }
    for (name, span) in flow::node_places(source).into_iter().filter(|(name, _)| never.contains(name)) {
        let text = format!("no test of this flow enters `{name}`");
        compiled.diagnostics.push(Diagnostic::warning(codes::NOT_TESTED, span, text));
    }
    compiled.diagnostics.sort_by_key(|d| d.span);
    compiled
}

/// The path from the working directory, as far as the file lies below it: what a code host can find again.
fn seen_from_here(file: &Path) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    let below = file.strip_prefix(here).unwrap_or(file);
    below.strip_prefix(".").unwrap_or(below).display().to_string()
}
