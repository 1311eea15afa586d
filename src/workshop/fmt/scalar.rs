//! How a text is written: plain, in quotes, or over several lines.

use granit_parser::ScalarStyle;

use super::WIDTH;
use super::tree::Scalar;
use crate::flow::yaml;

pub enum Written {
    Line(String),
    /// A header such as `>-`, and the lines below it, not indented.
    Block(&'static str, Vec<String>),
}

/// A text that means the same with and without quotes, where a text is expected.
pub fn may_be_quoted(scalar: &yaml::Scalar) -> bool {
    !scalar.is_null() && scalar.surprise().is_none()
}

/// A key or a value on one line. Plain stays plain and quoted quoted: to the language they are not the same.
pub fn one_line(scalar: &Scalar) -> String {
    if scalar.style == ScalarStyle::Plain { scalar.text.clone() } else { quoted(&scalar.text) }
}

/// A value that may take several lines. `indent`: of the lines; `used`: columns taken before it on its own line.
pub fn written(scalar: &Scalar, source: &str, speech: bool, indent: usize, used: usize) -> Written {
    let text = scalar.text.as_str();
    let null = matches!(text, "" | "~" | "null" | "Null" | "NULL");
    match scalar.style {
        ScalarStyle::Literal => literal(text).unwrap_or_else(|| Written::Line(quoted(text))),
        ScalarStyle::Folded => {
            let lines = source_lines(scalar, source);
            let short = text.ends_with(|c: char| c != '\n') && lines.len() == 1;
            match fits(text, used) {
                Some(line) if speech && short => line,
                _ => folded(text, &lines, indent).unwrap_or_else(|| Written::Line(quoted(text))),
            }
        }
        ScalarStyle::Plain if !speech || null || yaml::surprise(text).is_some() => Written::Line(text.to_string()),
        ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted if !speech => Written::Line(quoted(text)),
        _ => match fits(text, used) {
            Some(line) => line,
            None => folded(text, &[], indent).unwrap_or_else(|| Written::Line(quoted(text))),
        },
    }
}

/// The text in quotes, when that fits on the line.
fn fits(text: &str, used: usize) -> Option<Written> {
    let line = quoted(text);
    (used + line.chars().count() <= WIDTH).then_some(Written::Line(line))
}

/// In double quotes; in single ones when that needs fewer escapes.
fn quoted(text: &str) -> String {
    let count = |wanted: &[char]| text.chars().filter(|c| wanted.contains(c)).count();
    if !text.contains(unprintable) && count(&['"', '\\']) > count(&['\'']) {
        return format!("'{}'", text.replace('\'', "''"));
    }
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out += "\\n",
            '\t' => out += "\\t",
            c if unprintable(c) => out += &format!("\\U{:08X}", c as u32),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

fn unprintable(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

/// The header's sign for what stands behind the last line, and the text without it.
fn chomped<'t>(text: &'t str, headers: [&'static str; 2]) -> Option<(&'static str, &'t str)> {
    let (header, body) = match text.strip_suffix('\n') {
        Some(body) => (headers[1], body),
        None => (headers[0], text),
    };
    let good = !body.is_empty() && !body.ends_with('\n') && !body.starts_with([' ', '\n', '\t']);
    (good && !body.contains(|c: char| c != '\n' && unprintable(c))).then_some((header, body))
}

fn literal(text: &str) -> Option<Written> {
    let (header, body) = chomped(text, ["|-", "|"])?;
    let lines: Vec<String> = body.split('\n').map(str::to_string).collect();
    lines.iter().all(|line| !line.ends_with(' ')).then_some(Written::Block(header, lines))
}

/// Over lines of at most [`WIDTH`]: broken as the author did, and where a line is too long.
fn folded(text: &str, lines: &[String], indent: usize) -> Option<Written> {
    let (header, body) = chomped(text, [">-", ">"])?;
    let mut paragraphs: Vec<String> = Vec::new();
    let lines = if unfolded(lines) == body {
        lines
    } else {
        for (n, paragraph) in body.split('\n').enumerate() {
            if n > 0 {
                paragraphs.push(String::new());
            }
            if !paragraph.is_empty() {
                paragraphs.push(paragraph.to_string());
            }
        }
        &paragraphs
    };
    let lines: Vec<String> = lines.iter().flat_map(|line| wrapped(line, WIDTH - indent.min(WIDTH / 2))).collect();
    let sayable = lines.iter().all(|line| line.trim() == line);
    (sayable && unfolded(&lines) == body).then_some(Written::Block(header, lines))
}

/// What YAML makes of the lines of a folded text.
fn unfolded(lines: &[String]) -> String {
    let mut out = String::new();
    let mut before: Option<&String> = None;
    for line in lines {
        match before {
            _ if line.is_empty() => out.push('\n'),
            Some(before) if !before.is_empty() => out.push(' '),
            Some(_) | None => {}
        }
        out += line;
        before = Some(line);
    }
    out
}

/// Breaks at spaces; behind the end of a sentence when that leaves no line too short.
fn wrapped(line: &str, width: usize) -> Vec<String> {
    let mut out = Vec::new();
    let mut rest: Vec<char> = line.chars().collect();
    while rest.len() > width {
        // A space that stands alone: two of them would not survive.
        let alone = |at: &usize| rest[*at] == ' ' && rest[at - 1] != ' ' && rest.get(at + 1).is_some_and(|c| *c != ' ');
        let ends = |at: &usize| matches!(rest[at - 1], '.' | '?' | '!');
        let sentence = (width / 3..=width).rev().filter(alone).find(ends);
        let Some(at) = sentence.or_else(|| (1..=width).rev().find(alone)).or_else(|| (width..rest.len()).find(alone))
        else {
            break;
        };
        let tail = rest.split_off(at + 1);
        out.push(rest[..at].iter().collect());
        rest = tail;
    }
    out.push(rest.into_iter().collect());
    out
}

/// The lines of a block text as they stand in the source, without their indent.
fn source_lines(scalar: &Scalar, source: &str) -> Vec<String> {
    let line_start = source[..scalar.start].rfind('\n').map_or(0, |at| at + 1);
    // The parser's place is that of the text, or that of the header before it.
    let header = usize::from(!source[line_start..scalar.start].trim().is_empty());
    let lines: Vec<&str> = source[line_start..scalar.end].lines().skip(header).map(str::trim_end).collect();
    let filled = |line: &&&str| !line.is_empty();
    let indent = lines.iter().filter(filled).map(|l| l.len() - l.trim_start().len()).min().unwrap_or(0);
    let last = lines.iter().rposition(|l| !l.is_empty()).map_or(0, |n| n + 1);
    lines[..last].iter().map(|line| line.get(indent..).unwrap_or_default().to_string()).collect()
}
