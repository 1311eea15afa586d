//! Where calls are lost: of the calls that reached each node of a flow, how many went on, where to, and how many ended there.

use std::collections::BTreeMap;

use crate::books::CallPath;
use crate::flow::program::FlowHash;
use crate::outcome::HangupCause;

/// One flow version's calls.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Flow {
    /// Dialled with it.
    pub dialled: u64,
    /// That entered a node.
    pub calls: u64,
    pub nodes: BTreeMap<String, Node>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Node {
    /// Calls that entered it, once or more.
    pub calls: u64,
    /// How often it was entered: loops come back.
    pub entries: u64,
    /// How often each node came next.
    pub next: BTreeMap<String, u64>,
    /// Calls that ended in it because the other side hung up.
    pub hung_up: u64,
    /// Calls that ended in it otherwise: it is the flow's end, or the call was lost.
    pub ended: u64,
    /// Calls that are in it now.
    pub live: u64,
}

/// By flow version.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DropOff {
    pub flows: BTreeMap<FlowHash, Flow>,
}

impl DropOff {
    pub fn add(&mut self, path: &CallPath) {
        if !self.flows.contains_key(&path.flow) {
            self.flows.insert(path.flow.clone(), Flow::default());
        }
        let flow = self.flows.get_mut(&path.flow).expect("inserted above");
        flow.dialled += 1;
        flow.calls += u64::from(!path.nodes.is_empty());
        for (n, name) in path.nodes.iter().enumerate() {
            let node = flow.node(name);
            node.entries += 1;
            // The first time that this call comes here.
            node.calls += u64::from(!path.nodes[..n].contains(name));
            match path.nodes.get(n + 1) {
                Some(next) => match node.next.get_mut(next) {
                    Some(count) => *count += 1,
                    None => drop(node.next.insert(next.clone(), 1)),
                },
                None if !path.finished => node.live += 1,
                None if path.cause == Some(HangupCause::RemoteHangup) => node.hung_up += 1,
                None => node.ended += 1,
            }
        }
    }
}

impl Flow {
    fn node(&mut self, name: &str) -> &mut Node {
        if !self.nodes.contains_key(name) {
            self.nodes.insert(name.to_string(), Node::default());
        }
        self.nodes.get_mut(name).expect("inserted above")
    }
}

impl Node {
    /// How often it was left for another.
    pub fn went_on(&self) -> u64 {
        self.next.values().sum()
    }
}
