//! A ladder's YAML as it is written: scalars as text, maps in order with repeated keys kept, and the place of everything.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::Spanned;

use crate::diagnostic::{Diagnostic, Span};

#[derive(Debug, Clone)]
pub struct Tree {
    pub span: Span,
    pub node: Node,
}

#[derive(Debug, Clone)]
pub enum Node {
    /// As written, without quotes: `09:00` stays text, whatever YAML makes of it.
    Scalar {
        text: String,
        quoted: bool,
    },
    List(Vec<Tree>),
    Map(Vec<(Tree, Tree)>),
    Null,
}

impl Tree {
    pub fn text(&self) -> Option<&str> {
        match &self.node {
            Node::Scalar { text, .. } => Some(text),
            Node::List(_) | Node::Map(_) | Node::Null => None,
        }
    }

    /// What it is, in words.
    pub fn shape(&self) -> &'static str {
        match &self.node {
            Node::Scalar { .. } => "text",
            Node::List(_) => "a list",
            Node::Map(_) => "a map",
            Node::Null => "nothing",
        }
    }

    /// The place of a part of this scalar, counted in characters of its text.
    pub fn part(&self, from: usize, length: usize) -> Span {
        let quote = matches!(self.node, Node::Scalar { quoted: true, .. }) as u32;
        Span { line: self.span.line, column: self.span.column + quote + from as u32, length: length.max(1) as u32 }
    }
}

/// One document. A syntax error is one finding: what follows it cannot be read.
pub fn parse(source: &str) -> Result<Tree, Diagnostic> {
    let mut options = serde_saphyr::options! {
        duplicate_keys: serde_saphyr::DuplicateKeyPolicy::PassThrough,
        strict_booleans: true,
        with_snippet: false,
    };
    options.alias_limits.max_total_replayed_events = 10_000;
    let chars: Vec<char> = source.chars().collect();
    match serde_saphyr::from_str_with_options::<Raw>(source, options) {
        Ok(raw) => Ok(raw.tree(&chars)),
        Err(error) => {
            let span = error.location().map_or(Span { line: 1, column: 1, length: 1 }, |l| Span {
                line: l.line() as u32,
                column: l.column() as u32,
                length: 1,
            });
            let message = error.to_string();
            let message = message.lines().next().unwrap_or("cannot be read").to_string();
            Err(Diagnostic::error("L001", span, format!("this is not YAML: {message}")))
        }
    }
}

/// As the YAML reader gives it.
struct Raw(Spanned<RawNode>);

enum RawNode {
    Text(String),
    /// A number or a truth value: its text is taken from the source.
    Other,
    Null,
    List(Vec<Raw>),
    Map(Vec<(Raw, Raw)>),
}

impl Raw {
    fn tree(self, source: &[char]) -> Tree {
        let location = self.0.referenced;
        let (from, length) = (location.span().offset() as usize, location.span().len() as usize);
        let written = source.get(from..(from + length).min(source.len())).unwrap_or(&[]);
        let first_line = written.iter().take_while(|c| **c != '\n').count();
        let span =
            Span { line: location.line() as u32, column: location.column() as u32, length: first_line.max(1) as u32 };
        let quoted = matches!(written.first(), Some('"' | '\''));
        let node = match self.0.value {
            RawNode::Text(text) => Node::Scalar { text, quoted },
            RawNode::Other => Node::Scalar { text: written.iter().collect::<String>().trim().into(), quoted },
            RawNode::Null => Node::Null,
            RawNode::List(items) => Node::List(items.into_iter().map(|i| i.tree(source)).collect()),
            RawNode::Map(entries) => {
                Node::Map(entries.into_iter().map(|(k, v)| (k.tree(source), v.tree(source))).collect())
            }
        };
        // A collection is pointed at by its beginning.
        let span = match &node {
            Node::List(_) | Node::Map(_) | Node::Null => Span { length: 1, ..span },
            Node::Scalar { .. } => span,
        };
        Tree { span, node }
    }
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Raw, D::Error> {
        Spanned::<RawNode>::deserialize(deserializer).map(Raw)
    }
}

impl<'de> Deserialize<'de> for RawNode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<RawNode, D::Error> {
        deserializer.deserialize_any(AnyNode)
    }
}

struct AnyNode;

impl<'de> Visitor<'de> for AnyNode {
    type Value = RawNode;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("text, a list or a map")
    }

    fn visit_str<E>(self, text: &str) -> Result<RawNode, E> {
        Ok(RawNode::Text(text.into()))
    }

    fn visit_bool<E>(self, _: bool) -> Result<RawNode, E> {
        Ok(RawNode::Other)
    }

    fn visit_i64<E>(self, _: i64) -> Result<RawNode, E> {
        Ok(RawNode::Other)
    }

    fn visit_u64<E>(self, _: u64) -> Result<RawNode, E> {
        Ok(RawNode::Other)
    }

    fn visit_i128<E>(self, _: i128) -> Result<RawNode, E> {
        Ok(RawNode::Other)
    }

    fn visit_u128<E>(self, _: u128) -> Result<RawNode, E> {
        Ok(RawNode::Other)
    }

    fn visit_f64<E>(self, _: f64) -> Result<RawNode, E> {
        Ok(RawNode::Other)
    }

    fn visit_unit<E>(self) -> Result<RawNode, E> {
        Ok(RawNode::Null)
    }

    fn visit_none<E>(self) -> Result<RawNode, E> {
        Ok(RawNode::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<RawNode, D::Error> {
        RawNode::deserialize(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<RawNode, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(RawNode::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<RawNode, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(RawNode::Map(entries))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(tree: &Tree) -> String {
        let place = format!("{}:{}", tree.span.line, tree.span.column);
        match &tree.node {
            Node::Scalar { text, .. } => format!("{place} {text:?}"),
            Node::Null => format!("{place} ~"),
            Node::List(items) => format!("{place} [{}]", items.iter().map(shown).collect::<Vec<_>>().join(", ")),
            Node::Map(entries) => {
                let each = |(k, v): &(Tree, Tree)| format!("{}: {}", shown(k), shown(v));
                format!("{place} {{{}}}", entries.iter().map(each).collect::<Vec<_>>().join(", "))
            }
        }
    }

    #[test]
    fn everything_has_its_place_and_its_text() {
        for (source, expected) in [
            (
                "a: 010\nb: [09:00, \"1\", no]",
                r#"1:1 {1:1 "a": 1:4 "010", 2:1 "b": 2:4 [2:5 "09:00", 2:12 "1", 2:17 "no"]}"#,
            ),
            ("a: 1\na: 2", r#"1:1 {1:1 "a": 1:4 "1", 2:1 "a": 2:4 "2"}"#),
            ("ш: { when: x in -3..0, n: }", r#"1:1 {1:1 "ш": 1:4 {1:6 "when": 1:12 "x in -3..0", 1:24 "n": 1:25 ~}}"#),
        ] {
            assert_eq!(shown(&parse(source).unwrap()), expected, "{source}");
        }
        assert!(parse("a: [1").is_err() && parse("").is_ok());
    }
}
