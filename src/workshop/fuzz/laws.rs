//! What holds in every call of a sound flow, whatever the caller does.
//!
//! That nothing protected is heard too early is found out without asking which slot depends on what: the call is made a
//! second time, to a twin of the contact whose protected values are others. What both hear before anybody was verified must
//! be word for word the same.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use rand::SeedableRng;
use rand::rngs::StdRng;

use super::caller::value;
use crate::call::action::{Action, Ending, Fact, Note};
use crate::call::rehearse::{Awaits, Line, Stage, What};
use crate::call::{BRIDGE_LENGTH_MAX, CALL_LENGTH_MAX, Event, SAVE_WAIT_MAX, STEPS_PER_CALL_MAX};
use crate::flow::expr::{Type, Value, spoken};
use crate::flow::program::{NamedStep, Program, Step as Node};
use crate::flow::test::{Step, TestCase};
use crate::outcome::{AnsweredBy, Disposition, HangupCause};
use crate::speech::{self, Case, DateStyle, Format, Gender, Piece, Template};
use crate::time::Mono;

/// A call that is cut off for its length after so much silence of the person has gone round in a circle.
const CIRCLING: Duration = Duration::from_secs(300);

crate::words! {
    /// What was broken.
    pub enum Law {
        /// A call ends.
        Ends = "the call does not come to an end",
        /// A call ends in time.
        InTime = "the call is longer than calls may be",
        /// Silence leads to an `end`.
        SilenceEnds = "a person who stays silent goes round in a circle",
        /// Nothing protected is heard before somebody has proved to be the right person.
        Protected = "protected words before verification",
        /// Nothing protected is heard by a machine.
        ProtectedFromMachine = "protected words to a machine",
        /// The hotkey that opts out does so at any moment.
        OptOutHeard = "the opt-out hotkey is not heard",
        /// The disposition says what was saved.
        Disposition = "the result does not say what was saved",
        /// What an `end` claims has happened.
        Claim = "the flow claims what has not happened",
        /// Everything that is to be said can be said.
        Sayable = "a message cannot be said to this contact",
        /// Our own mistakes.
        Panics = "the call panics",
    }
}

impl Law {
    pub fn about(self) -> &'static str {
        self.as_str()
    }
}

/// A law was broken.
#[derive(Debug, Clone, PartialEq)]
pub struct Broken {
    pub law: Law,
    pub detail: String,
    /// The message that must not have been heard.
    pub message: Option<String>,
    /// The result that the call should have had.
    pub result: Option<Disposition>,
}

impl Broken {
    fn new(law: Law, detail: impl Into<String>) -> Broken {
        Broken { law, detail: detail.into(), message: None, result: None }
    }

    pub(super) fn panicked(panic: &(dyn Any + Send)) -> Broken {
        let words = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
        Broken::new(Law::Panics, words.unwrap_or("without a word"))
    }
}

/// One step, and the laws that can be seen broken there and then.
///
/// # Errors
/// The step could not happen.
pub(super) fn act(program: &Program, stage: &mut Stage, step: &Step) -> Result<Option<Broken>, String> {
    let (before, awaited) = (stage.log().len(), stage.awaits());
    stage.act(step)?;
    let (Step::Keys(keys) | Step::KeysAhead(keys)) = step else { return Ok(None) };
    let hotkey = program.hotkeys.iter().find(|(hotkey, _)| hotkey == keys);
    let Some((_, NamedStep { name, step: Node::OptOut { .. }, .. })) =
        hotkey.map(|(hotkey, to)| (hotkey, program.step(*to)))
    else {
        return Ok(None);
    };
    let deaf = matches!(awaited, Awaits::Pickup | Awaits::Talk | Awaits::Nothing);
    // A caller who has sent a thousand keys is hung up on.
    let worn_out = stage.ending().is_some_and(|ending| ending.path.len() + 1 >= STEPS_PER_CALL_MAX);
    let heard =
        stage.log()[before..].iter().any(|line| matches!(note(line), Some(Note::Entered(node)) if node == name));
    if deaf || worn_out || heard {
        return Ok(None);
    }
    Ok(Some(Broken::new(Law::OptOutHeard, format!("`{keys}` was pressed and did not lead to `{name}`"))))
}

/// Nobody does anything more, and the call is looked at as a whole.
pub(super) fn broken_at_end(program: &Arc<Program>, stage: &mut Stage, case: &TestCase) -> Option<Broken> {
    if let Err(stuck) = stage.run_out() {
        return Some(Broken::new(Law::Ends, stuck));
    }
    let ending = stage.ending()?.clone();
    length(stage)
        .or_else(|| circling(program, stage, &ending))
        .or_else(|| disposition(program, stage, &ending))
        .or_else(|| protected(program, stage, case))
}

fn note(line: &Line) -> Option<&Note> {
    match &line.what {
        What::Order(Action::Note(note)) => Some(note),
        What::Order(_) | What::Fact(_) => None,
    }
}

fn notes(stage: &Stage) -> impl Iterator<Item = &Note> {
    stage.log().iter().filter_map(note)
}

fn ended_at(stage: &Stage) -> Mono {
    let hung_up = stage.log().iter().find(|line| matches!(line.what, What::Order(Action::Hangup | Action::End(_))));
    hung_up.map_or(stage.now(), |line| line.at)
}

fn length(stage: &Stage) -> Option<Broken> {
    let answered = stage.log().iter().find(|line| matches!(line.what, What::Fact(Event::Answered)))?.at;
    let talks = notes(stage).filter(|note| matches!(note, Note::AgentAnswered)).count() as u32;
    let most = CALL_LENGTH_MAX * (talks + 1) + BRIDGE_LENGTH_MAX * talks + SAVE_WAIT_MAX;
    let took = ended_at(stage).since(answered);
    (took > most).then(|| Broken::new(Law::InTime, format!("it took {took:?} with {talks} talks to an agent")))
}

/// The call was ended by its greatest length, and nobody had done anything for long.
fn circling(program: &Program, stage: &Stage, ending: &Ending) -> Option<Broken> {
    let ends = ending.path.last().and_then(|name| program.steps.iter().find(|step| step.name == *name));
    let by_an_end = ends.is_some_and(|step| matches!(step.step, Node::End { .. }));
    if by_an_end || ending.cause != HangupCause::LocalHangup {
        return None;
    }
    let acts = |line: &&Line| match &line.what {
        What::Fact(event) => !matches!(event, Event::Ticked | Event::PlayEnded(_) | Event::Saved(_)),
        What::Order(Action::Note(Note::AgentRung { .. } | Note::TransferRung { .. } | Note::AgentUnavailable)) => true,
        What::Order(_) => false,
    };
    let last_act = stage.log().iter().rfind(acts)?.at;
    let talking = stage.log().iter().any(|line| matches!(line.what, What::Order(Action::Bridge)))
        && notes(stage).last().is_some_and(|note| matches!(note, Note::AgentAnswered));
    let silent = ended_at(stage).since(last_act);
    // Nobody alive takes a call through a thousand nodes.
    let racing = ending.path.len() >= STEPS_PER_CALL_MAX;
    (racing || silent >= CIRCLING && !talking).then(|| {
        let mut around: Vec<&str> = ending.path.iter().rev().take(4).map(String::as_str).collect();
        around.reverse();
        let (nodes, around) = (ending.path.len(), around.join(", "));
        Broken::new(Law::SilenceEnds, format!("{silent:?} of silence and {nodes} nodes, at last {around}"))
    })
}

fn disposition(program: &Program, stage: &Stage, ending: &Ending) -> Option<Broken> {
    let verified = notes(stage).any(|note| matches!(note, Note::Verified));
    let talked = notes(stage).any(|note| matches!(note, Note::AgentAnswered));
    let opted_out = stage.opt_out().is_some();
    let asked_out = stage
        .log()
        .iter()
        .any(|line| matches!(&line.what, What::Order(Action::Save { fact: Fact::OptOut { .. }, .. })));
    let promised = stage.promise().is_some();
    let got = ending.disposition;
    let should = match (opted_out, promised, asked_out) {
        (true, _, _) => Some(Disposition::OptedOut),
        (false, true, _) => Some(Disposition::Promised),
        (false, false, true) => Some(Disposition::SystemError),
        (false, false, false) => None,
    };
    if let Some(should) = should.filter(|should| *should != got) {
        let detail = format!("{got}, and what was saved means {should}");
        return Some(Broken { result: Some(should), ..Broken::new(Law::Disposition, detail) });
    }
    let untrue = match got {
        Disposition::OptedOut => !opted_out,
        Disposition::Promised => !promised,
        Disposition::Transferred => !talked,
        _ => false,
    };
    if untrue || ending.right_party != verified {
        return Some(Broken::new(Law::Disposition, format!("{got}, right party {}", ending.right_party)));
    }
    let last = ending.path.last().and_then(|name| program.steps.iter().find(|step| step.name == *name));
    let claimed = last.and_then(|step| match &step.step {
        Node::End { result, .. } => Some(*result),
        _ => None,
    });
    let claim = match claimed {
        Some(Disposition::Promised) => !promised && !opted_out,
        Some(Disposition::OptedOut) => !asked_out,
        Some(Disposition::Transferred) => !talked,
        _ => false,
    };
    if let (true, Some(claimed)) = (claim, claimed) {
        return Some(Broken::new(Law::Claim, format!("the call ends as `{claimed}`")));
    }
    if got == Disposition::SystemError && should.is_none() && ending.cause == HangupCause::LocalHangup {
        let node = ending.path.last().map_or("", String::as_str);
        return Some(Broken::new(Law::Sayable, format!("the call broke off in `{node}`")));
    }
    None
}

/// What reached the client before anybody was verified: by ear, by SMS or by e-mail.
#[derive(PartialEq)]
struct Reached {
    /// The nodes so far: some say nothing, and only who has come the same way must hear the same.
    path: String,
    node: String,
    /// Names of the messages, or how it was sent.
    what: Vec<String>,
    text: String,
    machine: bool,
}

fn reached(stage: &Stage) -> Vec<Reached> {
    let (mut path, mut node, mut machine, mut out) = (String::new(), String::new(), false, Vec::new());
    for line in stage.log() {
        let What::Order(action) = &line.what else { continue };
        let (what, text) = match action {
            Action::Note(Note::Verified) => break,
            Action::Note(Note::AnsweredBy(who)) => {
                machine = matches!(who, AnsweredBy::Machine | AnsweredBy::Screening);
                continue;
            }
            // A machine presses nothing: what does is a person.
            Action::Note(Note::Pressed(_)) => {
                machine = false;
                continue;
            }
            Action::Note(Note::Entered(name)) => {
                node.clone_from(name);
                path = format!("{path} > {name}");
                continue;
            }
            Action::Note(Note::Said { messages, text }) => (messages.clone(), text.clone()),
            Action::Save { fact: Fact::Message { subject, body, .. }, .. } => {
                (vec!["a written message".to_string()], format!("{}\n{body}", subject.clone().unwrap_or_default()))
            }
            Action::Note(_)
            | Action::Save { .. }
            | Action::Play { .. }
            | Action::StopPlay { .. }
            | Action::EndPlay { .. }
            | Action::RingAgent { .. }
            | Action::Transfer { .. }
            | Action::Refer { .. }
            | Action::Record { .. }
            | Action::StopRecording
            | Action::Request { .. }
            | Action::ReleaseAgent
            | Action::Bridge
            | Action::Hangup
            | Action::End(_) => continue,
        };
        out.push(Reached { path: path.clone(), node: node.clone(), what, text, machine });
    }
    out
}

fn protected(program: &Arc<Program>, stage: &Stage, case: &TestCase) -> Option<Broken> {
    let mine = reached(stage);
    if mine.is_empty() || !program.contact.iter().any(|field| field.protected) {
        return None;
    }
    let twin = twin(program, case);
    let mut other = Stage::new(program, &twin);
    for step in &twin.steps {
        // Where the branches of the flow lead the twin elsewhere, what differs from there on proves nothing.
        if other.act(&step.step).is_err() {
            break;
        }
    }
    if other.run_out().is_err() {
        return Some(Broken::new(Law::Ends, "for another contact"));
    }
    let theirs = reached(&other);
    let same_way = mine.iter().zip(&theirs).take_while(|(a, b)| a.path == b.path && a.what == b.what);
    let differs = same_way.into_iter().find(|(a, b)| a.text != b.text).map(|(a, _)| a);
    let told = differs.or_else(|| {
        let words = canaries(program, case);
        let says = |reached: &&Reached| {
            let text = reached.text.to_lowercase();
            words.iter().any(|word| text.contains(word) && !theirs.iter().any(|t| t.text.to_lowercase().contains(word)))
        };
        mine.iter().find(says)
    })?;
    let law = if told.machine { Law::ProtectedFromMachine } else { Law::Protected };
    let broken = Broken::new(law, format!("`{}` in `{}` says \"{}\"", told.what.join(", "), told.node, told.text));
    Some(Broken { message: told.what.last().cloned(), ..broken })
}

/// The same contact with other protected values, who presses the same keys: as long as the one is not verified, nor is the
/// other, but for a lucky guess.
fn twin(program: &Program, case: &TestCase) -> TestCase {
    let mut twin = case.clone();
    let mut rng = StdRng::seed_from_u64(case.steps.len() as u64);
    for (n, field) in program.contact.iter().enumerate().filter(|(_, field)| field.protected) {
        let Some(mine) = &case.contact.0[n] else { continue };
        let theirs = other(mine, &field.ty, case, &mut rng);
        if let (Value::Date(day), "due") = (&theirs, field.name.as_str()) {
            twin.due = Some(*day);
        }
        twin.contact.0[n] = Some(theirs);
    }
    twin
}

/// Another value, near enough to be treated alike by most conditions.
fn other(mine: &Value, ty: &Type, case: &TestCase, rng: &mut StdRng) -> Value {
    match mine {
        Value::Money(money) => {
            let mut money = *money;
            money.minor += money.minor.signum() * 107;
            Value::Money(money)
        }
        Value::Date(day) => Value::Date(day.saturating_sub(jiff::Span::new().days(1))),
        Value::Number(number) => Value::Number(number + 1),
        Value::Time(time) => Value::Time(time.wrapping_add(jiff::Span::new().minutes(7))),
        Value::Digits(digits) => {
            let next = |d: char| char::from(b'0' + (d as u8 - b'0' + 1) % 10);
            Value::Digits(digits.chars().map(next).collect())
        }
        Value::Text(text) if *ty == Type::Text => Value::Text(format!("{text} Q")),
        // Not spoken; branched on.
        Value::Text(_) | Value::Language(_) | Value::Bool(_) => mine.clone(),
        Value::Phone(_) => value(ty, case.language, case.today, rng),
    }
}

/// The protected values in the words a client would hear or read, as far as they are long enough to be no chance.
fn canaries(program: &Program, case: &TestCase) -> Vec<String> {
    const CASES: [Case; 6] =
        [Case::Nominative, Case::Genitive, Case::Dative, Case::Accusative, Case::Instrumental, Case::Prepositional];
    const GENDERS: [Gender; 3] = [Gender::Masculine, Gender::Feminine, Gender::Neuter];
    /// Shorter words stand in many a message.
    const LENGTH_MIN: usize = 12;
    let protected = program.contact.iter().zip(&case.contact.0).filter(|(field, _)| field.protected);
    let mut words = Vec::new();
    for value in protected.filter_map(|(_, value)| value.clone()) {
        let formats: Vec<Format> = match &value {
            Value::Money(_) => CASES.map(Format::Money).into(),
            Value::Date(_) => CASES.map(|case| Format::Date(DateStyle::Day, Some(case))).into(),
            Value::Number(_) => GENDERS.map(|gender| Format::Number(gender, Case::Nominative)).into(),
            Value::Digits(_) | Value::Phone(_) => vec![Format::Digits],
            Value::Text(_) => vec![Format::Plain],
            Value::Time(_) => vec![Format::Time(None)],
            Value::Language(_) | Value::Bool(_) => vec![],
        };
        for format in formats {
            let template = Template(vec![Piece::Slot { slot: 0, format }]);
            let said = speech::say(&template, |_| spoken(value.clone()), case.language, case.today);
            words.extend(said.ok().map(|said| said.to_lowercase()));
        }
    }
    words.retain(|word| word.chars().count() >= LENGTH_MIN);
    words.dedup();
    words
}
