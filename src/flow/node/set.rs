//! `set`: gives variables values that are known from the contact.

use super::super::codes;
use super::super::context::Used;
use super::super::graph::Fact;
use super::super::program::{Domain, Step, Via};
use super::super::yaml::Value;
use super::{Kind, Presence, Reader, alone, required};

const ENTRIES_MAX: usize = 50;

pub const KIND: Kind = Kind {
    name: "set",
    about: "Gives variables values computed from the contact. Only the contact: so that all that can be said is known, and \
            its audio made, before the call.",
    keys: &[required("set", "map of variable to expression: `{ half: contact.amount / 2 }`")],
    outcomes: &[alone("next", "done")],
    presence: Presence::Nobody,
    declare,
    lower,
    facts,
};

fn facts(step: &Step, _: Via) -> Vec<Fact> {
    match step {
        Step::Set { assign } => assign.iter().map(|(variable, _)| Fact::Set(*variable)).collect(),
        _ => vec![],
    }
}

fn declare(node: &mut Reader<'_, '_>) {
    let Some(Value::Map(map)) = node.get("set").map(|n| &n.value) else { return };
    for entry in map.entries.iter().take(ENTRIES_MAX) {
        let before = node.cx.diagnostics.len();
        let found = node.cx.contact_expr(&entry.value, "a value");
        node.cx.diagnostics.truncate(before);
        if !node.cx.name(&entry.key, entry.key_plain, entry.key_span, "a variable") {
            continue;
        }
        if let Some((expr, ty)) = found {
            node.cx.declare(&entry.key, ty, Domain::OneOf(vec![expr]), entry.key_span);
        }
    }
}

fn lower(node: &mut Reader<'_, '_>) -> Option<Step> {
    let written = node.get("set")?;
    let map = node.cx.map(written, "`set`")?;
    if map.entries.is_empty() {
        node.cx.error(codes::SHAPE, written.span, "`set` sets nothing");
    }
    if map.entries.len() > ENTRIES_MAX {
        node.cx.error(codes::SHAPE, written.span, format!("a node sets at most {ENTRIES_MAX} variables"));
    }
    let mut assign = Vec::new();
    for entry in map.entries.iter().take(ENTRIES_MAX) {
        let Some((expr, _)) = node.cx.contact_expr(&entry.value, "a value") else { continue };
        node.cx.used.push(Used { step: node.id, expr: expr.clone(), span: entry.value.span, also: Vec::new() });
        if let Some(variable) = node.cx.variable(&entry.key) {
            assign.push((variable, expr));
        }
    }
    Some(Step::Set { assign })
}

#[cfg(test)]
mod tests {
    use super::super::tests::{codes, compiled};
    use super::*;

    #[test]
    fn lowered() {
        let program = compiled("{ set: { half: contact.amount / 2, later: today + 7d }, next: bye }");
        let Step::Set { assign } = &program.steps[0].step else { panic!() };
        assert_eq!(assign.len(), 2);
        assert!(matches!(&program.variables[0].domain, Domain::OneOf(all) if all.len() == 1));
        assert_eq!(codes("{ set: { half: other + 1 }, next: bye }"), ["F013"]);
        assert_eq!(codes("{ set: { Half: 1 }, next: bye }"), ["F008"]);
    }
}
