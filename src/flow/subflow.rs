//! Sub-flows: a flow calls another as if it were one node, with typed inputs, outputs and exits. The compiler writes the
//! called one out at the place of the call: so every proof (who was verified, what is set, where silence leads) goes through
//! it, and a call in the air knows nothing of it.

use std::collections::BTreeMap;

use super::codes;
use super::context::Context;
use super::expr::{Expr, Type};
use super::yaml::{self, Map, Node, Value};
use crate::diagnostic::Span;

/// Deepest chain of calls.
const DEPTH_MAX: usize = 8;
/// Most calls in one flow, those of the called ones included.
const CALLS_MAX: usize = 100;

/// The sub-flows that may be called, by name: their sources.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Library(pub BTreeMap<String, String>);

/// What begins the line before each sub-flow in a packed source.
const MARK: &str = "--- # subflow: ";

impl Library {
    /// One text that compiles to the same without a library: the flow, then the sub-flows it uses. A flow that calls none is
    /// itself.
    pub fn pack(&self, source: &str, used: &[String]) -> String {
        let mut packed = source.to_string();
        for name in used {
            if let Some(source) = self.0.get(name) {
                if !packed.ends_with('\n') {
                    packed.push('\n');
                }
                packed.push_str(&format!("{MARK}{name}\n{source}"));
            }
        }
        packed
    }

    /// The flow in a packed source, and this library with what was packed beside it.
    pub fn unpack<'s>(&self, packed: &'s str) -> (&'s str, Library) {
        let begins = |at: usize| at == 0 || packed.as_bytes()[at - 1] == b'\n';
        let marks: Vec<usize> = packed.match_indices(MARK).map(|(at, _)| at).filter(|at| begins(*at)).collect();
        let mut all = self.clone();
        for (n, at) in marks.iter().enumerate() {
            let end = marks.get(n + 1).copied().unwrap_or(packed.len());
            let (name, source) = packed[at + MARK.len()..end].split_once('\n').unwrap_or_default();
            all.0.insert(name.trim().to_string(), source.to_string());
        }
        (&packed[..marks.first().copied().unwrap_or(packed.len())], all)
    }
}

/// The names that one flow, or one call of a sub-flow, sees.
#[derive(Debug, Default)]
pub struct Frame {
    /// Before its names of nodes, messages and variables: empty, or `check/`.
    pub prefix: String,
    /// The sub-flow and the node that calls it, where faults in it are told; none in a file of its own.
    pub called: Option<(String, Span)>,
    /// What it was given is not what it declares: that has been told, and what follows from it is not.
    pub is_faulty: bool,
    /// A sub-flow: it sees its inputs, and nothing of the contact beside them.
    pub is_subflow: bool,
    pub inputs: Vec<Input>,
    pub outputs: Vec<String>,
    pub defaults: Map,
    /// How many promise nodes there are.
    pub promises: usize,
    /// How many queue nodes there are.
    pub queues: usize,
}

/// What the caller gave, in the caller's words.
#[derive(Debug)]
pub struct Input {
    pub name: String,
    pub expr: Expr,
    pub ty: Type,
}

impl Frame {
    /// The name by which the whole flow knows a variable of this frame. An output is known to the caller as
    /// `<node>.<output>`; other variables have a name that no expression can write.
    pub fn variable(&self, name: &str) -> String {
        match self.prefix.strip_suffix('/') {
            Some(node) if self.outputs.iter().any(|o| o == name) => format!("{node}.{name}"),
            _ => format!("{}{name}", self.prefix),
        }
    }
}

/// One call of a sub-flow.
pub struct Called {
    /// Index of the caller's frame: 0 is the flow itself, n the call n - 1.
    pub parent: usize,
    /// The calling node, with its prefix.
    pub node: String,
    /// The name of the sub-flow, for messages.
    pub name: String,
    pub span: Span,
    /// The calling node's keys.
    pub map: Map,
    /// The sub-flow, all its places at the calling node.
    pub tree: Node,
    chain: Vec<String>,
}

/// All calls that the flow makes, and those its sub-flows make; each after its caller.
pub fn calls(cx: &mut Context<'_>, root: &Map, library: &Library) -> Vec<Called> {
    let mut calls: Vec<Called> = Vec::new();
    let mut trees: BTreeMap<String, Option<Node>> = BTreeMap::new();
    scan(cx, root, 0, "", &[], library, &mut trees, &mut calls);
    let mut next = 0;
    while next < calls.len() {
        let (map, prefix, chain) = match calls[next].tree.map() {
            Some(map) => (map.clone(), format!("{}/", calls[next].node), calls[next].chain.clone()),
            None => break,
        };
        scan(cx, &map, next + 1, &prefix, &chain, library, &mut trees, &mut calls);
        next += 1;
    }
    calls
}

#[expect(clippy::too_many_arguments, reason = "one walk, its state spelled out")]
fn scan(
    cx: &mut Context<'_>,
    map: &Map,
    parent: usize,
    prefix: &str,
    chain: &[String],
    library: &Library,
    trees: &mut BTreeMap<String, Option<Node>>,
    calls: &mut Vec<Called>,
) {
    let Some(nodes) = map.get("nodes").and_then(|e| e.value.map()) else { return };
    for entry in &nodes.entries {
        let Some((written, inner)) = entry.value.map().and_then(|m| Some((m.get("call")?, m))) else { continue };
        let Some(scalar) = cx.scalar(&written.value, "`call`") else { continue };
        let (name, span) = (scalar.text.clone(), written.value.span);
        if chain.contains(&name) {
            let message = format!("`{name}` would call itself: {} > {name}", chain.join(" > "));
            cx.error(codes::SUBFLOW, span, message);
            continue;
        }
        if chain.len() >= DEPTH_MAX || calls.len() >= CALLS_MAX {
            let message = format!("a flow makes at most {CALLS_MAX} calls of sub-flows, {DEPTH_MAX} deep");
            cx.error(codes::SUBFLOW, span, message);
            return;
        }
        let Some(source) = library.0.get(&name) else {
            let known: Vec<&str> = library.0.keys().map(String::as_str).collect();
            cx.unknown(codes::SUBFLOW, span, "sub-flow", &name, known);
            continue;
        };
        let tree = trees.entry(name.clone()).or_insert_with(|| read(&name, source));
        let Some(tree) = tree else {
            let message = format!("the sub-flow `{name}` has faults of its own");
            cx.error_help(codes::SUBFLOW, span, message, "`ringback flow check` names them in its file");
            continue;
        };
        let mut tree = tree.clone();
        tree.stand_at(entry.key_span);
        let chain = [chain, std::slice::from_ref(&name)].concat();
        let node = format!("{prefix}{}", entry.key);
        calls.push(Called { parent, node, name, span: entry.key_span, map: inner.clone(), tree, chain });
    }
}

/// `None`: it is not YAML, or no sub-flow.
fn read(name: &str, source: &str) -> Option<Node> {
    let mut faults = Vec::new();
    let tree = yaml::read(source, &mut faults)?;
    let own = match tree.map().and_then(|m| m.get("subflow")).map(|e| &e.value.value) {
        Some(Value::Scalar(scalar)) => scalar.text == name,
        _ => false,
    };
    (own && faults.is_empty()).then_some(tree)
}

impl Called {
    pub fn section(&self, key: &str) -> Option<&Node> {
        Some(&self.tree.map()?.get(key)?.value)
    }

    /// The words under `exits`.
    pub fn exits(&self) -> Vec<String> {
        words(self.section("exits"))
    }

    pub fn outputs(&self) -> Vec<String> {
        let map = self.section("outputs").and_then(Node::map);
        map.map(|m| m.entries.iter().map(|e| e.key.clone()).collect()).unwrap_or_default()
    }
}

/// The scalars of a list.
pub fn words(node: Option<&Node>) -> Vec<String> {
    let text = |node: &Node| match &node.value {
        Value::Scalar(scalar) => Some(scalar.text.clone()),
        Value::List(_) | Value::Map(_) => None,
    };
    match node.map(|n| &n.value) {
        Some(Value::List(items)) => items.iter().filter_map(text).collect(),
        Some(Value::Scalar(scalar)) => vec![scalar.text.clone()],
        Some(Value::Map(_)) | None => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packed_and_unpacked() {
        let library = Library([("a".into(), "subflow: a\n".into()), ("b".into(), "subflow: b".into())].into());
        assert_eq!(library.pack("flow: x", &[]), "flow: x");
        let packed = library.pack("flow: x", &["a".into(), "b".into()]);
        let (flow, unpacked) = Library::default().unpack(&packed);
        assert_eq!((flow, unpacked), ("flow: x\n", library));
    }
}
