//! Sales: the commands that change reservations, seats and payments.

use std::fmt::Debug;

use async_trait::async_trait;

use crate::decide::{
    Applied, BeginConfirm, BeginConfirmRefused, BeginRefund, BeginRefundRefused, Cancel, CancelRefused,
    ConfirmFree, ConfirmFreeRefused, ExtendHold, ExtendRefused, Hold, HoldRefused, RecordOutcome,
    RecordOutcomeRefused, RecordRefund, RecordRefundRefused, Release, ReleaseRefused, StartPayment,
    StartPaymentRefused,
};
use crate::error::{CommandError, StoreError};
use crate::id::{BuyerId, EventId, PaymentId, ReservationId};
use crate::payment::Payment;
use crate::reservation::Reservation;
use crate::store::{Page, PageRequest, Swept};
use crate::time::Timestamp;

/// Stores reservations and payments, and the seats and stock that they take.
///
/// # Contract
///
/// An adapter, for every command:
///
/// - MUST apply it atomically: all rows of its [`crate::decide::Change`] with their facts and its
///   [`crate::decide::CommandRecord`], or nothing;
/// - MUST decide it with [`crate::decide::run`], against rows that no other command changes at the same time;
/// - MUST first end every reservation of the event that is due at the command's `now`, with [`crate::decide::expire`],
///   so that no command is refused because of a hold that has ended. These ends MUST be committed even if the command
///   itself is refused;
/// - MUST pass all facts of one event that become true in one commit through one call of
///   [`crate::decide::coalesce_facts`], in the order in which they became true, and insert its result into the outbox
///   in its order, in the same commit;
/// - MUST make it as durable as it will ever be before it returns;
/// - MUST answer a repetition under the same key with the present rows and [`Applied::replayed`] set, for at least 24
///   hours, and change nothing. If several callers send one key at the same time, exactly one command MUST be applied;
/// - MUST NOT remember a refused command: its key is free again, for any command;
/// - MUST give a new reservation a serial ([`crate::decide::Scope::serial`]) that no other reservation of the store
///   ever had, of whatever event; serials may leave gaps, and a later reservation has a greater one;
/// - MUST take `now` from the command, never from a clock of its own, which may only refuse: see
///   [`crate::store::StoreClock`];
/// - MUST lock rows in one order of its own, never in the order in which a caller names them.
///
/// # Errors
///
/// [`CommandError::Refused`] with the refusal of the rule, [`CommandError::KeyReused`] for a key used with other
/// content, [`CommandError::Store`] if the store fails. The adapter itself retries on contention.
///
/// # Cancel safety
///
/// A dropped future leaves the command applied as a whole or not at all, and leaves no lock. A caller that needs the
/// result sends the command again under the same key.
#[async_trait]
pub trait SalesStore: Debug + Send + Sync + 'static {
    /// Holds seats and units, all or nothing.
    async fn hold(&self, command: Hold) -> Result<Applied, CommandError<HoldRefused>>;

    /// Extends a hold, at most to its cap.
    async fn extend_hold(&self, command: ExtendHold) -> Result<Applied, CommandError<ExtendRefused>>;

    /// Releases some or all tickets of a held reservation.
    async fn release(&self, command: Release) -> Result<Applied, CommandError<ReleaseRefused>>;

    /// Confirms a held reservation that costs nothing.
    async fn confirm_free(&self, command: ConfirmFree) -> Result<Applied, CommandError<ConfirmFreeRefused>>;

    /// Starts a payment attempt.
    async fn start_payment(
        &self,
        command: StartPayment,
    ) -> Result<Applied, CommandError<StartPaymentRefused>>;

    /// Commits the intent to confirm a payment, before the provider is called.
    async fn begin_confirm(
        &self,
        command: BeginConfirm,
    ) -> Result<Applied, CommandError<BeginConfirmRefused>>;

    /// Records the outcome of a payment.
    async fn record_outcome(
        &self,
        command: RecordOutcome,
    ) -> Result<Applied, CommandError<RecordOutcomeRefused>>;

    /// Cancels a held or free reservation.
    async fn cancel(&self, command: Cancel) -> Result<Applied, CommandError<CancelRefused>>;

    /// Queues a refund, before the provider is called.
    async fn begin_refund(&self, command: BeginRefund) -> Result<Applied, CommandError<BeginRefundRefused>>;

    /// Records the outcome of a refund.
    async fn record_refund(
        &self,
        command: RecordRefund,
    ) -> Result<Applied, CommandError<RecordRefundRefused>>;

    /// Ends reservations that are due at `now`, the most overdue first.
    ///
    /// It ends at most `limit`, and returns them.
    ///
    /// # Contract
    ///
    /// Each MUST be decided with [`crate::decide::expire`]: exactly those whose end is not after `now` and whose
    /// payment is not in progress. The order is by that end across all events. Any number of servers may run this at
    /// the same time: each reservation MUST be ended once, and returned by one of them. Each event MUST be processed
    /// separately: one that fails, or that another session has locked, is skipped within a bounded time and does not
    /// delay other events, however many of its reservations are due.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the store as a whole failed; the failure of one event is in [`Swept::skipped`].
    async fn expire_due(&self, now: Timestamp, limit: usize) -> Result<Swept<Reservation>, StoreError>;

    /// Deletes the keys of commands applied before `before`, and returns how many.
    ///
    /// Keys of creations are deleted, too.
    ///
    /// # Contract
    ///
    /// A key's age MUST count from the command's `now`, not from the order in which commands came. A key of `before`
    /// itself MUST stay. A deleted key MUST be free for a new command.
    async fn forget_commands(&self, before: Timestamp) -> Result<u64, StoreError>;

    /// Returns a reservation; `None` if there is none.
    async fn reservation(&self, id: ReservationId) -> Result<Option<Reservation>, StoreError>;

    /// Returns a buyer's reservations of one event or of all, the newest first.
    ///
    /// # Contract
    ///
    /// Ended ones MUST be in the listing, too. [`Page::total`] MUST count the whole listing.
    async fn reservations_of(
        &self,
        buyer: BuyerId,
        event: Option<EventId>,
        page: PageRequest,
    ) -> Result<Page<Reservation>, StoreError>;

    /// Returns a payment; `None` if there is none.
    async fn payment(&self, id: PaymentId) -> Result<Option<Payment>, StoreError>;
}
