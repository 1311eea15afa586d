//! From a due attempt to an INVITE: claim, ask policy, prepare the audio, wait for a channel, go live on disk, dial.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use super::talking::{LiveCall, Whose};
use super::waiting::Waiting;
use super::{Asked, CLAIM_POLL_S, Destination, Engine, Output, Running};
use crate::books::*;
use crate::call::{self, Call};
use crate::campaign::{self, Route, Then, TrunkId, Turn};
use crate::flow::program::Program;
use crate::id::*;
use crate::ladder::Ladder;
use crate::outcome::{Channel, Disposition};
use crate::phone::{Barred, PhoneNumber};
use crate::policy::{self, Decision};
use crate::time::{Mono, Now, Wall};

/// Where a contact goes that policy wants a human for, when the ladder has no word on it.
const HUMAN_QUEUE: &str = "collections";
/// How many seconds of dialling are claimed and prepared ahead.
const AHEAD_S: usize = 3;
/// …but at least and at most so many attempts.
const AHEAD_MIN: usize = 8;
const AHEAD_MAX: usize = 500;

impl Engine {
    /// The running campaigns whose due attempts the store may be asked for now.
    fn open_for_claims(&self, now: Mono) -> impl Iterator<Item = (CampaignId, &Running)> {
        let open = move |c: &&Running| c.running && c.claim_at.is_none_or(|at| now >= at);
        self.campaigns.values().filter(open).map(|c| (c.plan.id, c))
    }

    /// How many attempts of each of these are kept claimed: the seconds ahead, shared by priority.
    fn quotas(&self, campaigns: impl Iterator<Item = CampaignId>) -> Vec<(CampaignId, usize)> {
        let ahead = (self.trunks.cps_max() as usize * AHEAD_S).clamp(AHEAD_MIN, AHEAD_MAX);
        let wanting: Vec<_> = campaigns.map(|id| (id, self.trunks.priority(id), ahead)).collect();
        let mut quotas = campaign::divide(ahead, &wanting);
        // Nobody starves for want of a whole share.
        quotas.iter_mut().for_each(|(id, quota)| *quota = (*quota).max(AHEAD_MIN).min(self.claimed_most(*id)));
        quotas
    }

    /// What to claim: nothing, until half of some campaign's has been dialled: a claim costs a commit, whether it is for one or
    /// for hundreds.
    fn claims(&self, now: Mono) -> Vec<(CampaignId, u32)> {
        if self.claiming.is_some() || self.draining {
            return Vec::new();
        }
        let quotas = self.quotas(self.open_for_claims(now).map(|(id, _)| id));
        if !quotas.iter().any(|(id, quota)| self.waiting.held(*id) <= quota / 2) {
            return Vec::new();
        }
        let lacking = quotas.into_iter().map(|(id, quota)| (id, quota.saturating_sub(self.waiting.held(id)) as u32));
        lacking.filter(|(_, lacking)| *lacking > 0).collect()
    }

    /// When the store is asked again after it said there was nothing.
    pub(super) fn claims_at(&self) -> Option<Mono> {
        if self.claiming.is_some() || self.draining {
            return None;
        }
        let waits = self.campaigns.values().filter(|c| c.running && self.waiting.held(c.plan.id) <= AHEAD_MIN / 2);
        waits.filter_map(|c| c.claim_at).min()
    }

    /// Dials what is ready and may go, claims what will be needed next.
    pub(super) fn pump(&mut self, now: Now, out: &mut Vec<Output>) {
        if self.store_rests_until.is_some() {
            return;
        }
        while !self.draining && self.dial_next(now, out) {}
        if self.draining {
            self.give_back(out);
        }
        let wanted = self.claims(now.mono);
        if !wanted.is_empty() {
            self.claiming = Some(wanted.iter().map(|(id, _)| *id).collect());
            out.push(Output::Claim { wanted });
        }
    }

    /// One call of the campaign whose turn it is, over the first trunk with room. `false`: nobody can go now.
    fn dial_next(&mut self, now: Now, out: &mut Vec<Output>) -> bool {
        let mut wanting = self.waiting.wanting();
        wanting.retain(|id| self.may_start(now, *id));
        for id in self.trunks.order(&wanting) {
            for route in self.waiting.routes(id) {
                if let Some(trunk) = self.trunks.room(now.mono, &route)
                    && let Some(attempt) = self.waiting.pop(id, &route)
                {
                    self.go_live(now, attempt, trunk, out);
                    return true;
                }
            }
        }
        false
    }

    /// On the way down: what has been claimed but not dialled goes back as it was.
    fn give_back(&mut self, out: &mut Vec<Output>) {
        let campaigns: Vec<CampaignId> = self.campaigns.keys().copied().collect();
        for id in campaigns {
            self.halt(id, out);
        }
    }

    pub(super) fn claimed(&mut self, now: Now, attempts: Vec<Claimed>, next_due: Option<Wall>, out: &mut Vec<Output>) {
        let asked = self.claiming.take().unwrap_or_default();
        let came: BTreeSet<CampaignId> = attempts.iter().map(|claimed| claimed.attempt.campaign).collect();
        let poll = Duration::from_secs(CLAIM_POLL_S);
        // The store names no due time while it has something for anybody.
        let wait = match attempts.is_empty() {
            true => next_due.map_or(poll, |due| due.since(now.wall).clamp(Duration::from_millis(20), poll)),
            false => poll,
        };
        for id in asked.difference(&came) {
            if let Some(campaign) = self.campaigns.get_mut(id) {
                campaign.claim_at = Some(now.mono + wait);
            }
        }
        for id in &came {
            if let Some(campaign) = self.campaigns.get_mut(id) {
                campaign.claim_at = None;
            }
        }
        for claimed in attempts {
            self.consider(now, claimed, out);
        }
    }

    /// Policy decides again, at the moment of acting.
    fn consider(&mut self, now: Now, claimed: Claimed, out: &mut Vec<Output>) {
        let attempt = claimed.attempt.id;
        let back = |due_at, why| Write::Reschedule { attempt, due_at, why };
        let Some(plan) = self.plan(claimed.attempt.campaign).filter(|p| self.runs(p.id) && !self.draining) else {
            let plan = &claimed.attempt.plan;
            return self.write_surely(vec![back(plan.due_at, plan.why.clone())], None, out);
        };
        let ladder = plan.ladder.clone();
        let dialable = match claimed.attempt.channel {
            Channel::Voice => self.without_barred(&ladder, &claimed.standing),
            Channel::Sms | Channel::Email | Channel::Letter | Channel::Human | Channel::Visit => None,
        };
        let standing = dialable.as_ref().unwrap_or(&claimed.standing);
        match campaign::turn(&ladder, standing, &claimed.attempt.plan, now.wall) {
            Turn::Go => {}
            Turn::NotNow { decision, then } => return self.put_off(now, &claimed, &ladder, &decision, then, out),
        }
        match claimed.attempt.channel {
            Channel::Voice => self.prepare(now, claimed, out),
            Channel::Sms | Channel::Email | Channel::Letter => self.send(now, claimed, out),
            Channel::Human | Channel::Visit => self.hand_over(now, claimed, out),
        }
    }

    /// Which way a number is dialled, or why it is not.
    fn way(&self, ladder: &Ladder, number: &PhoneNumber) -> Result<Route, Barred> {
        match ladder.numbers.bars(number) {
            Some(barred) => Err(barred),
            None => self.limits.way_to(&self.trunks, number),
        }
    }

    /// The contact as far as it can be dialled: numbers that are barred count as bad, so that another one's cap or gap is waited for. `None`:
    /// none is barred, or all are.
    fn without_barred(&self, ladder: &Ladder, standing: &Standing) -> Option<Standing> {
        let (open, barred): (Vec<&Phone>, Vec<&Phone>) =
            policy::phones_to_dial(standing).partition(|phone| self.way(ladder, &phone.number).is_ok());
        if barred.is_empty() || open.is_empty() {
            return None;
        }
        let barred: Vec<PhoneId> = barred.iter().map(|phone| phone.id).collect();
        let mut standing = standing.clone();
        let phones = standing.contact.phones.iter_mut().filter(|phone| barred.contains(&phone.id));
        phones.for_each(|phone| phone.state = PhoneState::Bad);
        Some(standing)
    }

    /// Not now: the same attempt later, another step of the ladder, a human, or nothing more.
    fn put_off(
        &mut self,
        now: Now,
        claimed: &Claimed,
        ladder: &Ladder,
        decision: &Decision,
        then: Then,
        out: &mut Vec<Output>,
    ) {
        self.tally.put_off += 1;
        let (attempt, contact) = (claimed.attempt.id, &claimed.standing.contact);
        let ruling = |verdict| campaign::ruling(attempt, &ladder.rules, contact, decision, verdict, now.wall);
        let group = match then {
            Then::Later { due_at, why } => vec![ruling(Verdict::PutOff), Write::Reschedule { attempt, due_at, why }],
            Then::Instead(plan) => {
                let outcome = Outcome::of(Disposition::Cancelled);
                self.tally.end(outcome.disposition);
                let finish = Write::Finish { attempt, outcome, at: now.wall, next: Next::Attempt(plan) };
                return self.write_surely(vec![ruling(Verdict::Replaced), finish], Some(attempt), out);
            }
            Then::ForHuman(close) => {
                let (queue, reason) = (HUMAN_QUEUE.to_string(), close.why.clone());
                vec![
                    ruling(Verdict::ToHuman),
                    Write::Worklist { attempt, queue, reason, at: now.wall },
                    Write::Cancel { attempt, at: now.wall, why: close },
                ]
            }
            Then::Close(why) => vec![ruling(Verdict::Closed), Write::Cancel { attempt, at: now.wall, why }],
        };
        self.write_surely(group, None, out);
    }

    fn prepare(&mut self, now: Now, claimed: Claimed, out: &mut Vec<Output>) {
        let contact = &claimed.standing.contact;
        let attempt = claimed.attempt.id;
        let mut barred = None;
        let plan = self.plan(claimed.attempt.campaign).expect("considered above");
        let (standing, channel, rules) = (&claimed.standing, Channel::Voice, &plan.ladder.rules);
        let question = policy::Question { standing, channel, purpose: policy::Purpose::Demand, now: now.wall, rules };
        let found = policy::phones_with_room(&question).find_map(|phone| match self.way(&plan.ladder, &phone.number) {
            Ok(route) => Some((phone.id, phone.number.clone(), route)),
            Err(why) => {
                barred.get_or_insert(why);
                None
            }
        });
        let Some((phone, number, route)) = found else {
            let (reason, why) = match barred {
                Some(Barred { reason, why }) => (reason, why),
                None => ("no_number", "every number of this contact is out of service or somebody else's".to_string()),
            };
            return self.close(now, attempt, reason, &why, out);
        };
        // Before its audio is made: what nobody hears is not paid for either.
        if let Err(exhausted) = self.may_spend(now, claimed.attempt.campaign, &number, &route[..1]) {
            return self.put_off_for_money(claimed, exhausted, out);
        }
        let plan = self.plan(claimed.attempt.campaign).expect("considered above");
        let program = plan.ladder.flow_of(&claimed.attempt.plan).and_then(|flow| plan.programs.get(flow));
        let Some(program) = program.cloned() else {
            let why = format!(
                "step {} names no flow of this campaign",
                plan.ladder.number(claimed.attempt.plan.step as usize)
            );
            return self.close(now, attempt, "excluded", &why, out);
        };
        let program = match plan.ladder.leaves_voicemail(&claimed.attempt.plan) {
            true => program,
            false => self.without_machine(claimed.attempt.campaign, program),
        };
        let language = program.language_for(contact.language);
        let values = match program.bind(language, |field| contact.field(field)) {
            Ok(values) => values,
            Err(errors) => {
                let why = errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
                return self.close(now, attempt, "excluded", &why, out);
            }
        };
        let context = call::Context {
            language,
            company: contact.creditor.clone(),
            today: now.wall.date(&contact.zone),
            due: Some(contact.due()),
        };
        let utterances = match call::prompts_needed(&program, &values, &context) {
            Ok(utterances) => utterances.into_iter().collect(),
            Err(why) => return self.close(now, attempt, "excluded", &why.to_string(), out),
        };
        out.push(Output::Prepare { attempt, utterances });
        let (going_live, paid) = (false, false);
        self.waiting.insert(Waiting { claimed, program, values, context, phone, number, route, going_live, paid });
    }

    /// The program with no way for machines, made once a campaign: what calls share costs each of them nothing.
    fn without_machine(&mut self, campaign: CampaignId, program: Arc<Program>) -> Arc<Program> {
        if program.on_machine.is_none() {
            return program;
        }
        let Some(running) = self.campaigns.get_mut(&campaign) else { return program };
        let made = running.without_machine.entry(program.hash.clone());
        made.or_insert_with(|| Arc::new(Program { on_machine: None, ..(*program).clone() })).clone()
    }

    /// Nothing more will come for this contact in this campaign.
    fn close(&mut self, now: Now, attempt: AttemptId, reason: &str, why: &str, out: &mut Vec<Output>) {
        let close = Close::new(reason, why);
        self.write_surely(vec![Write::Cancel { attempt, at: now.wall, why: close }], None, out);
    }

    pub(super) fn prepared(&mut self, attempt: AttemptId, result: Result<(), String>, now: Now, out: &mut Vec<Output>) {
        if self.news_prepared(now, CallId::of(attempt), result.as_ref().err().map(String::as_str), out) {
            return;
        }
        // Given back meanwhile.
        if self.waiting.get(attempt).is_none() {
            out.push(Output::Close { call: CallId::of(attempt) });
            return;
        }
        match result {
            Ok(()) => self.waiting.ready(attempt, false),
            Err(why) => {
                let waiting = self.waiting.remove(attempt).expect("checked above");
                self.tally.errors += 1;
                out.push(Output::Warn(format!("attempt {attempt} is not dialled, its audio is missing: {why}")));
                let outcome = Outcome::of(Disposition::SystemError);
                self.finish(now, waiting.claimed, outcome, Vec::new(), now.wall, out);
            }
        }
    }

    /// Takes the line, then asks for the row that says so. Dialling follows only when it is on disk.
    fn go_live(&mut self, now: Now, attempt: AttemptId, trunk: TrunkId, out: &mut Vec<Output>) {
        let Some(waiting) = self.waiting.get(attempt).filter(|waiting| !waiting.going_live) else { return };
        let campaign = waiting.campaign();
        let plan = &self.campaigns[&campaign].plan;
        let standing = &waiting.claimed.standing;
        // The campaign was moved to another version of the flow while this one's audio was made.
        let flow = plan.ladder.flow_of(&waiting.claimed.attempt.plan).and_then(|flow| plan.programs.get(flow));
        let moved = flow.is_none_or(|program| program.hash != waiting.program.hash);
        let stale = moved || waiting.context.today != now.wall.date(&standing.contact.zone);
        let decision = campaign::decide_now(&plan.ladder, standing, &waiting.claimed.attempt.plan, now.wall);
        if stale || decision != Decision::Allow {
            // The window closed, the day changed or the campaign moved while it waited: consider it anew.
            let waiting = self.waiting.remove(attempt).expect("got above");
            return self.consider(now, waiting.claimed, out);
        }
        let number = waiting.number.clone();
        if let Err(exhausted) = self.may_spend(now, campaign, &number, &[trunk]) {
            let waiting = self.waiting.remove(attempt).expect("got above");
            out.push(Output::Close { call: CallId::of(attempt) });
            return self.put_off_for_money(waiting.claimed, exhausted, out);
        }
        if let (Some(spending), Some(price)) = (&mut self.spending, self.trunks.price(trunk, &number)) {
            spending.reserve(attempt, campaign, price.micros);
        }
        let waiting = self.waiting.get_mut(attempt).expect("got above");
        waiting.going_live = true;
        let rules = &self.campaigns[&campaign].plan.ladder.rules;
        let (flow, policy) = (waiting.program.hash.clone(), rules.policy(&waiting.claimed.standing.contact));
        let caller_id = self.trunks.caller_id(trunk).clone();
        let live = Write::Live { attempt, phone: waiting.phone, flow, policy, caller_id, at: now.wall };
        let led = led(attempt, &self.campaigns[&campaign].plan.ladder, &waiting.claimed.standing, now.wall);
        self.trunks.started(now.mono, attempt, campaign, trunk, &number);
        if let Some(dialler) = self.diallers.get_mut(&campaign) {
            dialler.started(now.mono, attempt);
        }
        self.write(vec![led, live], |_| Asked::Live(attempt), out);
    }

    /// A line that was taken is given back: nobody was dialled.
    pub(super) fn line_free(&mut self, now: Now, attempt: AttemptId) {
        if let Some((_, campaign)) = self.trunks.of(attempt)
            && let Some(dialler) = self.diallers.get_mut(&campaign)
        {
            dialler.taken_back(attempt);
        }
        self.trunks.ended(now.mono, attempt, Disposition::Cancelled, None);
        if let Some(spending) = &mut self.spending {
            spending.release(attempt);
        }
    }

    pub(super) fn dial(&mut self, now: Now, attempt: AttemptId, out: &mut Vec<Output>) {
        let Some(waiting) = self.waiting.remove(attempt) else { return self.line_free(now, attempt) };
        if waiting.paid {
            // The payment came between the row and the INVITE: nobody is rung.
            out.push(Output::Close { call: CallId::of(attempt) });
            self.line_free(now, attempt);
            return self.finish(now, waiting.claimed, Outcome::of(Disposition::Cancelled), Vec::new(), now.wall, out);
        }
        let (trunk, _) = self.trunks.of(attempt).expect("it took a line before its row was asked for");
        let ladder = self.plan(waiting.claimed.attempt.campaign).map(|plan| &plan.ladder);
        let terms = ladder.map(|ladder| ladder.promise_terms);
        let bounds = ladder.map(|ladder| ladder.promise_limits.bounds(&waiting.claimed.standing)).unwrap_or_default();
        let call = Call::new(waiting.program, waiting.values, waiting.context)
            .on_hold_at_most(self.limits.hold_max)
            .promising_within(bounds);
        let id = CallId::of(attempt);
        let whose = Whose::Attempt { claimed: Box::new(waiting.claimed), phone: waiting.phone };
        let terms = terms.unwrap_or_default();
        self.calls.insert(id, LiveCall::new(call, whose, terms, now));
        self.tally.dialled += 1;
        self.tally.in_air_max = self.tally.in_air_max.max(self.calls.len());
        out.push(Output::Dial { leg: LegId::client(id), to: Destination::Number(waiting.number), trunk });
    }

    fn send(&mut self, now: Now, claimed: Claimed, out: &mut Vec<Output>) {
        let attempt = &claimed.attempt;
        let ladder = &self.plan(attempt.campaign).expect("considered above").ladder;
        let Some(written) = ladder.render(&attempt.plan, &claimed.standing) else {
            let why = format!("step {} of the ladder writes no message", ladder.number(attempt.plan.step as usize));
            let id = attempt.id;
            return self.close(now, id, "excluded", &why, out);
        };
        let message = Write::Message {
            attempt: attempt.id,
            channel: attempt.channel,
            subject: written.subject,
            body: written.body,
            at: now.wall,
        };
        let ruling = campaign::ruling(
            attempt.id,
            &ladder.rules,
            &claimed.standing.contact,
            &Decision::Allow,
            Verdict::Allowed,
            now.wall,
        );
        let led = led(attempt.id, ladder, &claimed.standing, now.wall);
        self.tally.messages += 1;
        self.finish(now, claimed, Outcome::of(Disposition::Queued), vec![ruling, led, message], now.wall, out);
    }

    fn hand_over(&mut self, now: Now, claimed: Claimed, out: &mut Vec<Output>) {
        let attempt = &claimed.attempt;
        let ladder = &self.plan(attempt.campaign).expect("considered above").ladder;
        let entry = Write::Worklist {
            attempt: attempt.id,
            queue: ladder.queue_of(&attempt.plan).unwrap_or(HUMAN_QUEUE).to_string(),
            reason: ladder.brief(&attempt.plan, &claimed.standing),
            at: now.wall,
        };
        let ruling = campaign::ruling(
            attempt.id,
            &ladder.rules,
            &claimed.standing.contact,
            &Decision::Allow,
            Verdict::Allowed,
            now.wall,
        );
        let led = led(attempt.id, ladder, &claimed.standing, now.wall);
        self.tally.handed_over += 1;
        self.finish(now, claimed, Outcome::of(Disposition::HandedOver), vec![ruling, led, entry], now.wall, out);
    }
}

/// What the ladder makes of the contact as an attempt is made.
fn led(attempt: AttemptId, ladder: &Ladder, standing: &Standing, now: Wall) -> Write {
    let class = ladder.look_up(standing, now).ok().and_then(|found| found.class.map(str::to_string));
    Write::Led { attempt, led: Led { ladder: ladder.edition(), contact_class: class } }
}
