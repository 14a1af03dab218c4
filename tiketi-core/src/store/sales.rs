//! Sales: executing the commands that change reservations, seats and payments, and listing what they left to do.

use std::fmt::Debug;

use async_trait::async_trait;

use crate::decide::{AnyCommand, AnyRefused, Applied, Envelope, SalesCommand};
use crate::error::{CommandError, StoreError};
use crate::id::{BuyerId, EventId, PaymentId, ReservationId};
use crate::payment::Payment;
use crate::reservation::{Reservation, ReservationNumber};
use crate::store::{Page, PageRequest, ReservationQuery, Swept};
use crate::time::Timestamp;

/// Stores reservations and payments, and the seats and stock that they take.
///
/// [`SalesStoreExt`] has the method that callers use.
///
/// # Contract
///
/// An adapter, for every command:
///
/// - MUST apply it atomically: all rows of its [`crate::decide::Change`] with their facts and its
///   [`crate::decide::CommandRecord`], or nothing;
/// - MUST decide it with [`crate::decide::execute`] or [`crate::decide::run`], against rows that no other command
///   changes at the same time;
/// - MUST first end every reservation of the event that is due at the envelope's `now`, with [`crate::decide::expire`],
///   so that no command is refused because of a hold that has ended. These ends MUST be committed even if the command
///   itself is refused;
/// - MUST pass all facts of one event that become true in one commit through one call of
///   [`crate::decide::coalesce_facts`], in the order in which they became true, and insert its result into the outbox
///   in its order, in the same commit;
/// - MUST make it as durable as it will ever be before it returns;
/// - MUST answer a repetition under the same key with the present rows and [`Applied::replayed`] set, for at least 24
///   hours, and change nothing. A key is of one event: a store MAY accept it for another one. If several callers send one key at the same time, exactly one command MUST be applied;
/// - MUST NOT remember a refused command: its key is free again, for any command;
/// - MUST give a new reservation a serial ([`crate::decide::Scope::serial`]) that no other reservation of the store
///   ever had, of whatever event; serials may leave gaps, and a later reservation has a greater one;
/// - MUST take `now` from the envelope, never from a clock of its own, which may only refuse: see
///   [`crate::store::StoreClock`];
/// - MUST lock rows in one order of its own, never in the order in which a caller names them.
///
/// [`SalesStore::expire_due`], [`SalesStore::payments_due`] and [`SalesStore::to_call_off`] are called every second: a
/// durable adapter answers them by index, and an empty answer costs next to nothing. A row that changes while a list is
/// read may be in it or not.
///
/// # Errors
///
/// [`CommandError::Refused`] with the refusal of the rule, [`CommandError::KeyReused`] for a key used with other
/// content, [`CommandError::Store`] if the store fails. The adapter itself retries on contention.
///
/// # Cancel safety
///
/// If the future is dropped, the command takes full effect or none, and no lock stays. A caller that needs the
/// result sends the command again under the same key.
#[async_trait]
pub trait SalesStore: Debug + Send + Sync + 'static {
    /// Executes a command; callers use [`SalesStoreExt::execute`].
    ///
    /// A refusal MUST be that of the command inside.
    async fn execute_any(&self, command: Envelope<AnyCommand>) -> Result<Applied, CommandError<AnyRefused>>;

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
    /// A key's age MUST count from the envelope's `now`, not from the order in which commands came. A key of `before`
    /// itself MUST stay. A deleted key MUST be free for a new command. A durable
    /// adapter MUST delete in slices, each with its own commit, so that no sale waits for all of it.
    async fn forget_commands(&self, before: Timestamp) -> Result<u64, StoreError>;

    /// Returns a reservation; `None` if there is none.
    async fn reservation(&self, id: ReservationId) -> Result<Option<Reservation>, StoreError>;

    /// Returns a buyer's reservations of one event or of all, the newest first.
    ///
    /// # Contract
    ///
    /// Ended ones MUST be in the listing, too. The order MUST be that of [`SalesStore::list_reservations`].
    /// [`Page::total`] MUST count the whole listing, up to [`crate::limits::MAX_TOTAL`].
    async fn reservations_of(
        &self,
        buyer: BuyerId,
        event: Option<EventId>,
        page: PageRequest,
    ) -> Result<Page<Reservation>, StoreError>;

    /// Returns reservations of all buyers, the newest first: by the time of the first hold, and of one time by serial.
    ///
    /// # Contract
    ///
    /// MUST return the first ones that [`ReservationQuery::selects`] is true for, at most [`ReservationQuery::limit`]. A
    /// durable adapter MUST find them by an index of the state, and of the event if the query names one, so that the cost
    /// does not grow with what is not returned; those of one buyer may all be read.
    async fn list_reservations(&self, query: ReservationQuery) -> Result<Vec<Reservation>, StoreError>;

    /// Returns the reservation with a number; `None` if there is none.
    async fn reservation_numbered(
        &self,
        number: ReservationNumber,
    ) -> Result<Option<Reservation>, StoreError>;

    /// Returns a payment; `None` if there is none.
    async fn payment(&self, id: PaymentId) -> Result<Option<Payment>, StoreError>;

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
    /// [`SalesStore::payments_due`], those of an event that is locked may be left out for a moment.
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

/// Executes commands by their own type, with their own refusals.
///
/// Implemented for every [`SalesStore`].
///
/// ```
/// # use tiketi_core::{CommandKey, ReservationId, BuyerId, Terms, Timestamp, store::SalesStore};
/// use tiketi_core::CommandError;
/// use tiketi_core::decide::{Command, ExtendHold, ExtendRefused};
/// use tiketi_core::store::SalesStoreExt;
///
/// # async fn example(
/// #     store: &dyn SalesStore, now: Timestamp, key: CommandKey, reservation: ReservationId, buyer: BuyerId,
/// # ) {
/// let extend = ExtendHold::new(reservation, buyer, Terms::default());
/// match store.execute(extend.at(now, key)).await {
///     Ok(applied) => println!("{:?}", applied.reservation.held_until()),
///     Err(CommandError::Refused(ExtendRefused::CapReached { until })) => println!("not beyond {until}"),
///     Err(error) => println!("{error}"),
/// }
/// # }
/// ```
pub trait SalesStoreExt: SalesStore {
    /// Executes a command.
    ///
    /// # Errors
    ///
    /// As [`SalesStore`] states, with the refusal of this command.
    fn execute<C: SalesCommand>(
        &self,
        command: Envelope<C>,
    ) -> impl Future<Output = Result<Applied, CommandError<C::Refused>>> + Send {
        let execution = self.execute_any(command.map(Into::into));
        async move { execution.await.map_err(CommandError::typed) }
    }
}

impl<S: SalesStore + ?Sized> SalesStoreExt for S {}
