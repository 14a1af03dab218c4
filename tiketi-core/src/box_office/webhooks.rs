//! Webhooks: received at once, processed later, and never believed.

use std::time::Duration;

use crate::box_office::outcomes::ReconcileResult;
use crate::box_office::reconcile::lookup_of;
use crate::box_office::together::{together, unless_locked};
use crate::box_office::{BoxOffice, Jobs, Payments};
use crate::error::{StoreError, StoreErrorKind};
use crate::gateway::{Hint, LookupAnswer, WebhookRefused, WebhookRequest};
use crate::payment::{Payment, PaymentState};
use crate::store::{Delivery, Receipt};

/// How long a server has to process the deliveries it claimed, before another server may.
const INBOX_LEASE: Duration = Duration::from_mins(1);
/// Most deliveries processed in one call.
const INBOX_BATCH: usize = 32;
/// Most deliveries of a payment that are saved although they prove nothing: more than a provider sends.
const UNPROVEN_OF_A_PAYMENT: usize = 32;
/// How long a delivery's name is remembered; longer than any provider repeats one (TossPayments: 3 d 19 h).
const INBOX_MEMORY: Duration = Duration::from_hours(14 * 24);

/// Why a webhook was not received.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WebhookError {
    /// The shop has no such gateway.
    #[error("the shop has no payment gateway called {name}")]
    UnknownGateway {
        /// The name.
        name: String,
    },
    /// The gateway rejects it.
    #[error(transparent)]
    Refused(#[from] WebhookRefused),
    /// The store failed; the provider should send it again.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Payments {
    /// Saves a webhook in the inbox, once, however often it is sent.
    ///
    /// One with another secret than the payment's is refused, without a question to the provider. Of those that prove
    /// nothing, at most 32 of a payment are saved, since anyone who knows its id can send them.
    ///
    /// One that names no payment of the gateway is not saved: anyone can send those without end. A payment is in the
    /// store before its provider learns of it.
    ///
    /// # Errors
    ///
    /// [`WebhookError`]; with [`WebhookRefused::Irrelevant`] the provider need not send it again.
    pub async fn receive_webhook(
        &self,
        gateway: &str,
        request: WebhookRequest,
    ) -> Result<Receipt, WebhookError> {
        let known = self.office.gateway_named(gateway);
        let known = known.ok_or_else(|| WebhookError::UnknownGateway { name: gateway.to_owned() })?;
        let hint = known.webhook(request).await?;
        let payment = self.office.inner.sales.payment(hint.payment).await?;
        let payment =
            payment.filter(|payment| payment.gateway == gateway).ok_or(WebhookRefused::Irrelevant)?;
        let most = if is_proven(&payment, &hint)? { usize::MAX } else { UNPROVEN_OF_A_PAYMENT };
        let delivery =
            Delivery { gateway: gateway.to_owned(), hint, received_at: self.office.now(), tries: 0 };
        delivery.check_texts().map_err(|error| WebhookRefused::Malformed { reason: error.to_string() })?;
        Ok(self.office.inner.inbox.receive_delivery(delivery, most).await?)
    }
}

impl Jobs {
    /// Processes webhooks of the inbox by asking their providers.
    ///
    /// It returns how many are done.
    ///
    /// Call it about every second, and again at once while it returns any. A delivery whose provider does not answer is
    /// claimed again when its lease ends. [`crate::BoxOfficeBuilder::asked_at_once`] deliveries are processed at the
    /// same time. One for which the store fails does not delay the others: it is tried again after growing pauses, as
    /// in [`crate::Terms::pause`], until it is deleted.
    ///
    /// # Errors
    ///
    /// [`StoreError`] of the first delivery for which the store failed, after all were tried; its text names the
    /// delivery.
    pub async fn work_inbox_once(&self) -> Result<usize, StoreError> {
        let deliveries =
            self.office.inner.inbox.claim_deliveries(self.office.now(), INBOX_LEASE, INBOX_BATCH).await?;
        let works = deliveries.into_iter().map(|delivery| self.office.work_delivery(delivery));
        let ended = together(works, self.office.inner.asked_at_once).await;
        let done = ended.into_iter().map(unless_locked).collect::<Result<Vec<_>, StoreError>>()?;
        Ok(done.into_iter().filter(|done| *done == Some(true)).count())
    }

    /// Deletes deliveries older than 14 days, and returns how many.
    ///
    /// Call it about every minute.
    pub async fn forget_deliveries_once(&self) -> Result<u64, StoreError> {
        self.office.inner.inbox.forget_deliveries(self.office.now().before(INBOX_MEMORY)).await
    }
}

impl BoxOffice {
    /// Processes one delivery, and postpones it if that fails; for a locked event, the lease is the pause.
    async fn work_delivery(&self, delivery: Delivery) -> Result<bool, StoreError> {
        let worked = self.finish_delivery(&delivery).await;
        let Err(error) = worked else { return worked };
        if error.kind() != StoreErrorKind::Contention {
            let until = self.now().after(self.terms().pause(delivery.tries));
            let (gateway, name) = (&delivery.gateway, &delivery.hint.delivery);
            // If this fails as well, the delivery is claimable again when its lease ends.
            let _ = self.inner.inbox.postpone_delivery(gateway, name, until).await;
        }
        Err(about(&delivery, error))
    }

    /// Asks about a delivery's payment, and returns whether the delivery is done.
    async fn finish_delivery(&self, delivery: &Delivery) -> Result<bool, StoreError> {
        let is_done = self.look_into_delivery(delivery).await?;
        if is_done {
            self.inner.inbox.ack_delivery(&delivery.gateway, &delivery.hint.delivery).await?;
        }
        Ok(is_done)
    }

    /// Asks about the payment that a delivery names, and returns whether nothing is left to ask.
    async fn look_into_delivery(&self, delivery: &Delivery) -> Result<bool, StoreError> {
        let payment = self.inner.sales.payment(delivery.hint.payment).await?;
        let payment = payment.filter(|payment| payment.gateway == delivery.gateway);
        let (Some(payment), Some(gateway)) = (payment, self.gateway_named(&delivery.gateway)) else {
            return Ok(true);
        };
        if gateway.ready().is_err() {
            return Ok(false);
        }
        // Asks by our own key or the order id: a key from an unsigned webhook proves nothing.
        let answer = gateway.lookup(lookup_of(&payment)).await;
        let unknown = matches!(answer, LookupAnswer::Unknown { .. });
        match self.learn(gateway, &payment, answer).await? {
            // If the queued refund is refused, no one else asks the provider again, so the hint stays until then.
            ReconcileResult::AfterRefund => Ok(false),
            ReconcileResult::Settled => Ok(true),
            ReconcileResult::Open | ReconcileResult::Postponed => Ok(!unknown),
        }
    }
}

/// Returns whether a webhook proves that the provider sent it.
///
/// The secret of a deposit is known once the provider was asked about it. While it still may be, a webhook with a secret
/// is worth as much as one without.
fn is_proven(payment: &Payment, hint: &Hint) -> Result<bool, WebhookRefused> {
    match (hint.secret, payment.deposit_secret) {
        (None, _) => Ok(false),
        (Some(told), Some(known)) if told == known => Ok(true),
        (Some(_), None) if matches!(payment.state, PaymentState::Confirming { .. }) => Ok(false),
        (Some(_), _) => Err(WebhookRefused::Forged),
    }
}

/// Adds the delivery's name to a failure.
fn about(delivery: &Delivery, error: StoreError) -> StoreError {
    let (gateway, name) = (&delivery.gateway, &delivery.hint.delivery);
    StoreError::new(error.kind(), format!("the delivery {name} of {gateway} cannot be looked into"))
        .caused_by(error)
}

#[cfg(test)]
mod tests;
