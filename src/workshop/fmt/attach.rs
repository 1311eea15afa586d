//! Which key a comment belongs to: the one it stands beside, else the next one below it, else (indented behind the last
//! key of a map) the map.

use std::collections::VecDeque;

use granit_parser::ScalarStyle;

use super::tree::{Collection, Comment, Item, Tree, Value};

/// Where the lines of a text begin.
pub struct Lines<'s> {
    source: &'s str,
    starts: Vec<usize>,
}

impl<'s> Lines<'s> {
    pub fn of(source: &'s str) -> Lines<'s> {
        let starts = std::iter::once(0).chain(source.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Lines { source, starts }
    }

    /// The line, from 0, of the byte `at`.
    fn line(&self, at: usize) -> usize {
        self.starts.partition_point(|start| *start <= at) - 1
    }

    /// What stands before the byte `at` on its line.
    fn before(&self, at: usize) -> &'s str {
        &self.source[self.starts[self.line(at)]..at]
    }

    fn column(&self, at: usize) -> usize {
        self.before(at).chars().count()
    }

    /// Nothing but space stands before it on its line.
    fn own_line(&self, at: usize) -> bool {
        self.before(at).trim().is_empty()
    }

    /// Whether the line before that of `at` is blank. Never for what shares its line with something before.
    pub fn gap_before(&self, at: usize) -> bool {
        let line = self.line(at);
        let alone = self.before(at).chars().all(|c| c.is_whitespace() || c == '-');
        alone && line > 0 && self.source[self.starts[line - 1]..self.starts[line]].trim().is_empty()
    }
}

pub fn attach(mut root: Collection, comments: Vec<Comment>, lines: &Lines<'_>) -> Tree {
    let mut attacher = Attacher { comments: comments.into(), lines };
    // What stands beside the opening bracket of a whole file.
    let mut beside = Vec::new();
    attacher.collection(&mut root, &mut beside, None, usize::MAX);
    root.foot.extend(attacher.comments);
    let mut head = beside;
    if let Some(first) = root.items.first_mut() {
        // The comments above the first key belong to it; those that a blank line parts from it, to the file. So does the
        // line in which editors look for the schema.
        let own = (0..first.above.len()).rev().find(|n| {
            let parted = first.above.get(n + 1).map_or(first.gap, |next| next.gap);
            parted || first.above[*n].is_for_editors()
        });
        head.extend(first.above.drain(..own.map_or(0, |n| n + 1)));
    }
    Tree { head, root }
}

struct Attacher<'l> {
    /// Those that have no key yet, in the order of the text.
    comments: VecDeque<Comment>,
    lines: &'l Lines<'l>,
}

impl Attacher<'_> {
    /// The next comment, when it begins before `limit` and is as wanted.
    fn take(&mut self, limit: usize, wanted: impl Fn(&Comment) -> bool) -> Option<Comment> {
        self.comments.pop_front_if(|c| c.start < limit && wanted(c))
    }

    /// `outer`: the column of the block collection around; `limit`: where the next key outside begins.
    fn collection(&mut self, of: &mut Collection, beside: &mut Vec<Comment>, outer: Option<usize>, limit: usize) {
        let lines = self.lines;
        let limit = if of.flow { of.end } else { limit };
        if of.flow {
            let (first, line) = (of.items.first().map_or(of.end, Item::start), lines.line(of.start));
            while let Some(comment) = self.take(first, |c| lines.line(c.start) == line) {
                beside.push(comment);
            }
        }
        let column = lines.column(of.start);
        let starts: Vec<usize> = of.items.iter().map(Item::start).skip(1).chain([limit]).collect();
        for (item, next) in of.items.iter_mut().zip(starts) {
            self.item(item, column, next);
        }
        // A list may stand in the column of its key; what stands there behind it belongs to what comes next.
        let floor = outer.map_or(column, |outer| column.max(outer + 1));
        let flow = of.flow;
        while let Some(comment) =
            self.take(limit, |c| flow || lines.own_line(c.start) && lines.column(c.start) >= floor)
        {
            of.foot.push(comment);
        }
    }

    fn item(&mut self, item: &mut Item, column: usize, next: usize) {
        let lines = self.lines;
        let start = item.start();
        item.gap = lines.gap_before(start);
        while let Some(comment) = self.take(start, |_| true) {
            item.above.push(comment);
        }
        if let Some(key) = &item.key {
            let (value, key_line) = (item.value.start(), lines.line(key.start));
            while let Some(comment) = self.take(value, |c| lines.line(c.start) == key_line) {
                item.beside.push(comment);
            }
            let goes_to_first_child = matches!(&item.value, Value::Collection(c) if !c.flow);
            while let Some(comment) = self.take(value, |_| !goes_to_first_child) {
                item.above.push(comment);
            }
        }
        let last_line = match &mut item.value {
            Value::Scalar(scalar) => {
                // A comment beside the header of a block text stands before the text and has been taken.
                let block = matches!(scalar.style, ScalarStyle::Literal | ScalarStyle::Folded);
                (!block).then(|| lines.line(scalar.end))
            }
            Value::Collection(inner) => {
                self.collection(inner, &mut item.beside, Some(column), next);
                // The first key of a map in a list stands on the line of its dash: one place above for both.
                if item.key.is_none()
                    && let Some(first) = inner.items.first_mut()
                {
                    item.above.append(&mut first.above);
                }
                inner.flow.then(|| lines.line(inner.end))
            }
        };
        let Some(last_line) = last_line else { return };
        while let Some(comment) = self.take(next, |c| lines.line(c.start) == last_line && !lines.own_line(c.start)) {
            item.beside.push(comment);
        }
    }
}
