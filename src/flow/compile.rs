//! The way from text to [`Program`]: read the tree, gather the names, lower every node, check the whole.

use std::collections::BTreeMap;
use std::fmt::Write;

use sha2::{Digest, Sha256};

use super::check::{self, Sketch};
use super::codes;
use super::context::{Context, NOWHERE};
use super::expr::Type;
use super::message::{self, Prose};
use super::node::{self, Kind, LISTENING, Reader};
use super::program::{Field, FlowHash, Message, MessageId, NamedStep, Program, StepId};
use super::survey::Noun;
use super::yaml::{self, Entry, Map, Node, Value};
use super::{Compiled, test_section};
use crate::diagnostic::{Diagnostic, Span};
use crate::language::Language;

/// Languages whose numbers, money and dates speech can say.
pub const SPEAKABLE: &[Language] = &[Language::RU, Language::EN];

const NODES_MAX: usize = 2000;
const MESSAGES_MAX: usize = 2000;
const FIELDS_MAX: usize = 100;
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
    ("on_machine", false, "the first node when a machine answers; without it the call hangs up without a word"),
    ("hotkeys", false, "map of keys, heard at any moment, to nodes"),
    ("nodes", true, "map of name to node"),
    ("tests", false, "list of calls and what must come of them"),
];

/// Compiles a flow's YAML. Total: any text whatever yields a program or diagnostics, in bounded time and stack.
pub fn compile(source: &str) -> Compiled {
    let mut diagnostics = Vec::new();
    let root = yaml::read(source, &mut diagnostics);
    let mut cx = context(source, diagnostics);
    let read = root.and_then(|root| flow(&mut cx, &root));
    let mut diagnostics = cx.diagnostics;
    diagnostics.sort_by(|a, b| (a.span, a.code, &a.message).cmp(&(b.span, b.code, &b.message)));
    diagnostics.dedup();
    let good = !diagnostics.iter().any(|d| d.is_error());
    match read {
        Some((program, tests)) if good => Compiled { program: Some(program), tests, diagnostics },
        Some(_) | None => Compiled { program: None, tests: Vec::new(), diagnostics },
    }
}

/// Nothing is known yet.
pub(super) fn context(source: &str, diagnostics: Vec<Diagnostic>) -> Context<'_> {
    Context {
        source,
        diagnostics,
        languages: Vec::new(),
        contact: Vec::new(),
        variables: Vec::new(),
        variable_spans: Vec::new(),
        messages: BTreeMap::new(),
        nodes: BTreeMap::new(),
        defaults: Map::default(),
        promises: 0,
        queues: 0,
        said: Vec::new(),
        used: Vec::new(),
        results: BTreeMap::new(),
        menu_keys: BTreeMap::new(),
        survey: None,
    }
}

pub(super) fn flow(cx: &mut Context<'_>, root: &Node) -> Option<(Program, Vec<super::test::TestCase>)> {
    let map = cx.map(root, "a flow")?;
    let known: Vec<&str> = KEYS.iter().map(|(name, ..)| *name).collect();
    cx.known_keys(map, "key of a flow", &known);
    for (name, required, about) in KEYS {
        if *required && map.get(name).is_none() {
            cx.error(codes::MISSING_KEY, root.span, format!("the flow lacks `{name}`: {about}"));
        }
    }
    let name = name(cx, map);
    let version = map.get("version").and_then(|e| cx.number(&e.value, "`version`", 1, u32::MAX));
    cx.languages = languages(cx, map);
    cx.contact = contact(cx, map);
    protect(cx, map);

    let written_messages = section(cx, map, "messages", MESSAGES_MAX);
    let written_nodes = section(cx, map, "nodes", NODES_MAX);
    for (n, entry) in written_messages.iter().enumerate() {
        cx.name(&entry.key, entry.key_plain, entry.key_span, "a message");
        cx.messages.insert(entry.key.clone(), MessageId(n as u32));
        cx.mention(Noun::Message, &entry.key, entry.key_span, true);
    }
    for (n, entry) in written_nodes.iter().enumerate() {
        cx.name(&entry.key, entry.key_plain, entry.key_span, "a node");
        cx.nodes.insert(entry.key.clone(), StepId(n as u32));
        cx.mention(Noun::Node, &entry.key, entry.key_span, true);
    }
    defaults(cx, map);

    let kinds: Vec<Option<(&'static Kind, &Map)>> = written_nodes.iter().map(|entry| kind(cx, entry)).collect();
    let count = |kind: &str| kinds.iter().flatten().filter(|(k, _)| k.name == kind).count();
    (cx.promises, cx.queues) = (count("promise"), count("queue"));
    each_node(cx, written_nodes, &kinds, |reader| reader.declare());

    let mut prose: Vec<Prose> = Vec::new();
    let messages: Vec<Message> =
        written_messages.iter().enumerate().map(|(n, e)| message::read(cx, e, n, &mut prose)).collect();

    let mut steps: Vec<Option<NamedStep>> = vec![None; written_nodes.len()];
    each_node(cx, written_nodes, &kinds, |reader| {
        let step = reader.lower();
        steps[reader.id.0 as usize] = step;
    });

    let start = entry_point(cx, map, "start");
    let on_machine = entry_point(cx, map, "on_machine");
    let hotkeys = hotkeys(cx, map);
    let names: Vec<(String, Span)> = written_nodes.iter().map(|e| (e.key.clone(), e.key_span)).collect();
    let message_spans: Vec<Span> = written_messages.iter().map(|e| e.key_span).collect();
    let sketch = Sketch {
        steps: &steps,
        names: &names,
        messages: &messages,
        message_spans: &message_spans,
        start: start.map(|(id, _)| id),
        start_span: start.map_or(root.span, |(_, span)| span),
        on_machine,
        hotkeys: &hotkeys,
        prose: &prose,
    };
    check::run(cx, &sketch);
    let tests = map.get("tests").map(|e| test_section::read(cx, &e.value)).unwrap_or_default();
    if let Some(survey) = &mut cx.survey {
        survey.messages = messages.clone();
        survey.tests = tests.clone();
    }

    let steps: Option<Vec<NamedStep>> = steps.into_iter().collect();
    let program = Program {
        name: name?,
        version: version?,
        hash: hash(cx.source),
        languages: cx.languages.clone(),
        contact: cx.contact.clone(),
        variables: cx.variables.clone(),
        messages,
        steps: steps?,
        start: start?.0,
        on_machine: on_machine.map(|(id, _)| id),
        hotkeys: hotkeys.into_iter().map(|(keys, to, _)| (keys, to)).collect(),
    };
    Some((program, tests))
}

fn hash(source: &str) -> FlowHash {
    let digest = Sha256::digest(source.as_bytes());
    FlowHash(digest.iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    }))
}

fn name(cx: &mut Context<'_>, map: &Map) -> Option<String> {
    let entry = map.get("flow")?;
    let scalar = cx.scalar(&entry.value, "`flow`")?;
    cx.name(&scalar.text, scalar.plain, entry.value.span, "a flow").then(|| scalar.text.clone())
}

fn languages(cx: &mut Context<'_>, map: &Map) -> Vec<Language> {
    let Some(entry) = map.get("languages") else { return Vec::new() };
    let mut out: Vec<Language> = Vec::new();
    let mut any = false;
    for (scalar, span) in cx.scalars(&entry.value, "`languages`") {
        any = true;
        match scalar.text.parse::<Language>() {
            Ok(l) if out.contains(&l) => cx.error(codes::DUPLICATE_KEY, span, format!("`{l}` is given twice")),
            Ok(l) if SPEAKABLE.contains(&l) => out.push(l),
            _ => cx.unknown(codes::LANGUAGE, span, "language", &scalar.text, SPEAKABLE.iter().map(|l| l.code())),
        }
    }
    let empty = matches!(&entry.value.value, Value::List(items) if items.is_empty());
    if empty && !any {
        cx.error(codes::LANGUAGE, entry.value.span, "at least one language is needed");
    }
    out
}

fn contact(cx: &mut Context<'_>, map: &Map) -> Vec<Field> {
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

fn protect(cx: &mut Context<'_>, map: &Map) {
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
fn section<'n>(cx: &mut Context<'_>, map: &'n Map, key: &str, most: usize) -> &'n [Entry] {
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

fn defaults(cx: &mut Context<'_>, map: &Map) {
    let Some(entry) = map.get("defaults") else { return };
    let Some(defaults) = cx.map(&entry.value, "`defaults`") else { return };
    let mut known: Vec<&str> = LISTENING.iter().map(|k| k.name).chain(["no_match", "no_input"]).collect();
    for outcome in node::ALL.iter().flat_map(|k| k.outcomes) {
        if !["next", "else"].contains(&outcome.name) && !known.contains(&outcome.name) {
            known.push(outcome.name);
        }
    }
    cx.known_keys(defaults, "default", &known);
    cx.defaults = defaults.clone();
}

fn kind<'n>(cx: &mut Context<'_>, entry: &'n Entry) -> Option<(&'static Kind, &'n Map)> {
    let map = cx.map(&entry.value, &format!("node `{}`", entry.key))?;
    Some((node::kind_of(cx, &entry.key, entry.key_span, map)?, map))
}

fn each_node(
    cx: &mut Context<'_>,
    entries: &[Entry],
    kinds: &[Option<(&'static Kind, &Map)>],
    mut act: impl FnMut(&mut Reader<'_, '_>),
) {
    for (n, (entry, found)) in entries.iter().zip(kinds).enumerate() {
        let Some((kind, map)) = found else { continue };
        let id = StepId(n as u32);
        act(&mut Reader { cx: &mut *cx, id, name: &entry.key, span: entry.key_span, kind, map, ways: Vec::new() });
    }
}

fn entry_point(cx: &mut Context<'_>, map: &Map, key: &str) -> Option<(StepId, Span)> {
    let entry = map.get(key)?;
    let scalar = cx.scalar(&entry.value, &format!("`{key}`"))?;
    let id = cx.node(scalar, entry.value.span);
    (id != NOWHERE).then_some((id, entry.value.span))
}

fn hotkeys(cx: &mut Context<'_>, map: &Map) -> Vec<(String, StepId, Span)> {
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
