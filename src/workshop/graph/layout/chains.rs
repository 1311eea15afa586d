//! Boxes and pieces of links as items in layers: even layers hold boxes, odd ones labels.

use super::{Link, Size};

/// What an item is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    Box(usize),
    /// The label of this link.
    Label(usize),
    /// A link passing through.
    Pass(usize),
}

#[derive(Debug, Clone)]
pub(super) struct Item {
    pub what: What,
    pub layer: usize,
    /// Room needed to the left and right of its middle.
    pub left: f64,
    pub right: f64,
    pub height: f64,
    pub up: Vec<usize>,
    pub down: Vec<usize>,
}

#[derive(Debug, Clone)]
pub(super) struct Chains {
    /// The items of the boxes come first, by the boxes' numbers.
    pub items: Vec<Item>,
    /// Items by layer, from left to right.
    pub layers: Vec<Vec<usize>>,
    /// For each link its items from top to bottom, both boxes included; empty for a link from a box to itself.
    pub of_link: Vec<Vec<usize>>,
    pub turned: Vec<bool>,
    /// For each link from a box to itself: how far right of the box's middle its loop begins.
    pub loops: Vec<Option<f64>>,
}

/// Beside a box, for the loop of a link to itself.
pub(super) const LOOP: f64 = 26.0;

impl Chains {
    pub fn new(boxes: &[Size], links: &[Link], ranks: &[usize], turned: &[bool]) -> Chains {
        let mut items: Vec<Item> = boxes
            .iter()
            .zip(ranks)
            .enumerate()
            .map(|(n, (size, rank))| Item {
                what: What::Box(n),
                layer: rank * 2,
                left: size.width / 2.0,
                right: size.width / 2.0,
                height: size.height,
                up: Vec::new(),
                down: Vec::new(),
            })
            .collect();
        let mut of_link = Vec::new();
        let mut loops = vec![None; links.len()];
        for (n, link) in links.iter().enumerate() {
            if link.from == link.to {
                loops[n] = Some(items[link.from].right);
                items[link.from].right += LOOP + link.label.width;
                items[link.from].height = items[link.from].height.max(link.label.height + 16.0);
                of_link.push(Vec::new());
                continue;
            }
            let (top, bottom) = if turned[n] { (link.to, link.from) } else { (link.from, link.to) };
            let (first, last) = (items[top].layer + 1, items[bottom].layer);
            // Next to where the link begins, which is below when it was turned round.
            let labelled = if turned[n] { last - 1 } else { first };
            let mut chain = vec![top];
            for layer in first..last {
                let here = layer == labelled;
                let (width, height) = if here { (link.label.width, link.label.height) } else { (2.0, 0.0) };
                let what = if here { What::Label(n) } else { What::Pass(n) };
                let half = width.max(2.0) / 2.0;
                items.push(Item { what, layer, left: half, right: half, height, up: Vec::new(), down: Vec::new() });
                chain.push(items.len() - 1);
            }
            chain.push(bottom);
            for pair in chain.windows(2) {
                items[pair[0]].down.push(pair[1]);
                items[pair[1]].up.push(pair[0]);
            }
            of_link.push(chain);
        }
        let depth = items.iter().map(|i| i.layer + 1).max().unwrap_or(0);
        let mut layers = vec![Vec::new(); depth];
        for n in walk_order(&items, boxes.len()) {
            layers[items[n].layer].push(n);
        }
        Chains { items, layers, of_link, turned: turned.to_vec(), loops }
    }
}

/// All items, each after what leads to it, in the order in which somebody would come by who takes the first way first: the
/// first order of the layers.
fn walk_order(items: &[Item], boxes: usize) -> Vec<usize> {
    let mut roots: Vec<usize> = (0..boxes).filter(|n| items[*n].up.is_empty()).collect();
    // Entries are the last boxes, and the first of them is where calls start.
    roots.sort_by_key(|n| (items[*n].layer, std::cmp::Reverse(items[*n].down.len()), *n));
    let mut seen = vec![false; items.len()];
    let mut out = Vec::new();
    for root in roots.into_iter().chain(0..items.len()) {
        let mut stack = vec![root];
        while let Some(at) = stack.pop() {
            if std::mem::replace(&mut seen[at], true) {
                continue;
            }
            out.push(at);
            stack.extend(items[at].down.iter().rev());
        }
    }
    out
}
