//! Expressions as tables: what they are worth, and what they are told off for.

use jiff::civil::date;

use super::*;
use crate::diagnostic::Span;
use crate::flow::program::{ContactValues, Domain, Field, Variable};
use crate::money::Currency;

fn schema() -> Vec<Field> {
    let field = |name: &str, ty, optional| Field { name: name.into(), ty, optional, protected: false };
    vec![
        field("name", Type::Text, false),
        field("amount", Type::Money, false),
        field("due", Type::Date, false),
        field("service", Type::Enum(vec!["water".into(), "heating".into()]), false),
        field("email", Type::Text, true),
        field("tries", Type::Number, true),
        field("last4", Type::Digits(4), false),
        field("language", Type::Language, false),
    ]
}

fn variables() -> Vec<Variable> {
    vec![Variable { name: "promise.amount".into(), ty: Type::Money, domain: Domain::OneOf(vec![]), protected: false }]
}

fn contact() -> ContactValues {
    ContactValues(vec![
        Some(Value::Text("Анна".into())),
        Some(Value::Money(Money::new(123_450, Currency::Rub))),
        Some(Value::Date(date(2026, 11, 25))),
        Some(Value::Text("water".into())),
        None,
        None,
        Some(Value::Digits("0412".into())),
        Some(Value::Language(Language::RU)),
    ])
}

fn worth(text: &str, bare: bool) -> Result<Option<Value>, String> {
    let (schema, variables) = (schema(), variables());
    let scope = Scope { contact: &schema, variables: &variables, bare_fields: bare, frame: None };
    let span = Span { line: 1, column: 1, length: 1 };
    let (expr, _) = parse(text, span, &scope).map_err(|d| format!("{} {}: {}", d.span.column, d.code, d.message))?;
    let contact = contact();
    let env = Env {
        contact: &contact,
        variables: &[None],
        company: "Водоканал",
        today: date(2026, 12, 1),
        due: Some(date(2026, 11, 25)),
    };
    Ok(eval(&expr, &env))
}

#[test]
fn worth_something() {
    let yes = Some(Value::Bool(true));
    let no = Some(Value::Bool(false));
    for (text, expected) in [
        ("1 + 2 * 3 == 7", yes.clone()),
        ("(1 + 2) * 3 == 9", yes.clone()),
        ("10 - 2 - 3 == 5", yes.clone()),
        ("-7 / 2", Some(Value::Number(-4))),
        ("days_overdue", Some(Value::Number(6))),
        ("days_overdue in 1..90", yes.clone()),
        ("days_overdue in -3..0", no.clone()),
        ("days_overdue > 90", no.clone()),
        ("contact.amount > 1234.49 RUB and contact.amount < 1234.51 RUB", yes.clone()),
        ("contact.amount / 2", Some(Value::Money(Money::new(61_725, Currency::Rub)))),
        ("contact.amount > 5 USD", None),
        ("contact.amount == 5 USD", None),
        ("contact.amount + 1 USD", None),
        ("contact.service == water", yes.clone()),
        ("heating == contact.service", no.clone()),
        ("contact.service in [water, heating]", yes.clone()),
        ("contact.service in [\"heating\"]", no.clone()),
        ("contact.language == ru", yes.clone()),
        ("contact.last4 == \"0412\"", yes.clone()),
        ("contact.name == 'Анна'", yes.clone()),
        ("has(contact.email)", no.clone()),
        ("contact.email == \"a\"", None),
        ("has(contact.email) and contact.email == \"a\"", no.clone()),
        ("not has(contact.email) or contact.email == \"a\"", yes.clone()),
        ("contact.tries > 1", None),
        ("not (contact.tries > 1)", None),
        ("contact.tries > 1 or true", yes.clone()),
        ("today + 7d", Some(Value::Date(date(2026, 12, 8)))),
        ("today - contact.due", Some(Value::Number(6))),
        ("today - contact.due == days_overdue", yes.clone()),
        ("weekday(today)", Some(Value::Number(2))),
        ("weekday(2026-11-29) == 7", yes.clone()),
        ("len(contact.name)", Some(Value::Number(4))),
        ("len(contact.last4) == 4", yes.clone()),
        ("company == \"Водоканал\"", yes.clone()),
        ("not not true", yes),
        ("promise.amount > 1 RUB", None),
        // arithmetic that does not fit
        ("9223372036854775807 + 1", None),
        ("-9223372036854775807 - 2", None),
        ("9223372036854775807 * 2", None),
        ("contact.amount * 9223372036854775807", None),
        ("1 / 0", None),
        ("contact.amount / 0", None),
        ("(-9223372036854775807 - 1) / -1", None),
        ("today + 9223372036854775807", None),
        ("today - 9223372036854775807", None),
        ("today - (-9223372036854775807 - 1)", None),
        ("today + 9999999", None),
    ] {
        assert_eq!(worth(text, false), Ok(expected), "{text}");
    }
    assert_eq!(worth("amount > 1 RUB", true), Ok(Some(Value::Bool(true))), "ladders name fields barely");
}

#[test]
fn told_off() {
    for (text, expected) in [
        ("", "1 F014"),
        ("contact.amount >", "17 F014"),
        ("contact.amount > > 1", "18 F014"),
        ("1 2", "3 F014"),
        ("(1", "3 F014"),
        ("\"abc", "1 F014"),
        ("a & b", "3 F014"),
        ("contact.service = water", "17 F014"),
        ("days_overdue in 90..1", "14 F014"),
        ("days_overdue in", "16 F014"),
        ("1.5", "1 F014"),
        ("99999999999999999999", "1 F014"),
        ("2026-02-30", "1 F014"),
        ("5 XXX", "1 F014"),
        ("contact.service in [contact.name]", "21 F015"),
        ("contact.amnt", "1 F013"),
        ("amount", "1 F013"),
        ("contract.amount", "1 F013"),
        ("promise.amout", "1 F013"),
        ("hass(contact.email)", "1 F013"),
        ("has(5)", "5 F014"),
        ("has(contact.email, contact.name)", "1 F014"),
        ("contact.name > 5", "14 F015"),
        ("contact.name > \"a\"", "14 F015"),
        ("contact.amount + 1", "16 F015"),
        ("1 + contact.amount", "3 F015"),
        ("contact.due + contact.due", "13 F015"),
        ("not 5", "5 F015"),
        ("true and 5", "10 F015"),
        ("contact.service == watr", "20 F015"),
        ("contact.service == \"gas\"", "20 F015"),
        ("weekday(5)", "9 F015"),
        ("len(5)", "5 F015"),
        ("contact.", "9 F014"),
    ] {
        let found = worth(text, false).expect_err(text);
        assert!(found.starts_with(expected), "{text}: expected {expected}, found {found}");
    }
    for text in ["(".repeat(500), "not ".repeat(200), "1+".repeat(400), "x".repeat(5000)] {
        assert!(worth(&text, false).is_err());
    }
}

#[test]
fn one_type_is_wanted() {
    let schema = schema();
    let scope = Scope { contact: &schema, variables: &[], bare_fields: true, frame: None };
    let span = Span { line: 3, column: 9, length: 1 };
    assert!(parse_as("days_overdue > 90", span, &scope, &Type::Bool).is_ok());
    let found = parse_as("amount", span, &scope, &Type::Bool).unwrap_err();
    assert_eq!((found.code, found.span), (crate::flow::codes::TYPE, Span { line: 3, column: 9, length: 6 }));
}

proptest::proptest! {
    /// Any row of words is either told off or worth something or nothing; it never panics.
    #[test]
    fn any_words(words in proptest::collection::vec(0usize..WORDS.len(), 0..14)) {
        let text: Vec<&str> = words.into_iter().map(|n| WORDS[n]).collect();
        let _ = worth(&text.join(" "), true);
    }

    #[test]
    fn any_text(text in "\\PC{0,40}") {
        let _ = worth(&text, true);
    }
}

const WORDS: [&str; 34] = [
    "1",
    "0",
    "-",
    "9223372036854775807",
    "5 RUB",
    "92233720368547758.07 RUB",
    "5 USD",
    "2026-11-25",
    "9999-12-31",
    "7d",
    "+",
    "*",
    "/",
    "==",
    "<",
    "and",
    "or",
    "not",
    "in",
    "1..2",
    "[",
    "]",
    ",",
    "(",
    ")",
    "contact.amount",
    "today",
    "days_overdue",
    "contact.tries",
    "has(contact.email)",
    "weekday(",
    "len(",
    "\"a\"",
    "service",
];
