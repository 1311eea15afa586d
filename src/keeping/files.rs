//! What lies on the disk beside the books: recordings by their call, letters by their message.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use crate::id::{CallId, OutboxId};

#[derive(Debug, Clone)]
pub struct Folders {
    pub recordings: PathBuf,
    pub letters: PathBuf,
}

/// As it was when it was looked at.
#[derive(Debug, Default)]
pub(super) struct Files {
    pub recordings: BTreeMap<CallId, Vec<PathBuf>>,
    pub letters: BTreeMap<OutboxId, Vec<PathBuf>>,
}

impl Folders {
    /// # Errors
    /// A folder is there and cannot be read.
    pub(super) fn look(&self) -> io::Result<Files> {
        let mut files = Files::default();
        for path in list(&self.recordings)? {
            if let Some(call) = call_of(&path) {
                files.recordings.entry(call).or_default().push(path);
            }
        }
        for path in list(&self.letters)? {
            if let Some(message) = message_of(&path) {
                files.letters.entry(message).or_default().push(path);
            }
        }
        Ok(files)
    }
}

/// In order of name; a folder that is not there has no files.
fn list(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = match std::fs::read_dir(folder) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<PathBuf>>>()?;
    paths.sort();
    Ok(paths)
}

/// `12-call.wav`, `12-first.wav`, `-3-1.wav`: as `serve` names them.
fn call_of(path: &Path) -> Option<CallId> {
    let name = path.file_name()?.to_str()?.strip_suffix(".wav")?;
    let (call, what) = name.rsplit_once('-')?;
    let ours = matches!(what, "call" | "first") || !what.is_empty() && what.bytes().all(|b| b.is_ascii_digit());
    ours.then(|| call.parse().ok().map(CallId))?
}

/// `letter-00000007-attempt-31.txt`, and what a crash has left of one: as `notify` names them.
fn message_of(path: &Path) -> Option<OutboxId> {
    let name = path.file_name()?.to_str()?.trim_start_matches('.').strip_prefix("letter-")?;
    name.split_once("-attempt-")?.0.parse().ok().map(OutboxId)
}

/// One that is gone already is no error: somebody else was quicker, or an earlier run broke off.
///
/// # Errors
/// It is there still.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => {
            Err(io::Error::new(e.kind(), format!("{} cannot be deleted: {e}", path.display())))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_known_by_their_names() {
        for (name, call) in [
            ("12-call.wav", Some(12)),
            ("12-first.wav", Some(12)),
            ("12-1.wav", Some(12)),
            ("-3-1.wav", Some(-3)),
            ("-3-call.wav", Some(-3)),
            ("12.wav", None),
            ("holiday-1.wav", None),
            ("12-call.mp3", None),
            ("12-notes.wav", None),
        ] {
            assert_eq!(call_of(Path::new(name)).map(|call| call.0), call, "{name}");
        }
        for (name, message) in [
            ("letter-00000007-attempt-31.txt", Some(7)),
            (".letter-00000007-attempt-31.txt.part", Some(7)),
            ("letter.txt", None),
        ] {
            assert_eq!(message_of(Path::new(name)).map(|message| message.0), message, "{name}");
        }
    }
}
