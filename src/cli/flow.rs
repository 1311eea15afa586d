//! `ringback flow …`: checks flows, runs the tests in them, explains the codes of their diagnostics.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, bail};

use crate::call::rehearse::rehearse;
use crate::diagnostic::{Diagnostic, render_all};
use crate::flow::program::{Program, StepId};
use crate::flow::{self, Compiled, codes};

#[derive(Debug, clap::Subcommand)]
pub enum FlowCommand {
    /// Compile flows and print everything that is wrong with them.
    Check {
        /// Files, or folders whose *.yaml are taken.
        #[arg(required = true)]
        paths: Vec<PathBuf>,
    },
    /// Run the tests in flows, without telephony.
    Test {
        /// Files, or folders whose *.yaml are taken.
        #[arg(required = true)]
        paths: Vec<PathBuf>,
    },
    /// Say more about the code of a diagnostic, for example F012; without a code, list them all.
    Explain { code: Option<String> },
}

/// Prints to standard output. The exit code is 1 when a flow has an error or a test fails.
///
/// # Errors
/// A path that cannot be read, a folder without flows, an unknown code.
pub fn run(command: FlowCommand) -> anyhow::Result<ExitCode> {
    match command {
        FlowCommand::Check { paths } => check(&paths),
        FlowCommand::Test { paths } => test(&paths),
        FlowCommand::Explain { code: Some(code) } => explain(&code),
        FlowCommand::Explain { code: None } => {
            for code in codes::ALL {
                println!("{}  {}", code.code, code.title);
            }
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn check(paths: &[PathBuf]) -> anyhow::Result<ExitCode> {
    let mut counts = Counts::default();
    for file in flow_files(paths)? {
        let source = read(&file)?;
        let compiled = flow::compile(&source);
        counts.add(&compiled.diagnostics);
        print!("{}", render_all(&compiled.diagnostics, &file.display().to_string(), &source));
        if let Some(program) = &compiled.program {
            let (nodes, tests) = (program.steps.len(), compiled.tests.len());
            println!("{}: {} version {} ({nodes} nodes, {tests} tests)", file.display(), program.name, program.version);
        }
    }
    println!("{} errors, {} warnings", counts.errors, counts.warnings);
    Ok(exit(counts.errors == 0))
}

fn test(paths: &[PathBuf]) -> anyhow::Result<ExitCode> {
    let (mut passed, mut failed, mut broken) = (0, 0, 0);
    for file in flow_files(paths)? {
        let source = read(&file)?;
        match flow::compile(&source) {
            Compiled { program: Some(program), tests, .. } => {
                println!("{}: {} version {}", file.display(), program.name, program.version);
                let program = Arc::new(program);
                let mut entered = BTreeSet::new();
                for case in &tests {
                    match rehearse(&program, case) {
                        Ok(rehearsal) => {
                            passed += 1;
                            entered.extend(rehearsal.entered);
                            println!("  ok      {}", case.name);
                        }
                        Err(failure) => {
                            failed += 1;
                            entered.extend(&failure.entered);
                            println!("  FAILED  {}", case.name);
                            println!("    {}:{}:{}", file.display(), failure.span.line, failure.span.column);
                            print!("{}{}", indented(&failure.message, "    "), indented(&failure.transcript, "    | "));
                        }
                    }
                }
                println!("  {}", coverage(&program, &entered));
            }
            Compiled { program: None, diagnostics, .. } => {
                broken += 1;
                print!("{}", render_all(&diagnostics, &file.display().to_string(), &source));
            }
        }
    }
    let broken_words = if broken > 0 { format!(", {broken} flows do not compile") } else { String::new() };
    println!("{} tests: {passed} ok, {failed} FAILED{broken_words}", passed + failed);
    Ok(exit(failed == 0 && broken == 0))
}

fn explain(code: &str) -> anyhow::Result<ExitCode> {
    let Some(code) = codes::explain(code) else {
        bail!("`{code}` is no code of a flow's diagnostics; `ringback flow explain` lists them");
    };
    println!("{}: {}\n\n{}", code.code, code.title, code.explanation);
    Ok(ExitCode::SUCCESS)
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

fn exit(ok: bool) -> ExitCode {
    if ok { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn indented(text: &str, by: &str) -> String {
    text.lines().map(|line| format!("{by}{line}\n")).collect()
}

fn read(file: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(file).with_context(|| format!("cannot read the flow {}", file.display()))
}

/// The files named, and the `*.yaml` and `*.yml` in the folders named, sorted.
fn flow_files(paths: &[PathBuf]) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for path in paths {
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        let entries = std::fs::read_dir(path).with_context(|| format!("cannot list the folder {}", path.display()))?;
        let mut found = Vec::new();
        for entry in entries {
            let file = entry.with_context(|| format!("cannot list the folder {}", path.display()))?.path();
            if file.extension().is_some_and(|e| e == "yaml" || e == "yml") {
                found.push(file);
            }
        }
        if found.is_empty() {
            bail!("there is no flow (*.yaml) in the folder {}", path.display());
        }
        found.sort();
        files.extend(found);
    }
    Ok(files)
}
