//! One random caller: who is called, and what happens next.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use jiff::civil::{Date, date};
use rand::RngExt;
use rand::rngs::StdRng;

use super::super::contact::text_of;
use super::laws::{self, Broken, Law};
use crate::call::rehearse::{Awaits, Covered, Stage};
use crate::diagnostic::Span;
use crate::flow::expr::{Type, Value};
use crate::flow::program::{Collected, ContactValues, Program, Step as Node};
use crate::flow::test::{Expect, Step, TestCase, TestStep};
use crate::language::Language;
use crate::money::{Currency, Money};
use crate::outcome::{AnsweredBy, HangupCause};
use crate::time::Wall;

/// Things that happen in one call. After that nobody does anything more.
const STEPS_MAX: usize = 40;

/// Days of calls: a working day, a Sunday, the ends of a month, of a year and of February, the day that not every year has.
const DAYS: [Date; 7] = [
    date(2026, 11, 20),
    date(2026, 11, 22),
    date(2026, 4, 30),
    date(2026, 12, 31),
    date(2027, 1, 1),
    date(2027, 2, 28),
    date(2028, 2, 29),
];

/// A call that was made.
pub(super) struct Tried {
    /// With the steps that happened.
    pub case: TestCase,
    pub covered: Covered,
    pub broken: Option<Broken>,
}

pub(super) fn call(program: &Arc<Program>, rng: &mut StdRng) -> Tried {
    let mut case = somebody(program, rng);
    let mut covered = Covered::default();
    // What is random is what to do, never when to stop caring: a call that panics is kept with the steps so far.
    let played = catch_unwind(AssertUnwindSafe(|| {
        let mut stage = Stage::new(program, &case);
        let steps = rng.random_range(1..=STEPS_MAX);
        let mut broken = None;
        while case.steps.len() < steps && stage.ending().is_none() && broken.is_none() {
            let listened = case.steps.iter().any(|step| matches!(step.step, Step::Found(_)));
            let step = match next(program, &stage, &case.contact, rng) {
                // Who has picked up is found out once.
                Step::Found(_) if listened => Step::Silence,
                step => step,
            };
            case.steps.push(TestStep { step: step.clone(), span: Span::default() });
            match laws::act(program, &mut stage, &step) {
                Ok(found) => broken = found,
                // It could not happen, or only half of it. The call is made once more, without it, and no further.
                Err(_) => {
                    case.steps.pop();
                    stage = Stage::new(program, &case);
                    broken =
                        case.steps.iter().find_map(|step| laws::act(program, &mut stage, &step.step).ok().flatten());
                    break;
                }
            }
        }
        covered = stage.covered();
        broken.or_else(|| laws::broken_at_end(program, &mut stage, &case)).map(|broken| (broken, stage.covered()))
    }));
    let broken = match played {
        Ok(found) => found.map(|(broken, so_far)| {
            covered = so_far;
            broken
        }),
        Err(panic) => Some(Broken::panicked(panic.as_ref())),
    };
    Tried { case, covered, broken }
}

/// The case's steps once more; `None` also when one of them could not happen.
pub(super) fn again(program: &Arc<Program>, case: &TestCase) -> Option<Broken> {
    let played = catch_unwind(AssertUnwindSafe(|| {
        let mut stage = Stage::new(program, case);
        for step in &case.steps {
            match laws::act(program, &mut stage, &step.step) {
                Ok(None) => {}
                Ok(Some(broken)) => return Some(broken),
                Err(_) => return None,
            }
        }
        laws::broken_at_end(program, &mut stage, case)
    }));
    played.unwrap_or_else(|panic| Some(Broken { law: Law::Panics, ..Broken::panicked(panic.as_ref()) }))
}

fn somebody(program: &Program, rng: &mut StdRng) -> TestCase {
    let language = program.languages[rng.random_range(0..program.languages.len())];
    let today = DAYS[rng.random_range(0..DAYS.len())];
    let contact = ContactValues(
        program
            .contact
            .iter()
            .map(|field| {
                let missing = field.optional && rng.random_bool(0.3);
                (!missing).then(|| value(&field.ty, language, today, rng))
            })
            .collect(),
    );
    let due = program.contact.iter().zip(&contact.0).find_map(|(field, value)| match value {
        Some(Value::Date(day)) if field.name == "due" => Some(*day),
        _ => None,
    });
    let noon = today.at(12, 0, 0, 0).to_zoned(jiff::tz::TimeZone::UTC).map(|zoned| Wall::from(&zoned));
    TestCase {
        name: String::new(),
        span: Span::default(),
        contact,
        language,
        company: "Example".into(),
        now: noon.expect("a day of this century"),
        today,
        due,
        steps: Vec::new(),
        expect: Expect::default(),
    }
}

/// Values that stand out: no prompt says them by chance.
pub(super) fn value(ty: &Type, language: Language, today: Date, rng: &mut StdRng) -> Value {
    const NAMES: [&str; 4] = ["Аристарх", "Zebulon", "О'Нил-Петрова", "Maximiliane"];
    match ty {
        Type::Text => Value::Text(NAMES[rng.random_range(0..NAMES.len())].into()),
        Type::Money => {
            let currency = Currency::ALL[rng.random_range(0..Currency::ALL.len())];
            let minor = match rng.random_range(0..20) {
                0 => 0,
                1 => -rng.random_range(1..1_000_000),
                2 => 1,
                3 => rng.random_range(10_000_000_000..90_000_000_000),
                _ => rng.random_range(100_000..9_999_999),
            };
            Value::Money(Money { minor, currency })
        }
        Type::Date => Value::Date(today.saturating_add(jiff::Span::new().days(rng.random_range(-200..200i64)))),
        Type::Time => Value::Time(jiff::civil::time(rng.random_range(0..24), rng.random_range(0..60), 0, 0)),
        Type::Number => Value::Number(match rng.random_range(0..4) {
            0 => rng.random_range(-3..10),
            _ => rng.random_range(1_000..1_000_000),
        }),
        Type::Digits(n) => Value::Digits((0..*n).map(|_| digit(rng)).collect()),
        Type::Phone => Value::Phone(format!("+1202555{:04}", rng.random_range(0..10_000))),
        Type::Language => Value::Language(language),
        Type::Bool => Value::Bool(rng.random_bool(0.5)),
        Type::Enum(words) => Value::Text(words[rng.random_range(0..words.len())].clone()),
    }
}

fn digit(rng: &mut StdRng) -> char {
    char::from(b'0' + rng.random_range(0..10u8))
}

fn next(program: &Program, stage: &Stage, contact: &ContactValues, rng: &mut StdRng) -> Step {
    let awaits = stage.awaits();
    if awaits == Awaits::Pickup {
        return match rng.random_range(0..60) {
            0 => Step::Fails(HangupCause::Busy),
            1 => Step::Fails(HangupCause::NoAnswer),
            2 => Step::Paid,
            3 => Step::Stopped,
            _ => Step::Answer,
        };
    }
    if awaits == Awaits::Talk {
        return match rng.random_range(0..10) {
            0 => Step::HangsUp,
            1 => Step::Paid,
            2 => keys(program, stage, contact, rng),
            _ => Step::AgentHangsUp,
        };
    }
    match (rng.random_range(0..100), awaits) {
        (0..3, _) => Step::HangsUp,
        (3..6, _) => Step::Found(AnsweredBy::Machine),
        (6, _) => Step::Found(AnsweredBy::Human),
        (7, _) if rng.random_bool(0.4) => Step::Found(AnsweredBy::Fax),
        (7, _) if rng.random_bool(0.7) => Step::Found(AnsweredBy::Screening),
        (7, _) => Step::Announced(HangupCause::OutOfService),
        (8, _) => Step::Paid,
        (9, _) => Step::Stopped,
        (10..15, _) => Step::SaveFails,
        (15..18, _) => Step::Wait(Duration::from_millis(rng.random_range(1..40) * 500)),
        (18, _) => Step::Beep,
        (19..24, _) => match program.hotkeys.len() {
            0 => keys(program, stage, contact, rng),
            count => hotkey(&program.hotkeys[rng.random_range(0..count)].0, rng),
        },
        (24..60, Awaits::Reply) => reply(program, stage, rng),
        (60..75, Awaits::Reply) => Step::RequestFails,
        (75..100, Awaits::Reply) => Step::NoReply,
        (24..80, Awaits::Message) => Step::Speaks(Duration::from_secs(rng.random_range(0..30))),
        (24..40, Awaits::Agent) => match stage.node().map(|id| &program.step(id).step) {
            Some(Node::Transfer(_)) => Step::TransferFails(HangupCause::Busy),
            _ if rng.random_bool(0.3) => Step::QueueClosed,
            _ => Step::InLine(rng.random_range(1..30)),
        },
        (40..70, Awaits::Agent) => Step::AgentAnswers,
        (70..90, Awaits::Agent) => Step::NoAgent,
        (24..80, Awaits::Beep) => Step::Beep,
        (24..38, _) => Step::Silence,
        (38..45, _) => {
            let Step::Keys(mut ahead) = keys(program, stage, contact, rng) else { return Step::Silence };
            ahead.extend((0..rng.random_range(0..6)).map(|_| key(rng)));
            Step::KeysAhead(ahead)
        }
        _ => keys(program, stage, contact, rng),
    }
}

/// A reply as it is declared, but for a field now and then.
fn reply(program: &Program, stage: &Stage, rng: &mut StdRng) -> Step {
    let Some(Node::Request(request)) = stage.node().map(|id| &program.step(id).step) else { return Step::NoReply };
    let mut json = serde_json::Map::new();
    for field in &request.reply {
        if rng.random_bool(if field.field.optional { 0.6 } else { 0.95 }) {
            let value = value(&field.field.ty, program.languages[0], DAYS[0], rng);
            json.insert(field.field.name.clone(), text_of(&value).into());
        }
    }
    Step::Replies(serde_json::Value::Object(json).to_string())
}

fn hotkey(keys: &str, rng: &mut StdRng) -> Step {
    if rng.random_bool(0.5) { Step::Keys(keys.into()) } else { Step::KeysAhead(keys.into()) }
}

fn key(rng: &mut StdRng) -> char {
    const KEYS: &[u8] = b"0123456789*#11221122";
    char::from(KEYS[rng.random_range(0..KEYS.len())])
}

/// Mostly what the node can use, sometimes what it cannot.
fn keys(program: &Program, stage: &Stage, contact: &ContactValues, rng: &mut StdRng) -> Step {
    let any = |rng: &mut StdRng| (0..rng.random_range(1..5)).map(|_| key(rng)).collect::<String>();
    let day = |rng: &mut StdRng| match rng.random_range(0..6) {
        0 | 1 => "1".to_string(),
        2 => "2#".to_string(),
        3 => "*".to_string(),
        _ => format!("{:02}{:02}", rng.random_range(0..33), rng.random_range(0..14)),
    };
    if rng.random_bool(0.1) {
        return Step::Keys(any(rng));
    }
    Step::Keys(match stage.node().map(|node| &program.step(node).step) {
        Some(Node::Menu(menu)) => menu.keys[rng.random_range(0..menu.keys.len())].clone(),
        Some(Node::Reason(reason)) => reason.keys[rng.random_range(0..reason.keys.len())].0.clone(),
        Some(Node::Verify(verify)) => match proof(contact.0[verify.against.0 as usize].as_ref()) {
            Some(proof) if rng.random_bool(0.7) => proof,
            _ if rng.random_bool(0.3) => "*".to_string(),
            _ => (0..4).map(|_| digit(rng)).collect(),
        },
        Some(Node::Promise(_)) => match rng.random_range(0..10) {
            0..6 => "1".to_string(),
            6 | 7 => "2".to_string(),
            _ => day(rng),
        },
        Some(Node::Collect(collect)) => match collect.what {
            Collected::Digits { .. } if rng.random_bool(0.2) => "1".to_string(),
            Collected::Digits { min, max, check: _ } => {
                let mut entry: String = (0..rng.random_range(min..=max)).map(|_| digit(rng)).collect();
                if rng.random_bool(0.5) {
                    entry.push('#');
                }
                entry
            }
            Collected::Date { .. } => day(rng),
            Collected::Number { .. } | Collected::Amount { .. } => format!("{}#", rng.random_range(0..5_000)),
            Collected::Time { .. } => format!("{:02}{:02}", rng.random_range(0..25), rng.random_range(0..61)),
            Collected::Phone { .. } => format!("{}#", rng.random_range(2_000_000_000..9_999_999_999u64)),
        },
        Some(
            Node::Say { .. }
            | Node::Branch { .. }
            | Node::Set { .. }
            | Node::Request(_)
            | Node::Queue(_)
            | Node::Transfer(_)
            | Node::Record(_)
            | Node::Notify { .. }
            | Node::OptOut { .. }
            | Node::End { .. },
        )
        | None => any(rng),
    })
}

/// The keys that prove the right party.
fn proof(value: Option<&Value>) -> Option<String> {
    match value? {
        Value::Digits(digits) => Some(digits.clone()),
        Value::Date(day) => Some(format!("{:02}{:02}", day.day(), day.month())),
        Value::Text(_) | Value::Money(_) | Value::Number(_) | Value::Time(_) => None,
        Value::Phone(_) | Value::Language(_) | Value::Bool(_) => None,
    }
}
