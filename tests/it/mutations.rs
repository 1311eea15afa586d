//! Is the compiler awake? Sound flows are damaged on purpose, each in one way of the table below; the compiler has to refuse
//! them. What it passes is called by random callers: a damage that none of them notices does no harm (the other way was as
//! good), and one that they do notice is a hole in the compiler.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use ringback::flow::compile_with;
use ringback::workshop::fuzz::fuzz;
use serde_json::{Map, Value, json};

use crate::callers::SHIPPED;
use crate::made_flows;

type Damage = fn(&mut Flow) -> Option<()>;

/// What may go wrong, what is done, how. `None`: the flow has nothing that could be damaged so.
const OPERATORS: &[(&str, &str, Damage)] = &[
    ("leak", "who fails the proof goes where the right party goes", |f| f.verify(|n| n["failed"] = n["ok"].clone())),
    ("leak", "who refuses the proof goes where the right party goes", |f| f.verify(|n| n["refused"] = n["ok"].clone())),
    ("leak", "the proof is skipped", Flow::skip_verify),
    ("leak", "a hotkey leads behind the proof", |f| f.lead("hotkey")),
    ("leak", "a key of a menu leads behind the proof", |f| f.lead("key")),
    ("leak", "silence leads behind the proof", |f| f.lead("exhausted")),
    ("leak", "an agent who is not there leads behind the proof", |f| f.lead("no_agent")),
    ("leak", "a case leads behind the proof", |f| f.lead("case")),
    ("leak", "the call starts behind the proof", |f| f.lead("start")),
    ("leak", "a machine is led behind the proof", |f| f.lead("on_machine")),
    ("leak", "a machine is led to the start", |f| f.put("/on_machine", "/start")),
    ("leak", "a message gets a protected value", |f| f.speak("{contact.FIELD}")),
    ("leak", "a message gets a value computed from a protected one", |f| f.speak("{contact.FIELD + 1}")),
    ("leak", "a node says what another says", Flow::swap_message),
    ("leak", "a variable is computed from a protected value", Flow::secret_variable),
    ("leak", "any way leads anywhere", Flow::reroute),
    ("hang", "silence at a menu leads back to it", |f| f.back("menu", "exhausted")),
    ("hang", "silence at an entry leads back to it", |f| f.back("collect", "exhausted")),
    ("hang", "silence at the proof leads back to it", |f| f.back("verify", "refused")),
    ("hang", "silence at the offers leads back to them", |f| f.back("promise", "refused")),
    ("hang", "nobody in the queue leads back to it", |f| f.back("queue", "no_agent")),
    ("hang", "what was said is said again", |f| f.back("say", "next")),
    ("hang", "a branch leads back to itself", |f| f.back("branch", "else")),
    ("hang", "silence leads up", Flow::silence_leads_up),
    ("hang", "an end leads on", Flow::endless),
    ("lie", "an end claims a promise", |f| f.claim("promised")),
    ("lie", "an end claims an opt-out", |f| f.claim("opted_out")),
    ("lie", "an end claims a talk", |f| f.claim("transferred")),
    ("lie", "a promise that was refused counts as recorded", |f| f.same("promise", "refused", "recorded")),
    ("lie", "a promise that could not be saved counts as recorded", |f| f.same("promise", "rejected", "recorded")),
    ("lie", "nobody in the queue counts as a talk", |f| f.same("queue", "no_agent", "answered")),
    ("gap", "a field becomes optional", Flow::optional_field),
    ("gap", "a guard is always true", |f| f.guard("true")),
    ("gap", "a guard is turned round", Flow::turned_guard),
    ("gap", "an entry that was cancelled counts as made", |f| f.same("collect", "cancelled", "ok")),
    ("gap", "an entry that was not made counts as made", |f| f.same("collect", "exhausted", "ok")),
    ("gap", "a translation is lost", Flow::lost_translation),
    ("deaf", "nothing opts out", Flow::no_opt_out),
    ("deaf", "a node is lost", Flow::lost_node),
    ("deaf", "a way is lost", Flow::lost_way),
];

/// A flow as a tree, to be damaged.
struct Flow {
    tree: Value,
    rng: StdRng,
}

impl Flow {
    fn pick<T: Clone>(&mut self, from: &[T]) -> Option<T> {
        (!from.is_empty()).then(|| from[self.rng.random_range(0..from.len())].clone())
    }

    fn nodes(&mut self) -> &mut Map<String, Value> {
        self.tree["nodes"].as_object_mut().expect("a flow has nodes")
    }

    /// Names of the nodes that have this key.
    fn of(&self, key: &str) -> Vec<String> {
        let nodes = self.tree["nodes"].as_object().expect("a flow has nodes");
        nodes.iter().filter(|(_, node)| node.get(key).is_some()).map(|(name, _)| name.clone()).collect()
    }

    fn verify(&mut self, damage: fn(&mut Value)) -> Option<()> {
        let name = self.pick(&self.of("verify"))?;
        damage(&mut self.nodes()[&name]);
        Some(())
    }

    /// Nodes that the proof leads to, and what they lead to.
    fn behind(&self) -> Vec<String> {
        let mut found: Vec<String> = Vec::new();
        let nodes = &self.tree["nodes"];
        let mut open: Vec<String> = self.of("verify").iter().map(|n| text(&nodes[n]["ok"])).collect();
        while let Some(name) = open.pop() {
            if !found.contains(&name) && found.len() < 8 {
                open.extend(
                    ways(&nodes[&name]).into_iter().map(|way| text(nodes[&name].pointer(&way).expect("a way"))),
                );
                found.push(name);
            }
        }
        found
    }

    /// One way of this sort leads behind the proof.
    fn lead(&mut self, way: &str) -> Option<()> {
        let to = json!(self.pick(&self.behind())?);
        let place = match way {
            "start" | "on_machine" => format!("/{way}"),
            "hotkey" => "/hotkeys/*7".to_string(),
            "key" => {
                let menu = self.pick(&self.of("menu"))?;
                let keys: Vec<String> = self.tree["nodes"][&menu]["keys"].as_object()?.keys().cloned().collect();
                format!("/nodes/{menu}/keys/{}", self.pick(&keys)?)
            }
            "case" => {
                let branch = self.pick(&self.of("branch"))?;
                format!("/nodes/{branch}/branch/0/to")
            }
            outcome => format!("/nodes/{}/{outcome}", self.pick(&self.of(outcome))?),
        };
        let (parent, key) = place.rsplit_once('/').expect("a path");
        let parent = self.tree.pointer_mut(parent)?;
        match parent {
            Value::Object(map) => drop(map.insert(key.to_string(), to)),
            _ => return None,
        }
        Some(())
    }

    fn put(&mut self, to: &str, from: &str) -> Option<()> {
        let value = self.tree.pointer(from)?.clone();
        *self.tree.pointer_mut(to)? = value;
        Some(())
    }

    /// The node is reached without its proof having been asked for.
    fn skip_verify(&mut self) -> Option<()> {
        let verify = self.pick(&self.of("verify"))?;
        let ok = self.tree["nodes"][&verify]["ok"].clone();
        if self.tree["start"] == json!(verify) {
            self.tree["start"] = ok;
            return Some(());
        }
        let ways = self.ways_to(&verify);
        let way = self.pick(&ways)?;
        *self.tree.pointer_mut(&way)? = ok;
        Some(())
    }

    fn ways_to(&self, name: &str) -> Vec<String> {
        self.all_ways().into_iter().filter(|way| self.tree.pointer(way).is_some_and(|to| to == name)).collect()
    }

    fn all_ways(&self) -> Vec<String> {
        let nodes = self.tree["nodes"].as_object().expect("a flow has nodes");
        nodes.iter().flat_map(|(name, node)| ways(node).into_iter().map(move |w| format!("/nodes/{name}{w}"))).collect()
    }

    fn protected(&mut self, of: &[&str]) -> Option<String> {
        let all: Vec<String> = self.tree["protect"].as_array()?.iter().map(text).collect();
        let fit: Vec<String> = all
            .into_iter()
            .filter(|field| {
                let ty = text(&self.tree["contact"][field]);
                of.iter().any(|wanted| ty.starts_with(wanted)) && !ty.ends_with('?')
            })
            .collect();
        self.pick(&fit)
    }

    /// A value is added to some message, in every language.
    fn speak(&mut self, slot: &str) -> Option<()> {
        let computed = slot.contains('+');
        let field =
            self.protected(if computed { &["date", "number"] } else { &["text", "money", "date", "digits"] })?;
        let messages: Vec<String> = self.tree["messages"].as_object()?.keys().cloned().collect();
        let message = self.pick(&messages)?;
        for take in self.tree["messages"][&message].as_object_mut()?.values_mut() {
            *take = json!(format!("{} {}.", take.as_str()?, slot.replace("FIELD", &field)));
        }
        Some(())
    }

    fn swap_message(&mut self) -> Option<()> {
        let messages: Vec<String> = self.tree["messages"].as_object()?.keys().cloned().collect();
        let mut places = Vec::new();
        for name in self.tree["nodes"].as_object()?.keys() {
            let keys = ["say", "menu", "ask", "wrong", "no_match", "no_input", "message", "confirm"];
            places.extend(keys.iter().map(|key| format!("/nodes/{name}/{key}")));
        }
        places.retain(|place| self.tree.pointer(place).is_some());
        let (place, message) = (self.pick(&places)?, self.pick(&messages)?);
        *self.tree.pointer_mut(&place)? = json!(message);
        Some(())
    }

    fn secret_variable(&mut self) -> Option<()> {
        let set = self.pick(&self.of("set"))?;
        let field = self.protected(&["date", "money"])?;
        let computed = if text(&self.tree["contact"][&field]) == "date" { "+ 1" } else { "/ 3" };
        for value in self.nodes()[&set]["set"].as_object_mut()?.values_mut() {
            *value = json!(format!("contact.{field} {computed}"));
        }
        Some(())
    }

    fn reroute(&mut self) -> Option<()> {
        let names: Vec<String> = self.tree["nodes"].as_object()?.keys().cloned().collect();
        let ways = self.all_ways();
        let (way, to) = (self.pick(&ways)?, self.pick(&names)?);
        *self.tree.pointer_mut(&way)? = json!(to);
        Some(())
    }

    fn back(&mut self, kind: &str, outcome: &str) -> Option<()> {
        let name = self
            .pick(&self.of(kind).into_iter().filter(|n| self.of("end").iter().all(|e| e != n)).collect::<Vec<_>>())?;
        // A queue has something to say too, and then no way `next`.
        self.tree["nodes"][&name].get(outcome)?;
        self.nodes()[&name][outcome] = json!(name);
        Some(())
    }

    fn silence_leads_up(&mut self) -> Option<()> {
        let outcomes = ["exhausted", "refused", "no_agent", "next", "else", "failed"];
        let mut ways = self.all_ways();
        ways.retain(|way| outcomes.iter().any(|outcome| way.ends_with(&format!("/{outcome}"))));
        let way = self.pick(&ways)?;
        *self.tree.pointer_mut(&way)? = self.tree["start"].clone();
        Some(())
    }

    fn endless(&mut self) -> Option<()> {
        let end = self.pick(&self.of("end"))?;
        let message = text(self.tree["messages"].as_object()?.keys().next().map(|k| json!(k)).as_ref()?);
        let start = self.tree["start"].clone();
        self.nodes()[&end] = json!({ "say": message, "next": start });
        Some(())
    }

    fn claim(&mut self, result: &str) -> Option<()> {
        let others: Vec<String> =
            self.of("end").into_iter().filter(|end| self.tree["nodes"][end]["end"] != json!(result)).collect();
        let end = self.pick(&others)?;
        self.nodes()[&end]["end"] = json!(result);
        Some(())
    }

    fn same(&mut self, kind: &str, outcome: &str, as_outcome: &str) -> Option<()> {
        let name = self.pick(&self.of(kind))?;
        let to = self.tree["nodes"][&name][as_outcome].clone();
        self.nodes()[&name][outcome] = to;
        Some(())
    }

    fn optional_field(&mut self) -> Option<()> {
        let contact = self.tree["contact"].as_object()?;
        let whole: Vec<String> =
            contact.iter().filter(|(_, ty)| !text(ty).ends_with('?')).map(|(name, _)| name.clone()).collect();
        let field = self.pick(&whole)?;
        let ty = text(&self.tree["contact"][&field]);
        self.tree["contact"][&field] = json!(format!("{ty}?"));
        Some(())
    }

    fn guards(&self) -> Vec<String> {
        let mut found = Vec::new();
        for name in self.of("branch") {
            for (n, case) in self.tree["nodes"][&name]["branch"].as_array().into_iter().flatten().enumerate() {
                if text(&case["when"]).contains("has(") {
                    found.push(format!("/nodes/{name}/branch/{n}/when"));
                }
            }
        }
        found
    }

    fn guard(&mut self, when: &str) -> Option<()> {
        let guard = self.pick(&self.guards())?;
        *self.tree.pointer_mut(&guard)? = json!(when);
        Some(())
    }

    fn turned_guard(&mut self) -> Option<()> {
        let guard = self.pick(&self.guards())?;
        let when = text(self.tree.pointer(&guard)?);
        let turned = when.strip_prefix("not ").map_or(format!("not ({when})"), str::to_string);
        *self.tree.pointer_mut(&guard)? = json!(turned);
        Some(())
    }

    fn lost_translation(&mut self) -> Option<()> {
        let messages: Vec<String> = self.tree["messages"].as_object()?.keys().cloned().collect();
        let message = self.pick(&messages)?;
        let takes = self.tree["messages"][&message].as_object_mut()?;
        let language = takes.keys().next()?.clone();
        takes.remove(&language);
        Some(())
    }

    fn no_opt_out(&mut self) -> Option<()> {
        let message = self.tree["messages"].as_object()?.keys().next()?.clone();
        for name in self.of("opt_out") {
            let next = self.tree["nodes"][&name]["next"].clone();
            self.nodes()[&name] = json!({ "say": message, "next": next });
        }
        for name in self.of("end") {
            if self.tree["nodes"][&name]["end"] == "opted_out" {
                self.nodes()[&name]["end"] = json!("refused");
            }
        }
        Some(())
    }

    fn lost_node(&mut self) -> Option<()> {
        let names: Vec<String> = self.tree["nodes"].as_object()?.keys().cloned().collect();
        let name = self.pick(&names)?;
        self.nodes().remove(&name);
        Some(())
    }

    fn lost_way(&mut self) -> Option<()> {
        let mut ways = self.all_ways();
        // A menu may do without one of its keys.
        ways.retain(|way| !way.contains("/keys/"));
        let way = self.pick(&ways)?;
        let (node, outcome) = way.rsplit_once('/')?;
        self.tree.pointer_mut(node)?.as_object_mut()?.remove(outcome);
        Some(())
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_string()
}

/// Places of a node's ways out, as JSON pointers below it.
fn ways(node: &Value) -> Vec<String> {
    const OUTCOMES: [&str; 15] = [
        "next",
        "ok",
        "failed",
        "refused",
        "recorded",
        "rejected",
        "answered",
        "no_agent",
        "exhausted",
        "cancelled",
        "queued",
        "else",
        "done",
        "empty",
        "error",
    ];
    let mut found: Vec<String> =
        OUTCOMES.iter().filter(|outcome| node.get(outcome).is_some()).map(|outcome| format!("/{outcome}")).collect();
    let keys = node.get("keys").and_then(Value::as_object);
    found.extend(keys.into_iter().flat_map(|keys| {
        keys.iter().map(|(key, to)| format!("/keys/{key}{}", if to.is_object() { "/to" } else { "" }))
    }));
    let cases = node.get("branch").and_then(Value::as_array).map_or(0, Vec::len);
    found.extend((0..cases).map(|n| format!("/branch/{n}/to")));
    found
}

/// Sound flows: the shipped ones and made ones.
fn flows() -> Vec<(String, Value)> {
    const MADE: u64 = 30;
    let shipped = SHIPPED.iter().map(|path| {
        let source = std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{path}: {e}"));
        let mut tree: Value = serde_saphyr::from_str(&source).unwrap_or_else(|e| panic!("{path}: {e}"));
        tree.as_object_mut().expect("a flow is a map").remove("tests");
        (path.to_string(), tree)
    });
    let made = (0..MADE).map(|seed| (format!("made {seed}"), made_flows::flow(seed + 1000, 12)));
    shipped.chain(made).collect()
}

#[derive(Default)]
struct Score {
    made: u32,
    killed: u32,
    harmless: u32,
    missed: u32,
}

#[test]
fn the_compiler_refuses_what_callers_would_suffer() {
    const PER_FLOW: u64 = 2;
    const CALLS: u64 = 100;
    let mut scores: BTreeMap<usize, Score> = BTreeMap::new();
    let mut missed = String::new();
    let library = made_flows::library();
    for (nth, (name, sound)) in (0..).zip(flows()) {
        let well = compile_with(&sound.to_string(), &library);
        assert!(well.program.is_some(), "{name}: {:?}", well.diagnostics);
        for (n, (_, what, damage)) in OPERATORS.iter().enumerate() {
            let score = scores.entry(n).or_default();
            for seed in 0..PER_FLOW {
                let seed: u64 = (nth * 100 + n as u64) * PER_FLOW + seed;
                let mut flow = Flow { tree: sound.clone(), rng: StdRng::seed_from_u64(seed) };
                if damage(&mut flow).is_none() || flow.tree == sound {
                    continue;
                }
                score.made += 1;
                let source = flow.tree.to_string();
                let Some(program) = compile_with(&source, &library).program else {
                    score.killed += 1;
                    continue;
                };
                match fuzz(&Arc::new(program), 1, CALLS).broken {
                    None => score.harmless += 1,
                    Some(found) => {
                        score.missed += 1;
                        let _ = writeln!(missed, "{name}: {what} (seed {seed}): {:?}\n{source}", found.broken);
                    }
                }
            }
        }
    }
    println!("{:<5} {:<62} {:>5} {:>7} {:>9} {:>7}", "harm", "damage", "made", "refused", "harmless", "missed");
    let (mut killed, mut harmful) = (0, 0);
    for (n, score) in &scores {
        let (harm, what, _) = OPERATORS[*n];
        let Score { made, killed: refused, harmless, missed: hurt } = score;
        println!("{harm:<5} {what:<62} {made:>5} {refused:>7} {harmless:>9} {hurt:>7}");
        if *refused == 0 {
            let _ = writeln!(missed, "no flow could be damaged so that the compiler refused it: {what}");
        }
        killed += refused;
        harmful += made - harmless;
    }
    println!("refused: {killed} of {harmful} that do harm, {:.1} %", 100.0 * f64::from(killed) / f64::from(harmful));
    assert!(missed.is_empty(), "the compiler passed what callers suffer from:\n{missed}");
}
