//! The rows of the sale as a store's transaction.

use tiketi_core::decide::{
    Change, Command, CommandRecord, Effect, Envelope, Scope, Snapshot, Subject, WorkingRows,
};
use tiketi_core::id::{CommandKey, EventId};
use tiketi_core::{StoreError, Timestamp};

use crate::sale::sweep;

/// One transaction; it remembers no command.
pub(crate) struct Rows<'s>(pub(crate) &'s mut Snapshot);

impl WorkingRows for Rows<'_> {
    type Rows = Snapshot;

    fn open<C: Command>(&mut self, command: &Envelope<C>) -> Result<Option<EventId>, StoreError> {
        sweep(self.0, command.now);
        let serial = self.0.reservations().len() as u64 + 1;
        self.0.set_serial(serial);
        let event = self.0.event().id;
        let is_known = match command.command.subject() {
            Subject::Event(id) => id == event,
            Subject::Reservation(id) => self.0.reservation(id).is_some(),
            Subject::Payment(id) => self.0.payment(id).is_some(),
        };
        Ok(is_known.then_some(event))
    }

    fn record(&mut self, _key: CommandKey) -> Result<Option<CommandRecord>, StoreError> {
        Ok(None)
    }

    fn rows(&self, _event: EventId) -> Result<&Snapshot, StoreError> {
        Ok(self.0)
    }

    fn apply(
        &mut self,
        _event: EventId,
        change: &Change,
        _now: Timestamp,
        _saved: (CommandKey, CommandRecord),
    ) -> Result<(), StoreError> {
        self.0.apply(change)
    }

    fn load_effect(&mut self, _event: EventId, _effect: Effect) -> Result<(), StoreError> {
        Ok(())
    }
}
