//! Waiting for deposits: for so long as the terms say, and never past it.

use std::sync::Arc;

use crate::box_office::BoxOffice;
use crate::box_office::reconcile::{ReconcileResult, only_store};
use crate::decide::{CaptureOutcome, ReconcileStep, ScheduleReconciliation, ScheduleReconciliationRefused};
use crate::error::{CommandError, StoreError};
use crate::gateway::{DepositAsked, PaymentGateway, VoidAnswer, VoidRequest};
use crate::id::{BuyerId, CommandKey, ReservationId};
use crate::payment::Payment;

/// The code of an attempt whose deposit did not come in time, and whose account was closed for it.
const OVERDUE: &str = "DEPOSIT_OVERDUE";
/// The code of an attempt whose buyer did not want to pay any more, and whose account was closed for it.
const GIVEN_UP: &str = "DEPOSIT_GIVEN_UP";

impl BoxOffice {
    /// Keeps what a provider said of a deposit it waits for, and returns the payment; `None` if nobody waits for it.
    ///
    /// The payment is the one that was read before the provider was asked.
    pub(super) async fn await_deposit(
        &self,
        payment: &Payment,
        asked: DepositAsked,
    ) -> Result<Option<Payment>, StoreError> {
        let key = CommandKey::from_uuid(self.new_id());
        // By what was known before the provider was asked: its answer may be older than what is known now.
        let because = if payment.is_captured() {
            ReconcileStep::DepositGone(asked)
        } else {
            ReconcileStep::Deposit(asked)
        };
        let command = ScheduleReconciliation::new(self.now(), key, payment.id, because).under(self.terms());
        match self.inner.payments.schedule_reconciliation(command).await {
            Ok(applied) => Ok(applied.payment),
            Err(CommandError::Refused(ScheduleReconciliationRefused::NothingAwaited)) => Ok(None),
            Err(error) => Err(only_store(error)),
        }
    }

    /// Goes on waiting for a deposit, or closes its account once that has taken too long.
    pub(super) async fn wait_for_deposit(
        &self,
        gateway: &Arc<dyn PaymentGateway>,
        payment: &Payment,
        asked: DepositAsked,
    ) -> Result<ReconcileResult, StoreError> {
        let Some(waiting) = self.await_deposit(payment, asked).await? else {
            return self.give_up(gateway, payment).await;
        };
        if waiting.awaited_deposit().is_none_or(|deposit| deposit.due > self.now()) {
            return Ok(ReconcileResult::Open);
        }
        self.close_account(gateway, &waiting, OVERDUE).await
    }

    /// Gives up a buyer's payment that waits for a deposit, if his reservation is held by one, and tells whether it is over.
    pub(super) async fn give_up_deposit(
        &self,
        reservation: ReservationId,
        buyer: BuyerId,
    ) -> Result<bool, StoreError> {
        let found = self.sales().reservation(reservation, buyer).await?;
        let Some(payment) = found.and_then(|found| found.payment) else { return Ok(false) };
        let payment = self.inner.sales.payment(payment).await?;
        let Some(waiting) = payment.filter(|payment| payment.awaited_deposit().is_some()) else {
            return Ok(false);
        };
        let Some(gateway) = self.gateway_named(&waiting.gateway) else { return Ok(false) };
        Ok(self.close_account(gateway, &waiting, GIVEN_UP).await? == ReconcileResult::Settled)
    }

    /// Has an account closed, so that no deposit can come in any more, and ends the attempt once it is.
    async fn close_account(
        &self,
        gateway: &Arc<dyn PaymentGateway>,
        waiting: &Payment,
        code: &str,
    ) -> Result<ReconcileResult, StoreError> {
        match gateway.void(void_of(waiting)).await {
            VoidAnswer::Done => {
                self.settle(waiting, CaptureOutcome::Declined { code: code.to_owned() }).await
            }
            // The money came in at the last moment: the next look finds it.
            VoidAnswer::TooLate => Ok(ReconcileResult::Open),
            VoidAnswer::Unsupported => {
                self.record_inconclusive(waiting.id, "its account cannot be closed".to_owned()).await?;
                Ok(ReconcileResult::Open)
            }
            VoidAnswer::Unknown { reason, heard: _ } => {
                self.record_inconclusive(waiting.id, reason).await?;
                Ok(ReconcileResult::Open)
            }
        }
    }
}

/// Asks to give a payment up.
pub(super) fn void_of(payment: &Payment) -> VoidRequest {
    let tries = payment.reconciliation.as_ref().map_or(0, |reconciliation| reconciliation.tries);
    VoidRequest {
        payment: payment.id,
        buyer: payment.buyer,
        provider_key: payment.provider_key.clone(),
        tries,
    }
}
