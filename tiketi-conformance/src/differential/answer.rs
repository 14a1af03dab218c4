//! What a request came to, as every store must answer it.

use std::fmt::Debug;

use tiketi_core::box_office::{Paid, Prepared, RefundRequested};
use tiketi_core::reservation::ReservationNumber;
use tiketi_core::{Event, Payment, Reservation, TicketType, Timestamp};

/// An answer: its text, which is compared, and the rows that the asker goes on with.
#[derive(Debug, Default)]
pub(super) struct Answer {
    pub(super) text: String,
    pub(super) reservation: Option<Reservation>,
    pub(super) payment: Option<Payment>,
}

impl Answer {
    /// Takes in a result, without the number of its reservation: numbers may have gaps.
    pub(super) fn of<T: Shown, E: Debug>(mut result: Result<T, E>) -> Self {
        let (mut reservation, mut payment) = (None, None);
        if let Ok(shown) = &mut result {
            payment = shown.payment().cloned();
            reservation = shown.reservation().map(|row| {
                let whole = row.clone();
                row.number = no_number();
                whole
            });
        }
        Self { text: format!("{result:#?}"), reservation, payment }
    }
}

/// Returns the number that stands for every number.
pub(super) fn no_number() -> ReservationNumber {
    ReservationNumber::new(Timestamp::EPOCH, 0)
}

/// Replaces the numbers of reservations.
pub(super) fn leave_out_numbers(rows: &mut [Reservation]) {
    for row in rows {
        row.number = no_number();
    }
}

/// What a box office shows to the one who asked.
pub(super) trait Shown: Debug {
    /// Returns the reservation that is shown.
    fn reservation(&mut self) -> Option<&mut Reservation> {
        None
    }

    /// Returns the payment that is shown.
    fn payment(&self) -> Option<&Payment> {
        None
    }
}

impl Shown for Reservation {
    fn reservation(&mut self) -> Option<&mut Reservation> {
        Some(self)
    }
}

impl Shown for Option<Reservation> {
    fn reservation(&mut self) -> Option<&mut Reservation> {
        self.as_mut()
    }
}

impl Shown for Prepared {
    fn reservation(&mut self) -> Option<&mut Reservation> {
        Some(&mut self.reservation)
    }

    fn payment(&self) -> Option<&Payment> {
        Some(&self.payment)
    }
}

impl Shown for Paid {
    fn reservation(&mut self) -> Option<&mut Reservation> {
        Some(&mut self.reservation)
    }

    fn payment(&self) -> Option<&Payment> {
        self.payment.as_ref()
    }
}

impl Shown for RefundRequested {
    fn reservation(&mut self) -> Option<&mut Reservation> {
        Some(&mut self.reservation)
    }

    fn payment(&self) -> Option<&Payment> {
        Some(&self.payment)
    }
}

impl Shown for Payment {
    fn payment(&self) -> Option<&Payment> {
        Some(self)
    }
}

impl Shown for Event {}
impl Shown for TicketType {}
impl Shown for u64 {}
impl Shown for () {}
impl<T: Debug> Shown for Vec<T> {}
