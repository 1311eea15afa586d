//! `ringback flow graph`: pictures of flows.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, bail};

use super::diff::part_of_others;
use super::files::{flow_files, read};
use crate::call::rehearse::{Covered, rehearse};
use crate::diagnostic::render_all;
use crate::flow::{self, Compiled};
use crate::workshop::graph::{Counts, Overlay, dot, mermaid, picture, svg};

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// Opens in every browser.
    Svg,
    /// For pages that draw Mermaid.
    Mermaid,
    /// For Graphviz.
    Dot,
}

#[derive(Debug, clap::Args)]
pub struct GraphArgs {
    /// A flow, or a folder whose *.yaml are taken.
    pub path: PathBuf,
    #[arg(long, value_enum, default_value_t = Format::Svg)]
    pub format: Format,
    /// A file, or a folder for one picture a flow; without it a single picture is printed.
    #[arg(long)]
    pub out: Option<PathBuf>,
    /// Run the flow's tests and show which nodes and ways they enter.
    #[arg(long, conflicts_with = "counts")]
    pub coverage: bool,
    /// Show how many calls went where: a CSV of `node,count`, `node,way,count` and `*,count` (all calls).
    #[arg(long, value_name = "CSV")]
    pub counts: Option<PathBuf>,
}

/// `false` when a flow does not compile; what is wrong is then said on standard error.
pub(super) fn graph(args: &GraphArgs, out: &mut impl Write) -> anyhow::Result<bool> {
    let files = flow_files(std::slice::from_ref(&args.path))?;
    let folder = args.out.as_ref().filter(|path| path.is_dir() || files.len() > 1);
    match (&args.out, files.len()) {
        (None, 2..) => bail!("{} flows make {0} pictures: say where they go with `--out FOLDER`", files.len()),
        (Some(path), 2..) => {
            std::fs::create_dir_all(path).with_context(|| format!("cannot make the folder {}", path.display()))?;
        }
        (_, _) => {}
    }
    let mut all_compile = true;
    for file in &files {
        let Some(drawn) = draw(args, file)? else {
            all_compile = false;
            continue;
        };
        let to = match (folder, &args.out) {
            (Some(folder), _) => folder.join(file.file_name().unwrap_or_default()).with_extension(ending(args.format)),
            (None, Some(to)) => to.clone(),
            (None, None) => {
                write!(out, "{drawn}")?;
                continue;
            }
        };
        std::fs::write(&to, drawn).with_context(|| format!("cannot write {}", to.display()))?;
        writeln!(out, "{}", to.display())?;
    }
    Ok(all_compile)
}

fn ending(format: Format) -> &'static str {
    match format {
        Format::Svg => "svg",
        Format::Mermaid => "mmd",
        Format::Dot => "dot",
    }
}

fn draw(args: &GraphArgs, file: &Path) -> anyhow::Result<Option<String>> {
    let source = read(file)?;
    let Compiled { program, tests, diagnostics, subflow, .. } = flow::compile(&source);
    let Some(program) = program else {
        if subflow.is_some() {
            bail!(part_of_others(file));
        }
        eprint!("{}", render_all(&diagnostics, &file.display().to_string(), &source));
        return Ok(None);
    };
    let program = Arc::new(program);
    let overlay = match &args.counts {
        Some(counts) => {
            let text = std::fs::read_to_string(counts);
            let text = text.with_context(|| format!("cannot read the counts {}", counts.display()))?;
            let read = Counts::read(&text, &program);
            Overlay::Counts(read.map_err(|wrong| anyhow::anyhow!("{}:\n{}", counts.display(), wrong.join("\n")))?)
        }
        None if args.coverage => {
            let mut covered = Covered::default();
            for case in &tests {
                match rehearse(&program, case) {
                    Ok(rehearsal) => covered.join(&rehearsal.covered),
                    Err(failure) => {
                        let (file, line) = (file.display(), failure.span.line);
                        eprintln!("{file}:{line}: the test `{}` fails; what it entered is counted", case.name);
                        covered.join(&failure.covered);
                    }
                }
            }
            Overlay::Coverage(covered)
        }
        None => Overlay::None,
    };
    let picture = picture(&program, &overlay);
    Ok(Some(match args.format {
        Format::Svg => svg(&picture).with_context(|| file.display().to_string())?,
        Format::Mermaid => mermaid(&picture),
        Format::Dot => dot(&picture),
    }))
}
