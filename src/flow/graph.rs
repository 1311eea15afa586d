//! The steps as a graph: where each leads, what is known after each edge, and which edges need nobody.

use super::expr::{BinaryOp, Expr};
use super::program::{FieldId, NamedStep, StepId, VarId, Via};

/// Something that is surely so at a place of the flow, on every path to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fact {
    Verified,
    PromiseRecorded,
    OptedOut,
    Talked,
    Has(FieldId),
    Set(VarId),
}

#[derive(Debug, Clone)]
pub struct Edge {
    pub to: StepId,
    pub via: Via,
    /// Taken without any act of the person: speech that ends, silence, nobody at the other end.
    pub alone: bool,
    pub facts: Vec<Fact>,
}

/// Everywhere the step can lead.
pub fn edges(step: &NamedStep) -> impl Iterator<Item = Edge> {
    step.routes.iter().map(|(via, to)| Edge {
        to: *to,
        via: *via,
        alone: match via {
            Via::Outcome(name) => step.kind.outcomes.iter().any(|o| o.name == *name && o.alone),
            Via::Case(_) => true,
            Via::Key(_) => false,
        },
        facts: (step.kind.facts)(&step.step, *via),
    })
}

/// What is known when the condition came out as `outcome`. A condition that does not compute counts as not holding, so
/// only `has`, which always computes, and what is built of it teach anything when it fails.
pub fn when(condition: &Expr, outcome: bool) -> Vec<Fact> {
    match (condition, outcome) {
        (Expr::Has(id), true) => vec![Fact::Has(*id)],
        (Expr::HasVariable(id), true) => vec![Fact::Set(*id)],
        (Expr::Not(inner), outcome) => {
            // `not x` fails when x holds, and also when x does not compute.
            if outcome || always_computes(inner) { when(inner, !outcome) } else { vec![] }
        }
        (Expr::Binary(BinaryOp::And, a, b), true) => [when(a, true), when(b, true)].concat(),
        (Expr::Binary(BinaryOp::Or, a, b), false) if always_computes(a) && always_computes(b) => {
            [when(a, false), when(b, false)].concat()
        }
        _ => vec![],
    }
}

fn always_computes(expr: &Expr) -> bool {
    match expr {
        Expr::Has(_) | Expr::HasVariable(_) | Expr::Literal(_) => true,
        Expr::Not(a) => always_computes(a),
        Expr::Binary(BinaryOp::And | BinaryOp::Or, a, b) => always_computes(a) && always_computes(b),
        _ => false,
    }
}
