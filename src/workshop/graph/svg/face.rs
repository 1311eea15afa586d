//! A node's box: its shape, its name and kind, what it is about, what it says first.

use std::fmt::Write;

use super::super::layout::{Placed, Size};
use super::super::lines::{clip, width, wrap};
use super::super::paint::Paint;
use super::super::{Mark, Node, Shape};
use super::{Line, dashes, px, text};

/// Room for words in a box, as a rule.
const ROOM: f64 = 176.0;
/// No box is wider inside than this.
const ROOM_MAX: f64 = 300.0;
const NAME: f64 = 13.0;
const SMALL: f64 = 11.0;
const LINE_HEIGHT: f64 = 14.0;
/// Lines of what is said first.
const LINES: usize = 3;

pub(super) struct Face {
    pub size: Size,
    shape: Shape,
    paint: Paint,
    name: String,
    kind: &'static str,
    about: Option<String>,
    words: Vec<String>,
    calls: Option<String>,
    lost: Option<String>,
    protected: bool,
}

impl Face {
    pub fn of(node: &Node) -> Face {
        let lock = if node.protected { 16.0 } else { 0.0 };
        let head = width(&node.name, NAME) * 1.1 + 16.0 + width(node.kind, SMALL) + lock;
        let calls = node.mark.words();
        let lost = node.lost.and_then(Mark::words).map(|lost| format!("no further: {lost}"));
        let counted = lost.as_ref().map_or(0.0, |lost| width(lost, 12.0) * 1.1);
        let room = head.max(counted).clamp(ROOM, ROOM_MAX);
        let name = clip(&node.name, NAME * 1.1, room - 16.0 - width(node.kind, SMALL) - lock);
        let about = (!node.about.is_empty()).then(|| clip(&node.about, SMALL * 1.1, room));
        let words = node.words.as_ref().map_or(Vec::new(), |w| wrap(&format!("“{w}”"), SMALL, room, LINES));
        let lines = usize::from(about.is_some()) + words.len();
        let overlaid = usize::from(calls.is_some()) + usize::from(lost.is_some());
        let height = 24.0 + lines as f64 * LINE_HEIGHT + overlaid as f64 * 16.0 + 8.0;
        Face {
            size: Size { width: room + 2.0 * aside(node.shape), height },
            shape: node.shape,
            paint: Paint::node(node.shape, node.mark),
            name,
            kind: node.kind,
            about,
            words,
            calls,
            lost,
            protected: node.protected,
        }
    }

    pub fn write(&self, out: &mut String, at: &Placed) {
        let (left, top) = (at.x - at.width / 2.0, at.y - at.height / 2.0);
        let _ = writeln!(out, "<g class=\"node\">");
        outline(out, self.shape, &self.paint, left, top, at.width, at.height);
        let (x, end) = (left + aside(self.shape), left + at.width - aside(self.shape));
        let mut y = top + 19.0;
        text(out, Line::new(x, y, NAME).bold().ink(self.paint.ink), &self.name);
        let lock = if self.protected { 16.0 } else { 0.0 };
        text(out, Line::new(end - lock, y, SMALL).to_the_right().ink(self.paint.quiet), self.kind);
        if self.protected {
            write_lock(out, end - 10.0, y - 10.0, self.paint.ink);
        }
        if let Some(about) = &self.about {
            y += LINE_HEIGHT + 1.0;
            text(out, Line::new(x, y, SMALL).bold().ink(self.paint.ink), about);
        }
        for line in &self.words {
            y += LINE_HEIGHT;
            text(out, Line::new(x, y, SMALL).italic().ink(self.paint.quiet), line);
        }
        for line in [&self.calls, &self.lost].into_iter().flatten() {
            y += 16.0;
            text(out, Line::new(x, y, 12.0).bold().ink(self.paint.ink), line);
        }
        out.push_str("</g>\n");
    }
}

/// Between the outline and the words.
fn aside(shape: Shape) -> f64 {
    match shape {
        Shape::Speaks | Shape::Acts => 12.0,
        Shape::Asks | Shape::Decides => 18.0,
        Shape::Connects | Shape::Ends => 20.0,
    }
}

pub(super) fn outline(out: &mut String, shape: Shape, paint: &Paint, x: f64, y: f64, w: f64, h: f64) {
    let style = format!(
        "fill=\"{}\" stroke=\"{}\" stroke-width=\"{}\"{}",
        paint.fill,
        paint.line,
        px(paint.width),
        dashes(paint.dashed)
    );
    let rect = |out: &mut String, radius: f64| {
        let (x, y, w, h, r) = (px(x), px(y), px(w), px(h), px(radius));
        let _ = writeln!(out, "<rect x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\" rx=\"{r}\" {style}/>");
    };
    let polygon = |out: &mut String, corners: &[(f64, f64)]| {
        let corners: Vec<String> = corners.iter().map(|(x, y)| format!("{},{}", px(*x), px(*y))).collect();
        let _ = writeln!(out, "<polygon points=\"{}\" stroke-linejoin=\"round\" {style}/>", corners.join(" "));
    };
    let (right, bottom) = (x + w, y + h);
    match shape {
        Shape::Speaks => rect(out, 8.0),
        Shape::Ends => rect(out, (h / 2.0).min(20.0)),
        Shape::Asks => {
            let cut = (h / 2.0).min(12.0);
            let across = [
                (x + cut, y),
                (right - cut, y),
                (right, y + cut),
                (right, bottom - cut),
                (right - cut, bottom),
                (x + cut, bottom),
                (x, bottom - cut),
                (x, y + cut),
            ];
            polygon(out, &across);
        }
        Shape::Decides => {
            let (cut, half) = (12.0, y + h / 2.0);
            polygon(
                out,
                &[(x + cut, y), (right - cut, y), (right, half), (right - cut, bottom), (x + cut, bottom), (x, half)],
            );
        }
        Shape::Connects => {
            rect(out, 0.0);
            for bar in [x + 7.0, right - 7.0] {
                let _ = writeln!(
                    out,
                    "<path d=\"M{0} {1} L{0} {2}\" stroke=\"{3}\" stroke-width=\"{4}\"/>",
                    px(bar),
                    px(y),
                    px(bottom),
                    paint.line,
                    px(paint.width)
                );
            }
        }
        Shape::Acts => {
            let fold = (h / 3.0).min(12.0);
            polygon(out, &[(x, y), (right, y), (right, bottom - fold), (right - fold, bottom), (x, bottom)]);
        }
    }
}

/// Eleven pixels high.
pub(super) fn write_lock(out: &mut String, x: f64, y: f64, ink: &str) {
    let _ = writeln!(
        out,
        "<g class=\"lock\"><title>only for a verified person</title><rect x=\"{}\" y=\"{}\" width=\"10\" height=\"7\" \
         rx=\"1.5\" fill=\"{ink}\"/><path d=\"M{} {} v-2 a2.6 2.6 0 0 1 5.2 0 v2\" fill=\"none\" stroke=\"{ink}\" \
         stroke-width=\"1.5\"/></g>",
        px(x),
        px(y + 4.0),
        px(x + 2.4),
        px(y + 4.4)
    );
}
