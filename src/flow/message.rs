//! The `messages:` section: text with slots → templates, checked against the schema and the languages.

use std::collections::BTreeMap;

use super::codes;
use super::context::Context;
use super::expr::{self, Expr, Type};
use super::program::{Domain, Message, MessageId, Program, Step, StepId, Take, Variable};
use super::yaml::{Entry, Node, Scalar, Value};
use crate::diagnostic::Span;
use crate::language::Language;
use crate::speech::{Case, Format, Gender, Piece, Template};

/// Longest text of one message, in characters: about three minutes of speech.
const TEXT_MAX: usize = 3000;

/// A language's text of a message as it stands in the source, for the checks that read prose.
#[derive(Debug, Clone)]
pub struct Prose {
    pub message: usize,
    pub language: Language,
    pub scalar: Scalar,
    pub span: Span,
}

/// Reads one message. Faulty parts are reported and left out.
pub fn read(cx: &mut Context<'_>, entry: &Entry, number: usize, prose: &mut Vec<Prose>) -> Message {
    let name = format!("{}{}", cx.frame().prefix, entry.key);
    let mut takes = BTreeMap::new();
    let Some(map) = cx.map(&entry.value, &format!("message `{}`", entry.key)) else {
        return Message { name, takes };
    };
    let languages = cx.languages.clone();
    for take in &map.entries {
        let Some(language) = languages.iter().find(|l| l.code() == take.key) else {
            // A sub-flow may speak more languages than its caller.
            if cx.frame().is_subflow {
                continue;
            }
            let known: Vec<&str> = languages.iter().map(|l| l.code()).collect();
            cx.unknown(codes::UNKNOWN_KEY, take.key_span, "language of this flow", &take.key, known);
            continue;
        };
        if let Some((scalar, span, audio)) = text_and_audio(cx, &take.value) {
            prose.push(Prose { message: number, language: *language, scalar: scalar.clone(), span });
            takes.insert(*language, template(cx, scalar, span, audio));
        }
    }
    let missing: Vec<&str> = languages.iter().filter(|l| map.get(l.code()).is_none()).map(|l| l.code()).collect();
    if !missing.is_empty() {
        let text = format!("message `{}` is not given in {}", entry.key, missing.join(", "));
        cx.error(codes::TRANSLATION, entry.key_span, text);
    }
    Message { name, takes }
}

/// `"text"` or `{ audio: file.wav, text: "text" }`.
fn text_and_audio<'n>(cx: &mut Context<'_>, node: &'n Node) -> Option<(&'n Scalar, Span, Option<String>)> {
    let Value::Map(map) = &node.value else {
        return Some((text(cx, node)?, node.span, None));
    };
    cx.known_keys(map, "key of a message", &["audio", "text"]);
    let audio = map.get("audio").and_then(|e| {
        let scalar = cx.scalar(&e.value, "`audio`")?;
        let name = &scalar.text;
        let good = name.ends_with(".wav") && !name.contains("..") && !name.starts_with('/') && !name.contains('\\');
        if !good {
            cx.error(codes::MALFORMED, e.value.span, "`audio` is a .wav file under prompts/<language>/");
        }
        good.then(|| name.clone())
    });
    let Some(written) = map.get("text") else {
        cx.error(codes::MISSING_KEY, node.span, "a recording needs its `text`: it is the transcript and the fallback");
        return None;
    };
    Some((text(cx, &written.value)?, written.value.span, audio))
}

fn text<'n>(cx: &mut Context<'_>, node: &'n Node) -> Option<&'n Scalar> {
    let Value::Scalar(scalar) = &node.value else { return cx.scalar(node, "a message's text") };
    if scalar.is_null() || scalar.text.trim().is_empty() {
        cx.error(codes::EMPTY_MESSAGE, node.span, "the message is empty");
        return None;
    }
    if scalar.text.chars().count() > TEXT_MAX {
        let what = format!("the message is longer than {TEXT_MAX} characters; nobody listens that long");
        cx.error(codes::MALFORMED, node.span, what);
        return None;
    }
    cx.scalar(node, "a message's text")
}

fn template(cx: &mut Context<'_>, scalar: &Scalar, span: Span, audio: Option<String>) -> Take {
    let mut pieces = Vec::new();
    let mut slots = Vec::new();
    let chars: Vec<char> = scalar.text.chars().collect();
    let mut text = String::new();
    let mut at = 0;
    while at < chars.len() {
        let c = chars[at];
        let doubled = chars.get(at + 1) == Some(&c);
        match c {
            '{' | '}' if doubled => {
                text.push(c);
                at += 2;
            }
            '}' => {
                let place = scalar.place(cx.source, span, at, 1);
                cx.error_help(
                    codes::SLOT,
                    place,
                    "a slot ends here that never began",
                    "a brace in the text is written }}",
                );
                at += 1;
            }
            '{' => {
                let end = chars[at + 1..].iter().position(|c| *c == '}' || *c == '{').map(|n| at + 1 + n);
                let Some(end) = end.filter(|end| chars[*end] == '}') else {
                    let place = scalar.place(cx.source, span, at, 1);
                    let help = "close it with }, or write {{ for a brace in the text";
                    cx.error_help(codes::SLOT, place, "this slot is not closed", help);
                    at += 1;
                    continue;
                };
                let inside: String = chars[at + 1..end].iter().collect();
                let place = scalar.place(cx.source, span, at, end + 1 - at);
                if let Some((expr, format)) = slot(cx, &inside, place) {
                    if !text.is_empty() {
                        pieces.push(Piece::Text(std::mem::take(&mut text)));
                    }
                    pieces.push(Piece::Slot { slot: slots.len(), format });
                    slots.push(expr);
                }
                at = end + 1;
            }
            _ => {
                text.push(c);
                at += 1;
            }
        }
    }
    if !text.is_empty() {
        pieces.push(Piece::Text(text));
    }
    let in_pieces = slots.iter().any(on_variables);
    Take { audio, template: Template(pieces), slots, in_pieces }
}

/// `contact.amount | money accusative`, standing between the braces; `place` is that of the whole slot.
fn slot(cx: &mut Context<'_>, inside: &str, place: Span) -> Option<(Expr, Format)> {
    let (what, format) = match inside.split_once('|') {
        Some((what, format)) => (what, Some(format.trim())),
        None => (inside, None),
    };
    let start = Span { column: place.column + 1, length: what.chars().count() as u32, ..place };
    let survey = cx.survey.as_mut().filter(|_| cx.frame == 0);
    if let Some(survey) = survey {
        survey.expression(what, start, true);
    }
    let scope =
        expr::Scope { frame: Some(cx.frame()), contact: &cx.contact, variables: &cx.variables, bare_fields: false };
    let (expr, ty) = match expr::parse(what, start, &scope) {
        Ok(found) => found,
        Err(found) => {
            cx.report(found);
            return None;
        }
    };
    let format_span = match format {
        Some(f) => {
            let before = inside.find('|').map_or(0, |n| inside[..=n].chars().count());
            let blanks =
                inside[inside.find('|').map_or(0, |n| n + 1)..].chars().take_while(|c| c.is_whitespace()).count();
            let column = place.column + 1 + (before + blanks) as u32;
            Span { column, length: f.chars().count().max(1) as u32, ..place }
        }
        None => start,
    };
    let format = match format {
        Some(written) => read_format(cx, written, format_span)?,
        None => natural(&ty),
    };
    if fits(format, &ty) {
        return Some((expr, format));
    }
    let message = match &ty {
        Type::Enum(_) | Type::Bool | Type::Language => format!("{} is a code word and cannot be spoken", ty.words()),
        _ => format!("{} cannot be spoken as `{}`", ty.words(), format_word(format)),
    };
    let help = match &ty {
        Type::Enum(_) | Type::Bool | Type::Language => "branch on it, and say a message for each".to_string(),
        _ => format!("write `| {}`", format_word(natural(&ty))),
    };
    cx.error_help(codes::SLOT_FORMAT, format_span, message, help);
    None
}

fn read_format(cx: &mut Context<'_>, written: &str, span: Span) -> Option<Format> {
    let words: Vec<&str> = written.split_whitespace().collect();
    let case = |word: &str| CASES.iter().find(|(name, _)| *name == word).map(|(_, case)| *case);
    let gender = |word: &str| GENDERS.iter().find(|(name, _)| *name == word).map(|(_, gender)| *gender);
    let found = match words.as_slice() {
        ["plain"] => Some(Format::Plain),
        ["digits"] => Some(Format::Digits),
        ["time"] => Some(Format::Time),
        ["money"] => Some(Format::Money(Case::Nominative)),
        ["money", word] => case(word).map(Format::Money),
        ["date"] => Some(Format::Date(Case::Genitive)),
        ["date", word] => case(word).map(Format::Date),
        ["number"] => Some(Format::Number(Gender::Masculine)),
        ["number", word] => gender(word).map(Format::Number),
        _ => None,
    };
    if found.is_none() {
        let last = words.last().copied().unwrap_or_default();
        let known: Vec<&str> = match words.as_slice() {
            ["money" | "date", _] => CASES.iter().map(|(name, _)| *name).collect(),
            ["number", _] => GENDERS.iter().map(|(name, _)| *name).collect(),
            _ => FORMATS.to_vec(),
        };
        cx.unknown(codes::SLOT, span, "format", last, known);
    }
    found
}

/// The words that may stand behind `|`.
pub const FORMATS: &[&str] = &["plain", "money", "date", "time", "number", "digits"];

/// Behind `money` and `date`.
pub const CASES: &[(&str, Case)] = &[
    ("nominative", Case::Nominative),
    ("genitive", Case::Genitive),
    ("dative", Case::Dative),
    ("accusative", Case::Accusative),
    ("instrumental", Case::Instrumental),
    ("prepositional", Case::Prepositional),
];

/// Behind `number`.
pub const GENDERS: &[(&str, Gender)] =
    &[("masculine", Gender::Masculine), ("feminine", Gender::Feminine), ("neuter", Gender::Neuter)];

fn natural(ty: &Type) -> Format {
    match ty {
        Type::Money => Format::Money(Case::Nominative),
        Type::Date => Format::Date(Case::Genitive),
        Type::Time => Format::Time,
        Type::Number => Format::Number(Gender::Masculine),
        Type::Digits(_) | Type::Phone => Format::Digits,
        Type::Text | Type::Language | Type::Bool | Type::Enum(_) => Format::Plain,
    }
}

fn format_word(format: Format) -> &'static str {
    match format {
        Format::Plain => "plain",
        Format::Money(_) => "money",
        Format::Date(_) => "date",
        Format::Number(_) => "number",
        Format::Digits => "digits",
        Format::Time => "time",
    }
}

fn fits(format: Format, ty: &Type) -> bool {
    match (format, ty) {
        (Format::Plain, Type::Text)
        | (Format::Money(_), Type::Money)
        | (Format::Date(_), Type::Date)
        | (Format::Time, Type::Time)
        | (Format::Number(_), Type::Number)
        | (Format::Digits, Type::Digits(_) | Type::Phone) => true,
        (Format::Plain | Format::Money(_) | Format::Date(_) | Format::Number(_) | Format::Digits | Format::Time, _) => {
            false
        }
    }
}

/// The value is known only in the call.
fn on_variables(expr: &Expr) -> bool {
    let mut found = false;
    walk(expr, &mut |e| found |= matches!(e, Expr::Variable(_)));
    found
}

/// Calls `seen` for the expression and every part of it.
pub fn walk(expr: &Expr, seen: &mut dyn FnMut(&Expr)) {
    seen(expr);
    match expr {
        Expr::Not(a) | Expr::InRange(a, _, _) | Expr::OneOf(a, _) | Expr::Weekday(a) | Expr::Len(a) => walk(a, seen),
        Expr::Binary(_, a, b) => {
            walk(a, seen);
            walk(b, seen);
        }
        Expr::Literal(_)
        | Expr::Contact(_)
        | Expr::Variable(_)
        | Expr::Company
        | Expr::Today
        | Expr::DaysOverdue
        | Expr::Has(_)
        | Expr::HasVariable(_) => {}
    }
}

/// The expression depends on a field marked so, or on a variable marked so.
pub fn depends(expr: &Expr, contact: &[bool], variables: &[bool], on_due: bool) -> bool {
    let mut found = false;
    walk(expr, &mut |e| {
        found |= match e {
            Expr::Contact(id) => contact.get(id.0 as usize).copied().unwrap_or(false),
            Expr::Variable(id) => variables.get(id.0 as usize).copied().unwrap_or(false),
            Expr::DaysOverdue => on_due,
            _ => false,
        }
    });
    found
}

/// Which variables hold something computed from a protected field, by whatever detour. `of`: the sum that the promise of
/// this step is made of.
pub fn tainted<'e>(
    variables: &[Variable],
    contact: &[bool],
    on_due: bool,
    of: impl Fn(StepId) -> Option<&'e Expr>,
) -> Vec<bool> {
    let mut tainted = vec![false; variables.len()];
    // Ends: each round but the last marks one more.
    loop {
        let is = |e: &Expr| depends(e, contact, &tainted, on_due);
        let marked = variables.iter().map(|v| match &v.domain {
            _ if v.protected => true,
            Domain::OneOf(all) => all.iter().any(is),
            Domain::OfferAmounts(step) => of(*step).is_none_or(is),
            Domain::DaysAhead(_) | Domain::Digits | Domain::Numbers(..) | Domain::Unknown => false,
        });
        let marked: Vec<bool> = marked.collect();
        if marked == tainted {
            return tainted;
        }
        tainted = marked;
    }
}

impl Program {
    /// Whether the message, in any language, speaks a protected field or something computed from one.
    pub fn is_protected(&self, message: MessageId) -> bool {
        let fields: Vec<bool> = self.contact.iter().map(|f| f.protected).collect();
        let on_due = self.contact.iter().any(|f| f.name == "due" && f.protected);
        let of = |step: StepId| match &self.step(step).step {
            Step::Promise(promise) => Some(&promise.of),
            _ => None,
        };
        let variables = tainted(&self.variables, &fields, on_due, of);
        let mut slots = self.message(message).takes.values().flat_map(|take| &take.slots);
        slots.any(|slot| depends(slot, &fields, &variables, on_due))
    }
}
