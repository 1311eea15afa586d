//! `say`: speaks messages one after another and goes on. With `end` beside it, it is an [`end`](super::end).

use super::super::program::Step;
use super::{Kind, Reader, declares_nothing, optional, outcome, required};

pub const KIND: Kind = Kind {
    name: "say",
    about: "Speaks one message, or a list of them, and goes on. `say` beside `end` speaks and then hangs up.",
    keys: &[
        required("say", "message or list of messages"),
        optional("interruptible", "a key stops the speech and is kept for the next node; true"),
    ],
    outcomes: &[outcome("next", "all has been said, or a key stopped it")],
    declare: declares_nothing,
    lower,
};

fn lower(node: &mut Reader<'_, '_>) -> Option<Step> {
    let messages = node.messages("say", &[]);
    let interruptible = node.truth("interruptible", true);
    Some(Step::Say { messages, interruptible, next: node.route("next")? })
}

#[cfg(test)]
mod tests {
    use super::super::tests::{codes, step};
    use super::*;

    #[test]
    fn lowered() {
        let Step::Say { messages, interruptible, next } = step("{ say: [a, b], interruptible: false, next: bye }")
        else {
            panic!()
        };
        assert_eq!((messages.len(), interruptible, next.0), (2, false, 2));
        assert_eq!(codes("{ say: [], next: bye }"), ["F005"]);
        assert_eq!(codes("{ say: a, nxt: bye }"), ["F016", "F006"]);
    }
}
