//! A catalog that counts reads and can fail, and a broadcast that can lose messages.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use tiketi_core::broadcast::{AnyMessage, Broadcast, BuyerOnly, EventRoom, Listener};
use tiketi_core::clock::Timer;
use tiketi_core::decide::{
    AddTicketType, ArchiveRefused, BlockRefused, BlockSeats, CreateEvent, CreateRefused, Created,
    EditRefused, UnblockSeats,
};
use tiketi_core::error::StoreErrorKind;
use tiketi_core::event::{EventStatus, EventStep};
use tiketi_core::memory::{MemoryBroadcast, MemoryStore};
use tiketi_core::store::{CatalogStore, EventQuery, EventView, Swept};
use tiketi_core::{
    CommandError, Event, EventDetails, EventId, Page, SeatMap, StoreError, TicketType, TicketTypeId,
    TicketTypeInput, Timestamp,
};

/// Counts the reads of a memory store; fails them on request.
#[derive(Debug)]
pub(super) struct ObservedCatalog {
    pub(super) store: Arc<MemoryStore>,
    pub(super) reads: AtomicU64,
    pub(super) is_down: AtomicBool,
}

impl ObservedCatalog {
    fn read(&self) -> Result<(), StoreError> {
        self.reads.fetch_add(1, Ordering::SeqCst);
        if self.is_down.load(Ordering::SeqCst) {
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

/// A broadcast that loses what is sent while it is cut.
#[derive(Debug, Default)]
pub(super) struct LossyBroadcast {
    inner: MemoryBroadcast,
    pub(super) is_cut: AtomicBool,
}

impl Broadcast for LossyBroadcast {
    fn publish(&self, message: AnyMessage) {
        if !self.is_cut.load(Ordering::SeqCst) {
            self.inner.publish(message);
        }
    }

    fn listen(&self, room: EventRoom) -> Listener<EventRoom> {
        self.inner.listen(room)
    }

    fn listen_to_buyer(&self, buyer: BuyerOnly) -> Listener<BuyerOnly> {
        self.inner.listen_to_buyer(buyer)
    }

    fn has_listener(&self, room: EventRoom) -> bool {
        self.inner.has_listener(room)
    }

    fn has_buyer_listener(&self) -> bool {
        self.inner.has_buyer_listener()
    }
}

/// Waits with Tokio's clock.
#[derive(Debug)]
pub(super) struct TokioTimer;

#[async_trait]
impl Timer for TokioTimer {
    async fn sleep(&self, length: Duration) {
        tokio::time::sleep(length).await;
    }
}
