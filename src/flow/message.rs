//! The `messages:` section: text with slots → templates, checked against the schema and the languages.

use std::collections::BTreeMap;

use super::codes;
use super::context::Context;
use super::expr::{self, Expr, Type};
use super::made;
use super::program::{Domain, Message, MessageId, Program, RENDERS, Render, Step, StepId, Take, Variable};
use super::yaml::{Entry, Node, Scalar, Value};
use crate::diagnostic::Span;
use crate::language::Language;
use crate::speech::markup::{self, Tag};
use crate::speech::{
    self, Case, DateStyle, Format, FormatError, Gender, Manner, NoGrammar, Piece, Spoken, Template, has_grammar,
};

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
        return Message { name, takes, made: None };
    };
    if let Some(message) = made::read(cx, entry, map, &name) {
        return message;
    }
    let languages = cx.languages.clone();
    let render = map.get("render").and_then(|e| read_render(cx, &e.value)).unwrap_or(Render::Sentences);
    for take in map.entries.iter().filter(|e| e.key != "render") {
        let Some(language) = languages.iter().find(|l| l.code() == take.key) else {
            // A sub-flow may speak more languages than its caller.
            if cx.frame().is_subflow {
                continue;
            }
            let known: Vec<&str> =
                languages.iter().map(|l| l.code()).chain(["render"]).chain(made::KINDS.map(|(key, ..)| key)).collect();
            cx.unknown(codes::UNKNOWN_KEY, take.key_span, "language of this flow", &take.key, known);
            continue;
        };
        if let Some((scalar, span, audio)) = text_and_audio(cx, &take.value) {
            prose.push(Prose { message: number, language: *language, scalar: scalar.clone(), span });
            takes.insert(*language, template(cx, scalar, span, audio, *language, render));
        }
    }
    let missing: Vec<&str> = languages.iter().filter(|l| map.get(l.code()).is_none()).map(|l| l.code()).collect();
    if !missing.is_empty() {
        let text = format!("message `{}` is not given in {}", entry.key, missing.join(", "));
        cx.error(codes::TRANSLATION, entry.key_span, text);
    }
    Message { name, takes, made: None }
}

fn read_render(cx: &mut Context<'_>, node: &Node) -> Option<Render> {
    let scalar = cx.scalar(node, "`render`")?;
    let found = RENDERS.iter().find(|(name, _)| *name == scalar.text).map(|(_, render)| *render);
    if found.is_none() {
        cx.unknown(codes::MALFORMED, node.span, "way to render", &scalar.text, RENDERS.map(|(name, _)| name));
    }
    found
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

/// A message's text being cut into pieces.
struct Cutter<'c, 'f> {
    cx: &'c mut Context<'f>,
    language: Language,
    scalar: &'c Scalar,
    span: Span,
    chars: Vec<char>,
    at: usize,
    text: String,
    pieces: Vec<Piece>,
    slots: Vec<Expr>,
    /// The tags that are open, where each began, and how it is spoken outside of it.
    open: Vec<(&'static str, Span, Manner)>,
    manner: Manner,
}

fn template(
    cx: &mut Context<'_>,
    scalar: &Scalar,
    span: Span,
    audio: Option<String>,
    language: Language,
    render: Render,
) -> Take {
    let mut cutter = Cutter {
        cx,
        language,
        scalar,
        span,
        chars: scalar.text.chars().collect(),
        at: 0,
        text: String::new(),
        pieces: Vec::new(),
        slots: Vec::new(),
        open: Vec::new(),
        manner: Manner::default(),
    };
    cutter.cut();
    let Cutter { pieces, slots, .. } = cutter;
    let render = if slots.iter().any(on_variables) { Render::Pieces } else { render };
    Take { audio, template: Template(pieces), slots, render }
}

impl Cutter<'_, '_> {
    fn cut(&mut self) {
        while let Some(c) = self.chars.get(self.at).copied() {
            let doubled = self.chars.get(self.at + 1) == Some(&c);
            match c {
                '{' | '}' if doubled => {
                    self.text.push(c);
                    self.at += 2;
                }
                '}' => {
                    let place = self.place(self.at, 1);
                    let help = "a brace in the text is written }}";
                    self.cx.error_help(codes::SLOT, place, "a slot ends here that never began", help);
                    self.at += 1;
                }
                '{' => self.slot(),
                '<' if markup::is_tag(&self.chars[self.at + 1..].iter().take(2).collect::<String>()) => self.tag(),
                _ => {
                    self.text.push(c);
                    self.at += 1;
                }
            }
        }
        self.end_text();
        let silent = |piece: &Piece| matches!(piece, Piece::Text(_) | Piece::Manner(_));
        // A slot that could not be read has been told of.
        let has_slot = self.scalar.text.contains('{');
        if !has_slot
            && self.pieces.iter().all(silent)
            && self.said(self.pieces.clone()).is_ok_and(|said| said.is_empty())
        {
            self.cx.error(codes::EMPTY_MESSAGE, self.span, "there is no word in the message: silence would be heard");
        }
        while let Some((name, span, _)) = self.open.pop() {
            let help = format!("write </{name}> where it ends");
            self.cx.error_help(codes::MARKUP, span, format!("`<{name}>` is not closed"), help);
        }
    }

    fn place(&self, at: usize, length: usize) -> Span {
        self.scalar.place(self.cx.source, self.span, at, length)
    }

    fn end_text(&mut self) {
        if !self.text.is_empty() {
            let text = std::mem::take(&mut self.text);
            self.pieces.push(Piece::Text(text));
        }
    }

    fn slot(&mut self) {
        let inside = &self.chars[self.at + 1..];
        let Some(length) = inside.iter().position(|c| *c == '}' || *c == '{').filter(|end| inside[*end] == '}') else {
            let place = self.place(self.at, 1);
            let help = "close it with }, or write {{ for a brace in the text";
            self.cx.error_help(codes::SLOT, place, "this slot is not closed", help);
            self.at += 1;
            return;
        };
        let inside: String = inside[..length].iter().collect();
        let place = self.place(self.at, length + 2);
        if let Some((expr, format)) = slot(self.cx, &inside, place) {
            if let Err(no_form) = has_grammar(self.language, format) {
                self.cx.error(codes::NO_FORM, place, no_form.to_string());
            }
            self.end_text();
            self.pieces.push(Piece::Slot { slot: self.slots.len(), format });
            self.slots.push(expr);
        }
        self.at += length + 2;
    }

    fn tag(&mut self) {
        let begin = self.at;
        let Some(length) = self.chars[begin..].iter().position(|c| *c == '>') else {
            let place = self.place(begin, 1);
            let help = "close it with >, or put a space behind the < that is to be text";
            self.cx.error_help(codes::MARKUP, place, "this tag is not closed", help);
            self.text.push('<');
            self.at += 1;
            return;
        };
        let inside: String = self.chars[begin + 1..begin + length].iter().collect();
        let place = self.place(begin, length + 1);
        self.at = begin + length + 1;
        match markup::tag(&inside) {
            Err(error) => self.cx.error_help(codes::MARKUP, place, error.message, error.help),
            Ok(Tag::Break(ms)) => {
                self.end_text();
                self.pieces.push(Piece::Break(ms));
            }
            Ok(Tag::Open(name, inner)) => {
                self.end_text();
                self.open.push((name, place, self.manner));
                self.speak(self.manner.with(inner));
            }
            Ok(Tag::Close(name)) => match self.open.pop_if(|(open, ..)| *open == name) {
                Some((_, _, outside)) => {
                    self.end_text();
                    self.speak(outside);
                }
                None => {
                    let open = self.open.last().map(|(open, ..)| format!("`<{open}>` is open here"));
                    let help = open.unwrap_or_else(|| "no tag is open here".to_owned());
                    self.cx.error_help(codes::MARKUP, place, format!("`</{name}>` closes nothing"), help);
                }
            },
            Ok(Tag::SayAs(format)) => self.say_as(format, place),
        }
    }

    fn speak(&mut self, manner: Manner) {
        self.manner = manner;
        self.pieces.push(Piece::Manner(manner));
    }

    /// What stands between `<say-as …>` and `</say-as>`.
    fn say_as(&mut self, format: Format, place: Span) {
        const CLOSE: &str = "</say-as>";
        let rest: String = self.chars[self.at..].iter().collect();
        let Some((value, _)) = rest.split_once(CLOSE) else {
            let help = format!("write {CLOSE} where it ends");
            return self.cx.error_help(codes::MARKUP, place, "`<say-as>` is not closed", help);
        };
        let length = value.chars().count();
        let value_place = self.place(self.at, length.max(1));
        self.at += length + CLOSE.len();
        if value.contains('{') {
            let help = format!("write the format in the slot: {{… | {format}}}");
            return self.cx.error_help(codes::MARKUP, value_place, "a slot inside `<say-as>`", help);
        }
        match Spoken::read(value, format) {
            Err(help) => {
                let message = format!("`{}` cannot be said as `{format}`", value.trim());
                self.cx.error_help(codes::MARKUP, value_place, message, help);
            }
            Ok(spoken) => {
                if let Err(no_form) = has_grammar(self.language, format) {
                    self.cx.error(codes::NO_FORM, value_place, no_form.to_string());
                }
                let piece = Piece::Literal { value: spoken, format };
                if let Err(why) = self.said(vec![piece.clone()]) {
                    let help = why.to_string();
                    let message = format!("`{}` cannot be said as `{format}`", value.trim());
                    self.cx.error_help(codes::MARKUP, value_place, message, help);
                }
                self.end_text();
                self.pieces.push(piece);
            }
        }
    }

    /// What is heard of pieces that hold no slot. A date of another year than this would say its year, and nothing else changes.
    fn said(&self, pieces: Vec<Piece>) -> Result<String, NoGrammar> {
        speech::say(&Template(pieces), |_| None, self.language, jiff::civil::date(2026, 1, 1))
    }
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
        _ => format!("{} cannot be spoken as `{format}`", ty.words()),
    };
    let help = match &ty {
        Type::Enum(_) | Type::Bool | Type::Language => "branch on it, and say a message for each".to_string(),
        _ => format!("write `| {}`", natural(&ty)),
    };
    cx.error_help(codes::SLOT_FORMAT, format_span, message, help);
    None
}

fn read_format(cx: &mut Context<'_>, written: &str, span: Span) -> Option<Format> {
    match written.parse() {
        Ok(format) => Some(format),
        Err(FormatError { wrong, expected, .. }) => {
            cx.unknown(codes::SLOT, span, "format", &wrong, expected);
            None
        }
    }
}

fn natural(ty: &Type) -> Format {
    match ty {
        Type::Money => Format::Money(Case::Nominative),
        Type::Date => Format::Date(DateStyle::Day, None),
        Type::Time => Format::Time(None),
        Type::Number => Format::Number(Gender::Masculine, Case::Nominative),
        // One by one: a number keyed in the call is made of digits that were rendered before it.
        Type::Digits(_) | Type::Phone => Format::Digits,
        Type::Text | Type::Language | Type::Bool | Type::Enum(_) => Format::Plain,
    }
}

fn fits(format: Format, ty: &Type) -> bool {
    match (format, ty) {
        (Format::Plain, Type::Text)
        | (Format::Money(_), Type::Money)
        | (Format::Date(..), Type::Date)
        | (Format::Time(_), Type::Time)
        | (Format::Number(..) | Format::Ordinal(..) | Format::Count(..) | Format::Duration(_), Type::Number)
        | (Format::Digits, Type::Digits(_) | Type::Phone)
        | (Format::Phone, Type::Phone) => true,
        (
            Format::Plain
            | Format::Money(_)
            | Format::Date(..)
            | Format::Time(_)
            | Format::Number(..)
            | Format::Ordinal(..)
            | Format::Count(..)
            | Format::Duration(_)
            | Format::Digits
            | Format::Phone,
            _,
        ) => false,
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
