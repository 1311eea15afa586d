//! `exit`: leaves a sub-flow by one of its exits. Not a step, once the sub-flow is written out at its caller.

use super::super::codes;
use super::super::program::Step;
use super::{Kind, Presence, Reader, declares_nothing, required, teaches_nothing};
use crate::outcome::Disposition;

pub const KIND: Kind = Kind {
    name: "exit",
    about: "Leaves a sub-flow by one of its `exits`; the caller says where that leads. Only in sub-flows.",
    keys: &[required("exit", "one of `exits`")],
    outcomes: &[],
    presence: Presence::Nobody,
    declare: declares_nothing,
    lower,
    facts: teaches_nothing,
};

/// Only while a sub-flow is checked by itself: there an exit is an end of its own.
fn lower(node: &mut Reader<'_, '_>) -> Option<Step> {
    let written = node.get("exit")?;
    let scalar = node.cx.scalar(written, "`exit`")?;
    if !node.cx.frame().is_subflow {
        let help = "in a flow, `end` ends the call";
        node.cx.error_help(codes::KIND, written.span, "`exit` leaves a sub-flow, and this is none", help);
        return None;
    }
    if !node.cx.exits.contains(&scalar.text) {
        let known = node.cx.exits.clone();
        node.cx.unknown(codes::RESULT, written.span, "exit", &scalar.text, known.iter().map(String::as_str));
        return None;
    }
    Some(Step::End { messages: Vec::new(), result: Disposition::Informed })
}
