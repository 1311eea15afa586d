//! YAML text → a tree in which every key and value knows its place and whether it was quoted.
//!
//! Only the plain part of YAML is taken: no anchors, aliases, tags or second documents. So no text can unfold into more
//! than it is long, and nothing means something else than it looks like. Depth is bounded by the parser's limits.

use std::collections::BTreeSet;

use granit_parser::{Event, Marker, Parser, ScalarStyle};

use super::codes;
use crate::diagnostic::{Diagnostic, Span};

/// Deepest nesting of lists and maps. A flow needs six.
const DEPTH_MAX: usize = 32;
/// Longest source text, in bytes.
pub const SOURCE_MAX: usize = 1 << 20;
/// Most keys and values in one text.
const NODES_MAX: usize = 100_000;

#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    pub span: Span,
    pub value: Value,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Scalar(Scalar),
    List(Vec<Node>),
    Map(Map),
}

#[derive(Debug, Clone, PartialEq)]
pub struct Scalar {
    pub text: String,
    /// Written without quotes.
    pub plain: bool,
    /// Where it stands in the source, in bytes.
    pub(super) raw: (usize, usize),
}

#[derive(Debug, Clone, PartialEq, Default)]
pub struct Map {
    pub entries: Vec<Entry>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    pub key: String,
    pub key_plain: bool,
    pub key_span: Span,
    pub value: Node,
}

impl Map {
    pub fn get(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().find(|e| e.key == key)
    }
}

impl Node {
    pub fn map(&self) -> Option<&Map> {
        match &self.value {
            Value::Map(map) => Some(map),
            Value::Scalar(_) | Value::List(_) => None,
        }
    }

    /// Gives the node and all in it this place, as if it were written there.
    pub fn stand_at(&mut self, span: Span) {
        self.span = span;
        match &mut self.value {
            Value::Scalar(scalar) => scalar.raw = (0, 0),
            Value::List(items) => items.iter_mut().for_each(|item| item.stand_at(span)),
            Value::Map(map) => {
                for entry in &mut map.entries {
                    entry.key_span = span;
                    entry.value.stand_at(span);
                }
            }
        }
    }

    /// What it is, in words for a message.
    pub fn kind(&self) -> &'static str {
        match &self.value {
            Value::Map(_) => "a map",
            Value::List(_) => "a list",
            Value::Scalar(s) if s.is_null() => "nothing",
            Value::Scalar(_) => "a value",
        }
    }
}

impl Scalar {
    /// An unquoted nothing: empty, `~`, `null`.
    pub fn is_null(&self) -> bool {
        self.plain && matches!(self.text.as_str(), "" | "~" | "null" | "Null" | "NULL")
    }

    /// What YAML 1.1 readers would make of this unquoted text, when that is not the text itself.
    pub fn surprise(&self) -> Option<&'static str> {
        if self.plain { surprise(&self.text) } else { None }
    }

    /// The place in the source of the characters `from..from + length` of the text.
    ///
    /// Exact where the text stands in the source as it is. In folded and escaped text the place is that of the same
    /// occurrence of the same character.
    pub fn place(&self, source: &str, span: Span, from: usize, length: usize) -> Span {
        let raw = source.get(self.raw.0..self.raw.1).unwrap_or_default();
        let Some(wanted) = self.text.chars().nth(from) else { return Span { length: 1, ..span } };
        let nth = self.text.chars().take(from).filter(|c| *c == wanted).count();
        let Some((at, _)) = raw.char_indices().filter(|(_, c)| *c == wanted).nth(nth) else { return span };
        let before = &raw[..at];
        let line = span.line + before.matches('\n').count() as u32;
        let column = match before.rfind('\n') {
            Some(newline) => before[newline + 1..].chars().count() as u32 + 1,
            None => span.column + before.chars().count() as u32,
        };
        Span { line, column, length: length.max(1) as u32 }
    }
}

/// A word that YAML 1.1 does not read as text.
pub fn surprise(text: &str) -> Option<&'static str> {
    let lower = text.to_ascii_lowercase();
    if matches!(lower.as_str(), "no" | "yes" | "on" | "off" | "y" | "n" | "true" | "false") {
        return Some("a truth value");
    }
    let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    if text.len() > 1 && text.starts_with('0') && digits(text) {
        return Some("an octal number");
    }
    if let Some((a, b)) = text.split_once(':')
        && digits(a)
        && digits(b)
    {
        return Some("a number in base sixty");
    }
    None
}

/// Reads one document. `None` with a diagnostic when there is no tree to speak of. Duplicate keys are reported and the
/// first of them kept.
pub fn read(source: &str, diagnostics: &mut Vec<Diagnostic>) -> Option<Node> {
    let start = Span { line: 1, column: 1, length: 1 };
    if source.len() > SOURCE_MAX {
        let text = format!("the file is {} bytes long; at most {SOURCE_MAX} are read", source.len());
        diagnostics.push(Diagnostic::error(codes::NOT_PLAIN_YAML, start, text));
        return None;
    }
    let mut builder = Builder { stack: Vec::new(), root: None, diagnostics, nodes: 0 };
    let options = granit_parser::options! {
        flow_nesting_limit: DEPTH_MAX,
        block_nesting_limit: DEPTH_MAX,
        emit_unresolved_aliases: true,
        emit_comments: false,
    };
    for event in Parser::new_from_str_with_options(source, options) {
        match event {
            Ok((event, span)) => builder.take(event, place(span.start, span.end), bytes(&span))?,
            Err(error) => {
                let span = place(*error.marker(), *error.marker());
                builder.diagnostics.push(not_yaml(source, span, &error.info()));
                return None;
            }
        }
    }
    let root = builder.root;
    if root.is_none() {
        diagnostics.push(Diagnostic::error(codes::NOT_YAML, start, "there is nothing in the file but comments"));
    }
    root
}

fn place(start: Marker, end: Marker) -> Span {
    let length = if start.line() == end.line() { end.col().saturating_sub(start.col()) } else { 1 };
    Span { line: start.line().max(1) as u32, column: start.col() as u32 + 1, length: length.max(1) as u32 }
}

fn bytes(span: &granit_parser::Span) -> (usize, usize) {
    let range = span.byte_range().unwrap_or_default();
    (range.start, range.end)
}

fn not_yaml(source: &str, span: Span, info: &str) -> Diagnostic {
    if info.contains("nesting") || info.contains("recursion") || info.contains("depth") {
        let text = format!("lists and maps are nested deeper than {DEPTH_MAX}");
        return Diagnostic::error(codes::NOT_PLAIN_YAML, span, text);
    }
    let line = source.lines().nth(span.line.saturating_sub(1) as usize).unwrap_or_default();
    let indent: &str = &line[..line.len() - line.trim_start().len()];
    if let Some(tab) = indent.chars().position(|c| c == '\t') {
        let span = Span { column: tab as u32 + 1, length: 1, ..span };
        let found = Diagnostic::error(codes::NOT_YAML, span, format!("this is not YAML: {info}"));
        return found.help("indent with spaces; YAML does not allow tabs there");
    }
    let found = Diagnostic::error(codes::NOT_YAML, span, format!("this is not YAML: {info}"));
    found.help("text with `: `, ` #`, `{`, `[`, `*`, `&`, `!`, `%` or `@` in it must stand in quotes")
}

/// A list or map that is not closed yet.
enum Open {
    List(Span, Vec<Node>),
    /// With the keys seen, and the key that waits for its value.
    Map(Span, Map, BTreeSet<String>, Option<(Scalar, Span)>),
}

struct Builder<'d> {
    stack: Vec<Open>,
    root: Option<Node>,
    diagnostics: &'d mut Vec<Diagnostic>,
    nodes: usize,
}

impl Builder<'_> {
    /// `None` when reading must stop.
    fn take(&mut self, event: Event<'_>, span: Span, raw: (usize, usize)) -> Option<()> {
        self.nodes += 1;
        if self.nodes > NODES_MAX {
            let text = format!("more than {NODES_MAX} keys and values");
            self.diagnostics.push(Diagnostic::error(codes::NOT_PLAIN_YAML, span, text));
            return None;
        }
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                self.plain_only(anchor, tag.is_some(), span)?;
                let plain = style == ScalarStyle::Plain;
                self.put(Node { span, value: Value::Scalar(Scalar { text: text.into_owned(), plain, raw }) })
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.plain_only(anchor, tag.is_some(), span)?;
                self.stack.push(Open::List(Span { length: 1, ..span }, Vec::new()));
                Some(())
            }
            Event::MappingStart(_, anchor, tag) => {
                self.plain_only(anchor, tag.is_some(), span)?;
                self.stack.push(Open::Map(Span { length: 1, ..span }, Map::default(), BTreeSet::new(), None));
                Some(())
            }
            Event::SequenceEnd | Event::MappingEnd => match self.stack.pop() {
                Some(Open::List(span, items)) => self.put(Node { span, value: Value::List(items) }),
                Some(Open::Map(span, map, ..)) => self.put(Node { span, value: Value::Map(map) }),
                None => None,
            },
            Event::Alias(_) | Event::UnresolvedAlias(_) => {
                self.refuse(span, "aliases (`*name`) are not part of the flow language", "quote a key like \"*9\"")
            }
            Event::DocumentStart(..) if self.root.is_some() => {
                self.refuse(span, "a second document (`---`) in one file", "one file is one flow")
            }
            Event::DocumentStart(..) | Event::DocumentEnd | Event::StreamStart | Event::StreamEnd => Some(()),
            // Not asked for: comments, names of anchors; and what a later parser may add.
            _ => Some(()),
        }
    }

    fn refuse(&mut self, span: Span, what: &str, help: &str) -> Option<()> {
        self.diagnostics.push(Diagnostic::error(codes::NOT_PLAIN_YAML, span, what).help(help));
        None
    }

    fn plain_only(&mut self, anchor: usize, tagged: bool, span: Span) -> Option<()> {
        if anchor != 0 {
            return self.refuse(span, "anchors (`&name`) are not part of the flow language", "write the value out");
        }
        if tagged {
            return self.refuse(
                span,
                "tags (`!name`) are not part of the flow language",
                "quote text that begins with !",
            );
        }
        Some(())
    }

    fn put(&mut self, node: Node) -> Option<()> {
        match self.stack.last_mut() {
            None => self.root = Some(node),
            Some(Open::List(_, items)) => items.push(node),
            Some(Open::Map(_, map, seen, waiting)) => match waiting.take() {
                None => match node.value {
                    Value::Scalar(scalar) => *waiting = Some((scalar, node.span)),
                    Value::List(_) | Value::Map(_) => {
                        return self.refuse(node.span, "a key must be a word", "quote text that begins with { or [");
                    }
                },
                Some((key, key_span)) => {
                    if !seen.insert(key.text.clone()) {
                        if self.diagnostics.len() >= super::context::DIAGNOSTICS_MAX {
                            return None;
                        }
                        let text = format!("`{}` is given twice", key.text);
                        self.diagnostics.push(
                            Diagnostic::error(codes::DUPLICATE_KEY, key_span, text)
                                .help("remove one; YAML would silently keep only one of them"),
                        );
                    } else {
                        map.entries.push(Entry { key: key.text, key_plain: key.plain, key_span, value: node });
                    }
                }
            },
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes_of(source: &str) -> Vec<(&'static str, u32, u32)> {
        let mut found = Vec::new();
        read(source, &mut found);
        found.iter().map(|d| (d.code, d.span.line, d.span.column)).collect()
    }

    #[test]
    fn refused() {
        for (source, expected) in [
            ("", (codes::NOT_YAML, 1, 1)),
            ("# only a comment\n", (codes::NOT_YAML, 1, 1)),
            ("a: 1\na: 2\n", (codes::DUPLICATE_KEY, 2, 1)),
            ("a: &x 1\n", (codes::NOT_PLAIN_YAML, 1, 7)),
            ("a: *x\n", (codes::NOT_PLAIN_YAML, 1, 4)),
            ("a: !!str 1\n", (codes::NOT_PLAIN_YAML, 1, 10)),
            ("a: 1\n---\nb: 2\n", (codes::NOT_PLAIN_YAML, 2, 1)),
            ("[a]: 1\n", (codes::NOT_PLAIN_YAML, 1, 1)),
        ] {
            assert_eq!(codes_of(source), [expected], "{source:?}");
        }
        assert_eq!(codes_of("a:\n\tb: 1\n")[0].0, codes::NOT_YAML);
        assert_eq!(codes_of("a: [1, 2\n")[0].0, codes::NOT_YAML);
    }

    #[test]
    fn nests_without_end() {
        for text in ["[", "{a: ", "- ", "? ", "{"] {
            assert!(!codes_of(&text.repeat(10_000)).is_empty(), "{text}");
        }
        let deep: String = (0..10_000).map(|n| format!("{}a:\n", " ".repeat(n.min(90)))).collect();
        assert!(!codes_of(&deep).is_empty());
        assert_eq!(codes_of(&"[".repeat(40))[0].0, codes::NOT_PLAIN_YAML);
        assert_eq!(codes_of(&"a".repeat(SOURCE_MAX + 1))[0].0, codes::NOT_PLAIN_YAML);
    }

    #[test]
    fn places() {
        let source = "a:\n  text: >-\n    one {x}\n    two {y} и {z}\n";
        let root = read(source, &mut Vec::new()).unwrap();
        let text = &root.map().unwrap().get("a").unwrap().value.map().unwrap().get("text").unwrap().value;
        let Value::Scalar(scalar) = &text.value else { panic!("{text:?}") };
        let z = scalar.text.chars().position(|c| c == 'z').unwrap();
        let span = scalar.place(source, text.span, z - 1, 3);
        assert_eq!((span.line, span.column, span.length), (4, 15, 3));
    }
}
