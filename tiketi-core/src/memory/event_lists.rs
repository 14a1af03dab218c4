//! The lists of events in memory, in each of their orders.

use std::collections::BTreeSet;
use std::iter::Peekable;
use std::ops::Bound;

use crate::event::{Event, EventStatus};
use crate::id::EventId;
use crate::memory::rows::Rows;
use crate::store::{EventKey, EventQuery, EventSort};
use crate::time::Timestamp;

const LAST_ID: EventId = EventId::from_uuid(uuid::Uuid::max());

/// Which events a list is of, besides their status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum ListOf {
    Public,
    Drafts,
    Archived,
    ArchivedDrafts,
}

/// A list that shows an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct List {
    of: ListOf,
    status: EventStatus,
}

/// The time in which an event has the status of its list, as long as nothing but the clock changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Valid {
    from: Timestamp,
    until: Timestamp,
}

/// Where an event is listed.
#[derive(Debug)]
struct Filed {
    list: List,
    valid: Valid,
    keys: [EventKey; 4],
}

/// The places of all events in their lists.
///
/// The status of an event depends on the clock, so an event is in the list of the status that it had, and the lists know
/// until when that is right. A query finds the few events for which it is not, and looks at their rows.
#[derive(Debug, Default)]
pub(super) struct EventLists {
    filed: Rows<EventId, Filed>,
    lists: Rows<(List, EventSort), BTreeSet<EventKey>>,
    /// Events whose status changes, by the moment of it.
    until: BTreeSet<(Timestamp, EventId)>,
    /// Events that did not always have their status, by the moment from which on they have it.
    from: BTreeSet<(Timestamp, EventId)>,
}

impl EventLists {
    /// Lists an event under a status, and nowhere else.
    pub(super) fn put(&mut self, event: &Event, any_left: bool, status: EventStatus) {
        self.remove(event.id);
        let list = List { of: ListOf::of(event), status };
        let valid = Valid::of(event, any_left, status);
        let keys = EventSort::ALL.map(|sort| sort.key(event));
        for (sort, key) in EventSort::ALL.into_iter().zip(&keys) {
            self.lists.entry((list, sort)).or_default().insert(key.clone());
        }
        self.until.extend((valid.until != Timestamp::FAR_FUTURE).then_some((valid.until, event.id)));
        self.from.extend((valid.from != far_past()).then_some((valid.from, event.id)));
        self.filed.insert(event.id, Filed { list, valid, keys });
    }

    /// Takes an event out of its list.
    pub(super) fn remove(&mut self, id: EventId) {
        let Some(Filed { list, valid, keys }) = self.filed.remove(&id) else { return };
        for (sort, key) in EventSort::ALL.into_iter().zip(&keys) {
            if let Some(known) = self.lists.get_mut(&(list, sort)) {
                known.remove(key);
            }
        }
        self.until.remove(&(valid.until, id));
        self.from.remove(&(valid.from, id));
    }

    /// Returns the events that have another status at `now` than that of their list.
    pub(super) fn late(&self, now: Timestamp) -> BTreeSet<EventId> {
        let ended = self.until.range(..=(now, LAST_ID));
        let not_begun = self.from.range((Bound::Excluded((now, LAST_ID)), Bound::Unbounded));
        ended.chain(not_begun).map(|(_, id)| *id).collect()
    }

    /// Returns the place of an event in a list of this order.
    pub(super) fn key(&self, id: EventId, sort: EventSort) -> Option<&EventKey> {
        let at = EventSort::ALL.iter().position(|known| *known == sort)?;
        self.filed.get(&id)?.keys.get(at)
    }

    /// Finds what a query lists. `is_shown` says whether it does for an event whose status has changed.
    pub(super) fn listing<'l>(
        &'l self,
        query: &'l EventQuery,
        is_shown: impl Fn(EventId) -> bool,
    ) -> Listing<'l> {
        let lists = ListOf::wanted(query).iter().flat_map(|of| {
            let statuses =
                EventStatus::ALL.into_iter().filter(|status| query.status.is_none_or(|of| of == *status));
            statuses.filter_map(|status| self.lists.get(&(List { of: *of, status }, query.sort)))
        });
        let late = self.late(query.now);
        let moved = late.iter().filter(|id| is_shown(**id));
        let shown = moved.filter_map(|id| self.key(*id, query.sort)).collect();
        Listing { query, lists: lists.collect(), late, shown }
    }
}

impl ListOf {
    fn of(event: &Event) -> Self {
        match (event.is_archived(), event.is_public()) {
            (false, true) => Self::Public,
            (false, false) => Self::Drafts,
            (true, true) => Self::Archived,
            (true, false) => Self::ArchivedDrafts,
        }
    }

    /// Returns the lists of which a query may show events.
    fn wanted(query: &EventQuery) -> &'static [Self] {
        match (query.archived, query.drafts) {
            (false, false) => &[Self::Public],
            (false, true) => &[Self::Public, Self::Drafts],
            (true, false) => &[Self::Archived],
            (true, true) => &[Self::Archived, Self::ArchivedDrafts],
        }
    }
}

fn far_past() -> Timestamp {
    Timestamp::from_micros(i64::MIN)
}

impl Valid {
    /// Asks for the status between the moments at which the clock changes it.
    fn of(event: &Event, any_left: bool, status: EventStatus) -> Self {
        let (opens_at, closes_at) = (event.details.sale.opens_at(), event.details.sale.closes_at());
        let spans = [(far_past(), opens_at), (opens_at, closes_at), (closes_at, Timestamp::FAR_FUTURE)];
        let mut with_status = spans.into_iter().filter(|(from, _)| event.status(*from, any_left) == status);
        // Never valid: the event has another status at every moment.
        let Some((from, until)) = with_status.next() else {
            return Self { from: far_past(), until: far_past() };
        };
        Self { from, until: with_status.next_back().map_or(until, |(_, until)| until) }
    }
}

/// What a query lists, in its order.
#[derive(Debug)]
pub(super) struct Listing<'l> {
    query: &'l EventQuery,
    lists: Vec<&'l BTreeSet<EventKey>>,
    /// Events that are in the list of another status than their own, and those of them that the query shows.
    late: BTreeSet<EventId>,
    shown: BTreeSet<&'l EventKey>,
}

impl<'l> Listing<'l> {
    /// Returns the places of the events, in their order.
    pub(super) fn keys(&self) -> impl Iterator<Item = &EventKey> {
        let late: Box<dyn Iterator<Item = &EventKey>> = if self.query.sort.is_descending() {
            Box::new(self.shown.iter().rev().copied())
        } else {
            Box::new(self.shown.iter().copied())
        };
        let lists = self.lists.iter().map(|list| self.of_list(list));
        let parts = lists.chain([late]).map(Iterator::peekable).collect();
        Merged { parts, is_descending: self.query.sort.is_descending() }
    }

    /// Counts the events, at most `most`.
    pub(super) fn count(&self, most: usize) -> usize {
        let listed = self.lists.iter().flat_map(|list| self.of_list(list));
        listed.chain(self.shown.iter().copied()).take(most).count()
    }

    fn of_list(&self, list: &'l BTreeSet<EventKey>) -> Box<dyn Iterator<Item = &'l EventKey> + '_> {
        let start = self.query.after.as_ref().map_or(Bound::Unbounded, Bound::Excluded);
        let is_right = |key: &&EventKey| !self.late.contains(&key.id);
        if self.query.sort.is_descending() {
            Box::new(list.range::<EventKey, _>((Bound::Unbounded, start)).rev().filter(is_right))
        } else {
            Box::new(list.range::<EventKey, _>((start, Bound::Unbounded)).filter(is_right))
        }
    }
}

/// The places of several lists in one order.
struct Merged<'l> {
    parts: Vec<Peekable<Box<dyn Iterator<Item = &'l EventKey> + 'l>>>,
    is_descending: bool,
}

impl<'l> Iterator for Merged<'l> {
    type Item = &'l EventKey;

    fn next(&mut self) -> Option<Self::Item> {
        let mut first: Option<(usize, &EventKey)> = None;
        for (at, part) in self.parts.iter_mut().enumerate() {
            let Some(key) = part.peek() else { continue };
            let is_before = |known: &EventKey| if self.is_descending { *key > known } else { *key < known };
            if first.is_none_or(|(_, known)| is_before(known)) {
                first = Some((at, key));
            }
        }
        let (at, _) = first?;
        self.parts.get_mut(at)?.next()
    }
}
