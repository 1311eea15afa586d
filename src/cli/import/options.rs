//! What `ringback import` is told: on the command line, and in a mapping file that it goes before.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use crate::diagnostic::{did_you_mean, render_all};
use crate::import::{DayOrder, Decimal, Defaults, Encoding, Mapping, Source, mapping};
use crate::language::Language;
use crate::money::Currency;
use crate::phone::Country;
use crate::policy::{Claimant, Fact};
use crate::time::Zone;

#[derive(clap::Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    /// CSV or XLSX with a header line; `src/import/README.md` lists the columns.
    #[arg(required = true)]
    file: Option<PathBuf>,
    #[command(flatten)]
    reading: Reading,
    /// Book nothing when any line is rejected.
    #[arg(long, conflicts_with = "dry_run")]
    all_or_nothing: bool,
    /// Book nothing, and say what would happen.
    #[arg(long)]
    dry_run: bool,
    /// Take the file although the same one is in the books.
    #[arg(long)]
    again: bool,
    /// Where numbers without `+` are at home: DE ES FR GB KZ PL RU TR UA US.
    #[arg(long)]
    country: Option<Country>,
    /// For rows that do not say who claims the debt: `principal` or `collector`.
    #[arg(long)]
    claimant: Option<Claimant>,
    /// For rows without a language.
    #[arg(long)]
    language: Option<Language>,
    /// For rows without a creditor.
    #[arg(long)]
    creditor: Option<String>,
}

/// How a file is read, of contacts or of payments: what is said of it on the command line, and in a mapping that it goes before.
#[derive(clap::Args, Default)]
pub struct Reading {
    /// What the file's columns are called here, how it writes days and amounts, and what its contacts share: a YAML file.
    #[arg(long)]
    mapping: Option<PathBuf>,
    /// Where rejects are written; by default beside the file, as `<name>.rejects.csv`.
    #[arg(long)]
    rejects: Option<PathBuf>,
    /// `utf-8` (the default), `utf-16le`, `utf-16be` or `windows-1251`; a byte order mark in the file goes before it.
    #[arg(long)]
    encoding: Option<Encoding>,
    /// Of a workbook; by default the first.
    #[arg(long)]
    sheet: Option<String>,
    /// On which line the header stands; by default on the first that is not empty.
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..=1000), value_name = "N")]
    header_line: Option<u64>,
    /// What a column of the file is called here: `--column ФИО=name`. May be given several times.
    #[arg(long, value_parser = renamed, value_name = "THEIRS=OURS")]
    column: Vec<(String, String)>,
    /// A column of the file that is passed over. May be given several times.
    #[arg(long, value_name = "THEIRS")]
    ignore: Vec<String>,
    /// In which order days are written where it may be either: `dmy`, `mdy` or `ymd`.
    #[arg(long)]
    dates: Option<DayOrder>,
    /// What stands before the fractions of amounts, where it may be either: `point` or `comma`.
    #[arg(long)]
    decimal: Option<Decimal>,
    /// For rows without a zone. Of payments: whose clock it is where a time has no offset, and whose noon a day is.
    #[arg(long)]
    zone: Option<Zone>,
    /// For rows without a currency.
    #[arg(long)]
    currency: Option<Currency>,
}

impl Reading {
    /// What both say together, and where rejects are written.
    pub fn read(self, path: PathBuf) -> anyhow::Result<(Source, Defaults, PathBuf)> {
        let Mapping { mut defaults, encoding, sheet, rejects } = match &self.mapping {
            Some(file) => read_mapping(file)?,
            None => Mapping::default(),
        };
        let renamed = |theirs: &String| self.column.iter().any(|(column, _)| column == theirs);
        defaults.columns.retain(|(theirs, _)| !renamed(theirs));
        defaults.columns.extend(self.column.iter().cloned());
        defaults.ignored.extend(self.ignore);
        defaults.header_line = self.header_line.or(defaults.header_line);
        defaults.dates = self.dates.or(defaults.dates);
        defaults.decimal = self.decimal.or(defaults.decimal);
        defaults.zone = self.zone.or(defaults.zone);
        defaults.currency = self.currency.or(defaults.currency);
        let encoding = self.encoding.or(encoding).unwrap_or(Encoding::Utf8);
        let rejects = self.rejects.or(rejects.map(PathBuf::from)).unwrap_or_else(|| beside(&path));
        let source = Source { path, encoding, sheet: self.sheet.or(sheet) };
        Ok((source, defaults, rejects))
    }
}

/// Beside the file, as `<name>.rejects.csv`.
pub fn beside(file: &Path) -> PathBuf {
    let mut name = file.file_stem().unwrap_or_default().to_os_string();
    name.push(".rejects.csv");
    file.with_file_name(name)
}

#[derive(clap::Subcommand)]
pub enum Command {
    /// What was imported when, and what came of it.
    List,
    /// Take a batch back: contacts that it added go, those that it changed get their values of before; those that were rung or paid
    /// since stay.
    Undo {
        /// The batch's number, as `list` shows it.
        batch: i64,
    },
}

/// What becomes of a file with bad lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// The good lines are booked.
    #[default]
    GoodLines,
    AllOrNothing,
    /// Nothing is booked at all.
    DryRun,
}

#[derive(Debug, Clone)]
pub struct Options {
    pub source: Source,
    /// Where rejects are written.
    pub rejects: PathBuf,
    pub defaults: Defaults,
    pub mode: Mode,
    pub again: bool,
}

impl Options {
    /// Of a file in UTF-8 that needs nothing said.
    pub fn plain(file: PathBuf) -> Options {
        let rejects = beside(&file);
        let source = Source { path: file, encoding: Encoding::Utf8, sheet: None };
        Options { source, rejects, defaults: Defaults::default(), mode: Mode::default(), again: false }
    }
}

impl Arguments {
    pub fn read(self) -> anyhow::Result<(Option<Command>, Option<Options>)> {
        let Some(path) = self.file else { return Ok((self.command, None)) };
        let (source, mut defaults, rejects) = self.reading.read(path)?;
        defaults.country = self.country.or(defaults.country);
        defaults.language = self.language.or(defaults.language);
        defaults.creditor = self.creditor.or(defaults.creditor);
        if let Some(claimant) = self.claimant {
            defaults.constants.insert(Fact::Claimant.as_str().into(), claimant.to_string());
        }
        let mode = match (self.all_or_nothing, self.dry_run) {
            (true, _) => Mode::AllOrNothing,
            (false, true) => Mode::DryRun,
            (false, false) => Mode::GoodLines,
        };
        Ok((self.command, Some(Options { source, rejects, defaults, mode, again: self.again })))
    }
}

fn read_mapping(file: &Path) -> anyhow::Result<Mapping> {
    let shown = file.display().to_string();
    let source = std::fs::read_to_string(file).with_context(|| format!("{shown} cannot be read"))?;
    match mapping(&source) {
        Ok(mapping) => Ok(mapping),
        Err(found) => bail!("the mapping has {} faults\n\n{}", found.len(), render_all(&found, &shown, &source)),
    }
}

/// `ФИО=name`.
fn renamed(written: &str) -> Result<(String, String), String> {
    let both = written.split_once('=').map(|(theirs, ours)| (theirs.trim().to_string(), ours.trim().to_string()));
    both.filter(|(theirs, ours)| !theirs.is_empty() && !ours.is_empty())
        .ok_or_else(|| format!("expected the file's name of a column and ours, as in ФИО=name, found `{written}`"))
}

/// Columns that are kept as fields and nearly have the name of one that policy reads: a refusal that nobody sees.
pub fn meant(further: &[&str]) -> Vec<String> {
    let facts: Vec<&str> = Fact::ALL.iter().map(|fact| fact.as_str()).collect();
    let near = further.iter().filter(|name| !facts.contains(*name)).filter_map(|name| {
        let near = did_you_mean(&name.to_lowercase(), facts.iter().copied())?;
        Some(format!("the column `{name}` is kept as a field and means nothing to the rules; is `{near}` meant?"))
    });
    near.collect()
}
