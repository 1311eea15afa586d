//! What a segment's condition may ask of a contact, and the answer.

use jiff::civil::Date;

use crate::books::Contact;
use crate::flow::expr::{BinaryOp, Expr, Type, Value};
use crate::flow::program::FieldId;
use crate::time::Wall;

/// The fields that every contact has, whatever its flow: what `when:` may name beside `days_overdue` and `today`.
/// A field's place here is its [`FieldId`].
pub const FIELDS: [(&str, Type); 4] =
    [("amount", Type::Money), ("due", Type::Date), ("creditor", Type::Text), ("language", Type::Language)];

/// Whether `when` is true of `contact` now. What cannot be compared (other currencies) is not true.
pub fn holds(when: &Expr, contact: &Contact, now: Wall) -> bool {
    value(when, contact, now) == Some(Value::Bool(true))
}

pub fn days_between(from: Date, to: Date) -> i64 {
    i64::from(from.until(to).map_or(0, |span| span.get_days()))
}

fn value(expr: &Expr, contact: &Contact, now: Wall) -> Option<Value> {
    let of = |e: &Expr| value(e, contact, now);
    let today = || now.date(&contact.zone);
    Some(match expr {
        Expr::Literal(value) => value.clone(),
        Expr::Contact(field) => field_value(*field, contact)?,
        Expr::Company => Value::Text(contact.creditor.clone()),
        Expr::Today => Value::Date(today()),
        Expr::DaysOverdue => Value::Number(days_between(contact.debt.due, today())),
        Expr::Has(field) => Value::Bool(field_value(*field, contact).is_some()),
        Expr::Not(e) => match of(e)? {
            Value::Bool(b) => Value::Bool(!b),
            _ => return None,
        },
        Expr::InRange(e, low, high) => match of(e)? {
            Value::Number(n) => Value::Bool((*low..=*high).contains(&n)),
            _ => return None,
        },
        Expr::OneOf(e, values) => Value::Bool(values.contains(&of(e)?)),
        Expr::Weekday(e) => match of(e)? {
            Value::Date(date) => Value::Number(i64::from(date.weekday().to_monday_one_offset())),
            _ => return None,
        },
        Expr::Len(e) => match of(e)? {
            Value::Text(text) => Value::Number(text.chars().count() as i64),
            _ => return None,
        },
        Expr::Binary(BinaryOp::And, a, b) => Value::Bool(holds(a, contact, now) && holds(b, contact, now)),
        Expr::Binary(BinaryOp::Or, a, b) => Value::Bool(holds(a, contact, now) || holds(b, contact, now)),
        Expr::Binary(op, a, b) => binary(*op, &of(a)?, &of(b)?)?,
        // Ladders have no variables; the compiler lets none through.
        Expr::Variable(_) => return None,
    })
}

fn field_value(field: FieldId, contact: &Contact) -> Option<Value> {
    Some(match FIELDS.get(field.0 as usize)?.0 {
        "amount" => Value::Money(contact.debt.amount),
        "due" => Value::Date(contact.debt.due),
        "creditor" => Value::Text(contact.creditor.clone()),
        "language" => Value::Language(contact.language),
        _ => return None,
    })
}

fn binary(op: BinaryOp, a: &Value, b: &Value) -> Option<Value> {
    use std::cmp::Ordering;
    let order: Ordering = match (a, b) {
        (Value::Number(a), Value::Number(b)) => a.cmp(b),
        (Value::Date(a), Value::Date(b)) => a.cmp(b),
        (Value::Money(a), Value::Money(b)) if a.currency == b.currency => a.minor.cmp(&b.minor),
        (Value::Text(a), Value::Text(b)) => a.cmp(b),
        (Value::Language(a), Value::Language(b)) => a.cmp(b),
        (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
        _ => return None,
    };
    Some(Value::Bool(match op {
        BinaryOp::Equal => order.is_eq(),
        BinaryOp::NotEqual => order.is_ne(),
        BinaryOp::Less => order.is_lt(),
        BinaryOp::LessOrEqual => order.is_le(),
        BinaryOp::Greater => order.is_gt(),
        BinaryOp::GreaterOrEqual => order.is_ge(),
        BinaryOp::And | BinaryOp::Or => return None,
        // Conditions compare; a ladder that must calculate waits for the flow's own evaluator.
        BinaryOp::Add | BinaryOp::Subtract | BinaryOp::Multiply | BinaryOp::Divide => return None,
    }))
}
