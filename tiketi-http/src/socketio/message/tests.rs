//! The messages, field by field.

use std::time::Duration;

use serde_json::{Value, json};
use tiketi_core::waiting_room::{Lobby, PlaceClass, PlaceId};
use tiketi_core::{BuyerId, PaymentId};
use uuid::Uuid;

use super::*;

const EVENT: &str = "00000000-0000-0000-0000-000000000001";
const AT: &str = "2026-01-05T10:00:00Z";

fn event() -> EventId {
    EVENT.parse().unwrap()
}

fn at() -> Timestamp {
    AT.parse().unwrap()
}

fn seat(number: usize) -> SeatId {
    SeatId::from_uuid(Uuid::from_u128(100 + number as u128))
}

fn read(messages: &[Message]) -> Vec<(&'static str, Value)> {
    messages.iter().map(|message| (message.name, serde_json::from_str(message.body.get()).unwrap())).collect()
}

fn told(changes: &[(SeatId, SeatStatus)]) -> Vec<(&'static str, Value)> {
    read(&seats(event(), changes, at()))
}

fn about(seats: &[usize], status: &str) -> Value {
    let ids: Vec<_> = seats.iter().map(|number| seat(*number).to_string()).collect();
    json!({"eventId": EVENT, "seatId": ids[0], "seatIds": ids, "status": status, "timestamp": AT})
}

#[test]
fn each_status_has_its_event_and_a_released_seat_both_names() {
    let changes = [
        (seat(1), SeatStatus::Sold),
        (seat(2), SeatStatus::Held),
        (seat(3), SeatStatus::Available),
        (seat(4), SeatStatus::Blocked),
    ];
    let expected = [
        ("seat-released", about(&[3], "available")),
        ("seats-released", about(&[3], "available")),
        ("seat-selected", about(&[2], "locked")),
        ("seat-reserved", about(&[1], "reserved")),
        ("seat-reserved", about(&[4], "blocked")),
    ];
    assert_eq!(told(&changes), expected);
    assert_eq!(told(&[]), []);
}

#[test]
fn few_seats_come_one_by_one_and_many_together() {
    let held = |count| (0..count).map(|number| (seat(number), SeatStatus::Held)).collect::<Vec<_>>();
    let few: Vec<_> = (0..4).map(|number| ("seat-selected", about(&[number], "locked"))).collect();
    assert_eq!(told(&held(4)), few);
    assert_eq!(told(&held(5)), [("seat-selected", about(&[0, 1, 2, 3, 4], "locked"))]);
    let counts: Vec<_> =
        told(&held(2_500)).iter().map(|(_, data)| data["seatIds"].as_array().unwrap().len()).collect();
    assert_eq!(counts, [1_000, 1_000, 500]);
    assert_eq!(told(&held(100_000)).len(), 8, "the messages about a large hall fit into a queue");
}

#[test]
fn stock_has_the_names_of_both_generations() {
    let ticket_type = TicketTypeId::from_uuid(Uuid::from_u128(5));
    let news = StockNews { ticket_type, available: 7, capacity: 10 };
    let expected = json!({
        "eventId": EVENT, "ticketTypeId": ticket_type.to_string(), "available": 7, "availableQuantity": 7,
        "totalQuantity": 10, "timestamp": AT,
    });
    assert_eq!(
        read(&stock(event(), news, at()).into_iter().collect::<Vec<_>>()),
        [("ticket-updated", expected)]
    );
}

#[test]
fn the_status_of_an_event_has_the_word_of_the_api() {
    let expected = json!({"eventId": EVENT, "status": "sold_out", "timestamp": AT});
    let told = status(event(), EventStatus::SoldOut, at());
    assert_eq!(read(&told.into_iter().collect::<Vec<_>>()), [("event-status-changed", expected)]);
}

fn line(waiting: u64, cleared: u64) -> Serving {
    Serving {
        event: event(),
        number: 3,
        priority_number: 1,
        waiting,
        in_flight: 2,
        opened_at: None,
        opens_at: None,
        per_minute_milli: None,
        stock: None,
        is_paused: false,
        wait: Some(Duration::from_millis(1_500)),
        commitment: None,
        beacon: None,
        seed: None,
        lobby: [Lobby { drawn: 0, cleared }; 3],
        as_of: at(),
    }
}

#[test]
fn the_state_of_a_line_names_no_one() {
    let expected = json!({
        "eventId": EVENT, "servingNumber": 3, "priorityServingNumber": 1, "totalWaiting": 9, "queueSize": 9,
        "estimatedWait": 2, "stock": null, "timestamp": AT,
    });
    assert_eq!(read(&serving(&line(9, 0)).into_iter().collect::<Vec<_>>()), [("queue-updated", expected)]);
}

#[test]
fn a_line_that_staff_cleared_says_so_once() {
    assert!(cleared(&line(9, 0), &line(0, 9)).is_some_and(|message| message.name == "queue-cleared"));
    assert!(cleared(&line(9, 9), &line(0, 9)).is_none());
}

#[test]
fn private_news_have_no_id_of_a_user() {
    let (buyer, until) = (BuyerId::from_uuid(Uuid::from_u128(77)), at());
    let reservation = ReservationId::from_uuid(Uuid::from_u128(6));
    let place = PlaceId { event: event(), class: PlaceClass::Standard, arrival: 5 };
    let admitted = json!({"eventId": EVENT, "until": AT});
    let told = read(&private(&PrivateNews::Called { place, until }));
    assert_eq!(told, [("queue-entry-allowed", admitted.clone()), ("queue-admitted", admitted)]);
    let expired = read(&private(&PrivateNews::ReservationExpired { event: event(), reservation }));
    let expected = json!({"eventId": EVENT, "reservationId": reservation.to_string()});
    assert_eq!(expired, [("reservation-expired", expected)]);
    let payment = PaymentId::from_uuid(Uuid::from_u128(8));
    let other = PrivateNews::PaymentUpdated { event: event(), reservation, payment };
    assert!(read(&private(&other)).is_empty());
    assert!(told.iter().chain(&expired).all(|(_, data)| !data.to_string().contains(&buyer.to_string())));
}

#[test]
fn a_room_says_how_many_are_in_it() {
    let told = read(&room_info(event(), 3).into_iter().collect::<Vec<_>>());
    assert_eq!(told, [("room-info", json!({"eventId": EVENT, "userCount": 3}))]);
}
