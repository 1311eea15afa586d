//! A flow's own tests, run without telephony in virtual time: the words are heard at once, a save succeeds at once
//! unless the test says otherwise, and after the last step nobody presses anything more.
//!
//! The [`Stage`] on which a test plays is also that of whoever else calls a flow without a telephone.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use super::action::{Action, Ending, Fact, Note, Promised, promised_in_words};
use super::balance::Balance;
use super::event::Event;
use super::transcript::{fact_line, order_line};
use super::{Call, Context, Wait};
use crate::diagnostic::Span;
use crate::flow::program::{MessageId, OptOutScope, Program, StepId, Via};
use crate::flow::test::{Expect, ExpectPromise, Heard, Step, TestCase};
use crate::id::{PlayId, RequestId, SaveId};
use crate::money::Money;
use crate::outcome::{HangupCause, NonPaymentReason};
use crate::speech::length_estimate;
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
    let failed = run(&mut stage, case).err();
    let failed = failed.or_else(|| {
        let unmet = stage.unmet(&case.expect);
        (!unmet.is_empty()).then(|| (unmet.join("\n"), case.expect.span))
    });
    let (covered, transcript) = (stage.covered(), stage.transcript());
    match failed {
        Some((message, span)) => Err(Box::new(Failure { message, span, covered, transcript })),
        None => {
            let ending = stage.ending.expect("a test runs until the call is over");
            Ok(Rehearsal { ending, covered, transcript })
        }
    }
}

fn run(stage: &mut Stage, case: &TestCase) -> Result<(), (String, Span)> {
    for step in &case.steps {
        stage.act(&step.step).map_err(|message| (message, step.span))?;
    }
    stage.run_out().map_err(|message| (message, case.span))
}

/// One order to play, as heard.
#[derive(Debug)]
struct Said {
    messages: Vec<String>,
    text: String,
}

/// What was told to the call or ordered by it, and when.
#[derive(Debug, Clone)]
pub struct Line {
    pub at: Mono,
    pub what: What,
}

#[derive(Debug, Clone)]
pub enum What {
    Fact(Event),
    Order(Action),
}

/// What has to happen next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Awaits {
    /// The leg is being rung.
    Pickup,
    /// Nothing but that the words come to their end.
    Words,
    /// Keys; they may be pressed over words that are still being said.
    Keys,
    /// A machine's greeting ends.
    Beep,
    /// An agent, or the other end of a transfer, is being rung.
    Agent,
    /// A service is being asked.
    Reply,
    /// What the client says is being recorded.
    Message,
    /// Client and agent talk.
    Talk,
    /// Nothing; the call is over.
    Nothing,
}

/// The world around the call, in virtual time.
pub struct Stage {
    program: Arc<Program>,
    call: Call,
    now: Mono,
    facts: usize,
    log: Vec<Line>,
    said: Vec<Said>,
    /// Into `said`: what `hears` looks at begins here.
    heard: usize,
    /// The next `hears` may look at the same words as the last one.
    same_words: bool,
    playing: Option<PlayId>,
    unsaved: Vec<SaveId>,
    next_save_fails: bool,
    third_person: bool,
    /// How long the words take that were heard to their end.
    spoken: Duration,
    promise: Option<Vec<Promised>>,
    opt_out: Option<OptOutScope>,
    ending: Option<Ending>,
}

type Outcome = Result<(), String>;

impl Stage {
    /// A call to the case's contact that is about to be dialled. The case's steps and expectations are not looked at.
    pub fn new(program: &Arc<Program>, case: &TestCase) -> Stage {
        let context =
            Context { language: case.language, company: case.company.clone(), today: case.today, due: case.due };
        Stage {
            program: program.clone(),
            call: Call::new(program.clone(), case.contact.clone(), context),
            now: Mono::ZERO,
            facts: 0,
            log: Vec::new(),
            said: Vec::new(),
            heard: 0,
            same_words: false,
            playing: None,
            unsaved: Vec::new(),
            next_save_fails: false,
            third_person: false,
            spoken: Duration::ZERO,
            promise: None,
            opt_out: None,
            ending: None,
        }
    }

    /// All that was told and ordered so far, in order.
    pub fn log(&self) -> &[Line] {
        &self.log
    }

    /// [`Stage::log`], a line each.
    pub fn transcript(&self) -> String {
        let line = |line: &Line| match &line.what {
            What::Fact(event) => Some(fact_line(event) + "\n"),
            What::Order(action) => Some(order_line(action)? + "\n"),
        };
        self.log.iter().filter_map(line).collect()
    }

    pub fn covered(&self) -> Covered {
        self.call.covered()
    }

    pub fn ending(&self) -> Option<&Ending> {
        self.ending.as_ref()
    }

    /// The promise that was saved.
    pub fn promise(&self) -> Option<&[Promised]> {
        self.promise.as_deref()
    }

    /// The opt-out that was saved.
    pub fn opt_out(&self) -> Option<OptOutScope> {
        self.opt_out
    }

    /// Virtual time since the dialling.
    pub fn now(&self) -> Mono {
        self.now
    }

    /// The node that the call is in; none before the answer.
    pub fn node(&self) -> Option<StepId> {
        self.call.path.last().copied()
    }

    /// Words are being said.
    pub fn is_speaking(&self) -> bool {
        self.playing.is_some()
    }

    pub fn awaits(&self) -> Awaits {
        match &self.call.wait {
            Wait::Dialling => Awaits::Pickup,
            Wait::Asking(_) => Awaits::Keys,
            Wait::Saying { .. } | Wait::Announcing | Wait::Ending | Wait::Saving { .. } => Awaits::Words,
            Wait::Requesting { .. } => Awaits::Reply,
            Wait::Recording { .. } => Awaits::Message,
            // A screener's question ends like a greeting.
            Wait::Beep { .. } | Wait::Screened { .. } => Awaits::Beep,
            Wait::RingingAgent { .. } => Awaits::Agent,
            Wait::Bridged { .. } => Awaits::Talk,
            Wait::Closing { .. } | Wait::Over => Awaits::Nothing,
        }
    }

    /// Lets the call speak until somebody else has to do something. The words before keys are then still being said.
    pub fn listen(&mut self) {
        let asks_nothing = |stage: &Stage| match &stage.call.wait {
            Wait::Asking(ask) => !ask.entry.is_empty() || !stage.call.held.is_empty(),
            _ => true,
        };
        while asks_nothing(self) && self.proceed() {}
    }

    /// Nobody does anything more, until the call is over.
    ///
    /// # Errors
    /// The call does not come to an end.
    pub fn run_out(&mut self) -> Result<(), String> {
        while self.ending.is_none() {
            if self.facts > FACTS_MAX {
                return Err(format!("the call is stuck: {FACTS_MAX} facts did not end it"));
            }
            if !self.proceed() && !self.tick() {
                // Before the answer a call waits for the trunk, which gives up in the end.
                self.tell(Event::Failed(HangupCause::NoAnswer));
            }
        }
        Ok(())
    }

    /// One step of a test.
    ///
    /// # Errors
    /// It could not happen, or was not heard; in words.
    pub fn act(&mut self, step: &Step) -> Result<(), String> {
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
            Step::Announced(cause) => self.tell(Event::Announced(*cause)),
            Step::Beep => self.tell(Event::Beeped),
            Step::Keys(keys) => return self.press(keys),
            Step::KeysAhead(keys) => {
                for key in keys.chars() {
                    self.one_key(key)?;
                }
            }
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
            Step::InLine(position) => {
                let wait = Duration::from_secs(120) * *position;
                self.rung(Event::Queued { position: *position, wait })?;
            }
            Step::QueueClosed => self.rung(Event::QueueClosed)?,
            Step::TransferFails(cause) => self.rung(Event::TransferFailed(*cause))?,
            Step::Replies(body) => {
                let request = self.asked()?;
                self.tell(Event::Replied { request, status: 200, body: body.clone() });
            }
            Step::RequestFails => {
                let request = self.asked()?;
                self.tell(Event::RequestFailed(request));
            }
            Step::NoReply => {
                self.asked()?;
                self.tick();
            }
            Step::Speaks(length) => {
                self.settle();
                if !matches!(self.call.wait, Wait::Recording { .. }) {
                    return Err("nothing is being recorded".into());
                }
                self.now = self.now + *length;
                let file = Some("message.wav".to_string());
                self.tell(Event::Recorded { length: *length, file });
            }
            Step::ThirdPerson => self.third_person = true,
            Step::SaveFails => self.next_save_fails = true,
            Step::Paid => self.tell(Event::Paid),
            Step::PaidPart(sum) => return self.pay_part(*sum),
            Step::Stopped => self.tell(Event::Stopped),
            Step::Fails(cause) => self.tell(Event::Failed(*cause)),
        }
        Ok(())
    }

    /// Something that happens only while another party is being rung.
    fn rung(&mut self, event: Event) -> Outcome {
        self.settle();
        if !matches!(self.call.wait, Wait::RingingAgent { .. }) {
            return Err("nobody is being rung".into());
        }
        self.tell(event);
        Ok(())
    }

    /// The whole, when it is that much.
    fn pay_part(&mut self, sum: Money) -> Outcome {
        let Some(owed) = self.call.owes() else {
            return Err("the flow's contact has no `amount` to pay a part of".into());
        };
        if owed.currency != sum.currency {
            return Err(format!("the debt is in {}", owed.currency));
        }
        let left = Money::new(owed.minor - sum.minor, owed.currency);
        self.tell(if left.minor > 0 { Event::PaidPart(Balance { left, due: None }) } else { Event::Paid });
        Ok(())
    }

    /// The question that a service is being asked.
    fn asked(&mut self) -> Result<RequestId, String> {
        self.settle();
        match self.call.wait {
            Wait::Requesting { request, .. } => Ok(request),
            _ => Err("no service is being asked".into()),
        }
    }

    /// Keys one after another, each when the words before it have been heard.
    fn press(&mut self, keys: &str) -> Outcome {
        self.settle();
        for key in keys.chars() {
            while self.playing.is_some() {
                self.end_play();
            }
            self.one_key(key)?;
        }
        Ok(())
    }

    fn one_key(&mut self, key: char) -> Outcome {
        if let Some(ending) = &self.ending {
            return Err(format!("the call was over before key {key}: {}", ending.disposition));
        }
        self.tell(Event::Digit(key));
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
            let letters = self.said.last().map_or(0, |said| said.text.chars().count());
            self.spoken += length_estimate(letters);
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
        self.log.push(Line { at: self.now, what: What::Fact(event.clone()) });
        for action in self.call.handle(self.now, event) {
            match &action {
                Action::Play { play, .. } => self.playing = Some(*play),
                Action::StopPlay { .. } => self.playing = None,
                Action::Save { save, fact } => {
                    self.unsaved.push(*save);
                    // The answer follows at once, and only the next save may fail.
                    if !self.next_save_fails {
                        self.remember(fact);
                    }
                }
                Action::Note(Note::Said { messages, text }) => {
                    self.said.push(Said { messages: messages.clone(), text: text.clone() });
                }
                // Its last sentence is taken to be short.
                Action::EndPlay { .. } => {}
                Action::Note(_) | Action::RingAgent { .. } | Action::ReleaseAgent | Action::Bridge => {}
                Action::Transfer { .. } | Action::Refer { .. } | Action::Record { .. } => {}
                Action::StopRecording | Action::Request { .. } => {}
                Action::Hangup => self.playing = None,
                Action::End(ending) => {
                    self.playing = None;
                    self.ending = Some(ending.clone());
                }
            }
            self.log.push(Line { at: self.now, what: What::Order(action) });
        }
    }

    fn remember(&mut self, fact: &Fact) {
        match fact {
            Fact::Promise { parts } => self.promise = Some(parts.clone()),
            Fact::OptOut { scope } => self.opt_out = Some(*scope),
            Fact::Message { .. } => {}
        }
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
        let written = |promise: Option<&[Promised]>| promise.map_or("none".to_string(), promised_in_words);
        let promise = expect.promise.as_ref().map(|promise| match promise {
            ExpectPromise::Nothing => None,
            ExpectPromise::Saved(parts) => {
                Some(parts.iter().map(|(amount, on)| Promised { amount: *amount, on: *on }).collect::<Vec<_>>())
            }
        });
        if let Some(promise) = promise
            && promise != self.promise
        {
            let (expected, got) = (written(promise.as_deref()), written(self.promise()));
            unmet.push(format!("promise: expected {expected}, got {got}"));
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
        let language = self.program.language_for(self.call.context.language);
        if let Some(expected) = expect.language
            && expected != language
        {
            unmet.push(format!("language: expected {expected}, spoke {language}"));
        }
        if let Some(reason) = expect.reason
            && Some(reason) != ending.reason
        {
            let got = ending.reason.map_or("none", NonPaymentReason::as_str);
            unmet.push(format!("reason: expected {reason}, got {got}"));
        }
        let took = ending.talk + self.spoken;
        if let Some(at_most) = expect.at_most
            && took > at_most
        {
            unmet.push(format!("at_most: expected {} s, took about {} s", at_most.as_secs(), took.as_secs()));
        }
        if self.third_person {
            let is_protected = |name: &&String| {
                let message = self.program.messages.iter().position(|m| m.name == **name);
                message.is_some_and(|n| self.program.is_protected(MessageId(n as u32)))
            };
            let mut heard: Vec<&String> = self.said.iter().flat_map(|s| &s.messages).filter(is_protected).collect();
            heard.dedup();
            unmet.extend(heard.iter().map(|name| format!("third_person: `{name}` was heard, and it is protected")));
            if ending.right_party {
                unmet.push("third_person: was taken for the right person".into());
            }
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
