//! Voids attempts at their provider, so that no money can be captured any more.

use std::sync::Arc;

use crate::box_office::BoxOffice;
use crate::box_office::outcomes::ReconcileResult;
use crate::decide::ReconcileStep;
use crate::error::StoreError;
use crate::gateway::{PaymentGateway, VoidAnswer, VoidRequest};
use crate::payment::{Payment, PaymentState};

/// What becomes of an attempt that its provider cannot void.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unvoidable {
    /// The provider is asked again.
    AskAgain,
    /// Nothing more is asked.
    GiveUp,
}

impl BoxOffice {
    /// Voids an attempt that was given up, or ended without an answer, so that it can capture no money.
    pub(super) async fn give_up(
        &self,
        gateway: &Arc<dyn PaymentGateway>,
        payment: &Payment,
    ) -> Result<ReconcileResult, StoreError> {
        let was_asked_for = payment.is_ended_unanswered();
        if !was_asked_for && payment.state != PaymentState::Abandoned || payment.reconciliation.is_none() {
            return Ok(ReconcileResult::Open);
        }
        // The provider was asked for the money: it may have taken it until it says that it did not.
        let unvoidable = if was_asked_for { Unvoidable::AskAgain } else { Unvoidable::GiveUp };
        self.void_attempt(gateway, payment, unvoidable).await
    }

    /// Voids an attempt, and stops asking about it once it can capture no money.
    pub(super) async fn void_attempt(
        &self,
        gateway: &Arc<dyn PaymentGateway>,
        payment: &Payment,
        unvoidable: Unvoidable,
    ) -> Result<ReconcileResult, StoreError> {
        match gateway.void(void_of(payment)).await {
            VoidAnswer::Unsupported if unvoidable == Unvoidable::AskAgain => Ok(ReconcileResult::Open),
            VoidAnswer::Done | VoidAnswer::Unsupported => {
                self.schedule_reconciliation(payment.id, ReconcileStep::GiveUp).await?;
                Ok(ReconcileResult::Settled)
            }
            VoidAnswer::TooLate => Ok(ReconcileResult::Open),
            VoidAnswer::Unknown { reason, response: _ } => {
                self.record_inconclusive(payment.id, reason).await?;
                Ok(ReconcileResult::Open)
            }
        }
    }
}

/// Makes a request to void a payment.
pub(super) fn void_of(payment: &Payment) -> VoidRequest {
    let tries = payment.reconciliation.as_ref().map_or(0, |reconciliation| reconciliation.tries);
    VoidRequest {
        payment: payment.id,
        buyer: payment.buyer,
        reservation: Some(payment.reservation),
        metadata: payment.metadata.clone(),
        provider_key: payment.provider_key.clone(),
        tries,
    }
}
