//! Which layer each box stands in.

use super::Link;

/// The rank of each box, and for each link whether it leads back up and is to be read the other way round.
pub(super) fn ranks(boxes: usize, links: &[Link], entries: &[usize]) -> (Vec<usize>, Vec<bool>) {
    let turned = turned(boxes, links, entries);
    let ends = |n: usize| {
        let (from, to) = (links[n].from, links[n].to);
        if turned[n] { (to, from) } else { (from, to) }
    };
    let mut ranks = vec![0_usize; boxes];
    // The longest way cannot have more links than there are boxes: no link leads in a circle any more.
    for _ in 0..boxes {
        let mut changed = false;
        for n in (0..links.len()).filter(|n| links[*n].from != links[*n].to) {
            let (from, to) = ends(n);
            if ranks[to] < ranks[from] + 1 {
                ranks[to] = ranks[from] + 1;
                changed = true;
            }
        }
        if !changed {
            break;
        }
    }
    // An entry stands right above where it leads.
    for link in links.iter().filter(|link| link.entry) {
        ranks[link.from] = ranks[link.to].saturating_sub(1);
    }
    (ranks, turned)
}

/// Links that lead to a box from which one has come: found by walking in depth, entries first.
fn turned(boxes: usize, links: &[Link], entries: &[usize]) -> Vec<bool> {
    #[derive(Clone, Copy, PartialEq)]
    enum Seen {
        No,
        Open,
        Done,
    }
    let mut out: Vec<Vec<usize>> = vec![Vec::new(); boxes];
    for (n, link) in links.iter().enumerate() {
        out[link.from].push(n);
    }
    let mut turned = vec![false; links.len()];
    let mut seen = vec![Seen::No; boxes];
    for root in entries.iter().copied().chain(0..boxes) {
        if seen[root] != Seen::No {
            continue;
        }
        seen[root] = Seen::Open;
        let mut stack = vec![(root, 0)];
        while let Some((at, next)) = stack.pop() {
            let Some(link) = out[at].get(next).copied() else {
                seen[at] = Seen::Done;
                continue;
            };
            stack.push((at, next + 1));
            let to = links[link].to;
            match seen[to] {
                Seen::Open => turned[link] = to != at,
                Seen::Done => {}
                Seen::No => {
                    seen[to] = Seen::Open;
                    stack.push((to, 0));
                }
            }
        }
    }
    turned
}
