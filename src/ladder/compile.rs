//! Ladder YAML → [`Ladder`].

use super::Ladder;
use crate::diagnostic::Diagnostic;

/// All findings at once; no ladder when one of them is an error.
pub fn compile(_source: &str) -> (Option<Ladder>, Vec<Diagnostic>) {
    (None, Vec::new())
}
