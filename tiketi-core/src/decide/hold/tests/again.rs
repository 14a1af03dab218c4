//! Seats that were given back and are held again: the cap is 15 minutes, and a seat is given up after 5.

use super::*;
use crate::decide::Release;

impl Show {
    fn release(&mut self, now: Timestamp, of: ReservationId, seats: &[usize]) {
        let seats: Vec<SeatId> = seats.iter().map(|at| self.seats[*at]).collect();
        self.accept(&Release::all(of, ADA).only(seats).at(now, self.key()));
    }

    /// Holds seats from the start up to their cap.
    fn held_for_long(&mut self, seats: &[usize]) -> ReservationId {
        let held = [0, 290, 580, 870].map(|second| self.held(at(second), ADA, seats));
        held[0]
    }

    fn until(&self, of: ReservationId) -> Option<Timestamp> {
        self.reservation(of).held_until()
    }

    fn refused(&self, now: Timestamp, seats: &[usize]) -> HoldRefused {
        self.refuse(&self.hold(ADA, seats).at(now, self.key()))
    }
}

/// Seen to fail with `held_since` always that of the new reservation.
#[test]
fn holding_again_does_not_escape_the_cap() {
    let mut show = Show::open();
    let mut held = show.held(at(0), ADA, &[0]);
    for minute in 1..14 {
        show.release(at(60 * minute), held, &[0]);
        held = show.held(at(60 * minute), ADA, &[0]);
        let until = at(60 * (minute + 5)).min(at(900));
        assert_eq!((show.reservation(held).held_since, show.until(held)), (at(0), Some(until)));
    }
    show.release(at(890), held, &[0]);
    let held_too_long = HoldRefused::HeldTooLong { seats: vec![show.seats[0]], again_at: at(1_190) };
    assert_eq!(show.refused(at(900), &[0]), held_too_long);
    assert_eq!(show.refused(at(1_189), &[0]), held_too_long);
}

/// Seen to fail with the former hold not forgotten after a while.
#[test]
fn a_seat_that_no_other_buyer_took_can_be_held_again() {
    let mut show = Show::open();
    let held = show.held(at(0), ADA, &[0]);
    show.release(at(60), held, &[0]);
    let again = show.held(at(360), ADA, &[0]);
    assert_eq!((show.reservation(again).held_since, show.until(again)), (at(360), Some(at(660))));
}

#[test]
fn a_hold_that_ended_by_itself_counts_too() {
    let mut show = Show::open();
    let held = show.held_for_long(&[0]);
    assert_eq!(show.until(held), Some(at(900)));
    // Also before the end is recorded.
    assert!(
        matches!(show.refused(at(900), &[0]), HoldRefused::HeldTooLong { again_at, .. } if again_at == at(1_200))
    );
    show.expire(at(950), held);
    assert!(
        matches!(show.refused(at(950), &[0]), HoldRefused::HeldTooLong { again_at, .. } if again_at == at(1_200))
    );
    show.held(at(1_200), ADA, &[0]);
}

#[test]
fn another_buyer_can_hold_the_seats_at_once() {
    let mut show = Show::open();
    let held = show.held_for_long(&[0]);
    show.release(at(890), held, &[0]);
    let of_ben = show.held(at(900), BEN, &[0]);
    assert_eq!(show.until(of_ben), Some(at(1_200)));
    // Ben had his chance, so Ada begins again.
    show.accept(&Release::all(of_ben, BEN).at(at(910), show.key()));
    let again = show.held(at(920), ADA, &[0]);
    assert_eq!(show.reservation(again).held_since, at(920));
}

#[test]
fn who_chooses_other_seats_is_not_kept_out() {
    let mut show = Show::open();
    let held = show.held_for_long(&[0, 1]);
    show.release(at(890), held, &[0, 1]);
    assert!(matches!(show.refused(at(900), &[0, 2]), HoldRefused::HeldTooLong { .. }));
    let other = show.held(at(900), ADA, &[2, 3]);
    assert_eq!((show.reservation(other).held_since, show.until(other)), (at(900), Some(at(1_200))));
}

/// Seen to fail with a seat added to any hold that is alive: it got the later end of that hold.
#[test]
fn an_old_seat_does_not_get_the_later_end_of_another_hold() {
    let mut show = Show::open();
    let held = show.held(at(0), ADA, &[0, 1]);
    show.held(at(290), ADA, &[0]);
    show.held(at(580), ADA, &[0]);
    show.release(at(700), held, &[0]);
    show.release(at(700), held, &[1]);
    let other = show.held(at(700), ADA, &[2]);
    assert_eq!(show.until(other), Some(at(1_000)));
    assert!(matches!(show.refused(at(710), &[0]), HoldRefused::HeldTooLong { .. }));
    // With less than that, the whole hold gets the earlier cap.
    let mut show = Show::open();
    let held = show.held(at(0), ADA, &[0]);
    show.release(at(60), held, &[0]);
    let other = show.held(at(200), ADA, &[2]);
    show.held(at(210), ADA, &[0]);
    assert_eq!((show.reservation(other).held_since, show.until(other)), (at(0), Some(at(510))));
}
