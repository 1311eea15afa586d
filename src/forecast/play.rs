//! The play: second by second, whoever is due has their turn, the real planner says what follows, and the model of people what
//! came of it.

use std::time::Duration;

use super::dice::Dice;
use super::history::TooMuch;
use super::learn::day_and_hour;
use super::list::{Counted, List, Number, Person, State, seconds, wall};
use super::outlook::{AgentsMet, Day, End, Outlook, Segment};
use super::people::People;
use super::queue::Queue;
use super::rung::{Called, Rung, rung};
use super::shut::{Shut, due_s};
use crate::books::{
    Account, AgentResult, Close, Next, Outcome, PastAttempt, PhoneState, Plan, Promise, PromiseState, Sleeper, Whose,
    Write,
};
use crate::campaign::{Exhausted, Then, Trunks, Turn, plan_awake, plan_next, turn};
use crate::flow::program::OptOutScope;
use crate::id::{AttemptId, CampaignId, PhoneId};
use crate::ladder::Ladder;
use crate::outcome::{Channel, Disposition};
use crate::policy::{Purpose, Question, phones_with_room};
use crate::price::{Bill, CallPrice, Priced, Prices};
use crate::time::{Wall, Zone};

/// What a trunk takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lines {
    /// Calls in the air at once.
    pub channels_max: u32,
    /// Calls begun a second.
    pub cps_max: u32,
}

impl Lines {
    pub const WITHOUT_END: Lines = Lines { channels_max: u32::MAX, cps_max: u32::MAX };
}

/// What is played.
#[derive(Debug, Clone)]
pub struct Scene<'a> {
    pub ladder: &'a Ladder,
    pub people: &'a People,
    pub lines: Lines,
    pub prices: Option<Prices>,
    /// By whose tariffs calls are charged; `None`: by prices given by hand only.
    pub trunks: Option<&'a Trunks>,
    /// `None`: money is no object.
    pub purse: Option<Purse<'a>>,
    /// For a ladder that is paced for agents; `None`: it is dialled as if it were not.
    pub agents: Option<&'a Agents>,
    pub start: Wall,
    pub days: u32,
    pub seed: u64,
}

/// An attempt as it was made, for whoever wants to watch.
#[derive(Debug, Clone, Copy)]
pub struct Made<'a> {
    /// In the order in which people were added and are to be contacted, from 0.
    pub person: u32,
    pub at: Wall,
    pub plan: &'a Plan,
    pub disposition: Disposition,
    /// The person's, after it.
    pub promises: &'a [Promise],
    /// `None`: it was no call.
    pub call: Option<Dialled>,
}

/// A call, and what comes of it.
#[derive(Debug, Clone, Copy)]
pub struct Dialled {
    /// In the order in which calls are begun, from 1.
    pub number: i64,
    pub person: u32,
    /// Its place among the person's numbers.
    pub phone: u8,
    /// Since 1970.
    pub began_s: u32,
    pub rung: Rung,
    /// What the tariff says.
    pub rate: Option<CallPrice>,
    /// Day and hour of its beginning.
    today: (u32, usize),
}

const A_DAY_S: u32 = 86_400;
/// No call is longer: what the model of people says is checked against it.
const CALL_S_MAX: u32 = 4 * 3600;
/// Dice of a person that are not of a call.
const OF_PERSON: u64 = 1 << 32;
const OF_PHONES: u64 = 2 << 32;
const OF_AGENTS: u64 = 3 << 32;
const OF_PARTS: u64 = 4 << 32;

pub fn play(list: List, scene: &Scene) -> Result<Outlook, TooMuch> {
    watched(list, scene, &mut |_| {})
}

/// # Errors
/// More tries of one person than are kept.
pub fn watched(list: List, scene: &Scene, watch: &mut dyn FnMut(Made)) -> Result<Outlook, TooMuch> {
    Play::new(list, scene)?.play(watch)
}

/// Every time anew, what [`Shut`] knows already.
#[cfg(test)]
pub(super) fn asking_always(list: List, scene: &Scene) -> Result<Outlook, TooMuch> {
    let mut play = Play::new(list, scene)?;
    play.shut.always_asks = true;
    play.play(&mut |_| {})
}

struct Play<'a> {
    scene: &'a Scene<'a>,
    list: List,
    queue: Queue,
    start_s: u32,
    end_s: u32,
    air: Air,
    shut: Shut,
    spender: Option<Spender<'a>>,
    floor: Option<Floor<'a>>,
    calls: i64,
    zone: Zone,
    outlook: Outlook,
    /// By place in [`List::segments`] and currency.
    segments: Vec<(u16, crate::money::Currency, Segment)>,
    plan: Plan,
    last_s: u32,
    first_tries_left: u64,
    endings: [u64; Disposition::ALL.len()],
    today: (u32, usize),
}

/// An attempt that is over, or will be.
struct Ended {
    person: u32,
    over_s: u32,
    past: PastAttempt,
    call: Option<Dialled>,
}

/// Calls in the air: how many, and when they end.
struct Air {
    calls: u32,
    /// By second, around.
    ends: Vec<u32>,
    now_s: u32,
}

impl Air {
    fn new(now_s: u32) -> Air {
        Air { calls: 0, ends: vec![0; CALL_S_MAX as usize + 1], now_s }
    }

    fn pass_to(&mut self, now_s: u32) {
        if self.calls > 0 {
            for at in self.now_s + 1..=now_s.min(self.now_s + CALL_S_MAX) {
                let slot = at as usize % self.ends.len();
                self.calls -= std::mem::take(&mut self.ends[slot]);
            }
        }
        self.now_s = now_s;
    }

    fn begin(&mut self, seconds: u32) {
        self.calls += 1;
        let slot = (self.now_s + seconds.clamp(1, CALL_S_MAX)) as usize % self.ends.len();
        self.ends[slot] += 1;
    }
}

impl<'a> Play<'a> {
    fn new(mut list: List, scene: &'a Scene<'a>) -> Result<Play<'a>, TooMuch> {
        list.complete();
        let start_s = seconds(scene.start)?;
        let end_s = start_s.saturating_add(scene.days.saturating_mul(A_DAY_S));
        let mut queue = Queue::new(start_s, scene.days as usize * 1440);
        for person in 0..list.people.len() as u32 {
            let due_s = list.people[person as usize].due_s;
            queue.put(&mut list, person, due_s);
        }
        let zone = list.usual_zone();
        let mut callable = Counted::default();
        let mut asleep = Counted::default();
        for p in &list.people {
            if p.state == State::Open { &mut callable } else { &mut asleep }.add(list.owed(p));
        }
        let first_tries_left = callable.contacts;
        let first = wall(start_s).date(&zone);
        let last = wall(end_s).date(&zone);
        let outlook = Outlook {
            people_model: scene.people.name.clone(),
            seed: scene.seed,
            start: wall(start_s),
            days_played: scene.days,
            zone: zone.clone(),
            contacts: list.all.clone(),
            excluded: std::mem::take(&mut list.excluded),
            callable,
            asleep,
            days: first.series(jiff::Span::new().days(1)).take_while(|day| *day <= last).map(Day::of).collect(),
            segments: Default::default(),
            endings: Default::default(),
            ends: Default::default(),
            finished_at: None,
            all_tried_at: None,
            not_tried: 0,
            channels_in_use_max: 0,
            cost: scene.prices.clone().map(Bill::new),
            agents: None,
            stopped: None,
            parts_paid: 0,
            parts_paid_sum: Default::default(),
        };
        let plan = Plan {
            channel: Channel::Voice,
            step: 0,
            try_number: 1,
            segment: String::new(),
            due_at: scene.start,
            why: String::new(),
            moved: None,
        };
        let mut play = Play {
            scene,
            list,
            queue,
            start_s,
            end_s,
            air: Air::new(start_s),
            shut: Shut::default(),
            spender: scene.purse.map(|purse| Spender::new(purse, scene.start)),
            floor: None,
            calls: 0,
            zone,
            outlook,
            segments: Vec::new(),
            plan,
            last_s: start_s,
            first_tries_left,
            endings: [0; Disposition::ALL.len()],
            today: (0, 0),
        };
        if let (Some(pacing), Some(agents)) = (&scene.ladder.pacing, scene.agents) {
            play.floor = Some(Floor::new(pacing, agents, start_s));
            let queue = pacing.queue.clone();
            play.outlook.agents =
                Some(AgentsMet { queue, agents: agents.count, connected: 0, abandoned: 0, talk_s: 0 });
        }
        play.payments_without_promise();
        play.count_segments();
        Ok(play)
    }

    fn play(mut self, watch: &mut dyn FnMut(Made)) -> Result<Outlook, TooMuch> {
        let minutes = (self.end_s - self.start_s) as usize / 60;
        for minute in 0..minutes {
            self.queue.begin(&self.list, minute);
            let from = self.start_s + 60 * minute as u32;
            if self.queue.idle() && !self.floor_wants(from + 59) {
                continue;
            }
            for now_s in from..from + 60 {
                self.queue.arrive(&mut self.list, now_s);
                if self.queue.first().is_some() || self.floor_wants(now_s) {
                    self.second(now_s, watch)?;
                }
            }
        }
        // Whose phone rings still.
        self.pick_up(self.end_s + CALL_S_MAX, watch)?;
        Ok(self.finished())
    }

    fn floor_wants(&self, now_s: u32) -> bool {
        self.floor.as_ref().and_then(Floor::next_s).is_some_and(|next_s| next_s <= now_s)
    }

    /// Who has picked up by now and wants an agent is given one, or is abandoned.
    fn pick_up(&mut self, now_s: u32, watch: &mut dyn FnMut(Made)) -> Result<(), TooMuch> {
        while let Some(floor) = &mut self.floor
            && let Some((at_s, mut dialled)) = floor.pass_to(now_s)
        {
            let person = dialled.person;
            let thrown = self.list.people[person as usize].thrown;
            let mut dice = Dice::of(self.scene.seed, u64::from(person), OF_AGENTS + u64::from(thrown));
            let Met { result, talk_s, agent_s } = floor.meet(at_s, self.scene.people.seconds.agent, &mut dice);
            dialled.rung.talk_s = talk_s;
            dialled.rung.disposition = match result {
                AgentResult::Connected => Disposition::Transferred,
                // As the shipped flows end for whom no agent is there.
                AgentResult::Abandoned => Disposition::CallbackRequested,
            };
            self.count_agent(result, agent_s);
            self.air.begin(talk_s);
            self.list.plan(person, &mut self.plan);
            self.list.standing(person);
            self.over(dialled, at_s + talk_s, result == AgentResult::Abandoned, watch)?;
        }
        Ok(())
    }

    /// Whoever is in line has their turn, as far as lines allow.
    fn second(&mut self, now_s: u32, watch: &mut dyn FnMut(Made)) -> Result<(), TooMuch> {
        self.air.pass_to(now_s);
        self.today = self.day_and_hour(now_s);
        if let Some(spender) = &mut self.spender {
            spender.pass_to(now_s);
        }
        self.pick_up(now_s, watch)?;
        let free = self.scene.lines.channels_max.saturating_sub(self.air.calls);
        let mut room = free.min(self.scene.lines.cps_max);
        if let Some(floor) = &self.floor {
            room = room.min(floor.room(now_s));
        }
        while let Some(person) = self.queue.first().filter(|_| self.outlook.stopped.is_none()) {
            self.pay_part(person, now_s);
            let p = &self.list.people[person as usize];
            if p.pays_s <= now_s {
                self.queue.pop(&self.list);
                self.close(person, "paid", now_s);
                continue;
            }
            if let State::Asleep(reason) = p.state {
                self.queue.pop(&self.list);
                self.wake(person, reason, now_s)?;
                continue;
            }
            if p.channel == Channel::Voice && room == 0 {
                break;
            }
            self.queue.pop(&self.list);
            room -= u32::from(self.turn(person, now_s, watch)?);
        }
        Ok(())
    }

    /// Whether a line was taken.
    fn turn(&mut self, person: u32, now_s: u32, watch: &mut dyn FnMut(Made)) -> Result<bool, TooMuch> {
        let now = wall(now_s);
        let ladder = self.scene.ladder;
        self.list.plan(person, &mut self.plan);
        if let Some(until) = self.shut.until(&mut self.list, person, ladder, &self.plan, now) {
            self.put_off(person, due_s(until, now)?);
            return Ok(false);
        }
        let standing = self.list.standing(person);
        let then = match turn(ladder, standing, &self.plan, now) {
            Turn::Go => None,
            Turn::NotNow { then, .. } => Some(then),
        };
        match then {
            None => {}
            Some(Then::Later { due_at, .. }) => {
                self.shut.learn(&mut self.list, person, ladder, &self.plan, now);
                self.put_off(person, seconds(due_at)?);
                return Ok(false);
            }
            Some(Then::Instead(plan)) => {
                self.outlook.days[self.today.0 as usize].put_off += 1;
                let past = self.past(now, &Outcome::of(Disposition::Cancelled), None);
                self.list.tried(person, &past, None)?;
                self.follow(person, Next::Attempt(plan), now_s)?;
                return Ok(false);
            }
            Some(Then::ForHuman(close) | Then::Close(close)) => {
                self.follow(person, Next::Close(close), now_s)?;
                return Ok(false);
            }
        }
        match self.plan.channel {
            Channel::Voice => self.call(person, now_s, watch),
            _ => self.without_a_call(person, now_s, watch).map(|()| false),
        }
    }

    fn put_off(&mut self, person: u32, due_s: u32) {
        self.outlook.days[self.today.0 as usize].put_off += 1;
        self.list.people[person as usize].due_s = due_s;
        self.queue.put(&mut self.list, person, due_s);
    }

    /// A contact that was closed is looked at again, as `serve` does it: its promise is judged, and the ladder says what follows.
    fn wake(&mut self, person: u32, reason: u8, now_s: u32) -> Result<(), TooMuch> {
        let now = wall(now_s);
        self.list.plan(person, &mut self.plan);
        let mut standing = self.list.standing(person).clone();
        // Who pays all is not woken.
        let promises = std::mem::take(&mut standing.promises);
        let payments = self.part_paid(person).into_iter().collect();
        let mut account = Account { contact: standing.contact.clone(), promises, payments };
        let open: Vec<bool> = account.promises.iter().map(|p| p.state == PromiseState::Open).collect();
        account.judge(now);
        let failed =
            |(p, open): &(&Promise, bool)| *open && !matches!(p.state, PromiseState::Open | PromiseState::Kept);
        self.outlook.days[self.today.0 as usize].broken +=
            account.promises.iter().zip(open).filter(failed).count() as u64;
        standing.promises.clone_from(&account.promises);
        if let Some(further) = self.list.further.get_mut(&person) {
            further.promises = account.promises;
        }
        let closed = Close::new(&self.list.reasons[usize::from(reason)], String::new());
        let last = self.list.people[person as usize].planned.then(|| self.plan.clone());
        let sleeper = Sleeper { campaign: CampaignId(0), standing, last, closed };
        let next = plan_awake(self.scene.ladder, &sleeper, now);
        // Never at the same instant again.
        self.follow(person, next, now_s + 1)
    }

    fn call(&mut self, person: u32, now_s: u32, watch: &mut dyn FnMut(Made)) -> Result<bool, TooMuch> {
        let now = wall(now_s);
        let p = &self.list.people[person as usize];
        let numbers = p.phones as usize..p.phones as usize + usize::from(p.phones_len);
        let numbers: &[Number] = &self.list.phones[numbers];
        let standing = &self.list.shared[p.shared as usize];
        let (channel, purpose, rules) = (Channel::Voice, Purpose::Demand, &self.scene.ladder.rules);
        let question = Question { standing, channel, purpose, now, rules };
        let usable = phones_with_room(&question).find(|phone| numbers[phone.id.0 as usize].allowed);
        let trunks = self.scene.trunks;
        let rate_of = |number| trunks.and_then(|trunks| trunks.rate(number));
        let Some((phone, rate)) = usable.map(|phone| (phone.id.0 as u8, rate_of(&phone.number))) else {
            let close = Close::new("not_allowed", "no number begins with one of the config's allow_prefixes");
            self.follow(person, Next::Close(close), now_s)?;
            return Ok(false);
        };
        let price = rate.unwrap_or(CallPrice::NOTHING);
        if let Some(Err(exhausted)) = self.spender.as_mut().map(|spender| spender.may(now, price)) {
            self.without_money(person, now, exhausted)?;
            return Ok(false);
        }
        self.calls += 1;
        let (number, today, rung) = (self.calls, self.today, self.rung(person, phone, now));
        let dialled = Dialled { number, person, phone, began_s: now_s, rung, rate, today };
        if let Some(spender) = &mut self.spender {
            spender.began(number, price);
        }
        if let Some(floor) = &mut self.floor {
            floor.began(&dialled);
            if Floor::wants(&rung) {
                self.air.begin(rung.ring_s);
                self.count_begun(&dialled);
                return Ok(true);
            }
        }
        let takes_s = rung.ring_s + rung.talk_s;
        self.air.begin(takes_s);
        self.count_begun(&dialled);
        self.over(dialled, now_s + takes_s.max(1), false, watch)?;
        Ok(true)
    }

    /// What comes of a call is known, and when it will be over. `abandoned`: there was no agent for it.
    fn over(
        &mut self,
        dialled: Dialled,
        over_s: u32,
        abandoned: bool,
        watch: &mut dyn FnMut(Made),
    ) -> Result<(), TooMuch> {
        let Dialled { number, person, phone, began_s, rung, rate, .. } = dialled;
        let Rung { disposition, answered_by, ring_s, talk_s } = rung;
        let began = wall(began_s);
        let outcome = Outcome {
            answered_by,
            // Who is told that nobody is there has not said who they are.
            right_party: rung.right_party() && !abandoned,
            ring_ms: 1000 * ring_s,
            talk_ms: 1000 * talk_s,
            ..Outcome::of(disposition)
        };
        if let Some(spender) = &mut self.spender {
            let micros = rate.unwrap_or(CallPrice::NOTHING).cost_micros(Duration::from_secs(talk_s.into()));
            spender.ends(number, over_s, micros);
        }
        self.count_over(&dialled, &outcome);
        let abandoned_at = abandoned.then_some(began);
        let past = PastAttempt { abandoned_at, ..self.past(began, &outcome, Some(phone)) };
        let written = self.written(person, phone, disposition, began);
        let ended = Ended { person, over_s, past, call: Some(dialled) };
        self.ended(ended, &written, watch)
    }

    /// As the engine does it: the attempt waits for the next day's money; without one, the campaign is paused.
    fn without_money(&mut self, person: u32, now: Wall, exhausted: Exhausted) -> Result<(), TooMuch> {
        match exhausted.until {
            Some(until) => self.put_off(person, due_s(until, now)?),
            None => self.outlook.stopped = Some((now, exhausted.why)),
        }
        Ok(())
    }

    fn without_a_call(&mut self, person: u32, now_s: u32, watch: &mut dyn FnMut(Made)) -> Result<(), TooMuch> {
        let day = &mut self.outlook.days[self.today.0 as usize];
        let (disposition, priced) = match self.plan.channel {
            Channel::Sms => (Disposition::Queued, Priced::Sms),
            Channel::Email => (Disposition::Queued, Priced::Email),
            Channel::Letter => (Disposition::Queued, Priced::Letter),
            Channel::Visit => (Disposition::HandedOver, Priced::Visit),
            Channel::Human | Channel::Voice => (Disposition::HandedOver, Priced::Human),
        };
        match disposition {
            Disposition::Queued => day.messages += 1,
            _ => day.to_humans += 1,
        }
        if let Some(cost) = &mut self.outlook.cost {
            cost.add(priced, 1);
        }
        self.tried(person, now_s, disposition);
        let now = wall(now_s);
        let past = self.past(now, &Outcome::of(disposition), None);
        self.ended(Ended { person, over_s: now_s, past, call: None }, &[], watch)
    }

    /// An attempt is over: what the books would hold of it, and what comes next, as the engine asks for it.
    fn ended(&mut self, ended: Ended, written: &[Write], watch: &mut dyn FnMut(Made)) -> Result<(), TooMuch> {
        let Ended { person, over_s, past, call } = ended;
        let shared = self.list.people[person as usize].shared;
        let standing = &mut self.list.shared[shared as usize];
        standing.past.push(past.clone());
        standing.past_here.push(past.clone());
        standing.take_in(written);
        if written.iter().any(|write| matches!(write, Write::Promise { .. })) {
            self.list.further.entry(person).or_default().promises.clone_from(&standing.promises);
        }
        let (at, disposition) = (past.at, past.disposition);
        watch(Made { person, at, plan: &self.plan, disposition, promises: &standing.promises, call });
        // The ladder's delays run from the beginning of a call.
        let next = plan_next(self.scene.ladder, standing, &self.plan, disposition, at);
        self.list.opted_out(person, written);
        self.list.tried(person, &past, call.map(|call| call.phone))?;
        self.follow(person, next, over_s)
    }

    /// The next attempt, not before the last is over; or none.
    fn follow(&mut self, person: u32, next: Next, over_s: u32) -> Result<(), TooMuch> {
        match next {
            Next::Attempt(plan) => {
                let due_s = seconds(plan.due_at)?.max(over_s);
                let segment = self.list.segment(&plan.segment)?;
                let p = &mut self.list.people[person as usize];
                let new = !p.planned;
                p.planned = true;
                p.segment = segment;
                p.state = State::Open;
                p.channel = plan.channel;
                p.step = super::history::fits("step", i64::from(plan.step), i64::from(u16::MAX))?;
                p.try_number = super::history::fits("try", i64::from(plan.try_number), i64::from(u16::MAX))?;
                p.due_s = due_s;
                if new {
                    self.count_in_segment(person);
                }
                self.queue.put(&mut self.list, person, due_s);
            }
            Next::Close(Close { reason, wake_at: Some(wake_at), .. }) => {
                let wake_s = seconds(wake_at)?.max(over_s);
                self.list.sleep(person, &reason, wake_s);
                self.queue.put(&mut self.list, person, wake_s);
            }
            Next::Close(close) => self.close(person, &close.reason, over_s),
        }
        Ok(())
    }

    fn close(&mut self, person: u32, reason: &str, now_s: u32) {
        if self.list.people[person as usize].try_first() {
            self.one_less_to_try(now_s);
        }
        self.list.close(person, reason);
    }

    fn past(&self, at: Wall, outcome: &Outcome, phone: Option<u8>) -> PastAttempt {
        PastAttempt {
            whose: Whose::Contact,
            node: None,
            channel: self.plan.channel,
            step: self.plan.step,
            try_number: self.plan.try_number,
            at,
            phone: phone.map(|phone| PhoneId(i64::from(phone))),
            disposition: outcome.disposition,
            blame: outcome.blame,
            answered_by: outcome.answered_by,
            right_party: outcome.right_party,
            abandoned_at: None,
        }
    }

    fn rung(&mut self, person: u32, phone: u8, now: Wall) -> Rung {
        let people = self.scene.people;
        let seed = self.scene.seed;
        let p = &mut self.list.people[person as usize];
        let mut lasting = Dice::of(seed, u64::from(person), OF_PERSON);
        let never_picks_up = lasting.chance(people.never_pick_up);
        let mut number = Dice::of(seed, u64::from(person), OF_PHONES + u64::from(phone));
        let (dead, wrong) = (number.chance(people.dead_numbers), number.chance(people.wrong_numbers));
        let mut dice = Dice::of(seed, u64::from(person), u64::from(p.thrown));
        p.thrown += 1;
        let zone = &self.list.shared[p.shared as usize].contact.zone;
        let (day, hour) = day_and_hour(now, zone);
        let voicemail = self.scene.ladder.leaves_voicemail(&self.plan);
        rung(people, &mut dice, Called { never_picks_up, dead, wrong }, day, hour, voicemail)
    }

    /// What the call wrote beside its ending; and what the person will do.
    fn written(&mut self, person: u32, phone: u8, disposition: Disposition, now: Wall) -> Vec<Write> {
        let people = self.scene.people;
        let owed = self.list.owed(&self.list.people[person as usize]);
        let p = &mut self.list.people[person as usize];
        let mut dice = Dice::of(self.scene.seed, u64::from(person), OF_PERSON + u64::from(p.thrown));
        // Each call an attempt of its own: promises are judged by it.
        let (attempt, phone) = (AttemptId(i64::from(p.thrown)), PhoneId(i64::from(phone)));
        let mut pays_within = |share: f64| {
            if dice.chance(share) {
                let days = dice.between(0, people.payment_days_max);
                let after = days * A_DAY_S + dice.between(60, A_DAY_S - 1);
                p.pays_s = p.pays_s.min((now.0 / 1_000_000) as u32 + after);
            }
        };
        match disposition {
            Disposition::Informed => pays_within(people.payment_after_informed),
            Disposition::AlreadyPaid => pays_within(people.payment_after_already_paid),
            Disposition::InvalidNumber | Disposition::OutOfService => {
                return vec![Write::Phone { phone, state: PhoneState::Bad }];
            }
            Disposition::WrongNumber => return vec![Write::Phone { phone, state: PhoneState::Wrong }],
            Disposition::OptedOut => {
                return vec![Write::Suppress { attempt, scope: OptOutScope::Person, reason: disposition, at: now }];
            }
            Disposition::Promised => {
                let days = dice.between(people.promise_days.0, people.promise_days.1);
                let zone = &self.list.shared[p.shared as usize].contact.zone;
                let on = now.date(zone).saturating_add(jiff::Span::new().days(days));
                let part = self.scene.ladder.promise_terms.part(owed, on, zone);
                let over_s = (Wall::day_after(on, 0, zone).0 / 1_000_000) as u32;
                let now_s = (now.0 / 1_000_000) as u32;
                if dice.chance(people.promise_kept) {
                    // At some time of the promised day or the days before.
                    let pays_s = dice.between(now_s + 60, over_s.saturating_sub(1).max(now_s + 60));
                    p.pays_s = p.pays_s.min(pays_s);
                }
                self.count_promise(person, owed);
                return vec![Write::Promise { attempt, parts: vec![part], at: now }];
            }
            _ => {}
        }
        Vec::new()
    }
}

mod counting;
mod floor;
mod paying;
mod purse;

pub use floor::Agents;
use floor::{Floor, Met};
pub use purse::Purse;
use purse::Spender;
