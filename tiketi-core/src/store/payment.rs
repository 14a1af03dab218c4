//! Unfinished payments: reconciliation, needs attention, refunds of cancelled events.

use std::fmt::Debug;

use async_trait::async_trait;

use crate::error::StoreError;
use crate::id::{EventId, PaymentId, ReservationId};
use crate::payment::Payment;
use crate::store::{Page, PageRequest};
use crate::time::Timestamp;

/// Lists the work that payments still need.
///
/// The commands that do this work are executed by [`crate::store::SalesStore`].
///
/// # Contract
///
/// [`PaymentStore::payments_due`] and [`PaymentStore::to_call_off`] are called every second: a durable adapter answers
/// them by index, and an empty answer costs next to nothing. A row that changes while a list is read may be in it or
/// not.
#[async_trait]
pub trait PaymentStore: Debug + Send + Sync + 'static {
    /// Returns payments whose provider must be asked at `now`, the most overdue first.
    ///
    /// It returns at most `limit` of them.
    ///
    /// # Contract
    ///
    /// MUST return those whose [`crate::payment::Reconciliation::next`] is not after `now`, by `next` and then by id:
    /// those of one moment MUST come in the order of their ids, so that a limit cuts the same ones for every server.
    /// Payments of an event that another session has just locked may be left out, so that they do not delay other
    /// payments.
    async fn payments_due(&self, now: Timestamp, limit: usize) -> Result<Vec<Payment>, StoreError>;

    /// Returns payments that need attention, by id.
    ///
    /// # Contract
    ///
    /// MUST return those for which [`Payment::needs_attention`] is true, and those that are [`Payment::is_slow`] for
    /// `slow_before`.
    async fn payments_needing_attention(
        &self,
        slow_before: Timestamp,
        page: PageRequest,
    ) -> Result<Page<Payment>, StoreError>;

    /// Returns the payment with this key of the provider.
    ///
    /// It returns `None` for a text that no store accepts.
    async fn payment_by_key(
        &self,
        gateway: &str,
        provider_key: &str,
    ) -> Result<Option<PaymentId>, StoreError>;

    /// Returns at most `limit` reservations of cancelled events that must be ended, by id.
    ///
    /// # Contract
    ///
    /// MUST return those that are held, and those that are confirmed and either free or paid by a payment without a
    /// [`reconciliation`](crate::payment::Payment::reconciliation) for which [`Payment::is_call_off_refused`] is false:
    /// a refusal before the event was cancelled, or of a part, MUST NOT keep one off the list. Calling a reservation
    /// off takes it off this list, so that the job continues after a crash, on any server. As with
    /// [`PaymentStore::payments_due`], those of an event that is locked may be left out for a moment.
    async fn to_call_off(&self, limit: usize) -> Result<Vec<ReservationId>, StoreError>;

    /// Counts how many refunds of an event are done; `None` if the event does not exist.
    ///
    /// # Contract
    ///
    /// MUST count as [`CallOffProgress`] defines.
    async fn call_off_progress(&self, event: EventId) -> Result<Option<CallOffProgress>, StoreError>;
}

/// Progress of the refunds of a cancelled event, in reservations.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "stores make it, and give every part")]
pub struct CallOffProgress {
    /// Those that are not ended yet, or whose money is not refunded yet.
    pub to_do: u64,
    /// Those cancelled by the organiser, or refunded in full. Those that a buyer cancelled or let expire do not count.
    pub done: u64,
    /// Those of the first number for which [`Payment::is_call_off_refused`] is true; staff must act.
    pub refused: u64,
}
