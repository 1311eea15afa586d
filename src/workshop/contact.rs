//! The contact of a call that is only tried: from a test of the flow, given by hand, or invented by type.

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::flow::expr::{Type, Value};
use crate::flow::program::{ContactValues, Program};
use crate::language::Language;

/// A value as a CSV or a test brings it.
pub fn text_of(value: &Value) -> String {
    match value {
        Value::Text(text) | Value::Digits(text) | Value::Phone(text) => text.clone(),
        Value::Money(money) => money.to_string(),
        Value::Date(day) => day.to_string(),
        Value::Time(time) => time.strftime("%H:%M").to_string(),
        Value::Number(number) => number.to_string(),
        Value::Language(language) => language.to_string(),
        Value::Bool(truth) => truth.to_string(),
    }
}

/// Something a contact might bring.
pub fn invented(ty: &Type, language: Language, today: Date) -> String {
    let russian = language == Language::RU;
    match ty {
        Type::Text if russian => "Анна".into(),
        Type::Text => "Anna".into(),
        Type::Money if russian => "1234.50 RUB".into(),
        Type::Money => "1234.50 USD".into(),
        // Due the day after tomorrow: neither overdue nor far off.
        Type::Date => today.saturating_add(jiff::Span::new().days(2)).to_string(),
        Type::Time => "09:30".into(),
        Type::Number => "3".into(),
        Type::Digits(n) => (0..*n).map(|i| char::from(b'0' + ((4 + 9 * i) % 10) as u8)).collect(),
        Type::Phone => "+12025550100".into(),
        Type::Language => language.to_string(),
        Type::Bool => "true".into(),
        Type::Enum(words) => words.first().cloned().unwrap_or_default(),
    }
}

/// A contact made of what was given and, where nothing was, of `base` (a test's contact) or invention.
#[derive(Debug, Clone, PartialEq)]
pub struct Made {
    pub contact: ContactValues,
    pub language: Language,
    /// Fields that were neither given nor in the test, with what was invented for them.
    pub invented: Vec<(String, String)>,
}

/// # Errors
/// A field that the flow does not have, or a value that does not fit its type; a line each.
pub fn make(
    program: &Program,
    given: &[(String, String)],
    base: Option<(&ContactValues, Language)>,
    language: Option<Language>,
    today: Date,
) -> Result<Made, String> {
    let mut faults = Vec::new();
    let mut texts: BTreeMap<&str, String> = BTreeMap::new();
    let mut language = language.or(base.map(|(_, language)| language)).unwrap_or(program.languages[0]);
    for (name, text) in given {
        match program.contact.iter().find(|field| field.name == *name) {
            Some(field) => drop(texts.insert(&field.name, text.clone())),
            None if name == "language" => match text.parse() {
                Ok(named) => language = named,
                Err(error) => faults.push(format!("language: {error}")),
            },
            None => {
                let known: Vec<&str> = program.contact.iter().map(|field| field.name.as_str()).collect();
                let near = crate::diagnostic::did_you_mean(name, known.iter().copied());
                let hint =
                    near.map_or(format!("it has {}", known.join(", ")), |near| format!("did you mean `{near}`?"));
                faults.push(format!("the flow's contact has no field `{name}`; {hint}"));
            }
        }
    }
    if !program.languages.contains(&language) {
        let known: Vec<&str> = program.languages.iter().map(Language::code).collect();
        faults.push(format!("the flow does not speak `{language}`; it speaks {}", known.join(", ")));
    }
    let mut invention = Vec::new();
    for (n, field) in program.contact.iter().enumerate() {
        if texts.contains_key(field.name.as_str()) || field.ty == Type::Language {
            continue;
        }
        let text = match base {
            Some((contact, _)) => contact.0[n].as_ref().map(text_of),
            None => {
                let text = invented(&field.ty, language, today);
                invention.push((field.name.clone(), text.clone()));
                Some(text)
            }
        };
        texts.extend(text.map(|text| (field.name.as_str(), text)));
    }
    let bound = program.bind(language, |name| texts.get(name).cloned());
    match bound {
        Ok(contact) if faults.is_empty() => Ok(Made { contact, language, invented: invention }),
        Ok(_) => Err(faults.join("\n")),
        Err(errors) => {
            faults.extend(errors.iter().map(ToString::to_string));
            Err(faults.join("\n"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FLOW: &str = "flow: f\nversion: 1\nlanguages: [en, ru]\n\
        contact: { name: text, amount: money, code: digits(4), kind: \"enum(a, b)\", born: date?, at: time, count: number, \
        mobile: phone, spoken: language, keen: bool }\n\
        messages: { bye: { en: Bye., ru: Пока. } }\nstart: x\nhotkeys: { \"*9\": x }\n\
        nodes: { x: { opt_out: number, next: bye }, bye: { say: bye, end: opted_out } }\n";

    fn made(given: &[(&str, &str)]) -> Result<Made, String> {
        let program = crate::flow::compile(FLOW).program.expect("a sound flow");
        let given: Vec<_> = given.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect();
        make(&program, &given, None, None, "2026-11-20".parse().expect("a day"))
    }

    #[test]
    fn every_type_can_be_invented_and_read_back() {
        let made = made(&[("name", "Bob"), ("language", "ru")]).expect("all can be invented");
        assert_eq!(made.language, Language::RU);
        assert_eq!(made.contact.0[0], Some(Value::Text("Bob".into())));
        let texts: Vec<String> = made.contact.0.iter().flatten().map(text_of).collect();
        assert_eq!(
            texts,
            ["Bob", "1234.50 RUB", "4321", "a", "2026-11-22", "09:30", "3", "+12025550100", "ru", "true"],
            "{made:?}"
        );
        assert_eq!(made.invented.len(), 8);
    }

    #[test]
    fn what_does_not_fit_is_told() {
        for (given, why) in [
            (("nmae", "Bob"), "has no field `nmae`; did you mean `name`?"),
            (("amount", "much"), "amount: a currency is one of"),
            (("language", "de"), "does not speak `de`; it speaks en, ru"),
            (("language", "russian"), "language: a language is two"),
        ] {
            let told = made(&[given]).expect_err("it does not fit");
            assert!(told.contains(why), "{given:?}: {told}");
        }
    }
}
