//! The steps in which somebody else acts: an agent, the other end of a transfer, a service, the recorder.

use std::time::Duration;

use serde_json::{Map, Value as Json};

use super::action::{Action, Note, Question};
use super::{AGENT_GRACE, BRIDGE_LENGTH_MAX, Call, Turn, Wait};
use crate::flow::expr::Value;
use crate::flow::program::{
    MessageId, POSITION_MAX, Queue, ReplyField, Request, Step, Transfer, TransferBy, TransferTo, VarId,
    WAIT_MINUTES_MAX,
};
use crate::flow::read_value;
use crate::id::RequestId;
use crate::outcome::HangupCause;

/// How much later than its greatest length a recording may be told.
const RECORDING_GRACE: Duration = Duration::from_secs(5);

impl Call {
    /// Says what comes first, if anything; then [`Call::announced`] acts.
    pub(super) fn announce(&mut self, turn: &mut Turn, message: Option<MessageId>) {
        self.wait = Wait::Announcing;
        self.play(turn, message.as_slice());
        if self.playing.is_none() && !self.is_closed() {
            self.announced(turn);
        }
    }

    pub(super) fn announced(&mut self, turn: &mut Turn) {
        let program = self.program.clone();
        match &program.step(self.step).step {
            Step::Queue(queue) => self.ring_agent(turn, queue),
            Step::Transfer(transfer) => self.ring_other_end(turn, transfer),
            Step::Request(request) => self.request(turn, request),
            Step::Record(record) => {
                turn.order(Action::Record { max: record.max, silence: record.silence });
                self.wait = Wait::Recording { until: turn.now + record.max + RECORDING_GRACE };
            }
            other => panic!("{other:?} announces nothing"),
        }
    }

    fn ring_agent(&mut self, turn: &mut Turn, queue: &Queue) {
        let priority = match queue.priority.as_ref().and_then(|priority| self.eval(priority)) {
            Some(Value::Number(number)) => number,
            Some(Value::Money(money)) => money.minor,
            _ => 0,
        };
        turn.note(Note::AgentRung { queue: queue.queue.clone() });
        turn.order(Action::RingAgent { queue: queue.queue.clone(), priority, timeout: queue.timeout });
        let until = turn.now + queue.timeout + AGENT_GRACE;
        self.wait = Wait::RingingAgent { until, say_at: None, in_line: false };
    }

    fn ring_other_end(&mut self, turn: &mut Turn, transfer: &Transfer) {
        let to = match &transfer.to {
            TransferTo::Fixed(to) => Some(to.clone()),
            TransferTo::Phone(expr) => match self.eval(expr) {
                Some(Value::Phone(number)) => Some(number),
                _ => None,
            },
        };
        let Some(to) = to else { return self.come_to("failed") };
        let shown = to.parse::<crate::phone::PhoneNumber>().map_or_else(|_| to.clone(), |number| number.to_string());
        turn.note(Note::TransferRung { to: shown });
        let timeout = transfer.timeout;
        turn.order(match transfer.by {
            TransferBy::Bridge => Action::Transfer { to, timeout },
            TransferBy::Refer => Action::Refer { to, timeout },
        });
        let until = turn.now + transfer.timeout + AGENT_GRACE;
        self.wait = Wait::RingingAgent { until, say_at: None, in_line: false };
    }

    pub(super) fn other_end_answered(&mut self, turn: &mut Turn) {
        self.stop_play(turn);
        turn.note(Note::AgentAnswered);
        self.bridged = true;
        match &self.program.step(self.step).step {
            Step::Transfer(Transfer { by: TransferBy::Refer, .. }) => self.come_to("answered"),
            _ => {
                turn.order(Action::Bridge);
                self.wait = Wait::Bridged { until: turn.now + BRIDGE_LENGTH_MAX };
            }
        }
    }

    /// Nobody came to the other end.
    pub(super) fn unavailable(&mut self, turn: &mut Turn, cause: HangupCause) {
        let waited = matches!(self.wait, Wait::RingingAgent { in_line: true, .. });
        self.stop_play(turn);
        let outcome = match &self.program.step(self.step).step {
            Step::Transfer(_) => {
                turn.note(Note::TransferFailed(cause));
                match cause {
                    HangupCause::Busy => "busy",
                    HangupCause::NoAnswer => "no_answer",
                    _ => "failed",
                }
            }
            _ => {
                turn.note(Note::AgentUnavailable);
                if waited { "no_time" } else { "no_agent" }
            }
        };
        self.come_to(outcome);
    }

    /// The call stands in line. The first time the client is told at once.
    pub(super) fn in_line(&mut self, turn: &mut Turn, position: u32, wait: Duration) {
        let program = self.program.clone();
        let Step::Queue(queue) = &program.step(self.step).step else { return };
        let Wait::RingingAgent { say_at, in_line, .. } = &mut self.wait else { return };
        let first = !std::mem::replace(in_line, true);
        if first && queue.waiting.is_some() {
            *say_at = Some(turn.now);
        }
        turn.note(Note::Queued { position });
        let minutes = wait.as_secs().div_ceil(60) as i64;
        self.set(queue.position, i64::from(position).clamp(1, POSITION_MAX));
        self.set(queue.wait, minutes.clamp(1, WAIT_MINUTES_MAX));
        if first {
            self.say_in_line(turn);
        }
    }

    fn set(&mut self, variable: VarId, number: i64) {
        self.variables[variable.0 as usize] = Some(Value::Number(number));
    }

    pub(super) fn say_in_line(&mut self, turn: &mut Turn) {
        let program = self.program.clone();
        let Step::Queue(queue) = &program.step(self.step).step else { return };
        if let (Some(waiting), None) = (queue.waiting, self.playing) {
            self.play(turn, &[waiting]);
        }
        if let Wait::RingingAgent { say_at, .. } = &mut self.wait {
            *say_at = queue.waiting.map(|_| turn.now + queue.every);
        }
    }

    pub(super) fn key_in_line(&mut self, turn: &mut Turn, key: char) {
        let program = self.program.clone();
        let Step::Queue(queue) = &program.step(self.step).step else { return };
        let in_line = matches!(self.wait, Wait::RingingAgent { in_line: true, .. });
        if in_line && queue.call_back.as_ref().is_some_and(|wanted| wanted.starts_with(key)) {
            self.stop_play(turn);
            turn.note(Note::Pressed(key.to_string()));
            turn.note(Note::CalledBack);
            turn.order(Action::ReleaseAgent);
            self.come_to("called_back");
        }
    }

    fn request(&mut self, turn: &mut Turn, request: &Request) {
        let mut send = Map::new();
        for (name, expr) in &request.send {
            if let Some(value) = self.eval(expr) {
                send.insert(name.clone(), json(value));
            }
        }
        self.requests += 1;
        let id = RequestId(self.requests);
        turn.note(Note::Requested { url: request.url.clone() });
        let question = Question { method: request.method, url: request.url.clone(), send, wait: request.wait };
        turn.order(Action::Request { request: id, question });
        self.wait = Wait::Requesting { request: id, until: turn.now + request.wait };
    }

    pub(super) fn replied(&mut self, turn: &mut Turn, request: RequestId, status: u16, body: &str) {
        if !self.waits_for(request) {
            return;
        }
        let program = self.program.clone();
        let Step::Request(asked) = &program.step(self.step).step else { return };
        let values = (200..300).contains(&status).then(|| read(&asked.reply, body)).flatten();
        turn.note(Note::Replied { good: values.is_some() });
        let Some(values) = values else { return self.come_to("error") };
        for (field, value) in asked.reply.iter().zip(values) {
            self.variables[field.into.0 as usize] = value;
        }
        self.come_to("ok");
    }

    pub(super) fn request_failed(&mut self, turn: &mut Turn, request: RequestId) {
        if self.waits_for(request) {
            turn.note(Note::RequestFailed);
            self.come_to("error");
        }
    }

    fn waits_for(&self, request: RequestId) -> bool {
        matches!(self.wait, Wait::Requesting { request: waited, .. } if waited == request)
    }

    /// The client's message is whole. One that ends with the client's hanging up is still kept.
    pub(super) fn recorded(&mut self, turn: &mut Turn, length: Duration, file: Option<String>) {
        let left = file.is_some() && !length.is_zero();
        match self.wait {
            Wait::Recording { .. } => {
                turn.note(Note::Recorded { length, file });
                self.come_to(if left { "done" } else { "empty" });
            }
            Wait::Closing { .. } if self.recording_until.take().is_some() => {
                turn.note(Note::Recorded { length, file });
                if self.awaited_until(turn.now).is_none() {
                    self.finish(turn);
                }
            }
            _ => {}
        }
    }
}

/// Figures and truth as JSON has them; all else as text, money and days as they are written in a CSV.
fn json(value: Value) -> Json {
    match value {
        Value::Number(number) => Json::from(number),
        Value::Bool(truth) => Json::from(truth),
        Value::Text(text) | Value::Digits(text) | Value::Phone(text) => Json::from(text),
        Value::Money(money) => Json::from(money.to_string()),
        Value::Date(day) => Json::from(day.to_string()),
        Value::Time(time) => Json::from(time.strftime("%H:%M").to_string()),
        Value::Language(language) => Json::from(language.code()),
    }
}

/// The declared fields, in their order. `None`: the reply is not as declared.
fn read(fields: &[ReplyField], body: &str) -> Option<Vec<Option<Value>>> {
    let reply: Json = serde_json::from_str(body).ok()?;
    let reply = reply.as_object()?;
    fields
        .iter()
        .map(|ReplyField { field, .. }| {
            let text = match reply.get(&field.name) {
                None | Some(Json::Null) => return field.optional.then_some(None),
                Some(Json::String(text)) => text.clone(),
                Some(Json::Number(number)) => number.to_string(),
                Some(Json::Bool(truth)) => truth.to_string(),
                Some(Json::Array(_) | Json::Object(_)) => return None,
            };
            read_value(&field.ty, &text).ok().map(Some)
        })
        .collect()
}
