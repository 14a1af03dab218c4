//! Sales, in memory.

use std::collections::BTreeSet;

use async_trait::async_trait;

use crate::decide::{AnyCommand, AnyRefused, Applied, Envelope, Snapshot, execute};
use crate::error::{CommandError, StoreError};
use crate::id::{BuyerId, EventId, PaymentId, ReservationId};
use crate::memory::MemoryStore;
use crate::payment::Payment;
use crate::reservation::Reservation;
use crate::store::{Page, PageRequest, SalesStore, Swept};
use crate::time::Timestamp;

#[async_trait]
impl SalesStore for MemoryStore {
    async fn execute_any(&self, command: Envelope<AnyCommand>) -> Result<Applied, CommandError<AnyRefused>> {
        execute(&mut *self.lock(), &command)
    }

    async fn expire_due(&self, now: Timestamp, limit: usize) -> Result<Swept<Reservation>, StoreError> {
        let mut state = self.lock();
        let next = |(event, snapshot): (&EventId, &Snapshot)| Some((snapshot.next_end()?, *event));
        let mut due: BTreeSet<(Timestamp, EventId)> = state.events.iter().filter_map(next).collect();
        let mut ended = Vec::new();
        while ended.len() < limit {
            let Some((_, event)) = due.pop_first().filter(|(end, _)| *end <= now) else { break };
            let due_now = state.expire_in(event, now, 1)?;
            if due_now.is_empty() {
                continue;
            }
            ended.extend(due_now);
            due.extend(state.snapshot(event)?.next_end().map(|end| (end, event)));
        }
        Ok(Swept::all(ended))
    }

    async fn forget_commands(&self, before: Timestamp) -> Result<u64, StoreError> {
        let mut state = self.lock();
        state.creations.retain(|_, record| record.at >= before);
        Ok(state.commands.forget(before))
    }

    async fn reservation(&self, id: ReservationId) -> Result<Option<Reservation>, StoreError> {
        Ok(self.lock().reservation(id).cloned())
    }

    async fn reservations_of(
        &self,
        buyer: BuyerId,
        event: Option<EventId>,
        page: PageRequest,
    ) -> Result<Page<Reservation>, StoreError> {
        let state = self.lock();
        let rows = state.reservations_of(buyer).into_iter();
        let rows = rows.filter(|row| event.is_none_or(|event| event == row.event)).cloned().collect();
        Ok(Page::cut(rows, page))
    }

    async fn payment(&self, id: PaymentId) -> Result<Option<Payment>, StoreError> {
        Ok(self.lock().payment(id).cloned())
    }
}
