//! The picture as a Mermaid flowchart, for pages that draw those.

use std::fmt::Write;

use super::{Mark, Node, Picture, Shape, Sort, Way};

pub fn mermaid(picture: &Picture) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "%% {}, {}", one_line(&picture.title), one_line(&picture.subtitle));
    if let Some(summary) = &picture.summary {
        let _ = writeln!(out, "%% {}", one_line(summary));
    }
    out.push_str("flowchart TD\n");
    for (n, node) in picture.nodes.iter().enumerate() {
        let (open, close) = brackets(node.shape);
        let _ = writeln!(out, "  n{n}{open}\"{}\"{close}", words(node));
    }
    for (n, entry) in picture.entries.iter().enumerate() {
        let _ = writeln!(out, "  e{n}([\"{}\"]) --> n{}", escaped(&entry.words), entry.to);
    }
    for way in &picture.ways {
        let arrow = if way.mark() == Mark::Never { "-.->" } else { "-->" };
        let label = if way.needs_words(picture) { format!("|\"{}\"|", labels(way)) } else { String::new() };
        let _ = writeln!(out, "  n{} {arrow}{label} n{}", way.from, way.to);
    }
    for (class, style, mark) in [
        ("entered", "fill:#dff3e6,stroke:#1b7f4b,stroke-width:2px", Mark::Entered),
        ("never", "fill:#ffffff,stroke:#b42318,stroke-width:2px,stroke-dasharray:5 4", Mark::Never),
    ] {
        let of: Vec<String> =
            (0..).zip(&picture.nodes).filter(|(_, n)| n.mark == mark).map(|(n, _)| format!("n{n}")).collect();
        if !of.is_empty() {
            let _ = writeln!(out, "  classDef {class} {style}\n  class {} {class}", of.join(","));
        }
    }
    out
}

fn brackets(shape: Shape) -> (&'static str, &'static str) {
    match shape {
        Shape::Speaks => ("(", ")"),
        Shape::Asks => ("{{", "}}"),
        Shape::Decides => ("{", "}"),
        Shape::Connects => ("[[", "]]"),
        Shape::Acts => ("[", "]"),
        Shape::Ends => ("([", "])"),
    }
}

fn words(node: &Node) -> String {
    let mut lines = vec![escaped(&node.name)];
    let lock = if node.protected { " 🔒" } else { "" };
    let about = if node.about.is_empty() { String::new() } else { format!(": {}", escaped(&node.about)) };
    lines.push(format!("{}{about}{lock}", escaped(node.kind)));
    lines.extend(node.mark.words());
    lines.extend(node.lost.and_then(Mark::words).map(|lost| format!("no further: {lost}")));
    lines.join("<br/>")
}

fn labels(way: &Way) -> String {
    let label = |l: &super::Label| {
        let text = match l.sort {
            Sort::Key => format!("key {}", escaped(&l.text)),
            Sort::Outcome => escaped(&l.text.replace('_', " ")),
            Sort::Condition => escaped(&l.text),
        };
        l.mark.words().map_or(text.clone(), |calls| format!("{text}: {calls}"))
    };
    way.labels.iter().map(label).collect::<Vec<_>>().join("<br/>")
}

/// Mermaid writes what would end a label, or begin HTML or Markdown, by its number.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in one_line(text).chars() {
        match c {
            '"' | '#' | '&' | '<' | '>' | '`' | '*' | '_' | '\\' | ';' => {
                let _ = write!(out, "#{};", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out
}

fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
