//! Deposits: waits for them until their due time, and never longer.

use std::sync::Arc;

use crate::box_office::BoxOffice;
use crate::box_office::outcomes::{ReconcileResult, only_store};
use crate::box_office::void::void_of;
use crate::decide::{CaptureOutcome, ReconcileStep, ScheduleReconciliation, ScheduleReconciliationRefused};
use crate::error::{CommandError, StoreError};
use crate::gateway::{DepositAsked, PaymentGateway, VoidAnswer};
use crate::id::{BuyerId, CommandKey, ReservationId};
use crate::payment::Payment;

/// Decline code of an attempt whose deposit did not arrive in time, and whose account was closed.
const OVERDUE: &str = "DEPOSIT_OVERDUE";
/// Decline code of an attempt that its buyer cancelled, and whose account was closed.
const GIVEN_UP: &str = "DEPOSIT_GIVEN_UP";

impl BoxOffice {
    /// Records the deposit that a provider waits for, and returns the payment.
    ///
    /// It returns `None` if the payment awaits no answer any more.
    ///
    /// The payment is the one that was read before the provider was asked.
    pub(super) async fn await_deposit(
        &self,
        payment: &Payment,
        asked: DepositAsked,
    ) -> Result<Option<Payment>, StoreError> {
        let key = CommandKey::from_uuid(self.new_id());
        // Decides by the payment as it was read before the call: the provider's answer may be older than the present
        // row.
        let because = if payment.is_captured() {
            ReconcileStep::DepositGone(asked)
        } else {
            ReconcileStep::Deposit(asked)
        };
        let command = ScheduleReconciliation::new(payment.id, because).under(self.terms());
        match self.execute(key, command).await {
            Ok(applied) => Ok(applied.payment.map(|payment| *payment)),
            Err(CommandError::Refused(ScheduleReconciliationRefused::NothingAwaited)) => Ok(None),
            Err(error) => Err(only_store(error)),
        }
    }

    /// Waits longer for a deposit, or closes its account once it is overdue.
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

    /// Gives up the buyer's payment of a reservation that waits for a deposit.
    ///
    /// It returns whether the payment is over.
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

    /// Closes a deposit's account, and ends the attempt once it is closed.
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
            // The deposit arrived at the last moment: the next look-up finds it.
            VoidAnswer::TooLate => Ok(ReconcileResult::Open),
            VoidAnswer::Unsupported => {
                self.record_inconclusive(waiting.id, "its account cannot be closed".to_owned()).await?;
                Ok(ReconcileResult::Open)
            }
            VoidAnswer::Unknown { reason, response: _ } => {
                self.record_inconclusive(waiting.id, reason).await?;
                Ok(ReconcileResult::Open)
            }
        }
    }
}
