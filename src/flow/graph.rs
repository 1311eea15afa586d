//! The steps as a graph: where each leads, what is known after each edge, and which edges need nobody.

use super::expr::{BinaryOp, Expr};
use super::program::{FieldId, Step, StepId, VarId};

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
    /// Taken without any act of the person: speech that ends, silence, nobody at the other end.
    pub alone: bool,
    pub facts: Vec<Fact>,
}

/// Everywhere the step can lead.
pub fn edges(step: &Step) -> Vec<Edge> {
    let alone = |to: StepId, facts: Vec<Fact>| Edge { to, alone: true, facts };
    let acted = |to: StepId, facts: Vec<Fact>| Edge { to, alone: false, facts };
    match step {
        Step::Say { next, .. } => vec![alone(*next, vec![])],
        Step::Menu(menu) => {
            let mut out: Vec<Edge> = menu.keys.iter().map(|(_, to)| acted(*to, vec![])).collect();
            out.push(alone(menu.exhausted, vec![]));
            out
        }
        Step::Collect(c) => {
            vec![acted(c.ok, vec![Fact::Set(c.into)]), alone(c.exhausted, vec![]), acted(c.cancelled, vec![])]
        }
        // A contact that lacks the field fails unheard, so `failed` needs nobody.
        Step::Verify(v) => vec![
            acted(v.ok, vec![Fact::Verified, Fact::Has(v.against)]),
            alone(v.failed, vec![]),
            alone(v.refused, vec![]),
        ],
        Step::Promise(p) => {
            let made = [Fact::Set(p.amount), Fact::Set(p.on)];
            vec![
                acted(p.recorded, [&made[..], &[Fact::PromiseRecorded]].concat()),
                alone(p.refused, vec![]),
                acted(p.rejected, made.to_vec()),
            ]
        }
        Step::Branch { cases, otherwise } => {
            let mut failed = Vec::new();
            let mut out = Vec::new();
            for (condition, to) in cases {
                let mut facts: Vec<Fact> = failed.clone();
                facts.extend(when(condition, true));
                out.push(alone(*to, facts));
                failed.extend(when(condition, false));
            }
            out.push(alone(*otherwise, failed));
            out
        }
        Step::Set { assign, next } => vec![alone(*next, assign.iter().map(|(v, _)| Fact::Set(*v)).collect())],
        Step::Queue(q) => vec![acted(q.answered, vec![Fact::Talked]), alone(q.no_agent, vec![])],
        Step::Notify { queued, failed, .. } => vec![alone(*queued, vec![]), alone(*failed, vec![])],
        Step::OptOut { next, .. } => vec![alone(*next, vec![Fact::OptedOut])],
        Step::End { .. } => vec![],
    }
}

/// What is known when the condition came out as `outcome`. A condition that does not compute counts as not holding, so
/// only `has`, which always computes, and what is built of it teach anything when it fails.
pub fn when(condition: &Expr, outcome: bool) -> Vec<Fact> {
    match (condition, outcome) {
        (Expr::Has(id), true) => vec![Fact::Has(*id)],
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
        Expr::Has(_) | Expr::Literal(_) => true,
        Expr::Not(a) => always_computes(a),
        Expr::Binary(BinaryOp::And | BinaryOp::Or, a, b) => always_computes(a) && always_computes(b),
        _ => false,
    }
}

/// The step waits for keys.
pub fn listens(step: &Step) -> bool {
    match step {
        Step::Menu(_) | Step::Collect(_) | Step::Verify(_) | Step::Promise(_) => true,
        Step::Say { .. }
        | Step::Branch { .. }
        | Step::Set { .. }
        | Step::Queue(_)
        | Step::Notify { .. }
        | Step::OptOut { .. }
        | Step::End { .. } => false,
    }
}
