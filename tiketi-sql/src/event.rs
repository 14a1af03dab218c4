//! Events and ticket types.

use std::borrow::Cow;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tiketi_core::{
    Currency, Event, EventDetails, EventId, EventStatus, LayoutId, Money, RoomPolicy, SaleWindow, StoreError,
    TicketType, TicketTypeId, Timestamp,
    event::{EventState, TermsOverride},
    terms::{LatePayment, RefundedSeats},
    ticket_type::{Stock, TicketKind},
};
use uuid::Uuid;

use crate::cancellation::{TierEntry, policy, tiers};
use crate::metadata::{metadata, metadata_text};
use crate::room_policy::RoomEntry;
use crate::row::{currency, json, needed, parse, small, stored, unreadable, unsigned};
use crate::table::table;

/// An event's own terms as JSON, in microseconds; the tiers of a policy are in seconds.
#[derive(Serialize, Deserialize)]
struct Terms {
    hold_ttl: Option<u64>,
    hold_cap: Option<u64>,
    payment_window: Option<u64>,
    max_seats_per_buyer: Option<u32>,
    late_payment: Option<String>,
    #[serde(default)]
    refunded_seats: Option<String>,
    #[serde(default)]
    cancellation: Option<Vec<TierEntry>>,
    #[serde(default)]
    deposit_window: Option<u64>,
    /// The policy of the waiting room; absent while it is the default.
    #[serde(default)]
    waiting_room: Option<RoomEntry>,
}

table! {
    /// A row of `events`.
    EventRow<'r> = "events", listed by event_columns {
        key { id: Uuid }
        fixed { currency: Cow<'r, str>, layout: Option<Uuid>, created_at: i64 }
        changing {
            title: Cow<'r, str>,
            artist: Cow<'r, str>,
            venue: Cow<'r, str>,
            description: Cow<'r, str>,
            keywords: Cow<'r, str>,
            poster: Option<Cow<'r, str>>,
            starts_at: i64,
            opens_at: i64,
            closes_at: i64,
            terms: Cow<'r, str>,
            metadata: Option<Cow<'r, str>>,
            state: Cow<'r, str>,
            state_at: Option<i64>,
            announced: Cow<'r, str>,
            listing: Cow<'r, str>,
            archived_at: Option<i64>,
            version: i64,
        }
        counted { map_version: i64, any_left: bool }
    }
}

impl<'r> EventRow<'r> {
    /// Writes an event as its columns. `any_left` is whether any of its ticket types is available.
    ///
    /// # Errors
    ///
    /// None for an event of `tiketi-core`: all its parts can be written as JSON.
    pub fn of(event: &'r Event, map_version: u64, any_left: bool) -> Result<Self, StoreError> {
        let Event { id, details, currency, layout, state, announced, created_at, archived_at, version } =
            event;
        let EventDetails {
            title,
            artist,
            venue,
            description,
            keywords,
            poster,
            starts_at,
            sale,
            metadata,
            ..
        } = details;
        let (state, state_at) = event_state(*state);
        Ok(Self {
            id: id.as_uuid(),
            currency: currency.code().into(),
            layout: layout.map(LayoutId::as_uuid),
            created_at: created_at.as_micros(),
            title: title.into(),
            artist: artist.into(),
            venue: venue.into(),
            description: description.into(),
            keywords: json(keywords)?.into(),
            poster: poster.as_ref().map(|poster| poster.as_str().into()),
            starts_at: starts_at.as_micros(),
            opens_at: sale.opens_at().as_micros(),
            closes_at: sale.closes_at().as_micros(),
            terms: terms_text(details)?.into(),
            metadata: metadata_text(metadata),
            state: state.into(),
            state_at,
            announced: status_word(*announced).into(),
            listing: listing_word(event).into(),
            archived_at: archived_at.map(Timestamp::as_micros),
            version: stored(*version),
            map_version: stored(map_version),
            any_left,
        })
    }

    /// Reads the event from its columns, and the version of its seat map.
    ///
    /// # Errors
    ///
    /// [`tiketi_core::StoreErrorKind::Corrupt`] if a column does not hold what it should.
    pub fn event(self) -> Result<(Event, u64), StoreError> {
        let terms: Terms = parse(&self.terms, "terms")?;
        let (opens_at, closes_at) = (self.opens_at, self.closes_at);
        let sale = SaleWindow::new(Timestamp::from_micros(opens_at), Timestamp::from_micros(closes_at));
        let sale = sale.map_err(|_| unreadable("sale window"))?;
        let poster = self.poster.as_deref().map(str::parse).transpose();
        let details = EventDetails::new(self.title, Timestamp::from_micros(self.starts_at), sale)
            .artist(self.artist)
            .venue(self.venue)
            .description(self.description)
            .keywords(parse::<Vec<String>>(&self.keywords, "keywords")?)
            .poster(poster.map_err(|_| unreadable("poster"))?)
            .terms(own_terms(&terms)?)
            .waiting_room(terms.waiting_room.map(RoomEntry::policy).transpose()?.unwrap_or_default())
            .metadata(metadata(self.metadata.as_deref())?);
        let state = match &*self.state {
            "draft" => EventState::Draft,
            "published" => EventState::Published,
            "cancelled" => EventState::Cancelled { at: needed(self.state_at, "state_at")? },
            _ => return Err(unreadable("state")),
        };
        let event = Event {
            id: EventId::from_uuid(self.id),
            details,
            currency: currency(&self.currency)?,
            layout: self.layout.map(LayoutId::from_uuid),
            state,
            announced: status(&self.announced)?,
            created_at: Timestamp::from_micros(self.created_at),
            archived_at: self.archived_at.map(Timestamp::from_micros),
            version: unsigned(self.version, "version")?,
        };
        Ok((event, unsigned(self.map_version, "map_version")?))
    }
}

/// Writes a state as its word, and the moment of a cancellation.
fn event_state(state: EventState) -> (&'static str, Option<i64>) {
    match state {
        EventState::Draft => ("draft", None),
        EventState::Published => ("published", None),
        EventState::Cancelled { at } => ("cancelled", Some(at.as_micros())),
    }
}

/// Returns the list in which an event is found: archived events, drafts, or events of the announced status.
pub fn listing_word(event: &Event) -> &'static str {
    if event.is_archived() {
        ARCHIVED
    } else if event.is_public() {
        status_word(event.announced)
    } else {
        DRAFTS
    }
}

/// The list of drafts.
pub(crate) const DRAFTS: &str = "draft";
/// The list of archived events.
pub(crate) const ARCHIVED: &str = "archived";

/// Returns the word for a status.
pub(crate) fn status_word(status: EventStatus) -> &'static str {
    match status {
        EventStatus::Upcoming => "upcoming",
        EventStatus::OnSale => "on_sale",
        EventStatus::SoldOut => "sold_out",
        EventStatus::Ended => "ended",
        EventStatus::Cancelled => "cancelled",
    }
}

pub(crate) fn status(word: &str) -> Result<EventStatus, StoreError> {
    match word {
        "upcoming" => Ok(EventStatus::Upcoming),
        "on_sale" => Ok(EventStatus::OnSale),
        "sold_out" => Ok(EventStatus::SoldOut),
        "ended" => Ok(EventStatus::Ended),
        "cancelled" => Ok(EventStatus::Cancelled),
        _ => Err(unreadable("status")),
    }
}

/// Writes an event's own terms and the policy of its waiting room as a JSON object, in microseconds.
fn terms_text(details: &EventDetails) -> Result<String, StoreError> {
    let EventDetails { terms, waiting_room, .. } = details;
    let micros =
        |length: Option<Duration>| length.map(|it| u64::try_from(it.as_micros()).unwrap_or(u64::MAX));
    json(&Terms {
        hold_ttl: micros(terms.hold_ttl),
        hold_cap: micros(terms.hold_cap),
        payment_window: micros(terms.payment_window),
        max_seats_per_buyer: terms.max_seats_per_buyer,
        late_payment: terms.late_payment.map(|policy| late_word(policy).to_owned()),
        refunded_seats: terms.refunded_seats.map(|policy| seats_word(policy).to_owned()),
        cancellation: terms.cancellation.as_ref().map(tiers),
        deposit_window: micros(terms.deposit_window),
        waiting_room: (*waiting_room != RoomPolicy::default()).then(|| RoomEntry::of(waiting_room)),
    })
}

fn own_terms(terms: &Terms) -> Result<TermsOverride, StoreError> {
    Ok(TermsOverride::default()
        .hold_ttl(terms.hold_ttl.map(Duration::from_micros))
        .hold_cap(terms.hold_cap.map(Duration::from_micros))
        .payment_window(terms.payment_window.map(Duration::from_micros))
        .max_seats_per_buyer(terms.max_seats_per_buyer)
        .late_payment(terms.late_payment.as_deref().map(late_payment).transpose()?)
        .refunded_seats(terms.refunded_seats.as_deref().map(refunded_seats).transpose()?)
        .cancellation(terms.cancellation.as_deref().map(policy).transpose()?)
        .deposit_window(terms.deposit_window.map(Duration::from_micros)))
}

fn late_word(policy: LatePayment) -> &'static str {
    match policy {
        LatePayment::TakeAgainElseRefund => "take_again_else_refund",
        LatePayment::Refund => "refund",
    }
}

fn late_payment(word: &str) -> Result<LatePayment, StoreError> {
    match word {
        "take_again_else_refund" => Ok(LatePayment::TakeAgainElseRefund),
        "refund" => Ok(LatePayment::Refund),
        _ => Err(unreadable("terms")),
    }
}

fn seats_word(policy: RefundedSeats) -> &'static str {
    match policy {
        RefundedSeats::OnSale => "on_sale",
        RefundedSeats::Blocked => "blocked",
    }
}

fn refunded_seats(word: &str) -> Result<RefundedSeats, StoreError> {
    match word {
        "on_sale" => Ok(RefundedSeats::OnSale),
        "blocked" => Ok(RefundedSeats::Blocked),
        _ => Err(unreadable("terms")),
    }
}

table! {
    /// A row of `ticket_types`.
    TicketTypeRow<'r> = "ticket_types", listed by ticket_type_columns {
        key { id: Uuid }
        fixed { event: Uuid, section: Option<Cow<'r, str>>, position: i64 }
        changing { name: Cow<'r, str>, price: i64, capacity: i64 }
        counted { held: i64, sold: i64, blocked: i64 }
    }
}

impl<'r> TicketTypeRow<'r> {
    /// Writes a ticket type as its columns.
    pub fn of(ticket_type: &'r TicketType) -> Self {
        let TicketType { id, event, name, price, kind, stock, position } = ticket_type;
        let Stock { capacity, held, sold, blocked } = *stock;
        let section = match kind {
            TicketKind::Seated { section } => Some(section.into()),
            TicketKind::GeneralAdmission => None,
        };
        Self {
            id: id.as_uuid(),
            event: event.as_uuid(),
            section,
            position: i64::from(*position),
            name: name.into(),
            price: price.minor(),
            capacity: i64::from(capacity),
            held: i64::from(held),
            sold: i64::from(sold),
            blocked: i64::from(blocked),
        }
    }

    /// Reads the ticket type from its columns; its currency is its event's.
    ///
    /// # Errors
    ///
    /// [`tiketi_core::StoreErrorKind::Corrupt`] if a column does not hold what it should.
    pub fn ticket_type(self, currency: Currency) -> Result<TicketType, StoreError> {
        let seated = |section: Cow<'_, str>| TicketKind::Seated { section: section.into_owned() };
        Ok(TicketType {
            id: TicketTypeId::from_uuid(self.id),
            event: EventId::from_uuid(self.event),
            name: self.name.into_owned(),
            price: Money::new(self.price, currency),
            kind: self.section.map_or(TicketKind::GeneralAdmission, seated),
            stock: Stock {
                capacity: small(self.capacity, "capacity")?,
                held: small(self.held, "held")?,
                sold: small(self.sold, "sold")?,
                blocked: small(self.blocked, "blocked")?,
            },
            position: small(self.position, "position")?,
        })
    }
}
