//! A finding about something a user wrote: what, where, what was expected, what to do.
//! Flows, ladders and config files all report in these; all of them at once, never the first only.

use std::fmt::Write;

/// A place in a text. Lines and columns count from 1, columns in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Span {
    pub line: u32,
    pub column: u32,
    /// How many characters the caret underlines; at least 1 when shown.
    pub length: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    Error,
    Warning,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Stable: `F012` for flows, `L003` for ladders, `C001` for config.
    pub code: &'static str,
    pub severity: Severity,
    pub span: Span,
    /// What is wrong, and what was expected.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

impl Diagnostic {
    pub fn error(code: &'static str, span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic { code, severity: Severity::Error, span, message: message.into(), help: None }
    }

    pub fn warning(code: &'static str, span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic { severity: Severity::Warning, ..Diagnostic::error(code, span, message) }
    }

    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Diagnostic {
        self.help = Some(help.into());
        self
    }

    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    /// `file:line:col: error[F012]: message`, the line with a caret under the place, and the help.
    pub fn render(&self, file: &str, source: &str) -> String {
        let Span { line, column, length } = self.span;
        let kind = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        let mut out = format!("{file}:{line}:{column}: {kind}[{}]: {}\n", self.code, self.message);
        if let Some(text) = source.lines().nth(line.saturating_sub(1) as usize) {
            // A line of a hostile file may be a megabyte; what is shown is bounded.
            const SHOWN_MAX: usize = 160;
            let from = (column as usize).saturating_sub(SHOWN_MAX / 2);
            let shown: String = text.chars().skip(from).take(SHOWN_MAX).collect();
            let indent: String = shown
                .chars()
                .take((column as usize).saturating_sub(1 + from))
                .map(|c| if c == '\t' { '\t' } else { ' ' })
                .collect();
            let room = shown.chars().count().saturating_sub(indent.chars().count()).max(1);
            let carets = "^".repeat((length as usize).clamp(1, room));
            let gutter = " ".repeat(line.to_string().len());
            let _ = write!(out, "{gutter} |\n{line} | {shown}\n{gutter} | {indent}{carets}\n");
        }
        if let Some(help) = &self.help {
            let _ = writeln!(out, "  = help: {help}");
        }
        out
    }
}

/// Sorts by place and renders each. Ends with a count.
pub fn render_all(diagnostics: &[Diagnostic], file: &str, source: &str) -> String {
    let mut sorted: Vec<&Diagnostic> = diagnostics.iter().collect();
    sorted.sort_by_key(|d| (d.span, d.code));
    sorted.iter().map(|d| d.render(file, source)).collect::<Vec<_>>().join("\n")
}

/// The nearest of `known` to `word`, when near enough to be a slip of the hand.
pub fn did_you_mean<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|k| (strsim::damerau_levenshtein(word, k), k))
        .filter(|(distance, k)| *distance <= (k.chars().count().max(word.chars().count()) / 3).max(1))
        .min()
        .map(|(_, k)| k)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rendered() {
        let d = Diagnostic::error("F012", Span { line: 2, column: 5, length: 3 }, "unknown node `bey`")
            .help("did you mean `bye`?");
        let expected = "x.yaml:2:5: error[F012]: unknown node `bey`\n  |\n2 | to: bey\n  |     ^^^\n  = help: did you mean `bye`?\n";
        assert_eq!(d.render("x.yaml", "a: 1\nto: bey\n"), expected);
    }

    #[test]
    fn nearest() {
        assert_eq!(did_you_mean("mneu", ["say", "menu", "end"]), Some("menu"));
        assert_eq!(did_you_mean("elephant", ["say", "menu"]), None);
    }
}
