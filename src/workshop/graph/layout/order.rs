//! The order within the layers, so that few links cross.

use super::chains::Chains;

/// Sweeps down and up. More change nothing on real flows.
const SWEEPS: usize = 24;
/// Passes of exchanging neighbours after each sweep.
const EXCHANGES: usize = 8;

pub(super) fn order(chains: &mut Chains) {
    let mut best = chains.layers.clone();
    let mut fewest = crossings(chains);
    for sweep in 0..SWEEPS {
        let downwards = sweep % 2 == 0;
        let layers: Vec<usize> =
            if downwards { (0..chains.layers.len()).collect() } else { (0..chains.layers.len()).rev().collect() };
        for layer in layers {
            by_medians(chains, layer, downwards);
        }
        exchange(chains);
        let now = crossings(chains);
        if now < fewest {
            fewest = now;
            best.clone_from(&chains.layers);
        }
        if fewest == 0 {
            break;
        }
    }
    chains.layers = best;
}

/// Sorts a layer by the medians of what its items are linked with in the layer above (or below). Items without such links
/// keep their places.
fn by_medians(chains: &mut Chains, layer: usize, downwards: bool) {
    let position = positions(chains);
    let medians: Vec<Option<f64>> = chains.layers[layer]
        .iter()
        .map(|item| {
            let item = &chains.items[*item];
            let mut at: Vec<usize> =
                if downwards { &item.up } else { &item.down }.iter().map(|n| position[*n]).collect();
            at.sort_unstable();
            let middle = at.len() / 2;
            match at.len() {
                0 => None,
                n if n % 2 == 1 => Some(at[middle] as f64),
                _ => Some((at[middle - 1] + at[middle]) as f64 / 2.0),
            }
        })
        .collect();
    let mut movable: Vec<(f64, usize)> =
        chains.layers[layer].iter().zip(&medians).filter_map(|(item, median)| Some(((*median)?, *item))).collect();
    movable.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut sorted = movable.into_iter();
    for (place, median) in chains.layers[layer].iter_mut().zip(&medians) {
        if let (Some(_), Some((_, item))) = (median, if median.is_some() { sorted.next() } else { None }) {
            *place = item;
        }
    }
}

/// Exchanges neighbours as long as that takes crossings away.
fn exchange(chains: &mut Chains) {
    for _ in 0..EXCHANGES {
        let mut better = false;
        for layer in 0..chains.layers.len() {
            let position = positions(chains);
            for n in 1..chains.layers[layer].len() {
                let (a, b) = (chains.layers[layer][n - 1], chains.layers[layer][n]);
                let crossed = |left: usize, right: usize| {
                    pairs_crossed(&chains.items[left].up, &chains.items[right].up, &position)
                        + pairs_crossed(&chains.items[left].down, &chains.items[right].down, &position)
                };
                if crossed(b, a) < crossed(a, b) {
                    chains.layers[layer].swap(n - 1, n);
                    better = true;
                }
            }
        }
        if !better {
            return;
        }
    }
}

fn pairs_crossed(left: &[usize], right: &[usize], position: &[usize]) -> usize {
    left.iter().map(|l| right.iter().filter(|r| position[**r] < position[*l]).count()).sum()
}

/// By item: its place in its layer.
fn positions(chains: &Chains) -> Vec<usize> {
    let mut position = vec![0; chains.items.len()];
    for layer in &chains.layers {
        for (at, item) in layer.iter().enumerate() {
            position[*item] = at;
        }
    }
    position
}

/// How many pairs of links cross.
pub(super) fn crossings(chains: &Chains) -> usize {
    let position = positions(chains);
    let mut all = 0;
    for (n, layer) in chains.layers.iter().enumerate() {
        let below = chains.layers.get(n + 1).map_or(0, Vec::len);
        // How many links so far end at each place below; a link crosses those that end further right.
        let mut ended = vec![0; below];
        for item in layer {
            let mut ends: Vec<usize> = chains.items[*item].down.iter().map(|d| position[*d]).collect();
            ends.sort_unstable();
            all += ends.iter().map(|end| ended[end + 1..].iter().sum::<usize>()).sum::<usize>();
            for end in ends {
                ended[end] += 1;
            }
        }
    }
    all
}
