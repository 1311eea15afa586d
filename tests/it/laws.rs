//! Rows of the table of laws that the compiler of flows holds, a test each under its row's name. Those that policy decides stand in
//! `src/policy/laws.rs`; those of calls and what paces them, beside the engine. [`ROWS`] says where.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use ringback::config::Config;
use ringback::flow::compile;
use ringback::flow::program::{Made, Program};
use ringback::serve::{unlawful, unmet};

/// What the compiler says of a flow under `tests/flows`, by code.
fn found(file: &str) -> Vec<&'static str> {
    let path = format!("{}/tests/flows/{file}", env!("CARGO_MANIFEST_DIR"));
    let source = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{path}: {e}"));
    let compiled = compile(&source);
    assert!(compiled.program.is_none(), "{file} may be used");
    compiled.diagnostics.iter().map(|d| d.code).collect()
}

/// No call can be flown in which nothing stops the calls (47 CFR 64.1200(b)(3)).
#[test]
fn us_t3_in_call_opt_out() {
    assert!(found("no_opt_out.yaml").contains(&"F031"));
}

/// "You will not be called again" is true when it is said (47 CFR 64.1200(a)(10)).
#[test]
fn us_t4_revocation() {
    assert_ne!(found("opted_out_without_opt_out.yaml"), [""; 0]);
}

/// Nobody but the right person is told of the debt: not before the proof, not behind a failed one, not by a hotkey, not in words that
/// others may read.
#[test]
fn us_f5_third_parties() {
    for file in
        ["debt_before_verify.yaml", "debt_after_failed_verify.yaml", "debt_by_hotkey.yaml", "debt_in_an_sms.yaml"]
    {
        assert!(found(file).contains(&"F025"), "{file}");
    }
}

/// Nor is a machine, which anybody may listen to.
#[test]
fn uk_6_conduct() {
    assert!(found("debt_to_a_machine.yaml").contains(&"F026"));
}

fn shipped(flow: &str) -> Program {
    let compiled = compile(flow);
    compiled.program.unwrap_or_else(|| panic!("{:?}", compiled.diagnostics))
}

/// What machines are left is made of named parts with our words between them: nothing else can be written there.
#[test]
fn us_f3_limited_content_message() {
    for file in [
        "limited_content_extra_words.yaml",
        "limited_content_own_words.yaml",
        "limited_content_amount.yaml",
        "limited_content_trade.yaml",
        "limited_content_premium.yaml",
    ] {
        assert!(found(file).contains(&"F051"), "{file}");
    }
    let flow = |left: &str| {
        format!(
            r#"
flow: reminder
version: 1
languages: [en, es]
messages:
  hello: {{ en: "Hello. To stop these calls, press 9.", es: "Hola. Para no recibir estas llamadas, pulse 9." }}
  voicemail: {{ limited_content: {{ business: "North Lake Services", person: "Dana Reed", call_back: "+12125550143", date: true }} }}
  free: {{ en: "Please call us back.", es: "Llámenos." }}
start: hello
on_machine: left
nodes:
  hello: {{ menu: hello, keys: {{ "9": stop }}, exhausted: bye }}
  bye: {{ say: free, end: no_input }}
  stop: {{ opt_out: number, next: stopped }}
  stopped: {{ say: free, end: opted_out }}
  left: {{ {left}, next: over }}
  over: {{ end: voicemail_left }}
"#
        )
    };
    let (made, mixed) = (shipped(&flow("say: voicemail")), shipped(&flow("say: [voicemail, free]")));
    assert_eq!(made.left_on_machines().iter().map(|m| m.made).collect::<Vec<_>>(), [Some(Made::LimitedContent)]);
    let ladder = |leave: &str| {
        let source = format!(
            "ladder: l\npolicy: [us.reg_f]\nsegments:\n  all: {{ when: days_overdue > -1000, flow: reminder }}\nsteps:\n  - voice: segment.flow\n    retry: {{ machine: {{ after: [1d], leave: {leave} }} }}\n"
        );
        let (ladder, found) = ringback::ladder::compile(&source);
        ladder.unwrap_or_else(|| panic!("{found:?}"))
    };
    let faults = |program, leave| {
        let all = unlawful(&config(""), &ladder(leave), [program]);
        all.into_iter().filter(|fault| fault.starts_with("US-F3")).collect::<Vec<_>>()
    };
    assert_eq!(faults(&made, "voicemail"), [""; 0]);
    assert_eq!(faults(&mixed, "nothing"), [""; 0]);
    let [fault] = faults(&mixed, "voicemail").try_into().unwrap();
    assert!(fault.contains("flow reminder leaves the message free on machines"), "{fault}");
}

/// The sample, with these settings of `media` too.
fn config(media: &str) -> Config {
    let source = Config::sample().replace("\nmedia:\n", &format!("\nmedia:\n{media}"));
    Config::parse("ringback.yaml", &source, Path::new("/etc/ringback"), &|_| None).unwrap_or_else(|e| panic!("{e}"))
}

/// Secret keys are neither said nor put where something is kept, and are not asked for where the sound of calls is (PCI DSS 3.3). What a
/// call keeps of them: `src/engine/tests.rs`.
#[test]
fn pci_1_card_entry() {
    for file in ["card_in_the_open.yaml", "secret_read_back.yaml", "secret_spoken.yaml", "secret_in_an_address.yaml"] {
        assert!(found(file).contains(&"F052"), "{file}");
    }
    let asks = |secret: bool| {
        shipped(&format!(
            r#"
flow: reminder
version: 1
languages: [en]
messages:
  ask: {{ en: "Enter the code." }}
  bye: {{ en: "Goodbye." }}
start: code
hotkeys: {{ "*9": stop }}
nodes:
  code: {{ collect: digits, min: 3, max: 4, secret: {secret}, ask: ask, into: code, ok: bye, exhausted: bye, cancelled: bye }}
  bye: {{ say: bye, end: informed }}
  stop: {{ opt_out: number, next: bye }}
"#
        ))
    };
    let forbidden = |media: &str, secret| unmet(&config(media), [Arc::new(asks(secret))]).forbidden;
    assert_eq!(forbidden("", true), [""; 0]);
    for media in ["  record_calls: all\n", "  keep_first_s: 8\n"] {
        assert_eq!(forbidden(media, false), [""; 0], "{media}");
        let [fault] = forbidden(media, true).try_into().unwrap();
        assert!(fault.contains("node code: asks for secret keys") && fault.contains("(PCI-1)"), "{fault}");
    }
}

/// Every row of the table of laws, and the files in which it has a test under its name.
const ROWS: &str = "
    RU-1 RU-2 RU-3 RU-4 RU-5 RU-6 RU-7 RU-8 RU-9 RU-10 RU-11 RU-12 RU-13
    US-F1 US-F2 US-F3 US-F4 US-F5 US-F6 US-T1 US-T2 US-T3 US-T4 US-T5 US-T6 US-T7
    UK-1 UK-2 UK-3 UK-4 UK-5 UK-6 UK-7
    EU-1 EU-2 EU-3 EU-4
    PCI-1 ALL-1 ALL-2 ALL-3 ALL-4 ALL-5 ALL-Z
";

/// Names of functions with `#[test]` or `#[tokio::test]`, and of those that the macro of `src/keeping/tests.rs` makes.
fn names_of_tests(folder: &Path, names: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            names_of_tests(&path, names);
        } else if path.extension().is_some_and(|e| e == "rs") {
            let source = std::fs::read_to_string(&path).unwrap();
            let (mut is_test, mut made) = (false, false);
            for line in source.lines().map(str::trim) {
                let named = line.trim_start_matches("pub ").trim_start_matches("async ").strip_prefix("fn ");
                match named.and_then(|rest| rest.split_once('(')) {
                    Some((name, _)) if is_test => drop(names.insert(name.to_string())),
                    _ => {}
                }
                made = line == "rows_of_the_table! {" || made && line != "}";
                if let Some((name, _)) = line.split_once(" => ").filter(|_| made) {
                    names.insert(name.to_string());
                }
                is_test = line.starts_with("#[test]")
                    || line.starts_with("#[tokio::test")
                    || (is_test && line.starts_with("#["));
            }
        }
    }
}

#[test]
fn every_row_has_a_test_under_its_name() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut names = BTreeSet::new();
    ["src", "tests/it"].iter().for_each(|folder| names_of_tests(&root.join(folder), &mut names));
    let has = |row: &str| {
        let begins = format!("{}_", row.to_lowercase().replace('-', "_"));
        names.iter().any(|name| name.starts_with(&begins))
    };
    let missing: Vec<&str> = ROWS.split_whitespace().filter(|row| !has(row)).collect();
    assert_eq!(missing, [""; 0], "rows of the table of laws without a test under their name");
}
