//! From a call that is offered to us to one that talks: the line, its audio, the row on disk, the answer.
//!
//! What answers is a flow that asks for no contact: the caller's number is a hint and names nobody, so that there is no debt to
//! speak of and nothing to promise. Who has to be known is given to an agent.

use std::sync::Arc;

use super::talking::{LiveCall, Whose};
use super::{Asked, Engine, Line, Output, Refusal, StoreFailure};
use crate::books::{Caller, InboundEnd, Write};
use crate::call::{self, Call};
use crate::flow::program::{ContactValues, OptOutScope, Program, Step};
use crate::id::*;
use crate::outcome::Disposition;
use crate::speech::Utterance;
use crate::time::Now;

/// A call that rings here.
pub(super) struct Offered {
    /// Place of its line.
    line: usize,
    did: String,
    caller: Caller,
    values: ContactValues,
    context: call::Context,
}

/// A line's flow as it stands on this day.
struct Prepared {
    values: ContactValues,
    context: call::Context,
    /// All that it may say.
    said: Vec<Utterance>,
}

/// What a flow wants that a line cannot give it: nodes, with the reason.
pub fn unfit(program: &Program) -> Vec<String> {
    let mut unfit: Vec<String> = program
        .contact
        .iter()
        .map(|field| format!("asks for the contact's `{}`, and whoever rings is no known contact", field.name))
        .collect();
    for named in &program.steps {
        let what = match &named.step {
            Step::Promise(_) => "takes a promise, which needs a debt",
            Step::Verify(_) => "verifies a contact",
            Step::OptOut { scope: OptOutScope::Person, .. } => {
                "opts a person out, and only the caller's number is known: `opt_out: number`"
            }
            Step::Notify { .. } => "sends a message to a contact",
            Step::Say { .. } | Step::Menu(_) | Step::Collect(_) | Step::Branch { .. } | Step::Set { .. } => continue,
            Step::Reason(_) | Step::Queue(_) | Step::Request(_) | Step::Transfer(_) | Step::Record(_) => continue,
            Step::OptOut { scope: OptOutScope::Number, .. } | Step::End { .. } => continue,
        };
        unfit.push(format!("node {}: {what}", named.name));
    }
    unfit
}

impl Line {
    fn answers(&self, did: &str) -> bool {
        let digits = |number: &str| number.strip_prefix('+').unwrap_or(number).to_string();
        self.did.as_deref().is_none_or(|own| digits(own) == digits(did))
    }

    /// What its flow says, as known before the call.
    ///
    /// # Errors
    /// Why it cannot be said.
    pub fn prompts(&self, now: Now) -> Result<Vec<Utterance>, String> {
        self.prepare(now).map(|prepared| prepared.said)
    }

    fn prepare(&self, now: Now) -> Result<Prepared, String> {
        let language = self.program.language_for(self.language);
        let values = self
            .program
            .bind(language, |_| None)
            .map_err(|errors| errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))?;
        let today = now.wall.date(&self.zone);
        let context = call::Context { language, company: self.company.clone(), today, due: None };
        let said = call::prompts_needed(&self.program, &values, &context).map_err(|why| why.to_string())?;
        Ok(Prepared { values, context, said: said.into_iter().collect() })
    }
}

impl Engine {
    pub(super) fn offered(&mut self, now: Now, id: CallId, did: String, caller: Caller, out: &mut Vec<Output>) {
        let leg = LegId::client(id);
        let mut refuse = |why| out.push(Output::Refuse { leg, why });
        let Some(line) = self.lines.iter().position(|line| line.answers(&did)) else {
            return refuse(Refusal::NoSuchLine);
        };
        if self.draining || self.store_rests_until.is_some() {
            return refuse(Refusal::Unavailable);
        }
        let on_line = |at: &usize| *at == line;
        let busy = self.offered.values().map(|o| &o.line).filter(|at| on_line(at)).count()
            + self.calls.iter().filter_map(|(_, live)| live.line()).filter(on_line).count();
        if busy >= self.lines[line].calls_max as usize {
            return refuse(Refusal::Full);
        }
        match self.lines[line].prepare(now) {
            Ok(Prepared { values, context, said }) => {
                out.push(Output::Ring { leg });
                out.push(Output::Prepare { attempt: id.attempt(), utterances: said });
                self.offered.insert(id, Offered { line, did, caller, values, context });
            }
            Err(why) => {
                refuse(Refusal::Unavailable);
                out.push(Output::Warn(format!("a call was not taken, its flow cannot be spoken: {why}")));
            }
        }
    }

    pub(super) fn offer_prepared(&mut self, now: Now, id: CallId, result: Result<(), String>, out: &mut Vec<Output>) {
        let Some(offered) = self.offered.get(&id) else {
            // The caller gave up meanwhile.
            return out.push(Output::Close { call: id });
        };
        if let Err(why) = result {
            self.tally.errors += 1;
            out.push(Output::Warn(format!("a call was not taken, its audio is missing: {why}")));
            return self.give_up_offer(id, Some(Refusal::Unavailable), out);
        }
        let program = &self.lines[offered.line].program;
        let answered = Write::InboundAnswered {
            call: id,
            did: offered.did.clone(),
            caller: offered.caller.clone(),
            flow: format!("{}@{}", program.name, program.version),
            at: now.wall,
        };
        self.write(vec![answered], |_| Asked::Inbound(id), out);
    }

    pub(super) fn offer_stored(
        &mut self,
        now: Now,
        id: CallId,
        result: Result<(), StoreFailure>,
        out: &mut Vec<Output>,
    ) {
        match (self.offered.remove(&id), result) {
            (Some(offered), Ok(())) => {
                let program = Arc::clone(&self.lines[offered.line].program);
                let call = Call::new(program, offered.values, offered.context).on_hold_at_most(self.limits.hold_max);
                let whose = Whose::Line { line: offered.line, caller: offered.caller.number };
                self.calls.insert(id, LiveCall::new(call, whose, crate::books::PromiseTerms::default(), now));
                self.tally.in_air_max = self.tally.in_air_max.max(self.calls.len());
                self.tally.came_in += 1;
                out.push(Output::Answer { leg: LegId::client(id) });
            }
            // The caller gave up while the row was written.
            (None, Ok(())) => {
                let disposition = Disposition::HungUpEarly;
                let end = InboundEnd { at: now.wall, disposition, cause: None, talk_ms: 0 };
                self.write_surely(vec![Write::InboundEnded { call: id, end }], None, out);
                out.push(Output::Close { call: id });
            }
            (offered, Err(failure)) => {
                let why = match failure {
                    StoreFailure::Unavailable(why) => {
                        self.store_failed(now, why.clone(), out);
                        why
                    }
                    StoreFailure::Conflict(why) => why,
                };
                self.tally.errors += 1;
                out.push(Output::Warn(format!("a call was not taken, it could not be written down: {why}")));
                self.give_up_offer(id, offered.map(|_| Refusal::Unavailable), out);
            }
        }
    }

    /// The caller gave up before we answered (`why: None`), or we do not take the call.
    pub(super) fn give_up_offer(&mut self, id: CallId, why: Option<Refusal>, out: &mut Vec<Output>) {
        self.offered.remove(&id);
        let leg = LegId::client(id);
        out.extend(why.map(|why| Output::Refuse { leg, why }));
        out.push(Output::Close { call: id });
    }
}
