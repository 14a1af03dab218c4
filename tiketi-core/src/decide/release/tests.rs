use super::*;
use crate::decide::fixture::{ADA, BEN, Show, at, won};
use crate::payment::PaymentState;
use crate::reservation::ReservationState;

#[test]
fn the_rest_stays_held_until_the_same_moment_at_the_price_that_is_left() {
    let mut show = Show::open();
    let held = show.held(at(0), ADA, &[0, 1, 2]);
    show.accept(&Release::all(held, ADA).only([show.seats[1]]).at(at(9), show.key()));
    let left = show.reservation(held);
    assert_eq!((left.seats.len(), left.total, left.held_until()), (2, won(200), Some(at(300))));
    assert!(show.is_free(1, at(9)) && !show.is_free(0, at(9)));
}

#[test]
fn releasing_the_last_seat_ends_a_reservation_of_seats() {
    let mut show = Show::open();
    let held = show.held(at(0), ADA, &[0]);
    show.accept(&Release::all(held, ADA).only([show.seats[0]]).at(at(9), show.key()));
    let state = ReservationState::Cancelled { reason: CancelReason::ByBuyer, at: at(9) };
    assert_eq!(show.reservation(held).state, state);
}

#[test]
fn releasing_the_last_seat_leaves_the_units() {
    let mut show = Show::open();
    let ask = show.hold(ADA, &[0]).item(show.standing, 2).at(at(0), show.key());
    let held = show.accept(&ask).reservation;
    show.accept(&Release::all(held, ADA).only([show.seats[0]]).at(at(9), show.key()));
    let left = show.reservation(held);
    assert_eq!((left.seats.len(), left.total, left.held_until()), (0, won(60), Some(at(300))));
    assert_eq!(show.available(show.standing), 3);
    show.accept(&Release::all(held, ADA).at(at(10), show.key()));
    assert_eq!(show.available(show.standing), 5);
    assert!(!show.reservation(held).is_live());
}

#[test]
fn releasing_gives_up_a_prepared_payment() {
    let mut show = Show::open();
    let held = show.held(at(0), ADA, &[0, 1]);
    let payment = show.prepared(at(1), held, ADA);
    show.accept(&Release::all(held, ADA).only([show.seats[0]]).at(at(2), show.key()));
    assert_eq!(show.payment(payment).state, PaymentState::Abandoned);
    assert_eq!(show.reservation(held).payment, None);
}

#[test]
fn seats_of_others_and_seats_named_twice_are_named() {
    let mut show = Show::open();
    let held = show.held(at(0), ADA, &[0]);
    let ask =
        Release::all(held, ADA).only([show.seats[0], show.seats[0], show.seats[5]]).at(at(1), show.key());
    let seats = vec![show.seats[0], show.seats[5]];
    assert_eq!(show.refuse(&ask), ReleaseRefused::NotInReservation { seats });
    assert_eq!(
        show.refuse(&Release::all(held, ADA).only([]).at(at(1), show.key())),
        ReleaseRefused::NothingAsked
    );
}

/// Defect 4 of the first Tiketi: a buyer could release another buyer's seats.
#[test]
fn defect_4_a_buyer_cannot_release_another_buyers_hold() {
    let mut show = Show::open();
    let held = show.held(at(0), ADA, &[0]);
    let theft = Release::all(held, BEN).at(at(1), show.key());
    assert_eq!(show.refuse(&theft), ReleaseRefused::ReservationNotFound);
    // The former holder is refused as well, once another buyer holds the seat.
    show.held(at(300), BEN, &[0]);
    assert_eq!(show.refuse(&Release::all(held, ADA).at(at(301), show.key())), ReleaseRefused::NotPending);
    assert!(!show.is_free(0, at(301)));
}

#[test]
fn nothing_is_released_while_money_may_be_moving() {
    let mut show = Show::open();
    let held = show.held(at(0), ADA, &[0]);
    show.confirming(at(1), held, ADA);
    assert_eq!(show.refuse(&Release::all(held, ADA).at(at(2), show.key())), ReleaseRefused::NotPending);
}
