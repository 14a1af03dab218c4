//! Visits every state of the small sale, in three parts: all at once would be more states than a test can visit.
//!
//! Each part prints how many states it has. A failure shows the steps that lead to the state.

#![cfg(test)]

use stateright::{Checker, Model};
use tiketi_model::{Limits, SmallSale, Staff};

const THREADS: usize = 2;

/// Visits every state, and checks that the part has not become smaller by mistake.
fn visit(part: &str, limits: Limits, at_least: usize) {
    let checked = SmallSale { limits }.checker().threads(THREADS).spawn_bfs().join();
    let (states, depth) = (checked.unique_state_count(), checked.max_depth());
    println!("{part}: {states} states, up to {depth} steps deep");
    checked.assert_properties();
    assert!(checked.is_done() && states >= at_least, "{states} states");
}

#[test]
fn holds_that_end_and_money_that_is_late() {
    let limits = Limits { buyers: 2, reservations: 1, payments: 1, minutes: 2, staff: Staff::Rest };
    visit("holds and late money", limits, 20_000);
}

#[test]
fn a_buyer_who_pays_twice() {
    let limits = Limits { buyers: 1, reservations: 1, payments: 2, minutes: 1, staff: Staff::Act };
    visit("paid twice", limits, 10_000);
}

#[test]
fn staff_who_refund_by_hand_and_end_payments() {
    let limits = Limits { buyers: 2, reservations: 1, payments: 1, minutes: 0, staff: Staff::Act };
    visit("refunds by hand and ended payments", limits, 60_000);
}
