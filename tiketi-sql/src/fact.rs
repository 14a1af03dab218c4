//! Facts in the outbox.

use std::borrow::Cow;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tiketi_core::{
    BuyerId, EventId, Fact, FactBody, Money, PaymentId, ReservationId, SeatId, StoreError, TicketTypeId,
    Timestamp,
    fact::{FactId, FactKind, FactKinds, PaymentSummary, ReservationSummary, SeatChanged, SeatStatus},
    notifier::SubscriberName,
    reservation::ReservationNumber,
    store::{ClaimedFact, Release, SubscriberStatus, Subscription},
};
use uuid::Uuid;

use crate::event::{status, status_word};
use crate::payment::{
    DepositEntry, ReturnedEntry, deposit_entry, deposit_of, payment_state, returned_entry, returned_tickets,
    state_of,
};
use crate::reservation::{
    ItemEntry, SeatEntry, cancel_reason_of, cancel_reason_word, item_entries, item_lines, seat_entries,
    seat_lines,
};
use crate::row::{Row, count, currency, json, moment, parse, small, unreadable};

/// A fact as JSON.
#[derive(Serialize, Deserialize)]
#[serde(tag = "fact", rename_all = "snake_case")]
enum Entry<T> {
    SeatsChanged { since: u64, map_version: u64, changes: Vec<(Uuid, T, i64, u64)> },
    StockChanged { ticket_type: Uuid, available: u32 },
    EventStatusChanged { before: T, status: T },
    ReservationHeld { reservation: ReservationEntry<T>, until: i64 },
    ReservationConfirmed { reservation: ReservationEntry<T> },
    ReservationExpired { reservation: ReservationEntry<T> },
    ReservationCancelled { reservation: ReservationEntry<T>, reason: T },
    TicketsReturned { reservation: ReservationEntry<T>, returned: ReturnedEntry },
    PaymentUpdated { payment: PaymentEntry<T> },
}

/// A reservation as JSON.
#[derive(Serialize, Deserialize)]
struct ReservationEntry<T> {
    id: Uuid,
    /// Date and serial.
    number: (u32, u64),
    buyer: Uuid,
    seats: Vec<SeatEntry<T>>,
    items: Vec<ItemEntry<T>>,
    total: i64,
    currency: T,
    payment: Option<Uuid>,
    version: u64,
}

/// A payment as JSON.
#[derive(Serialize, Deserialize)]
struct PaymentEntry<T> {
    id: Uuid,
    reservation: Uuid,
    buyer: Uuid,
    gateway: T,
    method: T,
    amount: i64,
    currency: T,
    captured: Option<i64>,
    refunded: i64,
    /// In which currency money was captured and refunded.
    taken_in: T,
    state: T,
    state_at: Option<i64>,
    detail: Option<String>,
    deposit: Option<DepositEntry>,
    version: u64,
}

/// Writes the content of a fact as a JSON object.
pub fn fact_text(body: &FactBody) -> Result<String, StoreError> {
    json(&match body {
        FactBody::SeatsChanged { since, map_version, changes } => Entry::SeatsChanged {
            since: *since,
            map_version: *map_version,
            changes: changes.iter().map(seat_entry).collect(),
        },
        FactBody::StockChanged { ticket_type, available } => {
            Entry::StockChanged { ticket_type: ticket_type.as_uuid(), available: *available }
        }
        FactBody::EventStatusChanged { before, status } => {
            Entry::EventStatusChanged { before: status_word(*before), status: status_word(*status) }
        }
        FactBody::ReservationHeld { reservation, until } => {
            Entry::ReservationHeld { reservation: entry(reservation), until: until.as_micros() }
        }
        FactBody::ReservationConfirmed { reservation } => {
            Entry::ReservationConfirmed { reservation: entry(reservation) }
        }
        FactBody::ReservationExpired { reservation } => {
            Entry::ReservationExpired { reservation: entry(reservation) }
        }
        FactBody::ReservationCancelled { reservation, reason } => Entry::ReservationCancelled {
            reservation: entry(reservation),
            reason: cancel_reason_word(*reason),
        },
        FactBody::TicketsReturned { reservation, returned } => {
            Entry::TicketsReturned { reservation: entry(reservation), returned: returned_entry(returned) }
        }
        FactBody::PaymentUpdated { payment } => Entry::PaymentUpdated { payment: payment_entry(payment)? },
        other => return Err(StoreError::corrupt(format!("{other:?} cannot be written"))),
    })
}

/// Writes kinds of facts as their names, separated by spaces.
pub fn kinds_text(kinds: FactKinds) -> String {
    kinds.kinds().map(FactKind::name).collect::<Vec<_>>().join(" ")
}

/// Reads kinds of facts, without those that this version does not know.
pub fn kinds(text: &str) -> FactKinds {
    text.split(' ').filter_map(FactKind::named).collect()
}

/// Reads the name of a subscriber.
pub fn subscriber_name(text: &str) -> Result<SubscriberName, StoreError> {
    SubscriberName::new(text).map_err(|error| unreadable("name").caused_by(error))
}

/// Reads a subscriber with its backlog.
pub fn subscriber_status(row: &impl Row) -> Result<SubscriberStatus, StoreError> {
    let subscriber = subscriber_name(row.text("name")?)?;
    Ok(SubscriberStatus {
        subscription: Subscription { subscriber, kinds: kinds(row.text("kinds")?) },
        since: moment(row, "since")?,
        seen_at: moment(row, "seen_at")?,
        waiting: count(row, "waiting")?,
        oldest: row.maybe_int("oldest")?.map(Timestamp::from_micros),
    })
}

/// Reads a fact that was claimed for a subscriber.
pub fn claimed_fact(row: &impl Row) -> Result<ClaimedFact, StoreError> {
    Ok(ClaimedFact { fact: fact(row)?, tries: small(row.int("tries")?, "tries")? })
}

/// Returns until when a released fact cannot be claimed, in microseconds, and how many failures are added.
pub fn release_columns(release: Release) -> (Option<i64>, i64) {
    match release {
        Release::Untried => (None, 0),
        Release::Failed { again_at } => (Some(again_at.as_micros()), 1),
    }
}

/// Reads a fact of the outbox.
fn fact(row: &impl Row) -> Result<Fact, StoreError> {
    Ok(Fact::new(
        FactId(count(row, "id")?),
        EventId::from_uuid(row.uuid("event")?),
        moment(row, "at")?,
        fact_body(row.text("body")?)?,
    ))
}

pub(crate) fn fact_body(text: &str) -> Result<FactBody, StoreError> {
    Ok(match parse::<Entry<String>>(text, "fact")? {
        Entry::SeatsChanged { since, map_version, changes } => {
            let changes = changes.into_iter().map(changed).collect::<Result<_, _>>()?;
            FactBody::SeatsChanged { since, map_version, changes }
        }
        Entry::StockChanged { ticket_type, available } => {
            FactBody::StockChanged { ticket_type: TicketTypeId::from_uuid(ticket_type), available }
        }
        Entry::EventStatusChanged { before, status: word } => {
            FactBody::EventStatusChanged { before: status(&before)?, status: status(&word)? }
        }
        Entry::ReservationHeld { reservation, until } => FactBody::ReservationHeld {
            reservation: Arc::new(summary(reservation)?),
            until: Timestamp::from_micros(until),
        },
        Entry::ReservationConfirmed { reservation } => {
            FactBody::ReservationConfirmed { reservation: Arc::new(summary(reservation)?) }
        }
        Entry::ReservationExpired { reservation } => {
            FactBody::ReservationExpired { reservation: Arc::new(summary(reservation)?) }
        }
        Entry::ReservationCancelled { reservation, reason } => FactBody::ReservationCancelled {
            reservation: Arc::new(summary(reservation)?),
            reason: cancel_reason_of(&reason)?,
        },
        Entry::TicketsReturned { reservation, returned } => {
            let reservation = summary(reservation)?;
            let returned = returned_tickets(returned, reservation.total.currency());
            FactBody::TicketsReturned { reservation: Arc::new(reservation), returned }
        }
        Entry::PaymentUpdated { payment } => {
            FactBody::PaymentUpdated { payment: Arc::new(payment_summary(payment)?) }
        }
    })
}

fn entry(summary: &ReservationSummary) -> ReservationEntry<&str> {
    ReservationEntry {
        id: summary.id.as_uuid(),
        number: (summary.number.date(), summary.number.serial()),
        buyer: summary.buyer.as_uuid(),
        seats: seat_entries(&summary.seats),
        items: item_entries(&summary.items),
        total: summary.total.minor(),
        currency: summary.total.currency().code(),
        payment: summary.payment.map(PaymentId::as_uuid),
        version: summary.version,
    }
}

fn summary(entry: ReservationEntry<String>) -> Result<ReservationSummary, StoreError> {
    let currency = currency(&entry.currency)?;
    let (date, serial) = entry.number;
    Ok(ReservationSummary {
        id: ReservationId::from_uuid(entry.id),
        number: ReservationNumber::from_parts(date, serial),
        buyer: BuyerId::from_uuid(entry.buyer),
        seats: seat_lines(entry.seats, currency),
        items: item_lines(entry.items, currency),
        total: Money::new(entry.total, currency),
        payment: entry.payment.map(PaymentId::from_uuid),
        version: entry.version,
    })
}

fn payment_entry(summary: &PaymentSummary) -> Result<PaymentEntry<&str>, StoreError> {
    let (state, at, detail) = payment_state(&summary.state)?;
    Ok(PaymentEntry {
        id: summary.id.as_uuid(),
        reservation: summary.reservation.as_uuid(),
        buyer: summary.buyer.as_uuid(),
        gateway: &summary.gateway,
        method: &summary.method,
        amount: summary.amount.minor(),
        currency: summary.amount.currency().code(),
        captured: summary.captured.map(Money::minor),
        refunded: summary.refunded.minor(),
        taken_in: summary.refunded.currency().code(),
        state,
        state_at: at.map(Timestamp::as_micros),
        detail: detail.map(Cow::into_owned),
        deposit: summary.deposit.as_ref().map(deposit_entry),
        version: summary.version,
    })
}

fn payment_summary(entry: PaymentEntry<String>) -> Result<PaymentSummary, StoreError> {
    let (asked_in, taken_in) = (currency(&entry.currency)?, currency(&entry.taken_in)?);
    Ok(PaymentSummary {
        id: PaymentId::from_uuid(entry.id),
        reservation: ReservationId::from_uuid(entry.reservation),
        buyer: BuyerId::from_uuid(entry.buyer),
        gateway: entry.gateway,
        method: entry.method,
        amount: Money::new(entry.amount, asked_in),
        captured: entry.captured.map(|minor| Money::new(minor, taken_in)),
        refunded: Money::new(entry.refunded, taken_in),
        state: state_of(&entry.state, entry.state_at, entry.detail.as_deref())?,
        deposit: entry.deposit.map(deposit_of),
        version: entry.version,
    })
}

fn seat_entry(changed: &SeatChanged) -> (Uuid, &'static str, i64, u64) {
    (changed.seat.as_uuid(), word(changed.status), changed.until.as_micros(), changed.version)
}

fn changed(entry: (Uuid, String, i64, u64)) -> Result<SeatChanged, StoreError> {
    let (seat, word, until, version) = entry;
    let status = match word.as_str() {
        "available" => SeatStatus::Available,
        "held" => SeatStatus::Held,
        "sold" => SeatStatus::Sold,
        "blocked" => SeatStatus::Blocked,
        _ => return Err(unreadable("seat status")),
    };
    let until = Timestamp::from_micros(until);
    Ok(SeatChanged::new(SeatId::from_uuid(seat), status, version).held_until(until))
}

fn word(status: SeatStatus) -> &'static str {
    match status {
        SeatStatus::Available => "available",
        SeatStatus::Held => "held",
        SeatStatus::Sold => "sold",
        SeatStatus::Blocked => "blocked",
    }
}
