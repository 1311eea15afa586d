//! What is surely so at each step, on every path to it, and what may therefore be spoken and computed there.
//!
//! A forward analysis: a step knows what all edges into it know. Entries (`start`, hotkeys, `on_machine`) know nothing:
//! a hotkey may be pressed before anybody was verified.

use std::collections::{BTreeSet, VecDeque};

use super::Sketch;
use super::fact_set::Facts;
use crate::flow::codes;
use crate::flow::context::Context;
use crate::flow::expr::{BinaryOp, Expr};
use crate::flow::graph::{self, Fact};
use crate::flow::message::{depends, tainted};
use crate::flow::program::{FieldId, NamedStep, Step, StepId, VarId};
use crate::outcome::Disposition;

pub fn check(cx: &mut Context<'_>, sketch: &Sketch<'_>) {
    let live = known(sketch, sketch.start.into_iter().chain(sketch.hotkeys.iter().map(|(_, id, _)| *id)));
    let machine = known(sketch, sketch.on_machine.map(|(id, _)| id));
    protected(cx, sketch, &live, &machine);
    for facts in [&live, &machine] {
        values(cx, sketch, facts);
        claims(cx, sketch, facts);
    }
    to_a_machine(cx, sketch, &live);
}

/// By step: what is known there; `None` where no path leads.
fn known(sketch: &Sketch<'_>, entries: impl IntoIterator<Item = StepId>) -> Vec<Option<Facts>> {
    let mut facts: Vec<Option<Facts>> = vec![None; sketch.steps.len()];
    let mut open = VecDeque::new();
    for entry in entries {
        if let Some(slot) = facts.get_mut(entry.0 as usize) {
            *slot = Some(Facts::default());
            open.push_back(entry);
        }
    }
    // Ends: each visit of a step takes at least one fact from it, and there are finitely many.
    while let Some(id) = open.pop_front() {
        let (Some(step), Some(here)) = (sketch.step(id), facts[id.0 as usize]) else { continue };
        for edge in graph::edges(step) {
            let mut there = here;
            there.extend(edge.facts);
            let Some(slot) = facts.get_mut(edge.to.0 as usize) else { continue };
            let joined = match slot {
                None => there,
                Some(before) => before.common(&there),
            };
            if slot.as_ref() != Some(&joined) {
                *slot = Some(joined);
                open.push_back(edge.to);
            }
        }
    }
    facts
}

fn protected(cx: &mut Context<'_>, sketch: &Sketch<'_>, live: &[Option<Facts>], machine: &[Option<Facts>]) {
    let fields: Vec<bool> = cx.contact.iter().map(|f| f.protected).collect();
    let on_due = cx.contact.iter().any(|f| f.name == "due" && f.protected);
    let variables = tainted(&cx.variables, &fields, on_due, |id| match sketch.step(id) {
        Some(NamedStep { step: Step::Promise(p), .. }) => Some(&p.of),
        _ => None,
    });
    if let Some((message, span)) = sketch.on_screening {
        let message = &sketch.messages[message.0 as usize];
        let open = |e: &&Expr| depends(e, &fields, &variables, on_due) || sets_or_lacks(cx, e);
        if let Some(slot) = message.takes.values().flat_map(|take| &take.slots).find(open) {
            let what = describe(cx, slot);
            let text = format!("`{}` speaks {what}, and a screener is no person", message.name);
            let help = "say who is calling, with values that every contact brings and that are not protected";
            cx.error_help(codes::PROTECTED_MACHINE, span, text, help);
        }
    }
    for said in cx.said.clone() {
        let at = said.step.0 as usize;
        let message = &sketch.messages[said.message.0 as usize];
        let slots = || message.takes.values().flat_map(|take| &take.slots);
        let Some(slot) = slots().find(|e| depends(e, &fields, &variables, on_due)) else { continue };
        let what = describe(cx, slot);
        if machine[at].is_some() {
            let text = format!("`{}` speaks protected {what}, and a machine may be listening", message.name);
            cx.error_help(codes::PROTECTED_MACHINE, said.span, text, "say nothing about the debt to a machine");
        }
        if live[at].as_ref().is_some_and(|facts| !facts.contains(&Fact::Verified)) {
            let text = format!("`{}` speaks protected {what}, and a path leads here without `verify`", message.name);
            cx.error_help(codes::PROTECTED, said.span, text, "lead every path here through `ok` of a `verify` node");
        }
    }
}

fn describe(cx: &Context<'_>, expr: &Expr) -> String {
    let mut names = Vec::new();
    crate::flow::message::walk(expr, &mut |e| match e {
        Expr::Contact(id) => names.push(format!("`contact.{}`", cx.contact[id.0 as usize].name)),
        Expr::Variable(id) => names.push(format!("`{}`", cx.variables[id.0 as usize].name)),
        Expr::DaysOverdue => names.push("`days_overdue`".to_string()),
        _ => {}
    });
    names.join(", ")
}

/// Optional fields and variables that may be missing where they are used.
fn values(cx: &mut Context<'_>, sketch: &Sketch<'_>, known: &[Option<Facts>]) {
    let mut missing: BTreeSet<(crate::diagnostic::Span, Missing)> = BTreeSet::new();
    for used in &cx.used {
        if let Some(facts) = &known[used.step.0 as usize] {
            let mut facts = *facts;
            facts.extend(used.also.iter().copied());
            let facts = &facts;
            unknown(cx, &used.expr, facts, &mut |m| {
                missing.insert((used.span, m));
            });
        }
    }
    for said in &cx.said {
        let Some(facts) = &known[said.step.0 as usize] else { continue };
        let mut facts = *facts;
        facts.extend(said.set.iter().map(|v| Fact::Set(*v)));
        for slot in sketch.messages[said.message.0 as usize].takes.values().flat_map(|take| &take.slots) {
            unknown(cx, slot, &facts, &mut |m| {
                missing.insert((said.span, m));
            });
        }
    }
    for (span, missing) in missing {
        let already =
            cx.diagnostics.iter().any(|d| d.span == span && [codes::UNGUARDED, codes::UNSET].contains(&d.code));
        if already {
            continue;
        }
        match missing {
            Missing::Field(id) => {
                let name = cx.contact[id.0 as usize].name.clone();
                let text = format!("`contact.{name}` is optional and may be missing here");
                cx.error_help(codes::UNGUARDED, span, text, format!("branch on `has(contact.{name})` before"));
            }
            Missing::Variable(id) => {
                let name = cx.variables[id.0 as usize].name.clone();
                let text = format!("`{name}` may have no value here: a path leads here on which nothing sets it");
                cx.error(codes::UNSET, span, text);
            }
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Missing {
    Field(FieldId),
    Variable(VarId),
}

/// Calls `found` for each value of the expression that may be missing, given the facts.
fn unknown(cx: &Context<'_>, expr: &Expr, facts: &Facts, found: &mut dyn FnMut(Missing)) {
    match expr {
        Expr::Contact(id) => {
            if cx.contact[id.0 as usize].optional && !facts.contains(&Fact::Has(*id)) {
                found(Missing::Field(*id));
            }
        }
        Expr::Variable(id) => {
            if !facts.contains(&Fact::Set(*id)) {
                found(Missing::Variable(*id));
            }
        }
        Expr::Not(a) | Expr::InRange(a, _, _) | Expr::OneOf(a, _) | Expr::Weekday(a) | Expr::Len(a) => {
            unknown(cx, a, facts, found);
        }
        Expr::Binary(op, a, b) => {
            unknown(cx, a, facts, found);
            let mut right = *facts;
            match op {
                BinaryOp::And => right.extend(graph::when(a, true)),
                BinaryOp::Or => right.extend(graph::when(a, false)),
                BinaryOp::Equal
                | BinaryOp::NotEqual
                | BinaryOp::Less
                | BinaryOp::LessOrEqual
                | BinaryOp::Greater
                | BinaryOp::GreaterOrEqual
                | BinaryOp::Add
                | BinaryOp::Subtract
                | BinaryOp::Multiply
                | BinaryOp::Divide => {}
            }
            unknown(cx, b, &right, found);
        }
        Expr::Literal(_) | Expr::Company | Expr::Today | Expr::DaysOverdue | Expr::Has(_) | Expr::HasVariable(_) => {}
    }
}

/// Not known in every call at its very beginning: a variable, an optional value.
fn sets_or_lacks(cx: &Context<'_>, expr: &Expr) -> bool {
    match expr {
        Expr::Literal(_) | Expr::Company | Expr::Today | Expr::DaysOverdue | Expr::Has(_) => false,
        Expr::Contact(field) => cx.contact.get(field.0 as usize).is_some_and(|f| f.optional),
        Expr::Variable(_) | Expr::HasVariable(_) => true,
        Expr::Not(a) | Expr::InRange(a, _, _) | Expr::OneOf(a, _) | Expr::Weekday(a) | Expr::Len(a) => {
            sets_or_lacks(cx, a)
        }
        Expr::Binary(_, a, b) => sets_or_lacks(cx, a) || sets_or_lacks(cx, b),
    }
}

/// Results that only a machine's call can have.
fn to_a_machine(cx: &mut Context<'_>, sketch: &Sketch<'_>, live: &[Option<Facts>]) {
    for (n, step) in sketch.steps.iter().enumerate() {
        let Some(NamedStep { step: Step::End { result, .. }, .. }) = step else { continue };
        if matches!(result, Disposition::Machine | Disposition::VoicemailLeft) && live[n].is_some() {
            let span = cx.results.get(&StepId(n as u32)).copied().unwrap_or_default();
            let text =
                format!("`{result}` may end a call only on the path of `on_machine`, and a person can come here");
            cx.error_help(codes::CLAIM, span, text, "give that path an `end` of its own");
        }
    }
}

/// Results that say something happened which need not have happened.
fn claims(cx: &mut Context<'_>, sketch: &Sketch<'_>, known: &[Option<Facts>]) {
    for (n, step) in sketch.steps.iter().enumerate() {
        let (Some(NamedStep { step: Step::End { result, .. }, .. }), Some(facts)) = (step, &known[n]) else { continue };
        let (needed, what) = match result {
            Disposition::Promised => (Fact::PromiseRecorded, "a recorded `promise`"),
            Disposition::OptedOut => (Fact::OptedOut, "`opt_out`"),
            Disposition::Transferred => (Fact::Talked, "an answered `queue` or `transfer`"),
            _ => continue,
        };
        let span = cx.results.get(&StepId(n as u32)).copied().unwrap_or_default();
        if !facts.contains(&needed) && !cx.diagnostics.iter().any(|d| d.code == codes::CLAIM && d.span == span) {
            let text = format!("`{result}` may end a call only behind {what}, and a path leads here without it");
            cx.error_help(codes::CLAIM, span, text, "use another result, or an `end` of its own for that path");
        }
    }
}
