//! The table of `SeatState`.

use proptest::prelude::*;
use tiketi_core::{ReservationId, SeatState, fact::SeatStatus, seat::SeatStep};
use uuid::Uuid;

use crate::{at, check_cell, config};

/// When the hold of the tests ends.
const END: i64 = 100;

fn owner() -> ReservationId {
    ReservationId::from_uuid(Uuid::from_u128(1))
}

fn stranger() -> ReservationId {
    ReservationId::from_uuid(Uuid::from_u128(2))
}

fn states() -> [SeatState; 4] {
    [
        SeatState::Available,
        SeatState::Held { reservation: owner(), until: at(END) },
        SeatState::Sold { reservation: owner() },
        SeatState::Blocked { reason: "camera".into() },
    ]
}

#[test]
fn a_seat_follows_its_table() {
    let hold = |now| SeatStep::Hold { reservation: stranger(), now: at(now), until: at(END + 50) };
    let extend = |reservation| SeatStep::Extend { reservation, until: at(END + 1) };
    let block = |now| SeatStep::Block { reason: "crane".into(), now: at(now) };
    let take = |now| SeatStep::TakeAgain { reservation: stranger(), now: at(now) };
    let withdraw = |reservation| SeatStep::Withdraw { reservation, reason: "refunded".into() };
    #[rustfmt::skip]
    let table = [
        //                                                    Available  Held         Sold         Blocked
        (hold(END - 1),                                      ["Held",    "-",         "-",         "-"]),
        (hold(END),                                          ["Held",    "Held",      "-",         "-"]),
        (extend(owner()),                                    ["-",       "Held",      "-",         "-"]),
        (extend(stranger()),                                 ["-",       "-",         "-",         "-"]),
        (SeatStep::Sell { reservation: owner() },            ["-",       "Sold",      "-",         "-"]),
        (SeatStep::Sell { reservation: stranger() },         ["-",       "-",         "-",         "-"]),
        (SeatStep::Release { reservation: owner() },         ["-",       "Available", "Available", "-"]),
        (SeatStep::Release { reservation: stranger() },      ["-",       "-",         "-",         "-"]),
        (SeatStep::Lapse { now: at(END - 1) },               ["-",       "-",         "-",         "-"]),
        (SeatStep::Lapse { now: at(END) },                   ["-",       "Available", "-",         "-"]),
        (block(END - 1),                                     ["Blocked", "-",         "-",         "-"]),
        (block(END),                                         ["Blocked", "Blocked",   "-",         "-"]),
        (SeatStep::Unblock,                                  ["-",       "-",         "-",         "Available"]),
        (withdraw(owner()),                                  ["-",       "-",         "Blocked",   "-"]),
        (withdraw(stranger()),                               ["-",       "-",         "-",         "-"]),
        (take(END - 1),                                      ["Sold",    "-",         "-",         "-"]),
        (take(END),                                          ["Sold",    "Sold",      "-",         "-"]),
    ];
    for (step, row) in table {
        for (state, expected) in states().iter().zip(row) {
            check_cell("seat", &format!("{state:?} on {step:?}"), expected, state.apply(&step));
        }
    }
}

#[test]
fn a_buyer_who_takes_a_lapsed_seat_over_owns_it() {
    let lapsed = SeatState::Held { reservation: owner(), until: at(END) };
    let hold = SeatStep::Hold { reservation: stranger(), now: at(END), until: at(END + 50) };
    let taken = lapsed.apply(&hold).unwrap();
    assert_eq!(taken, SeatState::Held { reservation: stranger(), until: at(END + 50) });
    assert!(taken.apply(&SeatStep::Release { reservation: owner() }).is_err());
}

fn any_step() -> impl Strategy<Value = SeatStep> {
    let who = || prop_oneof![Just(owner()), Just(stranger())];
    let moment = || (0..2 * END).prop_map(at);
    prop_oneof![
        (who(), moment(), moment()).prop_map(|(reservation, now, until)| SeatStep::Hold {
            reservation,
            now,
            until
        }),
        (who(), moment()).prop_map(|(reservation, until)| SeatStep::Extend { reservation, until }),
        who().prop_map(|reservation| SeatStep::Sell { reservation }),
        who().prop_map(|reservation| SeatStep::Release { reservation }),
        moment().prop_map(|now| SeatStep::Lapse { now }),
        moment().prop_map(|now| SeatStep::Block { reason: "crane".into(), now }),
        Just(SeatStep::Unblock),
        who().prop_map(|reservation| SeatStep::Withdraw { reservation, reason: "refunded".into() }),
        (who(), moment()).prop_map(|(reservation, now)| SeatStep::TakeAgain { reservation, now }),
    ]
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn only_its_owner_extends_sells_or_releases_a_seat(steps in prop::collection::vec(any_step(), 0..30)) {
        let mut state = SeatState::Available;
        for step in steps {
            let after = state.apply(&step);
            let asks = match &step {
                SeatStep::Extend { reservation, .. }
                | SeatStep::Sell { reservation }
                | SeatStep::Withdraw { reservation, .. }
                | SeatStep::Release { reservation } => Some(*reservation),
                SeatStep::Hold { .. }
                | SeatStep::Lapse { .. }
                | SeatStep::Block { .. }
                | SeatStep::TakeAgain { .. }
                | SeatStep::Unblock => None,
            };
            let owns = asks.is_none() || asks == state.owner();
            prop_assert!(owns || after.is_err(), "{asks:?} did {step:?} to {state:?}");
            state = after.unwrap_or(state);
        }
    }

    #[test]
    fn a_sold_seat_cannot_be_held_until_it_is_returned(step in any_step()) {
        let sold = SeatState::Sold { reservation: owner() };
        if let Ok(after) = sold.apply(&step) {
            let withdrawn = SeatStep::Withdraw { reservation: owner(), reason: "refunded".into() };
            let released = SeatStep::Release { reservation: owner() };
            prop_assert!(step == released || step == withdrawn);
            prop_assert_eq!(after.owner(), None);
        }
    }

    /// Reads, holds, blocks and facts use the same end of the hold.
    #[test]
    fn a_lapsed_hold_is_available_exactly_from_its_end_on(now in 0..2 * END, until in 0..2 * END) {
        let over = until <= now;
        let (now, until) = (at(now), at(until));
        let held = SeatState::Held { reservation: owner(), until };
        let hold = SeatStep::Hold { reservation: stranger(), now, until: at(3 * END) };
        prop_assert_eq!(held.is_available_at(now), over);
        prop_assert_eq!(held.apply(&hold).is_ok(), over);
        prop_assert_eq!(held.apply(&SeatStep::Lapse { now }).is_ok(), over);
        prop_assert_eq!(held.apply(&SeatStep::Block { reason: "crane".into(), now }).is_ok(), over);
        prop_assert_eq!(SeatStatus::of(&held, now) == SeatStatus::Available, over);
    }
}
