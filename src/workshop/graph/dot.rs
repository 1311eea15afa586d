//! The picture for Graphviz: large flows, other layouts.

use std::fmt::Write;

use super::paint::Paint;
use super::{Mark, Node, Picture, Shape, Sort, Way};

pub fn dot(picture: &Picture) -> String {
    let mut out = format!("digraph {} {{\n", quoted(&picture.title));
    let title = [Some(&picture.title), Some(&picture.subtitle), picture.summary.as_ref()];
    let title: Vec<&str> = title.into_iter().flatten().map(String::as_str).collect();
    let _ = writeln!(out, "  label={}; labelloc=t; fontname=sans;", lines(&title));
    out.push_str("  node [fontname=sans, fontsize=11, style=filled];\n  edge [fontname=sans, fontsize=10];\n");
    for (n, node) in picture.nodes.iter().enumerate() {
        let Paint { fill, line, dashed, ink, .. } = Paint::node(node.shape, node.mark);
        let (shape, style) = shape(node.shape);
        let dashed = if dashed { ",dashed" } else { "" };
        let _ = writeln!(
            out,
            "  n{n} [label={}, shape={shape}, style=\"{style}{dashed}\", fillcolor=\"{fill}\", color=\"{line}\", \
             fontcolor=\"{ink}\"];",
            words(node)
        );
    }
    for (n, entry) in picture.entries.iter().enumerate() {
        let _ = writeln!(out, "  e{n} [label={}, shape=plaintext, style=\"\"];", quoted(&entry.words));
        let _ = writeln!(out, "  e{n} -> n{};", entry.to);
    }
    for way in &picture.ways {
        let (colour, width, dashed) = super::paint::way(way.mark());
        let style = if dashed { ", style=dashed" } else { "" };
        let label = if way.needs_words(picture) { format!("label={}, ", labels(way)) } else { String::new() };
        let _ =
            writeln!(out, "  n{} -> n{} [{label}color=\"{colour}\", penwidth={width:.1}{style}];", way.from, way.to);
    }
    out.push_str("}\n");
    out
}

fn shape(shape: Shape) -> (&'static str, &'static str) {
    match shape {
        Shape::Speaks => ("box", "filled,rounded"),
        Shape::Asks => ("octagon", "filled"),
        Shape::Decides => ("hexagon", "filled"),
        Shape::Connects => ("component", "filled"),
        Shape::Acts => ("note", "filled"),
        Shape::Ends => ("oval", "filled"),
    }
}

fn words(node: &Node) -> String {
    let about = if node.about.is_empty() { String::new() } else { format!(": {}", node.about) };
    let lock = if node.protected { " (verified persons only)" } else { "" };
    let mut all = vec![node.name.clone(), format!("{}{about}{lock}", node.kind)];
    all.extend(node.mark.words());
    all.extend(node.lost.and_then(Mark::words).map(|lost| format!("no further: {lost}")));
    lines(&all)
}

fn labels(way: &Way) -> String {
    let label = |l: &super::Label| {
        let text = match l.sort {
            Sort::Key => format!("key {}", l.text),
            Sort::Outcome => l.text.replace('_', " "),
            Sort::Condition => l.text.clone(),
        };
        l.mark.words().map_or(text.clone(), |calls| format!("{text}: {calls}"))
    };
    lines(&way.labels.iter().map(label).collect::<Vec<_>>())
}

fn lines(all: &[impl AsRef<str>]) -> String {
    let all: Vec<String> = all.iter().map(|line| escaped(line.as_ref())).collect();
    format!("\"{}\"", all.join("\\n"))
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", escaped(text))
}

/// In a string of DOT the backslash begins an escape.
fn escaped(text: &str) -> String {
    let plain: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    plain.replace('\\', "\\\\").replace('"', "\\\"")
}
