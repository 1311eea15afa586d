//! What a ladder says that can never come to pass: warnings, since it still does what it can.

use super::reader::Reader;
use super::steps::Laid;
use super::{Does, Goto, Message, MessageIndex, RetryOn, Segment, Step, Target, codes};
use crate::diagnostic::{Diagnostic, Span};
use crate::flow::yaml::Map;
use crate::policy::{Counted, Period, Rules};

pub fn unused_messages(reader: &mut Reader, top: &Map, messages: &[Message], steps: &[(Step, Span)]) {
    let used = |index: usize| steps.iter().any(|(step, _)| step.does.writes().contains(&MessageIndex(index)));
    // After an error in a step, its messages would be blamed for it.
    let broken = reader.diagnostics.iter().any(Diagnostic::is_error);
    let Some(map) = top.get("messages").and_then(|e| e.value.map()).filter(|_| !broken) else { return };
    for (index, entry) in map.entries.iter().enumerate() {
        if !used(index) {
            let found = format!("message `{}` is never sent", messages[index].name);
            reader.report(Diagnostic::warning(codes::UNUSED_MESSAGE, entry.key_span, found));
        }
    }
}

/// Every list of steps.
pub fn lists(reader: &mut Reader, laid: &Laid, rules: &Rules) {
    for list in &laid.lists {
        order(reader, &laid.steps[list.clone()]);
    }
    // A segment's order of channels repeats the ladder's own steps, whose retries need be judged once.
    let mut seen: Vec<Span> = Vec::new();
    for (step, span) in &laid.steps {
        if !seen.contains(span) {
            seen.push(*span);
            retries(reader, step, *span, rules);
            parts(reader, step, *span, rules);
        }
    }
}

/// A step that is gone to must be there whatever the contact's segment is then.
pub fn gotos<'g>(
    reader: &mut Reader,
    gotos: impl Iterator<Item = &'g (Goto, Span)>,
    segments: &[Segment],
    laid: &Laid,
) {
    for (goto, span) in gotos {
        let Target::Step(name) = &goto.to else { continue };
        let of = |list: usize| laid.steps[laid.lists[list].clone()].iter().map(|(step, _)| step.name.as_str());
        let Some(lacking) = segments.iter().find(|segment| !of(segment.list).any(|known| known == name)) else {
            continue;
        };
        let mut known: Vec<&str> = of(lacking.list).chain(["first", "next"]).collect();
        known.dedup();
        let what = format!("step of segment {}", lacking.name);
        reader.unknown(codes::UNKNOWN_STEP, *span, &what, name, &known);
    }
}

/// Parts of the day in which nobody may be called.
fn parts(reader: &mut Reader, step: &Step, span: Span, rules: &Rules) {
    let spread = match &step.does {
        Does::Voice { retry, .. } => &retry.spread,
        Does::Visit { visits, .. } if visits.max > 1 => &visits.spread,
        Does::Visit { .. } | Does::Sms { .. } | Does::Email { .. } | Does::Letter { .. } | Does::Human { .. } => return,
    };
    for part in spread {
        if part.open(rules).never_open() {
            let found = format!("spread: no minute of the calling window lies {}", part.in_words());
            reader.report(
                Diagnostic::warning(codes::PART_CLOSED, span, found)
                    .help("retries are made whenever they are due then; widen the window, or name another part"),
            );
        }
    }
}

/// A hand-over is the end of the automatic part.
fn order(reader: &mut Reader, steps: &[(Step, Span)]) {
    let human = steps.iter().position(|(step, _)| step.does.hands_over());
    if let Some((_, span)) = human.and_then(|at| steps.get(at + 1)) {
        let found = "this step is never reached: the contact is handed to a human before it";
        reader.report(Diagnostic::warning(codes::STEP_UNREACHED, *span, found).help("put `human` last"));
    }
}

/// Retries that delays, caps or the gap can never satisfy as written.
fn retries(reader: &mut Reader, step: &Step, span: Span, rules: &Rules) {
    let Does::Voice { retry, .. } = &step.does else { return };
    if retry.attempts_max > retry.reachable() {
        let found =
            format!("{} tries are allowed, but the delays lead to {} at most", retry.attempts_max, retry.reachable());
        reader
            .report(Diagnostic::warning(codes::TRIES_UNREACHED, span, found).help("add delays, or lower attempts_max"));
    }
    for (on, name, delays) in retry.lists().filter(|(on, ..)| *on != RetryOn::Technical) {
        // The k-th delay follows at least k calls of that ending; when the day has no room for one more, a shorter
        // wait than a day is never what happens.
        let of_day = |of| rules.cap(of, Period::Day).map(|c| c.most as usize);
        let talks = matches!(
            on,
            RetryOn::HungUpEarly
                | RetryOn::NoInput
                | RetryOn::ThirdParty
                | RetryOn::NotVerified
                | RetryOn::CallbackRequested
        );
        let cap = [(Counted::Calls, true), (Counted::Talks, talks)]
            .into_iter()
            .filter(|(_, counts)| *counts)
            .filter_map(|(of, _)| Some((of_day(of)?, of)))
            .min_by_key(|(most, _)| *most);
        let in_a_day = delays.iter().take_while(|d| d.within_a_day()).count();
        if let Some((most, of)) = cap
            && in_a_day >= most
        {
            let found = format!(
                "{name}: {in_a_day} retries within a day do not fit {most} {of} per day; they will wait for the next"
            );
            reader.report(
                Diagnostic::warning(codes::RETRY_TOO_SOON, span, found).help("lengthen the delays, or raise the cap"),
            );
        }
        let gap = u32::try_from(rules.gap_min().as_secs()).unwrap_or(u32::MAX);
        if delays.iter().any(|d| d.days == 0 && d.seconds < gap) {
            let found = format!("{name}: a retry sooner than the gap of {} minutes will wait for its end", gap / 60);
            reader.report(Diagnostic::warning(codes::RETRY_TOO_SOON, span, found).help("lengthen the delay"));
        }
    }
}
