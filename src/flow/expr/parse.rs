//! Text → a typed [`Expr`]: tokens, then a tree, then types. Every fault has its column. Depth and length are bounded.

use jiff::civil::{Date, Time};

use super::{BinaryOp, Expr, Type, Value};
use crate::diagnostic::{Diagnostic, Span, did_you_mean};
use crate::flow::codes;
use crate::flow::program::{Field, FieldId, VarId, Variable};
use crate::flow::subflow::Frame;
use crate::money::Money;

/// Deepest nesting of brackets, `not` and operators of different rank.
const DEPTH_MAX: u32 = 24;
/// Longest expression, in characters.
const LENGTH_MAX: usize = 1000;

/// The names an expression may use.
#[derive(Debug, Clone, Copy)]
pub struct Scope<'a> {
    pub contact: &'a [Field],
    pub variables: &'a [Variable],
    /// A contact's field may be named without `contact.`, as ladders do.
    pub bare_fields: bool,
    /// The call of a sub-flow in which the expression stands.
    pub frame: Option<&'a Frame>,
}

impl Scope<'_> {
    fn field(&self, name: &str) -> Option<FieldId> {
        self.contact.iter().position(|f| f.name == name).map(|n| FieldId(n as u32))
    }

    fn variable(&self, name: &str) -> Option<VarId> {
        let own = self.frame.map(|frame| frame.variable(name));
        let name = own.as_deref().unwrap_or(name);
        self.variables.iter().position(|v| v.name == name).map(|n| VarId(n as u32))
    }
}

/// Reads one expression. `span` is the place of the first character of `text`, which stands in one line.
pub fn parse(text: &str, span: Span, scope: &Scope<'_>) -> Result<(Expr, Type), Diagnostic> {
    let whole = Span { length: text.chars().count().max(1) as u32, ..span };
    if text.chars().count() > LENGTH_MAX {
        let message = format!("the expression is longer than {LENGTH_MAX} characters");
        return Err(Diagnostic::error(codes::EXPRESSION, Span { length: 1, ..span }, message));
    }
    let place = |token: &Token| Span { column: span.column + token.from, length: token.length.max(1), ..span };
    let tokens = tokens(text).map_err(|(bad, why)| Diagnostic::error(codes::EXPRESSION, place(&bad), why))?;
    let mut parser = Parser { tokens: &tokens, next: 0, depth: 0 };
    let tree = parser.or().and_then(|tree| match parser.peek() {
        None => Ok(tree),
        Some(extra) => Err((extra.clone(), format!("`{}` was not expected here", extra.text))),
    });
    let tree = match tree {
        Ok(tree) => tree,
        Err((token, why)) if token.kind == Kind::End => {
            let end = Span { column: span.column + text.chars().count() as u32, length: 1, ..span };
            return Err(Diagnostic::error(codes::EXPRESSION, if text.trim().is_empty() { whole } else { end }, why));
        }
        Err((token, why)) => return Err(Diagnostic::error(codes::EXPRESSION, place(&token), why)),
    };
    Checker { scope, start: span }.check(&tree, None)
}

/// As [`parse`], and the expression must have this type.
pub fn parse_as(text: &str, span: Span, scope: &Scope<'_>, wanted: &Type) -> Result<Expr, Diagnostic> {
    let (expr, ty) = parse(text, span, scope)?;
    if same(&ty, wanted) {
        return Ok(expr);
    }
    let whole = Span { length: text.chars().count().max(1) as u32, ..span };
    Err(Diagnostic::error(codes::TYPE, whole, format!("this is {}; {} was expected", ty.words(), wanted.words())))
}

/// Whether values of the two types can be compared and assigned.
pub fn same(a: &Type, b: &Type) -> bool {
    match (a, b) {
        (Type::Digits(_), Type::Digits(_)) => true,
        _ => a == b,
    }
}

impl Type {
    /// For messages: `money`, `a day`.
    pub fn words(&self) -> String {
        match self {
            Type::Text => "text".into(),
            Type::Money => "money".into(),
            Type::Date => "a date".into(),
            Type::Time => "a time of day".into(),
            Type::Number => "a number".into(),
            Type::Digits(n) => format!("digits({n})"),
            Type::Phone => "a phone number".into(),
            Type::Language => "a language".into(),
            Type::Bool => "a truth value".into(),
            Type::Enum(words) => format!("one of {}", words.join(", ")),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Word,
    Number,
    Money,
    Date,
    Text,
    Sign,
    End,
}

#[derive(Debug, Clone)]
struct Token {
    kind: Kind,
    text: String,
    /// In characters from the expression's beginning.
    from: u32,
    length: u32,
}

type Fault = (Token, String);

fn tokens(text: &str) -> Result<Vec<Token>, Fault> {
    let chars: Vec<char> = text.chars().collect();
    let mut out = Vec::new();
    let mut at = 0;
    let run = |from: usize, ok: &dyn Fn(char) -> bool| chars[from..].iter().take_while(|c| ok(**c)).count();
    while at < chars.len() {
        let c = chars[at];
        if c.is_whitespace() {
            at += 1;
            continue;
        }
        let token = |kind, length: usize| Token {
            kind,
            text: chars[at..at + length].iter().collect(),
            from: at as u32,
            length: length as u32,
        };
        let token = if c.is_ascii_digit() {
            number(&chars[at..], token)
        } else if c.is_alphabetic() || c == '_' {
            token(Kind::Word, run(at, &|c| c.is_alphanumeric() || c == '_'))
        } else if c == '"' || c == '\'' {
            let inside = run(at + 1, &|x| x != c);
            if at + 1 + inside >= chars.len() {
                return Err((token(Kind::Text, chars.len() - at), format!("the closing {c} is missing")));
            }
            token(Kind::Text, inside + 2)
        } else {
            let two: String = chars[at..chars.len().min(at + 2)].iter().collect();
            if ["==", "!=", "<=", ">=", ".."].contains(&two.as_str()) {
                token(Kind::Sign, 2)
            } else if "<>+-*/()[],.".contains(c) {
                token(Kind::Sign, 1)
            } else if c == '=' {
                return Err((token(Kind::Sign, 1), "equality is written `==`".into()));
            } else {
                return Err((token(Kind::Sign, 1), format!("`{c}` means nothing in an expression")));
            }
        };
        at += token.length as usize;
        out.push(token);
    }
    Ok(out)
}

/// A day, an amount with its currency, a count of days (`7d`) or a number, whichever stands here.
fn number(chars: &[char], token: impl Fn(Kind, usize) -> Token) -> Token {
    let digits = |from: usize| chars.iter().skip(from).take_while(|c| c.is_ascii_digit()).count();
    let is = |at: usize, c: char| chars.get(at) == Some(&c);
    let whole = digits(0);
    if whole == 4 && is(4, '-') && digits(5) == 2 && is(7, '-') && digits(8) == 2 {
        return token(Kind::Date, 10);
    }
    let mut end = whole;
    if is(end, '.') && digits(end + 1) > 0 {
        end += 1 + digits(end + 1);
    }
    let spaces = chars.iter().skip(end).take_while(|c| **c == ' ').count();
    let letters = chars.iter().skip(end + spaces).take_while(|c| c.is_alphanumeric()).count();
    let code: String = chars.iter().skip(end + spaces).take(letters).collect();
    if code.len() == 3 && code.bytes().all(|b| b.is_ascii_uppercase()) {
        return token(Kind::Money, end + spaces + letters);
    }
    if spaces == 0 && code == "d" {
        return token(Kind::Number, end + 1);
    }
    token(Kind::Number, end)
}

/// The tree before types.
#[derive(Debug, Clone)]
struct Tree {
    what: What,
    token: Token,
}

#[derive(Debug, Clone)]
enum What {
    Literal(Value, Type),
    Word(String),
    /// `contact.amount`, `promise.on`
    Path(String, String),
    Call(String, Vec<Tree>),
    Not(Box<Tree>),
    Binary(BinaryOp, Box<Tree>, Box<Tree>),
    InRange(Box<Tree>, i64, i64),
    OneOf(Box<Tree>, Vec<Tree>),
}

struct Parser<'t> {
    tokens: &'t [Token],
    next: usize,
    depth: u32,
}

impl Parser<'_> {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.next)
    }

    fn end(&self) -> Token {
        Token { kind: Kind::End, text: String::new(), from: 0, length: 1 }
    }

    fn take(&mut self, text: &str) -> Option<Token> {
        let token = self.peek().filter(|t| t.kind != Kind::Text && t.text == text)?.clone();
        self.next += 1;
        Some(token)
    }

    fn expect(&mut self, text: &str) -> Result<Token, Fault> {
        match self.take(text) {
            Some(token) => Ok(token),
            None => Err(match self.peek() {
                Some(other) => (other.clone(), format!("`{text}` was expected, not `{}`", other.text)),
                None => (self.end(), format!("`{text}` was expected")),
            }),
        }
    }

    fn deeper<T>(&mut self, inner: impl FnOnce(&mut Self) -> Result<T, Fault>) -> Result<T, Fault> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            let token = self.peek().cloned().unwrap_or_else(|| self.end());
            return Err((token, format!("nested deeper than {DEPTH_MAX}")));
        }
        let out = inner(self);
        self.depth -= 1;
        out
    }

    fn left_to_right(
        &mut self,
        operators: &[(&str, BinaryOp)],
        operand: fn(&mut Self) -> Result<Tree, Fault>,
    ) -> Result<Tree, Fault> {
        let mut left = operand(self)?;
        let mut length = 0;
        'more: loop {
            for (text, op) in operators {
                if let Some(token) = self.take(text) {
                    let right = operand(self)?;
                    left = Tree { what: What::Binary(*op, Box::new(left), Box::new(right)), token };
                    // A chain is a tree as deep as it is long; later passes walk it by recursion.
                    length += 1;
                    if length > 100 {
                        return Err((left.token, "too many operators in a row".into()));
                    }
                    continue 'more;
                }
            }
            return Ok(left);
        }
    }

    fn or(&mut self) -> Result<Tree, Fault> {
        self.deeper(|p| p.left_to_right(&[("or", BinaryOp::Or)], Self::and))
    }

    fn and(&mut self) -> Result<Tree, Fault> {
        self.left_to_right(&[("and", BinaryOp::And)], Self::not)
    }

    fn not(&mut self) -> Result<Tree, Fault> {
        match self.take("not") {
            Some(token) => {
                let inner = self.deeper(Self::not)?;
                Ok(Tree { what: What::Not(Box::new(inner)), token })
            }
            None => self.comparison(),
        }
    }

    fn comparison(&mut self) -> Result<Tree, Fault> {
        use BinaryOp as B;
        let left = self.sum()?;
        for (text, op) in [
            ("==", B::Equal),
            ("!=", B::NotEqual),
            ("<=", B::LessOrEqual),
            (">=", B::GreaterOrEqual),
            ("<", B::Less),
            (">", B::Greater),
        ] {
            if let Some(token) = self.take(text) {
                let right = self.sum()?;
                return Ok(Tree { what: What::Binary(op, Box::new(left), Box::new(right)), token });
            }
        }
        let Some(token) = self.take("in") else { return Ok(left) };
        if self.take("[").is_some() {
            let mut words = vec![self.sum()?];
            while self.take(",").is_some() {
                words.push(self.sum()?);
            }
            self.expect("]")?;
            return Ok(Tree { what: What::OneOf(Box::new(left), words), token });
        }
        let from = self.whole_number()?;
        self.expect("..")?;
        let to = self.whole_number()?;
        if from > to {
            return Err((token, format!("{from}..{to} is empty: the smaller number comes first")));
        }
        Ok(Tree { what: What::InRange(Box::new(left), from, to), token })
    }

    fn whole_number(&mut self) -> Result<i64, Fault> {
        let minus = self.take("-").is_some();
        match self.peek() {
            Some(token) if token.kind == Kind::Number => {
                let token = token.clone();
                self.next += 1;
                let number = integer(&token)?;
                Ok(if minus { -number } else { number })
            }
            Some(other) => Err((other.clone(), format!("a number was expected, not `{}`", other.text))),
            None => Err((self.end(), "a range like `1..90` or a list like `[a, b]` was expected".into())),
        }
    }

    fn sum(&mut self) -> Result<Tree, Fault> {
        self.left_to_right(&[("+", BinaryOp::Add), ("-", BinaryOp::Subtract)], Self::product)
    }

    fn product(&mut self) -> Result<Tree, Fault> {
        self.left_to_right(&[("*", BinaryOp::Multiply), ("/", BinaryOp::Divide)], Self::operand)
    }

    fn operand(&mut self) -> Result<Tree, Fault> {
        let Some(token) = self.peek().cloned() else {
            return Err((self.end(), "the expression ends too early".into()));
        };
        self.next += 1;
        let literal = |value, ty| Ok(Tree { what: What::Literal(value, ty), token: token.clone() });
        match token.kind {
            Kind::Number => literal(Value::Number(integer(&token)?), Type::Number),
            Kind::Date => match token.text.parse::<Date>() {
                Ok(date) => literal(Value::Date(date), Type::Date),
                Err(_) => Err((token, "there is no such day".into())),
            },
            Kind::Money => match token.text.parse::<Money>() {
                Ok(money) => literal(Value::Money(money), Type::Money),
                Err(why) => Err((token, why.to_string())),
            },
            Kind::Text => {
                let inside: String =
                    token.text.chars().skip(1).take(token.text.chars().count().saturating_sub(2)).collect();
                literal(Value::Text(inside), Type::Text)
            }
            Kind::Sign if token.text == "(" => {
                let inner = self.or()?;
                self.expect(")")?;
                Ok(inner)
            }
            Kind::Sign if token.text == "-" && self.peek().is_some_and(|t| t.kind == Kind::Number) => {
                self.next -= 1;
                let number = self.whole_number()?;
                Ok(Tree { what: What::Literal(Value::Number(number), Type::Number), token })
            }
            Kind::Word if !["and", "or", "not", "in"].contains(&token.text.as_str()) => self.named(token),
            Kind::Word | Kind::Sign | Kind::End => {
                let why = format!("a value was expected, not `{}`", token.text);
                Err((token, why))
            }
        }
    }

    fn named(&mut self, token: Token) -> Result<Tree, Fault> {
        if self.take(".").is_some() {
            let Some(name) = self.peek().filter(|t| t.kind == Kind::Word).cloned() else {
                return Err((
                    self.peek().cloned().unwrap_or_else(|| self.end()),
                    "a name was expected after the point".into(),
                ));
            };
            self.next += 1;
            let whole = Token { length: name.from + name.length - token.from, ..token.clone() };
            return Ok(Tree { what: What::Path(token.text, name.text), token: whole });
        }
        if self.take("(").is_none() {
            return Ok(Tree { what: What::Word(token.text.clone()), token });
        }
        let mut arguments = Vec::new();
        if self.take(")").is_none() {
            arguments.push(self.or()?);
            while self.take(",").is_some() {
                arguments.push(self.or()?);
            }
            self.expect(")")?;
        }
        Ok(Tree { what: What::Call(token.text.clone(), arguments), token })
    }
}

fn integer(token: &Token) -> Result<i64, Fault> {
    if token.text.contains('.') {
        return Err((token.clone(), "a number is whole; an amount has its currency behind it: `10.50 RUB`".into()));
    }
    token.text.trim_end_matches('d').parse().map_err(|_| (token.clone(), "the number is too large".into()))
}

/// `09:30`, from `00:00` to `23:59`.
pub fn time(text: &str) -> Option<Time> {
    let (hours, minutes) = text.split_once(':')?;
    let number = |part: &str| (part.len() == 2).then(|| part.parse::<i8>().ok()).flatten();
    Time::new(number(hours)?, number(minutes)?, 0, 0).ok()
}

struct Checker<'s> {
    scope: &'s Scope<'s>,
    start: Span,
}

type Checked = Result<(Expr, Type), Diagnostic>;

impl Checker<'_> {
    fn at(&self, token: &Token) -> Span {
        Span { column: self.start.column + token.from, length: token.length.max(1), ..self.start }
    }

    fn wrong_type(&self, tree: &Tree, found: &Type, wanted: &str) -> Diagnostic {
        let message = format!("this is {}; {wanted} was expected", found.words());
        Diagnostic::error(codes::TYPE, self.at(&tree.token), message)
    }

    fn must(&self, tree: &Tree, wanted: &Type) -> Result<Expr, Diagnostic> {
        let (expr, ty) = self.check(tree, Some(wanted))?;
        if same(&ty, wanted) { Ok(expr) } else { Err(self.wrong_type(tree, &ty, &wanted.words())) }
    }

    fn check(&self, tree: &Tree, expected: Option<&Type>) -> Checked {
        match &tree.what {
            What::Literal(value, ty) => self.literal(tree, value, ty, expected),
            What::Word(word) => self.word(tree, word, expected),
            What::Path(owner, name) => self.path(tree, owner, name),
            What::Call(name, arguments) => self.call(tree, name, arguments),
            What::Not(inner) => Ok((Expr::Not(Box::new(self.must(inner, &Type::Bool)?)), Type::Bool)),
            What::InRange(inner, from, to) => {
                let inner = self.must(inner, &Type::Number)?;
                Ok((Expr::InRange(Box::new(inner), *from, *to), Type::Bool))
            }
            What::OneOf(inner, words) => {
                let (inner, ty) = self.check(inner, None)?;
                let mut values = Vec::new();
                for word in words {
                    match self.must(word, &ty)? {
                        Expr::Literal(value) => values.push(value),
                        _ => {
                            let message = "a list holds fixed values only";
                            return Err(Diagnostic::error(codes::EXPRESSION, self.at(&word.token), message));
                        }
                    }
                }
                Ok((Expr::OneOf(Box::new(inner), values), Type::Bool))
            }
            What::Binary(op, left, right) => self.binary(tree, *op, left, right),
        }
    }

    /// A text literal becomes what is expected of it: an enum's word, digits, a language.
    fn literal(&self, tree: &Tree, value: &Value, ty: &Type, expected: Option<&Type>) -> Checked {
        let Value::Text(text) = value else { return Ok((Expr::Literal(value.clone()), ty.clone())) };
        match expected {
            Some(wanted @ Type::Enum(words)) => {
                if words.contains(text) {
                    return Ok((Expr::Literal(value.clone()), wanted.clone()));
                }
                Err(self.not_a_word(tree, text, words))
            }
            Some(wanted @ Type::Digits(_)) if text.bytes().all(|b| b.is_ascii_digit()) => {
                Ok((Expr::Literal(Value::Digits(text.clone())), wanted.clone()))
            }
            Some(Type::Phone) => match text.parse::<crate::phone::PhoneNumber>() {
                Ok(number) => Ok((Expr::Literal(Value::Phone(number.full().to_string())), Type::Phone)),
                Err(why) => Err(Diagnostic::error(codes::TYPE, self.at(&tree.token), why.to_string())),
            },
            Some(Type::Time) => match time(text) {
                Some(time) => Ok((Expr::Literal(Value::Time(time)), Type::Time)),
                None => Err(self.wrong_type(tree, ty, "a time of day, for example \"09:30\"")),
            },
            Some(Type::Language) => match text.parse() {
                Ok(language) => Ok((Expr::Literal(Value::Language(language)), Type::Language)),
                Err(_) => Err(self.wrong_type(tree, ty, "a language")),
            },
            _ => Ok((Expr::Literal(value.clone()), ty.clone())),
        }
    }

    fn not_a_word(&self, tree: &Tree, word: &str, words: &[String]) -> Diagnostic {
        let message = format!("`{word}` is none of {}", words.join(", "));
        let found = Diagnostic::error(codes::TYPE, self.at(&tree.token), message);
        match did_you_mean(word, words.iter().map(String::as_str)) {
            Some(near) => found.help(format!("did you mean `{near}`?")),
            None => found,
        }
    }

    fn is_known(&self, word: &str) -> bool {
        matches!(word, "true" | "false" | "company" | "today" | "days_overdue")
            || self.scope.variable(word).is_some()
            || (self.scope.bare_fields && self.scope.field(word).is_some())
    }

    fn word(&self, tree: &Tree, word: &str, expected: Option<&Type>) -> Checked {
        match word {
            "true" | "false" => return Ok((Expr::Literal(Value::Bool(word == "true")), Type::Bool)),
            "company" => return Ok((Expr::Company, Type::Text)),
            "today" => return Ok((Expr::Today, Type::Date)),
            "days_overdue" => return Ok((Expr::DaysOverdue, Type::Number)),
            _ => {}
        }
        if let Some(id) = self.scope.variable(word) {
            return Ok((Expr::Variable(id), self.scope.variables[id.0 as usize].ty.clone()));
        }
        if self.scope.bare_fields
            && let Some(id) = self.scope.field(word)
        {
            return Ok((Expr::Contact(id), self.scope.contact[id.0 as usize].ty.clone()));
        }
        match expected {
            Some(wanted @ Type::Enum(words)) => {
                if words.iter().any(|w| w == word) {
                    return Ok((Expr::Literal(Value::Text(word.to_string())), wanted.clone()));
                }
                return Err(self.not_a_word(tree, word, words));
            }
            Some(Type::Language) => {
                if let Ok(language) = word.parse() {
                    return Ok((Expr::Literal(Value::Language(language)), Type::Language));
                }
            }
            _ => {}
        }
        let found = Diagnostic::error(codes::UNKNOWN_NAME, self.at(&tree.token), format!("unknown name `{word}`"));
        if self.scope.field(word).is_some() {
            return Err(found.help(format!("a contact's field is written `contact.{word}`")));
        }
        let mut known = vec!["true", "false", "company", "today", "days_overdue"];
        known.extend(self.scope.variables.iter().map(|v| v.name.as_str()));
        if self.scope.bare_fields {
            known.extend(self.scope.contact.iter().map(|f| f.name.as_str()));
        }
        Err(match did_you_mean(word, known) {
            Some(near) => found.help(format!("did you mean `{near}`?")),
            None => found.help("text stands in quotes"),
        })
    }

    fn path(&self, tree: &Tree, owner: &str, name: &str) -> Checked {
        if let Some(frame) = self.scope.frame.filter(|frame| frame.is_subflow) {
            if owner == "input" {
                if let Some(input) = frame.inputs.iter().find(|i| i.name == name) {
                    return Ok((input.expr.clone(), input.ty.clone()));
                }
                let message = format!("the sub-flow has no input `{name}`");
                let found = Diagnostic::error(codes::UNKNOWN_NAME, self.at(&tree.token), message);
                return Err(match did_you_mean(name, frame.inputs.iter().map(|i| i.name.as_str())) {
                    Some(near) => found.help(format!("did you mean `input.{near}`?")),
                    None => found.help("declare it under `inputs:`"),
                });
            }
            if owner == "contact" {
                let message = "a sub-flow sees only its inputs";
                let found = Diagnostic::error(codes::UNKNOWN_NAME, self.at(&tree.token), message);
                return Err(found.help(format!("write `input.{name}`, and declare it under `inputs:`")));
            }
        }
        if owner == "contact" {
            if let Some(id) = self.scope.field(name) {
                return Ok((Expr::Contact(id), self.scope.contact[id.0 as usize].ty.clone()));
            }
            let message = format!("a contact has no field `{name}`");
            let found = Diagnostic::error(codes::UNKNOWN_NAME, self.at(&tree.token), message);
            return Err(match did_you_mean(name, self.scope.contact.iter().map(|f| f.name.as_str())) {
                Some(near) => found.help(format!("did you mean `contact.{near}`?")),
                None => found.help("declare it under `contact:`"),
            });
        }
        let whole = format!("{owner}.{name}");
        if let Some(id) = self.scope.variable(&whole) {
            return Ok((Expr::Variable(id), self.scope.variables[id.0 as usize].ty.clone()));
        }
        let found = Diagnostic::error(codes::UNKNOWN_NAME, self.at(&tree.token), format!("unknown name `{whole}`"));
        let paths: Vec<String> = self
            .scope
            .contact
            .iter()
            .map(|f| format!("contact.{}", f.name))
            .chain(self.scope.variables.iter().map(|v| v.name.clone()))
            .collect();
        Err(match did_you_mean(&whole, paths.iter().map(String::as_str)) {
            Some(near) => found.help(format!("did you mean `{near}`?")),
            None => found,
        })
    }

    fn call(&self, tree: &Tree, name: &str, arguments: &[Tree]) -> Checked {
        let one = || match arguments {
            [one] => Ok(one),
            _ => Err(Diagnostic::error(codes::EXPRESSION, self.at(&tree.token), format!("`{name}` takes one value"))),
        };
        match name {
            "has" => match self.check(one()?, None)?.0 {
                Expr::Contact(id) => Ok((Expr::Has(id), Type::Bool)),
                Expr::Variable(id) => Ok((Expr::HasVariable(id), Type::Bool)),
                // What a caller computes for an input is there whenever its parts are.
                _ if self.scope.frame.is_some_and(|frame| frame.is_subflow) => {
                    Ok((Expr::Literal(Value::Bool(true)), Type::Bool))
                }
                _ => Err(Diagnostic::error(
                    codes::EXPRESSION,
                    self.at(&one()?.token),
                    "`has` asks about one field: `has(contact.email)`",
                )),
            },
            "weekday" => Ok((Expr::Weekday(Box::new(self.must(one()?, &Type::Date)?)), Type::Number)),
            "len" => {
                let one = one()?;
                let (inner, ty) = self.check(one, None)?;
                match ty {
                    Type::Text | Type::Digits(_) => Ok((Expr::Len(Box::new(inner)), Type::Number)),
                    _ => Err(self.wrong_type(one, &ty, "text or digits")),
                }
            }
            _ => {
                let message = format!("unknown function `{name}`");
                let found = Diagnostic::error(codes::UNKNOWN_NAME, self.at(&tree.token), message);
                Err(match did_you_mean(name, ["has", "weekday", "len"]) {
                    Some(near) => found.help(format!("did you mean `{near}`?")),
                    None => found.help("there are `has`, `weekday` and `len`"),
                })
            }
        }
    }

    fn binary(&self, tree: &Tree, op: BinaryOp, left: &Tree, right: &Tree) -> Checked {
        use BinaryOp as B;
        let both = |l: Expr, r: Expr, ty| Ok((Expr::Binary(op, Box::new(l), Box::new(r)), ty));
        if matches!(op, B::And | B::Or) {
            return both(self.must(left, &Type::Bool)?, self.must(right, &Type::Bool)?, Type::Bool);
        }
        // `water == contact.service`: the side that is only a word or a text takes its type from the other.
        let open = |t: &Tree| match &t.what {
            What::Word(word) => !self.is_known(word),
            What::Literal(Value::Text(_), _) => true,
            _ => false,
        };
        let ((l, lt), (r, rt)) = if open(left) && !open(right) {
            let (r, rt) = self.check(right, None)?;
            (self.check(left, Some(&rt))?, (r, rt))
        } else {
            let (l, lt) = self.check(left, None)?;
            let right = self.check(right, Some(&lt))?;
            ((l, lt), right)
        };
        let fits = |ty| both(l.clone(), r.clone(), ty);
        match (op, &lt, &rt) {
            (B::Equal | B::NotEqual, _, _) if same(&lt, &rt) => fits(Type::Bool),
            (
                B::Less | B::LessOrEqual | B::Greater | B::GreaterOrEqual,
                Type::Money | Type::Date | Type::Time | Type::Number,
                _,
            ) if lt == rt => fits(Type::Bool),
            (B::Add | B::Subtract, Type::Number, Type::Number) => fits(Type::Number),
            (B::Multiply | B::Divide, Type::Number, Type::Number) => fits(Type::Number),
            (B::Add | B::Subtract, Type::Money, Type::Money) => fits(Type::Money),
            (B::Multiply | B::Divide, Type::Money, Type::Number) => fits(Type::Money),
            (B::Add | B::Subtract, Type::Date, Type::Number) => fits(Type::Date),
            (B::Subtract, Type::Date, Type::Date) => fits(Type::Number),
            _ => {
                let message =
                    format!("{} and {} do not go together with `{}`", lt.words(), rt.words(), tree.token.text);
                Err(Diagnostic::error(codes::TYPE, self.at(&tree.token), message))
            }
        }
    }
}
