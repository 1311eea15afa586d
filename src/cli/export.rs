//! `ringback export`: the rows of the books into a file, a page of contacts at a time.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::id::ContactId;
use crate::report::export::Rows;
use crate::store::Store;
use crate::time::Wall;

const PAGE: u32 = 500;

#[derive(Debug, Clone, clap::Args)]
pub struct Options {
    /// `attempts`, `promises`, `payments` or `contacts`; in order of the contact.
    pub rows: Rows,
    /// Of the contacts of this campaign only.
    #[arg(long)]
    pub campaign: Option<String>,
    /// The file; its folder must be there.
    #[arg(long, value_name = "FILE")]
    pub csv: PathBuf,
    /// Whole telephone numbers, names, e-mail addresses and further columns; without it, numbers have their middle hidden and the
    /// others are left empty.
    #[arg(long)]
    pub full: bool,
}

/// Returns how many rows were written.
pub async fn run(store: &impl Store, options: &Options, now: Wall, out: &mut impl Write) -> anyhow::Result<u64> {
    let campaign = match &options.campaign {
        Some(name) => Some(store.campaign(name).await?.id),
        None => None,
    };
    let names = super::report::names(store).await?;
    let rows = options.rows;
    let mut file = Csv::create(&options.csv, rows)?;
    let mut count = 0u64;
    let mut after = ContactId(0);
    loop {
        let page = store.ledgers(campaign, after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = last.contact.id;
        for ledger in &page {
            for row in rows.rows(ledger, &names, options.full, now) {
                file.row(&row)?;
                count += 1;
            }
        }
    }
    file.finish()?;
    writeln!(out, "{count} {rows}: {}", options.csv.display())?;
    Ok(count)
}

struct Csv<'p> {
    path: &'p Path,
    file: BufWriter<File>,
}

impl<'p> Csv<'p> {
    fn create(path: &'p Path, rows: Rows) -> anyhow::Result<Csv<'p>> {
        let file = File::create(path).with_context(|| format!("{} cannot be written", path.display()))?;
        let mut csv = Csv { path, file: BufWriter::new(file) };
        csv.write(&rows.header())?;
        Ok(csv)
    }

    fn row(&mut self, cells: &[crate::report::export::Cell]) -> anyhow::Result<()> {
        let cells: Vec<String> = cells.iter().map(|cell| cell.csv()).collect();
        self.write(&crate::report::csv::line(cells.iter().map(String::as_str)))
    }

    fn write(&mut self, line: &str) -> anyhow::Result<()> {
        self.file.write_all(line.as_bytes()).with_context(|| format!("{} cannot be written", self.path.display()))
    }

    fn finish(mut self) -> anyhow::Result<()> {
        self.file.flush().with_context(|| format!("{} cannot be written", self.path.display()))
    }
}
