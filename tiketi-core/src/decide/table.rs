//! Rows by key, in the order of insertion.

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;

use foldhash::fast::RandomState;

/// Rows that are added and replaced, never removed.
///
/// The rows are in one vector with a separate index: the index is small, so growing it does not move the rows, and a
/// scan of all rows is sequential in memory.
#[derive(Debug, Clone)]
pub(super) struct Table<V, I> {
    rows: Vec<V>,
    index: I,
}

/// An index for keys that come in any order.
pub(super) type AnyOrder<K> = HashMap<K, RowIndex, RandomState>;

/// An index for keys that grow with time: it grows at its end, which is in the CPU cache.
pub(super) type InOrder<K> = BTreeMap<K, RowIndex>;

/// Finds the index of a key's row.
pub(super) trait Index<K> {
    fn find(&self, key: &K) -> Option<RowIndex>;

    /// Returns the index of the row, which is `next` if the key is new.
    fn find_or_add(&mut self, key: K, next: RowIndex) -> RowIndex;
}

impl<K: Eq + Hash> Index<K> for AnyOrder<K> {
    fn find(&self, key: &K) -> Option<RowIndex> {
        self.get(key).copied()
    }

    fn find_or_add(&mut self, key: K, next: RowIndex) -> RowIndex {
        *self.entry(key).or_insert(next)
    }
}

impl<K: Ord> Index<K> for InOrder<K> {
    fn find(&self, key: &K) -> Option<RowIndex> {
        // A new id is usually the greatest, so one comparison shows that it is new.
        let (last, place) = self.last_key_value()?;
        match key.cmp(last) {
            Ordering::Greater => None,
            Ordering::Equal => Some(*place),
            Ordering::Less => self.get(key).copied(),
        }
    }

    fn find_or_add(&mut self, key: K, next: RowIndex) -> RowIndex {
        *self.entry(key).or_insert(next)
    }
}

/// Index of a row. It has four bytes to keep indexes of millions of rows small; no table of one event has four billion
/// rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RowIndex(u32);

impl<V, I: Default> Default for Table<V, I> {
    fn default() -> Self {
        Self { rows: Vec::new(), index: I::default() }
    }
}

impl<V, I> Table<V, I> {
    pub(super) fn get<K>(&self, key: &K) -> Option<&V>
    where
        I: Index<K>,
    {
        self.index.find(key).and_then(|place| self.at(place))
    }

    pub(super) fn get_mut<K>(&mut self, key: &K) -> Option<&mut V>
    where
        I: Index<K>,
    {
        let place = usize::try_from(self.index.find(key)?.0).ok()?;
        self.rows.get_mut(place)
    }

    /// Returns the row at an index that [`Table::put`] returned.
    pub(super) fn at(&self, place: RowIndex) -> Option<&V> {
        self.rows.get(usize::try_from(place.0).ok()?)
    }

    /// Inserts or replaces a row, and returns its index, which never changes, and the row it replaced.
    pub(super) fn put<K>(&mut self, key: K, row: V) -> (RowIndex, Option<V>)
    where
        I: Index<K>,
    {
        let next = RowIndex(u32::try_from(self.rows.len()).unwrap_or(u32::MAX));
        let place = self.index.find_or_add(key, next);
        let Some(known) = usize::try_from(place.0).ok().and_then(|place| self.rows.get_mut(place)) else {
            self.rows.push(row);
            return (place, None);
        };
        (place, Some(std::mem::replace(known, row)))
    }

    /// Returns the row of a key, inserting an empty one if there is none.
    pub(super) fn get_or_default<K>(&mut self, key: K) -> Option<&mut V>
    where
        I: Index<K>,
        V: Default,
    {
        let next = RowIndex(u32::try_from(self.rows.len()).unwrap_or(u32::MAX));
        let place = self.index.find_or_add(key, next);
        if place == next {
            self.rows.push(V::default());
        }
        self.rows.get_mut(usize::try_from(place.0).ok()?)
    }

    pub(super) fn rows(&self) -> &[V] {
        &self.rows
    }
}
