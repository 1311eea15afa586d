//! What a client would hear or press differently if one flow took the place of another: programs are compared, not texts.
//!
//! Names of nodes and messages are nothing a client could notice: a node is the same when it is of the same kind, says the
//! same and leads to the same nodes, whatever it is called.

mod pairs;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt::{self, Write};

use super::facets::{self, Facets, ORDER};
use super::written;
use crate::flow::node::is_key_run;
use crate::flow::program::{MessageId, NamedStep, Program, StepId, Take};
use pairs::Pairs;

/// One thing that is different.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub place: Place,
    /// One line, or several where old and new words stand below each other.
    pub words: String,
    /// A protection is gone: to be read before anything else.
    pub alarm: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    Call,
    /// By its name in the new flow.
    Node(String),
    /// By its name in the old flow.
    Gone(String),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Call => f.write_str("The whole call"),
            Place::Node(name) => write!(f, "In `{name}`"),
            Place::Gone(name) => write!(f, "Gone: `{name}`"),
        }
    }
}

/// What is different, in the order of the call: first what concerns all of it, then node by node. Empty when a client
/// would notice nothing.
pub fn words(old: &Program, new: &Program) -> Vec<Change> {
    let mut diff = Diff { old, new, pairs: Pairs::of(old, new), found: Vec::new(), texts: BTreeMap::new() };
    diff.whole_call();
    for id in pairs::in_order_of_call(new) {
        match diff.pairs.old_of(id) {
            Some(before) => diff.node(before, id),
            None => diff.added(id),
        }
    }
    for id in pairs::in_order_of_call(old) {
        if diff.pairs.new_of(id).is_none() {
            diff.gone(id);
        }
    }
    diff.found.sort_by_key(|change| change.place != Place::Call);
    diff.found
}

/// The changes as a page of text; says so when there are none.
pub fn text(changes: &[Change]) -> String {
    if changes.is_empty() {
        return "no difference that a client would notice\n".into();
    }
    let mut out = String::new();
    for change in changes.iter().filter(|change| change.alarm) {
        let _ = writeln!(out, "PROTECTION REMOVED: {}", change.words);
    }
    let mut place = None;
    for change in changes.iter().filter(|change| !change.alarm) {
        if place != Some(&change.place) {
            let _ = writeln!(out, "{}{}", if out.is_empty() { "" } else { "\n" }, change.place);
            place = Some(&change.place);
        }
        for line in change.words.lines() {
            let _ = writeln!(out, "  {line}");
        }
    }
    out
}

struct Diff<'a> {
    old: &'a Program,
    new: &'a Program,
    pairs: Pairs,
    found: Vec<Change>,
    /// Changes of words told already, and in which node: a message that several nodes say is told once.
    texts: BTreeMap<String, String>,
}

impl Diff<'_> {
    fn tell(&mut self, place: &Place, words: impl Into<String>) {
        self.found.push(Change { place: place.clone(), words: words.into(), alarm: false });
    }

    fn alarm(&mut self, words: String) {
        self.found.push(Change { place: Place::Call, words, alarm: true });
    }

    fn whole_call(&mut self) {
        self.languages();
        self.contact();
        let (old, new) = (self.old, self.new);
        if self.pairs.new_of(old.start) != Some(new.start) {
            let (was, is) = (&old.step(old.start).name, &new.step(new.start).name);
            self.tell(&Place::Call, format!("the call begins with `{is}` instead of `{was}`"));
        }
        let machine = match (old.on_machine, new.on_machine) {
            (None, None) => None,
            (Some(was), Some(is)) if self.pairs.new_of(was) == Some(is) => None,
            (Some(was), Some(is)) => {
                let (was, is) = (&old.step(was).name, &new.step(is).name);
                Some(format!("a machine that answers is led to `{is}` instead of `{was}`"))
            }
            (Some(was), None) => {
                let was = &old.step(was).name;
                Some(format!("a machine that answers hears nothing any more; it was led to `{was}`"))
            }
            (None, Some(is)) => {
                let is = &new.step(is).name;
                Some(format!("a machine that answers is led to `{is}`; before, the call hung up without a word"))
            }
        };
        if let Some(words) = machine {
            self.tell(&Place::Call, words);
        }
        self.ways(&Place::Call, "hotkey", &old.hotkeys, &new.hotkeys);
    }

    fn languages(&mut self) {
        let (was, is) = (&self.old.languages, &self.new.languages);
        for added in is.iter().filter(|l| !was.contains(l)) {
            self.tell(&Place::Call, format!("the call can be held in {added}"));
        }
        for gone in was.iter().filter(|l| !is.contains(l)) {
            self.tell(&Place::Call, format!("the call cannot be held in {gone} any more: such clients hear {}", is[0]));
        }
        if was[0] != is[0] {
            let words = format!("who speaks none of the flow's languages hears {} instead of {}", is[0], was[0]);
            self.tell(&Place::Call, words);
        }
    }

    fn contact(&mut self) {
        let (old, new) = (self.old, self.new);
        for field in &new.contact {
            let (name, ty) = (&field.name, written::field_type(field));
            let Some(before) = old.contact.iter().find(|f| f.name == *name) else {
                let must = if field.optional { "may" } else { "must" };
                self.tell(&Place::Call, format!("a contact {must} bring `{name}` ({ty})"));
                continue;
            };
            let was = written::field_type(before);
            if was != ty {
                self.tell(&Place::Call, format!("the contact's `{name}` is {ty} instead of {was}"));
            }
            match (before.protected, field.protected) {
                (true, false) => {
                    let said = self.said_with(name);
                    self.alarm(format!(
                        "`{name}` may be spoken to anybody now, and to machines; before, only after `verify`{said}"
                    ));
                }
                (false, true) => {
                    self.tell(&Place::Call, format!("`{name}` is protected now: spoken only after `verify`"));
                }
                (true, true) | (false, false) => {}
            }
        }
        for field in old.contact.iter().filter(|f| !new.contact.iter().any(|n| n.name == f.name)) {
            self.tell(&Place::Call, format!("a contact need not bring `{}` any more", field.name));
        }
    }

    /// `; said in `debt``: the nodes that speak the field.
    fn said_with(&self, field: &str) -> String {
        let slot = format!("contact.{field}");
        let speaks = |message: &MessageId| {
            let takes = &self.new.message(*message).takes;
            takes.values().any(|t| t.slots.iter().any(|e| written::expr(self.new, e).contains(&slot)))
        };
        let nodes: Vec<String> =
            self.new.steps.iter().filter(|s| s.says.iter().any(speaks)).map(|s| format!("`{}`", s.name)).collect();
        if nodes.is_empty() { String::new() } else { format!("; it is spoken in {}", nodes.join(", ")) }
    }

    fn node(&mut self, before: StepId, now: StepId) {
        let (was, is) = (self.old.step(before), self.new.step(now));
        let place = Place::Node(is.name.clone());
        if was.kind.name != is.kind.name {
            self.tell(&place, format!("is a `{}` instead of a `{}`", is.kind.name, was.kind.name));
        }
        let (facets_was, facets_is) = (facets::facets(self.old, was), facets::facets(self.new, is));
        self.says(&place, &facets_was, &facets_is);
        let ways = |program: &Program, node: &NamedStep| -> Vec<(String, StepId)> {
            node.routes.iter().map(|(via, to)| (facets::way(program, node, *via), *to)).collect()
        };
        let (ways_was, ways_is) = (ways(self.old, was), ways(self.new, is));
        self.ways(&place, "key", &ways_was, &ways_is);
        // The order of conditions is told only when they are the same ones.
        let names = |ways: &[(String, StepId)]| {
            let mut names: Vec<String> = ways.iter().map(|w| w.0.clone()).collect();
            names.sort();
            names
        };
        let same_ways = names(&ways_was) == names(&ways_is);
        for (what, value) in &facets_is.settings {
            let before = facets_was.settings.iter().find(|(name, _)| name == what).map(|(_, value)| value);
            match before {
                Some(before) if before == value => {}
                _ if *what == ORDER && !same_ways => {}
                Some(before) => self.tell(&place, format!("{what}: {value} instead of {before}")),
                None => self.tell(&place, format!("{what}: {value}")),
            }
        }
    }

    fn says(&mut self, place: &Place, was: &Facets, is: &Facets) {
        for (occasion, message) in &is.says {
            let when = if occasion.is_empty() { String::new() } else { format!("{occasion}: ") };
            match was.says.iter().find(|(o, _)| o == occasion) {
                Some((_, before)) => self.message(place, &when, *before, *message),
                None => {
                    let words = in_quotes(self.new, *message);
                    self.tell(place, format!("{when}new words\n{words}"));
                }
            }
        }
        for (occasion, message) in was.says.iter().filter(|(o, _)| !is.says.iter().any(|(now, _)| now == o)) {
            let when = if occasion.is_empty() { String::new() } else { format!("{occasion}: ") };
            let words = in_quotes(self.old, *message);
            self.tell(place, format!("{when}not said any more\n{words}"));
        }
    }

    /// One message on one occasion, language by language.
    fn message(&mut self, place: &Place, when: &str, was: MessageId, is: MessageId) {
        let (old, new) = (self.old, self.new);
        let mut lines = String::new();
        for language in &new.languages {
            let (Some(was), Some(is)) = (old.message(was).takes.get(language), new.message(is).takes.get(language))
            else {
                continue;
            };
            let (text_was, text_is) = (written::text(old, was), written::text(new, is));
            if text_was != text_is {
                let _ = write!(lines, "\n  {language} - {text_was}\n  {language} + {text_is}");
            }
            if was.audio != is.audio {
                let _ = write!(lines, "\n  {language}: {} instead of {}", voice(is), voice(was));
            }
        }
        if lines.is_empty() {
            return;
        }
        let here = place.to_string();
        match self.texts.get(&lines) {
            Some(first) => {
                let words = format!("{when}other words, the same as above {}", first.replacen("In", "in", 1));
                self.tell(place, words);
            }
            None => {
                self.tell(place, format!("{when}other words{lines}"));
                self.texts.insert(lines, here);
            }
        }
    }

    /// `key`: how a way that is pressed is called here.
    fn ways(&mut self, place: &Place, key: &str, was: &[(String, StepId)], is: &[(String, StepId)]) {
        let (old, new) = (self.old, self.new);
        for (way, to) in is {
            let name = way_words(key, way);
            let target = &new.step(*to).name;
            match was.iter().find(|(before, _)| before == way) {
                Some((_, before)) if self.pairs.new_of(*before) == Some(*to) => {}
                Some((_, before)) => {
                    let before = &old.step(*before).name;
                    self.tell(place, format!("{name} now leads to `{target}` instead of `{before}`"));
                }
                None => self.tell(place, format!("{name} is new and leads to `{target}`")),
            }
        }
        for (way, to) in was.iter().filter(|(way, _)| !is.iter().any(|(now, _)| now == way)) {
            let name = way_words(key, way);
            self.tell(place, format!("{name} is gone; it led to `{}`", old.step(*to).name));
        }
    }

    fn added(&mut self, id: StepId) {
        let node = self.new.step(id);
        let place = Place::Node(node.name.clone());
        let mut words = format!("a new node: {}", summary(self.new, node));
        for (_, message) in &facets::facets(self.new, node).says {
            let _ = write!(words, "\n{}", in_quotes(self.new, *message));
        }
        for (via, to) in &node.routes {
            let _ = write!(words, "\n  `{}` leads to `{}`", node.way(*via), self.new.step(*to).name);
        }
        self.tell(&place, words);
    }

    fn gone(&mut self, id: StepId) {
        let node = self.old.step(id);
        let mut words = summary(self.old, node);
        for (_, message) in &facets::facets(self.old, node).says {
            let _ = write!(words, "\n{}", in_quotes(self.old, *message));
        }
        self.tell(&Place::Gone(node.name.clone()), words);
    }
}

/// `menu`, `end (promised)`
fn summary(program: &Program, node: &NamedStep) -> String {
    let about = facets::facets(program, node).about;
    if about.is_empty() { node.kind.name.to_string() } else { format!("{} ({about})", node.kind.name) }
}

/// `key 2`, or an outcome or condition in quotes.
fn way_words(key: &str, way: &str) -> String {
    if is_key_run(way) { format!("{key} {way}") } else { format!("`{way}`") }
}

fn voice(take: &Take) -> String {
    take.audio.as_ref().map_or("the synthesized voice".into(), |file| format!("the recording `{file}`"))
}

/// A line a language.
fn in_quotes(program: &Program, message: MessageId) -> String {
    let takes = &program.message(message).takes;
    let lines =
        program.languages.iter().filter_map(|l| Some(format!("  {l}: {}", written::text(program, takes.get(l)?))));
    lines.collect::<Vec<_>>().join("\n")
}
