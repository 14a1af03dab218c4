//! The catalog: events, what they sell, and their seat maps.

use std::fmt::Debug;

use async_trait::async_trait;

use crate::catalog::TicketTypeInput;
use crate::decide::{
    AddTicketType, BlockRefused, BlockSeats, CreateEvent, CreateRefused, Created, EditRefused, UnblockSeats,
};
use crate::event::{Event, EventDetails, EventStatus, EventStep};
use crate::id::{EventId, TicketTypeId};
use crate::seat::Seat;
use crate::store::{CommandError, Page, PageRequest, StoreError, Swept};
use crate::ticket_type::TicketType;
use crate::time::Timestamp;

/// Keeps events, their ticket types and seats.
///
/// # Contract
///
/// - Every change MUST be atomic, durable before it returns, and decided by the function of
///   [`crate::decide`] its method names, against rows no other command changes meanwhile, those of
///   [`crate::store::SalesStore`] included.
/// - Facts of a change MUST go through [`crate::decide::coalesce_facts`] and into the outbox in the same commit.
/// - Creating what exists MUST be refused, and never replace it; of several that create one thing at once, exactly
///   one succeeds.
/// - What is read MUST equal what was written: every character of a text, every microsecond of a time.
/// - A refused change MUST change nothing. Only [`CatalogStore::block_seats`] ends lapsed holds; every other method
///   MUST leave them to the sales commands and the sweep.
/// - A read of what does not exist MUST answer `None`.
///
/// # Cancel safety
///
/// A dropped future leaves a change applied as a whole or not at all.
#[async_trait]
pub trait CatalogStore: Debug + Send + Sync + 'static {
    /// Stores a new event with its ticket types and seats, by [`crate::decide::create`].
    ///
    /// # Contract
    ///
    /// The map version of an event with seats MUST be 1, and that of one without MUST be 0. Seats keep their order.
    ///
    /// Its [`crate::decide::CreationRecord`] MUST be remembered in the same commit, for at least 24 hours: a repetition
    /// under its key, from any server and however close, MUST make nothing and answer with the id of the first. An id of
    /// the event or of one of its ticket types that exists MUST be refused.
    async fn create_event(&self, command: CreateEvent) -> Result<Created, CommandError<CreateRefused>>;

    /// Changes an event's details, by [`crate::decide::edit_details`], and returns the event.
    ///
    /// # Contract
    ///
    /// Of several edits with one `read_version` at once, exactly one MUST be applied.
    async fn edit_event(
        &self,
        id: EventId,
        details: EventDetails,
        read_version: Option<u64>,
    ) -> Result<Event, CommandError<EditRefused>>;

    /// Publishes or cancels an event, by [`crate::event::EventState::apply`], and returns the event.
    async fn step_event(&self, id: EventId, step: EventStep) -> Result<Event, CommandError<EditRefused>>;

    /// Removes an event that never had a reservation; else refused with [`EditRefused::HasReservations`].
    ///
    /// # Contract
    ///
    /// A reservation that ended counts. Its ticket types and seats MUST go with it. Of a removal and a hold at once,
    /// exactly one MUST succeed.
    async fn delete_event(&self, id: EventId) -> Result<(), CommandError<EditRefused>>;

    /// Adds a general-admission ticket type to its event, by [`crate::decide::create`].
    ///
    /// # Contract
    ///
    /// As [`CatalogStore::create_event`]; refused with [`CreateRefused::EventNotFound`] if there is no such event.
    async fn add_ticket_type(&self, command: AddTicketType) -> Result<Created, CommandError<CreateRefused>>;

    /// Changes a ticket type, by [`crate::decide::edit_ticket_type`], and returns it.
    ///
    /// # Contract
    ///
    /// Its counters MUST stay as they are. A new capacity MUST NOT be told as a fact by itself.
    async fn edit_ticket_type(
        &self,
        id: TicketTypeId,
        edit: TicketTypeInput,
    ) -> Result<TicketType, CommandError<EditRefused>>;

    /// Removes a ticket type, by [`crate::decide::remove_ticket_type`].
    async fn remove_ticket_type(&self, id: TicketTypeId) -> Result<(), CommandError<EditRefused>>;

    /// Takes seats off sale, by [`crate::decide::block_seats`], and returns the new map version.
    ///
    /// # Contract
    ///
    /// MUST first end every reservation of the event that is due at the command's `now`, as a sales command does.
    /// The map version MUST stay as it is if no seat changes.
    async fn block_seats(&self, command: BlockSeats) -> Result<u64, CommandError<BlockRefused>>;

    /// Puts seats back on sale, by [`crate::decide::unblock_seats`], and returns the new map version.
    ///
    /// # Contract
    ///
    /// MUST NOT end a reservation that is due: no lapsed hold stands in its way. The map version MUST stay as it is
    /// if no seat changes.
    async fn unblock_seats(&self, command: UnblockSeats) -> Result<u64, CommandError<BlockRefused>>;

    /// Keeps and announces every status that is no longer the one announced, by
    /// [`crate::decide::announce_status`], and returns them.
    ///
    /// # Contract
    ///
    /// Any number of servers may run this at once: each change MUST be announced once, as one
    /// [`crate::FactBody::EventStatusChanged`] in the commit that keeps it. A draft MUST NOT be announced. The event's
    /// version MUST stay as it is. Each event MUST be announced for itself: one that fails, or that another session
    /// keeps locked, is passed over within a bounded time, and keeps no other event back.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the store as a whole failed; the failure of one event is in [`Swept::skipped`].
    async fn announce_statuses(&self, now: Timestamp) -> Result<Swept<(EventId, EventStatus)>, StoreError>;

    /// Returns an event with what it sells, by position and then by id, drafts included.
    async fn event(&self, id: EventId) -> Result<Option<EventView>, StoreError>;

    /// Returns the events that match a query.
    ///
    /// # Contract
    ///
    /// MUST answer as [`EventQuery::wants`] and [`EventSort::compare`] do, for every script and letter case, with
    /// characters such as `%`, `_`, `'` and `\` taken as they are. [`Page::total`] MUST count the whole listing.
    async fn events(&self, query: EventQuery) -> Result<Page<EventView>, StoreError>;

    /// Returns a ticket type.
    async fn ticket_type(&self, id: TicketTypeId) -> Result<Option<TicketType>, StoreError>;

    /// Returns an event's map version without its seats, to tell whether a copy is current.
    async fn seat_map_version(&self, event: EventId) -> Result<Option<u64>, StoreError>;

    /// Returns the seats that changed after map version `since`, from the stage backwards.
    ///
    /// # Contract
    ///
    /// - `since` 0, and any `since` greater than the present version, MUST answer every seat, with
    ///   [`SeatMap::complete`] set; any other exactly the seats whose [`Seat::map_version`] is greater.
    /// - The version and the seats MUST be of one moment.
    /// - A commit that changes seats MUST raise the version; one that changes only units MUST NOT.
    async fn seat_map(&self, event: EventId, since: u64) -> Result<Option<SeatMap>, StoreError>;
}

/// An event with what it sells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventView {
    /// The event.
    pub event: Event,
    /// Its ticket types, by position.
    pub ticket_types: Vec<TicketType>,
}

impl EventView {
    /// Derives what buyers are told of the event at `now`.
    pub fn status(&self, now: Timestamp) -> EventStatus {
        let anything_left = self.ticket_types.iter().any(|ticket_type| ticket_type.stock.available() > 0);
        self.event.status(now, anything_left)
    }
}

/// An event's seats at one map version: all of them, or those that changed after another version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeatMap {
    /// The version, which grows with each change of any seat of the event.
    pub version: u64,
    /// Whether these are all seats of the event.
    pub complete: bool,
    /// The seats, from the stage backwards.
    pub seats: Vec<Seat>,
}

/// Which events are wanted.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct EventQuery {
    /// Decides statuses.
    pub now: Timestamp,
    /// Which page.
    pub page: PageRequest,
    /// Only those of this status.
    pub status: Option<EventStatus>,
    /// Only those whose title, artist, venue or keywords contain every word of this text, in any case.
    pub search: Option<String>,
    /// In which order.
    pub sort: EventSort,
    /// Whether drafts are wanted too.
    pub drafts: bool,
}

impl EventQuery {
    /// Asks for published events, the soonest first.
    pub fn published(now: Timestamp, page: PageRequest) -> Self {
        Self { now, page, status: None, search: None, sort: EventSort::StartsAt, drafts: false }
    }

    /// Asks for those of one status.
    #[must_use]
    pub fn with_status(mut self, status: EventStatus) -> Self {
        self.status = Some(status);
        self
    }

    /// Asks for those that contain every word of a text.
    #[must_use]
    pub fn matching(mut self, search: impl Into<String>) -> Self {
        self.search = Some(search.into());
        self
    }

    /// Asks for another order.
    #[must_use]
    pub fn sorted(mut self, sort: EventSort) -> Self {
        self.sort = sort;
        self
    }

    /// Asks for drafts too.
    #[must_use]
    pub fn with_drafts(mut self) -> Self {
        self.drafts = true;
        self
    }

    /// Tells whether an event is wanted: the rule every adapter's query has to equal.
    pub fn wants(&self, view: &EventView) -> bool {
        (self.drafts || view.event.is_public())
            && self.status.is_none_or(|status| view.status(self.now) == status)
            && self.search.as_deref().is_none_or(|search| found_by(&view.event.details, search))
    }
}

fn found_by(details: &EventDetails, search: &str) -> bool {
    let texts = [&details.title, &details.artist, &details.venue];
    let texts: Vec<String> =
        texts.into_iter().chain(&details.keywords).map(|text| text.to_lowercase()).collect();
    search.to_lowercase().split_whitespace().all(|word| texts.iter().any(|text| text.contains(word)))
}

/// In which order events are listed; ties go by id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum EventSort {
    /// The soonest performance first.
    #[default]
    StartsAt,
    /// The soonest sale first.
    SaleOpensAt,
    /// The newest event first.
    Newest,
    /// By title.
    Title,
}

impl EventSort {
    /// Compares two events: the order every adapter's query has to equal.
    pub fn compare(self, a: &Event, b: &Event) -> std::cmp::Ordering {
        let by_field = match self {
            Self::StartsAt => a.details.starts_at.cmp(&b.details.starts_at),
            Self::SaleOpensAt => a.details.sale.opens_at().cmp(&b.details.sale.opens_at()),
            Self::Newest => b.created_at.cmp(&a.created_at),
            Self::Title => a.details.title.cmp(&b.details.title),
        };
        by_field.then(a.id.cmp(&b.id))
    }
}
