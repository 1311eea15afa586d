//! The made-up town against the shipped flows, in virtual time: everybody who picks up gets what they came for, and what the
//! network calls a promise is a promise for the call. When a flow's keys change, this says whose plan is out of date.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use jiff::civil::Date;
use ringback::books::NewContact;
use ringback::call::action::Fact;
use ringback::call::{Action, Call, Context, Event};
use ringback::flow::program::Program;
use ringback::network::person::{Behaviour, PersonAction, PersonEvent, Persona, Turn};
use ringback::network::population::generate;
use ringback::outcome::{AnsweredBy, Disposition, HangupCause};
use ringback::time::Mono;

/// How long a voice must be silent for a person to notice.
const QUIET: Duration = Duration::from_millis(700);

enum Happening {
    ToCall(Event),
    ToPerson(PersonEvent),
    /// A prompt begins, takes a breath, or ends, unless another has taken its place.
    Prompt {
        play: u64,
        event: PersonEvent,
    },
}

/// One call between a program and a person, in virtual time.
struct World {
    call: Call,
    person: Persona,
    now: Mono,
    coming: BTreeMap<(Mono, u64), Happening>,
    count: u64,
    /// The newest prompt; what an older one would do next does not happen any more.
    play: u64,
    voice: bool,
    /// The voice pauses in the middle of each prompt for so long that people take it to have ended.
    breathes: bool,
    promised: bool,
    ended: Option<Disposition>,
}

impl World {
    fn at(&mut self, after: Duration, happening: Happening) {
        self.count += 1;
        self.coming.insert((self.now + after, self.count), happening);
    }

    /// Runs to the end; bounded, since call and person both bound their lengths.
    fn run(&mut self) {
        self.at(Duration::ZERO, Happening::ToPerson(PersonEvent::Answered));
        self.at(Duration::ZERO, Happening::ToCall(Event::Answered));
        self.at(Duration::from_millis(1200), Happening::ToCall(Event::AnsweredBy(AnsweredBy::Human)));
        for _ in 0..10_000 {
            let coming = self.coming.keys().next().map(|(at, _)| *at);
            let ticks = [self.call.deadline().filter(|_| !self.call.is_over()), self.person.deadline()];
            let Some(next) = ticks.into_iter().chain([coming]).flatten().min() else { return };
            self.now = self.now.max(next);
            if coming == Some(next) {
                let (_, happening) = self.coming.pop_first().unwrap();
                self.happen(happening);
            } else if ticks[0] == Some(next) {
                self.happen(Happening::ToCall(Event::Ticked));
            } else {
                self.happen(Happening::ToPerson(PersonEvent::Ticked));
            }
        }
        panic!("the call does not end");
    }

    fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::ToCall(event) => {
                for action in self.call.handle(self.now, event) {
                    self.order(action);
                }
            }
            Happening::Prompt { play, event } if play == self.play => self.happen(Happening::ToPerson(event)),
            Happening::Prompt { .. } => {}
            Happening::ToPerson(event) => {
                match event {
                    PersonEvent::VoiceStarted if self.voice => return,
                    PersonEvent::VoiceStarted => self.voice = true,
                    PersonEvent::VoiceEnded => self.voice = false,
                    PersonEvent::Answered | PersonEvent::Ended | PersonEvent::Ticked => {}
                }
                for action in self.person.handle(self.now, event) {
                    match action {
                        PersonAction::Say(_) => {}
                        PersonAction::Press(keys) => {
                            for (nth, key) in keys.chars().enumerate() {
                                let after = Duration::from_millis(20 + 160 * nth as u64);
                                self.at(after, Happening::ToCall(Event::Digit(key)));
                            }
                        }
                        PersonAction::HangUp => {
                            let hung_up = Event::HungUp(HangupCause::RemoteHangup);
                            self.at(Duration::from_millis(10), Happening::ToCall(hung_up));
                        }
                    }
                }
            }
        }
    }

    fn order(&mut self, action: Action) {
        match action {
            Action::Play { play, utterances } => {
                self.play += 1;
                let this = self.play;
                let chars: usize = utterances.iter().map(|u| u.said.text.chars().count()).sum();
                let length = Duration::from_millis(300 + 60 * chars as u64);
                let prompt = |world: &mut World, after, event| world.at(after, Happening::Prompt { play: this, event });
                prompt(self, Duration::from_millis(80), PersonEvent::VoiceStarted);
                if self.breathes {
                    prompt(self, length / 2, PersonEvent::VoiceEnded);
                    prompt(self, length / 2 + Duration::from_millis(1300), PersonEvent::VoiceStarted);
                }
                prompt(self, length + QUIET, PersonEvent::VoiceEnded);
                self.at(length, Happening::ToCall(Event::PlayEnded(play)));
            }
            Action::EndPlay { .. } => {}
            Action::StopPlay { .. } => {
                self.play += 1;
                let ended = Happening::Prompt { play: self.play, event: PersonEvent::VoiceEnded };
                self.at(QUIET, ended);
            }
            Action::Save { save, fact } => {
                self.promised |= matches!(fact, Fact::Promise { .. });
                self.at(Duration::from_millis(20), Happening::ToCall(Event::Saved(save)));
            }
            Action::RingAgent { .. } => self.at(Duration::from_millis(500), Happening::ToCall(Event::AgentUnavailable)),
            Action::Hangup => {
                self.at(Duration::from_millis(5), Happening::ToPerson(PersonEvent::Ended));
                self.at(Duration::from_millis(5), Happening::ToCall(Event::HungUp(HangupCause::LocalHangup)));
            }
            Action::End(ending) => self.ended = Some(ending.disposition),
            Action::Bridge | Action::ReleaseAgent | Action::Note(_) => {}
            Action::Transfer { .. }
            | Action::Refer { .. }
            | Action::Record { .. }
            | Action::StopRecording
            | Action::Request { .. } => {
                panic!("no flow of this town does that: {action:?}")
            }
        }
    }
}

fn program(source: &str) -> Arc<Program> {
    let compiled = ringback::flow::compile(source);
    let program = compiled.program.unwrap_or_else(|| panic!("{:?}", compiled.diagnostics));
    Arc::new(program)
}

/// What a plan is meant to come to, read from its turns.
fn meant(turns: &[Turn], last4: &str) -> Vec<Disposition> {
    use Disposition as D;
    let keys: Vec<&str> = turns
        .iter()
        .filter_map(|t| match t {
            Turn::Press(keys) | Turn::Confirm(keys) | Turn::BargeIn { keys, .. } => Some(keys.as_str()),
            Turn::Wait { .. } | Turn::HangUp { .. } => None,
        })
        .collect();
    if turns.iter().any(|t| matches!(t, Turn::Confirm(_))) {
        return vec![D::Promised];
    }
    let identified = keys.len() >= 2 && keys[1] == last4;
    match keys.as_slice() {
        [] => vec![D::NoInput, D::HungUpEarly],
        ["2"] => vec![D::ThirdParty],
        ["3"] => vec![D::WrongNumber],
        ["9"] => vec![D::OptedOut],
        [.., "*9"] => vec![D::OptedOut],
        ["1", ..] if !identified => vec![D::NotVerified],
        ["1", _, "2"] => vec![D::CallbackRequested],
        ["1", _, "3"] => vec![D::AlreadyPaid],
        ["1", _] => vec![D::Informed],
        // Declines every offer, or changes their mind at the last question.
        ["1", _, "1", ..] => vec![D::Refused, D::Informed],
        other => panic!("a plan that nobody has: {other:?}"),
    }
}

#[test]
fn everybody_in_town_gets_what_they_came_for() {
    let today: Date = "2026-11-20".parse().unwrap();
    let town = generate(11, 400, today);
    let contacts = ringback::import::read(town.contacts_csv.as_bytes(), Default::default()).unwrap().contacts;
    let gentle = program(include_str!("../../flows/gentle_reminder.yaml"));
    let overdue = program(include_str!("../../flows/overdue_reminder.yaml"));
    let mut seen = BTreeSet::new();
    let mut wrong = Vec::new();
    for contact in &contacts {
        let person = town.people.iter().find(|p| p.number == contact.phones[0].full()).unwrap();
        for behaviour in &person.calls {
            let Behaviour::Human { turns, .. } = behaviour else { continue };
            let program = if contact.debts[0].due >= today { &gentle } else { &overdue };
            for breathes in [false, true] {
                let mut world = world(program, contact, behaviour, today, breathes);
                world.run();
                let disposition = world.ended.expect("the call ended");
                let story = world.person.story();
                let fine = meant(turns, &contact.fields["last4"]).contains(&disposition)
                    && story.promise_confirmed == world.promised
                    && world.promised == (disposition == Disposition::Promised);
                if !fine {
                    let name = &program.name;
                    wrong.push(format!("{name}, breathes {breathes}: {turns:?} came to {disposition}; {story:?}"));
                }
                seen.insert(disposition);
            }
        }
    }
    assert!(wrong.is_empty(), "{} calls:\n{}", wrong.len(), wrong[..wrong.len().min(12)].join("\n"));
    assert!(seen.len() >= 11, "the town is not varied: {seen:?}");
}

fn world(program: &Arc<Program>, contact: &NewContact, behaviour: &Behaviour, today: Date, breathes: bool) -> World {
    let values = program.bind(contact.language, |field| match field {
        "name" => Some(contact.name.clone()),
        "amount" => Some(contact.debts[0].amount.to_string()),
        "due" => Some(contact.debts[0].due.to_string()),
        other => contact.fields.get(other).cloned(),
    });
    let context = Context {
        language: contact.language,
        company: contact.creditor.clone(),
        today,
        due: Some(contact.debts[0].due),
    };
    World {
        call: Call::new(program.clone(), values.unwrap(), context),
        person: Persona::new(behaviour.clone()),
        now: Mono(1_000_000),
        coming: BTreeMap::new(),
        count: 0,
        play: 0,
        voice: false,
        breathes,
        promised: false,
        ended: None,
    }
}
