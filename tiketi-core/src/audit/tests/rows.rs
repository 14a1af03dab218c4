//! Violations of seats, stock and reservations.

use super::*;
use crate::decide::Command;
use crate::decide::Scope;
use crate::event::Event;
use crate::id::{EventId, TicketTypeId};
use crate::reservation::{ItemLine, ReservationState};
use crate::ticket_type::TicketKind;
use crate::time::Timestamp;

#[test]
fn a_seat_of_an_unknown_reservation_is_found() {
    let mut it = sold();
    let reservation = unknown_reservation();
    it.own(5, SeatState::Sold { reservation });
    it.count(|stock| stock.sold += 1);
    it.finds(&Violation::OwnerUnknown { seat: it.show.seats[5], reservation });
}

#[test]
fn a_seat_its_owner_does_not_list_is_found() {
    let mut it = sold();
    it.own(5, SeatState::Sold { reservation: it.sold });
    it.count(|stock| stock.sold += 1);
    it.finds(&Violation::OwnerDoesNotList { seat: it.show.seats[5], reservation: it.sold });
}

#[test]
fn a_seat_whose_owner_is_in_another_state_is_found() {
    let mut it = sold();
    let expected = Violation::OwnerDisagrees { seat: it.show.seats[2], reservation: it.held };
    it.own(2, SeatState::Held { reservation: it.held, until: Timestamp::FAR_FUTURE });
    it.finds(&expected);
    it.own(2, SeatState::Sold { reservation: it.held });
    it.count(|stock| (stock.held, stock.sold) = (stock.held - 1, stock.sold + 1));
    it.finds(&expected);
}

#[test]
fn a_seat_that_can_lapse_while_it_is_paid_is_found() {
    let mut it = sold();
    it.show.accept(&crate::decide::BeginConfirm::new(it.ready, BEN).at(at(5), it.show.key()));
    it.own(2, SeatState::Held { reservation: it.held, until: at(60) });
    it.finds(&Violation::OwnerDisagrees { seat: it.show.seats[2], reservation: it.held });
}

#[test]
fn a_seat_still_owned_by_what_is_over_is_found() {
    let mut it = sold();
    it.payment(it.ready, |payment| payment.state = crate::payment::PaymentState::Abandoned);
    it.reservation(it.held, |row| row.state = ReservationState::Expired { at: at(9) });
    it.finds(&Violation::OwnerDisagrees { seat: it.show.seats[2], reservation: it.held });
}

#[test]
fn a_seat_that_a_live_reservation_lost_is_found() {
    let mut it = sold();
    it.own(1, SeatState::Available);
    it.count(|stock| stock.sold -= 1);
    it.finds(&Violation::SeatLost { seat: it.show.seats[1], reservation: it.sold });
}

#[test]
fn a_seat_given_to_two_is_found() {
    let mut it = sold();
    let line = it.show.reservation(it.sold).seats[1].clone();
    let (seat, owner, other) = (line.seat, it.sold, it.held);
    it.reservation(it.held, |row| {
        row.total = row.total.plus(line.price).unwrap();
        row.seats.push(line);
    });
    it.finds(&Violation::SeatGivenTwice { seat, owner, other });
}

#[test]
fn a_seat_ahead_of_the_map_and_a_map_ahead_of_its_seats_are_found() {
    let mut it = sold();
    let map_version = it.show.snapshot.map_version();
    it.show.snapshot.set_map_version(map_version + 1);
    it.finds(&Violation::MapAheadOfSeats { map_version: map_version + 1, latest: map_version });
    it.show.snapshot.set_map_version(map_version - 1);
    let (seat, version, map_version) = (it.show.seats[2], map_version, map_version - 1);
    it.finds(&Violation::SeatAheadOfMap { seat, version, map_version });
}

#[test]
fn a_counter_that_does_not_count_its_seats_is_found() {
    let mut it = sold();
    let counted = it.show.snapshot.ticket_type(it.show.stalls).unwrap().stock;
    it.count(|stock| stock.held += 1);
    let kept = Stock { held: counted.held + 1, ..counted };
    it.finds(&Violation::StockMiscounted { ticket_type: it.show.stalls, kept, counted });
}

/// Gives Ben this many general-admission units, which the stock includes.
fn stand(it: &mut AuditFixture, quantity: u32) {
    let standing = it.show.standing;
    let mut ticket_type = it.show.snapshot.ticket_type(standing).unwrap().clone();
    ticket_type.stock.held += quantity;
    let line =
        ItemLine { ticket_type: standing, name: "Standing".into(), quantity, unit_price: ticket_type.price };
    it.show.snapshot.put_ticket_type(ticket_type);
    it.reservation(it.held, |row| {
        row.total = row.total.plus(line.unit_price.times(quantity).unwrap()).unwrap();
        row.items.push(line);
    });
}

#[test]
fn units_are_counted_and_more_than_there_are_is_found() {
    let mut it = sold();
    stand(&mut it, 5);
    assert_eq!(audit(&it.show.snapshot), []);
    let mut it = sold();
    stand(&mut it, 6);
    let counted = Stock { held: 6, ..Stock::of(5) };
    it.finds(&Violation::Oversold { ticket_type: it.show.standing, counted });
}

#[test]
fn a_ticket_type_that_does_not_exist_is_found() {
    let mut it = sold();
    stand(&mut it, 1);
    let ticket_type = TicketTypeId::from_uuid(Uuid::from_u128(0xDEAD));
    let standing = it.show.standing;
    it.show.snapshot.remove_ticket_type(standing);
    let row = AuditedRow::Reservation(it.held);
    it.finds(&Violation::TicketTypeUnknown { row, ticket_type: standing });
    let mut it = sold();
    it.seat(5, |seat| seat.ticket_type = ticket_type);
    it.count(|stock| stock.capacity -= 1);
    let row = AuditedRow::Seat(it.show.seats[5]);
    it.finds(&Violation::TicketTypeUnknown { row, ticket_type });
}

#[test]
fn a_section_without_all_its_seats_is_found() {
    let mut it = sold();
    let stalls = it.show.snapshot.ticket_type(it.show.stalls).unwrap();
    assert!(matches!(stalls.kind, TicketKind::Seated { .. }));
    let counted = stalls.stock;
    it.count(|stock| stock.capacity += 1);
    let kept = Stock { capacity: counted.capacity + 1, ..counted };
    it.finds(&Violation::StockMiscounted { ticket_type: it.show.stalls, kept, counted });
}

#[test]
fn a_row_of_another_event_is_found() {
    let event = EventId::from_uuid(Uuid::from_u128(0xDEAD));
    let mut it = sold();
    it.seat(5, |seat| seat.event = event);
    it.finds(&Violation::StrayRow { row: AuditedRow::Seat(it.show.seats[5]), event });
    let mut it = sold();
    it.reservation(it.held, |row| row.event = event);
    it.finds(&Violation::StrayRow { row: AuditedRow::Reservation(it.held), event });
    let mut it = sold();
    it.payment(it.ready, |row| row.event = event);
    it.finds(&Violation::StrayRow { row: AuditedRow::Payment(it.ready), event });
    let mut it = sold();
    let mut standing = it.show.snapshot.ticket_type(it.show.standing).unwrap().clone();
    standing.event = event;
    it.show.snapshot.put_ticket_type(standing);
    it.finds(&Violation::StrayRow { row: AuditedRow::TicketType(it.show.standing), event });
}

#[test]
fn a_row_without_a_version_is_found() {
    let mut it = sold();
    it.seat(5, |seat| seat.version = 0);
    it.finds(&Violation::VersionMissing { row: AuditedRow::Seat(it.show.seats[5]) });
    let mut it = sold();
    it.reservation(it.held, |row| row.version = 0);
    it.finds(&Violation::VersionMissing { row: AuditedRow::Reservation(it.held) });
    let mut it = sold();
    it.payment(it.ready, |row| row.version = 0);
    it.finds(&Violation::VersionMissing { row: AuditedRow::Payment(it.ready) });
    let mut it = sold();
    let event = Event { version: 0, ..it.show.snapshot.event().clone() };
    let row = AuditedRow::Event(event.id);
    it.show.snapshot.set_event(event);
    it.finds(&Violation::VersionMissing { row });
}

#[test]
fn a_total_that_is_not_the_sum_is_found() {
    let mut it = sold();
    let total = crate::decide::fixture::won(101);
    it.reservation(it.held, |row| row.total = total);
    it.finds(&Violation::TotalMiscounted { reservation: it.held, total, counted: 100 });
}

#[test]
fn a_live_reservation_of_nothing_is_found() {
    let mut it = sold();
    it.own(2, SeatState::Available);
    it.count(|stock| stock.held -= 1);
    it.reservation(it.held, |row| {
        row.seats.clear();
        row.total = crate::decide::fixture::won(0);
    });
    it.finds(&Violation::NothingReserved { reservation: it.held });
}

#[test]
fn two_pending_reservations_of_one_buyer_are_found() {
    let mut it = sold();
    let second = it.show.held(at(5), ADA, &[4]);
    it.reservation(second, |row| row.buyer = BEN);
    it.finds(&Violation::TwoPending { buyer: BEN, first: it.held, second });
}

#[test]
fn one_number_of_two_reservations_is_found() {
    let mut it = sold();
    let (first, second) = (it.sold, it.held);
    let number = it.show.reservation(first).number;
    it.reservation(second, |row| row.number = number);
    it.finds(&Violation::NumberGivenTwice { number, first, second });
}
