//! What a segment's condition may ask of a contact, and the answer.

use jiff::civil::Date;

use crate::books::Contact;
use crate::flow::expr::{self, Env, Expr, Scope, Type, Value};
use crate::flow::program::{ContactValues, Field};
use crate::time::Wall;

/// The fields that every contact has, whatever its flow: what `when:` may name beside `days_overdue` and `today`.
pub fn fields() -> Vec<Field> {
    let field = |name: &str, ty| Field { name: name.into(), ty, optional: false, protected: false };
    vec![
        field("amount", Type::Money),
        field("due", Type::Date),
        field("creditor", Type::Text),
        field("language", Type::Language),
    ]
}

/// In the order of [`fields`].
fn values(contact: &Contact) -> ContactValues {
    ContactValues(vec![
        Some(Value::Money(contact.amount())),
        Some(Value::Date(contact.due())),
        Some(Value::Text(contact.creditor.clone())),
        Some(Value::Language(contact.language)),
    ])
}

pub fn scope(fields: &[Field]) -> Scope<'_> {
    Scope { contact: fields, variables: &[], bare_fields: true, frame: None }
}

/// Whether `when` is true of `contact` now. What cannot be compared (other currencies) is not true.
pub fn holds(when: &Expr, contact: &Contact, now: Wall) -> bool {
    let values = values(contact);
    let today = now.date(&contact.zone);
    let env = Env { contact: &values, variables: &[], company: &contact.creditor, today, due: Some(contact.due()) };
    expr::holds(when, &env)
}

pub fn days_between(from: Date, to: Date) -> i64 {
    from.until(to).map_or(0, |span| i64::from(span.get_days()))
}
