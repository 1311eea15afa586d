//! A forgiving reader of flows that are being written: always a tree, whatever is missing.
//!
//! It goes by lines and indentation. A list, map or text that is not closed ends where the indentation says that something
//! else has begun. Of a file that is proper YAML it makes the same tree as `flow::yaml` (a test holds them together); it
//! is asked only while the file is not.

use crate::diagnostic::Span;
use crate::flow::yaml::{Entry, Map, Node, Scalar, Value};

/// Deepest nesting; what lies deeper is left out.
const DEPTH_MAX: usize = 32;

pub fn read(source: &str) -> Node {
    let chars: Vec<(usize, char)> = source.char_indices().collect();
    let mut lines = Vec::new();
    let mut from = 0;
    for (n, (_, c)) in chars.iter().enumerate() {
        let breaks = *c == '\n' || *c == '\r' && chars.get(n + 1).is_none_or(|(_, next)| *next != '\n');
        if breaks {
            let windows = *c == '\n' && n > from && chars[n - 1].1 == '\r';
            lines.push((from, if windows { n - 1 } else { n }));
            from = n + 1;
        }
    }
    lines.push((from, chars.len()));
    let mut reader = Reader { source, chars, lines, at: 0, depth: 0 };
    reader.byte_order_mark();
    let root = reader.block(0, true);
    root.unwrap_or_else(|| reader.nothing(0))
}

struct Reader<'s> {
    source: &'s str,
    chars: Vec<(usize, char)>,
    /// Where each begins and ends, in characters, without what ends it.
    lines: Vec<(usize, usize)>,
    /// In characters.
    at: usize,
    depth: usize,
}

impl Reader<'_> {
    fn byte_order_mark(&mut self) {
        if self.peek(0) == Some('\u{feff}') {
            self.at += 1;
        }
    }

    fn peek(&self, ahead: usize) -> Option<char> {
        self.chars.get(self.at + ahead).map(|(_, c)| *c)
    }

    fn char(&self, at: usize) -> Option<char> {
        self.chars.get(at).map(|(_, c)| *c)
    }

    fn byte(&self, at: usize) -> usize {
        self.chars.get(at).map_or(self.source.len(), |(byte, _)| *byte)
    }

    fn is_break(c: Option<char>) -> bool {
        matches!(c, None | Some('\n' | '\r'))
    }

    fn is_blank(c: Option<char>) -> bool {
        matches!(c, None | Some(' ' | '\t' | '\n' | '\r'))
    }

    /// Number, beginning and end of the line in which the character stands.
    fn line(&self, at: usize) -> (usize, usize, usize) {
        let number = self.lines.partition_point(|(from, _)| *from <= at).saturating_sub(1);
        let (from, to) = self.lines[number];
        (number, from, to)
    }

    fn line_end(&self, at: usize) -> usize {
        self.line(at).2.max(at)
    }

    fn column(&self, at: usize) -> usize {
        at - self.line(at).1
    }

    fn span(&self, from: usize, to: usize) -> Span {
        let (number, begins, end) = self.line(from);
        let length = if to <= end { to.saturating_sub(from).max(1) as u32 } else { 1 };
        Span { line: number as u32 + 1, column: (from - begins) as u32 + 1, length }
    }

    fn nothing(&self, at: usize) -> Node {
        self.scalar(String::new(), true, at, at)
    }

    fn scalar(&self, text: String, plain: bool, from: usize, to: usize) -> Node {
        let raw = (self.byte(from), self.byte(to));
        Node { span: self.span(from, to), value: Value::Scalar(Scalar::found(text, plain, raw)) }
    }

    fn spaces(&mut self) {
        while matches!(self.peek(0), Some(' ' | '\t')) {
            self.at += 1;
        }
    }

    /// Over spaces, comments and line breaks, to the next that means something.
    fn blanks(&mut self) {
        loop {
            self.spaces();
            match self.peek(0) {
                Some('#') => self.at = self.line_end(self.at),
                Some('\n' | '\r') => self.at += 1,
                _ => return,
            }
        }
    }

    fn skip_line(&mut self) {
        self.at = self.line_end(self.at);
    }

    /// A map, a list or a value that stands on lines of its own, indented by at least `least`. `None` when the next line
    /// belongs to something else; then it is still to be read.
    fn block(&mut self, least: usize, lists_may_hang: bool) -> Option<Node> {
        self.blanks();
        self.peek(0)?;
        let indent = self.column(self.at);
        let is_list = self.dash();
        // `steps:` and below it, not indented, `- answer`.
        if indent < least && !(lists_may_hang && is_list && indent + 1 == least) || self.depth >= DEPTH_MAX {
            return None;
        }
        self.depth += 1;
        let node = if is_list {
            self.list(indent)
        } else if self.key_ahead(false).is_some() {
            self.map(indent)
        } else {
            self.value(indent)
        };
        self.depth -= 1;
        Some(node)
    }

    fn dash(&self) -> bool {
        self.peek(0) == Some('-') && Self::is_blank(self.peek(1))
    }

    fn list(&mut self, indent: usize) -> Node {
        let span = Span { length: 1, ..self.span(self.at, self.at + 1) };
        let mut items = Vec::new();
        loop {
            self.at += 1;
            self.spaces();
            let item = if Self::is_break(self.peek(0)) || self.peek(0) == Some('#') {
                let here = self.at;
                self.block(indent + 1, false).unwrap_or_else(|| self.nothing(here))
            } else {
                let here = self.at;
                self.block(indent + 1, false).unwrap_or_else(|| {
                    self.skip_line();
                    self.nothing(here)
                })
            };
            items.push(item);
            self.blanks();
            if self.peek(0).is_none() || self.column(self.at) != indent || !self.dash() {
                return Node { span, value: Value::List(items) };
            }
        }
    }

    /// The key that begins here: its text, whether plain, its end, and where its `:` stands.
    fn key_ahead(&self, in_flow: bool) -> Option<(String, bool, usize, usize)> {
        let mut at = self.at;
        let (text, plain) = match self.peek(0)? {
            quote @ ('"' | '\'') => {
                let (text, end) = self.quoted(at, quote, self.line_end(at))?;
                at = end;
                (text, false)
            }
            '{' | '}' | '[' | ']' | ',' | '#' | '|' | '>' | '&' | '*' | '!' => return None,
            _ => {
                let end = self.line_end(at);
                let ends = |n: &usize| match self.char(*n) {
                    Some(':') => {
                        Self::is_blank(self.char(n + 1)) || in_flow && matches!(self.char(n + 1), Some(',' | '}' | ']'))
                    }
                    Some('#') => *n > at && Self::is_blank(self.char(n - 1)),
                    Some(',' | '{' | '}' | '[' | ']') => in_flow,
                    _ => false,
                };
                let stop = (at..end).find(ends)?;
                let text: String = self.chars[at..stop].iter().map(|(_, c)| *c).collect();
                at += text.trim_end().chars().count();
                (text.trim_end().to_string(), true)
            }
        };
        let end = at;
        let colon = (at..self.chars.len()).find(|n| !matches!(self.char(*n), Some(' ' | '\t')))?;
        let closes = |c| Self::is_blank(c) || in_flow && (!plain || matches!(c, Some(',' | '}' | ']')));
        (self.char(colon) == Some(':') && closes(self.char(colon + 1))).then_some((text, plain, end, colon))
    }

    fn map(&mut self, indent: usize) -> Node {
        let span = Span { length: 1, ..self.span(self.at, self.at + 1) };
        let mut map = Map::default();
        while self.peek(0).is_some() && self.column(self.at) == indent {
            match self.key_ahead(false) {
                Some((key, key_plain, end, colon)) => {
                    let key_span = self.span(self.at, end);
                    self.at = colon + 1;
                    self.spaces();
                    let here = self.at;
                    let value = if Self::is_break(self.peek(0)) || self.peek(0) == Some('#') {
                        self.block(indent + 1, true).unwrap_or_else(|| self.nothing(here))
                    } else {
                        self.value(indent + 1)
                    };
                    put(&mut map, Entry { key, key_plain, key_span, value });
                }
                // A word without its colon: a key that is being written. A list here has lost its place.
                None if self.dash() => break,
                None => {
                    let from = self.at;
                    let key = self.value(indent + 1);
                    if let Value::Scalar(scalar) = key.value {
                        let (key_plain, value) = (scalar.plain, self.nothing(self.at));
                        put(&mut map, Entry { key: scalar.text, key_plain, key_span: key.span, value });
                    }
                    if self.at == from {
                        self.skip_line();
                    }
                }
            }
            self.blanks();
        }
        Node { span, value: Value::Map(map) }
    }

    /// What stands behind a key or a dash; lines that belong to it are indented by at least `least`.
    fn value(&mut self, least: usize) -> Node {
        let here = self.at;
        match self.peek(0) {
            Some('{' | '[') => {
                let node = self.flow(self.limit(least)).unwrap_or_else(|| self.nothing(here));
                self.spaces();
                // What is left behind a closed list means nothing.
                if !Self::is_break(self.peek(0)) && self.column(self.at) > 0 {
                    self.skip_line();
                }
                node
            }
            Some('|' | '>') => self.folded(least),
            Some(quote @ ('"' | '\'')) => {
                let node = self.quoted_value(quote, self.limit(least));
                self.skip_line();
                node
            }
            _ => self.plain(least),
        }
    }

    /// Where a value that is not closed ends at the latest: before the first line indented by less than `least`.
    fn limit(&self, least: usize) -> usize {
        let mut end = self.line_end(self.at);
        let mut at = end;
        while at < self.chars.len() {
            let first = (at..self.chars.len()).find(|n| !Self::is_blank(self.char(*n)));
            let Some(first) = first else { break };
            let closes = matches!(self.char(first), Some('}' | ']'));
            if self.column(first) < least && !closes {
                break;
            }
            end = self.line_end(first);
            at = end;
        }
        end
    }

    /// Text and end of the quoted text that begins at `from`; `None` when it does not close before `limit`.
    fn quoted(&self, from: usize, quote: char, limit: usize) -> Option<(String, usize)> {
        let mut text = String::new();
        let mut at = from + 1;
        while at < limit {
            match self.char(at)? {
                '\\' if quote == '"' => {
                    text.extend(self.char(at + 1));
                    at += 1;
                }
                c if c == quote && quote == '\'' && self.char(at + 1) == Some('\'') => {
                    text.push('\'');
                    at += 1;
                }
                c if c == quote => return Some((text, at + 1)),
                '\n' | '\r' => {
                    while text.ends_with(' ') {
                        text.pop();
                    }
                    text.push(' ');
                    while Self::is_blank(self.char(at + 1)) && at + 1 < limit {
                        at += 1;
                    }
                }
                c => text.push(c),
            }
            at += 1;
        }
        None
    }

    fn quoted_value(&mut self, quote: char, limit: usize) -> Node {
        let from = self.at;
        let (text, to) = self.quoted(from, quote, limit).unwrap_or_else(|| {
            // Not closed: to the end of the line.
            let to = self.line_end(from).min(limit.max(from + 1));
            (self.chars[from + 1..to.max(from + 1)].iter().map(|(_, c)| *c).collect(), to)
        });
        self.at = to;
        self.scalar(text, false, from, to)
    }

    /// `>-` and `|`, and the lines below.
    fn folded(&mut self, least: usize) -> Node {
        let keeps = self.peek(0) == Some('|');
        let head = self.at;
        self.skip_line();
        let mut text = String::new();
        let mut first = None;
        let mut to = self.at;
        while self.at < self.chars.len() {
            let end = self.line_end(self.at + 1);
            let begins = (self.at + 1..end).find(|n| self.char(*n) != Some(' '));
            if let Some(begins) = begins {
                if self.column(begins) < least {
                    break;
                }
                first.get_or_insert(begins);
                if !text.is_empty() {
                    text.push(if keeps { '\n' } else { ' ' });
                }
                text.extend(self.chars[begins..end].iter().map(|(_, c)| *c));
                to = end;
            }
            self.at = end;
        }
        self.at = to;
        self.scalar(text, false, first.unwrap_or(head), to)
    }

    fn plain(&mut self, least: usize) -> Node {
        let from = self.at;
        let stops =
            |reader: &Self, n: usize| reader.char(n) == Some('#') && n > from && Self::is_blank(reader.char(n - 1));
        let line = |reader: &Self, at: usize| {
            let end = reader.line_end(at);
            let end = (at..end).find(|n| stops(reader, *n)).unwrap_or(end);
            (at..end).rev().find(|n| !Self::is_blank(reader.char(*n))).map_or(at, |n| n + 1)
        };
        let mut to = line(self, from);
        let mut text: String = self.chars[from..to].iter().map(|(_, c)| *c).collect();
        self.skip_line();
        // More lines of it, unless they look like something else.
        loop {
            let back = self.at;
            self.blanks();
            let more = self.peek(0).is_some()
                && !text.is_empty()
                && self.column(self.at) >= least
                && !self.dash()
                && self.key_ahead(false).is_none();
            if !more {
                self.at = back;
                return self.scalar(text, true, from, to);
            }
            to = line(self, self.at);
            text.push(' ');
            text.extend(self.chars[self.at..to].iter().map(|(_, c)| *c));
            self.skip_line();
        }
    }

    /// `{…}` or `[…]`.
    fn flow(&mut self, limit: usize) -> Option<Node> {
        if self.depth >= DEPTH_MAX {
            self.at = limit;
            return None;
        }
        self.depth += 1;
        let span = Span { length: 1, ..self.span(self.at, self.at + 1) };
        let is_map = self.peek(0) == Some('{');
        let close = if is_map { '}' } else { ']' };
        self.at += 1;
        let (mut map, mut items) = (Map::default(), Vec::new());
        loop {
            self.blanks();
            if self.at >= limit {
                self.at = limit;
                break;
            }
            match self.peek(0) {
                Some(c) if c == close => {
                    self.at += 1;
                    break;
                }
                // The other bracket closes what is around.
                None | Some('}' | ']') => break,
                Some(',') => self.at += 1,
                Some(_) if is_map => {
                    let entry = self.flow_entry(limit);
                    put(&mut map, entry);
                }
                Some(_) => {
                    let item = self.flow_value(limit);
                    items.push(item);
                }
            }
        }
        self.depth -= 1;
        Some(Node { span, value: if is_map { Value::Map(map) } else { Value::List(items) } })
    }

    fn flow_entry(&mut self, limit: usize) -> Entry {
        if let Some((key, key_plain, end, colon)) = self.key_ahead(true).filter(|(_, _, _, colon)| *colon < limit) {
            let key_span = self.span(self.at, end);
            self.at = colon + 1;
            let after = self.at;
            self.blanks();
            let value = match self.peek(0) {
                None | Some(',' | '}' | ']') => self.nothing(after),
                Some(_) if self.at >= limit => self.nothing(after),
                Some(_) => self.flow_value(limit),
            };
            return Entry { key, key_plain, key_span, value };
        }
        let word = self.flow_value(limit);
        let (key, key_plain) = match word.value {
            Value::Scalar(scalar) => (scalar.text, scalar.plain),
            Value::List(_) | Value::Map(_) => (String::new(), false),
        };
        Entry { key, key_plain, key_span: word.span, value: self.nothing(self.at) }
    }

    fn flow_value(&mut self, limit: usize) -> Node {
        let from = self.at;
        match self.peek(0) {
            Some('{' | '[') => self.flow(limit).unwrap_or_else(|| self.nothing(from)),
            Some(quote @ ('"' | '\'')) => self.quoted_value(quote, limit),
            _ => {
                let end = self.line_end(from).min(limit);
                let ends = |n: &usize| match self.char(*n) {
                    Some(',' | '{' | '}' | '[' | ']') => true,
                    Some('#') => *n > from && Self::is_blank(self.char(n - 1)),
                    _ => false,
                };
                let stop = (from..end).find(ends).unwrap_or(end);
                let text: String = self.chars[from..stop].iter().map(|(_, c)| *c).collect();
                let text = text.trim_end().to_string();
                let to = from + text.chars().count();
                // At least one character is taken, so that reading comes to an end.
                self.at = stop.max(from + 1);
                self.scalar(text, true, from, to)
            }
        }
    }
}

/// The first of two equal keys is kept, as by the proper reader.
fn put(map: &mut Map, entry: Entry) {
    if map.get(&entry.key).is_none() {
        map.entries.push(entry);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::yaml;

    /// Every key and value with its place, one a line.
    fn told(node: &Node, path: &str, out: &mut Vec<String>) {
        let place = |span: Span| format!("{}:{}", span.line, span.column);
        match &node.value {
            Value::Scalar(s) if s.is_null() => out.push(format!("{path} =")),
            Value::Scalar(s) => {
                let words: Vec<&str> = s.text.split_whitespace().collect();
                out.push(format!("{path} = {} @{}", words.join(" "), place(node.span)));
            }
            Value::List(items) => items.iter().enumerate().for_each(|(n, i)| told(i, &format!("{path}/{n}"), out)),
            Value::Map(map) => map.entries.iter().for_each(|e| {
                out.push(format!("{path}/{} @{}+{}", e.key, place(e.key_span), e.key_span.length));
                told(&e.value, &format!("{path}/{}", e.key), out);
            }),
        }
    }

    fn told_all(node: &Node) -> Vec<String> {
        let mut out = Vec::new();
        told(node, "", &mut out);
        out
    }

    /// What is proper YAML is read as the proper reader reads it.
    #[test]
    fn as_the_proper_reader() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut seen = 0;
        for folder in ["flows", "tests/flows", "tests/calls"] {
            for entry in std::fs::read_dir(root.join(folder)).expect("a folder of flows") {
                let file = entry.expect("readable").path();
                if file.extension().is_none_or(|e| e != "yaml") {
                    continue;
                }
                let source = std::fs::read_to_string(&file).expect("readable");
                let mut found = Vec::new();
                let proper = yaml::read(&source, &mut found);
                for source in [source.clone(), source.replace('\n', "\r\n")] {
                    if let Some(proper) = &proper {
                        let (ours, theirs) = (told_all(&read(&source)), told_all(proper));
                        for (ours, theirs) in ours.iter().zip(&theirs) {
                            assert_eq!(ours, theirs, "{}", file.display());
                        }
                        assert_eq!(ours.len(), theirs.len(), "{}", file.display());
                        seen += 1;
                    }
                }
            }
        }
        assert!(seen > 100, "only {seen} flows were found");
    }

    #[test]
    fn half_written() {
        for (source, expected) in [
            ("a: { b: c,\nd: e\n", "/a @1:1+1|/a/b @1:6+1|/a/b = c @1:9|/d @2:1+1|/d = e @2:4"),
            ("a: [b, {c: d\ne: f\n", "/a @1:1+1|/a/0 = b @1:5|/a/1/c @1:9+1|/a/1/c = d @1:12|/e @2:1+1|/e = f @2:4"),
            ("a: \"b\nc: d\n", "/a @1:1+1|/a = b @1:4|/c @2:1+1|/c = d @2:4"),
            (
                "a:\n  b: c\n  me\nd: e\n",
                "/a @1:1+1|/a/b @2:3+1|/a/b = c @2:6|/a/me @3:3+2|/a/me =|/d @4:1+1|/d = e @4:4",
            ),
            (
                "a:\n  - b: c\n    d\n  - \n  - e\n",
                "/a @1:1+1|/a/0/b @2:5+1|/a/0/b = c @2:8|/a/0/d @3:5+1|/a/0/d =|/a/1 =|/a/2 = e @5:5",
            ),
            ("a: { b }\nc", "/a @1:1+1|/a/b @1:6+1|/a/b =|/c @2:1+1|/c ="),
            ("a: }\nb: ]]\n", "/a @1:1+1|/a = } @1:4|/b @2:1+1|/b = ]] @2:4"),
            ("", " ="),
        ] {
            assert_eq!(told_all(&read(source)).join("|"), expected, "{source:?}");
        }
    }

    #[test]
    fn always_ends() {
        for text in ["[", "{a: ", "- ", "? ", "{", "}", "]", "\"", "'", "a:\n", ": ", "|\n", ">-", "[a],", "{'"] {
            read(&text.repeat(20_000));
            read(&format!("a:\n  b: {}", text.repeat(20_000)));
        }
    }
}
