//! `ringback ladder check | test | publish | versions`: everything that is wrong with ladders, the tests that stand in them, and which
//! of them an installation keeps.

mod publish;

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Context;

use super::flow::files::files;

use crate::campaign::rehearse::{Covered, Failure, rehearse};
use crate::diagnostic::render_all;
use crate::ladder::{Compiled, Ladder, LadderTest, compile_with_tests};
use crate::workshop::report::{self, Checked, Summary};

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Compile ladders and print everything that is wrong with them.
    Check(CheckArguments),
    /// Run the tests in ladders, in virtual time.
    Test(TestArguments),
    /// Keep ladders for good, by name, version and content, once they compile and all their tests pass.
    Publish {
        /// Files, or folders whose *.yaml are taken.
        #[arg(required = true)]
        paths: Vec<PathBuf>,
    },
    /// List what is published, and which campaigns go by it.
    Versions,
}

pub(super) use publish::{fit, version_of};

#[derive(Debug, clap::Args)]
pub struct CheckArguments {
    /// Files, or folders whose *.yaml are taken.
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// For people, or as one JSON object as `flow check` prints it.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Exit with 1 for warnings too.
    #[arg(long)]
    deny_warnings: bool,
}

#[derive(Debug, clap::Args)]
pub struct TestArguments {
    /// Files, or folders whose *.yaml are taken.
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// Fail unless the tests come by every step.
    #[arg(long)]
    require_steps: bool,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    #[default]
    Text,
    Json,
}

/// `false` when a ladder has an error, a warning that is denied, or a test that fails.
///
/// # Errors
/// A path that cannot be read, a folder without ladders.
pub fn run(config: &Path, command: &Command, out: &mut impl Write) -> anyhow::Result<bool> {
    match command {
        Command::Check(arguments) => check(arguments, out),
        Command::Test(arguments) => test(arguments, out),
        Command::Publish { .. } | Command::Versions => super::runtime()?.block_on(run_kept(config, command, out)),
    }
}

/// On the ladders that an installation keeps.
async fn run_kept(config: &Path, command: &Command, out: &mut impl Write) -> anyhow::Result<bool> {
    let (_, store, clock) = super::open(config).await?;
    match command {
        Command::Publish { paths } => publish::publish(&*store, paths, clock.now().wall, out).await,
        Command::Versions => publish::versions(&*store, out).await,
        Command::Check(_) | Command::Test(_) => Ok(true),
    }
}

fn check(arguments: &CheckArguments, out: &mut impl Write) -> anyhow::Result<bool> {
    let mut checked = Vec::new();
    for path in files(&arguments.paths, "ladder")? {
        let (file, source) = (path.display().to_string(), read(&path)?);
        let Compiled { ladder, tests, diagnostics } = compile_with_tests(&source);
        if arguments.format == Format::Text {
            write!(out, "{}", render_all(&diagnostics, &file, &source))?;
            if let Some(ladder) = &ladder {
                writeln!(out, "{file}: {}", in_short(ladder, tests.len()))?;
            }
        }
        checked.push(Checked { file, source, diagnostics });
    }
    let Summary { errors, warnings, .. } = Summary::of(&checked);
    match arguments.format {
        Format::Text => writeln!(out, "{errors} errors, {warnings} warnings")?,
        Format::Json => write!(out, "{}", report::json(&checked))?,
    }
    Ok(errors == 0 && (warnings == 0 || !arguments.deny_warnings))
}

fn in_short(ladder: &Ladder, tests: usize) -> String {
    let (segments, steps) = (ladder.segments.len(), ladder.steps.len());
    format!("{} ({segments} segments, {steps} steps, {tests} tests)", ladder.edition())
}

#[derive(Default)]
struct Score {
    passed: usize,
    failed: usize,
    broken: usize,
    uncovered: usize,
}

fn test(arguments: &TestArguments, out: &mut impl Write) -> anyhow::Result<bool> {
    let mut score = Score::default();
    for path in files(&arguments.paths, "ladder")? {
        let (file, source) = (path.display().to_string(), read(&path)?);
        match compile_with_tests(&source) {
            Compiled { ladder: Some(ladder), tests, .. } => {
                let never = test_ladder(&file, &ladder, &tests, &mut score, out)?;
                if arguments.require_steps && !never.is_empty() {
                    score.uncovered += 1;
                    writeln!(out, "  FAILED  the tests do not come by every step")?;
                }
            }
            Compiled { ladder: None, diagnostics, .. } => {
                score.broken += 1;
                write!(out, "{}", render_all(&diagnostics, &file, &source))?;
            }
        }
    }
    let Score { passed, failed, broken, uncovered } = score;
    let also = match broken {
        0 => String::new(),
        n => format!("; {n} of the ladders do not compile"),
    };
    writeln!(out, "{} tests: {passed} ok, {failed} FAILED{also}", passed + failed)?;
    Ok(failed == 0 && broken == 0 && uncovered == 0)
}

/// The steps that no test came by.
fn test_ladder(
    file: &str,
    ladder: &Ladder,
    tests: &[LadderTest],
    score: &mut Score,
    out: &mut impl Write,
) -> anyhow::Result<Vec<String>> {
    writeln!(out, "{file}: {}", ladder.name)?;
    let mut covered = Covered::default();
    for test in tests {
        match rehearse(ladder, test) {
            Ok(by) => {
                score.passed += 1;
                covered.join(&by);
                writeln!(out, "  ok      {}", test.name)?;
            }
            Err(failure) => {
                score.failed += 1;
                covered.join(&failure.covered);
                let Failure { span, message, log, .. } = *failure;
                writeln!(out, "  FAILED  {}\n    {file}:{}:{}", test.name, span.line, span.column)?;
                message.lines().try_for_each(|line| writeln!(out, "    {line}"))?;
                log.iter().try_for_each(|line| writeln!(out, "    | {line}"))?;
            }
        }
    }
    let never = never(ladder, &covered);
    let of = ladder.steps.len();
    write!(out, "  {} of {of} steps", of - never.len())?;
    if !never.is_empty() {
        write!(out, "; never: {}", never.join(", "))?;
    }
    let words = |all: Vec<String>| if all.is_empty() { "none".to_string() } else { all.join(", ") };
    let endings = words(covered.endings.iter().map(ToString::to_string).collect());
    let closings = words(covered.closings.into_iter().collect());
    writeln!(out, "\n  endings: {endings}\n  closed as: {closings}")?;
    Ok(never)
}

fn never(ladder: &Ladder, covered: &Covered) -> Vec<String> {
    let steps = (0..ladder.steps.len()).filter(|step| !covered.steps.contains(&(*step as u32)));
    let words = |step: usize| {
        let list = ladder.lists.iter().position(|list| list.contains(&step));
        let of = list.filter(|list| *list > 0).and_then(|list| ladder.segments.iter().find(|s| s.list == list));
        let of = of.map(|segment| format!(" of {}", segment.name)).unwrap_or_default();
        match list {
            Some(_) => format!("{} ({}){of}", ladder.number(step), ladder.steps[step].name),
            None => ladder.steps[step].name.clone(),
        }
    };
    steps.map(words).collect()
}

fn read(path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("cannot read the ladder {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LADDER: &str = include_str!("../../flows/ladders/utility_overdue.yaml");

    fn printed(source: &str, command: fn(Vec<PathBuf>) -> Command) -> (bool, String) {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let path = folder.path().join("l.yaml");
        std::fs::write(&path, source).expect("a file can be written");
        let mut out = Vec::new();
        let ok = run(Path::new("no config"), &command(vec![path.clone()]), &mut out).expect("the file is there");
        (ok, String::from_utf8(out).expect("text").replace(&path.display().to_string(), "l.yaml"))
    }

    fn checked(paths: Vec<PathBuf>) -> Command {
        Command::Check(CheckArguments { paths, format: Format::Text, deny_warnings: true })
    }

    fn tested(paths: Vec<PathBuf>) -> Command {
        Command::Test(TestArguments { paths, require_steps: true })
    }

    #[test]
    fn the_shipped_ladder_is_sound_and_its_tests_come_by_every_step() {
        let (ok, told) = printed(LADDER, checked);
        assert!(ok && told.contains("0 errors, 0 warnings"), "{told}");
        let (ok, told) = printed(LADDER, tested);
        assert!(ok && told.contains(", 0 FAILED"), "{told}");
    }

    #[test]
    fn a_test_that_fails_says_where_and_what_had_happened() {
        let source = LADDER.replacen("closed: promised", "closed: paid", 1);
        assert_ne!(source, LADDER);
        let (ok, told) = printed(&source, tested);
        assert!(!ok && told.contains("FAILED  ") && told.contains("closed: expected paid, got promised"), "{told}");
        assert!(told.contains("    | 2026-"), "no log\n{told}");
        assert!(told.contains("    l.yaml:"), "no place\n{told}");
    }

    #[test]
    fn a_ladder_that_does_not_compile() {
        let source = LADDER.replacen("segments:", "segment:", 1);
        let (ok, told) = printed(&source, tested);
        assert!(!ok && told.contains("error[L006]"), "{told}");
        assert!(told.ends_with("0 tests: 0 ok, 0 FAILED; 1 of the ladders do not compile\n"), "{told}");
        let (ok, told) = printed(&source, checked);
        assert!(!ok && told.contains("l.yaml:") && told.contains("2 errors, 0 warnings"), "{told}");
    }

    #[test]
    fn a_folder_without_ladders() {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let error =
            run(Path::new("no config"), &checked(vec![folder.path().to_path_buf()]), &mut Vec::new()).unwrap_err();
        assert!(error.to_string().contains("there is no ladder"), "{error:#}");
    }
}
