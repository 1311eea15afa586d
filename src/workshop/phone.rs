//! A telephone to play a flow on: lines of input in, what is heard and what happens out.

use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

use crate::call::Action;
use crate::call::Event;
use crate::call::action::{Fact, Note, promised_in_words};
use crate::call::rehearse::{Awaits, Line, Stage, What, rehearse};
use crate::call::transcript::order_line;
use crate::diagnostic::Span;
use crate::flow::program::{MessageId, NotifyBy, Program, StepId};
use crate::flow::test::{Expect, ExpectPromise, Heard, STEPS, Step, TestCase, TestStep, read_step};
use crate::speech::Utterance;
use crate::time::Mono;

/// Short words for what happens: what is typed, the step of a test that it is, what that means.
pub const INPUTS: &[(&str, &str, &str)] = &[
    ("", "silence", "press nothing, until the wait has ended"),
    ("h", "hangs_up", "hang up"),
    ("m", "machine", "it is an answering machine that has answered"),
    ("b", "beep", "the machine's beep"),
    ("p", "paid", "the debt is paid in this moment"),
    ("a", "agent_answers", "an agent answers"),
    ("n", "no_agent", "no agent is free"),
    ("d", "agent_hangs_up", "the agent hangs up"),
    ("s", "save_fails", "the next save fails"),
];

/// A line to be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shown {
    /// Words the client hears.
    Heard(String),
    /// What a person on the line would not notice: the node, what was saved.
    Aside(String),
    /// What was typed could not be done: why, and what can.
    Complaint(String),
    /// An answer to a question about the phone itself.
    Help(String),
}

/// A stretch of what was on the line, for a recording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sound {
    Words(Vec<Utterance>),
    /// The same, cut off somewhere by a key, a machine or a receiver put down.
    CutWords(Vec<Utterance>),
    Silence(Duration),
    Beep,
}

/// A call being played by hand. It is answered at once.
pub struct Phone {
    program: Arc<Program>,
    case: TestCase,
    stage: Stage,
    /// Into the stage's log: shown so far.
    shown: usize,
    /// Something was said after the last step of the record.
    words_since: bool,
}

impl Phone {
    /// Rings the case's contact, who picks up. The case's own steps are not played.
    pub fn new(program: &Arc<Program>, case: TestCase) -> Phone {
        let case = TestCase { steps: Vec::new(), expect: Expect::default(), ..case };
        let stage = Stage::new(program, &case);
        let mut phone = Phone { program: program.clone(), case, stage, shown: 0, words_since: false };
        phone.happens(Step::Answer).expect("what rings can be answered");
        phone
    }

    pub fn is_over(&self) -> bool {
        self.stage.awaits() == Awaits::Nothing
    }

    /// What the call waits for, in a few words.
    pub fn awaits(&self) -> &'static str {
        match self.stage.awaits() {
            Awaits::Keys => "keys",
            Awaits::Words => "listen",
            Awaits::Beep => "beep",
            Awaits::Agent => "agent rings",
            Awaits::Talk => "with agent",
            Awaits::Reply => "service asked",
            Awaits::Message => "recording",
            Awaits::Pickup | Awaits::Nothing => "",
        }
    }

    /// A line that was typed, and what comes of it.
    pub fn take(&mut self, typed: &str) -> Vec<Shown> {
        let typed = typed.trim();
        if matches!(typed, "?" | "help") {
            return vec![Shown::Help(help())];
        }
        let done = self.step(typed).and_then(|step| self.happens(step));
        let mut lines = self.news();
        if let Err(why) = done {
            lines.push(Shown::Complaint(why));
        }
        lines
    }

    /// The input has ended: the receiver is put down.
    pub fn put_down(&mut self) -> Vec<Shown> {
        // A call that is over cannot be hung up on, and need not be.
        let _over = self.happens(Step::HangsUp);
        self.news()
    }

    fn step(&self, typed: &str) -> Result<Step, String> {
        let is_key_run = |keys: &str| !keys.is_empty() && keys.chars().all(|c| c.is_ascii_digit() || "*#".contains(c));
        if is_key_run(typed) {
            return Ok(Step::Keys(typed.into()));
        }
        if let Some(keys) = typed.strip_prefix('!').filter(|keys| is_key_run(keys)) {
            return Ok(Step::KeysAhead(keys.into()));
        }
        if let Some((_, words, _)) = INPUTS.iter().find(|(short, ..)| *short == typed) {
            return read_step(&self.program, words);
        }
        let words = match typed.strip_prefix("w ") {
            Some(time) => format!("wait {time}"),
            None => typed.to_string(),
        };
        read_step(&self.program, &words).map_err(|why| format!("{why}. Type ? for what can be typed"))
    }

    /// The step is played and, if it could be, recorded.
    fn happens(&mut self, step: Step) -> Result<(), String> {
        let looks = matches!(step, Step::Hears(_) | Step::NotHears(_));
        // In a test the call speaks on only as far as a step needs. Where nothing is being said any more, that has to be
        // written down, unless the step sees to it itself.
        let sees_to_it = looks || matches!(step, Step::Keys(_) | Step::Silence | Step::AgentAnswers | Step::NoAgent);
        let waited = self.words_since && !self.stage.is_speaking() && !sees_to_it;
        let from = self.stage.log().len();
        self.stage.act(&step)?;
        if waited {
            self.record(Step::Wait(Duration::ZERO));
        }
        self.record(step);
        self.words_since = false;
        self.stage.listen();
        let said: Vec<Step> = self.stage.log()[from..].iter().filter_map(|line| self.hears(line)).collect();
        for hears in said {
            self.words_since = true;
            if self.case.steps.last().map(|last| &last.step) != Some(&hears) {
                self.record(hears);
            }
        }
        Ok(())
    }

    fn record(&mut self, step: Step) {
        self.case.steps.push(TestStep { step, span: Span::default() });
    }

    fn hears(&self, line: &Line) -> Option<Step> {
        let What::Order(Action::Note(Note::Said { messages, .. })) = &line.what else { return None };
        let name = messages.first()?;
        let at = self.program.messages.iter().position(|message| message.name == *name)?;
        Some(Step::Hears(Heard::Message(MessageId(at as u32))))
    }

    /// What has been heard and done since the last look.
    pub fn news(&mut self) -> Vec<Shown> {
        let lines = self.stage.log()[self.shown..].iter().filter_map(shown).collect();
        self.shown = self.stage.log().len();
        lines
    }

    /// How the call ended. `length` is that of the audio, when it was made.
    pub fn summary(&self, length: Option<Duration>) -> Vec<String> {
        let Some(ending) = self.stage.ending() else { return vec!["the call is not over".into()] };
        let promise = self.stage.promise().map_or("none".to_string(), promised_in_words);
        let opt_out = self.stage.opt_out().map(|scope| format!("opt-out: {scope}"));
        let length = match length {
            Some(length) => format!("length:  {}", clock(length)),
            None => format!("length:  {} without the words", clock(ending.talk)),
        };
        let mut lines = vec![
            format!("result:  {}", ending.disposition),
            format!("promise: {promise}"),
            format!("path:    {}", ending.path.join(" > ")),
            length,
        ];
        lines.extend(opt_out);
        lines
    }

    /// The call as a test that passes, named so.
    ///
    /// # Errors
    /// The call is not over, or cannot be told in the steps of a test; why.
    pub fn recorded(&self, name: &str) -> Result<TestCase, String> {
        let ending = self.stage.ending().ok_or("the call is not over")?;
        let promise = match self.stage.promise() {
            Some(parts) => ExpectPromise::Saved(parts.iter().map(|part| (part.amount, part.on)).collect()),
            None => ExpectPromise::Nothing,
        };
        let id = |name: &String| self.program.steps.iter().position(|step| step.name == *name);
        let path = ending.path.iter().filter_map(id).map(|at| StepId(at as u32)).collect();
        let expect = Expect {
            result: Some(ending.disposition),
            promise: Some(promise),
            path: Some(path),
            right_party: Some(ending.right_party),
            opt_out: self.stage.opt_out(),
            ..Expect::default()
        };
        let case = TestCase { name: name.to_string(), expect, ..self.case.clone() };
        match rehearse(&self.program, &case) {
            Ok(_) => Ok(case),
            Err(failure) => Err(failure.message),
        }
    }

    /// All that was on the line, in order. Silences are as long as they were.
    pub fn sounds(&self) -> Vec<Sound> {
        let mut sounds: Vec<Sound> = Vec::new();
        let mut last = self.stage.log().first().map_or(Mono::ZERO, |line| line.at);
        let mut playing: Option<Vec<Utterance>> = None;
        for line in self.stage.log() {
            let silence = line.at.since(last);
            last = line.at;
            if !silence.is_zero() {
                sounds.push(Sound::Silence(silence));
            }
            match &line.what {
                What::Order(Action::Play { utterances, .. }) => playing = Some(utterances.clone()),
                What::Fact(Event::PlayEnded(_)) => sounds.extend(playing.take().map(Sound::Words)),
                What::Order(Action::StopPlay { .. } | Action::Hangup | Action::End(_)) => {
                    sounds.extend(playing.take().map(Sound::CutWords));
                }
                What::Fact(Event::Beeped) => sounds.push(Sound::Beep),
                What::Fact(_) | What::Order(_) => {}
            }
        }
        sounds
    }
}

fn clock(time: Duration) -> String {
    format!("{}:{:02}", time.as_secs() / 60, time.as_secs() % 60)
}

fn shown(line: &Line) -> Option<Shown> {
    let What::Order(action) = &line.what else { return None };
    match action {
        Action::Note(Note::Said { text, .. }) => Some(Shown::Heard(text.clone())),
        Action::Note(Note::Entered(node)) => Some(Shown::Aside(node.clone())),
        // What was typed stands above.
        Action::Note(Note::Pressed(_) | Note::Answered) => None,
        Action::Note(_) => {
            order_line(action).map(|line| Shown::Aside(format!("({})", line.trim_start_matches(['.', ' ']))))
        }
        Action::Save { fact: Fact::Message { by, subject, body }, .. } => {
            let by = match by {
                NotifyBy::Sms => "SMS",
                NotifyBy::Email => "e-mail",
            };
            let subject = subject.as_ref().map(|subject| format!(" \"{subject}\"")).unwrap_or_default();
            Some(Shown::Aside(format!("({by}{subject}: \"{body}\")")))
        }
        Action::Play { .. }
        | Action::StopPlay { .. }
        | Action::EndPlay { .. }
        | Action::Save { .. }
        | Action::RingAgent { .. }
        | Action::ReleaseAgent
        | Action::Transfer { .. }
        | Action::Refer { .. }
        | Action::Record { .. }
        | Action::StopRecording
        | Action::Request { .. }
        | Action::Bridge
        | Action::Hangup
        | Action::End(_) => None,
    }
}

fn help() -> String {
    let mut out = String::from("1, 4321, *9   press these keys, once the words are over\n");
    out += "!1            press them at once: over the words, or ahead of the question\n";
    for (typed, _, about) in INPUTS {
        let typed = if typed.is_empty() { "Enter" } else { typed };
        let _ = writeln!(out, "{typed:<13} {about}");
    }
    out += "w 3s          let time pass\n";
    let _ = write!(out, "Any step of a test can be typed as well: {}.", STEPS.join(", "));
    out
}
