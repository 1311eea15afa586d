//! Where boxes and links of a picture stand: in layers, from the top down. Knows nothing of flows.
//!
//! After Sugiyama: links that lead back are turned round, boxes are ranked by their longest way from the entries, links
//! are cut into one piece a layer, the order in the layers is mended until few links cross, and each layer is then set as
//! near as it can be to what it is linked with. Labels have layers of their own between those of the boxes, so that no
//! label lies on a box or on another label. Nothing depends on chance.

mod chains;
mod order;
mod place;
mod rank;

/// A thing with a size, in pixels.
#[derive(Debug, Clone, Copy)]
pub(super) struct Size {
    pub width: f64,
    pub height: f64,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Link {
    pub from: usize,
    pub to: usize,
    pub label: Size,
    /// The label belongs to the side of `from`; an entry's link is short and never leads far.
    pub entry: bool,
}

/// By its middle.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Placed {
    pub x: f64,
    pub y: f64,
    pub width: f64,
    pub height: f64,
}

/// One link as drawn: from `from` to `to`.
#[derive(Debug, Clone)]
pub(super) struct Route {
    /// Corners of the line: it runs straight down (or up) between the second and third of four, and so on in pairs; between
    /// the pairs it bends.
    pub points: Vec<(f64, f64)>,
    pub label: Placed,
    /// From a box to itself.
    pub own: bool,
}

#[derive(Debug, Clone)]
pub(super) struct Laid {
    pub boxes: Vec<Placed>,
    pub routes: Vec<Route>,
    pub width: f64,
    pub height: f64,
}

/// Lays out boxes and links. `entries` come first in the order of ranks, in this order.
pub(super) fn lay_out(boxes: &[Size], links: &[Link], entries: &[usize]) -> Laid {
    let (ranks, turned) = rank::ranks(boxes.len(), links, entries);
    let mut chains = chains::Chains::new(boxes, links, &ranks, &turned);
    order::order(&mut chains);
    place::place(&chains, boxes, links)
}
