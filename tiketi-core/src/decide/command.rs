//! What all sales commands have in common, so that an adapter runs every one the same way.

use std::fmt::Debug;

use crate::decide::change::{Change, Effect};
use crate::decide::fingerprint::Fingerprint;
use crate::decide::scope::Scope;
use crate::error::{CommandError, StoreError};
use crate::id::{BuyerId, CommandKey, EventId, PaymentId, ReservationId, SeatId};
use crate::payment::Payment;
use crate::reservation::Reservation;
use crate::text::TextError;
use crate::time::Timestamp;

/// One intent of one caller: decided by one rule, applied in one transaction, at most once.
pub trait Command: Debug + Clone + Send + Sync + 'static {
    /// Why the rule may say no.
    type Refused: std::error::Error + Clone + PartialEq + Send + Sync + 'static;

    /// Returns the key under which the command takes effect at most once.
    fn key(&self) -> CommandKey;

    /// Returns the moment that decides what is open, due or lapsed.
    fn now(&self) -> Timestamp;

    /// Returns what tells the event the command belongs to.
    fn subject(&self) -> Subject;

    /// Returns a digest of what is asked; equal for every try of one intent.
    fn fingerprint(&self) -> u128;

    /// Checks every text that the command asks a store to keep, by the rule of [`crate::text::check_line`].
    ///
    /// Implementations take the command apart field by field, so that a new text cannot be forgotten. What a provider
    /// said is not checked: it is cleaned as it is recorded.
    ///
    /// # Errors
    ///
    /// [`TextError`] naming the field.
    fn check_texts(&self) -> Result<(), TextError>;

    /// Returns the rows its rule looks at, besides those its subject leads to.
    fn read_set(&self) -> ReadSet<'_>;

    /// Returns the refusal for a subject that does not exist.
    fn subject_unknown(&self) -> Self::Refused;

    /// Applies the rule: pure, total, and free of I/O.
    fn decide(&self, scope: &dyn Scope) -> Result<Change, CommandError<Self::Refused>>;
}

/// Rows that a command's rule looks at, for adapters that load only what they must.
///
/// Besides these, a rule looks at the event with all its ticket types, and at the reservation and
/// payment its [`Subject`] leads to, with that reservation's seats and latest payment.
#[derive(Debug, Clone, Copy, Default)]
pub struct ReadSet<'c> {
    /// Seats it names.
    pub seats: &'c [SeatId],
    /// The buyer whose live reservations count, each with its seats and latest payment.
    pub buyer: Option<BuyerId>,
    /// The id of a reservation it may make: the one that has it already, if the event has one.
    pub new_reservation: Option<ReservationId>,
    /// The id of a payment it makes: the one that has it already, if the event has one.
    pub new_payment: Option<PaymentId>,
}

/// What a command names to say which event it belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// The event itself.
    Event(EventId),
    /// A reservation of the event.
    Reservation(ReservationId),
    /// A payment for a reservation of the event.
    Payment(PaymentId),
}

/// What a store remembers of an applied command, under its key, for 24 hours or longer.
///
/// Refusals and failures changed nothing and are not remembered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CommandRecord {
    /// Digest of what was asked.
    pub fingerprint: u128,
    /// What it was about.
    pub effect: Effect,
    /// When it was applied.
    pub at: Timestamp,
}

/// What a command came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// The reservation it was about, as it stands now.
    pub reservation: Reservation,
    /// The payment it was about, as it stands now.
    pub payment: Option<Payment>,
    /// Whether this is a repetition of a command that took effect earlier.
    pub replayed: bool,
}

impl Applied {
    /// Gathers the answer from the rows as they stand after the command.
    pub fn gather(scope: &dyn Scope, effect: Effect, replayed: bool) -> Result<Self, StoreError> {
        let missing = || StoreError::corrupt(format!("{effect:?} names a row that does not exist"));
        let reservation = scope.reservation(effect.reservation).cloned().ok_or_else(missing)?;
        let payment = match effect.payment {
            Some(id) => Some(scope.payment(id).cloned().ok_or_else(missing)?),
            None => None,
        };
        Ok(Self { reservation, payment, replayed })
    }
}

/// What an adapter has to do about a command.
#[derive(Debug)]
#[must_use]
#[expect(clippy::large_enum_variant, reason = "a verdict is taken apart at once and never stored")]
pub enum Verdict {
    /// Write this change, remember this record under the command's key, and commit both together.
    Apply(Change, CommandRecord),
    /// Write nothing; the command took effect earlier.
    Replay(Effect),
}

/// Decides a command, given what the store remembers under its key.
///
/// # Errors
///
/// [`CommandError::Text`] for a text that no store keeps, [`CommandError::KeyReused`] if the key was used for other
/// content, else what the rule says.
pub fn run<C: Command>(
    command: &C,
    scope: &dyn Scope,
    remembered: Option<&CommandRecord>,
) -> Result<Verdict, CommandError<C::Refused>> {
    command.check_texts()?;
    let fingerprint = command.fingerprint();
    if let Some(record) = remembered {
        return if record.fingerprint == fingerprint {
            Ok(Verdict::Replay(record.effect))
        } else {
            Err(CommandError::KeyReused)
        };
    }
    let change = command.decide(scope)?;
    let effect = change.effect.ok_or_else(|| StoreError::corrupt("a decision was about no reservation"))?;
    Ok(Verdict::Apply(change, CommandRecord { fingerprint, effect, at: command.now() }))
}

/// Starts the digest of a command that names one thing.
pub(super) fn fingerprint_of(command: &str, subject: uuid::Uuid) -> Fingerprint {
    let mut fingerprint = Fingerprint::of(command);
    fingerprint.id(subject);
    fingerprint
}
