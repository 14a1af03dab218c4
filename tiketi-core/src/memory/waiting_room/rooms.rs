//! All rooms of a process, and the rows that a journal has not saved yet.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use crate::error::StoreError;
use crate::id::EventId;
use crate::memory::waiting_room::room_table::RoomTable;
use crate::store::RoomRows;

/// All rooms, by event.
#[derive(Debug, Default)]
pub(super) struct Rooms {
    tables: BTreeMap<EventId, RoomTable>,
    /// Rooms with a live place, so that admission reads no room of a past sale.
    busy: BTreeSet<EventId>,
    /// Rooms that changed since the last call of [`Rooms::take_unsaved`] or [`Rooms::forget_unsaved`].
    touched: BTreeSet<EventId>,
}

impl Rooms {
    /// Makes rooms from the rows of a journal.
    pub(super) fn restored(rows: Vec<RoomRows>) -> Result<Self, StoreError> {
        let tables = rows.into_iter().map(|rows| Ok((rows.room.event, RoomTable::restored(rows)?)));
        let tables: BTreeMap<_, _> = tables.collect::<Result<_, StoreError>>()?;
        let busy =
            tables.iter().filter(|(_, table)| table.room().live() > 0).map(|(event, _)| *event).collect();
        Ok(Self { tables, busy, touched: BTreeSet::new() })
    }

    pub(super) fn get(&self, event: EventId) -> Option<&RoomTable> {
        self.tables.get(&event)
    }

    pub(super) fn get_mut(&mut self, event: EventId) -> Option<&mut RoomTable> {
        let table = self.tables.get_mut(&event)?;
        self.touched.insert(event);
        Some(table)
    }

    pub(super) fn insert(&mut self, event: EventId, table: RoomTable) {
        self.touched.insert(event);
        self.tables.insert(event, table);
    }

    /// Returns the events whose room has a live place, in the order of their ids.
    pub(super) fn busy_after(&self, after: Bound<EventId>) -> impl Iterator<Item = EventId> {
        self.busy.range((after, Bound::Unbounded)).copied()
    }

    /// Returns the rows that changed since they were last taken.
    pub(super) fn take_unsaved(&mut self) -> Vec<RoomRows> {
        let mut rows = Vec::new();
        self.each_touched(|table| rows.extend(table.take_unsaved()));
        rows
    }

    /// Forgets which rows changed, for rooms without a journal.
    pub(super) fn forget_unsaved(&mut self) {
        self.each_touched(RoomTable::forget_unsaved);
    }

    /// Calls `act` for every room that changed, and updates which rooms are busy.
    fn each_touched(&mut self, mut act: impl FnMut(&mut RoomTable)) {
        for event in std::mem::take(&mut self.touched) {
            let Some(table) = self.tables.get_mut(&event) else { continue };
            act(table);
            if table.room().live() > 0 {
                self.busy.insert(event);
            } else {
                self.busy.remove(&event);
            }
        }
    }

    /// Puts rows back that could not be saved.
    pub(super) fn put_back(&mut self, rows: &[RoomRows]) {
        for rows in rows {
            if let Some(table) = self.get_mut(rows.room.event) {
                table.put_back(rows);
            }
        }
    }
}
