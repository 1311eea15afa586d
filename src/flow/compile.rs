//! The way from text to [`Program`]: read the tree, write the called sub-flows out, gather the names, lower every node,
//! check the whole.

use std::collections::BTreeMap;
use std::fmt::Write;

use sha2::{Digest, Sha256};

use super::check::{self, Sketch};
use super::codes;
use super::context::{Context, NOWHERE};
use super::expr::{Expr, same};
use super::message::{self, Prose};
use super::node::{self, Kind, Reader};
use super::program::{Field, FieldId, FlowHash, Message, MessageId, NamedStep, Program, StepId};
use super::sections::{self, KEYS, MESSAGES_MAX, NODES_MAX, SUBFLOW_KEYS, section, typed_fields};
use super::subflow::{self, Called, Frame, Input, Library};
use super::survey::Noun;
use super::yaml::{self, Entry, Map, Node, Value};
use super::{Compiled, test_section};
use crate::diagnostic::Span;

/// Compiles a flow's YAML; a packed one (see [`Library::pack`]) brings its sub-flows along. Total: any text whatever yields a
/// program or diagnostics, in bounded time and stack.
pub fn compile(source: &str) -> Compiled {
    compile_with(source, &Library::default())
}

/// As [`compile`], with sub-flows to call.
pub fn compile_with(source: &str, library: &Library) -> Compiled {
    let (source, library) = library.unpack(source);
    let mut cx = Context::new(source);
    let root = yaml::read(source, &mut cx.diagnostics);
    let is_subflow = root.as_ref().and_then(Node::map).is_some_and(|map| map.get("subflow").is_some());
    let mut out = Compiled {
        program: None,
        subflow: None,
        source: source.to_string(),
        tests: Vec::new(),
        diagnostics: Vec::new(),
    };
    let mut read = None;
    if let Some(root) = &root {
        if is_subflow {
            out.subflow = subflow_alone(&mut cx, root, &library);
        } else {
            read = flow(&mut cx, root, &library);
        }
    }
    out.diagnostics = cx.diagnostics;
    out.diagnostics.sort_by(|a, b| (a.span, a.code, &a.message).cmp(&(b.span, b.code, &b.message)));
    out.diagnostics.dedup();
    if let Some((mut program, tests, used)) = read
        && !out.diagnostics.iter().any(|d| d.is_error())
    {
        out.source = library.pack(source, &used);
        program.hash = hash(&out.source);
        (out.program, out.tests) = (Some(program), tests);
    }
    out
}

/// A node that becomes a step, or a message, with the frame it stands in.
struct Unit<'n> {
    frame: usize,
    entry: &'n Entry,
    kind: Option<(&'static Kind, &'n Map)>,
}

/// What the parts of a flow come to.
struct Parts {
    steps: Vec<Option<NamedStep>>,
    names: Vec<(String, Span)>,
    messages: Vec<Message>,
    message_spans: Vec<Span>,
    prose: Vec<Prose>,
}

pub(super) fn flow(
    cx: &mut Context<'_>,
    root: &Node,
    library: &Library,
) -> Option<(Program, Vec<super::test::TestCase>, Vec<String>)> {
    let map = cx.map(root, "a flow")?;
    known(cx, root, map, KEYS, "flow");
    let name = sections::name(cx, map, "flow");
    let version = map.get("version").and_then(|e| cx.number(&e.value, "`version`", 1, u32::MAX));
    cx.languages = sections::languages(cx, map);
    cx.contact = sections::contact(cx, map);
    sections::protect(cx, map);

    let calls = subflow::calls(cx, map, library);
    let parts = parts(cx, map, &calls);
    let start = entry_point(cx, map, "start");
    let first = start.and_then(|(id, _)| parts.steps.get(id.0 as usize)).and_then(Option::as_ref);
    let discloses = sections::discloses(cx, map, first.map(|named| &named.step));
    let on_machine = entry_point(cx, map, "on_machine");
    let machine = sections::machine(cx, map);
    let on_screening = sections::screening(cx, map);
    let hotkeys = sections::hotkeys(cx, map);
    let sketch = Sketch {
        steps: &parts.steps,
        names: &parts.names,
        messages: &parts.messages,
        message_spans: &parts.message_spans,
        start: start.map(|(id, _)| id),
        start_span: start.map_or(root.span, |(_, span)| span),
        on_machine,
        on_screening,
        hotkeys: &hotkeys,
        prose: &parts.prose,
        is_subflow: false,
    };
    check::run(cx, &sketch);
    let tests = map.get("tests").map(|e| test_section::read(cx, &e.value)).unwrap_or_default();
    if let Some(survey) = &mut cx.survey {
        survey.messages = parts.messages.clone();
        survey.tests = tests.clone();
    }

    let steps: Option<Vec<NamedStep>> = parts.steps.into_iter().collect();
    let program = Program {
        name: name?,
        version: version?,
        hash: FlowHash(String::new()),
        languages: cx.languages.clone(),
        contact: cx.contact.clone(),
        variables: cx.variables.clone(),
        messages: parts.messages,
        steps: steps?,
        start: start?.0,
        discloses,
        on_machine: on_machine.map(|(id, _)| id),
        on_screening: on_screening.map(|(id, _)| id),
        machine,
        hotkeys: hotkeys.into_iter().map(|(keys, to, _)| (keys, to)).collect(),
    };
    let mut used: Vec<String> = calls.into_iter().map(|called| called.name).collect();
    used.sort();
    used.dedup();
    Some((program, tests, used))
}

/// A sub-flow by itself: its inputs stand for a contact of their own, its exits are ends.
fn subflow_alone(cx: &mut Context<'_>, root: &Node, library: &Library) -> Option<String> {
    let map = cx.map(root, "a sub-flow")?;
    known(cx, root, map, SUBFLOW_KEYS, "sub-flow");
    let name = sections::name(cx, map, "subflow");
    map.get("version").and_then(|e| cx.number(&e.value, "`version`", 1, u32::MAX));
    cx.languages = sections::languages(cx, map);
    let entries = section(cx, map, "inputs", sections::FIELDS_MAX);
    cx.contact = typed_fields(cx, entries).into_iter().map(|(field, _)| field).collect();
    let input = |(n, field): (usize, &Field)| Input {
        name: field.name.clone(),
        expr: Expr::Contact(FieldId(n as u32)),
        ty: field.ty.clone(),
    };
    cx.frames[0].inputs = cx.contact.iter().enumerate().map(input).collect();
    cx.frames[0].is_subflow = true;
    cx.exits = subflow::words(map.get("exits").map(|e| &e.value));
    if let Some(entry) = map.get("exits") {
        let exits = cx.scalars(&entry.value, "`exits`");
        for (scalar, span) in exits {
            cx.name(&scalar.text, scalar.plain, span, "an exit");
        }
    }
    let calls = subflow::calls(cx, map, library);
    let parts = parts(cx, map, &calls);
    let start = entry_point(cx, map, "start");
    outputs(cx, map);
    let sketch = Sketch {
        steps: &parts.steps,
        names: &parts.names,
        messages: &parts.messages,
        message_spans: &parts.message_spans,
        start: start.map(|(id, _)| id),
        start_span: start.map_or(root.span, |(_, span)| span),
        on_machine: None,
        on_screening: None,
        hotkeys: &[],
        prose: &parts.prose,
        is_subflow: true,
    };
    check::run(cx, &sketch);
    name
}

/// Every output is a variable of that type.
fn outputs(cx: &mut Context<'_>, map: &Map) {
    let entries = section(cx, map, "outputs", sections::FIELDS_MAX);
    for (field, span) in typed_fields(cx, entries) {
        match cx.variable(&field.name).map(|id| cx.variables[id.0 as usize].ty.clone()) {
            Some(ty) if same(&ty, &field.ty) => {}
            Some(ty) => {
                let text = format!("`{}` is {} here, and {} as an output", field.name, ty.words(), field.ty.words());
                cx.error(codes::TYPE, span, text);
            }
            None => {
                let known: Vec<String> = cx.variables.iter().map(|v| v.name.clone()).collect();
                let known = known.iter().map(String::as_str);
                cx.unknown(codes::UNKNOWN_NAME, span, "variable", &field.name, known);
            }
        }
    }
}

/// Keys that must be there are, and no others.
fn known(cx: &mut Context<'_>, root: &Node, map: &Map, keys: &[(&str, bool, &str)], what: &str) {
    let names: Vec<&str> = keys.iter().map(|(name, ..)| *name).collect();
    cx.known_keys(map, &format!("key of a {what}"), &names);
    for (name, required, about) in keys {
        if *required && map.get(name).is_none() {
            cx.error(codes::MISSING_KEY, root.span, format!("the {what} lacks `{name}`: {about}"));
        }
    }
}

/// Messages and nodes of the flow and of every sub-flow it calls.
fn parts(cx: &mut Context<'_>, root: &Map, calls: &[Called]) -> Parts {
    let no_map = Map::default();
    let maps: Vec<&Map> = std::iter::once(root).chain(calls.iter().map(|c| c.tree.map().unwrap_or(&no_map))).collect();
    for called in calls {
        let (prefix, outputs) = (format!("{}/", called.node), called.outputs());
        let at = Some((called.name.clone(), called.span));
        cx.frames.push(Frame { prefix, outputs, is_subflow: true, called: at, ..Frame::default() });
    }

    let mut written: Vec<(usize, &Entry)> = Vec::new();
    let mut units: Vec<Unit<'_>> = Vec::new();
    let mut links: BTreeMap<String, Link<'_>> = BTreeMap::new();
    for (frame, map) in maps.iter().enumerate() {
        cx.frame = frame;
        cx.frames[frame].defaults = sections::defaults(cx, map);
        let prefix = cx.frame().prefix.clone();
        for entry in section(cx, map, "messages", MESSAGES_MAX) {
            cx.name(&entry.key, entry.key_plain, entry.key_span, "a message");
            cx.messages.insert(format!("{prefix}{}", entry.key), MessageId(written.len() as u32));
            cx.mention(Noun::Message, &entry.key, entry.key_span, true);
            written.push((frame, entry));
        }
        for entry in section(cx, map, "nodes", NODES_MAX) {
            cx.name(&entry.key, entry.key_plain, entry.key_span, "a node");
            cx.mention(Noun::Node, &entry.key, entry.key_span, true);
            let kind = kind(cx, entry);
            let name = format!("{prefix}{}", entry.key);
            match kind {
                Some((kind, _)) if kind.name == "call" => {
                    let called = calls.iter().position(|c| c.node == name);
                    links.insert(name, Link::Into(called.map(|n| n + 1)));
                }
                Some((kind, inner)) if kind.name == "exit" && frame > 0 => {
                    links.insert(name, Link::Out { frame, map: inner });
                }
                _ => {
                    cx.nodes.insert(name, StepId(units.len() as u32));
                    units.push(Unit { frame, entry, kind });
                }
            }
        }
        let count = |wanted: &str| {
            units.iter().filter(|u| u.frame == frame && u.kind.is_some_and(|k| k.0.name == wanted)).count()
        };
        (cx.frames[frame].promises, cx.frames[frame].queues) = (count("promise"), count("queue"));
    }
    let names: Vec<String> = links.keys().cloned().collect();
    for name in names {
        let to = linked(cx, &name, &links, &maps, calls, 0);
        cx.nodes.insert(name, to);
    }

    // What a call gives in may name what its caller's nodes set, so frames are read in the order of the calls; faults are
    // told when all is known.
    for frame in 0..maps.len() {
        if frame > 0 {
            let before = cx.diagnostics.len();
            inputs(cx, &calls[frame - 1], frame);
            cx.diagnostics.truncate(before);
        }
        each_unit(cx, &units, Some(frame), |reader| reader.declare());
    }
    for (n, called) in calls.iter().enumerate() {
        inputs(cx, called, n + 1);
        exits(cx, called, n + 1);
    }

    let mut prose: Vec<Prose> = Vec::new();
    let mut messages = Vec::new();
    for (n, (frame, entry)) in written.iter().enumerate() {
        cx.frame = *frame;
        messages.push(message::read(cx, entry, n, &mut prose));
    }
    let mut steps: Vec<Option<NamedStep>> = vec![None; units.len()];
    each_unit(cx, &units, None, |reader| {
        let step = reader.lower();
        steps[reader.id.0 as usize] = step;
    });
    let name = |cx: &Context<'_>, frame: usize, entry: &Entry| format!("{}{}", cx.frames[frame].prefix, entry.key);
    let names = units.iter().map(|u| (name(cx, u.frame, u.entry), u.entry.key_span)).collect();
    let message_spans = written.iter().map(|(_, e)| e.key_span).collect();
    cx.frame = 0;
    Parts { steps, names, messages, message_spans, prose }
}

/// A node that is no step: it stands for another.
enum Link<'n> {
    /// Into the sub-flow of this frame; `None`: it could not be found, and that has been reported.
    Into(Option<usize>),
    /// Out of the sub-flow of this frame.
    Out { frame: usize, map: &'n Map },
}

/// The step that a link leads to in the end; [`NOWHERE`] when that has been reported.
fn linked(
    cx: &mut Context<'_>,
    name: &str,
    links: &BTreeMap<String, Link<'_>>,
    maps: &[&Map],
    calls: &[Called],
    depth: usize,
) -> StepId {
    let Some(link) = links.get(name) else {
        return cx.nodes.get(name).copied().unwrap_or(NOWHERE);
    };
    let text = |entry: Option<&Entry>| match entry.map(|e| &e.value.value) {
        Some(Value::Scalar(scalar)) => Some(scalar.text.clone()),
        _ => None,
    };
    let target = match link {
        Link::Into(None) => None,
        Link::Into(Some(frame)) => text(maps[*frame].get("start")).map(|start| format!("{name}/{start}")),
        Link::Out { frame, map } => {
            let called = &calls[*frame - 1];
            let parent = &cx.frames[called.parent];
            text(map.get("exit"))
                .and_then(|exit| text(called.map.get(&exit).or_else(|| parent.defaults.get(&exit))))
                .map(|to| format!("{}{to}", parent.prefix))
        }
    };
    let Some(target) = target else { return NOWHERE };
    if depth > links.len() {
        let span = calls.first().map(|c| c.span).unwrap_or_default();
        cx.error(codes::ENDLESS, span, format!("sub-flows lead into each other and nothing is ever done: `{name}`"));
        return NOWHERE;
    }
    linked(cx, &target, links, maps, calls, depth + 1)
}

/// What the caller gives, in the caller's words, against what the sub-flow declares.
fn inputs(cx: &mut Context<'_>, called: &Called, frame: usize) {
    cx.frame = called.parent;
    let declared = match called.section("inputs").and_then(Node::map) {
        Some(map) => typed_fields(cx, &map.entries),
        None => Vec::new(),
    };
    let given = called.map.get("with").and_then(|e| e.value.map());
    for entry in given.into_iter().flat_map(|map| &map.entries) {
        if !declared.iter().any(|(field, _)| field.name == entry.key) {
            let known: Vec<&str> = declared.iter().map(|(f, _)| f.name.as_str()).collect();
            cx.unknown(codes::SUBFLOW, entry.key_span, &format!("input of `{}`", called.name), &entry.key, known);
        }
    }
    let mut inputs = Vec::new();
    let wanted = declared.len();
    for (field, _) in declared {
        let Some(entry) = given.and_then(|map| map.get(&field.name)) else {
            let text = format!("`{}` lacks the input `{}`: {}", called.node, field.name, field.ty.words());
            cx.error(codes::SUBFLOW, called.span, text);
            continue;
        };
        let Some((expr, ty)) = cx.expr(&entry.value, "an input") else { continue };
        if same(&ty, &field.ty) {
            inputs.push(Input { name: field.name, expr, ty });
        } else {
            let text = format!("`{}` is {}; the sub-flow wants {}", field.name, ty.words(), field.ty.words());
            cx.error(codes::TYPE, entry.value.span, text);
        }
    }
    cx.frames[frame].is_faulty = inputs.len() < wanted;
    cx.frames[frame].inputs = inputs;
    cx.frame = frame;
}

/// Every exit is routed, to a node that is there, and the calling node has no other keys.
fn exits(cx: &mut Context<'_>, called: &Called, frame: usize) {
    cx.frame = called.parent;
    let exits = called.exits();
    let mut known: Vec<&str> =
        node::ALL.iter().filter(|k| k.name == "call").flat_map(|k| k.keys).map(|k| k.name).collect();
    known.extend(exits.iter().map(String::as_str));
    cx.known_keys(&called.map, &format!("key or exit of `{}`", called.name), &known);
    for exit in &exits {
        let own = called.map.get(exit).map(|e| e.value.clone());
        match own.or_else(|| cx.frame().defaults.get(exit).map(|e| e.value.clone())) {
            Some(target) => {
                if let Some(scalar) = cx.scalar(&target, &format!("`{exit}`")) {
                    cx.node(scalar, target.span);
                }
            }
            None => {
                let text = format!("node `{}` (call) does not say where the exit `{exit}` leads", called.node);
                cx.error_help(codes::UNROUTED, called.span, text, format!("add `{exit}: some_node`"));
            }
        }
    }
    for entry in called.section("nodes").and_then(Node::map).into_iter().flat_map(|m| &m.entries) {
        if let Some(Value::Scalar(exit)) = entry.value.map().and_then(|m| m.get("exit")).map(|e| &e.value.value)
            && !exits.contains(&exit.text)
        {
            let text =
                format!("the sub-flow `{}` leaves by `{}`, which is not among its exits", called.name, exit.text);
            cx.error(codes::SUBFLOW, called.span, text);
        }
    }
    cx.frame = frame;
}

fn hash(source: &str) -> FlowHash {
    let digest = Sha256::digest(source.as_bytes());
    FlowHash(digest.iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    }))
}

fn kind<'n>(cx: &mut Context<'_>, entry: &'n Entry) -> Option<(&'static Kind, &'n Map)> {
    let map = cx.map(&entry.value, &format!("node `{}`", entry.key))?;
    Some((node::kind_of(cx, &entry.key, entry.key_span, map)?, map))
}

/// The units of one frame, or of all.
fn each_unit(cx: &mut Context<'_>, units: &[Unit<'_>], frame: Option<usize>, mut act: impl FnMut(&mut Reader<'_, '_>)) {
    for (n, unit) in units.iter().enumerate().filter(|(_, u)| frame.is_none_or(|f| f == u.frame)) {
        let Some((kind, map)) = unit.kind else { continue };
        cx.frame = unit.frame;
        let (id, entry) = (StepId(n as u32), unit.entry);
        act(&mut Reader {
            cx: &mut *cx,
            id,
            name: &entry.key,
            span: entry.key_span,
            kind,
            map,
            ways: Vec::new(),
            needed: Vec::new(),
        });
    }
}

fn entry_point(cx: &mut Context<'_>, map: &Map, key: &str) -> Option<(StepId, Span)> {
    let entry = map.get(key)?;
    let scalar = cx.scalar(&entry.value, &format!("`{key}`"))?;
    let id = cx.node(scalar, entry.value.span);
    (id != NOWHERE).then_some((id, entry.value.span))
}
