//! `tests:` → [`LadderTest`]s.

use std::collections::BTreeMap;

use jiff::civil::DateTime;

use super::reader::Reader;
use super::test::{Expected, Happened, LadderTest, TestContact, TestStep};
use super::{Ladder, codes};
use crate::books::VisitOutcome;
use crate::diagnostic::{Diagnostic, Span};
use crate::flow::yaml::{Map, Node, Value};
use crate::language::Language;
use crate::money::{Currency, Money};
use crate::outcome::{Channel, Disposition};
use crate::time::Wall;

pub const KEYS: [&str; 4] = ["name", "contact", "start", "steps"];
/// Keys of `next`; `closed` and `until` besides.
pub const EXPECTATIONS: [&str; 7] = ["next", "at", "step", "segment", "class", "closed", "until"];
const TESTS_MAX: usize = 500;
const STEPS_MAX: usize = 500;
const PHONES_MAX: u32 = 9;

pub fn tests(reader: &mut Reader, root: &Node, ladder: &Ladder) -> Vec<LadderTest> {
    let Some(entry) = root.map().and_then(|top| top.get("tests")) else { return Vec::new() };
    let Value::List(items) = &entry.value.value else {
        reader.report(Diagnostic::error(codes::SHAPE, entry.value.span, "tests must be a list"));
        return Vec::new();
    };
    if items.len() > TESTS_MAX {
        reader.report(Diagnostic::error(
            codes::SHAPE,
            entry.value.span,
            format!("a ladder has at most {TESTS_MAX} tests"),
        ));
    }
    items.iter().take(TESTS_MAX).filter_map(|item| test(reader, item, ladder)).collect()
}

fn test(reader: &mut Reader, node: &Node, ladder: &Ladder) -> Option<LadderTest> {
    let map = reader.map(node, "a test")?;
    reader.known_keys(map, "key of a test", &KEYS);
    let name = reader.required(map, "name", "a test", node.span)?;
    let (name, span) = (reader.text(name, "the test's name")?, name.span);
    let contact = reader.required(map, "contact", "a test", span);
    let contact = contact.and_then(|n| contact_of(reader, n, ladder));
    let start = reader.required(map, "start", "a test", span).and_then(|n| start_of(reader, n));
    let contact = contact?;
    let currency = contact.debts[0].0.currency;
    let steps = match reader.required(map, "steps", "a test", span) {
        Some(Node { value: Value::List(items), .. }) if (1..=STEPS_MAX).contains(&items.len()) => {
            items.iter().filter_map(|item| Some((step(reader, item, currency, ladder)?, item.span))).collect()
        }
        Some(other) => {
            let found = format!("steps must be a list of 1 to {STEPS_MAX}, not {}", other.kind());
            reader.report(Diagnostic::error(codes::SHAPE, other.span, found));
            return None;
        }
        None => return None,
    };
    Some(LadderTest { name, span, contact, start: start?, steps })
}

fn start_of(reader: &mut Reader, node: &Node) -> Option<Wall> {
    let scalar = reader.scalar(node, "`start`")?;
    let parsed = scalar.text.parse::<Wall>().ok();
    if parsed.is_none() {
        let found = format!("`{}` is not an instant", scalar.text);
        reader.error(codes::MALFORMED, node.span, found, "for example 2026-11-20T12:00+03:00");
    }
    parsed
}

fn contact_of(reader: &mut Reader, node: &Node, ladder: &Ladder) -> Option<TestContact> {
    let map = reader.map(node, "the contact")?;
    let mut contact = TestContact {
        language: ladder.languages[0],
        zone: "Europe/Moscow".parse().expect("a zone that every time zone database has"),
        debts: Vec::new(),
        phones: 1,
        email: true,
        fields: BTreeMap::new(),
    };
    let (mut amount, mut due) = (None, None);
    for entry in &map.entries {
        let value = &entry.value;
        match entry.key.as_str() {
            "amount" => amount = read::<Money>(reader, value, "10.50 RUB"),
            "due" => due = read::<jiff::civil::Date>(reader, value, "2026-11-25"),
            "debts" => {
                for item in reader.items(value) {
                    let Some(map) = reader.map(item, "a debt") else { continue };
                    reader.known_keys(map, "key of a debt", &["amount", "due"]);
                    let amount = reader.required(map, "amount", "a debt", item.span);
                    let due = reader.required(map, "due", "a debt", item.span);
                    let amount = amount.and_then(|n| read::<Money>(reader, n, "10.50 RUB"));
                    let due = due.and_then(|n| read::<jiff::civil::Date>(reader, n, "2026-11-25"));
                    contact.debts.extend(amount.zip(due));
                }
            }
            "zone" => contact.zone = read(reader, value, "Europe/Moscow")?,
            "language" => contact.language = read::<Language>(reader, value, "ru")?,
            "phones" => contact.phones = reader.number(value, "`phones`", 0, PHONES_MAX)?,
            "email" => contact.email = reader.truth(value, "`email`")?,
            name => {
                let text = reader.text(value, &format!("`{name}`"))?;
                contact.fields.insert(name.to_string(), text);
            }
        }
    }
    contact.debts.extend(amount.zip(due));
    let Some((first, _)) = contact.debts.first() else {
        reader.error(codes::TEST, node.span, "the contact owes nothing", "give it `amount` and `due`, or `debts`");
        return None;
    };
    if contact.debts.iter().any(|(amount, _)| amount.currency != first.currency || amount.minor <= 0) {
        reader.error(
            codes::TEST,
            node.span,
            "a contact's debts are above zero and in one currency",
            "correct `amount`",
        );
        return None;
    }
    Some(contact)
}

fn read<T: std::str::FromStr>(reader: &mut Reader, node: &Node, example: &str) -> Option<T> {
    let scalar = reader.scalar(node, "a value")?;
    let parsed = scalar.text.parse().ok();
    if parsed.is_none() {
        reader.error(
            codes::MALFORMED,
            node.span,
            format!("`{}` cannot be read", scalar.text),
            &format!("for example {example}"),
        );
    }
    parsed
}

/// A word for what happens, or a map of what comes next.
fn step(reader: &mut Reader, node: &Node, currency: Currency, ladder: &Ladder) -> Option<TestStep> {
    if let Value::Map(map) = &node.value {
        return expected(reader, map, ladder).map(TestStep::Expects);
    }
    let scalar = reader.scalar(node, "a step of a test")?;
    match happened(&scalar.text, currency) {
        Ok(happened) => Some(TestStep::Happens(happened)),
        Err(help) => {
            reader.error(codes::TEST, node.span, format!("`{}` is nothing that happens", scalar.text), &help);
            None
        }
    }
}

fn happened(written: &str, currency: Currency) -> Result<Happened, String> {
    let words: Vec<&str> = written.split_whitespace().collect();
    let money = |text: &str| Money::parse(text, currency).map_err(|_| "an amount is written 500 or 500.50".to_string());
    match words.as_slice() {
        ["pays"] => Ok(Happened::Pays(None)),
        ["pays", amount] => Ok(Happened::Pays(Some(money(amount)?))),
        ["reversed"] => Ok(Happened::Reversed),
        ["withdrawn"] => Ok(Happened::Withdrawn),
        ["time", "passes", "to", rest @ ..] => instant(&rest.join(" ")).map(Happened::Passes),
        ["visited", outcome] => visited(outcome, None),
        ["visited", outcome, amount, "on", day] => {
            let day = day.parse().map_err(|_| "a day is written 2026-11-25".to_string())?;
            visited(outcome, Some((money(amount)?, day)))
        }
        ["promised", parts @ ..] => {
            let parts = parts.split(|word| *word == "and").map(|part| match part {
                [amount, "on", day] => {
                    let day = day.parse().map_err(|_| "a day is written 2026-11-25".to_string())?;
                    Ok((money(amount)?, day))
                }
                _ => {
                    Err("for example: promised 500 on 2026-11-25, or promised 500 on 2026-11-25 and 500 on 2026-12-25"
                        .into())
                }
            });
            parts.collect::<Result<Vec<_>, String>>().map(Happened::Promises)
        }
        [word, "at", node] => Ok(Happened::Ends { disposition: disposition(word)?, node: Some((*node).into()) }),
        [word] => Ok(Happened::Ends { disposition: disposition(word)?, node: None }),
        _ => Err(disposition(written).err().unwrap_or_default()),
    }
}

fn visited(outcome: &str, promised: Option<(Money, jiff::civil::Date)>) -> Result<Happened, String> {
    let known: Vec<&str> = VisitOutcome::ALL.iter().map(|outcome| outcome.as_str()).collect();
    let outcome: VisitOutcome =
        outcome.parse().map_err(|_| format!("`visited` is followed by one of {}", known.join(", ")))?;
    match (outcome, promised) {
        (VisitOutcome::Promised, None) => Err("say what is promised: visited promised 500 on 2026-11-25".into()),
        (VisitOutcome::Promised, Some(_)) | (_, None) => Ok(Happened::Visited { outcome, promised }),
        (outcome, Some(_)) => Err(format!("a visit that came to {outcome} has no promise")),
    }
}

fn disposition(word: &str) -> Result<Disposition, String> {
    if word == "promised" {
        return Err("say what is promised: promised 500 on 2026-11-25".into());
    }
    word.parse::<Disposition>().map_err(|_| {
        let own = [
            "pays",
            "pays 200",
            "reversed",
            "withdrawn",
            "promised 500 on 2026-11-25",
            "visited nobody_home",
            "time passes to 2026-11-25 10:00",
        ];
        let known = Disposition::ALL.iter().map(|d| d.as_str()).filter(|d| *d != "promised");
        let near = crate::diagnostic::did_you_mean(word, known);
        match near {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("it is the ending of an attempt, such as busy or no_answer, or one of: {}", own.join("; ")),
        }
    })
}

/// `2026-11-25 10:00`, or a day, which begins at 00:00.
fn instant(written: &str) -> Result<DateTime, String> {
    let help = || "an instant is written 2026-11-25 10:00, where the contact is".to_string();
    if let Ok(day) = jiff::civil::Date::strptime("%Y-%m-%d", written) {
        return Ok(day.at(0, 0, 0, 0));
    }
    DateTime::strptime("%Y-%m-%d %H:%M", written).map_err(|_| help())
}

fn expected(reader: &mut Reader, map: &Map, ladder: &Ladder) -> Option<Expected> {
    reader.known_keys(map, "expectation", &EXPECTATIONS);
    let mut expected = Expected::default();
    let text = |reader: &mut Reader, key: &str| -> Option<(String, Span)> {
        let node = &map.get(key)?.value;
        Some((reader.text(node, &format!("`{key}`"))?, node.span))
    };
    if let Some((word, span)) = text(reader, "next") {
        expected.channel = word.parse::<Channel>().ok();
        if expected.channel.is_none() {
            let known: Vec<&str> = Channel::ALL.iter().map(|c| c.as_str()).collect();
            reader.unknown(codes::TEST, span, "channel", &word, &known);
        }
    }
    expected.closed = text(reader, "closed").map(|(reason, _)| reason);
    for key in ["at", "until"] {
        let Some((written, span)) = text(reader, key) else { continue };
        match instant(&written) {
            Ok(at) if key == "at" => expected.at = Some(at),
            Ok(at) => expected.until = Some(at),
            Err(help) => reader.error(codes::TEST, span, format!("`{written}` is not an instant"), &help),
        }
    }
    let segments: Vec<&str> = ladder.segments.iter().map(|s| s.name.as_str()).collect();
    let classes: Vec<&str> = ladder.classes.iter().map(|c| c.name.as_str()).collect();
    let steps: Vec<&str> = ladder.steps.iter().map(|s| s.name.as_str()).collect();
    let named = |reader: &mut Reader, key: &str, known: &[&str]| {
        let (word, span) = text(reader, key)?;
        let number = key == "step" && word.parse::<usize>().is_ok();
        if !number && !known.contains(&word.as_str()) {
            reader.unknown(codes::TEST, span, key, &word, known);
        }
        Some(word)
    };
    expected.segment = named(reader, "segment", &segments);
    expected.class = named(reader, "class", &classes);
    expected.step = named(reader, "step", &steps);
    Some(expected)
}
