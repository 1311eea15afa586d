//! A call's other party: the agent of a queue or the other end of a transfer. Its leg has one name a call, so that a leg that was
//! hung up on must have its last word before the next is dialled.

use super::{Destination, Engine, LegEvent, Limits, Output};
use crate::agent::{AGENT_RING_MAX, DeskOrder};
use crate::call::Event;
use crate::campaign::TrunkId;
use crate::id::*;
use crate::outcome::HangupCause;
use crate::phone::PhoneNumber;
use crate::time::{Mono, Now};

/// What the other party's leg is at.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) enum OtherEnd {
    #[default]
    None,
    /// An agent of a queue is rung, until then at the most; `None`: taken back already, its last word is awaited.
    AgentRung {
        until: Option<Mono>,
    },
    /// The other end of a transfer is rung.
    TransferRung,
    Talking,
    /// Hung up on; its last word is awaited. Then this is wanted.
    Leaving(Option<Wanted>),
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    Agent { queue: String, priority: i64 },
    Transfer(Destination),
}

impl Limits {
    /// Whether a client's number may be dialled.
    pub fn may_dial(&self, number: &str) -> bool {
        self.allow_prefixes.iter().any(|prefix| number.starts_with(prefix.as_str()))
    }

    /// Whether a call may be given to this number (`+…`) or address (`sip:…`). Numbers obey `allow_prefixes` too, also when they
    /// come as the user of an address.
    pub fn may_transfer(&self, to: &str) -> bool {
        let Some((user, host)) = to.strip_prefix("sip:").and_then(|rest| rest.split_once('@')) else {
            let listed =
                self.transfer_to.iter().any(|listed| listed.starts_with('+') && to.starts_with(listed.as_str()));
            return listed && self.may_dial(to);
        };
        let named = |listed: &String| {
            let listed = listed.strip_prefix("sip:").and_then(|rest| rest.split_once('@'));
            listed.is_some_and(|(any, at)| at.eq_ignore_ascii_case(host) && (any == "*" || any == user))
        };
        self.transfer_to.iter().any(named) && (!user.starts_with('+') || self.may_dial(user))
    }
}

impl Engine {
    pub(super) fn ring_agent(&mut self, now: Now, id: CallId, queue: String, priority: i64, out: &mut Vec<Output>) {
        self.want(now, id, Wanted::Agent { queue, priority }, out);
    }

    /// Rings the other end, if that is allowed.
    pub(super) fn transfer(&mut self, now: Now, id: CallId, to: &str, out: &mut Vec<Output>) {
        if let Some(to) = self.allowed(now, id, to, out) {
            self.want(now, id, Wanted::Transfer(to), out);
        }
    }

    /// Sends the client there, if that is allowed.
    pub(super) fn refer(&mut self, now: Now, id: CallId, to: &str, out: &mut Vec<Output>) {
        if let Some(to) = self.allowed(now, id, to, out) {
            out.push(Output::Refer { leg: LegId::client(id), to });
        }
    }

    /// To whom a call may be given; else the call is told so.
    fn allowed(&mut self, now: Now, id: CallId, to: &str, out: &mut Vec<Output>) -> Option<Destination> {
        let number = to.parse::<PhoneNumber>().ok();
        if !self.limits.may_transfer(to) {
            let shown = number.map_or_else(|| to.to_string(), |number| number.to_string());
            let both = "`transfer_to` and `allow_prefixes` in the config do not both allow it";
            out.push(Output::Warn(format!("call {id} is not given to {shown}: {both}")));
            self.tell(now, id, Event::TransferFailed(HangupCause::SystemError), out);
            return None;
        }
        Some(number.map_or_else(|| Destination::Agent(to.to_string()), Destination::Number))
    }

    /// Now, or when the leg before has had its last word.
    fn want(&mut self, now: Now, id: CallId, wanted: Wanted, out: &mut Vec<Output>) {
        let Some(live) = self.calls.get_mut(id) else { return };
        if let OtherEnd::Leaving(next) = &mut live.other_end {
            *next = Some(wanted);
            return;
        }
        match wanted {
            Wanted::Transfer(to) => {
                live.other_end = OtherEnd::TransferRung;
                let trunk = self.way_out(&to);
                out.push(Output::Dial { leg: LegId::agent(id), to, trunk });
            }
            Wanted::Agent { queue, priority } => {
                self.wants_agent(now, id, &queue);
                let orders = self.desk.join(now, &queue, id, priority);
                self.carry_out_at_desk(now, orders, out);
            }
        }
    }

    /// Agents are rung over the first trunk, a number over the first that is for it.
    fn way_out(&self, to: &Destination) -> TrunkId {
        let route = match to {
            Destination::Number(number) => self.trunks.route(number).ok(),
            Destination::Agent(_) => None,
        };
        route.and_then(|route| route.first().copied()).unwrap_or(TrunkId(0))
    }

    fn carry_out_at_desk(&mut self, now: Now, orders: Vec<DeskOrder>, out: &mut Vec<Output>) {
        let mut facts = Vec::new();
        for order in orders {
            match order {
                DeskOrder::Ring { call, address } => {
                    let live = self.calls.get_mut(call).expect("who hangs up leaves the line");
                    live.other_end = OtherEnd::AgentRung { until: Some(now.mono + AGENT_RING_MAX) };
                    let to = Destination::Agent(address);
                    let trunk = self.way_out(&to);
                    out.push(Output::Dial { leg: LegId::agent(call), to, trunk });
                }
                DeskOrder::Queued { call, position, wait } => facts.push((call, Event::Queued { position, wait })),
                DeskOrder::Nobody { call } => facts.push((call, Event::AgentUnavailable)),
                DeskOrder::Closed { call } => facts.push((call, Event::QueueClosed)),
            }
        }
        // Told last: what a call does about it may bring about new orders.
        for (call, fact) in facts {
            self.tell(now, call, fact, out);
        }
    }

    /// Rests that are over, and agents who have been rung for long enough.
    pub(super) fn turn_desk(&mut self, now: Now, out: &mut Vec<Output>) {
        for id in self.calls.due(now.mono) {
            if let Some(OtherEnd::AgentRung { until }) = self.calls.get_mut(id).map(|live| &mut live.other_end)
                && until.take_if(|until| *until <= now.mono).is_some()
            {
                out.push(Output::Hangup { leg: LegId::agent(id) });
            }
        }
        let orders = self.desk.ticked(now.mono);
        self.carry_out_at_desk(now, orders, out);
    }

    /// The calls in line, and the queue in which each waits.
    pub fn in_line(&self) -> impl Iterator<Item = (CallId, &str)> {
        self.desk.waiting()
    }

    /// Hangs up on the other party, whatever its leg is at, and wants no other.
    pub(super) fn release_other_end(&mut self, now: Now, id: CallId, out: &mut Vec<Output>) {
        let Some(live) = self.calls.get_mut(id) else { return };
        match &mut live.other_end {
            OtherEnd::None => {}
            OtherEnd::Leaving(next) => *next = None,
            OtherEnd::AgentRung { until: None } => live.other_end = OtherEnd::Leaving(None),
            OtherEnd::AgentRung { until: Some(_) } | OtherEnd::TransferRung | OtherEnd::Talking => {
                live.other_end = OtherEnd::Leaving(None);
                out.push(Output::Hangup { leg: LegId::agent(id) });
            }
        }
        let orders = self.desk.leave(now.mono, id);
        self.carry_out_at_desk(now, orders, out);
    }

    pub(super) fn agent_leg(&mut self, now: Now, id: CallId, event: LegEvent, out: &mut Vec<Output>) {
        match event {
            LegEvent::Answered => {
                let Some(live) = self.calls.get_mut(id) else { return };
                match live.other_end {
                    OtherEnd::AgentRung { until: Some(_) } | OtherEnd::TransferRung => {
                        live.other_end = OtherEnd::Talking;
                        self.desk.answered(now.mono, id);
                        self.met_agent(now, id);
                        self.tally.agents_talked += 1;
                        self.tell(now, id, Event::AgentAnswered, out);
                    }
                    // The answer crossed our hanging up.
                    OtherEnd::AgentRung { until: None } | OtherEnd::Leaving(_) => {}
                    OtherEnd::None | OtherEnd::Talking => {}
                }
            }
            LegEvent::Failed(cause) | LegEvent::Refused(cause) | LegEvent::Ended(cause) => {
                self.other_end_gone(now, id, cause, out)
            }
            // A person holds the client: both have a person's patience.
            LegEvent::Held | LegEvent::Resumed => {}
            // Nobody sends an agent away.
            LegEvent::Referred | LegEvent::ReferFailed(_) => {}
            LegEvent::Ringing | LegEvent::Digit(_) | LegEvent::PlayEnded(_) => {}
            LegEvent::AnsweredBy(_) | LegEvent::Beeped | LegEvent::Announced(_) | LegEvent::Recorded { .. } => {}
        }
    }

    fn other_end_gone(&mut self, now: Now, id: CallId, cause: HangupCause, out: &mut Vec<Output>) {
        let was = self.calls.get_mut(id).map(|live| std::mem::take(&mut live.other_end)).unwrap_or_default();
        let missed = matches!(was, OtherEnd::AgentRung { .. });
        let orders = self.desk.freed(now.mono, id, missed);
        self.carry_out_at_desk(now, orders, out);
        match was {
            // A call whose agent did not pick up has been told by the desk where it stands.
            OtherEnd::None | OtherEnd::Leaving(None) | OtherEnd::AgentRung { .. } => {}
            OtherEnd::TransferRung => self.tell(now, id, Event::TransferFailed(cause), out),
            OtherEnd::Talking => self.tell(now, id, Event::AgentHungUp, out),
            OtherEnd::Leaving(Some(wanted)) => self.want(now, id, wanted, out),
        }
    }
}
