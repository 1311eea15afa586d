//! The files that a command is about.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

pub(in crate::cli) fn read(file: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(file).with_context(|| format!("cannot read the flow {}", file.display()))
}

/// The files named, and the `*.yaml` and `*.yml` in the folders named, sorted.
pub(super) fn flow_files(paths: &[PathBuf]) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for path in paths {
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        let entries = std::fs::read_dir(path).with_context(|| format!("cannot list the folder {}", path.display()))?;
        let mut found = Vec::new();
        for entry in entries {
            let file = entry.with_context(|| format!("cannot list the folder {}", path.display()))?.path();
            if file.extension().is_some_and(|e| e == "yaml" || e == "yml") {
                found.push(file);
            }
        }
        if found.is_empty() {
            bail!("there is no flow (*.yaml) in the folder {}", path.display());
        }
        found.sort();
        files.extend(found);
    }
    Ok(files)
}
