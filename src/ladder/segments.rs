//! `contact:`, `classes:` and `segments:` → who is contacted in which way.

use super::reader::Reader;
use super::steps::Laid;
use super::{Class, Message, Segment, codes, segment};
use crate::diagnostic::{Diagnostic, Span};
use crate::flow::expr::{self, Expr, Type};
use crate::flow::program::Field;
use crate::flow::yaml::{Entry, Map, Node};
use crate::outcome::Channel;

const SEGMENT_KEYS: [&str; 6] = ["when", "flow", "tone", "agent_script", "channels", "steps"];
/// The field that holds the contact's class.
pub const CLASS: &str = "class";

/// What conditions may name, without the class.
pub fn fields(reader: &mut Reader, top: &Map) -> Vec<Field> {
    let mut fields = segment::fields();
    let Some(entry) = top.get("contact") else { return fields };
    let (own, found) = crate::flow::contact_fields(reader.source, top);
    for diagnostic in found {
        reader.report(Diagnostic { code: codes::of_flow(diagnostic.code), ..diagnostic });
    }
    for field in own {
        if field.name == CLASS || fields.iter().any(|known| known.name == field.name) {
            let found = format!("every contact has `{}` in a ladder", field.name);
            let span = entry.value.map().and_then(|m| m.get(&field.name)).map_or(entry.key_span, |e| e.key_span);
            reader.error(codes::MALFORMED, span, found, "leave it out of `contact`");
        } else {
            fields.push(field);
        }
    }
    fields
}

pub fn with_class(mut fields: Vec<Field>, classes: &[Class]) -> Vec<Field> {
    if !classes.is_empty() {
        let names = classes.iter().map(|class| class.name.clone()).collect();
        fields.push(Field { name: CLASS.into(), ty: Type::Enum(names), optional: true, protected: false });
    }
    fields
}

/// `classes: { forgetful: promises_broken == 0 and days_overdue <= 30, … }`
pub fn classes(reader: &mut Reader, top: &Map, fields: &[Field]) -> Vec<Class> {
    let Some(map) = top.get("classes").and_then(|e| reader.map(&e.value, "classes")) else { return Vec::new() };
    let class = |entry: &Entry| {
        let when = condition(reader, &entry.value, "a class", fields)?;
        Some(Class { name: entry.key.clone(), when })
    };
    map.entries.iter().filter_map(class).collect()
}

pub fn segments(
    reader: &mut Reader,
    top: &Map,
    start: Span,
    fields: &[Field],
    messages: &[Message],
    laid: &mut Laid,
) -> Vec<Segment> {
    let Some(node) = reader.required(top, "segments", "a ladder", start) else { return Vec::new() };
    let Some(map) = reader.map(node, "segments") else { return Vec::new() };
    if map.entries.is_empty() {
        reader.report(Diagnostic::error(codes::MISSING_KEY, node.span, "a ladder needs at least one segment"));
    }
    map.entries.iter().filter_map(|entry| segment_of(reader, entry, fields, messages, laid)).collect()
}

fn segment_of(
    reader: &mut Reader,
    entry: &Entry,
    fields: &[Field],
    messages: &[Message],
    laid: &mut Laid,
) -> Option<Segment> {
    let map = reader.map(&entry.value, "a segment")?;
    reader.known_keys(map, "key of a segment", &SEGMENT_KEYS);
    let when = reader.required(map, "when", "a segment", entry.key_span);
    let flow =
        reader.required(map, "flow", "a segment", entry.key_span).and_then(|n| reader.text(n, "the flow's name"));
    let mut text = |key: &str| map.get(key).and_then(|e| reader.text(&e.value, &format!("`{key}`")));
    let (tone, agent_script) = (text("tone"), text("agent_script"));
    let list = match (map.get("channels"), map.get("steps")) {
        (None, None) => 0,
        (None, Some(steps)) => laid.list(reader, &steps.value, messages),
        (Some(channels), None) => {
            let channels = channels_of(reader, &channels.value);
            laid.ordered(reader, &channels)
        }
        (Some(channels), Some(_)) => {
            let found = "a segment with `steps` of its own has their order already";
            reader.error(codes::SHAPE, channels.key_span, found, "leave out `channels`, or `steps`");
            0
        }
    };
    let when = condition(reader, when?, "`when`", fields)?;
    Some(Segment { name: entry.key.clone(), when, flow: flow?, tone, agent_script, list })
}

fn channels_of(reader: &mut Reader, node: &Node) -> Vec<(Channel, Span)> {
    let mut channels: Vec<(Channel, Span)> = Vec::new();
    for item in reader.items(node) {
        let Some(word) = reader.text(item, "a channel") else { continue };
        match word.parse::<Channel>() {
            Ok(channel) if channels.iter().any(|(c, _)| *c == channel) => {
                reader.error(codes::MALFORMED, item.span, format!("`{word}` is given twice"), "remove one");
            }
            Ok(channel) => channels.push((channel, item.span)),
            Err(_) => {
                let known: Vec<&str> = Channel::ALL.iter().map(|c| c.as_str()).collect();
                reader.unknown(codes::MALFORMED, item.span, "channel", &word, &known);
            }
        }
    }
    channels
}

fn condition(reader: &mut Reader, node: &Node, what: &str, fields: &[Field]) -> Option<Expr> {
    let scalar = reader.scalar(node, what)?;
    let place = scalar.place(reader.source, node.span, 0, scalar.text.chars().count());
    match expr::parse_as(&scalar.text, place, &segment::scope(fields), &Type::Bool) {
        Ok(when) => Some(when),
        Err(found) => {
            reader.report(Diagnostic { code: codes::of_flow(found.code), ..found });
            None
        }
    }
}
