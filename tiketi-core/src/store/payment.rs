//! Payments that are not over: who asks the provider next, what a person has to look at, who is refunded.

use std::fmt::Debug;

use async_trait::async_trait;

use crate::decide::{
    Applied, CallOff, CallOffRefused, EndPayment, EndPaymentRefused, NotePayment, NotePaymentRefused,
    ScheduleReconciliation, ScheduleReconciliationRefused,
};
use crate::id::{EventId, PaymentId, ReservationId};
use crate::payment::Payment;
use crate::store::{CommandError, Page, PageRequest, StoreError};
use crate::time::Timestamp;

/// Keeps what is to become of payments, beside [`crate::store::SalesStore`], whose contract its commands share.
///
/// # Contract
///
/// What is due and what is to be called off is asked for every second: a durable adapter finds it by index,
/// and finding nothing costs next to nothing. A row that changes while a list is read may be in it or not.
#[async_trait]
pub trait PaymentStore: Debug + Send + Sync + 'static {
    /// Moves the moment at which a payment's provider is asked again.
    async fn schedule_reconciliation(
        &self,
        command: ScheduleReconciliation,
    ) -> Result<Applied, CommandError<ScheduleReconciliationRefused>>;

    /// Adds a person's note to a payment.
    async fn note_payment(&self, command: NotePayment) -> Result<Applied, CommandError<NotePaymentRefused>>;

    /// Ends a payment whose outcome its provider does not tell.
    async fn end_payment(&self, command: EndPayment) -> Result<Applied, CommandError<EndPaymentRefused>>;

    /// Ends one reservation of a cancelled event, or promises its money back.
    async fn call_off(&self, command: CallOff) -> Result<Applied, CommandError<CallOffRefused>>;

    /// Returns payments whose provider is to be asked at `now`, at most `limit`, the most overdue first.
    ///
    /// # Contract
    ///
    /// Those whose [`crate::payment::Reconciliation::next`] is not after `now`, by `next` and then by id: those of one moment MUST come
    /// in the order of their ids, so that a limit cuts the same ones for every server. Payments of an event that
    /// another session has had locked a moment ago may be left out, so that they keep no others from their turn.
    async fn payments_due(&self, now: Timestamp, limit: usize) -> Result<Vec<Payment>, StoreError>;

    /// Returns payments a person has to look at, by id.
    ///
    /// # Contract
    ///
    /// Those for which [`Payment::needs_attention`] says so, and those that [`Payment::is_slow`] for `slow_before`.
    async fn payments_needing_attention(
        &self,
        slow_before: Timestamp,
        page: PageRequest,
    ) -> Result<Page<Payment>, StoreError>;

    /// Returns the payment whose money a provider knows by this key; none for a text that no store keeps.
    async fn payment_by_key(
        &self,
        gateway: &str,
        provider_key: &str,
    ) -> Result<Option<PaymentId>, StoreError>;

    /// Returns reservations of cancelled events that are still to be called off, at most `limit`, by id.
    ///
    /// # Contract
    ///
    /// Those that are held, and those that are confirmed and either free or paid by a payment that awaits
    /// nothing ([`Payment::reconciliation`](crate::payment::Payment::reconciliation)) and of which [`Payment::is_call_off_refused`] is false: a refusal before the event
    /// was cancelled, or of a part, MUST NOT keep one off the list. Calling one off takes it off this list, so that the
    /// job goes on after a crash from where it was, on any server. As with [`PaymentStore::payments_due`], those of an
    /// event that is locked may be left out for a moment.
    async fn to_call_off(&self, limit: usize) -> Result<Vec<ReservationId>, StoreError>;

    /// Counts how far the refunds of an event have come; `None` if there is no such event.
    ///
    /// # Contract
    ///
    /// MUST count as [`CallOffProgress`] says.
    async fn call_off_progress(&self, event: EventId) -> Result<Option<CallOffProgress>, StoreError>;
}

/// How far the refunds of a cancelled event have come, in reservations.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CallOffProgress {
    /// Live ones: their money is not back yet, or they are not ended yet.
    pub to_do: u64,
    /// Cancelled by the organiser, or refunded in full. What a buyer gave up or let expire does not count.
    pub done: u64,
    /// Those of the live ones for which [`Payment::is_call_off_refused`] says so; a person has to look.
    pub refused: u64,
}
