//! `branch`: takes the first case whose condition holds.

use super::super::codes;
use super::super::expr::Type;
use super::super::graph::{Fact, when};
use super::super::program::{Case, Step, Via};
use super::super::yaml::Value;
use super::{Kind, Presence, Reader, alone, declares_nothing, required};

const CASES_MAX: usize = 50;

pub const KIND: Kind = Kind {
    name: "branch",
    about: "Takes the first case whose condition holds. A condition that cannot be computed does not hold.",
    keys: &[required("branch", "list of `{ when: condition, to: node }`")],
    outcomes: &[alone("else", "no case holds")],
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
    let failed = failed.iter().flat_map(|case| when(&case.when, false));
    failed.chain(taken.into_iter().flat_map(|case| when(&case.when, true))).collect()
}

fn lower(node: &mut Reader<'_, '_>) -> Option<Step> {
    let written = node.get("branch")?;
    let Value::List(items) = &written.value else {
        let message = format!("`branch` must be a list of `{{ when: …, to: … }}`, not {}", written.kind());
        node.cx.error(codes::SHAPE, written.span, message);
        return None;
    };
    if items.is_empty() || items.len() > CASES_MAX {
        node.cx.error(codes::SHAPE, written.span, format!("`branch` has 1 to {CASES_MAX} cases"));
    }
    let mut cases = Vec::new();
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
        assert_eq!(codes("{ branch: x, else: bye }"), ["F005"]);
    }
}
