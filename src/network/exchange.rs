//! The exchange: all lines of the town. Takes facts from SIP and RTP, gives orders to them, and keeps the log of calls.
//! Pure: no sockets, no clock.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::person::{Behaviour, Person, PersonAction, PersonEvent, Persona, Pickup, Sound};
use crate::time::Mono;

/// Calls at once; more hear 503.
pub const CALLS_MAX: usize = 3000;
/// A phone that nobody picks up rings no longer than this, if the caller does not give up before.
const RING_MAX: Duration = Duration::from_secs(120);
/// Before a line is found to be busy, dead or unknown.
const REJECT_AFTER: Duration = Duration::from_millis(150);
/// A caller whom we never answered may go on trying for this long (RFC 3261 timer B is 32 s).
const SILENT_MAX: Duration = Duration::from_secs(40);

/// A line of `network.jsonl`: one call as the network saw it. Numbers are whole, for the judge of the demo.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CallRecord {
    /// In order of their INVITEs, from 1.
    pub call: u64,
    pub number: String,
    pub from: String,
    /// When the INVITE came, in ms since the network's start.
    pub at_ms: u64,
    /// Which call to this number, from 0.
    pub nth: usize,
    /// One word; `stranger` for a number that nobody has.
    pub behaviour: String,
    pub answered: bool,
    /// The final status we gave, when we gave one.
    pub status: Option<u16>,
    /// The caller gave up before we answered.
    pub cancelled: bool,
    /// From the INVITE to the answer, or to the end of what never was answered.
    pub ring_ms: u64,
    pub talk_ms: u64,
    /// Presses apart by a space.
    pub keys: String,
    pub heard_a_voice: bool,
    pub confirm_pressed: bool,
    /// The confirming key was pressed, a voice was heard after it, and the caller then ended the call.
    pub promise_confirmed: bool,
    pub ended_by: EndedBy,
    /// What was heard, beside the log; when this person is recorded.
    pub wav: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndedBy {
    Caller,
    Person,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact {
    Incoming {
        to: String,
        from: String,
    },
    Cancelled,
    /// The caller hung up, or has agreed to our hanging up.
    Ended,
    VoiceStarted,
    VoiceEnded,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Order {
    Ring,
    /// Not one reply, ever.
    Ignore,
    Reject(u16),
    /// Open the audio, keep what is heard in this file if one is named, and answer.
    Answer {
        wav: Option<String>,
    },
    Say {
        language: String,
        sounds: Vec<Sound>,
    },
    Press(String),
    Hangup,
    /// The call is over: let go of the audio, write the line.
    Done(Box<CallRecord>),
}

struct Member {
    person: Person,
    calls: usize,
}

enum State {
    /// Until then it rings, or nothing is said.
    Waiting {
        until: Mono,
        then: Pickup,
    },
    Talking {
        since: Mono,
        persona: Persona,
    },
    /// Ours is said; the far end has yet to agree.
    Leaving {
        since: Mono,
        persona: Persona,
    },
}

struct Line {
    record: CallRecord,
    came_at: Mono,
    language: String,
    behaviour: Behaviour,
    wav: Option<String>,
    state: State,
    deadline: Option<Mono>,
}

/// All people and all their lines.
pub struct Exchange {
    people: HashMap<String, Member>,
    lines: BTreeMap<u64, Line>,
    deadlines: BTreeSet<(Mono, u64)>,
    calls: u64,
}

impl Exchange {
    pub fn new(people: impl IntoIterator<Item = Person>) -> Exchange {
        let people = people.into_iter().map(|person| (person.number.clone(), Member { person, calls: 0 })).collect();
        Exchange { people, lines: BTreeMap::new(), deadlines: BTreeSet::new(), calls: 0 }
    }

    /// When to call [`tick`](Exchange::tick) at the latest.
    pub fn deadline(&self) -> Option<Mono> {
        self.deadlines.first().map(|(at, _)| *at)
    }

    pub fn lines_open(&self) -> usize {
        self.lines.len()
    }

    /// Everything whose time has come, with the line it is for.
    #[must_use]
    pub fn tick(&mut self, now: Mono) -> Vec<(u64, Order)> {
        let mut orders = Vec::new();
        // Each due line is taken once: whatever it sets anew lies ahead or waits for the next tick.
        let due: Vec<u64> = self.deadlines.iter().take_while(|(at, _)| *at <= now).map(|(_, id)| *id).collect();
        for id in due {
            let step = |line: &mut Line| line.tick(now);
            orders.extend(self.with_line(id, step).into_iter().map(|order| (id, order)));
        }
        orders
    }

    /// `id` names the call for as long as it lasts; a fact about a call that is over is ignored.
    #[must_use]
    pub fn handle(&mut self, now: Mono, id: u64, fact: Fact) -> Vec<Order> {
        match fact {
            Fact::Incoming { to, from } => self.incoming(now, id, to, from),
            Fact::Cancelled => self.with_line(id, |line| line.cancelled(now)),
            Fact::Ended => self.with_line(id, |line| line.ended(now)),
            Fact::VoiceStarted => self.with_line(id, |line| line.hear(now, PersonEvent::VoiceStarted)),
            Fact::VoiceEnded => self.with_line(id, |line| line.hear(now, PersonEvent::VoiceEnded)),
        }
    }

    fn incoming(&mut self, now: Mono, id: u64, to: String, from: String) -> Vec<Order> {
        self.calls += 1;
        let full = self.lines.len() >= CALLS_MAX;
        let member = self.people.get_mut(&to);
        let (nth, word, behaviour, language, record) = match member {
            Some(member) if !full => {
                let nth = member.calls;
                member.calls += 1;
                let behaviour = member.person.behaviour(nth).clone();
                (nth, behaviour.word(), behaviour, member.person.language.clone(), member.person.record)
            }
            Some(_) => (0, "network_full", Behaviour::Congestion, String::new(), false),
            None => (0, "stranger", Behaviour::Unknown, String::new(), false),
        };
        let wav = record.then(|| format!("{:05}-{language}-{word}.wav", self.calls));
        let then = behaviour.pickup();
        let (until, orders) = match then {
            Pickup::Reject(_) => (now + REJECT_AFTER, Vec::new()),
            Pickup::RingOn => (now + RING_MAX, vec![Order::Ring]),
            Pickup::SayNothing => (now + SILENT_MAX, vec![Order::Ignore]),
            Pickup::Answer { ring } => (now + ring, vec![Order::Ring]),
        };
        let record = CallRecord {
            call: self.calls,
            number: to,
            from,
            at_ms: now.0 / 1000,
            nth,
            behaviour: word.to_string(),
            answered: false,
            status: None,
            cancelled: false,
            ring_ms: 0,
            talk_ms: 0,
            keys: String::new(),
            heard_a_voice: false,
            confirm_pressed: false,
            promise_confirmed: false,
            ended_by: EndedBy::Person,
            wav: None,
        };
        let state = State::Waiting { until, then };
        let line = Line { record, came_at: now, language, behaviour, wav, state, deadline: Some(until) };
        self.deadlines.insert((until, id));
        self.lines.insert(id, line);
        orders
    }

    /// The network is being switched off: every call that is left gets its record.
    #[must_use]
    pub fn switch_off(&mut self, now: Mono) -> Vec<(u64, Order)> {
        let open: Vec<u64> = self.lines.keys().copied().collect();
        open.into_iter().flat_map(|id| self.with_line(id, |l| l.ended(now)).into_iter().map(move |o| (id, o))).collect()
    }

    /// One step of a line; then its deadline is set anew, or the line is taken down when it is done.
    fn with_line(&mut self, id: u64, step: impl FnOnce(&mut Line) -> Vec<Order>) -> Vec<Order> {
        let Some(line) = self.lines.get_mut(&id) else { return Vec::new() };
        let orders = step(line);
        if let Some(at) = line.deadline.take() {
            self.deadlines.remove(&(at, id));
        }
        if orders.iter().any(|order| matches!(order, Order::Done(_))) {
            self.lines.remove(&id);
        } else if let Some(at) = line.next_deadline() {
            line.deadline = Some(at);
            self.deadlines.insert((at, id));
        }
        orders
    }
}

impl Line {
    fn next_deadline(&self) -> Option<Mono> {
        match &self.state {
            State::Waiting { until, .. } => Some(*until),
            State::Talking { persona, .. } => persona.deadline(),
            // SIP answers for the end: it says `Ended` after 32 s of silence too.
            State::Leaving { .. } => None,
        }
    }

    fn tick(&mut self, now: Mono) -> Vec<Order> {
        match &mut self.state {
            State::Waiting { until, then } if *until <= now => match *then {
                Pickup::Reject(status) => self.rejected(now, status),
                Pickup::RingOn => self.rejected(now, 480),
                Pickup::SayNothing => vec![self.done(now, None)],
                Pickup::Answer { .. } => self.answer(now),
            },
            State::Talking { .. } => self.hear(now, PersonEvent::Ticked),
            State::Waiting { .. } | State::Leaving { .. } => Vec::new(),
        }
    }

    fn rejected(&mut self, now: Mono, status: u16) -> Vec<Order> {
        self.record.status = Some(status);
        vec![Order::Reject(status), self.done(now, None)]
    }

    fn answer(&mut self, now: Mono) -> Vec<Order> {
        self.record.answered = true;
        self.record.status = Some(200);
        self.record.ring_ms = millis(now, self.came_at);
        self.record.wav = self.wav.clone();
        self.state = State::Talking { since: now, persona: Persona::new(self.behaviour.clone()) };
        let mut orders = vec![Order::Answer { wav: self.wav.take() }];
        orders.extend(self.hear(now, PersonEvent::Answered));
        orders
    }

    fn cancelled(&mut self, now: Mono) -> Vec<Order> {
        self.record.cancelled = true;
        self.record.ended_by = EndedBy::Caller;
        vec![self.done(now, None)]
    }

    fn ended(&mut self, now: Mono) -> Vec<Order> {
        if let State::Talking { persona, .. } = &mut self.state {
            let orders = persona.handle(now, PersonEvent::Ended);
            debug_assert!(orders.is_empty(), "nobody acts after the end");
            self.record.ended_by = EndedBy::Caller;
        }
        let talk = match &self.state {
            State::Talking { since, persona } | State::Leaving { since, persona } => {
                Some((*since, persona.story().clone()))
            }
            State::Waiting { .. } => None,
        };
        if let Some((_, story)) = &talk {
            self.record.keys = story.keys.clone();
            self.record.heard_a_voice = story.heard_a_voice;
            self.record.confirm_pressed = story.confirm_pressed;
            self.record.promise_confirmed = story.promise_confirmed;
        }
        vec![self.done(now, talk.map(|(since, _)| since))]
    }

    fn hear(&mut self, now: Mono, event: PersonEvent) -> Vec<Order> {
        let State::Talking { persona, since } = &mut self.state else { return Vec::new() };
        let since = *since;
        let actions = persona.handle(now, event);
        let mut orders = Vec::with_capacity(actions.len());
        for action in actions {
            orders.push(match action {
                PersonAction::Say(sounds) => Order::Say { language: self.language.clone(), sounds },
                PersonAction::Press(keys) => Order::Press(keys),
                PersonAction::HangUp => Order::Hangup,
            });
        }
        if orders.contains(&Order::Hangup)
            && let State::Talking { persona, .. } =
                std::mem::replace(&mut self.state, State::Waiting { until: now, then: Pickup::SayNothing })
        {
            self.record.talk_ms = millis(now, since);
            self.state = State::Leaving { since, persona };
        }
        orders
    }

    fn done(&mut self, now: Mono, talking_since: Option<Mono>) -> Order {
        match talking_since {
            Some(since) if self.record.talk_ms == 0 => self.record.talk_ms = millis(now, since),
            Some(_) => {}
            None => self.record.ring_ms = millis(now, self.came_at),
        }
        Order::Done(Box::new(self.record.clone()))
    }
}

fn millis(now: Mono, since: Mono) -> u64 {
    now.since(since).as_millis() as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::person::Turn;

    fn town() -> Exchange {
        let person = |number: &str, calls: &[Behaviour]| Person {
            number: number.into(),
            language: "ru".into(),
            calls: calls.to_vec(),
            record: number == "+4",
        };
        let human = |turns: &[Turn]| Behaviour::Human { ring_ms: 1000, think_ms: 500, turns: turns.to_vec() };
        Exchange::new([
            person("+1", &[Behaviour::Busy, human(&[])]),
            person("+2", &[Behaviour::NoAnswer]),
            person("+3", &[Behaviour::Silent]),
            person("+4", &[human(&[Turn::Press("1".into()), Turn::Confirm("1".into())])]),
            person("+5", &[human(&[Turn::HangUp { after_ms: 2000 }])]),
        ])
    }

    /// A call to `number`: facts at their milliseconds; all orders as text, and the record.
    fn call(town: &mut Exchange, id: u64, number: &str, facts: &[(u64, Fact)]) -> (Vec<String>, Option<CallRecord>) {
        let (mut seen, mut record) = (Vec::new(), None);
        let mut note = |ms: u64, orders: Vec<Order>| {
            for order in orders {
                match order {
                    Order::Done(r) => record = Some(*r),
                    other => seen.push(format!("{ms} {other:?}")),
                }
            }
        };
        note(0, town.handle(Mono(0), id, Fact::Incoming { to: number.into(), from: "+9".into() }));
        for (ms, fact) in facts {
            while let Some(at) = town.deadline().filter(|at| at.0 < ms * 1000) {
                note(at.0 / 1000, town.tick(at).into_iter().map(|(_, order)| order).collect());
            }
            note(*ms, town.handle(Mono(ms * 1000), id, fact.clone()));
        }
        (seen, record)
    }

    #[test]
    fn a_busy_line_is_free_the_next_time() {
        let mut town = town();
        let (orders, record) = call(&mut town, 1, "+1", &[(500, Fact::Ended)]);
        assert_eq!(orders, ["150 Reject(486)"]);
        let record = record.unwrap();
        assert_eq!((record.behaviour.as_str(), record.status, record.answered), ("busy", Some(486), false));
        let (orders, record) = call(&mut town, 2, "+1", &[(5000, Fact::Ended)]);
        assert_eq!(orders[..2], ["0 Ring", "1000 Answer { wav: None }"]);
        let record = record.unwrap();
        assert_eq!((record.nth, record.ring_ms, record.talk_ms, record.ended_by), (1, 1000, 4000, EndedBy::Caller));
        assert_eq!((town.lines_open(), town.deadline()), (0, None));
    }

    #[test]
    fn calls_that_nobody_picks_up() {
        for (number, facts, orders, word, cancelled, status) in [
            ("+2", vec![(3000, Fact::Cancelled)], vec!["0 Ring"], "no_answer", true, None),
            (
                "+2",
                vec![(200_000, Fact::Cancelled)],
                vec!["0 Ring", "120000 Reject(480)"],
                "no_answer",
                false,
                Some(480),
            ),
            ("+3", vec![(50_000, Fact::Cancelled)], vec!["0 Ignore"], "silent", false, None),
            ("+7", vec![(1000, Fact::Ended)], vec!["150 Reject(404)"], "stranger", false, Some(404)),
        ] {
            let mut town = town();
            let (seen, record) = call(&mut town, 1, number, &facts);
            let record = record.unwrap();
            assert_eq!(seen, orders, "{number}");
            assert_eq!((record.behaviour.as_str(), record.cancelled, record.status), (word, cancelled, status));
            assert_eq!((town.lines_open(), town.deadline()), (0, None));
        }
    }

    #[test]
    fn a_promise_from_ring_to_goodbye() {
        let mut town = town();
        let facts = [
            (1100, Fact::VoiceStarted),
            (3000, Fact::VoiceEnded),
            (4000, Fact::VoiceStarted),
            (6000, Fact::VoiceEnded),
            (7000, Fact::VoiceStarted),
            (9000, Fact::Ended),
        ];
        let (orders, record) = call(&mut town, 1, "+4", &facts);
        let expected = [
            "0 Ring",
            "1000 Answer { wav: Some(\"00001-ru-human.wav\") }",
            "1000 Say { language: \"ru\", sounds: [Hello] }",
            "3500 Press(\"1\")",
            "6500 Press(\"1\")",
        ];
        assert_eq!(orders, expected);
        let record = record.unwrap();
        assert!(record.promise_confirmed && record.confirm_pressed && record.answered);
        assert_eq!((record.keys.as_str(), record.talk_ms), ("1 1", 8000));
        assert_eq!(record.wav.as_deref(), Some("00001-ru-human.wav"));
        let line = serde_json::to_string(&record).unwrap();
        assert_eq!(serde_json::from_str::<CallRecord>(&line).unwrap(), record);
    }

    #[test]
    fn whoever_hangs_up_is_written_down() {
        let mut town = town();
        let (orders, record) = call(&mut town, 1, "+5", &[(1500, Fact::VoiceStarted), (3500, Fact::Ended)]);
        assert_eq!(orders.last().unwrap(), "3000 Hangup");
        let record = record.unwrap();
        assert_eq!((record.ended_by, record.talk_ms), (EndedBy::Person, 2000));
        assert_eq!((town.lines_open(), town.deadline()), (0, None));
    }

    #[test]
    fn facts_about_calls_that_are_over_are_ignored() {
        let mut town = town();
        for fact in [Fact::Ended, Fact::Cancelled, Fact::VoiceStarted, Fact::VoiceEnded] {
            assert!(town.handle(Mono(5), 99, fact).is_empty());
        }
    }
}
