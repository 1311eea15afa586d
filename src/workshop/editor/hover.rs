//! What the thing under the pointer is: a message as it will be heard, a node, a key, a field, a code.

use super::about;
use super::names::{is_word, word};
use super::text::Range;
use super::{Document, Place};
use crate::flow::codes;
use crate::flow::survey::Noun;
use crate::flow::yaml::{Entry, Map, Value};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hover {
    pub range: Range,
    /// Markdown.
    pub text: String,
}

impl Document {
    pub fn hover(&self, place: Place) -> Option<Hover> {
        if self.is_other() {
            return None;
        }
        let found = self.code_at(place).or_else(|| self.hover_name(place)).or_else(|| self.hover_key(place));
        let found = found.or_else(|| self.hover_text(place));
        let pages = self.pages(place);
        match (found, pages.is_empty()) {
            (found, true) => found,
            (Some(hover), false) => Some(Hover { text: format!("{}\n\n---\n\n{pages}", hover.text), ..hover }),
            (None, false) => Some(Hover { range: Range { from: place, to: place }, text: pages }),
        }
    }

    /// The page of each diagnostic here.
    fn pages(&self, place: Place) -> String {
        let mut here: Vec<&str> = self.findings().iter().filter(|f| f.range.holds(place)).map(|f| f.code).collect();
        here.dedup();
        here.into_iter().filter_map(page).collect::<Vec<_>>().join("\n\n")
    }

    /// `F012`, as in a comment.
    fn code_at(&self, place: Place) -> Option<Hover> {
        let range = self.word_at(place)?;
        Some(Hover { range, text: page(self.text.slice(range))? })
    }

    fn word_at(&self, place: Place) -> Option<Range> {
        let line: Vec<char> = self.text.line(place.line).chars().collect();
        let at = (place.column as usize).min(line.len());
        let from = at - line[..at].iter().rev().take_while(|c| is_word(**c)).count();
        let to = at + line[at..].iter().take_while(|c| is_word(**c)).count();
        let place = |column: usize| Place { column: column as u32, ..place };
        (from < to).then(|| Range { from: place(from), to: place(to) })
    }

    fn hover_name(&self, place: Place) -> Option<Hover> {
        let named = self.named_at(place)?;
        let text = self.about_name(named.noun, &named.name)?;
        Some(Hover { range: named.range, text: format!("{} **{}**\n\n{text}", word(named.noun), named.name) })
    }

    pub(super) fn about_name(&self, noun: Noun, name: &str) -> Option<String> {
        match noun {
            Noun::Message => {
                let message = self.survey.messages.iter().find(|m| m.name == name)?;
                self.spoken(message)
            }
            Noun::Node => {
                let kind = about::kind_of(self.node(name)?)?;
                Some(format!("`{}`: {}", kind.name, kind.about))
            }
            Noun::Field => {
                let field = self.survey.field(name)?;
                let optional = if field.optional { "; may be missing" } else { "" };
                let protected = if field.protected { "; protected: spoken only after `verify`" } else { "" };
                Some(format!("{}{optional}{protected}", field.ty.words()))
            }
            Noun::Variable => Some(self.survey.variable(name)?.words()),
        }
    }

    pub(super) fn node(&self, name: &str) -> Option<&Map> {
        self.tree.map()?.get("nodes")?.value.map()?.get(name)?.value.map()
    }

    fn hover_key(&self, place: Place) -> Option<Hover> {
        let holds = |entry: &Entry| self.text.range(entry.key_span).holds(place);
        let found = about::find(&self.tree, &holds)?;
        let text = about::key(&found.path, found.map, &found.entry.key)?;
        let range = self.text.range(found.entry.key_span);
        Some(Hover { range, text: format!("**{}**\n\n{text}", found.entry.key) })
    }

    /// Anywhere in a message's text: the message.
    fn hover_text(&self, place: Place) -> Option<Hover> {
        let Value::Map(messages) = &self.tree.map()?.get("messages")?.value.value else { return None };
        let begun = |entry: &&Entry| self.text.range(entry.key_span).from <= place;
        let entry = messages.entries.iter().rev().find(begun)?;
        let symbol = self.symbols().into_iter().find(|s| s.name == "messages")?;
        let range = symbol.inside.into_iter().find(|s| s.name == entry.key)?.range;
        let message = self.survey.messages.iter().find(|m| m.name == entry.key).filter(|_| range.holds(place))?;
        Some(Hover { range, text: format!("message **{}**\n\n{}", message.name, self.spoken(message)?) })
    }
}

fn page(code: &str) -> Option<String> {
    let code = codes::ALL.iter().find(|c| c.code == code)?;
    Some(format!("**{}: {}**\n\n{}", code.code, code.title, code.explanation))
}
