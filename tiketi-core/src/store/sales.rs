//! Selling: the commands that move seats and money.

use std::fmt::Debug;

use async_trait::async_trait;

use crate::decide::{
    Applied, BeginConfirm, BeginConfirmRefused, BeginRefund, BeginRefundRefused, Cancel, CancelRefused,
    ConfirmFree, ConfirmFreeRefused, ExtendHold, ExtendRefused, Hold, HoldRefused, RecordOutcome,
    RecordOutcomeRefused, RecordRefund, RecordRefundRefused, Release, ReleaseRefused, StartPayment,
    StartPaymentRefused,
};
use crate::id::{BuyerId, EventId, PaymentId, ReservationId};
use crate::payment::Payment;
use crate::reservation::Reservation;
use crate::store::{CommandError, Page, PageRequest, StoreError, Swept};
use crate::time::Timestamp;

/// Keeps reservations and payments, and the seats and stock they take.
///
/// # Contract
///
/// For every command, an adapter:
///
/// - MUST apply it atomically: all rows of its [`crate::decide::Change`] with their facts and its
///   [`crate::decide::CommandRecord`], or nothing;
/// - MUST decide it with [`crate::decide::run`], against rows no other command changes meanwhile;
/// - MUST first end every reservation of the event that is due at the command's `now`, with
///   [`crate::decide::expire`], so that nobody is refused for what a lapsed hold still counts. This
///   stands even if the command itself is refused;
/// - MUST pass all facts of one event that become true in one commit through one call of
///   [`crate::decide::coalesce_facts`], in the order in which they became true, and put what it returns into the
///   outbox in its order, in the same commit;
/// - MUST make it as durable as it ever will be before it returns;
/// - MUST answer a repetition under the same key with the rows as they stand now and
///   [`Applied::replayed`] set, for at least 24 hours, and change nothing. Of one key sent by several callers
///   at once, exactly one command MUST be applied;
/// - MUST NOT remember a refused command: its key is free again, for any command;
/// - MUST give a new reservation a serial ([`crate::decide::Scope::serial`]) that no other reservation of the store
///   ever had, of whatever event; serials may leave gaps, and a later reservation has a greater one;
/// - MUST take `now` from the command, never from a clock of its own, which may only refuse: see
///   [`crate::store::StoreClock`];
/// - MUST lock rows in one order of its own, never in the order in which a caller names them.
///
/// # Errors
///
/// [`CommandError::Refused`] with what the rule says, [`CommandError::KeyReused`] for a key used with
/// other content, [`CommandError::Store`] when the store fails. Contention is retried inside.
///
/// # Cancel safety
///
/// A dropped future leaves the command applied as a whole or not at all, and leaves no lock. The caller who
/// needs to know sends it again under the same key.
#[async_trait]
pub trait SalesStore: Debug + Send + Sync + 'static {
    /// Holds seats and units, all or nothing.
    async fn hold(&self, command: Hold) -> Result<Applied, CommandError<HoldRefused>>;

    /// Renews a hold up to its cap.
    async fn extend_hold(&self, command: ExtendHold) -> Result<Applied, CommandError<ExtendRefused>>;

    /// Gives some or all of a pending reservation back.
    async fn release(&self, command: Release) -> Result<Applied, CommandError<ReleaseRefused>>;

    /// Confirms a pending reservation that costs nothing.
    async fn confirm_free(&self, command: ConfirmFree) -> Result<Applied, CommandError<ConfirmFreeRefused>>;

    /// Starts an attempt to pay.
    async fn start_payment(
        &self,
        command: StartPayment,
    ) -> Result<Applied, CommandError<StartPaymentRefused>>;

    /// Commits the intent to take the money, before the provider is asked.
    async fn begin_confirm(
        &self,
        command: BeginConfirm,
    ) -> Result<Applied, CommandError<BeginConfirmRefused>>;

    /// Records what became of the money.
    async fn record_outcome(
        &self,
        command: RecordOutcome,
    ) -> Result<Applied, CommandError<RecordOutcomeRefused>>;

    /// Cancels a pending or free reservation.
    async fn cancel(&self, command: Cancel) -> Result<Applied, CommandError<CancelRefused>>;

    /// Commits the promise to give money back, before the provider is asked.
    async fn begin_refund(&self, command: BeginRefund) -> Result<Applied, CommandError<BeginRefundRefused>>;

    /// Records whether the money went back.
    async fn record_refund(
        &self,
        command: RecordRefund,
    ) -> Result<Applied, CommandError<RecordRefundRefused>>;

    /// Ends reservations that are due at `now`, at most `limit`, the most overdue first, and returns them.
    ///
    /// # Contract
    ///
    /// Each MUST be decided with [`crate::decide::expire`]: exactly those whose end is not after `now` and whose
    /// payment is not under way. The order is by that end across all events. Any number of servers may run this at
    /// once: each reservation MUST be ended once, and returned by one of them. Each event MUST be swept for itself: one
    /// that fails, or that another session keeps locked, is passed over within a bounded time, and keeps no other event
    /// back, however many of its reservations are due.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the store as a whole failed; the failure of one event is in [`Swept::skipped`].
    async fn expire_due(&self, now: Timestamp, limit: usize) -> Result<Swept<Reservation>, StoreError>;

    /// Forgets the keys of commands applied before `before`, and returns how many; and the keys of what was created.
    ///
    /// # Contract
    ///
    /// A key's age MUST be the command's `now`, not the order in which commands came. A key of `before` itself MUST
    /// stay. A forgotten key MUST be a new one.
    async fn forget_commands(&self, before: Timestamp) -> Result<u64, StoreError>;

    /// Returns a reservation; `None` if there is none.
    async fn reservation(&self, id: ReservationId) -> Result<Option<Reservation>, StoreError>;

    /// Returns a buyer's reservations, of one event or of all, the newest first.
    ///
    /// # Contract
    ///
    /// Ended ones MUST be listed too. [`Page::total`] MUST count the whole listing.
    async fn reservations_of(
        &self,
        buyer: BuyerId,
        event: Option<EventId>,
        page: PageRequest,
    ) -> Result<Page<Reservation>, StoreError>;

    /// Returns a payment; `None` if there is none.
    async fn payment(&self, id: PaymentId) -> Result<Option<Payment>, StoreError>;
}
