//! Flows made at random that the compiler must pass: every kind of node, protection, proof, the machine's path, hotkeys,
//! optional fields behind their guards, variables, loops that silence leaves.
//!
//! What is known at a node (somebody was verified, a field is there, a variable is set) only grows on the way down. So a node
//! may be led to from everywhere where as much is known: from a new way down, and back up from a key. Ways that need nobody
//! never lead back up.
//!
//! A new kind of node is one more line in [`ARMS`] and its function.

use std::collections::BTreeSet;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use ringback::flow::Library;
use serde_json::{Map, Value, json};

/// A flow as a tree; as text it is JSON, which is YAML too.
pub fn flow(seed: u64, nodes: usize) -> Value {
    let mut maker = Maker::new(StdRng::seed_from_u64(seed), nodes);
    let start = maker.grow(&Known::default());
    let mut hotkeys = Map::from_iter([("*9".to_string(), json!("stop"))]);
    if maker.dice(0.4) {
        let other = maker.grow(&Known::default());
        hotkeys.insert("*1".into(), json!(other));
    }
    let stopped = maker.message(&Known::default());
    let scope = maker.pick(&["number", "person"]);
    maker.nodes.insert("stop".into(), json!({ "opt_out": scope, "next": "stopped" }));
    maker.nodes.insert("stopped".into(), json!({ "say": stopped, "end": "opted_out" }));
    let on_machine = maker.dice(0.8).then(|| {
        maker.left = 3;
        maker.grow(&Known { machine: true, ..Known::default() })
    });
    let contact: Map<String, Value> = maker
        .fields
        .iter()
        .map(|f| (f.name.to_string(), json!(format!("{}{}", f.ty, if f.optional { "?" } else { "" }))))
        .collect();
    let protect: Vec<&str> = maker.fields.iter().filter(|f| f.protected).map(|f| f.name).collect();
    let mut flow = json!({
        "flow": format!("made_{seed}"), "version": 1, "languages": maker.languages, "contact": contact,
        "protect": protect, "defaults": { "timeout": maker.pick(&["2s", "6s"]), "gap": "1s" },
        "messages": maker.messages, "start": start, "hotkeys": hotkeys, "nodes": maker.nodes,
    });
    if let Some(entry) = on_machine {
        flow["on_machine"] = json!(entry);
    }
    // A promise that is the only one gives its variables another name.
    match maker.promises.as_slice() {
        [only] => {
            let text = flow.to_string().replace(&format!("{only}."), "promise.");
            serde_json::from_str(&text).expect("a name for a name")
        }
        _ => flow,
    }
}

/// The kinds: name, how often, how.
#[allow(clippy::type_complexity)]
pub const ARMS: &[(&str, u32, fn(&mut Maker, &str, &Known) -> Value)] = &[
    ("say", 4, say),
    ("menu", 5, menu),
    ("collect", 2, collect),
    ("verify", 4, verify),
    ("call", 2, call),
    ("promise", 3, promise),
    ("branch", 3, branch),
    ("set", 2, set),
    ("queue", 2, queue),
    ("notify", 2, notify),
    ("reason", 2, reason),
    ("request", 1, request),
    ("transfer", 1, transfer),
    ("record", 1, record),
    ("opt_out", 1, opt_out),
    ("end", 1, |maker, _, known| maker.end_node(known)),
];

struct Field {
    name: &'static str,
    ty: &'static str,
    optional: bool,
    protected: bool,
}

/// A variable that can be spoken.
struct Variable {
    /// With its format.
    slot: String,
    name: String,
    /// Computed from something protected.
    secret: bool,
}

/// What holds on every path to a node.
#[derive(Clone, Default, PartialEq)]
pub struct Known {
    machine: bool,
    verified: bool,
    promised: bool,
    opted_out: bool,
    talked: bool,
    has: BTreeSet<&'static str>,
    set: BTreeSet<String>,
}

impl Known {
    /// A node that was made for `other` may be led to from here.
    fn covers(&self, other: &Known) -> bool {
        self.machine == other.machine
            && (self.verified || !other.verified)
            && (self.promised || !other.promised)
            && (self.opted_out || !other.opted_out)
            && (self.talked || !other.talked)
            && self.has.is_superset(&other.has)
            && self.set.is_superset(&other.set)
    }
}

pub struct Maker {
    rng: StdRng,
    languages: Vec<&'static str>,
    fields: Vec<Field>,
    variables: Vec<Variable>,
    messages: Map<String, Value>,
    nodes: Map<String, Value>,
    /// Nodes above the one being made.
    open: Vec<(String, Known)>,
    /// Nodes whose ways out are all made.
    closed: Vec<(String, Known)>,
    promises: Vec<String>,
    count: usize,
    /// Nodes that may still be made, but for ends.
    left: usize,
}

impl Maker {
    fn new(mut rng: StdRng, nodes: usize) -> Maker {
        const POOL: [(&str, &str, f64); 10] = [
            ("name", "text", 0.0),
            ("amount", "money", 0.0),
            ("due", "date", 0.3),
            ("born", "date", 0.7),
            ("code", "digits(5)", 0.5),
            ("mobile", "phone", 0.5),
            ("email", "text", 0.8),
            ("service", "enum(water, heating)", 0.3),
            ("count", "number", 0.5),
            ("keen", "bool", 0.3),
        ];
        let mut fields = vec![Field { name: "last4", ty: "digits(4)", optional: false, protected: false }];
        for (name, ty, optional) in POOL {
            if name == "amount" || rng.random_bool(0.7) {
                let speakable = !ty.starts_with("enum") && ty != "bool";
                let protected = name == "amount" && rng.random_bool(0.9) || speakable && rng.random_bool(0.3);
                fields.push(Field { name, ty, optional: rng.random_bool(optional), protected });
            }
        }
        let languages = match rng.random_range(0..3) {
            0 => vec!["en"],
            1 => vec!["ru", "en"],
            _ => vec!["en", "ru"],
        };
        Maker {
            rng,
            languages,
            fields,
            variables: Vec::new(),
            messages: Map::new(),
            nodes: Map::new(),
            open: Vec::new(),
            closed: Vec::new(),
            promises: Vec::new(),
            count: 0,
            left: nodes,
        }
    }

    fn dice(&mut self, chance: f64) -> bool {
        self.rng.random_bool(chance)
    }

    fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[self.rng.random_range(0..from.len())].clone()
    }

    /// A new node with all that follows from it.
    fn grow(&mut self, known: &Known) -> String {
        self.count += 1;
        let name = format!("n{}", self.count);
        let arms: Vec<_> = ARMS.iter().filter(|(kind, ..)| self.fits(kind, known)).collect();
        let total: u32 = arms.iter().map(|(_, weight, _)| weight).sum();
        let mut at = self.rng.random_range(0..total);
        let (kind, _, make) = arms
            .into_iter()
            .find(|(_, weight, _)| {
                let here = at < *weight;
                at = at.saturating_sub(*weight);
                here
            })
            .expect("the weights add up");
        // A back edge needs something above it; and the first node is no end.
        let end = (self.left == 0 || *kind == "end") && !self.open.is_empty();
        self.left = self.left.saturating_sub(1);
        self.open.push((name.clone(), known.clone()));
        let node = if end { self.end_node(known) } else { make(self, &name, known) };
        self.open.pop();
        self.nodes.insert(name.clone(), node);
        self.closed.push((name.clone(), known.clone()));
        name
    }

    /// Whether a node of this kind may stand where so much is known.
    fn fits(&self, kind: &str, known: &Known) -> bool {
        let secret_sum = self.fields.iter().any(|f| f.name == "amount" && f.protected);
        match kind {
            "menu" | "collect" | "verify" | "call" | "queue" | "reason" | "transfer" | "record" => !known.machine,
            "promise" => !known.machine && (known.verified || !secret_sum),
            _ => true,
        }
    }

    /// Where a way leads that somebody takes: down, or back to a node above.
    fn acted(&mut self, known: &Known) -> Value {
        let above: Vec<String> =
            self.open.iter().filter(|(_, needs)| known.covers(needs)).map(|(name, _)| name.clone()).collect();
        if !above.is_empty() && self.dice(0.15) {
            return json!(self.pick(&above));
        }
        self.alone(known)
    }

    /// Where a way leads that needs nobody: down.
    fn alone(&mut self, known: &Known) -> Value {
        let made: Vec<String> =
            self.closed.iter().filter(|(_, needs)| known.covers(needs)).map(|(name, _)| name.clone()).collect();
        if !made.is_empty() && (self.left == 0 || self.dice(0.3)) {
            return json!(self.pick(&made));
        }
        json!(self.grow(known))
    }

    fn end_node(&mut self, known: &Known) -> Value {
        let mut results = vec!["informed", "no_input", "refused", "disputed", "already_paid", "callback_requested"];
        if known.machine {
            results = vec!["machine", "voicemail_left"];
        }
        results.extend(
            [(known.promised, "promised"), (known.opted_out, "opted_out"), (known.talked, "transferred")]
                .iter()
                .filter(|(so, _)| *so)
                .flat_map(|(_, result)| [*result; 5]),
        );
        let mut node = json!({ "end": self.pick(&results) });
        if self.dice(0.7) {
            node["say"] = json!(self.message(known));
        }
        node
    }

    /// A message that may be said where so much is known.
    fn message(&mut self, known: &Known) -> String {
        let name = format!("m{}", self.messages.len() + 1);
        let count = self.rng.random_range(0..3);
        let slots: Vec<String> = (0..count).map(|_| self.slot(known)).collect();
        let text = |opening: &str| format!("{opening} {}.", slots.join(", "));
        let takes = self.languages.clone().into_iter().map(|language| {
            let words = if language == "ru" { text("Говорим слово") } else { text("We say") };
            (language.to_string(), json!(words))
        });
        self.messages.insert(name.clone(), Value::Object(takes.collect()));
        name
    }

    fn slot(&mut self, known: &Known) -> String {
        let mut slots = vec!["{company}".to_string(), "{today | date}".to_string()];
        for field in self.fields.iter().filter(|f| !f.optional || known.has.contains(f.name)) {
            if field.protected && !known.verified {
                continue;
            }
            let Field { name, ty, .. } = field;
            slots.extend(match *ty {
                "money" => vec![
                    format!("{{contact.{name} | money}}"),
                    format!("{{contact.{name}}}"),
                    format!("{{contact.{name} / 2 | money accusative}}"),
                ],
                "date" => vec![format!("{{contact.{name} | date}}"), format!("{{contact.{name} + 3 | date}}")],
                "number" => vec![format!("{{contact.{name}}}"), format!("{{contact.{name} + 1}}")],
                "text" => vec![format!("{{contact.{name}}}"), format!("{{len(contact.{name})}}")],
                "phone" => vec![format!("{{contact.{name}}}")],
                digits if digits.starts_with("digits") => vec![format!("{{contact.{name} | digits}}")],
                _ => vec![],
            });
        }
        // Without the day it is due, nobody knows how long it has been.
        let due = self.fields.iter().find(|f| f.name == "due" && !f.optional);
        slots.extend(due.filter(|f| !f.protected || known.verified).map(|_| "{days_overdue}".to_string()));
        let variables = self.variables.iter().filter(|v| known.set.contains(&v.name) && (!v.secret || known.verified));
        // What was found out in the call is what is mostly said.
        slots.extend(variables.flat_map(|v| [v.slot.clone(), v.slot.clone(), v.slot.clone()]));
        self.pick(&slots)
    }

    /// A condition, and the optional fields that are there when it holds, and when it does not.
    fn condition(&mut self, known: &Known) -> (String, Vec<&'static str>, Vec<&'static str>) {
        let optional: Vec<&'static str> = self.fields.iter().filter(|f| f.optional).map(|f| f.name).collect();
        if !optional.is_empty() && self.dice(0.6) {
            let field = self.pick(&optional);
            return match self.rng.random_range(0..4) {
                0 => (format!("not has(contact.{field})"), vec![], vec![field]),
                1 => (format!("has(contact.{field}) and contact.amount > 50 RUB"), vec![field], vec![]),
                _ => (format!("has(contact.{field})"), vec![field], vec![]),
            };
        }
        let mut all = vec!["contact.amount > 1000 RUB".to_string(), "weekday(today) <= 5".into(), "true".into()];
        for field in self.fields.iter().filter(|f| !f.optional || known.has.contains(f.name)) {
            all.extend(match field.ty {
                "bool" => Some(format!("contact.{}", field.name)),
                "number" => Some(format!("contact.{} in 1..90", field.name)),
                "date" => Some(format!("contact.{} < today + 30d", field.name)),
                ty if ty.starts_with("enum") => Some(format!("contact.{} == water", field.name)),
                _ => None,
            });
        }
        (self.pick(&all), vec![], vec![])
    }

    /// The keys of a node that listens.
    fn listens(&mut self, node: &mut Value) {
        for (key, chance, values) in [
            ("tries", 0.4, vec![json!(1), json!(2), json!(3)]),
            ("barge_in", 0.2, vec![json!(false)]),
            ("type_ahead", 0.2, vec![json!(false)]),
            ("timeout", 0.2, vec![json!("1s"), json!("9s")]),
        ] {
            if self.dice(chance) {
                node[key] = self.pick(&values);
            }
        }
    }
}

fn say(maker: &mut Maker, _: &str, known: &Known) -> Value {
    let messages: Vec<String> = (0..maker.rng.random_range(1..3)).map(|_| maker.message(known)).collect();
    let interruptible = maker.dice(0.8);
    json!({ "say": messages, "interruptible": interruptible, "next": maker.alone(known) })
}

fn menu(maker: &mut Maker, _: &str, known: &Known) -> Value {
    let mut keys = Map::new();
    for key in ["1", "2", "3", "#", "55"] {
        if keys.is_empty() || maker.dice(0.4) {
            let to = maker.acted(known);
            keys.insert(key.into(), to);
        }
    }
    let prompts: Vec<String> = (0..maker.rng.random_range(1..3)).map(|_| maker.message(known)).collect();
    let mut node = json!({ "menu": prompts, "keys": keys, "exhausted": maker.alone(known) });
    if maker.dice(0.5) {
        node["no_match"] = json!(maker.message(known));
        node["no_input"] = json!(maker.message(known));
    }
    maker.listens(&mut node);
    node
}

fn collect(maker: &mut Maker, name: &str, known: &Known) -> Value {
    let variable = format!("v_{name}");
    let date = maker.dice(0.5);
    let slot = format!("{{{variable}{}}}", if date { " | date" } else { "" });
    maker.variables.push(Variable { slot, name: variable.clone(), secret: false });
    let mut with = known.clone();
    with.set.insert(variable.clone());
    let mut node = json!({
        "collect": if date { "date" } else { "digits" }, "ask": maker.message(known), "into": variable,
        "ok": maker.acted(&with), "exhausted": maker.alone(known), "cancelled": maker.acted(known),
    });
    if date {
        node["within"] = json!("20d");
        node["workdays"] = json!(maker.dice(0.3));
    } else {
        node["min"] = json!(maker.rng.random_range(1..4));
        node["max"] = json!(maker.rng.random_range(4..7));
    }
    if maker.dice(0.5) {
        node["confirm"] = json!(maker.message(&with));
    }
    maker.listens(&mut node);
    node
}

fn verify(maker: &mut Maker, _: &str, known: &Known) -> Value {
    let proofs: Vec<&'static str> =
        maker.fields.iter().filter(|f| f.ty.starts_with("digits") || f.ty == "date").map(|f| f.name).collect();
    let field = maker.pick(&proofs);
    let mut proved = Known { verified: true, ..known.clone() };
    proved.has.insert(field);
    let mut node = json!({
        "verify": format!("contact.{field}"), "ask": maker.message(known), "ok": maker.acted(&proved),
        "failed": maker.alone(known), "refused": maker.alone(known),
    });
    if maker.dice(0.5) {
        node["wrong"] = json!(maker.message(known));
    }
    maker.listens(&mut node);
    node
}

/// What made flows call: the proof, as a sub-flow.
const PROVE: &str = "
subflow: prove
version: 1
languages: [ru, en]
inputs: { proof: digits(4), name: text }
exits: [proved, not_proved]
messages:
  ask: { ru: \"{input.name}, введите код.\", en: \"{input.name}, enter the code.\" }
  sorry: { ru: Не подошло., en: That was not it. }
start: ask
nodes:
  ask: { verify: input.proof, ask: ask, tries: 2, ok: proved, failed: sorry, refused: sorry }
  sorry: { say: sorry, next: out }
  proved: { exit: proved }
  out: { exit: not_proved }
";

/// The sub-flows that made flows call.
pub fn library() -> Library {
    Library([("prove".to_string(), PROVE.to_string())].into())
}

fn call(maker: &mut Maker, _: &str, known: &Known) -> Value {
    let mut proved = Known { verified: true, ..known.clone() };
    proved.has.insert("last4");
    json!({
        "call": "prove", "with": { "proof": "contact.last4", "name": "company" },
        "proved": maker.acted(&proved), "not_proved": maker.alone(known),
    })
}

fn promise(maker: &mut Maker, name: &str, known: &Known) -> Value {
    maker.promises.push(name.to_string());
    let secret = maker.fields.iter().any(|f| f.name == "amount" && f.protected);
    let (amount, on) = (format!("{name}.amount"), format!("{name}.on"));
    maker.variables.push(Variable { slot: format!("{{{amount} | money}}"), name: amount.clone(), secret });
    maker.variables.push(Variable { slot: format!("{{{on} | date}}"), name: on.clone(), secret: false });
    let mut offered = known.clone();
    offered.set.insert(amount);
    let mut dated = offered.clone();
    dated.set.insert(on);
    let recorded = Known { promised: true, ..dated.clone() };
    let offers: Vec<Value> = (0..maker.rng.random_range(1..4))
        .map(|_| {
            let share = maker.pick(&["full", "half", "instalment 3"]);
            let mut offer =
                json!({ "share": share, "within": maker.pick(&["7d", "30d"]), "say": maker.message(&offered) });
            if share.starts_with("instalment") {
                offer["confirm"] = json!(maker.message(&dated));
                offer["every"] = json!(maker.pick(&["month", "14d"]));
            }
            offer
        })
        .collect();
    let mut node = json!({
        "promise": maker.pick(&["contact.amount", "contact.amount / 2"]), "offers": offers,
        "ask_date": maker.message(&offered), "recorded": maker.acted(&recorded),
        "refused": maker.alone(known), "rejected": maker.alone(known),
    });
    if maker.dice(0.7) {
        node["confirm"] = json!(maker.message(&dated));
    }
    if maker.dice(0.5) {
        node["bad_date"] = json!(maker.message(&offered));
    }
    maker.listens(&mut node);
    node
}

fn branch(maker: &mut Maker, _: &str, known: &Known) -> Value {
    let mut otherwise = known.clone();
    let mut cases = Vec::new();
    for _ in 0..maker.rng.random_range(1..4) {
        let (when, then, or) = maker.condition(&otherwise);
        let mut holds = otherwise.clone();
        holds.has.extend(then);
        otherwise.has.extend(or);
        cases.push(json!({ "when": when, "to": maker.alone(&holds) }));
    }
    json!({ "branch": cases, "else": maker.alone(&otherwise) })
}

fn set(maker: &mut Maker, name: &str, known: &Known) -> Value {
    let variable = format!("v_{name}");
    let secret = |maker: &Maker, field: &str| maker.fields.iter().any(|f| f.name == field && f.protected);
    let mut all = vec![
        ("contact.amount / 3".to_string(), " | money", secret(maker, "amount")),
        ("today + 7d".to_string(), " | date", false),
        ("weekday(today) + 1".to_string(), "", false),
    ];
    for field in maker.fields.iter().filter(|f| !f.optional || known.has.contains(f.name)) {
        match field.ty {
            "date" => all.push((format!("contact.{} + 1", field.name), " | date", field.protected)),
            "number" => all.push((format!("contact.{} * 2", field.name), "", field.protected)),
            _ => {}
        }
    }
    let (expr, format, secret) = maker.pick(&all);
    maker.variables.push(Variable { slot: format!("{{{variable}{format}}}"), name: variable.clone(), secret });
    let mut with = known.clone();
    with.set.insert(variable.clone());
    json!({ "set": { variable: expr }, "next": maker.alone(&with) })
}

fn queue(maker: &mut Maker, _: &str, known: &Known) -> Value {
    let talked = Known { talked: true, ..known.clone() };
    let mut node = json!({
        "queue": "desk", "timeout": maker.pick(&["5s", "60s"]), "answered": maker.acted(&talked),
        "no_agent": maker.alone(known),
    });
    if maker.dice(0.5) {
        node["say"] = json!(maker.message(known));
    }
    node
}

fn notify(maker: &mut Maker, _: &str, known: &Known) -> Value {
    let mut node = json!({
        "notify": "sms", "message": maker.message(known), "queued": maker.alone(known), "failed": maker.alone(known),
    });
    if maker.dice(0.5) {
        node["notify"] = json!("email");
        node["subject"] = json!(maker.message(known));
    }
    node
}

fn opt_out(maker: &mut Maker, _: &str, known: &Known) -> Value {
    let after = Known { opted_out: true, ..known.clone() };
    json!({ "opt_out": maker.pick(&["number", "person"]), "next": maker.alone(&after) })
}

fn reason(maker: &mut Maker, _: &str, known: &Known) -> Value {
    let mut keys = Map::new();
    for (key, is) in [("1", "forgot"), ("2", "no_money"), ("3", "other")] {
        if keys.is_empty() || maker.dice(0.5) {
            let to = maker.acted(known);
            keys.insert(key.into(), json!({ "is": is, "to": to }));
        }
    }
    let mut node = json!({ "reason": maker.message(known), "keys": keys, "exhausted": maker.alone(known) });
    maker.listens(&mut node);
    node
}

fn request(maker: &mut Maker, _: &str, known: &Known) -> Value {
    json!({ "request": "https://billing.example.org/x", "ok": maker.alone(known), "error": maker.alone(known) })
}

fn transfer(maker: &mut Maker, _: &str, known: &Known) -> Value {
    let talked = Known { talked: true, ..known.clone() };
    json!({ "transfer": "+78001234567", "answered": maker.acted(&talked), "failed": maker.alone(known) })
}

fn record(maker: &mut Maker, _: &str, known: &Known) -> Value {
    json!({ "record": maker.message(known), "done": maker.acted(known), "empty": maker.alone(known) })
}
