//! `ringback import`: a CSV into the books; what was not taken goes into a file beside it, with the reasons.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::books::ImportSummary;
use crate::import::{ContactReader, Defaults, Encoding, Reject, decoded};
use crate::report::csv;
use crate::store::Store;
use crate::time::Wall;

/// Lines in one transaction: long enough to be quick, short enough that dialling beside it does not wait.
const BATCH_LINES: usize = 5000;
const SHOWN_MAX: usize = 10;

#[derive(Debug, Clone)]
pub struct Options {
    pub file: PathBuf,
    /// Where rejects are written; `None`: beside the file, as `<name>.rejects.csv`.
    pub rejects: Option<PathBuf>,
    pub encoding: Encoding,
    pub defaults: Defaults,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Imported {
    pub contacts: ImportSummary,
    pub lines_rejected: u64,
}

/// Imports the file and prints what came of it to `out`. An error leaves the batches before it in the books; importing
/// again changes nothing about them.
pub async fn run(store: &impl Store, options: &Options, now: Wall, out: &mut impl Write) -> anyhow::Result<Imported> {
    let shown = options.file.display();
    let file = File::open(&options.file).with_context(|| format!("{shown} cannot be opened"))?;
    let reader = decoded(file, options.encoding);
    let mut lines = ContactReader::new(reader, options.defaults.clone()).with_context(|| shown.to_string())?;
    let mut rejects = RejectFile::new(options.rejects.clone().unwrap_or_else(|| beside(&options.file)));
    let mut imported = Imported::default();
    let mut first = Vec::new();
    while let Some(batch) = lines.batch(BATCH_LINES).with_context(|| format!("{shown} cannot be read"))? {
        let summary = store.import(&batch.contacts, now).await.context("importing")?;
        imported.contacts.added += summary.added;
        imported.contacts.changed += summary.changed;
        imported.contacts.unchanged += summary.unchanged;
        imported.lines_rejected += batch.lines_rejected + summary.refused.len() as u64;
        let mut faults = batch.rejects;
        faults.extend(summary.refused.into_iter().map(|(n, why)| Reject {
            line: batch.lines[n],
            field: "currency".into(),
            value: String::new(),
            why,
        }));
        rejects.write(&faults)?;
        first.extend(faults.into_iter().take(SHOWN_MAX.saturating_sub(first.len())));
    }
    let ImportSummary { added, changed, unchanged, refused: _ } = imported.contacts;
    let rejected = imported.lines_rejected;
    writeln!(
        out,
        "{shown}: {added} contacts added, {changed} changed, {unchanged} as they were, {rejected} lines rejected"
    )?;
    for reject in &first {
        writeln!(out, "  {reject}")?;
    }
    if let Some((path, faults)) = rejects.finish()? {
        if faults > first.len() {
            writeln!(out, "  … and {} more faults", faults - first.len())?;
        }
        writeln!(out, "  All rejects with their reasons: {}", path.display())?;
    }
    Ok(imported)
}

fn beside(file: &Path) -> PathBuf {
    let mut name = file.file_stem().unwrap_or_default().to_os_string();
    name.push(".rejects.csv");
    file.with_file_name(name)
}

/// Comes into being with the first reject.
struct RejectFile {
    path: PathBuf,
    file: Option<BufWriter<File>>,
    faults: usize,
}

impl RejectFile {
    fn new(path: PathBuf) -> RejectFile {
        RejectFile { path, file: None, faults: 0 }
    }

    fn write(&mut self, rejects: &[Reject]) -> anyhow::Result<()> {
        if rejects.is_empty() {
            return Ok(());
        }
        let cannot = || format!("{} cannot be written", self.path.display());
        if self.file.is_none() {
            let mut file = BufWriter::new(File::create(&self.path).with_context(cannot)?);
            file.write_all(csv::line(["line", "field", "value", "why"]).as_bytes()).with_context(cannot)?;
            self.file = Some(file);
        }
        if let Some(file) = &mut self.file {
            for reject in rejects {
                let line = reject.line.to_string();
                let line = csv::line([line.as_str(), &reject.field, &reject.value, &reject.why]);
                file.write_all(line.as_bytes()).with_context(cannot)?;
            }
        }
        self.faults += rejects.len();
        Ok(())
    }

    fn finish(self) -> anyhow::Result<Option<(PathBuf, usize)>> {
        let Some(mut file) = self.file else { return Ok(None) };
        file.flush().with_context(|| format!("{} cannot be written", self.path.display()))?;
        Ok(Some((self.path, self.faults)))
    }
}
