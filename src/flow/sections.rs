//! The sections of a flow beside its nodes and messages: what it is called, what it speaks, what a contact brings.

use std::ops::RangeInclusive;
use std::time::Duration;

use super::codes;
use super::context::{Context, NOWHERE};
use super::expr::Type;
use super::node::{self, LISTENING};
use super::program::{Disclosure, Field, MachineManner, MachineStop, MessageId, Step, StepId};
use super::survey::Noun;
use super::yaml::{Entry, Map, Value};
use crate::diagnostic::Span;
use crate::language::Language;
use crate::speech;

pub(super) const NODES_MAX: usize = 2000;
pub(super) const MESSAGES_MAX: usize = 2000;
pub(super) const FIELDS_MAX: usize = 100;
const ENUM_MAX: usize = 100;

/// The keys of a flow: name, required, what it is.
pub const KEYS: &[(&str, bool, &str)] = &[
    ("flow", true, "the name"),
    ("version", true, "a whole number; raise it with every change"),
    ("languages", true, "list; the first is for contacts whose language is not among them"),
    ("contact", false, "what a contact must bring: map of field to type"),
    ("protect", false, "fields that may be spoken only after `verify`, and never to a machine"),
    ("defaults", false, "outcomes and listening times for all nodes that do not say their own"),
    ("messages", false, "map of name to text by language"),
    ("start", true, "the first node"),
    (
        "discloses",
        false,
        "what the first node says, uninterruptibly: list of `robot`, `creditor`, `recording`; laws ask for it",
    ),
    ("on_machine", false, "the first node when a machine answers; without it the call hangs up without a word"),
    ("machine", false, "how a call goes over to a machine: `stop: at_once` or `sentence`; `beep_wait`, 3s to 60s, 15s"),
    ("on_screening", false, "the message to one who asks who is calling; without it a screener is taken for a machine"),
    ("hotkeys", false, "map of keys, heard at any moment, to nodes"),
    ("nodes", true, "map of name to node"),
    ("tests", false, "list of calls and what must come of them"),
];

/// The keys of a sub-flow: name, required, what it is.
pub const SUBFLOW_KEYS: &[(&str, bool, &str)] = &[
    ("subflow", true, "the name; the file is called the same"),
    ("version", true, "a whole number; raise it with every change"),
    ("languages", true, "list; it can be called by flows that speak some of these"),
    ("inputs", false, "what a caller must give: map of input to type; written `input.name` in the sub-flow"),
    ("outputs", false, "variables that the caller sees: map of variable to type"),
    ("exits", true, "list of the words by which it is left"),
    ("defaults", false, "as in a flow"),
    ("messages", false, "as in a flow"),
    ("start", true, "the first node"),
    ("nodes", true, "map of name to node; `exit: word` leaves"),
];

/// The name under `key`: `flow`, or `subflow`.
pub(super) fn name(cx: &mut Context<'_>, map: &Map, key: &str) -> Option<String> {
    let entry = map.get(key)?;
    let scalar = cx.scalar(&entry.value, &format!("`{key}`"))?;
    cx.name(&scalar.text, scalar.plain, entry.value.span, "a flow").then(|| scalar.text.clone())
}

pub(super) fn languages(cx: &mut Context<'_>, map: &Map) -> Vec<Language> {
    let Some(entry) = map.get("languages") else { return Vec::new() };
    let mut out: Vec<Language> = Vec::new();
    let mut any = false;
    for (scalar, span) in cx.scalars(&entry.value, "`languages`") {
        any = true;
        match scalar.text.parse::<Language>() {
            Ok(l) if out.contains(&l) => cx.error(codes::DUPLICATE_KEY, span, format!("`{l}` is given twice")),
            Ok(l) if speech::languages().any(|speakable| speakable == l) => out.push(l),
            _ => {
                let codes: Vec<String> = speech::languages().map(|l| l.to_string()).collect();
                cx.unknown(codes::LANGUAGE, span, "language", &scalar.text, codes.iter().map(String::as_str));
            }
        }
    }
    let empty = matches!(&entry.value.value, Value::List(items) if items.is_empty());
    if empty && !any {
        cx.error(codes::LANGUAGE, entry.value.span, "at least one language is needed");
    }
    out
}

pub(super) fn contact(cx: &mut Context<'_>, map: &Map) -> Vec<Field> {
    let entries = section(cx, map, "contact", FIELDS_MAX);
    typed_fields(cx, entries).into_iter().map(|(field, _)| field).collect()
}

/// `name: type` entries, with the places of their names.
pub(super) fn typed_fields(cx: &mut Context<'_>, entries: &[Entry]) -> Vec<(Field, Span)> {
    entries
        .iter()
        .filter_map(|entry| {
            let named = cx.name(&entry.key, entry.key_plain, entry.key_span, "a field");
            cx.mention(Noun::Field, &entry.key, entry.key_span, true);
            let scalar = cx.scalar(&entry.value, "a field's type")?;
            let (written, optional) = match scalar.text.strip_suffix('?') {
                Some(written) => (written.trim(), true),
                None => (scalar.text.trim(), false),
            };
            // A faulty type has been reported; the field still exists, so that its uses are not told off as well.
            let ty = field_type(cx, written, entry.value.span).unwrap_or(Type::Text);
            let field = Field { name: entry.key.clone(), ty, optional, protected: false };
            named.then_some((field, entry.key_span))
        })
        .collect()
}

/// The words a field's type can be.
pub const TYPES: &[&str] =
    &["text", "money", "date", "time", "number", "digits(4)", "phone", "language", "bool", "enum(a, b)"];

fn field_type(cx: &mut Context<'_>, written: &str, span: Span) -> Option<Type> {
    let (word, inside) = match written.split_once('(') {
        Some((word, rest)) => (word.trim(), rest.strip_suffix(')')),
        None => (written, None),
    };
    match (word, inside) {
        ("text", None) => return Some(Type::Text),
        ("money", None) => return Some(Type::Money),
        ("date", None) => return Some(Type::Date),
        ("time", None) => return Some(Type::Time),
        ("number", None) => return Some(Type::Number),
        ("phone", None) => return Some(Type::Phone),
        ("language", None) => return Some(Type::Language),
        ("bool", None) => return Some(Type::Bool),
        ("digits", Some(n)) => {
            if let Some(n) = n.trim().parse().ok().filter(|n| (1..=32).contains(n)) {
                return Some(Type::Digits(n));
            }
            cx.error(codes::FIELD_TYPE, span, "digits(n) has n from 1 to 32");
            return None;
        }
        ("enum", Some(words)) => {
            let words: Vec<String> = words.split(',').take(ENUM_MAX + 1).map(|w| w.trim().to_string()).collect();
            let good = |w: &String| !w.is_empty() && w.chars().all(|c| c.is_alphanumeric() || c == '_');
            let unique = words.iter().enumerate().all(|(n, w)| !words[..n].contains(w));
            if words.iter().all(good) && unique && words.len() <= ENUM_MAX {
                return Some(Type::Enum(words));
            }
            cx.error(
                codes::FIELD_TYPE,
                span,
                format!("enum(a, b) holds up to {ENUM_MAX} different words of letters, digits and _"),
            );
            return None;
        }
        _ => {}
    }
    cx.unknown(codes::FIELD_TYPE, span, "type", written, TYPES.iter().copied());
    None
}

pub(super) fn protect(cx: &mut Context<'_>, map: &Map) {
    let Some(entry) = map.get("protect") else { return };
    for (scalar, span) in cx.scalars(&entry.value, "`protect`") {
        cx.mention(Noun::Field, &scalar.text, span, false);
        match cx.field(&scalar.text) {
            Some(id) => cx.contact[id.0 as usize].protected = true,
            None => {
                let known: Vec<String> = cx.contact.iter().map(|f| f.name.clone()).collect();
                let known = known.iter().map(String::as_str);
                cx.unknown(codes::UNKNOWN_NAME, span, "field of the contact", &scalar.text, known);
            }
        }
    }
}

/// The entries of a section that is a map; none when it is absent or something else.
pub(super) fn section<'n>(cx: &mut Context<'_>, map: &'n Map, key: &str, most: usize) -> &'n [Entry] {
    let Some(entry) = map.get(key) else { return &[] };
    let Some(inner) = cx.map(&entry.value, &format!("`{key}`")) else { return &[] };
    if inner.entries.len() > most {
        let text = format!("`{key}` has {} entries; at most {most} are read", inner.entries.len());
        cx.error(codes::NOT_PLAIN_YAML, entry.key_span, text);
    }
    if key == "nodes" && inner.entries.is_empty() {
        cx.error(codes::SHAPE, entry.value.span, "a flow has at least one node");
    }
    &inner.entries[..inner.entries.len().min(most)]
}

pub(super) fn defaults(cx: &mut Context<'_>, map: &Map) -> Map {
    let Some(entry) = map.get("defaults") else { return Map::default() };
    let Some(defaults) = cx.map(&entry.value, "`defaults`") else { return Map::default() };
    let mut known: Vec<&str> = LISTENING.iter().map(|k| k.name).chain(["no_match", "no_input"]).collect();
    for outcome in node::ALL.iter().flat_map(|k| k.outcomes) {
        if !["next", "else"].contains(&outcome.name) && !known.contains(&outcome.name) {
            known.push(outcome.name);
        }
    }
    cx.known_keys(defaults, "default", &known);
    defaults.clone()
}

/// Only a `say` that no key cuts short is sure to be heard before anything else.
pub(super) fn discloses(cx: &mut Context<'_>, map: &Map, start: Option<&Step>) -> Vec<Disclosure> {
    let Some(entry) = map.get("discloses") else { return Vec::new() };
    let mut out = Vec::new();
    for (scalar, span) in cx.scalars(&entry.value, "`discloses`") {
        match scalar.text.parse::<Disclosure>() {
            Ok(what) => out.push(what),
            Err(_) => {
                let known = Disclosure::ALL.iter().map(|what| what.as_str());
                cx.unknown(codes::MALFORMED, span, "disclosure", &scalar.text, known);
            }
        }
    }
    if !matches!(start, None | Some(Step::Say { interruptible: false, .. })) {
        let help = "let `start` name a `say` with `interruptible: false`";
        cx.error_help(codes::MALFORMED, entry.key_span, "the first node can be cut short, or says nothing", help);
    }
    out
}

const BEEP_WAITS: RangeInclusive<Duration> = Duration::from_secs(3)..=Duration::from_secs(60);

pub(super) fn machine(cx: &mut Context<'_>, map: &Map) -> MachineManner {
    let mut manner = MachineManner::default();
    let Some(entry) = map.get("machine") else { return manner };
    let Some(inner) = cx.map(&entry.value, "`machine`") else { return manner };
    cx.known_keys(inner, "setting", &["stop", "beep_wait"]);
    if let Some(stop) = inner.get("stop")
        && let Some(scalar) = cx.scalar(&stop.value, "`stop`")
    {
        match scalar.text.as_str() {
            "at_once" => manner.stop = MachineStop::AtOnce,
            "sentence" => manner.stop = MachineStop::Sentence,
            other => cx.unknown(codes::MALFORMED, stop.value.span, "way to stop", other, ["at_once", "sentence"]),
        }
    }
    if let Some(wait) = inner.get("beep_wait") {
        let wait = cx.duration(&wait.value, "`beep_wait`", *BEEP_WAITS.start(), *BEEP_WAITS.end());
        manner.beep_wait = wait.unwrap_or(manner.beep_wait);
    }
    manner
}

pub(super) fn screening(cx: &mut Context<'_>, map: &Map) -> Option<(MessageId, Span)> {
    let entry = map.get("on_screening")?;
    let scalar = cx.scalar(&entry.value, "`on_screening`")?;
    Some((cx.message(scalar, entry.value.span)?, entry.value.span))
}

pub(super) fn hotkeys(cx: &mut Context<'_>, map: &Map) -> Vec<(String, StepId, Span)> {
    let mut out = Vec::new();
    for entry in section(cx, map, "hotkeys", 20) {
        if !node::is_key(&entry.key) || !entry.key.starts_with('*') || entry.key.len() < 2 {
            let text = format!("`{}` is not a hotkey: * and one to seven of 0-9, * and #", entry.key);
            cx.error_help(codes::KEY, entry.key_span, text, "for example \"*9\"");
            continue;
        }
        let Some(scalar) = cx.scalar(&entry.value, "a hotkey's node") else { continue };
        let id = cx.node(scalar, entry.value.span);
        if id != NOWHERE {
            out.push((entry.key.clone(), id, entry.key_span));
        }
    }
    out
}
