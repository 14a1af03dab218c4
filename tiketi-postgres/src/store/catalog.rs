//! The catalog.

mod archive;
mod edits;

use async_trait::async_trait;
use tiketi_core::decide::{
    self, AddTicketType, ArchiveRefused, BlockRefused, BlockSeats, CheckedCreation, CreateEvent,
    CreateRefused, Created, EditRefused, UnblockSeats,
};
use tiketi_core::{
    CommandError, Event, EventDetails, EventId, EventStatus, Page, SeatMap, StoreError, TicketType,
    TicketTypeId, TicketTypeInput, Timestamp,
    event::EventStep,
    store::{CatalogStore, EventQuery, EventView, Swept},
};

use crate::queue::sweep;
use crate::sql::{event_list, reads};
use crate::store::PostgresStore;
use crate::store::create::{create_event, remove_leftovers};
use archive::To;
use edits::{
    Announce, Block, ChangeEvent, DeleteEvent, EditTicketType, NewTicketType, RemoveTicketType, Unblock,
};

#[async_trait]
impl CatalogStore for PostgresStore {
    async fn create_event(&self, command: CreateEvent) -> Result<Created, CommandError<CreateRefused>> {
        create_event(self, command).await
    }

    async fn edit_event(
        &self,
        id: EventId,
        details: EventDetails,
        read_version: Option<u64>,
    ) -> Result<Event, CommandError<EditRefused>> {
        let edit = move |event: &Event| decide::edit_details(event, details.clone(), read_version);
        self.work(id, ChangeEvent(edit)).await
    }

    async fn step_event(&self, id: EventId, step: EventStep) -> Result<Event, CommandError<EditRefused>> {
        let take = move |event: &Event| {
            Ok(Event { state: event.state.apply(&step)?, version: event.version + 1, ..event.clone() })
        };
        self.work(id, ChangeEvent(take)).await
    }

    async fn archive_event(
        &self,
        id: EventId,
        now: Timestamp,
    ) -> Result<Event, CommandError<ArchiveRefused>> {
        archive::to(self, id, To::Archive(now)).await
    }

    async fn unarchive_event(&self, id: EventId) -> Result<Event, CommandError<ArchiveRefused>> {
        archive::to(self, id, To::Lists).await
    }

    async fn delete_event(&self, id: EventId) -> Result<(), CommandError<EditRefused>> {
        self.work(id, DeleteEvent).await?;
        // The event is gone; if this fails, the job deletes its seats.
        let _later = remove_leftovers(self, Timestamp::from_micros(1), usize::MAX).await;
        Ok(())
    }

    async fn remove_leftovers(&self, before: Timestamp, limit: usize) -> Result<usize, StoreError> {
        remove_leftovers(self, before, limit).await
    }

    async fn add_ticket_type(&self, command: AddTicketType) -> Result<Created, CommandError<CreateRefused>> {
        let is_taken = self.event_of_ticket_type(command.ticket_type.id).await?.is_some();
        let checked = CheckedCreation::of(&command)?;
        self.work(command.ticket_type.event, NewTicketType { command, checked, is_taken }).await
    }

    async fn edit_ticket_type(
        &self,
        id: TicketTypeId,
        edit: TicketTypeInput,
    ) -> Result<TicketType, CommandError<EditRefused>> {
        let event = self.event_of_ticket_type(id).await?.ok_or_else(no_ticket_type)?;
        self.work(event, EditTicketType { id, edit }).await
    }

    async fn remove_ticket_type(&self, id: TicketTypeId) -> Result<(), CommandError<EditRefused>> {
        let event = self.event_of_ticket_type(id).await?.ok_or_else(no_ticket_type)?;
        self.work(event, RemoveTicketType(id)).await
    }

    async fn block_seats(&self, command: BlockSeats) -> Result<u64, CommandError<BlockRefused>> {
        self.work(command.event, Block(command)).await
    }

    async fn unblock_seats(&self, command: UnblockSeats) -> Result<u64, CommandError<BlockRefused>> {
        self.work(command.event, Unblock(command)).await
    }

    async fn announce_statuses(&self, now: Timestamp) -> Result<Swept<(EventId, EventStatus)>, StoreError> {
        // Most rounds find nothing, so the first read takes no lock.
        let suspects = event_list::to_announce(self.database(), now).await?;
        let works = suspects.into_iter().map(|id| {
            let store = self.clone();
            let work = async move {
                let told = store.work(id, Announce(now)).await.map_err(StoreError::from)?;
                Ok(told.map(|status| (id, status)))
            };
            (id, work)
        });
        let Swept { done, skipped } = sweep::each(self.permits(), works).await;
        Ok(Swept { done: done.into_iter().flatten().collect(), skipped })
    }

    async fn event(&self, id: EventId) -> Result<Option<EventView>, StoreError> {
        self.find_event(id).await
    }

    async fn events(&self, query: EventQuery) -> Result<Page<EventView>, StoreError> {
        event_list::events(self.database(), &query).await
    }

    async fn ticket_type(&self, id: TicketTypeId) -> Result<Option<TicketType>, StoreError> {
        reads::ticket_type(self.database(), id).await
    }

    async fn seat_map_version(&self, event: EventId) -> Result<Option<u64>, StoreError> {
        reads::map_version(self.database(), event).await
    }

    async fn seat_map(&self, event: EventId, since: u64) -> Result<Option<SeatMap>, StoreError> {
        reads::seat_map(self.database(), event, since).await
    }
}

impl PostgresStore {
    async fn event_of_ticket_type(&self, id: TicketTypeId) -> Result<Option<EventId>, StoreError> {
        reads::event_of(self.database(), reads::EVENT_OF_TICKET_TYPE, id.as_uuid()).await
    }
}

fn no_ticket_type() -> CommandError<EditRefused> {
    CommandError::Refused(EditRefused::TicketTypeNotFound)
}
