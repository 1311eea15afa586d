//! What is wrong with flows, for machines: JSON for scripts, SARIF 2.1.0 for code hosts and editors.
//! Text for people is `diagnostic::render_all`.

use serde::Serialize;
use serde_json::{Value, json};

use crate::diagnostic::{Diagnostic, Severity};
use crate::flow::codes;

/// A flow and what the compiler says of it.
#[derive(Debug, Clone)]
pub struct Checked {
    /// The path as the reader of the report is to see it: relative to where the command ran, with `/`.
    pub file: String,
    pub source: String,
    pub diagnostics: Vec<Diagnostic>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    pub files: usize,
    pub errors: usize,
    pub warnings: usize,
}

impl Summary {
    pub fn of(checked: &[Checked]) -> Summary {
        let all = || checked.iter().flat_map(|c| &c.diagnostics);
        let errors = all().filter(|d| d.is_error()).count();
        Summary { files: checked.len(), errors, warnings: all().count() - errors }
    }
}

/// One finding. Keys are only ever added; `flows/README.md` documents them.
#[derive(Serialize)]
struct Finding<'a> {
    file: &'a str,
    /// From 1.
    line: u32,
    /// From 1, in characters.
    column: u32,
    /// In characters.
    length: u32,
    severity: &'static str,
    code: &'static str,
    message: &'a str,
    help: Option<&'a str>,
}

/// `{ "diagnostics": […], "summary": {…} }`, sorted by file as given, then by place.
pub fn json(checked: &[Checked]) -> String {
    #[derive(Serialize)]
    struct Report<'a> {
        diagnostics: Vec<Finding<'a>>,
        summary: Summary,
    }
    let diagnostics = checked.iter().flat_map(|c| c.diagnostics.iter().map(|d| finding(&c.file, d))).collect();
    pretty(&Report { diagnostics, summary: Summary::of(checked) })
}

fn finding<'a>(file: &'a str, found: &'a Diagnostic) -> Finding<'a> {
    Finding {
        file,
        line: found.span.line,
        column: found.span.column,
        length: found.span.length,
        severity: word(found.severity),
        code: found.code,
        message: &found.message,
        help: found.help.as_deref(),
    }
}

/// One run of SARIF 2.1.0 (OASIS Standard, 2020-03-27), with every code of the table as a rule.
pub fn sarif(checked: &[Checked]) -> String {
    let rules: Vec<Value> = codes::ALL
        .iter()
        .map(|code| {
            json!({
                "id": code.code,
                "shortDescription": { "text": code.title },
                "fullDescription": { "text": code.explanation },
                "help": { "text": code.explanation, "markdown": code.explanation },
            })
        })
        .collect();
    let results: Vec<Value> =
        checked.iter().flat_map(|c| c.diagnostics.iter().map(|d| result(&c.file, &c.source, d))).collect();
    pretty(&json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "ringback",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "informationUri": env!("CARGO_PKG_REPOSITORY"),
                "rules": rules,
            } },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    }))
}

fn result(file: &str, source: &str, found: &Diagnostic) -> Value {
    let text = match &found.help {
        Some(help) => format!("{}; {help}", found.message),
        None => found.message.clone(),
    };
    let span = found.span;
    // A text folded over several lines has one length; the region ends with the line that it begins in.
    let width = source.lines().nth(span.line.saturating_sub(1) as usize).map_or(0, |line| line.chars().count() as u32);
    let end = (span.column + span.length.max(1)).min(width + 1).max(span.column + 1);
    let mut out = json!({
        "ruleId": found.code,
        "level": word(found.severity),
        "message": { "text": text },
        "locations": [{ "physicalLocation": {
            "artifactLocation": { "uri": uri(file) },
            "region": { "startLine": span.line, "startColumn": span.column, "endColumn": end },
        } }],
    });
    if let Some(index) = codes::ALL.iter().position(|c| c.code == found.code) {
        out["ruleIndex"] = index.into();
    }
    out
}

fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

/// A URI reference (RFC 3986): relative for a relative path, `file://` for one from the root.
fn uri(path: &str) -> String {
    let path = path.strip_prefix("./").unwrap_or(path).replace('\\', "/");
    let mut out = String::from(if path.starts_with('/') { "file://" } else { "" });
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => out.push(byte as char),
            _ => out += &format!("%{byte:02X}"),
        }
    }
    out
}

fn pretty(report: &impl Serialize) -> String {
    serde_json::to_string_pretty(report).expect("texts and numbers are always JSON") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Span;

    fn checked() -> Vec<Checked> {
        let at = |line, column, length| Span { line, column, length };
        let near = Diagnostic::error("F012", at(2, 5, 30), "no message `bey`").help("did you mean `bye`?");
        let far = Diagnostic::warning("F038", at(9, 1, 1), "message `x` is never said");
        vec![
            Checked { file: "a b/я.yaml".into(), source: "a: 1\nsay: bey\n".into(), diagnostics: vec![near, far] },
            Checked { file: "good.yaml".into(), source: String::new(), diagnostics: Vec::new() },
        ]
    }

    #[test]
    fn json_of_findings() {
        let expected = r#"{
  "diagnostics": [
    {
      "file": "a b/я.yaml",
      "line": 2,
      "column": 5,
      "length": 30,
      "severity": "error",
      "code": "F012",
      "message": "no message `bey`",
      "help": "did you mean `bye`?"
    },
    {
      "file": "a b/я.yaml",
      "line": 9,
      "column": 1,
      "length": 1,
      "severity": "warning",
      "code": "F038",
      "message": "message `x` is never said",
      "help": null
    }
  ],
  "summary": {
    "files": 2,
    "errors": 1,
    "warnings": 1
  }
}
"#;
        assert_eq!(json(&checked()), expected);
    }

    #[test]
    fn sarif_regions_and_uris() {
        let report: Value = serde_json::from_str(&sarif(&checked())).unwrap();
        let results = &report["runs"][0]["results"];
        let place = |n: usize| &results[n]["locations"][0]["physicalLocation"];
        assert_eq!(place(0)["artifactLocation"]["uri"], "a%20b/%D1%8F.yaml");
        // Ends with the line, though the finding is longer; lies behind the last line, and is one character wide then.
        assert_eq!(place(0)["region"], json!({ "startLine": 2, "startColumn": 5, "endColumn": 9 }));
        assert_eq!(place(1)["region"], json!({ "startLine": 9, "startColumn": 1, "endColumn": 2 }));
        assert_eq!(results[0]["message"]["text"], "no message `bey`; did you mean `bye`?");
        assert_eq!(results[1]["level"], "warning");
        for (path, expected) in
            [("./flows/a.yaml", "flows/a.yaml"), ("/srv/a.yaml", "file:///srv/a.yaml"), ("c:a", "c%3Aa")]
        {
            assert_eq!(uri(path), expected);
        }
    }
}
