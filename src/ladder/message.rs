//! `messages:` → texts with their slots found.

use super::codes;
use super::reader::Reader;
use super::{Message, Piece};
use crate::diagnostic::Span;
use crate::flow::yaml::{Node, Scalar};
use crate::language::Language;

/// An SMS goes to a number, and an e-mail to an address, that nobody has verified: they name the person and the
/// company, never the debt.
const SLOTS: [&str; 2] = ["contact.name", "company"];

pub fn message(reader: &mut Reader, name: &str, key_span: Span, node: &Node, languages: &[Language]) -> Message {
    let mut texts = Vec::new();
    if let Some(map) = reader.map(node, "a message") {
        let known: Vec<&str> = languages.iter().map(Language::code).collect();
        reader.known_keys(map, "language of a message", &known);
        for language in languages {
            match map.get(language.code()) {
                Some(entry) => texts.push(text(reader, &entry.value)),
                None => reader.error(
                    codes::TRANSLATION,
                    key_span,
                    format!("message `{name}` has no `{language}`"),
                    "every message stands in every language of the ladder",
                ),
            }
        }
    }
    Message { name: name.into(), texts }
}

fn text(reader: &mut Reader, node: &Node) -> Vec<Piece> {
    let Some(scalar) = reader.scalar(node, "a message's text") else { return Vec::new() };
    if scalar.text.trim().is_empty() {
        reader.error(codes::EMPTY_MESSAGE, node.span, "the message is empty", "write what is to be read");
    }
    pieces(reader, scalar, node.span)
}

fn pieces(reader: &mut Reader, scalar: &Scalar, span: Span) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut rest = scalar.text.as_str();
    while let Some(open) = rest.find('{') {
        let from = scalar.text.len() - rest.len() + open;
        if open > 0 {
            pieces.push(Piece::Text(rest[..open].into()));
        }
        let after = &rest[open + 1..];
        let length = after.find('}');
        let inner = after[..length.unwrap_or(after.len())].trim();
        let chars_before = scalar.text[..from].chars().count();
        let place = scalar.place(reader.source, span, chars_before, inner.chars().count() + 2);
        match (length, inner) {
            (None, _) => {
                reader.error(codes::SLOT, place, "a slot is not closed", "write {contact.name} or {company}");
                return pieces;
            }
            (Some(_), "contact.name") => pieces.push(Piece::Name),
            (Some(_), "company") => pieces.push(Piece::Company),
            (Some(_), other) => {
                let debt = ["contact.amount", "contact.due", "contact.service"].iter().any(|f| other.starts_with(f));
                match debt {
                    true => reader.error(
                        codes::SLOT,
                        place,
                        format!("`{other}` would tell the debt to whoever reads the message"),
                        "written messages may use {contact.name} and {company}; ask to ring back",
                    ),
                    false => reader.unknown(codes::SLOT, place, "slot", other, &SLOTS),
                }
            }
        }
        rest = &after[length.map_or(after.len(), |l| l + 1)..];
    }
    if !rest.is_empty() {
        pieces.push(Piece::Text(rest.into()));
    }
    pieces
}
