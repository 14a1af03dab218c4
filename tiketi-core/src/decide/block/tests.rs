use super::*;
use crate::decide::fixture::{ADA, BEN, Show, at};
use crate::id::BuyerId;

fn block(show: &Show, now: Timestamp, seats: &[usize]) -> BlockSeats {
    let seats = seats.iter().map(|seat| show.seats[*seat]).collect();
    BlockSeats::new(now, show.snapshot.event().id, seats, "camera")
}

fn blocked(show: &mut Show, now: Timestamp, seats: &[usize]) {
    let change = block_seats(&show.snapshot, &block(show, now, seats)).unwrap();
    show.snapshot.apply(&change).unwrap();
}

/// Unblocks seats, and returns whether a seat changed.
fn unblocked(show: &mut Show, now: Timestamp, seats: &[usize]) -> bool {
    let ask = block(show, now, seats);
    let ask = UnblockSeats::new(now, ask.event, ask.seats);
    let change = unblock_seats(&show.snapshot, &ask).unwrap();
    show.snapshot.apply(&change).unwrap();
    !change.seats.is_empty()
}

fn holds(show: &Show, buyer: BuyerId, now: Timestamp, seat: usize) -> bool {
    use crate::decide::Command;
    show.hold(buyer, &[seat]).decide(&show.snapshot, now).is_ok()
}

#[test]
fn a_blocked_seat_is_off_sale_until_it_is_unblocked() {
    let mut show = Show::open();
    blocked(&mut show, at(0), &[0, 1, 1]);
    assert_eq!(show.available(show.stalls), 4);
    assert!(!holds(&show, ADA, at(1), 0));
    unblocked(&mut show, at(2), &[0, 2]);
    assert_eq!(show.available(show.stalls), 5);
    assert!(holds(&show, ADA, at(3), 0) && !holds(&show, ADA, at(3), 1));
}

#[test]
fn every_seat_that_is_held_or_sold_is_named_and_none_is_blocked() {
    let mut show = Show::open();
    show.held(at(0), ADA, &[1]);
    let sold = show.held(at(0), BEN, &[2]);
    show.paid(at(1), sold, BEN);
    let refused = block_seats(&show.snapshot, &block(&show, at(2), &[0, 1, 2])).unwrap_err();
    let mut seats = vec![show.seats[1], show.seats[2]];
    seats.sort_unstable();
    assert_eq!(refused.refusal(), Some(BlockRefused::SeatsTaken { seats }));
}

#[test]
fn a_seat_whose_hold_has_lapsed_can_be_blocked() {
    let mut show = Show::open();
    show.held(at(0), ADA, &[0]);
    blocked(&mut show, at(300), &[0]);
    assert_eq!(show.available(show.stalls), 5, "counted once, as blocked");
    assert!(!holds(&show, BEN, at(301), 0));
}

#[test]
fn blocking_and_unblocking_again_change_nothing() {
    let mut show = Show::open();
    blocked(&mut show, at(0), &[0]);
    assert!(block_seats(&show.snapshot, &block(&show, at(1), &[0])).unwrap().seats.is_empty());
    unblocked(&mut show, at(2), &[0]);
    assert!(!unblocked(&mut show, at(3), &[0]));
}
