//! What all commands have in common, and how one runs: the same in every store.

use std::fmt::Debug;

use crate::decide::archive::refuse_archived;
use crate::decide::change::{Change, Effect};
use crate::decide::fingerprint::Fingerprint;
use crate::decide::scope::Scope;
use crate::error::{CommandError, StoreError};
use crate::id::{BuyerId, CommandKey, EventId, PaymentId, ReservationId, SeatId};
use crate::payment::Payment;
use crate::reservation::Reservation;
use crate::text::TextError;
use crate::time::Timestamp;

/// One atomic change, decided by one rule and applied at most once.
pub trait Command: Debug + Clone + Send + Sync + 'static {
    /// The refusals of the rule.
    type Refused: std::error::Error + Clone + PartialEq + Send + Sync + 'static;

    /// Returns the command's name, as fingerprints, traces and metrics use it.
    fn name(&self) -> &'static str;

    /// Returns what determines the event of the command.
    fn subject(&self) -> Subject;

    /// Returns a hash of the content, equal for each repetition of a command.
    fn fingerprint(&self) -> u128;

    /// Checks every text that a store would save, by [`crate::text::check_line`].
    ///
    /// Implementations destructure the command field by field, so that a new text cannot be forgotten. Texts of a
    /// provider are not checked: they are cleaned when they are recorded.
    ///
    /// # Errors
    ///
    /// [`TextError`] naming the field.
    fn check_texts(&self) -> Result<(), TextError>;

    /// Returns the rows that the rule reads, besides those its subject leads to; by default none.
    fn read_set(&self) -> ReadSet<'_> {
        ReadSet::default()
    }

    /// Returns whether it is applied to an archived event, too; by default not.
    ///
    /// Only what a payment provider says is: captured money is recorded whatever state the event is in.
    fn may_change_archived(&self) -> bool {
        false
    }

    /// Returns the refusal for a subject that does not exist.
    fn subject_unknown(&self) -> Self::Refused;

    /// Applies the rule at a moment: pure, total, and without I/O.
    fn decide(&self, scope: &dyn Scope, now: Timestamp) -> Result<Change, CommandError<Self::Refused>>;

    /// Puts the command in an envelope.
    fn at(self, now: Timestamp, key: CommandKey) -> Envelope<Self>
    where
        Self: Sized,
    {
        Envelope { key, now, command: self }
    }
}

/// A command with the key under which it takes effect at most once and the moment by which its rule decides.
///
/// ```
/// use tiketi_core::decide::{Command, ExtendHold};
/// # use tiketi_core::{BuyerId, CommandKey, ReservationId, Terms, Timestamp};
/// # fn example(now: Timestamp, key: CommandKey, reservation: ReservationId, buyer: BuyerId) {
/// let extend = ExtendHold::new(reservation, buyer, Terms::default()).at(now, key);
/// assert_eq!((extend.now, extend.key), (now, key));
/// # }
/// ```
#[derive(Debug, Clone)]
#[expect(clippy::exhaustive_structs, reason = "a store acts on every part")]
pub struct Envelope<C> {
    /// The key under which the command takes effect at most once.
    pub key: CommandKey,
    /// The moment by which the rule decides.
    pub now: Timestamp,
    /// The command.
    pub command: C,
}

impl<C> Envelope<C> {
    /// Returns the same envelope with the command converted.
    pub fn map<D>(self, convert: impl FnOnce(C) -> D) -> Envelope<D> {
        Envelope { key: self.key, now: self.now, command: convert(self.command) }
    }
}

/// The rows that a command's rule reads, for adapters that load only these.
///
/// A rule also reads the event with all its ticket types, and the reservation and payment that its [`Subject`] leads
/// to, with that reservation's seats and latest payment.
#[derive(Debug, Clone, Copy, Default)]
#[expect(clippy::exhaustive_structs, reason = "a store acts on every part")]
pub struct ReadSet<'c> {
    /// The seats that it names.
    pub seats: &'c [SeatId],
    /// The buyer whose live reservations are read, each with its seats and latest payment.
    pub buyer: Option<BuyerId>,
    /// The id of a new reservation; if the event has a reservation with this id, it is read.
    pub new_reservation: Option<ReservationId>,
    /// The id of a new payment; if the event has a payment with this id, it is read.
    pub new_payment: Option<PaymentId>,
}

/// What a command names to determine its event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a store acts on every part")]
pub enum Subject {
    /// The event itself.
    Event(EventId),
    /// A reservation of the event.
    Reservation(ReservationId),
    /// A payment for a reservation of the event.
    Payment(PaymentId),
}

/// What a store saves of an applied command, under its key, for 24 hours or longer.
///
/// Refusals and failures change nothing and are not saved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a row: each store reads and writes every field")]
pub struct CommandRecord {
    /// Fingerprint of the content.
    pub fingerprint: u128,
    /// The reservation and payment it was about.
    pub effect: Effect,
    /// When it was applied.
    pub at: Timestamp,
}

/// Result of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "stores make it, and give every part")]
pub struct Applied {
    /// The reservation that the command was about, as it is now.
    pub reservation: Reservation,
    /// The payment that the command was about, as it is now.
    ///
    /// It is boxed, because a hold, which has none, would move its place through every layer.
    pub payment: Option<Box<Payment>>,
    /// Whether this is a repetition of a command that was applied before.
    pub replayed: bool,
}

impl Applied {
    /// Makes the result of a change that was applied: its own rows, and from `scope` those it did not change.
    fn of(mut change: Change, scope: &dyn Scope, effect: Effect) -> Result<Self, StoreError> {
        let changed = change.reservations.iter().rposition(|row| row.id == effect.reservation);
        let reservation = match changed {
            Some(at) => change.reservations.swap_remove(at),
            None => read_reservation(scope, effect)?,
        };
        let changed = change.payments.iter().rposition(|row| Some(row.id) == effect.payment);
        let payment = match changed {
            Some(at) => Some(Box::new(change.payments.swap_remove(at))),
            None => read_payment(scope, effect)?,
        };
        Ok(Self { reservation, payment, replayed: false })
    }

    /// Makes the result of a command that was applied before, from the rows as they are now.
    fn again(scope: &dyn Scope, effect: Effect) -> Result<Self, StoreError> {
        let (reservation, payment) = (read_reservation(scope, effect)?, read_payment(scope, effect)?);
        Ok(Self { reservation, payment, replayed: true })
    }
}

fn read_reservation(scope: &dyn Scope, effect: Effect) -> Result<Reservation, StoreError> {
    scope.reservation(effect.reservation).cloned().ok_or_else(|| missing(effect))
}

fn read_payment(scope: &dyn Scope, effect: Effect) -> Result<Option<Box<Payment>>, StoreError> {
    let Some(id) = effect.payment else { return Ok(None) };
    scope.payment(id).cloned().map(|payment| Some(Box::new(payment))).ok_or_else(|| missing(effect))
}

fn missing(effect: Effect) -> StoreError {
    StoreError::corrupt(format!("{effect:?} names a row that does not exist"))
}

/// What an adapter must do about a command.
#[derive(Debug)]
#[must_use]
#[expect(clippy::large_enum_variant, reason = "a verdict is taken apart at once and never stored")]
#[expect(clippy::exhaustive_enums, reason = "a store acts on every part")]
pub enum Verdict {
    /// Write this change, save this record under the command's key, and commit both together.
    Apply(Change, CommandRecord),
    /// Write nothing; the command was applied before.
    Replay(Effect),
}

/// Decides a command, given the record that the store has under its key.
///
/// # Errors
///
/// [`CommandError::Text`] for a text that no store accepts, [`CommandError::KeyReused`] if the key was used with other
/// content, [`CommandError::EventArchived`], otherwise the refusal or failure of the rule.
pub fn run<C: Command>(
    envelope: &Envelope<C>,
    scope: &dyn Scope,
    remembered: Option<&CommandRecord>,
) -> Result<Verdict, CommandError<C::Refused>> {
    let Envelope { key: _, now, command } = envelope;
    command.check_texts()?;
    let fingerprint = command.fingerprint();
    if let Some(record) = remembered {
        return if record.fingerprint == fingerprint {
            Ok(Verdict::Replay(record.effect))
        } else {
            Err(CommandError::KeyReused)
        };
    }
    if !command.may_change_archived() {
        refuse_archived(scope.event())?;
    }
    let change = command.decide(scope, *now)?;
    let effect = change.effect.ok_or_else(|| StoreError::corrupt("a decision was about no reservation"))?;
    Ok(Verdict::Apply(change, CommandRecord { fingerprint, effect, at: *now }))
}

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
    /// afterwards have the rows of [`ReadSet`] in the scope. MUST set a serial that no other reservation
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
            Ok(Applied::again(rows.rows(event)?, effect)?)
        }
        Verdict::Apply(change, record) => {
            rows.apply(event, &change, envelope.now, (envelope.key, record))?;
            Ok(Applied::of(change, rows.rows(event)?, record.effect)?)
        }
    }
}

/// Starts the fingerprint of a command that names one row.
pub(super) fn fingerprint_of(name: &str, subject: uuid::Uuid) -> Fingerprint {
    let mut fingerprint = Fingerprint::of(name);
    fingerprint.id(subject);
    fingerprint
}
