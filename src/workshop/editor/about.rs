//! What the language's reference says of a key.

use crate::flow::FLOW_KEYS;
use crate::flow::node::{self, Kind};
use crate::flow::yaml::{Entry, Map, Node, Value};

/// A key found in the tree: the keys around it, its map, itself.
pub struct Found<'n> {
    /// From the outside in; an item of a list is not among them.
    pub path: Vec<&'n str>,
    pub map: &'n Map,
    pub entry: &'n Entry,
}

/// The innermost key for which `wanted` holds.
pub fn find<'n>(tree: &'n Node, wanted: &dyn Fn(&Entry) -> bool) -> Option<Found<'n>> {
    fn down<'n>(node: &'n Node, path: &mut Vec<&'n str>, wanted: &dyn Fn(&Entry) -> bool) -> Option<Found<'n>> {
        match &node.value {
            Value::Scalar(_) => None,
            Value::List(items) => items.iter().find_map(|item| down(item, path, wanted)),
            Value::Map(map) => map.entries.iter().find_map(|entry| {
                path.push(&entry.key);
                let inner = down(&entry.value, path, wanted);
                path.pop();
                inner.or_else(|| wanted(entry).then(|| Found { path: path.clone(), map, entry }))
            }),
        }
    }
    down(tree, &mut Vec::new(), wanted)
}

/// The kind of a node, when it has one. `say` gives way to the kind it stands beside.
pub fn kind_of(node: &Map) -> Option<&'static Kind> {
    let has = |kind: &&&Kind| node.get(kind.name).is_some();
    node::ALL.iter().filter(has).find(|k| k.name != "say").or_else(|| node::ALL.iter().find(has)).copied()
}

/// What `key` is, in a map at `path`.
pub fn key(path: &[&str], map: &Map, key: &str) -> Option<String> {
    match path {
        [] => FLOW_KEYS.iter().find(|(name, ..)| *name == key).map(|(_, required, about)| marked(about, *required)),
        ["nodes", _] => of_node(kind_of(map), key),
        ["defaults"] => {
            let listening = node::LISTENING.iter().find(|k| k.name == key).map(|k| k.about);
            listening.map(str::to_string).or_else(|| node::ALL.iter().find_map(|kind| of_node(Some(kind), key)))
        }
        _ => None,
    }
}

fn marked(about: &str, required: bool) -> String {
    if required { format!("{about} (required)") } else { about.to_string() }
}

fn of_node(kind: Option<&'static Kind>, key: &str) -> Option<String> {
    let own = kind.and_then(|kind| {
        let in_keys = kind.keys.iter().find(|k| k.name == key);
        let in_outcomes = || kind.outcomes.iter().find(|o| o.name == key).map(|o| format!("outcome: {}", o.about));
        let listening = || node::LISTENING.iter().filter(|_| kind.listens()).find(|k| k.name == key);
        match in_keys {
            Some(found) if key == kind.name => {
                Some(format!("{}\n\n{}", kind.about, marked(found.about, found.required)))
            }
            Some(found) => Some(marked(found.about, found.required)),
            None => in_outcomes().or_else(|| listening().map(|k| k.about.to_string())),
        }
    });
    own.or_else(|| node::ALL.iter().find(|k| k.name == key).map(|k| k.about.to_string()))
}
