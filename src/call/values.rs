//! What a program's expressions are worth in this call.

use super::Context;
use crate::flow::expr::{Expr, Value};
use crate::flow::program::ContactValues;
use crate::speech::Spoken;

/// Everything an expression can ask about.
pub(super) struct Values<'a> {
    pub contact: &'a ContactValues,
    /// By `VarId`.
    pub variables: &'a [Option<Value>],
    pub context: &'a Context,
}

impl Values<'_> {
    /// `None` where a missing optional field, or a variable not yet set, is asked for.
    pub fn eval(&self, expr: &Expr) -> Option<Value> {
        // TEMP until flow::expr::eval is merged
        match expr {
            Expr::Literal(v) => Some(v.clone()),
            Expr::Contact(f) => self.contact.0[f.0 as usize].clone(),
            Expr::Variable(v) => self.variables[v.0 as usize].clone(),
            Expr::Company => Some(Value::Text(self.context.company.clone())),
            Expr::Today => Some(Value::Date(self.context.today)),
            Expr::Has(f) => Some(Value::Bool(self.contact.0[f.0 as usize].is_some())),
            _ => None,
        }
    }

    pub fn spoken(&self, expr: &Expr) -> Option<Spoken> {
        self.eval(expr).map(spoken)
    }
}

pub(super) fn spoken(value: Value) -> Spoken {
    match value {
        Value::Text(text) => Spoken::Text(text),
        Value::Money(money) => Spoken::Money(money),
        Value::Date(date) => Spoken::Date(date),
        Value::Number(number) => Spoken::Number(number),
        Value::Digits(digits) => Spoken::Digits(digits),
        Value::Phone(number) => Spoken::Digits(number.chars().filter(char::is_ascii_digit).collect()),
        Value::Language(language) => Spoken::Text(language.code().to_string()),
        // The compiler lets no yes or no into a message.
        Value::Bool(yes) => Spoken::Text(yes.to_string()),
    }
}
