//! Flows as a clerk meets them: the shipped ones compile clean; every broken one is told off at the right place, and for
//! nothing else; no text whatever makes the compiler panic or hang.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use proptest::prelude::*;
use ringback::diagnostic::render_all;
use ringback::flow::{
    Compiled, EXPECTATION_TABLE, FLOW_KEYS, Library, STEP_TABLE, SUBFLOW_KEYS, TYPES, codes, compile, compile_with,
    node,
};

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn yaml_files(name: &str) -> Vec<(String, String)> {
    let mut files: Vec<(String, String)> = std::fs::read_dir(folder(name))
        .expect("the folder is in the repository")
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "yaml"))
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read_to_string(&path).unwrap()))
        .collect();
    files.sort();
    files
}

/// The sub-flows that the shipped flows call.
pub fn library() -> Library {
    library_in("flows/library")
}

fn library_in(name: &str) -> Library {
    let named = |(file, source): (String, String)| (file.trim_end_matches(".yaml").to_string(), source);
    Library(yaml_files(name).into_iter().map(named).collect())
}

/// A finding: line, column, severity, code.
type Finding = (u32, u32, String, String);

/// What a broken flow's comments promise: `# error: 7 [F012]` on the line itself, with the column, or
/// `# at 12:7 error [F012]` anywhere, where a comment on the line would change its meaning.
fn promised(source: &str) -> BTreeSet<Finding> {
    let mut out = BTreeSet::new();
    for (n, line) in source.lines().enumerate() {
        for part in line.split("# ").skip(1) {
            let words: Vec<&str> = part.split_whitespace().collect();
            match words.as_slice() {
                [kind @ ("error:" | "warning:"), column, code, ..] => {
                    out.insert((n as u32 + 1, number(column), kind.trim_end_matches(':').into(), bare(code)));
                }
                ["at", place, kind @ ("error" | "warning"), code, ..] => {
                    let (line, column) = place.split_once(':').expect("line:column");
                    out.insert((number(line), number(column), (*kind).into(), bare(code)));
                }
                _ => {}
            }
        }
    }
    out
}

fn number(word: &str) -> u32 {
    word.parse().unwrap_or_else(|_| panic!("`{word}` is no number"))
}

fn bare(code: &str) -> String {
    code.trim_matches(['[', ']']).to_string()
}

fn found(compiled: &Compiled) -> BTreeSet<Finding> {
    compiled
        .diagnostics
        .iter()
        .map(|d| {
            let severity = if d.is_error() { "error" } else { "warning" };
            (d.span.line, d.span.column, severity.to_string(), d.code.to_string())
        })
        .collect()
}

#[test]
fn broken_flows_are_told_off_at_the_right_place() {
    let mut failures = String::new();
    let broken_library = library_in("tests/flows/library");
    let files = yaml_files("tests/flows");
    assert!(files.len() >= 150, "{} broken flows", files.len());
    for (name, source) in &files {
        let (promised, compiled) = (promised(source), compile_with(source, &broken_library));
        assert!(!promised.is_empty(), "{name} promises nothing");
        let found = found(&compiled);
        if promised != found {
            let missing: Vec<_> = promised.difference(&found).collect();
            let extra: Vec<_> = found.difference(&promised).collect();
            let shown = render_all(&compiled.diagnostics, name, source);
            failures += &format!("\n{name}: not found {missing:?}, not promised {extra:?}\n{shown}");
        }
        assert_eq!(compiled.program.is_none(), found.iter().any(|f| f.2 == "error"), "{name}");
    }
    assert!(failures.is_empty(), "{failures}");
}

#[test]
fn every_code_has_a_broken_flow() {
    let promised: BTreeSet<String> =
        yaml_files("tests/flows").iter().flat_map(|(_, source)| promised(source)).map(|f| f.3).collect();
    // Told by those who run the tests in a flow, not by the compiler.
    let of_tests = [codes::NOT_TESTED];
    let compiled = codes::ALL.iter().map(|c| c.code).filter(|c| !of_tests.contains(c));
    let missing: Vec<&str> = compiled.filter(|c| !promised.contains(*c)).collect();
    assert!(missing.is_empty(), "no broken flow shows {missing:?}");
}

#[test]
fn shipped_flows_compile_clean() {
    let files = yaml_files("flows");
    assert!(files.len() >= 2);
    for (name, source) in &files {
        let compiled = compile_with(source, &library());
        assert!(compiled.diagnostics.is_empty(), "{}", render_all(&compiled.diagnostics, name, source));
        let program = compiled.program.unwrap();
        assert_eq!(format!("{}.yaml", program.name), *name);
        assert_eq!(program.languages.len(), 2);
        assert!(compiled.tests.len() >= 8, "{name}");
    }
}

fn shipped(name: &str) -> String {
    std::fs::read_to_string(folder("flows").join(name)).unwrap()
}

/// What must not be told off: guards on every path, a variable set by two nodes, each kind of node once.
#[test]
fn sound_flows_compile_clean() {
    let files = yaml_files("tests/flows/sound");
    assert!(files.len() >= 8);
    for (name, source) in files {
        let compiled = compile(&source);
        assert!(compiled.diagnostics.is_empty(), "{}", render_all(&compiled.diagnostics, &name, &source));
    }
}

/// The shipped flows are safe because the compiler says so: take a safeguard away, and it says so.
#[test]
fn a_safeguard_taken_away_is_missed() {
    for file in ["overdue_reminder.yaml", "gentle_reminder.yaml"] {
        let source = shipped(file);
        for (from, to, code) in [
            // the gate
            ("\"1\": check,", "\"1\": tell,", codes::PROTECTED),
            ("    failed: unverified\n", "    failed: tell\n", codes::PROTECTED),
            ("    refused: unverified\n", "    refused: choose\n", codes::PROTECTED),
            ("hotkeys: { \"*9\": stop }", "hotkeys: { \"*9\": stop, \"*8\": tell }", codes::PROTECTED),
            ("    exhausted: silent\n", "    exhausted: tell\n", codes::PROTECTED),
            // the machine
            ("on_machine: voicemail", "on_machine: tell", codes::PROTECTED_MACHINE),
            ("on_machine: voicemail", "on_machine: hello", codes::MACHINE_LISTENS),
            ("Пожалуйста, свяжитесь с нами.", "Сумма {contact.amount}.", codes::PROTECTED_MACHINE),
            // the third person
            ("и просили перезвонить", "{contact.due | date}", codes::PROTECTED),
            // what is recorded
            ("recorded: thanks", "recorded: stop", codes::UNREACHABLE),
            ("rejected: not_saved", "rejected: thanks", codes::CLAIM),
            ("next: stopped }", "next: thanks }", codes::CLAIM),
            ("no_agent: call_back", "no_agent: talked", codes::CLAIM),
            // silence
            ("exhausted: silent", "exhausted: hello", codes::ENDLESS),
            // opting out
            ("opt_out: number, next: stopped", "say: stopped, end: refused", codes::NO_OPT_OUT),
        ] {
            assert!(source.contains(from), "{file}: {from}");
            let changed = source.replacen(from, to, 1);
            let compiled = compile(&changed);
            let shown = render_all(&compiled.diagnostics, file, &changed);
            assert!(
                compiled.diagnostics.iter().any(|d| d.code == code),
                "{file}: {from} -> {to}: {code} not in\n{shown}"
            );
        }
    }
}

#[test]
fn the_same_text_compiles_to_the_same() {
    let source = shipped("overdue_reminder.yaml");
    let (a, b) = (compile(&source).program.unwrap(), compile(&source).program.unwrap());
    assert_eq!(format!("{a:?}"), format!("{b:?}"));
    assert_eq!(a.hash.0.len(), 64);
    let other = compile(&source.replacen("version: ", "version: 1", 1)).program.unwrap();
    assert_ne!(a.hash, other.hash);
}

/// The parts of `flows/README.md` that say what the code says. `UPDATE_REFERENCE=1` writes them anew.
#[test]
fn the_reference_says_what_the_code_says() {
    let path = folder("flows/README.md");
    let mut reference = std::fs::read_to_string(&path).unwrap();
    let written = reference.clone();
    for (name, text) in [
        ("flow", table("key", flow_keys(FLOW_KEYS))),
        ("subflow", table("key", flow_keys(SUBFLOW_KEYS))),
        ("types", TYPES.iter().map(|t| format!("`{t}`")).collect::<Vec<_>>().join(", ") + "\n"),
        ("steps", table("step", STEP_TABLE.iter().map(|(step, about)| (*step, about.to_string())))),
        ("expectations", table("key", EXPECTATION_TABLE.iter().map(|(key, about)| (*key, about.to_string())))),
        ("kinds", kinds()),
        ("listening", table("key", node::LISTENING.iter().map(|k| (k.name, k.about.to_string())))),
        ("codes", code_table()),
        ("results", node::RESULTS.iter().map(|r| format!("`{r}`")).collect::<Vec<_>>().join(", ") + "\n"),
    ] {
        let (open, close) = (format!("<!-- {name} -->\n"), format!("<!-- /{name} -->"));
        let from = reference.find(&open).unwrap_or_else(|| panic!("no {open}")) + open.len();
        let to = from + reference[from..].find(&close).unwrap_or_else(|| panic!("no {close}"));
        reference.replace_range(from..to, &format!("\n{text}\n"));
    }
    if std::env::var_os("UPDATE_REFERENCE").is_some() {
        std::fs::write(&path, &reference).unwrap();
    } else {
        assert!(written == reference, "flows/README.md is out of date: run this test with UPDATE_REFERENCE=1");
    }
}

fn table<'a>(head: &str, rows: impl IntoIterator<Item = (&'a str, String)>) -> String {
    let rows = rows.into_iter().map(|(name, about)| format!("| `{name}` | {} |\n", about.replace('|', "\\|")));
    format!("| {head} | |\n|---|---|\n{}", rows.collect::<String>())
}

fn flow_keys(keys: &'static [(&'static str, bool, &'static str)]) -> impl Iterator<Item = (&'static str, String)> {
    keys.iter().map(|(name, must, about)| (*name, format!("{about}{}", if *must { " (required)" } else { "" })))
}

fn kinds() -> String {
    let mut out = String::new();
    for kind in node::ALL {
        out += &format!("### `{}`\n\n{}\n\n", kind.name, kind.about);
        let must = |k: &node::Key| if k.required { format!("{} (required)", k.about) } else { k.about.to_string() };
        out += &table("key", kind.keys.iter().map(|k| (k.name, must(k))));
        if kind.listens() {
            out += "\nAnd the keys of listening.\n";
        }
        if !kind.outcomes.is_empty() {
            out += &format!("\n{}", table("outcome", kind.outcomes.iter().map(|o| (o.name, o.about.to_string()))));
        }
        out += "\n";
    }
    out.trim_end().to_string() + "\n"
}

fn code_table() -> String {
    let rows =
        codes::ALL.iter().map(|c| format!("| {} | {} | {} |\n", c.code, c.title, c.explanation.replace('|', "\\|")));
    format!("| code | what | why, and what to do |\n|---|---|---|\n{}", rows.collect::<String>())
}

#[test]
fn hostile_text_is_refused_quickly() {
    let head = "flow: f\nversion: 1\nlanguages: [en]\nstart: a\nnodes:\n";
    let bomb: String = (0..40).map(|n| format!("a{n}: &a{n} [*a{m}, *a{m}]\n", m = n - 1)).collect();
    let many_nodes: String = (0..20_000).map(|n| format!("  n{n}: {{ say: m, next: n{} }}\n", n + 1)).collect();
    let chain: String = (0..500).map(|n| format!("  n{n}: {{ say: m, next: n{} }}\n", (n + 1) % 500)).collect();
    let keys: String = (0..30_000).map(|n| format!("\"{n}\": x, ")).collect();
    let names: String = (0..30_000).map(|n| format!("v{n}: 1, ")).collect();
    let words: String = (0..100_000).map(|n| format!("w{n},")).collect();
    let list = "m, ".repeat(40_000);
    let many_sets: String = (0..500)
        .map(|n| {
            let set: String = (0..50).map(|v| format!("v{n}_{v}: {v}, ")).collect();
            format!("  n{n}: {{ set: {{ {set} }}, next: n{} }}\n", (n * 7 + 1) % 500)
        })
        .collect();
    let many_cases: String = (0..500)
        .map(|n| {
            let cases: String =
                (0..50).map(|c| format!("{{ when: true, to: n{} }}, ", (n * 31 + c * 17) % 500)).collect();
            format!("  n{n}: {{ branch: [{cases}], else: n0 }}\n")
        })
        .collect();
    let many_faults: String = (0..5_000).map(|n| format!("k{n}: 1\n")).collect();
    for source in [
        String::new(),
        "\u{feff}".to_string(),
        "\0\0\0".to_string(),
        "[".repeat(10_000),
        "{".repeat(10_000),
        "- ".repeat(10_000),
        "a: ".repeat(10_000),
        "? ".repeat(10_000),
        (0..10_000).map(|n| format!("{}a:\n", " ".repeat(n % 2_000))).collect(),
        bomb,
        format!("{head}{many_nodes}"),
        format!("{head}{chain}"),
        format!("{head}  x: {{ menu: m, keys: {{ {keys} }}, exhausted: x }}\n"),
        format!("{head}  x: {{ set: {{ {names} }}, next: x }}\n"),
        format!("{head}  x: {{ say: [{list}], next: x }}\n"),
        format!("{head}{many_sets}"),
        format!("{head}{many_cases}"),
        format!("contact: {{ x: \"enum({words})\" }}\n{head}"),
        many_faults,
        "x".repeat(2 << 20),
        "a: 1\n".repeat(100_000),
        (0..49_000).map(|n| format!("k{n}: 1\n")).collect(),
        format!("{head}  x: {{ {}: 1 }}\n", "k".repeat(900)),
        format!("{head}  x: {{ end: {} }}\n", "k".repeat(900_000)),
        format!("flow: {}\n", "f".repeat(100_000)),
        format!("messages: {{ a: {{ en: \"{}\" }} }}\n", "{".repeat(2_000)),
        format!("messages: {{ a: {{ en: \"{{{}}}\" }} }}\n", "(".repeat(900)),
        format!("messages: {{ a: {{ en: \"{{{}x}}\" }} }}\n", "not ".repeat(240)),
        format!("messages: {{ a: {{ en: \"{{{}1}}\" }} }}\n", "1+".repeat(490)),
        format!("messages: {{ a: {{ en: \"{{today + {}}}\" }} }}\n", i64::MAX),
        "messages: { a: { en: \"{today - 99999999999999999999}\" } }\n".to_string(),
    ] {
        let clock = ringback::time::Clock::system();
        let compiled = compile(&source);
        let took = clock.now().mono.since(ringback::time::Mono::ZERO);
        assert!(took < Duration::from_secs(10), "{took:?}: {}", source.chars().take(300).collect::<String>());
        assert!(compiled.program.is_none());
        assert!(!compiled.diagnostics.is_empty());
        assert!(compiled.diagnostics.len() <= 600);
        render_all(&compiled.diagnostics, "x.yaml", &source);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    /// A shipped flow with pieces cut out, moved and scribbled over: diagnostics or a program, never a panic.
    #[test]
    fn scribbled_flows_never_panic(
        gentle in any::<bool>(),
        cuts in prop::collection::vec((any::<u16>(), 0usize..40, any::<u16>(), 0usize..12), 1..6),
    ) {
        const SCRIBBLES: [&str; 12] =
            ["", "{", "}", "\"", ": ", "\n  ", "\t", "| money", "no", "*9", "contact.", "є\u{301}"];
        let source = shipped(if gentle { "gentle_reminder.yaml" } else { "overdue_reminder.yaml" });
        let mut chars: Vec<char> = source.chars().collect();
        for (at, length, to, scribble) in cuts {
            let at = usize::from(at) % chars.len();
            let end = (at + length).min(chars.len());
            let piece: Vec<char> = chars.drain(at..end).collect();
            let to = usize::from(to) % (chars.len() + 1);
            chars.splice(to..to, piece.into_iter().chain(SCRIBBLES[scribble].chars()));
        }
        let source: String = chars.into_iter().collect();
        let compiled = compile(&source);
        prop_assert_eq!(compiled.program.is_some(), !compiled.diagnostics.iter().any(|d| d.is_error()));
        render_all(&compiled.diagnostics, "x.yaml", &source);
    }
}
