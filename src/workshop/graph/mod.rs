//! A flow as a picture. [`picture`] says what is to be seen; [`svg`], [`mermaid`] and [`dot`] draw it.
//!
//! Everything comes from the kind, the routes and the messages of the nodes, so that a new kind appears by itself.

mod counts;
mod dot;
mod layout;
mod lines;
mod mermaid;
mod paint;
mod svg;
#[cfg(test)]
mod tests;

pub use counts::Counts;
pub use dot::dot;
pub use mermaid::mermaid;
pub use svg::{NODES_MAX, TooLarge, svg};

use super::coverage::Coverage;
use super::facets;
use super::written;
use crate::call::rehearse::Covered;
use crate::flow::graph::edges;
use crate::flow::node::Presence;
use crate::flow::program::{NamedStep, Program, StepId, Via};

/// What is laid over the flow.
#[derive(Debug, Clone, Default)]
pub enum Overlay {
    #[default]
    None,
    /// What calls have gone through, and what none has.
    Coverage(Covered),
    /// How many calls went where.
    Counts(Counts),
}

/// A flow as its reader is to see it.
#[derive(Debug, Clone)]
pub struct Picture {
    pub title: String,
    pub subtitle: String,
    /// In the order of the file; `Way::from` and `Way::to` index them.
    pub nodes: Vec<Node>,
    /// All that leads from one node to another is one way.
    pub ways: Vec<Way>,
    pub entries: Vec<Entry>,
    /// One line on the overlay: `21 of 23 nodes entered`.
    pub summary: Option<String>,
}

#[derive(Debug, Clone)]
pub struct Node {
    pub name: String,
    pub kind: &'static str,
    pub shape: Shape,
    /// What it is about: the queue, the field, the result. May be empty.
    pub about: String,
    /// What it says first, in the flow's first language.
    pub words: Option<String>,
    /// It speaks what only a verified person may hear.
    pub protected: bool,
    pub mark: Mark,
    /// Of the calls that entered, those that left by none of the counted ways.
    pub lost: Option<Mark>,
}

/// What sort of thing a node does, told apart without colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Shape {
    Speaks,
    Asks,
    Decides,
    Connects,
    Acts,
    Ends,
}

impl Shape {
    pub const ALL: [Shape; 6] = [Shape::Speaks, Shape::Asks, Shape::Decides, Shape::Connects, Shape::Acts, Shape::Ends];

    /// A kind that nobody thought of here acts.
    fn of(node: &NamedStep) -> Shape {
        match (node.kind.presence, node.kind.name) {
            _ if node.routes.is_empty() => Shape::Ends,
            (Presence::Keys, _) => Shape::Asks,
            (_, "say") => Shape::Speaks,
            (_, "branch" | "set") => Shape::Decides,
            (_, "queue" | "transfer") => Shape::Connects,
            (Presence::Nobody | Presence::Person, _) => Shape::Acts,
        }
    }

    pub fn words(self) -> &'static str {
        match self {
            Shape::Speaks => "speaks",
            Shape::Asks => "asks for keys",
            Shape::Decides => "decides, computes",
            Shape::Connects => "connects to a person",
            Shape::Acts => "saves, sends, asks systems",
            Shape::Ends => "ends with a result",
        }
    }
}

/// What the overlay says of a node or a way.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Mark {
    None,
    Entered,
    Never,
    /// Calls are counted, but not here.
    Uncounted,
    /// Calls, and their share of all calls, 0 to 1.
    Calls(u64, f64),
}

impl Mark {
    /// `1 234 · 56 %`
    pub fn words(self) -> Option<String> {
        match self {
            Mark::None | Mark::Entered | Mark::Never | Mark::Uncounted => None,
            Mark::Calls(calls, share) => Some(format!("{} · {}", grouped(calls), percent(share))),
        }
    }
}

#[derive(Debug, Clone)]
pub struct Way {
    pub from: usize,
    pub to: usize,
    pub labels: Vec<Label>,
}

impl Way {
    /// Of all its labels together.
    pub fn mark(&self) -> Mark {
        let joined = |a: Mark, b: Mark| match (a, b) {
            (Mark::Calls(n, share), Mark::Calls(m, other)) => Mark::Calls(n + m, share + other),
            (Mark::Calls(..), _) => a,
            (_, Mark::Calls(..)) => b,
            (Mark::Entered, _) | (_, Mark::Entered) => Mark::Entered,
            (Mark::Never, _) | (_, Mark::Never) => Mark::Never,
            (Mark::Uncounted, _) | (_, Mark::Uncounted) => Mark::Uncounted,
            (Mark::None, Mark::None) => Mark::None,
        };
        self.labels.iter().fold(Mark::None, |mark, label| joined(mark, label.mark))
    }

    /// Whether the labels tell anything: the only way out of a node needs no word.
    pub fn needs_words(&self, picture: &Picture) -> bool {
        let only = picture.ways.iter().filter(|w| w.from == self.from).map(|w| w.labels.len()).sum::<usize>() == 1;
        !only || self.labels.iter().any(|l| l.sort == Sort::Key || matches!(l.mark, Mark::Calls(..)))
    }
}

#[derive(Debug, Clone)]
pub struct Label {
    pub text: String,
    pub sort: Sort,
    pub mark: Mark,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    Key,
    Outcome,
    Condition,
}

/// Where a call comes in.
#[derive(Debug, Clone)]
pub struct Entry {
    /// `start`, `a machine answers`, `*9 at any moment`.
    pub words: String,
    pub door: Door,
    pub to: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    Start,
    Machine,
    Hotkey,
}

/// What there is to see of the program.
pub fn picture(program: &Program, overlay: &Overlay) -> Picture {
    let ids = || (0u32..).map(StepId).zip(&program.steps);
    let nodes = ids().map(|(id, step)| node(program, id, step, overlay)).collect();
    let mut ways: Vec<Way> = Vec::new();
    for (id, step) in ids() {
        for edge in edges(step) {
            let label = label(id, step, edge.via, overlay);
            // What the flow does not route is not shown beside what it goes with, unless calls went so.
            if step.written_way(edge.via) != edge.via && !matches!(label.mark, Mark::Calls(..)) {
                continue;
            }
            let (from, to) = (id.0 as usize, edge.to.0 as usize);
            match ways.iter_mut().find(|w| (w.from, w.to) == (from, to)) {
                Some(way) => way.labels.push(label),
                None => ways.push(Way { from, to, labels: vec![label] }),
            }
        }
    }
    let languages: Vec<&str> = program.languages.iter().map(|l| l.code()).collect();
    Picture {
        title: program.name.clone(),
        subtitle: format!("version {} · {} · {}", program.version, program.hash, languages.join(", ")),
        nodes,
        ways,
        entries: entries(program),
        summary: summary(program, overlay),
    }
}

fn node(program: &Program, id: StepId, step: &NamedStep, overlay: &Overlay) -> Node {
    let facets = facets::facets(program, step);
    let first = facets.says.iter().find(|(_, message)| step.says.contains(message));
    let words = first.and_then(|(_, message)| program.message(*message).takes.get(&program.languages[0]));
    let mark = match overlay {
        Overlay::None => Mark::None,
        Overlay::Coverage(covered) if covered.nodes.contains(&id) => Mark::Entered,
        Overlay::Coverage(_) => Mark::Never,
        Overlay::Counts(counts) => counts.node(id),
    };
    let lost = match overlay {
        Overlay::Counts(counts) => counts.lost(step, id),
        Overlay::None | Overlay::Coverage(_) => None,
    };
    Node {
        lost,
        name: step.name.clone(),
        kind: step.kind.name,
        shape: Shape::of(step),
        about: facets.about,
        words: words.map(|take| written::short_text(program, take)),
        protected: step.says.iter().any(|message| program.is_protected(*message)),
        mark,
    }
}

fn label(id: StepId, step: &NamedStep, via: Via, overlay: &Overlay) -> Label {
    let mark = match overlay {
        Overlay::None => Mark::None,
        Overlay::Coverage(covered) => {
            let is_taken =
                |(taken, _): &(Via, StepId)| step.written_way(*taken) == via && covered.edges.contains(&(id, *taken));
            if step.routes.iter().any(is_taken) { Mark::Entered } else { Mark::Never }
        }
        Overlay::Counts(counts) => counts.way(id, via),
    };
    let sort = match via {
        Via::Key(_) => Sort::Key,
        Via::Outcome(_) => Sort::Outcome,
        Via::Case(_) => Sort::Condition,
    };
    Label { text: step.way(via).to_string(), sort, mark }
}

fn entries(program: &Program) -> Vec<Entry> {
    let mut entries = vec![Entry { words: "start".into(), door: Door::Start, to: program.start.0 as usize }];
    for (keys, to) in &program.hotkeys {
        entries.push(Entry { words: format!("{keys} at any moment"), door: Door::Hotkey, to: to.0 as usize });
    }
    if let Some(to) = program.on_machine {
        entries.push(Entry { words: "a machine answers".into(), door: Door::Machine, to: to.0 as usize });
    }
    entries
}

fn summary(program: &Program, overlay: &Overlay) -> Option<String> {
    match overlay {
        Overlay::None => None,
        Overlay::Coverage(covered) => {
            let Coverage { nodes, nodes_of, ways, ways_of, .. } = Coverage::of(program, covered);
            Some(format!("tests enter {nodes} of {nodes_of} nodes and take {ways} of {ways_of} ways"))
        }
        Overlay::Counts(counts) => Some(format!("{} calls = 100 %", grouped(counts.calls()))),
    }
}

/// `1 234 567`
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let parts: Vec<&str> = digits.as_bytes().rchunks(3).rev().map(|c| std::str::from_utf8(c).unwrap_or("")).collect();
    parts.join(" ")
}

/// Small shares keep a digit, so that a drop to half a percent is no drop to nothing.
fn percent(share: f64) -> String {
    let percent = share * 100.0;
    if percent > 0.0 && percent < 9.95 { format!("{percent:.1} %") } else { format!("{percent:.0} %") }
}
