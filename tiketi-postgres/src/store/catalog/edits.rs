//! Changes of organisers, as commands for the queue of their event.

use std::convert::Infallible;

use tiketi_core::decide::{
    self, AddTicketType, BlockRefused, BlockSeats, CheckedCreation, CreateRefused, Created, CreationVerdict,
    EditRefused, Scope, Snapshot, UnblockSeats, announce_status, create, refuse_archived,
};
use tiketi_core::{
    CommandError, Event, EventStatus, FactBody, TicketType, TicketTypeId, TicketTypeInput, Timestamp,
};
use tiketi_sql::{BatchCommand, BatchReadSet};

use crate::queue::Postgres;
use crate::working_set::WorkingSet;

/// Changes an event's own row.
pub(super) struct ChangeEvent<F>(pub(super) F);

/// Removes an event that never had a reservation.
pub(super) struct DeleteEvent;

/// Adds a ticket type.
pub(super) struct NewTicketType {
    pub(super) command: AddTicketType,
    pub(super) checked: CheckedCreation,
    /// Whether another event has a ticket type with its id.
    pub(super) is_taken: bool,
}

/// Changes a ticket type.
pub(super) struct EditTicketType {
    pub(super) id: TicketTypeId,
    pub(super) edit: TicketTypeInput,
}

/// Removes a ticket type.
pub(super) struct RemoveTicketType(pub(super) TicketTypeId);

/// Blocks seats.
pub(super) struct Block(pub(super) BlockSeats);

/// Unblocks seats.
pub(super) struct Unblock(pub(super) UnblockSeats);

/// Stores and announces a status that differs from the announced one.
pub(super) struct Announce(pub(super) Timestamp);

fn open(set: &WorkingSet) -> Result<&Snapshot, CommandError<EditRefused>> {
    let snapshot = set.snapshot().ok_or(CommandError::Refused(EditRefused::EventNotFound))?;
    refuse_archived(snapshot.event())?;
    Ok(snapshot)
}

fn known(set: &WorkingSet, id: TicketTypeId) -> Result<&TicketType, CommandError<EditRefused>> {
    let unknown = CommandError::Refused(EditRefused::TicketTypeNotFound);
    open(set)?.ticket_type(id).ok_or(unknown)
}

impl<F> BatchCommand<Postgres> for ChangeEvent<F>
where
    F: Fn(&Event) -> Result<Event, EditRefused> + Send + 'static,
{
    type Found = Event;
    type Refused = EditRefused;

    fn decide(&mut self, set: &mut WorkingSet) -> Result<Event, CommandError<EditRefused>> {
        let changed = (self.0)(open(set)?.event()).map_err(CommandError::Refused)?;
        set.set_event(changed.clone())?;
        Ok(changed)
    }
}

impl BatchCommand<Postgres> for DeleteEvent {
    type Found = ();
    type Refused = EditRefused;

    fn read_set(&self, reads: &mut BatchReadSet) {
        reads.any_reservation = true;
    }

    fn decide(&mut self, set: &mut WorkingSet) -> Result<(), CommandError<EditRefused>> {
        open(set)?;
        if set.has_reservations() {
            return Err(CommandError::Refused(EditRefused::HasReservations));
        }
        set.delete_event();
        Ok(())
    }
}

impl BatchCommand<Postgres> for NewTicketType {
    type Found = Created;
    type Refused = CreateRefused;

    fn read_set(&self, reads: &mut BatchReadSet) {
        reads.creations.insert(self.command.key);
    }

    fn decide(&mut self, set: &mut WorkingSet) -> Result<Created, CommandError<CreateRefused>> {
        let id = self.command.ticket_type.id;
        let snapshot = set.snapshot().ok_or(CommandError::Refused(CreateRefused::EventNotFound))?;
        refuse_archived(snapshot.event())?;
        let is_taken = self.is_taken || snapshot.ticket_type(id).is_some();
        match create(&self.checked, set.creation(self.command.key), is_taken)? {
            CreationVerdict::Replay(id) => Ok(Created { id, replayed: true }),
            CreationVerdict::Make(record) => {
                set.remember_creation(self.command.key, record);
                set.add_ticket_type(self.command.ticket_type.clone())?;
                Ok(Created { id: record.made, replayed: false })
            }
        }
    }
}

impl BatchCommand<Postgres> for EditTicketType {
    type Found = TicketType;
    type Refused = EditRefused;

    fn decide(&mut self, set: &mut WorkingSet) -> Result<TicketType, CommandError<EditRefused>> {
        let (event, before) = (open(set)?.event(), known(set, self.id)?);
        let edited = decide::edit_ticket_type(event, before, &self.edit).map_err(CommandError::Refused)?;
        set.edit_ticket_type(edited.clone())?;
        Ok(edited)
    }
}

impl BatchCommand<Postgres> for RemoveTicketType {
    type Found = ();
    type Refused = EditRefused;

    fn decide(&mut self, set: &mut WorkingSet) -> Result<(), CommandError<EditRefused>> {
        decide::remove_ticket_type(known(set, self.0)?).map_err(CommandError::Refused)?;
        Ok(set.remove_ticket_type(self.0)?)
    }
}

fn for_blocking(set: &WorkingSet) -> Result<&Snapshot, CommandError<BlockRefused>> {
    let snapshot = set.snapshot().ok_or(CommandError::Refused(BlockRefused::EventNotFound))?;
    refuse_archived(snapshot.event())?;
    Ok(snapshot)
}

impl BatchCommand<Postgres> for Block {
    type Found = u64;
    type Refused = BlockRefused;

    fn read_set(&self, reads: &mut BatchReadSet) {
        reads.seats.extend(&self.0.seats);
        reads.due_at(self.0.now);
    }

    fn decide(&mut self, set: &mut WorkingSet) -> Result<u64, CommandError<BlockRefused>> {
        set.check_clock(self.0.now)?;
        set.expire_due(self.0.now)?;
        let change = decide::block_seats(for_blocking(set)?, &self.0)?;
        set.write(&change, self.0.now)?;
        Ok(for_blocking(set)?.map_version())
    }
}

impl BatchCommand<Postgres> for Unblock {
    type Found = u64;
    type Refused = BlockRefused;

    fn read_set(&self, reads: &mut BatchReadSet) {
        reads.seats.extend(&self.0.seats);
    }

    fn decide(&mut self, set: &mut WorkingSet) -> Result<u64, CommandError<BlockRefused>> {
        set.check_clock(self.0.now)?;
        let change = decide::unblock_seats(for_blocking(set)?, &self.0)?;
        set.write(&change, self.0.now)?;
        Ok(for_blocking(set)?.map_version())
    }
}

impl BatchCommand<Postgres> for Announce {
    type Found = Option<EventStatus>;
    type Refused = Infallible;

    fn decide(&mut self, set: &mut WorkingSet) -> Result<Option<EventStatus>, CommandError<Infallible>> {
        set.check_clock(self.0)?;
        let Some(snapshot) = set.snapshot() else { return Ok(None) };
        let Some(status) = announce_status(snapshot, self.0) else { return Ok(None) };
        let before = snapshot.event().announced;
        let event = Event { announced: status, ..snapshot.event().clone() };
        set.set_event(event)?;
        set.announce(self.0, FactBody::EventStatusChanged { before, status });
        Ok(Some(status))
    }
}
