//! The file of rejects: every fault of every line, with its kind and reason.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::PathBuf;

use anyhow::Context;

use crate::import::Reject;
use crate::report::csv;

/// Comes into being with the first reject.
pub struct RejectFile {
    path: PathBuf,
    file: Option<BufWriter<File>>,
    faults: usize,
}

impl RejectFile {
    pub fn new(path: PathBuf) -> RejectFile {
        RejectFile { path, file: None, faults: 0 }
    }

    pub fn write(&mut self, rejects: &[Reject]) -> anyhow::Result<()> {
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
            for reject in rejects {
                let line = reject.line.to_string();
                let code = reject.code.as_str();
                let line = csv::line([line.as_str(), &reject.field, &reject.value, code, &reject.why]);
                file.write_all(line.as_bytes()).with_context(cannot)?;
            }
        }
        self.faults += rejects.len();
        Ok(())
    }

    /// Where it is and how many faults it holds; `None` without any.
    pub fn finish(&mut self) -> anyhow::Result<Option<(PathBuf, usize)>> {
        let Some(mut file) = self.file.take() else { return Ok(None) };
        file.flush().with_context(|| format!("{} cannot be written", self.path.display()))?;
        Ok(Some((self.path.clone(), self.faults)))
    }
}
