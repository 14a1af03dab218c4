//! The table of `ReservationState`.

use proptest::prelude::*;
use tiketi_core::{
    PaymentId, ReservationState,
    reservation::{CancelReason, ReservationStep},
};
use uuid::Uuid;

use crate::{at, check_cell, config};

/// When the hold of the tests ends.
const END: i64 = 100;

fn payment(which: u128) -> PaymentId {
    PaymentId::from_uuid(Uuid::from_u128(which))
}

fn states() -> [ReservationState; 5] {
    [
        ReservationState::Held { until: at(END) },
        ReservationState::Paying { payment: payment(1), deadline: at(END) },
        ReservationState::Confirmed { at: at(1) },
        ReservationState::Expired { at: at(END) },
        ReservationState::Cancelled { reason: CancelReason::ByBuyer, at: at(1) },
    ]
}

#[test]
fn a_reservation_follows_its_table() {
    let cancel = |reason| ReservationStep::Cancel { reason, at: at(5) };
    #[rustfmt::skip]
    let table = [
        //                                                                         Held         Paying       Confirmed    Expired Cancelled
        (ReservationStep::Extend { until: at(END + 1) },                          ["Held",      "-",         "-",         "-",    "-"]),
        (ReservationStep::Pay { payment: payment(1) },                            ["Paying",    "-",         "-",         "-",    "-"]),
        (ReservationStep::Decline { payment: payment(1) },                        ["-",         "Held",      "-",         "-",    "-"]),
        (ReservationStep::Decline { payment: payment(2) },                        ["-",         "-",         "-",         "-",    "-"]),
        (ReservationStep::Confirm { payment: None, at: at(5) },                   ["Confirmed", "-",         "-",         "-",    "-"]),
        (ReservationStep::Confirm { payment: Some(payment(1)), at: at(5) },       ["-",         "Confirmed", "-",         "-",    "-"]),
        (ReservationStep::Confirm { payment: Some(payment(2)), at: at(5) },       ["-",         "-",         "-",         "-",    "-"]),
        (ReservationStep::Expire { at: at(END - 1) },                             ["-",         "-",         "-",         "-",    "-"]),
        (ReservationStep::Expire { at: at(END) },                                 ["Expired",   "-",         "-",         "-",    "-"]),
        (cancel(CancelReason::ByBuyer),                                           ["Cancelled", "-",         "Cancelled", "-",    "-"]),
        (cancel(CancelReason::ByOrganiser),                                       ["Cancelled", "-",         "Cancelled", "-",    "-"]),
        (cancel(CancelReason::Refunded),                                          ["-",         "-",         "Cancelled", "-",    "-"]),
        (ReservationStep::TakeAgain { at: at(5) },                                ["-",         "-",         "-",         "Confirmed", "-"]),
    ];
    for (step, row) in table {
        for (state, expected) in states().iter().zip(row) {
            check_cell("reservation", &format!("{state:?} on {step:?}"), expected, state.apply(&step));
        }
    }
}

#[test]
fn a_declined_payment_gives_the_very_hold_back() {
    let held = ReservationState::Held { until: at(END) };
    let paying = held.apply(&ReservationStep::Pay { payment: payment(1) }).unwrap();
    assert_eq!(paying.apply(&ReservationStep::Decline { payment: payment(1) }), Ok(held));
}

fn any_step() -> impl Strategy<Value = ReservationStep> {
    let payment = || (1..3_u128).prop_map(payment);
    let moment = || (0..2 * END).prop_map(at);
    let reason = prop_oneof![
        Just(CancelReason::ByBuyer),
        Just(CancelReason::ByOrganiser),
        Just(CancelReason::Refunded)
    ];
    prop_oneof![
        moment().prop_map(|until| ReservationStep::Extend { until }),
        payment().prop_map(|payment| ReservationStep::Pay { payment }),
        payment().prop_map(|payment| ReservationStep::Decline { payment }),
        (prop::option::of(payment()), moment())
            .prop_map(|(payment, at)| ReservationStep::Confirm { payment, at }),
        moment().prop_map(|at| ReservationStep::Expire { at }),
        (reason, moment()).prop_map(|(reason, at)| ReservationStep::Cancel { reason, at }),
        moment().prop_map(|at| ReservationStep::TakeAgain { at }),
    ]
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn only_late_money_revives_an_expired_and_nothing_a_cancelled_one(steps in prop::collection::vec(any_step(), 0..20)) {
        let mut state = ReservationState::Held { until: at(END) };
        for step in steps {
            let after = state.apply(&step);
            let ended =
                matches!(state, ReservationState::Expired { .. } | ReservationState::Cancelled { .. });
            let taken_again = matches!(step, ReservationStep::TakeAgain { .. })
                && matches!(state, ReservationState::Expired { .. });
            prop_assert_eq!(after.is_ok(), taken_again || after.is_ok() && !ended, "{:?} became {:?}", state, after);
            state = after.unwrap_or(state);
        }
    }

    /// No transition leads from an expired hold to a payment, however late it is.
    #[test]
    fn what_is_being_paid_neither_expires_nor_is_cancelled(step in any_step(), deadline in 0..2 * END) {
        let paying = ReservationState::Paying { payment: payment(1), deadline: at(deadline) };
        if let Ok(after) = paying.apply(&step) {
            let went_on =
                matches!(after, ReservationState::Confirmed { .. } | ReservationState::Held { .. });
            prop_assert!(went_on, "{step:?} made it {after:?}");
        }
    }

    #[test]
    fn a_hold_expires_from_its_end_on_and_not_before(now in 0..2 * END, until in 0..2 * END) {
        let held = ReservationState::Held { until: at(until) };
        let after = held.apply(&ReservationStep::Expire { at: at(now) });
        prop_assert_eq!(after.is_ok(), until <= now);
    }
}
