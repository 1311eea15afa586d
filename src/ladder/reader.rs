//! Reading a ladder's tree: what was found wrong so far, and the shapes that are wanted again and again.

use super::codes;
use super::delay::Delay;
use crate::diagnostic::{Diagnostic, Span, did_you_mean};
use crate::flow::yaml::{Map, Node, Scalar, Value};

/// Most findings kept; a file with more is not a ladder.
const DIAGNOSTICS_MAX: usize = 500;

pub struct Reader<'s> {
    pub source: &'s str,
    pub diagnostics: Vec<Diagnostic>,
}

impl Reader<'_> {
    pub fn report(&mut self, found: Diagnostic) {
        if self.diagnostics.len() < DIAGNOSTICS_MAX {
            self.diagnostics.push(found);
        }
    }

    pub fn error(&mut self, code: &'static str, span: Span, message: impl Into<String>, help: &str) {
        self.report(Diagnostic::error(code, span, message).help(help));
    }

    /// `word` is none of `known`.
    pub fn unknown(&mut self, code: &'static str, span: Span, what: &str, word: &str, known: &[&str]) {
        let help = match did_you_mean(word, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("known: {}", known.join(", ")),
        };
        self.error(code, span, format!("unknown {what} `{word}`"), &help);
    }

    pub fn known_keys(&mut self, map: &Map, what: &str, known: &[&str]) {
        for entry in &map.entries {
            if !known.contains(&entry.key.as_str()) {
                self.unknown(codes::UNKNOWN_KEY, entry.key_span, what, &entry.key, known);
            }
        }
    }

    pub fn map<'n>(&mut self, node: &'n Node, what: &str) -> Option<&'n Map> {
        if node.map().is_none() {
            let found = format!("{what} must be a map (`name: value`), not {}", node.kind());
            self.report(Diagnostic::error(codes::SHAPE, node.span, found));
        }
        node.map()
    }

    pub fn scalar<'n>(&mut self, node: &'n Node, what: &str) -> Option<&'n Scalar> {
        match &node.value {
            Value::Scalar(scalar) if scalar.is_null() => {
                self.report(Diagnostic::error(codes::SHAPE, node.span, format!("{what} is empty")));
                None
            }
            Value::Scalar(scalar) => match scalar.surprise() {
                Some(as_what) => {
                    let text = &scalar.text;
                    let found = format!("unquoted `{text}` is {as_what} to many YAML readers, not text");
                    self.error("L004", node.span, found, &format!("write \"{text}\""));
                    None
                }
                None => Some(scalar),
            },
            Value::Map(_) | Value::List(_) => {
                let found = format!("{what} must be one value, not {}", node.kind());
                self.report(Diagnostic::error(codes::SHAPE, node.span, found));
                None
            }
        }
    }

    pub fn text(&mut self, node: &Node, what: &str) -> Option<String> {
        self.scalar(node, what).map(|s| s.text.clone())
    }

    /// A list, or one value that stands for a list of one.
    pub fn items<'n>(&mut self, node: &'n Node) -> Vec<&'n Node> {
        match &node.value {
            Value::List(items) => items.iter().collect(),
            Value::Map(_) | Value::Scalar(_) => vec![node],
        }
    }

    pub fn delay(&mut self, node: &Node, what: &str) -> Option<Delay> {
        let scalar = self.scalar(node, what)?;
        match scalar.text.parse() {
            Ok(delay) => Some(delay),
            Err(why) => {
                self.report(Diagnostic::error(codes::MALFORMED, node.span, why));
                None
            }
        }
    }

    pub fn number(&mut self, node: &Node, what: &str, least: u32, most: u32) -> Option<u32> {
        let scalar = self.scalar(node, what)?;
        let number = scalar.text.parse::<u32>().ok().filter(|n| (least..=most).contains(n));
        if number.is_none() {
            let found = format!("{what} is a number from {least} to {most}, not `{}`", scalar.text);
            self.report(Diagnostic::error(codes::MALFORMED, node.span, found));
        }
        number
    }

    /// `true` or `false`, also written `yes` and `no`.
    pub fn truth(&mut self, node: &Node, what: &str) -> Option<bool> {
        let written = match &node.value {
            Value::Scalar(scalar) => scalar.text.as_str(),
            Value::Map(_) | Value::List(_) => "",
        };
        match written {
            "true" | "yes" => Some(true),
            "false" | "no" => Some(false),
            _ => {
                self.report(Diagnostic::error(codes::MALFORMED, node.span, format!("{what} is true or false")));
                None
            }
        }
    }

    pub fn required<'m>(&mut self, map: &'m Map, key: &str, of: &str, span: Span) -> Option<&'m Node> {
        let found = map.get(key).map(|e| &e.value);
        if found.is_none() {
            self.report(Diagnostic::error(codes::MISSING_KEY, span, format!("{of} needs `{key}`")));
        }
        found
    }
}
