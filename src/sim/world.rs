//! The world of one seed: a queue of things to come, in virtual time.

mod paying;
mod rest;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::judge::{Judge, Violation};
use super::people::{self, Line, Reaction, Temper};
use super::plant::Plant;
use super::{Scene, Summary, Troubles};
use crate::agent::{Desk, Staffing};
use crate::books::*;
use crate::call::HOLD_MAX;
use crate::campaign::{self, TrunkId, TrunkPlan};
use crate::engine::{CampaignPlan, Destination, Engine, Input, LegEvent, Limits, Output, StoreFailure};
use crate::flow::program::{FlowHash, OptOutScope, Program};
use crate::id::*;
use crate::outcome::{AnsweredBy, HangupCause};
use crate::phone::NumberRules;
use crate::speech::Utterance;
use crate::time::{Mono, Now};

/// A world that has not come to rest by then spins.
const STEPS_MAX: u64 = 2_000_000;
const TRACE_MAX: usize = 40;
/// They work in the one queue. Two, so that calls must wait.
const AGENTS: [&str; 2] = ["sip:agent1@example.com", "sip:agent2@example.com"];
const LEASE: Duration = Duration::from_secs(120);

/// Two with little room, so that calls wait for a line and go over the other one.
fn trunk(name: &str) -> TrunkPlan {
    TrunkPlan {
        name: name.to_string(),
        channels_max: 10,
        cps_max: 3,
        prefixes: Vec::new(),
        priority: 1,
        numbers: NumberRules::default(),
        caller_id: "+442079460000".parse().expect("a number"),
        tariff: None,
    }
}

/// Things to come.
enum Happening {
    /// Told to the engine, unless the process that was to hear it has died.
    Tell {
        life: u32,
        input: Box<Input>,
    },
    /// The feed of payments is read.
    Paid {
        life: u32,
        contact: ContactId,
    },
    /// The engine's own deadline.
    Tick {
        life: u32,
    },
    /// Something happens on the leg to a call's other party, unless another has been dialled or it was hung up on meanwhile.
    OtherEnd {
        life: u32,
        leg: LegId,
        dial: u64,
        event: LegEvent,
    },
    /// A person reacts to what is being played, if it still is.
    React {
        leg: LegId,
        play: Option<PlayId>,
    },
    Crash,
    Restart,
    /// Of what was promised, or of anything by anybody.
    Payment {
        promised: Option<(ContactId, i64)>,
    },
    /// A feed tells of a payment another time.
    ToldAgain(NewPayment),
    Reversal {
        payment: String,
    },
    /// A call rang when its contact paid.
    StillRings {
        life: u32,
        contact: ContactId,
        call: CallId,
    },
    /// Promises are judged, and sleepers woken.
    Look,
    Pause,
    Resume,
    /// Another version of a flow is published, and the campaign is moved to it.
    Move,
}

struct Leg {
    temper: Temper,
    last4: String,
    turn: u32,
    playing: Option<PlayId>,
    up: bool,
}

pub(super) struct World<'s> {
    scene: &'s Scene,
    seed: u64,
    rng: StdRng,
    troubles: Troubles,
    now: Mono,
    queue: BinaryHeap<Reverse<(Mono, u64)>>,
    happenings: BTreeMap<u64, Happening>,
    next: u64,
    books: Model,
    engine: Option<Engine>,
    life: u32,
    tick_at: Option<Mono>,
    campaign: CampaignId,
    /// Every version that was ever published.
    programs: BTreeMap<FlowHash, Arc<Program>>,
    legs: BTreeMap<LegId, Leg>,
    /// Legs that a trunk has refused, or will.
    refused_by: BTreeMap<LegId, TrunkId>,
    /// Legs to agents, and the dial whose fate they share. Their ends are told also when the call is over.
    other_ends: BTreeMap<LegId, (u64, bool)>,
    judge: Judge,
    summary: Summary,
    trace: VecDeque<String>,
}

impl<'s> World<'s> {
    pub fn new(scene: &'s Scene, seed: u64) -> World<'s> {
        let mut rng = StdRng::seed_from_u64(seed);
        let all = scene.troubles;
        let mut some = |on: bool| on && rng.random_bool(0.5);
        let troubles = Troubles {
            crashes: some(all.crashes),
            store_failures: some(all.store_failures),
            slow_store: some(all.slow_store),
            congestion: some(all.congestion),
            payments: some(all.payments),
            pauses: some(all.pauses),
            moves: some(all.moves),
        };
        World {
            scene,
            seed,
            rng,
            troubles,
            now: Mono::ZERO,
            queue: BinaryHeap::new(),
            happenings: BTreeMap::new(),
            next: 0,
            books: Model::default(),
            engine: None,
            life: 0,
            tick_at: None,
            campaign: CampaignId(0),
            programs: scene.programs.iter().map(|(p, _)| (p.hash.clone(), p.clone())).collect(),
            legs: BTreeMap::new(),
            refused_by: BTreeMap::new(),
            other_ends: BTreeMap::new(),
            judge: Judge::default(),
            summary: Summary::default(),
            trace: VecDeque::new(),
        }
    }

    fn now(&self) -> Now {
        Now { mono: self.now, wall: self.scene.start + self.now.since(Mono::ZERO) }
    }

    fn planted(&self, plant: Plant) -> bool {
        self.scene.plant == Some(plant)
    }

    fn after(&mut self, delay: Duration, happening: Happening) {
        let id = self.next;
        self.next += 1;
        self.queue.push(Reverse((self.now + delay, id)));
        self.happenings.insert(id, happening);
    }

    fn tell_after(&mut self, delay: Duration, input: Input) {
        let life = self.life;
        self.after(delay, Happening::Tell { life, input: Box::new(input) });
    }

    fn some_ms(&mut self, from: u64, to: u64) -> Duration {
        Duration::from_millis(self.rng.random_range(from..to))
    }

    fn note(&mut self, line: String) {
        if self.trace.len() == TRACE_MAX {
            self.trace.pop_front();
        }
        self.trace.push_back(format!("{} {line}", self.now().wall));
    }

    fn violation(&self, what: impl Into<String>) -> Violation {
        let at = self.now().wall.to_string();
        Violation { seed: self.seed, at, what: what.into(), trace: self.trace.iter().cloned().collect() }
    }

    pub fn live(mut self) -> Result<Summary, Violation> {
        self.begin().map_err(|what| self.violation(what))?;
        let end = Mono::ZERO + Duration::from_secs(u64::from(self.scene.days) * 86_400);
        while let Some(Reverse((at, id))) = self.queue.pop() {
            if at > end {
                break;
            }
            self.now = at;
            self.summary.steps += 1;
            if self.summary.steps > STEPS_MAX {
                return Err(self.violation("the world does not come to rest"));
            }
            let happening = self.happenings.remove(&id).expect("queued once");
            self.happen(happening).map_err(|what| self.violation(what))?;
            self.books.check().map_err(|what| self.violation(what))?;
        }
        self.money_at_rest().map_err(|what| self.violation(what))?;
        self.at_rest().map_err(|what| self.violation(what))?;
        Ok(self.summary)
    }

    fn begin(&mut self) -> Result<(), String> {
        let wall = self.now().wall;
        let contacts: Vec<NewContact> =
            (0..self.scene.contacts).map(|n| people::contact(&mut self.rng, n, wall)).collect();
        self.books.import(&contacts, wall);
        let flows: Vec<FlowVersion> =
            self.scene.programs.iter().map(|(program, source)| FlowVersion::of(program, source)).collect();
        let created = self.books.create_campaign("simulated", &self.scene.ladder_source, &flows, wall);
        self.campaign = created.map_err(|e| e.to_string())?;
        let standings = self.books.not_enrolled(self.campaign, ContactId(0), u32::MAX).map_err(|e| e.to_string())?;
        let enrolments: Vec<Enrolment> = standings
            .iter()
            .map(|s| Enrolment { contact: s.contact.id, next: campaign::plan_first(&self.scene.ladder, s, wall) })
            .collect();
        self.books.enrol(self.campaign, &enrolments, wall).map_err(|e| e.to_string())?;
        self.books.set_campaign_state(self.campaign, CampaignState::Running, wall).map_err(|e| e.to_string())?;
        for standing in &standings {
            self.judge.ledger.opens(&standing.contact);
        }
        self.start_engine()?;
        self.after(Duration::from_secs(60), Happening::Look);
        let days = u64::from(self.scene.days);
        if self.troubles.crashes {
            // At rest; the others come while calls are in the air.
            let at = self.some_ms(0, days * 86_400_000);
            self.after(at, Happening::Crash);
        }
        if self.troubles.payments {
            for _ in 0..self.scene.contacts {
                let at = self.some_ms(0, days * 86_400_000);
                self.after(at, Happening::Payment { promised: None });
            }
        }
        if self.troubles.pauses {
            let at = self.some_ms(0, days * 86_400_000);
            self.after(at, Happening::Pause);
        }
        Ok(())
    }

    fn start_engine(&mut self) -> Result<(), String> {
        self.life += 1;
        self.tick_at = None;
        let staffing = Staffing { agents: AGENTS.map(String::from).to_vec(), hours: None };
        let desk = Desk::new([("collections".to_string(), staffing)]);
        let limits = Limits {
            hold_max: HOLD_MAX,
            trunks: ["main", "backup"].map(trunk).to_vec(),
            allow_prefixes: vec!["+7".to_string()],
            transfer_to: vec!["+7".to_string()],
        };
        self.engine = Some(Engine::new(limits, desk, None, self.now()));
        let left = self.books.recover();
        self.summary.unknown_outcomes += left.len() as u64;
        let loaded = self.loaded()?;
        self.tell(loaded)?;
        self.tell(Input::Recovered(left))
    }

    /// The campaign as the books have it pinned.
    fn loaded(&self) -> Result<Input, String> {
        let campaign = self.books.campaign("simulated").map_err(|e| e.to_string())?;
        let programs = campaign.flows.iter().map(|f| (f.name.clone(), self.programs[&f.hash].clone())).collect();
        let plan = CampaignPlan {
            id: self.campaign,
            name: campaign.name,
            priority: campaign.priority,
            ladder: self.scene.ladder.clone(),
            programs,
        };
        Ok(Input::CampaignLoaded { plan, running: campaign.state == CampaignState::Running })
    }

    fn move_flow(&mut self) -> Result<(), String> {
        let which = self.rng.random_range(0..self.scene.programs.len());
        let (first, source) = &self.scene.programs[which];
        self.summary.moves += 1;
        let mut program = Program::clone(first);
        program.version += self.summary.moves as u32;
        program.hash = FlowHash(format!("{}/{}", program.version, first.hash.0));
        let (flow, wall) = (FlowVersion::of(&program, source), self.now().wall);
        self.note(format!("moved to {flow}"));
        self.books.publish(&flow, wall).map_err(|e| e.to_string())?;
        self.books.use_flow(self.campaign, &flow.hash, wall).map_err(|e| e.to_string())?;
        self.programs.insert(flow.hash, Arc::new(program));
        let loaded = self.loaded()?;
        self.tell(loaded)
    }

    /// Nobody is dialled with a version that the campaign was moved away from.
    fn pinned(&mut self, group: &[Write]) -> Result<(), String> {
        for write in group {
            let Write::Live { attempt, flow, .. } = write else { continue };
            let campaign = self.books.campaign("simulated").map_err(|e| e.to_string())?;
            if !campaign.flows.iter().any(|f| f.hash == *flow) {
                return Err(format!("attempt {attempt} is to be dialled with {flow}, which is not pinned any more"));
            }
            let first = self.scene.programs.iter().any(|(p, _)| p.hash == *flow);
            self.summary.dialled_after_move += u64::from(!first);
        }
        Ok(())
    }

    fn happen(&mut self, happening: Happening) -> Result<(), String> {
        match happening {
            Happening::Tell { life, input } if life == self.life => self.tell(*input),
            Happening::Tick { life } if life == self.life => {
                self.tick_at = None;
                self.tell(Input::Ticked)
            }
            Happening::Paid { life, contact } if life == self.life => self.tell_paid(contact),
            Happening::Tell { .. } | Happening::Tick { .. } | Happening::Paid { .. } => Ok(()),
            Happening::OtherEnd { life, leg, dial, event } if life == self.life => self.other_end(leg, dial, event),
            Happening::OtherEnd { .. } => Ok(()),
            Happening::React { leg, play } => {
                self.react(leg, play);
                Ok(())
            }
            Happening::Crash if self.engine.is_none() => Ok(()),
            Happening::Crash => {
                self.note("kill -9".to_string());
                self.summary.crashes += 1;
                self.engine = None;
                // Answers on their way are lost with the process that was to hear them.
                self.life += 1;
                self.legs.clear();
                self.refused_by.clear();
                self.other_ends.clear();
                self.judge.crashed();
                let delay = self.some_ms(10, 600_000);
                self.after(delay, Happening::Restart);
                Ok(())
            }
            Happening::Restart if self.engine.is_none() => self.start_engine(),
            Happening::Restart => Ok(()),
            Happening::Payment { promised } => self.pay(promised),
            Happening::ToldAgain(new) => self.told(&new),
            Happening::Reversal { payment } => self.reverse(&payment),
            Happening::StillRings { life, contact, call } => self.still_rings(life, contact, call),
            Happening::Look => self.look(),
            Happening::Move => self.move_flow(),
            Happening::Pause => {
                self.note("paused".to_string());
                let wall = self.now().wall;
                let paused = self.books.set_campaign_state(self.campaign, CampaignState::Paused, wall);
                paused.map_err(|e| e.to_string())?;
                let hours = self.some_ms(1, 86_400_000);
                self.after(hours, Happening::Resume);
                self.tell(Input::CampaignHalted(self.campaign))
            }
            Happening::Resume => {
                self.note("resumed".to_string());
                let wall = self.now().wall;
                let resumed = self.books.set_campaign_state(self.campaign, CampaignState::Running, wall);
                resumed.map_err(|e| e.to_string())?;
                match self.engine {
                    // As an operator would see it: a new life of the process, or the same.
                    Some(_) => {
                        let loaded = self.loaded()?;
                        self.tell(loaded)
                    }
                    None => Ok(()),
                }
            }
        }
    }

    /// Tells the engine, carries its orders out, and sets its alarm.
    fn tell(&mut self, input: Input) -> Result<(), String> {
        let now = self.now();
        if let Input::Leg { leg, event: LegEvent::Answered } = &input {
            self.judge.answered(leg.call);
        }
        let told = self.as_planted(now, input);
        let Some(engine) = &mut self.engine else { return Ok(()) };
        let (now, input) = told;
        let outputs = engine.handle(now, input);
        let now = self.now();
        for output in outputs {
            self.carry_out(output)?;
        }
        let Some(engine) = &mut self.engine else { return Ok(()) };
        let in_line = engine.in_line().count();
        self.summary.in_line_max = self.summary.in_line_max.max(in_line as u64);
        self.judge.in_line(in_line, &AGENTS, now.mono)?;
        let deadline = if engine.is_idle() {
            // Nothing but time: pass over the engine's polling to the moment when something is due.
            let deadline = engine.deadline(now);
            self.books.next_due().map(|due| (self.now + due.since(now.wall)).max(deadline.unwrap_or(self.now)))
        } else {
            engine.deadline(now)
        };
        if let Some(at) = deadline
            && self.tick_at.is_none_or(|set| at < set)
        {
            // A little later than asked for, as in life.
            let at = at.max(self.now) + Duration::from_millis(1);
            self.tick_at = Some(at);
            let life = self.life;
            self.after(at.since(self.now), Happening::Tick { life });
        }
        Ok(())
    }

    fn carry_out(&mut self, output: Output) -> Result<(), String> {
        match output {
            Output::Claim { wanted } => {
                let wall = self.now().wall;
                let delay = self.store_delay();
                if self.troubles.store_failures && self.rng.random_bool(0.01) {
                    self.tell_after(delay, Input::ClaimFailed("no space left on device".to_string()));
                    return Ok(());
                }
                let attempts = self.books.claim_due(wall, wall + LEASE, &wanted);
                let next_due = self.books.next_due();
                self.tell_after(delay, Input::Claimed { attempts, next_due });
            }
            Output::Prepare { attempt, utterances } => {
                if utterances.is_empty() {
                    return Err(format!("attempt {attempt} asks for no audio at all"));
                }
                if self.troubles.moves && self.rng.random_bool(0.02) {
                    // While this audio is made, or shortly after.
                    let at = self.some_ms(1, 5_000);
                    self.after(at, Happening::Move);
                }
                let delay = self.some_ms(1, 3_000);
                self.tell_after(delay, Input::Prepared { attempt, result: Ok(()) });
            }
            Output::Write { order, group } => {
                self.pinned(&group)?;
                let delay = self.store_delay();
                if self.troubles.store_failures && self.rng.random_bool(0.02) {
                    let why = "no space left on device".to_string();
                    self.tell_after(delay, Input::Stored { order, result: Err(StoreFailure::Unavailable(why)) });
                    return Ok(());
                }
                let kept: Vec<Write> = group.iter().filter(|write| !self.loses(write)).cloned().collect();
                let result = self.books.apply(&kept).map_err(|e| StoreFailure::Conflict(e.to_string()));
                if result.is_ok() {
                    self.kept(&group);
                }
                if let Err(StoreFailure::Conflict(why)) = &result {
                    self.note(format!("refused: {why}"));
                }
                self.tell_after(delay, Input::Stored { order, result });
            }
            Output::Ring { leg } | Output::Answer { leg } | Output::Refuse { leg, .. } => {
                return Err(format!("call {} was taken care of, but nobody rings us here", leg.call));
            }
            Output::Dial { leg, to, trunk } => self.dial(leg, &to, trunk)?,
            Output::Suspend { why, .. } => return Err(format!("nothing is paid for here: {why}")),
            Output::Play { leg, play, utterances } => self.play(leg, play, &utterances)?,
            Output::StopPlay { leg, play } => {
                if let Some(l) = self.legs.get_mut(&leg)
                    && l.playing == Some(play)
                {
                    l.playing = None;
                }
            }
            // The whole prompt ends instead: the world made up has no sentences.
            Output::EndPlay { .. } => {}
            // No service is there, as on most bad days; the shipped flows ask none.
            Output::Refer { leg, to: _ } => {
                let delay = self.some_ms(10, 8_000);
                let goes = delay > Duration::from_secs(2);
                let event = if goes { LegEvent::Referred } else { LegEvent::ReferFailed(HangupCause::Rejected) };
                self.tell_after(delay, Input::Leg { leg, event });
            }
            Output::Request { call, request, question: _ } => {
                let delay = self.some_ms(10, 8_000);
                self.tell_after(delay, Input::Replied { call, request, reply: None });
            }
            Output::Record { leg, max, .. } => {
                let length = self.some_ms(0, max.as_millis() as u64);
                let file = Some("message.wav".to_string());
                self.tell_after(length, Input::Leg { leg, event: LegEvent::Recorded { length, file } });
            }
            Output::StopRecording { leg } => {
                let delay = self.some_ms(1, 100);
                let event = LegEvent::Recorded { length: Duration::ZERO, file: None };
                self.tell_after(delay, Input::Leg { leg, event });
            }
            Output::Bridge { call } => {
                let talk = self.some_ms(500, 60_000);
                let leg = LegId::agent(call);
                let (dial, _) = *self.other_ends.get(&leg).ok_or("a call was joined with nobody")?;
                self.other_end_after(talk, leg, dial, LegEvent::Ended(HangupCause::RemoteHangup));
            }
            Output::Hangup { leg } if leg.party == Party::Agent => {
                let (_, up) = *self.other_ends.get(&leg).ok_or("somebody was hung up on who was not dialled")?;
                let event = match up {
                    true => LegEvent::Ended(HangupCause::LocalHangup),
                    false => LegEvent::Failed(HangupCause::Cancelled),
                };
                // What was to come of this leg comes no more.
                let dial = self.next;
                self.other_ends.insert(leg, (dial, up));
                let delay = self.some_ms(1, 200);
                self.other_end_after(delay, leg, dial, event);
            }
            Output::Hangup { leg } => {
                if let Some(l) = self.legs.get_mut(&leg) {
                    let (up, cause) = (l.up, HangupCause::LocalHangup);
                    self.legs.remove(&leg);
                    let event = if up { LegEvent::Ended(cause) } else { LegEvent::Failed(HangupCause::Cancelled) };
                    let delay = self.some_ms(1, 200);
                    self.tell_after(delay, Input::Leg { leg, event });
                }
            }
            Output::Close { call } => {
                self.legs.remove(&LegId::client(call));
                self.judge.over(call);
            }
            Output::Warn(why) => self.note(format!("warned: {why}")),
        }
        Ok(())
    }

    fn other_end_after(&mut self, delay: Duration, leg: LegId, dial: u64, event: LegEvent) {
        let life = self.life;
        self.after(delay, Happening::OtherEnd { life, leg, dial, event });
    }

    fn other_end(&mut self, leg: LegId, dial: u64, event: LegEvent) -> Result<(), String> {
        match self.other_ends.get_mut(&leg) {
            Some((now, up)) if *now == dial => *up |= event == LegEvent::Answered,
            Some(_) | None => return Ok(()),
        }
        if event != LegEvent::Answered {
            self.other_ends.remove(&leg);
            self.judge.agent_over(leg.call, self.now);
        } else {
            self.summary.agents_talked += 1;
            self.judge.agent_talks(leg.call);
        }
        self.tell(Input::Leg { leg, event })
    }

    /// What the engine is told, with the planted fault.
    fn as_planted(&self, now: Now, input: Input) -> (Now, Input) {
        let late = if self.planted(Plant::WrongHour) { Duration::from_secs(12 * 3600) } else { Duration::ZERO };
        let now = Now { wall: now.wall + late, ..now };
        match input {
            Input::Claimed { mut attempts, next_due } if self.planted(Plant::ForgetsHistory) => {
                for claimed in &mut attempts {
                    claimed.standing.past.clear();
                    claimed.standing.past_here.clear();
                }
                (now, Input::Claimed { attempts, next_due })
            }
            Input::Claimed { mut attempts, next_due } if self.planted(Plant::PassesOver) => {
                attempts.retain(|claimed| claimed.standing.contact.id.0 % 2 == 1);
                (now, Input::Claimed { attempts, next_due })
            }
            Input::Recovered(_) if self.planted(Plant::LosesOutcomes) => (now, Input::Recovered(Vec::new())),
            other => (now, other),
        }
    }

    fn loses(&self, write: &Write) -> bool {
        match write {
            Write::Suppress { .. } => self.planted(Plant::LosesOptOuts),
            Write::Promise { .. } => self.planted(Plant::LosesPromises),
            _ => false,
        }
    }

    /// The judge takes in what the books have kept, or were said to.
    fn kept(&mut self, group: &[Write]) {
        for write in group {
            match write {
                Write::Promise { attempt, parts, at } => {
                    let Some((_, standing)) = self.books.attempt_standing(*attempt) else { continue };
                    let contact = standing.contact.id;
                    for part in parts {
                        self.judge.ledger.promises(contact, *attempt, part.amount.minor, part.on, *at);
                        if self.troubles.payments && self.rng.random_bool(0.5) {
                            // About the last day of grace, before or behind it.
                            let until = part.judge_at.since(*at).as_millis() as u64 + 43_200_000;
                            let delay = self.some_ms(0, until);
                            self.after(delay, Happening::Payment { promised: Some((contact, part.amount.minor)) });
                        }
                    }
                }
                Write::Suppress { attempt, scope, .. } => {
                    let row = self.books.attempts(None, AttemptId(attempt.0 - 1), 1).pop();
                    let Some(row) = row.filter(|row| row.id == *attempt) else { continue };
                    let phone = match scope {
                        OptOutScope::Number => row.phone,
                        OptOutScope::Person => None,
                    };
                    self.judge.opts_out(row.contact, phone);
                }
                _ => {}
            }
        }
    }

    fn store_delay(&mut self) -> Duration {
        if self.troubles.slow_store { self.some_ms(1, 4_000) } else { self.some_ms(1, 20) }
    }

    fn dial(&mut self, leg: LegId, to: &Destination, trunk: TrunkId) -> Result<(), String> {
        let number = match to {
            Destination::Number(number) if leg.party == Party::Client => number,
            Destination::Number(_) => return Err("the shipped flows give nobody away".to_string()),
            Destination::Agent(address) => {
                self.note(format!("{address} is rung for call {}", leg.call));
                self.judge.agent_rung(address, leg.call)?;
                let dial = self.next;
                self.other_ends.insert(leg, (dial, false));
                // Some let it ring for longer than they are given.
                let delay = self.some_ms(100, 30_000);
                let event =
                    if self.rng.random_bool(0.7) { LegEvent::Answered } else { LegEvent::Failed(HangupCause::Busy) };
                self.other_end_after(delay, leg, dial, event);
                return Ok(());
            }
        };
        self.summary.dialled += 1;
        if self.troubles.crashes && self.rng.random_bool(0.02) {
            // While this call is in the air, in whatever state.
            let at = self.some_ms(0, 90_000);
            self.after(at, Happening::Crash);
        }
        let attempt = leg.call.attempt();
        self.note(format!("dial attempt {attempt}"));
        let (state, standing) =
            self.books.attempt_standing(attempt).ok_or("an attempt that is not in the books was dialled")?;
        if state != AttemptState::Live {
            return Err(format!("attempt {attempt} was dialled while {state} in the books"));
        }
        let wall = self.now().wall;
        match self.refused_by.remove(&leg) {
            // The same call, over another trunk, since the first has refused it.
            Some(by) if by == trunk => return Err(format!("attempt {attempt} was offered twice to one trunk")),
            Some(_) if standing.contact.paid() => return Err(format!("attempt {attempt} went on after a payment")),
            Some(_) => self.summary.failed_over += 1,
            None => self.judge.dialled(attempt, &standing, number.full(), wall)?,
        }
        if self.planted(Plant::DialsTwice) {
            self.judge.dialled(attempt, &standing, number.full(), wall)?;
        }
        if self.troubles.payments && self.rng.random_bool(0.05) {
            // While it rings, or in mid-call; in whole or in part.
            let (at, contact) = (self.some_ms(0, 40_000), standing.contact.id);
            let minor = self.judge.ledger.owes(contact) / self.rng.random_range(1..=2);
            self.after(at, Happening::Payment { promised: Some((contact, minor.max(1))) });
        }
        let last4 = standing.contact.fields.get("last4").cloned().unwrap_or_default();
        let line = people::line(&mut self.rng, self.troubles.congestion);
        if line.reaches_the_contact() {
            self.judge.rang(&standing.contact, wall)?;
        }
        let tell = |event| Input::Leg { leg, event };
        match line {
            Line::Fails(HangupCause::Congestion, after) if self.rng.random_bool(0.7) => {
                self.refused_by.insert(leg, trunk);
                self.tell_after(after, tell(LegEvent::Refused(HangupCause::Congestion)));
            }
            Line::Fails(cause, after) => self.tell_after(after, tell(LegEvent::Failed(cause))),
            Line::Human { ring, temper } => {
                self.legs.insert(leg, Leg { temper, last4, turn: 0, playing: None, up: true });
                self.summary.answered += 1;
                self.tell_after(ring, tell(LegEvent::Answered));
                if self.rng.random_bool(0.7) {
                    self.tell_after(ring + Duration::from_millis(1_500), tell(LegEvent::AnsweredBy(AnsweredBy::Human)));
                }
                if matches!(temper, Temper::Curt) {
                    let stay = self.some_ms(200, 60_000);
                    self.tell_after(ring + stay, tell(LegEvent::Ended(HangupCause::RemoteHangup)));
                }
            }
            Line::Machine { ring, beeps } => {
                self.legs.insert(leg, Leg { temper: Temper::Silent, last4, turn: 0, playing: None, up: true });
                self.summary.answered += 1;
                self.tell_after(ring, tell(LegEvent::Answered));
                self.tell_after(ring + Duration::from_millis(2_500), tell(LegEvent::AnsweredBy(AnsweredBy::Machine)));
                if beeps {
                    let greeting = self.some_ms(2_600, 12_000);
                    self.tell_after(ring + greeting, tell(LegEvent::Beeped));
                }
            }
        }
        Ok(())
    }

    fn play(&mut self, leg: LegId, play: PlayId, utterances: &[Utterance]) -> Result<(), String> {
        let text: String = utterances.iter().map(|u| u.said.text.as_str()).collect::<Vec<_>>().join(" ");
        self.said_truthfully(leg.call.attempt(), &text)?;
        let Some(l) = self.legs.get_mut(&leg) else { return Ok(()) };
        l.playing = Some(play);
        let length = Duration::from_millis(60 * text.chars().count() as u64);
        self.tell_after(length, Input::Leg { leg, event: LegEvent::PlayEnded(play) });
        let reaction = self.some_ms(300, 60 * text.chars().count() as u64 + 4_000);
        self.after(reaction, Happening::React { leg, play: Some(play) });
        Ok(())
    }

    /// "Recorded" may be heard only when the promise is in the books.
    fn said_truthfully(&mut self, attempt: AttemptId, text: &str) -> Result<(), String> {
        let claims = ["мы записали", "has been recorded"];
        let lower = text.to_lowercase();
        if claims.iter().any(|claim| lower.contains(claim)) {
            self.summary.said_recorded += 1;
            let (_, standing) = self.books.attempt_standing(attempt).ok_or("no such attempt")?;
            if !standing.promises.iter().any(|p| p.attempt == attempt) {
                return Err(format!("attempt {attempt} says a promise is recorded that is not in the books"));
            }
        }
        Ok(())
    }

    fn react(&mut self, leg: LegId, play: Option<PlayId>) {
        let Some(l) = self.legs.get_mut(&leg) else { return };
        if play.is_some() && l.playing != play {
            return;
        }
        let reaction = people::react(&mut self.rng, l.temper, &l.last4, l.turn);
        l.turn += 1;
        match reaction {
            Reaction::Press(keys) => {
                for (i, key) in keys.chars().enumerate() {
                    let after = Duration::from_millis(1 + 150 * i as u64);
                    self.tell_after(after, Input::Leg { leg, event: LegEvent::Digit(key) });
                }
            }
            Reaction::HangUp => {
                self.legs.remove(&leg);
                let event = LegEvent::Ended(HangupCause::RemoteHangup);
                self.tell_after(Duration::from_millis(1), Input::Leg { leg, event });
            }
            Reaction::Nothing => {}
        }
    }
}
