//! What a condition may ask of a contact, and the answer.

use jiff::civil::Date;

use super::segments::CLASS;
use super::{Ladder, Segment};
use crate::books::{Standing, pledge};
use crate::flow::expr::{self, Env, Scope, Type, Value};
use crate::flow::program::{ContactValues, Field};
use crate::flow::read_value;
use crate::time::Wall;

/// The fields that every contact has: what a condition may name beside `days_overdue`, `today` and the ladder's own `contact:`.
pub const FIELDS: [&str; 6] = ["amount", "due", "creditor", "language", "debts", "promises_broken"];

pub fn fields() -> Vec<Field> {
    let ty = |name: &str| match name {
        "amount" => Type::Money,
        "due" => Type::Date,
        "creditor" => Type::Text,
        "language" => Type::Language,
        _ => Type::Number,
    };
    FIELDS.iter().map(|name| Field { name: (*name).into(), ty: ty(name), optional: false, protected: false }).collect()
}

pub fn scope(fields: &[Field]) -> Scope<'_> {
    Scope { contact: fields, variables: &[], bare_fields: true, frame: None }
}

/// What was found out about a contact on one day.
pub struct Found<'l> {
    pub class: Option<&'l str>,
    pub segment: Option<&'l Segment>,
}

impl Ladder {
    /// Class and segment of the contact at `now`. A condition over what cannot be compared (other currencies) is not true.
    ///
    /// # Errors
    /// What is wrong with the contact's own columns.
    pub fn look_up(&self, standing: &Standing, now: Wall) -> Result<Found<'_>, String> {
        let contact = &standing.contact;
        let mut values = self.values(standing)?;
        let today = now.date(&contact.zone);
        let holds = |when: &expr::Expr, values: &ContactValues| {
            let due = Some(contact.due());
            expr::holds(when, &Env { contact: values, variables: &[], company: &contact.creditor, today, due })
        };
        let class = self.classes.iter().find(|class| holds(&class.when, &values)).map(|class| class.name.as_str());
        if !self.classes.is_empty() {
            values.0.push(class.map(|name| Value::Text(name.into())));
        }
        let segment = self.segments.iter().find(|segment| holds(&segment.when, &values));
        Ok(Found { class, segment })
    }

    /// In the order of [`Ladder::fields`], without the class, which stands last.
    fn values(&self, standing: &Standing) -> Result<ContactValues, String> {
        let contact = &standing.contact;
        let mut values = Vec::with_capacity(self.fields.len());
        for field in &self.fields {
            values.push(match field.name.as_str() {
                "amount" => Some(Value::Money(contact.amount())),
                "due" => Some(Value::Date(contact.due())),
                "creditor" => Some(Value::Text(contact.creditor.clone())),
                "language" => Some(Value::Language(contact.language)),
                "debts" => Some(Value::Number(contact.debts.iter().filter(|debt| !debt.is_paid()).count() as i64)),
                "promises_broken" => Some(Value::Number(i64::from(pledge::broken(&standing.promises)))),
                CLASS => continue,
                name => {
                    let written = contact.field(name).map(|t| t.trim().to_string()).filter(|t| !t.is_empty());
                    match written {
                        Some(text) => {
                            Some(read_value(&field.ty, &text).map_err(|why| format!("column `{name}`: {why}"))?)
                        }
                        None if field.optional => None,
                        None => return Err(format!("column `{name}` is missing; {} was expected", field.ty.words())),
                    }
                }
            });
        }
        Ok(ContactValues(values))
    }
}

pub fn days_between(from: Date, to: Date) -> i64 {
    from.until(to).map_or(0, |span| i64::from(span.get_days()))
}
