//! What is known while a flow is being read: the names it declares, the faults found so far, and where things stand.

use std::collections::BTreeMap;
use std::time::Duration;

use super::codes;
use super::expr::{self, Expr, Type};
use super::graph::Fact;
use super::program::{Domain, Field, FieldId, MessageId, StepId, VarId, Variable};
use super::subflow::Frame;
use super::survey::{Choice, Noun, Survey};
use super::yaml::{self, Map, Node, Scalar, Value};
use crate::diagnostic::{Diagnostic, Span, did_you_mean};
use crate::language::Language;

/// Most diagnostics kept; a file with more is not a flow.
pub const DIAGNOSTICS_MAX: usize = 500;

pub const VARIABLES_MAX: usize = 500;

/// Target of a route whose node does not exist. Never part of a finished program.
pub const NOWHERE: StepId = StepId(u32::MAX);

/// A message said at a step.
#[derive(Debug, Clone)]
pub struct Said {
    pub step: StepId,
    pub message: MessageId,
    /// The place of the reference in the node.
    pub span: Span,
    /// Variables that the step itself has set by then.
    pub set: Vec<VarId>,
    /// In an SMS or an e-mail.
    pub written: bool,
}

/// An expression evaluated at a step.
#[derive(Debug, Clone)]
pub struct Used {
    pub step: StepId,
    pub expr: Expr,
    pub span: Span,
    /// Known there beside what is known at the step: an earlier case did not hold.
    pub also: Vec<Fact>,
}

pub struct Context<'s> {
    pub source: &'s str,
    pub diagnostics: Vec<Diagnostic>,
    pub languages: Vec<Language>,
    pub contact: Vec<Field>,
    pub variables: Vec<Variable>,
    /// Where each variable was first declared.
    pub variable_spans: Vec<Span>,
    pub messages: BTreeMap<String, MessageId>,
    pub nodes: BTreeMap<String, StepId>,
    /// The flow itself, then each call of a sub-flow.
    pub frames: Vec<Frame>,
    /// The one being read.
    pub frame: usize,
    /// The exits of the sub-flow that is checked by itself.
    pub exits: Vec<String>,
    pub said: Vec<Said>,
    pub used: Vec<Used>,
    /// The place of each `end` node's result.
    pub results: BTreeMap<StepId, Span>,
    /// The place of each menu's keys, and its prompts, for the checks of what is announced.
    pub menu_keys: BTreeMap<StepId, Vec<(String, Span)>>,
    /// What an editor wants to know; kept only for one that asks.
    pub survey: Option<Survey>,
}

impl<'s> Context<'s> {
    /// Nothing is known yet.
    pub fn new(source: &'s str) -> Context<'s> {
        Context {
            source,
            diagnostics: Vec::new(),
            languages: Vec::new(),
            contact: Vec::new(),
            variables: Vec::new(),
            variable_spans: Vec::new(),
            messages: BTreeMap::new(),
            nodes: BTreeMap::new(),
            frames: vec![Frame::default()],
            frame: 0,
            exits: Vec::new(),
            said: Vec::new(),
            used: Vec::new(),
            results: BTreeMap::new(),
            menu_keys: BTreeMap::new(),
            survey: None,
        }
    }
}

impl Context<'_> {
    pub fn report(&mut self, mut diagnostic: Diagnostic) {
        if self.frame().is_faulty {
            return;
        }
        if let Some((name, span)) = &self.frame().called {
            diagnostic.span = *span;
            diagnostic.message = format!("in the sub-flow `{name}`: {}", diagnostic.message);
        }
        if self.diagnostics.len() < DIAGNOSTICS_MAX {
            self.diagnostics.push(diagnostic);
        }
    }

    pub fn error(&mut self, code: &'static str, span: Span, message: impl Into<String>) {
        self.report(Diagnostic::error(code, span, message));
    }

    pub fn error_help(&mut self, code: &'static str, span: Span, message: impl Into<String>, help: impl Into<String>) {
        self.report(Diagnostic::error(code, span, message).help(help));
    }

    /// A name stands here.
    pub fn mention(&mut self, noun: Noun, name: &str, span: Span, declares: bool) {
        // What stands in a sub-flow stands in another file.
        if let Some(survey) = self.survey.as_mut().filter(|_| self.frame == 0) {
            survey.mention(noun, name, span, declares);
        }
    }

    /// An error that `word` is not among `known`, with the nearest of them.
    pub fn unknown<'a>(
        &mut self,
        code: &'static str,
        span: Span,
        what: &str,
        word: &str,
        known: impl IntoIterator<Item = &'a str> + Clone,
    ) {
        if self.diagnostics.len() >= DIAGNOSTICS_MAX {
            return;
        }
        self.choice(word, known.clone());
        // Comparing takes the product of the lengths; a word this long is no slip of the hand.
        const WORD_MAX: usize = 64;
        let word: String = word.chars().take(WORD_MAX).collect();
        let mut found = Diagnostic::error(code, span, format!("unknown {what} `{word}`"));
        if let Some(near) = did_you_mean(&word, known.clone()) {
            found = found.help(format!("did you mean `{near}`?"));
        } else {
            let all: Vec<&str> = known.into_iter().collect();
            if (1..=16).contains(&all.len()) {
                found = found.help(format!("known: {}", all.join(", ")));
            }
        }
        self.report(found);
    }

    /// One of `known` could stand here.
    fn choice<'a>(&mut self, word: &str, known: impl IntoIterator<Item = &'a str>) {
        if let Some(survey) = &mut self.survey {
            let known = known.into_iter().map(str::to_string).collect();
            survey.choices.push(Choice { word: word.to_string(), known, key: false });
        }
    }

    pub fn map<'n>(&mut self, node: &'n Node, what: &str) -> Option<&'n Map> {
        match &node.value {
            Value::Map(map) => Some(map),
            Value::Scalar(_) | Value::List(_) => {
                self.error(
                    codes::SHAPE,
                    node.span,
                    format!("{what} must be a map (`name: value`), not {}", node.kind()),
                );
                None
            }
        }
    }

    /// One value, not empty, quoted where YAML demands it.
    pub fn scalar<'n>(&mut self, node: &'n Node, what: &str) -> Option<&'n Scalar> {
        match &node.value {
            Value::Scalar(scalar) if scalar.is_null() => {
                self.error(codes::SHAPE, node.span, format!("{what} is empty"));
                None
            }
            Value::Scalar(scalar) => {
                if let Some(as_what) = scalar.surprise() {
                    self.surprise(node.span, &scalar.text, as_what);
                    return None;
                }
                Some(scalar)
            }
            Value::Map(_) | Value::List(_) => {
                self.error(codes::SHAPE, node.span, format!("{what} must be one value, not {}", node.kind()));
                None
            }
        }
    }

    pub fn surprise(&mut self, span: Span, text: &str, as_what: &str) {
        let message = format!("unquoted `{text}` is {as_what} to many YAML readers, not text");
        self.error_help(codes::SURPRISE, span, message, format!("write \"{text}\""));
    }

    /// One value or a list of them.
    pub fn scalars<'n>(&mut self, node: &'n Node, what: &str) -> Vec<(&'n Scalar, Span)> {
        match &node.value {
            Value::List(items) => items.iter().filter_map(|item| Some((self.scalar(item, what)?, item.span))).collect(),
            Value::Scalar(_) => self.scalar(node, what).map(|s| (s, node.span)).into_iter().collect(),
            Value::Map(_) => {
                self.error(codes::SHAPE, node.span, format!("{what} must be a value or a list, not a map"));
                Vec::new()
            }
        }
    }

    /// Reports every key of `map` that is not among `known`.
    pub fn known_keys(&mut self, map: &Map, what: &str, known: &[&str]) {
        for entry in &map.entries {
            if !known.contains(&entry.key.as_str()) {
                self.unknown(codes::UNKNOWN_KEY, entry.key_span, what, &entry.key, known.iter().copied());
                if let Some(choice) = self.survey.as_mut().and_then(|s| s.choices.last_mut()) {
                    choice.key = true;
                }
            }
        }
    }

    /// The key is a name: lower-case ASCII letters, digits and `_`, beginning with a letter, and nothing YAML reads as
    /// something else.
    pub fn name(&mut self, text: &str, plain: bool, span: Span, what: &str) -> bool {
        if plain && let Some(as_what) = yaml::surprise(text) {
            self.surprise(span, text, as_what);
            return false;
        }
        let good = is_name(text);
        if !good {
            let message = format!("the name of {what} is {NAMES}");
            self.error(codes::MALFORMED, span, message);
        }
        good
    }

    pub fn frame(&self) -> &Frame {
        &self.frames[self.frame]
    }

    /// The names of this frame among all, without its prefix.
    fn own_names<T>(&self, all: &BTreeMap<String, T>) -> Vec<String> {
        let prefix = &self.frame().prefix;
        all.keys()
            .filter_map(|name| name.strip_prefix(prefix.as_str()))
            .filter(|n| !n.contains('/'))
            .map(Into::into)
            .collect()
    }

    pub fn node(&mut self, scalar: &Scalar, span: Span) -> StepId {
        self.mention(Noun::Node, &scalar.text, span, false);
        if let Some(id) = self.nodes.get(&format!("{}{}", self.frame().prefix, scalar.text)) {
            return *id;
        }
        let known = self.own_names(&self.nodes);
        self.unknown(codes::UNKNOWN_TARGET, span, "node", &scalar.text, known.iter().map(String::as_str));
        NOWHERE
    }

    pub fn message(&mut self, scalar: &Scalar, span: Span) -> Option<MessageId> {
        self.mention(Noun::Message, &scalar.text, span, false);
        if let Some(id) = self.messages.get(&format!("{}{}", self.frame().prefix, scalar.text)) {
            return Some(*id);
        }
        let known = self.own_names(&self.messages);
        self.unknown(codes::UNKNOWN_MESSAGE, span, "message", &scalar.text, known.iter().map(String::as_str));
        None
    }

    pub fn duration(&mut self, node: &Node, what: &str, least: Duration, most: Duration) -> Option<Duration> {
        let scalar = self.scalar(node, what)?;
        match parse_duration(&scalar.text) {
            Some(d) if (least..=most).contains(&d) => Some(d),
            Some(_) => {
                let message = format!("{what} must lie between {} and {}", words(least), words(most));
                self.error(codes::MALFORMED, node.span, message);
                None
            }
            None => {
                let message = format!("{what} is a number and a unit, not `{}`", scalar.text);
                self.error_help(codes::MALFORMED, node.span, message, "for example 500ms, 6s, 2m, 1h, 7d");
                None
            }
        }
    }

    /// Whole days: `7d`.
    pub fn days(&mut self, node: &Node, what: &str, most: u32) -> Option<u32> {
        let day = Duration::from_secs(86_400);
        let d = self.duration(node, what, Duration::ZERO, day * most)?;
        if d.as_secs() % 86_400 != 0 {
            self.error(codes::MALFORMED, node.span, format!("{what} is whole days, for example 7d"));
            return None;
        }
        Some((d.as_secs() / 86_400) as u32)
    }

    pub fn number(&mut self, node: &Node, what: &str, least: u32, most: u32) -> Option<u32> {
        let scalar = self.scalar(node, what)?;
        match scalar.text.parse::<u32>() {
            Ok(n) if (least..=most).contains(&n) => Some(n),
            _ => {
                let message = format!("{what} is a number from {least} to {most}, not `{}`", scalar.text);
                self.error(codes::MALFORMED, node.span, message);
                None
            }
        }
    }

    pub fn truth(&mut self, node: &Node, what: &str) -> Option<bool> {
        match &node.value {
            Value::Scalar(s) if s.plain && s.text == "true" => Some(true),
            Value::Scalar(s) if s.plain && s.text == "false" => Some(false),
            Value::Scalar(s) if s.surprise() == Some("a truth value") => {
                let message = format!("`{}` is a truth value to some YAML readers and text to others", s.text);
                self.error_help(codes::SURPRISE, node.span, message, "write true or false");
                None
            }
            Value::Scalar(_) | Value::List(_) | Value::Map(_) => {
                if let Value::Scalar(scalar) = &node.value {
                    self.choice(&scalar.text, ["true", "false"]);
                }
                self.error(codes::MALFORMED, node.span, format!("{what} is true or false"));
                None
            }
        }
    }

    /// An expression over the contact and the variables.
    pub fn expr(&mut self, node: &Node, what: &str) -> Option<(Expr, Type)> {
        let variables = std::mem::take(&mut self.variables);
        let out = self.expr_with(node, what, &variables, true);
        self.variables = variables;
        out
    }

    /// An expression over the contact alone.
    pub fn contact_expr(&mut self, node: &Node, what: &str) -> Option<(Expr, Type)> {
        self.expr_with(node, what, &[], false)
    }

    fn expr_with(&mut self, node: &Node, what: &str, variables: &[Variable], may_vary: bool) -> Option<(Expr, Type)> {
        // `when: true` is an expression, not a slip.
        let scalar = match &node.value {
            Value::Scalar(s) if !s.is_null() => s,
            Value::Scalar(_) | Value::List(_) | Value::Map(_) => {
                self.error(codes::SHAPE, node.span, format!("{what} must be an expression, not {}", node.kind()));
                return None;
            }
        };
        let place = scalar.place(self.source, node.span, 0, scalar.text.chars().count());
        // What stands in a sub-flow stands in another file.
        let survey = self.survey.as_mut().filter(|_| self.frame == 0);
        if let Some(survey) = survey {
            survey.expression(&scalar.text, place, may_vary);
        }
        let frame = Some(&self.frames[self.frame]);
        let scope = expr::Scope { contact: &self.contact, variables, bare_fields: false, frame };
        match expr::parse(&scalar.text, place, &scope) {
            Ok(checked) => Some(checked),
            Err(found) => {
                self.report(found);
                None
            }
        }
    }

    /// Declares a variable, or joins an earlier declaration of the same type and sort.
    pub fn declare(&mut self, name: &str, ty: Type, domain: Domain, span: Span) {
        self.mention(Noun::Variable, name, span, true);
        let name = self.frame().variable(name);
        let Some(at) = self.variables.iter().position(|v| v.name == name) else {
            if self.variables.len() >= VARIABLES_MAX {
                self.error(codes::NOT_PLAIN_YAML, span, format!("a flow has at most {VARIABLES_MAX} variables"));
                return;
            }
            self.variables.push(Variable { name, ty, domain, protected: false });
            self.variable_spans.push(span);
            return;
        };
        let earlier = &mut self.variables[at];
        let joined = expr::same(&earlier.ty, &ty)
            && match (&mut earlier.domain, domain) {
                (Domain::OneOf(all), Domain::OneOf(more)) => {
                    all.extend(more);
                    true
                }
                (Domain::DaysAhead(days), Domain::DaysAhead(more)) => {
                    *days = (*days).max(more);
                    true
                }
                (Domain::Unknown, Domain::Unknown) => true,
                (Domain::Numbers(from, to), Domain::Numbers(more_from, more_to)) => {
                    (*from, *to) = ((*from).min(more_from), (*to).max(more_to));
                    true
                }
                (Domain::Digits, Domain::Digits) => {
                    if let (Type::Digits(n), Type::Digits(m)) = (&mut earlier.ty, ty) {
                        *n = (*n).max(m);
                    }
                    true
                }
                (_, _) => false,
            };
        if !joined {
            let first = self.variable_spans[at];
            let message = format!("`{name}` is set in another way in line {}", first.line);
            self.error_help(codes::CONFLICT, span, message, "use another name");
        }
    }

    /// By its name in this frame.
    pub fn variable(&self, name: &str) -> Option<VarId> {
        let name = self.frame().variable(name);
        self.variables.iter().position(|v| v.name == name).map(|n| VarId(n as u32))
    }

    pub fn field(&self, name: &str) -> Option<FieldId> {
        self.contact.iter().position(|f| f.name == name).map(|n| FieldId(n as u32))
    }
}

/// What [`is_name`] wants, for messages.
pub const NAMES: &str = "a-z, 0-9 and _, begins with a letter, and has at most 64";

/// Lower-case ASCII letters, digits and `_`, beginning with a letter.
pub fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
        && text.len() <= 64
}

/// `500ms`, `6s`, `2m`, `1h`, `7d`.
pub fn parse_duration(text: &str) -> Option<Duration> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let number: u64 = text.get(..digits)?.parse().ok()?;
    let ms = match text.get(digits..)?.trim() {
        "ms" => 1,
        "s" => 1000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    Some(Duration::from_millis(number.checked_mul(ms)?))
}

fn words(d: Duration) -> String {
    match d.as_millis() as u64 {
        ms if ms >= 86_400_000 && ms.is_multiple_of(86_400_000) => format!("{}d", ms / 86_400_000),
        ms if ms >= 60_000 && ms.is_multiple_of(60_000) => format!("{}m", ms / 60_000),
        ms if ms.is_multiple_of(1000) => format!("{}s", ms / 1000),
        ms => format!("{ms}ms"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        for (text, ms) in [
            ("500ms", Some(500)),
            ("6s", Some(6000)),
            ("7d", Some(604_800_000)),
            ("0s", Some(0)),
            ("6", None),
            ("s", None),
            ("-1s", None),
            ("1.5s", None),
            ("99999999999999999999s", None),
            ("9999999999999999999d", None),
        ] {
            assert_eq!(parse_duration(text).map(|d| d.as_millis()), ms, "{text}");
        }
    }
}
