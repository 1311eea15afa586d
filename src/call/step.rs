//! Entering the steps of a program: straight lines, one for each kind.

use super::action::{Fact, Note};
use super::ask::Question;
use super::{Call, STEPS_PER_CALL_MAX, Turn, Wait};
use crate::flow::program::{MessageId, NotifyBy, OptOutScope, Step, StepId, Via};

impl Call {
    pub(super) fn enter(&mut self, turn: &mut Turn, id: StepId) {
        if self.path.len() >= STEPS_PER_CALL_MAX {
            return self.hang_up(turn, None);
        }
        let program = self.program.clone();
        let named = program.step(id);
        self.step = id;
        self.path.push(id);
        turn.note(Note::Entered(named.name.clone()));
        match &named.step {
            Step::Say { messages, interruptible } => self.say(turn, messages, *interruptible),
            Step::Menu(_) => self.ask(turn, Question::Menu),
            Step::Collect(_) => self.ask(turn, Question::Collect),
            Step::Verify(verify) => match self.proof(verify) {
                Some(_) => self.ask(turn, Question::Verify),
                None => self.come_to("failed"),
            },
            Step::Promise(promise) => self.offer(turn, promise, 0),
            Step::Branch { cases } => {
                let taken = cases.iter().position(|case| self.holds(&case.when));
                let via = match taken {
                    Some(case) => Via::Case(case as u16),
                    // By value, every value with its case: the compiler has seen to it that there is one.
                    None if named.routes.iter().all(|(via, _)| *via != Via::Outcome("else")) => named.routes[0].0,
                    None => Via::Outcome("else"),
                };
                self.leave(via);
            }
            Step::Set { assign } => {
                for (variable, expr) in assign {
                    self.variables[variable.0 as usize] = self.eval(expr);
                    self.computed.retain(|(known, _)| known != variable);
                    self.computed.push((*variable, expr.clone()));
                }
                self.come_to("next");
            }
            Step::Reason(_) => self.ask(turn, Question::Reason),
            Step::Request(request) => self.announce(turn, request.message),
            Step::Queue(queue) => self.announce(turn, queue.message),
            Step::Transfer(transfer) => self.announce(turn, transfer.message),
            Step::Record(record) => self.announce(turn, Some(record.message)),
            Step::Notify { by, subject, message } => self.notify(turn, *by, *subject, *message),
            Step::OptOut { scope } => self.opt_out(turn, *scope),
            Step::End { messages, result } => {
                self.result = Some(*result);
                self.wait = Wait::Ending;
                self.play(turn, messages);
                if self.playing.is_none() && !self.is_closed() {
                    self.hang_up(turn, None);
                }
            }
        }
    }

    fn say(&mut self, turn: &mut Turn, messages: &[MessageId], interruptible: bool) {
        self.wait = Wait::Saying { interruptible };
        self.play(turn, messages);
        if self.playing.is_none() && !self.is_closed() {
            self.come_to("next");
        }
    }

    fn notify(&mut self, turn: &mut Turn, by: NotifyBy, subject: Option<MessageId>, message: MessageId) {
        let subject = subject.map(|s| self.written(s));
        let fact = Fact::Message { by, subject, body: self.written(message) };
        self.save(turn, fact, "queued", "failed");
    }

    /// Once is enough: a person who presses the hotkey again is taken on at once.
    fn opt_out(&mut self, turn: &mut Turn, scope: OptOutScope) {
        if self.saves.has_opted_out(scope) {
            return self.come_to("next");
        }
        self.save(turn, Fact::OptOut { scope }, "next", "failed");
    }
}
