//! `branch`: takes the first case whose condition holds.

use super::super::codes;
use super::super::expr::{BinaryOp, Expr, Type, Value as Worth};
use super::super::graph::{Fact, when as when_holds};
use super::super::program::{Case, Step, Via};
use super::super::yaml::{Node, Value};
use super::{Kind, Presence, Reader, alone, declares_nothing, optional, required};
use crate::diagnostic::Diagnostic;

const CASES_MAX: usize = 100;

pub const KIND: Kind = Kind {
    name: "branch",
    about: "A list takes the first case whose condition holds; a condition that cannot be computed does not hold. An expression \
            of an enum or a truth value goes by its value: every word must have its case, or `else` a node.",
    keys: &[
        required("branch", "list of `{ when: condition, to: node }`, or an expression of an enum or a truth value"),
        optional("cases", "with an expression: map of value to node, `{ water: a, heating: b }`"),
    ],
    outcomes: &[alone("else", "no case holds; not needed where every value has its case").if_needed()],
    presence: Presence::Nobody,
    declare: declares_nothing,
    lower,
    facts,
};

/// A case is taken when those before it failed.
fn facts(step: &Step, via: Via) -> Vec<Fact> {
    let Step::Branch { cases } = step else { return vec![] };
    let (failed, taken) = match via {
        Via::Case(n) => (&cases[..n as usize], cases.get(n as usize)),
        Via::Outcome(_) | Via::Key(_) => (&cases[..], None),
    };
    let failed = failed.iter().flat_map(|case| when_holds(&case.when, false));
    failed.chain(taken.into_iter().flat_map(|case| when_holds(&case.when, true))).collect()
}

fn lower(node: &mut Reader<'_, '_>) -> Option<Step> {
    let written = node.get("branch")?;
    if node.get("cases").is_some() || matches!(written.value, Value::Scalar(_)) {
        return by_value(node, written);
    }
    node.need("else");
    let Value::List(items) = &written.value else {
        let message = format!("`branch` must be a list of `{{ when: …, to: … }}`, not {}", written.kind());
        node.cx.error(codes::SHAPE, written.span, message);
        return None;
    };
    if items.is_empty() || items.len() > CASES_MAX {
        node.cx.error(codes::SHAPE, written.span, format!("`branch` has 1 to {CASES_MAX} cases"));
    }
    let mut cases = Vec::new();
    let mut failed: Vec<Fact> = Vec::new();
    for item in items.iter().take(CASES_MAX) {
        let Some(map) = node.cx.map(item, "a case") else { continue };
        node.cx.known_keys(map, "key of a case", &["when", "to"]);
        for key in ["when", "to"] {
            if map.get(key).is_none() {
                node.cx.error(codes::MISSING_KEY, item.span, format!("a case lacks `{key}`"));
            }
        }
        let condition = map.get("when").and_then(|when| {
            let (expr, ty) = node.expr(&when.value, "`when`")?;
            // It is looked at only when those before it did not hold.
            if let Some(used) = node.cx.used.last_mut() {
                used.also = failed.clone();
            }
            failed.extend(when_holds(&expr, false));
            if ty == Type::Bool {
                let Value::Scalar(scalar) = &when.value.value else { return None };
                return Some(Case { when: expr, text: scalar.text.clone() });
            }
            node.cx.error(
                codes::TYPE,
                when.value.span,
                format!("a condition is true or false; this is {}", ty.words()),
            );
            None
        });
        let to = map.get("to").and_then(|to| node.target(&to.value, "to"));
        if let (Some(condition), Some(to)) = (condition, to) {
            node.way(Via::Case(cases.len() as u16), to);
            cases.push(condition);
        }
    }
    Some(Step::Branch { cases })
}

/// `branch: contact.service, cases: { water: a, heating: b }`
fn by_value(node: &mut Reader<'_, '_>, written: &Node) -> Option<Step> {
    let (value, ty) = node.expr(written, "`branch`")?;
    let words: Vec<String> = match &ty {
        Type::Enum(words) => words.clone(),
        Type::Bool => vec!["true".into(), "false".into()],
        _ => {
            let message = format!("a branch goes by an enum or a truth value, not by {}", ty.words());
            node.cx.error_help(
                codes::TYPE,
                written.span,
                message,
                "or write a list of `{ when: condition, to: node }`",
            );
            return None;
        }
    };
    let Some(cases_written) = node.get("cases") else {
        let message = format!("node `{}` (branch) lacks `cases`: a node for each of {}", node.name, words.join(", "));
        node.cx.error(codes::MISSING_KEY, node.span, message);
        return None;
    };
    let map = node.cx.map(cases_written, "`cases`")?;
    let mut cases = Vec::new();
    let mut named: Vec<&str> = Vec::new();
    for entry in &map.entries {
        let Some(word) = words.iter().find(|w| **w == entry.key) else {
            node.cx.unknown(codes::TYPE, entry.key_span, "case", &entry.key, words.iter().map(String::as_str));
            continue;
        };
        named.push(word);
        let Some(to) = node.target(&entry.value, "a case") else { continue };
        let when = match ty {
            Type::Bool if word == "true" => value.clone(),
            Type::Bool => Expr::Not(Box::new(value.clone())),
            _ => {
                let word = Expr::Literal(Worth::Text(word.clone()));
                Expr::Binary(BinaryOp::Equal, Box::new(value.clone()), Box::new(word))
            }
        };
        node.way(Via::Case(cases.len() as u16), to);
        cases.push(Case { when, text: word.clone() });
    }
    let missing: Vec<&str> = words.iter().map(String::as_str).filter(|w| !named.contains(w)).collect();
    if !missing.is_empty() && node.get("else").is_none() {
        let message = format!("node `{}` has no case for {}", node.name, missing.join(", "));
        node.cx.error_help(codes::NOT_EXHAUSTIVE, cases_written.span, message, "name them, or add `else: some_node`");
        return None;
    }
    match node.map.get("else") {
        Some(entry) if missing.is_empty() => {
            let found = Diagnostic::warning(
                codes::UNREACHABLE,
                entry.key_span,
                "`else` is never taken: every value has its case",
            );
            node.cx.report(found.help("remove it"));
        }
        Some(_) => node.need("else"),
        None => {}
    }
    Some(Step::Branch { cases })
}

#[cfg(test)]
mod tests {
    use super::super::tests::{codes, step};
    use super::*;

    #[test]
    fn lowered() {
        let Step::Branch { cases } = step(
            "{ branch: [{ when: contact.amount > 10 RUB, to: bye }, { when: today == contact.due, to: bye }], else: bye }",
        ) else {
            panic!()
        };
        assert_eq!(cases.len(), 2);
        assert_eq!(codes("{ branch: [{ when: contact.amount, to: bye }], else: bye }"), ["F015"]);
        assert_eq!(codes("{ branch: [{ when: true }], else: bye }"), ["F007"]);
        assert_eq!(codes("{ branch: [{ when: true, to: bye }] }"), ["F016"]);
        assert_eq!(codes("{ branch: {}, else: bye }"), ["F005"]);
        assert_eq!(codes("{ branch: contact.name, cases: {} }"), ["F015"]);
        assert_eq!(codes("{ branch: contact.paid }"), ["F007"]);
        assert_eq!(codes("{ branch: contact.paid, cases: { true: bye } }"), ["F043"]);
        assert_eq!(codes("{ branch: contact.paid, cases: { true: bye, flase: bye } }"), ["F043", "F015"]);
        assert!(codes("{ branch: contact.paid, cases: { true: bye, false: bye } }").is_empty());
        assert!(codes("{ branch: contact.paid, cases: { true: bye }, else: bye }").is_empty());
    }
}
