//! What an editor asks of a flow that is being written: what is wrong, what may stand here, what this is, where it is
//! used, what it is called from now on.
//!
//! Texts and places in, answers out. The protocol and its pipe are `cli::flow::lsp`'s. Nothing here knows what a key of a
//! kind of node holds: the compiler surveys the tree and tells (`flow::survey`). Start at [`Document`].

mod about;
mod completion;
mod hover;
mod names;
mod rough;
mod spoken;
mod symbols;
mod text;

pub use completion::{Proposal, Sort};
pub use hover::Hover;
pub use symbols::{Symbol, SymbolSort};
pub use text::{Encoding, Place, Range, Text};

use crate::diagnostic::{Diagnostic, Severity};
use crate::flow::survey::{Survey, survey};
use crate::flow::yaml::{self, Entry, Node};
use crate::flow::{self, Library};

/// A flow as it stands in an editor at one moment.
#[derive(Debug, Clone)]
pub struct Document {
    text: Text,
    tree: Node,
    survey: Survey,
    diagnostics: Vec<Diagnostic>,
    /// Why the text is not YAML at the moment; the tree is then a guess.
    broken: Option<Diagnostic>,
    /// What it can call.
    library: Library,
}

/// A diagnostic at its place in the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub range: Range,
    pub severity: Severity,
    pub code: &'static str,
    /// What is wrong, and below it what to do.
    pub message: String,
}

impl Document {
    /// Total: any text whatever, however broken.
    pub fn new(source: &str) -> Document {
        Document::beside(source, Library::default())
    }

    /// As [`Document::new`], with the sub-flows that lie beside it.
    pub fn beside(source: &str, library: Library) -> Document {
        let (tree, broken) = tree(source);
        Document {
            text: Text::new(source),
            survey: survey(source, &tree),
            tree,
            diagnostics: flow::compile_with(source, &library).diagnostics,
            library,
            broken,
        }
    }

    pub fn text(&self) -> &Text {
        &self.text
    }

    /// All that the compiler says, in the order of the file. Nothing of a file that is no flow: editors send every YAML.
    pub fn findings(&self) -> Vec<Finding> {
        if !self.says_flow() {
            return Vec::new();
        }
        let finding = |d: &Diagnostic| Finding {
            range: self.text.range(d.span),
            severity: d.severity,
            code: d.code,
            message: match &d.help {
                Some(help) => format!("{}\n{help}", d.message),
                None => d.message.clone(),
            },
        };
        self.diagnostics.iter().map(finding).collect()
    }
}

impl Document {
    fn says_flow(&self) -> bool {
        let has = |key| self.tree.map().is_some_and(|map| map.get(key).is_some());
        has("flow") || has("messages") || has("nodes")
    }

    /// Some other YAML. A flow that has only been begun is none.
    fn is_other(&self) -> bool {
        let known = |key: &str| flow::FLOW_KEYS.iter().any(|(name, ..)| *name == key);
        let other = |e: &Entry| !known(&e.key) && e.value.kind() != "nothing";
        !self.says_flow() && self.tree.map().is_some_and(|map| map.entries.iter().any(other))
    }
}

/// The tree of the text; with the reason when it had to be guessed.
fn tree(source: &str) -> (Node, Option<Diagnostic>) {
    let mut found = Vec::new();
    match yaml::read(source, &mut found) {
        Some(tree) => (tree, None),
        None if source.len() > yaml::SOURCE_MAX => (rough::read(""), found.pop()),
        None => (rough::read(source), found.pop()),
    }
}
