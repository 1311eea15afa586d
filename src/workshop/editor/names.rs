//! The names in a flow: what stands where, where it is declared, where it is used, and giving it another name.

use super::text::Range;
use super::{Document, Place};
use crate::diagnostic::Span;
use crate::flow::survey::{Mention, Noun, Written};
use crate::flow::yaml::surprise;
use crate::flow::{self};

/// Words that an expression reads as something else than a variable.
const RESERVED: &[&str] =
    &["true", "false", "company", "today", "days_overdue", "contact", "promise", "and", "or", "not", "in", "has"];

/// A name at its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Named {
    pub noun: Noun,
    pub name: String,
    pub range: Range,
    pub declares: bool,
    /// The range holds the name and nothing else.
    exact: bool,
}

/// Noun in words.
pub(super) fn word(noun: Noun) -> &'static str {
    match noun {
        Noun::Node => "node",
        Noun::Message => "message",
        Noun::Field => "field",
        Noun::Variable => "variable",
    }
}

impl Document {
    /// Where the name at the place is declared.
    pub fn definition(&self, place: Place) -> Option<Range> {
        let named = self.named_at(place)?;
        let declared = self.names().into_iter().find(|n| n.declares && n.noun == named.noun && n.name == named.name);
        declared.map(|n| n.range)
    }

    /// Everywhere the name at the place stands, in the order of the file.
    pub fn references(&self, place: Place, with_declaration: bool) -> Vec<Range> {
        let Some(named) = self.named_at(place) else { return Vec::new() };
        let all = self.names_of(&named);
        all.into_iter().filter(|n| with_declaration || !n.declares).map(|n| n.range).collect()
    }

    /// The name at the place, when it can get another.
    ///
    /// # Errors
    /// Why it cannot, in words for the one who asked.
    pub fn renamable(&self, place: Place) -> Result<Range, String> {
        self.to_rename(place).map(|named| named.range)
    }

    /// The places that must change for the name at the place to be `new`.
    ///
    /// # Errors
    /// Why the name cannot be that, in words for the one who asked.
    pub fn rename(&self, place: Place, new: &str) -> Result<Vec<Range>, String> {
        let named = self.to_rename(place)?;
        let what = word(named.noun);
        if !flow::is_name(new) {
            return Err(format!("`{new}` cannot be the name of a {what}: a name is {}", flow::NAMES));
        }
        if let Some(as_what) = surprise(new) {
            return Err(format!("`{new}` cannot be the name of a {what}: it is {as_what} to many YAML readers"));
        }
        let others = self.names();
        if new != named.name && others.iter().any(|n| n.declares && n.noun == named.noun && n.name == new) {
            return Err(format!("there is a {what} `{new}` already"));
        }
        if named.noun == Noun::Variable && RESERVED.contains(&new) {
            return Err(format!("`{new}` cannot be the name of a variable: it means something else in an expression"));
        }
        if named.noun == Noun::Field && new == "language" {
            return Err("a test gives the language of its call by `language`; the field needs another name".into());
        }
        let all = self.names_of(&named);
        if let Some(lost) = all.iter().find(|n| !n.exact) {
            let line = lost.range.from.line + 1;
            return Err(format!("`{}` in line {line} cannot be told apart from the text around it", named.name));
        }
        let mut ranges: Vec<Range> = all.into_iter().map(|n| n.range).collect();
        ranges.sort();
        ranges.dedup();
        self.as_sound_as_before(&ranges, new)?;
        Ok(ranges)
    }

    /// A name may mean two things to the compiler that look like one here; then renaming would break the flow.
    fn as_sound_as_before(&self, ranges: &[Range], new: &str) -> Result<(), String> {
        let mut source = self.text.source().to_string();
        for range in ranges.iter().rev() {
            source.replace_range(self.text.offset(range.from)..self.text.offset(range.to), new);
        }
        let mut before: Vec<&str> = self.diagnostics.iter().map(|d| d.code).collect();
        for found in flow::compile_with(&source, &self.library).diagnostics {
            match before.iter().position(|code| *code == found.code) {
                Some(at) => drop(before.swap_remove(at)),
                None => {
                    let (line, code, message) = (found.span.line, found.code, found.message);
                    return Err(format!("with the name `{new}` line {line} would be wrong: {code}: {message}"));
                }
            }
        }
        Ok(())
    }

    fn to_rename(&self, place: Place) -> Result<Named, String> {
        if let Some(why) = &self.broken {
            return Err(format!(
                "names are changed in a file that can be read; line {}: {}",
                why.span.line, why.message
            ));
        }
        let Some(named) = self.named_at(place) else {
            return Err("no name of a node, message, field or variable stands here".into());
        };
        let name = &named.name;
        if named.noun == Noun::Variable && name.contains('.') {
            return Err(format!("`{name}` has its name from its node, and cannot be renamed by itself"));
        }
        if named.noun == Noun::Field && name == "language" {
            return Err("`language` is how a test gives the language of its call; it keeps its name".into());
        }
        if named.noun == Noun::Field && name == "due" && self.survey.expressions.iter().any(counts_days) {
            return Err("`days_overdue` counts from the field `due`, and is used here; the field keeps its name".into());
        }
        if !self.names_of(&named).iter().any(|n| n.declares) {
            return Err(format!("there is no {} `{name}` to rename", word(named.noun)));
        }
        Ok(named)
    }

    fn names_of(&self, named: &Named) -> Vec<Named> {
        self.names().into_iter().filter(|n| n.noun == named.noun && n.name == named.name).collect()
    }

    /// The narrowest name that holds the place.
    pub(super) fn named_at(&self, place: Place) -> Option<Named> {
        let width = |n: &Named| (!n.exact, self.text.slice(n.range).len());
        self.names().into_iter().filter(|n| n.range.holds(place)).min_by_key(width)
    }

    /// Every name in the file.
    pub(super) fn names(&self) -> Vec<Named> {
        let mut all: Vec<Named> = self.survey.mentions.iter().map(|m| self.mentioned(m)).collect();
        for written in &self.survey.expressions {
            self.names_in(written, &mut all);
        }
        all.sort_by_key(|n| n.range);
        all
    }

    fn mentioned(&self, mention: &Mention) -> Named {
        let whole = self.text.range(mention.span);
        let inside = self.text.slice(whole);
        // `hears greet`: the name is the last word.
        let at = inside.match_indices(&mention.name).map(|(at, _)| at).filter(|at| {
            let (before, after) = (&inside[..*at], &inside[at + mention.name.len()..]);
            !before.ends_with(is_word) && !after.starts_with(is_word)
        });
        let exact = at.last().map(|at| {
            let from = self.text.offset(whole.from) + at;
            self.text.between(from, from + mention.name.len())
        });
        Named {
            noun: mention.noun,
            name: mention.name.clone(),
            range: exact.unwrap_or(whole),
            declares: mention.declares,
            exact: exact.is_some(),
        }
    }

    /// `contact.field`, variables, and `node.amount` where there are several promises.
    fn names_in(&self, written: &Written, all: &mut Vec<Named>) {
        let places = self.places(written);
        let whole = self.text.range(written.span);
        let range =
            |from: usize, to: usize| places.as_ref().map(|p| self.text.between(p[from], p[to - 1] + 1)).ok_or(whole);
        let mut add = |noun, name: String, from, to| {
            let (range, exact) = match range(from, to) {
                Ok(range) => (range, true),
                Err(whole) => (whole, false),
            };
            all.push(Named { noun, name, range, declares: false, exact });
        };
        for path in paths(&written.text) {
            match path.as_slice() {
                [(from, to, word)] if self.survey.variable(word).is_some() => {
                    add(Noun::Variable, word.clone(), *from, *to);
                }
                [(_, _, owner), (from, to, field)] if owner == "contact" => {
                    add(Noun::Field, field.clone(), *from, *to);
                }
                [(from, end, owner), (_, to, what)] => {
                    add(Noun::Variable, format!("{owner}.{what}"), *from, *to);
                    if self.names_its_own(owner, what) {
                        add(Noun::Node, owner.clone(), *from, *end);
                    }
                }
                _ => {}
            }
        }
    }

    /// `what` is a variable that has its first half from the node `owner`. A single promise names its own `promise.…`,
    /// whatever the node is called.
    fn names_its_own(&self, owner: &str, what: &str) -> bool {
        let is_node = || self.survey.mentions.iter().any(|m| m.declares && m.noun == Noun::Node && m.name == owner);
        let by_node = owner != "promise" || self.survey.promises > 1;
        by_node && self.survey.variable(&format!("{owner}.{what}")).is_some() && is_node()
    }

    /// Where each character of an expression stands in the source, in bytes. A line break in a folded text is a blank in
    /// the expression. `None` when the two do not go together, as in text with escapes.
    fn places(&self, written: &Written) -> Option<Vec<usize>> {
        let Span { line, column, .. } = written.span;
        let from = self.text.offset(Place { line: line.checked_sub(1)?, column: column.checked_sub(1)? });
        let mut rest = self.text.source()[from..].char_indices().peekable();
        let mut places = Vec::new();
        for wanted in written.text.chars() {
            if wanted.is_whitespace() {
                places.push(from + rest.peek()?.0);
                while rest.next_if(|(_, c)| c.is_whitespace()).is_some() {}
            } else {
                while rest.next_if(|(_, c)| c.is_whitespace()).is_some() {}
                let (at, found) = rest.next()?;
                if found != wanted {
                    return None;
                }
                places.push(from + at);
            }
        }
        Some(places)
    }
}

fn counts_days(written: &Written) -> bool {
    paths(&written.text).iter().any(|path| matches!(path.as_slice(), [(_, _, word)] if word == "days_overdue"))
}

pub(super) fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// A word: from and to in characters, and the text.
type Word = (usize, usize, String);

/// The names in an expression; each has one word, or two with a point between them.
fn paths(expression: &str) -> Vec<Vec<Word>> {
    let chars: Vec<char> = expression.chars().collect();
    let mut out: Vec<Vec<Word>> = Vec::new();
    let mut at = 0;
    let mut pointed = false;
    while at < chars.len() {
        let c = chars[at];
        let run = |from: usize, ok: &dyn Fn(char) -> bool| chars[from..].iter().take_while(|c| ok(**c)).count();
        if c == '"' || c == '\'' {
            at += 2 + run(at + 1, &|x| x != c);
        } else if c.is_ascii_digit() {
            at += run(at, &|c| c.is_alphanumeric());
        } else if is_word(c) {
            let to = at + run(at, &is_word);
            let word = (at, to, chars[at..to].iter().collect());
            match out.last_mut() {
                Some(path) if pointed && path.len() == 1 => path.push(word),
                _ => out.push(vec![word]),
            }
            pointed = false;
            at = to;
        } else {
            pointed = c == '.' && out.last().is_some_and(|path| path.last().is_some_and(|(_, to, _)| *to == at));
            at += 1;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_expressions() {
        let told = |text: &str| -> Vec<String> {
            let path = |p: &Vec<Word>| p.iter().map(|(_, _, w)| w.as_str()).collect::<Vec<_>>().join(".");
            paths(text).iter().map(path).collect()
        };
        for (text, expected) in [
            ("contact.amount / 2 + x", vec!["contact.amount", "x"]),
            ("has(contact.email) and \"contact.name\" == y", vec!["has", "contact.email", "and", "y"]),
            ("days_overdue in 1..90", vec!["days_overdue", "in"]),
            ("offer.amount > 10.50 RUB", vec!["offer.amount", "RUB"]),
            ("2026-11-20 == a.b.c", vec!["a.b", "c"]),
            ("", vec![]),
            ("\"open", vec![]),
        ] {
            assert_eq!(told(text), expected, "{text}");
        }
    }
}
