//! Holds: a request is held as a whole, or refused with the name of every seat and ticket type that prevents it.

use std::time::Duration;

use tiketi_core::decide::{HoldRefused, Shortage};
use tiketi_core::waiting_room::RoomMode;
use tiketi_core::{
    AdmissionKey, CommandError, EventId, RoomPolicy, SaleWindow, SeatId, SeatState, TicketTypeId,
    limits::{MAX_LINES_PER_COMMAND, MAX_QUANTITY},
    metadata::Metadata,
};

use crate::hall::{FRONT_PRICE, STANDING_PRICE, json};
use crate::shop::TestShop;

/// Fails if a hold is not one reservation with its seats, units, price and end.
pub async fn seats_and_units_are_held_as_one_reservation(shop: TestShop) {
    let (hall, buyer) = (shop.hall().await, shop.buyer());
    let command = shop.hold_seats(&hall, buyer, &[0, 1]).item(hall.standing, 3);
    let held = shop.apply(command.clone()).await.reservation;
    assert_eq!((held.id, held.buyer, held.event, held.version), (command.reservation, buyer, hall.event, 1));
    assert_eq!(held.total.minor(), 2 * FRONT_PRICE.minor() + 3 * STANDING_PRICE.minor());
    assert_eq!(held.held_until(), Some(shop.now().after(shop.terms().hold_ttl)));
    let state = SeatState::Held { reservation: held.id, until: held.held_until().unwrap() };
    assert_eq!(shop.seat_state(&hall, 1).await, state);
    assert_eq!((shop.stock(hall.front).await.held, shop.stock(hall.standing).await.held), (2, 3));
}

/// Fails if adding to a pending reservation makes a second one.
pub async fn a_second_hold_adds_to_the_pending_reservation(shop: TestShop) {
    let (hall, buyer) = (shop.hall().await, shop.buyer());
    let first = shop.held(&hall, buyer, &[0]).await;
    shop.advance(Duration::from_mins(1));
    let second = shop.apply(shop.hold_seats(&hall, buyer, &[0, 1]).item(hall.standing, 1)).await.reservation;
    assert_eq!((second.id, &second.number), (first.id, &first.number));
    assert_eq!((second.seats.len(), second.items.len(), second.version), (2, 1, 2));
    assert_eq!(second.held_until(), Some(shop.now().after(shop.terms().hold_ttl)));
    assert_eq!(shop.all_of(buyer).await, [second]);
}

/// Fails if the host's metadata of a reservation is not stored, or if a later hold without metadata clears it.
pub async fn a_reservation_keeps_the_hosts_metadata(shop: TestShop) {
    let (hall, buyer) = (shop.hall().await, shop.buyer());
    let order = json(r#"{"order":"밤-7","lines":[1,2.5,null]}"#);
    let command = shop.envelope(shop.hold_seats(&hall, buyer, &[0]).metadata(order.clone()));
    let held = shop.apply_envelope(command.clone()).await.reservation;
    assert_eq!(shop.now_of(&held).await.metadata, order);
    let mut other = command;
    other.command.metadata = Some(json(r#"{"order":"밤-8"}"#));
    assert!(matches!(shop.execute(other).await, Err(CommandError::KeyReused)));
    let held = shop.held(&hall, buyer, &[1]).await;
    assert_eq!(shop.now_of(&held).await.metadata, order);
    let replaced = shop.hold_seats(&hall, buyer, &[2]).metadata(Metadata::EMPTY);
    let held = shop.apply(replaced).await.reservation;
    assert_eq!(shop.now_of(&held).await.metadata, Metadata::EMPTY);
}

/// Fails if units of one ticket type are stored as two lines.
pub async fn more_units_of_a_ticket_type_join_its_line(shop: TestShop) {
    let (hall, buyer) = (shop.hall().await, shop.buyer());
    shop.standing(&hall, buyer, 2).await;
    let held = shop.standing(&hall, buyer, 3).await;
    assert_eq!(held.items.iter().map(|line| line.quantity).collect::<Vec<_>>(), [5]);
}

/// Fails if a prepared payment stays valid after the reservation changed.
pub async fn adding_gives_up_a_prepared_payment(shop: TestShop) {
    let (hall, buyer) = (shop.hall().await, shop.buyer());
    let held = shop.held(&hall, buyer, &[0]).await;
    let payment = shop.prepared(&held).await;
    let held = shop.held(&hall, buyer, &[1]).await;
    assert_eq!(held.payment, None);
    assert_eq!(shop.now_of_payment(&payment).await.state, tiketi_core::PaymentState::Abandoned);
}

/// Fails if the answer for an event that buyers may not see differs from that for an unknown one.
pub async fn a_hold_of_no_event_or_a_draft_is_refused(shop: TestShop) {
    let (hall, buyer) = (shop.hall().await, shop.buyer());
    let mut command = shop.hold_seats(&hall, buyer, &[0]);
    command.event = EventId::from_uuid(shop.ids().next());
    shop.refuse(command, HoldRefused::EventNotFound).await;
    let (draft, _) = shop.draft(shop.details("A draft")).await;
    shop.refuse(shop.hold_seats(&draft, buyer, &[0]), HoldRefused::EventNotFound).await;
}

/// Fails if tickets of a called-off event can be held.
pub async fn a_hold_of_a_cancelled_event_is_refused(shop: TestShop) {
    let (hall, buyer) = (shop.hall().await, shop.buyer());
    shop.call_off(&hall).await;
    shop.refuse(shop.hold_seats(&hall, buyer, &[0]), HoldRefused::EventCancelled).await;
}

/// Fails if a hold is possible a microsecond before the sale opens, or refused at its first microsecond.
pub async fn a_sale_opens_at_its_first_microsecond(shop: TestShop) {
    let opens_at = shop.now().after(Duration::from_hours(1));
    let mut details = shop.details("Tomorrow's concert");
    details.sale = SaleWindow::new(opens_at, opens_at.after(Duration::from_hours(1))).unwrap();
    let (hall, buyer) = (shop.hall_with(details).await, shop.buyer());
    shop.go_to(opens_at.before(Duration::from_micros(1)));
    shop.refuse(shop.hold_seats(&hall, buyer, &[0]), HoldRefused::SaleNotOpen { opens_at }).await;
    shop.go_to(opens_at);
    shop.held(&hall, buyer, &[0]).await;
}

/// Fails if the sale closes a microsecond early or late.
pub async fn a_sale_closes_at_its_last_microsecond(shop: TestShop) {
    let (hall, buyer) = (shop.hall().await, shop.buyer());
    shop.go_to(hall.closes_at.before(Duration::from_micros(1)));
    shop.held(&hall, buyer, &[0]).await;
    shop.go_to(hall.closes_at);
    let closed_at = hall.closes_at;
    shop.refuse(shop.hold_seats(&hall, buyer, &[1]), HoldRefused::SaleClosed { closed_at }).await;
}

/// Fails if an empty or oversized request is not refused.
pub async fn a_hold_of_nothing_or_too_much_is_refused(shop: TestShop) {
    let (hall, buyer) = (shop.hall().await, shop.buyer());
    shop.refuse(shop.hold(&hall, buyer), HoldRefused::NothingAsked).await;
    let asked = MAX_LINES_PER_COMMAND + 1;
    let seats = (0..asked).map(|_| SeatId::from_uuid(shop.ids().next()));
    let refused = HoldRefused::TooManyLines { asked, limit: MAX_LINES_PER_COMMAND };
    shop.refuse(shop.hold(&hall, buyer).seats(seats), refused).await;
}

/// Fails if a seat named twice is held, or is not named in the refusal.
pub async fn something_named_twice_is_refused_by_name(shop: TestShop) {
    let (hall, buyer) = (shop.hall().await, shop.buyer());
    let twice = HoldRefused::DuplicateSeats { seats: vec![hall.seats[3]] };
    shop.refuse(shop.hold_seats(&hall, buyer, &[3, 4, 3]), twice).await;
    let twice = HoldRefused::DuplicateTicketTypes { ticket_types: vec![hall.standing] };
    shop.refuse(shop.hold(&hall, buyer).item(hall.standing, 1).item(hall.standing, 2), twice).await;
}

/// Fails if a quantity outside the range is held, or if a ticket type with such a quantity is not named.
pub async fn a_quantity_of_zero_or_beyond_the_limit_is_refused(shop: TestShop) {
    let (hall, buyer) = (shop.hall().await, shop.buyer());
    let ticket_types = vec![hall.standing, hall.free];
    let command = shop.hold(&hall, buyer).item(hall.standing, 0).item(hall.free, MAX_QUANTITY + 1);
    shop.refuse(command, HoldRefused::QuantityOutOfRange { ticket_types, limit: MAX_QUANTITY }).await;
}

/// Fails if seats or ticket types of one event can be held through another event.
pub async fn seats_and_ticket_types_of_another_event_are_unknown(shop: TestShop) {
    let (hall, other, buyer) = (shop.hall().await, shop.hall().await, shop.buyer());
    let nowhere = SeatId::from_uuid(shop.ids().next());
    let unknown = HoldRefused::UnknownSeats { seats: vec![other.seats[0], nowhere] };
    let command = shop.hold_seats(&hall, buyer, &[0]).seats([other.seats[0], nowhere]);
    shop.refuse(command, unknown).await;
    let nothing = TicketTypeId::from_uuid(shop.ids().next());
    let unknown = HoldRefused::UnknownTicketTypes { ticket_types: vec![other.standing, nothing] };
    let command = shop.hold(&hall, buyer).item(hall.standing, 1).item(other.standing, 1).item(nothing, 1);
    shop.refuse(command, unknown).await;
}

/// Fails if seats of a section can be held by quantity.
pub async fn a_section_is_not_sold_by_quantity(shop: TestShop) {
    let (hall, buyer) = (shop.hall().await, shop.buyer());
    let seated = HoldRefused::SoldBySeat { ticket_types: vec![hall.front, hall.back] };
    let command = shop.hold(&hall, buyer).item(hall.front, 1).item(hall.standing, 1).item(hall.back, 1);
    shop.refuse(command, seated).await;
}

/// Fails if a held, sold or blocked seat is held again, or if the refusal does not name it.
pub async fn every_seat_that_is_taken_is_named(shop: TestShop) {
    let (hall, buyer) = (shop.hall().await, shop.buyer());
    let sold = shop.held(&hall, shop.buyer(), &[1]).await;
    shop.sold(&sold).await;
    shop.held(&hall, shop.buyer(), &[2]).await;
    let block =
        tiketi_core::decide::BlockSeats::new(shop.now(), hall.event, vec![hall.seats[3]], "sound desk");
    shop.store().block_seats(block).await.unwrap();
    let taken = HoldRefused::SeatsTaken { seats: vec![hall.seats[3], hall.seats[1], hall.seats[2]] };
    shop.refuse(shop.hold_seats(&hall, buyer, &[0, 3, 1, 2, 4]).item(hall.standing, 1), taken).await;
}

/// Fails if more units are held than available, or if a shortage is not named.
pub async fn every_shortage_is_named_with_what_is_left(shop: TestShop) {
    let (hall, buyer) = (shop.hall().await, shop.buyer());
    shop.standing(&hall, shop.buyer(), 8).await;
    let shortages = vec![Shortage::new(hall.standing, 3, 2), Shortage::new(hall.free, 21, 20)];
    let command = shop.hold(&hall, buyer).item(hall.standing, 3).item(hall.free, 21);
    shop.refuse(command, HoldRefused::NotEnoughLeft { shortages }).await;
    shop.standing(&hall, buyer, 2).await;
}

/// Fails if the limit does not apply to the sum of held and owned tickets.
pub async fn the_limit_spans_what_is_held_and_owned(shop: TestShop) {
    let (hall, buyer) = (shop.hall().await, shop.buyer());
    let owned = shop.held(&hall, buyer, &[0, 1, 2]).await;
    shop.sold(&owned).await;
    shop.apply(shop.hold_seats(&hall, buyer, &[3, 4]).item(hall.standing, 2)).await;
    let refused = HoldRefused::LimitReached { limit: 8, owned: 7, asked: 2 };
    shop.refuse(shop.hold_seats(&hall, buyer, &[5]).item(hall.standing, 1), refused).await;
    shop.held(&hall, buyer, &[5]).await;
}

/// Fails if an event's own limit does not apply, or if tickets of one event count for another.
pub async fn an_events_own_limit_prevails(shop: TestShop) {
    let mut details = shop.details("A small room");
    details.terms.max_seats_per_buyer = Some(2);
    let (hall, other, buyer) = (shop.hall_with(details).await, shop.hall().await, shop.buyer());
    shop.held(&other, buyer, &[0, 1, 2]).await;
    let refused = HoldRefused::LimitReached { limit: 2, owned: 0, asked: 3 };
    shop.refuse(shop.hold_seats(&hall, buyer, &[0, 1, 2]), refused).await;
    shop.held(&hall, buyer, &[0, 1]).await;
}

/// Fails if a hold adds to a reservation that is being paid for.
pub async fn nothing_is_added_while_a_payment_is_under_way(shop: TestShop) {
    let (hall, buyer) = (shop.hall().await, shop.buyer());
    let held = shop.held(&hall, buyer, &[0]).await;
    shop.confirming(&held).await;
    let refused = HoldRefused::PaymentInProgress { reservation: held.id };
    shop.refuse(shop.hold_seats(&hall, buyer, &[1]), refused).await;
}

/// Fails if a later change of the price changes a held reservation.
pub async fn a_reservation_keeps_the_price_it_was_held_at(shop: TestShop) {
    let (hall, buyer) = (shop.hall().await, shop.buyer());
    shop.standing(&hall, buyer, 1).await;
    let dearer = tiketi_core::Money::new(40_000, tiketi_core::Currency::KRW);
    let edit = tiketi_core::TicketTypeInput::new("Standing", dearer, 10);
    shop.store().edit_ticket_type(hall.standing, edit).await.unwrap();
    let held = shop.standing(&hall, buyer, 1).await;
    assert_eq!(held.total.minor(), STANDING_PRICE.minor() + 40_000);
    assert_eq!(held.items.len(), 2);
}

/// Fails if a hold replaces another reservation with the same id.
pub async fn a_reservation_id_used_again_is_refused(shop: TestShop) {
    let hall = shop.hall().await;
    let first = shop.hold_seats(&hall, shop.buyer(), &[0]);
    shop.apply(first.clone()).await;
    shop.advance(Duration::from_mins(5));
    shop.store().expire_due(shop.now(), 10).await.unwrap();
    let mut other = shop.hold_seats(&hall, shop.buyer(), &[1]);
    other.reservation = first.reservation;
    let refused = HoldRefused::ReservationIdTaken { reservation: first.reservation };
    shop.refuse(other.clone(), refused).await;
    other.reservation = shop.reservation_id();
    shop.apply(other).await;
}

/// Fails if a buyer without a valid admission can hold tickets of an event with a waiting room.
pub async fn a_hold_without_admission_is_refused(shop: TestShop) {
    let hall = shop.hall().await;
    let view = shop.store().event(hall.event).await.unwrap().unwrap();
    let waiting_room = RoomPolicy::default().mode(RoomMode::On);
    let details = view.event.details.waiting_room(waiting_room);
    shop.store().edit_event(hall.event, details, None).await.unwrap();
    let (buyer, other) = (shop.buyer(), shop.buyer());
    let key = AdmissionKey::of(&[7; 32]);
    let admission = |event, buyer, until| {
        let pass = key.sign(event, buyer, until);
        key.verify(&pass, event, buyer).unwrap()
    };
    let until = shop.now().after(Duration::from_mins(1));
    let command = shop.hold_seats(&hall, buyer, &[0]);
    shop.refuse(command.clone(), HoldRefused::NotAdmitted).await;
    let another_event = shop.hall().await.event;
    for wrong in [
        admission(hall.event, other, until),
        admission(another_event, buyer, until),
        admission(hall.event, buyer, shop.now()),
    ] {
        shop.refuse(shop.hold_seats(&hall, buyer, &[0]).admitted(wrong), HoldRefused::NotAdmitted).await;
    }
    shop.apply(command.admitted(admission(hall.event, buyer, until))).await;
}
