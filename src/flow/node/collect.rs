//! `collect`: asks for digits or a day and keeps them in a variable.

use super::super::codes;
use super::super::expr::Type;
use super::super::graph::Fact;
use super::super::program::{Collect, Collected, Domain, Step, Via};
use super::super::yaml::Value;
use super::{Kind, NO_INPUT, NO_MATCH, Presence, Reader, acted, alone, optional, required};

/// Longest entry.
const DIGITS_MAX: u32 = 32;

pub const KIND: Kind = Kind {
    name: "collect",
    about: "Asks for digits or a day and keeps them in a variable. A day is keyed as 1 (today), 2 (tomorrow), DDMM or \
            DDMMYYYY; `*` cancels, `#` ends a short entry.",
    keys: &[
        required("collect", "`digits` or `date`"),
        required("ask", "prompt, or a list of prompts, one per try"),
        required("into", "name of the variable"),
        optional("min", "least digits; 1"),
        optional("max", "most digits; required for `digits`"),
        optional("within", "latest day, from today; 30d"),
        optional("workdays", "Monday to Friday only; false"),
        optional("confirm", "message that reads the value back and asks for 1 (yes) or 2 (again)"),
        NO_MATCH,
        NO_INPUT,
    ],
    outcomes: &[
        acted("ok", "a value was keyed, and confirmed if asked"),
        alone("exhausted", "silence or nothing usable on every try"),
        acted("cancelled", "`*` was keyed"),
    ],
    presence: Presence::Keys,
    declare,
    lower,
    facts,
};

#[derive(Clone, Copy)]
enum What {
    Digits,
    Date,
}

fn what(node: &mut Reader<'_, '_>, loud: bool) -> Option<What> {
    let written = node.get("collect")?;
    match &written.value {
        Value::Scalar(s) if s.text == "digits" => Some(What::Digits),
        Value::Scalar(s) if s.text == "date" => Some(What::Date),
        Value::Scalar(s) => {
            if loud {
                node.cx.unknown(codes::MALFORMED, written.span, "value to collect", &s.text, ["digits", "date"]);
            }
            None
        }
        Value::List(_) | Value::Map(_) => {
            if loud {
                node.cx.error(codes::SHAPE, written.span, "`collect` is `digits` or `date`");
            }
            None
        }
    }
}

fn limits(node: &mut Reader<'_, '_>, what: What) -> Option<Collected> {
    match what {
        What::Digits => {
            let max = node.get("max");
            let max = max.and_then(|n| node.cx.number(n, "`max`", 1, DIGITS_MAX))?;
            let min = node.number("min", 1, 1, max);
            Some(Collected::Digits { min, max })
        }
        What::Date => {
            let ahead = match node.get("within") {
                Some(n) => node.cx.days(n, "`within`", 366)?,
                None => 30,
            };
            Some(Collected::Date { ahead, workdays: node.truth("workdays", false) })
        }
    }
}

fn facts(step: &Step, via: Via) -> Vec<Fact> {
    match (step, via) {
        (Step::Collect(c), Via::Outcome("ok")) => vec![Fact::Set(c.into)],
        _ => vec![],
    }
}

fn declare(node: &mut Reader<'_, '_>) {
    // Faults are reported once, by `lower`; the variable exists nevertheless, so that its uses are not told off as well.
    let before = node.cx.diagnostics.len();
    let what = what(node, false).unwrap_or(What::Digits);
    let limits = limits(node, what);
    node.cx.diagnostics.truncate(before);
    let Some(into) = node.get("into") else { return };
    let Some(scalar) = node.cx.scalar(into, "`into`") else { return };
    if !node.cx.name(&scalar.text, scalar.plain, into.span, "a variable") {
        return;
    }
    let (ty, domain) = match limits {
        Some(Collected::Digits { max, .. }) => (Type::Digits(max), Domain::Digits),
        Some(Collected::Date { ahead, .. }) => (Type::Date, Domain::DaysAhead(ahead)),
        None if matches!(what, What::Digits) => (Type::Digits(DIGITS_MAX), Domain::Digits),
        None => (Type::Date, Domain::DaysAhead(0)),
    };
    node.cx.declare(scalar.text.clone(), ty, domain, into.span);
}

fn lower(node: &mut Reader<'_, '_>) -> Option<Step> {
    let prompts = node.messages("ask", &[]);
    let listen = node.listen(prompts.len());
    let kind = what(node, true);
    if matches!(kind, Some(What::Digits)) && node.get("max").is_none() {
        let message = format!("node `{}` collects digits and lacks `max`: how many at most", node.name);
        node.cx.error(codes::MISSING_KEY, node.span, message);
    }
    let collected = kind.and_then(|w| limits(node, w));
    let into = match node.get("into").map(|n| &n.value) {
        Some(Value::Scalar(s)) => node.cx.variable(&s.text),
        _ => None,
    };
    let confirm = node.message("confirm", into.as_slice());
    let no_match = node.message("no_match", &[]);
    let no_input = node.message("no_input", &[]);
    Some(Step::Collect(Collect { what: collected?, prompts, listen, into: into?, confirm, no_match, no_input }))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{codes, step};
    use super::*;

    #[test]
    fn lowered() {
        let routes = "ok: bye, exhausted: bye, cancelled: bye";
        let Step::Collect(c) = step(&format!("{{ collect: digits, ask: a, into: meter, min: 3, max: 6, {routes} }}"))
        else {
            panic!()
        };
        assert!(matches!(c.what, Collected::Digits { min: 3, max: 6 }));
        let Step::Collect(c) = step(&format!("{{ collect: date, ask: a, into: day, within: 14d, {routes} }}")) else {
            panic!()
        };
        assert!(matches!(c.what, Collected::Date { ahead: 14, workdays: false }));
        assert_eq!(codes(&format!("{{ collect: digits, ask: a, into: meter, {routes} }}")), ["F007"]);
        assert_eq!(codes(&format!("{{ collect: dgits, ask: a, into: meter, {routes} }}")), ["F008"]);
    }
}
