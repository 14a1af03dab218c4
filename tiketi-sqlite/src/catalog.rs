//! The catalog.

use async_trait::async_trait;
use rusqlite::Connection;
use tiketi_core::decide::{
    self, AddTicketType, ArchiveRefused, BlockRefused, BlockSeats, CheckedCreation, CreateEvent,
    CreateRefused, Created, EditRefused, OpenWork, Scope, UnblockSeats, announce_status, refuse_archived,
};
use tiketi_core::{
    CommandError, Event, EventDetails, EventId, EventStatus, FactBody, Page, SeatMap, StoreError, TicketType,
    TicketTypeId, TicketTypeInput, Timestamp,
    event::{EventState, EventStep},
    store::{CatalogStore, EventQuery, EventView, Swept},
};

use crate::event_list::{self, to_announce};
use crate::load::one;
use crate::row::first;
use crate::store::SqliteStore;
use crate::working_set::WorkingSet;
use crate::{create, reads, write};

#[async_trait]
impl CatalogStore for SqliteStore {
    async fn create_event(&self, command: CreateEvent) -> Result<Created, CommandError<CreateRefused>> {
        create::create_event(self, command).await
    }

    async fn edit_event(
        &self,
        id: EventId,
        details: EventDetails,
        read_version: Option<u64>,
    ) -> Result<Event, CommandError<EditRefused>> {
        let edit = move |set: &mut WorkingSet<'_>| {
            change_event(set, id, |event| decide::edit_details(event, details.clone(), read_version))
        };
        self.writer().run_work(edit).await
    }

    async fn step_event(&self, id: EventId, step: EventStep) -> Result<Event, CommandError<EditRefused>> {
        let take = move |event: &Event| {
            Ok(Event { state: event.state.apply(&step)?, version: event.version + 1, ..event.clone() })
        };
        self.writer().run_work(move |set| change_event(set, id, take)).await
    }

    async fn archive_event(
        &self,
        id: EventId,
        now: Timestamp,
    ) -> Result<Event, CommandError<ArchiveRefused>> {
        let archive = move |set: &mut WorkingSet<'_>, event: &Event| {
            decide::archive(event, open_work(set.connection(), event)?, now).map_err(CommandError::Refused)
        };
        self.writer().run_work(move |set| move_in_archive(set, id, archive)).await
    }

    async fn unarchive_event(&self, id: EventId) -> Result<Event, CommandError<ArchiveRefused>> {
        let unarchive = |_: &mut WorkingSet<'_>, event: &Event| Ok(decide::unarchive(event));
        self.writer().run_work(move |set| move_in_archive(set, id, unarchive)).await
    }

    async fn delete_event(&self, id: EventId) -> Result<(), CommandError<EditRefused>> {
        create::delete_event(self, id).await
    }

    async fn remove_leftovers(&self, before: Timestamp, limit: usize) -> Result<usize, StoreError> {
        create::remove_leftovers(self, before, limit).await
    }

    async fn add_ticket_type(&self, command: AddTicketType) -> Result<Created, CommandError<CreateRefused>> {
        let checked = CheckedCreation::of(&command)?;
        self.writer().run_work(move |set| add_ticket_type(set, &command, &checked)).await
    }

    async fn edit_ticket_type(
        &self,
        id: TicketTypeId,
        edit: TicketTypeInput,
    ) -> Result<TicketType, CommandError<EditRefused>> {
        self.writer().run_work(move |set| edit_ticket_type(set, id, &edit)).await
    }

    async fn remove_ticket_type(&self, id: TicketTypeId) -> Result<(), CommandError<EditRefused>> {
        self.writer().run_work(move |set| remove_ticket_type(set, id)).await
    }

    async fn block_seats(&self, command: BlockSeats) -> Result<u64, CommandError<BlockRefused>> {
        let block = move |set: &mut WorkingSet<'_>| {
            open_for_blocking(set, command.event)?;
            set.expire_in(command.event, command.now)?;
            set.load_seats(command.event, command.seats.iter().copied())?;
            let change = decide::block_seats(set.snapshot(command.event)?, &command)?;
            set.write(command.event, &change, command.now)?;
            Ok(set.snapshot(command.event)?.map_version())
        };
        self.writer().run_work(block).await
    }

    async fn unblock_seats(&self, command: UnblockSeats) -> Result<u64, CommandError<BlockRefused>> {
        let unblock = move |set: &mut WorkingSet<'_>| {
            open_for_blocking(set, command.event)?;
            set.load_seats(command.event, command.seats.iter().copied())?;
            let change = decide::unblock_seats(set.snapshot(command.event)?, &command)?;
            set.write(command.event, &change, command.now)?;
            Ok(set.snapshot(command.event)?.map_version())
        };
        self.writer().run_work(unblock).await
    }

    async fn announce_statuses(&self, now: Timestamp) -> Result<Swept<(EventId, EventStatus)>, StoreError> {
        // Most rounds find nothing, so a read comes first: it does not delay the writer.
        let suspects = self.read(move |connection| to_announce(connection, now)).await?;
        if suspects.is_empty() {
            return Ok(Swept::default());
        }
        let mut swept = Swept::default();
        for id in suspects {
            match self.write(move |set| announce(set, id, now)).await {
                Ok(told) => swept.done.extend(told.map(|status| (id, status))),
                Err(error) => swept.skipped.push((id, error)),
            }
        }
        Ok(swept)
    }

    async fn event(&self, id: EventId) -> Result<Option<EventView>, StoreError> {
        self.read(move |connection| reads::event(connection, id)).await
    }

    async fn events(&self, query: EventQuery) -> Result<Page<EventView>, StoreError> {
        self.read(move |connection| event_list::events(connection, &query)).await
    }

    async fn ticket_type(&self, id: TicketTypeId) -> Result<Option<TicketType>, StoreError> {
        self.read(move |connection| reads::ticket_type(connection, id)).await
    }

    async fn seat_map_version(&self, event: EventId) -> Result<Option<u64>, StoreError> {
        self.read(move |connection| reads::map_version(connection, event)).await
    }

    async fn seat_map(&self, event: EventId, since: u64) -> Result<Option<SeatMap>, StoreError> {
        self.read(move |connection| reads::seat_map(connection, event, since)).await
    }
}

fn change_event(
    set: &mut WorkingSet<'_>,
    id: EventId,
    change: impl FnOnce(&Event) -> Result<Event, EditRefused>,
) -> Result<Event, CommandError<EditRefused>> {
    open_for_edit(set, id)?;
    let connection = set.connection();
    let before = set.snapshot(id)?.event();
    let changed = change(before).map_err(CommandError::Refused)?;
    write::edit_search(connection, &before.details, &changed)?;
    write::event(connection, &changed)?;
    set.snapshot(id)?.set_event(changed.clone());
    Ok(changed)
}

fn move_in_archive(
    set: &mut WorkingSet<'_>,
    id: EventId,
    change: impl FnOnce(&mut WorkingSet<'_>, &Event) -> Result<Event, CommandError<ArchiveRefused>>,
) -> Result<Event, CommandError<ArchiveRefused>> {
    if !set.open_event(id)? {
        return Err(CommandError::Refused(ArchiveRefused::EventNotFound));
    }
    let before = set.snapshot(id)?.event().clone();
    let changed = change(set, &before)?;
    if changed != before {
        write::event(set.connection(), &changed)?;
        set.snapshot(id)?.set_event(changed.clone());
    }
    Ok(changed)
}

/// Counts what is still to be done about an event. The partial indexes have what is open in all events, which is little.
fn open_work(connection: &Connection, event: &Event) -> Result<OpenWork, StoreError> {
    let count = |sql: &str| -> Result<u64, StoreError> {
        let found = one(connection, sql, [event.id.as_uuid()], first::<i64>)?;
        Ok(found.and_then(|count| u64::try_from(count).ok()).unwrap_or_default())
    };
    let pending = count(
        "SELECT count(*) FROM reservations INDEXED BY one_pending_reservation \
         WHERE event = ?1 AND state IN ('held', 'paying')",
    )?;
    let to_call_off = if matches!(event.state, EventState::Cancelled { .. }) {
        count(
            "SELECT count(*) FROM reservations LEFT JOIN payments ON payments.id = reservations.payment \
             WHERE reservations.event = ?1 AND reservations.state = 'confirmed' AND (payments.id IS NULL \
                OR payments.reconcile_at IS NULL AND NOT payments.call_off_refused)",
        )?
    } else {
        0
    };
    let payments = count(
        "SELECT count(*) FROM (SELECT id FROM payments INDEXED BY payments_to_reconcile \
            WHERE reconcile_at IS NOT NULL AND event = ?1 \
            UNION SELECT id FROM payments INDEXED BY payments_needing_attention \
            WHERE needs_attention AND event = ?1)",
    )?;
    Ok(OpenWork { reservations: pending + to_call_off, payments })
}

fn add_ticket_type(
    set: &mut WorkingSet<'_>,
    command: &AddTicketType,
    checked: &CheckedCreation,
) -> Result<Created, CommandError<CreateRefused>> {
    let (connection, ticket_type) = (set.connection(), &command.ticket_type);
    if !set.open_event(ticket_type.event)? {
        return Err(CommandError::Refused(CreateRefused::EventNotFound));
    }
    refuse_archived(set.snapshot(ticket_type.event)?.event())?;
    let is_taken = reads::event_of_ticket_type(connection, ticket_type.id)?.is_some();
    let created = create::make(connection, checked, is_taken)?;
    if !created.replayed {
        write::new_ticket_type(connection, ticket_type)?;
        set.snapshot(ticket_type.event)?.put_ticket_type(ticket_type.clone());
    }
    Ok(created)
}

fn edit_ticket_type(
    set: &mut WorkingSet<'_>,
    id: TicketTypeId,
    edit: &TicketTypeInput,
) -> Result<TicketType, CommandError<EditRefused>> {
    let (event, known) = known_ticket_type(set, id)?;
    let edited = decide::edit_ticket_type(set.snapshot(event)?.event(), &known, edit)
        .map_err(CommandError::Refused)?;
    write::ticket_type(set.connection(), &edited)?;
    set.snapshot(event)?.put_ticket_type(edited.clone());
    Ok(edited)
}

fn remove_ticket_type(set: &mut WorkingSet<'_>, id: TicketTypeId) -> Result<(), CommandError<EditRefused>> {
    let (event, known) = known_ticket_type(set, id)?;
    decide::remove_ticket_type(&known).map_err(CommandError::Refused)?;
    write::run(set.connection(), "DELETE FROM ticket_types WHERE id = ?1", [id.as_uuid()])?;
    set.snapshot(event)?.remove_ticket_type(id);
    Ok(())
}

fn known_ticket_type(
    set: &mut WorkingSet<'_>,
    id: TicketTypeId,
) -> Result<(EventId, TicketType), CommandError<EditRefused>> {
    let unknown = || CommandError::Refused(EditRefused::TicketTypeNotFound);
    let event = reads::event_of_ticket_type(set.connection(), id)?.ok_or_else(unknown)?;
    open_for_edit(set, event)?;
    let known = set.snapshot(event)?.ticket_type(id).cloned().ok_or_else(unknown)?;
    Ok((event, known))
}

fn open_for_edit(set: &mut WorkingSet<'_>, id: EventId) -> Result<(), CommandError<EditRefused>> {
    if !set.open_event(id)? {
        return Err(CommandError::Refused(EditRefused::EventNotFound));
    }
    refuse_archived(set.snapshot(id)?.event())
}

fn open_for_blocking(set: &mut WorkingSet<'_>, id: EventId) -> Result<(), CommandError<BlockRefused>> {
    if !set.open_event(id)? {
        return Err(CommandError::Refused(BlockRefused::EventNotFound));
    }
    refuse_archived(set.snapshot(id)?.event())
}

fn announce(
    set: &mut WorkingSet<'_>,
    id: EventId,
    now: Timestamp,
) -> Result<Option<EventStatus>, StoreError> {
    if !set.open_event(id)? {
        return Ok(None);
    }
    let snapshot = set.snapshot(id)?;
    let Some(status) = announce_status(snapshot, now) else { return Ok(None) };
    let before = snapshot.event().announced;
    let event = Event { announced: status, ..snapshot.event().clone() };
    write::event(set.connection(), &event)?;
    set.snapshot(id)?.set_event(event);
    set.announce(id, now, FactBody::EventStatusChanged { before, status })?;
    Ok(Some(status))
}
