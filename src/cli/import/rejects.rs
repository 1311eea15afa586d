//! What was rejected of a file: every fault of every line with its kind and reason into a file, the first of them and a count of
//! each kind onto the screen.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::PathBuf;

use anyhow::Context;

use crate::books::RejectCode;
use crate::import::Reject;
use crate::report::csv;

const SHOWN_MAX: usize = 10;

/// The file comes into being with the first reject.
pub struct Rejects {
    path: PathBuf,
    file: Option<BufWriter<File>>,
    faults: usize,
    first: Vec<Reject>,
    kinds: BTreeMap<&'static str, (RejectCode, u64)>,
}

impl Rejects {
    pub fn new(path: PathBuf) -> Rejects {
        Rejects { path, file: None, faults: 0, first: Vec::new(), kinds: BTreeMap::new() }
    }

    pub fn write(&mut self, rejects: Vec<Reject>) -> anyhow::Result<()> {
        if rejects.is_empty() {
            return Ok(());
        }
        let cannot = || format!("{} cannot be written", self.path.display());
        if self.file.is_none() {
            let mut file = BufWriter::new(File::create(&self.path).with_context(cannot)?);
            file.write_all(csv::line(["line", "field", "value", "code", "why"]).as_bytes()).with_context(cannot)?;
            self.file = Some(file);
        }
        if let Some(file) = &mut self.file {
            for reject in &rejects {
                let line = reject.line.to_string();
                let code = reject.code.as_str();
                let line = csv::line([line.as_str(), &reject.field, &reject.value, code, &reject.why]);
                file.write_all(line.as_bytes()).with_context(cannot)?;
            }
        }
        self.faults += rejects.len();
        for reject in &rejects {
            self.kinds.entry(reject.code.as_str()).or_insert((reject.code, 0)).1 += 1;
        }
        self.first.extend(rejects.into_iter().take(SHOWN_MAX.saturating_sub(self.first.len())));
        Ok(())
    }

    /// All is in the file when it returns.
    pub fn tell(&mut self, out: &mut impl Write) -> anyhow::Result<()> {
        for reject in &self.first {
            writeln!(out, "  {reject}")?;
        }
        let Some(mut file) = self.file.take() else { return Ok(()) };
        file.flush().with_context(|| format!("{} cannot be written", self.path.display()))?;
        if self.faults > self.first.len() {
            writeln!(out, "  … and {} more faults", self.faults - self.first.len())?;
        }
        let mut kinds: Vec<(RejectCode, u64)> = self.kinds.values().copied().collect();
        kinds.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        for (code, count) in kinds.into_iter().take(SHOWN_MAX) {
            writeln!(out, "  {count} × {}: {code}", code.why())?;
        }
        writeln!(out, "  All rejects with their reasons: {}", self.path.display())?;
        Ok(())
    }
}
