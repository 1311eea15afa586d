//! `ringback export`: the rows of the books into a file, a page of contacts at a time.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;

use super::ledgers;
use crate::id::{CampaignId, RulingId};
use crate::report::Names;
use crate::report::export::{Cell, Rows, ruling};
use crate::report::parquet::Parquet;
use crate::store::Store;
use crate::time::Wall;

/// Rulings read at once.
const RULINGS: u32 = 5_000;

crate::words! {
    pub enum Format {
        Csv = "csv",
        /// Columns with types, compressed: for databases and notebooks.
        Parquet = "parquet",
    }
}

#[derive(Debug, Clone, clap::Args)]
pub struct Options {
    /// `attempts`, `promises`, `payments` or `contacts`, contact by contact; or `rulings`, the decisions of policy that are kept.
    pub rows: Rows,
    /// Of the contacts of this campaign only; of `rulings`, those about its attempts.
    #[arg(long)]
    pub campaign: Option<String>,
    /// The file; its folder must be there.
    #[arg(long, visible_alias = "csv", value_name = "FILE")]
    pub file: PathBuf,
    /// `csv` or `parquet`; without it, what the file's name ends in says, and CSV where it says nothing.
    #[arg(long)]
    pub format: Option<Format>,
    /// Whole telephone numbers, names, e-mail addresses and further columns; without it, numbers have their middle hidden and the
    /// others are left empty.
    #[arg(long)]
    pub full: bool,
}

impl Options {
    fn format(&self) -> Format {
        let parquet = self.file.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("parquet"));
        self.format.unwrap_or(if parquet { Format::Parquet } else { Format::Csv })
    }
}

/// Returns how many rows were written.
pub async fn run(store: &impl Store, options: &Options, now: Wall, out: &mut impl Write) -> anyhow::Result<u64> {
    let campaign = match &options.campaign {
        Some(name) => Some(store.campaign(name).await?.id),
        None => None,
    };
    let names = super::report::names(store).await?;
    let mut sheet = Sheet::create(&options.file, options.rows, options.format())?;
    match options.rows {
        Rows::Attempts | Rows::Promises | Rows::Payments | Rows::Contacts => {
            of_contacts(store, campaign, options, &names, now, &mut sheet).await?;
        }
        Rows::Rulings => rulings(store, campaign, &names, &mut sheet).await?,
    }
    let count = sheet.finish()?;
    writeln!(out, "{count} {}: {}", options.rows, options.file.display())?;
    Ok(count)
}

async fn of_contacts(
    store: &impl Store,
    campaign: Option<CampaignId>,
    options: &Options,
    names: &Names,
    now: Wall,
    sheet: &mut Sheet<'_>,
) -> anyhow::Result<()> {
    ledgers::each(store, campaign, |ledger| {
        let rows = options.rows.rows(ledger, names, options.full, now);
        rows.iter().try_for_each(|row| sheet.row(row))
    })
    .await
}

async fn rulings(
    store: &impl Store,
    campaign: Option<CampaignId>,
    names: &Names,
    sheet: &mut Sheet<'_>,
) -> anyhow::Result<()> {
    let mut after = RulingId(0);
    loop {
        let page = store.kept_rulings(campaign, after, RULINGS).await?;
        let Some(last) = page.last() else { return Ok(()) };
        after = last.id;
        for kept in &page {
            sheet.row(&ruling(kept, names))?;
        }
    }
}

/// The file that is written.
struct Sheet<'p> {
    path: &'p Path,
    kind: Kind,
    rows: u64,
}

enum Kind {
    Csv(BufWriter<File>),
    Parquet(Parquet<BufWriter<File>>),
}

impl<'p> Sheet<'p> {
    fn create(path: &'p Path, rows: Rows, format: Format) -> anyhow::Result<Sheet<'p>> {
        let failed = || format!("{} cannot be written", path.display());
        let mut file = BufWriter::new(File::create(path).with_context(failed)?);
        let kind = match format {
            Format::Csv => {
                file.write_all(rows.header().as_bytes()).with_context(failed)?;
                Kind::Csv(file)
            }
            Format::Parquet => Kind::Parquet(Parquet::new(file, &rows.columns()).with_context(failed)?),
        };
        Ok(Sheet { path, kind, rows: 0 })
    }

    fn row(&mut self, cells: &[Cell]) -> anyhow::Result<()> {
        self.rows += 1;
        let written = match &mut self.kind {
            Kind::Csv(file) => {
                let cells: Vec<String> = cells.iter().map(|cell| cell.csv()).collect();
                file.write_all(crate::report::csv::line(cells.iter().map(String::as_str)).as_bytes())
            }
            Kind::Parquet(file) => file.row(cells),
        };
        written.with_context(|| format!("{} cannot be written", self.path.display()))
    }

    fn finish(self) -> anyhow::Result<u64> {
        let written = match self.kind {
            Kind::Csv(mut file) => file.flush(),
            Kind::Parquet(file) => file.finish().map(drop),
        };
        written.with_context(|| format!("{} cannot be written", self.path.display()))?;
        Ok(self.rows)
    }
}
