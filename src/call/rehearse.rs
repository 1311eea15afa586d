//! A flow's own tests, run without telephony in virtual time: the words are heard at once, a save succeeds at once
//! unless the test says otherwise, and after the last step nobody presses anything more.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use jiff::civil::Date;

use super::action::{Action, Ending, Fact, Note};
use super::event::Event;
use super::transcript::{fact_line, order_line};
use super::{Call, Context, Wait};
use crate::diagnostic::Span;
use crate::flow::program::{OptOutScope, Program, StepId, Via};
use crate::flow::test::{Expect, ExpectPromise, Heard, Step, TestCase};
use crate::id::{PlayId, SaveId};
use crate::money::Money;
use crate::outcome::HangupCause;
use crate::time::Mono;

/// Facts told to one rehearsal. A call that needs more is stuck, which is a failure of the flow or ours.
const FACTS_MAX: usize = 20_000;

/// A test that passed.
#[derive(Debug, Clone)]
pub struct Rehearsal {
    pub ending: Ending,
    pub covered: Covered,
    /// Facts and orders, a line each.
    pub transcript: String,
}

/// A test that did not.
#[derive(Debug, Clone)]
pub struct Failure {
    /// What was expected and what came instead.
    pub message: String,
    /// The step or expectation that failed.
    pub span: Span,
    pub covered: Covered,
    pub transcript: String,
}

/// What of a program calls have gone through.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Covered {
    pub nodes: BTreeSet<StepId>,
    /// The steps left, and by which way.
    pub edges: BTreeSet<(StepId, Via)>,
}

impl Covered {
    pub fn join(&mut self, other: &Covered) {
        self.nodes.extend(&other.nodes);
        self.edges.extend(&other.edges);
    }
}

/// Runs one test of a flow.
///
/// # Errors
/// The first step that could not happen, or else every expectation that was not met, in one message.
pub fn rehearse(program: &Arc<Program>, case: &TestCase) -> Result<Rehearsal, Box<Failure>> {
    let mut stage = Stage::new(program, case);
    let failed = stage.run(case).err();
    let failed = failed.or_else(|| {
        let unmet = stage.unmet(&case.expect);
        (!unmet.is_empty()).then(|| (unmet.join("\n"), case.expect.span))
    });
    let covered = stage.call.covered();
    match failed {
        Some((message, span)) => Err(Box::new(Failure { message, span, covered, transcript: stage.transcript })),
        None => {
            let ending = stage.ending.expect("a test runs until the call is over");
            Ok(Rehearsal { ending, covered, transcript: stage.transcript })
        }
    }
}

/// One order to play, as heard.
#[derive(Debug)]
struct Said {
    messages: Vec<String>,
    text: String,
}

/// The world around the call.
struct Stage<'a> {
    program: &'a Program,
    call: Call,
    now: Mono,
    facts: usize,
    transcript: String,
    said: Vec<Said>,
    /// Into `said`: what `hears` looks at begins here.
    heard: usize,
    /// The next `hears` may look at the same words as the last one.
    same_words: bool,
    playing: Option<PlayId>,
    unsaved: Vec<SaveId>,
    next_save_fails: bool,
    promise: Option<(Money, Date)>,
    opt_out: Option<OptOutScope>,
    ending: Option<Ending>,
}

type Outcome = Result<(), String>;

impl<'a> Stage<'a> {
    fn new(program: &'a Arc<Program>, case: &TestCase) -> Stage<'a> {
        let context =
            Context { language: case.language, company: case.company.clone(), today: case.today, due: case.due };
        Stage {
            program,
            call: Call::new(program.clone(), case.contact.clone(), context),
            now: Mono::ZERO,
            facts: 0,
            transcript: String::new(),
            said: Vec::new(),
            heard: 0,
            same_words: false,
            playing: None,
            unsaved: Vec::new(),
            next_save_fails: false,
            promise: None,
            opt_out: None,
            ending: None,
        }
    }

    fn run(&mut self, case: &TestCase) -> Result<(), (String, Span)> {
        for step in &case.steps {
            self.act(&step.step).map_err(|message| (message, step.span))?;
        }
        let to_its_end = || (format!("the call is stuck: {FACTS_MAX} facts did not end it"), case.span);
        while self.ending.is_none() {
            if self.facts > FACTS_MAX {
                return Err(to_its_end());
            }
            if !self.proceed() && !self.tick() {
                // Before the answer a call waits for the trunk, which gives up in the end.
                self.tell(Event::Failed(HangupCause::NoAnswer));
            }
        }
        Ok(())
    }

    fn act(&mut self, step: &Step) -> Outcome {
        if let (Some(ending), false) = (&self.ending, matches!(step, Step::Hears(_) | Step::NotHears(_))) {
            return Err(format!("the call was over by then: {}", ending.disposition));
        }
        if !matches!(step, Step::Hears(_)) {
            self.heard += usize::from(self.same_words);
            self.same_words = false;
        }
        match step {
            Step::Answer => self.tell(Event::Answered),
            Step::Found(who) => self.tell(Event::AnsweredBy(*who)),
            Step::Beep => self.tell(Event::Beeped),
            Step::Keys(keys) => return self.press(keys),
            Step::Silence => {
                self.settle();
                self.tick();
            }
            Step::Wait(time) => self.wait(*time),
            Step::Hears(heard) => return self.hear(heard),
            Step::NotHears(heard) => {
                self.settle();
                if self.said.iter().any(|said| self.is(heard, said)) {
                    return Err(format!("{} was heard", self.name(heard)));
                }
            }
            Step::HangsUp => self.tell(Event::HungUp(HangupCause::RemoteHangup)),
            Step::AgentAnswers | Step::NoAgent => {
                self.settle();
                if !matches!(self.call.wait, Wait::RingingAgent { .. }) {
                    return Err("no agent is being rung".into());
                }
                let answers = *step == Step::AgentAnswers;
                self.tell(if answers { Event::AgentAnswered } else { Event::AgentUnavailable });
            }
            Step::AgentHangsUp => {
                if !matches!(self.call.wait, Wait::Bridged { .. }) {
                    return Err("no agent is talking".into());
                }
                self.tell(Event::AgentHungUp);
            }
            Step::SaveFails => self.next_save_fails = true,
            Step::Paid => self.tell(Event::Paid),
            Step::Stopped => self.tell(Event::Stopped),
            Step::Fails(cause) => self.tell(Event::Failed(*cause)),
        }
        Ok(())
    }

    /// Keys one after another, each when the words before it have been heard.
    fn press(&mut self, keys: &str) -> Outcome {
        self.settle();
        for key in keys.chars() {
            while self.playing.is_some() {
                self.end_play();
            }
            if let Some(ending) = &self.ending {
                return Err(format!("the call was over before key {key}: {}", ending.disposition));
            }
            self.tell(Event::Digit(key));
        }
        Ok(())
    }

    /// Looks among the words heard since the last `hears`, and lets the call speak on until they come.
    fn hear(&mut self, heard: &Heard) -> Outcome {
        loop {
            let found = (self.heard..self.said.len()).find(|i| self.is(heard, &self.said[*i]));
            if let Some(at) = found {
                self.heard = at;
                self.same_words = true;
                return Ok(());
            }
            if !self.proceed() {
                let heard_instead: Vec<&str> = self.said[self.heard..].iter().map(|s| s.text.as_str()).collect();
                let instead = match heard_instead.is_empty() {
                    true => "nothing was said".to_string(),
                    false => format!("heard instead: \"{}\"", heard_instead.join(" … ")),
                };
                return Err(format!("{} was not heard; {instead}", self.name(heard)));
            }
        }
    }

    /// Lets the call go on until it waits for somebody: its words are heard, a key entry that has begun is taken as
    /// complete after its gap.
    fn settle(&mut self) {
        while self.proceed() {}
    }

    /// One thing that happens by itself. `false`: the call waits for a person, or is over.
    fn proceed(&mut self) -> bool {
        if self.playing.is_some() {
            self.end_play();
            return true;
        }
        let under_way = match &self.call.wait {
            Wait::Asking(ask) => !ask.entry.is_empty() || !self.call.held.is_empty(),
            _ => !self.call.held.is_empty(),
        };
        under_way && self.tick()
    }

    fn end_play(&mut self) {
        if let Some(play) = self.playing.take() {
            self.tell(Event::PlayEnded(play));
        }
    }

    /// Time passes until something is due. `false`: nothing will be.
    fn tick(&mut self) -> bool {
        let Some(deadline) = self.call.deadline() else { return false };
        self.now = self.now.max(deadline);
        self.tell(Event::Ticked);
        true
    }

    fn wait(&mut self, time: Duration) {
        while self.playing.is_some() {
            self.end_play();
        }
        let until = self.now + time;
        while self.facts < FACTS_MAX && self.call.deadline().is_some_and(|deadline| deadline <= until) {
            self.tick();
            while self.playing.is_some() {
                self.end_play();
            }
        }
        self.now = until;
    }

    fn tell(&mut self, event: Event) {
        self.told(event);
        while !self.unsaved.is_empty() {
            let save = self.unsaved.remove(0);
            let fails = std::mem::take(&mut self.next_save_fails);
            self.told(if fails { Event::SaveFailed(save) } else { Event::Saved(save) });
        }
    }

    fn told(&mut self, event: Event) {
        self.facts += 1;
        self.line(&fact_line(&event));
        for action in self.call.handle(self.now, event) {
            if let Some(line) = order_line(&action) {
                self.line(&line);
            }
            match action {
                Action::Play { play, .. } => self.playing = Some(play),
                Action::StopPlay { .. } => self.playing = None,
                Action::Save { save, fact } => {
                    self.unsaved.push(save);
                    // The answer follows at once, and only the next save may fail.
                    if !self.next_save_fails {
                        self.remember(&fact);
                    }
                }
                Action::Note(Note::Said { messages, text }) => self.said.push(Said { messages, text }),
                Action::Note(_) | Action::RingAgent { .. } | Action::ReleaseAgent | Action::Bridge => {}
                Action::Transfer { .. } | Action::Record { .. } | Action::StopRecording | Action::Request { .. } => {}
                Action::Hangup => self.playing = None,
                Action::End(ending) => {
                    self.playing = None;
                    self.ending = Some(ending);
                }
            }
        }
    }

    fn remember(&mut self, fact: &Fact) {
        match fact {
            Fact::Promise { amount, on } => self.promise = Some((*amount, *on)),
            Fact::OptOut { scope } => self.opt_out = Some(*scope),
            Fact::Message { .. } => {}
        }
    }

    fn line(&mut self, line: &str) {
        self.transcript.push_str(line);
        self.transcript.push('\n');
    }

    fn is(&self, heard: &Heard, said: &Said) -> bool {
        match heard {
            Heard::Message(id) => said.messages.contains(&self.program.message(*id).name),
            Heard::Text(text) => said.text.to_lowercase().contains(&text.to_lowercase()),
        }
    }

    fn name(&self, heard: &Heard) -> String {
        match heard {
            Heard::Message(id) => format!("message `{}`", self.program.message(*id).name),
            Heard::Text(text) => format!("\"{text}\""),
        }
    }

    /// Every expectation that was not met.
    fn unmet(&self, expect: &Expect) -> Vec<String> {
        let ending = self.ending.as_ref().expect("a test runs until the call is over");
        let mut unmet = Vec::new();
        if let Some(result) = expect.result
            && result != ending.disposition
        {
            unmet.push(format!("result: expected {result}, got {}", ending.disposition));
        }
        let written = |promise: Option<(Money, Date)>| {
            promise.map_or("none".to_string(), |(amount, on)| format!("{amount} on {on}"))
        };
        let promise = expect.promise.map(|promise| match promise {
            ExpectPromise::Nothing => None,
            ExpectPromise::Saved { amount, on } => Some((amount, on)),
        });
        if let Some(promise) = promise
            && promise != self.promise
        {
            unmet.push(format!("promise: expected {}, got {}", written(promise), written(self.promise)));
        }
        if let Some(path) = &expect.path {
            let path: Vec<&str> = path.iter().map(|step| self.program.step(*step).name.as_str()).collect();
            if path != ending.path {
                unmet.push(format!("path: expected [{}], got [{}]", path.join(", "), ending.path.join(", ")));
            }
        }
        for heard in expect.hears.iter().filter(|heard| !self.said.iter().any(|said| self.is(heard, said))) {
            unmet.push(format!("hears: {} was never heard", self.name(heard)));
        }
        for heard in expect.never_hears.iter().filter(|heard| self.said.iter().any(|said| self.is(heard, said))) {
            unmet.push(format!("never_hears: {} was heard", self.name(heard)));
        }
        if let Some(right_party) = expect.right_party
            && right_party != ending.right_party
        {
            unmet.push(format!("right_party: expected {right_party}, got {}", ending.right_party));
        }
        if let Some(scope) = expect.opt_out
            && Some(scope) != self.opt_out
        {
            let got = self.opt_out.map_or("none", OptOutScope::as_str);
            unmet.push(format!("opt_out: expected {scope}, got {got}"));
        }
        unmet
    }
}
