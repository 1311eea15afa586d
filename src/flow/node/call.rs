//! `call`: a sub-flow of the library, written out at this place by [`subflow`](super::super::subflow). Not a step.

use super::super::program::Step;
use super::{Kind, Presence, Reader, declares_nothing, optional, required, teaches_nothing};

pub const KIND: Kind = Kind {
    name: "call",
    about: "Goes through a sub-flow (a file of the folder `library/` beside the flow) as if it were one node. Its exits are the \
            outcomes to route; its outputs are `<node>.<output>`; in paths and reports its nodes are `<node>/<name>`. What is \
            given in is put in the place of `input.…`, so every proof goes through the sub-flow. It cannot call itself.",
    keys: &[
        required("call", "the name of the sub-flow"),
        optional("with", "map of input to expression: `{ last4: contact.last4 }`"),
    ],
    outcomes: &[],
    presence: Presence::Nobody,
    declare: declares_nothing,
    lower,
    facts: teaches_nothing,
};

fn lower(_: &mut Reader<'_, '_>) -> Option<Step> {
    unreachable!("a call is written out before nodes are lowered")
}
