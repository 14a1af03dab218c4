//! The table of `PlaceState`.

use proptest::prelude::*;
use tiketi_core::waiting_room::{PlaceState, PlaceStep};

use crate::{at, check_cell, config};

/// When the turn and the session of the tests end.
const END: i64 = 100;

fn states() -> [PlaceState; 6] {
    [
        PlaceState::Waiting,
        PlaceState::Called { until: at(END) },
        PlaceState::Active { since: at(0), until: at(END) },
        PlaceState::Done,
        PlaceState::Left,
        PlaceState::Lapsed,
    ]
}

#[test]
fn a_place_follows_its_table() {
    let enter = |now| PlaceStep::Enter { now: at(now), until: at(END + 50) };
    let extend = |now| PlaceStep::Extend { now: at(now), until: at(END + 50) };
    #[rustfmt::skip]
    let table = [
        //                                         Waiting   Called    Active    Done Left Lapsed
        (PlaceStep::Call { until: at(END) },      ["Called", "-",      "-",      "-", "-", "-"]),
        (PlaceStep::PassOver,                     ["Lapsed", "-",      "-",      "-", "-", "-"]),
        (enter(END - 1),                          ["Active", "Active", "-",      "-", "-", "-"]),
        (enter(END),                              ["Active", "-",      "-",      "-", "-", "-"]),
        (extend(END - 1),                         ["-",      "-",      "Active", "-", "-", "-"]),
        (extend(END),                             ["-",      "-",      "-",      "-", "-", "-"]),
        (PlaceStep::Lapse { now: at(END - 1) },   ["-",      "-",      "-",      "-", "-", "-"]),
        (PlaceStep::Lapse { now: at(END) },       ["-",      "Lapsed", "Lapsed", "-", "-", "-"]),
        (PlaceStep::Leave,                        ["Left",   "Left",   "Left",   "-", "-", "-"]),
        (PlaceStep::Finish,                       ["-",      "-",      "Done",   "-", "-", "-"]),
    ];
    for (step, row) in table {
        for (state, expected) in states().iter().zip(row) {
            check_cell("place", &format!("{state:?} on {step:?}"), expected, state.apply(&step));
        }
    }
}

proptest! {
    #![proptest_config(config())]

    /// Status reads, entries and heartbeats use the same end.
    #[test]
    fn a_turn_and_a_session_are_over_exactly_from_their_end_on(now in 0..2 * END, until in 0..2 * END) {
        let over = until <= now;
        let (now, until) = (at(now), at(until));
        for state in [PlaceState::Called { until }, PlaceState::Active { since: at(0), until }] {
            prop_assert_eq!(state.apply(&PlaceStep::Lapse { now }).is_ok(), over);
            prop_assert_eq!(state.at(now).is_live(), !over);
        }
        let later = at(3 * END);
        let enter = PlaceStep::Enter { now, until: later };
        prop_assert_eq!(PlaceState::Called { until }.apply(&enter).is_ok(), !over);
        let extend = PlaceStep::Extend { now, until: later };
        prop_assert_eq!(PlaceState::Active { since: at(0), until }.apply(&extend).is_ok(), !over);
    }
}
