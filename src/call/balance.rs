//! A part of the debt is paid while the call is in the air: the flow goes on with what is left.
//!
//! Amounts said from then on are the new ones. Words that are being said and have become untrue are said anew; an offer and a
//! read-back that have not been answered are made anew. What is on disk, or on its way there, stays as it was agreed to.

use super::action::Note;
use super::ask::Question;
use super::{Call, Context, Turn, Wait, promised};
use crate::flow::expr::{Expr, Type, Value};
use crate::flow::program::{Collect, Collected, ContactValues, Program, Promise, Step, VarId};
use crate::flow::walk;
use crate::money::Money;

/// The columns of a contact that a payment changes.
const AMOUNT: &str = "amount";
const DUE: &str = "due";

/// What is owed now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Balance {
    /// Above zero.
    pub left: Money,
    /// The oldest debt that is still open. `None`: as before.
    pub due: Option<jiff::civil::Date>,
}

impl Balance {
    /// Where a flow finds what is owed.
    pub(super) fn put_into(self, program: &Program, contact: &mut ContactValues, context: &mut Context) {
        let told = [Some((AMOUNT, Value::Money(self.left))), self.due.map(|due| (DUE, Value::Date(due)))];
        for (name, value) in told.into_iter().flatten() {
            let Some(at) = field(program, name) else { continue };
            // As the books' text would be bound: a flow may call it a text.
            contact.0[at] = Some(match (&program.contact[at].ty, value) {
                (Type::Text, Value::Money(money)) => Value::Text(money.to_string()),
                (Type::Text, Value::Date(day)) => Value::Text(day.to_string()),
                (_, value) => value,
            });
        }
        context.due = self.due.or(context.due);
    }
}

fn field(program: &Program, name: &str) -> Option<usize> {
    program.contact.iter().position(|field| field.name == name)
}

impl Call {
    /// What is owed as far as the call knows; `None`: its flow has no `amount`.
    pub fn owes(&self) -> Option<Money> {
        match self.contact.0[field(&self.program, AMOUNT)?].as_ref()? {
            Value::Money(money) => Some(*money),
            _ => None,
        }
    }

    /// A person who is talking to an agent is left to it; the values are right for when the flow goes on.
    pub(super) fn paid_part(&mut self, turn: &mut Turn, balance: Balance) {
        let said = self.said.clone();
        let before = self.playing.map(|_| self.utterances(&said));
        balance.put_into(&self.program, &mut self.contact, &mut self.context);
        self.compute_anew();
        turn.note(Note::PaidPart { left: balance.left });
        let asked = match &self.wait {
            Wait::Asking(ask) => Some(ask.question),
            _ => None,
        };
        let program = self.program.clone();
        match (&program.step(self.step).step, asked) {
            (Step::Promise(promise), Some(Question::Offer(offer))) => {
                self.fall_silent(turn);
                return self.offer(turn, promise, offer);
            }
            (Step::Promise(promise), Some(question @ (Question::Day(offer) | Question::PromiseConfirm(offer))))
                if self.offer_anew(turn, promise, offer, question) =>
            {
                return;
            }
            (Step::Collect(collect), Some(Question::CollectConfirm)) if self.is_too_much(collect) => {
                self.fall_silent(turn);
                return self.ask(turn, Question::Collect);
            }
            _ => {}
        }
        if before.is_some_and(|before| self.utterances(&said) != before) {
            self.stop_play(turn);
            self.play(turn, &said);
        }
    }

    /// Variables that were computed from what has changed, in the order of their computing.
    fn compute_anew(&mut self) {
        let mut changed: Vec<VarId> = Vec::new();
        for (variable, expr) in self.computed.clone() {
            let (mut depends, mut on_itself) = (false, false);
            walk(&expr, &mut |part| match part {
                Expr::Contact(field) => {
                    let name = self.program.contact[field.0 as usize].name.as_str();
                    depends |= matches!(name, AMOUNT | DUE);
                }
                Expr::DaysOverdue => depends = true,
                Expr::Variable(other) => {
                    on_itself |= *other == variable;
                    depends |= changed.contains(other);
                }
                _ => {}
            });
            if depends && !on_itself {
                self.variables[variable.0 as usize] = self.eval(&expr);
                changed.push(variable);
            }
        }
    }

    /// What was agreed to was a share of what was owed. A day that was named stays, and is read back with the new sum. `false`: no day
    /// has been named yet, and the question for it goes on.
    fn offer_anew(&mut self, turn: &mut Turn, promise: &Promise, index: usize, question: Question) -> bool {
        let offer = &promise.offers[index];
        let sum = match self.eval(&promise.of) {
            Some(Value::Money(sum)) if promised::is_taken(offer, sum, self.context.today, &self.bounds) => sum,
            // Not one that the campaign takes any more: the next that it does.
            _ => {
                self.fall_silent(turn);
                self.offer(turn, promise, index);
                return true;
            }
        };
        self.variables[promise.amount.0 as usize] = Some(Value::Money(promised::share_of(offer.share, sum)));
        let Some(day) = self.promised.first().filter(|_| question != Question::Day(index)).map(|part| part.on) else {
            return false;
        };
        self.fall_silent(turn);
        let parts = promised::parts(offer, sum, day, promise.workdays);
        self.read_back(turn, promise, index, parts);
        true
    }

    /// A sum that was keyed and not yet confirmed is more than may be named now.
    fn is_too_much(&self, collect: &Collect) -> bool {
        let Collected::Amount { max, .. } = &collect.what else { return false };
        match (&self.variables[collect.into.0 as usize], self.eval(max)) {
            (Some(Value::Money(keyed)), Some(Value::Money(max))) => keyed.minor > max.minor,
            _ => false,
        }
    }

    /// Keys pressed until now were meant for the old sum.
    fn fall_silent(&mut self, turn: &mut Turn) {
        self.stop_play(turn);
        self.keys.clear();
        self.held.clear();
    }
}
