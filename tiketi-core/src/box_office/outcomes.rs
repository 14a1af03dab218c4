//! Records what providers say of payments: known outcomes and inconclusive answers.

use crate::box_office::BoxOffice;
use crate::decide::{
    Applied, CaptureOutcome, ReconcileStep, RecordOutcome, RecordOutcomeRefused, ScheduleReconciliation,
    ScheduleReconciliationRefused,
};
use crate::error::{CommandError, StoreError, StoreErrorKind};
use crate::id::{CommandKey, PaymentId};
use crate::payment::Payment;
use crate::reservation::Reservation;

/// Result of one payment's reconciliation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ReconcileResult {
    Settled,
    Open,
    Postponed,
    /// The answer can be recorded only once the queued refund has its outcome.
    AfterRefund,
}

impl BoxOffice {
    /// Records the outcome of a confirm.
    ///
    /// The key derives from the outcome, so that each outcome is recorded once, whichever server learns it.
    pub(super) async fn record(
        &self,
        payment: &Payment,
        outcome: CaptureOutcome,
    ) -> Result<Applied, CommandError<RecordOutcomeRefused>> {
        let key = CommandKey::of(payment.id.as_uuid(), &format!("record-outcome {outcome:?}"));
        let command = RecordOutcome::new(payment.id, outcome).paid_by(payment.buyer, self.terms());
        let applied = self.execute(key, command).await?;
        self.end_session(&applied.reservation).await;
        Ok(applied)
    }

    /// Records a known outcome, and says whether anything is still awaited.
    pub(super) async fn settle(
        &self,
        payment: &Payment,
        outcome: CaptureOutcome,
    ) -> Result<ReconcileResult, StoreError> {
        match self.record(payment, outcome).await {
            Ok(_) | Err(CommandError::Refused(RecordOutcomeRefused::NotConfirming { .. })) => {
                Ok(ReconcileResult::Settled)
            }
            Err(CommandError::Refused(RecordOutcomeRefused::RefundQueued { .. })) => {
                Ok(ReconcileResult::AfterRefund)
            }
            Err(CommandError::Refused(RecordOutcomeRefused::TooSoon { .. })) => {
                self.schedule_reconciliation(payment.id, ReconcileStep::NotKnown).await?;
                Ok(ReconcileResult::Open)
            }
            Err(CommandError::Refused(_)) => Ok(ReconcileResult::Open),
            Err(error) => Err(only_store(error)),
        }
    }

    /// Saves an inconclusive answer of the provider, for the staff.
    pub(super) async fn record_inconclusive(
        &self,
        payment: PaymentId,
        answer: String,
    ) -> Result<(), StoreError> {
        self.schedule_reconciliation(payment, ReconcileStep::Inconclusive { answer }).await.map(|_| ())
    }

    /// Moves the moment of the next question, and returns whether it did.
    pub(super) async fn schedule_reconciliation(
        &self,
        payment: PaymentId,
        because: ReconcileStep,
    ) -> Result<bool, StoreError> {
        // A new key each time: if two servers try the same step, one of them must be refused.
        let key = CommandKey::from_uuid(self.new_id());
        let command = ScheduleReconciliation::new(payment, because).under(self.terms());
        match self.execute(key, command).await {
            Ok(_) => Ok(true),
            Err(CommandError::Refused(ScheduleReconciliationRefused::PaymentNotFound)) => {
                Err(StoreError::corrupt(format!("{payment:?} does not exist")))
            }
            Err(CommandError::Refused(_)) => Ok(false),
            Err(error) => Err(only_store(error)),
        }
    }
}

/// Returns the payment that a command is about, and its reservation.
pub(super) fn with_payment(applied: Applied) -> Result<(Payment, Reservation), StoreError> {
    let payment = applied.payment.ok_or_else(|| StoreError::corrupt("a payment command named no payment"))?;
    Ok((*payment, applied.reservation))
}

/// Returns the store's failure behind a command that no rule refuses.
pub(super) fn only_store<R: std::error::Error + Send + Sync + 'static>(error: CommandError<R>) -> StoreError {
    match error {
        CommandError::Store(error) => error,
        CommandError::Refused(_)
        | CommandError::KeyReused
        | CommandError::EventArchived
        | CommandError::Text(_) => {
            StoreError::new(StoreErrorKind::Internal, "a command of the shop's own was refused")
                .caused_by(error)
        }
    }
}
