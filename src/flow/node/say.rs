//! `say`: speaks messages one after another and goes on. With `end` beside it, it is an [`end`](super::end).

use super::super::program::Step;
use super::{Kind, Presence, Reader, alone, declares_nothing, optional, required, teaches_nothing};

pub const KIND: Kind = Kind {
    name: "say",
    about: "Speaks one message, or a list of them, and goes on. `say` beside `end` speaks and then hangs up.",
    keys: &[
        required("say", "message or list of messages"),
        optional("interruptible", "a key stops the speech and is kept for the next node; true"),
    ],
    outcomes: &[alone("next", "all has been said, or a key stopped it")],
    presence: Presence::Nobody,
    declare: declares_nothing,
    lower,
    facts: teaches_nothing,
};

fn lower(node: &mut Reader<'_, '_>) -> Option<Step> {
    let messages = node.messages("say", &[]);
    let interruptible = node.truth("interruptible", true);
    Some(Step::Say { messages, interruptible })
}

#[cfg(test)]
mod tests {
    use super::super::tests::{codes, compiled};
    use super::*;
    use crate::flow::program::Via;

    #[test]
    fn lowered() {
        let program = compiled("{ say: [a, b], interruptible: false, next: bye }");
        let Step::Say { messages, interruptible } = &program.steps[0].step else { panic!() };
        assert_eq!((messages.len(), *interruptible), (2, false));
        assert_eq!(program.steps[0].to(Via::Outcome("next")).0, 2);
        assert_eq!(program.steps[0].says, *messages);
        assert_eq!(codes("{ say: [], next: bye }"), ["F005"]);
        assert_eq!(codes("{ say: a, nxt: bye }"), ["F016", "F006"]);
    }
}
