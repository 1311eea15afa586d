//! Checks of a whole flow, once all its parts are read: paths, what is known on them, and what prompts announce.

mod fact_set;
mod facts;
mod keys;
mod paths;
mod secrets;
mod times;

use super::context::Context;
use super::message::Prose;
use super::program::{Message, MessageId, NamedStep, StepId};
use crate::diagnostic::Span;

/// A flow as far as it could be read.
pub struct Sketch<'a> {
    /// By [`StepId`]; `None`: could not be read, and has been reported.
    pub steps: &'a [Option<NamedStep>],
    pub names: &'a [(String, Span)],
    pub messages: &'a [Message],
    pub message_spans: &'a [Span],
    pub start: Option<StepId>,
    pub start_span: Span,
    pub on_machine: Option<(StepId, Span)>,
    pub on_screening: Option<(MessageId, Span)>,
    pub hotkeys: &'a [(String, StepId, Span)],
    pub prose: &'a [Prose],
    /// Checked by itself: what only a whole flow must have is not asked of it.
    pub is_subflow: bool,
}

impl Sketch<'_> {
    /// A part is missing, so nothing can be said about what does not exist.
    pub fn has_holes(&self) -> bool {
        let here = |id: StepId| (id.0 as usize) < self.steps.len();
        self.start.is_none()
            || self.steps.iter().any(|s| match s {
                None => true,
                Some(step) => step.routes.iter().any(|(_, to)| !here(*to)),
            })
    }

    pub fn step(&self, id: StepId) -> Option<&NamedStep> {
        self.steps.get(id.0 as usize)?.as_ref()
    }
}

pub fn run(cx: &mut Context<'_>, sketch: &Sketch<'_>) {
    paths::check(cx, sketch);
    facts::check(cx, sketch);
    keys::check(cx, sketch);
    secrets::check(cx, sketch);
    times::check(cx, sketch);
}
