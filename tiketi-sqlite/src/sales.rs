//! Selling.

use std::collections::{BTreeSet, HashMap};

use async_trait::async_trait;
use tiketi_core::decide::{AnyCommand, AnyRefused, Applied, Envelope};
use tiketi_core::{
    BuyerId, CommandError, EventId, Page, PageRequest, Payment, PaymentId, Reservation, ReservationId,
    StoreError, StoreErrorKind, Timestamp,
    store::{SalesStore, Swept},
};

use crate::store::SqliteStore;
use crate::{load, reads, write};

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
    async fn execute_any(&self, command: Envelope<AnyCommand>) -> Result<Applied, CommandError<AnyRefused>> {
        self.writer().run(command).await
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
