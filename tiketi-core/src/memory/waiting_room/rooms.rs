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
    /// Rooms that may have rows to save.
    touched: BTreeSet<EventId>,
}

impl Rooms {
    /// Makes rooms from the rows of a journal.
    pub(super) fn restored(rows: Vec<RoomRows>) -> Result<Self, StoreError> {
        let tables = rows.into_iter().map(|rows| Ok((rows.room.event, RoomTable::restored(rows)?)));
        Ok(Self { tables: tables.collect::<Result<_, StoreError>>()?, touched: BTreeSet::new() })
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

    pub(super) fn after(&self, after: Bound<EventId>) -> impl Iterator<Item = (&EventId, &RoomTable)> {
        self.tables.range((after, Bound::Unbounded))
    }

    /// Returns the rows that changed since they were last taken.
    pub(super) fn take_unsaved(&mut self) -> Vec<RoomRows> {
        let touched = std::mem::take(&mut self.touched);
        touched.iter().filter_map(|event| self.tables.get_mut(event)?.take_unsaved()).collect()
    }

    /// Forgets which rows changed, for rooms without a journal.
    pub(super) fn forget_unsaved(&mut self) {
        for event in std::mem::take(&mut self.touched) {
            if let Some(table) = self.tables.get_mut(&event) {
                table.forget_unsaved();
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
