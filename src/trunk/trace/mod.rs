//! What went over the wire, kept: the SIP messages of every call, for ladders and pcap files. No audio.
//!
//! A thread of its own writes, off the way of the calls; when the disk does not keep up, records are left out and counted.
//! Files are named by day and number, `sip-2026-11-26-1.trace`; when their folder is full, the oldest goes. Keys of encrypted
//! audio, answers to passwords and pressed keys are blotted out before anything is written; telephone numbers are not.
//!
//! `record.rs`: one message as bytes and back; `drawing.rs`: the ladder as text; `pcap.rs`: the same for other programs.

pub mod drawing;
pub mod pcap;
mod record;

use std::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

pub use record::{Record, Way};

/// Records that wait for the disk.
const WAITING_MAX: usize = 4_096;
/// Bytes of one message that are kept.
const MESSAGE_BYTES_MAX: usize = 16 * 1024;
/// Messages of one call that are shown.
pub const MESSAGES_MAX: usize = 2_000;
/// What comes within this is written at once, so that not every message wakes the writer.
const GATHER: Duration = Duration::from_millis(20);
/// The folder's bound is shared by so many files.
const FILES: u64 = 8;

/// Gives records to the thread that writes.
#[derive(Debug, Clone)]
pub struct Trace(Arc<Writer>);

#[derive(Debug)]
struct Writer {
    /// `None`: the last handle is being dropped.
    records: Option<SyncSender<Record>>,
    left_out: AtomicU64,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Writer {
    /// What has been noted is on disk then.
    fn drop(&mut self) {
        self.records = None;
        if let Some(thread) = self.thread.take() {
            // A panicked thread has said so already.
            let _ = thread.join();
        }
    }
}

impl Trace {
    /// Writes into `folder`, which keeps about `bytes_max` at most. The thread ends with the last handle.
    ///
    /// # Errors
    /// The folder cannot be made.
    pub fn start(folder: PathBuf, bytes_max: u64) -> io::Result<Trace> {
        std::fs::create_dir_all(&folder)?;
        let (records, inbox) = sync_channel(WAITING_MAX);
        let mut keeper = Keeper { folder, file_max: (bytes_max / FILES).max(1), open: None };
        let thread = std::thread::Builder::new().name("sip-trace".into()).spawn(move || keeper.run(&inbox))?;
        Ok(Trace(Arc::new(Writer { records: Some(records), left_out: AtomicU64::new(0), thread: Some(thread) })))
    }

    pub fn note(&self, mut record: Record) {
        record.bytes.truncate(MESSAGE_BYTES_MAX);
        // The calls never wait for the disk.
        if self.0.records.as_ref().is_none_or(|records| records.try_send(record).is_err()) {
            self.0.left_out.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Records that were not kept, because the disk did not keep up.
    pub fn left_out(&self) -> u64 {
        self.0.left_out.load(Ordering::Relaxed)
    }
}

/// Overwrites secrets in place: keys of encrypted audio (RFC 4568), digest responses, from which a password could be guessed, and the keys that
/// a person presses (`Signal=5` of `application/dtmf-relay`, the body of `application/dtmf`), which may be a card's number.
fn blot(bytes: &mut [u8]) {
    for (mark, ends) in [(&b"inline:"[..], &b"|\r\n "[..]), (b"response=\"", b"\"\r\n")] {
        let mut from = 0;
        while let Some(at) = bytes[from..].windows(mark.len()).position(|w| w.eq_ignore_ascii_case(mark)) {
            let start = from + at + mark.len();
            let length = bytes[start..].iter().position(|b| ends.contains(b)).unwrap_or(bytes.len() - start);
            bytes[start..start + length].fill(b'x');
            from = start + length;
        }
    }
    let is = |mark: &[u8]| bytes.windows(mark.len()).position(|w| w.eq_ignore_ascii_case(mark));
    if bytes.starts_with(b"INFO ") && is(b"application/dtmf").is_some() {
        let relay = is(b"signal=").map(|at| at + b"signal=".len());
        let body = is(b"\r\n\r\n").map(|at| at + 4);
        if let Some(start) = relay.or(body) {
            let length = bytes[start..].iter().position(|b| b"\r\n".contains(b)).unwrap_or(bytes.len() - start);
            bytes[start..start + length].fill(b'x');
        }
    }
}

struct Keeper {
    folder: PathBuf,
    file_max: u64,
    open: Option<Open>,
}

/// The file that is being written.
struct Open {
    day: i64,
    file: BufWriter<File>,
    length: u64,
}

impl Keeper {
    fn run(&mut self, inbox: &Receiver<Record>) {
        while let Ok(first) = inbox.recv() {
            std::thread::park_timeout(GATHER);
            let waiting = std::iter::from_fn(|| inbox.try_recv().ok()).take(WAITING_MAX);
            let kept = std::iter::once(first).chain(waiting).try_for_each(|mut record| {
                blot(&mut record.bytes);
                self.keep(&record)
            });
            // What has been noted can be read from now on.
            let kept = kept.and_then(|()| self.open.as_mut().map_or(Ok(()), |open| open.file.flush()));
            if let Err(error) = kept {
                tracing::warn!(%error, folder = %self.folder.display(), "SIP messages could not be kept");
                self.open = None;
            }
        }
    }

    fn keep(&mut self, record: &Record) -> io::Result<()> {
        let day = record.at.0.div_euclid(DAY_US);
        if self.open.as_ref().is_none_or(|open| open.day != day || open.length >= self.file_max) {
            if let Some(open) = &mut self.open {
                open.file.flush()?;
            }
            self.open = Some(self.next_file(day)?);
            self.forget_oldest()?;
        }
        let bytes = record.encoded();
        if let Some(open) = &mut self.open {
            open.file.write_all(&bytes)?;
            open.length += bytes.len() as u64;
        }
        Ok(())
    }

    /// The day's last file when it has room, else the next.
    fn next_file(&self, day: i64) -> io::Result<Open> {
        let named = date(day);
        let last = files(&self.folder)?.into_iter().rev().find(|(of, ..)| *of == named);
        let number = match last {
            Some((_, number, path)) if std::fs::metadata(&path)?.len() < self.file_max => number,
            Some((_, number, _)) => number + 1,
            None => 1,
        };
        let path = self.folder.join(format!("sip-{named}-{number}.trace"));
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        let length = file.metadata()?.len();
        Ok(Open { day, file: BufWriter::new(file), length })
    }

    fn forget_oldest(&self) -> io::Result<()> {
        let files = files(&self.folder)?;
        let too_many = files.len().saturating_sub(FILES as usize);
        files.iter().take(too_many).try_for_each(|(.., path)| std::fs::remove_file(path))
    }
}

const DAY_US: i64 = 86_400_000_000;

/// In UTC, of the days since 1970.
fn date(day: i64) -> String {
    jiff::Timestamp::from_microsecond(day * DAY_US).unwrap_or_default().strftime("%Y-%m-%d").to_string()
}

/// Day, number and path of all files, the oldest first.
fn files(folder: &Path) -> io::Result<Vec<(String, u64, PathBuf)>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|n| n.to_str()).unwrap_or("");
        let named = name.strip_prefix("sip-").and_then(|n| n.strip_suffix(".trace")).and_then(|n| n.rsplit_once('-'));
        if let Some((day, number)) = named
            && let Ok(number) = number.parse()
        {
            files.push((day.to_owned(), number, path));
        }
    }
    files.sort();
    Ok(files)
}

/// The messages of one call, in the order in which they went over the wire; at most [`MESSAGES_MAX`].
///
/// # Errors
/// The folder or a file cannot be read.
pub fn of_call(folder: &Path, call: i64) -> io::Result<Vec<Record>> {
    let files = files(folder)?;
    let mut call_ids = BTreeSet::new();
    for (.., path) in &files {
        let mut file = BufReader::new(File::open(path)?);
        while let Some(record) = Record::read(&mut file)? {
            if record.way == Way::Named && record.call == call {
                call_ids.insert(record.bytes);
            }
        }
    }
    let mut messages = Vec::new();
    for (.., path) in &files {
        let mut file = BufReader::new(File::open(path)?);
        while let Some(record) = Record::read(&mut file)? {
            let of_it = record.way != Way::Named && call_id(&record.bytes).is_some_and(|id| call_ids.contains(id));
            if of_it && messages.len() < MESSAGES_MAX {
                messages.push(record);
            }
        }
    }
    Ok(messages)
}

/// The value of Call-ID, or of its short form.
fn call_id(message: &[u8]) -> Option<&[u8]> {
    let head = message.windows(4).position(|w| w == b"\r\n\r\n").map_or(message, |end| &message[..end]);
    head.split(|b| *b == b'\n').find_map(|line| {
        let colon = line.iter().position(|b| *b == b':')?;
        let name = line[..colon].trim_ascii();
        let named = name.eq_ignore_ascii_case(b"call-id") || name.eq_ignore_ascii_case(b"i");
        named.then(|| line[colon + 1..].trim_ascii())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sip::Transport;
    use crate::time::Wall;

    pub(super) fn record(at_ms: i64, way: Way, bytes: &str) -> Record {
        Record {
            at: Wall(1_764_100_000_000_000 + at_ms * 1_000),
            way,
            transport: Transport::Udp,
            local: "10.0.0.1:5060".parse().unwrap(),
            peer: "203.0.113.1:5060".parse().unwrap(),
            call: 0,
            bytes: bytes.as_bytes().to_vec(),
        }
    }

    pub(super) fn call() -> Vec<Record> {
        let message = |first: &str, more: &str| format!("{first}\r\nCall-ID: abc\r\nCSeq: 1 INVITE\r\n{more}\r\n");
        let invite = message(
            "INVITE sip:+79161234567@203.0.113.1 SIP/2.0",
            "Content-Type: application/sdp\r\nAuthorization: Digest response=\"0123\", nc=1\r\n",
        );
        let sdp = "v=0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:SECRETKEY|2^20\r\n";
        vec![
            record(0, Way::Out, &(invite.clone() + sdp)),
            record(500, Way::Out, &(invite + sdp)),
            record(530, Way::In, &message("SIP/2.0 100 Trying", "")),
            record(1_700, Way::In, &message("SIP/2.0 486 Busy Here", "Reason: Q.850;cause=17\r\n")),
            record(1_701, Way::Out, &message("ACK sip:+79161234567@203.0.113.1 SIP/2.0", "")),
        ]
    }

    /// Waits, with a limit, until the thread has written so many messages of a call.
    fn kept(folder: &Path, call: i64, wanted: usize) -> Vec<Record> {
        for _ in 0..2_000 {
            let found = of_call(folder, call).unwrap();
            if found.len() >= wanted {
                return found;
            }
            std::thread::yield_now();
            std::thread::park_timeout(std::time::Duration::from_millis(5));
        }
        panic!("never written")
    }

    #[test]
    fn a_call_is_found_again_without_its_secrets() {
        let folder = tempfile::tempdir().unwrap();
        let trace = Trace::start(folder.path().to_owned(), 1 << 20).unwrap();
        for record in call() {
            trace.note(record);
        }
        trace.note(record(1, Way::In, "OPTIONS sip:x SIP/2.0\r\nCall-ID: other\r\n\r\n"));
        trace.note(Record { call: 7, ..record(2, Way::Named, "abc") });
        let found = kept(folder.path(), 7, 5);
        assert_eq!(found.len(), 5);
        assert_eq!(of_call(folder.path(), 8).unwrap(), []);
        let all = found.iter().map(|r| String::from_utf8_lossy(&r.bytes).into_owned()).collect::<String>();
        assert!(all.contains("inline:xxxxxxxxx|2^20") && all.contains("response=\"xxxx\""), "{all}");
        assert!(!all.contains("SECRETKEY") && !all.contains("0123"), "{all}");
        assert_eq!(trace.left_out(), 0);
    }

    /// A card's number may be keyed: which keys were pressed is not kept, that some were is.
    #[test]
    fn pressed_keys_are_blotted_out() {
        for (kind, body) in [("application/dtmf-relay", "Signal=7\r\nDuration=160\r\n"), ("application/dtmf", "7")] {
            let head = "INFO sip:x SIP/2.0\r\nCall-ID: abc\r\nCSeq: 3 INFO\r\n";
            let mut bytes =
                format!("{head}Content-Type: {kind}\r\nContent-Length: {}\r\n\r\n{body}", body.len()).into_bytes();
            blot(&mut bytes);
            let text = String::from_utf8(bytes).unwrap();
            assert!(text.contains(kind) && text.contains("Call-ID: abc") && !text.contains('7'), "{text}");
        }
    }

    #[test]
    fn the_folder_is_bounded_and_the_oldest_goes() {
        let folder = tempfile::tempdir().unwrap();
        let mut keeper = Keeper { folder: folder.path().to_owned(), file_max: 1_000, open: None };
        for i in 0..1_000 {
            keeper.keep(&record(i, Way::In, &format!("OPTIONS sip:{i} SIP/2.0\r\nCall-ID: {i}\r\n\r\n"))).unwrap();
        }
        drop(keeper);
        let kept = files(folder.path()).unwrap();
        assert_eq!(kept.len(), FILES as usize);
        let bytes: u64 = kept.iter().map(|(.., path)| std::fs::metadata(path).unwrap().len()).sum();
        assert!(bytes <= FILES * 1_200, "{bytes}");
        let last = std::fs::read(&kept.last().unwrap().2).unwrap();
        assert!(last.windows(8).any(|w| w == b"sip:999 "));
        // Numbers go on after a restart, and beyond nine.
        assert!(kept.last().unwrap().1 > 9, "{kept:?}");
    }
}
