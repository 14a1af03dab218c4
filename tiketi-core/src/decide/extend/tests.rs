use super::*;
use crate::decide::Envelope;
use crate::decide::fixture::{ADA, BEN, Show, at};

fn extend(show: &Show, now: Timestamp, of: ReservationId, by: BuyerId) -> Envelope<ExtendHold> {
    ExtendHold::new(of, by, Terms::default()).at(now, show.key())
}

#[test]
fn a_hold_is_renewed_by_its_whole_length_from_now() {
    let mut show = Show::open();
    let held = show.held(at(0), ADA, &[0, 1]);
    show.accept(&extend(&show, at(100), held, ADA));
    assert_eq!(show.reservation(held).held_until(), Some(at(400)));
    assert!(!show.is_free(0, at(399)) && show.is_free(0, at(400)), "the seats go with it");
    assert!(!show.is_free(1, at(399)) && show.is_free(1, at(400)), "the seats go with it");
}

#[test]
fn no_number_of_renewals_passes_the_cap() {
    let mut show = Show::open();
    let held = show.held(at(0), ADA, &[0]);
    for now in [299, 598] {
        show.accept(&extend(&show, at(now), held, ADA));
    }
    show.accept(&extend(&show, at(897), held, ADA));
    assert_eq!(show.reservation(held).held_until(), Some(at(900)));
    let again = extend(&show, at(899), held, ADA);
    assert_eq!(show.refuse(&again), ExtendRefused::CapReached { until: at(900) });
}

#[test]
fn adding_seats_does_not_pass_the_cap_either() {
    let mut show = Show::open();
    let held = show.held(at(0), ADA, &[0]);
    for (seat, now) in [(1, 299), (2, 598), (3, 897)] {
        show.held(at(now), ADA, &[seat]);
    }
    assert_eq!(show.reservation(held).held_until(), Some(at(900)));
}

#[test]
fn renewing_never_shortens_a_hold() {
    let mut show = Show::open();
    let held = show.held(at(0), ADA, &[0]);
    show.prepared(at(1), held, ADA);
    assert_eq!(show.reservation(held).held_until(), Some(at(601)));
    let ask = extend(&show, at(2), held, ADA);
    assert_eq!(show.refuse(&ask), ExtendRefused::CapReached { until: at(601) });
    show.held(at(3), ADA, &[1]);
    assert_eq!(show.reservation(held).held_until(), Some(at(601)));
}

#[test]
fn an_ended_hold_cannot_be_renewed_before_a_sweep() {
    let mut show = Show::open();
    let held = show.held(at(0), ADA, &[0]);
    assert_eq!(show.refuse(&extend(&show, at(300), held, ADA)), ExtendRefused::NotPending);
}

/// Defect 4 of the first Tiketi: a buyer could change another buyer's hold.
#[test]
fn defect_4_another_s_hold_is_as_good_as_none() {
    let mut show = Show::open();
    let held = show.held(at(0), ADA, &[0]);
    assert_eq!(show.refuse(&extend(&show, at(1), held, BEN)), ExtendRefused::ReservationNotFound);
}
