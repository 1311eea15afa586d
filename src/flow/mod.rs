//! Flows: YAML a clerk can read → a [`Program`](program::Program) a call can run.
//!
//! Pure. Reads no files, asks no clock, plays no audio. Start at [`program`] for what comes out, [`compile`] for the way in.

mod bind;
mod check;
mod check_digit;
pub mod codes;
mod compile;
mod context;
pub mod expr;
pub mod graph;
pub mod made;
mod message;
pub mod node;
pub mod program;
mod sections;
mod subflow;
pub mod survey;
pub mod test;
mod test_section;
pub mod yaml;

pub use bind::{BindError, read_value};
pub use compile::{compile, compile_with};
pub use context::{NAMES, is_name, parse_duration};
pub use message::walk;
pub use sections::{KEYS as FLOW_KEYS, SUBFLOW_KEYS, TYPES};
pub use subflow::Library;
pub use test_section::{EXPECTATION_TABLE, EXPECTATIONS, STEP_TABLE, STEPS};

use crate::diagnostic::{Diagnostic, Span};

/// The nodes of a flow, with the places of their names. Those of sub-flows stand in other files.
pub fn node_places(source: &str) -> Vec<(String, Span)> {
    let (source, _) = Library::default().unpack(source);
    let root = yaml::read(source, &mut Vec::new());
    let nodes = root.as_ref().and_then(|root| root.map()?.get("nodes")?.value.map());
    nodes.map(|map| map.entries.iter().map(|e| (e.key.clone(), e.key_span)).collect()).unwrap_or_default()
}

/// The typed fields under `contact:` of a map at the top of a file, a flow's or a ladder's, and what is wrong with them.
pub fn contact_fields(source: &str, top: &yaml::Map) -> (Vec<program::Field>, Vec<Diagnostic>) {
    let mut cx = context::Context::new(source);
    let fields = sections::contact(&mut cx, top);
    (fields, cx.diagnostics)
}

/// What [`compile`] found out.
#[derive(Debug, Clone)]
pub struct Compiled {
    /// Present exactly when no diagnostic is an error and the text is a flow, not a sub-flow.
    pub program: Option<program::Program>,
    /// The name of the sub-flow that the text is, checked by itself.
    pub subflow: Option<String>,
    /// The flow with the sub-flows it uses, as one text that compiles to the same without a library; its hash is the
    /// program's. This is what is kept of a published flow.
    pub source: String,
    /// Empty unless `program` is present.
    pub tests: Vec<test::TestCase>,
    /// Sorted by place.
    pub diagnostics: Vec<Diagnostic>,
}
