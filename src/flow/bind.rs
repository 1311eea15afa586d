//! A contact's text fields → the typed values a flow wants. All faults of a contact at once.

use super::expr::{Type, Value};
use super::program::{ContactValues, Field, Program};
use crate::language::Language;
use crate::money::Money;
use crate::phone::PhoneNumber;

/// Longest text of a field, in characters: it is going to be spoken.
const TEXT_MAX: usize = 200;

/// Why one field of a contact does not fit the flow.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {why}")]
pub struct BindError {
    pub field: String,
    /// What was expected. Never the value itself: it may be personal.
    pub why: String,
}

impl Program {
    /// Types a contact's fields. `get` gives a field's text by name; `None` and blank text are a missing value.
    /// A missing field of type `language` is `language`.
    pub fn bind(
        &self,
        language: Language,
        get: impl Fn(&str) -> Option<String>,
    ) -> Result<ContactValues, Vec<BindError>> {
        bind(&self.contact, language, get)
    }
}

/// As [`Program::bind`], for a schema alone.
pub fn bind(
    schema: &[Field],
    language: Language,
    get: impl Fn(&str) -> Option<String>,
) -> Result<ContactValues, Vec<BindError>> {
    let mut values = Vec::with_capacity(schema.len());
    let mut errors = Vec::new();
    for field in schema {
        let text = get(&field.name).map(|t| t.trim().to_string()).filter(|t| !t.is_empty());
        let fault = |why: String| BindError { field: field.name.clone(), why };
        match text {
            Some(text) => match read_value(&field.ty, &text) {
                Ok(value) => values.push(Some(value)),
                Err(why) => errors.push(fault(why)),
            },
            None if field.ty == Type::Language => values.push(Some(Value::Language(language))),
            None if field.optional => values.push(None),
            None => errors.push(fault(format!("missing; {} was expected", field.ty.words()))),
        }
    }
    if errors.is_empty() { Ok(ContactValues(values)) } else { Err(errors) }
}

/// One value of this type from its text.
///
/// # Errors
/// What was expected, in words.
pub fn read_value(ty: &Type, text: &str) -> Result<Value, String> {
    match ty {
        Type::Text if text.chars().count() > TEXT_MAX => Err(format!("longer than {TEXT_MAX} characters")),
        Type::Text if text.chars().any(char::is_control) => Err("has control characters in it".into()),
        Type::Text => Ok(Value::Text(text.to_string())),
        Type::Money => text.parse::<Money>().map(Value::Money).map_err(|e| e.to_string()),
        Type::Date => text.parse().map(Value::Date).map_err(|_| "a date is written 2026-11-25".into()),
        Type::Time => super::expr::time(text).map(Value::Time).ok_or_else(|| "a time is written 09:30".into()),
        Type::Number => text.parse().map(Value::Number).map_err(|_| "a whole number was expected".into()),
        Type::Digits(n) if text.len() == *n as usize && text.bytes().all(|b| b.is_ascii_digit()) => {
            Ok(Value::Digits(text.to_string()))
        }
        Type::Digits(n) => Err(format!("exactly {n} digits were expected")),
        Type::Phone => {
            text.parse::<PhoneNumber>().map(|p| Value::Phone(p.full().to_string())).map_err(|e| e.to_string())
        }
        Type::Language => text.parse().map(Value::Language).map_err(|_| "a language is ru or en".into()),
        Type::Bool => match text {
            "true" => Ok(Value::Bool(true)),
            "false" => Ok(Value::Bool(false)),
            _ => Err("true or false was expected".into()),
        },
        Type::Enum(words) if words.iter().any(|w| w == text) => Ok(Value::Text(text.to_string())),
        Type::Enum(words) => Err(format!("one of {} was expected", words.join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typed() {
        let check = |ty: Type, text: &str| {
            let schema = [Field { name: "x".into(), ty, optional: false, protected: false }];
            bind(&schema, Language::RU, |_| Some(text.to_string())).is_ok()
        };
        for (ty, good, bad) in [
            (Type::Text, "Анна", " "),
            (Type::Money, "1234.50 RUB", "1234,50 RUB"),
            (Type::Date, "2026-02-28", "2026-02-30"),
            (Type::Date, "2026-11-25", "25.11.2026"),
            (Type::Time, "09:30", "9:30"),
            (Type::Time, "23:59", "24:00"),
            (Type::Number, "-7", "7.5"),
            (Type::Digits(4), "0012", "012"),
            (Type::Digits(4), "0012", "00123"),
            (Type::Digits(4), "0012", "٠٠١٢"),
            (Type::Phone, "+79161234567", "123"),
            (Type::Language, "en", "english"),
            (Type::Bool, "true", "yes"),
            (Type::Enum(vec!["water".into()]), "water", "Water"),
            (Type::Text, "ok", "a\u{7}b"),
        ] {
            assert!(check(ty.clone(), good), "{ty:?} {good}");
            assert!(!check(ty.clone(), bad), "{ty:?} {bad}");
        }
    }

    #[test]
    fn optional_and_missing() {
        let field = |name: &str, ty, optional| Field { name: name.into(), ty, optional, protected: false };
        let schema =
            [field("a", Type::Number, true), field("b", Type::Number, false), field("language", Type::Language, false)];
        let errors = bind(&schema, Language::EN, |_| None).unwrap_err();
        assert_eq!(errors.len(), 1);
        assert_eq!(errors[0].to_string(), "b: missing; a number was expected");
        let values = bind(&schema, Language::EN, |name| (name == "b").then(|| "3".into())).unwrap();
        assert_eq!(values.0, [None, Some(Value::Number(3)), Some(Value::Language(Language::EN))]);
    }
}
