//! The dependency diagram as a test: which module may name which, and what pure modules may never mention.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Modules from the bottom up. A pure module names only what stands above it in this list; an arrow that is not in
/// `ARROWS` is an error even then. A new arrow is an edit to this table in the same change.
const WORDS: &[&str] =
    &["diagnostic", "id", "language", "money", "number_type", "outcome", "phone", "price", "secret", "time", "zone"];

const ARROWS: &[(&str, &[&str])] = &[
    ("speech", &[]),
    ("flow", &["speech"]),
    ("books", &["flow"]),
    ("policy", &["books", "flow"]),
    ("ladder", &["books", "flow", "policy", "speech"]),
    ("call", &["flow", "speech"]),
    ("workshop", &["call", "flow", "speech"]),
    ("campaign", &["books", "flow", "ladder", "policy"]),
    ("agent", &["policy"]),
    ("audio", &[]),
    ("rtp", &["audio"]),
    ("sip", &["audio"]),
    ("engine", &["agent", "books", "call", "campaign", "flow", "ladder", "policy", "speech"]),
    ("sim", &["agent", "books", "call", "campaign", "engine", "flow", "ladder", "policy", "speech"]),
    ("forecast", &["agent", "books", "campaign", "flow", "ladder", "policy"]),
    ("report", &["books", "flow"]),
    ("store", &["books", "flow"]),
    ("import", &["books", "flow", "policy"]),
    ("api", &["books", "config", "import", "store"]),
    ("trunk", &["audio", "sip"]),
    ("media", &["audio", "rtp"]),
    ("voice", &["audio", "config", "speech"]),
    ("notify", &["books", "config", "store"]),
    ("request", &["call", "config", "flow"]),
    ("config", &["audio", "campaign", "sip"]),
    ("keeping", &["books", "ladder", "policy", "report", "store"]),
];

const PURE: &[&str] = &[
    "speech", "flow", "books", "policy", "ladder", "call", "campaign", "agent", "audio", "rtp", "sip", "engine", "sim",
    "report", "workshop", "forecast",
];

/// What would let the world into a pure module.
const BANNED_IN_PURE: &[&str] = &[
    "tokio",
    "sqlx",
    "async fn",
    ".await",
    "std::fs",
    "UdpSocket",
    "TcpStream",
    "TcpListener",
    "std::thread",
    "lettre",
    "ureq",
    "Instant::now",
    "SystemTime::now",
    "println!",
    "eprintln!",
];

/// Modules that join the others and may name everything.
const JOINERS: &[&str] = &["serve", "cli", "network", "bench", "lib", "main"];

fn rust_files(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).expect("src is there") {
        let path = entry.expect("readable").path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
}

/// (module, path below src, code without comments and without its `#[cfg(test)]` tail)
fn sources() -> Vec<(String, String, String)> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    rust_files(&src, &mut files);
    assert!(files.len() > 30, "found only {} files: the test looks in the wrong place", files.len());
    files
        .into_iter()
        .map(|path| {
            let below = path.strip_prefix(&src).expect("below src").to_string_lossy().into_owned();
            let module = below.split('/').next().expect("a name").trim_end_matches(".rs").to_string();
            let text = std::fs::read_to_string(&path).expect("readable");
            let tests_only = below.ends_with("tests.rs") || below.contains("_tests/");
            let body = if tests_only { "" } else { text.split("#[cfg(test)]\nmod tests").next().unwrap_or("") };
            let code = body.lines().filter(|l| !l.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
            (module, below, code)
        })
        .collect()
}

/// Whether `code` has `words`, not as the beginning of a longer word.
fn mentions(code: &str, words: &str) -> bool {
    let ends = |at: usize| !code[at + words.len()..].starts_with(|c: char| c.is_alphanumeric() || c == '_');
    code.match_indices(words).any(|(at, _)| ends(at))
}

/// Modules named as `crate::x` or inside `crate::{x, y}`.
fn named(code: &str) -> BTreeSet<String> {
    let word = |s: &str| s.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    let mut found = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        if let Some(group) = rest.strip_prefix('{') {
            let mut depth = 1;
            let mut start = true;
            for (i, c) in group.char_indices() {
                match c {
                    '{' => depth += 1,
                    '}' => depth -= 1,
                    ',' if depth == 1 => start = true,
                    c if start && c.is_alphabetic() => {
                        found.insert(word(&group[i..]));
                        start = false;
                    }
                    _ => {}
                }
                if depth == 0 {
                    break;
                }
            }
        } else {
            found.insert(word(rest));
        }
    }
    found
}

#[test]
fn modules_name_only_what_stands_above_them() {
    let allowed: BTreeMap<&str, &[&str]> = ARROWS.iter().copied().collect();
    let modules: BTreeSet<&str> = allowed.keys().copied().chain(JOINERS.iter().copied()).collect();
    let mut wrong = Vec::new();
    for (module, file, code) in sources() {
        if JOINERS.contains(&module.as_str()) {
            continue;
        }
        for other in named(&code) {
            let is_module = modules.contains(other.as_str()) || WORDS.contains(&other.as_str());
            if !is_module || other == module || WORDS.contains(&other.as_str()) && !WORDS.contains(&module.as_str()) {
                continue;
            }
            let ok = if WORDS.contains(&module.as_str()) {
                WORDS.contains(&other.as_str())
            } else {
                allowed.get(module.as_str()).is_some_and(|to| to.contains(&other.as_str()))
            };
            if !ok {
                wrong.push(format!("src/{file} names crate::{other}"));
            }
        }
    }
    assert!(wrong.is_empty(), "arrows that the diagram does not have:\n{}", wrong.join("\n"));
}

#[test]
fn pure_modules_stay_pure() {
    let mut wrong = Vec::new();
    for (module, file, code) in sources() {
        if PURE.contains(&module.as_str()) || WORDS.contains(&module.as_str()) && module != "time" {
            for banned in BANNED_IN_PURE.iter().filter(|b| mentions(&code, b)) {
                wrong.push(format!("src/{file} mentions {banned}"));
            }
        }
    }
    assert!(wrong.is_empty(), "pure modules let the world in:\n{}", wrong.join("\n"));
}

#[test]
fn every_folder_of_src_has_its_readme_and_its_arrows() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut missing = Vec::new();
    for entry in std::fs::read_dir(&src).expect("src is there") {
        let path = entry.expect("readable").path();
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        if path.is_dir() {
            if !path.join("README.md").exists() {
                missing.push(format!("src/{name}/README.md"));
            }
            let known = ARROWS.iter().any(|(m, _)| *m == name)
                || JOINERS.contains(&name.as_str())
                || WORDS.contains(&name.as_str());
            if !known {
                missing.push(format!("{name} in the table of arrows"));
            }
        }
    }
    assert!(missing.is_empty(), "missing: {}", missing.join(", "));
}

#[test]
fn no_file_grows_past_reading() {
    const LINES_MAX: usize = 800;
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    rust_files(&src, &mut files);
    let long: Vec<String> = files
        .iter()
        .map(|f| (f, std::fs::read_to_string(f).expect("readable").lines().count()))
        .filter(|(_, lines)| *lines > LINES_MAX)
        .map(|(f, lines)| format!("{} has {lines} lines", f.display()))
        .collect();
    assert!(long.is_empty(), "{}", long.join("\n"));
}

#[test]
fn whole_phone_numbers_are_not_logged() {
    // `.full()` is for dialling, storing and asked-for exports; a line that also logs is a leak.
    let mut wrong = Vec::new();
    for (_, file, code) in sources() {
        for line in code.lines() {
            let logs = ["info!", "warn!", "error!", "debug!", "trace!"].iter().any(|m| line.contains(m));
            if logs && line.contains(".full()") {
                wrong.push(format!("src/{file}: {}", line.trim()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
