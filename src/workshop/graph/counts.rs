//! Live counts laid over a flow, so that it can be seen where calls are lost.
//!
//! CSV, with or without the header `node,count`: a line `hello,1000` counts the calls that entered a node, a line
//! `hello,1,640` (node, key or outcome or condition as written, count) those that left it so, and `*,1200` all calls.
//! Without `*` the calls that entered `start` are all calls. A node without a line of its own has what its ways bring.

use std::collections::BTreeMap;

use super::Mark;
use crate::diagnostic::did_you_mean;
use crate::flow::program::{NamedStep, Program, StepId, Via};

/// How many calls went where.
#[derive(Debug, Clone)]
pub struct Counts {
    calls: u64,
    nodes: BTreeMap<StepId, u64>,
    ways: BTreeMap<(StepId, Via), u64>,
}

impl Counts {
    /// Reads counts for this program.
    ///
    /// # Errors
    /// Every line that cannot be read, with its number: an unknown node or way, a count that is none, one given twice.
    pub fn read(text: &str, program: &Program) -> Result<Counts, Vec<String>> {
        let mut counts = Counts { calls: 0, nodes: BTreeMap::new(), ways: BTreeMap::new() };
        let mut all = None;
        let mut wrong = Vec::new();
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .trim(csv::Trim::All)
            .from_reader(text.trim_start_matches('\u{feff}').as_bytes());
        for record in reader.records() {
            let record = match record {
                Ok(record) => record,
                Err(error) => {
                    wrong.push(error.to_string());
                    continue;
                }
            };
            let line = record.position().map_or(0, csv::Position::line);
            let cells: Vec<&str> = record.iter().collect();
            let header = line == 1 && cells.last() == Some(&"count");
            let read = match cells.as_slice() {
                _ if header => Ok(()),
                ["*", count] => number(count).and_then(|n| once(all.replace(n))),
                [node, count] => {
                    step(program, node).and_then(|id| number(count).and_then(|n| once(counts.nodes.insert(id, n))))
                }
                [node, way, count] => step(program, node).and_then(|id| {
                    let via = via(program, id, way)?;
                    number(count).and_then(|n| once(counts.ways.insert((id, via), n)))
                }),
                _ => Err("expected `node,count` or `node,way,count`".into()),
            };
            wrong.extend(read.err().map(|why| format!("line {line}: {why}")));
        }
        counts.add_what_ways_bring(program);
        match all.or_else(|| counts.nodes.get(&program.start).copied()).filter(|n| *n > 0) {
            Some(calls) => counts.calls = calls,
            None if wrong.is_empty() => {
                let start = &program.step(program.start).name;
                wrong
                    .push(format!("how many calls are 100 %? Give a line `*,N` or one of the first node, `{start},N`"));
            }
            None => {}
        }
        if wrong.is_empty() { Ok(counts) } else { Err(wrong) }
    }

    fn add_what_ways_bring(&mut self, program: &Program) {
        let mut brought: BTreeMap<StepId, u64> = BTreeMap::new();
        for ((from, via), count) in &self.ways {
            let to = program.step(*from).to(*via);
            let sum = brought.entry(to).or_default();
            *sum = sum.saturating_add(*count);
        }
        for (node, count) in brought {
            self.nodes.entry(node).or_insert(count);
        }
    }

    pub(super) fn calls(&self) -> u64 {
        self.calls
    }

    pub(super) fn node(&self, id: StepId) -> Mark {
        self.mark(self.nodes.get(&id))
    }

    pub(super) fn way(&self, id: StepId, via: Via) -> Mark {
        self.mark(self.ways.get(&(id, via)))
    }

    /// `None` where no way out has been counted, or nothing was lost.
    pub(super) fn lost(&self, step: &NamedStep, id: StepId) -> Option<Mark> {
        let left: Vec<u64> = step.routes.iter().filter_map(|(via, _)| self.ways.get(&(id, *via)).copied()).collect();
        let entered = self.nodes.get(&id).filter(|_| !left.is_empty())?;
        let lost = entered.saturating_sub(left.iter().fold(0, |sum: u64, n| sum.saturating_add(*n)));
        (lost > 0).then(|| self.mark(Some(&lost)))
    }

    fn mark(&self, count: Option<&u64>) -> Mark {
        count.map_or(Mark::Uncounted, |n| Mark::Calls(*n, *n as f64 / self.calls as f64))
    }
}

fn step(program: &Program, name: &str) -> Result<StepId, String> {
    let names = || program.steps.iter().map(|s| s.name.as_str());
    let found = names().position(|n| n == name).map(|n| StepId(n as u32));
    found.ok_or_else(|| format!("the flow has no node `{name}`{}", near(name, names())))
}

fn via(program: &Program, id: StepId, way: &str) -> Result<Via, String> {
    let step = program.step(id);
    let found = step.routes.iter().map(|(via, _)| *via).find(|via| step.way(*via) == way);
    found.ok_or_else(|| {
        let ways: Vec<&str> = step.routes.iter().map(|(via, _)| step.way(*via)).collect();
        let known = if ways.is_empty() { "it has none".into() } else { format!("it has {}", ways.join(", ")) };
        format!("the node `{}` has no way `{way}`: {known}", step.name)
    })
}

fn number(count: &str) -> Result<u64, String> {
    count.parse().map_err(|_| format!("`{count}` is not a count: expected a whole number such as 1200"))
}

fn once(before: Option<u64>) -> Result<(), String> {
    before.map_or(Ok(()), |_| Err("it has been counted in a line before".into()))
}

fn near<'a>(name: &str, names: impl Iterator<Item = &'a str>) -> String {
    did_you_mean(name, names).map_or(String::new(), |near| format!("; did you mean `{near}`?"))
}
