//! Compares the rows that the rules made with the model, field by field.

use tiketi_core::{Payment, PaymentState, Reservation, ReservationState, SeatId, Timestamp};

use crate::book::{Phase, Progress, Reconciliation};
use crate::model::Model;
use crate::rows::Rows;
use crate::shop::{TestShop, buyer_id, moment, payment_id, reservation_id, won};

/// Fails if `renewed_until` renews by a fixed minute, if `with_lines` omits the price of units, if `Hold` does not
/// abandon a prepared payment, or if `pending_of` does not compare the buyer.
pub(crate) fn check(shop: &TestShop, model: &Model) {
    let rows = Rows::of(&shop.snapshot);
    assert_eq!(rows.reservations.len(), model.bookings.len(), "reservations");
    assert_eq!(rows.payments.len(), model.attempts.len(), "attempts");
    for (of, booking) in model.bookings.iter().enumerate() {
        let reservation = &rows.reservations[&reservation_id(of)];
        let units = |id| -> u32 {
            let lines = reservation.items.iter().filter(|line| line.ticket_type == id);
            lines.map(|line| line.quantity).sum()
        };
        let mut seats: Vec<SeatId> = reservation.seats.iter().map(|line| line.seat).collect();
        seats.sort_unstable();
        let mut expected: Vec<SeatId> = booking.seats.iter().map(|seat| shop.seats[*seat]).collect();
        expected.sort_unstable();
        assert_eq!(reservation.buyer, buyer_id(booking.buyer), "buyer of reservation {of}");
        assert_eq!(seats, expected, "seats of reservation {of}");
        assert_eq!(units(shop.standing), booking.standing, "standing room of reservation {of}");
        assert_eq!(units(shop.free), booking.free, "free tickets of reservation {of}");
        assert_eq!(reservation.total, won(booking.total()), "total of reservation {of}");
        assert_eq!(phase_of(reservation), booking.phase, "state of reservation {of}");
    }
    for (at, attempt) in model.attempts.iter().enumerate() {
        let payment = &rows.payments[&payment_id(at)];
        assert_eq!(progress_of(payment), attempt.progress, "state of attempt {at}");
        assert_eq!(payment.amount, won(attempt.amount), "amount of attempt {at}");
        assert_eq!(reconciliation_of(payment), attempt.reconciliation, "when attempt {at} is asked about");
        assert_eq!(payment.reservation, reservation_id(attempt.of), "what attempt {at} pays for");
    }
}

fn reconciliation_of(payment: &Payment) -> Option<Reconciliation> {
    let reconciliation = payment.reconciliation.as_ref()?;
    let since_opening = |at: Timestamp| at.as_micros() - moment(0).as_micros();
    let deposit = reconciliation.deposit.as_ref().map(|deposit| since_opening(deposit.due));
    Some(Reconciliation { next: since_opening(reconciliation.next), tries: reconciliation.tries, deposit })
}

fn progress_of(payment: &Payment) -> Progress {
    match payment.state {
        PaymentState::Ready => Progress::Ready,
        PaymentState::Confirming { .. } => Progress::Confirming,
        PaymentState::Paid { .. } | PaymentState::PartlyRefunded { .. } => Progress::Paid,
        PaymentState::Stuck { .. } => Progress::Stuck,
        PaymentState::Refunded { .. } | PaymentState::Declined { .. } | PaymentState::Abandoned => {
            Progress::Over
        }
    }
}

fn phase_of(reservation: &Reservation) -> Phase {
    let since_opening = |until: Timestamp| until.as_micros() - moment(0).as_micros();
    match reservation.state {
        ReservationState::Held { until } => Phase::Held { until: since_opening(until) },
        ReservationState::Paying { deadline, .. } => Phase::Paying { deadline: since_opening(deadline) },
        ReservationState::Confirmed { .. } => Phase::Confirmed,
        ReservationState::Expired { .. } => Phase::Expired,
        ReservationState::Cancelled { .. } => Phase::Cancelled,
    }
}
