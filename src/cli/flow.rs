//! `ringback flow …`: checks flows, runs the tests in them, explains the codes of their diagnostics.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, bail};

use crate::call::rehearse::rehearse;
use crate::diagnostic::{Diagnostic, render_all};
use crate::flow::program::{Program, StepId};
use crate::flow::test::TestCase;
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
    let ok = run_into(command, &mut std::io::stdout().lock())?;
    Ok(if ok { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn run_into(command: FlowCommand, out: &mut impl Write) -> anyhow::Result<bool> {
    match command {
        FlowCommand::Check { paths } => check(&paths, out),
        FlowCommand::Test { paths } => test(&paths, out),
        FlowCommand::Explain { code: Some(code) } => explain(&code, out),
        FlowCommand::Explain { code: None } => {
            for code in codes::ALL {
                writeln!(out, "{}  {}", code.code, code.title)?;
            }
            Ok(true)
        }
    }
}

fn check(paths: &[PathBuf], out: &mut impl Write) -> anyhow::Result<bool> {
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

fn test(paths: &[PathBuf], out: &mut impl Write) -> anyhow::Result<bool> {
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
    let mut entered = BTreeSet::new();
    for case in tests {
        match rehearse(&program, case) {
            Ok(rehearsal) => {
                score.passed += 1;
                entered.extend(rehearsal.entered);
                writeln!(out, "  ok      {}", case.name)?;
            }
            Err(failure) => {
                score.failed += 1;
                entered.extend(&failure.entered);
                let (line, column) = (failure.span.line, failure.span.column);
                writeln!(out, "  FAILED  {}\n    {file}:{line}:{column}", case.name)?;
                let (message, transcript) = (&failure.message, &failure.transcript);
                write!(out, "{}{}", indented(message, "    "), indented(transcript, "    | "))?;
            }
        }
    }
    writeln!(out, "  {}", coverage(&program, &entered))?;
    Ok(())
}

fn explain(code: &str, out: &mut impl Write) -> anyhow::Result<bool> {
    let Some(code) = codes::explain(code) else {
        bail!("`{code}` is no code of a flow's diagnostics; `ringback flow explain` lists them");
    };
    writeln!(out, "{}: {}\n\n{}", code.code, code.title, code.explanation)?;
    Ok(true)
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

#[cfg(test)]
mod tests {
    use super::*;

    const FLOW: &str = "flow: small\nversion: 1\nlanguages: [en]\ncontact: { name: text }\n\
        messages:\n  hello: { en: \"Hello {contact.name}. Press 1.\" }\n  bye: { en: Goodbye. }\n  quiet: { en: Sorry. }\n\
        start: ask\nhotkeys: { \"*9\": stop }\nnodes:\n\
        \x20 ask: { menu: hello, keys: { \"1\": bye }, exhausted: silent }\n\
        \x20 bye: { say: bye, end: informed }\n  silent: { say: quiet, end: no_input }\n  stop: { opt_out: number, next: bye }\n\
        tests:\n";

    /// A small flow with these tests; whether all is well, and what was printed.
    fn printed(tests: &str) -> (bool, String) {
        let folder = tempfile::tempdir().expect("a folder can be made");
        std::fs::write(folder.path().join("small.yaml"), format!("{FLOW}{tests}")).expect("a file can be written");
        let mut out = Vec::new();
        let command = FlowCommand::Test { paths: vec![folder.path().to_path_buf()] };
        let ok = run_into(command, &mut out).expect("the folder has a flow");
        (ok, String::from_utf8(out).expect("text"))
    }

    fn case(steps: &str, expect: &str) -> String {
        format!("  - {{ name: t, contact: {{ name: Anna }}, steps: [{steps}], expect: {{ {expect} }} }}\n")
    }

    #[test]
    fn tests_that_pass() {
        let tests = case("answer, hears hello, keys 1", "result: informed, path: [ask, bye]");
        let (ok, printed) = printed(&tests);
        assert!(ok, "{printed}");
        assert!(printed.contains("  ok      t\n  2 of 4 nodes entered; never: silent, stop\n"), "{printed}");
        assert!(printed.ends_with("1 tests: 1 ok, 0 FAILED\n"), "{printed}");
    }

    #[test]
    fn every_step_of_a_test() {
        for (steps, expect) in [
            ("answer, human, wait 3s, hears hello, not hears bye, wait 30s, hears quiet", "result: no_input"),
            ("answer, machine", "result: machine, never_hears: [bye]"),
            ("answer, fax", "result: fax"),
            ("answer, paid", "result: already_paid, never_hears: [bye]"),
            ("answer, stopped", "result: cancelled"),
            ("stopped", "result: cancelled, path: []"),
            ("busy", "result: busy, path: []"),
            ("answer, hangs_up", "result: hung_up_early, path: [ask], right_party: false"),
            ("answer, keys 7, hears hello, silence", "result: no_input, promise: none"),
            ("answer, save_fails, keys *9, hears bye", "result: system_error"),
            ("answer, keys *9", "result: opted_out, opt_out: number, path: [ask, stop, bye]"),
        ] {
            let (ok, printed) = printed(&case(steps, expect));
            assert!(ok, "{steps}\n{printed}");
        }
    }

    #[test]
    fn tests_that_fail() {
        for (steps, expect, why) in [
            ("answer, keys 1", "result: no_input", "result: expected no_input, got informed"),
            (
                "answer, hears bye",
                "result: informed",
                "message `bye` was not heard; heard instead: \"Hello Anna. Press one.\"",
            ),
            ("answer, hears hello, silence, hears bye", "{}", "message `bye` was not heard"),
            ("answer, not hears hello", "result: informed", "message `hello` was heard"),
            ("answer, keys 1, hears bye, keys 1", "result: informed", "the call was over before key 1: informed"),
            ("answer, hangs_up, keys 1", "result: informed", "the call was over by then: hung_up_early"),
            ("answer, agent_answers", "result: informed", "no agent is being rung"),
            ("answer, agent_hangs_up", "result: informed", "no agent is talking"),
            ("answer, keys 1", "path: [ask]", "path: expected [ask], got [ask, bye]"),
            ("answer, keys 1", "hears: [\"sorry\"]", "hears: \"sorry\" was never heard"),
            ("answer, keys 1", "never_hears: [\"GOODBYE\"]", "never_hears: \"GOODBYE\" was heard"),
            ("answer, keys 1", "right_party: true", "right_party: expected true, got false"),
            ("answer, keys *9", "opt_out: person", "opt_out: expected person, got number"),
            ("answer, save_fails, keys *9", "opt_out: number", "opt_out: expected number, got none"),
        ] {
            let expect = if expect == "{}" { "result: informed" } else { expect };
            let (ok, printed) = printed(&case(steps, expect));
            assert!(!ok && printed.contains("FAILED  t"), "{steps}: {printed}");
            assert!(printed.contains(why), "{steps}: expected {why}\n{printed}");
            assert!(printed.contains("    | > answered\n"), "{steps}: no transcript\n{printed}");
        }
    }

    #[test]
    fn a_flow_that_does_not_compile() {
        let (ok, printed) = printed("nonsense: 1\n");
        assert!(!ok && printed.contains("error[F"), "{printed}");
        assert!(printed.ends_with("0 tests: 0 ok, 0 FAILED; 1 of the flows do not compile\n"), "{printed}");
    }

    #[test]
    fn wrong_paths_and_codes() {
        let empty = tempfile::tempdir().expect("a folder can be made");
        let gone = empty.path().join("gone.yaml");
        for (command, why) in [
            (FlowCommand::Check { paths: vec![gone] }, "cannot read the flow"),
            (FlowCommand::Check { paths: vec![empty.path().to_path_buf()] }, "there is no flow"),
            (FlowCommand::Explain { code: Some("F999".into()) }, "is no code"),
        ] {
            let error = run_into(command, &mut Vec::new()).unwrap_err();
            assert!(error.to_string().contains(why), "{error:#}");
        }
    }
}
