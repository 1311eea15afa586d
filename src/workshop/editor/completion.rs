//! What may be written at a place.
//!
//! A word that nothing can be called is put there, the flow is surveyed with it, and the compiler says which words it would
//! have known instead. So every closed set of the language is offered where it belongs, without a list of places here.

use std::collections::BTreeSet;

use super::about::{self, Found};
use super::names::is_word;
use super::text::Range;
use super::{Document, Place, tree};
use crate::flow::expr::Type;
use crate::flow::node;
use crate::flow::survey::{Choice, Noun, Survey, Written, survey};
use crate::flow::yaml::{Entry, Node};

/// Part of no name: a character for private use.
const CURSOR: char = '\u{e000}';

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// What is shown and looked for.
    pub label: String,
    pub sort: Sort,
    /// What stands beside it: a type, a kind.
    pub detail: String,
    /// What it is, in Markdown; empty when there is nothing to say.
    pub about: String,
    /// What is replaced, and by what.
    pub range: Range,
    pub insert: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    Key,
    Word,
    Node,
    Message,
    Field,
    Variable,
    Function,
}

/// The place and the word that is being written there.
struct Writing {
    prefix: String,
    suffix: String,
    /// Of the word up to the place.
    range: Range,
    /// A `:` follows.
    is_key: bool,
}

impl Document {
    /// In the order in which the language lists them; none where nothing can be said.
    pub fn completion(&self, place: Place) -> Vec<Proposal> {
        if self.is_other() {
            return Vec::new();
        }
        let source = self.text.source();
        let at = self.text.offset(place);
        let place = self.text.place(at);
        let writing = self.writing(place);
        let mut out: Vec<Proposal> = Vec::new();
        // As a value; as the key of a line; in a slot or list that is not closed yet.
        for ending in ["", ": ", "}", "}\""] {
            let as_key = ending == ": ";
            if as_key && writing.is_key {
                continue;
            }
            let at = if as_key { at + writing.suffix.len() } else { at };
            let with = format!("{}{CURSOR}{ending}{}", &source[..at], &source[at..]);
            let (tried, _) = tree(&with);
            let survey = survey(&with, &tried);
            let Writing { prefix, suffix, .. } = &writing;
            let word = if as_key { format!("{prefix}{suffix}{CURSOR}") } else { format!("{prefix}{CURSOR}{suffix}") };
            for found in self.proposed(&survey, &tried, &word, &writing) {
                if !out.iter().any(|p| p.label == found.label) {
                    out.push(found);
                }
            }
            // The first that says anything: the later ones cut off what stands behind the place.
            if !out.is_empty() {
                break;
            }
        }
        out
    }

    fn writing(&self, place: Place) -> Writing {
        let line: Vec<char> = self.text.line(place.line).chars().collect();
        let at = (place.column as usize).min(line.len());
        let (before, after) = line.split_at(at);
        let prefix = before.iter().rev().take_while(|c| is_word(**c)).count();
        let suffix = after.iter().take_while(|c| is_word(**c)).count();
        let next = after[suffix..].iter().find(|c| !c.is_whitespace());
        Writing {
            prefix: before[at - prefix..].iter().collect(),
            suffix: after[..suffix].iter().collect(),
            range: Range { from: Place { column: (at - prefix) as u32, ..place }, to: place },
            is_key: next == Some(&':'),
        }
    }

    fn proposed(&self, survey: &Survey, tree: &Node, word: &str, writing: &Writing) -> Vec<Proposal> {
        let found = about::find(tree, &|e: &Entry| e.key == word);
        let mut out = Vec::new();
        for choice in survey.choices.iter().filter(|c| c.word == word) {
            out.extend(self.chosen(choice, found.as_ref(), writing));
        }
        if let Some(found) = &found {
            out.extend(kinds(found, writing));
        }
        if let Some(written) = survey.expressions.iter().find(|e| e.text.contains(CURSOR)) {
            out.extend(in_expression(written, survey, writing));
        }
        out
    }

    /// The words of a closed set. Keys that are there already are not offered again.
    fn chosen(&self, choice: &Choice, found: Option<&Found<'_>>, writing: &Writing) -> Vec<Proposal> {
        let there = |word: &str| choice.key && found.is_some_and(|f| f.map.get(word).is_some());
        let noun = if choice.key { None } else { self.declared(&choice.known) };
        let known = choice.known.iter().filter(|word| !there(word));
        known
            .map(|word| {
                let about = match (noun, found) {
                    (None, Some(found)) if choice.key => about::key(&found.path, found.map, word).unwrap_or_default(),
                    (Some(noun), _) => self.about_name(noun, word).unwrap_or_default(),
                    (None, _) => String::new(),
                };
                let sort = match noun {
                    _ if choice.key => Sort::Key,
                    Some(Noun::Node) => Sort::Node,
                    Some(Noun::Message) => Sort::Message,
                    Some(Noun::Field) => Sort::Field,
                    Some(Noun::Variable) => Sort::Variable,
                    None => Sort::Word,
                };
                proposal(word, sort, about, choice.key, writing)
            })
            .collect()
    }

    /// What the words of a set are, when the set is that of all nodes, all messages or all fields.
    fn declared(&self, known: &[String]) -> Option<Noun> {
        [Noun::Node, Noun::Message, Noun::Field].into_iter().find(|noun| {
            let declares = self.survey.mentions.iter().filter(|m| m.declares && m.noun == *noun);
            let names: BTreeSet<&str> = declares.map(|m| m.name.as_str()).collect();
            !known.is_empty() && known.iter().all(|name| names.contains(name.as_str()) || name.contains(CURSOR))
        })
    }
}

/// The kinds a node can be, while it is none; and those that `say` may stand beside.
fn kinds(found: &Found<'_>, writing: &Writing) -> Vec<Proposal> {
    if !matches!(found.path.as_slice(), ["nodes", _]) {
        return Vec::new();
    }
    let has = |name: &str| found.map.get(name).is_some();
    let fits = |kind: &&&node::Kind| match about::kind_of(found.map) {
        None => true,
        Some(own) => own.name == "say" && kind.name != "say" && kind.keys.iter().any(|k| k.name == "say"),
    };
    let kinds = node::ALL.iter().filter(fits).filter(|kind| !has(kind.name));
    kinds.map(|kind| proposal(kind.name, Sort::Key, kind.about.to_string(), true, writing)).collect()
}

/// Fields, variables, what every call knows, and the words of the enums that the expression names.
fn in_expression(written: &Written, survey: &Survey, writing: &Writing) -> Vec<Proposal> {
    let before = written.text.split(CURSOR).next().unwrap_or_default();
    let stem = before.trim_end_matches(is_word);
    if stem.ends_with(|c: char| c.is_ascii_digit()) || stem.matches('"').count() % 2 == 1 {
        return Vec::new();
    }
    let typed = |name: &str, sort, ty: &Type| Proposal { detail: ty.words(), ..word(name, sort, writing) };
    if let Some(owner) = stem.strip_suffix('.') {
        let start = owner.trim_end_matches(is_word).len();
        let owner = format!("{}.", &owner[start..]);
        let fields = survey.contact.iter().filter(|_| owner == "contact.");
        let fields = fields.map(|f| typed(&f.name, Sort::Field, &f.ty));
        let variables = survey.variables.iter().filter(|_| written.variables);
        let parts = variables.filter_map(|v| Some(typed(v.name.strip_prefix(&owner)?, Sort::Variable, &v.ty)));
        return fields.chain(parts).collect();
    }
    let mut out: Vec<Proposal> =
        survey.contact.iter().map(|f| typed(&format!("contact.{}", f.name), Sort::Field, &f.ty)).collect();
    if written.variables {
        out.extend(survey.variables.iter().map(|v| typed(&v.name, Sort::Variable, &v.ty)));
    }
    for (name, about) in [
        ("company", "the creditor in whose name we call"),
        ("today", "the contact's day now"),
        ("days_overdue", "whole days since `due`; negative before it"),
    ] {
        out.push(Proposal { about: about.to_string(), ..word(name, Sort::Word, writing) });
    }
    for (name, about) in [
        ("has", "whether a field is there: `has(contact.email)`"),
        ("weekday", "of a date; Monday is 1"),
        ("len", "the length of text or digits"),
    ] {
        out.push(Proposal { about: about.to_string(), ..word(name, Sort::Function, writing) });
    }
    for field in survey.contact.iter().filter(|f| written.text.contains(&format!("contact.{}", f.name))) {
        if let Type::Enum(words) = &field.ty {
            out.extend(words.iter().map(|w| word(w, Sort::Word, writing)));
        }
    }
    out
}

fn word(label: &str, sort: Sort, writing: &Writing) -> Proposal {
    proposal(label, sort, String::new(), false, writing)
}

fn proposal(label: &str, sort: Sort, about: String, key: bool, writing: &Writing) -> Proposal {
    let insert = if key && !writing.is_key { format!("{label}: ") } else { label.to_string() };
    Proposal { label: label.to_string(), sort, detail: String::new(), about, range: writing.range, insert }
}
