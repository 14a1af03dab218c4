use super::*;
use crate::decide::ConfirmFree;
use crate::decide::fixture::{ADA, BEN, Show, at};
use crate::payment::PaymentState;

#[test]
fn a_pending_reservation_gives_everything_back() {
    let mut show = Show::open();
    let ask = show.hold(ADA, &[0, 1]).item(show.standing, 3).at(at(0), show.key());
    let held = show.accept(&ask).reservation;
    let payment = show.prepared(at(1), held, ADA);
    show.accept(&Cancel::by_organiser(held).at(at(2), show.key()));
    let state = ReservationState::Cancelled { reason: CancelReason::ByOrganiser, at: at(2) };
    assert_eq!(show.reservation(held).state, state);
    assert_eq!(show.payment(payment).state, PaymentState::Abandoned);
    assert_eq!((show.available(show.stalls), show.available(show.standing)), (6, 5));
}

#[test]
fn another_s_reservation_is_as_good_as_none() {
    let mut show = Show::open();
    let held = show.held(at(0), ADA, &[0]);
    let ask = Cancel::by_buyer(held, BEN).at(at(1), show.key());
    assert_eq!(show.refuse(&ask), CancelRefused::ReservationNotFound);
}

#[test]
fn a_paid_reservation_names_the_payment_to_refund() {
    let mut show = Show::open();
    let held = show.held(at(0), ADA, &[0]);
    let payment = show.paid(at(1), held, ADA);
    for ask in
        [Cancel::by_buyer(held, ADA).at(at(2), show.key()), Cancel::by_organiser(held).at(at(2), show.key())]
    {
        assert_eq!(show.refuse(&ask), CancelRefused::Paid { payment });
    }
}

#[test]
fn a_free_reservation_is_given_back_as_it_was_got_and_only_once() {
    let mut show = Show::open();
    let ask = show.hold(ADA, &[]).item(show.free, 5).at(at(0), show.key());
    let free = show.accept(&ask).reservation;
    show.accept(&ConfirmFree::new(free, ADA).at(at(1), show.key()));
    assert_eq!(show.available(show.free), 0);
    show.accept(&Cancel::by_buyer(free, ADA).at(at(2), show.key()));
    assert_eq!(show.available(show.free), 5);
    let again = Cancel::by_buyer(free, ADA).at(at(3), show.key());
    assert_eq!(show.refuse(&again), CancelRefused::AlreadyEnded);
}
