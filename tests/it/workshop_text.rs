//! What the workshop writes: reports for machines, flows laid out anew, the schema that editors ask.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use proptest::prelude::*;
use regex_automata::{
    Input,
    dfa::{Automaton, dense::DFA},
};
use ringback::flow::yaml::{Entry, Node, Scalar, Value as Tree, read};
use ringback::flow::{Library, compile, compile_with};
use ringback::workshop::fmt::format;
use serde_json::Value;

fn ringback(arguments: &[&str]) -> (bool, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_ringback"))
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("the binary runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    (output.status.success(), text(output.stdout), text(output.stderr))
}

/// What the SARIF 2.1.0 specification requires of an object, and what code hosts ask beyond it:
/// where (`*` is every item of a list), property, type.
const SARIF_REQUIRED: &[(&str, &str, &str)] = &[
    ("", "version", "string"),                                         // §3.13.2
    ("", "$schema", "string"),                                         // §3.13.3
    ("", "runs", "array"),                                             // §3.13.4
    ("runs/*", "tool", "object"),                                      // §3.14.6
    ("runs/*", "results", "array"),                                    // §3.14.23
    ("runs/*", "columnKind", "string"),                                // §3.14.17
    ("runs/*/tool", "driver", "object"),                               // §3.18.2
    ("runs/*/tool/driver", "name", "string"),                          // §3.19.8
    ("runs/*/tool/driver", "rules", "array"),                          // §3.19.23
    ("runs/*/tool/driver/rules/*", "id", "string"),                    // §3.49.3
    ("runs/*/tool/driver/rules/*/shortDescription", "text", "string"), // §3.12.3
    ("runs/*/tool/driver/rules/*/fullDescription", "text", "string"),
    ("runs/*/tool/driver/rules/*/help", "text", "string"),
    ("runs/*/results/*", "ruleId", "string"),       // §3.27.5
    ("runs/*/results/*", "ruleIndex", "number"),    // §3.27.6
    ("runs/*/results/*", "level", "string"),        // §3.27.10
    ("runs/*/results/*/message", "text", "string"), // §3.27.11
    ("runs/*/results/*", "locations", "array"),     // §3.27.12
    ("runs/*/results/*/locations/*/physicalLocation/artifactLocation", "uri", "string"), // §3.4.3
    ("runs/*/results/*/locations/*/physicalLocation/region", "startLine", "number"), // §3.30.5
    ("runs/*/results/*/locations/*/physicalLocation/region", "startColumn", "number"),
    ("runs/*/results/*/locations/*/physicalLocation/region", "endColumn", "number"),
];

/// The values at `path`.
fn at<'v>(value: &'v Value, path: &str) -> Vec<&'v Value> {
    let mut found = vec![value];
    for step in path.split('/').filter(|s| !s.is_empty()) {
        found = found
            .into_iter()
            .flat_map(|v| match step {
                "*" => v.as_array().unwrap_or_else(|| panic!("{path}: no list")).iter().collect::<Vec<_>>(),
                key => vec![v.get(key).unwrap_or_else(|| panic!("{path}: no {key}"))],
            })
            .collect();
    }
    found
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

#[test]
fn sarif_has_what_the_standard_requires() {
    let (ok, out, _) = ringback(&["flow", "check", "--format", "sarif", "tests/flows"]);
    assert!(!ok, "tests/flows are broken");
    let report: Value = serde_json::from_str(&out).expect("SARIF is JSON");
    for (path, property, expected) in SARIF_REQUIRED {
        let owners = at(&report, path);
        assert!(!owners.is_empty(), "nothing at {path}");
        for owner in owners {
            let found = owner.get(property).map(kind);
            assert_eq!(found, Some(*expected), "{path}/{property} of {owner}");
        }
    }
    let run = &report["runs"][0];
    assert_eq!(run["columnKind"], "unicodeCodePoints");
    assert_eq!(run["tool"]["driver"]["rules"].as_array().unwrap().len(), ringback::flow::codes::ALL.len());
    for result in at(&report, "runs/*/results/*") {
        let rule = &run["tool"]["driver"]["rules"][result["ruleIndex"].as_u64().unwrap() as usize];
        assert_eq!(rule["id"], result["ruleId"]);
        let place = &result["locations"][0]["physicalLocation"];
        let uri = place["artifactLocation"]["uri"].as_str().unwrap();
        assert!(Path::new(env!("CARGO_MANIFEST_DIR")).join(uri).is_file(), "{uri}");
        let column = |name: &str| place["region"][name].as_u64().unwrap();
        assert!(column("startLine") >= 1 && column("startColumn") >= 1, "{place}");
        assert!(column("endColumn") > column("startColumn"), "{place}");
    }
}

#[test]
fn formats_agree_on_what_they_found() {
    let broken = "tests/flows/unknown_target.yaml";
    let (_, text, _) = ringback(&["flow", "check", broken]);
    let (ok, json, _) = ringback(&["flow", "check", "--format", "json", broken]);
    let (_, sarif, _) = ringback(&["flow", "check", "--format", "sarif", broken]);
    assert!(!ok);
    let (json, sarif): (Value, Value) =
        (serde_json::from_str(&json).expect("JSON"), serde_json::from_str(&sarif).expect("JSON"));
    let (found, results) = (json["diagnostics"].as_array().unwrap(), sarif["runs"][0]["results"].as_array().unwrap());
    assert!(!found.is_empty() && found.len() == results.len());
    for (one, result) in found.iter().zip(results) {
        let word = |key: &str| one[key].as_str().unwrap();
        let head = format!(
            "{}:{}:{}: {}[{}]: {}\n",
            word("file"),
            one["line"],
            one["column"],
            word("severity"),
            word("code"),
            word("message")
        );
        assert!(text.contains(&head), "{head} not in\n{text}");
        let region = &result["locations"][0]["physicalLocation"]["region"];
        assert_eq!((&region["startLine"], &region["startColumn"]), (&one["line"], &one["column"]));
    }
    assert_eq!(json["summary"]["errors"], found.len());
}

#[test]
fn warnings_pass_unless_denied() {
    let (warned, sound, broken) = ("tests/flows/unused_message.yaml", "flows", "tests/flows/unrouted.yaml");
    for (path, arguments, passes) in [
        (warned, vec![], true),
        (warned, vec!["--deny-warnings"], false),
        (warned, vec!["--deny-warnings", "--format", "json"], false),
        (warned, vec!["--format", "sarif"], true),
        (sound, vec!["--deny-warnings"], true),
        (broken, vec![], false),
        (broken, vec!["--format", "json"], false),
    ] {
        let (ok, out, err) = ringback(&[&["flow", "check", path], arguments.as_slice()].concat());
        assert_eq!(ok, passes, "{path} {arguments:?}\n{out}{err}");
    }
}

fn flows(folder: &str) -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .expect("the folder is in the repository")
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "yaml"))
        .collect();
    files.sort();
    files.into_iter().map(|f| (f.display().to_string(), std::fs::read_to_string(&f).unwrap())).collect()
}

fn sound_flows() -> Vec<(String, String)> {
    flows("flows").into_iter().chain(flows("tests/flows/sound")).collect()
}

fn laid_out(name: &str, source: &str) -> String {
    format(source).unwrap_or_else(|e| panic!("{name} is left alone: {e:?}\n{source}"))
}

/// All that a flow compiles to, but for the places in the text and the hash over it.
fn meaning(name: &str, source: &str) -> String {
    // The sub-flows that the shipped flows call.
    let library = flows("flows/library").into_iter().map(|(file, source)| {
        let name = Path::new(&file).file_stem().unwrap().to_string_lossy().into_owned();
        (name, source)
    });
    let compiled = compile_with(source, &Library(library.collect()));
    let mut program = compiled.program.unwrap_or_else(|| {
        panic!("{}\n{source}", ringback::diagnostic::render_all(&compiled.diagnostics, name, source))
    });
    program.hash.0.clear();
    let codes: Vec<_> = compiled.diagnostics.iter().map(|d| (d.code, &d.message)).collect();
    let all = format!("{program:?}{:?}{codes:?}", compiled.tests);
    let mut out = String::new();
    let mut parts = all.split("Span {");
    out += parts.next().unwrap_or_default();
    for part in parts {
        out += part.split_once('}').expect("a span ends").1;
    }
    out
}

/// A flow written anew by a careless hand: other indents, quotes, brackets, line breaks, order of sections, and comments
/// wherever there is room. Every comment names the path of its key.
struct Careless<'a> {
    /// Decisions; they repeat.
    dice: &'a [u8],
    thrown: usize,
    comments: Vec<String>,
}

impl Careless<'_> {
    fn throw(&mut self, sides: u8) -> u8 {
        self.thrown += 1;
        self.dice[(self.thrown * 7 + self.thrown / self.dice.len()) % self.dice.len()] % sides
    }

    fn comment(&mut self, path: &str) -> String {
        let comment = format!("# {} of {path}", self.comments.len()).trim_end().to_string();
        self.comments.push(comment.clone());
        comment
    }

    /// Own lines above a key.
    fn above(&mut self, out: &mut String, path: &str, indent: usize) {
        if self.throw(6) == 0 {
            *out += ["\n", "\n\n\n", "   \n"][usize::from(self.throw(3))];
        }
        for _ in 0..self.throw(12).saturating_sub(9) {
            *out += &format!("{}{}\n", " ".repeat(indent), self.comment(path));
        }
    }

    /// The end of a line.
    fn line_end(&mut self, out: &mut String, path: &str) {
        match self.throw(10) {
            0 => *out += "   ",
            1 => *out += &format!("  {} ", self.comment(path)),
            _ => {}
        }
        *out += if self.throw(8) == 0 { "\r\n" } else { "\n" };
    }

    fn scalar(&mut self, scalar: &Scalar) -> String {
        if scalar.plain {
            return if scalar.text == "~" { String::new() } else { scalar.text.clone() };
        }
        match self.throw(2) {
            0 if !scalar.text.contains('\n') => format!("'{}'", scalar.text.replace('\'', "''")),
            _ => serde_json::to_string(&scalar.text).expect("text"),
        }
    }

    fn key(&mut self, entry: &Entry) -> String {
        match (entry.key_plain, self.throw(2)) {
            (true, _) => entry.key.clone(),
            (false, 0) => format!("'{}'", entry.key),
            (false, _) => format!("\"{}\"", entry.key),
        }
    }

    /// Plain text of lists and maps on lines may have signs that brackets would misread.
    fn bracketable(node: &Node) -> bool {
        match &node.value {
            Tree::Scalar(s) => !s.plain || !s.text.is_empty() && !s.text.contains([',', '[', ']', '{', '}', '"', '~']),
            Tree::List(items) => items.iter().all(Self::bracketable),
            Tree::Map(map) => map.entries.iter().all(|e| Self::bracketable(&e.value)),
        }
    }

    /// The value behind `key:` or `-`, to the end of its last line.
    fn value(&mut self, out: &mut String, node: &Node, path: &str, indent: usize) {
        let empty = match &node.value {
            Tree::Scalar(scalar) => {
                let folds = !scalar.plain && scalar.text.contains(". ") && !scalar.text.contains(".  ");
                if folds && self.throw(3) == 0 {
                    *out += if self.throw(2) == 0 { " >-" } else { "   >- # folded" };
                    if out.ends_with("folded") {
                        out.truncate(out.len() - "# folded".len());
                        let comment = self.comment(path);
                        *out += &comment;
                    }
                    let at = " ".repeat(indent + 1 + usize::from(self.throw(4)));
                    *out += &format!("\n{at}{}\n", scalar.text.replace(". ", &format!(".\n{at}")));
                    return;
                }
                *out += &format!(" {}", self.scalar(scalar));
                return self.line_end(out, path);
            }
            Tree::List(items) => items.is_empty(),
            Tree::Map(map) => map.entries.is_empty(),
        };
        if empty || Self::bracketable(node) && self.throw(3) == 0 {
            let broken = self.throw(3) == 0;
            *out += " ";
            self.brackets(out, node, path, indent + 2, broken);
            return self.line_end(out, path);
        }
        self.line_end(out, path);
        let deeper = indent + 1 + usize::from(self.throw(4));
        self.block(out, node, path, deeper);
    }

    fn brackets(&mut self, out: &mut String, node: &Node, path: &str, indent: usize, broken: bool) {
        let space = |careless: &mut Self, out: &mut String, path: &str| match broken {
            true => {
                careless.line_end(out, path);
                *out += &" ".repeat(indent);
            }
            false => *out += if careless.throw(2) == 0 { " " } else { "" },
        };
        match &node.value {
            Tree::Scalar(scalar) => *out += &self.scalar(scalar),
            Tree::List(items) => {
                *out += "[";
                space(self, out, path);
                for (n, item) in items.iter().enumerate() {
                    self.brackets(out, item, &format!("{path}.{n}"), indent, broken);
                    *out += ",";
                    space(self, out, &format!("{path}.{n}"));
                }
                *out += "]";
            }
            Tree::Map(map) => {
                *out += "{";
                space(self, out, path);
                for entry in &map.entries {
                    let path = format!("{path}.{}", entry.key);
                    *out += &format!("{}: ", self.key(entry));
                    self.brackets(out, &entry.value, &path, indent, broken);
                    *out += ",";
                    space(self, out, &path);
                }
                *out += "}";
            }
        }
    }

    fn block(&mut self, out: &mut String, node: &Node, path: &str, indent: usize) {
        match &node.value {
            Tree::Scalar(_) => unreachable!("only lists and maps are laid out in lines"),
            Tree::List(items) => {
                for (n, item) in items.iter().enumerate() {
                    let path = format!("{path}.{n}");
                    self.above(out, &path, indent);
                    *out += &format!("{}-", " ".repeat(indent));
                    self.value(out, item, &path, indent);
                }
            }
            Tree::Map(map) => {
                let mut entries: Vec<&Entry> = map.entries.iter().collect();
                if path.is_empty() {
                    let by = usize::from(self.throw(12)) % entries.len();
                    entries.rotate_left(by);
                    *out += &format!("{}\n\n", self.comment(path));
                }
                for entry in entries {
                    let path = format!("{path}.{}", entry.key);
                    self.above(out, &path, indent);
                    *out += &format!("{}{}:", " ".repeat(indent), self.key(entry));
                    self.value(out, &entry.value, &path, indent);
                }
            }
        }
    }
}

fn rewritten(source: &str, dice: &[u8]) -> (String, Vec<String>) {
    let root = read(source, &mut Vec::new()).expect("the flow is sound");
    let mut careless = Careless { dice, thrown: 0, comments: Vec::new() };
    let mut out = String::new();
    careless.block(&mut out, &root, "", 0);
    (out, careless.comments)
}

/// The path of the key that each comment stands beside or above, found in the text alone: by indents and dashes. On a
/// line with a dash there are two: the item's and its first key's. Works for the canonical layout only.
fn comments_by_text(text: &str) -> Vec<(String, Vec<String>)> {
    // (indent, name, items so far)
    let mut path: Vec<(usize, String)> = Vec::new();
    let mut counts: Vec<(usize, usize)> = Vec::new();
    let (mut waiting, mut found): (Vec<String>, Vec<(String, Vec<String>)>) = (Vec::new(), Vec::new());
    let mut head = true;
    for line in text.lines() {
        let mut indent = line.len() - line.trim_start().len();
        let mut rest = line.trim_start();
        if rest.is_empty() {
            if head {
                found.extend(waiting.drain(..).map(|c| (c, vec![String::new()])));
                head = false;
            }
            continue;
        }
        if rest.starts_with("# ") {
            waiting.push(rest.to_string());
            continue;
        }
        let comment = rest.find(" # ").map(|at| rest[at + 1..].to_string());
        let mut owners = Vec::new();
        loop {
            path.retain(|(i, _)| *i < indent);
            if let Some(item) = rest.strip_prefix("- ") {
                counts.retain(|(i, _)| *i <= indent);
                match counts.last_mut() {
                    Some((i, n)) if *i == indent => *n += 1,
                    _ => counts.push((indent, 0)),
                }
                path.push((indent, counts.last().unwrap().1.to_string()));
                owners.push(joined(&path));
                (indent, rest) = (indent + 2, item);
                continue;
            }
            counts.retain(|(i, _)| *i < indent);
            let is_key = rest.split_once(':').filter(|(key, value)| {
                let word = key.trim_matches('"');
                word.chars().all(|c| c.is_alphanumeric() || "_*#".contains(c))
                    && (value.is_empty() || value.starts_with(' '))
            });
            if let Some((key, _)) = is_key {
                path.push((indent, key.trim_matches('"').to_string()));
                owners.push(joined(&path));
            }
            break;
        }
        // A line of a folded text has no key, and can have no comment.
        if owners.is_empty() {
            continue;
        }
        head = false;
        found.extend(waiting.drain(..).chain(comment).map(|c| (c, owners.clone())));
    }
    found.extend(waiting.into_iter().map(|c| (c, vec!["foot".to_string()])));
    found
}

fn joined(path: &[(usize, String)]) -> String {
    path.iter().map(|(_, name)| format!(".{name}")).collect()
}

#[test]
fn shipped_flows_are_in_canonical_layout() {
    for name in ["flows/overdue_reminder.yaml", "flows/gentle_reminder.yaml"] {
        let source = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap();
        assert!(laid_out(name, &source) == source, "run `ringback flow fmt {name}`");
    }
}

#[test]
fn broken_flows_that_are_yaml_keep_their_diagnostics() {
    for (name, source) in flows("tests/flows") {
        let Ok(out) = format(&source) else { continue };
        let codes = |text: &str| {
            let mut found: Vec<_> = compile(text).diagnostics.iter().map(|d| (d.code, d.severity)).collect();
            found.sort();
            found
        };
        assert_eq!(codes(&source), codes(&out), "{name}\n{out}");
        assert_eq!(laid_out(&name, &out), out, "{name}, again");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    /// Whatever hand wrote it: the same meaning, every comment with its key, and nothing changes the second time.
    #[test]
    fn any_hand_is_brought_into_order(dice in prop::collection::vec(any::<u8>(), 200..400)) {
        for (name, source) in sound_flows() {
            let (careless, comments) = rewritten(&source, &dice);
            prop_assert_eq!(meaning(&name, &careless), meaning(&name, &source), "the hand itself erred:\n{}", careless);
            let out = laid_out(&name, &careless);
            prop_assert_eq!(meaning(&name, &out), meaning(&name, &source), "{}", out);
            prop_assert_eq!(&laid_out(&name, &out), &out);
            let found = comments_by_text(&out);
            prop_assert_eq!(found.len(), comments.len(), "{}\n{}", careless, out);
            for (comment, paths) in found {
                let own = paths.iter().any(|path| comment.ends_with(format!(" of {path}").trim_end()));
                prop_assert!(own, "`{}` is at {:?}\n{}\n{}", comment, paths, careless, out);
            }
            prop_assert!(out.ends_with('\n') && !out.contains('\r') && !out.contains(" \n"), "{}", out);
        }
    }
}

#[test]
fn fmt_changes_files_only_when_asked() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name);
    std::fs::write(file("a.yaml"), "version:   1\nflow: a\n").unwrap();
    std::fs::write(file("b.yaml"), "flow: b\n").unwrap();
    std::fs::write(file("c.yaml"), "flow: [\n").unwrap();
    let path = folder.path().to_str().unwrap();
    let (ok, out, _) = ringback(&["flow", "fmt", "--check", path]);
    assert!(!ok && out.contains("a.yaml: would change\n") && !out.contains("b.yaml: would"), "{out}");
    assert_eq!(std::fs::read_to_string(file("a.yaml")).unwrap(), "version:   1\nflow: a\n");
    let (ok, out, _) = ringback(&["flow", "fmt", path]);
    assert!(!ok && out.contains("error[F001]") && out.ends_with("1 changed, 1 in order, 1 left alone\n"), "{out}");
    assert_eq!(std::fs::read_to_string(file("a.yaml")).unwrap(), "flow: a\nversion: 1\n");
    assert_eq!(std::fs::read_to_string(file("c.yaml")).unwrap(), "flow: [\n");
    std::fs::remove_file(file("c.yaml")).unwrap();
    let (ok, out, _) = ringback(&["flow", "fmt", "--check", path]);
    assert!(ok && out == "0 would change, 2 in order, 0 left alone\n", "{out}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2, "nothing is left beside");
    // Sub-flows are files of their own: laid out themselves, and never written into the flow that calls them.
    std::fs::create_dir(file("library")).unwrap();
    std::fs::write(file("library/s.yaml"), "version: 1\nsubflow: s\n").unwrap();
    let (ok, out, _) = ringback(&["flow", "fmt", path]);
    assert!(ok && out.ends_with("1 changed, 2 in order, 0 left alone\n"), "{out}");
    assert_eq!(std::fs::read_to_string(file("b.yaml")).unwrap(), "flow: b\n");
    assert_eq!(std::fs::read_to_string(file("library/s.yaml")).unwrap(), "subflow: s\nversion: 1\n");
}

/// What a JSON Schema says against a value: the keywords that ours uses, and a panic for any other.
struct Judge {
    root: Value,
    patterns: BTreeMap<String, DFA<Vec<u32>>>,
}

impl Judge {
    fn faults(&mut self, schema: &Value, value: &Value, at: &str) -> Vec<String> {
        let mut out = Vec::new();
        let keywords = schema.as_object().unwrap_or_else(|| panic!("{at}: {schema} is no schema"));
        let sub = |key: &str| schema.get(key).cloned().unwrap_or(Value::Null);
        let text = |key: &str| schema[key].as_str().unwrap().to_string();
        for (keyword, says) in keywords {
            let good = match keyword.as_str() {
                "$schema" | "$defs" | "title" | "description" | "then" | "else" => true,
                "$ref" => {
                    let name = text("$ref").replace("#/$defs/", "");
                    let inner = self.root["$defs"][&name].clone();
                    out.extend(self.faults(&inner, value, at));
                    true
                }
                "type" => match says {
                    Value::Array(any) => any.iter().any(|one| is_of(value, one.as_str().unwrap())),
                    one => is_of(value, one.as_str().unwrap()),
                },
                "enum" => says.as_array().unwrap().contains(value),
                "const" => says == value,
                "minimum" => value.as_i64().is_none_or(|n| n >= says.as_i64().unwrap()),
                "minLength" => value.as_str().is_none_or(|s| s.chars().count() as u64 >= says.as_u64().unwrap()),
                "minItems" => value.as_array().is_none_or(|a| a.len() as u64 >= says.as_u64().unwrap()),
                "pattern" => value.as_str().is_none_or(|s| self.matches(says.as_str().unwrap(), s)),
                "required" => {
                    let has = |key: &Value| value.get(key.as_str().unwrap()).is_some();
                    !value.is_object() || says.as_array().unwrap().iter().all(has)
                }
                "items" => {
                    for (n, item) in value.as_array().into_iter().flatten().enumerate() {
                        out.extend(self.faults(says, item, &format!("{at}/{n}")));
                    }
                    true
                }
                "properties" | "patternProperties" | "additionalProperties" => true,
                "anyOf" => says.as_array().unwrap().iter().any(|one| self.faults(one, value, at).is_empty()),
                "allOf" => {
                    says.as_array().unwrap().iter().for_each(|one| out.extend(self.faults(one, value, at)));
                    true
                }
                "not" => !self.faults(says, value, at).is_empty(),
                "if" => {
                    let branch = sub(if self.faults(says, value, at).is_empty() { "then" } else { "else" });
                    if !branch.is_null() {
                        out.extend(self.faults(&branch, value, at));
                    }
                    true
                }
                other => panic!("the test does not know the keyword `{other}`"),
            };
            if !good {
                out.push(format!("{at}: {keyword}"));
            }
        }
        for (key, inner) in value.as_object().into_iter().flatten() {
            let at = format!("{at}/{key}");
            let mut known = false;
            if let Some(property) = schema.get("properties").and_then(|p| p.get(key)) {
                known = true;
                out.extend(self.faults(property, inner, &at));
            }
            for (pattern, property) in sub("patternProperties").as_object().into_iter().flatten() {
                if self.matches(pattern, key) {
                    known = true;
                    out.extend(self.faults(property, inner, &at));
                }
            }
            match schema.get("additionalProperties") {
                Some(Value::Bool(false)) if !known => out.push(format!("{at}: additionalProperties")),
                Some(other) if !known => out.extend(self.faults(other, inner, &at)),
                Some(_) | None => {}
            }
        }
        out
    }

    fn matches(&mut self, pattern: &str, text: &str) -> bool {
        let dfa = self.patterns.entry(pattern.to_string()).or_insert_with(|| DFA::new(pattern).expect("a pattern"));
        dfa.try_search_fwd(&Input::new(text)).expect("plain text").is_some()
    }
}

fn is_of(value: &Value, kind_wanted: &str) -> bool {
    kind(value) == kind_wanted || kind_wanted == "integer" && value.is_i64()
}

/// Broken flows that an editor can tell without the compiler, and what the schema has against each.
const SEEN_BY_THE_SCHEMA: &[(&str, &str)] = &[
    ("unknown_top_key", "additionalProperties"),
    ("unknown_node_key", "additionalProperties"),
    ("unknown_kind", "anyOf"),
    ("two_kinds", "additionalProperties"),
    ("keys_as_list", "type"),
    ("menu_without_keys", "required"),
    ("version_missing", "required"),
    ("duration_without_unit", "type"),
    ("digits_without_count", "pattern"),
    ("unknown_type", "pattern"),
    ("unknown_result", "enum"),
    ("result_of_the_carrier", "enum"),
    ("hotkey_of_one_digit", "additionalProperties"),
    ("capital_name", "additionalProperties"),
    ("node_is_a_word", "type"),
    ("test_step_unknown", "pattern"),
    ("test_result_unknown", "enum"),
];

#[test]
fn the_schema_knows_sound_flows_from_broken_ones() {
    let (ok, out, _) = ringback(&["flow", "schema"]);
    assert!(ok);
    let schema: Value = serde_json::from_str(&out).expect("a schema is JSON");
    let mut judge = Judge { root: schema.clone(), patterns: BTreeMap::new() };
    let mut faults = |source: &str| {
        let flow: Value = serde_saphyr::from_str(source).expect("a flow is YAML");
        judge.faults(&schema, &flow, "")
    };
    for (name, source) in sound_flows().into_iter().chain(flows("flows/library")) {
        assert_eq!(faults(&source), Vec::<String>::new(), "{name}");
    }
    let broken = flows("tests/flows");
    for (name, keyword) in SEEN_BY_THE_SCHEMA {
        let (_, source) = broken.iter().find(|(path, _)| path.ends_with(&format!("/{name}.yaml"))).expect(name);
        let found = faults(source);
        assert!(found.iter().any(|f| f.ends_with(&format!(": {keyword}"))), "{name}: {found:?}");
    }
}
