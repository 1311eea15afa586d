//! `collect`: asks for something that can be keyed and keeps it in a variable.

use jiff::civil::Time;

use super::super::codes;
use super::super::expr::{self, Type};
use super::super::graph::Fact;
use super::super::program::{CheckDigit, Collect, Collected, Domain, Step, Via};
use super::super::yaml::Value;
use super::{Kind, NO_INPUT, NO_MATCH, Presence, Reader, acted, alone, optional, required};

/// Longest entry.
const DIGITS_MAX: u32 = 32;
/// Most different numbers whose audio is made before the call.
const NUMBERS_MAX: i64 = 200;
const NUMBER_MAX: u32 = 999_999_999;

pub const KIND: Kind = Kind {
    name: "collect",
    about: "Asks for something that can be keyed and keeps it in a variable. `#` ends a short entry, `*` cancels. A number is \
            whole. An amount is keyed in whole units, `*` stands for the point (1500*50). A day is keyed as 1 (today), 2 \
            (tomorrow), DDMM or DDMMYYYY; a time as HHMM; a telephone number as at home, or with its country code.",
    keys: &[
        required("collect", "`digits`, `account`, `number`, `amount`, `date`, `time` or `phone`"),
        required("ask", "prompt, or a list of prompts, one per try"),
        required("into", "name of the variable"),
        optional("min", "least digits (1), least number (0), smallest amount, earliest time (\"00:00\")"),
        optional(
            "max",
            "most digits, greatest number or amount: required there; latest time (\"23:59\"). An amount's limits are \
             expressions: `contact.amount`",
        ),
        optional("check", "the last digits prove the others: `luhn`, `mod_11_10`, `mod_97_10`; required for `account`"),
        optional("within", "latest day, from today; 30d"),
        optional("workdays", "Monday to Friday only; false"),
        optional("country", "country code of a number keyed as at home: \"7\"; required for `phone`"),
        optional("end_key", "ends a short entry: \"#\", or \"*\", and then `#` cancels; \"#\""),
        optional("confirm", "message that reads the value back and asks for 1 (yes) or 2 (again)"),
        NO_MATCH,
        NO_INPUT,
    ],
    outcomes: &[
        acted("ok", "a value was keyed, and confirmed if asked"),
        alone("exhausted", "silence or nothing usable on every try"),
        acted("cancelled", "the entry was cancelled by its key"),
    ],
    presence: Presence::Keys,
    declare,
    lower,
    facts,
};

fn facts(step: &Step, via: Via) -> Vec<Fact> {
    match (step, via) {
        (Step::Collect(c), Via::Outcome("ok")) => vec![Fact::Set(c.into)],
        _ => vec![],
    }
}

#[derive(Clone, Copy, PartialEq)]
enum What {
    Digits,
    Account,
    Number,
    Amount,
    Date,
    Time,
    Phone,
}

const WHATS: &[(&str, What)] = &[
    ("digits", What::Digits),
    ("account", What::Account),
    ("number", What::Number),
    ("amount", What::Amount),
    ("date", What::Date),
    ("time", What::Time),
    ("phone", What::Phone),
];

/// The keys that only some values take.
const OF: &[(&str, &[What])] = &[
    ("min", &[What::Digits, What::Account, What::Number, What::Amount, What::Time]),
    ("max", &[What::Digits, What::Account, What::Number, What::Amount, What::Time]),
    ("check", &[What::Account, What::Digits]),
    ("within", &[What::Date]),
    ("workdays", &[What::Date]),
    ("country", &[What::Phone]),
];

fn what(node: &mut Reader<'_, '_>) -> Option<What> {
    let written = node.get("collect")?;
    let scalar = node.cx.scalar(written, "`collect`")?;
    let found = WHATS.iter().find(|(name, _)| *name == scalar.text).map(|(_, what)| *what);
    if found.is_none() {
        let known = WHATS.iter().map(|(name, _)| *name);
        node.cx.unknown(codes::MALFORMED, written.span, "value to collect", &scalar.text, known);
    }
    found
}

fn ty(collected: &Collected) -> (Type, Domain) {
    match collected {
        Collected::Digits { max, .. } => (Type::Digits(*max), Domain::Digits),
        Collected::Number { min, max } if max - min < NUMBERS_MAX => (Type::Number, Domain::Numbers(*min, *max)),
        Collected::Number { .. } => (Type::Number, Domain::Unknown),
        Collected::Amount { .. } => (Type::Money, Domain::Unknown),
        Collected::Date { ahead, .. } => (Type::Date, Domain::DaysAhead(*ahead)),
        Collected::Time { .. } => (Type::Time, Domain::Unknown),
        Collected::Phone { .. } => (Type::Phone, Domain::Digits),
    }
}

fn lowest(what: What) -> (Type, Domain) {
    match what {
        What::Digits | What::Account => (Type::Digits(DIGITS_MAX), Domain::Digits),
        What::Number => (Type::Number, Domain::Unknown),
        What::Amount => (Type::Money, Domain::Unknown),
        What::Date => (Type::Date, Domain::DaysAhead(0)),
        What::Time => (Type::Time, Domain::Unknown),
        What::Phone => (Type::Phone, Domain::Digits),
    }
}

fn limits(node: &mut Reader<'_, '_>, what: What) -> Option<Collected> {
    match what {
        What::Digits | What::Account => {
            let max = node.get("max")?;
            let max = node.cx.number(max, "`max`", 1, DIGITS_MAX)?;
            let min = node.number("min", 1, 1, max);
            let check = match node.get("check") {
                Some(written) => Some(check(node, written)?),
                None => None,
            };
            Some(Collected::Digits { min, max, check })
        }
        What::Number => {
            let max = node.get("max")?;
            let max = node.cx.number(max, "`max`", 1, NUMBER_MAX)?;
            Some(Collected::Number { min: node.number("min", 0, 0, max).into(), max: max.into() })
        }
        What::Amount => {
            let max = money(node, "max").flatten()?;
            let min = match money(node, "min") {
                Some(min) => Some(min?),
                None => None,
            };
            Some(Collected::Amount { min, max })
        }
        What::Date => {
            let ahead = match node.get("within") {
                Some(n) => node.cx.days(n, "`within`", 366)?,
                None => 30,
            };
            Some(Collected::Date { ahead, workdays: node.truth("workdays", false) })
        }
        What::Time => {
            let from = time(node, "min", Time::midnight())?;
            let to = time(node, "max", Time::constant(23, 59, 0, 0))?;
            Some(Collected::Time { from, to })
        }
        What::Phone => {
            let written = node.get("country")?;
            let scalar = node.cx.scalar(written, "`country`")?;
            let good = (1..=3).contains(&scalar.text.len()) && scalar.text.bytes().all(|b| b.is_ascii_digit());
            if !good || scalar.text.starts_with('0') {
                node.cx.error(codes::MALFORMED, written.span, "a country code is one to three digits: \"7\", \"44\"");
                return None;
            }
            Some(Collected::Phone { country: scalar.text.clone() })
        }
    }
}

fn check(node: &mut Reader<'_, '_>, written: &super::super::yaml::Node) -> Option<CheckDigit> {
    let scalar = node.cx.scalar(written, "`check`")?;
    let found = scalar.text.parse().ok();
    if found.is_none() {
        let known = CheckDigit::ALL.iter().map(|c| c.as_str());
        node.cx.unknown(codes::MALFORMED, written.span, "check digit", &scalar.text, known);
    }
    found
}

/// A limit of an amount. `None`: the key is not there; `Some(None)`: it is faulty.
fn money(node: &mut Reader<'_, '_>, key: &str) -> Option<Option<expr::Expr>> {
    let written = node.get(key)?;
    let Some((found, ty)) = node.expr(written, &format!("`{key}`")) else { return Some(None) };
    if ty == Type::Money {
        return Some(Some(found));
    }
    node.cx.error(codes::TYPE, written.span, format!("`{key}` of an amount is money, not {}", ty.words()));
    Some(None)
}

fn time(node: &mut Reader<'_, '_>, key: &str, otherwise: Time) -> Option<Time> {
    let Some(written) = node.get(key) else { return Some(otherwise) };
    let scalar = node.cx.scalar(written, &format!("`{key}`"))?;
    let found = expr::time(&scalar.text);
    if found.is_none() {
        node.cx.error(codes::MALFORMED, written.span, format!("`{key}` of a time is written \"09:30\""));
    }
    found
}

fn declare(node: &mut Reader<'_, '_>) {
    // Faults are reported once, by `lower`; the variable exists nevertheless, so that its uses are not told off as well.
    let (before, used) = (node.cx.diagnostics.len(), node.cx.used.len());
    let what = what(node).unwrap_or(What::Digits);
    // An amount's limits may name variables that are not declared yet; its type does not hang on them.
    let limits = if what == What::Amount { None } else { limits(node, what) };
    node.cx.diagnostics.truncate(before);
    node.cx.used.truncate(used);
    let Some(into) = node.get("into") else { return };
    let Some(scalar) = node.cx.scalar(into, "`into`") else { return };
    if !node.cx.name(&scalar.text, scalar.plain, into.span, "a variable") {
        return;
    }
    let (ty, domain) = limits.as_ref().map_or_else(|| lowest(what), ty);
    node.cx.declare(&scalar.text, ty, domain, into.span);
}

fn lower(node: &mut Reader<'_, '_>) -> Option<Step> {
    let prompts = node.messages("ask", &[]);
    let listen = node.listen(prompts.len());
    let what = what(node);
    if let Some(what) = what {
        belong(node, what);
    }
    let collected = what.and_then(|w| limits(node, w));
    let end_key = end_key(node);
    let into = match node.get("into").map(|n| &n.value) {
        Some(Value::Scalar(s)) => node.cx.variable(&s.text),
        _ => None,
    };
    let confirm = node.message("confirm", into.as_slice());
    let no_match = node.message("no_match", &[]);
    let no_input = node.message("no_input", &[]);
    Some(Step::Collect(Collect {
        what: collected?,
        end_key: end_key?,
        prompts,
        listen,
        into: into?,
        confirm,
        no_match,
        no_input,
    }))
}

/// Keys that this value needs are there, and none that it does not know.
fn belong(node: &mut Reader<'_, '_>, what: What) {
    let name = WHATS.iter().find(|(_, w)| *w == what).map_or("", |(name, _)| *name);
    let needed: &[&str] = match what {
        What::Digits | What::Number | What::Amount => &["max"],
        What::Account => &["max", "check"],
        What::Phone => &["country"],
        What::Date | What::Time => &[],
    };
    for key in needed {
        if node.get(key).is_none() {
            let about = KIND.keys.iter().find(|k| k.name == *key).map_or("", |k| k.about);
            let message = format!("node `{}` collects `{name}` and lacks `{key}`: {about}", node.name);
            node.cx.error(codes::MISSING_KEY, node.span, message);
        }
    }
    for (key, whats) in OF {
        if let Some(entry) = node.map.get(key)
            && !whats.contains(&what)
        {
            node.cx.error(codes::UNKNOWN_KEY, entry.key_span, format!("`{key}` means nothing to `collect: {name}`"));
        }
    }
}

fn end_key(node: &mut Reader<'_, '_>) -> Option<char> {
    let Some(written) = node.get("end_key") else { return Some('#') };
    let scalar = node.cx.scalar(written, "`end_key`")?;
    match scalar.text.as_str() {
        "#" => Some('#'),
        "*" => Some('*'),
        _ => {
            node.cx.error(codes::MALFORMED, written.span, "`end_key` is \"#\" or \"*\"");
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{codes, compiled, step};
    use super::*;

    const ROUTES: &str = "ask: a, into: x1, ok: bye, exhausted: bye, cancelled: bye";

    fn collected(written: &str) -> Collected {
        let Step::Collect(c) = step(&format!("{{ {written}, {ROUTES} }}")) else { panic!() };
        c.what
    }

    #[test]
    fn lowered() {
        for (written, expected) in [
            ("collect: digits, min: 3, max: 6", "Digits { min: 3, max: 6, check: None }"),
            (
                "collect: account, min: 16, max: 16, check: luhn, secret: true",
                "Digits { min: 16, max: 16, check: Some(Luhn) }",
            ),
            ("collect: number, max: 10", "Number { min: 0, max: 10 }"),
            ("collect: date, within: 14d", "Date { ahead: 14, workdays: false }"),
            ("collect: time, min: \"09:00\", max: \"18:30\"", "Time { from: 09:00:00, to: 18:30:00 }"),
            ("collect: phone, country: \"7\"", "Phone { country: \"7\" }"),
        ] {
            assert_eq!(format!("{:?}", collected(written)), expected, "{written}");
        }
        assert!(matches!(collected("collect: amount, max: contact.amount"), Collected::Amount { min: None, .. }));
        let program = compiled(&format!("{{ collect: amount, min: 1 RUB, max: 9 RUB, {ROUTES} }}"));
        assert_eq!(program.variables[0].ty, Type::Money);
    }

    #[test]
    fn refused() {
        for (written, expected) in [
            ("collect: digits", vec!["F007"]),
            ("collect: dgits, max: 4", vec!["F008"]),
            ("collect: account, max: 4", vec!["F007"]),
            ("collect: account, max: 4, check: lun", vec!["F008"]),
            ("collect: number, max: 4, within: 3d", vec!["F006"]),
            ("collect: number, min: 5, max: 4", vec!["F008"]),
            ("collect: amount", vec!["F007"]),
            ("collect: amount, max: 5", vec!["F015"]),
            ("collect: time, min: \"9:00\"", vec!["F008"]),
            ("collect: phone", vec!["F007"]),
            ("collect: phone, country: \"+7\"", vec!["F008"]),
            ("collect: date, end_key: \"1\"", vec!["F008"]),
        ] {
            assert_eq!(codes(&format!("{{ {written}, {ROUTES} }}")), expected, "{written}");
        }
    }
}
