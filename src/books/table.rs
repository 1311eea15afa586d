//! A table of the model: a sorted map that can take back what was done to it since the last commit.

use std::collections::BTreeMap;
use std::ops::RangeBounds;

#[derive(Debug, Clone)]
pub(super) struct Table<K, V> {
    rows: BTreeMap<K, V>,
    /// Key and the value it had before, newest last.
    journal: Vec<(K, Option<V>)>,
}

impl<K, V> Default for Table<K, V> {
    fn default() -> Self {
        Table { rows: BTreeMap::new(), journal: Vec::new() }
    }
}

impl<K: Ord + Clone, V> Table<K, V> {
    pub fn get(&self, key: &K) -> Option<&V> {
        self.rows.get(key)
    }

    pub fn has(&self, key: &K) -> bool {
        self.rows.contains_key(key)
    }

    pub fn put(&mut self, key: K, value: V) {
        let before = self.rows.insert(key.clone(), value);
        self.journal.push((key, before));
    }

    pub fn remove(&mut self, key: &K) {
        if let Some(before) = self.rows.remove(key) {
            self.journal.push((key.clone(), Some(before)));
        }
    }

    pub fn last(&self) -> Option<&K> {
        self.rows.last_key_value().map(|(k, _)| k)
    }

    pub fn values(&self) -> impl Iterator<Item = &V> {
        self.rows.values()
    }

    pub fn keys(&self) -> impl Iterator<Item = &K> {
        self.rows.keys()
    }

    pub fn range<R: RangeBounds<K>>(&self, range: R) -> impl DoubleEndedIterator<Item = (&K, &V)> {
        self.rows.range(range)
    }
}

/// What the model does to all of its tables at the end of a transaction.
pub(super) trait Journal {
    fn commit(&mut self);
    fn rollback(&mut self);
}

impl<K: Ord + Clone, V> Journal for Table<K, V> {
    fn commit(&mut self) {
        self.journal.clear();
    }

    fn rollback(&mut self) {
        while let Some((key, before)) = self.journal.pop() {
            match before {
                Some(value) => self.rows.insert(key, value),
                None => self.rows.remove(&key),
            };
        }
    }
}
