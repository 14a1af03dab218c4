//! Nothing is sold without its money, and no money is kept without what it bought.

use tiketi_core::{
    CancelReason, Payment, PaymentState, RefundState, Reservation, ReservationState, StuckReason,
};

use crate::picture::Picture;

pub(super) fn check(picture: &Picture) {
    for row in &picture.reservations {
        check_reservation(row, row.payment.and_then(|id| picture.payment(id)));
    }
    for payment in &picture.payments {
        let row = picture.reservation(payment.reservation);
        check_payment(payment, row.unwrap_or_else(|| panic!("{payment:?} pays for nothing")));
    }
}

fn check_reservation(row: &Reservation, payment: Option<&Payment>) {
    assert_eq!(row.payment, payment.map(|payment| payment.id), "a named payment does not exist");
    let state = payment.map(|payment| &payment.state);
    let fits = match row.state {
        ReservationState::Held { .. } => {
            matches!(state, None | Some(PaymentState::Ready | PaymentState::Declined { .. }))
        }
        ReservationState::Paying { payment, .. } => {
            row.payment == Some(payment)
                && matches!(state, Some(PaymentState::Confirming { .. } | PaymentState::Stuck { .. }))
        }
        ReservationState::Confirmed { .. } => match payment {
            None => row.total.is_zero(),
            Some(payment) => {
                payment.amount == row.total
                    && matches!(
                        payment.state,
                        PaymentState::Paid { .. } | PaymentState::PartlyRefunded { .. }
                    )
            }
        },
        ReservationState::Cancelled { reason: CancelReason::Refunded, .. } => {
            matches!(state, Some(PaymentState::Refunded { .. }))
        }
        ReservationState::Cancelled { .. } | ReservationState::Expired { .. } => {
            matches!(state, None | Some(PaymentState::Abandoned | PaymentState::Declined { .. }))
        }
    };
    assert!(fits, "a reservation and its payment contradict each other: {row:?}, {payment:?}");
}

fn check_payment(payment: &Payment, row: &Reservation) {
    assert_eq!((payment.event, payment.buyer), (row.event, row.buyer));
    let done = |state: &RefundState| matches!(state, RefundState::Done { .. });
    let given: i64 =
        payment.refunds.iter().filter(|refund| done(&refund.state)).map(|refund| refund.amount.minor()).sum();
    assert_eq!(payment.refunded.minor(), given, "what went back is the sum of the refunds: {payment:?}");
    assert!(given <= payment.amount.minor(), "more went back than came: {payment:?}");
    let is_latest = row.payment == Some(payment.id);
    match &payment.state {
        PaymentState::Ready => {
            assert!(is_latest && row.held_until().is_some(), "a stale attempt is ready: {payment:?}");
        }
        PaymentState::Confirming { .. }
        | PaymentState::Stuck { reason: StuckReason::AmountMismatch { .. }, .. } => {
            assert!(matches!(row.state, ReservationState::Paying { payment: by, .. } if by == payment.id));
        }
        PaymentState::Paid { .. } => assert_eq!(given, 0),
        PaymentState::PartlyRefunded { .. } => {
            assert!(given > 0 && given < payment.amount.minor(), "{payment:?}");
        }
        PaymentState::Refunded { .. } => assert_eq!(given, payment.amount.minor()),
        PaymentState::Declined { .. } | PaymentState::Abandoned | PaymentState::Stuck { .. } => {}
    }
}
