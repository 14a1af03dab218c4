//! The catalog, in memory.

use async_trait::async_trait;

use crate::catalog::{NewEvent, TicketTypeInput};
use crate::decide::{
    self, AddTicketType, ArchiveRefused, BlockRefused, BlockSeats, CheckedCreation, CreateEvent,
    CreateRefused, Created, EditRefused, OpenWork, Scope, Snapshot, UnblockSeats, announce_status,
    refuse_archived,
};
use crate::error::{CommandError, StoreError};
use crate::event::{Event, EventDetails, EventState, EventStatus, EventStep};
use crate::fact::FactBody;
use crate::id::{EventId, TicketTypeId};
use crate::memory::MemoryStore;
use crate::memory::call_off::is_to_call_off;
use crate::memory::state::State;
use crate::payment::Payment;
use crate::reservation::Reservation;
use crate::seat::Seat;
use crate::store::{CatalogStore, EventQuery, EventView, Page, SeatMap, Swept};
use crate::ticket_type::TicketType;
use crate::time::Timestamp;

#[async_trait]
impl CatalogStore for MemoryStore {
    async fn create_event(&self, command: CreateEvent) -> Result<Created, CommandError<CreateRefused>> {
        // All that takes long is done before the lock.
        let checked = CheckedCreation::of(&command)?;
        let NewEvent { event, ticket_types, seats } = command.event;
        let (id, ids) = (event.id, ticket_types.iter().map(|row| row.id).collect::<Vec<_>>());
        let mut snapshot = Snapshot::new(event);
        for ticket_type in ticket_types {
            snapshot.put_ticket_type(ticket_type);
        }
        for seat in seats {
            snapshot.put_seat(seat);
        }
        let mut state = self.lock();
        let is_taken = state.events.contains(&id)
            || ids.iter().any(|ticket_type| state.event_of_ticket_type.contains_key(ticket_type));
        let created = state.create(&checked, is_taken)?;
        if !created.replayed {
            state.event_of_ticket_type.extend(ids.into_iter().map(|ticket_type| (ticket_type, id)));
            state.events.insert(snapshot);
        }
        Ok(created)
    }

    async fn edit_event(
        &self,
        id: EventId,
        details: EventDetails,
        read_version: Option<u64>,
    ) -> Result<Event, CommandError<EditRefused>> {
        let mut state = self.lock();
        let before = editable(&state, id)?.event();
        let event = decide::edit_details(before, details, read_version).map_err(CommandError::Refused)?;
        state.set_event(event.clone());
        Ok(event)
    }

    async fn step_event(&self, id: EventId, step: EventStep) -> Result<Event, CommandError<EditRefused>> {
        let mut state = self.lock();
        let before = editable(&state, id)?.event();
        let next = before.state.apply(&step).map_err(|illegal| CommandError::Refused(illegal.into()))?;
        let event = Event { state: next, version: before.version + 1, ..before.clone() };
        state.set_event(event.clone());
        Ok(event)
    }

    async fn archive_event(
        &self,
        id: EventId,
        now: Timestamp,
    ) -> Result<Event, CommandError<ArchiveRefused>> {
        let mut state = self.lock();
        let snapshot = state.events.get(&id);
        let snapshot = snapshot.ok_or(CommandError::Refused(ArchiveRefused::EventNotFound))?;
        let event =
            decide::archive(snapshot.event(), open_work(snapshot), now).map_err(CommandError::Refused)?;
        state.set_event(event.clone());
        Ok(event)
    }

    async fn unarchive_event(&self, id: EventId) -> Result<Event, CommandError<ArchiveRefused>> {
        let mut state = self.lock();
        let snapshot = state.events.get(&id);
        let snapshot = snapshot.ok_or(CommandError::Refused(ArchiveRefused::EventNotFound))?;
        let event = decide::unarchive(snapshot.event());
        state.set_event(event.clone());
        Ok(event)
    }

    async fn delete_event(&self, id: EventId) -> Result<(), CommandError<EditRefused>> {
        let mut state = self.lock();
        let snapshot = editable(&state, id)?;
        if snapshot.reservations().len() > 0 {
            return Err(CommandError::Refused(EditRefused::HasReservations));
        }
        let ticket_types: Vec<_> = snapshot.ticket_types().map(|ticket_type| ticket_type.id).collect();
        for ticket_type in ticket_types {
            state.event_of_ticket_type.remove(&ticket_type);
        }
        state.events.remove(id);
        Ok(())
    }

    /// Nothing is left over: what is made and deleted is in memory, under one lock.
    async fn remove_leftovers(&self, _before: Timestamp, _limit: usize) -> Result<usize, StoreError> {
        Ok(0)
    }

    async fn add_ticket_type(&self, command: AddTicketType) -> Result<Created, CommandError<CreateRefused>> {
        let mut state = self.lock();
        let (id, event) = (command.ticket_type.id, command.ticket_type.event);
        let known = state.events.get(&event);
        refuse_archived(known.ok_or(CommandError::Refused(CreateRefused::EventNotFound))?.event())?;
        let is_taken = state.event_of_ticket_type.contains_key(&id);
        let created = state.create(&CheckedCreation::of(&command)?, is_taken)?;
        if !created.replayed {
            state.events.edit(event, |rows| rows.put_ticket_type(command.ticket_type));
            state.event_of_ticket_type.insert(id, event);
        }
        Ok(created)
    }

    async fn edit_ticket_type(
        &self,
        id: TicketTypeId,
        edit: TicketTypeInput,
    ) -> Result<TicketType, CommandError<EditRefused>> {
        let mut state = self.lock();
        let (event, known) = editable_ticket_type(&state, id)?;
        let edited = decide::edit_ticket_type(event, known, &edit).map_err(CommandError::Refused)?;
        let event = event.id;
        state.events.edit(event, |rows| rows.put_ticket_type(edited.clone()));
        Ok(edited)
    }

    async fn remove_ticket_type(&self, id: TicketTypeId) -> Result<(), CommandError<EditRefused>> {
        let mut state = self.lock();
        let (event, known) = editable_ticket_type(&state, id)?;
        decide::remove_ticket_type(known).map_err(CommandError::Refused)?;
        let event = event.id;
        state.events.edit(event, |rows| rows.remove_ticket_type(id));
        state.event_of_ticket_type.remove(&id);
        Ok(())
    }

    async fn block_seats(&self, command: BlockSeats) -> Result<u64, CommandError<BlockRefused>> {
        let mut state = self.lock();
        state.expire_in(command.event, command.now, usize::MAX)?;
        let change = decide::block_seats(seats_of(&state, command.event)?, &command)?;
        state.write(command.event, &change, command.now)?;
        Ok(state.snapshot(command.event)?.map_version())
    }

    async fn unblock_seats(&self, command: UnblockSeats) -> Result<u64, CommandError<BlockRefused>> {
        let mut state = self.lock();
        state.note_wanted_facts(command.event);
        let change = decide::unblock_seats(seats_of(&state, command.event)?, &command)?;
        state.write(command.event, &change, command.now)?;
        Ok(state.snapshot(command.event)?.map_version())
    }

    async fn announce_statuses(&self, now: Timestamp) -> Result<Swept<(EventId, EventStatus)>, StoreError> {
        let mut state = self.lock();
        let mut news = Vec::new();
        for id in state.events.late(now) {
            let Some(snapshot) = state.events.get(&id) else { continue };
            let Some(status) = announce_status(snapshot, now) else {
                // A draft or an archived event has a status that is not announced.
                let status = snapshot.event().status(now, snapshot.has_any_left());
                state.events.file_as(id, status);
                continue;
            };
            let before = snapshot.event().announced;
            let event = Event { announced: status, ..snapshot.event().clone() };
            state.events.edit(id, |rows| rows.set_event(event));
            state.announce(id, now, FactBody::EventStatusChanged { before, status });
            news.push((id, status));
        }
        Ok(Swept::all(news))
    }

    async fn event(&self, id: EventId) -> Result<Option<EventView>, StoreError> {
        Ok(self.lock().events.get(&id).map(view))
    }

    async fn events(&self, query: EventQuery) -> Result<Page<EventView>, StoreError> {
        let state = self.lock();
        let page = state.events.page(&query);
        let views = page.rows.iter().filter_map(|id| state.events.get(id)).map(view).collect();
        Ok(page.with_rows(views))
    }

    async fn ticket_type(&self, id: TicketTypeId) -> Result<Option<TicketType>, StoreError> {
        let state = self.lock();
        let snapshot = state.event_of_ticket_type.get(&id).and_then(|event| state.events.get(event));
        Ok(snapshot.and_then(|snapshot| snapshot.ticket_type(id)).cloned())
    }

    async fn seat_map_version(&self, event: EventId) -> Result<Option<u64>, StoreError> {
        Ok(self.lock().events.get(&event).map(Scope::map_version))
    }

    async fn seat_map(&self, event: EventId, since: u64) -> Result<Option<SeatMap>, StoreError> {
        let state = self.lock();
        let Some(snapshot) = state.events.get(&event) else { return Ok(None) };
        let version = snapshot.map_version();
        let complete = since == 0 || since > version;
        let wanted = |seat: &&Seat| complete || seat.map_version > since;
        let seats = snapshot.seats().iter().filter(wanted).cloned().collect();
        Ok(Some(SeatMap { version, complete, seats }))
    }
}

fn editable(state: &State, id: EventId) -> Result<&Snapshot, CommandError<EditRefused>> {
    let snapshot = state.events.get(&id).ok_or(CommandError::Refused(EditRefused::EventNotFound))?;
    refuse_archived(snapshot.event())?;
    Ok(snapshot)
}

/// Counts what is still to be done about an event.
fn open_work(rows: &Snapshot) -> OpenWork {
    let is_cancelled = matches!(rows.event().state, EventState::Cancelled { .. });
    let is_open = |row: &&Reservation| row.is_pending() || is_cancelled && is_to_call_off(rows, row);
    let is_awaited = |payment: &&Payment| payment.reconciliation.is_some() || payment.needs_attention();
    OpenWork {
        reservations: rows.reservations().filter(is_open).count() as u64,
        payments: rows.payments().filter(is_awaited).count() as u64,
    }
}

fn editable_ticket_type(
    state: &State,
    id: TicketTypeId,
) -> Result<(&Event, &TicketType), CommandError<EditRefused>> {
    let unknown = || CommandError::Refused(EditRefused::TicketTypeNotFound);
    let snapshot = state.event_of_ticket_type.get(&id).and_then(|event| state.events.get(event));
    let snapshot = snapshot.ok_or_else(unknown)?;
    refuse_archived(snapshot.event())?;
    Ok((snapshot.event(), snapshot.ticket_type(id).ok_or_else(unknown)?))
}

fn seats_of(state: &State, event: EventId) -> Result<&Snapshot, CommandError<BlockRefused>> {
    let snapshot = state.events.get(&event).ok_or(CommandError::Refused(BlockRefused::EventNotFound))?;
    refuse_archived(snapshot.event())?;
    Ok(snapshot)
}

fn view(snapshot: &Snapshot) -> EventView {
    let mut ticket_types: Vec<_> = snapshot.ticket_types().cloned().collect();
    ticket_types.sort_by_key(|ticket_type| (ticket_type.position, ticket_type.id));
    EventView { event: snapshot.event().clone(), ticket_types }
}
