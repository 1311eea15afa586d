//! A message as it will be heard: said to the contact of the file's first test, or to somebody made up.

use jiff::civil::{Date, date, time};

use super::Document;
use crate::flow::expr::{Env, Type, Value, eval, spoken};
use crate::flow::program::{ContactValues, Domain, Message, Take};
use crate::language::Language;
use crate::money::{Currency, Money};
use crate::speech::say;

/// The day of a call to somebody made up.
const TODAY: Date = date(2026, 11, 20);

impl Document {
    /// One line a language, and to whom it is said. `None` for a message of which nothing could be read.
    pub(super) fn spoken(&self, message: &Message) -> Option<String> {
        let mut lines: Vec<String> = message
            .takes
            .iter()
            .map(|(language, take)| format!("`{language}` {}", self.said(take, *language)))
            .collect();
        if lines.is_empty() {
            return None;
        }
        let has_slots = message.takes.values().any(|take| !take.slots.is_empty());
        match (has_slots, self.survey.tests.first()) {
            (true, Some(test)) => lines.push(format!("*as the test “{}” hears it*", test.name)),
            (true, None) => lines.push("*with values made up*".to_string()),
            (false, _) => {}
        }
        Some(lines.join("\n\n"))
    }

    fn said(&self, take: &Take, language: Language) -> String {
        let test = self.survey.tests.first();
        let fields = self.survey.contact.iter().enumerate();
        let values = fields.map(|(n, field)| {
            let given = test.and_then(|t| t.contact.0.get(n).cloned().flatten());
            Some(given.unwrap_or_else(|| made_up(&field.ty, language)))
        });
        let contact = ContactValues(values.collect());
        let today = test.map_or(TODAY, |t| t.today);
        let company = test.map_or("Example", |t| t.company.as_str());
        let due = self.survey.contact.iter().position(|f| f.name == "due").and_then(|n| match &contact.0[n] {
            Some(Value::Date(due)) => Some(*due),
            _ => None,
        });
        let from_contact = Env { contact: &contact, variables: &[], company, today, due };
        let variables: Vec<Option<Value>> = self
            .survey
            .variables
            .iter()
            .map(|variable| {
                let known = match &variable.domain {
                    Domain::OneOf(all) => all.first().and_then(|e| eval(e, &from_contact)),
                    Domain::DaysAhead(_) => today.tomorrow().ok().map(Value::Date),
                    Domain::Numbers(least, _) => Some(Value::Number(*least)),
                    Domain::Digits | Domain::Unknown => None,
                    Domain::OfferAmounts(_) => {
                        contact.0.iter().flatten().find(|v| matches!(v, Value::Money(_))).cloned()
                    }
                };
                Some(known.unwrap_or_else(|| made_up(&variable.ty, language)))
            })
            .collect();
        let env = Env { variables: &variables, ..from_contact };
        let value = |slot: usize| eval(take.slots.get(slot)?, &env).and_then(spoken);
        say(&take.template, value, language, today).unwrap_or_else(|why| format!("({why})"))
    }
}

fn made_up(ty: &Type, language: Language) -> Value {
    match ty {
        Type::Text if language == Language::RU => Value::Text("Анна".into()),
        Type::Text => Value::Text("Anna".into()),
        Type::Money if language == Language::RU => Value::Money(Money::new(123_450, Currency::Rub)),
        Type::Money => Value::Money(Money::new(123_450, Currency::Usd)),
        Type::Date => Value::Date(date(2026, 11, 25)),
        Type::Time => Value::Time(time(14, 30, 0, 0)),
        Type::Number => Value::Number(3),
        Type::Digits(n) => Value::Digits("1234567890".chars().cycle().take(*n as usize).collect()),
        Type::Phone => Value::Phone("+15550100123".into()),
        Type::Language => Value::Language(language),
        Type::Bool => Value::Bool(true),
        Type::Enum(words) => Value::Text(words.first().cloned().unwrap_or_default()),
    }
}
