//! Selling.

use async_trait::async_trait;
use tiketi_core::decide::{
    Applied, BeginConfirm, BeginConfirmRefused, BeginRefund, BeginRefundRefused, Cancel, CancelRefused,
    ConfirmFree, ConfirmFreeRefused, ExtendHold, ExtendRefused, Hold, HoldRefused, RecordOutcome,
    RecordOutcomeRefused, RecordRefund, RecordRefundRefused, Release, ReleaseRefused, StartPayment,
    StartPaymentRefused,
};
use tiketi_core::{
    BuyerId, CommandError, EventId, Page, PageRequest, Payment, PaymentId, Reservation, ReservationId,
    StoreError, Timestamp,
    store::{SalesStore, Swept},
};

use crate::sql::reads;
use crate::store::PostgresStore;
use crate::store::expiry::expire_due;

#[async_trait]
impl SalesStore for PostgresStore {
    async fn hold(&self, command: Hold) -> Result<Applied, CommandError<HoldRefused>> {
        self.command(command).await
    }

    async fn extend_hold(&self, command: ExtendHold) -> Result<Applied, CommandError<ExtendRefused>> {
        self.command(command).await
    }

    async fn release(&self, command: Release) -> Result<Applied, CommandError<ReleaseRefused>> {
        self.command(command).await
    }

    async fn confirm_free(&self, command: ConfirmFree) -> Result<Applied, CommandError<ConfirmFreeRefused>> {
        self.command(command).await
    }

    async fn start_payment(
        &self,
        command: StartPayment,
    ) -> Result<Applied, CommandError<StartPaymentRefused>> {
        self.command(command).await
    }

    async fn begin_confirm(
        &self,
        command: BeginConfirm,
    ) -> Result<Applied, CommandError<BeginConfirmRefused>> {
        self.command(command).await
    }

    async fn record_outcome(
        &self,
        command: RecordOutcome,
    ) -> Result<Applied, CommandError<RecordOutcomeRefused>> {
        self.command(command).await
    }

    async fn cancel(&self, command: Cancel) -> Result<Applied, CommandError<CancelRefused>> {
        self.command(command).await
    }

    async fn begin_refund(&self, command: BeginRefund) -> Result<Applied, CommandError<BeginRefundRefused>> {
        self.command(command).await
    }

    async fn record_refund(
        &self,
        command: RecordRefund,
    ) -> Result<Applied, CommandError<RecordRefundRefused>> {
        self.command(command).await
    }

    async fn expire_due(&self, now: Timestamp, limit: usize) -> Result<Swept<Reservation>, StoreError> {
        expire_due(self, now, limit).await
    }

    async fn forget_commands(&self, before: Timestamp) -> Result<u64, StoreError> {
        let creations = "DELETE FROM tiketi.creations WHERE at < $1";
        self.write(|| self.query(creations).bind(before.as_micros())).await?;
        let commands = "DELETE FROM tiketi.commands WHERE at < $1";
        self.write(|| self.query(commands).bind(before.as_micros())).await
    }

    async fn reservation(&self, id: ReservationId) -> Result<Option<Reservation>, StoreError> {
        self.find_reservation(id).await
    }

    async fn reservations_of(
        &self,
        buyer: BuyerId,
        event: Option<EventId>,
        page: PageRequest,
    ) -> Result<Page<Reservation>, StoreError> {
        reads::reservations_of(self.database(), buyer, event, page).await
    }

    async fn payment(&self, id: PaymentId) -> Result<Option<Payment>, StoreError> {
        self.find_payment(id).await
    }
}
