//! The call, from outside: a flow and facts in, orders out.
//!
//! `tests/calls/*.txt` are transcripts: a line of what is shown, the flow, whose contact (of one of the flow's own
//! tests), and then facts (`>`) with the orders (`<`) and notes (`.`) that follow from them. To add one, write the facts
//! only and run with `UPDATE_TRANSCRIPTS=1`; then read what came of it.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use ringback::call::action::{Action, Note};
use ringback::call::transcript::order_line;
use ringback::call::{
    BRIDGE_LENGTH_MAX, Balance, CALL_LENGTH_MAX, Call, Context, Event, STEPS_PER_CALL_MAX, prompts_needed,
};
use ringback::flow::expr::Value;
use ringback::flow::parse_duration;
use ringback::flow::program::{ContactValues, Program, PromiseBounds, Step, Via};
use ringback::flow::test::TestCase;
use ringback::id::{PlayId, RequestId, SaveId};
use ringback::money::Money;
use ringback::outcome::{AnsweredBy, Disposition, HangupCause};
use ringback::speech::{Case, DateStyle, Format, Piece, Spoken, Template, Utterance, say};
use ringback::time::Mono;

/// What random callers call: the shipped flows, and one that has every kind of question.
const CALLED: [&str; 10] = [
    "flows/gentle_reminder.yaml",
    "flows/overdue_reminder.yaml",
    "tests/calls/desk.yaml",
    "flows/broken_promise.yaml",
    "flows/final_notice.yaml",
    "flows/callback_inbound.yaml",
    "flows/third_person.yaml",
    "flows/voicemail.yaml",
    "flows/planned_outage.yaml",
    "flows/appointment_confirmation.yaml",
];

fn compiled(path: &str) -> (Arc<Program>, Vec<TestCase>) {
    let source = std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{path}: {e}"));
    let compiled = ringback::flow::compile_with(&source, &crate::flows::library());
    let shown = ringback::diagnostic::render_all(&compiled.diagnostics, path, &source);
    (Arc::new(compiled.program.unwrap_or_else(|| panic!("{shown}"))), compiled.tests)
}

fn context(case: &TestCase) -> Context {
    Context { language: case.language, company: case.company.clone(), today: case.today, due: case.due }
}

/// A call being told facts, and the clock it lives by.
struct Stage {
    call: Call,
    now: Mono,
    playing: Option<PlayId>,
    saving: Option<SaveId>,
    orders: Vec<Action>,
    /// What was made ready because something was paid.
    readied: BTreeSet<Utterance>,
}

impl Stage {
    fn new(program: &Arc<Program>, contact: &ContactValues, context: &Context) -> Stage {
        Stage::within(program, contact, context, PromiseBounds::default())
    }

    /// In a campaign that takes these promises only.
    fn within(program: &Arc<Program>, contact: &ContactValues, context: &Context, bounds: PromiseBounds) -> Stage {
        let call = Call::new(program.clone(), contact.clone(), context.clone()).promising_within(bounds);
        Stage { call, now: Mono::ZERO, playing: None, saving: None, orders: Vec::new(), readied: BTreeSet::new() }
    }

    /// A part of what is owed; of a few cents, nothing. Its audio is made ready first.
    fn pays(&mut self) {
        let Some(owed) = self.call.owes().filter(|owed| owed.minor > 3) else { return };
        let balance = Balance { left: Money::new(owed.minor - owed.minor / 3, owed.currency), due: None };
        self.readied.extend(self.call.prompts_with(balance).unwrap());
        self.tell(Event::PaidPart(balance));
    }

    /// The orders that follow from the fact.
    fn tell(&mut self, event: Event) -> Vec<Action> {
        match &event {
            Event::PlayEnded(play) if self.playing == Some(*play) => self.playing = None,
            Event::Saved(save) | Event::SaveFailed(save) if self.saving == Some(*save) => self.saving = None,
            _ => {}
        }
        let actions = self.call.handle(self.now, event);
        for action in &actions {
            match action {
                Action::Play { play, .. } => {
                    assert_eq!(self.playing.replace(*play), None, "one thing is played at a time");
                }
                Action::StopPlay { play } => assert_eq!(self.playing.take(), Some(*play), "what plays is stopped"),
                Action::EndPlay { play } => assert_eq!(self.playing, Some(*play), "what plays is ended"),
                Action::Hangup | Action::End(_) => self.playing = None,
                Action::Save { save, .. } => self.saving = Some(*save),
                Action::RingAgent { .. } | Action::ReleaseAgent | Action::Bridge | Action::Note(_) => {}
                Action::Transfer { .. }
                | Action::Refer { .. }
                | Action::Record { .. }
                | Action::StopRecording
                | Action::Request { .. } => {}
            }
        }
        self.orders.extend(actions.iter().cloned());
        actions
    }

    /// Time passes to the next deadline. `None`: there is none.
    fn tick(&mut self) -> Option<Vec<Action>> {
        self.now = self.now.max(self.call.deadline()?);
        Some(self.tell(Event::Ticked))
    }
}

#[test]
fn transcripts() {
    let update = std::env::var_os("UPDATE_TRANSCRIPTS").is_some();
    let mut files: Vec<_> = std::fs::read_dir("tests/calls").unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|e| e == "txt"));
    files.sort();
    assert!(files.len() >= 15, "transcripts are missing: {files:?}");
    let mut wrong = String::new();
    for file in files {
        let written = std::fs::read_to_string(&file).unwrap();
        let ran = run_transcript(&written, &file.display().to_string());
        if update {
            std::fs::write(&file, ran).unwrap();
        } else if ran != written {
            let line = written.lines().zip(ran.lines()).take_while(|(a, b)| a == b).count() + 1;
            let _ = writeln!(wrong, "== {}:{line} differs; what came of it now:\n{ran}", file.display());
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// The transcript again, its facts told to a call of today.
fn run_transcript(written: &str, file: &str) -> String {
    let (head, facts) = written.split_once("---\n").unwrap_or_else(|| panic!("{file}: no line ---"));
    let header = |name: &str| {
        head.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_else(|| panic!("{file}: no {name}")).trim()
    };
    let (program, tests) = compiled(header("flow:"));
    let whose = header("contact of:");
    let case = tests.iter().find(|case| case.name == whose).unwrap_or_else(|| panic!("{file}: no test `{whose}`"));
    let takes = head.lines().find_map(|line| line.strip_prefix("campaign takes:"));
    let bounds = takes.map_or(PromiseBounds::default(), |written| bounds(written, file));
    let mut stage = Stage::within(&program, &case.contact, &context(case), bounds);
    let mut ran = format!("{head}---\n");
    for line in facts.lines().filter_map(|line| line.strip_prefix("> ")) {
        let before = stage.now;
        let actions =
            told(&mut stage, line).unwrap_or_else(|| panic!("{file}: no such fact now: {line}; so far:\n{ran}"));
        // How long a silence lasted is worth reading, so it is written down and held to.
        let passed = stage.now.since(before);
        let shown = if line.starts_with("silence") { format!("silence {passed:?}") } else { line.to_string() };
        let _ = writeln!(ran, "> {shown}");
        for order in actions.iter().filter_map(order_line) {
            let _ = writeln!(ran, "{order}");
        }
    }
    if !stage.call.is_over() {
        let _ = writeln!(ran, "(goes on)");
    }
    ran
}

/// `no promise`, or limits: `within 5d, the last part within 40d, at least 60%`.
fn bounds(written: &str, file: &str) -> PromiseBounds {
    let mut bounds = PromiseBounds::default();
    for limit in written.split(',').map(str::trim) {
        let days = |text: &str| text.strip_suffix('d').and_then(|days| days.parse().ok());
        let read = if limit == "no promise" {
            bounds.none = true;
            true
        } else if let Some(least) = limit.strip_prefix("at least ").and_then(|text| text.strip_suffix('%')) {
            bounds.least_permille = least.parse::<u32>().expect("a percentage") * 10;
            true
        } else if let Some(within) = limit.strip_prefix("the last part within ") {
            bounds.last_within_days = days(within);
            bounds.last_within_days.is_some()
        } else {
            bounds.within_days = limit.strip_prefix("within ").and_then(days);
            bounds.within_days.is_some()
        };
        assert!(read, "{file}: no such limit: {limit}");
    }
    bounds
}

fn told(stage: &mut Stage, line: &str) -> Option<Vec<Action>> {
    let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
    let event = match (word, rest) {
        ("ringing", "") => Event::Ringing,
        ("failed", cause) => Event::Failed(cause.parse().ok()?),
        ("answered", "") => Event::Answered,
        ("found", who) => Event::AnsweredBy(who.parse().ok()?),
        ("beeped", "") => Event::Beeped,
        ("announced", cause) => Event::Announced(cause.parse().ok()?),
        ("held", "") => Event::Held,
        ("resumed", "") => Event::Resumed,
        ("key" | "keys", keys) => {
            return Some(keys.chars().flat_map(|key| stage.tell(Event::Digit(key))).collect());
        }
        ("played", "") => Event::PlayEnded(stage.playing?),
        ("played", play) => Event::PlayEnded(PlayId(play.parse().ok()?)),
        ("saved", "") => Event::Saved(stage.saving?),
        ("saved", save) => Event::Saved(SaveId(save.parse().ok()?)),
        ("save", "failed") => Event::SaveFailed(stage.saving?),
        ("agent", "answered") => Event::AgentAnswered,
        ("agent", "unavailable") => Event::AgentUnavailable,
        ("agent", "hung up") => Event::AgentHungUp,
        ("queued", place) => {
            let (position, wait) = place.split_once(' ')?;
            Event::Queued { position: position.parse().ok()?, wait: parse_duration(wait)? }
        }
        ("queue", "closed") => Event::QueueClosed,
        ("transfer", cause) => Event::TransferFailed(cause.strip_prefix("failed ")?.parse().ok()?),
        ("replied", reply) => {
            let mut words = reply.splitn(3, ' ');
            let request = RequestId(words.next()?.parse().ok()?);
            Event::Replied { request, status: words.next()?.parse().ok()?, body: words.next()?.to_string() }
        }
        ("request", failed) => Event::RequestFailed(RequestId(failed.strip_prefix("failed ")?.parse().ok()?)),
        ("recorded", what) => {
            let (length, file) = what.split_once(' ').map_or((what, None), |(l, file)| (l, Some(file.to_string())));
            Event::Recorded { length: parse_duration(length)?, file }
        }
        ("hung", "up") => Event::HungUp(HangupCause::RemoteHangup),
        ("hung", cause) => Event::HungUp(cause.strip_prefix("up ")?.parse().ok()?),
        ("paid", "") => Event::Paid,
        ("paid", part) => {
            let (left, due) = part.strip_prefix("in part, ")?.split_once(" left")?;
            let due = due.strip_prefix(", due ").map(|due| due.parse().ok());
            Event::PaidPart(Balance { left: left.parse().ok()?, due: due.unwrap_or_default() })
        }
        ("stopped", "") => Event::Stopped,
        ("silence", _) => return stage.tick(),
        ("wait", seconds) => {
            stage.now = stage.now + Duration::from_secs(seconds.strip_suffix('s')?.parse().ok()?);
            Event::Ticked
        }
        _ => return None,
    };
    Some(stage.tell(event))
}

/// What the world may do to a call.
#[derive(Debug, Clone)]
enum Deed {
    Key(char),
    /// The right digits of the verification.
    Proof,
    PlayEnds,
    Silence,
    Saves(bool),
    /// Of what is owed, a third is paid.
    Pays,
    Event(Event),
}

fn deeds() -> impl Strategy<Value = Vec<Deed>> {
    let key = prop::sample::select("0123456789*#1212D".chars().collect::<Vec<_>>()).prop_map(Deed::Key);
    let rare = prop::sample::select(vec![
        Event::Answered,
        Event::Ringing,
        Event::AnsweredBy(AnsweredBy::Human),
        Event::AnsweredBy(AnsweredBy::Machine),
        Event::AnsweredBy(AnsweredBy::Fax),
        Event::AnsweredBy(AnsweredBy::Screening),
        Event::Announced(HangupCause::OutOfService),
        Event::Beeped,
        Event::Held,
        Event::Resumed,
        Event::PlayEnded(PlayId(1)),
        Event::Saved(SaveId(1)),
        Event::SaveFailed(SaveId(2)),
        Event::AgentAnswered,
        Event::AgentUnavailable,
        Event::AgentHungUp,
        Event::HungUp(HangupCause::RemoteHangup),
        Event::Failed(HangupCause::Busy),
        Event::Paid,
        Event::Stopped,
        Event::Ticked,
    ])
    .prop_map(Deed::Event);
    let deed = prop_oneof![
        8 => key,
        3 => Just(Deed::Proof),
        8 => Just(Deed::PlayEnds),
        4 => Just(Deed::Silence),
        3 => any::<bool>().prop_map(Deed::Saves),
        1 => Just(Deed::Pays),
        2 => rare,
    ];
    let aimless = prop::collection::vec(deed.clone(), 0..80);
    let disturbances = prop::collection::vec((any::<prop::sample::Index>(), deed), 0..6);
    let disturbed = (prop::sample::select(COOPERATIVE.to_vec()), disturbances).prop_map(|(script, disturbances)| {
        let mut deeds: Vec<Deed> = script.chars().map(cooperative).collect();
        for (at, deed) in disturbances {
            deeds.insert(at.index(deeds.len() + 1), deed);
        }
        deeds
    });
    prop_oneof![1 => aimless, 2 => disturbed]
}

/// People who do what they are asked: a promise of the whole and of half, an agent, a reading, a day, a birthday.
const COOPERATIVE: [&str; 6] = ["1p.111#1s.", "1p.1212#1s.", "1p.2.ah.", ".112345#1.", ".2.2311#1.", ".3p.s."];

/// Keys are themselves; `p` the proof, `.` the prompt has ended, `s` saved, `a` and `h` an agent answers and hangs up.
fn cooperative(deed: char) -> Deed {
    match deed {
        'p' => Deed::Proof,
        '.' => Deed::PlayEnds,
        's' => Deed::Saves(true),
        'a' => Deed::Event(Event::AgentAnswered),
        'h' => Deed::Event(Event::AgentHungUp),
        key => Deed::Key(key),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever a person, a machine or the line does, on every shipped flow and in each of its languages.
    #[test]
    fn whatever_happens(
        flow in 0..CALLED.len(),
        whose in any::<prop::sample::Index>(),
        answered in prop::bool::weighted(0.9),
        deeds in deeds(),
    ) {
        let (program, tests) = called(flow);
        let case = &tests[whose.index(tests.len())];
        let mut stage = Stage::new(program, &case.contact, &context(case));
        stage.tell(Event::Ringing);
        if answered {
            stage.tell(Event::Answered);
        }
        for deed in &deeds {
            act(&mut stage, program, &case.contact, deed);
        }
        let mut ticks = 0;
        if !stage.call.is_over() && stage.call.deadline().is_none() {
            prop_assert!(!answered, "an answered call has a deadline until it is over");
            stage.tell(Event::Failed(HangupCause::NoAnswer));
        }
        while !stage.call.is_over() {
            let before = stage.call.deadline();
            prop_assert!(stage.tick().is_some(), "a call that goes on has a deadline");
            prop_assert!(stage.call.deadline() != before, "time that has come is used");
            ticks += 1;
            prop_assert!(ticks < 1_000, "stuck");
        }
        prop_assert!(stage.now.since(Mono::ZERO) <= CALL_LENGTH_MAX * 2 + BRIDGE_LENGTH_MAX);
        check_orders(&stage, program, case)?;
        for event in [Event::Ticked, Event::Digit('1'), Event::Saved(SaveId(1)), Event::Answered, Event::Stopped] {
            prop_assert!(stage.call.handle(stage.now, event).is_empty(), "nothing follows the end");
        }
    }
}

/// The random callers above are worth something only if they come far.
#[test]
fn random_callers_reach_every_ending() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut reached = BTreeSet::new();
    for i in 0..6_000 {
        let deeds = deeds().new_tree(&mut runner).expect("deeds can be made").current();
        let (program, tests) = called(i % CALLED.len());
        let mut stage = called_by(program, &tests[i % tests.len()], &deeds);
        while !stage.call.is_over() {
            stage.tick();
        }
        if let Some(Action::End(ending)) = stage.orders.last() {
            reached.insert(ending.disposition);
        }
    }
    use Disposition as D;
    let wanted = [D::Promised, D::OptedOut, D::Transferred, D::Informed, D::Refused, D::NotVerified, D::AlreadyPaid];
    let wanted = wanted.into_iter().chain([D::VoicemailLeft, D::Machine, D::Fax, D::NoInput, D::HungUpEarly]);
    let wanted = wanted.chain([D::CallbackRequested, D::ThirdParty, D::WrongNumber, D::Cancelled, D::SystemError]);
    let missed: Vec<D> = wanted.filter(|d| !reached.contains(d)).collect();
    assert!(missed.is_empty(), "never reached: {missed:?}");
}

/// A far end that sends keys by the thousand, going round and round in the flow.
#[test]
fn a_flood_of_keys_ends_the_call() {
    let (program, tests) = called(2);
    let mut stage = called_by(program, &tests[0], &[Deed::PlayEnds]);
    let mut keys = 0;
    while !stage.call.is_over() && keys < 100_000 {
        // Into `reading`, and out of it by * and a key that makes no hotkey of it.
        for key in "1*#".chars() {
            stage.tell(Event::Digit(key));
            keys += 1;
        }
    }
    let Some(Action::End(ending)) = stage.orders.last() else { panic!("still going on after {keys} keys") };
    assert_eq!(ending.path.len(), STEPS_PER_CALL_MAX);
}

/// Not a test: prints figures. `cargo test --test it how_fast -- --ignored --nocapture`
#[test]
#[ignore = "prints figures, proves nothing"]
fn how_fast() {
    const CALLS: u32 = 20_000;
    let (program, tests) = called(1);
    let case = tests.iter().find(|case| case.name == "promises half for today, in English").unwrap();
    let facts = ["answered", "key 1", "keys 4321", "played", "key 1", "key 2", "key 1", "keys 1#", "played", "key 1"];
    let clock = ringback::time::Clock::system();
    let start = clock.now().mono;
    let mut orders = 0;
    for _ in 0..CALLS {
        let mut stage = Stage::new(program, &case.contact, &context(case));
        for fact in facts.iter().chain(&["saved", "played"]) {
            told(&mut stage, fact).unwrap();
        }
        assert!(stage.call.is_over());
        orders += stage.orders.len();
    }
    let took = clock.now().mono.since(start);
    println!("{:.0} calls a second, {} orders each", f64::from(CALLS) / took.as_secs_f64(), orders / CALLS as usize);
    let start = clock.now().mono;
    let needed =
        (0..100).map(|_| prompts_needed(program, &case.contact, &context(case)).unwrap().len()).sum::<usize>() / 100;
    println!("{needed} prompts needed, found in {:?}", clock.now().mono.since(start) / 100);
    println!("{} bytes a call, beside what it points to", std::mem::size_of::<Call>());
}

fn called(flow: usize) -> &'static (Arc<Program>, Vec<TestCase>) {
    static FLOWS: std::sync::OnceLock<Vec<(Arc<Program>, Vec<TestCase>)>> = std::sync::OnceLock::new();
    &FLOWS.get_or_init(|| CALLED.iter().map(|path| compiled(path)).collect())[flow]
}

/// An answered call to which all of this happened.
fn called_by(program: &Arc<Program>, case: &TestCase, deeds: &[Deed]) -> Stage {
    let mut stage = Stage::new(program, &case.contact, &context(case));
    stage.tell(Event::Ringing);
    stage.tell(Event::Answered);
    for deed in deeds {
        act(&mut stage, program, &case.contact, deed);
    }
    stage
}

fn act(stage: &mut Stage, program: &Program, contact: &ContactValues, deed: &Deed) {
    stage.now = stage.now + Duration::from_millis(200);
    match deed {
        Deed::Key(key) => drop(stage.tell(Event::Digit(*key))),
        Deed::Proof => {
            for key in proof(program, contact).chars() {
                stage.tell(Event::Digit(key));
            }
        }
        Deed::PlayEnds => {
            if let Some(play) = stage.playing {
                stage.tell(Event::PlayEnded(play));
            }
        }
        Deed::Silence => drop(stage.tick()),
        Deed::Saves(ok) => {
            if let Some(save) = stage.saving {
                stage.tell(if *ok { Event::Saved(save) } else { Event::SaveFailed(save) });
            }
        }
        Deed::Pays => stage.pays(),
        Deed::Event(event) => drop(stage.tell(event.clone())),
    }
}

/// The keys that this contact would prove itself by; none in a flow that wants no proof.
fn proof(program: &Program, contact: &ContactValues) -> String {
    let against = program.steps.iter().find_map(|named| match &named.step {
        Step::Verify(verify) => Some(verify.against),
        _ => None,
    });
    let Some(against) = against else { return String::new() };
    match &contact.0[against.0 as usize] {
        Some(Value::Digits(digits)) => digits.clone(),
        Some(Value::Date(day)) => format!("{:02}{:02}", day.day(), day.month()),
        _ => String::new(),
    }
}

/// The messages that say that a promise is on record.
fn recorded_messages(program: &Program) -> BTreeSet<&str> {
    let recorded = program.steps.iter().filter_map(|named| match &named.step {
        Step::Promise(_) => Some(named.to(Via::Outcome("recorded"))),
        _ => None,
    });
    let said = recorded.flat_map(|step| match &program.step(step).step {
        Step::Say { messages, .. } | Step::End { messages, .. } => messages.as_slice(),
        _ => &[],
    });
    said.map(|message| program.message(*message).name.as_str()).collect()
}

/// What must hold of every call, whatever happened in it.
fn check_orders(stage: &Stage, program: &Program, case: &TestCase) -> Result<(), TestCaseError> {
    let orders = &stage.orders;
    let mut needed = prompts_needed(program, &case.contact, &context(case)).unwrap();
    needed.extend(stage.readied.iter().cloned());
    let secrets = protected_words(program, case);
    let recorded = recorded_messages(program);
    let (mut verified, mut plays, mut promised, mut opted_out) = (false, BTreeSet::new(), false, false);
    for (at, order) in orders.iter().enumerate() {
        match order {
            Action::Play { play, utterances } => {
                prop_assert!(plays.insert(*play), "every play has an id of its own");
                for utterance in utterances {
                    prop_assert!(needed.contains(utterance), "not known beforehand: {utterance:?}");
                }
            }
            Action::Note(Note::Verified) => verified = true,
            Action::Note(Note::Promised { .. }) => promised = true,
            Action::Note(Note::OptedOut) => opted_out = true,
            Action::Note(Note::Said { messages, text }) => {
                let told = secrets.iter().find(|secret| text.contains(*secret));
                prop_assert!(verified || told.is_none(), "said to somebody unknown: {text}");
                let too_early = !promised && messages.iter().any(|name| recorded.contains(name.as_str()));
                prop_assert!(!too_early, "said to be recorded, before it is: {text}");
            }
            Action::End(ending) => {
                prop_assert_eq!(at, orders.len() - 1, "the end comes last, so once");
                prop_assert_eq!(ending.right_party, verified);
                prop_assert_eq!(ending.disposition == Disposition::OptedOut, opted_out);
                prop_assert_eq!(ending.disposition == Disposition::Promised, promised && !opted_out);
            }
            _ => {}
        }
    }
    prop_assert!(matches!(orders.last(), Some(Action::End(_))), "every call ends");
    Ok(())
}

/// The contact's protected values as they would be heard.
fn protected_words(program: &Program, case: &TestCase) -> Vec<String> {
    let language = program.language_for(case.language);
    let mut words = Vec::new();
    for (field, value) in program.contact.iter().zip(&case.contact.0).filter(|(field, _)| field.protected) {
        let (spoken, formats) = match value {
            Some(Value::Money(money)) => {
                (Spoken::Money(*money), vec![Format::Money(Case::Nominative), Format::Money(Case::Accusative)])
            }
            Some(Value::Date(day)) => (Spoken::Date(*day), vec![Format::Date(DateStyle::Day, None)]),
            Some(Value::Text(text)) => (Spoken::Text(text.clone()), vec![Format::Plain]),
            _ => continue,
        };
        for format in formats {
            let template = Template(vec![Piece::Slot { slot: 0, format }]);
            let said = say(&template, |_| Some(spoken.clone()), language, case.today);
            words.push(said.unwrap_or_else(|e| panic!("{}: {e}", field.name)));
        }
    }
    words
}
