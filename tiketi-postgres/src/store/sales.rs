//! Selling.

use async_trait::async_trait;
use tiketi_core::decide::{AnyCommand, AnyRefused, Applied, Command, Envelope, Subject};
use tiketi_core::{
    BuyerId, CommandError, EventId, Page, PageRequest, Payment, PaymentId, Reservation, ReservationId,
    StoreError, Timestamp,
    store::{SalesStore, Swept},
};

use crate::sql::reads;
use crate::store::PostgresStore;
use crate::store::expiry::expire_due;

impl PostgresStore {
    /// Finds the event of a command.
    async fn event_of(&self, subject: Subject) -> Result<Option<EventId>, StoreError> {
        let (id, sql) = match subject {
            Subject::Event(event) => return Ok(Some(event)),
            Subject::Reservation(id) => (ReservationId::as_uuid(id), reads::EVENT_OF_RESERVATION),
            Subject::Payment(id) => (PaymentId::as_uuid(id), reads::EVENT_OF_PAYMENT),
        };
        if let Some(event) = self.event_ids.find(id) {
            return Ok(Some(event));
        }
        reads::event_of(self.database(), sql, id).await
    }

    /// Remembers which event the rows of an answer belong to.
    fn learn(&self, applied: &Applied) {
        let event = applied.reservation.event;
        self.event_ids.learn(applied.reservation.id.as_uuid(), event);
        if let Some(payment) = &applied.payment {
            self.event_ids.learn(payment.id.as_uuid(), event);
        }
    }
}

#[async_trait]
impl SalesStore for PostgresStore {
    async fn execute_any(&self, command: Envelope<AnyCommand>) -> Result<Applied, CommandError<AnyRefused>> {
        let unknown = || CommandError::Refused(command.command.subject_unknown());
        let event = self.event_of(command.command.subject()).await?.ok_or_else(unknown)?;
        let applied = self.work(event, command).await?;
        self.learn(&applied);
        Ok(applied)
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
