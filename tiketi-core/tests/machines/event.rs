//! The table of `EventState`.

use tiketi_core::event::{EventState, EventStep};

use crate::{at, check_cell};

#[test]
fn an_event_follows_its_table() {
    let states = [EventState::Draft, EventState::Published, EventState::Cancelled { at: at(1) }];
    #[rustfmt::skip]
    let table = [
        //                                 Draft        Published    Cancelled
        (EventStep::Publish,              ["Published", "-",         "-"]),
        (EventStep::Cancel { at: at(2) }, ["Cancelled", "Cancelled", "-"]),
    ];
    for (step, row) in table {
        for (state, expected) in states.iter().zip(row) {
            check_cell("event", &format!("{state:?} on {step:?}"), expected, state.apply(&step));
        }
    }
}

#[test]
fn a_cancelled_event_keeps_the_moment_it_was_called_off() {
    let called_off = EventState::Published.apply(&EventStep::Cancel { at: at(7) });
    assert_eq!(called_off, Ok(EventState::Cancelled { at: at(7) }));
}
