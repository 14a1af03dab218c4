//! What organisers change, as work for the lane of their event.

use std::convert::Infallible;

use tiketi_core::decide::{
    self, AddTicketType, BlockRefused, BlockSeats, CreateRefused, Created, CreationVerdict, EditRefused,
    Scope, Snapshot, UnblockSeats, announce_status, create,
};
use tiketi_core::{
    CommandError, Event, EventStatus, FactBody, TicketType, TicketTypeId, TicketTypeInput, Timestamp,
};

use crate::desk::Desk;
use crate::job::Work;
use crate::wants::Wants;

/// Changes an event's own row.
pub(super) struct ChangeEvent<F>(pub(super) F);

/// Removes an event nobody ever reserved.
pub(super) struct DeleteEvent;

/// Adds a ticket type.
pub(super) struct NewTicketType {
    pub(super) command: AddTicketType,
    /// Whether some event had a ticket type of its id before.
    pub(super) is_taken: bool,
}

/// Changes a ticket type.
pub(super) struct EditTicketType {
    pub(super) id: TicketTypeId,
    pub(super) edit: TicketTypeInput,
}

/// Removes a ticket type.
pub(super) struct RemoveTicketType(pub(super) TicketTypeId);

/// Takes seats off sale.
pub(super) struct Block(pub(super) BlockSeats);

/// Puts seats back on sale.
pub(super) struct Unblock(pub(super) UnblockSeats);

/// Keeps and announces a status that is no longer the one announced.
pub(super) struct Announce(pub(super) Timestamp);

fn open(desk: &Desk) -> Result<&Snapshot, CommandError<EditRefused>> {
    desk.snapshot().ok_or(CommandError::Refused(EditRefused::EventNotFound))
}

fn known(desk: &Desk, id: TicketTypeId) -> Result<&TicketType, CommandError<EditRefused>> {
    let unknown = CommandError::Refused(EditRefused::TicketTypeNotFound);
    open(desk)?.ticket_type(id).ok_or(unknown)
}

impl<F> Work for ChangeEvent<F>
where
    F: Fn(&Event) -> Result<Event, EditRefused> + Send + 'static,
{
    type Found = Event;
    type Refused = EditRefused;

    fn wants(&self, _: &mut Wants) {}

    fn decide(&self, desk: &mut Desk) -> Result<Event, CommandError<EditRefused>> {
        let changed = (self.0)(open(desk)?.event()).map_err(CommandError::Refused)?;
        desk.set_event(changed.clone())?;
        Ok(changed)
    }
}

impl Work for DeleteEvent {
    type Found = ();
    type Refused = EditRefused;

    fn wants(&self, wants: &mut Wants) {
        wants.any_reservation = true;
    }

    fn decide(&self, desk: &mut Desk) -> Result<(), CommandError<EditRefused>> {
        open(desk)?;
        if desk.has_reservations() {
            return Err(CommandError::Refused(EditRefused::HasReservations));
        }
        desk.delete_event();
        Ok(())
    }
}

impl Work for NewTicketType {
    type Found = Created;
    type Refused = CreateRefused;

    fn wants(&self, wants: &mut Wants) {
        wants.creations.insert(self.command.key);
    }

    fn decide(&self, desk: &mut Desk) -> Result<Created, CommandError<CreateRefused>> {
        let id = self.command.ticket_type.id;
        let snapshot = desk.snapshot().ok_or(CommandError::Refused(CreateRefused::EventNotFound))?;
        let is_taken = self.is_taken || snapshot.ticket_type(id).is_some();
        match create(&self.command, desk.creation(self.command.key), is_taken)? {
            CreationVerdict::Replay(id) => Ok(Created { id, replayed: true }),
            CreationVerdict::Make(record) => {
                desk.remember_creation(self.command.key, record);
                desk.add_ticket_type(self.command.ticket_type.clone())?;
                Ok(Created { id: record.made, replayed: false })
            }
        }
    }
}

impl Work for EditTicketType {
    type Found = TicketType;
    type Refused = EditRefused;

    fn wants(&self, _: &mut Wants) {}

    fn decide(&self, desk: &mut Desk) -> Result<TicketType, CommandError<EditRefused>> {
        let (event, before) = (open(desk)?.event(), known(desk, self.id)?);
        let edited = decide::edit_ticket_type(event, before, &self.edit).map_err(CommandError::Refused)?;
        desk.edit_ticket_type(edited.clone())?;
        Ok(edited)
    }
}

impl Work for RemoveTicketType {
    type Found = ();
    type Refused = EditRefused;

    fn wants(&self, _: &mut Wants) {}

    fn decide(&self, desk: &mut Desk) -> Result<(), CommandError<EditRefused>> {
        decide::remove_ticket_type(known(desk, self.0)?).map_err(CommandError::Refused)?;
        Ok(desk.remove_ticket_type(self.0)?)
    }
}

fn for_blocking(desk: &Desk) -> Result<&Snapshot, CommandError<BlockRefused>> {
    desk.snapshot().ok_or(CommandError::Refused(BlockRefused::EventNotFound))
}

impl Work for Block {
    type Found = u64;
    type Refused = BlockRefused;

    fn wants(&self, wants: &mut Wants) {
        wants.seats.extend(&self.0.seats);
        wants.due_at(self.0.now);
    }

    fn decide(&self, desk: &mut Desk) -> Result<u64, CommandError<BlockRefused>> {
        desk.check_clock(self.0.now)?;
        desk.expire_due(self.0.now)?;
        let change = decide::block_seats(for_blocking(desk)?, &self.0)?;
        desk.apply(&change, self.0.now)?;
        Ok(for_blocking(desk)?.map_version())
    }
}

impl Work for Unblock {
    type Found = u64;
    type Refused = BlockRefused;

    fn wants(&self, wants: &mut Wants) {
        wants.seats.extend(&self.0.seats);
    }

    fn decide(&self, desk: &mut Desk) -> Result<u64, CommandError<BlockRefused>> {
        desk.check_clock(self.0.now)?;
        let change = decide::unblock_seats(for_blocking(desk)?, &self.0)?;
        desk.apply(&change, self.0.now)?;
        Ok(for_blocking(desk)?.map_version())
    }
}

impl Work for Announce {
    type Found = Option<EventStatus>;
    type Refused = Infallible;

    fn wants(&self, _: &mut Wants) {}

    fn decide(&self, desk: &mut Desk) -> Result<Option<EventStatus>, CommandError<Infallible>> {
        desk.check_clock(self.0)?;
        let Some(snapshot) = desk.snapshot() else { return Ok(None) };
        let Some(status) = announce_status(snapshot, self.0) else { return Ok(None) };
        let event = Event { announced: status, ..snapshot.event().clone() };
        desk.set_event(event)?;
        desk.announce(self.0, FactBody::EventStatusChanged { status });
        Ok(Some(status))
    }
}
