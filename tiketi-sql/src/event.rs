//! Events and ticket types.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tiketi_core::{
    Currency, Event, EventDetails, EventId, EventStatus, LatePayment, LayoutId, RefundedSeats, SaleWindow,
    StoreError, TicketType, TicketTypeId,
    event::{EventState, TermsOverride},
    ticket_type::{Stock, TicketKind},
};

use crate::cancellation::{TierEntry, policy, tiers};
use crate::row::{Row, count, currency, due_moment, json, moment, money, parse, small, unreadable};

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
}

/// Reads an event.
pub fn event(row: &impl Row) -> Result<Event, StoreError> {
    let sale = SaleWindow::new(moment(row, "opens_at")?, moment(row, "closes_at")?);
    let details = EventDetails::new(
        row.text("title")?,
        moment(row, "starts_at")?,
        sale.map_err(|_| unreadable("sale window"))?,
    )
    .artist(row.text("artist")?)
    .venue(row.text("venue")?)
    .description(row.text("description")?)
    .keywords(parse::<Vec<String>>(row.text("keywords")?, "keywords")?)
    .terms(terms(row.text("terms")?)?);
    let state = match row.text("state")? {
        "draft" => EventState::Draft,
        "published" => EventState::Published,
        "cancelled" => EventState::Cancelled { at: due_moment(row, "state_at")? },
        _ => return Err(unreadable("state")),
    };
    Ok(Event {
        id: EventId::from_uuid(row.uuid("id")?),
        details,
        currency: currency(row)?,
        layout: row.maybe_uuid("layout")?.map(LayoutId::from_uuid),
        state,
        announced: status(row.text("announced")?)?,
        created_at: moment(row, "created_at")?,
        version: count(row, "version")?,
    })
}

/// Writes a state as its word, and the moment of a cancellation.
pub fn event_state(state: EventState) -> (&'static str, Option<i64>) {
    match state {
        EventState::Draft => ("draft", None),
        EventState::Published => ("published", None),
        EventState::Cancelled { at } => ("cancelled", Some(at.as_micros())),
    }
}

/// Returns the word for a status.
pub fn status_word(status: EventStatus) -> &'static str {
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

/// Writes keywords as a JSON array.
pub fn keywords_text(keywords: &[String]) -> Result<String, StoreError> {
    json(&keywords)
}

/// Writes an event's own terms as a JSON object, in microseconds.
pub fn terms_text(terms: TermsOverride) -> Result<String, StoreError> {
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
    })
}

fn terms(text: &str) -> Result<TermsOverride, StoreError> {
    let terms: Terms = parse(text, "terms")?;
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

/// Reads a ticket type; its currency is its event's.
pub fn ticket_type(row: &impl Row, currency: Currency) -> Result<TicketType, StoreError> {
    let section = row.maybe_text("section")?.map(str::to_owned);
    Ok(TicketType {
        id: TicketTypeId::from_uuid(row.uuid("id")?),
        event: EventId::from_uuid(row.uuid("event")?),
        name: row.text("name")?.to_owned(),
        price: money(row, "price", currency)?,
        kind: section.map_or(TicketKind::GeneralAdmission, |section| TicketKind::Seated { section }),
        stock: Stock {
            capacity: small(row, "capacity")?,
            held: small(row, "held")?,
            sold: small(row, "sold")?,
            blocked: small(row, "blocked")?,
        },
        position: small(row, "position")?,
    })
}
