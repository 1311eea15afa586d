//! `ringback flow prompts`: what is recorded, what is missing, and the script to record from.

use std::io::Write;
use std::path::PathBuf;

use super::diff::programs;
use crate::voice::Recorded;
use crate::workshop::prompts::{Recordings, State, script};

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// A list to look at.
    Text,
    /// The reading script for a voice actor.
    Csv,
}

#[derive(Debug, clap::Args)]
pub struct PromptsArgs {
    /// Files, or folders whose *.yaml are taken.
    #[arg(required = true)]
    pub paths: Vec<PathBuf>,
    /// The folder of recordings: `<language>/<file>.wav` below it.
    #[arg(long, default_value = "prompts")]
    pub prompts: PathBuf,
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    /// Begin the CSV with a byte order mark, by which Excel knows UTF-8.
    #[arg(long)]
    pub bom: bool,
    /// Exit with 1 when a recording that a flow names is missing.
    #[arg(long)]
    pub require: bool,
}

/// `false` when a named recording is missing and `--require` is given.
pub(super) fn prompts(args: &PromptsArgs, out: &mut impl Write) -> anyhow::Result<bool> {
    let programs = programs(&args.paths)?;
    let recordings: Recordings = Recorded::scan(&args.prompts).names().collect();
    let script = script(&programs, &recordings);
    match args.format {
        Format::Text => write!(out, "{}", script.text())?,
        Format::Csv => {
            let bom = if args.bom { "\u{feff}" } else { "" };
            write!(out, "{bom}{}", script.csv())?;
        }
    }
    Ok(!args.require || script.count(State::Missing) == 0)
}
