//! A document's text by lines, and places in it: ours count characters, an editor's what it has agreed to.

use crate::diagnostic::Span;

/// A point between two characters. Line and column count from 0, the column in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    pub line: u32,
    pub column: u32,
}

/// From one place up to another, not included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Range {
    pub from: Place,
    pub to: Place,
}

impl Range {
    pub fn holds(&self, place: Place) -> bool {
        (self.from..=self.to).contains(&place)
    }
}

/// What an editor's columns count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    Utf8,
    /// What every editor can: a character beyond the first 65536 is two.
    Utf16,
    Utf32,
}

impl Encoding {
    fn width(self, c: char) -> usize {
        match self {
            Encoding::Utf8 => c.len_utf8(),
            Encoding::Utf16 => c.len_utf16(),
            Encoding::Utf32 => 1,
        }
    }
}

#[derive(Debug, Clone)]
pub struct Text {
    source: String,
    /// Where each line begins and ends, in bytes, without what ends it.
    lines: Vec<(usize, usize)>,
}

impl Text {
    pub fn new(source: impl Into<String>) -> Text {
        let source = source.into();
        let bytes = source.as_bytes();
        let mut lines = Vec::new();
        let (mut from, mut at) = (0, 0);
        while at < bytes.len() {
            let after = match (bytes[at], bytes.get(at + 1)) {
                (b'\r', Some(b'\n')) => at + 2,
                (b'\n' | b'\r', _) => at + 1,
                _ => {
                    at += 1;
                    continue;
                }
            };
            lines.push((from, at));
            (from, at) = (after, after);
        }
        lines.push((from, bytes.len()));
        Text { source, lines }
    }

    pub fn source(&self) -> &str {
        &self.source
    }

    pub fn line_count(&self) -> usize {
        self.lines.len()
    }

    /// Empty beyond the last line.
    pub fn line(&self, line: u32) -> &str {
        self.lines.get(line as usize).map_or("", |(from, to)| &self.source[*from..*to])
    }

    /// In bytes. A place beyond its line is the line's end, beyond the text the text's.
    pub fn offset(&self, place: Place) -> usize {
        let Some((from, to)) = self.lines.get(place.line as usize) else { return self.source.len() };
        let line = &self.source[*from..*to];
        line.char_indices().nth(place.column as usize).map_or(*to, |(at, _)| from + at)
    }

    /// The place of a byte of the source; a byte inside a character counts as its beginning.
    pub fn place(&self, offset: usize) -> Place {
        let line = self.lines.partition_point(|(from, _)| *from <= offset).saturating_sub(1);
        let (from, to) = self.lines[line];
        let column = self.source[from..to].char_indices().take_while(|(at, c)| from + at + c.len_utf8() <= offset);
        Place { line: line as u32, column: column.count() as u32 }
    }

    /// The place from byte to byte.
    pub fn between(&self, from: usize, to: usize) -> Range {
        Range { from: self.place(from), to: self.place(to) }
    }

    /// The characters a diagnostic underlines: at least one where there is one, never beyond the line.
    pub fn range(&self, span: Span) -> Range {
        let line = span.line.saturating_sub(1).min(self.lines.len() as u32 - 1);
        let end = self.line(line).chars().count() as u32;
        let from = if span.line as usize > self.lines.len() { end } else { span.column.saturating_sub(1).min(end) };
        let to = from.saturating_add(span.length.max(1)).min(end);
        Range { from: Place { line, column: from }, to: Place { line, column: to } }
    }

    /// What stands between two places.
    pub fn slice(&self, range: Range) -> &str {
        let (from, to) = (self.offset(range.from), self.offset(range.to));
        self.source.get(from..to).unwrap_or_default()
    }

    /// An editor's column → characters. Inside a character: its beginning; beyond the line: its end.
    pub fn from_editor(&self, line: u32, column: u32, encoding: Encoding) -> Place {
        let mut passed = 0;
        let before = self.line(line).chars().take_while(|c| {
            passed += encoding.width(*c);
            passed <= column as usize
        });
        Place { line, column: before.count() as u32 }
    }

    /// Characters → an editor's column.
    pub fn for_editor(&self, place: Place, encoding: Encoding) -> u32 {
        self.line(place.line).chars().take(place.column as usize).map(|c| encoding.width(c)).sum::<usize>() as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_of_editors() {
        // Cyrillic is two bytes and one unit of UTF-16, the emoji four bytes and two units.
        let text = Text::new("ok\r\nДа 😀 {x}\r\n");
        for (column, utf8, utf16) in [(0, 0, 0), (2, 4, 2), (3, 5, 3), (4, 9, 5), (5, 10, 6), (8, 13, 9)] {
            let place = Place { line: 1, column };
            for (encoding, there) in [(Encoding::Utf8, utf8), (Encoding::Utf16, utf16), (Encoding::Utf32, column)] {
                assert_eq!(text.for_editor(place, encoding), there, "{encoding:?} {column}");
                assert_eq!(text.from_editor(1, there, encoding), place, "{encoding:?} {there}");
            }
        }
        // Inside the emoji, beyond the line, beyond the text.
        assert_eq!(text.from_editor(1, 4, Encoding::Utf16).column, 3);
        assert_eq!(text.from_editor(1, 99, Encoding::Utf16).column, 8);
        assert_eq!(text.from_editor(9, 9, Encoding::Utf8), Place { line: 9, column: 0 });
    }

    #[test]
    fn places_and_offsets() {
        let source = "а\rб\r\n\nв";
        let text = Text::new(source);
        assert_eq!(text.line_count(), 4);
        for (offset, _) in source.char_indices().filter(|(_, c)| !['\r', '\n'].contains(c)) {
            assert_eq!(text.offset(text.place(offset)), offset);
        }
        assert_eq!(text.range(Span { line: 1, column: 1, length: 9 }), text.between(0, 2));
        assert_eq!(text.range(Span { line: 99, column: 9, length: 9 }), text.between(source.len(), source.len()));
    }
}
