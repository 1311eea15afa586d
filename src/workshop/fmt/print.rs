//! A tree → its canonical text.

use super::WIDTH;
use super::scalar::{self, Written};
use super::tree::{Collection, Comment, Item, Tree, Value};
use crate::flow::{FLOW_KEYS, SUBFLOW_KEYS};

/// Sections that stand together; a blank line parts the groups. A section that is not here is a group of its own.
const GROUPS: &[&[&str]] = &[
    &["flow", "subflow", "version", "languages"],
    &["contact", "protect"],
    &["inputs", "outputs", "exits"],
    &["start", "discloses", "on_machine", "machine", "on_screening", "hotkeys"],
];

/// Where in a flow something stands, as far as the layout asks.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    Flow,
    Messages,
    /// Its languages stand on lines of their own.
    Message,
    /// What is said in one language, or a recording with its text.
    Speech,
    /// Its entries stand on lines of their own.
    Section,
    Other,
}

impl Place {
    fn below(self, key: Option<&str>) -> Place {
        match (self, key) {
            (Place::Flow, Some("messages")) => Place::Messages,
            (Place::Flow, Some("nodes" | "tests")) => Place::Section,
            (Place::Messages, Some(_)) => Place::Message,
            (Place::Message, Some(_)) | (Place::Speech, Some("text")) => Place::Speech,
            (Place::Flow | Place::Messages | Place::Message | Place::Speech | Place::Section | Place::Other, _) => {
                Place::Other
            }
        }
    }

    fn needs_lines(self) -> bool {
        match self {
            Place::Flow | Place::Messages | Place::Message | Place::Section => true,
            Place::Speech | Place::Other => false,
        }
    }
}

pub fn print(tree: &Tree, source: &str) -> String {
    let mut printer = Printer { source, out: String::new() };
    for comment in &tree.head {
        if comment.gap {
            printer.blank();
        }
        printer.comment(comment, 0);
    }
    let mut sections: Vec<&Item> = tree.root.items.iter().collect();
    let keys = if sections.iter().any(|item| name(item) == "subflow") { SUBFLOW_KEYS } else { FLOW_KEYS };
    // A section that is not among them comes last.
    sections.sort_by_key(|item| keys.iter().position(|(key, ..)| *key == name(item)).unwrap_or(keys.len()));
    let mut before: Option<&str> = None;
    for section in sections {
        let (comments, gap) = above(section, Place::Flow, 0);
        let gap_above = comments.first().map_or(section.gap, |c| c.gap);
        let parted = match before {
            // A blank line is what makes comments those of the file; the line for the schema needs none.
            None => tree.head.last().is_some_and(|last| gap_above || !last.is_for_editors()),
            Some(before) => group(before) != group(name(section)) || gap_above && !comments.is_empty(),
        };
        if parted {
            printer.blank();
        }
        let first = before.is_none();
        for (n, comment) in comments.iter().enumerate() {
            if comment.gap && n > 0 && !first {
                printer.blank();
            }
            printer.comment(comment, 0);
        }
        if gap && !comments.is_empty() && !first {
            printer.blank();
        }
        printer.item(section, 0, Place::Flow);
        before = Some(name(section));
    }
    if tree.root.items.is_empty() {
        printer.out += "{}\n";
    }
    printer.foot(&tree.root.foot, 0);
    printer.out
}

fn name(section: &Item) -> &str {
    section.key.as_ref().map_or("", |key| &key.text)
}

/// The first of the sections that stand together with this one.
fn group(section: &str) -> &str {
    GROUPS.iter().find(|group| group.contains(&section)).map_or(section, |group| group[0])
}

struct Printer<'s> {
    source: &'s str,
    out: String,
}

impl Printer<'_> {
    fn blank(&mut self) {
        if !self.out.is_empty() && !self.out.ends_with("\n\n") {
            self.out.push('\n');
        }
    }

    fn comment(&mut self, comment: &Comment, indent: usize) {
        self.out += &format!("{}{}\n", " ".repeat(indent), comment.text);
    }

    fn foot(&mut self, comments: &[Comment], indent: usize) {
        for comment in comments {
            if comment.gap {
                self.blank();
            }
            self.comment(comment, indent);
        }
    }

    /// The items of a map or list, each with its comments. `inline`: the first begins on the line of a dash.
    fn items(&mut self, of: &Collection, indent: usize, place: Place, inline: bool) {
        for (n, item) in of.items.iter().enumerate() {
            let (comments, gap) = above(item, place, indent);
            for (m, comment) in comments.iter().enumerate() {
                if comment.gap && n + m > 0 {
                    self.blank();
                }
                self.comment(comment, indent);
            }
            if gap && (n > 0 || !comments.is_empty()) {
                self.blank();
            }
            if !(inline && n == 0) {
                self.out += &" ".repeat(indent);
            }
            self.item(item, indent, place);
        }
        self.foot(&of.foot, indent);
    }

    /// From the key or dash to the end of the line, and the lines below that are its value. `place`: of what holds it.
    fn item(&mut self, item: &Item, indent: usize, place: Place) {
        let prefix = prefix(item);
        self.out += &prefix;
        let place = place.below(item.key.as_ref().map(|key| key.text.as_str()));
        let beside = match item.beside.as_slice() {
            [one] if !goes_above(item, place, indent) => format!(" {}", one.text),
            _ => String::new(),
        };
        let collection = match &item.value {
            Value::Scalar(value) => {
                let speech = place == Place::Speech;
                let used = indent + prefix.chars().count() + 1;
                match scalar::written(value, self.source, speech, indent + 2, used) {
                    Written::Line(line) if line.is_empty() => self.out += &format!("{beside}\n"),
                    Written::Line(line) => self.out += &format!(" {line}{beside}\n"),
                    Written::Block(header, lines) => {
                        self.out += &format!(" {header}{beside}\n");
                        for line in lines {
                            let indent = if line.is_empty() { 0 } else { indent + 2 };
                            self.out += &format!("{}{line}\n", " ".repeat(indent));
                        }
                    }
                }
                return;
            }
            Value::Collection(collection) => collection,
        };
        if let Some(line) = line_of(item, collection, place, indent) {
            self.out += &format!(" {line}{beside}\n");
        } else if item.key.is_some() {
            self.out += &format!("{beside}\n");
            self.items(collection, indent + 2, place, false);
        } else {
            self.out.push(' ');
            self.items(collection, indent + 2, place, true);
        }
    }
}

fn prefix(item: &Item) -> String {
    item.key.as_ref().map_or("-".to_string(), |key| scalar::one_line(key) + ":")
}

/// The comments that are printed above the item, and whether a blank line follows them.
fn above(item: &Item, outer: Place, indent: usize) -> (Vec<Comment>, bool) {
    let place = outer.below(item.key.as_ref().map(|key| key.text.as_str()));
    let mut comments = item.above.clone();
    let mut gap = item.gap;
    let mut lift = |comment: &Comment| comments.push(Comment { gap: std::mem::take(&mut gap), ..comment.clone() });
    if goes_above(item, place, indent) {
        item.beside.iter().for_each(&mut lift);
    }
    if let Value::Collection(Collection { items, foot, .. }) = &item.value
        && items.is_empty()
    {
        foot.iter().for_each(&mut lift);
    }
    (comments, gap)
}

/// Comments beside an item for which there is no room beside it: several of them, or behind a dash.
fn goes_above(item: &Item, place: Place, indent: usize) -> bool {
    let behind_dash = match &item.value {
        Value::Collection(of) if item.key.is_none() => line_of(item, of, place, indent).is_none(),
        Value::Collection(_) | Value::Scalar(_) => false,
    };
    item.beside.len() > 1 || behind_dash
}

/// The item's value on one line, when it was written so, may be, and fits.
fn line_of(item: &Item, of: &Collection, place: Place, indent: usize) -> Option<String> {
    if of.items.is_empty() {
        return Some(if of.is_map { "{}" } else { "[]" }.to_string());
    }
    if !of.flow || place.needs_lines() {
        return None;
    }
    let line = brackets(of)?;
    (indent + prefix(item).chars().count() + 1 + line.chars().count() <= WIDTH).then_some(line)
}

/// `None` when there is a comment inside.
fn brackets(of: &Collection) -> Option<String> {
    let mut parts = Vec::new();
    for item in &of.items {
        if !item.above.is_empty() || !item.beside.is_empty() {
            return None;
        }
        let value = match &item.value {
            Value::Scalar(value) => scalar::one_line(value),
            Value::Collection(inner) => brackets(inner)?,
        };
        parts.push(match &item.key {
            Some(key) if value.is_empty() => format!("{}:", scalar::one_line(key)),
            Some(key) => format!("{}: {value}", scalar::one_line(key)),
            None => value,
        });
    }
    let parts = parts.join(", ");
    match (of.is_map, parts.is_empty(), of.foot.is_empty()) {
        (_, _, false) => None,
        (true, true, true) => Some("{}".to_string()),
        (true, false, true) => Some(format!("{{ {parts} }}")),
        (false, _, true) => Some(format!("[{parts}]")),
    }
}
