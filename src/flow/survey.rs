//! A flow as an editor sees it: which name stands where, which words were possible where, what is known of the whole.
//!
//! The compiler itself notes these while it reads, so that nothing else has to know which key of which kind of node holds
//! a message, a target or an expression. There is a survey of any tree, however faulty.

use super::context::Context;
use super::expr::Type;
use super::program::{Field, Message, Variable};
use super::subflow::Library;
use super::test::TestCase;
use super::yaml::{Node, Scalar};
use crate::diagnostic::Span;

/// What a name names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Noun {
    Node,
    Message,
    /// A field of the contact.
    Field,
    Variable,
}

/// A name in the file: where it is declared, or where it is used.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mention {
    pub noun: Noun,
    pub name: String,
    /// The place of the name, or of the value that has the name in it.
    pub span: Span,
    pub declares: bool,
}

/// An expression in the file.
#[derive(Debug, Clone, PartialEq)]
pub struct Written {
    pub text: String,
    /// The place of its first character, and its length.
    pub span: Span,
    /// Variables may stand in it; else only what is known from the contact.
    pub variables: bool,
}

/// A word that is none of the known ones.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    pub word: String,
    pub known: Vec<String>,
    /// It is a key of a map.
    pub key: bool,
}

#[derive(Debug, Clone, Default)]
pub struct Survey {
    pub contact: Vec<Field>,
    pub variables: Vec<Variable>,
    /// Without the parts that could not be read.
    pub messages: Vec<Message>,
    /// Those that could be read.
    pub tests: Vec<TestCase>,
    /// In the order of the file; each once.
    pub mentions: Vec<Mention>,
    pub expressions: Vec<Written>,
    pub choices: Vec<Choice>,
    /// Several promises: `<node>.amount` instead of `promise.amount`.
    pub promises: usize,
}

impl Survey {
    pub(super) fn mention(&mut self, noun: Noun, name: &str, span: Span, declares: bool) {
        self.mentions.push(Mention { noun, name: name.to_string(), span, declares });
    }

    pub(super) fn expression(&mut self, scalar: &str, span: Span, variables: bool) {
        self.expressions.push(Written { text: scalar.to_string(), span, variables });
    }

    /// What is read twice is told once.
    pub(super) fn tidy(&mut self) {
        self.mentions.sort_by(|a, b| (a.span, &a.name, a.noun).cmp(&(b.span, &b.name, b.noun)));
        self.mentions.dedup();
        self.expressions.sort_by_key(|e| e.span);
        self.expressions.dedup();
    }

    pub fn field(&self, name: &str) -> Option<&Field> {
        self.contact.iter().find(|f| f.name == name)
    }

    pub fn variable(&self, name: &str) -> Option<&Type> {
        self.variables.iter().find(|v| v.name == name).map(|v| &v.ty)
    }
}

/// Surveys a tree that was read from `source`, by [`super::yaml::read`] or by a more forgiving reader.
pub fn survey(source: &str, root: &Node) -> Survey {
    let mut cx = Context::new(source);
    cx.survey = Some(Survey::default());
    super::compile::flow(&mut cx, root, &Library::default());
    let mut survey = cx.survey.take().unwrap_or_default();
    survey.contact = cx.contact;
    survey.variables = cx.variables;
    survey.promises = cx.frames[0].promises;
    survey.tidy();
    survey
}

impl Scalar {
    /// A value as a reader of half-written YAML found it; `raw` is where it stands in the source, in bytes.
    pub fn found(text: String, plain: bool, raw: (usize, usize)) -> Scalar {
        Scalar { text, plain, raw }
    }
}
