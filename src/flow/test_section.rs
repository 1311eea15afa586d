//! The `tests:` section: YAML → [`TestCase`]s with every name resolved.

use std::time::Duration;

use jiff::civil::Date;
use jiff::fmt::temporal::Pieces;

use super::bind::bind;
use super::codes;
use super::context::{Context, NOWHERE, parse_duration};
use super::expr::{Type, Value as Worth};
use super::program::{ContactValues, MessageId, OptOutScope, Program};
use super::survey::Noun;
use super::test::{Expect, ExpectPromise, Heard, Step, TestCase, TestStep};
use super::yaml::{Map, Node, Scalar, Value};
use crate::diagnostic::{Diagnostic, Span};
use crate::language::Language;
use crate::money::Money;
use crate::outcome::{AnsweredBy, Disposition, HangupCause, NonPaymentReason};
use crate::time::Wall;

const TESTS_MAX: usize = 1000;
const STEPS_MAX: usize = 1000;
const NOW: &str = "2026-11-20T10:00+03:00";

/// The words a step can begin with, for the reference and for "did you mean".
pub const STEPS: &[&str] = &[
    "answer",
    "human",
    "machine",
    "fax",
    "screening",
    "out_of_service",
    "beep",
    "keys",
    "keys_ahead",
    "silence",
    "wait",
    "hears",
    "not hears",
    "hangs_up",
    "agent_answers",
    "no_agent",
    "agent_hangs_up",
    "in_line",
    "queue_closed",
    "transfer_answers",
    "transfer_busy",
    "transfer_unanswered",
    "transfer_fails",
    "transfer_hangs_up",
    "replies",
    "request_fails",
    "no_reply",
    "speaks",
    "third_person",
    "save_fails",
    "paid",
    "stopped",
    "busy",
    "no_answer",
    "rejects",
];

/// For the reference: each step as it is written, and what it is. `_` may be written as a space where nothing follows.
pub const STEP_TABLE: &[(&str, &str)] = &[
    ("answer", "the telephone is picked up"),
    ("human", "listening to the line finds a person; without it the call takes whoever answers for one"),
    ("machine", "listening to the line finds a machine"),
    ("fax", "listening to the line finds a fax"),
    ("screening", "listening to the line finds one who asks who is calling"),
    ("out_of_service", "the network says that the number is not in service"),
    ("beep", "the machine's greeting has ended"),
    ("third_person", "somebody else has picked up: nothing protected may be heard in this call"),
    ("keys 4321", "pressed one after another, once the words before them have been heard"),
    ("keys_ahead 14321", "pressed at once, over the words or ahead of the question"),
    ("silence", "nothing is pressed until the wait that is running has ended"),
    ("wait 3s", "time passes"),
    ("hears greet", "the message is heard, now or since the last `hears`; `hears \"words\"` looks for words"),
    ("not hears debt", "it has not been heard so far"),
    ("hangs_up", "the person hangs up"),
    ("agent_answers", "a human agent picks up"),
    ("no_agent", "nobody works in the queue, or nobody picked up"),
    ("agent_hangs_up", "the talk with the agent is over"),
    ("in_line 3", "all agents are busy: the call waits at this place"),
    ("queue_closed", "the queue is closed at this hour"),
    ("transfer_answers", "the other end of a transfer picks up"),
    ("transfer_busy", "it is busy"),
    ("transfer_unanswered", "nobody picks up there"),
    ("transfer_fails", "it cannot be reached, or is not allowed"),
    ("transfer_hangs_up", "the talk with the other end is over"),
    (
        "replies: { amount: 10.00 RUB }",
        "the service that is asked replies this; as text: `replies {\"amount\": \"10.00 RUB\"}`",
    ),
    ("request_fails", "the service cannot be asked"),
    ("no_reply", "nothing comes from the service in time"),
    ("speaks 5s", "the person speaks this long into the recording"),
    ("save_fails", "the next thing to be put on disk is not; without it every save succeeds"),
    (
        "paid",
        "the debt is paid while the call is in the air; `paid 50.00 RUB`: a part of `amount`, and the flow goes on with what is left",
    ),
    ("stopped", "the operator ends the call"),
    ("busy", "the call never comes up: busy"),
    ("no_answer", "the call never comes up: nobody answers"),
    ("rejects", "the call never comes up: rejected"),
];

/// For the reference: what stands under `expect`.
pub const EXPECTATION_TABLE: &[(&str, &str)] = &[
    ("result", "how the call ended"),
    (
        "promise",
        "what was promised and saved: `{ amount: 10.50 RUB, on: 2026-11-21 }`, a list of such for a plan, or `none`",
    ),
    ("path", "the nodes entered, in order, all of them; those of a sub-flow are `check/ask`"),
    ("hears", "messages, or words in quotes, that were heard"),
    ("never_hears", "messages, or words in quotes, that were not"),
    ("right_party", "whether the right person was verified"),
    ("opt_out", "the scope of the opt-out that was saved"),
    ("language", "the language that was spoken"),
    ("reason", "why the bill was not paid, as it was said"),
    ("at_most", "the longest the call may take: `90s`; words are counted at 14 letters a second"),
];

/// The keys of `expect`.
pub const EXPECTATIONS: &[&str] =
    &["result", "promise", "path", "hears", "never_hears", "right_party", "opt_out", "language", "reason", "at_most"];

pub fn read(cx: &mut Context<'_>, node: &Node) -> Vec<TestCase> {
    let Value::List(items) = &node.value else {
        cx.error(codes::SHAPE, node.span, format!("`tests` must be a list, not {}", node.kind()));
        return Vec::new();
    };
    let mut names: Vec<String> = Vec::new();
    let mut cases = Vec::new();
    for item in items.iter().take(TESTS_MAX) {
        let Some(case) = case(cx, item) else { continue };
        if names.contains(&case.name) {
            cx.error(codes::DUPLICATE_KEY, case.span, format!("two tests are named `{}`", case.name));
        }
        names.push(case.name.clone());
        cases.push(case);
    }
    cases
}

fn case(cx: &mut Context<'_>, item: &Node) -> Option<TestCase> {
    let map = cx.map(item, "a test")?;
    cx.known_keys(map, "key of a test", &["name", "contact", "company", "now", "steps", "expect"]);
    for key in ["name", "contact", "steps", "expect"] {
        if map.get(key).is_none() {
            cx.error(codes::MISSING_KEY, item.span, format!("a test lacks `{key}`"));
        }
    }
    let get = |key: &str| map.get(key).map(|e| &e.value);
    let name = get("name").and_then(|n| Some((cx.scalar(n, "`name`")?.text.clone(), n.span)));
    let contact = get("contact").and_then(|n| contact(cx, n));
    let company = match get("company") {
        Some(n) => cx.scalar(n, "`company`").map(|s| s.text.clone()),
        None => Some("Example".to_string()),
    };
    let now = match get("now") {
        Some(n) => cx.scalar(n, "`now`").and_then(|s| now(cx, &s.text, n.span)),
        None => moment(NOW),
    };
    let steps = get("steps").map(|n| steps(cx, n)).unwrap_or_default();
    let expect = get("expect").map(|n| expect(cx, n)).unwrap_or_default();
    let ((name, span), (contact, language), (now, today)) = (name?, contact?, now?);
    let due = cx.field("due").and_then(|id| match contact.0.get(id.0 as usize) {
        Some(Some(Worth::Date(date))) => Some(*date),
        _ => None,
    });
    Some(TestCase { name, span, contact, language, company: company?, now, today, due, steps, expect })
}

fn now(cx: &mut Context<'_>, text: &str, span: Span) -> Option<(Wall, Date)> {
    let found = moment(text);
    if found.is_none() {
        cx.error(codes::MALFORMED, span, format!("a moment is written {NOW}, with its offset"));
    }
    found
}

fn moment(text: &str) -> Option<(Wall, Date)> {
    Some((text.parse::<Wall>().ok()?, Pieces::parse(text).ok()?.date()))
}

fn contact(cx: &mut Context<'_>, node: &Node) -> Option<(ContactValues, Language)> {
    let map = cx.map(node, "`contact`")?;
    let fields = cx.contact.clone();
    let mut known: Vec<&str> = fields.iter().map(|f| f.name.as_str()).collect();
    known.push("language");
    cx.known_keys(map, "field of the contact", &known);
    let first = cx.languages.first().copied().unwrap_or(Language::EN);
    let mut language = first;
    let mut values = Map::default();
    let mut faulty = false;
    for entry in &map.entries {
        cx.mention(Noun::Field, &entry.key, entry.key_span, false);
        let is_bool = fields.iter().any(|f| f.name == entry.key && f.ty == Type::Bool);
        let good = match &entry.value.value {
            Value::Scalar(s) if s.is_null() => continue,
            Value::Scalar(_) if is_bool => cx.truth(&entry.value, "the field").is_some(),
            _ => cx.scalar(&entry.value, "a field").is_some(),
        };
        if good {
            values.entries.push(entry.clone());
        } else {
            faulty = true;
        }
    }
    let text = |name: &str| match values.get(name).map(|e| &e.value.value) {
        Some(Value::Scalar(s)) => Some(s.text.clone()),
        _ => None,
    };
    if let (Some(entry), Some(written)) = (values.get("language"), text("language")) {
        match cx.languages.iter().find(|l| l.code() == written) {
            Some(l) => language = *l,
            None => {
                let known: Vec<String> = cx.languages.iter().map(|l| l.code().to_string()).collect();
                let known = known.iter().map(String::as_str);
                cx.unknown(codes::TEST_CONTACT, entry.value.span, "language of this flow", &written, known);
                faulty = true;
            }
        }
    }
    if faulty {
        return None;
    }
    match bind(&fields, language, text) {
        Ok(bound) => Some((bound, language)),
        Err(errors) => {
            for error in errors {
                let span = values.get(&error.field).map_or(node.span, |e| e.value.span);
                cx.error(codes::TEST_CONTACT, span, error.to_string());
            }
            None
        }
    }
}

fn steps(cx: &mut Context<'_>, node: &Node) -> Vec<TestStep> {
    let Value::List(items) = &node.value else {
        cx.error(codes::SHAPE, node.span, format!("`steps` must be a list, not {}", node.kind()));
        return Vec::new();
    };
    if items.len() > STEPS_MAX {
        cx.error(codes::TEST, node.span, format!("a test has at most {STEPS_MAX} steps"));
    }
    items
        .iter()
        .take(STEPS_MAX)
        .filter_map(|item| {
            if let Some(step) = replies(cx, item) {
                return Some(TestStep { step, span: item.span });
            }
            let Value::Scalar(scalar) = &item.value else {
                let help = "quote the whole step when its text has `: `, `, ` or ` #` in it: 'hears \"one, two\"'";
                cx.error_help(codes::TEST, item.span, "a step is words, not a map or a list (but for `replies`)", help);
                return None;
            };
            Some(TestStep { step: step(cx, &scalar.text, item.span)?, span: item.span })
        })
        .collect()
}

/// `replies: { amount: 10.00 RUB, open: true }`: the reply as YAML. Values become text, but for truth values.
fn replies(cx: &mut Context<'_>, item: &Node) -> Option<Step> {
    let Value::Map(map) = &item.value else { return None };
    let [entry] = map.entries.as_slice() else { return None };
    if entry.key != "replies" {
        return None;
    }
    let reply = cx.map(&entry.value, "a reply")?;
    let mut json = serde_json::Map::new();
    for field in &reply.entries {
        let value = match &field.value.value {
            Value::Scalar(s) if s.is_null() => serde_json::Value::Null,
            Value::Scalar(s) if s.plain && matches!(s.text.as_str(), "true" | "false") => (s.text == "true").into(),
            _ => cx.scalar(&field.value, "a field of a reply")?.text.clone().into(),
        };
        json.insert(field.key.clone(), value);
    }
    Some(Step::Replies(serde_json::Value::Object(json).to_string()))
}

fn step(cx: &mut Context<'_>, text: &str, span: Span) -> Option<Step> {
    // `agent answers` is `agent_answers`.
    let joined = text.split_whitespace().collect::<Vec<_>>().join("_");
    let text = if STEPS.contains(&joined.as_str()) { joined.as_str() } else { text.trim() };
    let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let rest = rest.trim();
    let alone = match word {
        "answer" => Some(Step::Answer),
        "human" => Some(Step::Found(AnsweredBy::Human)),
        "machine" => Some(Step::Found(AnsweredBy::Machine)),
        "fax" => Some(Step::Found(AnsweredBy::Fax)),
        "screening" => Some(Step::Found(AnsweredBy::Screening)),
        "out_of_service" => Some(Step::Announced(HangupCause::OutOfService)),
        "beep" => Some(Step::Beep),
        "silence" => Some(Step::Silence),
        "hangs_up" => Some(Step::HangsUp),
        "agent_answers" => Some(Step::AgentAnswers),
        "no_agent" => Some(Step::NoAgent),
        "agent_hangs_up" | "transfer_hangs_up" => Some(Step::AgentHangsUp),
        "transfer_answers" => Some(Step::AgentAnswers),
        "transfer_busy" => Some(Step::TransferFails(HangupCause::Busy)),
        "transfer_unanswered" => Some(Step::TransferFails(HangupCause::NoAnswer)),
        "transfer_fails" => Some(Step::TransferFails(HangupCause::Rejected)),
        "queue_closed" => Some(Step::QueueClosed),
        "request_fails" => Some(Step::RequestFails),
        "no_reply" => Some(Step::NoReply),
        "third_person" => Some(Step::ThirdPerson),
        "save_fails" => Some(Step::SaveFails),
        "paid" if rest.is_empty() => Some(Step::Paid),
        "stopped" => Some(Step::Stopped),
        "busy" => Some(Step::Fails(HangupCause::Busy)),
        "no_answer" => Some(Step::Fails(HangupCause::NoAnswer)),
        "rejects" => Some(Step::Fails(HangupCause::Rejected)),
        _ => None,
    };
    if let Some(step) = alone {
        if rest.is_empty() {
            return Some(step);
        }
        cx.error(codes::TEST, span, format!("`{word}` stands alone; `{rest}` was not expected"));
        return None;
    }
    match word {
        "keys" if super::node::is_key_run(rest) => Some(Step::Keys(rest.to_string())),
        "keys_ahead" if super::node::is_key_run(rest) => Some(Step::KeysAhead(rest.to_string())),
        "keys" | "keys_ahead" => {
            cx.error(codes::TEST, span, format!("`{word}` is followed by 0-9, * and #: `{word} 4321`"));
            None
        }
        "replies" if serde_json::from_str::<serde_json::Value>(rest).is_ok_and(|json| json.is_object()) => {
            Some(Step::Replies(rest.to_string()))
        }
        "replies" => {
            let help = "or write it as a map: `{ replies: { amount: 10.00 RUB } }`";
            cx.error_help(codes::TEST, span, "`replies` is followed by an object of JSON", help);
            None
        }
        "paid" => {
            let found = rest.parse::<Money>().ok().filter(|sum| sum.minor > 0).map(Step::PaidPart);
            if found.is_none() {
                cx.error(codes::TEST, span, "`paid` stands alone, or is followed by a sum: `paid 50.00 RUB`");
            }
            found
        }
        "in_line" => {
            let found = rest.parse().ok().filter(|position| *position > 0).map(Step::InLine);
            if found.is_none() {
                cx.error(codes::TEST, span, "`in_line` is followed by a place, from 1: `in_line 3`");
            }
            found
        }
        "speaks" => {
            let found = parse_duration(rest).map(Step::Speaks);
            if found.is_none() {
                cx.error(codes::TEST, span, "`speaks` is followed by a duration: `speaks 5s`");
            }
            found
        }
        "wait" => {
            let found = parse_duration(rest).map(Step::Wait);
            if found.is_none() {
                cx.error(codes::TEST, span, "`wait` is followed by a duration: `wait 3s`");
            }
            found
        }
        "hears" => heard_words(cx, rest, span).map(Step::Hears),
        "not" => match rest.strip_prefix("hears") {
            Some(what) => heard_words(cx, what.trim(), span).map(Step::NotHears),
            None => {
                cx.error(codes::TEST, span, "`not` is followed by `hears`");
                None
            }
        },
        _ => {
            cx.unknown(codes::TEST, span, "step", word, STEPS.iter().copied());
            None
        }
    }
}

/// One step as it is written in a test, outside of any file.
///
/// # Errors
/// What is wrong with it, and what was expected.
pub fn read_step(program: &Program, text: &str) -> Result<Step, String> {
    let mut cx = Context::new(text);
    let messages = (0u32..).zip(&program.messages);
    cx.messages = messages.map(|(n, message)| (message.name.clone(), MessageId(n))).collect();
    let read = step(&mut cx, text, Span::default());
    read.ok_or_else(|| match cx.diagnostics.into_iter().next() {
        Some(Diagnostic { message, help: Some(help), .. }) => format!("{message}; {help}"),
        Some(found) => found.message,
        None => format!("`{text}` is no step of a test"),
    })
}

/// `greet` is a message, `"one thousand"` is text.
fn heard_words(cx: &mut Context<'_>, what: &str, span: Span) -> Option<Heard> {
    for quote in ['"', '\''] {
        if let Some(inside) = what.strip_prefix(quote).and_then(|w| w.strip_suffix(quote)) {
            return heard_text(cx, inside, span);
        }
    }
    heard_message(cx, what, span)
}

fn heard_text(cx: &mut Context<'_>, text: &str, span: Span) -> Option<Heard> {
    if text.trim().is_empty() {
        cx.error(codes::TEST, span, "there is no text to hear");
        return None;
    }
    Some(Heard::Text(text.to_string()))
}

fn heard_message(cx: &mut Context<'_>, name: &str, span: Span) -> Option<Heard> {
    cx.mention(Noun::Message, name, span, false);
    if let Some(id) = cx.messages.get(name) {
        return Some(Heard::Message(*id));
    }
    let known: Vec<String> = cx.messages.keys().cloned().collect();
    cx.unknown(codes::UNKNOWN_MESSAGE, span, "message", name, known.iter().map(String::as_str));
    None
}

fn heard(cx: &mut Context<'_>, node: &Node, what: &str) -> Vec<Heard> {
    let found: Vec<(&Scalar, Span)> = cx.scalars(node, what);
    found
        .into_iter()
        .filter_map(|(scalar, span)| match scalar.plain {
            true => heard_message(cx, &scalar.text, span),
            false => heard_text(cx, &scalar.text, span),
        })
        .collect()
}

fn expect(cx: &mut Context<'_>, node: &Node) -> Expect {
    let mut out = Expect { span: node.span, ..Expect::default() };
    let Some(map) = cx.map(node, "`expect`") else { return out };
    cx.known_keys(map, "expectation", EXPECTATIONS);
    if map.entries.is_empty() {
        cx.error(codes::TEST, node.span, "the test expects nothing");
    }
    for entry in &map.entries {
        let value = &entry.value;
        match entry.key.as_str() {
            "result" => {
                let Some(scalar) = cx.scalar(value, "`result`") else { continue };
                out.result = scalar.text.parse::<Disposition>().ok();
                if out.result.is_none() {
                    let known: Vec<&str> = Disposition::ALL.iter().map(|d| d.as_str()).collect();
                    cx.unknown(codes::RESULT, value.span, "result", &scalar.text, known);
                }
            }
            "promise" => out.promise = promise(cx, value),
            "path" => {
                let names = cx.scalars(value, "`path`");
                let path = names.into_iter().map(|(s, span)| cx.node(s, span)).filter(|id| *id != NOWHERE).collect();
                out.path = Some(path);
            }
            "hears" => out.hears = heard(cx, value, "`hears`"),
            "never_hears" => out.never_hears = heard(cx, value, "`never_hears`"),
            "right_party" => out.right_party = cx.truth(value, "`right_party`"),
            "language" => {
                let Some(scalar) = cx.scalar(value, "`language`") else { continue };
                out.language = cx.languages.iter().find(|l| l.code() == scalar.text).copied();
                if out.language.is_none() {
                    let known: Vec<String> = cx.languages.iter().map(|l| l.code().to_string()).collect();
                    let known = known.iter().map(String::as_str);
                    cx.unknown(codes::TEST, value.span, "language of this flow", &scalar.text, known);
                }
            }
            "reason" => {
                let Some(scalar) = cx.scalar(value, "`reason`") else { continue };
                out.reason = scalar.text.parse().ok();
                if out.reason.is_none() {
                    let known = NonPaymentReason::ALL.iter().map(|r| r.as_str());
                    cx.unknown(codes::TEST, value.span, "reason", &scalar.text, known);
                }
            }
            "at_most" => {
                out.at_most = cx.duration(value, "`at_most`", Duration::from_secs(1), Duration::from_secs(3600));
            }
            "opt_out" => {
                let Some(scalar) = cx.scalar(value, "`opt_out`") else { continue };
                out.opt_out = scalar.text.parse::<OptOutScope>().ok();
                if out.opt_out.is_none() {
                    let known = OptOutScope::ALL.iter().map(|s| s.as_str());
                    cx.unknown(codes::TEST, value.span, "scope of an opt-out", &scalar.text, known);
                }
            }
            _ => {}
        }
    }
    out
}

fn promise(cx: &mut Context<'_>, node: &Node) -> Option<ExpectPromise> {
    if let Value::Scalar(scalar) = &node.value
        && scalar.text == "none"
    {
        return Some(ExpectPromise::Nothing);
    }
    let parts = match &node.value {
        Value::List(parts) if !parts.is_empty() => parts.iter().map(|part| promised(cx, part)).collect(),
        _ => promised(cx, node).map(|part| vec![part]),
    };
    parts.map(ExpectPromise::Saved)
}

fn promised(cx: &mut Context<'_>, node: &Node) -> Option<(Money, Date)> {
    let Value::Map(map) = &node.value else {
        let message = "`promise` is `none`, `{ amount: 10.50 RUB, on: 2026-11-21 }`, or a list of such";
        cx.error(codes::TEST, node.span, message);
        return None;
    };
    cx.known_keys(map, "key of a promise", &["amount", "on"]);
    let mut text = |key: &str| {
        let found = map.get(key).map(|e| &e.value);
        if found.is_none() {
            cx.error(codes::MISSING_KEY, node.span, format!("the promise lacks `{key}`"));
        }
        let found = found?;
        Some((cx.scalar(found, key)?.text.clone(), found.span))
    };
    let (amount, on) = (text("amount"), text("on"));
    let ((amount, amount_span), (on, on_span)) = (amount?, on?);
    let amount = amount.parse().map_err(|e| cx.error(codes::MALFORMED, amount_span, format!("{e}")));
    let on = on.parse().map_err(|_| cx.error(codes::MALFORMED, on_span, "a date is written 2026-11-25"));
    Some((amount.ok()?, on.ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reference_names_every_step_and_expectation() {
        for step in STEPS {
            let is = |written: &str| {
                written == *step || written.strip_prefix(step).is_some_and(|r| r.starts_with([' ', ':']))
            };
            assert_eq!(STEP_TABLE.iter().filter(|(written, _)| is(written)).count(), 1, "{step}");
        }
        let named: Vec<&str> = EXPECTATION_TABLE.iter().map(|(name, _)| *name).collect();
        assert_eq!(named, EXPECTATIONS);
    }
}
