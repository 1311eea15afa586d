//! Clips in memory, up to so many bytes: the least recently used go first. A call keeps its own hold on the clips it needs,
//! so what goes here does not fall silent there.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::audio::Clip;

/// SHA-256 over all that decides how a clip sounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(pub(super) [u8; 32]);

impl Key {
    /// The parts are kept apart: `["ab", "c"]` is not `["a", "bc"]`.
    pub fn of(parts: &[&str]) -> Key {
        let mut sum = Sha256::new();
        for part in parts {
            sum.update((part.len() as u64).to_le_bytes());
            sum.update(part.as_bytes());
        }
        Key(sum.finalize().into())
    }

    pub fn hex(&self) -> String {
        self.0.iter().map(|b| format!("{b:02x}")).collect()
    }
}

pub(super) struct Memory {
    clips: HashMap<Key, Entry>,
    /// By moment of last use; moments are numbered.
    order: BTreeMap<u64, Key>,
    moment: u64,
    bytes: usize,
    bytes_max: usize,
}

struct Entry {
    clip: Arc<Clip>,
    used: u64,
}

/// What an entry costs beside its samples.
const ENTRY_BYTES: usize = 200;

fn cost(clip: &Clip) -> usize {
    clip.alaw.len() + clip.ulaw.len() + ENTRY_BYTES
}

impl Memory {
    pub fn new(bytes_max: usize) -> Memory {
        Memory { clips: HashMap::new(), order: BTreeMap::new(), moment: 0, bytes: 0, bytes_max }
    }

    pub fn get(&mut self, key: &Key) -> Option<Arc<Clip>> {
        self.moment += 1;
        let entry = self.clips.get_mut(key)?;
        self.order.remove(&entry.used);
        entry.used = self.moment;
        self.order.insert(entry.used, *key);
        Some(Arc::clone(&entry.clip))
    }

    pub fn put(&mut self, key: Key, clip: Arc<Clip>) {
        self.remove(&key);
        self.moment += 1;
        self.bytes += cost(&clip);
        self.order.insert(self.moment, key);
        self.clips.insert(key, Entry { clip, used: self.moment });
        while self.bytes > self.bytes_max
            && let Some((_, oldest)) = self.order.first_key_value()
        {
            let oldest = *oldest;
            self.remove(&oldest);
        }
    }

    fn remove(&mut self, key: &Key) {
        if let Some(entry) = self.clips.remove(key) {
            self.order.remove(&entry.used);
            self.bytes -= cost(&entry.clip);
        }
    }

    pub fn bytes(&self) -> usize {
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_recently_used_go_first() {
        let clip = || Arc::new(Clip::from_pcm(&[0; 400]));
        let key = |n: u8| Key([n; 32]);
        let mut memory = Memory::new(3 * 1000);
        for n in 1..=3 {
            memory.put(key(n), clip());
        }
        assert!(memory.get(&key(1)).is_some());
        memory.put(key(4), clip());
        let there: Vec<u8> = (1..=4).filter(|n| memory.get(&key(*n)).is_some()).collect();
        assert_eq!(there, [1, 3, 4]);
        memory.put(key(4), clip());
        assert_eq!(memory.bytes(), 3000);
        memory.put(key(5), Arc::new(Clip::from_pcm(&[0; 4000])));
        assert_eq!((memory.bytes(), memory.get(&key(5)).is_some()), (0, false), "one too large for all of it");
    }

    #[test]
    fn keys_keep_parts_apart() {
        assert_ne!(Key::of(&["ab", "c"]), Key::of(&["a", "bc"]));
        assert_eq!(Key::of(&["a"]).hex().len(), 64);
    }
}
