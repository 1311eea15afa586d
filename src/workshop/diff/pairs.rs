//! Which node of the old flow is which of the new one.

use std::collections::BTreeSet;

use super::super::{facets, written};
use crate::flow::program::{NamedStep, Program, StepId};

/// Nodes that calls can come to, in pairs where they are the same.
pub(super) struct Pairs {
    /// By old node.
    new: Vec<Option<StepId>>,
    /// By new node.
    old: Vec<Option<StepId>>,
}

impl Pairs {
    /// By name first; what is left by what it is: kind, words, settings, and ways that lead to the same nodes as far as
    /// those are known. Only where there is no doubt; each pair found may settle others.
    pub fn of(old: &Program, new: &Program) -> Pairs {
        let mut pairs = Pairs { new: vec![None; old.steps.len()], old: vec![None; new.steps.len()] };
        let (reached_old, reached_new) = (in_order_of_call(old), in_order_of_call(new));
        for was in &reached_old {
            let same_name = |is: &&StepId| new.step(**is).name == old.step(*was).name;
            if let Some(is) = reached_new.iter().find(same_name) {
                pairs.join(*was, *is);
            }
        }
        let likeness = |program: &Program, id: StepId| likeness(program, program.step(id));
        let of_old: Vec<_> = reached_old.iter().map(|id| likeness(old, *id)).collect();
        let of_new: Vec<_> = reached_new.iter().map(|id| likeness(new, *id)).collect();
        loop {
            let mut found = None;
            for (was, looks) in reached_old.iter().zip(&of_old).filter(|(id, _)| pairs.new_of(**id).is_none()) {
                let like: Vec<StepId> = reached_new
                    .iter()
                    .zip(&of_new)
                    .filter(|(is, other)| pairs.old_of(**is).is_none() && *other == looks)
                    .map(|(is, _)| *is)
                    .filter(|is| pairs.lead_alike(old.step(*was), new.step(*is)))
                    .collect();
                if let [only] = like.as_slice() {
                    found = Some((*was, *only));
                    break;
                }
            }
            // Ends: every round joins two nodes that were single.
            match found {
                Some((was, is)) => pairs.join(was, is),
                None => return pairs,
            }
        }
    }

    fn join(&mut self, was: StepId, is: StepId) {
        self.new[was.0 as usize] = Some(is);
        self.old[is.0 as usize] = Some(was);
    }

    pub fn new_of(&self, was: StepId) -> Option<StepId> {
        self.new[was.0 as usize]
    }

    pub fn old_of(&self, is: StepId) -> Option<StepId> {
        self.old[is.0 as usize]
    }

    /// No way contradicts that the two are the same.
    fn lead_alike(&self, was: &NamedStep, is: &NamedStep) -> bool {
        was.routes.iter().zip(&is.routes).all(|((_, a), (_, b))| match (self.new_of(*a), self.old_of(*b)) {
            (None, None) => true,
            (Some(there), _) => there == *b,
            (None, Some(_)) => false,
        })
    }
}

/// All that a client could tell of a node but where it leads.
fn likeness(program: &Program, node: &NamedStep) -> Vec<String> {
    let facets = facets::facets(program, node);
    let mut all = vec![node.kind.name.to_string()];
    for (occasion, message) in &facets.says {
        for (language, take) in &program.message(*message).takes {
            all.push(format!("{occasion} {language} {:?} {}", take.audio, written::text(program, take)));
        }
    }
    all.extend(facets.settings.iter().map(|(what, value)| format!("{what}: {value}")));
    all.extend(node.routes.iter().map(|(via, _)| facets::way(program, node, *via)));
    all
}

/// The nodes that a call can come to: from the start in the order of their ways, then from the hotkeys, then by a machine.
pub(super) fn in_order_of_call(program: &Program) -> Vec<StepId> {
    let entries = [program.start].into_iter();
    let entries = entries.chain(program.hotkeys.iter().map(|(_, to)| *to)).chain(program.on_machine);
    let mut open: std::collections::VecDeque<StepId> = entries.collect();
    let (mut seen, mut order) = (BTreeSet::new(), Vec::new());
    while let Some(id) = open.pop_front() {
        if seen.insert(id) {
            order.push(id);
            // Ahead of the other entries: their own calls come later.
            for (_, to) in program.step(id).routes.iter().rev() {
                open.push_front(*to);
            }
        }
    }
    order
}
