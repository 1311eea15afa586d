//! What the shapes and signs mean: those that are in the picture.

use std::fmt::Write;

use super::super::lines::width;
use super::super::paint::{self, INK, Paint, QUIET};
use super::super::{Mark, Picture, Shape, Sort};
use super::face::{outline, write_lock};
use super::label::write_cap;
use super::{Line, dashes, px, text};

const ROW: f64 = 26.0;
const SAMPLE: f64 = 36.0;

#[derive(Clone, Copy)]
enum Sign {
    Shape(Shape),
    Key,
    Lock,
    Way(Mark),
}

pub(super) struct Legend {
    pub width: f64,
    pub height: f64,
    /// x, y, sign, words
    entries: Vec<(f64, f64, Sign, &'static str)>,
    /// An overlay has the colours for itself; then only the outline tells the kinds apart.
    overlaid: bool,
}

impl Legend {
    /// In rows as wide as `room`.
    pub fn of(picture: &Picture, room: f64) -> Legend {
        let mut legend = Legend { width: 0.0, height: ROW, entries: Vec::new(), overlaid: picture.summary.is_some() };
        let mut x = 0.0;
        for (sign, words) in signs(picture) {
            let wide = SAMPLE + 8.0 + width(words, 12.0) + 18.0;
            if x > 0.0 && x + wide > room {
                x = 0.0;
                legend.height += ROW;
            }
            legend.entries.push((x, legend.height - ROW, sign, words));
            x += wide;
            legend.width = legend.width.max(x);
        }
        legend
    }

    pub fn write(&self, out: &mut String) {
        for (x, y, sign, words) in &self.entries {
            let middle = y + ROW / 2.0;
            match sign {
                Sign::Shape(shape) => {
                    let mark = if self.overlaid { Mark::Uncounted } else { Mark::None };
                    outline(out, *shape, &Paint::node(*shape, mark), *x, middle - 9.0, SAMPLE, 18.0);
                }
                Sign::Key => {
                    write_cap(out, x + 9.0, middle - 8.5, 18.0, INK, false);
                    text(out, Line::new(x + 18.0, middle + 4.0, 11.0).middle().bold(), "1");
                }
                Sign::Lock => write_lock(out, x + 13.0, middle - 6.0, INK),
                Sign::Way(mark) => {
                    let (colour, thick, dashed) = paint::way(*mark);
                    let _ = writeln!(
                        out,
                        "<path d=\"M{} {y1} h{SAMPLE}\" stroke=\"{colour}\" stroke-width=\"{}\"{}/>",
                        px(*x),
                        px(thick),
                        dashes(dashed),
                        y1 = px(middle)
                    );
                }
            }
            text(out, Line::new(x + SAMPLE + 8.0, middle + 4.0, 12.0).ink(QUIET), words);
        }
    }
}

fn signs(picture: &Picture) -> Vec<(Sign, &'static str)> {
    let shapes = Shape::ALL.into_iter().filter(|shape| picture.nodes.iter().any(|n| n.shape == *shape));
    let mut signs: Vec<(Sign, &'static str)> = shapes.map(|shape| (Sign::Shape(shape), shape.words())).collect();
    let labels = || picture.ways.iter().flat_map(|w| &w.labels);
    if labels().any(|l| l.sort == Sort::Key) {
        signs.push((Sign::Key, "key that the client presses"));
    }
    if picture.nodes.iter().any(|n| n.protected) {
        signs.push((Sign::Lock, "says what only a verified person may hear"));
    }
    if labels().any(|l| l.mark == Mark::Entered || l.mark == Mark::Never) {
        signs.push((Sign::Way(Mark::Entered), "entered by a test"));
        signs.push((Sign::Way(Mark::Never), "by none"));
    }
    if picture.nodes.iter().any(|n| matches!(n.mark, Mark::Calls(..))) {
        signs.push((Sign::Way(Mark::Calls(0, 0.6)), "the more calls, the thicker and the darker; share of all calls"));
    }
    signs
}
