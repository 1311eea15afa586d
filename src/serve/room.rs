//! Whether the disk would take a call's recording: asked before anybody is rung, since a call that must be recorded is not made
//! without (RU-10).

use std::fs::{File, OpenOptions, remove_file};
use std::io;
use std::os::fd::AsRawFd;
use std::path::Path;

use crate::id::CallId;

/// Half a minute of a call, both sides.
const BYTES: libc::off_t = 1 << 20;

/// `Err`: why not, in plain words. Nothing is left behind.
pub(super) fn for_recording(folder: &Path, call: CallId) -> Result<(), String> {
    let path = folder.join(format!(".room-{call}"));
    let written =
        OpenOptions::new().write(true).create(true).truncate(true).open(&path).and_then(|file| reserve(&file));
    // Where it could not be made there is nothing to remove.
    let _ = remove_file(&path);
    written.map_err(|e| format!("no call can be recorded in {}: {e}", folder.display()))
}

/// Asks the disk for the room without writing it: this is done for each call. Where a disk cannot, the C library writes it.
fn reserve(file: &File) -> io::Result<()> {
    loop {
        // SAFETY: the descriptor is open as long as the file is.
        match unsafe { libc::posix_fallocate(file.as_raw_fd(), 0, BYTES) } {
            0 => return Ok(()),
            libc::EINTR => {}
            code => return Err(io::Error::from_raw_os_error(code)),
        }
    }
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
