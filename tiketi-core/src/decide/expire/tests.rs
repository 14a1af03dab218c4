use super::*;
use crate::decide::Command;
use crate::decide::cancel::{Cancel, CancelRefused};
use crate::decide::fixture::{ADA, BEN, Show, at};
use crate::id::ReservationId;
use crate::payment::PaymentState;
use crate::reservation::ReservationState;
use crate::time::Timestamp;

fn expired(show: &mut Show, id: ReservationId, now: Timestamp) -> Option<Change> {
    let change = expire(&show.snapshot, show.reservation(id), now).unwrap();
    if let Some(change) = &change {
        show.snapshot.apply(change).unwrap();
    }
    change
}

#[test]
fn a_hold_expires_at_its_end_and_not_a_microsecond_sooner() {
    let mut show = Show::open();
    let held = show.held(at(0), ADA, &[0]);
    let just_before = at(300).before(std::time::Duration::from_micros(1));
    assert_eq!(expired(&mut show, held, just_before), None);
    assert!(expired(&mut show, held, at(300)).is_some());
    assert_eq!(show.reservation(held).state, ReservationState::Expired { at: at(300) });
    assert_eq!(expired(&mut show, held, at(301)), None, "once");
}

#[test]
fn expiring_leaves_seats_that_another_took_over_alone() {
    let mut show = Show::open();
    let lapsed = show.held(at(0), ADA, &[0, 1]);
    let heir = show.held(at(300), BEN, &[0]);
    let change = expired(&mut show, lapsed, at(301)).unwrap();
    let freed: Vec<_> = change.seats.iter().map(|seat| seat.seat).collect();
    assert_eq!(freed, [show.seats[1]]);
    assert!(!show.is_free(0, at(301)));
    assert!(show.reservation(heir).is_live());
    assert_eq!(show.available(show.stalls), 5);
}

/// Defect 1 of the first Tiketi: cancelling an expired reservation released seats that another buyer had bought,
/// and returned the stock a second time.
#[test]
fn defect_1_cancelling_what_expired_frees_nothing() {
    let mut show = Show::open();
    let ask = show.hold(ADA, &[0]).item(show.standing, 2).at(at(0), show.key());
    let lapsed = show.accept(&ask).reservation;
    let untidied = Cancel::by_buyer(lapsed, ADA).at(at(300), show.key());
    assert_eq!(show.refuse(&untidied), CancelRefused::AlreadyEnded);

    expired(&mut show, lapsed, at(300));
    let heir = show.held(at(301), BEN, &[0]);
    show.paid(at(302), heir, BEN);
    for ask in [
        Cancel::by_buyer(lapsed, ADA).at(at(303), show.key()),
        Cancel::by_organiser(lapsed).at(at(303), show.key()),
    ] {
        assert_eq!(show.refuse(&ask), CancelRefused::AlreadyEnded);
    }
    assert!(!show.is_free(0, at(303)));
    assert_eq!(show.available(show.standing), 5);
}

#[test]
fn a_prepared_payment_ends_with_its_hold() {
    let mut show = Show::open();
    let held = show.held(at(0), ADA, &[0]);
    let payment = show.prepared(at(0), held, ADA);
    assert_eq!(expired(&mut show, held, at(599)), None, "the payment window counts");
    assert!(expired(&mut show, held, at(600)).is_some());
    assert_eq!(show.payment(payment).state, PaymentState::Abandoned);
}

/// While money may be moving, the reservation does not expire, however late it is.
#[test]
fn what_is_being_paid_never_expires() {
    let mut show = Show::open();
    let held = show.held(at(0), ADA, &[0]);
    show.confirming(at(1), held, ADA);
    assert_eq!(expired(&mut show, held, Timestamp::FAR_FUTURE), None);
}
