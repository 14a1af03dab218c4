//! A catalog that counts reads and can fail.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use tiketi_core::decide::{
    AddTicketType, ArchiveRefused, BlockRefused, BlockSeats, CreateEvent, CreateRefused, Created,
    EditRefused, UnblockSeats,
};
use tiketi_core::error::StoreErrorKind;
use tiketi_core::event::{EventStatus, EventStep};
use tiketi_core::memory::MemoryStore;
use tiketi_core::store::{CatalogStore, EventQuery, EventView, Swept};
use tiketi_core::{
    CommandError, Event, EventDetails, EventId, Page, SeatMap, StoreError, TicketType, TicketTypeId,
    TicketTypeInput, Timestamp,
};

/// Counts the reads of a memory store; fails them on request.
#[derive(Debug)]
pub(crate) struct ObservedCatalog {
    store: Arc<MemoryStore>,
    reads: AtomicU64,
    /// The number of the first read that fails.
    fails_from: AtomicU64,
}

impl ObservedCatalog {
    /// Makes a catalog that does not fail.
    pub(crate) fn of(store: Arc<MemoryStore>) -> Arc<Self> {
        Arc::new(Self { store, reads: AtomicU64::new(0), fails_from: AtomicU64::new(u64::MAX) })
    }

    /// Returns how many reads there were.
    pub(crate) fn reads(&self) -> u64 {
        self.reads.load(Ordering::SeqCst)
    }

    /// Lets so many more reads succeed, and fails those after them.
    pub(crate) fn fail_after(&self, more: u64) {
        self.fails_from.store(self.reads().saturating_add(more), Ordering::SeqCst);
    }

    fn read(&self) -> Result<(), StoreError> {
        if self.reads.fetch_add(1, Ordering::SeqCst) >= self.fails_from.load(Ordering::SeqCst) {
            return Err(StoreError::new(StoreErrorKind::Unavailable, "the store is down"));
        }
        Ok(())
    }
}

#[async_trait]
impl CatalogStore for ObservedCatalog {
    async fn create_event(&self, command: CreateEvent) -> Result<Created, CommandError<CreateRefused>> {
        self.store.create_event(command).await
    }

    async fn edit_event(
        &self,
        id: EventId,
        details: EventDetails,
        read_version: Option<u64>,
    ) -> Result<Event, CommandError<EditRefused>> {
        self.store.edit_event(id, details, read_version).await
    }

    async fn step_event(&self, id: EventId, step: EventStep) -> Result<Event, CommandError<EditRefused>> {
        self.store.step_event(id, step).await
    }

    async fn archive_event(
        &self,
        id: EventId,
        now: Timestamp,
    ) -> Result<Event, CommandError<ArchiveRefused>> {
        self.store.archive_event(id, now).await
    }

    async fn unarchive_event(&self, id: EventId) -> Result<Event, CommandError<ArchiveRefused>> {
        self.store.unarchive_event(id).await
    }

    async fn delete_event(&self, id: EventId) -> Result<(), CommandError<EditRefused>> {
        self.store.delete_event(id).await
    }

    async fn remove_leftovers(&self, before: Timestamp, limit: usize) -> Result<usize, StoreError> {
        self.store.remove_leftovers(before, limit).await
    }

    async fn add_ticket_type(&self, command: AddTicketType) -> Result<Created, CommandError<CreateRefused>> {
        self.store.add_ticket_type(command).await
    }

    async fn edit_ticket_type(
        &self,
        id: TicketTypeId,
        edit: TicketTypeInput,
    ) -> Result<TicketType, CommandError<EditRefused>> {
        self.store.edit_ticket_type(id, edit).await
    }

    async fn remove_ticket_type(&self, id: TicketTypeId) -> Result<(), CommandError<EditRefused>> {
        self.store.remove_ticket_type(id).await
    }

    async fn block_seats(&self, command: BlockSeats) -> Result<u64, CommandError<BlockRefused>> {
        self.store.block_seats(command).await
    }

    async fn unblock_seats(&self, command: UnblockSeats) -> Result<u64, CommandError<BlockRefused>> {
        self.store.unblock_seats(command).await
    }

    async fn announce_statuses(&self, now: Timestamp) -> Result<Swept<(EventId, EventStatus)>, StoreError> {
        self.store.announce_statuses(now).await
    }

    async fn event(&self, id: EventId) -> Result<Option<EventView>, StoreError> {
        self.read()?;
        self.store.event(id).await
    }

    async fn events(&self, query: EventQuery) -> Result<Page<EventView>, StoreError> {
        self.read()?;
        self.store.events(query).await
    }

    async fn ticket_type(&self, id: TicketTypeId) -> Result<Option<TicketType>, StoreError> {
        self.read()?;
        self.store.ticket_type(id).await
    }

    async fn seat_map_version(&self, event: EventId) -> Result<Option<u64>, StoreError> {
        self.read()?;
        self.store.seat_map_version(event).await
    }

    async fn seat_map(&self, event: EventId, since: u64) -> Result<Option<SeatMap>, StoreError> {
        self.read()?;
        self.store.seat_map(event, since).await
    }
}
