//! Selling.

use std::collections::{BTreeSet, HashMap};

use async_trait::async_trait;
use tiketi_core::decide::{
    Applied, BeginConfirm, BeginConfirmRefused, BeginRefund, BeginRefundRefused, Cancel, CancelRefused,
    Command, ConfirmFree, ConfirmFreeRefused, ExtendHold, ExtendRefused, Hold, HoldRefused, RecordOutcome,
    RecordOutcomeRefused, RecordRefund, RecordRefundRefused, Release, ReleaseRefused, StartPayment,
    StartPaymentRefused,
};
use tiketi_core::{
    BuyerId, CommandError, EventId, Page, PageRequest, Payment, PaymentId, Reservation, ReservationId,
    StoreError, StoreErrorKind, Timestamp,
    store::{SalesStore, Swept},
};

use crate::store::SqliteStore;
use crate::{load, reads, write};

impl SqliteStore {
    /// Runs a sales command in a batch.
    pub(crate) async fn command<C: Command>(&self, command: C) -> Result<Applied, CommandError<C::Refused>> {
        self.writer().run(move |set| set.run(&command)).await
    }
}

impl SqliteStore {
    /// Ends what is due, event by event.
    async fn expire_each(&self, now: Timestamp, limit: usize) -> Result<Swept<Reservation>, StoreError> {
        let due = self.read(move |connection| load::due(connection, now, limit)).await?;
        let mut swept = Swept::default();
        let events: BTreeSet<EventId> = due.iter().map(|(event, _)| *event).collect();
        for event in events {
            let of_event: Vec<_> = due.iter().filter(|(of, _)| *of == event).map(|(_, id)| *id).collect();
            match self.write(move |set| set.expire_these(event, &of_event, now)).await {
                Ok(ended) => swept.done.extend(ended),
                Err(error) => swept.skipped.push((event, error)),
            }
        }
        let place: HashMap<_, _> = due.iter().map(|(_, id)| *id).zip(0..).collect();
        swept.done.sort_by_key(|row| place.get(&row.id).copied().unwrap_or(usize::MAX));
        Ok(swept)
    }
}

#[async_trait]
impl SalesStore for SqliteStore {
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
        // Most rounds find nothing, and finding nothing should not take the writer's time.
        if self.read(load::next_end).await? > now {
            return Ok(Swept::default());
        }
        // All in one commit, unless an event fails: then each for itself, so that it keeps no other back.
        match self.write(move |set| set.expire_due(now, limit)).await {
            Err(error) if error.kind() == StoreErrorKind::Corrupt => self.expire_each(now, limit).await,
            done => done.map(Swept::all),
        }
    }

    async fn forget_commands(&self, before: Timestamp) -> Result<u64, StoreError> {
        self.write(move |set| {
            let (connection, before) = (set.connection(), [before.as_micros()]);
            write::run(connection, "DELETE FROM creations WHERE at < ?1", before)?;
            Ok(write::run(connection, "DELETE FROM commands WHERE at < ?1", before)? as u64)
        })
        .await
    }

    async fn reservation(&self, id: ReservationId) -> Result<Option<Reservation>, StoreError> {
        self.read(move |connection| load::reservation(connection, id)).await
    }

    async fn reservations_of(
        &self,
        buyer: BuyerId,
        event: Option<EventId>,
        page: PageRequest,
    ) -> Result<Page<Reservation>, StoreError> {
        self.read(move |connection| reads::reservations_of(connection, buyer, event, page)).await
    }

    async fn payment(&self, id: PaymentId) -> Result<Option<Payment>, StoreError> {
        self.read(move |connection| load::payment(connection, id)).await
    }
}
