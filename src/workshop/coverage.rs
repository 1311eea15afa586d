//! How much of a flow calls have gone through: nodes entered, ways taken out of them.

use std::collections::BTreeSet;
use std::fmt;

use crate::call::rehearse::Covered;
use crate::flow::program::{Program, StepId, Via};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coverage {
    pub nodes: usize,
    pub nodes_of: usize,
    /// An outcome that goes where another goes, because it has no route of its own, is the same way.
    pub ways: usize,
    pub ways_of: usize,
    /// Names of the nodes never entered.
    pub nodes_never: Vec<String>,
    /// Ways never taken out of nodes that were entered: `choose (2)`.
    pub ways_never: Vec<String>,
}

impl Coverage {
    pub fn of(program: &Program, covered: &Covered) -> Coverage {
        let taken: BTreeSet<(StepId, Via)> =
            covered.edges.iter().map(|(id, via)| (*id, program.step(*id).written_way(*via))).collect();
        let (mut nodes_never, mut ways_never, mut ways_of) = (Vec::new(), Vec::new(), 0);
        for (id, step) in (0u32..).map(StepId).zip(&program.steps) {
            let ways: BTreeSet<Via> = step.routes.iter().map(|(via, _)| step.written_way(*via)).collect();
            ways_of += ways.len();
            if !covered.nodes.contains(&id) {
                nodes_never.push(step.name.clone());
                continue;
            }
            let never = ways.into_iter().filter(|via| !taken.contains(&(id, *via)));
            ways_never.extend(never.map(|via| format!("{} ({})", step.name, step.way(via))));
        }
        let (nodes, nodes_of) = (covered.nodes.len(), program.steps.len());
        Coverage { nodes, nodes_of, ways: taken.len(), ways_of, nodes_never, ways_never }
    }

    pub fn all_nodes(&self) -> bool {
        self.nodes == self.nodes_of
    }

    pub fn all_ways(&self) -> bool {
        self.all_nodes() && self.ways == self.ways_of
    }
}

impl fmt::Display for Coverage {
    /// `21 of 23 nodes, 40 of 48 ways out of them; never: agent, choose (2)`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Coverage { nodes, nodes_of, ways, ways_of, .. } = self;
        write!(f, "{nodes} of {nodes_of} nodes, {ways} of {ways_of} ways out of them")?;
        let never: Vec<&str> = self.nodes_never.iter().chain(&self.ways_never).map(String::as_str).collect();
        if never.is_empty() { Ok(()) } else { write!(f, "; never: {}", never.join(", ")) }
    }
}
