//! Clips on disk: one file each, found by its key, in 256 folders. Lost or broken files cost a rendering, nothing more.
//!
//! When there is no more room, those that were not used for the longest time go, but never one that is pinned: what a
//! campaign needs stays until the campaign is over. Several processes may share a folder.

use std::collections::{BTreeSet, HashSet};
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use super::memory::Key;
use crate::audio::Clip;
use crate::time::Clock;

/// First bytes of a file: what it is, and which layout.
const MAGIC: &[u8; 8] = b"RBCLIP01";

/// A file's time of last use is kept to the hour: no write for every read.
const USED_STEP: Duration = Duration::from_secs(3600);
/// Where the lists of pinned clips lie, a file for each campaign: their keys, 32 bytes each.
const PINS: &str = "pins";

pub(super) struct Disk {
    folder: PathBuf,
    bytes: AtomicU64,
    bytes_max: u64,
    /// Held while sweeping. `Some`: nothing more could go when the pins had last been changed then.
    sweeping: Mutex<Option<SystemTime>>,
    clock: Arc<Clock>,
}

/// The file is whole or is not there, whatever happens: written aside, then renamed.
pub(super) fn write_atomically(path: &Path, bytes: &[u8]) -> io::Result<()> {
    static UNIQUE: AtomicU64 = AtomicU64::new(0);
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    // Two processes may have one id, in containers of their own.
    let (aside, mut file) = loop {
        let aside = folder.join(format!(".{}-{}", std::process::id(), UNIQUE.fetch_add(1, Ordering::Relaxed)));
        match fs::File::create_new(&aside) {
            Ok(file) => break (aside, file),
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
            Err(e) => return Err(e),
        }
    };
    let written = file.write_all(bytes).and_then(|()| fs::rename(&aside, path));
    if written.is_err() {
        // Half a file is of no use, and the disk may be full.
        let _ = fs::remove_file(&aside);
    }
    written
}

impl Disk {
    pub fn open(folder: &Path, bytes_max: u64, clock: Arc<Clock>) -> io::Result<Disk> {
        fs::create_dir_all(folder)?;
        let (bytes, sweeping) = (AtomicU64::new(0), Mutex::default());
        let disk = Disk { folder: folder.to_owned(), bytes, bytes_max, sweeping, clock };
        disk.bytes.store(disk.files().map(|file| file.bytes).sum(), Ordering::Relaxed);
        Ok(disk)
    }

    /// Whether a clip is there, without reading it.
    pub fn has(&self, key: &Key) -> bool {
        self.path(key).is_file()
    }

    /// From now on these clips stay. Those that `of` had pinned before stay too when `more`, and may go otherwise.
    pub fn pin(&self, of: &str, keys: &BTreeSet<Key>, more: bool) -> io::Result<()> {
        let _no_sweep = self.lock_pins()?;
        let path = pins_of(&self.folder, of);
        let mut keys: BTreeSet<[u8; 32]> = keys.iter().map(|key| key.0).collect();
        if more && let Ok(list) = fs::read(&path) {
            keys.extend(list.as_chunks::<32>().0);
        }
        write_atomically(&path, &keys.into_iter().flatten().collect::<Vec<u8>>())
    }

    /// Held while pins are written and while clips go, by whatever process.
    fn lock_pins(&self) -> io::Result<fs::File> {
        let folder = self.folder.join(PINS);
        fs::create_dir_all(&folder)?;
        let lock = fs::File::create(folder.join(".lock"))?;
        lock.lock()?;
        Ok(lock)
    }

    /// `names` are as [`pin_name`] writes them.
    pub fn unpin_all_but(&self, names: &BTreeSet<String>) -> io::Result<()> {
        for entry in fs::read_dir(self.folder.join(PINS)).into_iter().flatten().flatten() {
            // Ours alone begin with a point: the lock, and lists that are being written.
            let over = |name: &str| !name.starts_with('.') && !names.contains(name);
            if entry.file_name().to_str().is_some_and(over) {
                remove(&entry.path())?;
            }
        }
        Ok(())
    }

    /// # Errors
    /// A list that cannot be read: what it holds must not go, and so nothing may.
    fn pinned(&self) -> io::Result<HashSet<[u8; 32]>> {
        let mut pinned = HashSet::new();
        for entry in fs::read_dir(self.folder.join(PINS))? {
            pinned.extend(fs::read(entry?.path())?.as_chunks::<32>().0);
        }
        Ok(pinned)
    }

    pub fn read(&self, key: &Key) -> Option<Clip> {
        let path = self.path(key);
        let bytes = fs::read(&path).ok()?;
        let (alaw, ulaw) = decode(&bytes)?;
        self.used(&path);
        Some(Clip::from_laws(alaw.into(), ulaw.into()))
    }

    /// Its file says when it was used: the oldest go first.
    fn used(&self, path: &Path) {
        let Ok(file) = fs::File::open(path) else { return };
        let now = SystemTime::from(self.clock.now().wall.timestamp());
        let stale = |then: SystemTime| now.duration_since(then).is_ok_and(|ago| ago > USED_STEP);
        if file.metadata().and_then(|m| m.modified()).is_ok_and(stale) {
            // Another user's file may be read and not touched.
            let _ = file.set_modified(now);
        }
    }

    /// # Errors
    /// Also when there is no room for it, with [`io::ErrorKind::StorageFull`]: all that is there is pinned.
    pub fn write(&self, key: &Key, clip: &Clip) -> io::Result<()> {
        let mut bytes = Vec::with_capacity(12 + 2 * clip.alaw.len());
        bytes.extend(MAGIC);
        bytes.extend((clip.alaw.len() as u32).to_le_bytes());
        bytes.extend(&clip.alaw);
        bytes.extend(&clip.ulaw);
        let length = bytes.len() as u64;
        if self.bytes.load(Ordering::Relaxed) + length > self.bytes_max {
            self.sweep(length);
        }
        if self.bytes.load(Ordering::Relaxed) + length > self.bytes_max {
            let why = "the cache is full of clips that campaigns need: give it more room (cache: disk_mb_max)";
            return Err(io::Error::new(io::ErrorKind::StorageFull, why));
        }
        write_atomically(&self.path(key), &bytes)?;
        self.bytes.fetch_add(length, Ordering::Relaxed);
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
            Some(File { path, bytes: metadata.len(), used: metadata.modified().ok()? })
        })
    }

    /// Removes what was not used for the longest time until a quarter of the room is free, and room for `wanted` bytes:
    /// messages of one call are never asked for again.
    fn sweep(&self, wanted: u64) {
        let mut full_at = self.sweeping.lock().expect("nobody panics with this lock");
        let now = self.bytes.load(Ordering::Relaxed);
        let pins_changed = fs::metadata(self.folder.join(PINS)).and_then(|m| m.modified()).ok();
        // Somebody else has swept meanwhile; or all was pinned the last time, and the pins are the same.
        if now + wanted <= self.bytes_max || full_at.is_some() && *full_at == pins_changed {
            return;
        }
        let pins = self.lock_pins().and_then(|lock| Ok((lock, self.pinned()?)));
        let (_lock, pinned) = match pins {
            Ok(pins) => pins,
            Err(error) => {
                tracing::warn!(%error, "what campaigns have pinned cannot be read; no clip makes room for another");
                return;
            }
        };
        let mut files: Vec<File> = self.files().collect();
        files.sort_by_key(|file| file.used);
        let mut bytes: u64 = files.iter().map(|file| file.bytes).sum();
        let goal = (self.bytes_max / 4 * 3).min(self.bytes_max.saturating_sub(wanted));
        for file in files {
            if bytes <= goal {
                break;
            }
            if !key_of(&file.path).is_some_and(|key| pinned.contains(&key)) && fs::remove_file(&file.path).is_ok() {
                bytes -= file.bytes;
            }
        }
        self.bytes.store(bytes, Ordering::Relaxed);
        *full_at = pins_changed.filter(|_| bytes + wanted > self.bytes_max);
    }
}

/// The campaign is over, or needs its clips no more.
pub fn unpin(folder: &Path, of: &str) -> io::Result<()> {
    remove(&pins_of(folder, of))
}

fn pins_of(folder: &Path, of: &str) -> PathBuf {
    folder.join(PINS).join(pin_name(of))
}

/// Gone already is as good.
fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(e),
        _ => Ok(()),
    }
}

/// A campaign's name as a file's: letters and digits as they are, the rest in hexadecimal, so that two names stay two.
pub(super) fn pin_name(of: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
    of.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("_{b:02x}") }).collect()
}

/// The key of a clip's file.
fn key_of(path: &Path) -> Option<[u8; 32]> {
    let folder = path.parent()?.file_name()?.to_str()?;
    let hex = format!("{folder}{}", path.file_stem()?.to_str()?);
    let mut key = [0; 32];
    if hex.len() != 64 || !hex.is_ascii() {
        return None;
    }
    for (byte, digits) in key.iter_mut().zip(hex.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    }
    Some(key)
}

struct File {
    path: PathBuf,
    bytes: u64,
    used: SystemTime,
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

    fn open(folder: &Path, bytes_max: u64) -> Disk {
        Disk::open(folder, bytes_max, Arc::new(Clock::system())).unwrap()
    }

    /// A clip that was last used so many days ago.
    fn write_used(disk: &Disk, n: u8, days_ago: u64) {
        disk.write(&key(n), &clip(500)).unwrap();
        let used = SystemTime::UNIX_EPOCH + Duration::from_secs((1_000 - days_ago) * 86_400);
        fs::File::options().write(true).open(disk.path(&key(n))).unwrap().set_modified(used).unwrap();
    }

    fn there(disk: &Disk, of: u8) -> Vec<u8> {
        (0..of).filter(|n| disk.has(&key(*n))).collect()
    }

    #[test]
    fn comes_back_as_written_and_broken_files_are_no_clips() {
        let folder = tempfile::tempdir().unwrap();
        let disk = open(folder.path(), u64::MAX);
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

    /// A file of 500 samples has 1,012 bytes: nine have room.
    #[test]
    fn those_that_were_not_used_for_long_make_room() {
        let folder = tempfile::tempdir().unwrap();
        let disk = open(folder.path(), 10_000);
        for n in 0..9 {
            write_used(&disk, n, u64::from(50 - n));
        }
        // Reading is using.
        assert!(disk.read(&key(0)).is_some());
        disk.write(&key(9), &clip(500)).unwrap();
        assert_eq!(there(&disk, 10), [0, 3, 4, 5, 6, 7, 8, 9]);
        // What is there is counted when opened again.
        assert_eq!(open(folder.path(), 10_000).bytes.load(Ordering::Relaxed), 8 * 1012);
    }

    #[test]
    fn what_a_campaign_needs_stays() {
        let folder = tempfile::tempdir().unwrap();
        let disk = open(folder.path(), 10_000);
        for n in 0..9 {
            write_used(&disk, n, u64::from(50 - n));
        }
        disk.pin("late payers", &(0..2).map(key).collect(), false).unwrap();
        disk.pin("late payers", &(2..4).map(key).collect(), true).unwrap();
        // Another process sees them too.
        let disk = open(folder.path(), 10_000);
        disk.write(&key(9), &clip(500)).unwrap();
        assert_eq!(there(&disk, 10), [0, 1, 2, 3, 6, 7, 8, 9]);
        // What is not pinned still makes room, when nearly all is pinned.
        disk.pin("other/../one", &(0..10).map(key).collect(), false).unwrap();
        for n in 10..14 {
            disk.write(&key(n), &clip(500)).unwrap();
        }
        assert_eq!(there(&disk, 14), [0, 1, 2, 3, 6, 7, 8, 9, 13]);
        disk.pin("other/../one", &(0..20).map(key).collect(), false).unwrap();
        let error = disk.write(&key(14), &clip(500)).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::StorageFull, "{error}");
        assert!(error.to_string().contains("disk_mb_max"), "{error}");
        assert!([0, 1, 2, 3, 6, 7, 8, 9].iter().all(|n| disk.has(&key(*n))));
        // A campaign is over: there is room again.
        unpin(folder.path(), "nobody").unwrap();
        disk.unpin_all_but(&["late payers"].map(pin_name).into()).unwrap();
        disk.write(&key(15), &clip(500)).unwrap();
        assert!([0, 1, 2, 3, 15].iter().all(|n| disk.has(&key(*n))));
        unpin(folder.path(), "late payers").unwrap();
        assert_eq!(disk.pinned().unwrap().len(), 0);
        assert_eq!(pin_name("other/../one"), "other_2f_2e_2e_2fone");
    }

    #[test]
    fn keys_from_files_and_back() {
        let folder = tempfile::tempdir().unwrap();
        let disk = open(folder.path(), 10_000);
        assert_eq!(key_of(&disk.path(&key(0xab))), Some([0xab; 32]));
        assert_eq!(key_of(Path::new("ab/xyz.g711")), None);
    }
}
