//! Whether the disk would take a call's recording: asked before anybody is rung, since a call that must be recorded is not made
//! without (RU-10).

use std::fs::{File, OpenOptions, remove_file};
use std::io::Write;
use std::path::Path;

use crate::id::CallId;

/// Half a minute of a call, both sides.
const BYTES: usize = 1 << 20;

/// `Err`: why not, in plain words. Nothing is left behind.
pub(super) fn for_recording(folder: &Path, call: CallId) -> Result<(), String> {
    let path = folder.join(format!(".room-{call}"));
    let write = |mut file: File| file.write_all(&vec![0; BYTES]);
    let written = OpenOptions::new().write(true).create(true).truncate(true).open(&path).and_then(write);
    // Where it could not be made there is nothing to remove.
    let _ = remove_file(&path);
    written.map_err(|e| format!("no call can be recorded in {}: {e}", folder.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ru_10_what_cannot_be_written_is_said() {
        let place = tempfile::tempdir().unwrap();
        assert_eq!(for_recording(place.path(), CallId(7)), Ok(()));
        assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 0, "nothing is left");
        let file = place.path().join("recordings");
        std::fs::write(&file, "in the way").unwrap();
        for folder in [&file, &place.path().join("nowhere")] {
            let why = for_recording(folder, CallId(7)).unwrap_err();
            assert!(why.starts_with("no call can be recorded in "), "{why}");
        }
    }
}
