//! `steps:` → [`Step`]s, the ladder's own and those of segments that have others.

use std::ops::Range;

use super::reader::Reader;
use super::retry_table::retry;
use super::{Delay, Does, FlowOf, Message, MessageIndex, Step, codes, visit};
use crate::diagnostic::{Diagnostic, Span};
use crate::flow::yaml::{Entry, Map, Node};
use crate::outcome::Channel;

/// What a step does: one of these keys.
pub const KINDS: [&str; 6] = ["voice", "sms", "email", "letter", "human", "visit"];
pub const STEP_KEYS: [&str; 13] = [
    "voice",
    "sms",
    "email",
    "letter",
    "human",
    "visit",
    "name",
    "after",
    "attempts_max",
    "retry",
    "spread",
    "visits_max",
    "report_within",
];
/// Words of `goto` that are no names.
const RESERVED: [&str; 3] = ["first", "next", "remind"];

/// Steps with their places, list behind list.
pub struct Laid {
    pub steps: Vec<(Step, Span)>,
    pub lists: Vec<Range<usize>>,
}

impl Laid {
    /// The ladder's own list.
    pub fn own(reader: &mut Reader, top: &Map, start: Span, messages: &[Message]) -> Laid {
        let mut laid = Laid { steps: Vec::new(), lists: Vec::new() };
        match reader.required(top, "steps", "a ladder", start) {
            Some(node) => drop(laid.list(reader, node, messages)),
            None => laid.lists.push(0..0),
        }
        laid
    }

    /// One more list; its place among them.
    pub fn list(&mut self, reader: &mut Reader, node: &Node, messages: &[Message]) -> usize {
        let items = reader.items(node);
        if items.is_empty() {
            reader.report(Diagnostic::error(codes::MISSING_KEY, node.span, "a ladder needs at least one step"));
        }
        let steps: Vec<(Step, Span)> = items.into_iter().filter_map(|n| step(reader, n, messages)).collect();
        self.add(reader, steps)
    }

    /// The ladder's own steps by these channels, in this order of channels.
    pub fn ordered(&mut self, reader: &mut Reader, channels: &[(Channel, Span)]) -> usize {
        let own = &self.steps[self.lists[0].clone()];
        let mut steps = Vec::new();
        for (channel, span) in channels {
            let found = own.iter().filter(|(step, _)| step.does.channel() == *channel);
            let before = steps.len();
            steps.extend(found.map(|(step, _)| (step.clone(), *span)));
            if steps.len() == before {
                let message = format!("no step of the ladder goes by {channel}");
                reader.error(codes::UNKNOWN_STEP, *span, message, "add such a step, or leave the channel out");
            }
        }
        self.add(reader, steps)
    }

    fn add(&mut self, reader: &mut Reader, steps: Vec<(Step, Span)>) -> usize {
        for (n, (step, span)) in steps.iter().enumerate() {
            let own_name = step.name != step.does.channel().as_str();
            if own_name && steps[..n].iter().any(|(other, _)| other.name == step.name) {
                let found = format!("a step before it is called `{}` too", step.name);
                reader.error(codes::MALFORMED, *span, found, "give every step a name of its own");
            }
        }
        let from = self.steps.len();
        self.steps.extend(steps);
        self.lists.push(from..self.steps.len());
        self.lists.len() - 1
    }
}

fn step(reader: &mut Reader, node: &Node, messages: &[Message]) -> Option<(Step, Span)> {
    let map = reader.map(node, "a step")?;
    reader.known_keys(map, "key of a step", &STEP_KEYS);
    let kinds: Vec<&Entry> = map.entries.iter().filter(|e| KINDS.contains(&e.key.as_str())).collect();
    let [kind] = kinds.as_slice() else {
        let span = kinds.get(1).map_or(node.span, |e| e.key_span);
        let count = if kinds.is_empty() { "does nothing" } else { "does two things" };
        let help = format!("a step is one of {}", KINDS.join(", "));
        reader.error(codes::KIND, span, format!("the step {count}"), &help);
        return None;
    };
    let after = match map.get("after") {
        Some(entry) => reader.delay(&entry.value, "`after`").unwrap_or(Delay::ZERO),
        None => Delay::ZERO,
    };
    for (key, kinds) in [
        ("attempts_max", &["voice"][..]),
        ("retry", &["voice", "visit"]),
        ("spread", &["voice", "visit"]),
        ("visits_max", &["visit"]),
        ("report_within", &["visit"]),
    ] {
        if let Some(entry) = map.get(key).filter(|_| !kinds.contains(&kind.key.as_str())) {
            let found = format!("only a {} step has `{key}`", kinds.join(" or a "));
            let help = "remove it; a message that fails is sent again by itself";
            reader.error(codes::UNKNOWN_KEY, entry.key_span, found, help);
        }
    }
    let name = match map.get("name") {
        Some(entry) => name(reader, &entry.value)?,
        None => kind.key.clone(),
    };
    Some((Step { name, after, does: does(reader, map, kind, messages)? }, kind.key_span))
}

fn does(reader: &mut Reader, map: &Map, kind: &Entry, messages: &[Message]) -> Option<Does> {
    Some(match kind.key.as_str() {
        "voice" => {
            let flow = match reader.text(&kind.value, "the flow")?.as_str() {
                "segment.flow" => FlowOf::Segment,
                name => FlowOf::Named(name.into()),
            };
            Does::Voice { flow, retry: retry(reader, map) }
        }
        "sms" => Does::Sms { message: message_named(reader, &kind.value, messages)? },
        "letter" => Does::Letter { message: message_named(reader, &kind.value, messages)? },
        "email" => {
            let parts = reader.map(&kind.value, "an e-mail")?;
            reader.known_keys(parts, "key of an e-mail", &["subject", "body"]);
            let subject = reader.required(parts, "subject", "an e-mail", kind.key_span);
            let body = reader.required(parts, "body", "an e-mail", kind.key_span);
            let subject = subject.and_then(|n| message_named(reader, n, messages));
            let body = body.and_then(|n| message_named(reader, n, messages));
            Does::Email { subject: subject?, body: body? }
        }
        "visit" => Does::Visit { queue: reader.text(&kind.value, "the queue")?, visits: visit::visits(reader, map) },
        _ => Does::Human { queue: reader.text(&kind.value, "the queue")? },
    })
}

fn name(reader: &mut Reader, node: &Node) -> Option<String> {
    let name = reader.text(node, "the step's name")?;
    if RESERVED.contains(&name.as_str()) || KINDS.contains(&name.as_str()) {
        let found = format!("`{name}` is a word of the language, not a name");
        reader.error(codes::MALFORMED, node.span, found, "give the step another name, for example second_call");
        return None;
    }
    Some(name)
}

pub fn message_named(reader: &mut Reader, node: &Node, messages: &[Message]) -> Option<MessageIndex> {
    let name = reader.text(node, "the message's name")?;
    let at = messages.iter().position(|m| m.name == name);
    if at.is_none() {
        let known: Vec<&str> = messages.iter().map(|m| m.name.as_str()).collect();
        reader.unknown(codes::UNKNOWN_MESSAGE, node.span, "message", &name, &known);
    }
    at.map(MessageIndex)
}
