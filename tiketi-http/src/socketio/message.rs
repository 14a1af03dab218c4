//! The messages to clients: the name of each event, and what it carries.

use std::fmt::Display;
use std::sync::Arc;

use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use tiketi_core::broadcast::PrivateNews;
use tiketi_core::event::EventStatus;
use tiketi_core::fact::SeatStatus;
use tiketi_core::waiting_room::Serving;
use tiketi_core::{EventId, ReservationId, SeatId, TicketTypeId, Timestamp};

use crate::status_words::{event_status_word, seat_status_word};

/// Most seats with the same news that are told one by one. A client of the first Tiketi reads one seat of a message.
const TOLD_ONE_BY_ONE: usize = 4;
/// Seats in one message, at most, unless a hall has so many that [`MOST_MESSAGES`] would not do.
const MOST_SEATS: usize = 1_000;
/// Most messages about the seats with one status: all of them fit into the queue of a client that has read.
const MOST_MESSAGES: usize = 8;
/// The message is encoded once for everyone, so it is in both languages.
const CLEARED: &str = "대기열이 초기화되었습니다. The waiting line was cleared.";

/// One event of the protocol, encoded once for everyone who gets it.
#[derive(Debug, Clone)]
pub(super) struct Message {
    /// The event's name.
    pub(super) name: &'static str,
    /// The event's only argument, as JSON.
    pub(super) body: Arc<RawValue>,
}

/// Changes of the stock of a ticket type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct StockNews {
    pub(super) ticket_type: TicketTypeId,
    pub(super) available: u32,
    pub(super) capacity: u32,
}

/// A text of the wire that is written as it is displayed.
struct Text<T>(T);

impl<T: Display> Serialize for Text<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Seats<'s> {
    event_id: Text<EventId>,
    /// The seat, or the first of several.
    seat_id: &'s Text<SeatId>,
    seat_ids: &'s [Text<SeatId>],
    status: &'static str,
    timestamp: Text<Timestamp>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TicketUpdated {
    event_id: Text<EventId>,
    ticket_type_id: Text<TicketTypeId>,
    available: u32,
    /// The same under the name that clients of the first Tiketi read.
    available_quantity: u32,
    total_quantity: u32,
    timestamp: Text<Timestamp>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct StatusChanged {
    event_id: Text<EventId>,
    status: &'static str,
    timestamp: Text<Timestamp>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct QueueUpdated {
    event_id: Text<EventId>,
    serving_number: u64,
    priority_serving_number: u64,
    total_waiting: u64,
    /// The same under the name that clients of the first Tiketi read.
    queue_size: u64,
    /// Seconds that a buyer who joins now will wait.
    estimated_wait: Option<u64>,
    stock: Option<Stock>,
    timestamp: Text<Timestamp>,
}

#[derive(Serialize)]
struct Stock {
    unsold: u64,
    returning: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct QueueCleared {
    event_id: Text<EventId>,
    /// For a person: clients of the first Tiketi show it.
    message: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct QueueAdmitted {
    event_id: Text<EventId>,
    /// Until when the buyer may enter.
    until: Text<Timestamp>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ReservationExpired {
    event_id: Text<EventId>,
    reservation_id: Text<ReservationId>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RoomInfo {
    event_id: Text<EventId>,
    user_count: usize,
}

/// Encodes one event.
fn message(name: &'static str, body: &impl Serialize) -> Option<Message> {
    // Texts and numbers alone: writing them as JSON does not fail.
    let body = serde_json::value::to_raw_value(body).ok()?;
    Some(Message { name, body: body.into() })
}

/// Tells the seats of an event that changed, each with its latest status.
///
/// Seats with the same status are told together. Up to [`TOLD_ONE_BY_ONE`] of them have a message each, so that a client
/// which reads `seatId` alone is right too.
pub(super) fn seats(event: EventId, changes: &[(SeatId, SeatStatus)], at: Timestamp) -> Vec<Message> {
    let statuses = [SeatStatus::Available, SeatStatus::Held, SeatStatus::Sold, SeatStatus::Blocked];
    let mut messages = Vec::new();
    for status in statuses {
        let with_status = changes.iter().filter(|(_, now)| *now == status);
        let seats: Vec<_> = with_status.map(|(seat, _)| Text(*seat)).collect();
        let many = MOST_SEATS.max(seats.len().div_ceil(MOST_MESSAGES));
        let at_once = if seats.len() <= TOLD_ONE_BY_ONE { 1 } else { many };
        for seat_ids in seats.chunks(at_once) {
            let Some(seat_id) = seat_ids.first() else { continue };
            let body = Seats {
                event_id: Text(event),
                seat_id,
                seat_ids,
                status: seat_status_word(status),
                timestamp: Text(at),
            };
            messages.extend(names(status).iter().filter_map(|name| message(name, &body)));
        }
    }
    messages
}

/// Returns the events that tell of seats with a status.
///
/// The first Tiketi had two names for seats that became available, and each of its clients listens to one of them.
const fn names(status: SeatStatus) -> &'static [&'static str] {
    match status {
        SeatStatus::Available => &["seat-released", "seats-released"],
        SeatStatus::Held => &["seat-selected"],
        SeatStatus::Sold | SeatStatus::Blocked => &["seat-reserved"],
    }
}

/// Tells the stock of a ticket type.
pub(super) fn stock(event: EventId, news: StockNews, at: Timestamp) -> Option<Message> {
    let StockNews { ticket_type, available, capacity } = news;
    let body = TicketUpdated {
        event_id: Text(event),
        ticket_type_id: Text(ticket_type),
        available,
        available_quantity: available,
        total_quantity: capacity,
        timestamp: Text(at),
    };
    message("ticket-updated", &body)
}

/// Tells the status of an event.
pub(super) fn status(event: EventId, status: EventStatus, at: Timestamp) -> Option<Message> {
    let status = event_status_word(status);
    message("event-status-changed", &StatusChanged { event_id: Text(event), status, timestamp: Text(at) })
}

/// Tells the public state of a waiting room.
pub(super) fn serving(now: &Serving) -> Option<Message> {
    let body = QueueUpdated {
        event_id: Text(now.event),
        serving_number: now.number,
        priority_serving_number: now.priority_number,
        total_waiting: now.waiting,
        queue_size: now.waiting,
        estimated_wait: now.wait.map(|wait| wait.as_secs() + u64::from(wait.subsec_nanos() > 0)),
        stock: now.stock.map(|stock| Stock { unsold: stock.unsold, returning: stock.returning }),
        timestamp: Text(now.as_of),
    };
    message("queue-updated", &body)
}

/// Tells that staff cleared the line, if they did between two states of it.
pub(super) fn cleared(before: &Serving, now: &Serving) -> Option<Message> {
    let of = |serving: &Serving| serving.lobby.map(|lobby| lobby.cleared);
    let is_cleared = of(before).iter().zip(of(now)).any(|(before, now)| now > *before);
    let body = QueueCleared { event_id: Text(now.event), message: CLEARED };
    is_cleared.then(|| message("queue-cleared", &body))?
}

/// Tells a buyer's own news to that buyer; empty for news that the protocol has no event for.
pub(super) fn private(news: &PrivateNews) -> Vec<Message> {
    match news {
        PrivateNews::Called { place, until } => {
            let body = QueueAdmitted { event_id: Text(place.event), until: Text(*until) };
            let names = ["queue-entry-allowed", "queue-admitted"];
            names.into_iter().filter_map(|name| message(name, &body)).collect()
        }
        PrivateNews::ReservationExpired { event, reservation } => {
            let body = ReservationExpired { event_id: Text(*event), reservation_id: Text(*reservation) };
            message("reservation-expired", &body).into_iter().collect()
        }
        PrivateNews::ReservationHeld { .. }
        | PrivateNews::ReservationConfirmed { .. }
        | PrivateNews::ReservationCancelled { .. }
        | PrivateNews::TicketsReturned { .. }
        | PrivateNews::PaymentUpdated { .. } => Vec::new(),
    }
}

/// Tells how many sockets of this server follow an event.
pub(super) fn room_info(event: EventId, user_count: usize) -> Option<Message> {
    message("room-info", &RoomInfo { event_id: Text(event), user_count })
}

#[cfg(test)]
mod tests;
