//! Rows by key, kept in the order they came.

use std::collections::HashMap;
use std::hash::Hash;

use foldhash::fast::RandomState;

/// Rows that are added and replaced, never removed.
///
/// They stand in one vector with an index beside it: the index is small, so growing it does not
/// move the rows, and walking all rows is as fast as memory allows.
#[derive(Debug, Clone)]
pub(super) struct Table<K, V> {
    rows: Vec<V>,
    index: HashMap<K, Place, RandomState>,
}

/// Where a row stands. Four bytes, because indexes of millions of rows are made of them; no table of
/// one event has four billion rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place(u32);

impl<K, V> Default for Table<K, V> {
    fn default() -> Self {
        Self { rows: Vec::new(), index: HashMap::default() }
    }
}

impl<K: Eq + Hash, V> Table<K, V> {
    pub(super) fn get(&self, key: &K) -> Option<&V> {
        self.index.get(key).and_then(|place| self.at(*place))
    }

    pub(super) fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        let place = usize::try_from(self.index.get(key)?.0).ok()?;
        self.rows.get_mut(place)
    }

    /// Returns the row at a place that [`Table::put`] returned.
    pub(super) fn at(&self, place: Place) -> Option<&V> {
        self.rows.get(usize::try_from(place.0).ok()?)
    }

    /// Inserts or replaces a row, and returns its place, which stays.
    pub(super) fn put(&mut self, key: K, row: V) -> Place {
        let next = Place(u32::try_from(self.rows.len()).unwrap_or(u32::MAX));
        let place = *self.index.entry(key).or_insert(next);
        match usize::try_from(place.0).ok().and_then(|place| self.rows.get_mut(place)) {
            Some(known) => *known = row,
            None => self.rows.push(row),
        }
        place
    }

    pub(super) fn rows(&self) -> &[V] {
        &self.rows
    }
}
