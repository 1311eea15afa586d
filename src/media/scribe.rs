//! Writes recordings, on a thread of its own: a slow disk delays no packet. Its queue is bounded; a recording that the disk
//! cannot follow is given up, never the call.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufWriter};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::mpsc::UnboundedSender;

use super::{MediaEvent, MediaEventKind, MediaStats, Recording};
use crate::audio::{RATE, wav};
use crate::id::LegId;
use crate::time::{Clock, Mono};

/// Pieces of audio waiting for the disk: of a second each, 16 kB, or 32 of both directions.
const QUEUE_MAX: usize = 1024;
/// Samples gathered before they are handed over.
const PIECE: usize = RATE as usize;
/// A step in the far end's timestamps of more than this is a new count, not a pause.
const PAUSE_MAX: Duration = Duration::from_secs(20);
/// A far end cannot have said more than the time that has passed, but for this: packets ahead of their time, drifting clocks.
const AHEAD_MAX: Duration = Duration::from_secs(1);
/// A step back within this is an overlap, whose samples are already written.
const OVERLAP_MAX: Duration = Duration::from_millis(200);

enum Order {
    Begin { id: u64, path: PathBuf, channels: u16 },
    Write { id: u64, samples: Vec<i16> },
    End { id: u64, broken: bool, leg: LegId, what: What },
}

/// What a recording was.
enum What {
    /// All that a leg heard, to its close.
    Leg(MediaStats),
    /// A message of this length, pauses after it left out.
    Message(Duration),
    /// One of several recordings of a leg, of which another tells the end.
    Beside,
}

#[derive(Debug, Clone)]
pub struct Scribe {
    to: SyncSender<Order>,
    next: Arc<AtomicU64>,
}

impl Scribe {
    /// Gives the number under which it is written to, and whether it was taken.
    pub fn begin_stereo(&self, path: PathBuf) -> (u64, bool) {
        let id = self.next.fetch_add(1, Relaxed);
        (id, self.to.try_send(Order::Begin { id, path, channels: 2 }).is_ok())
    }

    /// Left and right in turn. False when the queue is full.
    pub fn write(&self, id: u64, samples: Vec<i16>) -> bool {
        self.to.try_send(Order::Write { id, samples }).is_ok()
    }

    /// `closed`: the leg's figures, if its end is told with this recording's.
    pub fn end_stereo(&self, id: u64, broken: bool, leg: LegId, closed: Option<MediaStats>) {
        let what = closed.map_or(What::Beside, What::Leg);
        // Waits for room if it must: `Closed` has to come.
        let _ = self.to.send(Order::End { id, broken, leg, what });
    }
}

/// The thread ends when the last `Scribe` is dropped, after all is written.
pub fn start(events: UnboundedSender<MediaEvent>, clock: Arc<Clock>) -> io::Result<(Scribe, JoinHandle<()>)> {
    let (to, orders) = sync_channel(QUEUE_MAX);
    let thread =
        std::thread::Builder::new().name("media-scribe".into()).spawn(move || write(&orders, &events, &clock))?;
    Ok((Scribe { to, next: Arc::default() }, thread))
}

type Writer = hound::WavWriter<BufWriter<File>>;

fn write(orders: &Receiver<Order>, events: &UnboundedSender<MediaEvent>, clock: &Clock) {
    // `None`: could not be written; the log has been told.
    let mut files: HashMap<u64, Option<(Writer, PathBuf)>> = HashMap::new();
    for order in orders {
        match order {
            Order::Begin { id, path, channels } => {
                let file = File::create(&path).map_err(hound::Error::from);
                let writer = file
                    .and_then(|f| hound::WavWriter::new(BufWriter::new(f), hound::WavSpec { channels, ..wav::SPEC }));
                let writer = writer.map_err(|e| failed(&path, &e)).ok();
                files.insert(id, writer.map(|w| (w, path)));
            }
            Order::Write { id, samples } => {
                let Some(slot) = files.get_mut(&id) else { continue };
                if let Some((writer, path)) = slot
                    && let Err(e) = samples.iter().try_for_each(|&s| writer.write_sample(s))
                {
                    failed(path, &e);
                    *slot = None;
                }
            }
            Order::End { id, broken, leg, what } => {
                let path = match files.remove(&id).flatten() {
                    Some((writer, path)) => writer.finalize().map_err(|e| failed(&path, &e)).is_ok().then_some(path),
                    None => None,
                };
                let written = path.is_some() && !broken;
                let kind = match what {
                    What::Beside => continue,
                    What::Leg(mut stats) => {
                        stats.recording = if written { Recording::Written } else { Recording::Failed };
                        MediaEventKind::Closed { stats }
                    }
                    What::Message(length) => {
                        let kept = written && !length.is_zero();
                        if let (false, Some(path)) = (kept, path) {
                            // Silence, or half a message: nobody is to take it for one.
                            let _ = std::fs::remove_file(path);
                        }
                        MediaEventKind::MessageTaken { length, kept }
                    }
                };
                // Nobody listens any more when the program ends.
                let _ = events.send(MediaEvent { leg, at: clock.now().mono, kind });
            }
        }
    }
}

fn failed(path: &std::path::Path, why: &hound::Error) {
    let file = path.file_name().unwrap_or_default().display();
    tracing::error!(%file, %why, "a recording cannot be written; check the folder and the disk's space");
}

/// One leg's recording: puts what is heard at its place in time.
#[derive(Debug)]
pub struct Recorder {
    scribe: Scribe,
    id: u64,
    began: Mono,
    /// Where the far end's next timestamp would lie in the recording.
    next: Option<(u32, u64)>,
    /// Samples put down so far, those in `piece` included.
    written: u64,
    /// No more are put down.
    most: u64,
    piece: Vec<i16>,
    broken: bool,
}

impl Recorder {
    pub fn begin(scribe: &Scribe, path: PathBuf, at: Mono) -> Recorder {
        let id = scribe.next.fetch_add(1, Relaxed);
        let mut recorder = Recorder {
            scribe: scribe.clone(),
            id,
            began: at,
            next: None,
            written: 0,
            most: u64::MAX,
            piece: Vec::with_capacity(PIECE),
            broken: false,
        };
        recorder.hand_over(Order::Begin { id, path, channels: 1 });
        recorder
    }

    /// What comes after this length is left out.
    pub fn first(self, length: Duration) -> Recorder {
        Recorder { most: samples(length) as u64, ..self }
    }

    /// A stretch of audio that arrived at `now` and is the far end's `timestamp`. Its place follows from the timestamps, so
    /// that delays on the way leave no trace; only the first, and those after a new count, are placed by the clock.
    pub fn hear(&mut self, now: Mono, timestamp: u32, pcm: &[i16]) {
        if self.written >= self.most {
            return;
        }
        let place = self.place(now, timestamp).min(self.most);
        while self.written < place {
            self.put(0);
        }
        let overlap = (self.written - place) as usize;
        for &sample in pcm.get(overlap..).unwrap_or(&[]) {
            self.put(sample);
        }
        self.next = Some((timestamp.wrapping_add(pcm.len() as u32), place + pcm.len() as u64));
    }

    fn place(&self, now: Mono, timestamp: u32) -> u64 {
        let elapsed = self.elapsed(now);
        if let Some((expected, place)) = self.next {
            let step = i64::from(timestamp.wrapping_sub(expected) as i32);
            let stepped = place.saturating_add_signed(step);
            if (-samples(OVERLAP_MAX)..=samples(PAUSE_MAX)).contains(&step)
                && stepped <= elapsed + samples(AHEAD_MAX) as u64
            {
                return stepped;
            }
        }
        elapsed.max(self.written)
    }

    fn elapsed(&self, now: Mono) -> u64 {
        samples(now.since(self.began)) as u64
    }

    fn put(&mut self, sample: i16) {
        if self.written >= self.most {
            return;
        }
        self.piece.push(sample);
        self.written += 1;
        if self.piece.len() == PIECE {
            self.pass_on();
        }
    }

    fn pass_on(&mut self) {
        let samples = std::mem::replace(&mut self.piece, Vec::with_capacity(PIECE));
        self.hand_over(Order::Write { id: self.id, samples });
    }

    fn hand_over(&mut self, order: Order) {
        if self.scribe.to.try_send(order).is_err() && !self.broken {
            self.broken = true;
            tracing::warn!("the disk is too slow for the recordings; one is given up");
        }
    }

    /// Silence to the end, then `Closed` once all is on disk.
    pub fn finish(self, now: Mono, leg: LegId, stats: MediaStats) {
        self.end(now, leg, What::Leg(stats));
    }

    /// As [`finish`](Recorder::finish), for a message of this length; then `MessageTaken`.
    pub fn finish_message(self, now: Mono, leg: LegId, length: Duration) {
        self.end(now, leg, What::Message(length));
    }

    fn end(mut self, now: Mono, leg: LegId, what: What) {
        while self.written < self.elapsed(now).min(self.most) {
            self.put(0);
        }
        self.pass_on();
        // Waits for room if it must: `Closed` has to come.
        let _ = self.scribe.to.send(Order::End { id: self.id, broken: self.broken, leg, what });
    }
}

fn samples(length: Duration) -> i64 {
    length.as_micros() as i64 * i64::from(RATE) / 1_000_000
}
