//! The catalog: events, what they sell, and their seat maps.

use std::fmt::Debug;

use async_trait::async_trait;

use crate::catalog::TicketTypeInput;
use crate::decide::{
    AddTicketType, ArchiveRefused, BlockRefused, BlockSeats, CreateEvent, CreateRefused, Created,
    EditRefused, UnblockSeats, any_left,
};
use crate::error::{CommandError, StoreError};
use crate::event::{Event, EventDetails, EventStatus, EventStep};
use crate::id::{EventId, TicketTypeId};
use crate::seat::Seat;
use crate::store::{EventQuery, Page, Swept};
use crate::ticket_type::TicketType;
use crate::time::Timestamp;

/// Stores events, their ticket types and seats.
///
/// # Contract
///
/// - Every change MUST be atomic, durable before the method returns, and decided by the function of [`crate::decide`]
///   that the method names, against rows that no other command changes at the same time, including those of
///   [`crate::store::SalesStore`].
/// - Facts of a change MUST go through [`crate::decide::coalesce_facts`] and into the outbox in the same commit.
/// - Creating what exists MUST be refused, and never replace it; if several calls create one thing at the same time,
///   exactly one succeeds.
/// - What is read MUST equal what was written: every character of a text, every microsecond of a time.
/// - Every change of an archived event but taking it out of the archive ([`CatalogStore::unarchive_event`]) MUST be refused
///   by [`crate::decide::refuse_archived`]. Every read MUST return it as before.
/// - A refused change MUST change nothing. Only [`CatalogStore::block_seats`] ends holds whose time has passed; every
///   other method MUST leave them to the sales commands and to [`crate::store::SalesStore::expire_due`].
/// - A read of what does not exist MUST return `None`.
///
/// # Cancel safety
///
/// If the future is dropped, the change takes full effect or none.
#[async_trait]
pub trait CatalogStore: Debug + Send + Sync + 'static {
    /// Saves a new event with its ticket types and seats, by [`crate::decide::create`].
    ///
    /// # Contract
    ///
    /// The seats of a large event MUST be written in several short transactions, so that no sale waits for all of them. Until
    /// the last one, which writes everything else, the event MUST NOT exist for any other method. If the call ends before,
    /// [`CatalogStore::remove_leftovers`] MUST find the seats that were written.
    ///
    /// The map version of an event with seats MUST be 1, and that of one without MUST be 0. Seats keep their order.
    ///
    /// The command's [`crate::decide::CreationRecord`] MUST be saved in the same commit, for at least 24 hours: a
    /// repetition under its key, from any server and however close, MUST create nothing and return the id of the first.
    /// An id of the event or of one of its ticket types that exists MUST be refused.
    async fn create_event(&self, command: CreateEvent) -> Result<Created, CommandError<CreateRefused>>;

    /// Edits an event's details, by [`crate::decide::edit_details`], and returns the event.
    ///
    /// # Contract
    ///
    /// If several edits with one `read_version` arrive at the same time, exactly one MUST be applied.
    async fn edit_event(
        &self,
        id: EventId,
        details: EventDetails,
        read_version: Option<u64>,
    ) -> Result<Event, CommandError<EditRefused>>;

    /// Publishes or cancels an event, by [`crate::event::EventState::apply`], and returns the event.
    async fn step_event(&self, id: EventId, step: EventStep) -> Result<Event, CommandError<EditRefused>>;

    /// Archives an event, by [`crate::decide::archive`], and returns it.
    ///
    /// # Contract
    ///
    /// MUST count what [`crate::decide::OpenWork`] names, against rows that no command changes at the same time: if an
    /// archiving and a command that leaves something open arrive at the same time, exactly one MUST be applied.
    async fn archive_event(&self, id: EventId, now: Timestamp)
    -> Result<Event, CommandError<ArchiveRefused>>;

    /// Takes an event out of the archive, by [`crate::decide::unarchive`], and returns it.
    async fn unarchive_event(&self, id: EventId) -> Result<Event, CommandError<ArchiveRefused>>;

    /// Deletes an event that never had a reservation.
    ///
    /// Otherwise it is refused with [`EditRefused::HasReservations`].
    ///
    /// # Contract
    ///
    /// A reservation that ended counts. The event's ticket types MUST be deleted with it, and its seats in short
    /// transactions afterwards, or by [`CatalogStore::remove_leftovers`]. If a deletion and a
    /// hold arrive at the same time, exactly one MUST succeed.
    async fn delete_event(&self, id: EventId) -> Result<(), CommandError<EditRefused>>;

    /// Deletes at most `limit` seats of events that were deleted, or whose creation began before `before` and never ended.
    ///
    /// It returns how many; 0 if nothing is left.
    ///
    /// # Contract
    ///
    /// A creation that goes on after its seats were removed MUST fail, and make nothing.
    async fn remove_leftovers(&self, before: Timestamp, limit: usize) -> Result<usize, StoreError>;

    /// Adds a general-admission ticket type to an event, by [`crate::decide::create`].
    ///
    /// # Contract
    ///
    /// As for [`CatalogStore::create_event`]; MUST be refused with [`CreateRefused::EventNotFound`] if the event does
    /// not exist.
    async fn add_ticket_type(&self, command: AddTicketType) -> Result<Created, CommandError<CreateRefused>>;

    /// Edits a ticket type, by [`crate::decide::edit_ticket_type`], and returns it.
    ///
    /// # Contract
    ///
    /// Its counters MUST NOT change. A new capacity alone MUST NOT make a fact.
    async fn edit_ticket_type(
        &self,
        id: TicketTypeId,
        edit: TicketTypeInput,
    ) -> Result<TicketType, CommandError<EditRefused>>;

    /// Deletes a ticket type, by [`crate::decide::remove_ticket_type`].
    async fn remove_ticket_type(&self, id: TicketTypeId) -> Result<(), CommandError<EditRefused>>;

    /// Takes seats off sale, by [`crate::decide::block_seats`].
    ///
    /// It returns the new map version.
    ///
    /// # Contract
    ///
    /// MUST first end every reservation of the event that is due at the command's `now`, as a sales command does.
    /// The map version MUST NOT change if no seat changes.
    async fn block_seats(&self, command: BlockSeats) -> Result<u64, CommandError<BlockRefused>>;

    /// Puts seats back on sale, by [`crate::decide::unblock_seats`].
    ///
    /// It returns the new map version.
    ///
    /// # Contract
    ///
    /// MUST NOT end a reservation that is due: a hold never conflicts with this command. The map version MUST NOT
    /// change if no seat changes.
    async fn unblock_seats(&self, command: UnblockSeats) -> Result<u64, CommandError<BlockRefused>>;

    /// Saves and announces every status that differs from the announced one.
    ///
    /// It uses [`crate::decide::announce_status`], and returns the new statuses.
    ///
    /// # Contract
    ///
    /// Any number of servers may run this at the same time: each change MUST be announced once, as one
    /// [`crate::FactBody::EventStatusChanged`] in the commit that saves it. A draft MUST NOT be announced. The event's
    /// version MUST NOT change. Each event MUST be processed separately: one that fails, or that another session has
    /// locked, is skipped within a bounded time and does not delay other events.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the store as a whole failed; the failure of one event is in [`Swept::skipped`].
    async fn announce_statuses(&self, now: Timestamp) -> Result<Swept<(EventId, EventStatus)>, StoreError>;

    /// Returns an event with its ticket types, by position and then by id; drafts, too.
    async fn event(&self, id: EventId) -> Result<Option<EventView>, StoreError>;

    /// Returns the events that match a query.
    ///
    /// # Contract
    ///
    /// - MUST match and sort as [`EventQuery::wants`] and [`EventSort::compare`](crate::store::EventSort::compare) do, for every script and letter case,
    ///   with characters such as `%`, `_`, `'` and `\` taken literally.
    /// - [`Page::total`] MUST count the whole listing, from [`EventQuery::after`] on; exactly if it has at most
    ///   [`crate::limits::MAX_TOTAL`] events, or, with a search, if at most 100 events have the rarest gram of its words. Of a longer listing, it
    ///   MUST NOT be greater than the number of events.
    /// - A durable adapter MUST find a page by indexes, so that its cost does not grow with the number of events.
    async fn events(&self, query: EventQuery) -> Result<Page<EventView>, StoreError>;

    /// Returns a ticket type.
    async fn ticket_type(&self, id: TicketTypeId) -> Result<Option<TicketType>, StoreError>;

    /// Returns an event's map version without its seats, to check whether a copy is current.
    async fn seat_map_version(&self, event: EventId) -> Result<Option<u64>, StoreError>;

    /// Returns the seats that changed after map version `since`, from the stage backwards.
    ///
    /// # Contract
    ///
    /// - `since` 0, and any `since` greater than the present version, MUST return every seat, with
    ///   [`SeatMap::complete`] set; any other `since` exactly the seats whose [`Seat::map_version`] is greater.
    /// - The version and the seats MUST be of one moment.
    /// - A commit that changes seats MUST raise the version; one that changes only units MUST NOT.
    async fn seat_map(&self, event: EventId, since: u64) -> Result<Option<SeatMap>, StoreError>;
}

/// An event with its ticket types.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[expect(clippy::exhaustive_structs, reason = "stores make it, and give every part")]
pub struct EventView {
    /// The event.
    pub event: Event,
    /// Its ticket types, by position.
    pub ticket_types: Vec<TicketType>,
}

impl EventView {
    /// Derives the event's status at `now`.
    pub fn status(&self, now: Timestamp) -> EventStatus {
        self.event.status(now, any_left(&self.ticket_types))
    }
}

/// An event's seats at one map version.
///
/// These are all seats, or those that changed after another version.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[expect(clippy::exhaustive_structs, reason = "stores make it, and give every part")]
pub struct SeatMap {
    /// The map version, which grows with each change of any seat of the event.
    pub version: u64,
    /// Whether these are all seats of the event.
    pub complete: bool,
    /// The seats, from the stage backwards.
    pub seats: Vec<Seat>,
}
