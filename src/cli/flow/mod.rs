//! `ringback flow …`: checks flows, runs the tests in them, explains the codes of their diagnostics.

mod check;
mod files;
mod fmt;
mod test;
mod watch;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::bail;

use crate::flow::codes;

#[derive(Debug, clap::Subcommand)]
pub enum FlowCommand {
    /// Compile flows and print everything that is wrong with them.
    Check(check::Arguments),
    /// Bring flows into their canonical layout; meaning and comments stay.
    Fmt(fmt::Arguments),
    /// Print the JSON Schema of flows, for editors: `# yaml-language-server: $schema=flow.schema.json`.
    Schema,
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
        FlowCommand::Check(arguments) => check::check(&arguments, out),
        FlowCommand::Fmt(arguments) => fmt::fmt(&arguments, out),
        FlowCommand::Schema => {
            write!(out, "{}", crate::workshop::schema::schema())?;
            Ok(true)
        }
        FlowCommand::Test { paths } => test::test(&paths, out),
        FlowCommand::Explain { code: Some(code) } => explain(&code, out),
        FlowCommand::Explain { code: None } => {
            for code in codes::ALL {
                writeln!(out, "{}  {}", code.code, code.title)?;
            }
            Ok(true)
        }
    }
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
        let command = FlowCommand::Test { paths: vec![folder.path().to_path_buf()] };
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
            (check_of(gone), "cannot read the flow"),
            (check_of(empty.path().to_path_buf()), "there is no flow"),
            (FlowCommand::Explain { code: Some("F999".into()) }, "is no code"),
        ] {
            let error = run_into(command, &mut Vec::new()).unwrap_err();
            assert!(error.to_string().contains(why), "{error:#}");
        }
    }
}
