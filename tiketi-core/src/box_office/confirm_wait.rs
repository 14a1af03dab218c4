//! Waits for the outcome of a confirm that another server carries out.

use std::time::Duration;

use crate::box_office::{BoxOffice, Paid, PayError};
use crate::error::StoreError;
use crate::id::PaymentId;
use crate::payment::{Payment, PaymentState};
use crate::reservation::Reservation;
use crate::time::Timestamp;

/// Pause before the first read: about the time that a fast provider takes.
const FIRST_PAUSE: Duration = Duration::from_millis(25);
/// Longest pause between two reads.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

impl BoxOffice {
    /// Waits while another server confirms the payment, and returns what is known then.
    ///
    /// Without a timer it does not wait.
    pub(super) async fn awaited(&self, payment: Payment, reservation: Reservation) -> Result<Paid, PayError> {
        let id = payment.id;
        let mut known = Paid { payment: Some(payment), reservation };
        let Some(timer) = &self.inner.timer else { return Ok(known) };
        let mut pause = FIRST_PAUSE;
        while known.payment.as_ref().is_some_and(|payment| is_being_confirmed(payment, self.now())) {
            timer.sleep(pause).await;
            pause = pause.saturating_mul(2).min(LONGEST_PAUSE);
            known = self.as_it_stands(id).await?;
        }
        Ok(known)
    }

    /// Returns a payment and its reservation, as the store has them.
    pub(super) async fn as_it_stands(&self, payment: PaymentId) -> Result<Paid, PayError> {
        let gone = || StoreError::corrupt(format!("{payment:?} does not exist"));
        let payment = self.inner.sales.payment(payment).await?.ok_or_else(gone)?;
        let reservation = self.inner.sales.reservation(payment.reservation).await?.ok_or_else(gone)?;
        Ok(Paid { payment: Some(payment), reservation })
    }
}

/// Returns whether the caller that began the confirm may still be waiting.
///
/// An inconclusive answer is saved with the payment, and so is an awaited deposit: then no caller is waiting. From the
/// moment of the first reconciliation on, the caller may have stopped waiting as well.
fn is_being_confirmed(payment: &Payment, now: Timestamp) -> bool {
    matches!(payment.state, PaymentState::Confirming { .. })
        && payment.awaited_deposit().is_none()
        && payment.reconciliation.as_ref().is_some_and(|reconciliation| {
            reconciliation.tries == 0
                && reconciliation.last_inconclusive.is_none()
                && now < reconciliation.next
        })
}
