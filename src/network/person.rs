//! A person who can be rung: what they do, call after call, as data; and the machine that does it.
//!
//! Pure. A person understands no words: they hear that a voice speaks or is silent, and press keys by their plan, as a
//! person does who knows the menu. That is enough to be a fair judge of the keys, and cannot be fooled by our own
//! speech code.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::time::Mono;

/// One line of the people file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Person {
    /// E.164, or an agent's user name; what stands before the @ of the request URI.
    pub number: String,
    /// `ru` or `en`: in which they greet.
    pub language: String,
    /// One for each call in turn; the last one is repeated. Never empty.
    pub calls: Vec<Behaviour>,
    /// Whether what they hear is kept as a WAV.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub record: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Behaviour {
    /// 486.
    Busy,
    /// Rings until the caller gives up.
    NoAnswer,
    /// 603.
    Declines,
    /// 404: no such number.
    Unknown,
    /// 410: no longer in service.
    OutOfService,
    /// 503 from the network.
    Congestion,
    /// Not one SIP reply.
    Silent,
    /// An answering machine: greeting, beep, silence.
    Machine { ring_ms: u32 },
    /// Somebody picks up, says hello, and follows a plan.
    Human {
        ring_ms: u32,
        /// From the moment the voice has fallen silent to the first key.
        think_ms: u32,
        turns: Vec<Turn>,
    },
    /// One of our own people: picks up, talks, hangs up.
    Agent { ring_ms: u32, talk_ms: u32 },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Turn {
    /// Keys, once the voice has spoken and fallen silent.
    Press(String),
    /// As `Press`: the key that confirms a promise. What is heard after it counts.
    Confirm(String),
    /// Keys into the voice, this long after it is heard.
    BargeIn { keys: String, after_ms: u32 },
    /// Does nothing for so long.
    Wait { ms: u32 },
    /// Hangs up, so long after the turn began.
    HangUp { after_ms: u32 },
}

/// How a call is met before it is up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pickup {
    Reject(u16),
    RingOn,
    SayNothing,
    Answer { ring: Duration },
}

impl Behaviour {
    pub fn pickup(&self) -> Pickup {
        match self {
            Behaviour::Busy => Pickup::Reject(486),
            Behaviour::Declines => Pickup::Reject(603),
            Behaviour::Unknown => Pickup::Reject(404),
            Behaviour::OutOfService => Pickup::Reject(410),
            Behaviour::Congestion => Pickup::Reject(503),
            Behaviour::NoAnswer => Pickup::RingOn,
            Behaviour::Silent => Pickup::SayNothing,
            Behaviour::Machine { ring_ms } | Behaviour::Human { ring_ms, .. } | Behaviour::Agent { ring_ms, .. } => {
                Pickup::Answer { ring: Duration::from_millis(u64::from(*ring_ms)) }
            }
        }
    }

    /// One word, for the log of calls.
    pub fn word(&self) -> &'static str {
        match self {
            Behaviour::Busy => "busy",
            Behaviour::NoAnswer => "no_answer",
            Behaviour::Declines => "declines",
            Behaviour::Unknown => "unknown",
            Behaviour::OutOfService => "out_of_service",
            Behaviour::Congestion => "congestion",
            Behaviour::Silent => "silent",
            Behaviour::Machine { .. } => "machine",
            Behaviour::Human { .. } => "human",
            Behaviour::Agent { .. } => "agent",
        }
    }
}

impl Person {
    /// What they do on their `nth` call, from 0.
    pub fn behaviour(&self, nth: usize) -> &Behaviour {
        &self.calls[nth.min(self.calls.len() - 1)]
    }
}

/// What a person can say. Rendered once for each language and shared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Sound {
    Hello,
    MachineGreeting,
    Beep,
    AgentHello,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PersonEvent {
    Answered,
    /// The caller's voice is heard.
    VoiceStarted,
    /// The caller's voice has been silent for a moment.
    VoiceEnded,
    /// The caller has hung up.
    Ended,
    /// The time that `deadline` named has come.
    Ticked,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PersonAction {
    /// One after another, without a gap.
    Say(Vec<Sound>),
    Press(String),
    HangUp,
}

/// Nobody waits longer for a voice to go on.
const PATIENCE: Duration = Duration::from_secs(25);
/// No call is longer.
const CALL_MAX: Duration = Duration::from_secs(180);
/// A machine records silence for this long.
const MACHINE_RECORDS: Duration = Duration::from_secs(30);
/// From the confirming key to the caller's goodbye: a longer call went on about something else.
const THANKS_MAX: Duration = Duration::from_secs(15);

/// One person in one call that is up.
#[derive(Debug)]
pub struct Persona {
    behaviour: Behaviour,
    turn: usize,
    answered_at: Mono,
    turn_began_at: Mono,
    /// Since when the caller's voice is heard (`Some`) or not.
    voice_since: Option<Mono>,
    /// A voice was heard in this turn and has fallen silent then.
    quiet_since: Option<Mono>,
    confirmed_at: Option<Mono>,
    heard_after_confirm: bool,
    ended: bool,
    story: Story,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Press(String),
    Confirm(String),
    NextTurn,
    HangUp,
}

/// What the call was, as this side saw it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Story {
    /// All keys pressed, in order; presses apart by a space.
    pub keys: String,
    pub confirm_pressed: bool,
    /// The confirming key was pressed, a voice was heard after it, and the caller then ended the call.
    pub promise_confirmed: bool,
    pub we_hung_up: bool,
    pub heard_a_voice: bool,
}

impl Persona {
    pub fn new(behaviour: Behaviour) -> Persona {
        Persona {
            behaviour,
            turn: 0,
            answered_at: Mono::ZERO,
            turn_began_at: Mono::ZERO,
            voice_since: None,
            quiet_since: None,
            confirmed_at: None,
            heard_after_confirm: false,
            ended: false,
            story: Story::default(),
        }
    }

    pub fn story(&self) -> &Story {
        &self.story
    }

    /// When to say `Ticked`, unless something else happens first.
    pub fn deadline(&self) -> Option<Mono> {
        (!self.ended).then(|| self.next_step().0)
    }

    /// What comes next if nothing is heard until then.
    fn next_step(&self) -> (Mono, Step) {
        let too_long = (self.answered_at + CALL_MAX, Step::HangUp);
        let next = match &self.behaviour {
            Behaviour::Machine { .. } => (self.answered_at + MACHINE_RECORDS, Step::HangUp),
            Behaviour::Agent { talk_ms, .. } => (self.answered_at + ms(*talk_ms), Step::HangUp),
            Behaviour::Human { think_ms, turns, .. } => self.human_step(*think_ms, turns.get(self.turn)),
            Behaviour::Busy
            | Behaviour::NoAnswer
            | Behaviour::Declines
            | Behaviour::Unknown
            | Behaviour::OutOfService
            | Behaviour::Congestion
            | Behaviour::Silent => too_long.clone(),
        };
        if next.0 <= too_long.0 { next } else { too_long }
    }

    fn human_step(&self, think_ms: u32, turn: Option<&Turn>) -> (Mono, Step) {
        let acts = match turn {
            None => None,
            Some(Turn::Press(keys)) => self.quiet_since.map(|at| (at + ms(think_ms), Step::Press(keys.clone()))),
            Some(Turn::Confirm(keys)) => self.quiet_since.map(|at| (at + ms(think_ms), Step::Confirm(keys.clone()))),
            Some(Turn::BargeIn { keys, after_ms }) => {
                // The voice may have gone on from the turn before, without a break that could be heard.
                let heard_since = self.voice_since.or(self.quiet_since);
                heard_since.map(|at| (at.max(self.turn_began_at) + ms(*after_ms), Step::Press(keys.clone())))
            }
            Some(Turn::Wait { ms: wait }) => Some((self.turn_began_at + ms(*wait), Step::NextTurn)),
            Some(Turn::HangUp { after_ms }) => Some((self.turn_began_at + ms(*after_ms), Step::HangUp)),
        };
        let patience_ends = match self.voice_since {
            Some(_) => self.answered_at + CALL_MAX,
            None => self.quiet_since.unwrap_or(self.turn_began_at) + PATIENCE,
        };
        acts.filter(|(at, _)| *at <= patience_ends).unwrap_or((patience_ends, Step::HangUp))
    }

    #[must_use]
    pub fn handle(&mut self, now: Mono, event: PersonEvent) -> Vec<PersonAction> {
        if self.ended {
            return Vec::new();
        }
        match event {
            PersonEvent::Answered => {
                self.answered_at = now;
                self.turn_began_at = now;
                self.greet()
            }
            PersonEvent::VoiceStarted => {
                self.voice_since = Some(now);
                self.quiet_since = None;
                self.story.heard_a_voice = true;
                self.heard_after_confirm |= self.confirmed_at.is_some();
                Vec::new()
            }
            PersonEvent::VoiceEnded => {
                self.quiet_since = self.voice_since.take().map(|_| now);
                Vec::new()
            }
            PersonEvent::Ended => {
                self.ended = true;
                self.story.promise_confirmed =
                    self.heard_after_confirm && self.confirmed_at.is_some_and(|at| now.since(at) <= THANKS_MAX);
                Vec::new()
            }
            PersonEvent::Ticked => {
                let (at, step) = self.next_step();
                // An early tick was meant for an earlier state of things.
                if at <= now { self.take(now, step) } else { Vec::new() }
            }
        }
    }

    fn greet(&self) -> Vec<PersonAction> {
        match self.behaviour {
            Behaviour::Human { .. } => vec![PersonAction::Say(vec![Sound::Hello])],
            Behaviour::Machine { .. } => vec![PersonAction::Say(vec![Sound::MachineGreeting, Sound::Beep])],
            Behaviour::Agent { .. } => vec![PersonAction::Say(vec![Sound::AgentHello])],
            Behaviour::Busy
            | Behaviour::NoAnswer
            | Behaviour::Declines
            | Behaviour::Unknown
            | Behaviour::OutOfService
            | Behaviour::Congestion
            | Behaviour::Silent => Vec::new(),
        }
    }

    fn take(&mut self, now: Mono, step: Step) -> Vec<PersonAction> {
        match step {
            Step::Press(keys) => self.press(now, &keys),
            Step::Confirm(keys) => {
                self.confirmed_at = Some(now);
                self.story.confirm_pressed = true;
                self.press(now, &keys)
            }
            Step::NextTurn => {
                self.next_turn(now);
                Vec::new()
            }
            Step::HangUp => {
                self.ended = true;
                self.story.we_hung_up = true;
                vec![PersonAction::HangUp]
            }
        }
    }

    fn press(&mut self, now: Mono, keys: &str) -> Vec<PersonAction> {
        if !self.story.keys.is_empty() {
            self.story.keys.push(' ');
        }
        self.story.keys.push_str(keys);
        self.next_turn(now);
        vec![PersonAction::Press(keys.to_string())]
    }

    fn next_turn(&mut self, now: Mono) {
        self.turn += 1;
        self.turn_began_at = now;
        self.quiet_since = None;
    }
}

fn ms(n: u32) -> Duration {
    Duration::from_millis(u64::from(n))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn human(turns: &[Turn]) -> Persona {
        Persona::new(Behaviour::Human { ring_ms: 500, think_ms: 400, turns: turns.to_vec() })
    }

    /// Runs `script`: one word a line with its millisecond; a deadline that comes before the next line is ticked.
    /// Returns the actions with their milliseconds.
    fn run(persona: &mut Persona, script: &[(u64, PersonEvent)]) -> Vec<String> {
        let mut said = Vec::new();
        let mut at = |persona: &mut Persona, now: Mono, event: PersonEvent| {
            for action in persona.handle(now, event) {
                said.push(format!("{} {action:?}", now.0 / 1000));
            }
        };
        for (when, event) in script {
            let when = Mono(when * 1000);
            while let Some(tick) = persona.deadline().filter(|d| *d < when) {
                at(persona, tick, PersonEvent::Ticked);
            }
            at(persona, when, *event);
        }
        said
    }

    use PersonEvent::{Answered, Ended, VoiceEnded, VoiceStarted};

    #[test]
    fn keys_come_once_the_voice_has_fallen_silent() {
        let mut p = human(&[Turn::Press("1".into()), Turn::Press("4321".into()), Turn::Confirm("1".into())]);
        let script = [
            (0, Answered),
            (100, VoiceStarted),
            (2000, VoiceEnded),
            // A breath, not the end: nothing is pressed.
            (2300, VoiceStarted),
            (5000, VoiceEnded),
            (6000, VoiceStarted),
            (8000, VoiceEnded),
            (9000, VoiceStarted),
            (12_000, VoiceEnded),
            (13_000, VoiceStarted),
            (16_000, Ended),
        ];
        let expected = ["0 Say([Hello])", "5400 Press(\"1\")", "8400 Press(\"4321\")", "12400 Press(\"1\")"];
        assert_eq!(run(&mut p, &script), expected);
        let story = p.story();
        assert_eq!(story.keys, "1 4321 1");
        assert!(story.promise_confirmed && !story.we_hung_up);
    }

    /// (what follows the confirming key at 2,400 ms, is it a promise)
    #[test]
    fn a_promise_is_confirmed_only_by_what_is_heard_after() {
        for (after, promised) in [
            (vec![(3000, VoiceStarted), (7000, Ended)], true),
            (vec![(3000, Ended)], false),
            // The caller asks again: it was not the last word.
            (vec![(3000, VoiceStarted), (12_000, VoiceEnded), (18_000, VoiceStarted), (30_000, Ended)], false),
            // Nothing more is said and we hang up.
            (vec![(90_000, Ended)], false),
        ] {
            let mut p = human(&[Turn::Confirm("1".into())]);
            let script = [vec![(0, Answered), (100, VoiceStarted), (2000, VoiceEnded)], after.clone()].concat();
            run(&mut p, &script);
            assert!(p.story().confirm_pressed);
            assert_eq!(p.story().promise_confirmed, promised, "{after:?}");
        }
    }

    #[test]
    fn a_barge_in_does_not_wait_for_silence() {
        let barge = |keys: &str| Turn::BargeIn { keys: keys.into(), after_ms: 700 };
        let mut p = human(&[barge("1"), barge("4321"), Turn::HangUp { after_ms: 1000 }]);
        let script = [(0, Answered), (50, VoiceStarted), (9000, Ended)];
        let expected = ["0 Say([Hello])", "750 Press(\"1\")", "1450 Press(\"4321\")", "2450 HangUp"];
        assert_eq!(run(&mut p, &script), expected);
        assert!(p.story().we_hung_up);
    }

    #[test]
    fn patience_and_calls_end() {
        for (turns, script, expected) in [
            // Nobody speaks at all.
            (vec![Turn::Press("1".into())], vec![(0, Answered), (200_000, Ended)], "25000 HangUp"),
            // A voice that never stops.
            (vec![], vec![(0, Answered), (10, VoiceStarted), (200_000, Ended)], "180000 HangUp"),
            // The plan is done; the caller falls silent and stays on the line.
            (vec![], vec![(0, Answered), (10, VoiceStarted), (1000, VoiceEnded), (99_000, Ended)], "26000 HangUp"),
            (
                vec![Turn::Wait { ms: 500 }, Turn::HangUp { after_ms: 100 }],
                vec![(0, Answered), (9000, Ended)],
                "600 HangUp",
            ),
        ] {
            let mut p = human(&turns);
            assert_eq!(run(&mut p, &script).last().unwrap(), expected);
            assert_eq!(p.deadline(), None);
        }
    }

    #[test]
    fn machines_and_agents() {
        let mut machine = Persona::new(Behaviour::Machine { ring_ms: 0 });
        let script = [(0, Answered), (10, VoiceStarted), (90_000, Ended)];
        assert_eq!(run(&mut machine, &script), ["0 Say([MachineGreeting, Beep])", "30000 HangUp"]);
        let mut agent = Persona::new(Behaviour::Agent { ring_ms: 0, talk_ms: 4000 });
        assert_eq!(run(&mut agent, &script), ["0 Say([AgentHello])", "4000 HangUp"]);
    }

    #[test]
    fn a_line_of_the_people_file() {
        let line = r#"{"number":"+70000000001","language":"ru","calls":["busy",{"human":{"ring_ms":900,"think_ms":500,"turns":[{"press":"1"},{"barge_in":{"keys":"4321","after_ms":300}},{"confirm":"1"}]}}]}"#;
        let person: Person = serde_json::from_str(line).unwrap();
        assert_eq!(serde_json::to_string(&person).unwrap(), line);
        assert_eq!(person.behaviour(0), &Behaviour::Busy);
        assert_eq!(person.behaviour(7), &person.calls[1]);
        assert!(serde_json::from_str::<Person>(&line.replace("press\"", "pres\"")).is_err());
    }
}
