//! Rows of an XLSX workbook, as cells of text. Read on a thread of its own, a few rows ahead; of the workbook the texts that cells
//! share are in memory, its rows are not.

use std::fs::File;
use std::io::{self, BufReader};
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use calamine::{DataRef, Reader, Xlsx, XlsxError, open_workbook};

use super::line::{LINE_BYTES_MAX, Line};

/// Rows handed over together, and how many such are read ahead.
const ROWS: usize = 256;
const AHEAD: usize = 4;
/// Columns beyond these are no columns of a list; a header has at most 64.
const COLUMNS_MAX: u32 = 256;

#[derive(Debug)]
pub(super) struct SheetReader {
    /// No rows: the sheet has ended.
    rows: Receiver<io::Result<Vec<Line>>>,
    now: std::vec::IntoIter<Line>,
    ended: bool,
}

impl SheetReader {
    /// The first sheet, or the one named.
    pub fn open(path: &Path, sheet: Option<&str>) -> io::Result<SheetReader> {
        // A damaged one may claim a number of texts that no memory holds, at which the library panics.
        let opened = std::panic::catch_unwind(|| open_workbook::<Xlsx<BufReader<File>>, _>(path));
        let mut book =
            opened.map_err(|_| io::Error::other("the workbook cannot be read: it is damaged"))?.map_err(broken)?;
        let names = book.sheet_names();
        let name = match sheet {
            None => names.first().cloned().ok_or_else(|| io::Error::other("the workbook has no sheet"))?,
            Some(name) if names.iter().any(|n| n == name) => name.to_string(),
            Some(name) => {
                let there = names.iter().map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", ");
                return Err(io::Error::other(format!("the workbook has no sheet `{name}`; it has {there}")));
            }
        };
        let (rows, receiver) = sync_channel(AHEAD);
        let thread = std::thread::Builder::new().name("sheet".into());
        thread.spawn(move || {
            if let Err(e) = send_rows(&mut book, &name, &rows) {
                // Nobody waits for it any more: then it is nobody's error.
                let _ = rows.send(Err(e));
            }
        })?;
        Ok(SheetReader { rows: receiver, now: Vec::new().into_iter(), ended: false })
    }
}

impl Iterator for SheetReader {
    type Item = io::Result<Line>;

    fn next(&mut self) -> Option<io::Result<Line>> {
        loop {
            if let Some(line) = self.now.next() {
                return Some(Ok(line));
            }
            if self.ended {
                return None;
            }
            match self.rows.recv() {
                Ok(Ok(rows)) if !rows.is_empty() => self.now = rows.into_iter(),
                Ok(Ok(_)) => self.ended = true,
                Ok(Err(e)) => {
                    self.ended = true;
                    return Some(Err(e));
                }
                // A damaged workbook has broken the thread that reads it: half a list is not taken for a whole one.
                Err(_) => {
                    self.ended = true;
                    return Some(Err(io::Error::other("the workbook cannot be read to its end: it is damaged")));
                }
            }
        }
    }
}

fn send_rows(book: &mut Xlsx<BufReader<File>>, name: &str, to: &SyncSender<io::Result<Vec<Line>>>) -> io::Result<()> {
    let mut cells = book.worksheet_cells_reader(name).map_err(broken)?;
    let mut rows = Vec::with_capacity(ROWS);
    let mut row: Vec<String> = Vec::new();
    let (mut number, mut bytes) = (0, 0);
    while let Some(cell) = cells.next_cell().map_err(broken)? {
        let (at, column) = cell.get_position();
        let at = u64::from(at) + 1;
        if at != number {
            if number > 0 {
                rows.push(Line::of_cells(number, std::mem::take(&mut row)));
            }
            (number, bytes) = (at, 0);
        }
        if rows.len() >= ROWS && to.send(Ok(std::mem::replace(&mut rows, Vec::with_capacity(ROWS)))).is_err() {
            return Ok(());
        }
        let text = text(cell.get_value());
        bytes += text.len();
        let where_it_is = || format!("row {at}, column {}", column + 1);
        if column >= COLUMNS_MAX && !text.trim().is_empty() {
            return Err(io::Error::other(format!("{}: a list has at most {COLUMNS_MAX} columns", where_it_is())));
        }
        if bytes > LINE_BYTES_MAX {
            return Err(io::Error::other(format!("{}: the row is longer than 64 KiB", where_it_is())));
        }
        if column < COLUMNS_MAX {
            row.resize(row.len().max(column as usize + 1), String::new());
            row[column as usize] = text;
        }
    }
    if number > 0 {
        rows.push(Line::of_cells(number, row));
        let _ = to.send(Ok(rows));
    }
    let _ = to.send(Ok(Vec::new()));
    Ok(())
}

/// As a person reads it: a day as `2026-11-25`, a number with the 15 digits that spreadsheets keep, an error as nothing a column takes.
fn text(value: &DataRef<'_>) -> String {
    match value {
        DataRef::Int(n) => n.to_string(),
        DataRef::Float(n) => number(*n),
        DataRef::String(text) => text.clone(),
        DataRef::SharedString(text) => (*text).to_string(),
        DataRef::Bool(yes) => if *yes { "yes" } else { "no" }.to_string(),
        DataRef::DateTime(at) if at.is_datetime() => {
            let (year, month, day, hour, minute, second, _) = at.to_ymd_hms_milli();
            match (hour, minute, second) {
                (0, 0, 0) => format!("{year:04}-{month:02}-{day:02}"),
                _ => format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}"),
            }
        }
        DataRef::DateTime(at) => number(at.as_f64()),
        DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => text.clone(),
        // `\u{fffd}` is what no cell may hold.
        DataRef::Error(_) => "\u{fffd}".to_string(),
        DataRef::Empty => String::new(),
    }
}

fn number(n: f64) -> String {
    format!("{n:.14e}").parse::<f64>().unwrap_or(n).to_string()
}

fn broken(e: XlsxError) -> io::Error {
    match e {
        XlsxError::Io(e) => e,
        XlsxError::Password => io::Error::other("the workbook is locked with a password: save it without"),
        other => io::Error::other(format!("the workbook cannot be read: {other}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_as_people_see_them() {
        for (n, shown) in [
            (79_161_234_567.0, "79161234567"),
            (1234.5, "1234.5"),
            (1_234.499_999_999_999_8, "1234.5"),
            (0.1 + 0.2, "0.3"),
            (1_234_567_890_123_456.0, "1234567890123460"),
            (-5.0, "-5"),
        ] {
            assert_eq!(number(n), shown);
        }
    }
}
