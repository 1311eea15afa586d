//! `queue`: connects the client to a human agent.

use std::time::Duration;

use super::super::codes;
use super::super::expr::Type;
use super::super::graph::Fact;
use super::super::program::{Domain, POSITION_MAX, Queue, Step, Via, WAIT_MINUTES_MAX};
use super::menu::is_key;
use super::{Kind, Presence, Reader, acted, alone, optional, required};

pub const KIND: Kind = Kind {
    name: "queue",
    about: "Connects the client to a human agent of a queue that the config names. Who comes while all are busy waits in line, \
            by priority; sets `queue.position` (from 1) and `queue.wait` (minutes) for `waiting`; with several queue nodes, \
            `<node>.position` and `<node>.wait`. Who hangs up while waiting has abandoned: the call ends there.",
    keys: &[
        required("queue", "name of the queue"),
        optional("say", "message before the agent is rung"),
        optional("timeout", "how long an agent is waited for; 60s"),
        optional("priority", "expression of number or money; who has more is served first; 0"),
        optional("waiting", "message while waiting in line, at once and then `every`"),
        optional("every", "how often `waiting` is said; 30s"),
        optional(
            "call_back",
            "key that leaves the line to be called back: `\"1\"`; needs `waiting`, which must name it",
        ),
    ],
    outcomes: &[
        acted("answered", "agent and client have talked"),
        alone("no_agent", "nobody works in this queue, or nobody picked up"),
        alone("no_time", "`timeout` passed in line; goes where `no_agent` goes unless routed").or("no_agent"),
        alone("closed", "outside the queue's hours; goes where `no_agent` goes unless routed").or("no_agent"),
        acted("called_back", "the key of `call_back` was pressed; goes where `no_agent` goes unless routed")
            .or("no_agent"),
    ],
    presence: Presence::Person,
    declare,
    lower,
    facts,
};

fn facts(_: &Step, via: Via) -> Vec<Fact> {
    if via == Via::Outcome("answered") { vec![Fact::Talked] } else { vec![] }
}

fn names(node: &Reader<'_, '_>) -> [String; 2] {
    let owner = if node.cx.frame().queues > 1 { node.name } else { "queue" };
    [format!("{owner}.position"), format!("{owner}.wait")]
}

fn declare(node: &mut Reader<'_, '_>) {
    let [position, wait] = names(node);
    let span = node.span;
    node.cx.declare(&position, Type::Number, Domain::Numbers(1, POSITION_MAX), span);
    node.cx.declare(&wait, Type::Number, Domain::Numbers(1, WAIT_MINUTES_MAX), span);
}

fn lower(node: &mut Reader<'_, '_>) -> Option<Step> {
    let [position, wait] = names(node).map(|name| node.cx.variable(&name));
    let (position, wait) = (position?, wait?);
    let name = node.get("queue").and_then(|written| {
        let scalar = node.cx.scalar(written, "`queue`")?;
        let good = node.cx.name(&scalar.text, scalar.plain, written.span, "a queue");
        good.then(|| scalar.text.clone())
    });
    let message = node.get("say").and_then(|n| node.message_of(n, "say", &[]));
    let timeout = node.ringing(60, 5, 600);
    let priority = match node.get("priority") {
        Some(written) => {
            let (expr, ty) = node.expr(written, "`priority`")?;
            if !matches!(ty, Type::Number | Type::Money) {
                let message = format!("a priority is a number or money, not {}", ty.words());
                node.cx.error(codes::TYPE, written.span, message);
            }
            Some(expr)
        }
        None => None,
    };
    let waiting = node.get("waiting").and_then(|n| node.message_of(n, "waiting", &[position, wait]));
    let every = node.duration("every", Duration::from_secs(30), Duration::from_secs(10), Duration::from_secs(120));
    let call_back = call_back(node)?;
    Some(Step::Queue(Queue {
        queue: name?,
        message,
        timeout: timeout?,
        priority,
        waiting,
        every,
        call_back,
        position,
        wait,
    }))
}

/// `None`: faulty.
fn call_back(node: &mut Reader<'_, '_>) -> Option<Option<String>> {
    let Some(written) = node.get("call_back") else { return Some(None) };
    let scalar = node.cx.scalar(written, "`call_back`")?;
    if !is_key(&scalar.text) || scalar.text.len() != 1 {
        node.cx.error(codes::KEY, written.span, "`call_back` is one key: \"1\"");
        return None;
    }
    if node.get("waiting").is_none() {
        node.cx.error(codes::MISSING_KEY, written.span, "`call_back` needs `waiting`: a message that names its key");
        return None;
    }
    node.cx.menu_keys.insert(node.id, vec![(scalar.text.clone(), written.span)]);
    Some(Some(scalar.text.clone()))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{codes, step};
    use super::*;

    #[test]
    fn lowered() {
        let Step::Queue(q) = step("{ queue: collections, say: a, timeout: 90s, answered: bye, no_agent: bye }") else {
            panic!()
        };
        assert_eq!((q.queue.as_str(), q.timeout.as_secs()), ("collections", 90));
        assert_eq!(codes("{ queue: collections, answered: bye }"), ["F016"]);
        assert_eq!((q.priority.is_none(), q.every.as_secs()), (true, 30));
        let Step::Queue(q) = step(
            "{ queue: collections, priority: contact.amount, waiting: d, call_back: \"5\", answered: bye, no_agent: bye }",
        ) else {
            panic!()
        };
        assert_eq!(q.call_back.as_deref(), Some("5"));
        assert_eq!(codes("{ queue: x1, priority: contact.name, answered: bye, no_agent: bye }"), ["F015"]);
        assert_eq!(codes("{ queue: x1, call_back: \"1\", answered: bye, no_agent: bye }"), ["F007"]);
        assert_eq!(codes("{ queue: collections, timeout: 1s, answered: bye, no_agent: bye }"), ["F008"]);
    }
}
