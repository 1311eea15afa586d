//! The kinds of nodes, one file each: its docs, keys, outcomes, lowering and test together.
//!
//! To add a kind: write its file, add it to [`ALL`], give `program::Step` its variant and `graph` its edges.

mod branch;
mod call;
mod collect;
mod end;
mod exit;
mod menu;
mod notify;
mod opt_out;
mod promise;
mod queue;
mod reason;
mod record;
mod request;
mod say;
mod set;
mod transfer;
mod verify;

pub use end::RESULTS;
pub use menu::{is_key, is_key_run};

use std::fmt;
use std::time::Duration;

use super::codes;
use super::context::{Context, Said, Used};
use super::expr::{Expr, Type};
use super::graph::Fact;
use super::program::{Listen, MessageId, NamedStep, Step, StepId, VarId, Via};
use super::yaml::{Entry, Map, Node, Value};
use crate::diagnostic::Span;

/// What a kind of node is, for the reader of a flow and for the reader of the reference.
pub struct Kind {
    pub name: &'static str,
    pub about: &'static str,
    /// Keys beside the outcomes. The first is the kind's own.
    pub keys: &'static [Key],
    pub outcomes: &'static [Outcome],
    pub presence: Presence,
    /// Declares the variables that a node of this kind sets.
    declare: fn(&mut Reader<'_, '_>),
    lower: fn(&mut Reader<'_, '_>) -> Option<Step>,
    /// What is surely so once the step has been left by this way.
    pub(super) facts: fn(&Step, Via) -> Vec<Fact>,
}

/// Whom a kind of node has to do with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// Makes sense whoever or whatever is on the line.
    Nobody,
    /// A person has to be there.
    Person,
    /// A person is asked for keys; the node takes the keys of [`LISTENING`].
    Keys,
}

impl Kind {
    /// Waits for keys.
    pub fn listens(&self) -> bool {
        self.presence == Presence::Keys
    }
}

impl fmt::Debug for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

pub struct Key {
    pub name: &'static str,
    pub required: bool,
    pub about: &'static str,
}

pub struct Outcome {
    pub name: &'static str,
    pub about: &'static str,
    /// Needs no act of the person: speech that ends, silence, nobody at the other end.
    pub alone: bool,
    /// The outcome whose route is taken where this one has none.
    pub or: Option<&'static str>,
    /// Routed only by nodes that can come to it.
    pub if_needed: bool,
}

const fn required(name: &'static str, about: &'static str) -> Key {
    Key { name, required: true, about }
}

const fn optional(name: &'static str, about: &'static str) -> Key {
    Key { name, required: false, about }
}

/// An outcome that the person brings about.
const fn acted(name: &'static str, about: &'static str) -> Outcome {
    Outcome { name, about, alone: false, or: None, if_needed: false }
}

/// An outcome that comes about when the person does nothing.
const fn alone(name: &'static str, about: &'static str) -> Outcome {
    Outcome { name, about, alone: true, or: None, if_needed: false }
}

impl Outcome {
    /// Without a route of its own it goes where `other` goes.
    const fn or(self, other: &'static str) -> Outcome {
        Outcome { or: Some(other), ..self }
    }

    const fn if_needed(self) -> Outcome {
        Outcome { if_needed: true, ..self }
    }
}

pub const ALL: &[&Kind] = &[
    &say::KIND,
    &menu::KIND,
    &collect::KIND,
    &verify::KIND,
    &promise::KIND,
    &reason::KIND,
    &branch::KIND,
    &set::KIND,
    &request::KIND,
    &queue::KIND,
    &transfer::KIND,
    &record::KIND,
    &notify::KIND,
    &opt_out::KIND,
    &call::KIND,
    &exit::KIND,
    &end::KIND,
];

/// Keys of every node that listens; each may also stand under `defaults`.
pub const LISTENING: &[Key] = &[
    optional("timeout", "from the end of the prompt to the first key; 6s"),
    optional("gap", "between the keys of one entry; 3s"),
    optional("tries", "prompt and wait, in all; 2, or as many as there are prompts"),
    optional("barge_in", "a key stops the prompt; true"),
    optional("type_ahead", "keys pressed before are kept and used; true"),
    optional("whole", "from the end of the prompt to the last key of one entry; 60s"),
    optional("secret", "the keys stand in no log; false"),
];

const NO_MATCH: Key = optional("no_match", "message before the next try after a wrong key; may stand under `defaults`");
const NO_INPUT: Key = optional("no_input", "message before the next try after silence; may stand under `defaults`");

/// Most messages in one list.
const MESSAGES_MAX: usize = 20;

/// A node being read.
pub struct Reader<'c, 's> {
    pub cx: &'c mut Context<'s>,
    pub id: StepId,
    pub name: &'c str,
    pub span: Span,
    pub kind: &'static Kind,
    pub map: &'c Map,
    /// The ways out found so far.
    pub ways: Vec<(Via, StepId)>,
    /// Of the outcomes that are routed only if needed, those that are.
    pub needed: Vec<&'static str>,
}

/// The kind of the node, by the key it has. Reports a node of none or two.
pub fn kind_of(cx: &mut Context<'_>, name: &str, span: Span, map: &Map) -> Option<&'static Kind> {
    let is_kind = |e: &&Entry| ALL.iter().any(|k| k.name == e.key);
    let found: Vec<&Entry> = map.entries.iter().filter(is_kind).collect();
    let beside_say: Vec<&&Entry> = found.iter().filter(|e| e.key != "say").collect();
    let entry = match (found.as_slice(), beside_say.as_slice()) {
        ([one], _) => one,
        (_, [one]) if ["end", "queue", "transfer", "request"].contains(&one.key.as_str()) => one,
        ([], _) => {
            let names: Vec<&str> = ALL.iter().map(|k| k.name).collect();
            let near = map
                .entries
                .iter()
                .take(50)
                .filter(|e| e.key.len() <= 64)
                .find_map(|e| Some((e.key_span, crate::diagnostic::did_you_mean(&e.key, names.iter().copied())?)));
            let message = format!("node `{name}` has no kind; one of {} is expected", names.join(", "));
            match near {
                Some((at, near)) => cx.error_help(codes::KIND, at, message, format!("did you mean `{near}`?")),
                None => cx.error(codes::KIND, span, message),
            }
            return None;
        }
        (_, _) => {
            let keys: Vec<&str> = found.iter().map(|e| e.key.as_str()).collect();
            let message = format!("node `{name}` is of several kinds: {}", keys.join(", "));
            cx.error_help(codes::KIND, found[1].key_span, message, "make a node of each and lead from one to the next");
            return None;
        }
    };
    ALL.iter().find(|k| k.name == entry.key).copied()
}

impl<'c> Reader<'c, '_> {
    pub fn declare(&mut self) {
        (self.kind.declare)(self);
    }

    /// The step, unless something needed for it is missing or wrong; then that has been reported.
    pub fn lower(&mut self) -> Option<NamedStep> {
        self.check_keys();
        let step = (self.kind.lower)(self);
        let routed = self.route_outcomes();
        let mut says: Vec<MessageId> = Vec::new();
        for said in self.cx.said.iter().rev().take_while(|s| s.step == self.id).filter(|s| !s.written) {
            if !says.contains(&said.message) {
                says.push(said.message);
            }
        }
        says.reverse();
        routed?;
        let routes = std::mem::take(&mut self.ways);
        let name = format!("{}{}", self.cx.frame().prefix, self.name);
        Some(NamedStep { name, kind: self.kind, step: step?, routes, says })
    }

    fn route_outcomes(&mut self) -> Option<()> {
        let mut all = Some(());
        for outcome in self.kind.outcomes {
            if outcome.if_needed && !self.needed.contains(&outcome.name) {
                continue;
            }
            let own = self.own_or_default(outcome.name).is_some();
            let target = match outcome.or.filter(|_| !own) {
                // Routed by then: `or` names an earlier outcome.
                Some(other) => self.ways.iter().find(|(via, _)| *via == Via::Outcome(other)).map(|(_, to)| *to),
                None => self.route(outcome.name),
            };
            match target {
                Some(to) => self.way(Via::Outcome(outcome.name), to),
                None => all = None,
            }
        }
        all
    }

    /// The node can come to this outcome.
    pub fn need(&mut self, outcome: &'static str) {
        self.needed.push(outcome);
    }

    /// The step can be left by this way.
    pub fn way(&mut self, via: Via, to: StepId) {
        self.ways.push((via, to));
    }

    fn check_keys(&mut self) {
        let mut known: Vec<&str> = self.kind.keys.iter().map(|k| k.name).collect();
        known.extend(self.kind.outcomes.iter().map(|o| o.name));
        if self.kind.listens() {
            known.extend(LISTENING.iter().map(|k| k.name));
        }
        let what = format!("key of a `{}` node", self.kind.name);
        self.cx.known_keys(self.map, &what, &known);
        for key in self.kind.keys.iter().filter(|k| k.required) {
            if self.map.get(key.name).is_none() {
                let message = format!("node `{}` ({}) lacks `{}`: {}", self.name, self.kind.name, key.name, key.about);
                self.cx.error(codes::MISSING_KEY, self.span, message);
            }
        }
    }

    pub fn get(&self, key: &str) -> Option<&'c Node> {
        self.map.get(key).map(|e| &e.value)
    }

    /// The node's own key or the default for all nodes.
    fn own_or_default(&self, key: &str) -> Option<Node> {
        self.get(key).cloned().or_else(|| self.cx.frame().defaults.get(key).map(|e| e.value.clone()))
    }

    /// Where an outcome leads. Reports it when it leads nowhere.
    fn route(&mut self, outcome: &'static str) -> Option<StepId> {
        let Some(node) = self.own_or_default(outcome) else {
            let about = self.kind.outcomes.iter().find(|o| o.name == outcome).map_or("", |o| o.about);
            let message =
                format!("node `{}` ({}) does not say where `{outcome}` leads: {about}", self.name, self.kind.name);
            let help = format!("add `{outcome}: some_node` here or under `defaults`");
            self.cx.error_help(codes::UNROUTED, self.span, message, help);
            return None;
        };
        self.target(&node, outcome)
    }

    pub fn target(&mut self, node: &Node, what: &str) -> Option<StepId> {
        let scalar = self.cx.scalar(node, &format!("`{what}`"))?;
        Some(self.cx.node(scalar, node.span))
    }

    /// Messages under `key`, one or a list. Empty when there are none or all are unknown.
    pub fn messages(&mut self, key: &str, set: &[VarId]) -> Vec<MessageId> {
        let Some(node) = self.get(key) else { return Vec::new() };
        if let Value::List(items) = &node.value
            && !(1..=MESSAGES_MAX).contains(&items.len())
        {
            self.cx.error(codes::SHAPE, node.span, format!("`{key}` lists 1 to {MESSAGES_MAX} messages"));
            return Vec::new();
        }
        let found = self.cx.scalars(node, &format!("`{key}`"));
        found.into_iter().filter_map(|(scalar, span)| self.say(scalar, span, set)).collect()
    }

    /// The one message under `key`.
    pub fn message(&mut self, key: &str, set: &[VarId]) -> Option<MessageId> {
        let node = self.own_or_default(key)?;
        self.message_of(&node, key, set)
    }

    pub fn message_of(&mut self, node: &Node, key: &str, set: &[VarId]) -> Option<MessageId> {
        let scalar = self.cx.scalar(node, &format!("`{key}`"))?;
        self.say(scalar, node.span, set)
    }

    fn say(&mut self, scalar: &super::yaml::Scalar, span: Span, set: &[VarId]) -> Option<MessageId> {
        let message = self.cx.message(scalar, span)?;
        self.cx.said.push(Said { step: self.id, message, span, set: set.to_vec(), written: false });
        Some(message)
    }

    /// A message that is written to the person, not spoken.
    pub fn written(&mut self, node: &Node, key: &str) -> Option<MessageId> {
        let message = self.message_of(node, key, &[])?;
        if let Some(said) = self.cx.said.last_mut() {
            said.written = true;
        }
        Some(message)
    }

    /// An expression evaluated at this node.
    pub fn expr(&mut self, node: &Node, what: &str) -> Option<(Expr, Type)> {
        let (expr, ty) = self.cx.expr(node, what)?;
        self.cx.used.push(Used { step: self.id, expr: expr.clone(), span: node.span, also: Vec::new() });
        Some((expr, ty))
    }

    pub fn duration(&mut self, key: &str, otherwise: Duration, least: Duration, most: Duration) -> Duration {
        match self.own_or_default(key) {
            Some(node) => self.cx.duration(&node, &format!("`{key}`"), least, most).unwrap_or(otherwise),
            None => otherwise,
        }
    }

    /// The `timeout` of another party that is rung, in seconds. Not from `defaults`: there `timeout` is the wait for a key.
    /// `None`: faulty.
    fn ringing(&mut self, otherwise: u64, least: u64, most: u64) -> Option<Duration> {
        let seconds = Duration::from_secs;
        match self.get("timeout") {
            Some(node) => self.cx.duration(node, "`timeout`", seconds(least), seconds(most)),
            None => Some(seconds(otherwise)),
        }
    }

    pub fn number(&mut self, key: &str, otherwise: u32, least: u32, most: u32) -> u32 {
        match self.own_or_default(key) {
            Some(node) => self.cx.number(&node, &format!("`{key}`"), least, most).unwrap_or(otherwise),
            None => otherwise,
        }
    }

    pub fn truth(&mut self, key: &str, otherwise: bool) -> bool {
        match self.own_or_default(key) {
            Some(node) => self.cx.truth(&node, &format!("`{key}`")).unwrap_or(otherwise),
            None => otherwise,
        }
    }

    pub fn listen(&mut self, prompts: usize) -> Listen {
        let seconds = Duration::from_secs;
        // More wordings than tries would leave some unsaid, so wordings raise the default, not the explicit count.
        let tries = self.number("tries", 2, 1, 9);
        let tries = if self.map.get("tries").is_some() { tries } else { tries.max(prompts as u32) };
        Listen {
            barge_in: self.truth("barge_in", true),
            type_ahead: self.truth("type_ahead", true),
            first_key: self.duration("timeout", seconds(6), seconds(1), seconds(60)),
            whole: self.duration("whole", seconds(60), seconds(5), seconds(300)),
            secret: self.truth("secret", false),
            gap: self.duration("gap", seconds(3), Duration::from_millis(500), seconds(20)),
            tries,
        }
    }
}

/// Kinds that set no variables.
fn declares_nothing(_: &mut Reader<'_, '_>) {}

/// Kinds after which nothing more is known than before.
fn teaches_nothing(_: &Step, _: Via) -> Vec<Fact> {
    Vec::new()
}

/// What a test of one kind needs: a whole small flow around `nodes`, compiled; the step of the node `x`.
#[cfg(test)]
pub(super) mod tests {
    use crate::flow::program::{Program, Step};

    pub const AROUND: &str = "flow: f\nversion: 1\nlanguages: [en]\n\
        contact: { name: text, amount: money, due: date, last4: digits(4), email: text?, paid: bool }\n\
        messages: { a: { en: A. }, b: { en: B. }, c: { en: Press *5. }, d: { en: Press 5. } }\n\
        hotkeys: { \"*9\": stop }\nstart: x\n";
    pub const ENDS: &str = "  stop: { opt_out: number, next: bye }\n  bye: { say: [a, b, c, d], end: informed }\n";

    pub fn compiled(node: &str) -> Program {
        let source = format!("{AROUND}nodes:\n  x: {node}\n{ENDS}");
        let out = crate::flow::compile(&source);
        let shown = crate::diagnostic::render_all(&out.diagnostics, "x.yaml", &source);
        assert!(out.diagnostics.is_empty(), "{shown}");
        out.program.expect("no errors")
    }

    pub fn step(node: &str) -> Step {
        compiled(node).steps[0].step.clone()
    }

    pub fn codes(node: &str) -> Vec<&'static str> {
        let source = format!("{AROUND}nodes:\n  x: {node}\n{ENDS}");
        crate::flow::compile(&source).diagnostics.iter().map(|d| d.code).collect()
    }
}
