//! From order to pixels: each layer as near as it can be to what it is linked with, nothing nearer to its neighbour than
//! the room between them allows.

use super::chains::{Chains, Item, LOOP, What};
use super::{Laid, Link, Placed, Route, Size};

/// Sweeps down and up. The changes are below a pixel long before.
const SWEEPS: usize = 60;
/// Least room between links, and between boxes.
const BETWEEN: f64 = 16.0;
const BETWEEN_BOXES: f64 = 30.0;
/// Least and most room between layers: links that lead far to the side need more to be followed.
const GAP_LEAST: f64 = 20.0;
const GAP_MOST: f64 = 64.0;
/// Most room between the ends of links at one side of a box.
const PORTS: f64 = 26.0;

pub(super) fn place(chains: &Chains, boxes: &[Size], links: &[Link]) -> Laid {
    let ports = ports(chains, boxes);
    let x = columns(chains, &ports);
    let (top, height) = rows(chains, &x);
    let left = chains.items.iter().zip(&x).map(|(item, x)| x - item.left).fold(f64::INFINITY, f64::min);
    let left = if left.is_finite() { left } else { 0.0 };
    let right = chains.items.iter().zip(&x).map(|(item, x)| x + item.right).fold(left, f64::max);
    let middle = |n: usize| {
        let layer = chains.items[n].layer;
        (x[n] - left, (top[layer].0 + top[layer].1) / 2.0)
    };
    let placed: Vec<Placed> = boxes
        .iter()
        .enumerate()
        .map(|(n, size)| {
            let (x, y) = middle(n);
            Placed { x, y, width: size.width, height: size.height }
        })
        .collect();
    let routes = links
        .iter()
        .enumerate()
        .map(|(n, link)| match chains.loops[n] {
            Some(from) => own(link, &placed[link.from], from),
            None => {
                let labelled = chains.of_link[n].iter().find(|i| chains.items[**i].what == What::Label(n));
                let (x, y) = labelled.map_or((0.0, 0.0), |i| middle(*i));
                let label = Placed { x, y, width: link.label.width, height: link.label.height };
                Route { points: points(chains, n, &placed, &ports, &top, &middle), label, own: false }
            }
        })
        .collect();
    Laid { boxes: placed, routes, width: right - left, height }
}

/// By link: how far from the middles of the upper and the lower box it ends.
type Ports = Vec<(f64, f64)>;

/// Links at one side of a box end side by side, in the order in which they come.
fn ports(chains: &Chains, boxes: &[Size]) -> Ports {
    let mut position = vec![0; chains.items.len()];
    for layer in &chains.layers {
        for (at, item) in layer.iter().enumerate() {
            position[*item] = at;
        }
    }
    let mut ports = vec![(0.0, 0.0); chains.of_link.len()];
    for (n, size) in boxes.iter().enumerate() {
        // (place of the next item, link)
        let mut below: Vec<(usize, usize)> = Vec::new();
        let mut above: Vec<(usize, usize)> = Vec::new();
        for (link, chain) in chains.of_link.iter().enumerate() {
            match chain.as_slice() {
                [top, next, ..] if *top == n => below.push((position[*next], link)),
                [.., next, bottom] if *bottom == n => above.push((position[*next], link)),
                _ => {}
            }
        }
        for (side, upper) in [(&mut below, true), (&mut above, false)] {
            side.sort_unstable();
            let apart = PORTS.min(size.width * 0.7 / side.len().max(1) as f64);
            for (at, (_, link)) in side.iter().enumerate() {
                let offset = (at as f64 - (side.len() as f64 - 1.0) / 2.0) * apart;
                if upper {
                    ports[*link].0 = offset;
                } else {
                    ports[*link].1 = offset;
                }
            }
        }
    }
    ports
}

/// One link between neighbouring layers, as a spring: the lower end wants to be at the upper one plus `offset`.
struct Spring {
    upper: usize,
    lower: usize,
    offset: f64,
    strength: f64,
}

/// The horizontal middle of every item.
fn columns(chains: &Chains, ports: &Ports) -> Vec<f64> {
    let springs = springs(chains, ports);
    let mut of_item: Vec<(Vec<usize>, Vec<usize>)> = vec![(Vec::new(), Vec::new()); chains.items.len()];
    for (n, spring) in springs.iter().enumerate() {
        of_item[spring.lower].0.push(n);
        of_item[spring.upper].1.push(n);
    }
    let mut x = vec![0.0; chains.items.len()];
    for layer in &chains.layers {
        let wanted: Vec<(f64, f64)> = layer.iter().map(|_| (0.0, 1.0)).collect();
        settle(chains, layer, &wanted, &mut x);
    }
    for sweep in 0..=SWEEPS {
        // The last sweeps look both ways.
        let both = sweep + 20 > SWEEPS;
        let downwards = sweep % 2 == 0;
        for n in 0..chains.layers.len() {
            let layer = &chains.layers[if downwards { n } else { chains.layers.len() - 1 - n }];
            let wanted: Vec<(f64, f64)> = layer
                .iter()
                .map(|item| {
                    let (up, down) = &of_item[*item];
                    let ups = up.iter().map(|s| (x[springs[*s].upper] + springs[*s].offset, springs[*s].strength));
                    let downs = down.iter().map(|s| (x[springs[*s].lower] - springs[*s].offset, springs[*s].strength));
                    let pulls: Vec<(f64, f64)> = match (both, downwards) {
                        (true, _) => ups.chain(downs).collect(),
                        (false, true) => ups.collect(),
                        (false, false) => downs.collect(),
                    };
                    let strength: f64 = pulls.iter().map(|p| p.1).sum();
                    if strength > 0.0 {
                        (pulls.iter().map(|(at, s)| at * s).sum::<f64>() / strength, strength)
                    } else {
                        // Nothing pulls: it stays where it is, and gives way.
                        (x[*item], 0.01)
                    }
                })
                .collect();
            settle(chains, layer, &wanted, &mut x);
        }
    }
    close_up(chains, &mut x);
    x
}

/// What no link joins has nothing that draws it near: from left to right, each such part moves up to what stands left of it.
fn close_up(chains: &Chains, x: &mut [f64]) {
    let part = parts(chains);
    let leftmost = |p: usize, x: &[f64]| {
        (0..x.len()).filter(|n| part[*n] == p).map(|n| x[n] - chains.items[n].left).fold(f64::INFINITY, f64::min)
    };
    let mut all: Vec<(f64, usize)> = (0..x.len()).filter(|n| part[*n] == *n).map(|p| (leftmost(p, x), p)).collect();
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    for (_, p) in all.into_iter().skip(1) {
        // The whole part stays a box wide of all that is left of it in its layers, and of nothing else.
        let free = chains.layers.iter().flat_map(|layer| layer.windows(2)).filter_map(|pair| {
            let joins = part[pair[1]] == p && part[pair[0]] != p;
            joins.then(|| x[pair[1]] - x[pair[0]] - room(&chains.items[pair[0]], &chains.items[pair[1]]))
        });
        let shift = free.fold(f64::INFINITY, f64::min);
        if shift.is_finite() {
            (0..x.len()).filter(|n| part[*n] == p).for_each(|n| x[n] -= shift);
        }
    }
}

/// By item: the first item of those that links join with it.
fn parts(chains: &Chains) -> Vec<usize> {
    let mut part = vec![usize::MAX; chains.items.len()];
    for first in 0..part.len() {
        let mut open = vec![first];
        while let Some(n) = open.pop() {
            if part[n] == usize::MAX {
                part[n] = first;
                open.extend(chains.items[n].up.iter().chain(&chains.items[n].down));
            }
        }
    }
    part
}

fn springs(chains: &Chains, ports: &Ports) -> Vec<Spring> {
    let mut springs = Vec::new();
    for (link, chain) in chains.of_link.iter().enumerate() {
        for (n, pair) in chain.windows(2).enumerate() {
            let mut offset = 0.0;
            if n == 0 {
                offset += ports[link].0;
            }
            if n + 2 == chain.len() {
                offset -= ports[link].1;
            }
            let is_box = |n: usize| matches!(chains.items[n].what, What::Box(_));
            // A long link should be straight first of all.
            let strength = match (is_box(pair[0]), is_box(pair[1])) {
                (false, false) => 8.0,
                (true, false) | (false, true) => 2.0,
                (true, true) => 1.0,
            };
            springs.push(Spring { upper: pair[0], lower: pair[1], offset, strength });
        }
    }
    springs
}

/// Sets a layer: the sum of the squares of the distances to where its items want to be (place, weight) is the least that
/// the room between them allows. Items that push each other make a block that stands at the mean of their wishes.
fn settle(chains: &Chains, layer: &[usize], wanted: &[(f64, f64)], x: &mut [f64]) {
    /// First item, wish without the room before it, weight.
    struct Block {
        first: usize,
        at: f64,
        weight: f64,
    }
    let mut before = vec![0.0; layer.len()];
    for n in 1..layer.len() {
        before[n] = before[n - 1] + room(&chains.items[layer[n - 1]], &chains.items[layer[n]]);
    }
    let mut blocks: Vec<Block> = Vec::new();
    for (n, (at, weight)) in wanted.iter().enumerate() {
        let mut block = Block { first: n, at: at - before[n], weight: *weight };
        while let Some(left) = blocks.pop_if(|left| left.at > block.at) {
            let weight = left.weight + block.weight;
            block = Block { first: left.first, at: (left.at * left.weight + block.at * block.weight) / weight, weight };
        }
        blocks.push(block);
    }
    for (n, block) in blocks.iter().enumerate() {
        let end = blocks.get(n + 1).map_or(layer.len(), |next| next.first);
        for at in block.first..end {
            x[layer[at]] = block.at + before[at];
        }
    }
}

/// Least distance of the middles of two neighbours.
fn room(left: &Item, right: &Item) -> f64 {
    let boxes = matches!((left.what, right.what), (What::Box(_), What::Box(_)));
    left.right + right.left + if boxes { BETWEEN_BOXES } else { BETWEEN }
}

/// Upper and lower edge of every layer, and the height of all.
fn rows(chains: &Chains, x: &[f64]) -> (Vec<(f64, f64)>, f64) {
    let mut y = 0.0;
    let mut rows = Vec::new();
    for layer in &chains.layers {
        let height = layer.iter().map(|n| chains.items[*n].height).fold(0.0, f64::max);
        rows.push((y, y + height));
        let links = layer.iter().flat_map(|n| chains.items[*n].down.iter().map(|d| (x[*d] - x[*n]).abs()));
        let aside = links.fold(0.0, f64::max);
        y += height + (GAP_LEAST + aside / 8.0).min(GAP_MOST);
    }
    let height = rows.last().map_or(0.0, |row| row.1);
    (rows, height)
}

/// The corners of a link's line, from where it begins to where it ends.
fn points(
    chains: &Chains,
    link: usize,
    boxes: &[Placed],
    ports: &Ports,
    rows: &[(f64, f64)],
    middle: &dyn Fn(usize) -> (f64, f64),
) -> Vec<(f64, f64)> {
    let chain = &chains.of_link[link];
    let (upper, lower) = (chain[0], chain[chain.len() - 1]);
    let (above, below) = (&boxes[upper], &boxes[lower]);
    let mut points = vec![(above.x + ports[link].0, above.y + above.height / 2.0)];
    // A box lower than its layer: straight on to the layer's edge.
    points.push((above.x + ports[link].0, rows[chains.items[upper].layer].1));
    for item in &chain[1..chain.len() - 1] {
        let (x, _) = middle(*item);
        let (from, to) = rows[chains.items[*item].layer];
        points.extend([(x, from), (x, to)]);
    }
    points.push((below.x + ports[link].1, rows[chains.items[lower].layer].0));
    points.push((below.x + ports[link].1, below.y - below.height / 2.0));
    if chains.turned[link] {
        points.reverse();
    }
    points
}

/// A loop at the right side of a box, its label beside it.
fn own(link: &Link, at: &Placed, from: f64) -> Route {
    let x = at.x + from;
    let out = LOOP * 0.7;
    let points = vec![(x, at.y + 12.0), (x + out, at.y + 12.0), (x + out, at.y - 12.0), (x, at.y - 12.0)];
    let label =
        Placed { x: x + LOOP + link.label.width / 2.0, y: at.y, width: link.label.width, height: link.label.height };
    Route { points, label, own: true }
}
