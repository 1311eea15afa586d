//! A live call: facts to it, orders from it, and the one transaction that says how it ended.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use super::other_end::OtherEnd;
use super::paying::News;
use super::{Asked, Destination, Engine, LegEvent, Output};
use crate::books::*;
use crate::call::action::{Ending, Fact, Note, promised_in_words};
use crate::call::{Action, Call, Event};
use crate::campaign::{self, Carried};
use crate::flow::program::NotifyBy;
use crate::id::*;
use crate::outcome::{AnsweredBy, Blame, Channel, Disposition, HangupCause};
use crate::phone::PhoneNumber;
use crate::time::{Mono, Now, Wall, Zone};

/// What brought a call about.
pub(super) enum Whose {
    /// An attempt: who was dialled, on which number.
    Attempt { claimed: Box<Claimed>, phone: PhoneId },
    /// Somebody rang this line, by its place. `caller`: what the number is said to be.
    Line { line: usize, caller: Option<PhoneNumber> },
}

pub(super) struct LiveCall {
    pub(super) call: Call,
    pub(super) whose: Whose,
    /// What its ladder holds promises to.
    terms: PromiseTerms,
    dialled_at: Now,
    pub(super) answered_at: Option<Mono>,
    /// Lines for `call_event` not yet written; they go along with the next write.
    log: Vec<CallEvent>,
    pub(super) other_end: OtherEnd,
    /// A phone rings, or rang.
    rang: bool,
    /// We have hung up, or taken the call back.
    hung_up: bool,
    /// Which trunk carried it and what it cost; known when it is over.
    carried: Option<Carried>,
    /// An agent must have come by then, or the person is abandoned.
    pub(super) agent_until: Option<Mono>,
    pub(super) agent: Option<AgentResult>,
    /// Messages the client was asked to leave.
    messages: u32,
    /// Facts the store has been asked to keep and has not answered for.
    facts_asked: u32,
    /// Facts on disk: what follows the call depends on them.
    facts_kept: Vec<Write>,
    /// The call is over and waits for its last fact's answer.
    ended: Option<(Ending, Mono)>,
    pub(super) news: News,
}

impl LiveCall {
    pub fn new(call: Call, whose: Whose, terms: PromiseTerms, now: Now) -> LiveCall {
        LiveCall {
            call,
            whose,
            terms,
            dialled_at: now,
            answered_at: None,
            log: Vec::new(),
            other_end: OtherEnd::None,
            rang: false,
            hung_up: false,
            carried: None,
            agent_until: None,
            agent: None,
            messages: 0,
            facts_asked: 0,
            facts_kept: Vec::new(),
            ended: None,
            news: News::default(),
        }
    }

    /// The line that was rung, by its place.
    pub fn line(&self) -> Option<usize> {
        match self.whose {
            Whose::Line { line, .. } => Some(line),
            Whose::Attempt { .. } => None,
        }
    }

    /// Whose attempt it is.
    pub fn campaign(&self) -> Option<CampaignId> {
        match &self.whose {
            Whose::Attempt { claimed, .. } => Some(claimed.attempt.campaign),
            Whose::Line { .. } => None,
        }
    }

    /// The contact's; of a caller it is not known.
    fn zone(&self) -> Option<&Zone> {
        match &self.whose {
            Whose::Attempt { claimed, .. } => Some(&claimed.standing.contact.zone),
            Whose::Line { .. } => None,
        }
    }

    pub(super) fn is_of(&self, contact: ContactId) -> bool {
        match &self.whose {
            Whose::Attempt { claimed, .. } => claimed.standing.contact.id == contact,
            Whose::Line { .. } => false,
        }
    }

    pub fn deadline(&self) -> Option<Mono> {
        if self.ended.is_some() {
            return None;
        }
        let agent = match self.other_end {
            OtherEnd::AgentRung { until } => until,
            OtherEnd::None | OtherEnd::TransferRung | OtherEnd::Talking | OtherEnd::Leaving(_) => None,
        };
        self.call.deadline().into_iter().chain(agent).chain(self.agent_until).min()
    }
}

pub(super) fn unknown_outcome() -> Outcome {
    Outcome { blame: Blame::Us, ..Outcome::of(Disposition::UnknownOutcome) }
}

impl Engine {
    /// Calls whose time has come.
    pub(super) fn turn_calls(&mut self, now: Now, out: &mut Vec<Output>) {
        for id in self.calls.due(now.mono) {
            self.tell(now, id, Event::Ticked, out);
        }
    }

    pub(super) fn leg(&mut self, now: Now, leg: LegId, event: LegEvent, out: &mut Vec<Output>) {
        match leg.party {
            Party::Client => self.client_leg(now, leg.call, event, out),
            Party::Agent => self.agent_leg(now, leg.call, event, out),
        }
    }

    fn client_leg(&mut self, now: Now, id: CallId, event: LegEvent, out: &mut Vec<Output>) {
        let Some(live) = self.calls.get_mut(id) else {
            // A caller who gave up before we answered.
            if self.offered.contains_key(&id)
                && matches!(event, LegEvent::Failed(_) | LegEvent::Refused(_) | LegEvent::Ended(_))
            {
                self.give_up_offer(id, None, out);
            }
            return;
        };
        let event = match event {
            LegEvent::Ringing => {
                live.rang = true;
                Event::Ringing
            }
            LegEvent::Answered => {
                live.answered_at = Some(now.mono);
                if id.is_inbound() {
                    self.tell(now, id, Event::Answered, out);
                    // Nobody but a person rings us.
                    return self.tell(now, id, Event::AnsweredBy(AnsweredBy::Human), out);
                }
                self.tally.answered += 1;
                Event::Answered
            }
            LegEvent::Refused(cause) if self.goes_on_over_another_trunk(now, id, cause, out) => return,
            LegEvent::Failed(cause) | LegEvent::Refused(cause) => Event::Failed(cause),
            LegEvent::Ended(cause) => Event::HungUp(cause),
            LegEvent::Referred => Event::AgentAnswered,
            LegEvent::ReferFailed(cause) => Event::TransferFailed(cause),
            LegEvent::Held => Event::Held,
            LegEvent::Resumed => Event::Resumed,
            LegEvent::Digit(key) => Event::Digit(key),
            LegEvent::PlayEnded(play) => Event::PlayEnded(play),
            LegEvent::AnsweredBy(who) => Event::AnsweredBy(who),
            LegEvent::Beeped => Event::Beeped,
            LegEvent::Announced(cause) => Event::Announced(cause),
            LegEvent::Recorded { length, file } => Event::Recorded { length, file },
        };
        self.tell(now, id, event, out);
    }

    /// Before any phone rang the carrier said that it cannot: the same call goes over another trunk, as long as we still want it.
    fn goes_on_over_another_trunk(&mut self, now: Now, id: CallId, cause: HangupCause, out: &mut Vec<Output>) -> bool {
        let Some(live) = self.calls.get_mut(id) else { return false };
        let Whose::Attempt { claimed, phone } = &live.whose else { return false };
        if live.rang || live.hung_up || live.answered_at.is_some() || live.ended.is_some() {
            return false;
        }
        let Some(phone) = claimed.standing.contact.phones.iter().find(|p| p.id == *phone) else { return false };
        let number = phone.number.clone();
        let Some((from, _)) = self.trunks.of(id.attempt()) else { return false };
        let Some(trunk) = self.trunks.next_trunk(now.mono, id.attempt(), &number, cause.disposition()) else {
            return false;
        };
        let detail = format!("{cause} at {}; over {}", self.trunks.name(from), self.trunks.name(trunk));
        live.log.push(CallEvent { call: id, at: now.wall, kind: "another_trunk".to_string(), detail });
        self.tally.failed_over += 1;
        out.push(Output::Dial { leg: LegId::client(id), to: Destination::Number(number), trunk });
        true
    }

    pub(super) fn tell_all(&mut self, now: Now, event: &Event, out: &mut Vec<Output>) {
        let calls: Vec<CallId> = self.calls.iter().map(|(id, _)| id).collect();
        for id in calls {
            self.tell(now, id, event.clone(), out);
        }
    }

    /// Tells one call one fact and carries its orders on. A panic inside ends that call alone.
    pub(super) fn tell(&mut self, now: Now, id: CallId, event: Event, out: &mut Vec<Output>) {
        let Some(live) = self.calls.get_mut(id).filter(|live| live.ended.is_none()) else { return };
        let actions = catch_unwind(AssertUnwindSafe(|| live.call.handle(now.mono, event)));
        match actions {
            Ok(actions) => {
                for action in actions {
                    self.carry_on(now, id, action, out);
                }
            }
            Err(_) => {
                self.tally.errors += 1;
                out.push(Output::Warn(format!("call {id} ended by a fault of ours; the others go on")));
                let ending = Ending {
                    disposition: Disposition::SystemError,
                    answered_by: None,
                    right_party: false,
                    reason: None,
                    cause: HangupCause::SystemError,
                    path: Vec::new(),
                    talk: Duration::ZERO,
                };
                out.push(Output::Hangup { leg: LegId::client(id) });
                self.carry_on(now, id, Action::End(ending), out);
            }
        }
    }

    fn carry_on(&mut self, now: Now, id: CallId, action: Action, out: &mut Vec<Output>) {
        let Some(live) = self.calls.get_mut(id) else { return };
        let leg = LegId::client(id);
        match action {
            Action::Play { play, utterances } => out.push(Output::Play { leg, play, utterances }),
            Action::StopPlay { play } => out.push(Output::StopPlay { leg, play }),
            Action::EndPlay { play } => out.push(Output::EndPlay { leg, play }),
            Action::Note(note) => {
                let (kind, detail) = written(&note);
                live.log.push(CallEvent { call: id, at: now.wall, kind: kind.to_string(), detail });
            }
            Action::Save { save, fact } => self.save(now, id, save, &fact, out),
            // The call keeps the time itself, and releases the other end when it has waited long enough.
            Action::RingAgent { queue, priority, timeout: _ } => self.ring_agent(now, id, queue, priority, out),
            Action::Refer { to, timeout: _ } => self.refer(now, id, &to, out),
            Action::Transfer { to, timeout: _ } => self.transfer(now, id, &to, out),
            Action::ReleaseAgent => self.release_other_end(now, id, out),
            Action::Record { max, silence } => {
                live.messages += 1;
                out.push(Output::Record { leg, number: live.messages, max, silence });
            }
            Action::StopRecording => out.push(Output::StopRecording { leg }),
            Action::Request { request, question } => out.push(Output::Request { call: id, request, question }),
            Action::Bridge => out.push(Output::Bridge { call: id }),
            Action::Hangup => {
                live.hung_up = true;
                out.push(Output::Hangup { leg });
                self.release_other_end(now, id, out);
            }
            Action::End(ending) => self.end(now, id, ending, out),
        }
    }

    fn save(&mut self, now: Now, id: CallId, save: SaveId, fact: &Fact, out: &mut Vec<Output>) {
        let live = self.calls.get_mut(id).expect("the call that ordered it");
        let attempt = id.attempt();
        let write = match fact {
            // Of all facts a line's flow has this one only; see `unfit`.
            _ if let Whose::Line { caller, .. } = &live.whose => {
                let (Fact::OptOut { .. }, Some(number)) = (fact, caller.clone()) else {
                    return self.tell(now, id, Event::SaveFailed(save), out);
                };
                Write::SuppressNumber { number, reason: Disposition::OptedOut, at: now.wall }
            }
            Fact::Promise { parts } => {
                let Some(zone) = live.zone() else { return self.tell(now, id, Event::SaveFailed(save), out) };
                let parts = parts.iter().map(|part| live.terms.part(part.amount, part.on, zone)).collect();
                Write::Promise { attempt, parts, at: now.wall }
            }
            Fact::OptOut { scope } => {
                Write::Suppress { attempt, scope: *scope, reason: Disposition::OptedOut, at: now.wall }
            }
            Fact::Message { by, subject, body } => {
                let channel = match by {
                    NotifyBy::Sms => Channel::Sms,
                    NotifyBy::Email => Channel::Email,
                };
                Write::Message { attempt, channel, subject: subject.clone(), body: body.clone(), at: now.wall }
            }
        };
        live.facts_asked += 1;
        let mut group = vec![write.clone()];
        group.extend(live.log.drain(..).map(Write::Log));
        self.write(group, |_| Asked::Fact { call: id, save, fact: write }, out);
    }

    /// The store's answer to a call's fact: `kept`, or not.
    pub(super) fn fact_answered(
        &mut self,
        now: Now,
        id: CallId,
        save: SaveId,
        fact: Write,
        kept: bool,
        out: &mut Vec<Output>,
    ) {
        let Some(live) = self.calls.get_mut(id) else { return };
        live.facts_asked -= 1;
        if kept {
            if let Write::Promise { parts, .. } = &fact {
                self.tally.promise(parts.iter().map(|part| part.amount));
            }
            live.facts_kept.push(fact);
        }
        if live.ended.is_some() {
            self.close_when_answered(now, id, out);
        } else {
            self.tell(now, id, if kept { Event::Saved(save) } else { Event::SaveFailed(save) }, out);
        }
    }

    fn end(&mut self, now: Now, id: CallId, ending: Ending, out: &mut Vec<Output>) {
        self.release_other_end(now, id, out);
        let live = self.calls.get_mut(id).expect("the call that ended");
        let live_disposition = ending.disposition;
        live.agent_until = None;
        if let Some(dialler) = live.campaign().and_then(|campaign| self.diallers.get_mut(&campaign)) {
            dialler.came_to(now.mono, id.attempt(), false);
        }
        let talk = live.answered_at.map_or(Duration::ZERO, |at| now.mono.since(at));
        live.ended = Some((ending, now.mono));
        live.carried = self.trunks.ended(now.mono, id.attempt(), live_disposition, Some(talk));
        let cost = live.carried.as_ref().and_then(|carried| carried.cost);
        if let (Some(spending), Whose::Attempt { claimed, .. }) = (&mut self.spending, &live.whose) {
            spending.release(id.attempt());
            if let Some(cost) = cost {
                spending.spend(now.wall, claimed.attempt.campaign, cost);
            }
        }
        out.push(Output::Close { call: id });
        self.close_when_answered(now, id, out);
    }

    /// A call that ended between ordering a fact and hearing that it is kept is finished only after the answer: what
    /// comes next for the contact depends on it.
    fn close_when_answered(&mut self, now: Now, id: CallId, out: &mut Vec<Output>) {
        if self.calls.get(id).is_none_or(|live| live.facts_asked > 0) {
            return;
        }
        let live = self.calls.remove(id).expect("looked at above");
        let (ending, ended_at) = live.ended.expect("only ended calls are closed");
        let disposition = strongest(ending.disposition, &live.facts_kept);
        let answered = live.answered_at.unwrap_or(ended_at);
        let milliseconds = |d: Duration| u32::try_from(d.as_millis()).unwrap_or(u32::MAX);
        let outcome = Outcome {
            disposition,
            blame: disposition.blame_after(ending.cause),
            cause: Some(ending.cause),
            answered_by: live.answered_at.map(|_| ending.answered_by.unwrap_or(AnsweredBy::Unknown)),
            right_party: ending.right_party,
            ring_ms: milliseconds(answered.since(live.dialled_at.mono)),
            talk_ms: live.answered_at.map_or(0, |at| milliseconds(ended_at.since(at))),
            node: ending.path.last().cloned(),
        };
        let mut group: Vec<Write> = live.log.into_iter().map(Write::Log).collect();
        let (mut claimed, phone) = match live.whose {
            Whose::Attempt { claimed, phone } => (*claimed, phone),
            Whose::Line { .. } => {
                let (cause, talk_ms) = (outcome.cause, outcome.talk_ms);
                let end = InboundEnd { at: now.wall, disposition, cause, talk_ms };
                group.push(Write::InboundEnded { call: id, end });
                return self.write_surely(group, None, out);
            }
        };
        match disposition {
            Disposition::InvalidNumber | Disposition::OutOfService => {
                group.push(Write::Phone { phone, state: PhoneState::Bad });
            }
            Disposition::WrongNumber => group.push(Write::Phone { phone, state: PhoneState::Wrong }),
            _ => {}
        }
        // Last, next to how it ended: the store writes both at once.
        if let Some(Carried { trunk, caller_id, cost }) = live.carried {
            let (attempt, trunk, caller_id) = (id.attempt(), Some(trunk), Some(caller_id));
            group.push(Write::Carried { attempt, trunk, caller_id, cost, agent: live.agent });
        }
        claimed.attempt.phone = Some(phone);
        claimed.standing.take_in(&live.facts_kept);
        self.finish(now, claimed, outcome, group, live.dialled_at.wall, out);
    }

    /// Writes how an attempt ended and what comes next. `at`: when it was dialled or sent, the instant that caps count and
    /// from which the ladder's delays run, so that a long talk does not push the next attempt away.
    pub(super) fn finish(
        &mut self,
        now: Now,
        claimed: Claimed,
        outcome: Outcome,
        mut group: Vec<Write>,
        at: Wall,
        out: &mut Vec<Output>,
    ) {
        let Claimed { attempt, mut standing } = claimed;
        let abandoned = |w: &Write| matches!(w, Write::Carried { agent: Some(AgentResult::Abandoned), .. });
        let past = PastAttempt {
            whose: crate::books::Whose::Contact,
            channel: attempt.channel,
            step: attempt.plan.step,
            try_number: attempt.plan.try_number,
            at,
            phone: attempt.phone,
            disposition: outcome.disposition,
            blame: outcome.blame,
            answered_by: outcome.answered_by,
            right_party: outcome.right_party,
            node: outcome.node.clone(),
            abandoned_at: group.iter().any(abandoned).then_some(now.wall),
        };
        standing.past.push(past.clone());
        standing.past_here.push(past);
        standing.take_in(&group);
        let next = match self.plan(attempt.campaign) {
            Some(plan) => campaign::plan_next(&plan.ladder, &standing, &attempt.plan, outcome.disposition, at),
            None => Next::Close(Close::new("stopped", "the campaign was stopped while this attempt was under way")),
        };
        self.tally.end(outcome.disposition);
        group.push(Write::Finish { attempt: attempt.id, outcome, at: now.wall, next });
        self.write_surely(group, Some(attempt.id), out);
    }
}

/// What is on disk outweighs how the call happened to end: a person who confirmed a promise and hung up has promised.
fn strongest(ended: Disposition, kept: &[Write]) -> Disposition {
    let opted_out = kept.iter().any(|w| matches!(w, Write::Suppress { .. }));
    let promised = kept.iter().any(|w| matches!(w, Write::Promise { .. }));
    match (opted_out, promised) {
        (true, _) => Disposition::OptedOut,
        (false, true) => Disposition::Promised,
        (false, false) => ended,
    }
}

/// A note as `call_event` keeps it: one word, and the rest.
fn written(note: &Note) -> (&'static str, String) {
    match note {
        Note::Answered => ("answered", String::new()),
        Note::AnsweredBy(who) => ("answered_by", who.to_string()),
        Note::Announced(cause) => ("announced", cause.to_string()),
        Note::SaidAgain => ("said_again", String::new()),
        Note::Entered(node) => ("entered", node.clone()),
        Note::Said { messages, text } => ("said", format!("{}: {text}", messages.join(", "))),
        Note::Interrupted => ("interrupted", String::new()),
        Note::Pressed(keys) => ("pressed", keys.clone()),
        Note::NoInput => ("no_input", String::new()),
        Note::NoMatch => ("no_match", String::new()),
        Note::Verified => ("verified", String::new()),
        Note::VerifyFailed => ("verify_failed", String::new()),
        Note::Promised { parts } => ("promised", promised_in_words(parts)),
        Note::OptedOut => ("opted_out", String::new()),
        Note::Reason(reason) => ("reason", reason.to_string()),
        Note::Queued { position } => ("queued", position.to_string()),
        Note::QueueClosed => ("queue_closed", String::new()),
        Note::CalledBack => ("called_back", String::new()),
        Note::TransferRung { to } => ("transfer_rung", to.clone()),
        Note::TransferFailed(cause) => ("transfer_failed", cause.to_string()),
        Note::Requested { url } => ("requested", url.clone()),
        Note::Replied { good } => ("replied", if *good { String::new() } else { "not as declared".into() }),
        Note::RequestFailed => ("request_failed", String::new()),
        Note::Recorded { length, file } => {
            let file = file.as_deref().unwrap_or("not kept");
            ("recorded", format!("{} s: {file}", length.as_secs()))
        }
        Note::AgentRung { queue } => ("agent_rung", queue.clone()),
        Note::AgentAnswered => ("agent_answered", String::new()),
        Note::AgentUnavailable => ("agent_unavailable", String::new()),
        Note::Held => ("held", String::new()),
        Note::Resumed => ("resumed", String::new()),
        Note::HungUp(cause) => ("hung_up", cause.to_string()),
        Note::PaidPart { left } => ("paid_part", format!("{left} left")),
    }
}
