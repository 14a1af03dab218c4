mod again;
mod hold_time;

use uuid::Uuid;

use super::*;
use crate::decide::Release;
use crate::decide::fixture::{ADA, BEN, Show, at, won};
use crate::event::{Event, EventStep};
use crate::fact::{FactBody, FactKinds};
use crate::limits::MAX_PRICE_MINOR;
use crate::limits::{MAX_LINES_PER_COMMAND, MAX_QUANTITY};
use crate::payment::PaymentState;

fn strange_seat(at: u128) -> SeatId {
    SeatId::from_uuid(Uuid::from_u128(at))
}

fn strange_type(at: u128) -> TicketTypeId {
    TicketTypeId::from_uuid(Uuid::from_u128(at))
}

#[test]
fn every_seat_that_stands_in_the_way_is_named() {
    let mut show = Show::open();
    show.held(at(0), BEN, &[1, 3]);
    let refused = show.refuse(&show.hold(ADA, &[0, 1, 2, 3]).at(at(1), show.key()));
    assert_eq!(refused, HoldRefused::SeatsTaken { seats: vec![show.seats[1], show.seats[3]] });
}

#[test]
fn seats_that_do_not_exist_are_named_before_those_that_are_taken() {
    let mut show = Show::open();
    show.held(at(0), BEN, &[0]);
    let ask = show.hold(ADA, &[0]).seats([strange_seat(1), strange_seat(2)]).at(at(1), show.key());
    let seats = vec![strange_seat(1), strange_seat(2)];
    assert_eq!(show.refuse(&ask), HoldRefused::UnknownSeats { seats });
}

#[test]
fn every_shortage_is_named_with_what_is_left() {
    let show = Show::open();
    let ask = show.hold(ADA, &[]).item(show.standing, 6).item(show.free, 7).at(at(0), show.key());
    let shortages = vec![
        Shortage { ticket_type: show.standing, asked: 6, available: 5 },
        Shortage { ticket_type: show.free, asked: 7, available: 5 },
    ];
    assert_eq!(show.refuse(&ask), HoldRefused::NotEnoughLeft { shortages });
}

#[test]
fn a_section_is_not_sold_by_quantity() {
    let show = Show::open();
    let ask = show.hold(ADA, &[]).item(show.stalls, 1).at(at(0), show.key());
    assert_eq!(show.refuse(&ask), HoldRefused::SoldBySeat { ticket_types: vec![show.stalls] });
}

#[test]
fn unknown_ticket_types_are_named() {
    let show = Show::open();
    let ask = show.hold(ADA, &[]).item(strange_type(1), 1).item(show.standing, 1).at(at(0), show.key());
    assert_eq!(show.refuse(&ask), HoldRefused::UnknownTicketTypes { ticket_types: vec![strange_type(1)] });
}

#[test]
fn nothing_asked_is_refused() {
    let show = Show::open();
    assert_eq!(show.refuse(&show.hold(ADA, &[]).at(at(0), show.key())), HoldRefused::NothingAsked);
}

#[test]
fn what_is_named_twice_is_named_in_the_refusal() {
    let show = Show::open();
    let seats = vec![show.seats[1]];
    let ask = show.hold(ADA, &[0, 1, 1]).at(at(0), show.key());
    assert_eq!(show.refuse(&ask), HoldRefused::DuplicateSeats { seats });
    let ask = show.hold(ADA, &[]).item(show.free, 1).item(show.free, 1).at(at(0), show.key());
    assert_eq!(show.refuse(&ask), HoldRefused::DuplicateTicketTypes { ticket_types: vec![show.free] });
}

#[test]
fn one_command_names_at_most_a_hundred_lines() {
    let show = Show::open();
    let strangers = |count| (1..=count).map(strange_seat);
    let many = show.hold(ADA, &[]).seats(strangers(100)).item(show.standing, 1).at(at(0), show.key());
    let limit = MAX_LINES_PER_COMMAND;
    assert_eq!(show.refuse(&many), HoldRefused::TooManyLines { asked: 101, limit });
    let most = show.hold(ADA, &[]).seats(strangers(100)).at(at(0), show.key());
    assert!(matches!(show.refuse(&most), HoldRefused::UnknownSeats { seats } if seats.len() == 100));
}

/// Defect 8 of the first Tiketi: a quantity below one added stock. The type excludes a negative quantity, and the
/// rule refuses zero.
#[test]
fn defect_8_a_quantity_is_from_one_to_a_thousand() {
    let show = Show::open();
    for quantity in [0, 1_001, u32::MAX] {
        let ask = show.hold(ADA, &[]).item(show.standing, quantity).at(at(0), show.key());
        let ticket_types = vec![show.standing];
        assert_eq!(show.refuse(&ask), HoldRefused::QuantityOutOfRange { ticket_types, limit: MAX_QUANTITY });
    }
    let most = show.hold(ADA, &[]).item(show.standing, 1_000).at(at(0), show.key());
    assert!(matches!(show.refuse(&most), HoldRefused::NotEnoughLeft { .. }));
    let mut show = show;
    let least = show.hold(ADA, &[]).item(show.standing, 1).at(at(0), show.key());
    show.accept(&least);
    assert_eq!(show.available(show.standing), 4);
}

/// Defect 8 of the first Tiketi: neither of its two paths checked whether the sale was open.
#[test]
fn defect_8_nothing_is_held_outside_the_sale_window() {
    let show = Show::open();
    let (opens_at, closed_at) = (at(0), at(86_400));
    let early = opens_at.before(std::time::Duration::from_micros(1));
    let seats_and_units = |now| show.hold(ADA, &[0]).item(show.standing, 1).at(now, show.key());
    assert_eq!(show.refuse(&seats_and_units(early)), HoldRefused::SaleNotOpen { opens_at });
    assert_eq!(show.refuse(&seats_and_units(closed_at)), HoldRefused::SaleClosed { closed_at });
    let units = |now| show.hold(ADA, &[]).item(show.standing, 1).at(now, show.key());
    assert_eq!(show.refuse(&units(early)), HoldRefused::SaleNotOpen { opens_at });
    assert_eq!(show.refuse(&units(closed_at)), HoldRefused::SaleClosed { closed_at });
    assert!(show.decide(&seats_and_units(opens_at)).is_ok());
}

/// Defect 4 of the first Tiketi: it updated seats by id, without a check of the owner.
#[test]
fn defect_4_a_seat_of_another_is_not_taken() {
    let mut show = Show::open();
    let held = show.held(at(0), BEN, &[0]);
    let sold = show.held(at(0), ADA, &[1]);
    show.paid(at(1), sold, ADA);
    let ask = show.hold(ADA, &[0]).at(at(2), show.key());
    assert_eq!(show.refuse(&ask), HoldRefused::SeatsTaken { seats: vec![show.seats[0]] });
    let ask = show.hold(BEN, &[1]).at(at(2), show.key());
    assert_eq!(show.refuse(&ask), HoldRefused::SeatsTaken { seats: vec![show.seats[1]] });
    // The buyer who owns the seat is refused as well, because the seat is sold and not held.
    let ask = show.hold(ADA, &[1]).at(at(2), show.key());
    assert_eq!(show.refuse(&ask), HoldRefused::SeatsTaken { seats: vec![show.seats[1]] });
    assert_eq!(show.reservation(held).seats.len(), 1);
}

#[test]
fn a_buyer_may_have_exactly_as_many_tickets_as_the_limit() {
    let mut show = Show::open();
    show.held(at(0), ADA, &[0, 1, 2, 3, 4, 5]);
    let ask = show.hold(ADA, &[]).item(show.standing, 3).at(at(1), show.key());
    assert_eq!(show.refuse(&ask), HoldRefused::LimitReached { limit: 8, owned: 6, asked: 3 });
    let ask = show.hold(ADA, &[]).item(show.standing, 2).at(at(1), show.key());
    show.accept(&ask);
    let ask = show.hold(ADA, &[]).item(show.free, 1).at(at(2), show.key());
    assert_eq!(show.refuse(&ask), HoldRefused::LimitReached { limit: 8, owned: 8, asked: 1 });
}

#[test]
fn the_limit_counts_what_was_paid_before() {
    let mut show = Show::open();
    let first = show.held(at(0), ADA, &[0, 1, 2, 3, 4]);
    show.paid(at(1), first, ADA);
    let ask = show.hold(ADA, &[]).item(show.standing, 4).at(at(2), show.key());
    assert_eq!(show.refuse(&ask), HoldRefused::LimitReached { limit: 8, owned: 5, asked: 4 });
}

#[test]
fn the_event_s_own_limit_prevails() {
    let mut show = Show::open();
    let mut event: Event = show.snapshot.event().clone();
    event.details.terms.max_seats_per_buyer = Some(1);
    show.snapshot.set_event(event);
    let ask = show.hold(ADA, &[0, 1]).at(at(0), show.key());
    assert_eq!(show.refuse(&ask), HoldRefused::LimitReached { limit: 1, owned: 0, asked: 2 });
}

#[test]
fn the_highest_prices_add_up_exactly() {
    let mut show = Show::priced(MAX_PRICE_MINOR);
    let reservation = show.held(at(0), ADA, &[0, 1, 2, 3, 4, 5]);
    assert_eq!(show.reservation(reservation).total, won(6 * MAX_PRICE_MINOR));
}

/// No store accepts such a price. If one exists, the hold fails; the total never wraps.
#[test]
fn prices_beyond_all_limits_fail_rather_than_wrap() {
    let mut show = Show::open();
    show.price_standing(won(i64::MAX / 2));
    let ask = show.hold(ADA, &[]).item(show.standing, 3).at(at(0), show.key());
    assert!(matches!(show.decide(&ask), Err(CommandError::Store(_))));
}

#[test]
fn adding_to_a_reservation_gives_up_its_prepared_payment() {
    let mut show = Show::open();
    let reservation = show.held(at(0), ADA, &[0]);
    let payment = show.prepared(at(1), reservation, ADA);
    let added = show.held(at(2), ADA, &[1]);
    assert_eq!(added, reservation);
    assert_eq!(show.payment(payment).state, PaymentState::Abandoned);
    assert_eq!(show.reservation(reservation).payment, None);
    assert_eq!(show.reservation(reservation).total, won(200));
}

#[test]
fn nothing_is_added_while_money_may_be_moving() {
    let mut show = Show::open();
    let reservation = show.held(at(0), ADA, &[0]);
    show.confirming(at(1), reservation, ADA);
    let ask = show.hold(ADA, &[1]).at(at(2), show.key());
    assert_eq!(show.refuse(&ask), HoldRefused::PaymentInProgress { reservation });
}

#[test]
fn seats_held_already_are_no_error_and_renew_the_hold() {
    let mut show = Show::open();
    let reservation = show.held(at(0), ADA, &[0]);
    show.held(at(60), ADA, &[0]);
    let held = show.reservation(reservation);
    assert_eq!((held.seats.len(), held.total, held.held_until()), (1, won(100), Some(at(360))));
}

#[test]
fn a_lapsed_seat_is_taken_over_in_place_from_its_end_on() {
    let mut show = Show::open();
    show.held(at(0), BEN, &[0]);
    let micro = std::time::Duration::from_micros(1);
    let ask = show.hold(ADA, &[0]).at(at(300).before(micro), show.key());
    assert_eq!(show.refuse(&ask), HoldRefused::SeatsTaken { seats: vec![show.seats[0]] });
    show.held(at(300), ADA, &[0]);
    // The counter still has one held seat, now of another reservation.
    assert_eq!(show.available(show.stalls), 5);
}

#[test]
fn a_draft_is_not_found_and_a_cancelled_event_sells_nothing() {
    let mut show = Show::open();
    let published = show.snapshot.event().clone();
    show.snapshot.set_event(Event { state: EventState::Draft, ..published.clone() });
    assert_eq!(show.refuse(&show.hold(ADA, &[0]).at(at(0), show.key())), HoldRefused::EventNotFound);
    let state = published.state.apply(&EventStep::Cancel { at: at(0) }).unwrap();
    show.snapshot.set_event(Event { state, ..published });
    assert_eq!(show.refuse(&show.hold(ADA, &[0]).at(at(0), show.key())), HoldRefused::EventCancelled);
}

/// A store keeps command records for 24 hours, but reservations for ever.
#[test]
fn a_new_reservation_never_takes_the_id_of_another() {
    let mut show = Show::open();
    let first = show.hold(ADA, &[0]).at(at(0), show.key());
    show.accept(&first);
    let hold = first.command.clone();
    show.accept(&Hold { seats: vec![show.seats[1]], ..hold.clone() }.at(at(0), show.key()));
    show.expire(at(600), hold.reservation);
    for buyer in [ADA, BEN] {
        let again = Hold { buyer, ..hold.clone() }.at(at(700), show.key());
        let refused = HoldRefused::ReservationIdTaken { reservation: hold.reservation };
        assert_eq!(show.refuse(&again), refused);
    }
}

/// Fails with units that never find their line, and with units of another type that do.
#[test]
fn units_of_one_type_and_price_are_one_line() {
    let mut show = Show::open();
    let standing = |show: &Show| show.hold(ADA, &[]).item(show.standing, 1);
    show.accept(&standing(&show).at(at(0), show.key()));
    let both = standing(&show).item(show.free, 1);
    let held = show.accept(&both.at(at(1), show.key())).reservation;
    let lines: Vec<_> =
        show.reservation(held).items.iter().map(|line| (line.ticket_type, line.quantity)).collect();
    assert_eq!(lines, [(show.standing, 2), (show.free, 1)]);
}

/// Fails with seats, or units, that do not count as a change.
#[test]
fn a_buyer_is_told_of_each_change_of_the_tickets_even_if_the_end_stays() {
    let mut show = Show::open();
    show.held(at(0), ADA, &[0]);
    for ask in [show.hold(ADA, &[1]), show.hold(ADA, &[]).item(show.standing, 1)] {
        let change = show.decide(&ask.at(at(0), show.key())).unwrap();
        let told = |fact: &FactBody| matches!(fact, FactBody::ReservationHeld { .. });
        assert!(change.facts.iter().any(told), "{:?}", change.facts);
    }
}

/// Fails with the version of the seat not raised.
#[test]
fn each_change_of_a_seat_gives_it_its_next_version() {
    let mut show = Show::open();
    let version = |show: &Show| show.snapshot.seat(show.seats[0]).unwrap().version;
    let before = version(&show);
    let held = show.held(at(0), ADA, &[0]);
    assert_eq!(version(&show), before + 1);
    show.accept(&Release::all(held, ADA).at(at(1), show.key()));
    assert_eq!(version(&show), before + 2);
}

/// Fails if lines are added up by the ticket type or by the price alone.
#[test]
fn units_of_another_price_are_a_line_of_their_own() {
    let mut show = Show::open();
    let held = show.accept(&show.hold(ADA, &[]).item(show.standing, 2).at(at(0), show.key())).reservation;
    show.price_standing(won(35));
    show.accept(&show.hold(ADA, &[]).item(show.standing, 1).at(at(1), show.key()));
    show.accept(&show.hold(ADA, &[]).item(show.standing, 1).at(at(2), show.key()));
    let lines = show.reservation(held).items.iter().map(|line| (line.unit_price, line.quantity));
    assert_eq!(lines.collect::<Vec<_>>(), [(won(30), 2), (won(35), 2)]);
    assert_eq!(show.reservation(held).total, won(130));
}

/// Fails if a fact is made although no subscriber wants its kind.
#[test]
fn a_hold_makes_only_the_facts_that_are_wanted() {
    let mut show = Show::open();
    show.snapshot.set_wanted_facts(FactKinds::default());
    let change = show.decide(&show.hold(ADA, &[0]).at(at(0), show.key())).unwrap();
    assert_eq!(change.facts, []);
    assert_eq!(change.reservations.len(), 1);
}
