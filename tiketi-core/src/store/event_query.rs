//! What a listing of events shows: filter, order and page.

use crate::decide::any_left;
use crate::event::{Event, EventStatus};
use crate::id::EventId;
use crate::search;
use crate::store::{EventView, PageRequest};
use crate::time::Timestamp;

/// Filter, order and page of an event listing.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct EventQuery {
    /// The moment by which statuses are derived.
    pub now: Timestamp,
    /// The page to return, of the events from [`EventQuery::after`] on.
    ///
    /// The cost of a page grows with the number of events before it; a key costs nothing.
    pub page: PageRequest,
    /// Only events that come after this one in the order; `None` for all.
    pub after: Option<EventKey>,
    /// Only events with this status.
    pub status: Option<EventStatus>,
    /// Only events whose title, artist, venue or keywords contain every word of this text, in any letter case.
    pub search: Option<String>,
    /// The order.
    pub sort: EventSort,
    /// Whether drafts are returned, too.
    pub drafts: bool,
    /// Whether archived events are returned, and no others; otherwise they are left out.
    pub archived: bool,
}

impl EventQuery {
    /// Makes a query for published events, the soonest first.
    pub fn published(now: Timestamp, page: PageRequest) -> Self {
        Self {
            now,
            page,
            after: None,
            status: None,
            search: None,
            sort: EventSort::StartsAt,
            drafts: false,
            archived: false,
        }
    }

    /// Restricts the query to one status.
    #[must_use]
    pub fn with_status(mut self, status: EventStatus) -> Self {
        self.status = Some(status);
        self
    }

    /// Restricts the query to events that contain every word of a text.
    #[must_use]
    pub fn matching(mut self, search: impl Into<String>) -> Self {
        self.search = Some(search.into());
        self
    }

    /// Changes the order.
    #[must_use]
    pub fn sorted(mut self, sort: EventSort) -> Self {
        self.sort = sort;
        self
    }

    /// Restricts the query to the events that come after one.
    #[must_use]
    pub fn after(mut self, key: EventKey) -> Self {
        self.after = Some(key);
        self
    }

    /// Includes drafts.
    #[must_use]
    pub fn with_drafts(mut self) -> Self {
        self.drafts = true;
        self
    }

    /// Returns archived events, and no others.
    #[must_use]
    pub fn of_archive(mut self) -> Self {
        self.archived = true;
        self
    }

    /// Returns whether an event matches: the rule that every adapter's query must equal.
    pub fn wants(&self, view: &EventView) -> bool {
        self.lists(&view.event, any_left(&view.ticket_types))
            && self.search.as_deref().is_none_or(|search| {
                search::matches(&search::searched_text(&view.event.details), &search::words(search))
            })
    }

    /// Returns whether an event matches but for the words of the search.
    pub(crate) fn lists(&self, event: &Event, any_left: bool) -> bool {
        (self.drafts || event.is_public())
            && self.archived == event.is_archived()
            && self.status.is_none_or(|status| event.status(self.now, any_left) == status)
            && self.after.as_ref().is_none_or(|after| self.sort.is_after(event, after))
    }
}

/// The place of an event in a listing: what the listing is sorted by, and the event's id.
///
/// It stays valid if the event is edited or removed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[expect(clippy::exhaustive_structs, reason = "the key of a page, which hosts write and read")]
pub struct EventKey {
    /// The value of the field by which the listing is sorted.
    pub value: EventKeyValue,
    /// The event's id.
    pub id: EventId,
}

/// The value of the field by which a listing is sorted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[expect(clippy::exhaustive_enums, reason = "each store binds every case")]
pub enum EventKeyValue {
    /// Of [`EventSort::StartsAt`], [`EventSort::SaleOpensAt`] and [`EventSort::Newest`].
    Moment(Timestamp),
    /// Of [`EventSort::Title`].
    Title(String),
}

/// Order of an event listing; events that compare equal are ordered by id.
///
/// Titles are compared by their characters' code points: all stores then agree, whatever language the database has.
/// Korean syllables come in their usual order, after Latin letters; capitals come before small letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[expect(clippy::exhaustive_enums, reason = "each store orders by every case")]
pub enum EventSort {
    /// The earliest performance first.
    #[default]
    StartsAt,
    /// The earliest opening of the sale first.
    SaleOpensAt,
    /// The newest event first; of one moment, the greatest id first.
    Newest,
    /// By title.
    Title,
}

impl EventSort {
    /// Every order.
    pub const ALL: [Self; 4] = [Self::StartsAt, Self::SaleOpensAt, Self::Newest, Self::Title];

    /// Compares two events: the order that every adapter's query must equal.
    pub fn compare(self, a: &Event, b: &Event) -> std::cmp::Ordering {
        let in_order = self.key(a).cmp(&self.key(b));
        if self.is_descending() { in_order.reverse() } else { in_order }
    }

    /// Returns the place of an event in a listing of this order.
    pub fn key(self, event: &Event) -> EventKey {
        let value = match self {
            Self::StartsAt => EventKeyValue::Moment(event.details.starts_at),
            Self::SaleOpensAt => EventKeyValue::Moment(event.details.sale.opens_at()),
            Self::Newest => EventKeyValue::Moment(event.created_at),
            Self::Title => EventKeyValue::Title(event.details.title.clone()),
        };
        EventKey { value, id: event.id }
    }

    /// Returns whether the greatest key comes first.
    pub const fn is_descending(self) -> bool {
        matches!(self, Self::Newest)
    }

    /// Returns whether a place is of a listing that is sorted by a field of the same kind.
    pub(crate) const fn has_key(self, place: &EventKey) -> bool {
        matches!(
            (self, &place.value),
            (Self::Title, EventKeyValue::Title(_))
                | (Self::StartsAt | Self::SaleOpensAt | Self::Newest, EventKeyValue::Moment(_))
        )
    }

    /// Returns whether an event comes after a place; never for a place of another order.
    fn is_after(self, event: &Event, place: &EventKey) -> bool {
        let key = self.key(event);
        let later = if self.is_descending() { std::cmp::Ordering::Less } else { std::cmp::Ordering::Greater };
        self.has_key(place) && key.cmp(place) == later
    }
}
