//! The machine that composes campaigns, calls and agents: facts in ([`Input`]), orders out ([`Output`]).
//!
//! Pure: no sockets, no database, no clock. The same engine runs in `serve` against the world and in `sim` against a
//! made-up one. Start at [`Engine::handle`]; `dialling` holds the way from a due attempt to an INVITE, `talking` the
//! way from there to the row that says how it ended.

mod calls;
mod dialling;
mod inbound;
mod order;
mod other_end;
mod pacing;
mod paying;
mod spending;
mod talking;
mod tally;
mod waiting;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use crate::agent::Desk;
use crate::books::{AgentHour, Claimed, Holding, Write};
use crate::campaign::{Dialler, Exhausted, Spending, TrunkPlan, Trunks};
use crate::flow::program::{FlowHash, Program};
use crate::id::*;
use crate::time::{Mono, Now};

pub use inbound::unfit;
pub use order::{CampaignPlan, Destination, Input, LegEvent, Line, OrderId, Output, Refusal, StoreFailure};
pub use tally::Tally;

use calls::Calls;
use inbound::Offered;
use waiting::{Waiting, WaitingRoom};

/// How long dialling rests after the store failed, in seconds.
const STORE_REST_S: u64 = 1;

/// After an empty claim, how long until the store is asked again although it named no due attempt: another process may
/// have started a campaign or recorded a payment. Seconds.
const CLAIM_POLL_S: u64 = 1;

pub struct Engine {
    campaigns: BTreeMap<CampaignId, Running>,
    trunks: Trunks,
    /// `None`: no limit.
    spending: Option<Spending>,
    /// Of the campaigns that are dialled for agents.
    diallers: BTreeMap<CampaignId, Dialler>,
    /// Of campaigns that are not loaded yet.
    agent_past: BTreeMap<CampaignId, Vec<AgentHour>>,
    desk: Desk,
    limits: Limits,
    /// Claimed, not yet dialled.
    waiting: WaitingRoom,
    calls: Calls,
    lines: Vec<Line>,
    /// Offered to us, not yet answered.
    offered: BTreeMap<CallId, Offered>,
    /// Writes that the store has been asked for.
    asked: BTreeMap<OrderId, Asked>,
    /// Writes that the store could not take and that must not be lost; asked for again after `store_rests_until`.
    unsaved: VecDeque<(Vec<Write>, Option<AttemptId>)>,
    store_rests_until: Option<Mono>,
    next_order: u64,
    /// The campaigns whose due attempts the store has been asked for.
    claiming: Option<BTreeSet<CampaignId>>,
    draining: bool,
    tally: Tally,
}

/// What the operator allows.
#[derive(Debug, Clone)]
pub struct Limits {
    /// In the config's order. The first rings agents.
    pub trunks: Vec<TrunkPlan>,
    /// Beginnings of E.164 numbers that may be dialled (`+7`, `+4420`); none other ever is. Empty allows nobody.
    pub allow_prefixes: Vec<String>,
    /// Whom calls may be given to: beginnings of numbers (`+7800`), `sip:user@host`, `sip:*@host`. Empty allows nobody.
    pub transfer_to: Vec<String>,
    /// How long a call stays on hold.
    pub hold_max: Duration,
}

struct Running {
    plan: CampaignPlan,
    running: bool,
    /// Not before this is the store asked for its due attempts again.
    claim_at: Option<Mono>,
    /// What keeps it from being dialled, if money does.
    exhausted: Option<Exhausted>,
    /// Its programs without their way for machines, for the steps whose ladder leaves no message.
    without_machine: BTreeMap<FlowHash, Arc<Program>>,
}

/// What a write was for.
enum Asked {
    /// The attempt goes live: dial when it is on disk.
    Live(AttemptId),
    /// A call that came in: answer when it is on disk.
    Inbound(CallId),
    /// A fact of a call: tell the call.
    Fact { call: CallId, save: SaveId, fact: Write },
    /// Must get there in the end.
    Bookkeeping { group: Vec<Write>, attempt: Option<AttemptId> },
}

impl Engine {
    /// `spending`: what may be spent on calls; `None`: no limit.
    pub fn new(limits: Limits, desk: Desk, spending: Option<Spending>, now: Now) -> Engine {
        Engine {
            campaigns: BTreeMap::new(),
            trunks: Trunks::new(limits.trunks.clone(), spending.is_some(), now.mono),
            spending,
            diallers: BTreeMap::new(),
            agent_past: BTreeMap::new(),
            desk,
            limits,
            waiting: WaitingRoom::default(),
            calls: Calls::default(),
            lines: Vec::new(),
            offered: BTreeMap::new(),
            asked: BTreeMap::new(),
            unsaved: VecDeque::new(),
            store_rests_until: None,
            next_order: 1,
            claiming: None,
            draining: false,
            tally: Tally::default(),
        }
    }

    #[must_use]
    pub fn handle(&mut self, now: Now, input: Input) -> Vec<Output> {
        let mut out = Vec::new();
        match input {
            Input::CampaignLoaded { plan, running } => {
                let without_machine = BTreeMap::new();
                self.trunks.weigh(plan.id, plan.priority);
                let id = plan.id;
                self.campaigns.insert(id, Running { plan, running, claim_at: None, exhausted: None, without_machine });
                self.pace_for_agents(id);
            }
            Input::AgentHours(hours) => self.agent_hours(hours),
            Input::CampaignHalted(id) => self.halt(id, &mut out),
            Input::Recovered(left) => self.close_recovered(now, left, &mut out),
            Input::Claimed { attempts, next_due } => self.claimed(now, attempts, next_due, &mut out),
            Input::ClaimFailed(why) => {
                self.claiming = None;
                self.store_failed(now, why, &mut out);
            }
            Input::Prepared { attempt, result } => match CallId::of(attempt) {
                call if call.is_inbound() => self.offer_prepared(now, call, result, &mut out),
                _ => self.prepared(attempt, result, now, &mut out),
            },
            Input::LinesLoaded(lines) => self.lines = lines,
            Input::Offered { leg, did, caller } => self.offered(now, leg.call, did, caller, &mut out),
            Input::Stored { order, result } => self.stored(now, order, result, &mut out),
            Input::Leg { leg, event } => self.leg(now, leg, event, &mut out),
            Input::Replied { call, request, reply } => {
                let event = match reply {
                    Some((status, body)) => crate::call::Event::Replied { request, status, body },
                    None => crate::call::Event::RequestFailed(request),
                };
                self.tell(now, call, event, &mut out);
            }
            Input::Paid { contact, debts } => self.paid(now, contact, &debts, &mut out),
            Input::TrunkUp { trunk, up } => self.trunks.set_up(now.mono, trunk, up),
            Input::Drained => self.draining = true,
            Input::Stopped => {
                self.draining = true;
                self.tell_all(now, &crate::call::Event::Stopped, &mut out);
            }
            Input::Ticked => {}
        }
        self.turn_abandoned(now, &mut out);
        self.turn_desk(now, &mut out);
        self.turn_calls(now, &mut out);
        self.retry_unsaved(now, &mut out);
        self.pump(now, &mut out);
        out
    }

    /// The next moment at which `Ticked` changes something. `None`: only a fact can.
    pub fn deadline(&mut self, now: Now) -> Option<Mono> {
        let calls = self.calls.deadline();
        let claim = self.claims_at();
        let pace = self.starts_at(now);
        let desk = self.desk.deadline();
        [calls, desk, claim, pace, self.store_rests_until].into_iter().flatten().min()
    }

    /// Legs to clients that are being rung or talk.
    pub fn in_air(&self) -> usize {
        self.calls.len()
    }

    /// Nothing is in the air, being prepared or being written: only time can bring something.
    pub fn is_idle(&self) -> bool {
        self.calls.is_empty()
            && self.waiting.is_empty()
            && self.offered.is_empty()
            && self.asked.is_empty()
            && self.unsaved.is_empty()
            && self.claiming.is_none()
    }

    /// Asks the store at the next turn, however long ago it said there was nothing: the wall clock was moved.
    pub fn look_again(&mut self) {
        self.campaigns.values_mut().for_each(|campaign| campaign.claim_at = None);
    }

    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    /// What slows or stops dialling: a store that failed, a trunk that is down, a carrier that is full, money that is spent.
    pub fn holding(&mut self, now: Now) -> Vec<Holding> {
        let at = now.wall;
        let mut holding = Vec::new();
        if self.store_rests_until.is_some() || !self.unsaved.is_empty() {
            let says = "nobody is dialled: the database, or the disk for recordings, is not available".to_string();
            holding.push(Holding { about: "service".to_string(), says, at });
        }
        for (name, pace) in self.trunks.slowed(now.mono) {
            holding.push(Holding { about: format!("trunk {name}"), says: pace.to_string(), at });
        }
        self.campaigns_held(now, &mut holding);
        self.agents_lacking(now, &mut holding);
        holding
    }

    fn write(&mut self, group: Vec<Write>, asked: impl FnOnce(Vec<Write>) -> Asked, out: &mut Vec<Output>) {
        let order = OrderId(self.next_order);
        self.next_order += 1;
        self.asked.insert(order, asked(group.clone()));
        out.push(Output::Write { order, group });
    }

    /// A write that must get there in the end; `attempt` is the one it finishes, if any.
    fn write_surely(&mut self, group: Vec<Write>, attempt: Option<AttemptId>, out: &mut Vec<Output>) {
        self.write(group, |group| Asked::Bookkeeping { group, attempt }, out);
    }

    fn stored(&mut self, now: Now, order: OrderId, result: Result<(), StoreFailure>, out: &mut Vec<Output>) {
        let Some(asked) = self.asked.remove(&order) else { return };
        match (asked, result) {
            (Asked::Live(attempt), Ok(())) => self.dial(now, attempt, out),
            (Asked::Live(attempt), Err(StoreFailure::Conflict(_))) => {
                // Paid, opted out or stopped since it was claimed: the books are right, we do not call.
                self.waiting.remove(attempt);
                out.push(Output::Close { call: CallId::of(attempt) });
                self.line_free(now, attempt);
                self.tally.put_off += 1;
            }
            (Asked::Live(attempt), Err(StoreFailure::Unavailable(why))) => {
                if let Some(waiting) = self.waiting.get_mut(attempt) {
                    waiting.going_live = false;
                    self.waiting.ready(attempt, true);
                }
                self.line_free(now, attempt);
                self.store_failed(now, why, out);
            }
            (Asked::Inbound(call), result) => self.offer_stored(now, call, result, out),
            (Asked::Fact { call, save, fact }, Ok(())) => self.fact_answered(now, call, save, fact, true, out),
            (Asked::Fact { call, save, fact }, Err(failure)) => {
                if let StoreFailure::Unavailable(why) = failure {
                    self.store_failed(now, why, out);
                }
                self.tally.errors += 1;
                self.fact_answered(now, call, save, fact, false, out);
            }
            (Asked::Bookkeeping { .. }, Ok(())) => {}
            (Asked::Bookkeeping { group, attempt }, Err(StoreFailure::Unavailable(why))) => {
                self.unsaved.push_back((group, attempt));
                self.store_failed(now, why, out);
            }
            (Asked::Bookkeeping { attempt, .. }, Err(StoreFailure::Conflict(why))) => {
                self.tally.errors += 1;
                let attempt = attempt.map(|a| format!(" of attempt {a}")).unwrap_or_default();
                out.push(Output::Warn(format!("the books refused the outcome{attempt}: {why}")));
            }
        }
    }

    fn store_failed(&mut self, now: Now, why: String, out: &mut Vec<Output>) {
        if self.store_rests_until.is_none() {
            self.tally.errors += 1;
            out.push(Output::Warn(format!("dialling stops: {why}")));
        }
        self.store_rests_until = Some(now.mono + std::time::Duration::from_secs(STORE_REST_S));
    }

    /// One by one, so that the first that gets through shows the store is back.
    fn retry_unsaved(&mut self, now: Now, out: &mut Vec<Output>) {
        if self.store_rests_until.is_some_and(|until| now.mono < until) {
            return;
        }
        self.store_rests_until = None;
        for (group, attempt) in std::mem::take(&mut self.unsaved) {
            self.write_surely(group, attempt, out);
        }
    }

    fn plan(&self, campaign: CampaignId) -> Option<&CampaignPlan> {
        self.campaigns.get(&campaign).map(|running| &running.plan)
    }

    /// Of a campaign that is loaded.
    pub fn ladder(&self, campaign: CampaignId) -> Option<&crate::ladder::Ladder> {
        self.plan(campaign).map(|plan| &*plan.ladder)
    }

    fn runs(&self, campaign: CampaignId) -> bool {
        self.campaigns.get(&campaign).is_some_and(|running| running.running)
    }

    /// Attempts claimed for a halted campaign go back to the books as they were.
    fn halt(&mut self, id: CampaignId, out: &mut Vec<Output>) {
        if let Some(running) = self.campaigns.get_mut(&id) {
            running.running = false;
        }
        let back: Vec<AttemptId> =
            self.waiting.values().filter(|w| w.campaign() == id && !w.going_live).map(Waiting::id).collect();
        for attempt in back {
            let waiting = self.waiting.remove(attempt).expect("listed above");
            out.push(Output::Close { call: CallId::of(attempt) });
            let plan = &waiting.claimed.attempt.plan;
            let put_back = Write::Reschedule { attempt, due_at: plan.due_at, why: plan.why.clone() };
            self.write_surely(vec![put_back], None, out);
        }
    }

    /// What died in the air counts as made, with an unknown outcome; what follows is the ladder's to say.
    fn close_recovered(&mut self, now: Now, left: Vec<Claimed>, out: &mut Vec<Output>) {
        for claimed in left {
            let outcome = talking::unknown_outcome();
            let carried = self.unknown_cost(now, &claimed);
            self.finish(now, claimed, outcome, carried, now.wall, out);
        }
    }
}

#[cfg(test)]
mod pacing_tests;
#[cfg(test)]
mod tests;
