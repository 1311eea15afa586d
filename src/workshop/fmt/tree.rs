//! A flow's text as it is laid out: what `flow::yaml` reads, with styles, blank lines and comments besides.

use granit_parser::{Event, Parser, ScalarStyle};

use super::attach::{self, Lines};

pub struct Tree {
    /// The comments that stand by themselves at the top of the file.
    pub head: Vec<Comment>,
    /// A map; its foot is the end of the file.
    pub root: Collection,
}

/// A key with its value, or an item of a list.
pub struct Item {
    pub key: Option<Scalar>,
    pub value: Value,
    /// Own-line comments before it.
    pub above: Vec<Comment>,
    /// A blank line stands before the key, behind the comments above.
    pub gap: bool,
    /// Comments at the end of its first or last line.
    pub beside: Vec<Comment>,
}

pub enum Value {
    Scalar(Scalar),
    Collection(Collection),
}

pub struct Collection {
    pub is_map: bool,
    /// Written with brackets.
    pub flow: bool,
    pub items: Vec<Item>,
    /// Own-line comments behind the last item.
    pub foot: Vec<Comment>,
    pub start: usize,
    pub end: usize,
}

pub struct Scalar {
    pub text: String,
    pub style: ScalarStyle,
    pub start: usize,
    pub end: usize,
}

#[derive(Debug, Clone)]
pub struct Comment {
    /// With its `#`.
    pub text: String,
    /// A blank line stands before it.
    pub gap: bool,
    pub start: usize,
}

impl Comment {
    /// The line in which editors look for the schema.
    pub fn is_for_editors(&self) -> bool {
        self.text.starts_with("# yaml-language-server:")
    }
}

impl Item {
    /// Where it begins, in bytes.
    pub fn start(&self) -> usize {
        self.key.as_ref().map_or_else(|| self.value.start(), |key| key.start)
    }
}

impl Value {
    pub fn start(&self) -> usize {
        match self {
            Value::Scalar(scalar) => scalar.start,
            Value::Collection(collection) => collection.start,
        }
    }
}

impl Tree {
    /// Every comment with the path of its key: `nodes.hello.keys`.
    pub fn comments(&self) -> Vec<(String, String)> {
        let mut found: Vec<_> = self.head.iter().map(|c| (String::new(), c.text.clone())).collect();
        comments_of(&self.root, "", &mut found);
        found
    }
}

fn comments_of(collection: &Collection, path: &str, found: &mut Vec<(String, String)>) {
    for (n, item) in collection.items.iter().enumerate() {
        let path = match &item.key {
            Some(key) => format!("{path}.{}", key.text),
            None => format!("{path}.{n}"),
        };
        found.extend(item.above.iter().chain(&item.beside).map(|c| (path.clone(), c.text.clone())));
        if let Value::Collection(inner) = &item.value {
            comments_of(inner, &path, found);
        }
    }
    found.extend(collection.foot.iter().map(|c| (path.to_string(), c.text.clone())));
}

/// `None` for what `flow::yaml` does not read either.
pub fn read(source: &str) -> Option<Tree> {
    // As many comments in a row as the text can have.
    let options = granit_parser::options! { emit_comments: true, max_buffered_comment_events: source.len() };
    let lines = Lines::of(source);
    let mut open: Vec<(Collection, Option<Scalar>)> = Vec::new();
    let mut root = None;
    let mut comments = Vec::new();
    for event in Parser::new_from_str_with_options(source, options) {
        let (event, span) = event.ok()?;
        let range = span.byte_range()?;
        let value = match event {
            Event::Comment(text, _) => {
                let text = format!("#{}", text.trim_end());
                comments.push(Comment { text, gap: lines.gap_before(range.start), start: range.start });
                continue;
            }
            Event::Scalar(text, style, ..) => {
                let mut scalar = Scalar { text: text.into_owned(), style, start: range.start, end: range.end };
                if range.is_empty() {
                    // Nothing is written; the parser gives `~`, and the place where it noticed.
                    scalar.text.clear();
                    if let Some((_, Some(key))) = open.last() {
                        (scalar.start, scalar.end) = (key.end, key.end);
                    }
                }
                Value::Scalar(scalar)
            }
            Event::MappingStart(..) | Event::SequenceStart(..) => {
                let within_flow = open.last().is_some_and(|(outer, _)| outer.flow);
                let flow = within_flow || source[range.start..].starts_with(['{', '[']);
                let is_map = matches!(event, Event::MappingStart(..));
                let (items, foot) = (Vec::new(), Vec::new());
                let new = Collection { is_map, flow, items, foot, start: range.start, end: range.end };
                open.push((new, None));
                continue;
            }
            Event::MappingEnd | Event::SequenceEnd => {
                let (mut closed, _) = open.pop()?;
                closed.end = range.end;
                Value::Collection(closed)
            }
            _ => continue,
        };
        match (open.last_mut(), value) {
            (None, Value::Collection(closed)) => root = Some(closed),
            (None, Value::Scalar(_)) => return None,
            (Some((Collection { is_map: true, .. }, waiting @ None)), Value::Scalar(key)) => *waiting = Some(key),
            (Some((Collection { is_map: true, .. }, None)), Value::Collection(_)) => return None,
            (Some((outer, waiting)), value) => {
                let key = waiting.take();
                outer.items.push(Item { key, value, above: Vec::new(), gap: false, beside: Vec::new() });
            }
        }
    }
    comments.sort_by_key(|c| c.start);
    Some(attach::attach(root?, comments, &lines))
}
