//! The table of `PaymentState`.

use proptest::prelude::*;
use tiketi_core::{
    Currency, Money, PaymentState,
    payment::{PaymentStep, StuckReason},
};

use crate::{at, check_cell, config};

fn states() -> [PaymentState; 9] {
    let captured = Money::new(2, Currency::KRW);
    [
        PaymentState::Ready,
        PaymentState::Confirming { since: at(1) },
        PaymentState::Paid { at: at(2) },
        PaymentState::PartlyRefunded { at: at(3) },
        PaymentState::Refunded { at: at(4) },
        PaymentState::Declined { code: "CARD_EXPIRED".into(), at: at(5) },
        PaymentState::Abandoned,
        PaymentState::Stuck { reason: StuckReason::OrderMismatch { order: "another".into() }, at: at(6) },
        PaymentState::Stuck { reason: StuckReason::AmountMismatch { captured }, at: at(7) },
    ]
}

fn steps() -> [PaymentStep; 7] {
    let captured = Money::new(1, Currency::KRW);
    [
        PaymentStep::Confirm { at: at(10) },
        PaymentStep::Approve { at: at(11) },
        PaymentStep::Decline { code: "CARD_EXPIRED".into(), at: at(12) },
        PaymentStep::Abandon,
        PaymentStep::Stick { reason: StuckReason::AmountMismatch { captured }, at: at(13) },
        PaymentStep::Refund { in_full: false, at: at(14) },
        PaymentStep::Refund { in_full: true, at: at(15) },
    ]
}

#[test]
fn a_payment_follows_its_table() {
    #[rustfmt::skip]
    let table = [
        // Confirm     Approve  Decline     Abandon      Stick    Refund part       Refund in full
        ["Confirming", "Paid",  "-",        "Abandoned", "Stuck", "-",              "-"],        // Ready
        ["-",          "Paid",  "Declined", "-",         "Stuck", "-",              "-"],        // Confirming
        ["-",          "-",     "-",        "-",         "-",     "PartlyRefunded", "Refunded"], // Paid
        ["-",          "-",     "-",        "-",         "-",     "PartlyRefunded", "Refunded"], // PartlyRefunded
        ["-",          "-",     "-",        "-",         "-",     "-",              "-"],        // Refunded
        ["-",          "Paid",  "-",        "-",         "Stuck", "-",              "-"],        // Declined
        ["-",          "Paid",  "-",        "-",         "Stuck", "-",              "-"],        // Abandoned
        ["-",          "Paid",  "-",        "-",         "Stuck", "-",              "-"],        // Stuck: another order
        ["-",          "-",     "-",        "-",         "-",     "Stuck",          "Refunded"], // Stuck: another amount
    ];
    for (state, row) in states().iter().zip(table) {
        for (step, expected) in steps().iter().zip(row) {
            check_cell("payment", &format!("{state:?} on {step:?}"), expected, state.apply(step));
        }
    }
}

proptest! {
    #![proptest_config(config())]

    /// A late or forged decline does not change a payment with an outcome; only a capture does.
    #[test]
    fn only_money_moves_what_was_given_up(steps in prop::collection::vec(0..7_usize, 0..20)) {
        let mut state = PaymentState::Abandoned;
        for step in steps {
            let step = &self::steps()[step];
            let after = state.apply(step);
            let over = matches!(state, PaymentState::Abandoned | PaymentState::Declined { .. });
            let money = matches!(step, PaymentStep::Approve { .. } | PaymentStep::Stick { .. });
            prop_assert!(!over || money || after.is_err(), "{state:?} became {after:?}");
            state = after.unwrap_or(state);
        }
    }

    /// After the capture, only refunds change the payment.
    #[test]
    fn money_taken_is_never_forgotten(steps in prop::collection::vec(0..7_usize, 0..20)) {
        let mut state = PaymentState::Paid { at: at(0) };
        for step in steps {
            state = state.apply(&self::steps()[step]).unwrap_or(state);
            let known = matches!(
                state,
                PaymentState::Paid { .. } | PaymentState::PartlyRefunded { .. } | PaymentState::Refunded { .. }
            );
            prop_assert!(known, "{state:?}");
        }
    }
}
