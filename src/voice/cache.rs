//! Everything a call may say, rendered before it is dialled and kept: in memory, and on disk for the next time.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread::JoinHandle;
use std::time::Duration;

use super::disk::{Disk, pin_name};
use super::memory::{Key, Memory};
use super::{Recorded, VoiceError, VoiceSet};
use crate::audio::Clip;
use crate::speech::{Manner, Said, Utterance};
use crate::time::Clock;

#[derive(Debug, Clone, Copy)]
pub struct CacheOptions {
    /// Clips held in memory, in bytes; a second of speech is 16,000 (both codecs).
    pub memory_bytes_max: usize,
    /// Clips on disk, in bytes; beyond it the oldest go.
    pub disk_bytes_max: u64,
    /// Threads that render. 1 to 64.
    pub workers: usize,
}

impl Default for CacheOptions {
    fn default() -> CacheOptions {
        CacheOptions { memory_bytes_max: 256 << 20, disk_bytes_max: 4 << 30, workers: 2 }
    }
}

#[derive(Debug, thiserror::Error)]
#[error("prompt cache: the folder {} cannot be used", folder.display())]
pub struct CacheError {
    pub folder: PathBuf,
    #[source]
    pub source: std::io::Error,
}

/// Since the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counters {
    /// Clips made by a voice or read from a recording.
    pub rendered: u64,
    /// Clips asked for that were already there.
    pub hits: u64,
    /// Clips wanted at play time that were not in memory.
    pub late: u64,
    /// Clips that could not be put on disk. They play all the same.
    pub unsaved: u64,
}

/// Shared by `Arc`; every method may be called from any thread. Dropping the last hold ends its threads.
pub struct PromptCache {
    shared: Arc<Shared>,
    workers: Vec<JoinHandle<()>>,
}

struct Shared {
    voices: VoiceSet,
    recorded: Recorded,
    disk: Disk,
    memory: Mutex<Memory>,
    queue: Mutex<Queue>,
    work: Condvar,
    rendered: AtomicU64,
    hits: AtomicU64,
    late: AtomicU64,
    unsaved: AtomicU64,
}

/// Raise it when what is done to every voice's sound changes (`finish.rs`, `spelling.rs`, `ru_stress.txt`): clips are made anew.
const SOUND: u32 = 2;

type Rendered = Result<Arc<Clip>, VoiceError>;
type Reply = mpsc::Sender<(Key, Rendered)>;

#[derive(Default)]
struct Queue {
    waiting: VecDeque<(Key, Utterance)>,
    /// Who wants each clip that is waiting or being made: two calls that need one prompt have it made once.
    wanted: HashMap<Key, Vec<Reply>>,
    closed: bool,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("nobody panics with this lock: voices run outside of it")
}

impl PromptCache {
    /// Clips are kept under `folder`; made when missing.
    pub fn open(
        folder: &Path,
        voices: VoiceSet,
        recorded: Recorded,
        options: CacheOptions,
        clock: Arc<Clock>,
    ) -> Result<PromptCache, CacheError> {
        let disk = Disk::open(folder, options.disk_bytes_max, clock)
            .map_err(|source| CacheError { folder: folder.to_owned(), source })?;
        let shared = Arc::new(Shared {
            voices,
            recorded,
            disk,
            memory: Mutex::new(Memory::new(options.memory_bytes_max)),
            queue: Mutex::default(),
            work: Condvar::new(),
            rendered: AtomicU64::new(0),
            hits: AtomicU64::new(0),
            late: AtomicU64::new(0),
            unsaved: AtomicU64::new(0),
        });
        let workers = (0..options.workers.clamp(1, 64))
            .map(|n| {
                let shared = Arc::clone(&shared);
                std::thread::Builder::new()
                    .name(format!("voice-{n}"))
                    .spawn(move || shared.work())
                    .expect("the system has room for a thread")
            })
            .collect();
        Ok(PromptCache { shared, workers })
    }

    pub fn voices(&self) -> &VoiceSet {
        &self.shared.voices
    }

    /// Waits until all of these can be played, and returns them: hold on to them for as long as the call may need them.
    /// Blocks (milliseconds when they are known, a few per cent of their length when they are not): not for an async task.
    /// The first that cannot be made is the error; the others are made all the same.
    pub fn ready(&self, utterances: &[Utterance]) -> Result<HashMap<Utterance, Arc<Clip>>, VoiceError> {
        let mut clips = HashMap::with_capacity(utterances.len());
        let mut missing: HashMap<Key, Vec<&Utterance>> = HashMap::new();
        for utterance in utterances {
            let key = self.shared.key(utterance)?;
            match self.shared.kept(&key) {
                Some(clip) => {
                    self.shared.hits.fetch_add(1, Ordering::Relaxed);
                    clips.insert(utterance.clone(), clip);
                }
                None => missing.entry(key).or_default().push(utterance),
            }
        }
        let (reply, replies) = mpsc::channel();
        for (key, utterances) in &missing {
            self.shared.order(*key, utterances[0], reply.clone());
        }
        drop(reply);
        let mut error = None;
        for (key, rendered) in replies {
            match rendered {
                Ok(clip) => clips.extend(missing[&key].iter().map(|u| ((*u).clone(), Arc::clone(&clip)))),
                Err(e) => error = error.or(Some(e)),
            }
        }
        error.map_or(Ok(clips), Err)
    }

    /// As [`ready`](PromptCache::ready) where all of it is in memory, in microseconds and without blocking; else `None`.
    pub fn at_hand(&self, utterances: &[Utterance]) -> Option<HashMap<Utterance, Arc<Clip>>> {
        let keys: Vec<Key> = utterances.iter().map(|u| self.shared.key(u).ok()).collect::<Option<_>>()?;
        let mut memory = lock(&self.shared.memory);
        let clips = utterances.iter().zip(&keys).map(|(u, key)| Some((u.clone(), memory.get(key)?)));
        let clips: HashMap<Utterance, Arc<Clip>> = clips.collect::<Option<_>>()?;
        self.shared.hits.fetch_add(utterances.len() as u64, Ordering::Relaxed);
        Some(clips)
    }

    /// Makes what is not on disk yet: for rendering a campaign ahead. Returns how many were made, and the errors of those that
    /// could not be.
    pub fn make(&self, utterances: &[Utterance]) -> (u64, Vec<VoiceError>) {
        let (reply, replies) = mpsc::channel();
        let (mut made, mut errors) = (0, Vec::new());
        for utterance in utterances {
            match self.shared.key(utterance) {
                Ok(key) if self.shared.disk.has(&key) || self.shared.recorded.find(utterance).is_some() => {}
                Ok(key) => self.shared.order(key, utterance, reply.clone()),
                Err(error) => errors.push(error),
            }
        }
        drop(reply);
        for (_, rendered) in replies {
            match rendered {
                Ok(_) => made += 1,
                Err(error) => errors.push(error),
            }
        }
        (made, errors)
    }

    /// What a clip is known by, in this cache and on disk.
    pub fn key(&self, utterance: &Utterance) -> Result<Key, VoiceError> {
        self.shared.key(utterance)
    }

    /// Whether it is on disk, or recorded.
    pub fn is_made(&self, utterance: &Utterance) -> bool {
        self.shared.recorded.find(utterance).is_some()
            || self.shared.key(utterance).is_ok_and(|key| self.shared.disk.has(&key))
    }

    /// From now on these clips stay on disk until [`unpin`](super::unpin), whatever room others need.
    /// Those that the campaign had pinned before stay too when `more`, and may go otherwise.
    pub fn pin(&self, campaign: &str, keys: &BTreeSet<Key>, more: bool) -> std::io::Result<()> {
        self.shared.disk.pin(campaign, keys, more)
    }

    /// Takes the pins off all but these campaigns.
    pub fn unpin_all_but<'c>(&self, campaigns: impl IntoIterator<Item = &'c str>) -> std::io::Result<()> {
        self.shared.disk.unpin_all_but(&campaigns.into_iter().map(pin_name).collect())
    }

    /// A clip at play time: from memory, or else from disk (counted as late). `None`: it was never made ready.
    pub fn get(&self, utterance: &Utterance) -> Option<Arc<Clip>> {
        let key = self.shared.key(utterance).ok()?;
        if let Some(clip) = lock(&self.shared.memory).get(&key) {
            return Some(clip);
        }
        self.shared.late.fetch_add(1, Ordering::Relaxed);
        self.shared.kept(&key)
    }

    /// How long an utterance is that has been made ready.
    pub fn duration(&self, utterance: &Utterance) -> Option<Duration> {
        let key = self.shared.key(utterance).ok()?;
        self.shared.kept(&key).map(|clip| clip.duration())
    }

    pub fn counters(&self) -> Counters {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let Shared { rendered, hits, late, unsaved, .. } = &*self.shared;
        Counters { rendered: read(rendered), hits: read(hits), late: read(late), unsaved: read(unsaved) }
    }

    /// Bytes of clips held in memory.
    pub fn memory_bytes(&self) -> usize {
        lock(&self.shared.memory).bytes()
    }
}

impl Drop for PromptCache {
    fn drop(&mut self) {
        lock(&self.shared.queue).closed = true;
        self.shared.work.notify_all();
        for worker in self.workers.drain(..) {
            // A worker that panicked has said so already.
            let _ = worker.join();
        }
    }
}

impl Shared {
    /// A recording's clip is known by its file, a spoken one by voice and words.
    fn key(&self, utterance: &Utterance) -> Result<Key, VoiceError> {
        let language = utterance.language.code();
        match self.recorded.find(utterance) {
            Some(path) => Ok(Key::of(&["recorded", language, &path.to_string_lossy()])),
            None => {
                let (voice, words) = self.voices.asked(utterance)?;
                Ok(self.spoken_key(&voice, &words, utterance))
            }
        }
    }

    /// All that decides how a spoken clip sounds. `words` are those that the voice gets: a dictionary that changes makes other
    /// clips, and creditors who say a text alike share one.
    fn spoken_key(&self, voice: &str, words: &str, utterance: &Utterance) -> Key {
        let Said { text: _, values: _, manner, break_ms } = &utterance.said;
        let Manner { rate_percent, pitch_percent, volume_db } = manner;
        let manner = format!("{SOUND} {rate_percent} {pitch_percent} {volume_db} {break_ms}");
        Key::of(&[voice, utterance.language.code(), words, &manner])
    }

    /// From memory or disk, without making it.
    fn kept(&self, key: &Key) -> Option<Arc<Clip>> {
        if let Some(clip) = lock(&self.memory).get(key) {
            return Some(clip);
        }
        let clip = Arc::new(self.disk.read(key)?);
        lock(&self.memory).put(*key, Arc::clone(&clip));
        Some(clip)
    }

    fn order(&self, key: Key, utterance: &Utterance, reply: Reply) {
        let mut queue = lock(&self.queue);
        let wanted = queue.wanted.entry(key).or_default();
        wanted.push(reply);
        if wanted.len() == 1 {
            queue.waiting.push_back((key, utterance.clone()));
            self.work.notify_one();
        }
    }

    /// The life of a worker.
    fn work(&self) {
        loop {
            let mut queue = lock(&self.queue);
            let (key, utterance) = loop {
                if queue.closed {
                    return;
                }
                match queue.waiting.pop_front() {
                    Some(job) => break job,
                    None => queue = self.work.wait(queue).expect("nobody panics with this lock"),
                }
            };
            drop(queue);
            // An engine's panic is this utterance's failure, not the end of the worker.
            let rendered = catch_unwind(AssertUnwindSafe(|| self.make(&key, &utterance)))
                .unwrap_or_else(|_| Err(VoiceError::failed("engine", &utterance.said.text, "it panicked")));
            let replies = lock(&self.queue).wanted.remove(&key).unwrap_or_default();
            for reply in replies {
                // Whoever asked may be gone.
                let _ = reply.send((key, rendered.clone()));
            }
        }
    }

    fn make(&self, key: &Key, utterance: &Utterance) -> Rendered {
        // Another order for it may have been carried out since it was found missing.
        if let Some(clip) = self.kept(key) {
            return Ok(clip);
        }
        // Kept on disk under the voice that spoke: the preferred one is asked again the next time. A recording is on disk
        // already, and may be replaced by a better one.
        let (pcm, on_disk) = match self.recorded.find(utterance).map(Recorded::read) {
            Some(Ok(pcm)) => (pcm, None),
            Some(Err(why)) => {
                tracing::warn!(%why, "a recording cannot be read; its text is synthesised");
                (self.voices.render(utterance)?.pcm, None)
            }
            None => {
                let rendered = self.voices.render(utterance)?;
                (rendered.pcm, Some(self.spoken_key(&rendered.voice, &rendered.words, utterance)))
            }
        };
        let clip = Arc::new(Clip::from_pcm(&pcm));
        self.rendered.fetch_add(1, Ordering::Relaxed);
        if let Some(on_disk) = on_disk
            && let Err(error) = self.disk.write(&on_disk, &clip)
            && self.unsaved.fetch_add(1, Ordering::Relaxed) == 0
        {
            tracing::warn!(%error, "a clip cannot be kept on disk; calls go on, and it will be rendered again");
        }
        lock(&self.memory).put(*key, Arc::clone(&clip));
        Ok(clip)
    }
}
