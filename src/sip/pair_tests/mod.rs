//! Two user agents on one line, in virtual time. The line can be slow, lose, double and reorder, all from a seed.

mod alone;
mod calls;
mod carriers;
mod forks;
mod midcall;
mod rough;
mod transfers;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::auth::Credentials;
use super::config::Config;
use super::hop::{Hop, Peer};
use super::message::{Message, parse};
use super::order::{Command, DialogId, Event, Input, Output};
use super::user_agent::UserAgent;
use crate::audio::Codec;
use crate::secret::Secret;
use crate::time::Mono;

pub(super) const CALLER: usize = 0;
pub(super) const CALLEE: usize = 1;

pub(super) fn addr(who: usize) -> SocketAddr {
    SocketAddr::new([10, 0, 0, 1 + who as u8].into(), 5060)
}

pub(super) fn hop(who: usize) -> Hop {
    Hop::udp(addr(who))
}

pub(super) fn audio(who: usize) -> SocketAddr {
    SocketAddr::new([10, 0, 0, 1 + who as u8].into(), 4000)
}

pub(super) fn ms(ms: u64) -> Mono {
    Mono(ms * 1000)
}

/// How the line treats packets, in percent and milliseconds.
#[derive(Clone, Copy)]
pub(super) struct Line {
    pub(super) lost: u64,
    pub(super) doubled: u64,
    pub(super) delay_min: u64,
    pub(super) delay_max: u64,
}

pub(super) const CLEAN: Line = Line { lost: 0, doubled: 0, delay_min: 10, delay_max: 10 };

/// Orders to the callee about a call, so many milliseconds after it came.
pub(super) type Doings = Vec<(u64, fn(DialogId) -> Command)>;

pub(super) struct World {
    pub(super) agents: [UserAgent; 2],
    pub(super) now: Mono,
    pub(super) line: Line,
    pub(super) rng: StdRng,
    pub(super) serial: u64,
    pub(super) wire: BTreeMap<(Mono, u64), (usize, Vec<u8>)>,
    pub(super) script: BTreeMap<(Mono, u64), (usize, Command)>,
    pub(super) on_incoming: Doings,
    pub(super) events: Vec<(Mono, usize, Event)>,
    /// Every packet that was sent: `>` from the caller.
    pub(super) sent: Vec<(Mono, usize, Vec<u8>)>,
}

impl World {
    pub(super) fn new(line: Line, seed: u64, configure: impl Fn(usize, &mut Config)) -> World {
        let agent = |who: usize| {
            let mut config = Config::new(addr(who), [seed as u8 ^ who as u8; 32]);
            config.peer = (who == CALLER).then(|| Peer::at(hop(CALLEE)));
            configure(who, &mut config);
            UserAgent::new(Mono::ZERO, config)
        };
        World {
            agents: [agent(CALLER), agent(CALLEE)],
            now: Mono::ZERO,
            line,
            rng: StdRng::seed_from_u64(seed),
            serial: 0,
            wire: BTreeMap::new(),
            script: BTreeMap::new(),
            on_incoming: Vec::new(),
            events: Vec::new(),
            sent: Vec::new(),
        }
    }

    pub(super) fn at(&mut self, at: u64, who: usize, command: Command) {
        self.serial += 1;
        self.script.insert((ms(at), self.serial), (who, command));
    }

    pub(super) fn dial(&mut self, at: u64, ring_ms_max: u64) -> DialogId {
        let dialog = self.agents[CALLER].reserve();
        let command = Command::Dial {
            dialog,
            to: "+79161234567".into(),
            from: "+74950000000".into(),
            media: audio(CALLER),
            ring_ms_max,
        };
        self.at(at, CALLER, command);
        dialog
    }

    pub(super) fn feed(&mut self, who: usize, input: Input) {
        for output in self.agents[who].handle(self.now, input) {
            match output {
                Output::Send { to, bytes } => {
                    assert_eq!(to, hop(1 - who), "everything goes to the other");
                    self.sent.push((self.now, who, bytes.clone()));
                    self.post(1 - who, bytes);
                }
                Output::Event(event) => {
                    if let Event::Incoming { dialog, .. } = event {
                        for (after, command) in self.on_incoming.clone() {
                            self.serial += 1;
                            let at = self.now + Duration::from_millis(after);
                            self.script.insert((at, self.serial), (who, command(dialog)));
                        }
                    }
                    self.events.push((self.now, who, event));
                }
            }
        }
    }

    fn post(&mut self, to: usize, bytes: Vec<u8>) {
        let roll = self.rng.next_u64() % 100;
        let copies = if roll < self.line.lost {
            0
        } else if roll < self.line.lost + self.line.doubled {
            2
        } else {
            1
        };
        for _ in 0..copies {
            self.serial += 1;
            let spread = self.line.delay_max - self.line.delay_min + 1;
            let delay = self.line.delay_min + self.rng.next_u64() % spread;
            self.wire.insert((self.now + Duration::from_millis(delay), self.serial), (to, bytes.clone()));
        }
    }

    /// Until nothing is left to happen, or until `limit`. Panics when it never ends.
    pub(super) fn run_until(&mut self, limit: Mono) {
        for _ in 0..1_000_000 {
            let script = self.script.keys().next().map(|(at, _)| *at);
            let wire = self.wire.keys().next().map(|(at, _)| *at);
            let timers = self.agents.iter().filter_map(UserAgent::deadline).min();
            let Some(next) = [script, wire, timers].into_iter().flatten().min().filter(|at| *at <= limit) else {
                return;
            };
            self.now = self.now.max(next);
            if script == Some(next) {
                let (_, (who, command)) = self.script.pop_first().unwrap();
                self.feed(who, Input::Command(command));
            } else if wire == Some(next) {
                let (_, (who, bytes)) = self.wire.pop_first().unwrap();
                self.feed(who, Input::Message { from: hop(1 - who), bytes: &bytes });
            } else {
                for who in [CALLER, CALLEE] {
                    if self.agents[who].deadline().is_some_and(|at| at <= next) {
                        self.feed(who, Input::Ticked);
                    }
                }
            }
        }
        panic!("it never ends");
    }

    pub(super) fn run(&mut self) {
        self.run_until(Mono(u64::MAX));
    }

    /// `0 > INVITE` or `20 < 180 INVITE`: milliseconds, direction, what.
    pub(super) fn transcript(&self) -> Vec<String> {
        let line = |(at, who, bytes): &(Mono, usize, Vec<u8>)| {
            let arrow = if *who == CALLER { '>' } else { '<' };
            let what = match parse(bytes, hop(*who)) {
                Ok(Message::Request(r)) => r.head.method.to_string(),
                Ok(Message::Response(r)) => format!("{} {}", r.status, r.head.method),
                Err(_) => panic!("unreadable: {}", String::from_utf8_lossy(bytes)),
            };
            format!("{} {arrow} {what}", at.0 / 1000)
        };
        self.sent.iter().map(line).collect()
    }

    pub(super) fn told(&self, who: usize) -> Vec<String> {
        let of = self.events.iter().filter(|(_, w, _)| *w == who);
        of.map(|(at, _, event)| format!("{} {}", at.0 / 1000, name(event))).collect()
    }

    pub(super) fn assert_forgotten(&self) {
        for agent in &self.agents {
            agent.check();
            assert_eq!((agent.calls_open(), agent.transactions_kept().0), (0, 0), "nothing is kept for ever");
            assert_eq!(agent.deadline(), None);
        }
    }
}

pub(super) fn name(event: &Event) -> String {
    match event {
        Event::Ringing { .. } => "ringing".into(),
        Event::Answered { media, .. } => format!("answered {:?} {:?}", media.codec, media.dtmf_payload),
        Event::Failed { cause, status, .. } => format!("failed {cause} {}", status.unwrap_or(0)),
        Event::Incoming { replaces, .. } => {
            if replaces.is_some() {
                "replaced".into()
            } else {
                "incoming".into()
            }
        }
        Event::OfferRefused { status, .. } => format!("not changed {status}"),
        Event::Referred { outcome, .. } => format!("referred {outcome:?}"),
        Event::ReferAsked { to, .. } => format!("sent to {}", to.full()),
        Event::Acked { .. } => "acked".into(),
        Event::EarlyMedia { media, .. } => format!("early {}", media.addr),
        Event::Digit { digit, duration_ms, .. } => format!("digit {digit} {duration_ms:?}"),
        Event::Cancelled { .. } => "cancelled".into(),
        Event::MediaChanged { media, .. } => format!("moved {} {}", media.addr, media.direction),
        Event::Ended { cause, .. } => format!("ended {cause}"),
        Event::PeerUp => "up".into(),
        Event::PeerDown => "down".into(),
        Event::Registered { is, .. } => format!("registered {is}"),
    }
}

pub(super) fn ring(dialog: DialogId) -> Command {
    Command::Ring { dialog }
}

pub(super) fn answer(dialog: DialogId) -> Command {
    Command::Answer { dialog, media: audio(CALLEE), codec: Codec::Pcma }
}

pub(super) fn busy(dialog: DialogId) -> Command {
    Command::Reject { dialog, status: 486 }
}

pub(super) fn ignore(dialog: DialogId) -> Command {
    Command::Ignore { dialog }
}

pub(super) fn hang_up(dialog: DialogId) -> Command {
    Command::Hangup { dialog }
}

pub(super) fn secret(password: &str) -> Credentials {
    Credentials { username: "trunk".into(), password: Secret::new(password) }
}
