//! Reconciliation: asks providers again until every outcome is known.

use std::sync::Arc;

use crate::box_office::outcomes::ReconcileResult;
use crate::box_office::together::{EVENT_DEADLINE, in_time, together, unless_locked};
use crate::box_office::void::Unvoidable;
use crate::box_office::{BoxOffice, Jobs, RefundError};
use crate::decide::{CaptureOutcome, ReconcileStep};
use crate::error::{CommandError, StoreError, StoreErrorKind};
use crate::gateway::{ConfirmAnswer, ConfirmRequest, Confirms, LookupAnswer, LookupRequest, PaymentGateway};
use crate::id::PaymentId;
use crate::payment::{Payment, PaymentState, RefundState};

/// What one round of [`Jobs::reconcile_once`] did, in payments.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reconciled {
    /// The outcome is known now.
    pub settled: usize,
    /// The provider was asked, and the outcome is still unknown.
    pub open: usize,
    /// The provider was not asked, because its gateway cannot be called now.
    pub postponed: usize,
    /// The event was locked by another session for too long; they are tried again later.
    pub skipped: usize,
}

impl Jobs {
    /// Asks the providers of at most `limit` due payments, and records the answers.
    ///
    /// Call it about every second; several calls at the same time, on any servers, share the work. Confirms are looked
    /// up; queued refunds are sent again under their id. It asks about [`crate::BoxOfficeBuilder::asked_at_once`]
    /// payments at the same time. With a timer, it gives up after 3 seconds on a payment whose event is locked by
    /// another server, and tries it again later.
    ///
    /// # Errors
    ///
    /// [`StoreError`] of the first payment for which the store failed, after all were tried.
    ///
    /// # Cancel safety
    ///
    /// Safe: the provider is asked again when the claim ends, after [`crate::Terms::pause`].
    pub async fn reconcile_once(&self, limit: usize) -> Result<Reconciled, StoreError> {
        let mut round = Reconciled::default();
        let mut failure = None;
        let due = self.office.inner.sales.payments_due(self.office.now(), limit).await?;
        let looks = due.into_iter().map(|payment| self.office.reconcile(payment));
        for look in together(looks, self.office.inner.asked_at_once).await {
            match unless_locked(look) {
                Ok(Some(Some(ReconcileResult::Settled))) => round.settled += 1,
                Ok(Some(Some(ReconcileResult::Open | ReconcileResult::AfterRefund))) => round.open += 1,
                Ok(Some(Some(ReconcileResult::Postponed))) => round.postponed += 1,
                Ok(Some(None)) => {}
                Ok(None) => round.skipped += 1,
                Err(error) => failure = failure.or(Some(error)),
            }
        }
        match failure {
            Some(error) => Err(error),
            None => Ok(round),
        }
    }
}

impl BoxOffice {
    /// Asks about one payment, unless another server is asking.
    async fn reconcile(&self, payment: Payment) -> Result<Option<ReconcileResult>, StoreError> {
        let Some(reconciliation) = &payment.reconciliation else { return Ok(None) };
        let gateway = self.gateway_named(&payment.gateway);
        if let Some(unavailable) = gateway.and_then(|gateway| gateway.ready().err()) {
            let until = self.now().after(unavailable.retry_after);
            self.claim(payment.id, ReconcileStep::Wait { until }).await?;
            return Ok(Some(ReconcileResult::Postponed));
        }
        // The claim is committed before the provider is called, so that only one of several servers calls it.
        if !self.claim(payment.id, ReconcileStep::Claim { tries: reconciliation.tries }).await? {
            return Ok(None);
        }
        let Some(gateway) = gateway else {
            let said = format!("the shop has no payment gateway called {}", payment.gateway);
            self.record_inconclusive(payment.id, said).await?;
            return Ok(Some(ReconcileResult::Open));
        };
        self.look_into(gateway, &payment).await.map(Some)
    }

    /// Claims a payment by moving its next moment, unless its event is locked for too long.
    async fn claim(&self, payment: PaymentId, step: ReconcileStep) -> Result<bool, StoreError> {
        in_time(self.timer(), EVENT_DEADLINE, self.schedule_reconciliation(payment, step)).await
    }

    /// Asks about one payment now, even if another server is asking.
    pub(super) async fn look_into(
        &self,
        gateway: &Arc<dyn PaymentGateway>,
        payment: &Payment,
    ) -> Result<ReconcileResult, StoreError> {
        if let Some(refund) = payment.queued_refund() {
            return match self.send_refund(payment.id, refund.id).await {
                Ok(sent) if matches!(sent.refund.state, RefundState::Queued { .. }) => {
                    Ok(ReconcileResult::Open)
                }
                Ok(_) => Ok(ReconcileResult::Settled),
                Err(error) => Err(store_error(error)),
            };
        }
        let answer = gateway.lookup(lookup_of(payment)).await;
        self.learn(gateway, payment, answer).await
    }

    /// Records a provider's answer to a look-up.
    pub(super) async fn learn(
        &self,
        gateway: &Arc<dyn PaymentGateway>,
        payment: &Payment,
        answer: LookupAnswer,
    ) -> Result<ReconcileResult, StoreError> {
        let confirming = matches!(payment.state, PaymentState::Confirming { .. });
        match answer {
            LookupAnswer::Paid(captured) => {
                let look = self.settle_in_time(payment, CaptureOutcome::Paid(captured)).await?;
                if payment.is_withdrawn() {
                    self.schedule_reconciliation(payment.id, ReconcileStep::DepositBack).await?;
                }
                Ok(look)
            }
            LookupAnswer::Deposit(asked) => self.wait_for_deposit(gateway, payment, asked).await,
            LookupAnswer::Declined { code } if confirming => {
                self.settle_in_time(payment, CaptureOutcome::Declined { code }).await
            }
            LookupAnswer::NotFound if confirming => {
                self.settle_in_time(payment, CaptureOutcome::NotFound).await
            }
            // The buyer has authorised in the browser, and our confirm was lost before it reached the provider.
            LookupAnswer::Pending if confirming && gateway.capabilities().confirms == Confirms::Browser => {
                self.confirm_again(gateway, payment).await
            }
            // Our request, or the buyer, may reach the provider later: the attempt is closed there first.
            LookupAnswer::NotFound if payment.is_ended_unanswered() => {
                self.void_attempt(gateway, payment, Unvoidable::GiveUp).await
            }
            LookupAnswer::Declined { .. } if payment.is_ended_unanswered() => {
                self.schedule_reconciliation(payment.id, ReconcileStep::GiveUp).await?;
                Ok(ReconcileResult::Settled)
            }
            LookupAnswer::Declined { .. } | LookupAnswer::NotFound | LookupAnswer::Pending => {
                self.give_up(gateway, payment).await
            }
            LookupAnswer::Unknown { reason, response: _ } => {
                in_time(self.timer(), EVENT_DEADLINE, self.record_inconclusive(payment.id, reason)).await?;
                Ok(ReconcileResult::Open)
            }
        }
    }

    /// Records the answer of a look-up; if the event is locked for too long, it is looked up again later.
    async fn settle_in_time(
        &self,
        payment: &Payment,
        outcome: CaptureOutcome,
    ) -> Result<ReconcileResult, StoreError> {
        in_time(self.timer(), EVENT_DEADLINE, self.settle(payment, outcome)).await
    }

    /// Captures what the buyer authorised, if the confirm did not reach the provider.
    async fn confirm_again(
        &self,
        gateway: &Arc<dyn PaymentGateway>,
        payment: &Payment,
    ) -> Result<ReconcileResult, StoreError> {
        let request = ConfirmRequest {
            payment: payment.id,
            buyer: payment.buyer,
            reservation: Some(payment.reservation),
            metadata: payment.metadata.clone(),
            amount: payment.amount,
            method: payment.method.clone(),
            provider_key: payment.provider_key.clone(),
        };
        match gateway.confirm(request).await {
            ConfirmAnswer::Paid(captured) => self.settle(payment, CaptureOutcome::Paid(captured)).await,
            ConfirmAnswer::Declined { code } => self.settle(payment, CaptureOutcome::Declined { code }).await,
            ConfirmAnswer::Pending => Ok(ReconcileResult::Open),
            ConfirmAnswer::Deposit(asked) => self.wait_for_deposit(gateway, payment, asked).await,
            ConfirmAnswer::Unknown { reason, response: _ } => {
                self.record_inconclusive(payment.id, reason).await?;
                Ok(ReconcileResult::Open)
            }
        }
    }
}

pub(super) fn lookup_of(payment: &Payment) -> LookupRequest {
    LookupRequest {
        payment: payment.id,
        buyer: payment.buyer,
        reservation: Some(payment.reservation),
        metadata: payment.metadata.clone(),
        provider_key: payment.provider_key.clone(),
        amount: payment.amount,
    }
}

fn store_error(error: RefundError) -> StoreError {
    match error {
        RefundError::Store(error) | RefundError::Record(CommandError::Store(error)) => error,
        other => StoreError::new(StoreErrorKind::Internal, "a queued refund cannot be sent").caused_by(other),
    }
}
