//! How a command runs against the rows of a store's transaction, the same in every store.

use crate::decide::change::{Change, Effect};
use crate::decide::command::{Applied, Command, CommandRecord, Envelope, Verdict, run};
use crate::decide::scope::Scope;
use crate::error::{CommandError, StoreError};
use crate::id::{CommandKey, EventId};
use crate::time::Timestamp;

/// The rows of one transaction of a store, as [`execute`] needs them.
///
/// A store that batches keeps one value for all commands of a batch, so that each command finds the rows as the
/// commands before it left them.
pub trait WorkingRows {
    /// The rows of one event.
    type Rows: Scope;

    /// Makes the rows ready that the command reads, and returns its event; `None` if its subject does not exist.
    ///
    /// # Contract
    ///
    /// MUST end every reservation of the event that is due at the command's `now`, with [`crate::decide::expire`], and
    /// afterwards have the rows of [`crate::decide::ReadSet`] in the scope. MUST set a serial that no other reservation
    /// of the store has ([`Scope::serial`]).
    fn open<C: Command>(&mut self, command: &Envelope<C>) -> Result<Option<EventId>, StoreError>;

    /// Returns the record that is saved under a key.
    fn record(&mut self, key: CommandKey) -> Result<Option<CommandRecord>, StoreError>;

    /// Returns the rows of an event that [`WorkingRows::open`] returned.
    fn rows(&self, event: EventId) -> Result<&Self::Rows, StoreError>;

    /// Writes a change to the rows, and saves its facts and its record.
    fn apply(
        &mut self,
        event: EventId,
        change: &Change,
        now: Timestamp,
        saved: (CommandKey, CommandRecord),
    ) -> Result<(), StoreError>;

    /// Makes the reservation and payment ready that a command applied before was about.
    fn load_effect(&mut self, event: EventId, effect: Effect) -> Result<(), StoreError>;
}

/// Decides a command against the rows of a transaction, and applies its change to them.
///
/// The store commits afterwards, also if the command is refused: reservations that were due have ended.
///
/// # Errors
///
/// As [`run`], and the failures of the rows.
pub fn execute<C: Command>(
    rows: &mut impl WorkingRows,
    envelope: &Envelope<C>,
) -> Result<Applied, CommandError<C::Refused>> {
    let event = rows.open(envelope)?;
    let event = event.ok_or_else(|| CommandError::Refused(envelope.command.subject_unknown()))?;
    let remembered = rows.record(envelope.key)?;
    match run(envelope, rows.rows(event)?, remembered.as_ref())? {
        Verdict::Replay(effect) => {
            rows.load_effect(event, effect)?;
            Ok(Applied::gather(rows.rows(event)?, effect, true)?)
        }
        Verdict::Apply(change, record) => {
            rows.apply(event, &change, envelope.now, (envelope.key, record))?;
            Ok(Applied::gather(rows.rows(event)?, record.effect, false)?)
        }
    }
}
