//! Where paths lead: every node is reached, every node reaches an end, silence gets out, opting out is possible.

use super::Sketch;
use crate::diagnostic::Diagnostic;
use crate::flow::codes;
use crate::flow::context::Context;
use crate::flow::graph;
use crate::flow::node::Presence;
use crate::flow::program::{NamedStep, Step, StepId, Transfer, TransferBy, Via};

pub fn check(cx: &mut Context<'_>, sketch: &Sketch<'_>) {
    sent_away(cx, sketch);
    machine(cx, sketch);
    endless(cx, sketch);
    if sketch.has_holes() {
        return;
    }
    if !sketch.is_subflow {
        opt_out(cx, sketch);
    }
    no_end(cx, sketch);
    unused(cx, sketch);
}

/// Nobody is left to hear what comes behind a REFER that was followed.
fn sent_away(cx: &mut Context<'_>, sketch: &Sketch<'_>) {
    for (n, step) in sketch.steps.iter().enumerate() {
        let Some(NamedStep { step: Step::Transfer(Transfer { by: TransferBy::Refer, .. }), routes, .. }) = step else {
            continue;
        };
        let behind = routes.iter().find(|(via, _)| *via == Via::Outcome("answered")).map(|(_, to)| sketch.step(*to));
        match behind.flatten().map(|named| &named.step) {
            Some(Step::End { messages, .. }) if messages.is_empty() => {}
            // Not read, and reported.
            None => {}
            Some(_) => {
                let text = "`answered` goes on with a client who has been sent away";
                let help = "lead it to `{ end: transferred }`, or leave out `by: refer`";
                cx.error_help(codes::SENT_AWAY, sketch.names[n].1, text, help);
            }
        }
    }
}

/// Marks all steps that can be reached from `from`.
fn reached(sketch: &Sketch<'_>, from: impl IntoIterator<Item = StepId>) -> Vec<bool> {
    let mut seen = vec![false; sketch.steps.len()];
    let mut open: Vec<StepId> = from.into_iter().collect();
    while let Some(id) = open.pop() {
        match seen.get_mut(id.0 as usize) {
            Some(mark) if !*mark => *mark = true,
            _ => continue,
        }
        if let Some(step) = sketch.step(id) {
            open.extend(step.routes.iter().map(|(_, to)| *to));
        }
    }
    seen
}

fn machine(cx: &mut Context<'_>, sketch: &Sketch<'_>) {
    let Some((entry, _)) = sketch.on_machine else { return };
    let seen = reached(sketch, [entry]);
    for (n, (name, span)) in sketch.names.iter().enumerate() {
        let Some(step) = sketch.step(StepId(n as u32)) else { continue };
        if seen[n] && step.kind.presence != Presence::Nobody {
            let message = format!("`{name}` waits for a person, and the path from `on_machine` leads here");
            cx.error_help(codes::MACHINE_LISTENS, *span, message, "say a message and end");
        }
    }
}

fn opt_out(cx: &mut Context<'_>, sketch: &Sketch<'_>) {
    let entries = sketch.start.into_iter().chain(sketch.hotkeys.iter().map(|(_, id, _)| *id));
    let seen = reached(sketch, entries);
    let found = sketch
        .steps
        .iter()
        .zip(&seen)
        .any(|(step, seen)| *seen && matches!(step, Some(NamedStep { step: Step::OptOut { .. }, .. })));
    if !found {
        cx.error_help(
            codes::NO_OPT_OUT,
            sketch.start_span,
            "nothing in this flow lets the person opt out of being called",
            "add a node `stop: { opt_out: number, next: … }` and lead a key or the hotkey \"*9\" to it",
        );
    }
}

fn no_end(cx: &mut Context<'_>, sketch: &Sketch<'_>) {
    let mut ends: Vec<bool> = sketch.steps.iter().map(|s| s.as_ref().is_some_and(|s| s.routes.is_empty())).collect();
    // At most one pass a step: each pass but the last marks one more.
    for _ in 0..sketch.steps.len() {
        let mut changed = false;
        // Flows are mostly written downwards, so that one pass upwards marks nearly all.
        for (n, step) in sketch.steps.iter().enumerate().rev() {
            let Some(step) = step else { continue };
            if !ends[n] && step.routes.iter().any(|(_, to)| ends[to.0 as usize]) {
                ends[n] = true;
                changed = true;
            }
        }
        if !changed {
            break;
        }
    }
    for (n, (name, span)) in sketch.names.iter().enumerate() {
        if !ends[n] {
            cx.error(codes::NO_END, *span, format!("no path leads from `{name}` to an `end`"));
        }
    }
}

/// Loops along edges that need nobody. Each is reported once, at its first node in the file.
fn endless(cx: &mut Context<'_>, sketch: &Sketch<'_>) {
    let count = sketch.steps.len();
    let next: Vec<Vec<usize>> = sketch
        .steps
        .iter()
        .map(|step| {
            let all = step.iter().flat_map(graph::edges);
            all.filter(|e| e.alone && (e.to.0 as usize) < count).map(|e| e.to.0 as usize).collect()
        })
        .collect();
    let circling = may_circle(&next);
    let mut told = vec![false; count];
    for start in 0..count {
        if told[start] || !circling[start] {
            continue;
        }
        let from_start = onward(&next, start);
        if !from_start[start] {
            continue;
        }
        // The loop: what `start` reaches and what reaches `start`.
        let around: Vec<usize> = (0..count).filter(|n| from_start[*n] && onward(&next, *n)[start]).collect();
        for n in &around {
            told[*n] = true;
        }
        let names: Vec<&str> = around.iter().map(|n| sketch.names[*n].0.as_str()).collect();
        let waits = around.iter().any(|n| sketch.steps[*n].as_ref().is_some_and(|s| s.kind.listens()));
        let message = if waits {
            format!("a person who stays silent goes round for ever: {}", names.join(", "))
        } else {
            format!("a loop with no wait in it: {}", names.join(", "))
        };
        let help = "lead silence (`exhausted`, `refused`, `no_agent`) out of the loop, to an end";
        cx.error_help(codes::ENDLESS, sketch.names[start].1, message, help);
    }
}

/// Marks what does not surely come to a stop; in a sound flow that is nothing.
fn may_circle(next: &[Vec<usize>]) -> Vec<bool> {
    let mut ways: Vec<usize> = next.iter().map(Vec::len).collect();
    let mut before = vec![Vec::new(); next.len()];
    for (n, to) in next.iter().enumerate() {
        to.iter().for_each(|to| before[*to].push(n));
    }
    let mut circling = vec![true; next.len()];
    let mut stops: Vec<usize> = (0..next.len()).filter(|n| ways[*n] == 0).collect();
    while let Some(n) = stops.pop() {
        circling[n] = false;
        for before in &before[n] {
            ways[*before] -= 1;
            if ways[*before] == 0 {
                stops.push(*before);
            }
        }
    }
    circling
}

/// Marks what can be reached from `from` in one step or more.
fn onward(next: &[Vec<usize>], from: usize) -> Vec<bool> {
    let mut seen = vec![false; next.len()];
    let mut open = next[from].clone();
    while let Some(n) = open.pop() {
        if !seen[n] {
            seen[n] = true;
            open.extend(&next[n]);
        }
    }
    seen
}

fn unused(cx: &mut Context<'_>, sketch: &Sketch<'_>) {
    let entries = sketch.start.into_iter();
    let entries = entries.chain(sketch.hotkeys.iter().map(|(_, id, _)| *id)).chain(sketch.on_machine.map(|(id, _)| id));
    let seen = reached(sketch, entries);
    for (n, (name, span)) in sketch.names.iter().enumerate() {
        // Not every caller needs all of a sub-flow.
        if !seen[n] && !name.contains('/') {
            let message = format!("nothing leads to node `{name}`");
            cx.report(
                Diagnostic::warning(codes::UNREACHABLE, *span, message).help("remove it, or lead something here"),
            );
        }
    }
    let mut said = vec![false; sketch.messages.len()];
    for s in &cx.said {
        said[s.message.0 as usize] = true;
    }
    if let Some((message, _)) = sketch.on_screening {
        said[message.0 as usize] = true;
    }
    for (n, message) in sketch.messages.iter().enumerate() {
        if !said[n] && !message.name.contains('/') {
            let text = format!("no node says message `{}`", message.name);
            cx.report(Diagnostic::warning(codes::UNUSED_MESSAGE, sketch.message_spans[n], text));
        }
    }
}
