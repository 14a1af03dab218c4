//! Waiting for the answer to a confirm that another server sent.

use std::time::Duration;

use crate::box_office::{BoxOffice, Paid, PayError};
use crate::error::StoreError;
use crate::id::PaymentId;
use crate::payment::{Payment, PaymentState};
use crate::reservation::Reservation;
use crate::time::Timestamp;

/// How long to wait before the first look: about as long as a quick provider takes.
const FIRST_PAUSE: Duration = Duration::from_millis(25);
/// Longest wait between two looks.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

impl BoxOffice {
    /// Waits while another server asks for the money, and returns what is known of it then.
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

    /// Returns a payment and what it pays for, as the store has them.
    pub(super) async fn as_it_stands(&self, payment: PaymentId) -> Result<Paid, PayError> {
        let gone = || StoreError::corrupt(format!("{payment:?} does not exist"));
        let payment = self.inner.sales.payment(payment).await?.ok_or_else(gone)?;
        let reservation = self.inner.sales.reservation(payment.reservation).await?.ok_or_else(gone)?;
        Ok(Paid { payment: Some(payment), reservation })
    }
}

/// Tells whether whoever began the confirm may still be asking.
///
/// Whoever heard nothing that decides leaves a doubt, or the deposit that is to come. From the moment at which others
/// are to ask, nobody counts on the first any more: what is not known by then may take days.
fn is_being_confirmed(payment: &Payment, now: Timestamp) -> bool {
    matches!(payment.state, PaymentState::Confirming { .. })
        && payment.awaited_deposit().is_none()
        && payment.reconciliation.as_ref().is_some_and(|reconciliation| {
            reconciliation.tries == 0
                && reconciliation.last_inconclusive.is_none()
                && now < reconciliation.next
        })
}
