//! The files that a command is about.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use crate::flow::Library;

/// The folder beside flows in which the sub-flows lie that they call.
pub(in crate::cli) const LIBRARY: &str = "library";

/// A flow, packed with the sub-flows that lie beside it: what `flow::compile` takes. The text of the flow itself comes
/// first, so places in it are places in the file.
pub(in crate::cli) fn read(file: &Path) -> anyhow::Result<String> {
    let source = read_alone(file)?;
    let library = library(file)?;
    Ok(library.pack(&source, &library.0.keys().cloned().collect::<Vec<_>>()))
}

/// The text of a file and nothing else.
pub(in crate::cli) fn read_alone(file: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(file).with_context(|| format!("cannot read the flow {}", file.display()))
}

/// The sub-flows that the flow of this file can call. Sub-flows call their neighbours.
pub(super) fn library(file: &Path) -> anyhow::Result<Library> {
    let folder = file.parent().unwrap_or(Path::new(""));
    let own = folder.file_name().is_some_and(|name| name == LIBRARY);
    let folder = if own { folder.to_path_buf() } else { folder.join(LIBRARY) };
    let mut library = Library::default();
    if folder.is_dir() {
        for path in yaml_files(&folder)?.into_iter().filter(|path| path != file) {
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            library.0.insert(name, read_alone(&path)?);
        }
    }
    Ok(library)
}

fn yaml_files(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(folder).with_context(|| format!("cannot list the folder {}", folder.display()))?;
    let mut found = Vec::new();
    for entry in entries {
        let file = entry.with_context(|| format!("cannot list the folder {}", folder.display()))?.path();
        if file.extension().is_some_and(|e| e == "yaml" || e == "yml") {
            found.push(file);
        }
    }
    found.sort();
    Ok(found)
}

/// As [`flow_files`], with the sub-flows beside the flows of a folder.
pub(super) fn flow_and_library_files(paths: &[PathBuf]) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = flow_files(paths)?;
    for path in paths.iter().map(|path| path.join(LIBRARY)).filter(|path| path.is_dir()) {
        files.extend(yaml_files(&path)?);
    }
    Ok(files)
}

pub(super) fn flow_files(paths: &[PathBuf]) -> anyhow::Result<Vec<PathBuf>> {
    files(paths, "flow")
}

/// The files named, and the `*.yaml` and `*.yml` in the folders named, sorted. `what` they hold: a folder without any is a mistake.
pub(in crate::cli) fn files(paths: &[PathBuf], what: &str) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for path in paths {
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        let found = yaml_files(path)?;
        if found.is_empty() {
            bail!("there is no {what} (*.yaml) in the folder {}", path.display());
        }
        files.extend(found);
    }
    Ok(files)
}
