//! What stands on a line: keys as key caps, outcomes as words, conditions as they are written.

use std::fmt::Write;

use super::super::layout::{Placed, Size};
use super::super::lines::{width, wrap};
use super::super::paint::{ENTERED, INK, NEVER, QUIET};
use super::super::{Label, Mark, Sort};
use super::{Line, dashes, px, text};

const SIZE: f64 = 11.0;
const HEIGHT: f64 = 19.0;
const BETWEEN: f64 = 5.0;
/// A row of labels is broken here.
const ROOM: f64 = 190.0;
/// A condition longer than this many lines is cut; who points at the line sees all of it.
const LINES: usize = 4;

/// The labels of one way, in rows.
pub(super) struct Words {
    pub size: Size,
    rows: Vec<Vec<Piece>>,
}

struct Piece {
    text: String,
    /// Number of calls, behind it.
    calls: Option<String>,
    sort: Sort,
    mark: Mark,
    width: f64,
}

impl Words {
    pub fn none() -> Words {
        Words { size: Size { width: 0.0, height: 0.0 }, rows: Vec::new() }
    }

    pub fn of(labels: &[Label]) -> Words {
        let mut rows: Vec<Vec<Piece>> = Vec::new();
        for piece in labels.iter().flat_map(pieces) {
            let full = |row: &Vec<Piece>| row_width(row) + BETWEEN + piece.width > ROOM;
            match rows.last_mut() {
                Some(row) if piece.sort != Sort::Condition && !full(row) => row.push(piece),
                _ => rows.push(vec![piece]),
            }
        }
        let widest = rows.iter().map(|row| row_width(row)).fold(0.0, f64::max);
        Words { size: Size { width: widest, height: rows.len() as f64 * HEIGHT }, rows }
    }

    pub fn write(&self, out: &mut String, at: &Placed) {
        for (n, row) in self.rows.iter().enumerate() {
            let top = at.y - self.size.height / 2.0 + n as f64 * HEIGHT;
            let mut x = at.x - row_width(row) / 2.0;
            for piece in row {
                piece.write(out, x, top);
                x += piece.width + BETWEEN;
            }
        }
    }
}

fn row_width(row: &[Piece]) -> f64 {
    row.iter().map(|p| p.width).sum::<f64>() + BETWEEN * row.len().saturating_sub(1) as f64
}

/// One piece as a rule; a long condition gives one a line.
fn pieces(label: &Label) -> Vec<Piece> {
    let lines = match label.sort {
        Sort::Key => vec![label.text.clone()],
        Sort::Outcome => vec![label.text.replace('_', " ")],
        Sort::Condition => wrap(&label.text, SIZE, ROOM - 12.0, LINES),
    };
    let last = lines.len().saturating_sub(1);
    let piece = |(n, text): (usize, String)| {
        let calls = label.mark.words().filter(|_| n == last);
        let cap = match label.sort {
            Sort::Key => (width(&text, SIZE) * 1.1 + 10.0).max(HEIGHT),
            Sort::Outcome | Sort::Condition => width(&text, SIZE) + 8.0,
        };
        let beside = calls.as_ref().map_or(0.0, |calls| width(calls, SIZE) + 6.0);
        Piece { width: cap + beside, text, calls, sort: label.sort, mark: label.mark }
    };
    lines.into_iter().enumerate().map(piece).collect()
}

impl Piece {
    fn write(&self, out: &mut String, x: f64, top: f64) {
        let ink = match self.mark {
            Mark::Entered => ENTERED,
            Mark::Never => NEVER,
            Mark::None | Mark::Uncounted | Mark::Calls(..) => INK,
        };
        // The line ends behind the words.
        let (y, w, h) = (px(top), px(self.width), px(HEIGHT));
        let _ = writeln!(out, "<rect x=\"{}\" y=\"{y}\" width=\"{w}\" height=\"{h}\" fill=\"#ffffff\"/>", px(x));
        let beside = self.calls.as_ref().map_or(0.0, |calls| width(calls, SIZE) + 6.0);
        let cap = self.width - beside;
        let line = Line::new(x + cap / 2.0, top + 13.2, SIZE).middle().ink(ink);
        match self.sort {
            Sort::Key => {
                write_cap(out, x, top + 1.0, cap, ink, self.mark == Mark::Never);
                text(out, line.bold(), &self.text);
            }
            Sort::Outcome => text(out, line, &self.text),
            Sort::Condition => text(out, line.italic(), &self.text),
        }
        if let Some(calls) = &self.calls {
            text(out, Line::new(x + cap + 4.0, top + 13.2, SIZE).ink(QUIET), calls);
        }
    }
}

/// A key of a telephone, seen from above.
pub(super) fn write_cap(out: &mut String, x: f64, y: f64, width: f64, ink: &str, dashed: bool) {
    let _ = writeln!(
        out,
        "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"17\" rx=\"4\" fill=\"#ffffff\" stroke=\"{ink}\" \
         stroke-width=\"1.2\"{}/>",
        px(x),
        px(y),
        px(width),
        dashes(dashed)
    );
}
