//! Events with their rows, and what finds them without a look at every one.

use std::collections::BTreeSet;
use std::ops::Bound;

use crate::decide::{Change, Scope, Snapshot};
use crate::error::StoreError;
use crate::event::EventStatus;
use crate::fact::FactKinds;
use crate::id::EventId;
use crate::limits::MAX_TOTAL;
use crate::memory::event_lists::{EventLists, Listing};
use crate::memory::event_texts::{EventTexts, Starts};
use crate::memory::rows::Rows;
use crate::search;
use crate::store::{EventKey, EventKeyValue, EventQuery, EventSort, Page};
use crate::time::Timestamp;

/// Up to so many events with the rarest gram of a search, all are looked at, so that the total is exact.
const FEW: usize = 100;

/// The rows of all events. Every change of them goes through here, so that the lists follow it.
#[derive(Debug, Default)]
pub(super) struct Events {
    rows: Rows<EventId, Snapshot>,
    ids: BTreeSet<EventId>,
    lists: EventLists,
    texts: EventTexts,
    /// Events with holds, by the moment at which the first one ends.
    ends: BTreeSet<(Timestamp, EventId)>,
}

impl Events {
    pub(super) fn get(&self, id: &EventId) -> Option<&Snapshot> {
        self.rows.get(id)
    }

    pub(super) fn contains(&self, id: &EventId) -> bool {
        self.rows.contains_key(id)
    }

    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Returns the ids after one, in their order.
    pub(super) fn ids_after(&self, after: Option<EventId>) -> impl Iterator<Item = EventId> {
        let start = after.map_or(Bound::Unbounded, Bound::Excluded);
        self.ids.range((start, Bound::Unbounded)).copied()
    }

    /// Adds an event.
    pub(super) fn insert(&mut self, snapshot: Snapshot) {
        let id = snapshot.event().id;
        self.ends.extend(snapshot.next_end().map(|end| (end, id)));
        self.ids.insert(id);
        self.rows.insert(id, snapshot);
        self.file(id);
    }

    /// Removes an event.
    pub(super) fn remove(&mut self, id: EventId) {
        let Some(snapshot) = self.rows.remove(&id) else { return };
        snapshot.next_end().map(|end| self.ends.remove(&(end, id)));
        self.ids.remove(&id);
        self.lists.remove(id);
        self.texts.remove(id);
    }

    /// Changes the event itself or its ticket types.
    pub(super) fn edit<T>(&mut self, id: EventId, edit: impl FnOnce(&mut Snapshot) -> T) -> Option<T> {
        let edited = edit(self.rows.get_mut(&id)?);
        self.file(id);
        Some(edited)
    }

    /// Applies what a command changes.
    pub(super) fn apply(&mut self, id: EventId, change: &Change) -> Result<(), StoreError> {
        let snapshot = self.rows.get_mut(&id);
        let snapshot = snapshot.ok_or_else(|| StoreError::corrupt(format!("{id:?} does not exist")))?;
        let sells = !change.stock.is_empty();
        let (end, was_left) = (snapshot.next_end(), sells && snapshot.has_any_left());
        snapshot.apply(change)?;
        let (next, is_left) = (snapshot.next_end(), sells && snapshot.has_any_left());
        if next != end {
            end.map(|end| self.ends.remove(&(end, id)));
            self.ends.extend(next.map(|end| (end, id)));
        }
        if is_left != was_left {
            self.file(id);
        }
        Ok(())
    }

    /// Sets the serial for the next new reservation of an event, if it exists.
    pub(super) fn set_serial(&mut self, id: EventId, serial: u64) -> bool {
        self.rows.get_mut(&id).map(|snapshot| snapshot.set_serial(serial)).is_some()
    }

    /// Sets the kinds of facts that rules make about an event.
    pub(super) fn set_wanted_facts(&mut self, id: EventId, wanted: FactKinds) {
        if let Some(snapshot) = self.rows.get_mut(&id) {
            snapshot.set_wanted_facts(wanted);
        }
    }

    /// Returns the events with a hold that is due, by the end of the first one.
    pub(super) fn due(&self, now: Timestamp) -> BTreeSet<(Timestamp, EventId)> {
        self.ends.iter().take_while(|(end, _)| *end <= now).copied().collect()
    }

    /// Returns the events that are in the list of a status which they do not have at `now`.
    pub(super) fn late(&self, now: Timestamp) -> BTreeSet<EventId> {
        self.lists.late(now)
    }

    /// Lists an event under a status that is not announced.
    pub(super) fn file_as(&mut self, id: EventId, status: EventStatus) {
        if let Some(snapshot) = self.rows.get(&id) {
            self.lists.put(snapshot.event(), snapshot.has_any_left(), status);
        }
    }

    fn file(&mut self, id: EventId) {
        let Some(snapshot) = self.rows.get(&id) else { return };
        self.texts.put(snapshot.event());
        self.lists.put(snapshot.event(), snapshot.has_any_left(), snapshot.event().announced);
    }

    /// Returns a page of events.
    pub(super) fn page(&self, query: &EventQuery) -> Page<EventId> {
        if query.after.as_ref().is_some_and(|after| !query.sort.has_key(after)) {
            return Page::cut(Vec::new(), query.page);
        }
        let listing = self.lists.listing(query, |id| self.shows(query, id));
        let words = query.search.as_deref().map(search::words).unwrap_or_default();
        if !words.is_empty() {
            return self.searched(&listing, query, &words);
        }
        let offset = usize::try_from(query.page.offset()).unwrap_or(usize::MAX);
        let rows = listing.keys().skip(offset).take(query.page.size() as usize + 1).map(|key| key.id);
        let counted = listing.count(usize::try_from(MAX_TOTAL).unwrap_or(usize::MAX).saturating_add(1));
        Page::with_one_more(rows.collect(), counted as u64, query.page)
    }

    /// Looks at the events with a gram and at the events of the list by turns, at more each time, until a page is full.
    ///
    /// The first finds a rare word soon, and the second a common one.
    fn searched(&self, listing: &Listing<'_>, query: &EventQuery, words: &[String]) -> Page<EventId> {
        let Some(starts) = self.texts.rarest(words) else { return Page::cut(Vec::new(), query.page) };
        let until = usize::try_from(query.page.offset()).unwrap_or(usize::MAX);
        let mut most = until.saturating_add(query.page.size() as usize).saturating_add(FEW);
        loop {
            let found = self.candidates(starts, query, words, most);
            let page = found.and_then(|(ids, is_all)| Page::of_first(ids, is_all, query.page));
            let walked = || {
                let keys = listing.keys().take(most).filter(|key| self.texts.matches(key.id, words));
                Page::of_first(keys.map(|key| key.id).collect(), false, query.page)
            };
            if let Some(page) = page.or_else(walked) {
                return page;
            }
            most = most.saturating_mul(2);
        }
    }

    /// Returns what a search finds among the first `most` events with a gram, and whether these are all.
    ///
    /// In another order than that of the starts, all must be sorted: `None` if there are more.
    fn candidates(
        &self,
        starts: &Starts,
        query: &EventQuery,
        words: &[String],
        most: usize,
    ) -> Option<(Vec<EventId>, bool)> {
        let shows = |id: &EventId| self.shows(query, *id) && self.texts.matches(*id, words);
        if query.sort == EventSort::StartsAt {
            let from = query.after.as_ref().and_then(start);
            let rest = || starts.range((from.map_or(Bound::Unbounded, Bound::Excluded), Bound::Unbounded));
            let is_all = rest().nth(most).is_none();
            return Some((rest().take(most).map(|(_, id)| *id).filter(shows).collect(), is_all));
        }
        if starts.len() > most {
            return None;
        }
        let ids = starts.iter().map(|(_, id)| *id).filter(shows);
        let mut keys: Vec<_> = ids.filter_map(|id| self.lists.key(id, query.sort)).collect();
        keys.sort_unstable();
        if query.sort.is_descending() {
            keys.reverse();
        }
        Some((keys.into_iter().map(|key| key.id).collect(), true))
    }

    /// Returns whether a query shows an event, whatever it searches.
    fn shows(&self, query: &EventQuery, id: EventId) -> bool {
        self.rows.get(&id).is_some_and(|rows| query.lists(rows.event(), rows.has_any_left()))
    }
}

/// Returns the place of a key among starts.
fn start(key: &EventKey) -> Option<(Timestamp, EventId)> {
    match key.value {
        EventKeyValue::Moment(at) => Some((at, key.id)),
        EventKeyValue::Title(_) => None,
    }
}

#[cfg(test)]
mod tests;
