//! A test as it stands in a flow's file: what a call that was tried leaves behind.

use std::fmt::Write;

use jiff::civil::Date;

use super::contact::text_of;
use crate::flow::expr::{Type, Value};
use crate::flow::program::Program;
use crate::flow::test::{Expect, ExpectPromise, Heard, TestCase};
use crate::money::Money;
use crate::time::Wall;

/// The entry under `tests:`, indented by two. Compiling it gives the case back, but for its places in the file.
pub fn entry(program: &Program, case: &TestCase) -> String {
    let mut fields: Vec<String> = Vec::new();
    for (field, value) in program.contact.iter().zip(&case.contact.0) {
        let Some(value) = value.as_ref().filter(|_| field.name != "language") else { continue };
        let text = match (&field.ty, value) {
            (Type::Enum(_), _) | (_, Value::Money(_) | Value::Date(_) | Value::Number(_)) => text_of(value),
            (_, Value::Language(_) | Value::Bool(_)) => text_of(value),
            (_, Value::Text(_) | Value::Digits(_) | Value::Phone(_) | Value::Time(_)) => quoted(&text_of(value)),
        };
        fields.push(format!("{}: {text}", field.name));
    }
    fields.push(format!("language: {}", case.language));
    let mut out = format!("  - name: {}\n    contact: {{ {} }}\n", quoted(&case.name), fields.join(", "));
    if case.company != "Example" {
        let _ = writeln!(out, "    company: {}", quoted(&case.company));
    }
    let _ = writeln!(out, "    now: {}\n    steps:", moment(case.now, case.today));
    for step in &case.steps {
        let _ = writeln!(out, "      - {}", scalar(&step.step.words(program)));
    }
    let _ = writeln!(out, "    expect: {{ {} }}", expectations(program, &case.expect).join(", "));
    out
}

fn expectations(program: &Program, expect: &Expect) -> Vec<String> {
    let name = |step: &crate::flow::program::StepId| program.step(*step).name.clone();
    let heard = |all: &[Heard]| {
        let words = all.iter().map(|heard| match heard {
            Heard::Message(id) => program.message(*id).name.clone(),
            Heard::Text(text) => quoted(text),
        });
        words.collect::<Vec<_>>().join(", ")
    };
    let mut out = Vec::new();
    out.extend(expect.result.map(|result| format!("result: {result}")));
    out.extend(expect.promise.as_ref().map(|promise| match promise {
        ExpectPromise::Nothing => "promise: none".to_string(),
        ExpectPromise::Saved(parts) => {
            let part = |(amount, on): &(Money, Date)| format!("{{ amount: {amount}, on: {on} }}");
            match parts.as_slice() {
                [only] => format!("promise: {}", part(only)),
                parts => format!("promise: [{}]", parts.iter().map(part).collect::<Vec<_>>().join(", ")),
            }
        }
    }));
    out.extend(
        expect.path.as_ref().map(|path| format!("path: [{}]", path.iter().map(name).collect::<Vec<_>>().join(", "))),
    );
    out.extend((!expect.hears.is_empty()).then(|| format!("hears: [{}]", heard(&expect.hears))));
    out.extend((!expect.never_hears.is_empty()).then(|| format!("never_hears: [{}]", heard(&expect.never_hears))));
    out.extend(expect.right_party.map(|right_party| format!("right_party: {right_party}")));
    out.extend(expect.opt_out.map(|scope| format!("opt_out: {scope}")));
    out.extend(expect.language.map(|language| format!("language: {language}")));
    out.extend(expect.reason.map(|reason| format!("reason: {reason}")));
    out.extend(expect.at_most.map(|time| format!("at_most: {}s", time.as_secs())));
    out
}

/// An instant in an offset in which its day is `today`.
fn moment(now: Wall, today: Date) -> String {
    // That of tests by default, else the nearest to Greenwich: which it was is not kept, and makes no difference to a call.
    let offsets = [3i8].into_iter().chain((0..=14).flat_map(|hours| [hours, -hours])).map(jiff::tz::offset);
    let mut local = offsets.map(|offset| (offset, offset.to_datetime(now.timestamp())));
    let (offset, time) = local.find(|(_, time)| time.date() == today).unwrap_or_else(|| {
        let utc = jiff::tz::Offset::UTC;
        (utc, utc.to_datetime(now.timestamp()))
    });
    let hours = offset.seconds() / 3600;
    let format = if time.second() == 0 { "%Y-%m-%dT%H:%M" } else { "%Y-%m-%dT%H:%M:%S" };
    format!("{}{}{:02}:00", time.strftime(format), if hours < 0 { '-' } else { '+' }, hours.abs())
}

/// In double quotes.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// Plain where YAML reads it as it stands, else in single quotes.
fn scalar(text: &str) -> String {
    let odd = [": ", " #"].iter().any(|odd| text.contains(odd)) || text.ends_with(':');
    if odd { format!("'{}'", text.replace('\'', "''")) } else { text.to_string() }
}
