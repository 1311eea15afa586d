//! `ringback flow fmt`: flows in their canonical layout.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Context;

use super::files::{flow_and_library_files, read_alone};
use crate::diagnostic::render_all;
use crate::workshop::fmt::{LeftAlone, format};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Files, or folders whose *.yaml are taken, and those of their `library/`.
    #[arg(required = true)]
    pub(super) paths: Vec<PathBuf>,
    /// Change nothing; name the files that would change, and exit with 1 if there are any.
    #[arg(long)]
    pub(super) check: bool,
}

/// `false` when a file cannot be laid out, or with `--check` when one would change.
pub(super) fn fmt(arguments: &Arguments, out: &mut impl Write) -> anyhow::Result<bool> {
    let (mut changed, mut left_alone, mut same) = (0, 0, 0);
    for file in flow_and_library_files(&arguments.paths)? {
        let source = read_alone(&file)?;
        let name = file.display().to_string();
        match format(&source) {
            Ok(laid_out) if laid_out == source => same += 1,
            Ok(_) if arguments.check => {
                changed += 1;
                writeln!(out, "{name}: would change")?;
            }
            Ok(laid_out) => {
                changed += 1;
                replace(&file, &laid_out)?;
                writeln!(out, "{name}: laid out")?;
            }
            Err(LeftAlone::Unreadable(found)) => {
                left_alone += 1;
                writeln!(out, "{}{name}: left alone", render_all(&found, &name, &source))?;
            }
            Err(LeftAlone::Unsayable) => {
                left_alone += 1;
                writeln!(out, "{name}: left alone: the canonical layout could not keep its meaning and its comments")?;
                writeln!(out, "  = help: put text that runs over several paragraphs in quotes")?;
            }
        }
    }
    let verb = if arguments.check { "would change" } else { "changed" };
    writeln!(out, "{changed} {verb}, {same} in order, {left_alone} left alone")?;
    Ok(left_alone == 0 && (changed == 0 || !arguments.check))
}

/// Writes beside the file and renames over it, so that no reader ever sees half a flow.
fn replace(file: &Path, text: &str) -> anyhow::Result<()> {
    // A link stays a link to the file that is laid out.
    let file = std::fs::canonicalize(file).with_context(|| format!("cannot find {}", file.display()))?;
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let beside = file.with_file_name(format!(".{name}.{}.new", std::process::id()));
    let written = std::fs::write(&beside, text)
        .and_then(|()| std::fs::set_permissions(&beside, std::fs::metadata(&file)?.permissions()))
        .and_then(|()| std::fs::rename(&beside, &file));
    if written.is_err() {
        // What is left of the attempt; that it cannot be written either is said below.
        let _ = std::fs::remove_file(&beside);
    }
    written.with_context(|| format!("cannot write {}", file.display()))
}
