//! `queue`: connects the client to a human agent.

use std::time::Duration;

use super::super::graph::Fact;
use super::super::program::{Queue, Step, Via};
use super::{Kind, Presence, Reader, acted, alone, declares_nothing, optional, required};

pub const KIND: Kind = Kind {
    name: "queue",
    about: "Connects the client to a human agent of a queue that the config names.",
    keys: &[
        required("queue", "name of the queue"),
        optional("say", "message before the agent is rung"),
        optional("timeout", "how long the agent is rung; 60s"),
    ],
    outcomes: &[
        acted("answered", "agent and client have talked"),
        alone("no_agent", "nobody free, nobody picked up, or `timeout`"),
    ],
    presence: Presence::Person,
    declare: declares_nothing,
    lower,
    facts,
};

fn facts(_: &Step, via: Via) -> Vec<Fact> {
    if via == Via::Outcome("answered") { vec![Fact::Talked] } else { vec![] }
}

fn lower(node: &mut Reader<'_, '_>) -> Option<Step> {
    let name = node.get("queue").and_then(|written| {
        let scalar = node.cx.scalar(written, "`queue`")?;
        let good = node.cx.name(&scalar.text, scalar.plain, written.span, "a queue");
        good.then(|| scalar.text.clone())
    });
    let message = node.get("say").and_then(|n| node.message_of(n, "say", &[]));
    // Not from `defaults`: there `timeout` is the wait for a key.
    let timeout = match node.get("timeout") {
        Some(n) => node.cx.duration(n, "`timeout`", Duration::from_secs(5), Duration::from_secs(600)),
        None => Some(Duration::from_secs(60)),
    };
    Some(Step::Queue(Queue { queue: name?, message, timeout: timeout? }))
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
        assert_eq!(codes("{ queue: collections, timeout: 1s, answered: bye, no_agent: bye }"), ["F008"]);
    }
}
