//! The outline of a flow: its sections, and in them fields, messages, nodes and tests. Also of one that is half written.

use super::about::kind_of;
use super::text::Range;
use super::{Document, Place};
use crate::flow::yaml::{Entry, Map, Node, Value};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Symbol {
    pub name: String,
    /// A node's kind, a field's type.
    pub detail: String,
    pub sort: SymbolSort,
    /// All of it.
    pub range: Range,
    /// Its name.
    pub at: Range,
    pub inside: Vec<Symbol>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SymbolSort {
    Section,
    Field,
    Message,
    Node,
    Test,
}

impl Document {
    pub fn symbols(&self) -> Vec<Symbol> {
        let end = self.text.place(self.text.source().len());
        self.tree.map().map(|map| self.entries(map, end, SymbolSort::Section)).unwrap_or_default()
    }

    fn entries(&self, map: &Map, end: Place, sort: SymbolSort) -> Vec<Symbol> {
        let begins = |entry: &Entry| self.text.range(entry.key_span).from;
        let ends = |n: usize| map.entries.get(n + 1).map_or(end, begins);
        map.entries.iter().enumerate().map(|(n, entry)| self.entry(entry, ends(n), sort)).collect()
    }

    fn entry(&self, entry: &Entry, end: Place, sort: SymbolSort) -> Symbol {
        let at = self.text.range(entry.key_span);
        let range = self.trimmed(Range { from: at.from, to: end }, at.to);
        let inside = match (sort, entry.key.as_str(), &entry.value.value) {
            (SymbolSort::Section, "contact", Value::Map(map)) => self.entries(map, range.to, SymbolSort::Field),
            (SymbolSort::Section, "messages", Value::Map(map)) => self.entries(map, range.to, SymbolSort::Message),
            (SymbolSort::Section, "nodes", Value::Map(map)) => self.entries(map, range.to, SymbolSort::Node),
            (SymbolSort::Section, "tests", Value::List(items)) => self.tests(items, range.to),
            _ => Vec::new(),
        };
        let detail = match (sort, &entry.value.value) {
            (SymbolSort::Node, Value::Map(map)) => kind_of(map).map_or("", |k| k.name).to_string(),
            (SymbolSort::Field | SymbolSort::Section, Value::Scalar(scalar)) => scalar.text.clone(),
            _ => String::new(),
        };
        Symbol { name: shown(&entry.key), detail, sort, range, at, inside }
    }

    fn tests(&self, items: &[Node], end: Place) -> Vec<Symbol> {
        let begins = |item: &Node| self.text.range(item.span).from;
        let mut out = Vec::new();
        for (n, item) in items.iter().enumerate() {
            let Some(name) = item.map().and_then(|m| m.get("name")) else { continue };
            let Value::Scalar(scalar) = &name.value.value else { continue };
            let at = if scalar.text.is_empty() { name.key_span } else { name.value.span };
            let at = self.text.range(at);
            let range = Range { from: begins(item), to: items.get(n + 1).map_or(end, begins) };
            let range = self.trimmed(range, at.to);
            let (name, detail) = (shown(&scalar.text), String::new());
            out.push(Symbol { name, detail, sort: SymbolSort::Test, range, at, inside: Vec::new() });
        }
        out
    }

    /// Without the blanks, and the dash of the next item, behind it; but as far as `least`.
    fn trimmed(&self, range: Range, least: Place) -> Range {
        let from = self.text.offset(range.from);
        let inside = self.text.slice(range).trim_end_matches(|c: char| c.is_whitespace() || c == '-');
        let trimmed = self.text.between(from, from + inside.len());
        Range { to: trimmed.to.max(least), ..trimmed }
    }
}

/// An editor refuses symbols without a name.
fn shown(name: &str) -> String {
    if name.trim().is_empty() { "?".to_string() } else { name.to_string() }
}
