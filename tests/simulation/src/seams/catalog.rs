//! Events, layouts, webhooks and the store's clock behind the fault layer.

use std::time::Duration;

use async_trait::async_trait;
use tiketi_core::catalog::TicketTypeInput;
use tiketi_core::decide::{
    AddTicketType, ArchiveRefused, BlockRefused, BlockSeats, CreateEvent, CreateLayout, CreateRefused,
    Created, EditRefused, UnblockSeats,
};
use tiketi_core::event::{EventDetails, EventStep};
use tiketi_core::seat_layout::{LayoutOutline, StoredLayout};
use tiketi_core::store::{
    CatalogStore, Delivery, EventQuery, EventView, InboxStore, LayoutStore, Page, PageRequest, Receipt,
    SeatMap, StoreClock, StoreProbe, Swept,
};
use tiketi_core::{
    CommandError, Event, EventId, EventStatus, LayoutId, StoreError, TicketType, TicketTypeId, Timestamp,
};

use crate::history::Cause;
use crate::seams::{NodeStores, at_once, check_lead};
use crate::sometimes::Sometimes;

#[async_trait]
impl CatalogStore for NodeStores {
    async fn create_event(&self, command: CreateEvent) -> Result<Created, CommandError<CreateRefused>> {
        self.change(move |world| at_once(world.store.create_event(command.clone()))).await
    }

    async fn edit_event(
        &self,
        id: EventId,
        details: EventDetails,
        read_version: Option<u64>,
    ) -> Result<Event, CommandError<EditRefused>> {
        self.change(move |world| {
            let edited = at_once(world.store.edit_event(id, details.clone(), read_version));
            world.observe(&Cause::Organiser);
            edited
        })
        .await
    }

    async fn step_event(&self, id: EventId, step: EventStep) -> Result<Event, CommandError<EditRefused>> {
        self.change(move |world| {
            let stepped = at_once(world.store.step_event(id, step));
            world.observe(&Cause::Organiser);
            stepped
        })
        .await
    }

    async fn archive_event(
        &self,
        id: EventId,
        now: Timestamp,
    ) -> Result<Event, CommandError<ArchiveRefused>> {
        self.change(move |world| at_once(world.store.archive_event(id, now))).await
    }

    async fn unarchive_event(&self, id: EventId) -> Result<Event, CommandError<ArchiveRefused>> {
        self.change(move |world| at_once(world.store.unarchive_event(id))).await
    }

    async fn delete_event(&self, id: EventId) -> Result<(), CommandError<EditRefused>> {
        self.change(move |world| at_once(world.store.delete_event(id))).await
    }

    async fn remove_leftovers(&self, before: Timestamp, limit: usize) -> Result<usize, StoreError> {
        self.change(move |world| at_once(world.store.remove_leftovers(before, limit))).await
    }

    async fn add_ticket_type(&self, command: AddTicketType) -> Result<Created, CommandError<CreateRefused>> {
        self.change(move |world| at_once(world.store.add_ticket_type(command.clone()))).await
    }

    async fn edit_ticket_type(
        &self,
        id: TicketTypeId,
        edit: TicketTypeInput,
    ) -> Result<TicketType, CommandError<EditRefused>> {
        self.change(move |world| at_once(world.store.edit_ticket_type(id, edit.clone()))).await
    }

    async fn remove_ticket_type(&self, id: TicketTypeId) -> Result<(), CommandError<EditRefused>> {
        self.change(move |world| at_once(world.store.remove_ticket_type(id))).await
    }

    async fn block_seats(&self, command: BlockSeats) -> Result<u64, CommandError<BlockRefused>> {
        self.change(move |world| {
            check_lead(world, command.now)?;
            let blocked = at_once(world.store.block_seats(command.clone()));
            world.observe(&Cause::Block(command.now));
            blocked
        })
        .await
    }

    async fn unblock_seats(&self, command: UnblockSeats) -> Result<u64, CommandError<BlockRefused>> {
        self.change(move |world| {
            check_lead(world, command.now)?;
            let unblocked = at_once(world.store.unblock_seats(command.clone()));
            world.observe(&Cause::Block(command.now));
            unblocked
        })
        .await
    }

    async fn announce_statuses(&self, now: Timestamp) -> Result<Swept<(EventId, EventStatus)>, StoreError> {
        self.change(move |world| {
            check_lead(world, now)?;
            at_once(world.store.announce_statuses(now))
        })
        .await
    }

    async fn event(&self, id: EventId) -> Result<Option<EventView>, StoreError> {
        self.read(|world| at_once(world.store.event(id))).await
    }

    async fn events(&self, query: EventQuery) -> Result<Page<EventView>, StoreError> {
        self.read(|world| at_once(world.store.events(query))).await
    }

    async fn ticket_type(&self, id: TicketTypeId) -> Result<Option<TicketType>, StoreError> {
        self.read(|world| at_once(world.store.ticket_type(id))).await
    }

    async fn seat_map_version(&self, event: EventId) -> Result<Option<u64>, StoreError> {
        self.read(|world| at_once(world.store.seat_map_version(event))).await
    }

    async fn seat_map(&self, event: EventId, since: u64) -> Result<Option<SeatMap>, StoreError> {
        self.read(|world| at_once(world.store.seat_map(event, since))).await
    }
}

#[async_trait]
impl LayoutStore for NodeStores {
    async fn create_layout(&self, command: CreateLayout) -> Result<Created, CommandError<CreateRefused>> {
        self.change(move |world| at_once(world.store.create_layout(command.clone()))).await
    }

    async fn layout(&self, id: LayoutId) -> Result<Option<StoredLayout>, StoreError> {
        self.read(|world| at_once(world.store.layout(id))).await
    }

    async fn layouts(&self, page: PageRequest) -> Result<Page<LayoutOutline>, StoreError> {
        self.read(|world| at_once(world.store.layouts(page))).await
    }

    async fn delete_layout(&self, id: LayoutId) -> Result<bool, StoreError> {
        self.change(move |world| at_once(world.store.delete_layout(id))).await
    }
}

#[async_trait]
impl InboxStore for NodeStores {
    async fn receive_delivery(&self, delivery: Delivery, most: usize) -> Result<Receipt, StoreError> {
        self.change(move |world| {
            let receipt = at_once(world.store.receive_delivery(delivery.clone(), most))?;
            if receipt == Receipt::Known {
                world.reach(Sometimes::WebhookKnown);
            }
            Ok(receipt)
        })
        .await
    }

    async fn claim_deliveries(
        &self,
        now: Timestamp,
        lease: Duration,
        limit: usize,
    ) -> Result<Vec<Delivery>, StoreError> {
        self.change(move |world| at_once(world.store.claim_deliveries(now, lease, limit))).await
    }

    async fn ack_delivery(&self, gateway: &str, delivery: &str) -> Result<(), StoreError> {
        let (gateway, delivery) = (gateway.to_owned(), delivery.to_owned());
        self.change(move |world| at_once(world.store.ack_delivery(&gateway, &delivery))).await
    }

    async fn postpone_delivery(
        &self,
        gateway: &str,
        delivery: &str,
        until: Timestamp,
    ) -> Result<(), StoreError> {
        let (gateway, delivery) = (gateway.to_owned(), delivery.to_owned());
        self.change(move |world| at_once(world.store.postpone_delivery(&gateway, &delivery, until))).await
    }

    async fn forget_deliveries(&self, before: Timestamp) -> Result<u64, StoreError> {
        self.change(move |world| at_once(world.store.forget_deliveries(before))).await
    }
}

#[async_trait]
impl StoreClock for NodeStores {
    async fn store_time(&self) -> Result<Option<Timestamp>, StoreError> {
        self.read(|world| Ok(Some(world.now()))).await
    }
}

#[async_trait]
impl StoreProbe for NodeStores {
    async fn probe_write(&self, now: Timestamp) -> Result<(), StoreError> {
        self.change(move |world| at_once(world.store.probe_write(now))).await
    }
}
