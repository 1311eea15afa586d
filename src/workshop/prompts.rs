//! What has to be recorded for flows: which recordings are named and there, named and missing, or not named at all; and the
//! script that a voice actor reads from.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use jiff::civil::{date, time};

use super::facets;
use super::written;
use crate::flow::expr::Expr;
use crate::flow::program::{MessageId, NamedStep, Program, StepId, Take};
use crate::language::Language;
use crate::money::{Currency, Money};
use crate::speech::{self, Format, Piece, Spoken, Template};

/// Characters of context before and after a text.
const CONTEXT_MAX: usize = 80;
/// Ways before and after a text that are told.
const CONTEXTS_MAX: usize = 3;

/// The recordings there are: language and file name, as under `prompts/<language>/`.
pub type Recordings = BTreeSet<(Language, String)>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Named in the flow, and there.
    Recorded,
    /// Named in the flow, and not there: the text is synthesized.
    Missing,
    /// Not named in the flow: the text is synthesized.
    Synthesized,
}

impl State {
    pub fn words(self) -> &'static str {
        match self {
            State::Recorded => "recorded",
            State::Missing => "MISSING",
            State::Synthesized => "synthesized",
        }
    }
}

/// One text in one language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub language: Language,
    /// The file it has, or would have by the name of its message.
    pub file: String,
    pub state: State,
    /// With what varies in brackets: `[contact.amount: one hundred roubles]`.
    pub text: String,
    /// Other words from call to call: a recording of it would say the same to everybody.
    pub varies: bool,
    /// `overdue_reminder: choose (prompt)`
    pub said_in: BTreeSet<String>,
    pub before: BTreeSet<String>,
    pub after: BTreeSet<String>,
}

#[derive(Debug, Clone, Default)]
pub struct Script {
    /// By language and file. What several flows or nodes say in the same words from the same file is one line.
    pub lines: Vec<Line>,
    /// Recordings that none of the flows names.
    pub unused: Vec<(Language, String)>,
    /// What will not sound as meant.
    pub warnings: Vec<String>,
}

/// The texts that the flows speak (not those they only write), against the recordings there are.
pub fn script(programs: &[Program], recordings: &Recordings) -> Script {
    let mut lines: BTreeMap<(Language, String, String), Line> = BTreeMap::new();
    let mut named: BTreeMap<(Language, String), BTreeSet<String>> = BTreeMap::new();
    let mut warnings = Vec::new();
    for program in programs {
        for (message, takes) in (0u32..).map(MessageId).zip(&program.messages) {
            let nodes: Vec<(StepId, &NamedStep)> =
                (0u32..).map(StepId).zip(&program.steps).filter(|(_, s)| s.says.contains(&message)).collect();
            for (language, take) in takes.takes.iter().filter(|_| !nodes.is_empty()) {
                let file = take.audio.clone().unwrap_or_else(|| format!("{}.wav", takes.name));
                let (text, varies) = (spelled(program, take, *language), varies(take));
                let state = match &take.audio {
                    None => State::Synthesized,
                    Some(_) if recordings.contains(&(*language, file.clone())) => State::Recorded,
                    Some(_) => State::Missing,
                };
                if take.audio.is_some() {
                    named.entry((*language, file.clone())).or_default().insert(text.clone());
                    if varies {
                        warnings.push(format!(
                            "{}: `{}` is spoken from {language}/{file}, but its words vary from call to call: {text}",
                            program.name, takes.name
                        ));
                    }
                }
                let new = || Line {
                    language: *language,
                    file: file.clone(),
                    state,
                    text: text.clone(),
                    varies,
                    said_in: BTreeSet::new(),
                    before: BTreeSet::new(),
                    after: BTreeSet::new(),
                };
                let line = lines.entry((*language, file.clone(), text.clone())).or_insert_with(new);
                for (id, node) in &nodes {
                    line.said_in.insert(place(program, node, message));
                    line.before.extend(before(program, *id, message, *language));
                    line.after.extend(after(program, node, message, *language));
                }
            }
        }
    }
    for ((language, file), texts) in named.iter().filter(|(_, texts)| texts.len() > 1) {
        let texts: Vec<String> = texts.iter().map(|t| format!("“{t}”")).collect();
        warnings.push(format!("{language}/{file} stands for different words: {}", texts.join(", ")));
    }
    let unused = recordings.iter().filter(|recording| !named.contains_key(recording)).cloned().collect();
    Script { lines: lines.into_values().collect(), unused, warnings }
}

impl Script {
    pub fn count(&self, state: State) -> usize {
        self.lines.iter().filter(|line| line.state == state).count()
    }

    /// For the one who keeps the flows.
    pub fn text(&self) -> String {
        let mut out = String::new();
        for Line { language, file, state, text, said_in, .. } in &self.lines {
            let path = format!("{language}/{file}");
            let said_in = said_in.iter().map(String::as_str).collect::<Vec<_>>().join("; ");
            let _ = writeln!(out, "{:11}  {path}  {text}\n{:13}{said_in}", state.words(), "");
        }
        for (language, file) in &self.unused {
            let _ = writeln!(out, "{:11}  {language}/{file}  is named by none of these flows", "unused");
        }
        for warning in &self.warnings {
            let _ = writeln!(out, "warning: {warning}");
        }
        let count = |state| self.count(state);
        let _ = writeln!(
            out,
            "{} texts: {} recorded, {} missing, {} synthesized; {} recordings unused",
            self.lines.len(),
            count(State::Recorded),
            count(State::Missing),
            count(State::Synthesized),
            self.unused.len()
        );
        out
    }

    /// The reading script: one row a text, as RFC 4180 has it.
    pub fn csv(&self) -> String {
        let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
        let header = ["file", "language", "state", "text", "varies", "said_in", "before", "after"];
        let all = |set: &BTreeSet<String>| set.iter().map(String::as_str).collect::<Vec<_>>().join("; ");
        let few = |set: &BTreeSet<String>| set.iter().take(CONTEXTS_MAX).cloned().collect::<Vec<_>>().join(" / ");
        let rows = self.lines.iter().map(|line| {
            let varies = if line.varies { "yes" } else { "no" };
            [
                line.file.clone(),
                line.language.to_string(),
                line.state.words().to_lowercase(),
                line.text.clone(),
                varies.to_string(),
                all(&line.said_in),
                few(&line.before),
                few(&line.after),
            ]
        });
        writer.write_record(header).expect("memory takes every row");
        for row in rows {
            writer.write_record(row).expect("memory takes every row");
        }
        let bytes = writer.into_inner().expect("memory takes every row");
        String::from_utf8(bytes).expect("rows of text make a text")
    }
}

/// The creditor's name is the same in all calls of an installation, as a rule; a contact's and a call's values are not.
fn varies(take: &Take) -> bool {
    take.slots.iter().any(|slot| !matches!(slot, Expr::Company | Expr::Literal(_)))
}

/// The text with an example for everything that varies.
fn spelled(program: &Program, take: &Take, language: Language) -> String {
    written::with_slots(take, |slot, format| {
        let what = written::expr(program, &take.slots[slot]);
        match example(format, language) {
            Some(words) => format!("[{what}: {words}]"),
            None => format!("[{what}]"),
        }
    })
}

/// `two hundred and five dollars`: how a slot of this format sounds.
fn example(format: Format, language: Language) -> Option<String> {
    let currency = if language == Language::RU { Currency::Rub } else { Currency::Usd };
    let value = match format {
        Format::Plain => return None,
        Format::Money(_) => Spoken::Money(Money { minor: 123_450, currency }),
        Format::Date(..) => Spoken::Date(date(2026, 11, 21)),
        Format::Number(..) | Format::Ordinal(..) | Format::Count(..) => Spoken::Number(21),
        Format::Duration(_) => Spoken::Number(5400),
        Format::Digits => Spoken::Digits("4321".into()),
        Format::Phone => Spoken::Digits("+74951234567".into()),
        Format::Time(_) => Spoken::Time(time(9, 30, 0, 0)),
    };
    let alone = Template(vec![Piece::Slot { slot: 0, format }]);
    speech::say(&alone, |_| Some(value.clone()), language, date(2026, 11, 20)).ok()
}

fn place(program: &Program, node: &NamedStep, message: MessageId) -> String {
    let facets = facets::facets(program, node);
    let occasions: Vec<String> = facets.says.into_iter().filter(|(_, m)| *m == message).map(|(o, _)| o).collect();
    let occasions = occasions.join(", ");
    if occasions.is_empty() {
        format!("{}: {}", program.name, node.name)
    } else {
        format!("{}: {} ({occasions})", program.name, node.name)
    }
}

/// What is heard before: the part before it in the same node, or what the nodes say that lead here.
fn before(program: &Program, id: StepId, message: MessageId, language: Language) -> Vec<String> {
    let node = program.step(id);
    let at = node.says.iter().position(|m| *m == message).unwrap_or(0);
    if at > 0 {
        return quoted(program, node.says[at - 1], language).into_iter().collect();
    }
    let leading = program.steps.iter().filter(|s| s.routes.iter().any(|(_, to)| *to == id));
    leading.filter_map(|s| s.says.first().and_then(|m| quoted(program, *m, language))).collect()
}

/// What is heard after: the next part of the same node, or what comes by each way out.
fn after(program: &Program, node: &NamedStep, message: MessageId, language: Language) -> Vec<String> {
    let at = node.says.iter().position(|m| *m == message).unwrap_or(0);
    if node.kind.name == "say" && at + 1 < node.says.len() {
        return quoted(program, node.says[at + 1], language).into_iter().collect();
    }
    let ways = node.routes.iter().filter_map(|(via, to)| {
        let first = program.step(*to).says.first()?;
        Some(format!("{}: {}", node.way(*via), quoted(program, *first, language)?))
    });
    ways.collect()
}

fn quoted(program: &Program, message: MessageId, language: Language) -> Option<String> {
    let text = written::short_text(program, program.message(message).takes.get(&language)?);
    let mut short: String = text.chars().take(CONTEXT_MAX).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    Some(format!("“{short}”"))
}
