//! `ringback prompts`: the voices that are here, and what a voice actor has to read for a recorded one.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::cli::flow::programs;
use crate::language::Language;
use crate::money::Currency;
use crate::speech;
use crate::speech::vocabulary::Extent;
use crate::time::{Clock, Zone};
use crate::voice::Fragments;
use crate::workshop::reading::reading;

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// The reading list for a voice made of recordings, as CSV: save it as `<voice>/<language>/fragments.csv`, record each
    /// line into its file beside it, and name the folder in the config (`voices`).
    RecordScript(Arguments),
    /// The voices that are here, the preferred first, and which of the languages with a grammar each speaks.
    Voices,
}

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Flows, or folders whose *.yaml are taken.
    #[arg(required = true)]
    flows: Vec<PathBuf>,
    /// Two letters: ru, en.
    #[arg(long, short)]
    language: Language,
    /// A currency of the debts; may be given several times.
    #[arg(long, required = true)]
    currency: Vec<Currency>,
    /// The largest sum and number, in whole units.
    #[arg(long, default_value_t = 999_999, value_parser = clap::value_parser!(u64).range(1..=90_000_000_000_000_000))]
    amount_max: u64,
    /// A text that takes the place of a value in many calls, such as a creditor's name; may be given several times.
    #[arg(long)]
    name: Vec<String>,
    /// The folder of the voice: what is recorded there already is told, in the column `state`.
    #[arg(long)]
    voice: Option<PathBuf>,
    /// Only what the voice lacks; exit code 1 when it lacks anything.
    #[arg(long, requires = "voice")]
    missing: bool,
    /// Begin with a byte order mark, by which Excel knows UTF-8.
    #[arg(long)]
    bom: bool,
}

/// `false`: `--missing` was asked, and something is.
pub fn run(config: &Path, command: &Command, out: &mut impl Write) -> anyhow::Result<bool> {
    match command {
        Command::RecordScript(args) => record_script(args, out),
        Command::Voices => voices(config, out).map(|()| true),
    }
}

fn voices(config: &Path, out: &mut impl Write) -> anyhow::Result<()> {
    let languages: Vec<Language> = speech::languages().collect();
    for (name, id, speaks) in super::say::voices_for_trying(config, None)?.list(&languages) {
        let speaks: Vec<&str> = speaks.iter().map(Language::code).collect();
        writeln!(out, "{name:12} {:30} {id}", speaks.join(" "))?;
    }
    Ok(())
}

fn record_script(args: &Arguments, out: &mut impl Write) -> anyhow::Result<bool> {
    let programs = programs(&args.flows)?;
    let today = Clock::system().now().wall.date(&Zone::utc());
    let extent = Extent { number_max: args.amount_max, currencies: &args.currency, today };
    let lines = reading(&programs, args.language, &args.name, &extent)?;
    let voice = args.voice.as_deref().map(|folder| Fragments::load("voice", folder)).transpose();
    // A folder with nothing in it yet is where everybody begins.
    let voice = match (voice, &args.voice) {
        (Err(error), Some(folder)) if folder.join(args.language.code()).exists() => return Err(error.into()),
        (voice, _) => voice.ok().flatten(),
    };
    if args.bom {
        out.write_all("\u{feff}".as_bytes())?;
    }
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(out);
    writer.write_record(["file", "text", "take", "state", "said_in"])?;
    let mut lacks = false;
    for line in lines {
        let there = voice.as_ref().is_some_and(|voice| voice.says(args.language, &line.text));
        lacks |= !there;
        if args.missing && there {
            continue;
        }
        let said_in = line.said_in.into_iter().collect::<Vec<_>>().join("; ");
        let state = if there { "recorded" } else { "missing" };
        let take = if line.at_end { "end" } else { "inside" };
        writer.write_record([&line.file, &line.text, take, state, &said_in])?;
    }
    writer.flush().context("cannot write the script")?;
    Ok(!(args.missing && lacks))
}
