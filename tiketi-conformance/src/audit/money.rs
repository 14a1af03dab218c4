//! Each sold ticket is paid for, and each captured amount bought tickets or is refunded.

use tiketi_core::{
    Money, Payment, PaymentState, Refund, Reservation, ReservationState,
    payment::{RefundState, RefundTickets, Settles},
    reservation::CancelReason,
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
        ReservationState::Held { .. } => matches!(
            state,
            None | Some(
                PaymentState::Ready
                    | PaymentState::Declined { .. }
                    | PaymentState::Stuck { .. }
                    | PaymentState::Refunded { .. }
            )
        ),
        ReservationState::Paying { payment, .. } => {
            row.payment == Some(payment) && matches!(state, Some(PaymentState::Confirming { .. }))
        }
        ReservationState::Confirmed { .. } => match payment {
            None => row.total.is_zero(),
            Some(payment) => payment.is_captured() && is_paid_for(row, payment),
        },
        ReservationState::Cancelled { reason: CancelReason::Refunded, .. } => {
            payment.is_some_and(Payment::is_captured)
        }
        // Late payments have their own check.
        ReservationState::Cancelled { .. } | ReservationState::Expired { .. } => {
            !matches!(state, Some(PaymentState::Ready | PaymentState::Confirming { .. }))
        }
    };
    assert!(fits, "a reservation and its payment contradict each other: {row:?}, {payment:?}");
}

/// The captured money that stays is the price of the owned tickets, plus the fees of returned ones, minus waivers.
fn is_paid_for(row: &Reservation, payment: &Payment) -> bool {
    let waived = |refund: &Refund| match refund.tickets {
        RefundTickets::Kept | RefundTickets::Unstated => refund.amount.minor(),
        RefundTickets::None | RefundTickets::Returned(_) => 0,
    };
    let kept = payment.captured.map_or(0, Money::minor) - payment.refunded.minor();
    kept == row.total.minor() + sum_of(payment, kept_of_returned) - sum_of(payment, waived)
}

fn kept_of_returned(refund: &Refund) -> i64 {
    match &refund.tickets {
        RefundTickets::Returned(returned) => returned.price.minor() - refund.amount.minor(),
        RefundTickets::None | RefundTickets::Kept | RefundTickets::Unstated => 0,
    }
}

/// Sums `of` over the refunds that are done.
fn sum_of(payment: &Payment, of: impl Fn(&Refund) -> i64) -> i64 {
    let done = payment.refunds.iter().filter(|refund| matches!(refund.state, RefundState::Done { .. }));
    done.map(of).sum()
}

fn check_payment(payment: &Payment, row: &Reservation) {
    assert_eq!((payment.event, payment.buyer), (row.event, row.buyer));
    let done = |state: &RefundState| matches!(state, RefundState::Done { .. });
    let given: i64 =
        payment.refunds.iter().filter(|refund| done(&refund.state)).map(|refund| refund.amount.minor()).sum();
    assert_eq!(payment.refunded.minor(), given, "what went back is the sum of the refunds: {payment:?}");
    let taken = payment.captured.map_or(0, Money::minor);
    assert!(given <= taken, "more went back than came: {payment:?}");
    let bought = matches!(row.state, ReservationState::Confirmed { .. }) && row.payment == Some(payment.id);
    let queued = payment.refunds.iter().any(|refund| matches!(refund.state, RefundState::Queued { .. }));
    let settled = payment.notes.last().is_some_and(|note| note.settles == Settles::Yes);
    let seen = queued || payment.needs_attention() || payment.is_refund_refused() && settled;
    let may_keep = taken - given <= sum_of(payment, kept_of_returned).max(0);
    assert!(may_keep || bought || seen, "money is kept for nothing: {payment:?}");
    let awaited = queued || matches!(payment.state, PaymentState::Confirming { .. });
    assert!(!awaited || payment.reconciliation.is_some(), "nobody will ask: {payment:?}");
    let is_latest = row.payment == Some(payment.id);
    match &payment.state {
        PaymentState::Ready => {
            assert!(is_latest && row.held_until().is_some(), "a stale attempt is ready: {payment:?}");
        }
        PaymentState::Confirming { .. } => {
            assert!(matches!(row.state, ReservationState::Paying { payment: by, .. } if by == payment.id));
        }
        PaymentState::Paid { .. } => assert_eq!((given, taken), (0, payment.amount.minor())),
        PaymentState::PartlyRefunded { .. } => {
            assert!(given > 0 && given < payment.amount.minor(), "{payment:?}");
        }
        PaymentState::Refunded { .. } => assert_eq!(given, taken),
        PaymentState::Declined { .. } | PaymentState::Abandoned => assert_eq!(taken, 0),
        PaymentState::Stuck { .. } => {}
    }
}
