//! What an expression is worth. Total: a missing value, an overflow, a division by zero and two currencies give `None`.

use std::cmp::Ordering;

use jiff::civil::Date;

use super::{BinaryOp, Expr, Value};
use crate::flow::program::ContactValues;
use crate::money::Money;
use crate::speech::Spoken;

/// What an expression may look at.
#[derive(Debug, Clone, Copy)]
pub struct Env<'a> {
    pub contact: &'a ContactValues,
    /// By [`VarId`](crate::flow::program::VarId); not set yet is `None`.
    pub variables: &'a [Option<Value>],
    pub company: &'a str,
    /// The contact's day now.
    pub today: Date,
    pub due: Option<Date>,
}

/// The value, or `None` when something it needs is missing or does not compute. Never panics on a checked expression;
/// on any other it gives `None`.
pub fn eval(expr: &Expr, env: &Env<'_>) -> Option<Value> {
    match expr {
        Expr::Literal(value) => Some(value.clone()),
        Expr::Contact(id) => env.contact.0.get(id.0 as usize)?.clone(),
        Expr::Variable(id) => env.variables.get(id.0 as usize)?.clone(),
        Expr::Company => Some(Value::Text(env.company.to_string())),
        Expr::Today => Some(Value::Date(env.today)),
        Expr::DaysOverdue => days_between(env.due?, env.today).map(Value::Number),
        Expr::Has(id) => Some(Value::Bool(env.contact.0.get(id.0 as usize)?.is_some())),
        Expr::HasVariable(id) => Some(Value::Bool(env.variables.get(id.0 as usize)?.is_some())),
        Expr::Not(inner) => truth(inner, env).map(|b| Value::Bool(!b)),
        Expr::Binary(op, left, right) => binary(*op, left, right, env),
        Expr::InRange(inner, from, to) => match eval(inner, env)? {
            Value::Number(n) => Some(Value::Bool((*from..=*to).contains(&n))),
            _ => None,
        },
        Expr::OneOf(inner, values) => {
            let value = eval(inner, env)?;
            Some(Value::Bool(values.contains(&value)))
        }
        Expr::Weekday(inner) => match eval(inner, env)? {
            Value::Date(date) => Some(Value::Number(i64::from(date.weekday().to_monday_one_offset()))),
            _ => None,
        },
        Expr::Len(inner) => match eval(inner, env)? {
            Value::Text(text) | Value::Digits(text) => Some(Value::Number(text.chars().count() as i64)),
            _ => None,
        },
    }
}

/// Whether the condition holds. What does not compute does not hold.
pub fn holds(expr: &Expr, env: &Env<'_>) -> bool {
    truth(expr, env) == Some(true)
}

/// The value as speech takes it; `None` for what has no spoken form (`bool`, `language`).
pub fn spoken(value: Value) -> Option<Spoken> {
    match value {
        Value::Text(text) => Some(Spoken::Text(text)),
        Value::Money(money) => Some(Spoken::Money(money)),
        Value::Date(date) => Some(Spoken::Date(date)),
        Value::Time(time) => Some(Spoken::Time(time)),
        Value::Number(number) => Some(Spoken::Number(number)),
        Value::Digits(digits) => Some(Spoken::Digits(digits)),
        Value::Phone(number) => Some(Spoken::Digits(number)),
        Value::Language(_) | Value::Bool(_) => None,
    }
}

fn truth(expr: &Expr, env: &Env<'_>) -> Option<bool> {
    match eval(expr, env)? {
        Value::Bool(b) => Some(b),
        _ => None,
    }
}

fn days_between(from: Date, to: Date) -> Option<i64> {
    from.until(to).ok().map(|span| i64::from(span.get_days()))
}

fn binary(op: BinaryOp, left: &Expr, right: &Expr, env: &Env<'_>) -> Option<Value> {
    use BinaryOp as B;
    // One side can settle it, whatever the other is worth: `has(contact.x) and contact.x > 3`.
    match op {
        B::And => {
            return match (truth(left, env), truth(right, env)) {
                (Some(false), _) | (_, Some(false)) => Some(Value::Bool(false)),
                (Some(true), Some(true)) => Some(Value::Bool(true)),
                _ => None,
            };
        }
        B::Or => {
            return match (truth(left, env), truth(right, env)) {
                (Some(true), _) | (_, Some(true)) => Some(Value::Bool(true)),
                (Some(false), Some(false)) => Some(Value::Bool(false)),
                _ => None,
            };
        }
        B::Equal
        | B::NotEqual
        | B::Less
        | B::LessOrEqual
        | B::Greater
        | B::GreaterOrEqual
        | B::Add
        | B::Subtract
        | B::Multiply
        | B::Divide => {}
    }
    let (left, right) = (eval(left, env)?, eval(right, env)?);
    match op {
        B::Equal => same(&left, &right).map(Value::Bool),
        B::NotEqual => same(&left, &right).map(|b| Value::Bool(!b)),
        B::Less => order(&left, &right).map(|o| Value::Bool(o == Ordering::Less)),
        B::LessOrEqual => order(&left, &right).map(|o| Value::Bool(o != Ordering::Greater)),
        B::Greater => order(&left, &right).map(|o| Value::Bool(o == Ordering::Greater)),
        B::GreaterOrEqual => order(&left, &right).map(|o| Value::Bool(o != Ordering::Less)),
        B::Add | B::Subtract | B::Multiply | B::Divide => arithmetic(op, left, right),
        B::And | B::Or => None,
    }
}

fn same(left: &Value, right: &Value) -> Option<bool> {
    match (left, right) {
        (Value::Money(_), Value::Money(_)) => Some(order(left, right)? == Ordering::Equal),
        _ => Some(left == right),
    }
}

/// `None` for two currencies: neither is more.
fn order(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::Money(a), Value::Money(b)) if a.currency == b.currency => Some(a.minor.cmp(&b.minor)),
        (Value::Date(a), Value::Date(b)) => Some(a.cmp(b)),
        (Value::Time(a), Value::Time(b)) => Some(a.cmp(b)),
        (Value::Number(a), Value::Number(b)) => Some(a.cmp(b)),
        _ => None,
    }
}

fn arithmetic(op: BinaryOp, left: Value, right: Value) -> Option<Value> {
    match (left, right) {
        (Value::Number(a), Value::Number(b)) => whole(op, a, b).map(Value::Number),
        (Value::Money(a), Value::Money(b)) if a.currency == b.currency => {
            Some(Value::Money(Money { minor: whole(op, a.minor, b.minor)?, ..a }))
        }
        (Value::Money(a), Value::Number(b)) => Some(Value::Money(Money { minor: whole(op, a.minor, b)?, ..a })),
        (Value::Date(a), Value::Number(b)) => {
            let days = if op == BinaryOp::Subtract { b.checked_neg()? } else { b };
            // Not `days()`: it panics on what the calendar cannot hold.
            a.checked_add(jiff::Span::new().try_days(days).ok()?).ok().map(Value::Date)
        }
        (Value::Date(a), Value::Date(b)) if op == BinaryOp::Subtract => days_between(b, a).map(Value::Number),
        _ => None,
    }
}

/// Division rounds down.
fn whole(op: BinaryOp, a: i64, b: i64) -> Option<i64> {
    match op {
        BinaryOp::Add => a.checked_add(b),
        BinaryOp::Subtract => a.checked_sub(b),
        BinaryOp::Multiply => a.checked_mul(b),
        BinaryOp::Divide => a.checked_div_euclid(b),
        BinaryOp::And
        | BinaryOp::Or
        | BinaryOp::Equal
        | BinaryOp::NotEqual
        | BinaryOp::Less
        | BinaryOp::LessOrEqual
        | BinaryOp::Greater
        | BinaryOp::GreaterOrEqual => None,
    }
}
