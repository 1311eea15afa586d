//! The picture as SVG: stands alone, in the fonts of the system it is looked at on.

mod face;
mod label;
mod legend;

use std::fmt::Write;

use super::layout::{self, Laid, Link, Placed, Size};
use super::lines::width;
use super::paint::{self, INK, Paint, QUIET};
use super::{Entry, Picture, Way};
use face::Face;
use label::Words;

/// A picture of more nodes than this can be neither laid out well nor read.
pub const NODES_MAX: usize = 400;

/// Around everything.
const MARGIN: f64 = 24.0;
/// Height of title and subtitle.
const TITLE: f64 = 58.0;

const FONT: &str = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif";

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{nodes} nodes make no picture (at most {NODES_MAX}); `--format dot` gives them to a program for large graphs")]
pub struct TooLarge {
    pub nodes: usize,
}

/// Draws it.
///
/// # Errors
/// A flow of more than [`NODES_MAX`] nodes.
pub fn svg(picture: &Picture) -> Result<String, TooLarge> {
    if picture.nodes.len() > NODES_MAX {
        return Err(TooLarge { nodes: picture.nodes.len() });
    }
    let drawing = Drawing::of(picture);
    Ok(drawing.written(picture))
}

/// Sizes, words and places of everything: boxes of nodes first, then those of the entries; ways first, then the entries'.
pub(super) struct Drawing {
    faces: Vec<Face>,
    words: Vec<Words>,
    pub(super) laid: Laid,
}

impl Drawing {
    pub(super) fn of(picture: &Picture) -> Drawing {
        let faces: Vec<Face> = picture.nodes.iter().map(Face::of).collect();
        let words: Vec<Words> = picture
            .ways
            .iter()
            .map(|way| if way.needs_words(picture) { Words::of(&way.labels) } else { Words::none() })
            .collect();
        let doors = picture.entries.iter().map(|e| Size { width: width(&e.words, 12.0) + 28.0, height: 26.0 });
        let boxes: Vec<Size> = faces.iter().map(|f| f.size).chain(doors).collect();
        let first_door = picture.nodes.len();
        let nowhere = Size { width: 0.0, height: 0.0 };
        let ways = picture.ways.iter().zip(&words);
        let ways = ways.map(|(w, words)| Link { from: w.from, to: w.to, label: words.size, entry: false });
        let doors = picture.entries.iter().enumerate();
        let doors = doors.map(|(n, e)| Link { from: first_door + n, to: e.to, label: nowhere, entry: true });
        // Entries first: theirs are the outermost links where a node has several.
        let links: Vec<Link> = ways.chain(doors).collect();
        let entries: Vec<usize> = (first_door..boxes.len()).collect();
        let laid = layout::lay_out(&boxes, &links, &entries);
        Drawing { faces, words, laid }
    }

    fn written(&self, picture: &Picture) -> String {
        let legend = legend::Legend::of(picture, self.laid.width.max(560.0));
        let title = TITLE + if picture.summary.is_some() { 18.0 } else { 0.0 };
        let wide = self.laid.width.max(legend.width).max(width(&picture.title, 22.0)) + 2.0 * MARGIN;
        let high = title + self.laid.height + 28.0 + legend.height + 2.0 * MARGIN;
        let mut out = String::new();
        let (w, h) = (px(wide.ceil()), px(high.ceil()));
        let _ = writeln!(
            out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {w} {h}\" width=\"{w}\" height=\"{h}\" \
             role=\"img\" font-family=\"{FONT}\" font-size=\"12\" fill=\"{INK}\">"
        );
        let (name, about) = (escaped(&picture.title), escaped(&picture.subtitle));
        let _ = writeln!(out, "<title>{name}, {about}</title>");
        let _ = writeln!(out, "<rect width=\"{w}\" height=\"{h}\" fill=\"#ffffff\"/>");
        text(&mut out, Line::new(MARGIN, MARGIN + 18.0, 20.0).bold(), &picture.title);
        text(&mut out, Line::new(MARGIN, MARGIN + 38.0, 12.0).ink(QUIET), &picture.subtitle);
        if let Some(summary) = &picture.summary {
            text(&mut out, Line::new(MARGIN, MARGIN + 58.0, 13.0), summary);
        }
        let aside = ((wide - 2.0 * MARGIN - self.laid.width) / 2.0).max(0.0);
        let _ = writeln!(out, "<g transform=\"translate({} {})\">", px(MARGIN + aside), px(MARGIN + title));
        self.write_flow(picture, &mut out);
        out.push_str("</g>\n");
        let _ = writeln!(
            out,
            "<g transform=\"translate({} {})\">",
            px(MARGIN),
            px(MARGIN + title + self.laid.height + 28.0)
        );
        legend.write(&mut out);
        out.push_str("</g>\n</svg>\n");
        out
    }

    fn write_flow(&self, picture: &Picture, out: &mut String) {
        for (way, route) in picture.ways.iter().zip(&self.laid.routes) {
            let (colour, thick, dashed) = paint::way(way.mark());
            let what = described(picture, way);
            write_line(out, &route.points, route.own, colour, thick, dashed, &what);
        }
        let doors = self.laid.routes[picture.ways.len()..].iter().zip(&picture.entries);
        for (route, Entry { words, to, .. }) in doors {
            let what = format!("{words}: {}", picture.nodes[*to].name);
            write_line(out, &route.points, route.own, INK, 1.5, false, &what);
        }
        for (words, route) in self.words.iter().zip(&self.laid.routes) {
            words.write(out, &route.label);
        }
        for (face, at) in self.faces.iter().zip(&self.laid.boxes) {
            face.write(out, at);
        }
        for (entry, at) in picture.entries.iter().zip(&self.laid.boxes[picture.nodes.len()..]) {
            write_door(out, entry, at);
        }
    }
}

fn write_door(out: &mut String, entry: &Entry, at: &Placed) {
    let paint = Paint::door(entry.door);
    let _ = writeln!(
        out,
        "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"13\" fill=\"{}\" stroke=\"{}\" stroke-width=\"{}\"{}/>",
        px(at.x - at.width / 2.0),
        px(at.y - at.height / 2.0),
        px(at.width),
        px(at.height),
        paint.fill,
        paint.line,
        px(paint.width),
        dashes(paint.dashed)
    );
    text(out, Line::new(at.x, at.y + 4.2, 12.0).middle().bold().ink(paint.ink), &entry.words);
}

/// `choose: 1, 2 → agent`, for who points at the line.
fn described(picture: &Picture, way: &Way) -> String {
    let labels: Vec<&str> = way.labels.iter().map(|l| l.text.as_str()).collect();
    format!("{}: {} → {}", picture.nodes[way.from].name, labels.join(", "), picture.nodes[way.to].name)
}

/// A line with its arrow. Lines come into boxes straight from above or below; loops from the right.
fn write_line(out: &mut String, points: &[(f64, f64)], own: bool, colour: &str, thick: f64, dashed: bool, what: &str) {
    let Some((&tip, rest)) = points.split_last() else { return };
    let Some(&before) = rest.last() else { return };
    let upwards = !own && points[0].1 > tip.1;
    let arrow = 5.0 + thick;
    let mut line = points.to_vec();
    let last = line.len() - 1;
    // The line ends inside its arrow, whose tip is on the box.
    if own {
        line[last].0 += arrow - 1.0;
    } else {
        let short = if upwards { arrow - 1.0 } else { 1.0 - arrow };
        if (before.1 - tip.1).abs() <= arrow {
            line[last - 1].1 += short;
        }
        line[last].1 += short;
    }
    let mut d = format!("M{} {}", px(line[0].0), px(line[0].1));
    if own {
        let [_, b, c, e] = [line[0], line[1], line[2], line[last]];
        let _ = write!(d, " C{} {} {} {} {} {}", px(b.0), px(b.1), px(c.0), px(c.1), px(e.0), px(e.1));
    } else {
        for (n, pair) in line.windows(2).enumerate() {
            let ((x0, y0), (x1, y1)) = (pair[0], pair[1]);
            if n % 2 == 0 {
                if (y0 - y1).abs() > 0.05 {
                    let _ = write!(d, " L{} {}", px(x1), px(y1));
                }
            } else if (x0 - x1).abs() < 0.5 {
                let _ = write!(d, " L{} {}", px(x1), px(y1));
            } else {
                let bend = f64::midpoint(y0, y1);
                let _ = write!(d, " C{} {} {} {} {} {}", px(x0), px(bend), px(x1), px(bend), px(x1), px(y1));
            }
        }
    }
    let (x, y) = tip;
    let half = arrow * 0.55;
    let corners = match (own, upwards) {
        (true, _) => [(x, y), (x + arrow, y - half), (x + arrow, y + half)],
        (false, true) => [(x, y), (x - half, y + arrow), (x + half, y + arrow)],
        (false, false) => [(x, y), (x - half, y - arrow), (x + half, y - arrow)],
    };
    let corners: Vec<String> = corners.iter().map(|(x, y)| format!("{},{}", px(*x), px(*y))).collect();
    let _ = writeln!(
        out,
        "<g class=\"way\"><title>{}</title><path d=\"{d}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"{}\"{}/>\
         <polygon points=\"{}\" fill=\"{colour}\"/></g>",
        escaped(what),
        px(thick),
        dashes(dashed),
        corners.join(" ")
    );
}

fn dashes(dashed: bool) -> &'static str {
    if dashed { " stroke-dasharray=\"5 4\"" } else { "" }
}

/// How a line of text stands.
#[derive(Debug, Clone, Copy)]
struct Line {
    x: f64,
    y: f64,
    size: f64,
    ink: &'static str,
    bold: bool,
    italic: bool,
    anchor: &'static str,
}

impl Line {
    fn new(x: f64, y: f64, size: f64) -> Line {
        Line { x, y, size, ink: INK, bold: false, italic: false, anchor: "" }
    }

    fn ink(self, ink: &'static str) -> Line {
        Line { ink, ..self }
    }

    fn bold(self) -> Line {
        Line { bold: true, ..self }
    }

    fn italic(self) -> Line {
        Line { italic: true, ..self }
    }

    fn middle(self) -> Line {
        Line { anchor: " text-anchor=\"middle\"", ..self }
    }

    fn to_the_right(self) -> Line {
        Line { anchor: " text-anchor=\"end\"", ..self }
    }
}

fn text(out: &mut String, line: Line, words: &str) {
    let Line { x, y, size, ink, bold, italic, anchor } = line;
    let ink = if ink == INK { String::new() } else { format!(" fill=\"{ink}\"") };
    let size = if size == 12.0 { String::new() } else { format!(" font-size=\"{}\"", px(size)) };
    let bold = if bold { " font-weight=\"600\"" } else { "" };
    let italic = if italic { " font-style=\"italic\"" } else { "" };
    let (x, y) = (px(x), px(y));
    let _ = writeln!(out, "<text x=\"{x}\" y=\"{y}\"{size}{ink}{bold}{italic}{anchor}>{}</text>", escaped(words));
}

/// A tenth of a pixel is enough, and the same on every machine.
fn px(n: f64) -> String {
    let tenths = (n * 10.0).round() as i64;
    let sign = if tenths < 0 { "-" } else { "" };
    match (tenths.abs() / 10, tenths.abs() % 10) {
        (whole, 0) => format!("{sign}{whole}"),
        (whole, tenth) => format!("{sign}{whole}.{tenth}"),
    }
}

/// Text as XML takes it. Control characters have no place in it.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push(' '),
            c => out.push(c),
        }
    }
    out
}
