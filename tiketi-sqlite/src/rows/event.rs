//! Events and ticket types.

use std::time::Duration;

use rusqlite::Row;
use serde::{Deserialize, Serialize};
use tiketi_core::{
    Currency, Event, EventDetails, EventId, EventState, EventStatus, LayoutId, SaleWindow, Stock, StoreError,
    TermsOverride, TicketKind, TicketType, TicketTypeId,
};

use super::{count, currency, due_moment, get, moment, money, parse, text};
use crate::error::unreadable;

pub(crate) const EVENT_COLUMNS: &str = "id, title, artist, venue, description, keywords, starts_at, opens_at, \
    closes_at, terms, currency, layout, state, state_at, announced, created_at, version, map_version";
pub(crate) const TICKET_TYPE_COLUMNS: &str =
    "id, event, name, price, section, capacity, held, sold, blocked, position";

/// An event's own terms as JSON, in microseconds.
#[derive(Serialize, Deserialize)]
struct Terms {
    hold_ttl: Option<u64>,
    hold_cap: Option<u64>,
    payment_window: Option<u64>,
    max_seats_per_buyer: Option<u32>,
}

pub(crate) fn event(row: &Row<'_>) -> Result<Event, StoreError> {
    let sale = SaleWindow::new(moment(row, "opens_at")?, moment(row, "closes_at")?);
    let details = EventDetails {
        title: get(row, "title")?,
        artist: get(row, "artist")?,
        venue: get(row, "venue")?,
        description: get(row, "description")?,
        keywords: parse(&get::<String>(row, "keywords")?, "keywords")?,
        starts_at: moment(row, "starts_at")?,
        sale: sale.map_err(|_| unreadable("sale window"))?,
        terms: terms(&get::<String>(row, "terms")?)?,
    };
    let state = match get::<String>(row, "state")?.as_str() {
        "draft" => EventState::Draft,
        "published" => EventState::Published,
        "cancelled" => EventState::Cancelled { at: due_moment(row, "state_at")? },
        _ => return Err(unreadable("state")),
    };
    Ok(Event {
        id: EventId::from_uuid(get(row, "id")?),
        details,
        currency: currency(row)?,
        layout: get::<Option<uuid::Uuid>>(row, "layout")?.map(LayoutId::from_uuid),
        state,
        announced: status(&get::<String>(row, "announced")?)?,
        created_at: moment(row, "created_at")?,
        version: count(row, "version")?,
    })
}

pub(crate) fn event_state(state: EventState) -> (&'static str, Option<i64>) {
    match state {
        EventState::Draft => ("draft", None),
        EventState::Published => ("published", None),
        EventState::Cancelled { at } => ("cancelled", Some(at.as_micros())),
    }
}

pub(crate) fn status_word(status: EventStatus) -> &'static str {
    match status {
        EventStatus::Upcoming => "upcoming",
        EventStatus::OnSale => "on_sale",
        EventStatus::SoldOut => "sold_out",
        EventStatus::Ended => "ended",
        EventStatus::Cancelled => "cancelled",
    }
}

pub(super) fn status(word: &str) -> Result<EventStatus, StoreError> {
    match word {
        "upcoming" => Ok(EventStatus::Upcoming),
        "on_sale" => Ok(EventStatus::OnSale),
        "sold_out" => Ok(EventStatus::SoldOut),
        "ended" => Ok(EventStatus::Ended),
        "cancelled" => Ok(EventStatus::Cancelled),
        _ => Err(unreadable("status")),
    }
}

pub(crate) fn keywords_text(keywords: &[String]) -> Result<String, StoreError> {
    text(&keywords)
}

pub(crate) fn terms_text(terms: TermsOverride) -> Result<String, StoreError> {
    let micros =
        |length: Option<Duration>| length.map(|it| u64::try_from(it.as_micros()).unwrap_or(u64::MAX));
    text(&Terms {
        hold_ttl: micros(terms.hold_ttl),
        hold_cap: micros(terms.hold_cap),
        payment_window: micros(terms.payment_window),
        max_seats_per_buyer: terms.max_seats_per_buyer,
    })
}

fn terms(json: &str) -> Result<TermsOverride, StoreError> {
    let terms: Terms = parse(json, "terms")?;
    Ok(TermsOverride {
        hold_ttl: terms.hold_ttl.map(Duration::from_micros),
        hold_cap: terms.hold_cap.map(Duration::from_micros),
        payment_window: terms.payment_window.map(Duration::from_micros),
        max_seats_per_buyer: terms.max_seats_per_buyer,
    })
}

/// Reads a ticket type; its currency is its event's.
pub(crate) fn ticket_type(row: &Row<'_>, currency: Currency) -> Result<TicketType, StoreError> {
    let section: Option<String> = get(row, "section")?;
    Ok(TicketType {
        id: TicketTypeId::from_uuid(get(row, "id")?),
        event: EventId::from_uuid(get(row, "event")?),
        name: get(row, "name")?,
        price: money(row, "price", currency)?,
        kind: section.map_or(TicketKind::GeneralAdmission, |section| TicketKind::Seated { section }),
        stock: Stock {
            capacity: get(row, "capacity")?,
            held: get(row, "held")?,
            sold: get(row, "sold")?,
            blocked: get(row, "blocked")?,
        },
        position: get(row, "position")?,
    })
}
