//! Lines of a file, and cells of a line. A line is bounded; a bad one costs itself only.

use std::borrow::Cow;
use std::io::{self, BufRead, Read};

use crate::books::RejectCode;

/// Longer lines are rejected; what is read of them into memory is bounded.
pub(super) const LINE_BYTES_MAX: usize = 64 * 1024;

#[derive(Debug)]
pub(super) struct Line {
    /// From 1.
    pub number: u64,
    body: Body,
}

#[derive(Debug)]
enum Body {
    /// Without its line break; at most one byte over [`LINE_BYTES_MAX`].
    Bytes(Vec<u8>),
    /// A row of a spreadsheet.
    Cells(Vec<String>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum LineError {
    #[error("not UTF-8: expected the file to be saved as `CSV UTF-8`")]
    Encoding,
    #[error("the line is longer than 64 KiB")]
    TooLong,
    #[error("a quote is opened and not closed on this line; a field cannot hold a line break")]
    Unclosed,
    #[error("text follows a closing quote; expected the separator, or a quote inside a field written twice")]
    AfterQuote,
}

impl LineError {
    pub fn code(self) -> RejectCode {
        match self {
            LineError::Encoding => RejectCode::Encoding,
            LineError::TooLong => RejectCode::LineTooLong,
            LineError::Unclosed | LineError::AfterQuote => RejectCode::Quotes,
        }
    }
}

impl Line {
    pub fn of_cells(number: u64, cells: Vec<String>) -> Line {
        Line { number, body: Body::Cells(cells) }
    }

    /// Of a spreadsheet's row, its first cell: for a look at what kind of file it is.
    pub fn text(&self) -> Result<&str, LineError> {
        match &self.body {
            Body::Bytes(bytes) if bytes.len() > LINE_BYTES_MAX => Err(LineError::TooLong),
            Body::Bytes(bytes) => std::str::from_utf8(bytes).map_err(|_| LineError::Encoding),
            Body::Cells(cells) => Ok(cells.first().map_or("", String::as_str)),
        }
    }

    /// Nothing but blanks; a line that cannot be read is not empty.
    pub fn is_empty(&self) -> bool {
        match &self.body {
            Body::Bytes(_) => self.text().is_ok_and(|text| text.trim().is_empty()),
            Body::Cells(cells) => cells.iter().all(|c| c.trim().is_empty()),
        }
    }

    pub fn is_sheet(&self) -> bool {
        matches!(self.body, Body::Cells(_))
    }

    /// Its cells, at least `columns` of them when it is a spreadsheet's, where empty ones at the end are left out. No cells: an empty
    /// line.
    pub fn cells(&self, separator: char, columns: usize) -> Result<Vec<Cow<'_, str>>, LineError> {
        let mut cells = match &self.body {
            Body::Bytes(_) => {
                let text = self.text()?;
                if text.trim().is_empty() {
                    return Ok(Vec::new());
                }
                split(text, separator)?
            }
            Body::Cells(cells) => {
                let mut cells: Vec<Cow<'_, str>> = cells.iter().map(|c| Cow::Borrowed(c.as_str())).collect();
                if cells.iter().all(|c| c.trim().is_empty()) {
                    return Ok(Vec::new());
                }
                cells.resize(cells.len().max(columns), Cow::Borrowed(""));
                cells
            }
        };
        if cells.iter().all(|c| c.trim().is_empty()) {
            cells.clear();
        }
        Ok(cells)
    }
}

#[derive(Debug)]
pub(super) struct LineReader<R> {
    reader: R,
    number: u64,
}

impl<R: BufRead> LineReader<R> {
    pub fn new(reader: R) -> LineReader<R> {
        LineReader { reader, number: 0 }
    }

    fn line(&mut self) -> io::Result<Option<Line>> {
        let mut bytes = Vec::new();
        let limit = LINE_BYTES_MAX as u64 + 2;
        if (&mut self.reader).take(limit).read_until(b'\n', &mut bytes)? == 0 {
            return Ok(None);
        }
        if bytes.last() == Some(&b'\n') {
            bytes.pop();
            if bytes.last() == Some(&b'\r') {
                bytes.pop();
            }
        } else {
            // Cut off at the limit, or the file's last line: the rest up to the break is passed over.
            self.reader.skip_until(b'\n')?;
        }
        self.number += 1;
        if self.number == 1 && bytes.starts_with(b"\xef\xbb\xbf") {
            bytes.drain(..3);
        }
        Ok(Some(Line { number: self.number, body: Body::Bytes(bytes) }))
    }
}

impl<R: BufRead> Iterator for LineReader<R> {
    type Item = io::Result<Line>;
    fn next(&mut self) -> Option<io::Result<Line>> {
        self.line().transpose()
    }
}

/// Cells as in RFC 4180: quotes around a cell, doubled inside it. A quote in the middle of a bare cell is just a quote.
pub(super) fn split(text: &str, separator: char) -> Result<Vec<Cow<'_, str>>, LineError> {
    let mut cells = Vec::new();
    let mut rest = text;
    loop {
        let (cell, after) = match rest.strip_prefix('"') {
            Some(quoted) => quoted_cell(quoted)?,
            None => {
                let end = rest.find(separator).unwrap_or(rest.len());
                (Cow::Borrowed(&rest[..end]), &rest[end..])
            }
        };
        cells.push(cell);
        match after.strip_prefix(separator) {
            Some(next) => rest = next,
            None if after.is_empty() => return Ok(cells),
            None => return Err(LineError::AfterQuote),
        }
    }
}

/// The cell after its opening quote, and what follows the closing one.
fn quoted_cell(text: &str) -> Result<(Cow<'_, str>, &str), LineError> {
    let mut from = 0;
    let mut doubled = false;
    loop {
        let end = from + text[from..].find('"').ok_or(LineError::Unclosed)?;
        if text[end + 1..].starts_with('"') {
            doubled = true;
            from = end + 2;
            continue;
        }
        let cell = &text[..end];
        let cell = if doubled { Cow::Owned(cell.replace("\"\"", "\"")) } else { Cow::Borrowed(cell) };
        return Ok((cell, &text[end + 1..]));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells() {
        for (text, expected) in [
            ("a,b", Ok(vec!["a", "b"])),
            ("", Ok(vec![""])),
            ("a,,", Ok(vec!["a", "", ""])),
            (r#""a,b",c"#, Ok(vec!["a,b", "c"])),
            (r#""say ""hi""",c"#, Ok(vec![r#"say "hi""#, "c"])),
            (r#"OOO "Lily",c"#, Ok(vec![r#"OOO "Lily""#, "c"])),
            (r#""","""#, Ok(vec!["", ""])),
            (r#""a"#, Err(LineError::Unclosed)),
            (r#""a""#, Ok(vec!["a"])),
            (r#""a"b,c"#, Err(LineError::AfterQuote)),
            (r#"a,"b"""#, Err(LineError::Unclosed)),
        ] {
            let cells = split(text, ',');
            let cells = cells.as_ref().map(|c| c.iter().map(|c| c.as_ref()).collect::<Vec<_>>()).map_err(|e| *e);
            assert_eq!(cells, expected, "{text}");
        }
    }

    #[test]
    fn a_long_line_costs_itself_only() {
        let text = format!("{}\r\nb\n{}", "a".repeat(3 * LINE_BYTES_MAX), "c".repeat(LINE_BYTES_MAX));
        let lines: Vec<Line> = LineReader::new(text.as_bytes()).map(Result::unwrap).collect();
        assert_eq!(lines.len(), 3);
        assert_eq!(lines[0].text(), Err(LineError::TooLong));
        assert_eq!((lines[1].number, lines[1].text()), (2, Ok("b")));
        assert_eq!(lines[2].text().map(str::len), Ok(LINE_BYTES_MAX));
    }
}
