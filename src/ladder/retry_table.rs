//! `retry:`, `spread:` and `attempts_max:` of a voice step.

use super::codes;
use super::reader::Reader;
use super::spread::DayPart;
use super::{Delay, Retry, RetryOn};
use crate::diagnostic::Span;
use crate::flow::yaml::{Map, Node};

/// A step is tried at most this often.
const ATTEMPTS_MAX: u32 = 50;

pub fn retry(reader: &mut Reader, step: &Map) -> Retry {
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
                (Some(map), RetryOn::HungUpEarly) => hung_up_early(reader, map, entry.key_span, &mut retry),
                _ => delays(reader, &entry.value),
            };
            retry.set(on, delays);
        }
    }
    if let Some(entry) = step.get("spread") {
        retry.spread = reader.items(&entry.value).into_iter().filter_map(|node| day_part(reader, node)).collect();
    }
    retry.attempts_max = match step.get("attempts_max") {
        Some(entry) => reader.number(&entry.value, "`attempts_max`", 1, ATTEMPTS_MAX).unwrap_or(1),
        None => retry.reachable().min(Retry::default().attempts_max),
    };
    retry
}

pub(super) fn day_part(reader: &mut Reader, node: &Node) -> Option<DayPart> {
    let word = reader.text(node, "a part of the day")?;
    let part = word.parse::<DayPart>().ok();
    if part.is_none() {
        let known: Vec<&str> = DayPart::ALL.iter().map(|part| part.as_str()).collect();
        reader.unknown(codes::MALFORMED, node.span, "part of the day", &word, &known);
    }
    part
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

/// `hung_up_early: { at: { greet: [1d], tell: [2d, 4d] }, else: [1d] }`
fn hung_up_early(reader: &mut Reader, map: &Map, span: Span, retry: &mut Retry) -> Vec<Delay> {
    reader.known_keys(map, "key of hung_up_early", &["at", "else"]);
    let at = reader.required(map, "at", "hung_up_early", span);
    if let Some(nodes) = at.and_then(|at| reader.map(at, "`at`")) {
        retry.hung_up_at = nodes.entries.iter().map(|e| (e.key.clone(), delays(reader, &e.value))).collect();
    }
    match map.get("else") {
        Some(entry) => delays(reader, &entry.value),
        None => Vec::new(),
    }
}

pub(super) fn delays(reader: &mut Reader, node: &Node) -> Vec<Delay> {
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
