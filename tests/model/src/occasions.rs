//! What must happen in some state: a model in which it never does would show nothing about it.

use tiketi_core::Reservation;
use tiketi_core::payment::PaymentState;
use tiketi_core::reservation::{CancelReason, ReservationState};
use tiketi_core::seat::SeatState;

use crate::sale::{SEATS, Sale};

fn is_confirmed(reservation: &Reservation) -> bool {
    matches!(reservation.state, ReservationState::Confirmed { .. })
}

impl Sale {
    /// Returns whether both seats are sold, each to another reservation.
    pub(crate) fn both_own_a_seat(&self) -> bool {
        self.rows.reservations().filter(|reservation| is_confirmed(reservation)).count() == SEATS
    }

    /// Returns whether a reservation that had expired was confirmed by late money.
    pub(crate) fn late_money_took_the_seats_again(&self) -> bool {
        // Hold time is used by what ends unpaid, and a buyer's first reservation starts with none.
        let mut confirmed = self.rows.reservations().filter(|reservation| is_confirmed(reservation));
        confirmed.any(|reservation| {
            let first = self.rows.reservations_of(reservation.buyer).next();
            first == Some(reservation) && !reservation.hold_time.used.is_zero()
        })
    }

    /// Returns whether late money found its seats with another buyer, and went back.
    pub(crate) fn late_money_went_back(&self) -> bool {
        self.rows.payments().any(|payment| {
            let reservation = self.rows.reservations().find(|it| it.id == payment.reservation);
            let expired = reservation.filter(|it| matches!(it.state, ReservationState::Expired { .. }));
            let lost = |seat: &SeatState| {
                matches!(seat, SeatState::Sold { reservation } if *reservation != payment.reservation)
            };
            let seats = expired.into_iter().flat_map(|reservation| &reservation.seats);
            matches!(payment.state, PaymentState::Refunded { .. })
                && seats.filter_map(|line| self.rows.seats().iter().find(|it| it.id == line.seat)).any(|it| lost(&it.state))
        })
    }

    /// Returns whether a seat was sold again after its first buyer gave it back.
    pub(crate) fn a_returned_seat_was_sold_again(&self) -> bool {
        let refunded = |reservation: &&Reservation| {
            matches!(reservation.state, ReservationState::Cancelled { reason: CancelReason::Refunded, .. })
        };
        self.rows.reservations().filter(refunded).any(|former| {
            let mut seats =
                self.rows.seats().iter().filter(|seat| former.seats.iter().any(|it| it.seat == seat.id));
            seats.any(|seat| matches!(seat.state, SeatState::Sold { .. }))
        })
    }

    /// Returns whether a payment that staff had ended was captured after all.
    pub(crate) fn an_ended_payment_was_captured(&self) -> bool {
        self.rows.payments().any(|payment| payment.captured.is_some() && !payment.notes.is_empty())
    }

    /// Returns whether two attempts for one reservation were both captured.
    pub(crate) fn a_reservation_was_paid_twice(&self) -> bool {
        self.rows.reservations().any(|reservation| {
            let paid = |payment: &&tiketi_core::Payment| {
                payment.reservation == reservation.id && payment.captured.is_some()
            };
            self.rows.payments().filter(paid).count() > 1
        })
    }
}
