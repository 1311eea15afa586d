//! Human agents: which of a queue's agents is free. Pure.
//!
//! Knows addresses and who is talking; rings nobody (the engine orders that). Wrap-up, skills and states come later.

use std::collections::BTreeMap;

use crate::id::CallId;

/// The agents of all queues and the calls they hold.
#[derive(Debug, Default)]
pub struct Desk {
    queues: BTreeMap<String, Vec<Agent>>,
}

#[derive(Debug)]
struct Agent {
    /// A SIP URI.
    address: String,
    /// The call the agent is rung for or talks in.
    call: Option<CallId>,
    /// How many calls were given to this agent: the least busy is taken first.
    given: u64,
}

impl Desk {
    /// `queues`: name → SIP addresses of its agents.
    pub fn new(queues: impl IntoIterator<Item = (String, Vec<String>)>) -> Desk {
        let agents = |addresses: Vec<String>| {
            addresses.into_iter().map(|address| Agent { address, call: None, given: 0 }).collect()
        };
        Desk { queues: queues.into_iter().map(|(name, addresses)| (name, agents(addresses))).collect() }
    }

    /// A free agent of `queue`, now held for `call`. `None`: nobody is free, or there is no such queue.
    pub fn take(&mut self, queue: &str, call: CallId) -> Option<&str> {
        let free = self.queues.get_mut(queue)?.iter_mut().filter(|a| a.call.is_none());
        let agent = free.min_by_key(|a| a.given)?;
        agent.call = Some(call);
        agent.given += 1;
        Some(&agent.address)
    }

    /// Frees whoever was held for `call`.
    pub fn release(&mut self, call: CallId) {
        for agent in self.queues.values_mut().flatten().filter(|a| a.call == Some(call)) {
            agent.call = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_busy_free_agent_is_taken() {
        let mut desk = Desk::new([("collections".to_string(), vec!["sip:a".to_string(), "sip:b".to_string()])]);
        assert_eq!(desk.take("collections", CallId(1)), Some("sip:a"));
        assert_eq!(desk.take("collections", CallId(2)), Some("sip:b"));
        assert_eq!(desk.take("collections", CallId(3)), None);
        desk.release(CallId(2));
        desk.release(CallId(1));
        assert_eq!(desk.take("collections", CallId(4)), Some("sip:a"));
        assert_eq!(desk.take("nowhere", CallId(5)), None);
    }
}
