//! Clips on disk: one file each, found by its key, in 256 folders. Lost or broken files cost a rendering, nothing more.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use super::memory::Key;
use crate::audio::Clip;

/// First bytes of a file: what it is, and which layout.
const MAGIC: &[u8; 8] = b"RBCLIP01";

pub(super) struct Disk {
    folder: PathBuf,
    bytes: AtomicU64,
    bytes_max: u64,
    sweeping: Mutex<()>,
}

/// The file is whole or is not there, whatever happens: written aside, then renamed.
pub(super) fn write_atomically(path: &Path, bytes: &[u8]) -> io::Result<()> {
    static UNIQUE: AtomicU64 = AtomicU64::new(0);
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let aside = folder.join(format!(".{}-{}", std::process::id(), UNIQUE.fetch_add(1, Ordering::Relaxed)));
    let written =
        fs::File::create(&aside).and_then(|mut file| file.write_all(bytes)).and_then(|()| fs::rename(&aside, path));
    if written.is_err() {
        // Half a file is of no use, and the disk may be full.
        let _ = fs::remove_file(&aside);
    }
    written
}

impl Disk {
    pub fn open(folder: &Path, bytes_max: u64) -> io::Result<Disk> {
        fs::create_dir_all(folder)?;
        let disk = Disk { folder: folder.to_owned(), bytes: AtomicU64::new(0), bytes_max, sweeping: Mutex::new(()) };
        disk.bytes.store(disk.files().map(|file| file.bytes).sum(), Ordering::Relaxed);
        Ok(disk)
    }

    pub fn read(&self, key: &Key) -> Option<Clip> {
        let bytes = fs::read(self.path(key)).ok()?;
        let (alaw, ulaw) = decode(&bytes)?;
        Some(Clip { alaw: alaw.into(), ulaw: ulaw.into() })
    }

    pub fn write(&self, key: &Key, clip: &Clip) -> io::Result<()> {
        let mut bytes = Vec::with_capacity(12 + 2 * clip.alaw.len());
        bytes.extend(MAGIC);
        bytes.extend((clip.alaw.len() as u32).to_le_bytes());
        bytes.extend(&clip.alaw);
        bytes.extend(&clip.ulaw);
        write_atomically(&self.path(key), &bytes)?;
        let now = self.bytes.fetch_add(bytes.len() as u64, Ordering::Relaxed) + bytes.len() as u64;
        if now > self.bytes_max {
            self.sweep();
        }
        Ok(())
    }

    fn path(&self, key: &Key) -> PathBuf {
        let hex = key.hex();
        self.folder.join(&hex[..2]).join(format!("{}.g711", &hex[2..]))
    }

    fn files(&self) -> impl Iterator<Item = File> {
        let entries = |folder: &Path| fs::read_dir(folder).into_iter().flatten().flatten();
        entries(&self.folder).flat_map(move |shard| entries(&shard.path())).filter_map(|entry| {
            let path = entry.path();
            let metadata = entry.metadata().ok().filter(|_| path.extension().is_some_and(|e| e == "g711"))?;
            Some(File { path, bytes: metadata.len(), written: metadata.modified().ok()? })
        })
    }

    /// Removes the oldest until a quarter of the room is free: messages of one call are never asked for again.
    fn sweep(&self) {
        let Ok(_one_at_a_time) = self.sweeping.try_lock() else { return };
        let mut files: Vec<File> = self.files().collect();
        files.sort_by_key(|file| file.written);
        let mut bytes: u64 = files.iter().map(|file| file.bytes).sum();
        for file in files {
            if bytes <= self.bytes_max / 4 * 3 {
                break;
            }
            if fs::remove_file(&file.path).is_ok() {
                bytes -= file.bytes;
            }
        }
        self.bytes.store(bytes, Ordering::Relaxed);
    }
}

struct File {
    path: PathBuf,
    bytes: u64,
    written: std::time::SystemTime,
}

/// `None` for a file that is not ours, or was cut short.
fn decode(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let rest = bytes.strip_prefix(MAGIC)?;
    let (length, rest) = rest.split_first_chunk::<4>()?;
    let length = u32::from_le_bytes(*length) as usize;
    (rest.len() == length.checked_mul(2)?).then(|| rest.split_at(length))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(n: u8) -> Key {
        Key([n; 32])
    }

    fn clip(samples: usize) -> Clip {
        Clip::from_pcm(&vec![1000; samples])
    }

    #[test]
    fn comes_back_as_written_and_broken_files_are_no_clips() {
        let folder = tempfile::tempdir().unwrap();
        let disk = Disk::open(folder.path(), u64::MAX).unwrap();
        assert_eq!(disk.read(&key(1)), None);
        disk.write(&key(1), &clip(400)).unwrap();
        assert_eq!(disk.read(&key(1)), Some(clip(400)));
        let path = disk.path(&key(1));
        let whole = fs::read(&path).unwrap();
        for broken in [&whole[..whole.len() - 1], &whole[..10], b"", b"RBCLIP01\xff\xff\xff\xff"] {
            fs::write(&path, broken).unwrap();
            assert_eq!(disk.read(&key(1)), None);
        }
    }

    #[test]
    fn the_oldest_make_room() {
        let folder = tempfile::tempdir().unwrap();
        let disk = Disk::open(folder.path(), 10_000).unwrap();
        for n in 0..50 {
            disk.write(&key(n), &clip(500)).unwrap();
            let path = disk.path(&key(n));
            let written = std::time::UNIX_EPOCH + std::time::Duration::from_secs(u64::from(n));
            fs::File::options().write(true).open(path).and_then(|f| f.set_modified(written)).ok();
        }
        let there: Vec<u8> = (0..50).filter(|n| disk.read(&key(*n)).is_some()).collect();
        assert!(there.len() <= 9, "{there:?}");
        assert!(there.contains(&49) && !there.contains(&0), "{there:?}");
        // What is there is counted when opened again.
        assert!(Disk::open(folder.path(), 10_000).unwrap().bytes.load(Ordering::Relaxed) <= 10_000);
    }
}
