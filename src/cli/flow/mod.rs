//! `ringback flow …`: checks flows, runs the tests in them, explains the codes of their diagnostics, publishes them.

mod check;
pub(super) mod checked;
mod diff;
pub(super) mod files;
mod fmt;
mod fuzz;
mod graph;
mod lsp;
mod play;
mod prompts;
mod publish;
mod published;
mod test;
mod watch;

pub(super) use diff::programs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::bail;

use crate::books::FlowRef;
use crate::flow::codes;
use crate::time::{Wall, Zone};

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    #[command(flatten)]
    Files(FlowCommand),
    #[command(flatten)]
    Published(PublishedCommand),
    /// Say what a client would hear or press differently. Exit code 0: nothing; 1: something; 2: a flow has errors.
    Diff {
        /// A file, or a published flow: NAME, NAME@VERSION, NAME#HASH. With one file alone: that, against the published flow
        /// of its name.
        old: String,
        new: Option<String>,
    },
}

/// On the flows in files; no installation is needed.
#[derive(Debug, clap::Subcommand)]
pub enum FlowCommand {
    /// Compile flows and print everything that is wrong with them.
    Check(check::Arguments),
    /// Bring flows into their canonical layout; meaning and comments stay.
    Fmt(fmt::Arguments),
    /// Print the JSON Schema of flows, for editors: `# yaml-language-server: $schema=flow.schema.json`.
    Schema,
    /// Run the tests in flows, without telephony.
    Test(test::Arguments),
    /// Call flows with random callers, and hold every call against the laws that a sound flow keeps.
    Fuzz(fuzz::FuzzArgs),
    /// Be the person who is called: the call in this terminal, in virtual time.
    Play(play::PlayArgs),
    /// Draw flows: nodes, the ways between them, and what tests or calls have entered.
    Graph(graph::GraphArgs),
    /// List what is recorded and what is not, or print the script to record from.
    Prompts(prompts::PromptsArgs),
    /// Say more about the code of a diagnostic, for example F012; without a code, list them all.
    Explain { code: Option<String> },
    /// Serve an editor: the language server protocol over standard input and output. See flows/README.md.
    Lsp,
}

/// On the flows that an installation keeps.
#[derive(Debug, clap::Subcommand)]
pub enum PublishedCommand {
    /// Keep flows for good, by name, version and content, once they compile and all their tests pass.
    Publish {
        /// Files, or folders whose *.yaml are taken.
        #[arg(required = true)]
        paths: Vec<PathBuf>,
    },
    /// List what is published, and which campaigns use it.
    Versions {
        /// One flow by name; without it, all.
        name: Option<String>,
    },
    /// Print a flow as it was published.
    Published {
        /// NAME (the latest version), NAME@VERSION or NAME#HASH.
        flow: FlowRef,
    },
}

/// Prints to standard output. The exit code is 1 when a flow has an error, a test fails, a flow is not published,
/// two flows differ or a recording that is required is missing; 2 when flows cannot be compared.
///
/// # Errors
/// A path that cannot be read, a folder without flows, an unknown code, an installation that cannot be opened.
pub fn run(config: &Path, command: Command) -> anyhow::Result<ExitCode> {
    // Not locked: a language server writes from a thread of its own.
    let out = &mut std::io::stdout();
    let compares = matches!(command, Command::Diff { .. });
    let done = match command {
        Command::Files(command) => run_into(command, out),
        Command::Published(command) => super::runtime()?.block_on(run_published(config, command, out)),
        Command::Diff { old, new } => diff::diff(config, &old, new.as_deref(), out),
    };
    let ok = match done {
        Ok(ok) => ok,
        // 1 means a difference, as with `diff`.
        Err(error) if compares => {
            eprintln!("error: {error:#}");
            return Ok(ExitCode::from(2));
        }
        Err(error) => return Err(error),
    };
    Ok(if ok { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn run_published(config: &Path, command: PublishedCommand, out: &mut impl Write) -> anyhow::Result<bool> {
    let (_, store, clock) = super::open(config).await?;
    match command {
        PublishedCommand::Publish { paths } => publish::publish(&*store, &paths, clock.now().wall, out).await,
        PublishedCommand::Versions { name } => published::versions(&*store, name.as_deref(), out).await,
        PublishedCommand::Published { flow } => published::print(&*store, &flow, out).await,
    }
}

fn run_into(command: FlowCommand, out: &mut impl Write) -> anyhow::Result<bool> {
    match command {
        FlowCommand::Check(arguments) => check::check(&arguments, out),
        FlowCommand::Fmt(arguments) => fmt::fmt(&arguments, out),
        FlowCommand::Schema => {
            write!(out, "{}", crate::workshop::schema::schema())?;
            Ok(true)
        }
        FlowCommand::Test(arguments) => test::test(&arguments, out),
        FlowCommand::Fuzz(args) => fuzz::run(&args, out),
        FlowCommand::Play(args) => play::run(&args, &mut std::io::stdin().lock(), out),
        FlowCommand::Graph(args) => graph::graph(&args, out),
        FlowCommand::Prompts(args) => prompts::prompts(&args, out),
        FlowCommand::Explain { code: Some(code) } => explain(&code, out),
        // Writes from a thread of its own.
        FlowCommand::Lsp => lsp::lsp(),
        FlowCommand::Explain { code: None } => {
            for code in codes::ALL {
                writeln!(out, "{}  {}", code.code, code.title)?;
            }
            Ok(true)
        }
    }
}

/// `2026-11-20 10:00 UTC`
pub(super) fn minute(at: Wall) -> String {
    at.in_zone(&Zone::utc()).strftime("%Y-%m-%d %H:%M UTC").to_string()
}

fn explain(code: &str, out: &mut impl Write) -> anyhow::Result<bool> {
    let Some(code) = codes::explain(code) else {
        bail!("`{code}` is no code of a flow's diagnostics; `ringback flow explain` lists them");
    };
    writeln!(out, "{}: {}\n\n{}", code.code, code.title, code.explanation)?;
    Ok(true)
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
        let paths = vec![folder.path().to_path_buf()];
        let command = FlowCommand::Test(test::Arguments { paths, require: None });
        let ok = run_into(command, &mut out).expect("the folder has a flow");
        (ok, String::from_utf8(out).expect("text"))
    }

    fn check_of(path: PathBuf) -> FlowCommand {
        FlowCommand::Check(check::Arguments { paths: vec![path], ..Default::default() })
    }

    fn case(steps: &str, expect: &str) -> String {
        format!("  - {{ name: t, contact: {{ name: Anna }}, steps: [{steps}], expect: {{ {expect} }} }}\n")
    }

    #[test]
    fn tests_that_pass() {
        let tests = case("answer, hears hello, keys 1", "result: informed, path: [ask, bye]");
        let (ok, printed) = printed(&tests);
        assert!(ok, "{printed}");
        assert!(
            printed.contains(
                "  ok      t\n  2 of 4 nodes, 1 of 3 ways out of them; never: silent, stop, ask (exhausted)\n"
            ),
            "{printed}"
        );
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
            (check_of(gone), "cannot read the flow"),
            (check_of(empty.path().to_path_buf()), "there is no flow"),
            (FlowCommand::Explain { code: Some("F999".into()) }, "is no code"),
        ] {
            let error = run_into(command, &mut Vec::new()).unwrap_err();
            assert!(error.to_string().contains(why), "{error:#}");
        }
    }
}
