//! `ringback flow diff`: what a client would hear or press differently.

use std::io::Write;
use std::path::Path;

use anyhow::bail;

use super::files::read;
use crate::diagnostic::render_all;
use crate::flow::program::Program;
use crate::flow::{self, Compiled};
use crate::workshop::diff;

/// `false` when there is a difference.
pub(super) fn diff(old: &Path, new: &Path, out: &mut impl Write) -> anyhow::Result<bool> {
    let changes = diff::words(&program(old)?, &program(new)?);
    write!(out, "{}", diff::text(&changes))?;
    Ok(changes.is_empty())
}

/// The flow in this file.
///
/// # Errors
/// What the compiler finds wrong with it.
pub(super) fn program(file: &Path) -> anyhow::Result<Program> {
    let source = read(file)?;
    match flow::compile(&source) {
        Compiled { program: Some(program), .. } => Ok(program),
        Compiled { program: None, subflow: Some(_), .. } => bail!(part_of_others(file)),
        Compiled { program: None, subflow: None, diagnostics, .. } => {
            let wrong = render_all(&diagnostics, &file.display().to_string(), &source);
            bail!("{} does not compile\n{wrong}", file.display())
        }
    }
}

/// A sub-flow has neither a beginning nor clients of its own.
pub(super) fn part_of_others(file: &Path) -> String {
    format!("{} is a sub-flow: it is looked at as a part of the flows that call it", file.display())
}
