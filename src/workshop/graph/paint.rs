//! What things look like: few colours, each of another lightness, and never colour alone.

use super::{Door, Mark, Shape};

/// Ink of words and outlines.
pub(super) const INK: &str = "#1f2933";
pub(super) const QUIET: &str = "#52606d";
pub(super) const LINE: &str = "#616e7c";
pub(super) const NEVER: &str = "#b42318";
pub(super) const ENTERED: &str = "#1b7f4b";

/// How a box is filled and outlined, and its ink.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Paint {
    pub fill: String,
    pub line: &'static str,
    pub width: f64,
    pub dashed: bool,
    pub ink: &'static str,
    pub quiet: &'static str,
}

impl Paint {
    pub fn node(shape: Shape, mark: Mark) -> Paint {
        let dark = |fill: &str| Paint {
            fill: fill.into(),
            line: fill_line(shape),
            width: 1.4,
            dashed: false,
            ink: INK,
            quiet: QUIET,
        };
        match mark {
            Mark::None => match shape {
                Shape::Speaks => dark("#ffffff"),
                Shape::Asks => dark("#dcebfa"),
                Shape::Decides => dark("#fff3c4"),
                Shape::Connects => dark("#d3f0dd"),
                Shape::Acts => dark("#eadff5"),
                Shape::Ends => Paint { ink: "#ffffff", quiet: "#cbd2d9", ..dark("#3e4c59") },
            },
            Mark::Entered => Paint { line: ENTERED, width: 2.0, ..dark("#dff3e6") },
            Mark::Never => Paint { line: NEVER, width: 2.0, dashed: true, ..dark("#ffffff") },
            Mark::Uncounted => Paint { ink: QUIET, ..dark("#ffffff") },
            Mark::Calls(_, share) => dark(&warmth(share)),
        }
    }

    pub fn door(door: Door) -> Paint {
        let (fill, dashed) = match door {
            Door::Start => (INK, false),
            Door::Machine | Door::Hotkey => ("#ffffff", true),
        };
        let ink = if door == Door::Start { "#ffffff" } else { INK };
        Paint { fill: fill.into(), line: INK, width: 1.4, dashed, ink, quiet: ink }
    }
}

fn fill_line(shape: Shape) -> &'static str {
    match shape {
        Shape::Speaks | Shape::Ends => "#3e4c59",
        Shape::Asks => "#2b6cb0",
        Shape::Decides => "#a16207",
        Shape::Connects => "#1b7f4b",
        Shape::Acts => "#6b46a8",
    }
}

/// From white (nobody) to the blue of everybody.
fn warmth(share: f64) -> String {
    let part = |from: f64, to: f64| (from + (to - from) * share.clamp(0.0, 1.0)).round() as u8;
    format!("#{:02x}{:02x}{:02x}", part(255.0, 120.0), part(255.0, 178.0), part(255.0, 232.0))
}

/// Colour, width and dashes of a way.
pub(super) fn way(mark: Mark) -> (&'static str, f64, bool) {
    match mark {
        Mark::None => (LINE, 1.3, false),
        Mark::Uncounted => (LINE, 1.0, false),
        Mark::Entered => (ENTERED, 1.8, false),
        Mark::Never => (NEVER, 1.5, true),
        Mark::Calls(_, share) => (LINE, 1.0 + 6.0 * share.clamp(0.0, 1.0), false),
    }
}
