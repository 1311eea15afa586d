//! The canonical layout of a flow. Three promises, in this order: the flow means the same, every comment stays with its
//! key, and a flow laid out once is not changed again. The first two are checked on every file before anything is given
//! out: what the printer cannot say, it leaves alone.
//!
//! The layout: sections in the order of `flow::FLOW_KEYS` (of a sub-flow, `SUBFLOW_KEYS`), a blank line between their groups; two spaces a level; a map
//! or list that was written in brackets stays so when it fits on a line; messages are block maps, their texts in double
//! quotes, and folded (`>-`) when too long for a line. Blank lines and line breaks of folded texts are the author's.

mod attach;
mod print;
mod scalar;
mod tree;

use crate::diagnostic::Diagnostic;
use crate::flow::{self, yaml};
use tree::Tree;

/// Longest line that is laid out, in characters, where a break is possible.
const WIDTH: usize = 118;

/// Why a file is left alone.
#[derive(Debug)]
pub enum LeftAlone {
    /// It is no YAML map that flows may use.
    Unreadable(Vec<Diagnostic>),
    /// It is read, but the canonical layout cannot say the same.
    Unsayable,
}

/// The canonical layout of `source`.
///
/// # Errors
/// Texts that are left alone. Flows with other mistakes than YAML's are laid out.
pub fn format(source: &str) -> Result<String, LeftAlone> {
    // A byte order mark and the line ends of other systems mean nothing in YAML.
    let source = source.trim_start_matches('\u{feff}').replace("\r\n", "\n").replace('\r', "\n");
    let mut diagnostics = Vec::new();
    let meant = yaml::read(&source, &mut diagnostics);
    let meant = match meant.filter(|root| root.map().is_some()) {
        Some(meant) if diagnostics.is_empty() => meant,
        Some(_) => return Err(LeftAlone::Unreadable(diagnostics)),
        None => return Err(LeftAlone::Unreadable(flow::compile(&source).diagnostics)),
    };
    let tree = tree::read(&source).ok_or(LeftAlone::Unsayable)?;
    let out = print::print(&tree, &source);
    let same = yaml::read(&out, &mut diagnostics).is_some_and(|said| same_meaning(&meant, &said))
        && tree::read(&out).is_some_and(|laid_out| comments(&laid_out) == comments(&tree));
    if same { Ok(out) } else { Err(LeftAlone::Unsayable) }
}

/// Every comment with the path of the key it belongs to, sorted.
fn comments(tree: &Tree) -> Vec<(String, String)> {
    let mut found = tree.comments();
    found.sort();
    found
}

/// Whether two trees are one to the compiler, up to the order of a flow's sections.
fn same_meaning(before: &yaml::Node, after: &yaml::Node) -> bool {
    let (Some(before), Some(after)) = (before.map(), after.map()) else { return false };
    before.entries.len() == after.entries.len()
        && before.entries.iter().all(|entry| {
            after.get(&entry.key).is_some_and(|other| {
                entry.key_plain == other.key_plain
                    && same_node(&entry.value, &other.value, if entry.key == "messages" { 2 } else { 0 })
            })
        })
}

/// `texts_below`: how many levels below, the texts of messages stand; there quotes make no difference. 0: nowhere.
fn same_node(before: &yaml::Node, after: &yaml::Node, texts_below: usize) -> bool {
    use yaml::Value::{List, Map, Scalar};
    match (&before.value, &after.value) {
        (Scalar(a), Scalar(b)) => {
            a.text == b.text && (a.plain == b.plain || texts_below > 0 && scalar::may_be_quoted(a))
        }
        (List(a), List(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same_node(a, b, 0)),
        (Map(a), Map(b)) => {
            a.entries.len() == b.entries.len()
                && a.entries.iter().zip(&b.entries).all(|(a, b)| {
                    a.key == b.key && a.key_plain == b.key_plain && same_node(&a.value, &b.value, texts_below)
                })
        }
        (Scalar(_) | List(_) | Map(_), _) => false,
    }
}

#[cfg(test)]
mod tests;
