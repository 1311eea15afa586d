//! Ladder YAML → [`Ladder`].

use super::reader::Reader;
use super::spread::DayPart;
use super::{Delay, Does, FlowOf, Ladder, Message, MessageIndex, Retry, RetryOn, Segment, Step, StopOn};
use super::{check, codes, message, pacing, rules, segment};
use crate::diagnostic::{Diagnostic, Span};
use crate::flow::expr::{self, Type};
use crate::flow::yaml::{self, Entry, Map, Node};
use crate::language::Language;

pub(super) const KEYS: [&str; 12] = [
    "ladder",
    "languages",
    "policy",
    "segments",
    "window",
    "caps",
    "gap",
    "steps",
    "stop_on",
    "pacing",
    "numbers",
    "messages",
];
const STEP_KEYS: [&str; 8] = ["voice", "sms", "email", "human", "after", "attempts_max", "retry", "spread"];
/// A step is tried at most this often.
const ATTEMPTS_MAX: u32 = 50;

/// All findings at once, in the order of their places; no ladder when one of them is an error.
pub fn compile(source: &str) -> (Option<Ladder>, Vec<Diagnostic>) {
    let mut reader = Reader { source, diagnostics: Vec::new() };
    let mut found = Vec::new();
    let root = yaml::read(source, &mut found);
    let nothing = source.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#'));
    for diagnostic in found {
        // The reader of YAML speaks of flows.
        let here = |text: String| text.replace("flow", "ladder");
        let (message, help) = (here(diagnostic.message), diagnostic.help.map(here));
        let help = help.or_else(|| nothing.then(|| "begin with `ladder: name_of_the_ladder`".to_string()));
        reader.report(Diagnostic { code: codes::of_flow(diagnostic.code), message, help, ..diagnostic });
    }
    let ladder = root.and_then(|root| ladder(&mut reader, &root));
    let mut diagnostics = reader.diagnostics;
    diagnostics.sort_by_key(|d| (d.span, d.code));
    let failed = diagnostics.iter().any(Diagnostic::is_error);
    (ladder.filter(|_| !failed), diagnostics)
}

fn ladder(reader: &mut Reader, root: &Node) -> Option<Ladder> {
    let top = reader.map(root, "a ladder")?;
    let start = Span { line: 1, column: 1, length: 1 };
    reader.known_keys(top, "key of a ladder", &KEYS);
    let name = reader.required(top, "ladder", "a ladder", start).and_then(|n| reader.text(n, "the ladder's name"));
    let languages = languages(reader, top);
    let messages = messages(reader, top, &languages);
    let segments = segments(reader, top, start);
    let rules = rules::rules(reader, top);
    let steps = steps(reader, top, start, &messages);
    let stop_on = stop_on(reader, top);
    let (pacing, numbers) = (pacing::pacing(reader, top), pacing::numbers(reader, top));
    check::unused_messages(reader, top, &messages, &steps);
    check::order(reader, &steps);
    check::retries(reader, &steps, &rules);
    check::parts(reader, &steps, &rules);
    let steps = steps.into_iter().map(|(step, _)| step).collect();
    Some(Ladder {
        name: name.unwrap_or_default(),
        languages,
        segments,
        rules,
        steps,
        stop_on,
        pacing,
        numbers,
        messages,
    })
}

fn languages(reader: &mut Reader, top: &Map) -> Vec<Language> {
    let mut languages = Vec::new();
    if let Some(entry) = top.get("languages") {
        for node in reader.items(&entry.value) {
            let Some(text) = reader.text(node, "a language") else { continue };
            match text.parse::<Language>() {
                Ok(language) if !languages.contains(&language) => languages.push(language),
                Ok(_) => reader.error(codes::LANGUAGE, node.span, format!("`{text}` is given twice"), "remove one"),
                Err(why) => reader.report(Diagnostic::error(codes::LANGUAGE, node.span, why.to_string())),
            }
        }
    } else if top.get("messages").is_some() {
        let span = top.get("messages").map_or(Span::default(), |e| e.key_span);
        reader.error(
            codes::MISSING_KEY,
            span,
            "a ladder with messages needs `languages`",
            "for example: languages: [ru, en]",
        );
    }
    if languages.is_empty() {
        languages.push(Language::EN);
    }
    languages
}

fn messages(reader: &mut Reader, top: &Map, languages: &[Language]) -> Vec<Message> {
    let Some(map) = top.get("messages").and_then(|e| reader.map(&e.value, "messages")) else { return Vec::new() };
    map.entries.iter().map(|e| message::message(reader, &e.key, e.key_span, &e.value, languages)).collect()
}

fn segments(reader: &mut Reader, top: &Map, start: Span) -> Vec<Segment> {
    let Some(node) = reader.required(top, "segments", "a ladder", start) else { return Vec::new() };
    let Some(map) = reader.map(node, "segments") else { return Vec::new() };
    if map.entries.is_empty() {
        reader.report(Diagnostic::error(codes::MISSING_KEY, node.span, "a ladder needs at least one segment"));
    }
    map.entries.iter().filter_map(|entry| segment_of(reader, entry)).collect()
}

fn segment_of(reader: &mut Reader, entry: &Entry) -> Option<Segment> {
    let map = reader.map(&entry.value, "a segment")?;
    reader.known_keys(map, "key of a segment", &["when", "flow"]);
    let when = reader.required(map, "when", "a segment", entry.key_span);
    let flow =
        reader.required(map, "flow", "a segment", entry.key_span).and_then(|n| reader.text(n, "the flow's name"));
    let scalar = reader.scalar(when?, "`when`")?;
    let place = scalar.place(reader.source, when?.span, 0, scalar.text.chars().count());
    let fields = segment::fields();
    match expr::parse_as(&scalar.text, place, &segment::scope(&fields), &Type::Bool) {
        Ok(when) => Some(Segment { name: entry.key.clone(), when, flow: flow? }),
        Err(found) => {
            reader.report(Diagnostic { code: codes::of_flow(found.code), ..found });
            None
        }
    }
}

/// Each step with its place.
fn steps(reader: &mut Reader, top: &Map, start: Span, messages: &[Message]) -> Vec<(Step, Span)> {
    let Some(node) = reader.required(top, "steps", "a ladder", start) else { return Vec::new() };
    let items = reader.items(node);
    if items.is_empty() {
        reader.report(Diagnostic::error(codes::MISSING_KEY, node.span, "a ladder needs at least one step"));
    }
    items.into_iter().filter_map(|n| step(reader, n, messages)).collect()
}

fn step(reader: &mut Reader, node: &Node, messages: &[Message]) -> Option<(Step, Span)> {
    let map = reader.map(node, "a step")?;
    reader.known_keys(map, "key of a step", &STEP_KEYS);
    let kinds: Vec<&Entry> =
        map.entries.iter().filter(|e| ["voice", "sms", "email", "human"].contains(&e.key.as_str())).collect();
    let [kind] = kinds.as_slice() else {
        let span = kinds.get(1).map_or(node.span, |e| e.key_span);
        let count = if kinds.is_empty() { "does nothing" } else { "does two things" };
        reader.error(codes::KIND, span, format!("the step {count}"), "a step is one of voice, sms, email, human");
        return None;
    };
    let after = match map.get("after") {
        Some(entry) => reader.delay(&entry.value, "`after`").unwrap_or(Delay::ZERO),
        None => Delay::ZERO,
    };
    for key in ["attempts_max", "retry", "spread"] {
        if let Some(entry) = map.get(key).filter(|_| kind.key != "voice") {
            let found = format!("only a voice step has `{key}`");
            reader.error(
                codes::UNKNOWN_KEY,
                entry.key_span,
                found,
                "remove it; a message that fails is sent again by itself",
            );
        }
    }
    let does = match kind.key.as_str() {
        "voice" => {
            let flow = match reader.text(&kind.value, "the flow")?.as_str() {
                "segment.flow" => FlowOf::Segment,
                name => FlowOf::Named(name.into()),
            };
            Does::Voice { flow, retry: retry(reader, map) }
        }
        "sms" => Does::Sms { message: message_named(reader, &kind.value, messages)? },
        "email" => {
            let parts = reader.map(&kind.value, "an e-mail")?;
            reader.known_keys(parts, "key of an e-mail", &["subject", "body"]);
            let subject = reader.required(parts, "subject", "an e-mail", kind.key_span);
            let body = reader.required(parts, "body", "an e-mail", kind.key_span);
            let subject = subject.and_then(|n| message_named(reader, n, messages));
            let body = body.and_then(|n| message_named(reader, n, messages));
            Does::Email { subject: subject?, body: body? }
        }
        _ => Does::Human { queue: reader.text(&kind.value, "the queue")? },
    };
    Some((Step { after, does }, kind.key_span))
}

fn message_named(reader: &mut Reader, node: &Node, messages: &[Message]) -> Option<MessageIndex> {
    let name = reader.text(node, "the message's name")?;
    let at = messages.iter().position(|m| m.name == name);
    if at.is_none() {
        let known: Vec<&str> = messages.iter().map(|m| m.name.as_str()).collect();
        reader.unknown(codes::UNKNOWN_MESSAGE, node.span, "message", &name, &known);
    }
    at.map(MessageIndex)
}

fn retry(reader: &mut Reader, step: &Map) -> Retry {
    let mut retry = Retry::default();
    if let Some(entry) = step.get("retry")
        && let Some(table) = reader.map(&entry.value, "retry")
    {
        // What the table leaves out is not retried; only our own failures always are.
        retry.delays.retain(|(on, _)| *on == RetryOn::Technical);
        for entry in &table.entries {
            let Ok(on) = entry.key.parse::<RetryOn>() else {
                let known: Vec<&str> = RetryOn::ALL.iter().map(|on| on.as_str()).collect();
                reader.unknown(codes::UNKNOWN_ENDING, entry.key_span, "ending", &entry.key, &known);
                continue;
            };
            let delays = match (entry.value.map(), on) {
                (Some(map), RetryOn::Machine) => machine(reader, map, entry.key_span, &mut retry),
                _ => delays(reader, &entry.value),
            };
            retry.set(on, delays);
        }
    }
    if let Some(entry) = step.get("spread") {
        retry.spread = reader.items(&entry.value).into_iter().filter_map(|node| day_part(reader, node)).collect();
    }
    retry.attempts_max = match step.get("attempts_max") {
        Some(entry) => attempts_max(reader, &entry.value),
        None => retry.reachable().min(Retry::default().attempts_max),
    };
    retry
}

fn day_part(reader: &mut Reader, node: &Node) -> Option<DayPart> {
    let word = reader.text(node, "a part of the day")?;
    let part = word.parse::<DayPart>().ok();
    if part.is_none() {
        let known: Vec<&str> = DayPart::ALL.iter().map(|part| part.as_str()).collect();
        reader.unknown(codes::MALFORMED, node.span, "part of the day", &word, &known);
    }
    part
}

fn attempts_max(reader: &mut Reader, node: &Node) -> u32 {
    let Some(scalar) = reader.scalar(node, "`attempts_max`") else { return 1 };
    match scalar.text.parse::<u32>() {
        Ok(n) if (1..=ATTEMPTS_MAX).contains(&n) => n,
        Ok(_) | Err(_) => {
            let found = format!("`attempts_max` is a number from 1 to {ATTEMPTS_MAX}, not `{}`", scalar.text);
            reader.report(Diagnostic::error(codes::MALFORMED, node.span, found));
            1
        }
    }
}

/// `machine: { after: [1d], leave: voicemail }`
fn machine(reader: &mut Reader, map: &Map, span: Span, retry: &mut Retry) -> Vec<Delay> {
    reader.known_keys(map, "key of machine", &["after", "leave"]);
    if let Some(entry) = map.get("leave")
        && let Some(leave) = reader.text(&entry.value, "`leave`")
    {
        match leave.as_str() {
            "voicemail" => retry.leave_voicemail = true,
            "nothing" => retry.leave_voicemail = false,
            other => {
                reader.unknown(codes::MALFORMED, entry.value.span, "thing to leave", other, &["voicemail", "nothing"])
            }
        }
    }
    match reader.required(map, "after", "machine", span) {
        Some(after) => delays(reader, after),
        None => Vec::new(),
    }
}

fn delays(reader: &mut Reader, node: &Node) -> Vec<Delay> {
    let mut delays: Vec<Delay> = Vec::new();
    for item in reader.items(node) {
        let Some(delay) = reader.delay(item, "a delay") else { continue };
        if delays.last().is_some_and(|last| delay < *last) {
            reader.error(
                codes::MALFORMED,
                item.span,
                "delays grow; this one is shorter than the one before",
                "put them in order",
            );
        }
        delays.push(delay);
    }
    delays
}

fn stop_on(reader: &mut Reader, top: &Map) -> Vec<StopOn> {
    let Some(entry) = top.get("stop_on") else { return StopOn::ALWAYS.to_vec() };
    let mut stop_on: Vec<StopOn> = Vec::new();
    let mut understood = true;
    for node in reader.items(&entry.value) {
        let Some(text) = reader.text(node, "a word of stop_on") else { continue };
        match text.parse::<StopOn>() {
            Ok(stop) => stop_on.push(stop),
            Err(_) => {
                understood = false;
                let known: Vec<&str> = StopOn::ALL.iter().map(|s| s.as_str()).collect();
                reader.unknown(codes::UNKNOWN_ENDING, node.span, "reason to stop", &text, &known);
            }
        }
    }
    // A misspelt word would be reported twice.
    let missing: Vec<&str> = StopOn::ALWAYS.iter().filter(|s| !stop_on.contains(s)).map(|s| s.as_str()).collect();
    if understood && !missing.is_empty() {
        let found = format!("a ladder always stops on {}, listed or not", missing.join(", "));
        reader.report(Diagnostic::warning(codes::STOPS_ANYWAY, entry.key_span, found).help("list them"));
    }
    for stop in StopOn::ALWAYS {
        if !stop_on.contains(&stop) {
            stop_on.push(stop);
        }
    }
    stop_on
}
